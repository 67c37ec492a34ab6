"""What all mutations share: how they are declared; done once, refused as data, and evaluated after."""

import hashlib
import inspect
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import Any

import orjson
import strawberry
from strawberry.extensions import FieldExtension

from app import evaluation
from app.call import Call, Once
from gql.context import Context
from gql.errors import UserError, user_error
from okr.errors import Code, Refusal
from store.change import Repeated

LONGEST_WORD = 200
GIVEN = strawberry.argument(description="What to do.")


class Writing(FieldExtension):
    """Wraps a mutation.

    A clientMutationId makes it happen once: a repeat, even one that races with the first, is answered from what the
    first one did. A refusal becomes the payload, empty but for `userErrors`. What was written is evaluated.
    """

    def __init__(self, payload: Callable[..., Any]) -> None:
        self.payload = payload

    async def resolve_async(
        self,
        next_: Callable[..., Awaitable[Any]],
        source: Any,  # the root value
        info: strawberry.Info[Context, None],
        **kwargs: Any,  # the mutation's input
    ) -> Any:  # the payload
        """Run the mutation."""
        call = info.context.call
        try:
            once = _once(info.field_name, kwargs["input"])
            try:
                done = await _run(call, once, lambda: next_(source, info, **kwargs))
            except Repeated:  # the same mutation was done while this one was at it: answer from that one
                done = await _run(call, once, lambda: next_(source, info, **kwargs))
        except Refusal as refusal:
            return self.payload(user_errors=[user_error(refusal, kwargs["input"])])
        if call.touched:
            await evaluation.after(call, tuple(call.touched))
        return done


def errors() -> list[UserError]:
    """Declare the userErrors of a payload."""
    return strawberry.field(default_factory=list, description="Why nothing was done; empty where it was.")  # type: ignore[no-any-return]  # a field, typed as its value


def write(description: str, payload: Callable[..., object]) -> Callable[[Callable[..., object]], Any]:
    """Declare a mutation that answers with `payload`; see gql.writing."""

    def declare(resolver: Callable[..., object]) -> Any:  # a StrawberryField, typed as what it holds
        return strawberry.mutation(
            resolver=resolver, description=description, graphql_type=payload, extensions=[Writing(payload)]
        )

    return declare


def answer(payload: Callable[..., object], **parts: object) -> object:
    """Return a payload whose parts are domain objects; its views read them as they are."""
    return payload(**parts)


async def _run(call: Call, once: Once | None, step: Callable[[], Any]) -> Any:  # the payload
    call.once, call.touched, call.along = once, {}, []
    found = step()
    return await found if inspect.isawaitable(found) else found


def _once(operation: str, given: Any) -> Once | None:  # any input type
    word = given.client_mutation_id
    if word is None:
        return None
    if not 0 < len(word) <= LONGEST_WORD:
        raise Refusal(Code.INVALID, f"A clientMutationId has 1 to {LONGEST_WORD} characters.", ("clientMutationId",))
    asked = orjson.dumps([operation, asdict(given)], default=str, option=orjson.OPT_SORT_KEYS)
    return Once(key=word, fingerprint=hashlib.sha256(asked).hexdigest())
