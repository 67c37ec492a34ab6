"""Policies through the API: what they are made from, which hold where and why, and how they come into force."""

from dataclasses import replace
from typing import Any

import pytest

from rules.schema import KINDS
from rules.template import TEMPLATES
from tests.gql import mutations
from tests.gql.world import World
from tests.service import Client

EFFECTIVE = """query($unit: ID!) { effectivePolicies(unit: $unit) {
  policy { key version formula } mode severity why params { name value }
  values { name value origin version locked unit { name } } } }"""


def spoken(world: World, who: str, language: str) -> Client:
    """Return the client of somebody who speaks a language."""
    return replace(world.speaker(who), headers={"Accept-Language": language})


async def effective(world: World, unit: str, key: str, who: str = "hr_admin", language: str = "en") -> Any:
    """Return how one policy holds for a unit."""
    data = await spoken(world, who, language).data(EFFECTIVE, unit=unit)
    return next(each for each in data["effectivePolicies"] if each["policy"]["key"] == key)


async def saved(world: World, who: str = "hr_admin", **policy: Any) -> int:
    payload = await mutations.done(world.speaker(who), "savePolicy", {"policy": policy})
    assert payload["userErrors"] == []
    version: int = payload["policy"]["version"]
    return version


async def published(world: World, who: str = "hr_admin", **policy: Any) -> Any:
    version = await saved(world, who, **policy)
    where = {"unitId": policy["unitId"]} if "unitId" in policy else {}
    given = {"key": policy["key"], "version": version, "confirm": True, **where}
    payload = await mutations.done(world.speaker(who), "publishPolicy", given)
    assert payload["userErrors"] == []
    return payload


@pytest.mark.parametrize("language", ["en", "vi"])
async def test_the_templates_say_what_to_fill_in_and_what_they_are_for(acme: World, language: str) -> None:
    query = """{ policyTemplates { key on name help action severity blockable warnOnly
      parameters { name type unit default minimum maximum whole label help } examples { name expect } } }"""
    data = await spoken(acme, "viewer", language).data(query)
    found = {each["key"]: each for each in data["policyTemplates"]}
    assert list(found) == sorted(TEMPLATES)
    assert len(found) == 16
    limit = found["goal_limit"]
    assert (limit["on"], limit["action"], limit["blockable"], limit["warnOnly"]) == ("unit", "REVIEW", True, False)
    assert limit["name"] == {"en": "Too many goals", "vi": "Quá nhiều mục tiêu"}[language]
    assert limit["parameters"][0] == {
        "name": "limit",
        "type": "NUMBER",
        "unit": "goals",
        "default": "3",
        "minimum": "1",
        "maximum": "50",
        "whole": True,
        "label": {"en": "Goals per unit", "vi": "Số mục tiêu mỗi đơn vị"}[language],
        "help": TEMPLATES["goal_limit"].parameters[0].help.said(language),
    }
    assert all(len(each["examples"]) >= 4 for each in found.values())


@pytest.mark.parametrize("language", ["en", "vi"])
async def test_the_fact_schema_is_all_that_an_editor_needs(acme: World, language: str) -> None:
    query = """{ factSchema { name label fields { name type unit operators label help example
      choices { value label } } } }"""
    data = await spoken(acme, "viewer", language).data(query)
    found = {kind["name"]: {each["name"]: each for each in kind["fields"]} for kind in data["factSchema"]}
    assert {name: set(kind) for name, kind in found.items()} == {
        name: {field.name for field in kind.fields} for name, kind in KINDS.items()
    }
    band = found["kpi"]["band"]
    assert (band["type"], band["operators"]) == ("CHOICE", ["EQ", "NE", "IN", "KNOWN", "UNKNOWN"])
    assert {"value": "red", "label": {"en": "red", "vi": "đỏ"}[language]} in band["choices"]
    assert all(field["label"] and field["help"] for kind in found.values() for field in kind.values())


async def test_a_unit_is_told_what_holds_for_it_and_where_each_value_comes_from(world: World) -> None:
    await published(world, key="goal-limit", template="goal_limit", mode="ADVISE", lock=["mode"], hold=2)
    few = [{"name": "limit", "value": "2"}]
    await published(
        world, "team-admin", key="goal-limit", template="goal_limit", unitId=world.team, params=few, severity="CRITICAL"
    )
    assert await effective(world, world.core, "goal-limit") == {
        "policy": {
            "key": "goal-limit",
            "version": 2,
            "formula": (await effective(world, world.other, "goal-limit"))["policy"]["formula"],
        },
        "mode": "ADVISE",
        "severity": "CRITICAL",
        "why": "It holds for Acme and everything below, as changed by Platform.",
        "params": [{"name": "limit", "value": "2"}, {"name": "company_limit", "value": "5"}],
        "values": [
            _value("params.limit", "2", "UNIT", 1, unit="Platform"),
            _value("params.company_limit", "5", "TEMPLATE", 2),
            _value("mode", "advise", "POLICY", 2, locked=True),
            _value("severity", "critical", "UNIT", 1, unit="Platform"),
            _value("hold", "2", "POLICY", 2),
        ],
    }
    assert (await effective(world, world.other, "goal-limit"))["severity"] == "WARNING"
    vi = await effective(world, world.core, "goal-limit", language="vi")
    assert vi["why"] == "Áp dụng cho Acme và mọi đơn vị bên dưới, thay đổi bởi Platform."
    assert (await effective(world, world.core, "goal-limit", "lead"))["severity"] == "CRITICAL"


def _value(name: str, value: str, origin: str, version: int, unit: str | None = None, *, locked: bool = False) -> Any:
    seen = {"name": unit} if unit else None
    return {"name": name, "value": value, "origin": origin, "version": version, "locked": locked, "unit": seen}


@pytest.mark.parametrize(
    ("language", "why"),
    [
        ("en", "It holds for a unit above and everything below, as changed by a unit above."),
        ("vi", "Áp dụng cho một đơn vị cấp trên và mọi đơn vị bên dưới, thay đổi bởi một đơn vị cấp trên."),
    ],
    ids=["en", "vi"],
)
async def test_a_unit_above_that_the_caller_does_not_see_is_not_named(world: World, language: str, why: str) -> None:
    await published(world, key="goal-limit", template="goal_limit", unitId=world.company, hold=2)
    query = "query($unit: ID!) { effectivePolicies(unit: $unit) { policy { key } why } }"
    data = await spoken(world, "team-admin", language).data(query, unit=world.team)
    assert {"policy": {"key": "goal-limit"}, "why": why} in data["effectivePolicies"]


@pytest.mark.parametrize("mutation", ["publishPolicy", "rollBackPolicy", "retirePolicy"])
async def test_an_empty_unit_does_not_stand_for_the_whole_policy(world: World, mutation: str) -> None:
    given = {"key": "goal-limit", "unitId": ""} | ({} if mutation == "retirePolicy" else {"version": 1})
    (refusal,) = (await mutations.done(world.speaker("hr_admin"), mutation, given))["userErrors"]
    assert (refusal["code"], refusal["field"]) == ("NOT_FOUND", ["unitId"])


async def test_a_unit_that_one_does_not_see_is_none(acme: World) -> None:
    for unit in (acme.other, "unit_nowhere", acme.main):
        answer = await acme.speaker("lead").ask(EFFECTIVE, unit=unit)
        assert answer["errors"][0]["message"] == "There is no such unit."


async def test_every_version_says_who_made_it_when_and_why(world: World) -> None:
    await published(world, key="kpi-stale", template="kpi_stale", hold=5, note="It cried wolf")
    given = {"key": "kpi-stale", "version": 2, "note": "No"}
    payload = await mutations.done(world.speaker("hr_admin"), "rollBackPolicy", given)
    assert payload["policy"]["note"] == "Back to version 2: No"
    query = """{ policies(filter: { keys: ["kpi-stale"], states: [PUBLISHED, RETIRED] }) {
      version state hold author approvedBy approvedAt note basedOn } }"""
    newest, before, *older = (await world.speaker("hr_admin").data(query))["policies"]
    assert (newest["version"], newest["state"], newest["hold"], newest["basedOn"]) == (4, "PUBLISHED", 1, 3)
    assert (before["state"], before["note"], before["author"]) == ("RETIRED", "It cried wolf", "Hr_Admin")
    assert before["approvedBy"] == "Hr_Admin"
    assert before["approvedAt"] is not None
    assert [each["version"] for each in older] == [2, 1]


async def test_the_history_says_what_each_version_changed(world: World) -> None:
    await published(world, key="kpi-stale", template="kpi_stale", hold=5, params=[{"name": "periods", "value": "3"}])
    query = """{ policyHistory(key: "kpi-stale") { policy { version state } changes { field before after } } }"""
    newest, before, first = (await world.speaker("hr_admin").data(query))["policyHistory"]
    assert newest == {
        "policy": {"version": 3, "state": "PUBLISHED"},
        "changes": [
            {"field": "params.periods", "before": "2", "after": "3"},
            {"field": "hold", "before": "1", "after": "5"},
        ],
    }
    assert before["changes"] == [{"field": "hold", "before": "0", "after": "1"}]
    assert first == {"policy": {"version": 1, "state": "RETIRED"}, "changes": []}
    assert (await world.speaker("viewer").data(query))["policyHistory"] == [{**newest, "changes": []}]


async def test_what_a_unit_changes_is_its_own_to_see_and_to_take_back(world: World) -> None:
    admin = world.speaker("team-admin")
    where = {"key": "goal-limit", "unitId": world.team}
    await published(world, "team-admin", template="goal_limit", hold=3, **where)
    query = '{ policies(filter: { keys: ["goal-limit"] }) { id version sets unit { name } } }'
    shown = (await admin.data(query))["policies"]
    assert [(each["version"], each["sets"], each["unit"]) for each in shown] == [
        (1, [], None),
        (1, ["hold"], {"name": "Platform"}),
    ]
    assert shown[1]["id"] == f"pol_goal-limit@{world.team}:1"
    node = "query($id: ID!) { node(id: $id) { id ... on Policy { hold } } }"
    assert (await admin.data(node, id=shown[1]["id"]))["node"] == {"id": shown[1]["id"], "hold": 3}
    assert (await world.speaker("sales-lead").data(node, id=shown[1]["id"]))["node"] is None
    assert len((await world.speaker("sales-lead").data(query))["policies"]) == 1
    payload = await mutations.done(admin, "retirePolicy", where)
    assert payload["policy"]["state"] == "RETIRED"
    assert len((await admin.data(query))["policies"]) == 1


async def test_what_a_unit_changes_is_said_as_it_makes_the_policy(world: World) -> None:
    when = {"is": {"field": "bad_periods", "op": "GTE", "value": {"param": "most"}}}
    most = {"key": "bad", "template": "custom"}
    await published(world, **most, on="kpi", when=when, params=[{"name": "most", "value": "3"}])
    await published(world, "team-admin", **most, unitId=world.team, params=[{"name": "most", "value": "2"}])
    query = '{ policies(filter: { keys: ["bad"] }) { formula } }'
    admin = world.speaker("team-admin")
    said = [each["formula"] for each in (await admin.data(query))["policies"]]
    assert said == ["Bad periods in a row are at least 3", "Bad periods in a row are at least 2"]
    await mutations.done(world.speaker("hr_admin"), "retirePolicy", {"key": "bad"})
    assert (await admin.data(query))["policies"] == []


async def test_who_administers_a_unit_sees_what_she_drafts_for_it(world: World) -> None:
    mine: dict[str, Any] = {"key": "team-goals", "template": "goal_limit", "scope": {"unitIds": [world.team]}}
    await saved(world, "team-admin", **mine)
    query = '{ policies(filter: { keys: ["team-goals"], states: [DRAFT, PUBLISHED] }) { id version state } }'
    drafted = [{"id": "pol_team-goals:1", "version": 1, "state": "DRAFT"}]
    for who in ("team-admin", "hr_admin"):
        assert (await world.speaker(who).data(query))["policies"] == drafted
    wider = {**mine, "scope": {"unitIds": [world.team, world.other]}}
    await saved(world, **wider)
    assert (await world.speaker("team-admin").data(query))["policies"] == []


async def test_a_policy_for_a_unit_is_seen_there_and_above_and_not_beside_it(world: World) -> None:
    mine: dict[str, Any] = {"key": "team-goals", "template": "goal_limit", "scope": {"unitIds": [world.team]}}
    await published(world, "team-admin", **mine)
    query = """{ policies(filter: { keys: ["team-goals"] }) { version } policyHistory(key: "team-goals") {
      policy { version } } node(id: "pol_team-goals:1") { id } }"""
    for who, seen in (("owner", 1), ("boss", 1), ("sales-lead", 0), ("sales-viewer", 0)):
        data = await world.speaker(who).data(query)
        counted = (len(data["policies"]), len(data["policyHistory"]), int(data["node"] is not None))
        assert counted == (seen, seen, seen), who


async def test_a_custom_policy_says_what_its_author_wrote(world: World) -> None:
    when = {"is": {"field": "has_reporter", "op": "EQ", "value": {"flag": False}}}
    words = {"message": "{{name}} at {{value}} lacks a reporter", "messageVi": "{{name}} chưa có người báo số liệu"}
    tests = [{"name": "nobody", "fact": [{"name": "has_reporter", "flag": False}], "expect": "match"}]
    given: dict[str, Any] = {
        "key": "reporters",
        "template": "custom",
        "on": "kpi",
        "when": when,
        "action": "REMIND",
        **words,
    }
    await published(world, **given, tests=tests)
    payload = await published(world, **given, tests=tests, mode="ADVISE")
    ids = [each["id"] for each in payload["recommendations"]]
    query = "query($ids: [ID!]!) { nodes(ids: $ids) { ... on Recommendation { title proposal { action } } } }"
    english = await world.speaker("hr_admin").data(query, ids=ids)
    vietnamese = await spoken(world, "hr_admin", "vi").data(query, ids=ids)
    assert "Revenue at 450 EUR lacks a reporter" in [node["title"] for node in english["nodes"]]
    assert "Revenue chưa có người báo số liệu" in [node["title"] for node in vietnamese["nodes"]]


@pytest.mark.parametrize(
    ("faults", "code", "field"),
    [
        pytest.param({"action": "PROMOTE"}, "INVALID", ["policy", "action"], id="an action for something else"),
        pytest.param({"perRun": 0}, "INVALID", ["policy", "perRun"], id="no run"),
        pytest.param(
            {"messageVi": "chỉ tiếng Việt"}, "INVALID", ["policy", "messageVi"], id="a translation of nothing"
        ),
        pytest.param(
            {"tests": [{"name": "x", "fact": [{"name": "kpis"}], "expect": "match"}]},
            "INVALID",
            ["policy", "tests", "0", "fact", "0"],
            id="a value that is none",
        ),
        pytest.param({"lock": ["everything"]}, "UNKNOWN_FIELD", ["policy", "lock", "0"], id="a lock on nothing"),
        pytest.param({"expires": 400}, "INVALID", ["policy", "expires"], id="longer than a year"),
        pytest.param(
            {"effectiveFrom": "2026-09-02", "effectiveTo": "2026-09-01"},
            "INVALID",
            ["policy", "effectiveTo"],
            id="ends before it begins",
        ),
    ],
)
async def test_what_cannot_be_is_refused_where_it_is(
    acme: World, faults: dict[str, Any], code: str, field: list[str]
) -> None:
    when = {"is": {"field": "kpis", "op": "GT", "value": {"number": "7"}}}
    given = {"policy": {"key": "ours", "template": "custom", "on": "unit", "when": when, **faults}}
    error = await mutations.refused(acme, acme.speaker("hr_admin"), "savePolicy", given)
    assert (error["code"], error["field"]) == (code, field)


async def test_null_takes_away_what_was_set_and_silence_keeps_it(world: World) -> None:
    goal_limit = {"key": "goal-limit", "template": "goal_limit"}
    await published(world, **goal_limit, overridableBy="LEAD", effectiveFrom="2026-08-01", effectiveTo="2026-12-31")
    query = """{ policies(filter: { keys: ["goal-limit"], states: [DRAFT] }) {
      overridableBy effectiveFrom effectiveTo } }"""
    await saved(world, **goal_limit, overridableBy=None, effectiveTo=None)
    assert (await world.speaker("hr_admin").data(query))["policies"] == [
        {"overridableBy": None, "effectiveFrom": "2026-08-01", "effectiveTo": None}
    ]
    await saved(world, **goal_limit, effectiveFrom=None)
    assert (await world.speaker("hr_admin").data(query))["policies"] == [
        {"overridableBy": None, "effectiveFrom": None, "effectiveTo": None}
    ]


@pytest.mark.parametrize(
    ("faults", "code", "field"),
    [
        pytest.param({"unitId": ""}, "NOT_FOUND", ["policy", "unitId"], id="no unit is not every unit"),
        pytest.param(
            {"params": [{"name": "limit", "value": "4"}, {"name": "limit", "value": "5"}]},
            "DUPLICATE",
            ["policy", "params"],
            id="a parameter given twice",
        ),
        pytest.param(
            {
                "tests": [
                    {
                        "name": "x",
                        "expect": "clear",
                        "fact": [{"name": "kpis", "number": "1"}, {"name": "kpis", "number": "2"}],
                    }
                ]
            },
            "DUPLICATE",
            ["policy", "tests", "0", "fact"],
            id="a field given twice",
        ),
    ],
)
async def test_what_is_said_twice_or_of_nothing_is_refused(
    acme: World, faults: dict[str, Any], code: str, field: list[str]
) -> None:
    given = {"policy": {"key": "goal-limit", "template": "goal_limit", **faults}}
    error = await mutations.refused(acme, acme.speaker("hr_admin"), "savePolicy", given)
    assert (error["code"], error["field"]) == (code, field)
