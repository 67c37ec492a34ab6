"""Periods: the days, weeks, months and quarters that readings are about, each named by its first day."""

from datetime import date, timedelta
from enum import StrEnum
from typing import assert_never


class Period(StrEnum):
    """How long one reading's period is; weeks start on Monday."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"


def start(period: Period, day: date) -> date:
    """Return the first day of the period that holds `day`."""
    match period:
        case Period.DAY:
            return day
        case Period.WEEK:
            return day - timedelta(days=day.weekday())
        case Period.MONTH:
            return day.replace(day=1)
        case Period.QUARTER:
            return day.replace(month=day.month - (day.month - 1) % 3, day=1)
        case _:
            assert_never(period)


def end(period: Period, first: date) -> date:
    """Return the last day of the period that begins on `first`."""
    return step(period, first) - timedelta(days=1)


def step(period: Period, first: date, n: int = 1) -> date:
    """Return the first day of the period `n` after the one beginning on `first` (before it where `n` is negative)."""
    match period:
        case Period.DAY:
            return first + timedelta(days=n)
        case Period.WEEK:
            return first + timedelta(weeks=n)
        case Period.MONTH | Period.QUARTER:
            year, month = divmod(_months(first) + n * (1 if period is Period.MONTH else 3), 12)
            return date(year, month + 1, 1)
        case _:
            assert_never(period)


def between(period: Period, first: date, later: date) -> int:
    """Return how many periods lie from the one beginning on `first` to the one beginning on `later`."""
    match period:
        case Period.DAY | Period.WEEK:
            return (later - first).days // (1 if period is Period.DAY else 7)
        case Period.MONTH | Period.QUARTER:
            return (_months(later) - _months(first)) // (1 if period is Period.MONTH else 3)
        case _:
            assert_never(period)


def first_full(period: Period, day: date) -> date:
    """Return the first day of the first period that begins on or after `day`."""
    first = start(period, day)
    return first if first == day else step(period, first)


def _months(day: date) -> int:
    return day.year * 12 + day.month - 1
