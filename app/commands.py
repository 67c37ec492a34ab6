"""Commands: what the command line does with a runtime, and the tables that it answers with."""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import TypeVar

import structlog
from rich.console import Console
from rich.table import Table
from rich.text import Text as Cell

from app import evaluation, founding, runtime, verification
from app.call import Call
from app.runtime import Runtime
from app.settings import Settings
from okr import focus as focusing
from okr.focus import FocusScore, Weights
from okr.number import plain
from okr.recommendation import RecommendationState

WIDE = 200  # columns for whoever reads a pipe
T = TypeVar("T")


def run(settings: Settings, work: Callable[[Runtime], Awaitable[T]]) -> T:
    """Bring the runtime up, do `work` with it, and take it down again; what is logged goes to standard error."""
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))

    async def working() -> T:
        async with runtime.running(settings) as ready:
            return await work(ready)

    return asyncio.run(working())


def scan(settings: Settings, tenant: str | None) -> int:
    """Evaluate one organisation, or all, and show what came of it."""

    async def work(ready: Runtime) -> Table:
        found = table("Scanned", "tenant", "facts", "matches", "filed or changed", "open", "engine")
        for name in [tenant] if tenant else await ready.store.tenants():
            call = await founding.organisation(ready, name)
            ran = await evaluation.everything(call, "scan")
            waiting = len(await open_recommendations(call))
            row(found, name, ran.facts, ran.matches, len(ran.changed), waiting, ran.engine)
        return found

    show(run(settings, work))
    return 0


def focus(settings: Settings, tenant: str) -> int:
    """Show the weak KPIs of an organisation, the one that pays off most first, with every factor of the score."""

    async def work(ready: Runtime) -> Table:
        call = await founding.organisation(ready, tenant)
        found = table(f"What to fix first in {tenant}", "", "KPI", "stands at", "score", "which is")
        for place, score in enumerate(focusing.ranking(call.picture, None, Weights()), start=1):
            row(found, place, *_factors(call, score))
        return found

    show(run(settings, work))
    return 0


def verify(settings: Settings, tenant: str) -> int:
    """Compare every checkpoint of an organisation with its history; 1 where any differs."""

    async def work(ready: Runtime) -> tuple[Table, int]:
        call = await founding.organisation(ready, tenant)
        found = table(f"Checkpoints of {tenant} that differ from their history", "key", "name", "difference")
        for kpi in call.picture.kpis.values():
            for difference in await verification.of_kpi(call, kpi):
                row(found, kpi.key, kpi.name.original, difference)
        for result in call.picture.key_results.values():
            for difference in await verification.of_key_result(call, result):
                row(found, result.key, result.title.original, difference)
        return found, len(call.picture.kpis) + len(call.picture.key_results)

    found, looked_at = run(settings, work)
    show(found if found.row_count else f"All {looked_at:,} checkpoints of {tenant} are what their history says.")
    return 1 if found.row_count else 0


def demo(settings: Settings) -> int:
    """Build the demonstration organisations."""
    from app import demo as demonstration

    for line in run(settings, demonstration.build):
        show(line)
    return 0


async def open_recommendations(call: Call, subjects: tuple[str, ...] | None = None) -> tuple[str, ...]:
    """Return the keys of the open recommendations about these subjects; None means any."""
    live = await call.store.live(subjects=subjects)
    return tuple(one.key for one in live if one.state is RecommendationState.OPEN)


def table(title: str, *headings: str) -> Table:
    """Return an empty table."""
    found = Table(title=title, title_justify="left", title_style="bold", min_width=len(title))
    for heading in headings:
        found.add_column(heading, overflow="fold")
    return found


def row(found: Table, *values: object) -> None:
    """Add a row to a table: numbers in plain digits to the right, texts without what a terminal would obey."""
    cells = []
    for value in values:
        text = plain(round(value, 3)) if isinstance(value, Decimal) else str(value)
        cells.append(Cell(visible(text), justify="right" if isinstance(value, int | Decimal) else "left"))
    found.add_row(*cells)


def visible(text: str) -> str:
    """Return a text without what a terminal would obey."""
    return "".join(character if character.isprintable() else "·" for character in text)


def show(*answers: Table | str) -> None:
    """Print answers to standard output: sentences, one a line, and tables with an empty line around them."""
    console = Console() if sys.stdout.isatty() else Console(width=WIDE)
    for at, answer in enumerate(answers):
        if at and (isinstance(answer, Table) or isinstance(answers[at - 1], Table)):
            console.print()
        if isinstance(answer, str):
            console.print(visible(answer), markup=False, highlight=False, soft_wrap=True)
        else:
            console.print(answer)


def _factors(call: Call, score: FocusScore) -> tuple[object, ...]:
    kpi = call.picture.kpis[score.kpi]
    attacked = [call.picture.objectives[key].title.original for key in score.addressed_by]
    by = f"attacked by {', '.join(attacked)}" if attacked else "nobody attacks it"
    shares = (
        f"severity {_short(score.severity)} (gap {_short(score.gap)} ÷ amber {_short(score.amber)})",
        f"weight {_short(score.importance)}",
        f"leverage {_short(score.leverage)} ({score.descendants} KPIs below)",
        f"periods {score.persistence}",
        f"neglect {_short(score.neglect)} ({by})",
    )
    name = f"{kpi.name.original} ({call.picture.units[kpi.unit].name.original})"
    return name, f"{_short(score.value)} {kpi.measure}, {score.band}", score.score, " × ".join(shares)


def _short(value: Decimal) -> str:
    return plain(round(value, 3))
