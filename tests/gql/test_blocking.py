"""A goal limit that blocks: the goal that would be one too many is refused, and what exists is left alone."""

import asyncio
from datetime import date
from typing import Any

import pytest

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
    assert mutations.only_error(payload) == {"code": "BLOCKED_BY_POLICY", "field": None, "message": FULL}
    shown = await world.speaker("lead").data(
        "query($id: ID!) { node(id: $id) { ... on Recommendation { state error created { id } } } }", id=world.advice
    )
    assert shown == {"node": {"state": "OPEN", "error": FULL, "created": []}}
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
    many = {"key": "few-kpis", "template": "custom", "on": "unit", "mode": "BLOCK"}
    when = {"is": {"field": "kpis", "op": "GT", "value": {"number": "2"}}}
    saved = await mutations.done(world.speaker("hr_admin"), "savePolicy", {"policy": {**many, "when": when}})
    assert saved["userErrors"] == []
    await world.publish("few-kpis", 1)
    error = await mutations.refused(world, world.speaker("lead"), "createKpi", mutations.good(world, "createKpi"))
    assert error["code"] == "BLOCKED_BY_POLICY"
    assert '"few-kpis" blocks this: KPIs 3 > 2.' in error["message"]
