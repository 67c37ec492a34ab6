"""Columns: how what other people call things, and how they write numbers and days, becomes what an import needs."""

import json
import re
import tomllib
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from functools import lru_cache
from pathlib import Path
from typing import Any

from app import arithmetic
from app.arithmetic import Formula
from app.tables import Row, shown
from okr.cycle import dated
from okr.errors import Code, Refusal, did_you_mean
from okr.number import measured

PLAIN = "1234.5"
NUMBERS: Mapping[str, tuple[str, str]] = {
    PLAIN: ("", "."),
    "1,234.5": (",", "."),
    "1.234,5": (".", ","),
    "1 234,5": (" ", ","),
    "1234,5": ("", ","),
}
"""How numbers may be written, by example: what stands between thousands, and what before the decimals."""

LONGEST_NUMBER = 60
PLACE = re.compile(r"\{([^{}]*)\}")


class Sort(Enum):
    """What a field holds."""

    TEXT = "text"
    NUMBER = "number"
    DAY = "day"


Fields = Mapping[str, Sort]


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnMap:
    """What the columns of a file mean.

    `columns` says for a field which column holds it, or the columns it is made of: "{ward} {measure}" for a text,
    "100 * (1 - breaches / attendances)" for a number. A field that is not named there is looked for under its own name.
    `fixed` are fields that are the same for every row; `where` keeps the rows with one of these values. `numbers` is
    one of NUMBERS, `dates` a strptime pattern (empty: ISO days and months).
    """

    columns: Mapping[str, str] = field(default_factory=dict)
    fixed: Mapping[str, str] = field(default_factory=dict)
    where: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    numbers: str = PLAIN
    dates: str = ""
    encoding: str = "utf-8"
    delimiter: str | None = None


def load(path: Path) -> ColumnMap:
    """Return the column map in a TOML or JSON file, told apart by its ending; refuse one that says anything unknown."""
    try:
        text = path.read_text(encoding="utf-8-sig")
        written = json.loads(text, parse_float=str) if path.suffix == ".json" else tomllib.loads(text, parse_float=str)
    except OSError as error:
        raise Refusal(Code.NOT_FOUND, f"{path} cannot be read: {error.strerror}.", ("mapping",)) from None
    except ValueError as error:
        raise Refusal(Code.INVALID, f"{path} is not what its ending says: {error}.", ("mapping",)) from None
    if not isinstance(written, dict):
        raise Refusal(Code.INVALID, f"{path} holds no table.", ("mapping",))
    sections = {"columns": _texts, "set": _texts, "where": _choices}
    words = ("numbers", "dates", "encoding", "delimiter")
    for name in written:
        if name not in (*sections, *words):
            hint = did_you_mean(name, (*sections, *words))
            raise Refusal(Code.UNKNOWN_FIELD, f'{path} says "{name}", which means nothing here.{hint}', ("mapping",))
    read: dict[str, Any] = {name: _word(name, written[name]) for name in words if name in written}
    read |= {name: parse(name, written[name]) for name, parse in sections.items() if name in written}
    if "set" in read:
        read["fixed"] = read.pop("set")
    return ColumnMap(**read)


def with_(base: ColumnMap, *, columns: Iterable[str], fixed: Iterable[str], where: Iterable[str]) -> ColumnMap:
    """Return the map with pairs written as `NAME=VALUE` on top; several `where` of one column are alternatives."""
    kept: dict[str, tuple[str, ...]] = {}
    for name, value in map(_pair, where):
        kept[name] = (*kept.get(name, ()), value)
    return replace(
        base,
        columns={**base.columns, **dict(map(_pair, columns))},
        fixed={**base.fixed, **dict(map(_pair, fixed))},
        where={**base.where, **kept},
    )


class Bound:
    """A column map, checked against the columns that a file really has: reads the fields of its rows."""

    def __init__(self, mapping: ColumnMap, columns: Collection[str], fields: Fields, required: Collection[str]) -> None:
        """Bind `mapping` for `fields`; refuse what is missing, unknown, or cannot be read."""
        self._numbers, self._dates = mapping.numbers, mapping.dates
        if mapping.numbers not in NUMBERS:
            known = ", ".join(f'"{form}"' for form in NUMBERS)
            raise Refusal(Code.INVALID, f"Numbers are written like one of {known}.", ("numbers",))
        for name in (*mapping.columns, *mapping.fixed):
            if name not in fields:
                raise Refusal(Code.UNKNOWN_FIELD, f'No field is called "{name[:60]}".{did_you_mean(name, fields)}')
        for column in mapping.where:
            if column not in columns:
                raise Refusal(Code.UNKNOWN_FIELD, _no_column(column, columns), ("where",))
        self._where = mapping.where
        self._fixed = {name: value for name, value in mapping.fixed.items() if name not in mapping.columns}
        self._texts: dict[str, Callable[[Mapping[str, str]], str]] = {}
        self._formulas: dict[str, tuple[Formula, tuple[str, ...]]] = {}
        for name, sort in fields.items():
            if name in mapping.columns:
                self._bind(name, mapping.columns[name], sort, columns)
            elif name not in self._fixed and name in columns:
                self._texts[name] = _column(name)
        missing = next((name for name in required if not self.has(name)), None)
        if missing is not None:
            said = f"{_no_column(missing, columns)} Name the one that holds it: --column {missing}=…"
            raise Refusal(Code.UNKNOWN_FIELD, said, ("columns", missing))

    def has(self, name: str) -> bool:
        """Tell whether the field is given at all."""
        return name in self._texts or name in self._formulas or name in self._fixed

    def computes(self, name: str) -> bool:
        """Tell whether the field is computed from columns, so that every row has it."""
        return name in self._formulas

    def keeps(self, row: Row) -> bool:
        """Tell whether the row is one of those that are wanted."""
        return all(row.fields[column] in values for column, values in self._where.items())

    def text(self, name: str, row: Row) -> str:
        """Return a field as text, empty where it is not given."""
        if name in self._fixed:
            return self._fixed[name]
        return self._texts[name](row.fields) if name in self._texts else ""

    def number(self, name: str, row: Row) -> Decimal | None:
        """Return a field as a number that can be kept, None where it is not given; refuse what is no number."""
        if name in self._formulas:
            formula, columns = self._formulas[name]
            given = {column: number(row.fields[column], self._numbers, column) for column in columns}
            return measured(formula(given), name)
        text = self.text(name, row)
        form = PLAIN if name in self._fixed else self._numbers
        return measured(number(text, form, name), name) if text else None

    def day(self, name: str, row: Row) -> date | None:
        """Return a field as a day, None where it is not given; refuse what is none."""
        text = self.text(name, row)
        return day(text, "" if name in self._fixed else self._dates, name) if text else None

    def _bind(self, name: str, written: str, sort: Sort, columns: Collection[str]) -> None:
        if written in columns:
            self._texts[name] = _column(written)
        elif sort is Sort.NUMBER:
            try:
                self._formulas[name] = arithmetic.parse(written, columns)
            except Refusal as refusal:
                raise refusal.under("columns", name) from None
        elif sort is Sort.TEXT and PLACE.search(written):
            for column in PLACE.findall(written):
                if column not in columns:
                    raise Refusal(Code.UNKNOWN_FIELD, _no_column(column, columns), ("columns", name))
            self._texts[name] = lambda row: PLACE.sub(lambda place: row[place.group(1)], written)
        else:
            raise Refusal(Code.UNKNOWN_FIELD, _no_column(written, columns), ("columns", name))


def number(text: str, form: str, name: str) -> Decimal:
    """Return the number that `text` writes in one of the forms of NUMBERS; refuse anything else, and say what it is."""
    if len(text) <= LONGEST_NUMBER and _pattern(form).fullmatch(text):
        thousands, point = NUMBERS[form]
        return Decimal(text.translate(_SPACES).replace(thousands, "").replace(point, ".") if form != PLAIN else text)
    if not text:
        raise Refusal(Code.INVALID, f"{name} is empty")
    if text.lstrip("+-").lower() in ("nan", "inf", "infinity", "#div/0!"):
        raise Refusal(Code.NOT_FINITE, f"{name} is {shown(text)}, and a measured number is finite")
    likely = [f'"{other}"' for other in NUMBERS if len(text) <= LONGEST_NUMBER and _pattern(other).fullmatch(text)]
    hint = f"; numbers like it are read with --numbers {' or '.join(likely)}" if likely else ""
    if text.endswith("%"):
        hint = "; leave out the percent sign"
    raise Refusal(Code.INVALID, f"{name} is {shown(text)}, which is not a number{hint}")


@lru_cache(maxsize=10_000)
def day(text: str, pattern: str, name: str) -> date:
    """Return the day that `text` writes, a month meaning its first day; refuse one that cannot be, or be kept."""
    try:
        if pattern:
            # Only the day is of interest; a zone in the text would not change what it says.
            found = datetime.strptime(text, pattern).date()  # noqa: DTZ007 - a calendar day has no zone
        else:
            found = date.fromisoformat(f"{text}-01" if re.fullmatch(r"\d{4}-\d\d", text) else text)
    except ValueError:
        how = f"--dates is {shown(pattern)}" if pattern else "write 2026-03-31, or say how with --dates"
        raise Refusal(Code.INVALID, f"{name} is {shown(text)}, which is not a day; {how}") from None
    return dated(found, name)


@lru_cache
def _pattern(form: str) -> re.Pattern[str]:
    thousands, point = NUMBERS[form]
    between = r"[ \u00a0\u202f]" if thousands == " " else re.escape(thousands)
    whole = rf"(?:[0-9]{{1,3}}(?:{between}[0-9]{{3}})+|[0-9]+)" if thousands else "[0-9]+"
    return re.compile(rf"[+-]?{whole}(?:{re.escape(point)}[0-9]+)?(?:[eE][+-]?[0-9]{{1,3}})?")


_SPACES = {0xA0: " ", 0x202F: " "}


def _column(column: str) -> Callable[[Mapping[str, str]], str]:
    return lambda row: row[column]


def _no_column(name: str, columns: Collection[str]) -> str:
    return f'There is no column "{name[:60]}".{did_you_mean(name, columns)}'


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not (name.strip() and equals):
        raise Refusal(Code.INVALID, f"{shown(text)} is not NAME=VALUE.")
    return name.strip(), value.strip()


def _word(name: str, value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int | date):
        raise Refusal(Code.WRONG_TYPE, f'"{name}" in the mapping is a text, a number or a day.', ("mapping", name))
    return str(value)


def _texts(name: str, value: object) -> Mapping[str, str]:
    if not isinstance(value, dict):
        raise Refusal(Code.WRONG_TYPE, f'"{name}" in the mapping is a table of names and values.', ("mapping", name))
    return {key: _word(f"{name}.{key}", each) for key, each in value.items()}


def _choices(name: str, value: object) -> Mapping[str, tuple[str, ...]]:
    if not isinstance(value, dict):
        raise Refusal(Code.WRONG_TYPE, f'"{name}" in the mapping is a table of names and values.', ("mapping", name))
    return {
        column: tuple(_word(f"{name}.{column}", each) for each in (wanted if isinstance(wanted, list) else [wanted]))
        for column, wanted in value.items()
    }
