"""KPIs: what is watched, its readings, and its targets through time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from itertools import pairwise
from typing import assert_never

from okr import period as periods
from okr import target as targets
from okr.cycle import dated
from okr.errors import Code, Refusal
from okr.number import EXACT, Direction, measured, total
from okr.period import Period
from okr.target import Band, Target
from okr.text import Text, prose

LONGEST_RUN = 100
LONGEST_WAIT = 366
STALE_AFTER = 2
MEASURE_LIMIT = 40


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
    `recent` are the last 12 judged values, oldest first: what the KPI's normal variation is read from.
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
    recent: tuple[Decimal, ...] = ()


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
        targets.check(target, kpi.direction)
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


def first_open(kpi: Kpi, today: date) -> date:
    """Return the first day of the oldest period that is not closed: those before it are over and no more waited for."""
    return periods.start(kpi.period, today - timedelta(days=kpi.late_days))


def target_on(kpi: Kpi, day: date) -> Target | None:
    """Return the target in force on `day`, or None where there is none yet."""
    return next((target for target in reversed(kpi.targets) if target.valid_from <= day), None)


def target_of(kpi: Kpi, start: date) -> Target | None:
    """Return the target by which the period beginning on `start` is judged: the one in force on its first day.

    Where none is in force yet, it is the first one that begins within the period.
    """
    end = periods.end(kpi.period, start)
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
            return total(values)
        case Reduce.AVG:
            return EXACT.divide(total(values), Decimal(len(values)))
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
    start = periods.start(kpi.period, sample.day)
    return Reading(kpi=kpi.key, period=start, value=reduce(kpi.reduce, kept), samples=kept)


def follow(kpi: Kpi, target: Target) -> Kpi:
    """Return the KPI with `target` in force from its `valid_from` on, which is after that of the last one.

    Nothing on file is rewritten. A bound, baseline or recovery easier than the last target's, or a baseline left out,
    is refused with WOULD_LOOSEN unless the target carries a reason and an approver.
    """
    targets.check(target, kpi.direction)
    if kpi.targets:
        last = kpi.targets[-1]
        if target.valid_from <= last.valid_from:
            said = f"A target already holds from {last.valid_from}; a new one follows it from a later day."
            raise Refusal(Code.CONFLICT, said, ("validFrom",))
        eased = targets.loosened(last, target, kpi.direction)
        if eased and not (target.reason.strip() and target.approver):
            said = f"This would loosen the {' and the '.join(eased)}; that takes a relax with a reason and an approver."
            raise Refusal(Code.WOULD_LOOSEN, said)
    return replace(kpi, targets=(*kpi.targets, target))


def standing(kpi: Kpi, today: date) -> Band:
    """Return how the KPI stands on `today`: its newest reading against the target in force, or UNKNOWN, or STALE."""
    target = target_on(kpi, today)
    if target is None or kpi.latest is None:
        return Band.UNKNOWN
    if missing_periods(kpi, today) >= STALE_AFTER:
        return Band.STALE
    return targets.band(target, kpi.direction, kpi.latest.value)


def missing_periods(kpi: Kpi, today: date) -> int:
    """Return how many closed periods in a row, up to `today`, have no reading.

    They count from the newest reading, or from the first full period of the KPI's life where there is none.
    """
    if kpi.latest is not None:
        owed = periods.step(kpi.period, kpi.latest.period)
    else:
        owed = periods.first_full(kpi.period, kpi.since)
    return max(0, periods.between(kpi.period, owed, first_open(kpi, today)))
