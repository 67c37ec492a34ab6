"""Value sums: the key results that a VALUE_SUM key result adds up."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from okr import check_in as check_ins
from okr import goal
from okr.goal import HEARD, KeyResult, KeyResultType, RollUp
from okr.number import Direction
from okr.snapshot import Snapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class Summand:
    """A key result below a sum, and the instant up to which it counts: the first closing on the way to the sum."""

    key_result: KeyResult
    until: datetime

    @property
    def value(self) -> Decimal | None:
        """The latest value said by then; None where there is none."""
        entries = reversed(self.key_result.check_ins)
        return next((entry.value for entry in entries if entry.at <= self.until), None)


def summands(snapshot: Snapshot, total: KeyResult) -> Iterator[Summand]:
    """Yield what a sum adds up: of a sum below it what that one adds up in turn.

    A walk instead of a recursion: a chain may be longer than Python's stack, and a loop (refused on write, but an
    import may have been repaired by hand) ends where it meets itself. It goes down to check-ins, so that even in a loop
    no sum depends on which was asked for first.
    """
    seen = {total.key}
    waiting = [Summand(key_result=total, until=check_ins.moment(snapshot, snapshot.objectives[total.objective]))]
    while waiting:
        for below in _supporting(snapshot, waiting.pop()):
            result = below.key_result
            if result.key in seen or _kind(result) != _kind(total):
                continue
            seen.add(result.key)
            if result.roll_up is RollUp.VALUE_SUM:
                waiting.append(below)
            else:
                yield below


def _supporting(snapshot: Snapshot, above: Summand) -> Iterator[Summand]:
    for objective in snapshot.supporters_of.get(above.key_result.key, ()):
        if objective.state in HEARD:
            until = min(above.until, check_ins.moment(snapshot, objective))
            for result in snapshot.key_results_of.get(objective.key, ()):
                if not result.cancelled:
                    yield Summand(key_result=result, until=until)


def _kind(key_result: KeyResult) -> tuple[KeyResultType, str, Direction]:
    return key_result.type, key_result.measure, goal.direction(key_result)
