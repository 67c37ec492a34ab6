"""Breaches: when a KPI's readings open an episode of trouble, and when it is over."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from okr import kpi as kpis
from okr import period as periods
from okr import target as targets
from okr.kpi import BreachRule, BreachState, Episode, Kpi, Reading, Watch
from okr.number import Direction, better
from okr.target import Band, Target

RECENT = 12
"""How many of the last judged values a checkpoint keeps: a year of months."""

RANK = {Band.GREEN: 0, Band.AMBER: 1, Band.RED: 2}


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What one reading is worth to the state machine; a reading may be neither `bad` nor `good`.

    It is bad in the rule's band or a worse one, or below the baseline; good at the recovery or better, and not bad.
    """

    target: Target
    band: Band
    bad: bool
    good: bool


def closed(kpi: Kpi, start: date, today: date) -> bool:
    """Tell whether the period beginning on `start` is over, and late data for it no longer waited for, on `today`."""
    return start < kpis.first_open(kpi, today)


def judge(kpi: Kpi, reading: Reading) -> Verdict | None:
    """Return the verdict on a reading, or None where its period has no target or is the grace of a fresh one."""
    target = kpis.target_of(kpi, reading.period)
    if target is None or (target.fresh and reading.period <= periods.first_full(kpi.period, target.valid_from)):
        return None
    value, direction = reading.value, kpi.direction
    band = targets.band(target, direction, value)
    slipped = target.baseline is not None and better(target.baseline, value, direction)
    bad = slipped or RANK[band] >= RANK[kpi.rule.band]
    return Verdict(target=target, band=band, bad=bad, good=not bad and _recovered(target, direction, value, band))


def advance(kpi: Kpi, watch: Watch, reading: Reading) -> tuple[Watch, Episode | None]:
    """Return the watch after one more reading, and the episode that ended with it or before it.

    The reading's period follows the last judged one; for an earlier one there is `replay` (ValueError).
    """
    if watch.judged is not None and reading.period <= watch.judged:
        raise ValueError(f"{reading.period} is judged up to {watch.judged}; replay the history instead.")
    watch, ended = _renewed(kpi, watch, reading.period)
    verdict = judge(kpi, reading)
    recent = (*watch.recent, reading.value)[-RECENT:]
    counted = replace(watch, judged=reading.period, recent=recent)
    if verdict is None:
        return counted, ended
    counted = replace(
        counted,
        bad_run=watch.bad_run + 1 if verdict.bad else 0,
        amber_run=watch.amber_run + 1 if verdict.band is Band.AMBER else 0,
    )
    if watch.episode is None:
        return _on_guard(kpi, counted, reading, verdict), ended
    worst = _worse(kpi, verdict, reading.value, watch.episode.worst)
    episode = replace(watch.episode, worst=worst, periods=watch.episode.periods + 1)
    return _in_trouble(kpi.rule, counted, episode, good=verdict.good)


def settle(kpi: Kpi, today: date) -> tuple[Watch, tuple[Reading, ...]]:
    """Return the checkpoint once the closed periods of `unjudged` are judged, and the readings that remain unjudged."""
    watch = kpi.watch
    for at, reading in enumerate(kpi.unjudged):
        if not closed(kpi, reading.period, today):
            return watch, kpi.unjudged[at:]
        watch, _ = advance(kpi, watch, reading)
    return watch, ()


def current(kpi: Kpi, today: date) -> Watch:
    """Return where the breach stands on `today`: the settled checkpoint, reset by a fresh target that has come.

    The reset waits until everything before the target is closed, and is not part of the checkpoint: a reading of a
    period before the target may still come, and is judged as if the reset had not been looked at.
    """
    watch, _ = settle(kpi, today)
    return _renewed(kpi, watch, kpis.first_open(kpi, today))[0]


def replay(
    kpi: Kpi, readings: Iterable[Reading], today: date
) -> tuple[Watch, tuple[Episode, ...], tuple[Reading, ...]]:
    """Return the checkpoint, all episodes (oldest first, the open one last) and the unjudged readings of a history.

    `readings` is the whole history in any order, one reading a period. The checkpoint equals what `settle` reaches when
    the readings come one by one in the order of their periods.
    """
    history = tuple(sorted(readings, key=lambda reading: reading.period))
    watch, episodes, judged = Watch(), list[Episode](), 0
    for reading in history:
        if not closed(kpi, reading.period, today):
            break
        watch, ended = advance(kpi, watch, reading)
        judged += 1
        if ended:
            episodes.append(ended)
    now, ended = _renewed(kpi, watch, kpis.first_open(kpi, today))
    last = ended or now.episode
    return watch, (*episodes, last) if last else tuple(episodes), history[judged:]


def heard(kpi: Kpi, reading: Reading, today: date) -> Kpi | None:
    """Return the KPI with one reading added or replaced and settled, or None where the reading is late.

    A late one belongs to a period that is judged already, or lies before one that is: `rewatched` must replay.
    """
    if kpi.watch.judged is not None and reading.period <= kpi.watch.judged:
        return None
    others = (known for known in kpi.unjudged if known.period != reading.period)
    waiting = tuple(sorted((*others, reading), key=lambda known: known.period))
    newest = reading if kpi.latest is None or kpi.latest.period <= reading.period else kpi.latest
    heard_of = replace(kpi, latest=newest, unjudged=waiting)
    watch, rest = settle(heard_of, today)
    return replace(heard_of, watch=watch, unjudged=rest)


def rewatched(kpi: Kpi, readings: Iterable[Reading], today: date) -> tuple[Kpi, tuple[Episode, ...]]:
    """Return the KPI with its checkpoint rebuilt from its whole history, and all its episodes.

    Needed after a late or corrected reading, and after a change of rule, or of a target that reaches back.
    """
    history = tuple(readings)
    watch, episodes, rest = replay(kpi, history, today)
    newest = max(history, key=lambda reading: reading.period, default=None)
    return replace(kpi, latest=newest, watch=watch, unjudged=rest), episodes


def _renewed(kpi: Kpi, watch: Watch, upto: date) -> tuple[Watch, Episode | None]:
    """Return the watch reset by a fresh target that began after the last judged period and by `upto`."""
    if watch.judged is None:
        return watch, None
    begun = (target.valid_from for target in kpi.targets if target.fresh)
    reset = next((day for day in begun if watch.judged < day <= upto), None)
    if reset is None:
        return watch, None
    ended = replace(watch.episode, over=reset) if watch.episode else None
    return Watch(judged=watch.judged, episodes=watch.episodes, recent=watch.recent), ended


def _on_guard(kpi: Kpi, watch: Watch, reading: Reading, verdict: Verdict) -> Watch:
    """Return the watch, in which no episode is open, after a reading: OK, PENDING, or BREACHED with a new episode."""
    if not verdict.bad:
        return replace(watch, state=BreachState.OK, run=0, first_bad=None, first_bad_worst=None)
    run, first = watch.run + 1, watch.first_bad or reading.period
    worst = _worse(kpi, verdict, reading.value, watch.first_bad_worst)
    if run < kpi.rule.bad:
        return replace(watch, state=BreachState.PENDING, run=run, first_bad=first, first_bad_worst=worst)
    episode = Episode(
        key=f"{kpi.key}:{first:%Y-%m-%d}",
        kpi=kpi.key,
        first=first,
        breached=reading.period,
        start_value=reading.value,
        worst=worst,
        periods=run,
    )
    return replace(
        watch,
        state=BreachState.BREACHED,
        run=0,
        first_bad=first,
        first_bad_worst=None,
        episode=episode,
        episodes=watch.episodes + 1,
    )


def _in_trouble(rule: BreachRule, watch: Watch, episode: Episode, *, good: bool) -> tuple[Watch, Episode | None]:
    """Return the watch, in which `episode` was open, after the reading of `watch.judged`; the episode if over."""
    if not good:
        return replace(watch, state=BreachState.BREACHED, run=0, episode=episode), None
    if watch.run + 1 < rule.good:
        return replace(watch, state=BreachState.RECOVERING, run=watch.run + 1, episode=episode), None
    calm = replace(watch, state=BreachState.OK, run=0, first_bad=None, episode=None)
    return calm, replace(episode, over=watch.judged)


def _recovered(target: Target, direction: Direction, value: Decimal, band: Band) -> bool:
    mark = targets.recovery(target, direction)
    return band is Band.GREEN if mark is None else not better(mark, value, direction)


def _worse(kpi: Kpi, verdict: Verdict, value: Decimal, before: Decimal | None) -> Decimal:
    """Return the worse of `value` and the worst one before; in a RANGE the one farther outside it."""
    if before is None:
        return value
    if kpi.direction is Direction.RANGE:
        return max(before, value, key=lambda seen: targets.shortfall(verdict.target, kpi.direction, seen))
    return value if better(before, value, kpi.direction) else before
