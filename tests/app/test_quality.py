"""The quality of policies: what people did with what they said, counted for HR."""

from datetime import timedelta

from app import evaluation, policies, quality, recommendations, waivers
from app.policies import PolicyDraft
from app.waivers import WaiverDraft
from okr import quality as judged
from okr.errors import Code
from okr.policy import PolicyMode
from okr.quality import Quality
from okr.recommendation import DismissReason, RecommendationState
from tests.app.builders import accept, begin, breach, code, kpi, publish, stored
from tests.service import Stage

NONE = dict.fromkeys(DismissReason, 0)


async def of_breaches(stage: Stage) -> Quality:
    """Return the quality of the breach policy."""
    return next(one for one in await quality.report(await begin(stage, "hr_admin")) if one.policy == "kpi-breach")


async def test_a_policy_that_said_nothing_yet_is_reported_too(stage: Stage) -> None:
    await policies.save(await begin(stage), PolicyDraft(key="a-draft", template="goal_limit"))
    call = await begin(stage, "hr_admin")
    in_force = [one.key for one in await call.store.policies()]
    assert {"goal-limit", "kpi-breach"} <= set(in_force)
    assert await quality.report(call) == tuple(Quality(policy=key) for key in in_force)


async def test_it_is_for_administrators_of_the_whole(stage: Stage) -> None:
    assert await code(quality.report(await begin(stage, "lead"))) is Code.FORBIDDEN
    assert await code(quality.report(await begin(stage, "member"))) is Code.FORBIDDEN


async def test_a_dismissal_counts_although_it_came_back_and_was_accepted(stage: Stage) -> None:
    said = await breach(stage, await kpi(stage))
    await recommendations.dismiss(await begin(stage, "lead"), said.key, DismissReason.WRONG_DATA, "The meter was off")
    cooldown = next(one.cooldown for one in await (await begin(stage)).store.policies() if one.key == "kpi-breach")
    stage.clock.at += timedelta(days=cooldown)
    await evaluation.everything(await begin(stage), "daily")
    assert (await stored(stage, said)).state is RecommendationState.OPEN
    assert await of_breaches(stage) == Quality(
        policy="kpi-breach", opened=2, open=1, dismissed={**NONE, DismissReason.WRONG_DATA: 1}
    )
    await accept(stage, said)
    assert await of_breaches(stage) == Quality(
        policy="kpi-breach", opened=2, accepted=1, dismissed={**NONE, DismissReason.WRONG_DATA: 1}
    )


async def test_waiving_is_no_dismissal(stage: Stage) -> None:
    await breach(stage, await kpi(stage))
    call = await begin(stage, "hr_admin")
    until = stage.clock.at.date() + timedelta(days=9)
    draft = WaiverDraft(policy="kpi-breach", unit=stage.team, reason="The platform moves", until=until)
    await waivers.grant(call, draft)
    await evaluation.after(call, ())
    assert await of_breaches(stage) == Quality(policy="kpi-breach", opened=1, waived=1, dismissed=NONE)


async def test_a_policy_that_people_find_irrelevant_is_told_apart(stage: Stage) -> None:
    for number in range(5):
        said = await breach(stage, await kpi(stage, f"KPI {number}"))
        await recommendations.dismiss(await begin(stage, "lead"), said.key, DismissReason.NOT_RELEVANT)
    await publish(stage, "kpi-breach", PolicyMode.OFF)
    found = await of_breaches(stage)
    assert found == Quality(policy="kpi-breach", opened=5, dismissed={**NONE, DismissReason.NOT_RELEVANT: 5})
    assert judged.verdict(found).original == (
        "5 of 5 were dismissed as not relevant: raise the threshold or narrow the scope."
    )
