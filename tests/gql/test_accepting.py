"""Accepting with changes of one's own: what fits the proposal counts and is on record, a goal may make room for it."""

import asyncio
from datetime import date
from typing import Any

import pytest

from app import goals
from okr.goal import ObjectiveState
from okr.recommendation import RecommendationState
from store.change import AuditEntry
from tests.gql import mutations
from tests.gql.mutations import Input
from tests.gql.world import World

Q3, Q4 = "2026 Q3", "2026 Q4"
LOOSER = "was won already; leave it out, then loosen it by updateKpi with a reason."


async def accept(world: World, who: str = "lead", **given: object) -> Any:  # what JSON holds
    """Let somebody accept what the breach of the team's KPI proposes, and return the payload."""
    return await mutations.done(world.speaker(who), "acceptRecommendation", {"id": world.advice, **given})


async def entry(world: World, operation: str) -> AuditEntry:
    """Return the newest audit entry of an operation."""
    return (await (await world.call()).store.audit(operation=operation))[0]


async def state(world: World, key: str) -> tuple[RecommendationState, str]:
    """Return the state of a recommendation on file, and why carrying it out failed."""
    filed = await (await world.call()).store.recommendation(key)
    assert filed is not None
    return filed.state, filed.error


async def promotion(world: World) -> str:
    """Let the key result of quality hold 99 for two check-ins, and return what promotes it."""
    lead, result = world.speaker("lead"), world.results["percent"]
    said: Any = {}
    for day in (15, 16):
        world.clock.put(date(2026, 8, day), hour=13)
        said = await mutations.done(lead, "recordCheckIn", {"keyResultId": result, "value": "99"})
        assert said["userErrors"] == []
    query = 'query($id: ID!) { recommendations(filter: { subjectId: $id, policyKeys: ["promote-key-result"] })'
    (found,) = (await lead.data(query + " { nodes { id } } }", id=result))["recommendations"]["nodes"]
    return str(found["id"])


async def test_what_was_edited_counts_and_is_on_record(world: World) -> None:
    owner = world.people["owner"]
    edited = {"title": "Stand up again", "cycleId": world.cycles[Q4], "ownerId": owner, "target": "97.5"}
    payload = await accept(world, **edited)
    assert (payload["userErrors"], payload["recommendation"]["state"]) == ([], "APPLIED")
    call = await world.call()
    made = call.picture.objectives[payload["created"][0]["id"]]
    assert (made.title.original, made.cycle, made.owner) == ("Stand up again", world.cycles[Q4], owner)
    (result,) = call.picture.key_results_of[made.key]
    assert (str(result.start), str(result.target)) == ("50", "97.5")
    assert result.title.original == "Uptime from 50 % to 97.5 %"
    assert "97,5" in result.title.vi
    note = 'edited: title "Stand up again", cycle "2026 Q4", owner "Owner", target 97.5'
    assert (await entry(world, "objective.create")).note == note


async def test_without_edits_it_is_set_as_proposed(world: World) -> None:
    payload = await accept(world)
    assert payload["userErrors"] == []
    call = await world.call()
    (result,) = call.picture.key_results_of[payload["created"][0]["id"]]
    assert (str(result.target), (await entry(world, "objective.create")).note) == ("99", "")


@pytest.mark.parametrize(
    ("given", "code", "field", "because"),
    [
        pytest.param({"redBound": "90"}, "INVALID", "redBound", "has no red bound; leave it out", id="a red bound"),
        pytest.param({"swap": True}, "INVALID", "swap", "names no goal to swap", id="a swap where there is room"),
        pytest.param({"title": " "}, "INVALID", "title", "it is empty", id="a title that says nothing"),
        pytest.param({"title": "x" * 201}, "TOO_LONG", "title", "At most 200", id="a title that is too long"),
        pytest.param({"cycleId": "cyc_none"}, "NOT_FOUND", "cycleId", "no such cycle", id="a cycle that is not there"),
        pytest.param({"ownerId": "per_none"}, "NOT_FOUND", "ownerId", "no such person", id="nobody to answer for it"),
        pytest.param({"cycleId": ""}, "NOT_FOUND", "cycleId", "no such cycle", id="a cycle without a name"),
        pytest.param({"ownerId": ""}, "NOT_FOUND", "ownerId", "no such person", id="an owner without a name"),
        pytest.param({"target": "40"}, "WRONG_DIRECTION", "target", "", id="a target on the wrong side of the start"),
        pytest.param({"target": "50"}, "START_EQUALS_TARGET", "target", "", id="a target that is where it stands"),
        pytest.param({"target": "101"}, "WRONG_UNIT", "target", "", id="more than all"),
        pytest.param({"overrideReason": "x" * 501}, "TOO_LONG", "overrideReason", "At most 500", id="a long reason"),
        pytest.param({"overrideReason": " "}, "INVALID", "overrideReason", "it is empty", id="a reason of no words"),
    ],
)
async def test_an_edit_that_cannot_be_is_refused_at_its_field_and_nothing_is_written(
    world: World, given: Input, code: str, field: str, because: str
) -> None:
    asked = {"id": world.advice, **given}
    error = await mutations.refused(world, world.speaker("lead"), "acceptRecommendation", asked)
    assert (error["code"], error["field"]) == (code, [field])
    assert because in error["message"]


@pytest.mark.parametrize(
    ("given", "lack"),
    [
        pytest.param({"title": "New"}, "no title", id="title"),
        pytest.param({"cycleId": "cyc_any"}, "no cycle", id="cycleId"),
        pytest.param({"ownerId": "per_any"}, "no owner", id="ownerId"),
        pytest.param({"swap": True}, "no goal to swap", id="swap"),
    ],
)
async def test_what_only_an_objective_has_is_no_part_of_a_promotion(world: World, given: Input, lack: str) -> None:
    asked = {"id": await promotion(world), **given}
    error = await mutations.refused(world, world.speaker("lead"), "acceptRecommendation", asked)
    (field,) = given
    assert error == {
        "code": "INVALID",
        "field": [field],
        "message": f"What is proposed here has {lack}; leave it out.",
    }


async def test_a_talk_can_only_be_accepted_as_it_is(world: World) -> None:
    lead = world.speaker("lead")
    for n in range(3):
        goal = {"title": f"Goal {n}", "unitId": world.team, "cycleId": world.cycles[Q3]}
        assert (await mutations.done(lead, "createObjective", goal))["userErrors"] == []
    query = '{ recommendations(filter: { policyKeys: ["goal-limit"] }) { nodes { id proposal { action } } } }'
    (said,) = (await lead.data(query))["recommendations"]["nodes"]
    assert said["proposal"]["action"] == "REVIEW"
    for given in ({"target": "0"}, {"overrideReason": "Because."}):
        error = await mutations.refused(world, lead, "acceptRecommendation", {"id": said["id"], **given})
        assert (error["code"], error["field"]) == ("INVALID", list(given))
    assert (await mutations.done(lead, "acceptRecommendation", {"id": said["id"]}))["userErrors"] == []


async def test_a_promotion_may_be_tightened_while_it_is_accepted(world: World) -> None:
    asked = {"id": await promotion(world), "target": "99.5", "redBound": "95"}
    payload = await mutations.done(world.speaker("lead"), "acceptRecommendation", asked)
    assert (payload["userErrors"], payload["recommendation"]["state"]) == ([], "APPLIED")
    made = (await world.call()).picture.kpis[world.quality].targets[-1]
    assert (str(made.target), str(made.red_bound), str(made.baseline)) == ("99.5", "95", "99")
    assert (await entry(world, "key_result.promote")).note == "edited: target 99.5, red bound 95"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        pytest.param({"target": "98"}, "The target 98 is looser than 99, which ", id="a target"),
        pytest.param({"redBound": "89"}, "The red bound 89 is looser than 90, which ", id="a red bound"),
    ],
)
async def test_a_promotion_never_loosens_in_passing_and_the_refusal_says_how_to(
    world: World, given: Input, said: str
) -> None:
    lead, asked = world.speaker("lead"), {"id": await promotion(world), **given}
    error = await mutations.refused(world, lead, "acceptRecommendation", asked)
    assert error == {"code": "WOULD_LOOSEN", "field": list(given), "message": said + LOOSER}
    assert (await mutations.done(lead, "acceptRecommendation", {"id": asked["id"]}))["userErrors"] == []
    looser = {"validFrom": "2026-11-01", "target": "98", "redBound": "89", "baseline": "98", "reason": "A new tariff"}
    relaxed = await mutations.done(lead, "updateKpi", {"id": world.quality, "target": looser})
    assert relaxed["userErrors"] == []


async def test_the_goal_that_is_named_makes_room_in_the_same_moment(world: World) -> None:
    await world.blocking(1)
    number = {"keyResultId": world.results["number"], "value": "6"}
    assert (await mutations.done(world.speaker("lead"), "recordCheckIn", number))["userErrors"] == []
    before = (await world.call()).picture
    progress = await world.speaker("lead").data(
        "query($id: ID!) { node(id: $id) { ... on Objective { progress } } }", id=world.main
    )
    payload = await accept(world, swap=True)
    assert (payload["userErrors"], payload["recommendation"]["state"]) == ([], "APPLIED")
    call = await world.call()
    given_up, made = call.picture.objectives[world.main], call.picture.objectives[payload["created"][0]["id"]]
    assert (given_up.state, made.state) == (ObjectiveState.CANCELLED, ObjectiveState.ACTIVE)
    assert given_up.final is not None
    assert given_up.final.progress is not None
    assert float(given_up.final.progress) == progress["node"]["progress"] > 0
    assert given_up.final.note == f'Made room for "{made.title.original}".'
    written = await entry(world, "objective.create")
    assert {made.key, given_up.key, world.advice} <= set(written.subjects)
    assert written.note == 'swapped for "Never down"'
    assert before.objectives[world.main].state is ObjectiveState.ACTIVE


async def test_without_the_swap_the_refusal_names_it_and_the_reason_is_on_file(world: World) -> None:
    await world.blocking(1)
    error = mutations.only_error(await accept(world))
    assert error["code"] == "BLOCKED_BY_POLICY"
    assert error["message"].endswith(' Accept it with swap to give up "Never down" for it.')
    assert await state(world, world.advice) == (RecommendationState.OPEN, error["message"])
    assert (await accept(world, swap=True))["userErrors"] == []


async def test_a_refusal_of_what_somebody_edited_is_not_held_against_the_proposal(world: World) -> None:
    await world.blocking(1)
    asked = {"id": world.advice, "title": "Ours"}
    error = await mutations.refused(world, world.speaker("lead"), "acceptRecommendation", asked)
    assert error["code"] == "BLOCKED_BY_POLICY"
    assert await state(world, world.advice) == (RecommendationState.OPEN, "")


async def test_a_goal_that_has_ended_meanwhile_is_not_swapped(world: World) -> None:
    await world.blocking(1)
    await goals.close(await world.call(), world.main)  # and nobody has looked at the proposal since
    asked = {"id": world.advice, "swap": True}
    error = await mutations.refused(world, world.speaker("lead"), "acceptRecommendation", asked)
    assert error == {
        "code": "CONFLICT",
        "field": ["swap"],
        "message": 'Giving up "Never down" (closed) makes no room in 2026 Q3; read the recommendation again.',
    }
    assert (await accept(world))["userErrors"] == []


async def test_a_goal_of_another_quarter_makes_no_room(world: World) -> None:
    await world.blocking(1)
    asked = {"id": world.advice, "swap": True, "cycleId": world.cycles[Q4]}
    error = await mutations.refused(world, world.speaker("lead"), "acceptRecommendation", asked)
    assert (error["code"], error["field"]) == ("CONFLICT", ["swap"])
    assert "makes no room in 2026 Q4" in error["message"]


async def test_of_two_who_swap_at_once_one_does(world: World) -> None:
    await world.blocking(1)
    payloads = await asyncio.gather(*(accept(world, who, swap=True) for who in ("lead", "boss", "hr_admin")))
    done = [payload for payload in payloads if not payload["userErrors"]]
    assert len(done) == 1
    mine = (await world.call()).picture.objectives_of[world.team]
    counted = [one.key for one in mine if one.state is ObjectiveState.ACTIVE and one.cycle == world.cycles[Q3]]
    assert counted == [done[0]["created"][0]["id"]]


async def test_a_check_in_on_the_goal_that_makes_room_counts_or_is_refused(world: World) -> None:
    await world.blocking(1)
    said = {"keyResultId": world.results["number"], "value": "5"}
    swapped, checked = await asyncio.gather(
        accept(world, swap=True), mutations.done(world.speaker("boss"), "recordCheckIn", said)
    )
    call = await world.call()
    final = call.picture.objectives[world.main].final
    if not swapped["userErrors"]:
        assert final is not None
        heard = bool(call.picture.key_results[world.results["number"]].check_ins)
        assert heard is not bool(checked["userErrors"])
        assert bool(final.progress) is heard
    else:
        assert (swapped["userErrors"][0]["code"], final) == ("CONFLICT", None)


async def test_a_repeat_of_the_same_acceptance_is_answered_from_the_first(world: World) -> None:
    await world.blocking(1)
    asked: Input = {"swap": True, "title": "Ours", "clientMutationId": "once"}
    first = await accept(world, **asked)
    assert first["userErrors"] == []
    async with world.untouched():
        assert await accept(world, **asked) == first
        other = await accept(world, **{**asked, "title": "Theirs"})
    assert mutations.only_error(other)["code"] == "IDEMPOTENCY_KEY_REUSED"
