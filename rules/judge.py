"""Policies × facts → matches with their explanation: found by the engine, verified by the reference evaluator."""

import asyncio
import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, Protocol, TypeVar

from rules import fields
from rules.compiler import NamedCondition, Program
from rules.explain import Outcome, Trace, explain, outcome
from rules.fields import Values
from rules.worker import Worker

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


class Engine(StrEnum):
    """Who found the matches: durable-rules, or the reference evaluator in its place."""

    DURABLE = "durable"
    PYTHON = "python"


@dataclass(frozen=True, slots=True, kw_only=True)
class Match(Generic[FactT]):
    """The condition called `name` holds for `fact`, and why."""

    name: str
    fact: FactT
    trace: Trace


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement(Generic[FactT]):
    """What matched, by name and then in the order of the facts.

    `engine` is PYTHON as soon as a part was. `faulty` are the conditions that the engine failed on. `disagreed` counts
    matches that the engine claimed and the reference evaluator denied: they were dropped, and somebody should look.
    """

    matches: tuple[Match[FactT], ...]
    engine: Engine
    faulty: tuple[str, ...] = ()
    disagreed: int = 0


class Judge:
    """Judges facts by programs: with the engine, and without it where it fails or there is none."""

    def __init__(self, worker: Worker | None = None) -> None:
        self._worker = worker

    async def judge(self, program: Program, facts: Sequence[FactT]) -> Judgement[FactT]:
        """Return what of `program` matches which of `facts`; a condition is asked only of facts of its own kind.

        Matches alone are returned; whether another fact is clear or unknown is for `explained` to say, one by one.
        """
        asked = await _canonical(program, facts)
        matches: list[tuple[str, int, Trace]] = []
        faulty: list[str] = []
        denied = 0
        for shard in program.shards:
            places = [at for at, fact in enumerate(facts) if fact.kind == shard.kind]
            pairs = await self._worker.match(shard, [asked[at] for at in places]) if self._worker else None
            if pairs is None:
                names = [name for shared in shard.names for name in shared]
                faulty += names if self._worker else []
                candidates = await _search(program, names, places, asked)
            else:
                candidates = [(name, places[fact]) for rule, fact in pairs for name in shard.names[rule]]
            confirmed = await _confirm(program, candidates, asked)
            matches += confirmed
            denied += len(candidates) - len(confirmed)
        if self._worker:
            self._worker.counts.disagreed += denied
        matches.sort(key=lambda match: match[:2])
        return Judgement(
            matches=tuple(Match(name=name, fact=facts[at], trace=trace) for name, at, trace in matches),
            engine=Engine.DURABLE if self._worker and not faulty else Engine.PYTHON,
            faulty=tuple(sorted(faulty)),
            disagreed=denied,
        )


def explained(condition: NamedCondition, fact: Fact) -> Trace:
    """Return what `condition` says of `fact`, by the reference evaluator alone."""
    return explain(condition.when, fields.clean(condition.kind, fact.values))


async def _canonical(program: Program, facts: Sequence[Fact]) -> list[Values]:
    cleaned: list[Values] = []
    for fact in facts:
        kind = program.kinds.get(fact.kind)
        cleaned.append(fields.clean(kind, fact.values) if kind else {})
        await _breathe(len(cleaned))
    return cleaned


async def _search(
    program: Program, names: Sequence[str], places: Sequence[int], asked: Sequence[Values]
) -> list[tuple[str, int]]:
    """Return the pairs (name, place of the fact) that match by the reference evaluator."""
    found: list[tuple[str, int]] = []
    for count, (name, at) in enumerate(itertools.product(names, places), start=1):
        if outcome(program.conditions[name].when, asked[at]) is Outcome.MATCH:
            found.append((name, at))
        await _breathe(count)
    return found


async def _confirm(
    program: Program, candidates: Sequence[tuple[str, int]], asked: Sequence[Values]
) -> list[tuple[str, int, Trace]]:
    """Return those candidates that the reference evaluator does not deny, with their traces."""
    confirmed: list[tuple[str, int, Trace]] = []
    for count, (name, at) in enumerate(candidates, start=1):
        trace = explain(program.conditions[name].when, asked[at])
        if trace.outcome is Outcome.MATCH:
            confirmed.append((name, at, trace))
        await _breathe(count)
    return confirmed


async def _breathe(count: int) -> None:
    if count % _BREATH == 0:
        await asyncio.sleep(0)
