"""What everybody does weekly: check in on a key result."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from app import evaluation
from app.call import Call
from okr import check_in, progress
from okr.check_in import Draft
from okr.errors import Code, Refusal
from okr.goal import CheckIn, KeyResult
from okr.keys import Kind
from okr.org import Role
from okr.recommendation import Recommendation


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """A check-in as stored, the progress of its key result before and after, and what is open about it now."""

    check_in: CheckIn
    key_result: KeyResult
    before: Decimal
    after: Decimal
    recommendations: tuple[Recommendation, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One check-in on the key result `key_result`, about the instant `at`."""

    key_result: str
    draft: Draft
    at: datetime


async def record(call: Call, key: str, draft: Draft, at: datetime | None = None) -> Recorded:
    """Record a check-in on the key result `key` at `at` (default: now) and evaluate what it touches.

    Its owner may, and everybody with the role member in the unit. If evaluation fails the check-in stands, and the
    marks left in its transaction make a later run catch up.
    """
    return await call.in_turn(lambda: _record(call, key, draft, at))


async def _record(call: Call, key: str, draft: Draft, at: datetime | None) -> Recorded:
    if done := await call.replay():
        said = await call.store.check_in(str(done["check_in"]))
        if said is None:
            raise Refusal(Code.NOT_FOUND, "The check-in that this repeats is gone.")
        return Recorded(
            check_in=said,
            key_result=call.picture.key_results[said.key_result],
            before=Decimal(str(done["before"])),
            after=Decimal(str(done["after"])),
            recommendations=await evaluation.after(call, (key, call.picture.key_results[key].objective)),
        )
    found = _allowed(call, key)
    before = progress.of_key_result(call.picture, found).progress
    entry = call.fresh(Kind.CHECK_IN)
    changed = check_in.accept(call.picture, found, draft, key=entry, by=call.actor.key, at=at or call.at)
    said = next(said for said in changed.check_ins if said.key == entry)
    after = progress.of_key_result(call.picture.with_(changed), changed).progress
    await call.commit(
        "check_in.record",
        changed,
        entries=(said,),
        result={"check_in": entry, "before": str(before), "after": str(after)},
    )
    opened = await evaluation.after(call, (key, changed.objective))
    return Recorded(
        check_in=said, key_result=call.picture.key_results[key], before=before, after=after, recommendations=opened
    )


def _allowed(call: Call, key: str) -> KeyResult:
    found = call.picture.key_results.get(key)
    objective = call.picture.objectives[found.objective] if found else None
    if found and objective and call.actor.key in (found.owner, objective.owner):
        return found
    if found is None or objective is None or not call.sees(key):
        raise Refusal(Code.NOT_FOUND, "There is no such key result.", ("keyResultId",))
    call.require(Role.MEMBER, objective.unit)
    return found


async def write(call: Call, entries: Iterable[Entry]) -> tuple[CheckIn, ...]:
    """Write the actor's check-ins on known key results in one transaction, without evaluating them, and return them."""
    written: dict[str, KeyResult] = {}
    said: list[CheckIn] = []
    for entry in entries:
        found = written.get(entry.key_result) or call.picture.key_results[entry.key_result]
        key = call.fresh(Kind.CHECK_IN)
        changed = check_in.accept(call.picture, found, entry.draft, key=key, by=call.actor.key, at=entry.at)
        written[found.key] = changed
        said.extend(one for one in changed.check_ins if one.key == key)
    await call.commit("check_ins.write", *written.values(), entries=said)
    return tuple(said)
