"""Recovery: the one focused objective that a weak KPI calls for, and what stands in its way."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

import okr.kpi as kpis
from okr import breach
from okr import rollup as rollups
from okr import target as targets
from okr.cycle import Cycle, CycleKind
from okr.goal import KeyResultType
from okr.kpi import Kpi
from okr.number import better
from okr.recommendation import Action, Proposal
from okr.snapshot import Snapshot
from okr.target import Target
from okr.text import TITLE_LIMIT, Text
from rules import explain, facts, fields, policy
from rules.explain import Outcome
from rules.facts import Fact
from rules.policy import Limits, Resolved
from rules.wording import amount, bilingual, short

GOAL_LIMIT = "goal limit"
NO_CYCLE = "no cycle"
LEAST_DAYS = 14
"""A cycle with fewer days left is too short to begin in; what is proposed then belongs to the next one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovery:
    """A drafted objective (none without a target or a cycle), the cycle it belongs to, and what stands in its way."""

    proposal: Proposal | None
    blocked_by: tuple[str, ...] = ()
    cycle: str | None = None


def draft(snapshot: Snapshot, resolved: Resolved, fact: Fact, limits: Limits) -> Recovery:
    """Return the objective that brings a KPI to its target, with one key result that leads there.

    That is the way from the value at breach where there is an episode, else from the newest one. It belongs to the
    accountable unit, else the KPI's. Where that unit has as many goals as its `limits` allow, it is still proposed,
    with the weakest goal as the one to swap.
    """
    kpi = snapshot.kpis[fact.subject]
    unit = accountable(snapshot, kpi)
    target, cycle = kpis.target_on(kpi, snapshot.today(kpi.unit)), quarter(snapshot, unit)
    if target is None or cycle is None:
        return Recovery(proposal=None, blocked_by=() if cycle else (NO_CYCLE,))
    key_result, way = _key_result(kpi, target, _begins(snapshot, kpi))
    args: dict[str, object] = {
        "title": _written(_title(resolved, kpi)),
        "unit": unit,
        "cycle": cycle.key,
        "addresses": [kpi.key],
        "key_results": [key_result],
    }
    if fact.episode:
        args["episode"] = fact.episode
    owner, when = snapshot.units[unit].name, cycle.name
    text = bilingual(lambda word: f"{short(owner.said(word), 40)}, {short(when.said(word), 30)}: {way.said(word)}.")
    blocked = at_limit(snapshot, limits(unit), unit, cycle)
    if blocked and (weakest := rollups.weakest(snapshot, unit, cycle)):
        args["swap"] = weakest.key
        title = weakest.title
        text = bilingual(lambda word: _swapped(text.said(word), short(title.said(word), 40), word))
    return Recovery(
        proposal=Proposal(action=Action.CREATE_OBJECTIVE, args=args, text=text),
        blocked_by=(GOAL_LIMIT,) if blocked else (),
        cycle=cycle.key,
    )


def accountable(snapshot: Snapshot, kpi: Kpi) -> str:
    """Return the unit that must act on a KPI: the accountable one, else the KPI's own."""
    return kpi.accountable if kpi.accountable and kpi.accountable in snapshot.units else kpi.unit


def quarter(snapshot: Snapshot, unit: str) -> Cycle | None:
    """Return the quarter for a new goal of a unit: the present one, or the next where that is all but over."""
    today = snapshot.today(unit)
    quarters = sorted(
        (cycle for cycle in snapshot.cycles.values() if cycle.kind is CycleKind.QUARTER and today <= cycle.last),
        key=lambda cycle: (cycle.first, cycle.key),
    )
    roomy = (cycle for cycle in quarters if (cycle.last - today).days >= LEAST_DAYS)
    return next(roomy, quarters[0] if quarters else None)


def at_limit(snapshot: Snapshot, limits: Sequence[Resolved], unit: str, cycle: Cycle) -> bool:
    """Tell whether one more goal of a unit in a cycle would break a policy that limits goals."""
    fact = facts.of_unit(snapshot, snapshot.units[unit], cycle)
    goals = fact.values["goals_active"]
    if not isinstance(goals, int):
        raise TypeError("Goals are counted in whole numbers.")
    today = snapshot.today(unit)
    return any(
        policy.holds(limit.policy, snapshot, unit, cycle.key, today)
        and explain.outcome(limit.condition, fields.clean(limit.kind, {**fact.values, "goals_active": goals + 1}))
        is Outcome.MATCH
        for limit in limits
    )


def _begins(snapshot: Snapshot, kpi: Kpi) -> tuple[Decimal, ...]:
    """The values that the way back may begin at: the one at breach, else the newest."""
    episode = breach.current(kpi, snapshot.today(kpi.unit)).episode
    at_breach = (episode.start_value,) if episode else ()
    return (*at_breach, kpi.latest.value) if kpi.latest else at_breach


def _swapped(sentence: str, weakest: str, language: str) -> str:
    more = f' At the goal limit: "{weakest}" could make room.'
    if language == "vi":
        more = f' Đã đủ mục tiêu: có thể thay "{weakest}".'
    return short(sentence, TITLE_LIMIT - len(more)) + more


def _title(resolved: Resolved, kpi: Kpi) -> Text:
    pattern = resolved.objective or Text(original="{{name}}")
    return bilingual(lambda language: pattern.said(language).replace("{{name}}", short(kpi.name.said(language))))


def _key_result(kpi: Kpi, target: Target, values: Sequence[Decimal]) -> tuple[dict[str, object], Text]:
    """The one measure: from a value that is worse to the target, or else keeping to what is green."""
    goal = target.target
    start = next((v for v in values if goal is not None and better(goal, v, kpi.direction)), None)
    common: dict[str, object] = {"measure": kpi.measure, "measures": kpi.key}
    if goal is not None and start is not None:
        title = bilingual(lambda language: way_of(kpi, start, goal, language))
        way = {"type": _type(kpi.measure, start, goal).value, "direction": kpi.direction.value, "start": start}
        return {"title": _written(title), **common, **way, "target": goal}, title
    edges = targets.bounds(target, kpi.direction)
    low, high = edges.low, edges.high
    title = bilingual(lambda language: _band(kpi, low, high, language))
    band = {name: edge for name, edge in (("low", low), ("high", high)) if edge is not None}
    return {"title": _written(title), **common, "type": KeyResultType.MAINTAIN.value, **band}, title


def way_of(kpi: Kpi, start: Decimal, goal: Decimal, language: str) -> str:
    """Return the title of a key result that moves a KPI, in one language."""
    name = short(kpi.name.said(language))
    begin, end = amount(start, kpi.measure, language), amount(goal, kpi.measure, language)
    if language == "vi":
        return f"{name} từ {begin} {'lên' if goal > start else 'xuống'} {end}"
    return f"{name} from {begin} to {end}"


def _band(kpi: Kpi, low: Decimal | None, high: Decimal | None, language: str) -> str:
    ends = [
        f"{sign} {amount(edge, kpi.measure, language)}" for sign, edge in (("≥", low), ("≤", high)) if edge is not None
    ]
    keep = "Giữ" if language == "vi" else "Keep"
    return f"{keep} {short(kpi.name.said(language))} {', '.join(ends)}"


def _type(measure: str, start: Decimal, goal: Decimal) -> KeyResultType:
    if measure == "%" and all(0 <= value <= 100 for value in (start, goal)):
        return KeyResultType.PERCENT
    return KeyResultType.CURRENCY if re.fullmatch("[A-Z]{3}", measure) else KeyResultType.NUMBER


def _written(text: Text) -> dict[str, object]:
    return {"original": text.original, "vi": text.vi}
