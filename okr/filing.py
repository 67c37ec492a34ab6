"""Filing: what a run of the policies does to the recommendations on file."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import assert_never

from okr import keys, recommendation
from okr.recommendation import Finding, Recommendation, RecommendationState


class Standing(StrEnum):
    """What a run of the policies says about a recommendation on file that it did not find again.

    UNTOUCHED was not looked at. UNKNOWN lacked data. CLEAR did not match. CURED did not match and its episode is over.
    VOID cannot match any more: the policy is off or holds elsewhere, the cycle is closed, the subject is gone.
    """

    UNTOUCHED = "untouched"
    UNKNOWN = "unknown"
    CLEAR = "clear"
    CURED = "cured"
    VOID = "void"


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """How long a policy waits, in days; see Policy. `expires` 0 means never."""

    hold: int = 0
    clear: int = 0
    cooldown: int = 30
    expires: int = 90


def reconcile(
    tenant: str,
    filed: Iterable[Recommendation],
    found: Iterable[Finding],
    standing: Callable[[Recommendation], Standing],
    terms: Callable[[Finding], Terms],
    at: datetime,
    excused: Callable[[Recommendation], str] | None = None,
) -> tuple[Recommendation, ...]:
    """Return what a run changes on file: those on file that moved or saw something new, then the new ones.

    `filed` are the live ones, at most one per `dedupe`; `standing` answers for those that were not found again; `terms`
    says how long the policy of a finding waits. `excused` names the waiver that now covers one whose data are missing,
    empty where none does; without it such a one stays waived, or not. Reconciling the result once more changes nothing.
    Missing data never resolves anything. Versions are left as they are: whoever stores a recommendation raises its.
    """
    fresh = {finding.dedupe: finding for finding in found}
    changed: list[Recommendation] = []
    for before in filter(recommendation.live, filed):
        finding = fresh.get(before.finding.dedupe)
        after = _after_run(before, finding, standing, terms(before.finding), at, excused)
        if after != before:
            changed.append(after)
        if recommendation.live(after):
            fresh.pop(after.finding.dedupe, None)
    return (*changed, *(_filed(tenant, finding, terms(finding), at) for finding in fresh.values()))


def _after_run(
    before: Recommendation,
    finding: Finding | None,
    standing: Callable[[Recommendation], Standing],
    terms: Terms,
    at: datetime,
    excused: Callable[[Recommendation], str] | None,
) -> Recommendation:
    verdict = None if finding else standing(before)
    if verdict is Standing.UNTOUCHED:
        return before
    after = _in_time(before, at)
    if finding is not None:
        after = _seen(after, finding, terms, at)
    elif verdict is Standing.VOID:
        after = _void(after, at)
    elif verdict is not Standing.UNKNOWN:
        after = _unseen(after, terms, at, cured=verdict is Standing.CURED)
    elif excused is not None:
        after = _excused(after, excused(after), terms, at)
    return _lapsed(after, terms, at)


def _filed(tenant: str, finding: Finding, terms: Terms, at: datetime) -> Recommendation:
    key = keys.derive(keys.Kind.RECOMMENDATION, tenant, finding.dedupe, at.isoformat())
    pending = Recommendation(key=key, state=RecommendationState.PENDING, finding=finding, first_seen=at, last_seen=at)
    return _waived(pending, at) if finding.waiver else _held(pending, terms, at)


def _in_time(filed: Recommendation, at: datetime) -> Recommendation:
    """What the passing of time alone does: a snooze ends."""
    if filed.state is RecommendationState.SNOOZED and _waited(filed, at):
        return _automatic(replace(filed, until=None), RecommendationState.OPEN, at, "the snooze is over")
    return filed


def _waited(filed: Recommendation, at: datetime) -> bool:
    return filed.until is not None and at.date() >= filed.until


def _seen(filed: Recommendation, finding: Finding, terms: Terms, at: datetime) -> Recommendation:
    """What finding it again does."""
    if finding.waiver:
        return _seen_waived(filed, finding, at)
    match filed.state:
        case RecommendationState.PENDING:
            return _held(_refreshed(filed, finding, at), terms, at)
        case RecommendationState.OPEN:
            return _refreshed(filed, finding, at)
        case RecommendationState.WAIVED:
            return _unwaived(_refreshed(filed, finding, at), terms, at)
        case RecommendationState.SNOOZED | RecommendationState.DISMISSED:
            refreshed = _refreshed(filed, finding, at)
            why = _loud(filed, finding, at)
            return _automatic(replace(refreshed, until=None), RecommendationState.OPEN, at, why) if why else refreshed
        case RecommendationState.RESOLVED:
            # One episode has one recommendation, however long it takes to slip again.
            if _outlived(filed, at):
                return replace(filed, closed=True)
            return _reopened(filed, finding, at, "it matches again")
        case RecommendationState.EXPIRED:
            return _reopened(filed, finding, at, "the cool-down is over") if _waited(filed, at) else filed
        case RecommendationState.APPLIED:
            return _reopened(filed, finding, at, why) if (why := _undone(filed, finding, terms, at)) else filed
        case RecommendationState.ACCEPTED:
            return filed
        case _ as never:
            assert_never(never)


def _seen_waived(filed: Recommendation, finding: Finding, at: datetime) -> Recommendation:
    """What finding it again does under a waiver: it is shown as waived, unless people have dealt with this match."""
    match filed.state:
        case RecommendationState.WAIVED:
            return _refreshed(filed, finding, at)
        case RecommendationState.PENDING | RecommendationState.OPEN | RecommendationState.SNOOZED:
            return _waived(_refreshed(filed, finding, at), at)
        case RecommendationState.RESOLVED:
            if _outlived(filed, at):
                return replace(filed, closed=True)
            return _waived(replace(_refreshed(filed, finding, at), times=filed.times + 1), at)
        case _:
            # Not even refreshed: once the waiver is over, what got worse under it must still be news.
            return filed


def _outlived(resolved: Recommendation, at: datetime) -> bool:
    """Whether the same match is filed anew."""
    return _waited(resolved, at) and resolved.finding.episode is None


def _loud(filed: Recommendation, finding: Finding, at: datetime) -> str:
    """Why a snoozed or dismissed one may speak up again, empty where it may not."""
    if finding.severity.rank > filed.finding.severity.rank:
        return "it is more severe"
    if filed.state is RecommendationState.DISMISSED:
        if _waited(filed, at):
            return "the cool-down is over"
        if finding.cycle != filed.finding.cycle:
            return "a new cycle has begun"
    return ""


def _undone(filed: Recommendation, finding: Finding, terms: Terms, at: datetime) -> str:
    """Why an applied one asks again, empty where what was done may still show."""
    if finding.severity.rank > filed.finding.severity.rank:
        return "it is more severe"
    if filed.clear_since is not None:
        return "what was done did not last"
    if at.date() >= _entered(filed).date() + timedelta(days=terms.cooldown):
        return "what was done did not help"
    return ""


def _unseen(filed: Recommendation, terms: Terms, at: datetime, *, cured: bool) -> Recommendation:
    """What the end of the match does, seen with data."""
    today = at.date()
    since = filed.clear_since or today
    cleared = replace(filed, clear_since=since)
    over = cured or filed.finding.episode is None
    match filed.state:
        case RecommendationState.PENDING:
            return replace(_automatic(filed, RecommendationState.RESOLVED, at, "it did not last"), closed=True)
        case RecommendationState.OPEN | RecommendationState.SNOOZED | RecommendationState.WAIVED:
            if today < since + timedelta(days=terms.clear):
                return cleared
            why = "the condition no longer holds"
            resolved = _quiet(cleared, RecommendationState.RESOLVED, terms.cooldown, at, why)
            return replace(resolved, closed=over and not terms.cooldown)
        case RecommendationState.DISMISSED | RecommendationState.RESOLVED | RecommendationState.EXPIRED:
            return replace(filed, closed=over and _waited(filed, at))
        case RecommendationState.APPLIED:
            return replace(cleared, closed=cured or (over and today >= since + timedelta(days=terms.cooldown)))
        case RecommendationState.ACCEPTED:
            return filed
        case _ as never:
            assert_never(never)


def _void(filed: Recommendation, at: datetime) -> Recommendation:
    match filed.state:
        case (
            RecommendationState.PENDING
            | RecommendationState.OPEN
            | RecommendationState.SNOOZED
            | RecommendationState.WAIVED
        ):
            ended = _automatic(replace(filed, until=None), RecommendationState.EXPIRED, at, "it can no longer match")
            return replace(ended, closed=True)
        case RecommendationState.ACCEPTED:
            return filed
        case _:
            return replace(filed, closed=True)


def _lapsed(filed: Recommendation, terms: Terms, at: datetime) -> Recommendation:
    if filed.state is not RecommendationState.OPEN or not terms.expires:
        return filed
    if at < _entered(filed) + timedelta(days=terms.expires):
        return filed
    # At least a day, or it would be asked again by the run that let it go.
    days = max(terms.cooldown, 1)
    return _quiet(filed, RecommendationState.EXPIRED, days, at, f"nobody acted for {terms.expires} days")


def _excused(filed: Recommendation, waiver: str, terms: Terms, at: datetime) -> Recommendation:
    """What a waiver, or its end, does to one of which nothing else is known."""
    said = replace(filed, finding=replace(filed.finding, waiver=waiver))
    match filed.state:
        case RecommendationState.PENDING | RecommendationState.OPEN | RecommendationState.SNOOZED if waiver:
            return _waived(said, at)
        case RecommendationState.WAIVED:
            return said if waiver else _unwaived(said, terms, at)
        case _:
            return filed


def _waived(filed: Recommendation, at: datetime) -> Recommendation:
    return _automatic(replace(filed, until=None), RecommendationState.WAIVED, at, "a waiver covers it")


def _unwaived(filed: Recommendation, terms: Terms, at: datetime) -> Recommendation:
    held = at >= filed.first_seen + timedelta(days=terms.hold)
    state = RecommendationState.OPEN if held else RecommendationState.PENDING
    return _automatic(filed, state, at, "the waiver has ended")


def _held(pending: Recommendation, terms: Terms, at: datetime) -> Recommendation:
    if at < pending.first_seen + timedelta(days=terms.hold):
        return pending
    return _automatic(pending, RecommendationState.OPEN, at, f"held for {terms.hold} days" if terms.hold else "")


def _refreshed(filed: Recommendation, finding: Finding, at: datetime) -> Recommendation:
    """The newest finding, unless it says the same as one seen earlier on the same day: then nothing is written."""
    same = replace(finding, evidence=replace(finding.evidence, at=filed.finding.evidence.at)) == filed.finding
    if same and filed.last_seen.date() == at.date():
        return replace(filed, clear_since=None)
    return replace(filed, finding=finding, last_seen=at, clear_since=None)


def _reopened(filed: Recommendation, finding: Finding, at: datetime, reason: str) -> Recommendation:
    again = replace(_refreshed(filed, finding, at), times=filed.times + 1, until=None)
    return _automatic(again, RecommendationState.OPEN, at, reason)


def _quiet(filed: Recommendation, state: RecommendationState, days: int, at: datetime, why: str) -> Recommendation:
    return _automatic(replace(filed, until=at.date() + timedelta(days=days)), state, at, why)


def _entered(filed: Recommendation) -> datetime:
    """When it came into the state it is in."""
    return filed.history[-1].at if filed.history else filed.first_seen


def _automatic(filed: Recommendation, state: RecommendationState, at: datetime, reason: str) -> Recommendation:
    return recommendation.stepped(filed, state, f"policy:{filed.finding.policy}", at, reason)
