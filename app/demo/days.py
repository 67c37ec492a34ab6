"""Days: what "this quarter" and "last month" mean for an organisation that is laid out around one day."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from okr import period as periods
from okr.cycle import CycleKind
from okr.period import Period

BEFORE = timedelta(days=470)
"""How long before the day an organisation was founded: a little longer than the five quarters can reach back."""

QUARTERS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Days:
    """The calendar around `today`; quarters and years are counted from the present one, which is 0."""

    today: date
    zone: ZoneInfo

    @property
    def now(self) -> datetime:
        """The instant that everything ends at: midnight in UTC, when the day has begun there and in all zones east."""
        return datetime.combine(self.today, time(), UTC)

    @property
    def founded(self) -> datetime:
        """The instant of the founding, from which the day can be told again."""
        return self.now - BEFORE

    def at(self, day: date, hour: int = 0) -> datetime:
        """Return an instant: local time at an hour, or without one midnight in UTC."""
        return datetime.combine(day, time(hour), self.zone if hour else UTC).astimezone(UTC)

    def first(self, when: int, kind: CycleKind = CycleKind.QUARTER) -> date:
        """Return the first day of a cycle."""
        if kind is CycleKind.YEAR:
            return date(self.today.year + when, 1, 1)
        return periods.step(Period.QUARTER, periods.start(Period.QUARTER, self.today), when)

    def last(self, when: int, kind: CycleKind = CycleKind.QUARTER) -> date:
        """Return the last day of a cycle."""
        return self.first(when + 1, kind) - timedelta(days=1)

    def months(self) -> tuple[date, ...]:
        """Return the first days of the months that are over, from the first of the five quarters on."""
        first, present = self.first(1 - QUARTERS), self.today.replace(day=1)
        count = periods.between(Period.MONTH, first, present)
        return tuple(periods.step(Period.MONTH, first, n) for n in range(count))
