"""Planning: what an import would write, checked against the organisation before anything is written."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from app import definitions, kpis
from app.actor import Actor
from app.call import Call
from app.columns import Bound
from app.definitions import Directory
from app.gathering import Audience, Gathered, Series
from app.tables import Row, shown
from okr import org
from okr.errors import Code, Refusal
from okr.keys import Kind
from okr.kpi import Kpi
from okr.org import OrgUnit
from okr.text import Text, line

NO_ROW = Row(0, {})


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How to import: `create` what is missing, write nothing if any row is bad (`strict`) or at all (`dry_run`).

    `complete` leaves out KPIs with fewer readings.
    """

    create: bool = False
    strict: bool = False
    dry_run: bool = False
    complete: int = 0


@dataclass(kw_only=True)
class Plan:
    """What an import is about to write.

    `units` and `kpis` are to be made, by key; `about` are all KPIs that the file speaks of, and `series` says which of
    them each series of readings is of. `repeated` counts rows that say again what another says, `left_out` the KPIs
    with too few readings.
    """

    units: dict[str, OrgUnit] = field(default_factory=dict)
    kpis: dict[str, Kpi] = field(default_factory=dict)
    about: dict[str, Kpi] = field(default_factory=dict)
    series: dict[Series, Kpi] = field(default_factory=dict)
    repeated: int = 0
    left_out: int = 0

    def needed(self, wanted: Sequence[Kpi]) -> tuple[OrgUnit | Kpi, ...]:
        """Return what must be made for these KPIs to be there, units first."""
        homes = {kpi.unit: self.units[kpi.unit] for kpi in wanted if kpi.unit in self.units}
        return (*homes.values(), *(kpi for kpi in wanted if kpi.key in self.kpis))


def of_definitions(call: Call, bound: Bound, rows: Sequence[Row], options: Options, audience: Audience) -> Plan:
    """Plan the KPIs that rows define; the audience hears of rows that are bad, or that contradict what is there."""
    planner = _Planner(call, bound, options)
    plan = planner.plan
    homes: list[tuple[Row, OrgUnit]] = []
    for row in rows:
        try:
            line(bound.text("kpi", row), field=("kpi",))
            homes.append((row, planner.home(line(bound.text("unit", row), field=("unit",)), row)))
        except Refusal as refusal:
            audience.reject(row.line, refusal.message)
    planner.look()
    today = call.picture.today(call.picture.root.key)
    for row, unit in homes:
        name = bound.text("kpi", row)
        try:
            kpi = planner.made(name, unit, row, today, planner.known(name, unit))
        except Refusal as refusal:
            audience.reject(row.line, refusal.message)
        else:
            plan.repeated += kpi.key in plan.about
            plan.about[kpi.key] = kpi
    return plan


def of_readings(call: Call, found: Gathered, constants: Bound, options: Options) -> Plan:
    """Plan the readings that were gathered; values that no KPI can take become faults of `found`.

    Refuses constants that define no KPI, or another than the one that is there: they would be passed over in silence.
    """
    planner = _Planner(call, constants, options)
    plan = planner.plan
    homes: list[tuple[Series, OrgUnit | None]] = []
    for series in found.series():
        try:
            homes.append((series, planner.home(series.unit, NO_ROW) if series.unit else None))
        except Refusal as refusal:
            found.drop(series, refusal.message)
    planner.look()
    claimed: dict[str, Series] = {}
    meant: dict[tuple[str, str], Kpi] = {}
    for series, unit in homes:
        try:
            known = planner.known(series.kpi, unit)
            home = planner.unit_of(known) if known else unit
            if home is None or not (known or options.create):
                raise planner.unknown(series)
        except Refusal as refusal:
            found.drop(series, refusal.message)
            continue
        kpi = planner.made(series.kpi, home, NO_ROW, series.first, known)
        if (other := claimed.setdefault(kpi.key, series)) is not series:
            found.drop(series, f"its KPI is the one that the file also calls {shown(other.kpi)}")
            continue
        _drop_impossible(found, series, kpi, planner.today(kpi))
        meant[series.kpi, series.unit] = kpi
    for series in found.series():
        kpi = meant[series.kpi, series.unit]
        if series.rows < options.complete:
            plan.left_out += 1
        else:
            plan.series[series] = plan.about[kpi.key] = kpi
    plan.repeated = found.repeated
    return plan


def _drop_impossible(found: Gathered, series: Series, kpi: Kpi, today: date) -> None:
    """Drop the values that the KPI itself forbids, whatever they are."""
    found.drop(series, f"its period has not come yet; today is {today}", after=today)
    foreign = f"its unit of measurement is not that of the KPI, which is {shown(kpi.measure)}"
    found.drop(series, foreign, measure=kpi.measure)


class _Planner:
    """Finds or drafts what a file speaks of.

    Drafts are checked in the picture as it would be, which `look` brings up to date.
    """

    def __init__(self, call: Call, bound: Bound, options: Options) -> None:
        self._call, self._bound, self._options = call, bound, options
        self._directory = Directory(call.picture)
        self._candidate = call
        self.plan = Plan()

    def look(self) -> None:
        """Look at the organisation as it would be with all that is planned so far."""
        picture = self._call.picture.with_(*self.plan.units.values(), *self.plan.kpis.values())
        self._candidate = Call(
            runtime=self._call.runtime,
            store=self._call.store,
            picture=picture,
            actor=Actor.system(picture),
            at=self._call.at,
        )

    def home(self, name: str, row: Row) -> OrgUnit:
        """Return the unit by that name, one drafted below the root where it is missing and may be made."""
        key = self._call.fresh(Kind.UNIT, name)
        known = self._directory.unit(name) or self._call.picture.units.get(key)  # the latter was renamed since
        if known is not None:
            return known
        if not self._options.create:
            raise self._directory.no_unit(name)
        kind = definitions.unit_kind(self._bound, row)
        made = OrgUnit(key=key, name=Text(original=name), kind=kind, parent=self._call.picture.root.key)
        org.check_unit(self._call.picture, made)
        self.plan.units[key] = made
        self._directory.add(made)
        return made

    def unit_of(self, kpi: Kpi) -> OrgUnit:
        """Return the unit that a KPI belongs to."""
        return self._candidate.picture.units[kpi.unit]

    def known(self, name: str, unit: OrgUnit | None) -> Kpi | None:
        """Return the KPI by that name, the planned ones included, or None."""
        found = self._directory.kpi(name, unit)
        if found is None and unit is not None:
            return self._call.picture.kpis.get(self._call.fresh(Kind.KPI, unit.key, name))  # it was renamed since
        return found

    def made(self, name: str, unit: OrgUnit, row: Row, since: date, known: Kpi | None) -> Kpi:
        """Return the KPI that a row defines: the known one, which must be so already, else a draft that is planned."""
        said = definitions.given(self._bound, row)
        if known is not None and not said:
            return known
        parent = self._directory.kpi(self._bound.text("parent", row))
        if parent is not None and parent.key not in self._candidate.picture.kpis:
            self.look()
        since = known.since if known else since
        draft = definitions.draft(self._bound, row, self._directory, name=name, unit=unit, since=since)
        made = kpis.drafted(self._candidate, draft, unit.key, name)
        if known is not None:
            if difference := definitions.difference(known, made, said):
                raise Refusal(Code.CONFLICT, f"{difference}; change the KPI first, or import into another tenant.")
            return known
        self.plan.kpis[made.key] = made
        self._directory.add(made)
        return made

    def today(self, kpi: Kpi) -> date:
        """Return the local date of a KPI's unit."""
        return self._candidate.picture.today(kpi.unit)

    def unknown(self, series: Series) -> Refusal:
        """Return the refusal of a series whose KPI is neither there nor can be made."""
        missing = self._directory.no_kpi(series.kpi)
        if self._options.create:
            said = f"{missing.message} To make it, name its unit with --column unit=… or --set unit=…"
        else:
            said = f"{missing.message} --create makes what is missing."
        return Refusal(missing.code, said)
