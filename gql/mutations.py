"""What can be done. Every mutation answers with what it changed, or with userErrors and nothing written."""

from typing import Annotated

import strawberry

from app import check_ins, goals, kpis, org, readings, recommendations, waivers
from app.goals import Change
from app.org import UnitDraft
from app.readings import ReadingDraft
from gql import inputs
from gql import waivers as exempt
from gql.context import Info
from gql.errors import UserError
from gql.nodes import CheckIn, KeyResult, Kpi, Node, Objective, OrgUnit, Recommendation
from gql.policy_writing import PolicyMutation
from gql.writing import GIVEN, answer, errors, write
from okr.check_in import Draft
from okr.errors import Code, Refusal

LARGEST_BATCH = 1_000


@strawberry.type(description="The answer to recordCheckIn.")
class RecordCheckInPayload:
    """What a check-in changed."""

    check_in: CheckIn | None = strawberry.field(default=None, description="The check-in.")
    key_result: KeyResult | None = strawberry.field(
        default=None, description="Its key result, as it is now; null where the caller has no role in its unit."
    )
    objective: Objective | None = strawberry.field(
        default=None, description="Its objective, as it is now; null where the caller has no role in its unit."
    )
    progress_before: float | None = strawberry.field(default=None, description="The key result's progress before.")
    progress_after: float | None = strawberry.field(default=None, description="The key result's progress now.")
    recommendations: list[Recommendation] = strawberry.field(
        default_factory=list, description="What is open about it now."
    )
    user_errors: list[UserError] = errors()


@strawberry.type(description="The answer to recordKpiReadings.")
class RecordKpiReadingsPayload:
    """What readings changed."""

    accepted: int = strawberry.field(default=0, description="How many readings were accepted: all, or none.")
    recommendations: list[Recommendation] = strawberry.field(
        default_factory=list, description="What is open about their KPIs now."
    )
    user_errors: list[UserError] = errors()


@strawberry.type(description="The answer to createOrgUnit.")
class CreateOrgUnitPayload:
    """The answer to createOrgUnit."""

    org_unit: OrgUnit | None = strawberry.field(default=None, description="The unit.")
    user_errors: list[UserError] = errors()


@strawberry.type(description="The answer to moveOrgUnit.")
class MoveOrgUnitPayload:
    """The answer to moveOrgUnit."""

    org_unit: OrgUnit | None = strawberry.field(default=None, description="The unit where it is now.")
    user_errors: list[UserError] = errors()


@strawberry.type(description="The answer to createObjective.")
class CreateObjectivePayload:
    """The answer to createObjective."""

    objective: Objective | None = strawberry.field(default=None, description="The objective.")
    user_errors: list[UserError] = errors()


@strawberry.type(description="The answer to updateObjective.")
class UpdateObjectivePayload:
    """The answer to updateObjective."""

    objective: Objective | None = strawberry.field(default=None, description="The objective as it is now.")
    user_errors: list[UserError] = errors()


@strawberry.type(description="The answer to closeObjective.")
class CloseObjectivePayload:
    """The answer to closeObjective."""

    objective: Objective | None = strawberry.field(default=None, description="The objective with its frozen score.")
    user_errors: list[UserError] = errors()


@strawberry.type(description="The answer to createKpi.")
class CreateKpiPayload:
    """The answer to createKpi."""

    kpi: Kpi | None = strawberry.field(default=None, description="The KPI.")
    user_errors: list[UserError] = errors()


@strawberry.type(description="The answer to updateKpi.")
class UpdateKpiPayload:
    """The answer to updateKpi."""

    kpi: Kpi | None = strawberry.field(default=None, description="The KPI as it is now.")
    user_errors: list[UserError] = errors()


@strawberry.type(description="The answer to dismissRecommendation.")
class DismissRecommendationPayload:
    """The answer to dismissRecommendation."""

    recommendation: Recommendation | None = strawberry.field(
        default=None, description="The recommendation as it is now."
    )
    user_errors: list[UserError] = errors()


@strawberry.type(description="The answer to snoozeRecommendation.")
class SnoozeRecommendationPayload:
    """The answer to snoozeRecommendation."""

    recommendation: Recommendation | None = strawberry.field(
        default=None, description="The recommendation as it is now."
    )
    user_errors: list[UserError] = errors()


@strawberry.type(description="The answer to acceptRecommendation.")
class AcceptRecommendationPayload:
    """The answer to acceptRecommendation."""

    recommendation: Recommendation | None = strawberry.field(
        default=None, description="The recommendation as it is now."
    )
    created: list[Node] = strawberry.field(default_factory=list, description="What accepting it created.")
    user_errors: list[UserError] = errors()


@strawberry.type(description="What can be done.")
class Mutation(PolicyMutation):
    """The root of mutations."""

    @write("Check in on a key result.", RecordCheckInPayload)
    @staticmethod
    async def record_check_in(info: Info, input: Annotated[inputs.RecordCheckInInput, GIVEN]) -> object:
        """Record a check-in."""
        call = info.context.call
        done = await check_ins.record(
            call,
            input.key_result_id,
            Draft(
                value=input.value,
                done=input.done,
                milestones=None if input.milestones is None else tuple(input.milestones),
                confidence=input.confidence,
                note=input.note or "",
                supersedes=input.supersedes_id,
            ),
            input.at,
        )
        return answer(
            RecordCheckInPayload,
            check_in=done.check_in,
            # An owner checks in without a role in the unit; what else there is in it stays unseen.
            key_result=info.context.find(done.key_result.key),
            objective=info.context.find(done.key_result.objective),
            progress_before=float(done.before),
            progress_after=float(done.after),
            recommendations=list(done.recommendations),
        )

    @write(
        "Bring readings of KPIs, late and corrected ones included; all are stored, or none.", RecordKpiReadingsPayload
    )
    @staticmethod
    async def record_kpi_readings(info: Info, input: Annotated[inputs.RecordKpiReadingsInput, GIVEN]) -> object:
        """Record readings."""
        if len(input.readings) > LARGEST_BATCH:
            said = f"At most {LARGEST_BATCH:,} readings at once; this has {len(input.readings):,}."
            raise Refusal(Code.TOO_LONG, said, ("readings",))
        drafts = [ReadingDraft(kpi=one.kpi_id, day=one.period, value=one.value) for one in input.readings]
        taken = await readings.record(info.context.call, drafts)
        return answer(RecordKpiReadingsPayload, accepted=taken.accepted, recommendations=list(taken.recommendations))

    @write("Create a unit.", CreateOrgUnitPayload)
    @staticmethod
    async def create_org_unit(info: Info, input: Annotated[inputs.CreateOrgUnitInput, GIVEN]) -> object:
        """Create a unit."""
        draft = UnitDraft(
            name=inputs.text(input.name, input.name_vi, "name"),
            kind=input.kind,
            parent=input.parent_id,
            lead=input.lead_id,
            zone=input.zone,
        )
        return answer(CreateOrgUnitPayload, org_unit=await org.create_unit(info.context.call, draft))

    @write("Move a unit, with everything below it, under another.", MoveOrgUnitPayload)
    @staticmethod
    async def move_org_unit(info: Info, input: Annotated[inputs.MoveOrgUnitInput, GIVEN]) -> object:
        """Move a unit."""
        moved = await org.move_unit(info.context.call, input.id, input.parent_id, input.expected_version)
        return answer(MoveOrgUnitPayload, org_unit=moved)

    @write("Set an objective with its key results.", CreateObjectivePayload)
    @staticmethod
    async def create_objective(info: Info, input: Annotated[inputs.CreateObjectiveInput, GIVEN]) -> object:
        """Create an objective."""
        made = await goals.create(info.context.call, inputs.objective(input), override=input.override_reason)
        return answer(CreateObjectivePayload, objective=made)

    @write("Change an objective, its alignment, or add key results.", UpdateObjectivePayload)
    @staticmethod
    async def update_objective(info: Info, input: Annotated[inputs.UpdateObjectiveInput, GIVEN]) -> object:
        """Change an objective."""
        change = Change(
            values=inputs.changes(input),
            key_results=inputs.key_results(input.key_results),
            replace_parent=input.replace_parent,
            override=input.override_reason,
        )
        changed = await goals.update(info.context.call, input.id, change, input.expected_version)
        return answer(UpdateObjectivePayload, objective=changed)

    @write("Close an objective and freeze its score, or give it up.", CloseObjectivePayload)
    @staticmethod
    async def close_objective(info: Info, input: Annotated[inputs.CloseObjectiveInput, GIVEN]) -> object:
        """Close an objective."""
        closed = await goals.close(
            info.context.call,
            input.id,
            note=input.note or "",
            cancel=input.cancel,
            expected=input.expected_version,
        )
        return answer(CloseObjectivePayload, objective=closed)

    @write("Watch a KPI.", CreateKpiPayload)
    @staticmethod
    async def create_kpi(info: Info, input: Annotated[inputs.CreateKpiInput, GIVEN]) -> object:
        """Create a KPI."""
        made = await kpis.create(info.context.call, inputs.kpi(input), override=input.override_reason)
        return answer(CreateKpiPayload, kpi=made)

    @write("Change a KPI, or let a target follow the present one.", UpdateKpiPayload)
    @staticmethod
    async def update_kpi(info: Info, input: Annotated[inputs.UpdateKpiInput, GIVEN]) -> object:
        """Change a KPI."""
        changed = await kpis.update(
            info.context.call,
            input.id,
            inputs.kpi_changes(input),
            inputs.target(input.target),
            expected=input.expected_version,
        )
        return answer(UpdateKpiPayload, kpi=changed)

    @write("Accept a recommendation and carry out what it proposes.", AcceptRecommendationPayload)
    @staticmethod
    async def accept_recommendation(info: Info, input: Annotated[inputs.AcceptRecommendationInput, GIVEN]) -> object:
        """Accept a recommendation."""
        call = info.context.call
        done = await recommendations.accept(call, input.id, input.expected_version, inputs.amendment(input))
        created = [found for key in done.created if (found := info.context.find(key))]
        return answer(AcceptRecommendationPayload, recommendation=done, created=created)

    @write("Dismiss a recommendation for a reason.", DismissRecommendationPayload)
    @staticmethod
    async def dismiss_recommendation(info: Info, input: Annotated[inputs.DismissRecommendationInput, GIVEN]) -> object:
        """Dismiss a recommendation."""
        done = await recommendations.dismiss(
            info.context.call, input.id, input.reason, input.note or "", input.expected_version
        )
        return answer(DismissRecommendationPayload, recommendation=done)

    @write("Put a recommendation off until a day.", SnoozeRecommendationPayload)
    @staticmethod
    async def snooze_recommendation(info: Info, input: Annotated[inputs.SnoozeRecommendationInput, GIVEN]) -> object:
        """Snooze a recommendation."""
        done = await recommendations.snooze(info.context.call, input.id, input.until, input.expected_version)
        return answer(SnoozeRecommendationPayload, recommendation=done)

    @write(
        "Excuse what a policy finds in a unit or on a subject, for a reason and until a day.", exempt.GrantWaiverPayload
    )
    @staticmethod
    async def grant_waiver(info: Info, input: Annotated[exempt.GrantWaiverInput, GIVEN]) -> object:
        """Grant a waiver."""
        granted = await waivers.grant(info.context.call, exempt.draft(input))
        return answer(exempt.GrantWaiverPayload, waiver=granted)

    @write("End a waiver before its day; what still matches is asked again.", exempt.EndWaiverPayload)
    @staticmethod
    async def end_waiver(info: Info, input: Annotated[exempt.EndWaiverInput, GIVEN]) -> object:
        """End a waiver."""
        ended = await waivers.end(info.context.call, input.id, input.reason, input.expected_version)
        return answer(exempt.EndWaiverPayload, waiver=ended)
