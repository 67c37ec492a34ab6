"""Progress: how far a key result has come, and whether that is far enough today."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import assert_never

from okr import check_in as check_ins
from okr import cycle as cycles
from okr import formula, value_sum
from okr.check_in import SlotState
from okr.goal import CheckIn, KeyResult, KeyResultType, RollUp
from okr.number import EXACT, ONE, ZERO, Direction, total
from okr.snapshot import Snapshot
from okr.text import Text

ON_TRACK_GAP = Decimal("0.10")
AT_RISK_GAP = Decimal("0.25")
EARLY_SHARE = Decimal("0.10")
EARLY_DAYS = 7
STALE_AFTER = 2


class Flag(StrEnum):
    """What the clamped progress does not show.

    REGRESSED is worse than at the start, OVERSHOOT beyond the target. DEGENERATE has no way to measure: an imported
    start that equals its target, or milestones that are all cancelled.
    """

    REGRESSED = "regressed"
    OVERSHOOT = "overshoot"
    DEGENERATE = "degenerate"


class Status(StrEnum):
    """The verdict of the day, from best to worst.

    What nobody has measured is worse than what nobody measured lately, and both are worse than any green; a verdict
    that rests on data is worse still.

    NOT_STARTED has no check-in yet, or nothing that could have one. TOO_EARLY is in its first tenth or its first seven
    days, where a verdict would be noise. ON_TRACK, AT_RISK and OFF_TRACK compare with the pace. STALE would look fine,
    but its latest two check-ins were missed; of a VALUE_SUM, those of any running key result that it adds up.
    """

    ACHIEVED = "achieved"
    ON_TRACK = "on_track"
    TOO_EARLY = "too_early"
    STALE = "stale"
    NOT_STARTED = "not_started"
    AT_RISK = "at_risk"
    OFF_TRACK = "off_track"


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far one key result has come.

    `progress` is 0 to 1. `raw` is the same unclamped, for results that go from a start to a target; None elsewhere.
    `current` is the latest value: in the key result's unit, 0 or 1 for a BOOLEAN one, the weight done for a MILESTONE
    one; None before the first check-in. `in_band_now` tells of a MAINTAIN one whether its latest value is inside, and
    `slots_inside` of `slots_due` what its progress counts (0 of 0 where no slot has been decided yet). `summed` are the
    values that `current` is the sum of where it is a VALUE_SUM.
    """

    key_result: KeyResult
    progress: Decimal
    raw: Decimal | None
    current: Decimal | None
    flags: tuple[Flag, ...]
    status: Status
    in_band_now: bool | None = None
    slots_inside: int = 0
    slots_due: int = 0
    summed: tuple[Decimal, ...] = ()

    @property
    def explained(self) -> Text:
        """The formula with the numbers in it, in English and Vietnamese."""
        return _explained(self)

    @property
    def explanation(self) -> str:
        """The formula with the numbers in it, in English."""
        return self.explained.original


def raw(key_result: KeyResult, value: Decimal) -> Decimal | None:
    """Return (value − start) ÷ (target − start), unclamped and in 34 digits; None where nothing leads to a target.

    Works in both directions. An imported start that equals its target gives 1 where the target is met, else 0.
    """
    start, target = key_result.start, key_result.target
    if start is None or target is None:
        return None
    if start == target:
        met = value <= target if key_result.direction is Direction.LOWER else value >= target
        return ONE if met else ZERO
    return EXACT.divide(EXACT.subtract(value, start), EXACT.subtract(target, start))


def inside(key_result: KeyResult, value: Decimal) -> bool:
    """Tell whether `value` lies in the band of a MAINTAIN key result, bounds included."""
    above = key_result.low is None or value >= key_result.low
    return above and (key_result.high is None or value <= key_result.high)


def pace(expected: Decimal, actual: Decimal) -> Status:
    """Return the verdict on `actual` where `expected` is due (shares): 10 points behind is on track, 25 at risk."""
    # A third of a cycle has no finite decimal: without rounding, a gap of exactly 10 points could come out above it.
    gap = round(expected - actual, 12)
    if gap <= ON_TRACK_GAP:
        return Status.ON_TRACK
    return Status.AT_RISK if gap <= AT_RISK_GAP else Status.OFF_TRACK


def worst(statuses: Iterable[Status]) -> Status:
    """Return the worst of the statuses; NOT_STARTED where there is none."""
    return max(statuses, key=list(Status).index, default=Status.NOT_STARTED)


def of_key_result(snapshot: Snapshot, key_result: KeyResult) -> Progress:
    """Return how far a key result has come as of the picture; one of a closed objective as of its closing."""
    if snapshot.key_results.get(key_result.key) is not key_result:
        return _progress(snapshot, key_result)
    known = snapshot.derived(Progress)
    if key_result.key not in known:
        known[key_result.key] = _progress(snapshot, key_result)
    return known[key_result.key]


def _progress(snapshot: Snapshot, key_result: KeyResult) -> Progress:
    if key_result.roll_up is RollUp.VALUE_SUM:
        return _added_up(snapshot, key_result)
    entries = check_ins.said(snapshot, key_result)
    if not entries:
        return _not_started(key_result)
    measure = _measured(snapshot, key_result, entries)
    return replace(measure, status=_status(snapshot, measure, (key_result,)))


def _not_started(key_result: KeyResult) -> Progress:
    degenerate = key_result.start is not None and key_result.start == key_result.target
    return Progress(
        key_result=key_result,
        progress=ZERO,
        raw=None,
        current=None,
        flags=(Flag.DEGENERATE,) if degenerate else (),
        status=Status.NOT_STARTED,
    )


def _added_up(snapshot: Snapshot, key_result: KeyResult) -> Progress:
    summands = tuple(value_sum.summands(snapshot, key_result))
    values = tuple(value for each in summands if (value := each.value) is not None)
    if not values:
        return _not_started(key_result)
    measure = replace(_under_way(key_result, total(values)), summed=values)
    running = (each.key_result for each in summands if each.until == snapshot.as_of)
    return replace(measure, status=_status(snapshot, measure, running))


def _measured(snapshot: Snapshot, key_result: KeyResult, entries: tuple[CheckIn, ...]) -> Progress:
    latest = entries[-1]
    match key_result.type:
        case KeyResultType.NUMBER | KeyResultType.PERCENT | KeyResultType.CURRENCY:
            return _under_way(key_result, latest.value or ZERO)
        case KeyResultType.BOOLEAN:
            done = ONE if latest.done else ZERO
            return _share(key_result, done, done, ())
        case KeyResultType.MILESTONE:
            live = [(i, each.weight) for i, each in enumerate(key_result.milestones) if not each.cancelled]
            whole = sum((weight for _, weight in live), ZERO)
            done = sum((weight for i, weight in live if i in latest.milestones), ZERO)
            if not whole:
                return _share(key_result, ZERO, done, (Flag.DEGENERATE,))
            return _share(key_result, EXACT.divide(done, whole), done, ())
        case KeyResultType.MAINTAIN:
            return _maintained(snapshot, key_result, entries)
        case never:
            assert_never(never)


def _under_way(key_result: KeyResult, current: Decimal) -> Progress:
    share = raw(key_result, current) or ZERO
    return _share(key_result, share, current, _flags(key_result, share), unclamped=share)


def _share(
    key_result: KeyResult,
    share: Decimal,
    current: Decimal,
    flags: tuple[Flag, ...],
    unclamped: Decimal | None = None,
) -> Progress:
    return Progress(
        key_result=key_result,
        progress=min(max(share, ZERO), ONE),
        raw=unclamped,
        current=current,
        flags=flags,
        status=Status.NOT_STARTED,
    )


def _flags(key_result: KeyResult, share: Decimal) -> tuple[Flag, ...]:
    if key_result.start == key_result.target:
        return (Flag.DEGENERATE,)
    if share < 0:
        return (Flag.REGRESSED,)
    return (Flag.OVERSHOOT,) if share > 1 else ()


def _maintained(snapshot: Snapshot, key_result: KeyResult, entries: tuple[CheckIn, ...]) -> Progress:
    """Return the share of decided slots inside the band; before any is decided, whether the latest value is."""
    current = entries[-1].value or ZERO
    now = inside(key_result, current)
    within = {entry.key for entry in entries if inside(key_result, entry.value or ZERO)}
    decided = [
        filled.check_in in within
        for filled in check_ins.attendance(snapshot, key_result)
        if filled.state in (SlotState.ON_TIME, SlotState.LATE, SlotState.MISSED)
    ]
    share = EXACT.divide(Decimal(sum(decided)), Decimal(len(decided))) if decided else Decimal(now)
    measure = _share(key_result, share, current, ())
    return replace(measure, in_band_now=now, slots_inside=sum(decided), slots_due=len(decided))


def _status(snapshot: Snapshot, measure: Progress, sources: Iterable[KeyResult]) -> Status:
    """Return the verdict on a measure, STALE where it is green and any of the key results it rests on fell silent."""
    verdict = _verdict(snapshot, measure)
    final = measure.progress == ONE and measure.key_result.type in (KeyResultType.BOOLEAN, KeyResultType.MILESTONE)
    green = verdict in (Status.ON_TRACK, Status.TOO_EARLY, Status.ACHIEVED) and not final
    return Status.STALE if green and any(_silent(snapshot, source) for source in sources) else verdict


def _verdict(snapshot: Snapshot, measure: Progress) -> Status:
    key_result = measure.key_result
    objective = snapshot.objectives[key_result.objective]
    cycle = snapshot.cycles[objective.cycle]
    day = check_ins.moment(snapshot, objective).astimezone(snapshot.zone(objective.unit)).date()
    # A goal set in mid-cycle has the rest of the cycle to get there; measured from the start it would be born late.
    late = key_result.since > cycle.first
    life = replace(cycle, first=min(key_result.since, cycle.last)) if late else cycle
    maintained = key_result.type is KeyResultType.MAINTAIN
    if measure.progress == ONE and (not maintained or day > cycle.last):
        return Status.ACHIEVED
    expected = cycles.elapsed(life, day)
    if day <= cycle.last and (expected <= EARLY_SHARE or _days(life.first, day) <= EARLY_DAYS):
        return Status.TOO_EARLY
    # To maintain is to be inside every time, from the first check-in on: there is no line to climb.
    return pace(ONE if maintained else expected, measure.progress)


def _days(first: date, day: date) -> int:
    return (day - first).days + 1


def _silent(snapshot: Snapshot, key_result: KeyResult) -> bool:
    entries = check_ins.said(snapshot, key_result)
    now = check_ins.moment(snapshot, snapshot.objectives[key_result.objective])
    # Slots are at least a week apart, so an entry of the last six days rules two misses out without counting slots.
    if entries and (now - entries[-1].at).days < 6:
        return False
    return check_ins.missed_in_a_row(check_ins.attendance(snapshot, key_result)) >= STALE_AFTER


def _explained(measure: Progress) -> Text:
    key_result, current = measure.key_result, measure.current
    if current is None:
        return formula.NO_CHECK_IN if key_result.roll_up is RollUp.OWN else formula.NOTHING_TO_ADD
    match key_result.type:
        case KeyResultType.NUMBER | KeyResultType.PERCENT | KeyResultType.CURRENCY:
            start, target, share = (key_result.start or ZERO, key_result.target or ZERO, measure.raw or ZERO)
            way = formula.way(start, target, current, share, measure.progress)
            return formula.added(measure.summed, current, way) if len(measure.summed) > 1 else way
        case KeyResultType.BOOLEAN:
            return formula.DONE if current else formula.NOT_DONE
        case KeyResultType.MILESTONE:
            whole = sum((each.weight for each in key_result.milestones if not each.cancelled), ZERO)
            return formula.steps(current, whole, measure.progress) if whole else formula.ALL_CANCELLED
        case KeyResultType.MAINTAIN:
            bounds, now = formula.band(key_result.low, key_result.high), bool(measure.in_band_now)
            within, due = measure.slots_inside, measure.slots_due
            return formula.kept(within, due, measure.progress, current, now, bounds)
        case never:
            assert_never(never)
