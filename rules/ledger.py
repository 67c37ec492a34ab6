"""The ledger of a back-test: what would have been filed, and from when to when it would have been open."""

from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta

from okr.filing import Terms
from rules.explain import Outcome

DAY = timedelta(days=1)

Place = tuple[str, str | None]
"""A subject, and the cycle where it is asked about once in each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What a policy says of a subject, who would have to act, the episode of a match, and how long the policy waits."""

    place: Place
    unit: str
    outcome: Outcome
    episode: str | None
    terms: Terms


@dataclass(slots=True, kw_only=True)
class Case:
    """One recommendation as it would have been: `spans` of days on which it was open, the last one perhaps still.

    `pending` is the day since which it has matched without being shown, `clearing` the one since which it no longer
    has. `heard` is what was last seen. Until `again` it would have come back as the same one.
    """

    unit: str
    lasting: bool
    terms: Terms
    spans: list[tuple[date, date | None]] = field(default_factory=list)
    pending: date | None = None
    clearing: date | None = None
    again: date = date.min
    heard: Outcome = Outcome.UNKNOWN

    @property
    def active(self) -> bool:
        """Whether it is shown, or about to be."""
        return self.pending is not None or self.open

    @property
    def open(self) -> bool:
        """Whether it is shown."""
        return bool(self.spans) and self.spans[-1][1] is None

    def wait(self, day: date) -> None:
        """Let the days before `day` pass, on which nothing changed."""
        if self.pending is not None and self.heard is Outcome.MATCH:
            due = self.pending + timedelta(days=self.terms.hold)
            if due < day:
                self._show(due)
        if self.clearing is not None and self.heard is Outcome.CLEAR:
            due = self.clearing + timedelta(days=self.terms.clear)
            if due < day:
                self._end(due)

    def look(self, outcome: Outcome, day: date) -> None:
        """Take in what is seen on a day; what is not known changes nothing."""
        self.heard = outcome
        if outcome is Outcome.MATCH:
            self.clearing = None
            if not self.open:
                self.pending = self.pending or day
                if day < self.again or self.pending + timedelta(days=self.terms.hold) <= day:
                    self._show(day)
        elif outcome is Outcome.CLEAR:
            self.pending = None
            if self.open:
                self.clearing = self.clearing or day
                if self.clearing + timedelta(days=self.terms.clear) <= day:
                    self._end(day)

    def lose(self, day: date) -> None:
        """End it: it can match no more."""
        if self.open:
            self._end(day)
        self.pending, self.again = None, date.min

    def _show(self, day: date) -> None:
        self.pending = None
        if day < self.again:
            self.spans[-1] = (self.spans[-1][0], None)
        else:
            self.spans.append((day, None))

    def _end(self, day: date) -> None:
        self.clearing = None
        self.spans[-1] = (self.spans[-1][0], day)
        self.again = date.max if self.lasting else day + timedelta(days=self.terms.cooldown)


class Ledger:
    """Everything that a policy would have filed, and about whom it was asked."""

    def __init__(self) -> None:
        self.cases: defaultdict[Place, dict[str | None, Case]] = defaultdict(dict)
        self.asked: dict[str, str] = {}
        self.matched: set[str] = set()
        self.facts = 0

    def look(self, seen: Seen, day: date) -> None:
        """Take in what the policy says of a subject on a day; where it matches, an episode before that one is over."""
        self.facts += 1
        self.asked[seen.place[0]] = seen.unit
        known, matched = self.cases[seen.place], seen.outcome is Outcome.MATCH
        if matched:
            self.matched.add(seen.place[0])
            if seen.episode not in known:
                known[seen.episode] = Case(unit=seen.unit, lasting=seen.episode is not None, terms=seen.terms)
        for episode, case in known.items():
            if case.active or episode == seen.episode:
                case.wait(day)
                case.look(Outcome.CLEAR if matched and episode != seen.episode else seen.outcome, day)

    def miss(self, seen: Collection[Place], day: date) -> None:
        """End what is about subjects that the policy no longer asks about."""
        for place, known in self.cases.items():
            if place not in seen:
                for case in known.values():
                    if case.active:
                        case.wait(day)
                        case.lose(day)

    def spans(self, last: date) -> Iterator[tuple[str, date, date | None]]:
        """Yield (unit, first day, day on which it was resolved) of all that was open."""
        for known in self.cases.values():
            for case in known.values():
                case.wait(last + DAY)
                yield from ((case.unit, *span) for span in case.spans)
