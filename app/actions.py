"""What accepting a recommendation does: one action each, carried out by the ordinary use-cases."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, assert_never

from app import goals, kpis
from app.blocking import Blocked
from app.call import Call
from app.goals import Background, KeyResultDraft, ObjectiveDraft
from app.kpis import Promotion
from okr import recommendation
from okr.errors import Code, Refusal
from okr.goal import KeyResultType, ObjectiveState, Origin
from okr.keys import Kind
from okr.number import Direction, plain
from okr.recommendation import Action, Proposal, Recommendation
from okr.text import Text
from rules import recovery, wording
from store.change import Edit

NOT_ITS_FAULT = (Code.CONFLICT, Code.FORBIDDEN, Code.NOT_FOUND)
"""Somebody was faster, or who accepts may not do it or does not see it: that says nothing about a recommendation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Amendment:
    """What somebody changes of a proposal while accepting it; what is None stays as proposed.

    `title`, `cycle` and `owner` are the objective's, `target` that of its key result or of the promoted KPI, and
    `red_bound` that KPI's. With `swap` the goal that the proposal names is given up for the new one. `override` is the
    reason for going on against a blocking policy.
    """

    title: Text | None = None
    cycle: str | None = None
    owner: str | None = None
    target: Decimal | None = None
    red_bound: Decimal | None = None
    swap: bool = False
    override: str | None = None


AS_PROPOSED = Amendment()
FITTING: Mapping[Action, tuple[str, ...]] = {
    Action.CREATE_OBJECTIVE: ("title", "cycle", "owner", "target", "swap", "override"),
    Action.PROMOTE: ("target", "red_bound", "override"),
}
PARTS: Mapping[str, tuple[str, str]] = {
    "title": ("title", "no title"),
    "cycle": ("cycle", "no cycle"),
    "owner": ("owner", "no owner"),
    "target": ("target", "no target"),
    "red_bound": ("redBound", "no red bound"),
    "swap": ("swap", "no goal to swap"),
    "override": ("overrideReason", "nothing that a policy could block"),
}
"""Where an input has each part of an amendment, and what a proposal lacks that it does not fit."""


async def carry_out(
    call: Call, filed: Recommendation, amendment: Amendment = AS_PROPOSED, *, auto: bool = False
) -> Recommendation:
    """Accept a recommendation and do what it proposes, as amended, in one transaction; return it as stored.

    `auto` says that its policy accepts it: a proposed objective is left as a draft then, and says so. Where the
    proposal is refused, the recommendation is open again with the reason, nothing else is written, and the refusal goes
    on to the caller. Where the caller or the amendment is refused, or somebody was faster, nothing at all is written.
    """
    accepted = recommendation.accept(filed, call.actor.key, call.at)
    proposal = filed.finding.proposal
    _check_fit(amendment, proposal)
    made = _to_be_made(call, filed)
    applied = recommendation.applied(accepted, made, call.actor.key, call.at)
    call.along.append(edit(filed, applied))
    try:
        await _act(call, filed, proposal, amendment, auto=auto)
    except Refusal as refusal:
        call.along.clear()
        if refusal.code in NOT_ITS_FAULT or amendment != AS_PROPOSED:
            raise
        failed = recommendation.failed(accepted, refusal.message, call.actor.key, call.at)
        await call.commit("recommendation.fail", edits=[edit(filed, failed)])
        raise
    return replace(applied, version=filed.version + 1)


def edit(before: Recommendation, after: Recommendation) -> Edit:
    """Return the edit that files `after` in the place of `before`."""
    return Edit(before=before, after=replace(after, version=before.version + 1))


def _check_fit(amendment: Amendment, proposal: Proposal | None) -> None:
    """Refuse what an amendment changes that is no part of the proposal."""
    fitting = FITTING.get(proposal.action, ()) if proposal else ()
    for name, (field, lack) in PARTS.items():
        if name not in fitting and getattr(amendment, name) != getattr(AS_PROPOSED, name):
            raise Refusal(Code.INVALID, f"What is proposed here has {lack}; leave it out.", (field,))


def _to_be_made(call: Call, filed: Recommendation) -> tuple[str, ...]:
    proposal = filed.finding.proposal
    if proposal is not None and proposal.action is Action.CREATE_OBJECTIVE:
        return (call.fresh(Kind.OBJECTIVE, filed.key, *filed.created),)
    return ()


async def _act(
    call: Call, filed: Recommendation, proposal: Proposal | None, amendment: Amendment, *, auto: bool
) -> None:
    result = {"recommendation": filed.key}
    if proposal is None:
        await call.commit("recommendation.accept", result=result)
        return
    match proposal.action:
        case Action.CREATE_OBJECTIVE:
            await _set_objective(call, filed, proposal.args, amendment, auto=auto)
        case Action.PROMOTE:
            wanted = Promotion(
                key_result=str(proposal.args["key_result"]),
                policy=filed.finding.policy,
                policy_version=filed.finding.policy_version,
                proposer=f"policy:{filed.finding.policy}",
                target=amendment.target,
                red_bound=amendment.red_bound,
            )
            note = _noted(call, amendment)
            await kpis.promote(call, wanted, override=amendment.override, note=note, result=result)
        case Action.NAME_OWNER:
            accountable = {"accountable": proposal.args["accountable"]}
            await kpis.update(call, str(proposal.args["kpi"]), accountable, result=result)
        case Action.REMIND | Action.REVIEW:
            await call.commit("recommendation.accept", result=result)
        case _:
            assert_never(proposal.action)


async def _set_objective(
    call: Call, filed: Recommendation, args: Mapping[str, Any], amendment: Amendment, *, auto: bool
) -> None:
    finding = filed.finding
    if amendment.swap and "swap" not in args:
        raise Refusal(Code.INVALID, "This proposal names no goal to swap; accept it without.", ("swap",))
    (key,) = _to_be_made(call, filed)
    background = Background(
        origin=Origin(recommendation=filed.key, policy=finding.policy, episode=finding.episode, auto=auto),
        key=key,
        swapped=args["swap"] if amendment.swap else None,
        note=_noted(call, amendment, args.get("swap")),
        result={"recommendation": filed.key},
    )
    draft = _objective(args, ObjectiveState.DRAFT if auto else ObjectiveState.ACTIVE)
    try:
        await goals.create(call, _amended(call, draft, amendment), background, override=amendment.override)
    except Refusal as refusal:
        raise _explained(call, refusal, args, amendment) from None


def _amended(call: Call, draft: ObjectiveDraft, amendment: Amendment) -> ObjectiveDraft:
    """Return the proposed objective with what was amended; the title of its key result goes with the target."""
    results, target = draft.key_results, amendment.target
    if target is not None:
        if any(result.target is None for result in results):
            said = "The proposed key result holds a level and has no target; leave it out."
            raise Refusal(Code.INVALID, said, ("target",))
        results = tuple(_aimed(call, result, target) for result in results)
    return replace(
        draft,
        title=draft.title if amendment.title is None else amendment.title,
        cycle=draft.cycle if amendment.cycle is None else amendment.cycle,
        owner=draft.owner if amendment.owner is None else amendment.owner,
        key_results=results,
    )


def _aimed(call: Call, result: KeyResultDraft, target: Decimal) -> KeyResultDraft:
    watched, start = call.picture.kpis[result.measures or ""], result.start or Decimal(0)
    title = wording.bilingual(lambda language: recovery.way_of(watched, start, target, language))
    return replace(result, title=title, target=target)


def _explained(call: Call, refusal: Refusal, args: Mapping[str, Any], amendment: Amendment) -> Refusal:
    """Return the refusal of an objective as whoever accepts it can use it."""
    if isinstance(refusal, Blocked) and "swap" in args and not amendment.swap:
        weakest = call.picture.objectives[args["swap"]].title.original
        return Blocked(f'{refusal.message} Accept it with swap to give up "{weakest}" for it.', refusal.blocks)
    if amendment.target is not None and refusal.field[:1] == ("keyResults",):
        return Refusal(refusal.code, refusal.message, ("target",))
    return refusal


def _noted(call: Call, amendment: Amendment, swap: str | None = None) -> str:
    """Return what was amended, for the audit log."""
    picture = call.picture
    span, owner = picture.cycles.get(amendment.cycle or ""), picture.people.get(amendment.owner or "")
    parts = (
        f'title "{amendment.title.original}"' if amendment.title else "",
        f'cycle "{span.name.original}"' if span else "",
        f'owner "{owner.name}"' if owner else "",
        f"target {plain(amendment.target)}" if amendment.target is not None else "",
        f"red bound {plain(amendment.red_bound)}" if amendment.red_bound is not None else "",
    )
    edited = ", ".join(filter(None, parts))
    given_up = f'swapped for "{picture.objectives[swap].title.original}"' if swap and amendment.swap else ""
    return "; ".join(filter(None, (f"edited: {edited}" if edited else "", given_up)))


def _objective(args: Mapping[str, Any], state: ObjectiveState) -> ObjectiveDraft:
    return ObjectiveDraft(
        title=_text(args["title"]),
        unit=args["unit"],
        cycle=args["cycle"],
        state=state,
        addresses=tuple(args["addresses"]),
        key_results=tuple(_key_result(one) for one in _listed(args["key_results"])),
    )


def _key_result(args: Mapping[str, Any]) -> KeyResultDraft:
    def number(name: str) -> Decimal | None:
        return Decimal(args[name]) if name in args else None

    return KeyResultDraft(
        title=_text(args["title"]),
        type=KeyResultType(args["type"]),
        measure=args["measure"],
        direction=Direction(args["direction"]) if "direction" in args else None,
        start=number("start"),
        target=number("target"),
        low=number("low"),
        high=number("high"),
        measures=args["measures"],
    )


def _text(args: Mapping[str, str]) -> Text:
    return Text(original=args["original"], vi=args.get("vi", ""))


def _listed(args: Sequence[Mapping[str, Any]]) -> Sequence[Mapping[str, Any]]:
    return args
