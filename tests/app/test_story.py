"""The story: the loop closes on a real server, on any day, twice, and says so where it does not."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date, timedelta

import pytest
import uvicorn

from app import demo, policies, publishing, story
from app.call import Call
from app.demo.rehearsal import STORY
from app.policies import PolicyDraft
from app.runtime import Runtime
from gql import asgi
from okr.policy import PolicyMode
from tests.service import Clock

TODAY = date(2026, 11, 24)


@asynccontextmanager
async def served(runtime: Runtime) -> AsyncIterator[str]:
    """The service on a port of its own; gives its address."""
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(asgi.application(runtime), log_level="error", lifespan="off", ws="none")
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        await serving
        listener.close()


async def played(runtime: Runtime) -> int:
    """Play the story once on a server of its own, and return its exit status."""
    async with served(runtime) as url:
        return await asyncio.to_thread(story.play, url, runtime.settings, runtime.now)


@pytest.mark.parametrize(
    "today",
    [
        pytest.param(TODAY, id="in the middle of a quarter"),
        pytest.param(date(2026, 12, 1), id="when the last quarter is just old enough"),
        pytest.param(date(2027, 1, 1), id="on the first day of a year"),
        pytest.param(date(2028, 2, 29), id="on a leap day"),
    ],
)
async def test_the_loop_closes(runtime: Runtime, clock: Clock, today: date, capsys: pytest.CaptureFixture[str]) -> None:
    clock.put(today)
    await demo.complete(runtime, STORY, today)
    assert await played(runtime) == 0
    told = capsys.readouterr().out
    assert "The loop is closed." in told
    assert "red below 94.1 %" in told


async def test_each_run_has_a_team_and_a_kpi_of_its_own(runtime: Runtime, clock: Clock) -> None:
    clock.put(TODAY)
    await demo.complete(runtime, STORY, TODAY)
    assert await played(runtime) == 0
    clock.put(TODAY + timedelta(days=1))
    assert await played(runtime) == 0
    call = await Call.begin(runtime, STORY.tenant)
    assert (len(call.picture.units), len(call.picture.kpis), len(call.picture.objectives)) == (3, 2, 2)
    quarters = [call.picture.cycles[objective.cycle] for objective in call.picture.objectives.values()]
    assert [(quarter.first, quarter.last) for quarter in quarters] == [(date(2026, 4, 1), date(2026, 6, 30))] * 2
    days = [entry.at.date() for result in call.picture.key_results.values() for entry in result.check_ins]
    assert (min(days), max(days), len(days)) == (date(2026, 4, 3), date(2026, 6, 26), 26)


async def test_a_policy_that_is_off_leaves_the_loop_open(
    runtime: Runtime, clock: Clock, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    clock.put(TODAY)
    monkeypatch.setattr(story, "PATIENCE", 0)
    await demo.complete(runtime, STORY, TODAY)
    call = await Call.begin(runtime, STORY.tenant)
    draft = PolicyDraft(key="promote-key-result", template="promote_key_result", mode=PolicyMode.OFF)
    saved = await policies.save(call, draft)
    await publishing.publish(call, saved.key, saved.version)
    assert await played(runtime) == 1
    assert "The policy promote-key-result has recommended nothing." in capsys.readouterr().out


async def test_a_service_without_the_organisation_is_named(
    runtime: Runtime, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await played(runtime) == 1
    assert "are the demonstration organisations built?" in capsys.readouterr().out


def test_an_address_where_nobody_answers_is_named(runtime: Runtime, capsys: pytest.CaptureFixture[str]) -> None:
    assert story.play("http://127.0.0.1:9", runtime.settings) == 1
    assert "Nobody answers at http://127.0.0.1:9" in capsys.readouterr().out
