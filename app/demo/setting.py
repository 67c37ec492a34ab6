"""The setting: units, people, KPIs with their readings, and what became of units and people on the way."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

from app import kpis, org, policies, readings
from app.call import Call
from app.demo.blueprint import ROOT, KpiPlan, MovePlan, PersonPlan, UnitPlan
from app.demo.course import numbers
from app.demo.stage import Stage, Step
from app.kpis import KpiDraft
from app.org import PersonDraft, UnitDraft
from app.readings import ReadingDraft
from okr import period as periods
from okr.cycle import CycleKind
from okr.number import Direction
from okr.org import Grant, Role
from okr.period import Period
from okr.target import Target

INTO = timedelta(days=45)
"""How far into a quarter its middle is."""

SOON = timedelta(days=24)
"""How far into the present quarter somebody left."""


def opening(stage: Stage) -> Iterator[Step]:
    """Yield what was done on the day of the founding, minute by minute, so that everything is listed in its order."""
    for n, step in enumerate(_opening(stage), start=1):
        yield replace(step, at=step.at + timedelta(minutes=n))


def numbers_brought(stage: Stage) -> Iterator[Step]:
    """Yield the readings: at the turn of each month, every reporter brings the month's numbers."""
    months = stage.days.months()
    brought: defaultdict[tuple[date, str], list[ReadingDraft]] = defaultdict(list)
    for plan in stage.blueprint.kpis:
        values = numbers(plan.by_quarter)[: len(months)] or numbers(plan.values)[-len(months) :]
        spoken = len(months) - plan.silent
        for month, value in list(zip(months, values, strict=True))[:spoken]:
            day = periods.end(Period.MONTH, month)
            draft = ReadingDraft(kpi=stage.kpi(plan.word), day=day, value=value)
            brought[day + timedelta(days=1), plan.reporter].append(draft)
    for (day, reporter), drafts in brought.items():
        yield _readings(stage, day, reporter, drafts)


def changes(stage: Stage) -> Iterator[Step]:
    """Yield what changed on the way: units that moved, and people who left."""
    for move in stage.blueprint.moves:
        yield _move(stage, move)
    for plan in stage.blueprint.people:
        if plan.leaves:
            yield _leaving(stage, plan)


def gone_on(stage: Stage) -> date:
    """Return the first day on which those who left were gone."""
    return min(stage.days.first(0) + SOON, stage.days.today)


def _opening(stage: Stage) -> Iterator[Step]:
    days, tenant = stage.days, stage.blueprint
    yield from (_unit(stage, plan) for plan in tenant.units)
    yield Step(
        name=("people",),
        at=days.founded,
        do=lambda call: org.add_people(call, *(_person(stage, plan) for plan in tenant.people)),
        done=lambda picture: bool(picture.people),
    )
    yield from (_appointment(stage, plan) for plan in tenant.units)
    yield Step(name=("policies",), at=days.founded, do=policies.install)
    years = days.first(-1, CycleKind.YEAR).year, days.last(1).year
    yield Step(
        name=("cycles",),
        at=days.founded,
        do=lambda call: org.open_cycles(call, *years, tenant.grading),
        done=lambda picture: bool(picture.cycles),
    )
    yield from (_kpi(stage, plan) for plan in tenant.kpis)


def _unit(stage: Stage, plan: UnitPlan) -> Step:
    draft = UnitDraft(name=plan.name, kind=plan.kind, parent=stage.unit(plan.parent), zone=plan.zone)
    return Step(
        name=("unit", plan.word),
        at=stage.days.founded,
        do=lambda call: org.create_unit(call, draft),
        done=lambda picture: stage.unit(plan.word) in picture.units,
    )


def _person(stage: Stage, plan: PersonPlan, left: date | None = None) -> PersonDraft:
    grants = (
        Grant(role=Role.VIEWER, unit=stage.unit(ROOT)),
        *([] if plan.role is Role.VIEWER else [Grant(role=plan.role, unit=stage.unit(plan.on or plan.unit))]),
    )
    return PersonDraft(
        subject=stage.subject(plan.word),
        name=plan.name,
        unit=stage.unit(plan.unit),
        zone=plan.zone,
        left=left,
        grants=grants,
    )


def _appointment(stage: Stage, plan: UnitPlan) -> Step:
    return Step(
        name=("lead", plan.word),
        at=stage.days.founded,
        do=lambda call: org.appoint(call, stage.unit(plan.word), stage.person(plan.lead)),
        by="hr_admin",
        done=lambda picture: (unit := picture.units.get(stage.unit(plan.word))) is not None and unit.lead is not None,
    )


def _kpi(stage: Stage, plan: KpiPlan) -> Step:
    draft = KpiDraft(
        name=plan.name,
        unit=stage.unit(plan.unit),
        measure=plan.measure,
        direction=plan.direction,
        reporter=stage.person(plan.reporter),
        accountable=stage.unit(plan.accountable) if plan.accountable else None,
        parent=stage.kpi(plan.parent) if plan.parent else None,
        weight=Decimal(plan.weight),
        target=_target(stage, plan),
    )
    return Step(
        name=("kpi", plan.word),
        at=stage.days.founded,
        do=lambda call: kpis.create(call, draft),
        by="hr_admin",
        done=lambda picture: stage.kpi(plan.word) in picture.kpis,
    )


def _target(stage: Stage, plan: KpiPlan) -> Target:
    begins, good, bad = stage.days.founded.date(), numbers(plan.target), numbers(plan.red)
    if plan.direction is Direction.RANGE:
        return Target(valid_from=begins, low=good[0], high=good[1], outer_low=bad[0], outer_high=bad[1])
    return Target(valid_from=begins, target=good[0], red_bound=bad[0])


def _readings(stage: Stage, day: date, reporter: str, drafts: list[ReadingDraft]) -> Step:
    async def bring(call: Call) -> None:
        await readings.write(call, drafts)

    return Step(
        name=("readings", reporter, day.isoformat()),
        at=stage.days.at(day),
        do=bring,
        by=reporter,
        done=lambda picture: any(
            watched.latest is not None and watched.latest.period >= periods.start(Period.MONTH, draft.day)
            for draft in drafts
            if (watched := picture.kpis.get(draft.kpi))
        ),
    )


def _move(stage: Stage, move: MovePlan) -> Step:
    return Step(
        name=("move", move.unit),
        at=stage.days.at(stage.days.first(-1) + INTO, 9),
        do=lambda call: org.move_unit(call, stage.unit(move.unit), stage.unit(move.to)),
        by="hr_admin",
        done=lambda picture: (
            (u := picture.units.get(stage.unit(move.unit))) is not None and u.parent == stage.unit(move.to)
        ),
    )


def _leaving(stage: Stage, plan: PersonPlan) -> Step:
    day = gone_on(stage)
    return Step(
        name=("leaves", plan.word),
        at=stage.days.at(day),
        do=lambda call: org.add_people(call, _person(stage, plan, left=day)),
        by="hr_admin",
        done=lambda picture: (
            (found := picture.people.get(stage.person(plan.word))) is not None and found.left is not None
        ),
    )
