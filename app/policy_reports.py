"""Policy reports: what is excused, what each run of the policies came to, and what people made of them, as tables."""

import argparse
from collections import Counter
from datetime import date

from app import commands, naming
from app import quality as judging
from app.call import Call
from app.policy_sheet import Answers
from okr import quality as qualities
from okr import waiver as excuse
from okr.errors import Code, Refusal
from okr.recommendation import DismissReason
from okr.waiver import Waiver
from rules.judge import Engine

MOST_DECISIONS = 1_000


async def waivers(call: Call, given: argparse.Namespace) -> Answers:
    """List the waivers that hold; with `all`, those that are over too."""
    found = commands.table(
        f"Waivers of {call.picture.tenant}", "policy", "for", "kind", "reason", "approved by", "until", "state"
    )
    today = call.picture.today(call.picture.root.key)
    for each in await call.store.waivers():
        if not given.all and not excuse.holds(each, today):
            continue
        approved = naming.name(call, each.approved_by)
        commands.row(
            found, each.policy, _target(call, each), each.kind, each.reason, approved, each.until, _state(each, today)
        )
    if not found.row_count:
        return ("Nothing is waived." if given.all else "Nothing is waived now; --all shows what was.",)
    return (found, "`until` is the first day on which a waiver no longer holds.")


async def decisions(call: Call, given: argparse.Namespace) -> Answers:
    """Show the decision log, newest first."""
    if not 1 <= given.limit <= MOST_DECISIONS:
        raise Refusal(Code.INVALID, f"--limit goes from 1 to {MOST_DECISIONS:,}; this is {given.limit}.", ("limit",))
    found = commands.table(
        f"Decision log of {call.picture.tenant}",
        *("at (UTC)", "because of", "policies", "engine", "facts", "matches", "waived", "unknown", "errors", "ms"),
        "what came of it",
    )
    for each in await call.store.decisions(limit=given.limit):
        came = Counter(str(what) for what in each.detail.values())
        commands.row(
            found,
            f"{each.at:%Y-%m-%d %H:%M:%S}",
            each.trigger,
            each.policy_set,
            "engine" if each.engine == Engine.DURABLE else "fallback",
            each.facts,
            each.matches,
            each.waived,
            each.unknown,
            each.errors,
            each.ms,
            ", ".join(f"{count} {what}" for what, count in sorted(came.items())) or "nothing changed",
        )
    if not found.row_count:
        return (f"No policy has run yet. `scan --tenant {call.picture.tenant}` runs them all.",)
    return (found, "`policies` is the hash of the policies as they were. The log forgets after 180 days.")


async def quality(call: Call, _: argparse.Namespace) -> Answers:
    """Show what people made of each policy, with the reasons for which they dismissed what it said."""
    reasons = [reason.replace("_", " ") for reason in DismissReason]
    found = commands.table(
        f"What people made of the policies of {call.picture.tenant}",
        *("policy", "asked", "open", "accepted", "over by itself", "lapsed", *reasons, "waived", "verdict"),
    )
    quiet = []
    for each in await judging.report(call):
        if not each.opened and not each.waived:
            quiet.append(each.policy)
            continue
        commands.row(
            found,
            each.policy,
            *(each.opened, each.open, each.accepted, each.resolved, each.expired),
            *(each.dismissed.get(reason, 0) for reason in DismissReason),
            each.waived,
            qualities.verdict(each).original,
        )
    told = [f"Nobody has been asked anything by {', '.join(quiet)}."] if quiet else []
    return (*([found] if found.row_count else []), *told)


def _target(call: Call, waiver: Waiver) -> str:
    if waiver.subject is not None:
        return naming.name(call, waiver.subject.key)
    return f"{naming.name(call, str(waiver.unit))} and below"


def _state(waiver: Waiver, today: date) -> str:
    if waiver.ended_at is not None:
        return f"ended on {waiver.ended_at:%Y-%m-%d}: {waiver.end_reason}"
    return "holds" if excuse.holds(waiver, today) else "over"
