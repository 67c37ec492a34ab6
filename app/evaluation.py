"""What happens after every change: the policies look at what it touched, and recommendations follow."""

import time
from collections import Counter
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
from okr.policy import Policy, PolicyMode
from okr.recommendation import Recommendation, RecommendationState
from okr.snapshot import Snapshot
from okr.waiver import Waiver
from rules import evaluation as judging
from rules import facts
from rules import policy as judged
from rules.policy import REVERSIBLE
from store.change import Decision, Edit

log = structlog.get_logger()

TRIES = 5
AUTO_PER_RUN = 50
"""What all AUTO policies together accept in a run, however much each may."""
ASKING = (RecommendationState.OPEN, RecommendationState.SNOOZED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """What a run of the policies did: the recommendations it filed or changed, and its numbers.

    `law` is a word for the policies and waivers that it went by.
    """

    changed: tuple[Recommendation, ...]
    facts: int
    matches: int
    engine: str
    law: str


async def after(call: Call, touched: Collection[str]) -> tuple[Recommendation, ...]:
    """Evaluate `touched` and all that the call has written, and return what is open about it."""
    due = {*touched, *call.touched}
    return () if await settle(call, touched, "change") is None else await open_about(call, due)


async def settle(call: Call, touched: Collection[str], trigger: str) -> Ran | None:
    """Evaluate `touched` and all that the call has written, and return what that did.

    The change stands whatever happens here: where evaluation fails, the marks of the change make a later run catch up,
    and the answer is None.
    """
    due = {*touched, *call.touched}
    call.touched.clear()
    try:
        marks = [mark for mark in await call.store.marks() if mark.subject.key in due]
        ran = await run(call, trigger, due)
        await call.store.clear(marks)
    except Exception:  # a fault of one policy must not make a stored change look as if it had failed
        log.exception("evaluation put off", tenant=call.picture.tenant, subjects=len(due))
        return None
    return ran


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
        due = await _overtaken(call, due, done[-1].law) if done[-1].changed else frozenset()
        if asked is not None:  # a newer picture may reach farther
            due |= facts.touched(call.picture, asked) - covered
        if not due:
            return _joined(done)
    raise Refusal(Code.CONFLICT, "The organisation changes faster than its policies can look.")


async def _overtaken(call: Call, touched: Collection[str] | None, law: str) -> frozenset[str]:
    """Bring the picture of a run up to date, and return what of `touched` (None: everything) has to be looked at again.

    That is what new facts are about; and all of it where other policies or waivers hold by now than the run went by.
    """
    policies, waivers = await call.store.latest_policies(), await call.store.waivers(active_on=call.at.date())
    seen, now = call.picture, await picture.of(call.store, call.at)
    call.picture = now
    if _law(policies, waivers) != law:
        return frozenset(now.keys if touched is None else touched)
    if now.changes == seen.changes:
        return frozenset()
    moved = [key for key in now.keys if seen.find(key) != now.find(key)]
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
        law=every[-1].law,
    )


async def _run(call: Call, trigger: str, touched: Collection[str] | None) -> Ran:
    started = time.perf_counter()
    filed = await call.store.live(subjects=touched)
    policies = await call.store.latest_policies()
    waivers = await call.store.waivers(active_on=call.at.date())
    call.picture = await picture.of(call.store, call.at)
    found = await judging.evaluate(call.runtime.judge, call.picture, policies, subjects=touched, waivers=waivers)
    service = call.acting(Actor.system(call.picture))
    changed = {one.key: one for one in await _file(service, filed, found)}
    done = {one.key: one for one in await _accept_by_itself(service, changed.values(), found)}
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
            waived=found.waived,
            errors=found.errors,
            ms=round((time.perf_counter() - started) * 1000),
            detail={
                **{key: one.state.value for key, one in changed.items()},
                **{key: f"{changed[key].state}, {one.state}" for key, one in done.items()},
                **{finding.dedupe: "waived" if finding.waiver else "observed" for finding in found.observed},
            },
        )
    )
    call.picture = service.picture
    changed |= done
    return Ran(
        changed=tuple(changed.values()),
        facts=found.facts,
        matches=found.matches,
        engine=found.engine,
        law=_law(policies, waivers),
    )


def _law(policies: Iterable[Policy], waivers: Iterable[Waiver]) -> str:
    """Return a word for these policies and waivers: equal ones give equal words."""
    exempt = sorted(f"{waiver.key}:{waiver.version}" for waiver in waivers)
    return " ".join((judged.policy_set(policies), *exempt))


async def _file(
    service: Call, filed: Iterable[Recommendation], found: judging.Evaluation
) -> tuple[Recommendation, ...]:
    """File what a run found, and return what that changed, as stored."""
    live = {one.key: one for one in filed}
    changed = filing.reconcile(
        service.picture.tenant, live.values(), found.findings, found.standing, found.terms, service.at, found.excused
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
    """Carry out what AUTO policies opened, within limits, and return it; a refusal leaves it open with the reason.

    Where nothing is proposed there is nothing to do, and people are asked. What this writes is not evaluated in this
    run, so one run never feeds itself.
    """
    done = []
    for one in _for_auto(service.picture, changed, found):
        acting = service.acting(Actor.system(service.picture, f"policy:{one.finding.policy}"))
        try:
            done.append(await actions.carry_out(acting, one, auto=True))
        except Refusal as refusal:
            log.info("policy could not act", policy=one.finding.policy, reason=refusal.message)
        service.picture = acting.picture
    return tuple(done)


def _for_auto(
    picture: Snapshot, changed: Iterable[Recommendation], found: judging.Evaluation
) -> tuple[Recommendation, ...]:
    """Return what AUTO policies accept themselves: each its `per_run` of what can be undone, together AUTO_PER_RUN.

    A policy that nobody approved only advises. None acts on what one of them made, nor twice on an episode of a KPI.
    """
    matched = {finding.dedupe for finding in found.findings}
    waiting = [one for one in changed if one.finding.dedupe in matched and _asks_auto(one, found)]
    if not waiting:
        return ()
    made = {key: one.origin for key, one in picture.objectives.items() if one.origin and one.origin.auto}
    acted = {origin.episode for origin in made.values() if origin.episode}
    chosen, taken, unapproved = list[Recommendation](), Counter[str](), set[str]()
    for one in waiting:
        subject, episode = one.finding.subject.key, one.finding.episode
        about = picture.key_results[subject].objective if subject in picture.key_results else subject
        policy = found.effective(one.finding)
        if episode in acted or not made.keys().isdisjoint((about, *one.created)):
            continue
        if policy.approved_by is None:
            unapproved.add(policy.key)
        elif taken[policy.key] < policy.per_run:
            taken[policy.key] += 1
            acted |= {episode} if episode else set()
            chosen.append(one)
    for key in sorted(unapproved):
        log.warning("an auto policy advises until somebody approves it", policy=key)
    return tuple(chosen[:AUTO_PER_RUN])


def _asks_auto(one: Recommendation, found: judging.Evaluation) -> bool:
    proposal = one.finding.proposal
    return (
        one.state is RecommendationState.OPEN
        and not one.error
        and proposal is not None
        and proposal.action in REVERSIBLE
        and found.effective(one.finding).mode is PolicyMode.AUTO
    )
