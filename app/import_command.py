"""The import command: a file into an organisation, with progress, rejected rows and an account of what was done."""

import argparse
import json
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from app import columns, commands, evaluation, founding, gathering, imports
from app.call import Call
from app.columns import ColumnMap
from app.gathering import Audience
from app.imports import Imported
from app.planning import Options
from app.runtime import Runtime
from app.settings import Settings

Write = Callable[[Call, Options], Awaitable[Imported]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """What an import came to, as its JSON line says it.

    `episodes` are those of all imported KPIs, `recommendations` the open ones about them.
    """

    units: int
    kpis: int
    readings: int
    rejected: int
    episodes: int
    recommendations: int
    seconds: float


def bring(settings: Settings, given: argparse.Namespace) -> int:
    """Import a file as the arguments say; 0 also where rows were rejected, for the good ones are kept."""
    started = time.perf_counter()
    mapping = _mapping(given)
    options = Options(
        create=given.create,
        strict=given.strict,
        dry_run=given.dry_run,
        complete=given.complete if given.what == "readings" else 0,
    )
    with (
        _watching(shown=given.progress or sys.stderr.isatty()) as audience,
        _read(given, mapping, options, audience) as write,
    ):
        imported, episodes, waiting = commands.run(
            settings, lambda ready: _written(ready, given, options, audience, write)
        )
    account = Account(
        units=len(imported.units),
        kpis=len(imported.kpis),
        readings=imported.readings,
        rejected=audience.rejected,
        episodes=episodes,
        recommendations=waiting,
        seconds=round(time.perf_counter() - started, 2),
    )
    sys.stderr.write(f"{_told(account, imported, options)}\n")
    if given.json:
        sys.stdout.write(f"{json.dumps(asdict(account))}\n")
    return 0


async def _written(
    ready: Runtime, given: argparse.Namespace, options: Options, audience: Audience, write: Write
) -> tuple[Imported, int, int]:
    if options.create:
        begin = founding.imagined if options.dry_run else founding.opened
    else:
        begin = founding.organisation
    if options.create and options.strict and not options.dry_run:
        # What is bad in the file has to be known before an organisation is founded for it.
        await write(await founding.imagined(ready, given.tenant), replace(options, dry_run=True))
    call = await begin(ready, given.tenant)
    imported = await write(call, options)
    if given.evaluate and not options.dry_run:
        audience.moved("evaluating", 0, 1)
        await evaluation.everything(call, "import")
        audience.moved("evaluating", 1, 1)
    there = [call.picture.kpis[key] for key in imported.kpis if key in call.picture.kpis]
    waiting = await commands.open_recommendations(call, imported.kpis)
    return imported, sum(kpi.watch.episodes for kpi in there), len(waiting)


@contextmanager
def _read(given: argparse.Namespace, mapping: ColumnMap, options: Options, audience: Audience) -> Iterator[Write]:
    """Read the file to its end, before anything is asked of the database, and yield what writes it."""
    if given.what == "kpis":
        bound, rows = imports.definitions_in(given.file, mapping, audience)
        yield lambda call, chosen: imports.write_kpis(call, bound, rows, chosen, audience)
    else:
        said, constants = imports.split(mapping)
        with gathering.gathered(given.file, said, audience) as found:
            yield lambda call, chosen: imports.write_readings(call, found, constants, chosen, audience)


def _mapping(given: argparse.Namespace) -> ColumnMap:
    base = columns.load(given.mapping) if given.mapping else ColumnMap()
    named = {
        name: value
        for name in ("numbers", "dates", "encoding", "delimiter")
        if (value := getattr(given, name)) is not None
    }
    return columns.with_(replace(base, **named), columns=given.column, fixed=given.set, where=given.where)


@contextmanager
def _watching(*, shown: bool) -> Iterator[Audience]:
    """Yield an audience that writes rejected rows to standard error, and shows how far the import is."""
    if not shown:
        yield Audience(bad=lambda line, reason: sys.stderr.write(f"{_rejected(line, reason)}\n"))
        return
    screen = Console(stderr=True, force_terminal=True)
    bars: dict[str, TaskID] = {}
    with Progress(
        TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:>3.0f} %"), TimeRemainingColumn(),
        console=screen,
    ) as progress:  # fmt: skip

        def moved(what: str, done: int, total: int) -> None:
            if what not in bars:
                bars[what] = progress.add_task(what, total=total)
            progress.update(bars[what], completed=done)

        def bad(line: int, reason: str) -> None:
            progress.console.print(_rejected(line, reason), markup=False, highlight=False, soft_wrap=True)

        yield Audience(bad=bad, moved=moved)


def _rejected(line: int, reason: str) -> str:
    return f"line {line}: {reason}{'' if reason.endswith(('.', '?')) else '.'}"


def _told(account: Account, imported: Imported, options: Options) -> str:
    """The account in one paragraph."""
    verb = "Nothing was written. The file would bring" if options.dry_run else "Brought"
    told = [f"{verb} {account.readings:,} readings of {account.kpis:,} KPIs in {account.units:,} units"]
    if not options.dry_run:
        told.append(f"of which {imported.changed:,} were new")
    if imported.repeated:
        told.append(f"{imported.repeated:,} rows repeat another")
    if imported.left_out:
        told.append(f"{imported.left_out:,} KPIs with too few readings were left out")
    if account.rejected:
        told.append(f"{account.rejected:,} rows were rejected, as said above")
    return f"{', '.join(told)}. {account.seconds:g} s."
