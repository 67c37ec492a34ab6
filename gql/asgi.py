"""The service as one ASGI application: GraphQL, health, the outline, and what lives beside them."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route, WebSocketRoute

from app import jobs
from app.runtime import Runtime
from gql import errors
from gql.desk import Desk
from gql.endpoint import Endpoint, response_of
from gql.errors import INTERNAL, Rejected
from gql.queries import alignment_tree
from gql.tree import outline
from gql.websocket import Sockets
from okr.errors import Refusal, Unavailable

PATHS = ("/graphql", "/graphql/")


def application(runtime: Runtime) -> Starlette:
    """Return the service on a runtime that is up; the caller owns the runtime and outlives the service."""
    desk = Desk.of(runtime)
    endpoint, sockets = Endpoint(desk), Sockets(desk)

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
            context = await desk.context(await desk.asker(request.headers.get("authorization")))
            asked = request.query_params
            shown = alignment_tree(context, asked.get("cycle"), asked.get("root"), None).shown
        except Rejected as rejected:
            return response_of(rejected)
        except Refusal as refusal:
            return PlainTextResponse(f"{refusal.message}\n", 404)
        return PlainTextResponse(outline(context, shown))

    routes: list[BaseRoute] = [
        Route("/livez", livez),
        Route("/readyz", readyz),
        Route("/outline", show),
        *(Route(path, endpoint) for path in PATHS),
        *(WebSocketRoute(path, sockets) for path in PATHS),
    ]
    return Starlette(
        routes=routes,
        exception_handlers={HTTPException: _elsewhere, Exception: _masked},
        lifespan=lambda _: _living(runtime),
    )


@contextlib.asynccontextmanager
async def _living(runtime: Runtime) -> AsyncIterator[None]:
    """Keep up what runs beside the requests, for as long as the service lives."""
    beside = [asyncio.create_task(jobs.keep_up(runtime))]
    try:
        yield
    finally:
        for task in beside:
            task.cancel()
        await asyncio.gather(*beside, return_exceptions=True)


async def _elsewhere(_: Request, refused: Exception) -> Response:
    """Answer what no route takes; only HTTPExceptions come here."""
    if not isinstance(refused, HTTPException):
        raise refused
    code = "NOT_FOUND" if refused.status_code == 404 else "BAD_REQUEST"
    return response_of(Rejected(refused.status_code, code, f"{refused.detail}.", dict(refused.headers or {})))


async def _masked(_: Request, fault: Exception) -> Response:
    """Answer where something outside GraphQL went wrong; the server logs it as well."""
    return response_of(Rejected(500, INTERNAL, errors.masked(fault)))
