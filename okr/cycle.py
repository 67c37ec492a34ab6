"""Cycles, cadence, and the check-in slots that follow from both."""

from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache
from typing import assert_never
from zoneinfo import ZoneInfo

from okr.errors import Code, Refusal
from okr.text import Text

GRADING = timedelta(days=14)
LONGEST = timedelta(days=400)
LONGEST_GRACE = 31
TICK_MINUTES = 15
EARLIEST = date(1970, 1, 1)
LATEST = date(2199, 12, 31)


class CycleKind(StrEnum):
    """How long a cycle is meant to last; annual and quarterly goals are counted separately."""

    QUARTER = "quarter"
    YEAR = "year"


class CycleState(StrEnum):
    """Where a day finds a cycle: before it, in it, in the days after it for grading, or after those."""

    PLANNED = "planned"
    ACTIVE = "active"
    GRADING = "grading"
    CLOSED = "closed"


class Cadence(StrEnum):
    """How often something is due."""

    WEEKLY = "weekly"
    BIWEEKLY = "biweekly"
    MONTHLY = "monthly"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rhythm:
    """When check-ins are due, in local time of the unit's zone; `at` is a quarter hour, on which pictures turn.

    `weekday` (0 = Monday) counts for weekly and biweekly, `month_day` (1–31; a shorter month uses its last day) for
    monthly. `grace` is in days after the due moment.
    """

    cadence: Cadence = Cadence.WEEKLY
    weekday: int = 4
    month_day: int = 31
    at: time = time(17, 0)
    grace: int = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause:
    """Days on which a cycle rests, both included; slots due on them are excused."""

    first: date
    last: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Cycle:
    """A span of local dates, both included, in which goals live; from `closes` on nothing in it changes."""

    key: str
    name: Text
    kind: CycleKind
    first: date
    last: date
    closes: date
    pauses: tuple[Pause, ...] = ()
    version: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """One check-in that is expected, as instants in UTC and the local date on which it is due.

    An entry is on time in (`opens`, `due`] and late in (`due`, `late_until`]. `opens` is the due moment before this
    one; for a goal's first slot it is the last due moment before the goal's life, so every entry falls into a slot.
    """

    opens: datetime
    due: datetime
    late_until: datetime
    day: date


def dated(day: date, *field: str) -> date:
    """Return `day` where it lies in the years that are planned in (1970–2199); refuse it at `field` otherwise."""
    if not EARLIEST <= day <= LATEST:
        raise Refusal(Code.INVALID, f"A day between {EARLIEST} and {LATEST} is needed; this is {day}.", field)
    return day


def check(cycle: Cycle) -> None:
    """Refuse a cycle whose days are out of order, that lasts over 400 days, or whose pauses leave it or overlap."""
    dated(cycle.first, "first")
    dated(cycle.last, "last")
    dated(cycle.closes, "closes")
    if cycle.last < cycle.first:
        raise Refusal(Code.INVALID, f"The cycle ends on {cycle.last}, before it begins on {cycle.first}.", ("last",))
    if cycle.last - cycle.first >= LONGEST:
        raise Refusal(Code.INVALID, f"A cycle lasts at most {LONGEST.days} days; split this one.", ("last",))
    if cycle.closes <= cycle.last:
        raise Refusal(Code.INVALID, f"The cycle lives until {cycle.last}; it closes after that.", ("closes",))
    rested_until = date.min
    for at, pause in enumerate(cycle.pauses):
        field = ("pauses", str(at))
        if not cycle.first <= pause.first <= pause.last <= cycle.last:
            raise Refusal(Code.INVALID, f"A pause begins before it ends, within {cycle.first} to {cycle.last}.", field)
        if pause.first <= rested_until:
            raise Refusal(Code.INVALID, "Pauses are given in order and do not overlap.", field)
        rested_until = pause.last


def check_rhythm(rhythm: Rhythm) -> None:
    """Refuse a rhythm that names no weekday, day of a month or local quarter hour, or has a grace beyond 31 days."""
    if not 0 <= rhythm.weekday <= 6:
        raise Refusal(Code.INVALID, "A weekday is 0 (Monday) to 6 (Sunday).", ("weekday",))
    if not 1 <= rhythm.month_day <= 31:
        raise Refusal(Code.INVALID, "A day of the month is 1 to 31; shorter months use their last day.", ("monthDay",))
    if rhythm.at.tzinfo is not None:
        raise Refusal(Code.INVALID, "The due time is local to the unit; give it without an offset.", ("at",))
    if rhythm.at.minute % TICK_MINUTES or rhythm.at.second or rhythm.at.microsecond:
        message = f"A due time is on a quarter hour, such as 17:00 or 17:15; this is {rhythm.at}."
        raise Refusal(Code.INVALID, message, ("at",))
    if not 0 <= rhythm.grace <= LONGEST_GRACE:
        raise Refusal(Code.INVALID, f"The grace is 0 to {LONGEST_GRACE} days.", ("grace",))


def state(cycle: Cycle, day: date) -> CycleState:
    """Return where the local date `day` finds the cycle."""
    if day < cycle.first:
        return CycleState.PLANNED
    if day <= cycle.last:
        return CycleState.ACTIVE
    return CycleState.GRADING if day < cycle.closes else CycleState.CLOSED


def elapsed(cycle: Cycle, day: date) -> Decimal:
    """Return the share of the cycle's local dates that have begun by `day`, 0 to 1; the first day counts."""
    total = (cycle.last - cycle.first).days + 1
    begun = (day - cycle.first).days + 1
    return Decimal(min(max(begun, 0), total)) / total


def overlap(a: Cycle, b: Cycle) -> bool:
    """Tell whether two cycles share a day."""
    return a.first <= b.last and b.first <= a.last


def paused(cycle: Cycle, day: date) -> bool:
    """Tell whether the cycle rests on `day`."""
    return any(pause.first <= day <= pause.last for pause in cycle.pauses)


def slots(rhythm: Rhythm, zone: ZoneInfo, first: date, last: date, since: date) -> tuple[Slot, ...]:
    """Return the check-in slots, oldest first, of a goal that lives from `since` in a cycle of `first`..`last`.

    A due day that comes less than half a cadence after the goal's start is dropped, and its time joins the next slot.
    Biweekly due days count from the first such weekday of the cycle, so all goals of a cycle share their days. A due
    time that the clocks skip moves forward; one that they repeat means the first.
    """
    return _slots(rhythm, zone, first, last, since)


# Every derivation asks for slots, and the goals of a cycle share them: remembering turns 140 µs into a look-up.
@lru_cache(maxsize=4096)
def _slots(rhythm: Rhythm, zone: ZoneInfo, first: date, last: date, since: date) -> tuple[Slot, ...]:
    start = max(first, since)
    days = _due_days(rhythm, first, last)
    live = [at for at, day in enumerate(days) if start <= day <= last]
    if not live:
        return ()
    before = days[live[0] - 1]
    if 2 * (days[live[0]] - start) < days[live[0]] - before:
        live = live[1:]
    opens = _moment(rhythm, zone, before)
    found: list[Slot] = []
    for at in live:
        due = _moment(rhythm, zone, days[at])
        grace_ends = _moment(rhythm, zone, days[at] + timedelta(days=rhythm.grace))
        late_until = min(grace_ends, _moment(rhythm, zone, days[at + 1]))
        found.append(Slot(opens=opens, due=due, late_until=late_until, day=days[at]))
        opens = due
    return tuple(found)


def _due_days(rhythm: Rhythm, first: date, last: date) -> tuple[date, ...]:
    """Return the due days from at least one before `first` to at least one after `last`."""
    match rhythm.cadence:
        case Cadence.WEEKLY | Cadence.BIWEEKLY as cadence:
            step = 7 if cadence is Cadence.WEEKLY else 14
            anchor = first + timedelta(days=(rhythm.weekday - first.weekday()) % 7)
            count = (last - anchor).days // step + 1
            return tuple(anchor + timedelta(days=step * n) for n in range(-1, count + 1))
        case Cadence.MONTHLY:
            months = range(first.year * 12 + first.month - 2, last.year * 12 + last.month + 1)
            return tuple(_day_of_month(*divmod(month, 12), rhythm.month_day) for month in months)
        case _:
            assert_never(rhythm.cadence)


def _day_of_month(year: int, month_from_0: int, day: int) -> date:
    month = month_from_0 + 1
    return date(year, month, min(day, monthrange(year, month)[1]))


def _moment(rhythm: Rhythm, zone: ZoneInfo, day: date) -> datetime:
    # With fold=0 Python takes the offset before a transition: a skipped time lands after the gap, a repeated one first.
    return datetime.combine(day, rhythm.at.replace(fold=0), zone).astimezone(UTC)
