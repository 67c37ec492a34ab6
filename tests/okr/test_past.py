"""The past: what there was at an earlier instant, of what has a history."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import pairwise

import pytest

from okr import breach
from okr.goal import CheckIn, KeyResultType, Objective, ObjectiveState
from okr.kpi import BreachRule, BreachState, Kpi, Reading
from okr.past import Past
from okr.period import Period
from okr.snapshot import Snapshot
from okr.target import Provenance
from tests.okr import builders as b

QUICK = BreachRule(bad=1, good=1)


def series(*values: int, kpi: str = "kpi_uptime") -> tuple[Reading, ...]:
    """Readings of January 2026 and the months after it, all typed in on 15 August."""
    return tuple(b.reading(value, date(2026, month, 1), kpi=kpi) for month, value in enumerate(values, start=1))


def noon(month: int, day: int) -> datetime:
    return datetime(2026, month, day, 12, tzinfo=UTC)


def watched(readings: Sequence[Reading], **changes: object) -> Kpi:
    """Uptime, red below 90, with these readings on file."""
    kpi = replace(b.kpi(targets=(b.target(99, 90),), rule=QUICK, since=date(2026, 8, 1)), **changes)  # type: ignore[arg-type]  # fields of a KPI
    return breach.rewatched(kpi, readings, b.NOW.date())[0]


def uptime(past: Past, month: int, day: int) -> Kpi:
    return past.at(noon(month, day)).kpis["kpi_uptime"]


def test_the_picture_of_today_is_the_past_of_today() -> None:
    readings = series(99, 50, 60, 99)
    result = b.key_result(check_ins=(b.check_in(40),), measures="kpi_uptime")
    picture = b.snapshot(watched(readings), b.objective(), result, b.person())
    assert Past(picture, readings).at(b.NOW) == picture


def test_a_reading_counts_once_its_period_is_closed_whenever_it_was_typed_in() -> None:
    readings = series(99, 50, 99)
    past = Past(b.snapshot(watched(readings, late_days=3)), readings)
    seen = [uptime(past, 3, 3), uptime(past, 3, 4), uptime(past, 4, 3), uptime(past, 4, 4)]
    assert [(kpi.latest and kpi.latest.value, kpi.watch.state) for kpi in seen] == [
        (Decimal(99), BreachState.OK),
        (Decimal(50), BreachState.BREACHED),
        (Decimal(50), BreachState.BREACHED),
        (Decimal(99), BreachState.OK),
    ]
    assert [kpi.unjudged for kpi in seen] == [()] * 4


def test_at_every_closing_the_watch_is_that_of_a_replay() -> None:
    readings = series(99, 50, 60, 99, 99, 40)
    kpi = watched(readings, rule=BreachRule(bad=2, good=2))
    past = Past(b.snapshot(kpi), readings)
    for month in range(1, 9):
        for day in (1, 15):
            replayed, _, _ = breach.replay(kpi, readings, date(2026, month, day))
            assert uptime(past, month, day).watch == replayed


def test_a_period_closes_at_midnight_of_its_unit() -> None:
    readings = series(99, 50)
    picture = b.snapshot(b.unit(zone="Asia/Ho_Chi_Minh"), watched(readings))
    past = Past(picture, readings)
    closing = datetime(2026, 2, 28, 17, tzinfo=UTC)
    assert [past.at(at).kpis["kpi_uptime"].watch.judged for at in (closing.replace(hour=16), closing)] == [
        date(2026, 1, 1),
        date(2026, 2, 1),
    ]


@pytest.mark.parametrize(
    ("readings", "born"),
    [
        pytest.param((), date(2026, 8, 1), id="since"),
        pytest.param(series(99), date(2026, 1, 1), id="its first reading"),
    ],
)
def test_a_kpi_is_there_from_its_since_or_its_first_reading_on(readings: tuple[Reading, ...], born: date) -> None:
    past = Past(b.snapshot(watched(readings)), readings)
    before = datetime(born.year, born.month, born.day, tzinfo=UTC)
    assert "kpi_uptime" in past.at(before).kpis
    assert past.at(before.replace(year=2025)).kpis == {}


def test_targets_are_there_from_their_day_on() -> None:
    readings = series(99, 95, 95)
    old, new = b.target(90, 80), b.target(99, 97, valid_from=date(2026, 3, 1))
    past = Past(b.snapshot(watched(readings, targets=(old, new))), readings)
    assert [uptime(past, 2, 28).targets, uptime(past, 3, 1).targets] == [(old,), (old, new)]
    assert [uptime(past, month, 1).watch.state for month in (3, 4)] == [BreachState.OK, BreachState.BREACHED]


def test_an_objective_was_active_until_it_was_closed() -> None:
    closed = b.objective(state=ObjectiveState.CLOSED, final=b.final(at=noon(8, 10)), since=date(2026, 7, 5))
    past = Past(b.snapshot(closed, b.objective("obj_draft", state=ObjectiveState.DRAFT)), ())
    assert [past.at(noon(month, day)).objectives.get("obj_reliable") for month, day in ((7, 4), (8, 9), (8, 10))] == [
        None,
        replace(closed, state=ObjectiveState.ACTIVE, final=None),
        closed,
    ]
    assert past.at(noon(7, 4)).objectives["obj_draft"].state is ObjectiveState.DRAFT


def said(day: int, value: int | None = None, milestones: tuple[int, ...] = ()) -> CheckIn:
    return b.check_in(value, at=noon(7, day), milestones=milestones)


def test_check_ins_count_from_their_instant_on() -> None:
    entries = (said(10, 20), said(17, 40), said(24, 60))
    picture = b.snapshot(b.objective(), b.key_result(check_ins=entries, since=date(2026, 7, 3)))
    past = Past(picture, ())
    seen = [past.at(noon(7, day)).key_results.get("kr_uptime") for day in (2, 3, 17, 31)]
    assert [result and result.check_ins for result in seen] == [None, (), entries[:2], entries]


def test_a_key_result_is_not_there_before_its_objective() -> None:
    past = Past(b.snapshot(b.objective(since=date(2026, 7, 20)), b.key_result()), ())
    assert [sorted(past.at(noon(7, day)).key_results) for day in (19, 20)] == [[], ["kr_uptime"]]


def test_milestones_are_as_done_as_they_were() -> None:
    steps = (b.milestone("One", done=True), b.milestone("Two", done=True))
    entries = (said(10, milestones=(0,)), said(17, milestones=(0, 1)))
    result = b.key_result(type=KeyResultType.MILESTONE, milestones=steps, check_ins=entries)
    past = Past(b.snapshot(b.objective(), result), ())
    seen = [past.at(noon(7, day)).key_results["kr_uptime"].milestones for day in (9, 10, 17)]
    assert [[step.done for step in milestones] for milestones in seen] == [[False, False], [True, False], [True, True]]


def test_what_leads_to_something_that_came_later_led_nowhere() -> None:
    top = b.objective("obj_top", since=date(2026, 8, 1))
    result = b.key_result(measures="kpi_uptime", objective="obj_own")
    picture = b.snapshot(top, b.objective("obj_own", supports="obj_top"), result, watched(()))
    past = Past(picture, ())
    before, after = past.at(noon(7, 31)), past.at(noon(8, 1))
    assert (before.objectives["obj_own"].supports, before.key_results["kr_uptime"].measures) == (None, None)
    assert (after.objectives["obj_own"].supports, after.key_results["kr_uptime"].measures) == ("obj_top", "kpi_uptime")


def promoted(kpi: Kpi, **changes: str) -> Kpi:
    """The KPI with a target from August on that the key result has set."""
    source = Provenance(
        key_result=changes.get("key_result", "kr_uptime"),
        objective="obj_reliable",
        cycle="cyc_q3",
        check_ins=(),
        policy="promote-key-result",
        policy_version=1,
        episode=None,
        proposer="system",
        approver="per_lan",
    )
    return replace(kpi, targets=(*kpi.targets, b.target(99, 97, valid_from=date(2026, 8, 1), provenance=source)))


@pytest.mark.parametrize(
    ("kpi", "known"),
    [
        pytest.param(promoted(watched(series(99))), [None, "kpi_uptime"], id="from the day its target holds"),
        pytest.param(promoted(watched(series(99)), key_result="kr_other"), [None, None], id="not by that of another"),
        pytest.param(promoted(watched(())), [None, "kpi_uptime"], id="from the day the KPI is there"),
    ],
)
def test_a_key_result_counts_as_promoted_from_the_day_its_target_holds(kpi: Kpi, known: list[str | None]) -> None:
    picture = b.snapshot(kpi, b.objective(), b.key_result(promoted_to="kpi_uptime"))
    past = Past(picture, series(99) if kpi.latest else ())
    assert [past.at(noon(*day)).key_results["kr_uptime"].promoted_to for day in ((7, 31), (8, 1))] == known


def turns(picture: Snapshot, since: datetime) -> list[str]:
    return [f"{at:%m-%d}" for at in Past(picture, ()).turns(since)]


MIDDLE = noon(7, 15)
KPI = watched(())
QUARTER = b.cycle(first=date(2026, 4, 1), last=date(2026, 6, 30), closes=date(2026, 7, 20))
OPEN = b.objective(since=date(2026, 7, 16))


@pytest.mark.parametrize(
    ("picture", "expected"),
    [
        pytest.param(b.snapshot(), [], id="nothing"),
        pytest.param(b.snapshot(replace(KPI, since=date(2020, 1, 1))), ["08-01"], id="a month is over"),
        pytest.param(
            b.snapshot(replace(KPI, since=date(2020, 1, 1), late_days=20)), ["07-21"], id="late data is waited for"
        ),
        pytest.param(
            b.snapshot(replace(KPI, period=Period.WEEK, since=date(2020, 1, 1))),
            ["07-20", "07-27", "08-03", "08-10"],
            id="weeks are over",
        ),
        pytest.param(
            b.snapshot(replace(KPI, targets=(b.target(9, valid_from=date(2026, 8, 5)),), since=date(2026, 7, 17))),
            ["07-17", "08-01", "08-05"],
            id="a KPI and its target begin",
        ),
        pytest.param(b.snapshot(QUARTER), ["07-20"], id="a cycle closes"),
        pytest.param(b.snapshot(replace(QUARTER, last=date(2026, 7, 17))), ["07-18", "07-20"], id="a cycle ends"),
        pytest.param(b.snapshot(b.person(left=date(2026, 8, 2)), b.person("per_an")), ["08-02"], id="somebody leaves"),
        pytest.param(b.snapshot(OPEN), [], id="an objective that attacks nothing"),
        pytest.param(b.snapshot(replace(OPEN, addresses=("kpi_uptime",))), ["07-16"], id="one that does"),
        pytest.param(
            b.snapshot(replace(OPEN, addresses=("kpi_uptime",), final=b.final(at=noon(8, 3)))),
            ["07-16", "08-03"],
            id="and is closed",
        ),
        pytest.param(
            b.snapshot(OPEN, b.key_result(measures="kpi_uptime", since=date(2026, 7, 22)), b.key_result("kr_none")),
            ["07-16", "07-22"],
            id="a key result measures the KPI",
        ),
    ],
)
def test_the_facts_of_kpis_turn_only_where_something_begins_or_ends(picture: Snapshot, expected: list[str]) -> None:
    assert turns(picture, MIDDLE) == expected


def test_between_two_turns_nothing_about_a_kpi_changes() -> None:
    readings = series(99, 50, 60, 99)
    closed = b.objective(addresses=("kpi_uptime",), state=ObjectiveState.CLOSED, final=b.final(at=noon(8, 10)))
    late: Objective = replace(closed, key="obj_late", since=date(2026, 7, 20), final=None, state=ObjectiveState.ACTIVE)
    past = Past(b.snapshot(watched(readings), closed, late), readings)

    def state(at: datetime) -> object:
        picture = past.at(at)
        return picture.kpis, {key: each.state for key, each in picture.objectives.items()}

    start = datetime(2026, 1, 1, tzinfo=UTC)
    hours = [datetime.fromtimestamp(start.timestamp() + 3600 * n, UTC) for n in range(24 * 220)]
    changed = [later for earlier, later in pairwise(hours) if state(earlier) != state(later)]
    assert set(changed) <= set(past.turns(start))
    assert len(changed) == 6
