"""Tests of the reference evaluator: its logic where things are not known, and the trace that it leaves."""

import pytest

from rules.explain import Outcome, Trace, explain, outcome
from tests.rules.builders import bound, clean, is_

MATCH, CLEAR, UNKNOWN = Outcome.MATCH, Outcome.CLEAR, Outcome.UNKNOWN

YES = is_("value", "lt", 5)
NO = is_("value", "gt", 5)
DONT_KNOW = is_("target", "lt", 5)


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        pytest.param(YES, MATCH, id="less"),
        pytest.param(NO, CLEAR, id="not more"),
        pytest.param(DONT_KNOW, UNKNOWN, id="a comparison with an unknown value"),
        pytest.param({"not": DONT_KNOW}, UNKNOWN, id="is true neither way"),
        pytest.param({"not": {"not": DONT_KNOW}}, UNKNOWN, id="nor twice negated"),
        pytest.param({"all": [YES, DONT_KNOW]}, UNKNOWN, id="yes and unknown"),
        pytest.param({"all": [NO, DONT_KNOW]}, CLEAR, id="no and unknown"),
        pytest.param({"any": [YES, DONT_KNOW]}, MATCH, id="yes or unknown"),
        pytest.param({"any": [NO, DONT_KNOW]}, UNKNOWN, id="no or unknown"),
        pytest.param({"not": {"all": [NO, DONT_KNOW]}}, MATCH, id="not both"),
        pytest.param({"not": {"any": [NO, DONT_KNOW]}}, UNKNOWN, id="neither, perhaps"),
        pytest.param(is_("target", "unknown"), MATCH, id="unknown is known to be unknown"),
        pytest.param(is_("target", "known"), CLEAR, id="and not known"),
        pytest.param({"not": is_("target", "known")}, MATCH, id="not known"),
        pytest.param({"all": [is_("target", "known"), DONT_KNOW]}, CLEAR, id="asking first makes it certain"),
        pytest.param(is_("value", "between", [4, 6]), MATCH, id="between"),
        pytest.param(is_("value", "between", [4.5, 4.5]), MATCH, id="between includes its ends"),
        pytest.param({"not": is_("value", "between", [4, 6])}, CLEAR, id="not between"),
        pytest.param(is_("target", "between", [4, 6]), UNKNOWN, id="unknown between"),
        pytest.param(is_("k", "in", ["red", "amber"]), MATCH, id="in"),
        pytest.param({"not": is_("k", "in", ["green"])}, MATCH, id="not in"),
        pytest.param({"not": is_("tên", "in", ["x"])}, UNKNOWN, id="unknown not in"),
        pytest.param(is_("k", "ne", "green"), MATCH, id="another choice"),
        pytest.param(is_("tên", "ne", "x"), UNKNOWN, id="unknown is not another"),
        pytest.param(is_("value", "lt", {"field": "target"}), UNKNOWN, id="less than an unknown field"),
        pytest.param(is_("target", "lt", {"field": "value"}), UNKNOWN, id="an unknown field less than"),
        pytest.param(is_("value", "eq", {"field": "value", "times": 1.0}), MATCH, id="once itself"),
        pytest.param(is_("liquid", "lt", {"field": "costarring", "times": 0.07}), CLEAR, id="7 is not less than 7 %"),
        pytest.param(is_("liquid", "eq", {"field": "costarring", "times": 0.07}), MATCH, id="7 is 7 % of 100"),
        pytest.param(is_("liquid", "lt", {"field": "f0", "times": 10**14}), UNKNOWN, id="a product too large"),
        pytest.param(is_("open", "eq", False), MATCH, id="false is known"),
        pytest.param(is_("due", "gt", "2025-12-31"), MATCH, id="days"),
    ],
)
def test_logic_is_three_valued(raw: object, expected: Outcome) -> None:
    fact = clean(value=4.5, k="red", open=False, due="2026-01-01", liquid=7, costarring=100, f0=20)

    assert outcome(bound(raw), fact) is explain(bound(raw), fact).outcome is expected


def test_an_empty_fact_is_unknown_and_not_clear() -> None:
    when = bound({"all": [YES, {"not": is_("open", "eq", True)}]})

    assert outcome(when, {}) is UNKNOWN


def test_a_trace_is_the_tree_with_what_was_seen() -> None:
    when = bound({"all": [{"not": is_("value", "gte", {"field": "target", "times": 0.9})}, is_("k", "in", ["red"])]})

    trace = explain(when, clean(value=80, target=100))

    clause = trace.parts[0].parts[0]
    assert clause == Trace(condition=clause.condition, outcome=CLEAR, seen=80, against=90)
    assert trace.dump() == {
        "outcome": "unknown",
        "all": [
            {
                "outcome": "match",
                "not": {
                    "outcome": "clear",
                    "field": "value",
                    "op": "gte",
                    "value": {"field": "target", "times": 0.9},
                    "seen": 80,
                    "against": 90,
                },
            },
            {"outcome": "unknown", "field": "k", "op": "in", "value": ["red"], "seen": None, "against": ["red"]},
        ],
    }


def test_a_trace_shows_every_branch_even_where_one_decides() -> None:
    trace = explain(bound({"any": [YES, NO]}), clean(value=1))

    assert [part.outcome for part in trace.parts] == [MATCH, CLEAR]
