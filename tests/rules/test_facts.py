"""What the picture says about its subjects, field by field."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import partial

import pytest

from okr.cycle import CycleKind, CycleState
from okr.goal import Contribution, KeyResult, KeyResultType, Objective, ObjectiveState, Origin, RollUp
from okr.kpi import BreachState, Kpi
from okr.number import Direction
from okr.period import Period
from okr.progress import Status
from okr.snapshot import Snapshot
from okr.target import Band, Target
from okr.text import Text
from rules import facts, fields
from rules.facts import Fact
from rules.fields import FactKind, FieldType
from rules.schema import KINDS
from tests.okr import builders as b

TEAM = "unit_ops"
YEAR = b.cycle(
    "cyc_2026", kind=CycleKind.YEAR, first=date(2026, 1, 1), last=date(2026, 12, 31), closes=date(2027, 1, 31)
)
NEXT = b.cycle("cyc_q4", first=date(2026, 10, 1), last=date(2026, 12, 31), closes=date(2027, 1, 15))
PAST = b.cycle("cyc_q2", first=date(2026, 4, 1), last=date(2026, 6, 30), closes=date(2026, 8, 20))
OVER = b.cycle("cyc_q1", first=date(2026, 1, 1), last=date(2026, 3, 31), closes=date(2026, 4, 15))
ORIGIN = Origin(recommendation="rec_1", policy="kpi-breach")


def uptime(*values: str | int, accountable: str | None = TEAM, target: Target | None = None) -> Kpi:
    """Uptime of 99 %, red below 90, with one monthly reading for each value, the last one that of July."""
    readings = tuple(b.reading(value, date(2026, 8 - len(values) + at, 1)) for at, value in enumerate(values))
    return b.kpi(
        accountable=accountable,
        targets=(target or b.target(99, 90),),
        latest=readings[-1] if readings else None,
        unjudged=readings,
    )


def stage(*more: Objective | KeyResult | Kpi, cycles: tuple[str, ...] = ("cyc_q3",)) -> Snapshot:
    """A company with one team, Ops, where Lan works, and the named cycles."""
    known = {each.key: each for each in (b.cycle(), YEAR, NEXT, PAST, OVER)}
    team = b.unit(TEAM, name="Ops", parent="unit_acme")
    lan = b.person(unit=TEAM)
    return b.snapshot(b.unit(), team, lan, *(known[key] for key in cycles), *more)


def held(value: int = 100, key: str = "kr_uptime") -> KeyResult:
    """A key result of the team's objective that was at 100 of 100 in two check-ins."""
    said = tuple(b.check_in(value, key_result=key, at=datetime(2026, 8, day, 12, tzinfo=UTC)) for day in (7, 14))
    return b.key_result(key, check_ins=said, owner="per_lan")


def test_a_kpi_in_breach_says_how_long_and_how_bad() -> None:
    kpi = uptime(98, 80, 60, 50)

    assert facts.of_kpi(stage(kpi), kpi) == Fact(
        kind="kpi",
        subject="kpi_uptime",
        unit="unit_acme",
        cycle=None,
        episode="kpi_uptime:2026-05-01",
        name=Text(original="Uptime"),
        measure="%",
        values={
            "band": Band.RED,
            "breach_state": BreachState.BREACHED,
            "breached": True,
            "periods_breached": 2,
            "bad_periods": 3,
            "amber_periods": 0,
            "missing_periods": 0,
            "value": Decimal(50),
            "latest_period": date(2026, 7, 1),
            "target": Decimal(99),
            "recovers_at": Decimal(99),
            "below_baseline": False,
            "attainment": 1 + Decimal("-0.4949494949494949494949494949494949"),
            "shortfall": Decimal(49),
            "has_active_objective": False,
            "has_accountable": True,
            "has_reporter": False,
            "movers": 0,
            "drivers": 0,
            "weight": Decimal(1),
            "direction": Direction.HIGHER,
            "period": Period.MONTH,
            "level": "company",
        },
    )


def test_a_breach_is_one_period_old_in_the_period_in_which_it_opens() -> None:
    values = facts.of_kpi(stage(), uptime(80, 60)).values

    assert (values["breached"], values["periods_breached"]) == (True, 1)


def test_what_nobody_measured_is_unknown_not_zero() -> None:
    values = facts.of_kpi(stage(), b.kpi()).values

    assert values["band"] is Band.UNKNOWN
    assert not values.keys() & {"value", "target", "attainment", "shortfall", "below_baseline", "baseline"}


def test_a_target_without_a_reading_leaves_the_distance_unknown() -> None:
    values = facts.of_kpi(stage(), uptime()).values

    assert values["target"] == 99
    assert not values.keys() & {"value", "attainment", "shortfall", "below_baseline"}


@pytest.mark.parametrize(
    ("direction", "target", "value", "attainment"),
    [
        pytest.param(Direction.HIGHER, b.target(80, 60), 60, "0.75", id="higher, below"),
        pytest.param(Direction.HIGHER, b.target(80, 60), 100, "1.25", id="higher, beyond"),
        pytest.param(Direction.HIGHER, b.target(-10, -20), -15, "0.5", id="higher, below zero"),
        pytest.param(Direction.LOWER, b.target("2.5", 3), 3, "0.8", id="lower, above"),
        pytest.param(Direction.LOWER, b.target("2.5", 3), 2, "1.2", id="lower, beyond"),
        pytest.param(Direction.LOWER, b.target(0, 5), 3, None, id="no distance to a target of 0"),
        pytest.param(Direction.RANGE, b.target(low=10, high=20, outer_low=5, outer_high=25), 15, "1", id="inside"),
        pytest.param(Direction.RANGE, b.target(low=10, high=20, outer_low=5, outer_high=25), 8, "0.8", id="under"),
        pytest.param(Direction.RANGE, b.target(low=10, high=20, outer_low=5, outer_high=25), 25, "0.75", id="over"),
    ],
)
def test_attainment_is_one_at_the_target_and_lower_is_always_worse(
    direction: Direction, target: Target, value: int, attainment: str | None
) -> None:
    kpi = replace(uptime(value, target=target), direction=direction)

    assert facts.of_kpi(stage(), kpi).values.get("attainment") == (Decimal(attainment) if attainment else None)


def test_a_slip_below_what_was_won_is_said_whatever_the_band() -> None:
    kpi = uptime(98, target=b.target(99, 90, baseline=99))

    assert facts.of_kpi(stage(), kpi).values["below_baseline"] is True


@pytest.mark.parametrize(
    ("direction", "target", "recovers_at"),
    [
        pytest.param(Direction.HIGHER, b.target(99, 90), 99, id="the target"),
        pytest.param(Direction.HIGHER, b.target(99, 90, recovery=95), 95, id="where the target says"),
        pytest.param(Direction.HIGHER, b.target(99, 90, baseline=97, recovery=95), 97, id="not below what was won"),
        pytest.param(Direction.RANGE, b.target(low=10, high=20), None, id="a range has no such value"),
    ],
)
def test_a_kpi_says_at_which_value_it_counts_as_recovered(
    direction: Direction, target: Target, recovers_at: int | None
) -> None:
    kpi = replace(uptime(50, target=target), direction=direction)

    assert facts.of_kpi(stage(kpi), kpi).values.get("recovers_at") == recovers_at


def test_the_latest_period_is_unknown_before_the_first_reading() -> None:
    assert "latest_period" not in facts.of_kpi(stage(), uptime()).values


attack = partial(b.objective, addresses=("kpi_uptime",))
mover = partial(b.key_result, measures="kpi_uptime")


@pytest.mark.parametrize(
    ("around", "attacked", "movers"),
    [
        pytest.param((), False, 0, id="nobody"),
        pytest.param((attack(),), True, 0, id="an active objective"),
        pytest.param((attack(state=ObjectiveState.PENDING_APPROVAL),), True, 0, id="one that awaits approval"),
        pytest.param((attack(state=ObjectiveState.DRAFT, origin=ORIGIN),), True, 0, id="a draft made for it"),
        pytest.param((attack(state=ObjectiveState.DRAFT),), False, 0, id="somebody's draft"),
        pytest.param((attack(state=ObjectiveState.CLOSED),), False, 0, id="a closed objective"),
        pytest.param((attack(cycle="cyc_q4"),), True, 0, id="an objective of the next quarter"),
        pytest.param((attack(cycle="cyc_q2"),), True, 0, id="an objective still to be graded"),
        pytest.param((attack(cycle="cyc_q1"),), False, 0, id="an objective that nobody graded in time"),
        pytest.param((b.objective(), mover()), True, 1, id="a key result that measures it"),
        pytest.param((b.objective(), mover(cancelled=True)), False, 0, id="a cancelled key result"),
    ],
)
def test_a_kpi_is_attacked_by_an_objective_or_moved_by_a_key_result(
    around: tuple[Objective | KeyResult, ...], attacked: bool, movers: int
) -> None:
    kpi = uptime(50)
    values = facts.of_kpi(stage(kpi, *around, cycles=("cyc_q3", "cyc_q4", "cyc_q2", "cyc_q1")), kpi).values

    assert (values["has_active_objective"], values["movers"]) == (attacked, movers)


def test_a_unit_says_what_it_owns_in_a_cycle() -> None:
    goals = [b.objective(f"obj_{n}", unit=TEAM) for n in range(4)]
    others = [
        b.objective("obj_draft", unit=TEAM, state=ObjectiveState.DRAFT),
        b.objective("obj_year", unit=TEAM, cycle="cyc_2026"),
        b.objective("obj_above"),
    ]
    red = replace(uptime(50), unit=TEAM)
    results = [held(), b.key_result("kr_no", cancelled=True)]
    mine = [replace(result, objective="obj_1") for result in results]
    picture = stage(*goals, *others, *mine, red, cycles=("cyc_q3", "cyc_2026"))

    assert facts.of_unit(picture, picture.units[TEAM], picture.cycles["cyc_q3"]) == Fact(
        kind="unit",
        subject=TEAM,
        unit=TEAM,
        cycle="cyc_q3",
        episode=None,
        name=Text(original="Ops"),
        values={
            "is_root": False,
            "level": "team",
            "cycle_kind": CycleKind.QUARTER,
            "cycle": "cyc_q3",
            "cycle_state": CycleState.ACTIVE,
            "goals_active": 4,
            "goals_per_member": Decimal(4),
            "key_results": 1,
            "members": 1,
            "kpis": 1,
            "red_kpis": 1,
            "has_lead": False,
            "progress": Decimal(1),
            "ungraded": 4,
            "days_since_end": 0,
            "deadline": b.LAST,
            "days_to_deadline": 46,
        },
    )


def test_goals_per_member_are_unknown_where_nobody_works() -> None:
    picture = stage()

    assert "goals_per_member" not in facts.of_unit(picture, picture.root, picture.cycles["cyc_q3"]).values


@pytest.mark.parametrize(
    ("cycle", "expected"),
    [
        pytest.param("cyc_q4", (CycleState.PLANNED, 1, 1, 0), id="to come"),
        pytest.param("cyc_q3", (CycleState.ACTIVE, 1, 1, 0), id="running"),
        pytest.param("cyc_q2", (CycleState.GRADING, 2, 1, 46), id="in grading"),
        pytest.param("cyc_q1", (CycleState.CLOSED, 0, 1, 137), id="closed: nothing counts against a limit any more"),
    ],
)
def test_a_unit_says_what_it_left_ungraded(cycle: str, expected: tuple[CycleState, int, int, int]) -> None:
    cycles = ("cyc_q1", "cyc_q2", "cyc_q3", "cyc_q4")
    goals = [b.objective(f"obj_{key}", unit=TEAM, cycle=key) for key in cycles]
    waiting = b.objective("obj_w", unit=TEAM, cycle="cyc_q2", state=ObjectiveState.PENDING_APPROVAL)
    graded = b.objective("obj_g", unit=TEAM, cycle="cyc_q2", state=ObjectiveState.CLOSED, final=b.final())
    picture = stage(*goals, waiting, graded, cycles=cycles)

    values = facts.of_unit(picture, picture.units[TEAM], picture.cycles[cycle]).values

    assert tuple(values[name] for name in ("cycle_state", "goals_active", "ungraded", "days_since_end")) == expected


def test_an_ended_cycle_is_looked_at_until_its_last_goal_is_graded() -> None:
    forgotten = b.objective(unit=TEAM, cycle="cyc_q1")
    graded = replace(forgotten, state=ObjectiveState.CLOSED, final=b.final())
    cycles = ("cyc_q1", "cyc_q3")

    looked = [
        [fact.cycle for fact in facts.gather(stage(goal, cycles=cycles), ("unit",), {TEAM})]
        for goal in (forgotten, graded)
    ]

    assert looked == [["cyc_q1", "cyc_q3"], ["cyc_q3"]]


ODD = b.key_result("kr_odd", title="Complaints from 40 to 10", start=40, target=10)
HIRE = b.key_result("kr_hire", title="Hire two nurses", type=KeyResultType.BOOLEAN)
ORGANISE = b.key_result("kr_org", title="Tổ chức hội thảo", type=KeyResultType.BOOLEAN)


@pytest.mark.parametrize(
    ("results", "titles", "named"),
    [
        pytest.param((ODD,), 0, None, id="none"),
        pytest.param((ODD, HIRE), 1, "hire", id="one"),
        pytest.param((HIRE, ORGANISE), 2, "hire, tổ chức", id="two languages"),
        pytest.param((HIRE, replace(HIRE, key="kr_again")), 2, "hire", id="one word twice"),
        pytest.param((replace(HIRE, cancelled=True), ODD), 0, None, id="a cancelled one"),
    ],
)
def test_an_objective_says_which_of_its_key_results_are_worded_as_tasks(
    results: tuple[KeyResult, ...], titles: int, named: str | None
) -> None:
    goal = b.objective(unit=TEAM)
    values = facts.of_objective(stage(goal, *results), goal).values

    assert (values["task_titles"], values.get("task_words")) == (titles, named)


@pytest.mark.parametrize(
    ("readings", "targets", "within"),
    [
        pytest.param((98, 99, 98, 99, 98, 99), (100, 120), 1, id="one of two"),
        pytest.param((98, 99, 98, 99, 98, 99), (120,), 0, id="a stretch"),
        pytest.param((98, 99), (100,), None, id="too few readings to tell"),
        pytest.param((98, 99, 98, 60, 50, 40), (70,), 0, id="a KPI in breach is not normal"),
        pytest.param((98, 99), (), 0, id="nothing that measures a KPI"),
    ],
)
def test_an_objective_says_how_many_of_its_targets_luck_would_reach(
    readings: tuple[int, ...], targets: tuple[int, ...], within: int | None
) -> None:
    goal = b.objective(unit=TEAM)
    results = [b.key_result(f"kr_{at}", target=at, measures="kpi_uptime") for at in targets]
    values = facts.of_objective(stage(goal, *results, uptime(*readings)), goal).values

    assert values.get("targets_within_variation") == within


def test_an_objective_knows_the_full_marks_of_its_unit_and_what_it_leads_to() -> None:
    past = b.objective("obj_past", unit=TEAM, cycle="cyc_q2", state=ObjectiveState.CLOSED, final=b.final(1))
    goal = b.objective(unit=TEAM, contributes=(Contribution(to="obj_top"),), addresses=("kpi_uptime",))
    picture = stage(b.objective("obj_top"), past, goal, uptime(99), cycles=("cyc_q2", "cyc_q3"))
    values = facts.of_objective(picture, goal).values

    assert (values["full_cycles"], values["contributes_to"], values["kpis_addressed"]) == (1, 1, 1)


def test_an_objective_says_what_it_stands_on() -> None:
    top, goal = b.objective("obj_top"), b.objective(unit=TEAM, supports="obj_top", owner="per_lan", origin=ORIGIN)
    below = b.objective("obj_below", unit=TEAM, supports="kr_uptime")
    task = b.key_result("kr_task", type=KeyResultType.BOOLEAN)
    gone = b.key_result("kr_gone", cancelled=True)
    picture = stage(top, goal, below, held(50), task, gone)

    assert facts.of_objective(picture, goal) == Fact(
        kind="objective",
        subject="obj_reliable",
        unit=TEAM,
        cycle="cyc_q3",
        episode=None,
        name=goal.title,
        values={
            "key_results": 3,
            "key_results_live": 2,
            "key_results_measured": 1,
            "supports_something": True,
            "is_company_level": False,
            "supporters": 1,
            "is_recovery": True,
            "superseded_episode": False,
            "contributes_to": 0,
            "kpis_addressed": 0,
            "task_titles": 0,
            "full_cycles": 0,
            "targets_within_variation": 0,
            "progress": Decimal("0.25"),
            "coverage": Decimal("0.5"),
            "expected": Decimal("0.5"),
            "status": Status.NOT_STARTED,
            "has_owner": True,
            "owner_left": False,
            "cycle_kind": CycleKind.QUARTER,
            "deadline": b.LAST,
            "days_to_deadline": 46,
            "level": "team",
        },
    )


def test_a_key_result_says_whether_it_is_achieved_and_held() -> None:
    result = held()
    picture = stage(b.objective(unit=TEAM), result)

    assert facts.of_key_result(picture, result) == Fact(
        kind="key_result",
        subject="kr_uptime",
        unit=TEAM,
        cycle="cyc_q3",
        episode=None,
        name=result.title,
        values={
            "type": KeyResultType.NUMBER,
            "objective_active": True,
            "start": Decimal(0),
            "current": Decimal(100),
            "repeats": 1,
            "missed_check_ins": 0,
            "check_ins": 2,
            "days_since_check_in": 1,
            "progress": Decimal(1),
            "raw_progress": Decimal(1),
            "expected": Decimal("0.5"),
            "status": Status.ACHIEVED,
            "achieved": True,
            "held": True,
            "promotable": True,
            "promoted": False,
            "trial": False,
            "measures_kpi": False,
            "confidence_unchanged": 0,
            "weight": Decimal(1),
            "has_owner": True,
            "owner_left": False,
            "cycle_kind": CycleKind.QUARTER,
            "deadline": b.LAST,
            "days_to_deadline": 46,
            "cycle_ended": False,
            "level": "team",
        },
    )


def test_before_the_first_check_in_little_is_known_of_a_key_result() -> None:
    result = b.key_result()
    values = facts.of_key_result(stage(b.objective(unit=TEAM), result), result).values

    assert (values["missed_check_ins"], values["achieved"], values["held"]) == (5, False, False)
    assert not values.keys() & {"days_since_check_in", "raw_progress", "confidence", "in_band_now"}


@pytest.mark.parametrize(
    ("result", "way"),
    [
        pytest.param(b.key_result(start=40, check_ins=(b.check_in(50),)), (40, 50), id="from its start"),
        pytest.param(b.key_result(start=40), (40, None), id="before the first check-in"),
        pytest.param(
            b.key_result(
                type=KeyResultType.MAINTAIN,
                low=90,
                check_ins=(b.check_in(91, at=datetime(2026, 8, 7, tzinfo=UTC)), b.check_in(95)),
            ),
            (91, 95),
            id="from the first check-in where it has no start",
        ),
        pytest.param(b.key_result(type=KeyResultType.MAINTAIN, low=90), (None, None), id="nothing to say"),
        pytest.param(
            b.key_result(type=KeyResultType.BOOLEAN, check_ins=(b.check_in(done=True),)), (None, None), id="no number"
        ),
    ],
)
def test_a_key_result_says_from_where_to_where_it_has_come(
    result: KeyResult, way: tuple[int | None, int | None]
) -> None:
    fact = facts.of_key_result(stage(b.objective(unit=TEAM), result), result)

    assert (fact.values.get("start"), fact.values.get("current")) == way


def test_confidence_is_that_of_the_day_that_is_looked_at() -> None:
    days = (7, 8, 9, 14)
    said = tuple(
        b.check_in(50, at=datetime(2026, 8, day, 12, tzinfo=UTC), confidence=5 if day > 9 else 7) for day in days
    )
    result = b.key_result(check_ins=said)
    picture = stage(b.objective(unit=TEAM), result)

    seen = [
        facts.of_key_result(each, result).values["confidence_unchanged"]
        for each in (picture, picture.seen_at(datetime(2026, 8, 10, tzinfo=UTC)))
    ]

    assert seen == [1, 3]


def test_a_key_result_speaks_in_its_own_unit() -> None:
    result = b.key_result(measure="points")

    assert facts.of_key_result(stage(b.objective(unit=TEAM), result), result).measure == "points"


def test_a_key_result_says_what_sounds_like_upkeep_and_how_often_it_came_back() -> None:
    past = b.objective("obj_past", unit=TEAM, cycle="cyc_q2", state=ObjectiveState.CLOSED, final=b.final())
    result = b.key_result(title="Maintain NPS, giữ vững mức 50", target=50)
    before = replace(result, key="kr_past", objective="obj_past")
    picture = stage(past, b.objective(unit=TEAM), result, before, cycles=("cyc_q2", "cyc_q3"))
    values = facts.of_key_result(picture, result).values

    assert (values["upkeep_words"], values["repeats"]) == ("maintain, giữ vững", 2)


def test_a_closed_objective_is_not_active() -> None:
    closed = b.objective(unit=TEAM, state=ObjectiveState.CLOSED, final=b.final())

    assert facts.of_key_result(stage(closed, b.key_result()), b.key_result()).values["objective_active"] is False


def test_a_closed_objective_misses_nothing_any_more() -> None:
    closed = b.objective(unit=TEAM, state=ObjectiveState.CLOSED, final=b.final())
    result = b.key_result()

    assert facts.of_key_result(stage(closed, result), result).values["missed_check_ins"] == 0


@pytest.mark.parametrize(
    ("result", "achieved"),
    [
        (b.key_result(type=KeyResultType.BOOLEAN, check_ins=(b.check_in(done=True),)), True),
        (b.key_result(type=KeyResultType.BOOLEAN, check_ins=(b.check_in(done=False),)), False),
        (
            b.key_result(
                type=KeyResultType.MILESTONE,
                milestones=(b.milestone(), b.milestone(cancelled=True)),
                check_ins=(b.check_in(milestones=(0,)),),
            ),
            True,
        ),
        (b.key_result(type=KeyResultType.MILESTONE, milestones=(b.milestone(),), check_ins=(b.check_in(),)), False),
        (b.key_result(type=KeyResultType.MAINTAIN, low=95, check_ins=(b.check_in(96),)), True),
        (b.key_result(type=KeyResultType.MAINTAIN, low=95, check_ins=(b.check_in(94),)), False),
        (b.key_result(start=3, target=2, check_ins=(b.check_in(2, confidence=7),)), True),
        (b.key_result(start=3, target=2, check_ins=(b.check_in("2.1"),)), False),
    ],
    ids=["done", "not done", "all milestones", "no milestone", "in the band", "outside it", "reached", "not reached"],
)
def test_every_type_of_key_result_knows_when_it_is_achieved(result: KeyResult, achieved: bool) -> None:
    values = facts.of_key_result(stage(b.objective(unit=TEAM), result), result).values

    assert (values["achieved"], values["held"]) == (achieved, False)


@pytest.mark.parametrize(("value", "achieved"), [(100, True), (99, False)])
def test_a_sum_is_achieved_by_its_parts_and_misses_nothing_itself(value: int, achieved: bool) -> None:
    total = b.key_result(roll_up=RollUp.VALUE_SUM)
    part = b.key_result("kr_part", objective="obj_part", check_ins=(b.check_in(value, key_result="kr_part"),))
    goals = (b.objective(unit=TEAM), b.objective("obj_part", unit=TEAM, supports=total.key))
    values = facts.of_key_result(stage(*goals, total, part), total).values

    assert (values["achieved"], values["held"], values["promotable"]) == (achieved, False, False)
    assert (values["missed_check_ins"], values["check_ins"]) == (0, 0)
    assert "days_since_check_in" not in values


def test_what_is_spelled_alike_but_means_another_thing_is_called_otherwise() -> None:
    choices = {kind: {field.name: field.choices for field in KINDS[kind].fields} for kind in ("kpi", "objective")}
    stale = [
        [each.label_vi for each in choices[kind][field] if each.value == "stale"]
        for kind, field in (("kpi", "band"), ("objective", "status"))
    ]

    assert stale == [["thiếu số liệu"], ["thiếu cập nhật"]]


def test_only_live_things_have_facts() -> None:
    goals = [
        b.objective("obj_live", unit=TEAM),
        b.objective("obj_closed", unit=TEAM, state=ObjectiveState.CLOSED, final=b.final()),
        b.objective("obj_draft", unit=TEAM, state=ObjectiveState.DRAFT),
        b.objective("obj_old", unit=TEAM, cycle="cyc_q1"),
        b.objective("obj_grading", unit=TEAM, cycle="cyc_q2"),
        b.objective("obj_planned", unit=TEAM, cycle="cyc_q4"),
    ]
    results = [b.key_result(f"kr_{goal.key}", objective=goal.key) for goal in goals]
    gone = b.key_result("kr_gone", objective="obj_live", cancelled=True)
    cycles = ("cyc_q3", "cyc_2026", "cyc_q4", "cyc_q2", "cyc_q1")
    picture = stage(*goals, *results, gone, uptime(99), cycles=cycles)

    assert [(fact.subject, fact.cycle) for fact in facts.gather(picture, KINDS)] == [
        ("kpi_uptime", None),
        ("unit_acme", "cyc_q3"),
        ("unit_acme", "cyc_2026"),
        (TEAM, "cyc_q3"),
        (TEAM, "cyc_2026"),
        (TEAM, "cyc_q4"),
        (TEAM, "cyc_q2"),
        (TEAM, "cyc_q1"),
        ("obj_live", "cyc_q3"),
        ("obj_grading", "cyc_q2"),
        ("kr_obj_live", "cyc_q3"),
        ("kr_obj_closed", "cyc_q3"),
        ("kr_obj_grading", "cyc_q2"),
    ]


def test_only_the_subjects_asked_for_are_looked_at() -> None:
    picture = stage(b.objective(unit=TEAM), held(), uptime(99))

    found = facts.gather(picture, ("key_result", "unit", "kpi"), {"kr_uptime", TEAM, "obj_reliable", "kr_nobody"})

    assert [fact.subject for fact in found] == [TEAM, "kr_uptime"]


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_every_field_is_explained_in_both_languages_with_an_example_of_its_type(kind: FactKind) -> None:
    for field in kind.fields:
        assert field.label, field.name
        assert field.label_vi, field.name
        assert field.help, field.name
        assert field.help_vi, field.name
        canonical = fields.canonical_value(field.type, field.example)
        # A policy writes a day as its date; both evaluators count days.
        assert canonical is not None if field.type is FieldType.DAY else canonical == field.example, field.name
        assert (field.type is FieldType.CHOICE) == bool(field.choices), field.name
        assert all(choice.label_vi for choice in field.choices), field.name


def test_facts_say_only_what_the_schema_declares_and_all_of_it_can_be_said() -> None:
    maintained = b.key_result(
        "kr_kept",
        type=KeyResultType.MAINTAIN,
        low=90,
        check_ins=(b.check_in(95, key_result="kr_kept", confidence=7),),
    )
    worded = b.key_result("kr_done", title="Hold a course and keep at it", type=KeyResultType.BOOLEAN)
    goals = (b.objective(unit=TEAM), held(), maintained, worded)
    kpi = uptime(98, 80, 60, target=b.target(99, 90, baseline=95))
    said: dict[str, set[str]] = {name: set() for name in KINDS}
    for fact in facts.gather(stage(*goals, kpi), KINDS):
        cleaned = fields.clean(KINDS[fact.kind], fact.values)
        assert cleaned.keys() == fact.values.keys()
        said[fact.kind] |= cleaned.keys()

    assert said == {name: {field.name for field in kind.fields} for name, kind in KINDS.items()}
