"""Who may do what where, and that nobody sees beyond the units they were granted."""

from collections.abc import Callable
from typing import Any

import orjson
import pytest

from app import evaluation, org
from tests.gql import mutations
from tests.gql.mutations import Input
from tests.gql.world import World

ABOUT_THE_TEAM: dict[str, Callable[[World], Input]] = {
    **mutations.GOOD,
    "recordKpiReadings": lambda w: {"readings": [{"kpiId": w.uptime, "period": "2026-08-01", "value": "98"}]},
    "moveOrgUnit": lambda w: {"id": w.core, "parentId": w.company},
}
EVERYBODY = ("viewer", "member", "lead", "hr_admin", "boss", "owner", "reporter", "team-admin")
LEADS = {"lead", "hr_admin", "boss", "team-admin"}
MAY: dict[str, set[str]] = {
    "recordCheckIn": {"member", "owner", *LEADS},
    "recordKpiReadings": {"member", "reporter", *LEADS},
    "createOrgUnit": {"hr_admin", "team-admin"},
    "moveOrgUnit": {"hr_admin"},
    **{name: {"hr_admin"} for name in mutations.POLICY_MAKING},
    "grantWaiver": {"hr_admin", "team-admin"},
    "endWaiver": {"hr_admin", "team-admin"},
    **dict.fromkeys(("createObjective", "updateObjective", "closeObjective", "createKpi", "updateKpi"), LEADS),
    **dict.fromkeys(("acceptRecommendation", "dismissRecommendation", "snoozeRecommendation"), LEADS),
}


def test_the_table_knows_every_mutation() -> None:
    assert set(MAY) == set(mutations.NAMES) == set(ABOUT_THE_TEAM)


@pytest.mark.parametrize(
    ("name", "who"), [pytest.param(name, who, id=f"{name} by {who}") for name in MAY for who in sorted(MAY[name])]
)
async def test_a_role_that_may_does(world: World, name: str, who: str) -> None:
    payload = await mutations.done(world.speaker(who), name, ABOUT_THE_TEAM[name](world))
    assert payload["userErrors"] == []


@pytest.mark.parametrize("name", MAY)
async def test_a_role_that_may_not_is_told_which_it_takes(acme: World, name: str) -> None:
    for who in EVERYBODY:
        # team-admin does not even see the unit to which Core would move
        if who not in MAY[name] and (name, who) != ("moveOrgUnit", "team-admin"):
            error = await mutations.refused(acme, acme.speaker(who), name, ABOUT_THE_TEAM[name](acme))
            assert error["code"] == "FORBIDDEN", (who, error)
            assert error["message"].startswith("This takes the role ")


@pytest.mark.parametrize("name", [name for name in MAY if name not in mutations.POLICY_MAKING])
async def test_who_stands_elsewhere_finds_nothing_there(acme: World, name: str) -> None:
    for who in ("sales-lead", "sales-viewer", "stranger"):
        error = await mutations.refused(acme, acme.speaker(who), name, ABOUT_THE_TEAM[name](acme))
        assert error["code"] == "NOT_FOUND", (who, error)


async def test_an_administrator_of_a_team_saves_policies_for_that_team(world: World) -> None:
    admin = world.speaker("team-admin")
    mine: Input = {"policy": {"key": "team-goals", "template": "goal_limit", "scope": {"unitIds": [world.core]}}}
    assert (await mutations.done(admin, "savePolicy", mine))["userErrors"] == []
    assert (await mutations.done(admin, "savePolicy", mine))["userErrors"] == []
    taken = mutations.put(mine, "policy.key", "goal-limit")
    error = await mutations.refused(world, admin, "savePolicy", taken)
    assert (error["code"], error["field"]) == ("FORBIDDEN", ["policy", "key"])


async def test_a_lead_changes_a_goal_that_is_aligned_with_what_she_does_not_see(world: World) -> None:
    boss, lead = world.speaker("boss"), world.speaker("lead")
    far = {"contributes": [{"toId": world.sales}], "dependsOnIds": [world.top], "addressesIds": [world.revenue]}
    assert (await mutations.done(boss, "updateObjective", {"id": world.main, **far}))["userErrors"] == []
    assert (await mutations.done(boss, "updateKpi", {"id": world.uptime, "accountableId": world.other}))[
        "userErrors"
    ] == []
    assert (await mutations.done(boss, "updateKpi", {"id": world.uptime, "parentId": world.revenue}))[
        "userErrors"
    ] == []
    assert (await mutations.done(lead, "updateObjective", {"id": world.main, "title": "New"}))["userErrors"] == []
    assert (await mutations.done(lead, "updateKpi", {"id": world.uptime, "weight": "2"}))["userErrors"] == []
    call = await world.call()
    assert call.picture.objectives[world.main].depends_on == (world.top,)
    assert call.picture.kpis[world.uptime].parent == world.revenue


def ids(world: World) -> dict[str, set[str]]:
    """Return the ids of what there is in a company, by the unit it belongs to."""
    return {
        "company": {world.company, world.top, world.top_result, world.people["viewer"], world.people["boss"]},
        "team": {
            *(world.team, world.core, world.uptime, world.quality, world.main, world.draft, world.closed, world.old),
            *(*world.results.values(), world.closed_result, world.old_result, world.advice, world.people["lead"]),
            world.waiver,
        },
        "sales": {world.other, world.revenue, world.sales, world.sales_result, world.sales_advice},
    }


SEES = {
    "viewer": {"company", "team", "sales"},
    "hr_admin": {"company", "team", "sales"},
    "boss": {"company", "team", "sales"},
    "lead": {"team"},
    "owner": {"team"},
    "team-admin": {"team"},
    "sales-viewer": {"sales"},
    "sales-lead": {"sales"},
    "stranger": set[str](),
}
EVERYTHING = """
  fragment Id on Node { id __typename }
  fragment Of on OrgUnit { id name lead { name } parent { id name } children { id name }
    objectives { id title } kpis { id name } }
  fragment Goal on Objective { id title unit { id } supports { ...Id } supportedBy { id title } dependsOn { id title }
    contributes { to { ...Id } share } addresses { id name } keyResults { id title measures { id } promotedTo { id } } }
  fragment Watched on Kpi { id name unit { id } accountable { id name } parent { id name } movedBy { id title }
    addressedBy { id title } provenance { keyResult { id } objective { id } } readings { nodes { value } } }
  query {
    orgUnits { totalCount nodes { ...Of } }
    objectives { totalCount nodes { ...Goal } }
    kpis { totalCount nodes { ...Watched } }
    checkInsDue(filter: { states: [PENDING, MISSED, ON_TIME, LATE, EXCUSED] }, first: 100) {
      nodes { keyResult { id title objective { id title } } } }
    recommendations(filter: { states: [OPEN, PENDING] }) {
      nodes { id title unit { id name } subject { ...Id } created { ...Id } proposal { text } explanation { text } } }
    focusKpis { kpi { id name } addressedBy { id title } }
    alignmentTree { roots { id name } nodes { id parentId title unitId } edges { sourceId targetId }
      findings { nodeId otherId message } }
    policies { scope { units { id } exempt { id } } }
    waivers { id reason unit { id name } subject { ...Id } }
  }"""


@pytest.mark.parametrize("who", SEES)
async def test_an_id_is_nothing_to_who_may_not_see_it(acme: World, globex: World, who: str) -> None:
    speaker = acme.speaker(who)
    mine = {key for part in SEES[who] for key in ids(acme)[part]}
    all_ids = sorted({key for world in (acme, globex) for part in ids(world).values() for key in part})
    query = "query($ids: [ID!]!, $id: ID!) { nodes(ids: $ids) { id } node(id: $id) { id } }"
    for page in (all_ids[:30], all_ids[30:]):
        shown = await speaker.data(query, ids=page, id=page[0])
        assert shown["nodes"] == [{"id": key} if key in mine else None for key in page]
        assert shown["node"] == shown["nodes"][0]


@pytest.mark.parametrize("who", SEES)
async def test_no_list_count_edge_or_text_goes_beyond_what_was_granted(acme: World, globex: World, who: str) -> None:
    shown = await acme.speaker(who).data(EVERYTHING)
    said = orjson.dumps(shown).decode()
    hidden = {key for part, keys in ids(acme).items() if part not in SEES[who] for key in keys} - set(
        acme.people.values()
    )
    hidden |= {key for keys in ids(globex).values() for key in keys}
    assert not [key for key in hidden if f'"{key}"' in said]
    words = {"company": ("Be the best", "Awards"), "team": ("Never down", "Uptime"), "sales": ("Sell more", "Revenue")}
    for part, titles in words.items():
        assert [title in said for title in titles] == [part in SEES[who]] * 2
    units, goals, kpis = (
        sum(number for part, number in counts.items() if part in SEES[who])
        for counts in (
            {"company": 1, "team": 2, "sales": 1},
            {"company": 1, "team": 4, "sales": 1},
            {"team": 2, "sales": 1},
        )
    )
    assert [shown[name]["totalCount"] for name in ("orgUnits", "objectives", "kpis")] == [units, goals, kpis]


async def test_edges_out_of_ones_subtree_are_cut(acme: World) -> None:
    shown = await acme.speaker("lead").data(EVERYTHING)
    (main,) = [goal for goal in shown["objectives"]["nodes"] if goal["id"] == acme.main]
    assert main["supports"] is None
    (team,) = [unit for unit in shown["orgUnits"]["nodes"] if unit["id"] == acme.team]
    assert team["parent"] is None
    tree = shown["alignmentTree"]
    assert [root["id"] for root in tree["roots"]] == [acme.team]
    assert next(node for node in tree["nodes"] if node["id"] == acme.main)["parentId"] == acme.team
    known = {node["id"] for node in tree["nodes"]}
    assert {end for edge in tree["edges"] for end in edge.values()} <= known


@pytest.mark.parametrize(
    "query",
    [
        pytest.param("query($root: ID) { orgUnits(filter: { root: $root }) { totalCount } }", id="units"),
        pytest.param("query($root: ID) { objectives(filter: { root: $root }) { totalCount } }", id="objectives"),
        pytest.param("query($root: ID) { kpis(filter: { root: $root }) { totalCount } }", id="KPIs"),
        pytest.param("query($root: ID) { checkInsDue(filter: { root: $root }) { totalCount } }", id="check-ins"),
        pytest.param("query($root: ID) { recommendations(filter: { root: $root }) { nodes { id } } }", id="advice"),
        pytest.param("query($root: ID) { waivers(filter: { root: $root }) { id } }", id="waivers"),
        pytest.param("query($root: ID) { focusKpis(root: $root) { score } }", id="focus"),
        pytest.param("query($root: ID) { alignmentTree(root: $root) { version } }", id="the tree"),
    ],
)
async def test_a_root_beyond_ones_subtree_is_not_there(acme: World, globex: World, query: str) -> None:
    lead = acme.speaker("lead")
    answers: list[Any] = []
    for root in ("unit_none", acme.other, acme.company, globex.team, acme.main):
        (error,) = (await lead.ask(query, root=root))["errors"]
        answers.append((error["message"], error["extensions"]))
    assert answers == [("There is no such unit.", {"code": "NOT_FOUND"})] * 5
    assert "errors" not in await lead.ask(query, root=acme.core)


async def test_cycles_are_everybodys(acme: World) -> None:
    for who in ("stranger", "lead", "viewer"):
        shown = await acme.speaker(who).data(
            "query($id: ID!) { cycles { name } node(id: $id) { ... on Cycle { name } } }", id=acme.cycles["2026 Q3"]
        )
        names = ["2026", "2026 Q1", "2026 Q2", "2026 Q3", "2026 Q4"]
        assert shown == {"cycles": [{"name": name} for name in names], "node": {"name": "2026 Q3"}}


@pytest.mark.parametrize("who", ["viewer", "member", "lead", "boss", "team-admin", "stranger"])
async def test_drafts_of_policies_and_the_audit_log_are_for_administrators(acme: World, who: str) -> None:
    for query in (
        "{ policies(filter: { states: [DRAFT] }) { key } }",
        "{ auditLog { nodes { at } } }",
        "{ decisionLog { nodes { at } } }",
        "{ policyQuality { policyKey } }",
    ):
        if who == "team-admin" and "DRAFT" in query:  # who administers a unit drafts policies for it
            continue
        answer = await acme.speaker(who).ask(query)
        assert (answer["data"], answer["errors"][0]["extensions"]["code"]) == (None, "FORBIDDEN")
        assert "errors" not in await acme.speaker("hr_admin").ask(query)


async def test_the_audit_log_ends_with_the_tenant(acme: World, globex: World) -> None:
    query = "{ auditLog(first: 100) { nodes { operation subjectIds before after } } }"
    said = orjson.dumps(await acme.speaker("hr_admin").data(query)).decode()
    assert acme.main in said
    assert not [key for keys in ids(globex).values() for key in keys if key in said]


async def test_advice_goes_with_what_it_is_about(world: World) -> None:
    query = "{ recommendations(first: 100) { nodes { subject { id } unit { id } } } }"
    boss, lead, sales = (world.speaker(who) for who in ("boss", "lead", "sales-lead"))
    call = await world.call()
    await evaluation.everything(call, "daily")
    moved = set(world.results.values())
    about = {one["subject"]["id"] for one in (await lead.data(query))["recommendations"]["nodes"]}
    assert about & moved
    change = {"id": world.main, "unitId": world.other}
    assert (await mutations.done(boss, "updateObjective", change))["userErrors"] == []
    left = {one["subject"]["id"] for one in (await lead.data(query))["recommendations"]["nodes"]}
    come = {one["subject"]["id"]: one["unit"]["id"] for one in (await sales.data(query))["recommendations"]["nodes"]}
    assert not left & moved
    assert {come[key] for key in about & moved} == {world.other}


async def test_history_about_what_went_elsewhere_goes_too(world: World) -> None:
    boss, lead = world.speaker("boss"), world.speaker("lead")
    await evaluation.everything(await world.call(), "daily")
    open_ones = await lead.data("{ recommendations(first: 100) { nodes { id subject { id } } } }")
    mine = world.results["number"]
    advice = next(one["id"] for one in open_ones["recommendations"]["nodes"] if one["subject"]["id"] == mine)
    assert (await mutations.done(lead, "acceptRecommendation", {"id": advice}))["userErrors"] == []
    query = "query($id: ID!) { node(id: $id) { id } recommendations(filter: { states: [APPLIED] }, first: 1) "
    query += "{ nodes { id subject { id } } pageInfo { hasNextPage } } }"
    here = {"nodes": [{"id": advice, "subject": {"id": mine}}], "pageInfo": {"hasNextPage": False}}
    assert await lead.data(query, id=advice) == {"node": {"id": advice}, "recommendations": here}
    change = {"id": world.main, "unitId": world.other}
    assert (await mutations.done(boss, "updateObjective", change))["userErrors"] == []
    gone = {"nodes": [], "pageInfo": {"hasNextPage": False}}
    assert await lead.data(query, id=advice) == {"node": None, "recommendations": gone}
    assert (await boss.data(query, id=advice))["recommendations"] == here


ACTED_ON = """query($id: ID!, $root: ID) {
  node(id: $id) { ... on Kpi { name accountable { name } readings(first: 1) { nodes { value } } unit {
    name lead { name } progress parent { id } children { id } objectives { id } kpis { id } } } }
  kpis(filter: { root: $root }) { nodes { id } }
  recommendations(first: 100) { nodes { id unit { id } subject { id } } }
}"""


async def handed_over(world: World) -> None:
    """Make the team answer for the KPI of the other unit, whose lead is named and which has a second KPI."""
    boss = world.speaker("boss")
    more = {"name": "Margin", "unitId": world.other, "measure": "%", "direction": "HIGHER"}
    assert (await mutations.done(boss, "createKpi", more))["userErrors"] == []
    call = await world.call()
    await org.appoint(call, world.other, world.people["sales-lead"])
    change = {"id": world.revenue, "accountableId": world.team}
    assert (await mutations.done(boss, "updateKpi", change))["userErrors"] == []


async def test_who_must_act_on_a_kpi_sees_it_and_what_is_advised_and_no_more_of_its_unit(world: World) -> None:
    lead = world.speaker("lead")
    assert (await lead.data(ACTED_ON, id=world.revenue))["node"] is None
    await handed_over(world)
    shown = await lead.data(ACTED_ON, id=world.revenue, root=world.team)
    assert shown["node"] == {
        "name": "Revenue",
        "accountable": {"name": "Platform"},
        "readings": {"nodes": [{"value": "450"}]},
        "unit": {
            "name": "Sales",
            "lead": None,
            "progress": None,
            "parent": None,
            "children": [],
            "objectives": [],
            "kpis": [{"id": world.revenue}],
        },
    }
    assert {one["id"] for one in shown["kpis"]["nodes"]} == {world.uptime, world.quality, world.revenue}
    advice = {one["id"]: one for one in shown["recommendations"]["nodes"]}[world.sales_advice]
    assert (advice["unit"], advice["subject"]) == ({"id": world.team}, {"id": world.revenue})
    for hidden in (world.other, world.sales, world.sales_result):
        assert (await lead.data("query($id: ID!) { node(id: $id) { id } }", id=hidden))["node"] is None


async def test_who_must_act_on_a_kpi_accepts_what_is_advised_in_her_own_unit(world: World) -> None:
    await handed_over(world)
    payload = await mutations.done(world.speaker("lead"), "acceptRecommendation", {"id": world.sales_advice})
    assert payload["userErrors"] == []
    call = await world.call()
    made = call.picture.objectives[payload["created"][0]["id"]]
    assert (made.unit, made.addresses) == (world.team, (world.revenue,))
    (result,) = call.picture.key_results_of[made.key]
    assert result.measures == world.revenue


async def test_who_must_act_on_a_kpi_has_no_other_say_in_it(world: World) -> None:
    await handed_over(world)
    lead = world.speaker("lead")
    reading = {"kpiId": world.revenue, "period": "2026-08-01", "value": "900"}
    for name, given in (
        ("updateKpi", {"id": world.revenue, "name": "Ours"}),
        ("recordKpiReadings", {"readings": [reading]}),
    ):
        assert (await mutations.refused(world, lead, name, given))["code"] == "FORBIDDEN", name
    goal = {"title": "Sell more", "unitId": world.team, "cycleId": world.cycles["2026 Q3"]}
    assert (await mutations.done(lead, "createObjective", {**goal, "addressesIds": [world.revenue]}))[
        "userErrors"
    ] == []


async def test_whose_kpi_others_act_on_sees_the_kpi_and_not_what_they_do(world: World) -> None:
    await handed_over(world)
    sales = world.speaker("sales-lead")
    shown = await sales.data(ACTED_ON, id=world.revenue)
    assert (shown["node"]["name"], shown["node"]["accountable"]) == ("Revenue", None)
    assert world.sales_advice not in {one["id"] for one in shown["recommendations"]["nodes"]}
    error = await mutations.refused(world, sales, "acceptRecommendation", {"id": world.sales_advice})
    assert error["code"] == "NOT_FOUND"


async def test_a_kpi_goes_out_of_sight_with_the_duty_to_act_on_it(world: World) -> None:
    await handed_over(world)
    boss, lead = world.speaker("boss"), world.speaker("lead")
    back = {"id": world.revenue, "accountableId": world.other}
    assert (await mutations.done(boss, "updateKpi", back))["userErrors"] == []
    shown = await lead.data(ACTED_ON, id=world.revenue)
    assert shown["node"] is None
    assert {one["id"] for one in shown["kpis"]["nodes"]} == {world.uptime, world.quality}
    assert world.sales_advice not in {one["id"] for one in shown["recommendations"]["nodes"]}
