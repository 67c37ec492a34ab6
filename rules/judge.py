"""Policies × facts → matches with their explanation: found by the engine, verified by the reference evaluator."""

import asyncio
import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Generic, Protocol, TypeVar

from rules import fields
from rules.compiler import NamedCondition, Program, Shard
from rules.condition import Condition
from rules.explain import Outcome, Trace, explain, outcome
from rules.fields import Values
from rules.worker import Worker

PATIENCE = 1.0
"""Seconds without the engine's answer after which the reference evaluator's is made ready; half of what it is given."""

_BREATH = 500
"""Steps in Python after which other tasks get their turn, a few milliseconds."""


class Fact(Protocol):
    """What is judged: a fact of rules.facts, or anything of its shape. Its values need not be canonical yet."""

    @property
    def kind(self) -> str:
        """The name of its kind."""

    @property
    def values(self) -> Mapping[str, object]:
        """What it says, by field."""


FactT = TypeVar("FactT", bound=Fact)

_Pair = tuple[str, int]  # The name of a condition, and the place of a fact.


class Engine(StrEnum):
    """Who found the matches: durable-rules, or the reference evaluator in its place."""

    DURABLE = "durable"
    PYTHON = "python"


@dataclass(frozen=True, slots=True, kw_only=True)
class Match(Generic[FactT]):
    """The condition called `name`, which is `when`, holds for `fact`, of which it saw these canonical `values`."""

    name: str
    fact: FactT
    when: Condition
    values: Values

    @property
    def trace(self) -> Trace:
        """Why it holds; made when it is asked for, because thousands kept at once are slow to make and to collect."""
        return explain(self.when, self.values)


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement(Generic[FactT]):
    """What matched, by name and then in the order of the facts.

    `engine` is PYTHON as soon as a part was. `faulty` are the conditions that the engine failed on. `disagreed` counts
    matches that the engine claimed and the reference evaluator denied: they were dropped, and somebody should look.
    `values` are the canonical values of each fact, in fields that some condition asks for.
    """

    matches: tuple[Match[FactT], ...]
    engine: Engine
    faulty: tuple[str, ...] = ()
    disagreed: int = 0
    values: tuple[Values, ...] = field(default=(), compare=False, repr=False)


class Judge:
    """Judges facts by programs: with the engine, and without it where it fails or there is none."""

    def __init__(self, worker: Worker | None = None, patience: float = PATIENCE) -> None:
        self._worker = worker
        self._patience = patience

    async def judge(self, program: Program, facts: Sequence[FactT]) -> Judgement[FactT]:
        """Return what of `program` matches which of `facts`; a condition is asked only of facts of its own kind.

        Matches alone are returned; whether another fact is clear or unknown is for `explained` to say, one by one.
        """
        asked = await _canonical(program, facts)
        matches: list[_Pair] = []
        faulty: list[str] = []
        denied = 0
        for shard in program.shards:
            places = [at for at, fact in enumerate(facts) if fact.kind == shard.kind]
            claimed, found = await self._find(program, shard, places, asked)
            if claimed is not None:
                denied += len(claimed) - len(found)
            elif self._worker:
                faulty += _names(shard)
            matches += found
        if self._worker:
            self._worker.counts.disagreed += denied
        return Judgement(
            matches=tuple(
                Match(name=name, fact=facts[at], when=program.conditions[name].when, values=asked[at])
                for name, at in sorted(matches)
            ),
            engine=Engine.DURABLE if self._worker and not faulty else Engine.PYTHON,
            faulty=tuple(sorted(faulty)),
            disagreed=denied,
            values=tuple(asked),
        )

    async def _find(
        self, program: Program, shard: Shard, places: Sequence[int], asked: Sequence[Values]
    ) -> tuple[list[_Pair] | None, list[_Pair]]:
        """Return what the engine claims, None where it failed or there is none, and what the reference evaluator holds.

        The latter is asked about the claims alone, and about everything where there are none.
        """
        if self._worker is None:
            return None, await _holding(program, _pairs(shard, places), asked)
        answer = asyncio.ensure_future(self._worker.match(shard, [asked[at] for at in places]))
        try:
            await asyncio.wait((answer,), timeout=self._patience)
            # An engine that stalls is given up at its limit. So as not to take long after that, be ready by then.
            ready = None if answer.done() else await _holding(program, _pairs(shard, places), asked)
            pairs = await answer
        finally:
            answer.cancel()
        if pairs is None:
            return None, await _holding(program, _pairs(shard, places), asked) if ready is None else ready
        claimed = [(name, places[fact]) for rule, fact in pairs for name in shard.names[rule]]
        return claimed, await _holding(program, claimed, asked)


def explained(condition: NamedCondition, fact: Fact) -> Trace:
    """Return what `condition` says of `fact`, by the reference evaluator alone."""
    return explain(condition.when, fields.clean(condition.kind, fact.values))


def _pairs(shard: Shard, places: Sequence[int]) -> Iterator[_Pair]:
    return itertools.product(_names(shard), places)


def _names(shard: Shard) -> list[str]:
    return [name for shared in shard.names for name in shared]


async def _canonical(program: Program, facts: Sequence[Fact]) -> list[Values]:
    cleaned: list[Values] = []
    for fact in facts:
        kind = program.kinds.get(fact.kind)
        cleaned.append(fields.clean(kind, fact.values) if kind else {})
        await _breathe(len(cleaned))
    return cleaned


async def _holding(program: Program, pairs: Iterable[_Pair], asked: Sequence[Values]) -> list[_Pair]:
    """Return those of the pairs that match by the reference evaluator."""
    found: list[_Pair] = []
    for count, (name, at) in enumerate(pairs, start=1):
        if outcome(program.conditions[name].when, asked[at]) is Outcome.MATCH:
            found.append((name, at))
        await _breathe(count)
    return found


async def _breathe(count: int) -> None:
    if count % _BREATH == 0:
        await asyncio.sleep(0)
