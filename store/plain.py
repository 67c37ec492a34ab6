"""Plain values ↔ BSON: the scalars, and mappings whose shape no type describes (parameters, evidence, arguments).

Decimals travel as Decimal128, exactly. Instants travel as naive UTC to the millisecond, which is what BSON holds and
what the driver decodes fastest. In mappings of unknown shape the keys are escaped (`$` and `.` mean something to
MongoDB, `$ref` to the driver), and what BSON has no type for is tagged; a tag cannot be mistaken for an escaped key.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time
from decimal import Context, Decimal, Inexact, InvalidOperation, Overflow
from enum import Enum
from functools import lru_cache
from typing import Any

from bson.decimal128 import Decimal128

from okr.errors import Code, Refusal
from okr.number import DIGITS

DATE, TIME, TUPLE = "%date", "%time", "%tuple"
ESCAPES = (("%", "%25"), ("$", "%24"), (".", "%2E"), ("\x00", "%00"))
INT64 = 1 << 63

# IEEE 754-2008 decimal128 in its binary integer form: sign, exponent in 14 bits, coefficient in 113.
_COEFFICIENT = (1 << 113) - 1
_EXPONENT = (1 << 14) - 1
_BIAS = 6176
_CONTEXT = Context(prec=DIGITS, Emin=-6143, Emax=6144)


def decimal128(value: Decimal) -> Decimal128:
    """Return `value` as BSON holds it, exactly; refuse more digits than it can hold."""
    try:
        return Decimal128(value)
    except (Inexact, InvalidOperation, Overflow):
        raise Refusal(Code.INVALID, f"At most {DIGITS} digits are kept; round the number.") from None


def from_decimal128(value: Decimal128) -> Decimal:
    """Return the number that `value` holds, exponent included; five times as fast as `Decimal128.to_decimal`."""
    return _number(value.bid)


@lru_cache(maxsize=1 << 16)
def _number(bid: bytes) -> Decimal:
    """Weights, starts and targets repeat without end, and so do many values: a picture keeps one object of each."""
    bits = int.from_bytes(bid, "little")
    if bits >> 125 & 3 == 3:  # infinities, NaN, and the long form of the coefficient that nobody writes
        return Decimal128.from_bid(bid).to_decimal()
    number = Decimal(bits & _COEFFICIENT).scaleb((bits >> 113 & _EXPONENT) - _BIAS, _CONTEXT)
    return number.copy_negate() if bits >> 127 else number


def instant(value: datetime) -> datetime:
    """Return an aware instant as BSON holds it: UTC without a zone, cut to the millisecond."""
    if value.tzinfo is None:
        raise ValueError(f"An instant without a zone cannot be stored: {value.isoformat()}")
    return value.astimezone(UTC).replace(tzinfo=None, microsecond=value.microsecond // 1000 * 1000)


def from_instant(value: datetime) -> datetime:
    """Return a stored instant in UTC."""
    return value.replace(tzinfo=UTC)


def escaped(mapping: Mapping[str, object]) -> dict[str, Any]:
    """Return `mapping` as a document that gives the same mapping back, whatever its keys are."""
    return {escape(key): _write(value) for key, value in mapping.items()}


def unescaped(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return the mapping that `escaped` made `document` of; enum members come back as their values."""
    return {_unescape(key): _read(value) for key, value in document.items()}


def escape(key: str) -> str:
    """Return a key of a mapping as the name of a field, which MongoDB and its driver read no meaning into."""
    for raw, safe in ESCAPES:
        key = key.replace(raw, safe)
    return key


def _write(value: object) -> object:
    match value:
        case None | bool() | float():
            return value
        case Enum():
            return _write(value.value)
        case str():
            return str(value)
        case int():
            if not -INT64 <= value < INT64:
                raise Refusal(Code.INVALID, "A whole number here has at most 18 digits.")
            return value
        case Decimal():
            return decimal128(value)
        case datetime():
            return instant(value)
        case list():
            return [_write(item) for item in value]
        case Mapping():
            return escaped(value)
        case _:
            return _tagged(value)


def _tagged(value: object) -> dict[str, object]:
    match value:
        case date():
            return {DATE: value.isoformat()}
        case time():
            return {TIME: value.isoformat()}
        case tuple():
            return {TUPLE: [_write(item) for item in value]}
        case _:
            raise TypeError(f"{type(value).__name__} is no plain value")


def _read(value: object) -> object:
    match value:
        case Decimal128():
            return from_decimal128(value)
        case datetime():
            return from_instant(value)
        case list():
            return [_read(item) for item in value]
        case dict():
            tag = next(iter(value), "")
            return _TAGGED[tag](value[tag]) if tag in _TAGGED else unescaped(value)
        case int() if not isinstance(value, bool):
            return int(value)  # the driver's Int64 is a subclass
        case _:
            return value


def _unescape(key: str) -> str:
    for raw, safe in reversed(ESCAPES):
        key = key.replace(safe, raw)
    return key


_TAGGED: Mapping[str, Callable[[Any], object]] = {
    DATE: date.fromisoformat,
    TIME: time.fromisoformat,
    TUPLE: lambda items: tuple(_read(item) for item in items),
}
