"""Comparison: in what two versions of a policy differ, in the words of those who write them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import date
from decimal import Decimal

from okr.number import plain
from okr.policy import Example, Policy, Scope
from okr.snapshot import Snapshot
from okr.text import Text
from rules import condition, phrasing, policy
from rules.template import TEMPLATES, Help
from rules.wording import LANGUAGES

NOTHING = Help(original="", vi="")
UNCOMPARED = frozenset(
    ("version", "state", "frozen", "based_on", "author", "note", "created_at", "approved_by", "approved_at")
)
"""Fields that tell versions apart without changing what they do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One field in which the draft differs from what is in force; empty where there is nothing."""

    name: str
    before: Help
    after: Help


def differences(snapshot: Snapshot, before: Policy | None, after: Policy) -> Iterator[Difference]:
    """Yield in what one version of a policy differs from another, as people write it; nothing without a `before`."""
    if before is None:
        return
    for each in fields(Policy):
        if each.name in UNCOMPARED:
            continue
        if getattr(before, each.name) == getattr(after, each.name):
            continue
        was, now = (_parts(snapshot, one, each.name) for one in (before, after))
        for name in sorted(was.keys() | now.keys()):
            old, new = was.get(name, NOTHING), now.get(name, NOTHING)
            if old != new:
                yield Difference(name=name, before=old, after=new)


def _parts(snapshot: Snapshot, asked: Policy, name: str) -> dict[str, Help]:
    """Return the values of a field as people write them; what is made of parts gives one for each."""
    if name == "when":
        return {name: _formula(asked)}
    template = TEMPLATES.get(asked.template)
    if name == "params" and template and not asked.layer:
        given = template.params(asked.params)
        return {f"{name}.{part}": Help(original=_said(one), vi=_said(one)) for part, one in given.items()}
    return {part: Help(original=said, vi=said) for part, said in _written(snapshot, name, getattr(asked, name)).items()}


def _formula(asked: Policy) -> Help:
    if asked.when is None:
        return NOTHING
    resolved = policy.resolve(asked)
    when = condition.dump(resolved.condition)
    english, vietnamese = (phrasing.formula(resolved.kind.name, when, language) for language in LANGUAGES)
    return Help(original=english, vi=vietnamese)


def _written(snapshot: Snapshot, name: str, value: object) -> dict[str, str]:
    match value:
        case Scope():
            keys = {each.name: getattr(value, each.name) for each in fields(Scope)}
            return {f"{name}.{part}": ", ".join(_called(snapshot, key) for key in held) for part, held in keys.items()}
        case Mapping() if name == "params":
            return {f"{name}.{part}": _said(one) for part, one in value.items()}
        case _:
            return {name: _said(value)}


def _called(snapshot: Snapshot, key: str) -> str:
    known = snapshot.units.get(key) or snapshot.cycles.get(key)
    return known.name.original if known else key


def _said(value: object) -> str:
    match value:
        case None:
            return ""
        case Decimal():
            return plain(value)
        case date():
            return value.isoformat()
        case Text():
            return " / ".join(said for said in (value.original, value.vi) if said)
        case tuple():
            return ", ".join(one.name if isinstance(one, Example) else str(one) for one in value)
        case _:
            return str(value)
