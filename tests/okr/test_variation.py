"""Variation: the natural limits of a process, and targets that it reaches by itself."""

from decimal import Decimal

import pytest

from okr import variation
from okr.goal import KeyResult, KeyResultType
from okr.kpi import BreachState, Episode, Kpi, Watch
from okr.variation import Limits
from tests.okr import builders as b

SWINGING = (10, 12, 10, 12, 10, 12)


def swinging(*values: int, episode: Episode | None = None, measure: str = "%") -> Kpi:
    state = BreachState.BREACHED if episode else BreachState.OK
    return b.kpi(measure=measure, watch=Watch(state=state, episode=episode, recent=tuple(map(Decimal, values))))


def aimed(target: int = 16, **changes: str) -> KeyResult:
    measures = changes.get("measures", "kpi_uptime") or None
    start = changes.get("start", "0")
    return b.key_result(target=target, start=start, measure=changes.get("measure", "%"), measures=measures)


@pytest.mark.parametrize(
    ("values", "lower", "upper"),
    [
        pytest.param(SWINGING, "5.68", "16.32", id="the mean, and 2.66 mean moving ranges to each side"),
        pytest.param((5,) * 6, "5", "5", id="what never moves has no room"),
        pytest.param((0, 0, 0, 6, 6, 6), "-0.192", "6.192", id="one jump in five steps"),
        pytest.param((12, 10, 12, 10, 12, 10, 11), "6.123", "15.877", id="an odd number of values"),
    ],
)
def test_a_process_stays_between_its_natural_limits(values: tuple[int, ...], lower: str, upper: str) -> None:
    found = variation.natural([Decimal(value) for value in values])

    assert found is not None
    assert Limits(lower=round(found.lower, 3), upper=round(found.upper, 3)) == Limits(
        lower=Decimal(lower), upper=Decimal(upper)
    )


def test_five_values_are_too_few_to_know_a_process_by() -> None:
    assert variation.natural([Decimal(1)] * 5) is None


@pytest.mark.parametrize(
    ("key_result", "reached"),
    [
        pytest.param(aimed(16), True, id="within what comes by itself"),
        pytest.param(aimed(17), False, id="beyond it"),
        pytest.param(aimed(5), True, id="worse than what comes by itself"),
        pytest.param(aimed(6, start="20"), True, id="lower is better, within"),
        pytest.param(aimed(5, start="20"), False, id="lower is better, beyond"),
        pytest.param(aimed(16, measure=""), True, id="the unit is not said"),
        pytest.param(aimed(16, measure="s"), False, id="another unit than the KPI's"),
        pytest.param(aimed(16, measures=""), False, id="no KPI"),
        pytest.param(
            b.key_result(type=KeyResultType.MAINTAIN, low=10, measures="kpi_uptime"), False, id="a level and no target"
        ),
    ],
)
def test_a_target_may_be_reached_by_normal_variation_alone(key_result: KeyResult, reached: bool) -> None:
    assert variation.reaches(b.snapshot(b.objective(), swinging(*SWINGING)), key_result) is reached


def test_too_few_values_leave_it_open() -> None:
    assert variation.reaches(b.snapshot(b.objective(), swinging(10, 12)), aimed()) is None


def test_nothing_about_a_kpi_in_trouble_is_normal() -> None:
    trouble = Episode(
        key="kpi_uptime:2026-06-01",
        kpi="kpi_uptime",
        first=b.FIRST,
        breached=b.FIRST,
        start_value=Decimal(10),
        worst=Decimal(10),
        periods=2,
    )
    picture = b.snapshot(b.objective(), swinging(*SWINGING, episode=trouble))

    assert [variation.reaches(picture, aimed(target)) for target in (5, 11)] == [False, False]
