"""Turns many conditions into few rulesets that durable-rules can hold: the one place that knows its rule format.

The engine compares names by a 32-bit hash alone, so it sees aliases (f0, f1, …). It reads no number with a bare
exponent (1e-07), so numbers are written with six decimals. A comparison with a missing right-hand field would match,
so `$ex` stands before it. Every rule is anchored on `k`, which the engine's own facts about a session do not have.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import orjson

from rules import normal
from rules.condition import Clause, Condition, FieldRef
from rules.fields import DECIMALS, FactKind, Operator, Scalar, Values

RULES = 50
"""Rules in a shard. With more than 64 alive at once for one fact the engine refuses the fact."""

ALIASES = tuple(f"f{column}" for column in range(200))
"""What the columns of a shard are called. The engine holds 254 properties of a fact, its own included."""

SENTINEL = '"~":{"all":[{"m":{"k":0}}]}'
"""The rule that answers for the session: unless it fires, for the fact with k = 0, no other answer is trusted."""

_ANCHOR = '{"k":1}'
_CAP = 60_000  # Matches handed out in one step; a 16-bit counter, far above the facts of a batch.

_SPELT = {
    Operator.LT: "$lt",
    Operator.LTE: "$lte",
    Operator.GT: "$gt",
    Operator.GTE: "$gte",
    Operator.EQ: "$eq",
    Operator.NE: "$neq",
    Operator.KNOWN: "$ex",
    Operator.UNKNOWN: "$nex",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedCondition:
    """A condition that was bound to `kind`, with the name under which its matches are reported."""

    name: str
    kind: FactKind
    when: Condition


@dataclass(frozen=True, slots=True, kw_only=True)
class Shard:
    """One ruleset of the engine and how to read it.

    `columns` are what the aliases f0, f1, … stand for. `names[i]` are the conditions that rules "i.0", "i.1", …
    answer for: those with equal alternatives share them. `key` is the hash of `rules`, so equal rulesets of any
    tenant are one.
    """

    key: str
    kind: str
    columns: tuple[FieldRef, ...]
    names: tuple[tuple[str, ...], ...]
    rules: str

    def row(self, fact: Values) -> list[Scalar | None]:
        """Return what `fact` says in each column."""
        return [fact.get(one.field) if one.times == 1 else one.seen_in(fact) for one in self.columns]


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """Conditions ready to be matched; build it once per set of policy versions and keep it.

    `kinds` are the kinds asked about, each with only the fields that a condition asks for.
    """

    conditions: Mapping[str, NamedCondition]
    kinds: Mapping[str, FactKind]
    shards: tuple[Shard, ...]


def build(conditions: Iterable[NamedCondition]) -> Program:
    """Return the program that matches `conditions`, the same for the same set in any order.

    Refuses (TOO_COMPLEX) what `binding.bind` would have refused; two conditions of one name are a ValueError.
    """
    ordered = sorted(conditions, key=lambda one: (one.kind.name, one.name))
    named = {one.name: one for one in ordered}
    if len(named) < len(ordered):
        raise ValueError("Two conditions have the same name.")
    sharing: dict[tuple[str, tuple[tuple[Clause, ...], ...]], list[str]] = {}
    for one in ordered:
        sharing.setdefault((one.kind.name, normal.alternatives(one.when)), []).append(one.name)
    drafts: list[_Draft] = []
    for (kind, alternatives), names in sharing.items():
        columns = _columns(alternatives)
        if not drafts or not drafts[-1].has_room(kind, len(alternatives), columns):
            drafts.append(_Draft(kind=kind))
        drafts[-1].add(tuple(names), alternatives, columns)
    shards = tuple(draft.finish() for draft in drafts)
    return Program(conditions=named, kinds={one.kind.name: _asked(one.kind, shards) for one in ordered}, shards=shards)


def written(value: Scalar) -> str:
    """Return a canonical value as JSON that the engine reads exactly; facts and rules must spell it alike."""
    if isinstance(value, float):
        return f"{value:.{DECIMALS}f}"
    return orjson.dumps(value).decode()


@dataclass(slots=True, kw_only=True)
class _Draft:
    kind: str
    aliases: dict[FieldRef, str] = field(default_factory=dict)
    names: list[tuple[str, ...]] = field(default_factory=list)
    rules: list[str] = field(default_factory=list)

    def has_room(self, kind: str, rules: int, columns: Iterable[FieldRef]) -> bool:
        return (
            self.kind == kind
            and len(self.rules) + rules <= RULES
            and len(self.aliases.keys() | set(columns)) <= len(ALIASES)
        )

    def add(
        self, names: tuple[str, ...], alternatives: Sequence[Sequence[Clause]], columns: Iterable[FieldRef]
    ) -> None:
        for column in columns:
            self.aliases.setdefault(column, ALIASES[len(self.aliases)])
        for at, clauses in enumerate(alternatives):
            tests = ",".join([_ANCHOR, *(test for clause in clauses for test in self._tests(clause))])
            self.rules.append(f'"{len(self.names)}.{at}":{{"all":[{{"m":{{"$and":[{tests}]}}}}],"cap":{_CAP}}}')
        self.names.append(names)

    def finish(self) -> Shard:
        rules = f"{{{','.join([SENTINEL, *self.rules])}}}"
        return Shard(
            key=hashlib.sha256(rules.encode()).hexdigest(),
            kind=self.kind,
            columns=tuple(self.aliases),
            names=tuple(self.names),
            rules=rules,
        )

    def _tests(self, clause: Clause) -> list[str]:
        left = self.aliases[FieldRef(field=clause.field)]
        match clause.value:
            case None:
                return [f'{{"{_SPELT[clause.op]}":{{"{left}":1}}}}']
            case FieldRef():
                right = self.aliases[clause.value]
                return [f'{{"$ex":{{"{right}":1}}}}', f'{{"{_SPELT[clause.op]}":{{"{left}":{{"$m":"{right}"}}}}}}']
            case int() | float() | str():
                return [f'{{"{_SPELT[clause.op]}":{{"{left}":{written(clause.value)}}}}}']
            case _:
                raise TypeError("A condition is bound before it is compiled.")


def _asked(kind: FactKind, shards: Sequence[Shard]) -> FactKind:
    names = {column.field for shard in shards if shard.kind == kind.name for column in shard.columns}
    return replace(kind, fields=tuple(one for one in kind.fields if one.name in names))


def _columns(alternatives: Iterable[Iterable[Clause]]) -> list[FieldRef]:
    clauses = [clause for one in alternatives for clause in one]
    right = (clause.value for clause in clauses if isinstance(clause.value, FieldRef))
    return list(dict.fromkeys([*(FieldRef(field=clause.field) for clause in clauses), *right]))
