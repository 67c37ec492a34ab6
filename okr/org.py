"""Who there is: units in one tree, the people in them, and what each may do where."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Protocol
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from okr.cycle import Rhythm, check_rhythm, dated
from okr.errors import Code, Refusal, did_you_mean
from okr.text import Text, line

KIND = re.compile("[a-z][a-z0-9_-]{0,39}")


class Role(StrEnum):
    """What a person may do in a unit and everything below it; each role may all that the ones before it may."""

    VIEWER = "viewer"
    MEMBER = "member"
    LEAD = "lead"
    HR_ADMIN = "hr_admin"

    @property
    def rank(self) -> int:
        """The role as a number that grows with what it allows."""
        return list(Role).index(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """A role held on a unit and on its whole subtree."""

    role: Role
    unit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Leave:
    """Days away, both included, local to the person."""

    first: date
    last: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody who owns, reports or administers.

    `subject` is the `sub` of the tokens the identity provider issues for them. `left` is the first day on which the
    person no longer works here. `zone` is an IANA name, used for what only concerns the person; slots use the unit's.
    """

    key: str
    subject: str
    name: str
    unit: str
    zone: str | None = None
    left: date | None = None
    leave: tuple[Leave, ...] = ()
    grants: tuple[Grant, ...] = ()
    version: int = 1

    def works_on(self, day: date) -> bool:
        """Tell whether the person still belongs to the organisation on `day`."""
        return self.left is None or day < self.left

    def away_on(self, day: date) -> bool:
        """Tell whether `day` is one of the person's days of leave."""
        return any(leave.first <= day <= leave.last for leave in self.leave)


@dataclass(frozen=True, slots=True, kw_only=True)
class OrgUnit:
    """One unit of the organisation; the root is the unit without a parent, and every tenant has exactly one.

    `kind` is the level policies speak of ("company", "division", "department", "team", or a word of the customer's).
    `zone` (IANA) and `rhythm` are inherited from the nearest ancestor that has them; with `zone_locked` no unit below
    may have a zone of its own.
    """

    key: str
    name: Text
    kind: str
    parent: str | None = None
    lead: str | None = None
    zone: str | None = None
    zone_locked: bool = False
    rhythm: Rhythm | None = None
    version: int = 1


class Organisation(Protocol):
    """What the checks here read of a picture."""

    @property
    def units(self) -> Mapping[str, OrgUnit]:
        """Units by their key."""

    @property
    def people(self) -> Mapping[str, Person]:
        """People by their key."""


def check_unit(organisation: Organisation, unit: OrgUnit) -> None:
    """Refuse a unit, new or changed, that would break the tree, the zones in it, or its own fields' rules."""
    if not KIND.fullmatch(unit.kind):
        raise Refusal(Code.INVALID, 'A kind is one lower-case word such as "team" or "business-line".', ("kind",))
    check_zone(unit.zone)
    if unit.rhythm is not None:
        try:
            check_rhythm(unit.rhythm)
        except Refusal as refusal:
            raise refusal.under("rhythm") from None
    if unit.lead is not None and unit.lead not in organisation.people:
        raise Refusal(Code.NOT_FOUND, "There is no such person.", ("lead",))
    above = _above(organisation, unit)
    if unit.parent is None and any(
        other.parent is None and other.key != unit.key for other in organisation.units.values()
    ):
        raise Refusal(Code.INVALID, "An organisation has one root; name the unit above this one.", ("parent",))
    _check_locks(organisation, unit, above)


def check_person(organisation: Organisation, person: Person) -> None:
    """Refuse a person, new or changed, whose unit, zone, leave, grants or subject cannot be."""
    line(person.name, field=("name",))
    line(person.subject, field=("subject",))
    if any(other.subject == person.subject and other.key != person.key for other in organisation.people.values()):
        raise Refusal(Code.DUPLICATE, "Another person has this subject already.", ("subject",))
    if person.unit not in organisation.units:
        raise Refusal(Code.NOT_FOUND, "There is no such unit.", ("unit",))
    check_zone(person.zone)
    if person.left is not None:
        dated(person.left, "left")
    for place, leave in enumerate(person.leave):
        dated(leave.first, "leave", str(place), "first")
        dated(leave.last, "leave", str(place), "last")
        if leave.last < leave.first:
            raise Refusal(Code.INVALID, "The leave ends before it begins.", ("leave", str(place), "last"))
    for place, grant in enumerate(person.grants):
        if grant.unit not in organisation.units:
            raise Refusal(Code.NOT_FOUND, "There is no such unit.", ("grants", str(place), "unit"))


def check_zone(zone: str | None) -> None:
    """Refuse a name that the IANA time zone database does not know; None inherits and is fine."""
    if zone is None:
        return
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        hint = did_you_mean(zone, available_timezones())
        raise Refusal(Code.INVALID, f"Time zones have IANA names such as Asia/Ho_Chi_Minh.{hint}", ("zone",)) from None


def _above(organisation: Organisation, unit: OrgUnit) -> tuple[OrgUnit, ...]:
    """Return the units above `unit`, nearest first; refuse an unknown parent and a loop."""
    found: dict[str, OrgUnit] = {}
    key = unit.parent
    while key is not None:
        if key == unit.key or key in found:
            raise Refusal(Code.WOULD_CYCLE, "A unit cannot be below itself.", ("parent",))
        if key not in organisation.units:
            raise Refusal(Code.NOT_FOUND, "There is no such unit.", ("parent",))
        found[key] = organisation.units[key]
        key = found[key].parent
    return tuple(found.values())


def _check_locks(organisation: Organisation, unit: OrgUnit, above: tuple[OrgUnit, ...]) -> None:
    """Refuse a zone of its own below a lock, in the unit or in what comes along with it."""
    lock = next((other for other in above if other.zone_locked), None)
    if lock is not None and unit.zone is not None:
        message = f"{lock.name.original} sets the zone for everything below it; leave the zone out."
        raise Refusal(Code.INVALID, message, ("zone",))
    if lock is None and not unit.zone_locked:
        return
    zoned = next(
        (each for each in organisation.units.values() if each.zone and _is_below(organisation, each, unit)), None
    )
    if zoned is not None:
        message = (
            f"{zoned.name.original} has a zone of its own, and a lock above it forbids that; remove it there first."
        )
        raise Refusal(Code.INVALID, message, ("parent",) if lock else ("zoneLocked",))


def _is_below(organisation: Organisation, unit: OrgUnit, other: OrgUnit) -> bool:
    return any(above.key == other.key for above in _above(organisation, unit))
