"""What happens after every change: the policies look at what it touched, and recommendations follow."""

import time
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace

import structlog

from app import actions, picture
from app.actor import Actor
from app.call import Call
from okr import filing
from okr.errors import Code, Refusal
from okr.keys import Kind
from okr.org import Role
from okr.policy import Policy, PolicyMode, PolicyState
from okr.recommendation import Recommendation, RecommendationState
from rules import evaluation as judging
from rules import facts
from rules.policy import REVERSIBLE
from store.change import Decision, Edit

log = structlog.get_logger()

TRIES = 5
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
    """Evaluate `touched` and all that the call has written, and return what is open about it.

    The change stands whatever happens here: where evaluation fails, the marks of the change make a later run catch up,
    and the answer is empty.
    """
    due = {*touched, *call.touched}
    call.touched.clear()
    try:
        marks = [mark for mark in await call.store.marks() if mark.subject.key in due]
        await run(call, "change", due)
        await call.store.clear(marks)
        return await open_about(call, due)
    except Exception:  # a fault of one policy must not make a stored change look as if it had failed
        log.exception("evaluation put off", tenant=call.picture.tenant, subjects=len(due))
        return ()


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

    What is on file is read before the picture: whoever files in between makes this run conflict, and it looks again at
    both. What has moved by the time it has filed is looked at once more. So no run that saw an older organisation has
    the last word over one that saw a newer. Refuses with CONFLICT where others are faster every time.
    """
    asked = None if subjects is None else frozenset(subjects)
    due = None if asked is None else facts.touched(call.picture, asked)
    covered = frozenset[str]()
    done: list[Ran] = []
    for _ in range(TRIES):
        try:
            done.append(await _run(call, trigger, due))
        except Refusal as refusal:
            if refusal.code not in (Code.CONFLICT, Code.DUPLICATE):
                raise
            continue
        covered |= due or frozenset()
        due = await _overtaken(call, due) if done[-1].changed else frozenset()
        if asked is not None:  # a newer picture may reach farther
            due |= facts.touched(call.picture, asked) - covered
        if not due:
            return _joined(done)
    raise Refusal(Code.CONFLICT, "The organisation changes faster than its policies can look.")


async def _overtaken(call: Call, touched: Collection[str] | None) -> frozenset[str]:
    """Bring the picture of a run up to date, and return what of `touched` (None: everything) that gave new facts."""
    seen, now = call.picture, await picture.of(call.store, call.at)
    call.picture = now
    if now.changes == seen.changes:
        return frozenset()
    keys = (*now.units, *now.people, *now.cycles, *now.objectives, *now.key_results, *now.kpis)
    moved = [key for key in keys if seen.find(key) != now.find(key)]
    reach = facts.touched(seen, moved) | facts.touched(now, moved)
    return reach if touched is None else reach & frozenset(touched)


def _joined(runs: Iterable[Ran]) -> Ran:
    """Return what these runs, one after the other, come to."""
    every = tuple(runs)
    changed = {one.key: one for ran in every for one in ran.changed}
    return Ran(
        changed=tuple(changed.values()),
        facts=sum(ran.facts for ran in every),
        matches=sum(ran.matches for ran in every),
        engine=every[-1].engine,
    )


async def _run(call: Call, trigger: str, touched: Collection[str] | None) -> Ran:
    started = time.perf_counter()
    filed = await call.store.live(subjects=touched)
    policies = _latest(await call.store.policy_versions())
    call.picture = await picture.of(call.store, call.at)
    found = await judging.evaluate(call.runtime.judge, call.picture, policies, subjects=touched)
    service = call.acting(Actor.system(call.picture))
    changed = {one.key: one for one in await _file(service, filed, found)}
    changed |= {one.key: one for one in await _accept_by_itself(service, changed.values(), found)}
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
            ms=round((time.perf_counter() - started) * 1000),
            detail={
                **{key: one.state.value for key, one in changed.items()},
                **{finding.dedupe: "observed" for finding in found.observed},
            },
        )
    )
    call.picture = service.picture
    return Ran(changed=tuple(changed.values()), facts=found.facts, matches=found.matches, engine=found.engine)


def _latest(versions: Iterable[Policy]) -> tuple[Policy, ...]:
    """Return of each policy the published version, else the newest retired one, whose findings have to end."""
    found: dict[str, Policy] = {}
    for policy in sorted(versions, key=lambda one: (one.state is PolicyState.PUBLISHED, one.version)):
        if policy.state is not PolicyState.DRAFT:
            found[policy.key] = policy
    return tuple(found.values())


async def _file(
    service: Call, filed: Iterable[Recommendation], found: judging.Evaluation
) -> tuple[Recommendation, ...]:
    """File what a run found, and return what that changed, as stored."""
    live = {one.key: one for one in filed}
    changed = filing.reconcile(
        service.picture.tenant, live.values(), found.findings, found.standing, found.terms, service.at
    )
    stored = tuple(replace(one, version=one.version + 1) if one.key in live else one for one in changed)
    await service.commit(
        "recommendations.file",
        entries=[one for one in stored if one.key not in live],
        edits=[Edit(before=live[one.key], after=one) for one in stored if one.key in live],
    )
    return stored


async def _accept_by_itself(
    service: Call, changed: Iterable[Recommendation], found: judging.Evaluation
) -> tuple[Recommendation, ...]:
    """Carry out what AUTO policies opened, at most ten a run, and return it; a refusal leaves it open with the reason.

    Where nothing is proposed there is nothing to do, and people are asked. What this writes is not evaluated in this
    run, so one run never feeds itself.
    """
    matched = {finding.dedupe for finding in found.findings}
    waiting = [
        one
        for one in changed
        if one.finding.dedupe in matched
        and found.policies[one.finding.policy].mode is PolicyMode.AUTO
        and one.state is RecommendationState.OPEN
        and not one.error
        and one.finding.proposal is not None
        and one.finding.proposal.action in REVERSIBLE
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
