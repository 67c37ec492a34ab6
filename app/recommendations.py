"""What people do about recommendations: accept, dismiss, snooze."""

from datetime import date

from app import actions, evaluation
from app.call import Call
from okr import recommendation
from okr.errors import Code, Refusal
from okr.org import Role
from okr.recommendation import DismissReason, Recommendation

COOLDOWN = 30


async def accept(call: Call, key: str, expected: int | None = None) -> Recommendation:
    """Accept a recommendation, carry out what it proposes through the ordinary use-case, and return it."""
    if done := await call.replay():
        return await _known(call, str(done["recommendation"]))
    filed = await _own(call, key, expected)
    applied = await actions.carry_out(call, filed)
    await evaluation.after(call, call.touched)
    return applied


async def dismiss(
    call: Call, key: str, reason: DismissReason, note: str = "", expected: int | None = None
) -> Recommendation:
    """Dismiss a recommendation for a reason and return it; it stays quiet for its policy's cool-down."""
    if done := await call.replay():
        return await _known(call, str(done["recommendation"]))
    filed = await _own(call, key, expected)
    policies = {policy.key: policy for policy in await call.store.policies()}
    days = policies[filed.finding.policy].cooldown if filed.finding.policy in policies else COOLDOWN
    dismissed = recommendation.dismiss(filed, reason, note, call.actor.key, call.at, days)
    return await _store(call, "recommendation.dismiss", filed, dismissed)


async def snooze(call: Call, key: str, until: date, expected: int | None = None) -> Recommendation:
    """Put a recommendation off until a day and return it."""
    if done := await call.replay():
        return await _known(call, str(done["recommendation"]))
    filed = await _own(call, key, expected)
    return await _store(
        call, "recommendation.snooze", filed, recommendation.snooze(filed, until, call.actor.key, call.at)
    )


async def find(call: Call, key: str) -> Recommendation | None:
    """Return the recommendation by that key where the caller may see it."""
    filed = await call.store.recommendation(key)
    return filed if filed is not None and call.may(Role.VIEWER, filed.finding.unit) else None


async def _store(call: Call, operation: str, before: Recommendation, after: Recommendation) -> Recommendation:
    stored = actions.edit(before, after)
    await call.commit(operation, edits=[stored], result={"recommendation": before.key})
    return await _known(call, before.key)


async def _known(call: Call, key: str) -> Recommendation:
    found = await find(call, key)
    if found is None:
        raise Refusal(Code.NOT_FOUND, "There is no such recommendation.", ("id",))
    return found


async def _own(call: Call, key: str, expected: int | None) -> Recommendation:
    filed = await _known(call, key)
    call.require(Role.LEAD, filed.finding.unit)
    call.expect(filed, expected)
    return filed
