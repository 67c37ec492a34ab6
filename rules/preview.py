"""Previews: what putting a draft of a policy in force would do today, and how it differs from what is in force."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from okr import filing
from okr.policy import Example, Policy, PolicyMode, PolicyState, Severity
from okr.recommendation import Recommendation, RecommendationState, Subject
from okr.snapshot import Snapshot
from okr.text import Text
from okr.waiver import Waiver
from rules import comparison, evaluation, finding, policy
from rules.backtest import Backtest
from rules.comparison import Difference
from rules.evaluation import Evaluation
from rules.judge import Judge
from rules.layers import Stack
from rules.policy import Tested
from rules.template import TEMPLATES
from rules.wording import bilingual

ASKING = (RecommendationState.PENDING, RecommendationState.OPEN, RecommendationState.SNOOZED)
MOST_SAMPLES = 50


class Concern(StrEnum):
    """What an administrator should look at before publishing."""

    MATCHES_EVERYTHING = "matches_everything"
    MATCHES_MOST = "matches_most"
    MATCHES_NOTHING = "matches_nothing"
    NOTHING_KNOWN = "nothing_known"
    TEST_FAILED = "test_failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Warned:
    """A concern in a sentence."""

    concern: Concern
    message: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A subject that something would happen to, and what the finding about it is called."""

    subject: Subject
    unit: str
    cycle: str | None
    title: Text
    severity: Severity


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitPreview:
    """What would happen in one unit that has to act; `asked` and `matched` count its subjects."""

    unit: str
    asked: int = 0
    matched: int = 0
    opens: int = 0
    resolves: int = 0
    stays: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """How many findings there are, and the first of them."""

    count: int
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What putting `policy` in force would do.

    `opens` are findings that would be shown, once they have held; `resolves` recommendations on file that would end,
    once their clear time is over; `stays` those that would remain, for want of data too. Of the subjects `asked`,
    `matched` did; `unknown` and `waived` count facts. `changes`, `added` and `removed` compare it with the version in
    force: what it says, and what it finds. `backtest` is there where past days were asked for.
    """

    policy: Policy
    asked: int
    matched: int
    unknown: int
    waived: int
    opens: tuple[Item, ...]
    resolves: tuple[Item, ...]
    stays: tuple[Item, ...]
    units: tuple[UnitPreview, ...]
    changes: tuple[Difference, ...]
    added: Sample
    removed: Sample
    tests: tuple[Tested, ...]
    backtest: Backtest | None = None
    milliseconds: int = 0

    @property
    def share(self) -> float | None:
        """The share of the subjects that match; None where nothing is asked."""
        return self.matched / self.asked if self.asked else None

    @property
    def warnings(self) -> tuple[Warned, ...]:
        """What to look at before publishing."""
        return tuple(_warned(self))


def drafted(snapshot: Snapshot, draft: Policy, in_force: Stack | None) -> Stack:
    """Return the policy as it would be with the draft, which shows what it finds even where it would only observe.

    The draft is the policy itself, or a layer of the one that is in force: then only what holds in its unit and below.
    """
    shown = _shown(replace(draft, effective_from=None, state=PolicyState.DRAFT))
    if in_force is None:
        return Stack(base=shown, layers={})
    here = _concerned(snapshot, draft, in_force)
    if draft.layer:
        path = snapshot.paths[draft.layer]
        over = {unit: _shown(layer) if unit in path else layer for unit, layer in here.layers.items()}
        here = Stack(base=_shown(here.base), layers=over)
    return here.with_(shown)


async def preview(
    judge: Judge,
    snapshot: Snapshot,
    draft: Policy,
    in_force: Stack | None,
    filed: Sequence[Recommendation],
    waivers: Sequence[Waiver] = (),
) -> Preview:
    """Return what putting a draft in force would do on the facts of a picture; `filed` are its live recommendations.

    A layer changes nothing outside its unit's subtree, so nothing outside is looked at, counted or compared.
    """
    after = await _evaluated(judge, snapshot, drafted(snapshot, draft, in_force), waivers)
    before = await _evaluated(judge, snapshot, _concerned(snapshot, draft, in_force), waivers) if in_force else None
    opens, resolves, stays = _sorted(snapshot, after, [one for one in filed if _concerns(snapshot, draft, one)])
    subjects = _asked(snapshot, after)
    found, was = _items(after), _items(before) if before else {}
    matched = {item.subject for item in found.values()}
    return Preview(
        policy=draft,
        asked=len(subjects),
        matched=len(matched),
        unknown=after.unknowns,
        waived=after.waived,
        opens=opens,
        resolves=resolves,
        stays=stays,
        units=_by_unit(subjects, matched, opens, resolves, stays),
        changes=tuple(comparison.differences(snapshot, _counterpart(draft, in_force), draft)),
        added=_sample(item for name, item in found.items() if before and name not in was),
        removed=_sample(item for name, item in was.items() if name not in found),
        tests=tests(draft if not draft.layer or in_force is None else in_force.base),
    )


def tests(asked: Policy) -> tuple[Tested, ...]:
    """Return how the test cases of a policy come out, its own ones first, then those of its template.

    The template's are left out where the policy was frozen with another condition than the template has by now.
    """
    template = TEMPLATES.get(asked.template)
    found = [*policy.tested(policy.resolve(asked), asked.tests)]
    for each in template.examples if template and asked.frozen in (None, template.when) else ():
        example = Example(name=each.name, fact=each.fact, expect=each.expect.value)
        found += policy.tested(policy.resolve(replace(asked, params=each.params)), (example,))
    return tuple(found)


def _shown(asked: Policy) -> Policy:
    return replace(asked, mode=PolicyMode.ADVISE) if asked.mode is PolicyMode.OBSERVE else asked


def _concerned(snapshot: Snapshot, draft: Policy, stack: Stack) -> Stack:
    """Return of a stack what holds where the draft does: of a layer, in its unit's subtree."""
    if not draft.layer:
        return stack
    scope = stack.base.scope
    if not policy.covers(scope, snapshot.paths[draft.layer]):
        units = tuple(unit for unit in scope.units if draft.layer in snapshot.paths.get(unit, ()))
    else:
        units = (draft.layer,)
    return replace(stack, base=replace(stack.base, scope=replace(scope, units=units)))


def _concerns(snapshot: Snapshot, draft: Policy, filed: Recommendation) -> bool:
    """Tell whether a recommendation is about something that the draft may change."""
    if not draft.layer:
        return True
    entity = snapshot.find(filed.finding.subject.key)
    return entity is not None and draft.layer in snapshot.paths[snapshot.unit_of(entity)]


async def _evaluated(judge: Judge, snapshot: Snapshot, stack: Stack, waivers: Sequence[Waiver]) -> Evaluation:
    return await evaluation.evaluate(judge, snapshot, (stack.base, *stack.layers.values()), waivers=waivers)


def _sorted(
    snapshot: Snapshot, found: Evaluation, filed: Sequence[Recommendation]
) -> tuple[tuple[Item, ...], tuple[Item, ...], tuple[Item, ...]]:
    """Return what would open, resolve and stay: filing itself says so, with nothing to wait for."""
    changed = filing.reconcile(
        snapshot.tenant,
        filed,
        found.findings,
        found.standing,
        lambda finding: replace(found.terms(finding), hold=0, clear=0, expires=0),
        snapshot.as_of,
        found.excused,
    )
    was = {one.key: one.state in ASKING for one in filed}
    now = {one.key: one for one in (*filed, *changed)}
    asking = {key: one for key, one in now.items() if one.state in ASKING}
    return (
        tuple(_item(one) for key, one in asking.items() if not was.get(key)),
        tuple(_item(one) for key, one in now.items() if was.get(key) and key not in asking),
        tuple(_item(one) for key, one in asking.items() if was.get(key)),
    )


def _item(filed: Recommendation) -> Item:
    found = filed.finding
    return Item(subject=found.subject, unit=found.unit, cycle=found.cycle, title=found.title, severity=found.severity)


def _items(found: Evaluation) -> dict[tuple[Subject, str | None], Item]:
    """Return what matches: each subject once, a unit once for each cycle."""
    return {
        (one.subject, one.cycle if one.subject.kind == "unit" else None): Item(
            subject=one.subject, unit=one.unit, cycle=one.cycle, title=one.title, severity=one.severity
        )
        for one in (*found.findings, *found.observed)
    }


def _asked(snapshot: Snapshot, found: Evaluation) -> Mapping[Subject, str]:
    """Return the subjects that the policy is asked about, with the units that would have to act."""
    return {
        subject: finding.answerable(snapshot, fact)
        for subject, seen in found.seen.items()
        for fact in seen
        if found.force.names(fact)
    }


def _by_unit(
    subjects: Mapping[Subject, str], matched: Iterable[Subject], *happening: Iterable[Item]
) -> tuple[UnitPreview, ...]:
    asked = Counter(subjects.values())
    hits = Counter(subjects[subject] for subject in matched)
    opens, resolves, stays = (Counter(item.unit for item in items) for items in happening)
    found = (
        UnitPreview(
            unit=unit,
            asked=asked[unit],
            matched=hits[unit],
            opens=opens[unit],
            resolves=resolves[unit],
            stays=stays[unit],
        )
        for unit in {*asked, *opens, *resolves, *stays}
    )
    return tuple(sorted(found, key=lambda one: (-one.opens, -one.stays, one.unit)))


def _sample(items: Iterable[Item]) -> Sample:
    found = tuple(items)
    return Sample(count=len(found), items=found[:MOST_SAMPLES])


def _counterpart(draft: Policy, in_force: Stack | None) -> Policy | None:
    if in_force is None:
        return None
    return in_force.layers.get(draft.layer) if draft.layer else in_force.base


def _warned(found: Preview) -> Iterator[Warned]:
    matched, asked, failed = found.matched, found.asked, [one for one in found.tests if not one.passed]
    if failed:
        names = ", ".join(f'"{one.name}"' for one in failed)
        yield _concern(
            Concern.TEST_FAILED,
            f"These test cases do not come out as they say: {names}.",
            f"Các ca kiểm thử sau không cho kết quả như đã ghi: {names}.",
        )
    if found.policy.mode is PolicyMode.OFF:
        return
    if not matched and found.unknown and found.unknown >= asked:
        yield _concern(
            Concern.NOTHING_KNOWN,
            f"Nothing it asks about is known: all {asked} lack data.",
            f"Chưa có số liệu nào mà chính sách này hỏi: cả {asked} đều thiếu số liệu.",
        )
    elif not matched:
        past = found.backtest.opened if found.backtest else 0
        yield _concern(
            Concern.MATCHES_NOTHING,
            f"It matches nothing today, of {asked}{_before(past, found.backtest, 'en')}.",
            f"Hôm nay không có gì khớp, trong số {asked}{_before(past, found.backtest, 'vi')}.",
        )
    elif matched == asked:
        yield _concern(
            Concern.MATCHES_EVERYTHING,
            f"It matches everything: all {asked}.",
            f"Mọi thứ đều khớp: cả {asked}.",
        )
    elif 2 * matched > asked:
        yield _concern(
            Concern.MATCHES_MOST,
            f"It matches {matched} of {asked}, which is more than half.",
            f"Khớp {matched} trong số {asked}, tức là hơn một nửa.",
        )


def _before(opened: int, past: Backtest | None, language: str) -> str:
    if past is None:
        return ""
    if language == "vi":
        return f"; trong {past.days} ngày qua đã có thể mở {opened}"
    return f"; over the last {past.days} days it would have opened {opened}"


def _concern(concern: Concern, english: str, vietnamese: str) -> Warned:
    return Warned(concern=concern, message=bilingual(lambda language: vietnamese if language == "vi" else english))
