"""GraphQL over HTTP: what a request must be, what its answer looks like, and the end of those who hung up."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from typing import Any

import orjson
import structlog
from graphql import OperationType
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from gql import sse
from gql.desk import Asker, Desk
from gql.errors import Rejected
from gql.negotiation import GRAPHQL, JSON, insists_on_stream, media_type, streams
from gql.operation import EVERY, Answer, Operation

log = structlog.get_logger()

READING = frozenset({OperationType.QUERY, OperationType.SUBSCRIPTION})
TEXTS = ("query", "operationName", "documentId")
MAPS = ("variables", "extensions")


class Endpoint:
    """The ASGI application behind /graphql for everything but WebSockets."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request = Request(scope, receive)
        try:
            response = await self._response(request)
        except Rejected as rejected:
            response = response_of(rejected)
        except ClientDisconnect:
            log.debug("hung up")
            return
        await response(scope, receive, send)

    async def _response(self, request: Request) -> Response:
        _check(request)
        headers = request.headers
        asker = await self.desk.asker(
            headers.get("authorization"), headers.get("accept-language", ""), headers.get("x-request-id", "")
        )
        asked = self.desk.read(await self._body(request))
        accept = headers.get("accept", "")
        may_stream = streams(accept)
        allowed = (READING if request.method == "GET" else EVERY) - (frozenset() if may_stream else STREAMED)
        chosen = self.desk.chosen(asked, allowed)
        if insists_on_stream(accept) or (may_stream and subscribes(chosen)):
            return sse.streaming(self._answers(chosen, asker))
        media = media_type(accept)
        if isinstance(chosen, Answer):
            return self._written(chosen, media)
        return self._written(await self._unless_gone(request, chosen, asker), media)

    async def _body(self, request: Request) -> Mapping[str, Any]:
        if request.method == "GET":
            return _of_query(request)
        taken, limit = bytearray(), self.desk.runtime.settings.body_limit
        async for chunk in request.stream():
            taken += chunk
            if len(taken) > limit:
                raise Rejected(413, "BAD_REQUEST", f"A request has at most {limit:,} bytes.")
        return read_json(bytes(taken))

    async def _answers(self, chosen: Operation | Answer, asker: Asker) -> AsyncGenerator[Answer]:
        if isinstance(chosen, Answer):
            yield chosen
            return
        async with aclosing(self.desk.answers(chosen, asker)) as answers:
            async for answer in answers:
                yield answer

    async def _unless_gone(self, request: Request, chosen: Operation, asker: Asker) -> Answer:
        """Return the answer; where the client hangs up, nobody needs it, and what only reads is given up."""
        working = asyncio.ensure_future(_first(self.desk.answers(chosen, asker)))
        if chosen.kind is OperationType.MUTATION:
            return await asyncio.shield(working)
        gone = asyncio.ensure_future(_hung_up(request))
        try:
            await asyncio.wait((working, gone), return_when=asyncio.FIRST_COMPLETED)
            if not working.done():
                raise ClientDisconnect
            return working.result()
        finally:
            for task in (working, gone):
                task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await gone

    def _written(self, answer: Answer, media: str) -> Response:
        """Return an answer as a response: in GraphQL's media type what was not executed has a status of its own."""
        status, headers = 200, dict[str, str]()
        if limited := answer.said("RATE_LIMITED"):
            status, headers = 429, {"Retry-After": str(limited.get("retryAfter", 1))}
        elif answer.said("TIMEOUT") and not answer.executed:
            status = 503
        elif not answer.executed and media == GRAPHQL:
            invalid = answer.said("GRAPHQL_VALIDATION_FAILED")
            status = self.desk.runtime.settings.validation_status if invalid else 400
        return Response(orjson.dumps(answer.body), status, headers, media)


STREAMED = frozenset({OperationType.SUBSCRIPTION})


def subscribes(chosen: Operation | Answer) -> bool:
    """Tell whether what was chosen is a subscription."""
    return isinstance(chosen, Operation) and chosen.kind is OperationType.SUBSCRIPTION


def response_of(rejected: Rejected) -> Response:
    """Return the answer to a request that never became an operation."""
    return Response(orjson.dumps({"errors": rejected.errors}), rejected.status, rejected.headers, JSON)


def read_json(data: bytes | str) -> Mapping[str, Any]:
    """Read one JSON object in UTF-8; Rejected for anything else."""
    try:
        found = orjson.loads(data)
    except orjson.JSONDecodeError:
        raise Rejected(400, "BAD_REQUEST", "This is not JSON in UTF-8.") from None
    if not isinstance(found, dict):
        raise Rejected(400, "BAD_REQUEST", "Send one JSON object: {query, variables, operationName}.")
    return found


async def _first(answers: AsyncGenerator[Answer]) -> Answer:
    async with aclosing(answers):
        return await anext(answers)


async def _hung_up(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


def _of_query(request: Request) -> Mapping[str, Any]:
    asked: dict[str, Any] = {}
    for part in (*TEXTS, *MAPS):
        given = request.query_params.getlist(part)
        if len(given) > 1:
            raise Rejected(400, "BAD_REQUEST", f"`{part}` is given {len(given)} times.")
        if given:
            asked[part] = given[0] if part in TEXTS else _map(part, given[0])
    return asked


def _map(part: str, text: str) -> Mapping[str, Any] | None:
    try:
        return None if text in ("", "null") else read_json(text)
    except Rejected:
        raise Rejected(400, "BAD_REQUEST", f"`{part}` is a JSON object.") from None


def _check(request: Request) -> None:
    if request.method not in ("GET", "POST"):
        raise Rejected(405, "BAD_REQUEST", "Use POST, or GET for queries.", {"Allow": "GET, POST"})
    media, _, parameters = request.headers.get("content-type", "").partition(";")
    if request.method == "POST" and (media.strip().lower() != JSON or _charset(parameters) not in ("", "utf-8")):
        raise Rejected(415, "BAD_REQUEST", "Send application/json in UTF-8.")


def _charset(parameters: str) -> str:
    named = (one.strip().lower() for one in parameters.split(";"))
    return next((one.removeprefix("charset=").strip('"') for one in named if one.startswith("charset=")), "")
