"""Recommendations explain themselves: the conditions with the values seen, what would end them, what they propose."""

from dataclasses import replace
from typing import Any

import pytest
from pymongo import AsyncMongoClient

from okr.recommendation import Recommendation
from store import layout
from tests.gql import mutations
from tests.gql.world import World

ADVICE = """query($id: ID!) { node(id: $id) { ... on Recommendation {
  policyKey policyVersion state severity title blockedBy times until error version
  subject { id __typename } unit { id } created { id }
  explanation { text formula clearsWhen clearsAt saidBy at lines { depth outcome text field seen against } }
  proposal { action text arguments { name value } } } } }"""


async def advice(world: World, language: str = "en") -> Any:
    """Return the recommendation about the team's KPI in breach."""
    lead = replace(world.speaker("lead"), headers={"Accept-Language": language})
    return (await lead.data(ADVICE, id=world.advice))["node"]


async def test_a_recommendation_says_what_was_seen_and_what_would_end_it(acme: World) -> None:
    shown = await advice(acme)
    arguments = {one["name"]: one["value"] for one in shown["proposal"].pop("arguments")}
    assert shown == {
        "policyKey": "kpi-breach",
        "policyVersion": 1,
        "state": "OPEN",
        "severity": "CRITICAL",
        "title": "Uptime is in breach at 80 %, 19 % away from green",
        "blockedBy": [],
        "times": 1,
        "until": None,
        "error": "",
        "version": 1,
        "subject": {"id": acme.uptime, "__typename": "Kpi"},
        "unit": {"id": acme.team},
        "created": [],
        "explanation": {
            "text": "In breach = yes ✓ · Periods in breach 2 ≥ 1 ✓ · An objective attacks it = no ✓",
            "formula": "It is in breach, and periods in breach are at least 1, and no objective attacks it",
            "clearsWhen": "In breach = no (Value ≥ 99 %) or Periods in breach < 1 or an objective attacks it",
            "clearsAt": "≥ 99 %",
            "saidBy": 'Policy "kpi-breach", version 1',
            "at": "2026-08-15T12:00:00.000Z",
            "lines": [
                line(0, "all of"),
                line(1, "In breach = yes", "breached", "yes", "yes"),
                line(1, "Periods in breach 2 ≥ 1", "periods_breached", "2", "1"),
                line(1, "An objective attacks it = no", "has_active_objective", "no", "no"),
            ],
        },
        "proposal": {"action": "CREATE_OBJECTIVE", "text": "Platform, 2026 Q3: Uptime from 50 % to 99 %."},
    }
    assert arguments == {
        "title.original": "Bring Uptime back to its target",
        "title.vi": "Đưa Uptime trở lại mục tiêu",
        "unit": acme.team,
        "cycle": acme.cycles["2026 Q3"],
        "addresses.0": acme.uptime,
        "key_results.0.title.original": "Uptime from 50 % to 99 %",
        "key_results.0.title.vi": "Uptime từ 50 % lên 99 %",
        "key_results.0.measure": "%",
        "key_results.0.measures": acme.uptime,
        "key_results.0.type": "percent",
        "key_results.0.direction": "higher",
        "key_results.0.start": "50",
        "key_results.0.target": "99",
        "episode": f"{acme.uptime}:2026-06-01",
    }


def line(
    depth: int, text: str, field: str | None = None, seen: str | None = None, against: str | None = None
) -> dict[str, object]:
    """Return a line that matched."""
    return {"depth": depth, "outcome": "match", "text": text, "field": field, "seen": seen, "against": against}


async def test_it_says_so_in_vietnamese(acme: World) -> None:
    shown = await advice(acme, "vi-VN;q=0.9, en;q=0.5")
    assert shown["title"] == "Uptime đang vi phạm ở mức 80 %, còn cách vùng xanh 19 %"
    assert shown["proposal"]["text"] == "Platform, Quý 3 năm 2026: Uptime từ 50 % lên 99 %."
    explained = shown["explanation"]
    assert [line["text"] for line in explained.pop("lines")] == [
        "tất cả",
        "Đang vi phạm = có",
        "Số kỳ vi phạm 2 ≥ 1",
        "Đã có mục tiêu xử lý = không",
    ]
    assert explained == {
        "text": "Đang vi phạm = có ✓ · Số kỳ vi phạm 2 ≥ 1 ✓ · Đã có mục tiêu xử lý = không ✓",
        "formula": "Đang vi phạm, và số kỳ vi phạm từ 1 trở lên, và chưa có mục tiêu xử lý nó",
        "clearsWhen": "Đang vi phạm = không (Giá trị ≥ 99 %) hoặc Số kỳ vi phạm < 1 hoặc có mục tiêu xử lý nó",
        "clearsAt": "≥ 99 %",
        "saidBy": 'Chính sách "kpi-breach", phiên bản 1',
        "at": "2026-08-15T12:00:00.000Z",
    }


async def rewritten(world: World, mongodb: AsyncMongoClient[dict[str, Any]], *steps: dict[str, Any]) -> None:
    """Change the stored recommendation about the team's KPI."""
    stored = mongodb[world.runtime.settings.database][layout.COLLECTIONS[Recommendation]]
    assert (await stored.update_one({"_id": f"{world.tenant}:{world.advice}"}, list(steps))).modified_count == 1


async def test_a_recommendation_stored_without_its_measure_still_explains_itself(
    world: World, mongodb: AsyncMongoClient[dict[str, Any]]
) -> None:
    gone = ("finding.measure", "finding.layers", "finding.waiver", "finding.evidence.fact.recovers_at")
    await rewritten(world, mongodb, {"$unset": list(gone)})
    explained = (await advice(world))["explanation"]
    assert explained["text"] == "In breach = yes ✓ · Periods in breach 2 ≥ 1 ✓ · An objective attacks it = no ✓"
    assert explained["clearsWhen"] == "In breach = no or Periods in breach < 1 or an objective attacks it"
    assert explained["clearsAt"] is None
    assert explained["saidBy"] == 'Policy "kpi-breach", version 1'


@pytest.mark.parametrize(
    ("language", "said"),
    [
        (
            "en",
            'Policy "kpi-breach", version 1, as changed for Platform (version 2) and a unit (version 3)',
        ),
        (
            "vi",
            'Chính sách "kpi-breach", phiên bản 1, có thay đổi cho Platform (phiên bản 2) và một đơn vị (phiên bản 3)',
        ),
    ],
)
async def test_units_that_changed_the_policy_are_named_where_the_caller_sees_them(
    world: World, mongodb: AsyncMongoClient[dict[str, Any]], language: str, said: str
) -> None:
    layers = [f"{world.team}:2", f"{world.other}:3"]
    await rewritten(world, mongodb, {"$set": {"finding.layers": layers}})
    assert (await advice(world, language))["explanation"]["saidBy"] == said


async def test_what_stands_in_the_way_is_said_with_the_goal_to_swap(world: World) -> None:
    for number in range(2):
        given = {**mutations.good(world, "createObjective"), "title": f"Goal {number}"}
        assert (await mutations.done(world.speaker("lead"), "createObjective", given))["userErrors"] == []
    entry = {"readings": [{"kpiId": world.uptime, "period": "2026-07-01", "value": "79"}]}
    assert (await mutations.done(world.speaker("member"), "recordKpiReadings", entry))["userErrors"] == []
    shown = await advice(world)
    assert shown["blockedBy"] == ["goal limit"]
    assert shown["proposal"]["text"].endswith("could make room.")
    assert shown["title"] == "Uptime is in breach at 79 %, 20 % away from green"


async def test_accepting_does_what_was_proposed_and_links_both(world: World) -> None:
    payload = await mutations.done(world.speaker("lead"), "acceptRecommendation", {"id": world.advice})
    (made,) = payload["created"]
    shown = await world.speaker("lead").data(
        "query($id: ID!) { node(id: $id) { ... on Objective { title state recommendationId addresses { id } "
        "keyResults { title type start target measures { id } } } } }",
        id=made["id"],
    )
    assert shown["node"] == {
        "title": "Bring Uptime back to its target",
        "state": "ACTIVE",
        "recommendationId": world.advice,
        "addresses": [{"id": world.uptime}],
        "keyResults": [
            {
                "title": "Uptime from 50 % to 99 %",
                "type": "PERCENT",
                "start": "50",
                "target": "99",
                "measures": {"id": world.uptime},
            }
        ],
    }
    after = await advice(world)
    assert (after["state"], after["created"]) == ("APPLIED", [made])
    error = await mutations.refused(world, world.speaker("boss"), "acceptRecommendation", {"id": world.advice})
    assert error["code"] == "NOT_OPEN"


async def test_a_dismissed_one_stays_quiet_and_a_snoozed_one_waits(world: World) -> None:
    lead, boss = world.speaker("lead"), world.speaker("boss")
    dismissed = await mutations.done(lead, "dismissRecommendation", mutations.good(world, "dismissRecommendation"))
    assert dismissed["recommendation"]["state"] == "DISMISSED"
    snooze = {"id": world.sales_advice, "until": "2026-09-01"}
    snoozed = await mutations.done(boss, "snoozeRecommendation", snooze)
    assert (snoozed["recommendation"]["state"], snoozed["recommendation"]["until"]) == ("SNOOZED", "2026-09-01")
    entries = [{"kpiId": key, "period": "2026-07-01", "value": "60"} for key in (world.uptime, world.revenue)]
    taken = await mutations.done(boss, "recordKpiReadings", {"readings": entries})
    assert world.advice not in [one["id"] for one in taken["recommendations"]]
    assert (await advice(world))["state"] == "DISMISSED"
