"""The work: objectives that were set, checked in on week by week, graded, and two loops that were walked to the end."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal

from app import check_ins, evaluation, goals, recommendations
from app.call import Call
from app.check_ins import Entry
from app.demo import course, setting
from app.demo.blueprint import GoalPlan, PromotionPlan, RecoveryPlan, ResultPlan
from app.demo.course import chance, numbers
from app.demo.days import QUARTERS
from app.demo.stage import Stage, Step
from app.goals import Change, KeyResultDraft, ObjectiveDraft
from okr import cycle as cycles
from okr.check_in import Draft
from okr.cycle import CycleKind, Rhythm
from okr.goal import KeyResult, KeyResultType, Milestone, ObjectiveState
from okr.keys import Kind
from okr.snapshot import Snapshot

AHEAD = timedelta(days=10)
"""How long before its cycle an objective is set."""

BREACHED, PROMOTED, GRADED = timedelta(days=2), timedelta(days=5), timedelta(days=8)
"""How long into a quarter a breach is answered, and how long after it a success is promoted and an objective graded."""

MISSED = Decimal("0.05")
"""The share of check-ins that people forget."""

DIRECTED = (KeyResultType.NUMBER, KeyResultType.PERCENT, KeyResultType.CURRENCY)

Found = Callable[[Snapshot], KeyResult | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """One check-in to come: who says what about which key result, and when; the key result exists by then."""

    at: datetime
    by: str
    about: Found
    draft: Draft


def goals_set(stage: Stage) -> Iterator[Step]:
    """Yield the objectives as they were set, minute by minute, and graded; the next quarter's are drafts of the day."""
    for n, plan in enumerate(stage.blueprint.goals):
        for when in plan.when:
            step = _set(stage, plan, when)
            yield replace(step, at=min(step.at + timedelta(minutes=n), stage.days.now))
            if when < 0:
                yield _graded(stage, plan, when)


def checked_in(stage: Stage) -> Iterator[Step]:
    """Yield the check-ins, those of one person in one month together."""
    spoken: defaultdict[tuple[str, str], list[Said]] = defaultdict(list)
    for said in sorted(_all_said(stage), key=lambda said: said.at):
        spoken[said.by, f"{said.at:%Y-%m}"].append(said)
    for (by, month), together in spoken.items():
        yield _check_ins(stage, by, month, together)


def loops(stage: Stage) -> Iterator[Step]:
    """Yield what people did about recommendations: recoveries that were accepted, results that became baselines."""
    for recovery in stage.blueprint.recoveries:
        yield from _recovery(stage, recovery)
    for promotion in stage.blueprint.promotions:
        yield _promotion(stage, promotion, _of_goal(stage, promotion.goal, -1, promotion.result))


def _all_said(stage: Stage) -> Iterator[Said]:
    gone = {plan.word: setting.gone_on(stage) for plan in stage.blueprint.people if plan.leaves}
    for plan in stage.blueprint.goals:
        for at, when in enumerate(plan.when):
            for n, result in enumerate(plan.results):
                about = _of_goal(stage, plan.word, when, n)
                word = f"{plan.word}:{when}:{n}"
                for said in _way(stage, plan, result, result.ways[at], when, about, word):
                    if said.by not in gone or said.at.date() < gone[said.by]:
                        yield said
    for recovery in stage.blueprint.recoveries:
        unit = next(each.unit for each in stage.blueprint.kpis if each.word == recovery.kpi)
        title = next(each.name for each in stage.blueprint.kpis if each.word == recovery.kpi)
        result = ResultPlan(title=title, ways=(recovery.way,))
        goal = GoalPlan(word=recovery.kpi, title=title, unit=unit, owner=recovery.by, results=(result,))
        yield from _way(
            stage, goal, result, recovery.way, -1, _of_recovery(stage, recovery), f"recovery:{recovery.kpi}"
        )


def _way(
    stage: Stage, plan: GoalPlan, result: ResultPlan, way: str, when: int, about: Found, word: str
) -> Iterator[Said]:
    """Yield the check-ins of one key result, each in its slot; a few are missed, and none lies ahead."""
    days = stage.days
    first, last = days.first(when, plan.kind), days.last(when, plan.kind)
    begin, end = days.first(1 - QUARTERS), days.last(0)
    since = max(first, _set_on(stage, plan, when).date())
    for slot in cycles.slots(Rhythm(), stage.zone(plan.unit), first, last, since):
        moment = f"{word}:{slot.day}"
        at = slot.due - timedelta(minutes=int(30 + 1500 * chance("when", moment)))
        if at > days.now or chance("missed", moment) < MISSED:
            continue
        share, along = _share(first, last, slot.day), _share(begin, end, slot.day)
        draft = course.said(result, way, share, along, moment)
        yield Said(at=at, by=result.owner or plan.owner, about=about, draft=draft)


def _share(first: date, last: date, day: date) -> Decimal:
    return min(max(Decimal((day - first).days) / (last - first).days, Decimal(0)), Decimal(1))


def _set_on(stage: Stage, plan: GoalPlan, when: int) -> datetime:
    """Return when a goal was set: before its cycle, but not before the founding nor after the day."""
    planned = stage.days.at(stage.days.first(when, plan.kind) - AHEAD, 9)
    return min(max(planned, stage.days.founded + timedelta(hours=12)), stage.days.now)


def _set(stage: Stage, plan: GoalPlan, when: int) -> Step:
    async def write(call: Call) -> None:
        draft = ObjectiveDraft(
            title=plan.title,
            unit=stage.unit(plan.unit),
            cycle=_cycle(call.picture, stage.days.first(when, plan.kind), plan.kind),
            owner=stage.person(plan.owner),
            state=ObjectiveState.DRAFT if when > 0 else ObjectiveState.ACTIVE,
            supports=_supported(stage, call.picture, plan, when),
            key_results=tuple(_result(stage, result, result.ways[plan.when.index(when)]) for result in plan.results),
        )
        await goals.create(call, draft)

    return Step(
        name=("goal", plan.word, str(when)),
        at=_set_on(stage, plan, when),
        do=write,
        by=stage.lead(plan.unit),
        done=lambda picture: stage.goal(plan.word, when) in picture.objectives,
    )


def _cycle(picture: Snapshot, first: date, kind: CycleKind) -> str:
    return next(cycle.key for cycle in picture.cycles.values() if cycle.first == first and cycle.kind is kind)


def _supported(stage: Stage, picture: Snapshot, plan: GoalPlan, when: int) -> str | None:
    if not plan.supports:
        return None
    word, _, n = plan.supports.partition(":")
    above = next(each for each in stage.blueprint.goals if each.word == word)
    if above.kind is CycleKind.YEAR:
        when = stage.days.first(when).year - stage.days.today.year
    goal = stage.goal(word, when)
    return picture.key_results_of[goal][int(n)].key if n else goal


def _result(stage: Stage, plan: ResultPlan, way: str) -> KeyResultDraft:
    directed = numbers(way)[:2] if plan.type in DIRECTED else None
    return KeyResultDraft(
        title=plan.title,
        type=plan.type,
        measure=plan.measure,
        start=directed[0] if directed else None,
        target=directed[1] if directed else None,
        low=Decimal(plan.low) if plan.low else None,
        milestones=tuple(Milestone(name=name) for name in plan.milestones),
        owner=stage.person(plan.owner) if plan.owner else None,
        measures=stage.kpi(plan.measures) if plan.measures else None,
    )


def _graded(stage: Stage, plan: GoalPlan, when: int) -> Step:
    key = stage.goal(plan.word, when)
    return Step(
        name=("graded", plan.word, str(when)),
        at=stage.days.at(stage.days.last(when, plan.kind) + GRADED, 10),
        do=lambda call: goals.close(call, key, note=plan.lesson),
        by=stage.lead(plan.unit),
        done=lambda picture: (
            (found := picture.objectives.get(key)) is not None and found.state is ObjectiveState.CLOSED
        ),
    )


def _check_ins(stage: Stage, by: str, month: str, together: list[Said]) -> Step:
    name = ("check-ins", by, month)
    first = stage.key(Kind.CHECK_IN, *name)

    async def write(call: Call) -> None:
        entries = [(said, said.about(call.picture)) for said in together]
        await check_ins.write(
            call, [Entry(key_result=found.key, draft=said.draft, at=said.at) for said, found in entries if found]
        )

    def done(picture: Snapshot) -> bool:
        about = together[0].about(picture)
        return about is not None and any(entry.key == first for entry in about.check_ins)

    return Step(name=name, at=together[-1].at, do=write, by=by, done=done)


def _of_goal(stage: Stage, word: str, when: int, n: int) -> Found:
    goal = stage.goal(word, when)
    return lambda picture: picture.key_results_of[goal][n] if goal in picture.objectives else None


def _of_recovery(stage: Stage, plan: RecoveryPlan) -> Found:
    def find(picture: Snapshot) -> KeyResult | None:
        proposed = (one for one in picture.addressing.get(stage.kpi(plan.kpi), ()) if one.origin)
        objective = next(proposed, None)
        return picture.key_results_of[objective.key][0] if objective else None

    return find


def _recovery(stage: Stage, plan: RecoveryPlan) -> Iterator[Step]:
    about, days = _of_recovery(stage, plan), stage.days

    async def answer(call: Call) -> None:
        await _accept(call, "kpi-breach", stage.kpi(plan.kpi))

    async def own(call: Call) -> None:
        found = about(call.picture)
        if found:
            await goals.update(call, found.objective, Change(values={"owner": call.actor.key}))

    async def grade(call: Call) -> None:
        found = about(call.picture)
        if found:
            await goals.close(
                call, found.objective, note="Back where it was, and it stays there: now it is the baseline."
            )

    def graded(picture: Snapshot) -> bool:
        found = about(picture)
        return found is not None and picture.objectives[found.objective].state is ObjectiveState.CLOSED

    answered = days.at(days.first(-1) + BREACHED, 9)
    over = days.at(days.last(-1) + GRADED, 10)
    yield Step(
        name=("answered", plan.kpi),
        at=answered,
        do=answer,
        by=plan.by,
        done=lambda picture: about(picture) is not None,
    )
    yield Step(name=("owned", plan.kpi), at=answered + timedelta(minutes=5), do=own, by=plan.by)
    promotion = PromotionPlan(goal=plan.kpi, result=0, by=plan.by)
    yield _promotion(stage, promotion, about)
    yield Step(name=("graded", plan.kpi), at=over, do=grade, by=plan.by, done=graded)


def _promotion(stage: Stage, plan: PromotionPlan, about: Found) -> Step:
    async def promote(call: Call) -> None:
        found = about(call.picture)
        if found:
            await _accept(call, "promote-key-result", found.key)

    return Step(
        name=("promoted", plan.goal),
        at=stage.days.at(stage.days.last(-1) + PROMOTED, 9),
        do=promote,
        by=plan.by,
        done=lambda picture: (found := about(picture)) is not None and found.promoted_to is not None,
    )


async def _accept(call: Call, policy: str, subject: str) -> None:
    """Let the policies look, and accept what one of them says about a subject."""
    await evaluation.everything(call, "daily")
    filed = await call.store.live(subjects=[subject], policies=[policy])
    for one in filed:
        await recommendations.accept(call, one.key)
