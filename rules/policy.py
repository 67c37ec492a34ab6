"""Policies made ready to judge: checked when they are saved, resolved with their template, and held to their scope."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import assert_never

import orjson

from okr.errors import Code, Refusal, did_you_mean
from okr.filing import Terms
from okr.number import measured, plain
from okr.org import Role
from okr.policy import Policy, PolicyMode, PolicyState
from okr.recommendation import Action
from okr.snapshot import Snapshot
from okr.text import Text, line, prose
from rules import binding, condition
from rules.condition import AllOf, AnyOf, Clause, Condition, FieldRef, Negation
from rules.fields import FactKind
from rules.schema import KINDS
from rules.template import CUSTOM, TEMPLATES, Escalation, Parameter, Template

REVERSIBLE = (Action.CREATE_OBJECTIVE, Action.NAME_OWNER, Action.REMIND)
"""What AUTO may do: a draft is withdrawn, an owner renamed, a reminder ignored; a ratchet does not turn back."""

BLOCKABLE = ("unit",)
"""Kinds whose facts are known before a write, so that a custom policy on them may block it."""

LONGEST_DAYS = 365
MOST_PARAMS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolved:
    """A policy with everything its template supplies; `condition` is bound to the parameters and fit for the engine."""

    policy: Policy
    kind: FactKind
    condition: Condition
    params: Mapping[str, Decimal | str]
    action: Action
    title: Text
    objective: Text | None = None
    escalation: Escalation | None = None
    limits_goals: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One value that holds for a policy, and where it came from: "policy" or "template"."""

    name: str
    value: Decimal | str
    origin: str


def check(policy: Policy, snapshot: Snapshot) -> None:
    """Refuse a policy that could not be evaluated as written in this organisation, at the field that is at fault."""
    line(policy.key, 80, ("key",))
    line(policy.name, field=("name",))
    prose(policy.note, field=("note",))
    template = _template(policy)
    if template is None:
        _check_custom(policy)
    else:
        _check_params(template, policy.params)
        if policy.when is not None:
            said = f'The template supplies the condition; to write one choose the template "{CUSTOM}".'
            raise Refusal(Code.INVALID, said, ("when",))
    resolved = resolve(policy)
    _check_times(policy)
    _check_scope(policy, snapshot)
    _check_mode(policy, resolved, blockable=template.blockable if template else policy.on in BLOCKABLE)


def resolve(policy: Policy) -> Resolved:
    """Return the policy with what its template supplies; refuse an unknown template, field, operator or parameter."""
    template = _template(policy)
    if template is None:
        kind = KINDS.get(policy.on)
        if kind is None:
            raise Refusal(
                Code.INVALID, f'"{policy.on[:80]}" is not a kind of fact.{did_you_mean(policy.on, KINDS)}', ("on",)
            )
        return Resolved(
            policy=policy,
            kind=kind,
            condition=_bound(kind, policy.when, policy.params),
            params=policy.params,
            action=Action.REVIEW,
            title=Text(original=f"{line(policy.name, field=('name',))[:80]}: {{{{name}}}}"),
        )
    params = template.params(policy.params)
    return Resolved(
        policy=policy,
        kind=KINDS[template.on],
        condition=_bound(KINDS[template.on], template.when, params),
        params=params,
        action=template.action,
        title=template.title,
        objective=template.objective,
        escalation=template.escalation,
        limits_goals=template.blockable,
    )


def holds(policy: Policy, snapshot: Snapshot, unit: str, cycle: str | None, day: date) -> bool:
    """Tell whether a policy is in force for a unit in a cycle on a local day; both ends of its dates are included.

    A scope of units means their subtrees, less the exempt ones. Where there is no cycle (a KPI), a scope of cycles
    means the days of these cycles.
    """
    scope, path = policy.scope, snapshot.paths[unit]
    if (policy.effective_from and day < policy.effective_from) or (policy.effective_to and day > policy.effective_to):
        return False
    if (scope.units and not set(scope.units) & set(path)) or set(scope.exempt) & set(path):
        return False
    if scope.levels and snapshot.units[unit].kind not in scope.levels:
        return False
    if not scope.cycles:
        return True
    if cycle is not None:
        return cycle in scope.cycles
    named = (snapshot.cycles[key] for key in scope.cycles if key in snapshot.cycles)
    return any(each.first <= day <= each.last for each in named)


def reads(condition: Condition) -> frozenset[str]:
    """Return the fields that a condition asks for."""
    match condition:
        case AllOf(parts=parts) | AnyOf(parts=parts):
            return frozenset(field for part in parts for field in reads(part))
        case Negation(part=part):
            return reads(part)
        case Clause(field=field, value=FieldRef(field=other)):
            return frozenset((field, other))
        case Clause(field=field):
            return frozenset((field,))
        case never:
            assert_never(never)


def settings(policy: Policy) -> tuple[Setting, ...]:
    """Return the parameters that hold for a policy, each with where it came from."""
    template = _template(policy)
    if template is None:
        return tuple(Setting(name=name, value=value, origin="policy") for name, value in policy.params.items())
    return tuple(
        Setting(name=name, value=value, origin="policy" if name in policy.params else "template")
        for name, value in template.params(policy.params).items()
    )


def terms(policy: Policy) -> Terms:
    """Return how long the policy waits."""
    return Terms(hold=policy.hold, clear=policy.clear, cooldown=policy.cooldown, expires=policy.expires)


def drafted(template: Template, key: str, author: str, at: datetime) -> Policy:
    """Return a first draft of a policy from a template, with the template's own mode, severity and times."""
    return Policy(
        key=key,
        version=1,
        state=PolicyState.DRAFT,
        template=template.key,
        name=template.name.original,
        mode=template.mode,
        severity=template.severity,
        params={},
        on=template.on,
        hold=template.hold,
        clear=template.clear,
        cooldown=template.cooldown,
        expires=template.expires,
        author=author,
        created_at=at,
    )


def defaults(author: str, at: datetime) -> tuple[Policy, ...]:
    """Return the shipped policies, published, each under its template's name with dashes for a key."""
    return tuple(
        replace(drafted(template, template.key.replace("_", "-"), author, at), state=PolicyState.PUBLISHED)
        for template in TEMPLATES.values()
    )


def policy_set(policies: Iterable[Policy]) -> str:
    """Return a hash of what is evaluated: equal sets of policies give equal words, in any order."""
    written = sorted(orjson.dumps(policy, default=str, option=orjson.OPT_SORT_KEYS) for policy in policies)
    return hashlib.sha256(b"\n".join(written)).hexdigest()[:16]


def _template(policy: Policy) -> Template | None:
    """The policy's template, None for a custom one."""
    if policy.template == CUSTOM:
        return None
    if policy.template in TEMPLATES:
        return TEMPLATES[policy.template]
    hint = did_you_mean(policy.template, (*TEMPLATES, CUSTOM))
    raise Refusal(Code.UNKNOWN_FIELD, f'There is no template "{policy.template[:80]}".{hint}', ("template",))


def _bound(kind: FactKind, when: Mapping[str, object] | None, params: Mapping[str, Decimal | str]) -> Condition:
    if when is None:
        raise Refusal(Code.INVALID, "A custom policy needs a condition.", ("when",))
    try:
        written = orjson.dumps(when, default=_number)
    except orjson.JSONEncodeError:
        raise Refusal(Code.INVALID, "A condition is made of texts, numbers and yes or no.", ("when",)) from None
    # Binding costs more than judging one fact does, and every check-in would do it again for every policy.
    return _bound_once(kind, written, tuple(sorted(params.items())))


@lru_cache(maxsize=1_024)
def _bound_once(kind: FactKind, when: bytes, params: tuple[tuple[str, Decimal | str], ...]) -> Condition:
    try:
        return binding.bind(condition.parse(orjson.loads(when)), kind, dict(params))
    except Refusal as refusal:
        raise refusal.under("when") from None


def _number(value: object) -> float:
    if isinstance(value, Decimal):
        return float(value)
    raise TypeError(f"{value!r} is no part of a condition.")


def _check_params(template: Template, params: Mapping[str, Decimal | str]) -> None:
    known = {parameter.name: parameter for parameter in template.parameters}
    for name, value in params.items():
        if name not in known:
            hint = did_you_mean(name, known)
            raise Refusal(
                Code.UNKNOWN_FIELD,
                f'"{name[:80]}" is not a parameter of "{template.key}".{hint}',
                ("params", name[:80]),
            )
        _check_param(known[name], value)


def _check_custom(policy: Policy) -> None:
    if len(policy.params) > MOST_PARAMS:
        raise Refusal(Code.TOO_LONG, f"At most {MOST_PARAMS} parameters are kept.", ("params",))
    for name, value in policy.params.items():
        line(name, 80, ("params",))
        if isinstance(value, str):
            line(value, field=("params", name))
        else:
            measured(value, "params", name)


def _check_param(parameter: Parameter, value: Decimal | str) -> None:
    field, label = ("params", parameter.name), parameter.label.original
    if isinstance(value, str):
        raise Refusal(Code.WRONG_TYPE, f"{label} is a number.", field)
    measured(value, *field)
    if parameter.whole and value != value.to_integral_value():
        raise Refusal(Code.WRONG_TYPE, f"{label} is a whole number.", field)
    least, most = parameter.minimum, parameter.maximum
    if (least is not None and value < least) or (most is not None and value > most):
        ends = [f"{word} {plain(end)}" for word, end in (("from", least), ("to", most)) if end is not None]
        raise Refusal(Code.INVALID, f"{label} goes {' '.join(ends)}; this is {plain(value)}.", field)


def _check_times(policy: Policy) -> None:
    for name in ("hold", "clear", "cooldown", "expires"):
        if not 0 <= getattr(policy, name) <= LONGEST_DAYS:
            raise Refusal(Code.INVALID, f"Between 0 and {LONGEST_DAYS} days.", (name,))
    first, last = policy.effective_from, policy.effective_to
    if first and last and last < first:
        raise Refusal(Code.INVALID, f"The policy ends on {last}, before it begins on {first}.", ("effectiveTo",))


def _check_scope(policy: Policy, snapshot: Snapshot) -> None:
    scope = policy.scope
    for name, keys, shelf, what in (
        ("units", scope.units, snapshot.units, "unit"),
        ("exempt", scope.exempt, snapshot.units, "unit"),
        ("cycles", scope.cycles, snapshot.cycles, "cycle"),
    ):
        for at, key in enumerate(keys):
            if key not in shelf:
                raise Refusal(Code.NOT_FOUND, f"There is no such {what}.", ("scope", name, str(at)))
    for at, level in enumerate(scope.levels):
        line(level, 80, ("scope", "levels", str(at)))


def _check_mode(policy: Policy, resolved: Resolved, *, blockable: bool) -> None:
    if policy.mode is PolicyMode.BLOCK and not blockable:
        said = "Only what is known before a write can be blocked, such as a goal limit; this policy can advise."
        raise Refusal(Code.INVALID, said, ("mode",))
    if policy.mode is PolicyMode.AUTO and resolved.action not in REVERSIBLE:
        said = "What this policy proposes cannot be undone, or is nothing to carry out; let it advise."
        raise Refusal(Code.INVALID, said, ("mode",))
    if policy.overridable_by is not None and policy.overridable_by not in set(Role):
        hint = did_you_mean(policy.overridable_by, Role)
        raise Refusal(Code.INVALID, f"There is no such role.{hint}", ("overridableBy",))
