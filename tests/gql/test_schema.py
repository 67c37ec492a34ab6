"""The schema: what clients rely on is there, everything is described, and the printed one is what is served."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import graphql
import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
)

from app import issuer
from gql.__main__ import main
from gql.schema import PRINTED, printed
from tests.gql import mutations
from tests.gql.conftest import served
from tests.gql.world import World

CONTRACT = graphql.parse(Path(__file__).with_name("contract.graphql").read_text(encoding="utf-8"))
SCHEMA = graphql.build_schema(printed())


def types(schema: GraphQLSchema) -> Iterator[GraphQLNamedType]:
    """Yield the types that are the service's own."""
    return (kind for name, kind in schema.type_map.items() if not (name.startswith("__") or name in "Int Float String"))


@pytest.mark.parametrize("definition", CONTRACT.definitions, ids=lambda definition: definition.name.value)
def test_what_clients_rely_on_is_served(definition: Any) -> None:
    served: Any = SCHEMA.type_map[definition.name.value]
    assert served.ast_node.kind == definition.kind
    assert {one.name.value for one in getattr(definition, "interfaces", None) or ()} <= {
        one.name for one in getattr(served, "interfaces", ())
    }
    assert [one.name.value for one in definition.directives or ()] == (["oneOf"] if is_one_of(served) else [])
    for value in getattr(definition, "values", None) or ():
        assert value.name.value in served.values
    for field in getattr(definition, "fields", None) or ():
        has = served.fields[field.name.value]
        assert str(has.type) == graphql.print_ast(field.type), field.name.value
        wanted = {one.name.value: graphql.print_ast(one.type) for one in getattr(field, "arguments", None) or ()}
        given = {name: str(one.type) for name, one in getattr(has, "args", {}).items()}
        assert wanted.items() <= given.items(), field.name.value
        assert not [name for name in given.keys() - wanted if given[name].endswith("!")], field.name.value


def is_one_of(kind: GraphQLNamedType) -> bool:
    """Tell whether a type is an input of which exactly one field is given."""
    return isinstance(kind, GraphQLInputObjectType) and kind.is_one_of


def test_every_part_is_described() -> None:
    bare: list[str] = []
    for kind in types(SCHEMA):
        parts: dict[str, Any] = {kind.name: kind}
        if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType | GraphQLInputObjectType):
            parts |= {f"{kind.name}.{name}": field for name, field in kind.fields.items()}
        if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType):
            for name, field in kind.fields.items():
                parts |= {f"{kind.name}.{name}({argument})": one for argument, one in field.args.items()}
        if isinstance(kind, GraphQLEnumType):
            parts |= {f"{kind.name}.{name}": value for name, value in kind.values.items()}
        bare += [path for path, part in parts.items() if not (part.description or "").strip()]
    assert [path for path in bare if path not in ("ID", "Boolean")] == []


def test_the_printed_schema_is_current() -> None:
    assert PRINTED.read_text(encoding="utf-8") == printed(), "run `make schema`"
    assert main(["--check"]) == 0


def test_the_schema_is_valid() -> None:
    assert graphql.validate_schema(SCHEMA) == []
    assert graphql.find_breaking_changes(graphql.build_schema(PRINTED.read_text(encoding="utf-8")), SCHEMA) == []


def test_every_mutation_takes_one_input_and_answers_with_user_errors() -> None:
    mutation: Any = SCHEMA.mutation_type
    assert set(mutation.fields) == set(mutations.NAMES)
    for name, field in mutation.fields.items():
        title = f"{name[0].upper()}{name[1:]}"
        assert {argument: str(one.type) for argument, one in field.args.items()} == {"input": f"{title}Input!"}
        assert str(field.type) == f"{title}Payload!"
        assert str(field.type.of_type.fields["userErrors"].type) == "[UserError!]!"
        given = field.args["input"].type.of_type.fields
        assert str(given["clientMutationId"].type) == "String"
        assert ("expectedVersion" in given) == ("id" in given)


def test_no_input_takes_what_has_no_shape() -> None:
    shapeless = {"JSON", "Any", "Map", "Object"}
    assert not [kind for kind in types(SCHEMA) if kind.name in shapeless]


def test_the_schema_holds_no_name_of_the_machinery() -> None:
    for word in ("strawberry", "python", "mongo", "durable", "graphql-core"):
        assert word not in printed().lower()


@pytest.mark.parametrize("environment", ["development", "production"])
async def test_the_schema_may_be_introspected_in_development_only(
    acme: World, tmp_path: Path, environment: Literal["development", "production"]
) -> None:
    keys = tmp_path / "issuer.pem"
    keys.write_bytes(issuer.public_key(acme.runtime.settings))
    settings = acme.runtime.settings.model_copy(update={"environment": environment, "issuer_keys": keys})
    async with served(replace(acme.runtime, settings=settings)) as http:
        viewer = replace(acme.speaker("viewer"), http=http)
        answer = await viewer.ask("{ __schema { mutationType { name } } }")
        assert "errors" not in await viewer.ask("{ __typename viewer { tenant } }")
    if environment == "development":
        assert answer == {"data": {"__schema": {"mutationType": {"name": "Mutation"}}}}
    else:
        assert {error["extensions"]["code"] for error in answer["errors"]} == {"GRAPHQL_VALIDATION_FAILED"}
