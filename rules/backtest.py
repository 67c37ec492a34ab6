"""Back-tests: what a policy would have opened and resolved, had it been in force on past days."""

import asyncio
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from itertools import chain, count, takewhile

from okr.errors import Code, Refusal
from okr.past import Past
from okr.policy import Policy
from okr.snapshot import Snapshot
from rules import explain, facts, fields, finding, policy, proposal
from rules.evaluation import BREATH
from rules.explain import Outcome
from rules.force import FILED, Force
from rules.ledger import Ledger, Place, Seen

LONGEST = 10_000
"""Past days that can be asked for: 27 years."""

MOST_FACTS, MOST_KPI_FACTS = 30_000, 200_000
"""What a back-test looks at, some seconds' worth; beyond that it looks at fewer days. Facts of KPIs are quick."""

STEPS = (1, 2, 3, 5, 7, 14, 28, 91)


@dataclass(frozen=True, slots=True, kw_only=True)
class Month:
    """What happened in one month, named by its first day, and what was open when it ended."""

    month: date
    opened: int = 0
    resolved: int = 0
    open_at_end: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitPast:
    """What happened in one unit; `asked` and `matched` count its subjects."""

    unit: str
    opened: int = 0
    resolved: int = 0
    open_at_end: int = 0
    asked: int = 0
    matched: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Backtest:
    """What a policy would have done from `first` to `last`, both included.

    `months` (all of them) and `units` (those with a subject, the busiest first) add up to the whole. Of the subjects
    `asked` on any day, `matched` did on at least one. Every `step_days`-th day was looked at, which came to `facts`.
    """

    first: date
    last: date
    days: int
    step_days: int
    facts: int
    asked: int
    matched: int
    opened: int
    resolved: int
    open_at_end: int
    months: tuple[Month, ...]
    units: tuple[UnitPast, ...]

    @property
    def share(self) -> float | None:
        """The share of the subjects that matched; None where nothing was asked."""
        return self.matched / self.asked if self.asked else None


async def run(past: Past, policies: Iterable[Policy], days: int) -> Backtest:
    """Return what a policy (with what is laid over it) would have done on the last `days` days, today included.

    It is as if it had been put in force on the first of them, whatever its own dates, and as if nobody had acted on
    what it found and nothing had lapsed or been waived; layers that are over by today are left out. Hold and clear are
    kept, unknown resolves nothing, and what flaps within its episode, or comes back within the cool-down, is one.
    Refuses days that cannot be looked at.
    """
    check(days)
    picture = past.today
    asked = timeless(policies, picture)
    ledger, step = Ledger(), 1
    last = _local(picture, picture.as_of)
    if resolved := Force(picture, asked).resolved:
        kind = next(iter(resolved.values())).kind.name
        subjects = within(picture, asked, kind)
        step, instants = _plan(past, kind, subjects, days)
        for instant in instants:
            await _day(past.at(instant), asked, kind, subjects, ledger)
    return _summed(ledger, last - timedelta(days=days - 1), last, step)


def check(days: int) -> None:
    """Refuse a number of days that cannot be looked at."""
    if not 1 <= days <= LONGEST:
        raise Refusal(Code.INVALID, f"A back-test looks at 1 to {LONGEST:,} days; this is {days}.", ("backtestDays",))


def timeless(policies: Iterable[Policy], snapshot: Snapshot) -> tuple[Policy, ...]:
    """Return policies as if they were in force at any time, but for layers that are over: those do not come back."""
    return tuple(
        replace(each, effective_from=None, effective_to=None)
        for each in policies
        if not (each.layer in snapshot.units and each.effective_to and each.effective_to < snapshot.today(each.layer))
    )


def within(snapshot: Snapshot, policies: Sequence[Policy], kind: str) -> frozenset[str]:
    """Return the keys of what a policy is asked about: everything of its kind in the units of its scope."""
    (base,) = (each for each in policies if not each.layer)
    everywhere = replace(base, scope=replace(base.scope, cycles=()), effective_from=None, effective_to=None)
    units = {unit for unit in snapshot.units if policy.holds(everywhere, snapshot, unit, None, snapshot.today(unit))}
    shelves: Mapping[str, Iterable[str]] = {
        "kpi": (key for key, each in snapshot.kpis.items() if each.unit in units),
        "unit": units,
        "objective": (key for key, each in snapshot.objectives.items() if each.unit in units),
        "key_result": (key for key, each in snapshot.key_results.items() if snapshot.unit_of(each) in units),
    }
    return frozenset(shelves[kind])


def remembered(snapshot: Snapshot, policies: Sequence[Policy]) -> frozenset[str]:
    """Return the keys of the KPIs whose readings a back-test of a policy needs."""
    resolved = next(iter(Force(snapshot, timeless(policies, snapshot)).resolved.values()), None)
    if resolved is None:
        return frozenset()
    asked = within(snapshot, policies, resolved.kind.name)
    if resolved.kind.name == "kpi":
        return asked
    # Of other facts only those that count KPIs by their state look at readings.
    counts = resolved.kind.name == "unit" and any("kpi" in name for name in policy.reads(resolved.condition))
    return frozenset(key for key, each in snapshot.kpis.items() if counts and each.unit in asked)


async def _day(
    picture: Snapshot, policies: Sequence[Policy], kind: str, subjects: Collection[str], ledger: Ledger
) -> None:
    force, day = Force(picture, policies), _local(picture, picture.as_of)
    reads = {name: policy.reads(each.condition) for name, each in force.resolved.items()}
    seen: set[Place] = set()
    for at, fact in enumerate(facts.each(picture, (kind,), subjects), start=1):
        for name in force.names(fact):
            resolved = force.resolved[name]
            if resolved.policy.mode not in FILED:
                continue
            values = {each: fact.values[each] for each in reads[name] if each in fact.values}
            outcome = explain.outcome(resolved.condition, fields.clean(resolved.kind, values))
            episode = proposal.episode(picture, resolved.action, fact) if outcome is Outcome.MATCH else None
            place, unit = (fact.subject, fact.cycle), finding.answerable(picture, fact)
            terms = policy.terms(resolved.policy)
            ledger.look(Seen(place=place, unit=unit, outcome=outcome, episode=episode, terms=terms), day)
            seen.add(place)
        if at % BREATH == 0:
            await asyncio.sleep(0)
    ledger.miss(seen, day)
    await asyncio.sleep(0)


def _plan(past: Past, kind: str, subjects: Collection[str], days: int) -> tuple[int, tuple[datetime, ...]]:
    """Return the shortest step in days in which that can be done, and the instants to look at.

    A KPI changes on few days, so those are enough; everything else moves with every day.
    """
    picture = past.today
    turns = past.turns(_instants(picture, days, 1)[0]) if kind == "kpi" else ()
    most = MOST_KPI_FACTS if kind == "kpi" else MOST_FACTS
    steps = chain(STEPS, (STEPS[-1] * 2**n for n in count(1)))
    for step in takewhile(lambda each: each < 2 * days, steps):
        instants = _instants(picture, days, step)
        if kind == "kpi":
            instants = tuple(_after(turns, instants))
        if _size(picture, kind, subjects, instants) <= most:
            return step, instants
    return days, (picture.as_of,)


def _instants(picture: Snapshot, days: int, step: int) -> tuple[datetime, ...]:
    """Return the picture's time of day on every `step`-th of the last `days` days at the root, today the last."""
    zone = picture.zone(picture.root.key)
    now = picture.as_of.astimezone(zone)
    back = range(0, days, step)
    return tuple(
        datetime.combine(now.date() - timedelta(days=n), now.time(), zone).astimezone(UTC) for n in reversed(back)
    )


def _after(turns: Sequence[datetime], instants: Sequence[datetime]) -> Iterator[datetime]:
    """Yield the first of the instants, and those before which, since the one before, something turned."""
    waiting = iter(turns)
    turn = next(waiting, None)
    for at, instant in enumerate(instants):
        turned = at == 0
        while turn is not None and turn <= instant:
            turned, turn = True, next(waiting, None)
        if turned:
            yield instant


def _size(picture: Snapshot, kind: str, subjects: Collection[str], instants: Sequence[datetime]) -> int:
    """Return about how much there is to look at: facts of KPIs, else those of running cycles and what they add up."""
    if kind == "kpi":
        return len(subjects) * len(instants)
    days = [_local(picture, instant) for instant in instants]
    running = {key: sum(cycle.first <= day < cycle.closes for day in days) for key, cycle in picture.cycles.items()}
    found = sum(running.values()) * len(subjects) if kind == "unit" else 0
    for objective in picture.objectives.values():
        results = picture.key_results_of.get(objective.key, ())
        if kind == "key_result":
            load = sum(result.key in subjects for result in results)
        elif objective.key in subjects or objective.unit in subjects:
            load = 1 + len(results)
        else:
            load = 0
        found += load * running[objective.cycle]
    return found


def _local(picture: Snapshot, instant: datetime) -> date:
    return instant.astimezone(picture.zone(picture.root.key)).date()


def _summed(ledger: Ledger, first: date, last: date, step: int) -> Backtest:
    opened, resolved = defaultdict[date, int](int), defaultdict[date, int](int)
    units = {unit: UnitPast(unit=unit) for unit in ledger.asked.values()}
    for unit, begins, ends in ledger.spans(last):
        opened[begins.replace(day=1)] += 1
        if ends:
            resolved[ends.replace(day=1)] += 1
        one = units[unit]
        units[unit] = replace(
            one,
            opened=one.opened + 1,
            resolved=one.resolved + (ends is not None),
            open_at_end=one.open_at_end + (ends is None),
        )
    for subject, unit in ledger.asked.items():
        one = units[unit]
        units[unit] = replace(one, asked=one.asked + 1, matched=one.matched + (subject in ledger.matched))
    months: list[Month] = []
    for month in _months(first, last):
        standing = (months[-1].open_at_end if months else 0) + opened[month] - resolved[month]
        months.append(Month(month=month, opened=opened[month], resolved=resolved[month], open_at_end=standing))
    return Backtest(
        first=first,
        last=last,
        days=(last - first).days + 1,
        step_days=step,
        facts=ledger.facts,
        asked=len(ledger.asked),
        matched=len(ledger.matched),
        opened=sum(opened.values()),
        resolved=sum(resolved.values()),
        open_at_end=sum(opened.values()) - sum(resolved.values()),
        months=tuple(months),
        units=tuple(sorted(units.values(), key=lambda one: (-one.opened, one.unit))),
    )


def _months(first: date, last: date) -> Iterator[date]:
    month = first.replace(day=1)
    while month <= last:
        yield month
        month = (month + timedelta(days=31)).replace(day=1)
