"""The one place where refusals and failures become GraphQL errors and userErrors."""

import uuid
from collections.abc import Iterator, Mapping
from typing import Any

import strawberry
import structlog
from graphql import GraphQLError, GraphQLSyntaxError
from strawberry import Parent

from app.blocking import Blocked
from gql import place
from gql.context import Info
from gql.explanation import Explanation
from gql.fields import field
from gql.scalars import Unreadable, enum
from okr.errors import Code, Refusal, Unavailable
from okr.recommendation import Finding

INTERNAL = "INTERNAL_SERVER_ERROR"
UNAVAILABLE = "A part of the service does not answer; try again in a moment."
LONGEST_MESSAGE = 1_000
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
    never_matches="A condition contradicts itself: nothing could ever meet it.",
    always_matches="A condition says nothing: whatever is known would meet it.",
    test_failed="A test case of the policy does not come out as it says.",
    needs_confirmation="It may not be what was meant; repeat it with the confirmation that the message names.",
    needs_approval="Somebody else than its author has to approve it.",
    idempotency_key_reused="The clientMutationId was used for something else.",
)


@strawberry.type(description="A policy that refuses a change.")
class BlockingPolicy:
    """What a policy found in the change."""

    policy_version: int = strawberry.field(description="The version that refuses.")

    @field("The policy.")
    @staticmethod
    def policy_key(found: Parent[Finding]) -> str:
        """Return the policy's key."""
        return found.policy

    @field("What it found, in the caller's language.")
    @staticmethod
    def title(found: Parent[Finding], info: Info) -> str:
        """Return the title."""
        return found.title.said(info.context.language)

    @field("The condition tree with the values seen.", Explanation)
    @staticmethod
    def explanation(found: Parent[Finding]) -> Finding:
        """Return the finding, which explains itself."""
        return found


@strawberry.type(description="Why a mutation was refused: an expected refusal is data, not an error.")
class UserError:
    """One refusal."""

    code: Code = strawberry.field(description="The reason, for programs.")
    field: list[str] | None = strawberry.field(description="The path of the input at fault; null for the whole.")
    message: str = strawberry.field(description="The reason in a sentence, with what to do next where that is known.")
    blocked_by: list[BlockingPolicy] = strawberry.field(
        default_factory=list, description="The policies in the way, the gravest first; empty for all other reasons."
    )


def user_error(refusal: Refusal, given: object) -> UserError:
    """Return a refusal of the input `given` as data."""
    blocks: Any = [block.finding for block in refusal.blocks] if isinstance(refusal, Blocked) else []
    at = list(place.of(given, refusal.field)) or None
    return UserError(code=refusal.code, field=at, message=refusal.message, blocked_by=blocks)


class Rejected(Exception):
    """A request that never becomes an operation: the HTTP status, a code, a sentence, and headers to send along."""

    def __init__(self, status: int, code: str, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.headers = dict(headers or {})

    @property
    def errors(self) -> list[dict[str, Any]]:
        """Return it as GraphQL says errors."""
        return [{"message": self.message, "extensions": {"code": self.code}}]


def classified(error: GraphQLError, fallback: str) -> GraphQLError:
    """Return `error` with a stable code, `fallback` where it has none.

    What nobody expected is masked, with a reference that the logs hold too.
    """
    for cause in _causes(error):
        match cause:
            case GraphQLSyntaxError():
                return _again(error, error.message, "GRAPHQL_PARSE_FAILED")
            case GraphQLError(extensions={"code": str(code)} as found):
                return _again(error, error.message, code, found)
            case GraphQLError():
                continue
            case Rejected():
                return _again(error, cause.message, cause.code)
            case Unreadable():
                return _again(error, error.message, "BAD_USER_INPUT")
            case Refusal(code=Code.NOT_FOUND | Code.FORBIDDEN | Code.CONFLICT):
                return _again(error, cause.message, cause.code.value)
            case Refusal():
                return _again(error, cause.message, "BAD_USER_INPUT")
            case Unavailable():
                log.warning("unavailable", reason=str(cause))
                return _again(error, UNAVAILABLE, "OVERLOADED")
            case _:
                return _again(error, masked(cause), INTERNAL)
    return _again(error, error.message, fallback)


def masked(fault: Exception) -> str:
    """Log what nobody expected, and return a sentence for the caller that says no more than where the log has it."""
    reference = uuid.uuid4().hex[:12]
    log.error("unexpected", reference=reference, exc_info=fault)
    return f"Something went wrong here; the reference is {reference}."


def _causes(error: Exception | None) -> Iterator[Exception]:
    while error is not None:
        yield error
        error = error.original_error if isinstance(error, GraphQLError) else None


def _again(error: GraphQLError, message: str, code: str, more: Mapping[str, Any] | None = None) -> GraphQLError:
    said = message if len(message) <= LONGEST_MESSAGE else f"{message[:LONGEST_MESSAGE]}…"
    return GraphQLError(
        said,
        nodes=error.nodes,
        source=error.source,
        positions=error.positions,
        path=error.path,
        extensions={**(more or {}), "code": code},
    )
