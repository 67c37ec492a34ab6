"""History: full marks in a row, key results that come back, and what nobody graded."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from okr import history
from okr.cycle import Cycle, CycleKind
from okr.goal import KeyResult, KeyResultType, Objective, ObjectiveState
from okr.snapshot import Entity
from tests.okr import builders as b


def quarter(n: int, kind: CycleKind = CycleKind.QUARTER) -> Cycle:
    """The nth quarter of 2025 and 2026."""
    year, month = 2025 + (n - 1) // 4, 3 * ((n - 1) % 4) + 1
    last = date(year, month + 2, 28)
    return b.cycle(f"cyc_{n}", kind=kind, first=date(year, month, 1), last=last, closes=date(year + 1, 12, 31))


def goal(n: int, progress: str | None = None, *, key: str = "", unit: str = "unit_acme") -> Objective:
    """A goal of the nth quarter: closed with a score, or active."""
    state = ObjectiveState.CLOSED if progress else ObjectiveState.ACTIVE
    final = b.final(progress, at=datetime(2026, 1, 1, tzinfo=UTC)) if progress else None
    return b.objective(key or f"obj_{n}", unit=unit, cycle=f"cyc_{n}", state=state, final=final)


CYCLES = tuple(quarter(n) for n in range(1, 8))
NOW = goal(5)
LATER = replace(b.final(1), at=datetime(2026, 9, 1, tzinfo=UTC))


@pytest.mark.parametrize(
    ("past", "count"),
    [
        pytest.param((), 0, id="no history"),
        pytest.param((goal(4, "1"), goal(3, "1")), 2, id="two in a row"),
        pytest.param(tuple(goal(n, "1") for n in range(1, 5)), 4, id="ever since"),
        pytest.param((goal(4, "1"), goal(3, "1"), goal(2, "0.9"), goal(1, "1")), 2, id="a row ends"),
        pytest.param((goal(4, "1"), goal(4, "0.7", key="obj_other")), 0, id="one of two"),
        pytest.param((goal(3, "1"), goal(2, "1")), 0, id="a cycle in which nothing was closed ends the row"),
        pytest.param((goal(4, "1"), goal(4, key="obj_open")), 1, id="what is not closed does not count"),
        pytest.param((goal(4, "1", unit="unit_else"),), 0, id="another unit's"),
        pytest.param((goal(6, "1"), goal(5, "1", key="obj_too")), 0, id="only what came before"),
        pytest.param((replace(goal(4, "1"), final=b.final(None)),), 0, id="a score of nothing"),
        pytest.param((replace(goal(4, "1"), final=LATER),), 0, id="closed after the day that is looked at"),
        pytest.param((replace(goal(4, "1"), state=ObjectiveState.CANCELLED),), 0, id="what was cancelled"),
    ],
)
def test_full_marks_are_counted_back_from_the_cycle_before(past: tuple[Objective, ...], count: int) -> None:
    assert history.full_cycles(b.snapshot(*CYCLES, NOW, *past), NOW) == count


def test_years_and_quarters_have_a_record_each() -> None:
    annual = replace(quarter(4, CycleKind.YEAR), key="cyc_year")
    picture = b.snapshot(*CYCLES, annual, NOW, replace(goal(4, "0.5"), cycle="cyc_year"), goal(4, "1", key="obj_full"))

    assert history.full_cycles(picture, NOW) == 1


def test_goals_of_one_unit_and_cycle_have_one_record() -> None:
    other = goal(5, key="obj_other")
    results = [b.key_result(f"kr_{each.key}", objective=each.key) for each in (NOW, other)]
    picture = b.snapshot(*CYCLES, NOW, other, goal(4, "1"), b.key_result(objective="obj_4"), *results)

    assert [history.full_cycles(picture, each) for each in (NOW, other)] == [1, 1]
    assert [history.repeats(picture, each) for each in results] == [2, 2]


def result(n: int, title: str = "NPS from 40 to 50", target: int = 50, **changes: str) -> KeyResult:
    """A key result of the goal of the nth quarter."""
    measures = changes.get("measures")
    return b.key_result(f"kr_{n}", objective=f"obj_{n}", title=title, target=target, measures=measures)


@pytest.mark.parametrize(
    ("past", "count"),
    [
        pytest.param((), 1, id="for the first time"),
        pytest.param((goal(4, "1"), result(4)), 2, id="the same"),
        pytest.param((goal(4, "1"), result(4), goal(2, "1"), result(2)), 3, id="again after a break"),
        pytest.param((goal(4), result(4, "nps FROM 45 to  50!")), 2, id="another start, another case"),
        pytest.param((goal(4), result(4, target=60)), 1, id="another target"),
        pytest.param((goal(4), result(4, "Returns")), 1, id="another title"),
        pytest.param((goal(4), result(4, "Returns", measures="kpi_nps")), 2, id="another title, the same KPI"),
        pytest.param((goal(4), replace(result(4), cancelled=True)), 1, id="a cancelled one"),
        pytest.param((replace(goal(4), state=ObjectiveState.DRAFT), result(4)), 1, id="a draft"),
        pytest.param((goal(4, unit="unit_else"), result(4)), 1, id="another unit's"),
        pytest.param((goal(6), result(6)), 1, id="a later one"),
        pytest.param((goal(4), result(4), goal(4, key="obj_3"), result(3)), 2, id="twice in one cycle"),
    ],
)
def test_a_key_result_that_comes_back_is_counted_by_cycles(past: tuple[Entity, ...], count: int) -> None:
    mine = result(5, measures="kpi_nps")

    assert history.repeats(b.snapshot(*CYCLES, NOW, mine, *past), mine) == count


def test_what_is_done_or_not_done_has_no_target_to_repeat() -> None:
    mine, before = (b.key_result(f"kr_{n}", objective=f"obj_{n}", type=KeyResultType.BOOLEAN) for n in (5, 4))

    assert history.repeats(b.snapshot(*CYCLES, NOW, goal(4), mine, before), mine) == 1


@pytest.mark.parametrize(
    ("title", "words"),
    [("NPS: 40 → 50 %", "nps"), ("Giữ vững 95 %", "giữ vững"), ("Gi\u01b0\u0303 vững", "giữ vững"), ("2026", "")],
)
def test_numbers_signs_and_spelling_make_no_other_title(title: str, words: str) -> None:
    assert history.plain_title(title) == words


def test_what_is_active_is_not_graded_yet() -> None:
    goals = (goal(5), goal(4, "1"), goal(3), goal(2, unit="unit_else"), replace(goal(1), state=ObjectiveState.DRAFT))

    found = history.ungraded(b.snapshot(*CYCLES, *goals), "unit_acme")

    assert [each.key for each in found] == ["obj_5", "obj_3"]
