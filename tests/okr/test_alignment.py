"""Alignment: which edges and moves are allowed, and the tree that shows them."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from okr import alignment
from okr.alignment import EdgeKind, NodeKind, Tree, TreeEdge, TreeNode
from okr.cycle import CycleKind
from okr.errors import Code, Refusal
from okr.gap import GapKind
from okr.goal import Contribution, Objective, ObjectiveState
from okr.progress import Status
from okr.snapshot import Snapshot
from okr.target import Band
from okr.text import Text
from tests.okr.builders import (
    check_in,
    cycle,
    key_result,
    kpi,
    number,
    objective,
    person,
    reading,
    snapshot,
    target,
    unit,
)

UNITS = (
    unit(),
    unit("unit_sales", name="Sales", kind="department", parent="unit_acme"),
    unit("unit_team", name="Team", parent="unit_sales"),
    unit("unit_lab", name="Lab", kind="department", parent="unit_acme"),
)


@pytest.mark.parametrize(
    ("key", "parent", "code", "field"),
    [
        pytest.param("unit_sales", "unit_team", Code.WOULD_CYCLE, "parent", id="below its own child"),
        pytest.param("unit_sales", "unit_sales", Code.WOULD_CYCLE, "parent", id="below itself"),
        pytest.param("unit_acme", "unit_lab", Code.INVALID, "unit", id="the root"),
        pytest.param("unit_x", "unit_lab", Code.NOT_FOUND, "unit", id="an unknown unit"),
        pytest.param("unit_sales", "unit_x", Code.NOT_FOUND, "parent", id="an unknown parent"),
    ],
)
def test_a_move_that_would_break_the_tree_is_refused(key: str, parent: str, code: Code, field: str) -> None:
    with pytest.raises(Refusal) as refused:
        alignment.check_move(snapshot(*UNITS), key, parent)
    assert (refused.value.code, refused.value.field) == (code, (field,))


def test_a_move_below_a_zone_lock_brings_no_zone_along() -> None:
    picture = snapshot(*UNITS).with_(
        replace(UNITS[2], zone="Asia/Ho_Chi_Minh"), replace(UNITS[3], zone_locked=True, zone="Europe/London")
    )
    alignment.check_move(snapshot(*UNITS), "unit_team", "unit_lab")
    with pytest.raises(Refusal, match="Team has a zone of its own"):
        alignment.check_move(picture, "unit_sales", "unit_lab")


@given(st.lists(st.tuples(st.integers(0, 7), st.integers(0, 7)), max_size=40))
def test_whatever_moves_are_accepted_the_units_stay_one_tree(moves: list[tuple[int, int]]) -> None:
    picture = snapshot(unit("unit_0"), *(unit(f"unit_{n}", parent=f"unit_{(n - 1) // 2}") for n in range(1, 8)))
    for source, above in moves:
        key, parent = f"unit_{source}", f"unit_{above}"
        try:
            alignment.check_move(picture, key, parent)
        except Refusal:
            continue
        picture = picture.with_(replace(picture.units[key], parent=parent))
    assert set(picture.paths) == set(picture.units)
    assert all(path[0] == "unit_0" for path in picture.paths.values())
    assert len(alignment.tree(picture).nodes) == 8


# obj_c supports a key result of obj_b, which supports obj_a; obj_d contributes to obj_c; obj_e stands alone.
CHAIN = (
    objective("obj_a"),
    objective("obj_b", supports="obj_a", depends_on=("obj_e",)),
    key_result("kr_b", objective="obj_b"),
    key_result("kr_a", objective="obj_a"),
    objective("obj_c", supports="kr_b"),
    objective("obj_d", contributes=(Contribution(to="obj_c"),)),
    objective("obj_e"),
)
Check = Callable[[Snapshot, Objective, str], None]


@pytest.mark.parametrize(
    ("check", "key", "to"),
    [
        pytest.param(alignment.check_support, "obj_e", "obj_a", id="an objective"),
        pytest.param(alignment.check_support, "obj_e", "kr_b", id="a key result"),
        pytest.param(alignment.check_support, "obj_c", "kr_b", id="what it supports already"),
        pytest.param(alignment.check_contribution, "obj_c", "obj_a", id="two ways up"),
        pytest.param(alignment.check_contribution, "obj_e", "obj_d", id="a contribution"),
        pytest.param(alignment.check_dependency, "obj_a", "obj_b", id="waiting for a child"),
    ],
)
def test_an_edge_that_closes_no_loop_is_allowed(check: Check, key: str, to: str) -> None:
    picture = snapshot(*CHAIN)
    check(picture, picture.objectives[key], to)


@pytest.mark.parametrize(
    ("check", "key", "to", "code", "field"),
    [
        pytest.param(alignment.check_support, "obj_a", "obj_a", Code.WOULD_CYCLE, "supports", id="itself"),
        pytest.param(alignment.check_support, "obj_a", "kr_a", Code.WOULD_CYCLE, "supports", id="its own key result"),
        pytest.param(alignment.check_support, "obj_a", "obj_b", Code.WOULD_CYCLE, "supports", id="its child"),
        pytest.param(alignment.check_support, "obj_a", "obj_c", Code.WOULD_CYCLE, "supports", id="by a key result"),
        pytest.param(alignment.check_support, "obj_a", "obj_d", Code.WOULD_CYCLE, "supports", id="by a contribution"),
        pytest.param(alignment.check_support, "obj_a", "obj_x", Code.NOT_FOUND, "supports", id="an unknown goal"),
        pytest.param(alignment.check_support, "obj_a", "unit_acme", Code.NOT_FOUND, "supports", id="a unit"),
        pytest.param(alignment.check_support, "obj_b", "obj_e", Code.SECOND_PARENT, "supports", id="a second parent"),
        pytest.param(
            alignment.check_contribution, "obj_a", "obj_d", Code.WOULD_CYCLE, "contributes", id="a descendant"
        ),
        pytest.param(alignment.check_contribution, "obj_a", "kpi_x", Code.NOT_FOUND, "contributes", id="no goal"),
        pytest.param(
            alignment.check_dependency, "obj_e", "obj_e", Code.WOULD_CYCLE, "dependsOn", id="waits for itself"
        ),
        pytest.param(alignment.check_dependency, "obj_e", "obj_b", Code.WOULD_CYCLE, "dependsOn", id="a deadlock"),
        pytest.param(alignment.check_dependency, "obj_e", "kr_b", Code.NOT_FOUND, "dependsOn", id="a key result"),
    ],
)
def test_an_edge_that_cannot_be_is_refused(check: Check, key: str, to: str, code: Code, field: str) -> None:
    picture = snapshot(*CHAIN)
    with pytest.raises(Refusal) as refused:
        check(picture, picture.objectives[key], to)
    assert (refused.value.code, refused.value.field) == (code, (field,))


def test_a_parent_may_be_replaced() -> None:
    picture = snapshot(*CHAIN)
    alignment.check_support(picture, picture.objectives["obj_b"], "obj_e", replacing=True)


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5), st.booleans()), max_size=40))
def test_whatever_edges_are_accepted_the_goals_form_no_loop(edges: list[tuple[int, int, bool]]) -> None:
    goals = [objective(f"obj_{n}") for n in range(6)]
    picture = snapshot(*goals, *(key_result(f"kr_{n}", objective=f"obj_{n}") for n in range(6)))
    for source, above, by_key_result in edges:
        each, to = picture.objectives[f"obj_{source}"], f"{'kr' if by_key_result else 'obj'}_{above}"
        try:
            alignment.check_support(picture, each, to, replacing=True)
        except Refusal:
            continue
        picture = picture.with_(replace(each, supports=to))
    tops = [each for each in picture.objectives.values() if each.supports is None]
    assert tops
    assert all_below(picture, tops) == set(picture.objectives)
    shown = alignment.tree(picture).nodes
    assert len(shown) == 13
    assert parents_come_first(shown)


def all_below(picture: Snapshot, tops: list[Objective]) -> set[str]:
    found, waiting = set[str](), [top.key for top in tops]
    while waiting:
        key = waiting.pop()
        found.add(key)
        waiting.extend(
            each.key for above in (key, key.replace("obj", "kr")) for each in picture.supporters_of.get(above, ())
        )
    return found


def parents_come_first(nodes: tuple[TreeNode, ...]) -> bool:
    seen = set[str]()
    for each in nodes:
        if each.parent is not None and each.parent not in seen:
            return False
        seen.add(each.key)
    return len(seen) == len(nodes)


def node(
    key: str,
    parent: str | None,
    kind: NodeKind,
    title: str,
    unit: str,
    *,
    owner: str | None = None,
    progress: str | None = None,
    raw: str | None = None,
    status: Status | None = None,
    band: Band | None = None,
) -> TreeNode:
    return TreeNode(
        key=key,
        parent=parent,
        kind=kind,
        title=Text(original=title),
        unit=unit,
        owner=owner,
        progress=number(progress),
        raw=number(raw),
        status=status,
        band=band,
        version=1,
    )


STAGE = snapshot(
    *UNITS[:3],
    person("per_lan"),
    objective("obj_top", title="Top", owner="per_lan"),
    key_result("kr_top", objective="obj_top", title="KR", check_ins=(check_in(50),)),
    objective(
        "obj_sales",
        title="Sales",
        unit="unit_sales",
        supports="kr_top",
        contributes=(Contribution(to="obj_top", share=Decimal("0.2")),),
        depends_on=("obj_top",),
        addresses=("kpi_uptime",),
    ),
    key_result("kr_sales", objective="obj_sales", title="KR sales", measures="kpi_uptime", owner="per_lan"),
    key_result("kr_gone", objective="obj_sales", title="Gone", cancelled=True),
    objective("obj_draft", unit="unit_sales", state=ObjectiveState.DRAFT),
    kpi(
        reporter="per_lan",
        accountable="unit_acme",
        targets=(target(99, 95),),
        latest=reading(98),
        since=date(2026, 7, 1),
    ),
)


def test_the_tree_holds_every_node_once_with_its_edges_and_gaps() -> None:
    assert alignment.tree(STAGE, "cyc_q3") == Tree(
        nodes=(
            node("unit_acme", None, NodeKind.ORG_UNIT, "Acme", "unit_acme", progress="0.5"),
            node("unit_sales", "unit_acme", NodeKind.ORG_UNIT, "Sales", "unit_sales", progress="0"),
            node("unit_team", "unit_sales", NodeKind.ORG_UNIT, "Team", "unit_team"),
            node("kpi_uptime", "unit_acme", NodeKind.KPI, "Uptime", "unit_acme", owner="per_lan", band=Band.AMBER),
            node(
                "obj_top",
                "unit_acme",
                NodeKind.OBJECTIVE,
                "Top",
                "unit_acme",
                owner="per_lan",
                progress="0.5",
                status=Status.ON_TRACK,
            ),
            node(
                "kr_top",
                "obj_top",
                NodeKind.KEY_RESULT,
                "KR",
                "unit_acme",
                owner="per_lan",
                progress="0.5",
                raw="0.5",
                status=Status.ON_TRACK,
            ),
            node(
                "obj_sales",
                "kr_top",
                NodeKind.OBJECTIVE,
                "Sales",
                "unit_sales",
                progress="0",
                status=Status.NOT_STARTED,
            ),
            node(
                "kr_sales",
                "obj_sales",
                NodeKind.KEY_RESULT,
                "KR sales",
                "unit_sales",
                owner="per_lan",
                progress="0",
                status=Status.NOT_STARTED,
            ),
        ),
        edges=(
            TreeEdge(kind=EdgeKind.SUPPORTS, source="obj_sales", target="kr_top"),
            TreeEdge(kind=EdgeKind.CONTRIBUTES, source="obj_sales", target="obj_top", share=Decimal("0.2")),
            TreeEdge(kind=EdgeKind.DEPENDS_ON, source="obj_sales", target="obj_top"),
            TreeEdge(kind=EdgeKind.ADDRESSES, source="obj_sales", target="kpi_uptime"),
            TreeEdge(kind=EdgeKind.MEASURED_BY, source="kr_sales", target="kpi_uptime"),
        ),
        findings=(),
    )


def keys(tree: Tree) -> list[str]:
    return [each.key for each in tree.nodes]


@pytest.mark.parametrize(
    ("root", "depth", "expected"),
    [
        pytest.param(None, 0, ["unit_acme", "kpi_uptime", "obj_top", "kr_top"], id="the root alone"),
        pytest.param("unit_sales", None, ["unit_sales", "unit_team", "obj_sales", "kr_sales"], id="a branch"),
        pytest.param("unit_sales", 0, ["unit_sales", "obj_sales", "kr_sales"], id="one unit of it"),
        pytest.param("unit_team", 5, ["unit_team"], id="a leaf"),
    ],
)
def test_a_tree_is_cut_at_its_root_and_depth(root: str | None, depth: int | None, expected: list[str]) -> None:
    tree = alignment.tree(STAGE, "cyc_q3", root, depth)
    assert keys(tree) == expected
    assert parents_come_first(tree.nodes)
    assert all(edge.source in expected and edge.target in expected for edge in tree.edges)


def test_what_is_invisible_is_left_out_with_its_edges_and_visible_units_move_up() -> None:
    tree = alignment.tree(STAGE, "cyc_q3", visible=lambda unit: unit in ("unit_acme", "unit_team"))
    assert keys(tree) == ["unit_acme", "unit_team", "kpi_uptime", "obj_top", "kr_top"]
    assert (tree.nodes[1].parent, tree.edges) == ("unit_acme", ())
    below = alignment.tree(STAGE, visible=lambda unit: unit == "unit_sales")
    assert [(each.key, each.parent) for each in below.nodes] == [
        ("unit_sales", None),
        ("obj_sales", "unit_sales"),
        ("kr_sales", "obj_sales"),
    ]
    assert below.findings == ()


@pytest.mark.parametrize(
    ("cycle_key", "root", "field"),
    [("cyc_x", None, "cycle"), (None, "unit_x", "root"), (None, "unit_team", "root")],
    ids=["unknown cycle", "unknown root", "invisible root"],
)
def test_a_tree_of_what_nobody_may_see_is_refused(cycle_key: str | None, root: str | None, field: str) -> None:
    with pytest.raises(Refusal) as refused:
        alignment.tree(STAGE, cycle_key, root, visible=lambda unit: unit != "unit_team")
    assert (refused.value.code, refused.value.field) == (Code.NOT_FOUND, (field,))


def test_a_quarters_tree_holds_the_years_goals_and_not_another_quarters() -> None:
    year = cycle("cyc_year", kind=CycleKind.YEAR, first=date(2026, 1, 1), last=date(2026, 12, 31))
    autumn = cycle("cyc_q4", first=date(2026, 10, 1), last=date(2026, 12, 31))
    picture = snapshot(
        cycle(),
        year,
        autumn,
        objective("obj_year", cycle="cyc_year"),
        objective("obj_q3", supports="obj_year"),
        objective("obj_q4", cycle="cyc_q4", supports="obj_year"),
    )
    assert keys(alignment.tree(picture, "cyc_q3")) == ["unit_acme", "obj_year", "obj_q3"]
    assert keys(alignment.tree(picture, "cyc_year")) == ["unit_acme", "obj_year", "obj_q3", "obj_q4"]
    assert keys(alignment.tree(picture)) == ["unit_acme", "obj_year", "obj_q3", "obj_q4"]
    assert alignment.tree(picture).nodes[0].progress is None


@pytest.mark.parametrize("state", ObjectiveState)
def test_the_tree_shows_goals_that_hold_or_held(state: ObjectiveState) -> None:
    shown = {ObjectiveState.PENDING_APPROVAL, ObjectiveState.ACTIVE, ObjectiveState.CLOSED}
    assert ("obj_reliable" in keys(alignment.tree(snapshot(objective(state=state))))) is (state in shown)


def test_a_goal_hangs_from_its_unit_where_what_it_supports_is_not_shown() -> None:
    picture = snapshot(
        objective("obj_draft", state=ObjectiveState.DRAFT),
        objective("obj_a", supports="obj_draft"),
        objective("obj_b"),
        key_result("kr_gone", objective="obj_b", cancelled=True),
        objective("obj_c", supports="kr_gone"),
    )
    parents = {each.key: each.parent for each in alignment.tree(picture).nodes}
    assert parents == {"unit_acme": None, "obj_a": "unit_acme", "obj_b": "unit_acme", "obj_c": "unit_acme"}


def test_goals_in_a_loop_are_shown_all_the_same() -> None:
    picture = snapshot(
        objective("obj_a", supports="obj_b"), objective("obj_b", supports="obj_a"), objective("obj_c", supports="obj_b")
    )
    tree = alignment.tree(picture)
    assert sorted(keys(tree)) == ["obj_a", "obj_b", "obj_c", "unit_acme"]
    assert parents_come_first(tree.nodes)


def test_the_gaps_of_units_goals_and_kpis_are_findings_of_the_tree() -> None:
    gone = person("per_gone", left=date(2026, 8, 1))
    picture = snapshot(
        unit(lead="per_gone"),
        unit("unit_team", parent="unit_acme"),
        gone,
        objective(unit="unit_team"),
        kpi(reporter="per_gone", accountable="unit_acme"),
    )
    assert [(gap.kind, gap.node, gap.other) for gap in alignment.tree(picture).findings] == [
        (GapKind.OWNER_LEFT, "unit_acme", "per_gone"),
        (GapKind.ORPHAN, "obj_reliable", None),
        (GapKind.OWNER_LEFT, "kpi_uptime", "per_gone"),
    ]
    assert all(gap.message.vi for gap in alignment.tree(picture).findings)
