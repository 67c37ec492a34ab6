"""Check-ins: what makes an entry acceptable, and how entries fill the slots."""

from bisect import bisect_left
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from typing import assert_never

from okr import cycle as cycles
from okr.cycle import Cycle, CycleState, Slot
from okr.errors import Code, Refusal
from okr.goal import CheckIn, KeyResult, KeyResultType, Objective, ObjectiveState, RollUp
from okr.number import measured
from okr.snapshot import Snapshot
from okr.text import prose

MOST = 400


class SlotState(StrEnum):
    """What became of a check-in slot."""

    PENDING = "pending"
    ON_TIME = "on_time"
    LATE = "late"
    MISSED = "missed"
    EXCUSED = "excused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What somebody wants to say about a key result, before it is checked.

    `value` answers a key result that is measured in numbers, `done` a BOOLEAN one, `milestones` (the positions that
    are done, counted from 0; empty where none is) a MILESTONE one. `supersedes` is the key of the entry to correct.
    """

    value: Decimal | None = None
    done: bool | None = None
    milestones: tuple[int, ...] | None = None
    confidence: int | None = None
    note: str = ""
    supersedes: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FilledSlot:
    """One slot of a key result, what became of it, and the key of the check-in that satisfies it."""

    slot: Slot
    state: SlotState
    check_in: str | None = None


def accept(snapshot: Snapshot, key_result: KeyResult, draft: Draft, *, key: str, by: str, at: datetime) -> KeyResult:
    """Return the key result with the draft among its standing check-ins, oldest first, or refuse the draft.

    `at` (aware) is the instant the draft speaks of. A correction speaks of the instant of the entry it supersedes and
    takes its place, so it fills the same slot and does not become the latest word. The `done` marks of milestones
    follow the latest entry. The version is left as it is: whoever stores the key result raises it.
    """
    objective = snapshot.objectives[key_result.objective]
    _check_open(snapshot, key_result, objective)
    wrong = next((entry for entry in key_result.check_ins if entry.key == draft.supersedes), None)
    if draft.supersedes is not None and wrong is None:
        raise Refusal(Code.NOT_FOUND, "The check-in to correct does not stand on this key result.", ("supersedes",))
    _check_instant(snapshot, key_result, objective, at)
    _check_answer(key_result, draft)
    if draft.confidence is not None and not 1 <= draft.confidence <= 10:
        raise Refusal(Code.INVALID, "Confidence goes from 1 (no hope) to 10 (sure).", ("confidence",))
    if wrong is None and len(key_result.check_ins) >= MOST:
        raise Refusal(Code.INVALID, f"A key result keeps {MOST} check-ins, one a day for a year; correct one of them.")
    if any(entry.key == key for entry in key_result.check_ins):
        raise Refusal(Code.DUPLICATE, "This check-in is already on file.")
    entry = CheckIn(
        key=key,
        key_result=key_result.key,
        at=wrong.at if wrong else _to_the_millisecond(at),
        by=by,
        value=draft.value,
        done=draft.done,
        milestones=tuple(sorted(draft.milestones or ())),
        confidence=draft.confidence,
        note=prose(draft.note, field=("note",)),
        supersedes=draft.supersedes,
    )
    standing = [*(other for other in key_result.check_ins if other is not wrong), entry]
    standing.sort(key=lambda each: each.at)
    done = standing[-1].milestones
    milestones = tuple(replace(each, done=i in done) for i, each in enumerate(key_result.milestones))
    return replace(key_result, check_ins=tuple(standing), milestones=milestones)


def _check_open(snapshot: Snapshot, key_result: KeyResult, objective: Objective) -> None:
    if objective.state is not ObjectiveState.ACTIVE:
        raise Refusal(
            Code.NOT_OPEN, f"Check-ins are for active objectives; this one is {objective.state.replace('_', ' ')}."
        )
    if key_result.cancelled:
        raise Refusal(Code.NOT_OPEN, "This key result is cancelled; it takes no check-ins.")
    if key_result.roll_up is RollUp.VALUE_SUM:
        message = "This key result adds up the ones that support it; check in on those instead."
        raise Refusal(Code.INVALID, message, ("keyResultId",))
    cycle = snapshot.cycles[objective.cycle]
    if cycles.state(cycle, snapshot.today(objective.unit)) is CycleState.CLOSED:
        raise Refusal(Code.CYCLE_CLOSED, f"The cycle closed on {cycle.closes}; nothing in it changes any more.")


def _check_instant(snapshot: Snapshot, key_result: KeyResult, objective: Objective, at: datetime) -> None:
    if at > snapshot.as_of:
        raise Refusal(Code.IN_FUTURE, "A check-in says what was; this one lies in the future.", ("at",))
    first = max(key_result.since, snapshot.cycles[objective.cycle].first)
    if at.astimezone(snapshot.zone(objective.unit)).date() < first:
        raise Refusal(Code.OUTSIDE_CYCLE, f"The key result lives from {first} on; this is before it.", ("at",))


def _check_answer(key_result: KeyResult, draft: Draft) -> None:
    match key_result.type:
        case KeyResultType.NUMBER | KeyResultType.PERCENT | KeyResultType.CURRENCY | KeyResultType.MAINTAIN:
            wanted = "value"
        case KeyResultType.BOOLEAN:
            wanted = "done"
        case KeyResultType.MILESTONE:
            wanted = "milestones"
        case never:
            assert_never(never)
    for name, answer in (("value", draft.value), ("done", draft.done), ("milestones", draft.milestones)):
        if (answer is None) == (name == wanted):
            advice = "it is missing" if name == wanted else f"leave out `{name}`"
            hint = f"A key result of type {key_result.type} is answered by `{wanted}`; {advice}."
            raise Refusal(Code.INVALID, hint, (name,))
    if draft.value is not None:
        measured(draft.value, "value")
        if key_result.type is KeyResultType.PERCENT and not 0 <= draft.value <= 100:
            raise Refusal(Code.WRONG_UNIT, "A percentage is given in points from 0 to 100.", ("value",))
    _check_milestones(key_result, draft.milestones or ())


def _check_milestones(key_result: KeyResult, positions: tuple[int, ...]) -> None:
    if len(set(positions)) < len(positions):
        raise Refusal(Code.INVALID, "A milestone is named twice.", ("milestones",))
    for place, position in enumerate(positions):
        if not 0 <= position < len(key_result.milestones):
            known = f"there are {len(key_result.milestones)}, counted from 0"
            raise Refusal(Code.NOT_FOUND, f"There is no milestone {position}; {known}.", ("milestones", str(place)))
        if key_result.milestones[position].cancelled:
            raise Refusal(Code.INVALID, f"Milestone {position} is cancelled.", ("milestones", str(place)))


def _to_the_millisecond(at: datetime) -> datetime:
    utc = at.astimezone(UTC)
    return utc.replace(microsecond=utc.microsecond // 1_000 * 1_000)


def moment(snapshot: Snapshot, objective: Objective) -> datetime:
    """Return the instant at which an objective and its parts are looked at: the picture's, or that of its closing."""
    return min(snapshot.as_of, objective.final.at) if objective.final else snapshot.as_of


def said(snapshot: Snapshot, key_result: KeyResult) -> tuple[CheckIn, ...]:
    """Return the standing check-ins up to the picture's instant, oldest first."""
    entries = key_result.check_ins
    if not entries or entries[-1].at <= snapshot.as_of:
        return entries
    return tuple(entry for entry in entries if entry.at <= snapshot.as_of)


def attendance(snapshot: Snapshot, key_result: KeyResult) -> tuple[FilledSlot, ...]:
    """Return every slot of a key result in its cycle, oldest first, with what became of it as of the picture.

    One check-in satisfies one slot. An unsatisfied slot still in its grace is filled first (LATE), else the slot whose
    window holds the entry (ON_TIME); further entries in a window fill nothing, and a late one moves no anchor. A slot
    due while the owner is on leave or the cycle rests is EXCUSED unless it was satisfied. Nothing is due for a
    cancelled key result, for a VALUE_SUM, or for an objective that is not active (a closed one keeps what it had when
    it was closed).
    """
    objective = snapshot.objectives[key_result.objective]
    if key_result.cancelled or key_result.roll_up is RollUp.VALUE_SUM:
        return ()
    if objective.state not in (ObjectiveState.ACTIVE, ObjectiveState.CLOSED):
        return ()
    cycle = snapshot.cycles[objective.cycle]
    rhythm, zone = snapshot.rhythm(objective.unit), snapshot.zone(objective.unit)
    slots = cycles.slots(rhythm, zone, cycle.first, cycle.last, key_result.since)
    excused = tuple(_excused(snapshot, key_result, cycle, slot) for slot in slots)
    filled = _filled(slots, excused, said(snapshot, key_result))
    now = moment(snapshot, objective)
    return tuple(
        filled.get(i) or FilledSlot(slot=slot, state=_unfilled(slot, excused[i], now)) for i, slot in enumerate(slots)
    )


def _filled(slots: tuple[Slot, ...], excused: tuple[bool, ...], entries: tuple[CheckIn, ...]) -> dict[int, FilledSlot]:
    found: dict[int, FilledSlot] = {}
    for entry in entries:
        at = bisect_left(slots, entry.at, key=lambda slot: slot.due)
        owed = at - 1
        if owed >= 0 and owed not in found and not excused[owed] and entry.at <= slots[owed].late_until:
            found[owed] = FilledSlot(slot=slots[owed], state=SlotState.LATE, check_in=entry.key)
        elif at < len(slots) and at not in found:
            found[at] = FilledSlot(slot=slots[at], state=SlotState.ON_TIME, check_in=entry.key)
    return found


def _unfilled(slot: Slot, excused: bool, now: datetime) -> SlotState:
    if excused:
        return SlotState.EXCUSED
    # From the very instant on, not after it: due times are quarter hours, on which the picture's version turns too.
    return SlotState.MISSED if now >= slot.late_until else SlotState.PENDING


def _excused(snapshot: Snapshot, key_result: KeyResult, cycle: Cycle, slot: Slot) -> bool:
    owner = snapshot.owner_of(key_result)
    return cycles.paused(cycle, slot.day) or (owner is not None and owner.away_on(slot.day))


def missed_in_a_row(attendance: tuple[FilledSlot, ...]) -> int:
    """Return how many of the latest decided slots were missed one after the other; excused ones do not interrupt."""
    count = 0
    for filled in reversed(attendance):
        match filled.state:
            case SlotState.PENDING | SlotState.EXCUSED:
                continue
            case SlotState.MISSED:
                count += 1
            case SlotState.ON_TIME | SlotState.LATE:
                break
            case never:
                assert_never(never)
    return count


def next_due(attendance: tuple[FilledSlot, ...]) -> FilledSlot | None:
    """Return the slot to fill next: one that is overdue and still in its grace, else the next one ahead."""
    return next((filled for filled in attendance if filled.state is SlotState.PENDING), None)


def unchanged_confidence(key_result: KeyResult) -> int:
    """Return how many of the latest check-ins in a row state one confidence; those that state none are passed over."""
    stated = [entry.confidence for entry in reversed(key_result.check_ins) if entry.confidence is not None]
    return next((n for n, confidence in enumerate(stated) if confidence != stated[0]), len(stated))
