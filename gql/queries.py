"""What can be asked."""

from datetime import datetime, timedelta
from typing import Annotated

import strawberry
from strawberry import Parent

from app import policies, preview, quality, waivers
from app import recommendations as filed
from gql import enums, policy_inputs
from gql.arguments import BadInput
from gql.context import Context, Info
from gql.fields import LARGEST_PAGE, After, Below, Connection, First, InCycle, connection, field, foreign, page, window
from gql.nodes import (
    CheckInSlot,
    Cycle,
    DueSlot,
    Kpi,
    Node,
    Objective,
    OrgUnit,
    Person,
    Recommendation,
    Waiver,
)
from gql.policies import AuditEntry, FocusKpi, named
from gql.policy_reading import PolicyQuery
from gql.preview import PolicyPreview
from gql.quality import Decision, PolicyQuality
from gql.tree import LONGEST_DEPTH, AlignmentTree
from gql.waivers import WaiverFilter, listed
from okr import alignment, check_in, focus, org, recommendation, waiver
from okr import cycle as cycles
from okr.check_in import SlotState
from okr.errors import Code, Refusal
from okr.goal import ObjectiveState
from okr.keys import Kind, kind_of
from okr.org import Role
from okr.quality import Quality
from rules import preview as previews

NARROW = strawberry.argument(description="What to leave out; every part narrows.")


@strawberry.type(description="A role held on a unit and everything below it.")
class Grant:
    """A grant."""

    @field('"viewer", "member", "lead" or "hr_admin".')
    @staticmethod
    def role(grant: Parent[org.Grant]) -> str:
        """Return the role."""
        return grant.role.value

    @field("The unit it is held on.", OrgUnit)
    @staticmethod
    def unit(grant: Parent[org.Grant], info: Info) -> org.OrgUnit:
        """Return the unit."""
        return info.context.picture.units[grant.unit]


@strawberry.type(description="Who is calling.")
class Viewer:
    """The caller."""

    @field("The person behind the token.", Person)
    @staticmethod
    def person(root: Parent[Context]) -> org.Person:
        """Return the person."""
        return root.picture.people[root.call.actor.key]

    @field("The organisation.")
    @staticmethod
    def tenant(root: Parent[Context]) -> str:
        """Return the tenant."""
        return root.picture.tenant

    @field("The roles the caller holds.", list[Grant])
    @staticmethod
    def grants(root: Parent[Context]) -> tuple[org.Grant, ...]:
        """Return the grants."""
        return root.call.actor.grants


@strawberry.input(description="Which units to list; every part narrows.")
class OrgUnitFilter:
    """A filter of units."""

    root: strawberry.ID | None = strawberry.field(default=None, description="Only this unit and what is below it.")
    kind: str | None = strawberry.field(default=None, description="Only units of this kind.")


@strawberry.input(description="Which objectives to list; every part narrows.")
class ObjectiveFilter:
    """A filter of objectives."""

    root: strawberry.ID | None = strawberry.field(default=None, description="Only of this unit and what is below it.")
    cycle: strawberry.ID | None = strawberry.field(default=None, description="Only in this cycle.")
    owner_id: strawberry.ID | None = strawberry.field(default=None, description="Only of this owner.")
    states: list[enums.ObjectiveState] | None = strawberry.field(default=None, description="Only in these states.")


@strawberry.input(description="Which KPIs to list; every part narrows.")
class KpiFilter:
    """A filter of KPIs."""

    root: strawberry.ID | None = strawberry.field(
        default=None, description="Only what this unit and those below it own, or must act on."
    )
    bands: list[enums.Band] | None = strawberry.field(default=None, description="Only in these bands.")
    unmoved: bool | None = strawberry.field(
        default=None, description="Only those that no key result measures (or only the others)."
    )


@strawberry.input(description="Which check-in slots to list; every part narrows.")
class CheckInFilter:
    """A filter of slots."""

    root: strawberry.ID | None = strawberry.field(default=None, description="Only of this unit and what is below it.")
    owner_id: strawberry.ID | None = strawberry.field(default=None, description="Only of this owner.")
    states: list[enums.SlotState] | None = strawberry.field(
        default=None, description="Only in these states; by default the next pending one and the missed ones."
    )
    due_before: datetime | None = strawberry.field(default=None, description="Only due before this instant.")


@strawberry.input(description="Which recommendations to list; every part narrows.")
class RecommendationFilter:
    """A filter of recommendations."""

    root: strawberry.ID | None = strawberry.field(default=None, description="Only of this unit and what is below it.")
    states: list[enums.RecommendationState] | None = strawberry.field(
        default=None, description="Only in these states; by default the open ones."
    )
    severities: list[enums.Severity] | None = strawberry.field(default=None, description="Only of these severities.")
    policy_keys: list[str] | None = strawberry.field(default=None, description="Only from these policies.")
    subject_id: strawberry.ID | None = strawberry.field(default=None, description="Only about this entity.")


@strawberry.input(description="Which audit entries to list; every part narrows.")
class AuditFilter:
    """A filter of audit entries."""

    by: strawberry.ID | None = strawberry.field(default=None, description="Only what this person did.")
    subject_id: strawberry.ID | None = strawberry.field(default=None, description="Only what was done to this entity.")
    operation: str | None = strawberry.field(default=None, description='Only this operation, like "objective.create".')


@strawberry.type(description="What can be asked; everything is limited to what the caller may see.")
class Query(PolicyQuery):
    """The root of queries."""

    @field("Who is calling.", Viewer)
    @staticmethod
    def viewer(info: Info) -> Context:
        """Return the caller."""
        return info.context

    @field("Anything by its id; null where there is nothing that the caller may see.", Node | None)
    @staticmethod
    async def node(info: Info, id: Annotated[strawberry.ID, strawberry.argument(description="The id.")]) -> object:
        """Return one entity."""
        return await _node(info.context, id)

    @field("Several by their ids, in that order; at most 100.", list[Node | None])
    @staticmethod
    async def nodes(
        info: Info, ids: Annotated[list[strawberry.ID], strawberry.argument(description="The ids.")]
    ) -> list[object]:
        """Return entities."""
        if len(ids) > LARGEST_PAGE:
            raise BadInput(f"At most {LARGEST_PAGE} ids at once; {len(ids)} were asked for.", "ids")
        return [await _node(info.context, key) for key in ids]

    @field("The cycles, oldest first.", list[Cycle])
    @staticmethod
    def cycles(info: Info) -> list[cycles.Cycle]:
        """Return the cycles."""
        return sorted(info.context.picture.cycles.values(), key=lambda c: (c.first, -c.last.toordinal()))

    @field("The executives' view: one request, one consistent version, any depth.", AlignmentTree)
    @staticmethod
    def alignment_tree(
        info: Info,
        cycle: InCycle = None,
        below: Below = None,
        depth: Annotated[
            int | None, strawberry.argument(description="How many levels of units below the top; default: all.")
        ] = None,
    ) -> AlignmentTree:
        """Return the tree of a cycle, or of the present quarter."""
        return alignment_tree(info.context, cycle, below, depth)

    @field("The units.", Connection[OrgUnit])
    @staticmethod
    def org_units(
        info: Info, filter: Annotated[OrgUnitFilter | None, NARROW] = None, first: First = None, after: After = None
    ) -> object:
        """Return a page of units, in order of their names' paths."""
        context, narrow = info.context, filter or OrgUnitFilter()
        root = context.root(narrow.root)
        found = [
            unit
            for unit in context.picture.units.values()
            if context.below(root, unit.key) and narrow.kind in (None, unit.kind)
        ]
        return page(
            found,
            lambda unit: (len(context.picture.paths[unit.key]), unit.name.original, unit.key),
            window("orgUnits", first, after),
        )

    @field("The objectives.", Connection[Objective])
    @staticmethod
    def objectives(
        info: Info, filter: Annotated[ObjectiveFilter | None, NARROW] = None, first: First = None, after: After = None
    ) -> object:
        """Return a page of objectives, newest first."""
        context, narrow = info.context, filter or ObjectiveFilter()
        root = context.root(narrow.root)
        found = [
            objective
            for objective in context.picture.objectives.values()
            if context.below(root, objective.unit)
            and narrow.cycle in (None, objective.cycle)
            and narrow.owner_id in (None, objective.owner)
            and (narrow.states is None or objective.state in narrow.states)
        ]
        return page(
            found, lambda objective: (-objective.since.toordinal(), objective.key), window("objectives", first, after)
        )

    @field("The KPIs.", Connection[Kpi])
    @staticmethod
    def kpis(
        info: Info, filter: Annotated[KpiFilter | None, NARROW] = None, first: First = None, after: After = None
    ) -> object:
        """Return a page of KPIs, by name."""
        context, narrow = info.context, filter or KpiFilter()
        root = context.root(narrow.root)
        found = [
            watched
            for watched in context.picture.kpis.values()
            if any(context.below(root, unit) for unit in context.picture.homes(watched))
            and (narrow.bands is None or context.band(watched) in narrow.bands)
            and (narrow.unmoved is None or narrow.unmoved is not bool(context.picture.movers_of.get(watched.key)))
        ]
        return page(found, lambda watched: (watched.name.original, watched.key), window("kpis", first, after))

    @field("The check-ins that are due or were missed.", Connection[CheckInSlot])
    @staticmethod
    def check_ins_due(
        info: Info, filter: Annotated[CheckInFilter | None, NARROW] = None, first: First = None, after: After = None
    ) -> object:
        """Return a page of slots, by when they are due."""
        narrow = filter or CheckInFilter()
        found = _due(info.context, narrow)
        return page(
            found,
            lambda due: (due.filled.slot.due.isoformat(), due.key_result.key),
            window("checkInsDue", first, after),
        )

    @field("What the policies found.", Connection[Recommendation])
    @staticmethod
    async def recommendations(
        info: Info,
        filter: Annotated[RecommendationFilter | None, NARROW] = None,
        first: First = None,
        after: After = None,
    ) -> object:
        """Return a page of recommendations, newest first."""
        context, narrow = info.context, filter or RecommendationFilter()
        asked, root = window("recommendations", first, after), context.root(narrow.root)
        units = [key for key in context.picture.units if context.below(root, key)]
        before, found, more = _instant_place(asked.after), list[recommendation.Recommendation](), True
        while more and len(found) <= asked.size:
            read = await context.call.store.recommendations(
                states=narrow.states or [recommendation.RecommendationState.OPEN],
                severities=narrow.severities,
                units=units,
                policies=narrow.policy_keys,
                subjects=[narrow.subject_id] if narrow.subject_id else None,
                before=before,
                limit=asked.size + 1,
            )
            found += [one for one in read if filed.sees(context.call, one)]
            more = len(read) > asked.size
            before = (read[-1].first_seen, read[-1].key) if read else None
        return connection([((one.first_seen.isoformat(), one.key), one) for one in found], asked)

    @field("The weak KPIs a focused objective would pay off most for, with every factor of the score.", list[FocusKpi])
    @staticmethod
    def focus_kpis(
        info: Info,
        cycle: Annotated[
            strawberry.ID | None, strawberry.argument(description="A cycle that must exist; the score is of today.")
        ] = None,
        below: Below = None,
        first: First = None,
    ) -> list[focus.FocusScore]:
        """Return the ranking as of today; `cycle` must exist, and the score does not depend on it."""
        context = info.context
        if cycle is not None and cycle not in context.picture.cycles:
            raise Refusal(Code.NOT_FOUND, "There is no such cycle.", ("cycle",))
        size = window("focusKpis", first, None, 5).size
        ranked = focus.ranking(context.picture, context.root(below), focus.Weights())
        return [score for score in ranked if context.sees(context.picture.kpis[score.kpi])][:size]

    @field("The waivers that hold, by the day they last to.", list[Waiver])
    @staticmethod
    async def waivers(info: Info, filter: Annotated[WaiverFilter | None, NARROW] = None) -> list[waiver.Waiver]:
        """Return the visible waivers."""
        return await listed(info.context, filter or WaiverFilter())

    @field("What people made of each policy; for HR administrators of the whole organisation.", list[PolicyQuality])
    @staticmethod
    async def policy_quality(info: Info) -> tuple[Quality, ...]:
        """Return the quality of each policy, by key."""
        return await quality.report(info.context.call)

    @field("What each run of the policies came to; for HR administrators of all.", Connection[Decision])
    @staticmethod
    async def decision_log(info: Info, first: First = None, after: After = None) -> object:
        """Return a page of the decision log, newest first."""
        context = info.context
        context.call.require(Role.HR_ADMIN, context.picture.root.key)
        asked = window("decisionLog", first, after)
        before = _instant_place(asked.after)
        found = await context.call.store.decisions(before=before, limit=asked.size + 1)
        return connection([((decision.at.isoformat(), decision.key), decision) for decision in found], asked)

    @field("What publishing a policy would do today and would have done; nothing is stored.", PolicyPreview)
    @staticmethod
    async def preview_policy(
        info: Info,
        input: Annotated[policy_inputs.PolicyInput, strawberry.argument(description="The policy, as for savePolicy.")],
        backtest_days: Annotated[
            int | None,
            strawberry.argument(description="How many past days to look at as well, today included, up to 10,000."),
        ] = None,
    ) -> previews.Preview:
        """Return the preview of a draft; for those who may save it."""
        info.context.count_preview()
        call = info.context.call
        return await preview.preview(
            call, await policies.written(call, policy_inputs.policy(input)), backtest_days or 0
        )

    @field("Who changed what; for HR administrators of the whole organisation.", Connection[AuditEntry])
    @staticmethod
    async def audit_log(
        info: Info, filter: Annotated[AuditFilter | None, NARROW] = None, first: First = None, after: After = None
    ) -> object:
        """Return a page of the audit log, newest first."""
        context, narrow = info.context, filter or AuditFilter()
        context.call.require(Role.HR_ADMIN, context.picture.root.key)
        asked = window("auditLog", first, after)
        found = await context.call.store.audit(
            by=narrow.by,
            subject=narrow.subject_id,
            operation=narrow.operation,
            before=_instant_place(asked.after),
            limit=asked.size + 1,
        )
        return connection([((entry.at.isoformat(), entry.key), entry) for entry in found], asked)


def alignment_tree(context: Context, cycle: str | None, root: str | None, depth: int | None) -> AlignmentTree:
    """Return the tree as the caller sees it; refuses an unknown cycle or root, or that no quarter is open."""
    if depth is not None and not 0 <= depth <= LONGEST_DEPTH:
        raise BadInput(f"depth is from 0 to {LONGEST_DEPTH}.", "depth")
    span = context.quarter() if cycle is None else cycle
    if span is None:
        raise Refusal(Code.NOT_FOUND, "No quarter is open today; name a cycle.", ("cycle",))
    shown = alignment.tree(context.picture, span, context.root(root), depth, context.sees_unit)
    return AlignmentTree(shown=shown, span=span)


async def _node(context: Context, key: str) -> object:
    if kind_of(key) is Kind.RECOMMENDATION:
        return await filed.find(context.call, key)
    if kind_of(key) is Kind.WAIVER:
        return await waivers.find(context.call, key)
    if kind_of(key) is Kind.POLICY:
        return await named(context, key)
    if kind_of(key) is Kind.CHECK_IN:
        said = await context.call.store.check_in(key)
        return said if said is not None and context.find(said.key_result) else None
    return context.find(key)


def _due(context: Context, narrow: CheckInFilter) -> list[DueSlot]:
    picture, root = context.picture, context.root(narrow.root)
    wanted = narrow.states or [SlotState.PENDING, SlotState.MISSED]
    today = picture.today(picture.root.key)
    closed = {key for key, span in picture.cycles.items() if cycles.state(span, today) is cycles.CycleState.CLOSED}
    found: list[DueSlot] = []
    for key_result in picture.key_results.values():
        objective = picture.objectives[key_result.objective]
        owner = key_result.owner or objective.owner
        if (
            key_result.cancelled
            or objective.state is not ObjectiveState.ACTIVE
            or objective.cycle in closed
            or not context.below(root, objective.unit)
            or narrow.owner_id not in (None, owner)
        ):
            continue
        slots = check_in.attendance(picture, key_result)
        upcoming = check_in.next_due(slots)
        for filled in slots:
            if filled.state not in wanted or (narrow.due_before and filled.slot.due >= narrow.due_before):
                continue
            later = filled.state is SlotState.PENDING and upcoming is not None and filled.slot.due > upcoming.slot.due
            if not later or narrow.due_before:
                found.append(DueSlot(key_result, filled))
    return found


def _instant_place(place: tuple[object, ...] | None) -> tuple[datetime, str] | None:
    if place is None:
        return None
    try:
        at = datetime.fromisoformat(str(place[0]))
        key = str(place[1])
    except (ValueError, IndexError):
        raise foreign() from None
    if at.utcoffset() != timedelta(0):
        raise foreign()
    return at, key
