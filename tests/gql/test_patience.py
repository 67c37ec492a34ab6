"""How long an operation may take, and what becomes of one whose client has gone."""

import asyncio
from dataclasses import replace
from typing import Any

import orjson
import pytest
from starlette.types import Message

from gql import asgi
from store.tenant import TenantStore
from tests.gql.conftest import served
from tests.gql.test_http import STRICT, WHO, bearer, code
from tests.gql.world import World

SLOW = "{ recommendations { nodes { id } } }"


class Stuck:
    """A database that does not answer one question; `asked` once it was put, `given_up` once nobody waits any more."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()
        self.given_up = asyncio.Event()

    async def __call__(self, *_: object, **__: object) -> tuple[()]:
        """Wait for ever."""
        self.asked.set()
        try:
            await asyncio.Event().wait()
        finally:
            self.given_up.set()
        return ()


@pytest.fixture
def stuck(monkeypatch: pytest.MonkeyPatch) -> Stuck:
    """Reading recommendations takes for ever."""
    found = Stuck()
    monkeypatch.setattr(TenantStore, "recommendations", found)
    return found


def hurried(world: World, seconds: float) -> World:
    """Return the company behind a service that gives up after so many seconds."""
    settings = world.runtime.settings.model_copy(update={"operation_seconds": seconds})
    return replace(world, http=served(replace(world.runtime, settings=settings)))


@pytest.mark.parametrize("accept", ["application/json", STRICT])
async def test_what_takes_too_long_is_given_up(acme: World, stuck: Stuck, accept: str) -> None:
    answer = await hurried(acme, 0.05).http.post("/graphql", json={"query": SLOW}, headers=bearer(acme, Accept=accept))
    assert (answer.status_code, code(answer)) == (503, "TIMEOUT")
    assert answer.json()["errors"][0]["message"] == (
        "This took longer than 0.05 seconds and was given up; ask for less at once."
    )
    assert "data" not in answer.json()
    assert stuck.given_up.is_set()


async def test_what_is_in_time_is_answered(acme: World) -> None:
    answer = await hurried(acme, 20).http.post("/graphql", json={"query": SLOW}, headers=bearer(acme))
    assert answer.status_code == 200
    assert "errors" not in answer.json()


class Line:
    """An HTTP connection that is used by hand, to hang up in the middle."""

    def __init__(self, body: bytes) -> None:
        self.incoming = asyncio.Queue[Message]()
        self.incoming.put_nowait({"type": "http.request", "body": body, "more_body": False})
        self.sent: list[Message] = []

    def hang_up(self) -> None:
        """End the connection from the client's side."""
        self.incoming.put_nowait({"type": "http.disconnect"})

    async def send(self, message: Message) -> None:
        """Take what the service sends."""
        self.sent.append(message)

    def scope(self, world: World) -> dict[str, Any]:
        """Return what a server says of the request."""
        given = bearer(world, **{"Content-Type": "application/json"}).items()
        headers = [(name.lower().encode(), value.encode()) for name, value in given]
        return {"type": "http", "method": "POST", "path": "/graphql", "query_string": b"", "headers": headers}


async def test_a_query_that_nobody_waits_for_is_given_up(acme: World, stuck: Stuck) -> None:
    line = Line(orjson.dumps({"query": SLOW}))
    serving = asyncio.create_task(asgi.application(acme.runtime)(line.scope(acme), line.incoming.get, line.send))
    await asyncio.wait_for(stuck.asked.wait(), 20)
    assert not stuck.given_up.is_set()
    line.hang_up()
    await asyncio.wait_for(serving, 20)
    assert stuck.given_up.is_set()
    assert line.sent == []


async def test_a_query_that_is_waited_for_is_answered_over_the_same_line(acme: World) -> None:
    line = Line(orjson.dumps({"query": WHO}))
    await asgi.application(acme.runtime)(line.scope(acme), line.incoming.get, line.send)
    assert [message["type"] for message in line.sent] == ["http.response.start", "http.response.body"]
    assert orjson.loads(line.sent[1]["body"]) == {"data": {"viewer": {"tenant": "acme"}}}


async def test_a_mutation_that_nobody_waits_for_is_done_all_the_same(world: World) -> None:
    asked = {
        "query": "mutation($input: CreateOrgUnitInput!) { createOrgUnit(input: $input) { userErrors { code } } }",
        "variables": {"input": {"name": "Annex", "kind": "team", "parentId": world.team}},
    }
    line = Line(orjson.dumps(asked))
    line.hang_up()
    boss = world.speaker("hr_admin")
    scope = line.scope(world)
    scope["headers"] = [(b"authorization", f"Bearer {boss.token}".encode()), (b"content-type", b"application/json")]
    await asgi.application(world.runtime)(scope, line.incoming.get, line.send)
    call = await world.call()
    assert {unit.name.original for unit in call.picture.units.values() if unit.parent == world.team} == {
        "Core",
        "Annex",
    }
