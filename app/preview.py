"""Previews: what a draft of a policy would do and would have done, with nothing stored."""

import asyncio
import time
from dataclasses import replace

from app import policies
from app.call import Call
from okr.errors import Code, Refusal
from okr.past import Past
from okr.policy import Policy
from rules import backtest
from rules import preview as previews
from rules.backtest import Backtest
from rules.layers import Stack
from rules.preview import Preview

MOST_READINGS = 200_000
"""Readings that one back-test goes through, some seconds' worth."""


async def preview(call: Call, policy: Policy, days: int = 0) -> Preview:
    """Return what putting a policy in force would do on today's facts and, with `days`, on so many past days.

    `policy` is a checked draft, as `policies.written` returns it, of a policy or of a layer. Stores nothing.
    """
    if days:
        backtest.check(days)
    started = time.perf_counter()
    in_force = await policies.stack(call, policy.key)
    filed = await call.store.live(policies=[policy.key])
    waivers = await call.store.waivers(policy=policy.key, active_on=call.at.date())
    found = await previews.preview(call.runtime.judge, call.picture, policy, in_force, filed, waivers)
    past = await _backtest(call, previews.drafted(call.picture, policy, in_force), days) if days else None
    return replace(found, backtest=past, milliseconds=round((time.perf_counter() - started) * 1000))


async def _backtest(call: Call, stack: Stack, days: int) -> Backtest:
    asked = (stack.base, *stack.layers.values())
    kpis = backtest.remembered(call.picture, asked)
    readings = await call.store.readings_of(kpis, limit=MOST_READINGS + 1)
    if len(readings) > MOST_READINGS:
        said = f"A back-test goes through {MOST_READINGS:,} readings at most; let the scope name fewer units."
        raise Refusal(Code.TOO_COMPLEX, said, ("scope", "units"))
    # Judging so many readings takes seconds, in which others have their turn.
    past = await asyncio.to_thread(Past, call.picture, readings)
    return await backtest.run(past, asked, days)
