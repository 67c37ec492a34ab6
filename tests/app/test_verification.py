"""Verification: what is kept for speed is what the history says, and where it is not, that is found."""

from collections.abc import Mapping
from datetime import date
from typing import Any

import pytest
from pymongo.asynchronous.database import AsyncDatabase

from app import verification
from okr.kpi import Kpi
from store.codec import Document
from tests.app.builders import begin, goal, kpi, month, only, read, say
from tests.service import Stage


@pytest.fixture
async def breached(stage: Stage) -> Kpi:
    """A KPI with an open episode, and a reading of the month that is not over."""
    watched = await kpi(stage)
    await read(stage, month(watched, 6, 99), month(watched, 7, 50), month(watched, 8, 60))
    return watched


async def differences(stage: Stage, watched: Kpi) -> tuple[str, ...]:
    """Return how the KPI as stored differs from its history."""
    call = await begin(stage)
    return await verification.of_kpi(call, call.picture.kpis[watched.key])


async def tamper(laid_out: AsyncDatabase[Document], collection: str, key: str, **values: Any) -> None:
    """Change a document behind the back of the service."""
    named = {name.replace("__", "."): value for name, value in values.items()}
    done = await laid_out[collection].update_one({"tenant": "acme", "_id": f"acme:{key}"}, {"$set": named})
    assert done.modified_count == 1


async def test_a_checkpoint_is_what_its_history_says(stage: Stage, breached: Kpi) -> None:
    assert await differences(stage, breached) == ()


async def test_a_checkpoint_that_waits_for_its_next_reading_is_right(stage: Stage, breached: Kpi) -> None:
    stage.clock.put(date(2026, 12, 24))
    assert await differences(stage, breached) == ()


async def test_a_kpi_without_readings_is_right(stage: Stage) -> None:
    assert await differences(stage, await kpi(stage)) == ()


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"watch__bad_run": 7}, "breach checkpoint, bad_run: 7, not 1"),
        ({"watch__state": "ok"}, "breach checkpoint, state: ok, not breached"),
        ({"watch__episodes": 3}, "breach checkpoint, episodes: 3, not 1"),
        ({"unjudged": []}, "readings to be judged: 0, not 1"),
    ],
    ids=["a counter", "the state", "the number of episodes", "what is to be judged"],
)
async def test_a_checkpoint_that_was_tampered_with_is_found(
    stage: Stage, laid_out: AsyncDatabase[Document], breached: Kpi, values: Mapping[str, Any], said: str
) -> None:
    await tamper(laid_out, "kpis", breached.key, **values)
    assert await differences(stage, breached) == (said,)


async def test_a_reading_that_vanished_is_found(stage: Stage, laid_out: AsyncDatabase[Document], breached: Kpi) -> None:
    gone = await laid_out["readings"].delete_one({"tenant": "acme", "kpi": breached.key, "period": "2026-08-01"})
    assert gone.deleted_count == 1
    first, second = await differences(stage, breached)
    assert first == "readings to be judged: 1, not 0"
    assert second.startswith("latest reading: ")


async def test_the_check_ins_of_a_key_result_are_what_its_history_says(
    stage: Stage, laid_out: AsyncDatabase[Document]
) -> None:
    objective = await goal(stage)
    result = await only(stage, objective)
    await say(stage, result, 3)
    stage.clock.put(date(2026, 8, 16))
    await say(stage, result, 4)
    call = await begin(stage)
    assert await verification.of_key_result(call, call.picture.key_results[result.key]) == ()
    await tamper(laid_out, "key_results", result.key, check_ins=[])
    call = await begin(stage)
    assert await verification.of_key_result(call, call.picture.key_results[result.key]) == ("check-ins: 0, not 2",)
