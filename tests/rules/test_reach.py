"""Whose facts a change may alter."""

from datetime import date

import pytest

from okr.cycle import CycleKind
from okr.goal import KeyResult, Objective, RollUp
from rules import facts
from tests.okr import builders as b

PICTURE = b.snapshot(
    b.unit(),
    b.unit("unit_it", parent="unit_acme", lead="per_lan"),
    b.unit("unit_ops", parent="unit_it"),
    b.unit("unit_sales", parent="unit_acme"),
    b.person(unit="unit_it"),
    b.person("per_minh", unit="unit_ops"),
    b.objective("obj_top", unit="unit_acme"),
    b.key_result("kr_top", objective="obj_top", measures="kpi_top"),
    b.objective("obj_it", unit="unit_it", supports="kr_top", addresses=("kpi_up",)),
    b.key_result("kr_it", objective="obj_it", measures="kpi_up", owner="per_minh"),
    b.key_result("kr_it_2", objective="obj_it"),
    b.objective("obj_ops", unit="unit_ops", supports="obj_it", owner="per_minh"),
    b.key_result("kr_ops", objective="obj_ops"),
    b.objective("obj_sales", unit="unit_sales"),
    b.kpi("kpi_top"),
    b.kpi("kpi_up", unit="unit_it", accountable="unit_ops", parent="kpi_top", reporter="per_minh"),
)

UP = {"obj_it", "unit_it", "obj_top", "unit_acme"}
IN_OPS = {"unit_ops", "obj_ops", "kr_ops"}


@pytest.mark.parametrize(
    ("changed", "reached"),
    [
        ("kr_it", {"kr_it", "kpi_up", *UP}),
        ("kr_top", {"kr_top", "kpi_top", "obj_top", "unit_acme", "obj_it"}),
        ("obj_it", {"kr_it", "kr_it_2", "kpi_up", "obj_ops", *UP}),
        ("obj_ops", {*IN_OPS, *UP}),
        ("kpi_up", {"kpi_up", "kpi_top", "unit_it", "unit_ops", "kr_it", "obj_it"}),
        ("unit_ops", IN_OPS),
        ("unit_it", {"unit_it", "obj_it", "kr_it", "kr_it_2", "kpi_up", *IN_OPS}),
        ("per_minh", {"per_minh", "unit_ops", "kpi_up", "kr_it", "obj_ops", "kr_ops"}),
        ("per_lan", {"per_lan", "unit_it", "obj_it", "kr_it", "kr_it_2", "kpi_up", *IN_OPS}),
        ("unit_nobody", {"unit_nobody"}),
    ],
)
def test_a_change_reaches_what_depends_on_it_and_no_further(changed: str, reached: set[str]) -> None:
    assert facts.touched(PICTURE, [changed]) == reached


def test_a_change_of_a_cycle_reaches_every_unit_and_the_goals_in_it() -> None:
    reached = facts.touched(PICTURE, ["cyc_q3"])

    assert reached == {"cyc_q3", *PICTURE.units, *PICTURE.objectives, *PICTURE.key_results}


def test_a_change_reaches_the_sums_that_it_is_part_of() -> None:
    summed = PICTURE.with_(b.key_result("kr_top", objective="obj_top", roll_up=RollUp.VALUE_SUM))

    assert facts.touched(summed, ["kr_ops"]) == {*IN_OPS, "kr_top", *UP}


def test_a_change_reaches_the_later_goals_that_are_judged_by_its_record() -> None:
    past = b.cycle("cyc_q2", first=date(2026, 4, 1), last=date(2026, 6, 30))
    ahead = b.cycle("cyc_q4", first=date(2026, 10, 1), last=date(2026, 12, 31))
    year = b.cycle("cyc_2026", kind=CycleKind.YEAR, first=date(2026, 1, 1), last=date(2026, 12, 31))
    more: tuple[Objective | KeyResult, ...] = (
        *(b.objective(f"obj_{name}", unit="unit_sales", cycle=f"cyc_{name}") for name in ("q2", "q4", "2026")),
        *(b.key_result(f"kr_{name}", objective=f"obj_{name}") for name in ("q2", "q4")),
    )
    picture = PICTURE.with_(past, b.cycle(), ahead, year, *more)
    later = {"obj_sales", "obj_q4", "kr_q4"}

    assert facts.touched(picture, ["obj_q2"]) == {"obj_q2", "kr_q2", "unit_sales", *later}
    assert facts.touched(picture, ["kr_q2"]) == {"obj_q2", "kr_q2", "unit_sales", *later}
    assert facts.touched(picture, ["obj_sales"]) == {"unit_sales", *later}
    assert facts.touched(picture, ["obj_q4"]) == {"unit_sales", "obj_q4", "kr_q4"}
    assert facts.touched(picture, ["cyc_q4"]) == {"cyc_q4", *picture.units, "obj_q4", "kr_q4"}


def test_edges_that_go_in_a_circle_end() -> None:
    one: Objective = b.objective("obj_1", supports="obj_2")
    two: Objective = b.objective("obj_2", supports="obj_1")

    assert facts.touched(b.snapshot(one, two), ["obj_1"]) == {"obj_1", "obj_2", "unit_acme"}
