"""Promotion: what may become a standard, which one, and that it never slides back by itself."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from okr import promotion
from okr import target as targets
from okr.errors import Code, Refusal
from okr.goal import CheckIn, KeyResult, KeyResultType, Origin, RollUp
from okr.kpi import Kpi, Sample
from okr.number import Direction
from okr.period import Period
from okr.promotion import Draft
from okr.snapshot import Entity, Snapshot
from okr.target import Provenance, Target
from okr.text import Text
from tests.okr import builders
from tests.okr.builders import Number, target

AFTER = datetime(2026, 10, 2, 9, tzinfo=UTC)
Q4 = date(2026, 10, 1)
ORIGIN = Origin(recommendation="rec_1", policy="kpi_breach", episode="kpi_uptime:2026-05-01")


def said(*values: Number | None) -> tuple[CheckIn, ...]:
    """Check-ins on the Fridays that end with 25 September."""
    first = 25 - 7 * (len(values) - 1)
    days = [datetime(2026, 9, first + 7 * n, 10, tzinfo=UTC) for n in range(len(values))]
    return tuple(builders.check_in(value, at=at) for value, at in zip(values, days, strict=True))


def achieved(*values: Number, start: Number = 50, target: Number = 99, measures: str | None = None) -> KeyResult:
    return builders.key_result(
        type=KeyResultType.PERCENT,
        start=start,
        target=target,
        measures=measures,
        owner="per_tam",
        check_ins=said(*(values or (98, 99, 99))),
    )


def kept(*values: Number, low: Number | None = None, high: Number | None = None) -> KeyResult:
    return builders.key_result(type=KeyResultType.MAINTAIN, low=low, high=high, check_ins=said(*values))


def picture(*entities: Entity) -> Snapshot:
    return builders.snapshot(builders.objective(origin=ORIGIN), *entities, as_of=AFTER)


def source(key_result: KeyResult, episode: str | None = "kpi_uptime:2026-05-01") -> Provenance:
    return Provenance(
        key_result=key_result.key,
        objective="obj_reliable",
        cycle="cyc_q3",
        check_ins=tuple(entry.key for entry in key_result.check_ins),
        policy="promote_key_result",
        policy_version=3,
        episode=episode,
        proposer="policy:promote_key_result",
        approver="per_lan",
    )


def promoted(key_result: KeyResult, *entities: Entity, draft: Draft | None = None) -> Kpi:
    snapshot = picture(key_result, *entities)
    draft = draft or promotion.propose(snapshot, key_result)
    return promotion.promote(snapshot, key_result, draft, source(key_result), Q4)


@pytest.mark.parametrize(
    "key_result",
    [
        pytest.param(achieved(60, 99, "99.5"), id="reached and held"),
        pytest.param(achieved("2.5", "2.4", start="2.8", target="2.5"), id="a falling one"),
        pytest.param(kept(85, 91, 90, low=90), id="kept above"),
        pytest.param(kept(4, 5, high=5), id="kept below"),
        pytest.param(kept(70, 85, low=70, high=85), id="kept in a range"),
    ],
)
def test_what_is_achieved_and_held_may_be_promoted(key_result: KeyResult) -> None:
    snapshot = picture(key_result)
    assert promotion.objection(snapshot, key_result) is None
    assert promotion.eligible(snapshot, key_result)


RANGE_KPI = builders.kpi(direction=Direction.RANGE, measure="", targets=(target(low=10, high=20),))


@pytest.mark.parametrize(
    ("key_result", "because"),
    [
        pytest.param(
            builders.key_result(type=KeyResultType.BOOLEAN, check_ins=said(1, 1)), "choose a measure", id="boolean"
        ),
        pytest.param(
            builders.key_result(type=KeyResultType.MILESTONE, milestones=(builders.milestone(done=True),)),
            "choose a measure",
            id="milestone",
        ),
        pytest.param(replace(achieved(), cancelled=True), "cancelled", id="cancelled"),
        pytest.param(builders.key_result(roll_up=RollUp.VALUE_SUM), "that it adds up", id="a sum"),
        pytest.param(achieved(99, 99, start=99), "maintain", id="no way from start to target"),
        pytest.param(builders.key_result(), "check-ins", id="no check-in"),
        pytest.param(achieved(99), "check-ins", id="one check-in"),
        pytest.param(achieved(99, 99, "98.9"), "check-ins", id="slipped at the end"),
        pytest.param(achieved(98, 99), "check-ins", id="a one-day spike"),
        pytest.param(builders.key_result(check_ins=said(100, None)), "check-ins", id="nothing said the last time"),
        pytest.param(kept(90, 89, low=90), "check-ins", id="out of the band at the end"),
        pytest.param(kept(5, 6, high=5), "check-ins", id="above the band at the end"),
        pytest.param(achieved(measures="kpi_pit_stop"), "lower", id="the KPI falls, the key result rises"),
        pytest.param(achieved(measures="kpi_uptime"), '"%"', id="another unit"),
        pytest.param(
            replace(kept(25, 26, low=20, high=30), measures="kpi_range"), "do not overlap", id="bands that do not meet"
        ),
    ],
)
def test_what_cannot_be_a_standard_is_told_so_and_what_to_do(key_result: KeyResult, because: str) -> None:
    snapshot = picture(
        key_result,
        builders.kpi("kpi_pit_stop", direction=Direction.LOWER),
        builders.kpi("kpi_uptime", measure="minutes"),
        replace(RANGE_KPI, key="kpi_range"),
    )
    reason = promotion.objection(snapshot, key_result)
    assert reason
    assert reason.code is Code.NOT_PROMOTABLE
    assert because in reason.message
    assert not promotion.eligible(snapshot, key_result)
    with pytest.raises(Refusal, match=because):
        promotion.propose(snapshot, key_result)


def test_a_check_in_that_is_still_to_come_holds_nothing() -> None:
    key_result = achieved(98, 99, 99)
    before = picture(key_result).seen_at(datetime(2026, 9, 24, tzinfo=UTC))
    assert promotion.eligible(picture(key_result), key_result)
    assert not promotion.eligible(before, key_result)


@pytest.mark.parametrize(
    ("key_result", "expected"),
    [
        pytest.param(achieved(), target(99, "94.1", baseline=99), id="hospital"),
        pytest.param(
            achieved("2.5", "2.5", start="2.8", target="2.5"), target("2.5", "2.53", baseline="2.5"), id="pit stop"
        ),
        pytest.param(achieved(8, 8, start=6, target=8), target(8, "7.8", baseline=8), id="NPS"),
        pytest.param(kept(91, 92, low=90), target(90, 90, baseline=90), id="kept above"),
        pytest.param(kept(4, 4, high=5), target(5, 5, baseline=5), id="kept below"),
        pytest.param(
            kept(75, 75, low=70, high=85),
            target(low=70, high=85, outer_low="68.5", outer_high="86.5"),
            id="kept in a range",
        ),
    ],
)
def test_red_begins_a_tenth_of_the_way_short_of_the_target(key_result: KeyResult, expected: Target) -> None:
    draft = promotion.propose(picture(key_result), key_result)
    assert draft.target == replace(expected, valid_from=Q4, fresh=True)


def test_a_proposal_for_a_new_kpi_speaks_of_the_key_results_team() -> None:
    key_result = achieved()
    team = builders.unit("unit_it", parent="unit_acme")
    snapshot = picture(key_result, builders.unit(), team, builders.objective(unit="unit_it"))
    draft = promotion.propose(snapshot, key_result)
    assert draft == Draft(
        key_result="kr_uptime",
        kpi=draft.kpi,
        name=Text(original="Uptime from 50 % to 99 %"),
        unit="unit_it",
        measure="%",
        direction=Direction.HIGHER,
        period=Period.MONTH,
        reporter="per_tam",
        target=target(99, "94.1", baseline=99, valid_from=Q4, fresh=True),
    )


def test_without_an_owner_the_objectives_owner_reports() -> None:
    key_result = replace(achieved(), owner=None)
    snapshot = picture(key_result, builders.objective(owner="per_lan"))
    assert promotion.propose(snapshot, key_result).reporter == "per_lan"


def test_a_key_result_without_a_kpi_becomes_a_new_one() -> None:
    key_result = achieved()
    draft = promotion.propose(picture(key_result), key_result)
    assert promoted(key_result) == Kpi(
        key=draft.kpi,
        name=Text(original="Uptime from 50 % to 99 %"),
        unit="unit_acme",
        measure="%",
        direction=Direction.HIGHER,
        reporter="per_tam",
        accountable="unit_acme",
        targets=(replace(draft.target, provenance=source(key_result)),),
        since=Q4,
    )


def test_an_edited_draft_counts_but_its_baseline_and_freshness_do_not() -> None:
    key_result = achieved()
    draft = promotion.propose(picture(key_result), key_result)
    edited = replace(draft.target, red_bound=Decimal(97), baseline=None, fresh=False)
    made = promoted(key_result, draft=replace(draft, name=Text(original="Uptime"), target=edited, period=Period.WEEK))
    assert (made.name.original, made.period) == ("Uptime", Period.WEEK)
    assert made.targets == (target(99, 97, baseline=99, valid_from=Q4, fresh=True, provenance=source(key_result)),)


@pytest.mark.parametrize("measures", [None, "kpi_uptime"])
def test_a_draft_with_its_bounds_mixed_up_is_refused(measures: str | None) -> None:
    key_result = achieved(measures=measures)
    uptime = builders.kpi(targets=(target(90, 80),))
    draft = promotion.propose(picture(key_result, uptime), key_result)
    mixed_up = replace(draft, target=replace(draft.target, red_bound=Decimal("99.5")))
    with pytest.raises(Refusal) as refused:
        promoted(key_result, uptime, draft=mixed_up)
    assert refused.value.code is Code.WRONG_BOUNDS


@pytest.mark.parametrize(
    ("old", "expected"),
    [
        pytest.param(target(95, 90), target(99, "94.1", baseline=99), id="looser, all tighten"),
        pytest.param(target("99.9", 99), target("99.9", 99, baseline=99), id="tighter, the floor is won"),
        pytest.param(
            target("99.9", 90, baseline="99.5"),
            target("99.9", "94.1", baseline="99.5"),
            id="a higher floor already won",
        ),
        pytest.param(
            target(95, 90, recovery=92), target(99, "94.1", baseline=99), id="the recovery moves to the target"
        ),
    ],
)
def test_a_measured_kpi_gets_the_tighter_of_each_bound(old: Target, expected: Target) -> None:
    key_result = achieved(measures="kpi_uptime")
    kpi = builders.kpi(targets=(old,))
    new = replace(expected, valid_from=Q4, fresh=True)
    assert promotion.propose(picture(key_result, kpi), key_result).target == new
    assert promoted(key_result, kpi) == replace(kpi, targets=(old, replace(new, provenance=source(key_result))))


def test_a_recovery_in_the_draft_is_no_easier_than_the_old_one() -> None:
    key_result, kpi = achieved(measures="kpi_uptime"), builders.kpi(targets=(target(98, 90, recovery=97),))
    draft = promotion.propose(picture(key_result, kpi), key_result)
    easier = replace(draft, target=replace(draft.target, recovery=Decimal("94.5")))
    assert promoted(key_result, kpi, draft=easier).targets[-1].recovery == Decimal(97)


def test_a_falling_kpi_gets_the_lower_of_each_bound() -> None:
    key_result = replace(achieved("2.4", "2.5", start="2.8", target="2.5", measures="kpi_uptime"), measure="s")
    kpi = builders.kpi(measure="s", direction=Direction.LOWER, targets=(target("2.6", "2.7", baseline="2.9"),))
    assert promoted(key_result, kpi).targets[-1] == target(
        "2.5", "2.53", baseline="2.5", valid_from=Q4, fresh=True, provenance=source(key_result)
    )


def test_a_range_only_narrows() -> None:
    key_result = replace(kept(15, 15, low=12, high=22), measures="kpi_uptime")
    assert promoted(key_result, RANGE_KPI).targets[-1] == target(
        low=12, high=20, outer_low=11, outer_high=20, valid_from=Q4, fresh=True, provenance=source(key_result)
    )


def test_a_measured_kpi_without_a_target_gets_its_first_one() -> None:
    key_result = achieved(measures="kpi_uptime")
    assert promoted(key_result, builders.kpi()).targets == (
        target(99, "94.1", baseline=99, valid_from=Q4, fresh=True, provenance=source(key_result)),
    )


def test_two_key_results_of_a_cycle_may_raise_the_same_kpi() -> None:
    first, second = achieved(measures="kpi_uptime"), replace(achieved(measures="kpi_uptime"), key="kr_second")
    kpi = promoted(first, builders.kpi())
    kpi = promoted(second, kpi)
    assert [(t.valid_from, t.provenance and t.provenance.key_result) for t in kpi.targets] == [
        (Q4, "kr_uptime"),
        (date(2026, 10, 2), "kr_second"),
    ]


@pytest.mark.parametrize("measures", [None, "kpi_uptime"])
def test_promoting_twice_gives_the_same_kpi(measures: str | None) -> None:
    key_result, kpi = achieved(measures=measures), builders.kpi()
    snapshot = picture(key_result, kpi)
    draft = promotion.propose(snapshot, key_result)
    assert promotion.promoted(snapshot, key_result) is None
    once = promotion.promote(snapshot, key_result, draft, source(key_result), Q4)
    for after in (key_result, replace(key_result, promoted_to=once.key)):
        later = snapshot.with_(once, after)
        assert promotion.promoted(later, after) is once
        assert promotion.promote(later, after, draft, source(key_result), Q4) is once


def test_a_promotion_needs_what_a_proposal_needs() -> None:
    key_result = achieved()
    draft = promotion.propose(picture(key_result), key_result)
    slipped = replace(key_result, check_ins=said(99, 98))
    with pytest.raises(Refusal) as refused:
        promoted(slipped, draft=draft)
    assert refused.value.code is Code.NOT_PROMOTABLE


@pytest.mark.parametrize("origin", [None, ORIGIN])
def test_a_standard_knows_where_it_comes_from(origin: Origin | None) -> None:
    key_result = achieved()
    snapshot = picture(key_result, builders.objective(origin=origin))
    found = promotion.provenance(
        snapshot,
        key_result,
        policy="promote_key_result",
        policy_version=3,
        proposer="policy:promote_key_result",
        approver="per_lan",
    )
    assert found == source(key_result, origin.episode if origin else None)


def test_the_check_ins_seed_the_series_with_the_last_word_of_each_local_day() -> None:
    night, morning, evening = (datetime(2026, 9, day, hour, tzinfo=UTC) for day, hour in ((24, 18), (25, 9), (25, 17)))
    entries = tuple(builders.check_in(value, at=at) for value, at in ((98, night), (99, morning), (None, morning)))
    key_result = builders.key_result(check_ins=(*entries, builders.check_in("99.5", at=evening)))
    snapshot = picture(key_result, builders.unit(zone="Asia/Ho_Chi_Minh"))
    assert promotion.seed(snapshot, key_result) == (
        Sample(day=date(2026, 9, 25), value=Decimal(99), at=morning, by="per_lan"),
        Sample(day=date(2026, 9, 26), value=Decimal("99.5"), at=evening, by="per_lan"),
    )


@pytest.mark.parametrize(
    ("kpi", "asked", "expected"),
    [
        pytest.param(None, {"target": "99.5"}, ("99.5", "94.1"), id="a new KPI aims higher"),
        pytest.param(None, {"red_bound": 80}, (99, 80), id="the first red bound is free"),
        pytest.param(target(95, 90), {"red_bound": 92}, (99, 92), id="a red bound no looser than the KPI's"),
        pytest.param(target(95), {"red_bound": 95}, (99, 95), id="a KPI without amber"),
        pytest.param(target("99.9", 90), {"target": 100, "red_bound": 98}, (100, 98), id="both are tightened"),
        pytest.param(target(95, 90), {}, (99, "94.1"), id="nothing is edited"),
    ],
)
def test_a_promotion_may_be_tightened(
    kpi: Target | None, asked: dict[str, Number], expected: tuple[Number, Number]
) -> None:
    key_result = achieved(measures="kpi_uptime" if kpi else None)
    snapshot = picture(key_result, *([builders.kpi(targets=(kpi,))] if kpi else []))
    draft = promotion.propose(snapshot, key_result)
    given = {name: Decimal(value) for name, value in asked.items()}
    edited = promotion.amended(snapshot, draft, **given)
    assert (edited.target.target, edited.target.red_bound) == tuple(map(Decimal, expected))
    made = promotion.promote(snapshot, key_result, edited, source(key_result), Q4).targets[-1]
    assert (made.target, made.red_bound, made.baseline) == (*map(Decimal, expected), Decimal(99))


@pytest.mark.parametrize(
    ("kpi", "asked", "field", "because"),
    [
        pytest.param(None, {"target": 98}, "target", "target 98 is looser than 99", id="short of what was achieved"),
        pytest.param(
            target("99.9", 90), {"target": "99.5"}, "target", "target 99.5 is looser than 99.9", id="short of the KPI's"
        ),
        pytest.param(
            target(95, 90), {"red_bound": 89}, "redBound", "red bound 89 is looser than 90", id="red begins later"
        ),
        pytest.param(
            target(95), {"red_bound": 94}, "redBound", "red bound 94 is looser than 95", id="amber where there was none"
        ),
    ],
)
def test_a_promotion_is_not_loosened_in_passing(
    kpi: Target | None, asked: dict[str, Number], field: str, because: str
) -> None:
    key_result = achieved(measures="kpi_uptime" if kpi else None)
    snapshot = picture(key_result, *([builders.kpi(targets=(kpi,))] if kpi else []))
    draft = promotion.propose(snapshot, key_result)
    with pytest.raises(Refusal) as refused:
        promotion.amended(snapshot, draft, **{name: Decimal(value) for name, value in asked.items()})
    assert (refused.value.code, refused.value.field) == (Code.WOULD_LOOSEN, (field,))
    assert because in refused.value.message
    assert refused.value.message.endswith("then loosen it by updateKpi with a reason.")


def test_an_edited_bound_has_to_be_one() -> None:
    key_result, band = achieved(), kept(3, 3, low=2, high=4)
    for result, asked in ((key_result, {"red_bound": Decimal(100)}), (band, {"red_bound": Decimal(1)})):
        snapshot = picture(result)
        with pytest.raises(Refusal) as refused:
            promotion.amended(snapshot, promotion.propose(snapshot, result), **asked)
        assert (refused.value.code, refused.value.field) == (Code.WRONG_BOUNDS, ("redBound",))


numbers = st.decimals(0, 100, places=1)


@given(numbers, numbers, st.none() | numbers, numbers, numbers)
def test_no_promotion_ever_loosens(
    old: Decimal, red: Decimal, floor: Decimal | None, start: Decimal, goal: Decimal
) -> None:
    assume(start != goal)
    sign = -1 if goal < start else 1
    direction = Direction.LOWER if goal < start else Direction.HIGHER
    order = sorted((sign * old, sign * red))
    won = None if floor is None else sign * min(order[1], sign * floor)
    before = target(sign * order[1], sign * order[0], baseline=won)
    kpi = builders.kpi(direction=direction, targets=(before,))
    key_result = achieved(goal, goal, start=start, target=goal, measures="kpi_uptime")
    after = promoted(key_result, kpi).targets[-1]
    assert targets.loosened(before, after, direction) == ()
    assert after.baseline is not None
    assert sign * after.baseline >= sign * goal
