"""Periods: days, weeks, months and quarters."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from okr import period as periods
from okr.period import Period


@pytest.mark.parametrize(
    ("period", "day", "start", "end", "following"),
    [
        (Period.DAY, date(2026, 8, 15), date(2026, 8, 15), date(2026, 8, 15), date(2026, 8, 16)),
        (Period.WEEK, date(2026, 8, 15), date(2026, 8, 10), date(2026, 8, 16), date(2026, 8, 17)),
        (Period.WEEK, date(2026, 8, 10), date(2026, 8, 10), date(2026, 8, 16), date(2026, 8, 17)),
        (Period.MONTH, date(2028, 2, 29), date(2028, 2, 1), date(2028, 2, 29), date(2028, 3, 1)),
        (Period.MONTH, date(2026, 12, 31), date(2026, 12, 1), date(2026, 12, 31), date(2027, 1, 1)),
        (Period.QUARTER, date(2026, 12, 31), date(2026, 10, 1), date(2026, 12, 31), date(2027, 1, 1)),
        (Period.QUARTER, date(2026, 5, 1), date(2026, 4, 1), date(2026, 6, 30), date(2026, 7, 1)),
    ],
)
def test_a_day_lies_in_one_period(period: Period, day: date, start: date, end: date, following: date) -> None:
    assert periods.start(period, day) == start
    assert periods.end(period, start) == end
    assert periods.step(period, start) == following


any_day = st.dates(date(1990, 1, 1), date(2100, 12, 31))


@given(st.sampled_from(Period), any_day, st.integers(-200, 200))
def test_periods_tile_the_calendar(period: Period, day: date, n: int) -> None:
    start = periods.start(period, day)
    assert start <= day <= periods.end(period, start)
    moved = periods.step(period, start, n)
    assert periods.start(period, moved) == moved
    assert periods.between(period, start, moved) == n
    assert periods.step(period, moved, -n) == start
    full = periods.first_full(period, day)
    assert full == (start if start == day else periods.step(period, start))
