"""The demonstration organisations: a hospital, a Formula 1 team and a furniture house with a past (docs/demo.md)."""

from datetime import date
from zoneinfo import ZoneInfo

from app import evaluation, org
from app.call import Call
from app.demo import setting, work
from app.demo.blueprint import Blueprint
from app.demo.days import BEFORE, Days
from app.demo.f1 import F1
from app.demo.hospital import HOSPITAL
from app.demo.rehearsal import STORY
from app.demo.sales import SALES
from app.demo.stage import Stage, Step
from app.runtime import Runtime

BLUEPRINTS = (HOSPITAL, F1, SALES, STORY)


async def build(runtime: Runtime, today: date | None = None) -> tuple[str, ...]:
    """Build the demonstration organisations that are not there yet, as of `today` (UTC), and return their tenants.

    Everything goes through the use-cases, at instants in the past; the same day gives the same keys and values. What
    was interrupted is completed, as of the day on which it was begun; what is complete is left as people made it.
    """
    day = today or runtime.now().date()
    return tuple([one.tenant for one in BLUEPRINTS if await complete(runtime, one, day)])


async def complete(runtime: Runtime, blueprint: Blueprint, day: date) -> bool:
    """Build one organisation as of `day`, or what is missing of it, and tell whether anything was.

    A tenant of that name that somebody else founded is left alone.
    """
    begun = await runtime.store.tenant(blueprint.tenant).audit(operation="organisation.found", limit=1)
    today = (begun[0].at + BEFORE).date() if begun else day
    days = Days(today=today, zone=ZoneInfo(blueprint.zone))
    stage = Stage(blueprint=blueprint, days=days)
    call = await org.found(runtime, blueprint.tenant, blueprint.name, blueprint.zone, days.founded)
    happened = steps(stage)
    if call.picture.root.name != blueprint.name or not stage.remaining(call.picture, happened):
        return False
    await stage.play(call, happened)
    await _evaluate(await Call.begin(runtime, blueprint.tenant, days.now))
    return True


def steps(stage: Stage) -> list[Step]:
    """Return everything that happened in an organisation up to its day, in the order in which it did.

    The last step sets the goals of the next quarter, so an organisation that has those is complete.
    """
    happened = (
        *setting.opening(stage),
        *setting.numbers_brought(stage),
        *setting.changes(stage),
        *work.loops(stage),
        *work.checked_in(stage),
        *work.goals_set(stage),
    )
    return sorted((step for step in happened if step.at <= stage.days.now), key=lambda step: step.at)


async def _evaluate(call: Call) -> None:
    """Let the policies look at everything; that makes good every mark that was left on the way."""
    call.seed = ("demo", "evaluation")
    await evaluation.everything(call, "daily")
    while old := [mark for mark in await call.store.marks() if mark.at <= call.at]:
        await call.store.clear(old)
