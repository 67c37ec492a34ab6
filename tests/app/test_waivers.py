"""Waivers: who may grant one, what becomes of what it covers, and how it ends."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from app import evaluation, jobs, policies, recommendations, waivers
from app.call import Once
from app.org import UnitDraft, create_unit
from app.policies import PolicyDraft
from app.waivers import WaiverDraft
from okr.errors import Code
from okr.kpi import Kpi
from okr.org import Role
from okr.policy import PolicyMode, Scope
from okr.recommendation import RecommendationState, Subject
from okr.text import Text
from okr.waiver import Waiver, WaiverKind
from tests.app.builders import (
    accept,
    alone,
    begin,
    breach,
    code,
    due,
    filed,
    goal,
    kpi,
    month,
    person,
    publish,
    read,
    refused,
    stored,
    together,
    written,
)
from tests.app.conftest import Mirror
from tests.service import Stage, people_of

S = RecommendationState
UNTIL = date(2026, 8, 25)
WHY = "The platform moves in August"


def draft(**changes: Any) -> WaiverDraft:
    """A waiver of the breach policy until 25 August, ten days ahead; its target is to be given."""
    return replace(WaiverDraft(policy="kpi-breach", reason=WHY, until=UNTIL), **changes)


async def grant(stage: Stage, who: str = "hr_admin", **changes: Any) -> Waiver:
    """Grant a waiver, now, and let the policies look at what it covers."""
    call = await begin(stage, who)
    granted = await waivers.grant(call, draft(**changes))
    await evaluation.after(call, ())
    return granted


async def end(stage: Stage, granted: Waiver, who: str = "hr_admin", reason: str = "The move is done") -> Waiver:
    """End a waiver, now, and let the policies look at what it covered."""
    call = await begin(stage, who)
    ended = await waivers.end(call, granted.key, reason)
    await evaluation.after(call, ())
    return ended


async def looked(stage: Stage, day: date) -> None:
    """Let a day begin."""
    stage.clock.put(day, hour=1)
    await jobs.look(stage.runtime, {})


async def state(stage: Stage, watched: Kpi) -> list[tuple[RecommendationState, str]]:
    """Return what the breach policy has on file about a KPI: the state, and the waiver that covers it."""
    return [(one.state, one.finding.waiver) for one in await filed(stage, "kpi-breach", watched.key)]


async def test_a_waiver_says_who_excused_what_and_why(stage: Stage, mirror: Mirror) -> None:
    call = await begin(stage, "hr_admin")
    granted = await waivers.grant(call, draft(unit=stage.team, kind=WaiverKind.MITIGATED))
    assert granted == Waiver(
        key=granted.key,
        policy="kpi-breach",
        unit=stage.team,
        kind=WaiverKind.MITIGATED,
        reason=WHY,
        approved_by=call.actor.key,
        until=UNTIL,
        created_at=stage.clock.at,
    )
    assert await call.store.waivers() == (granted,)
    (entry,) = await call.store.audit(operation="waiver.grant")
    assert (entry.by, entry.note, entry.subjects) == (call.actor.key, WHY, (granted.key,))
    assert stage.team in await due(stage)


async def test_a_units_subtree_is_excused_and_shown_as_waived(stage: Stage) -> None:
    mine, theirs = await kpi(stage), await kpi(stage, "Deals", unit=stage.other, accountable=stage.other)
    opened = await breach(stage, mine)
    await breach(stage, theirs)
    granted = await grant(stage, unit=stage.team)
    assert await state(stage, mine) == [(S.WAIVED, granted.key)]
    assert await state(stage, theirs) == [(S.OPEN, "")]
    assert (await stored(stage, opened)).history[-1].reason == "a waiver covers it"
    wider = await grant(stage, unit=stage.company, until=date(2026, 9, 1))
    assert await state(stage, mine) == [(S.WAIVED, wider.key)]
    assert await state(stage, theirs) == [(S.WAIVED, wider.key)]


async def test_what_begins_to_match_under_a_waiver_is_filed_as_waived(stage: Stage) -> None:
    watched = await kpi(stage)
    granted = await grant(stage, unit=stage.company)
    taken = await read(stage, month(watched, 6, 99), month(watched, 7, 50))
    assert [one for one in taken.recommendations if one.finding.policy == "kpi-breach"] == []
    assert await state(stage, watched) == [(S.WAIVED, granted.key)]
    assert await code(recommendations.accept(await begin(stage), (await filed(stage, "kpi-breach"))[0].key)) is (
        Code.NOT_OPEN
    )


async def test_one_subject_is_excused_and_no_other(stage: Stage) -> None:
    first, second = await kpi(stage), await kpi(stage, "Errors")
    await breach(stage, first)
    await breach(stage, second)
    granted = await grant(stage, subject=first.key)
    assert granted.subject == Subject(kind="kpi", key=first.key)
    assert await state(stage, first) == [(S.WAIVED, granted.key)]
    assert await state(stage, second) == [(S.OPEN, "")]


async def test_a_waiver_ends_on_its_day(stage: Stage) -> None:
    watched = await kpi(stage)
    await breach(stage, watched)
    granted = await grant(stage, unit=stage.team)
    await looked(stage, UNTIL - timedelta(days=1))
    assert await state(stage, watched) == [(S.WAIVED, granted.key)]
    await looked(stage, UNTIL)
    (found,) = await filed(stage, "kpi-breach", watched.key)
    assert (found.state, found.finding.waiver, found.history[-1].reason) == (S.OPEN, "", "the waiver has ended")
    before = await stored(stage, found)
    await jobs.look(stage.runtime, {})
    assert await stored(stage, found) == before


async def test_a_waiver_ends_on_the_local_day_of_what_it_covers(stage: Stage) -> None:
    tokyo = UnitDraft(name=Text(original="Tokyo"), kind="team", parent=stage.company, zone="Asia/Tokyo")
    unit = (await create_unit(await begin(stage), tokyo)).key
    watched, here = await kpi(stage, unit=unit, accountable=unit), await kpi(stage, "Errors")
    await breach(stage, watched)
    await breach(stage, here)
    await grant(stage, unit=stage.company)
    stage.clock.put(UNTIL - timedelta(days=1), hour=15)
    await jobs.look(stage.runtime, {})
    assert await state(stage, watched) == [(S.OPEN, "")]
    assert [each for each, _ in await state(stage, here)] == [S.WAIVED]


async def test_what_gets_well_under_a_waiver_is_resolved(stage: Stage) -> None:
    watched = await kpi(stage)
    await breach(stage, watched)
    await grant(stage, unit=stage.team)
    await read(stage, month(watched, 7, 99))
    assert [each for each, _ in await state(stage, watched)] == [S.RESOLVED]


async def test_a_waiver_is_ended_before_its_day(stage: Stage) -> None:
    watched = await kpi(stage)
    await breach(stage, watched)
    granted = await grant(stage, unit=stage.team)
    stage.clock.at += timedelta(hours=1)
    ended = await end(stage, granted)
    hr = (await begin(stage, "hr_admin")).actor.key
    assert ended == replace(granted, ended_at=stage.clock.at, ended_by=hr, end_reason="The move is done", version=2)
    assert await state(stage, watched) == [(S.OPEN, "")]
    (entry,) = await (await begin(stage)).store.audit(operation="waiver.end")
    assert (entry.by, entry.note, entry.subjects) == (hr, "The move is done", (granted.key,))


async def test_ending_it_twice_is_refused(stage: Stage) -> None:
    granted = await grant(stage, unit=stage.team)
    await end(stage, granted)
    before = await written(stage)
    refusal = await refused(end(stage, granted))
    assert (refusal.code, "over since 2026-08-15" in refusal.message) == (Code.NOT_OPEN, True)
    other = await grant(stage, unit=stage.team)
    stage.clock.put(UNTIL)
    assert await code(end(stage, other)) is Code.NOT_OPEN
    assert (await written(stage))[1] > before[1], "what was granted in between was"


async def test_of_two_who_end_it_at_once_one_does(stage: Stage, mirror: Mirror) -> None:
    mirror.crowded = True
    granted = await grant(stage, unit=stage.team)
    calls = [await begin(stage, "hr_admin") for _ in range(4)]
    done, refusals = await together(*(waivers.end(call, granted.key, "The move is done") for call in calls))
    assert (len(done), refusals) == (1, [Code.NOT_OPEN] * 3)
    (stored_now,) = await (await begin(stage)).store.waivers()
    assert stored_now == done[0]


async def test_who_has_seen_an_older_version_looks_again(stage: Stage) -> None:
    granted = await grant(stage, unit=stage.team)
    refusal = await refused(waivers.end(await begin(stage), granted.key, "The move is done", expected=7))
    assert (refusal.code, refusal.field) == (Code.CONFLICT, ("expectedVersion",))


async def test_of_several_who_grant_it_at_once_one_does(stage: Stage, mirror: Mirror) -> None:
    mirror.crowded = True
    calls = [await begin(stage, "hr_admin") for _ in range(4)]
    done, refusals = await together(*(waivers.grant(call, draft(unit=stage.team)) for call in calls))
    assert (len(done), refusals) == (1, [Code.DUPLICATE] * 3)
    assert await (await begin(stage)).store.waivers() == tuple(done)


async def test_a_second_one_for_the_same_waits_for_the_end_of_the_first(stage: Stage) -> None:
    watched = await kpi(stage)
    first = await grant(stage, unit=stage.team)
    refusal = await refused(grant(stage, unit=stage.team, reason="Another reason altogether"))
    assert (refusal.code, refusal.field) == (Code.DUPLICATE, ("target",))
    assert "until 2026-08-25" in refusal.message
    for other in ({"subject": watched.key}, {"unit": stage.other}, {"unit": stage.team, "policy": "kpi-unowned"}):
        await grant(stage, **other)
    await end(stage, first)
    second = await grant(stage, unit=stage.team)
    stage.clock.put(UNTIL)
    third = await grant(stage, unit=stage.team, until=date(2026, 9, 25))
    assert len({first.key, second.key, third.key}) == 3


async def test_a_repeat_is_answered_from_the_first(stage: Stage) -> None:
    once = Once(key="word", fingerprint="grant")
    first = await waivers.grant(replace(await begin(stage), once=once), draft(unit=stage.team))
    before = await written(stage)
    assert await waivers.grant(replace(await begin(stage), once=once), draft(unit=stage.team)) == first
    over = Once(key="over", fingerprint="end")
    ended = await waivers.end(replace(await begin(stage), once=over), first.key, "The move is done")
    assert await waivers.end(replace(await begin(stage), once=over), first.key, "The move is done") == ended
    assert (await written(stage))[1] == before[1] + 1


async def test_it_takes_hr_where_the_target_is(stage: Stage) -> None:
    await person(stage, "local", stage.team, (Role.HR_ADMIN, stage.team), (Role.VIEWER, stage.company))
    watched = await kpi(stage)
    deals = await kpi(stage, "Deals", unit=stage.other, accountable=stage.other)
    granted = await grant(stage, "local", unit=stage.team)
    await grant(stage, "local", subject=watched.key)
    for who, target in (
        ("lead", {"unit": stage.team}),
        ("lead", {"subject": watched.key}),
        ("local", {"unit": stage.company}),
        ("local", {"unit": stage.other}),
        ("local", {"subject": deals.key}),
    ):
        refusal = await refused(grant(stage, who, policy="kpi-stale", **target))
        assert (refusal.code, refusal.field) == (Code.FORBIDDEN, ("target",)), (who, target)
    assert await code(end(stage, granted, "lead")) is Code.FORBIDDEN
    assert (await end(stage, granted, "local")).ended_at == stage.clock.at


async def test_nothing_of_another_organisation_is_there(stage: Stage) -> None:
    _, theirs, _ = await people_of(stage.runtime, "other")
    call = await stage.call("other")
    granted = await waivers.grant(call, draft(unit=theirs))
    mine = await grant(stage, unit=stage.team)
    for target, at in (({"unit": theirs}, "unit"), ({"subject": theirs}, "subject"), ({"subject": "kpi_x"}, "subject")):
        refusal = await refused(grant(stage, **target))
        assert (refusal.code, refusal.field) == (Code.NOT_FOUND, ("target", at))
    refusal = await refused(end(stage, granted))
    assert (refusal.code, refusal.field) == (Code.NOT_FOUND, ("id",))
    assert await waivers.find(call, mine.key) is None
    assert await call.store.waivers() == (granted,)


async def test_it_is_of_a_policy_in_force_that_looks_at_such_things(stage: Stage) -> None:
    await policies.save(await begin(stage), PolicyDraft(key="silence", template="missed_check_in"))
    for key, said in (("silence", "Known: "), ("kpi-breech", 'Did you mean "kpi-breach"?')):
        refusal = await refused(grant(stage, policy=key, unit=stage.team))
        assert (refusal.code, refusal.field) == (Code.NOT_FOUND, ("policyKey",))
        assert said in refusal.message
    refusal = await refused(grant(stage, subject=(await goal(stage)).key))
    assert (refusal.code, refusal.field) == (Code.INVALID, ("target", "subject"))
    assert refusal.message == (
        '"kpi-breach" never looks at this: it is on the kind "kpi", and this is of the kind "objective".'
    )


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        pytest.param({"reason": "later"}, ("reason",), id="no reason"),
        pytest.param({"until": date(2026, 8, 15)}, ("until",), id="over today"),
        pytest.param({"until": date(2026, 11, 16)}, ("until",), id="more than a cycle"),
        pytest.param({"unit": None}, ("unit",), id="nothing exempt"),
    ],
)
async def test_what_is_no_waiver_is_not_stored(stage: Stage, changes: dict[str, Any], field: tuple[str, ...]) -> None:
    before = await written(stage)
    refusal = await refused(grant(stage, **{"unit": stage.team} | changes))
    assert (refusal.code, refusal.field) == (Code.INVALID, field)
    assert await written(stage) == before


async def test_who_stands_in_what_is_excused_sees_why(stage: Stage) -> None:
    await person(stage, "seller", stage.other, (Role.VIEWER, stage.other))
    everywhere, there = await grant(stage, unit=stage.company), await grant(stage, unit=stage.team)
    for who, sees in (("lead", [True, True]), ("seller", [True, False]), ("viewer", [True, True])):
        call = await begin(stage, who)
        found = [await waivers.find(call, one.key) is not None for one in (everywhere, there)]
        assert found == sees, who


async def test_a_waived_unit_is_not_blocked(stage: Stage) -> None:
    await alone(stage, "goal-limit")
    limits = {"limit": Decimal(1), "company_limit": Decimal(5)}
    await publish(stage, "goal-limit", PolicyMode.BLOCK, params=limits)
    await goal(stage)
    assert await code(goal(stage)) is Code.BLOCKED_BY_POLICY
    granted = await grant(stage, policy="goal-limit", unit=stage.team)
    await goal(stage)
    await end(stage, granted)
    assert await code(goal(stage)) is Code.BLOCKED_BY_POLICY


async def test_what_was_accepted_stays_so_under_a_waiver(stage: Stage) -> None:
    watched = await kpi(stage)
    done = await accept(stage, await breach(stage, watched))
    await grant(stage, unit=stage.team)
    assert (await stored(stage, done)).state is S.APPLIED


async def test_where_the_mode_is_locked_exceptions_are_decided_about_as_well(stage: Stage) -> None:
    await person(stage, "local", stage.team, (Role.HR_ADMIN, stage.team), (Role.VIEWER, stage.company))
    await publish(stage, "kpi-breach", PolicyMode.ADVISE, lock=("mode",))
    refusal = await refused(grant(stage, "local", unit=stage.team))
    assert (refusal.code, refusal.field) == (Code.FORBIDDEN, ("target",))
    await grant(stage, unit=stage.team)
    await publish(stage, "goal-limit", PolicyMode.ADVISE, lock=("params",))
    await grant(stage, "local", unit=stage.team, policy="goal-limit")


async def test_who_decides_about_a_policy_decides_about_its_exceptions(stage: Stage) -> None:
    await person(stage, "local", stage.team, (Role.HR_ADMIN, stage.team), (Role.VIEWER, stage.company))
    await publish(stage, "kpi-breach", PolicyMode.ADVISE, lock=("mode",), scope=Scope(units=(stage.team,)))
    granted = await grant(stage, "local", unit=stage.team)
    assert (await (await begin(stage)).store.waivers()) == (granted,)
