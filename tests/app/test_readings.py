"""Readings: several a period, late, corrected and repeated ones, many writers at once, and time passing by."""

import random
from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal

import pytest

from app import goals, jobs, org, readings, verification
from app.goals import Change
from app.jobs import Days
from app.org import UnitDraft
from app.readings import ReadingDraft
from okr.errors import Code
from okr.kpi import BreachRule, BreachState, Kpi, Reduce, Watch
from okr.org import Role
from okr.period import Period
from okr.recommendation import RecommendationState
from okr.text import Text
from tests.app.builders import (
    accept,
    begin,
    breach,
    code,
    due,
    filed,
    goal,
    kpi,
    month,
    person,
    read,
    refused,
    series,
    stored,
    together,
    written,
)
from tests.app.conftest import Mirror
from tests.service import Stage

pytestmark = pytest.mark.usefixtures("mirror")


async def now(stage: Stage, watched: Kpi) -> Kpi:
    """Return a KPI as it is stored, once it has been compared with its history."""
    call = await begin(stage)
    found = call.picture.kpis[watched.key]
    assert await verification.of_kpi(call, found) == ()
    return found


def anonymous(watched: Kpi) -> tuple[str, str, str]:
    """What readings left in a KPI, without its key."""
    return tuple(str(part).replace(watched.key, "") for part in (watched.watch, watched.latest, watched.unjudged))  # type: ignore[return-value]  # it makes exactly three parts


@pytest.mark.parametrize(
    ("reduce", "value"),
    [
        pytest.param(Reduce.LAST, "96", id="last"),
        pytest.param(Reduce.AVG, "95", id="avg"),
        pytest.param(Reduce.SUM, "285", id="sum"),
        pytest.param(Reduce.MIN, "90", id="min"),
        pytest.param(Reduce.MAX, "99", id="max"),
    ],
)
async def test_several_samples_make_one_reading(stage: Stage, reduce: Reduce, value: str) -> None:
    watched = await kpi(stage, reduce=reduce)
    await read(stage, month(watched, 7, 96, 20), month(watched, 7, 90, 1))
    await read(stage, month(watched, 7, 99, 10))
    (reading,) = await series(stage, watched)
    assert (reading.period, reading.value) == (date(2026, 7, 1), Decimal(value))
    assert [sample.day.day for sample in reading.samples] == [1, 10, 20]
    assert (await now(stage, watched)).latest == reading


async def test_a_later_word_about_the_same_day_corrects(stage: Stage) -> None:
    watched = await kpi(stage, reduce=Reduce.SUM)
    await read(stage, month(watched, 7, 10, 1), month(watched, 7, 20, 2))
    stage.clock.at += timedelta(hours=1)
    await read(stage, month(watched, 7, 15, 1))
    (reading,) = await series(stage, watched)
    assert (reading.value, [sample.value for sample in reading.samples]) == (Decimal(35), [Decimal(15), Decimal(20)])
    await now(stage, watched)


@pytest.mark.parametrize("months", [(6,), (7,), (8,), (6, 7, 8)], ids=["judged", "the last judged", "running", "all"])
async def test_the_same_value_twice_writes_nothing(stage: Stage, months: Sequence[int]) -> None:
    watched = await kpi(stage)
    await read(stage, *(month(watched, number, 50) for number in (6, 7, 8)))
    before = await written(stage)
    stage.clock.at += timedelta(hours=1)
    taken = await read(stage, *(month(watched, number, "50.0") for number in months))
    assert taken.accepted == len(months)
    assert [one.finding.policy for one in taken.recommendations] == ["kpi-breach"]
    assert await written(stage) == before


async def test_a_batch_of_news_and_repeats_writes_the_news_alone(stage: Stage) -> None:
    watched, other = await kpi(stage), await kpi(stage, "Revenue")
    await read(stage, month(watched, 7, 95), month(other, 7, 95))
    stage.clock.at += timedelta(hours=1)
    await read(stage, month(watched, 7, 95), month(other, 7, 96))
    call = await begin(stage)
    assert [call.picture.kpis[each.key].version for each in (watched, other)] == [2, 3]
    (entry, *_) = await call.store.audit(operation="readings.record", limit=1)
    assert set(entry.subjects) == {other.key, f"{other.key}:2026-07-01"}


async def test_a_correction_opens_an_episode_and_another_takes_it_away(stage: Stage) -> None:
    watched = await kpi(stage, rule=BreachRule(bad=2, good=2))
    await read(stage, *(month(watched, number, value) for number, value in ((4, 50), (5, 99), (6, 50), (7, 95))))
    assert (await now(stage, watched)).watch.episode is None
    opened = await read(stage, month(watched, 5, 60))
    episode = (await now(stage, watched)).watch.episode
    assert episode is not None
    assert (episode.first, episode.breached, episode.start_value) == (date(2026, 4, 1), date(2026, 5, 1), Decimal(60))
    (said,) = [one for one in opened.recommendations if one.finding.policy == "kpi-breach"]
    assert said.finding.episode == episode.key
    stage.clock.at += timedelta(hours=1)
    gone = await read(stage, month(watched, 5, 99))
    assert [one for one in gone.recommendations if one.finding.policy == "kpi-breach"] == []
    assert (await now(stage, watched)).watch.episode is None
    assert (await stored(stage, said)).state is RecommendationState.RESOLVED


async def test_a_recovery_is_flagged_while_its_episode_does_not_hold(stage: Stage) -> None:
    watched = await kpi(stage)
    said = await breach(stage, watched)
    accepted = await accept(stage, said)
    (key,) = accepted.created
    for value, flagged in ((50, False), (99, True), ("99.5", True), (50, False), (40, False)):
        stage.clock.at += timedelta(hours=1)
        await read(stage, month(watched, 7, value))
        call = await begin(stage)
        assert call.picture.objectives[key].superseded_episode is flagged, value
        assert not {key, watched.key} & await due(stage), "both are evaluated"
        await now(stage, watched)
    assert len((await begin(stage)).picture.objectives) == 1


async def test_an_objective_that_people_set_is_never_flagged(stage: Stage) -> None:
    watched = await kpi(stage)
    await breach(stage, watched)
    mine = await goal(stage, addresses=(watched.key,))
    await read(stage, month(watched, 7, 99))
    assert (await begin(stage)).picture.objectives[mine.key] == mine


@pytest.mark.parametrize("seed", range(6))
async def test_the_order_in_which_readings_come_does_not_matter(stage: Stage, seed: int) -> None:
    chance = random.Random(seed)
    values = [(n, chance.choice((50, 92, 99))) for n in range(1, 9)]
    rule = BreachRule(bad=2, good=2)
    straight, shuffled = await kpi(stage, rule=rule), await kpi(stage, "Shuffled", rule=rule)
    await read(stage, *(month(straight, n, value) for n, value in values))
    chance.shuffle(values)
    cuts = sorted(chance.sample(range(1, 8), 2))
    for batch in (values[: cuts[0]], values[cuts[0] : cuts[1]], values[cuts[1] :]):
        await read(stage, *(month(shuffled, n, value) for n, value in batch))
    assert anonymous(await now(stage, shuffled)) == anonymous(await now(stage, straight))


async def test_late_and_new_readings_of_several_kpis_may_come_together(stage: Stage) -> None:
    first, second, third = [await kpi(stage, name) for name in ("First", "Second", "Third")]
    await read(stage, *(month(each, n, 99) for each in (first, second) for n in (4, 5, 6)))
    mixed = [(first, 7, 50), (second, 5, 50), (third, 7, 95), (first, 3, 50), (second, 7, 99), (third, 2, 99)]
    taken = await read(stage, *(month(each, n, value) for each, n, value in mixed))
    assert taken.accepted == 6
    assert [(await now(stage, each)).watch.episodes for each in (first, second, third)] == [2, 1, 0]
    assert [one.finding.subject.key for one in taken.recommendations if one.finding.policy == "kpi-breach"] == [
        first.key
    ]


async def test_one_bad_reading_keeps_all_others_out(stage: Stage) -> None:
    watched = await kpi(stage)
    before = await written(stage)
    ahead = ReadingDraft(kpi=watched.key, day=date(2026, 8, 16), value=Decimal(1))
    refusal = await refused(read(stage, month(watched, 7, 99), ahead))
    assert (refusal.code, refusal.field) == (Code.IN_FUTURE, ("readings", "1", "period"))
    assert await written(stage) == before
    assert (await read(stage)).accepted == 0
    assert await written(stage) == before


@pytest.mark.parametrize("rounds", [1, 2], ids=["first readings", "corrections far back"])
async def test_everybody_who_brings_a_number_at_once_counts(stage: Stage, mirror: Mirror, rounds: int) -> None:
    mirror.crowded = True
    watched = await kpi(stage, reduce=Reduce.SUM)
    await read(stage, month(watched, 7, 1000))
    days = [month(watched, n, 200, day) for n in (1, 2)[:rounds] for day in range(1, 9)]
    calls = [await begin(stage) for _ in days]
    done, refusals = await together(*(readings.record(call, [draft]) for call, draft in zip(calls, days, strict=True)))
    assert (refusals, len(done)) == ([], len(days))
    assert [reading.value for reading in await series(stage, watched)] == [*[Decimal(1600)] * rounds, Decimal(1000)]
    await now(stage, watched)
    await jobs.look(stage.runtime, {})
    assert await (await begin(stage)).store.marks() == ()


async def test_a_number_far_back_that_changes_nothing_today_is_not_lost(stage: Stage, mirror: Mirror) -> None:
    mirror.crowded = True
    watched = await kpi(stage, reduce=Reduce.MIN)
    await read(stage, month(watched, 2, 99, 1), month(watched, 7, 99))
    calls = [await begin(stage), await begin(stage)]
    for call, day in zip(calls, (2, 3), strict=True):
        await readings.record(call, [month(watched, 2, 99, day)])
    assert [sample.day.day for sample in (await series(stage, watched))[0].samples] == [1, 2, 3]


async def test_a_running_period_is_judged_by_time_alone_once_it_is_over(stage: Stage) -> None:
    watched = await kpi(stage)
    scanned: dict[str, Days] = {}
    taken = await read(stage, month(watched, 7, 99), month(watched, 8, 50))
    assert [one for one in taken.recommendations if one.finding.policy == "kpi-breach"] == []
    assert (await now(stage, watched)).watch.judged == date(2026, 7, 1)
    version = (await now(stage, watched)).version
    for day, open_ in ((date(2026, 8, 31), 0), (date(2026, 9, 1), 1)):
        stage.clock.put(day, hour=0)
        await jobs.look(stage.runtime, scanned)
        assert len(await filed(stage, "kpi-breach", watched.key)) == open_
    assert (await now(stage, watched)).version == version, "time alone writes no KPI"


async def test_late_data_is_waited_for(stage: Stage) -> None:
    watched = await kpi(stage, late_days=5)
    await read(stage, month(watched, 7, 50))
    assert len(await filed(stage, "kpi-breach")) == 1
    await read(stage, month(watched, 8, 50), month(watched, 7, 99))
    for day, open_ in ((date(2026, 9, 5), 0), (date(2026, 9, 6), 1)):
        stage.clock.put(day)
        await jobs.look(stage.runtime, {})
        found = await filed(stage, "kpi-breach")
        assert len([one for one in found if one.state is RecommendationState.OPEN]) == open_


async def test_a_period_is_over_when_it_is_over_in_the_unit(stage: Stage) -> None:
    call = await begin(stage)
    far = UnitDraft(name=Text(original="Tokyo"), kind="team", parent=stage.company, zone="Asia/Tokyo")
    tokyo = await org.create_unit(call, far)
    watched = await kpi(stage, unit=tokyo.key)
    scanned: dict[str, Days] = {}
    await read(stage, month(watched, 7, 99), month(watched, 8, 50))
    for hour, open_ in ((14, 0), (15, 1)):
        stage.clock.put(date(2026, 8, 31), hour)
        await jobs.look(stage.runtime, scanned)
        assert len(await filed(stage, "kpi-breach")) == open_


async def test_the_reporter_may_without_any_role_and_a_stranger_sees_nothing(stage: Stage) -> None:
    reporter = await person(stage, "reporter", stage.other)
    await person(stage, "stranger", stage.other)
    watched = await kpi(stage, reporter=reporter.key)
    assert (await read(stage, month(watched, 7, 99), subject="reporter")).accepted == 1
    refusal = await refused(read(stage, month(watched, 7, 98), subject="stranger"))
    assert (refusal.code, refusal.field) == (Code.NOT_FOUND, ("readings", "0", "kpiId"))
    assert await code(read(stage, month(watched, 7, 98), subject="viewer")) is Code.FORBIDDEN
    assert (await read(stage, month(watched, 7, 98), subject="member")).accepted == 1


async def test_a_reading_of_nothing_is_refused(stage: Stage, mirror: Mirror) -> None:
    mirror.looks += 1
    nothing = ReadingDraft(kpi="kpi_nothing", day=date(2026, 7, 1), value=Decimal(1))
    refusal = await refused(read(stage, nothing))
    assert (refusal.code, refusal.field) == (Code.NOT_FOUND, ("readings", "0", "kpiId"))


async def test_who_may_is_asked_of_every_reading(stage: Stage) -> None:
    mine, theirs = await kpi(stage), await kpi(stage, "Theirs", unit=stage.other, accountable=stage.other)
    await person(stage, "local", stage.team, (Role.MEMBER, stage.team), (Role.VIEWER, stage.other))
    refusal = await refused(read(stage, month(mine, 7, 99), month(theirs, 7, 99), subject="local"))
    assert refusal.code is Code.FORBIDDEN
    assert await series(stage, mine) == ()


@pytest.mark.parametrize("period", [Period.DAY, Period.WEEK, Period.QUARTER])
async def test_a_reading_belongs_to_the_period_of_its_day(stage: Stage, period: Period) -> None:
    watched = await kpi(stage, period=period)
    for day in (date(2026, 8, 5), date(2026, 8, 6), date(2026, 2, 3)):
        await read(stage, ReadingDraft(kpi=watched.key, day=day, value=Decimal(99)))
    starts = {
        Period.DAY: ["2026-02-03", "2026-08-05", "2026-08-06"],
        Period.WEEK: ["2026-02-02", "2026-08-03"],
        Period.QUARTER: ["2026-01-01", "2026-07-01"],
    }
    assert [reading.period.isoformat() for reading in await series(stage, watched)] == starts[period]
    await now(stage, watched)


async def test_a_kpi_nobody_measured_is_untouched(stage: Stage) -> None:
    watched = await kpi(stage)
    assert (await now(stage, watched)).watch == Watch()
    assert watched.watch.state is BreachState.OK


async def test_a_cancelled_recovery_is_flagged_all_the_same(stage: Stage) -> None:
    watched = await kpi(stage)
    accepted = await accept(stage, await breach(stage, watched))
    (key,) = accepted.created
    await goals.update(await begin(stage, "lead"), key, Change(values={"description": "On it."}))
    await goals.close(await begin(stage, "lead"), key, cancel=True)
    stage.clock.at += timedelta(hours=1)
    await read(stage, month(watched, 7, 99))
    assert (await begin(stage)).picture.objectives[key].superseded_episode
