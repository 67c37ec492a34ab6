"""How large a document may be: at the limit it is answered, beyond it is refused, and a bomb is refused unexploded."""

from typing import Any

import graphql
import pytest

from gql import context, limits
from gql.schema import SCHEMA
from tests.gql.world import World


def deep(levels: int) -> str:
    """Return a query that is so many levels deep."""
    inner = levels - 3
    return "{ orgUnits(first: 1) { nodes { " + "parent { " * inner + "id" + " }" * inner + " } } }"


def aliased(count: int) -> str:
    """Return a query with so many aliases."""
    return "{ viewer { " + " ".join(f"a{n}: tenant" for n in range(count)) + " } }"


def rooted(count: int) -> str:
    """Return a query with so many fields at the top."""
    return "{ " + "viewer { tenant } " * count + "}"


def spread(count: int) -> str:
    """Return a query that comes to so many fields by way of one fragment."""
    per = 50
    times, rest = divmod(count - 1, per)
    fragment = "fragment f on Viewer { " + "tenant " * per + "}"
    return "{ viewer { " + "...f " * times + "tenant " * rest + "} } " + fragment


def split(count: int) -> str:
    """Return a document of so many operations and fragments."""
    spreads = " ".join(f"...f{n}" for n in range(count - 1))
    return f"{{ viewer {{ {spreads} }} }} " + " ".join(
        f"fragment f{n} on Viewer {{ tenant }}" for n in range(count - 1)
    )


def measured(document: str) -> list[str]:
    """Return what the rule alone says of a document."""
    schema: Any = SCHEMA._schema
    return [one.message for one in graphql.validate(schema, graphql.parse(document), [limits.LimitRule])]


@pytest.mark.parametrize(
    ("make", "limit", "what"),
    [
        pytest.param(deep, limits.DEPTH, "levels", id="levels"),
        pytest.param(aliased, limits.ALIASES, "aliases", id="aliases"),
        pytest.param(rooted, limits.ROOT_FIELDS, "root fields", id="root fields"),
        pytest.param(spread, limits.FIELDS, "fields", id="fields"),
        pytest.param(split, limits.DEFINITIONS, "operations and fragments", id="fragments"),
    ],
)
async def test_the_limit_itself_is_fine_and_one_more_is_not(acme: World, make: Any, limit: int, what: str) -> None:
    assert measured(make(limit)) == []
    said = f"At most {limit:,} {what}; this has {limit + 1:,}."
    assert measured(make(limit + 1)) == [said]
    answer = await acme.speaker("viewer").ask(make(limit + 1))
    assert "data" not in answer
    assert [(one["message"], one["extensions"]) for one in answer["errors"]] == [(said, {"code": "QUERY_TOO_COMPLEX"})]
    if make is not spread:  # which graphql-core's own budget of comparisons cuts earlier
        assert "errors" not in await acme.speaker("viewer").ask(make(limit))


async def test_tokens_are_counted_before_anything_is_parsed(acme: World) -> None:
    viewer = acme.speaker("viewer")
    for tokens, refused in ((limits.TOKENS - 7, False), (limits.TOKENS, True)):
        answer = await viewer.ask("{ viewer { tenant " + "@include(if: true) " * (tokens // 7) + "} }")  # 7 tokens each
        codes = {one["extensions"]["code"] for one in answer["errors"]}
        assert codes == ({"GRAPHQL_PARSE_FAILED"} if refused else {"GRAPHQL_VALIDATION_FAILED"})
        assert ("tokens" in answer["errors"][0]["message"]) == refused


@pytest.mark.parametrize(
    "body",
    [
        pytest.param("id ...f{next} ...f{next}", id="twice the next one"),
        pytest.param("a: parent {{ ...f{next} }} b: parent {{ ...f{next} }}", id="twice the next one, deeper"),
        pytest.param("id ... on OrgUnit {{ ...f{next} ...f{next} }}", id="twice the next one, inline"),
    ],
)
async def test_a_bomb_of_sixty_fragments_is_refused_without_being_unfolded(acme: World, body: str) -> None:
    chain = " ".join(f"fragment f{n} on OrgUnit {{ {body.format(next=n + 1)} }}" for n in range(60))
    document = f"{{ orgUnits {{ nodes {{ ...f0 }} }} }} {chain} fragment f60 on OrgUnit {{ id }}"
    answer = await acme.speaker("viewer").ask(document)
    assert {one["extensions"]["code"] for one in answer["errors"]} == {"QUERY_TOO_COMPLEX"}
    assert "At most 5,000 fields; this has more." in [one["message"] for one in answer["errors"]]


async def test_fragments_in_a_circle_are_refused(acme: World) -> None:
    circle = "{ viewer { ...a } } fragment a on Viewer { ...b } fragment b on Viewer { ...a }"
    answer = await acme.speaker("viewer").ask(circle)
    assert [one["extensions"]["code"] for one in answer["errors"]] == ["GRAPHQL_VALIDATION_FAILED"]


@pytest.mark.parametrize(
    "document",
    [
        pytest.param("{ a " * 3_000 + "}" * 3_000, id="selections"),
        pytest.param("{ nodes(ids: " + "[" * 4_000 + "]" * 4_000 + ") { id } }", id="lists"),
        pytest.param('{ node(id: "x") @include(if: ' + "{a: " * 2_000 + "1" + "}" * 2_000 + ") { id } }", id="objects"),
    ],
)
async def test_a_document_nested_thousands_deep_is_no_document(acme: World, document: str) -> None:
    answer = await acme.speaker("viewer").ask(document)
    assert [one["extensions"]["code"] for one in answer["errors"]] == ["GRAPHQL_PARSE_FAILED"]


async def test_a_hundred_ids_may_be_asked_for_at_once(acme: World) -> None:
    viewer, query = acme.speaker("viewer"), "query($ids: [ID!]!) { nodes(ids: $ids) { id } }"
    shown = await viewer.data(query, ids=[acme.team] * 100)
    assert shown == {"nodes": [{"id": acme.team}] * 100}
    (error,) = (await viewer.ask(query, ids=[acme.team] * 101))["errors"]
    assert error["extensions"] == {"code": "BAD_USER_INPUT", "argument": "ids"}


async def test_what_tools_ask_of_the_schema_is_within_the_limits(acme: World) -> None:
    answer = await acme.speaker("viewer").ask(
        graphql.get_introspection_query(descriptions=True, input_value_deprecation=True)
    )
    assert "errors" not in answer
    graphql.build_client_schema(answer["data"])


async def test_a_small_document_cannot_ask_for_an_endless_answer(acme: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(context, "MOST_ITEMS", 200)
    round_trip = (
        "{ objectives { nodes { keyResults { objective { keyResults { objective { keyResults { id } } } } } } } }"
    )
    answer = await acme.speaker("viewer").ask(round_trip)
    assert answer["data"] is None
    assert {one["extensions"]["code"] for one in answer["errors"]} == {"QUERY_TOO_COMPLEX"}
    assert "errors" not in await acme.speaker("viewer").ask("{ objectives { nodes { keyResults { id } } } }")
