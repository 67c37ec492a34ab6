"""Check-ins: what is accepted, and how entries fill the slots."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from okr import check_in as check_ins
from okr.check_in import Draft, FilledSlot, SlotState
from okr.cycle import Cadence, Pause, Rhythm, Slot
from okr.errors import Code, Refusal
from okr.goal import CheckIn, KeyResult, KeyResultType, Objective, ObjectiveState, RollUp
from okr.org import Leave
from okr.snapshot import Snapshot
from tests.okr.builders import (
    NOW,
    check_in,
    cycle,
    final,
    key_result,
    milestone,
    objective,
    person,
    snapshot,
    unit,
)

FRIDAY = datetime(2026, 8, 14, 12, tzinfo=UTC)
THREE = (milestone("One"), milestone("Two"), milestone("Three", cancelled=True))
BOOLEAN, MILESTONE, PERCENT = KeyResultType.BOOLEAN, KeyResultType.MILESTONE, KeyResultType.PERCENT


def accepted(
    result: KeyResult,
    draft: Draft,
    *,
    of: Objective | None = None,
    picture: Snapshot | None = None,
    key: str = "chk_new",
    at: datetime = FRIDAY,
) -> KeyResult:
    whole = picture or snapshot(of or objective(), result)
    return check_ins.accept(whole, result, draft, key=key, by="per_lan", at=at)


@pytest.mark.parametrize(
    ("result", "draft", "entry"),
    [
        pytest.param(key_result(), Draft(value=Decimal(7)), check_in(7, key="chk_new"), id="number"),
        pytest.param(key_result(), Draft(value=Decimal(-7)), check_in(-7, key="chk_new"), id="negative number"),
        pytest.param(key_result(type=PERCENT), Draft(value=Decimal(100)), check_in(100, key="chk_new"), id="percent"),
        pytest.param(
            key_result(type=KeyResultType.CURRENCY), Draft(value=Decimal(5)), check_in(5, key="chk_new"), id="currency"
        ),
        pytest.param(
            key_result(type=KeyResultType.MAINTAIN, low=5),
            Draft(value=Decimal(4)),
            check_in(4, key="chk_new"),
            id="held",
        ),
        pytest.param(key_result(type=BOOLEAN), Draft(done=False), check_in(key="chk_new", done=False), id="boolean"),
        pytest.param(
            key_result(),
            Draft(value=Decimal(7), confidence=10, note="Đang tốt"),
            check_in(7, key="chk_new", confidence=10, note="Đang tốt"),
            id="with confidence and a note",
        ),
    ],
)
def test_an_answer_of_the_key_results_own_kind_is_accepted(result: KeyResult, draft: Draft, entry: CheckIn) -> None:
    assert accepted(result, draft) == replace(result, check_ins=(entry,))


def test_milestones_carry_the_marks_of_the_latest_entry() -> None:
    result = key_result(type=MILESTONE, milestones=THREE)
    after = accepted(result, Draft(milestones=(1, 0)))
    assert after.check_ins == (check_in(key="chk_new", milestones=(0, 1)),)
    assert [each.done for each in after.milestones] == [True, True, False]
    corrected = accepted(after, Draft(milestones=(), supersedes="chk_new"), key="chk_newer")
    assert [each.done for each in corrected.milestones] == [False, False, False]


def test_an_earlier_entry_comes_before_a_later_one_and_leaves_its_marks_alone() -> None:
    later = check_in(key="chk_later", milestones=(0,), at=FRIDAY)
    result = key_result(type=MILESTONE, milestones=(milestone("One", done=True), milestone("Two")), check_ins=(later,))
    after = accepted(result, Draft(milestones=()), at=FRIDAY - timedelta(days=7))
    assert [entry.key for entry in after.check_ins] == ["chk_new", "chk_later"]
    assert [each.done for each in after.milestones] == [True, False]


def test_a_correction_takes_the_place_of_the_entry_it_supersedes() -> None:
    wrong, latest = check_in(70, at=FRIDAY - timedelta(days=7)), check_in(80)
    result = key_result(check_ins=(wrong, latest))
    after = accepted(result, Draft(value=Decimal(7), supersedes=wrong.key), at=FRIDAY + timedelta(hours=1))
    correction = check_in(7, key="chk_new", at=wrong.at, supersedes=wrong.key)
    assert after == replace(result, check_ins=(correction, latest))


def test_an_entry_speaks_of_an_instant_in_utc_to_the_millisecond() -> None:
    said = datetime(2026, 8, 14, 19, 0, 0, 123_999, tzinfo=ZoneInfo("Asia/Ho_Chi_Minh"))
    (entry,) = accepted(key_result(), Draft(value=Decimal(7)), at=said).check_ins
    assert (entry.at, entry.at.tzinfo) == (datetime(2026, 8, 14, 12, 0, 0, 123_000, tzinfo=UTC), UTC)


def test_the_first_day_of_life_is_local_to_the_unit() -> None:
    # 30 June, 18:00 in UTC is 1 July in Vietnam, where the quarter has begun.
    saigon = snapshot(unit(zone="Asia/Ho_Chi_Minh"), objective(), key_result())
    at = datetime(2026, 6, 30, 18, tzinfo=UTC)
    assert accepted(key_result(), Draft(value=Decimal(1)), picture=saigon, at=at).check_ins[0].at == at


@pytest.mark.parametrize(
    ("result", "draft", "code", "field"),
    [
        pytest.param(key_result(), Draft(), Code.INVALID, "value", id="a number without a value"),
        pytest.param(key_result(), Draft(value=Decimal(1), done=True), Code.INVALID, "done", id="a number, done"),
        pytest.param(
            key_result(), Draft(value=Decimal(1), milestones=()), Code.INVALID, "milestones", id="a number's milestones"
        ),
        pytest.param(key_result(type=BOOLEAN), Draft(), Code.INVALID, "done", id="a boolean without an answer"),
        pytest.param(
            key_result(type=BOOLEAN), Draft(value=Decimal(1), done=True), Code.INVALID, "value", id="a boolean's value"
        ),
        pytest.param(
            key_result(type=MILESTONE, milestones=THREE),
            Draft(),
            Code.INVALID,
            "milestones",
            id="no word on milestones",
        ),
        pytest.param(
            key_result(type=MILESTONE, milestones=THREE),
            Draft(milestones=(0, 3)),
            Code.NOT_FOUND,
            "milestones.1",
            id="a milestone too many",
        ),
        pytest.param(
            key_result(type=MILESTONE, milestones=THREE),
            Draft(milestones=(-1,)),
            Code.NOT_FOUND,
            "milestones.0",
            id="a milestone before the first",
        ),
        pytest.param(
            key_result(type=MILESTONE, milestones=THREE),
            Draft(milestones=(2,)),
            Code.INVALID,
            "milestones.0",
            id="a cancelled milestone",
        ),
        pytest.param(
            key_result(type=MILESTONE, milestones=THREE),
            Draft(milestones=(1, 1)),
            Code.INVALID,
            "milestones",
            id="a milestone twice",
        ),
        pytest.param(key_result(), Draft(value=Decimal("NaN")), Code.NOT_FINITE, "value", id="not a number"),
        pytest.param(key_result(), Draft(value=Decimal("-Infinity")), Code.NOT_FINITE, "value", id="infinite"),
        pytest.param(key_result(), Draft(value=Decimal("1e15")), Code.INVALID, "value", id="too large"),
        pytest.param(key_result(type=PERCENT), Draft(value=Decimal(101)), Code.WRONG_UNIT, "value", id="101 %"),
        pytest.param(key_result(type=PERCENT), Draft(value=Decimal("-0.1")), Code.WRONG_UNIT, "value", id="below 0 %"),
        pytest.param(
            key_result(), Draft(value=Decimal(1), confidence=0), Code.INVALID, "confidence", id="confidence 0"
        ),
        pytest.param(
            key_result(), Draft(value=Decimal(1), confidence=11), Code.INVALID, "confidence", id="confidence 11"
        ),
        pytest.param(key_result(), Draft(value=Decimal(1), note="x" * 5_001), Code.TOO_LONG, "note", id="a long note"),
        pytest.param(
            key_result(),
            Draft(value=Decimal(1), supersedes="chk_x"),
            Code.NOT_FOUND,
            "supersedes",
            id="corrects nothing",
        ),
        pytest.param(key_result(cancelled=True), Draft(value=Decimal(1)), Code.NOT_OPEN, "", id="cancelled"),
        pytest.param(
            key_result(roll_up=RollUp.VALUE_SUM), Draft(value=Decimal(1)), Code.INVALID, "keyResultId", id="a sum"
        ),
    ],
)
def test_an_answer_that_does_not_fit_is_refused(result: KeyResult, draft: Draft, code: Code, field: str) -> None:
    with pytest.raises(Refusal) as refused:
        accepted(result, draft)
    assert (refused.value.code, ".".join(refused.value.field)) == (code, field)


def test_an_entry_is_filed_once() -> None:
    with pytest.raises(Refusal) as refused:
        accepted(key_result(check_ins=(check_in(1, key="chk_new"),)), Draft(value=Decimal(2)))
    assert refused.value.code is Code.DUPLICATE


@pytest.mark.parametrize("state", [state for state in ObjectiveState if state is not ObjectiveState.ACTIVE])
def test_only_active_objectives_take_check_ins(state: ObjectiveState) -> None:
    with pytest.raises(Refusal) as refused:
        accepted(key_result(), Draft(value=Decimal(1)), of=objective(state=state))
    assert refused.value.code is Code.NOT_OPEN


def test_a_check_in_in_the_future_is_refused_and_one_of_this_instant_is_not() -> None:
    with pytest.raises(Refusal) as refused:
        accepted(key_result(), Draft(value=Decimal(1)), at=NOW + timedelta(milliseconds=1))
    assert (refused.value.code, refused.value.field) == (Code.IN_FUTURE, ("at",))
    assert accepted(key_result(), Draft(value=Decimal(1)), at=NOW).check_ins[0].at == NOW


@pytest.mark.parametrize(
    ("since", "at"),
    [
        pytest.param(date(2026, 7, 1), datetime(2026, 6, 30, 23, 59, tzinfo=UTC), id="before the cycle"),
        pytest.param(date(2026, 8, 1), datetime(2026, 7, 31, 23, 59, tzinfo=UTC), id="before the key result"),
        pytest.param(date(2026, 1, 1), datetime(2026, 6, 30, 23, 59, tzinfo=UTC), id="an older key result"),
    ],
)
def test_a_check_in_before_the_key_results_life_is_refused(since: date, at: datetime) -> None:
    with pytest.raises(Refusal) as refused:
        accepted(key_result(since=since), Draft(value=Decimal(1)), at=at)
    assert (refused.value.code, refused.value.field) == (Code.OUTSIDE_CYCLE, ("at",))


def test_a_cycle_takes_check_ins_while_it_is_graded_and_none_once_it_is_closed() -> None:
    result = key_result()
    grading = snapshot(objective(), result, as_of=datetime(2026, 10, 14, 23, tzinfo=UTC))
    closed = snapshot(objective(), result, as_of=datetime(2026, 10, 15, tzinfo=UTC))
    assert accepted(result, Draft(value=Decimal(1)), picture=grading).check_ins
    with pytest.raises(Refusal) as refused:
        accepted(result, Draft(value=Decimal(1)), picture=closed)
    assert refused.value.code is Code.CYCLE_CLOSED


# The Fridays of the quarter at 17:00 UTC, with three days of grace: until Monday 17:00.
JULY_3, JULY_10, JULY_17, JULY_24 = (datetime(2026, 7, day, 17, tzinfo=UTC) for day in (3, 10, 17, 24))
P, T, L, M, E = SlotState.PENDING, SlotState.ON_TIME, SlotState.LATE, SlotState.MISSED, SlotState.EXCUSED


def states(picture: Snapshot, result: KeyResult, count: int) -> list[SlotState]:
    return [filled.state for filled in check_ins.attendance(picture, result)[:count]]


def quarter(*entries: datetime, at: datetime) -> list[SlotState]:
    """Return what became of the slots of 10, 17, 24 and 31 July, the first four of a goal that starts on 4 July."""
    result = key_result(since=date(2026, 7, 4), check_ins=tuple(check_in(1, at=entry) for entry in entries))
    return states(snapshot(objective(), result, as_of=at), result, 4)


@pytest.mark.parametrize(
    ("entries", "at", "expected"),
    [
        pytest.param([], JULY_10, [P, P, P, P], id="due this very moment"),
        pytest.param([], JULY_10 + timedelta(days=3, seconds=-1), [P, P, P, P], id="the last second of grace"),
        pytest.param([], JULY_10 + timedelta(days=3), [M, P, P, P], id="grace is over"),
        pytest.param([JULY_10], JULY_10, [T, P, P, P], id="at the due moment is on time"),
        pytest.param([JULY_10 + timedelta(seconds=1)], JULY_17, [L, P, P, P], id="a second later is late"),
        pytest.param([JULY_10 + timedelta(days=3)], JULY_17, [L, P, P, P], id="late at the end of grace"),
        pytest.param([JULY_10 + timedelta(days=4)], JULY_17, [M, T, P, P], id="after grace it is the next slot's"),
        pytest.param(
            [JULY_10 + timedelta(days=1), JULY_10 + timedelta(days=2)],
            JULY_17,
            [L, T, P, P],
            id="the late one comes first, the next fills the next",
        ),
        pytest.param(
            [JULY_10 + timedelta(days=1), JULY_17], JULY_24, [L, T, P, P], id="a late one does not move the anchor"
        ),
        pytest.param(
            [JULY_10 - timedelta(hours=2), JULY_10 - timedelta(hours=1)], JULY_17, [T, P, P, P], id="one fills one"
        ),
        pytest.param([JULY_10, JULY_10 + timedelta(days=1)], JULY_17, [T, T, P, P], id="early for the next"),
        pytest.param([JULY_24], JULY_24, [M, M, T, P], id="missed, missed, on time"),
    ],
)
def test_one_check_in_satisfies_one_slot(entries: list[datetime], at: datetime, expected: list[SlotState]) -> None:
    assert quarter(*entries, at=at) == expected


def test_a_slot_names_the_check_in_that_satisfies_it() -> None:
    entry = check_in(1, at=JULY_10)
    result = key_result(since=date(2026, 7, 4), check_ins=(entry,))
    first = check_ins.attendance(snapshot(objective(), result, as_of=JULY_17), result)[0]
    slot = Slot(opens=JULY_3, due=JULY_10, late_until=JULY_10 + timedelta(days=3), day=date(2026, 7, 10))
    assert first == FilledSlot(slot=slot, state=T, check_in=entry.key)


def test_a_picture_of_an_earlier_instant_knows_only_what_was_said_by_then() -> None:
    result = key_result(since=date(2026, 7, 4), check_ins=(check_in(1, at=JULY_10), check_in(2, at=JULY_17)))
    picture = snapshot(objective(), result, as_of=JULY_24)
    assert [entry.value for entry in check_ins.said(picture, result)] == [1, 2]
    earlier = picture.seen_at(JULY_10)
    assert [entry.value for entry in check_ins.said(earlier, result)] == [1]
    assert states(earlier, result, 2) == [T, P]


def test_leave_of_the_owner_and_pauses_of_the_cycle_excuse_a_slot() -> None:
    lan = person(leave=(Leave(first=date(2026, 7, 10), last=date(2026, 7, 10)),))
    rest = cycle(pauses=(Pause(first=date(2026, 7, 20), last=date(2026, 7, 26)),))
    late = check_in(1, at=JULY_10 + timedelta(days=1))
    result = key_result(since=date(2026, 7, 4), owner="per_lan", check_ins=(late,))
    picture = snapshot(lan, rest, objective(), result, as_of=datetime(2026, 8, 15, tzinfo=UTC))
    # The entry of 11 July is not eaten by the excused slot before it.
    assert states(picture, result, 4) == [E, T, E, M]


def test_the_objectives_owner_answers_where_the_key_result_has_none() -> None:
    lan = person(leave=(Leave(first=date(2026, 7, 10), last=date(2026, 7, 10)),))
    result = key_result(since=date(2026, 7, 4))
    at = datetime(2026, 8, 15, tzinfo=UTC)
    assert states(snapshot(lan, objective(owner="per_lan"), result, as_of=at), result, 2) == [E, M]
    assert states(snapshot(lan, objective(owner="per_gone"), result, as_of=at), result, 2) == [M, M]


def test_who_checks_in_while_on_leave_is_on_time() -> None:
    lan = person(leave=(Leave(first=date(2026, 7, 10), last=date(2026, 7, 10)),))
    result = key_result(since=date(2026, 7, 4), owner="per_lan", check_ins=(check_in(1, at=JULY_10),))
    assert states(snapshot(lan, objective(), result, as_of=JULY_17), result, 1) == [T]


def test_nothing_is_due_for_a_sum() -> None:
    result = key_result(roll_up=RollUp.VALUE_SUM)
    assert check_ins.attendance(snapshot(objective(), result), result) == ()


@pytest.mark.parametrize(
    ("of", "cancelled"),
    [
        *((objective(state=state), False) for state in ObjectiveState if state.name not in ("ACTIVE", "CLOSED")),
        (objective(), True),
    ],
    ids=lambda value: value.state if isinstance(value, Objective) else f"cancelled {value}",
)
def test_nothing_is_due_where_nobody_works(of: Objective, cancelled: bool) -> None:
    result = key_result(cancelled=cancelled)
    assert check_ins.attendance(snapshot(of, result), result) == ()


def test_a_closed_objective_misses_nothing_after_its_closing() -> None:
    result = key_result(since=date(2026, 7, 4))
    closed = objective(state=ObjectiveState.CLOSED, final=final(at=JULY_17))
    assert states(snapshot(closed, result), result, 4) == [M, P, P, P]
    assert check_ins.moment(snapshot(closed), closed) == JULY_17
    assert check_ins.moment(snapshot(closed, as_of=JULY_10), closed) == JULY_10


def test_the_rhythm_and_zone_are_the_units() -> None:
    monthly = Rhythm(cadence=Cadence.MONTHLY, month_day=31, at=time(9), grace=2)
    result = key_result()
    picture = snapshot(unit(zone="Asia/Ho_Chi_Minh", rhythm=monthly), objective(), result)
    assert [filled.slot.due for filled in check_ins.attendance(picture, result)] == [
        datetime(2026, 7, 31, 2, tzinfo=UTC),
        datetime(2026, 8, 31, 2, tzinfo=UTC),
        datetime(2026, 9, 30, 2, tzinfo=UTC),
    ]


def filled(*outcomes: SlotState) -> tuple[FilledSlot, ...]:
    return tuple(
        FilledSlot(
            slot=Slot(
                opens=JULY_3 + timedelta(weeks=week),
                due=JULY_10 + timedelta(weeks=week),
                late_until=JULY_10 + timedelta(weeks=week, days=3),
                day=(JULY_10 + timedelta(weeks=week)).date(),
            ),
            state=state,
        )
        for week, state in enumerate(outcomes)
    )


@pytest.mark.parametrize(
    ("outcomes", "missed"),
    [
        pytest.param((), 0, id="no slots"),
        pytest.param((P, P), 0, id="nothing decided"),
        pytest.param((T, M, M, P), 2, id="two since the last entry"),
        pytest.param((M, M, L, M), 1, id="a late one interrupts"),
        pytest.param((M, E, M, E, P), 2, id="excused ones do not"),
        pytest.param((M, M, T), 0, id="just checked in"),
        pytest.param((M, M, M), 3, id="never"),
    ],
)
def test_missed_slots_are_counted_in_a_row(outcomes: tuple[SlotState, ...], missed: int) -> None:
    assert check_ins.missed_in_a_row(filled(*outcomes)) == missed


def test_the_next_slot_is_the_overdue_one_in_its_grace_or_the_one_ahead() -> None:
    slots = filled(M, T, P, P)
    assert check_ins.next_due(slots) == slots[2]
    assert check_ins.next_due(filled(M, E)) is None


@pytest.mark.parametrize(
    ("stated", "unchanged"),
    [
        pytest.param([], 0, id="no check-in"),
        pytest.param([None, None], 0, id="never stated"),
        pytest.param([7], 1, id="once"),
        pytest.param([5, 7, 7, 7], 3, id="since a change"),
        pytest.param([7, None, 7], 2, id="passing over who states none"),
        pytest.param([7, 8], 1, id="just changed"),
    ],
)
def test_confidence_that_does_not_move_is_counted(stated: list[int | None], unchanged: int) -> None:
    entries = tuple(
        check_in(1, at=JULY_3 + timedelta(days=day), confidence=confidence) for day, confidence in enumerate(stated)
    )
    assert check_ins.unchanged_confidence(key_result(check_ins=entries)) == unchanged


def test_a_key_result_keeps_one_check_in_a_day_for_a_year_and_then_only_corrections() -> None:
    entries = tuple(
        check_in(1, key=f"chk_{n}", at=datetime(2026, 7, 1, tzinfo=UTC) + timedelta(hours=n))
        for n in range(check_ins.MOST)
    )
    full = key_result(check_ins=entries)
    picture = snapshot(objective(), full)
    with pytest.raises(Refusal) as refused:
        check_ins.accept(picture, full, Draft(value=Decimal(1)), key="chk_more", by="per_lan", at=NOW)
    assert refused.value.code is Code.INVALID
    corrected = Draft(value=Decimal(2), supersedes="chk_0")
    again = check_ins.accept(picture, full, corrected, key="chk_more", by="per_lan", at=NOW)
    assert len(again.check_ins) == check_ins.MOST


@given(st.lists(st.integers(min_value=0, max_value=45 * 24), unique=True, max_size=30))
def test_however_people_check_in_each_entry_fills_at_most_one_slot_and_no_slot_is_filled_from_afar(
    hours: list[int],
) -> None:
    entries = tuple(
        check_in(1, key=f"chk_{hour}", at=datetime(2026, 7, 1, tzinfo=UTC) + timedelta(hours=hour))
        for hour in sorted(hours)
    )
    result = key_result(check_ins=entries)
    attendance = check_ins.attendance(snapshot(objective(), result), result)
    named = [each.check_in for each in attendance if each.check_in]
    assert len(named) == len(set(named))
    at = {entry.key: entry.at for entry in entries}
    idle = {instant for key, instant in at.items() if key not in named}
    for each in attendance:
        match each.state:
            case SlotState.ON_TIME:
                assert each.slot.opens < at[each.check_in or ""] <= each.slot.due
            case SlotState.LATE:
                assert each.slot.due < at[each.check_in or ""] <= each.slot.late_until
            case SlotState.MISSED:
                assert each.slot.late_until <= NOW
                assert not any(each.slot.opens < instant <= each.slot.late_until for instant in idle)
            case _:
                assert each.slot.late_until > NOW
