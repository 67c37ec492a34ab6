"""The engine against the reference evaluator at length: `python -m bench.fuzz [--pairs N] [--seed N]` (`make fuzz`).

The second run has the engine's memory filled with garbage before it is used and after it is freed (MALLOC_PERTURB_), so
that an answer that hangs on memory never set, or set no more, is a wrong one.
"""

import argparse
import asyncio
import os
import sys
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from itertools import cycle
from random import Random

from rich.console import Console
from rich.table import Table

from bench.figure import WIDTH
from rules.explain import Outcome
from rules.worker import Limits, Worker
from tests.rules import chance
from tests.rules.chance import Sample

PAIRS = 1_000_000
PERTURBED_SHARE = 5
PERTURB = {"MALLOC_PERTURB_": "165"}


@dataclass(slots=True, kw_only=True)
class Report:
    """What a run compared: pairs by the reference evaluator's outcome, the `differing` ones told, and its seconds."""

    outcomes: Counter[Outcome] = field(default_factory=Counter)
    differing: list[str] = field(default_factory=list)
    restarts: int = 0
    seconds: float = 0.0


Run = Callable[[int, int], Awaitable[Report]]


async def run(pairs: int, seed: int) -> Report:
    """Return what comes of asking both about so many random pairs of all schemas, in a process of its own."""
    report, random, began = Report(), Random(seed), time.perf_counter()
    batches = range(0, pairs, chance.POLICIES * chance.FACTS)
    async with Worker(Limits(answer_seconds=30, start_seconds=60)) as worker:
        for _, kind in zip(batches, cycle(chance.SCHEMAS), strict=False):
            sample = Sample.draw(random, kind)
            expected = sample.expected()
            matching = {pair for pair, said in expected.items() if said is Outcome.MATCH}
            report.outcomes.update(expected.values())
            report.differing += [sample.told(pair) for pair in sorted(await sample.found(worker) ^ matching)]
        report.restarts = worker.counts.restarts
    report.seconds = time.perf_counter() - began
    return report


async def run_perturbed(pairs: int, seed: int) -> Report:
    """Return the same of a process that sees garbage in all memory that it did not write."""
    before = dict(os.environ)
    os.environ.update(PERTURB)
    try:
        return await run(pairs, seed)
    finally:
        os.environ.clear()
        os.environ.update(before)


def main(arguments: list[str] | None = None) -> int:
    """Print both runs as a table, then the first differences; 1 if there is any or the engine was restarted."""
    parser = argparse.ArgumentParser(prog="python -m bench.fuzz", description=__doc__)
    parser.add_argument("--pairs", type=int, default=PAIRS)
    parser.add_argument("--seed", type=int, default=Random().randrange(10**9))
    given = parser.parse_args(arguments)
    reports = {
        "plain": asyncio.run(run(given.pairs, given.seed)),
        "garbage in memory": asyncio.run(run_perturbed(given.pairs // PERTURBED_SHARE, given.seed + 1)),
    }
    table = Table("run", title=f"Engine against reference evaluator, seed {given.seed}", title_justify="left")
    for heading in ("pairs", *Outcome, "differences", "restarts", "seconds"):
        table.add_column(heading, justify="right")
    for name, report in reports.items():
        counts = (report.outcomes.total(), *(report.outcomes[one] for one in Outcome), len(report.differing))
        table.add_row(name, *(f"{count:,}" for count in counts), f"{report.restarts}", f"{report.seconds:.1f}")
    console = Console()
    console.width = max(console.width, WIDTH)
    console.print(table)
    for told in [told for report in reports.values() for told in report.differing][:10]:
        console.print(told, markup=False)
    return int(any(report.differing or report.restarts for report in reports.values()))


if __name__ == "__main__":
    sys.exit(main())
