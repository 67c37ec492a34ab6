"""Tests of the worker with the real engine, which is made to crash, to hang and to die, and with one that babbles."""

import asyncio
import contextlib
import dataclasses
import functools
import json
import os
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from okr.errors import Unavailable
from rules.compiler import SENTINEL, Shard
from rules.engine import RULESETS
from rules.worker import Counts, Limits, Worker
from tests.rules import fake_engine
from tests.rules.builders import clean, is_, program, raw_shard

ROOT = Path(__file__).parents[2]

SIGFPE = raw_shard('{"$eq":{"f0":{"$div":{"$l":{"$m":"f1"},"$r":{"$m":"f2"}}}}}', name="a division by zero")
ENDLESS = Shard(
    key="an endless compilation",
    kind="kpi",
    columns=SIGFPE.columns,
    names=tuple((f"{at}",) for at in range(513)),
    rules=json.dumps({f"{at}.0": {"all": [{"m": {"f0": at}}]} for at in range(513)}),
)
ZERO = clean(value=1, target=1, liquid=0)

PATIENT = Limits(answer_seconds=30, start_seconds=60)
ONE = frozenset({(0, 0)})


def shard_of(*raws: object) -> Shard:
    (shard,) = program(*raws).shards
    return shard


BELOW_TEN = shard_of(is_("value", "lt", 10))


def faking(way: str) -> Sequence[str]:
    return (sys.executable, str(fake_engine.__file__), way)


def lives(pid: int) -> bool:
    """Whether a process runs; one that only waits to be collected does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def resident(worker: Worker) -> int:
    """Return the megabytes of memory that the engine's process uses."""
    pages = int(Path(f"/proc/{worker.pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") // 2**20


def environment(pid: int) -> list[str]:
    """Return the variables that a process was started with."""
    return Path(f"/proc/{pid}/environ").read_text().split("\0")


async def until(holds: Callable[[], bool]) -> None:
    """Wait for what happens elsewhere."""
    async with asyncio.timeout(60):
        while not holds():  # noqa: ASYNC110 another process sets no event
            await asyncio.sleep(0.001)


async def test_facts_are_answered_by_their_place(worker: Worker) -> None:
    facts = [clean(value=9), clean(value=10), clean(), clean(value=-1)]

    assert await worker.match(BELOW_TEN, facts) == frozenset({(0, 0), (0, 3)})
    assert await worker.match(BELOW_TEN, []) == frozenset()


async def test_a_process_killed_between_requests_is_replaced() -> None:
    async with Worker(PATIENT) as worker:
        pid = worker.pid
        assert pid
        os.kill(pid, signal.SIGKILL)

        assert await worker.match(BELOW_TEN, [clean(value=1)]) == ONE
        assert worker.pid != pid
        assert worker.counts.restarts == 1


async def test_a_process_killed_in_the_middle_of_a_batch_is_replaced_and_every_fact_answered() -> None:
    facts = [clean(value=at) for at in range(30_000)]
    async with Worker(PATIENT) as worker:

        def has_answered(requests: int) -> bool:
            return worker.counts.ok >= requests

        async def kill() -> None:
            for at_least in (5, 20, 40):
                await until(functools.partial(has_answered, at_least))
                if pid := worker.pid:
                    os.kill(pid, signal.SIGKILL)

        found, _ = await asyncio.gather(worker.match(BELOW_TEN, facts), kill())

        assert found == frozenset((0, at) for at in range(10))
        assert (worker.counts.restarts, worker.counts.ok, worker.counts.quarantined) == (3, 60, 0)


async def test_a_shard_that_crashes_the_engine_is_given_up_and_others_go_on() -> None:
    async with Worker(PATIENT) as worker:
        assert await worker.match(SIGFPE, [ZERO]) is None
        assert await worker.match(BELOW_TEN, [ZERO]) == ONE
        assert worker.counts == Counts(ok=1, crash=2, restarts=2, quarantined=1, fallback=1)

        assert await worker.match(SIGFPE, [ZERO]) is None
        assert worker.counts == Counts(ok=1, crash=2, restarts=2, quarantined=1, fallback=2), "it is not tried again"


async def test_a_shard_that_never_compiles_is_given_up_and_others_go_on() -> None:
    async with Worker(Limits(answer_seconds=1, start_seconds=60)) as worker:
        assert await worker.match(ENDLESS, [ZERO]) is None
        assert await worker.match(BELOW_TEN, [ZERO]) == ONE
        assert worker.counts == Counts(ok=1, timeout=1, restarts=1, quarantined=1, fallback=1), "once is enough"


@pytest.mark.parametrize(
    ("bad", "failures"),
    [
        pytest.param(ENDLESS, Counts(timeout=1, restarts=1), id="a shard that stalls"),
        pytest.param(SIGFPE, Counts(crash=2, restarts=2), id="a shard that crashes"),
    ],
)
async def test_those_who_wait_behind_a_bad_shard_are_answered_and_not_blamed(bad: Shard, failures: Counts) -> None:
    async with Worker(Limits(answer_seconds=2, start_seconds=60)) as worker:
        first, *others = await asyncio.gather(
            worker.match(bad, [ZERO]), *(worker.match(BELOW_TEN, [ZERO]) for _ in range(10))
        )

        assert (first, others) == (None, [ONE] * 10)
        assert worker.counts == dataclasses.replace(failures, ok=10, quarantined=1, fallback=1)


async def test_a_second_try_does_not_outlast_the_limit(tmp_path: Path) -> None:
    once = f"""
import pathlib, runpy, sys, time
mark = pathlib.Path({str(tmp_path / "mark")!r})
if mark.exists():
    time.sleep(60)
mark.touch()
sys.argv = ["fake_engine", "noise"]
runpy.run_path({str(fake_engine.__file__)!r}, run_name="__main__")
"""
    async with Worker(Limits(answer_seconds=1, start_seconds=60), (sys.executable, "-c", once)) as worker:
        assert await worker.match(BELOW_TEN, [ZERO]) is None
        assert worker.counts == Counts(crash=1, timeout=1, restarts=1, fallback=1), "the slow start is nobody's fault"


async def test_a_shard_that_was_given_up_is_tried_again_later() -> None:
    async with Worker(Limits(answer_seconds=30, start_seconds=60, quarantine_seconds=0)) as worker:
        assert await worker.match(SIGFPE, [ZERO]) is None
        assert await worker.match(SIGFPE, [ZERO]) is None
        assert worker.counts.crash == 4


async def test_those_who_wait_behind_a_bad_shard_do_not_try_it_again() -> None:
    async with Worker(PATIENT) as worker:
        answers = await asyncio.gather(*(worker.match(SIGFPE, [ZERO]) for _ in range(10)))

        assert answers == [None] * 10
        assert worker.counts == Counts(crash=2, restarts=1, quarantined=1, fallback=10)


async def test_a_ruleset_that_the_engine_refuses_is_given_up() -> None:
    async with Worker(PATIENT) as worker:
        assert await worker.match(raw_shard('{"$lt":{"f0":1e-05}}'), [ZERO]) is None
        assert (worker.counts.crash, worker.counts.quarantined) == (2, 1)


async def test_a_session_without_a_sentinel_is_not_trusted() -> None:
    async with Worker(PATIENT) as worker:
        blind = dataclasses.replace(BELOW_TEN, rules=BELOW_TEN.rules.replace(f"{SENTINEL},", ""))

        assert await worker.match(blind, [ZERO]) is None
        assert worker.counts.quarantined == 1


@pytest.mark.parametrize(
    "way",
    [
        "noise",
        "no object",
        "no number",
        "a later number",
        "no hits",
        "no size",
        "half a pair",
        "no such fact",
        "no such condition",
        "words",
        "need for ever",
        "an endless line",
    ],
)
async def test_an_answer_that_makes_no_sense_is_no_answer(way: str) -> None:
    async with Worker(PATIENT, faking(way)) as worker:
        assert await worker.match(BELOW_TEN, [ZERO]) is None
        assert worker.counts == Counts(crash=2, restarts=1, quarantined=1, fallback=1)


async def test_what_else_is_printed_in_the_process_does_not_reach_the_pipe() -> None:
    chatty = """
import rules.engine as engine
matches = engine.matches
def noisily(handle, rows):
    print("a stray print", flush=True)
    return matches(handle, rows)
engine.matches = noisily
engine.main()
"""
    async with Worker(PATIENT, (sys.executable, "-c", chatty)) as worker:
        assert await worker.match(BELOW_TEN, [ZERO]) == ONE


async def test_the_process_does_not_see_the_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RATCHET_SECRET", "x")

    async with Worker(PATIENT, faking("ready only without secrets")) as worker:
        assert await worker.match(BELOW_TEN, [ZERO]) == frozenset()


async def test_the_process_sees_the_rest_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MALLOC_PERTURB_", "165")

    async with Worker(PATIENT) as worker:
        assert await worker.match(BELOW_TEN, [ZERO]) == ONE
        assert worker.pid
        assert "MALLOC_PERTURB_=165" in environment(worker.pid)


@pytest.mark.parametrize(
    "command",
    [
        pytest.param(faking("never ready"), id="never ready"),
        pytest.param((sys.executable, "-c", "raise SystemExit(1)"), id="exits at once"),
        pytest.param(("/nonexistent/python",), id="not there"),
    ],
)
async def test_a_process_that_does_not_start_makes_the_engine_unavailable(command: Sequence[str]) -> None:
    worker = Worker(Limits(start_seconds=0.3), command)

    with pytest.raises(Unavailable, match="does not start"):
        await worker.start()

    assert await worker.match(BELOW_TEN, [ZERO]) is None, "the caller falls back"
    failed = worker.counts.timeout + worker.counts.crash
    assert await worker.match(BELOW_TEN, [ZERO]) is None
    assert worker.counts.timeout + worker.counts.crash == failed, "it is let alone for a while"
    assert worker.counts.quarantined == 0, "the shard has nothing to do with it"
    await worker.stop()


async def test_requests_far_larger_than_the_pipe_are_answered(worker: Worker) -> None:
    shard = shard_of({"any": [is_("tên", "eq", "x" * 499 + f"{digit}") for digit in range(10)]})
    facts = [clean(tên="x" * 499 + chr(48 + at % 40)) for at in range(5_000)]

    assert await worker.match(shard, facts) == frozenset((0, at) for at in range(5_000) if at % 40 < 10)


async def test_a_cancelled_request_leaves_the_next_one_its_own_answer() -> None:
    shards = [shard_of(is_("value", "eq", at)) for at in range(200)]
    facts = [clean(value=at) for at in range(200)]
    async with Worker(PATIENT) as worker:
        for at, shard in enumerate(shards):
            unwanted = asyncio.create_task(worker.match(shards[-at - 1], facts))
            for _ in range(at % 20):
                await asyncio.sleep(0 if at % 3 else 0.0002)
            unwanted.cancel()

            assert await worker.match(shard, facts) == frozenset({(0, at)})
            with contextlib.suppress(asyncio.CancelledError):
                await unwanted

        assert (worker.counts.restarts, worker.counts.crash, worker.counts.timeout) == (0, 0, 0)


async def test_a_cancelled_request_that_hangs_the_process_is_not_held_against_the_next_one() -> None:
    async with Worker(Limits(answer_seconds=0.5, start_seconds=60), faking("silent about one shard")) as worker:
        unwanted = asyncio.create_task(worker.match(SIGFPE, [ZERO]))
        await asyncio.sleep(0.05)
        unwanted.cancel()
        assert await worker.match(BELOW_TEN, [ZERO]) == frozenset(), "answered by the next process"

        assert await worker.match(SIGFPE, [ZERO]) is None
        assert worker.counts == Counts(ok=1, timeout=1, restarts=1, quarantined=1, fallback=1)


async def test_a_cancelled_request_that_crashes_the_process_is_held_against_nobody_yet() -> None:
    async with Worker(PATIENT) as worker:
        assert await worker.match(SIGFPE, [clean(value=2, target=2, liquid=1)]) == ONE
        unwanted = asyncio.create_task(worker.match(SIGFPE, [ZERO]))
        await asyncio.sleep(0)
        unwanted.cancel()

        assert await worker.match(BELOW_TEN, [ZERO]) == ONE
        assert await worker.match(SIGFPE, [clean(value=2, target=2, liquid=1)]) == ONE
        assert worker.counts == Counts(ok=3, crash=1, restarts=1)


async def test_a_request_cancelled_while_the_process_starts_does_no_harm() -> None:
    worker = Worker(PATIENT)
    for pause in (0, 0, 0.001, 0.005, 0.02):
        unwanted = asyncio.create_task(worker.match(BELOW_TEN, [ZERO]))
        await asyncio.sleep(pause)
        unwanted.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await unwanted

    assert await worker.match(BELOW_TEN, [ZERO]) == ONE
    await worker.stop()


async def test_many_tasks_get_their_own_answers(worker: Worker) -> None:
    facts = [clean(value=at) for at in range(700)]

    answers = await asyncio.gather(*(worker.match(shard_of(is_("value", "eq", at)), facts) for at in range(40)))

    assert answers == [frozenset({(0, at)}) for at in range(40)]


async def test_more_rulesets_than_the_process_keeps_are_sent_again() -> None:
    shards = [shard_of(is_("value", "eq", at)) for at in range(300)]
    async with Worker(PATIENT) as worker:
        for at, shard in [*enumerate(shards), *enumerate(shards)]:
            assert await worker.match(shard, [clean(value=at)]) == ONE

        assert worker.counts == Counts(ok=600)


async def test_publishing_many_policy_sets_leaves_the_memory_flat() -> None:
    """A set of 30 policies takes a quarter of a megabyte: 300 of them would be 77 MB if none was given back."""
    async with Worker(PATIENT) as worker:

        async def publish(sets: range) -> int:
            for at in sets:
                shard = shard_of(*[is_("value", "lt", at * 100 + policy) for policy in range(30)])
                assert await worker.match(shard, [clean(value=at * 100)]) == frozenset(
                    (each, 0) for each in range(1, 30)
                )
            return resident(worker)

        full = await publish(range(RULESETS + 10))
        grown = await publish(range(RULESETS + 10, RULESETS + 310)) - full

        assert grown < 10
        assert worker.counts == Counts(ok=RULESETS + 310), "the same process all the time"


@pytest.mark.parametrize(
    "limits",
    [
        pytest.param(Limits(answer_seconds=30, start_seconds=60, recycle_facts=4), id="after so many facts"),
        pytest.param(Limits(answer_seconds=30, start_seconds=60, recycle_megabytes=1), id="above so much memory"),
    ],
)
async def test_a_process_is_replaced_before_it_grows_old(limits: Limits) -> None:
    async with Worker(limits) as worker:
        first = worker.pid
        for _ in range(4):
            assert await worker.match(BELOW_TEN, [clean(value=1), clean(value=11)]) == ONE

        assert worker.counts.recycled >= 2
        assert worker.counts.restarts <= worker.counts.recycled
        assert worker.pid != first


async def test_a_stopped_worker_ends_its_process_and_says_so() -> None:
    worker = Worker(PATIENT)
    await worker.start()
    pid = worker.pid
    await worker.stop()

    assert pid
    assert not lives(pid)
    with pytest.raises(Unavailable, match="stopped"):
        await worker.match(BELOW_TEN, [ZERO])
    await worker.stop()


PARENT = """
import asyncio, os, signal, sys
from rules.worker import Limits, Worker
from tests.rules.test_worker import BELOW_TEN, ENDLESS, ZERO

async def main():
    worker = Worker(Limits(answer_seconds=0.5, start_seconds=60))
    await worker.start()
    await worker.match(BELOW_TEN, [ZERO])
    print(worker.pid, flush=True)
    if sys.argv[1] == "busy":
        asyncio.create_task(worker.match(ENDLESS, [ZERO]))
        await asyncio.sleep(0.2)
    os.kill(os.getpid(), signal.SIGKILL)

asyncio.run(main())
"""


@pytest.mark.parametrize("state", ["idle", "busy"])
async def test_the_process_ends_when_its_parent_is_killed(state: str) -> None:
    parent = await asyncio.create_subprocess_exec(
        sys.executable, "-c", PARENT, state, cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    output, _ = await parent.communicate()

    assert parent.returncode == -signal.SIGKILL
    await until(lambda: not lives(int(output)))
