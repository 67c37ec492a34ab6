"""Findings and numbers as people read them."""

from datetime import date
from decimal import Decimal

import pytest
from babel.numbers import parse_decimal
from hypothesis import given, strategies

from okr.target import Band
from okr.text import TITLE_LIMIT, Text
from rules import condition, explain, wording
from rules.explain import Trace
from rules.facts import Fact
from rules.fields import Field, FieldType
from rules.schema import KINDS

NAME = Text(original="Uptime", vi="Thời gian hoạt động")
VALUES: dict[str, object] = {
    "value": Decimal("98.20"),
    "attainment": Decimal("0.5249"),
    "band": Band.RED,
    "breached": True,
    "has_reporter": False,
    "movers": 3,
}
FACT = Fact(kind="kpi", subject="kpi_1", unit="unit_1", cycle=None, episode=None, name=NAME, values=VALUES, measure="%")


def trace(*clauses: tuple[str, str, object]) -> Trace:
    raw = {"any": [{"field": field, "op": op, "value": value} for field, op, value in clauses]}
    return explain.explain(condition.parse(raw), {"movers": 3})


@pytest.mark.parametrize(
    ("pattern", "english", "vietnamese"),
    [
        ("{{name}}", "Uptime", "Thời gian hoạt động"),
        ("{{value}}", "98.2 %", "98,2 %"),
        ("{{ attainment }}", "52.5 %", "52,5 %"),
        ("{{band}}", "red", "đỏ"),
        ("{{breached}}, {{has_reporter}}", "yes, no", "có, không"),
        ("{{target}}", "–", "–"),
        ("{{periods}} of {{word}}", "2.5 of mouth", "2,5 of mouth"),
        ("{{nothing}}", "–", "–"),
        ("{{movers}} > {{against.movers}}", "3 > 2", "3 > 2"),
        ("{{against.value}}", "–", "–"),
        ("{{not a placeholder}}", "{{not a placeholder}}", "{{not a placeholder}}"),
    ],
)
def test_placeholders_are_filled_in_both_languages(pattern: str, english: str, vietnamese: str) -> None:
    seen = trace(("movers", "gt", 5), ("movers", "gt", 2), ("movers", "gt", 1))

    said = wording.titled(Text(original=pattern), FACT, seen, {"periods": Decimal("2.50"), "word": "mouth"})

    assert said == Text(original=english, vi=vietnamese)


@pytest.mark.parametrize("negated", [False, True])
def test_a_group_that_does_not_match_has_no_limit_to_name(negated: bool) -> None:
    def limit(reports: bool, most: int) -> dict[str, object]:
        clauses = [
            {"field": "has_reporter", "op": "eq", "value": reports},
            {"field": "movers", "op": "gt", "value": most},
        ]
        return {"all": clauses}

    either: dict[str, object] = {"any": [limit(True, 2), limit(False, 1)]}
    seen = explain.explain(condition.parse({"not": {"not": either}} if negated else either), VALUES)  # type: ignore[arg-type]  # values as facts give them

    said = wording.titled(Text(original="{{movers}} > {{against.movers}}"), FACT, seen, {})

    assert said == Text(original="3 > 1", vi="3 > 1")


def test_a_long_name_is_cut_so_that_the_numbers_stay() -> None:
    fact = Fact(
        kind="kpi", subject="k", unit="u", cycle=None, episode=None, name=Text(original="x" * 200), values={"movers": 3}
    )

    said = wording.titled(Text(original="{{name}} has {{movers}}"), fact, trace(("movers", "gt", 1)), {}).original

    assert said == "x" * 89 + "… has 3"


def test_no_title_is_longer_than_a_title() -> None:
    said = wording.titled(Text(original="{{name}}" * 25), FACT, trace(("movers", "gt", 1)), {})

    assert len(said.vi) == TITLE_LIMIT


@pytest.mark.parametrize(
    ("value", "measure", "english", "vietnamese"),
    [
        ("98.20", "%", "98.2 %", "98,2 %"),
        ("2.53", "s", "2.53 s", "2,53 s"),
        ("1234.5", "", "1,234.5", "1.234,5"),
        ("-2.50", "", "-2.5", "-2,5"),
        ("1200", "EUR", "1,200 EUR", "1.200 EUR"),
        ("1200.5", "EUR", "1,200.50 EUR", "1.200,50 EUR"),
        ("1.2345", "EUR", "1.2345 EUR", "1,2345 EUR"),
        ("1200.5", "VND", "1,200.5 VND", "1.200,5 VND"),
        ("1.5", "FTE", "1.5 FTE", "1,5 FTE"),
        ("3.00001", "EUR", "3 EUR", "3 EUR"),
        ("1E+6", "", "1,000,000", "1.000.000"),
        ("0.33333333333", "", "0.3333", "0,3333"),
        ("0.00005", "", "0.00005", "0,00005"),
        ("-0.00001", "", "-0.00001", "-0,00001"),
        ("-0", "", "0", "0"),
        ("999999999999999.1234", "", "999,999,999,999,999.1234", "999.999.999.999.999,1234"),
    ],
)
def test_numbers_are_said_as_their_readers_write_them(value: str, measure: str, english: str, vietnamese: str) -> None:
    said = [wording.amount(Decimal(value), measure, language) for language in wording.LANGUAGES]

    assert said == [english, vietnamese]


@given(
    value=strategies.decimals(min_value=-(10**15) + 1, max_value=10**15 - 1, places=4),
    language=strategies.sampled_from(wording.LANGUAGES),
)
def test_a_number_with_four_decimals_loses_nothing(value: Decimal, language: str) -> None:
    assert parse_decimal(wording.number(value, language), locale=language, strict=True) == value


@pytest.mark.parametrize(
    ("value", "unit", "english", "vietnamese"),
    [
        ("1", "periods", "1 period", "1 kỳ"),
        ("2", "periods", "2 periods", "2 kỳ"),
        ("1.5", "goals", "1.5 goals", "1,5 mục tiêu"),
        ("1", "people", "1 person", "1 người"),
        ("1", "slots", "1 check-in", "1 lần check-in"),
        ("1200", "days", "1,200 days", "1.200 ngày"),
        ("3", "", "3", "3"),
    ],
)
def test_counts_have_the_word_for_what_is_counted(value: str, unit: str, english: str, vietnamese: str) -> None:
    said = [wording.counted(Decimal(value), unit, language) for language in wording.LANGUAGES]

    assert said == [english, vietnamese]


@pytest.mark.parametrize("seen", [date(2026, 10, 1), 20727], ids=["a date", "the number of a day"])
def test_days_are_dates(seen: object) -> None:
    due = Field(name="due", label="Due", type=FieldType.DAY)

    said = [wording.valued(due, seen, "", language) for language in wording.LANGUAGES]

    assert said == ["Oct 1, 2026", "1 thg 10, 2026"]


def test_alternatives_and_enumerations_are_joined_as_each_language_does() -> None:
    words = ("red", "amber", "stale")

    assert [wording.either(words, language) for language in wording.LANGUAGES] == [
        "red, amber, or stale",
        "red, amber hoặc stale",
    ]
    assert [wording.listed(words[:2], language) for language in wording.LANGUAGES] == ["red and amber", "red và amber"]


def test_lists_and_strange_choices_are_said_as_they_are() -> None:
    band = KINDS["kpi"].field("band")

    assert wording.valued(band, ["red", "purple"], "", "vi") == "đỏ, purple"
