"""The shipped templates, and the worked examples that each of them carries."""

from pathlib import Path

import pytest

from okr.recommendation import Action
from okr.text import Text
from rules import binding, condition, explain, fields, template
from rules.explain import Outcome
from rules.schema import KINDS
from rules.template import TEMPLATES, Example, Help, Template

EXAMPLES = [(each, example) for each in TEMPLATES.values() for example in each.examples]


def test_every_file_is_a_template_under_its_own_name() -> None:
    files = {file.stem for file in (Path(template.__file__).parent / "templates").glob("*.json")}

    assert set(TEMPLATES) == files
    assert files >= {"kpi_breach", "goal_limit", "missed_check_in", "promote_key_result", "kpi_unowned"}


@pytest.mark.parametrize(("each", "example"), EXAMPLES, ids=[f"{each.key}: {one.name}" for each, one in EXAMPLES])
def test_a_template_does_what_its_examples_say(each: Template, example: Example) -> None:
    kind = KINDS[each.on]
    bound = binding.bind(condition.parse(each.when), kind, each.params(example.params))

    assert set(example.fact) <= {field.name for field in kind.fields}
    assert set(example.params) <= {parameter.name for parameter in each.parameters}
    assert explain.outcome(bound, fields.clean(kind, example.fact)) is example.expect


@pytest.mark.parametrize("each", TEMPLATES.values(), ids=TEMPLATES)
def test_a_template_shows_all_three_answers(each: Template) -> None:
    assert {example.expect for example in each.examples} == set(Outcome)


@pytest.mark.parametrize("each", TEMPLATES.values(), ids=TEMPLATES)
def test_defaults_lie_within_their_bounds(each: Template) -> None:
    for parameter in each.parameters:
        assert parameter.minimum is not None
        assert parameter.maximum is not None
        assert parameter.minimum <= parameter.default <= parameter.maximum


@pytest.mark.parametrize("each", TEMPLATES.values(), ids=TEMPLATES)
def test_everything_people_read_is_in_vietnamese_too(each: Template) -> None:
    said: list[Text | Help] = [each.name, each.help, each.title]
    said += [words for parameter in each.parameters for words in (parameter.label, parameter.help)]

    assert all(text.said("vi") != text.said("en") for text in said)


def test_the_limits_are_the_trades_own() -> None:
    assert TEMPLATES["goal_limit"].params({}) == {"limit": 3, "company_limit": 5}
    assert TEMPLATES["missed_check_in"].params({}) == {"slots": 2}
    assert TEMPLATES["kpi_breach"].params({}) == {"periods": 1}
    assert [key for key, each in TEMPLATES.items() if each.blockable] == ["goal_limit"]
    assert TEMPLATES["kpi_breach"].action is Action.CREATE_OBJECTIVE
