"""What runs of the policies do to the recommendations on file."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from okr import filing, keys, recommendation
from okr.filing import Standing, Terms
from okr.keys import Kind
from okr.policy import Severity
from okr.recommendation import DismissReason, Finding, Recommendation, RecommendationState, Step
from tests.okr.builders import NOW
from tests.okr.test_recommendation import filed, finding

S = RecommendationState
GRAVE = finding(severity=Severity.CRITICAL)
LASTING = finding(episode=None)
WAIVED = replace(finding(), waiver="wai_1")
TERMS = Terms(hold=0, clear=0, cooldown=30, expires=90)
BY = "policy:kpi-breach"


def day(n: int) -> datetime:
    """The instant `n` days after the first look."""
    return NOW + timedelta(days=n)


def run(
    before: Recommendation | None,
    found: Finding | None,
    n: int,
    *,
    standing: Standing = Standing.CLEAR,
    terms: Terms = TERMS,
) -> tuple[Recommendation, ...]:
    """Reconcile one recommendation with one finding on day `n`."""
    on_file = [before] if before else []
    return filing.reconcile("acme", on_file, [found] if found else [], lambda _: standing, lambda _: terms, day(n))


def test_a_finding_opens_at_once_without_a_hold() -> None:
    found = finding()

    assert run(None, found, 0) == (
        Recommendation(
            key=keys.derive(Kind.RECOMMENDATION, "acme", found.dedupe, NOW.isoformat()),
            state=S.OPEN,
            finding=found,
            first_seen=NOW,
            last_seen=NOW,
            history=(Step(at=NOW, by=BY, before=S.PENDING, after=S.OPEN),),
        ),
    )


def test_a_hold_lasts_to_the_day() -> None:
    terms = replace(TERMS, hold=7)
    (pending,) = run(None, finding(), 0, terms=terms)
    (waiting,) = run(pending, finding(), 6, terms=terms)
    (opened,) = run(waiting, finding(), 7, terms=terms)

    assert [each.state for each in (pending, waiting, opened)] == [S.PENDING, S.PENDING, S.OPEN]
    assert opened.history == (Step(at=day(7), by=BY, before=S.PENDING, after=S.OPEN, reason="held for 7 days"),)


def test_nothing_new_on_the_same_day_writes_nothing() -> None:
    assert run(filed(), finding(at=NOW + timedelta(hours=3)), 0) == ()


def test_the_same_on_another_day_is_seen_again() -> None:
    assert run(filed(), finding(at=day(1)), 1) == (replace(filed(), finding=finding(at=day(1)), last_seen=day(1)),)


def test_new_evidence_is_written_at_once() -> None:
    worse = finding(seen=40)

    assert run(filed(), worse, 0) == (replace(filed(), finding=worse),)


def test_missing_data_resolves_nothing() -> None:
    for state in S:
        if state is not S.SNOOZED:
            assert run(filed(state), None, 80, standing=Standing.UNKNOWN) == (), state


@pytest.mark.parametrize("state", S)
def test_what_was_not_looked_at_stays_as_it_is(state: RecommendationState) -> None:
    long_over = filed(state, until=date(2026, 8, 16))

    assert run(long_over, None, 400, standing=Standing.UNTOUCHED) == ()


PAST, AHEAD = date(2026, 8, 20), date(2026, 9, 30)  # against day 10, 25 August

# The life cycle, one row for each (state, what the run says on day 10): the state after it, whether it is closed, and
# the reason that the history gives. None: nothing is written.
ROWS: dict[str, tuple[Recommendation, Finding | Standing, Terms, tuple[RecommendationState, bool, str] | None]] = {
    "a pending match that ends was nothing": (
        filed(S.PENDING, history=()), Standing.CLEAR, TERMS, (S.RESOLVED, True, "it did not last")),
    "an open one is resolved": (
        filed(), Standing.CLEAR, TERMS, (S.RESOLVED, False, "the condition no longer holds")),
    "an open one waits for the clear time": (
        filed(), Standing.CLEAR, replace(TERMS, clear=3), (S.OPEN, False, "")),
    "an open one is resolved after the clear time": (
        filed(clear_since=date(2026, 8, 22)), Standing.CLEAR, replace(TERMS, clear=3),
        (S.RESOLVED, False, "the condition no longer holds")),
    "without a cool-down a resolved one is closed": (
        filed(), Standing.CURED, replace(TERMS, cooldown=0), (S.RESOLVED, True, "the condition no longer holds")),
    "a snoozed one is resolved": (
        filed(S.SNOOZED, until=AHEAD), Standing.CLEAR, TERMS, (S.RESOLVED, False, "the condition no longer holds")),
    "a snooze ends": (
        filed(S.SNOOZED, until=PAST), Standing.UNKNOWN, TERMS, (S.OPEN, False, "the snooze is over")),
    "a snooze ends on its day": (
        filed(S.SNOOZED, until=date(2026, 8, 25)), finding(), TERMS, (S.OPEN, False, "the snooze is over")),
    "a snooze holds": (
        filed(S.SNOOZED, until=AHEAD, last_seen=day(10)), finding(), TERMS, None),
    "a snooze ends when it gets worse": (
        filed(S.SNOOZED, until=AHEAD), GRAVE, TERMS, (S.OPEN, False, "it is more severe")),
    "a dismissed one is quiet": (
        filed(S.DISMISSED, until=AHEAD, last_seen=day(10)), finding(), TERMS, None),
    "a dismissed one is refreshed": (
        filed(S.DISMISSED, until=AHEAD), finding(seen=40), TERMS, (S.DISMISSED, False, "")),
    "a dismissed one speaks after the cool-down": (
        filed(S.DISMISSED, until=PAST), finding(), TERMS, (S.OPEN, False, "the cool-down is over")),
    "a dismissed one speaks when it gets worse": (
        filed(S.DISMISSED, until=AHEAD), GRAVE, TERMS, (S.OPEN, False, "it is more severe")),
    "a dismissed one speaks in a new cycle": (
        filed(S.DISMISSED, until=AHEAD), finding(cycle="cyc_q4"), TERMS, (S.OPEN, False, "a new cycle has begun")),
    "a dismissed one that is clear waits for the cool-down": (
        filed(S.DISMISSED, until=AHEAD), Standing.CLEAR, TERMS, None),
    "a dismissed one is closed after the cool-down": (
        filed(S.DISMISSED, until=PAST, found=LASTING), Standing.CLEAR, TERMS, (S.DISMISSED, True, "")),
    "a dismissed one is kept for its episode": (
        filed(S.DISMISSED, until=PAST), Standing.CLEAR, TERMS, None),
    "an accepted one is frozen": (
        filed(S.ACCEPTED), finding(seen=40), TERMS, None),
    "an accepted one is not resolved": (
        filed(S.ACCEPTED), Standing.CLEAR, TERMS, None),
    "an accepted one is not void": (
        filed(S.ACCEPTED), Standing.VOID, TERMS, None),
    "an applied one is frozen": (
        filed(S.APPLIED), finding(seen=40), TERMS, None),
    "an applied one that was clear asks again": (
        filed(S.APPLIED, clear_since=PAST), finding(), TERMS, (S.OPEN, False, "what was done did not last")),
    "an applied one that did not help asks again": (
        filed(S.APPLIED), finding(), replace(TERMS, cooldown=10), (S.OPEN, False, "what was done did not help")),
    "an applied one that gets worse asks again": (
        filed(S.APPLIED), GRAVE, TERMS, (S.OPEN, False, "it is more severe")),
    "an applied one remembers when its match ended": (
        filed(S.APPLIED), Standing.CLEAR, TERMS, (S.APPLIED, False, "")),
    "an applied one is kept for its episode": (
        filed(S.APPLIED, clear_since=date(2025, 1, 1)), Standing.CLEAR, TERMS, None),
    "an applied one is closed with its episode": (
        filed(S.APPLIED), Standing.CURED, TERMS, (S.APPLIED, True, "")),
    "an applied one without an episode is closed after the cool-down": (
        filed(S.APPLIED, found=LASTING, clear_since=date(2026, 7, 26)), Standing.CLEAR, TERMS,
        (S.APPLIED, True, "")),
    "a resolved one stays resolved": (
        filed(S.RESOLVED, until=AHEAD), Standing.CLEAR, TERMS, None),
    "a resolved one comes back in its cool-down": (
        filed(S.RESOLVED, until=AHEAD), finding(), TERMS, (S.OPEN, False, "it matches again")),
    "a resolved one is closed after its cool-down": (
        filed(S.RESOLVED, until=PAST, found=LASTING), Standing.CLEAR, TERMS, (S.RESOLVED, True, "")),
    "a resolved one is closed with its episode": (
        filed(S.RESOLVED, until=PAST), Standing.CURED, TERMS, (S.RESOLVED, True, "")),
    "a resolved one is kept for its episode": (
        filed(S.RESOLVED, until=PAST), Standing.CLEAR, TERMS, None),
    "a resolved one comes back as long as its episode lasts": (
        filed(S.RESOLVED, until=PAST), finding(), TERMS, (S.OPEN, False, "it matches again")),
    "an expired one stays quiet": (
        filed(S.EXPIRED, until=AHEAD), finding(), TERMS, None),
    "an expired one asks again after its cool-down": (
        filed(S.EXPIRED, until=PAST), finding(), TERMS, (S.OPEN, False, "the cool-down is over")),
    "an expired one is closed after its cool-down": (
        filed(S.EXPIRED, until=PAST, found=LASTING), Standing.CLEAR, TERMS, (S.EXPIRED, True, "")),
    "an expired one is void": (
        filed(S.EXPIRED, until=AHEAD), Standing.VOID, TERMS, (S.EXPIRED, True, "")),
    "without a cool-down what lapses is quiet for a day": (
        filed(last_seen=day(10)), finding(), replace(TERMS, expires=10, cooldown=0),
        (S.EXPIRED, False, "nobody acted for 10 days")),
    "without a cool-down a resolved one is kept for its episode": (
        filed(), Standing.CLEAR, replace(TERMS, cooldown=0), (S.RESOLVED, False, "the condition no longer holds")),
    "what nobody acts on lapses": (
        filed(last_seen=day(10)), finding(), replace(TERMS, expires=10),
        (S.EXPIRED, False, "nobody acted for 10 days")),
    "what nobody acts on lapses without data too": (
        filed(), Standing.UNKNOWN, replace(TERMS, expires=10), (S.EXPIRED, False, "nobody acted for 10 days")),
    "nothing lapses where nothing expires": (
        filed(last_seen=day(10)), finding(), replace(TERMS, expires=0), None),
    "a pending one is void": (
        filed(S.PENDING), Standing.VOID, TERMS, (S.EXPIRED, True, "it can no longer match")),
    "an open one is void": (
        filed(), Standing.VOID, TERMS, (S.EXPIRED, True, "it can no longer match")),
    "a snoozed one is void": (
        filed(S.SNOOZED, until=AHEAD), Standing.VOID, TERMS, (S.EXPIRED, True, "it can no longer match")),
    "a dismissed one is void": (
        filed(S.DISMISSED, until=AHEAD), Standing.VOID, TERMS, (S.DISMISSED, True, "")),
    "an applied one is void": (
        filed(S.APPLIED), Standing.VOID, TERMS, (S.APPLIED, True, "")),
    "a pending one is waived": (
        filed(S.PENDING), WAIVED, replace(TERMS, hold=30), (S.WAIVED, False, "a waiver covers it")),
    "an open one is waived": (
        filed(), WAIVED, TERMS, (S.WAIVED, False, "a waiver covers it")),
    "a snoozed one is waived": (
        filed(S.SNOOZED, until=AHEAD), WAIVED, TERMS, (S.WAIVED, False, "a waiver covers it")),
    "a waived one is seen again": (
        filed(S.WAIVED), WAIVED, TERMS, (S.WAIVED, False, "")),
    "a waived one does not lapse": (
        filed(S.WAIVED, found=WAIVED, last_seen=day(10)), WAIVED, replace(TERMS, expires=5), None),
    "a waived one gets no louder when it gets worse": (
        filed(S.WAIVED), replace(GRAVE, waiver="wai_1"), TERMS, (S.WAIVED, False, "")),
    "a waived one is open when the waiver ends": (
        filed(S.WAIVED, found=WAIVED), finding(), TERMS, (S.OPEN, False, "the waiver has ended")),
    "a waived one waits for the rest of the hold": (
        filed(S.WAIVED, found=WAIVED), finding(), replace(TERMS, hold=11), (S.PENDING, False, "the waiver has ended")),
    "a waived one without data stays waived": (
        filed(S.WAIVED, found=WAIVED), Standing.UNKNOWN, TERMS, None),
    "a waived one that ends waits for the clear time": (
        filed(S.WAIVED, found=WAIVED), Standing.CLEAR, replace(TERMS, clear=3), (S.WAIVED, False, "")),
    "a waived one is resolved after the clear time": (
        filed(S.WAIVED, found=WAIVED, clear_since=date(2026, 8, 22)), Standing.CLEAR, replace(TERMS, clear=3),
        (S.RESOLVED, False, "the condition no longer holds")),
    "a waived one is resolved with its episode": (
        filed(S.WAIVED, found=WAIVED), Standing.CURED, replace(TERMS, cooldown=0),
        (S.RESOLVED, True, "the condition no longer holds")),
    "a waived one is void": (
        filed(S.WAIVED, found=WAIVED), Standing.VOID, TERMS, (S.EXPIRED, True, "it can no longer match")),
    "a resolved one comes back as waived": (
        filed(S.RESOLVED, until=AHEAD), WAIVED, TERMS, (S.WAIVED, False, "a waiver covers it")),
    "a dismissed one stays so under a waiver": (
        filed(S.DISMISSED, until=PAST), WAIVED, TERMS, None),
    "an expired one stays so under a waiver": (
        filed(S.EXPIRED, until=PAST), WAIVED, TERMS, None),
    "an applied one stays so under a waiver": (
        filed(S.APPLIED, clear_since=PAST), WAIVED, TERMS, None),
    "an accepted one stays so under a waiver": (
        filed(S.ACCEPTED), WAIVED, TERMS, None),
}  # fmt: skip


@pytest.mark.parametrize(("before", "says", "terms", "expected"), ROWS.values(), ids=ROWS)
def test_the_life_of_a_recommendation(
    before: Recommendation,
    says: Finding | Standing,
    terms: Terms,
    expected: tuple[RecommendationState, bool, str] | None,
) -> None:
    if isinstance(says, Finding):
        changed = run(before, says, 10, terms=terms)
    else:
        changed = run(before, None, 10, standing=says, terms=terms)

    if expected is None:
        assert changed == ()
        return
    (after,) = changed
    reason = after.history[-1].reason if after.history != before.history else ""
    assert (after.state, after.closed, reason) == expected


def test_reopening_counts_and_keeps_what_was_made() -> None:
    before = filed(S.APPLIED, created=("obj_1",), clear_since=date(2026, 8, 20))

    (after,) = run(before, finding(at=day(10)), 10)

    assert after == replace(
        before,
        state=S.OPEN,
        finding=finding(at=day(10)),
        last_seen=day(10),
        clear_since=None,
        times=2,
        history=(
            *before.history,
            Step(at=day(10), by=BY, before=S.APPLIED, after=S.OPEN, reason="what was done did not last"),
        ),
    )


def test_a_dismissal_that_speaks_again_still_counts_as_one() -> None:
    before = filed(S.DISMISSED, until=date(2026, 8, 20), dismissed_for=DismissReason.DISAGREE)

    (after,) = run(before, finding(), 10)

    assert (after.state, after.dismissed_for, after.until) == (S.OPEN, DismissReason.DISAGREE, None)


def test_the_clear_time_begins_anew_when_the_match_returns() -> None:
    terms = replace(TERMS, clear=3)
    (clearing,) = run(filed(), None, 1, terms=terms)
    (back,) = run(clearing, finding(), 2, terms=terms)
    (again,) = run(back, None, 4, terms=terms)

    assert [each.clear_since for each in (clearing, back, again)] == [date(2026, 8, 16), None, date(2026, 8, 19)]
    assert again.state is S.OPEN


def test_after_the_cool_down_the_same_finding_is_filed_anew() -> None:
    old = filed(S.RESOLVED, until=date(2026, 8, 20), found=LASTING)

    closed, new = run(old, LASTING, 10)

    assert closed == replace(old, closed=True)
    assert (new.state, new.first_seen, new.times) == (S.OPEN, day(10), 1)
    assert new.key != old.key


def test_terms_of_a_policy_that_is_gone_are_the_ordinary_ones() -> None:
    (after,) = filing.reconcile("acme", [filed()], [], lambda _: Standing.CLEAR, lambda _: Terms(), day(10))

    assert (after.state, after.until) == (S.RESOLVED, date(2026, 9, 24))


def test_closed_ones_are_left_alone() -> None:
    closed = filed(S.RESOLVED, closed=True)

    (new,) = run(closed, finding(), 10)

    assert new.state is S.OPEN
    assert new.key != closed.key


def test_a_finding_under_a_waiver_is_filed_as_waived_whatever_the_hold() -> None:
    (new,) = run(None, WAIVED, 0, terms=replace(TERMS, hold=7))

    step = Step(at=NOW, by=BY, before=S.PENDING, after=S.WAIVED, reason="a waiver covers it")
    assert (new.state, new.finding, new.history, recommendation.live(new)) == (S.WAIVED, WAIVED, (step,), True)


def test_what_outlived_its_cool_down_is_filed_anew_as_waived() -> None:
    found = replace(LASTING, waiver="wai_1")

    closed, new = run(filed(S.RESOLVED, until=PAST, found=LASTING), found, 10)

    assert (closed.closed, new.state) == (True, S.WAIVED)
    assert run(new, found, 10) == ()


def test_a_match_that_began_under_a_waiver_opens_once_it_was_held() -> None:
    terms = replace(TERMS, hold=7)
    (waived,) = run(None, WAIVED, 0, terms=terms)
    (pending,) = run(waived, finding(), 3, terms=terms)
    (opened,) = run(pending, finding(), 7, terms=terms)

    assert [each.state for each in (waived, pending, opened)] == [S.WAIVED, S.PENDING, S.OPEN]
    assert [step.reason for step in opened.history] == [
        "a waiver covers it",
        "the waiver has ended",
        "held for 7 days",
    ]


def test_what_was_open_before_the_waiver_is_open_after_it() -> None:
    terms = replace(TERMS, hold=7)
    (waived,) = run(filed(), WAIVED, 10, terms=terms)
    (opened,) = run(waived, finding(), 11, terms=terms)

    assert (opened.state, opened.times, opened.finding.waiver) == (S.OPEN, 1, "")


def test_what_got_worse_under_a_waiver_speaks_up_after_it() -> None:
    quiet = filed(S.DISMISSED, until=AHEAD)

    assert run(quiet, replace(GRAVE, waiver="wai_1"), 1) == ()
    (opened,) = run(quiet, GRAVE, 2)
    assert opened.history[-1].reason == "it is more severe"


# Without data: the state before, the waiver that covers it now, and the state after; None: nothing is written.
EXCUSED: dict[str, tuple[Recommendation, str, RecommendationState | None]] = {
    "a waived one whose waiver has ended is open": (filed(S.WAIVED, found=WAIVED), "", S.OPEN),
    "a waived one under another waiver stays waived": (filed(S.WAIVED, found=WAIVED), "wai_2", S.WAIVED),
    "a waived one under the same waiver stays as it is": (filed(S.WAIVED, found=WAIVED), "wai_1", None),
    "an open one is waived": (filed(), "wai_1", S.WAIVED),
    "a snoozed one is waived": (filed(S.SNOOZED, until=AHEAD), "wai_1", S.WAIVED),
    "an open one without a waiver stays open": (filed(), "", None),
    "a dismissed one stays dismissed": (filed(S.DISMISSED, until=AHEAD), "wai_1", None),
}


@pytest.mark.parametrize(("before", "waiver", "expected"), EXCUSED.values(), ids=EXCUSED)
def test_a_waiver_comes_and_goes_without_data(
    before: Recommendation, waiver: str, expected: RecommendationState | None
) -> None:
    def look(on_file: Recommendation) -> tuple[Recommendation, ...]:
        return filing.reconcile(
            "acme", [on_file], [], lambda _: Standing.UNKNOWN, lambda _: TERMS, day(1), lambda _: waiver
        )

    changed = look(before)

    if expected is None:
        assert changed == ()
        return
    (after,) = changed
    assert (after.state, after.finding) == (expected, replace(before.finding, waiver=waiver))
    assert look(after) == ()


Runs = list[tuple[int, dict[int, Severity], Standing, int]]


@st.composite
def runs(draw: st.DrawFn) -> Runs:
    """Runs in time: days since the one before, what is found of three things, what is said of the rest, an act."""
    step = st.tuples(
        st.integers(0, 40),
        st.dictionaries(st.integers(0, 2), st.sampled_from(Severity)),
        st.sampled_from(Standing),
        st.integers(0, 4),
    )
    return draw(st.lists(step, min_size=1, max_size=12))


def acted(each: Recommendation, at: datetime, act: int) -> Recommendation:
    """What a person may do about an open one: nothing, dismiss, snooze, accept and apply, accept."""
    if each.state not in (S.OPEN, S.SNOOZED) or not act:
        return each
    moves: tuple[Callable[[], Recommendation], ...] = (
        lambda: recommendation.dismiss(each, DismissReason.NOT_RELEVANT, "", "per_lan", at, 20),
        lambda: recommendation.snooze(each, at.date() + timedelta(days=9), "per_lan", at),
        lambda: recommendation.applied(recommendation.accept(each, "per_lan", at), (), "per_lan", at),
        lambda: recommendation.accept(each, "per_lan", at),
    )
    return moves[act - 1]()


def _says(standing: Standing, _: Recommendation) -> Standing:
    return standing


@given(runs(), st.integers(0, 10), st.integers(0, 10), st.integers(0, 40), st.integers(0, 60))
def test_reconciling_twice_changes_nothing_and_one_lives_per_dedupe(
    steps: Runs, hold: int, clear: int, cooldown: int, expires: int
) -> None:
    terms = Terms(hold=hold, clear=clear, cooldown=cooldown, expires=expires)
    on_file: dict[str, Recommendation] = {}
    at = NOW
    for days, found, standing, act in steps:
        at += timedelta(days=days, minutes=1)
        findings = [
            replace(
                finding(f"d{n}", severity=severity, at=at, episode="e" * n or None),
                waiver="wai_1" if (days + n) % 3 == 0 else "",
            )
            for n, severity in found.items()
        ]
        before = dict(on_file)
        says = partial(_says, standing)
        changed = filing.reconcile("acme", on_file.values(), findings, says, lambda _: terms, at)
        on_file |= {each.key: each for each in changed}

        again = filing.reconcile("acme", on_file.values(), findings, says, lambda _: terms, at)

        assert again == ()
        assert all(before.get(each.key) != each for each in changed)
        living = [each.finding.dedupe for each in on_file.values() if recommendation.live(each)]
        assert len(living) == len(set(living))
        assert {each.dedupe for each in findings} <= set(living)
        for each in on_file.values():
            resolved = each.state is S.RESOLVED and before.get(each.key, each).state is not S.RESOLVED
            assert not (resolved and standing is Standing.UNKNOWN)
        on_file = {key: acted(each, at, act) for key, each in on_file.items()}
