"""Findings and numbers as people read them."""

from decimal import Decimal

import pytest

from okr.target import Band
from okr.text import TITLE_LIMIT, Text
from rules import condition, explain, wording
from rules.explain import Trace
from rules.facts import Fact
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
    ("value", "said"),
    [
        ("0", "0"),
        ("1E+6", "1000000"),
        ("0.33333333333", "0.3333"),
        ("0.00001", "0.00001"),
        ("-2.50", "-2.5"),
        ("999999999999999", "999999999999999"),
    ],
)
def test_numbers_are_plain(value: str, said: str) -> None:
    assert wording.number(Decimal(value), "en") == said


def test_lists_and_strange_choices_are_said_as_they_are() -> None:
    band = KINDS["kpi"].field("band")

    assert wording.valued(band, ["red", "purple"], "", "vi") == "đỏ, purple"
