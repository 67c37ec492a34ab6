"""A goal limit that blocks: the goal that would be one too many is refused, and what exists is left alone."""

import asyncio
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from app import goals, policies
from app.goals import ObjectiveDraft
from app.policies import PolicyDraft
from okr.errors import Code, Refusal
from okr.policy import PolicyMode, Severity
from okr.text import Text
from tests.gql import mutations
from tests.gql.world import World

FULL = (
    'Platform has 2 goals; the limit is 1. The policy "goal-limit" blocks this: '
    "Is the company = no · Goals that count 2 > 1."
)


def goal(world: World, title: str, **more: object) -> mutations.Input:
    """Return a new goal of the team in the present quarter."""
    return {"title": title, "unitId": world.team, "cycleId": world.cycles["2026 Q3"], **more}


async def titles(world: World) -> list[str]:
    """Return the titles of the goals that count for the team."""
    call = await world.call(world.tenant)
    mine = call.picture.objectives_of[world.team]
    return [one.title.original for one in mine if one.state == "active" and one.cycle == world.cycles["2026 Q3"]]


async def test_a_goal_too_many_is_refused_with_the_numbers(world: World) -> None:
    await world.blocking(1)
    error = await mutations.refused(world, world.speaker("lead"), "createObjective", goal(world, "One more"))
    assert error == {"code": "BLOCKED_BY_POLICY", "field": None, "message": FULL}


async def test_the_last_free_place_may_be_taken(world: World) -> None:
    await world.blocking(2)
    lead = world.speaker("lead")
    assert (await mutations.done(lead, "createObjective", goal(world, "Two")))["userErrors"] == []
    error = await mutations.refused(world, lead, "createObjective", goal(world, "Three"))
    assert error["message"].startswith("Platform has 3 goals; the limit is 2.")


@pytest.mark.parametrize(
    ("speaker", "change"),
    [
        pytest.param("lead", lambda w: {"id": w.draft, "state": "ACTIVE"}, id="a draft becomes active"),
        pytest.param("lead", lambda w: {"id": w.draft, "state": "PENDING_APPROVAL"}, id="a draft awaits approval"),
        pytest.param("boss", lambda w: {"id": w.sales, "unitId": w.team}, id="a goal comes from another team"),
    ],
)
async def test_no_way_in_goes_round_the_limit(world: World, speaker: str, change: Any) -> None:
    await world.blocking(1)
    error = await mutations.refused(world, world.speaker(speaker), "updateObjective", change(world))
    assert error == {"code": "BLOCKED_BY_POLICY", "field": None, "message": FULL}


async def test_a_goal_that_moves_into_a_full_quarter_is_refused(world: World) -> None:
    await world.blocking(1)
    lead, later = world.speaker("lead"), goal(world, "Later", cycleId=world.cycles["2026 Q4"])
    made = (await mutations.done(lead, "createObjective", later))["objective"]["id"]
    change = {"id": made, "cycleId": world.cycles["2026 Q3"]}
    assert (await mutations.refused(world, lead, "updateObjective", change))["message"] == FULL


async def test_the_limit_holds_while_the_quarter_is_graded(world: World) -> None:
    await world.blocking(1)
    world.clock.put(date(2026, 10, 5))
    error = await mutations.refused(world, world.speaker("lead"), "createObjective", goal(world, "One more"))
    assert error["code"] == "BLOCKED_BY_POLICY"


async def test_a_draft_does_not_count(world: World) -> None:
    await world.blocking(1)
    payload = await mutations.done(world.speaker("lead"), "createObjective", goal(world, "Idea", state="DRAFT"))
    assert payload["userErrors"] == []


async def test_accepting_a_recommendation_is_refused_and_it_stays_open_with_the_reason(world: World) -> None:
    await world.blocking(1)
    payload = await mutations.done(world.speaker("lead"), "acceptRecommendation", {"id": world.advice})
    said = f'{FULL} Accept it with swap to give up "Never down" for it.'
    assert mutations.only_error(payload) == {"code": "BLOCKED_BY_POLICY", "field": None, "message": said}
    shown = await world.speaker("lead").data(
        "query($id: ID!) { node(id: $id) { ... on Recommendation { state error created { id } } } }", id=world.advice
    )
    assert shown == {"node": {"state": "OPEN", "error": said, "created": []}}
    assert await titles(world) == ["Never down"]


async def test_a_lowered_limit_leaves_what_exists_alone(world: World) -> None:
    lead = world.speaker("lead")
    extra = (await mutations.done(lead, "createObjective", goal(world, "Two")))["objective"]["id"]
    await world.blocking(1)
    for name, given in (
        ("recordCheckIn", {"keyResultId": world.results["number"], "value": "3"}),
        ("updateObjective", {"id": world.main, "title": "Renamed"}),
        ("updateObjective", {"id": world.main, "state": "PENDING_APPROVAL"}),
        ("updateObjective", {"id": world.main, "keyResults": [{"title": "More", "type": "BOOLEAN"}]}),
        ("closeObjective", {"id": extra}),
    ):
        assert (await mutations.done(lead, name, given))["userErrors"] == [], given


async def test_a_policy_that_only_advises_refuses_nothing(world: World) -> None:
    lead = world.speaker("lead")
    for number in range(5):
        payload = await mutations.done(lead, "createObjective", goal(world, f"Goal {number}"))
        assert payload["userErrors"] == []


async def test_of_two_who_take_the_last_place_at_once_one_gets_it(world: World) -> None:
    await world.blocking(2)
    payloads = await asyncio.gather(
        mutations.done(world.speaker("lead"), "createObjective", goal(world, "Mine")),
        mutations.done(world.speaker("boss"), "createObjective", goal(world, "Yours")),
    )
    codes = sorted(error["code"] for payload in payloads for error in payload["userErrors"])
    assert codes == ["BLOCKED_BY_POLICY"]
    assert len(await titles(world)) == 2


async def test_a_crowd_fills_the_free_places_and_no_more(world: World) -> None:
    await world.blocking(4)
    creations = [mutations.done(world.speaker("lead"), "createObjective", goal(world, f"Goal {n}")) for n in range(6)]
    activation = mutations.done(world.speaker("boss"), "updateObjective", {"id": world.draft, "state": "ACTIVE"})
    acceptance = mutations.done(world.speaker("boss"), "acceptRecommendation", {"id": world.advice})
    payloads = await asyncio.gather(*creations, activation, acceptance)
    refusals = [error["code"] for payload in payloads for error in payload["userErrors"]]
    assert len(await titles(world)) == 4
    assert len(refusals) == len(payloads) - 3
    assert set(refusals) == {"BLOCKED_BY_POLICY"}


async def test_teams_do_not_wait_for_each_other(world: World) -> None:
    await world.blocking(2)
    payloads = await asyncio.gather(
        mutations.done(world.speaker("boss"), "createObjective", goal(world, "Here")),
        mutations.done(world.speaker("boss"), "createObjective", goal(world, "There", unitId=world.other)),
        mutations.done(world.speaker("boss"), "createObjective", goal(world, "Below", unitId=world.core)),
    )
    assert [payload["userErrors"] for payload in payloads] == [[], [], []]


async def test_a_limit_on_kpis_blocks_a_kpi(world: World) -> None:
    many = {"key": "few-kpis", "template": "custom", "on": "unit"}
    when = {"is": {"field": "kpis", "op": "GT", "value": {"number": "2"}}}
    for version, mode in enumerate(("OBSERVE", "BLOCK"), start=1):
        policy = {**many, "mode": mode, "when": when}
        saved = await mutations.done(world.speaker("hr_admin"), "savePolicy", {"policy": policy})
        assert saved["userErrors"] == []
        await world.publish("few-kpis", version)
    error = await mutations.refused(world, world.speaker("lead"), "createKpi", mutations.good(world, "createKpi"))
    assert error["code"] == "BLOCKED_BY_POLICY"
    assert '"few-kpis" blocks this: KPIs 3 > 2.' in error["message"]


REASON = "The auditors asked for it this quarter."
MAY = ' Who holds the role {role} in "Platform" may go on: repeat it with an overrideReason.'


async def overridable(world: World, role: str | None, limit: int = 1) -> int:
    """Put a goal limit in force that blocks and that a role may override; return its version."""
    params = {"limit": Decimal(limit), "company_limit": Decimal(50)}
    draft = PolicyDraft(key="goal-limit", template="goal_limit", params=params, mode=PolicyMode.BLOCK)
    saved = await policies.save(await world.call(), replace(draft, overridable_by=role))
    await world.publish(saved.key, saved.version)
    return saved.version


async def custom(world: World, key: str, on: str, field: str, over: int, **more: object) -> None:
    """Put a policy in force that blocks where a number of a unit or an objective is over something."""
    when = {"field": field, "op": "gt", "value": over}
    for mode in (PolicyMode.OBSERVE, PolicyMode.BLOCK):
        draft = PolicyDraft(key=key, template="custom", on=on, when=when, mode=mode)
        saved = await policies.save(await world.call(), replace(draft, **more))  # type: ignore[arg-type]  # fields of a draft
        await world.publish(saved.key, saved.version)


async def note(world: World, operation: str) -> str:
    """Return what the newest audit entry of an operation says."""
    return (await (await world.call()).store.audit(operation=operation))[0].note


@pytest.mark.parametrize("role", ["lead", "hr_admin"])
async def test_the_refusal_says_who_may_go_on_and_how(world: World, role: str) -> None:
    await overridable(world, role)
    error = await mutations.refused(world, world.speaker("lead"), "createObjective", goal(world, "One more"))
    assert error == {"code": "BLOCKED_BY_POLICY", "field": None, "message": FULL + MAY.format(role=role)}


@pytest.mark.parametrize(
    ("role", "who"),
    [
        pytest.param("lead", "lead", id="who holds it"),
        pytest.param("lead", "boss", id="who holds it on a unit above"),
        pytest.param("lead", "team-admin", id="who holds a higher one"),
        pytest.param("hr_admin", "team-admin", id="HR of the team"),
    ],
)
async def test_who_holds_the_role_goes_on_with_a_reason_that_is_kept(world: World, role: str, who: str) -> None:
    version = await overridable(world, role)
    given = goal(world, "One more", overrideReason=f" {REASON}\n")
    payload = await mutations.done(world.speaker(who), "createObjective", given)
    assert payload["userErrors"] == []
    assert await note(world, "objective.create") == f"override of goal-limit {version}: {REASON}"
    assert sorted(await titles(world)) == ["Never down", "One more"]
    query = '{ recommendations(filter: { policyKeys: ["goal-limit"] }) { nodes { state title unit { id } } } }'
    (shown,) = (await world.speaker("lead").data(query))["recommendations"]["nodes"]
    said = "Platform has 2 goals; the limit is 1"
    assert shown == {"state": "OPEN", "title": said, "unit": {"id": world.team}}, "what was overridden stays visible"


async def test_a_reason_without_the_role_is_refused_and_says_which_it_takes(world: World) -> None:
    await overridable(world, "hr_admin")
    given = goal(world, "One more", overrideReason=REASON)
    error = await mutations.refused(world, world.speaker("lead"), "createObjective", given)
    said = 'Overriding the policy "goal-limit" takes the role hr_admin in "Platform"; ask somebody there.'
    assert error == {"code": "FORBIDDEN", "field": ["overrideReason"], "message": said}


@pytest.mark.parametrize("who", ["lead", "hr_admin"])
async def test_what_nobody_may_override_nobody_does(world: World, who: str) -> None:
    await overridable(world, None)
    given = goal(world, "One more", overrideReason=REASON)
    error = await mutations.refused(world, world.speaker(who), "createObjective", given)
    assert error == {"code": "BLOCKED_BY_POLICY", "field": None, "message": f"{FULL} Nobody may override it."}


@pytest.mark.parametrize(
    ("name", "operation", "given"),
    [
        pytest.param(
            "updateObjective", "objective.update", lambda w: {"id": w.draft, "state": "ACTIVE"}, id="an update"
        ),
        pytest.param("acceptRecommendation", "objective.create", lambda w: {"id": w.advice}, id="an acceptance"),
    ],
)
async def test_every_way_in_takes_a_reason(world: World, name: str, operation: str, given: Any) -> None:
    version = await overridable(world, "lead")
    payload = await mutations.done(world.speaker("lead"), name, {**given(world), "overrideReason": REASON})
    assert payload["userErrors"] == []
    assert await note(world, operation) == f"override of goal-limit {version}: {REASON}"
    assert len(await titles(world)) == 2


async def test_a_promotion_to_a_kpi_too_many_takes_a_reason(world: World) -> None:
    await custom(world, "few-kpis", "unit", "kpis", 2, overridable_by="lead")
    lead, said = world.speaker("lead"), {"keyResultId": world.results["number"], "value": "10"}
    for day in (15, 16):
        world.clock.put(date(2026, 8, day), hour=13)
        assert (await mutations.done(lead, "recordCheckIn", said))["userErrors"] == []
    query = 'query($id: ID!) { recommendations(filter: { subjectId: $id, policyKeys: ["promote-key-result"] })'
    found = (await lead.data(query + " { nodes { id } } }", id=said["keyResultId"]))["recommendations"]["nodes"]
    asked = {"id": found[0]["id"]}
    error = mutations.only_error(await mutations.done(lead, "acceptRecommendation", asked))
    assert (error["code"], MAY.format(role="lead") in error["message"]) == ("BLOCKED_BY_POLICY", True)
    payload = await mutations.done(lead, "acceptRecommendation", {**asked, "overrideReason": REASON})
    assert payload["userErrors"] == []
    assert await note(world, "key_result.promote") == f"override of few-kpis 2: {REASON}"


async def test_a_kpi_too_many_takes_a_reason(world: World) -> None:
    await custom(world, "few-kpis", "unit", "kpis", 2, overridable_by="lead")
    lead, given = world.speaker("lead"), mutations.good(world, "createKpi")
    error = await mutations.refused(world, lead, "createKpi", given)
    assert error["message"].endswith(MAY.format(role="lead"))
    assert (await mutations.done(lead, "createKpi", {**given, "overrideReason": REASON}))["userErrors"] == []
    assert await note(world, "kpi.create") == f"override of few-kpis 2: {REASON}"


async def test_the_service_itself_is_not_asked_for_a_reason(world: World) -> None:
    await overridable(world, "lead")
    draft = ObjectiveDraft(title=Text(original="One more"), unit=world.team, cycle=world.cycles["2026 Q3"])
    with pytest.raises(Refusal) as refused:
        await goals.create(await world.call(), draft)
    assert (refused.value.code, refused.value.message) == (Code.BLOCKED_BY_POLICY, FULL)


async def test_a_waiver_lets_through_and_is_not_an_override(world: World) -> None:
    await overridable(world, None)
    reason, until = "The merger doubles their load.", "2026-09-30"
    waiver = {"policyKey": "goal-limit", "target": {"unitId": world.team}, "reason": reason, "until": until}
    granted = await mutations.done(world.speaker("hr_admin"), "grantWaiver", waiver)
    assert granted["userErrors"] == []
    payload = await mutations.done(world.speaker("lead"), "createObjective", goal(world, "One more"))
    assert (payload["userErrors"], await note(world, "objective.create")) == ([], "")


async def test_a_reason_that_nothing_called_for_is_not_kept(world: World) -> None:
    await overridable(world, "lead", limit=5)
    payload = await mutations.done(world.speaker("lead"), "createObjective", goal(world, "Two", overrideReason=REASON))
    assert (payload["userErrors"], await note(world, "objective.create")) == ([], "")


async def test_every_policy_in_the_way_has_to_be_overridable(world: World) -> None:
    version = await overridable(world, "lead")
    await custom(world, "one-goal", "unit", "goals_active", 1, severity=Severity.INFO)
    lead, given = world.speaker("lead"), goal(world, "One more")
    error = await mutations.refused(world, lead, "createObjective", given)
    assert error["message"] == FULL, "nobody may go on, so nobody is named"
    error = await mutations.refused(world, lead, "createObjective", {**given, "overrideReason": REASON})
    assert error["code"] == "BLOCKED_BY_POLICY"
    assert '"one-goal" blocks this' in error["message"]
    assert error["message"].endswith("Nobody may override it.")
    await custom(world, "one-goal", "unit", "goals_active", 1, severity=Severity.INFO, overridable_by="member")
    error = await mutations.refused(world, lead, "createObjective", given)
    assert 'the role lead in "Platform" and member in "Platform" may go on' in error["message"]
    payload = await mutations.done(lead, "createObjective", {**given, "overrideReason": REASON})
    assert payload["userErrors"] == []
    assert await note(world, "objective.create") == f"override of goal-limit {version}, one-goal 4: {REASON}"


async def test_a_policy_about_objectives_is_asked_before_the_write(world: World) -> None:
    await custom(world, "few-results", "objective", "key_results_live", 1)
    lead = world.speaker("lead")
    many = [{"title": f"Result {n}", "type": "BOOLEAN"} for n in range(2)]
    error = await mutations.refused(world, lead, "createObjective", goal(world, "Many", keyResults=many))
    assert error["code"] == "BLOCKED_BY_POLICY"
    assert '"few-results" blocks this' in error["message"]
    assert "2 > 1" in error["message"]
    draft = goal(world, "Many", keyResults=many, state="DRAFT")
    made = (await mutations.done(lead, "createObjective", draft))["objective"]["id"]
    error = await mutations.refused(world, lead, "updateObjective", {"id": made, "state": "ACTIVE"})
    assert error["code"] == "BLOCKED_BY_POLICY"
    one = await mutations.done(lead, "createObjective", goal(world, "One", keyResults=many[:1]))
    assert one["userErrors"] == []
    assert (await mutations.done(lead, "updateObjective", {"id": world.main, "title": "As it was"}))["userErrors"] == []
    worse = {"id": world.main, "keyResults": many[:1]}
    assert (await mutations.refused(world, lead, "updateObjective", worse))["code"] == "BLOCKED_BY_POLICY"


async def test_two_who_add_the_last_key_result_at_once_do_not_pass_the_limit_together(world: World) -> None:
    await custom(world, "few-results", "objective", "key_results_live", 1)
    lead = world.speaker("lead")
    made = (await mutations.done(lead, "createObjective", goal(world, "Empty")))["objective"]["id"]
    more = [{"id": made, "keyResults": [{"title": f"Result {n}", "type": "BOOLEAN"}]} for n in range(2)]
    payloads = await asyncio.gather(*(mutations.done(lead, "updateObjective", given) for given in more))
    assert len((await world.call()).picture.key_results_of[made]) == 1
    (code,) = [error["code"] for payload in payloads for error in payload["userErrors"]]
    assert code in ("BLOCKED_BY_POLICY", "CONFLICT")


async def test_the_decision_log_tells_how_often_a_policy_was_in_the_way(world: World) -> None:
    await overridable(world, "lead")
    lead, given = world.speaker("lead"), goal(world, "One more")
    await mutations.refused(world, lead, "createObjective", given)
    assert (await mutations.done(lead, "createObjective", {**given, "overrideReason": REASON}))["userErrors"] == []
    query = "{ decisionLog { nodes { trigger engine matches changes { key change } } } }"
    entries = (await world.speaker("hr_admin").data(query))["decisionLog"]["nodes"]
    found = [entry for entry in entries if entry["trigger"] == "write"]
    name = f"goal-limit|unit:{world.team}"
    assert sorted(entry["changes"][0]["change"] for entry in found) == ["blocked", "overridden"]
    assert [(entry["engine"], entry["matches"], entry["changes"][0]["key"]) for entry in found] == [
        ("engine", 1, name)
    ] * 2


@pytest.mark.parametrize(
    ("language", "title", "text"),
    [
        ("en", "Platform has 2 goals; the limit is 1", "Goals that count 2 > 1 ✓"),
        ("vi", "Platform có 2 mục tiêu; giới hạn là 1", "Số mục tiêu được tính 2 > 1 ✓"),
    ],
)
async def test_a_refusal_carries_the_policy_and_what_it_saw(world: World, language: str, title: str, text: str) -> None:
    await world.blocking(1)
    document = """mutation($input: CreateObjectiveInput!) { createObjective(input: $input) { userErrors {
      code blockedBy { policyKey policyVersion title explanation { text } } } } }"""
    lead = replace(world.speaker("lead"), headers={"Accept-Language": language})
    payload = (await lead.data(document, input=goal(world, "One more")))["createObjective"]
    ((blocked,),) = [error["blockedBy"] for error in payload["userErrors"]]
    explanation = blocked.pop("explanation")["text"]
    assert blocked == {"policyKey": "goal-limit", "policyVersion": 2, "title": title}
    assert text in explanation
    unknown = goal(world, "One more", unitId="unit_nowhere")
    payload = (await lead.data(document, input=unknown))["createObjective"]
    assert payload == {"userErrors": [{"code": "NOT_FOUND", "blockedBy": []}]}
