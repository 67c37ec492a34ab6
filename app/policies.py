"""What HR does with policies: save a version, put it in force; and what blocking ones do to everybody else."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from app.call import Call
from okr.errors import Code, Refusal
from okr.org import OrgUnit, Role
from okr.policy import Policy, PolicyMode, PolicyState, Scope, Severity
from okr.snapshot import Snapshot
from okr.text import line
from rules import evaluation as judging
from rules import facts
from rules import policy as judged
from rules.template import TEMPLATES
from store.change import Edit


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyDraft:
    """A policy as an administrator writes it; see okr.policy.Policy. None keeps what the version before had."""

    key: str
    template: str
    name: str | None = None
    scope: Scope | None = None
    params: Mapping[str, Decimal | str] | None = None
    on: str | None = None
    when: Mapping[str, object] | None = None
    mode: PolicyMode | None = None
    severity: Severity | None = None
    hold: int | None = None
    clear: int | None = None
    note: str = ""


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
    names, or on the whole organisation.
    """
    if done := await call.replay():
        return next(p for p in await call.store.policy_versions(draft.key) if p.version == done["version"])
    line(draft.key, 64, ("key",))
    versions = await call.store.policy_versions(draft.key)
    last = versions[0] if versions else None
    policy = _drafted(call, draft, last)
    _check_reach(call, policy, last)
    judged.check(policy, call.picture)
    result = {"version": policy.version}
    if last is not None and last.state is PolicyState.DRAFT:
        await call.commit("policy.save", edits=[Edit(before=last, after=policy)], note=draft.note, result=result)
    else:
        await call.commit("policy.save", entries=[policy], note=draft.note, result=result)
    return policy


async def publish(call: Call, key: str, version: int) -> Policy:
    """Put a saved version in force, in the place of the one before, and return it; where either holds is evaluated."""
    root = call.picture.root.key
    call.require(Role.HR_ADMIN, root)
    versions = await call.store.policy_versions(key)
    chosen = next((policy for policy in versions if policy.version == version), None)
    if chosen is None:
        raise Refusal(Code.NOT_FOUND, f'There is no version {version} of "{key}".', ("version",))
    if chosen.state is not PolicyState.DRAFT:
        raise Refusal(Code.NOT_OPEN, f"Version {version} is {chosen.state.value}; save a new draft.", ("version",))
    judged.check(chosen, call.picture)
    published = replace(chosen, state=PolicyState.PUBLISHED)
    before = [policy for policy in versions if policy.state is PolicyState.PUBLISHED]
    await call.commit(
        "policy.publish",
        edits=[
            *(Edit(before=old, after=replace(old, state=PolicyState.RETIRED)) for old in before),
            Edit(before=chosen, after=published),
        ],
        due={unit for policy in (chosen, *before) for unit in policy.scope.units or (root,)},
    )
    return published


async def guard(call: Call, candidate: Snapshot, unit: str) -> tuple[OrgUnit, ...]:
    """Refuse with BLOCKED_BY_POLICY where a blocking policy would match `unit` in the `candidate` picture.

    Returns what the change has to hold when it is written: the unit, where it was counted for a policy.
    """
    before, after = (facts.gather(picture, ("unit",), (unit,)) for picture in (call.picture, candidate))
    if before == after:
        return ()
    policies = [policy for policy in await call.store.policies() if policy.mode is PolicyMode.BLOCK]
    if not policies:
        return ()
    refusal = await judging.blocked(call.runtime.judge, candidate, policies, "unit", (unit,), call.picture)
    if refusal is not None:
        raise refusal
    return (call.picture.units[unit],) if unit in call.picture.units else ()


def _check_reach(call: Call, policy: Policy, last: Policy | None) -> None:
    """Refuse a policy that names units the caller does not see, or holds, or held until now, where others decide."""
    scope, everywhere = policy.scope, (call.picture.root.key,)
    for name, units in (("units", scope.units), ("exempt", scope.exempt)):
        for position, unit in enumerate(units):
            if unit not in call.picture.units or not call.sees(unit):
                raise Refusal(Code.NOT_FOUND, "There is no such unit.", ("scope", name, str(position)))
    for unit in scope.units or everywhere:
        call.require(Role.HR_ADMIN, unit, "scope")
    if last and not all(call.may(Role.HR_ADMIN, unit) for unit in last.scope.units or everywhere):
        raise Refusal(Code.FORBIDDEN, "A policy by this key is others' to change; choose another key.", ("key",))


def _drafted(call: Call, draft: PolicyDraft, last: Policy | None) -> Policy:
    given = {
        name: value
        for name in ("name", "scope", "params", "on", "when", "mode", "severity", "hold", "clear")
        if (value := getattr(draft, name)) is not None
    }
    if last is not None and last.template == draft.template:
        base = replace(last, author=call.actor.key, created_at=call.at, state=PolicyState.DRAFT)
    elif draft.template in TEMPLATES:
        base = judged.drafted(TEMPLATES[draft.template], draft.key, call.actor.key, call.at)
        base = replace(base, mode=PolicyMode.OBSERVE)
    else:
        base = Policy(
            key=draft.key,
            version=1,
            state=PolicyState.DRAFT,
            template=draft.template,
            name=draft.key,
            author=call.actor.key,
            created_at=call.at,
        )
    version = 1 if last is None else last.version + (last.state is not PolicyState.DRAFT)
    return replace(base, version=version, note=draft.note, **given)
