"""What accepting a recommendation does: one action each, carried out by the ordinary use-cases."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any, assert_never

from app import goals, kpis
from app.call import Call
from app.goals import KeyResultDraft, ObjectiveDraft
from okr import recommendation
from okr.errors import Code, Refusal
from okr.goal import KeyResultType, ObjectiveState, Origin
from okr.keys import Kind
from okr.number import Direction
from okr.recommendation import Action, Proposal, Recommendation
from okr.text import Text
from store.change import Edit

NOT_ITS_FAULT = (Code.CONFLICT, Code.FORBIDDEN, Code.NOT_FOUND)
"""Somebody was faster, or who accepts may not do it or does not see it: that says nothing about a recommendation."""


async def carry_out(call: Call, filed: Recommendation, *, draft: bool = False) -> Recommendation:
    """Accept a recommendation and do what it proposes, in one transaction; return it as stored.

    `draft` leaves a proposed objective as a draft. Where the proposal is refused, the recommendation is open again
    with the reason, nothing else is written, and the refusal goes on to the caller. Where the caller is refused, or
    somebody was faster, nothing at all is written.
    """
    accepted = recommendation.accept(filed, call.actor.key, call.at)
    proposal = filed.finding.proposal
    made = _to_be_made(call, filed)
    applied = recommendation.applied(accepted, made, call.actor.key, call.at)
    call.along.append(edit(filed, applied))
    try:
        await _act(call, filed, proposal, draft=draft)
    except Refusal as refusal:
        call.along.clear()
        if refusal.code in NOT_ITS_FAULT:
            raise
        failed = recommendation.failed(accepted, refusal.message, call.actor.key, call.at)
        await call.commit("recommendation.fail", edits=[edit(filed, failed)])
        raise
    return replace(applied, version=filed.version + 1)


def edit(before: Recommendation, after: Recommendation) -> Edit:
    """Return the edit that files `after` in the place of `before`."""
    return Edit(before=before, after=replace(after, version=before.version + 1))


def _to_be_made(call: Call, filed: Recommendation) -> tuple[str, ...]:
    proposal = filed.finding.proposal
    if proposal is not None and proposal.action is Action.CREATE_OBJECTIVE:
        return (call.fresh(Kind.OBJECTIVE, filed.key, *filed.created),)
    return ()


async def _act(call: Call, filed: Recommendation, proposal: Proposal | None, *, draft: bool) -> None:
    result = {"recommendation": filed.key}
    if proposal is None:
        await call.commit("recommendation.accept", result=result)
        return
    match proposal.action:
        case Action.CREATE_OBJECTIVE:
            origin = Origin(recommendation=filed.key, policy=filed.finding.policy, episode=filed.finding.episode)
            (key,) = _to_be_made(call, filed)
            await goals.create(call, _objective(proposal.args, draft=draft), origin, key=key, result=result)
        case Action.PROMOTE:
            await kpis.promote(
                call,
                str(proposal.args["key_result"]),
                proposal.args,
                policy=filed.finding.policy,
                version=filed.finding.policy_version,
                proposer=f"policy:{filed.finding.policy}",
                result=result,
            )
        case Action.NAME_OWNER:
            accountable = {"accountable": proposal.args["accountable"]}
            await kpis.update(call, str(proposal.args["kpi"]), accountable, result=result)
        case Action.REMIND | Action.REVIEW:
            await call.commit("recommendation.accept", result=result)
        case _:
            assert_never(proposal.action)


def _objective(args: Mapping[str, Any], *, draft: bool) -> ObjectiveDraft:
    return ObjectiveDraft(
        title=_text(args["title"]),
        unit=args["unit"],
        cycle=args["cycle"],
        state=ObjectiveState.DRAFT if draft else ObjectiveState.ACTIVE,
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
