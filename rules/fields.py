"""What a fact may say: typed fields per kind, and the one canonical form that both evaluators see."""

import math
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from okr.errors import Code, Refusal, did_you_mean

Scalar = int | float | str | bool
"""A canonical value; what is not known is absent, never None."""

Values = Mapping[str, Scalar]
"""The canonical values of one fact, by the name of the field."""

DECIMALS = 6
LARGEST = 10**15
LONGEST = 500
_EPOCH = date(1970, 1, 1).toordinal()
FIRST_DAY, LAST_DAY = date.min.toordinal() - _EPOCH, date.max.toordinal() - _EPOCH


class FieldType(StrEnum):
    """What a field holds; a day is compared as a day number, a reference is the key of something else."""

    NUMBER = "number"
    DAY = "day"
    BOOLEAN = "boolean"
    CHOICE = "choice"
    REFERENCE = "reference"
    TEXT = "text"


class Operator(StrEnum):
    """How a clause compares a field; `between` includes both ends, `known` and `unknown` take no value."""

    LT = "lt"
    LTE = "lte"
    GT = "gt"
    GTE = "gte"
    EQ = "eq"
    NE = "ne"
    BETWEEN = "between"
    IN = "in"
    KNOWN = "known"
    UNKNOWN = "unknown"


_PRESENCE = (Operator.KNOWN, Operator.UNKNOWN)
_ORDER = (Operator.LT, Operator.LTE, Operator.GT, Operator.GTE, Operator.EQ, Operator.NE, Operator.BETWEEN, *_PRESENCE)
_IDENTITY = (Operator.EQ, Operator.NE, Operator.IN, *_PRESENCE)

OPERATORS: Mapping[FieldType, tuple[Operator, ...]] = {
    FieldType.NUMBER: _ORDER,
    FieldType.DAY: _ORDER,
    FieldType.BOOLEAN: (Operator.EQ, *_PRESENCE),
    FieldType.CHOICE: _IDENTITY,
    FieldType.REFERENCE: _IDENTITY,
    FieldType.TEXT: _PRESENCE,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One value that a choice field may take, and how people call it."""

    value: str
    label: str
    label_vi: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One typed thing that a fact may say; `example` is a value as a policy would write it.

    `least` and `most` are the numbers beyond which it never lies, whatever happens; None where it may.
    """

    name: str
    label: str
    type: FieldType
    unit: str = ""
    choices: tuple[Choice, ...] = ()
    help: str = ""
    example: Scalar | None = None
    label_vi: str = ""
    help_vi: str = ""
    least: int | None = None
    most: int | None = None

    @property
    def operators(self) -> tuple[Operator, ...]:
        """The operators that a clause on this field may use."""
        return OPERATORS[self.type]


@dataclass(frozen=True, slots=True, kw_only=True)
class FactKind:
    """One kind of fact: what policies are written on."""

    name: str
    label: str
    fields: tuple[Field, ...]
    label_vi: str = ""

    def __post_init__(self) -> None:
        names = [field.name for field in self.fields]
        if len(set(names)) < len(names):
            raise ValueError(f"A field is declared twice in {self.name}.")
        if any(name != unicodedata.normalize("NFC", name) for name in names):
            raise ValueError(f"A field's name in {self.name} is not in Unicode's composed form (NFC).")

    def field(self, name: str) -> Field:
        """Return the field called `name`; refuse an unknown name with the nearest known one (UNKNOWN_FIELD)."""
        composed = unicodedata.normalize("NFC", name[:LONGEST])
        for field in self.fields:
            if field.name == composed:
                return field
        hint = did_you_mean(composed, (field.name for field in self.fields))
        raise Refusal(Code.UNKNOWN_FIELD, f'"{composed[:80]}" is not a field of {self.label}.{hint}')


def clean(kind: FactKind, values: Mapping[str, object]) -> dict[str, Scalar]:
    """Return what `values` say about the fields of `kind`, canonical; what is unknown, odd or mistyped is absent.

    Applying it twice changes nothing. Names that `kind` does not declare are ignored.
    """
    cleaned: dict[str, Scalar] = {}
    for field in kind.fields:
        value = values.get(field.name)
        if value is not None and (canonical := _CANONICAL[field.type](value)) is not None:
            cleaned[field.name] = canonical
    return cleaned


def canonical_value(type_: FieldType, value: object) -> Scalar | None:
    """Return `value` in the canonical form of `type_`, or None where it has none."""
    return _CANONICAL[type_](value)


def number(value: object) -> int | float | None:
    """Return a finite number below 1e15 in size, rounded to six decimals, whole ones as int; None for anything else.

    The bounds are those within which Python and the engine's C agree to the last bit.
    """
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return int(value) if abs(value) < LARGEST else None
    if isinstance(value, Decimal):
        value = float(value) if value.is_finite() else math.nan
    if not isinstance(value, float) or not abs(value) < LARGEST:  # NaN is less than nothing
        return None
    rounded = round(float(value), DECIMALS)
    return int(rounded) if rounded.is_integer() else rounded


def day(value: object) -> int | None:
    """Return days since 1970-01-01 for a date, for "YYYY-MM-DD" or for such a number; None for anything else.

    An instant (datetime) is not a day before somebody has said in which time zone.
    """
    if isinstance(value, str):
        try:
            parsed = date.fromisoformat(value[:11])
        except ValueError:
            return None
        return parsed.toordinal() - _EPOCH if parsed.isoformat() == value else None
    if isinstance(value, date):
        return None if isinstance(value, datetime) else value.toordinal() - _EPOCH
    if isinstance(value, int) and not isinstance(value, bool) and FIRST_DAY <= value <= LAST_DAY:
        return int(value)
    return None


def text(value: object) -> str | None:
    """Return `value` composed (NFC) and cut at 500 characters; None for no text and for half a surrogate pair."""
    if not isinstance(value, str):
        return None
    if value.isascii():
        return value[:LONGEST]
    # One composed character comes from at most four, so nothing beyond can reach the first 500.
    composed = unicodedata.normalize("NFC", value[: 4 * LONGEST])[:LONGEST]
    try:
        composed.encode()
    except UnicodeEncodeError:
        return None
    return composed


def boolean(value: object) -> bool | None:
    """Return `value` if it is true or false; None for anything else, 0 and 1 included."""
    return value if isinstance(value, bool) else None


_CANONICAL: Mapping[FieldType, Callable[[object], Scalar | None]] = {
    FieldType.NUMBER: number,
    FieldType.DAY: day,
    FieldType.BOOLEAN: boolean,
    FieldType.CHOICE: text,
    FieldType.REFERENCE: text,
    FieldType.TEXT: text,
}
