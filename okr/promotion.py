"""Promotion: an achieved key result becomes a standard that is watched from then on."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal

from okr import check_in as check_ins
from okr import goal, keys, progress
from okr import kpi as kpis
from okr import target as targets
from okr.errors import Code, Refusal
from okr.goal import CheckIn, KeyResult, KeyResultType, RollUp
from okr.keys import Kind
from okr.kpi import Kpi, Sample
from okr.number import EXACT, Direction, better, plain
from okr.period import Period
from okr.snapshot import Snapshot
from okr.target import Provenance, Target
from okr.text import Text

HELD = 2
RED_SHARE = Decimal("0.1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What promoting a key result would bring; all but the key result, the KPI and the direction may be edited.

    `kpi` is the KPI that the key result measures, or the one to be made, whose key follows from the key result.
    """

    key_result: str
    kpi: str
    name: Text
    unit: str
    measure: str
    direction: Direction
    period: Period
    reporter: str | None
    target: Target


def objection(snapshot: Snapshot, key_result: KeyResult) -> Refusal | None:
    """Return why a key result cannot be promoted, as a sentence that says what to do instead, or None where it can.

    It can be when it is a number, percent, currency or maintain result whose last two check-ins both reached the
    target (or lay inside the band), and which agrees in direction and unit with the KPI it measures. A VALUE_SUM has
    no check-ins.
    """
    if key_result.type in (KeyResultType.BOOLEAN, KeyResultType.MILESTONE):
        said = "Done or not done leaves nothing to watch; choose a measure that shows it lasting, and promote that."
        return Refusal(Code.NOT_PROMOTABLE, said)
    if key_result.cancelled:
        return Refusal(Code.NOT_PROMOTABLE, "The key result was cancelled; only an achieved one sets a standard.")
    if key_result.roll_up is RollUp.VALUE_SUM:
        said = "A sum has no check-ins that could hold the target; promote the key results that it adds up."
        return Refusal(Code.NOT_PROMOTABLE, said)
    if key_result.type is not KeyResultType.MAINTAIN and key_result.start == key_result.target:
        said = "Start and target are equal, so it shows no direction; make it a maintain result, and promote that."
        return Refusal(Code.NOT_PROMOTABLE, said)
    last = check_ins.said(snapshot, key_result)[-HELD:]
    if len(last) < HELD or not all(_reached(key_result, entry) for entry in last):
        said = f"The latest {HELD} check-ins must both hold the target; a single good day is no standard."
        return Refusal(Code.NOT_PROMOTABLE, said)
    return _disagreement(snapshot, key_result)


def eligible(snapshot: Snapshot, key_result: KeyResult) -> bool:
    """Tell whether a key result can be promoted; `objection` says why not."""
    return objection(snapshot, key_result) is None


def propose(snapshot: Snapshot, key_result: KeyResult) -> Draft:
    """Return what promotion would bring, or refuse with the objection.

    The target and the baseline are the key result's target, valid from the day after the cycle; red begins 10 % of the
    way from start to target short of it (of the width of a maintained range, outside it). For a KPI that has a target,
    each bound is the tighter of the old and the new one.
    """
    if reason := objection(snapshot, key_result):
        raise reason
    standard = _standard(snapshot, key_result)
    if key_result.measures:
        known = snapshot.kpis[key_result.measures]
        return Draft(
            key_result=key_result.key,
            kpi=known.key,
            name=known.name,
            unit=known.unit,
            measure=known.measure,
            direction=known.direction,
            period=known.period,
            reporter=known.reporter,
            target=_tightened(known, standard),
        )
    objective = snapshot.objectives[key_result.objective]
    return Draft(
        key_result=key_result.key,
        kpi=keys.derive(Kind.KPI, "promotion", key_result.key),
        name=key_result.title,
        unit=objective.unit,
        measure=key_result.measure,
        direction=goal.direction(key_result),
        period=Period.MONTH,
        reporter=key_result.owner or objective.owner,
        target=standard,
    )


def amended(
    snapshot: Snapshot, draft: Draft, *, target: Decimal | None = None, red_bound: Decimal | None = None
) -> Draft:
    """Return the draft with another target and red bound (None: as drafted), checked.

    Refuses with WOULD_LOOSEN a target short of the drafted one, and a red bound short of the one that the KPI has: what
    was won is given up by an ordinary change of the KPI, with a reason, and not in passing.
    """
    drafted, direction = draft.target, draft.direction
    wished = replace(
        drafted,
        target=drafted.target if target is None else target,
        red_bound=drafted.red_bound if red_bound is None else red_bound,
    )
    known = snapshot.kpis.get(draft.kpi)
    last = known.targets[-1] if known and known.targets else None
    red = (last.target if last.red_bound is None else last.red_bound) if last else None
    for name, field, held, asked in (
        ("target", "target", drafted.target, target),
        ("red bound", "redBound", red, red_bound),
    ):
        if held is not None and asked is not None and better(held, asked, direction):
            said = f"The {name} {plain(asked)} is looser than {plain(held)}, which was won already; leave it out,"
            raise Refusal(Code.WOULD_LOOSEN, f"{said} then loosen it by updateKpi with a reason.", (field,))
    targets.check(wished, direction)
    return replace(draft, target=wished)


def promote(snapshot: Snapshot, key_result: KeyResult, draft: Draft, provenance: Provenance, since: date) -> Kpi:
    """Return the KPI that watches what was achieved: the measured one with a new target, or a new one from `since` on.

    Idempotent: a key result that has been promoted gives the KPI as it is. The baseline is the key result's target
    whatever the draft says, and no bound of a measured KPI gets looser. Refuses what `objection` and `kpi.check` do.
    """
    if known := promoted(snapshot, key_result):
        return known
    if reason := objection(snapshot, key_result):
        raise reason
    baseline = _standard(snapshot, key_result).baseline
    target = replace(draft.target, baseline=baseline, fresh=True, provenance=provenance)
    if key_result.measures:
        kpi = snapshot.kpis[key_result.measures]
        targets.check(target, kpi.direction)
        return kpis.follow(kpi, _tightened(kpi, target))
    made = Kpi(
        key=draft.kpi,
        name=draft.name,
        unit=draft.unit,
        measure=draft.measure,
        direction=draft.direction,
        period=draft.period,
        reporter=draft.reporter,
        accountable=draft.unit,
        targets=(target,),
        since=since,
    )
    kpis.check(made)
    return made


def promoted(snapshot: Snapshot, key_result: KeyResult) -> Kpi | None:
    """Return the KPI that a key result was promoted to, or None."""
    key = key_result.promoted_to or key_result.measures or keys.derive(Kind.KPI, "promotion", key_result.key)
    kpi = snapshot.kpis.get(key)
    sources = (target.provenance.key_result for target in kpi.targets if target.provenance) if kpi else ()
    return kpi if key_result.key in sources else None


def provenance(
    snapshot: Snapshot, key_result: KeyResult, *, policy: str, policy_version: int, proposer: str, approver: str
) -> Provenance:
    """Return where the standard comes from: the key result, its check-ins, and the episode that started it all."""
    objective = snapshot.objectives[key_result.objective]
    return Provenance(
        key_result=key_result.key,
        objective=objective.key,
        cycle=objective.cycle,
        check_ins=tuple(entry.key for entry in check_ins.said(snapshot, key_result)),
        policy=policy,
        policy_version=policy_version,
        episode=objective.origin.episode if objective.origin else None,
        proposer=proposer,
        approver=approver,
    )


def seed(snapshot: Snapshot, key_result: KeyResult) -> tuple[Sample, ...]:
    """Return the check-ins as samples for the series of a new KPI, the last one of each local day, oldest first."""
    zone = snapshot.zone(snapshot.unit_of(key_result))
    found: dict[date, Sample] = {}
    for entry in check_ins.said(snapshot, key_result):
        if entry.value is not None:
            day = entry.at.astimezone(zone).date()
            found[day] = Sample(day=day, value=entry.value, at=entry.at, by=entry.by)
    return tuple(found.values())


def _reached(key_result: KeyResult, entry: CheckIn) -> bool:
    if entry.value is None:
        return False
    if key_result.type is KeyResultType.MAINTAIN:
        return progress.inside(key_result, entry.value)
    raw = progress.raw(key_result, entry.value)
    return raw is not None and raw >= 1


def _disagreement(snapshot: Snapshot, key_result: KeyResult) -> Refusal | None:
    if not key_result.measures:
        return None
    kpi, direction = snapshot.kpis[key_result.measures], goal.direction(key_result)
    if direction is not kpi.direction:
        said = f"The key result aims for {direction.value}, its KPI for {kpi.direction.value}; they must agree."
        return Refusal(Code.NOT_PROMOTABLE, said)
    if key_result.measure and kpi.measure and key_result.measure != kpi.measure:
        said = f'The key result is measured in "{key_result.measure}", its KPI in "{kpi.measure}"; use one unit.'
        return Refusal(Code.NOT_PROMOTABLE, said)
    if direction is Direction.RANGE and kpi.targets:
        old = kpi.targets[-1]
        low, high = _tighter(max, old.low, key_result.low), _tighter(min, old.high, key_result.high)
        if low is not None and high is not None and low >= high:
            said = f"The band held and the KPI's do not overlap ({plain(low)}, {plain(high)}); relax the KPI first."
            return Refusal(Code.NOT_PROMOTABLE, said)
    return None


def _standard(snapshot: Snapshot, key_result: KeyResult) -> Target:
    """Return the target that the key result sets, whatever the KPI it may measure has."""
    valid_from = snapshot.cycle_of(key_result).last + timedelta(days=1)
    low, high = key_result.low, key_result.high
    if low is not None and high is not None:
        margin = EXACT.multiply(EXACT.subtract(high, low), RED_SHARE)
        outer_low, outer_high = EXACT.subtract(low, margin), EXACT.add(high, margin)
        return Target(valid_from=valid_from, low=low, high=high, outer_low=outer_low, outer_high=outer_high, fresh=True)
    reached = next(value for value in (key_result.target, low, high) if value is not None)
    way = Decimal(0) if key_result.start is None else EXACT.subtract(reached, key_result.start)
    red = EXACT.subtract(reached, EXACT.multiply(way, RED_SHARE))
    return Target(valid_from=valid_from, target=reached, red_bound=red, baseline=reached, fresh=True)


def _tightened(kpi: Kpi, target: Target) -> Target:
    """Return `target` with each bound the tighter of its own and that of the KPI's last target, which it follows."""
    if not kpi.targets:
        return target
    last, direction = kpi.targets[-1], kpi.direction
    old, new = targets.bounds(last, direction), targets.bounds(target, direction)
    low, outer_low = _tighter(max, old.low, new.low), _tighter(max, old.outer_low, new.outer_low)
    high, outer_high = _tighter(min, old.high, new.high), _tighter(min, old.outer_high, new.outer_high)
    following = replace(target, valid_from=max(target.valid_from, last.valid_from + timedelta(days=1)))
    if direction is Direction.RANGE:
        return replace(following, low=low, high=high, outer_low=outer_low, outer_high=outer_high)
    best = max if direction is Direction.HIGHER else min
    return replace(
        following,
        target=high if low is None else low,
        red_bound=outer_high if outer_low is None else outer_low,
        baseline=_tighter(best, last.baseline, target.baseline),
        recovery=_tighter(best, targets.recovery(last, direction), target.recovery)
        if target.recovery is not None
        else None,
    )


def _tighter(best: Callable[..., Decimal], *values: Decimal | None) -> Decimal | None:
    given = [value for value in values if value is not None]
    return best(given) if given else None
