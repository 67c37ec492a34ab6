"""The engine against the reference evaluator, and the reference evaluator against SQLite, over random policies × facts.

RATCHET_FUZZ_PAIRS sets how many pairs are compared, RATCHET_FUZZ_SEED which ones; the seed is part of the test's name.
"""

import dataclasses
import os
import re
import sqlite3
from collections import Counter
from collections.abc import Sequence
from random import Random
from typing import Self

import pytest

from rules import compiler, condition, fields
from rules.compiler import NamedCondition, Shard
from rules.condition import AllOf, AnyOf, Clause, Condition, FieldRef, Negation, Param
from rules.explain import Outcome, explain, outcome
from rules.fields import Operator, Scalar, Values
from rules.worker import Worker
from tests.rules import chance
from tests.rules.builders import KIND

PAIRS = int(os.environ.get("RATCHET_FUZZ_PAIRS", "20_000"))
SEED = int(os.environ.get("RATCHET_FUZZ_SEED", Random().randrange(10**9)))
POLICIES, FACTS = 50, 80

seeded = pytest.mark.parametrize("seed", [pytest.param(SEED, id=f"seed {SEED}")])

Pair = tuple[str, int]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """Random conditions by name, random facts, and the shards that the engine is given for them."""

    conditions: dict[str, Condition]
    facts: Sequence[Values]
    shards: tuple[Shard, ...]

    @classmethod
    def draw(cls, random: Random) -> Self:
        conditions = {f"{at}": chance.some_condition(random) for at in range(POLICIES)}
        named = [NamedCondition(name=name, kind=KIND, when=when) for name, when in conditions.items()]
        facts = [fields.clean(KIND, chance.some_fact(random)) for _ in range(FACTS)]
        return cls(conditions=conditions, facts=facts, shards=compiler.build(named).shards)

    def expected(self) -> dict[Pair, Outcome]:
        """Return what the reference evaluator says of every pair."""
        return {
            (name, at): outcome(when, fact)
            for name, when in self.conditions.items()
            for at, fact in enumerate(self.facts)
        }

    async def found(self, worker: Worker) -> set[Pair]:
        """Return the pairs that match by the engine's word."""
        found: set[Pair] = set()
        for shard in self.shards:
            pairs = await worker.match(shard, self.facts)
            assert pairs is not None, "the engine did not answer"
            found |= {(name, fact) for rule, fact in pairs for name in shard.names[rule]}
        return found

    def told(self, pair: Pair) -> str:
        """Return a pair as a report shows it."""
        name, at = pair
        return f"{condition.dump(self.conditions[name])} on {self.facts[at]}"


@seeded
async def test_the_engine_and_the_reference_evaluator_agree(worker: Worker, seed: int) -> None:
    random = Random(seed)
    outcomes: Counter[Outcome] = Counter()
    for _ in range(0, PAIRS, POLICIES * FACTS):
        sample = Sample.draw(random)
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
    sample = Sample.draw(Random(1))
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
