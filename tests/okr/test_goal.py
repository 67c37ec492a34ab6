"""Goals: what may be written, and what counts against a limit."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from okr import goal
from okr.cycle import CycleKind
from okr.errors import Code, Refusal
from okr.goal import Contribution, KeyResult, KeyResultType, Objective, ObjectiveState, RollUp
from okr.number import Direction
from tests.okr.builders import cycle, final, key_result, milestone, objective, snapshot, unit

NAN, INF = Decimal("NaN"), Decimal("Infinity")


@pytest.mark.parametrize(
    "written",
    [
        pytest.param(key_result(start=50, target=99), id="number"),
        pytest.param(key_result(start="2.8", target="2.5", measure="s", direction=Direction.LOWER), id="pit stop"),
        pytest.param(key_result(type=KeyResultType.PERCENT, start=0, target=100), id="percent"),
        pytest.param(key_result(type=KeyResultType.CURRENCY, start=0, target="1e9", measure="VND"), id="currency"),
        pytest.param(key_result(type=KeyResultType.BOOLEAN), id="boolean"),
        pytest.param(
            key_result(type=KeyResultType.MILESTONE, milestones=(milestone(weight=0), milestone())), id="milestones"
        ),
        pytest.param(key_result(type=KeyResultType.MAINTAIN, low=95), id="maintain at least"),
        pytest.param(key_result(type=KeyResultType.MAINTAIN, high=2, direction=Direction.LOWER), id="maintain at most"),
        pytest.param(key_result(type=KeyResultType.MAINTAIN, low=5, high=7), id="maintain in a range"),
        pytest.param(key_result(weight=0), id="shown, not counted"),
        pytest.param(key_result(roll_up=RollUp.VALUE_SUM), id="a sum of numbers"),
        pytest.param(key_result(type=KeyResultType.CURRENCY, roll_up=RollUp.VALUE_SUM), id="a sum of money"),
    ],
)
def test_a_key_result_that_can_be_measured_is_accepted(written: KeyResult) -> None:
    goal.check_key_result(written)
    assert goal.imported(written) is written


MAINTAIN, MILESTONE = KeyResultType.MAINTAIN, KeyResultType.MILESTONE
BOOLEAN, PERCENT, CURRENCY = KeyResultType.BOOLEAN, KeyResultType.PERCENT, KeyResultType.CURRENCY


@pytest.mark.parametrize(
    ("written", "code", "field"),
    [
        pytest.param(key_result(start=5, target=5), Code.START_EQUALS_TARGET, "target", id="start equals target"),
        pytest.param(
            key_result(start="5.0", target="5.00"), Code.START_EQUALS_TARGET, "target", id="equal, written differently"
        ),
        pytest.param(
            key_result(start=5, target=9, direction=Direction.LOWER), Code.WRONG_DIRECTION, "direction", id="not lower"
        ),
        pytest.param(
            key_result(start=9, target=5, direction=Direction.HIGHER),
            Code.WRONG_DIRECTION,
            "direction",
            id="not higher",
        ),
        pytest.param(key_result(direction=Direction.RANGE), Code.WRONG_DIRECTION, "direction", id="a range is held"),
        pytest.param(key_result(type=PERCENT, start=-1), Code.WRONG_UNIT, "start", id="below 0 %"),
        pytest.param(key_result(type=PERCENT, target=101), Code.WRONG_UNIT, "target", id="above 100 %"),
        pytest.param(
            key_result(type=PERCENT, measure="points"), Code.WRONG_UNIT, "measure", id="a percentage in points"
        ),
        pytest.param(key_result(type=CURRENCY, measure="euro"), Code.WRONG_UNIT, "measure", id="no currency code"),
        pytest.param(key_result(target=NAN), Code.NOT_FINITE, "target", id="target not a number"),
        pytest.param(key_result(start=INF), Code.NOT_FINITE, "start", id="start infinite"),
        pytest.param(key_result(type=MAINTAIN, low=NAN), Code.NOT_FINITE, "low", id="bound not a number"),
        pytest.param(key_result(weight=NAN), Code.NOT_FINITE, "weight", id="weight not a number"),
        pytest.param(key_result(weight=-1), Code.INVALID, "weight", id="negative weight"),
        pytest.param(key_result(measure="x" * 41), Code.TOO_LONG, "measure", id="measure too long"),
        pytest.param(key_result(since=date(1, 1, 1)), Code.INVALID, "since", id="long ago"),
        pytest.param(replace(key_result(), start=None), Code.INVALID, "start", id="no start"),
        pytest.param(replace(key_result(), target=None), Code.INVALID, "target", id="no target"),
        pytest.param(key_result(low=1), Code.INVALID, "low", id="a number with a bound"),
        pytest.param(key_result(milestones=(milestone(),)), Code.INVALID, "milestones", id="a number with milestones"),
        pytest.param(key_result(type=BOOLEAN, target=1), Code.INVALID, "target", id="a boolean with a target"),
        pytest.param(
            key_result(type=BOOLEAN, direction=Direction.HIGHER), Code.INVALID, "direction", id="a boolean's direction"
        ),
        pytest.param(key_result(type=MAINTAIN, low=1, start=1), Code.INVALID, "start", id="maintain with a start"),
        pytest.param(key_result(type=MAINTAIN), Code.WRONG_BOUNDS, "low", id="maintain without a bound"),
        pytest.param(
            key_result(type=MAINTAIN, low=7, high=7), Code.WRONG_BOUNDS, "low", id="maintain in an empty band"
        ),
        pytest.param(
            key_result(type=MAINTAIN, low=7, direction=Direction.LOWER),
            Code.WRONG_DIRECTION,
            "direction",
            id="at least",
        ),
        pytest.param(key_result(type=MILESTONE), Code.INVALID, "milestones", id="no milestones"),
        pytest.param(
            key_result(type=MILESTONE, milestones=(milestone(weight=0), milestone(cancelled=True))),
            Code.INVALID,
            "milestones",
            id="milestones without weight",
        ),
        pytest.param(
            key_result(type=MILESTONE, milestones=(milestone(),) * 101),
            Code.TOO_LONG,
            "milestones",
            id="101 milestones",
        ),
        pytest.param(
            key_result(type=MILESTONE, milestones=(milestone(), milestone(weight=-1))),
            Code.INVALID,
            "milestones.1.weight",
            id="negative milestone",
        ),
    ],
)
def test_a_key_result_that_cannot_be_measured_is_refused(written: KeyResult, code: Code, field: str) -> None:
    with pytest.raises(Refusal) as refused:
        goal.check_key_result(written)
    assert (refused.value.code, ".".join(refused.value.field)) == (code, field)


@pytest.mark.parametrize(
    "written",
    [
        pytest.param(key_result(type=PERCENT), id="percent"),
        pytest.param(key_result(measure="%"), id="a number of percent"),
        pytest.param(key_result(type=BOOLEAN), id="boolean"),
        pytest.param(key_result(type=MILESTONE, milestones=(milestone(),)), id="milestones"),
        pytest.param(key_result(type=MAINTAIN, low=95), id="maintain"),
    ],
)
def test_what_does_not_add_up_is_no_sum(written: KeyResult) -> None:
    goal.check_key_result(written)
    with pytest.raises(Refusal) as refused:
        goal.check_key_result(replace(written, roll_up=RollUp.VALUE_SUM))
    assert (refused.value.code, refused.value.field) == (Code.INVALID, ("rollUp",))


def test_a_start_that_equals_its_target_is_refused_with_advice_and_imported_without() -> None:
    level = key_result(start=5, target=5, direction=Direction.LOWER)
    with pytest.raises(Refusal, match="MAINTAIN"):
        goal.check_key_result(level)
    assert goal.imported(level) is level


def test_an_import_is_lenient_with_nothing_else() -> None:
    with pytest.raises(Refusal) as refused:
        goal.imported(key_result(start=5, target=9, direction=Direction.LOWER))
    assert refused.value.code is Code.WRONG_DIRECTION


@pytest.mark.parametrize(
    ("written", "direction"),
    [
        pytest.param(key_result(start=1, target=2), Direction.HIGHER, id="up"),
        pytest.param(key_result(start=2, target=1), Direction.LOWER, id="down"),
        pytest.param(key_result(start=1, target=1), Direction.HIGHER, id="nowhere"),
        pytest.param(key_result(start=1, target=1, direction=Direction.LOWER), Direction.LOWER, id="as declared"),
        pytest.param(key_result(type=MAINTAIN, low=1), Direction.HIGHER, id="at least"),
        pytest.param(key_result(type=MAINTAIN, high=1), Direction.LOWER, id="at most"),
        pytest.param(key_result(type=MAINTAIN, low=1, high=2), Direction.RANGE, id="between"),
        pytest.param(key_result(type=BOOLEAN), Direction.HIGHER, id="boolean"),
    ],
)
def test_the_direction_is_as_declared_or_as_the_numbers_point(written: KeyResult, direction: Direction) -> None:
    assert goal.direction(written) is direction


def shares(*values: str) -> tuple[Contribution, ...]:
    return tuple(Contribution(to=f"obj_{at}", share=Decimal(value)) for at, value in enumerate(values))


@pytest.mark.parametrize(
    "written",
    [
        pytest.param(objective(), id="plain"),
        pytest.param(objective(contributes=shares("0.5", "0.5", "0")), id="shares that sum to 1"),
        pytest.param(objective(final=final(1)), id="closed with all"),
        pytest.param(objective(final=final(None)), id="closed without a score"),
        pytest.param(
            objective(supports="obj_1", depends_on=("obj_1",), addresses=("kpi_1",)), id="an edge of every kind"
        ),
    ],
)
def test_an_objective_without_contradictions_is_accepted(written: Objective) -> None:
    goal.check_objective(written)


@pytest.mark.parametrize(
    ("written", "code", "field"),
    [
        pytest.param(objective("obj_1", supports="obj_1"), Code.WOULD_CYCLE, "supports", id="its own parent"),
        pytest.param(objective("obj_1", depends_on=("obj_1",)), Code.WOULD_CYCLE, "dependsOn", id="waits for itself"),
        pytest.param(objective("obj_0", contributes=shares("0")), Code.WOULD_CYCLE, "contributes", id="its own share"),
        pytest.param(objective(addresses=("k", "k")), Code.DUPLICATE, "addresses", id="one KPI twice"),
        pytest.param(
            objective(addresses=tuple(f"kpi_{n}" for n in range(51))), Code.TOO_LONG, "addresses", id="51 KPIs"
        ),
        pytest.param(
            objective(supports="obj_0", contributes=shares("0")), Code.DUPLICATE, "contributes.0.to", id="supports too"
        ),
        pytest.param(
            objective(contributes=shares("0", "-0.1")), Code.INVALID, "contributes.1.share", id="negative share"
        ),
        pytest.param(objective(contributes=shares("1.1")), Code.INVALID, "contributes.0.share", id="share above 1"),
        pytest.param(objective(contributes=shares("NaN")), Code.NOT_FINITE, "contributes.0.share", id="share NaN"),
        pytest.param(objective(contributes=shares("0.6", "0.5")), Code.INVALID, "contributes", id="shares above 1"),
        pytest.param(objective(description="x" * 5_001), Code.TOO_LONG, "description", id="long description"),
        pytest.param(objective(since=date(9999, 1, 1)), Code.INVALID, "since", id="far future"),
        pytest.param(objective(final=final("1.1")), Code.INVALID, "progress", id="score above 1"),
        pytest.param(objective(final=final("NaN")), Code.NOT_FINITE, "progress", id="score NaN"),
        pytest.param(objective(final=final(1, note="x" * 5_001)), Code.TOO_LONG, "note", id="long note"),
    ],
)
def test_an_objective_that_contradicts_itself_is_refused(written: Objective, code: Code, field: str) -> None:
    with pytest.raises(Refusal) as refused:
        goal.check_objective(written)
    assert (refused.value.code, ".".join(refused.value.field)) == (code, field)


@pytest.mark.parametrize(
    ("state", "counts"),
    [
        (ObjectiveState.DRAFT, False),
        (ObjectiveState.PENDING_APPROVAL, True),
        (ObjectiveState.ACTIVE, True),
        (ObjectiveState.DEFERRED, False),
        (ObjectiveState.CLOSED, False),
        (ObjectiveState.CANCELLED, False),
    ],
)
def test_only_active_goals_and_those_awaiting_approval_count(state: ObjectiveState, counts: bool) -> None:
    each = objective(state=state)
    assert goal.counted(snapshot(each), "unit_acme", cycle()) == ((each,) if counts else ())


def test_a_unit_counts_its_own_goals_of_the_same_kind_of_cycle_that_share_a_day() -> None:
    quarters = (cycle(), cycle("cyc_q4", first=date(2026, 10, 1), last=date(2026, 12, 31)))
    shifted = cycle("cyc_shifted", first=date(2026, 9, 30), last=date(2026, 12, 29))
    year = cycle("cyc_year", kind=CycleKind.YEAR, first=date(2026, 1, 1), last=date(2026, 12, 31))
    mine = [objective(f"obj_{of}", cycle=of) for of in ("cyc_q3", "cyc_q4", "cyc_shifted", "cyc_year")]
    others = objective("obj_below", unit="unit_team")
    picture = snapshot(
        unit(),
        unit("unit_team", parent="unit_acme"),
        *quarters,
        shifted,
        year,
        *mine,
        others,
    )
    found = [each.key for each in goal.counted(picture, "unit_acme", quarters[0])]
    assert found == ["obj_cyc_q3", "obj_cyc_shifted"]
    assert [each.key for each in goal.counted(picture, "unit_acme", year)] == ["obj_cyc_year"]
    assert goal.counted(picture, "unit_team", quarters[0]) == (others,)
    assert goal.counted(picture, "unit_nobody", quarters[0]) == ()


def test_a_recovery_objective_counts_like_any_other() -> None:
    origin = goal.Origin(recommendation="rec_1", policy="kpi_breach", episode="kpi_uptime:2026-07-01")
    recovery = objective(origin=origin)
    assert goal.counted(snapshot(recovery), "unit_acme", cycle()) == (recovery,)
