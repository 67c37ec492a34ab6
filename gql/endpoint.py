"""GraphQL over HTTP: what a request must be, and what its answer looks like."""

import contextlib
from typing import Any

import orjson
from cross_web import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from strawberry.asgi import GraphQL
from strawberry.http import GraphQLHTTPResponse
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError

from gql.context import Context

JSON = "application/json"
GRAPHQL = "application/graphql-response+json"


class Rejected(Exception):
    """A request that is not executed; its answer is JSON with a code."""

    def __init__(self, status: int, code: str, message: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(message)
        body = orjson.dumps({"errors": [{"message": message, "extensions": {"code": code}}]})
        self.response = Response(body, status, headers, JSON)


class Endpoint(GraphQL[Context, None]):
    """Strawberry's view with a strict reading of bodies, and answers as the GraphQL-over-HTTP draft wants them."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; Rejected where there is nothing to execute, which Strawberry says in plain text."""
        try:
            response = await self.run(Request(scope, receive))
        except HTTPException as refused:
            raise _rejected(refused) from None
        await response(scope, receive, send)

    async def get_context(self, request: Any, response: Any) -> Context:  # typed by starlette, one of two kinds each
        """Return the context that the gate has prepared."""
        context: Context = request.scope["state"]["context"]
        return context

    async def get_sub_response(self, request: Any) -> Response:  # as above
        """Return what the answer is modelled on: here its media type."""
        modelled = await super().get_sub_response(request)
        modelled.media_type = media_type(request.headers.get("accept", ""))
        return modelled

    def create_response(
        self, response_data: GraphQLHTTPResponse | list[GraphQLHTTPResponse], sub_response: Response
    ) -> Response:
        """Return the answer: a request that was not executed has no `data`, and in GraphQL's media type is a 400."""
        answer: dict[str, Any] = dict(response_data)  # type: ignore[arg-type]  # a list only where batching is on
        executed = answer["data"] is not None or any("path" in error for error in answer.get("errors", ()))
        if not executed:
            del answer["data"]
        status = 400 if not executed and sub_response.media_type == GRAPHQL else 200
        return Response(self.encode_json(answer), status, media_type=sub_response.media_type)

    def decode_json(self, data: str | bytes) -> object:
        """Read one JSON object in UTF-8; Rejected for anything else."""
        try:
            found = orjson.loads(data)
        except orjson.JSONDecodeError:
            raise Rejected(400, "BAD_REQUEST", "This is not JSON in UTF-8.") from None
        if not isinstance(found, dict):
            raise Rejected(400, "BAD_REQUEST", "Send one JSON object: {query, variables, operationName}.")
        return found

    def encode_json(self, data: object) -> bytes:
        """Write an answer."""
        return orjson.dumps(data)


def weights(header: str) -> dict[str, float]:
    """Return what an Accept header names, in lower case, each with the weight it is given (0 to 1; default 1)."""
    found: dict[str, float] = {}
    for part in header.lower().split(",")[:20]:
        name, *parameters = (word.strip() for word in part.split(";"))
        weight = next((word.removeprefix("q=") for word in parameters if word.startswith("q=")), "1")
        with contextlib.suppress(ValueError):
            found[name] = max(found.get(name, 0.0), float(weight))
    return found


def media_type(accept: str) -> str:
    """Return the media type to answer in: GraphQL's own where it is named and JSON is not preferred."""
    wanted = weights(accept)
    return GRAPHQL if wanted.get(GRAPHQL, 0.0) > 0 and wanted[GRAPHQL] >= wanted.get(JSON, 0.0) else JSON


def _rejected(refused: HTTPException) -> Rejected:
    match refused.__cause__:
        case InvalidOperationTypeError():
            return Rejected(405, "BAD_REQUEST", "Send mutations by POST.", {"Allow": "POST"})
        case CannotGetOperationTypeError():
            return Rejected(400, "OPERATION_RESOLUTION_FAILURE", refused.reason)
        case _ if refused.status_code == 404:  # a GET by a browser that found no query and no GraphiQL
            return Rejected(400, "BAD_REQUEST", "There is no `query` in the request.")
        case _:
            return Rejected(400, "BAD_REQUEST", refused.reason)
