"""Roll-ups: what drives an objective, and what a unit is worth."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from okr import rollup as rollups
from okr.cycle import CycleKind
from okr.goal import Driver, KeyResult, Objective, ObjectiveState
from okr.progress import Status
from okr.rollup import Rollup
from okr.snapshot import Snapshot
from tests.okr.builders import NOW, Number, check_in, cycle, final, key_result, number, objective, snapshot


def part(value: int | None, weight: Number = 1, *, key: str = "kr_1", **more: str) -> KeyResult:
    entries = () if value is None else (check_in(value, key_result=key),)
    return key_result(key, weight=weight, check_ins=entries, objective=more.get("objective", "obj_reliable"))


def rolled(*results: KeyResult, of: Objective | None = None) -> Rollup:
    whole = of or objective()
    return rollups.of_objective(snapshot(whole, *results), whole)


def pairs(*parts: tuple[Number, Number]) -> tuple[tuple[Decimal, Decimal], ...]:
    return tuple((Decimal(weight), Decimal(share)) for weight, share in parts)


ROLLUPS = {
    "one": (
        (part(40),),
        Rollup(progress=Decimal("0.4"), coverage=Decimal(1), status=Status.ON_TRACK, parts=pairs((1, "0.4"))),
    ),
    "weighted": (
        (part(30, 3), part(70, 1, key="kr_2")),
        Rollup(
            progress=Decimal("0.4"), coverage=Decimal(1), status=Status.AT_RISK, parts=pairs((3, "0.3"), (1, "0.7"))
        ),
    ),
    "weight 0 is shown, not counted": (
        (part(60), part(0, 0, key="kr_2")),
        Rollup(progress=Decimal("0.6"), coverage=Decimal(1), status=Status.ON_TRACK, parts=pairs((1, "0.6"))),
    ),
    "all weights 0": (
        (part(60, 0),),
        Rollup(progress=None, coverage=Decimal(0), status=Status.NOT_STARTED),
    ),
    "no key result": ((), Rollup(progress=None, coverage=Decimal(0), status=Status.NOT_STARTED)),
    "a part without data counts as nothing done": (
        (part(100), part(None, 3, key="kr_2")),
        Rollup(
            progress=Decimal("0.25"),
            coverage=Decimal("0.25"),
            status=Status.NOT_STARTED,
            parts=pairs((1, 1), (3, 0)),
        ),
    ),
    "a cancelled one is no part": (
        (part(60), replace(part(0, key="kr_2"), cancelled=True)),
        Rollup(progress=Decimal("0.6"), coverage=Decimal(1), status=Status.ON_TRACK, parts=pairs((1, "0.6"))),
    ),
    "the worst decides": (
        (part(100), part(0, key="kr_2")),
        Rollup(progress=Decimal("0.5"), coverage=Decimal(1), status=Status.OFF_TRACK, parts=pairs((1, 1), (1, 0))),
    ),
}


@pytest.mark.parametrize(("results", "expected"), ROLLUPS.values(), ids=ROLLUPS)
def test_an_objective_rolls_up_its_key_results(results: tuple[KeyResult, ...], expected: Rollup) -> None:
    assert rolled(*results) == expected


def family(driver: Driver) -> Snapshot:
    """Return an objective with a key result at 40 %, and aligned ones at 80 %, frozen at 60 %, and of no account."""
    below = [
        objective("obj_half", supports="obj_top"),
        objective("obj_closed", supports="obj_top", state=ObjectiveState.CLOSED, final=final("0.6")),
        objective("obj_empty", supports="obj_top"),
        objective("obj_draft", supports="obj_top", state=ObjectiveState.DRAFT),
        objective("obj_aside", supports="kr_top"),
    ]
    return snapshot(
        objective("obj_top", driver=driver),
        *below,
        part(40, 2, key="kr_top", objective="obj_top"),
        part(80, key="kr_half", objective="obj_half"),
        part(0, key="kr_closed", objective="obj_closed"),
        part(0, key="kr_draft", objective="obj_draft"),
        part(0, key="kr_aside", objective="obj_aside"),
    )


@pytest.mark.parametrize(
    ("driver", "expected"),
    [
        pytest.param(
            Driver.KEY_RESULTS,
            Rollup(progress=Decimal("0.4"), coverage=Decimal(1), status=Status.ON_TRACK, parts=pairs((2, "0.4"))),
            id="key results",
        ),
        pytest.param(
            Driver.ALIGNED,
            Rollup(
                progress=Decimal("0.7"),
                coverage=Decimal("0." + "6" * 33 + "7"),
                status=Status.OFF_TRACK,
                parts=pairs((1, "0.8"), (1, "0.6")),
            ),
            id="aligned",
        ),
        pytest.param(
            Driver.BOTH,
            Rollup(
                progress=Decimal("0.55"),
                coverage=Decimal("0.8"),
                status=Status.OFF_TRACK,
                parts=pairs((2, "0.4"), (1, "0.8"), (1, "0.6")),
            ),
            id="both",
        ),
    ],
)
def test_the_driver_names_what_counts(driver: Driver, expected: Rollup) -> None:
    picture = family(driver)
    rollups.of_objective(picture, picture.objectives["obj_half"])
    assert rollups.of_objective(picture, picture.objectives["obj_top"]) == expected


@pytest.mark.parametrize(
    ("score", "status"),
    [
        ("1", Status.ACHIEVED),
        ("0.9", Status.ON_TRACK),
        ("0.75", Status.AT_RISK),
        ("0.7", Status.OFF_TRACK),
        (None, Status.NOT_STARTED),
    ],
)
def test_a_closed_objective_keeps_its_frozen_score_whatever_its_parts_become(score: str | None, status: Status) -> None:
    closed = objective(state=ObjectiveState.CLOSED, final=final(score))
    assert rolled(part(10), of=closed) == Rollup(progress=number(score), coverage=Decimal(1), status=status)


def test_an_objective_is_open_in_a_picture_of_before_its_closing() -> None:
    closed = objective(state=ObjectiveState.CLOSED, final=final("0.1", at=NOW + timedelta(days=1)))
    assert rolled(part(60), of=closed).progress == Decimal("0.6")


def test_an_objective_outside_the_picture_is_rolled_up_and_not_remembered() -> None:
    filed = objective()
    picture = snapshot(filed, part(60))
    closed = replace(filed, state=ObjectiveState.CLOSED, final=final("0.2"))
    assert rollups.of_objective(picture, closed).progress == Decimal("0.2")
    assert rollups.of_objective(picture, filed).progress == Decimal("0.6")
    assert rollups.of_objective(picture, filed) is rollups.of_objective(picture, filed)


def test_a_chain_of_aligned_objectives_may_be_longer_than_the_stack() -> None:
    length = 3_000
    chain = [
        objective(f"obj_{n}", driver=Driver.ALIGNED, supports=f"obj_{n - 1}" if n else None) for n in range(length)
    ]
    picture = snapshot(*chain[:-1], replace(chain[-1], driver=Driver.KEY_RESULTS), part(60, objective=chain[-1].key))
    assert rollups.of_objective(picture, picture.objectives["obj_0"]).progress == Decimal("0.6")


def test_a_loop_of_aligned_objectives_ends_where_it_meets_itself() -> None:
    one = objective("obj_1", driver=Driver.BOTH, supports="obj_2")
    two = objective("obj_2", driver=Driver.BOTH, supports="obj_1")
    picture = snapshot(one, two, part(60, objective="obj_2"))
    assert rollups.of_objective(picture, one).progress == Decimal("0.6")


def test_a_unit_is_worth_the_mean_of_its_own_active_and_closed_objectives_in_the_cycle() -> None:
    picture = snapshot(
        cycle(),
        cycle("cyc_q4", first=date(2026, 10, 1), last=date(2026, 12, 31)),
        objective("obj_1"),
        objective("obj_2", state=ObjectiveState.CLOSED, final=final("0.2")),
        objective("obj_3"),
        objective("obj_4", state=ObjectiveState.PENDING_APPROVAL),
        objective("obj_5", cycle="cyc_q4"),
        part(60, objective="obj_1"),
        part(0, key="kr_4", objective="obj_4"),
        part(0, key="kr_5", objective="obj_5"),
    )
    assert rollups.of_unit(picture, "unit_acme", "cyc_q3") == Decimal("0.4")
    assert rollups.of_unit(picture, "unit_acme", "cyc_2027") is None
    assert rollups.of_unit(snapshot(objective()), "unit_acme", "cyc_q3") is None


@pytest.mark.parametrize(
    ("goals", "weakest"),
    [
        pytest.param([], None, id="none"),
        pytest.param([("obj_a", 50, 1, 1), ("obj_b", 20, 1, 1)], "obj_b", id="lowest progress"),
        pytest.param([("obj_a", 0, 1, 1), ("obj_b", None, 1, 1)], "obj_b", id="then lowest coverage"),
        pytest.param([("obj_a", 20, 1, 1), ("obj_b", 20, 1, 5)], "obj_b", id="then the newest"),
        pytest.param([("obj_b", 20, 1, 1), ("obj_a", 20, 1, 1)], "obj_a", id="then the key"),
        pytest.param([("obj_a", 1, 1, 1), ("obj_b", 1, 0, 1)], "obj_b", id="nothing to measure is lowest"),
    ],
)
def test_the_weakest_goal_is_the_one_to_swap(
    goals: list[tuple[str, int | None, int, int]], weakest: str | None
) -> None:
    entities = [
        entity
        for key, value, weight, day in goals
        for entity in (objective(key, since=date(2026, 7, day)), part(value, weight, key=f"kr_{key}", objective=key))
    ]
    found = rollups.weakest(snapshot(*entities), "unit_acme", cycle())
    assert (found.key if found else None) == weakest


def test_the_weakest_goal_is_one_of_those_that_count() -> None:
    year = cycle("cyc_year", kind=CycleKind.YEAR, first=date(2026, 1, 1), last=date(2026, 12, 31))
    annual, quarterly = objective("obj_year", cycle="cyc_year"), objective()
    picture = snapshot(cycle(), year, annual, quarterly, part(90))
    assert rollups.weakest(picture, "unit_acme", cycle()) is quarterly


@pytest.mark.parametrize(
    ("results", "of", "english", "vi"),
    [
        pytest.param(
            (part(50), part(80, 2, key="kr_2")),
            objective(),
            "(1 × 50 % + 2 × 80 %) ÷ 3 = 70 %",
            "(1 × 50 % + 2 × 80 %) ÷ 3 = 70 %",
            id="a mean",
        ),
        pytest.param(
            tuple(part(50, key=f"kr_{n}") for n in range(7)),
            objective(),
            "(1 × 50 % + 1 × 50 % + 1 × 50 % + 1 × 50 % + 1 × 50 % + …) ÷ 7 = 50 %",
            "(1 × 50 % + 1 × 50 % + 1 × 50 % + 1 × 50 % + 1 × 50 % + …) ÷ 7 = 50 %",
            id="a long mean is cut",
        ),
        pytest.param(
            (),
            objective(),
            "Nothing with a weight counts here yet.",
            "Chưa có phần nào có trọng số để tính.",
            id="none",
        ),
        pytest.param(
            (),
            objective(state=ObjectiveState.CLOSED, final=final("0.705")),
            "Frozen at 70.5 % when it was closed.",
            "Đã chốt ở 70,5 % khi đóng.",
            id="frozen",
        ),
    ],
)
def test_a_roll_up_explains_itself_with_its_numbers(
    results: tuple[KeyResult, ...], of: Objective, english: str, vi: str
) -> None:
    rollup = rolled(*results, of=of)
    assert (rollup.explanation, rollup.explained.said("vi")) == (english, vi)


@given(
    st.lists(
        st.tuples(
            st.one_of(st.none(), st.integers(min_value=-50, max_value=150)),
            st.decimals(min_value=0, max_value=1_000, places=3),
        ),
        max_size=6,
    )
)
def test_a_roll_up_lies_within_the_range_of_its_parts(given_parts: list[tuple[int | None, Decimal]]) -> None:
    results = [part(value, weight, key=f"kr_{n}") for n, (value, weight) in enumerate(given_parts)]
    rollup = rolled(*results)
    shares = [min(max(Decimal(value or 0) / 100, Decimal(0)), Decimal(1)) for value, weight in given_parts if weight]
    assert (rollup.progress is None) == (not shares)
    assert rollup.progress is None or min(shares) <= rollup.progress <= max(shares)
    assert 0 <= rollup.coverage <= 1
