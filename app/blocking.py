"""What blocking policies do to everybody: they refuse a change before it is written, unless somebody may go on."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from app.call import Call
from okr.errors import Code, Refusal
from okr.keys import Kind
from okr.org import Role
from okr.policy import Policy, PolicyMode
from okr.snapshot import Entity, Snapshot
from okr.text import line
from rules import blocking as judging
from rules import facts
from rules import policy as judged
from rules.blocking import Block, Verdict
from store.change import Decision

LONGEST_REASON = 500
AT = ("overrideReason",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Passed:
    """How a change got through: what it has to hold when it is written, and what its audit entry has to say."""

    held: tuple[Entity, ...] = ()
    note: str = ""


FREE = Passed()


class Blocked(Refusal):
    """What blocking policies refuse; `blocks` are all that are in the way, the gravest first."""

    def __init__(self, message: str, blocks: Sequence[Block]) -> None:
        super().__init__(Code.BLOCKED_BY_POLICY, message)
        self.blocks = tuple(blocks)


async def guard(
    call: Call, candidate: Snapshot, unit: str, objective: str | None = None, override: str | None = None
) -> Passed:
    """Refuse a change that a blocking policy forbids, and return how it gets through otherwise.

    `candidate` is the picture after the change; looked at are `unit` and `objective` in it. `override` is a reason to
    go on: it counts where every policy in the way leaves that to a role which the caller holds there. Refuses with
    BLOCKED_BY_POLICY, or with FORBIDDEN where the caller lacks the role.
    """
    call.decisions = ()  # what was decided about a change that was not written is not logged with another
    if override is not None:
        line(override, LONGEST_REASON, AT)
    subjects = _moved(call.picture, candidate, {"unit": unit, "objective": objective})
    if not subjects:
        return FREE
    published = await call.store.policies()
    keys = {policy.key for policy in published if policy.mode is PolicyMode.BLOCK}
    if not keys:
        return FREE
    policies = [policy for policy in published if policy.key in keys]
    waivers = await call.store.waivers(active_on=call.at.date())
    started = time.perf_counter()
    verdict = await judging.blocked(call.runtime.judge, candidate, policies, subjects, call.picture, waivers)
    try:
        note = _overridden(call, verdict.blocks, override)
    except Refusal:
        await call.store.log(_decision(call, policies, verdict, "blocked", started))
        raise
    overridden = _decision(call, policies, verdict, "overridden", started)
    call.decisions = (overridden,) if verdict.blocks else ()
    return Passed(held=_counted(call.picture, candidate, subjects), note=note)


def _decision(call: Call, policies: Sequence[Policy], verdict: Verdict, outcome: str, started: float) -> Decision:
    """Return what the decision log says of a check that found something in the way: HR asks how often that is."""
    return Decision(
        key=call.fresh(Kind.DECISION),
        at=call.at,
        trigger="write",
        policy_set=judged.policy_set(policies),
        engine=verdict.engine,
        facts=verdict.facts,
        matches=len(verdict.blocks),
        unknown=0,
        errors=len(verdict.faulty),
        ms=round((time.perf_counter() - started) * 1000),
        detail={f"{block.policy.key}|unit:{block.unit}": outcome for block in verdict.blocks},
    )


def _moved(before: Snapshot, after: Snapshot, subjects: Mapping[str, str | None]) -> Mapping[str, tuple[str, ...]]:
    """Return those of the subjects, by kind, whose facts the change moves."""
    given = {kind: (key,) for kind, key in subjects.items() if key is not None}
    return {
        kind: keys
        for kind, keys in given.items()
        if facts.gather(before, (kind,), keys) != facts.gather(after, (kind,), keys)
    }


def _counted(before: Snapshot, after: Snapshot, subjects: Mapping[str, tuple[str, ...]]) -> tuple[Entity, ...]:
    """Return what was judged and is not written itself: two changes that are sound alone may not be so together."""
    found = [before.find(key) for keys in subjects.values() for key in keys]
    return tuple(each for each in found if each is not None and after.find(each.key) == each)


def _overridden(call: Call, blocks: Sequence[Block], reason: str | None) -> str:
    """Return what the audit log says of going on against these policies; refuse where that cannot be."""
    if not blocks:
        return ""
    if reason is None:
        raise Blocked(f"{blocks[0].message}{_who_may(call, blocks)}", blocks)
    for block in blocks:
        role, name = block.policy.overridable_by, call.picture.units[block.unit].name.original
        if role is None:
            raise Blocked(f"{block.message} Nobody may override it.", blocks)
        if not call.may(Role(role), block.unit):
            said = f'Overriding the policy "{block.policy.key}" takes the role {role} in "{name}"; ask somebody there.'
            raise Refusal(Code.FORBIDDEN, said, AT)
    against = dict.fromkeys(f"{block.policy.key} {block.policy.version}" for block in blocks)
    return f"override of {', '.join(against)}: {reason.strip()}"


def _who_may(call: Call, blocks: Sequence[Block]) -> str:
    """Return the sentence that says who may go on and how, empty where nobody may, or where no person is asking."""
    if call.actor.key not in call.picture.people or any(block.policy.overridable_by is None for block in blocks):
        return ""
    units = call.picture.units
    roles = (f'{block.policy.overridable_by} in "{units[block.unit].name.original}"' for block in blocks)
    return f" Who holds the role {' and '.join(dict.fromkeys(roles))} may go on: repeat it with an overrideReason."
