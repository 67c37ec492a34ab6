"""Layers: one policy as it holds in each unit, put together from the policy and what units override of it.

A unit may override the parameters, the mode, the severity and the hold of a policy for its subtree. The nearest unit
wins, value by value, except where one above it has locked the value.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal

from okr.policy import Policy, PolicyMode, PolicyState, Severity
from okr.snapshot import Snapshot
from rules.template import TEMPLATES

FIELDS = ("mode", "severity", "hold")
"""What a layer may set besides parameters."""

PARAMS = "params"

Value = Decimal | str | int | PolicyMode | Severity


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """One value that holds and where it comes from: a layer's unit, "" for the policy itself, None for its template.

    `locked_by` is the unit ("" for the policy itself) that keeps deeper ones from changing it, None where none does.
    """

    name: str
    value: Value
    unit: str | None
    version: int
    locked_by: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    """A policy and what is laid over it, by unit."""

    base: Policy
    layers: Mapping[str, Policy]

    def over(self, path: Sequence[str], day: date) -> tuple[Policy, ...]:
        """Return the layers that hold for a unit (its path from the root) on a local day, the outermost first."""
        if not self.layers:
            return ()
        return tuple(layer for unit in path if (layer := self.layers.get(unit)) and _in_time(layer, day))

    def at(self, path: Sequence[str], day: date) -> Policy:
        """Return the policy as it holds for a unit; `layer` is empty, whatever was laid over it."""
        return merged(self.base, self.over(path, day))

    def with_(self, policy: Policy) -> "Stack":
        """Return the stack with `policy`, its base or one of its layers, put in."""
        if not policy.layer:
            return replace(self, base=policy)
        return replace(self, layers={**self.layers, policy.layer: policy})


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """A policy as it holds in some units; `layers` are what took part, each "unit:version", the outermost first."""

    policy: Policy
    layers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """Every policy as it holds in each unit of a picture: the variants by name, and where another than the base holds.

    The variant that is the policy itself has the policy's key for a name.
    """

    variants: Mapping[str, Variant]
    elsewhere: Mapping[str, Mapping[str, str]]

    def name(self, key: str, unit: str) -> str:
        """Return the name of the variant of a policy that holds in a unit."""
        return self.elsewhere[key].get(unit, key) if key in self.elsewhere else key


def stacks(policies: Iterable[Policy]) -> tuple[Stack, ...]:
    """Return the policies as stacks, by key; layers over no policy, and retired ones, are left out.

    Of two versions of the same policy or layer the later one counts.
    """
    ordered = sorted(policies, key=lambda each: each.version)
    bases = {each.key: each for each in ordered if not each.layer}
    over: dict[str, dict[str, Policy]] = {key: {} for key in bases}
    for each in ordered:
        if each.layer and each.key in over:
            over[each.key][each.layer] = each
    return tuple(
        Stack(
            base=bases[key],
            layers={unit: each for unit, each in over[key].items() if each.state is not PolicyState.RETIRED},
        )
        for key in sorted(bases)
    )


def merged(base: Policy, over: Iterable[Policy]) -> Policy:
    """Return `base` with these layers laid over it, the outermost first."""
    effective, locked = base, set(base.lock)
    for layer in over:
        params = {name: value for name, value in layer.params.items() if not is_locked(f"{PARAMS}.{name}", locked)}
        given = {name: getattr(layer, name) for name in layer.sets if not is_locked(name, locked)}
        if "mode" in given:  # who approved this layer has approved that it acts by itself
            given["approved_by"] = layer.approved_by
        effective = replace(effective, params={**effective.params, **params}, **given)
        locked |= set(layer.lock)
    return effective


def is_locked(name: str, locks: Iterable[str]) -> bool:
    """Tell whether locks keep a value ("mode", "params.limit") from being set."""
    return any(name == lock or name.startswith(f"{lock}.") for lock in locks)


def spread(given: Iterable[Stack], snapshot: Snapshot) -> Spread:
    """Return how these policies hold in the units of a picture today."""
    variants: dict[str, Variant] = {}
    elsewhere: dict[str, dict[str, str]] = {}
    for stack in given:
        key = stack.base.key
        variants[key] = Variant(policy=stack.base)
        for unit, path in snapshot.paths.items() if stack.layers else ():
            if over := stack.over(path, snapshot.today(unit)):
                name = f"{key}@{'+'.join(layer.layer for layer in over)}"
                if name not in variants:
                    words = tuple(f"{layer.layer}:{layer.version}" for layer in over)
                    variants[name] = Variant(policy=merged(stack.base, over), layers=words)
                elsewhere.setdefault(key, {})[unit] = name
    return Spread(variants=variants, elsewhere=elsewhere)


def prospects(stack: Stack, snapshot: Snapshot) -> tuple[Variant, ...]:
    """Return a policy in every variant that holds somewhere today or will on a later day; the policy itself first.

    What holds changes on the days on which a layer begins, and on those after which one ends.
    """
    starts = [day for layer in stack.layers.values() if (day := layer.effective_from)]
    ends = [day for layer in stack.layers.values() if (day := layer.effective_to) and day < date.max]
    turns = {*starts, *(day + timedelta(days=1) for day in ends)}
    found: dict[tuple[str, ...], Variant] = {(): Variant(policy=stack.base)}
    for unit in filter(snapshot.paths.__contains__, stack.layers):
        path, today = snapshot.paths[unit], snapshot.today(unit)
        for day in sorted({today, *(turn for turn in turns if turn > today)}):
            over = stack.over(path, day)
            words = tuple(f"{layer.layer}:{layer.version}" for layer in over)
            if words not in found:
                found[words] = Variant(policy=merged(stack.base, over), layers=words)
    return tuple(found.values())


def origins(stack: Stack, path: Sequence[str], day: date) -> tuple[Origin, ...]:
    """Return every value of a policy that layers may set as it holds for a unit, with where it comes from."""
    found = {origin.name: origin for origin in _own(stack.base)}
    locks = dict.fromkeys(stack.base.lock, "")
    for layer in stack.over(path, day):
        for origin in _laid(layer):
            if not is_locked(origin.name, locks):
                found[origin.name] = origin
        locks = {**dict.fromkeys(layer.lock, layer.layer), **locks}
    return tuple(
        replace(origin, locked_by=next((unit for lock, unit in locks.items() if is_locked(name, (lock,))), None))
        for name, origin in found.items()
    )


def _own(base: Policy) -> Iterator[Origin]:
    template = TEMPLATES.get(base.template)
    supplied = template.params({}) if template else {}
    for name, value in {**supplied, **base.params}.items():
        unit = "" if name in base.params else None
        yield Origin(name=f"{PARAMS}.{name}", value=value, unit=unit, version=base.version)
    for name in FIELDS:
        yield Origin(name=name, value=getattr(base, name), unit="", version=base.version)


def _laid(layer: Policy) -> Iterator[Origin]:
    for name, value in layer.params.items():
        yield Origin(name=f"{PARAMS}.{name}", value=value, unit=layer.layer, version=layer.version)
    for name in layer.sets:
        yield Origin(name=name, value=getattr(layer, name), unit=layer.layer, version=layer.version)


def _in_time(layer: Policy, day: date) -> bool:
    begun = layer.effective_from is None or layer.effective_from <= day
    return begun and (layer.effective_to is None or day <= layer.effective_to)
