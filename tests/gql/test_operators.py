"""Text that looks like an operator of the database, in every place of the schema that takes text."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import graphql
import pytest
from graphql import GraphQLEnumType, GraphQLInputObjectType, GraphQLList, GraphQLNonNull, GraphQLObjectType

from gql.schema import printed
from tests.gql import mutations
from tests.gql.test_values import assert_says_nothing_of_the_machine
from tests.gql.world import World

SCHEMA = graphql.build_schema(printed())
TEXTS = ("String", "ID")
EXPECTED = ("BAD_USER_INPUT", "NOT_FOUND", "FORBIDDEN", "CONFLICT")
OPERATORS = ("$where", "$$NOW", '{"$gt": ""}', "$ne.$in", ".*")
HOSTILE = ("$where", '{"$gt": ""}', "a\x00b")
SAMPLES: dict[str, object] = {
    "String": "text",
    "ID": "obj_text",
    "Int": 1,
    "Float": 1.0,
    "Boolean": True,
    "Decimal": "1",
    "Date": "2026-09-01",
    "DateTime": "2026-08-15T12:00:00Z",
}
Path = tuple[str | int, ...]


@dataclass(frozen=True)
class Place:
    """An argument of a root field, and where in it text is taken."""

    kind: str
    field: str
    argument: str
    path: Path

    def __str__(self) -> str:
        return ".".join((self.field, self.argument, *map(str, self.path)))


def texts(kind: Any, seen: tuple[str, ...] = ()) -> Iterator[Path]:
    """Yield the paths in a type at which there is text; what contains itself is entered once."""
    if isinstance(kind, GraphQLNonNull):
        yield from texts(kind.of_type, seen)
    elif isinstance(kind, GraphQLList):
        yield from ((0, *path) for path in texts(kind.of_type, seen))
    elif isinstance(kind, GraphQLInputObjectType):
        if kind.name not in seen:
            for name, field in kind.fields.items():
                yield from ((name, *path) for path in texts(field.type, (*seen, kind.name)))
    elif str(kind) in TEXTS:
        yield ()


def places() -> Iterator[Place]:
    """Yield every place of the schema that takes text."""
    for kind, root in (("query", SCHEMA.query_type), ("mutation", SCHEMA.mutation_type)):
        assert isinstance(root, GraphQLObjectType)
        for name, field in root.fields.items():
            for argument, one in field.args.items():
                yield from (Place(kind, name, argument, path) for path in texts(one.type))


def sample(kind: Any, path: Path, value: object) -> Any:
    """Return a value of a type: what is required, and `value` at a path."""
    if isinstance(kind, GraphQLNonNull):
        return sample(kind.of_type, path, value)
    if isinstance(kind, GraphQLList):
        return [sample(kind.of_type, path[1:], value)]
    if isinstance(kind, GraphQLEnumType):
        return next(iter(kind.values))
    if isinstance(kind, GraphQLInputObjectType):
        needed = {name for name, field in kind.fields.items() if isinstance(field.type, GraphQLNonNull)}
        wanted = {path[0]} if path else needed
        return {
            name: sample(kind.fields[name].type, path[1:] if path and name == path[0] else (), value)
            for name in sorted(needed | wanted)
            if isinstance(name, str)
        }
    return value if path == () and str(kind) in TEXTS and value is not None else SAMPLES[str(kind)]


def asked(world: World, place: Place, value: object) -> tuple[str, dict[str, object]]:
    """Return a document and its variables with `value` in a place, and all that is required around it."""
    root: Any = SCHEMA.query_type if place.kind == "query" else SCHEMA.mutation_type
    field = root.fields[place.field]
    needed = {
        name: one.type
        for name, one in field.args.items()
        if name == place.argument or isinstance(one.type, GraphQLNonNull)
    }
    variables = {
        name: sample(kind, place.path if name == place.argument else (), value) for name, kind in needed.items()
    }
    if place.kind == "mutation":
        good = mutations.good(world, place.field)
        missing = {name: part for name, part in good.items() if place.path[0] != name}
        variables["input"] = {**missing, place.path[0]: variables["input"][place.path[0]]}
    head = ", ".join(f"${name}: {kind}" for name, kind in needed.items())
    given = ", ".join(f"{name}: ${name}" for name in needed)
    return f"{place.kind}({head}) {{ {place.field}({given}) {{ __typename }} }}", variables


@pytest.mark.parametrize("place", tuple(places()), ids=str)
async def test_an_operator_is_no_text(acme: World, place: Place) -> None:
    document, variables = asked(acme, place, {"$ne": None})
    answer = await acme.speaker("hr_admin").ask(document, **variables)
    assert "data" not in answer
    assert {error["extensions"]["code"] for error in answer["errors"]} == {"BAD_USER_INPUT"}
    assert_says_nothing_of_the_machine(answer)


async def test_text_that_looks_like_an_operator_is_text(world: World) -> None:
    found: list[str] = []
    for place in places():
        for hostile in HOSTILE:
            document, variables = asked(world, place, hostile)
            answer = await world.speaker("hr_admin").ask(document, **variables)
            codes = [error["extensions"]["code"] for error in answer.get("errors", ())]
            found += [f"{place} {hostile!r}: {code}" for code in codes if code not in EXPECTED]
            assert_says_nothing_of_the_machine([error["message"] for error in answer.get("errors", ())])
    assert found == []


@pytest.mark.parametrize("text", OPERATORS)
async def test_such_text_is_kept_as_it_was_written(world: World, text: str) -> None:
    given = {"name": text, "kind": "team", "parentId": world.team}
    payload = await mutations.done(world.speaker("hr_admin"), "createOrgUnit", given)
    assert (payload["userErrors"], payload["orgUnit"]["name"]) == ([], text)
