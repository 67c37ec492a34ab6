"""The figures about previews: `python -m bench.preview [FILE]` measures a back-test of three years and where it goes.

FILE is the table of accident and emergency attendances that docs/imports.md names; without one a table of the same
shape and size (130 providers, 36 months) is made up.
"""

import csv
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from random import Random
from typing import TypeVar

import uvloop

from app import columns, founding, gathering, imports, policies, preview, runtime
from app.call import Call
from app.gathering import Audience
from app.planning import Options
from app.policies import PolicyDraft
from app.runtime import Runtime
from app.settings import Settings
from bench import figure
from bench.figure import Figure
from okr import period as periods
from okr.past import Past
from okr.period import Period
from okr.policy import PolicyMode
from rules import backtest
from rules.preview import Preview

MAPPING = Path(__file__).parents[1] / "docs" / "examples" / "nhs.toml"
TENANT, PROVIDERS, MONTHS, FIRST, REPEATS = "bench", 130, 36, date(2016, 4, 1), 7
PROMISED = 2.0
"""Seconds for one policy over three years of these readings."""

DRAFT = PolicyDraft(key="kpi-breach", template="kpi_breach")

T = TypeVar("T")


async def measured(ready: Runtime) -> list[Figure]:
    """Return how long a preview of one policy takes over three years and over all the years up to today."""
    call = await Call.begin(ready, TENANT)
    draft = await policies.written(call, DRAFT)
    asked = [replace(draft, mode=PolicyMode.ADVISE)]
    kpis = backtest.remembered(call.picture, asked)
    readings = await call.store.readings_of(kpis)
    after = periods.step(Period.MONTH, max(reading.period for reading in readings))
    three = call.at.replace(year=after.year, month=after.month, day=2)
    days = (three.date() - FIRST).days + 1
    then = replace(call, at=three, picture=call.picture.seen_at(three))
    past = Past(then.picture, readings)

    async def whole() -> Preview:
        newest = await Call.begin(ready, TENANT, three)
        return await preview.preview(newest, await policies.written(newest, DRAFT), days)

    async def long() -> Preview:
        return await preview.preview(call, draft, (call.at.date() - FIRST).days + 1)

    async def lined_up() -> Past:
        return Past(then.picture, readings)

    runs, found = await _repeated(whole)
    if found.backtest is None or not found.backtest.opened:
        raise AssertionError("The back-test opens nothing.")
    what = f"{len(kpis)} KPIs, {len(readings):,} readings, {days:,} days: {found.backtest.opened} opened"
    far, farther = await _repeated(long)
    total = farther.backtest.days if farther.backtest else 0
    steps: dict[str, Callable[[], Awaitable[object]]] = {
        "the picture": lambda: Call.begin(ready, TENANT),
        "what matches today": lambda: preview.preview(then, draft),
        "reading the readings": lambda: call.store.readings_of(kpis),
        "judging them into timelines": lined_up,
        f"asking {found.backtest.facts:,} facts of the past": lambda: backtest.run(past, asked, days),
    }
    parts = [Figure(name=f"  {name}", runs=(await _repeated(step))[0], unit="s") for name, step in steps.items()]
    return [
        Figure(name=what, runs=runs, unit="s", most=PROMISED),
        *parts,
        Figure(name=f"the same up to today, {total:,} days", runs=far, unit="s"),
    ]


async def _repeated(work: Callable[[], Awaitable[T]]) -> tuple[tuple[float, ...], T]:
    runs: list[float] = []
    found: list[T] = []
    for _ in range(REPEATS):
        began = time.perf_counter()
        found[:] = [await work()]
        runs.append(time.perf_counter() - began)
    return tuple(runs), found[0]


async def _brought(ready: Runtime, path: Path) -> None:
    """Import a file of attendances."""
    said, constants = imports.split(columns.load(MAPPING))
    call = await founding.opened(ready, TENANT)
    with gathering.gathered(path, said, Audience()) as found:
        await imports.write_readings(call, found, constants, Options(create=True), Audience())


def _made_up(path: Path) -> Path:
    """Write a table like that of the attendances: each provider a random walk around the standard."""
    chance = Random(1)
    with path.open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(("org_code", "period", "type", "attendances", "breaches"))
        for provider in range(PROVIDERS):
            late = chance.uniform(0.01, 0.12)
            for month in range(MONTHS):
                late = min(max(late + chance.gauss(0.001, 0.015), 0), 0.6)
                period = periods.step(Period.MONTH, FIRST, month)
                table.writerow((f"P{provider:03}", period, 1, 10_000, round(10_000 * late)))
    return path


async def main() -> int:
    """Measure everything; 1 where a promise is not kept."""
    with tempfile.TemporaryDirectory(prefix="ratchet-bench-") as folder:
        path = Path(sys.argv[1]) if len(sys.argv) > 1 else _made_up(Path(folder) / "attendances.csv")
        settings = Settings(mongodb_uri="", data=Path(folder))
        async with runtime.running(settings) as ready:
            await _brought(ready, path)
            return int(not figure.told("Previews", await measured(ready)))


if __name__ == "__main__":
    sys.exit(uvloop.run(main()))
