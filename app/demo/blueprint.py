"""Blueprints: what a demonstration organisation is made of, in words that hold on any day."""

from dataclasses import dataclass

from okr.cycle import CycleKind
from okr.goal import KeyResultType
from okr.kpi import BreachRule
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
    """A monthly KPI; `values` are its readings, the last one that of the last month that is over.

    `target` and `red` are one number, or the two ends of a RANGE. `silent` is how many of the last months were never
    read. `accountable` is the unit that must act; empty where nobody was named.
    """

    word: str
    name: Text
    unit: str
    measure: str
    direction: Direction
    target: str
    red: str
    values: str
    reporter: str
    accountable: str = ""
    parent: str = ""
    weight: int = 1
    rule: BreachRule = BreachRule()
    silent: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultPlan:
    """A key result, and how it went.

    `ways` holds one text for each cycle of its goal. Where it goes from a start to a target: "start target" and the
    levels that it passed, evenly over the cycle; the last one is where it ended. Where it maintains a level: the levels.
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
    """An objective, repeated in the cycles `when` (0 the present one, -1 the one before, 1 the next, a mere draft).

    `supports` is the word of another goal in the same cycle, or of an annual one; with `:n` its n-th key result, from 0.
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
    """A unit that came under another one in the middle of the last quarter; its plan says where it was before."""

    unit: str
    to: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RecoveryPlan:
    """A loop that was walked: the KPI's breach was answered in the last quarter, and the recovery became the baseline.

    `by` accepted both; `course` holds the levels that the proposed key result passed.
    """

    kpi: str
    by: str
    course: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PromotionPlan:
    """The key result `result` of last quarter's goal `goal` became a new baseline in its grading days."""

    goal: str
    result: int
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Blueprint:
    """One organisation; units and goals are in an order in which each comes after what it names."""

    tenant: str
    name: Text
    zone: str
    units: tuple[UnitPlan, ...]
    people: tuple[PersonPlan, ...]
    kpis: tuple[KpiPlan, ...]
    goals: tuple[GoalPlan, ...]
    moves: tuple[MovePlan, ...] = ()
    recoveries: tuple[RecoveryPlan, ...] = ()
    promotions: tuple[PromotionPlan, ...] = ()

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
