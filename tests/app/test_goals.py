"""Goals: who may set what where, edges that close no loop, limits that hold, and scores that stay frozen."""

from collections.abc import Awaitable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from app import evaluation, goals, org
from app.goals import Background, Change, KeyResultDraft
from app.org import UnitDraft
from okr.errors import Code
from okr.goal import Contribution, KeyResultType, Objective, ObjectiveState
from okr.org import Role
from okr.policy import PolicyMode
from okr.recommendation import RecommendationState
from okr.text import Text
from tests.app.builders import (
    accept,
    begin,
    breach,
    code,
    due,
    goal,
    kpi,
    number,
    only,
    person,
    publish,
    refused,
    say,
    together,
    written,
)
from tests.app.conftest import Mirror
from tests.service import Stage

pytestmark = pytest.mark.usefixtures("mirror")


async def update(stage: Stage, objective: Objective, who: str = "lead", **values: Any) -> Objective:
    """Change fields of an objective, now."""
    change = Change(values=values, replace_parent=True)
    return await goals.update(await begin(stage, who), objective.key, change)


async def test_an_objective_is_set_with_its_key_results(stage: Stage) -> None:
    made = await goal(stage, number("A"), number("B", weight=Decimal(0)), subject="lead")
    call = await begin(stage)
    parts = call.picture.key_results_of[made.key]
    assert [(part.title.original, part.weight, part.since) for part in parts] == [
        ("A", Decimal(1), date(2026, 8, 15)),
        ("B", Decimal(0), date(2026, 8, 15)),
    ]
    assert (made.version, made.since, made.origin, made.final) == (1, date(2026, 8, 15), None, None)
    assert {made.key, *(part.key for part in parts)} <= await due(stage)


@pytest.mark.parametrize(
    ("who", "unit", "expected"),
    [
        pytest.param("member", "team", Code.FORBIDDEN, id="without the role"),
        pytest.param("lead", "other", Code.NOT_FOUND, id="in a unit that is not seen"),
        pytest.param("viewer", "other", Code.FORBIDDEN, id="in a unit that is only seen"),
        pytest.param("lead", "company", Code.NOT_FOUND, id="above"),
    ],
)
async def test_goals_are_set_where_somebody_leads(stage: Stage, who: str, unit: str, expected: Code) -> None:
    before = await written(stage)
    assert await code(goal(stage, subject=who, unit=getattr(stage, unit))) is expected
    assert await written(stage) == before


@pytest.mark.parametrize(
    ("changes", "expected", "field"),
    [
        pytest.param({"cycle": "cyc_nothing"}, Code.NOT_FOUND, ("cycle",), id="cycle"),
        pytest.param({"owner": "person_nobody"}, Code.NOT_FOUND, ("owner",), id="owner"),
        pytest.param({"supports": "obj_nothing"}, Code.NOT_FOUND, ("supports",), id="supports"),
        pytest.param({"supports": "company"}, Code.NOT_FOUND, ("supports",), id="supports a unit"),
        pytest.param({"depends_on": ("obj_nothing",)}, Code.NOT_FOUND, ("dependsOn", "0"), id="depends on"),
        pytest.param({"addresses": ("kpi_nothing",)}, Code.NOT_FOUND, ("addresses", "0"), id="addresses"),
        pytest.param({"state": ObjectiveState.CLOSED}, Code.NOT_OPEN, ("state",), id="born closed"),
        pytest.param(
            {"contributes": (Contribution(to="obj_nothing"),)}, Code.NOT_FOUND, ("contributes", "0", "to"), id="edge"
        ),
    ],
)
async def test_what_a_goal_names_is_there(
    stage: Stage, changes: dict[str, Any], expected: Code, field: tuple[str, ...]
) -> None:
    if changes.get("supports") == "company":
        changes = {"supports": stage.company}
    before = await written(stage)
    refusal = await refused(goal(stage, **changes))
    assert (refusal.code, refusal.field) == (expected, field)
    assert await written(stage) == before


async def test_a_key_result_that_cannot_be_is_refused_at_its_place(stage: Stage) -> None:
    before = await written(stage)
    refusal = await refused(goal(stage, number(), number(start=5, target=5)))
    assert (refusal.code, refusal.field) == (Code.START_EQUALS_TARGET, ("keyResults", "1", "target"))
    watched = await kpi(stage)
    refusal = await refused(goal(stage, number(measures=watched.key)))
    assert (refusal.code, refusal.field) == (Code.WRONG_UNIT, ("keyResults", "0", "measure"))
    hidden = await kpi(stage, unit=stage.other, accountable=stage.other)
    refusal = await refused(goal(stage, number(measures=hidden.key, measure="%"), subject="lead"))
    assert (refusal.code, refusal.field) == (Code.NOT_FOUND, ("keyResults", "0", "measures"))
    assert (await written(stage))[0] == before[0] + 2


async def test_what_a_goal_named_before_may_lie_where_its_lead_does_not_see(stage: Stage) -> None:
    above = await goal(stage, unit=stage.company)
    watched = await kpi(stage, unit=stage.other, accountable=stage.other)
    mine = await goal(
        stage,
        supports=above.key,
        addresses=(watched.key,),
        contributes=(Contribution(to=(await goal(stage, unit=stage.other)).key),),
    )
    assert (await update(stage, mine, description="Ours.")).description == "Ours."
    other = await goal(stage)
    unseen: list[tuple[dict[str, Any], tuple[str, ...]]] = [
        ({"supports": above.key}, ("supports",)),
        ({"addresses": (watched.key,)}, ("addresses", "0")),
    ]
    for values, field in unseen:
        refusal = await refused(update(stage, other, **values))
        assert (refusal.code, refusal.field) == (Code.NOT_FOUND, field)


async def test_supports_make_no_loop(stage: Stage) -> None:
    top = await goal(stage)
    middle = await goal(stage, supports=(await only(stage, top)).key)
    low = await goal(stage, contributes=(Contribution(to=middle.key),))
    refusal = await refused(update(stage, top, supports=low.key))
    assert (refusal.code, refusal.field) == (Code.WOULD_CYCLE, ("supports",))
    assert await code(update(stage, top, supports=top.key)) is Code.WOULD_CYCLE


async def test_edges_that_would_close_a_loop_together_do_not_pass_each_other(stage: Stage, mirror: Mirror) -> None:
    mirror.crowded = True
    for edge in ("supports", "depends_on", "contributes"):
        first, second = await goal(stage), await goal(stage)
        value: dict[str, Any] = {
            one: {"supports": one, "depends_on": (one,), "contributes": (Contribution(to=one),)}[edge]
            for one in (first.key, second.key)
        }
        done, refusals = await together(
            update(stage, first, **{edge: value[second.key]}), update(stage, second, **{edge: value[first.key]})
        )
        assert (len(done), refusals) == (1, [Code.WOULD_CYCLE]), edge


async def test_a_second_parent_takes_its_own_word(stage: Stage) -> None:
    first, second = await goal(stage), await goal(stage)
    mine = await goal(stage, supports=first.key)
    change = Change(values={"supports": second.key})
    assert await code(goals.update(await begin(stage, "lead"), mine.key, change)) is Code.SECOND_PARENT
    assert (await update(stage, mine, supports=second.key)).supports == second.key


async def test_a_limit_holds_however_many_goals_are_set_at_once(stage: Stage, mirror: Mirror) -> None:
    mirror.crowded = True
    await publish(stage, "goal-limit", PolicyMode.BLOCK, params={"limit": Decimal(3)})
    await goal(stage)
    done, refusals = await together(*(goal(stage, subject="lead") for _ in range(5)))
    assert (len(done), refusals) == (2, [Code.BLOCKED_BY_POLICY] * 3)
    assert len((await begin(stage)).picture.objectives_of[stage.team]) == 3
    draft = await goal(stage, state=ObjectiveState.DRAFT)
    assert await code(update(stage, draft, state=ObjectiveState.ACTIVE)) is Code.BLOCKED_BY_POLICY
    await goal(stage, cycle=await stage.cycle("2026 Q4"))
    await goal(stage, cycle=await stage.cycle("2026"))


async def test_lowering_a_limit_blocks_nothing_that_exists(stage: Stage) -> None:
    mine = [await goal(stage) for _ in range(3)]
    await publish(stage, "goal-limit", PolicyMode.BLOCK, params={"limit": Decimal(1)})
    assert (await update(stage, mine[0], description="Still ours.")).version == 2
    assert (await goals.close(await begin(stage, "lead"), mine[1].key)).state is ObjectiveState.CLOSED
    assert await code(goal(stage)) is Code.BLOCKED_BY_POLICY


async def test_a_closed_objective_keeps_its_score(stage: Stage) -> None:
    made = await goal(stage)
    result = await only(stage, made)
    await say(stage, result, 4)
    closed = await goals.close(await begin(stage, "lead"), made.key, note="Almost.")
    assert closed.final is not None
    assert (closed.final.progress, closed.final.by, closed.final.note) == (
        Decimal("0.4"),
        (await begin(stage, "lead")).actor.key,
        "Almost.",
    )
    for change in (update(stage, made, description="x"), goals.close(await begin(stage, "lead"), made.key)):
        assert await code(change) is Code.NOT_OPEN
    assert (await begin(stage)).picture.objectives[made.key] == closed


async def test_a_check_in_that_comes_as_a_goal_closes_counts_or_is_refused(stage: Stage, mirror: Mirror) -> None:
    mirror.crowded = True
    made = await goal(stage, number("A"), number("B"))
    parts = (await begin(stage)).picture.key_results_of[made.key]
    changes: list[Awaitable[object]] = [say(stage, part, 10, "member") for part in parts]
    changes.insert(1, goals.close(await begin(stage, "lead"), made.key))
    done, refusals = await together(*changes)
    assert set(refusals) <= {Code.NOT_OPEN}
    call = await begin(stage)
    closed, said = call.picture.objectives[made.key], call.picture.key_results_of[made.key]
    assert closed.final is not None
    assert closed.final.progress == Decimal(sum(bool(part.check_ins) for part in said)) / 2
    assert len(done) + len(refusals) == 3


async def test_closing_is_not_an_ordinary_change(stage: Stage) -> None:
    made = await goal(stage)
    refusal = await refused(update(stage, made, state=ObjectiveState.CLOSED))
    assert (refusal.code, refusal.field) == (Code.INVALID, ("state",))
    given_up = await goals.close(await begin(stage, "lead"), made.key, cancel=True)
    assert given_up.state is ObjectiveState.CANCELLED


async def test_nothing_changes_in_a_closed_cycle(stage: Stage) -> None:
    made = await goal(stage)
    stage.clock.put(date(2026, 10, 15))
    refusal = await refused(update(stage, made, description="Too late."))
    assert (refusal.code, refusal.field) == (Code.CYCLE_CLOSED, ("id",))
    refusal = await refused(goal(stage, cycle=await stage.cycle()))
    assert (refusal.code, refusal.field) == (Code.CYCLE_CLOSED, ("cycle",))


async def test_a_forgotten_goal_can_still_be_graded_after_its_cycle_has_closed(stage: Stage) -> None:
    made = await goal(stage)
    stage.clock.put(date(2026, 10, 15))
    graded = await goals.close(await begin(stage), made.key)
    assert graded.state is ObjectiveState.CLOSED
    assert graded.final is not None


async def test_a_goal_moves_with_its_parts_to_another_cycle(stage: Stage) -> None:
    made = await goal(stage)
    moved = await update(stage, made, cycle=await stage.cycle("2026 Q4"))
    assert moved.since == date(2026, 10, 1)
    assert (await only(stage, made)).since == date(2026, 10, 1)


async def test_moving_a_goal_to_another_unit_takes_the_lead_there(stage: Stage) -> None:
    made = await goal(stage)
    assert await code(update(stage, made, unit=stage.other)) is Code.NOT_FOUND
    await person(stage, "both", stage.company, (Role.LEAD, stage.team), (Role.LEAD, stage.other))
    assert (await update(stage, made, "both", unit=stage.other)).unit == stage.other
    assert {stage.team, stage.other} <= await due(stage), "both units have another number of goals"


async def test_key_results_are_added(stage: Stage) -> None:
    made = await goal(stage)
    draft = KeyResultDraft(title=Text(original="Done"), type=KeyResultType.BOOLEAN)
    stage.clock.at += timedelta(hours=1)
    await goals.update(await begin(stage, "lead"), made.key, Change(key_results=(draft,)))
    parts = (await begin(stage)).picture.key_results_of[made.key]
    assert [part.type for part in parts] == [KeyResultType.NUMBER, KeyResultType.BOOLEAN]
    bad = Change(key_results=(draft, number(start=1, target=1)))
    refusal = await refused(goals.update(await begin(stage, "lead"), made.key, bad))
    assert refusal.field == ("keyResults", "1", "target")


async def test_the_version_that_was_read_is_the_one_that_changes(stage: Stage, mirror: Mirror) -> None:
    mirror.crowded = True
    made = await goal(stage)
    calls = [await begin(stage, "lead"), await begin(stage, "hr_admin")]
    done, refusals = await together(
        *(
            goals.update(call, made.key, Change(values={"description": str(n)}), made.version)
            for n, call in enumerate(calls)
        )
    )
    assert (len(done), refusals) == (1, [Code.CONFLICT])
    assert (await begin(stage)).picture.objectives[made.key] == done[0]


async def test_a_goal_with_a_key_of_the_callers_is_set_once(stage: Stage) -> None:
    call = await begin(stage)
    draft = goals.ObjectiveDraft(title=Text(original="Once"), unit=stage.team, cycle=await stage.cycle())
    made = await goals.create(call, draft, Background(key="obj_once"))
    assert made.key == "obj_once"
    assert await code(goals.create(call, draft, Background(key="obj_once"))) is Code.DUPLICATE
    assert (await begin(stage)).picture.objectives["obj_once"] == made


async def test_a_unit_that_moves_takes_its_goals_along(stage: Stage) -> None:
    made = await goal(stage)
    core = await org.create_unit(
        await begin(stage), UnitDraft(name=Text(original="Core"), kind="team", parent=stage.other)
    )
    await org.move_unit(await begin(stage), stage.team, core.key)
    await person(stage, "above", stage.other, (Role.LEAD, stage.other))
    assert (await update(stage, made, "above", description="Theirs now.")).unit == stage.team


async def test_a_recovery_can_be_given_up_and_the_kpi_asks_again(stage: Stage) -> None:
    said = await breach(stage, await kpi(stage))
    (key,) = (await accept(stage, said)).created
    stage.clock.at += timedelta(days=1)
    call = await begin(stage, "lead")
    await goals.close(call, key, cancel=True)
    (again,) = await evaluation.after(call, ())
    assert (again.key, again.state, again.times) == (said.key, RecommendationState.OPEN, 2)
