"""The engine against the reference evaluator, and the reference evaluator against SQLite, over random policies × facts.

RATCHET_FUZZ_PAIRS sets how many pairs are compared, RATCHET_FUZZ_SEED which ones; the seed is part of the test's name.
"""

import dataclasses
import os
import re
import sqlite3
from collections import Counter
from itertools import cycle
from random import Random

import pytest

from rules import condition, fields
from rules.condition import AllOf, AnyOf, Clause, Condition, FieldRef, Negation, Param
from rules.explain import Outcome, explain, outcome
from rules.fields import Operator, Scalar, Values
from rules.worker import Worker
from tests.rules import chance
from tests.rules.builders import KIND
from tests.rules.chance import Sample

PAIRS = int(os.environ.get("RATCHET_FUZZ_PAIRS", "100_000"))
RUN = os.environ.get("PYTEST_XDIST_TESTRUNUID")  # the same for all processes of a run, which must agree on names
SEED = int(os.environ.get("RATCHET_FUZZ_SEED", Random(RUN).randrange(10**9)))

seeded = pytest.mark.parametrize("seed", [pytest.param(SEED, id=f"seed {SEED}")])


@seeded
async def test_the_engine_and_the_reference_evaluator_agree(worker: Worker, seed: int) -> None:
    random = Random(seed)
    outcomes: Counter[Outcome] = Counter()
    for _, kind in zip(range(0, PAIRS, chance.POLICIES * chance.FACTS), cycle(chance.SCHEMAS), strict=False):
        sample = Sample.draw(random, kind)
        expected = sample.expected()
        outcomes.update(expected.values())
        differing = await sample.found(worker) ^ {pair for pair in expected if expected[pair] is Outcome.MATCH}
        assert not differing, f"{len(differing)} differences, the first: {sample.told(min(differing))}"

    assert outcomes.total() >= PAIRS
    assert min(outcomes[one] for one in Outcome) > PAIRS / 20, "each outcome is tested"
    assert worker.counts.restarts == 0


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        pytest.param(r"\$lte", "$lt", id="less for at most"),
        pytest.param(r"\$neq", "$eq", id="the same for another"),
        pytest.param(r"\$nex", "$ex", id="known for unknown"),
        pytest.param(r'{"\$ex":{"f\d+":1}},(?={"\$\w+":{"f\d+":{"\$m")', "", id="no guard before a missing field"),
    ],
)
async def test_a_wrong_comparison_in_the_engine_would_be_found(worker: Worker, right: str, wrong: str) -> None:
    sample = Sample.draw(Random(1), KIND)
    broken = [
        dataclasses.replace(shard, rules=re.sub(right, wrong, shard.rules), key=f"{shard.key} {wrong}")
        for shard in sample.shards
    ]
    expected = {pair for pair, said in sample.expected().items() if said is Outcome.MATCH}

    assert await sample.found(worker) == expected
    assert await dataclasses.replace(sample, shards=tuple(broken)).found(worker) != expected


def sql(when: Condition, fact: Values, bindings: list[Scalar | None]) -> str:
    """Return `when` as an expression of SQL, its values on the list of bindings."""

    def put(value: Scalar | Param | None) -> str:
        assert not isinstance(value, Param)
        bindings.append(value)
        return "?"

    match when:
        case AllOf(parts=parts):
            return f"({' AND '.join([sql(part, fact, bindings) for part in parts])})"
        case AnyOf(parts=parts):
            return f"({' OR '.join([sql(part, fact, bindings) for part in parts])})"
        case Negation(part=part):
            return f"(NOT {sql(part, fact, bindings)})"
        case Clause(field=name, op=op, value=value):
            left = put(fact.get(name))
            match value:
                case None:
                    return f"({left} IS {'NOT ' if op is Operator.KNOWN else ''}NULL)"
                case FieldRef():
                    return f"({left} {SIGNS[op]} {put(value.seen_in(fact))})"
                case (low, high) if op is Operator.BETWEEN:
                    return f"({left} BETWEEN {put(low)} AND {put(high)})"
                case tuple():
                    return f"({left} IN ({','.join([put(one) for one in value])}))"
                case _:
                    return f"({left} {SIGNS[op]} {put(value)})"


SIGNS = {
    Operator.LT: "<",
    Operator.LTE: "<=",
    Operator.GT: ">",
    Operator.GTE: ">=",
    Operator.EQ: "=",
    Operator.NE: "<>",
}
TRUTH = {1: Outcome.MATCH, 0: Outcome.CLEAR, None: Outcome.UNKNOWN}


@seeded
def test_the_reference_evaluator_and_sql_agree(seed: int) -> None:
    random = Random(seed)
    database = sqlite3.connect(":memory:")
    for _ in range(5_000):
        when, fact = chance.some_condition(random), fields.clean(KIND, chance.some_fact(random))
        bindings: list[Scalar | None] = []
        expression = sql(when, fact, bindings)
        (truth,) = database.execute(f"SELECT {expression}", bindings).fetchone()

        said = (outcome(when, fact), explain(when, fact).outcome)

        assert said == (TRUTH[truth],) * 2, f"{condition.dump(when)} on {fact}"
    database.close()
