"""What lives as long as the process: settings, the store, the rule worker, the clock."""

import gc
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from app.settings import Settings
from rules.judge import Judge
from rules.worker import Limits, Worker
from store import embedded
from store.mongo import Store

COLLECTING = (20_000, 20, 20)
"""After how many new objects garbage is looked for, for each of Python's generations (its own: 700, 10, 10).

An evaluation of 5,000 KPIs makes 400,000 objects that live for a second. Looking through all of them again and again
took a third of its time: 0.73 to 1.09 s, growing with the process, against 0.61 to 0.77 with these numbers.
"""


def wall_clock() -> datetime:
    """Return the present instant, to the millisecond that the store keeps."""
    now = datetime.now(UTC)
    return now.replace(microsecond=now.microsecond // 1000 * 1000)


@dataclass(frozen=True, kw_only=True)
class Runtime:
    """One process's share of Ratchet."""

    settings: Settings
    store: Store
    judge: Judge
    now: Callable[[], datetime] = wall_clock
    joined: bool = False
    """Whether the database is one that another process of ours started, and that ends with it."""


@asynccontextmanager
async def running(settings: Settings, now: Callable[[], datetime] = wall_clock) -> AsyncIterator[Runtime]:
    """Bring everything up (a MongoDB of our own where none is configured) and take it down again at the end.

    Raises Unavailable, with what to do, where a part cannot be had.
    """
    gc.set_threshold(*COLLECTING)
    server = None if settings.mongodb_uri else embedded.start(settings.data / "mongodb")
    try:
        uri = settings.mongodb_uri or (server.uri if server else "")
        store = Store.connect(uri, settings.database)
        try:
            await store.prepare()
            joined = server is not None and server.joined
            async with Worker(Limits(answer_seconds=settings.rule_seconds)) as worker:
                yield Runtime(settings=settings, store=store, judge=Judge(worker), now=now, joined=joined)
        finally:
            await store.close()
    finally:
        if server:
            server.stop()
