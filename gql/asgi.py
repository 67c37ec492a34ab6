"""The service over HTTP: who is calling, how much they may send, and GraphQL behind both."""

import asyncio
import contextlib
import secrets
from collections.abc import AsyncIterator

import structlog
from babel import negotiate_locale
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app import issuer, jobs, picture
from app.actor import Actor
from app.call import Call
from app.runtime import Runtime
from app.settings import Settings
from gql import errors
from gql.access import Unauthenticated, bearer
from gql.context import Context
from gql.endpoint import JSON, Endpoint, Rejected, weights
from gql.errors import INTERNAL
from gql.queries import alignment_tree
from gql.schema import SCHEMA
from gql.tree import outline
from okr.errors import Refusal, Unavailable

log = structlog.get_logger()


class Gate:
    """Lets a request through to GraphQL once its size is bearable and its caller is known."""

    def __init__(self, inner: ASGIApp, runtime: Runtime, key: bytes) -> None:
        self.inner = inner
        self.runtime = runtime
        self.key = key

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request = Request(scope, receive)
        try:
            _check(request)
            body = await _body(request, self.runtime.settings.body_limit)
            scope.setdefault("state", {})["context"] = await context_of(self.runtime, request, self.key)
            await self.inner(scope, _again(body, receive), send)
        except Rejected as rejected:
            await rejected.response(scope, receive, send)
        except ClientDisconnect:
            log.debug("hung up")


def application(runtime: Runtime) -> Starlette:
    """Return the service on a runtime that is up; the caller owns the runtime and outlives the service."""
    key = issuer.public_key(runtime.settings)
    gate = Gate(Endpoint(SCHEMA, graphql_ide=None, subscription_protocols=()), runtime, key)

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
            Route("/graphql", gate),
            Route("/graphql/", gate),
        ],
        exception_handlers={HTTPException: _elsewhere, Exception: _masked},
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
    """Return "vi" or "en", whichever an Accept-Language header prefers, by weight and then in its order; else "en"."""
    wanted = {tag: weight for tag, weight in weights(header).items() if 0 < weight <= 1}
    return negotiate_locale(sorted(wanted, key=wanted.__getitem__, reverse=True), ("en", "vi"), sep="-") or "en"


async def _body(request: Request, limit: int) -> bytes:
    taken = bytearray()
    async for chunk in request.stream():
        taken += chunk
        if len(taken) > limit:
            raise Rejected(413, "BAD_REQUEST", f"A request has at most {limit:,} bytes.")
    return bytes(taken)


def _check(request: Request) -> None:
    if request.method not in ("GET", "POST"):
        raise Rejected(405, "BAD_REQUEST", "Use POST, or GET for queries.", {"Allow": "GET, POST"})
    media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if request.method == "POST" and media != JSON:
        raise Rejected(415, "BAD_REQUEST", "Send application/json.")


def _again(body: bytes, receive: Receive) -> Receive:
    given = False

    async def once() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return once


async def _elsewhere(_: Request, refused: Exception) -> Response:
    """Answer what no route takes; only HTTPExceptions come here."""
    if not isinstance(refused, HTTPException):
        raise refused
    code = "NOT_FOUND" if refused.status_code == 404 else "BAD_REQUEST"
    return Rejected(refused.status_code, code, f"{refused.detail}.", dict(refused.headers or {})).response


async def _masked(_: Request, fault: Exception) -> Response:
    """Answer where something outside GraphQL went wrong; the server logs it as well."""
    return Rejected(500, INTERNAL, errors.masked(fault)).response
