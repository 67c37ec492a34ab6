"""Force: which policies are in force where, and in which variant."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache

from okr import cycle as cycles
from okr import waiver
from okr.cycle import CycleState
from okr.errors import Refusal
from okr.policy import Policy, PolicyMode, PolicyState
from okr.recommendation import Subject
from okr.snapshot import Snapshot
from okr.waiver import Waiver
from rules import compiler, layers, policy
from rules.compiler import NamedCondition, Program
from rules.facts import Fact
from rules.layers import Spread
from rules.policy import Resolved

FILED = (PolicyMode.ADVISE, PolicyMode.BLOCK, PolicyMode.AUTO)


class Force:
    """What is in force where, today: worked out once for each place and cycle, whatever the number of subjects.

    `spread` says which variant of each policy holds in which unit; `resolved` are those that are evaluated, by the name
    of the variant, and `refused` says of others why they could not be resolved.
    """

    def __init__(self, snapshot: Snapshot, policies: Iterable[Policy]) -> None:
        self.spread: Spread = layers.spread(layers.stacks(policies), snapshot)
        self.resolved: dict[str, Resolved] = {}
        self.refused: dict[str, Refusal] = {}
        self._snapshot = snapshot
        self._names: dict[tuple[str, str, str | None], tuple[str, ...]] = {}
        for name, each in self.spread.variants.items():
            if each.policy.mode is PolicyMode.OFF or each.policy.state is PolicyState.RETIRED:
                continue
            try:
                self.resolved[name] = replace(policy.resolve(each.policy), layers=each.layers)
            except Refusal as refusal:
                self.refused[name] = refusal
        self._variants = defaultdict[str, list[Policy]](list)
        for each in self.spread.variants.values():
            self._variants[each.policy.key].append(each.policy)
        self._keys = defaultdict[str, set[str]](set)
        for each_resolved in self.resolved.values():
            self._keys[each_resolved.kind.name].add(each_resolved.policy.key)

    def names(self, fact: Fact) -> tuple[str, ...]:
        """Return the names of the variants that are in force for a fact."""
        place = (fact.kind, fact.unit, fact.cycle)
        if place not in self._names:
            today = self._snapshot.today(fact.unit)
            named = sorted(self.spread.name(key, fact.unit) for key in self._keys[fact.kind])
            self._names[place] = tuple(
                name
                for name in named
                if name in self.resolved
                and policy.holds(self.resolved[name].policy, self._snapshot, fact.unit, fact.cycle, today)
            )
        return self._names[place]

    def limits(self, unit: str) -> tuple[Resolved, ...]:
        """Return what limits the goals of a unit."""
        named = {self.spread.name(each.policy.key, unit) for each in self.resolved.values() if each.limits_goals}
        held = (self.resolved[name] for name in sorted(named) if name in self.resolved)
        return tuple(each for each in held if files(each.policy))

    def covering(self, waivers: Sequence[Waiver], key: str, fact: Fact) -> Waiver | None:
        """Return which of the waivers exempts the subject of a fact from a policy today."""
        if not waivers:
            return None
        subject, today = Subject(kind=fact.kind, key=fact.subject), self._snapshot.today(fact.unit)
        return waiver.covering(waivers, key, self._snapshot.paths[fact.unit], subject, today)

    def is_closed(self, fact: Fact) -> bool:
        """Tell whether the cycle of a fact is closed, so that only what is left undone in it can still match."""
        if fact.cycle is None:
            return False
        cycle = self._snapshot.cycles[fact.cycle]
        return cycles.state(cycle, self._snapshot.today(fact.unit)) is CycleState.CLOSED

    def variant(self, name: str) -> Policy:
        """Return the policy that a variant is."""
        return self.spread.variants[name].policy

    def variants(self, key: str) -> tuple[Policy, ...]:
        """Return a policy in all its variants."""
        return tuple(self._variants[key])


def files(asked: Policy) -> bool:
    """Tell whether what a policy finds is filed; it is only logged, or not looked for, otherwise."""
    return asked.mode in FILED and asked.state is not PolicyState.RETIRED


@lru_cache(maxsize=256)
def _program(conditions: tuple[NamedCondition, ...]) -> Program:
    # The same policies are asked at every change, and building their shards takes longer than judging a fact.
    return compiler.build(conditions)


def program(resolved: Mapping[str, Resolved]) -> Program:
    """Return what the engine is asked for these policies, by the name of the variant."""
    return _program(
        tuple(NamedCondition(name=name, kind=each.kind, when=each.condition) for name, each in resolved.items())
    )
