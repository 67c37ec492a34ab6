"""History: what the earlier cycles of a unit say about the goals it has now."""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from okr.cycle import Cycle
from okr.goal import HEARD, KeyResult, KeyResultType, Objective, ObjectiveState
from okr.number import ONE
from okr.snapshot import Snapshot

_Aim = tuple[object, ...]
_NO_LETTERS = re.compile(r"[\W\d_]+")


def ungraded(snapshot: Snapshot, unit: str) -> tuple[Objective, ...]:
    """Return the unit's own objectives, of whatever cycle, that are active: nobody has closed and graded them yet."""
    own = snapshot.objectives_of.get(unit, ())
    return tuple(objective for objective in own if objective.state is ObjectiveState.ACTIVE)


def full_cycles(snapshot: Snapshot, objective: Objective) -> int:
    """Return how many cycles in a row, back from the one before its own, its unit closed everything at 100 %.

    Cycles of the same kind count, in which the unit closed at least one objective and each of those with a final score
    of 1; one in which it closed none ends the row.
    """
    shelf, full, count = _before(snapshot, snapshot.cycles[objective.cycle]), _full(snapshot, objective.unit), 0
    for earlier in shelf:
        if earlier not in full:
            break
        count += 1
    return count


def repeats(snapshot: Snapshot, key_result: KeyResult) -> int:
    """Return in how many cycles, up to its own and of the same kind, its unit has had this key result; 1 is only now.

    It is the same where the target or the bounds are, and either the title, numbers and signs aside, or the KPI that is
    measured. One that is done or not done has no target to repeat. Counted are live ones of active and closed goals.
    """
    objective = snapshot.objectives[key_result.objective]
    now = snapshot.cycles[objective.cycle]
    same_aim = _seen(snapshot, objective.unit).get(_aim(key_result), ()) if _aims(key_result) else ()
    before = ((cycle, other) for cycle, other in same_aim if cycle.kind is now.kind and cycle.first < now.first)
    return len({cycle.first for cycle, other in before if _alike(key_result, other)}) + 1


@lru_cache(maxsize=16_384)
def plain_title(title: str) -> str:
    """Return the words of a title, composed (NFC) and in lower case, without numbers and signs."""
    return _NO_LETTERS.sub(" ", unicodedata.normalize("NFC", title).casefold()).strip()


@dataclass(frozen=True, slots=True)
class _Before:
    cycles: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Full:
    cycles: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Seen:
    by_aim: Mapping[_Aim, Sequence[tuple[Cycle, KeyResult]]]


def _before(snapshot: Snapshot, cycle: Cycle) -> tuple[str, ...]:
    """The cycles of the same kind that were over before this one began, the newest first."""
    shelf = snapshot.derived(_Before)
    if cycle.key not in shelf:
        over = (each for each in snapshot.cycles.values() if each.kind is cycle.kind and each.last < cycle.first)
        newest_first = sorted(over, key=lambda each: (each.first, each.key), reverse=True)
        shelf[cycle.key] = _Before(tuple(each.key for each in newest_first))
    return shelf[cycle.key].cycles


def _full(snapshot: Snapshot, unit: str) -> frozenset[str]:
    """The cycles in which a unit closed something, and all of it with a score of 1."""
    shelf = snapshot.derived(_Full)
    if unit not in shelf:
        scores = defaultdict[str, list[bool]](list)
        for objective in snapshot.objectives_of.get(unit, ()):
            final = objective.final
            if objective.state is ObjectiveState.CLOSED and final is not None and final.at <= snapshot.as_of:
                scores[objective.cycle].append(final.progress == ONE)
        shelf[unit] = _Full(frozenset(cycle for cycle, full in scores.items() if all(full)))
    return shelf[unit].cycles


def _seen(snapshot: Snapshot, unit: str) -> Mapping[_Aim, Sequence[tuple[Cycle, KeyResult]]]:
    """The key results that a unit has had, each with its cycle, by what they aim for."""
    shelf = snapshot.derived(_Seen)
    if unit not in shelf:
        by_aim = defaultdict[_Aim, list[tuple[Cycle, KeyResult]]](list)
        for objective in snapshot.objectives_of.get(unit, ()):
            if objective.state not in HEARD:
                continue
            cycle = snapshot.cycles[objective.cycle]
            for result in filter(_aims, snapshot.key_results_of.get(objective.key, ())):
                by_aim[_aim(result)].append((cycle, result))
        shelf[unit] = _Seen(by_aim)
    return shelf[unit].by_aim


def _aims(key_result: KeyResult) -> bool:
    return not key_result.cancelled and key_result.type not in (KeyResultType.BOOLEAN, KeyResultType.MILESTONE)


def _aim(key_result: KeyResult) -> _Aim:
    return (key_result.measure, key_result.target, key_result.low, key_result.high)


def _alike(one: KeyResult, other: KeyResult) -> bool:
    if one.measures is not None and one.measures == other.measures:
        return True
    return plain_title(one.title.original) == plain_title(other.title.original)
