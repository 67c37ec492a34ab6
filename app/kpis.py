"""What leads do with KPIs: set them up, change who answers for them, follow one target by another, promote."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal

from app import blocking
from app.call import Call
from okr import breach, kpi, promotion
from okr import period as periods
from okr.errors import Code, Refusal
from okr.goal import Objective
from okr.keys import Kind
from okr.kpi import BreachRule, Episode, Kpi, Reading, Reduce
from okr.number import Direction
from okr.org import Role
from okr.period import Period
from okr.target import Target
from okr.text import Text


@dataclass(frozen=True, slots=True, kw_only=True)
class KpiDraft:
    """A KPI as somebody writes it; see okr.kpi.Kpi."""

    name: Text
    unit: str
    measure: str
    direction: Direction
    period: Period = Period.MONTH
    reduce: Reduce = Reduce.LAST
    late_days: int = 0
    reporter: str | None = None
    accountable: str | None = None
    parent: str | None = None
    weight: Decimal = Decimal(1)
    target: Target | None = None
    rule: BreachRule = field(default_factory=BreachRule)
    since: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Promotion:
    """A key result to promote: which policy and who proposed it, and the bounds that were edited (None: as proposed).

    The edited ones are no looser than what was won.
    """

    key_result: str
    policy: str
    policy_version: int
    proposer: str
    target: Decimal | None = None
    red_bound: Decimal | None = None


async def create(call: Call, draft: KpiDraft, *name: str, override: str | None = None) -> Kpi:
    """Create a KPI and return it; with `name` its key follows from that, so that an import finds it again.

    `override` is a reason to go on against a blocking policy; see blocking.guard.
    """
    return await call.in_turn(lambda: _create(call, draft, name, override))


async def _create(call: Call, draft: KpiDraft, name: tuple[str, ...], override: str | None) -> Kpi:
    if done := await call.replay():
        return call.picture.kpis[str(done["kpi"])]
    if draft.unit not in call.picture.units or not call.sees(draft.unit):
        raise Refusal(Code.NOT_FOUND, "There is no such unit.", ("unit",))
    call.require(Role.LEAD, draft.unit)
    made = drafted(call, draft, *name)
    passed = await blocking.guard(call, call.picture.with_(made), made.unit, override=override)
    await call.commit("kpi.create", made, held=passed.held, note=passed.note, result={"kpi": made.key})
    return call.picture.kpis[made.key]


def drafted(call: Call, draft: KpiDraft, *name: str) -> Kpi:
    """Return the KPI that a draft describes, checked against the trade's rules and the picture."""
    made = Kpi(
        key=call.fresh(Kind.KPI, *name),
        name=draft.name,
        unit=draft.unit,
        measure=draft.measure,
        direction=draft.direction,
        period=draft.period,
        reduce=draft.reduce,
        late_days=draft.late_days,
        reporter=draft.reporter,
        accountable=draft.accountable,
        parent=draft.parent,
        weight=draft.weight,
        targets=(draft.target,) if draft.target else (),
        rule=draft.rule,
        since=draft.since or call.picture.today(draft.unit),
    )
    _check(call, made)
    return made


async def update(
    call: Call,
    key: str,
    values: Mapping[str, object],
    target: Target | None = None,
    *,
    expected: int | None = None,
    result: Mapping[str, object] | None = None,
) -> Kpi:
    """Change fields of a KPI by name, or let a target follow the present one; return it.

    A target that loosens anything needs a reason, and the caller stands as its approver.
    """
    return await call.in_turn(lambda: _update(call, key, values, target, expected, result), key)


async def _update(
    call: Call,
    key: str,
    values: Mapping[str, object],
    target: Target | None,
    expected: int | None,
    result: Mapping[str, object] | None,
) -> Kpi:
    if (done := await call.replay()) and result is None:
        return call.picture.kpis[str(done["kpi"])]
    found = call.picture.kpis.get(key)
    if found is None or not call.sees(key):
        raise Refusal(Code.NOT_FOUND, "There is no such KPI.", ("id",))
    call.require(Role.LEAD, found.unit)
    call.expect(found, expected)
    changed = replace(found, **values)  # type: ignore[arg-type]  # names and types are checked where values are made
    if target is not None:
        reasoned = replace(target, approver=call.actor.key) if target.reason.strip() else target
        changed = kpi.follow(changed, reasoned)
    _check(call, changed, found)
    flagged: Sequence[Objective] = ()
    if target is not None or changed.rule != found.rule:
        history = await call.store.readings(key)
        changed, episodes = breach.rewatched(changed, history, call.picture.today(found.unit))
        flagged = reflagged(call, changed, episodes)
    held = call.shape if changed.parent != found.parent else ()
    await call.commit("kpi.update", changed, *flagged, held=held, result=result or {"kpi": key})
    return call.picture.kpis[key]


async def promote(
    call: Call,
    wanted: Promotion,
    *,
    override: str | None = None,
    note: str = "",
    result: Mapping[str, object] | None = None,
) -> Kpi:
    """Turn an achieved, held key result into a new baseline of the KPI it measures, or into a KPI; return that KPI.

    Idempotent per key result: promoted once, it stays promoted. `override` is for blocking.guard, `note` for the audit
    log; `result` is what a repeat of the call is answered from.
    """
    key_result = call.picture.key_results.get(wanted.key_result)
    if key_result is None:
        raise Refusal(Code.NOT_FOUND, "There is no such key result.")
    call.require(Role.LEAD, call.picture.unit_of(key_result))
    if key_result.measures:  # a standard is set for whoever the KPI belongs to
        call.require(Role.LEAD, call.picture.kpis[key_result.measures].unit)
    if known := promotion.promoted(call.picture, key_result):
        await call.commit("key_result.promote", result=result)
        return known
    draft = promotion.propose(call.picture, key_result)
    draft = promotion.amended(call.picture, draft, target=wanted.target, red_bound=wanted.red_bound)
    source = promotion.provenance(
        call.picture,
        key_result,
        policy=wanted.policy,
        policy_version=wanted.policy_version,
        proposer=wanted.proposer,
        approver=call.actor.key,
    )
    today = call.picture.today(draft.unit)
    promoted = promotion.promote(call.picture, key_result, draft, source, key_result.since)
    readings = _seeded(call, key_result.key, promoted, today)
    new = promoted.key not in call.picture.kpis
    history = readings if new else await call.store.readings(promoted.key)
    watched, episodes = breach.rewatched(promoted, history, today)
    kept = replace(key_result, promoted_to=watched.key)
    flagged = reflagged(call, watched, episodes)
    after = call.picture.with_(watched, kept)
    passed = await blocking.guard(call, after, watched.unit, override=override) if new else blocking.FREE
    await call.commit(
        "key_result.promote",
        watched,
        kept,
        *flagged,
        held=passed.held,
        derived=readings,
        note="; ".join(filter(None, (note, passed.note))),
        result=result,
    )
    return call.picture.kpis[watched.key]


def reflagged(call: Call, watched: Kpi, episodes: Iterable[Episode]) -> tuple[Objective, ...]:
    """Return the objectives against episodes of a KPI whose flag has to change, now that these are its episodes.

    An episode that no longer holds is superseded; its objective stays, and people decide.
    """
    holding = {episode.key for episode in episodes}
    return tuple(
        replace(objective, superseded_episode=not objective.superseded_episode)
        for objective in call.picture.addressing.get(watched.key, ())
        if objective.origin
        and (episode := objective.origin.episode)
        and episode.startswith(f"{watched.key}:")
        and objective.superseded_episode == (episode in holding)
    )


def _seeded(call: Call, key_result: str, promoted: Kpi, today: date) -> tuple[Reading, ...]:
    """Return the readings that a new KPI begins with: what the check-ins said; none where the KPI has its own."""
    if promoted.key in call.picture.kpis:
        return ()
    readings: dict[date, Reading] = {}
    for sample in promotion.seed(call.picture, call.picture.key_results[key_result]):
        start = periods.start(promoted.period, sample.day)
        readings[start] = kpi.take(promoted, readings.get(start), sample, today)
    return tuple(readings.values())


def _check(call: Call, made: Kpi, before: Kpi | None = None) -> None:
    """Refuse a KPI that breaks a rule, or names what the caller does not see, that aside which it named `before`."""
    kpi.check(made)
    kpi.check_parent(call.picture.kpis, made)
    if made.reporter is not None and made.reporter not in call.picture.people:
        raise Refusal(Code.NOT_FOUND, "There is no such person.", ("reporter",))
    known = (before.unit, before.accountable, before.parent) if before else ()
    units, kpis = call.picture.units, call.picture.kpis
    for name, what, key, shelf in (
        ("unit", "unit", made.unit, units),
        ("accountable", "unit", made.accountable, units),
        ("parent", "KPI", made.parent, kpis),
    ):
        if key is not None and key not in known and not (key in shelf and call.sees(key)):
            raise Refusal(Code.NOT_FOUND, f"There is no such {what}.", (name,))
