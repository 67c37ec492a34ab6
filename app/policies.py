"""What HR does with policies: save a version of one, or of what a unit changes of it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from app.call import Call
from okr.errors import Code, Refusal
from okr.org import Role
from okr.policy import Example, Policy, PolicyMode, PolicyState, Scope, Severity
from okr.text import Text, line
from rules import layers, soundness
from rules import policy as judged
from rules.layers import Stack
from rules.template import TEMPLATES
from store.change import Edit


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyDraft:
    """A policy as an administrator writes it; see okr.policy.Policy. None keeps what the version before had.

    `clears` names what shall be as if nobody had ever set it.
    With a `layer`, the key of a unit, it says what is different in that unit and below it; None then leaves the value
    to the policy.
    """

    key: str
    template: str
    layer: str = ""
    name: str | None = None
    name_vi: str | None = None
    scope: Scope | None = None
    params: Mapping[str, Decimal | str] | None = None
    on: str | None = None
    when: Mapping[str, object] | None = None
    action: str | None = None
    message: Text | None = None
    mode: PolicyMode | None = None
    severity: Severity | None = None
    hold: int | None = None
    clear: int | None = None
    cooldown: int | None = None
    expires: int | None = None
    overridable_by: str | None = None
    per_run: int | None = None
    effective_from: date | None = None
    effective_to: date | None = None
    lock: tuple[str, ...] | None = None
    tests: tuple[Example, ...] | None = None
    clears: tuple[str, ...] = ()
    note: str = ""


KEY = re.compile(r"[\w.-]+")
"""Other signs tell a policy from its layers and versions wherever it is named."""
KEPT = tuple(name for name in PolicyDraft.__slots__ if name not in ("key", "template", "layer", "clears", "note"))
LAID = ("params", "mode", "severity", "hold", "lock", "effective_from", "effective_to")
"""What of a draft a layer can say."""


async def install(call: Call) -> None:
    """Publish the shipped policies that the organisation does not have yet."""
    root = call.picture.root.key
    call.require(Role.HR_ADMIN, root)
    known = {policy.key for policy in await call.store.policy_versions()}
    missing = [policy for policy in judged.defaults(call.actor.key, call.at) if policy.key not in known]
    if missing:
        await call.commit("policies.install", entries=missing, due=(root,))


async def save(call: Call, draft: PolicyDraft) -> Policy:
    """Save a draft version of a policy and return it; it is in force only once published.

    A draft that is saved again is replaced; a published version stays as it is and gets a successor. Starts in OBSERVE,
    and as its template says in all else. Needs hr_admin on every unit that its scope or the scope of the version before
    names, or on the whole organisation; for a layer, on its unit.
    """
    if done := await call.replay():
        versions = await call.store.policy_versions(draft.key, draft.layer)
        return next(p for p in versions if p.version == done["version"])
    policy, last = await _written(call, draft)
    result = {"version": policy.version}
    if last is not None and last.state is PolicyState.DRAFT:
        await call.commit("policy.save", edits=[Edit(before=last, after=policy)], note=draft.note, result=result)
    else:
        await call.commit("policy.save", entries=[policy], note=draft.note, result=result)
    return policy


async def written(call: Call, draft: PolicyDraft) -> Policy:
    """Return the version that `save` would save, with everything checked, and store nothing."""
    policy, _ = await _written(call, draft)
    return policy


async def stack(call: Call, key: str) -> Stack | None:
    """Return a policy that is in force, with what is laid over it; None where there is none."""
    found = layers.stacks(policy for policy in await call.store.policies() if policy.key == key)
    return found[0] if found else None


async def with_layers(call: Call, policy: Policy) -> Stack:
    """Return what a version would be part of once in force: what units change outlasts a policy that was retired."""
    others = [each for each in await call.store.policies() if each.key == policy.key and each.layer != policy.layer]
    (found,) = layers.stacks((*others, policy))
    return found


def check_reach(call: Call, policy: Policy, *before: Policy | None) -> None:
    """Refuse a policy that names units the caller does not see, or holds, or held until now, where others decide."""
    scope, everywhere = policy.scope, (call.picture.root.key,)
    named = [
        *((("scope", "units", str(at)), unit) for at, unit in enumerate(scope.units)),
        *((("scope", "exempt", str(at)), unit) for at, unit in enumerate(scope.exempt)),
        *([(("unitId",), policy.layer)] if policy.layer else ()),
    ]
    for at, unit in named:
        if unit not in call.picture.units or not call.sees(unit):
            raise Refusal(Code.NOT_FOUND, "There is no such unit.", at)
    if policy.layer:
        call.require(Role.HR_ADMIN, policy.layer, "unitId")
        return
    for unit in scope.units or everywhere:
        call.require(Role.HR_ADMIN, unit, "scope")
    held = {unit for each in before if each for unit in each.scope.units or everywhere}
    if not all(call.may(Role.HR_ADMIN, unit) for unit in held):
        raise Refusal(Code.FORBIDDEN, "A policy by this key is others' to change; choose another key.", ("key",))


async def check(call: Call, policy: Policy) -> None:
    """Refuse a policy or a layer from which, with all that is laid over it, no sound one would come."""
    if policy.layer:
        found = await stack(call, policy.key)
        if found is None:
            raise Refusal(Code.NOT_FOUND, f'No policy "{policy.key}" is in force that a unit could change.', ("key",))
        soundness.check_layer(policy, found, call.picture)
    else:
        whole = await with_layers(call, policy)
        soundness.check_stack(whole, call.picture)
        if other := next((each for each in whole.layers.values() if each.template != policy.template), None):
            said = (
                f'Units change what is made from the template "{other.template}" here; retire what they change first.'
            )
            raise Refusal(Code.INVALID, said, ("template",))


async def _written(call: Call, draft: PolicyDraft) -> tuple[Policy, Policy | None]:
    """Return the checked version that a draft comes to, and the newest one before it."""
    line(draft.key, 64, ("key",))
    versions = await call.store.policy_versions(draft.key, draft.layer)
    last = versions[0] if versions else None
    if last is None and not KEY.fullmatch(draft.key):
        said = 'A key is for programs: letters, digits, ".", "_" and "-", as in "goal-limit".'
        raise Refusal(Code.INVALID, said, ("key",))
    policy = _laid(call, draft) if draft.layer else _drafted(call, draft, last)
    in_force = next((each.version for each in versions if each.state is PolicyState.PUBLISHED), 0)
    version = 1 if last is None else last.version + (last.state is not PolicyState.DRAFT)
    policy = replace(policy, version=version, based_on=in_force)
    check_reach(call, policy, last, next((each for each in versions if each.state is not PolicyState.DRAFT), None))
    await check(call, policy)
    return policy, last


def _drafted(call: Call, draft: PolicyDraft, last: Policy | None) -> Policy:
    given = {name: value for name in KEPT if (value := getattr(draft, name)) is not None}
    if last is not None and last.template == draft.template:
        unpublished = {"frozen": None, "approved_by": None, "approved_at": None}
        base = replace(last, author=call.actor.key, created_at=call.at, state=PolicyState.DRAFT, **unpublished)  # type: ignore[arg-type]  # each is None by default
    elif draft.template in TEMPLATES:
        base = judged.drafted(TEMPLATES[draft.template], draft.key, call.actor.key, call.at)
        base = replace(base, mode=PolicyMode.OBSERVE)
    else:
        base = _blank(call, draft)
    cleared = {name: getattr(_blank(call, draft), name) for name in draft.clears}
    return replace(base, note=draft.note, **cleared, **given)


def _laid(call: Call, draft: PolicyDraft) -> Policy:
    for name in KEPT:
        if name not in LAID and getattr(draft, name) is not None:
            said = "A unit can change parameters, mode, severity and hold; for all else save a policy of its own."
            raise Refusal(Code.INVALID, said, (name,))
    given = {name: value for name in LAID if (value := getattr(draft, name)) is not None}
    sets = tuple(name for name in layers.FIELDS if name in given)
    return replace(_blank(call, draft), layer=draft.layer, sets=sets, note=draft.note, **given)


def _blank(call: Call, draft: PolicyDraft) -> Policy:
    return Policy(
        key=draft.key,
        version=1,
        state=PolicyState.DRAFT,
        template=draft.template,
        name=draft.key,
        author=call.actor.key,
        created_at=call.at,
    )
