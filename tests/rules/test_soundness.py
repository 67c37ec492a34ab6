"""Soundness: what of a policy is refused, where, and with which words."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from okr.errors import Code, Refusal
from okr.policy import Policy, PolicyMode, Scope
from rules import soundness
from tests.rules.test_policy import DAY, PICTURE, clause, custom, limit

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
        soundness.check(made, PICTURE)

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
    soundness.check(made, PICTURE)


@pytest.mark.parametrize("mode", [PolicyMode.BLOCK, PolicyMode.AUTO])
@pytest.mark.parametrize("template", ["todo_list", "kpi_in_disguise"])
def test_a_policy_that_reads_words_only_warns(template: str, mode: PolicyMode) -> None:
    kind = {"todo_list": "objective", "kpi_in_disguise": "key_result"}[template]
    made = replace(limit(), key="words", template=template, on=kind, mode=mode)
    with pytest.raises(Refusal) as refused:
        soundness.check(made, PICTURE)
    assert (refused.value.code, refused.value.field) == (Code.INVALID, ("mode",))
    soundness.check(replace(made, mode=PolicyMode.ADVISE), PICTURE)
