"""Cycles, cadence and check-in slots."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from okr import cycle as cycles
from okr.cycle import Cadence, Cycle, CycleState, Pause, Rhythm, Slot
from okr.errors import Code, Refusal
from tests.okr import builders

LONDON = ZoneInfo("Europe/London")
SAIGON = ZoneInfo("Asia/Ho_Chi_Minh")
NEW_YORK = ZoneInfo("America/New_York")
Q3 = (date(2026, 7, 1), date(2026, 9, 30))
Q4 = (date(2026, 10, 1), date(2026, 12, 31))


def utc(month: int, day: int, hour: int = 0, minute: int = 0, *, year: int = 2026) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=UTC)


def days(slots: tuple[Slot, ...]) -> list[str]:
    return [f"{slot.day:%m-%d}" for slot in slots]


@pytest.mark.parametrize(
    ("day", "state", "elapsed"),
    [
        pytest.param(date(2026, 6, 30), CycleState.PLANNED, "0", id="the day before"),
        pytest.param(date(2026, 7, 1), CycleState.ACTIVE, "1", id="the first day counts"),
        pytest.param(date(2026, 8, 15), CycleState.ACTIVE, "46", id="half-way"),
        pytest.param(date(2026, 9, 30), CycleState.ACTIVE, "92", id="the last day"),
        pytest.param(date(2026, 10, 1), CycleState.GRADING, "92", id="the day after"),
        pytest.param(date(2026, 10, 14), CycleState.GRADING, "92", id="the last day for grading"),
        pytest.param(date(2026, 10, 15), CycleState.CLOSED, "92", id="closed"),
    ],
)
def test_a_day_finds_a_cycle_in_a_state_and_a_share_of_it_elapsed(day: date, state: CycleState, elapsed: str) -> None:
    quarter = builders.cycle()
    assert (cycles.state(quarter, day), cycles.elapsed(quarter, day)) == (state, Decimal(elapsed) / 92)


@pytest.mark.parametrize(
    ("other", "overlaps"),
    [
        ((date(2026, 4, 1), date(2026, 6, 30)), False),
        ((date(2026, 4, 1), date(2026, 7, 1)), True),
        ((date(2026, 8, 1), date(2026, 8, 2)), True),
        ((date(2026, 1, 1), date(2026, 12, 31)), True),
        ((date(2026, 9, 30), date(2026, 12, 31)), True),
        (Q4, False),
    ],
)
def test_cycles_overlap_when_they_share_a_day(other: tuple[date, date], overlaps: bool) -> None:
    quarter, second = builders.cycle(), builders.cycle("cyc_other", first=other[0], last=other[1])
    assert (cycles.overlap(quarter, second), cycles.overlap(second, quarter)) == (overlaps, overlaps)


def test_a_cycle_rests_from_the_first_to_the_last_day_of_a_pause() -> None:
    tet = builders.cycle(pauses=(Pause(first=date(2026, 8, 3), last=date(2026, 8, 5)),))
    rested = [day for day in range(1, 8) if cycles.paused(tet, date(2026, 8, day))]
    assert rested == [3, 4, 5]


def _pauses(*spans: tuple[int, int]) -> tuple[Pause, ...]:
    return tuple(Pause(first=date(2026, 8, a), last=date(2026, 8, b)) for a, b in spans)


@pytest.mark.parametrize(
    "cycle",
    [
        pytest.param(builders.cycle(), id="a quarter"),
        pytest.param(builders.cycle(first=Q3[0], last=Q3[0], closes=date(2026, 7, 2)), id="one day"),
        pytest.param(builders.cycle(last=date(2027, 8, 4), closes=date(2027, 8, 5)), id="400 days"),
        pytest.param(builders.cycle(pauses=_pauses((1, 1), (2, 4))), id="pauses side by side"),
    ],
)
def test_an_orderly_cycle_is_accepted(cycle: Cycle) -> None:
    cycles.check(cycle)


@pytest.mark.parametrize(
    ("cycle", "field"),
    [
        pytest.param(builders.cycle(last=date(2026, 6, 30)), ("last",), id="ends before it begins"),
        pytest.param(builders.cycle(last=date(2027, 8, 5), closes=date(2028, 1, 1)), ("last",), id="401 days"),
        pytest.param(builders.cycle(closes=date(2026, 9, 30)), ("closes",), id="closes while it lives"),
        pytest.param(builders.cycle(first=date(1969, 12, 31)), ("first",), id="before our time"),
        pytest.param(builders.cycle(last=date(9999, 12, 31)), ("last",), id="after our time"),
        pytest.param(builders.cycle(closes=date(2200, 1, 1)), ("closes",), id="closes after our time"),
        pytest.param(builders.cycle(pauses=_pauses((2, 1))), ("pauses", "0"), id="a pause backwards"),
        pytest.param(builders.cycle(pauses=_pauses((1, 3), (3, 4))), ("pauses", "1"), id="pauses that overlap"),
        pytest.param(
            builders.cycle(pauses=(Pause(first=date(2026, 6, 30), last=date(2026, 7, 1)),)),
            ("pauses", "0"),
            id="before",
        ),
        pytest.param(
            builders.cycle(pauses=(Pause(first=date(2026, 9, 30), last=date(2026, 10, 1)),)),
            ("pauses", "0"),
            id="after",
        ),
    ],
)
def test_a_disorderly_cycle_is_refused_at_its_field(cycle: Cycle, field: tuple[str, ...]) -> None:
    with pytest.raises(Refusal) as refused:
        cycles.check(cycle)
    assert (refused.value.code, refused.value.field) == (Code.INVALID, field)


@pytest.mark.parametrize(
    "rhythm",
    [
        Rhythm(),
        Rhythm(weekday=0, month_day=1, grace=0),
        Rhythm(weekday=6, month_day=31, grace=31, at=time(0, 0)),
        Rhythm(at=time(9, 45)),
    ],
)
def test_a_rhythm_of_this_world_is_accepted(rhythm: Rhythm) -> None:
    cycles.check_rhythm(rhythm)


@pytest.mark.parametrize(
    ("rhythm", "field"),
    [
        (Rhythm(weekday=-1), "weekday"),
        (Rhythm(weekday=7), "weekday"),
        (Rhythm(month_day=0), "monthDay"),
        (Rhythm(month_day=32), "monthDay"),
        (Rhythm(at=time(17, 0, tzinfo=UTC)), "at"),
        (Rhythm(at=time(17, 10)), "at"),
        (Rhythm(at=time(17, 15, 1)), "at"),
        (Rhythm(at=time(17, 15, 0, 1)), "at"),
        (Rhythm(grace=-1), "grace"),
        (Rhythm(grace=32), "grace"),
    ],
)
def test_a_rhythm_of_no_world_is_refused_at_its_field(rhythm: Rhythm, field: str) -> None:
    with pytest.raises(Refusal) as refused:
        cycles.check_rhythm(rhythm)
    assert (refused.value.code, refused.value.field) == (Code.INVALID, (field,))


def test_a_weekly_slot_runs_from_due_to_due_and_is_late_for_the_grace() -> None:
    slots = cycles.slots(Rhythm(), SAIGON, *Q3, Q3[0])
    assert slots[:2] == (
        Slot(opens=utc(6, 26, 10), due=utc(7, 10, 10), late_until=utc(7, 13, 10), day=date(2026, 7, 10)),
        Slot(opens=utc(7, 10, 10), due=utc(7, 17, 10), late_until=utc(7, 20, 10), day=date(2026, 7, 17)),
    )
    assert (len(slots), slots[-1].day) == (12, date(2026, 9, 25))


@pytest.mark.parametrize(
    ("rhythm", "since", "first_days"),
    [
        pytest.param(Rhythm(weekday=4), date(2026, 7, 6), ["07-10", "07-17"], id="weekly, Monday to Friday"),
        pytest.param(
            Rhythm(weekday=4), date(2026, 7, 7), ["07-17", "07-24"], id="weekly, 3 days are under half a week"
        ),
        pytest.param(Rhythm(weekday=4), date(2026, 7, 10), ["07-17", "07-24"], id="weekly, begun on the due day"),
        pytest.param(Rhythm(weekday=4), date(2026, 7, 11), ["07-17", "07-24"], id="weekly, the day after"),
        pytest.param(Rhythm(weekday=4), date(2026, 1, 1), ["07-10", "07-17"], id="alive before the cycle"),
        pytest.param(
            Rhythm(cadence=Cadence.BIWEEKLY), Q3[0], ["07-17", "07-31"], id="biweekly from the cycle's first Friday"
        ),
        pytest.param(Rhythm(cadence=Cadence.BIWEEKLY), date(2026, 7, 10), ["07-17", "07-31"], id="biweekly, 7 days"),
        pytest.param(Rhythm(cadence=Cadence.BIWEEKLY), date(2026, 7, 11), ["07-31", "08-14"], id="biweekly, 6 days"),
        pytest.param(Rhythm(cadence=Cadence.MONTHLY), Q3[0], ["07-31", "08-31"], id="monthly, the last day"),
        pytest.param(
            Rhythm(cadence=Cadence.MONTHLY, month_day=15), Q3[0], ["08-15", "09-15"], id="monthly, 14 of 30 days"
        ),
        pytest.param(
            Rhythm(cadence=Cadence.MONTHLY, month_day=16), Q3[0], ["07-16", "08-16"], id="monthly, 15 of 30 days"
        ),
    ],
)
def test_the_first_slot_comes_half_a_cadence_after_the_start_at_the_earliest(
    rhythm: Rhythm, since: date, first_days: list[str]
) -> None:
    assert days(cycles.slots(rhythm, SAIGON, *Q3, since))[:2] == first_days


def test_a_month_without_a_31st_is_due_on_its_last_day() -> None:
    year = (date(2027, 12, 1), date(2028, 11, 30))
    slots = cycles.slots(Rhythm(cadence=Cadence.MONTHLY, month_day=31), SAIGON, *year, year[0])
    assert days(slots) == [
        *("12-31", "01-31", "02-29", "03-31", "04-30", "05-31"),
        *("06-30", "07-31", "08-31", "09-30", "10-31", "11-30"),
    ]


@pytest.mark.parametrize(
    ("first", "last", "since"),
    [
        pytest.param(date(2026, 7, 6), date(2026, 7, 9), date(2026, 7, 6), id="no Friday in it"),
        pytest.param(date(2026, 7, 8), date(2026, 7, 14), date(2026, 7, 8), id="only one that comes too soon"),
        pytest.param(*Q3, date(2026, 10, 1), id="a goal from after the cycle"),
    ],
)
def test_there_may_be_no_slot_at_all(first: date, last: date, since: date) -> None:
    assert cycles.slots(Rhythm(), SAIGON, first, last, since) == ()


def test_a_grace_longer_than_the_cadence_ends_with_the_next_due_moment() -> None:
    slots = cycles.slots(Rhythm(grace=10), SAIGON, *Q3, Q3[0])
    assert [slot.late_until - slot.due for slot in slots] == [timedelta(days=7)] * len(slots)


def _sundays_at_half_past_one(zone: ZoneInfo) -> Callable[[date, date], dict[str, str]]:
    def due(first: date, last: date) -> dict[str, str]:
        rhythm = Rhythm(weekday=6, at=time(1, 30))
        return {f"{s.day:%m-%d}": f"{s.due:%d %H:%M}" for s in cycles.slots(rhythm, zone, first, last, first)}

    return due


def test_a_due_time_that_london_skips_moves_forward() -> None:
    due = _sundays_at_half_past_one(LONDON)(date(2026, 3, 16), date(2026, 4, 5))
    assert due == {"03-22": "22 01:30", "03-29": "29 01:30", "04-05": "05 00:30"}
    assert utc(3, 29, 1, 30).astimezone(LONDON).time() == time(2, 30)


def test_a_due_time_that_london_repeats_means_the_first() -> None:
    due = _sundays_at_half_past_one(LONDON)(date(2026, 10, 12), date(2026, 11, 1))
    assert due == {"10-18": "18 00:30", "10-25": "25 00:30", "11-01": "01 01:30"}


def test_the_fold_of_the_rhythm_itself_does_not_count() -> None:
    first, last = date(2026, 10, 19), date(2026, 10, 25)
    plain, folded = (Rhythm(weekday=6, at=time(1, 30, fold=fold)) for fold in (0, 1))
    assert cycles.slots(folded, LONDON, first, last, first) == cycles.slots(plain, LONDON, first, last, first)


def test_ho_chi_minh_city_knows_no_summer_time() -> None:
    due = _sundays_at_half_past_one(SAIGON)
    assert due(date(2026, 3, 16), date(2026, 4, 5)) == {"03-22": "21 18:30", "03-29": "28 18:30", "04-05": "04 18:30"}
    assert due(date(2026, 10, 12), date(2026, 11, 1)) == {"10-18": "17 18:30", "10-25": "24 18:30", "11-01": "31 18:30"}


def test_the_grace_is_counted_in_local_days_across_the_end_of_summer_time() -> None:
    slots = cycles.slots(Rhythm(), LONDON, *Q4, Q4[0])
    across = next(slot for slot in slots if slot.day == date(2026, 10, 23))
    assert (across.due, across.late_until) == (utc(10, 23, 16), utc(10, 26, 17))


rhythms = st.builds(
    Rhythm,
    cadence=st.sampled_from(Cadence),
    weekday=st.integers(0, 6),
    month_day=st.integers(1, 31),
    at=st.times().map(lambda at: at.replace(microsecond=0)),
    grace=st.integers(0, 31),
)
zones = st.sampled_from([LONDON, SAIGON, NEW_YORK, ZoneInfo("Australia/Lord_Howe"), ZoneInfo("UTC")])
first_days = st.dates(date(2020, 1, 1), date(2030, 12, 31))


@given(rhythms, zones, first_days, st.integers(1, 400), st.integers(-30, 420))
def test_slots_cover_a_goals_life_without_gap_or_overlap(
    rhythm: Rhythm, zone: ZoneInfo, first: date, length: int, offset: int
) -> None:
    last, since = first + timedelta(days=length - 1), first + timedelta(days=offset)
    slots = cycles.slots(rhythm, zone, first, last, since)
    start = max(first, since)
    assert all(before.due == after.opens for before, after in pairwise(slots))
    assert all(slot.opens < slot.due <= slot.late_until for slot in slots)
    assert all(before.late_until <= after.due for before, after in pairwise(slots))
    assert all(start <= slot.day <= last for slot in slots)
    assert all(slot.opens <= datetime.combine(start, time(), zone) for slot in slots[:1])


@given(rhythms, zones, first_days, st.integers(0, 100))
def test_goals_of_one_cycle_share_their_due_days(rhythm: Rhythm, zone: ZoneInfo, first: date, offset: int) -> None:
    last = first + timedelta(days=91)
    early = cycles.slots(rhythm, zone, first, last, first)
    late = cycles.slots(rhythm, zone, first, last, first + timedelta(days=offset))
    kept = early[len(early) - len(late) :]
    assert [slot.due for slot in late] == [slot.due for slot in kept]
    assert late[1:] == kept[1:]
