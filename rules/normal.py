"""Conditions in normal form: what the engine is given, and how much of it there would be."""

import itertools
import math
from typing import assert_never

from okr.errors import Code, Refusal
from rules.condition import AllOf, AnyOf, Clause, Condition, FieldRef, Negation
from rules.fields import Operator

ALTERNATIVES = 24
LEAVES = 200
REFERENCES = 100

_OPPOSITE = {
    Operator.LT: Operator.GTE,
    Operator.GTE: Operator.LT,
    Operator.GT: Operator.LTE,
    Operator.LTE: Operator.GT,
    Operator.EQ: Operator.NE,
    Operator.NE: Operator.EQ,
    Operator.KNOWN: Operator.UNKNOWN,
    Operator.UNKNOWN: Operator.KNOWN,
}


def normalise(condition: Condition) -> Condition:
    """Return an equal condition of clauses under all and any alone; refuse (TOO_COMPLEX) more than the engine takes.

    Negation moves down to the clauses, where it turns the operator: that keeps its meaning, because a comparison with
    an unknown value is true neither way. `between` and `in` become groups of plain comparisons; groups of one
    dissolve.
    """
    normal = _push_down(condition, negated=False)
    leaves = _leaves(normal)
    references = {FieldRef(field=leaf.field) for leaf in leaves} | {
        leaf.value for leaf in leaves if isinstance(leaf.value, FieldRef)
    }
    for found, most, what in (
        (
            _ways(normal),
            ALTERNATIVES,
            "alternatives (each branch of any and each value of in is one, and all multiplies them)",
        ),
        (len(leaves), LEAVES, "comparisons (each value of in is one)"),
        (len(references), REFERENCES, "fields"),
    ):
        if found > most:
            raise Refusal(
                Code.TOO_COMPLEX, f"A condition comes to at most {most} {what}; split it into several policies."
            )
    return normal


def alternatives(condition: Condition) -> tuple[tuple[Clause, ...], ...]:
    """Return the ways in which `condition` can hold, each a list of plain comparisons that hold together.

    Refuses as `normalise` does.
    """
    return _expand(normalise(condition))


def opposite(clause: Clause) -> Clause:
    """Return the plain comparison that holds where `clause`, which is one too, is known not to."""
    return Clause(field=clause.field, op=_OPPOSITE[clause.op], value=clause.value)


def _push_down(condition: Condition, *, negated: bool) -> Condition:
    match condition:
        case AllOf(parts=parts) | AnyOf(parts=parts):
            pushed = [_push_down(part, negated=negated) for part in parts]
            return _group(AllOf if isinstance(condition, AllOf) != negated else AnyOf, pushed)
        case Negation(part=part):
            return _push_down(part, negated=not negated)
        case Clause(field=field, op=Operator.BETWEEN, value=(low, high)):
            ends = ((Operator.LT, low), (Operator.GT, high)) if negated else ((Operator.GTE, low), (Operator.LTE, high))
            return _group(AnyOf if negated else AllOf, [Clause(field=field, op=op, value=end) for op, end in ends])
        case Clause(field=field, op=Operator.IN, value=tuple(values)):
            op = Operator.NE if negated else Operator.EQ
            return _group(AllOf if negated else AnyOf, [Clause(field=field, op=op, value=value) for value in values])
        case Clause():
            return opposite(condition) if negated else condition
        case _:
            assert_never(condition)


def _group(kind: type[AllOf] | type[AnyOf], parts: list[Condition]) -> Condition:
    flat: dict[Condition, None] = {}
    for part in parts:
        flat.update(dict.fromkeys(part.parts if isinstance(part, kind) else (part,)))
    return kind(parts=tuple(flat)) if len(flat) > 1 else next(iter(flat))


def _leaves(normal: Condition) -> list[Clause]:
    match normal:
        case AllOf(parts=parts) | AnyOf(parts=parts):
            return [leaf for part in parts for leaf in _leaves(part)]
        case Negation(part=part):
            return _leaves(part)
        case Clause():
            return [normal]
        case _:
            assert_never(normal)


def _ways(normal: Condition) -> int:
    match normal:
        case AllOf(parts=parts):
            return math.prod(_ways(part) for part in parts)
        case AnyOf(parts=parts):
            return sum(_ways(part) for part in parts)
        case Negation() | Clause():
            return 1
        case _:
            assert_never(normal)


def _expand(normal: Condition) -> tuple[tuple[Clause, ...], ...]:
    match normal:
        case AllOf(parts=parts):
            combined = itertools.product(*(_expand(part) for part in parts))
            return tuple(dict.fromkeys(tuple(dict.fromkeys(itertools.chain.from_iterable(one))) for one in combined))
        case AnyOf(parts=parts):
            return tuple(dict.fromkeys(itertools.chain.from_iterable(_expand(part) for part in parts)))
        case Clause():
            return ((normal,),)
        case Negation():
            raise TypeError("A normal form holds no negation.")
        case _:
            assert_never(normal)
