"""Jobs: what time and interrupted calls have left, in every organisation, whatever becomes of one of them."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs

from app import jobs, org, readings
from app.call import Call
from app.jobs import Days
from app.runtime import Runtime
from okr.errors import Unavailable
from okr.text import Text
from rules.compiler import Program
from rules.judge import Judgement
from store.change import Mark
from store.mongo import Store
from store.tenant import TenantStore
from tests.app.builders import Failing, begin, due, filed, kpi, month, written
from tests.service import Stage, people_of


async def looked(stage: Stage, scanned: dict[str, Days]) -> dict[str, int]:
    """Look after every tenant, now; return what changed."""
    return dict(await jobs.look(stage.runtime, scanned))


async def triggers(stage: Stage) -> list[str]:
    """Return what the runs so far were for, newest first."""
    return [decision.trigger for decision in await (await begin(stage)).store.decisions()]


async def test_a_new_day_looks_at_everything_and_marks_at_what_they_name(stage: Stage) -> None:
    scanned: dict[str, Days] = {}
    watched = await kpi(stage)
    await readings.write(await begin(stage), [month(watched, 7, 50)])
    assert await looked(stage, scanned) == {"acme": 1}
    assert await due(stage) == set()
    assert await looked(stage, scanned) == {"acme": 0}
    assert await triggers(stage) == ["daily"], "where nothing is due nothing is run"
    stage.clock.at += timedelta(hours=1)
    await readings.write(await begin(stage), [month(watched, 7, 99)])
    assert await looked(stage, scanned) == {"acme": 1}
    assert await triggers(stage) == ["marks", "daily"]
    assert await due(stage) == set()
    stage.clock.at += timedelta(days=1)
    await looked(stage, scanned)
    assert await triggers(stage) == ["daily", "marks", "daily"]


async def test_a_day_begins_once_in_each_zone_and_once_in_utc(stage: Stage) -> None:
    call = await begin(stage)
    for name, zone in (("Tokyo", "Asia/Tokyo"), ("Paris", "Europe/Paris"), ("Osaka", "Asia/Tokyo")):
        draft = org.UnitDraft(name=Text(original=name), kind="team", parent=stage.company, zone=zone)
        await org.create_unit(call, draft)
    scanned: dict[str, Days] = {}
    stage.clock.put(date(2026, 8, 20), hour=12)
    await looked(stage, scanned)
    began = []
    for hour in range(1, 25):
        stage.clock.at += timedelta(hours=1)
        count = len(await triggers(stage))
        await looked(stage, scanned)
        if len(await triggers(stage)) > count:
            began.append((12 + hour) % 24)
    assert began == [15, 22, 0], "midnight in Tokyo, in Paris, in UTC"


async def test_two_replicas_look_at_once(stage: Stage) -> None:
    watched = await kpi(stage)
    await readings.write(await begin(stage), [month(watched, 7, 50)])
    with capture_logs() as logs:
        await asyncio.gather(*(jobs.look(stage.runtime, {}) for _ in range(3)))
    assert logs == []
    (found,) = await filed(stage, "kpi-breach")
    assert found.version == 1
    assert await due(stage) == set()


class Broken(TenantStore):
    """A tenant whose marks cannot be read."""

    async def marks(self, limit: int = 1_000) -> tuple[Mark, ...]:
        """Fail."""
        raise RuntimeError("a document that nobody can read")


class Cracked(Store):
    """A store in which one tenant is broken."""

    def tenant(self, name: str) -> TenantStore:
        """Return the door to a tenant's data."""
        found = super().tenant(name)
        if name == "acme":
            found.__class__ = Broken
        return found


@pytest.fixture
async def cracked(stage: Stage, mongodb_uri: str) -> AsyncIterator[Runtime]:
    """The service on a store in which "acme" is broken."""
    store = Cracked.connect(mongodb_uri, stage.runtime.settings.database)
    yield replace(stage.runtime, store=store)
    await store.close()


class Counting(Failing):
    """A judge that breaks down twice and then answers; `done` tells that it has."""

    def __init__(self) -> None:
        super().__init__()
        self.asked, self.done = 0, asyncio.Event()

    async def judge(self, program: Program, facts: Any) -> Judgement[Any]:
        """Judge, from the third time on."""
        self.asked += 1
        self.broken = self.asked <= 2
        answer = await super().judge(program, facts)
        self.done.set()
        return answer


class Away(Store):
    """A store whose tenants nobody can tell; `asked_again` tells that somebody has tried twice."""

    tries = 0

    def __init__(self, *given: Any, **more: Any) -> None:
        super().__init__(*given, **more)
        self.asked_again = asyncio.Event()

    async def tenants(self) -> tuple[str, ...]:
        """Fail."""
        self.tries += 1
        if self.tries > 1:
            self.asked_again.set()
        raise Unavailable("The database does not answer.")


async def test_one_tenant_that_fails_keeps_none_of_the_others_waiting(stage: Stage, cracked: Runtime) -> None:
    await people_of(stage.runtime, "zebra")
    scanned: dict[str, Days] = {}
    with capture_logs() as logs:
        assert dict(await jobs.look(cracked, scanned)) == {"zebra": 0}
    assert [(entry["event"], entry["tenant"]) for entry in logs] == [("tenant put off", "acme")]
    assert set(scanned) == {"zebra"}
    zebra = await Call.begin(stage.runtime, "zebra")
    assert await zebra.store.marks() == ()
    assert [decision.trigger for decision in await zebra.store.decisions()] == ["daily"]


async def test_a_tenant_that_was_never_quite_founded_is_passed_over(stage: Stage) -> None:
    await stage.runtime.store.found("aborted", stage.clock.at)
    with capture_logs() as logs:
        assert await looked(stage, {}) == {"acme": 0}
    assert [entry["tenant"] for entry in logs] == ["aborted"]


async def test_a_failed_scan_is_tried_again(stage: Stage) -> None:
    watched = await kpi(stage)
    await readings.write(await begin(stage), [month(watched, 7, 50)])
    judge = Failing()
    runtime = replace(stage.runtime, judge=judge)
    scanned: dict[str, Days] = {}
    with capture_logs():
        await jobs.look(runtime, scanned)
    assert scanned == {}
    assert watched.key in await due(stage)
    judge.broken = False
    await jobs.look(runtime, scanned)
    assert len(await filed(stage, "kpi-breach")) == 1


async def test_it_keeps_looking_until_it_is_cancelled(stage: Stage) -> None:
    watched = await kpi(stage)
    await readings.write(await begin(stage), [month(watched, 7, 50)])
    settings = stage.runtime.settings.model_copy(update={"scan_seconds": 0.01})
    judge = Counting()
    with capture_logs() as logs:
        keeping = asyncio.create_task(jobs.keep_up(replace(stage.runtime, settings=settings, judge=judge)))
        async with asyncio.timeout(20):
            await judge.done.wait()
    assert {entry["event"] for entry in logs} == {"tenant put off"}, "what fails is tried again"
    keeping.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await keeping
    assert keeping.cancelled()
    before = await written(stage)
    await asyncio.sleep(0.05)
    assert await written(stage) == before


async def test_a_store_that_is_down_is_waited_for(stage: Stage) -> None:
    settings = stage.runtime.settings.model_copy(update={"scan_seconds": 0.01})
    store = Away.connect("mongodb://127.0.0.1:1/?serverSelectionTimeoutMS=1")
    with capture_logs() as logs:
        keeping = asyncio.create_task(jobs.keep_up(replace(stage.runtime, settings=settings, store=store)))
        async with asyncio.timeout(20):
            await store.asked_again.wait()
    keeping.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await keeping
    await store.close()
    assert {entry["event"] for entry in logs} == {"scan put off"}
