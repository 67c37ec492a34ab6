"""What HR excuses: grant a waiver of a policy for a unit or a subject, and end it before its day."""

from dataclasses import dataclass, replace
from datetime import date

from app.call import Call
from okr import waiver
from okr.errors import Code, Refusal, did_you_mean
from okr.keys import Kind, kind_of
from okr.org import Role
from okr.policy import Policy
from okr.recommendation import Subject
from okr.waiver import Waiver, WaiverKind
from rules import layers
from rules import policy as judged
from rules.layers import Stack
from store.change import Edit

JUDGED = (Kind.UNIT, Kind.KPI, Kind.OBJECTIVE, Kind.KEY_RESULT)
"""What policies look at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WaiverDraft:
    """A waiver as somebody writes it: for the subtree of `unit`, or for `subject` (keys); see okr.waiver.Waiver."""

    policy: str
    unit: str | None = None
    subject: str | None = None
    kind: WaiverKind = WaiverKind.WAIVED
    reason: str
    until: date


async def grant(call: Call, draft: WaiverDraft) -> Waiver:
    """Excuse what a policy in force finds in a unit's subtree or on a subject, and return the waiver.

    Needs hr_admin there, and where the mode of the policy is locked, since that is where exceptions are decided about;
    who grants it has approved it. Where one for the same policy and target holds already it is
    refused with DUPLICATE: end that one first.
    """
    # What is there is read first: whoever repeats a call while that is at work finds nothing, or the call answered.
    before = await call.store.waivers(policy=draft.policy)
    if done := await call.replay():
        return await _known(call, str(done["waiver"]))
    target, unit = _target(call, draft)
    call.require(Role.HR_ADMIN, unit, "target")
    published = await call.store.policies()
    stack = next(iter(layers.stacks(each for each in published if each.key == draft.policy)), None)
    if stack is None:
        known = did_you_mean(draft.policy, {each.key for each in published})
        raise Refusal(Code.NOT_FOUND, f"There is no policy by that key in force.{known}", ("policyKey",))
    if target is not None:
        _check_kind(stack.base, target)
    _check_locks(call, stack, unit)
    same = [one for one in before if (one.unit, one.subject) == (draft.unit, target)]
    granted = Waiver(
        key=call.fresh(Kind.WAIVER, draft.policy, draft.unit or "", draft.subject or "", str(len(same))),
        policy=draft.policy,
        unit=draft.unit,
        subject=target,
        kind=draft.kind,
        reason=draft.reason,
        approved_by=call.actor.key,
        until=draft.until,
        created_at=call.at,
    )
    today = call.picture.today(unit)
    waiver.check(granted, today)
    if holding := next((one for one in same if waiver.holds(one, today)), None):
        said = f"This is waived already, until {holding.until}; end that waiver before you grant another."
        raise Refusal(Code.DUPLICATE, said, ("target",))
    due = (draft.unit or draft.subject or "",)
    result = {"waiver": granted.key}
    await call.commit("waiver.grant", entries=[granted], due=due, note=draft.reason, result=result)
    return granted


def _check_locks(call: Call, stack: Stack, unit: str) -> None:
    """Refuse a caller who may not decide about what has locked how far the policy goes, here or above."""
    picture, path = call.picture, call.picture.paths[unit]
    for each in (stack.base, *stack.over(path[:-1], picture.today(unit))):
        if layers.is_locked("mode", each.lock):
            for decided in (each.layer,) if each.layer else each.scope.units or (picture.root.key,):
                call.require(Role.HR_ADMIN, decided, "target")


async def end(call: Call, key: str, reason: str, expected: int | None = None) -> Waiver:
    """End a waiver before its day and return it; needs hr_admin where it holds. What still matches is asked again."""

    async def ended() -> None:
        found = await _known(call, key)
        if await call.replay() is not None:
            return
        unit = home(call, found)
        call.require(Role.HR_ADMIN, unit)
        call.expect(found, expected)
        after = waiver.end(found, reason, call.actor.key, call.at, call.picture.today(unit))
        edit = Edit(before=found, after=replace(after, version=found.version + 1))
        due = (found.unit or (found.subject.key if found.subject else ""),)
        await call.commit("waiver.end", edits=[edit], due=due, note=reason, result={"waiver": key})

    await call.in_turn(ended)
    return await _known(call, key)


async def find(call: Call, key: str) -> Waiver | None:
    """Return the waiver by that key where the caller may see it."""
    found = (await call.store.waivers_by([key])).get(key)
    return found if found is not None and sees(call, found) else None


def sees(call: Call, found: Waiver) -> bool:
    """Tell whether the caller may see a waiver: who sees its target, and who stands in the subtree that it excuses."""
    if found.subject is not None:
        return call.sees(found.subject.key)
    return call.sees(str(found.unit)) or any(
        found.unit in call.picture.paths.get(grant.unit, ()) for grant in call.actor.grants
    )


def home(call: Call, found: Waiver) -> str:
    """Return the key of the unit that a waiver is for, or that its subject belongs to."""
    entity = call.picture.find(found.subject.key) if found.subject else None
    return call.picture.unit_of(entity) if entity is not None else found.unit or call.picture.root.key


def _target(call: Call, draft: WaiverDraft) -> tuple[Subject | None, str]:
    """Return what the draft excuses, None for a whole subtree, and the unit where that takes a role."""
    if draft.subject is not None:
        kind, entity = kind_of(draft.subject), call.picture.find(draft.subject)
        if kind is None or kind not in JUDGED or entity is None or not call.sees(draft.subject):
            raise Refusal(Code.NOT_FOUND, "There is nothing by that id that policies look at.", ("target", "subject"))
        return Subject(kind=kind.name.lower(), key=draft.subject), call.picture.unit_of(entity)
    if draft.unit is not None and (draft.unit not in call.picture.units or not call.sees(draft.unit)):
        raise Refusal(Code.NOT_FOUND, "There is no such unit.", ("target", "unit"))
    return None, draft.unit or call.picture.root.key


def _check_kind(policy: Policy, target: Subject) -> None:
    kind = judged.resolve(policy).kind.name
    if kind != target.kind:
        said = f'"{policy.key}" never looks at this: it is on the kind "{kind}", and this is of the kind'
        raise Refusal(Code.INVALID, f'{said} "{target.kind}".', ("target", "subject"))


async def _known(call: Call, key: str) -> Waiver:
    found = await find(call, key)
    if found is None:
        raise Refusal(Code.NOT_FOUND, "There is no such waiver.", ("id",))
    return found
