"""Blocking: what may not be written, what may all the same, and how the refusal is put."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from okr.goal import Objective, ObjectiveState
from okr.policy import Policy, PolicyMode, PolicyState, Scope, Severity
from okr.snapshot import Snapshot
from rules import blocking
from rules.blocking import Block
from rules.judge import Engine, Judge
from tests.okr import builders as b
from tests.rules.test_evaluation import custom
from tests.rules.test_finding import TEAM, goals, ours, stage

JUDGE = Judge()
LIMIT = replace(ours("goal_limit"), mode=PolicyMode.BLOCK)


def one_more(unit: str = TEAM, state: ObjectiveState = ObjectiveState.ACTIVE) -> Objective:
    return b.objective("obj_new", unit=unit, state=state)


def custom_block(when: Mapping[str, object]) -> Policy:
    return replace(custom("unit", "goals_active", "gt", 3), mode=PolicyMode.BLOCK, when=when)


def unless(part: Mapping[str, object]) -> Policy:
    return custom_block({"not": part})


AT_MOST_3 = {"field": "goals_active", "op": "lte", "value": 3}
COMPANY = {
    "all": [{"field": "is_root", "op": "eq", "value": True}, {"field": "key_results", "op": "gt", "value": 0}],
}
"""Asked of the company alone."""

THIN = custom_block({"field": "key_results", "op": "lt", "value": {"field": "goals_active"}})


@pytest.mark.parametrize(
    ("before", "change", "policies", "blocked"),
    [
        pytest.param(stage(*goals(2)), (one_more(),), (LIMIT,), False, id="the third goal"),
        pytest.param(stage(*goals(3)), (one_more(),), (LIMIT,), True, id="the fourth goal"),
        pytest.param(stage(*goals(3)), (one_more(),), (ours("goal_limit"),), False, id="a limit that only advises"),
        pytest.param(
            stage(*goals(3)), (one_more(),), (replace(LIMIT, state=PolicyState.RETIRED),), False, id="a retired limit"
        ),
        pytest.param(stage(*goals(3)), (one_more(),), (), False, id="no limit"),
        pytest.param(
            stage(*goals(3)),
            (one_more(),),
            (replace(LIMIT, scope=Scope(exempt=(TEAM,))),),
            False,
            id="an exempt team",
        ),
        pytest.param(
            stage(*goals(3)), (one_more(state=ObjectiveState.DRAFT),), (LIMIT,), False, id="a draft does not count"
        ),
        pytest.param(
            stage(*goals(5)), (b.objective("obj_0", unit=TEAM, title="B"),), (LIMIT,), False, id="a new title"
        ),
        pytest.param(stage(*goals(5)), (one_more(),), (LIMIT,), True, id="one more beyond a lowered limit"),
        pytest.param(
            stage(*goals(5)),
            (b.objective("obj_0", unit=TEAM, state=ObjectiveState.CLOSED),),
            (LIMIT,),
            False,
            id="one less, and still too many",
        ),
        pytest.param(
            stage(*goals(4)[1:], b.objective("obj_0", unit="unit_acme")),
            (b.objective("obj_0", unit=TEAM),),
            (LIMIT,),
            True,
            id="a goal that moves in",
        ),
        pytest.param(
            stage(b.cycle("cyc_q4", first=date(2026, 10, 1), last=date(2026, 12, 31), closes=date(2027, 1, 15))),
            tuple(b.objective(f"obj_{n}", unit=TEAM, cycle="cyc_q4") for n in range(4)),
            (LIMIT,),
            True,
            id="four goals at once for a cycle ahead",
        ),
        pytest.param(
            stage(),
            (b.unit(TEAM, name="Ops", parent="unit_acme", lead="per_gone"),),
            (replace(custom("unit", "has_lead", "eq", False), mode=PolicyMode.BLOCK),),
            False,
            id="what was so before",
        ),
        pytest.param(
            stage(*goals(3)),
            (b.objective("obj_0", unit=TEAM, state=ObjectiveState.CLOSED),),
            (replace(custom("unit", "goals_active", "lt", 4), mode=PolicyMode.BLOCK),),
            True,
            id="fewer than the least, and fewer still",
        ),
        pytest.param(
            stage(*goals(3)),
            (b.objective("obj_0", unit=TEAM, title="B"),),
            (replace(custom("unit", "goals_active", "eq", 3), mode=PolicyMode.BLOCK),),
            False,
            id="what is neither more nor less",
        ),
        pytest.param(stage(*goals(5)), (one_more(),), (unless(AT_MOST_3),), True, id="beyond a limit that is negated"),
        pytest.param(
            stage(*goals(5), b.key_result(objective="obj_0")),
            (b.key_result("kr_2", objective="obj_0"),),
            (custom_block({"any": [COMPANY, {"field": "goals_active", "op": "gt", "value": 3}]}),),
            False,
            id="more of what is only asked of others",
        ),
        pytest.param(
            stage(*goals(3), b.key_result(objective="obj_0")),
            (one_more(),),
            (THIN,),
            True,
            id="a limit that moves away",
        ),
        pytest.param(
            stage(*goals(3), b.key_result(objective="obj_0")),
            (one_more(), b.key_result("kr_2", objective="obj_new")),
            (THIN,),
            False,
            id="a limit that moves along",
        ),
    ],
)
async def test_a_block_refuses_what_makes_it_worse_and_nothing_else(
    before: Snapshot, change: tuple[Objective, ...], policies: tuple[Policy, ...], blocked: bool
) -> None:
    blocks = (await blocking.blocked(JUDGE, before.with_(*change), policies, {"unit": {TEAM}}, before)).blocks

    assert bool(blocks) is blocked


async def test_a_block_names_the_policy_and_the_numbers() -> None:
    before = stage(*goals(3))

    (block,) = (await blocking.blocked(JUDGE, before.with_(one_more()), [LIMIT], {"unit": {TEAM}}, before)).blocks

    said = 'Ops has 4 goals; the limit is 3. The policy "goal-limit" blocks this: '
    said += "Is the company = no · Goals that count 4 > 3."
    assert block == Block(policy=LIMIT, unit=TEAM, message=said, finding=block.finding)
    assert block.finding.title.vi == "Ops có 4 mục tiêu; giới hạn là 3"


async def test_every_block_is_told_the_gravest_first() -> None:
    before = stage(*goals(3))
    grave = replace(LIMIT, key="grave", severity=Severity.CRITICAL, params={"limit": Decimal(2)})

    blocks = (await blocking.blocked(JUDGE, before.with_(one_more()), [LIMIT, grave], {"unit": {TEAM}}, before)).blocks

    assert [block.policy for block in blocks] == [grave, LIMIT]


async def test_a_block_on_another_kind_is_not_asked() -> None:
    before = stage(*goals(3))

    assert (await blocking.blocked(JUDGE, before.with_(one_more()), [LIMIT], {"kpi": {TEAM}}, before)).blocks == ()


async def test_a_block_speaks_of_the_limit_that_decided_alone() -> None:
    before = stage(*goals(10))

    (block,) = (await blocking.blocked(JUDGE, before.with_(one_more()), [LIMIT], {"unit": {TEAM}}, before)).blocks

    assert block.message.endswith("Is the company = no · Goals that count 11 > 3.")


@pytest.mark.parametrize(
    ("part", "said"),
    [
        pytest.param(AT_MOST_3, "Goals that count 4 > 3", id="a comparison"),
        pytest.param(
            {"all": [AT_MOST_3, {"field": "is_root", "op": "eq", "value": False}]},
            "Goals that count 4 > 3",
            id="what was met under it decided nothing",
        ),
    ],
)
async def test_a_block_says_what_broke_a_negation(part: Mapping[str, object], said: str) -> None:
    before = stage(*goals(3))
    after = before.with_(one_more())

    (block,) = (await blocking.blocked(JUDGE, after, [unless(part)], {"unit": {TEAM}}, before)).blocks

    assert block.message == f'Ours: Ops. The policy "ours" blocks this: {said}.'


async def test_a_verdict_says_how_it_was_come_by() -> None:
    before = stage(*goals(3))
    verdict = await blocking.blocked(JUDGE, before.with_(one_more()), [LIMIT], {"unit": {TEAM}}, before)

    assert (verdict.facts, verdict.engine, verdict.faulty) == (1, Engine.PYTHON, ())
    assert await blocking.blocked(JUDGE, before, [], {"unit": {TEAM}}, before) == blocking.Verdict()
