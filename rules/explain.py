"""The reference evaluator: whether a fact meets a condition, and what was seen at every step of the answer."""

import operator
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import assert_never

from rules.condition import AllOf, AnyOf, Clause, Condition, FieldRef, Negation, Param, dump
from rules.fields import Operator, Scalar, Values

_Operand = Scalar | tuple[Scalar, ...] | None
_PRESENCE = (Operator.KNOWN, Operator.UNKNOWN)


class Outcome(StrEnum):
    """What a condition says of a fact; UNKNOWN is no match, but what is not known could make it one."""

    MATCH = "match"
    CLEAR = "clear"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """A condition with its outcome on one fact and the traces of its parts.

    For a clause `seen` is the field's value and `against` what it was compared with (the product, where a field is
    multiplied); both are None where nothing is known.
    """

    condition: Condition
    outcome: Outcome
    parts: tuple["Trace", ...] = ()
    seen: Scalar | None = None
    against: _Operand = None

    def dump(self) -> dict[str, object]:
        """Return the trace in JSON's terms: the condition's own form with `outcome`, `seen` and `against` added."""
        said = str(self.outcome)
        parts = [part.dump() for part in self.parts]
        match self.condition:
            case AllOf():
                return {"outcome": said, "all": parts}
            case AnyOf():
                return {"outcome": said, "any": parts}
            case Negation():
                return {"outcome": said, "not": parts[0]}
            case Clause():
                against = list(self.against) if isinstance(self.against, tuple) else self.against
                return {"outcome": said, **dump(self.condition), "seen": self.seen, "against": against}
            case _:
                assert_never(self.condition)


def outcome(condition: Condition, fact: Values) -> Outcome:
    """Return whether the canonical `fact` meets the bound `condition`.

    Logic is three-valued, as in SQL: a comparison with a value that is not known is unknown, and so is its negation;
    `all` is clear once a part is, `any` matches once a part does. Only `known` and `unknown` are never unknown
    themselves.
    """
    match condition:
        case Clause():
            return _compare(condition, fact.get(condition.field), _against(condition, fact))
        case AllOf(parts=parts):
            return _all(outcome(part, fact) for part in parts)
        case AnyOf(parts=parts):
            return _any(outcome(part, fact) for part in parts)
        case Negation(part=part):
            return _NEGATED[outcome(part, fact)]
        case _:
            assert_never(condition)


def explain(condition: Condition, fact: Values) -> Trace:
    """Return what `outcome` says of the two, with everything that was seen on the way."""
    match condition:
        case Clause():
            seen, against = fact.get(condition.field), _against(condition, fact)
            found = _compare(condition, seen, against)
            return Trace(condition=condition, outcome=found, seen=seen, against=against)
        case AllOf(parts=parts) | AnyOf(parts=parts):
            traces = tuple([explain(part, fact) for part in parts])
            combine = _all if isinstance(condition, AllOf) else _any
            return Trace(condition=condition, outcome=combine(trace.outcome for trace in traces), parts=traces)
        case Negation(part=part):
            trace = explain(part, fact)
            return Trace(condition=condition, outcome=_NEGATED[trace.outcome], parts=(trace,))
        case _:
            assert_never(condition)


_NEGATED = {Outcome.MATCH: Outcome.CLEAR, Outcome.CLEAR: Outcome.MATCH, Outcome.UNKNOWN: Outcome.UNKNOWN}

_HOLDS: Mapping[Operator, Callable[..., bool]] = {
    Operator.LT: operator.lt,
    Operator.LTE: operator.le,
    Operator.GT: operator.gt,
    Operator.GTE: operator.ge,
    Operator.EQ: operator.eq,
    Operator.NE: operator.ne,
    Operator.BETWEEN: lambda seen, ends: ends[0] <= seen <= ends[1],
    Operator.IN: lambda seen, values: seen in values,
    Operator.KNOWN: lambda seen, _: seen is not None,
    Operator.UNKNOWN: lambda seen, _: seen is None,
}


def _compare(clause: Clause, seen: Scalar | None, against: _Operand) -> Outcome:
    if (seen is None or against is None) and clause.op not in _PRESENCE:
        return Outcome.UNKNOWN
    return Outcome.MATCH if _HOLDS[clause.op](seen, against) else Outcome.CLEAR


def _all(outcomes: Iterable[Outcome]) -> Outcome:
    found = Outcome.MATCH
    for one in outcomes:
        if one is Outcome.CLEAR:
            return one
        if one is Outcome.UNKNOWN:
            found = one
    return found


def _any(outcomes: Iterable[Outcome]) -> Outcome:
    found = Outcome.CLEAR
    for one in outcomes:
        if one is Outcome.MATCH:
            return one
        if one is Outcome.UNKNOWN:
            found = one
    return found


def _against(clause: Clause, fact: Values) -> _Operand:
    value = clause.value
    if isinstance(value, FieldRef):
        return value.seen_in(fact)
    if isinstance(value, tuple):
        return tuple([_bound(one) for one in value])
    return None if value is None else _bound(value)


def _bound(value: Scalar | Param) -> Scalar:
    if isinstance(value, Param):
        raise TypeError("A condition is bound before it is evaluated.")
    return value
