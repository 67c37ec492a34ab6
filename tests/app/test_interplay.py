"""Interplay: KPIs, goals, limits and policies acting on each other, through the use-cases and the real engine."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from structlog.testing import capture_logs

from app import evaluation, goals, org, readings, recommendations
from app.actions import Amendment
from app.goals import Change
from okr.errors import Code
from okr.goal import ObjectiveState
from okr.policy import PolicyMode, Scope
from okr.recommendation import Action, Recommendation, RecommendationState
from tests.app.builders import (
    accept,
    alone,
    begin,
    breach,
    code,
    filed,
    goal,
    kpi,
    month,
    number,
    only,
    publish,
    read,
    say,
    stored,
)
from tests.app.conftest import Mirror
from tests.service import Stage

OPEN, APPLIED = RecommendationState.OPEN, RecommendationState.APPLIED
RESOLVED = RecommendationState.RESOLVED


async def everything(stage: Stage, day: date | None = None) -> None:
    """Evaluate the whole organisation, at noon of a day or now."""
    if day is not None:
        stage.clock.put(day)
    await evaluation.everything(await begin(stage), "test")


async def about(stage: Stage, watched: str) -> Recommendation:
    """Return the one live recommendation about the breach of a KPI."""
    (said,) = await filed(stage, "kpi-breach", watched)
    return said


async def limited(stage: Stage, limit: int, mode: PolicyMode = PolicyMode.BLOCK) -> None:
    """Put a goal limit in force for teams."""
    await publish(stage, "goal-limit", mode, params={"limit": Decimal(limit)})


def swap(said: Recommendation) -> object:
    """Return the goal that a recommendation names to be swapped."""
    assert said.finding.proposal is not None
    return said.finding.proposal.args.get("swap")


async def test_a_team_at_its_limit_is_offered_its_weakest_goal_to_swap(stage: Stage) -> None:
    await limited(stage, 2, PolicyMode.ADVISE)
    weak, strong = await goal(stage, number("Weak")), await goal(stage, number("Strong"))
    await say(stage, await only(stage, weak), 1)
    await say(stage, await only(stage, strong), 8)
    said = await breach(stage, await kpi(stage))
    assert (said.finding.blocked_by, swap(said)) == (("goal limit",), weak.key)
    assert said.finding.proposal is not None
    assert weak.title.original in said.finding.proposal.text.original
    await say(stage, await only(stage, weak), 9)
    await everything(stage, date(2026, 8, 16))
    assert swap(await stored(stage, said)) == strong.key
    await goals.close(await begin(stage, "lead"), strong.key)
    await everything(stage)
    free = await stored(stage, said)
    assert (free.finding.blocked_by, swap(free)) == ((), None)


async def test_the_swap_is_among_the_goals_of_the_unit_that_must_act(stage: Stage) -> None:
    await limited(stage, 1, PolicyMode.ADVISE)
    mine, theirs = await goal(stage), await goal(stage, unit=stage.other)
    said = await breach(stage, await kpi(stage, accountable=stage.other))
    assert (said.finding.unit, swap(said)) == (stage.other, theirs.key)
    assert mine.key not in str(said.finding.proposal)


async def test_a_recovery_counts_towards_the_limit(stage: Stage) -> None:
    await limited(stage, 2)
    await goal(stage)
    first = await breach(stage, await kpi(stage, "First"))
    assert first.finding.blocked_by == ()
    (recovery,) = (await accept(stage, first)).created
    assert await code(goal(stage, subject="lead")) is Code.BLOCKED_BY_POLICY
    second = await breach(stage, await kpi(stage, "Second"))
    assert second.finding.blocked_by == ("goal limit",)
    await goals.close(await begin(stage, "lead"), recovery, cancel=True)
    assert (await goal(stage, subject="lead")).state is ObjectiveState.ACTIVE


@pytest.mark.usefixtures("mirror")
async def test_a_recovery_that_is_given_up_for_another_is_asked_about_again(stage: Stage) -> None:
    await limited(stage, 1)
    first, second = await kpi(stage, "First"), await kpi(stage, "Second")
    (recovery,) = (await accept(stage, await breach(stage, first))).created
    rival = await breach(stage, second)
    assert swap(rival) == recovery
    await everything(stage, date(2026, 8, 16))
    call = await begin(stage, "lead")
    done = await recommendations.accept(call, rival.key, amendment=Amendment(swap=True))
    picture = (await begin(stage)).picture
    assert [picture.objectives[key].state for key in (recovery, *done.created)] == ["cancelled", "active"]
    again = await about(stage, first.key)
    assert (again.state, again.created, again.history[-1].reason) == (
        OPEN,
        (recovery,),
        "what was done did not last",
    )
    assert swap(again) == done.created[0]


async def test_an_active_goal_against_a_kpi_keeps_the_breach_quiet_and_a_draft_does_not(stage: Stage) -> None:
    watched = await kpi(stage)
    draft = await goal(stage, addresses=(watched.key,), state=ObjectiveState.DRAFT)
    said = await breach(stage, watched)
    assert said.state is OPEN
    await goals.update(await begin(stage), draft.key, Change(values={"state": ObjectiveState.ACTIVE}))
    await everything(stage)
    assert (await stored(stage, said)).state is RESOLVED
    await goals.close(await begin(stage), draft.key)
    await everything(stage)
    assert (await stored(stage, said)).state is OPEN
    other = await kpi(stage, "Other")
    await goal(stage, addresses=(other.key,))
    await read(stage, month(other, 6, 99), month(other, 7, 50))
    assert await filed(stage, "kpi-breach", other.key) == ()


@pytest.mark.usefixtures("mirror")
async def test_one_episode_is_one_chain_over_many_cycles(stage: Stage) -> None:
    call = await begin(stage)
    await org.open_cycles(call, 2027, 2027)
    watched = await kpi(stage)
    said = await breach(stage, watched)
    tried: list[str] = []
    for quarter, begins, ends in (
        ("2026 Q3", date(2026, 8, 16), date(2026, 10, 5)),
        ("2026 Q4", date(2026, 10, 6), date(2027, 1, 5)),
        ("2027 Q1", date(2027, 1, 6), date(2027, 4, 5)),
    ):
        await everything(stage, begins)
        asked = await about(stage, watched.key)
        assert (asked.key, asked.state, asked.created) == (said.key, OPEN, tuple(tried))
        assert asked.finding.dedupe == said.finding.dedupe
        assert asked.finding.proposal is not None
        assert asked.finding.proposal.args["cycle"] == await stage.cycle(quarter)
        done = await accept(stage, asked)
        tried.append(done.created[-1])
        await say(stage, (await begin(stage)).picture.key_results_of[tried[-1]][0], 60)
        stage.clock.put(ends)
        closed = await goals.close(await begin(stage, "lead"), tried[-1], note="Not enough.")
        assert closed.final is not None
        assert closed.final.progress is not None
        assert closed.final.progress < 1
    await everything(stage, date(2027, 4, 6))
    last = await about(stage, watched.key)
    assert (last.key, last.state, last.created, last.times) == (said.key, OPEN, tuple(tried), 4)
    picture = (await begin(stage)).picture
    assert [picture.objectives[key].origin for key in tried] == [picture.objectives[tried[0]].origin] * 3
    assert len({picture.objectives[key].cycle for key in tried}) == 3


async def test_what_was_seen_is_frozen_once_somebody_accepts(stage: Stage) -> None:
    watched = await kpi(stage)
    said = await breach(stage, watched)
    stage.clock.put(date(2026, 9, 2))
    await read(stage, month(watched, 8, 40))
    seen = await stored(stage, said)
    assert seen.finding.evidence.fact["value"] == 40, "it is refreshed while it is open"
    done = await accept(stage, said)
    stage.clock.put(date(2026, 10, 2))
    await read(stage, month(watched, 9, 30))
    await everything(stage)
    kept = await stored(stage, said)
    assert (kept.state, kept.finding) == (APPLIED, done.finding)
    assert kept.finding.evidence == seen.finding.evidence


async def test_recovered_and_slipped_again_is_another_episode_and_the_first_chain_stays_as_it_is(stage: Stage) -> None:
    watched = await kpi(stage)
    first = await accept(stage, await breach(stage, watched))
    stage.clock.put(date(2026, 9, 2))
    await read(stage, month(watched, 8, 99))
    await goals.close(await begin(stage, "lead"), first.created[0], note="Done.")
    await everything(stage)
    stage.clock.put(date(2026, 10, 2))
    await read(stage, month(watched, 9, 50))
    second = await about(stage, watched.key)
    assert second.key != first.key
    assert (second.state, second.created, second.finding.episode) == (OPEN, (), f"{watched.key}:2026-09-01")
    before = await stored(stage, first)
    assert (before.closed, before.created) == (True, first.created)


async def test_a_kpi_of_which_nothing_is_heard_any_more_keeps_its_chain(stage: Stage) -> None:
    watched = await kpi(stage)
    done = await accept(stage, await breach(stage, watched))
    await goals.close(await begin(stage, "lead"), done.created[0], note="Not enough.")
    await everything(stage, date(2026, 11, 20))
    kept = await about(stage, watched.key)
    assert (kept.key, kept.state, kept.finding.evidence.fact["band"]) == (done.key, OPEN, "stale")


async def auto(stage: Stage, key: str = "kpi-breach", **changes: Any) -> None:
    """Put a policy in force that accepts its own."""
    await publish(stage, key, PolicyMode.AUTO, **changes)


async def test_each_auto_policy_has_its_own_cap_and_all_together_have_one(stage: Stage) -> None:
    await alone(stage, "kpi-breach")
    await auto(stage, per_run=30, scope=Scope(units=(stage.team,)))
    weak = {"field": "band", "op": "eq", "value": "red"}
    more = {"on": "kpi", "when": weak, "action": Action.CREATE_OBJECTIVE.value, "scope": Scope(units=(stage.other,))}
    await auto(stage, "red-opens", template="custom", per_run=30, **more)
    mine = [await kpi(stage, f"KPI {n}") for n in range(31)]
    theirs = [await kpi(stage, f"KPI {n}", unit=stage.other, accountable=stage.other) for n in range(31)]
    await readings.write(await begin(stage), [month(each, 7, 50) for each in (*mine, *theirs)])
    await everything(stage)
    made = [one.origin.policy for one in (await begin(stage)).picture.objectives.values() if one.origin]
    assert len(made) == evaluation.AUTO_PER_RUN == 50
    assert max(made.count(key) for key in ("kpi-breach", "red-opens")) == 30


async def test_an_auto_policy_that_nobody_approved_advises_and_says_so(stage: Stage) -> None:
    call = await begin(stage)
    (shipped,) = [one for one in await call.store.policies() if one.key == "kpi-breach"]
    old = replace(shipped, key="old", mode=PolicyMode.AUTO, approved_by=None, approved_at=None)
    await call.commit("test", entries=[old])
    watched = [await kpi(stage, name) for name in ("First", "Second")]
    with capture_logs() as logs:
        await read(stage, *(month(each, 7, 50) for each in watched))
    assert [one.state for one in await filed(stage, "old")] == [OPEN, OPEN]
    said = [(entry["log_level"], entry["policy"]) for entry in logs if "approves" in entry["event"]]
    assert said == [("warning", "old")]
    assert (await begin(stage)).picture.objectives == {}


async def test_an_auto_policy_acts_once_on_an_episode_and_leaves_the_rest_to_people(stage: Stage) -> None:
    await auto(stage)
    watched = await kpi(stage)
    await read(stage, month(watched, 7, 50))
    said = await about(stage, watched.key)
    (draft,) = said.created
    made = (await begin(stage)).picture.objectives[draft]
    assert (made.state, made.origin and made.origin.auto) == (ObjectiveState.DRAFT, True)
    await goals.close(await begin(stage, "lead"), draft, cancel=True)
    await everything(stage, date(2026, 9, 20))
    again = await stored(stage, said)
    assert (again.state, again.created) == (OPEN, (draft,))
    done = await accept(stage, again)
    theirs = (await begin(stage)).picture.objectives[done.created[-1]]
    assert (theirs.state, theirs.origin and theirs.origin.auto) == (ObjectiveState.ACTIVE, False)


async def test_two_auto_policies_act_once_on_an_episode(stage: Stage) -> None:
    await auto(stage)
    weak = {"field": "band", "op": "eq", "value": "red"}
    await auto(stage, "red-opens", template="custom", on="kpi", when=weak, action=Action.CREATE_OBJECTIVE.value)
    watched = await kpi(stage)
    await read(stage, month(watched, 7, 50))
    await everything(stage, date(2026, 8, 16))
    states = sorted(one.state for one in await filed(stage, subject=watched.key) if one.finding.episode)
    assert states == [APPLIED, OPEN]
    (draft,) = (await begin(stage)).picture.objectives.values()
    await goals.update(await begin(stage, "lead"), draft.key, Change(values={"addresses": ()}))
    await goals.close(await begin(stage, "lead"), draft.key, cancel=True)
    await everything(stage, date(2026, 9, 20))
    again = [one for one in await filed(stage, subject=watched.key) if one.finding.episode]
    assert sorted((one.state, one.created) for one in again) == [(OPEN, ()), (OPEN, (draft.key,))]
    assert list((await begin(stage)).picture.objectives) == [draft.key]


async def test_no_auto_policy_acts_on_what_an_auto_policy_made(stage: Stage, mirror: Mirror) -> None:
    mirror.crowded = True
    await auto(stage)
    await auto(stage, "missed-check-in")
    owner = (await begin(stage)).picture.by_subject["member@acme"].key
    stage.clock.put(date(2026, 8, 3))
    watched = await kpi(stage)
    await read(stage, month(watched, 7, 50))
    (draft,) = (await about(stage, watched.key)).created
    values = {"state": ObjectiveState.ACTIVE, "owner": owner}
    await goals.update(await begin(stage, "lead"), draft, Change(values=values))
    own = await goal(stage, owner=owner)
    await everything(stage, date(2026, 9, 7))
    states = {one.finding.subject.key: one.state for one in await filed(stage, "missed-check-in")}
    (chained,) = (await begin(stage)).picture.key_results_of[draft]
    assert states == {(await only(stage, own)).key: APPLIED, chained.key: OPEN}
