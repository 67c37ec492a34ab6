"""Numbers of the trade: finite decimals of at most 34 digits, which is what MongoDB's Decimal128 holds exactly."""

from collections.abc import Iterable
from decimal import Context, Decimal
from enum import StrEnum
from functools import reduce
from typing import assert_never

from okr.errors import Code, Refusal

DIGITS = 34
LARGEST = Decimal("1e15")

# The ambient context keeps 28 digits; sums and quotients that are stored or judged keep all that the store can hold.
EXACT = Context(prec=DIGITS)
ZERO, ONE = Decimal(0), Decimal(1)


class Direction(StrEnum):
    """Which way is better; RANGE means inside it."""

    HIGHER = "higher"
    LOWER = "lower"
    RANGE = "range"


def measured(value: Decimal, *field: str) -> Decimal:
    """Return `value` where it is finite, below 1e15 in size and exact in 34 digits; refuse it at `field` otherwise."""
    if not value.is_finite():
        raise Refusal(Code.NOT_FINITE, "A measured number is finite; this is infinite or not a number.", field)
    if value.copy_abs() >= LARGEST:  # abs() would round to the ambient context first
        raise Refusal(Code.INVALID, "The number is too large; give it in a larger unit (below 1e15).", field)
    if len(value.as_tuple().digits) > DIGITS or value.adjusted() < -DIGITS < 0 != value:
        raise Refusal(Code.INVALID, f"At most {DIGITS} digits are kept; round the number.", field)
    return value


def better(a: Decimal, b: Decimal, direction: Direction) -> bool:
    """Tell whether `a` is strictly better than `b`; a RANGE does not order two values, so asking is a mistake."""
    match direction:
        case Direction.HIGHER:
            return a > b
        case Direction.LOWER:
            return a < b
        case Direction.RANGE:
            raise ValueError("A range does not order two values.")
        case _:
            assert_never(direction)


def total(values: Iterable[Decimal]) -> Decimal:
    """Return the sum of the values in 34 digits, whatever the ambient precision; 0 where there is none."""
    return reduce(EXACT.add, values, ZERO)


def plain(value: Decimal) -> str:
    """Return `value` for a sentence: no exponent, no trailing zeros after the point (`94.10` reads `94.1`)."""
    digits = f"{value:f}"
    return digits.rstrip("0").rstrip(".") if "." in digits else digits
