"""Roll-ups: how far an objective has come by what drives it, and a unit by its objectives."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from okr import formula, goal, progress
from okr.cycle import Cycle
from okr.goal import HEARD, Driver, Objective
from okr.number import EXACT, ONE, ZERO
from okr.progress import Status
from okr.snapshot import Snapshot
from okr.text import Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Rollup:
    """How far an objective has come; `parts` are the (weight, progress) pairs it was rolled up from.

    `progress` is None where nothing counts; `coverage` is the share of weight with data; `status` the worst of the
    live parts, NOT_STARTED where nothing counts. A closed objective has its frozen score and no parts.
    """

    progress: Decimal | None
    coverage: Decimal
    status: Status
    parts: tuple[tuple[Decimal, Decimal], ...] = ()

    @property
    def explained(self) -> Text:
        """The weighted mean with the numbers in it, in English and Vietnamese."""
        return _explained(self)

    @property
    def explanation(self) -> str:
        """The weighted mean with the numbers in it, in English."""
        return self.explained.original


def of_objective(snapshot: Snapshot, objective: Objective) -> Rollup:
    """Return Σ wᵢpᵢ ÷ Σ wᵢ over what drives an objective, with coverage and the worst status.

    Its driver names the parts: KEY_RESULTS its live key results by their weights; ALIGNED the active and closed
    objectives that support it, each with weight 1; BOTH all of them. What supports one of its key results moves that
    key result's number and is heard through it, never twice. A part of weight 0 is shown, not counted; an aligned
    objective without progress only lowers the coverage. A closed objective keeps its frozen score.
    """
    known = snapshot.derived(Rollup)
    for below in reversed(_drivers(snapshot, objective)):
        if below.key not in known:
            known[below.key] = _rolled_up(snapshot, below)
    if snapshot.objectives.get(objective.key) is not objective:
        return _rolled_up(snapshot, objective)
    if objective.key not in known:
        known[objective.key] = _rolled_up(snapshot, objective)
    return known[objective.key]


def of_unit(snapshot: Snapshot, unit: str, cycle: str) -> Decimal | None:
    """Return the mean progress of the unit's own active and closed objectives in a cycle, None where none has any.

    Every objective counts alike. The goals of the units below are theirs: they reach this number by alignment alone.
    """
    own = (
        of_objective(snapshot, objective).progress
        for objective in snapshot.objectives_of.get(unit, ())
        if objective.cycle == cycle and objective.state in HEARD
    )
    found = [share for share in own if share is not None]
    return EXACT.divide(sum(found, ZERO), Decimal(len(found))) if found else None


def weakest(snapshot: Snapshot, unit: str, cycle: Cycle) -> Objective | None:
    """Return the goal a unit at its limit would swap out first; None where it has none.

    Lowest progress first (nothing to measure is lowest), then lowest coverage, then the newest, then the key.
    """

    def strength(objective: Objective) -> tuple[Decimal, Decimal, int, str]:
        rollup = of_objective(snapshot, objective)
        return rollup.progress or ZERO, rollup.coverage, -objective.since.toordinal(), objective.key

    return min(goal.counted(snapshot, unit, cycle), key=strength, default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    weight: Decimal
    progress: Decimal | None
    coverage: Decimal
    status: Status


def _drivers(snapshot: Snapshot, objective: Objective) -> list[Objective]:
    """Return every objective whose progress reaches this one by alignment, each after the one it supports.

    A walk of its own instead of a recursion: a chain may be longer than Python's stack, and a loop (refused on write,
    but an import may have been repaired by hand) ends where it meets itself.
    """
    found: list[Objective] = []
    seen, waiting = {objective.key}, [objective]
    while waiting:
        for below in _aligned(snapshot, waiting.pop()):
            if below.key not in seen:
                seen.add(below.key)
                found.append(below)
                waiting.append(below)
    return found


def _aligned(snapshot: Snapshot, objective: Objective) -> tuple[Objective, ...]:
    if objective.driver is Driver.KEY_RESULTS:
        return ()
    return tuple(below for below in snapshot.supporters_of.get(objective.key, ()) if below.state in HEARD)


def _rolled_up(snapshot: Snapshot, objective: Objective) -> Rollup:
    parts = [part for part in _parts(snapshot, objective) if part.weight]
    counted = [(part.weight, part.progress) for part in parts if part.progress is not None]
    due = sum((part.weight for part in parts), ZERO)
    covered = sum((EXACT.multiply(part.weight, part.coverage) for part in parts), ZERO)
    coverage = EXACT.divide(covered, due) if due else ZERO
    if objective.final and objective.final.at <= snapshot.as_of:
        return Rollup(progress=objective.final.progress, coverage=coverage, status=_graded(objective.final.progress))
    return Rollup(
        progress=_mean(counted),
        coverage=coverage,
        status=progress.worst(part.status for part in parts),
        parts=tuple(counted),
    )


def _parts(snapshot: Snapshot, objective: Objective) -> Iterable[_Part]:
    if objective.driver is not Driver.ALIGNED:
        for key_result in snapshot.key_results_of.get(objective.key, ()):
            if not key_result.cancelled:
                own = progress.of_key_result(snapshot, key_result)
                has_data = ONE if own.current is not None else ZERO
                yield _Part(weight=key_result.weight, progress=own.progress, coverage=has_data, status=own.status)
    known = snapshot.derived(Rollup)
    for below in _aligned(snapshot, objective):
        # Missing only where a loop of supports closes: what is being computed cannot count itself.
        if rollup := known.get(below.key):
            yield _Part(weight=ONE, progress=rollup.progress, coverage=rollup.coverage, status=rollup.status)


def _mean(counted: list[tuple[Decimal, Decimal]]) -> Decimal | None:
    if not counted:
        return None
    weights = sum((weight for weight, _ in counted), ZERO)
    mean = EXACT.divide(sum((EXACT.multiply(weight, share) for weight, share in counted), ZERO), weights)
    # The last digit of a rounded quotient may step over its parts; a mean never lies outside them.
    return min(max(mean, min(share for _, share in counted)), max(share for _, share in counted))


def _graded(score: Decimal | None) -> Status:
    if score is None:
        return Status.NOT_STARTED
    return Status.ACHIEVED if score >= ONE else progress.pace(ONE, score)


def _explained(rollup: Rollup) -> Text:
    if rollup.progress is None:
        return formula.NOTHING_COUNTS
    return formula.mean(rollup.parts, rollup.progress) if rollup.parts else formula.frozen(rollup.progress)
