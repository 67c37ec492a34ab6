"""The service over HTTP: who is calling, how much they may send, and GraphQL behind both."""

import asyncio
import contextlib
import secrets
from collections.abc import AsyncIterator, Callable
from typing import Any

import orjson
import structlog
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Mount, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from strawberry.asgi import GraphQL

from app import issuer, jobs, picture
from app.actor import Actor
from app.call import Call
from app.runtime import Runtime
from app.settings import Settings
from gql.access import Unauthenticated, bearer
from gql.context import Context
from gql.queries import alignment_tree
from gql.schema import SCHEMA
from gql.tree import outline
from okr.errors import Refusal, Unavailable

log = structlog.get_logger()


class BadBody(ValueError):
    """A body that is no GraphQL request."""


class Endpoint(GraphQL[Context, None]):
    """Strawberry's view with a strict reading of bodies."""

    async def get_context(self, request: Any, response: Any) -> Context:  # typed by starlette, one of two kinds each
        """Return the context that the gate has prepared."""
        context: Context = request.scope["state"]["context"]
        return context

    def decode_json(self, data: str | bytes) -> object:
        """Read a body; anything but one JSON object in UTF-8 is a bad request."""
        return _object(data)

    def encode_json(self, data: object) -> bytes:
        """Write an answer."""
        return orjson.dumps(data)


class Gate:
    """Lets a request through to GraphQL once its size is bearable and its caller is known."""

    def __init__(self, inner: ASGIApp, runtime: Callable[[], Runtime], key: bytes) -> None:
        self.inner = inner
        self.runtime = runtime
        self.key = key

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            # No subscriptions yet: a WebSocket is closed before it opens.
            await send({"type": "websocket.close", "code": 1011})
            return
        request = Request(scope, receive)
        try:
            body = await _body(request, self.runtime().settings.body_limit)
            _check(request, body)
            scope.setdefault("state", {})["context"] = await context_of(self.runtime(), request, self.key)
        except Rejected as rejected:
            await rejected.response(scope, receive, send)
            return
        await self.inner(scope, _again(body, receive), send)


class Rejected(Exception):
    """A request that does not reach GraphQL; its answer is JSON with a code."""

    def __init__(self, status: int, code: str, message: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.response = Response(
            orjson.dumps({"errors": [{"message": message, "extensions": {"code": code}}]}),
            status,
            headers,
            "application/json",
        )


def application(runtime: Runtime) -> Starlette:
    """Return the service on a runtime that is up; the caller owns the runtime and outlives the service."""
    key = issuer.public_key(runtime.settings)
    endpoint = Endpoint(SCHEMA, graphql_ide=None, allow_queries_via_get=True, subscription_protocols=())

    async def livez(_: Request) -> Response:
        return PlainTextResponse("alive\n")

    async def readyz(_: Request) -> Response:
        try:
            await runtime.store.ping()
        except Unavailable as failure:
            return PlainTextResponse(f"not ready: {failure}\n", 503)
        return PlainTextResponse("ready\n")

    async def show(request: Request) -> Response:
        try:
            context = await context_of(runtime, request, key)
            asked = request.query_params
            shown = alignment_tree(context, asked.get("cycle"), asked.get("root"), None).shown
        except Rejected as rejected:
            return rejected.response
        except Refusal as refusal:
            return PlainTextResponse(f"{refusal.message}\n", 404)
        return PlainTextResponse(outline(context, shown))

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        keeping = asyncio.create_task(jobs.keep_up(runtime))
        try:
            yield
        finally:
            keeping.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await keeping

    return Starlette(
        routes=[
            Route("/livez", livez),
            Route("/readyz", readyz),
            Route("/outline", show),
            Mount("/graphql", Gate(endpoint, lambda: runtime, key)),
        ],
        lifespan=lifespan,
    )


async def context_of(runtime: Runtime, request: Request, key: bytes) -> Context:
    """Return the context of a request by a known caller; Rejected otherwise."""
    settings: Settings = runtime.settings
    try:
        caller = bearer(request.headers.get("authorization"), key, settings)
        at = runtime.now()
        store = runtime.store.tenant(caller.tenant)
        seen = await picture.of(store, at)
        actor = Actor.person(seen, caller.subject)
    except Unauthenticated as reason:
        raise Rejected(401, "UNAUTHENTICATED", str(reason), {"WWW-Authenticate": "Bearer"}) from None
    except Refusal as refusal:
        raise Rejected(403, "FORBIDDEN", refusal.message) from None
    except Unavailable as failure:
        log.warning("unavailable", reason=str(failure))
        message = "The database does not answer; try again in a moment."
        raise Rejected(503, "OVERLOADED", message, {"Retry-After": "2"}) from None
    word = request.headers.get("x-request-id", "")[:100] or secrets.token_hex(8)
    call = Call(runtime=runtime, store=store, picture=seen, actor=actor, at=at, request=word)
    return Context(call=call, language=language(request.headers.get("accept-language", "")))


def language(header: str) -> str:
    """Return "vi" or "en", whichever of the two an Accept-Language header weighs more; "en" where it is a draw."""
    best = {"en": 0.0, "vi": 0.0}
    for part in header.split(",")[:20]:
        tag, _, weight = part.strip().partition(";")
        name = tag.split("-")[0].strip().lower()
        if name in best:
            try:
                best[name] = max(best[name], float(weight.partition("=")[2] or 1))
            except ValueError:
                continue
    return "vi" if best["vi"] > best["en"] else "en"


async def _body(request: Request, limit: int) -> bytes:
    taken = bytearray()
    async for chunk in request.stream():
        taken += chunk
        if len(taken) > limit:
            raise Rejected(413, "BAD_REQUEST", f"A request has at most {limit:,} bytes.")
    return bytes(taken)


def _check(request: Request, body: bytes) -> None:
    if request.method not in ("GET", "POST"):
        raise Rejected(405, "BAD_REQUEST", "Use POST, or GET for queries.", {"Allow": "GET, POST"})
    if request.method == "GET":
        return
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise Rejected(415, "BAD_REQUEST", "Send application/json.")
    try:
        _object(body)
    except BadBody as reason:
        raise Rejected(400, "BAD_REQUEST", str(reason)) from None


def _object(data: str | bytes) -> object:
    try:
        found = orjson.loads(data)
    except (orjson.JSONDecodeError, RecursionError):
        raise BadBody("The body is not JSON in UTF-8.") from None
    if not isinstance(found, dict):
        raise BadBody("The body is one JSON object: {query, variables, operationName}.")
    return found


def _again(body: bytes, receive: Receive) -> Receive:
    given = False

    async def once() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return once
