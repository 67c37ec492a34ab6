"""A company with something of everything, and the second tenant beside it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from decimal import Decimal

import httpx

from app import goals, issuer, kpis, org, policies, publishing, readings, waivers
from app.call import Call
from app.goals import KeyResultDraft, ObjectiveDraft
from app.kpis import KpiDraft
from app.org import PersonDraft, UnitDraft
from app.policies import PolicyDraft
from app.readings import ReadingDraft
from app.runtime import Runtime
from app.waivers import WaiverDraft
from okr.goal import KeyResultType, Milestone, Objective, ObjectiveState
from okr.kpi import BreachRule
from okr.number import Direction
from okr.org import Grant, Role
from okr.policy import PolicyMode
from okr.target import Target
from okr.text import Text
from tests.service import NOON, Client, Clock, Stage, people_of

JULY = datetime(2026, 7, 5, 12, tzinfo=UTC)
OTHERS = ("boss", "sales-lead", "sales-viewer", "team-admin", "owner", "reporter", "stranger", "leaver")
FEBRUARY = datetime(2026, 2, 1, 12, tzinfo=UTC)


@dataclass
class World(Stage):
    """The company of `Stage`, at noon on 15 August 2026, with goals, KPIs and people in it.

    "Core" lies below the team. `uptime` (the team's) and `revenue` (of the other team) are in breach, and each has an
    open recommendation of its own; `quality` (the team's) has no reading, and `waiver` excuses it from having an owner.
    `results` are the key results of `main` by type; `main` supports `top_result`.
    """

    tenant: str
    core: str
    people: dict[str, str]
    cycles: dict[str, str]
    uptime: str
    revenue: str
    quality: str
    top: str
    top_result: str
    main: str
    results: dict[str, str]
    sales: str
    sales_result: str
    draft: str
    closed: str
    closed_result: str
    old: str
    old_result: str
    advice: str
    sales_advice: str
    waiver: str

    def speaker(self, name: str) -> Client:
        """Return the client of somebody in the company."""
        return replace(self.client(name, self.tenant), key=self.people[name])

    async def written(self) -> tuple[int, int]:
        """Return how often anything was written: in the picture, and in the audit log, which no write goes past."""
        call = await self.call(self.tenant)
        return call.picture.changes, len(await call.store.audit(limit=100_000))

    @asynccontextmanager
    async def untouched(self) -> AsyncIterator[None]:
        """Assert that nothing is written inside."""
        before = await self.written()
        yield
        assert await self.written() == before

    async def blocking(self, limit: int) -> None:
        """Put a goal limit in force that blocks."""
        call = await self.call(self.tenant)
        params = {"limit": Decimal(limit), "company_limit": Decimal(50)}
        draft = PolicyDraft(key="goal-limit", template="goal_limit", params=params, mode=PolicyMode.BLOCK)
        saved = await policies.save(call, draft)
        await self.publish(saved.key, saved.version)

    async def publish(self, key: str, version: int) -> None:
        """Put a saved version of a policy in force."""
        await publishing.publish(await self.call(self.tenant), key, version, confirm=True)


async def built(runtime: Runtime, clock: Clock, http: httpx.AsyncClient, tenant: str = "acme") -> World:
    """Build the company and return it."""
    clock.at = NOON
    company, team, other = await people_of(runtime, tenant)
    call = await Call.begin(runtime, tenant)
    core = await org.create_unit(call, UnitDraft(name=Text(original="Core"), kind="team", parent=team))
    await org.add_people(
        call,
        _person(tenant, "boss", company, Role.LEAD),
        _person(tenant, "sales-lead", other, Role.LEAD),
        _person(tenant, "sales-viewer", other, Role.VIEWER),
        _person(tenant, "team-admin", team, Role.HR_ADMIN),
        _person(tenant, "owner", team, Role.VIEWER),
        _person(tenant, "reporter", team, Role.VIEWER),
        _person(tenant, "stranger", other),
        _person(tenant, "leaver", company, Role.MEMBER, left=date(2026, 8, 1)),
    )
    people = {name: call.picture.by_subject[issuer.subject_of(tenant, name)].key for name in (*Role, *OTHERS)}
    cycles = {cycle.name.original: cycle.key for cycle in call.picture.cycles.values()}
    then = await Call.begin(runtime, tenant, FEBRUARY)
    old = await goals.create(then, _objective("Old", team, cycles["2026 Q1"], _number("Old")))
    call = await Call.begin(runtime, tenant, JULY)
    uptime = await kpis.create(call, _kpi("Uptime", team, "%", "99", "90", people["reporter"]))
    quality = await kpis.create(call, _kpi("Quality", team, "%", "99", "90"))
    revenue = await kpis.create(call, _kpi("Revenue", other, "EUR", "1000", "500"))
    quarter = cycles["2026 Q3"]
    top = await goals.create(call, _objective("Be the best", company, quarter, _number("Awards")))
    top_result = _results(call, top)[0]
    main = await goals.create(
        call,
        ObjectiveDraft(
            title=Text(original="Never down", vi="Không bao giờ sập"),
            unit=team,
            cycle=quarter,
            owner=people["owner"],
            supports=top_result,
            key_results=(
                _number("Number"),
                KeyResultDraft(
                    title=Text(original="Percent"),
                    type=KeyResultType.PERCENT,
                    measure="%",
                    start=Decimal(50),
                    target=Decimal(99),
                    measures=quality.key,
                ),
                KeyResultDraft(
                    title=Text(original="Currency"),
                    type=KeyResultType.CURRENCY,
                    measure="EUR",
                    start=Decimal(0),
                    target=Decimal(100),
                ),
                KeyResultDraft(title=Text(original="Boolean"), type=KeyResultType.BOOLEAN),
                KeyResultDraft(
                    title=Text(original="Milestone"),
                    type=KeyResultType.MILESTONE,
                    milestones=(Milestone(name=Text(original="One")), Milestone(name=Text(original="Two"))),
                ),
                KeyResultDraft(
                    title=Text(original="Maintain"), type=KeyResultType.MAINTAIN, measure="s", high=Decimal(2)
                ),
            ),
        ),
    )
    sales = await goals.create(call, _objective("Sell more", other, quarter, _number("Deals")))
    draft = await goals.create(call, _objective("Perhaps", team, quarter, state=ObjectiveState.DRAFT))
    closed = await goals.create(call, _objective("Done", team, quarter, _number("Done")))
    await goals.close(call, closed.key)
    call = await Call.begin(runtime, tenant)
    drafts = [
        ReadingDraft(kpi=kpi, day=date(2026, month, 1), value=Decimal(value))
        for kpi, values in ((uptime.key, (99, 50, 80)), (revenue.key, (1000, 400, 450)))
        for month, value in zip((5, 6, 7), values, strict=True)
    ]
    taken = await readings.record(call, drafts)
    excused = WaiverDraft(
        policy="kpi-unowned",
        subject=quality.key,
        reason="The owner begins in October",
        until=date(2026, 10, 1),
    )
    waiver = await waivers.grant(call, excused)
    for key in ("kpi-stale", "kpi-count"):
        observing = PolicyDraft(key=key, template=key.replace("-", "_"), mode=PolicyMode.OBSERVE, hold=1)
        saved = await policies.save(call, observing)
        if key == "kpi-stale":
            await publishing.publish(call, key, saved.version)
    advice = {one.finding.subject.key: one.key for one in taken.recommendations if one.finding.policy == "kpi-breach"}
    return World(
        runtime=runtime,
        clock=clock,
        http=http,
        company=company,
        team=team,
        other=other,
        tenant=tenant,
        core=core.key,
        people=people,
        cycles=cycles,
        uptime=uptime.key,
        revenue=revenue.key,
        quality=quality.key,
        top=top.key,
        top_result=top_result,
        main=main.key,
        results=dict(zip(KeyResultType, _results(call, main), strict=True)),
        sales=sales.key,
        sales_result=_results(call, sales)[0],
        draft=draft.key,
        closed=closed.key,
        closed_result=_results(call, closed)[0],
        old=old.key,
        old_result=_results(call, old)[0],
        advice=advice[uptime.key],
        sales_advice=advice[revenue.key],
        waiver=waiver.key,
    )


def _person(tenant: str, name: str, unit: str, role: Role | None = None, left: date | None = None) -> PersonDraft:
    grants = (Grant(role=role, unit=unit),) if role else ()
    return PersonDraft(subject=issuer.subject_of(tenant, name), name=name.title(), unit=unit, left=left, grants=grants)


def _number(title: str) -> KeyResultDraft:
    return KeyResultDraft(
        title=Text(original=title), type=KeyResultType.NUMBER, measure="pcs", start=Decimal(0), target=Decimal(10)
    )


def _objective(
    title: str, unit: str, cycle: str, *results: KeyResultDraft, state: ObjectiveState = ObjectiveState.ACTIVE
) -> ObjectiveDraft:
    return ObjectiveDraft(title=Text(original=title), unit=unit, cycle=cycle, state=state, key_results=results)


def _kpi(name: str, unit: str, measure: str, target: str, red: str, reporter: str | None = None) -> KpiDraft:
    return KpiDraft(
        name=Text(original=name),
        unit=unit,
        measure=measure,
        direction=Direction.HIGHER,
        accountable=unit,
        reporter=reporter,
        target=Target(valid_from=date(2026, 1, 1), target=Decimal(target), red_bound=Decimal(red)),
        rule=BreachRule(bad=1, good=1),
        since=date(2026, 1, 1),
    )


def _results(call: Call, objective: Objective) -> list[str]:
    return [result.key for result in call.picture.key_results_of[objective.key]]
