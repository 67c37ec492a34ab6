"""Proposals: what a finding suggests doing about it, one builder for each action."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import assert_never

from okr import check_in as check_ins
from okr import cycle as cycles
from okr import promotion
from okr import rollup as rollups
from okr.check_in import SlotState
from okr.cycle import Cycle, CycleKind, CycleState
from okr.org import Person
from okr.recommendation import Action, Proposal
from okr.snapshot import Snapshot
from rules import explain, fields, recovery, wording
from rules.facts import Fact
from rules.policy import Limits, Resolved
from rules.wording import amount, bilingual, short


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposed:
    """What a builder made of a match: `step` is how far it has escalated, `episode` and `cycle` what it belongs to."""

    proposal: Proposal | None
    blocked_by: tuple[str, ...] = ()
    episode: str | None = None
    cycle: str | None = None
    step: int = 0


def propose(snapshot: Snapshot, resolved: Resolved, fact: Fact, limits: Limits) -> Proposed:
    """Return what the action of a policy comes to for one subject."""
    match resolved.action:
        case Action.CREATE_OBJECTIVE:
            found = recovery.draft(snapshot, resolved, fact, limits)
            return Proposed(
                proposal=found.proposal, blocked_by=found.blocked_by, episode=fact.episode, cycle=found.cycle
            )
        case Action.PROMOTE:
            return _promotion(snapshot, resolved, fact)
        case Action.NAME_OWNER:
            return _owner(snapshot, fact)
        case Action.REMIND:
            return _reminder(snapshot, resolved, fact)
        case Action.REVIEW:
            return _review(snapshot, resolved, fact)
        case never:
            assert_never(never)


def episode(snapshot: Snapshot, action: Action, fact: Fact) -> str | None:
    """Return the stretch of trouble that the findings of an action belong to; None where only the cycle parts them."""
    match action:
        case Action.CREATE_OBJECTIVE:
            return fact.episode
        case Action.REMIND:
            return _missed_since(snapshot, fact)
        case Action.PROMOTE | Action.NAME_OWNER | Action.REVIEW:
            return None
        case never:
            assert_never(never)


def _promotion(snapshot: Snapshot, resolved: Resolved, fact: Fact) -> Proposed:
    key_result = snapshot.key_results[fact.subject]
    if not promotion.eligible(snapshot, key_result):
        # Nothing to carry out; where the policy has words for that case, people decide by them.
        return _review(snapshot, resolved, fact) if resolved.text else Proposed(proposal=None)
    draft = promotion.propose(snapshot, key_result)
    target = draft.target
    bounds = {
        "target": target.target,
        "baseline": target.baseline,
        "red_bound": target.red_bound,
        "low": target.low,
        "high": target.high,
        "outer_low": target.outer_low,
        "outer_high": target.outer_high,
    }
    args: dict[str, object] = {"key_result": key_result.key, "valid_from": target.valid_from.isoformat()}
    args |= {name: value for name, value in bounds.items() if value is not None}
    if key_result.measures:
        args["kpi"] = key_result.measures
    known = key_result.measures is not None

    def say(language: str) -> str:
        name, measure = short(draft.name.said(language)), draft.measure
        kept = [target.target] if target.target is not None else [target.low, target.high]
        level = "–".join(amount(value, measure, language) for value in kept if value is not None)
        if language == "vi":
            what = f'mức nền mới của KPI "{name}"' if known else f'KPI mới "{name}"'
            return f"{level} là {what} từ ngày {wording.day(target.valid_from, language)}."
        what = f'the new baseline of the KPI "{name}"' if known else f'a new KPI, "{name}",'
        return f"{level} becomes {what} from {wording.day(target.valid_from, language)} on."

    return Proposed(proposal=Proposal(action=Action.PROMOTE, args=args, text=bilingual(say)))


def _owner(snapshot: Snapshot, fact: Fact) -> Proposed:
    kpi = snapshot.kpis[fact.subject]
    known = kpi.accountable in snapshot.units
    unit = snapshot.units[recovery.accountable(snapshot, kpi)]
    args = {"kpi": kpi.key, "accountable": unit.key}

    def say(language: str) -> str:
        name, owner = short(kpi.name.said(language), 60), short(unit.name.said(language), 60)
        if language == "vi":
            agree = f"{owner} chịu trách nhiệm về {name}: hãy chọn một kết quả then chốt để cải thiện."
            return agree if known else f"Giao cho {owner} chịu trách nhiệm về {name}."
        agree = f"{owner} is accountable for {name}: agree on a key result that moves it."
        return agree if known else f"Make {owner} accountable for {name}."

    action = Action.REVIEW if known else Action.NAME_OWNER
    return Proposed(proposal=Proposal(action=action, args=args, text=bilingual(say)), cycle=_cycle(snapshot, fact))


def _reminder(snapshot: Snapshot, resolved: Resolved, fact: Fact) -> Proposed:
    chain = _chain(snapshot, fact)
    step = min(_excess(resolved, fact), len(chain) - 1)
    episode = _missed_since(snapshot, fact)
    if not chain:
        return Proposed(proposal=None, episode=episode, cycle=_cycle(snapshot, fact))
    name, person = chain[step]

    def say(language: str) -> str:
        who, what = short(person.name, 60), short(fact.name.said(language))
        return f'Nhắc {who} về "{what}".' if language == "vi" else f'Remind {who} about "{what}".'

    args = {"person": person.key, "step": name}
    proposal = Proposal(action=Action.REMIND, args=args, text=bilingual(say))
    return Proposed(proposal=proposal, episode=episode, step=step, cycle=_cycle(snapshot, fact))


def _chain(snapshot: Snapshot, fact: Fact) -> list[tuple[str, Person]]:
    """Who can be reminded, in order: the owner, the lead, the lead above; nobody twice, nobody who left or is away."""
    today, unit = snapshot.today(fact.unit), snapshot.units[fact.unit]
    above = snapshot.units[unit.parent] if unit.parent else None
    found: dict[str, tuple[str, Person]] = {}
    asked = (("owner", _responsible(snapshot, fact)), ("lead", unit.lead), ("parent_lead", above and above.lead))
    for step, key in asked:
        person = snapshot.people.get(key or "")
        if person and person.works_on(today) and not person.away_on(today):
            found.setdefault(person.key, (step, person))
    return list(found.values())


def _responsible(snapshot: Snapshot, fact: Fact) -> str | None:
    match fact.kind:
        case "key_result":
            owner = snapshot.owner_of(snapshot.key_results[fact.subject])
            return owner.key if owner else None
        case "objective":
            return snapshot.objectives[fact.subject].owner
        case "kpi":
            return snapshot.kpis[fact.subject].reporter
        case _:
            return None


def _excess(resolved: Resolved, fact: Fact) -> int:
    escalation = resolved.escalation
    if escalation is None:
        return 0
    seen, start = fact.values.get(escalation.field), resolved.params.get(escalation.start)
    return max(0, int(seen - start)) if isinstance(seen, int) and isinstance(start, Decimal) else 0


def _missed_since(snapshot: Snapshot, fact: Fact) -> str | None:
    """The first day of the present run of missed check-ins, which is one episode of silence."""
    if fact.kind != "key_result":
        return None
    since: date | None = None
    for filled in reversed(check_ins.attendance(snapshot, snapshot.key_results[fact.subject])):
        if filled.state is SlotState.MISSED:
            since = filled.slot.day
        elif filled.state in (SlotState.ON_TIME, SlotState.LATE):
            break
    return since.isoformat() if since else None


def _review(snapshot: Snapshot, resolved: Resolved, fact: Fact) -> Proposed:
    if resolved.text is not None:
        trace = explain.explain(resolved.condition, fields.clean(resolved.kind, fact.values))
        text = wording.titled(resolved.text, fact, trace, resolved.params)
        return Proposed(proposal=Proposal(action=Action.REVIEW, args={}, text=text), cycle=_cycle(snapshot, fact))
    cycle = snapshot.cycles.get(fact.cycle or "")
    weakest = rollups.weakest(snapshot, fact.subject, cycle) if fact.kind == "unit" and cycle else None
    args: dict[str, object] = {"weakest": weakest.key} if weakest else {}

    def say(language: str) -> str:
        if weakest is None:
            name = short(fact.name.said(language))
            return f'Cùng xem lại "{name}".' if language == "vi" else f'Talk about "{name}".'
        share = rollups.of_objective(snapshot, weakest).progress or Decimal(0)
        title, done = short(weakest.title.said(language)), f"{wording.number(round(share * 100, 1), language)} %"
        if language == "vi":
            return f'Bỏ hoặc hoãn mục tiêu yếu nhất: "{title}" ({done}).'
        return f'Drop or defer the weakest: "{title}" ({done}).'

    proposal = Proposal(action=Action.REVIEW, args=args, text=bilingual(say))
    return Proposed(proposal=proposal, cycle=_cycle(snapshot, fact))


def _cycle(snapshot: Snapshot, fact: Fact) -> str | None:
    """The cycle that what has none of its own is dealt with in: a new one asks again about what was dismissed."""
    if fact.cycle:
        return fact.cycle
    today = snapshot.today(fact.unit)
    present = (c for c in snapshot.cycles.values() if c.kind is CycleKind.QUARTER and _runs(c, today))
    return next((cycle.key for cycle in present), None)


def _runs(cycle: Cycle, today: date) -> bool:
    return cycles.state(cycle, today) is CycleState.ACTIVE
