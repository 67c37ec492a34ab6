"""Units and people: what the checks let into the organisation."""

from dataclasses import replace
from datetime import date

import pytest

from okr import org
from okr.cycle import Rhythm
from okr.errors import Code, Refusal
from okr.org import Grant, Leave, OrgUnit, Person, Role
from okr.snapshot import Snapshot
from tests.okr.builders import person, snapshot, unit

ROOT = unit()
SALES = unit("unit_sales", name="Sales", kind="department", parent="unit_acme")
TEAM = unit("unit_team", name="Team", parent="unit_sales")
HANOI = unit("unit_hanoi", name="Hà Nội", parent="unit_sales", zone="Asia/Ho_Chi_Minh")
LAN = person()


def acme(*more: OrgUnit | Person) -> Snapshot:
    return snapshot(ROOT, SALES, TEAM, LAN).with_(*more)


@pytest.mark.parametrize(
    "new",
    [
        pytest.param(unit("unit_new", parent="unit_sales"), id="a team"),
        pytest.param(
            unit("unit_new", parent="unit_sales", lead="per_lan", zone="Europe/London", rhythm=Rhythm()), id="with all"
        ),
        pytest.param(unit("unit_new", parent="unit_sales", kind="business-line_2"), id="a kind of the customer's"),
        pytest.param(replace(ROOT, zone_locked=True, zone="UTC"), id="a root that locks its zone"),
    ],
)
def test_a_unit_that_fits_is_accepted(new: OrgUnit) -> None:
    org.check_unit(acme(), new)


def test_the_first_unit_of_all_is_the_root() -> None:
    org.check_unit(snapshot(ROOT), ROOT)


@pytest.mark.parametrize(
    ("new", "code", "field"),
    [
        pytest.param(unit("unit_new", parent="unit_sales", kind="Team"), Code.INVALID, "kind", id="a capital kind"),
        pytest.param(unit("unit_new", parent="unit_sales", kind="a b"), Code.INVALID, "kind", id="a kind of two words"),
        pytest.param(unit("unit_new", parent="unit_x"), Code.NOT_FOUND, "parent", id="an unknown parent"),
        pytest.param(unit("unit_new", parent="unit_new"), Code.WOULD_CYCLE, "parent", id="below itself"),
        pytest.param(replace(SALES, parent="unit_team"), Code.WOULD_CYCLE, "parent", id="below its own team"),
        pytest.param(unit("unit_new"), Code.INVALID, "parent", id="a second root"),
        pytest.param(unit("unit_new", parent="unit_sales", lead="per_x"), Code.NOT_FOUND, "lead", id="an unknown lead"),
        pytest.param(
            unit("unit_new", parent="unit_sales", rhythm=Rhythm(weekday=7)),
            Code.INVALID,
            "rhythm.weekday",
            id="an eighth weekday",
        ),
        pytest.param(unit("unit_new", parent="unit_sales", zone="Mars"), Code.INVALID, "zone", id="an unknown zone"),
    ],
)
def test_a_unit_that_does_not_fit_is_refused(new: OrgUnit, code: Code, field: str) -> None:
    with pytest.raises(Refusal) as refused:
        org.check_unit(acme(), new)
    assert (refused.value.code, ".".join(refused.value.field)) == (code, field)


def test_a_loop_that_was_imported_is_refused_rather_than_walked_for_ever() -> None:
    looped = acme(replace(SALES, parent="unit_team"))
    with pytest.raises(Refusal) as refused:
        org.check_unit(looped, unit("unit_new", parent="unit_team"))
    assert refused.value.code is Code.WOULD_CYCLE


@pytest.mark.parametrize("zone", ["Asia/Ho_Chi_Minh", "UTC", "Europe/London", None])
def test_zones_of_the_iana_database_are_known(zone: str | None) -> None:
    org.check_zone(zone)


@pytest.mark.parametrize(
    "zone", ["", "Asia/Saigonn", "../../etc/passwd", "/etc/localtime", "Europe", "a\x00b", "x" * 999]
)
def test_other_names_are_no_zones(zone: str) -> None:
    with pytest.raises(Refusal) as refused:
        org.check_zone(zone)
    assert (refused.value.code, refused.value.field) == (Code.INVALID, ("zone",))


def test_a_misspelt_zone_gets_the_nearest_one() -> None:
    with pytest.raises(Refusal, match=r'Did you mean "Asia/Ho_Chi_Minh"\?'):
        org.check_zone("Asia/Ho_Chi_Min")


@pytest.mark.parametrize(
    ("organisation", "changed", "field"),
    [
        pytest.param(acme(replace(ROOT, zone_locked=True)), HANOI, ("zone",), id="a zone below a lock"),
        pytest.param(acme(HANOI), replace(ROOT, zone_locked=True), ("zoneLocked",), id="a lock above a zone"),
        pytest.param(
            acme(
                unit("unit_far", parent="unit_acme"),
                replace(HANOI, parent="unit_far"),
                replace(SALES, zone_locked=True),
            ),
            unit("unit_far", parent="unit_sales"),
            ("parent",),
            id="a move that brings a zone below a lock",
        ),
    ],
)
def test_a_locked_zone_holds_for_everything_below(
    organisation: Snapshot, changed: OrgUnit, field: tuple[str, ...]
) -> None:
    with pytest.raises(Refusal) as refused:
        org.check_unit(organisation, changed)
    assert (refused.value.code, refused.value.field) == (Code.INVALID, field)


def test_a_lock_leaves_its_own_zone_and_other_branches_alone() -> None:
    london = unit("unit_london", parent="unit_acme", zone="Europe/London")
    org.check_unit(acme(london), replace(SALES, zone="Asia/Ho_Chi_Minh", zone_locked=True))


def test_a_person_who_fits_is_accepted_and_may_be_changed() -> None:
    lan = person(
        zone="Asia/Ho_Chi_Minh",
        left=date(2026, 12, 31),
        leave=(Leave(first=date(2026, 8, 1), last=date(2026, 8, 1)),),
        grants=(Grant(role=Role.LEAD, unit="unit_sales"),),
    )
    org.check_person(acme(), lan)
    org.check_person(acme(), person("per_minh", unit="unit_team"))


@pytest.mark.parametrize(
    ("new", "code", "field"),
    [
        pytest.param(person("per_new", name=" "), Code.INVALID, "name", id="no name"),
        pytest.param(person("per_new", name="x" * 201), Code.TOO_LONG, "name", id="a long name"),
        pytest.param(person("per_new", subject=" "), Code.INVALID, "subject", id="no subject"),
        pytest.param(person("per_new", subject="per_lan"), Code.DUPLICATE, "subject", id="Lan's subject"),
        pytest.param(person("per_new", unit="unit_x"), Code.NOT_FOUND, "unit", id="an unknown unit"),
        pytest.param(person("per_new", zone="Mars"), Code.INVALID, "zone", id="an unknown zone"),
        pytest.param(person("per_new", left=date(1, 1, 1)), Code.INVALID, "left", id="left in the year 1"),
        pytest.param(
            person("per_new", leave=(Leave(first=date(2026, 8, 2), last=date(2026, 8, 1)),)),
            Code.INVALID,
            "leave.0.last",
            id="leave that ends before it begins",
        ),
        pytest.param(
            person("per_new", leave=(Leave(first=date(2026, 8, 2), last=date(9999, 8, 1)),)),
            Code.INVALID,
            "leave.0.last",
            id="leave for ever",
        ),
        pytest.param(
            person("per_new", grants=(Grant(role=Role.LEAD, unit="unit_x"),)),
            Code.NOT_FOUND,
            "grants.0.unit",
            id="a role nowhere",
        ),
    ],
)
def test_a_person_who_does_not_fit_is_refused(new: Person, code: Code, field: str) -> None:
    with pytest.raises(Refusal) as refused:
        org.check_person(acme(), new)
    assert (refused.value.code, ".".join(refused.value.field)) == (code, field)


def test_somebody_works_here_until_the_day_before_leaving() -> None:
    lan = person(left=date(2026, 8, 15))
    assert [lan.works_on(date(2026, 8, day)) for day in (14, 15, 16)] == [True, False, False]
    assert person().works_on(date.max)


def test_leave_includes_both_of_its_days() -> None:
    lan = person(leave=(Leave(first=date(2026, 8, 2), last=date(2026, 8, 3)),))
    assert [lan.away_on(date(2026, 8, day)) for day in (1, 2, 3, 4)] == [False, True, True, False]


def test_each_role_may_all_that_the_ones_before_it_may() -> None:
    assert [role.rank for role in (Role.VIEWER, Role.MEMBER, Role.LEAD, Role.HR_ADMIN)] == [0, 1, 2, 3]
