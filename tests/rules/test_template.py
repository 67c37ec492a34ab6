"""The shipped templates, and the worked examples that each of them carries."""

import re
from pathlib import Path

import pytest

from okr.policy import PolicyMode
from okr.recommendation import Action
from okr.text import Text
from rules import binding, condition, explain, fields, template
from rules.explain import Outcome
from rules.schema import KINDS
from rules.template import TEMPLATES, Example, Help, Template

PLACEHOLDER = re.compile(r"\{\{(?:against\.)?(\w+)\}\}")
EXAMPLES = [(each, example) for each in TEMPLATES.values() for example in each.examples]


def test_every_file_is_a_template_under_its_own_name() -> None:
    files = {file.stem for file in (Path(template.__file__).parent / "templates").glob("*.json")}

    assert set(TEMPLATES) == files
    assert len(files) == 16


@pytest.mark.parametrize(("each", "example"), EXAMPLES, ids=[f"{each.key}: {one.name}" for each, one in EXAMPLES])
def test_a_template_does_what_its_examples_say(each: Template, example: Example) -> None:
    kind = KINDS[each.on]
    bound = binding.bind(condition.parse(each.when), kind, each.params(example.params))

    assert set(example.fact) <= {field.name for field in kind.fields}
    assert set(example.params) <= {parameter.name for parameter in each.parameters}
    assert explain.outcome(bound, fields.clean(kind, example.fact)) is example.expect


@pytest.mark.parametrize("each", TEMPLATES.values(), ids=TEMPLATES)
def test_a_template_shows_all_three_answers(each: Template) -> None:
    assert len(each.examples) >= 4
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
    said += [words for words in (each.text, each.objective) if words is not None]
    said += [words for parameter in each.parameters for words in (parameter.label, parameter.help)]

    assert all(text.said("vi") != text.said("en") for text in said)


@pytest.mark.parametrize("each", TEMPLATES.values(), ids=TEMPLATES)
def test_what_a_pattern_names_is_a_field_or_a_parameter(each: Template) -> None:
    known = {field.name for field in KINDS[each.on].fields} | {parameter.name for parameter in each.parameters}
    patterns = [text for text in (each.title, each.text) if text is not None]
    named = {name for text in patterns for said in (text.original, text.vi) for name in PLACEHOLDER.findall(said)}

    assert named - known == {"name"} & named
    assert {parameter.name for parameter in each.parameters} & {field.name for field in KINDS[each.on].fields} == set()
    if each.objective is not None:
        assert all("{{name}}" in said for said in (each.objective.original, each.objective.vi))


def test_a_new_policy_only_observes_and_the_first_five_advise() -> None:
    advising = {key for key, each in TEMPLATES.items() if each.mode is PolicyMode.ADVISE}

    assert advising == {"goal_limit", "kpi_breach", "kpi_unowned", "missed_check_in", "promote_key_result"}
    assert {each.mode for key, each in TEMPLATES.items() if key not in advising} == {PolicyMode.OBSERVE}


def test_what_judges_by_the_look_of_things_may_only_warn() -> None:
    assert {key for key, each in TEMPLATES.items() if each.warn_only} == {"todo_list", "kpi_in_disguise"}


def test_the_limits_are_the_trades_own() -> None:
    assert TEMPLATES["goal_limit"].params({}) == {"limit": 3, "company_limit": 5}
    assert TEMPLATES["missed_check_in"].params({}) == {"slots": 2}
    assert TEMPLATES["kpi_breach"].params({}) == {"periods": 1}
    assert TEMPLATES["kpi_opportunity"].params({}) == {"periods": 3}
    assert TEMPLATES["kpi_stale"].params({}) == {"periods": 2}
    assert TEMPLATES["kpi_count"].params({}) == {"limit": 7}
    assert TEMPLATES["key_result_count"].params({}) == {"least": 2, "most": 5}
    assert TEMPLATES["missed_review"].params({}) == {"days": 14}
    assert TEMPLATES["frozen_confidence"].params({}) == {"times": 4}
    assert TEMPLATES["kpi_in_disguise"].params({}) == {"cycles": 2}
    assert TEMPLATES["no_stretch"].params({}) == {"cycles": 2}
    assert TEMPLATES["adopt_trial_kpi"].params({}) == {"days": 7}
    assert [key for key, each in TEMPLATES.items() if each.blockable] == ["goal_limit"]
    assert TEMPLATES["kpi_breach"].action is Action.CREATE_OBJECTIVE
