"""Policy commands: what the command line shows of policies, and how it puts them in force."""

import argparse
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Iterator

from app import (
    commands,
    evaluation,
    founding,
    naming,
    policies,
    policy_preview,
    policy_reports,
    policy_sheet,
    publishing,
)
from app.call import Call
from app.policies import PolicyDraft
from app.policy_sheet import Answers
from app.publishing import Published
from app.runtime import Runtime
from app.settings import Settings
from okr.errors import Code, Refusal, did_you_mean
from okr.policy import Policy, PolicyMode, PolicyState, Severity
from rules import layers
from rules import policy as judged
from rules import preview as previews
from rules.layers import Origin
from rules.template import TEMPLATES

Work = Callable[[Call, argparse.Namespace], Awaitable[Answers]]


def carry_out(settings: Settings, given: argparse.Namespace) -> int:
    """Carry out a command about policies as it was typed, and show what it answers."""
    if given.command == "policies" and given.what == "templates":
        commands.show(*templates(given.template))
        return 0

    async def working(ready: Runtime) -> Answers:
        return await _WORKS[given.what if given.command == "policies" else given.command](
            await founding.organisation(ready, given.tenant), given
        )

    commands.show(*commands.run(settings, working))
    return 0


async def listed(call: Call, given: argparse.Namespace) -> Answers:
    """List the policies in force, what units change of them, and drafts that are newer; with `all`, every version."""
    versions = await call.store.policy_versions()
    waiting = await call.store.live()
    asking = Counter(one.finding.policy for one in waiting if one.state in evaluation.ASKING)
    found = commands.table(
        f"Policies of {call.picture.tenant}",
        *("key", "version", "state", "mode", "severity", "where", "since", "by", "open now"),
    )
    for each in sorted(versions if given.all else _current(versions), key=_order):
        of_itself = each.state is PolicyState.PUBLISHED and not each.layer
        since, by = each.approved_at or each.created_at, each.approved_by or each.author
        commands.row(
            found,
            f"  in {naming.name(call, each.layer)}" if each.layer else each.key,
            each.version,
            each.state,
            "" if each.layer else each.mode,
            "" if each.layer else each.severity,
            naming.values(each) if each.layer else naming.place(call, each.scope),
            f"{since:%Y-%m-%d %H:%M}",
            naming.name(call, by),
            asking[each.key] if of_itself else "",
        )
    return (found, "`policies show` explains one of them, `policies preview` tells what it would do.")


async def save(call: Call, given: argparse.Namespace) -> Answers:
    """Save the newest version with what was typed put over it as a draft, or what a unit changes of it."""
    layer = naming.unit(call, given.unit).key if given.unit else ""
    newest = next(iter(await call.store.policy_versions(given.key, "")), None)
    if newest is None and (layer or not given.template):
        await naming.versions(call, given.key)
    if newest is not None and given.template and given.template != newest.template:
        said = f'"{given.key}" is made from "{newest.template}"; --template is for a key that is new.'
        raise Refusal(Code.INVALID, said, ("template",))
    params = naming.settings(given.set)
    draft = PolicyDraft(
        key=given.key,
        template=newest.template if newest else given.template,
        layer=layer,
        params={**(newest.params if newest and not layer else {}), **params} if params else None,
        mode=PolicyMode(given.mode) if given.mode else None,
        severity=Severity(given.severity) if given.severity else None,
        hold=given.hold,
        clear=given.clear,
        note=given.note,
    )
    saved = await policies.save(call, draft)
    tenant, there = call.picture.tenant, f' --unit "{given.unit}"' if layer else ""
    following = (
        f"`policies preview {tenant} {saved.key}{there}` tells what it would do,"
        f" `policies publish {tenant} {saved.key} {saved.version}{there}` puts it in force."
    )
    return (f"{_which(call, saved)} is saved as a draft.", following)


async def publish(call: Call, given: argparse.Namespace) -> Answers:
    """Put a saved version in force, and say what the gate looked at."""
    layer = naming.unit(call, given.unit).key if given.unit else ""
    naming.version(await naming.versions(call, given.key, layer), given.version)
    done = await _gated(
        publishing.publish(call, given.key, given.version, layer, note=given.note, confirm=given.confirm)
    )
    return (f"{_which(call, done.policy)} is in force in {_where(call, done.policy)}.", *_shown(done))


async def roll_back(call: Call, given: argparse.Namespace) -> Answers:
    """Put an earlier version in force again, and say what the gate looked at."""
    layer = naming.unit(call, given.unit).key if given.unit else ""
    naming.version(await naming.versions(call, given.key, layer), given.version)
    done = await _gated(
        publishing.roll_back(call, given.key, given.version, layer, note=given.note, confirm=given.confirm)
    )
    said = f"{_which(call, done.policy)} is in force in {_where(call, done.policy)}; it says what {given.version} said."
    return (said, *_shown(done))


async def retire(call: Call, given: argparse.Namespace) -> Answers:
    """Take a policy, or what a unit changes of it, out of force."""
    layer = naming.unit(call, given.unit).key if given.unit else ""
    await naming.versions(call, given.key, layer)
    retired = await publishing.retire(call, given.key, layer, note=given.note)
    again = f"`policies roll-back {call.picture.tenant} {retired.key} {retired.version}` brings it back."
    return (f"{_which(call, retired)} is no longer in force; what it asked has ended.", again)


async def effective(call: Call, given: argparse.Namespace) -> Answers:
    """Show what holds for a unit today, and where each value comes from."""
    unit = naming.unit(call, given.unit)
    path, today = call.picture.paths[unit.key], call.picture.today(unit.key)
    found = commands.table(
        f"What holds for {unit.name.original} on {today}",
        "policy",
        "holds through",
        "value",
        "is",
        "comes from",
        "locked",
    )
    for stack in layers.stacks(await call.store.policies()):
        if not judged.holds(stack.base, call.picture, unit.key, None, today):
            continue
        through = next((key for key in reversed(path) if key in stack.base.scope.units), path[0])
        for at, each in enumerate(layers.origins(stack, path, today)):
            commands.row(
                found,
                "" if at else stack.base.key,
                "" if at else naming.name(call, through),
                each.name.removeprefix(f"{layers.PARAMS}."),
                naming.written(each.value),
                _origin(call, each),
                "" if each.locked_by is None else f"by {naming.name(call, each.locked_by) or 'the policy'}",
            )
    return (found,)


def templates(only: str | None) -> Answers:
    """Show what policies are made from; of one template its help and its examples as well."""
    if only is not None:
        key = only.replace("-", "_")
        if key not in TEMPLATES:
            hint = did_you_mean(key, TEMPLATES)
            raise Refusal(Code.NOT_FOUND, f'There is no template "{only[:64]}".{hint}', ("template",))
        return policy_sheet.template(TEMPLATES[key])
    found = commands.table("What policies are made from", "template", "what it finds", "on", "proposes", "parameters")
    for key in sorted(TEMPLATES):
        each = TEMPLATES[key]
        params = ", ".join(policy_sheet.parameter(one) for one in each.parameters)
        action = each.action.replace("_", " ")
        commands.row(found, key, each.name.original, each.on.replace("_", " "), action, params or "none")
    custom = "`custom` takes a condition of your own: docs/policies.md. `policies templates TEMPLATE` says more of one."
    return (found, custom)


async def _gated(putting: Awaitable[Published]) -> Published:
    """Put a version through the gate; what it wants confirmed is confirmed by an option here."""
    try:
        return await putting
    except Refusal as refusal:
        if refusal.code is Code.NEEDS_CONFIRMATION:
            said = refusal.message.removesuffix(" If that is what you mean, publish with confirm.")
            raise Refusal(refusal.code, f"{said} If that is what you mean, add --confirm.", refusal.field) from None
        raise


def _shown(done: Published) -> Iterator[str]:
    tests, shown = () if done.policy.layer else previews.tests(done.policy), done.shown
    if tests:
        yield f"The gate: all {len(tests)} test cases pass."
    yield (
        f"Its preview: of {shown.asked} looked at {shown.matched} match;"
        f" {shown.opens} would open, {shown.resolves} end, {shown.stays} stay."
    )
    where, hold = "the whole policy" if done.policy.layer else "it", done.policy.hold
    waits = f" What matches is shown once it has lasted {'a day' if hold == 1 else f'{hold} days'}." if hold else ""
    yield f"Open from {where} now: {len(done.recommendations)}.{waits}"


def _which(call: Call, policy: Policy) -> str:
    layer = f" in {naming.name(call, policy.layer)}" if policy.layer else ""
    return f"{policy.key}{layer} {policy.version}"


def _where(call: Call, policy: Policy) -> str:
    return call.picture.tenant if policy.layer else f"{call.picture.tenant}, in mode {policy.mode}"


def _origin(call: Call, origin: Origin) -> str:
    match origin.unit:
        case None:
            return "the template"
        case "":
            return f"the policy, version {origin.version}"
        case unit:
            return f"{naming.name(call, unit)}, version {origin.version}"


def _current(versions: Iterable[Policy]) -> list[Policy]:
    """Return what is in force, and the drafts that are newer."""
    newest: dict[tuple[str, str], int] = {}
    for each in versions:
        if each.state is PolicyState.PUBLISHED:
            newest[each.key, each.layer] = each.version
    return [
        each
        for each in versions
        if each.state is PolicyState.PUBLISHED
        or (each.state is PolicyState.DRAFT and each.version > newest.get((each.key, each.layer), 0))
    ]


def _order(policy: Policy) -> tuple[str, str, int]:
    return policy.key, policy.layer, -policy.version


_WORKS: dict[str, Work] = {
    "list": listed,
    "show": policy_sheet.show,
    "preview": policy_preview.show,
    "save": save,
    "publish": publish,
    "roll-back": roll_back,
    "retire": retire,
    "effective": effective,
    "waivers": policy_reports.waivers,
    "decisions": policy_reports.decisions,
    "quality": policy_reports.quality,
}
