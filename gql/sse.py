"""Server-sent events: GraphQL over SSE, distinct connections mode; one operation, one response.

Events are `next` with an answer and `complete` at the end. Lines end in LF alone, for clients that split on LF LF; a
comment every few seconds keeps proxies from closing what is quiet.
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

import orjson
from starlette.responses import Response, StreamingResponse

from gql.errors import Rejected
from gql.negotiation import EVENTS
from gql.operation import Answer

QUIET = 12.0
"""Seconds without an event after which a comment is sent."""

HEADERS = {"Content-Type": EVENTS, "Cache-Control": "no-cache, no-transform", "X-Accel-Buffering": "no"}
COMPLETE = b"event: complete\ndata:\n\n"
STILL_HERE = b":\n\n"


def streaming(answers: AsyncGenerator[Answer]) -> Response:
    """Return the response that streams these answers; it ends them when the client hangs up."""
    return StreamingResponse(_frames(answers), headers=HEADERS)


async def _frames(answers: AsyncGenerator[Answer]) -> AsyncGenerator[bytes]:
    yield STILL_HERE  # so that the client knows that it is connected
    async with aclosing(answers):
        coming = asyncio.ensure_future(_next(answers))
        try:
            while True:
                done, _ = await asyncio.wait((coming,), timeout=QUIET)
                if not done:
                    yield STILL_HERE
                    continue
                answer = coming.result()
                if answer is None:
                    break
                yield _frame(answer.body)
                coming = asyncio.ensure_future(_next(answers))
        except Rejected as rejected:
            yield _frame({"errors": rejected.errors})
        finally:
            coming.cancel()
            await asyncio.wait((coming,))
    yield COMPLETE


async def _next(answers: AsyncGenerator[Answer]) -> Answer | None:
    return await anext(answers, None)


def _frame(body: object) -> bytes:
    return b"event: next\ndata: " + orjson.dumps(body) + b"\n\n"
