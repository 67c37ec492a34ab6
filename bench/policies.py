"""The figures about policies: `python -m bench.policies` (`make figures`) measures them and prints them as a table."""

import dataclasses
import gc
import logging
import os
import statistics
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from functools import partial
from pathlib import Path
from random import Random
from typing import TypeVar

import orjson
import uvloop

from app import runtime
from bench import figure, fuzz, organisation
from bench.figure import Figure
from okr.policy import Policy
from okr.snapshot import Snapshot
from rules import binding, compiler, condition, evaluation, facts, policy
from rules.compiler import NamedCondition, Program, Shard
from rules.engine import RULESETS
from rules.fields import Values
from rules.judge import Engine, Judge
from rules.schema import KINDS
from rules.worker import Limits, Worker

KPIS, POLICIES, REPEATS = 5_000, 50, 7
GRACE = 0.05
"""Seconds after the limit within which the reference evaluator has answered for an engine that does not."""

SETS, SET_SIZE = 3_000, 30
FUZZED = 100_000

T = TypeVar("T")


class Clocked(Worker):
    """A worker that notes when it was last asked something."""

    asked_at = 0.0

    async def match(self, shard: Shard, facts: Sequence[Values]) -> frozenset[tuple[int, int]] | None:
        """Note the time, and answer as any worker does."""
        self.asked_at = time.perf_counter()
        return await super().match(shard, facts)


async def evaluated(snapshot: Snapshot) -> AsyncIterator[Figure]:
    """Yield how long all KPIs take against all policies: where few match, where many do, and without the engine."""
    cases = {
        "few match": organisation.policies(snapshot, POLICIES, 0.0002, 0.003),
        "2 % match": organisation.policies(snapshot, POLICIES, 0.01, 0.03),
    }
    async with Worker() as worker:
        for name, policies in cases.items():
            what = f"{KPIS:,} KPIs × {POLICIES} policies"
            run, found = await _repeated(partial(_evaluation, Judge(worker), snapshot, policies))
            if found.engine is not Engine.DURABLE or found.asked != KPIS * POLICIES:
                raise AssertionError("The engine did not answer for every pair.")
            yield Figure(
                name=f"{what}, {name}: {found.matches:,} findings, {found.unknowns:,} unknown",
                runs=run,
                unit="s",
                most=1,
            )
            run, alone = await _repeated(partial(_evaluation, Judge(), snapshot, policies))
            if alone.findings != found.findings:
                raise AssertionError("The reference evaluator finds something else.")
            yield Figure(name="  the same by the reference evaluator alone", runs=run, unit="s")


async def stubborn(snapshot: Snapshot) -> AsyncIterator[Figure]:
    """Yield how long an answer takes where the engine hangs or crashes: the reference evaluator gives it in time."""
    policies = list(organisation.policies(snapshot, SET_SIZE, 0.01, 0.03))
    while len(_program(policies).shards) > 1:  # a bad policy spoils its own shard, so this is about one of them
        policies.pop()
    program, known = _program(policies), facts.gather(snapshot, ("kpi",))
    limits = Limits()
    for name, spoil in {"hangs": _hanging, "crashes": _crashing}.items():
        for asked in (known[:20], known):
            right = await Judge().judge(program, asked)
            runs: list[float] = []
            for _ in range(3):
                async with Clocked(limits) as worker:
                    said = await Judge(worker).judge(_spoilt(program, spoil), asked)
                    runs.append(time.perf_counter() - worker.asked_at - limits.answer_seconds)
                    if said.matches != right.matches or not worker.counts.quarantined:
                        raise AssertionError("The wrong answer, or the policies were not quarantined.")
            yield Figure(
                name=f"engine {name}, {len(asked):,} facts × {len(policies)} policies: answered after the limit by",
                runs=tuple(1000 * run for run in runs),
                unit="ms",
                most=1000 * GRACE,
            )


async def published() -> AsyncIterator[Figure]:
    """Yield how much memory the engine's process has more after thousands of policy sets than when it was full."""
    async with Worker() as worker:
        sizes: list[int] = []
        for at in range(SETS):
            shard = _published(at)
            if await worker.match(shard, [{"bad_periods": at}]) is None:
                raise AssertionError("The engine did not answer.")
            if at >= RULESETS + 10:
                sizes.append(_resident(worker))
        if worker.counts.restarts:
            raise AssertionError("The process was replaced on the way.")
    name = f"{SETS:,} sets of {SET_SIZE} policies published: worker beyond its {sizes[0]} MB with {RULESETS}"
    yield Figure(name=name, runs=(max(sizes) - sizes[0],), unit="MB", most=10)


async def fuzzed() -> AsyncIterator[Figure]:
    """Yield how long the comparison of the two evaluators takes that every change must pass."""
    report = await fuzz.run(FUZZED, Random().randrange(10**9))
    if report.differing or report.restarts:
        raise AssertionError(f"The evaluators differ: {report.differing[:1]}")
    yield Figure(name=f"{FUZZED:,} random pairs compared: no difference", runs=(report.seconds,), unit="s", most=90)


async def side_by_side(snapshot: Snapshot) -> AsyncIterator[Figure]:
    """Yield how long judging takes with the engine, and how many times as long without it."""
    program = _program(organisation.policies(snapshot, SET_SIZE, 0.01, 0.03))
    known = facts.gather(snapshot, ("kpi",))
    async with Worker() as worker:
        for count in (1, 20, 200, 2_000):
            asked = known[:count]
            repeats = max(5, 2_000 // count)
            engine, _ = await _repeated(partial(Judge(worker).judge, program, asked), repeats)
            python, _ = await _repeated(partial(Judge().judge, program, asked), repeats)
            what = f"{count:,} facts × {SET_SIZE} policies"
            yield Figure(name=f"{what} judged by the engine", runs=tuple(1000 * run for run in engine), unit="ms")
            ratio = statistics.median(python) / statistics.median(engine)
            name = f"  by the reference evaluator alone, {ratio:.1f} × as long"
            yield Figure(name=name, runs=tuple(1000 * run for run in python), unit="ms")


async def _evaluation(judge: Judge, snapshot: Snapshot, policies: Sequence[Policy]) -> evaluation.Evaluation:
    return await evaluation.evaluate(judge, organisation.renewed(snapshot), policies)


async def _repeated(work: Callable[[], Awaitable[T]], times: int = REPEATS) -> tuple[tuple[float, ...], T]:
    runs: list[float] = []
    found: list[T] = []
    for _ in range(times):
        began = time.perf_counter()
        found[:] = [await work()]
        runs.append(time.perf_counter() - began)
    return tuple(runs), found[0]


def _program(policies: Sequence[Policy]) -> Program:
    resolved = [policy.resolve(each) for each in policies]
    return compiler.build(
        NamedCondition(name=each.policy.key, kind=each.kind, when=each.condition) for each in resolved
    )


def _spoilt(program: Program, spoil: Callable[[Shard], str]) -> Program:
    shards = tuple(dataclasses.replace(shard, rules=spoil(shard), key=spoil.__name__) for shard in program.shards)
    return dataclasses.replace(program, shards=shards)


def _hanging(shard: Shard) -> str:
    """Rules that the engine never finishes to compile: it has room for 512 conditions under one parent."""
    return orjson.dumps({f"{at}.0": {"all": [{"m": {"f0": at}}]} for at in range(513)}).decode()


def _crashing(shard: Shard) -> str:
    """The shard's own rules and a division by zero, which kills the process."""
    fatal = '"0.9":{"all":[{"m":{"$and":[{"k":1},{"$eq":{"k":{"$div":{"$l":{"$m":"k"},"$r":0}}}}]}}]}'
    return f"{shard.rules[:-1]},{fatal}}}"


def _published(at: int) -> Shard:
    kind = KINDS["kpi"]
    raws = ({"field": "bad_periods", "op": "lt", "value": at * SET_SIZE + one} for one in range(SET_SIZE))
    (shard,) = compiler.build(
        NamedCondition(name=f"{one}", kind=kind, when=binding.bind(condition.parse(raw), kind, {}))
        for one, raw in enumerate(raws)
    ).shards
    return shard


def _resident(worker: Worker) -> int:
    pages = int(Path(f"/proc/{worker.pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") // 2**20


async def main() -> int:
    """Measure everything; 1 where a promise is not kept."""
    logging.getLogger("rules.worker").setLevel(logging.ERROR)  # The failures are made on purpose.
    gc.set_threshold(*runtime.COLLECTING)  # as the service does
    snapshot = organisation.picture(KPIS)
    figures = [
        one
        for each in (evaluated(snapshot), side_by_side(snapshot), stubborn(snapshot), published(), fuzzed())
        async for one in each
    ]
    return int(not figure.told("Policies", figures))


if __name__ == "__main__":
    sys.exit(uvloop.run(main()))
