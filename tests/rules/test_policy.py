"""Policies as administrators save them, and where and when they hold."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from okr.errors import Code, Refusal
from okr.filing import Terms
from okr.policy import Policy, PolicyMode, PolicyState, Scope, Severity
from okr.recommendation import Action
from rules import condition, policy
from rules.policy import Resolved, Setting
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
        policy.check(each, PICTURE)

    assert {(each.key, each.state, each.mode, each.version) for each in shipped} == {
        (key, PolicyState.PUBLISHED, PolicyMode.ADVISE, 1)
        for key in ("goal-limit", "kpi-breach", "kpi-unowned", "missed-check-in", "promote-key-result")
    }


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
    policy.check(made, PICTURE)
    resolved = policy.resolve(made)

    assert (resolved.kind, resolved.action, resolved.limits_goals) == (KINDS["unit"], Action.REVIEW, False)
    assert resolved.condition == condition.parse(clause("members", "gt", 7.5))
    assert resolved.title.original == "Ours: {{name}}"


def test_a_condition_may_hold_decimals() -> None:
    made = custom(clause("members", "gt", Decimal("7.50")))

    assert policy.resolve(made).condition == condition.parse(clause("members", "gt", 7.5))


def test_settings_say_where_they_come_from() -> None:
    assert policy.settings(limit(limit=1)) == (
        Setting(name="limit", value=Decimal(1), origin="policy"),
        Setting(name="company_limit", value=Decimal(5), origin="template"),
    )
    assert policy.settings(custom({}, most=Decimal(7))) == (Setting(name="most", value=Decimal(7), origin="policy"),)


def test_terms_are_the_policys_own() -> None:
    made = replace(limit(), hold=1, clear=2, cooldown=3, expires=4)

    assert policy.terms(made) == Terms(hold=1, clear=2, cooldown=3, expires=4)


BREACH = replace(limit(), key="kpi-breach", template="kpi_breach", on="kpi")
PROMOTE = replace(limit(), key="promote", template="promote_key_result", on="key_result")
MEMBERS = clause("members", "gt", 7)
REFUSED: dict[str, tuple[Policy, Code, tuple[str, ...], str]] = {
    "an unknown template": (
        replace(limit(), template="goal_limits"), Code.UNKNOWN_FIELD, ("template",), 'Did you mean "goal_limit"?'),
    "an unknown parameter": (limit(limits=3), Code.UNKNOWN_FIELD, ("params", "limits"), 'Did you mean "limit"?'),
    "a word for a number": (limit(limit="three"), Code.WRONG_TYPE, ("params", "limit"), "number"),
    "half a goal": (limit(limit=Decimal("2.5")), Code.WRONG_TYPE, ("params", "limit"), "whole"),
    "no number": (limit(limit=Decimal("NaN")), Code.NOT_FINITE, ("params", "limit"), "finite"),
    "less than the least": (limit(limit=0), Code.INVALID, ("params", "limit"), "from 1 to 50; this is 0"),
    "more than the most": (limit(limit=51), Code.INVALID, ("params", "limit"), "this is 51"),
    "a condition beside a template": (replace(limit(), when=MEMBERS), Code.INVALID, ("when",), "custom"),
    "no name": (replace(limit(), name=" "), Code.INVALID, ("name",), "empty"),
    "a long name": (replace(limit(), name="x" * 201), Code.TOO_LONG, ("name",), "201"),
    "a long note": (replace(limit(), note="x" * 5001), Code.TOO_LONG, ("note",), "5,001"),
    "a negative hold": (replace(limit(), hold=-1), Code.INVALID, ("hold",), "0 and 365"),
    "a cool-down of years": (replace(limit(), cooldown=366), Code.INVALID, ("cooldown",), "0 and 365"),
    "an end before the beginning": (
        replace(limit(), effective_from=DAY, effective_to=date(2026, 8, 14)), Code.INVALID, ("effectiveTo",), "begins"),
    "an unknown unit": (
        replace(limit(), scope=Scope(units=("unit_it", "unit_hr"))), Code.NOT_FOUND, ("scope", "units", "1"), "unit"),
    "an unknown exempt unit": (
        replace(limit(), scope=Scope(exempt=("unit_hr",))), Code.NOT_FOUND, ("scope", "exempt", "0"), "unit"),
    "an unknown cycle": (
        replace(limit(), scope=Scope(cycles=("cyc_q9",))), Code.NOT_FOUND, ("scope", "cycles", "0"), "cycle"),
    "a level without a word": (
        replace(limit(), scope=Scope(levels=("",))), Code.INVALID, ("scope", "levels", "0"), "empty"),
    "a block that comes too late": (replace(BREACH, mode=PolicyMode.BLOCK), Code.INVALID, ("mode",), "advise"),
    "a custom block that comes too late": (
        replace(custom(clause("movers", "eq", 0), "kpi"), mode=PolicyMode.BLOCK), Code.INVALID, ("mode",), "advise"),
    "a ratchet that turns by itself": (replace(PROMOTE, mode=PolicyMode.AUTO), Code.INVALID, ("mode",), "undone"),
    "a role that is none": (
        replace(limit(), overridable_by="leads"), Code.INVALID, ("overridableBy",), 'Did you mean "lead"?'),
    "an unknown kind": (custom(MEMBERS, "units"), Code.INVALID, ("on",), 'Did you mean "unit"?'),
    "no condition": (custom(None), Code.INVALID, ("when",), "condition"),
    "a condition of strange things": (custom(clause("members", "gt", {7})), Code.INVALID, ("when",), "texts"),
    "a number beyond all bounds": (custom(clause("members", "gt", 10**30)), Code.INVALID, ("when",), "numbers"),
    "an unknown field": (
        custom({"all": [MEMBERS, clause("goals_activ", "gt", 3)]}), Code.UNKNOWN_FIELD, ("when", "all", "1", "field"),
        'Did you mean "goals_active"?'),
    "a text for a number": (custom(clause("members", "gt", "7")), Code.WRONG_TYPE, ("when", "value"), "number"),
    "a parameter that nobody gave": (
        custom(clause("members", "gt", {"param": "most"})), Code.INVALID, ("when", "value", "param"), "parameter"),
    "a custom parameter that is no number": (
        custom(MEMBERS, most=Decimal("Infinity")), Code.NOT_FINITE, ("params", "most"), "finite"),
    "an empty custom parameter": (custom(MEMBERS, most=""), Code.INVALID, ("params", "most"), "empty"),
    "too many custom parameters": (
        replace(custom(MEMBERS), params={f"p{n}": Decimal(n) for n in range(21)}), Code.TOO_LONG, ("params",), "20"),
}  # fmt: skip


@pytest.mark.parametrize(("made", "code", "field", "says"), REFUSED.values(), ids=REFUSED)
def test_a_policy_that_could_not_be_evaluated_is_refused(
    made: Policy, code: Code, field: tuple[str, ...], says: str
) -> None:
    with pytest.raises(Refusal) as refused:
        policy.check(made, PICTURE)

    assert (refused.value.code, refused.value.field) == (code, field)
    assert says in refused.value.message


@pytest.mark.parametrize(
    "made",
    [
        replace(limit(), mode=PolicyMode.BLOCK, overridable_by="lead"),
        replace(custom(MEMBERS), mode=PolicyMode.BLOCK),
        replace(BREACH, mode=PolicyMode.AUTO),
        replace(limit(), scope=Scope(units=("unit_it",), exempt=("unit_ops",), levels=("team",), cycles=("cyc_q3",))),
        replace(limit(), effective_from=DAY, effective_to=DAY),
    ],
    ids=["a limit that blocks", "a custom block on units", "a draft by itself", "a scope", "a single day"],
)
def test_a_policy_that_can_be_evaluated_passes(made: Policy) -> None:
    policy.check(made, PICTURE)


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
    one, two = limit(), replace(BREACH, severity=Severity.INFO)

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
