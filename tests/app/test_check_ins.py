"""Check-ins: who may, when, several at once, corrections, and what stands although the engine is down."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from structlog.testing import capture_logs

from app import check_ins, goals, jobs, verification
from app.check_ins import Entry
from app.goals import KeyResultDraft
from app.jobs import Days
from okr.check_in import Draft
from okr.errors import Code
from okr.goal import CheckIn, KeyResult, KeyResultType, Milestone
from okr.text import Text
from tests.app.builders import (
    Failing,
    begin,
    code,
    due,
    filed,
    goal,
    judged_by,
    number,
    only,
    person,
    refused,
    say,
    together,
    written,
)
from tests.app.conftest import Mirror
from tests.service import Stage

pytestmark = pytest.mark.usefixtures("mirror")


async def measured(stage: Stage, *results: KeyResultDraft, **changes: Any) -> KeyResult:
    """A key result of the team, from 0 to 10."""
    return await only(stage, await goal(stage, *results, **changes))


async def now(stage: Stage, result: KeyResult) -> KeyResult:
    """Return a key result as it is stored, once it has been compared with its history."""
    call = await begin(stage)
    found = call.picture.key_results[result.key]
    assert await verification.of_key_result(call, found) == ()
    return found


async def test_a_check_in_is_kept_and_moves_the_progress(stage: Stage) -> None:
    result = await measured(stage)
    said = await say(stage, result, 4, "member", confidence=7, note="Half the way, almost.")
    assert said.check_in == CheckIn(
        key=said.check_in.key,
        key_result=result.key,
        at=stage.clock.at,
        by=(await begin(stage, "member")).actor.key,
        value=Decimal(4),
        confidence=7,
        note="Half the way, almost.",
    )
    assert (said.before, said.after) == (Decimal(0), Decimal("0.4"))
    assert said.key_result == await now(stage, result)
    assert said.key_result.check_ins == (said.check_in,)
    assert not {result.key, result.objective} & await due(stage)


async def test_everybody_who_checks_in_at_once_is_heard(stage: Stage, mirror: Mirror) -> None:
    mirror.crowded = True
    result = await measured(stage)
    calls = [await begin(stage, who) for who in ("member", "lead", "hr_admin") for _ in range(3)]
    done, refusals = await together(
        *(check_ins.record(call, result.key, Draft(value=Decimal(n))) for n, call in enumerate(calls))
    )
    assert (len(done), refusals) == (9, [])
    after = await now(stage, result)
    assert {entry.value for entry in after.check_ins} == {Decimal(n) for n in range(9)}
    assert after.version == 10


async def test_a_correction_takes_the_place_of_what_it_corrects(stage: Stage) -> None:
    result = await measured(stage)
    wrong = await say(stage, result, 9)
    stage.clock.at += timedelta(days=1)
    later = await say(stage, result, 5)
    stage.clock.at += timedelta(days=1)
    right = await say(stage, result, 3, supersedes=wrong.check_in.key)
    assert (right.check_in.at, right.check_in.supersedes) == (wrong.check_in.at, wrong.check_in.key)
    assert (right.before, right.after) == (Decimal("0.5"), Decimal("0.5")), "it is not the latest word"
    assert (await now(stage, result)).check_ins == (right.check_in, later.check_in)
    again = await refused(say(stage, result, 2, supersedes=wrong.check_in.key))
    assert (again.code, again.field) == (Code.NOT_FOUND, ("supersedes",))


async def test_of_two_corrections_of_one_entry_one_stands(stage: Stage, mirror: Mirror) -> None:
    mirror.crowded = True
    result = await measured(stage)
    wrong = await say(stage, result, 9)
    calls = [await begin(stage, "member"), await begin(stage, "lead")]
    done, refusals = await together(
        *(
            check_ins.record(call, result.key, Draft(value=Decimal(n), supersedes=wrong.check_in.key))
            for n, call in enumerate(calls)
        )
    )
    assert (len(done), refusals) == (1, [Code.NOT_FOUND])
    assert (await now(stage, result)).check_ins == (done[0].check_in,)


async def test_a_correction_of_another_key_result_is_refused(stage: Stage) -> None:
    result = await measured(stage)
    other = await say(stage, await measured(stage), 9)
    refusal = await refused(say(stage, result, 1, supersedes=other.check_in.key))
    assert (refusal.code, refusal.field) == (Code.NOT_FOUND, ("supersedes",))


async def test_what_is_not_yet_cannot_be_said(stage: Stage) -> None:
    result = await measured(stage)
    before = await written(stage)
    call = await begin(stage)
    ahead = stage.clock.at + timedelta(seconds=1)
    refusal = await refused(check_ins.record(call, result.key, Draft(value=Decimal(1)), ahead))
    assert (refusal.code, refusal.field) == (Code.IN_FUTURE, ("at",))
    assert await written(stage) == before


async def test_what_was_can_be_said_later(stage: Stage) -> None:
    result = await measured(stage, since=date(2026, 7, 1))
    latest = await say(stage, result, 5)
    then = stage.clock.at - timedelta(days=20)
    earlier = await check_ins.record(await begin(stage), result.key, Draft(value=Decimal(2)), then)
    assert (earlier.check_in.at, earlier.after) == (then, Decimal("0.5"))
    assert (await now(stage, result)).check_ins == (earlier.check_in, latest.check_in)


async def test_nothing_is_said_in_a_closed_cycle(stage: Stage) -> None:
    result = await measured(stage)
    stage.clock.put(date(2026, 10, 14))
    await say(stage, result, 5)
    stage.clock.put(date(2026, 10, 15))
    assert await code(say(stage, result, 6)) is Code.CYCLE_CLOSED
    assert len((await now(stage, result)).check_ins) == 1


async def test_nothing_is_said_about_a_closed_objective(stage: Stage) -> None:
    result = await measured(stage)
    await goals.close(await begin(stage), result.objective)
    assert await code(say(stage, result, 6)) is Code.NOT_OPEN


@pytest.mark.parametrize("whose", ["key result", "objective"])
async def test_an_owner_may_without_any_role(stage: Stage, whose: str) -> None:
    owner = await person(stage, "owner", stage.other)
    if whose == "key result":
        result = await measured(stage, number(owner=owner.key))
    else:
        result = await measured(stage, owner=owner.key)
    assert (await say(stage, result, 3, "owner")).check_in.by == owner.key


async def test_others_need_the_role_and_strangers_see_nothing(stage: Stage) -> None:
    await person(stage, "stranger", stage.other)
    result = await measured(stage)
    before = await written(stage)
    assert await code(say(stage, result, 3, "viewer")) is Code.FORBIDDEN
    unseen = await refused(say(stage, result, 3, "stranger"))
    unknown = await refused(check_ins.record(await begin(stage), "kr_nothing", Draft(value=Decimal(1))))
    assert (unseen.code, unseen.field, unseen.message) == (unknown.code, unknown.field, unknown.message)
    assert (unseen.code, unseen.field) == (Code.NOT_FOUND, ("keyResultId",))
    assert await written(stage) == before


@pytest.mark.parametrize(
    ("draft", "answer", "after"),
    [
        pytest.param(
            KeyResultDraft(title=Text(original="B"), type=KeyResultType.BOOLEAN), Draft(done=True), "1", id="boolean"
        ),
        pytest.param(
            KeyResultDraft(
                title=Text(original="M"),
                type=KeyResultType.MILESTONE,
                milestones=tuple(Milestone(name=Text(original=name)) for name in "abcd"),
            ),
            Draft(milestones=(3, 0)),
            "0.5",
            id="milestones",
        ),
        pytest.param(
            KeyResultDraft(title=Text(original="K"), type=KeyResultType.MAINTAIN, measure="s", high=Decimal(2)),
            Draft(value=Decimal(1)),
            "1",
            id="maintain",
        ),
    ],
)
async def test_every_type_is_answered_in_its_own_way(
    stage: Stage, draft: KeyResultDraft, answer: Draft, after: str
) -> None:
    result = await measured(stage, draft)
    said = await check_ins.record(await begin(stage), result.key, answer)
    assert said.after == Decimal(after)
    assert [step.done for step in (await now(stage, result)).milestones] == (
        [True, False, False, True] if draft.milestones else []
    )
    assert (await refused(say(stage, result, "0.5", confidence=11))).code is Code.INVALID


async def test_a_check_in_stands_although_the_engine_is_down(stage: Stage) -> None:
    result = await measured(stage)
    await say(stage, result, 10)
    scanned: dict[str, Days] = {}
    await jobs.look(stage.runtime, scanned)
    call, judge = await begin(stage, "member"), Failing()
    call = judged_by(call, judge)
    with capture_logs() as logs:
        said = await check_ins.record(call, result.key, Draft(value=Decimal(10)))
    assert [entry["event"] for entry in logs] == ["evaluation put off"]
    assert (said.after, said.recommendations) == (Decimal(1), ())
    assert len((await now(stage, result)).check_ins) == 2
    assert result.key in await due(stage)
    assert await filed(stage, "promote-key-result") == ()

    with capture_logs():
        assert await jobs.look(call.runtime, scanned) == {}, "still down"
    assert result.key in await due(stage)

    judge.broken = False
    assert await jobs.look(call.runtime, scanned) == {"acme": 1}
    (found,) = await filed(stage, "promote-key-result")
    assert found.finding.subject.key == result.key
    assert await due(stage) == set()


async def test_many_check_ins_may_be_written_at_once_and_are_left_to_be_evaluated(stage: Stage) -> None:
    results = [await measured(stage, since=date(2026, 7, 1)) for _ in range(2)]
    at = [stage.clock.at - timedelta(days=n) for n in (9, 5, 1)]
    entries = [
        Entry(key_result=result.key, draft=Draft(value=Decimal(n)), at=when)
        for result in results
        for n, when in enumerate(at)
    ]
    said = await check_ins.write(await begin(stage, "member"), entries)
    assert [entry.at for entry in said] == at * 2
    for result in results:
        assert [entry.value for entry in (await now(stage, result)).check_ins] == [Decimal(n) for n in range(3)]
    assert {result.key for result in results} <= await due(stage)
    before = await written(stage)
    bad = Entry(key_result=results[0].key, draft=Draft(done=True), at=at[0])
    assert await code(check_ins.write(await begin(stage), [entries[0], bad])) is Code.INVALID
    assert await written(stage) == before
