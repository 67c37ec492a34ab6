"""Naming: what people type for a policy or a unit, and what they read where the service keeps a key."""

from collections.abc import Iterable
from decimal import Decimal, InvalidOperation

from app.call import Call
from okr.errors import Code, Refusal, did_you_mean
from okr.goal import KeyResult, Objective
from okr.number import plain
from okr.org import OrgUnit, Person
from okr.policy import Policy, PolicyState, Scope


async def versions(call: Call, key: str, layer: str = "") -> tuple[Policy, ...]:
    """Return the versions of a policy, or of what a unit changes of it, newest first; refuse where there is none."""
    found = await call.store.policy_versions(key, layer)
    if found:
        return found
    known = {each.key for each in await call.store.policy_versions()}
    if key in known:
        said = f'"{name(call, layer)}" changes nothing of "{key}".'
        raise Refusal(Code.NOT_FOUND, f"{said} `policies show` tells which units do.", ("unit",))
    tenant = call.picture.tenant
    raise Refusal(Code.NOT_FOUND, f'There is no policy "{key[:64]}" in {tenant}.{did_you_mean(key, known)}', ("key",))


def version(known: Iterable[Policy], number: int) -> Policy:
    """Return the version by its number; refuse one that there is not, and say which there are."""
    each = {one.version: one for one in known}
    if number in each:
        return each[number]
    key, there = next(iter(each.values())).key, ", ".join(str(one) for one in sorted(each))
    raise Refusal(Code.NOT_FOUND, f'There is no version {number} of "{key}". There is: {there}.', ("version",))


def in_force(known: Iterable[Policy]) -> Policy | None:
    """Return the published one of these versions."""
    return next((each for each in known if each.state is PolicyState.PUBLISHED), None)


def unit(call: Call, given: str) -> OrgUnit:
    """Return the unit by its key, or by its name in either language; refuse an unknown or an ambiguous one."""
    units = call.picture.units
    if given in units:
        return units[given]
    wanted = given.strip().casefold()
    found = [each for each in units.values() if wanted in (each.name.original.casefold(), each.name.vi.casefold())]
    if len(found) == 1:
        return found[0]
    if found:
        keys = ", ".join(sorted(each.key for each in found))
        raise Refusal(Code.NOT_FOUND, f'Several units are called "{given[:80]}"; give the key: {keys}.', ("unit",))
    hint = did_you_mean(given, {each.name.original for each in units.values()})
    raise Refusal(Code.NOT_FOUND, f'There is no unit "{given[:80]}" in {call.picture.tenant}.{hint}', ("unit",))


def name(call: Call, key: str) -> str:
    """Return what people call something (a unit, a person, a KPI, a goal, a cycle); its key where it is gone."""
    match call.picture.find(key):
        case None:
            return key
        case Person(name=called):
            return called
        case Objective(title=called) | KeyResult(title=called):
            return called.original
        case found:
            return found.name.original


def place(call: Call, scope: Scope) -> str:
    """Return where a scope is in words: `Sales and below, without Support; teams only; in 2026 Q3`."""
    units = ", ".join(name(call, key) for key in scope.units)
    said = [f"{units} and below" if units else "everywhere"]
    if scope.exempt:
        said[0] += f", without {', '.join(name(call, key) for key in scope.exempt)}"
    if scope.levels:
        said.append(f"only the kinds {', '.join(scope.levels)}")
    if scope.cycles:
        said.append(f"in {', '.join(name(call, key) for key in scope.cycles)}")
    return "; ".join(said)


def values(policy: Policy) -> str:
    """Return what a layer changes, in words: `limit 2, mode observe`."""
    params = [f"{key} {written(value)}" for key, value in sorted(policy.params.items())]
    return ", ".join([*params, *(f"{field} {getattr(policy, field)}" for field in policy.sets)]) or "only locks"


def written(value: object) -> str:
    """Return a value of a policy as people write it."""
    return plain(value) if isinstance(value, Decimal) else str(value)


def settings(given: Iterable[str]) -> dict[str, Decimal | str]:
    """Return parameters from what was typed, each `NAME=VALUE`; what is no number is a text."""
    found: dict[str, Decimal | str] = {}
    for each in given:
        key, equals, value = each.partition("=")
        if not (key and equals and value):
            raise Refusal(Code.INVALID, f'--set takes NAME=VALUE, like --set limit=4; this is "{each[:80]}".', ("set",))
        try:
            found[key.strip()] = Decimal(value.strip())
        except InvalidOperation:
            found[key.strip()] = value.strip()
    return found
