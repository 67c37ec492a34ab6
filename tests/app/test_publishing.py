"""Publishing: the gate before a policy is in force, the way back, and what units change of it."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from app import policies, publishing
from app.call import Once
from app.policies import PolicyDraft
from app.publishing import Published, Shown
from okr.errors import Code
from okr.org import Role
from okr.policy import Example, Policy, PolicyMode, PolicyState, Scope, Severity
from okr.recommendation import RecommendationState
from rules.explain import Outcome
from rules.template import TEMPLATES
from store.change import Edit
from tests.app.builders import (
    begin,
    breach,
    filed,
    goal,
    kpi,
    month,
    person,
    publish,
    read,
    refused,
    stored,
    together,
    written,
)
from tests.app.conftest import Mirror
from tests.service import Stage, people_of

LIMIT = PolicyDraft(key="goal-limit", template="goal_limit")
MANY = {"all": [{"field": "kpis", "op": "gt", "value": 0}, {"field": "cycle_kind", "op": "eq", "value": "quarter"}]}
CUSTOM = PolicyDraft(key="kpis-at-all", template="custom", on="unit", when=MANY)


async def save(stage: Stage, draft: PolicyDraft, who: str | None = "hr_admin", **changes: Any) -> Policy:
    return await policies.save(await begin(stage, who), replace(draft, **changes))


async def put(stage: Stage, saved: Policy, who: str | None = None, **how: Any) -> Published:
    return await publishing.publish(await begin(stage, who), saved.key, saved.version, saved.layer, **how)


async def states(stage: Stage, key: str, layer: str = "") -> list[tuple[int, PolicyState]]:
    found = await (await begin(stage)).store.policy_versions(key, layer)
    return [(each.version, each.state) for each in found]


async def in_force(stage: Stage, key: str, layer: str = "") -> Policy:
    found = await (await begin(stage)).store.policies()
    return next(each for each in found if (each.key, each.layer) == (key, layer))


async def test_what_is_published_is_frozen_and_says_who_decided(stage: Stage) -> None:
    saved = await save(stage, LIMIT, params={"limit": Decimal(4)})
    stage.clock.at += timedelta(hours=1)
    done = await put(stage, saved, note="calm down")

    assert done.policy == replace(
        saved,
        state=PolicyState.PUBLISHED,
        frozen=TEMPLATES["goal_limit"].when,
        approved_by="system",
        approved_at=stage.clock.at,
    )
    assert (saved.based_on, done.policy) == (1, await in_force(stage, "goal-limit"))
    assert done.shown == Shown(asked=3, matched=0, opens=0, resolves=0, stays=0)
    (entry, *_) = await (await begin(stage)).store.audit(operation="policy.publish")
    assert (entry.note, entry.by) == ("calm down", "system")


async def test_a_policy_begins_by_observing(stage: Stage) -> None:
    await kpi(stage)
    refusal = await refused(put(stage, await save(stage, CUSTOM, mode=PolicyMode.ADVISE)))
    assert (refusal.code, refusal.field) == (Code.INVALID, ("mode",))
    assert await states(stage, "kpis-at-all") == [(1, PolicyState.DRAFT)]

    observing = await put(stage, await save(stage, CUSTOM, mode=PolicyMode.OBSERVE))
    assert observing.recommendations == ()
    advising = await put(stage, await save(stage, CUSTOM, mode=PolicyMode.ADVISE), confirm=True)
    assert [one.state for one in advising.recommendations] == [RecommendationState.OPEN]


async def test_what_would_flood_people_takes_a_confirmation(stage: Stage) -> None:
    for unit in (stage.team, stage.other, stage.company):
        await kpi(stage, unit=unit)
    await put(stage, await save(stage, CUSTOM))
    saved = await save(stage, CUSTOM, mode=PolicyMode.ADVISE)
    before = await written(stage)
    refusal = await refused(put(stage, saved))
    assert (refusal.code, refusal.field) == (Code.NEEDS_CONFIRMATION, ("confirm",))
    assert await written(stage) == before
    done = await put(stage, saved, confirm=True)
    assert (len(done.recommendations), done.shown.opens) == (3, 3)


async def test_a_failing_test_case_keeps_a_policy_from_being_published(stage: Stage) -> None:
    wrong = (
        Example(name="none is fine", fact={"kpis": 0}, expect="clear"),
        Example(name="one is too", fact={"kpis": 1, "cycle_kind": "quarter"}, expect="clear"),
        Example(name="nothing known", fact={}, expect="unknown"),
    )
    saved = await save(stage, CUSTOM, tests=wrong)
    refusal = await refused(put(stage, saved))
    assert (refusal.code, refusal.field) == (Code.TEST_FAILED, ("tests",))
    assert refusal.message.startswith('1 of 3 test cases fail: "one is too" says match, not clear.')
    right = (*wrong[::2], replace(wrong[1], expect="match"))
    done = await put(stage, await save(stage, CUSTOM, tests=right))
    assert done.policy.tests == right


@pytest.mark.parametrize(
    ("example", "code", "field"),
    [
        pytest.param(Example(name="", fact={}, expect="clear"), Code.INVALID, ("name",), id="no name"),
        pytest.param(Example(name="x", fact={}, expect="clears"), Code.INVALID, ("expect",), id="no such outcome"),
        pytest.param(
            Example(name="x", fact={"kpi": 1}, expect="clear"), Code.UNKNOWN_FIELD, ("fact",), id="no such field"
        ),
        pytest.param(
            Example(name="x", fact={"kpis": "many"}, expect="clear"), Code.WRONG_TYPE, ("fact", "kpis"), id="no number"
        ),
    ],
)
async def test_a_test_case_that_cannot_be_asked_is_not_saved(
    stage: Stage, example: Example, code: Code, field: tuple[str, ...]
) -> None:
    refusal = await refused(save(stage, CUSTOM, tests=(example,)))
    assert (refusal.code, refusal.field) == (code, ("tests", "0", *field))
    refusal = await refused(save(stage, CUSTOM, tests=(Example(name="x", fact={}, expect="clear"),) * 51))
    assert (refusal.code, refusal.field) == (Code.TOO_LONG, ("tests",))


async def test_a_draft_made_from_another_version_is_compared_first(stage: Stage) -> None:
    older = await save(stage, LIMIT, params={"limit": Decimal(4)})
    await put(stage, older)
    call = await begin(stage)
    stale = replace(older, version=3, based_on=1, state=PolicyState.DRAFT)
    await call.commit("policy.save", entries=[stale])
    refusal = await refused(put(stage, stale))
    assert (refusal.code, refusal.field) == (Code.CONFLICT, ("version",))
    assert "The draft was made when version 1 was in force; now it is version 2." in refusal.message


async def test_what_acts_by_itself_is_approved_by_somebody_else(stage: Stage) -> None:
    saved = await save(stage, PolicyDraft(key="kpi-breach", template="kpi_breach", mode=PolicyMode.AUTO))
    refusal = await refused(put(stage, saved, "hr_admin"))
    assert (refusal.code, refusal.field) == (Code.NEEDS_APPROVAL, ("mode",))
    await person(stage, "second", stage.company, (Role.HR_ADMIN, stage.company))
    done = await put(stage, saved, "second")
    assert done.policy.approved_by != done.policy.author


async def test_what_acted_by_itself_can_be_gone_back_to_by_another_than_its_author(stage: Stage) -> None:
    await person(stage, "second", stage.company, (Role.HR_ADMIN, stage.company))
    acting = await save(stage, PolicyDraft(key="kpi-breach", template="kpi_breach", mode=PolicyMode.AUTO))
    await put(stage, acting, "second")
    await put(stage, await save(stage, PolicyDraft(key="kpi-breach", template="kpi_breach", mode=PolicyMode.ADVISE)))

    own = publishing.roll_back(await begin(stage, "hr_admin"), "kpi-breach", acting.version)
    assert (await refused(own)).code is Code.NEEDS_APPROVAL
    second = await begin(stage, "second")
    done = await publishing.roll_back(second, "kpi-breach", acting.version)
    assert (done.policy.mode, done.policy.author) == (PolicyMode.AUTO, acting.author)
    assert done.policy.approved_by == second.actor.key


async def test_what_a_unit_changes_of_what_acts_by_itself_is_approved_by_somebody_else(stage: Stage) -> None:
    await person(stage, "second", stage.company, (Role.HR_ADMIN, stage.company))
    acting = await save(stage, PolicyDraft(key="kpi-breach", template="kpi_breach", mode=PolicyMode.AUTO))
    await put(stage, acting, "second")
    sooner = PolicyDraft(key="kpi-breach", template="kpi_breach", layer=stage.team, params={"periods": Decimal(2)})
    saved = await save(stage, sooner)
    assert (await refused(put(stage, saved, "hr_admin"))).code is Code.NEEDS_APPROVAL
    assert (await put(stage, saved, "second")).policy.layer == stage.team


async def test_what_a_unit_changes_takes_a_confirmation_where_it_would_flood_that_unit(stage: Stage) -> None:
    for _ in range(2):
        await goal(stage)
    saved = await save(stage, replace(LIMIT, layer=stage.team, params={"limit": Decimal(1)}))
    refusal = await refused(put(stage, saved))
    assert (refusal.code, refusal.field) == (Code.NEEDS_CONFIRMATION, ("confirm",))
    done = await put(stage, saved, confirm=True)
    assert done.shown == Shown(asked=1, matched=1, opens=1, resolves=0, stays=0)


async def test_a_unit_lets_a_shipped_policy_act_by_itself_once_somebody_approves(stage: Stage) -> None:
    shipped = await in_force(stage, "kpi-breach")
    assert shipped.approved_by is None
    mine = PolicyDraft(key="kpi-breach", template="kpi_breach", layer=stage.team, mode=PolicyMode.AUTO)
    await put(stage, await save(stage, mine, "hr_admin"))
    watched = await kpi(stage)
    await read(stage, month(watched, 6, 99), month(watched, 7, 50))
    (found,) = await filed(stage, "kpi-breach")
    assert (found.state, found.finding.layers) == (RecommendationState.APPLIED, (f"{stage.team}:1",))


async def test_what_a_unit_lets_act_by_itself_is_not_rewritten_by_one_alone(stage: Stage) -> None:
    await person(stage, "second", stage.company, (Role.HR_ADMIN, stage.company))
    mine = PolicyDraft(key="kpi-breach", template="kpi_breach")
    await put(stage, await save(stage, replace(mine, layer=stage.team, mode=PolicyMode.AUTO)), "second")
    rewritten = await save(stage, replace(mine, params={"periods": Decimal(2)}, mode=PolicyMode.OBSERVE))
    assert (await refused(put(stage, rewritten, "hr_admin"))).code is Code.NEEDS_APPROVAL
    assert (await put(stage, rewritten, "second")).policy.mode is PolicyMode.OBSERVE


async def test_what_will_act_by_itself_on_a_later_day_is_approved_by_somebody_else(stage: Stage) -> None:
    later = stage.clock.at.date() + timedelta(days=7)
    mine = PolicyDraft(key="kpi-breach", template="kpi_breach", layer=stage.team, mode=PolicyMode.AUTO)
    saved = await save(stage, replace(mine, effective_from=later))
    assert (await refused(put(stage, saved, "hr_admin"))).code is Code.NEEDS_APPROVAL


async def test_nobody_alone_takes_away_what_keeps_a_policy_from_acting_by_itself(stage: Stage) -> None:
    await person(stage, "second", stage.company, (Role.HR_ADMIN, stage.company))
    mine = PolicyDraft(key="kpi-breach", template="kpi_breach", mode=PolicyMode.OBSERVE)
    await put(stage, await save(stage, replace(mine, layer=stage.team, mode=PolicyMode.AUTO)), "second")
    await put(stage, await save(stage, replace(mine, layer=stage.company, lock=("mode",))), "hr_admin")
    await put(stage, await save(stage, replace(mine, params={"periods": Decimal(1)})), "hr_admin")
    refusal = await refused(publishing.retire(await begin(stage, "hr_admin"), "kpi-breach", stage.company))
    assert (refusal.code, refusal.field) == (Code.NEEDS_APPROVAL, ("unitId",))
    retired = await publishing.retire(await begin(stage, "second"), "kpi-breach", stage.company)
    assert retired.state is PolicyState.RETIRED


async def test_what_a_unit_changes_stays_where_another_rests_on_it(stage: Stage) -> None:
    between = {
        "all": [
            {"field": "kpis", "op": "gt", "value": {"param": "least"}},
            {"field": "kpis", "op": "lt", "value": {"param": "most"}},
        ]
    }
    mine = PolicyDraft(key="some-kpis", template="custom")
    whole = replace(mine, on="unit", when=between, params={"least": Decimal(1), "most": Decimal(5)})
    await put(stage, await save(stage, whole))
    await put(stage, await save(stage, replace(mine, layer=stage.company, params={"most": Decimal(50)})))
    await put(stage, await save(stage, replace(mine, layer=stage.team, params={"least": Decimal(10)})))
    refusal = await refused(publishing.retire(await begin(stage), "some-kpis", stage.company))
    assert refusal.code is Code.NEVER_MATCHES
    await publishing.retire(await begin(stage), "some-kpis", stage.team)
    await publishing.retire(await begin(stage), "some-kpis", stage.company)


async def test_nothing_is_left_over_a_policy_that_is_retired_in_the_same_moment(stage: Stage) -> None:
    await put(stage, await save(stage, CUSTOM))
    laid = await save(stage, PolicyDraft(key="kpis-at-all", template="custom", layer=stage.team, hold=2))
    publishing_it = publishing.publish(await begin(stage), "kpis-at-all", laid.version, stage.team)
    await together(publishing_it, publishing.retire(await begin(stage), "kpis-at-all"))
    assert not [each for each in await (await begin(stage)).store.policies() if each.key == "kpis-at-all"]


async def test_a_policy_is_not_made_from_another_template_below_what_units_change(stage: Stage) -> None:
    await put(stage, await save(stage, replace(LIMIT, layer=stage.team, params={"limit": Decimal(4)})))
    refusal = await refused(save(stage, PolicyDraft(key="goal-limit", template="kpi_count")))
    assert (refusal.code, refusal.field) == (Code.INVALID, ("template",))


async def test_of_a_policy_and_what_a_unit_changes_published_at_once_one_sees_the_other(stage: Stage) -> None:
    await put(stage, await save(stage, PolicyDraft(key="few", template="goal_limit")))
    below = await save(stage, PolicyDraft(key="few", template="goal_limit", layer=stage.team, hold=2))
    other = await save(stage, PolicyDraft(key="few", template="kpi_count"))
    calls = [await begin(stage), await begin(stage)]
    done, refusals = await together(
        publishing.publish(calls[0], "few", below.version, stage.team),
        publishing.publish(calls[1], "few", other.version),
    )
    assert (len(done), refusals) == (1, [Code.INVALID])


async def test_hr_of_a_subtree_does_not_write_over_what_others_draft_for_it(stage: Stage) -> None:
    mine = PolicyDraft(key="few-goals", template="goal_limit")
    await put(stage, await save(stage, mine))
    narrow = replace(mine, scope=Scope(units=(stage.team,)))
    await save(stage, narrow)
    await person(stage, "team-admin", stage.team, (Role.HR_ADMIN, stage.team))
    refusal = await refused(save(stage, narrow, "team-admin"))
    assert (refusal.code, refusal.field) == (Code.FORBIDDEN, ("key",))


async def test_what_units_changed_has_to_fit_a_policy_that_comes_back(stage: Stage) -> None:
    await put(stage, await save(stage, replace(LIMIT, layer=stage.team, params={"limit": Decimal(4)})))
    call, base = await begin(stage), await in_force(stage, "goal-limit")
    await call.commit("test", edits=[Edit(before=base, after=replace(base, state=PolicyState.RETIRED))])
    refusal = await refused(save(stage, PolicyDraft(key="goal-limit", template="kpi_breach")))
    assert (refusal.code, refusal.field) == (Code.UNKNOWN_FIELD, ("params", "limit"))


async def test_going_back_makes_a_new_version_of_an_old_one(stage: Stage) -> None:
    for limit in (4, 5):
        await put(stage, await save(stage, LIMIT, params={"limit": Decimal(limit)}))
    done = await publishing.roll_back(await begin(stage, "hr_admin"), "goal-limit", 2, note="five were too many")

    assert (done.policy.version, done.policy.params) == (4, {"limit": Decimal(4)})
    assert done.policy.note == "Back to version 2: five were too many"
    assert await states(stage, "goal-limit") == [
        (4, PolicyState.PUBLISHED),
        (3, PolicyState.RETIRED),
        (2, PolicyState.RETIRED),
        (1, PolicyState.RETIRED),
    ]
    for version, code in ((4, Code.NOT_OPEN), (9, Code.NOT_FOUND)):
        assert (await refused(publishing.roll_back(await begin(stage), "goal-limit", version))).code is code
    await save(stage, LIMIT)
    assert (await refused(publishing.roll_back(await begin(stage), "goal-limit", 5))).code is Code.NOT_OPEN


async def test_going_back_brings_back_the_condition_that_was_in_force_whatever_its_template_says_by_now(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    shipped = TEMPLATES["goal_limit"]
    await put(stage, await save(stage, LIMIT, params={"limit": Decimal(4)}))
    released = replace(shipped, when={"field": "goals_active", "op": "gte", "value": {"param": "limit"}}, examples=())
    monkeypatch.setitem(TEMPLATES, "goal_limit", released)
    assert (await put(stage, await save(stage, LIMIT))).policy.frozen == released.when

    stricter = replace(released, examples=(replace(shipped.examples[0], fact={}, expect=Outcome.MATCH),))
    monkeypatch.setitem(TEMPLATES, "goal_limit", stricter)
    done = await publishing.roll_back(await begin(stage, "hr_admin"), "goal-limit", 2)
    assert (done.policy.version, done.policy.frozen) == (4, shipped.when)


async def test_hr_of_a_subtree_does_not_bring_back_what_others_took_away(stage: Stage) -> None:
    mine = PolicyDraft(key="few-goals", template="goal_limit")
    for scope in (Scope(units=(stage.team,)), Scope()):
        await put(stage, await save(stage, replace(mine, scope=scope)))
    await publishing.retire(await begin(stage), "few-goals")
    await person(stage, "team-admin", stage.team, (Role.HR_ADMIN, stage.team))
    refusal = await refused(publishing.roll_back(await begin(stage, "team-admin"), "few-goals", 1))
    assert (refusal.code, refusal.field) == (Code.FORBIDDEN, ("key",))


async def test_what_a_hidden_unit_changes_is_not_given_away(stage: Stage) -> None:
    await person(stage, "team-admin", stage.team, (Role.HR_ADMIN, stage.team))
    await put(stage, await save(stage, replace(LIMIT, layer=stage.other, hold=3)))
    hidden = await begin(stage, "team-admin")
    for asked in (
        publishing.publish(hidden, "goal-limit", 1, stage.other),
        publishing.publish(hidden, "goal-limit", 9, stage.other),
        publishing.roll_back(hidden, "goal-limit", 9, stage.other),
        publishing.retire(hidden, "kpi-breach", stage.other),
    ):
        refusal = await refused(asked)
        assert (refusal.code, refusal.field) == (Code.NOT_FOUND, ("unitId",))


async def test_many_who_go_back_at_once_make_one_version(stage: Stage, mirror: Mirror) -> None:
    await put(stage, await save(stage, LIMIT, params={"limit": Decimal(4)}))
    mirror.crowded = True
    calls = [await begin(stage) for _ in range(4)]
    done, refusals = await together(*(publishing.roll_back(call, "goal-limit", 1) for call in calls))
    assert len(done) == 1
    assert set(refusals) <= {Code.CONFLICT, Code.DUPLICATE, Code.NOT_OPEN}
    assert [state for _, state in await states(stage, "goal-limit")].count(PolicyState.PUBLISHED) == 1


async def test_of_several_who_publish_it_at_once_one_does(stage: Stage, mirror: Mirror) -> None:
    await breach(stage, await kpi(stage))
    saved = await save(stage, PolicyDraft(key="kpi-breach", template="kpi_breach", severity=Severity.INFO))
    stage.clock.at += timedelta(minutes=1)
    mirror.crowded = True
    calls = [await begin(stage) for _ in range(4)]
    publishings = (publishing.publish(call, "kpi-breach", saved.version, confirm=True) for call in calls)
    done, refusals = await together(*publishings)
    assert len(done) == 1
    assert len(refusals) == 3
    assert set(refusals) <= {Code.CONFLICT, Code.NOT_OPEN}
    assert await states(stage, "kpi-breach") == [(2, PolicyState.PUBLISHED), (1, PolicyState.RETIRED)]
    decisions = await (await begin(stage)).store.decisions(limit=1_000)
    assert [each.trigger for each in decisions if each.at == stage.clock.at] == ["publish"]


async def test_a_repeat_is_answered_from_the_first(stage: Stage) -> None:
    saved = await save(stage, LIMIT, params={"limit": Decimal(4)})
    once = Once(key="word", fingerprint="publish")
    first = await publishing.publish(replace(await begin(stage), once=once), "goal-limit", saved.version)
    before = await written(stage)
    again = await publishing.publish(replace(await begin(stage), once=once), "goal-limit", saved.version)
    assert again == first
    assert (await written(stage))[:2] == before[:2]


async def test_what_is_taken_out_of_force_ends_what_it_filed(stage: Stage) -> None:
    (found,) = [await breach(stage, await kpi(stage))]
    retired = await publishing.retire(await begin(stage, "hr_admin"), "kpi-breach", note="not now")
    assert retired.state is PolicyState.RETIRED
    assert (await stored(stage, found)).state is RecommendationState.EXPIRED
    assert (await refused(publishing.retire(await begin(stage), "kpi-breach"))).code is Code.NOT_FOUND


async def test_a_unit_changes_what_holds_below_it(stage: Stage) -> None:
    await person(stage, "local", stage.team, (Role.HR_ADMIN, stage.team), (Role.VIEWER, stage.company))
    for unit in (stage.team, stage.other):
        for _ in range(2):
            await goal(stage, unit=unit)
    strict = replace(LIMIT, layer=stage.team, params={"limit": Decimal(1)}, severity=Severity.CRITICAL)
    saved = await save(stage, strict, "local")
    assert (saved.layer, saved.sets, saved.version, saved.based_on) == (stage.team, ("severity",), 1, 0)
    done = await put(stage, saved, "local", confirm=True)

    (found,) = done.recommendations
    assert (found.finding.unit, found.finding.severity) == (stage.team, Severity.CRITICAL)
    assert found.finding.layers == (f"{stage.team}:1",)
    assert await states(stage, "goal-limit") == [(1, PolicyState.PUBLISHED)]
    assert await states(stage, "goal-limit", stage.team) == [(1, PolicyState.PUBLISHED)]

    await publishing.retire(await begin(stage, "local"), "goal-limit", stage.team)
    assert (await stored(stage, found)).state is RecommendationState.RESOLVED
    assert await states(stage, "goal-limit") == [(1, PolicyState.PUBLISHED)]


@pytest.mark.parametrize(
    ("changes", "who", "code", "field"),
    [
        pytest.param({"layer": "unit_nowhere"}, "hr_admin", Code.NOT_FOUND, ("unitId",), id="no such unit"),
        pytest.param({"key": "no-such"}, "hr_admin", Code.NOT_FOUND, ("key",), id="no such policy"),
        pytest.param({"clear": 3}, "hr_admin", Code.INVALID, ("clear",), id="what a unit cannot change"),
        pytest.param({"scope": Scope()}, "hr_admin", Code.INVALID, ("scope",), id="a scope of its own"),
        pytest.param({}, "lead", Code.FORBIDDEN, ("unitId",), id="a lead"),
        pytest.param({"mode": PolicyMode.AUTO}, "hr_admin", Code.INVALID, ("mode",), id="a mode it cannot have"),
        pytest.param({"params": {"limits": Decimal(1)}}, "hr_admin", Code.UNKNOWN_FIELD, ("params", "limits"), id="x"),
    ],
)
async def test_what_a_unit_cannot_change_is_not_saved(
    stage: Stage, changes: dict[str, Any], who: str, code: Code, field: tuple[str, ...]
) -> None:
    refusal = await refused(save(stage, replace(LIMIT, layer=stage.team, hold=2), who, **changes))
    assert (refusal.code, refusal.field) == (code, field)


async def test_a_unit_of_another_organisation_is_none(stage: Stage) -> None:
    _, theirs, _ = await people_of(stage.runtime, "other")
    refusal = await refused(save(stage, replace(LIMIT, layer=theirs, hold=2)))
    assert (refusal.code, refusal.field) == (Code.NOT_FOUND, ("unitId",))


async def test_what_is_locked_cannot_be_changed_below(stage: Stage) -> None:
    await put(stage, await save(stage, LIMIT, lock=("params.limit",)))
    below = replace(LIMIT, layer=stage.team, params={"limit": Decimal(9)})
    refusal = await refused(save(stage, below))
    assert (refusal.code, refusal.field) == (Code.FORBIDDEN, ("params", "limit"))
    refusal = await refused(save(stage, LIMIT, lock=("parms",)))
    assert (refusal.code, refusal.field) == (Code.UNKNOWN_FIELD, ("lock", "0"))


async def test_a_policy_that_no_longer_fits_what_units_change_is_refused(stage: Stage) -> None:
    below = await save(stage, replace(LIMIT, layer=stage.team, params={"limit": Decimal(9)}))
    await put(stage, below)
    refusal = await refused(save(stage, PolicyDraft(key="goal-limit", template="kpi_breach")))
    assert refusal.code is Code.UNKNOWN_FIELD
    assert refusal.message.startswith("As Platform changes it: ")


async def test_a_local_block_blocks_there_alone(stage: Stage) -> None:
    strict = replace(LIMIT, layer=stage.team, params={"limit": Decimal(1)}, mode=PolicyMode.BLOCK)
    await put(stage, await save(stage, strict))
    for unit in (stage.team, stage.other):
        await goal(stage, unit=unit)
    assert (await refused(goal(stage))).code is Code.BLOCKED_BY_POLICY
    await goal(stage, unit=stage.other)
    assert await filed(stage, "goal-limit") == ()


async def test_the_service_publishes_what_a_test_helper_publishes(stage: Stage) -> None:
    done = await publish(stage, "goal-limit", PolicyMode.BLOCK)
    assert done == await in_force(stage, "goal-limit")


async def test_what_units_change_goes_with_the_policy(stage: Stage) -> None:
    await put(stage, await save(stage, replace(LIMIT, layer=stage.team, hold=2)))
    await publishing.retire(await begin(stage, "hr_admin"), "goal-limit")
    assert await states(stage, "goal-limit", stage.team) == [(1, PolicyState.RETIRED)]
    assert not [each for each in await (await begin(stage)).store.policies() if each.key == "goal-limit"]


async def test_a_draft_from_before_a_retirement_is_not_published_after_it(stage: Stage) -> None:
    await put(stage, await save(stage, CUSTOM))
    draft = await save(stage, CUSTOM, mode=PolicyMode.ADVISE)
    call = await begin(stage)
    older = replace(draft, version=2, based_on=0, created_at=draft.created_at)
    await call.commit("test", edits=[Edit(before=draft, after=replace(older, created_at=stage.clock.at))])
    await call.commit("test", entries=[replace(older, version=3, state=PolicyState.RETIRED)])
    await publishing.retire(await begin(stage), "kpis-at-all")
    refusal = await refused(put(stage, older))
    assert (refusal.code, refusal.field) == (Code.CONFLICT, ("version",))


async def test_nobody_approves_what_was_changed_in_between(stage: Stage) -> None:
    seen = await save(stage, LIMIT, params={"limit": Decimal(4)})
    stage.clock.at += timedelta(minutes=1)
    changed = await save(stage, LIMIT, params={"limit": Decimal(40)})
    refusal = await refused(put(stage, changed, saved_at=seen.created_at))
    assert (refusal.code, refusal.field) == (Code.CONFLICT, ("savedAt",))
    done = await put(stage, changed, saved_at=changed.created_at)
    assert done.policy.params == {"limit": Decimal(40)}
