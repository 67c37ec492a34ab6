"""Tests of what makes no sense as a policy: what nothing can meet, and what everything does."""

import itertools
from collections.abc import Iterator, Mapping
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from okr.errors import Code, Refusal
from rules import binding, condition, explain, fields, normal, schema, sense
from rules.condition import AllOf, AnyOf, Clause, Condition, FieldRef, Negation, Value
from rules.explain import Outcome
from rules.fields import Choice, FactKind, Field, FieldType, Operator, Scalar
from rules.template import TEMPLATES
from tests.rules import builders, chance
from tests.rules.builders import is_

COLOURS = tuple(Choice(value=each, label=each) for each in ("red", "green", "blue"))

KIND = FactKind(
    name="thing",
    label="Thing",
    fields=(
        Field(name="x", label="X", type=FieldType.NUMBER),
        Field(name="y", label="Y", type=FieldType.NUMBER),
        Field(name="count", label="Count", type=FieldType.NUMBER, least=1, most=2),
        Field(name="due", label="Due", type=FieldType.DAY),
        Field(name="begun", label="Begun", type=FieldType.DAY),
        Field(name="open", label="Open", type=FieldType.BOOLEAN),
        Field(name="band", label="Band", type=FieldType.CHOICE, choices=COLOURS),
        Field(name="before", label="Band before", type=FieldType.CHOICE, choices=COLOURS[1:]),
        Field(name="owner", label="Owner", type=FieldType.REFERENCE),
        Field(name="lead", label="Lead", type=FieldType.REFERENCE),
        Field(name="note", label="Note", type=FieldType.TEXT),
    ),
)

# Enough values between, below and above the constants for every order of the fields that are compared.
NUMBERS = (0, 0.4, 0.8, 1, 1.25, 1.5, 1.75, 2, 2.4, 2.8)
DAYS = (17, 18, 19, 20, 21, 22, 23)
GRID: Mapping[str, tuple[Scalar, ...]] = {
    "x": NUMBERS,
    "y": NUMBERS,
    "count": tuple(each for each in NUMBERS if 1 <= each <= 2),
    "due": DAYS,
    "begun": DAYS,
    "open": (True, False),
    "band": ("red", "green", "blue"),
    "before": ("green", "blue"),
    "owner": ("a", "b", "somebody", "another"),
    "lead": ("a", "b", "somebody", "another"),
    "note": ("said",),
}
CONSTANTS: Mapping[FieldType, tuple[Scalar, ...]] = {
    FieldType.NUMBER: (1, 2),
    FieldType.DAY: ("1970-01-20", "1970-01-21", "1970-01-22"),
    FieldType.BOOLEAN: (True, False),
    FieldType.REFERENCE: ("a", "b"),
}


def checked(raw: object, kind: FactKind = KIND, **params: object) -> None:
    """Check the condition that `raw` writes."""
    sense.check(binding.bind(condition.parse(raw), kind, params), kind)


def verdict(tree: Condition, kind: FactKind = KIND) -> Code | None:
    """Return why the condition is refused, None where it makes sense."""
    try:
        sense.check(tree, kind)
    except Refusal as refusal:
        return refusal.code
    return None


NEVER = (
    (
        {"all": [is_("band", "eq", "red"), is_("x", "gt", 1), is_("band", "eq", "green")]},
        '"Band = red" and "Band = green" contradict each other',
    ),
    ({"all": [is_("x", "gt", 2), is_("x", "lt", 1)]}, '"X > 2" and "X < 1" contradict each other'),
    ({"all": [is_("x", "gt", 1), is_("x", "lt", 1.000001)]}, "contradict each other"),
    ({"all": [is_("due", "gt", "2026-01-01"), is_("due", "lt", "2026-01-02")]}, "contradict each other"),
    ({"all": [is_("x", "between", [1, 2]), {"not": is_("x", "between", [0, 3])}]}, "Each branch of it contradicts"),
    ({"all": [is_("x", "gte", 1), is_("x", "lte", 1), is_("x", "ne", 1)]}, '"X ≥ 1", "X ≤ 1" and "X ≠ 1"'),
    ({"all": [is_("open", "eq", True), is_("open", "unknown")]}, '"Open = yes" and "Open is not known"'),
    ({"all": [is_("note", "known"), is_("note", "unknown")]}, '"Note is known" and "Note is not known"'),
    ({"not": is_("band", "in", ["red", "green", "blue"])}, '"Band ≠ red", "Band ≠ green" and "Band ≠ blue"'),
    (is_("count", "lt", 1), '"Count < 1" is never true (Count goes from 1 to 2); change or remove it'),
    (is_("x", "lt", {"field": "x"}), '"X < X" is never true'),
    (is_("band", "ne", {"field": "band"}), '"Band ≠ Band" is never true'),
    (
        {"all": [is_("x", "lt", {"field": "y"}), is_("y", "lte", {"field": "x"})]},
        '"X < Y" and "Y ≤ X" contradict each other',
    ),
    (
        {"all": [is_("x", "lte", {"field": "y"}), is_("y", "lte", {"field": "x"}), is_("x", "ne", {"field": "y"})]},
        '"X ≤ Y", "Y ≤ X" and "X ≠ Y"',
    ),
    (
        {"all": [is_("x", "gte", 2), is_("y", "gt", {"field": "x"}), is_("y", "lte", 2)]},
        '"X ≥ 2", "Y > X" and "Y ≤ 2"',
    ),
    (
        {"all": [is_("band", "eq", "red"), is_("before", "eq", {"field": "band"})]},
        '"Band = red" and "Band before = Band"',
    ),
    ({"any": [{"all": [is_("x", "lt", 1), is_("x", "gt", 1)]}, is_("count", "gt", 2)]}, "in the first, "),
    (
        {"all": [is_("x", "lt", {"field": "y", "times": 2}), is_("y", "unknown")]},
        '"X < 2 × Y" and "Y is not known"',
    ),
)


@pytest.mark.parametrize(("raw", "said"), NEVER, ids=[said for _, said in NEVER])
def test_what_nothing_can_meet_is_refused_with_the_clauses_that_exclude_each_other(raw: object, said: str) -> None:
    with pytest.raises(Refusal) as refused:
        checked(raw)

    assert (refused.value.code, said in refused.value.message) == (Code.NEVER_MATCHES, True), refused.value.message


ALWAYS = (
    (
        {"any": [is_("x", "known"), is_("x", "unknown")]},
        'Everything meets this condition: "X is known" or "X is not known" is always true',
    ),
    ({"any": [is_("x", "lt", 1), is_("x", "gte", 1)]}, 'as soon as X is known: "X < 1" or "X ≥ 1" is always true'),
    ({"any": [is_("x", "lt", 1), is_("x", "gte", 1), is_("x", "unknown")]}, 'meets this condition: "X < 1"'),
    ({"any": [is_("x", "lt", 2), is_("x", "gt", 1), is_("y", "eq", 1)]}, '"X < 2" or "X > 1" is always true'),
    (is_("count", "gte", 1), '"Count ≥ 1" is always true (Count goes from 1 to 2)'),
    ({"not": is_("count", "gt", 2)}, '"Count ≤ 2" is always true'),
    ({"any": [is_("open", "eq", True), is_("open", "eq", False)]}, '"Open = yes" or "Open = no" is always true'),
    (is_("band", "in", ["red", "green", "blue"]), '"Band = red", "Band = green" or "Band = blue"'),
    ({"any": [is_("owner", "eq", "a"), is_("owner", "ne", "a")]}, '"Owner = a" or "Owner ≠ a"'),
    ({"any": [is_("due", "lte", "2026-01-01"), is_("due", "gte", "2026-01-02")]}, "as soon as Due is known"),
    (is_("x", "lte", {"field": "x"}), '"X ≤ X" is always true'),
    (
        {"any": [is_("x", "lt", {"field": "y"}), is_("y", "lte", {"field": "x"})]},
        'as soon as X and Y are known: "X < Y" or "Y ≤ X"',
    ),
    ({"any": [is_("x", "known"), is_("x", "lt", 1)]}, 'as soon as X is known: "X is known"'),
    (
        {"any": [{"all": [is_("x", "lt", 2), is_("y", "lt", 1)]}, is_("x", "gte", 2), is_("y", "gte", 1)]},
        '"X < 2" and "Y < 1", "X ≥ 2" or "Y ≥ 1"',
    ),
)


@pytest.mark.parametrize(("raw", "said"), ALWAYS, ids=[said for _, said in ALWAYS])
def test_what_everything_meets_is_refused_with_the_clauses_that_leave_nothing_out(raw: object, said: str) -> None:
    with pytest.raises(Refusal) as refused:
        checked(raw)

    assert (refused.value.code, said in refused.value.message) == (Code.ALWAYS_MATCHES, True), refused.value.message


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(is_("x", "known"), id="known alone"),
        pytest.param(is_("x", "unknown"), id="unknown alone"),
        pytest.param({"any": [is_("x", "lt", 1), is_("x", "gt", 1)]}, id="all but one number"),
        pytest.param({"not": is_("owner", "in", [f"{at}" for at in range(200)])}, id="all but 200 people"),
        pytest.param({"all": [is_("x", "gte", 1), is_("x", "lte", 1)]}, id="one number alone"),
        pytest.param({"all": [is_("x", "gt", 1), is_("x", "lt", 1.000002)]}, id="one millionth between"),
        pytest.param(is_("x", "lt", {"field": "x", "times": 0.9}), id="true of negative numbers"),
        pytest.param(
            {"any": [is_("x", "lt", {"field": "y", "times": 2}), is_("x", "gte", {"field": "y", "times": 2})]},
            id="a product may be too large to be known",
        ),
    ],
)
def test_what_some_meet_and_some_do_not_makes_sense(raw: object) -> None:
    checked(raw)


@st.composite
def trees(draw: st.DrawFn) -> Condition:
    """Some condition on one to three fields, whose constants lie inside the grid."""
    names = draw(st.lists(st.sampled_from(list(GRID)), min_size=1, max_size=3, unique=True))
    clauses = st.sampled_from(names).flatmap(lambda name: some_clause(name, names))
    groups = st.recursive(
        clauses,
        lambda inner: st.one_of(
            st.lists(inner, min_size=1, max_size=4).map(lambda parts: AllOf(parts=tuple(parts))),
            st.lists(inner, min_size=1, max_size=4).map(lambda parts: AnyOf(parts=tuple(parts))),
            inner.map(lambda part: Negation(part=part)),
        ),
        max_leaves=8,
    )
    return draw(groups)


def small(tree: Condition) -> bool:
    """Whether the engine takes the condition."""
    try:
        normal.normalise(tree)
    except Refusal:
        return False
    return True


def some_clause(name: str, names: list[str]) -> st.SearchStrategy[Condition]:
    """A clause on the field called `name`, against a constant or another field of `names`."""
    field = KIND.field(name)
    constants = st.sampled_from(CONSTANTS.get(field.type) or tuple(each.value for each in field.choices) or ("said",))
    others = [FieldRef(field=other) for other in names if KIND.field(other).type is field.type]

    def valued(op: Operator) -> st.SearchStrategy[Value]:
        match op:
            case Operator.KNOWN | Operator.UNKNOWN:
                return st.none()
            case Operator.BETWEEN:
                return st.tuples(constants, constants).map(lambda ends: tuple(sorted(ends)))
            case Operator.IN:
                return st.lists(constants, min_size=1, max_size=3).map(tuple)
            case _:
                return st.one_of(constants, st.sampled_from(others))

    return st.sampled_from(field.operators).flatmap(
        lambda op: valued(op).map(lambda value: Clause(field=name, op=op, value=value))
    )


def read(tree: Condition) -> Iterator[tuple[str, bool]]:
    """Yield each field of a condition, and whether it is compared there."""
    match tree:
        case AllOf(parts=parts) | AnyOf(parts=parts):
            for part in parts:
                yield from read(part)
        case Negation(part=part):
            yield from read(part)
        case Clause(field=field, op=op, value=value):
            yield field, op not in (Operator.KNOWN, Operator.UNKNOWN)
            if isinstance(value, FieldRef):
                yield value.field, True


def facts(names: set[str], known: set[str]) -> Iterator[dict[str, Scalar]]:
    """Yield every fact of the grid that says something about `names` alone, and about those of `known` for sure."""
    columns = [GRID[name] if name in known else (None, *GRID[name]) for name in sorted(names)]
    for values in itertools.product(*columns):
        yield {name: value for name, value in zip(sorted(names), values, strict=True) if value is not None}


@given(tree=trees().filter(small))
@settings(max_examples=150, deadline=None)
def test_exactly_what_no_fact_or_every_fact_meets_is_refused(tree: Condition) -> None:
    tree = binding.bind(tree, KIND, {})
    found = verdict(tree)
    names = {name for name, _ in read(tree)}
    compared = {name for name, is_compared in read(tree) if is_compared}

    met = any(explain.outcome(tree, fact) is Outcome.MATCH for fact in facts(names, set()))
    all_met = all(explain.outcome(tree, fact) is Outcome.MATCH for fact in facts(names, compared))

    assert found == (Code.ALWAYS_MATCHES if met and all_met else None if met else Code.NEVER_MATCHES)


def test_no_condition_is_called_senseless_that_is_not() -> None:
    random, refused = Random(20260815), {Code.NEVER_MATCHES: 0, Code.ALWAYS_MATCHES: 0}
    for _ in range(1_500):
        tree = chance.some_condition(random)
        code = verdict(tree, builders.KIND)
        if code is None:
            continue
        refused[code] += 1
        compared = {name for name, is_compared in read(tree) if is_compared}
        seen = [fields.clean(builders.KIND, chance.some_fact(random)) for _ in range(150)]
        outcomes = {explain.outcome(tree, fact) for fact in seen if compared <= fact.keys() or code != "ALWAYS_MATCHES"}
        assert (Outcome.MATCH in outcomes) <= (code is Code.ALWAYS_MATCHES), condition.dump(tree)
        assert outcomes <= {Outcome.MATCH} or code is Code.NEVER_MATCHES, condition.dump(tree)
    assert min(refused.values()) > 10, refused


@pytest.mark.parametrize("key", TEMPLATES)
def test_a_shipped_template_makes_sense_as_it_is(key: str) -> None:
    template = TEMPLATES[key]

    checked(template.when, schema.KINDS[template.on], **template.params({}))


def test_a_refusal_names_the_first_few_of_many_clauses() -> None:
    with pytest.raises(Refusal) as refused:
        checked(is_("breach_state", "in", ["ok", "pending", "breached", "recovering"]), schema.KPI)
    assert '"Breach state = breached" or "Breach state = recovering" is always true' in refused.value.message

    with pytest.raises(Refusal) as refused:
        checked(is_("band", "in", ["green", "amber", "red", "unknown", "stale"]), schema.KPI)
    assert '"Band = unknown" or 1 more is always true' in refused.value.message


def test_parameters_can_take_the_sense_out_of_a_condition() -> None:
    outside = {
        "any": [is_("key_results_live", "lt", {"param": "min"}), is_("key_results_live", "gt", {"param": "max"})]
    }

    checked(outside, schema.OBJECTIVE, min=2, max=5)
    with pytest.raises(Refusal) as refused:
        checked(outside, schema.OBJECTIVE, min=5, max=2)

    assert refused.value.code is Code.ALWAYS_MATCHES
    assert refused.value.message == (
        'Everything meets this condition as soon as Live key results is known: "Live key results < 5" or '
        '"Live key results > 2" is always true; narrow it, or say what else must hold.'
    )


def test_a_condition_that_takes_too_long_to_see_through_is_let_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    always = {"any": [is_("x", "lt", 1), is_("x", "gte", 1)]}
    monkeypatch.setattr(sense, "STEPS", 1)

    checked(always)
