"""What HR does to put policies in force: publish a version, go back to an earlier one, take one away."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields, replace
from datetime import datetime

from app import evaluation, policies, preview
from app.call import Call
from okr.errors import Code, Refusal
from okr.policy import Policy, PolicyMode, PolicyState
from okr.recommendation import Recommendation
from okr.text import prose
from rules import layers, soundness
from rules import policy as judged
from rules.preview import Concern, Preview
from store.change import Edit

FIRST = (PolicyMode.OFF, PolicyMode.OBSERVE)
"""What a policy that was never in force may begin as."""

FLOODS = (Concern.MATCHES_EVERYTHING, Concern.MATCHES_MOST)
"""What a preview may warn of that takes a confirmation: people would be flooded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What the preview said before a version was put in force: subjects, and findings that open, end or stay."""

    asked: int
    matched: int
    opens: int
    resolves: int
    stays: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """A version in force, what its preview said, and what is open from the policy now."""

    policy: Policy
    shown: Shown
    recommendations: tuple[Recommendation, ...]


async def publish(
    call: Call,
    key: str,
    version: int,
    layer: str = "",
    *,
    note: str = "",
    confirm: bool = False,
    saved_at: datetime | None = None,
) -> Published:
    """Put a saved version in force in the place of the one before, evaluate where either holds, and return it.

    Nothing is published that fails its test cases, or was drafted from another version than the one in force. What was
    never in force, or not from this template, begins in OBSERVE. Where the preview matches more than half of what it
    looks at, it takes `confirm`. AUTO takes somebody else than the author. Needs hr_admin wherever either holds. With
    `saved_at` the draft must be the one that was saved then, so that nobody approves what was changed in between.
    """

    async def put() -> Published:
        if done := await call.replay():
            return await _done_before(call, key, layer, done)
        chosen, versions = await _version(call, key, version, layer)
        if chosen.state is not PolicyState.DRAFT:
            raise Refusal(Code.NOT_OPEN, f"Version {version} is {chosen.state.value}; save a new draft.", ("version",))
        if saved_at is not None and chosen.created_at != saved_at:
            said = f"The draft was saved again at {chosen.created_at.isoformat()}; look at it once more."
            raise Refusal(Code.CONFLICT, said, ("savedAt",))
        return await _put(call, chosen, versions, chosen, note=note, confirm=confirm)

    return await call.in_turn(put)


async def roll_back(
    call: Call, key: str, version: int, layer: str = "", *, note: str = "", confirm: bool = False
) -> Published:
    """Put what an earlier version said in force again, as a new version, and return it; passes the gate as any other.

    The new version's note says where it comes from; its author is still who wrote it.
    """
    if done := await call.replay():
        return await _done_before(call, key, layer, done)
    earlier, versions = await _version(call, key, version, layer)
    if earlier.state is not PolicyState.RETIRED:
        said = "is in force" if earlier.state is PolicyState.PUBLISHED else "was never in force; publish it"
        raise Refusal(Code.NOT_OPEN, f"Version {version} {said}.", ("version",))
    again = replace(
        earlier,
        version=versions[0].version + 1,
        state=PolicyState.DRAFT,
        created_at=call.at,
        based_on=next((each.version for each in versions if each.state is PolicyState.PUBLISHED), 0),
        note=": ".join(part for part in (f"Back to version {version}", note) if part),
    )
    return await _put(call, again, versions, None, note=again.note, confirm=confirm)


async def retire(call: Call, key: str, layer: str = "", *, note: str = "") -> Policy:
    """Take a policy, or what a unit changes of it, out of force and return it; what it filed ends.

    What units change of a policy goes with it: it would come back unseen with the next policy of that key. What a unit
    changes stays where without it no sound policy would come in a unit below, or one would act by itself that the
    caller wrote.
    """

    async def taken() -> Policy:
        if done := await call.replay():
            versions = await call.store.policy_versions(key, layer)
            return next(each for each in versions if each.version == done["version"])
        return await _retire(call, key, layer, note)

    return await call.in_turn(taken)


async def _retire(call: Call, key: str, layer: str, note: str) -> Policy:
    versions = await _versions(call, key, layer)
    found = next((each for each in versions if each.state is PolicyState.PUBLISHED), None)
    if found is None:
        raise Refusal(Code.NOT_FOUND, f'"{key}" is not in force here.', ("key",))
    policies.check_reach(call, found, found)
    if layer:
        await _check_left(call, found)
    laid = [each for each in await call.store.policies() if each.key == key and each.layer]
    ending = (found, *laid) if not layer else (found,)
    await call.commit(
        "policy.retire",
        edits=[Edit(before=each, after=replace(each, state=PolicyState.RETIRED)) for each in ending],
        held=call.shape,  # of a policy and what is laid over it, one change has to see the other
        due=_places(call, ending),
        note=prose(note, field=("note",)),
        result={"version": found.version},
    )
    await evaluation.settle(call, (), "publish")
    return replace(found, state=PolicyState.RETIRED)


async def _check_left(call: Call, ending: Policy) -> None:
    """Refuse to take away what a unit changes where what is left is not sound, or acts by itself by one hand alone."""
    stack = await policies.stack(call, ending.key)
    if stack is None:
        return
    left = replace(stack, layers={unit: each for unit, each in stack.layers.items() if unit != ending.layer})
    soundness.check_stack(left, call.picture)
    known = {each.layers for each in layers.prospects(stack, call.picture)}
    for variant in layers.prospects(left, call.picture):
        laid = (left.layers[word.rpartition(":")[0]] for word in variant.layers)
        if (
            variant.layers not in known
            and variant.policy.mode is PolicyMode.AUTO
            and call.actor.key in {each.author for each in (left.base, *laid)}
        ):
            said = "Without this a policy acts by itself that you have written: ask another administrator."
            raise Refusal(Code.NEEDS_APPROVAL, said, ("unitId",))


async def _version(call: Call, key: str, version: int, layer: str) -> tuple[Policy, tuple[Policy, ...]]:
    """Return a version that the caller may decide about, and all versions, newest first."""
    versions = await _versions(call, key, layer)
    chosen = next((policy for policy in versions if policy.version == version), None)
    if chosen is None:
        raise Refusal(Code.NOT_FOUND, f'There is no version {version} of "{key[:80]}".', ("version",))
    decided = [each for each in versions if each.state is not PolicyState.DRAFT]
    in_force = next((each for each in decided if each.state is PolicyState.PUBLISHED), None)
    policies.check_reach(call, chosen, in_force or next(iter(decided), None))
    return chosen, versions


async def _versions(call: Call, key: str, layer: str) -> tuple[Policy, ...]:
    """Return all versions, newest first; of what a unit changes only where the caller sees that unit."""
    if layer and not call.sees(layer):
        raise Refusal(Code.NOT_FOUND, "There is no such unit.", ("unitId",))
    return await call.store.policy_versions(key, layer)


async def _put(
    call: Call, chosen: Policy, versions: tuple[Policy, ...], stored: Policy | None, *, note: str, confirm: bool
) -> Published:
    """Take a version through the gate and put it in force; `stored` is the draft on file, None for a new version."""
    before = next((policy for policy in versions if policy.state is PolicyState.PUBLISHED), None)
    newer = any(each.state is not PolicyState.DRAFT and each.version > chosen.version for each in versions)
    if newer or chosen.based_on != (before.version if before else 0):
        now = f"version {before.version}" if before else "none"
        said = f"The draft was made when version {chosen.based_on or 'none'} was in force; now it is {now}."
        raise Refusal(Code.CONFLICT, f"{said} Compare the two and save the draft again.", ("version",))
    await policies.check(call, chosen)
    known = any(each.state is not PolicyState.DRAFT and each.template == chosen.template for each in versions)
    if not chosen.layer and not known and chosen.mode not in FIRST:
        said = "A policy begins by observing: publish it in mode observe, look at what it finds, then let it act."
        raise Refusal(Code.INVALID, said, ("mode",))
    mode = await _mode(call, chosen)
    if mode is PolicyMode.AUTO and chosen.author == call.actor.key:
        said = "A policy that acts by itself is approved by somebody else than who wrote it: ask another administrator."
        raise Refusal(Code.NEEDS_APPROVAL, said, ("mode",))
    seen = await preview.preview(call, chosen)
    _check_tests(chosen, seen)
    floods = [warned.message.original for warned in seen.warnings if warned.concern in FLOODS]
    if floods and mode not in FIRST and not confirm:
        said = f"{' '.join(floods)} If that is what you mean, publish with confirm."
        raise Refusal(Code.NEEDS_CONFIRMATION, said, ("confirm",))
    shown = Shown(
        asked=seen.asked,
        matched=seen.matched,
        opens=len(seen.opens),
        resolves=len(seen.resolves),
        stays=len(seen.stays),
    )
    # What is gone back to keeps its condition, which is the one that was checked and previewed here.
    published = replace(
        judged.frozen(chosen), state=PolicyState.PUBLISHED, approved_by=call.actor.key, approved_at=call.at
    )
    retired = [Edit(before=before, after=replace(before, state=PolicyState.RETIRED))] if before else []
    try:
        await call.commit(
            "policy.publish" if stored else "policy.roll_back",
            entries=[] if stored else [published],
            edits=[*retired, *([Edit(before=stored, after=published)] if stored else [])],
            held=call.shape,
            due=_places(call, (chosen, *([before] if before else ()))),
            note=prose(note, field=("note",)),
            result={"version": published.version, **asdict(shown)},
        )
    except Refusal as refusal:
        if refusal.code is not Code.DUPLICATE:
            raise
        said = "Somebody made a version of this policy in the same moment; look at it, then repeat."
        raise Refusal(Code.CONFLICT, said, ("version",)) from None
    return await _evaluated(call, published, shown)


async def _mode(call: Call, chosen: Policy) -> PolicyMode:
    """Return the farthest mode in which a version would be in force in some unit, now or on a later day.

    A layer that sets none has that of what is above it; a policy that only observes acts where a layer says so.
    """
    variants = layers.prospects(await policies.with_layers(call, chosen), call.picture)
    own = f"{chosen.layer}:{chosen.version}"
    taking_part = [each.policy.mode for each in variants if not chosen.layer or own in each.layers]
    return max(taking_part, key=list(PolicyMode).index, default=chosen.mode)


def _check_tests(chosen: Policy, seen: Preview) -> None:
    failed = [f'"{test.name}" says {test.actual}, not {test.expected}' for test in seen.tests if not test.passed]
    if failed:
        said = f"{len(failed)} of {len(seen.tests)} test cases fail: {'; '.join(failed[:3])}."
        raise Refusal(Code.TEST_FAILED, f"{said} Correct the condition, or the test cases.", ("tests",))


def _places(call: Call, found: Iterable[Policy]) -> set[str]:
    """Return the units where these policies hold: their tops."""
    root = call.picture.root.key
    return {unit for each in found for unit in ((each.layer,) if each.layer else each.scope.units or (root,))}


async def _done_before(call: Call, key: str, layer: str, done: Mapping[str, object]) -> Published:
    """Return what a call answered that is repeated; whoever comes back before it was evaluated sees to that."""
    versions = await call.store.policy_versions(key, layer)
    policy = next(each for each in versions if each.version == done["version"])
    shown = Shown(**{field.name: int(str(done[field.name])) for field in fields(Shown)})
    return await _evaluated(call, policy, shown)


async def _evaluated(call: Call, policy: Policy, shown: Shown) -> Published:
    await evaluation.settle(call, _places(call, (policy,)), "publish")
    waiting = await call.store.live(policies=[policy.key])
    open_now = tuple(one for one in waiting if one.state in evaluation.ASKING)
    return Published(policy=policy, shown=shown, recommendations=open_now)
