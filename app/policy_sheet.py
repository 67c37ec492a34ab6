"""Policy sheets: one policy or one template on a page, in words, with where each value comes from and its history."""

import argparse
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from rich.table import Table

from app import commands, naming
from app.call import Call
from okr.number import plain
from okr.policy import Policy, PolicyMode, PolicyState
from rules import comparison, layers, outline
from rules import policy as judged
from rules import preview as previews
from rules.comparison import Difference
from rules.layers import Stack
from rules.template import CUSTOM, TEMPLATES, Help, Parameter, Template

Answers = Sequence[Table | str]


async def show(call: Call, given: argparse.Namespace) -> Answers:
    """Show the version in force, the newest one where none is, with its test cases and its history."""
    layer = naming.unit(call, given.unit).key if given.unit else ""
    versions = await naming.versions(call, given.key, layer)
    shown = naming.in_force(versions) or versions[0]
    over = [each for each in await call.store.policies() if each.key == shown.key and each.layer]
    answers = [_terms(call, shown)] if layer else [_sheet(call, shown), _parameters(shown)]
    if over and not layer:
        answers.append(_changes(call, over))
    if not layer:
        answers.append(_tests(shown))
    return (*(answer for answer in answers if answer.row_count), _history(call, versions))


def template(asked: Template) -> Answers:
    """Show a template: when it fires, its parameters, and its examples."""
    found = _page(f"{asked.name.original} ({asked.key})")
    resolved = judged.resolve(_made_from(asked))
    for name, value in (
        ("what it is for", asked.help.original),
        ("fires when", f"{outline.formula(resolved.kind, resolved.condition, 'en')}."),
        ("on each", asked.on.replace("_", " ")),
        ("proposes", _proposes(asked)),
        ("modes", f"{', '.join(modes(asked))}; shipped as {asked.mode}"),
        ("severity", asked.severity.value),
        ("times", _times(asked)),
    ):
        commands.row(found, name, value)
    tests = commands.table("Examples, which are its test cases", "what it shows", "expected")
    for each in asked.examples:
        commands.row(tests, each.name, each.expect)
    filled = commands.table("Parameters", "parameter", "default", "range", "unit", "what it means")
    for one in asked.parameters:
        commands.row(filled, one.name, one.default, span(one), one.unit, one.help.original)
    return (found, filled, tests) if asked.parameters else (found, tests)


def parameter(asked: Parameter) -> str:
    """Return a parameter with its default in a few words: `limit 3 (1 to 50)`."""
    return f"{asked.name} {plain(asked.default)} ({span(asked)})"


def span(asked: Parameter) -> str:
    """Return the range of a parameter: `1 to 50`."""
    least, most = (None if end is None else plain(end) for end in (asked.minimum, asked.maximum))
    if least is None or most is None:
        return f"from {least}" if least is not None else f"up to {most}" if most is not None else "any"
    return f"{least} to {most}"


def called(difference: Difference) -> str:
    """Return what people call what differs."""
    return difference.name.removeprefix(f"{layers.PARAMS}.")


def worded(value: Help) -> str:
    """Return one side of a difference in words."""
    return value.original or "nothing"


def modes(asked: Template) -> list[PolicyMode]:
    """Return how far policies of a template may go."""
    barred = {
        PolicyMode.BLOCK: not asked.blockable or asked.warn_only,
        PolicyMode.AUTO: asked.action not in judged.REVERSIBLE or asked.warn_only,
    }
    return [mode for mode in PolicyMode if not barred.get(mode)]


def _sheet(call: Call, policy: Policy) -> Table:
    resolved = judged.resolve(policy)
    made = TEMPLATES.get(policy.template)
    found = _page(f"{policy.name} ({policy.key}, version {policy.version}, {policy.state})")
    for name, value in (
        ("fires when", f"{outline.formula(resolved.kind, resolved.condition, 'en')}."),
        ("on each", resolved.kind.label),
        ("made from", policy.template if made else f"{CUSTOM}: a condition of its own"),
        ("proposes", _proposes(made) if made else resolved.action.replace("_", " ")),
        ("mode", _mode(policy)),
        ("severity", policy.severity.value),
        ("holds", naming.place(call, policy.scope)),
        ("in time", _in_time(policy)),
        ("times", _times(policy)),
        ("locked for units", ", ".join(policy.lock)),
    ):
        if value:
            commands.row(found, name, value)
    return found


def _terms(call: Call, layer: Policy) -> Table:
    found = _page(
        f"{layer.key} as {naming.name(call, layer.layer)} changes it (version {layer.version}, {layer.state})"
    )
    for name, value in (
        ("changes", naming.values(layer)),
        ("in time", _in_time(layer)),
        ("locked below", ", ".join(layer.lock)),
    ):
        if value:
            commands.row(found, name, value)
    return found


def _parameters(policy: Policy) -> Table:
    found = commands.table("Parameters", "parameter", "is", "unit", "range", "comes from", "locked")
    known = {one.name: one for one in TEMPLATES[policy.template].parameters} if policy.template in TEMPLATES else {}
    for each in layers.origins(Stack(base=policy, layers={}), (), policy.created_at.date()):
        if not each.name.startswith(f"{layers.PARAMS}."):
            continue
        name = each.name.removeprefix(f"{layers.PARAMS}.")
        one = known.get(name)
        unit, ends = (one.unit, span(one)) if one else ("", "")
        origin = "the template" if each.unit is None else "this version"
        commands.row(found, name, naming.written(each.value), unit, ends, origin, "yes" if each.locked_by == "" else "")
    return found


def _changes(call: Call, over: Iterable[Policy]) -> Table:
    found = commands.table("What units change of it", "unit", "version", "changes", "in time", "locked below")
    for each in over:
        lock, where = ", ".join(each.lock), naming.name(call, each.layer)
        commands.row(found, where, each.version, naming.values(each), _in_time(each), lock)
    return found


def _tests(policy: Policy) -> Table:
    found = commands.table("Test cases", "what it shows", "expected", "comes out")
    for each in previews.tests(policy):
        commands.row(found, each.name, each.expected, "as expected" if each.passed else f"{each.actual}: this fails")
    return found


def _history(call: Call, versions: Sequence[Policy]) -> Table:
    found = commands.table(
        "History", "version", "state", "saved", "by", "in force", "approved by", "why", "what changed"
    )
    numbered = {each.version: each for each in versions}
    for each in versions:
        before = numbered.get(each.based_on) or numbered.get(each.version - 1)
        drafted = each.state is PolicyState.DRAFT
        since = f"{each.approved_at or each.created_at:%Y-%m-%d %H:%M}"
        commands.row(
            found,
            each.version,
            each.state,
            f"{each.created_at:%Y-%m-%d %H:%M}",
            naming.name(call, each.author),
            "" if drafted else since,
            naming.name(call, each.approved_by) if each.approved_by else "",
            each.note,
            _changed(call, before, each),
        )
    return found


def _changed(call: Call, before: Policy | None, after: Policy) -> str:
    if before is None:
        return "the first version"
    found = comparison.differences(call.picture, before, after)
    return "; ".join(f"{called(one)}: {worded(one.before)} → {worded(one.after)}" for one in found) or "nothing"


def _page(title: str) -> Table:
    found = commands.table(title, "", "")
    found.show_header = False
    return found


def _made_from(asked: Template) -> Policy:
    return judged.drafted(asked, asked.key, "", datetime.now(UTC))


def _proposes(asked: Template) -> str:
    said = asked.action.replace("_", " ")
    text = asked.objective or asked.text
    return f"{said}: {text.original}" if text else said


def _mode(policy: Policy) -> str:
    match policy.mode:
        case PolicyMode.BLOCK:
            who = f"who holds the role {policy.overridable_by} may go on with a reason" if policy.overridable_by else ""
            return f"block; {who or 'nobody may override it'}"
        case PolicyMode.AUTO:
            return f"auto; accepts at most {policy.per_run} in one run"
        case mode:
            return mode.value


def _in_time(policy: Policy) -> str:
    first, last = policy.effective_from, policy.effective_to
    return " ".join(f"{word} {day}" for word, day in (("from", first), ("to", last)) if day) or "always"


def _times(asked: Policy | Template) -> str:
    lapses = f"lapses after {_days(asked.expires)}" if asked.expires else "never lapses"
    return (
        f"shown once it has held for {_days(asked.hold)}, over once it has been clear for {_days(asked.clear)},"
        f" quiet for {_days(asked.cooldown)} after a dismissal, {lapses}"
    )


def _days(count: int) -> str:
    return "1 day" if count == 1 else f"{count} days"
