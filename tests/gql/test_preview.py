"""previewPolicy: what publishing would do, told as far as the caller may see, with nothing written."""

from typing import Any

import pytest

from tests.gql import mutations
from tests.gql.world import World

PREVIEW = """
query($input: PolicyInput!, $days: Int) {
  previewPolicy(input: $input, backtestDays: $days) {
    asked matched share unknown waived milliseconds
    opens { count items { subject { id } unit { id } title severity } }
    resolves { count items { title } }
    stays { count items { subject { id } unit { name } title severity } }
    added { count items { title } }
    removed { count items { title } }
    byUnit { unit { id } asked matched opens resolves stays }
    warnings { code message }
    changes { field before after }
    tests { name expected actual passed }
    backtest {
      days stepDays from to opened resolved openAtEnd share
      months { month opened resolved openAtEnd }
      byUnit { unit { id } asked matched opened resolved openAtEnd }
    }
  }
}
"""


def breach(**more: Any) -> dict[str, Any]:
    return {"key": "kpi-breach", "template": "kpi_breach", **more}


async def look(world: World, who: str = "hr_admin", days: int | None = None, **policy: Any) -> Any:
    answer = await world.speaker(who).data(PREVIEW, input=breach(**policy), days=days)
    return answer["previewPolicy"]


async def test_a_preview_tells_all_of_today_and_of_the_past(acme: World) -> None:
    async with acme.untouched():
        found = await look(acme, days=90, params=[{"name": "periods", "value": 2}])
    assert found.pop("milliseconds") >= 0
    assert all(test["passed"] for test in found.pop("tests"))
    stays = found.pop("stays")
    assert (stays["count"], {item["subject"]["id"] for item in stays["items"]}) == (2, {acme.uptime, acme.revenue})
    assert stays["items"][0]["severity"] == "CRITICAL"
    nothing = {"count": 0, "items": []}
    rows = {row.pop("unit")["id"]: row for row in found.pop("byUnit")}
    assert rows == {
        acme.team: {"asked": 2, "matched": 1, "opens": 0, "resolves": 0, "stays": 1},
        acme.other: {"asked": 1, "matched": 1, "opens": 0, "resolves": 0, "stays": 1},
    }
    past = found.pop("backtest")
    assert [(one["month"], one["opened"], one["resolved"], one["openAtEnd"]) for one in past.pop("months")] == [
        ("2026-05-01", 0, 0, 0),
        ("2026-06-01", 0, 0, 0),
        ("2026-07-01", 0, 0, 0),
        ("2026-08-01", 2, 0, 2),
    ]
    assert {row["unit"]["id"]: row["opened"] for row in past.pop("byUnit")} == {acme.team: 1, acme.other: 1}
    assert past == {
        "days": 90,
        "stepDays": 1,
        "from": "2026-05-18",
        "to": "2026-08-15",
        "opened": 2,
        "resolved": 0,
        "openAtEnd": 2,
        "share": pytest.approx(2 / 3),
    }
    assert found == {
        "asked": 3,
        "matched": 2,
        "share": pytest.approx(2 / 3),
        "unknown": 0,
        "waived": 0,
        "opens": nothing,
        "resolves": nothing,
        "added": nothing,
        "removed": nothing,
        "warnings": [{"code": "MATCHES_MOST", "message": "It matches 2 of 3, which is more than half."}],
        "changes": [{"field": "params.periods", "before": "1", "after": "2"}],
    }


async def test_a_preview_speaks_vietnamese(acme: World) -> None:
    admin = acme.speaker("hr_admin")
    admin.headers["Accept-Language"] = "vi"
    found = (await admin.data(PREVIEW, input=breach(mode="OBSERVE")))["previewPolicy"]
    assert found["warnings"][0]["message"] == "Khớp 2 trong số 3, tức là hơn một nửa."
    assert "đang vi phạm" in found["stays"]["items"][0]["title"]
    assert [one["field"] for one in found["changes"]] == ["mode"]
    assert found["backtest"] is None


async def test_the_admin_of_a_unit_previews_what_holds_there(acme: World) -> None:
    scope = {"unitIds": [acme.team]}
    found = await look(acme, "team-admin", key="ours", scope=scope, days=60)
    assert [item["subject"]["id"] for item in found["opens"]["items"]] == [acme.uptime]
    assert [row["unit"]["id"] for row in found["byUnit"]] == [acme.team]
    assert [row["unit"]["id"] for row in found["backtest"]["byUnit"]] == [acme.team]


async def test_what_lies_beyond_a_layer_is_neither_counted_nor_shown(acme: World) -> None:
    found = await look(acme, "team-admin", unitId=acme.team, params=[{"name": "periods", "value": 9}], days=60)
    assert (found["resolves"]["count"], len(found["resolves"]["items"])) == (1, 1)
    assert (found["stays"]["count"], found["removed"]["count"]) == (0, 1)
    assert [row["unit"]["id"] for row in found["byUnit"]] == [acme.team]
    assert [row["unit"]["id"] for row in found["backtest"]["byUnit"]] == [acme.team]
    assert (found["asked"], found["warnings"][0]["code"]) == (
        sum(row["asked"] for row in found["byUnit"]),
        "MATCHES_NOTHING",
    )


async def test_what_lies_beyond_the_callers_sight_is_counted_and_not_shown(world: World) -> None:
    given = {"id": world.uptime, "accountableId": world.other}
    await mutations.done(world.speaker("hr_admin"), "updateKpi", given)
    scope = {"unitIds": [world.team]}
    found = await look(world, "team-admin", key="ours", scope=scope, days=60)
    assert (found["opens"]["count"], found["opens"]["items"]) == (1, [])
    assert world.other not in [row["unit"]["id"] for row in (*found["byUnit"], *found["backtest"]["byUnit"])]


@pytest.mark.parametrize(
    ("who", "policy", "days", "code", "said"),
    [
        pytest.param("lead", {}, None, "FORBIDDEN", "takes the role hr_admin", id="a lead"),
        pytest.param("team-admin", {}, None, "FORBIDDEN", "takes the role hr_admin", id="an admin of a unit"),
        pytest.param("hr_admin", {}, 10_001, "BAD_USER_INPUT", "looks at 1 to 10,000 days", id="too many days"),
        pytest.param("hr_admin", {}, -1, "BAD_USER_INPUT", "looks at 1 to 10,000 days", id="days to come"),
        pytest.param(
            "hr_admin",
            {"template": "kpi_breech"},
            None,
            "BAD_USER_INPUT",
            'Did you mean "kpi_breach"',
            id="no template",
        ),
    ],
)
async def test_what_may_not_be_saved_is_not_previewed(
    acme: World, who: str, policy: dict[str, Any], days: int | None, code: str, said: str
) -> None:
    async with acme.untouched():
        answer = await acme.speaker(who).ask(PREVIEW, input=breach(**policy), days=days)
    (error,) = answer["errors"]
    assert (error["extensions"]["code"], said in error["message"]) == (code, True)


async def test_a_request_asks_for_one_preview(acme: World) -> None:
    twice = """query($input: PolicyInput!) { one: previewPolicy(input: $input) { asked }
      two: previewPolicy(input: $input, backtestDays: 10000) { asked } }"""
    answer = await acme.speaker("hr_admin").ask(twice, input=breach())
    assert answer["data"] is None
    assert answer["errors"][0]["extensions"]["code"] == "QUERY_TOO_COMPLEX"
    assert answer["errors"][0]["message"] == "One preview a request: send the others one after the other."
