"""A stored explanation is read back as lines, as one sentence, and as what would end the match."""

from datetime import date
from decimal import Decimal

import pytest

from rules import outline
from rules.binding import bind
from rules.condition import parse
from rules.explain import explain
from rules.fields import clean
from rules.outline import Line
from rules.schema import KINDS

RED = {"field": "band", "op": "in", "value": ["red", "amber"]}
BREACHED = {"field": "breached", "op": "eq", "value": True}
LONG = {"field": "periods_breached", "op": "gte", "value": 2}
LOW = {"field": "value", "op": "lt", "value": 98.5}
HIGH = {"field": "value", "op": "gte", "value": 98.5}
IDLE = {"field": "has_active_objective", "op": "eq", "value": False}
BUSY = {"field": "has_active_objective", "op": "eq", "value": True}
RECOVERY = {"recovers_at": Decimal("98.50"), "direction": "higher"}
SEEN = {"band": "red", "breached": True, "periods_breached": 3, "attainment": 0.52}


def traced(raw: object, **values: object) -> dict[str, object]:
    """The trace of a condition on a KPI, as it is stored."""
    condition = bind(parse(raw), KINDS["kpi"], {})
    return explain(condition, clean(KINDS["kpi"], {**SEEN, **values})).dump()


def test_every_step_of_the_tree_is_a_line_one_deeper_than_its_group() -> None:
    found = outline.lines("kpi", traced({"all": [BREACHED, {"any": [LONG, {"not": RED}]}]}), "en")
    assert found == (
        Line(depth=0, outcome="match", text="all of"),
        Line(depth=1, outcome="match", text="In breach = yes", field="breached", seen="yes", against="yes"),
        Line(depth=1, outcome="match", text="any of"),
        Line(depth=2, outcome="match", text="Periods in breach 3 ≥ 2", field="periods_breached", seen="3", against="2"),
        Line(depth=2, outcome="clear", text="not"),
        Line(
            depth=3,
            outcome="match",
            text="Band red ∈ [red, amber]",
            field="band",
            seen="red",
            against="[red, amber]",
        ),
    )


@pytest.mark.parametrize(
    ("raw", "values", "language", "said"),
    [
        pytest.param(
            {"all": [BREACHED, LONG]}, {}, "en", "In breach = yes ✓ · Periods in breach 3 ≥ 2 ✓", id="both hold"
        ),
        pytest.param(LONG, {"periods_breached": 1}, "en", "Periods in breach 1 ≥ 2 ✗", id="it does not hold"),
        pytest.param(LONG, {"periods_breached": None}, "en", "Periods in breach ? ≥ 2 ?", id="nothing was seen"),
        pytest.param(
            {"field": "attainment", "op": "lt", "value": 0.7}, {}, "en", "Attainment 52 % < 70 % ✓", id="a share"
        ),
        pytest.param({"field": "value", "op": "unknown"}, {}, "en", "Value is not known ✓", id="presence"),
        pytest.param(BREACHED, {}, "vi", "Đang vi phạm = có ✓", id="Vietnamese"),
        pytest.param(LOW, {"value": 98.2}, "en", "Value 98.2 % < 98.5 % ✓", id="in the KPI's own measure"),
        pytest.param(LOW, {"value": 98.2}, "vi", "Giá trị 98,2 % < 98,5 % ✓", id="in Vietnamese too"),
        pytest.param(
            {"field": "latest_period", "op": "lt", "value": "2026-07-01"},
            {"latest_period": date(2026, 5, 1)},
            "en",
            "Latest period May 1, 2026 < Jul 1, 2026 ✓",
            id="days are dates",
        ),
    ],
)
def test_the_sentence_names_each_comparison_with_the_value_seen(
    raw: object, values: dict[str, object], language: str, said: str
) -> None:
    assert outline.sentence("kpi", traced(raw, **values), language, "%") == said


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        pytest.param(LONG, "Periods in breach < 2", id="a comparison turns round"),
        pytest.param(LOW, "Value ≥ 98.5 %", id="in the KPI's own measure"),
        pytest.param(BREACHED, "In breach = no", id="yes becomes no"),
        pytest.param(RED, "Band ∉ [red, amber]", id="in becomes not in"),
        pytest.param({"all": [BREACHED, LONG]}, "In breach = no or Periods in breach < 2", id="one of all is enough"),
        pytest.param({"any": [BREACHED, LONG]}, "In breach = no and Periods in breach < 2", id="every one of any"),
        pytest.param(
            {"any": [BREACHED, {"field": "periods_breached", "op": "gt", "value": 9}]},
            "In breach = no",
            id="what does not hold need not change",
        ),
        pytest.param({"not": {"field": "band", "op": "eq", "value": "green"}}, "Band = green", id="not"),
        pytest.param({"field": "value", "op": "unknown"}, "Value is known", id="presence"),
        pytest.param(IDLE, "an objective attacks it", id="what has to be done is said in words"),
        pytest.param({"not": BUSY}, "an objective attacks it", id="and under a negation"),
        pytest.param(BUSY, "An objective attacks it = no", id="what has to stop is not"),
        pytest.param(
            {"all": [{"field": "period", "op": "eq", "value": "month"}, LONG]},
            "Periods in breach < 2",
            id="nobody changes what a KPI is",
        ),
        pytest.param(
            {"field": "period", "op": "eq", "value": "month"}, "Period ≠ month", id="unless there is no other way"
        ),
    ],
)
def test_it_says_what_would_end_the_match(raw: object, said: str) -> None:
    values = {"value": 98.2, "has_active_objective": raw is BUSY, "period": "month"}
    assert outline.clears_when("kpi", traced(raw, **values), "en", "%") == said


@pytest.mark.parametrize(
    ("raw", "fact", "when", "at"),
    [
        pytest.param(LOW, {}, "Value ≥ 98.5 %", "≥ 98.5 %", id="a comparison"),
        pytest.param({"not": HIGH}, {}, "Value ≥ 98.5 %", "≥ 98.5 %", id="a negated one"),
        pytest.param(
            {"field": "value", "op": "lt", "value": {"field": "target", "times": 0.995}},
            {},
            "Value ≥ 98.505 %",
            "≥ 98.505 %",
            id="a share of another field",
        ),
        pytest.param(LONG, {}, "Periods in breach < 2", "< 2 periods", id="a count"),
        pytest.param(BREACHED, RECOVERY, "In breach = no (Value ≥ 98.5 %)", "≥ 98.5 %", id="a breach"),
        pytest.param(
            BREACHED,
            {**RECOVERY, "direction": "lower"},
            "In breach = no (Value ≤ 98.5 %)",
            "≤ 98.5 %",
            id="a breach where lower is better",
        ),
        pytest.param(
            {"field": "below_baseline", "op": "eq", "value": True},
            {"baseline": 98, "direction": "higher"},
            "Worse than the baseline = no (Value ≥ 98 %)",
            "≥ 98 %",
            id="a slip below the baseline",
        ),
        pytest.param(
            {"all": [BREACHED, LONG, IDLE]},
            RECOVERY,
            "In breach = no (Value ≥ 98.5 %) or Periods in breach < 2 or an objective attacks it",
            "≥ 98.5 %",
            id="the KPI's own number before a count",
        ),
        pytest.param(
            {"all": [BREACHED, LONG]},
            {},
            "In breach = no or Periods in breach < 2",
            None,
            id="nobody knows where the breach ends",
        ),
        pytest.param(
            {"any": [LOW, LONG]}, {}, "Value ≥ 98.5 % and Periods in breach < 2", None, id="it takes more than one"
        ),
        pytest.param(
            {"all": [LOW, {"field": "attainment", "op": "lt", "value": 0.7}]},
            {},
            "Value ≥ 98.5 % or Attainment ≥ 70 %",
            None,
            id="one of several",
        ),
        pytest.param(RED, {}, "Band ∉ [red, amber]", None, id="no number at all"),
    ],
)
def test_it_names_the_number_on_which_the_end_hangs(
    raw: object, fact: dict[str, object], when: str, at: str | None
) -> None:
    trace = traced(raw, value=98.2, target=99, below_baseline=True, has_active_objective=False)
    assert outline.clears_when("kpi", trace, "en", "%", fact) == when
    assert outline.clears_at("kpi", trace, "en", "%", fact) == at


def test_what_would_end_the_match_is_said_in_vietnamese() -> None:
    trace = traced({"all": [BREACHED, IDLE]}, has_active_objective=False)
    said = "Đang vi phạm = không (Giá trị ≥ 98,5 %) hoặc có mục tiêu xử lý nó"
    assert outline.clears_when("kpi", trace, "vi", "%", RECOVERY) == said
    assert outline.clears_at("kpi", trace, "vi", "%", RECOVERY) == "≥ 98,5 %"


def test_a_field_that_the_schema_has_lost_is_named_as_it_was() -> None:
    trace = {"outcome": "match", "field": "mood", "op": "eq", "value": "low", "seen": "low", "against": "low"}
    assert outline.sentence("kpi", trace, "en") == "mood = low ✓"
    assert outline.clears_when("kpi", trace, "en") == "mood ≠ low"


def test_the_condition_of_a_policy_is_said_without_values() -> None:
    condition = bind(parse({"all": [LOW, BREACHED]}), KINDS["kpi"], {})
    assert outline.formula(KINDS["kpi"], condition, "en", "%") == "Value is below 98.5 %, and it is in breach"
