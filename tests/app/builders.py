"""Builders for use-cases: every argument has a default, so a test names only what it is about.

The stage is that of tests/service.py: "acme" in UTC, at noon of 15 August 2026, with the shipped policies in force.
"""

import asyncio
from collections.abc import Awaitable
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, TypeVar

from app import check_ins, goals, issuer, kpis, org, policies, publishing, readings, recommendations
from app.actor import Actor
from app.call import Call
from app.check_ins import Recorded
from app.goals import KeyResultDraft, ObjectiveDraft
from app.kpis import KpiDraft
from app.org import PersonDraft
from app.policies import PolicyDraft
from app.readings import ReadingDraft, Taken
from okr.check_in import Draft
from okr.errors import Code, Refusal
from okr.goal import KeyResult, KeyResultType, Objective
from okr.kpi import BreachRule, Kpi, Reading
from okr.number import Direction
from okr.org import Grant, Person, Role
from okr.policy import Policy, PolicyMode
from okr.recommendation import Recommendation
from okr.target import Target
from okr.text import Text
from rules.compiler import Program
from rules.judge import Judge, Judgement
from tests.service import Stage

T = TypeVar("T")
BAD = BreachRule(bad=1, good=1)
SHIPPED = ("goal-limit", "kpi-breach", "kpi-unowned", "missed-check-in", "promote-key-result")


async def begin(stage: Stage, subject: str | None = None) -> Call:
    """Begin a call now: of the service, or of the person whose subject begins with `subject`."""
    call = await stage.call()
    if subject is None:
        return call
    return call.acting(Actor.person(call.picture, issuer.subject_of("acme", subject)))


async def person(stage: Stage, name: str, unit: str, *grants: tuple[Role, str], left: date | None = None) -> Person:
    """Add somebody with roles on units."""
    held = tuple(Grant(role=role, unit=where) for role, where in grants)
    subject = issuer.subject_of("acme", name)
    call = await begin(stage)
    (made,) = await org.add_people(
        call, PersonDraft(subject=subject, name=name.title(), unit=unit, grants=held, left=left)
    )
    return made


async def kpi(stage: Stage, name: str = "Uptime", **changes: Any) -> Kpi:
    """Watch a KPI of the team since January: monthly, the higher the better, 99 is green and below 90 red."""
    target = Target(valid_from=date(2026, 1, 1), target=Decimal(99), red_bound=Decimal(90))
    draft = KpiDraft(
        name=Text(original=name),
        unit=stage.team,
        accountable=stage.team,
        measure="%",
        direction=Direction.HIGHER,
        target=target,
        rule=BAD,
        since=date(2026, 1, 1),
    )
    return await kpis.create(await begin(stage), replace(draft, **changes))


def month(watched: Kpi, number: int, value: object, day: int = 1) -> ReadingDraft:
    """A value for one day of a month of 2026."""
    return ReadingDraft(kpi=watched.key, day=date(2026, number, day), value=Decimal(str(value)))


async def read(stage: Stage, *drafts: ReadingDraft, subject: str | None = None) -> Taken:
    """Bring readings, now."""
    return await readings.record(await begin(stage, subject), drafts)


async def series(stage: Stage, watched: Kpi) -> tuple[Reading, ...]:
    """Return the readings of a KPI, as stored."""
    return await (await begin(stage)).store.readings(watched.key)


def number(title: str = "Number", start: object = 0, target: object = 10, **changes: Any) -> KeyResultDraft:
    """A key result from a start to a target."""
    draft = KeyResultDraft(
        title=Text(original=title),
        type=KeyResultType.NUMBER,
        measure="pcs",
        start=Decimal(str(start)),
        target=Decimal(str(target)),
    )
    return replace(draft, **changes)


async def goal(stage: Stage, *results: KeyResultDraft, subject: str | None = None, **changes: Any) -> Objective:
    """Set an objective of the team in the third quarter, with one key result unless others are given."""
    draft = ObjectiveDraft(
        title=Text(original="Never down"),
        unit=stage.team,
        cycle=changes.pop("cycle", None) or await stage.cycle(),
        key_results=results or (number(),),
    )
    return await goals.create(await begin(stage, subject), replace(draft, **changes))


async def only(stage: Stage, objective: Objective) -> KeyResult:
    """Return the one key result of an objective, as stored."""
    (found,) = (await begin(stage)).picture.key_results_of[objective.key]
    return found


async def say(stage: Stage, result: KeyResult, value: object, subject: str | None = None, **draft: Any) -> Recorded:
    """Check in on a key result, now."""
    call = await begin(stage, subject)
    return await check_ins.record(call, result.key, Draft(value=Decimal(str(value)), **draft))


async def publish(stage: Stage, key: str, mode: PolicyMode, template: str | None = None, **changes: Any) -> Policy:
    """Put a policy in force in a mode; its template is the shipped one of the same name unless another is given.

    The administrator writes it and the service approves it; one that is new observes first, as all do.
    """
    draft = PolicyDraft(key=key, template=template or key.replace("-", "_"), mode=mode, **changes)
    if not await (await begin(stage)).store.policy_versions(key):
        await _publish(stage, replace(draft, mode=PolicyMode.OBSERVE))
    return await _publish(stage, draft)


async def _publish(stage: Stage, draft: PolicyDraft) -> Policy:
    saved = await policies.save(await begin(stage, "hr_admin"), draft)
    return (await publishing.publish(await begin(stage), saved.key, saved.version, confirm=True)).policy


async def alone(stage: Stage, policy: str) -> None:
    """Switch off every shipped policy but one."""
    for key in SHIPPED:
        if key != policy:
            await publish(stage, key, PolicyMode.OFF)


async def breach(stage: Stage, watched: Kpi) -> Recommendation:
    """Let a KPI fall to 50 in July and return what the breach policy says."""
    taken = await read(stage, month(watched, 6, 99), month(watched, 7, 50))
    (said,) = [one for one in taken.recommendations if one.finding.policy == "kpi-breach"]
    return said


async def accept(stage: Stage, said: Recommendation, subject: str = "lead") -> Recommendation:
    """Let somebody accept a recommendation, now."""
    return await recommendations.accept(await begin(stage, subject), said.key)


async def achieved(stage: Stage, objective: Objective, value: object = 10) -> Recommendation:
    """Let the one key result of an objective hold a value for two check-ins; return what promotes it."""
    result = await only(stage, objective)
    await say(stage, result, value)
    stage.clock.at = stage.clock.at.replace(day=stage.clock.at.day + 1)
    said = await say(stage, result, value)
    (found,) = [one for one in said.recommendations if one.finding.policy == "promote-key-result"]
    return found


async def stored(stage: Stage, filed: Recommendation) -> Recommendation:
    """Return a recommendation as it is on file."""
    found = await (await begin(stage)).store.recommendation(filed.key)
    assert found is not None
    return found


async def filed(stage: Stage, policy: str | None = None, subject: str | None = None) -> tuple[Recommendation, ...]:
    """Return the live recommendations, of one policy and about one subject where they are given."""
    store = (await begin(stage)).store
    return await store.live(policies=[policy] if policy else None, subjects=[subject] if subject else None)


async def written(stage: Stage) -> tuple[int, int, int, int]:
    """Return how often anything was written: in the picture, the audit log, on file, and in the decision log."""
    call = await begin(stage)
    on_file = await call.store.recommendations(limit=10_000)
    return (
        call.picture.changes,
        len(await call.store.audit(limit=10_000)),
        sum(one.version for one in on_file),
        len(await call.store.decisions(limit=10_000)),
    )


async def due(stage: Stage) -> set[str]:
    """Return the keys of what is marked for evaluation."""
    return {mark.subject.key for mark in await (await begin(stage)).store.marks()}


async def refused(change: Awaitable[object]) -> Refusal:
    """Return why a change was refused."""
    try:
        await change
    except Refusal as refusal:
        return refusal
    raise AssertionError("It was not refused.")


async def code(change: Awaitable[object]) -> Code:
    """Return the code with which a change was refused."""
    return (await refused(change)).code


async def together(*changes: Awaitable[T]) -> tuple[list[T], list[Code]]:
    """Make changes at once; return what came of those that were made, and why the others were refused."""
    ended = await asyncio.gather(*changes, return_exceptions=True)
    for one in ended:
        if isinstance(one, BaseException) and not isinstance(one, Refusal):
            raise one
    refusals = [one.code for one in ended if isinstance(one, Refusal)]
    return [one for one in ended if not isinstance(one, BaseException)], refusals


def noon(day: date) -> datetime:
    """Noon of a day, in UTC."""
    return datetime(day.year, day.month, day.day, 12, tzinfo=UTC)


class Failing(Judge):
    """A judge that breaks down as long as `broken` is set."""

    def __init__(self) -> None:
        super().__init__()
        self.broken = True

    async def judge(self, program: Program, facts: Any) -> Judgement[Any]:
        """Judge, or break down."""
        if self.broken:
            raise RuntimeError("the engine is on fire")
        return await super().judge(program, facts)


class Waiting(Judge):
    """A judge that keeps its first question until it is let go on; `asked` tells that it has come."""

    def __init__(self) -> None:
        super().__init__()
        self.asked, self.go = asyncio.Event(), asyncio.Event()

    async def judge(self, program: Program, facts: Any) -> Judgement[Any]:
        """Judge, the first time only when let."""
        if not self.asked.is_set():
            self.asked.set()
            await self.go.wait()
        return await super().judge(program, facts)


def judged_by(call: Call, judge: Judge) -> Call:
    """Return the call in a service whose rules engine is another."""
    return replace(call, runtime=replace(call.runtime, judge=judge))
