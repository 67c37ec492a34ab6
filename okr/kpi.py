"""KPIs: what is watched, its bands, its readings and its targets through time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from itertools import pairwise
from typing import assert_never

from okr.cycle import dated
from okr.errors import Code, Refusal
from okr.number import EXACT, Direction, better, measured, plain
from okr.text import Text, prose

LONGEST_RUN = 100
LONGEST_WAIT = 366
STALE_AFTER = 2
MEASURE_LIMIT = 40


class Band(StrEnum):
    """How a reading stands to the target; UNKNOWN without a target or a reading, STALE after two missing periods."""

    GREEN = "green"
    AMBER = "amber"
    RED = "red"
    UNKNOWN = "unknown"
    STALE = "stale"


class Period(StrEnum):
    """How long one reading's period is; weeks start on Monday."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"


class Reduce(StrEnum):
    """How several samples in a period become one reading."""

    LAST = "last"
    AVG = "avg"
    SUM = "sum"
    MIN = "min"
    MAX = "max"


class BreachState(StrEnum):
    """Where the breach state machine stands."""

    OK = "ok"
    PENDING = "pending"
    BREACHED = "breached"
    RECOVERING = "recovering"


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """Where a promoted target came from, in full; keys of what it names."""

    key_result: str
    objective: str
    cycle: str
    check_ins: tuple[str, ...]
    policy: str
    policy_version: int
    episode: str | None
    proposer: str
    approver: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What a KPI should reach from `valid_from` on; never rewritten, only followed by a newer one.

    HIGHER and LOWER use `target` and `red_bound`; RANGE uses `low`..`high` (green) inside `outer_low`..`outer_high`
    (amber). A red or outer bound that is not given lies on the green one: then there is no amber. `baseline` is the
    floor already won: a value worse than it is bad whatever its band. `recovery` is where a breach is over (default:
    the target). A `fresh` target resets the breach counters and gives its first full period as grace. `reason` and
    `approver` are needed where it loosens the one before.
    """

    valid_from: date
    target: Decimal | None = None
    red_bound: Decimal | None = None
    low: Decimal | None = None
    high: Decimal | None = None
    outer_low: Decimal | None = None
    outer_high: Decimal | None = None
    baseline: Decimal | None = None
    recovery: Decimal | None = None
    fresh: bool = False
    reason: str = ""
    approver: str | None = None
    provenance: Provenance | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BreachRule:
    """When a breach opens (`bad` periods in a row at `band` or worse) and when it is over (`good` in a row)."""

    bad: int = 2
    good: int = 2
    band: Band = Band.RED


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One value for one day; a later one for the same day corrects it, other days of the period join it."""

    day: date
    value: Decimal
    at: datetime
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What a KPI was in one period: the samples, and `value`, what they reduce to."""

    kpi: str
    period: date
    value: Decimal
    samples: tuple[Sample, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Episode:
    """One stretch of trouble: from the first bad period to the period in which it was over (None while it lasts).

    `key` is the KPI's key and `first`; `worst` is the worst value seen; `start_value` the value when the breach opened.
    """

    key: str
    kpi: str
    first: date
    breached: date
    start_value: Decimal
    worst: Decimal
    periods: int
    over: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """The breach checkpoint: where the state machine stands after the last judged period; a pure function of history.

    `run` counts the bad periods of PENDING, or the good ones of RECOVERING. `first_bad` is the period that began the
    present run or episode. `amber_run` counts amber periods in a row. `bad_run` counts consecutive bad periods.
    """

    judged: date | None = None
    state: BreachState = BreachState.OK
    run: int = 0
    first_bad: date | None = None
    first_bad_worst: Decimal | None = None
    bad_run: int = 0
    amber_run: int = 0
    episode: Episode | None = None
    episodes: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Kpi:
    """One measure that is watched.

    `accountable` is the unit that must act, `reporter` the person who brings the numbers. `measure` is the unit of the
    numbers. `weight` is its importance (1 is ordinary), `parent` the KPI it drives. `targets` are in order of
    `valid_from`. `latest` is the newest reading; `watch` the checkpoint, and `unjudged` the readings after it, oldest
    first (the present period and those inside the late-data grace of `late_days`).
    """

    key: str
    name: Text
    unit: str
    measure: str
    direction: Direction
    period: Period = Period.MONTH
    reduce: Reduce = Reduce.LAST
    late_days: int = 0
    reporter: str | None = None
    accountable: str | None = None
    parent: str | None = None
    weight: Decimal = Decimal(1)
    targets: tuple[Target, ...] = ()
    rule: BreachRule = field(default_factory=BreachRule)
    since: date
    latest: Reading | None = None
    watch: Watch = field(default_factory=Watch)
    unjudged: tuple[Reading, ...] = ()
    version: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """A target in one form for every direction: green in `low`..`high`, amber on to the outer bounds, red beyond.

    All edges are included in the better band; None is open (HIGHER has no upper side, LOWER no lower one).
    """

    outer_low: Decimal | None = None
    low: Decimal | None = None
    high: Decimal | None = None
    outer_high: Decimal | None = None


def bounds(target: Target, direction: Direction) -> Bounds:
    """Return the edges of the bands that a (checked) target draws."""
    match direction:
        case Direction.HIGHER:
            return Bounds(low=target.target, outer_low=_or(target.red_bound, target.target))
        case Direction.LOWER:
            return Bounds(high=target.target, outer_high=_or(target.red_bound, target.target))
        case Direction.RANGE:
            return Bounds(
                outer_low=_or(target.outer_low, target.low),
                low=target.low,
                high=target.high,
                outer_high=_or(target.outer_high, target.high),
            )
        case _:
            assert_never(direction)


def band(target: Target | None, direction: Direction, value: Decimal) -> Band:
    """Return the band of `value`; the bands tile the line, equality goes to the better one, no target is UNKNOWN."""
    if target is None:
        return Band.UNKNOWN
    edges = bounds(target, direction)
    if _inside(edges.low, value, edges.high):
        return Band.GREEN
    return Band.AMBER if _inside(edges.outer_low, value, edges.outer_high) else Band.RED


def shortfall(target: Target, direction: Direction, value: Decimal) -> Decimal:
    """Return how far `value` is from green, in the KPI's unit; 0 in green."""
    edges = bounds(target, direction)
    if edges.low is not None and value < edges.low:
        return EXACT.subtract(edges.low, value)
    if edges.high is not None and value > edges.high:
        return EXACT.subtract(value, edges.high)
    return Decimal(0)


def recovery(target: Target, direction: Direction) -> Decimal | None:
    """Return the value at which a breach is over: what the target says, else the target, never worse than the baseline.

    None for a RANGE, where being over means being inside.
    """
    mark = _or(target.recovery, target.target)
    if mark is None or target.baseline is None:
        return mark
    return target.baseline if better(target.baseline, mark, direction) else mark


def check_target(direction: Direction, target: Target) -> None:
    """Refuse a target that lacks or mixes up its bounds, or whose red is not worse than its green.

    Red may equal the target (then there is no amber). The recovery lies from the red bound to the target; the
    baseline is no better than the target. A RANGE has its own four bounds and nothing else, nested, green not empty.
    """
    dated(target.valid_from, "validFrom")
    one_sided = {
        "target": target.target,
        "redBound": target.red_bound,
        "baseline": target.baseline,
        "recovery": target.recovery,
    }
    ranged = {"low": target.low, "high": target.high, "outerLow": target.outer_low, "outerHigh": target.outer_high}
    mine, other = (ranged, one_sided) if direction is Direction.RANGE else (one_sided, ranged)
    for name, value in mine.items():
        if value is not None:
            measured(value, name)
    for name, value in other.items():
        if value is not None:
            raise Refusal(Code.WRONG_BOUNDS, f"A KPI whose direction is {direction.value} has no such bound.", (name,))
    if direction is Direction.RANGE:
        _check_range(target)
    else:
        _check_one_sided(direction, target)


def check(kpi: Kpi) -> None:
    """Refuse a KPI with an impossible weight, waiting time, breach rule or parent, or whose targets break a rule."""
    prose(kpi.measure, MEASURE_LIMIT, ("measure",))
    dated(kpi.since, "since")
    if measured(kpi.weight, "weight") < 0:
        raise Refusal(Code.INVALID, "The weight is 0 or more; 1 is ordinary.", ("weight",))
    if not 0 <= kpi.late_days <= LONGEST_WAIT:
        raise Refusal(Code.INVALID, f"Late data is waited for 0 to {LONGEST_WAIT} days.", ("lateDays",))
    if not (1 <= kpi.rule.bad <= LONGEST_RUN and 1 <= kpi.rule.good <= LONGEST_RUN):
        raise Refusal(Code.INVALID, f"A breach opens, and is over, after 1 to {LONGEST_RUN} periods.", ("rule",))
    if kpi.rule.band not in (Band.AMBER, Band.RED):
        raise Refusal(Code.INVALID, "A breach is about amber or red periods.", ("rule", "band"))
    if kpi.parent == kpi.key:
        raise Refusal(Code.WOULD_CYCLE, "A KPI cannot drive itself.", ("parent",))
    for target in kpi.targets:
        check_target(kpi.direction, target)
    if any(later.valid_from <= earlier.valid_from for earlier, later in pairwise(kpi.targets)):
        raise Refusal(Code.INVALID, "Targets are given in the order of their days, one a day.", ("targets",))


def check_parent(kpis: Mapping[str, Kpi], kpi: Kpi) -> None:
    """Refuse a `parent` that is not among `kpis`, or that is driven by `kpi` itself, however indirectly."""
    above, seen = kpi.parent, {kpi.key}
    while above is not None:
        if above in seen:
            raise Refusal(Code.WOULD_CYCLE, "The KPI would drive itself by way of others; choose another.", ("parent",))
        if above not in kpis:
            raise Refusal(Code.NOT_FOUND, "There is no such KPI.", ("parent",))
        seen.add(above)
        above = kpis[above].parent


def period_start(period: Period, day: date) -> date:
    """Return the first day of the period that holds `day`."""
    match period:
        case Period.DAY:
            return day
        case Period.WEEK:
            return day - timedelta(days=day.weekday())
        case Period.MONTH:
            return day.replace(day=1)
        case Period.QUARTER:
            return day.replace(month=day.month - (day.month - 1) % 3, day=1)
        case _:
            assert_never(period)


def next_period(period: Period, start: date, n: int = 1) -> date:
    """Return the first day of the period `n` after the one beginning on `start` (before it where `n` is negative)."""
    match period:
        case Period.DAY:
            return start + timedelta(days=n)
        case Period.WEEK:
            return start + timedelta(weeks=n)
        case Period.MONTH | Period.QUARTER:
            year, month = divmod(_months(start) + n * (1 if period is Period.MONTH else 3), 12)
            return date(year, month + 1, 1)
        case _:
            assert_never(period)


def period_end(period: Period, start: date) -> date:
    """Return the last day of the period that begins on `start`."""
    return next_period(period, start) - timedelta(days=1)


def periods_between(period: Period, start: date, later: date) -> int:
    """Return how many periods lie from the one beginning on `start` to the one beginning on `later`."""
    match period:
        case Period.DAY | Period.WEEK:
            return (later - start).days // (1 if period is Period.DAY else 7)
        case Period.MONTH | Period.QUARTER:
            return (_months(later) - _months(start)) // (1 if period is Period.MONTH else 3)
        case _:
            assert_never(period)


def full_period(period: Period, day: date) -> date:
    """Return the first day of the first period that begins on or after `day`."""
    start = period_start(period, day)
    return start if start == day else next_period(period, start)


def first_open(kpi: Kpi, today: date) -> date:
    """Return the first day of the oldest period that is not closed: those before it are over and no more waited for."""
    return period_start(kpi.period, today - timedelta(days=kpi.late_days))


def target_on(kpi: Kpi, day: date) -> Target | None:
    """Return the target in force on `day`, or None where there is none yet."""
    return next((target for target in reversed(kpi.targets) if target.valid_from <= day), None)


def target_of(kpi: Kpi, start: date) -> Target | None:
    """Return the target by which the period beginning on `start` is judged: the one in force on its first day.

    Where none is in force yet, it is the first one that begins within the period.
    """
    end = period_end(kpi.period, start)
    return target_on(kpi, start) or next((target for target in kpi.targets if target.valid_from <= end), None)


def reduce(how: Reduce, samples: Sequence[Sample]) -> Decimal:
    """Return what the samples of one period (at least one, in order of their days) come to, in at most 34 digits."""
    values = [sample.value for sample in samples]
    match how:
        case Reduce.LAST:
            return values[-1]
        case Reduce.MIN:
            return min(values)
        case Reduce.MAX:
            return max(values)
        case Reduce.SUM:
            return _total(values)
        case Reduce.AVG:
            return EXACT.divide(_total(values), Decimal(len(values)))
        case _:
            assert_never(how)


def take(kpi: Kpi, before: Reading | None, sample: Sample, today: date) -> Reading:
    """Return the reading of the sample's period once the sample has joined it; `before` is that reading until now.

    A value for a day that has one corrects it, unless the one on file was said later. What changes nothing gives back
    `before` itself, so that a repeat can be told from a change. Refuses IN_FUTURE, and numbers that cannot be kept.
    """
    measured(sample.value, "value")
    if dated(sample.day, "period") > today:
        raise Refusal(Code.IN_FUTURE, f"{sample.day} has not come yet; a reading is about a day that has.", ("period",))
    samples = {known.day: known for known in before.samples} if before else {}
    known = samples.get(sample.day)
    if before and known and (known.value == sample.value or known.at > sample.at):
        return before
    samples[sample.day] = sample
    kept = tuple(samples[day] for day in sorted(samples))
    start = period_start(kpi.period, sample.day)
    return Reading(kpi=kpi.key, period=start, value=reduce(kpi.reduce, kept), samples=kept)


def follow(kpi: Kpi, target: Target) -> Kpi:
    """Return the KPI with `target` in force from its `valid_from` on, which is after that of the last one.

    Nothing on file is rewritten. A bound, baseline or recovery easier than the last target's, or a baseline left out,
    is refused with WOULD_LOOSEN unless the target carries a reason and an approver.
    """
    check_target(kpi.direction, target)
    if kpi.targets:
        last = kpi.targets[-1]
        if target.valid_from <= last.valid_from:
            said = f"A target already holds from {last.valid_from}; a new one follows it from a later day."
            raise Refusal(Code.CONFLICT, said, ("validFrom",))
        eased = loosened(kpi.direction, last, target)
        if eased and not (target.reason.strip() and target.approver):
            said = f"This would loosen the {' and the '.join(eased)}; that takes a relax with a reason and an approver."
            raise Refusal(Code.WOULD_LOOSEN, said)
    return replace(kpi, targets=(*kpi.targets, target))


def loosened(direction: Direction, before: Target, after: Target) -> tuple[str, ...]:
    """Return what `after` would make easier than `before`, as words for a sentence; empty where it only tightens."""
    old, new = bounds(before, direction), bounds(after, direction)
    found: list[str] = []
    if _below(new.low, old.low) or _below(old.high, new.high):
        found.append("target")
    if _below(new.outer_low, old.outer_low) or _below(old.outer_high, new.outer_high):
        found.append("red bound")
    if before.baseline is not None and (after.baseline is None or better(before.baseline, after.baseline, direction)):
        found.append("baseline")
    was, now = recovery(before, direction), recovery(after, direction)
    if was is not None and now is not None and better(was, now, direction) and "target" not in found:
        found.append("recovery")
    return tuple(found)


def standing(kpi: Kpi, today: date) -> Band:
    """Return how the KPI stands on `today`: its newest reading against the target in force, or UNKNOWN, or STALE."""
    target = target_on(kpi, today)
    if target is None or kpi.latest is None:
        return Band.UNKNOWN
    if missing_periods(kpi, today) >= STALE_AFTER:
        return Band.STALE
    return band(target, kpi.direction, kpi.latest.value)


def missing_periods(kpi: Kpi, today: date) -> int:
    """Return how many closed periods in a row, up to `today`, have no reading.

    They count from the newest reading, or from the first full period of the KPI's life where there is none.
    """
    if kpi.latest is not None:
        owed = next_period(kpi.period, kpi.latest.period)
    else:
        owed = full_period(kpi.period, kpi.since)
    return max(0, periods_between(kpi.period, owed, first_open(kpi, today)))


def _check_one_sided(direction: Direction, target: Target) -> None:
    goal = target.target
    if goal is None:
        raise Refusal(Code.WRONG_BOUNDS, "A target needs its number.", ("target",))
    red = goal if target.red_bound is None else target.red_bound
    if better(red, goal, direction):
        said = f"Red begins at {plain(red)}, which is better than the target {plain(goal)}; swap them."
        raise Refusal(Code.WRONG_BOUNDS, said, ("redBound",))
    if target.baseline is not None and better(target.baseline, goal, direction):
        said = f"The floor already won, {plain(target.baseline)}, is better than the target {plain(goal)}."
        raise Refusal(Code.WRONG_BOUNDS, said, ("baseline",))
    over = target.recovery
    if over is not None and (better(red, over, direction) or better(over, goal, direction)):
        said = f"A breach is over somewhere from the red bound {plain(red)} to the target {plain(goal)}."
        raise Refusal(Code.WRONG_BOUNDS, said, ("recovery",))


def _check_range(target: Target) -> None:
    if target.low is None or target.high is None or target.low >= target.high:
        raise Refusal(Code.WRONG_BOUNDS, "A range needs a low and a high, the low below the high.", ("low",))
    if _below(target.low, target.outer_low) or _below(target.outer_high, target.high):
        raise Refusal(Code.WRONG_BOUNDS, "The outer bounds enclose the range; red is beyond them.", ("outerLow",))


def _inside(low: Decimal | None, value: Decimal, high: Decimal | None) -> bool:
    return (low is None or low <= value) and (high is None or value <= high)


def _below(a: Decimal | None, b: Decimal | None) -> bool:
    return a is not None and b is not None and a < b


def _total(values: Sequence[Decimal]) -> Decimal:
    total = Decimal(0)
    for value in values:
        total = EXACT.add(total, value)
    return total


def _or(bound: Decimal | None, otherwise: Decimal | None) -> Decimal | None:
    return otherwise if bound is None else bound


def _months(day: date) -> int:
    return day.year * 12 + day.month - 1
