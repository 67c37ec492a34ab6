"""Definitions: KPIs and units as the rows of a file, or the constants beside it, define them."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import TypeVar

from app.columns import Bound, Fields, Sort
from app.kpis import KpiDraft
from app.tables import Row, shown
from okr.errors import Code, Refusal, did_you_mean
from okr.kpi import BreachRule, Kpi, Reduce
from okr.number import Direction, plain
from okr.org import OrgUnit
from okr.period import Period
from okr.snapshot import Snapshot
from okr.target import Band, Target
from okr.text import Text

BOUNDS = ("target", "red_bound", "low", "high", "outer_low", "outer_high", "baseline", "recovery")
DEFINITION: Fields = {
    "kpi": Sort.TEXT,
    "unit": Sort.TEXT,
    "unit_kind": Sort.TEXT,
    "measure": Sort.TEXT,
    "direction": Sort.TEXT,
    "every": Sort.TEXT,
    "reduce": Sort.TEXT,
    "late_days": Sort.NUMBER,
    "weight": Sort.NUMBER,
    "accountable": Sort.TEXT,
    "reporter": Sort.TEXT,
    "parent": Sort.TEXT,
    "since": Sort.DAY,
    "valid_from": Sort.DAY,
    "bad": Sort.NUMBER,
    "good": Sort.NUMBER,
    "band": Sort.TEXT,
    **dict.fromkeys(BOUNDS, Sort.NUMBER),
}
"""The fields that define a KPI; `every` is the length of its period, `valid_from` the first day of its target."""

UNIT_KIND = "team"
MOST_HINTS = 50  # finding the nearest of thousands of names is slow, and nobody reads more of them
C = TypeVar("C", bound=StrEnum)
E = TypeVar("E", OrgUnit, Kpi)


class Directory:
    """Finds units, people and KPIs by key or by name, those included that an import is about to make."""

    def __init__(self, picture: Snapshot) -> None:
        self._picture = picture
        self._units: dict[str, list[OrgUnit]] = {}
        self._kpis: dict[str, list[Kpi]] = {}
        self._hints = 0
        for unit in picture.units.values():
            self.add(unit)
        for kpi in picture.kpis.values():
            self.add(kpi)

    def add(self, entity: OrgUnit | Kpi) -> None:
        """Let a new unit or KPI be found."""
        match entity:
            case OrgUnit():
                _shelve(self._units, entity, entity.key, entity.name.original)
            case Kpi():
                _shelve(self._kpis, entity, entity.key, entity.name.original)

    def unit(self, name: str) -> OrgUnit | None:
        """Return the unit by its key or name, or None; refuse a name that several have."""
        found = self._units.get(name, [])
        if len(found) > 1:
            raise Refusal(Code.INVALID, f"{len(found)} units are called {shown(name)}; name the key of the one meant")
        return found[0] if found else None

    def kpi(self, name: str, unit: OrgUnit | None = None) -> Kpi | None:
        """Return the KPI by its key or name, of `unit` where that is given, or None; refuse a name of several."""
        found = [kpi for kpi in self._kpis.get(name, []) if unit is None or kpi.unit == unit.key]
        if len(found) > 1:
            raise Refusal(
                Code.INVALID, f"{len(found)} KPIs are called {shown(name)}; name the unit as well, or the key"
            )
        return found[0] if found else None

    def person(self, name: str) -> str:
        """Return the key of a person given by key or subject; refuse somebody unknown."""
        if name in self._picture.people:
            return name
        if name in self._picture.by_subject:
            return self._picture.by_subject[name].key
        raise Refusal(Code.NOT_FOUND, f"Nobody is called {shown(name)}.{self._hint(name, self._picture.by_subject)}")

    def no_unit(self, name: str) -> Refusal:
        """Return the refusal of a unit that is not there."""
        return Refusal(Code.NOT_FOUND, f"There is no unit {shown(name)}.{self._hint(name, self._units)}")

    def no_kpi(self, name: str) -> Refusal:
        """Return the refusal of a KPI that is not there."""
        return Refusal(Code.NOT_FOUND, f"There is no KPI {shown(name)}.{self._hint(name, self._kpis)}")

    def _hint(self, name: str, known: Mapping[str, object]) -> str:
        self._hints += 1
        return did_you_mean(name, known) if self._hints <= MOST_HINTS else ""


def unit_kind(bound: Bound, row: Row) -> str:
    """Return the kind of a unit that a row makes."""
    return bound.text("unit_kind", row) or UNIT_KIND


def draft(bound: Bound, row: Row, directory: Directory, *, name: str, unit: OrgUnit, since: date) -> KpiDraft:
    """Return the KPI that a row defines, living and with its target from `since` on where the row names no other day.

    The unit answers for it where nobody else is named. Refuses what is unknown or cannot be read.
    """
    parent, reporter, accountable = (bound.text(field, row) for field in ("parent", "reporter", "accountable"))
    above = directory.kpi(parent) if parent else None
    if parent and above is None:
        raise directory.no_kpi(parent)
    answers = directory.unit(accountable) if accountable else unit
    if answers is None:
        raise directory.no_unit(accountable)
    born = bound.day("since", row) or since
    return KpiDraft(
        name=Text(original=name),
        unit=unit.key,
        measure=bound.text("measure", row),
        direction=_chosen(Direction, "direction", bound, row),
        period=_chosen(Period, "every", bound, row, Period.MONTH),
        reduce=_chosen(Reduce, "reduce", bound, row, Reduce.LAST),
        late_days=_count("late_days", bound, row, 0),
        reporter=directory.person(reporter) if reporter else None,
        accountable=answers.key,
        parent=above.key if above else None,
        weight=_number("weight", bound, row, Decimal(1)),
        target=_target(bound, row, born),
        rule=BreachRule(
            bad=_count("bad", bound, row, BreachRule().bad),
            good=_count("good", bound, row, BreachRule().good),
            band=_chosen(Band, "band", bound, row, BreachRule().band),
        ),
        since=born,
    )


def given(bound: Bound, row: Row) -> tuple[str, ...]:
    """Return the fields in which a row says something about the KPI itself."""
    return tuple(field for field in _SAID if bound.text(field, row) or bound.computes(field))


def difference(known: Kpi, made: Kpi, fields: Sequence[str]) -> str:
    """Return how the KPI that is there differs from the one defined, in these fields; empty where it does not.

    Of targets the first is compared: those that followed it are the KPI's own history.
    """
    for field in fields:
        before, after = _SAID[field](known), _SAID[field](made)
        if before != after:
            return f"{shown(known.name.original)} is there already with {field} {_said(before)}, not {_said(after)}"
    return ""


def _target(bound: Bound, row: Row, since: date) -> Target | None:
    values = {field: bound.number(field, row) for field in BOUNDS}
    if all(value is None for value in values.values()):
        return None
    return Target(
        valid_from=bound.day("valid_from", row) or since,
        target=values["target"],
        red_bound=values["red_bound"],
        low=values["low"],
        high=values["high"],
        outer_low=values["outer_low"],
        outer_high=values["outer_high"],
        baseline=values["baseline"],
        recovery=values["recovery"],
    )


def _chosen(choices: type[C], field: str, bound: Bound, row: Row, default: C | None = None) -> C:
    text = bound.text(field, row)
    if not text and default is not None:
        return default
    try:
        return choices(text.lower())
    except ValueError:
        said = f"{field} is {shown(text)}" if text else f"{field} is empty"
        raise Refusal(Code.INVALID, f"{said}.{did_you_mean(text, choices)}", (field,)) from None


def _number(field: str, bound: Bound, row: Row, default: Decimal) -> Decimal:
    number = bound.number(field, row)
    return default if number is None else number


def _count(field: str, bound: Bound, row: Row, default: int) -> int:
    number = _number(field, bound, row, Decimal(default))
    if number != number.to_integral_value():
        raise Refusal(Code.WRONG_TYPE, f"{field} is a whole number", (field,))
    return int(number)


def _of_target(field: str) -> Callable[[Kpi], object]:
    return lambda kpi: getattr(kpi.targets[0], field) if kpi.targets else None


_SAID: Mapping[str, Callable[[Kpi], object]] = {
    "measure": lambda kpi: kpi.measure,
    "direction": lambda kpi: kpi.direction,
    "every": lambda kpi: kpi.period,
    "reduce": lambda kpi: kpi.reduce,
    "late_days": lambda kpi: kpi.late_days,
    "weight": lambda kpi: kpi.weight,
    "accountable": lambda kpi: kpi.accountable,
    "reporter": lambda kpi: kpi.reporter,
    "parent": lambda kpi: kpi.parent,
    "since": lambda kpi: kpi.since,
    "bad": lambda kpi: kpi.rule.bad,
    "good": lambda kpi: kpi.rule.good,
    "band": lambda kpi: kpi.rule.band,
    **{field: _of_target(field) for field in (*BOUNDS, "valid_from")},
}


def _said(value: object) -> str:
    match value:
        case None:
            return "nothing"
        case Decimal():
            return plain(value)
        case _:
            return str(value)


def _shelve(shelf: dict[str, list[E]], entity: E, *names: str) -> None:
    for name in dict.fromkeys(names):
        shelf.setdefault(name, []).append(entity)
