"""The views on the trade's entities; they refer to one another, so they live in one file.

A view declares what clients see of a domain object and never copies it: resolvers take the object itself as `Parent`.
"""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated

import strawberry
from strawberry import Parent

from app import waivers
from gql import enums
from gql.context import Info
from gql.explanation import Explanation, Proposal
from gql.fields import After, Connection, First, InCycle, connection, field, foreign, page, window
from okr import check_in, goal, kpi, org, recommendation, waiver
from okr import cycle as cycles
from okr.check_in import FilledSlot
from okr.snapshot import Entity
from okr.target import Band, Provenance, Target

OfCycle = Annotated[strawberry.ID | None, strawberry.argument(description="Only of this cycle; default: of all.")]


@dataclass(frozen=True, slots=True)
class DueSlot:
    """A slot beside the key result that it belongs to."""

    key_result: goal.KeyResult
    filled: FilledSlot


@strawberry.interface(description="Anything with a global id.")
class Node:
    """Relay's Node; the id is the entity's key."""

    @field("The global id.", strawberry.ID)
    @staticmethod
    def id(root: Parent[Entity]) -> str:
        """Return the key."""
        return root.key


@strawberry.type(description="Somebody in the organisation.")
class Person(Node):
    """A person."""

    name: str = strawberry.field(description="What the person is called.")
    zone: str | None = strawberry.field(description="The IANA time zone the person lives in.")
    left: date | None = strawberry.field(description="The first day on which the person no longer works here.")
    version: int = strawberry.field(description="Raised by every change.")

    @classmethod
    def is_type_of(cls, value: object, _: object) -> bool:
        """Tell whether this view is for `value`."""
        return isinstance(value, org.Person)


@strawberry.type(description="A span of days in which goals live.")
class Cycle(Node):
    """A cycle."""

    first: date = strawberry.field(description="The first day.")
    last: date = strawberry.field(description="The last day.")
    closes: date = strawberry.field(description="From this day on nothing in it changes.")
    version: int = strawberry.field(description="Raised by every change.")

    @field("What the cycle is called.")
    @staticmethod
    def name(cycle: Parent[cycles.Cycle], info: Info) -> str:
        """Return the name in the caller's language."""
        return cycle.name.said(info.context.language)

    @field('"quarter" or "year".')
    @staticmethod
    def kind(cycle: Parent[cycles.Cycle]) -> str:
        """Return the kind."""
        return cycle.kind.value

    @field("Where today finds it.", enums.CycleState)
    @staticmethod
    def state(cycle: Parent[cycles.Cycle], info: Info) -> cycles.CycleState:
        """Return the state on the organisation's local date."""
        picture = info.context.picture
        return cycles.state(cycle, picture.today(picture.root.key))

    @classmethod
    def is_type_of(cls, value: object, _: object) -> bool:
        """Tell whether this view is for `value`."""
        return isinstance(value, cycles.Cycle)


@strawberry.type(description="One unit of the organisation.")
class OrgUnit(Node):
    """A unit."""

    kind: str = strawberry.field(
        description='Its level: "company", "division", "department", "team", or a word of yours.'
    )
    version: int = strawberry.field(description="Raised by every change; pass it as expectedVersion.")

    @field("What the unit is called.")
    @staticmethod
    def name(unit: Parent[org.OrgUnit], info: Info) -> str:
        """Return the name in the caller's language."""
        return unit.name.said(info.context.language)

    @field("The IANA time zone of its dates, inherited where it has none of its own.")
    @staticmethod
    def zone(unit: Parent[org.OrgUnit], info: Info) -> str:
        """Return the name of the zone."""
        return info.context.picture.zone(unit.key).key

    @field("Who leads it.", Person | None)
    @staticmethod
    def lead(unit: Parent[org.OrgUnit], info: Info) -> org.Person | None:
        """Return the lead, where the unit is visible."""
        return info.context.picture.people.get(unit.lead or "") if info.context.sees(unit) else None

    @field("The unit above; null at the top of what the caller may see.", "OrgUnit | None")
    @staticmethod
    def parent(unit: Parent[org.OrgUnit], info: Info) -> Entity | None:
        """Return the unit above."""
        return info.context.find(unit.parent or "")

    @field("The units right below.", list["OrgUnit"])
    @staticmethod
    def children(unit: Parent[org.OrgUnit], info: Info) -> list[org.OrgUnit]:
        """Return the visible units below."""
        context = info.context
        return [child for child in context.picture.children.get(unit.key, ()) if context.sees(child)]

    @field("The objectives it owns, of one cycle or of all.", list["Objective"])
    @staticmethod
    def objectives(unit: Parent[org.OrgUnit], info: Info, cycle: OfCycle = None) -> list[goal.Objective]:
        """Return the visible objectives."""
        context = info.context
        mine = context.picture.objectives_of.get(unit.key, ()) if context.sees(unit) else ()
        return [objective for objective in mine if cycle is None or objective.cycle == cycle]

    @field("The KPIs it watches.", list["Kpi"])
    @staticmethod
    def kpis(unit: Parent[org.OrgUnit], info: Info) -> list[kpi.Kpi]:
        """Return the visible KPIs."""
        context = info.context
        return [watched for watched in context.picture.kpis_of.get(unit.key, ()) if context.sees(watched)]

    @field("The mean progress of its counted objectives, 0 to 1; null where there is none.", float | None)
    @staticmethod
    def progress(unit: Parent[org.OrgUnit], info: Info, cycle: InCycle = None) -> Decimal | None:
        """Return the progress in a cycle, or in the present quarter, where the unit is visible."""
        return info.context.unit_progress(unit.key, cycle) if info.context.sees(unit) else None

    @classmethod
    def is_type_of(cls, value: object, _: object) -> bool:
        """Tell whether this view is for `value`."""
        return isinstance(value, org.OrgUnit)


@strawberry.type(description="How an objective ended; frozen.")
class FinalScore:
    """The frozen score of a closed objective."""

    progress: float | None = strawberry.field(description="The progress when it was closed, 0 to 1.")
    at: datetime = strawberry.field(description="When it was closed.")
    note: str = strawberry.field(description="What was learned.")


@strawberry.type(description="A further objective or key result that an objective contributes to.")
class Contribution:
    """A secondary edge."""

    share: Decimal = strawberry.field(description="Its share, 0 to 1; the shares of one objective sum to at most 1.")

    @field("What it contributes to.", Node | None)
    @staticmethod
    def to(contribution: Parent[goal.Contribution], info: Info) -> Entity | None:
        """Return the target where it is visible."""
        return info.context.find(contribution.to)


@strawberry.type(description="A qualitative goal of one unit in one cycle.")
class Objective(Node):
    """An objective."""

    description: str = strawberry.field(description="What it is about, at length.")
    state: enums.ObjectiveState = strawberry.field(description="Where it is in its life.")
    driver: enums.Driver = strawberry.field(description="What its progress is rolled up from.")
    since: date = strawberry.field(description="The local day it began.")
    superseded_episode: bool = strawberry.field(
        description="Whether the episode it was made for no longer holds after a correction."
    )
    version: int = strawberry.field(description="Raised by every change; pass it as expectedVersion.")

    @field("What it is called.")
    @staticmethod
    def title(objective: Parent[goal.Objective], info: Info) -> str:
        """Return the title in the caller's language."""
        return objective.title.said(info.context.language)

    @field("The unit that owns it.", OrgUnit)
    @staticmethod
    def unit(objective: Parent[goal.Objective], info: Info) -> org.OrgUnit:
        """Return the unit."""
        return info.context.picture.units[objective.unit]

    @field("The cycle it lives in.", Cycle)
    @staticmethod
    def cycle(objective: Parent[goal.Objective], info: Info) -> cycles.Cycle:
        """Return the cycle."""
        return info.context.picture.cycles[objective.cycle]

    @field("Who answers for it.", Person | None)
    @staticmethod
    def owner(objective: Parent[goal.Objective], info: Info) -> org.Person | None:
        """Return the owner."""
        return info.context.picture.people.get(objective.owner or "")

    @field("How far it is, 0 to 1; null where nothing counts.", float | None)
    @staticmethod
    def progress(objective: Parent[goal.Objective], info: Info) -> Decimal | None:
        """Return the rolled-up progress."""
        return info.context.rollup(objective).progress

    @field("The share of weight that has data, 0 to 1.", float)
    @staticmethod
    def coverage(objective: Parent[goal.Objective], info: Info) -> Decimal:
        """Return the coverage."""
        return info.context.rollup(objective).coverage

    @field("The worst status of its live key results that count.", enums.Status)
    @staticmethod
    def status(objective: Parent[goal.Objective], info: Info) -> object:
        """Return the status."""
        return info.context.rollup(objective).status

    @field("How the progress was worked out, with the numbers.")
    @staticmethod
    def explanation(objective: Parent[goal.Objective], info: Info) -> str:
        """Return the explanation of the roll-up."""
        return info.context.rollup(objective).explained.said(info.context.language)

    @field("Its key results that were not cancelled.", list["KeyResult"])
    @staticmethod
    def key_results(objective: Parent[goal.Objective], info: Info) -> list[goal.KeyResult]:
        """Return the live key results."""
        mine = info.context.picture.key_results_of.get(objective.key, ())
        return [key_result for key_result in mine if not key_result.cancelled]

    @field("The objective or key result it supports first of all.", Node | None)
    @staticmethod
    def supports(objective: Parent[goal.Objective], info: Info) -> Entity | None:
        """Return the primary parent where it is visible."""
        return info.context.find(objective.supports or "")

    @field("The objectives that support it.", list["Objective"])
    @staticmethod
    def supported_by(objective: Parent[goal.Objective], info: Info) -> list[goal.Objective]:
        """Return the visible supporters."""
        context = info.context
        return [found for found in context.picture.supporters_of.get(objective.key, ()) if context.sees(found)]

    @field("What else it contributes to.", list[Contribution])
    @staticmethod
    def contributes(objective: Parent[goal.Objective], info: Info) -> list[goal.Contribution]:
        """Return the secondary edges to what is visible."""
        return [edge for edge in objective.contributes if info.context.find(edge.to)]

    @field("The objectives it depends on.", list["Objective"])
    @staticmethod
    def depends_on(objective: Parent[goal.Objective], info: Info) -> list[Entity]:
        """Return the visible dependencies."""
        return [found for key in objective.depends_on if (found := info.context.find(key))]

    @field("The KPIs it attacks.", list["Kpi"])
    @staticmethod
    def addresses(objective: Parent[goal.Objective], info: Info) -> list[Entity]:
        """Return the visible KPIs."""
        return [found for key in objective.addresses if (found := info.context.find(key))]

    @field("The recommendation it came from.", strawberry.ID | None)
    @staticmethod
    def recommendation_id(objective: Parent[goal.Objective]) -> str | None:
        """Return the key of the recommendation."""
        return objective.origin.recommendation if objective.origin else None

    @field("How it ended; null while it lives.", FinalScore | None)
    @staticmethod
    def final(objective: Parent[goal.Objective]) -> goal.Final | None:
        """Return the frozen score."""
        return objective.final

    @classmethod
    def is_type_of(cls, value: object, _: object) -> bool:
        """Tell whether this view is for `value`."""
        return isinstance(value, goal.Objective)


@strawberry.type(description="One step of a milestone key result.")
class Milestone:
    """A milestone."""

    weight: Decimal = strawberry.field(description="How much it counts.")
    done: bool = strawberry.field(description="Whether it is reached.")
    cancelled: bool = strawberry.field(description="Whether it was given up; then it counts nowhere.")

    @field("What it is called.")
    @staticmethod
    def name(milestone: Parent[goal.Milestone], info: Info) -> str:
        """Return the name in the caller's language."""
        return milestone.name.said(info.context.language)


@strawberry.type(description="What somebody said about a key result at an instant.")
class CheckIn(Node):
    """A check-in."""

    at: datetime = strawberry.field(description="When it was said.")
    value: Decimal | None = strawberry.field(description="The value then, in the key result's unit.")
    done: bool | None = strawberry.field(description="For a boolean key result: whether it is done.")
    confidence: int | None = strawberry.field(description="How sure its author is to reach the target, 1 to 10.")
    note: str = strawberry.field(description="What was said beside the numbers.")

    @field("Who said it.", Person | None)
    @staticmethod
    def by(said: Parent[goal.CheckIn], info: Info) -> org.Person | None:
        """Return the author."""
        return info.context.picture.people.get(said.by)

    @field("For a milestone key result: the positions that are done.")
    @staticmethod
    def milestones(said: Parent[goal.CheckIn]) -> list[int]:
        """Return the positions, from 0."""
        return list(said.milestones)

    @field("The entry that this one corrects.", strawberry.ID | None)
    @staticmethod
    def supersedes(said: Parent[goal.CheckIn]) -> str | None:
        """Return the key of the corrected entry."""
        return said.supersedes

    @classmethod
    def is_type_of(cls, value: object, _: object) -> bool:
        """Tell whether this view is for `value`."""
        return isinstance(value, goal.CheckIn)


@strawberry.type(description="One measure of an objective.")
class KeyResult(Node):
    """A key result."""

    type: enums.KeyResultType = strawberry.field(description="How it is measured.")
    measure: str = strawberry.field(description='The unit of its numbers: "%", "s", an ISO currency code.')
    start: Decimal | None = strawberry.field(description="Where it began.")
    target: Decimal | None = strawberry.field(description="Where it should end.")
    low: Decimal | None = strawberry.field(description="For MAINTAIN: the lower bound of the band.")
    high: Decimal | None = strawberry.field(description="For MAINTAIN: the upper bound of the band.")
    weight: Decimal = strawberry.field(description="How much it counts in its objective; 0 is shown but not counted.")
    roll_up: enums.RollUp = strawberry.field(description="Where its value comes from.")
    trial: bool = strawberry.field(description="Whether it tries out a candidate KPI for one cycle.")
    version: int = strawberry.field(description="Raised by every change; pass it as expectedVersion.")

    @field("What it is called.")
    @staticmethod
    def title(key_result: Parent[goal.KeyResult], info: Info) -> str:
        """Return the title in the caller's language."""
        return key_result.title.said(info.context.language)

    @field("The objective it belongs to.", Objective)
    @staticmethod
    def objective(key_result: Parent[goal.KeyResult], info: Info) -> goal.Objective:
        """Return the objective."""
        return info.context.picture.objectives[key_result.objective]

    @field("Who answers for it.", Person | None)
    @staticmethod
    def owner(key_result: Parent[goal.KeyResult], info: Info) -> org.Person | None:
        """Return the owner, else the objective's."""
        picture = info.context.picture
        return picture.people.get(key_result.owner or picture.objectives[key_result.objective].owner or "")

    @field("The steps of a milestone key result.", list[Milestone])
    @staticmethod
    def milestones(key_result: Parent[goal.KeyResult]) -> tuple[goal.Milestone, ...]:
        """Return the steps."""
        return key_result.milestones

    @field("The latest value, or the sum of those that support it; null before the first check-in.", Decimal | None)
    @staticmethod
    def current(key_result: Parent[goal.KeyResult], info: Info) -> Decimal | None:
        """Return the latest value."""
        return info.context.progress(key_result).current

    @field("How far it is, 0 to 1.", float)
    @staticmethod
    def progress(key_result: Parent[goal.KeyResult], info: Info) -> Decimal:
        """Return the progress."""
        return info.context.progress(key_result).progress

    @field("The progress before it is cut to 0–1: negative when it got worse, above 1 beyond the target.", float | None)
    @staticmethod
    def raw_progress(key_result: Parent[goal.KeyResult], info: Info) -> Decimal | None:
        """Return the raw progress."""
        return info.context.progress(key_result).raw

    @field("What is remarkable about the progress.", list[enums.ProgressFlag])
    @staticmethod
    def flags(key_result: Parent[goal.KeyResult], info: Info) -> list[object]:
        """Return the flags."""
        return list(info.context.progress(key_result).flags)

    @field("How it stands to where it should be by now.", enums.Status)
    @staticmethod
    def status(key_result: Parent[goal.KeyResult], info: Info) -> object:
        """Return the status."""
        return info.context.progress(key_result).status

    @field("For MAINTAIN: whether the latest value is inside the band.", bool | None)
    @staticmethod
    def in_band_now(key_result: Parent[goal.KeyResult], info: Info) -> bool | None:
        """Return whether the latest value is inside the band."""
        return info.context.progress(key_result).in_band_now

    @field("How the progress was worked out, with the numbers.")
    @staticmethod
    def explanation(key_result: Parent[goal.KeyResult], info: Info) -> str:
        """Return the explanation."""
        return info.context.progress(key_result).explained.said(info.context.language)

    @field("The KPI it moves.", "Kpi | None")
    @staticmethod
    def measures(key_result: Parent[goal.KeyResult], info: Info) -> Entity | None:
        """Return the KPI where it is visible."""
        return info.context.find(key_result.measures or "")

    @field("The KPI it was promoted to.", "Kpi | None")
    @staticmethod
    def promoted_to(key_result: Parent[goal.KeyResult], info: Info) -> Entity | None:
        """Return the KPI where it is visible."""
        return info.context.find(key_result.promoted_to or "")

    @field("Its check-ins, newest first; corrected ones are replaced by their corrections.", Connection[CheckIn])
    @staticmethod
    def check_ins(key_result: Parent[goal.KeyResult], info: Info, first: First = None, after: After = None) -> object:
        """Return a page of the standing check-ins."""
        return page(
            key_result.check_ins,
            lambda said: (-said.at.timestamp(), said.key),
            window("checkIns", first, after),
        )

    @classmethod
    def is_type_of(cls, value: object, _: object) -> bool:
        """Tell whether this view is for `value`."""
        return isinstance(value, goal.KeyResult)


@strawberry.type(description="What a KPI was in one period.")
class KpiReading:
    """A reading."""

    period: date = strawberry.field(description="The first day of the period.")
    value: Decimal = strawberry.field(description="The value of the period, in the KPI's unit.")


@strawberry.type(description="Where a KPI's target came from.")
class KpiProvenance:
    """The provenance of a promoted target."""

    policy_version: int = strawberry.field(description="The version of the policy that proposed it.")
    policy: str = strawberry.field(description="The policy that proposed it.")
    episode: str | None = strawberry.field(description="The episode that started it.")

    @field("The key result that was achieved and held.", KeyResult | None)
    @staticmethod
    def key_result(origin: Parent[Provenance], info: Info) -> Entity | None:
        """Return the key result where it is visible."""
        return info.context.find(origin.key_result)

    @field("The objective of that key result.", Objective | None)
    @staticmethod
    def objective(origin: Parent[Provenance], info: Info) -> Entity | None:
        """Return the objective where it is visible."""
        return info.context.find(origin.objective)

    @field("The cycle of that objective.", Cycle | None)
    @staticmethod
    def cycle(origin: Parent[Provenance], info: Info) -> Entity | None:
        """Return the cycle."""
        return info.context.find(origin.cycle)

    @field("The check-ins that showed it held.", list[strawberry.ID])
    @staticmethod
    def check_in_ids(origin: Parent[Provenance]) -> list[str]:
        """Return the keys of the check-ins."""
        return list(origin.check_ins)

    @field("Who approved it.", Person | None)
    @staticmethod
    def approver(origin: Parent[Provenance], info: Info) -> org.Person | None:
        """Return the approver."""
        return info.context.picture.people.get(origin.approver)


@strawberry.type(description="What a KPI should reach from a day on.")
class KpiTarget:
    """One effective-dated target."""

    valid_from: date = strawberry.field(description="The first day it holds.")
    target: Decimal | None = strawberry.field(description="Where green begins.")
    red_bound: Decimal | None = strawberry.field(description="Where red begins.")
    low: Decimal | None = strawberry.field(description="RANGE: the lower end of green.")
    high: Decimal | None = strawberry.field(description="RANGE: the upper end of green.")
    outer_low: Decimal | None = strawberry.field(description="RANGE: the lower end of amber.")
    outer_high: Decimal | None = strawberry.field(description="RANGE: the upper end of amber.")
    baseline: Decimal | None = strawberry.field(description="The floor already won.")
    recovery: Decimal | None = strawberry.field(description="Where a breach is over; null: at the target.")
    reason: str = strawberry.field(description="Why it was set.")
    provenance: KpiProvenance | None = strawberry.field(description="The key result it was promoted from.")


@strawberry.type(description="One stretch of trouble of a KPI.")
class Episode:
    """A breach episode."""

    key: str = strawberry.field(description="The KPI and the period of its first bad reading.")
    first: date = strawberry.field(description="The period of the first bad reading.")
    breached: date = strawberry.field(description="The period in which enough bad ones were in a row.")
    start_value: Decimal = strawberry.field(description="The value when it opened.")
    worst: Decimal = strawberry.field(description="The worst value in it.")
    periods: int = strawberry.field(description="How many periods it has lasted.")
    over: date | None = strawberry.field(description="The period in which it was over; null while it lasts.")


@strawberry.type(description="Where the breach of a KPI stands.")
class BreachState:
    """The state machine's checkpoint."""

    state: enums.BreachPhase = strawberry.field(description="The phase.")
    judged: date | None = strawberry.field(description="The last period that was judged.")
    run: int = strawberry.field(description="Bad periods of PENDING, or good ones of RECOVERING.")
    episodes: int = strawberry.field(description="How many episodes there have been.")
    episode: Episode | None = strawberry.field(description="The open episode, else the last one.")


@strawberry.type(description="One measure that is watched.")
class Kpi(Node):
    """A KPI."""

    measure: str = strawberry.field(description='The unit of its numbers: "%", "s", an ISO currency code.')
    direction: enums.Direction = strawberry.field(description="Which way is better.")
    period: enums.Period = strawberry.field(description="How long one reading's period is.")
    weight: Decimal = strawberry.field(description="How important it is; 1 is ordinary.")
    version: int = strawberry.field(description="Raised by every change; pass it as expectedVersion.")

    @field("What it is called.")
    @staticmethod
    def name(watched: Parent[kpi.Kpi], info: Info) -> str:
        """Return the name in the caller's language."""
        return watched.name.said(info.context.language)

    @field("The unit it belongs to; who only has to act on the KPI learns of that unit no more than its name.", OrgUnit)
    @staticmethod
    def unit(watched: Parent[kpi.Kpi], info: Info) -> org.OrgUnit:
        """Return the unit."""
        return info.context.picture.units[watched.unit]

    @field("The unit that must act when it is red.", OrgUnit | None)
    @staticmethod
    def accountable(watched: Parent[kpi.Kpi], info: Info) -> Entity | None:
        """Return the accountable unit where it is visible."""
        return info.context.find(watched.accountable or "")

    @field("Who brings the numbers.", Person | None)
    @staticmethod
    def reporter(watched: Parent[kpi.Kpi], info: Info) -> org.Person | None:
        """Return the reporter."""
        return info.context.picture.people.get(watched.reporter or "")

    @field("The KPI that it drives.", "Kpi | None")
    @staticmethod
    def parent(watched: Parent[kpi.Kpi], info: Info) -> Entity | None:
        """Return the KPI above where it is visible."""
        return info.context.find(watched.parent or "")

    @field("Where green begins, today.", Decimal | None)
    @staticmethod
    def target(watched: Parent[kpi.Kpi], info: Info) -> Decimal | None:
        """Return today's target."""
        return now.target if (now := info.context.target(watched)) else None

    @field("The floor already won, today.", Decimal | None)
    @staticmethod
    def baseline(watched: Parent[kpi.Kpi], info: Info) -> Decimal | None:
        """Return today's baseline."""
        return now.baseline if (now := info.context.target(watched)) else None

    @field("Where red begins, today.", Decimal | None)
    @staticmethod
    def red_bound(watched: Parent[kpi.Kpi], info: Info) -> Decimal | None:
        """Return today's red bound."""
        return now.red_bound if (now := info.context.target(watched)) else None

    @field("All its targets through time, oldest first.", list[KpiTarget])
    @staticmethod
    def targets(watched: Parent[kpi.Kpi]) -> tuple[Target, ...]:
        """Return the targets."""
        return watched.targets

    @field("Its newest reading.", KpiReading | None)
    @staticmethod
    def latest(watched: Parent[kpi.Kpi]) -> kpi.Reading | None:
        """Return the newest reading."""
        return watched.latest

    @field("How it stands.", enums.Band)
    @staticmethod
    def band(watched: Parent[kpi.Kpi], info: Info) -> Band:
        """Return the band."""
        return info.context.band(watched)

    @field("Where its breach stands.", BreachState)
    @staticmethod
    def breach(watched: Parent[kpi.Kpi], info: Info) -> kpi.Watch:
        """Return the state of the breach."""
        return info.context.watch(watched)

    @field("Its readings, newest first.", Connection[KpiReading])
    @staticmethod
    async def readings(watched: Parent[kpi.Kpi], info: Info, first: First = None, after: After = None) -> object:
        """Return a page of the readings."""
        asked = window("readings", first, after)
        before = None if asked.after is None else _day_place(asked.after)
        found = await info.context.call.store.readings_before(watched.key, before=before, limit=asked.size + 1)
        return connection([((reading.period.isoformat(),), reading) for reading in found], asked)

    @field("The key results that move it.", list[KeyResult])
    @staticmethod
    def moved_by(watched: Parent[kpi.Kpi], info: Info) -> list[goal.KeyResult]:
        """Return the visible key results that measure it."""
        context = info.context
        return [found for found in context.picture.movers_of.get(watched.key, ()) if context.sees(found)]

    @field("The objectives that attack it.", list[Objective])
    @staticmethod
    def addressed_by(watched: Parent[kpi.Kpi], info: Info) -> list[goal.Objective]:
        """Return the visible objectives."""
        context = info.context
        return [found for found in context.picture.addressing.get(watched.key, ()) if context.sees(found)]

    @field("The key result that today's target was promoted from.", KpiProvenance | None)
    @staticmethod
    def provenance(watched: Parent[kpi.Kpi], info: Info) -> Provenance | None:
        """Return the provenance of today's target, else of the newest promoted one."""
        return next((t.provenance for t in reversed(watched.targets) if t.provenance), None)

    @classmethod
    def is_type_of(cls, value: object, _: object) -> bool:
        """Tell whether this view is for `value`."""
        return isinstance(value, kpi.Kpi)


def _day_place(place: tuple[object, ...]) -> date:
    try:
        return date.fromisoformat(str(place[0]))
    except ValueError:
        raise foreign() from None


@strawberry.type(description="One due moment of a key result's check-ins.")
class CheckInSlot:
    """A slot and what became of it."""

    @field("The key result.", KeyResult)
    @staticmethod
    def key_result(due: Parent[DueSlot]) -> goal.KeyResult:
        """Return the key result."""
        return due.key_result

    @field("The local day it is due.")
    @staticmethod
    def day(due: Parent[DueSlot]) -> date:
        """Return the local day."""
        return due.filled.slot.day

    @field("When it is due.")
    @staticmethod
    def due(due: Parent[DueSlot]) -> datetime:
        """Return the instant."""
        return due.filled.slot.due

    @field("Until when it can still be filled late.")
    @staticmethod
    def late_until(due: Parent[DueSlot]) -> datetime:
        """Return the end of the grace."""
        return due.filled.slot.late_until

    @field("What became of it.", enums.SlotState)
    @staticmethod
    def state(due: Parent[DueSlot]) -> check_in.SlotState:
        """Return the state."""
        return due.filled.state

    @field("Who should check in.", Person | None)
    @staticmethod
    def owner(due: Parent[DueSlot], info: Info) -> org.Person | None:
        """Return the owner."""
        picture = info.context.picture
        return picture.people.get(due.key_result.owner or picture.objectives[due.key_result.objective].owner or "")


@strawberry.type(description="What a policy does not demand of a unit or a subject for a while, and why.")
class Waiver(Node):
    """A waiver."""

    kind: enums.WaiverKind = strawberry.field(description="Why it is excused, in a word.")
    reason: str = strawberry.field(description="Why it is excused, as the approver wrote it.")
    until: date = strawberry.field(description="The first day on which it no longer holds.")
    created_at: datetime = strawberry.field(description="When it was granted.")
    ended_at: datetime | None = strawberry.field(description="When somebody ended it before its day.")
    end_reason: str = strawberry.field(description="Why somebody ended it before its day; empty where nobody did.")
    version: int = strawberry.field(description="Raised by every change; pass it as expectedVersion.")

    @field("The policy that it is a waiver of.")
    @staticmethod
    def policy_key(granted: Parent[waiver.Waiver]) -> str:
        """Return the policy's key."""
        return granted.policy

    @field(
        "The unit whose subtree is exempt; null where a single subject is, or where it is not visible.", OrgUnit | None
    )
    @staticmethod
    def unit(granted: Parent[waiver.Waiver], info: Info) -> Entity | None:
        """Return the unit where it is visible."""
        return info.context.find(granted.unit or "")

    @field("The subject that is exempt; null where a whole subtree is.", Node | None)
    @staticmethod
    def subject(granted: Parent[waiver.Waiver], info: Info) -> Entity | None:
        """Return the subject where it is visible."""
        return info.context.find(granted.subject.key) if granted.subject else None

    @field("Whether it holds today.")
    @staticmethod
    def active(granted: Parent[waiver.Waiver], info: Info) -> bool:
        """Tell whether it holds on the local day where it was granted."""
        call = info.context.call
        return waiver.holds(granted, call.picture.today(waivers.home(call, granted)))

    @field("Who approved it.", Person | None)
    @staticmethod
    def approved_by(granted: Parent[waiver.Waiver], info: Info) -> org.Person | None:
        """Return the approver; null where that was the service itself."""
        return info.context.picture.people.get(granted.approved_by)

    @field("Who ended it before its day.", Person | None)
    @staticmethod
    def ended_by(granted: Parent[waiver.Waiver], info: Info) -> org.Person | None:
        """Return who ended it."""
        return info.context.picture.people.get(granted.ended_by or "")

    @classmethod
    def is_type_of(cls, value: object, _: object) -> bool:
        """Tell whether this view is for `value`."""
        return isinstance(value, waiver.Waiver)


@strawberry.type(description="What a policy found, what it proposes, and what people did about it.")
class Recommendation(Node):
    """A recommendation."""

    state: enums.RecommendationState = strawberry.field(description="Where it is in its life.")
    first_seen: datetime = strawberry.field(description="When the policy first matched.")
    last_seen: datetime = strawberry.field(description="When the policy last matched.")
    times: int = strawberry.field(description="How many evaluations have matched.")
    until: date | None = strawberry.field(description="When a snooze or a cool-down ends.")
    error: str = strawberry.field(description="Why carrying it out failed; empty where it did not.")
    version: int = strawberry.field(description="Raised by every change; pass it as expectedVersion.")

    @field("The policy that says so.")
    @staticmethod
    def policy_key(filed: Parent[recommendation.Recommendation]) -> str:
        """Return the policy's key."""
        return filed.finding.policy

    @field("The version of the policy that says so.")
    @staticmethod
    def policy_version(filed: Parent[recommendation.Recommendation]) -> int:
        """Return the policy's version."""
        return filed.finding.policy_version

    @field("How much it matters.", enums.Severity)
    @staticmethod
    def severity(filed: Parent[recommendation.Recommendation]) -> object:
        """Return the severity."""
        return filed.finding.severity

    @field("What was found, in one line.")
    @staticmethod
    def title(filed: Parent[recommendation.Recommendation], info: Info) -> str:
        """Return the title in the caller's language."""
        return filed.finding.title.said(info.context.language)

    @field("The condition tree with the values seen.", Explanation)
    @staticmethod
    def explanation(filed: Parent[recommendation.Recommendation]) -> recommendation.Finding:
        """Return what was found; its evidence is the explanation."""
        return filed.finding

    @field("What it is about.", Node)
    @staticmethod
    def subject(filed: Parent[recommendation.Recommendation], info: Info) -> Entity | None:
        """Return the subject."""
        return info.context.find(filed.finding.subject.key)

    @field("The unit it concerns.", OrgUnit)
    @staticmethod
    def unit(filed: Parent[recommendation.Recommendation], info: Info) -> org.OrgUnit:
        """Return the unit."""
        return info.context.picture.units[filed.finding.unit]

    @field("What it proposes.", Proposal | None)
    @staticmethod
    def proposal(filed: Parent[recommendation.Recommendation]) -> recommendation.Proposal | None:
        """Return the proposal."""
        return filed.finding.proposal

    @field("The waiver that covers the match, where it is waived.", Waiver | None)
    @staticmethod
    async def waiver(filed: Parent[recommendation.Recommendation], info: Info) -> waiver.Waiver | None:
        """Return the waiver where it is visible."""
        key = filed.finding.waiver
        return await info.context.waivers.load(key) if key else None

    @field('What stands in its way ("goal limit").')
    @staticmethod
    def blocked_by(filed: Parent[recommendation.Recommendation]) -> list[str]:
        """Return the obstacles."""
        return list(filed.finding.blocked_by)

    @field("What accepting it created.", list[Node])
    @staticmethod
    def created(filed: Parent[recommendation.Recommendation], info: Info) -> list[Entity]:
        """Return the visible entities that accepting created."""
        return [found for key in filed.created if (found := info.context.find(key))]

    @classmethod
    def is_type_of(cls, value: object, _: object) -> bool:
        """Tell whether this view is for `value`."""
        return isinstance(value, recommendation.Recommendation)
