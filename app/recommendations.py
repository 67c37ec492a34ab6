"""What people do about recommendations: accept, dismiss, snooze."""

from collections.abc import Callable
from datetime import date

from app import actions, evaluation
from app.actions import AS_PROPOSED, Amendment
from app.call import Call
from okr import recommendation
from okr.errors import Code, Refusal
from okr.org import Role
from okr.recommendation import DismissReason, Recommendation

COOLDOWN = 30


async def accept(
    call: Call, key: str, expected: int | None = None, amendment: Amendment = AS_PROPOSED
) -> Recommendation:
    """Accept a recommendation, carry out what it proposes, as amended, by the ordinary use-case, and return it."""

    async def carried_out() -> None:
        if filed := await _own(call, key, expected):
            await actions.carry_out(call, filed, amendment)

    await call.in_turn(carried_out)
    accepted = await _known(call, key)
    await evaluation.after(call, (accepted.finding.subject.key, *accepted.created))
    return await _known(call, key)


async def dismiss(
    call: Call, key: str, reason: DismissReason, note: str = "", expected: int | None = None
) -> Recommendation:
    """Dismiss a recommendation for a reason and return it; it stays quiet for its policy's cool-down."""
    policies = {policy.key: policy for policy in await call.store.policies()}

    def dismissed(filed: Recommendation) -> Recommendation:
        policy = policies.get(filed.finding.policy)
        days = policy.cooldown if policy else COOLDOWN
        return recommendation.dismiss(filed, reason, note, call.actor.key, call.at, days)

    return await _stepped(call, "recommendation.dismiss", key, expected, dismissed)


async def snooze(call: Call, key: str, until: date, expected: int | None = None) -> Recommendation:
    """Put a recommendation off until a day and return it."""

    def snoozed(filed: Recommendation) -> Recommendation:
        return recommendation.snooze(filed, until, call.actor.key, call.at)

    return await _stepped(call, "recommendation.snooze", key, expected, snoozed)


async def find(call: Call, key: str) -> Recommendation | None:
    """Return the recommendation by that key where the caller may see it."""
    filed = await call.store.recommendation(key)
    return filed if filed is not None and sees(call, filed) else None


def sees(call: Call, filed: Recommendation) -> bool:
    """Tell whether the caller may see a recommendation: what is history stays in the unit that its subject has left."""
    return call.may(Role.VIEWER, filed.finding.unit) and call.sees(filed.finding.subject.key)


async def _stepped(
    call: Call, operation: str, key: str, expected: int | None, step: Callable[[Recommendation], Recommendation]
) -> Recommendation:
    """Take a step with a recommendation; where the policies refresh it in the same moment, with the refreshed one."""

    async def stepped() -> None:
        if filed := await _own(call, key, expected):
            await call.commit(operation, edits=[actions.edit(filed, step(filed))], result={"recommendation": key})

    await call.in_turn(stepped)
    return await _known(call, key)


async def _known(call: Call, key: str) -> Recommendation:
    found = await find(call, key)
    if found is None:
        raise Refusal(Code.NOT_FOUND, "There is no such recommendation.", ("id",))
    return found


async def _own(call: Call, key: str, expected: int | None) -> Recommendation | None:
    """Return the recommendation to act on; None where this very call has acted on it before.

    It is read first: whoever repeats a call while that is at work then finds it untouched, or the call answered.
    """
    filed = await _known(call, key)
    if await call.replay() is not None:
        return None
    call.require(Role.LEAD, filed.finding.unit)
    call.expect(filed, expected)
    return filed
