"""What mutations take, and how it becomes the drafts of the use-cases."""

from collections.abc import Mapping
from dataclasses import fields
from datetime import date, datetime
from decimal import Decimal

import strawberry

from app.actions import Amendment
from app.goals import KeyResultDraft, ObjectiveDraft
from app.kpis import KpiDraft
from gql import enums
from okr.errors import Code, Refusal
from okr.goal import Contribution, Driver, KeyResultType, Milestone, ObjectiveState, RollUp
from okr.kpi import BreachRule
from okr.number import Direction
from okr.period import Period
from okr.target import Target
from okr.text import Text, line

LONGEST_LIST = 100

ONCE = "Repeating a mutation with the same word does it once and answers the same again."
EXPECTED = "Refuse with CONFLICT unless this is the present version."
OVERRIDE = "Why to go on where a policy blocks it; for the role that the policy lets override it, and recorded."


def once() -> str | None:
    """Declare the clientMutationId of an input."""
    return strawberry.field(default=None, description=ONCE)  # type: ignore[no-any-return]  # a field, typed as its value


def expected() -> int | None:
    """Declare the expectedVersion of an input."""
    return strawberry.field(default=None, description=EXPECTED)  # type: ignore[no-any-return]  # a field, typed as its value


def override() -> str | None:
    """Declare the overrideReason of an input."""
    return strawberry.field(default=None, description=OVERRIDE)  # type: ignore[no-any-return]  # a field, typed as its value


@strawberry.input(description="What somebody says about a key result.")
class RecordCheckInInput:
    """A check-in."""

    key_result_id: strawberry.ID = strawberry.field(description="The key result.")
    value: Decimal | None = strawberry.field(default=None, description="The value now, in the key result's unit.")
    done: bool | None = strawberry.field(default=None, description="For a boolean key result: whether it is done.")
    milestones: list[int] | None = strawberry.field(
        default=None, description="For a milestone key result: the positions that are done, counted from 0."
    )
    confidence: int | None = strawberry.field(default=None, description="How sure you are, 1 to 10.")
    note: str | None = strawberry.field(default=None, description="What there is to say beside the numbers.")
    at: datetime | None = strawberry.field(default=None, description="When it was so; default: now.")
    supersedes_id: strawberry.ID | None = strawberry.field(default=None, description="The check-in that this corrects.")
    client_mutation_id: str | None = once()


@strawberry.input(description="One value of one KPI.")
class KpiReadingInput:
    """A reading."""

    kpi_id: strawberry.ID = strawberry.field(description="The KPI.")
    period: date = strawberry.field(description="A day of the period; several days of one period are several samples.")
    value: Decimal = strawberry.field(description="The value, in the KPI's unit.")


@strawberry.input(description="Readings, stored all or none.")
class RecordKpiReadingsInput:
    """Readings."""

    readings: list[KpiReadingInput] = strawberry.field(description="The readings, at most 1,000.")
    client_mutation_id: str | None = once()


@strawberry.input(description="A new unit.")
class CreateOrgUnitInput:
    """A unit."""

    name: str = strawberry.field(description="What it is called.")
    name_vi: str | None = strawberry.field(default=None, description="What it is called in Vietnamese.")
    kind: str = strawberry.field(description='Its level: "division", "department", "team", or a word of yours.')
    parent_id: strawberry.ID = strawberry.field(description="The unit above.")
    lead_id: strawberry.ID | None = strawberry.field(default=None, description="Who leads it.")
    zone: str | None = strawberry.field(default=None, description="Its IANA time zone; default: as above.")
    client_mutation_id: str | None = once()


@strawberry.input(description="A unit that moves, with everything below it.")
class MoveOrgUnitInput:
    """A move."""

    id: strawberry.ID = strawberry.field(description="The unit.")
    parent_id: strawberry.ID = strawberry.field(description="The new unit above.")
    expected_version: int | None = expected()
    client_mutation_id: str | None = once()


@strawberry.input(description="A step of a milestone key result.")
class MilestoneInput:
    """A milestone."""

    name: str = strawberry.field(description="What it is called.")
    name_vi: str | None = strawberry.field(default=None, description="What it is called in Vietnamese.")
    weight: Decimal | None = strawberry.field(default=None, description="How much it counts; default 1.")


@strawberry.input(description="A new key result.")
class KeyResultInput:
    """A key result."""

    title: str = strawberry.field(description="What it is called.")
    title_vi: str | None = strawberry.field(default=None, description="What it is called in Vietnamese.")
    type: enums.KeyResultType = strawberry.field(description="How it is measured.")
    measure: str | None = strawberry.field(default=None, description='The unit of its numbers: "%", "s", "VND".')
    direction: enums.Direction | None = strawberry.field(
        default=None, description="Which way is better, where you want it checked."
    )
    start: Decimal | None = strawberry.field(default=None, description="Where it begins.")
    target: Decimal | None = strawberry.field(default=None, description="Where it should end.")
    low: Decimal | None = strawberry.field(default=None, description="MAINTAIN: the lower bound.")
    high: Decimal | None = strawberry.field(default=None, description="MAINTAIN: the upper bound.")
    milestones: list[MilestoneInput] | None = strawberry.field(default=None, description="MILESTONE: the steps.")
    weight: Decimal | None = strawberry.field(
        default=None, description="How much it counts; default 1, 0 is shown only."
    )
    roll_up: enums.RollUp | None = strawberry.field(
        default=None, description="Where its value comes from; default: OWN. NUMBER and CURRENCY may be a VALUE_SUM."
    )
    owner_id: strawberry.ID | None = strawberry.field(default=None, description="Who answers for it.")
    measures_id: strawberry.ID | None = strawberry.field(default=None, description="The KPI it moves.")
    trial: bool | None = strawberry.field(default=None, description="Whether it tries out a candidate KPI.")


@strawberry.input(description="A further goal to contribute to.")
class ContributionInput:
    """A secondary edge."""

    to_id: strawberry.ID = strawberry.field(description="The objective or key result.")
    share: Decimal | None = strawberry.field(default=None, description="Its share, 0 to 1; default 0.")


@strawberry.input(description="A new objective with its key results.")
class CreateObjectiveInput:
    """An objective."""

    title: str = strawberry.field(description="What it is called.")
    title_vi: str | None = strawberry.field(default=None, description="What it is called in Vietnamese.")
    description: str | None = strawberry.field(default=None, description="What it is about, at length.")
    unit_id: strawberry.ID = strawberry.field(description="The unit that owns it.")
    cycle_id: strawberry.ID = strawberry.field(description="The cycle it lives in.")
    owner_id: strawberry.ID | None = strawberry.field(default=None, description="Who answers for it.")
    state: enums.ObjectiveState | None = strawberry.field(default=None, description="Default: ACTIVE.")
    driver: enums.Driver | None = strawberry.field(default=None, description="Default: KEY_RESULTS.")
    supports_id: strawberry.ID | None = strawberry.field(default=None, description="Its one primary parent.")
    contributes: list[ContributionInput] | None = strawberry.field(default=None, description="Further goals.")
    depends_on_ids: list[strawberry.ID] | None = strawberry.field(default=None, description="Objectives it waits for.")
    addresses_ids: list[strawberry.ID] | None = strawberry.field(default=None, description="KPIs it attacks.")
    key_results: list[KeyResultInput] | None = strawberry.field(default=None, description="Its key results.")
    override_reason: str | None = override()
    client_mutation_id: str | None = once()


@strawberry.input(description="What to change of an objective; what is left out stays as it is.")
class UpdateObjectiveInput:
    """A change."""

    id: strawberry.ID = strawberry.field(description="The objective.")
    title: str | None = strawberry.field(default=None, description="What it is called.")
    title_vi: str | None = strawberry.field(default=None, description="What it is called in Vietnamese.")
    description: str | None = strawberry.field(default=None, description="What it is about, at length.")
    unit_id: strawberry.ID | None = strawberry.field(default=None, description="The unit that owns it.")
    cycle_id: strawberry.ID | None = strawberry.field(default=None, description="The cycle it lives in.")
    owner_id: strawberry.ID | None = strawberry.field(default=None, description="Who answers for it.")
    state: enums.ObjectiveState | None = strawberry.field(
        default=None, description="DRAFT, PENDING_APPROVAL, ACTIVE or DEFERRED."
    )
    driver: enums.Driver | None = strawberry.field(default=None, description="What its progress is rolled up from.")
    supports_id: strawberry.ID | None = strawberry.field(default=None, description="Its primary parent.")
    replace_parent: bool = strawberry.field(
        default=False, description="Let supportsId take the place of the present primary parent."
    )
    contributes: list[ContributionInput] | None = strawberry.field(default=None, description="All further goals.")
    depends_on_ids: list[strawberry.ID] | None = strawberry.field(default=None, description="All it waits for.")
    addresses_ids: list[strawberry.ID] | None = strawberry.field(default=None, description="All KPIs it attacks.")
    key_results: list[KeyResultInput] | None = strawberry.field(default=None, description="Key results to add.")
    override_reason: str | None = override()
    expected_version: int | None = expected()
    client_mutation_id: str | None = once()


@strawberry.input(description="An objective to close.")
class CloseObjectiveInput:
    """A closing."""

    id: strawberry.ID = strawberry.field(description="The objective.")
    note: str | None = strawberry.field(default=None, description="What was learned.")
    cancel: bool = strawberry.field(default=False, description="Give it up instead of grading it.")
    expected_version: int | None = expected()
    client_mutation_id: str | None = once()


@strawberry.input(description="What a KPI should reach from a day on.")
class KpiTargetInput:
    """A target."""

    valid_from: date = strawberry.field(description="The first day it holds.")
    target: Decimal | None = strawberry.field(default=None, description="HIGHER, LOWER: where green begins.")
    red_bound: Decimal | None = strawberry.field(default=None, description="HIGHER, LOWER: where red begins.")
    low: Decimal | None = strawberry.field(default=None, description="RANGE: the lower end of green.")
    high: Decimal | None = strawberry.field(default=None, description="RANGE: the upper end of green.")
    outer_low: Decimal | None = strawberry.field(default=None, description="RANGE: the lower end of amber.")
    outer_high: Decimal | None = strawberry.field(default=None, description="RANGE: the upper end of amber.")
    baseline: Decimal | None = strawberry.field(default=None, description="The floor already won.")
    recovery: Decimal | None = strawberry.field(
        default=None, description="Where a breach is over; default: the target."
    )
    reason: str | None = strawberry.field(default=None, description="Why; needed where it loosens the one before.")


@strawberry.input(description="When a breach opens and when it is over.")
class BreachRuleInput:
    """A breach rule."""

    bad: int = strawberry.field(default=2, description="Bad periods in a row that open an episode.")
    good: int = strawberry.field(default=2, description="Good periods in a row that end it.")


@strawberry.input(description="A new KPI.")
class CreateKpiInput:
    """A KPI."""

    name: str = strawberry.field(description="What it is called.")
    name_vi: str | None = strawberry.field(default=None, description="What it is called in Vietnamese.")
    unit_id: strawberry.ID = strawberry.field(description="The unit it belongs to.")
    measure: str = strawberry.field(description='The unit of its numbers: "%", "s", "VND".')
    direction: enums.Direction = strawberry.field(description="Which way is better.")
    period: enums.Period | None = strawberry.field(default=None, description="Default: MONTH.")
    accountable_id: strawberry.ID | None = strawberry.field(default=None, description="The unit that must act.")
    reporter_id: strawberry.ID | None = strawberry.field(default=None, description="Who brings the numbers.")
    parent_id: strawberry.ID | None = strawberry.field(default=None, description="The KPI that it drives.")
    weight: Decimal | None = strawberry.field(default=None, description="How important it is; default 1.")
    target: KpiTargetInput | None = strawberry.field(default=None, description="Its first target.")
    rule: BreachRuleInput | None = strawberry.field(default=None, description="Default: two bad, two good.")
    since: date | None = strawberry.field(default=None, description="Since when it is watched; default: today.")
    override_reason: str | None = override()
    client_mutation_id: str | None = once()


@strawberry.input(description="What to change of a KPI; what is left out stays as it is.")
class UpdateKpiInput:
    """A change."""

    id: strawberry.ID = strawberry.field(description="The KPI.")
    name: str | None = strawberry.field(default=None, description="What it is called.")
    name_vi: str | None = strawberry.field(default=None, description="What it is called in Vietnamese.")
    accountable_id: strawberry.ID | None = strawberry.field(default=None, description="The unit that must act.")
    reporter_id: strawberry.ID | None = strawberry.field(default=None, description="Who brings the numbers.")
    parent_id: strawberry.ID | None = strawberry.field(default=None, description="The KPI that it drives.")
    weight: Decimal | None = strawberry.field(default=None, description="How important it is.")
    target: KpiTargetInput | None = strawberry.field(default=None, description="A target that follows the present one.")
    rule: BreachRuleInput | None = strawberry.field(default=None, description="When a breach opens and is over.")
    expected_version: int | None = expected()
    client_mutation_id: str | None = once()


@strawberry.input(description="A recommendation to accept.")
class AcceptRecommendationInput:
    """An acceptance."""

    id: strawberry.ID = strawberry.field(description="The recommendation.")
    title: str | None = strawberry.field(
        default=None, description="What to call the proposed objective instead; what is left out stays as proposed."
    )
    cycle_id: strawberry.ID | None = strawberry.field(
        default=None, description="The cycle in which to set the proposed objective instead."
    )
    owner_id: strawberry.ID | None = strawberry.field(
        default=None, description="Who is to answer for the proposed objective."
    )
    target: Decimal | None = strawberry.field(
        default=None,
        description="What the key result of the proposed objective, or the promoted KPI, is to reach instead.",
    )
    red_bound: Decimal | None = strawberry.field(
        default=None, description="Where red is to begin for the promoted KPI instead."
    )
    swap: bool = strawberry.field(
        default=False, description="Give up the goal that the proposal names, in the same moment, to make room."
    )
    override_reason: str | None = override()
    expected_version: int | None = expected()
    client_mutation_id: str | None = once()


@strawberry.input(description="A recommendation to dismiss.")
class DismissRecommendationInput:
    """A dismissal."""

    id: strawberry.ID = strawberry.field(description="The recommendation.")
    reason: enums.DismissReason = strawberry.field(description="Why.")
    note: str | None = strawberry.field(default=None, description="Why, in words.")
    expected_version: int | None = expected()
    client_mutation_id: str | None = once()


@strawberry.input(description="A recommendation to put off.")
class SnoozeRecommendationInput:
    """A snooze."""

    id: strawberry.ID = strawberry.field(description="The recommendation.")
    until: date = strawberry.field(description="The day it comes back; at most 90 days ahead.")
    expected_version: int | None = expected()
    client_mutation_id: str | None = once()


def text(original: str, vi: str | None, *at: str) -> Text:
    """Return the text of the field `at` and of the one beside it that holds the Vietnamese wording."""
    line(original, field=at)
    if vi:
        line(vi, field=(*at[:-1], f"{at[-1]}Vi"))
    return Text(original=original, vi=vi or "")


def retitled(original: str | None, vi: str | None, field: str) -> Text | None:
    """Return the new text of `field`, None where it stays; refuse a translation that comes without its original."""
    if original is not None:
        return text(original, vi, field)
    if vi is not None:
        raise Refusal(Code.INVALID, f"Give {field} as well; the two change together.", (f"{field}Vi",))
    return None


def few(values: list[str] | None, *at: str) -> tuple[str, ...]:
    """Return a list as a tuple; refuse one with more than 100 items."""
    if values is not None and len(values) > LONGEST_LIST:
        raise Refusal(Code.TOO_LONG, f"At most {LONGEST_LIST} items; this has {len(values)}.", at)
    return tuple(values or ())


def objective(given: CreateObjectiveInput) -> ObjectiveDraft:
    """Return the draft of an objective."""
    return ObjectiveDraft(
        title=text(given.title, given.title_vi, "title"),
        unit=given.unit_id,
        cycle=given.cycle_id,
        description=given.description or "",
        owner=given.owner_id,
        state=given.state or ObjectiveState.ACTIVE,
        driver=given.driver or Driver.KEY_RESULTS,
        supports=given.supports_id,
        contributes=contributions(given.contributes),
        depends_on=few(given.depends_on_ids, "dependsOnIds"),  # type: ignore[arg-type]  # ids are strings
        addresses=few(given.addresses_ids, "addressesIds"),  # type: ignore[arg-type]  # ids are strings
        key_results=key_results(given.key_results),
    )


def contributions(given: list[ContributionInput] | None) -> tuple[Contribution, ...]:
    """Return the secondary edges."""
    few([edge.to_id for edge in given or ()], "contributes")
    return tuple(Contribution(to=edge.to_id, share=edge.share or Decimal(0)) for edge in given or ())


def key_results(given: list[KeyResultInput] | None) -> tuple[KeyResultDraft, ...]:
    """Return the drafts of key results."""
    few([one.title for one in given or ()], "keyResults")
    return tuple(_key_result(one, str(position)) for position, one in enumerate(given or ()))


def _key_result(given: KeyResultInput, position: str) -> KeyResultDraft:
    kind: KeyResultType = given.type
    few([step.name for step in given.milestones or ()], "keyResults", position, "milestones")
    return KeyResultDraft(
        title=text(given.title, given.title_vi, "keyResults", position, "title"),
        type=kind,
        measure=given.measure or ("%" if kind is KeyResultType.PERCENT else ""),
        direction=given.direction,
        start=given.start,
        target=given.target,
        low=given.low,
        high=given.high,
        milestones=tuple(
            Milestone(
                name=text(step.name, step.name_vi, "keyResults", position, "milestones", str(n), "name"),
                weight=Decimal(1) if step.weight is None else step.weight,
            )
            for n, step in enumerate(given.milestones or ())
        ),
        weight=Decimal(1) if given.weight is None else given.weight,
        roll_up=given.roll_up or RollUp.OWN,
        owner=given.owner_id,
        measures=given.measures_id,
        trial=given.trial or False,
    )


def changes(given: UpdateObjectiveInput) -> Mapping[str, object]:
    """Return the fields of an objective that an update names, by their domain names."""
    found: dict[str, object] = {
        "title": retitled(given.title, given.title_vi, "title"),
        "description": given.description,
        "unit": given.unit_id,
        "cycle": given.cycle_id,
        "owner": given.owner_id,
        "state": given.state,
        "driver": given.driver,
        "supports": given.supports_id,
        "contributes": None if given.contributes is None else contributions(given.contributes),
        "depends_on": None if given.depends_on_ids is None else few(given.depends_on_ids, "dependsOnIds"),  # type: ignore[arg-type]  # ids are strings
        "addresses": None if given.addresses_ids is None else few(given.addresses_ids, "addressesIds"),  # type: ignore[arg-type]  # ids are strings
    }
    return {name: value for name, value in found.items() if value is not None}


def amendment(given: AcceptRecommendationInput) -> Amendment:
    """Return what an acceptance changes of the proposal."""
    return Amendment(
        title=None if given.title is None else text(given.title, None, "title"),
        cycle=given.cycle_id,
        owner=given.owner_id,
        target=given.target,
        red_bound=given.red_bound,
        swap=given.swap,
        override=given.override_reason,
    )


def kpi(given: CreateKpiInput) -> KpiDraft:
    """Return the draft of a KPI."""
    direction: Direction = given.direction
    return KpiDraft(
        name=text(given.name, given.name_vi, "name"),
        unit=given.unit_id,
        measure=given.measure,
        direction=direction,
        period=given.period or Period.MONTH,
        accountable=given.accountable_id,
        reporter=given.reporter_id,
        parent=given.parent_id,
        weight=Decimal(1) if given.weight is None else given.weight,
        target=target(given.target),
        rule=rule(given.rule) or BreachRule(),
        since=given.since,
    )


def kpi_changes(given: UpdateKpiInput) -> Mapping[str, object]:
    """Return the fields of a KPI that an update names, by their domain names."""
    found: dict[str, object] = {
        "name": retitled(given.name, given.name_vi, "name"),
        "accountable": given.accountable_id,
        "reporter": given.reporter_id,
        "parent": given.parent_id,
        "weight": given.weight,
        "rule": rule(given.rule),
    }
    return {name: value for name, value in found.items() if value is not None}


def target(given: KpiTargetInput | None) -> Target | None:
    """Return the target that an input describes."""
    if given is None:
        return None
    named = {one.name for one in fields(Target)}
    values = {name: value for name, value in vars(given).items() if name in named and value is not None}
    return Target(**values)


def rule(given: BreachRuleInput | None) -> BreachRule | None:
    """Return the breach rule that an input describes."""
    return None if given is None else BreachRule(bad=given.bad, good=given.good)
