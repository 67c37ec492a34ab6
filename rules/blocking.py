"""Blocking: whether a change may be written, by the policies that refuse what they would otherwise find."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from okr.policy import Policy, PolicyMode
from okr.recommendation import Finding
from okr.snapshot import Snapshot
from okr.waiver import Waiver
from rules import explain, facts, fields, finding, normal, outline, wording
from rules.condition import Clause
from rules.explain import Outcome, Trace
from rules.facts import Fact
from rules.fields import Operator
from rules.force import Force, program
from rules.judge import Engine, Judge
from rules.policy import Resolved


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """What one BLOCK policy, as it holds in a unit, says against a change that breaks it there, and what it saw."""

    policy: Policy
    unit: str
    message: str
    finding: Finding


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What blocking policies say to a change: those in its way, the gravest first, and how that was found out.

    `faulty` are the policies that the engine failed on.
    """

    blocks: tuple[Block, ...] = ()
    facts: int = 0
    engine: Engine = Engine.DURABLE
    faulty: tuple[str, ...] = ()


async def blocked(
    judge: Judge,
    candidate: Snapshot,
    policies: Iterable[Policy],
    subjects: Mapping[str, Collection[str]],
    before: Snapshot,
    waivers: Iterable[Waiver] = (),
) -> Verdict:
    """Return why a change may not be written: the BLOCK policies that it breaks for `subjects`.

    `subjects` are keys by kind of fact, and `candidate` is the picture after the change. What already was as bad in the
    picture `before` stands: lowering a limit blocks neither what exists nor a change that makes nothing worse, and what
    is waived is not blocked. A policy that blocks only where a layer says so is among `policies` with all its layers.
    """
    exempt = tuple(waivers)
    force = Force(candidate, policies)
    resolved = {
        name: each
        for name, each in force.resolved.items()
        if each.kind.name in subjects and each.policy.mode is PolicyMode.BLOCK
    }
    if not resolved:
        return Verdict()
    kinds = {each.kind.name: subjects[each.kind.name] for each in resolved.values()}
    known = [fact for kind, keys in kinds.items() for fact in facts.gather(candidate, (kind,), keys)]
    judgement = await judge.judge(program(resolved), known)
    once = {
        (fact.kind, fact.subject, fact.cycle): fact
        for kind, keys in kinds.items()
        for fact in facts.gather(before, (kind,), keys)
    }
    broken: list[tuple[Finding, Block]] = []
    for match in judgement.matches:
        each, fact = resolved[match.name], match.fact
        if (
            match.name in force.names(fact)
            and not _as_bad(each, once.get((fact.kind, fact.subject, fact.cycle)), fact)
            and not force.covering(exempt, each.policy.key, fact)
        ):
            found = finding.build(candidate, each, fact, match.trace)
            broken.append((found, _against(each, fact, found)))
    return Verdict(
        blocks=tuple(block for _, block in sorted(broken, key=lambda one: finding.gravity(one[0]))),
        facts=len(known),
        engine=judgement.engine,
        faulty=judgement.faulty,
    )


def _against(resolved: Resolved, fact: Fact, found: Finding) -> Block:
    asked, met = resolved.policy, (leaf.dump() for leaf in wording.deciding(_plainly(resolved, fact)))
    said = " · ".join(line.text for leaf in met for line in outline.lines(fact.kind, leaf, "en", fact.measure))
    message = f'{found.title.original}. The policy "{asked.key}" blocks this: {said}.'
    return Block(policy=asked, unit=fact.unit, message=message, finding=found)


def _as_bad(resolved: Resolved, before: Fact | None, after: Fact) -> bool:
    """Tell whether the policy matched before the change, with every limit overstepped at least as far as after it."""
    if before is None:
        return False
    was = _plainly(resolved, before)
    return was.outcome is Outcome.MATCH and not _worsened(was, _plainly(resolved, after))


def _plainly(resolved: Resolved, fact: Fact) -> Trace:
    """Explain a fact by the condition without negations, so that what is met is what speaks against a change."""
    return explain.explain(normal.normalise(resolved.condition), fields.clean(resolved.kind, fact.values))


def _worsened(was: Trace, now: Trace) -> bool:
    """Tell whether a limit is overstepped farther; what is met in a group that does not match is no limit."""
    if now.outcome is not Outcome.MATCH:
        return False
    return _worse(was, now) or any(_worsened(*both) for both in zip(was.parts, now.parts, strict=True))


def _worse(was: Trace, now: Trace) -> bool:
    if not isinstance(now.condition, Clause):
        return False
    before, after = _ahead(was), _ahead(now)
    if before is None or after is None:
        return False
    match now.condition.op:
        case Operator.GT | Operator.GTE:
            return after > before
        case Operator.LT | Operator.LTE:
            return after < before
        case _:
            return False


def _ahead(seen: Trace) -> float | None:
    """How far a number or a day lies beyond its limit, which may be another field; None where that is not known."""
    if not isinstance(seen.seen, int | float) or not isinstance(seen.against, int | float):
        return None
    return round(seen.seen - seen.against, fields.DECIMALS)
