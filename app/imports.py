"""Imports: KPIs and readings from files, written so that a second run of the same file changes nothing."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from app import blocking, gathering, planning, readings, tables
from app.call import Call
from app.columns import Bound, ColumnMap
from app.definitions import DEFINITION
from app.gathering import READING, Audience, Gathered, Series
from app.planning import Options, Plan
from app.readings import ReadingDraft
from app.tables import Row, shown
from okr.errors import Code, Refusal, did_you_mean
from okr.kpi import Kpi
from okr.policy import PolicyMode

KPIS_AT_ONCE = 50
READINGS_AT_ONCE = 5_000  # a transaction of that many takes about a second
MOST_DEFINITIONS = 50_000  # the picture holds every KPI in memory, so a file of them may as well
DEFINED = ("kpi", "unit", "measure", "direction")


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What an import took: the keys of the KPIs and of their units, and how many readings.

    `changed` is how much of it was new to the store, `repeated` how many rows said again what another had said,
    `left_out` how many KPIs had too few readings.
    """

    units: tuple[str, ...]
    kpis: tuple[str, ...]
    readings: int
    changed: int
    repeated: int
    left_out: int


def split(mapping: ColumnMap) -> tuple[ColumnMap, Bound]:
    """Return what a column map says of readings, and the constants that define the KPIs which `create` makes."""
    known = (*READING, *DEFINITION)
    for name in mapping.fixed:
        if name not in known:
            raise Refusal(Code.UNKNOWN_FIELD, f"No field is called {shown(name)}.{did_you_mean(name, known)}", ("set",))
    defined = {
        name: value for name, value in mapping.fixed.items() if name in DEFINITION and name not in ("kpi", "unit")
    }
    said = {name: value for name, value in mapping.fixed.items() if name in READING}
    return replace(mapping, fixed=said), Bound(ColumnMap(fixed=defined), (), DEFINITION, ())


def definitions_in(path: Path, mapping: ColumnMap, audience: Audience) -> tuple[Bound, tuple[Row, ...]]:
    """Read a file that defines KPIs, one a row; the audience hears of the rows that are no rows. Blocks."""
    with tables.opened(path, mapping.encoding, mapping.delimiter) as table:
        bound = Bound(mapping, table.columns, DEFINITION, DEFINED)
        rows: list[Row] = []
        for row in gathering.wanted(table, bound, path.stat().st_size, audience):
            if len(rows) == MOST_DEFINITIONS:
                said = f"{path.name} defines more than {MOST_DEFINITIONS:,} KPIs; split it."
                raise Refusal(Code.TOO_COMPLEX, said, ("file",))
            rows.append(row)
    return bound, tuple(rows)


async def write_kpis(call: Call, bound: Bound, rows: Sequence[Row], options: Options, audience: Audience) -> Imported:
    """Create the KPIs that rows define; one that is there already must be as its row says, and is left alone."""
    plan = planning.of_definitions(call, bound, rows, options, audience)
    _insist(options, audience)
    await _guard(call, plan)
    new = () if options.dry_run else tuple(plan.kpis.values())
    for at in range(0, len(new), KPIS_AT_ONCE):
        await call.commit("kpis.import", *plan.needed(new[at : at + KPIS_AT_ONCE]))
        audience.moved("writing KPIs", min(at + KPIS_AT_ONCE, len(new)), len(new))
    return _imported(plan, changed=len(new))


async def write_readings(
    call: Call, found: Gathered, constants: Bound, options: Options, audience: Audience
) -> Imported:
    """Write gathered readings, KPI by KPI, without evaluating them; the audience hears of those that no KPI can take.

    Every transaction leaves whole KPIs behind, so an import that is interrupted is completed by running it again.
    """
    plan = planning.of_readings(call, found, constants, options)
    for line, reason in found.faults():
        audience.reject(line, reason)
    _insist(options, audience)
    await _guard(call, plan)
    changed = done = 0
    total = sum(series.rows for series in plan.series)
    for batch in () if options.dry_run else _batches(plan):
        await call.commit("kpis.import", *plan.needed(tuple(batch.values())))
        drafts = [
            ReadingDraft(kpi=kpi.key, day=value.day, value=value.value)
            for series, kpi in batch.items()
            for value in found.values(series)
        ]
        changed += await readings.write(call, drafts)
        done += len(drafts)
        audience.moved("writing readings", done, total)
    return _imported(plan, changed=changed)


async def _guard(call: Call, plan: Plan) -> None:
    """Refuse an import whose outcome a blocking policy forbids, before any of it is written."""
    if not any(policy.mode is PolicyMode.BLOCK for policy in await call.store.policies()):
        return
    new = tuple(plan.kpis.values())
    outcome = call.picture.with_(*plan.needed(new))
    for unit in dict.fromkeys(kpi.unit for kpi in new):
        await blocking.guard(call, outcome, unit)


def _insist(options: Options, audience: Audience) -> None:
    if options.strict and audience.rejected:
        rows = "1 row is" if audience.rejected == 1 else f"{audience.rejected:,} rows are"
        said = f"{rows} bad and nothing was written; correct the file, or leave --strict out to keep the good rows."
        raise Refusal(Code.INVALID, said)


def _imported(plan: Plan, *, changed: int) -> Imported:
    return Imported(
        units=tuple(dict.fromkeys(kpi.unit for kpi in plan.about.values())),
        kpis=tuple(plan.about),
        readings=sum(series.rows for series in plan.series),
        changed=changed,
        repeated=plan.repeated,
        left_out=plan.left_out,
    )


def _batches(plan: Plan) -> Iterator[Mapping[Series, Kpi]]:
    """Yield the series in portions that one transaction carries well."""
    batch: dict[Series, Kpi] = {}
    rows = 0
    for series, kpi in plan.series.items():
        if batch and (len(batch) == KPIS_AT_ONCE or rows + series.rows > READINGS_AT_ONCE):
            yield batch
            batch, rows = {}, 0
        batch[series] = kpi
        rows += series.rows
    if batch:
        yield batch
