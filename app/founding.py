"""Founding: the organisation that a command works on, opened with all it needs where it is not there yet."""

from app import org, policies
from app.actor import Actor
from app.call import Call
from app.issuer import subject_of
from app.org import PersonDraft
from app.runtime import Runtime
from okr import keys
from okr.errors import Code, Refusal, did_you_mean
from okr.keys import Kind
from okr.org import Grant, OrgUnit, Role
from okr.snapshot import Snapshot
from okr.text import Text

NAMES = {
    Role.HR_ADMIN: "HR administrator",
    Role.LEAD: "Lead",
    Role.MEMBER: "Member",
    Role.VIEWER: "Viewer",
}


async def organisation(runtime: Runtime, tenant: str) -> Call:
    """Return a call of the service on a tenant; refuse one that does not exist."""
    known = await runtime.store.tenants()
    if tenant not in known:
        hint = did_you_mean(tenant, known) or " There is none yet."
        raise Refusal(Code.NOT_FOUND, f'There is no tenant "{tenant[:63]}".{hint}', ("tenant",))
    return await Call.begin(runtime, tenant)


async def opened(runtime: Runtime, tenant: str) -> Call:
    """Return a call of the service on a tenant, founded first where it does not exist or nobody is in it yet.

    A new one has the cycles of last year to next year, the shipped policies, and one person for each role, whose tokens
    the development issuer makes. Safe to repeat after an interruption.
    """
    call = await org.found(runtime, tenant, Text(original=tenant))
    if call.picture.people:
        return call
    root = call.picture.root.key
    await org.open_cycles(call, call.at.year - 1, call.at.year + 1)
    await policies.install(call)
    people = [
        PersonDraft(subject=subject_of(tenant, role), name=name, unit=root, grants=(Grant(role=role, unit=root),))
        for role, name in NAMES.items()
    ]
    await org.add_people(call, *people)
    return call


async def imagined(runtime: Runtime, tenant: str) -> Call:
    """Return a call on a tenant as it is, or as it would be when just founded, for a rehearsal that writes nothing."""
    if tenant in await runtime.store.tenants():
        return await Call.begin(runtime, tenant)
    root = OrgUnit(key=keys.derive(Kind.UNIT, tenant, "root"), name=Text(original=tenant), kind="company", zone="UTC")
    now = runtime.now()
    picture = Snapshot(
        tenant=tenant, as_of=now, units={root.key: root}, people={}, cycles={}, objectives={}, key_results={}, kpis={}
    )
    store = runtime.store.tenant(tenant)
    return Call(runtime=runtime, store=store, picture=picture, actor=Actor.system(picture), at=now)
