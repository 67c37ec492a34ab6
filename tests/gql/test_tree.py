"""The alignment tree: the executives' view, nested and flat, in one request and of one version."""

from typing import Any

import pytest

from tests.gql import mutations
from tests.gql.world import World

FLAT = """query($cycle: ID, $root: ID, $depth: Int) { alignmentTree(cycle: $cycle, root: $root, depth: $depth) {
  cycle { name } asOf version
  nodes { id parentId kind title unitId ownerId progress rawProgress status band version }
  edges { kind sourceId targetId share } findings { kind nodeId otherId message } } }"""
NESTED = """query($cycle: ID) { alignmentTree(cycle: $cycle) { version roots { name progress(cycle: $cycle)
  objectives(cycle: $cycle) { title } kpis { name }
  children { name objectives(cycle: $cycle) { title state keyResults { title } supports { id } } kpis { name }
    children { name parent { name } } } } } }"""
VERSION = "{ alignmentTree { version asOf } }"


async def tree(world: World, who: str = "viewer", **given: object) -> Any:
    """Return the tree in its flat form."""
    return (await world.speaker(who).data(FLAT, **given))["alignmentTree"]


async def test_every_node_comes_once_and_after_the_one_it_hangs_on(acme: World) -> None:
    shown = await tree(acme)
    seen: set[str] = set()
    for node in shown["nodes"]:
        assert node["id"] not in seen
        assert node["parentId"] is None or node["parentId"] in seen
        seen.add(node["id"])
    assert [node["title"] for node in shown["nodes"] if node["parentId"] is None] == ["Acme"]
    kinds = [node["kind"] for node in shown["nodes"]]
    assert {kind: kinds.count(kind) for kind in kinds} == {"ORG_UNIT": 4, "KPI": 3, "OBJECTIVE": 4, "KEY_RESULT": 9}


async def test_goals_hang_on_what_they_support_and_edges_say_how(acme: World) -> None:
    shown = await tree(acme)
    nodes = {node["id"]: node for node in shown["nodes"]}
    assert nodes[acme.main] == {
        "id": acme.main,
        "parentId": acme.top_result,
        "kind": "OBJECTIVE",
        "title": "Never down",
        "unitId": acme.team,
        "ownerId": acme.people["owner"],
        "progress": 0,
        "rawProgress": None,
        "status": "NOT_STARTED",
        "band": None,
        "version": 1,
    }
    assert (nodes[acme.uptime]["parentId"], nodes[acme.uptime]["band"]) == (acme.team, "RED")
    assert nodes[acme.results["number"]]["ownerId"] == acme.people["owner"]
    assert acme.draft not in nodes
    assert acme.old not in nodes
    percent = acme.results["percent"]
    assert shown["edges"] == [
        {"kind": "SUPPORTS", "sourceId": acme.main, "targetId": acme.top_result, "share": None},
        {"kind": "MEASURED_BY", "sourceId": percent, "targetId": acme.quality, "share": None},
    ]


async def test_what_is_odd_is_said_and_not_hidden(acme: World) -> None:
    shown = await tree(acme)
    found = {(one["kind"], one["nodeId"]) for one in shown["findings"]}
    assert {("ORPHAN", acme.sales), ("UNMOVED_KPI", acme.uptime), ("UNOWNED_KPI", acme.revenue)} <= found
    assert ("ORPHAN", acme.main) not in found
    assert all(one["message"].endswith(".") for one in shown["findings"])


async def test_the_nested_form_has_the_same_shape(acme: World) -> None:
    shown = (await acme.speaker("viewer").data(NESTED, cycle=acme.cycles["2026 Q3"]))["alignmentTree"]
    (root,) = shown["roots"]
    assert (root["name"], root["progress"], root["objectives"], root["kpis"]) == (
        "Acme",
        0,
        [{"title": "Be the best"}],
        [],
    )
    children = {child["name"]: child for child in root["children"]}
    assert sorted(children) == ["Platform", "Sales"]
    goals = {goal["title"]: goal for goal in children["Platform"]["objectives"]}
    assert sorted(goals) == ["Done", "Never down", "Perhaps"]
    assert [one["title"] for one in goals["Never down"]["keyResults"]] == [
        *("Number", "Percent", "Currency", "Boolean", "Milestone", "Maintain")
    ]
    assert goals["Never down"]["supports"] == {"id": acme.top_result}
    assert children["Platform"]["children"] == [{"name": "Core", "parent": {"name": "Platform"}}]
    assert shown["version"] == (await tree(acme))["version"]


@pytest.mark.parametrize(
    ("given", "units"),
    [
        pytest.param({"depth": 0}, ["Acme"], id="the top alone"),
        pytest.param({"depth": 1}, ["Acme", "Platform", "Sales"], id="one level down"),
        pytest.param({"depth": 100}, ["Acme", "Core", "Platform", "Sales"], id="as deep as it goes"),
        pytest.param({"root": "team"}, ["Core", "Platform"], id="below a unit"),
        pytest.param({"root": "team", "depth": 0}, ["Platform"], id="a unit alone"),
    ],
)
async def test_the_tree_is_cut_where_it_is_asked_to_be(acme: World, given: dict[str, Any], units: list[str]) -> None:
    if "root" in given:
        given = {**given, "root": acme.team}
    shown = await tree(acme, **given)
    assert sorted(node["title"] for node in shown["nodes"] if node["kind"] == "ORG_UNIT") == units
    known = {node["id"] for node in shown["nodes"]}
    assert {edge[end] for edge in shown["edges"] for end in ("sourceId", "targetId")} <= known
    assert {one["nodeId"] for one in shown["findings"]} <= known


@pytest.mark.parametrize(
    ("given", "code"),
    [
        pytest.param({"depth": -1}, "BAD_USER_INPUT", id="a negative depth"),
        pytest.param({"depth": 101}, "BAD_USER_INPUT", id="a depth of 101"),
        pytest.param({"cycle": "cyc_none"}, "NOT_FOUND", id="an unknown cycle"),
        pytest.param({"cycle": ""}, "NOT_FOUND", id="an empty cycle"),
        pytest.param({"root": "unit_none"}, "NOT_FOUND", id="an unknown root"),
        pytest.param({"root": ""}, "NOT_FOUND", id="an empty root"),
    ],
)
async def test_a_tree_of_nothing_is_refused(acme: World, given: dict[str, object], code: str) -> None:
    answer = await acme.speaker("viewer").ask(FLAT, **given)
    assert (answer["data"], answer["errors"][0]["extensions"]["code"]) == (None, code)


async def test_another_cycle_has_other_goals(acme: World) -> None:
    shown = await tree(acme, cycle=acme.cycles["2026 Q1"])
    assert shown["cycle"] == {"name": "2026 Q1"}
    assert [node["title"] for node in shown["nodes"] if node["kind"] == "OBJECTIVE"] == ["Old"]
    year = await tree(acme, cycle=acme.cycles["2026"])
    assert sorted(node["title"] for node in year["nodes"] if node["kind"] == "OBJECTIVE") == [
        *("Be the best", "Done", "Never down", "Old", "Sell more")
    ]


async def test_equal_versions_mean_equal_trees_and_each_change_makes_it_grow(world: World) -> None:
    viewer = world.speaker("viewer")
    versions = [(await viewer.data(VERSION))["alignmentTree"]["version"]]
    first = await tree(world)
    assert await tree(world) == first
    for name in (
        "recordCheckIn",
        "recordKpiReadings",
        "createOrgUnit",
        "createObjective",
        "updateObjective",
        "createKpi",
    ):
        payload = await mutations.done(mutations.doer(world, name), name, mutations.good(world, name))
        assert payload["userErrors"] == []
        versions.append((await viewer.data(VERSION))["alignmentTree"]["version"])
    assert versions == sorted(set(versions)), "each is greater than the one before"
    assert await tree(world) != first


async def test_a_check_in_is_seen_all_the_way_up(world: World) -> None:
    entry = {"keyResultId": world.results["number"], "value": "6"}
    document = (
        "mutation($input: RecordCheckInInput!) { recordCheckIn(input: $input) { progressBefore progressAfter "
        "keyResult { current progress rawProgress explanation } objective { progress coverage } userErrors { code } } }"
    )
    told = (await world.speaker("owner").data(document, input=entry))["recordCheckIn"]
    assert told == {
        "progressBefore": 0,
        "progressAfter": 0.6,
        "keyResult": {
            "current": "6",
            "progress": 0.6,
            "rawProgress": 0.6,
            "explanation": "(6 − 0) ÷ (10 − 0) = 60 %",
        },
        "objective": {"progress": 0.1, "coverage": pytest.approx(1 / 6)},
        "userErrors": [],
    }
    nodes = {node["id"]: node for node in (await tree(world))["nodes"]}
    assert nodes[world.results["number"]]["progress"] == 0.6
    assert nodes[world.main]["progress"] == pytest.approx(0.1)
    assert nodes[world.team]["progress"] == pytest.approx(0.05), "the mean with the goal that was closed at 0"
