"""Verification: what is kept beside an entity for speed, recomputed from the history it stands for."""

import dataclasses
from collections.abc import Iterator, Sequence

from app.call import Call
from okr import breach
from okr.goal import CheckIn, KeyResult, KeyResultType
from okr.kpi import Kpi, Watch

PAGE = 500


async def of_kpi(call: Call, kpi: Kpi) -> tuple[str, ...]:
    """Return how a KPI's breach checkpoint differs from a replay of all its readings; nothing where it does not.

    Both are brought up to the day of the call, so a checkpoint that only waits for its next reading is right.
    """
    today = call.picture.today(kpi.unit)
    history = await call.store.readings(kpi.key)
    watch, _, unjudged = breach.replay(kpi, history, today)
    kept, waiting = breach.settle(kpi, today)
    newest = history[-1] if history else None
    latest = () if kpi.latest == newest else (f"latest reading: {_said(kpi.latest)}, not {_said(newest)}",)
    return (*_watched(kept, watch), *_listed("readings to be judged", waiting, unjudged), *latest)


async def of_key_result(call: Call, key_result: KeyResult) -> tuple[str, ...]:
    """Return how the standing check-ins of a key result differ from its history; nothing where they do not."""
    history = await _check_ins(call, key_result.key)
    superseded = {entry.supersedes for entry in history}
    standing = sorted((entry for entry in history if entry.key not in superseded), key=_when)
    kept = sorted(key_result.check_ins, key=_when)
    found = tuple(_listed("check-ins", kept, standing))
    if key_result.type is KeyResultType.MILESTONE and standing:
        marked = tuple(place for place, milestone in enumerate(key_result.milestones) if milestone.done)
        if marked != standing[-1].milestones:
            return (*found, f"milestones done: {marked}, not {standing[-1].milestones}")
    return found


async def _check_ins(call: Call, key: str) -> tuple[CheckIn, ...]:
    found: list[CheckIn] = []
    before = None
    while page := await call.store.check_ins(key, before=before, limit=PAGE):
        found.extend(page)
        before = (page[-1].at, page[-1].key)
    return tuple(found)


def _when(entry: CheckIn) -> tuple[float, str]:
    return entry.at.timestamp(), entry.key


def _watched(kept: Watch, told: Watch) -> Iterator[str]:
    for field in dataclasses.fields(Watch):
        before, after = getattr(kept, field.name), getattr(told, field.name)
        if before != after:
            yield f"breach checkpoint, {field.name}: {_said(before)}, not {_said(after)}"


def _listed(what: str, kept: Sequence[object], told: Sequence[object]) -> Iterator[str]:
    if len(kept) != len(told):
        yield f"{what}: {len(kept)}, not {len(told)}"
    elif different := next((pair for pair in zip(kept, told, strict=True) if pair[0] != pair[1]), None):
        yield f"{what}: {_said(different[0])}, not {_said(different[1])}"


def _said(value: object) -> str:
    return "nothing" if value is None else str(value)
