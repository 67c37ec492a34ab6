"""Policies: what an administrator decided, one immutable document per published version."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from okr.text import Text


class PolicyMode(StrEnum):
    """How far a policy may go; see each member.

    OFF is not evaluated. OBSERVE is logged only. ADVISE recommends. BLOCK refuses the write. AUTO recommends and
    accepts its own recommendation where the action is reversible.
    """

    OFF = "off"
    OBSERVE = "observe"
    ADVISE = "advise"
    BLOCK = "block"
    AUTO = "auto"


class PolicyState(StrEnum):
    """Where a version is in its life; one version of a key is published at a time."""

    DRAFT = "draft"
    PUBLISHED = "published"
    RETIRED = "retired"


class Severity(StrEnum):
    """How much a match matters."""

    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        """The severity as a number that grows with it."""
        return list(Severity).index(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Where a policy holds: the subtrees of `units` (empty: the whole organisation) less those of `exempt`.

    `levels` are kinds of unit and `cycles` keys of cycles; empty means all.
    """

    units: tuple[str, ...] = ()
    exempt: tuple[str, ...] = ()
    levels: tuple[str, ...] = ()
    cycles: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """A test case that a policy carries: the outcome ("match", "clear" or "unknown") it must have on a fact."""

    name: str
    fact: Mapping[str, object]
    expect: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """One version of one policy, or of what a unit overrides of it.

    `template` names what supplies `on`, the condition and the action ("custom" where `when` is the policy's own
    condition in the JSON form that rules.condition reads; `action` and `message` are then its own as well). `params`
    are the template's parameters by name. `hold` and `clear` are days a match, or its end, must last; `cooldown` days
    of quiet after a dismissal; `expires` days after which an open recommendation lapses.

    With a `layer`, the key of a unit, this is not the policy itself but what holds differently in that unit's subtree:
    `params`, and those of `mode`, `severity` and `hold` that `sets` names; all else is ignored. `lock` names what no
    deeper layer may set: one of those words, or "params.NAME".

    `overridable_by` is the role that may go on against a block with a reason. `per_run` is how many recommendations an
    AUTO policy accepts in one run. `frozen` is the template's condition as it was when the version was published.
    `based_on` is the version that was in force when this one was drafted (0: none); `author` drafted it, `approved_by`
    published it at `approved_at`.
    """

    key: str
    version: int
    state: PolicyState
    template: str
    name: str
    name_vi: str = ""
    mode: PolicyMode = PolicyMode.OBSERVE
    severity: Severity = Severity.WARNING
    scope: Scope = field(default_factory=Scope)
    params: Mapping[str, Decimal | str] = field(default_factory=dict)
    on: str = ""
    when: Mapping[str, object] | None = None
    action: str = ""
    message: Text | None = None
    hold: int = 0
    clear: int = 0
    cooldown: int = 30
    expires: int = 90
    overridable_by: str | None = None
    per_run: int = 10
    effective_from: date | None = None
    effective_to: date | None = None
    layer: str = ""
    sets: tuple[str, ...] = ()
    lock: tuple[str, ...] = ()
    tests: tuple[Example, ...] = ()
    frozen: Mapping[str, object] | None = None
    based_on: int = 0
    author: str
    note: str = ""
    created_at: datetime
    approved_by: str | None = None
    approved_at: datetime | None = None
