"""Evaluation: marks, several runs at once, what policies do by themselves, and what the decision log says of it."""

import asyncio
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from structlog.testing import capture_logs

from app import evaluation, goals, kpis, org, readings, recommendations
from app.evaluation import Ran
from app.goals import Change
from app.org import UnitDraft
from okr.errors import Code
from okr.goal import ObjectiveState
from okr.kpi import Kpi
from okr.policy import PolicyMode, PolicyState, Scope, Severity
from okr.recommendation import DismissReason, RecommendationState
from okr.text import Text
from store.change import Decision, Edit
from tests.app.builders import (
    Failing,
    Waiting,
    accept,
    alone,
    begin,
    breach,
    due,
    filed,
    goal,
    judged_by,
    kpi,
    month,
    number,
    only,
    publish,
    read,
    refused,
    say,
    stored,
    together,
)
from tests.app.conftest import Mirror
from tests.service import Stage

pytestmark = pytest.mark.usefixtures("mirror")

OPEN, APPLIED = RecommendationState.OPEN, RecommendationState.APPLIED


async def silent(stage: Stage, *values: object) -> Kpi:
    """A KPI whose readings since June are stored and not evaluated yet."""
    watched = await kpi(stage)
    call = await begin(stage)
    await readings.write(call, [month(watched, n, value) for n, value in enumerate(values, start=6)])
    return watched


async def everything(stage: Stage) -> Ran:
    """Evaluate everything, now."""
    return await evaluation.everything(await begin(stage), "test")


async def decisions(stage: Stage) -> tuple[Decision, ...]:
    """Return the decision log, newest first."""
    return await (await begin(stage)).store.decisions()


async def test_marks_are_cleared_by_the_run_that_saw_them_and_by_no_other(stage: Stage, mirror: Mirror) -> None:
    mirror.crowded = True
    watched = await silent(stage, 99, 50)
    judge = Waiting()
    call = judged_by(await begin(stage), judge)
    running = asyncio.create_task(evaluation.everything(call, "test"))
    await judge.asked.wait()
    objective = await goal(stage)
    await goals.update(await begin(stage), objective.key, Change(values={"description": "New."}))
    later = await due(stage)
    judge.go.set()
    await running
    left = await due(stage)
    assert watched.key not in left
    assert left < later
    assert left, "what came after the run had begun is still due"


async def test_a_run_that_a_new_policy_overtakes_looks_again(stage: Stage) -> None:
    await publish(stage, "kpi-breach", PolicyMode.OFF)
    watched = await silent(stage, 99, 50)
    await publish(stage, "kpi-breach", PolicyMode.ADVISE)
    (said,) = await filed(stage, "kpi-breach", watched.key)
    stage.clock.at += timedelta(days=1)  # so that the run has something to refresh
    judge = Waiting()
    running = asyncio.create_task(evaluation.everything(judged_by(await begin(stage), judge), "test"))
    await judge.asked.wait()
    call = await begin(stage)
    (advising,) = [each for each in await call.store.policies() if each.key == "kpi-breach"]
    off = replace(advising, mode=PolicyMode.OFF, version=advising.version + 1)
    retired = Edit(before=advising, after=replace(advising, state=PolicyState.RETIRED))
    await call.commit("test", entries=[off], edits=[retired])
    judge.go.set()
    await running
    assert (await stored(stage, said)).state is RecommendationState.EXPIRED


async def test_a_run_for_a_change_clears_the_marks_of_that_change_alone(stage: Stage) -> None:
    first, second = await silent(stage, 99, 50), await silent(stage, 99, 50)
    await evaluation.after(await begin(stage), (first.key,))
    assert first.key not in await due(stage)
    assert second.key in await due(stage)
    assert [one.finding.subject.key for one in await filed(stage, "kpi-breach")] == [first.key]


@pytest.mark.parametrize("runs", [2, 6])
async def test_runs_at_once_file_exactly_one(stage: Stage, mirror: Mirror, runs: int) -> None:
    mirror.crowded = True
    watched = await silent(stage, 99, 50)
    calls = [await begin(stage) for _ in range(runs)]
    done, refusals = await together(*(evaluation.everything(call, "test") for call in calls))
    assert (len(done), refusals) == (runs, [])
    (found,) = await filed(stage, "kpi-breach", watched.key)
    assert (found.state, found.version, len(found.history)) == (OPEN, 1, 1)
    call = await begin(stage)
    assert len(await call.store.recommendations(subjects=[watched.key], limit=100)) == 1


@pytest.mark.parametrize(
    ("before", "after", "state"),
    [
        pytest.param(50, 99, None, id="it recovers while the first is being filed"),
        pytest.param(99, 50, OPEN, id="it falls while it is being found fine"),
    ],
)
async def test_a_run_with_an_older_picture_has_not_the_last_word(
    stage: Stage, mirror: Mirror, before: int, after: int, state: RecommendationState | None
) -> None:
    mirror.crowded = True
    watched = await silent(stage, 99, before)
    judge = Waiting()
    call = judged_by(await begin(stage), judge)
    slow = asyncio.create_task(evaluation.everything(call, "slow"))
    await judge.asked.wait()
    stage.clock.at += timedelta(hours=1)
    await read(stage, month(watched, 7, after))
    judge.go.set()
    await slow
    found = [one for one in await filed(stage, "kpi-breach", watched.key) if one.state is OPEN]
    assert [one.state for one in found] == ([state] if state else [])


async def test_a_run_with_an_older_picture_does_not_resolve_what_matches_again(stage: Stage, mirror: Mirror) -> None:
    mirror.crowded = True
    watched = await kpi(stage)
    said = await breach(stage, watched)
    await readings.write(await begin(stage), [month(watched, 7, 99)])
    judge = Waiting()
    call = judged_by(await begin(stage), judge)
    slow = asyncio.create_task(evaluation.everything(call, "slow"))
    await judge.asked.wait()
    await read(stage, month(watched, 7, 50))
    assert (await stored(stage, said)).state is OPEN
    judge.go.set()
    await slow
    assert (await stored(stage, said)).state is OPEN


async def test_a_run_reaches_what_a_change_has_come_to_touch(stage: Stage) -> None:
    watched = await silent(stage, 99, 50)
    await everything(stage)
    assert len(await filed(stage, "kpi-breach")) == 1
    objective = await goal(stage)
    older = await begin(stage)
    await goals.update(await begin(stage), objective.key, Change(values={"addresses": (watched.key,)}))
    await evaluation.run(older, "test", {objective.key})
    (found,) = await filed(stage, "kpi-breach")
    assert found.state is RecommendationState.RESOLVED


async def test_a_kpi_that_is_no_longer_attacked_is_looked_at_again(stage: Stage) -> None:
    watched = await silent(stage, 99, 50)
    objective = await goal(stage, addresses=(watched.key,))
    await everything(stage)
    assert await filed(stage, "kpi-breach") == ()
    call = await begin(stage)
    await goals.update(call, objective.key, Change(values={"addresses": ()}))
    assert [one.finding.policy for one in await evaluation.after(call, ())] == ["kpi-breach"]
    assert call.touched == {}


async def test_the_change_stands_whatever_evaluation_does(stage: Stage) -> None:
    watched = await silent(stage, 99, 50)
    call = judged_by(await begin(stage), Failing())
    with capture_logs() as logs:
        assert await evaluation.after(call, (watched.key,)) == ()
    assert [entry["event"] for entry in logs] == ["evaluation put off"]
    assert watched.key in await due(stage)


async def test_only_what_somebody_may_see_is_said(stage: Stage) -> None:
    watched = await silent(stage, 99, 50)
    call = await begin(stage, "lead")
    assert [one.finding.policy for one in await evaluation.after(call, (watched.key,))] == ["kpi-breach"]
    theirs = await kpi(stage, unit=stage.other, accountable=stage.other)
    await readings.write(await begin(stage), [month(theirs, 7, 50)])
    assert await evaluation.after(await begin(stage, "lead"), (theirs.key,)) == ()
    assert len(await filed(stage, "kpi-breach", theirs.key)) == 1


async def test_the_decision_log_tells_of_every_run(stage: Stage) -> None:
    await alone(stage, "kpi-breach")
    watched = await silent(stage, 99, 50)
    await everything(stage)
    (said,) = await filed(stage)
    newest = next(each for each in await decisions(stage) if each.trigger == "test")
    assert newest == Decision(
        key=newest.key,
        at=stage.clock.at,
        trigger="test",
        policy_set=newest.policy_set,
        engine="durable",
        facts=newest.facts,
        matches=1,
        unknown=0,
        errors=0,
        ms=newest.ms,
        detail={said.key: "open"},
    )
    count = len(await decisions(stage))
    stage.clock.at += timedelta(hours=1)
    await read(stage, month(watched, 7, 99))
    again, *rest = await decisions(stage)
    assert (again.trigger, again.matches, again.detail) == ("change", 0, {said.key: "resolved"})
    assert again.policy_set == newest.policy_set
    assert len(rest) == count


async def test_missing_data_resolves_nothing(stage: Stage) -> None:
    watched = await kpi(stage)
    said = await breach(stage, watched)
    for day in (date(2026, 9, 15), date(2026, 10, 1)):
        stage.clock.put(day)
        await everything(stage)
    kept = await stored(stage, said)
    assert (kept.state, kept.finding.evidence.fact["band"]) == (OPEN, "stale")
    await publish(stage, "unknowable", PolicyMode.ADVISE, "custom", on="kpi", when=_when("attainment", "lt", 1))
    bare = await kpi(stage, "Bare", target=None)
    await everything(stage)
    assert await filed(stage, "unknowable", bare.key) == ()


def _when(field: str, op: str, value: object) -> dict[str, object]:
    return {"field": field, "op": op, "value": value}


async def test_observing_files_nothing_and_logs(stage: Stage) -> None:
    await alone(stage, "kpi-breach")
    await publish(stage, "kpi-breach", PolicyMode.OBSERVE)
    watched = await silent(stage, 99, 50)
    ran = await everything(stage)
    assert (ran.changed, ran.matches) == ((), 1)
    assert await filed(stage) == ()
    newest = next(each for each in await decisions(stage) if each.trigger == "test")
    episode = f"{watched.key}:2026-07-01"
    assert newest.detail == {f"kpi-breach|kpi:{watched.key}|{episode}": "observed"}


@pytest.mark.parametrize("mode", [PolicyMode.OFF, PolicyMode.OBSERVE])
async def test_what_a_policy_had_filed_ends_with_it(stage: Stage, mode: PolicyMode) -> None:
    said = await breach(stage, await kpi(stage))
    await publish(stage, "kpi-breach", mode)
    call = await begin(stage)
    await evaluation.run(call, "marks", {mark.subject.key for mark in await call.store.marks()})
    ended = await stored(stage, said)
    assert (ended.state, ended.closed) == (RecommendationState.EXPIRED, True)


async def test_a_policy_that_moves_away_takes_what_it_filed_along(stage: Stage) -> None:
    said = await breach(stage, await kpi(stage))
    await publish(stage, "kpi-breach", PolicyMode.ADVISE, scope=Scope(units=(stage.other,)))
    await everything(stage)
    assert (await stored(stage, said)).state is RecommendationState.EXPIRED


async def test_a_mistake_in_one_policy_does_not_stop_the_others(stage: Stage) -> None:
    watched = await silent(stage, 99, 50)
    call = await begin(stage)
    (breach_,) = await call.store.policy_versions("kpi-breach")
    wrong = replace(breach_, key="wrong", template="custom", on="kpi", when=_when("attainmant", "lt", 1))
    unmade = replace(breach_, key="unmade", template="no-such-template")
    await call.commit("test", entries=[wrong, unmade])
    await everything(stage)
    assert [one.finding.policy for one in await filed(stage, subject=watched.key)] == ["kpi-breach"]
    assert (await decisions(stage))[0].errors == 2


async def test_what_a_broken_policy_had_filed_waits(stage: Stage) -> None:
    said = await breach(stage, await kpi(stage))
    call = await begin(stage)
    (published,) = await call.store.policy_versions("kpi-breach")
    retired = replace(published, state=PolicyState.RETIRED)
    wrong = replace(published, version=2, template="no-such-template")
    await call.commit("test", entries=[wrong], edits=[Edit(before=published, after=retired)])
    await everything(stage)
    assert (await stored(stage, said)).state is OPEN


async def test_an_auto_policy_accepts_its_own_and_leaves_a_draft(stage: Stage) -> None:
    await publish(stage, "kpi-breach", PolicyMode.AUTO)
    watched = await silent(stage, 99, 50)
    ran = await everything(stage)
    (applied,) = [one for one in ran.changed if one.finding.policy == "kpi-breach"]
    assert applied == await stored(stage, applied)
    assert applied.state is APPLIED
    assert [step.by for step in applied.history] == ["policy:kpi-breach"] * 3
    call = await begin(stage)
    made = call.picture.objectives[applied.created[0]]
    assert (made.state, made.addresses, made.origin and made.origin.recommendation) == (
        ObjectiveState.DRAFT,
        (watched.key,),
        applied.key,
    )
    assert any(each.detail.get(applied.key) == "open, applied" for each in await decisions(stage))
    entries = await call.store.audit(by="policy:kpi-breach")
    assert [entry.operation for entry in entries] == ["objective.create"]
    assert made.key in await due(stage), "what it wrote is for the next run"
    await everything(stage)
    assert (await stored(stage, applied)).state is APPLIED
    assert len((await begin(stage)).picture.objectives) == 1


async def test_an_auto_policy_acts_on_what_had_to_hold_first(stage: Stage) -> None:
    await publish(stage, "kpi-breach", PolicyMode.AUTO, hold=3)
    await silent(stage, 99, 50)
    await everything(stage)
    (pending,) = await filed(stage, "kpi-breach")
    assert pending.state is RecommendationState.PENDING
    stage.clock.at += timedelta(days=3)
    await everything(stage)
    assert (await stored(stage, pending)).state is APPLIED


async def test_an_auto_policy_acts_on_what_somebody_had_put_off(stage: Stage) -> None:
    said = await breach(stage, await kpi(stage))
    await recommendations.snooze(await begin(stage, "lead"), said.key, date(2026, 8, 20))
    await publish(stage, "kpi-breach", PolicyMode.AUTO)
    await everything(stage)
    assert (await stored(stage, said)).state is RecommendationState.SNOOZED
    stage.clock.put(date(2026, 8, 20))
    await everything(stage)
    assert (await stored(stage, said)).state is APPLIED


async def test_an_auto_policy_lets_be_what_a_person_dismissed(stage: Stage) -> None:
    said = await breach(stage, await kpi(stage))
    await recommendations.dismiss(await begin(stage, "lead"), said.key, DismissReason.DISAGREE)
    await publish(stage, "kpi-breach", PolicyMode.AUTO)
    await everything(stage)
    assert (await stored(stage, said)).state is RecommendationState.DISMISSED
    assert (await begin(stage)).picture.objectives == {}


async def test_an_auto_policy_does_not_act_on_what_has_ended(stage: Stage) -> None:
    await publish(stage, "kpi-breach", PolicyMode.ADVISE, clear=5)
    watched = await kpi(stage)
    said = await breach(stage, watched)
    await readings.write(await begin(stage), [month(watched, 7, 99)])
    await publish(stage, "kpi-breach", PolicyMode.AUTO, clear=5)
    await everything(stage)
    waiting = await stored(stage, said)
    assert (waiting.state, waiting.clear_since) == (OPEN, stage.clock.at.date())
    assert (await begin(stage)).picture.objectives == {}


async def test_an_auto_policy_does_ten_things_a_run_and_does_not_feed_itself(stage: Stage) -> None:
    await alone(stage, "kpi-breach")
    await publish(stage, "kpi-breach", PolicyMode.AUTO)
    watched = [await kpi(stage, f"KPI {n}") for n in range(12)]
    await readings.write(await begin(stage), [month(each, 7, 50) for each in watched])
    counts = []
    for _ in range(3):
        await everything(stage)
        counts.append(len((await begin(stage)).picture.objectives))
        stage.clock.at += timedelta(days=1)
    assert counts == [10, 12, 12]


async def test_an_auto_policy_may_only_do_what_can_be_undone(stage: Stage) -> None:
    for key in ("promote-key-result", "goal-limit"):
        refusal = await refused(publish(stage, key, PolicyMode.AUTO))
        assert (refusal.code, refusal.field) == (Code.INVALID, ("mode",))
    call = await begin(stage)
    (shipped,) = [one for one in await call.store.policies() if one.key == "promote-key-result"]
    sneaked = replace(shipped, key="sneaked", mode=PolicyMode.AUTO)
    await call.commit("test", entries=[sneaked])
    result = await only(stage, await goal(stage))
    await say(stage, result, 10)
    stage.clock.at += timedelta(days=1)
    await say(stage, result, 10)
    (said,) = await filed(stage, "sneaked")
    assert said.state is OPEN


async def test_a_draft_does_not_count_against_a_blocking_limit(stage: Stage) -> None:
    await publish(stage, "kpi-breach", PolicyMode.AUTO)
    await publish(stage, "goal-limit", PolicyMode.BLOCK, params={"limit": Decimal(1)})
    await goal(stage)
    watched = await silent(stage, 99, 50)
    await everything(stage)
    (said,) = await filed(stage, "kpi-breach", watched.key)
    assert (said.state, said.finding.blocked_by) == (APPLIED, ("goal limit",))
    refusal = await refused(
        goals.update(await begin(stage, "lead"), said.created[0], Change(values={"state": ObjectiveState.ACTIVE}))
    )
    assert refusal.code is Code.BLOCKED_BY_POLICY


async def test_an_auto_policy_that_is_refused_says_why_and_does_not_insist(stage: Stage) -> None:
    await alone(stage, "kpi-unowned")
    await publish(stage, "kpi-unowned", PolicyMode.AUTO)
    watched = await kpi(stage, accountable=None)
    call = await begin(stage)
    await call.commit("test", replace(watched, measure="x" * 41))  # kept by older rules, refused by those of today
    for _ in range(2):
        await read(stage, month(watched, 7, 50))
        (said,) = await filed(stage, "kpi-unowned", watched.key)
        assert (said.state, said.error) == (OPEN, "At most 40 characters; this has 41.")
        assert len(said.history) == 3
        stage.clock.at += timedelta(days=1)
        await everything(stage)
    assert (await begin(stage)).picture.kpis[watched.key].accountable is None


async def test_an_auto_policy_names_an_owner(stage: Stage) -> None:
    await publish(stage, "kpi-unowned", PolicyMode.AUTO)
    watched = await kpi(stage, accountable=None)
    await read(stage, month(watched, 7, 50))
    call = await begin(stage)
    assert call.picture.kpis[watched.key].accountable == stage.team


async def test_an_auto_policy_that_has_nothing_to_propose_asks_people(stage: Stage) -> None:
    await publish(stage, "kpi-breach", PolicyMode.AUTO)
    stage.clock.put(date(2027, 8, 15))
    watched = await kpi(stage)
    await read(stage, month(watched, 7, 50))
    (said,) = await filed(stage, "kpi-breach", watched.key)
    assert (said.state, said.finding.proposal, said.finding.blocked_by) == (OPEN, None, ("no cycle",))


async def test_an_accepted_objective_quietens_the_policy(stage: Stage) -> None:
    said = await breach(stage, await kpi(stage))
    await accept(stage, said)
    stage.clock.at += timedelta(days=1)
    await everything(stage)
    after = await stored(stage, said)
    assert (after.state, after.clear_since) == (APPLIED, date(2026, 8, 15))
    assert [one for one in await filed(stage, "kpi-breach") if one.state is OPEN] == []


async def test_severity_and_scope_follow_the_newest_version(stage: Stage) -> None:
    said = await breach(stage, await kpi(stage))
    await publish(stage, "kpi-breach", PolicyMode.ADVISE, severity=Severity.INFO, scope=Scope(units=(stage.team,)))
    await everything(stage)
    after = await stored(stage, said)
    assert (after.state, after.finding.policy_version, after.finding.severity) == (OPEN, 2, Severity.INFO)


async def test_units_that_move_into_a_scope_are_looked_at(stage: Stage) -> None:
    await publish(stage, "kpi-breach", PolicyMode.ADVISE, scope=Scope(units=(stage.other,)))
    unit = await org.create_unit(
        await begin(stage), UnitDraft(name=Text(original="Core"), kind="team", parent=stage.team)
    )
    watched = await kpi(stage, unit=unit.key)
    await read(stage, month(watched, 7, 50))
    assert await filed(stage, "kpi-breach") == ()
    call = await begin(stage)
    await org.move_unit(call, unit.key, stage.other)
    assert [one.finding.policy for one in await evaluation.after(call, ())] == ["kpi-breach"]


async def test_a_busy_organisation_is_given_up_on_and_stays_due(stage: Stage, mirror: Mirror) -> None:
    mirror.crowded = True
    watched = await silent(stage, 99, 50)

    class Racing(Waiting):
        """A judge during whose every thought the KPI changes."""

        value = 50

        async def judge(self, program: object, facts: object) -> object:  # type: ignore[override]  # passes both on
            self.value -= 1
            stage.clock.at += timedelta(hours=1)
            await readings.write(await begin(stage), [month(watched, 7, self.value)])
            return await super(Waiting, self).judge(program, facts)  # type: ignore[arg-type]  # as they came

    call = judged_by(await begin(stage), Racing())
    with capture_logs() as logs:
        await evaluation.after(call, (watched.key,))
    assert [entry["event"] for entry in logs] == ["evaluation put off"]
    assert watched.key in await due(stage)
    await everything(stage)
    assert len(await filed(stage, "kpi-breach")) == 1


async def test_a_new_target_is_looked_at(stage: Stage) -> None:
    watched = await kpi(stage)
    await read(stage, month(watched, 7, 95))
    call = await begin(stage)
    tighter = replace(watched.targets[0], valid_from=date(2026, 6, 1), red_bound=Decimal(97))
    await kpis.update(call, watched.key, {}, tighter)
    assert "kpi-breach" in [one.finding.policy for one in await evaluation.after(call, ())]


async def test_several_goals_over_the_limit_are_one_finding_a_cycle(stage: Stage) -> None:
    for n in range(4):
        await goal(stage, number(f"Number {n}"))
    await everything(stage)
    found = await filed(stage, "goal-limit")
    assert [(one.finding.subject.key, one.finding.cycle) for one in found] == [(stage.team, await stage.cycle())]
