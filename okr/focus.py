"""Focus: which one weak KPI, if fixed by one focused objective, gives the most."""

from dataclasses import dataclass
from decimal import Decimal

from okr import breach
from okr import cycle as cycles
from okr import kpi as kpis
from okr import target as targets
from okr.cycle import CycleState
from okr.errors import Code, Refusal
from okr.goal import Objective, ObjectiveState
from okr.kpi import Kpi
from okr.number import EXACT, Direction
from okr.snapshot import Snapshot
from okr.target import Band, Target


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """What the score is tuned by; settings.

    `severity_cap` bounds the gap in widths of the amber band. Each KPI below in the KPI tree adds `driver`, up to a
    factor of `driver_cap`. `unaddressed` multiplies what no active objective attacks.
    """

    severity_cap: Decimal = Decimal(3)
    driver: Decimal = Decimal("0.5")
    driver_cap: Decimal = Decimal(3)
    unaddressed: Decimal = Decimal("1.5")


@dataclass(frozen=True, slots=True, kw_only=True)
class FocusScore:
    """How much fixing a KPI would pay off: `score` is the product of the five factors.

    `severity` is `gap` (from the latest value to green) over `amber` (the width of amber on that side), capped.
    `importance` is the KPI's weight. `leverage` comes from the `descendants` in the KPI tree. `persistence` is the
    number of periods of the open `episode`, 1 without one. `neglect` is above 1 where `addressed_by` is empty.
    """

    kpi: str
    score: Decimal
    value: Decimal
    band: Band
    gap: Decimal
    amber: Decimal
    severity: Decimal
    importance: Decimal
    descendants: int
    leverage: Decimal
    episode: str | None
    persistence: int
    addressed_by: tuple[str, ...]
    neglect: Decimal


def score(snapshot: Snapshot, kpi: Kpi, weights: Weights) -> FocusScore | None:
    """Return the score of a KPI with its factors, or None where it is on target, or has no target or no reading."""
    today = snapshot.today(kpi.unit)
    target = kpis.target_on(kpi, today)
    if target is None or kpi.latest is None:
        return None
    value = kpi.latest.value
    gap, amber = targets.shortfall(target, kpi.direction, value), _amber_width(target, kpi.direction, value)
    if gap == 0:
        return None
    severity = min(EXACT.divide(gap, amber), weights.severity_cap) if amber else weights.severity_cap
    below = _descendants(snapshot, kpi)
    leverage = min(1 + weights.driver * below, weights.driver_cap)
    episode = breach.current(kpi, today).episode
    persistence = episode.periods if episode else 1
    addressed_by = tuple(objective.key for objective in attackers(snapshot, kpi))
    neglect = Decimal(1) if addressed_by else weights.unaddressed
    return FocusScore(
        kpi=kpi.key,
        score=severity * kpi.weight * leverage * persistence * neglect,
        value=value,
        band=kpis.standing(kpi, today),
        gap=gap,
        amber=amber,
        severity=severity,
        importance=kpi.weight,
        descendants=below,
        leverage=leverage,
        episode=episode.key if episode else None,
        persistence=persistence,
        addressed_by=addressed_by,
        neglect=neglect,
    )


def attackers(snapshot: Snapshot, kpi: Kpi) -> tuple[Objective, ...]:
    """Return the objectives that do something about a KPI: they address it, or a live key result of theirs measures it.

    Active ones and those that await approval do, and drafts that a policy proposed, in any cycle not yet closed.
    """
    measuring = (
        snapshot.objectives[result.objective] for result in snapshot.movers_of.get(kpi.key, ()) if not result.cancelled
    )
    found = dict.fromkeys(each.key for each in (*snapshot.addressing.get(kpi.key, ()), *measuring))
    return tuple(snapshot.objectives[key] for key in found if _at_work(snapshot, snapshot.objectives[key]))


def _at_work(snapshot: Snapshot, objective: Objective) -> bool:
    draft = objective.state is ObjectiveState.DRAFT and objective.origin is not None
    if objective.state not in (ObjectiveState.ACTIVE, ObjectiveState.PENDING_APPROVAL) and not draft:
        return False
    today = snapshot.today(objective.unit)
    return cycles.state(snapshot.cycles[objective.cycle], today) is not CycleState.CLOSED


def ranking(snapshot: Snapshot, root: str | None, weights: Weights) -> tuple[FocusScore, ...]:
    """Return the scores of the weak KPIs in the subtree of the unit `root` (None: everywhere), the most paying first.

    Ties go to the longest episode, then to the key. Refuses a unit that does not exist.
    """
    if root is not None and root not in snapshot.units:
        raise Refusal(Code.NOT_FOUND, "There is no such unit.", ("root",))
    inside = (kpi for kpi in snapshot.kpis.values() if root is None or root in snapshot.paths[kpi.unit])
    found = (score(snapshot, kpi, weights) for kpi in inside)
    return tuple(sorted((s for s in found if s), key=lambda s: (-s.score, -s.persistence, s.kpi)))


def _amber_width(target: Target, direction: Direction, value: Decimal) -> Decimal:
    """Return the distance from green to red on the side on which `value` misses; 0 where there is no amber."""
    edges = targets.bounds(target, direction)
    if edges.low is not None and edges.outer_low is not None and value < edges.low:
        return EXACT.subtract(edges.low, edges.outer_low)
    if edges.high is not None and edges.outer_high is not None:
        return EXACT.subtract(edges.outer_high, edges.high)
    return Decimal(0)


def _descendants(snapshot: Snapshot, kpi: Kpi) -> int:
    """Count the KPIs that drive this one, directly or by way of others."""
    found, waiting = {kpi.key}, [kpi.key]
    while waiting:
        drivers = {driver.key for driver in snapshot.drivers_of.get(waiting.pop(), ())} - found
        found |= drivers
        waiting.extend(drivers)
    return len(found) - 1
