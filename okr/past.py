"""The past: the picture of an organisation as it was at an earlier instant, put together from what has a history."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Generic, TypeVar
from zoneinfo import ZoneInfo

from okr import breach
from okr import period as periods
from okr.goal import KeyResult, Objective, ObjectiveState
from okr.kpi import Kpi, Reading, Watch
from okr.snapshot import Snapshot, grouped

E = TypeVar("E")


@dataclass(frozen=True, slots=True)
class _Line(Generic[E]):
    """The states of one thing, each from the instant at the same place of `since` on; before the first it was not."""

    since: Sequence[datetime]
    states: Sequence[E]

    def at(self, instant: datetime) -> E | None:
        """Return how it was at an instant, None where it was not there yet."""
        place = bisect_right(self.since, instant)
        return self.states[place - 1] if place else None


class Past:
    """What an organisation was, for any instant up to that of the picture it is made from.

    What has a history is as it was. A reading counts from the closing of its period on, whenever it was typed in, so an
    import of three years has a past of three years; a KPI is there from `since` or its first reading on, a target from
    its day on, and a promotion from that of its target. A check-in counts from its instant on, a correction from that
    of what it corrects. An objective is there from `since` on, and was active until it was closed.

    What has no history is as it is today: units, people, cycles; names, owners, edges, rules; that something is a
    draft, or cancelled. `readings` are all readings of the KPIs that matter; a KPI without them never had any.
    """

    def __init__(self, snapshot: Snapshot, readings: Iterable[Reading]) -> None:
        self.today = snapshot
        self._midnights: dict[tuple[ZoneInfo, date], datetime] = {}
        history = grouped((reading.kpi, reading) for reading in readings)
        self._kpis = {key: self._watched(each, history.get(key, ())) for key, each in snapshot.kpis.items()}
        self._objectives = {key: self._pursued(each) for key, each in snapshot.objectives.items()}
        self._results = {key: self._set(each) for key, each in snapshot.key_results.items()}

    def at(self, instant: datetime) -> Snapshot:
        """Return the picture as of an instant (aware), which is not after that of the picture of today."""
        now = instant.astimezone(UTC)
        kpis = dict(_there(self._kpis, now))
        objectives = dict(_there(self._objectives, now))
        results = {key: self.today.key_results[key] for key, since in self._results.items() if since <= now}
        known = objectives.keys() | results.keys()
        return replace(
            self.today,
            as_of=now,
            objectives={
                key: each if each.supports is None or each.supports in known else replace(each, supports=None)
                for key, each in objectives.items()
            },
            key_results={key: _said(each, now, kpis) for key, each in results.items()},
            kpis=kpis,
        )

    def turns(self, since: datetime) -> tuple[datetime, ...]:
        """Return the instants after `since`, in order, at which the fact of some KPI may change; in between none does.

        A period closes, a KPI or a target begins; an objective or key result that attacks a KPI begins or ends; a cycle
        begins, ends or is closed; somebody leaves.
        """
        found = {*self._closings(since), *self._beginnings()}
        return tuple(sorted(each for each in found if since < each <= self.today.as_of))

    def _closings(self, since: datetime) -> Iterator[datetime]:
        """Yield when periods are closed, with or without a reading: what is missing shows then."""
        clocks = {(each.period, each.late_days, self.today.zone(each.unit)) for each in self.today.kpis.values()}
        for period, late, zone in clocks:
            first = periods.start(period, since.astimezone(zone).date() - timedelta(days=late))
            while (closes := self._midnight(zone, first + timedelta(days=late))) <= self.today.as_of:
                yield closes
                first = periods.step(period, first)

    def _beginnings(self) -> Iterator[datetime]:
        picture = self.today
        for each in picture.kpis.values():
            yield from self._kpis[each.key].since
        for result in picture.key_results.values():
            if result.measures:
                yield self._results[result.key]
                yield from self._objectives[result.objective].since
        for objective in picture.objectives.values():
            if objective.addresses:
                yield from self._objectives[objective.key].since
        days = {day for cycle in picture.cycles.values() for day in (cycle.first, cycle.last + _DAY, cycle.closes)}
        days |= {person.left for person in picture.people.values() if person.left}
        for zone in {picture.zone(unit) for unit in picture.units}:
            yield from (self._midnight(zone, day) for day in days)

    def _watched(self, watched: Kpi, history: Sequence[Reading]) -> _Line[Kpi]:
        """The KPI from each day on which a target of it began or a reading came to count: one pass over its history."""
        ordered = sorted(history, key=lambda reading: reading.period)
        born = min(watched.since, ordered[0].period) if ordered else watched.since
        turns: list[tuple[date, Reading | None]] = [(born, None)]
        turns += [(target.valid_from, None) for target in watched.targets if target.valid_from > born]
        turns += [(_closes(watched, reading.period), reading) for reading in ordered]
        turns.sort(key=lambda turn: turn[0])
        zone, latest, watch, states = self.today.zone(watched.unit), None, Watch(), list[Kpi]()
        for day, reading in turns:
            if reading is not None:
                latest, (watch, _) = reading, breach.advance(watched, watch, reading)
            begun = tuple(target for target in watched.targets if target.valid_from <= day)
            states.append(replace(watched, targets=begun, latest=latest, watch=watch, unjudged=()))
        return _Line([self._midnight(zone, day) for day, _ in turns], states)

    def _pursued(self, objective: Objective) -> _Line[Objective]:
        begins = self._midnight(self.today.zone(objective.unit), objective.since)
        if objective.final is None:
            return _Line([begins], [objective])
        active = replace(objective, state=ObjectiveState.ACTIVE, final=None)
        return _Line([begins, max(begins, objective.final.at)], [active, objective])

    def _set(self, result: KeyResult) -> datetime:
        objective = self.today.objectives[result.objective]
        begins = self._midnight(self.today.zone(objective.unit), result.since)
        return max(begins, self._objectives[objective.key].since[0])

    def _midnight(self, zone: ZoneInfo, day: date) -> datetime:
        if (zone, day) not in self._midnights:
            self._midnights[zone, day] = datetime.combine(day, time(), zone).astimezone(UTC)
        return self._midnights[zone, day]


_DAY = timedelta(days=1)


def _there(lines: Mapping[str, _Line[E]], now: datetime) -> Iterator[tuple[str, E]]:
    return ((key, each) for key, line in lines.items() if (each := line.at(now)) is not None)


def _closes(watched: Kpi, start: date) -> date:
    """Return the first day on which the period beginning on `start` is closed."""
    return periods.step(watched.period, start) + timedelta(days=watched.late_days)


def _said(result: KeyResult, now: datetime, kpis: Mapping[str, Kpi]) -> KeyResult:
    """Return the key result with what was said of it by `now`, without a KPI or a promotion that came later."""
    entries = result.check_ins
    if entries and entries[-1].at > now:
        entries = tuple(entry for entry in entries if entry.at <= now)
        done = entries[-1].milestones if entries else ()
        steps = tuple(replace(each, done=at in done) for at, each in enumerate(result.milestones))
        result = replace(result, check_ins=entries, milestones=steps)
    if result.measures and result.measures not in kpis:
        result = replace(result, measures=None)
    if result.promoted_to and not _promoted(result, kpis.get(result.promoted_to)):
        result = replace(result, promoted_to=None)
    return result


def _promoted(result: KeyResult, watched: Kpi | None) -> bool:
    sources = (target.provenance for target in watched.targets) if watched else ()
    return any(source and source.key_result == result.key for source in sources)
