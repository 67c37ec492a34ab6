"""Waivers are stored, found by day and by policy, ended once, and each tenant's own."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from okr.errors import Code, Refusal
from okr.waiver import Waiver
from store.change import Edit
from store.mongo import Store
from store.tenant import TenantStore
from tests.okr.builders import NOW
from tests.store.builders import change, waiver

LATER = NOW + timedelta(days=1)


def ended(before: Waiver) -> Edit:
    """The edit that ends a waiver."""
    after = replace(before, ended_at=LATER, ended_by="per_lan", end_reason="No longer needed", version=2)
    return Edit(before=before, after=after)


@pytest.fixture
async def granted(acme: TenantStore) -> tuple[Waiver, ...]:
    """Four waivers by the day they last to, the last of another policy."""
    made = (
        waiver("wai_a", until=date(2026, 8, 20)),
        waiver("wai_b", until=date(2026, 8, 21), subject=None, unit="unit_acme"),
        waiver("wai_c", until=date(2026, 9, 1)),
        waiver("wai_d", until=date(2026, 9, 2), policy="pol_owner"),
    )
    await acme.commit(change("waiver.grant", inserted=made[::-1]))
    return made


async def test_waivers_are_found_as_they_were_granted(acme: TenantStore, granted: tuple[Waiver, ...]) -> None:
    assert await acme.waivers() == granted
    assert await acme.waivers(policy="pol_breach") == granted[:3]
    assert await acme.waivers_by(["wai_b", "wai_none", "wai_d"]) == {"wai_b": granted[1], "wai_d": granted[3]}


async def test_those_of_a_day_hold_somewhere_on_it(acme: TenantStore, granted: tuple[Waiver, ...]) -> None:
    assert await acme.waivers(active_on=date(2026, 8, 20)) == granted
    assert await acme.waivers(active_on=date(2026, 8, 21)) == granted[1:]
    assert await acme.waivers(active_on=date(2026, 8, 21), policy="pol_owner") == granted[3:]
    assert await acme.waivers(active_on=date(2026, 9, 3)) == ()


async def test_a_waiver_is_ended_once(acme: TenantStore, granted: tuple[Waiver, ...]) -> None:
    edit = ended(granted[2])
    await acme.commit(change("waiver.end", edits=(edit,), note="No longer needed"))
    assert await acme.waivers_by(["wai_c"]) == {"wai_c": edit.after}
    assert edit.after not in await acme.waivers(active_on=NOW.date())
    with pytest.raises(Refusal) as refused:
        await acme.commit(change("waiver.end", edits=(edit,)))
    assert (refused.value.code, "wai_c" in refused.value.message) == (Code.CONFLICT, True)
    (entry,) = await acme.audit(subject="wai_c", operation="waiver.end")
    assert (entry.before, entry.after) == (
        {"wai_c": {"ended_at": None, "ended_by": None, "end_reason": ""}},
        {"wai_c": {"ended_at": LATER, "ended_by": "per_lan", "end_reason": "No longer needed"}},
    )


async def test_the_same_waiver_is_granted_once(acme: TenantStore, granted: tuple[Waiver, ...]) -> None:
    with pytest.raises(Refusal) as refused:
        await acme.commit(change(inserted=(replace(granted[0], reason="Another reason altogether"),)))
    assert (refused.value.code, refused.value.field) == (Code.DUPLICATE, ("policyKey",))
    assert await acme.waivers() == granted


async def test_waivers_end_with_the_tenant(store: Store, granted: tuple[Waiver, ...]) -> None:
    globex = store.tenant("globex")
    assert (await globex.waivers(), await globex.waivers_by(["wai_a"])) == ((), {})
    await globex.commit(change(inserted=granted))
    assert await globex.waivers() == granted
