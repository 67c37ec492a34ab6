"""What leads do with goals: set, change, align and close objectives with their key results."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal

from app import blocking
from app.call import Call
from okr import alignment, cycle, goal
from okr import rollup as rollups
from okr.cycle import CycleState
from okr.errors import Code, Refusal
from okr.goal import (
    Contribution,
    Driver,
    Final,
    KeyResult,
    KeyResultType,
    Milestone,
    Objective,
    ObjectiveState,
    Origin,
    RollUp,
)
from okr.keys import Kind
from okr.number import Direction
from okr.org import Role
from okr.snapshot import Snapshot
from okr.text import Text, prose

CLOSED = (ObjectiveState.CLOSED, ObjectiveState.CANCELLED)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyResultDraft:
    """A key result as somebody writes it; see okr.goal.KeyResult."""

    title: Text
    type: KeyResultType
    measure: str = ""
    direction: Direction | None = None
    start: Decimal | None = None
    target: Decimal | None = None
    low: Decimal | None = None
    high: Decimal | None = None
    milestones: tuple[Milestone, ...] = ()
    weight: Decimal = Decimal(1)
    roll_up: RollUp = RollUp.OWN
    owner: str | None = None
    measures: str | None = None
    trial: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectiveDraft:
    """An objective as somebody writes it; see okr.goal.Objective."""

    title: Text
    unit: str
    cycle: str
    description: str = ""
    owner: str | None = None
    state: ObjectiveState = ObjectiveState.ACTIVE
    driver: Driver = Driver.KEY_RESULTS
    supports: str | None = None
    contributes: tuple[Contribution, ...] = ()
    depends_on: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    key_results: tuple[KeyResultDraft, ...] = ()
    since: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What to change of an objective, by the name of its field, and the key results to add."""

    values: Mapping[str, object] = field(default_factory=dict)
    key_results: tuple[KeyResultDraft, ...] = ()
    replace_parent: bool = False
    override: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Background:
    """Where an objective comes from that somebody did not simply write.

    `origin` is the recommendation behind it. With a `key` it is never made twice. `swapped` is the goal that is given
    up for it, in the same transaction. `note` stands in the audit log; `result` is what a repeat of the call is
    answered from.
    """

    origin: Origin | None = None
    key: str | None = None
    swapped: str | None = None
    note: str = ""
    result: Mapping[str, object] | None = None


PLAIN = Background()


async def create(
    call: Call, draft: ObjectiveDraft, background: Background = PLAIN, *, override: str | None = None
) -> Objective:
    """Create an objective with its key results and return it as stored.

    Refuses what breaks a rule of the trade, or a blocking policy that `override`, a reason, does not go on against (see
    blocking.guard); needs the role lead in the owning unit.
    """
    return await call.in_turn(lambda: _create(call, draft, background, override))


async def _create(call: Call, draft: ObjectiveDraft, background: Background, override: str | None) -> Objective:
    if (done := await call.replay()) and background.result is None:
        return call.picture.objectives[str(done["objective"])]
    require_unit(call, draft.unit)
    span = open_cycle(call.picture, draft.cycle)
    today = call.picture.today(draft.unit)
    objective = Objective(
        key=background.key or call.fresh(Kind.OBJECTIVE),
        title=draft.title,
        unit=draft.unit,
        cycle=draft.cycle,
        state=draft.state,
        description=draft.description,
        owner=draft.owner,
        driver=draft.driver,
        supports=None,
        contributes=(),
        depends_on=(),
        addresses=draft.addresses,
        since=lives_from(span, draft.since or today),
        origin=background.origin,
    )
    if objective.key in call.picture.objectives:
        raise Refusal(Code.DUPLICATE, "This objective has been set already.")
    if draft.state in CLOSED:
        raise Refusal(Code.NOT_OPEN, "An objective begins as a draft or active, not closed.", ("state",))
    before = call.picture
    candidate = before.with_(objective)
    objective = linked(call, candidate, objective, draft.supports, draft.contributes, draft.depends_on, replacing=False)
    goal.check_objective(objective)
    check_names(call, objective)
    results = key_results(call, objective, draft.key_results)
    given_up = _swapped(call, background.swapped, objective)
    after = before.with_(objective, *results, *given_up)
    passed = await blocking.guard(call, after, objective.unit, objective.key, override)
    await call.commit(
        "objective.create",
        objective,
        *results,
        *given_up,
        held=(*passed.held, *(part for one in given_up for part in before.key_results_of.get(one.key, ()))),
        note="; ".join(filter(None, (background.note, passed.note))),
        result=background.result or {"objective": objective.key},
    )
    return call.picture.objectives[objective.key]


def _swapped(call: Call, key: str | None, objective: Objective) -> tuple[Objective, ...]:
    """Return the goal that is given up for `objective`, cancelled; refuse one that no longer counts beside it."""
    if key is None:
        return ()
    found, span = call.picture.objectives[key], call.picture.cycles[objective.cycle]
    if found not in goal.counted(call.picture, objective.unit, span):
        said = f'Giving up "{found.title.original}" ({found.state.value}) makes no room in {span.name.original}'
        raise Refusal(Code.CONFLICT, f"{said}; read the recommendation again.", ("swap",))
    return (_ended(call, found, ObjectiveState.CANCELLED, f'Made room for "{objective.title.original}".'),)


async def update(call: Call, key: str, change: Change, expected: int | None = None) -> Objective:
    """Change an objective and return it; a second primary parent is refused unless `replace_parent` is set."""
    return await call.in_turn(lambda: _update(call, key, change, expected), key)


async def _update(call: Call, key: str, change: Change, expected: int | None) -> Objective:
    if done := await call.replay():
        return call.picture.objectives[str(done["objective"])]
    found = live(call, key)
    call.expect(found, expected)
    values = dict(change.values)
    edges = {name: values.pop(name) for name in ("supports", "contributes", "depends_on") if name in values}
    moved: list[KeyResult] = []
    if "cycle" in values:
        span = open_cycle(call.picture, str(values["cycle"]))
        values["since"] = lives_from(span, found.since)
        parts = call.picture.key_results_of.get(key, ())
        moved = [replace(part, since=lives_from(span, part.since)) for part in parts]
    if "unit" in values:
        require_unit(call, str(values["unit"]))
    if values.get("state") in CLOSED:
        raise Refusal(Code.INVALID, "Use closeObjective to close or cancel it, so that its score is kept.", ("state",))
    changed = replace(found, **values)  # type: ignore[arg-type]  # names and types are checked where Change is made
    candidate = call.picture.with_(changed, *moved)
    changed = linked(
        call,
        candidate,
        changed,
        edges.get("supports", changed.supports),  # type: ignore[arg-type]  # checked where Change is made
        edges.get("contributes", changed.contributes),  # type: ignore[arg-type]  # checked where Change is made
        edges.get("depends_on", changed.depends_on),  # type: ignore[arg-type]  # checked where Change is made
        replacing=change.replace_parent,
    )
    goal.check_objective(changed)
    check_names(call, changed, found)
    results = key_results(call, changed, change.key_results)
    after = call.picture.with_(changed, *moved, *results)
    passed = await blocking.guard(call, after, changed.unit, key, change.override)
    shape = call.shape if _edges(changed) != _edges(found) else ()
    held = {each.key: each for each in (*passed.held, *shape)}
    await call.commit(
        "objective.update",
        changed,
        *moved,
        *results,
        held=held.values(),
        note=passed.note,
        result={"objective": key},
    )
    return call.picture.objectives[key]


def _edges(objective: Objective) -> tuple[object, ...]:
    return objective.supports, objective.contributes, objective.depends_on


async def close(
    call: Call, key: str, *, note: str = "", cancel: bool = False, expected: int | None = None
) -> Objective:
    """Close an objective, freezing its score, or cancel it; return it.

    That is possible after its cycle has closed as well: an objective that was forgotten has to end somehow. A check-in
    that comes in the same moment counts, or is refused.
    """
    return await call.in_turn(lambda: _close(call, key, note, cancel, expected), key)


async def _close(call: Call, key: str, note: str, cancel: bool, expected: int | None) -> Objective:
    if done := await call.replay():
        return call.picture.objectives[str(done["objective"])]
    found = ungraded(call, key)
    call.expect(found, expected)
    closed = _ended(call, found, ObjectiveState.CANCELLED if cancel else ObjectiveState.CLOSED, note)
    parts = call.picture.key_results_of.get(key, ())
    await call.commit("objective.close", closed, held=parts, result={"objective": key})
    return call.picture.objectives[key]


def _ended(call: Call, found: Objective, state: ObjectiveState, note: str) -> Objective:
    progress = rollups.of_objective(call.picture, found).progress
    final = Final(progress=progress, by=call.actor.key, at=call.at, note=prose(note, field=("note",)))
    return replace(found, state=state, final=final)


def live(call: Call, key: str) -> Objective:
    """Return a visible objective that may still change, where the caller is a lead; refuse it otherwise."""
    found = ungraded(call, key)
    open_cycle(call.picture, found.cycle, "id")
    return found


def ungraded(call: Call, key: str) -> Objective:
    """Return a visible objective that has not ended, where the caller is a lead; refuse it otherwise."""
    found = call.picture.objectives.get(key)
    if found is None or not call.may(Role.VIEWER, found.unit):
        raise Refusal(Code.NOT_FOUND, "There is no such objective.", ("id",))
    call.require(Role.LEAD, found.unit)
    if found.state in CLOSED:
        raise Refusal(Code.NOT_OPEN, "The objective is closed; its score is frozen.", ("id",))
    return found


def open_cycle(picture: Snapshot, key: str, field: str = "cycle") -> cycle.Cycle:
    """Return a cycle in which things may still change; refuse an unknown or closed one at `field`."""
    found = picture.cycles.get(key)
    if found is None:
        raise Refusal(Code.NOT_FOUND, "There is no such cycle.", (field,))
    if cycle.state(found, picture.today(picture.root.key)) is CycleState.CLOSED:
        raise Refusal(
            Code.CYCLE_CLOSED, f"{found.name.original} closed on {found.closes}; nothing in it changes.", (field,)
        )
    return found


def lives_from(span: cycle.Cycle, day: date) -> date:
    """Return since when a goal lives that was set on `day`: then, within its cycle.

    In a cycle that was over by then, and only had its grading days left, it counts from the first day: what was done in
    it can still be checked in.
    """
    return max(day, span.first) if day <= span.last else span.first


def require_unit(call: Call, key: str) -> None:
    """Refuse a unit that the caller does not see or does not lead."""
    if key not in call.picture.units or not call.may(Role.VIEWER, key):
        raise Refusal(Code.NOT_FOUND, "There is no such unit.", ("unit",))
    call.require(Role.LEAD, key)


def linked(
    call: Call,
    candidate: Snapshot,
    objective: Objective,
    supports: str | None,
    contributes: tuple[Contribution, ...],
    depends_on: tuple[str, ...],
    *,
    replacing: bool,
) -> Objective:
    """Return `objective` with these edges once alignment allows each of them, and the caller sees where new ones lead.

    What it is aligned with already may lie above what its lead may see.
    """
    known = {objective.supports, *(edge.to for edge in objective.contributes), *objective.depends_on}
    named: list[tuple[str | None, tuple[str, ...]]] = [
        (supports, ("supports",)),
        *((edge.to, ("contributes", str(n), "to")) for n, edge in enumerate(contributes)),
        *((other, ("dependsOn", str(n))) for n, other in enumerate(depends_on)),
    ]
    goals = call.picture.objectives.keys() | call.picture.key_results.keys()
    for key, at in named:
        if key is not None and key not in known and not (key in goals and call.sees(key)):
            raise Refusal(Code.NOT_FOUND, "There is no such objective or key result.", at)
    if supports != objective.supports and supports is not None:
        alignment.check_support(candidate, objective, supports, replacing=replacing)
    for edge in contributes:
        alignment.check_contribution(candidate, objective, edge.to)
    for other in depends_on:
        alignment.check_dependency(candidate, objective, other)
    return replace(objective, supports=supports, contributes=contributes, depends_on=depends_on)


def check_names(call: Call, objective: Objective, before: Objective | None = None) -> None:
    """Refuse keys in an objective that name nothing the caller may see, those aside that it had `before`."""
    picture, known = call.picture, before.addresses if before else ()
    if objective.owner is not None and objective.owner not in picture.people:
        raise Refusal(Code.NOT_FOUND, "There is no such person.", ("owner",))
    for position, key in enumerate(objective.addresses):
        if key not in known and not (key in picture.kpis and call.sees(key)):
            raise Refusal(Code.NOT_FOUND, "There is no such KPI.", ("addresses", str(position)))


def key_results(call: Call, objective: Objective, drafts: tuple[KeyResultDraft, ...]) -> tuple[KeyResult, ...]:
    """Return the key results that `drafts` describe, each checked; a refusal names its position."""
    made = []
    for position, draft in enumerate(drafts):
        try:
            made.append(_key_result(call, objective, draft))
        except Refusal as refusal:
            raise refusal.under("keyResults", str(position)) from None
    return tuple(made)


def _key_result(call: Call, objective: Objective, draft: KeyResultDraft) -> KeyResult:
    picture = call.picture
    if draft.owner is not None and draft.owner not in picture.people:
        raise Refusal(Code.NOT_FOUND, "There is no such person.", ("owner",))
    if draft.measures is not None:
        watched = picture.kpis.get(draft.measures)
        if watched is None or not call.sees(watched.key):
            raise Refusal(Code.NOT_FOUND, "There is no such KPI.", ("measures",))
        if watched.measure != draft.measure:
            raise Refusal(
                Code.WRONG_UNIT,
                f'The KPI is measured in "{watched.measure}", the key result in "{draft.measure}".',
                ("measure",),
            )
    made = KeyResult(
        key=call.fresh(Kind.KEY_RESULT),
        objective=objective.key,
        title=draft.title,
        type=draft.type,
        measure=draft.measure,
        direction=draft.direction,
        start=draft.start,
        target=draft.target,
        low=draft.low,
        high=draft.high,
        milestones=draft.milestones,
        weight=draft.weight,
        roll_up=draft.roll_up,
        owner=draft.owner,
        measures=draft.measures,
        trial=draft.trial,
        since=objective.since,
    )
    goal.check_key_result(made)
    return made
