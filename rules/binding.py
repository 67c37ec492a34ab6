"""Checks a written condition against its fields and puts the parameters in; nothing unchecked is ever evaluated."""

from collections.abc import Mapping
from typing import assert_never

from okr.errors import Code, Refusal, did_you_mean
from rules import fields, normal
from rules.condition import AllOf, AnyOf, Budget, Clause, Condition, FieldRef, Negation, Param, Value
from rules.fields import FactKind, Field, FieldType, Operator, Scalar

CALLED: Mapping[FieldType, str] = {
    FieldType.NUMBER: "a number",
    FieldType.DAY: "a day",
    FieldType.BOOLEAN: "true or false",
    FieldType.CHOICE: "a choice",
    FieldType.REFERENCE: "a key",
    FieldType.TEXT: "a text",
}
"""What the value of a field is called in a sentence."""

Path = tuple[str, ...]


def bind(condition: Condition, kind: FactKind, params: Mapping[str, object]) -> Condition:
    """Return `condition` on facts of `kind`, with the values of `params` in it and every literal canonical.

    Refuses unknown fields and parameters (with the nearest known name), operators that the field's type lacks, values
    of another type, empty groups, a `between` whose ends are swapped, and more than the engine takes (TOO_COMPLEX).
    The refusal's field is the path in the JSON form.
    """
    bound = _Binder(kind, params).bind(condition, (), 0)
    normal.normalise(bound)
    return bound


class _Binder:
    def __init__(self, kind: FactKind, params: Mapping[str, object]) -> None:
        self._kind = kind
        self._params = params
        self._budget = Budget()

    def bind(self, condition: Condition, path: Path, depth: int) -> Condition:
        match condition:
            case AllOf(parts=parts):
                return AllOf(parts=self._parts(parts, (*path, "all"), depth))
            case AnyOf(parts=parts):
                return AnyOf(parts=self._parts(parts, (*path, "any"), depth))
            case Negation(part=part):
                self._budget.enter("negation", depth, path)
                return Negation(part=self.bind(part, (*path, "not"), depth + 1))
            case Clause():
                self._budget.enter("clause", depth, path)
                return self._clause(condition, path)
            case _:
                assert_never(condition)

    def _parts(self, parts: tuple[Condition, ...], path: Path, depth: int) -> tuple[Condition, ...]:
        self._budget.enter("group", depth, path[:-1])
        if not parts:
            raise Refusal(Code.INVALID, f'"{path[-1]}" takes at least one condition.', path)
        return tuple(self.bind(part, (*path, str(at)), depth + 1) for at, part in enumerate(parts))

    def _clause(self, clause: Clause, path: Path) -> Clause:
        field = self._field(clause.field, (*path, "field"))
        if clause.op not in field.operators:
            usable = ", ".join(field.operators)
            message = (
                f'"{clause.op}" does not apply to {field.label}, which is {CALLED[field.type]}; use one of {usable}.'
            )
            raise Refusal(Code.WRONG_TYPE, message, (*path, "op"))
        return Clause(field=field.name, op=clause.op, value=self._value(clause, field, (*path, "value")))

    def _value(self, clause: Clause, field: Field, path: Path) -> Value:
        match clause.op:
            case Operator.KNOWN | Operator.UNKNOWN:
                if clause.value is not None:
                    raise Refusal(Code.INVALID, f'"{clause.op}" takes no value.', path)
                return None
            case Operator.BETWEEN:
                low, high = self._list(clause, field, path, exactly=2)
                if isinstance(low, str) or isinstance(high, str) or low > high:
                    raise Refusal(Code.INVALID, '"between" takes the lower end first.', path)
                return (low, high)
            case Operator.IN:
                return tuple(dict.fromkeys(self._list(clause, field, path)))
            case _:
                if isinstance(clause.value, FieldRef):
                    return self._reference(clause.value, field, path)
                return _literal(self._given(clause.value, path), field, path)

    def _list(self, clause: Clause, field: Field, path: Path, exactly: int | None = None) -> tuple[Scalar, ...]:
        given = self._given(clause.value, path)
        if not isinstance(given, list | tuple) or not given or (exactly and len(given) != exactly):
            raise Refusal(Code.INVALID, f'"{clause.op}" takes a list of {exactly or "some"} values.', path)
        return tuple(_literal(self._given(one, path), field, (*path, str(at))) for at, one in enumerate(given))

    def _given(self, value: object, path: Path) -> object:
        if not isinstance(value, Param):
            return value
        if value.name in self._params:
            return self._params[value.name]
        hint = did_you_mean(value.name, self._params) or " Add it to the parameters, or write the value itself."
        raise Refusal(Code.INVALID, f'"{value.name[:80]}" is not a parameter of this policy.{hint}', (*path, "param"))

    def _reference(self, reference: FieldRef, field: Field, path: Path) -> FieldRef:
        other = self._field(reference.field, (*path, "field"))
        if other.type is not field.type:
            sides = f"{field.label} is {CALLED[field.type]} and {other.label} is {CALLED[other.type]}"
            raise Refusal(Code.WRONG_TYPE, f"{sides}; compare like with like.", (*path, "field"))
        if reference.times == 1:
            return FieldRef(field=other.name)
        times = fields.number(self._given(reference.times, (*path, "times")))
        if times is None or other.type is not FieldType.NUMBER:
            raise Refusal(Code.WRONG_TYPE, "Only a number is multiplied, and by a number.", (*path, "times"))
        return FieldRef(field=other.name, times=times)

    def _field(self, name: str, path: Path) -> Field:
        try:
            return self._kind.field(name)
        except Refusal as refusal:
            raise refusal.under(*path) from None


def _literal(value: object, field: Field, path: Path) -> Scalar:
    if value is None:
        raise Refusal(Code.INVALID, "A value is missing here; to ask whether one is known use known or unknown.", path)
    if isinstance(value, str) and len(value) > fields.LONGEST:
        raise Refusal(Code.TOO_LONG, f"A value has at most {fields.LONGEST} characters; this has {len(value):,}.", path)
    literal = fields.canonical_value(field.type, value)
    if (
        literal is None
        and field.type is FieldType.NUMBER
        and isinstance(value, int | float)
        and not isinstance(value, bool)
    ):
        raise Refusal(Code.NOT_FINITE, "A number is finite and below 1e15 in size.", path)
    if literal is None or (field.type is FieldType.DAY and isinstance(value, int)):
        such = ', such as "2026-07-01"' if field.type is FieldType.DAY else ""
        said = f"{field.label} is {CALLED[field.type]}, and this is not one; compare it with one{such}."
        raise Refusal(Code.WRONG_TYPE, said, path)
    choices = [choice.value for choice in field.choices]
    if choices and literal not in choices:
        hint = did_you_mean(str(literal), choices)
        raise Refusal(Code.INVALID, f'"{str(literal)[:80]}" is not a choice of {field.label}.{hint}', path)
    return literal
