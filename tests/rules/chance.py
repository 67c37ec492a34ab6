"""Random conditions and facts over the test schema: few distinct values, so that most comparisons are close calls."""

import math
from collections.abc import Mapping
from decimal import Decimal
from random import Random

from okr.errors import Refusal
from rules import fields
from rules.condition import Condition
from rules.fields import Field, FieldType, Operator
from tests.rules.builders import CHOICES, KIND, bound

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
    FieldType.DAY: (*ODD_NUMBERS, "soon", "2026-01-01 10:00", 20_454),
    FieldType.BOOLEAN: (0, 1, 1.0, "true", "", None),
    FieldType.CHOICE: (*ODD_KEYS, "another"),
    FieldType.REFERENCE: ODD_KEYS,
    FieldType.TEXT: ODD_KEYS,
}


def some_condition(random: Random) -> Condition:
    """Return a bound condition that the engine takes."""
    while True:
        try:
            return bound(_some_tree(random, depth=random.choice((0, 1, 2, 2, 3))))
        except Refusal as refusal:
            if refusal.code != "TOO_COMPLEX":
                raise


def some_fact(random: Random) -> dict[str, object]:
    """Return the values of a fact, a third of them absent or odd."""
    said: dict[str, object] = {}
    for field in KIND.fields:
        match random.choices(("known", "absent", "odd", "any"), (60, 20, 12, 8))[0]:
            case "known":
                said[field.name] = random.choice(LITERALS[field.type])
            case "odd":
                said[field.name] = random.choice(ODD[field.type])
            case "any":
                said[field.name] = random.choice(LITERALS[random.choice(list(FieldType))])
            case _:
                pass
    return said


def _some_tree(random: Random, depth: int) -> dict[str, object]:
    if depth == 0:
        return _some_clause(random)
    match random.choice(("all", "any", "not")):
        case "not":
            return {"not": _some_tree(random, depth - 1)}
        case group:
            return {group: [_some_tree(random, random.randrange(depth)) for _ in range(random.choice((1, 2, 2, 3)))]}


def _some_clause(random: Random) -> dict[str, object]:
    field = random.choice(KIND.fields)
    op = random.choice(field.operators)
    return {"field": field.name, "op": op.value} | _some_value(random, field, op)


def _some_value(random: Random, field: Field, op: Operator) -> dict[str, object]:
    literals = LITERALS[field.type]
    match op:
        case Operator.KNOWN | Operator.UNKNOWN:
            return {}
        case Operator.BETWEEN:
            low, high = sorted(random.choices(literals, k=2), key=lambda one: _order(field, one))
            return {"value": [low, high]}
        case Operator.IN:
            return {"value": random.choices(literals, k=random.choice((1, 2, 3)))}
        case _ if random.random() < 0.3:
            other = random.choice([one for one in KIND.fields if one.type is field.type])
            times = {"times": random.choice(TIMES)} if field.type is FieldType.NUMBER else {}
            return {"value": {"field": other.name, **times}}
        case _:
            return {"value": random.choice(literals)}


def _order(field: Field, literal: object) -> float:
    canonical = fields.canonical_value(field.type, literal)
    assert isinstance(canonical, int | float)
    return canonical
