"""Recommendations: accepted once, refused with a reason, dismissed, put off, and asked again when that is due."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

from app import evaluation, goals, jobs, kpis, org, readings, recommendations
from app.call import Call, Once
from app.goals import Change
from app.jobs import Days
from app.kpis import Promotion
from okr.errors import Code
from okr.goal import ObjectiveState, Origin
from okr.kpi import BreachState
from okr.org import Role
from okr.policy import PolicyMode, Severity
from okr.recommendation import DismissReason, Recommendation, RecommendationState
from okr.text import Text
from tests.app.builders import (
    accept,
    achieved,
    begin,
    breach,
    code,
    due,
    filed,
    goal,
    kpi,
    month,
    noon,
    number,
    only,
    person,
    publish,
    read,
    refused,
    say,
    stored,
    together,
    written,
)
from tests.app.conftest import Mirror
from tests.service import Stage

pytestmark = pytest.mark.usefixtures("mirror")

OPEN, APPLIED = RecommendationState.OPEN, RecommendationState.APPLIED
DISMISSED, SNOOZED = RecommendationState.DISMISSED, RecommendationState.SNOOZED


async def state(stage: Stage, said: Recommendation) -> RecommendationState:
    """Return the state in which a recommendation is on file."""
    return (await stored(stage, said)).state


def wanted(said: Recommendation) -> Promotion:
    """Return the promotion that a recommendation proposes."""
    return Promotion(key_result=said.finding.subject.key, policy="p", policy_version=1, proposer="x")


async def daily(stage: Stage, day: date, scanned: dict[str, Days] | None = None) -> None:
    """Let a day come, and the service look."""
    stage.clock.put(day)
    await jobs.look(stage.runtime, {} if scanned is None else scanned)


async def test_accepting_a_breach_sets_the_objective_it_proposes(stage: Stage) -> None:
    watched = await kpi(stage)
    said = await breach(stage, watched)
    stage.clock.at += timedelta(hours=1)
    done = await accept(stage, said)
    assert (done.state, done) == (APPLIED, await stored(stage, said))
    lead = (await begin(stage, "lead")).actor.key
    assert [(step.by, step.after) for step in done.history[1:]] == [
        (lead, RecommendationState.ACCEPTED),
        (lead, APPLIED),
    ]
    call = await begin(stage)
    (key,) = done.created
    made = call.picture.objectives[key]
    assert (made.title.original, made.state, made.unit, made.cycle) == (
        "Bring Uptime back to its target",
        ObjectiveState.ACTIVE,
        stage.team,
        await stage.cycle(),
    )
    assert made.addresses == (watched.key,)
    assert made.origin == Origin(recommendation=said.key, policy="kpi-breach", episode=f"{watched.key}:2026-07-01")
    (result,) = call.picture.key_results_of[key]
    assert (result.start, result.target, result.measures, result.measure) == (
        Decimal(50),
        Decimal(99),
        watched.key,
        "%",
    )
    assert not {key, result.key, watched.key} & await due(stage)


@pytest.mark.parametrize(
    ("who", "expected"),
    [
        pytest.param("viewer", Code.FORBIDDEN, id="who only sees it"),
        pytest.param("member", Code.FORBIDDEN, id="who does not lead"),
        pytest.param("neighbour", Code.NOT_FOUND, id="who leads elsewhere"),
    ],
)
async def test_without_the_role_nothing_can_be_done(stage: Stage, who: str, expected: Code) -> None:
    await person(stage, "neighbour", stage.other, (Role.LEAD, stage.other))
    said = await breach(stage, await kpi(stage))
    before = await written(stage)
    call = await begin(stage, who)
    assert await code(recommendations.accept(call, said.key)) is expected
    assert await code(recommendations.dismiss(call, said.key, DismissReason.DISAGREE)) is expected
    assert await code(recommendations.snooze(call, said.key, date(2026, 8, 20))) is expected
    assert (await recommendations.find(call, said.key) is None) is (expected is Code.NOT_FOUND)
    assert await written(stage) == before


async def test_who_may_not_set_the_objective_leaves_the_recommendation_alone(stage: Stage) -> None:
    watched = await kpi(stage, accountable=stage.other)
    said = await breach(stage, watched)
    before = await written(stage)
    assert await code(accept(stage, said)) is Code.NOT_FOUND
    await person(stage, "onlooker", stage.team, (Role.LEAD, stage.team), (Role.VIEWER, stage.other))
    assert await code(accept(stage, said, "onlooker")) is Code.FORBIDDEN
    assert (await written(stage))[2:] == before[2:]
    assert (await stored(stage, said)) == said
    assert (await accept(stage, said, "hr_admin")).state is APPLIED


async def test_it_is_accepted_once(stage: Stage) -> None:
    said = await breach(stage, await kpi(stage))
    await accept(stage, said)
    before = await written(stage)
    assert await code(accept(stage, said)) is Code.NOT_OPEN
    assert await code(recommendations.accept(await begin(stage), "rec_nothing")) is Code.NOT_FOUND
    assert await written(stage) == before


async def test_accepted_by_many_at_once_it_has_one_effect(stage: Stage, mirror: Mirror) -> None:
    mirror.crowded = True
    said = await breach(stage, await kpi(stage))
    calls = [await begin(stage, who) for who in ("lead", "hr_admin") * 3]
    done, refusals = await together(*(recommendations.accept(call, said.key) for call in calls))
    assert (len(done), set(refusals)) == (1, {Code.NOT_OPEN})
    call = await begin(stage)
    assert [one.key for one in call.picture.objectives.values()] == list(done[0].created)
    assert len(call.picture.key_results) == 1
    assert (await stored(stage, said)).error == ""


async def test_a_repeat_of_the_same_call_is_answered_from_the_first(stage: Stage) -> None:
    said = await breach(stage, await kpi(stage))
    once = Once(key="word", fingerprint="accept")
    first = await recommendations.accept(replace(await begin(stage, "lead"), once=once), said.key, said.version)
    before = await written(stage)
    again = await recommendations.accept(replace(await begin(stage, "lead"), once=once), said.key, said.version)
    assert (again, (await written(stage))[:3]) == (first, before[:3])
    assert len((await begin(stage)).picture.objectives) == 1


async def test_the_expected_version_is_compared(stage: Stage) -> None:
    said = await breach(stage, await kpi(stage))
    call = await begin(stage, "lead")
    refusal = await refused(recommendations.accept(call, said.key, said.version + 1))
    assert (refusal.code, refusal.field) == (Code.CONFLICT, ("expectedVersion",))
    assert (await recommendations.accept(call, said.key, said.version)).state is APPLIED


async def test_at_a_blocking_limit_it_is_open_again_with_the_reason(stage: Stage) -> None:
    await publish(stage, "goal-limit", PolicyMode.BLOCK, params={"limit": Decimal(2)})
    goals_ = [await goal(stage), await goal(stage)]
    watched = await kpi(stage)
    said = await breach(stage, watched)
    assert said.finding.blocked_by == ("goal limit",)
    stage.clock.at += timedelta(hours=1)
    refusal = await refused(accept(stage, said))
    assert refusal.code is Code.BLOCKED_BY_POLICY
    after = await stored(stage, said)
    assert (after.state, after.error, after.created, after.version) == (OPEN, refusal.message, (), said.version + 1)
    assert [step.after for step in after.history[1:]] == [RecommendationState.ACCEPTED, OPEN]
    call = await begin(stage)
    assert set(call.picture.objectives) == {one.key for one in goals_}
    await goals.close(await begin(stage, "lead"), goals_[0].key)
    done = await accept(stage, said)
    assert (done.state, done.error, len(done.created)) == (APPLIED, "", 1)


async def test_two_accepted_at_once_do_not_pass_a_limit_together(stage: Stage, mirror: Mirror) -> None:
    mirror.crowded = True
    await publish(stage, "goal-limit", PolicyMode.BLOCK, params={"limit": Decimal(1)})
    both = [await breach(stage, await kpi(stage, name)) for name in ("First", "Second")]
    calls = [await begin(stage, "lead") for _ in both]
    done, refusals = await together(
        *(recommendations.accept(call, said.key) for call, said in zip(calls, both, strict=True))
    )
    assert (len(done), refusals) == (1, [Code.BLOCKED_BY_POLICY])
    assert len((await begin(stage)).picture.objectives) == 1
    assert sorted([await state(stage, said) for said in both]) == [APPLIED, OPEN]


async def test_a_proposal_for_a_cycle_that_has_closed_is_refused_with_the_reason(stage: Stage) -> None:
    said = await breach(stage, await kpi(stage))
    stage.clock.put(date(2026, 10, 20))
    assert await code(accept(stage, said)) is Code.CYCLE_CLOSED
    after = await stored(stage, said)
    assert (after.state, after.error.partition(";")[0]) == (OPEN, "2026 Q3 closed on 2026-10-15")
    await daily(stage, date(2026, 10, 21))
    done = await accept(stage, said)
    assert (await begin(stage)).picture.objectives[done.created[0]].cycle == await stage.cycle("2026 Q4")


async def test_an_episode_that_lasts_gets_another_objective_and_keeps_the_first(stage: Stage) -> None:
    watched = await kpi(stage)
    said = await breach(stage, watched)
    first = await accept(stage, said)
    (key,) = first.created
    await say(stage, (await begin(stage)).picture.key_results_of[key][0], 60)
    await daily(stage, date(2026, 8, 16))
    closed = await goals.close(await begin(stage, "lead"), key, note="Not enough.")
    stage.clock.put(date(2026, 8, 17))
    await evaluation.everything(await begin(stage), "test")
    again = await stored(stage, said)
    assert (again.state, again.times, again.created) == (OPEN, 2, (key,))
    second = await accept(stage, said)
    assert second.created == (key, second.created[1])
    call = await begin(stage)
    assert call.picture.objectives[key] == closed
    assert closed.final is not None
    made = call.picture.objectives[second.created[1]]
    assert (made.state, made.origin and made.origin.recommendation) == (ObjectiveState.ACTIVE, said.key)
    assert [len(call.picture.key_results_of[one]) for one in second.created] == [1, 1]


async def test_a_dismissal_keeps_quiet_until_the_cool_down_is_over(stage: Stage) -> None:
    said = await breach(stage, await kpi(stage))
    quiet = await recommendations.dismiss(
        await begin(stage, "lead"), said.key, DismissReason.ALREADY_HANDLED, "A new server is on its way."
    )
    assert (quiet.state, quiet.dismissed_for, quiet.until) == (
        DISMISSED,
        DismissReason.ALREADY_HANDLED,
        date(2026, 9, 14),
    )
    assert quiet.history[-1].reason == "already_handled: A new server is on its way."
    for day, expected in ((date(2026, 8, 16), DISMISSED), (date(2026, 9, 13), DISMISSED), (date(2026, 9, 14), OPEN)):
        await daily(stage, day)
        assert await state(stage, said) is expected
    long = recommendations.dismiss(await begin(stage), said.key, DismissReason.DISAGREE, "x" * 100_000)
    assert (await refused(long)).field == ("note",)


async def test_a_dismissed_breach_asks_again_in_the_next_cycle(stage: Stage) -> None:
    stage.clock.put(date(2026, 9, 10))
    said = await breach(stage, await kpi(stage))
    await recommendations.dismiss(await begin(stage, "lead"), said.key, DismissReason.NOT_RELEVANT)
    await daily(stage, date(2026, 9, 11))
    assert await state(stage, said) is DISMISSED
    await daily(stage, date(2026, 10, 1))
    assert await state(stage, said) is OPEN


async def test_a_dismissed_reminder_speaks_up_when_it_is_more_severe(stage: Stage) -> None:
    owner = (await begin(stage)).picture.by_subject["member@acme"]
    await org.appoint(await begin(stage), stage.team, (await begin(stage)).picture.by_subject["lead@acme"].key)
    stage.clock.put(date(2026, 7, 1))
    result = await only(stage, await goal(stage, number(owner=owner.key)))
    stage.clock.put(date(2026, 7, 21))
    await evaluation.everything(await begin(stage), "test")
    (said,) = await filed(stage, "missed-check-in", result.key)
    assert said.finding.severity is Severity.INFO
    await recommendations.dismiss(await begin(stage, "lead"), said.key, DismissReason.NOT_RELEVANT)
    await daily(stage, date(2026, 7, 22))
    assert await state(stage, said) is DISMISSED
    await daily(stage, date(2026, 7, 28))
    loud = await stored(stage, said)
    assert (loud.state, loud.finding.severity, loud.history[-1].reason) == (
        OPEN,
        Severity.WARNING,
        "it is more severe",
    )
    done = await accept(stage, said)
    assert (done.state, done.created) == (APPLIED, ())
    assert (await begin(stage)).picture.key_results[result.key].version == result.version


async def test_a_snooze_ends_by_time_alone(stage: Stage) -> None:
    said = await breach(stage, await kpi(stage))
    put_off = await recommendations.snooze(await begin(stage, "lead"), said.key, date(2026, 8, 20))
    assert (put_off.state, put_off.until, put_off) == (SNOOZED, date(2026, 8, 20), await stored(stage, said))
    scanned: dict[str, Days] = {}
    for day, expected in ((date(2026, 8, 19), SNOOZED), (date(2026, 8, 20), OPEN)):
        await daily(stage, day, scanned)
        assert await state(stage, said) is expected


async def test_a_snooze_ends_on_its_day_wherever_the_company_is(stage: Stage) -> None:
    call = await begin(stage)
    await call.commit("test", replace(call.picture.root, zone="Asia/Ho_Chi_Minh"))
    said = await breach(stage, await kpi(stage))
    await recommendations.snooze(await begin(stage, "lead"), said.key, date(2026, 8, 20))
    scanned: dict[str, Days] = {}
    for hour in range(12, 48):
        stage.clock.at = noon(date(2026, 8, 18)) + timedelta(hours=hour)
        await jobs.look(stage.runtime, scanned)
    assert stage.clock.at.date() == date(2026, 8, 20)
    assert await state(stage, said) is OPEN


@pytest.mark.parametrize("until", [date(2026, 8, 15), date(2026, 11, 14)], ids=["today", "more than 90 days ahead"])
async def test_a_snooze_is_neither_over_nor_endless(stage: Stage, until: date) -> None:
    said = await breach(stage, await kpi(stage))
    refusal = await refused(recommendations.snooze(await begin(stage, "lead"), said.key, until))
    assert (refusal.code, refusal.field) == (Code.INVALID, ("until",))
    assert await stored(stage, said) == said


async def test_what_is_put_off_can_still_be_accepted(stage: Stage) -> None:
    said = await breach(stage, await kpi(stage))
    await recommendations.snooze(await begin(stage, "lead"), said.key, date(2026, 8, 20))
    assert (await accept(stage, said)).state is APPLIED


async def test_it_is_resolved_when_the_kpi_recovers_and_one_episode_asks_once(stage: Stage) -> None:
    watched = await kpi(stage)
    said = await breach(stage, watched)
    stage.clock.put(date(2026, 9, 2))
    await read(stage, month(watched, 8, 99))
    assert await state(stage, said) is RecommendationState.RESOLVED
    stage.clock.put(date(2026, 10, 2))
    taken = await read(stage, month(watched, 9, 50))
    (next_,) = [one for one in taken.recommendations if one.finding.policy == "kpi-breach"]
    assert next_.key != said.key
    assert next_.finding.episode == f"{watched.key}:2026-09-01"


async def test_an_achieved_key_result_becomes_a_kpi_once(stage: Stage, mirror: Mirror) -> None:
    mirror.crowded = True
    objective = await goal(stage, number("Patients a day", 20, 40))
    said = await achieved(stage, objective, 41)
    calls = [await begin(stage, who) for who in ("lead", "hr_admin", "lead")]
    done, refusals = await together(*(recommendations.accept(call, said.key) for call in calls))
    assert (len(done), refusals) == (1, [Code.NOT_OPEN] * 2)
    call = await begin(stage)
    (made,) = call.picture.kpis.values()
    assert (made.name.original, made.unit, made.accountable, made.measure) == (
        "Patients a day",
        stage.team,
        stage.team,
        "pcs",
    )
    (target,) = made.targets
    assert (target.valid_from, target.target, target.baseline, target.red_bound) == (
        date(2026, 10, 1),
        Decimal(40),
        Decimal(40),
        Decimal(38),
    )
    assert target.provenance is not None
    assert (target.provenance.key_result, target.provenance.policy, target.provenance.proposer) == (
        said.finding.subject.key,
        "promote-key-result",
        "policy:promote-key-result",
    )
    assert [reading.value for reading in await call.store.readings(made.key)] == [41]
    assert call.picture.key_results[said.finding.subject.key].promoted_to == made.key
    again = await kpis.promote(call, wanted(said))
    assert (again, len(call.picture.kpis)) == (made, 1)


async def test_a_promotion_may_be_edited_but_the_baseline_stays(stage: Stage) -> None:
    said = await achieved(stage, await goal(stage), 12)
    call = await begin(stage, "lead")
    edited = replace(wanted(said), target=Decimal(11), red_bound=Decimal(8))
    made = await kpis.promote(call, edited)
    (target,) = made.targets
    assert (target.target, target.red_bound, target.baseline) == (Decimal(11), Decimal(8), Decimal(10))


async def test_a_promotion_judges_again_what_the_new_cycle_has_brought(stage: Stage) -> None:
    watched = await kpi(stage)
    result = number("Uptime", 50, 99, measure="%", measures=watched.key)
    said = await achieved(stage, await goal(stage, result), 99)
    stage.clock.put(date(2026, 12, 2))
    await read(stage, *(month(watched, n, value) for n, value in ((9, 99), (10, 50), (11, 98))))
    call = await begin(stage)
    assert call.picture.kpis[watched.key].watch.state is BreachState.BREACHED
    (episode_,) = [one for one in await filed(stage, "kpi-breach", watched.key) if one.state is OPEN]
    recovery = await accept(stage, episode_)
    call = await begin(stage)
    promoted = await kpis.promote(call, wanted(said))
    await evaluation.after(call, ())
    assert promoted.targets[-1].baseline == 99
    assert promoted.watch.episode is not None, "98 in November is below the new baseline"
    assert promoted.watch.episode.first == date(2026, 11, 1)
    assert (await begin(stage)).picture.objectives[recovery.created[0]].superseded_episode, "October was the grace"


async def test_somebody_elses_key_result_is_not_promoted(stage: Stage) -> None:
    said = await achieved(stage, await goal(stage, unit=stage.other), 12)
    call = await begin(stage, "lead")
    assert await code(kpis.promote(call, wanted(said))) is Code.FORBIDDEN
    assert await code(kpis.promote(call, replace(wanted(said), key_result="kr_nothing"))) is Code.NOT_FOUND


async def test_a_standard_is_set_by_those_whom_the_kpi_belongs_to(stage: Stage) -> None:
    watched = await kpi(stage, unit=stage.other, accountable=stage.other)
    result = number("Uptime", 50, 99, measure="%", measures=watched.key)
    said = await achieved(stage, await goal(stage, result), 99)
    assert await code(kpis.promote(await begin(stage, "lead"), wanted(said))) is Code.FORBIDDEN
    assert len((await begin(stage)).picture.kpis[watched.key].targets) == 1


async def test_naming_an_owner_is_an_ordinary_change_of_the_kpi(stage: Stage) -> None:
    watched = await kpi(stage, accountable=None)
    await read(stage, month(watched, 7, 50))
    (said,) = await filed(stage, "kpi-unowned", watched.key)
    assert (await accept(stage, said)).state is APPLIED
    call = await begin(stage)
    assert call.picture.kpis[watched.key].accountable == stage.team
    (entry, *_) = await call.store.audit(operation="kpi.update")
    assert set(entry.subjects) == {watched.key, said.key}


async def test_a_review_is_accepted_without_changing_anything_else(stage: Stage) -> None:
    for n in range(4):
        await goal(stage, number(f"Number {n}"))
    await evaluation.everything(await begin(stage), "test")
    (said,) = await filed(stage, "goal-limit")
    before = await begin(stage)
    assert (await accept(stage, said)).state is APPLIED
    assert (await begin(stage)).picture == before.picture


async def test_a_refreshed_recommendation_is_still_the_one_that_is_dismissed(stage: Stage, mirror: Mirror) -> None:
    mirror.crowded = True
    watched = await kpi(stage)
    said = await breach(stage, watched)
    stage.clock.at += timedelta(days=1)
    call, looking = await begin(stage, "lead"), await begin(stage)
    done, refusals = await together(
        recommendations.dismiss(call, said.key, DismissReason.DISAGREE), _looked(looking, watched.key)
    )
    assert (len(done), refusals) == (2, [])
    assert await state(stage, said) is DISMISSED


async def _looked(call: Call, key: str) -> Recommendation | None:
    await evaluation.run(call, "test", {key})
    return None


async def test_nothing_is_done_with_what_is_over(stage: Stage) -> None:
    watched = await kpi(stage)
    said = await breach(stage, watched)
    await readings.write(await begin(stage), [month(watched, 7, 99)])
    await evaluation.everything(await begin(stage), "test")
    assert await state(stage, said) is RecommendationState.RESOLVED
    assert await code(accept(stage, said)) is Code.NOT_OPEN
    assert await code(recommendations.snooze(await begin(stage), said.key, date(2026, 8, 20))) is Code.NOT_OPEN


async def test_the_owner_of_an_edited_recovery_keeps_it(stage: Stage) -> None:
    said = await breach(stage, await kpi(stage))
    (key,) = (await accept(stage, said)).created
    lead = await begin(stage, "lead")
    await goals.update(lead, key, Change(values={"owner": lead.actor.key, "title": Text(original="Ours")}))
    await evaluation.everything(await begin(stage), "test")
    made = (await begin(stage)).picture.objectives[key]
    assert (made.owner, made.title.original, made.version) == (lead.actor.key, "Ours", 2)
