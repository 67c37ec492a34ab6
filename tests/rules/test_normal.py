"""Tests of the normal form and of what is too much for the engine."""

import pytest

from okr.errors import Code, Refusal
from rules import condition, normal
from rules.condition import AllOf, AnyOf, Clause
from rules.fields import Operator
from tests.rules.builders import bound, is_


def value(op: str, against: object = None) -> dict[str, object]:
    return is_("value", op, against)


@pytest.mark.parametrize(
    ("raw", "normalised"),
    [
        pytest.param({"not": value("lt", 1)}, value("gte", 1), id="not less is at least"),
        pytest.param({"not": value("lte", 1)}, value("gt", 1), id="not at most is more"),
        pytest.param({"not": value("eq", 1)}, value("ne", 1), id="not equal"),
        pytest.param({"not": value("known")}, value("unknown"), id="not known is unknown"),
        pytest.param({"not": {"not": value("lt", 1)}}, value("lt", 1), id="not not"),
        pytest.param(
            {"not": {"all": [value("lt", 1), {"any": [value("gt", 5), value("known")]}]}},
            {"any": [value("gte", 1), {"all": [value("lte", 5), value("unknown")]}]},
            id="all and any change places",
        ),
        pytest.param(value("between", [1, 2]), {"all": [value("gte", 1), value("lte", 2)]}, id="between"),
        pytest.param({"not": value("between", [1, 2])}, {"any": [value("lt", 1), value("gt", 2)]}, id="outside"),
        pytest.param(is_("k", "in", ["red", "9"]), {"any": [is_("k", "eq", "red"), is_("k", "eq", "9")]}, id="in"),
        pytest.param(
            {"not": is_("k", "in", ["red", "9"])}, {"all": [is_("k", "ne", "red"), is_("k", "ne", "9")]}, id="not in"
        ),
        pytest.param(
            {"all": [{"all": [value("lt", 1), value("lt", 2)]}, {"any": [value("lt", 1)]}]},
            {"all": [value("lt", 1), value("lt", 2)]},
            id="groups of one and groups of the same sort dissolve",
        ),
    ],
)
def test_a_condition_comes_down_to_plain_comparisons(raw: object, normalised: object) -> None:
    assert condition.dump(normal.normalise(bound(raw))) == normalised


def test_a_condition_is_the_ways_in_which_it_can_hold() -> None:
    raw = {"all": [value("lt", 1), {"any": [value("gt", 5), is_("open", "eq", True)]}, value("lt", 1)]}
    less = Clause(field="value", op=Operator.LT, value=1)

    assert normal.alternatives(bound(raw)) == (
        (less, Clause(field="value", op=Operator.GT, value=5)),
        (less, Clause(field="open", op=Operator.EQ, value=True)),
    )


def pairs(count: int) -> object:
    """Return so many groups of two, all of which must hold: 2 ** count alternatives."""
    return {"all": [{"any": [value("lt", at), is_("target", "gt", at)]} for at in range(count)]}


@pytest.mark.parametrize(
    ("raw", "most"),
    [
        pytest.param(pairs(5), "24 alternatives", id="32 alternatives"),
        pytest.param(pairs(11), "24 alternatives", id="2,048 alternatives"),
        pytest.param({"any": [value("lt", at) for at in range(25)]}, "24 alternatives", id="25 branches"),
        pytest.param(is_("tên", "in", [f"{at}" for at in range(25)]), "24 alternatives", id="in 25"),
        pytest.param(
            {"all": [is_("tên", "in", [f"{at}" for at in range(200)])] * 3}, "24 alternatives", id="in 200, three times"
        ),
        pytest.param(
            {"all": [{"not": is_("tên", "in", [f"{at}{more}" for at in range(200)])} for more in "ab"]},
            "200 comparisons",
            id="not in 400",
        ),
        pytest.param(
            {"all": [value("lt", {"field": "target", "times": at}) for at in range(2, 102)]},
            "100 fields",
            id="products",
        ),
    ],
)
def test_more_than_the_engine_takes_is_refused_when_it_is_bound(raw: object, most: str) -> None:
    with pytest.raises(Refusal) as refused:
        bound(raw)

    assert refused.value.code is Code.TOO_COMPLEX
    assert most in refused.value.message


def test_24_alternatives_are_not_too_many() -> None:
    assert len(normal.alternatives(bound(is_("tên", "in", [f"{at}" for at in range(24)])))) == 24


def test_a_negation_keeps_the_meaning_of_a_tree_built_by_hand() -> None:
    clause = Clause(field="value", op=Operator.LT, value=1)
    tree = condition.Negation(part=AnyOf(parts=(clause, condition.Negation(part=clause))))

    assert normal.normalise(tree) == AllOf(parts=(Clause(field="value", op=Operator.GTE, value=1), clause))


@pytest.mark.parametrize(
    ("raw", "opposite"),
    [
        pytest.param(value("lt", 1), value("gte", 1), id="less"),
        pytest.param(value("ne", {"field": "target"}), value("eq", {"field": "target"}), id="unlike a field"),
        pytest.param(value("unknown"), value("known"), id="unknown"),
    ],
)
def test_every_plain_comparison_has_its_opposite(raw: object, opposite: object) -> None:
    clause = bound(raw)

    assert isinstance(clause, Clause)
    assert condition.dump(normal.opposite(clause)) == opposite
    assert normal.opposite(normal.opposite(clause)) == clause
