"""What mutations on policies take, and how it becomes the drafts of the use-cases."""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Self

import strawberry
from strawberry.types import get_object_definition
from strawberry.types.arguments import InputContext

from app.policies import PolicyDraft
from gql import enums, inputs
from okr.errors import Code, Refusal
from okr.policy import Example, Scope
from okr.text import prose
from rules import condition as conditions
from rules.fields import LONGEST

CLEARABLE = ("overridable_by", "effective_from", "effective_to")


@strawberry.input(description="Where a policy should hold.")
class PolicyScopeInput:
    """A scope."""

    unit_ids: list[strawberry.ID] | None = strawberry.field(default=None, description="Only in these subtrees.")
    exempt_ids: list[strawberry.ID] | None = strawberry.field(default=None, description="But not in these.")
    levels: list[str] | None = strawberry.field(default=None, description="Only for units of these kinds.")
    cycle_ids: list[strawberry.ID] | None = strawberry.field(default=None, description="Only in these cycles.")


@strawberry.input(description="A parameter of a policy: a number in value, or a text.")
class PolicyParamInput:
    """A parameter."""

    name: str = strawberry.field(description="The parameter.")
    value: Decimal | None = strawberry.field(default=None, description="Its value, where it is a number.")
    text: str | None = strawberry.field(default=None, description="Its value, where it is a text.")


@strawberry.input(one_of=True, description="What a field is compared with: exactly one of these.")
class ClauseValueInput:
    """The value of a clause."""

    number: Decimal | None = strawberry.field(default=strawberry.UNSET, description="A number.")
    text: str | None = strawberry.field(default=strawberry.UNSET, description="A text, a choice or an id.")
    flag: bool | None = strawberry.field(default=strawberry.UNSET, description="Yes or no.")
    day: date | None = strawberry.field(default=strawberry.UNSET, description="A day.")
    numbers: list[Decimal] | None = strawberry.field(
        default=strawberry.UNSET, description="Numbers, for IN and BETWEEN."
    )
    texts: list[str] | None = strawberry.field(default=strawberry.UNSET, description="Texts, for IN.")
    param: str | None = strawberry.field(default=strawberry.UNSET, description="A parameter of the policy.")
    field: str | None = strawberry.field(default=strawberry.UNSET, description="Another field of the same fact.")


@strawberry.input(description="One comparison.")
class ClauseInput:
    """A clause."""

    field: str = strawberry.field(description="A field of the fact schema.")
    op: enums.Operator = strawberry.field(description="How it is compared.")
    value: ClauseValueInput | None = strawberry.field(
        default=None, description="What it is compared with; none for KNOWN and UNKNOWN."
    )


@strawberry.input(one_of=True, description="A condition: exactly one of these.")
class ConditionInput:
    """A node of the condition tree."""

    all: list["ConditionInput"] | None = strawberry.field(default=strawberry.UNSET, description="Every one of these.")
    any: list["ConditionInput"] | None = strawberry.field(
        default=strawberry.UNSET, description="At least one of these."
    )
    not_: "ConditionInput | None" = strawberry.field(name="not", default=strawberry.UNSET, description="Not this.")
    is_: ClauseInput | None = strawberry.field(name="is", default=strawberry.UNSET, description="This comparison.")
    too_large: strawberry.Private[str] = ""

    @classmethod
    def read(cls, value: Mapping[str, Any], context: InputContext) -> Self:
        """Return the node that `value` writes; of one that is too large only why, since reading it would cost much."""
        try:
            conditions.weigh(value)
        except Refusal as refusal:
            return cls(too_large=refusal.message)
        many = list[ConditionInput]
        types: Mapping[str, Any] = {"all": many, "any": many, "not": ConditionInput, "is": ClauseInput}
        ((name, written),) = value.items()
        part: Any = context.convert(written, types[name], name)
        return cls(**{f"{name}_" if name in ("not", "is") else name: part})


get_object_definition(ConditionInput, strict=True).from_input = lambda kind, *given: kind.read(*given)


@strawberry.input(description="A value of a field in a test case: exactly one of these.")
class FactValueInput:
    """What a fact says."""

    name: str = strawberry.field(description="The field of the fact schema.")
    number: Decimal | None = strawberry.field(default=None, description="A number.")
    text: str | None = strawberry.field(default=None, description="A text, a choice or an id.")
    flag: bool | None = strawberry.field(default=None, description="Yes or no.")
    day: date | None = strawberry.field(default=None, description="A day.")


@strawberry.input(description="A test case that the policy must pass before it is published.")
class PolicyTestInput:
    """A test case."""

    name: str = strawberry.field(description="What it shows.")
    fact: list[FactValueInput] = strawberry.field(description="What is known; all else is unknown.")
    expect: str = strawberry.field(description='What should come out: "match", "clear" or "unknown".')


@strawberry.input(description="A policy to save.")
class PolicyInput:
    """A policy."""

    key: str = strawberry.field(description="Its name for programs; a known one gets a new version.")
    template: str = strawberry.field(description='The template, or "custom" with a condition of your own.')
    unit_id: strawberry.ID | None = strawberry.field(
        default=None,
        description="Only what is different in this unit and below: params, mode, severity, hold, lock and dates.",
    )
    name: str | None = strawberry.field(default=None, description="What people call it.")
    name_vi: str | None = strawberry.field(default=None, description="What people call it in Vietnamese.")
    scope: PolicyScopeInput | None = strawberry.field(default=None, description="Where it holds; default: everywhere.")
    params: list[PolicyParamInput] | None = strawberry.field(
        default=None, description="Parameters that differ from the template's."
    )
    on: str | None = strawberry.field(
        default=None, description='Custom: the kind of fact ("kpi", "unit", "objective", "key_result").'
    )
    when: ConditionInput | None = strawberry.field(default=None, description="Custom: the condition.")
    action: enums.Action | None = strawberry.field(
        default=None, description="Custom: what it proposes; default: REVIEW."
    )
    message: str | None = strawberry.field(
        default=None, description="Custom: what is said of a match; {{name}} is its subject, {{field}} a value seen."
    )
    message_vi: str | None = strawberry.field(default=None, description="The same in Vietnamese.")
    mode: enums.PolicyMode | None = strawberry.field(default=None, description="Default: OBSERVE.")
    severity: enums.Severity | None = strawberry.field(default=None, description="Default: WARNING.")
    hold: int | None = strawberry.field(default=None, description="Days a match must last before it is shown.")
    clear: int | None = strawberry.field(default=None, description="Days its end must last before it is resolved.")
    cooldown: int | None = strawberry.field(default=None, description="Days of quiet after a dismissal.")
    expires: int | None = strawberry.field(default=None, description="Days until nobody is asked any more; 0: never.")
    overridable_by: enums.Role | None = strawberry.field(
        default=strawberry.UNSET,
        description="Who may go on against a block, with a reason; default: nobody, and null is nobody again.",
    )
    per_run: int | None = strawberry.field(
        default=None, description="AUTO: how many recommendations it accepts in one run; default: 10."
    )
    effective_from: date | None = strawberry.field(
        default=strawberry.UNSET, description="The first day on which it holds; null takes it away."
    )
    effective_to: date | None = strawberry.field(
        default=strawberry.UNSET, description="The last day on which it holds; null takes it away."
    )
    lock: list[str] | None = strawberry.field(
        default=None, description='What no unit below may change: "mode", "severity", "hold", "params", "params.NAME".'
    )
    tests: list[PolicyTestInput] | None = strawberry.field(default=None, description="Test cases; these replace all.")
    note: str | None = strawberry.field(default=None, description="Why.")


@strawberry.input(description="A version of a policy to put in force.")
class PublishPolicyInput:
    """A version of a policy, or of what a unit changes of it."""

    key: str = strawberry.field(description="The policy.")
    version: int = strawberry.field(description="The version.")
    unit_id: strawberry.ID | None = strawberry.field(
        default=None, description="The unit, for what a unit changes of the policy."
    )
    confirm: bool | None = strawberry.field(
        default=None, description="Publish although the preview warns that it matches more than half."
    )
    saved_at: datetime | None = strawberry.field(
        default=None,
        description="The draft's createdAt: refuse with CONFLICT where it was saved again since you looked at it.",
    )
    note: str | None = strawberry.field(default=None, description="Why.")
    client_mutation_id: str | None = inputs.once()


@strawberry.input(description="An earlier version of a policy to go back to.")
class RollBackPolicyInput:
    """An earlier version of a policy, or of what a unit changes of it."""

    key: str = strawberry.field(description="The policy.")
    version: int = strawberry.field(description="The version to go back to.")
    unit_id: strawberry.ID | None = strawberry.field(
        default=None, description="The unit, for what a unit changes of the policy."
    )
    confirm: bool | None = strawberry.field(
        default=None, description="Publish although the preview warns that it matches more than half."
    )
    note: str | None = strawberry.field(default=None, description="Why.")
    client_mutation_id: str | None = inputs.once()


@strawberry.input(description="A policy to take out of force.")
class RetirePolicyInput:
    """A policy, or what a unit changes of it."""

    key: str = strawberry.field(description="The policy.")
    unit_id: strawberry.ID | None = strawberry.field(
        default=None, description="The unit, for what a unit changes of the policy."
    )
    note: str | None = strawberry.field(default=None, description="Why.")
    client_mutation_id: str | None = inputs.once()


@strawberry.input(description="A policy to save as a draft.")
class SavePolicyInput:
    """A policy with the caller's word for it."""

    policy: PolicyInput = strawberry.field(description="The policy.")
    client_mutation_id: str | None = inputs.once()


def condition(given: ConditionInput, path: tuple[str, ...] = ("when",)) -> Mapping[str, object]:
    """Return a condition in the JSON form that policies are stored in; refuse one that is too large or empty."""
    if given.too_large:
        raise Refusal(Code.TOO_COMPLEX, given.too_large, path)
    for name, parts in (("all", given.all), ("any", given.any)):
        if parts:
            return {name: [condition(part, (*path, name, str(at))) for at, part in enumerate(parts)]}
    if given.not_:
        return {"not": condition(given.not_, (*path, "not"))}
    if given.is_:
        return _clause(given.is_, (*path, "value"))
    raise Refusal(Code.INVALID, "A condition of no parts says nothing; put a comparison in it.", path)


def _clause(given: ClauseInput, path: tuple[str, ...]) -> Mapping[str, object]:
    said: dict[str, object] = {"field": given.field, "op": given.op.value}
    if given.value is None:
        return said
    name, value = next((n, v) for n, v in vars(given.value).items() if v is not strawberry.UNSET and v is not None)
    match name:
        case "number":
            said["value"] = _number(value)
        case "numbers":
            said["value"] = [_number(one) for one in value]
        case "param":
            said["value"] = {"param": value}
        case "field":
            said["value"] = {"field": value}
        case "day":
            said["value"] = value.isoformat()
        case "text":
            said["value"] = prose(value, LONGEST, path)
        case "texts":
            said["value"] = [prose(one, LONGEST, path) for one in value]
        case _:
            said["value"] = value
    return said


def _number(value: Decimal) -> int | float:
    return int(value) if value == value.to_integral_value() else float(value)


def layer(unit_id: str | None) -> str:
    """Return the unit whose changes are meant, "" for the policy itself; an id left empty is no unit."""
    if unit_id == "":
        raise Refusal(Code.NOT_FOUND, "There is no such unit.", ("unitId",))
    return unit_id or ""


def policy(given: PolicyInput) -> PolicyDraft:
    """Return the draft of a policy."""
    scope = given.scope
    once_each([one.name for one in given.params or ()], "params")
    return PolicyDraft(
        key=given.key,
        template=given.template,
        layer=layer(given.unit_id),
        name=given.name,
        name_vi=given.name_vi,
        scope=None
        if scope is None
        else Scope(
            units=inputs.few(scope.unit_ids, "scope", "unitIds"),  # type: ignore[arg-type]  # ids are strings
            exempt=inputs.few(scope.exempt_ids, "scope", "exemptIds"),  # type: ignore[arg-type]  # ids are strings
            levels=inputs.few(scope.levels, "scope", "levels"),
            cycles=inputs.few(scope.cycle_ids, "scope", "cycleIds"),  # type: ignore[arg-type]  # ids are strings
        ),
        params=None if given.params is None else {one.name: _parameter(one) for one in given.params},
        on=given.on,
        when=None if given.when is None else condition(given.when),
        action=None if given.action is None else given.action.value,
        message=inputs.retitled(given.message, given.message_vi, "message"),
        mode=given.mode,
        severity=given.severity,
        hold=given.hold,
        clear=given.clear,
        cooldown=given.cooldown,
        expires=given.expires,
        overridable_by=given.overridable_by.value if given.overridable_by else None,
        per_run=given.per_run,
        effective_from=given.effective_from or None,
        effective_to=given.effective_to or None,
        clears=tuple(name for name in CLEARABLE if getattr(given, name) is None),
        lock=None if given.lock is None else inputs.few(given.lock, "lock"),
        tests=None if given.tests is None else _tests(given.tests),
        note=given.note or "",
    )


def _tests(given: list[PolicyTestInput]) -> tuple[Example, ...]:
    inputs.few([one.name for one in given], "tests")
    return tuple(_test(one, at) for at, one in enumerate(given))


def _test(given: PolicyTestInput, at: int) -> Example:
    fact: dict[str, object] = {}
    once_each([one.name for one in given.fact], "tests", str(at), "fact")
    for place, one in enumerate(given.fact):
        said = [value for value in (one.number, one.text, one.flag, one.day) if value is not None]
        if len(said) != 1:
            where = ("tests", str(at), "fact", str(place))
            raise Refusal(Code.INVALID, f'Give "{one.name}" a number, a text, a flag or a day: one of them.', where)
        (value,) = said
        if isinstance(value, date):
            value = value.isoformat()
        fact[one.name] = _number(value) if isinstance(value, Decimal) else value
    return Example(name=given.name, fact=fact, expect=given.expect)


def once_each(names: list[str], *at: str) -> None:
    """Refuse a list in which something is named twice."""
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise Refusal(Code.DUPLICATE, f'"{twice[:80]}" is given twice; keep one of the two.', at)


def _parameter(given: PolicyParamInput) -> Decimal | str:
    if (given.value is None) == (given.text is None):
        raise Refusal(Code.INVALID, f'Give "{given.name}" a value or a text, one of the two.', ("params", given.name))
    return given.value if given.value is not None else str(given.text)
