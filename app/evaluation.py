"""What happens after every change: the policies look at what it touched, and recommendations follow."""

import time
from collections.abc import Collection, Iterable
from dataclasses import dataclass

import structlog

from app import actions
from app.actor import Actor
from app.call import Call
from okr import filing
from okr.errors import Code, Refusal, Unavailable
from okr.keys import Kind
from okr.org import Role
from okr.policy import Policy, PolicyMode, PolicyState
from okr.recommendation import Recommendation, RecommendationState
from rules import evaluation as judging
from rules import facts
from store.change import Decision, Edit

log = structlog.get_logger()

TRIES = 3
AUTO_PER_RUN = 10
ASKING = (RecommendationState.OPEN, RecommendationState.SNOOZED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """What a run of the policies did: the recommendations it filed or changed, and its numbers."""

    changed: tuple[Recommendation, ...]
    facts: int
    matches: int
    engine: str


async def after(call: Call, touched: Collection[str]) -> tuple[Recommendation, ...]:
    """Evaluate what a committed change touched and return what is open about it.

    The change stands whatever happens here: where evaluation fails, the marks of the change make a later run catch up,
    and the answer is what was open before.
    """
    try:
        marks = [mark for mark in await call.store.marks() if mark.subject.key in set(touched)]
        await run(call, "change", touched)
        await call.store.clear(marks)
        call.touched.clear()
    except (Unavailable, Refusal) as failure:
        log.warning("evaluation put off", reason=str(failure), subjects=len(touched))
    return await open_about(call, touched)


async def open_about(call: Call, subjects: Collection[str]) -> tuple[Recommendation, ...]:
    """Return the open recommendations about these subjects, and about what hangs on them, that the actor may see."""
    reach = facts.touched(call.picture, subjects)
    found = await call.store.live(subjects=reach)
    return tuple(one for one in found if one.state in ASKING and call.may(Role.VIEWER, one.finding.unit))


async def everything(call: Call, trigger: str) -> Ran:
    """Evaluate the whole organisation, and clear the marks that this makes good."""
    marks = await call.store.marks()
    ran = await run(call, trigger)
    await call.store.clear(marks)
    return ran


async def run(call: Call, trigger: str, subjects: Iterable[str] | None = None) -> Ran:
    """Evaluate `subjects` and what hangs on them (None: everything), and file what follows, exactly once.

    Another run may file at the same time; then this one looks again at what is on file.
    """
    touched = None if subjects is None else facts.touched(call.picture, subjects)
    started = time.perf_counter()
    policies = _latest(await call.store.policy_versions())
    found = await judging.evaluate(call.runtime.judge, call.picture, policies, subjects=touched)
    took = round((time.perf_counter() - started) * 1000)
    service = call.acting(Actor.system(call.picture))
    changed = await _file(service, found, touched)
    accepted = await _accept_by_itself(service, changed, policies)
    await call.store.log(
        Decision(
            key=call.fresh(Kind.DECISION),
            at=call.at,
            trigger=trigger,
            policy_set=found.policy_set,
            engine=found.engine,
            facts=found.facts,
            matches=found.matches,
            unknown=found.unknowns,
            errors=found.errors,
            ms=took,
            detail={one.key: one.state.value for one in changed},
        )
    )
    call.picture = service.picture
    return Ran(changed=(*changed, *accepted), facts=found.facts, matches=found.matches, engine=found.engine)


def _latest(versions: Iterable[Policy]) -> tuple[Policy, ...]:
    """Return of each policy the published version, else the newest retired one, whose findings have to end."""
    found: dict[str, Policy] = {}
    for policy in sorted(versions, key=lambda one: (one.state is PolicyState.PUBLISHED, one.version)):
        if policy.state is not PolicyState.DRAFT:
            found[policy.key] = policy
    return tuple(found.values())


async def _file(
    service: Call, found: judging.Evaluation, touched: Collection[str] | None
) -> tuple[Recommendation, ...]:
    for attempt in range(TRIES):
        live = {one.key: one for one in await service.store.live(subjects=touched)}
        changed = filing.reconcile(
            service.picture.tenant, live.values(), found.findings, found.standing, found.terms, service.at
        )
        if not changed:
            return ()
        try:
            await service.commit(
                "recommendations.file",
                entries=[one for one in changed if one.key not in live],
                edits=[Edit(before=live[one.key], after=one) for one in changed if one.key in live],
            )
        except Refusal as refusal:
            if refusal.code not in (Code.CONFLICT, Code.DUPLICATE) or attempt == TRIES - 1:
                raise
        else:
            return changed
    return ()


async def _accept_by_itself(
    service: Call, changed: Iterable[Recommendation], policies: Iterable[Policy]
) -> tuple[Recommendation, ...]:
    """Carry out what AUTO policies opened, at most ten a run; a refusal leaves the recommendation open with the reason.

    What this writes is not evaluated in this run, so one run never feeds itself.
    """
    trusted = {policy.key for policy in policies if policy.mode is PolicyMode.AUTO}
    waiting = [
        one
        for one in changed
        if one.finding.policy in trusted
        and one.state is RecommendationState.OPEN
        and not one.error
        and (one.finding.proposal is None or one.finding.proposal.action in actions.REVERSIBLE)
    ]
    done = []
    for one in waiting[:AUTO_PER_RUN]:
        acting = service.acting(Actor.system(service.picture, f"policy:{one.finding.policy}"))
        try:
            done.append(await actions.carry_out(acting, one, draft=True))
        except Refusal as refusal:
            log.info("policy could not act", policy=one.finding.policy, reason=refusal.message)
        service.picture = acting.picture
    return tuple(done)
