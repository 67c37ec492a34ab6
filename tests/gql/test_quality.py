"""What HR sees of how its policies work: how people took them, and every run of them."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from tests.gql import mutations
from tests.gql.world import World

QUALITY = """{ policyQuality { policyKey opened open accepted resolved expired waived dismissed outcomes objections
  dismissals { reason count } verdict } }"""
LOG = """query($first: Int, $after: String) { decisionLog(first: $first, after: $after) {
  nodes { at trigger policySet engine facts matches waived unknown errors milliseconds changes { key change } }
  pageInfo { hasNextPage endCursor } } }"""


async def breaches(world: World, language: str = "en") -> Any:
    """Return the quality of the breach policy, as HR sees it."""
    hr = replace(world.speaker("hr_admin"), headers={"Accept-Language": language})
    found = (await hr.data(QUALITY))["policyQuality"]
    assert found == sorted(found, key=lambda one: one["policyKey"])
    return next(one for one in found if one["policyKey"] == "kpi-breach")


async def test_hr_sees_why_recommendations_were_dismissed(world: World) -> None:
    before = await breaches(world)
    assert (before["opened"], before["open"], before["dismissed"], before["objections"]) == (2, 2, 0, None)
    assert before["dismissals"] == [
        {"reason": reason, "count": 0} for reason in ("WRONG_DATA", "ALREADY_HANDLED", "NOT_RELEVANT", "DISAGREE")
    ]
    boss = world.speaker("boss")
    for key, reason in ((world.advice, "DISAGREE"), (world.sales_advice, "NOT_RELEVANT")):
        given = {"id": key, "reason": reason, "note": "wrong_data: no"}
        assert (await mutations.done(boss, "dismissRecommendation", given))["userErrors"] == []
    assert await breaches(world) == {
        "policyKey": "kpi-breach",
        "opened": 2,
        "open": 0,
        "accepted": 0,
        "resolved": 0,
        "expired": 0,
        "waived": 0,
        "dismissed": 2,
        "outcomes": 2,
        "objections": 0.5,
        "dismissals": [
            {"reason": "WRONG_DATA", "count": 0},
            {"reason": "ALREADY_HANDLED", "count": 0},
            {"reason": "NOT_RELEVANT", "count": 1},
            {"reason": "DISAGREE", "count": 1},
        ],
        "verdict": "Too few to judge: 2 of 5 outcomes so far.",
    }
    said = (await breaches(world, "vi"))["verdict"]
    assert said == "Chưa đủ để đánh giá: mới có 2 trên 5 kết quả."


async def test_every_run_is_in_the_log_with_what_came_of_it(world: World) -> None:
    hr = world.speaker("hr_admin")
    (last, *_) = (await hr.data(LOG))["decisionLog"]["nodes"]
    world.clock.at += timedelta(hours=1)
    given = {"readings": [{"kpiId": world.uptime, "period": "2026-07-01", "value": "99.5"}]}
    assert (await mutations.done(world.speaker("lead"), "recordKpiReadings", given))["userErrors"] == []
    (newest, *older) = (await hr.data(LOG))["decisionLog"]["nodes"]
    assert last in older
    assert {"key": world.advice, "change": "resolved"} in newest["changes"]
    assert newest["milliseconds"] >= 0
    assert newest["policySet"] in {one["policySet"] for one in older}
    told = {name: newest[name] for name in ("at", "trigger", "engine", "errors")}
    assert told == {
        "at": "2026-08-15T13:00:00.000Z",
        "trigger": "change",
        "engine": "engine",
        "errors": 0,
    }
    assert newest["facts"] > 0


async def test_the_log_comes_page_by_page_and_ends_with_the_tenant(acme: World, globex: World) -> None:
    hr, theirs = acme.speaker("hr_admin"), globex.speaker("hr_admin")
    whole = (await hr.data(LOG, first=100))["decisionLog"]["nodes"]
    pages, after = list[Any](), None
    while True:
        page = (await hr.data(LOG, first=1, after=after))["decisionLog"]
        pages += page["nodes"]
        if not page["pageInfo"]["hasNextPage"]:
            break
        after = page["pageInfo"]["endCursor"]
    assert pages == whole
    keys = {change["key"] for one in (await theirs.data(LOG))["decisionLog"]["nodes"] for change in one["changes"]}
    assert globex.advice in keys
    assert not keys & {change["key"] for one in whole for change in one["changes"]}
