"""The one place where refusals and failures become GraphQL errors and userErrors."""

import uuid
from collections.abc import AsyncIterator
from typing import Any

import strawberry
import structlog
from graphql import GraphQLError
from strawberry.extensions import SchemaExtension

from gql.scalars import enum
from okr.errors import Code, Refusal, Unavailable

INTERNAL = "INTERNAL_SERVER_ERROR"
log = structlog.get_logger()

enum(
    Code,
    "UserErrorCode",
    "Why a mutation was refused; stable, for programs to branch on.",
    invalid="The value is not one that can be accepted.",
    too_long="A text or list is longer than what is kept.",
    not_finite="A number is infinite or not a number.",
    not_found="Nothing by that id is visible to the caller.",
    forbidden="The caller's role does not allow this here.",
    conflict="Somebody else changed it first; read it again and repeat.",
    duplicate="It exists already.",
    in_future="The time or period has not come yet.",
    outside_cycle="The time is not in the cycle.",
    cycle_closed="The cycle is closed; nothing in it changes any more.",
    not_open="Its state does not allow this.",
    start_equals_target="Start and target are equal: nothing would have to change.",
    wrong_direction="The declared direction is not the way from start to target.",
    wrong_unit="The value does not fit the unit of measure.",
    wrong_bounds="The bounds of the bands contradict each other.",
    would_loosen="It would loosen what was already won; that needs a reason and an approver.",
    would_cycle="It would make a circle in the tree.",
    second_parent="It already supports something; a goal has one primary parent.",
    not_promotable="The key result cannot become a KPI, or not yet.",
    unknown_field="There is no such field, template or parameter.",
    wrong_type="The value has another type than the field.",
    too_complex="It is larger or deeper than what is evaluated.",
    blocked_by_policy="A policy of the organisation forbids it.",
    idempotency_key_reused="The clientMutationId was used for something else.",
)


@strawberry.type(description="Why a mutation was refused: an expected refusal is data, not an error.")
class UserError:
    """One refusal."""

    code: Code = strawberry.field(description="The reason, for programs.")
    field: list[str] | None = strawberry.field(description="The path of the input at fault; null for the whole.")
    message: str = strawberry.field(description="The reason in a sentence, with what to do next where that is known.")


class BadInput(GraphQLError):
    """A query's argument that cannot be answered."""

    def __init__(self, message: str, argument: str | None = None) -> None:
        extensions: dict[str, Any] = {"code": "BAD_USER_INPUT"}
        if argument:
            extensions["argument"] = argument
        super().__init__(message, extensions=extensions)


def user_error(refusal: Refusal) -> UserError:
    """Return a refusal as data."""
    return UserError(code=refusal.code, field=list(refusal.field) or None, message=refusal.message)


class Classify(SchemaExtension):
    """Gives every error a stable code and masks what nobody expected, leaving a reference that the logs hold too."""

    async def on_operation(self) -> AsyncIterator[None]:
        """Rewrite the errors once the operation has ended."""
        yield
        result = self.execution_context.result
        early = self.execution_context.pre_execution_errors
        if early:
            self.execution_context.pre_execution_errors = [classified(error) for error in early]
        errors = getattr(result, "errors", None)
        if result is not None and errors:
            result.errors = [classified(error) for error in errors]


def classified(error: GraphQLError) -> GraphQLError:
    """Return `error` with a code; an unexpected one is logged and replaced by a sentence with a reference."""
    cause = error.original_error
    if isinstance(cause, GraphQLError):
        return _again(error, error.message, {**(cause.extensions or {})})
    if isinstance(cause, Refusal):
        code = cause.code.value if cause.code in (Code.NOT_FOUND, Code.FORBIDDEN, Code.CONFLICT) else "BAD_USER_INPUT"
        return _again(error, cause.message, {"code": code})
    if isinstance(cause, Unavailable):
        log.warning("unavailable", reason=str(cause))
        return _again(error, "A part of the service does not answer; try again in a moment.", {"code": "OVERLOADED"})
    if cause is not None:
        reference = uuid.uuid4().hex[:12]
        log.error("unexpected", reference=reference, exc_info=cause)
        return _again(
            error, f"Something went wrong here; the reference is {reference}.", {"code": "INTERNAL_SERVER_ERROR"}
        )
    if "code" in (error.extensions or {}):
        return error
    return _again(error, error.message, {"code": _code(error)})


def _code(error: GraphQLError) -> str:
    if type(error).__name__ == "GraphQLSyntaxError":
        return "GRAPHQL_PARSE_FAILED"
    if error.path or error.message.startswith(("Variable '$", 'Variable "$')):
        return "BAD_USER_INPUT"
    return "GRAPHQL_VALIDATION_FAILED"


def _again(error: GraphQLError, message: str, extensions: dict[str, Any]) -> GraphQLError:
    return GraphQLError(
        message,
        nodes=error.nodes,
        source=error.source,
        positions=error.positions,
        path=error.path,
        extensions=extensions,
    )
