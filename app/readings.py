"""What reporters do: bring the numbers of KPIs, late and corrected ones included."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from app import evaluation, kpis
from app.call import Call
from okr import breach, kpi
from okr import period as periods
from okr.errors import Code, Refusal
from okr.goal import Objective
from okr.kpi import Episode, Kpi, Reading, Sample
from okr.org import Role
from okr.recommendation import Recommendation


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingDraft:
    """One value of one KPI for one day; the day's period is the reading it joins or corrects."""

    kpi: str
    day: date
    value: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """How many readings were accepted, and what is open about their KPIs now."""

    accepted: int
    recommendations: tuple[Recommendation, ...]


async def record(call: Call, drafts: Sequence[ReadingDraft]) -> Taken:
    """Record readings, all or none, and evaluate what they touch; one that says nothing new is accepted silently.

    The reporter of a KPI may, and everybody with the role member in its unit. Where others bring numbers of the same
    KPI in the same moment, all of them count.
    """
    touched = tuple(dict.fromkeys(draft.kpi for draft in drafts))
    if done := await call.replay():
        return Taken(accepted=int(str(done["accepted"])), recommendations=await evaluation.after(call, touched))
    for position, draft in enumerate(drafts):
        _allowed(call, draft, position)
    news = await call.in_turn(lambda: write(call, drafts))
    look = evaluation.after if news else evaluation.open_about
    return Taken(accepted=len(drafts), recommendations=await look(call, touched))


async def write(call: Call, drafts: Sequence[ReadingDraft]) -> int:
    """Write readings of known KPIs in one transaction without evaluating them; return how many changed something."""
    by_kpi: defaultdict[str, list[tuple[int, ReadingDraft]]] = defaultdict(list)
    for position, draft in enumerate(drafts):
        by_kpi[draft.kpi].append((position, draft))
    late = [key for key, mine in by_kpi.items() if _late(call.picture.kpis[key], (draft for _, draft in mine))]
    history = {key: await call.store.readings(key) for key in late}
    heard: list[Kpi] = []
    readings: list[Reading] = []
    flagged: list[Objective] = []
    for key, mine in by_kpi.items():
        watched = call.picture.kpis[key]
        if key in late:
            after, changed, episodes = _replayed(call, watched, history[key], mine)
            flagged.extend(kpis.reflagged(call, after, episodes))
        else:
            after, changed = _appended(call, watched, mine)
        if changed:
            heard.append(after)
            readings.extend(changed)
    # A correction far back may leave the KPI as it is; it has to be the KPI that was looked at all the same.
    held = [one for one in heard if one == call.picture.kpis[one.key]]
    await call.commit(
        "readings.record", *heard, *flagged, held=held, derived=readings, result={"accepted": len(drafts)}
    )
    return len(readings)


def _allowed(call: Call, draft: ReadingDraft, position: int) -> None:
    watched = call.picture.kpis.get(draft.kpi)
    if watched is not None and watched.reporter == call.actor.key:
        return
    if watched is None or not call.sees(draft.kpi):
        raise Refusal(Code.NOT_FOUND, "There is no such KPI.", ("readings", str(position), "kpiId"))
    call.require(Role.MEMBER, watched.unit)


def _late(watched: Kpi, drafts: Iterable[ReadingDraft]) -> bool:
    judged = watched.watch.judged
    return judged is not None and any(periods.start(watched.period, draft.day) <= judged for draft in drafts)


def _appended(call: Call, watched: Kpi, mine: list[tuple[int, ReadingDraft]]) -> tuple[Kpi, list[Reading]]:
    today = call.picture.today(watched.unit)
    changed: dict[date, Reading] = {}
    waiting = {reading.period: reading for reading in watched.unjudged}
    for position, draft in sorted(mine, key=lambda pair: pair[1].day):
        start = periods.start(watched.period, draft.day)
        before = waiting.get(start)
        after = _taken(call, watched, before, draft, position, today)
        if after is not before:
            waiting[start] = changed[start] = after
    if not changed:
        return watched, []
    unjudged = tuple(waiting[start] for start in sorted(waiting))
    newest = max((*unjudged, *([watched.latest] if watched.latest else [])), key=lambda reading: reading.period)
    extended = replace(watched, latest=waiting.get(newest.period, newest), unjudged=unjudged)
    watch, rest = breach.settle(extended, today)
    return replace(extended, watch=watch, unjudged=rest), list(changed.values())


def _replayed(
    call: Call, watched: Kpi, history: Sequence[Reading], mine: list[tuple[int, ReadingDraft]]
) -> tuple[Kpi, list[Reading], tuple[Episode, ...]]:
    today = call.picture.today(watched.unit)
    known = {reading.period: reading for reading in history}
    changed: dict[date, Reading] = {}
    for position, draft in mine:
        start = periods.start(watched.period, draft.day)
        before = known.get(start)
        after = _taken(call, watched, before, draft, position, today)
        if after is not before:
            known[start] = changed[start] = after
    again, episodes = breach.rewatched(watched, known.values(), today)
    return again, list(changed.values()), episodes


def _taken(
    call: Call, watched: Kpi, before: Reading | None, draft: ReadingDraft, position: int, today: date
) -> Reading:
    sample = Sample(day=draft.day, value=draft.value, at=call.at, by=call.actor.key)
    try:
        return kpi.take(watched, before, sample, today)
    except Refusal as refusal:
        raise refusal.under("readings", str(position)) from None
