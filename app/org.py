"""What HR does with the organisation: found it, grow it, move units, and open cycles."""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from app import picture
from app.actor import SYSTEM, Actor
from app.call import Call
from app.runtime import Runtime
from okr import alignment, cycle, keys, org
from okr.cycle import GRADING, Cycle, CycleKind, Pause, Rhythm
from okr.errors import Code, Refusal
from okr.keys import Kind
from okr.org import Grant, Leave, OrgUnit, Person, Role
from okr.text import Text


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitDraft:
    """A unit as somebody writes it; see okr.org.OrgUnit."""

    name: Text
    kind: str
    parent: str
    lead: str | None = None
    zone: str | None = None
    zone_locked: bool = False
    rhythm: Rhythm | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonDraft:
    """A person as somebody writes it; see okr.org.Person."""

    subject: str
    name: str
    unit: str
    zone: str | None = None
    left: date | None = None
    leave: tuple[Leave, ...] = ()
    grants: tuple[Grant, ...] = ()


async def found(runtime: Runtime, tenant: str, name: Text, zone: str = "UTC", at: datetime | None = None) -> Call:
    """Found an organisation, or find it founded; return a call of the service on it. Its root unit is the company."""
    now = at or runtime.now()
    store = await runtime.store.found(tenant, now)
    seen = await picture.of(store, now)
    root = OrgUnit(key=keys.derive(Kind.UNIT, tenant, "root"), name=name, kind="company", zone=zone)
    grants = (Grant(role=Role.HR_ADMIN, unit=root.key),)
    call = Call(runtime=runtime, store=store, picture=seen, actor=Actor(key=SYSTEM, grants=grants), at=now)
    if root.key not in seen.units:
        org.check_unit(seen, root)
        try:
            await call.commit("organisation.found", root)
        except Refusal as refusal:
            if refusal.code is not Code.DUPLICATE:
                raise
            call.picture = await picture.of(store, now)  # founded by somebody else, in the same moment
    return call


async def create_unit(call: Call, draft: UnitDraft) -> OrgUnit:
    """Create a unit below another and return it; needs hr_admin there."""
    if done := await call.replay():
        return call.picture.units[str(done["unit"])]
    _visible_parent(call, draft.parent)
    unit = OrgUnit(
        key=call.fresh(Kind.UNIT),
        name=draft.name,
        kind=draft.kind,
        parent=draft.parent,
        lead=draft.lead,
        zone=draft.zone,
        zone_locked=draft.zone_locked,
        rhythm=draft.rhythm,
    )
    if draft.lead is not None and draft.lead not in call.picture.people:
        raise Refusal(Code.NOT_FOUND, "There is no such person.", ("lead",))
    org.check_unit(call.picture, unit)
    await call.commit("unit.create", unit, result={"unit": unit.key})
    return unit


async def move_unit(call: Call, key: str, parent: str, expected: int | None = None) -> OrgUnit:
    """Move a unit with all below it under another parent and return it; needs hr_admin on it and on the new parent."""
    return await call.in_turn(lambda: _move_unit(call, key, parent, expected), key)


async def _move_unit(call: Call, key: str, parent: str, expected: int | None) -> OrgUnit:
    if done := await call.replay():
        return call.picture.units[str(done["unit"])]
    unit = call.picture.units.get(key)
    if unit is None or not call.sees(key):
        raise Refusal(Code.NOT_FOUND, "There is no such unit.", ("id",))
    call.require(Role.HR_ADMIN, key)
    _visible_parent(call, parent)
    call.expect(unit, expected)
    alignment.check_move(call.picture, key, parent)
    moved = replace(unit, parent=parent)
    await call.commit("unit.move", moved, held=call.shape, result={"unit": key})
    return call.picture.units[key]


async def add_people(call: Call, *drafts: PersonDraft) -> tuple[Person, ...]:
    """Add people and return them; one whose subject is known is changed instead, so a second run changes nothing.

    Needs hr_admin wherever a person belongs or belonged, and wherever a role is given or taken.
    """
    added = []
    for draft in drafts:
        known = call.picture.by_subject.get(draft.subject)
        person = Person(
            key=known.key if known else call.fresh(Kind.PERSON, draft.subject),
            subject=draft.subject,
            name=draft.name,
            unit=draft.unit,
            zone=draft.zone,
            left=draft.left,
            leave=draft.leave,
            grants=draft.grants,
            version=known.version if known else 1,
        )
        org.check_person(call.picture, person)
        if person != known:
            added.append(person)
            for unit in _concerned(person, known):
                call.require(Role.HR_ADMIN, unit)
    if added:
        await call.commit("people.add", *added)
    return tuple(call.picture.by_subject[draft.subject] for draft in drafts)


async def appoint(call: Call, key: str, lead: str) -> OrgUnit:
    """Make somebody the lead of a unit and return it."""
    if key not in call.picture.units or not call.sees(key):
        raise Refusal(Code.NOT_FOUND, "There is no such unit.", ("id",))
    call.require(Role.HR_ADMIN, key)
    if lead not in call.picture.people:
        raise Refusal(Code.NOT_FOUND, "There is no such person.", ("lead",))
    await call.commit("unit.appoint", replace(call.picture.units[key], lead=lead))
    return call.picture.units[key]


async def open_cycles(call: Call, first_year: int, last_year: int, grading: timedelta = GRADING) -> None:
    """Open the calendar years and quarters from `first_year` to `last_year` that are not there yet.

    Each closes `grading` after its end.
    """
    call.require(Role.HR_ADMIN, call.picture.root.key)
    wanted = [span for year in range(first_year, last_year + 1) for span in calendar(year, grading)]
    missing = [
        replace(span, key=call.fresh(Kind.CYCLE, span.name.original))
        for span in wanted
        if not any(c.first == span.first and c.last == span.last for c in call.picture.cycles.values())
    ]
    for span in missing:
        cycle.check(span)
    if not missing:
        return
    try:
        await call.commit("cycles.open", *missing)
    except Refusal as refusal:
        if refusal.code is not Code.DUPLICATE:
            raise
        call.picture = await picture.of(call.store, call.at)  # somebody opened some of them in the same moment
        await open_cycles(call, first_year, last_year, grading)


async def pause(call: Call, key: str, rest: Pause) -> Cycle:
    """Let a cycle rest for some days and return it."""
    call.require(Role.HR_ADMIN, call.picture.root.key)
    found = call.picture.cycles.get(key)
    if found is None:
        raise Refusal(Code.NOT_FOUND, "There is no such cycle.", ("id",))
    paused = replace(found, pauses=(*found.pauses, rest))
    cycle.check(paused)
    await call.commit("cycle.pause", paused)
    return call.picture.cycles[key]


def calendar(year: int, grading: timedelta = GRADING) -> tuple[Cycle, ...]:
    """Return the year and its four quarters as cycles without keys, which close `grading` after their ends."""
    starts = [date(year, month, 1) for month in (1, 4, 7, 10)] + [date(year + 1, 1, 1)]
    spans = [(f"{year}", f"Năm {year}", CycleKind.YEAR, starts[0], starts[4])]
    spans += [
        (f"{year} Q{n + 1}", f"Quý {n + 1} năm {year}", CycleKind.QUARTER, starts[n], starts[n + 1]) for n in range(4)
    ]
    return tuple(
        Cycle(
            key="",
            name=Text(original=name, vi=vi),
            kind=kind,
            first=first,
            last=after - timedelta(days=1),
            closes=after + grading,
        )
        for name, vi, kind, first, after in spans
    )


def _concerned(person: Person, known: Person | None) -> set[str]:
    """Return the units in which a new or changed person makes a difference."""
    if known is None:
        return {person.unit, *(grant.unit for grant in person.grants)}
    return {person.unit, known.unit, *(grant.unit for grant in set(person.grants) ^ set(known.grants))}


def _visible_parent(call: Call, key: str) -> None:
    if key not in call.picture.units or not call.sees(key):
        raise Refusal(Code.NOT_FOUND, "There is no such unit.", ("parentId",))
    call.require(Role.HR_ADMIN, key)
