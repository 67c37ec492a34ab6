"""Targets: bands, bounds, recovery, and what makes one looser."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from okr import target as targets
from okr.errors import Code, Refusal
from okr.number import Direction
from okr.target import Band, Bounds, Target
from tests.okr.builders import target

HIGHER, LOWER, RANGE = Direction.HIGHER, Direction.LOWER, Direction.RANGE
GREEN, AMBER, RED, UNKNOWN = Band.GREEN, Band.AMBER, Band.RED, Band.UNKNOWN

UPTIME = target(99, 95)
PIT_STOP = target("2.5", "2.53")
CAPACITY = target(low=70, high=85, outer_low=60, outer_high=95)


@pytest.mark.parametrize(
    ("target", "direction", "value", "band", "shortfall"),
    [
        pytest.param(UPTIME, HIGHER, "99.5", GREEN, "0", id="higher, above the target"),
        pytest.param(UPTIME, HIGHER, "99.0", GREEN, "0", id="higher, on the target"),
        pytest.param(UPTIME, HIGHER, "98.9999999999999999999999999999999999", AMBER, None, id="higher, a hair below"),
        pytest.param(UPTIME, HIGHER, "95", AMBER, "4", id="higher, on the red bound"),
        pytest.param(UPTIME, HIGHER, "94.99", RED, "4.01", id="higher, below the red bound"),
        pytest.param(PIT_STOP, LOWER, "2.4", GREEN, "0", id="lower, below the target"),
        pytest.param(PIT_STOP, LOWER, "2.50", GREEN, "0", id="lower, on the target"),
        pytest.param(PIT_STOP, LOWER, "2.53", AMBER, "0.03", id="lower, on the red bound"),
        pytest.param(PIT_STOP, LOWER, "2.531", RED, "0.031", id="lower, above the red bound"),
        pytest.param(CAPACITY, RANGE, "59.9", RED, "10.1", id="range, below the outer one"),
        pytest.param(CAPACITY, RANGE, "60", AMBER, "10", id="range, on the outer low"),
        pytest.param(CAPACITY, RANGE, "70", GREEN, "0", id="range, on the low"),
        pytest.param(CAPACITY, RANGE, "85", GREEN, "0", id="range, on the high"),
        pytest.param(CAPACITY, RANGE, "85.1", AMBER, "0.1", id="range, above the high"),
        pytest.param(CAPACITY, RANGE, "95.1", RED, "10.1", id="range, above the outer one"),
        pytest.param(target(99), HIGHER, "98.9", RED, "0.1", id="no red bound, no amber"),
        pytest.param(target(0, -1), HIGHER, "-0.5", AMBER, "0.5", id="a target of zero is a target"),
        pytest.param(target(1, 0), HIGHER, "0.5", AMBER, "0.5", id="a red bound of zero is a bound"),
        pytest.param(target(low=0, high=1, outer_low=-1), RANGE, "1.1", RED, "0.1", id="range, one outer bound"),
    ],
)
def test_equality_goes_to_the_better_band(
    target: Target, direction: Direction, value: str, band: Band, shortfall: str | None
) -> None:
    assert targets.band(target, direction, Decimal(value)) is band
    if shortfall:
        assert targets.shortfall(target, direction, Decimal(value)) == Decimal(shortfall)


def test_without_a_target_the_band_is_unknown_never_green() -> None:
    assert targets.band(None, HIGHER, Decimal(100)) is UNKNOWN


def test_the_bands_of_every_direction_have_one_form() -> None:
    d = Decimal
    assert [targets.bounds(t, way) for t, way in ((UPTIME, HIGHER), (PIT_STOP, LOWER), (CAPACITY, RANGE))] == [
        Bounds(outer_low=d(95), low=d(99)),
        Bounds(high=d("2.5"), outer_high=d("2.53")),
        Bounds(outer_low=d(60), low=d(70), high=d(85), outer_high=d(95)),
    ]


numbers = st.decimals(-1000, 1000, places=2)


@given(numbers, numbers, numbers, numbers)
def test_the_bands_tile_the_line_and_get_no_better_away_from_green(
    a: Decimal, b: Decimal, v: Decimal, w: Decimal
) -> None:
    rank = [GREEN, AMBER, RED].index
    low, high = sorted((a, b))
    near, far = sorted((v, w), reverse=True)
    falling = [targets.band(target(high, low), HIGHER, value) for value in (near, far)]
    rising = [targets.band(target(-high, -low), LOWER, -value) for value in (near, far)]
    assert falling == rising
    assert rank(falling[0]) <= rank(falling[1])


@pytest.mark.parametrize(
    ("target", "direction", "mark"),
    [
        pytest.param(target(95, 85), HIGHER, "95", id="the target"),
        pytest.param(target(95, 85, recovery=90), HIGHER, "90", id="its own"),
        pytest.param(target(95, 85, recovery=90, baseline=92), HIGHER, "92", id="no worse than the baseline"),
        pytest.param(target(95, 85, recovery=90, baseline=88), HIGHER, "90", id="a baseline that is lower"),
        pytest.param(target("2.5", 3, recovery="2.8", baseline="2.6"), LOWER, "2.6", id="lower, the baseline"),
        pytest.param(CAPACITY, RANGE, None, id="a range has none"),
    ],
)
def test_a_breach_is_over_at_the_recovery(target: Target, direction: Direction, mark: str | None) -> None:
    assert targets.recovery(target, direction) == (None if mark is None else Decimal(mark))


@pytest.mark.parametrize(
    ("direction", "target"),
    [
        (HIGHER, UPTIME),
        (HIGHER, target(99)),
        (HIGHER, target(99, 99, recovery=99, baseline=99)),
        (HIGHER, target(99, 95, recovery=95, baseline=50)),
        (LOWER, PIT_STOP),
        (LOWER, target("2.5", "2.53", recovery="2.51", baseline="2.8")),
        (RANGE, CAPACITY),
        (RANGE, target(low=70, high=85)),
        (RANGE, target(low=70, high=85, outer_low=70, outer_high=85)),
    ],
)
def test_a_target_with_its_bounds_in_order_is_accepted(direction: Direction, target: Target) -> None:
    targets.check(target, direction)


@pytest.mark.parametrize(
    ("direction", "target", "code", "field"),
    [
        pytest.param(HIGHER, target(), Code.WRONG_BOUNDS, "target", id="no number"),
        pytest.param(HIGHER, target(95, 99), Code.WRONG_BOUNDS, "redBound", id="red above"),
        pytest.param(LOWER, target("2.5", "2.4"), Code.WRONG_BOUNDS, "redBound", id="red below, lower is better"),
        pytest.param(
            HIGHER, target(99, 95, baseline="99.1"), Code.WRONG_BOUNDS, "baseline", id="floor above the target"
        ),
        pytest.param(HIGHER, target(99, 95, recovery="94.9"), Code.WRONG_BOUNDS, "recovery", id="over while red"),
        pytest.param(
            HIGHER, target(99, 95, recovery="99.1"), Code.WRONG_BOUNDS, "recovery", id="over beyond the target"
        ),
        pytest.param(HIGHER, replace(UPTIME, low=Decimal(1)), Code.WRONG_BOUNDS, "low", id="a range's bound"),
        pytest.param(RANGE, target(low=70), Code.WRONG_BOUNDS, "low", id="range without a high"),
        pytest.param(RANGE, target(high=70), Code.WRONG_BOUNDS, "low", id="range without a low"),
        pytest.param(RANGE, target(low=70, high=70), Code.WRONG_BOUNDS, "low", id="range without room"),
        pytest.param(
            RANGE, target(low=70, high=85, outer_low=71), Code.WRONG_BOUNDS, "outerLow", id="outer low inside"
        ),
        pytest.param(
            RANGE, target(low=70, high=85, outer_high=84), Code.WRONG_BOUNDS, "outerLow", id="outer high inside"
        ),
        pytest.param(
            RANGE, replace(CAPACITY, baseline=Decimal(70)), Code.WRONG_BOUNDS, "baseline", id="range, a floor"
        ),
        pytest.param(
            RANGE, replace(CAPACITY, recovery=Decimal(70)), Code.WRONG_BOUNDS, "recovery", id="range, recovery"
        ),
        pytest.param(HIGHER, target("NaN"), Code.NOT_FINITE, "target", id="not a number"),
        pytest.param(HIGHER, target(99, "-Infinity"), Code.NOT_FINITE, "redBound", id="infinite"),
        pytest.param(RANGE, target(low=70, high="1E15"), Code.INVALID, "high", id="too large"),
        pytest.param(HIGHER, target(99, valid_from=date.max), Code.INVALID, "validFrom", id="after our time"),
    ],
)
def test_a_target_with_its_bounds_mixed_up_is_refused_at_its_field(
    direction: Direction, target: Target, code: Code, field: str
) -> None:
    with pytest.raises(Refusal) as refused:
        targets.check(target, direction)
    assert (refused.value.code, refused.value.field) == (code, (field,))


WON = target(99, 95, baseline=99)
WON_TIME = target("2.5", "2.53", baseline="2.5", recovery="2.5")
EASED = [
    pytest.param(HIGHER, WON, target(98, 95, baseline=98), ("target", "baseline"), id="higher, target and floor fall"),
    pytest.param(HIGHER, UPTIME, target(98, 95), ("target",), id="higher, target falls"),
    pytest.param(HIGHER, UPTIME, target(99, 94), ("red bound",), id="higher, red falls"),
    pytest.param(HIGHER, target(99), target(99, 98), ("red bound",), id="higher, amber appears"),
    pytest.param(HIGHER, WON, target(99, 95), ("baseline",), id="the floor is forgotten"),
    pytest.param(HIGHER, UPTIME, target(99, 95, recovery=97), ("recovery",), id="over earlier"),
    pytest.param(
        LOWER, WON_TIME, target("2.6", "2.7", baseline="2.6"), ("target", "red bound", "baseline"), id="lower, all rise"
    ),
    pytest.param(LOWER, WON_TIME, target("2.5", "2.53", baseline="2.51"), ("baseline",), id="lower, floor rises"),
    pytest.param(RANGE, CAPACITY, replace(CAPACITY, low=Decimal(69)), ("target",), id="range, wider below"),
    pytest.param(RANGE, CAPACITY, replace(CAPACITY, high=Decimal(86)), ("target",), id="range, wider above"),
    pytest.param(RANGE, CAPACITY, replace(CAPACITY, outer_low=Decimal(59)), ("red bound",), id="range, outer low"),
    pytest.param(RANGE, CAPACITY, replace(CAPACITY, outer_high=Decimal(96)), ("red bound",), id="range, outer high"),
]
TIGHTENED = [
    pytest.param(HIGHER, UPTIME, target("99.5", 97, baseline=99), id="higher, all rise"),
    pytest.param(HIGHER, WON, WON, id="the same again"),
    pytest.param(HIGHER, target(99, 95, recovery=97), target(99, 95), id="over later"),
    pytest.param(LOWER, PIT_STOP, target("2.4", "2.45", baseline="2.5"), id="lower, all fall"),
    pytest.param(RANGE, CAPACITY, target(low=75, high=80, outer_low=70, outer_high=85), id="range, narrower"),
]


@pytest.mark.parametrize(("direction", "before", "after", "eased"), EASED)
def test_what_a_later_target_eases_is_named(
    direction: Direction, before: Target, after: Target, eased: tuple[str, ...]
) -> None:
    assert targets.loosened(before, after, direction) == eased


@pytest.mark.parametrize(("direction", "before", "after"), TIGHTENED)
def test_a_target_that_only_tightens_eases_nothing(direction: Direction, before: Target, after: Target) -> None:
    assert targets.loosened(before, after, direction) == ()
