"""What nobody asks for: marks that an interrupted call left, and what time alone makes due."""

import asyncio
from collections import Counter
from datetime import UTC, date

import structlog

from app import evaluation, org
from app.call import Call
from app.runtime import Runtime

log = structlog.get_logger()

Days = frozenset[tuple[str, date]]


async def keep_up(runtime: Runtime) -> None:
    """Look after every tenant again and again, until cancelled; a failure is logged and tried again the next time."""
    scanned: dict[str, Days] = {}
    while True:
        try:
            await look(runtime, scanned)
        except Exception:  # whatever one look meets, the next one must come
            log.exception("scan put off")
        await asyncio.sleep(runtime.settings.scan_seconds)


async def look(runtime: Runtime, scanned: dict[str, Days]) -> Counter[str]:
    """Look after every tenant once: all of it where a day has begun (`scanned` remembers), else what marks name.

    On a new day the cycles of this year and the next are opened too, so that there is always one to propose into.

    Returns how many recommendations were filed or changed, by tenant. A tenant that fails is logged, and keeps none of
    the others waiting.
    """
    changed: Counter[str] = Counter()
    for tenant in await runtime.store.tenants():
        try:
            changed[tenant] = await _look_after(runtime, tenant, scanned)
        except Exception:  # whatever one tenant meets is no fault of the next
            log.exception("tenant put off", tenant=tenant)
    return changed


async def _look_after(runtime: Runtime, tenant: str, scanned: dict[str, Days]) -> int:
    store = runtime.store.tenant(tenant)
    marks = await store.marks()
    call = await Call.begin(runtime, tenant)
    days = _days(call)
    if scanned.get(tenant) != days:
        year = call.picture.today(call.picture.root.key).year
        await org.open_cycles(call, year, year + 1)
        ran = await evaluation.everything(call, "daily")
        scanned[tenant] = days
    elif marks:
        ran = await evaluation.run(call, "marks", {mark.subject.key for mark in marks})
        await store.clear(marks)
    else:
        return 0
    return len(ran.changed)


def _days(call: Call) -> Days:
    """Return which days it is: local ones, on which periods close, and the UTC day, on which snoozes and waits end."""
    local = {(str(call.picture.zone(unit)), call.picture.today(unit)) for unit in call.picture.units}
    return frozenset({("UTC", call.at.astimezone(UTC).date()), *local})
