"""Random conditions and facts over the test schema and the product's: few values, so that most are close calls."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from random import Random
from typing import Self

from okr.errors import Refusal
from rules import binding, compiler, condition, fields
from rules.compiler import NamedCondition, Shard
from rules.condition import Condition
from rules.explain import Outcome, outcome
from rules.fields import FactKind, Field, FieldType, Operator, Values
from rules.schema import KINDS
from rules.worker import Worker
from tests.rules.builders import CHOICES, KIND

POLICIES, FACTS = 50, 80
SCHEMAS = (KIND, *KINDS.values())

NUMBERS = (0, 1, 2, 9, -1, 0.1, 0.3, 0.1 + 0.2, 0.7, 1e-6, 0.00001, -0.00002, 100, 10**15 - 1, 1e14 + 0.3)
ODD_NUMBERS = (
    1e-7,
    -0.0,
    1e21,
    2**70,
    2**63,
    -(2**53) - 1,
    math.nan,
    math.inf,
    -math.inf,
    Decimal("0.7"),
    True,
    "9",
    "",
)
TIMES = (1, 0.9, 2, -1, 0.07, 0.000001, 10**14)
DAYS = ("2026-01-01", "2026-01-02", "1969-12-31", "0001-01-01")
KEYS = ("x", "tên", "x" * 500, "", "9", "true", "liquid", "costarring", 'a"b', "\\", "\x00", "e-5", "😀", "s", "~")
ODD_KEYS = ("te\u0302n", "x" * 70_000, "\ud800", 9, True, b"x", "\u202etên")

LITERALS: Mapping[FieldType, tuple[object, ...]] = {
    FieldType.NUMBER: NUMBERS,
    FieldType.DAY: DAYS,
    FieldType.BOOLEAN: (True, False),
    FieldType.CHOICE: CHOICES,
    FieldType.REFERENCE: KEYS,
    FieldType.TEXT: KEYS,
}
ODD: Mapping[FieldType, tuple[object, ...]] = {
    FieldType.NUMBER: ODD_NUMBERS,
    FieldType.DAY: (*ODD_NUMBERS, "soon", "2026-01-01 10:00", 20_454, date(2026, 1, 1), date.max),
    FieldType.BOOLEAN: (0, 1, 1.0, "true", "", None),
    FieldType.CHOICE: (*ODD_KEYS, "another"),
    FieldType.REFERENCE: ODD_KEYS,
    FieldType.TEXT: ODD_KEYS,
}


Pair = tuple[str, int]
"""The name of a condition, and the place of a fact."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """Random conditions by name, random facts of the same kind, and the shards that the engine is given for them."""

    conditions: dict[str, Condition]
    facts: Sequence[Values]
    shards: tuple[Shard, ...]

    @classmethod
    def draw(cls, random: Random, kind: FactKind) -> Self:
        """Return 50 conditions and 80 facts."""
        conditions = {f"{at}": some_condition(random, kind) for at in range(POLICIES)}
        named = [NamedCondition(name=name, kind=kind, when=when) for name, when in conditions.items()]
        facts = [fields.clean(kind, some_fact(random, kind)) for _ in range(FACTS)]
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
            if pairs is None:
                raise AssertionError("The engine did not answer.")
            found |= {(name, fact) for rule, fact in pairs for name in shard.names[rule]}
        return found

    def told(self, pair: Pair) -> str:
        """Return a pair as a report shows it."""
        name, at = pair
        return f"{condition.dump(self.conditions[name])} on {self.facts[at]}"


def some_condition(random: Random, kind: FactKind = KIND) -> Condition:
    """Return a condition bound to `kind` that the engine takes."""
    while True:
        try:
            raw = _some_tree(random, kind, depth=random.choice((0, 1, 2, 2, 3)))
            return binding.bind(condition.parse(raw), kind, {})
        except Refusal as refusal:
            if refusal.code != "TOO_COMPLEX":
                raise


def some_fact(random: Random, kind: FactKind = KIND) -> dict[str, object]:
    """Return the values of a fact, a third of them absent or odd."""
    said: dict[str, object] = {}
    for field in kind.fields:
        match random.choices(("known", "absent", "odd", "any"), (60, 20, 12, 8))[0]:
            case "known":
                said[field.name] = random.choice(_literals(field))
            case "odd":
                said[field.name] = random.choice(ODD[field.type])
            case "any":
                said[field.name] = random.choice(LITERALS[random.choice(list(FieldType))])
            case _:
                pass
    return said


def _literals(field: Field) -> Sequence[object]:
    return [one.value for one in field.choices] or LITERALS[field.type]


def _some_tree(random: Random, kind: FactKind, depth: int) -> dict[str, object]:
    if depth == 0:
        return _some_clause(random, kind)
    match random.choice(("all", "any", "not")):
        case "not":
            return {"not": _some_tree(random, kind, depth - 1)}
        case group:
            parts = random.choice((1, 2, 2, 3))
            return {group: [_some_tree(random, kind, random.randrange(depth)) for _ in range(parts)]}


def _some_clause(random: Random, kind: FactKind) -> dict[str, object]:
    field = random.choice(kind.fields)
    op = random.choice(field.operators)
    return {"field": field.name, "op": op.value} | _some_value(random, kind, field, op)


def _some_value(random: Random, kind: FactKind, field: Field, op: Operator) -> dict[str, object]:
    literals = _literals(field)
    match op:
        case Operator.KNOWN | Operator.UNKNOWN:
            return {}
        case Operator.BETWEEN:
            low, high = sorted(random.choices(literals, k=2), key=lambda one: _order(field, one))
            return {"value": [low, high]}
        case Operator.IN:
            return {"value": random.choices(literals, k=random.choice((1, 2, 3)))}
        case _ if random.random() < 0.3:
            other = random.choice([one for one in kind.fields if one.type is field.type])
            times = {"times": random.choice(TIMES)} if field.type is FieldType.NUMBER else {}
            return {"value": {"field": other.name, **times}}
        case _:
            return {"value": random.choice(literals)}


def _order(field: Field, literal: object) -> float:
    canonical = fields.canonical_value(field.type, literal)
    assert isinstance(canonical, int | float)
    return canonical
