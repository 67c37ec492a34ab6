"""Recommendations: what a policy found, what it proposes, and what people did about it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum

from okr.errors import Code, Refusal
from okr.policy import Severity
from okr.text import Text, prose

LONGEST_SNOOZE = timedelta(days=90)


class RecommendationState(StrEnum):
    """The life of a recommendation.

    PENDING is a match that has not lasted as long as the policy's hold; WAIVED one that somebody has exempted.
    """

    PENDING = "pending"
    OPEN = "open"
    SNOOZED = "snoozed"
    ACCEPTED = "accepted"
    APPLIED = "applied"
    DISMISSED = "dismissed"
    RESOLVED = "resolved"
    EXPIRED = "expired"
    WAIVED = "waived"


class DismissReason(StrEnum):
    """Why somebody dismissed a recommendation; the counts per policy measure its quality."""

    WRONG_DATA = "wrong_data"
    ALREADY_HANDLED = "already_handled"
    NOT_RELEVANT = "not_relevant"
    DISAGREE = "disagree"


class Action(StrEnum):
    """What accepting a recommendation does; REMIND and REVIEW change nothing but the recommendation itself."""

    CREATE_OBJECTIVE = "create_objective"
    PROMOTE = "promote"
    NAME_OWNER = "name_owner"
    REMIND = "remind"
    REVIEW = "review"


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """What is proposed, ready to be carried out.

    `args` are plain: texts, booleans, whole numbers, decimals, lists and mappings of them; days are ISO texts.
    """

    action: Action
    args: Mapping[str, object]
    text: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What a recommendation is about: the kind of fact and the key of the entity."""

    kind: str
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What was seen when the policy last matched: the fact and the condition tree with its values; plain as `args`."""

    at: datetime
    fact: Mapping[str, object]
    trace: Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One change of state: who, when, from where to where, and why."""

    at: datetime
    by: str
    before: RecommendationState
    after: RecommendationState
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One match of one policy on one subject now; `dedupe` is policy, subject and episode in one word.

    `unit` is the unit that must act. `measure` is what the subject's own numbers are in. `layers` are the overrides
    that took part, each "unit:version", the outermost first. `waiver` is the key of the waiver that covers the match.
    """

    dedupe: str
    policy: str
    policy_version: int
    subject: Subject
    unit: str
    severity: Severity
    title: Text
    evidence: Evidence
    proposal: Proposal | None
    blocked_by: tuple[str, ...] = ()
    episode: str | None = None
    cycle: str | None = None
    measure: str = ""
    layers: tuple[str, ...] = ()
    waiver: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recommendation:
    """A finding on file.

    While it is live there is one of it per `finding.dedupe`. The finding is refreshed until somebody accepts, then it
    is frozen. `until` ends a snooze or a cool-down; `clear_since` is the day the match ended, kept while the policy's
    clear time runs; `created` are keys of what accepting made. A `closed` one is history: nothing happens to it any
    more, and the same finding would be filed anew. Days are UTC days.
    """

    key: str
    state: RecommendationState
    finding: Finding
    first_seen: datetime
    last_seen: datetime
    times: int = 1
    until: date | None = None
    clear_since: date | None = None
    created: tuple[str, ...] = ()
    dismissed_for: DismissReason | None = None
    error: str = ""
    history: tuple[Step, ...] = ()
    closed: bool = False
    version: int = 1


def live(recommendation: Recommendation) -> bool:
    """Tell whether it still answers for its `dedupe`: shown, accepted, cooling down or kept for its episode."""
    return not recommendation.closed


def accept(recommendation: Recommendation, by: str, at: datetime) -> Recommendation:
    """Return it accepted, its finding frozen; only an open or snoozed one can be."""
    _demand(recommendation, RecommendationState.OPEN, RecommendationState.SNOOZED)
    accepted = replace(recommendation, until=None, clear_since=None, error="")
    return stepped(accepted, RecommendationState.ACCEPTED, by, at)


def applied(recommendation: Recommendation, created: Iterable[str], by: str, at: datetime) -> Recommendation:
    """Return it applied: what was accepted is done, and made the entities named by `created`."""
    _demand(recommendation, RecommendationState.ACCEPTED)
    done = replace(recommendation, created=(*recommendation.created, *created))
    return stepped(done, RecommendationState.APPLIED, by, at)


def failed(recommendation: Recommendation, error: str, by: str, at: datetime) -> Recommendation:
    """Return it open again: what was accepted could not be done, and `error` says why."""
    _demand(recommendation, RecommendationState.ACCEPTED)
    return stepped(replace(recommendation, error=error), RecommendationState.OPEN, by, at, error)


def dismiss(
    recommendation: Recommendation, reason: DismissReason, note: str, by: str, at: datetime, cooldown: int
) -> Recommendation:
    """Return it dismissed and quiet for `cooldown` days; only an open or snoozed one can be."""
    _demand(recommendation, RecommendationState.OPEN, RecommendationState.SNOOZED)
    said = f"{reason.value}: {prose(note, field=('note',))}" if note else reason.value
    until = at.date() + timedelta(days=cooldown)
    quiet = replace(recommendation, until=until, clear_since=None, dismissed_for=reason)
    return stepped(quiet, RecommendationState.DISMISSED, by, at, said)


def snooze(recommendation: Recommendation, until: date, by: str, at: datetime) -> Recommendation:
    """Return it put off until a later day, at most 90 days ahead; only an open or snoozed one can be."""
    _demand(recommendation, RecommendationState.OPEN, RecommendationState.SNOOZED)
    today = at.date()
    if not today < until <= today + LONGEST_SNOOZE:
        raise Refusal(
            Code.INVALID,
            f"A snooze ends after {today} and within {LONGEST_SNOOZE.days} days; {until} does not.",
            ("until",),
        )
    return stepped(replace(recommendation, until=until), RecommendationState.SNOOZED, by, at, f"until {until}")


def stepped(
    recommendation: Recommendation, state: RecommendationState, by: str, at: datetime, reason: str = ""
) -> Recommendation:
    """Return it in `state`, with the step in its history; the version is left as it is: whoever stores it raises it."""
    step = Step(at=at, by=by, before=recommendation.state, after=state, reason=reason)
    return replace(recommendation, state=state, history=(*recommendation.history, step))


def _demand(filed: Recommendation, *states: RecommendationState) -> None:
    if filed.closed or filed.state not in states:
        wanted = " or ".join(state.value for state in states)
        raise Refusal(Code.NOT_OPEN, f"The recommendation is {filed.state.value}; this needs one that is {wanted}.")
