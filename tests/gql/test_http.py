"""GraphQL over HTTP: what a request must be, what its answer looks like, and what happens when something breaks."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Protocol

import httpx
import orjson
import pytest
import structlog.testing
from starlette.types import Message

from gql import asgi
from gql.negotiation import media_type
from okr.errors import Unavailable
from okr.policy import Policy
from okr.snapshot import Snapshot
from store.mongo import Store
from store.tenant import TenantStore
from tests.gql.conftest import served
from tests.gql.test_values import assert_says_nothing_of_the_machine
from tests.gql.world import World

WHO = "{ viewer { tenant } }"
STRICT = "application/graphql-response+json"
SECRET = "mongodb://root:hunter2@db/ at /srv/ratchet/store/tenant.py"


def bearer(world: World, **headers: str) -> dict[str, str]:
    """Return the headers of a request by a viewer."""
    return {"Authorization": f"Bearer {world.speaker('viewer').token}", **headers}


async def posted(world: World, content: bytes, **headers: str) -> httpx.Response:
    """Return the answer to a body that is sent as JSON."""
    return await world.http.post(
        "/graphql", content=content, headers=bearer(world, **{"Content-Type": "application/json", **headers})
    )


def code(answer: httpx.Response) -> str:
    """Return the code of the one error in an answer, which is JSON."""
    assert answer.headers["content-type"] in ("application/json", STRICT)
    (error,) = answer.json()["errors"]
    found: str = error["extensions"]["code"]
    return found


@pytest.mark.parametrize("path", ["/graphql", "/graphql/"])
async def test_the_path_works_with_and_without_a_slash_behind(acme: World, path: str) -> None:
    answer = await acme.http.post(path, json={"query": WHO}, headers=bearer(acme))
    assert (answer.status_code, answer.json()) == (200, {"data": {"viewer": {"tenant": "acme"}}})


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"null", id="null"),
        pytest.param(b"1", id="a number"),
        pytest.param(b'"x"', id="a text"),
        pytest.param(b"[]", id="a list"),
        pytest.param(b'[{"query": "{ viewer { tenant } }"}]', id="a batch"),
        pytest.param(b'{"query": "\xff"}', id="bad UTF-8"),
        pytest.param(b'{"query": "{ viewer { tenant } }"', id="half an object"),
        pytest.param(b'{"query": "{ viewer { tenant } }", "variables": {"a": NaN}}', id="NaN"),
        pytest.param(b'{"query": "{ viewer { tenant } }", "variables": {"a": 1e400}}', id="1e400"),
        pytest.param(b'{"query": "{ viewer { tenant } }", "variables": {"a": "\\ud800"}}', id="half a surrogate pair"),
        pytest.param(b'{"query": "{ viewer { tenant } }", "a": ' + b"9" * 5_000 + b"}", id="5,000 digits"),
        pytest.param(b"[" * 100_000, id="100,000 lists deep"),
        pytest.param(b'{"a":' * 100_000 + b"1" + b"}" * 100_000, id="100,000 objects deep"),
        pytest.param(b"{}", id="no query"),
        pytest.param(b'{"query": null}', id="a null query"),
        pytest.param(b'{"query": ""}', id="an empty query"),
        pytest.param(b'{"query": 1}', id="a number for a query"),
        pytest.param(b'{"query": "{ viewer { tenant } }", "variables": [1]}', id="a list of variables"),
        pytest.param(b'{"query": "{ viewer { tenant } }", "variables": "x"}', id="a text of variables"),
        pytest.param(b'{"query": "{ viewer { tenant } }", "extensions": 1}', id="a number of extensions"),
        pytest.param(b'{"query": "{ viewer { tenant } }", "operationName": [1]}', id="a list for a name"),
    ],
)
async def test_a_body_that_is_no_request_is_refused(acme: World, body: bytes) -> None:
    answer = await posted(acme, body)
    assert (answer.status_code, code(answer)) == (400, "BAD_REQUEST")
    assert_says_nothing_of_the_machine(answer.json())


@pytest.mark.parametrize(
    ("body", "said"),
    [
        pytest.param({"operationName": "Other"}, "OPERATION_RESOLUTION_FAILURE", id="an unknown operation"),
        pytest.param({"query": "fragment f on Viewer { tenant }"}, "GRAPHQL_VALIDATION_FAILED", id="no operation"),
        pytest.param({"query": "type Query { a: Int }"}, "GRAPHQL_VALIDATION_FAILED", id="a schema"),
    ],
)
async def test_an_operation_that_is_not_in_the_document_is_refused(
    acme: World, body: dict[str, str], said: str
) -> None:
    asked = orjson.dumps({"query": WHO, **body})
    answer = await posted(acme, asked)
    assert (answer.status_code, code(answer)) == (200, said)
    answer = await posted(acme, asked, Accept=STRICT)
    assert (answer.status_code, code(answer)) == (400, said)
    assert "data" not in answer.json()


async def test_of_several_operations_one_has_to_be_named(acme: World) -> None:
    document = "query One { viewer { tenant } } query Two { cycles { name } }"
    assert code(await posted(acme, orjson.dumps({"query": document}))) == "OPERATION_RESOLUTION_FAILURE"
    answer = await posted(acme, orjson.dumps({"query": document, "operationName": "One"}))
    assert answer.json() == {"data": {"viewer": {"tenant": "acme"}}}


async def test_null_stands_for_nothing(acme: World) -> None:
    body = {"query": WHO, "variables": None, "operationName": None, "extensions": None}
    assert (await posted(acme, orjson.dumps(body))).json() == {"data": {"viewer": {"tenant": "acme"}}}


@pytest.mark.parametrize("size", [1_000_001, 10_000_000])
async def test_a_body_beyond_the_limit_is_refused(acme: World, size: int) -> None:
    frame = b'{"query": "{ viewer { tenant } }", "a": ""}'
    answer = await posted(acme, frame.replace(b'""', b'"' + b"x" * (size - len(frame)) + b'"'))
    assert (answer.status_code, code(answer)) == (413, "BAD_REQUEST")


async def test_a_client_that_hangs_up_is_no_fault(acme: World) -> None:
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        sent.append(message)

    headers = [(name.lower().encode(), value.encode()) for name, value in bearer(acme).items()]
    headers += [(b"content-type", b"application/json")]
    scope = {"type": "http", "method": "POST", "path": "/graphql", "query_string": b"", "headers": headers}
    with structlog.testing.capture_logs() as logs:
        await asgi.application(acme.runtime)(scope, receive, send)
    assert (sent, [entry["log_level"] for entry in logs]) == ([], ["debug"])


async def test_a_body_at_the_limit_is_read(acme: World) -> None:
    frame = b'{"query": "{ viewer { tenant } }", "a": ""}'
    answer = await posted(acme, frame.replace(b'""', b'"' + b"x" * (1_000_000 - len(frame)) + b'"'))
    assert answer.status_code == 200


@pytest.mark.parametrize("media", ["text/plain", "application/graphql", "application/x-www-form-urlencoded", ""])
async def test_another_media_type_is_not_read(acme: World, media: str) -> None:
    answer = await posted(acme, orjson.dumps({"query": WHO}), **{"Content-Type": media})
    assert (answer.status_code, code(answer)) == (415, "BAD_REQUEST")


async def test_json_with_a_charset_is_json(acme: World) -> None:
    answer = await posted(acme, orjson.dumps({"query": WHO}), **{"Content-Type": "application/json; charset=utf-8"})
    assert answer.status_code == 200


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "OPTIONS"])
async def test_another_method_is_told_which_there_are(acme: World, method: str) -> None:
    answer = await acme.http.request(method, "/graphql", json={"query": WHO}, headers=bearer(acme))
    assert (answer.status_code, answer.headers["allow"], code(answer)) == (405, "GET, POST", "BAD_REQUEST")


async def test_a_query_may_come_by_get(acme: World) -> None:
    asked = {"query": "query Who($id: ID!) { node(id: $id) { id } }", "variables": f'{{"id": "{acme.team}"}}'}
    answer = await acme.http.get("/graphql", params={**asked, "operationName": "Who"}, headers=bearer(acme))
    assert answer.json() == {"data": {"node": {"id": acme.team}}}


async def test_a_mutation_may_not(acme: World) -> None:
    change = f'mutation {{ closeObjective(input: {{ id: "{acme.main}" }}) {{ userErrors {{ code }} }} }}'
    headers = {"Authorization": f"Bearer {acme.speaker('lead').token}"}
    async with acme.untouched():
        answer = await acme.http.get("/graphql", params={"query": change}, headers=headers)
    assert (answer.status_code, answer.headers["allow"], code(answer)) == (405, "POST", "BAD_REQUEST")


@pytest.mark.parametrize(
    "params",
    [
        pytest.param({}, id="no query"),
        pytest.param({"query": WHO, "variables": "[1"}, id="half a list"),
        pytest.param({"query": WHO, "variables": "[1]"}, id="a list"),
        pytest.param({"query": WHO, "variables": '{"a": NaN}'}, id="NaN"),
    ],
)
async def test_a_get_that_is_no_request_is_refused(acme: World, params: dict[str, str]) -> None:
    for accept in ("*/*", "text/html", "application/json"):
        answer = await acme.http.get("/graphql", params=params, headers=bearer(acme, Accept=accept))
        assert (answer.status_code, code(answer)) == (400, "BAD_REQUEST")


@pytest.mark.parametrize(
    ("query", "variables", "expected"),
    [
        pytest.param("{", None, "GRAPHQL_PARSE_FAILED", id="a syntax error"),
        pytest.param("# nothing", None, "GRAPHQL_PARSE_FAILED", id="a comment"),
        pytest.param("{ nope }", None, "GRAPHQL_VALIDATION_FAILED", id="an unknown field"),
        pytest.param("query($unused: Int) { viewer { tenant } }", None, "GRAPHQL_VALIDATION_FAILED", id="unused"),
        pytest.param("subscription { x }", None, "GRAPHQL_VALIDATION_FAILED", id="a subscription"),
        pytest.param("query($id: ID!) { node(id: $id) { id } }", None, "BAD_USER_INPUT", id="a missing variable"),
        pytest.param("query($id: ID!) { node(id: $id) { id } }", {"id": None}, "BAD_USER_INPUT", id="a null variable"),
        pytest.param("query($n: Int) { kpis(first: $n) { totalCount } }", {"n": "1"}, "BAD_USER_INPUT", id="a text"),
    ],
)
async def test_a_request_error_has_a_code_and_no_data(
    acme: World, query: str, variables: object, expected: str
) -> None:
    body = orjson.dumps({"query": query, "variables": variables})
    for accept, status in (("application/json", 200), (STRICT, 400)):
        answer = await posted(acme, body, Accept=accept)
        assert (answer.status_code, answer.headers["content-type"], code(answer)) == (status, accept, expected)
        assert "data" not in answer.json()


async def test_a_field_error_comes_with_data(acme: World) -> None:
    query = "{ viewer { tenant } kpis(first: 0) { totalCount } policies(filter: { states: [DRAFT] }) { key } }"
    answer = await posted(acme, orjson.dumps({"query": query}), Accept=STRICT)
    assert (answer.status_code, answer.json()["data"]) == (200, None)
    assert [(one["path"], one["extensions"]["code"]) for one in answer.json()["errors"]] == [
        (["kpis"], "BAD_USER_INPUT")
    ]


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        pytest.param("", "application/json", id="nothing"),
        pytest.param("*/*", "application/json", id="anything"),
        pytest.param("application/json", "application/json", id="JSON"),
        pytest.param(STRICT, STRICT, id="GraphQL's own"),
        pytest.param(f"{STRICT}; charset=utf-8", STRICT, id="with a charset"),
        pytest.param(f"{STRICT}, application/json;q=0.9", STRICT, id="GraphQL's own first"),
        pytest.param(f"application/json, {STRICT};q=0.5", "application/json", id="JSON first"),
        pytest.param(f"{STRICT};q=0", "application/json", id="anything but that"),
        pytest.param("multipart/mixed", "application/json", id="parts"),
        pytest.param(f"{STRICT.upper()};Q=0.8", STRICT, id="in capitals"),
        pytest.param(f"{STRICT};q=high", "application/json", id="a weight that is none"),
    ],
)
async def test_the_answer_is_in_a_media_type_that_is_wanted(acme: World, accept: str, expected: str) -> None:
    assert media_type(accept) == expected
    assert (await posted(acme, orjson.dumps({"query": WHO}), Accept=accept)).headers["content-type"] == expected


@pytest.mark.parametrize(
    ("path", "status", "text"),
    [
        pytest.param("/livez", 200, "alive\n", id="alive"),
        pytest.param("/readyz", 200, "ready\n", id="ready"),
    ],
)
async def test_a_probe_needs_no_token(acme: World, path: str, status: int, text: str) -> None:
    answer = await acme.http.get(path)
    assert (answer.status_code, answer.text) == (status, text)


async def test_a_path_that_is_not_there_is_json_too(acme: World) -> None:
    for path in ("/", "/graphql/x", "/graphiql", "/.env"):
        answer = await acme.http.get(path)
        assert (answer.status_code, code(answer)) == (404, "NOT_FOUND")
    answer = await acme.http.post("/livez")
    assert (answer.status_code, code(answer)) == (405, "BAD_REQUEST")
    assert "GET" in answer.headers["allow"]


async def test_the_outline_shows_the_tree_to_who_may_see_it(acme: World) -> None:
    whole = await acme.http.get("/outline", headers=bearer(acme))
    assert whole.headers["content-type"].startswith("text/plain")
    assert whole.text.startswith("■ Acme  [0%]\n")
    assert "  ■ Platform" in whole.text
    part = await acme.http.get("/outline", headers={"Authorization": f"Bearer {acme.speaker('sales-viewer').token}"})
    assert part.text.startswith("■ Sales")
    assert "Platform" not in part.text


@pytest.mark.parametrize(
    ("params", "status"),
    [
        pytest.param({"root": "unit_none"}, 404, id="an unknown unit"),
        pytest.param({"cycle": "cyc_none"}, 404, id="an unknown cycle"),
    ],
)
async def test_an_outline_of_nothing_is_not_found(acme: World, params: dict[str, str], status: int) -> None:
    answer = await acme.http.get("/outline", params=params, headers=bearer(acme))
    assert answer.status_code == status
    assert_says_nothing_of_the_machine(answer.text)


async def test_an_outline_needs_a_token(acme: World) -> None:
    answer = await acme.http.get("/outline")
    assert (answer.status_code, code(answer)) == (401, "UNAUTHENTICATED")


class Breaking(Protocol):
    """Return the company on a store that fails with `fault`, or that does not answer at all."""

    def __call__(self, fault: Exception, *, silent: bool = False) -> World:
        """Break it."""


class Broken(Store):
    """A store that fails with `fault` where policies are read; with `silent` it does not answer at all."""

    fault: Exception = KeyError(SECRET)
    silent = False

    async def ping(self) -> None:
        """Fail where it is silent."""
        if self.silent:
            raise Unavailable(SECRET)

    def tenant(self, name: str) -> TenantStore:
        """Return a tenant that fails alike."""
        sound = super().tenant(name)
        broken = BrokenTenant(sound._client, sound._database, name, sound._patience)
        broken.fault, broken.silent = self.fault, self.silent
        return broken


class BrokenTenant(TenantStore):
    """A tenant of a store that fails."""

    fault: Exception
    silent: bool

    async def picture(self, as_of: datetime) -> Snapshot:
        """Fail where the store is silent."""
        if self.silent:
            raise Unavailable(SECRET)
        return await super().picture(as_of)

    async def policy_versions(self, key: str | None = None, layer: str | None = None) -> tuple[Policy, ...]:
        """Fail."""
        raise self.fault

    async def latest_policies(self) -> tuple[Policy, ...]:
        """Fail."""
        raise self.fault


@pytest.fixture
async def broken(acme: World) -> AsyncIterator[Breaking]:
    """The company on a store that fails with a given fault."""
    store = Broken.connect(str(acme.runtime.settings.mongodb_uri), acme.runtime.settings.database)

    def failing(fault: Exception, *, silent: bool = False) -> World:
        store.fault, store.silent = fault, silent
        runtime = replace(acme.runtime, store=store)
        return replace(acme, runtime=runtime, http=served(runtime))

    yield failing
    await store.close()


async def asked(world: World, query: str) -> tuple[Mapping[str, Any], list[Any]]:
    """Return the answer to a query, and what was logged meanwhile."""
    with structlog.testing.capture_logs() as logs:
        answer = await world.speaker("viewer").ask(query)
    return answer, logs


async def test_what_nobody_expected_is_masked_and_found_in_the_logs(broken: Breaking) -> None:
    fault = KeyError(SECRET)
    answer, logs = await asked(broken(fault), "{ viewer { tenant } policies { key } }")
    assert answer["data"] is None
    (error,) = answer["errors"]
    assert (error["path"], error["extensions"]) == (["policies"], {"code": "INTERNAL_SERVER_ERROR"})
    assert_says_nothing_of_the_machine(answer)
    (entry,) = [entry for entry in logs if entry["event"] == "unexpected"]
    assert error["message"] == f"Something went wrong here; the reference is {entry['reference']}."
    assert entry["exc_info"] is fault


async def test_a_part_that_does_not_answer_is_said_to_be_overloaded(broken: Breaking) -> None:
    answer, _ = await asked(broken(Unavailable(SECRET)), "{ policies { key } }")
    (error,) = answer["errors"]
    assert error["extensions"] == {"code": "OVERLOADED"}
    assert_says_nothing_of_the_machine(answer)


async def test_a_client_s_mistake_is_not_logged(acme: World) -> None:
    for query in ("{", "{ nope }", "{ kpis(first: 0) { totalCount } }"):
        answer, logs = await asked(acme, query)
        assert (len(answer["errors"]), logs) == (1, [])


async def test_a_fault_before_graphql_is_masked_as_well(acme: World) -> None:
    def stopped() -> datetime:
        raise RuntimeError(SECRET)

    async with served(replace(acme.runtime, now=stopped)) as http:
        for path in ("/graphql", "/outline"):
            with structlog.testing.capture_logs() as logs:
                answer = await http.get(path, params={"query": WHO}, headers=bearer(acme))
            assert (answer.status_code, code(answer)) == (500, "INTERNAL_SERVER_ERROR")
            assert_says_nothing_of_the_machine(answer.json())
            assert logs[0]["reference"] in answer.text


async def test_a_database_that_does_not_answer_makes_requests_come_back_later(broken: Breaking) -> None:
    world = broken(Unavailable(SECRET), silent=True)
    for path in ("/graphql", "/outline"):
        answer = await world.http.get(path, params={"query": WHO}, headers=bearer(world))
        assert (answer.status_code, answer.headers["retry-after"], code(answer)) == (503, "2", "OVERLOADED")
        assert_says_nothing_of_the_machine(answer.json())
    assert (await world.http.get("/livez")).status_code == 200
    assert (await world.http.get("/readyz")).status_code == 503
