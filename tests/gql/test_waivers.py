"""Waivers as clients see them: granted, shown beside what they excuse, listed, ended."""

from collections.abc import Collection, Mapping
from datetime import date
from typing import Any

import pytest

from app import jobs
from okr.waiver import Waiver
from store.tenant import TenantStore
from tests.gql import mutations
from tests.gql.mutations import Input
from tests.gql.world import World
from tests.service import Client

WHY = "The platform moves in August"
WHOLE = """id policyKey kind reason until active createdAt endedAt endReason version
  unit { id } subject { id } approvedBy { id } endedBy { id }"""
LISTED = "query($filter: WaiverFilter) { waivers(filter: $filter) { id } }"
ADVICE = "query($id: ID!) { node(id: $id) { ... on Recommendation { state waiver { id reason } } } }"


def excuse(world: World, **changes: object) -> Input:
    """A waiver of the breach policy for the team, until 25 August."""
    target = {"unitId": world.team}
    return {"policyKey": "kpi-breach", "target": target, "reason": WHY, "until": "2026-08-25", **changes}


async def granted(world: World, client: Client, **changes: object) -> str:
    """Grant a waiver and return its id."""
    payload = await mutations.done(client, "grantWaiver", excuse(world, **changes))
    assert payload["userErrors"] == []
    found: str = payload["waiver"]["id"]
    return found


async def listed(client: Client, **narrow: object) -> list[str]:
    """Return the ids of the waivers that a client sees."""
    return [one["id"] for one in (await client.data(LISTED, filter=narrow))["waivers"]]


async def test_what_is_waived_says_so_until_the_day(world: World) -> None:
    hr, lead = world.speaker("hr_admin"), world.speaker("lead")
    key = await granted(world, hr)
    shown = await lead.data(ADVICE, id=world.advice)
    assert shown["node"] == {"state": "WAIVED", "waiver": {"id": key, "reason": WHY}}
    query = "query($states: [RecommendationState!]) { recommendations(filter: { states: $states }) { nodes { id } } }"
    waived = await lead.data(query, states=["WAIVED"])
    assert waived["recommendations"]["nodes"] == [{"id": world.advice}]
    opened = await lead.data(query, states=None)
    assert {"id": world.advice} not in opened["recommendations"]["nodes"]
    assert (await hr.data(ADVICE, id=world.sales_advice))["node"] == {"state": "OPEN", "waiver": None}
    world.clock.put(date(2026, 8, 25), hour=1)
    await jobs.look(world.runtime, {})
    assert (await lead.data(ADVICE, id=world.advice))["node"] == {"state": "OPEN", "waiver": None}
    assert key not in await listed(hr)


async def test_a_waiver_that_is_ended_opens_what_still_matches(world: World) -> None:
    hr = world.speaker("hr_admin")
    key = await granted(world, hr, target={"subjectId": world.uptime}, kind="MITIGATED")
    assert (await hr.data(ADVICE, id=world.advice))["node"]["state"] == "WAIVED"
    given = {"id": key, "reason": "The move is done", "expectedVersion": 1}
    assert (await mutations.done(hr, "endWaiver", given))["userErrors"] == []
    assert (await hr.data(ADVICE, id=world.advice))["node"] == {"state": "OPEN", "waiver": None}
    shown = await hr.data(f"query($id: ID!) {{ node(id: $id) {{ ... on Waiver {{ {WHOLE} }} }} }}", id=key)
    assert shown["node"] == {
        "id": key,
        "policyKey": "kpi-breach",
        "kind": "MITIGATED",
        "reason": WHY,
        "until": "2026-08-25",
        "active": False,
        "createdAt": "2026-08-15T12:00:00.000Z",
        "endedAt": "2026-08-15T12:00:00.000Z",
        "endReason": "The move is done",
        "version": 2,
        "unit": None,
        "subject": {"id": world.uptime},
        "approvedBy": {"id": hr.key},
        "endedBy": {"id": hr.key},
    }


async def test_a_list_narrows(world: World) -> None:
    hr, lead, sales = (world.speaker(who) for who in ("hr_admin", "lead", "sales-lead"))
    team = await granted(world, hr)
    core = await granted(world, hr, target={"unitId": world.core}, until="2026-08-26")
    deals = await granted(world, hr, target={"subjectId": world.revenue}, until="2026-08-27")
    everywhere = await granted(world, hr, target={"unitId": world.company}, until="2026-08-28", policyKey="goal-limit")
    mine = [team, core, deals, everywhere, world.waiver]
    assert await listed(hr) == mine
    assert await listed(hr, root=world.team) == [team, core, world.waiver]
    assert await listed(hr, policyKeys=["kpi-unowned", "goal-limit"]) == [everywhere, world.waiver]
    assert await listed(hr, subjectId=world.revenue) == [deals]
    assert await listed(lead) == [team, core, everywhere, world.waiver]
    assert await listed(sales) == [deals, everywhere]
    ended = {"id": team, "reason": "The move is done"}
    assert (await mutations.done(hr, "endWaiver", ended))["userErrors"] == []
    assert await listed(hr) == mine[1:]
    assert await listed(hr, withOver=True) == mine


async def test_who_stands_in_what_is_excused_reads_why_and_learns_no_more(world: World) -> None:
    hr = world.speaker("hr_admin")
    key = await granted(world, hr, target={"unitId": world.company})
    shown = await world.speaker("lead").data("{ waivers { id reason unit { id } } }")
    assert {"id": key, "reason": WHY, "unit": None} in shown["waivers"]
    assert await listed(world.speaker("stranger")) == []


async def test_waivers_beside_a_list_are_read_at_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    hr = world.speaker("hr_admin")
    key = await granted(world, hr, target={"unitId": world.company})
    reads, read = list[int](), TenantStore.waivers_by

    async def counted(store: TenantStore, keys: Collection[str]) -> Mapping[str, Waiver]:
        reads.append(len(keys))
        return await read(store, keys)

    monkeypatch.setattr(TenantStore, "waivers_by", counted)
    query = "{ recommendations(filter: { states: [WAIVED] }) { nodes { id waiver { id } } } }"
    shown = await hr.data(query)
    assert {one["id"]: one["waiver"]["id"] for one in shown["recommendations"]["nodes"]} == {
        world.advice: key,
        world.sales_advice: key,
    }
    assert reads == [2]


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        pytest.param({"reason": "later"}, "INVALID", ["reason"], id="no reason"),
        pytest.param({"until": "2026-08-15"}, "INVALID", ["until"], id="over today"),
        pytest.param({"until": "2027-08-15"}, "INVALID", ["until"], id="for a year"),
        pytest.param({"policyKey": "no-such-policy"}, "NOT_FOUND", ["policyKey"], id="of no policy"),
        pytest.param({"policyKey": "x" * 1000}, "NOT_FOUND", ["policyKey"], id="of a long key"),
        pytest.param({"target": {"subjectId": "kpi_none"}}, "NOT_FOUND", ["target", "subjectId"], id="of nothing"),
        pytest.param({"target": {"unitId": ""}}, "NOT_FOUND", ["target", "unitId"], id="of an empty id"),
    ],
)
async def test_what_is_no_waiver_is_refused_at_its_field(
    acme: World, changes: dict[str, Any], code: str, field: list[str]
) -> None:
    hr = acme.speaker("hr_admin")
    error = await mutations.refused(acme, hr, "grantWaiver", excuse(acme, **changes))
    assert (error["code"], error["field"]) == (code, field)


@pytest.mark.parametrize(
    "target", [{}, {"unitId": "u", "subjectId": "s"}, {"unitId": None}], ids=["none", "two", "null"]
)
async def test_a_target_is_exactly_one(acme: World, target: dict[str, object]) -> None:
    answer = await acme.speaker("hr_admin").ask(mutations.document("grantWaiver"), input=excuse(acme, target=target))
    assert {error["extensions"]["code"] for error in answer["errors"]} == {"BAD_USER_INPUT"}


async def test_the_same_is_not_waived_twice(world: World) -> None:
    hr = world.speaker("hr_admin")
    await granted(world, hr)
    error = await mutations.refused(world, hr, "grantWaiver", excuse(world))
    assert (error["code"], error["field"]) == ("DUPLICATE", ["target"])


async def test_ending_it_twice_is_refused(world: World) -> None:
    hr = world.speaker("hr_admin")
    given = mutations.good(world, "endWaiver")
    assert (await mutations.done(hr, "endWaiver", given))["userErrors"] == []
    assert (await mutations.refused(world, hr, "endWaiver", given))["code"] == "NOT_OPEN"
