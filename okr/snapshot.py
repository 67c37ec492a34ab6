"""The picture: one organisation as of an instant, from which everything derived is computed."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from functools import cached_property
from operator import attrgetter
from typing import Any, TypeVar, assert_never
from zoneinfo import ZoneInfo

from okr.cycle import TICK_MINUTES, Cycle, Rhythm
from okr.goal import KeyResult, Objective
from okr.kpi import Kpi
from okr.org import OrgUnit, Person

Entity = OrgUnit | Person | Cycle | Objective | KeyResult | Kpi
T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """One tenant's organisation as of `as_of` (UTC): its entities by key, and indexes over them built on first use.

    Immutable: a change makes a new picture (`with_`). Each mapping keeps the order in which entities were created.
    """

    tenant: str
    as_of: datetime
    units: Mapping[str, OrgUnit]
    people: Mapping[str, Person]
    cycles: Mapping[str, Cycle]
    objectives: Mapping[str, Objective]
    key_results: Mapping[str, KeyResult]
    kpis: Mapping[str, Kpi]

    def find(self, key: str) -> Entity | None:
        """Return the entity named `key`, whatever its kind, or None."""
        for shelf in self._shelves:
            if (entity := shelf.get(key)) is not None:
                return entity
        return None

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys of all entities, of one kind after the other."""
        return tuple(key for shelf in self._shelves for key in shelf)

    @cached_property
    def version(self) -> str:
        """A word that grows with every change; equal versions mean equal pictures and equal derivations.

        Entities are never removed and each change raises one's version, so their sum orders the pictures of a tenant.
        What is derived also moves with local dates, which turn on quarter hours; so the tick is part of the word.
        """
        minute = self.as_of.minute - self.as_of.minute % TICK_MINUTES
        return f"{self.changes:012d}-{self.as_of.replace(minute=minute):%Y%m%d%H%M}"

    @cached_property
    def changes(self) -> int:
        """How often anything in the picture was written; entities are never removed, so it only grows."""
        return sum(entity.version for shelf in self._shelves for entity in shelf.values())

    @cached_property
    def root(self) -> OrgUnit:
        """The one unit without a parent."""
        return next(unit for unit in self.units.values() if unit.parent is None)

    @cached_property
    def children(self) -> Mapping[str, tuple[OrgUnit, ...]]:
        """Units by the unit above them."""
        return grouped((unit.parent, unit) for unit in self.units.values() if unit.parent)

    @cached_property
    def objectives_of(self) -> Mapping[str, tuple[Objective, ...]]:
        """Objectives by the unit that owns them."""
        return grouped((objective.unit, objective) for objective in self.objectives.values())

    @cached_property
    def key_results_of(self) -> Mapping[str, tuple[KeyResult, ...]]:
        """Key results by their objective, cancelled ones included."""
        return grouped((result.objective, result) for result in self.key_results.values())

    @cached_property
    def supporters_of(self) -> Mapping[str, tuple[Objective, ...]]:
        """Objectives by the objective or key result that they support."""
        return grouped((o.supports, o) for o in self.objectives.values() if o.supports)

    @cached_property
    def kpis_of(self) -> Mapping[str, tuple[Kpi, ...]]:
        """KPIs by the unit they belong to."""
        return grouped((kpi.unit, kpi) for kpi in self.kpis.values())

    @cached_property
    def drivers_of(self) -> Mapping[str, tuple[Kpi, ...]]:
        """KPIs by the KPI they drive."""
        return grouped((kpi.parent, kpi) for kpi in self.kpis.values() if kpi.parent)

    @cached_property
    def movers_of(self) -> Mapping[str, tuple[KeyResult, ...]]:
        """Key results by the KPI they measure."""
        return grouped((result.measures, result) for result in self.key_results.values() if result.measures)

    @cached_property
    def addressing(self) -> Mapping[str, tuple[Objective, ...]]:
        """Objectives by the KPI they attack."""
        return grouped((kpi, o) for o in self.objectives.values() for kpi in o.addresses)

    @cached_property
    def by_subject(self) -> Mapping[str, Person]:
        """People by the `sub` of their tokens."""
        return {person.subject: person for person in self.people.values()}

    @cached_property
    def paths(self) -> Mapping[str, tuple[str, ...]]:
        """For every unit the keys from the root down to it, itself included."""
        found: dict[str, tuple[str, ...]] = {}
        waiting: list[tuple[OrgUnit, tuple[str, ...]]] = [(u, ()) for u in self.units.values() if u.parent is None]
        while waiting:
            unit, above = waiting.pop()
            found[unit.key] = (*above, unit.key)
            waiting.extend((child, found[unit.key]) for child in self.children.get(unit.key, ()))
        return found

    def derived(self, kind: type[T]) -> dict[str, T]:
        """Return the shelf of what was already derived from this picture as a `kind`, by the entity's key.

        Only a derivation of this very picture may be put there: it is what a pure function would return again.
        """
        return self._derived[kind]

    @cached_property
    def _derived(self) -> defaultdict[type, dict[str, Any]]:
        return defaultdict(dict)

    def unit_of(self, entity: Entity) -> str:
        """Return the key of the unit that `entity` belongs to; a cycle belongs to the root."""
        match entity:
            case OrgUnit():
                return entity.key
            case Person() | Objective() | Kpi():
                return entity.unit
            case KeyResult():
                return self.objectives[entity.objective].unit
            case Cycle():
                return self.root.key
            case never:
                assert_never(never)

    def homes(self, entity: Entity) -> tuple[str, ...]:
        """Return the keys of the units whose people see `entity`: its own, and for a KPI also the accountable one."""
        own, other = self.unit_of(entity), entity.accountable if isinstance(entity, Kpi) else None
        return (own,) if other is None or other == own or other not in self.units else (own, other)

    def zone(self, unit: str) -> ZoneInfo:
        """Return the zone of a unit: its own, else the nearest ancestor's, else UTC."""
        return ZoneInfo(next((u.zone for u in self._upwards(unit) if u.zone), "UTC"))

    def rhythm(self, unit: str) -> Rhythm:
        """Return the check-in rhythm of a unit: its own, else the nearest ancestor's, else Fridays at 17:00."""
        return next((u.rhythm for u in self._upwards(unit) if u.rhythm), Rhythm())

    def today(self, unit: str) -> date:
        """Return the local date in a unit as of the picture."""
        known = self.derived(date)
        if unit not in known:
            known[unit] = self.as_of.astimezone(self.zone(unit)).date()
        return known[unit]

    def cycle_of(self, key_result: KeyResult) -> Cycle:
        """Return the cycle a key result lives in."""
        return self.cycles[self.objectives[key_result.objective].cycle]

    def owner_of(self, key_result: KeyResult) -> Person | None:
        """Return who answers for a key result: its owner, else its objective's."""
        owner = key_result.owner or self.objectives[key_result.objective].owner
        return self.people.get(owner) if owner else None

    def with_(self, *changed: Entity) -> "Snapshot":
        """Return the picture with these entities added or put in place of their older versions.

        What was already indexed is carried over, so that a check-in in a large organisation costs no new index.
        """
        after = replace(
            self,
            units=_joined(self.units, changed, OrgUnit),
            people=_joined(self.people, changed, Person),
            cycles=_joined(self.cycles, changed, Cycle),
            objectives=_joined(self.objectives, changed, Objective),
            key_results=_joined(self.key_results, changed, KeyResult),
            kpis=_joined(self.kpis, changed, Kpi),
        )
        fresh = {entity.key: (self.find(entity.key), entity) for entity in changed}
        vars(after).update(_carried(vars(self), tuple(fresh.values())))
        return after

    def seen_at(self, instant: datetime) -> "Snapshot":
        """Return the same organisation looked at from another instant (aware); its indexes come along."""
        after = replace(self, as_of=instant.astimezone(UTC))
        vars(after).update(_carried(vars(self), ()))
        return after

    def _upwards(self, unit: str) -> Iterable[OrgUnit]:
        return (self.units[key] for key in reversed(self.paths[unit]))

    @property
    def _shelves(self) -> tuple[Mapping[str, Entity], ...]:
        return (self.units, self.people, self.cycles, self.objectives, self.key_results, self.kpis)


E = TypeVar("E", OrgUnit, Person, Cycle, Objective, KeyResult, Kpi)


def _joined(shelf: Mapping[str, E], changed: Iterable[Entity], kind: type[E]) -> Mapping[str, E]:
    mine = {entity.key: entity for entity in changed if isinstance(entity, kind)}
    return {**shelf, **mine} if mine else shelf


def _carried(known: Mapping[str, Any], changed: tuple[tuple[Entity | None, Entity], ...]) -> Iterator[tuple[str, Any]]:
    """Yield what is known of a picture and is true, or easily made true, of one with these (before, after) changes."""
    if "changes" in known:
        yield "changes", known["changes"] + sum(new.version - (old.version if old else 0) for old, new in changed)
    kinds = {type(new) for _, new in changed}
    for name, kind in _INDEXES.items():
        if name in known and kind not in kinds:
            yield name, known[name]
    for name, (kind, group) in _GROUPS.items():
        mine = [(old, new) for old, new in changed if isinstance(new, kind)]
        # Who changes groups takes the place of its creation there, which only a new index knows.
        if name in known and all(old is None or group(old) == group(new) for old, new in mine):
            yield name, _patched(known[name], mine, group) if mine else known[name]


def _patched(
    index: Mapping[str, tuple[Entity, ...]], changed: list[tuple[Any, Any]], group: Callable[[Any], str | None]
) -> Mapping[str, tuple[Entity, ...]]:
    patched = dict(index)
    for old, new in changed:
        if (name := group(new)) is not None:
            members = patched.get(name, ())
            patched[name] = (*members, new) if old is None else tuple(new if each is old else each for each in members)
    return patched


_INDEXES: Mapping[str, type[Any]] = {
    "root": OrgUnit,
    "paths": OrgUnit,
    "by_subject": Person,
    "addressing": Objective,
}
_GROUPS: Mapping[str, tuple[type[Any], Callable[[Any], str | None]]] = {
    "children": (OrgUnit, attrgetter("parent")),
    "objectives_of": (Objective, attrgetter("unit")),
    "supporters_of": (Objective, attrgetter("supports")),
    "key_results_of": (KeyResult, attrgetter("objective")),
    "movers_of": (KeyResult, attrgetter("measures")),
    "kpis_of": (Kpi, attrgetter("unit")),
    "drivers_of": (Kpi, attrgetter("parent")),
}


def grouped(pairs: Iterable[tuple[str | None, T]]) -> Mapping[str, tuple[T, ...]]:
    """Return the values by their key, in the order they came; pairs without a key are left out."""
    found: defaultdict[str, list[T]] = defaultdict(list)
    for key, value in pairs:
        if key is not None:
            found[key].append(value)
    return {key: tuple(values) for key, values in found.items()}
