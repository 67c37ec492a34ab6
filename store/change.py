"""A change: everything that one operation writes, as one value that is stored whole or not at all."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from okr.cycle import Cycle
from okr.errors import RatchetError
from okr.goal import CheckIn, KeyResult, Objective
from okr.kpi import Kpi, Reading
from okr.org import OrgUnit, Person
from okr.policy import Policy
from okr.recommendation import Recommendation, Subject
from okr.waiver import Waiver

Editable = OrgUnit | Person | Cycle | Objective | KeyResult | Kpi | Policy | Recommendation | Waiver
Insertable = Editable | CheckIn


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """One record before and after: stored only while the store still holds `before`.

    Entities, recommendations and waivers are compared by `version`, and `after.version` is the next one. A policy's
    version is its name, so policies are compared by `state` and `created_at`; a draft saved again carries a new
    `created_at`.
    """

    before: Editable
    after: Editable

    def __post_init__(self) -> None:
        before, after = self.before, self.after
        if type(before) is not type(after) or before.key != after.key:
            raise ValueError(f"{before.key} cannot become {after.key}")
        if after.version != before.version + (not isinstance(after, Policy)):
            raise ValueError(f"{before.key} goes from version {before.version} to {after.version}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What was answered to a caller's idempotency `key`; `fingerprint` stands for the operation and its variables."""

    subject: str
    key: str
    fingerprint: str
    response: Mapping[str, object]
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """One run of the rules as the decision log keeps it: `detail` holds one item for each change that came of it.

    `waived` says how many of the `matches` a waiver covers.
    """

    key: str
    at: datetime
    trigger: str
    policy_set: str
    engine: str
    facts: int
    matches: int
    unknown: int
    errors: int
    ms: int
    waived: int = 0
    unit: str | None = None
    detail: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What one operation writes, in one transaction.

    `by` is the key of a person, or the name of a job ("policy:…"); `operation` is the use-case's name; `request` the
    request's id; `note` what the person said about it. Readings in `derived` are put in place of those of the same
    period. `touched` are the subjects whose evaluation is now due; `decisions` what the decision log is told of it.
    With `reply` the change is written at most once for that person and key.
    """

    operation: str
    by: str
    at: datetime
    request: str = ""
    note: str = ""
    inserted: tuple[Insertable, ...] = ()
    edits: tuple[Edit, ...] = ()
    derived: tuple[Reading, ...] = ()
    touched: tuple[Subject, ...] = ()
    decisions: tuple[Decision, ...] = ()
    reply: Reply | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """Who did what to which records: `before` and `after` hold, by key, only the fields that changed.

    Dates in them are ISO text. Of a list that changed, `before` holds the items that went and `after` those that came.
    """

    key: str
    at: datetime
    by: str
    operation: str
    request: str = ""
    note: str = ""
    subjects: tuple[str, ...] = ()
    before: Mapping[str, object] = field(default_factory=dict)
    after: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A subject that was touched at an instant and whose evaluation is due; every change leaves marks of its own."""

    key: str
    subject: Subject
    at: datetime


class Repeated(RatchetError):
    """The change was made before under the same idempotency key; `reply` is what was answered then."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(f"Done before, at {reply.at.isoformat()}.")
        self.reply: Reply = reply
