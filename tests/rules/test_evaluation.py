"""What a run of the policies comes to, and what may not be written."""

from collections.abc import Collection
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from okr import filing
from okr.errors import Code
from okr.filing import Standing
from okr.goal import KeyResultType
from okr.policy import Policy, PolicyMode, PolicyState, Scope, Severity
from okr.recommendation import Recommendation, Subject
from okr.snapshot import Snapshot
from rules import evaluation, policy
from rules.evaluation import Evaluation, Pair
from rules.judge import Engine, Judge
from rules.worker import Worker
from tests.okr import builders as b
from tests.rules.test_finding import TEAM, goals, ours, stage, weak

JUDGE = Judge()
YEAR = b.cycle("cyc_2026", first=date(2026, 1, 1), last=date(2026, 12, 31), closes=date(2027, 1, 31))


async def run(picture: Snapshot, *policies: Policy, subjects: Collection[str] | None = None) -> Evaluation:
    return await evaluation.evaluate(JUDGE, picture, policies, subjects)


def custom(on: str, field: str, op: str, value: object, **changes: str) -> Policy:
    when = {"field": field, "op": op, "value": value}
    key = changes.get("key", "ours")
    return replace(ours("goal_limit"), key=key, name="Ours", template="custom", on=on, when=when)


def of(picture: Snapshot, found: Evaluation) -> Recommendation:
    """The first of the recommendations that the run files."""
    return filing.reconcile("acme", [], found.findings, found.standing, found.terms, picture.as_of)[0]


async def test_the_gravest_findings_come_first() -> None:
    picture = stage(weak(60, 50), *goals(4), b.key_result(objective="obj_0"))
    policies = [ours("missed_check_in"), ours("goal_limit"), ours("kpi_breach"), ours("promote_key_result")]

    found = await run(picture, *policies)

    assert [(one.policy, one.severity) for one in found.findings] == [
        ("kpi-breach", Severity.CRITICAL),
        ("goal-limit", Severity.WARNING),
        ("missed-check-in", Severity.INFO),
    ]
    assert (found.facts, found.asked, found.matches, found.unknowns, found.errors) == (4, 5, 3, 0, 0)
    assert found.engine is Engine.PYTHON
    assert found.policy_set == policy.policy_set(policies)


async def test_the_engine_finds_the_same(worker: Worker) -> None:
    picture = stage(weak(60, 50), *goals(4), b.key_result(objective="obj_0"))
    policies = [ours("missed_check_in"), ours("goal_limit"), ours("kpi_breach"), ours("promote_key_result")]

    found = await evaluation.evaluate(Judge(worker), picture, policies)

    assert found.findings == (await run(picture, *policies)).findings
    assert found.engine is Engine.DURABLE


async def test_goals_of_a_quarter_and_of_a_year_are_asked_about_apart() -> None:
    annual = [b.objective(f"obj_y{n}", unit=TEAM, cycle="cyc_2026") for n in range(4)]
    year = replace(YEAR, kind=type(YEAR.kind).YEAR)
    picture = stage(*goals(4), *annual, b.cycle(), year)

    found = await run(picture, ours("goal_limit"))

    assert [one.dedupe for one in found.findings] == [
        "goal-limit|unit:unit_ops|cyc_2026",
        "goal-limit|unit:unit_ops|cyc_q3",
    ]


async def test_what_is_only_observed_is_not_filed_and_what_is_off_is_not_asked() -> None:
    picture = stage(*goals(4))
    observed = replace(ours("goal_limit"), key="watch", mode=PolicyMode.OBSERVE)
    off = replace(ours("goal_limit"), key="off", mode=PolicyMode.OFF)
    blocking = replace(ours("goal_limit"), key="block", mode=PolicyMode.BLOCK)

    found = await run(picture, observed, off, blocking)

    assert [one.policy for one in found.findings] == ["block"]
    assert [one.policy for one in found.observed] == ["watch"]
    assert found.asked == 4


@pytest.mark.parametrize(
    ("mode", "blocked_by"), [(PolicyMode.ADVISE, ("goal limit",)), (PolicyMode.OBSERVE, ())], ids=str
)
async def test_a_limit_that_only_observes_stands_in_nobodys_way(mode: PolicyMode, blocked_by: tuple[str, ...]) -> None:
    picture = stage(*goals(3), weak(98, 60, 50))
    breach, limit = ours("kpi_breach"), replace(ours("goal_limit"), mode=mode)
    found = await run(picture, breach, limit)
    (one,) = [each for each in found.findings if each.policy == breach.key]
    assert one.blocked_by == blocked_by


async def test_scope_is_kept_and_the_later_version_counts() -> None:
    picture = stage(*goals(4), *[b.objective(f"obj_c{n}") for n in range(6)])
    first = replace(ours("goal_limit"), scope=Scope(units=(TEAM,)))
    second = replace(first, version=2, scope=Scope(exempt=(TEAM,)))

    found = await run(picture, second, first)

    assert [(one.subject.key, one.policy_version) for one in found.findings] == [("unit_acme", 2)]


async def test_missing_data_is_told_from_its_absence() -> None:
    picture = stage(weak(95), b.kpi("kpi_new", targets=(b.target(99, 90),)))
    made = custom("kpi", "attainment", "lt", 0.9)

    found = await run(picture, made)

    new = Subject(kind="kpi", key="kpi_new")
    assert found.unknown == {Pair(policy="ours", subject=new, cycle=None)}
    assert (found.matches, found.asked) == (0, 2)


async def test_asking_whether_something_is_known_is_never_unknown() -> None:
    made = replace(custom("kpi", "value", "eq", 0), when={"field": "value", "op": "unknown"})

    found = await run(stage(b.kpi("kpi_new")), made)

    assert (found.matches, found.unknown) == (1, frozenset())


async def test_a_policy_that_no_longer_resolves_stops_no_other() -> None:
    picture = stage(*goals(4))
    broken = custom("unit", "goals_open", "gt", 3)

    found = await run(picture, broken, ours("goal_limit"))

    assert [one.policy for one in found.findings] == ["goal-limit"]
    assert found.refused["ours"].code is Code.UNKNOWN_FIELD
    assert found.errors == 1


BREACH = ours("kpi_breach")


async def standing(picture: Snapshot, *policies: Policy, subjects: Collection[str] | None = None) -> Standing:
    """What a run in `picture` says about what the breach policy filed when uptime was at 60 and 50."""
    before = stage(weak(60, 50))
    filed = of(before, await run(before, BREACH))
    return (await run(picture, *policies, subjects=subjects)).standing(filed)


@pytest.mark.parametrize(
    ("picture", "policies", "subjects", "expected"),
    [
        pytest.param(stage(weak(60, 50)), (), None, Standing.UNTOUCHED, id="a policy that was not asked"),
        pytest.param(
            stage(weak(60, 50)), (replace(BREACH, mode=PolicyMode.OFF),), None, Standing.VOID, id="a policy that is off"
        ),
        pytest.param(
            stage(weak(60, 50)),
            (replace(BREACH, mode=PolicyMode.OBSERVE),),
            {"unit_acme"},
            Standing.VOID,
            id="a policy that only observes",
        ),
        pytest.param(
            stage(weak(60, 50)),
            (replace(BREACH, state=PolicyState.RETIRED),),
            None,
            Standing.VOID,
            id="a policy that is retired",
        ),
        pytest.param(
            stage(weak(60, 50)),
            (replace(BREACH, scope=Scope(units=(TEAM,))),),
            None,
            Standing.VOID,
            id="a policy that holds elsewhere",
        ),
        pytest.param(
            stage(weak(60, 50)),
            (replace(custom("unit", "members", "gt", 1), key="kpi-breach"),),
            None,
            Standing.VOID,
            id="a policy about something else now",
        ),
        pytest.param(
            stage(weak(60, 50)),
            (replace(custom("kpi", "nothing", "gt", 1), key="kpi-breach"),),
            None,
            Standing.UNKNOWN,
            id="a policy that is broken",
        ),
        pytest.param(stage(), (BREACH,), None, Standing.VOID, id="a subject that is gone"),
        pytest.param(stage(weak(60, 50)), (BREACH,), {TEAM}, Standing.UNTOUCHED, id="another subject"),
        pytest.param(
            stage(weak(60, 50), b.objective(addresses=("kpi_uptime",))),
            (BREACH,),
            {"kpi_uptime"},
            Standing.CLEAR,
            id="an objective attacks it",
        ),
        pytest.param(stage(weak(60, 50, 99, 99)), (BREACH,), None, Standing.CURED, id="the episode is over"),
        pytest.param(
            stage(weak(60, 50)),
            (replace(custom("kpi", "baseline", "gt", 1), key="kpi-breach"),),
            None,
            Standing.UNKNOWN,
            id="data that is missing",
        ),
    ],
)
async def test_a_run_says_where_a_recommendation_on_file_stands(
    picture: Snapshot, policies: tuple[Policy, ...], subjects: set[str] | None, expected: Standing
) -> None:
    assert await standing(picture, *policies, subjects=subjects) is expected


async def test_a_kind_that_was_not_asked_about_is_untouched() -> None:
    picture = stage(weak(60, 50))
    filed = of(picture, await run(picture, BREACH))

    found = await evaluation.evaluate(JUDGE, picture, [BREACH], kinds=["unit"])

    assert found.standing(filed) is Standing.UNTOUCHED
    assert found.findings == ()


async def test_a_closed_cycle_makes_void_what_was_about_it() -> None:
    picture = stage(*goals(4))
    filed = of(picture, await run(picture, ours("goal_limit")))
    later = picture.seen_at(datetime(2026, 11, 1, tzinfo=UTC))

    assert (await run(later, ours("goal_limit"))).standing(filed) is Standing.VOID


async def test_large_runs_let_others_have_their_turn() -> None:
    results = [b.key_result(f"kr_{n}", objective="obj_0", type=KeyResultType.BOOLEAN) for n in range(600)]
    picture = stage(*goals(1), *results)

    found = await run(picture, ours("missed_check_in"))

    assert found.matches == 600


async def test_a_value_too_large_to_compare_is_unknown_and_resolves_nothing() -> None:
    large = replace(weak(60, 50), latest=b.reading(10**16, date(2026, 7, 1)))
    asked = custom("kpi", "value", "gt", 5)
    found = await run(stage(large), asked)

    assert (found.matches, found.asked) == (0, 1)
    assert [pair.subject.key for pair in found.unknown] == [large.key]
