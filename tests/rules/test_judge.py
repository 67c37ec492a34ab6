"""Tests of the judge: what the engine finds, what the reference evaluator confirms, and what happens without one."""

import dataclasses

import pytest

from rules import compiler, fields
from rules.compiler import Program
from rules.explain import Outcome, explain
from rules.judge import Engine, Judge, Judgement, Match, explained
from rules.worker import Limits, Worker
from tests.rules.builders import KIND, Fact, is_, named, program, raw_shard
from tests.rules.test_worker import SIGFPE

UNIT = dataclasses.replace(KIND, name="unit")

LOW = named(is_("value", "lt", 0.7), name="low")
RED = named({"all": [is_("k", "eq", "red"), {"not": is_("open", "eq", True)}]}, name="red")
LOW_UNIT = named(is_("value", "lt", 0.5), name="a low unit", kind=UNIT)
PROGRAM = compiler.build([LOW, RED, LOW_UNIT])

FACTS = (
    Fact(subject="a", values={"value": 0.69999999, "k": "red", "open": None}),
    Fact(subject="b", values={"value": 0.6999, "k": "red", "open": False}),
    Fact(subject="c", values={"value": "0.1", "k": "amber"}),
    Fact(subject="d", kind="unit", values={"value": 0.1, "k": "red", "open": False}),
    Fact(subject="e", kind="person", values={"value": 0.1}),
)


def match(name: str, fact: Fact) -> Match[Fact]:
    """Return the match that is expected, on those of the fact's values that are asked for."""
    values = fields.clean(PROGRAM.kinds[fact.kind], fact.values)
    return Match(name=name, fact=fact, when=PROGRAM.conditions[name].when, values=values)


MATCHES = (match("a low unit", FACTS[3]), match("low", FACTS[1]), match("red", FACTS[1]))


async def test_matches_come_by_name_and_then_in_the_order_of_the_facts_with_their_traces(worker: Worker) -> None:
    assert await Judge(worker).judge(PROGRAM, FACTS) == Judgement(matches=MATCHES, engine=Engine.DURABLE)


async def test_what_was_made_ready_for_an_engine_that_answers_late_changes_nothing(worker: Worker) -> None:
    late = Judge(worker, patience=0)

    assert await late.judge(PROGRAM, FACTS) == Judgement(matches=MATCHES, engine=Engine.DURABLE)


def test_a_match_says_why() -> None:
    assert [each.trace for each in MATCHES] == [explained(PROGRAM.conditions[each.name], each.fact) for each in MATCHES]


async def test_the_values_are_those_that_conditions_ask_for_in_canonical_form() -> None:
    judgement = await Judge().judge(PROGRAM, FACTS)

    assert judgement.values == (
        {"value": 0.7, "k": "red"},
        {"value": 0.6999, "k": "red", "open": False},
        {"k": "amber"},
        {"value": 0.1},
        {},
    )


async def test_without_an_engine_the_answer_is_the_same() -> None:
    assert await Judge().judge(PROGRAM, FACTS) == Judgement(matches=MATCHES, engine=Engine.PYTHON)


@pytest.mark.parametrize("patience", [pytest.param(60, id="asked then"), pytest.param(0, id="made ready before")])
async def test_where_the_engine_fails_the_answer_is_the_same_and_what_failed_is_named(patience: float) -> None:
    bad = dataclasses.replace(SIGFPE, names=(("low",), ("red",)))
    good = next(shard for shard in PROGRAM.shards if shard.kind == "unit")
    fatal = dataclasses.replace(PROGRAM, shards=(good, bad))
    facts = [dataclasses.replace(fact, values={**fact.values, "target": 1, "liquid": 0}) for fact in FACTS]
    asked = dataclasses.replace(fatal, kinds={"kpi": KIND, "unit": UNIT})

    async with Worker(Limits(answer_seconds=30, start_seconds=60)) as worker:
        judgement = await Judge(worker, patience).judge(asked, facts)

        assert [(match.name, match.fact.subject) for match in judgement.matches] == [
            ("a low unit", "d"),
            ("low", "b"),
            ("red", "b"),
        ]
        assert (judgement.engine, judgement.faulty) == (Engine.PYTHON, ("low", "red"))
        assert (worker.counts.crash, worker.counts.fallback) == (2, 1)


async def test_a_match_that_the_reference_evaluator_denies_is_dropped_and_counted() -> None:
    lying = raw_shard('{"$nex":{"nothing":1}}', name="low")
    program_of_lies = dataclasses.replace(PROGRAM, shards=(lying,))

    async with Worker(Limits(answer_seconds=30, start_seconds=60)) as worker:
        judgement = await Judge(worker).judge(program_of_lies, FACTS)

        assert judgement == Judgement(matches=(MATCHES[1],), engine=Engine.DURABLE, disagreed=2)
        assert worker.counts.disagreed == 2


async def test_names_that_share_a_rule_are_explained_by_their_own_conditions(worker: Worker) -> None:
    raws = {"plain": is_("value", "gte", 1), "negated": {"not": is_("value", "lt", 1)}}
    shared = compiler.build(named(raw, name=name) for name, raw in raws.items())

    judgement = await Judge(worker).judge(shared, [Fact(values={"value": 2})])

    assert len(shared.shards[0].names) == 1
    assert [(match.name, match.trace) for match in judgement.matches] == [
        (name, explain(shared.conditions[name].when, {"value": 2})) for name in ("negated", "plain")
    ]


@pytest.mark.parametrize(
    ("asked", "facts"),
    [
        pytest.param(compiler.build([]), FACTS, id="no conditions"),
        pytest.param(PROGRAM, (), id="no facts"),
        pytest.param(PROGRAM, FACTS[4:], id="no facts of a kind that is asked about"),
    ],
)
async def test_nothing_to_judge_is_no_match(worker: Worker, asked: Program, facts: tuple[Fact, ...]) -> None:
    assert await Judge(worker).judge(asked, facts) == Judgement(matches=(), engine=Engine.DURABLE)


async def test_several_facts_of_one_subject_are_judged_apart(worker: Worker) -> None:
    facts = [Fact(subject="a", values={"value": at}) for at in range(3)]

    judgement = await Judge(worker).judge(program(is_("value", "gte", 1)), facts)

    assert [match.fact for match in judgement.matches] == facts[1:]


def test_whether_a_fact_is_clear_or_unknown_is_explained_one_by_one() -> None:
    assert [explained(LOW, fact).outcome for fact in FACTS[:3]] == [Outcome.CLEAR, Outcome.MATCH, Outcome.UNKNOWN]
