"""Tests of the gate between a written condition and one that may be evaluated."""

import math
from decimal import Decimal

import pytest

from okr.errors import Code, Refusal
from rules import binding
from rules.condition import AllOf, AnyOf, Clause, Condition, FieldRef, Negation, Param
from rules.explain import outcome
from rules.fields import Operator
from tests.rules.builders import KIND, bound, is_


def test_parameters_go_in_and_literals_become_canonical() -> None:
    raw = {
        "all": [
            is_("value", "lt", {"param": "threshold"}),
            is_("value", "lt", {"field": "target", "times": {"param": "threshold"}}),
            is_("due", "between", ["2026-01-01", {"param": "last"}]),
            is_("k", "in", {"param": "bands"}),
            is_("te\u0302n", "eq", "te\u0302n"),
            is_("target", "gt", 0.1 + 0.2),
            {"not": is_("open", "eq", False)},
        ]
    }

    assert bound(raw, threshold=Decimal("0.70"), last="2026-03-31", bands=["red", "amber", "red"]) == AllOf(
        parts=(
            Clause(field="value", op=Operator.LT, value=0.7),
            Clause(field="value", op=Operator.LT, value=FieldRef(field="target", times=0.7)),
            Clause(field="due", op=Operator.BETWEEN, value=(20_454, 20_543)),
            Clause(field="k", op=Operator.IN, value=("red", "amber")),
            Clause(field="tên", op=Operator.EQ, value="tên"),
            Clause(field="target", op=Operator.GT, value=0.3),
            Negation(part=Clause(field="open", op=Operator.EQ, value=False)),
        )
    )


@pytest.mark.parametrize(
    ("raw", "code", "path", "said"),
    [
        pytest.param(
            {"all": [is_("vaule", "known")]},
            Code.UNKNOWN_FIELD,
            ("all", "0", "field"),
            'Did you mean "value"?',
            id="an unknown field",
        ),
        pytest.param(
            is_("value", "lt", {"field": "tarqet"}),
            Code.UNKNOWN_FIELD,
            ("value", "field"),
            'Did you mean "target"?',
            id="an unknown field on the right",
        ),
        pytest.param(
            is_("value", "lt", {"param": "treshold"}),
            Code.INVALID,
            ("value", "param"),
            'Did you mean "threshold"?',
            id="an unknown parameter",
        ),
        pytest.param(
            {"not": is_("open", "ne", True)},
            Code.WRONG_TYPE,
            ("not", "op"),
            "use one of eq, known, unknown",
            id="an operator that the type lacks",
        ),
        pytest.param(is_("note", "eq", "x"), Code.WRONG_TYPE, ("op",), "known, unknown", id="a text is not compared"),
        pytest.param(is_("value", "lt", "9"), Code.WRONG_TYPE, ("value",), "is a number", id="a text for a number"),
        pytest.param(is_("value", "eq", True), Code.WRONG_TYPE, ("value",), "is a number", id="true for a number"),
        pytest.param(is_("open", "eq", 1), Code.WRONG_TYPE, ("value",), "true or false", id="1 for true"),
        pytest.param(is_("tên", "eq", 9), Code.WRONG_TYPE, ("value",), "is a key", id="a number for a key"),
        pytest.param(is_("due", "lt", "soon"), Code.WRONG_TYPE, ("value",), "is a day", id="no day"),
        pytest.param(is_("due", "lt", 20_454), Code.WRONG_TYPE, ("value",), '"2026-07-01"', id="a number for a day"),
        pytest.param(is_("due", "lt", True), Code.WRONG_TYPE, ("value",), "is a day", id="true for a day"),
        pytest.param(
            is_("due", "between", ["2026-01-01", 20_543]), Code.WRONG_TYPE, ("value", "1"), "is a day", id="half a day"
        ),
        pytest.param(
            is_("due", "lt", {"field": "value"}),
            Code.WRONG_TYPE,
            ("value", "field"),
            "like with like",
            id="day, number",
        ),
        pytest.param(is_("tên", "eq", "\ud800"), Code.WRONG_TYPE, ("value",), "is a key", id="half a surrogate pair"),
        pytest.param(is_("value", "lt", math.nan), Code.NOT_FINITE, ("value",), "finite", id="not a number"),
        pytest.param(is_("value", "lt", 2**70), Code.NOT_FINITE, ("value",), "below 1e15", id="too large"),
        pytest.param(is_("value", "lt", 10**5000), Code.NOT_FINITE, ("value",), "below 1e15", id="far too large"),
        pytest.param(is_("tên", "eq", "x" * 501), Code.TOO_LONG, ("value",), "500 characters", id="too long"),
        pytest.param(is_("k", "eq", "rde"), Code.INVALID, ("value",), 'Did you mean "red"?', id="no such choice"),
        pytest.param(is_("value", "lt"), Code.INVALID, ("value",), "missing", id="no value"),
        pytest.param(is_("value", "known", 3), Code.INVALID, ("value",), "takes no value", id="a value too many"),
        pytest.param(is_("value", "lt", [1, 2]), Code.WRONG_TYPE, ("value",), "is a number", id="a list for one"),
        pytest.param(is_("value", "between", 1), Code.INVALID, ("value",), "list of 2", id="one end"),
        pytest.param(is_("value", "between", [1, 2, 3]), Code.INVALID, ("value",), "list of 2", id="three ends"),
        pytest.param(is_("value", "between", [2, 1]), Code.INVALID, ("value",), "lower end", id="swapped ends"),
        pytest.param(is_("k", "in", []), Code.INVALID, ("value",), "list of some", id="in nothing"),
        pytest.param(is_("k", "in", ["red", 1]), Code.WRONG_TYPE, ("value", "1"), "a choice", id="a mixed list"),
        pytest.param(
            is_("value", "lt", {"field": "due"}), Code.WRONG_TYPE, ("value", "field"), "like with like", id="unlike"
        ),
        pytest.param(
            is_("due", "lt", {"field": "started", "times": 2}),
            Code.WRONG_TYPE,
            ("value", "times"),
            "Only a number",
            id="twice a day",
        ),
        pytest.param(
            is_("value", "lt", {"field": "target", "times": {"param": "name"}}),
            Code.WRONG_TYPE,
            ("value", "times"),
            "Only a number",
            id="times a text",
        ),
    ],
)
def test_what_cannot_be_evaluated_is_refused_where_it_is(
    raw: object, code: Code, path: tuple[str, ...], said: str
) -> None:
    with pytest.raises(Refusal) as refused:
        bound(raw, threshold=1, name="x")

    assert (refused.value.code, refused.value.field) == (code, path), refused.value.message
    assert said in refused.value.message


VALUE = Clause(field="value", op=Operator.KNOWN)


def deep(levels: int) -> Condition:
    """Return a tree that no parser has limited."""
    tree: Condition = VALUE
    for _ in range(levels):
        tree = Negation(part=tree)
    return tree


@pytest.mark.parametrize(
    "tree",
    [
        pytest.param(deep(100_000), id="100,000 levels"),
        pytest.param(AnyOf(parts=(VALUE,) * 10_000), id="10,000 clauses"),
        pytest.param(AllOf(parts=(AnyOf(parts=(VALUE,)),) * 12), id="13 groups"),
    ],
)
def test_a_tree_that_was_never_written_keeps_to_the_same_limits(tree: Condition) -> None:
    with pytest.raises(Refusal) as refused:
        binding.bind(tree, KIND, {})

    assert refused.value.code is Code.TOO_COMPLEX


def test_an_empty_group_that_was_never_written_is_refused() -> None:
    with pytest.raises(Refusal, match="at least one condition"):
        binding.bind(AllOf(parts=()), KIND, {})


def test_a_parameter_with_a_list_fills_both_ends() -> None:
    assert bound(is_("value", "between", {"param": "band"}), band=(1, 2)) == Clause(
        field="value", op=Operator.BETWEEN, value=(1, 2)
    )


def test_an_unbound_parameter_is_a_mistake_and_no_match() -> None:
    with pytest.raises(TypeError, match="bound before"):
        outcome(Clause(field="value", op=Operator.EQ, value=Param(name="x")), {"value": 1})
