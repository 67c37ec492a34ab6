"""Breaches: the state machine, late readings, fresh targets, and three years of real hospitals."""

import csv
from collections import defaultdict
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from functools import cache
from itertools import pairwise
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from okr import breach
from okr import period as periods
from okr.breach import Verdict
from okr.kpi import BreachRule, BreachState, Episode, Kpi, Reading, Watch
from okr.number import Direction
from okr.period import Period
from okr.target import Band, Target
from tests.okr import builders
from tests.okr.builders import target

OK, PENDING, BREACHED, RECOVERING = BreachState.OK, BreachState.PENDING, BreachState.BREACHED, BreachState.RECOVERING
UPTIME = target(99, 95)
LATER = date(2030, 1, 1)


def months(*values: str | int | None, first: date = date(2026, 1, 1)) -> tuple[Reading, ...]:
    """One reading a month from `first` on; None is a month without one."""
    starts = (periods.step(Period.MONTH, first, n) for n in range(len(values)))
    return tuple(builders.reading(v, start) for v, start in zip(values, starts, strict=True) if v is not None)


def kept(*values: int) -> tuple[Decimal, ...]:
    """The values as a checkpoint keeps them."""
    return tuple(Decimal(value) for value in values)


def watched(
    *targets: Target, bad: int = 2, good: int = 2, band: Band = Band.RED, direction: Direction = Direction.HIGHER
) -> Kpi:
    return builders.kpi(
        targets=targets or (UPTIME,), rule=BreachRule(bad=bad, good=good, band=band), direction=direction
    )


def states(kpi: Kpi, readings: tuple[Reading, ...]) -> list[tuple[BreachState, int]]:
    """The state and the count in it after each reading."""
    watch, found = Watch(), list[tuple[BreachState, int]]()
    for reading in readings:
        watch, _ = breach.advance(kpi, watch, reading)
        found.append((watch.state, watch.run))
    return found


def episode(first: str, breached: str, over: str | None, *, start: str, worst: str, periods: int) -> Episode:
    return Episode(
        key=f"kpi_uptime:{first}",
        kpi="kpi_uptime",
        first=date.fromisoformat(first),
        breached=date.fromisoformat(breached),
        start_value=Decimal(start),
        worst=Decimal(worst),
        periods=periods,
        over=date.fromisoformat(over) if over else None,
    )


@pytest.mark.parametrize(
    ("kpi", "values", "expected"),
    [
        pytest.param(
            watched(),
            (99, 94, 94, 94, 99, 99, 99),
            [(OK, 0), (PENDING, 1), (BREACHED, 0), (BREACHED, 0), (RECOVERING, 1), (OK, 0), (OK, 0)],
            id="the whole round",
        ),
        pytest.param(
            watched(),
            (94, 95, 94, 99, 94),
            [(PENDING, 1), (OK, 0), (PENDING, 1), (OK, 0), (PENDING, 1)],
            id="single dips",
        ),
        pytest.param(
            watched(),
            (94, 94, 99, 97, 99, 94, 99, 99),
            [
                *((PENDING, 1), (BREACHED, 0), (RECOVERING, 1), (BREACHED, 0)),
                (RECOVERING, 1),
                (BREACHED, 0),
                (RECOVERING, 1),
                (OK, 0),
            ],
            id="recovery starts over after a relapse",
        ),
        pytest.param(
            watched(bad=1, good=1), (94, 99, 94), [(BREACHED, 0), (OK, 0), (BREACHED, 0)], id="critical, 1 and 1"
        ),
        pytest.param(
            watched(bad=3, good=3),
            (94, 94, 94, 99, 99, 99),
            [(PENDING, 1), (PENDING, 2), (BREACHED, 0), (RECOVERING, 1), (RECOVERING, 2), (OK, 0)],
            id="patient, 3 and 3",
        ),
        pytest.param(
            watched(),
            (94, None, 94, None, None, 99, None, 99),
            [(PENDING, 1), (BREACHED, 0), (RECOVERING, 1), (OK, 0)],
            id="a missing period neither counts nor resets",
        ),
        pytest.param(watched(), (97, 97, 97), [(OK, 0)] * 3, id="amber is no breach"),
        pytest.param(watched(band=Band.AMBER), (97, 94), [(PENDING, 1), (BREACHED, 0)], id="unless the rule says so"),
        pytest.param(
            watched(target(99, 95, recovery=97), bad=1, good=1),
            (94, "96.9", 97),
            [(BREACHED, 0), (BREACHED, 0), (OK, 0)],
            id="a recovery short of the target",
        ),
        pytest.param(
            watched(target(99, 95, recovery=97), bad=1, good=1, band=Band.AMBER),
            (94, 98, 99),
            [(BREACHED, 0), (BREACHED, 0), (OK, 0)],
            id="what is bad is not good, even past the recovery",
        ),
        pytest.param(
            watched(target(99, 90, baseline=98), bad=1, good=1),
            (97, "97.9", 98, 99),
            [(BREACHED, 0), (BREACHED, 0), (BREACHED, 0), (OK, 0)],
            id="below the floor already won is bad whatever the band",
        ),
        pytest.param(
            watched(target(99, 90, baseline=98, recovery=95), bad=1, good=1),
            (97, 96, 98),
            [(BREACHED, 0), (BREACHED, 0), (OK, 0)],
            id="the recovery is at least the baseline",
        ),
        pytest.param(
            watched(target("2.5", "2.53"), bad=1, good=1, direction=Direction.LOWER),
            ("2.53", "2.54", "2.51", "2.5"),
            [(OK, 0), (BREACHED, 0), (BREACHED, 0), (OK, 0)],
            id="lower is better",
        ),
        pytest.param(
            watched(target(low=70, high=85, outer_low=60, outer_high=95), bad=1, good=1, direction=Direction.RANGE),
            (60, 59, 96, 86, 85),
            [(OK, 0), (BREACHED, 0), (BREACHED, 0), (BREACHED, 0), (OK, 0)],
            id="a range, bad on both sides",
        ),
        pytest.param(builders.kpi(), (1, 1, 1), [(OK, 0)] * 3, id="without a target nothing is judged"),
    ],
)
def test_readings_move_the_state_machine(
    kpi: Kpi, values: tuple[str | int | None, ...], expected: list[tuple[BreachState, int]]
) -> None:
    assert states(kpi, months(*values)) == expected


def test_a_verdict_says_what_a_reading_is_worth() -> None:
    (reading,) = months(97)
    assert breach.judge(watched(), reading) == Verdict(target=UPTIME, band=Band.AMBER, bad=False, good=False)
    assert breach.judge(builders.kpi(), reading) is None


def test_an_episode_knows_its_first_period_its_worst_value_and_its_end() -> None:
    readings = months(99, 94, 92, 90, 97, 99, 99, 94)
    watch, episodes, unjudged = breach.replay(watched(), readings, LATER)
    assert episodes == (episode("2026-02-01", "2026-03-01", "2026-07-01", start="92", worst="90", periods=6),)
    assert unjudged == ()
    assert watch == Watch(
        judged=date(2026, 8, 1),
        state=PENDING,
        run=1,
        first_bad=date(2026, 8, 1),
        first_bad_worst=Decimal(94),
        bad_run=1,
        episodes=1,
        recent=kept(99, 94, 92, 90, 97, 99, 99, 94),
    )


def test_an_open_episode_is_carried_by_the_watch() -> None:
    still = episode("2026-01-01", "2026-02-01", None, start="93", worst="92", periods=3)
    watch, episodes, _ = breach.replay(watched(), months(92, 93, 94), LATER)
    assert episodes == (still,)
    assert watch == Watch(
        judged=date(2026, 3, 1),
        state=BREACHED,
        first_bad=date(2026, 1, 1),
        bad_run=3,
        episode=still,
        episodes=1,
        recent=kept(92, 93, 94),
    )


@pytest.mark.parametrize(
    ("direction", "bounds", "values", "worst"),
    [
        pytest.param(Direction.LOWER, target(10, 12), (13, 15, 14), "15", id="lower is better, the highest"),
        pytest.param(
            Direction.RANGE,
            target(low=10, high=20, outer_low=8, outer_high=22),
            (24, 5, 23),
            "5",
            id="range, the farthest",
        ),
    ],
)
def test_the_worst_value_is_that_of_the_direction(
    direction: Direction, bounds: Target, values: tuple[int, ...], worst: str
) -> None:
    watch, _, _ = breach.replay(watched(bounds, direction=direction), months(*values), LATER)
    assert watch.episode
    assert watch.episode.worst == Decimal(worst)


def test_amber_and_bad_periods_in_a_row_are_counted_beside_the_states() -> None:
    watch, counts = Watch(), list[tuple[int, int]]()
    for reading in months(97, 97, 94, None, 94, 98, 99):
        watch, _ = breach.advance(watched(), watch, reading)
        counts.append((watch.amber_run, watch.bad_run))
    assert counts == [(1, 0), (2, 0), (0, 1), (0, 2), (1, 0), (0, 0)]


def test_a_checkpoint_keeps_the_last_twelve_values() -> None:
    watch, _, _ = breach.replay(watched(), months(*range(80, 95)), LATER)
    assert watch.recent == kept(*range(83, 95))


def test_a_reading_that_is_judged_already_does_not_advance() -> None:
    watch, _ = breach.advance(watched(), Watch(), months(94)[0])
    with pytest.raises(ValueError, match="replay the history"):
        breach.advance(watched(), watch, months(99)[0])


@pytest.mark.parametrize(
    ("late_days", "today", "is_closed"),
    [
        (0, date(2026, 7, 31), False),
        (0, date(2026, 8, 1), True),
        (5, date(2026, 8, 5), False),
        (5, date(2026, 8, 6), True),
    ],
)
def test_a_period_is_closed_once_it_is_over_and_late_data_had_its_days(
    late_days: int, today: date, is_closed: bool
) -> None:
    assert breach.closed(builders.kpi(late_days=late_days), date(2026, 7, 1), today) is is_closed


def test_only_closed_periods_are_judged() -> None:
    readings = months(94, 94, 94)
    kpi = replace(watched(), unjudged=readings)
    watch, rest = breach.settle(kpi, date(2026, 3, 31))
    assert (watch.state, watch.judged, rest) == (BREACHED, date(2026, 2, 1), readings[2:])
    assert breach.current(kpi, date(2026, 3, 31)) == watch
    assert breach.settle(kpi, date(2026, 1, 31)) == (Watch(), readings)
    assert breach.settle(kpi, date(2026, 4, 1))[1] == ()
    assert breach.replay(kpi, readings, date(2026, 3, 31)) == (watch, (watch.episode,), readings[2:])


Q3 = date(2026, 7, 1)
WON = target(99, "94.1", baseline=99, valid_from=Q3, fresh=True)


def test_a_fresh_target_resets_the_watch_and_its_first_full_period_is_grace() -> None:
    kpi = watched(UPTIME, WON, bad=1)
    readings = months(99, 99, 99, 94, 94, 94, 90, "98.2", "98.2")
    watch, episodes, _ = breach.replay(kpi, readings, LATER)
    assert episodes == (
        episode("2026-04-01", "2026-04-01", "2026-07-01", start="94", worst="94", periods=3),
        episode("2026-08-01", "2026-08-01", None, start="98.2", worst="98.2", periods=2),
    )
    assert breach.judge(kpi, readings[6]) is None
    assert (watch.state, watch.episodes, watch.bad_run, watch.amber_run) == (BREACHED, 2, 2, 2)


def test_the_grace_is_the_first_full_period_where_the_target_begins_within_one() -> None:
    kpi = watched(UPTIME, replace(WON, valid_from=date(2026, 7, 15)), bad=1)
    assert [breach.judge(kpi, reading) is None for reading in months(94, 94, 94, first=Q3)] == [False, True, False]


def test_a_new_kpi_has_its_grace_too() -> None:
    kpi = watched(replace(WON, valid_from=date(2026, 7, 15)), bad=1)
    assert states(kpi, months(94, 94, 94, first=Q3)) == [(OK, 0), (OK, 0), (BREACHED, 0)]


def test_a_fresh_target_ends_a_run_before_it_becomes_an_episode() -> None:
    readings = months(94, None, 94, 94, first=date(2026, 6, 1))
    assert states(watched(UPTIME, WON), readings) == [(PENDING, 1), (PENDING, 1), (BREACHED, 0)]
    kpi = watched(UPTIME, replace(WON, valid_from=date(2026, 7, 1)))
    _, episodes, _ = breach.replay(kpi, readings, LATER)
    assert [one.first for one in episodes] == [date(2026, 8, 1)]


def test_a_fresh_target_resets_the_present_view_once_all_before_it_is_closed() -> None:
    kpi = replace(watched(UPTIME, WON), unjudged=months(94, 94, first=date(2026, 5, 1)), late_days=5)
    before, after = breach.current(kpi, date(2026, 7, 5)), breach.current(kpi, date(2026, 7, 6))
    assert before == Watch(
        judged=date(2026, 5, 1),
        state=PENDING,
        run=1,
        first_bad=date(2026, 5, 1),
        first_bad_worst=Decimal(94),
        bad_run=1,
        recent=kept(94),
    )
    assert after == Watch(judged=date(2026, 6, 1), episodes=1, recent=kept(94, 94))
    assert breach.settle(kpi, date(2026, 7, 6))[0].state is BREACHED


def test_a_replay_ends_the_episode_that_a_fresh_target_cut_off() -> None:
    _, episodes, _ = breach.replay(watched(UPTIME, WON), months(94, 94, first=date(2026, 5, 1)), Q3)
    assert episodes == (episode("2026-05-01", "2026-06-01", "2026-07-01", start="94", worst="94", periods=2),)


def test_a_fresh_target_resets_nothing_where_nothing_was_judged() -> None:
    assert breach.current(watched(WON), LATER) == Watch()


def test_a_reading_heard_in_order_is_kept_and_settled() -> None:
    january, february = months(94, 94)
    kpi = breach.heard(watched(), january, date(2026, 1, 31))
    assert kpi == replace(watched(), latest=january, unjudged=(january,))
    corrected = replace(january, value=Decimal(93))
    kpi = breach.heard(kpi, corrected, date(2026, 1, 31))
    assert kpi == replace(watched(), latest=corrected, unjudged=(corrected,))
    kpi = breach.heard(kpi, february, date(2026, 2, 1))
    assert kpi
    assert (kpi.latest, kpi.unjudged, kpi.watch.judged, kpi.watch.state) == (
        february,
        (february,),
        january.period,
        PENDING,
    )


def test_a_reading_before_the_newest_one_that_is_not_judged_yet_takes_its_place() -> None:
    january, february = months(94, 94)
    kpi = breach.heard(replace(watched(), late_days=60), february, date(2026, 2, 28))
    assert kpi
    kpi = breach.heard(kpi, january, date(2026, 2, 28))
    assert kpi
    assert (kpi.latest, kpi.unjudged) == (february, (january, february))


def test_a_late_reading_replays_from_its_period_and_may_supersede_an_episode() -> None:
    readings = months(94, None, 94, 99)
    kpi, before = breach.rewatched(watched(), readings, LATER)
    assert [one.key for one in before] == ["kpi_uptime:2026-01-01"]
    late = months(99, first=date(2026, 2, 1))[0]
    assert breach.heard(kpi, late, LATER) is None
    again, after = breach.rewatched(kpi, (*readings, late), LATER)
    assert after == ()
    watch = Watch(judged=date(2026, 4, 1), state=OK, recent=kept(94, 99, 94, 99))
    assert again == replace(watched(), latest=readings[-1], watch=watch, unjudged=())


def test_a_history_without_readings_leaves_a_kpi_without_one() -> None:
    assert breach.rewatched(replace(watched(), latest=months(99)[0]), (), LATER) == (watched(), ())


values = st.lists(st.none() | st.integers(90, 100), max_size=30)
histories = values.map(lambda drawn: months(*drawn, first=date(2024, 1, 1)))
plans = st.builds(
    lambda bad, good, band, fresh, late: replace(
        watched(
            UPTIME,
            *(replace(WON, valid_from=day, red_bound=Decimal(96)) for day in sorted(fresh)),
            bad=bad,
            good=good,
            band=band,
        ),
        late_days=late,
    ),
    st.integers(1, 3),
    st.integers(1, 3),
    st.sampled_from([Band.AMBER, Band.RED]),
    st.sets(st.dates(date(2024, 1, 1), date(2026, 6, 30)), max_size=3),
    st.integers(0, 40),
)


@given(plans, histories, st.lists(st.integers(0, 900), max_size=8))
def test_readings_heard_one_by_one_reach_what_a_replay_reaches(
    plan: Kpi, history: tuple[Reading, ...], looks: list[int]
) -> None:
    kpi = plan
    for reading in history:
        heard = breach.heard(kpi, reading, periods.end(Period.MONTH, reading.period))
        assert heard
        kpi = heard
    today = date(2026, 7, 15)
    for look in sorted(looks):
        day = date(2024, 1, 1) + timedelta(days=look)
        watch, rest = breach.settle(kpi, day)
        kpi = replace(kpi, watch=watch, unjudged=rest)
    assert breach.rewatched(plan, history, today)[0] == replace(
        kpi, watch=breach.settle(kpi, today)[0], unjudged=breach.settle(kpi, today)[1]
    )


@given(plans, histories, st.randoms())
def test_a_replay_does_not_depend_on_the_order_of_arrival(
    plan: Kpi, history: tuple[Reading, ...], chance: Random
) -> None:
    shuffled = list(history)
    chance.shuffle(shuffled)
    assert breach.replay(plan, shuffled, LATER) == breach.replay(plan, history, LATER)


@given(plans, histories)
def test_a_watch_never_contradicts_itself(plan: Kpi, history: tuple[Reading, ...]) -> None:
    watch, episodes, _ = breach.replay(plan, history, LATER)
    now = breach.current(replace(plan, watch=watch), LATER)
    for seen in (watch, now):
        assert (seen.episode is None) is (seen.state in (OK, PENDING))
        assert (seen.run > 0) is (seen.state in (PENDING, RECOVERING))
        assert (seen.first_bad is None) is (seen.state is OK)
    assert len(episodes) == watch.episodes == len({one.key for one in episodes})
    assert [one for one in episodes if one.over is None] == ([now.episode] if now.episode else [])
    assert all(before.over and before.over <= after.first for before, after in pairwise(episodes))
    assert all(plan.rule.bad <= one.periods and one.first <= one.breached for one in episodes)


# NHS England's accident-and-emergency attendances (Open Government Licence v3) are not part of this repository. Where
# they lie beside it, three years of 140 hospitals are the real test; elsewhere there is nothing to read.
HOSPITALS = Path(__file__).parents[3] / "shared" / "data" / "nhs_ae_attendances.csv"


@cache
def _hospitals() -> dict[str, tuple[Reading, ...]]:
    """The share of type 1 attendances seen within four hours, by provider, a reading a month."""
    found: defaultdict[str, list[Reading]] = defaultdict(list)
    with HOSPITALS.open(newline="") as lines:
        for row in csv.DictReader(lines):
            if row["type"] == "1":
                share = 100 * (1 - Decimal(row["breaches"]) / Decimal(row["attendances"]))
                period = date.fromisoformat(row["period"])
                found[row["org_code"]].append(Reading(kpi="kpi_uptime", period=period, value=share, samples=()))
    return {provider: tuple(readings) for provider, readings in found.items()}


if HOSPITALS.exists():

    @pytest.mark.parametrize(
        ("bounds", "periods", "complete", "everyone"),
        [
            pytest.param(target(95, 95), 1, 241, 252, id="below 95, N = M = 1"),
            pytest.param(target(95, 95), 2, 166, 176, id="below 95, N = M = 2"),
            pytest.param(target(95, 85, recovery=90), 2, 150, 161, id="below 85 until 90, N = M = 2"),
        ],
    )
    def test_real_hospitals_have_as_many_episodes_as_others_counted(
        bounds: Target, periods: int, complete: int, everyone: int
    ) -> None:
        kpi = watched(replace(bounds, valid_from=date(2016, 1, 1)), bad=periods, good=periods)
        histories = _hospitals()
        episodes = {provider: len(breach.replay(kpi, readings, LATER)[1]) for provider, readings in histories.items()}
        whole = [provider for provider, readings in histories.items() if len(readings) == 36]
        assert (len(whole), len(episodes)) == (130, 140)
        assert (sum(episodes[provider] for provider in whole), sum(episodes.values())) == (complete, everyone)
