"""Progress: the truth table and the pace."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, localcontext

import pytest
from hypothesis import given
from hypothesis import strategies as st

from okr import progress
from okr.goal import CheckIn, KeyResult, KeyResultType, ObjectiveState
from okr.number import Direction
from okr.org import Leave
from okr.progress import Flag, Progress, Status
from tests.okr.builders import (
    NOW,
    Number,
    check_in,
    cycle,
    final,
    key_result,
    milestone,
    number,
    objective,
    person,
    snapshot,
    unit,
)

BOOLEAN, MILESTONE, MAINTAIN = KeyResultType.BOOLEAN, KeyResultType.MILESTONE, KeyResultType.MAINTAIN
PERCENT, CURRENCY = KeyResultType.PERCENT, KeyResultType.CURRENCY
STEPS = (milestone(weight=3), milestone(weight=1), milestone(weight=6, cancelled=True))
FRIDAYS = [datetime(2026, 7, 10, 16, tzinfo=UTC) + timedelta(weeks=week) for week in range(5)]


def said(result: KeyResult, *entries: CheckIn) -> KeyResult:
    return replace(result, check_ins=entries)


def measured(result: KeyResult, *, at: datetime = NOW) -> Progress:
    return progress.of_key_result(snapshot(objective(), result, as_of=at), result)


def row(
    result: KeyResult,
    share: Number,
    *flags: Flag,
    raw: Number | None = None,
    current: Number | None = None,
    status: Status,
    now: bool | None = None,
    slots: tuple[int, int] = (0, 0),
) -> tuple[KeyResult, Progress]:
    """Return a key result and what it should be worth."""
    return result, Progress(
        key_result=result,
        progress=Decimal(share),
        raw=number(raw),
        current=number(current),
        flags=flags,
        status=status,
        in_band_now=now,
        slots_inside=slots[0],
        slots_due=slots[1],
    )


def kept(*values: int | None, low: int | None = 95, high: int | None = None) -> KeyResult:
    """Return a MAINTAIN key result with one entry on each of the quarter's Fridays from 10 July; None says nothing."""
    entries = (check_in(value, at=at) for value, at in zip(values, FRIDAYS, strict=False) if value is not None)
    return key_result(type=MAINTAIN, low=low, high=high, since=date(2026, 7, 4), check_ins=tuple(entries))


# The table of the trade's rules, row by row; at noon of 15 August half of the quarter has begun.
TABLE = {
    "number, upwards": row(
        said(key_result(start=50, target=99), check_in("74.5")),
        "0.5",
        raw="0.5",
        current="74.5",
        status=Status.ON_TRACK,
    ),
    "number, downwards": row(
        said(key_result(start="2.8", target="2.5"), check_in("2.56")),
        "0.8",
        raw="0.8",
        current="2.56",
        status=Status.ON_TRACK,
    ),
    "a decreasing one that reaches its target": row(
        said(key_result(start="2.8", target="2.5"), check_in("2.5")), 1, raw=1, current="2.5", status=Status.ACHIEVED
    ),
    "percent in points": row(
        said(key_result(type=PERCENT, start=20, target=80), check_in(50)),
        "0.5",
        raw="0.5",
        current=50,
        status=Status.ON_TRACK,
    ),
    "currency": row(
        said(key_result(type=CURRENCY, start=0, target=1_000_000), check_in(250_000)),
        "0.25",
        raw="0.25",
        current=250_000,
        status=Status.AT_RISK,
    ),
    "at the start": row(
        said(key_result(start=50, target=99), check_in(50)), 0, raw=0, current=50, status=Status.OFF_TRACK
    ),
    "regressed, upwards": row(
        said(key_result(start=50, target=100), check_in(40)),
        0,
        Flag.REGRESSED,
        raw="-0.2",
        current=40,
        status=Status.OFF_TRACK,
    ),
    "regressed, downwards": row(
        said(key_result(start=10, target=5), check_in(11)),
        0,
        Flag.REGRESSED,
        raw="-0.2",
        current=11,
        status=Status.OFF_TRACK,
    ),
    "overshot, upwards": row(
        said(key_result(start=50, target=100), check_in(110)),
        1,
        Flag.OVERSHOOT,
        raw="1.2",
        current=110,
        status=Status.ACHIEVED,
    ),
    "overshot, downwards": row(
        said(key_result(start=10, target=5), check_in(4)),
        1,
        Flag.OVERSHOOT,
        raw="1.2",
        current=4,
        status=Status.ACHIEVED,
    ),
    "negative numbers": row(
        said(key_result(start=-10, target=10), check_in(0)), "0.5", raw="0.5", current=0, status=Status.ON_TRACK
    ),
    "imported, start equals target, met": row(
        said(key_result(start=5, target=5), check_in(5)),
        1,
        Flag.DEGENERATE,
        raw=1,
        current=5,
        status=Status.ACHIEVED,
    ),
    "imported, start equals target, not met": row(
        said(key_result(start=5, target=5), check_in("4.9")),
        0,
        Flag.DEGENERATE,
        raw=0,
        current="4.9",
        status=Status.OFF_TRACK,
    ),
    "imported, start equals target, lower is better": row(
        said(key_result(start=5, target=5, direction=Direction.LOWER), check_in(4)),
        1,
        Flag.DEGENERATE,
        raw=1,
        current=4,
        status=Status.ACHIEVED,
    ),
    "imported, start equals target, no check-in": row(
        key_result(start=5, target=5), 0, Flag.DEGENERATE, status=Status.NOT_STARTED
    ),
    "boolean, done": row(said(key_result(type=BOOLEAN), check_in(done=True)), 1, current=1, status=Status.ACHIEVED),
    "boolean, not done": row(
        said(key_result(type=BOOLEAN), check_in(done=False)), 0, current=0, status=Status.OFF_TRACK
    ),
    "boolean, undone again": row(
        said(key_result(type=BOOLEAN), check_in(done=True, at=FRIDAYS[0]), check_in(done=False)),
        0,
        current=0,
        status=Status.OFF_TRACK,
    ),
    "milestones, the cancelled one in neither": row(
        said(key_result(type=MILESTONE, milestones=STEPS), check_in(milestones=(0,))),
        "0.75",
        current=3,
        status=Status.ON_TRACK,
    ),
    "milestones, a cancelled one was done": row(
        said(key_result(type=MILESTONE, milestones=STEPS), check_in(milestones=(1, 2))),
        "0.25",
        current=1,
        status=Status.AT_RISK,
    ),
    "milestones, all done": row(
        said(key_result(type=MILESTONE, milestones=STEPS), check_in(milestones=(0, 1))),
        1,
        current=4,
        status=Status.ACHIEVED,
    ),
    "milestones, all cancelled": row(
        said(key_result(type=MILESTONE, milestones=(milestone(cancelled=True),)), check_in()),
        0,
        Flag.DEGENERATE,
        current=0,
        status=Status.OFF_TRACK,
    ),
    "maintain, always inside": row(
        kept(95, 96, 97, 98, 99), 1, current=99, status=Status.ON_TRACK, now=True, slots=(5, 5)
    ),
    "maintain, outside once": row(
        kept(95, 94, 97, 98, 99), "0.8", current=99, status=Status.AT_RISK, now=True, slots=(4, 5)
    ),
    "maintain, a missed slot counts outside": row(
        kept(95, None, 97, None, 99), "0.6", current=99, status=Status.OFF_TRACK, now=True, slots=(3, 5)
    ),
    "maintain, inside before and outside now": row(
        kept(95, 95, 95, 95, 90), "0.8", current=90, status=Status.AT_RISK, now=False, slots=(4, 5)
    ),
    "maintain at most": row(
        kept(2, 2, 3, 2, 2, low=None, high=2), "0.8", current=2, status=Status.AT_RISK, now=True, slots=(4, 5)
    ),
    "maintain in a range, bounds included": row(
        kept(5, 7, 6, 4, 8, low=5, high=7), "0.6", current=8, status=Status.OFF_TRACK, now=False, slots=(3, 5)
    ),
    "no check-in yet": row(key_result(), 0, status=Status.NOT_STARTED),
    "a boolean nobody spoke of": row(key_result(type=BOOLEAN), 0, status=Status.NOT_STARTED),
    "nothing maintained yet": row(kept(), 0, status=Status.NOT_STARTED),
}


@pytest.mark.parametrize(("result", "expected"), TABLE.values(), ids=TABLE)
def test_the_progress_table(result: KeyResult, expected: Progress) -> None:
    at = NOW if result.type is not MAINTAIN else FRIDAYS[-1] + timedelta(hours=2)
    assert measured(result, at=at) == expected


def test_excused_slots_are_not_counted_and_late_ones_are() -> None:
    lan = person(leave=(Leave(first=date(2026, 7, 17), last=date(2026, 7, 17)),))
    late = replace(check_in(90), key="chk_late", at=FRIDAYS[2] + timedelta(days=2))
    result = kept(96, None, None, 96, 96)
    result = replace(result, owner="per_lan", check_ins=tuple(sorted((*result.check_ins, late), key=lambda e: e.at)))
    at = FRIDAYS[-1] + timedelta(hours=2)
    measure = progress.of_key_result(snapshot(lan, objective(), result, as_of=at), result)
    assert (measure.progress, measure.slots_inside, measure.slots_due) == (Decimal("0.75"), 3, 4)


def test_before_any_slot_is_decided_only_the_latest_value_speaks() -> None:
    # From 29 September on there is no Friday left in the quarter.
    at = datetime(2026, 9, 30, tzinfo=UTC)
    inside = key_result(type=MAINTAIN, low=5, high="7.5", since=date(2026, 9, 29), check_ins=(check_in("7.5", at=at),))
    outside = replace(inside, check_ins=(check_in(8, at=at),))
    assert [measured(result, at=at).progress for result in (inside, outside)] == [1, 0]
    assert measured(inside, at=at).explained.original == "No check-in was due yet; now 7.5, inside ≥ 5 · ≤ 7.5"
    assert measured(outside, at=at).explained.vi == "Chưa đến kỳ check-in nào; hiện là 8, chưa đạt ≥ 5 · ≤ 7,5"


def test_raw_progress_is_the_same_whatever_the_ambient_precision() -> None:
    result = key_result(start=0, target=3)
    with localcontext(prec=3):
        assert progress.raw(result, Decimal(1)) == Decimal("0." + "3" * 34)
    assert progress.raw(key_result(type=BOOLEAN), Decimal(1)) is None
    assert progress.raw(replace(result, target=None), Decimal(1)) is None


@pytest.mark.parametrize(
    ("expected", "actual", "status"),
    [
        pytest.param("0.5", "0.9", Status.ON_TRACK, id="ahead"),
        pytest.param("0.5", "0.4", Status.ON_TRACK, id="10 points behind"),
        pytest.param("0.5", "0.3999", Status.AT_RISK, id="a little more than 10"),
        pytest.param("0.5", "0.25", Status.AT_RISK, id="25 points behind"),
        pytest.param("0.5", "0.2499", Status.OFF_TRACK, id="a little more than 25"),
        pytest.param("0.5", "0", Status.OFF_TRACK, id="nothing done"),
    ],
)
def test_the_pace_has_two_edges_and_both_belong_to_the_better_side(expected: str, actual: str, status: Status) -> None:
    assert progress.pace(Decimal(expected), Decimal(actual)) is status


def test_a_gap_of_exactly_ten_points_is_on_track_where_thirds_have_no_decimal() -> None:
    assert progress.pace(Decimal(1) / 3, Decimal(7) / 30) is Status.ON_TRACK


def verdict(value: int, day: date, **changed: date) -> Status:
    at = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    result = key_result(check_ins=(check_in(value, at=at),), since=changed.get("since", date(2026, 7, 1)))
    span = cycle(first=changed.get("first", date(2026, 7, 1)), last=changed.get("last", date(2026, 9, 30)))
    return progress.of_key_result(snapshot(span, objective(), result, as_of=at), result).status


@pytest.mark.parametrize(
    ("value", "day", "changed", "status"),
    [
        pytest.param(0, date(2026, 6, 25), {}, Status.TOO_EARLY, id="before the cycle"),
        pytest.param(0, date(2026, 7, 9), {}, Status.TOO_EARLY, id="day 9 of 92, within the first tenth"),
        pytest.param(0, date(2026, 7, 10), {}, Status.AT_RISK, id="day 10 of 92, the first verdict"),
        pytest.param(100, date(2026, 7, 1), {}, Status.ACHIEVED, id="achieved on the first day"),
        pytest.param(50, date(2026, 8, 15), {}, Status.ON_TRACK, id="half at half"),
        pytest.param(90, date(2026, 9, 30), {}, Status.ON_TRACK, id="nearly, on the last day"),
        pytest.param(89, date(2026, 10, 5), {}, Status.AT_RISK, id="while it is graded"),
        pytest.param(0, date(2026, 7, 7), {"last": date(2026, 7, 31)}, Status.TOO_EARLY, id="day 7 of a short cycle"),
        pytest.param(0, date(2026, 7, 8), {"last": date(2026, 7, 31)}, Status.OFF_TRACK, id="day 8 of a short cycle"),
        pytest.param(0, date(2026, 8, 24), {"since": date(2026, 8, 16)}, Status.AT_RISK, id="set in mid-cycle"),
        pytest.param(50, date(2026, 9, 7), {"since": date(2026, 8, 16)}, Status.ON_TRACK, id="half of what is left"),
        pytest.param(0, date(2026, 9, 30), {"since": date(2026, 9, 28)}, Status.TOO_EARLY, id="set three days ago"),
        pytest.param(0, date(2026, 10, 1), {"since": date(2026, 9, 28)}, Status.OFF_TRACK, id="the cycle is over"),
        pytest.param(0, date(2026, 10, 1), {"since": date(2026, 10, 1)}, Status.OFF_TRACK, id="set after the cycle"),
        pytest.param(0, date(2026, 7, 20), {"since": date(2026, 1, 1)}, Status.AT_RISK, id="older than its cycle"),
    ],
)
def test_the_verdict_of_the_day(value: int, day: date, changed: dict[str, date], status: Status) -> None:
    assert verdict(value, day, **changed) is status


def test_local_dates_decide_how_much_has_elapsed() -> None:
    # 18:00 in UTC on 9 July is the tenth day in Vietnam, and the verdict may be given.
    at = datetime(2026, 7, 9, 18, tzinfo=UTC)
    result = key_result(check_ins=(check_in(0, at=at),))
    there = snapshot(unit(zone="Asia/Ho_Chi_Minh"), objective(), result, as_of=at)
    here = snapshot(objective(), result, as_of=at)
    assert progress.of_key_result(there, result).status is Status.AT_RISK
    assert progress.of_key_result(here, result).status is Status.TOO_EARLY


def test_what_is_maintained_is_achieved_once_the_cycle_is_over() -> None:
    entries = tuple(check_in(99, at=datetime(2026, 7, 3, 16, tzinfo=UTC) + timedelta(weeks=week)) for week in range(13))
    result = key_result(type=MAINTAIN, low=95, check_ins=entries)
    assert measured(result, at=datetime(2026, 9, 30, 23, tzinfo=UTC)).status is Status.ON_TRACK
    assert measured(result, at=datetime(2026, 10, 1, tzinfo=UTC)).status is Status.ACHIEVED


@pytest.mark.parametrize(
    ("result", "status"),
    [
        pytest.param(said(key_result(), check_in(60, at=FRIDAYS[2])), Status.STALE, id="on track, then silent"),
        pytest.param(said(key_result(), check_in(100, at=FRIDAYS[2])), Status.STALE, id="achieved, then silent"),
        pytest.param(said(key_result(), check_in(0, at=FRIDAYS[2])), Status.OFF_TRACK, id="no green to override"),
        pytest.param(said(key_result(), check_in(60, at=FRIDAYS[3])), Status.ON_TRACK, id="one missed"),
        pytest.param(
            said(key_result(type=BOOLEAN), check_in(done=True, at=FRIDAYS[2])), Status.ACHIEVED, id="done stays done"
        ),
        pytest.param(key_result(), Status.NOT_STARTED, id="never said anything"),
    ],
)
def test_two_missed_slots_override_a_green(result: KeyResult, status: Status) -> None:
    # On 12 August the Fridays of 31 July and 7 August are missed for whoever was last heard of on 24 July.
    assert measured(result, at=datetime(2026, 8, 12, tzinfo=UTC)).status is status


def test_a_key_result_outside_the_picture_is_measured_and_not_remembered() -> None:
    filed = key_result(check_ins=(check_in(10),))
    picture = snapshot(objective(), filed)
    better = replace(filed, check_ins=(check_in(90),))
    assert progress.of_key_result(picture, better).progress == Decimal("0.9")
    assert progress.of_key_result(picture, filed).progress == Decimal("0.1")
    assert progress.of_key_result(picture, filed) is progress.of_key_result(picture, filed)


def test_a_key_result_of_a_closed_objective_stays_as_it_was_at_closing() -> None:
    at = datetime(2026, 7, 24, tzinfo=UTC)
    result = key_result(check_ins=(check_in(25, at=at),))
    closed = objective(state=ObjectiveState.CLOSED, final=final(at=at))
    after = snapshot(closed, result, as_of=datetime(2027, 1, 1, tzinfo=UTC))
    assert progress.of_key_result(after, result).status is Status.ON_TRACK


def test_statuses_have_a_worst() -> None:
    order = [
        Status.OFF_TRACK,
        Status.AT_RISK,
        Status.NOT_STARTED,
        Status.STALE,
        Status.TOO_EARLY,
        Status.ON_TRACK,
        Status.ACHIEVED,
    ]
    assert [progress.worst(order[at:]) for at in range(len(order))] == order
    assert set(order) == set(Status)


@pytest.mark.parametrize(
    ("result", "english", "vi"),
    [
        pytest.param(key_result(), "No check-in yet.", "Chưa có lần check-in nào.", id="no check-in"),
        pytest.param(
            said(key_result(start="50.5", target=99), check_in("74.5")),
            "(74.5 − 50.5) ÷ (99 − 50.5) = 49.5 %",
            "(74,5 − 50,5) ÷ (99 − 50,5) = 49,5 %",
            id="a way",
        ),
        pytest.param(
            said(key_result(start=-10, target=10), check_in(-20)),
            "(−20 − −10) ÷ (10 − −10) = −50 %, counted as 0 %",
            "(−20 − −10) ÷ (10 − −10) = −50 %, tính là 0 %",
            id="regressed",
        ),
        pytest.param(
            said(key_result(start=0, target="1e-30"), check_in("1e14")),
            "(100000000000000 − 0) ÷ (1.00e−30 − 0) = 1.00e+46 %, counted as 100 %",
            "(100000000000000 − 0) ÷ (1,00e−30 − 0) = 1,00e+46 %, tính là 100 %",
            id="numbers of any size stay one line",
        ),
        pytest.param(
            said(key_result(start=5, target=5), check_in(5)),
            "Start and target are both 5; 5 meets it.",
            "Điểm đầu và đích đều là 5; 5 đã đạt.",
            id="degenerate, met",
        ),
        pytest.param(
            said(key_result(start=5, target=5), check_in("4.5")),
            "Start and target are both 5; 4.5 does not meet it.",
            "Điểm đầu và đích đều là 5; 4,5 chưa đạt.",
            id="degenerate, not met",
        ),
        pytest.param(said(key_result(type=BOOLEAN), check_in(done=True)), "Done.", "Đã xong.", id="done"),
        pytest.param(said(key_result(type=BOOLEAN), check_in(done=False)), "Not done.", "Chưa xong.", id="not done"),
        pytest.param(
            said(key_result(type=MILESTONE, milestones=STEPS), check_in(milestones=(0,))),
            "3 of 4 of the milestones' weight done = 75 %",
            "Đã xong 3 trên 4 trọng số các mốc = 75 %",
            id="milestones",
        ),
        pytest.param(
            said(key_result(type=MILESTONE, milestones=(milestone(cancelled=True),)), check_in()),
            "Every milestone is cancelled.",
            "Mọi mốc đều đã hủy.",
            id="no milestones left",
        ),
        pytest.param(
            kept(96, 94, 96, 96, 94),
            "Inside in 3 of 5 due check-ins = 60 %; now 94, outside ≥ 95",
            "Đạt trong 3 trên 5 kỳ check-in = 60 %; hiện là 94, chưa đạt ≥ 95",
            id="maintain",
        ),
    ],
)
def test_progress_explains_itself_with_its_numbers(result: KeyResult, english: str, vi: str) -> None:
    measure = measured(result, at=FRIDAYS[-1] if result.type is MAINTAIN else NOW)
    assert (measure.explanation, measure.explained.said("vi")) == (english, vi)


NUMBERS = st.decimals(
    min_value=Decimal("-1e14"), max_value=Decimal("1e14"), allow_nan=False, allow_infinity=False, places=12
)


@given(start=NUMBERS, target=NUMBERS, value=NUMBERS)
def test_progress_lies_between_0_and_1_and_can_always_explain_itself(
    start: Decimal, target: Decimal, value: Decimal
) -> None:
    measure = measured(said(key_result(start=start, target=target), check_in(value)))
    assert 0 <= measure.progress <= 1
    assert len(measure.explanation) <= 200
    raw = measure.raw
    assert raw is not None
    assert measure.flags == (
        (Flag.DEGENERATE,)
        if start == target
        else (Flag.REGRESSED,)
        if raw < 0
        else (Flag.OVERSHOOT,)
        if raw > 1
        else ()
    )


@given(start=NUMBERS, target=NUMBERS, one=NUMBERS, other=NUMBERS)
def test_a_value_nearer_to_the_target_is_never_worth_less(
    start: Decimal, target: Decimal, one: Decimal, other: Decimal
) -> None:
    near, far = sorted((one, other), reverse=target >= start)
    result = key_result(start=start, target=target, direction=None)
    assert measured(said(result, check_in(near))).progress >= measured(said(result, check_in(far))).progress
