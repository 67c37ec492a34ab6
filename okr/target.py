"""Targets: what a KPI should reach, the bands it draws, and what makes one target looser than another."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import assert_never

from okr.cycle import dated
from okr.errors import Code, Refusal
from okr.number import EXACT, ZERO, Direction, better, measured, plain


class Band(StrEnum):
    """How a reading stands to the target; UNKNOWN without a target or a reading, STALE after two missing periods."""

    GREEN = "green"
    AMBER = "amber"
    RED = "red"
    UNKNOWN = "unknown"
    STALE = "stale"


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
    return ZERO


def recovery(target: Target, direction: Direction) -> Decimal | None:
    """Return the value at which a breach is over: what the target says, else the target, never worse than the baseline.

    None for a RANGE, where being over means being inside.
    """
    mark = _or(target.recovery, target.target)
    if mark is None or target.baseline is None:
        return mark
    return target.baseline if better(target.baseline, mark, direction) else mark


def check(target: Target, direction: Direction) -> None:
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
        _check_one_sided(target, direction)


def loosened(before: Target, after: Target, direction: Direction) -> tuple[str, ...]:
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


def _check_one_sided(target: Target, direction: Direction) -> None:
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


def _or(bound: Decimal | None, otherwise: Decimal | None) -> Decimal | None:
    return otherwise if bound is None else bound
