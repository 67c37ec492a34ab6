"""Scalars and enums of the contract: strict on the way in, exact on the way out."""

from datetime import UTC, datetime
from decimal import Decimal as Number
from decimal import InvalidOperation
from enum import Enum
from typing import Any, TypeVar

import strawberry
from strawberry.types.scalar import ScalarDefinition

from okr.errors import Refusal
from okr.number import measured

E = TypeVar("E", bound=Enum)


def _instant(text: object) -> datetime:
    if not isinstance(text, str):
        raise ValueError("DateTime is a string: RFC 3339 with an offset, like 2026-07-01T09:00:00+07:00.")
    try:
        value = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError("DateTime is RFC 3339 with an offset, like 2026-07-01T09:00:00+07:00.") from None
    if value.tzinfo is None:
        raise ValueError("DateTime needs an offset (Z or +07:00); a naive time could mean anything.")
    try:
        value = value.astimezone(UTC)
    except OverflowError:
        raise ValueError("DateTime is outside the years that can be stored.") from None
    return value.replace(microsecond=value.microsecond // 1000 * 1000)


def _decimal(text: object) -> Number:
    if isinstance(text, bool) or not isinstance(text, str | int | float):
        raise ValueError('Decimal is a string like "98.2".')
    if len(str(text)) > 60:
        raise ValueError("Decimal has at most 34 digits.")
    try:
        return measured(Number(str(text)))
    except InvalidOperation:
        raise ValueError('Decimal is a finite number written like "98.2".') from None
    except Refusal as refusal:
        raise ValueError(refusal.message) from None


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

DECIMAL: ScalarDefinition = strawberry.scalar(
    name="Decimal",
    description="An exact, finite decimal number of at most 34 digits, as a string.",
    serialize=plain,
    parse_value=_decimal,
)

SCALARS: dict[object, ScalarDefinition] = {datetime: DATE_TIME, Number: DECIMAL}


def enum(kind: type[E], title: str, description: str, **members: str) -> type[E]:
    """Publish a domain enum as `title`: `members` describes each of its names; a missing one fails at import."""
    strawberry.enum(kind, name=title, description=description)
    definition: Any = kind.__strawberry_definition__  # type: ignore[attr-defined]  # set by strawberry.enum
    for value in definition.values:
        value.description = members.pop(value.name.lower())
    if members:
        raise TypeError(f"{kind.__name__} has no {', '.join(members)}")
    return kind
