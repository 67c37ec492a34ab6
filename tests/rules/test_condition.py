"""Tests of the written form of conditions: what is read, what is refused, and how fast."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from okr.errors import Code, Refusal
from okr.policy import Policy, PolicyState
from rules import condition
from rules import policy as judged
from rules.condition import AllOf, AnyOf, Clause, FieldRef, Negation, Param
from rules.fields import Operator
from tests.rules.builders import is_

KNOWN = is_("value", "known")


def nested(levels: int, key: str = "not") -> object:
    """Return a clause below so many levels of `key`."""
    raw: object = KNOWN
    for _ in range(levels):
        raw = {key: raw} if key == "not" else {key: [raw]}
    return raw


def test_a_condition_is_read_into_a_tree_and_written_back() -> None:
    raw = {
        "all": [
            {"field": "value", "op": "lt", "value": {"field": "target", "times": {"param": "share"}}},
            {"any": [is_("k", "in", ["red", {"param": "other"}]), is_("due", "between", ["2026-01-01", "2026-02-01"])]},
            {"not": is_("open", "eq", True)},
            {"field": "value", "op": "gte", "value": {"field": "liquid"}},
            KNOWN,
        ]
    }

    read = condition.parse(raw)

    assert read == AllOf(
        parts=(
            Clause(field="value", op=Operator.LT, value=FieldRef(field="target", times=Param(name="share"))),
            AnyOf(
                parts=(
                    Clause(field="k", op=Operator.IN, value=("red", Param(name="other"))),
                    Clause(field="due", op=Operator.BETWEEN, value=("2026-01-01", "2026-02-01")),
                )
            ),
            Negation(part=Clause(field="open", op=Operator.EQ, value=True)),
            Clause(field="value", op=Operator.GTE, value=FieldRef(field="liquid")),
            Clause(field="value", op=Operator.KNOWN),
        )
    )
    assert condition.dump(read) == raw


def test_what_python_says_is_read_like_what_json_says() -> None:
    raw = {"all": (is_("value", "lt", Decimal("0.7")), is_("due", "lt", date(2026, 1, 1)))}

    assert condition.dump(condition.parse(raw)) == {
        "all": [is_("value", "lt", 0.7), is_("due", "lt", "2026-01-01")],
    }


@pytest.mark.parametrize(
    ("raw", "path", "said"),
    [
        pytest.param(None, (), "none of them", id="nothing"),
        pytest.param([KNOWN], (), "none of them", id="a list"),
        pytest.param({}, (), "none of them", id="empty"),
        pytest.param({"all": [KNOWN], "any": [KNOWN]}, (), "none of them", id="two groups at once"),
        pytest.param({"field": "value"}, (), "none of them", id="no operator"),
        pytest.param({"all": []}, ("all",), "at least one condition", id="an empty group"),
        pytest.param({"any": KNOWN}, ("any",), "at least one condition", id="a group that is no list"),
        pytest.param({"all": [KNOWN, {"not": 3}]}, ("all", "1", "not"), "none of them", id="deep inside"),
        pytest.param({**KNOWN, "note": "x"}, (), "nothing else", id="an unknown key"),
        pytest.param(is_("value", "less"), ("op",), '"less" is not an operator', id="an unknown operator"),
        pytest.param(is_("value", "gtee", 1), ("op",), 'Did you mean "gte"?', id="nearly an operator"),
        pytest.param({"field": 3, "op": "lt"}, ("field",), "A name is a text", id="a numbered field"),
        pytest.param({"field": "value", "op": ["lt"]}, ("op",), "A name is a text", id="a listed operator"),
        pytest.param(is_("value", "lt", {"parm": "x"}), ("value",), "none of them", id="a mistyped parameter"),
        pytest.param(is_("value", "lt", [[1]]), ("value", "0"), "none of them", id="a list of lists"),
        pytest.param(
            is_("value", "lt", {"field": "target", "times": "x"}), ("value", "times"), "number", id="times text"
        ),
        pytest.param(is_("value", "lt", {"field": "target", "plus": 1}), ("value",), "none of them", id="plus"),
    ],
)
def test_another_shape_is_refused_where_it_is(raw: object, path: tuple[str, ...], said: str) -> None:
    with pytest.raises(Refusal, match=None) as refused:
        condition.parse(raw)

    assert (refused.value.field, said in refused.value.message) == (path, True), refused.value.message


@pytest.mark.parametrize(
    ("raw", "most"),
    [
        pytest.param({"any": [KNOWN] * 10_000}, "200 clauses", id="10,000 clauses"),
        pytest.param({"all": [{"any": [KNOWN] * 150}] * 2}, "200 clauses", id="201 clauses in two groups"),
        pytest.param(nested(500), "20 levels", id="500 negations"),
        pytest.param(nested(100_000), "20 levels", id="100,000 negations"),
        pytest.param(nested(500, "all"), "12 groups", id="500 groups inside each other"),
        pytest.param({"all": [nested(1, "any")] * 12}, "12 groups", id="13 groups"),
        pytest.param(nested(21), "20 levels", id="21 levels"),
        pytest.param(is_("value", "in", [1] * 201), "200 values", id="201 values"),
    ],
)
def test_a_tree_larger_than_any_policy_needs_is_refused_in_a_sentence(raw: object, most: str) -> None:
    with pytest.raises(Refusal) as refused:
        condition.parse(raw)

    assert refused.value.code is Code.TOO_COMPLEX
    assert most in refused.value.message


@pytest.mark.parametrize(
    ("raw", "most"),
    [
        pytest.param({"any": [KNOWN] * 10_000}, "200 clauses", id="10,000 clauses"),
        pytest.param({"all": ({"any": [KNOWN] * 150},) * 2}, "200 clauses", id="300 clauses in two groups"),
        pytest.param(nested(100_000), "20 levels", id="100,000 negations"),
        pytest.param({"all": [nested(1, "any")] * 12}, "12 groups", id="13 groups"),
    ],
)
def test_a_tree_is_weighed_before_it_is_read(raw: object, most: str) -> None:
    with pytest.raises(Refusal) as refused:
        condition.weigh(raw)

    assert (refused.value.code, refused.value.field) == (Code.TOO_COMPLEX, ())
    assert most in refused.value.message


def test_no_more_of_a_tree_is_looked_at_than_a_condition_may_have() -> None:
    class Counted(list[object]):
        seen = 0

        def __iter__(self) -> Iterator[object]:
            for part in super().__iter__():
                self.seen += 1
                yield part

    many = Counted([KNOWN] * 10_000)
    for read in (condition.weigh, condition.parse):
        many.seen = 0
        with pytest.raises(Refusal):
            read({"any": many})
        assert many.seen == condition.CLAUSES + 1


@pytest.mark.parametrize(
    ("when", "code", "most"),
    [
        pytest.param({"any": [KNOWN] * 10_000}, Code.TOO_COMPLEX, "200 clauses", id="10,000 clauses"),
        pytest.param(nested(500), Code.TOO_COMPLEX, "20 levels", id="500 deep"),
        pytest.param(is_("level", "eq", "\ud800"), Code.INVALID, "texts, numbers", id="half a surrogate pair"),
    ],
)
def test_a_policy_document_is_held_to_the_same(when: object, code: Code, most: str) -> None:
    document = Policy(
        key="mine",
        version=1,
        state=PolicyState.DRAFT,
        template="custom",
        name="Mine",
        on="kpi",
        when=when,  # type: ignore[arg-type]  # any JSON object
        author="per_1",
        created_at=datetime(2026, 8, 15, tzinfo=UTC),
    )

    with pytest.raises(Refusal) as refused:
        judged.resolve(document)

    assert (refused.value.code, refused.value.field[0], most in refused.value.message) == (code, "when", True)


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param({"any": [KNOWN] * 200}, id="200 clauses"),
        pytest.param(nested(20), id="20 levels"),
        pytest.param({"all": [nested(1, "any")] * 11}, id="12 groups"),
    ],
)
def test_a_tree_at_the_limit_is_read(raw: object) -> None:
    condition.weigh(raw)
    assert condition.dump(condition.parse(raw)) == raw
