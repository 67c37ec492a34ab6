"""What people do about recommendations."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from okr import recommendation
from okr.errors import Code, Refusal
from okr.policy import Severity
from okr.recommendation import (
    DismissReason,
    Evidence,
    Finding,
    Recommendation,
    RecommendationState,
    Step,
    Subject,
)
from okr.text import Text
from tests.okr.builders import NOW

LATER = NOW + timedelta(hours=1)


def finding(
    dedupe: str = "kpi-breach|kpi:kpi_uptime|kpi_uptime:2026-05-01",
    *,
    severity: Severity = Severity.WARNING,
    seen: int = 50,
    at: datetime = NOW,
    episode: str | None = "kpi_uptime:2026-05-01",
    cycle: str | None = "cyc_q3",
) -> Finding:
    """A KPI in breach."""
    return Finding(
        dedupe=dedupe,
        policy="kpi-breach",
        policy_version=1,
        subject=Subject(kind="kpi", key="kpi_uptime"),
        unit="unit_acme",
        severity=severity,
        title=Text(original="Uptime is in breach"),
        evidence=Evidence(at=at, fact={"value": seen}, trace={}),
        proposal=None,
        episode=episode,
        cycle=cycle,
    )


def filed(
    state: RecommendationState = RecommendationState.OPEN,
    *,
    found: Finding | None = None,
    last_seen: datetime = NOW,
    until: date | None = None,
    clear_since: date | None = None,
    created: tuple[str, ...] = (),
    dismissed_for: DismissReason | None = None,
    error: str = "",
    history: tuple[Step, ...] | None = None,
    closed: bool = False,
) -> Recommendation:
    """A recommendation first seen now, in `state` since then."""
    step = Step(at=NOW, by="policy:kpi-breach", before=RecommendationState.PENDING, after=state)
    return Recommendation(
        key="rec_1",
        state=state,
        finding=found or finding(),
        first_seen=NOW,
        last_seen=last_seen,
        until=until,
        clear_since=clear_since,
        created=created,
        dismissed_for=dismissed_for,
        error=error,
        history=(step,) if history is None else history,
        closed=closed,
    )


def stepped(before: Recommendation, after: RecommendationState, reason: str = "") -> tuple[Step, ...]:
    return (*before.history, Step(at=LATER, by="per_lan", before=before.state, after=after, reason=reason))


@pytest.mark.parametrize("state", [RecommendationState.OPEN, RecommendationState.SNOOZED])
def test_accepting_freezes_what_is_open_or_snoozed(state: RecommendationState) -> None:
    before = filed(state, until=date(2026, 9, 1), clear_since=date(2026, 8, 1), error="the unit was gone")

    assert recommendation.accept(before, "per_lan", LATER) == replace(
        before,
        state=RecommendationState.ACCEPTED,
        until=None,
        clear_since=None,
        error="",
        history=stepped(before, RecommendationState.ACCEPTED),
    )


def test_applying_keeps_what_was_made_before_and_adds_what_was_made_now() -> None:
    before = filed(RecommendationState.ACCEPTED, created=("obj_1",))

    assert recommendation.applied(before, ["obj_2"], "per_lan", LATER) == replace(
        before,
        state=RecommendationState.APPLIED,
        created=("obj_1", "obj_2"),
        history=stepped(before, RecommendationState.APPLIED),
    )


def test_what_fails_is_open_again_and_says_why() -> None:
    before = filed(RecommendationState.ACCEPTED)

    assert recommendation.failed(before, "The cycle is closed.", "per_lan", LATER) == replace(
        before,
        state=RecommendationState.OPEN,
        error="The cycle is closed.",
        history=stepped(before, RecommendationState.OPEN, "The cycle is closed."),
    )


@pytest.mark.parametrize(("note", "said"), [("", "wrong_data"), ("June is doubled", "wrong_data: June is doubled")])
def test_dismissing_is_quiet_for_the_cool_down_and_remembers_why(note: str, said: str) -> None:
    before = filed()

    assert recommendation.dismiss(before, DismissReason.WRONG_DATA, note, "per_lan", LATER, 30) == replace(
        before,
        state=RecommendationState.DISMISSED,
        until=date(2026, 9, 14),
        dismissed_for=DismissReason.WRONG_DATA,
        history=stepped(before, RecommendationState.DISMISSED, said),
    )


def test_snoozing_lasts_until_the_day_given() -> None:
    before = filed()

    assert recommendation.snooze(before, date(2026, 8, 16), "per_lan", LATER) == replace(
        before,
        state=RecommendationState.SNOOZED,
        until=date(2026, 8, 16),
        history=stepped(before, RecommendationState.SNOOZED, "until 2026-08-16"),
    )


def test_a_snooze_may_last_ninety_days() -> None:
    assert recommendation.snooze(filed(), date(2026, 11, 13), "per_lan", LATER).until == date(2026, 11, 13)


@pytest.mark.parametrize("until", [date(2026, 8, 15), date(2026, 11, 14)], ids=["today", "after 91 days"])
def test_a_snooze_ends_after_today_and_within_ninety_days(until: date) -> None:
    with pytest.raises(Refusal) as refused:
        recommendation.snooze(filed(), until, "per_lan", LATER)

    assert (refused.value.code, refused.value.field) == (Code.INVALID, ("until",))


Act = Callable[[Recommendation], Recommendation]
ACTS: dict[str, tuple[Act, set[RecommendationState]]] = {
    "accept": (
        lambda rec: recommendation.accept(rec, "per_lan", LATER),
        {RecommendationState.OPEN, RecommendationState.SNOOZED},
    ),
    "dismiss": (
        lambda rec: recommendation.dismiss(rec, DismissReason.DISAGREE, "", "per_lan", LATER, 30),
        {RecommendationState.OPEN, RecommendationState.SNOOZED},
    ),
    "snooze": (
        lambda rec: recommendation.snooze(rec, date(2026, 9, 1), "per_lan", LATER),
        {RecommendationState.OPEN, RecommendationState.SNOOZED},
    ),
    "applied": (lambda rec: recommendation.applied(rec, (), "per_lan", LATER), {RecommendationState.ACCEPTED}),
    "failed": (lambda rec: recommendation.failed(rec, "no", "per_lan", LATER), {RecommendationState.ACCEPTED}),
}


@pytest.mark.parametrize("name", ACTS)
@pytest.mark.parametrize("state", RecommendationState)
def test_a_move_is_legal_from_its_own_states_alone(name: str, state: RecommendationState) -> None:
    act, legal = ACTS[name]
    if state in legal:
        assert act(filed(state)).history[-1].before is state
        return
    with pytest.raises(Refusal) as refused:
        act(filed(state))

    assert refused.value.code is Code.NOT_OPEN
    assert state.value in refused.value.message


def test_nothing_moves_a_closed_one() -> None:
    closed = filed(closed=True)

    assert not recommendation.live(closed)
    with pytest.raises(Refusal) as refused:
        recommendation.accept(closed, "per_lan", datetime(2026, 8, 16, tzinfo=UTC))
    assert refused.value.code is Code.NOT_OPEN
