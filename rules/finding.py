"""Findings: what a match says to people, and what it proposes to do."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from enum import StrEnum

from okr.policy import Severity
from okr.recommendation import Evidence, Finding, Subject
from okr.snapshot import Snapshot
from rules import proposal, recovery, wording
from rules.explain import Trace
from rules.facts import Fact
from rules.policy import Limits, Resolved, unlimited

_PLAIN = (bool, int, float, str, Decimal)


def build(snapshot: Snapshot, resolved: Resolved, fact: Fact, trace: Trace, limits: Limits = unlimited) -> Finding:
    """Return the finding of a match: its title with numbers, its evidence, and what is proposed.

    `limits` says which policies limit the goals of a unit; where one holds that a further goal would break, the
    proposal of an objective names what blocks it and the goal to swap it for. One finding is one `dedupe`: the policy,
    the subject, and the episode or else the cycle.
    """
    proposed = proposal.propose(snapshot, resolved, fact, limits)
    words = (resolved.policy.key, f"{fact.kind}:{fact.subject}", proposed.episode or fact.cycle)
    return Finding(
        dedupe="|".join(word for word in words if word),
        policy=resolved.policy.key,
        policy_version=resolved.policy.version,
        subject=Subject(kind=fact.kind, key=fact.subject),
        unit=answerable(snapshot, fact),
        severity=raised(resolved.policy.severity, proposed.step),
        title=wording.titled(resolved.title, fact, trace, resolved.params),
        evidence=Evidence(at=snapshot.as_of, fact=_plain_mapping(fact.values), trace=trace.dump()),
        proposal=proposed.proposal,
        blocked_by=proposed.blocked_by,
        episode=proposed.episode,
        cycle=fact.cycle or proposed.cycle,
        measure=fact.measure,
        layers=resolved.layers,
    )


def answerable(snapshot: Snapshot, fact: Fact) -> str:
    """Return the unit that must act on what a fact is about: of a KPI the accountable one."""
    return recovery.accountable(snapshot, snapshot.kpis[fact.subject]) if fact.kind == "kpi" else fact.unit


def gravity(found: Finding) -> tuple[int, str]:
    """Return what findings are sorted by, the most severe first."""
    return -found.severity.rank, found.dedupe


def raised(severity: Severity, steps: int) -> Severity:
    """Return the severity `steps` higher, at most the highest."""
    if not steps:
        return severity
    ladder = tuple(Severity)
    return ladder[min(severity.rank + steps, len(ladder) - 1)]


def _plain_mapping(values: Mapping[str, object]) -> dict[str, object]:
    return {name: plain(value) for name, value in values.items()}


def plain(value: object) -> object:
    """Return a value as documents keep it: texts, booleans, numbers, lists and mappings; a day as its ISO text."""
    if type(value) in _PLAIN:  # nearly all are, and asking whether one is a Mapping is slow
        return value
    match value:
        case StrEnum():
            return str(value)
        case date():
            return value.isoformat()
        case Mapping():
            return {str(name): plain(each) for name, each in value.items()}
        case list() | tuple():
            return [plain(each) for each in value]
        case _:
            return value
