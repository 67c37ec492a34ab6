"""Value sums: which values are added up, how fresh their sum is, and how it explains itself."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal, localcontext
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from okr import progress
from okr.goal import KeyResult, KeyResultType, ObjectiveState, RollUp
from okr.progress import Flag, Progress, Status
from okr.snapshot import Entity
from tests.okr.builders import NOW, Number, check_in, final, key_result, objective, snapshot

PERCENT = KeyResultType.PERCENT
FRIDAYS = [datetime(2026, 7, 10, 16, tzinfo=UTC) + timedelta(weeks=week) for week in range(5)]


TOTAL = key_result("kr_total", start=0, target=100, roll_up=RollUp.VALUE_SUM)


def share_of(
    above: str,
    value: Number | None = None,
    *,
    name: str = "north",
    state: ObjectiveState = ObjectiveState.ACTIVE,
    at: datetime = NOW - timedelta(days=1),
    **of: Any,
) -> tuple[Entity, ...]:
    """Return an objective that supports a key result, with one key result of its own: `value` of 0 → 50."""
    key = f"kr_{name}"
    entries = () if value is None else (check_in(value, key_result=key, at=at),)
    closing = final(at=of.pop("closed")) if "closed" in of else None
    below = objective(f"obj_{name}", supports=above, state=state, final=closing)
    return below, key_result(key, objective=below.key, **{"target": 50, "check_ins": entries, **of})


def summed(*entities: Entity, total: KeyResult = TOTAL, at: datetime = NOW) -> Progress:
    return progress.of_key_result(snapshot(objective(), total, *entities, as_of=at), total)


def test_a_sum_adds_up_the_latest_values_of_what_supports_it() -> None:
    north, south = share_of("kr_total", "30.5"), share_of("kr_total", 14, name="south")
    twice = key_result("kr_more", objective="obj_south", target=9, weight=0, check_ins=(check_in(1),))
    assert summed(*north, *south, twice) == Progress(
        key_result=TOTAL,
        progress=Decimal("0.455"),
        raw=Decimal("0.455"),
        current=Decimal("45.5"),
        flags=(),
        status=Status.ON_TRACK,
        summed=(Decimal("30.5"), Decimal(14), Decimal(1)),
    )


@pytest.mark.parametrize(
    ("below", "current"),
    [
        pytest.param(share_of("kr_total", 5), 12, id="alike"),
        pytest.param(share_of("kr_total", 5, state=ObjectiveState.CLOSED, closed=NOW), 12, id="closed"),
        pytest.param(share_of("kr_total", 5, state=ObjectiveState.DRAFT), 7, id="a draft"),
        pytest.param(share_of("kr_total", 5, state=ObjectiveState.PENDING_APPROVAL), 7, id="not approved"),
        pytest.param(share_of("kr_total", 5, state=ObjectiveState.CANCELLED, closed=NOW), 7, id="given up"),
        pytest.param(share_of("obj_reliable", 5), 7, id="supports the objective instead"),
        pytest.param(share_of("kr_total", 5, cancelled=True), 7, id="a cancelled key result"),
        pytest.param(share_of("kr_total", 5, measure="t"), 7, id="another unit"),
        pytest.param(share_of("kr_total", 5, start=50, target=0), 7, id="another direction"),
        pytest.param(share_of("kr_total", 5, type=PERCENT), 7, id="another type"),
        pytest.param(share_of("kr_total"), 7, id="no check-in"),
        pytest.param(share_of("kr_total", 5, at=NOW + timedelta(hours=1)), 7, id="said after the picture"),
    ],
)
def test_only_what_is_alike_and_alive_is_added_up(below: tuple[Entity, ...], current: int) -> None:
    assert summed(*share_of("kr_total", 7, name="always"), *below).current == current


@pytest.mark.parametrize("total", [TOTAL, replace(TOTAL, check_ins=(check_in(60),))], ids=["new", "once measured"])
def test_a_sum_without_a_value_below_it_has_not_started(total: KeyResult) -> None:
    measure = summed(*share_of("kr_total"), total=total)
    assert measure == Progress(
        key_result=total, progress=Decimal(0), raw=None, current=None, flags=(), status=Status.NOT_STARTED
    )
    assert measure.explanation == "Nothing that supports it has a value yet."


def test_a_sum_of_sums_adds_up_what_is_below_them() -> None:
    middle = share_of("kr_total", name="middle", roll_up=RollUp.VALUE_SUM)
    picture = (*middle, *share_of("kr_middle", 20), *share_of("kr_middle", 30, name="south"))
    assert summed(*picture).summed == (Decimal(20), Decimal(30))


def test_a_loop_of_sums_ends_and_no_sum_depends_on_which_was_asked_for_first() -> None:
    one = (objective(supports="kr_north"), TOTAL)
    two = share_of("kr_total", roll_up=RollUp.VALUE_SUM)
    own = [key_result(f"kr_{of}", objective=of, check_ins=(check_in(10),)) for of in ("obj_reliable", "obj_north")]
    keys = ("kr_total", "kr_north")
    for order in (keys, keys[::-1]):
        picture = snapshot(*one, *two, *own)
        found = {key: progress.of_key_result(picture, picture.key_results[key]).current for key in order}
        assert found == {"kr_total": 20, "kr_north": 20}


def test_a_chain_of_sums_may_be_longer_than_the_stack() -> None:
    chain = [
        each
        for n in range(1, 2_000)
        for each in share_of(f"kr_{n - 1}" if n > 1 else "kr_total", name=str(n), roll_up=RollUp.VALUE_SUM)
    ]
    assert summed(*chain, *share_of("kr_1999", 60)).progress == Decimal("0.6")


def test_a_sum_of_a_closed_objective_stays_as_it_was_at_closing() -> None:
    closing = datetime(2026, 7, 24, tzinfo=UTC)
    middle = share_of("kr_total", name="mid", roll_up=RollUp.VALUE_SUM, state=ObjectiveState.CLOSED, closed=closing)
    entries = (check_in(25, at=FRIDAYS[1]), check_in(90, at=NOW))
    picture = (*middle, *share_of("kr_mid", check_ins=entries), *share_of("kr_total", 7, name="south"))
    assert summed(*picture).summed == (Decimal(7), Decimal(25))


@pytest.mark.parametrize(
    ("below", "status"),
    [
        pytest.param(share_of("kr_total", 9, at=FRIDAYS[3]), Status.ON_TRACK, id="one missed"),
        pytest.param(share_of("kr_total", 50, at=FRIDAYS[2]), Status.STALE, id="one part fell silent"),
        pytest.param(share_of("kr_total"), Status.STALE, id="one part never said anything"),
        pytest.param(share_of("kr_total", 0, at=FRIDAYS[2], type=PERCENT), Status.ON_TRACK, id="silent, but no part"),
        pytest.param(
            share_of("kr_total", 5, at=FRIDAYS[0], state=ObjectiveState.CLOSED, closed=FRIDAYS[4]),
            Status.ON_TRACK,
            id="a closed one need not speak",
        ),
    ],
)
def test_a_green_sum_is_as_fresh_as_each_running_part(below: tuple[Entity, ...], status: Status) -> None:
    at = datetime(2026, 8, 12, tzinfo=UTC)
    assert summed(*share_of("kr_total", 50, name="south", at=FRIDAYS[4]), *below, at=at).status is status


def test_a_sum_has_the_pace_and_the_flags_of_any_other() -> None:
    silent = share_of("kr_total", 20, at=FRIDAYS[0])
    assert summed(*silent).status is Status.OFF_TRACK
    assert summed(*share_of("kr_total", 130)).flags == (Flag.OVERSHOOT,)
    assert summed(*share_of("kr_total", -1)).flags == (Flag.REGRESSED,)


@pytest.mark.parametrize(
    ("values", "english", "vi"),
    [
        pytest.param([30], "(30 − 0) ÷ (100 − 0) = 30 %", "(30 − 0) ÷ (100 − 0) = 30 %", id="one"),
        pytest.param(
            ["30.5", 45],
            "30.5 + 45 = 75.5; (75.5 − 0) ÷ (100 − 0) = 75.5 %",
            "30,5 + 45 = 75,5; (75,5 − 0) ÷ (100 − 0) = 75,5 %",
            id="two",
        ),
        pytest.param(
            [20] * 6,
            "20 + 20 + 20 + 20 + 20 + … = 120; (120 − 0) ÷ (100 − 0) = 120 %, counted as 100 %",
            "20 + 20 + 20 + 20 + 20 + … = 120; (120 − 0) ÷ (100 − 0) = 120 %, tính là 100 %",
            id="many",
        ),
    ],
)
def test_a_sum_explains_itself_with_its_parts(values: list[Number], english: str, vi: str) -> None:
    parts = [share_of("kr_total", value, name=str(n)) for n, value in enumerate(values)]
    measure = summed(*(entity for part in parts for entity in part))
    assert (measure.explanation, measure.explained.said("vi")) == (english, vi)


NUMBERS = st.decimals(
    min_value=Decimal("-1e14"), max_value=Decimal("1e14"), allow_nan=False, allow_infinity=False, places=12
)


@given(values=st.lists(NUMBERS, min_size=1, max_size=8), start=NUMBERS, target=NUMBERS)
def test_a_sum_is_exact_and_explains_itself_in_one_line_whatever_was_added(
    values: list[Decimal], start: Decimal, target: Decimal
) -> None:
    total = replace(TOTAL, start=start, target=target)
    parts = [share_of("kr_total", value, name=str(n), start=start, target=target) for n, value in enumerate(values)]
    measure = summed(*(entity for part in parts for entity in part), total=total)
    with localcontext(prec=60):
        assert measure.current == sum(values)
    assert len(measure.explanation) <= 200


def test_a_sum_of_long_numbers_writes_out_as_many_as_fit_a_line() -> None:
    total = replace(TOTAL, start=Decimal("-0.000987654321012"), target=Decimal(1))
    parts = [share_of("kr_total", f"-0.000{n}23456789012345", name=str(n)) for n in range(1, 7)]
    assert summed(*(entity for part in parts for entity in part), total=total).explanation == (
        "−0.000123456789012 + −0.000223456789012 + −0.000323456789012 + −0.000423456789012 + … = −0.00224074073407;"
        " (−0.00224074073407 − −0.000987654321012) ÷ (1 − −0.000987654321012) = −0.1 %, counted as 0 %"
    )
