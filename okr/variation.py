"""Variation: how far a KPI swings by itself, so that reaching a target can be told from luck."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise

from okr import breach, goal
from okr.goal import KeyResult
from okr.kpi import Kpi
from okr.number import EXACT, Direction, total
from okr.snapshot import Snapshot

LEAST = 6
"""With fewer values the limits of a process say more about chance than about the process."""

WIDTH = Decimal("2.66")


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The natural process limits: a value between them, both included, needs no explanation."""

    lower: Decimal
    upper: Decimal


def natural(values: Sequence[Decimal]) -> Limits | None:
    """Return the limits between which a process that gave `values`, oldest first, stays by itself; None below six.

    These are the limits of an XmR chart: the mean ± 2.66 × the mean moving range, where the range is the distance from
    one value to the next, and 2.66 is 3 ÷ 1.128, the constant that turns mean ranges of two into three sigma. Source:
    D. J. Wheeler, Understanding Variation: The Key to Managing Chaos, 1993.
    """
    if len(values) < LEAST:
        return None
    ranges = [abs(EXACT.subtract(later, earlier)) for earlier, later in pairwise(values)]
    mean = EXACT.divide(total(values), Decimal(len(values)))
    reach = EXACT.multiply(WIDTH, EXACT.divide(total(ranges), Decimal(len(ranges))))
    return Limits(lower=EXACT.subtract(mean, reach), upper=EXACT.add(mean, reach))


def reaches(snapshot: Snapshot, key_result: KeyResult) -> bool | None:
    """Tell whether the KPI that a key result measures would meet its target by normal variation alone.

    None where too few values are known. Never so for a KPI in trouble, which is no stable process, nor for a key result
    that has no target, measures no KPI, or is in another unit than its KPI.
    """
    kpi = snapshot.kpis[key_result.measures] if key_result.measures else None
    target = key_result.target
    if kpi is None or target is None or (key_result.measure and kpi.measure and key_result.measure != kpi.measure):
        return False
    swing = _swing(snapshot, kpi)
    if swing.troubled or swing.limits is None:
        return False if swing.troubled else None
    if goal.direction(key_result) is Direction.LOWER:
        return target >= swing.limits.lower
    return target <= swing.limits.upper


@dataclass(frozen=True, slots=True, kw_only=True)
class _Swing:
    troubled: bool
    limits: Limits | None


def _swing(snapshot: Snapshot, kpi: Kpi) -> _Swing:
    known = snapshot.derived(_Swing)
    if kpi.key not in known:
        watch = breach.current(kpi, snapshot.today(kpi.unit))
        known[kpi.key] = _Swing(troubled=watch.episode is not None, limits=natural(watch.recent))
    return known[kpi.key]
