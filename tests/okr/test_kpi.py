"""KPIs: what makes one sound, its targets through time, its readings, and where it stands."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from okr import kpi as kpis
from okr import period as periods
from okr.errors import Code, Refusal
from okr.kpi import BreachRule, Kpi, Reading, Reduce, Sample
from okr.number import Direction
from okr.period import Period
from okr.target import Band, Target
from tests.okr import builders
from tests.okr.builders import target
from tests.okr.test_target import EASED, TIGHTENED, UPTIME, numbers

GREEN, AMBER, UNKNOWN, STALE = Band.GREEN, Band.AMBER, Band.UNKNOWN, Band.STALE


def sample(value: str, day: date, *, at: datetime = builders.NOW, by: str = "per_lan") -> Sample:
    return Sample(day=day, value=Decimal(value), at=at, by=by)


@pytest.mark.parametrize(
    "kpi",
    [
        builders.kpi(),
        builders.kpi(weight=0, measure="", late_days=366, rule=BreachRule(bad=1, good=100, band=AMBER)),
        builders.kpi(targets=(UPTIME, target(99, 97, valid_from=date(2026, 7, 1)))),
    ],
)
def test_a_sound_kpi_is_accepted(kpi: Kpi) -> None:
    kpis.check(kpi)


@pytest.mark.parametrize(
    ("kpi", "code", "field"),
    [
        pytest.param(builders.kpi(weight=-1), Code.INVALID, ("weight",), id="negative weight"),
        pytest.param(builders.kpi(weight="NaN"), Code.NOT_FINITE, ("weight",), id="no weight"),
        pytest.param(builders.kpi(late_days=-1), Code.INVALID, ("lateDays",), id="negative wait"),
        pytest.param(builders.kpi(late_days=367), Code.INVALID, ("lateDays",), id="a wait over a year"),
        pytest.param(builders.kpi(rule=BreachRule(bad=0)), Code.INVALID, ("rule",), id="breached from the start"),
        pytest.param(builders.kpi(rule=BreachRule(good=101)), Code.INVALID, ("rule",), id="never over"),
        pytest.param(
            builders.kpi(rule=BreachRule(band=GREEN)), Code.INVALID, ("rule", "band"), id="green is no breach"
        ),
        pytest.param(builders.kpi(parent="kpi_uptime"), Code.WOULD_CYCLE, ("parent",), id="drives itself"),
        pytest.param(builders.kpi(measure="x" * 41), Code.TOO_LONG, ("measure",), id="a unit that is a story"),
        pytest.param(builders.kpi(since=date.max), Code.INVALID, ("since",), id="after our time"),
        pytest.param(builders.kpi(targets=(target(95, 99),)), Code.WRONG_BOUNDS, ("redBound",), id="a bad target"),
        pytest.param(builders.kpi(targets=(UPTIME, UPTIME)), Code.INVALID, ("targets",), id="two targets on a day"),
    ],
)
def test_an_unsound_kpi_is_refused_at_its_field(kpi: Kpi, code: Code, field: tuple[str, ...]) -> None:
    with pytest.raises(Refusal) as refused:
        kpis.check(kpi)
    assert (refused.value.code, refused.value.field) == (code, field)


def _tree(**parents: str | None) -> dict[str, Kpi]:
    return {key: builders.kpi(key, parent=parent) for key, parent in parents.items()}


def test_a_kpi_may_drive_one_that_others_drive_too() -> None:
    known = _tree(revenue=None, traffic="revenue", conversion="revenue")
    kpis.check_parent(known, builders.kpi("conversion", parent="traffic"))
    kpis.check_parent(known, builders.kpi("new", parent=None))


@pytest.mark.parametrize(
    ("known", "parent", "code"),
    [
        pytest.param(_tree(revenue=None), "nobody", Code.NOT_FOUND, id="unknown"),
        pytest.param(_tree(new=None), "new", Code.WOULD_CYCLE, id="itself"),
        pytest.param(_tree(a="b", b="new", new=None), "a", Code.WOULD_CYCLE, id="by way of others"),
        pytest.param(_tree(a="b", b="a"), "a", Code.WOULD_CYCLE, id="into a circle that an import left"),
    ],
)
def test_a_kpi_cannot_drive_itself_or_nothing(known: dict[str, Kpi], parent: str, code: Code) -> None:
    with pytest.raises(Refusal) as refused:
        kpis.check_parent(known, builders.kpi("new", parent=parent))
    assert (refused.value.code, refused.value.field) == (code, ("parent",))


@given(
    st.sampled_from(Period), st.dates(date(1990, 1, 1), date(2100, 12, 31)), st.integers(0, 60), st.integers(-40, 80)
)
def test_the_first_open_period_is_the_oldest_that_may_still_get_data(
    period: Period, today: date, late_days: int, offset: int
) -> None:
    watched = builders.kpi(period=period, late_days=late_days)
    start = periods.start(period, today - timedelta(days=offset))
    over = periods.end(period, start) + timedelta(days=late_days) < today
    assert over is (start < kpis.first_open(watched, today))


OLD, NEW = target(95, 85, valid_from=date(2026, 1, 1)), target(99, 95, valid_from=date(2026, 7, 15))


@pytest.mark.parametrize(
    ("day", "in_force"),
    [
        (date(2025, 12, 31), None),
        (date(2026, 1, 1), OLD),
        (date(2026, 7, 14), OLD),
        (date(2026, 7, 15), NEW),
        (date(2030, 1, 1), NEW),
    ],
)
def test_a_target_holds_from_its_day_until_the_next(day: date, in_force: Target | None) -> None:
    assert kpis.target_on(builders.kpi(targets=(OLD, NEW)), day) == in_force


@pytest.mark.parametrize(
    ("period", "judged_by"),
    [
        pytest.param(date(2025, 11, 1), None, id="before the first target"),
        pytest.param(date(2025, 12, 1), OLD, id="the first target begins within it"),
        pytest.param(date(2026, 7, 1), OLD, id="a target that changes within it"),
        pytest.param(date(2026, 8, 1), NEW, id="after the change"),
    ],
)
def test_a_period_is_judged_by_the_target_of_its_first_day(period: date, judged_by: Target | None) -> None:
    watched = builders.kpi(targets=(replace(OLD, valid_from=date(2025, 12, 10)), NEW))
    expected = replace(OLD, valid_from=date(2025, 12, 10)) if judged_by is OLD else judged_by
    assert kpis.target_of(watched, period) == expected


@pytest.mark.parametrize(
    ("how", "value"),
    [
        (Reduce.LAST, "3"),
        (Reduce.AVG, "2.333333333333333333333333333333333"),
        (Reduce.SUM, "7"),
        (Reduce.MIN, "1"),
        (Reduce.MAX, "3"),
    ],
)
def test_several_samples_become_one_reading(how: Reduce, value: str) -> None:
    watched = builders.kpi(reduce=how)
    reading: Reading | None = None
    days = [sample("3", date(2026, 8, 20)), sample("1", date(2026, 8, 3)), sample("3", date(2026, 8, 12))]
    for one in days:
        reading = kpis.take(watched, reading, one, date(2026, 8, 31))
    assert reading == Reading(
        kpi="kpi_uptime", period=date(2026, 8, 1), value=Decimal(value), samples=(days[1], days[2], days[0])
    )


def test_a_sum_of_long_numbers_keeps_34_digits() -> None:
    long = sample("999999999999999.9999999999999999998", date(2026, 8, 1))
    other = sample("0.0000000000000000001", date(2026, 8, 2))
    assert kpis.reduce(Reduce.SUM, (long, other)) == Decimal("999999999999999.9999999999999999999")


def test_a_repeated_sample_gives_back_the_reading_itself() -> None:
    watched, today = builders.kpi(), date(2026, 8, 15)
    reading = kpis.take(watched, None, sample("98", today), today)
    again = kpis.take(
        watched, reading, sample("98.0", today, at=builders.NOW + timedelta(hours=1), by="per_tam"), today
    )
    assert again is reading


def test_a_later_sample_for_a_day_corrects_it_and_an_earlier_one_does_not() -> None:
    watched, today = builders.kpi(), date(2026, 8, 15)
    first = kpis.take(watched, None, sample("98", today), today)
    correction = sample("97", today, at=builders.NOW + timedelta(hours=1))
    corrected = kpis.take(watched, first, correction, today)
    assert corrected == Reading(kpi="kpi_uptime", period=date(2026, 8, 1), value=Decimal(97), samples=(correction,))
    assert kpis.take(watched, corrected, sample("96", today), today) is corrected
    in_one_breath = kpis.take(watched, corrected, replace(correction, value=Decimal(95)), today)
    assert in_one_breath.value == Decimal(95)


@pytest.mark.parametrize(
    ("value", "day", "code", "field"),
    [
        ("98", date(2026, 8, 16), Code.IN_FUTURE, "period"),
        ("98", date(1, 1, 1), Code.INVALID, "period"),
        ("NaN", date(2026, 8, 15), Code.NOT_FINITE, "value"),
        ("1E15", date(2026, 8, 15), Code.INVALID, "value"),
    ],
)
def test_a_sample_of_no_day_or_number_is_refused(value: str, day: date, code: Code, field: str) -> None:
    with pytest.raises(Refusal) as refused:
        kpis.take(builders.kpi(), None, sample(value, day), date(2026, 8, 15))
    assert (refused.value.code, refused.value.field) == (code, (field,))


def test_a_target_is_followed_by_a_newer_one_and_stays_on_file() -> None:
    watched = builders.kpi(targets=(OLD,))
    assert kpis.follow(watched, NEW) == replace(watched, targets=(OLD, NEW))
    assert kpis.follow(builders.kpi(), OLD).targets == (OLD,)


@pytest.mark.parametrize("valid_from", [OLD.valid_from, OLD.valid_from - timedelta(days=1)])
def test_a_target_on_file_is_never_rewritten(valid_from: date) -> None:
    with pytest.raises(Refusal) as refused:
        kpis.follow(builders.kpi(targets=(OLD,)), replace(NEW, valid_from=valid_from))
    assert (refused.value.code, refused.value.field) == (Code.CONFLICT, ("validFrom",))


@pytest.mark.parametrize(("direction", "before", "after", "eased"), EASED)
def test_loosening_takes_a_reason_and_an_approver(
    direction: Direction, before: Target, after: Target, eased: tuple[str, ...]
) -> None:
    watched = builders.kpi(direction=direction, targets=(before,))
    later = replace(after, valid_from=date(2026, 10, 1))
    for unsigned in (later, replace(later, reason="New law"), replace(later, reason=" ", approver="per_ceo")):
        with pytest.raises(Refusal) as refused:
            kpis.follow(watched, unsigned)
        assert refused.value.code is Code.WOULD_LOOSEN
        assert all(word in refused.value.message for word in eased)
    signed = replace(later, reason="New law", approver="per_ceo")
    assert kpis.follow(watched, signed).targets == (before, signed)


@pytest.mark.parametrize(("direction", "before", "after"), TIGHTENED)
def test_tightening_takes_no_reason(direction: Direction, before: Target, after: Target) -> None:
    watched = builders.kpi(direction=direction, targets=(before,))
    assert kpis.follow(watched, replace(after, valid_from=date(2026, 10, 1))).targets[0] == before


def test_a_target_is_checked_before_it_follows() -> None:
    with pytest.raises(Refusal) as refused:
        kpis.follow(builders.kpi(), target(95, 99))
    assert refused.value.code is Code.WRONG_BOUNDS


@given(numbers, numbers, numbers, numbers)
def test_whatever_follows_without_a_reason_is_no_looser(t: Decimal, r: Decimal, u: Decimal, s: Decimal) -> None:
    assume(r <= t and s <= u)
    watched = builders.kpi(targets=(target(t, r),))
    try:
        after = kpis.follow(watched, target(u, s, valid_from=date(2026, 10, 1)))
    except Refusal:
        assert u < t or s < r
    else:
        assert u >= t
        assert s >= r
        assert after.targets[0] == watched.targets[0]


AUGUST = builders.reading(98, date(2026, 8, 1))


@pytest.mark.parametrize(
    ("kpi", "today", "band", "missing"),
    [
        pytest.param(builders.kpi(latest=AUGUST), date(2026, 9, 1), UNKNOWN, 0, id="no target"),
        pytest.param(
            builders.kpi(targets=(UPTIME,), since=date(2026, 5, 1)), date(2026, 8, 31), UNKNOWN, 3, id="no reading"
        ),
        pytest.param(
            builders.kpi(targets=(UPTIME,), since=date(2026, 5, 2)),
            date(2026, 8, 31),
            UNKNOWN,
            2,
            id="born in a period",
        ),
        pytest.param(
            builders.kpi(targets=(UPTIME,), since=date(2026, 8, 2)), date(2026, 8, 31), UNKNOWN, 0, id="just born"
        ),
        pytest.param(
            builders.kpi(targets=(replace(UPTIME, valid_from=date(2026, 9, 2)),), latest=AUGUST),
            *(date(2026, 9, 1), UNKNOWN, 0),
            id="a target to come",
        ),
        pytest.param(builders.kpi(targets=(UPTIME,), latest=AUGUST), date(2026, 8, 15), AMBER, 0, id="the present one"),
        pytest.param(builders.kpi(targets=(UPTIME,), latest=AUGUST), date(2026, 9, 30), AMBER, 0, id="the last one"),
        pytest.param(builders.kpi(targets=(UPTIME,), latest=AUGUST), date(2026, 10, 31), AMBER, 1, id="one missing"),
        pytest.param(builders.kpi(targets=(UPTIME,), latest=AUGUST), date(2026, 11, 1), STALE, 2, id="two missing"),
        pytest.param(
            builders.kpi(targets=(UPTIME,), latest=AUGUST, late_days=5), date(2026, 11, 5), AMBER, 1, id="still awaited"
        ),
        pytest.param(
            builders.kpi(targets=(UPTIME,), latest=AUGUST, late_days=5),
            date(2026, 11, 6),
            STALE,
            2,
            id="no more awaited",
        ),
        pytest.param(
            builders.kpi(targets=(UPTIME, target("97.5", 95, valid_from=date(2026, 9, 1))), latest=AUGUST),
            *(date(2026, 9, 1), GREEN, 0),
            id="against the target of today",
        ),
    ],
)
def test_a_kpi_stands_where_its_newest_reading_does_until_it_goes_stale(
    kpi: Kpi, today: date, band: Band, missing: int
) -> None:
    assert (kpis.standing(kpi, today), kpis.missing_periods(kpi, today)) == (band, missing)
