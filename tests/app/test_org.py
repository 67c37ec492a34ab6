"""The organisation: one root, units that move with all they have, zone locks, people who come and go."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from app import org
from app.actor import Actor
from app.org import PersonDraft, UnitDraft
from okr import check_in
from okr.cycle import Cadence, Pause, Rhythm
from okr.errors import Code
from okr.org import Grant, OrgUnit, Person, Role
from okr.text import Text
from tests.app.builders import begin, code, due, goal, kpi, only, person, refused, together, written
from tests.app.conftest import Mirror
from tests.service import Stage

pytestmark = pytest.mark.usefixtures("mirror")

FORTNIGHT = Rhythm(cadence=Cadence.BIWEEKLY)


async def unit(stage: Stage, name: str, parent: str, who: str | None = None, **changes: Any) -> OrgUnit:
    """Create a unit below another."""
    draft = UnitDraft(name=Text(original=name), kind="team", parent=parent, **changes)
    return await org.create_unit(await begin(stage, who), draft)


async def move(stage: Stage, key: str, parent: str, who: str | None = None, expected: int | None = None) -> OrgUnit:
    """Move a unit, now."""
    return await org.move_unit(await begin(stage, who), key, parent, expected)


async def test_an_organisation_is_founded_once_however_many_try(stage: Stage, mirror: Mirror) -> None:
    mirror.crowded = True
    calls, refusals = await together(
        *(org.found(stage.runtime, "fresh", Text(original="Fresh"), "Asia/Ho_Chi_Minh") for _ in range(4))
    )
    assert refusals == []
    assert len({call.picture.root for call in calls}) == 1
    assert calls[0].picture.root.zone == "Asia/Ho_Chi_Minh"
    assert [entry.operation for entry in await calls[0].store.audit()] == ["organisation.found"]
    again = await org.found(stage.runtime, "fresh", Text(original="Another name"))
    assert again.picture.root.name.original == "Fresh"


async def test_an_organisation_in_a_zone_that_there_is_not_is_not_founded(stage: Stage) -> None:
    await kpi(stage)
    refusal = await refused(org.found(stage.runtime, "fresh", Text(original="Fresh"), "Asia/Saigonn"))
    assert (refusal.code, refusal.field) == (Code.INVALID, ("zone",))


async def test_there_is_one_root(stage: Stage) -> None:
    root = (await begin(stage)).picture.root
    assert await code(unit(stage, "Second", "")) is Code.NOT_FOUND
    assert await code(move(stage, root.key, stage.team)) is Code.INVALID
    assert (await begin(stage)).picture.root == root


@pytest.mark.parametrize(
    ("who", "parent", "expected"),
    [
        pytest.param("lead", "team", Code.FORBIDDEN, id="a lead at home"),
        pytest.param("lead", "other", Code.NOT_FOUND, id="a lead elsewhere"),
        pytest.param("viewer", "company", Code.FORBIDDEN, id="a viewer"),
        pytest.param("local", "team", None, id="HR of the team"),
        pytest.param("local", "company", Code.NOT_FOUND, id="HR of the team, above it"),
    ],
)
async def test_units_are_created_by_hr(stage: Stage, who: str, parent: str, expected: Code | None) -> None:
    await person(stage, "local", stage.team, (Role.HR_ADMIN, stage.team))
    change = unit(stage, "New", getattr(stage, parent), who)
    if expected is None:
        assert (await change).parent == stage.team
    else:
        assert await code(change) is expected


async def test_what_moves_keeps_its_subtree_and_inherits_anew(stage: Stage) -> None:
    call = await begin(stage)
    await call.commit("test", replace(call.picture.units[stage.other], zone="Asia/Tokyo", rhythm=FORTNIGHT))
    core = await unit(stage, "Core", stage.team)
    deep = await unit(stage, "Deep", core.key)
    before = (await begin(stage)).picture
    assert (str(before.zone(deep.key)), before.rhythm(deep.key)) == ("UTC", Rhythm())
    stage.clock.put(date(2026, 8, 31), hour=16)
    moved = await move(stage, core.key, stage.other)
    after = (await begin(stage)).picture
    assert moved == after.units[core.key]
    assert after.paths[deep.key] == (stage.company, stage.other, core.key, deep.key)
    assert (str(after.zone(deep.key)), after.rhythm(deep.key)) == ("Asia/Tokyo", FORTNIGHT)
    assert (after.today(stage.team), after.today(deep.key)) == (date(2026, 8, 31), date(2026, 9, 1))


async def test_the_slots_of_a_moved_units_goals_follow_its_new_rhythm(stage: Stage) -> None:
    call = await begin(stage)
    await call.commit("test", replace(call.picture.units[stage.other], zone="Asia/Tokyo", rhythm=FORTNIGHT))
    core = await unit(stage, "Core", stage.team)
    stage.clock.put(date(2026, 7, 1))
    result = await only(stage, await goal(stage, unit=core.key))
    stage.clock.put(date(2026, 8, 15))

    async def slots() -> list[str]:
        seen = (await begin(stage)).picture
        return [filled.slot.due.isoformat() for filled in check_in.attendance(seen, seen.key_results[result.key])]

    weekly = await slots()
    await move(stage, core.key, stage.other)
    biweekly = await slots()
    assert len(weekly) > 1.5 * len(biweekly)
    assert {due_[10:] for due_ in weekly} == {"T17:00:00+00:00"}
    assert {due_[10:] for due_ in biweekly} == {"T08:00:00+00:00"}
    assert {core.key, result.key, result.objective} <= await due(stage) | {core.key, result.key, result.objective}


async def test_roles_follow_the_tree(stage: Stage) -> None:
    core = await unit(stage, "Core", stage.team)
    assert (await begin(stage, "lead")).may(Role.LEAD, core.key)
    await move(stage, core.key, stage.other)
    assert not (await begin(stage, "lead")).may(Role.VIEWER, core.key)


async def test_no_unit_moves_below_itself(stage: Stage) -> None:
    core = await unit(stage, "Core", stage.team)
    for parent in (stage.team, core.key):
        assert await code(move(stage, stage.team, parent)) is Code.WOULD_CYCLE
    assert await code(move(stage, stage.team, "unit_nowhere")) is Code.NOT_FOUND
    assert await code(move(stage, "unit_nowhere", stage.team)) is Code.NOT_FOUND


async def test_long_loops_made_at_once_do_not_close(stage: Stage, mirror: Mirror) -> None:
    mirror.crowded = True
    team, other = await unit(stage, "Core", stage.team), await unit(stage, "Rim", stage.other)
    done, refusals = await together(move(stage, stage.team, other.key), move(stage, stage.other, team.key))
    assert (len(done), refusals) == (1, [Code.WOULD_CYCLE])
    assert len((await begin(stage)).picture.paths) == 5


async def test_moving_takes_hr_at_both_ends_and_the_version_that_was_read(stage: Stage) -> None:
    await person(stage, "local", stage.team, (Role.HR_ADMIN, stage.team))
    core, rim = await unit(stage, "Core", stage.team), await unit(stage, "Rim", stage.other)
    assert await code(move(stage, core.key, stage.other, "local")) is Code.NOT_FOUND
    assert await code(move(stage, rim.key, stage.team, "local")) is Code.NOT_FOUND
    assert await code(move(stage, core.key, stage.other, "lead")) is Code.FORBIDDEN
    refusal = await refused(move(stage, core.key, stage.other, expected=2))
    assert (refusal.code, refusal.field) == (Code.CONFLICT, ("expectedVersion",))
    assert (await move(stage, core.key, stage.other, expected=1)).version == 2
    assert (await move(stage, core.key, stage.other)).version == 2, "it is there already"


async def test_a_zone_lock_holds_for_what_is_created_and_for_what_moves_in(stage: Stage) -> None:
    locked = await unit(stage, "Locked", stage.company, zone="Asia/Tokyo", zone_locked=True)
    below = await unit(stage, "Below", locked.key)
    refusal = await refused(unit(stage, "Zoned", below.key, zone="UTC"))
    assert (refusal.code, refusal.field) == (Code.INVALID, ("zone",))
    home = await unit(stage, "Home", stage.team)
    await unit(stage, "Zoned", home.key, zone="Europe/Paris")
    refusal = await refused(move(stage, home.key, below.key))
    assert (refusal.code, refusal.field) == (Code.INVALID, ("parent",))
    assert (await move(stage, below.key, home.key)).parent == home.key


async def test_a_lead_is_somebody_who_is_there(stage: Stage) -> None:
    refusal = await refused(unit(stage, "New", stage.company, lead="person_nobody"))
    assert (refusal.code, refusal.field) == (Code.NOT_FOUND, ("lead",))
    lead = (await begin(stage)).picture.by_subject["lead@acme"].key
    assert (await org.appoint(await begin(stage), stage.team, lead)).lead == lead
    assert await code(org.appoint(await begin(stage), stage.team, "person_nobody")) is Code.NOT_FOUND
    assert await code(org.appoint(await begin(stage), "unit_nowhere", lead)) is Code.NOT_FOUND
    assert await code(org.appoint(await begin(stage, "lead"), stage.team, lead)) is Code.FORBIDDEN


async def test_whoever_has_left_is_refused_from_that_day_on(stage: Stage) -> None:
    leaver = await person(stage, "leaver", stage.team, (Role.LEAD, stage.team))
    assert (await begin(stage, "leaver")).actor.key == leaver.key
    await person(stage, "leaver", stage.team, (Role.LEAD, stage.team), left=date(2026, 8, 16))
    assert (await begin(stage, "leaver")).actor.key == leaver.key
    stage.clock.put(date(2026, 8, 16), hour=0)
    refusal = await refused(begin(stage, "leaver"))
    assert (refusal.code, refusal.message) == (Code.FORBIDDEN, "Nobody by that name works in this organisation.")


async def test_the_day_of_leaving_is_a_day_in_the_unit(stage: Stage) -> None:
    call = await begin(stage)
    await call.commit("test", replace(call.picture.units[stage.team], zone="Asia/Tokyo"))
    await person(stage, "leaver", stage.team, left=date(2026, 8, 16))
    stage.clock.put(date(2026, 8, 15), hour=14)
    seen = (await begin(stage)).picture
    assert Actor.person(seen, "leaver@acme").grants == ()
    stage.clock.put(date(2026, 8, 15), hour=15)
    assert await code(begin(stage, "leaver")) is Code.FORBIDDEN


async def test_adding_people_again_changes_only_what_is_new(stage: Stage) -> None:
    made = await person(stage, "somebody", stage.team)
    before = await written(stage)
    assert await person(stage, "somebody", stage.team) == made
    assert await written(stage) == before
    changed = await person(stage, "somebody", stage.team, (Role.MEMBER, stage.team))
    assert (changed.key, changed.version) == (made.key, 2)


def _draft(name: str, unit_: str, *grants: tuple[Role, str], left: date | None = None) -> PersonDraft:
    held = tuple(Grant(role=role, unit=where) for role, where in grants)
    return PersonDraft(subject=f"{name}@acme", name=name.title(), unit=unit_, grants=held, left=left)


async def test_hr_of_a_team_gives_and_takes_roles_there_alone(stage: Stage) -> None:
    await person(stage, "local", stage.team, (Role.HR_ADMIN, stage.team))
    boss = await person(stage, "boss", stage.company, (Role.HR_ADMIN, stage.company))
    await person(stage, "neighbour", stage.other)
    guest = await person(stage, "guest", stage.team, (Role.LEAD, stage.other))
    call = await begin(stage, "local")

    async def tried(*drafts: PersonDraft) -> Code:
        before = await written(stage)
        refusal = await code(org.add_people(call, *drafts))
        assert await written(stage) == before
        return refusal

    fine = _draft("new", stage.team, (Role.LEAD, stage.team))
    assert await tried(fine, _draft("me", stage.team, (Role.HR_ADMIN, stage.company))) is Code.FORBIDDEN
    assert await tried(_draft("me", stage.other)) is Code.FORBIDDEN
    assert await tried(_draft("boss", stage.team, (Role.VIEWER, stage.team))) is Code.FORBIDDEN
    assert await tried(_draft("boss", stage.company, left=date(2026, 1, 1))) is Code.FORBIDDEN
    assert await tried(_draft("guest", stage.team)) is Code.FORBIDDEN
    assert await tried(_draft("neighbour", stage.team)) is Code.FORBIDDEN, "taken from where others decide"
    assert await tried(_draft("new", "unit_nowhere")) is Code.NOT_FOUND
    assert await tried(_draft("new", stage.team, (Role.LEAD, "unit_nowhere"))) is Code.NOT_FOUND
    keeping = _draft("guest", stage.team, (Role.LEAD, stage.other), (Role.MEMBER, stage.team))
    new, known = await org.add_people(call, fine, keeping)
    assert isinstance(new, Person)
    assert (known.key, len(known.grants)) == (guest.key, 2)
    assert (await begin(stage)).picture.people[boss.key] == boss


async def test_cycles_are_opened_once(stage: Stage) -> None:
    before = await written(stage)
    await org.open_cycles(await begin(stage), 2026, 2026)
    assert await written(stage) == before
    await org.open_cycles(await begin(stage), 2026, 2027, timedelta(days=30))
    cycles = (await begin(stage)).picture.cycles.values()
    assert len(cycles) == 10
    assert {one.name.original for one in cycles if one.first.year == 2027} == {
        "2027",
        *(f"2027 Q{n}" for n in (1, 2, 3, 4)),
    }
    assert max(one.closes for one in cycles) == date(2028, 1, 31)
    assert await code(org.open_cycles(await begin(stage, "lead"), 2028, 2028)) is Code.FORBIDDEN


async def test_cycles_opened_by_several_at_once_are_opened_once(stage: Stage, mirror: Mirror) -> None:
    mirror.crowded = True
    years = ((2026, 2027), (2027, 2028), (2028, 2028), (2026, 2028))
    calls = [await begin(stage) for _ in years]
    _, refusals = await together(*(org.open_cycles(call, *span) for call, span in zip(calls, years, strict=True)))
    assert refusals == []
    assert len((await begin(stage)).picture.cycles) == 15


async def test_a_cycle_rests(stage: Stage) -> None:
    rest = Pause(first=date(2026, 8, 1), last=date(2026, 8, 10))
    rested = await org.pause(await begin(stage), await stage.cycle(), rest)
    assert rested.pauses == (rest,)
    assert await code(org.pause(await begin(stage), "cyc_nothing", rest)) is Code.NOT_FOUND
    assert await code(org.pause(await begin(stage, "lead"), rested.key, rest)) is Code.FORBIDDEN
