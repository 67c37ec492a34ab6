"""Tests of the typed fields and of the canonical form."""

import math
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import IntEnum, StrEnum

import pytest
from hypothesis import given
from hypothesis import strategies as st

from okr.errors import Code, Refusal
from rules import fields
from rules.fields import FactKind, Field, FieldType, Operator
from tests.rules.builders import KIND


class Band(StrEnum):
    RED = "red"


class Level(IntEnum):
    TOP = 3


@pytest.mark.parametrize(
    ("given", "canonical"),
    [
        pytest.param(3, 3, id="an int"),
        pytest.param(3.0, 3, id="a whole float becomes an int"),
        pytest.param(-0.0, 0, id="minus zero is zero"),
        pytest.param(0.1 + 0.2, 0.3, id="six decimals take the rounding error away"),
        pytest.param(1e-7, 0, id="less than a millionth is nothing"),
        pytest.param(0.0000015, 0.000002, id="the seventh decimal rounds"),
        pytest.param(Decimal("0.70"), 0.7, id="a decimal"),
        pytest.param(Level.TOP, 3, id="an enumeration's int"),
        pytest.param(999_999_999_999_999, 999_999_999_999_999, id="the largest"),
        pytest.param(10**15, None, id="too large"),
        pytest.param(-(2**70), None, id="beyond 64 bits"),
        pytest.param(10**400, None, id="beyond any float"),
        pytest.param(1e21, None, id="a float too large"),
        pytest.param(999_999_999_999_999.99, None, id="rounds to too large"),
        pytest.param(math.nan, None, id="not a number"),
        pytest.param(math.inf, None, id="infinite"),
        pytest.param(Decimal("sNaN"), None, id="a signalling decimal"),
        pytest.param(Decimal("1e400"), None, id="a decimal beyond any float"),
        pytest.param(True, None, id="a boolean is no number"),
        pytest.param("9", None, id="a text is no number"),
        pytest.param(None, None, id="nothing"),
    ],
)
def test_a_number_has_one_form(given: object, canonical: float | None) -> None:
    result = fields.number(given)

    assert (result, type(result)) == (canonical, type(canonical))


@pytest.mark.parametrize(
    ("given", "canonical"),
    [
        pytest.param(date(1970, 1, 2), 1, id="a date"),
        pytest.param("2026-01-01", 20_454, id="a written date"),
        pytest.param(20_454, 20_454, id="a day number"),
        pytest.param("0001-01-01", -719_162, id="the first day"),
        pytest.param(2_932_897, None, id="after the last day"),
        pytest.param("20260101", None, id="another spelling"),
        pytest.param("2026-01-01 10:00", None, id="an instant in words"),
        pytest.param("2026-02-30", None, id="no such day"),
        pytest.param(datetime(2026, 1, 1, tzinfo=UTC), None, id="an instant is no day"),
        pytest.param(True, None, id="a boolean"),
        pytest.param(20_454.0, None, id="a float"),
    ],
)
def test_a_day_has_one_form(given: object, canonical: int | None) -> None:
    assert fields.day(given) == canonical


@pytest.mark.parametrize(
    ("given", "canonical"),
    [
        pytest.param("tên", "tên", id="decomposed Vietnamese is composed"),
        pytest.param("x" * 70_000, "x" * 500, id="long text is cut"),
        pytest.param("e\u0301" * 2_000, "é" * 500, id="cut after composing"),
        pytest.param("\x00", "\x00", id="NUL is a character"),
        pytest.param("\ud800", None, id="half a surrogate pair"),
        pytest.param("😀", "😀", id="a whole one"),
        pytest.param(b"red", None, id="bytes"),
        pytest.param(9, None, id="a number is no text"),
    ],
)
def test_a_text_has_one_form(given: object, canonical: str | None) -> None:
    assert fields.text(given) == canonical


def test_an_enumeration_becomes_its_plain_text() -> None:
    assert type(fields.text(Band.RED)) is str


def test_a_fact_keeps_what_its_kind_declares_and_knows() -> None:
    said = {"value": 0.5, "target": None, "open": 1, "due": "2026-01-01", "k": "red", "note": "", "elsewhere": 3}

    assert fields.clean(KIND, said) == {"value": 0.5, "k": "red", "due": 20_454, "note": ""}


anything = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.decimals(),
    st.dates(),
    st.text(st.characters(exclude_categories=())),
    st.binary(),
)


@given(type_=st.sampled_from(FieldType), value=anything)
def test_making_canonical_twice_changes_nothing(type_: FieldType, value: object) -> None:
    once = fields.canonical_value(type_, value)
    twice = fields.canonical_value(type_, once)

    assert (once, type(once)) == (twice, type(twice))


def test_an_unknown_field_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(Refusal) as refused:
        KIND.field("valeu")

    assert refused.value.code is Code.UNKNOWN_FIELD
    assert refused.value.message == '"valeu" is not a field of a KPI. Did you mean "value"?'


def test_a_field_is_found_by_its_decomposed_name() -> None:
    assert KIND.field("te\u0302n").name == "tên"


@pytest.mark.parametrize("names", [("a", "a"), ("te\u0302n",)], ids=["twice", "decomposed"])
def test_a_kind_does_not_declare_ambiguous_names(names: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match=r"declared twice|composed form"):
        FactKind(name="x", label="x", fields=tuple(Field(name=name, label=name, type=FieldType.TEXT) for name in names))


def test_each_type_has_the_operators_that_make_sense_for_it() -> None:
    ordered = "lt lte gt gte eq ne between known unknown"
    identity = "eq ne in known unknown"

    assert {type_: " ".join(fields.OPERATORS[type_]) for type_ in FieldType} == {
        FieldType.NUMBER: ordered,
        FieldType.DAY: ordered,
        FieldType.BOOLEAN: "eq known unknown",
        FieldType.CHOICE: identity,
        FieldType.REFERENCE: identity,
        FieldType.TEXT: "known unknown",
    }
    assert KIND.field("open").operators == (Operator.EQ, Operator.KNOWN, Operator.UNKNOWN)
