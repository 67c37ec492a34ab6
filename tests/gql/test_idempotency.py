"""A clientMutationId makes a mutation happen once, however often, by whichever way and how fast it is repeated."""

import asyncio
from typing import Any

import pytest

from tests.gql import mutations
from tests.gql.mutations import Input
from tests.gql.world import World

WORD = "word-1"
ANOTHER: dict[str, tuple[str, object]] = {
    "recordCheckIn": ("value", "5"),
    "recordKpiReadings": ("readings.0.value", "97"),
    "createOrgUnit": ("name", "Rim"),
    "moveOrgUnit": ("expectedVersion", 1),
    "createObjective": ("title", "Slower"),
    "updateObjective": ("title", "Sometimes down"),
    "closeObjective": ("cancel", True),
    "createKpi": ("direction", "HIGHER"),
    "updateKpi": ("weight", "3"),
    "savePolicy": ("policy.mode", "OBSERVE"),
    "publishPolicy": ("note", "Another reason"),
    "rollBackPolicy": ("note", "Another reason"),
    "retirePolicy": ("note", "Another reason"),
    "acceptRecommendation": ("expectedVersion", 1),
    "dismissRecommendation": ("reason", "DISAGREE"),
    "snoozeRecommendation": ("until", "2026-09-02"),
    "grantWaiver": ("kind", "MITIGATED"),
    "endWaiver": ("reason", "Nobody needs it any more"),
}
EACH = pytest.mark.parametrize("name", mutations.NAMES)


def worded(world: World, name: str) -> Input:
    """Return an input with a word."""
    return {**mutations.good(world, name), "clientMutationId": WORD}


@EACH
async def test_a_repeat_is_answered_alike_and_writes_nothing(world: World, name: str) -> None:
    client, given = mutations.doer(world, name), worded(world, name)
    first = await mutations.done(client, name, given)
    assert first["userErrors"] == []
    async with world.untouched():
        assert await mutations.done(client, name, given) == first
        assert await mutations.done(client, name, dict(reversed(given.items()))) == first


@EACH
async def test_the_word_stands_for_that_one_input(world: World, name: str) -> None:
    client, given = mutations.doer(world, name), worded(world, name)
    assert (await mutations.done(client, name, given))["userErrors"] == []
    error = await mutations.refused(world, client, name, mutations.put(given, *ANOTHER[name]))
    assert (error["code"], error["field"]) == ("IDEMPOTENCY_KEY_REUSED", ["clientMutationId"])


@EACH
async def test_two_at_once_have_one_effect(world: World, name: str) -> None:
    client, given = mutations.doer(world, name), worded(world, name)
    payloads = await asyncio.gather(*(mutations.done(client, name, given) for _ in range(3)))
    assert [payload["userErrors"] for payload in payloads] == [[], [], []]
    assert payloads[0] == payloads[1] == payloads[2]
    call = await world.call()
    done = await call.store.audit(by=client.key, limit=100)
    assert len(done) == 1, [entry.operation for entry in done]


async def test_the_word_stands_for_one_operation(world: World) -> None:
    lead = world.speaker("lead")
    assert (await mutations.done(lead, "closeObjective", worded(world, "closeObjective")))["userErrors"] == []
    given = {"id": world.draft, "clientMutationId": WORD}
    error = await mutations.refused(world, lead, "updateObjective", given)
    assert (error["code"], error["field"]) == ("IDEMPOTENCY_KEY_REUSED", ["clientMutationId"])


async def test_somebody_else_may_use_the_same_word(world: World) -> None:
    given = worded(world, "createObjective")
    made: list[Any] = [
        await mutations.done(world.speaker(who), "createObjective", given) for who in ("lead", "boss", "hr_admin")
    ]
    assert len({payload["objective"]["id"] for payload in made}) == 3


async def test_without_a_word_twice_is_twice(world: World) -> None:
    given = mutations.good(world, "createObjective")
    made: list[Any] = [await mutations.done(world.speaker("lead"), "createObjective", given) for _ in range(2)]
    assert len({payload["objective"]["id"] for payload in made}) == 2


async def test_a_refusal_is_not_remembered(world: World) -> None:
    lead, given = world.speaker("lead"), worded(world, "createObjective")
    await world.blocking(1)
    assert (await mutations.refused(world, lead, "createObjective", given))["code"] == "BLOCKED_BY_POLICY"
    assert (await mutations.done(lead, "closeObjective", {"id": world.main}))["userErrors"] == []
    assert (await mutations.done(lead, "createObjective", given))["userErrors"] == []


async def test_a_repeat_is_answered_although_the_world_has_moved_on(world: World) -> None:
    lead, given = world.speaker("lead"), worded(world, "recordCheckIn")
    first = await mutations.done(lead, "recordCheckIn", given)
    later = {"keyResultId": world.results["number"], "value": "9"}
    assert (await mutations.done(lead, "recordCheckIn", later))["progressBefore"] == first["progressAfter"]
    assert (await mutations.done(lead, "closeObjective", {"id": world.main}))["userErrors"] == []
    again = await mutations.done(lead, "recordCheckIn", given)
    told = ("checkIn", "progressBefore", "progressAfter", "userErrors")
    assert [again[part] for part in told] == [first[part] for part in told]


async def test_two_mutations_of_one_document_are_two(world: World) -> None:
    document = (
        "mutation($a: CreateObjectiveInput!, $b: CreateObjectiveInput!) { "
        "a: createObjective(input: $a) { objective { id } userErrors { code } } "
        "b: createObjective(input: $b) { objective { id } userErrors { code } } }"
    )
    given = mutations.good(world, "createObjective")
    twice = await world.speaker("lead").data(document, a=given, b=given)
    assert twice["a"]["objective"]["id"] != twice["b"]["objective"]["id"]
    given["clientMutationId"] = WORD
    once = await world.speaker("lead").data(document, a=given, b=given)
    assert once["a"] == once["b"]


async def test_the_second_of_a_document_sees_what_the_first_did_and_not_what_was_refused(world: World) -> None:
    document = (
        "mutation($close: CloseObjectiveInput!, $update: UpdateObjectiveInput!, $open: CreateObjectiveInput!) { "
        "closeObjective(input: $close) { userErrors { code } } updateObjective(input: $update) { userErrors { code } } "
        "createObjective(input: $open) { objective { title } userErrors { code } } }"
    )
    shown = await world.speaker("lead").data(
        document,
        close={"id": world.main},
        update={"id": world.main, "title": "Too late"},
        open=mutations.good(world, "createObjective"),
    )
    assert shown == {
        "closeObjective": {"userErrors": []},
        "updateObjective": {"userErrors": [{"code": "NOT_OPEN"}]},
        "createObjective": {"objective": {"title": "Faster"}, "userErrors": []},
    }
