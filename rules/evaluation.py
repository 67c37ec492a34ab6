"""Evaluation: what the policies of an organisation say about its picture."""

import asyncio
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from okr.errors import Refusal
from okr.filing import Standing, Terms
from okr.policy import Policy
from okr.recommendation import Finding, Recommendation, Subject
from okr.snapshot import Snapshot
from okr.waiver import Waiver
from rules import explain, facts, finding, policy
from rules.explain import Outcome
from rules.facts import Fact
from rules.fields import Values
from rules.force import Force, files, program
from rules.judge import Engine, Judge
from rules.schema import KINDS

BREATH = 100
"""Facts after which other tasks get their turn."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """One policy, by the name of its variant, asked about one subject; `cycle` tells the facts of a unit apart."""

    policy: str
    subject: Subject
    cycle: str | None


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """What a run of the policies came to.

    `findings` are to be filed and `observed` only to be logged, both with the most severe first. `asked` counts the
    pairs that were in force, of which `unknown` lacked data; what neither matched nor is unknown was clear. `faulty`
    are the variants that the engine failed on; `disagreed` counts its matches that the reference evaluator denied.
    `policies` are by key; `kinds` and `subjects` (None: all) are what was looked at.
    """

    policies: Mapping[str, Policy]
    policy_set: str
    force: Force
    kinds: frozenset[str]
    subjects: frozenset[str] | None
    seen: Mapping[Subject, tuple[Fact, ...]]
    asked: int
    unknown: frozenset[Pair]
    findings: tuple[Finding, ...]
    observed: tuple[Finding, ...]
    waivers: tuple[Waiver, ...]
    engine: Engine
    faulty: tuple[str, ...]
    disagreed: int

    @property
    def matches(self) -> int:
        """How many pairs matched."""
        return len(self.findings) + len(self.observed)

    @property
    def waived(self) -> int:
        """How many of the matches a waiver covers."""
        return sum(1 for found in (*self.findings, *self.observed) if found.waiver)

    @property
    def facts(self) -> int:
        """How many facts were looked at."""
        return sum(len(each) for each in self.seen.values())

    @property
    def unknowns(self) -> int:
        """How many pairs lacked data."""
        return len(self.unknown)

    @property
    def refused(self) -> Mapping[str, Refusal]:
        """Why policies could not be resolved, by the name of the variant."""
        return self.force.refused

    @property
    def errors(self) -> int:
        """How many policies could not be resolved, or failed the engine."""
        return len(self.refused) + len(self.faulty)

    def effective(self, found: Finding) -> Policy:
        """Return the policy of a finding as it holds where its subject is."""
        fact = self._fact(found)
        name = self.force.spread.name(found.policy, fact.unit) if fact else found.policy
        return self.force.spread.variants[name].policy

    def terms(self, found: Finding) -> Terms:
        """Return how long the policy of a finding waits, where its subject is; for filing.reconcile."""
        return policy.terms(self.effective(found)) if found.policy in self.policies else Terms()

    def standing(self, filed: Recommendation) -> Standing:
        """Return what the run says about a recommendation that is not among `findings`; for filing.reconcile."""
        found = filed.finding
        if found.policy not in self.policies:
            return Standing.UNTOUCHED
        if not any(files(each) for each in self.force.variants(found.policy)):
            return Standing.VOID
        if found.subject.kind not in self.kinds or (
            self.subjects is not None and found.subject.key not in self.subjects
        ):
            return Standing.UNTOUCHED
        if any(each.key == found.policy for each in map(self.force.variant, self.refused)):
            return Standing.UNKNOWN
        fact = self._fact(found)
        if fact is None:
            return Standing.VOID
        name = self.force.spread.name(found.policy, fact.unit)
        if name not in self.force.names(fact) or not files(self.force.spread.variants[name].policy):
            return Standing.VOID
        if Pair(policy=name, subject=found.subject, cycle=fact.cycle) in self.unknown:
            return Standing.UNKNOWN
        if found.episode and found.episode != fact.episode:
            return Standing.CURED
        return Standing.VOID if self.force.is_closed(fact) else Standing.CLEAR

    def excused(self, filed: Recommendation) -> str:
        """Return the key of the waiver that covers the subject of a recommendation, "" where none does."""
        fact = self._fact(filed.finding)
        covering = self.force.covering(self.waivers, filed.finding.policy, fact) if fact else None
        return covering.key if covering else ""

    def _fact(self, found: Finding) -> Fact | None:
        same = self.seen.get(found.subject, ())
        return next((fact for fact in same if fact.cycle in (None, found.cycle)), None)


async def evaluate(
    judge: Judge,
    snapshot: Snapshot,
    policies: Iterable[Policy],
    subjects: Collection[str] | None = None,
    kinds: Iterable[str] | None = None,
    waivers: Iterable[Waiver] = (),
) -> Evaluation:
    """Return what the policies say about the whole picture, or about `subjects` alone (after a change: its reach).

    Pass all published policies and layers, and the last version of those switched off or retired: what they filed is
    void. Of two versions the later one counts. BLOCK is evaluated as ADVISE is; OBSERVE is matched, not filed. What one
    of the `waivers` covers is found like all else, and says so.
    """
    given, exempt = tuple(policies), tuple(waivers)
    force = Force(snapshot, given)
    looked = frozenset(KINDS if kinds is None else kinds)
    wanted = {each.kind.name for each in force.resolved.values()} & looked
    known = await _gathered(snapshot, wanted, subjects)
    judgement = await judge.judge(program(force.resolved), known)
    asked, unknown = await _asked(force, known, judgement.values)
    findings: list[Finding] = []
    observed: list[Finding] = []
    for at, match in enumerate(judgement.matches, start=1):
        if match.name in force.names(match.fact):
            each = force.resolved[match.name]
            found = finding.build(snapshot, each, match.fact, match.trace, force.limits)
            if covering := force.covering(exempt, found.policy, match.fact):
                found = replace(found, waiver=covering.key)
            (findings if files(each.policy) else observed).append(found)
        await _breathe(at)
    return Evaluation(
        policies={each.key: each for each in sorted(given, key=lambda one: one.version) if not each.layer},
        policy_set=policy.policy_set(given),
        force=force,
        kinds=looked,
        subjects=None if subjects is None else frozenset(subjects),
        seen=_by_subject(known),
        asked=asked,
        unknown=unknown,
        findings=_gravest_first(findings),
        observed=_gravest_first(observed),
        waivers=exempt,
        engine=judgement.engine,
        faulty=judgement.faulty,
        disagreed=judgement.disagreed,
    )


async def _gathered(snapshot: Snapshot, kinds: Collection[str], subjects: Collection[str] | None) -> list[Fact]:
    known: list[Fact] = []
    for fact in facts.each(snapshot, kinds, subjects):
        known.append(fact)
        await _breathe(len(known))
    return known


async def _asked(force: Force, known: Sequence[Fact], values: Sequence[Values]) -> tuple[int, frozenset[Pair]]:
    """Count the pairs in force, and return those whose condition asks for something that the fact does not say.

    `values` are those of the facts, canonical.
    """
    asked, unknown = 0, set[Pair]()
    needs = {name: policy.reads(each.condition) for name, each in force.resolved.items()}
    # Most facts of a kind say the same things: which conditions ask for more is found once for all of them.
    lacking: dict[tuple[tuple[str, ...], frozenset[str]], tuple[str, ...]] = {}
    for at, (fact, said) in enumerate(zip(known, values, strict=True), start=1):
        await _breathe(at)
        asking = (force.names(fact), frozenset(said))
        asked += len(asking[0])
        if asking not in lacking:
            lacking[asking] = tuple(name for name in asking[0] if not needs[name] <= asking[1])
        for name in lacking[asking]:
            if explain.outcome(force.resolved[name].condition, said) is Outcome.UNKNOWN:
                subject = Subject(kind=fact.kind, key=fact.subject)
                unknown.add(Pair(policy=name, subject=subject, cycle=fact.cycle))
    return asked, frozenset(unknown)


def _by_subject(known: Iterable[Fact]) -> dict[Subject, tuple[Fact, ...]]:
    found: defaultdict[Subject, list[Fact]] = defaultdict(list)
    for fact in known:
        found[Subject(kind=fact.kind, key=fact.subject)].append(fact)
    return {subject: tuple(each) for subject, each in found.items()}


def _gravest_first(found: Iterable[Finding]) -> tuple[Finding, ...]:
    return tuple(sorted(found, key=finding.gravity))


async def _breathe(count: int) -> None:
    if count % BREATH == 0:
        await asyncio.sleep(0)
