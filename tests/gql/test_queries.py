"""What can be asked: lists page by page, filters, single things of every kind, and answers in two languages."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from app import org
from app.org import UnitDraft
from okr.text import Text
from tests.gql import mutations
from tests.gql.world import World
from tests.service import Client

PAGE = "pageInfo { hasNextPage hasPreviousPage startCursor endCursor } edges { cursor }"
OWN = {
    "orgUnits": "id",
    "objectives": "id",
    "kpis": "id",
    "checkInsDue": "keyResult { id } day",
    "recommendations": "id",
    "auditLog": "at operation request subjectIds",
    "decisionLog": "at trigger milliseconds changes { key }",
}
LISTS = {
    **{
        name: "query($first: Int, $after: String) { "
        f"found: {name}(first: $first, after: $after) {{ nodes {{ {item} }} {PAGE} }} }}"
        for name, item in OWN.items()
    },
    "readings": "query($id: ID!, $first: Int, $after: String) { node(id: $id) { ... on Kpi { "
    f"found: readings(first: $first, after: $after) {{ nodes {{ period value }} {PAGE} }} }} }} }}",
    "checkIns": "query($id: ID!, $first: Int, $after: String) { node(id: $id) { ... on KeyResult { "
    f"found: checkIns(first: $first, after: $after) {{ nodes {{ id }} {PAGE} }} }} }} }}",
}
EACH = pytest.mark.parametrize("name", LISTS)


async def page(world: World, client: Client, name: str, first: int | None = None, after: str | None = None) -> Any:
    """Return one page of a list."""
    given: dict[str, object] = {"first": first, "after": after}
    if name in ("readings", "checkIns"):
        given["id"] = world.uptime if name == "readings" else world.results["number"]
    data = await client.data(LISTS[name], **given)
    return (data.get("node") or data)["found"]


async def paged(world: World, client: Client, name: str, first: int) -> list[Any]:
    """Return a whole list, read page by page."""
    found: list[Any] = []
    after = None
    while True:
        part = await page(world, client, name, first, after)
        assert len(part["nodes"]) == len(part["edges"]) <= first
        assert part["pageInfo"]["hasPreviousPage"] == (after is not None)
        found += part["nodes"]
        if not part["pageInfo"]["hasNextPage"]:
            return found
        after = part["pageInfo"]["endCursor"]
        assert after == part["edges"][-1]["cursor"]


@pytest.fixture
async def busy(world: World) -> World:
    """The company with three check-ins on one key result."""
    for value in ("1", "2", "3"):
        entry = {"keyResultId": world.results["number"], "value": value}
        assert (await mutations.done(world.speaker("owner"), "recordCheckIn", entry))["userErrors"] == []
    return world


@EACH
async def test_pages_put_together_are_the_list(busy: World, name: str) -> None:
    client = busy.speaker("hr_admin")
    whole = (await page(busy, client, name, 100))["nodes"]
    assert len(whole) >= 2
    for size in (1, 2, len(whole)):
        assert await paged(busy, client, name, size) == whole


@EACH
async def test_a_page_has_one_to_a_hundred_items(acme: World, name: str) -> None:
    client = acme.speaker("hr_admin")
    for size in (0, -1, 101, 2**31 - 1):
        variables = {"first": size, "id": acme.uptime if name == "readings" else acme.results["number"]}
        (error,) = (await client.ask(LISTS[name], **variables))["errors"]
        assert error["extensions"] == {"code": "BAD_USER_INPUT", "argument": "first"}


@EACH
async def test_a_cursor_of_another_list_or_of_none_is_refused(busy: World, name: str) -> None:
    client = busy.speaker("hr_admin")
    foreign = [(await page(busy, client, other, 1))["pageInfo"]["endCursor"] for other in LISTS if other != name]
    for cursor in (*foreign, "", "x", "bnVsbA==", "W10=", "MQ==", "WyJ4Il0=", "🙈", "A" * 10_000):
        variables = {"after": cursor, "id": busy.uptime if name == "readings" else busy.results["number"]}
        (error,) = (await client.ask(LISTS[name], **variables))["errors"]
        assert error["extensions"] == {"code": "BAD_USER_INPUT", "argument": "after"}, cursor


@EACH
async def test_what_comes_in_between_neither_repeats_nor_hides_anything(busy: World, name: str) -> None:
    client = busy.speaker("hr_admin")
    before = (await page(busy, client, name, 100))["nodes"]
    first = await page(busy, client, name, 1)
    call = await busy.call()
    await org.create_unit(call, UnitDraft(name=Text(original="Aardvarks"), kind="team", parent=busy.company))
    lead = busy.speaker("boss")
    for mutation, given in (
        ("createObjective", mutations.good(busy, "createObjective")),
        ("createKpi", {**mutations.good(busy, "createKpi"), "name": "A first one"}),
        ("recordCheckIn", {"keyResultId": busy.results["currency"], "value": "1"}),
        ("recordKpiReadings", {"readings": [{"kpiId": busy.uptime, "period": "2026-08-01", "value": "97"}]}),
    ):
        assert (await mutations.done(lead, mutation, given))["userErrors"] == []
    rest = await page(busy, client, name, 100, first["pageInfo"]["endCursor"])
    known = [item for item in (*first["nodes"], *rest["nodes"]) if item in before]
    now = (await page(busy, client, name, 100))["nodes"]
    assert known == [item for item in before if item in (*first["nodes"], *now)]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        pytest.param("orgUnits(filter: { root: $team }) { nodes { name } }", ["Platform", "Core"], id="units below"),
        pytest.param('orgUnits(filter: { kind: "company" }) { nodes { name } }', ["Acme"], id="units of a kind"),
        pytest.param("orgUnits { nodes { name } }", ["Acme", "Platform", "Sales", "Core"], id="all units"),
        pytest.param(
            "objectives(filter: { root: $team, states: [ACTIVE] }) { nodes { title } }",
            ["Never down", "Old"],
            id="active",
        ),
        pytest.param("objectives(filter: { states: [DRAFT] }) { nodes { title } }", ["Perhaps"], id="drafts"),
        pytest.param("objectives(filter: { cycle: $old }) { nodes { title } }", ["Old"], id="of a cycle"),
        pytest.param("objectives(filter: { ownerId: $owner }) { nodes { title } }", ["Never down"], id="of an owner"),
        pytest.param("objectives(filter: { states: [] }) { nodes { title } }", [], id="in no state"),
        pytest.param("kpis(filter: { bands: [RED] }) { nodes { name } }", ["Revenue", "Uptime"], id="red KPIs"),
        pytest.param("kpis(filter: { bands: [UNKNOWN] }) { nodes { name } }", ["Quality"], id="KPIs without numbers"),
        pytest.param("kpis(filter: { unmoved: true }) { nodes { name } }", ["Revenue", "Uptime"], id="unmoved KPIs"),
        pytest.param("kpis(filter: { unmoved: false }) { nodes { name } }", ["Quality"], id="moved KPIs"),
        pytest.param(
            'recommendations(filter: { subjectId: $uptime, policyKeys: ["kpi-breach"] }) { nodes { title } }',
            ["Uptime is in breach at 80 %, 19 % away from green"],
            id="advice about a KPI",
        ),
        pytest.param(
            "recommendations(filter: { root: $sales, severities: [CRITICAL] }) { nodes { title } }",
            ["Revenue is in breach at 450 EUR, 550 EUR away from green"],
            id="critical advice to a team",
        ),
        pytest.param("recommendations(filter: { states: [DISMISSED] }) { nodes { title } }", [], id="dismissed advice"),
        pytest.param(
            'policies(filter: { keys: ["goal-limit", "nope"] }) { title: name }', ["Too many goals"], id="policies"
        ),
    ],
)
async def test_a_filter_narrows(acme: World, query: str, expected: list[str]) -> None:
    given = {
        "team": acme.team,
        "sales": acme.other,
        "old": acme.cycles["2026 Q1"],
        "owner": acme.people["owner"],
        "uptime": acme.uptime,
    }
    used = {name: key for name, key in given.items() if f"${name}" in query}
    head = "query" + (f"({', '.join(f'${name}: ID' for name in used)})" if used else "")
    found = (await acme.speaker("hr_admin").data(f"{head} {{ found: {query} }}", **used))["found"]
    names = [next(iter(item.values())) for item in (found["nodes"] if isinstance(found, dict) else found)]
    assert names == expected


@pytest.mark.parametrize(
    ("narrow", "expected"),
    [
        pytest.param("states: [PENDING]", [("Deals", "2026-08-14", "PENDING")], id="overdue and in grace"),
        pytest.param(
            'states: [MISSED], dueBefore: "2026-07-11T00:00:00Z"', [("Deals", "2026-07-10", "MISSED")], id="missed"
        ),
        pytest.param("states: [ON_TIME, LATE, EXCUSED]", [], id="filled"),
        pytest.param(
            'states: [PENDING], dueBefore: "2026-08-22T00:00:00Z"',
            [("Deals", "2026-08-14", "PENDING"), ("Deals", "2026-08-21", "PENDING")],
            id="until a day",
        ),
    ],
)
async def test_check_ins_are_due_by_slot(acme: World, narrow: str, expected: list[tuple[str, str, str]]) -> None:
    query = f"query($root: ID) {{ checkInsDue(filter: {{ root: $root, {narrow} }}) {{ nodes {{"
    query += " keyResult { title } day state } } }"
    shown = await acme.speaker("viewer").data(query, root=acme.other)
    found = [(one["keyResult"]["title"], one["day"], one["state"]) for one in shown["checkInsDue"]["nodes"]]
    assert found == expected


async def test_by_default_the_next_slot_and_the_missed_ones_of_open_cycles_are_due(acme: World) -> None:
    shown = await acme.speaker("sales-viewer").data(
        "{ checkInsDue { totalCount nodes { day due lateUntil state owner { id } keyResult { title } } } }"
    )
    days = [(one["day"], one["state"]) for one in shown["checkInsDue"]["nodes"]]
    missed = ("2026-07-10", "2026-07-17", "2026-07-24", "2026-07-31", "2026-08-07")
    assert days == [*((day, "MISSED") for day in missed), ("2026-08-14", "PENDING")]
    assert shown["checkInsDue"]["nodes"][-1] == {
        "day": "2026-08-14",
        "due": "2026-08-14T17:00:00.000Z",
        "lateUntil": "2026-08-17T17:00:00.000Z",
        "state": "PENDING",
        "owner": None,
        "keyResult": {"title": "Deals"},
    }
    everything = await acme.speaker("viewer").data("{ checkInsDue(first: 100) { nodes { keyResult { id } } } }")
    assert {"keyResult": {"id": acme.old_result}} not in everything["checkInsDue"]["nodes"]


async def test_a_sum_follows_what_supports_it_and_takes_no_check_ins(world: World) -> None:
    lead = world.speaker("lead")
    number = {"title": "Rooms", "type": "NUMBER", "measure": "pcs", "start": "0", "target": "10"}
    goal = {**mutations.good(world, "createObjective"), "keyResults": [{**number, "rollUp": "VALUE_SUM"}]}
    total = (await mutations.done(lead, "createObjective", goal))["objective"]["keyResults"][0]["id"]
    for value in ("3", "4.5"):
        world.clock.at += timedelta(seconds=1)  # goals come in the order of their creation
        below = {**goal, "supportsId": total, "keyResults": [number]}
        part = (await mutations.done(lead, "createObjective", below))["objective"]["keyResults"][0]["id"]
        await mutations.done(lead, "recordCheckIn", {"keyResultId": part, "value": value})

    query = "query($id: ID!) { node(id: $id) { ... on KeyResult { rollUp current progress explanation } } }"
    assert (await lead.data(query, id=total))["node"] == {
        "rollUp": "VALUE_SUM",
        "current": "7.5",
        "progress": 0.75,
        "explanation": "3 + 4.5 = 7.5; (7.5 − 0) ÷ (10 − 0) = 75 %",
    }
    error = await mutations.refused(world, lead, "recordCheckIn", {"keyResultId": total, "value": "8"})
    assert (error["code"], error["field"]) == ("INVALID", ["keyResultId"])


async def test_a_check_in_fills_its_slot(world: World) -> None:
    entry = {"keyResultId": world.sales_result, "value": "1"}
    assert (await mutations.done(world.speaker("boss"), "recordCheckIn", entry))["userErrors"] == []
    query = "{ checkInsDue(filter: { states: [LATE, PENDING] }) { nodes { day state } } }"
    shown = await world.speaker("sales-viewer").data(query)
    assert shown["checkInsDue"]["nodes"] == [
        {"day": "2026-08-14", "state": "LATE"},
        {"day": "2026-08-21", "state": "PENDING"},
    ]


async def test_the_focus_ranking_returns_every_factor(acme: World) -> None:
    shown = await acme.speaker("viewer").data(
        "{ focusKpis { kpi { name } score value band gap amber severity importance descendants leverage "
        "persistence neglect episode addressedBy { id } } }"
    )
    first, second = shown["focusKpis"]
    assert first | {"score": 0, "severity": 0} == {
        "kpi": {"name": "Uptime"},
        "score": 0,
        "value": "80",
        "band": "RED",
        "gap": "19",
        "amber": "9",
        "severity": 0,
        "importance": 1,
        "descendants": 0,
        "leverage": 1,
        "persistence": 2,
        "neglect": 1.5,
        "episode": f"{acme.uptime}:2026-06-01",
        "addressedBy": [],
    }
    assert (first["severity"], first["score"]) == (pytest.approx(19 / 9), pytest.approx(19 / 9 * 2 * 1.5))
    assert (second["kpi"]["name"], second["score"]) == ("Revenue", pytest.approx(1.1 * 2 * 1.5))


@pytest.mark.parametrize(
    ("arguments", "names"),
    [
        pytest.param("first: 1", ["Uptime"], id="the first"),
        pytest.param("root: $root", ["Revenue"], id="below a unit"),
        pytest.param("cycle: $cycle", ["Uptime", "Revenue"], id="of a cycle"),
    ],
)
async def test_the_focus_ranking_can_be_narrowed(acme: World, arguments: str, names: list[str]) -> None:
    query = f"query($root: ID, $cycle: ID) {{ focusKpis({arguments}) {{ kpi {{ name }} }} "
    query += "alignmentTree(cycle: $cycle, root: $root) { version } }"
    shown = await acme.speaker("viewer").data(query, root=acme.other, cycle=acme.cycles["2026 Q3"])
    assert [one["kpi"]["name"] for one in shown["focusKpis"]] == names


async def test_every_kind_of_thing_is_a_node(busy: World) -> None:
    call = await busy.call()
    (said, *_) = call.picture.key_results[busy.results["number"]].check_ins
    things = {
        busy.team: "OrgUnit",
        busy.people["owner"]: "Person",
        busy.cycles["2026"]: "Cycle",
        busy.main: "Objective",
        busy.results["percent"]: "KeyResult",
        busy.uptime: "Kpi",
        busy.advice: "Recommendation",
        busy.waiver: "Waiver",
        said.key: "CheckIn",
        "pol_goal-limit:1": "Policy",
    }
    query = "query($ids: [ID!]!) { nodes(ids: $ids) { id __typename } }"
    shown = await busy.speaker("viewer").data(query, ids=list(things))
    assert shown["nodes"] == [{"id": key, "__typename": kind} for key, kind in things.items()]
    for key in things:
        one = await busy.speaker("viewer").data("query($id: ID!) { node(id: $id) { id } }", id=key)
        assert one == {"node": {"id": key}}


async def test_a_draft_of_a_policy_is_a_node_for_administrators_only(world: World) -> None:
    saved = await mutations.done(world.speaker("hr_admin"), "savePolicy", mutations.good(world, "savePolicy"))
    query = "query($id: ID!) { node(id: $id) { ... on Policy { key version state mode params { name value } } } }"
    key = saved["policy"]["id"]
    assert await world.speaker("boss").data(query, id=key) == {"node": None}
    assert await world.speaker("hr_admin").data(query, id=key) == {
        "node": {"key": "goal-limit", "version": 2, "state": "DRAFT", "mode": "BLOCK", "params": []}
    }


@pytest.mark.parametrize(
    "key", ["pol_goal-limit:9", "pol_goal-limit", "pol_:1", "pol_x:y", "chk_none", "rec_none", "wai_none", "x"]
)
async def test_what_is_no_node_is_null(acme: World, key: str) -> None:
    assert await acme.speaker("hr_admin").data("query($id: ID!) { node(id: $id) { id } }", id=key) == {"node": None}


async def test_policies_come_with_their_versions_for_administrators(world: World) -> None:
    await world.blocking(2)
    given = {
        "policy": {
            "key": "goal-limit",
            "template": "goal_limit",
            "note": "Stricter",
            "params": [{"name": "limit", "value": "1"}],
        }
    }
    assert (await mutations.done(world.speaker("hr_admin"), "savePolicy", given))["userErrors"] == []
    query = '{ policies(filter: { keys: ["goal-limit"], states: [DRAFT, PUBLISHED, RETIRED] }) '
    query += "{ version state mode note params { name value text } } }"
    shown = await world.speaker("hr_admin").data(query)
    limit = {"name": "limit", "value": "2", "text": None}
    company = {"name": "company_limit", "value": "50", "text": None}
    assert shown["policies"] == [
        {"version": 3, "state": "DRAFT", "mode": "BLOCK", "note": "Stricter", "params": [{**limit, "value": "1"}]},
        {"version": 2, "state": "PUBLISHED", "mode": "BLOCK", "note": "", "params": [company, limit]},
        {"version": 1, "state": "RETIRED", "mode": "ADVISE", "note": "", "params": []},
    ]


async def test_the_audit_log_says_who_changed_what(world: World) -> None:
    lead = replace(world.speaker("lead"), headers={"X-Request-Id": "click-17"})
    change = {"id": world.main, "title": "Never ever down"}
    assert (await mutations.done(lead, "updateObjective", change))["userErrors"] == []
    query = "query($by: ID, $subject: ID) { "
    query += 'auditLog(filter: { by: $by, subjectId: $subject, operation: "objective.update" }) '
    query += "{ nodes { at by person { name } operation request subjectIds before after } } }"
    shown = await world.speaker("hr_admin").data(query, by=world.people["lead"], subject=world.main)
    (entry,) = shown["auditLog"]["nodes"]
    assert {name: entry[name] for name in ("at", "by", "person", "operation", "request", "subjectIds")} == {
        "at": "2026-08-15T12:00:00.000Z",
        "by": world.people["lead"],
        "person": {"name": "Lead"},
        "operation": "objective.update",
        "request": "click-17",
        "subjectIds": [world.main],
    }
    assert "Never down" in entry["before"]
    assert "Never ever down" in entry["after"]
    nobody = await world.speaker("hr_admin").data(query, by="nobody", subject=world.main)
    assert nobody == {"auditLog": {"nodes": []}}


@pytest.mark.parametrize(
    ("accepted", "title", "cycle"),
    [
        pytest.param("vi", "Không bao giờ sập", "Quý 3 năm 2026", id="Vietnamese"),
        pytest.param("vi-VN,vi;q=0.9,en;q=0.8", "Không bao giờ sập", "Quý 3 năm 2026", id="as a browser says it"),
        pytest.param("en-GB,vi;q=0.5", "Never down", "2026 Q3", id="English first"),
        pytest.param("en;q=0.5, vi-VN;q=0.9", "Không bao giờ sập", "Quý 3 năm 2026", id="a region of it, weighed"),
        pytest.param("fr, vi;q=0.2", "Không bao giờ sập", "Quý 3 năm 2026", id="the one of several that there is"),
        pytest.param("vi;q=0, en;q=0.1", "Never down", "2026 Q3", id="anything but Vietnamese"),
        pytest.param("vi, en", "Không bao giờ sập", "Quý 3 năm 2026", id="in their order where the weights are equal"),
        pytest.param("vi;q=nan, en;q=0.1", "Never down", "2026 Q3", id="a weight that is no number"),
        pytest.param("fr", "Never down", "2026 Q3", id="another language"),
        pytest.param("vi;q=x, en;q=y", "Never down", "2026 Q3", id="weights that are none"),
        pytest.param("", "Never down", "2026 Q3", id="none"),
    ],
)
async def test_an_answer_is_in_the_language_that_is_wanted(acme: World, accepted: str, title: str, cycle: str) -> None:
    viewer = replace(acme.speaker("viewer"), headers={"Accept-Language": accepted})
    query = "query($id: ID!) { node(id: $id) { ... on Objective { title unit { name } cycle { name } } } }"
    shown = await viewer.data(query, id=acme.main)
    assert shown == {"node": {"title": title, "unit": {"name": "Platform"}, "cycle": {"name": cycle}}}
