"""Several people at once: nobody overwrites what he has not seen, and nothing that was acknowledged is lost."""

import asyncio
from decimal import Decimal
from typing import Any

import pytest

from tests.gql import mutations
from tests.gql.mutations import Input
from tests.gql.world import World


def codes(payloads: list[Any]) -> list[str]:
    """Return the codes of all refusals, in order."""
    return sorted(error["code"] for payload in payloads for error in payload["userErrors"])


@pytest.mark.parametrize(
    ("name", "path"),
    [
        pytest.param("moveOrgUnit", "orgUnit", id="a unit"),
        pytest.param("updateObjective", "objective", id="an objective"),
        pytest.param("closeObjective", "objective", id="an objective that closes"),
        pytest.param("updateKpi", "kpi", id="a KPI"),
        pytest.param("dismissRecommendation", "recommendation", id="a recommendation"),
    ],
)
async def test_the_expected_version_is_the_one_that_was_read(world: World, name: str, path: str) -> None:
    client, given = mutations.doer(world, name), mutations.good(world, name)
    read = "query($id: ID!) { node(id: $id) { ... on OrgUnit { version } ... on Objective { version } "
    read += "... on Kpi { version } ... on Recommendation { version } } }"
    version = (await client.data(read, id=given["id"]))["node"]["version"]
    stale = await mutations.refused(world, client, name, {**given, "expectedVersion": version - 1})
    assert (stale["code"], stale["field"]) == ("CONFLICT", ["expectedVersion"])
    payload = await mutations.done(client, name, {**given, "expectedVersion": version})
    assert (payload["userErrors"], payload[path]["version"]) == ([], version + 1)


@pytest.mark.parametrize("expected", [None, 1], ids=["without a version", "with the version they read"])
async def test_of_two_who_rename_a_goal_at_once_one_wins(world: World, expected: int | None) -> None:
    changes = [{"id": world.main, "title": title, "expectedVersion": expected} for title in ("Mine", "Yours")]
    payloads = await asyncio.gather(
        *(
            mutations.done(world.speaker(who), "updateObjective", change)
            for who, change in zip(("lead", "boss"), changes, strict=True)
        )
    )
    assert codes(payloads) == ["CONFLICT"]
    (won,) = [payload["objective"] for payload in payloads if payload["objective"]]
    call = await world.call()
    stored = call.picture.objectives[world.main]
    assert (stored.title.original, stored.version) == (won["title"], won["version"])


async def test_of_two_who_accept_a_recommendation_at_once_one_does(world: World) -> None:
    payloads = await asyncio.gather(
        *(mutations.done(world.speaker(who), "acceptRecommendation", {"id": world.advice}) for who in ("lead", "boss"))
    )
    assert codes(payloads) == ["NOT_OPEN"]
    call = await world.call()
    assert len([one for one in call.picture.objectives.values() if one.origin]) == 1


async def test_sixteen_check_ins_on_as_many_key_results_all_stand(world: World) -> None:
    key_results = [
        {"title": f"Part {n}", "type": "NUMBER", "measure": "pcs", "start": "0", "target": "10"} for n in range(16)
    ]
    given = {**mutations.good(world, "createObjective"), "keyResults": key_results}
    made = (await mutations.done(world.speaker("lead"), "createObjective", given))["objective"]
    entries = [{"keyResultId": one["id"], "value": str(n % 10)} for n, one in enumerate(made["keyResults"])]
    payloads = await asyncio.gather(
        *(mutations.done(world.speaker("member"), "recordCheckIn", entry) for entry in entries)
    )
    assert codes(payloads) == []
    call = await world.call()
    for entry, payload in zip(entries, payloads, strict=True):
        (said,) = call.picture.key_results[entry["keyResultId"]].check_ins
        assert (said.key, said.value) == (payload["checkIn"]["id"], Decimal(entry["value"]))
        assert await call.store.check_in(said.key) == said


async def test_check_ins_on_one_key_result_follow_each_other(world: World) -> None:
    given = [{"keyResultId": world.results["number"], "value": str(value)} for value in (1, 2, 3)]
    payloads = await asyncio.gather(
        *(
            mutations.done(world.speaker(who), "recordCheckIn", one)
            for who, one in zip(("member", "lead", "boss"), given, strict=True)
        )
    )
    assert codes(payloads) == []
    call = await world.call()
    said = call.picture.key_results[world.results["number"]].check_ins
    assert {one.key for one in said} == {payload["checkIn"]["id"] for payload in payloads}
    before = {payload["progressBefore"] for payload in payloads}
    assert len(before) == 3, "each sees what the one before it did"


async def test_readings_of_one_kpi_that_come_at_once_are_all_kept(world: World) -> None:
    batches: list[Input] = [
        {"readings": [{"kpiId": world.quality, "period": f"2026-0{month}-01", "value": "95"}]} for month in (5, 6, 7)
    ]
    payloads = await asyncio.gather(
        *(mutations.done(world.speaker("member"), "recordKpiReadings", batch) for batch in batches)
    )
    assert codes(payloads) == []
    call = await world.call()
    assert [reading.period.month for reading in await call.store.readings(world.quality)] == [5, 6, 7]
    latest = call.picture.kpis[world.quality].latest
    assert latest is not None
    assert latest.period.month == 7


@pytest.mark.parametrize(
    ("name", "pair"),
    [
        pytest.param(
            "moveOrgUnit",
            lambda w: [{"id": w.team, "parentId": w.other}, {"id": w.other, "parentId": w.core}],
            id="units",
        ),
        pytest.param(
            "updateObjective",
            lambda w: [{"id": w.draft, "supportsId": w.sales}, {"id": w.sales, "supportsId": w.draft}],
            id="goals by support",
        ),
        pytest.param(
            "updateObjective",
            lambda w: [{"id": w.top, "supportsId": w.sales}, {"id": w.sales, "contributes": [{"toId": w.main}]}],
            id="goals by way of a key result",
        ),
        pytest.param(
            "updateObjective",
            lambda w: [{"id": w.draft, "dependsOnIds": [w.sales]}, {"id": w.sales, "dependsOnIds": [w.draft]}],
            id="goals that wait",
        ),
        pytest.param(
            "updateKpi",
            lambda w: [{"id": w.uptime, "parentId": w.revenue}, {"id": w.revenue, "parentId": w.uptime}],
            id="KPIs",
        ),
    ],
)
async def test_two_changes_at_once_do_not_close_a_loop_together(world: World, name: str, pair: Any) -> None:
    who = ("hr_admin", "boss") if name != "moveOrgUnit" else ("hr_admin", "hr_admin")
    payloads = await asyncio.gather(
        *(mutations.done(world.speaker(one), name, given) for one, given in zip(who, pair(world), strict=True))
    )
    assert codes(payloads) == ["WOULD_CYCLE"]
    call = await world.call()
    assert call.picture.paths.keys() == call.picture.units.keys()


async def test_an_evaluation_at_the_same_time_does_not_disturb_a_click(world: World) -> None:
    entry = {"readings": [{"kpiId": world.uptime, "period": "2026-07-01", "value": "81"}]}
    reading, snooze = await asyncio.gather(
        mutations.done(world.speaker("member"), "recordKpiReadings", entry),
        mutations.done(world.speaker("lead"), "snoozeRecommendation", {"id": world.advice, "until": "2026-09-01"}),
    )
    assert codes([reading, snooze]) == []
    call = await world.call()
    filed = await call.store.recommendation(world.advice)
    assert filed is not None
    assert filed.state == "snoozed"
