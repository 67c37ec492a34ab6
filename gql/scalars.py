"""Scalars and enums of the contract: strict on the way in, exact on the way out."""

import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal as Number
from enum import Enum
from typing import Any, TypeVar

import strawberry
from strawberry.types.scalar import ScalarDefinition

from okr.errors import Refusal
from okr.number import measured

E = TypeVar("E", bound=Enum)

DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
INSTANT = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)", re.ASCII)
NUMBER = re.compile(r"[+-]?\d+(\.\d+)?([eE][+-]?\d{1,4})?", re.ASCII)
LONGEST = 60
EARLIEST = datetime.min.replace(tzinfo=UTC) + timedelta(days=1)
LATEST = datetime.max.replace(tzinfo=UTC) - timedelta(days=1)


class Unreadable(ValueError):
    """A value that a scalar does not take; the message says what it takes."""


def _day(text: object) -> date:
    try:
        return date.fromisoformat(_written(text, DAY))
    except ValueError:
        raise Unreadable("Date is a day like 2026-07-01.") from None


def _instant(text: object) -> datetime:
    try:
        value = datetime.fromisoformat(_written(text, INSTANT).upper())
    except ValueError:
        raise Unreadable("DateTime is RFC 3339 with an offset, like 2026-07-01T09:00:00+07:00 or …Z.") from None
    if not EARLIEST < value < LATEST:
        raise Unreadable("DateTime is in the years that every time zone knows, 1 to 9999 less a day at both ends.")
    value = value.astimezone(UTC)
    return value.replace(microsecond=value.microsecond // 1000 * 1000)


def _decimal(given: object) -> Number:
    text = str(given) if isinstance(given, int | float) and not isinstance(given, bool) else given
    try:
        return measured(Number(_written(text, NUMBER)))
    except ValueError:
        raise Unreadable('Decimal is a finite number of at most 34 digits, as a string like "98.2".') from None
    except Refusal as refusal:
        raise Unreadable(refusal.message) from None


def _written(text: object, form: re.Pattern[str]) -> str:
    if not (isinstance(text, str) and len(text) <= LONGEST and form.fullmatch(text)):
        raise ValueError
    return text


def plain(value: Number) -> str:
    """Return a decimal as people write it: no exponent, no trailing zeros."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


DATE_TIME: ScalarDefinition = strawberry.scalar(
    name="DateTime",
    description="An instant: RFC 3339 with an offset, kept to the millisecond in UTC. A naive value is refused.",
    specified_by_url="https://www.rfc-editor.org/rfc/rfc3339",
    serialize=lambda value: value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
    parse_value=_instant,
)

DATE: ScalarDefinition = strawberry.scalar(
    name="Date",
    description="A day without a time: RFC 3339, like 2026-07-01.",
    specified_by_url="https://www.rfc-editor.org/rfc/rfc3339",
    serialize=date.isoformat,
    parse_value=_day,
)

DECIMAL: ScalarDefinition = strawberry.scalar(
    name="Decimal",
    description="An exact, finite decimal number of at most 34 digits, as a string.",
    serialize=plain,
    parse_value=_decimal,
)

SCALARS: dict[object, ScalarDefinition] = {date: DATE, datetime: DATE_TIME, Number: DECIMAL}


def enum(kind: type[E], title: str, description: str, **members: str) -> type[E]:
    """Publish a domain enum as `title`: `members` describes each of its names; a missing one fails at import."""
    strawberry.enum(kind, name=title, description=description)
    definition: Any = kind.__strawberry_definition__  # type: ignore[attr-defined]  # set by strawberry.enum
    for value in definition.values:
        value.description = members.pop(value.name.lower())
    if members:
        raise TypeError(f"{kind.__name__} has no {', '.join(members)}")
    return kind
