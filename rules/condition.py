"""The condition of a policy as a typed tree, and the JSON form in which people write and keep it."""

import math
import unicodedata
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import assert_never

from okr.errors import Code, Refusal, did_you_mean
from rules import fields
from rules.fields import Operator, Scalar, Values

DEPTH = 20
CLAUSES = 200
GROUPS = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Param:
    """A parameter of the policy, by name: the number that an administrator fills in."""

    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldRef:
    """Another field of the same fact, multiplied by `times` where it is a number."""

    field: str
    times: int | float | Param = 1

    def seen_in(self, fact: Values) -> Scalar | None:
        """Return the value in `fact`, canonical again after the multiplication; None where it is not known."""
        value = fact.get(self.field)
        if self.times == 1 or value is None:
            return value
        if isinstance(self.times, Param) or isinstance(value, str):
            raise TypeError(f"{self} was not bound before it was evaluated.")
        return fields.number(value * self.times)


Value = Scalar | Param | FieldRef | tuple[Scalar | Param, ...] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Clause:
    """One comparison of a field; `known` and `unknown` take no value, `between` and `in` several, as one tuple."""

    field: str
    op: Operator
    value: Value = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AllOf:
    """Every one of `parts` holds."""

    parts: tuple["Condition", ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AnyOf:
    """At least one of `parts` holds."""

    parts: tuple["Condition", ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Negation:
    """`part` is known not to hold: a comparison with an unknown value is never true, negated or not."""

    part: "Condition"


Condition = AllOf | AnyOf | Negation | Clause


class Budget:
    """The size of a tree as far as it has been read; it refuses (TOO_COMPLEX) once no policy needs that much."""

    def __init__(self) -> None:
        self._clauses = 0
        self._groups = 0

    def enter(self, node: str, depth: int, path: tuple[str, ...]) -> None:
        """Count a "clause", "group" or "negation" that lies `depth` levels below the top, at `path`."""
        self._clauses += node == "clause"
        self._groups += node == "group"
        for found, most, what in (
            (depth, DEPTH, "levels of nesting"),
            (self._clauses, CLAUSES, "clauses"),
            (self._groups, GROUPS, "groups of all or any"),
        ):
            if found > most:
                raise Refusal(
                    Code.TOO_COMPLEX, f"A condition has at most {most} {what}; split it into several policies.", path
                )


def weigh(raw: object) -> None:
    """Refuse a written condition that is larger than `parse` takes, having looked at no more of it than that.

    This is for what is costly to convert before it can be parsed; whatever is no group or negation counts as a clause.
    """
    _weigh(raw, 0, Budget())


def parse(raw: object) -> Condition:
    """Return the tree that `raw` writes; refuse any other shape, and sizes that no policy needs.

    `raw` is `{"all": […]}`, `{"any": […]}`, `{"not": …}` or `{"field": …, "op": …, "value": …}`; a value is a
    literal, a list of literals, `{"param": …}` or `{"field": …, "times": …}`. Names and types are for `binding.bind`
    to check.
    """
    return _parse(raw, (), 0, Budget())


def dump(condition: Condition) -> dict[str, object]:
    """Return `condition` in the form that `parse` reads."""
    match condition:
        case AllOf(parts=parts):
            return {"all": [dump(part) for part in parts]}
        case AnyOf(parts=parts):
            return {"any": [dump(part) for part in parts]}
        case Negation(part=part):
            return {"not": dump(part)}
        case Clause(field=field, op=op):
            written = {} if condition.value is None else {"value": _dump_value(condition.value)}
            return {"field": field, "op": op.value, **written}
        case _:
            assert_never(condition)


def _dump_value(value: Value) -> object:
    match value:
        case Param(name=name):
            return {"param": name}
        case FieldRef(field=field, times=times):
            return {"field": field} if times == 1 else {"field": field, "times": _dump_value(times)}
        case tuple():
            return [_dump_value(one) for one in value]
        case _:
            return value


def _weigh(raw: object, depth: int, budget: Budget) -> None:
    match raw:
        case {"all": list() | tuple() as parts} | {"any": list() | tuple() as parts}:
            budget.enter("group", depth, ())
            for part in parts:
                _weigh(part, depth + 1, budget)
        case {"not": part}:
            budget.enter("negation", depth, ())
            _weigh(part, depth + 1, budget)
        case _:
            budget.enter("clause", depth, ())


def _parse(raw: object, path: tuple[str, ...], depth: int, budget: Budget) -> Condition:
    match raw:
        case {"all": parts, **others} if not others:
            return AllOf(parts=_parse_parts(parts, (*path, "all"), depth, budget))
        case {"any": parts, **others} if not others:
            return AnyOf(parts=_parse_parts(parts, (*path, "any"), depth, budget))
        case {"not": part, **others} if not others:
            budget.enter("negation", depth, path)
            return Negation(part=_parse(part, (*path, "not"), depth + 1, budget))
        case {"field": field, "op": op, **others}:
            budget.enter("clause", depth, path)
            if not others.keys() <= {"value"}:
                raise Refusal(Code.INVALID, "A clause has a field, an op and a value, and nothing else.", path)
            value = _parse_value(others.get("value"), (*path, "value"))
            return Clause(
                field=_parse_name(field, (*path, "field")), op=_parse_operator(op, (*path, "op")), value=value
            )
        case _:
            shapes = '{"all": […]}, {"any": […]}, {"not": …} or {"field": …, "op": …, "value": …}'
            raise Refusal(Code.INVALID, f"A condition is written {shapes}; this is none of them.", path)


def _parse_parts(raw: object, path: tuple[str, ...], depth: int, budget: Budget) -> tuple[Condition, ...]:
    budget.enter("group", depth, path[:-1])
    if not isinstance(raw, list | tuple) or not raw:
        raise Refusal(Code.INVALID, f'"{path[-1]}" takes a list of at least one condition.', path)
    return tuple(_parse(part, (*path, str(at)), depth + 1, budget) for at, part in enumerate(raw))


def _parse_operator(raw: object, path: tuple[str, ...]) -> Operator:
    name = _parse_name(raw, path)
    if name not in set(Operator):
        raise Refusal(Code.INVALID, f'"{name[:80]}" is not an operator.{did_you_mean(name, set(Operator))}', path)
    return Operator(name)


def _parse_value(raw: object, path: tuple[str, ...]) -> Value:
    match raw:
        case {"field": field, **others} if others.keys() <= {"times"}:
            times = _parse_times(others.get("times", 1), (*path, "times"))
            return FieldRef(field=_parse_name(field, (*path, "field")), times=times)
        case list() | tuple():
            if len(raw) > CLAUSES:
                raise Refusal(Code.TOO_COMPLEX, f"A list has at most {CLAUSES} values; this has {len(raw):,}.", path)
            return tuple(_parse_single(one, (*path, str(at))) for at, one in enumerate(raw))
        case None:
            return None
        case _:
            return _parse_single(raw, path)


def _parse_times(raw: object, path: tuple[str, ...]) -> int | float | Param:
    times = _parse_single(raw, path)
    if isinstance(times, bool | str):
        raise Refusal(Code.WRONG_TYPE, "A field is multiplied by a number, or by a parameter that is one.", path)
    return times


def _parse_single(raw: object, path: tuple[str, ...]) -> Scalar | Param:
    match raw:
        case {"param": name, **others} if not others:
            return Param(name=_parse_name(name, (*path, "param")))
        case bool() | int() | float() | str():
            return raw
        case Decimal():
            return float(raw) if raw.is_finite() else math.nan
        case date():
            return raw.isoformat()
        case _:
            shapes = 'a number, a text, true or false, {"param": …} or {"field": …, "times": …}'
            raise Refusal(Code.INVALID, f"A value is {shapes}; this is none of them.", path)


def _parse_name(raw: object, path: tuple[str, ...]) -> str:
    if not isinstance(raw, str):
        raise Refusal(Code.INVALID, "A name is a text.", path)
    return unicodedata.normalize("NFC", raw[: fields.LONGEST])
