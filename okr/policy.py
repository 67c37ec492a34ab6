"""Policies: what an administrator decided, one immutable document per published version."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum


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
class Policy:
    """One version of one policy.

    `template` names what supplies `on`, the condition and the action ("custom" where `when` is the policy's own
    condition in the JSON form that rules.condition reads). `params` are the template's parameters by name. `hold` and
    `clear` are days a match, or its end, must last; `cooldown` days of quiet after a dismissal; `expires` days after
    which an open recommendation lapses.
    """

    key: str
    version: int
    state: PolicyState
    template: str
    name: str
    mode: PolicyMode = PolicyMode.OBSERVE
    severity: Severity = Severity.WARNING
    scope: Scope = field(default_factory=Scope)
    params: Mapping[str, Decimal | str] = field(default_factory=dict)
    on: str = ""
    when: Mapping[str, object] | None = None
    hold: int = 0
    clear: int = 0
    cooldown: int = 30
    expires: int = 90
    overridable_by: str | None = None
    effective_from: date | None = None
    effective_to: date | None = None
    author: str
    note: str = ""
    created_at: datetime
