"""What nobody asks for: marks that an interrupted call left, and what time alone makes due."""

import asyncio
from collections import Counter
from datetime import date

import structlog

from app import evaluation
from app.call import Call
from app.runtime import Runtime

log = structlog.get_logger()


async def keep_up(runtime: Runtime) -> None:
    """Look after every tenant again and again, until cancelled; a failure is logged and tried again the next time."""
    scanned: dict[str, date] = {}
    while True:
        try:
            await look(runtime, scanned)
        except Exception:  # whatever one look meets, the next one must come
            log.exception("scan put off")
        await asyncio.sleep(runtime.settings.scan_seconds)


async def look(runtime: Runtime, scanned: dict[str, date]) -> Counter[str]:
    """Look after every tenant once: all of it on a new local day (`scanned` remembers), else what marks name.

    Returns how many recommendations were filed or changed, by tenant.
    """
    changed: Counter[str] = Counter()
    for tenant in await runtime.store.tenants():
        store = runtime.store.tenant(tenant)
        marks = await store.marks()
        call = await Call.begin(runtime, tenant)
        today = call.picture.today(call.picture.root.key)
        if scanned.get(tenant) != today:
            ran = await evaluation.everything(call, "daily")
            scanned[tenant] = today
        elif marks:
            ran = await evaluation.run(call, "marks", {mark.subject.key for mark in marks})
            await store.clear(marks)
        else:
            continue
        changed[tenant] += len(ran.changed)
    return changed
