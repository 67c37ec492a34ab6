"""Facts: what the picture says about one subject, flat and typed, every number derived by the trade's own functions."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import TypeVar, assert_never

import okr.kpi as kpis
from okr import breach, focus, goal, history, progress, promotion
from okr import check_in as check_ins
from okr import cycle as cycles
from okr import period as periods
from okr import rollup as rollups
from okr import target as targets
from okr.cycle import Cycle, CycleState
from okr.goal import CheckIn, KeyResult, KeyResultType, Objective, ObjectiveState, RollUp
from okr.kpi import BreachState, Kpi
from okr.number import EXACT, Direction, better
from okr.org import OrgUnit, Person
from okr.snapshot import Snapshot, grouped
from okr.target import Band, Target
from okr.text import Text
from rules import reach, shape
from rules.schema import KINDS

RUNNING = (CycleState.ACTIVE, CycleState.GRADING)
COUNTED = (ObjectiveState.ACTIVE, ObjectiveState.PENDING_APPROVAL)
T = TypeVar("T")
touched = reach.touched
UNMEASURED = (KeyResultType.BOOLEAN, KeyResultType.MILESTONE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """What is known about one subject: `values` by field of its kind (rules.schema); what is not known is absent.

    `unit` is the unit it is judged in, `cycle` the cycle if there is one, `episode` the open one of a KPI, `measure`
    what its own numbers are in. One subject has at most one fact for each cycle.
    """

    kind: str
    subject: str
    unit: str
    cycle: str | None
    episode: str | None
    name: Text
    values: Mapping[str, object]
    measure: str = ""


def gather(snapshot: Snapshot, kinds: Iterable[str], subjects: Collection[str] | None = None) -> tuple[Fact, ...]:
    """Return the facts of these kinds about live things, or about those of `subjects` alone.

    Live are all KPIs, units in each active cycle, in each planned or grading one that has goals and in each closed one
    that has ungraded ones, active objectives in running cycles, and key results of active and closed objectives in
    running cycles (a closed one may still be promoted). The cost grows with the subjects, not with the organisation.
    """
    return tuple(each(snapshot, kinds, subjects))


def each(snapshot: Snapshot, kinds: Iterable[str], subjects: Collection[str] | None = None) -> Iterator[Fact]:
    """Yield what `gather` returns, one by one."""
    wanted = set(kinds)
    return (fact for kind in KINDS if kind in wanted for fact in _of_kind(snapshot, kind, subjects))


def of_kpi(snapshot: Snapshot, kpi: Kpi) -> Fact:
    """Return the fact of a KPI on its unit's local day."""
    today = snapshot.today(kpi.unit)
    watch = breach.current(kpi, today)
    target = kpis.target_on(kpi, today)
    value = kpi.latest.value if kpi.latest else None
    episode = watch.episode
    reporter = snapshot.people.get(kpi.reporter or "")
    since = periods.between(kpi.period, episode.breached, watch.judged) + 1 if episode and watch.judged else 0
    values = {
        "band": kpis.standing(kpi, today),
        "breach_state": watch.state,
        "breached": watch.state is BreachState.BREACHED,
        "periods_breached": since,
        "bad_periods": watch.bad_run,
        "amber_periods": watch.amber_run,
        "missing_periods": kpis.missing_periods(kpi, today),
        "value": value,
        "latest_period": kpi.latest.period if kpi.latest else None,
        "has_active_objective": bool(focus.attackers(snapshot, kpi)),
        "has_accountable": kpi.accountable in snapshot.units,
        "has_reporter": reporter is not None and reporter.works_on(today),
        "movers": len(movers(snapshot, kpi)),
        "drivers": len(snapshot.drivers_of.get(kpi.key, ())),
        "weight": kpi.weight,
        "direction": kpi.direction,
        "period": kpi.period,
        "level": snapshot.units[kpi.unit].kind,
        **(_against(target, kpi.direction, value) if target else {}),
    }
    return Fact(
        kind="kpi",
        subject=kpi.key,
        unit=kpi.unit,
        cycle=None,
        episode=episode.key if episode else None,
        name=kpi.name,
        values=_known(values),
        measure=kpi.measure,
    )


def of_unit(snapshot: Snapshot, unit: OrgUnit, cycle: Cycle) -> Fact:
    """Return the fact of a unit in one cycle; once that is closed, no goal counts against a limit any more."""
    today = snapshot.today(unit.key)
    state = cycles.state(cycle, today)
    goals = goal.counted(snapshot, unit.key, cycle) if state is not CycleState.CLOSED else ()
    members = sum(1 for person in _members(snapshot, unit.key) if person.works_on(today))
    mine = snapshot.kpis_of.get(unit.key, ())
    lead = snapshot.people.get(unit.lead or "")
    values = {
        "is_root": unit.parent is None,
        "level": unit.kind,
        "cycle_kind": cycle.kind,
        "cycle": cycle.key,
        "cycle_state": state,
        "goals_active": len(goals),
        "goals_per_member": EXACT.divide(Decimal(len(goals)), Decimal(members)) if members else None,
        "key_results": sum(len(live_results(snapshot, each)) for each in goals),
        "members": members,
        "kpis": len(mine),
        "red_kpis": sum(1 for kpi in mine if kpis.standing(kpi, today) is Band.RED),
        "has_lead": lead is not None and lead.works_on(today),
        "progress": rollups.of_unit(snapshot, unit.key, cycle.key),
        "ungraded": sum(1 for each in history.ungraded(snapshot, unit.key) if each.cycle == cycle.key),
        "days_since_end": max(0, (today - cycle.last).days),
        **_deadline(cycle, today),
    }
    return _fact("unit", unit.key, unit.key, cycle.key, unit.name, values)


def of_objective(snapshot: Snapshot, objective: Objective) -> Fact:
    """Return the fact of an objective."""
    today, cycle, unit = _stage(snapshot, objective)
    rollup = rollups.of_objective(snapshot, objective)
    live = live_results(snapshot, objective)
    below = snapshot.supporters_of
    values = {
        "key_results": len(snapshot.key_results_of.get(objective.key, ())),
        "key_results_live": len(live),
        "key_results_measured": sum(1 for result in live if result.type not in UNMEASURED),
        "supports_something": objective.supports is not None,
        "is_company_level": unit.parent is None,
        "supporters": sum(len(below.get(key, ())) for key in (objective.key, *(result.key for result in live))),
        "is_recovery": objective.origin is not None,
        "superseded_episode": objective.superseded_episode,
        "contributes_to": len(objective.contributes),
        "kpis_addressed": len(objective.addresses),
        **shape.of_objective(snapshot, objective, live),
        "progress": rollup.progress,
        "coverage": rollup.coverage,
        "expected": cycles.elapsed(cycle, today),
        "status": rollup.status,
        "cycle_kind": cycle.kind,
        **_deadline(cycle, today),
        "level": unit.kind,
        **_owner(snapshot, objective.owner, today),
    }
    return _fact("objective", objective.key, unit.key, cycle.key, objective.title, values)


def of_key_result(snapshot: Snapshot, key_result: KeyResult) -> Fact:
    """Return the fact of a key result; nothing is missed any more once its objective is closed."""
    objective = snapshot.objectives[key_result.objective]
    today, cycle, unit = _stage(snapshot, objective)
    measure = progress.of_key_result(snapshot, key_result)
    said = check_ins.said(snapshot, key_result)
    open_ = objective.state is ObjectiveState.ACTIVE
    # Looked at from an earlier day, a key result has not heard yet what was said after it.
    then = key_result if said is key_result.check_ins else replace(key_result, check_ins=said)
    stated = [entry.confidence for entry in said if entry.confidence is not None]
    reached = [_reached(key_result, entry) for entry in said[-promotion.HELD :]]
    summed = key_result.roll_up is RollUp.VALUE_SUM
    zone = snapshot.zone(unit.key)
    values = {
        "type": key_result.type,
        "objective_active": open_,
        "missed_check_ins": check_ins.missed_in_a_row(check_ins.attendance(snapshot, key_result)) if open_ else 0,
        "check_ins": len(said),
        "days_since_check_in": (today - said[-1].at.astimezone(zone).date()).days if said else None,
        "progress": measure.progress,
        "raw_progress": measure.raw,
        **_way(key_result, said, measure.current),
        "expected": cycles.elapsed(cycle, today),
        "status": measure.status,
        "achieved": measure.progress == 1 if summed else bool(reached) and reached[-1],
        "held": len(reached) == promotion.HELD and all(reached),
        "promotable": promotion.eligible(snapshot, key_result),
        "promoted": key_result.promoted_to is not None or promotion.promoted(snapshot, key_result) is not None,
        "in_band_now": measure.in_band_now,
        "trial": key_result.trial,
        "measures_kpi": key_result.measures is not None,
        **shape.of_key_result(snapshot, key_result),
        "confidence": stated[-1] if stated else None,
        "confidence_unchanged": check_ins.unchanged_confidence(then),
        "weight": key_result.weight,
        "cycle_kind": cycle.kind,
        **_deadline(cycle, today),
        "cycle_ended": today > cycle.last,
        "level": unit.kind,
        **_owner(snapshot, key_result.owner or objective.owner, today),
    }
    fact = _fact("key_result", key_result.key, unit.key, cycle.key, key_result.title, values)
    return replace(fact, measure=key_result.measure)


def movers(snapshot: Snapshot, kpi: Kpi) -> tuple[KeyResult, ...]:
    """Return the live key results of active objectives that measure a KPI."""
    return tuple(
        result
        for result in snapshot.movers_of.get(kpi.key, ())
        if not result.cancelled and _live(snapshot, snapshot.objectives[result.objective], ObjectiveState.ACTIVE)
    )


def live_results(snapshot: Snapshot, objective: Objective) -> tuple[KeyResult, ...]:
    """Return the key results of an objective that are not cancelled."""
    return tuple(result for result in snapshot.key_results_of.get(objective.key, ()) if not result.cancelled)


def _fact(kind: str, subject: str, unit: str, cycle: str, name: Text, values: Mapping[str, object]) -> Fact:
    return Fact(kind=kind, subject=subject, unit=unit, cycle=cycle, episode=None, name=name, values=_known(values))


def _known(values: Mapping[str, object]) -> dict[str, object]:
    return {field: value for field, value in values.items() if value is not None}


def _of_kind(snapshot: Snapshot, kind: str, subjects: Collection[str] | None) -> Iterator[Fact]:
    match kind:
        case "kpi":
            yield from (of_kpi(snapshot, kpi) for kpi in _chosen(snapshot.kpis, subjects))
        case "unit":
            for unit in _chosen(snapshot.units, subjects):
                yield from (of_unit(snapshot, unit, cycle) for cycle in _unit_cycles(snapshot, unit))
        case "objective":
            for objective in _chosen(snapshot.objectives, subjects):
                if _live(snapshot, objective, ObjectiveState.ACTIVE):
                    yield of_objective(snapshot, objective)
        case _:
            for result in _chosen(snapshot.key_results, subjects):
                objective = snapshot.objectives[result.objective]
                if not result.cancelled and _live(snapshot, objective, ObjectiveState.ACTIVE, ObjectiveState.CLOSED):
                    yield of_key_result(snapshot, result)


def _chosen(shelf: Mapping[str, T], subjects: Collection[str] | None) -> Iterator[T]:
    if subjects is None:
        return iter(shelf.values())
    return (shelf[key] for key in sorted(subjects) if key in shelf)


def _unit_cycles(snapshot: Snapshot, unit: OrgUnit) -> Iterator[Cycle]:
    today = snapshot.today(unit.key)
    ungraded = {objective.cycle for objective in history.ungraded(snapshot, unit.key)}
    for cycle in snapshot.cycles.values():
        state = cycles.state(cycle, today)
        waiting = state in (CycleState.PLANNED, CycleState.GRADING) and bool(goal.counted(snapshot, unit.key, cycle))
        forgotten = cycle.key in ungraded and state in (CycleState.GRADING, CycleState.CLOSED)
        if waiting or forgotten or state is CycleState.ACTIVE:
            yield cycle


def _live(snapshot: Snapshot, objective: Objective, *states: ObjectiveState) -> bool:
    today = snapshot.today(objective.unit)
    return objective.state in states and cycles.state(snapshot.cycles[objective.cycle], today) in RUNNING


def _stage(snapshot: Snapshot, objective: Objective) -> tuple[date, Cycle, OrgUnit]:
    return snapshot.today(objective.unit), snapshot.cycles[objective.cycle], snapshot.units[objective.unit]


def _owner(snapshot: Snapshot, key: str | None, today: date) -> dict[str, object]:
    person = snapshot.people.get(key or "")
    return {"has_owner": person is not None, "owner_left": person is not None and not person.works_on(today)}


def _deadline(cycle: Cycle, today: date) -> dict[str, object]:
    return {"deadline": cycle.last, "days_to_deadline": (cycle.last - today).days}


def _way(key_result: KeyResult, said: Sequence[CheckIn], current: Decimal | None) -> dict[str, object]:
    """Where a key result began and where it is; neither for one that is not measured in numbers."""
    if key_result.type in UNMEASURED:
        return {}
    start = key_result.start if key_result.start is not None or not said else said[0].value
    return {"start": start, "current": current}


def _against(target: Target, direction: Direction, value: Decimal | None) -> dict[str, object]:
    edges = targets.bounds(target, direction)
    slipped = shortfall = attainment = None
    if value is not None:
        shortfall = targets.shortfall(target, direction, value)
        slipped = target.baseline is not None and better(target.baseline, value, direction)
        edge = target.target
        if edge is None:
            edge = edges.low if edges.low is not None and value < edges.low else edges.high
        attainment = _attainment(direction, value, edge, shortfall)
    return {
        "target": target.target,
        "recovers_at": targets.recovery(target, direction),
        "baseline": target.baseline,
        "below_baseline": slipped,
        "shortfall": shortfall,
        "attainment": attainment,
    }


def _attainment(direction: Direction, value: Decimal, edge: Decimal | None, shortfall: Decimal) -> Decimal | None:
    """Return 1 at the edge of green and less the further `value` is on its wrong side; None against an edge of 0.

    A straight line, unlike target ÷ value: it stays in order when values pass through zero.
    """
    if not edge:
        return None
    match direction:
        case Direction.HIGHER:
            ahead = EXACT.subtract(value, edge)
        case Direction.LOWER:
            ahead = EXACT.subtract(edge, value)
        case Direction.RANGE:
            ahead = -shortfall
        case never:
            assert_never(never)
    return 1 + EXACT.divide(ahead, abs(edge))


def _reached(key_result: KeyResult, entry: CheckIn) -> bool:
    match key_result.type:
        case KeyResultType.BOOLEAN:
            return entry.done is True
        case KeyResultType.MILESTONE:
            live = [at for at, step in enumerate(key_result.milestones) if not step.cancelled]
            return bool(live) and all(at in entry.milestones for at in live)
        case KeyResultType.MAINTAIN:
            return entry.value is not None and progress.inside(key_result, entry.value)
        case KeyResultType.NUMBER | KeyResultType.PERCENT | KeyResultType.CURRENCY:
            raw = progress.raw(key_result, entry.value) if entry.value is not None else None
            return raw is not None and raw >= 1
        case never:
            assert_never(never)


@dataclass(frozen=True, slots=True)
class _Members:
    people: tuple[Person, ...]


def _members(snapshot: Snapshot, unit: str) -> tuple[Person, ...]:
    shelf = snapshot.derived(_Members)
    if not shelf:
        by_unit = grouped((person.unit, person) for person in snapshot.people.values())
        shelf.update({key: _Members(people) for key, people in by_unit.items()})
    return shelf[unit].people if unit in shelf else ()
