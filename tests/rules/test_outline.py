"""A stored explanation is read back as lines, as one sentence, and as what would end the match."""

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
    ],
)
def test_the_sentence_names_each_comparison_with_the_value_seen(
    raw: object, values: dict[str, object], language: str, said: str
) -> None:
    assert outline.sentence("kpi", traced(raw, **values), language) == said


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        pytest.param(LONG, "Periods in breach < 2", id="a comparison turns round"),
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
    ],
)
def test_it_says_what_would_end_the_match(raw: object, said: str) -> None:
    assert outline.clears_when("kpi", traced(raw), "en") == said


def test_a_field_that_the_schema_has_lost_is_named_as_it_was() -> None:
    trace = {"outcome": "match", "field": "mood", "op": "eq", "value": "low", "seen": "low", "against": "low"}
    assert outline.sentence("kpi", trace, "en") == "mood = low ✓"
    assert outline.clears_when("kpi", trace, "en") == "mood ≠ low"
