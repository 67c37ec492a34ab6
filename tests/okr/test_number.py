"""Numbers of the trade."""

from decimal import Decimal, localcontext

import pytest

from okr import number
from okr.errors import Code, Refusal
from okr.number import EXACT, Direction


@pytest.mark.parametrize(
    "value",
    ["0", "-0", "0E-40", "98.2", "-999999999999999.9999999999999999999", "1E-34", "999999999999999"],
)
def test_a_finite_number_of_ordinary_size_is_measured(value: str) -> None:
    assert number.measured(Decimal(value)) == Decimal(value)


@pytest.mark.parametrize(
    ("value", "code"),
    [
        pytest.param("NaN", Code.NOT_FINITE, id="not a number"),
        pytest.param("-Infinity", Code.NOT_FINITE, id="infinite"),
        pytest.param("1E15", Code.INVALID, id="too large"),
        pytest.param("-1E15", Code.INVALID, id="too large below zero"),
        pytest.param("0." + "1" * 35, Code.INVALID, id="35 digits"),
        pytest.param("1E-35", Code.INVALID, id="too small"),
    ],
)
def test_a_number_that_cannot_be_kept_is_refused_at_its_field(value: str, code: Code) -> None:
    with pytest.raises(Refusal) as refused:
        number.measured(Decimal(value), "readings", "0", "value")
    assert (refused.value.code, refused.value.field) == (code, ("readings", "0", "value"))


@pytest.mark.parametrize(
    ("direction", "a", "b", "is_better"),
    [
        (Direction.HIGHER, "99.1", "99", True),
        (Direction.HIGHER, "99", "99.0", False),
        (Direction.HIGHER, "98", "99", False),
        (Direction.LOWER, "2.4", "2.5", True),
        (Direction.LOWER, "2.5", "2.50", False),
        (Direction.LOWER, "2.6", "2.5", False),
    ],
)
def test_better_is_strict_and_follows_the_direction(direction: Direction, a: str, b: str, is_better: bool) -> None:
    assert number.better(Decimal(a), Decimal(b), direction) is is_better


def test_a_range_does_not_order_two_values() -> None:
    with pytest.raises(ValueError, match="does not order"):
        number.better(Decimal(1), Decimal(2), Direction.RANGE)


@pytest.mark.parametrize(
    ("value", "said"),
    [("94.10", "94.1"), ("1E+2", "100"), ("100", "100"), ("0.000", "0"), ("-2.50", "-2.5"), ("1E-7", "0.0000001")],
)
def test_a_number_in_a_sentence_has_no_exponent_and_no_idle_zeros(value: str, said: str) -> None:
    assert number.plain(Decimal(value)) == said


def test_exact_arithmetic_keeps_as_many_digits_as_the_store() -> None:
    assert EXACT.divide(Decimal(2), Decimal(3)) == Decimal("0." + "6" * 33 + "7")


def test_a_total_is_exact_whatever_the_ambient_precision() -> None:
    with localcontext(prec=3):
        assert number.total([Decimal("999999999999999.9999999999999999998"), Decimal("1e-19")]) == Decimal(
            "999999999999999.9999999999999999999"
        )
    assert number.total([]) == 0
