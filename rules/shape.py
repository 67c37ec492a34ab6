"""Shape: what the wording and the record of a goal give away, beyond its numbers of today."""

from collections.abc import Sequence

from okr import history, variation
from okr.goal import KeyResult, Objective
from okr.snapshot import Snapshot
from rules import words

MOST_WORDS = 5


def of_objective(snapshot: Snapshot, objective: Objective, live: Sequence[KeyResult]) -> dict[str, object]:
    """Return whether an objective reads like a list of tasks, and whether it asks for more than comes by itself."""
    tasks = [verb for result in live if (verb := words.task(result.title)) is not None]
    reached = [variation.reaches(snapshot, result) for result in live if result.measures]
    return {
        "task_titles": len(tasks),
        "task_words": _listed(tasks),
        "full_cycles": history.full_cycles(snapshot, objective),
        # One that is reached is enough to know; where none is, one that cannot be told leaves it open.
        "targets_within_variation": reached.count(True) or (None if None in reached else 0),
    }


def of_key_result(snapshot: Snapshot, key_result: KeyResult) -> dict[str, object]:
    """Return whether a key result reads like something to keep up, and in how many cycles it has come back."""
    return {
        "upkeep_words": _listed(words.upkeep(key_result.title)),
        "repeats": history.repeats(snapshot, key_result),
    }


def _listed(found: Sequence[str]) -> str | None:
    return ", ".join(list(dict.fromkeys(found))[:MOST_WORDS]) or None
