"""What HR sees of how its policies work: what people made of them, and what each run of them came to."""

from datetime import datetime

import strawberry
from strawberry import Parent

from gql import enums
from gql.context import Info
from gql.fields import field
from okr import quality
from okr.recommendation import DismissReason
from rules.judge import Engine
from store import change


@strawberry.type(description="How often recommendations of a policy were dismissed for one reason.")
class DismissalCount:
    """A reason with its count."""

    reason: enums.DismissReason = strawberry.field(description="The reason.")
    count: int = strawberry.field(description="How often.")


@strawberry.type(description="What people made of what a policy said.")
class PolicyQuality:
    """The quality of a policy: what became of its recommendations, through all of history unless it says now."""

    opened: int = strawberry.field(description="How often people were asked, anew after each end and each waiver.")
    open: int = strawberry.field(description="How many are waiting for somebody now, those put off included.")
    accepted: int = strawberry.field(description="How many were accepted.")
    resolved: int = strawberry.field(description="How many were over by themselves before anybody acted.")
    expired: int = strawberry.field(description="How many lapsed.")
    waived: int = strawberry.field(description="How many are waived now.")
    outcomes: int = strawberry.field(description="How many were accepted, resolved, expired or dismissed.")

    @field("The policy.")
    @staticmethod
    def policy_key(found: Parent[quality.Quality]) -> str:
        """Return the policy's key."""
        return found.policy

    @field("How many were dismissed, for whatever reason.")
    @staticmethod
    def dismissed(found: Parent[quality.Quality]) -> int:
        """Return the number of dismissals."""
        return found.dismissals

    @field("How many were dismissed, for each of the reasons.", list[DismissalCount])
    @staticmethod
    def dismissals(found: Parent[quality.Quality]) -> list[DismissalCount]:
        """Return the counts by reason."""
        return [DismissalCount(reason=reason, count=found.dismissed.get(reason, 0)) for reason in DismissReason]

    @field("The share of the outcomes where somebody called the data or the policy wrong, 0 to 1; null without any.")
    @staticmethod
    def objections(found: Parent[quality.Quality]) -> float | None:
        """Return the share."""
        return None if found.objections is None else float(found.objections)

    @field("What the numbers say about the policy, in a sentence.")
    @staticmethod
    def verdict(found: Parent[quality.Quality], info: Info) -> str:
        """Return the sentence in the caller's language."""
        return quality.verdict(found).said(info.context.language)


@strawberry.type(description="One change that came of a run of the policies.")
class DecisionChange:
    """A change."""

    key: str = strawberry.field(
        description="The id of the recommendation; of a match that was only observed, its name."
    )
    change: str = strawberry.field(
        description='What it became, like "open"; a match that was only observed is "observed" or "waived".'
    )


@strawberry.type(description="One run of the policies, as the decision log keeps it for 180 days.")
class Decision:
    """A decision."""

    at: datetime = strawberry.field(description="When.")
    trigger: str = strawberry.field(description='What started it, like "change" or "daily".')
    policy_set: str = strawberry.field(description="The hash of the policies as they were.")
    facts: int = strawberry.field(description="How many facts were looked at.")
    matches: int = strawberry.field(description="How many pairs of policy and subject matched, waived ones included.")
    waived: int = strawberry.field(description="How many of them a waiver covers.")
    unknown: int = strawberry.field(description="How many pairs lacked data.")
    errors: int = strawberry.field(description="How many policies could not be judged.")

    @field('Who judged: the rules "engine", or the "fallback" that stands in where the engine does not answer.')
    @staticmethod
    def engine(decision: Parent[change.Decision]) -> str:
        """Return the role of who judged."""
        return "engine" if decision.engine == Engine.DURABLE else "fallback"

    @field("How long it took, in milliseconds.")
    @staticmethod
    def milliseconds(decision: Parent[change.Decision]) -> int:
        """Return the milliseconds."""
        return decision.ms

    @field("What came of it, one entry for each change.", list[DecisionChange])
    @staticmethod
    def changes(decision: Parent[change.Decision]) -> list[DecisionChange]:
        """Return the changes by key."""
        return [DecisionChange(key=key, change=str(what)) for key, what in sorted(decision.detail.items())]
