"""GraphQL over server-sent events: distinct connections mode, in frames that all clients can split."""

import asyncio
from collections.abc import AsyncGenerator

import httpx
import orjson
import pytest

from gql import sse
from gql.errors import Rejected
from gql.operation import Answer
from tests.gql.test_http import WHO, bearer, code
from tests.gql.world import World

EVENTS = "text/event-stream"


async def streamed(world: World, query: str, accept: str = EVENTS) -> httpx.Response:
    """Return the answer to a query of which a stream of events is wanted."""
    return await world.http.post("/graphql", json={"query": query}, headers=bearer(world, Accept=accept))


def frames(body: str) -> list[tuple[str, object]]:
    """Return the events of a stream, which must be framed with LF alone; comments are left out."""
    assert "\r" not in body
    assert body.endswith("\n\n")
    found: list[tuple[str, object]] = []
    for part in body.removesuffix("\n\n").split("\n\n"):
        if part != ":":
            event, data = part.split("\n")
            said = data.removeprefix("data:").strip()
            found.append((event.removeprefix("event: "), orjson.loads(said) if said else None))
    return found


async def test_a_query_is_one_event_and_the_end(acme: World) -> None:
    answer = await streamed(acme, WHO)
    assert (answer.status_code, answer.headers["content-type"]) == (200, EVENTS)
    assert answer.headers["cache-control"] == "no-cache, no-transform"
    assert frames(answer.text) == [("next", {"data": {"viewer": {"tenant": "acme"}}}), ("complete", None)]


async def test_a_stream_is_also_for_those_who_can_only_get(acme: World) -> None:
    answer = await acme.http.get("/graphql", params={"query": WHO}, headers=bearer(acme, Accept=EVENTS))
    assert frames(answer.text)[0] == ("next", {"data": {"viewer": {"tenant": "acme"}}})


async def test_what_cannot_be_executed_is_one_event_and_the_end(acme: World) -> None:
    (kind, said), end = frames((await streamed(acme, "{ nope }")).text)
    assert isinstance(said, dict)
    assert (kind, [error["extensions"]["code"] for error in said["errors"]], end) == (
        "next",
        ["GRAPHQL_VALIDATION_FAILED"],
        ("complete", None),
    )
    assert "data" not in said


@pytest.mark.parametrize(
    "accept",
    [
        pytest.param(f"application/json, {EVENTS}, multipart/mixed", id="JSON beside it"),
        pytest.param(f"application/graphql-response+json, {EVENTS}", id="GraphQL's own beside it"),
        pytest.param(f"{EVENTS}, */*;q=0.1", id="anything beside it"),
        pytest.param(f"{EVENTS};q=0", id="all but that"),
    ],
)
async def test_who_takes_json_as_well_gets_json(acme: World, accept: str) -> None:
    assert "json" in (await streamed(acme, WHO, accept)).headers["content-type"]


async def test_a_request_that_cannot_be_believed_is_no_stream(acme: World) -> None:
    answer = await acme.http.post("/graphql", json={"query": WHO}, headers={"Accept": EVENTS})
    assert (answer.status_code, code(answer)) == (401, "UNAUTHENTICATED")


async def test_a_mutation_is_not_sent_by_get_for_a_stream_either(acme: World) -> None:
    asked = {
        "query": 'mutation { dismissRecommendation(input: {id: "x", reason: WRONG_DATA}) { userErrors { code } } }'
    }
    answer = await acme.http.get("/graphql", params=asked, headers=bearer(acme, Accept=EVENTS))
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")


async def test_who_is_refused_on_the_way_is_told_in_the_stream() -> None:
    async def answers() -> AsyncGenerator[Answer]:
        yield Answer(executed=True, data={"a": 1})
        raise Rejected(503, "OVERLOADED", "Try again.")

    sent = b"".join([bytes(part) async for part in sse.streaming(answers()).body_iterator])  # type: ignore[attr-defined]  # a streaming one
    assert frames(sent.decode()) == [
        ("next", {"data": {"a": 1}}),
        ("next", {"errors": [{"message": "Try again.", "extensions": {"code": "OVERLOADED"}}]}),
        ("complete", None),
    ]


async def test_what_is_quiet_shows_that_it_lives(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sse, "QUIET", 0.001)
    closed: list[bool] = []

    async def answers() -> AsyncGenerator[Answer]:
        try:
            await asyncio.Event().wait()
            yield Answer(executed=True)
        finally:
            closed.append(True)

    parts = sse.streaming(answers()).body_iterator  # type: ignore[attr-defined]  # a streaming one
    assert [await anext(parts) for _ in range(3)] == [b":\n\n"] * 3
    await parts.aclose()
    assert closed == [True]
