"""Soundness: whether a policy could be evaluated as written in an organisation, alone and with what is laid over it."""

from collections.abc import Mapping
from decimal import Decimal

from okr.errors import Code, Refusal, did_you_mean
from okr.number import measured, plain
from okr.org import Role
from okr.policy import Policy, PolicyMode, Scope
from okr.snapshot import Snapshot
from okr.text import line, prose
from rules import binding, fields, layers, sense
from rules import policy as policies
from rules.explain import Outcome
from rules.policy import Resolved
from rules.template import CUSTOM, Parameter, Template

BLOCKABLE = ("unit", "objective")
"""Kinds whose facts are known before a write, so that a custom policy on them may block it."""

LONGEST_DAYS = 365
MOST_PARAMS = 20
MOST_TESTS = 50
MOST_PER_RUN = 50


def check(policy: Policy, snapshot: Snapshot) -> None:
    """Refuse a policy that could not be evaluated as written in this organisation, at the field that is at fault.

    A layer is no policy: `check_layer` checks it, with what comes of it.
    """
    line(policy.key, 80, ("key",))
    line(policy.name, field=("name",))
    if policy.name_vi:
        line(policy.name_vi, field=("nameVi",))
    prose(policy.note, field=("note",))
    template = policies.template_of(policy)
    if template is None:
        _check_custom(policy)
    else:
        _check_params(template, policy.params)
        _check_supplied(policy)
    _check_times(policy)
    _check_locks(policy, template)
    _check_scope(policy, snapshot)
    resolved = policies.resolve(policy)
    _check_sense(policy, resolved)
    _check_mode(policy, resolved, template)
    _check_tests(policy, resolved)


def check_layer(layer: Policy, stack: layers.Stack, snapshot: Snapshot) -> None:
    """Refuse a layer over `stack` that sets what it may not, or from which no sound policy would come in some unit.

    Only parameters, mode, severity and hold can be set, and only what nothing above has locked.
    """
    unit = layer.layer
    if unit not in snapshot.units:
        raise Refusal(Code.NOT_FOUND, "There is no such unit.", ("unitId",))
    if layer.template != stack.base.template:
        said = f'"{layer.key}" is made from the template "{stack.base.template}"; a unit cannot change that.'
        raise Refusal(Code.INVALID, said, ("template",))
    if not layer.params and not layer.sets and not layer.lock:
        said = "Say what is different here: a parameter, the mode, the severity or the hold."
        raise Refusal(Code.INVALID, said, ("params",))
    if layer.scope != Scope() or layer.when is not None:
        said = "A unit can change parameters, mode, severity and hold; for all else save a policy of its own."
        raise Refusal(Code.INVALID, said, ("scope",) if layer.scope != Scope() else ("when",))
    prose(layer.note, field=("note",))
    path, today = snapshot.paths[unit], snapshot.today(unit)
    if not any(policies.covers(stack.base.scope, below) for below in snapshot.paths.values() if unit in below):
        raise Refusal(Code.INVALID, f'"{layer.key}" does not hold in this unit or below it.', ("unitId",))
    above = stack.over(path[:-1], today)
    for name in (*(f"{layers.PARAMS}.{name}" for name in layer.params), *layer.sets):
        for lock in (stack.base, *above):
            if layers.is_locked(name, lock.lock):
                by = snapshot.units[lock.layer].name.original if lock.layer else "the policy itself"
                said = f'"{name}" is locked by {by}; only who sets that can unlock it.'
                raise Refusal(Code.FORBIDDEN, said, tuple(name.split(".")))
    check_stack(stack.with_(layer), snapshot)


def check_stack(stack: layers.Stack, snapshot: Snapshot) -> None:
    """Refuse a policy from which, with all that is laid over it now or later, no sound one would come in some unit."""
    for variant in layers.prospects(stack, snapshot):
        try:
            check(variant.policy, snapshot)
        except Refusal as refusal:
            if not variant.layers:
                raise
            unit = snapshot.units[variant.layers[-1].partition(":")[0]].name.original
            raise Refusal(refusal.code, f"As {unit} changes it: {refusal.message}", refusal.field) from None


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


def _check_supplied(policy: Policy) -> None:
    for field, given in (("when", policy.when), ("action", policy.action), ("message", policy.message)):
        if given:
            said = f'The template supplies this; to write your own choose the template "{CUSTOM}".'
            raise Refusal(Code.INVALID, said, (field,))


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
    if not 1 <= policy.per_run <= MOST_PER_RUN:
        raise Refusal(Code.INVALID, f"Between 1 and {MOST_PER_RUN} in one run.", ("perRun",))
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


def _check_locks(policy: Policy, template: Template | None) -> None:
    params = [parameter.name for parameter in template.parameters] if template else list(policy.params)
    known = (*layers.FIELDS, layers.PARAMS, *(f"{layers.PARAMS}.{name}" for name in params))
    for at, name in enumerate(policy.lock):
        if name not in known:
            hint = did_you_mean(name, known)
            raise Refusal(Code.UNKNOWN_FIELD, f'"{name[:80]}" is nothing that can be locked.{hint}', ("lock", str(at)))


def _check_sense(policy: Policy, resolved: Resolved) -> None:
    try:
        sense.check(resolved.condition, resolved.kind)
    except Refusal as refusal:
        raise refusal.under("when" if policy.template == CUSTOM else "params") from None


def _check_mode(policy: Policy, resolved: Resolved, template: Template | None) -> None:
    if policy.mode is PolicyMode.BLOCK and not (template.blockable if template else policy.on in BLOCKABLE):
        said = "Only what is known before a write can be blocked, such as a goal limit; this policy can advise."
        raise Refusal(Code.INVALID, said, ("mode",))
    if policy.mode is PolicyMode.AUTO and resolved.action not in policies.REVERSIBLE:
        said = "What this policy proposes cannot be undone, or is nothing to carry out; let it advise."
        raise Refusal(Code.INVALID, said, ("mode",))
    if template and template.warn_only and policy.mode in (PolicyMode.BLOCK, PolicyMode.AUTO):
        said = "This policy reads words, and words can mislead: it only warns. Let it advise."
        raise Refusal(Code.INVALID, said, ("mode",))
    if policy.overridable_by is not None and policy.overridable_by not in set(Role):
        hint = did_you_mean(policy.overridable_by, Role)
        raise Refusal(Code.INVALID, f"There is no such role.{hint}", ("overridableBy",))


def _check_tests(policy: Policy, resolved: Resolved) -> None:
    """Refuse test cases that cannot be asked; that one fails is for publishing to refuse."""
    if len(policy.tests) > MOST_TESTS:
        raise Refusal(Code.TOO_LONG, f"At most {MOST_TESTS} test cases; this has {len(policy.tests)}.", ("tests",))
    for at, example in enumerate(policy.tests):
        field = ("tests", str(at))
        line(example.name, field=(*field, "name"))
        if example.expect not in set(Outcome):
            hint = did_you_mean(example.expect, Outcome)
            raise Refusal(Code.INVALID, f"There is no such outcome.{hint}", (*field, "expect"))
        for name, value in example.fact.items():
            try:
                known = resolved.kind.field(name)
            except Refusal as refusal:
                raise refusal.under(*field, "fact") from None
            if fields.canonical_value(known.type, value) is None:
                said = f"{known.label} is {binding.CALLED[known.type]}, and this is not one."
                raise Refusal(Code.WRONG_TYPE, said, (*field, "fact", name))
