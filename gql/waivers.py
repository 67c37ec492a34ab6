"""What is said about waivers: which to list, what to grant, what to end, and what is answered."""

from datetime import date

import strawberry

from app import waivers
from app.waivers import WaiverDraft
from gql import enums, inputs
from gql.context import Context
from gql.errors import UserError
from gql.nodes import Waiver
from okr import waiver
from okr.waiver import WaiverKind

NOTHING_DONE = "Why nothing was done; empty where it was."


@strawberry.input(description="Which waivers to list; every part narrows.")
class WaiverFilter:
    """A filter of waivers."""

    root: strawberry.ID | None = strawberry.field(default=None, description="Only for this unit and what is below it.")
    policy_keys: list[str] | None = strawberry.field(default=None, description="Only of these policies.")
    subject_id: strawberry.ID | None = strawberry.field(default=None, description="Only for this single subject.")
    with_over: bool = strawberry.field(default=False, description="Those that no longer hold as well.")


@strawberry.input(one_of=True, description="What a waiver is for: exactly one of these.")
class WaiverTargetInput:
    """The target of a waiver."""

    unit_id: strawberry.ID | None = strawberry.field(
        default=strawberry.UNSET, description="Everything that the policy finds in this unit and below it."
    )
    subject_id: strawberry.ID | None = strawberry.field(
        default=strawberry.UNSET, description="This one unit, KPI, objective or key result."
    )


@strawberry.input(description="A waiver to grant; who grants it has approved it.")
class GrantWaiverInput:
    """A waiver."""

    policy_key: str = strawberry.field(description="The policy, which must be in force.")
    target: WaiverTargetInput = strawberry.field(description="What is exempt.")
    kind: enums.WaiverKind = strawberry.field(default=WaiverKind.WAIVED, description="Why, in a word.")
    reason: str = strawberry.field(description="Why, for whoever reads it later.")
    until: date = strawberry.field(description="The first day on which it no longer holds, at most 92 days ahead.")
    client_mutation_id: str | None = inputs.once()


@strawberry.input(description="A waiver to end before its day.")
class EndWaiverInput:
    """The end of a waiver."""

    id: strawberry.ID = strawberry.field(description="The waiver.")
    reason: str = strawberry.field(description="Why, for whoever reads it later.")
    expected_version: int | None = inputs.expected()
    client_mutation_id: str | None = inputs.once()


@strawberry.type(description="The answer to grantWaiver.")
class GrantWaiverPayload:
    """The answer to grantWaiver."""

    waiver: Waiver | None = strawberry.field(default=None, description="The waiver.")
    user_errors: list[UserError] = strawberry.field(default_factory=list, description=NOTHING_DONE)


@strawberry.type(description="The answer to endWaiver.")
class EndWaiverPayload:
    """The answer to endWaiver."""

    waiver: Waiver | None = strawberry.field(default=None, description="The waiver as it is now.")
    user_errors: list[UserError] = strawberry.field(default_factory=list, description=NOTHING_DONE)


def draft(given: GrantWaiverInput) -> WaiverDraft:
    """Return the draft of a waiver."""
    return WaiverDraft(
        policy=given.policy_key,
        unit=_given(given.target.unit_id),
        subject=_given(given.target.subject_id),
        kind=given.kind,
        reason=given.reason,
        until=given.until,
    )


def _given(key: str | None) -> str | None:
    return None if key is strawberry.UNSET else key


async def listed(context: Context, narrow: WaiverFilter) -> list[waiver.Waiver]:
    """Return the waivers that the caller sees, by the day they last to; those that hold, unless all are wanted."""
    call, picture, root = context.call, context.picture, context.root(narrow.root)
    found = []
    for one in await call.store.waivers(active_on=None if narrow.with_over else call.at.date()):
        home = waivers.home(call, one)
        if (
            waivers.sees(call, one)
            and (root is None or root in picture.paths[home])
            and (narrow.policy_keys is None or one.policy in narrow.policy_keys)
            and (narrow.subject_id is None or (one.subject is not None and one.subject.key == narrow.subject_id))
            and (narrow.with_over or waiver.holds(one, picture.today(home)))
        ):
            found.append(one)
    return found
