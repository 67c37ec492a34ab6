"""Policy previews on a screen: what a version would do today, unit by unit, and did in the past, month by month."""

import argparse
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from app import commands, naming, policies, policy_sheet, preview
from app.call import Call
from app.policies import PolicyDraft
from app.policy_sheet import Answers
from okr.errors import Code, Refusal
from okr.policy import Policy, PolicyMode
from rules import policy as judged
from rules.backtest import Backtest
from rules.preview import Preview
from rules.schema import KINDS
from rules.template import TEMPLATES

FIRST = 10
"""How many of what would open are named."""

COUNTS = ("looked at", "match", "open", "end", "stay")

WIDTH = 40
FULL = 10
"""What fills a bar at the least: a month in which one thing happened was no busy month."""

EIGHTHS = " ▏▎▍▌▋▊▉"


async def show(call: Call, given: argparse.Namespace) -> Answers:
    """Preview the version that is asked for, as it was typed; store nothing."""
    layer = naming.unit(call, given.unit).key if given.unit else ""
    params, mode = naming.settings(given.set), PolicyMode(given.mode) if given.mode else None
    known = await call.store.policy_versions(given.key, layer)
    if not known and given.template and not layer:
        draft = PolicyDraft(key=given.key, template=given.template, params=params, mode=mode)
        asked = await policies.written(call, draft)
    elif not known and not layer and given.key.replace("-", "_") in TEMPLATES:
        said = f'There is no policy "{given.key}" in {call.picture.tenant}; add --template to preview a new one.'
        raise Refusal(Code.NOT_FOUND, said, ("key",))
    else:
        known = await naming.versions(call, given.key, layer)
        asked = await _changed(call, known, given.version, params, mode)
        if given.template and given.template != asked.template:
            said = f'"{given.key}" is made from "{asked.template}"; --template is for a key that is new.'
            raise Refusal(Code.INVALID, said, ("template",))
    with _watching(given.days):
        seen = await preview.preview(call, asked, given.days)
    return tuple(_told(call, seen))


def bar(value: int, most: int, width: int = WIDTH) -> str:
    """Return a bar of blocks, `width` long where `value` is the most there is; what is not nothing is seen."""
    eighths = max(round(value * width * 8 / most), 1) if value > 0 and most > 0 else 0
    return "█" * (eighths // 8) + EIGHTHS[eighths % 8].strip()


async def _changed(
    call: Call,
    known: tuple[Policy, ...],
    version: int | None,
    params: Mapping[str, Decimal | str],
    mode: PolicyMode | None,
) -> Policy:
    """Return a version with what was typed put over it, checked as it would be when saved."""
    chosen = known[0] if version is None else naming.version(known, version)
    sets = chosen.sets if mode is None or not chosen.layer else tuple(dict.fromkeys((*chosen.sets, "mode")))
    asked = replace(chosen, params={**chosen.params, **params}, mode=mode or chosen.mode, sets=sets)
    policies.check_reach(call, asked, None)
    await policies.check(call, asked)
    return asked


def _told(call: Call, seen: Preview) -> Iterator[Table | str]:
    asked = seen.policy
    where = f" as {naming.name(call, asked.layer)} changes it" if asked.layer else ""
    mode = f", in mode {asked.mode}" if not asked.layer else ""
    yield f"{asked.name}{where}: {asked.key}, version {asked.version}{mode}. Nothing of this is stored."
    if asked.mode is PolicyMode.OBSERVE and not asked.layer:
        yield "Observing asks nobody anything: this is what people would be asked if it advised."
    kind = KINDS[judged.resolve(asked).kind.name].label if not asked.layer else ""
    share = "" if seen.share is None else f" ({100 * seen.share:.0f} %)"
    yield (
        f"{f'{kind}: of' if kind else 'Of'} {seen.asked} looked at {seen.matched} match{share};"
        f" {seen.unknown} lack data, {seen.waived} are waived."
    )
    yield from (f"Look at this first: {warned.message.original}" for warned in seen.warnings)
    yield from (table for table in (_units(call, seen), _opening(call, seen), _differences(seen)) if table.row_count)
    if seen.added.count or seen.removed.count:
        yield f"Compared with the version in force it finds {seen.added.count} more and {seen.removed.count} no longer."
    if seen.backtest is not None:
        yield from _past(seen.backtest)
    yield f"This took {seen.milliseconds:,} ms."


def _units(call: Call, seen: Preview) -> Table:
    found = commands.table("Today, by unit that would have to act", "unit", *COUNTS)
    for each in seen.units:
        if each.matched or each.opens or each.resolves or each.stays:
            counts = (each.asked, each.matched, each.opens, each.resolves, each.stays)
            commands.row(found, naming.name(call, each.unit), *counts)
    return found


def _opening(call: Call, seen: Preview) -> Table:
    count = len(seen.opens)
    title = "What would open" if count <= FIRST else f"What would open, the first {FIRST} of {count}"
    found = commands.table(title, "unit", "severity", "title")
    for each in seen.opens[:FIRST]:
        commands.row(found, naming.name(call, each.unit), each.severity, each.title.original)
    return found


def _differences(seen: Preview) -> Table:
    found = commands.table("What differs from the version in force", "what", "in force", "here")
    for each in seen.changes:
        commands.row(
            found, policy_sheet.called(each), policy_sheet.worded(each.before), policy_sheet.worded(each.after)
        )
    return found


def _past(past: Backtest) -> Iterator[Table | str]:
    title = f"Had it advised from {past.first} to {past.last}"
    found = commands.table(title, "month", "opened", "ended", "open then", "opened, as a picture")
    most = max(FULL, *(month.opened for month in past.months))
    for month in past.months:
        picture = bar(month.opened, most)
        commands.row(found, f"{month.month:%Y-%m}", month.opened, month.resolved, month.open_at_end, picture)
    yield found
    step = "" if past.step_days == 1 else f" Every {past.step_days} days were looked at, for there is much."
    share = "" if past.share is None else f" ({100 * past.share:.0f} %)"
    yield (
        f"In {past.days:,} days {past.opened} would have opened and {past.resolved} ended by themselves;"
        f" {past.matched} of {past.asked} looked at matched at least once{share}.{step}"
    )


@contextmanager
def _watching(days: int) -> Iterator[None]:
    """Show that a back-test is at work, and for how long, where somebody watches."""
    if not days or not sys.stderr.isatty():
        yield
        return
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        progress.add_task(f"looking at {days:,} past days", total=None)
        yield
