"""Policies: drafts, versions, who may decide for whom, and what is published once."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from app import evaluation, policies, publishing
from app.call import Once
from app.policies import PolicyDraft
from okr.errors import Code
from okr.org import Role
from okr.policy import Policy, PolicyMode, PolicyState, Scope, Severity
from rules.template import TEMPLATES
from store.change import Edit
from tests.app.builders import (
    SHIPPED,
    begin,
    breach,
    code,
    due,
    goal,
    kpi,
    person,
    publish,
    refused,
    stored,
    together,
    written,
)
from tests.app.conftest import Mirror
from tests.service import Stage, people_of

LIMIT = PolicyDraft(key="goal-limit", template="goal_limit", mode=PolicyMode.BLOCK)
KPIS = {"field": "kpis", "op": "gt", "value": {"param": "most"}}
CUSTOM = PolicyDraft(key="few-kpis", template="custom", on="unit", when=KPIS, params={"most": Decimal(7)})


async def save(stage: Stage, draft: PolicyDraft, who: str | None = None, **changes: Any) -> Policy:
    """Save a draft, now."""
    return await policies.save(await begin(stage, who), replace(draft, **changes))


async def versions(stage: Stage, key: str) -> list[tuple[int, PolicyState]]:
    """Return the versions of a policy with their states, newest first."""
    return [(one.version, one.state) for one in await (await begin(stage)).store.policy_versions(key)]


async def test_the_shipped_policies_are_installed_once(stage: Stage) -> None:
    call = await begin(stage)
    shipped = await call.store.policies()
    assert {one.template for one in shipped} == set(TEMPLATES)
    assert tuple(one.key for one in shipped if one.mode is PolicyMode.ADVISE) == SHIPPED
    assert {one.mode for one in shipped if one.key not in SHIPPED} == {PolicyMode.OBSERVE}
    before = await written(stage)
    await policies.install(call)
    assert await written(stage) == before
    assert await code(policies.install(await begin(stage, "lead"))) is Code.FORBIDDEN


async def test_a_first_draft_observes_and_is_as_its_template_says(stage: Stage) -> None:
    call = await begin(stage)
    (shipped,) = await call.store.policy_versions("missed-check-in")
    made = await save(stage, PolicyDraft(key="silence", template="missed_check_in", note="trying"))
    assert made == replace(
        shipped,
        key="silence",
        frozen=None,
        state=PolicyState.DRAFT,
        mode=PolicyMode.OBSERVE,
        author="system",
        note="trying",
        created_at=stage.clock.at,
    )
    assert (made.severity, made.cooldown, made.expires) == (Severity.INFO, 7, 30)
    custom = await save(stage, CUSTOM)
    assert (custom.version, custom.mode, custom.name, custom.severity) == (
        1,
        PolicyMode.OBSERVE,
        "few-kpis",
        Severity.WARNING,
    )


async def test_a_draft_is_replaced_and_a_published_version_is_followed(stage: Stage) -> None:
    await save(stage, LIMIT)
    stage.clock.at += timedelta(hours=1)
    again = await save(stage, LIMIT, params={"limit": Decimal(4)}, mode=None)
    assert (again.version, again.mode, again.params) == (2, PolicyMode.BLOCK, {"limit": Decimal(4)})
    assert await versions(stage, "goal-limit") == [(2, PolicyState.DRAFT), (1, PolicyState.PUBLISHED)]
    await publishing.publish(await begin(stage), "goal-limit", 2, confirm=True)
    third = await save(stage, LIMIT, mode=PolicyMode.ADVISE)
    assert (third.version, third.params) == (3, {"limit": Decimal(4)})
    assert await versions(stage, "goal-limit") == [
        (3, PolicyState.DRAFT),
        (2, PolicyState.PUBLISHED),
        (1, PolicyState.RETIRED),
    ]
    assert [one.version for one in await (await begin(stage)).store.policies() if one.key == "goal-limit"] == [2]


async def test_another_template_begins_anew_under_the_same_key(stage: Stage) -> None:
    made = await save(stage, CUSTOM, key="goal-limit")
    assert (made.version, made.template, made.mode, made.params) == (
        2,
        "custom",
        PolicyMode.OBSERVE,
        {"most": Decimal(7)},
    )


@pytest.mark.parametrize(
    ("changes", "expected", "field"),
    [
        pytest.param({"key": ""}, Code.INVALID, ("key",), id="no key"),
        pytest.param({"key": "x" * 65}, Code.TOO_LONG, ("key",), id="a long key"),
        pytest.param({"key": "goal-limit@unit_x+unit_y"}, Code.INVALID, ("key",), id="a key like the name of a layer"),
        pytest.param({"key": "goal\u202elimit"}, Code.INVALID, ("key",), id="a key that reads backwards"),
        pytest.param({"template": "goal_limits"}, Code.UNKNOWN_FIELD, ("template",), id="template"),
        pytest.param({"params": {"limits": Decimal(1)}}, Code.UNKNOWN_FIELD, ("params", "limits"), id="parameter"),
        pytest.param({"params": {"limit": Decimal(0)}}, Code.INVALID, ("params", "limit"), id="out of bounds"),
        pytest.param({"hold": 999}, Code.INVALID, ("hold",), id="hold"),
        pytest.param({"mode": PolicyMode.AUTO}, Code.INVALID, ("mode",), id="what cannot be done by itself"),
        pytest.param({"when": KPIS}, Code.INVALID, ("when",), id="a condition beside the template's"),
        pytest.param(
            {"scope": Scope(units=("unit_nowhere",))}, Code.NOT_FOUND, ("scope", "units", "0"), id="scope of nothing"
        ),
        pytest.param(
            {"scope": Scope(exempt=("unit_nowhere",))}, Code.NOT_FOUND, ("scope", "exempt", "0"), id="nothing exempt"
        ),
        pytest.param(
            {"scope": Scope(cycles=("cyc_nothing",))}, Code.NOT_FOUND, ("scope", "cycles", "0"), id="no such cycle"
        ),
    ],
)
async def test_what_cannot_be_is_not_saved(
    stage: Stage, changes: dict[str, Any], expected: Code, field: tuple[str, ...]
) -> None:
    before = await written(stage)
    refusal = await refused(save(stage, LIMIT, **changes))
    assert (refusal.code, refusal.field) == (expected, field)
    assert await written(stage) == before


async def test_hr_of_a_subtree_decides_for_that_subtree_alone(stage: Stage) -> None:
    await person(stage, "local", stage.team, (Role.HR_ADMIN, stage.team), (Role.VIEWER, stage.company))
    mine = Scope(units=(stage.team,))
    saved = await save(stage, CUSTOM, "local", scope=mine)
    assert saved.scope == mine
    assert (await save(stage, CUSTOM, "local", hold=2)).hold == 2
    for scope in (Scope(), Scope(units=(stage.other,)), Scope(units=(stage.team, stage.company))):
        assert await code(save(stage, CUSTOM, "local", scope=scope)) is Code.FORBIDDEN
    assert await code(save(stage, CUSTOM, "lead", scope=mine)) is Code.FORBIDDEN
    assert await code(publishing.publish(await begin(stage, "lead"), "few-kpis", 1)) is Code.FORBIDDEN
    done = await publishing.publish(await begin(stage, "local"), "few-kpis", 1)
    assert (done.policy.state, done.policy.scope) == (PolicyState.PUBLISHED, mine)


async def test_hr_of_a_subtree_takes_no_policy_away_from_the_others(stage: Stage) -> None:
    await person(stage, "local", stage.team, (Role.HR_ADMIN, stage.team))
    drafted = await save(stage, LIMIT)
    narrow = Scope(units=(stage.team,))
    for key in ("goal-limit", "kpi-breach"):
        draft = PolicyDraft(key=key, template=key.replace("-", "_"), scope=narrow, mode=PolicyMode.OFF)
        refusal = await refused(save(stage, draft, "local"))
        assert (refusal.code, refusal.field) == (Code.FORBIDDEN, ("key",))
    assert (await (await begin(stage)).store.policy_versions("goal-limit"))[0] == drafted


async def test_a_scope_names_units_of_this_organisation(stage: Stage) -> None:
    _, theirs, _ = await people_of(stage.runtime, "other")
    refusal = await refused(save(stage, LIMIT, scope=Scope(units=(theirs,))))
    assert (refusal.code, refusal.field) == (Code.NOT_FOUND, ("scope", "units", "0"))
    refusal = await refused(save(stage, LIMIT, scope=Scope(exempt=(theirs,))))
    assert (refusal.code, refusal.field) == (Code.NOT_FOUND, ("scope", "exempt", "0"))


async def test_a_version_is_published_once(stage: Stage, mirror: Mirror) -> None:
    mirror.crowded = True
    await save(stage, LIMIT)
    calls = [await begin(stage) for _ in range(4)]
    done, refusals = await together(*(publishing.publish(call, "goal-limit", 2, confirm=True) for call in calls))
    assert len(done) == 1
    assert set(refusals) <= {Code.CONFLICT, Code.NOT_OPEN}
    assert len(refusals) == 3
    assert await versions(stage, "goal-limit") == [(2, PolicyState.PUBLISHED), (1, PolicyState.RETIRED)]
    assert await code(publishing.publish(await begin(stage), "goal-limit", 2)) is Code.NOT_OPEN
    assert await code(publishing.publish(await begin(stage), "goal-limit", 1)) is Code.NOT_OPEN
    assert await code(publishing.publish(await begin(stage), "goal-limit", 9)) is Code.NOT_FOUND
    assert await code(publishing.publish(await begin(stage), "no-such-policy", 1)) is Code.NOT_FOUND


async def test_a_draft_saved_while_it_is_published_is_not_published_unseen(stage: Stage) -> None:
    await save(stage, LIMIT)
    older = await begin(stage)
    (seen, *_) = await older.store.policy_versions("goal-limit")
    stage.clock.at += timedelta(seconds=1)
    await save(stage, LIMIT, params={"limit": Decimal(50)})
    change = Edit(before=seen, after=replace(seen, state=PolicyState.PUBLISHED))
    assert await code(older.commit("test", edits=[change])) is Code.CONFLICT


async def test_two_who_save_a_first_draft_at_once_do_not_overwrite_each_other(stage: Stage, mirror: Mirror) -> None:
    mirror.crowded = True
    calls = [await begin(stage), await begin(stage, "hr_admin")]
    done, refusals = await together(*(policies.save(call, CUSTOM) for call in calls))
    assert len(done) + len(refusals) == 2
    assert set(refusals) <= {Code.DUPLICATE, Code.CONFLICT}
    assert await versions(stage, "few-kpis") == [(1, PolicyState.DRAFT)]


async def test_publishing_evaluates_where_the_policy_holds_or_held(stage: Stage) -> None:
    await publish(stage, "kpi-breach", PolicyMode.OFF)
    for unit in (stage.team, stage.other):
        await goal(stage, unit=unit)
        await goal(stage, unit=unit)
    few = {"limit": Decimal(1)}
    saved = await save(stage, LIMIT, mode=PolicyMode.ADVISE, scope=Scope(units=(stage.team,)), params=few)
    done = await publishing.publish(await begin(stage), "goal-limit", saved.version, confirm=True)
    assert [one.finding.subject.key for one in done.recommendations] == [stage.team]
    saved = await save(stage, LIMIT, mode=PolicyMode.ADVISE, scope=Scope(units=(stage.other,)), params=few)
    done = await publishing.publish(await begin(stage), "goal-limit", saved.version, confirm=True)
    assert [one.finding.subject.key for one in done.recommendations] == [stage.other]
    assert not {stage.team, stage.other} & await due(stage)
    assert (await (await begin(stage)).store.decisions())[0].trigger == "publish"


async def test_a_repeat_of_a_save_is_answered_from_the_first(stage: Stage) -> None:
    once = Once(key="word", fingerprint="save")
    first = await policies.save(replace(await begin(stage), once=once), LIMIT)
    before = await written(stage)
    assert await policies.save(replace(await begin(stage), once=once), LIMIT) == first
    assert await written(stage) == before


async def test_a_draft_is_not_in_force(stage: Stage) -> None:
    for _ in range(3):
        await goal(stage)
    await save(stage, LIMIT, params={"limit": Decimal(1)})
    await goal(stage)
    said = await breach(stage, await kpi(stage))
    await save(stage, PolicyDraft(key="kpi-breach", template="kpi_breach", mode=PolicyMode.OFF))
    await evaluation.everything(await begin(stage), "test")
    assert not (await stored(stage, said)).closed
