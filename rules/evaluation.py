"""Evaluation: what the policies of an organisation say about its picture, and whether a change may be written."""

import asyncio
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from okr.errors import Code, Refusal
from okr.filing import Standing, Terms
from okr.policy import Policy, PolicyMode, PolicyState
from okr.recommendation import Finding, Recommendation, Subject
from okr.snapshot import Snapshot
from rules import compiler, explain, facts, fields, finding, outline, policy, wording
from rules.compiler import NamedCondition, Program
from rules.condition import Clause
from rules.explain import Outcome, Trace
from rules.facts import Fact
from rules.fields import Operator
from rules.judge import Engine, Judge
from rules.policy import Resolved
from rules.schema import KINDS

FILED = (PolicyMode.ADVISE, PolicyMode.BLOCK, PolicyMode.AUTO)
BREATH = 100
"""Facts after which other tasks get their turn."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """One policy asked about one subject; `cycle` tells the facts of a unit apart."""

    policy: str
    subject: Subject
    cycle: str | None


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """What a run of the policies came to.

    `findings` are to be filed and `observed` only to be logged, both with the most severe first. `asked` counts the
    pairs that were in force, of which `unknown` lacked data; what neither matched nor is unknown was clear. `refused`
    says of policies why they could not be resolved, by key; `faulty` are the keys of policies that the engine failed
    on; `disagreed` counts its matches that the reference evaluator denied. `kinds` and `subjects` (None: all) are what
    was looked at.
    """

    snapshot: Snapshot
    policies: Mapping[str, Policy]
    resolved: Mapping[str, Resolved]
    refused: Mapping[str, Refusal]
    kinds: frozenset[str]
    subjects: frozenset[str] | None
    seen: Mapping[Subject, tuple[Fact, ...]]
    asked: int
    unknown: frozenset[Pair]
    findings: tuple[Finding, ...]
    observed: tuple[Finding, ...]
    engine: Engine
    faulty: tuple[str, ...]
    disagreed: int

    @property
    def matches(self) -> int:
        """How many pairs matched."""
        return len(self.findings) + len(self.observed)

    @property
    def facts(self) -> int:
        """How many facts were looked at."""
        return sum(len(each) for each in self.seen.values())

    @property
    def unknowns(self) -> int:
        """How many pairs lacked data."""
        return len(self.unknown)

    @property
    def errors(self) -> int:
        """How many policies could not be resolved, or failed the engine."""
        return len(self.refused) + len(self.faulty)

    @property
    def terms(self) -> Mapping[str, Terms]:
        """How long each policy waits, by its key; for filing.reconcile."""
        return {key: policy.terms(each) for key, each in self.policies.items()}

    @property
    def policy_set(self) -> str:
        """The hash of the policies that were evaluated."""
        return policy.policy_set(self.policies.values())

    def standing(self, filed: Recommendation) -> Standing:
        """Return what the run says about a recommendation that is not among `findings`; for filing.reconcile."""
        found = filed.finding
        asked = self.policies.get(found.policy)
        if asked is None:
            return Standing.UNTOUCHED
        if not _files(asked):
            return Standing.VOID
        if found.subject.kind not in self.kinds or (
            self.subjects is not None and found.subject.key not in self.subjects
        ):
            return Standing.UNTOUCHED
        if found.policy in self.refused:
            return Standing.UNKNOWN
        same = self.seen.get(found.subject, ()) if self.resolved[found.policy].kind.name == found.subject.kind else ()
        fact = next((fact for fact in same if fact.cycle in (None, found.cycle)), None)
        if fact is None or not _in_force(self.snapshot, asked, fact):
            return Standing.VOID
        if Pair(policy=found.policy, subject=found.subject, cycle=fact.cycle) in self.unknown:
            return Standing.UNKNOWN
        return Standing.CURED if found.episode and found.episode != fact.episode else Standing.CLEAR


async def evaluate(
    judge: Judge,
    snapshot: Snapshot,
    policies: Iterable[Policy],
    subjects: Collection[str] | None = None,
    kinds: Iterable[str] | None = None,
) -> Evaluation:
    """Return what the policies say about the whole picture, or about `subjects` alone (after a change: its reach).

    Pass all published policies, and the last version of those switched off or retired: what they filed is void. Of two
    versions the later one counts. BLOCK is evaluated as ADVISE is; OBSERVE is matched, not filed.
    """
    given = {each.key: each for each in sorted(policies, key=lambda each: each.version)}
    looked = frozenset(KINDS if kinds is None else kinds)
    resolved, refused = _resolved(given.values())
    wanted = {each.kind.name for each in resolved.values()} & looked
    known = await _gathered(snapshot, wanted, subjects)
    asked, unknown = await _asked(snapshot, resolved, known)
    judgement = await judge.judge(_program(_named(resolved)), known)
    findings: list[Finding] = []
    observed: list[Finding] = []
    limits = [each for each in resolved.values() if each.limits_goals and _files(each.policy)]
    for at, match in enumerate(judgement.matches, start=1):
        each = resolved[match.name]
        if _in_force(snapshot, each.policy, match.fact):
            found = finding.build(snapshot, each, match.fact, match.trace, limits)
            (findings if _files(each.policy) else observed).append(found)
        await _breathe(at)
    return Evaluation(
        snapshot=snapshot,
        policies=given,
        resolved=resolved,
        refused=refused,
        kinds=looked,
        subjects=None if subjects is None else frozenset(subjects),
        seen=_by_subject(known),
        asked=asked,
        unknown=unknown,
        findings=_gravest_first(findings),
        observed=_gravest_first(observed),
        engine=judgement.engine,
        faulty=judgement.faulty,
        disagreed=judgement.disagreed,
    )


async def blocked(
    judge: Judge,
    candidate: Snapshot,
    policies: Iterable[Policy],
    kind: str,
    subjects: Collection[str],
    before: Snapshot,
) -> Refusal | None:
    """Return why a change may not be written: the gravest BLOCK policy that it breaks for `subjects`, or None.

    `candidate` is the picture after the change. What already was as bad in the picture `before` stands: lowering a
    limit blocks neither what exists nor a change that makes nothing worse.
    """
    blocking = [each for each in policies if each.mode is PolicyMode.BLOCK and each.state is not PolicyState.RETIRED]
    resolved = {key: each for key, each in _resolved(blocking)[0].items() if each.kind.name == kind}
    if not resolved:
        return None
    judgement = await judge.judge(_program(_named(resolved)), facts.gather(candidate, (kind,), subjects))
    once = {(fact.subject, fact.cycle): fact for fact in facts.gather(before, (kind,), subjects)}
    broken: list[Finding] = []
    said: dict[str, str] = {}
    for match in judgement.matches:
        each, fact = resolved[match.name], match.fact
        if _in_force(candidate, each.policy, fact) and not _as_bad(
            each, once.get((fact.subject, fact.cycle)), match.trace
        ):
            found = finding.build(candidate, each, fact, match.trace)
            broken.append(found)
            lines = outline.lines(kind, match.trace.dump(), "en")
            said[found.dedupe] = " · ".join(line.text for line in lines if line.field and line.outcome == "match")
    if not broken:
        return None
    gravest = _gravest_first(broken)[0]
    message = f'{gravest.title.original}. The policy "{gravest.policy}" blocks this: {said[gravest.dedupe]}.'
    return Refusal(Code.BLOCKED_BY_POLICY, message)


def _as_bad(resolved: Resolved, before: Fact | None, after: Trace) -> bool:
    """Tell whether the policy matched before the change, with every limit overstepped at least as far as after it."""
    if before is None:
        return False
    trace = explain.explain(resolved.condition, fields.clean(resolved.kind, before.values))
    if trace.outcome is not Outcome.MATCH:
        return False
    steps = zip(wording.leaves(trace), wording.leaves(after), strict=True)
    return not any(_worse(was, now) for was, now in steps if now.outcome is Outcome.MATCH)


def _worse(was: Trace, now: Trace) -> bool:
    if not isinstance(now.condition, Clause) or isinstance(now.seen, str | None) or isinstance(was.seen, str | None):
        return False
    match now.condition.op:
        case Operator.GT | Operator.GTE:
            return now.seen > was.seen
        case Operator.LT | Operator.LTE:
            return now.seen < was.seen
        case _:
            return False


def _files(asked: Policy) -> bool:
    return asked.mode in FILED and asked.state is not PolicyState.RETIRED


def _in_force(snapshot: Snapshot, asked: Policy, fact: Fact) -> bool:
    return policy.holds(asked, snapshot, fact.unit, fact.cycle, snapshot.today(fact.unit))


def _resolved(policies: Iterable[Policy]) -> tuple[dict[str, Resolved], dict[str, Refusal]]:
    resolved: dict[str, Resolved] = {}
    refused: dict[str, Refusal] = {}
    for each in policies:
        if each.mode is PolicyMode.OFF or each.state is PolicyState.RETIRED:
            continue
        try:
            resolved[each.key] = policy.resolve(each)
        except Refusal as refusal:
            refused[each.key] = refusal
    return resolved, refused


def _named(resolved: Mapping[str, Resolved]) -> tuple[NamedCondition, ...]:
    return tuple(NamedCondition(name=key, kind=each.kind, when=each.condition) for key, each in resolved.items())


@lru_cache(maxsize=256)
def _program(conditions: tuple[NamedCondition, ...]) -> Program:
    # The same policies are asked at every change, and building their shards takes longer than judging a fact.
    return compiler.build(conditions)


async def _gathered(snapshot: Snapshot, kinds: Collection[str], subjects: Collection[str] | None) -> list[Fact]:
    known: list[Fact] = []
    for fact in facts.each(snapshot, kinds, subjects):
        known.append(fact)
        await _breathe(len(known))
    return known


async def _asked(
    snapshot: Snapshot, resolved: Mapping[str, Resolved], known: Sequence[Fact]
) -> tuple[int, frozenset[Pair]]:
    """Count the pairs in force, and return those whose condition asks for something that the fact does not say."""
    asked, unknown = 0, set[Pair]()
    needs = {key: policy.reads(each.condition) for key, each in resolved.items()}
    for at, fact in enumerate(known, start=1):
        await _breathe(at)
        for key, each in resolved.items():
            if each.kind.name != fact.kind or not _in_force(snapshot, each.policy, fact):
                continue
            asked += 1
            if needs[key] <= fact.values.keys():
                continue
            if explain.outcome(each.condition, fields.clean(each.kind, fact.values)) is Outcome.UNKNOWN:
                subject = Subject(kind=fact.kind, key=fact.subject)
                unknown.add(Pair(policy=key, subject=subject, cycle=fact.cycle))
    return asked, frozenset(unknown)


def _by_subject(known: Iterable[Fact]) -> dict[Subject, tuple[Fact, ...]]:
    found: defaultdict[Subject, list[Fact]] = defaultdict(list)
    for fact in known:
        found[Subject(kind=fact.kind, key=fact.subject)].append(fact)
    return {subject: tuple(each) for subject, each in found.items()}


def _gravest_first(found: Iterable[Finding]) -> tuple[Finding, ...]:
    return tuple(sorted(found, key=lambda one: (-one.severity.rank, one.dedupe)))


async def _breathe(count: int) -> None:
    if count % BREATH == 0:
        await asyncio.sleep(0)
