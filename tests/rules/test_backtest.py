"""Back-tests: what a policy would have opened and resolved, day by day, and how many days are looked at."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from random import Random
from typing import Any

import pytest

from okr import breach, filing
from okr.errors import Refusal
from okr.goal import KeyResult, Objective, ObjectiveState
from okr.kpi import BreachRule, Kpi, Reading
from okr.past import Past
from okr.period import Period
from okr.policy import Policy, PolicyMode, Scope
from okr.recommendation import Recommendation, RecommendationState
from okr.snapshot import Snapshot
from rules import backtest, evaluation, explain, facts, fields, finding, policy, proposal
from rules.backtest import Backtest, Month, UnitPast
from rules.evaluation import BREATH
from rules.judge import Judge
from rules.template import TEMPLATES
from tests.okr import builders as b
from tests.rules.test_finding import TEAM, ours

NEW_YEAR = (b.NOW.date() - date(2026, 1, 1)).days + 1
HALF = b.cycle(first=date(2026, 1, 1), last=date(2026, 9, 30))


def history(kpi: str, *values: int, first: int = 1) -> tuple[Reading, ...]:
    """Readings of a month of 2026 and those after it."""
    return tuple(b.reading(value, date(2026, month, 1), kpi=kpi) for month, value in enumerate(values, start=first))


def watched(key: str, readings: Sequence[Reading], **changes: Any) -> Kpi:
    """A KPI of Ops that is red below 90 and in breach, or over it, with a single reading."""
    kpi = b.kpi(key, name=key, unit=TEAM, targets=(b.target(99, 90),), rule=BreachRule(bad=1, good=1))
    return breach.rewatched(replace(kpi, **changes), readings, b.NOW.date())[0]


def stage(*more: Any) -> Snapshot:
    """A company with the teams Ops and Sales."""
    return b.snapshot(b.unit(), b.unit(TEAM, parent="unit_acme"), b.unit("unit_sales", parent="unit_acme"), *more)


async def run(picture: Snapshot, readings: Sequence[Reading], *policies: Policy, days: int = NEW_YEAR) -> Backtest:
    return await backtest.run(Past(picture, readings), policies or (ours("kpi_breach"),), days)


async def spans(values: Sequence[int], *policies: Policy, days: int = NEW_YEAR, **changes: Any) -> list[Month]:
    """What would have happened to one KPI: the months in which something did."""
    readings = history("kpi_a", *values)
    found = await run(stage(watched("kpi_a", readings, **changes), HALF), readings, *policies, days=days)
    return [month for month in found.months if month.opened or month.resolved]


def month(number: int, opened: int = 0, resolved: int = 0, left: int = 0) -> Month:
    return Month(month=date(2026, number, 1), opened=opened, resolved=resolved, open_at_end=left)


async def test_a_breach_opens_when_its_month_is_closed_and_is_resolved_by_a_good_one() -> None:
    bad, late = history("kpi_a", 99, 50, 60, 99), history("kpi_b", 99, 99, 99, 99, 99, 40)
    picture = stage(
        watched("kpi_a", bad), watched("kpi_b", late, unit="unit_sales"), watched("kpi_c", (), unit="unit_sales")
    )

    found = await run(picture, (*bad, *late))

    assert found == Backtest(
        first=date(2026, 1, 1),
        last=date(2026, 8, 15),
        days=NEW_YEAR,
        step_days=1,
        facts=24,
        asked=3,
        matched=2,
        opened=2,
        resolved=1,
        open_at_end=1,
        months=(
            month(1),
            month(2),
            month(3, opened=1, left=1),
            month(4, left=1),
            month(5, resolved=1),
            month(6),
            month(7, opened=1, left=1),
            month(8, left=1),
        ),
        units=(
            UnitPast(unit=TEAM, opened=1, resolved=1, asked=1, matched=1),
            UnitPast(unit="unit_sales", opened=1, open_at_end=1, asked=2, matched=1),
        ),
    )
    assert found.share == pytest.approx(2 / 3)


async def test_the_accountable_unit_is_the_one_that_would_have_had_to_act() -> None:
    readings = history("kpi_a", 50)
    picture = stage(watched("kpi_a", readings, accountable="unit_sales"))
    assert [unit.unit for unit in (await run(picture, readings)).units] == ["unit_sales"]


async def test_what_matched_before_the_first_day_opens_on_it() -> None:
    assert await spans([50, 50, 50], days=10) == [month(8, opened=1, left=1)]


async def test_a_new_episode_is_a_new_recommendation() -> None:
    assert await spans([50, 99, 50, 99]) == [month(2, 1, 0, 1), month(3, 0, 1), month(4, 1, 0, 1), month(5, 0, 1)]


async def test_what_flaps_within_its_episode_is_one() -> None:
    slow = BreachRule(bad=1, good=2)
    assert await spans([50, 99, 50, 99, 99], rule=slow) == [month(2, 1, 0, 1), month(5, 0, 1)]


WEAK = {"field": "attainment", "op": "lt", "value": 0.9}


def weak(**changes: Any) -> Policy:
    """A policy on KPIs without episodes: the value is below 90 % of the target."""
    custom = replace(ours("kpi_breach"), key="weak", template="custom", on="kpi", when=WEAK, action="review")
    return replace(custom, **{"cooldown": 0, **changes})


@pytest.mark.parametrize(
    ("changes", "values", "expected"),
    [
        pytest.param({}, [50, 99, 50], [month(2, 1, 0, 1), month(3, 0, 1), month(4, 1, 0, 1)], id="at once"),
        pytest.param({"cooldown": 60}, [50, 99, 50], [month(2, 1, 0, 1)], id="back within the cool-down"),
        pytest.param(
            {"cooldown": 31},
            [50, 99, 50],
            [month(2, 1, 0, 1), month(3, 0, 1), month(4, 1, 0, 1)],
            id="back when the cool-down is over",
        ),
        pytest.param({"hold": 40}, [50, 99, 50, 50], [month(5, 1, 0, 1)], id="held for 40 days"),
        pytest.param({"hold": 30}, [99, 50, 99], [month(3, 1, 0, 1), month(4, 0, 1)], id="held till the day before"),
        pytest.param({"hold": 31}, [99, 50, 99], [], id="not held on the last day"),
        pytest.param({"hold": 100}, [99, 99, 99, 99, 99, 50], [], id="not held by today"),
        pytest.param({"clear": 40}, [50, 99, 50, 99, 99], [month(2, 1, 0, 1), month(6, 0, 1)], id="clear for 40 days"),
        pytest.param({"clear": 15}, [50, 99], [month(2, 1, 0, 1), month(3, 0, 1)], id="clear between two closings"),
        pytest.param({"clear": 14}, [99, 99, 99, 99, 99, 50, 99], [month(7, 1, 0, 1), month(8, 0, 1)], id="to today"),
        pytest.param({"clear": 15}, [99, 99, 99, 99, 99, 50, 99], [month(7, 1, 0, 1)], id="not clear by today"),
        pytest.param({"mode": PolicyMode.OBSERVE}, [50], [], id="only observed"),
        pytest.param({"mode": PolicyMode.OFF}, [50], [], id="off"),
        pytest.param({"effective_from": date(2026, 8, 1)}, [50], [month(2, 1, 0, 1)], id="whatever its own dates"),
        pytest.param({"scope": Scope(units=("unit_sales",))}, [50], [], id="elsewhere"),
    ],
)
async def test_hold_clear_and_cooldown_are_kept(
    changes: dict[str, Any], values: list[int], expected: list[Month]
) -> None:
    assert await spans(values, weak(**changes)) == expected


HERE = {"field": "missing_periods", "op": "eq", "value": 0}
GONE = {"field": "missing_periods", "op": "gt", "value": 0}
NEVER_KNOWN = {"field": "baseline", "op": "gt", "value": 1}
VAGUE = {"any": [{"all": [WEAK, HERE]}, {"all": [NEVER_KNOWN, GONE]}]}
"""Weak where there is a reading for the last period, and not known where there is none."""


async def test_missing_data_resolves_nothing() -> None:
    assert await spans([50], weak(when=VAGUE)) == [month(2, 1, 0, 1)]
    assert await spans([50], weak(when={"all": [WEAK, HERE]})) == [month(2, 1, 0, 1), month(3, 0, 1)]


@pytest.mark.parametrize(
    ("hold", "expected"), [(0, [month(4, 1, 0, 1), month(7, 0, 1)]), (200, [])], ids=["shown", "not shown yet"]
)
async def test_a_policy_that_holds_in_some_cycles_ends_with_them(hold: int, expected: list[Month]) -> None:
    spring = b.cycle("cyc_q2", first=date(2026, 4, 1), last=date(2026, 6, 30), closes=date(2026, 7, 15))
    readings = history("kpi_a", 50)
    asked = weak(scope=Scope(cycles=("cyc_q2",)), hold=hold)
    found = await run(stage(watched("kpi_a", readings), spring), readings, asked)
    assert [each for each in found.months if each.opened or each.resolved] == expected


async def test_many_facts_leave_others_their_turn() -> None:
    readings = {f"kpi_{n}": history(f"kpi_{n}", 50) for n in range(BREATH)}
    picture = stage(*(watched(key, each) for key, each in readings.items()))
    found = await run(picture, [one for each in readings.values() for one in each], days=1)
    assert (found.facts, found.opened) == (BREATH, BREATH)


async def test_a_layer_holds_in_its_unit() -> None:
    one, two = history("kpi_a", 50), history("kpi_b", 50)
    picture = stage(watched("kpi_a", one), watched("kpi_b", two, unit="unit_sales"))
    layer = replace(ours("kpi_breach"), layer=TEAM, sets=("mode",), mode=PolicyMode.OFF)
    found = await run(picture, (*one, *two), ours("kpi_breach"), layer)
    assert [(unit.unit, unit.opened) for unit in found.units] == [("unit_sales", 1)]
    over = replace(layer, effective_to=date(2026, 6, 30))
    found = await run(picture, (*one, *two), ours("kpi_breach"), over)
    assert [(unit.unit, unit.opened) for unit in found.units] == [(TEAM, 1), ("unit_sales", 1)]


def goals(count: int, since: date, **changes: Any) -> list[Objective]:
    return [b.objective(f"obj_{since}_{n}", unit=TEAM, since=since, **changes) for n in range(count)]


async def test_goals_over_a_limit_open_on_the_day_of_the_goal_and_end_with_its_closing() -> None:
    closed = b.final(at=datetime(2026, 8, 10, 9, tzinfo=UTC))
    more = goals(1, date(2026, 7, 20), state=ObjectiveState.CLOSED, final=closed)
    found = await run(stage(*goals(3, date(2026, 7, 1)), *more), (), ours("goal_limit"), days=46)
    assert (found.opened, found.resolved, found.months) == (1, 1, (month(7, 1, 0, 1), month(8, 0, 1)))
    assert [(unit.unit, unit.asked, unit.matched, unit.opened) for unit in found.units] == [
        (TEAM, 1, 1, 1),
        ("unit_acme", 1, 0, 0),
        ("unit_sales", 1, 0, 0),
    ]


async def test_each_silence_about_a_key_result_is_a_recommendation_of_its_own() -> None:
    heard = b.check_in(10, at=datetime(2026, 7, 31, 12, tzinfo=UTC))
    result = b.key_result(check_ins=(heard,))
    found = await run(stage(b.objective(), result), (), ours("missed_check_in", slots=1), days=46)
    assert [(each.opened, each.resolved) for each in found.months] == [(1, 1), (1, 0)]


async def test_what_ends_with_its_cycle_is_over() -> None:
    quarter = b.cycle(first=date(2026, 4, 1), last=date(2026, 6, 30), closes=date(2026, 7, 15))
    silent = b.key_result(since=date(2026, 4, 1))
    picture = stage(quarter, b.objective(since=date(2026, 4, 1)), silent)
    found = await run(picture, (), ours("missed_check_in"), days=NEW_YEAR)
    assert (found.opened, found.resolved, found.open_at_end) == (1, 1, 0)
    assert next(each.month for each in found.months if each.resolved) == date(2026, 7, 1)


async def test_every_month_is_there_even_the_empty_ones() -> None:
    found = await run(stage(), (), days=800)
    assert (found.first, found.last, found.share) == (date(2024, 6, 7), date(2026, 8, 15), None)
    assert len(found.months) == 27
    assert {each.month.day for each in found.months} == {1}


@pytest.mark.parametrize("days", [0, -1, backtest.LONGEST + 1])
async def test_days_that_cannot_be_looked_at_are_refused(days: int) -> None:
    with pytest.raises(Refusal, match="looks at 1 to 10,000 days") as refused:
        await run(stage(), (), days=days)
    assert refused.value.field == ("backtestDays",)


@pytest.mark.parametrize(
    ("most", "step", "facts"),
    [
        pytest.param(30_000, 1, 400, id="every day"),
        pytest.param(400, 1, 400, id="just as many"),
        pytest.param(399, 2, 200, id="every second"),
        pytest.param(60, 7, 58, id="every week"),
        pytest.param(2, 364, 2, id="hardly any"),
        pytest.param(0, 400, 1, id="today alone"),
    ],
)
async def test_beyond_its_budget_a_back_test_looks_at_fewer_days(
    monkeypatch: pytest.MonkeyPatch, most: int, step: int, facts: int
) -> None:
    monkeypatch.setattr(backtest, "MOST_FACTS", most)
    year = b.cycle(first=date(2025, 7, 1), last=date(2026, 9, 30))
    picture = stage(year, b.objective(since=date(2025, 7, 1)))
    asked = replace(ours("unaligned"), mode=PolicyMode.ADVISE)
    found = await run(picture, (), asked, days=400)
    assert (found.step_days, found.facts, found.days) == (step, facts, 400)


@pytest.mark.parametrize(
    ("template", "load"),
    [
        pytest.param("unaligned", 10 * (1 + 3), id="an objective and its key results"),
        pytest.param("goal_limit", 10 * (2 + 1 + 3), id="units, and the goals of the one in scope"),
        pytest.param("missed_check_in", 10 * 3, id="key results"),
    ],
)
async def test_what_is_added_up_counts_as_well(monkeypatch: pytest.MonkeyPatch, template: str, load: int) -> None:
    more = (b.objective("obj_top"), b.key_result("kr_top", objective="obj_top"))
    picture = stage(b.objective(unit=TEAM), *(b.key_result(f"kr_{n}") for n in range(3)), *more)
    asked = replace(ours(template), mode=PolicyMode.ADVISE, scope=Scope(units=(TEAM, "unit_sales")))
    for most, step in ((load, 1), (load - 1, 2)):
        monkeypatch.setattr(backtest, "MOST_FACTS", most)
        assert (await run(picture, (), asked, days=10)).step_days == step


async def test_of_a_kpi_only_the_days_on_which_it_changes_cost_anything(monkeypatch: pytest.MonkeyPatch) -> None:
    readings = history("kpi_a", 50, 60)
    picture = stage(watched("kpi_a", readings, since=date(2026, 1, 1)))
    assert ((await run(picture, readings)).facts, (await run(picture, readings, days=31)).facts) == (8, 2)
    monkeypatch.setattr(backtest, "MOST_KPI_FACTS", 4)
    seldom = await run(picture, readings)
    assert (seldom.step_days, seldom.facts) == (91, 3)


@pytest.mark.parametrize("template", TEMPLATES)
def test_findings_are_told_apart_as_filing_tells_them(template: str) -> None:
    readings = history("kpi_a", 99, 50, 60)
    kpi = watched("kpi_a", readings)
    picture = stage(replace(kpi, latest=readings[-1]), b.objective(), b.key_result())
    resolved = policy.resolve(ours(template))
    for fact in facts.gather(picture, (resolved.kind.name,)):
        trace = explain.explain(resolved.condition, fields.clean(resolved.kind, fact.values))
        episode = proposal.episode(picture, resolved.action, fact)
        words = (resolved.policy.key, f"{fact.kind}:{fact.subject}", episode or fact.cycle)
        assert finding.build(picture, resolved, fact, trace).dedupe == "|".join(word for word in words if word)


async def filed(past: Past, asked: Policy, days: int) -> tuple[int, int]:
    """How many recommendations a run a day files and shows, and how many are open after the last one."""
    on_file: dict[str, Recommendation] = {}
    for n in reversed(range(days)):
        picture = past.at(past.today.as_of - timedelta(days=n))
        found = await evaluation.evaluate(Judge(), picture, [asked])
        live = [one for one in on_file.values() if not one.closed]
        changed = filing.reconcile("acme", live, found.findings, found.standing, found.terms, picture.as_of)
        on_file |= {one.key: one for one in changed}
    shown = [one for one in on_file.values() if any(step.after is RecommendationState.OPEN for step in one.history)]
    return len(shown), sum(1 for one in shown if one.state is RecommendationState.OPEN)


@pytest.mark.parametrize("times", [(0, 0, 0), (0, 0, 20), (9, 0, 20), (0, 9, 20), (5, 3, 30)], ids=str)
@pytest.mark.parametrize("policy", ["weak", "vague", "kpi-breach", "missed-check-in"])
async def test_a_back_test_comes_to_what_daily_runs_would_have_filed(policy: str, times: tuple[int, int, int]) -> None:
    chance, days = Random(f"{policy} {times}"), 120
    hold, clear, cooldown = times
    start = date(2026, 3, 2)
    kpis, readings, goals = list[Kpi](), list[Reading](), list[KeyResult]()
    for n in range(6):
        weeks = [start + timedelta(weeks=week) for week in range(23) if chance.random() < 0.9]
        mine = tuple(b.reading(chance.choice((50, 99)), week, kpi=f"kpi_{n}") for week in weeks)
        kpis.append(watched(f"kpi_{n}", mine, period=Period.WEEK, rule=BreachRule(bad=2, good=2), since=start))
        readings += mine
        said = [
            datetime(2026, 7, 3, 12, tzinfo=UTC) + timedelta(days=day) for day in range(40) if chance.random() < 0.1
        ]
        goals.append(b.key_result(f"kr_{n}", check_ins=tuple(b.check_in(10, at=at) for at in said)))
    attack = b.objective("obj_attack", addresses=("kpi_0",), since=date(2026, 7, 10))
    past = Past(stage(*kpis, b.objective(), attack, *goals), readings)
    drafts = {
        "weak": weak(),
        "vague": weak(when=VAGUE),
        "kpi-breach": ours("kpi_breach"),
        "missed-check-in": ours("missed_check_in", slots=1),
    }
    asked = replace(drafts[policy], hold=hold, clear=clear, cooldown=cooldown, expires=0)

    found = await backtest.run(past, [asked], days)

    assert found.opened > 0
    assert (found.opened, found.open_at_end) == await filed(past, asked, days)


def test_between_two_turns_of_the_past_the_fact_of_a_kpi_stays_as_it_is() -> None:
    readings = history("kpi_a", 99, 50, 60, 99)
    told = b.check_in(10, at=datetime(2026, 7, 20, 9, tzinfo=UTC))
    closed = b.objective("obj_done", addresses=("kpi_a",), state=ObjectiveState.CLOSED, final=b.final())
    picture = stage(
        watched("kpi_a", readings, reporter="per_lan", late_days=2),
        closed,
        b.objective(since=date(2026, 7, 9)),
        b.key_result(measures="kpi_a", check_ins=(told,)),
        b.person(left=date(2026, 6, 10)),
    )
    past = Past(picture, readings)
    days = [b.NOW - timedelta(days=n) for n in range(240, -1, -1)]
    told_of = {day: facts.gather(past.at(day), ("kpi",)) for day in days}
    turns = past.turns(days[0])
    changed = [(before, after) for before, after in pairwise(days) if told_of[before] != told_of[after]]
    assert len(changed) > 8
    assert all(any(before < turn <= after for turn in turns) for before, after in changed)


def test_only_the_readings_that_matter_are_asked_for() -> None:
    picture = stage(watched("kpi_a", ()), watched("kpi_b", (), unit="unit_sales"))
    red = {"field": "red_kpis", "op": "gt", "value": 2}
    sales = Scope(units=("unit_sales",))
    cases = [
        (ours("kpi_breach"), {"kpi_a", "kpi_b"}),
        (replace(ours("kpi_breach"), scope=sales), {"kpi_b"}),
        (replace(ours("kpi_breach"), mode=PolicyMode.OFF), set()),
        (ours("goal_limit"), set()),
        (weak(on="unit", when=red, scope=sales), {"kpi_b"}),
        (ours("missed_check_in"), set()),
        (ours("unaligned"), set()),
    ]
    assert [backtest.remembered(picture, [asked]) for asked, _ in cases] == [known for _, known in cases]
