"""Reach: whose facts a change may alter."""

from collections.abc import Iterable, Iterator

from okr.cycle import Cycle
from okr.goal import KeyResult, Objective, RollUp
from okr.kpi import Kpi
from okr.org import OrgUnit, Person
from okr.snapshot import Snapshot


def touched(snapshot: Snapshot, changed: Iterable[str]) -> frozenset[str]:
    """Return the entities named by `changed` and all whose facts depend on them.

    What a changed edge led to before is not in this picture any more; there, join the answers of both pictures.
    """
    found: set[str] = set()
    for key in changed:
        found.add(key)
        found.update(_dependents(snapshot, key))
    return frozenset(found)


def _dependents(snapshot: Snapshot, key: str) -> Iterator[str]:
    match snapshot.find(key):
        case KeyResult() as result:
            yield from _above(snapshot, result.objective)
            yield from _after(snapshot, snapshot.objectives[result.objective])
            yield from (each.key for each in snapshot.supporters_of.get(key, ()))
            if result.measures:
                yield result.measures
        case Objective() as objective:
            yield from _above(snapshot, key)
            yield from _after(snapshot, objective)
            yield from objective.addresses
            yield from (each.key for each in snapshot.supporters_of.get(key, ()))
            for result in snapshot.key_results_of.get(key, ()):
                yield from (result.key, result.measures or result.key)
        case Kpi() as kpi:
            yield from (each for each in (kpi.unit, kpi.accountable, kpi.parent) if each)
            for result in snapshot.movers_of.get(key, ()):
                yield from (result.key, result.objective)
        case Person() as person:
            yield from _of_person(snapshot, person)
        case OrgUnit() as unit:
            yield from _of_units(snapshot, {unit.key})
        case Cycle() as cycle:
            yield from snapshot.units
            yield from _of_goals(
                snapshot, (o for o in snapshot.objectives.values() if _not_before(snapshot.cycles[o.cycle], cycle))
            )
        case None:
            return


def _above(snapshot: Snapshot, objective: str) -> Iterator[str]:
    """The objective, its unit, and so on along what it supports, with the sums that it is part of."""
    seen: set[str] = set()
    at: str | None = objective
    while at is not None and at not in seen:
        seen.add(at)
        goal_ = snapshot.objectives[at]
        yield from (goal_.key, goal_.unit)
        result = snapshot.key_results.get(goal_.supports or "")
        if result and result.roll_up is RollUp.VALUE_SUM:
            yield result.key
        at = result.objective if result else goal_.supports


def _after(snapshot: Snapshot, objective: Objective) -> Iterator[str]:
    """The unit's goals of later cycles: they are judged by its record, too, which this one is part of."""
    cycle = snapshot.cycles[objective.cycle]
    yield from _of_goals(
        snapshot,
        (
            each
            for each in snapshot.objectives_of.get(objective.unit, ())
            if each.cycle != cycle.key and _not_before(snapshot.cycles[each.cycle], cycle)
        ),
    )


def _not_before(other: Cycle, cycle: Cycle) -> bool:
    """Tell whether what happens in a cycle can be part of the record that goals in `other` are judged by."""
    return other.kind is cycle.kind and other.first >= cycle.first


def _of_person(snapshot: Snapshot, person: Person) -> Iterator[str]:
    yield person.unit
    yield from (kpi.key for kpi in snapshot.kpis.values() if kpi.reporter == person.key)
    yield from (result.key for result in snapshot.key_results.values() if result.owner == person.key)
    yield from _of_goals(snapshot, (o for o in snapshot.objectives.values() if o.owner == person.key))
    for unit in snapshot.units.values():
        if unit.lead == person.key:
            yield from _of_units(snapshot, {unit.key})


def _of_units(snapshot: Snapshot, tops: set[str]) -> Iterator[str]:
    """The units below `tops`, which inherit from them, and what belongs to them."""
    below = [unit for unit, path in snapshot.paths.items() if tops & set(path)]
    yield from below
    for unit in below:
        yield from (kpi.key for kpi in snapshot.kpis_of.get(unit, ()))
        yield from _of_goals(snapshot, snapshot.objectives_of.get(unit, ()))


def _of_goals(snapshot: Snapshot, objectives: Iterable[Objective]) -> Iterator[str]:
    for objective in objectives:
        yield objective.key
        yield from (result.key for result in snapshot.key_results_of.get(objective.key, ()))
