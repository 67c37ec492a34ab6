"""Gathering: the good rows of a file of readings, sorted by KPI on disk, so that a long file costs no memory.

The rows of a KPI may lie anywhere in a file, and each KPI should be written once. So they go through a scratch table of
SQLite, which lives in a temporary file and is gone with the process.
"""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

from app import tables
from app.columns import Bound, ColumnMap, Fields, Sort
from app.tables import Bad, Row, Table
from okr.errors import Code, Refusal
from okr.text import line

READING: Fields = {
    "kpi": Sort.TEXT,
    "unit": Sort.TEXT,
    "period": Sort.DAY,
    "value": Sort.NUMBER,
    "measure": Sort.TEXT,
}
NEEDED = ("kpi", "period", "value")
EVERY = 500  # rows between two reports of progress

_LAYOUT = """
    pragma journal_mode = off;
    pragma cache_size = -32768;
    create table reading (
        kpi text, unit text, day integer, value text, measure text, line integer, primary key (kpi, unit, day)
    ) without rowid;
    create table fault (line integer, reason text)
"""


@dataclass(frozen=True, slots=True)
class Series:
    """What a file says about one KPI: the names of it and of its unit as written there, and how much there is."""

    kpi: str
    unit: str
    rows: int
    first: date
    last: date


@dataclass(frozen=True, slots=True)
class Value:
    """One value of a series, by the line that says it."""

    day: date
    value: Decimal
    line: int


@dataclass(kw_only=True)
class Audience:
    """Who hears of an import while it runs: of each rejected row, and of how far it has come (what, done, of how much).

    `rejected` counts what was told.
    """

    bad: Callable[[int, str], object] = lambda line, reason: None
    moved: Callable[[str, int, int], object] = lambda what, done, total: None
    rejected: int = 0

    def reject(self, line: int, reason: str) -> None:
        """Tell of a rejected row."""
        self.rejected += 1
        self.bad(line, reason)


class Gathered:
    """The good rows of one file."""

    def __init__(self, scratch: sqlite3.Connection) -> None:
        self._scratch = scratch
        self.repeated = 0

    def add(self, bound: Bound, row: Row) -> None:
        """Add a row; refuse one that cannot be read, or that gives a KPI another value for a day that has one."""
        kpi, unit = line(bound.text("kpi", row), field=("kpi",)), bound.text("unit", row)
        if unit:
            line(unit, field=("unit",))
        when, value = bound.day("period", row), bound.number("value", row)
        if when is None or value is None:
            raise Refusal(Code.INVALID, f"{'period' if when is None else 'value'} is empty")
        measure = bound.text("measure", row)
        kept = (kpi, unit, when.toordinal(), str(value), measure, row.line)
        added = self._scratch.execute("insert or ignore into reading values (?, ?, ?, ?, ?, ?)", kept)
        if added.rowcount:
            return
        first, known = self._scratch.execute(
            "select line, value from reading where kpi = ? and unit = ? and day = ?", kept[:3]
        ).fetchone()
        if Decimal(known) != value:
            said = f"line {first} gives {tables.shown(kpi)} another value for {when}, which is the one that is kept"
            raise Refusal(Code.DUPLICATE, said)
        self.repeated += 1

    def series(self) -> tuple[Series, ...]:
        """Return all series in the order of their names."""
        found = self._scratch.execute(
            "select kpi, unit, count(*), min(day), max(day) from reading group by kpi, unit order by kpi, unit"
        )
        return tuple(
            Series(kpi, unit, rows, date.fromordinal(first), date.fromordinal(last))
            for kpi, unit, rows, first, last in found
        )

    def values(self, series: Series) -> tuple[Value, ...]:
        """Return the values of a series, oldest first."""
        found = self._scratch.execute(
            "select day, value, line from reading where kpi = ? and unit = ? order by day", (series.kpi, series.unit)
        )
        return tuple(Value(date.fromordinal(day), Decimal(value), line) for day, value, line in found)

    def drop(self, series: Series, reason: str = "", *, after: date = date.min, measure: str | None = None) -> int:
        """Take away values of a series, as faults where there is a `reason`, and return how many.

        With `after` only those for later days, with `measure` only those that say they are in another unit.
        """
        held = "from reading where kpi = ? and unit = ? and day > ?"
        given: list[object] = [series.kpi, series.unit, after.toordinal()]
        if measure is not None:
            held += " and measure not in ('', ?)"
            given.append(measure)
        if reason:
            self._scratch.execute(f"insert into fault select line, ? {held}", [reason, *given])
        return self._scratch.execute(f"delete {held}", given).rowcount

    def faults(self) -> Iterator[tuple[int, str]]:
        """Yield (line, reason) of all that was dropped for a reason, in the order of the lines."""
        yield from self._scratch.execute("select line, reason from fault order by line")


@contextmanager
def gathered(path: Path, mapping: ColumnMap, audience: Audience) -> Iterator[Gathered]:
    """Read a file of readings to its end and yield the good rows; the audience hears of the bad ones.

    Refuses a file that has none of the columns that are needed, or no columns at all. Blocks while it reads.
    """
    scratch = sqlite3.connect("", check_same_thread=False)  # read in one, written in another, never at once
    try:
        scratch.executescript(_LAYOUT)
        found = Gathered(scratch)
        with tables.opened(path, mapping.encoding, mapping.delimiter) as table:
            bound = Bound(mapping, table.columns, READING, NEEDED)
            for row in wanted(table, bound, path.stat().st_size, audience):
                try:
                    found.add(bound, row)
                except Refusal as refusal:
                    audience.reject(row.line, refusal.message)
        yield found
    finally:
        scratch.close()


def wanted(table: Table, bound: Bound, size: int, audience: Audience) -> Iterator[Row]:
    """Yield the rows of a table that its column map keeps; the audience hears of the rest and of the progress."""
    for count, row in enumerate(table):
        if count % EVERY == 0:
            audience.moved("reading the file", table.position, size)
        if isinstance(row, Bad):
            audience.reject(row.line, row.reason)
        elif bound.keeps(row):
            yield row
    audience.moved("reading the file", size, size)
