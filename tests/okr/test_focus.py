"""The one KPI to fix."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from okr import focus
from okr.errors import Code, Refusal
from okr.focus import FocusScore, Weights
from okr.goal import ObjectiveState, Origin
from okr.kpi import Kpi
from okr.number import Direction
from okr.snapshot import Entity
from okr.target import Band, Target
from tests.okr import builders
from tests.okr.builders import Number, target

WEIGHTS = Weights()
JULY = date(2026, 7, 1)


def weak(key: str = "kpi_uptime", value: Number = 93, *, bounds: Target | None = None, **given: Any) -> Kpi:
    """A KPI whose July reading waits to be judged, against 99 with red below 95."""
    reading = builders.reading(value, JULY, kpi=key)
    kpi = builders.kpi(key, targets=(bounds or target(99, 95),), latest=reading, unjudged=(reading,))
    return replace(kpi, **given)


def scored(kpi: Kpi, *others: Entity, weights: Weights = WEIGHTS) -> FocusScore:
    found = focus.score(builders.snapshot(kpi, *others), kpi, weights)
    assert found
    return found


def test_every_factor_of_a_score_is_returned() -> None:
    readings = tuple(builders.reading(94, date(2026, month, 1)) for month in (5, 6, 7))
    uptime = builders.kpi(targets=(target(99, 95),), weight=2, latest=readings[-1], unjudged=readings)
    drivers = (builders.kpi("kpi_network", parent="kpi_uptime"), builders.kpi("kpi_power", parent="kpi_network"))
    assert scored(uptime, *drivers) == FocusScore(
        kpi="kpi_uptime",
        score=Decimal("22.5"),
        value=Decimal(94),
        band=Band.RED,
        gap=Decimal(5),
        amber=Decimal(4),
        severity=Decimal("1.25"),
        importance=Decimal(2),
        descendants=2,
        leverage=Decimal(2),
        episode="kpi_uptime:2026-05-01",
        persistence=3,
        addressed_by=(),
        neglect=Decimal("1.5"),
    )


@pytest.mark.parametrize(
    ("kpi", "severity"),
    [
        pytest.param(weak(value=97), "0.5", id="amber"),
        pytest.param(weak(value=95), "1", id="on the red bound"),
        pytest.param(weak(value=50), "3", id="capped"),
        pytest.param(weak(value="98.9", bounds=target(99)), "3", id="no amber, the cap"),
        pytest.param(weak(value="2.6", bounds=target("2.5", "2.7"), direction=Direction.LOWER), "0.5", id="lower"),
        pytest.param(weak(value="2.6", bounds=target("2.5"), direction=Direction.LOWER), "3", id="lower, no amber"),
        pytest.param(
            weak(value=8, bounds=target(low=10, high=20, outer_low=6, outer_high=21), direction=Direction.RANGE),
            "0.5",
            id="range, below",
        ),
        pytest.param(
            weak(value=22, bounds=target(low=10, high=20, outer_low=6, outer_high=21), direction=Direction.RANGE),
            "2",
            id="range, above",
        ),
    ],
)
def test_severity_is_the_gap_in_widths_of_amber(kpi: Kpi, severity: str) -> None:
    assert scored(kpi).severity == Decimal(severity)


@pytest.mark.parametrize(
    "kpi",
    [
        pytest.param(weak(value=99), id="on target"),
        pytest.param(weak(value=2, bounds=target("2.5"), direction=Direction.LOWER), id="on target, lower"),
        pytest.param(weak(targets=()), id="no target"),
        pytest.param(weak(bounds=target(99, 95, valid_from=date(2026, 8, 16))), id="a target to come"),
        pytest.param(weak(latest=None, unjudged=()), id="no reading"),
    ],
)
def test_a_kpi_that_is_not_known_to_be_off_target_has_no_score(kpi: Kpi) -> None:
    picture = builders.snapshot(kpi)
    assert focus.score(picture, kpi, WEIGHTS) is None
    assert focus.ranking(picture, None, WEIGHTS) == ()


def test_without_an_open_episode_persistence_is_one() -> None:
    found = scored(weak(value=97))
    assert (found.episode, found.persistence) == (None, 1)


@pytest.mark.parametrize(
    ("others", "addressed_by"),
    [
        pytest.param((builders.objective(addresses=("kpi_uptime",)),), ("obj_reliable",), id="it addresses the KPI"),
        pytest.param(
            (builders.objective(), builders.key_result(measures="kpi_uptime")), ("obj_reliable",), id="it measures it"
        ),
        pytest.param(
            (builders.objective(addresses=("kpi_uptime",)), builders.key_result(measures="kpi_uptime")),
            ("obj_reliable",),
            id="both, and it counts once",
        ),
        pytest.param(
            (builders.objective(), builders.key_result(measures="kpi_uptime", cancelled=True)), (), id="cancelled"
        ),
        pytest.param(
            (
                builders.objective(
                    addresses=("kpi_uptime",),
                    state=ObjectiveState.DRAFT,
                    origin=Origin(recommendation="rec_1", policy="kpi-breach"),
                ),
            ),
            ("obj_reliable",),
            id="a draft that a policy proposed",
        ),
        pytest.param(
            (
                builders.cycle(first=date(2025, 7, 1), last=date(2025, 9, 30), closes=date(2025, 10, 14)),
                builders.objective(addresses=("kpi_uptime",)),
            ),
            (),
            id="forgotten in a closed cycle",
        ),
    ],
)
def test_who_does_something_about_a_kpi(others: tuple[Entity, ...], addressed_by: tuple[str, ...]) -> None:
    assert scored(weak(), *others).addressed_by == addressed_by


@pytest.mark.parametrize(
    ("state", "addressed_by", "neglect"),
    [
        (ObjectiveState.ACTIVE, ("obj_reliable",), "1"),
        (ObjectiveState.DRAFT, (), "1.5"),
        (ObjectiveState.PENDING_APPROVAL, ("obj_reliable",), "1"),
        (ObjectiveState.DEFERRED, (), "1.5"),
        (ObjectiveState.CLOSED, (), "1.5"),
        (ObjectiveState.CANCELLED, (), "1.5"),
    ],
)
def test_only_an_objective_at_work_addresses_a_kpi(
    state: ObjectiveState, addressed_by: tuple[str, ...], neglect: str
) -> None:
    found = scored(weak(), builders.objective(addresses=("kpi_uptime",), state=state))
    assert (found.addressed_by, found.neglect) == (addressed_by, Decimal(neglect))


def test_the_leverage_of_drivers_is_capped() -> None:
    drivers = [builders.kpi(f"kpi_{n}", parent="kpi_uptime") for n in range(9)]
    found = scored(weak(), *drivers)
    assert (found.descendants, found.leverage) == (9, Decimal(3))


def test_drivers_that_an_import_left_in_a_circle_are_counted_once() -> None:
    found = scored(
        weak(parent="kpi_b"), builders.kpi("kpi_a", parent="kpi_uptime"), builders.kpi("kpi_b", parent="kpi_a")
    )
    assert found.descendants == 2


def test_the_weights_are_settings() -> None:
    tuned = Weights(severity_cap=Decimal(10), driver=Decimal(1), driver_cap=Decimal(2), unaddressed=Decimal(5))
    found = scored(weak(value=59), builders.kpi("kpi_network", parent="kpi_uptime"), weights=tuned)
    factors = (found.severity, found.leverage, found.neglect, found.score)
    assert factors == (Decimal(10), Decimal(2), Decimal(5), Decimal(100))


def test_the_ranking_begins_with_what_pays_most() -> None:
    picture = builders.snapshot(weak("kpi_a", 94), weak("kpi_b", 90), weak("kpi_c", 97), weak("kpi_d", 99))
    assert [found.kpi for found in focus.ranking(picture, None, WEIGHTS)] == ["kpi_b", "kpi_a", "kpi_c"]


def test_ties_go_to_the_longest_episode_then_to_the_key() -> None:
    long = tuple(builders.reading(94, date(2026, month, 1), kpi="kpi_long") for month in (6, 7))
    picture = builders.snapshot(
        weak("kpi_b", 94, weight=Decimal(2)),
        weak("kpi_a", 94, weight=Decimal(2)),
        weak("kpi_long", 94, unjudged=long),
    )
    found = focus.ranking(picture, None, WEIGHTS)
    assert len({one.score for one in found}) == 1
    assert [one.kpi for one in found] == ["kpi_long", "kpi_a", "kpi_b"]


def test_a_ranking_may_be_of_a_subtree() -> None:
    picture = builders.snapshot(
        builders.unit(),
        builders.unit("unit_it", parent="unit_acme"),
        builders.unit("unit_web", parent="unit_it"),
        builders.unit("unit_hr", parent="unit_acme"),
        weak("kpi_acme"),
        weak("kpi_it", unit="unit_it"),
        weak("kpi_web", unit="unit_web"),
        weak("kpi_hr", unit="unit_hr"),
    )
    of = {
        root: [found.kpi for found in focus.ranking(picture, root, WEIGHTS)] for root in (None, "unit_acme", "unit_it")
    }
    everywhere = ["kpi_acme", "kpi_hr", "kpi_it", "kpi_web"]
    assert of == {None: everywhere, "unit_acme": everywhere, "unit_it": ["kpi_it", "kpi_web"]}


def test_a_ranking_of_no_unit_is_refused() -> None:
    with pytest.raises(Refusal) as refused:
        focus.ranking(builders.snapshot(), "unit_nowhere", WEIGHTS)
    assert (refused.value.code, refused.value.field) == (Code.NOT_FOUND, ("root",))


values = st.lists(st.decimals(0, 110, places=1), min_size=1, max_size=12)


@given(values, st.decimals(0, 5, places=1))
def test_a_score_is_the_product_of_its_factors_and_orders_the_ranking(drawn: list[Decimal], weight: Decimal) -> None:
    kpis = [weak(f"kpi_{n:02}", value, weight=weight) for n, value in enumerate(drawn)]
    found = focus.ranking(builders.snapshot(*kpis), None, WEIGHTS)
    assert {one.kpi for one in found} == {kpi.key for kpi in kpis if kpi.latest and kpi.latest.value < 99}
    for one in found:
        assert one.score == one.severity * one.importance * one.leverage * one.persistence * one.neglect
    assert [one.score for one in found] == sorted((one.score for one in found), reverse=True)
