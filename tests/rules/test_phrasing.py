"""A condition is said as a sentence, with its limits and without what was seen."""

import pytest

from rules import binding, condition, explain, phrasing, statement
from rules.fields import Field, FieldType
from rules.schema import KINDS
from rules.template import TEMPLATES

WEAK = {"field": "band", "op": "in", "value": ["red", "amber"]}
ALONE = {"field": "has_accountable", "op": "eq", "value": False}
LONG = {"field": "periods_breached", "op": "gte", "value": 2}
LOW = {"field": "value", "op": "lt", "value": 98.5}


@pytest.mark.parametrize(
    ("raw", "english", "vietnamese"),
    [
        pytest.param(
            {"all": [WEAK, ALONE]},
            "Band is red or amber, and nobody is accountable",
            "Vùng là đỏ hoặc vàng, và không ai chịu trách nhiệm",
            id="and",
        ),
        pytest.param(
            {"any": [LOW, LONG]},
            "Value is below 98.5 %, or periods in breach are at least 2",
            "Giá trị dưới 98,5 %, hoặc số kỳ vi phạm từ 2 trở lên",
            id="or",
        ),
        pytest.param(
            {"any": [{"all": [LOW, LONG]}, ALONE]},
            "(Value is below 98.5 %, and periods in breach are at least 2), or nobody is accountable",
            "(Giá trị dưới 98,5 %, và số kỳ vi phạm từ 2 trở lên), hoặc không ai chịu trách nhiệm",
            id="parentheses where the two mix",
        ),
        pytest.param(
            {"all": [LOW, {"all": [LONG, {"any": [ALONE]}]}]},
            "Value is below 98.5 %, and periods in breach are at least 2, and nobody is accountable",
            "Giá trị dưới 98,5 %, và số kỳ vi phạm từ 2 trở lên, và không ai chịu trách nhiệm",
            id="none where they do not",
        ),
        pytest.param(
            {"not": {"all": [LOW, {"not": LONG}, ALONE, WEAK]}},
            "Value is at least 98.5 %, or periods in breach are at least 2, or a unit is accountable, "
            "or band is other than red or amber",
            "Giá trị từ 98,5 % trở lên, hoặc số kỳ vi phạm từ 2 trở lên, hoặc có đơn vị chịu trách nhiệm, "
            "hoặc vùng khác đỏ hoặc vàng",
            id="a negation is said by the opposites",
        ),
        pytest.param(
            {"not": {"field": "attainment", "op": "between", "value": [0.5, 0.7]}},
            "Attainment is not between 50 % and 70 %",
            "Mức đạt ngoài khoảng 50 % đến 70 %",
            id="between, negated",
        ),
        pytest.param(
            {"field": "value", "op": "lt", "value": {"field": "target", "times": 0.9}},
            "Value is below 0.9 × target",
            "Giá trị dưới 0,9 × mục tiêu",
            id="a share of another field",
        ),
        pytest.param(
            {"field": "value", "op": "ne", "value": {"field": "target"}},
            "Value is not target",
            "Giá trị khác mục tiêu",
            id="another field",
        ),
        pytest.param(
            {"field": "latest_period", "op": "lte", "value": "2026-07-01"},
            "Latest period is on or before Jul 1, 2026",
            "Kỳ mới nhất chậm nhất là ngày 1 thg 7, 2026",
            id="a day",
        ),
        pytest.param(
            {"field": "direction", "op": "eq", "value": "lower"},
            "Better is lower",
            "Chiều tốt là càng thấp càng tốt",
            id="a label that has its verb",
        ),
        pytest.param(
            {"all": [{"field": "movers", "op": "eq", "value": 0}, {"field": "weight", "op": "eq", "value": 0}]},
            "There are no key results that move it, and weight is 0",
            "Số kết quả then chốt tác động bằng 0, và trọng số bằng 0",
            id="none of something",
        ),
        pytest.param({"not": {"field": "value", "op": "known"}}, "Value is not known", "Giá trị chưa biết", id="known"),
    ],
)
def test_a_condition_is_said_in_words(raw: object, english: str, vietnamese: str) -> None:
    bound = binding.bind(condition.parse(raw), KINDS["kpi"], {})
    stored = explain.explain(bound, {}).dump()

    assert [phrasing.formula("kpi", stored, language, "%") for language in ("en", "vi")] == [english, vietnamese]


@pytest.mark.parametrize(
    ("op", "english", "vietnamese"),
    [
        ("known", "There are task words", "Có từ chỉ công việc"),
        ("unknown", "There are no task words", "Không có từ chỉ công việc"),
    ],
)
def test_words_that_were_found_are_there(op: str, english: str, vietnamese: str) -> None:
    clause = {"field": "task_words", "op": op}

    assert [phrasing.formula("objective", clause, language) for language in ("en", "vi")] == [english, vietnamese]


@pytest.mark.parametrize(
    ("kind", "field", "english"),
    [
        ("kpi", "periods_breached", "Periods in breach are at least 3"),
        ("kpi", "drivers", "KPIs that drive it are at least 3"),
        ("unit", "red_kpis", "Red KPIs are at least 3"),
        ("unit", "progress", "Progress is at least 300 %"),
        ("objective", "full_cycles", "Full marks in a row are at least 3"),
        ("key_result", "confidence_unchanged", "Same confidence in a row is at least 3"),
        ("key_result", "start", "Where it began is at least 3"),
    ],
)
def test_the_verb_agrees_with_the_label(kind: str, field: str, english: str) -> None:
    assert phrasing.formula(kind, {"field": field, "op": "gte", "value": 3}, "en") == english


@pytest.mark.parametrize("key", TEMPLATES)
def test_every_template_is_said_without_the_names_of_fields(key: str) -> None:
    template = TEMPLATES[key]
    kind = KINDS[template.on]
    stored = condition.dump(binding.bind(condition.parse(template.when), kind, template.params({})))

    for language in ("en", "vi"):
        said = phrasing.formula(template.on, stored, language)
        assert said[0] == "(" or said[0].isupper()
        assert "_" not in said


FLAGS = [field for kind in KINDS.values() for field in kind.fields if field.type is FieldType.BOOLEAN]


@pytest.mark.parametrize("flag", FLAGS, ids=lambda flag: flag.name)
def test_every_question_with_yes_or_no_has_words_for_both(flag: Field) -> None:
    said = {statement.of(flag, answer, language) for answer in (True, False) for language in ("en", "vi")}

    assert None not in said
    assert len(said) == 4


def test_a_field_that_the_schema_has_lost_is_named_as_it_was() -> None:
    assert phrasing.formula("kpi", {"field": "mood", "op": "eq", "value": "low"}, "en") == "Mood is low"
