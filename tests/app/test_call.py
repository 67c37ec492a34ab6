"""The one way to write: what a commit leaves behind, what it refuses, and what a repeat of it does."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from app import blocking, goals, org
from app.actor import Actor
from app.call import TRIES, Call, Once
from app.org import UnitDraft
from okr import keys
from okr.errors import Code, Refusal
from okr.keys import Kind
from okr.org import OrgUnit, Role
from okr.recommendation import Subject
from okr.text import Text
from store.change import Decision, Edit, Repeated
from tests.app.builders import (
    begin,
    breach,
    code,
    due,
    goal,
    kpi,
    only,
    person,
    refused,
    say,
    stored,
    together,
    written,
)
from tests.app.conftest import Mirror
from tests.service import Stage

pytestmark = pytest.mark.usefixtures("mirror")


def once(call: Call, key: str = "word", fingerprint: str = "same") -> Call:
    """Return the call with an idempotency key."""
    return replace(call, once=Once(key=key, fingerprint=fingerprint), seed=("seed",), along=[], touched={})


def renamed(call: Call, unit: str, name: str = "Renamed") -> OrgUnit:
    """Return a unit under another name."""
    return replace(call.picture.units[unit], name=Text(original=name))


async def clean(stage: Stage) -> Call:
    """Begin a call with nothing left to evaluate."""
    call = await begin(stage)
    await call.store.clear(await call.store.marks())
    return call


async def test_a_commit_raises_versions_and_leaves_an_entry_and_marks(stage: Stage) -> None:
    stage.clock.at += timedelta(hours=1)
    call = await clean(stage)
    before = call.picture.units[stage.team]
    made = replace(before, key=keys.derive(Kind.UNIT, "new"), parent=stage.company)
    await call.commit("test", renamed(call, stage.team), made, note="why")
    after = call.picture.units[stage.team]
    assert (after.version, after.name.original) == (before.version + 1, "Renamed")
    (entry, *_) = await call.store.audit(limit=1)
    assert (entry.operation, entry.by, entry.note, entry.at) == ("test", "system", "why", stage.clock.at)
    assert set(entry.subjects) == {stage.team, made.key}
    assert {mark.subject for mark in await call.store.marks()} == {
        Subject(kind="unit", key=stage.team),
        Subject(kind="unit", key=made.key),
    }
    assert set(call.touched) == {stage.team, made.key}


async def test_nothing_is_written_where_nothing_changed(stage: Stage) -> None:
    call = await begin(stage)
    before = await written(stage)
    await call.commit("test", call.picture.units[stage.team], held=call.shape, due=(stage.company,), note="why")
    assert await written(stage) == before
    assert call.touched == {}


async def test_what_an_old_edge_led_to_is_due_as_well(stage: Stage) -> None:
    watched = await kpi(stage)
    objective = await goal(stage, addresses=(watched.key,))
    call = await clean(stage)
    await goals.update(call, objective.key, goals.Change(values={"addresses": ()}))
    assert await due(stage) == {objective.key, watched.key}


async def test_what_else_is_due_is_marked_with_the_change(stage: Stage) -> None:
    call = await clean(stage)
    await call.commit("test", renamed(call, stage.team), due=(stage.company, stage.other))
    assert await due(stage) == {stage.team, stage.company, stage.other}


async def test_a_change_made_from_an_older_picture_is_refused_whole(stage: Stage) -> None:
    first, second = await begin(stage), await begin(stage)
    await first.commit("test", renamed(first, stage.team, "First"))
    made = replace(second.picture.units[stage.team], key=second.fresh(Kind.UNIT))
    before, seen = await written(stage), second.picture
    assert await code(second.commit("test", renamed(second, stage.team, "Second"), made)) is Code.CONFLICT
    assert await written(stage) == before
    assert (second.picture, second.touched) == (seen, {})


async def test_edits_go_along_with_the_next_commit_and_with_no_other(stage: Stage) -> None:
    said = await breach(stage, await kpi(stage))
    call = await begin(stage)
    call.along.append(Edit(before=said, after=replace(said, error="seen", version=said.version + 1)))
    await call.commit("test", renamed(call, stage.team))
    await call.commit("test", renamed(call, stage.other))
    assert (await stored(stage, said)).error == "seen"
    assert call.along == []


async def test_of_two_changes_that_hold_the_same_one_is_refused(stage: Stage) -> None:
    first, second = await begin(stage), await begin(stage)
    await first.commit("test", renamed(first, stage.team), held=first.shape)
    assert first.picture.root.version == 2
    assert await code(second.commit("test", renamed(second, stage.other), held=second.shape)) is Code.CONFLICT
    assert (await begin(stage)).picture.units[stage.other].name.original == "Sales"


async def test_what_is_held_is_not_due(stage: Stage) -> None:
    call = await clean(stage)
    await call.commit("test", renamed(call, stage.team), held=call.shape)
    assert await due(stage) == {stage.team}


async def test_a_repeat_is_told_what_was_answered(stage: Stage) -> None:
    call = once(await begin(stage))
    assert await call.replay() is None
    await call.commit("test", renamed(call, stage.team), result={"unit": stage.team})
    assert call.once is None, "only the first commit of a call is answered from"
    older = once(await begin(stage))
    stage.clock.at += timedelta(hours=30)
    assert await older.replay() == {"unit": stage.team}
    another = await begin(stage, "lead")
    assert await once(another).replay() is None, "a word belongs to who says it"
    assert await code(once(await begin(stage), fingerprint="other").replay()) is Code.IDEMPOTENCY_KEY_REUSED


async def test_a_call_that_changes_nothing_is_answered_once_too(stage: Stage) -> None:
    call = once(await begin(stage))
    await call.commit("test", result={"nothing": True})
    assert await once(await begin(stage)).replay() == {"nothing": True}


async def test_a_race_of_the_same_call_has_one_effect(stage: Stage) -> None:
    first, second = once(await begin(stage)), once(await begin(stage))
    await first.commit("test", renamed(first, stage.team), result={"by": "first"})
    with pytest.raises(Repeated):
        await second.commit("test", renamed(second, stage.other), result={"by": "second"})
    assert await second.replay() == {"by": "first"}
    assert second.picture.units[stage.team].version == 2, "a replay stands on a picture that knows what was done"
    assert second.picture.units[stage.other].version == 1


async def test_an_expected_version_is_compared(stage: Stage) -> None:
    call = await begin(stage)
    team = call.picture.units[stage.team]
    call.expect(team, None)
    call.expect(team, 1)
    with pytest.raises(Refusal) as refusal:
        call.expect(team, 2)
    assert (refusal.value.code, refusal.value.field) == (Code.CONFLICT, ("expectedVersion",))


async def test_keys_are_new_unless_they_are_named(stage: Stage) -> None:
    call, other = await begin(stage), await begin(stage)
    kind = Kind.UNIT
    made = [call.fresh(kind), call.fresh(kind), other.fresh(kind)]
    assert len(set(made)) == 3
    assert call.fresh(kind, "a", "b") == other.fresh(kind, "a", "b") != call.fresh(kind, "ab")


async def test_somebody_else_acts_on_the_same_picture_without_what_was_promised(stage: Stage) -> None:
    call = once(await begin(stage))
    call.along.append(
        Edit(before=call.picture.units[stage.team], after=replace(call.picture.units[stage.team], version=2))
    )
    acting = call.acting(Actor.system(call.picture, "policy:x"))
    assert (acting.picture, acting.at, acting.actor.key) == (call.picture, call.at, "policy:x")
    assert (acting.once, acting.along, acting.touched) == (None, [], {})


async def test_an_organisation_that_was_not_founded_is_said_to_be_missing(stage: Stage) -> None:
    refusal = await refused(Call.begin(stage.runtime, "nowhere"))
    assert (refusal.code, refusal.message) == (Code.NOT_FOUND, 'There is no organisation "nowhere" yet.')
    assert await code(Call.begin(stage.runtime, "No Where")) is Code.INVALID


@pytest.mark.parametrize(
    ("who", "unit", "may"),
    [
        pytest.param("viewer", "company", [Role.VIEWER], id="a viewer of the company"),
        pytest.param("viewer", "team", [Role.VIEWER], id="a viewer of the company, below"),
        pytest.param("lead", "team", [Role.VIEWER, Role.MEMBER, Role.LEAD], id="a lead, at home"),
        pytest.param("lead", "other", [], id="a lead, next door"),
        pytest.param("lead", "company", [], id="a lead, above"),
        pytest.param("hr_admin", "other", list(Role), id="HR"),
    ],
)
async def test_a_role_holds_below_and_brings_the_lower_ones(stage: Stage, who: str, unit: str, may: list[Role]) -> None:
    call = await begin(stage, who)
    key: str = getattr(stage, unit)
    assert [role for role in Role if call.may(role, key)] == may
    assert call.sees(key) is bool(may)
    assert not call.may(Role.VIEWER, "unit_nowhere")
    assert not call.sees("unit_nowhere")


async def test_who_has_left_is_nobody(stage: Stage) -> None:
    await person(stage, "leaver", stage.company, (Role.HR_ADMIN, stage.company), left=stage.clock.at.date())
    assert await code(begin(stage, "leaver")) is Code.FORBIDDEN
    assert await code(begin(stage, "nobody")) is Code.FORBIDDEN
    stage.clock.at -= timedelta(days=1)
    assert (await begin(stage, "leaver")).may(Role.HR_ADMIN, stage.team)


def counted(call: Call, refusals: list[Refusal]) -> tuple[Callable[[], Awaitable[int]], list[int]]:
    """A change that is refused as told before it comes through, and the versions of the company that it saw."""
    seen: list[int] = []

    async def change() -> int:
        seen.append(call.picture.root.version)
        if refusals:
            other = await Call.begin(call.runtime, "acme")
            await other.commit("other", renamed(other, other.picture.root.key, f"Acme {len(seen)}"))
            raise refusals.pop(0)
        return len(seen)

    return change, seen


async def test_a_change_in_turn_looks_again_at_what_others_did(stage: Stage) -> None:
    call = await begin(stage)
    change, seen = counted(call, [Refusal(Code.CONFLICT, "Too late.")] * 3)
    assert await call.in_turn(change) == 4
    assert seen == [1, 2, 3, 4]


@pytest.mark.parametrize(
    "refusal",
    [
        pytest.param(Refusal(Code.CONFLICT, "Not that version.", ("expectedVersion",)), id="about what was given"),
        pytest.param(Refusal(Code.NOT_OPEN, "Closed."), id="about something else"),
    ],
)
async def test_only_a_lost_race_is_run_again(stage: Stage, refusal: Refusal) -> None:
    call = await begin(stage)
    change, seen = counted(call, [refusal])
    assert await refused(call.in_turn(change)) is refusal
    assert seen == [1]


async def test_who_would_overwrite_something_unseen_looks_himself(stage: Stage) -> None:
    call = await begin(stage)
    change, seen = counted(call, [Refusal(Code.CONFLICT, "Too late.")])
    assert await code(call.in_turn(change, stage.company)) is Code.CONFLICT
    assert seen == [1]


async def test_edits_that_go_along_are_not_repeated(stage: Stage) -> None:
    call = await begin(stage)
    team = call.picture.units[stage.team]
    call.along.append(Edit(before=team, after=replace(team, version=2)))
    change, seen = counted(call, [Refusal(Code.CONFLICT, "Too late.")])
    assert await code(call.in_turn(change)) is Code.CONFLICT
    assert seen == [1]


async def test_it_ends_when_others_are_always_faster(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.call.PAUSE", 0)
    call = await begin(stage)
    change, seen = counted(call, [Refusal(Code.CONFLICT, "Too late.")] * 100)
    assert await code(call.in_turn(change)) is Code.CONFLICT
    assert len(seen) == TRIES


async def test_pictures_agree_whatever_is_done_one_after_the_other(stage: Stage, mirror: Mirror) -> None:
    watched, other = await kpi(stage), await kpi(stage, "Other")
    top = await goal(stage, unit=stage.company)
    result = await only(stage, top)
    below = await goal(stage, supports=result.key, addresses=(watched.key,))
    call = await begin(stage)
    await goals.update(
        call,
        below.key,
        goals.Change(values={"supports": top.key, "addresses": (other.key,)}, replace_parent=True),
    )
    await goals.update(call, below.key, goals.Change(values={"unit": stage.other, "cycle": await stage.cycle("2026")}))
    await say(stage, result, 5)
    call = await begin(stage)
    unit = await org.create_unit(call, UnitDraft(name=Text(original="New"), kind="team", parent=stage.company))
    await org.move_unit(call, unit.key, stage.team)
    await org.move_unit(call, stage.team, stage.other)
    await org.appoint(call, unit.key, call.picture.by_subject["lead@acme"].key)
    await goals.close(call, below.key)
    assert call.picture.paths[unit.key] == (stage.company, stage.other, stage.team, unit.key)
    assert mirror.looks >= 10


async def test_moves_that_would_close_a_loop_together_do_not_pass_each_other(stage: Stage, mirror: Mirror) -> None:
    mirror.crowded = True
    calls = [await begin(stage), await begin(stage)]
    done, refusals = await together(
        org.move_unit(calls[0], stage.team, stage.other), org.move_unit(calls[1], stage.other, stage.team)
    )
    assert (len(done), refusals) == (1, [Code.CONFLICT]) or (len(done), refusals) == (1, [Code.WOULD_CYCLE])
    assert set((await begin(stage)).picture.paths) == {stage.company, stage.team, stage.other}


async def test_what_was_decided_about_a_change_that_was_not_written_is_not_logged_with_another(stage: Stage) -> None:
    call = await begin(stage)
    overridden = Decision(
        key="dec_1",
        at=call.at,
        trigger="write",
        policy_set="",
        engine="python",
        facts=1,
        matches=1,
        unknown=0,
        errors=0,
        ms=0,
    )
    call = replace(call, decisions=(overridden,))
    await blocking.guard(call, call.picture, stage.team)
    assert call.decisions == ()
