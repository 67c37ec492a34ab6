"""The demonstration organisations: they are there, they have a past, and each planted defect can be seen."""

import uuid
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pymongo import AsyncMongoClient

from app import demo, issuer, org
from app.call import Call
from app.demo.days import Days
from app.demo.hospital import HOSPITAL
from app.demo.stage import Stage
from app.runtime import Runtime
from app.settings import Settings
from okr import alignment, breach, check_in, kpi, progress
from okr.check_in import SlotState
from okr.gap import Gap, GapKind
from okr.goal import KeyResult, KeyResultType, Objective, ObjectiveState
from okr.kpi import Kpi
from okr.org import Role
from okr.progress import Flag
from okr.recommendation import Recommendation
from okr.snapshot import Snapshot
from okr.target import Band
from okr.text import Text
from rules import facts
from rules.judge import Judge
from store.mongo import Store

TODAY = date(2026, 11, 24)
NEW_YEAR = date(2027, 1, 1)
TENANTS = ("hospital", "f1", "sales", "story")


@dataclass(frozen=True, kw_only=True)
class Shown:
    """One tenant as it was built: its picture, and its recommendations on file."""

    picture: Snapshot
    filed: tuple[Recommendation, ...]

    def goal(self, unit: str, title: str, cycle: str) -> Objective:
        """Return an objective by its unit, the beginning of its title, and its cycle."""
        found = (
            objective
            for objective in self.picture.objectives.values()
            if self.picture.units[objective.unit].name.original == unit
            and objective.title.original.startswith(title)
            and self.picture.cycles[objective.cycle].name.original == cycle
        )
        return next(found)

    def result(self, unit: str, title: str, cycle: str, n: int) -> KeyResult:
        """Return the key result `n`, from 0, of an objective."""
        return self.picture.key_results_of[self.goal(unit, title, cycle).key][n]

    def kpi(self, name: str) -> Kpi:
        """Return a KPI by the beginning of its name."""
        return next(watched for watched in self.picture.kpis.values() if watched.name.original.startswith(name))

    def said(self, policy: str, subject: str) -> Recommendation:
        """Return what a policy says about something."""
        return next(one for one in self.filed if one.finding.policy == policy and one.finding.subject.key == subject)

    def gaps(self, kind: GapKind) -> list[Gap]:
        """Return the gaps of a kind in the alignment tree of all cycles."""
        return [gap for gap in alignment.tree(self.picture).findings if gap.kind is kind]


Places = Mapping[str, Shown]


@asynccontextmanager
async def service(mongodb: AsyncMongoClient[dict[str, Any]], uri: str, judge: Judge) -> AsyncIterator[Runtime]:
    """A service on an empty database of its own."""
    name = f"test_{uuid.uuid4().hex[:12]}"
    store = Store.connect(uri, name)
    try:
        await store.prepare()
        settings = Settings(mongodb_uri=uri, database=name, data=Path("unused"))
        yield Runtime(settings=settings, store=store, judge=judge)
    finally:
        await store.close()
        await mongodb.drop_database(name)


async def shown(runtime: Runtime, tenant: str, today: date) -> Shown:
    """What is in a tenant, seen from the instant it was built for."""
    store = runtime.store.tenant(tenant)
    now = datetime(today.year, today.month, today.day, tzinfo=UTC)
    return Shown(picture=await store.picture(now), filed=await store.recommendations(limit=100))


@pytest.fixture(scope="module")
async def built(
    mongodb: AsyncMongoClient[dict[str, Any]], mongodb_uri: str, judge: Judge
) -> AsyncIterator[tuple[Runtime, tuple[str, ...]]]:
    """The organisations as of a day in the middle of a quarter, and the tenants that were built."""
    async with service(mongodb, mongodb_uri, judge) as runtime:
        yield runtime, await demo.build(runtime, TODAY)


@pytest.fixture(scope="module")
async def places(built: tuple[Runtime, tuple[str, ...]]) -> Places:
    """What was built."""
    return {tenant: await shown(built[0], tenant, TODAY) for tenant in TENANTS}


async def test_the_organisations_are_built_once(built: tuple[Runtime, tuple[str, ...]]) -> None:
    runtime, tenants = built
    assert tenants == TENANTS
    assert await demo.build(runtime, TODAY + timedelta(days=200)) == ()


@pytest.mark.usefixtures("places")  # they are looked at before anybody changes anything
async def test_what_people_change_afterwards_is_left_alone(built: tuple[Runtime, tuple[str, ...]]) -> None:
    runtime, _ = built
    call = await Call.begin(runtime, "hospital")
    moved = next(unit for unit in call.picture.units.values() if unit.name.original == "Reception")
    assert moved.parent is not None
    await org.move_unit(call, moved.key, call.picture.root.key)
    assert await demo.build(runtime, TODAY) == ()
    after = await Call.begin(runtime, "hospital")
    assert after.picture.units[moved.key].parent == call.picture.root.key
    await org.move_unit(after, moved.key, moved.parent)


async def test_everything_happened_in_the_past_and_nothing_is_left_to_evaluate(
    built: tuple[Runtime, tuple[str, ...]],
) -> None:
    runtime, _ = built
    days = Days(today=TODAY, zone=ZoneInfo("UTC"))
    for tenant in TENANTS:
        store = runtime.store.tenant(tenant)
        entries = [entry for entry in await store.audit(limit=1_000) if entry.at <= days.now]
        assert entries[-1].operation == "organisation.found"
        assert entries[-1].at == days.founded
        assert [mark for mark in await store.marks() if mark.at <= days.now] == []


def test_three_organisations_have_goals_in_five_quarters_and_plans_for_the_next(places: Places) -> None:
    for tenant in ("hospital", "f1", "sales"):
        picture = places[tenant].picture
        quarters = {picture.cycles[one.cycle].name.original for one in picture.objectives.values()}
        assert {"2025 Q4", "2026 Q1", "2026 Q2", "2026 Q3", "2026 Q4", "2027 Q1", "2026"} <= quarters


def test_every_title_is_there_in_vietnamese_too(places: Places) -> None:
    for place in places.values():
        picture = place.picture
        titles = [
            *(unit.name for unit in picture.units.values()),
            *(cycle.name for cycle in picture.cycles.values()),
            *(watched.name for watched in picture.kpis.values()),
            *(objective.title for objective in picture.objectives.values()),
            *(result.title for result in picture.key_results.values()),
        ]
        assert [title.original for title in titles if not title.vi] == []


@pytest.mark.parametrize("tenant", TENANTS)
def test_a_person_stands_for_each_role(places: Places, tenant: str) -> None:
    picture = places[tenant].picture
    for role in Role:
        person = picture.by_subject[issuer.subject_of(tenant, role)]
        assert max(grant.role.rank for grant in person.grants) == role.rank


@pytest.mark.parametrize(
    ("tenant", "unit", "title", "n", "start", "target"),
    [
        pytest.param("f1", "Meridian Racing", "Become F1 champion", 0, "50", "80", id="top three in 80 % of races"),
        pytest.param("f1", "Meridian Racing", "Become F1 champion", 1, "20", "50", id="pole in 50 % of races"),
        pytest.param("f1", "Meridian Racing", "Become F1 champion", 2, "2.8", "2.5", id="pit stop 2.8 to 2.5 s"),
        pytest.param("sales", "Mekong Home", "Lead the market", 0, "6", "8", id="NPS 6 to 8"),
        pytest.param("sales", "Mekong Home", "Lead the market", 1, "5", "2", id="response time under 2 hours"),
        pytest.param("sales", "Mekong Home", "Lead the market", 2, "30", "90", id="90 % of target customers"),
    ],
)
def test_the_worked_examples_have_their_numbers(
    places: Places, tenant: str, unit: str, title: str, n: int, start: str, target: str
) -> None:
    result = places[tenant].result(unit, title, "2026", n)
    assert (result.start, result.target) == (Decimal(start), Decimal(target))


def test_the_hospitals_loop_is_ready_to_be_played(places: Places) -> None:
    hospital = places["hospital"]
    uptime = hospital.kpi("Uptime")
    proposal = hospital.said("kpi-breach", uptime.key).finding.proposal
    assert proposal is not None
    results = proposal.args["key_results"]
    assert isinstance(results, list)
    assert [(each["start"], each["target"]) for each in results] == [(Decimal(50), Decimal(99))]
    assert proposal.args["unit"] == uptime.accountable


def test_nobody_owns_the_red_kpi(places: Places) -> None:
    hospital = places["hospital"]
    complaints = hospital.kpi("Complaints answered")
    assert kpi.standing(complaints, TODAY) is Band.RED
    assert (complaints.accountable, complaints.reporter is not None) == (None, True)
    assert hospital.said("kpi-unowned", complaints.key).finding.unit == hospital.picture.root.key
    assert complaints.key in [gap.node for gap in hospital.gaps(GapKind.UNOWNED_KPI)]
    assert complaints.key in [gap.node for gap in hospital.gaps(GapKind.UNMOVED_KPI)]


def test_a_team_has_five_goals(places: Places) -> None:
    hospital = places["hospital"]
    pharmacy = next(unit for unit in hospital.picture.units.values() if unit.name.original == "Outpatient pharmacy")
    filed = hospital.said("goal-limit", pharmacy.key)
    assert filed.finding.title.original == "Outpatient pharmacy has 5 goals; the limit is 3"


def test_an_objective_is_a_list_of_tasks(places: Places) -> None:
    hospital = places["hospital"]
    fact = facts.of_objective(hospital.picture, hospital.goal("Quality and safety", "Be ready", "2026 Q4"))
    assert (fact.values["key_results_live"], fact.values["key_results_measured"]) == (3, 0)


def test_a_kpi_is_disguised_as_a_key_result(places: Places) -> None:
    sales = places["sales"]
    kept = [sales.result("Northern sales", "Fewer", f"2026 Q{n}", 0) for n in (1, 2, 3, 4)]
    assert {(one.type, one.low, one.high) for one in kept} == {(KeyResultType.MAINTAIN, Decimal(25_000_000), None)}
    assert {one.measures for one in kept} == {sales.kpi("Average deal").key}


@pytest.mark.parametrize("cycle", ["2026 Q3", "2026 Q4"])
def test_confidence_never_moves(places: Places, cycle: str) -> None:
    result = places["sales"].result("Service desk", "An answer", cycle, 1)
    assert check_in.unchanged_confidence(result) == len(result.check_ins)
    assert len(result.check_ins) >= 5


@pytest.mark.parametrize("cycle", ["2026 Q3", "2026 Q4"])
def test_a_key_result_regressed_and_another_overshot(places: Places, cycle: str) -> None:
    f1 = places["f1"]
    undercuts = progress.of_key_result(f1.picture, f1.result("Race strategy", "Calls", cycle, 0))
    downforce = progress.of_key_result(f1.picture, f1.result("Aerodynamics", "A car", cycle, 0))
    assert (undercuts.flags, undercuts.progress) == ((Flag.REGRESSED,), Decimal(0))
    assert (downforce.flags, downforce.progress) == ((Flag.OVERSHOOT,), Decimal(1))


async def test_a_unit_moved_in_the_middle_of_a_quarter(built: tuple[Runtime, tuple[str, ...]], places: Places) -> None:
    hospital = places["hospital"]
    picture = hospital.picture
    goal = hospital.goal("Reception", "Nobody stands lost", "2026 Q3")
    entries = await built[0].store.tenant("hospital").audit(operation="unit.move", subject=goal.unit)
    assert entries[-1].at.date() == date(2026, 8, 15)
    before, after = (side[goal.unit] for side in (entries[-1].before, entries[-1].after))
    assert isinstance(before, Mapping)
    assert isinstance(after, Mapping)
    parents = [picture.units[side["parent"]].name.original for side in (before, after)]
    assert parents == ["Nursing", "Outpatient clinic"]
    assert goal.key in [gap.node for gap in hospital.gaps(GapKind.CROSS_TEAM)]


def test_an_owner_left(places: Places) -> None:
    sales = places["sales"]
    result = sales.result("Southern sales", "Every visitor", "2026 Q4", 0)
    assert facts.of_key_result(sales.picture, result).values["owner_left"] is True
    assert result.key in [gap.node for gap in sales.gaps(GapKind.OWNER_LEFT)]
    assert sales.said("missed-check-in", result.key).finding.proposal is not None


def test_owners_live_in_two_time_zones(places: Places) -> None:
    f1 = places["f1"]
    power = f1.goal("Power unit", "A power unit", "2026 Q4")
    tokyo, london = f1.picture.key_results_of[power.key]
    owners = [f1.picture.owner_of(result) for result in (tokyo, london)]
    assert [owner.zone for owner in owners if owner] == ["Asia/Tokyo", "Europe/London"]
    pit = f1.result("Pit crew", "The fastest", "2026 Q4", 0)
    here, there = (check_in.attendance(f1.picture, result)[-1].slot for result in (pit, tokyo))
    assert here.day == there.day
    assert here.due - there.due == timedelta(hours=9)


def test_most_check_ins_are_made_in_time(places: Places) -> None:
    for tenant in ("hospital", "f1", "sales"):
        picture = places[tenant].picture
        slots = [
            filled.state
            for result in picture.key_results.values()
            for filled in check_in.attendance(picture, result)
            if filled.state in (SlotState.ON_TIME, SlotState.LATE, SlotState.MISSED)
        ]
        assert 0.85 < slots.count(SlotState.ON_TIME) / len(slots) < 0.99


def test_a_recovery_became_the_baseline(places: Places) -> None:
    sales = places["sales"]
    cpl = sales.kpi("Cost per lead")
    target = kpi.target_on(cpl, TODAY)
    assert target is not None
    assert (target.baseline, target.red_bound) == (Decimal(120_000), Decimal(126_200))
    assert target.provenance is not None
    objective = sales.picture.objectives[target.provenance.objective]
    assert objective.state is ObjectiveState.CLOSED
    assert objective.origin is not None
    assert target.provenance.episode == objective.origin.episode is not None
    assert breach.current(cpl, TODAY).episode is None


def test_a_pit_stop_became_the_baseline(places: Places) -> None:
    target = kpi.target_on(places["f1"].kpi("Average pit-stop time"), TODAY)
    assert target is not None
    assert (target.baseline, target.red_bound) == (Decimal("2.5"), Decimal("2.53"))


async def test_an_interrupted_build_ends_as_if_nothing_had_happened(
    mongodb: AsyncMongoClient[dict[str, Any]], mongodb_uri: str, judge: Judge, places: Places
) -> None:
    async with service(mongodb, mongodb_uri, judge) as runtime:
        stage = Stage(blueprint=HOSPITAL, days=Days(today=TODAY, zone=ZoneInfo(HOSPITAL.zone)))
        call = await org.found(runtime, "hospital", HOSPITAL.name, HOSPITAL.zone, stage.days.founded)
        await stage.play(call, demo.steps(stage)[:150])
        assert await demo.build(runtime, TODAY + timedelta(days=3)) == TENANTS
        again = await shown(runtime, "hospital", TODAY)
    assert again.picture == places["hospital"].picture
    assert again.filed == places["hospital"].filed


async def test_the_first_day_of_a_year_has_its_stories_too(
    mongodb: AsyncMongoClient[dict[str, Any]], mongodb_uri: str, judge: Judge
) -> None:
    async with service(mongodb, mongodb_uri, judge) as runtime:
        await demo.build(runtime, NEW_YEAR)
        hospital, f1, sales = [await shown(runtime, tenant, NEW_YEAR) for tenant in TENANTS[:3]]
    asked = {(one.finding.policy, one.finding.subject.key) for one in hospital.filed}
    assert ("kpi-breach", hospital.kpi("Uptime").key) in asked
    assert ("kpi-unowned", hospital.kpi("Complaints answered").key) in asked
    assert "goal-limit" in {policy for policy, _ in asked}
    assert facts.of_key_result(sales.picture, sales.result("Southern sales", "Every visitor", "2027 Q1", 0)).values[
        "owner_left"
    ]
    result = f1.result("Race strategy", "Calls", "2026 Q4", 0)
    assert progress.of_key_result(f1.picture, result).flags == (Flag.REGRESSED,)


async def test_a_tenant_that_is_somebody_elses_is_left_alone(runtime: Runtime) -> None:
    await org.found(runtime, HOSPITAL.tenant, Text(original="A hospital of our own"))
    assert not await demo.complete(runtime, HOSPITAL, TODAY)
    call = await Call.begin(runtime, HOSPITAL.tenant)
    assert (len(call.picture.units), len(call.picture.people)) == (1, 0)
