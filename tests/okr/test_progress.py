"""Progress: the truth table, the pace, and the roll-up."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, localcontext
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from okr import progress
from okr.cycle import CycleKind
from okr.goal import CheckIn, Driver, KeyResult, KeyResultType, Objective, ObjectiveState, RollUp
from okr.number import Direction
from okr.org import Leave
from okr.progress import Flag, Progress, Rollup, Status
from okr.snapshot import Entity, Snapshot
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


def part(value: int | None, weight: Number = 1, *, key: str = "kr_1", **more: str) -> KeyResult:
    entries = () if value is None else (check_in(value, key_result=key),)
    return key_result(key, weight=weight, check_ins=entries, objective=more.get("objective", "obj_reliable"))


def rolled(*results: KeyResult, of: Objective | None = None) -> Rollup:
    whole = of or objective()
    return progress.of_objective(snapshot(whole, *results), whole)


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
    progress.of_objective(picture, picture.objectives["obj_half"])
    assert progress.of_objective(picture, picture.objectives["obj_top"]) == expected


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
    assert progress.of_objective(picture, closed).progress == Decimal("0.2")
    assert progress.of_objective(picture, filed).progress == Decimal("0.6")
    assert progress.of_objective(picture, filed) is progress.of_objective(picture, filed)


def test_a_chain_of_aligned_objectives_may_be_longer_than_the_stack() -> None:
    length = 3_000
    chain = [
        objective(f"obj_{n}", driver=Driver.ALIGNED, supports=f"obj_{n - 1}" if n else None) for n in range(length)
    ]
    picture = snapshot(*chain[:-1], replace(chain[-1], driver=Driver.KEY_RESULTS), part(60, objective=chain[-1].key))
    assert progress.of_objective(picture, picture.objectives["obj_0"]).progress == Decimal("0.6")


def test_a_loop_of_aligned_objectives_ends_where_it_meets_itself() -> None:
    one = objective("obj_1", driver=Driver.BOTH, supports="obj_2")
    two = objective("obj_2", driver=Driver.BOTH, supports="obj_1")
    picture = snapshot(one, two, part(60, objective="obj_2"))
    assert progress.of_objective(picture, one).progress == Decimal("0.6")


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
    assert progress.of_unit(picture, "unit_acme", "cyc_q3") == Decimal("0.4")
    assert progress.of_unit(picture, "unit_acme", "cyc_2027") is None
    assert progress.of_unit(snapshot(objective()), "unit_acme", "cyc_q3") is None


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
    found = progress.weakest(snapshot(*entities), "unit_acme", cycle())
    assert (found.key if found else None) == weakest


def test_the_weakest_goal_is_one_of_those_that_count() -> None:
    year = cycle("cyc_year", kind=CycleKind.YEAR, first=date(2026, 1, 1), last=date(2026, 12, 31))
    annual, quarterly = objective("obj_year", cycle="cyc_year"), objective()
    picture = snapshot(cycle(), year, annual, quarterly, part(90))
    assert progress.weakest(picture, "unit_acme", cycle()) is quarterly


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
