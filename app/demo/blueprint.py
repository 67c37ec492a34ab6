"""Blueprints: what a demonstration organisation is made of, in words that hold on any day."""

from dataclasses import dataclass
from datetime import timedelta

from okr.cycle import GRADING, CycleKind
from okr.goal import KeyResultType
from okr.number import Direction
from okr.org import Role
from okr.text import Text

ROOT = "root"


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitPlan:
    """A unit; `parent` and `lead` are words of this blueprint."""

    word: str
    name: Text
    kind: str
    lead: str
    parent: str = ROOT
    zone: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonPlan:
    """Somebody: everybody may see the whole organisation, and holds `role` on `on` (default: the own unit).

    The subject of the tokens is the word, `@` and the tenant. `leaves` means gone since early in the present quarter.
    """

    word: str
    name: str
    unit: str
    role: Role = Role.MEMBER
    on: str = ""
    zone: str | None = None
    leaves: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class KpiPlan:
    """A monthly KPI with its readings: `values` end with the last month that is over.

    `by_quarter` instead begins with the first month of the five quarters. `target` and `red` are one number, or the two
    ends of a RANGE. `silent` is how many of the last months were never read. `accountable` is the unit that must act;
    empty where nobody was named.
    """

    word: str
    name: Text
    unit: str
    measure: str
    direction: Direction
    target: str
    red: str
    values: str = ""
    by_quarter: str = ""
    reporter: str
    accountable: str = ""
    parent: str = ""
    weight: int = 1
    silent: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultPlan:
    """A key result, and how it went.

    `ways` holds one text for each cycle of its goal. Where it goes from a start to a target: "start target" and the
    levels that it passed, evenly over the cycle, the last at its end. Where it maintains a level: the levels.
    Where it is done or not: the share of the cycle after which it was done. For milestones: the share of them done at
    the end. An annual one has "start target" in its ways, and in `levels` the six at the bounds of the five quarters.
    `confidence` is set where it never moves.
    """

    title: Text
    ways: tuple[str, ...]
    measure: str = ""
    type: KeyResultType = KeyResultType.NUMBER
    levels: str = ""
    low: str = ""
    milestones: tuple[Text, ...] = ()
    owner: str = ""
    measures: str = ""
    confidence: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GoalPlan:
    """An objective, repeated in the cycles `when`: 0 the present one, -1 the one before, 1 the next (a mere draft).

    `supports` is the word of another goal in the same cycle, or of an annual one; `:n` means its key result n, from 0.
    """

    word: str
    title: Text
    unit: str
    owner: str
    results: tuple[ResultPlan, ...]
    when: tuple[int, ...] = (0,)
    kind: CycleKind = CycleKind.QUARTER
    supports: str = ""
    lesson: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MovePlan:
    """A unit that came under another one in the middle of the last quarter; its own plan says where it was."""

    unit: str
    to: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RecoveryPlan:
    """A loop that was walked: the KPI's breach was answered in the last quarter, and the recovery became the baseline.

    `by` accepted both proposals and did the work; `way` is how the proposed key result went.
    """

    kpi: str
    by: str
    way: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PromotionPlan:
    """The key result `result` of last quarter's goal `goal` became a new baseline in its grading days."""

    goal: str
    result: int
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Blueprint:
    """One organisation; its units, KPIs and goals are in an order in which each comes after what it names.

    Its cycles close `grading` after their ends.
    """

    tenant: str
    name: Text
    zone: str
    people: tuple[PersonPlan, ...]
    units: tuple[UnitPlan, ...] = ()
    kpis: tuple[KpiPlan, ...] = ()
    goals: tuple[GoalPlan, ...] = ()
    moves: tuple[MovePlan, ...] = ()
    recoveries: tuple[RecoveryPlan, ...] = ()
    promotions: tuple[PromotionPlan, ...] = ()
    grading: timedelta = GRADING

    def zone_of(self, unit: str) -> str:
        """Return the IANA zone of a unit: its own, else the nearest one above."""
        plans = {plan.word: plan for plan in self.units}
        while unit in plans:
            if zone := plans[unit].zone:
                return zone
            unit = plans[unit].parent
        return self.zone


def text(original: str, vi: str) -> Text:
    """Return a wording in English and Vietnamese."""
    return Text(original=original, vi=vi)
