"""Policies made ready to judge: checked when they are saved, resolved with their template, and held to their scope."""

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import assert_never

import orjson

from okr.errors import Code, Refusal, did_you_mean
from okr.filing import Terms
from okr.policy import Example, Policy, PolicyState, Scope
from okr.recommendation import Action
from okr.snapshot import Snapshot
from okr.text import Text, line
from rules import binding, condition, explain, fields
from rules.condition import AllOf, AnyOf, Clause, Condition, FieldRef, Negation
from rules.fields import FactKind
from rules.schema import KINDS
from rules.template import CUSTOM, TEMPLATES, Escalation, Template

REVERSIBLE = (Action.CREATE_OBJECTIVE, Action.NAME_OWNER, Action.REMIND)
"""What AUTO may do: a draft is withdrawn, an owner renamed, a reminder ignored; a ratchet does not turn back."""

CUSTOM_ACTIONS: Mapping[str, tuple[Action, ...]] = {
    "kpi": (Action.REVIEW, Action.REMIND, Action.CREATE_OBJECTIVE, Action.NAME_OWNER),
    "unit": (Action.REVIEW, Action.REMIND),
    "objective": (Action.REVIEW, Action.REMIND),
    "key_result": (Action.REVIEW, Action.REMIND, Action.PROMOTE),
}
"""What a custom policy may propose, by the kind it is on; the first where it does not say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolved:
    """A policy with everything its template supplies; `condition` is bound to the parameters and fit for the engine.

    `layers` are the overrides that went into the policy, each "unit:version", the outermost first.
    """

    policy: Policy
    kind: FactKind
    condition: Condition
    params: Mapping[str, Decimal | str]
    action: Action
    title: Text
    objective: Text | None = None
    text: Text | None = None
    escalation: Escalation | None = None
    limits_goals: bool = False
    layers: tuple[str, ...] = ()


Limits = Callable[[str], Sequence[Resolved]]
"""What limits the goals of a unit, by its key."""


def unlimited(_: str) -> tuple[Resolved, ...]:
    """Return no limits, wherever."""
    return ()


def resolve(policy: Policy) -> Resolved:
    """Return the policy with what its template supplies; refuse an unknown template, field, operator or parameter."""
    template = template_of(policy)
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
            action=_custom_action(policy),
            title=policy.message or _called(policy),
        )
    params = template.params(policy.params)
    return Resolved(
        policy=policy,
        kind=KINDS[template.on],
        condition=_bound(KINDS[template.on], template.when if policy.frozen is None else policy.frozen, params),
        params=params,
        action=template.action,
        title=template.title,
        objective=template.objective,
        text=template.text,
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
    if not covers(scope, path):
        return False
    if scope.levels and snapshot.units[unit].kind not in scope.levels:
        return False
    if not scope.cycles:
        return True
    if cycle is not None:
        return cycle in scope.cycles
    named = (snapshot.cycles[key] for key in scope.cycles if key in snapshot.cycles)
    return any(each.first <= day <= each.last for each in named)


def covers(scope: Scope, path: Sequence[str]) -> bool:
    """Tell whether a scope reaches a unit, given by its path from the root, whatever its level."""
    return not (scope.units and not set(scope.units) & set(path)) and not set(scope.exempt) & set(path)


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
        name_vi=template.name.vi,
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


def frozen(policy: Policy) -> Policy:
    """Return a policy as it is published: with the condition that its template supplies today, come what may later.

    One that was in force before keeps the condition that it had.
    """
    template = template_of(policy)
    return policy if template is None or policy.frozen is not None else replace(policy, frozen=template.when)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tested:
    """How a test case came out."""

    name: str
    expected: str
    actual: str

    @property
    def passed(self) -> bool:
        """Whether it came out as it says."""
        return self.expected == self.actual


def tested(resolved: Resolved, examples: Iterable[Example]) -> tuple[Tested, ...]:
    """Return how the test cases come out under a policy as it is."""
    found = []
    for example in examples:
        seen = explain.outcome(resolved.condition, fields.clean(resolved.kind, example.fact))
        found.append(Tested(name=example.name, expected=example.expect, actual=seen.value))
    return tuple(found)


def defaults(author: str, at: datetime) -> tuple[Policy, ...]:
    """Return the shipped policies, published, each under its template's name with dashes for a key."""
    return tuple(
        replace(frozen(drafted(template, template.key.replace("_", "-"), author, at)), state=PolicyState.PUBLISHED)
        for template in TEMPLATES.values()
    )


def policy_set(policies: Iterable[Policy]) -> str:
    """Return a hash of what is evaluated: equal sets of policies give equal words, in any order."""
    written = sorted(orjson.dumps(policy, default=str, option=orjson.OPT_SORT_KEYS) for policy in policies)
    return hashlib.sha256(b"\n".join(written)).hexdigest()[:16]


def template_of(policy: Policy) -> Template | None:
    """Return the policy's template, None for a custom one; refuse one that there is not."""
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
        try:
            condition.weigh(when)
        except Refusal as refusal:
            raise refusal.under("when") from None
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


def _custom_action(policy: Policy) -> Action:
    actions = CUSTOM_ACTIONS[policy.on]
    if policy.action in ("", *actions):
        return Action(policy.action or actions[0])
    said = f'"{policy.action[:80]}" is nothing to propose about this.{did_you_mean(policy.action, actions)}'
    raise Refusal(Code.INVALID, said, ("action",))


def _called(policy: Policy) -> Text:
    name, vi = line(policy.name, field=("name",))[:80], (policy.name_vi or policy.name)[:80]
    return Text(original=f"{name}: {{{{name}}}}", vi=f"{vi}: {{{{name}}}}")
