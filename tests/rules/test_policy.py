"""Policies as administrators save them, and where and when they hold."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from okr.filing import Terms
from okr.policy import Policy, PolicyMode, PolicyState, Scope, Severity
from okr.recommendation import Action
from rules import condition, policy, soundness
from rules.policy import Resolved
from rules.schema import KINDS
from rules.template import TEMPLATES
from tests.okr import builders as b

PICTURE = b.snapshot(
    b.unit(),
    b.unit("unit_it", kind="department", parent="unit_acme"),
    b.unit("unit_ops", parent="unit_it"),
    b.unit("unit_sales", parent="unit_acme"),
    b.cycle(),
    b.cycle("cyc_q4", first=date(2026, 10, 1), last=date(2026, 12, 31), closes=date(2027, 1, 15)),
)
DAY = date(2026, 8, 15)


def limit(**params: Decimal | str | int) -> Policy:
    """A goal limit in force."""
    given = {name: Decimal(value) if isinstance(value, int) else value for name, value in params.items()}
    made = policy.drafted(TEMPLATES["goal_limit"], "goal-limit", "per_lan", b.NOW)
    return replace(made, state=PolicyState.PUBLISHED, params=given)


def custom(when: Mapping[str, object] | None, on: str = "unit", **params: Decimal | str) -> Policy:
    """A policy with a condition of its own."""
    made = replace(limit(), key="ours", name="Ours", template="custom", on=on, when=when)
    return replace(made, params=params)


def clause(field: str, op: str, value: object) -> dict[str, object]:
    return {"field": field, "op": op, "value": value}


def test_the_shipped_policies_are_in_order_and_advise() -> None:
    shipped = policy.defaults("per_lan", b.NOW)
    for each in shipped:
        soundness.check(each, PICTURE)

    assert {(each.key, each.state, each.version) for each in shipped} == {
        (key.replace("_", "-"), PolicyState.PUBLISHED, 1) for key in TEMPLATES
    }
    assert {each.key for each in shipped if each.mode is PolicyMode.ADVISE} == {
        "goal-limit",
        "kpi-breach",
        "kpi-unowned",
        "missed-check-in",
        "promote-key-result",
    }
    assert {each.mode for each in shipped} == {PolicyMode.ADVISE, PolicyMode.OBSERVE}


def test_a_policy_is_resolved_with_what_its_template_supplies() -> None:
    made = limit(limit=1)
    template = TEMPLATES["goal_limit"]

    assert policy.resolve(made) == Resolved(
        policy=made,
        kind=KINDS["unit"],
        condition=condition.parse(
            {
                "any": [
                    {"all": [clause("is_root", "eq", True), clause("goals_active", "gt", 5)]},
                    {"all": [clause("is_root", "eq", False), clause("goals_active", "gt", 1)]},
                ]
            }
        ),
        params={"limit": Decimal(1), "company_limit": Decimal(5)},
        action=Action.REVIEW,
        title=template.title,
        limits_goals=True,
    )


def test_a_custom_policy_brings_its_own_condition() -> None:
    made = custom(clause("members", "gt", {"param": "most"}), most=Decimal("7.50"))
    soundness.check(made, PICTURE)
    resolved = policy.resolve(made)

    assert (resolved.kind, resolved.action, resolved.limits_goals) == (KINDS["unit"], Action.REVIEW, False)
    assert resolved.condition == condition.parse(clause("members", "gt", 7.5))
    assert resolved.title.original == "Ours: {{name}}"


def test_a_condition_may_hold_decimals() -> None:
    made = custom(clause("members", "gt", Decimal("7.50")))

    assert policy.resolve(made).condition == condition.parse(clause("members", "gt", 7.5))


def test_terms_are_the_policys_own() -> None:
    made = replace(limit(), hold=1, clear=2, cooldown=3, expires=4)

    assert policy.terms(made) == Terms(hold=1, clear=2, cooldown=3, expires=4)


@pytest.mark.parametrize(
    ("scope", "inside"),
    [
        (Scope(), {"unit_acme", "unit_it", "unit_ops", "unit_sales"}),
        (Scope(units=("unit_it",)), {"unit_it", "unit_ops"}),
        (Scope(exempt=("unit_it",)), {"unit_acme", "unit_sales"}),
        (Scope(units=("unit_it",), exempt=("unit_ops",)), {"unit_it"}),
        (Scope(levels=("team",)), {"unit_ops", "unit_sales"}),
        (Scope(units=("unit_it", "unit_sales"), levels=("team", "company")), {"unit_ops", "unit_sales"}),
        (Scope(cycles=("cyc_q4",)), set()),
    ],
    ids=["everywhere", "a subtree", "all but a subtree", "less a part", "a level", "a level in subtrees", "a cycle"],
)
def test_a_scope_means_subtrees_levels_and_cycles(scope: Scope, inside: set[str]) -> None:
    made = replace(limit(), scope=scope)

    assert {unit for unit in PICTURE.units if policy.holds(made, PICTURE, unit, "cyc_q3", DAY)} == inside


@pytest.mark.parametrize(
    ("day", "holds"),
    [(date(2026, 9, 30), False), (date(2026, 10, 1), True), (date(2026, 12, 31), True), (date(2027, 1, 1), False)],
)
def test_what_has_no_cycle_is_held_to_the_days_of_the_cycles(day: date, holds: bool) -> None:
    made = replace(limit(), scope=Scope(cycles=("cyc_q4", "cyc_that_is_gone")))

    assert policy.holds(made, PICTURE, "unit_ops", None, day) is holds


@pytest.mark.parametrize(
    ("day", "holds"),
    [(date(2026, 8, 14), False), (date(2026, 8, 15), True), (date(2026, 8, 31), True), (date(2026, 9, 1), False)],
)
def test_a_policy_is_in_force_on_both_its_first_and_its_last_day(day: date, holds: bool) -> None:
    made = replace(limit(), effective_from=DAY, effective_to=date(2026, 8, 31))

    assert policy.holds(made, PICTURE, "unit_ops", "cyc_q3", day) is holds


def test_equal_sets_of_policies_have_one_name_and_others_another() -> None:
    one, two = limit(), replace(limit(limit=1), severity=Severity.INFO)

    assert policy.policy_set([one, two]) == policy.policy_set([two, one])
    assert policy.policy_set([one]) != policy.policy_set([limit(limit=2)])


def test_a_condition_reads_what_it_compares_on_both_sides() -> None:
    raw = {
        "all": [
            clause("value", "lt", {"field": "target", "times": 0.9}),
            {"not": {"any": [clause("movers", "eq", 0), {"field": "band", "op": "known"}]}},
        ]
    }

    assert policy.reads(condition.parse(raw)) == {"value", "target", "movers", "band"}
