"""Arithmetic over columns: exact, and nothing of Python but four operations."""

from decimal import Decimal

import pytest

from app import arithmetic
from okr.errors import Code, Refusal

ROW = {"breaches": Decimal(2), "attendances": Decimal(8), "Total seen": Decimal("0.1"), "none": Decimal(0)}


@pytest.mark.parametrize(
    ("written", "value", "read"),
    [
        ("100 * (1 - breaches / attendances)", "75", ("breaches", "attendances")),
        ("-breaches", "-2", ("breaches",)),
        ("breaches - attendances - 1", "-7", ("breaches", "attendances")),
        ("breaches + attendances * 2", "18", ("breaches", "attendances")),
        ("'Total seen' * 3", "0.3", ("Total seen",)),
        ('"Total seen" + "Total seen"', "0.2", ("Total seen",)),
        ("1 / 3", "0.3333333333333333333333333333333333", ()),
        ("0.1 + 0.2", "0.3", ()),
        ("  7  ", "7", ()),
    ],
)
def test_a_formula_is_exact_and_knows_what_it_reads(written: str, value: str, read: tuple[str, ...]) -> None:
    formula, columns = arithmetic.parse(written, ROW)
    assert (formula(ROW), columns) == (Decimal(value), read)


@pytest.mark.parametrize(
    "written",
    [
        *("", "breaches +", "breaches; attendances", "breaches\nattendances", "(" * 150 + "1" + ")" * 49),
        *("breaches ** 2", "breaches // 2", "breaches % 2", "breaches @ 2", "~breaches", "+breaches", "not breaches"),
        *("breaches < 1", "breaches and 1", "1 if breaches else 2", "True", "None", "...", "1j", "b'x'", "1e400"),
        *("abs(breaches)", "__import__('os')", "breaches.real", "(lambda: 1)()", "[1][0]", "(1, 2)", "{1}"),
        *("f'{breaches}'", "(x := 1)", "*breaches", "[x for x in (1,)]", "breaches\x00"),
    ],
)
def test_nothing_but_arithmetic_is_a_formula(written: str) -> None:
    with pytest.raises(Refusal, match="is neither a column nor a formula of columns") as refused:
        arithmetic.parse(written, ROW)
    assert refused.value.code is Code.INVALID


def test_an_unknown_column_comes_with_the_one_that_was_meant() -> None:
    with pytest.raises(Refusal) as refused:
        arithmetic.parse("1 - breeches / attendances", ROW)
    assert refused.value.code is Code.UNKNOWN_FIELD
    assert refused.value.message == 'There is no column "breeches". Did you mean "breaches"?'


def test_a_long_formula_is_refused_before_it_is_read() -> None:
    with pytest.raises(Refusal, match="at most 200 characters; this has 1,001"):
        arithmetic.parse("1" + "+1" * 500, ROW)


@pytest.mark.parametrize(
    ("written", "divisor"), [("1 / none", "none"), ("1 / (breaches - 2)", "breaches - 2"), ("none / none", "none")]
)
def test_a_division_by_zero_names_what_was_zero(written: str, divisor: str) -> None:
    formula, _ = arithmetic.parse(written, ROW)
    with pytest.raises(Refusal) as refused:
        formula(ROW)
    assert refused.value.message == f"{divisor} is 0, and nothing can be divided by it"
