"""Layers: the nearest unit wins, value by value, except where one above it has locked the value."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from okr.errors import Code, Refusal
from okr.org import OrgUnit
from okr.policy import Policy, PolicyMode, PolicyState, Scope, Severity
from okr.snapshot import Snapshot
from okr.text import Text
from rules import evaluation, layers, policy, soundness
from rules.judge import Judge
from rules.layers import Origin, Stack, Variant
from rules.template import TEMPLATES
from tests.okr import builders as b

COMPANY, SALES, APAC, EMEA = "unit_acme", "unit_sales", "unit_apac", "unit_emea"
DAY = date(2026, 8, 15)


def unit(key: str, parent: str) -> OrgUnit:
    return OrgUnit(key=key, name=Text(original=key.removeprefix("unit_").title()), kind="team", parent=parent)


def picture(*others: Any) -> Snapshot:
    units = (unit(SALES, COMPANY), unit(APAC, SALES), unit(EMEA, SALES))
    return b.snapshot(b.unit(), b.cycle(), *units, *others)


def base(**changes: Any) -> Policy:
    made = policy.drafted(TEMPLATES["goal_limit"], "goal-limit", "per_lan", b.NOW)
    return replace(made, state=PolicyState.PUBLISHED, mode=PolicyMode.ADVISE, **changes)


def layer(
    where: str, *, version: int = 1, lock: tuple[str, ...] = (), dates: Any = (None, None), **sets: Any
) -> Policy:
    params = {name: Decimal(value) for name, value in sets.pop("params", {}).items()}
    made = replace(base(), layer=where, version=version, lock=lock, params=params, sets=tuple(sets), **sets)
    return replace(made, effective_from=dates[0], effective_to=dates[1])


def at(where: str, *policies: Policy) -> tuple[dict[str, Any], PolicyMode, Severity, int]:
    (stack,) = layers.stacks(policies)
    found = stack.at(picture().paths[where], DAY)
    assert found.layer == ""
    return dict(found.params), found.mode, found.severity, found.hold


OWN: tuple[Any, ...] = ({}, PolicyMode.ADVISE, Severity.WARNING, 0)


@pytest.mark.parametrize(
    ("where", "policies", "expected"),
    [
        pytest.param(APAC, (base(),), OWN, id="nothing laid over it"),
        pytest.param(EMEA, (base(), layer(APAC, hold=3)), OWN, id="a sister's layer"),
        pytest.param(APAC, (base(), layer(SALES, hold=3)), (*OWN[:3], 3), id="from the unit above"),
        pytest.param(APAC, (base(), layer(SALES, hold=3), layer(APAC, hold=5)), (*OWN[:3], 5), id="the nearest wins"),
        pytest.param(
            APAC,
            (
                base(params={"company_limit": Decimal(9)}),
                layer(SALES, params={"limit": 4}, mode=PolicyMode.BLOCK),
                layer(APAC, severity=Severity.CRITICAL),
            ),
            ({"company_limit": Decimal(9), "limit": Decimal(4)}, PolicyMode.BLOCK, Severity.CRITICAL, 0),
            id="value by value",
        ),
        pytest.param(
            APAC,
            (base(lock=("mode",)), layer(APAC, mode=PolicyMode.OFF, hold=2)),
            (*OWN[:3], 2),
            id="the policy itself has locked it",
        ),
        pytest.param(
            APAC,
            (base(), layer(SALES, lock=("params.limit",), params={"limit": 4}), layer(APAC, params={"limit": 9})),
            ({"limit": Decimal(4)}, *OWN[1:]),
            id="a unit above has locked a parameter",
        ),
        pytest.param(
            APAC,
            (base(lock=("params",)), layer(APAC, params={"limit": 9, "company_limit": 9})),
            OWN,
            id="all parameters are locked",
        ),
        pytest.param(
            APAC,
            (base(), layer(APAC, hold=1), layer(APAC, version=2, hold=2)),
            (*OWN[:3], 2),
            id="the later version of a layer",
        ),
        pytest.param(
            APAC,
            (base(), replace(layer(APAC, hold=1), state=PolicyState.RETIRED)),
            OWN,
            id="a layer that was taken away",
        ),
        pytest.param(APAC, (base(), layer(APAC, hold=1, dates=(date(2026, 9, 1), None))), OWN, id="not yet"),
        pytest.param(APAC, (base(), layer(APAC, hold=1, dates=(None, date(2026, 8, 14)))), OWN, id="no more"),
        pytest.param(APAC, (base(), layer(APAC, hold=1, dates=(DAY, DAY))), (*OWN[:3], 1), id="both ends included"),
    ],
)
def test_the_nearest_wins_value_by_value(where: str, policies: tuple[Policy, ...], expected: object) -> None:
    assert at(where, *policies) == expected


def test_a_layer_over_no_policy_is_left_out() -> None:
    assert layers.stacks([layer(APAC, hold=1)]) == ()
    assert layers.stacks([base()]) == (Stack(base=base(), layers={}),)


def test_units_with_equal_layers_share_a_variant() -> None:
    over = (layer(SALES, version=3, hold=3), layer(APAC, hold=5))
    (stack,) = layers.stacks((base(), *over))
    found = layers.spread((stack,), picture())

    assert set(found.variants) == {"goal-limit", f"goal-limit@{SALES}", f"goal-limit@{SALES}+{APAC}"}
    assert found.variants["goal-limit"] == Variant(policy=base())
    assert found.variants[f"goal-limit@{SALES}+{APAC}"].layers == (f"{SALES}:3", f"{APAC}:1")
    assert [found.name("goal-limit", each) for each in (COMPANY, SALES, EMEA, APAC)] == [
        "goal-limit",
        f"goal-limit@{SALES}",
        f"goal-limit@{SALES}",
        f"goal-limit@{SALES}+{APAC}",
    ]


def test_every_value_says_where_it_comes_from_and_who_keeps_it() -> None:
    over = (
        layer(SALES, version=2, params={"limit": 4}, lock=("params.limit",)),
        layer(APAC, params={"limit": 9}, hold=5),
    )
    (stack,) = layers.stacks((base(params={"company_limit": Decimal(6)}, lock=("mode",)), *over))

    assert set(layers.origins(stack, picture().paths[APAC], DAY)) == {
        Origin(name="params.limit", value=Decimal(4), unit=SALES, version=2, locked_by=SALES),
        Origin(name="params.company_limit", value=Decimal(6), unit="", version=1),
        Origin(name="mode", value=PolicyMode.ADVISE, unit="", version=1, locked_by=""),
        Origin(name="severity", value=Severity.WARNING, unit="", version=1),
        Origin(name="hold", value=5, unit=APAC, version=1),
    }
    (plain,) = layers.stacks((base(),))
    (limit, *_) = layers.origins(plain, picture().paths[APAC], DAY)
    assert limit == Origin(name="params.limit", value=Decimal(3), unit=None, version=1)


@pytest.mark.parametrize(
    ("made", "code", "field", "says"),
    [
        pytest.param(layer("unit_x", hold=1), Code.NOT_FOUND, ("unitId",), "no such unit", id="no such unit"),
        pytest.param(layer(APAC), Code.INVALID, ("params",), "Say what is different", id="nothing different"),
        pytest.param(
            replace(layer(APAC, hold=1), template="kpi_breach"), Code.INVALID, ("template",), "cannot", id="template"
        ),
        pytest.param(
            replace(layer(APAC, hold=1), scope=Scope(levels=("team",))), Code.INVALID, ("scope",), "own", id="scope"
        ),
        pytest.param(layer(APAC, mode=PolicyMode.OFF), Code.FORBIDDEN, ("mode",), "the policy itself", id="locked"),
        pytest.param(
            layer(APAC, params={"limit": 5}), Code.FORBIDDEN, ("params", "limit"), "Sales", id="locked by a unit"
        ),
        pytest.param(
            layer(APAC, params={"limits": 5}), Code.UNKNOWN_FIELD, ("params", "limits"), "limit", id="unknown parameter"
        ),
        pytest.param(layer(APAC, hold=999), Code.INVALID, ("hold",), "365", id="too long a hold"),
        pytest.param(layer(EMEA, hold=1), Code.INVALID, ("unitId",), "does not hold", id="outside its scope"),
    ],
)
def test_what_a_unit_may_not_change_is_refused(made: Policy, code: Code, field: tuple[str, ...], says: str) -> None:
    own = base(lock=("mode",), scope=Scope(units=(SALES,), exempt=(EMEA,)))
    (stack,) = layers.stacks((own, layer(SALES, params={"limit": 4}, lock=("params.limit",))))
    with pytest.raises(Refusal) as caught:
        soundness.check_layer(made, stack, picture())
    assert (caught.value.code, caught.value.field) == (code, field)
    assert says in caught.value.message


def test_a_policy_that_would_break_a_layer_is_refused_with_the_units_name() -> None:
    (stack,) = layers.stacks((base(), layer(APAC, params={"limit": 4})))
    soundness.check_stack(stack, picture())
    other = replace(base(), template="kpi_breach")
    with pytest.raises(Refusal, match=r"As Apac changes it: .limit. is not a parameter"):
        soundness.check_stack(stack.with_(other), picture())


TOMORROW, YESTERDAY = date(2026, 8, 16), date(2026, 8, 14)


@pytest.mark.parametrize(
    ("laid", "says"),
    [
        pytest.param((layer(APAC, params={"limit": -99}, dates=(TOMORROW, None)),), "from 1 to 50", id="begins later"),
        pytest.param((layer(APAC, hold=-7, dates=(TOMORROW, date.max)),), "365 days", id="for ever"),
        pytest.param(
            (layer(SALES, hold=-7), layer(APAC, hold=3, dates=(None, TOMORROW))), "365 days", id="another one ends"
        ),
    ],
)
def test_what_units_change_is_sound_on_later_days_too(laid: tuple[Policy, ...], says: str) -> None:
    (stack,) = layers.stacks((base(), *laid))
    with pytest.raises(Refusal, match=says):
        soundness.check_stack(stack, picture())


def test_a_policy_has_its_variants_of_today_and_of_later_days() -> None:
    laid = (
        layer(SALES, hold=1),
        layer(APAC, hold=2, dates=(TOMORROW, date(2026, 8, 20))),
        layer(EMEA, hold=3, dates=(None, YESTERDAY)),
        layer("unit_gone", hold=4),
    )
    (stack,) = layers.stacks((base(), *laid))
    found = layers.prospects(stack, picture())
    assert [(each.layers, each.policy.hold) for each in found] == [
        ((), 0),
        ((f"{SALES}:1",), 1),
        ((f"{SALES}:1", f"{APAC}:1"), 2),
    ]


async def test_each_unit_is_judged_as_it_is_laid() -> None:
    goals = tuple(b.objective(f"obj_{where}_{n}", unit=where) for where in (APAC, EMEA) for n in range(4))
    made = (base(), layer(APAC, version=7, params={"limit": 4}), layer(SALES, severity=Severity.CRITICAL, hold=9))
    found = await evaluation.evaluate(Judge(), picture(*goals), made)

    (only,) = found.findings
    assert (only.subject.key, only.severity, only.layers) == (EMEA, Severity.CRITICAL, (f"{SALES}:1",))
    assert found.terms(only).hold == 9


async def test_a_unit_may_switch_a_policy_off_or_on_for_itself() -> None:
    goals = tuple(b.objective(f"obj_{where}_{n}", unit=where) for where in (APAC, EMEA) for n in range(4))
    off = await evaluation.evaluate(Judge(), picture(*goals), (base(), layer(APAC, mode=PolicyMode.OFF)))
    on = await evaluation.evaluate(
        Judge(), picture(*goals), (replace(base(), mode=PolicyMode.OFF), layer(APAC, mode=PolicyMode.ADVISE))
    )

    assert [one.subject.key for one in off.findings] == [EMEA]
    assert [one.subject.key for one in on.findings] == [APAC]
