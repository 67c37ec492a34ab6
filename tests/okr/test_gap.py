"""Gaps: what catches the eye when goals, KPIs and people are seen together."""

from dataclasses import replace
from datetime import date

import pytest

from okr import gap
from okr.gap import GapKind
from okr.goal import Contribution, ObjectiveState
from okr.kpi import Kpi
from okr.snapshot import Entity
from tests.okr.builders import key_result, kpi, objective, person, reading, snapshot, target, unit

UNITS = (
    unit(),
    unit("unit_sales", parent="unit_acme"),
    unit("unit_team", parent="unit_sales"),
    unit("unit_lab", parent="unit_acme"),
)
TOP, SALES, LAB = objective("obj_top"), objective("obj_sales", unit="unit_sales"), objective("obj_lab", unit="unit_lab")
TEAM = objective("obj_team", unit="unit_team")
GONE = person("per_gone", left=date(2026, 8, 15))


def found(of: str, *entities: Entity, hidden: str = "") -> list[tuple[GapKind, str, str | None]]:
    picture = snapshot(*UNITS, *entities)
    gaps = gap.of_objective(picture, picture.objectives[of], lambda unit: unit != hidden)
    return [(each.kind, each.node, each.other) for each in gaps]


@pytest.mark.parametrize(
    ("supports", "kind"),
    [
        pytest.param("obj_sales", None, id="the level above"),
        pytest.param("obj_peer", None, id="its own unit"),
        pytest.param("kr_sales", None, id="a key result of the level above"),
        pytest.param("obj_top", GapKind.LEVEL_SKIP, id="two levels up"),
        pytest.param("obj_lab", GapKind.CROSS_TEAM, id="another branch"),
        pytest.param("obj_unknown", None, id="nothing that exists"),
    ],
)
def test_an_objective_supports_its_own_line_level_by_level(supports: str, kind: GapKind | None) -> None:
    peer, result = objective("obj_peer", unit="unit_team"), key_result("kr_sales", objective="obj_sales")
    gaps = found("obj_team", TOP, SALES, LAB, peer, result, replace(TEAM, supports=supports))
    assert gaps == ([(kind, "obj_team", supports)] if kind else [])


def test_supporting_a_goal_below_is_outside_its_own_line_too() -> None:
    assert found("obj_top", TEAM, replace(TOP, supports="obj_team")) == [(GapKind.CROSS_TEAM, "obj_top", "obj_team")]


def test_nothing_is_said_about_an_invisible_goal() -> None:
    assert found("obj_team", LAB, replace(TEAM, supports="obj_lab"), hidden="unit_lab") == []


def test_an_orphan_is_below_company_level_and_neither_supports_nor_contributes() -> None:
    assert found("obj_top", TOP) == []
    assert found("obj_team", TEAM) == [(GapKind.ORPHAN, "obj_team", None)]
    assert found("obj_team", TOP, replace(TEAM, contributes=(Contribution(to="obj_top"),))) == []


def test_goals_of_somebody_who_has_left_are_reported_from_the_first_day_without_them() -> None:
    left, stays = (
        key_result("kr_left", objective="obj_top", owner="per_gone"),
        person("per_stays", left=date(2026, 8, 16)),
    )
    gaps = found(
        "obj_top",
        GONE,
        stays,
        replace(TOP, owner="per_gone"),
        left,
        replace(left, key="kr_cancelled", cancelled=True),
        key_result("kr_fine", objective="obj_top", owner="per_stays"),
    )
    assert gaps == [(GapKind.OWNER_LEFT, "obj_top", "per_gone"), (GapKind.OWNER_LEFT, "kr_left", "per_gone")]


def test_a_unit_whose_lead_has_left_is_reported() -> None:
    picture = snapshot(unit(lead="per_gone"), GONE)
    assert [(each.kind, each.node, each.other) for each in gap.of_unit(picture, picture.root)] == [
        (GapKind.OWNER_LEFT, "unit_acme", "per_gone")
    ]
    assert list(gap.of_unit(snapshot(), unit())) == []


def watched(value: int | None, **fields: str | None) -> Kpi:
    """Return a KPI that is green from 99 and red below 95, owned and reported."""
    owned = {"accountable": "unit_acme", "reporter": "per_lan", **fields}
    return kpi(
        accountable=owned["accountable"],
        reporter=owned["reporter"],
        targets=(target(99, 95),),
        latest=reading(value) if value is not None else None,
        since=date(2026, 7, 1),
    )


MOVER = key_result(measures="kpi_uptime")


@pytest.mark.parametrize(
    ("measure", "others", "kinds"),
    [
        pytest.param(watched(99), (), [], id="green"),
        pytest.param(watched(None), (), [], id="unknown"),
        pytest.param(watched(98), (), [GapKind.UNMOVED_KPI], id="amber and nobody moves it"),
        pytest.param(watched(90), (), [GapKind.UNMOVED_KPI], id="red and nobody moves it"),
        pytest.param(watched(90), (objective(), MOVER), [], id="red and moved"),
        pytest.param(
            watched(90),
            (objective(), replace(MOVER, cancelled=True)),
            [GapKind.UNMOVED_KPI],
            id="the mover is cancelled",
        ),
        pytest.param(
            watched(90),
            (objective(state=ObjectiveState.DRAFT), MOVER),
            [GapKind.UNMOVED_KPI],
            id="the mover is a draft",
        ),
        pytest.param(watched(99, accountable=None), (), [GapKind.UNOWNED_KPI], id="nobody must act"),
        pytest.param(watched(99, reporter=None), (), [GapKind.UNOWNED_KPI], id="nobody reports"),
        pytest.param(watched(99, reporter=None, accountable=None), (), [GapKind.UNOWNED_KPI] * 2, id="nobody at all"),
        pytest.param(watched(99, reporter="per_gone"), (GONE,), [GapKind.OWNER_LEFT], id="the reporter has left"),
    ],
)
def test_the_gaps_of_a_kpi(measure: Kpi, others: tuple[Entity, ...], kinds: list[GapKind]) -> None:
    assert [each.kind for each in gap.of_kpi(snapshot(measure, *others), measure)] == kinds
