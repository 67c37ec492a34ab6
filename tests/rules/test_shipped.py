"""The shipped templates on small organisations: each finds what it is for, says it, and is quiet about the rest."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from okr import gap
from okr.cycle import CycleKind
from okr.gap import GapKind
from okr.goal import Contribution, KeyResult, KeyResultType, Objective, ObjectiveState
from okr.kpi import Kpi, Watch
from okr.org import Leave
from okr.policy import PolicyMode, PolicyState
from okr.recommendation import Action, Finding
from okr.snapshot import Entity, Snapshot
from rules import evaluation, policy
from rules.judge import Engine, Judge
from rules.template import TEMPLATES
from rules.worker import Worker
from tests.okr import builders as b

TEAM = "unit_ops"
PAST = b.cycle("cyc_q2", first=date(2026, 4, 1), last=date(2026, 6, 30), closes=date(2026, 7, 15))
OLDER = b.cycle("cyc_q1", first=date(2026, 1, 1), last=date(2026, 3, 31), closes=date(2026, 4, 15))
NEXT = b.cycle("cyc_q4", first=date(2026, 10, 1), last=date(2026, 12, 31), closes=date(2027, 1, 15))
YEAR = b.cycle("cyc_2026", kind=CycleKind.YEAR, first=date(2026, 1, 1), last=date(2026, 12, 31))
FIRST_FRIDAY = datetime(2026, 7, 3, 12, tzinfo=UTC)
LATE_SEPTEMBER = datetime(2026, 9, 24, 12, tzinfo=UTC)


def stage(*more: Entity) -> Snapshot:
    """A company with the team Ops, led by Mai, in which Lan works: the third quarter, those around it, and the year."""
    team = b.unit(TEAM, name="Ops", parent="unit_acme", lead="per_mai")
    people = (b.person(unit=TEAM), b.person("per_mai", name="Mai", unit=TEAM))
    return b.snapshot(b.unit(), team, *people, OLDER, PAST, b.cycle(), NEXT, YEAR, *more)


async def found(picture: Snapshot, template: str, **params: int) -> tuple[Finding, ...]:
    """What a policy from the template finds in the picture."""
    made = policy.drafted(TEMPLATES[template], template.replace("_", "-"), "per_lan", b.NOW)
    given = {name: Decimal(value) for name, value in params.items()}
    run = await evaluation.evaluate(Judge(), picture, [replace(made, state=PolicyState.PUBLISHED, params=given)])
    assert (run.errors, run.findings) == (0, ())
    return run.observed


def said(one: Finding) -> tuple[str, str, Action | None, str, str]:
    """Title and proposal of a finding, in English and Vietnamese."""
    text = one.proposal.text if one.proposal else None
    return (
        one.title.original,
        one.title.vi,
        one.proposal.action if one.proposal else None,
        text.original if text else "",
        text.vi if text else "",
    )


def read(*values: int, **changes: str) -> Kpi:
    """Uptime of Ops, 99 % and red below 90, with a reading for each month up to July."""
    readings = tuple(b.reading(value, date(2026, 8 - len(values) + at, 1)) for at, value in enumerate(values))
    return b.kpi(
        unit=TEAM,
        accountable=TEAM,
        reporter=changes.get("reporter"),
        targets=(b.target(99, 90),),
        latest=readings[-1] if readings else None,
        unjudged=readings,
        since=date(2026, 5, 1),
    )


async def test_a_kpi_that_stays_amber_is_offered_an_objective_of_its_own() -> None:
    (one,) = await found(stage(read(95, 94, 96)), "kpi_opportunity")

    assert said(one) == (
        "Uptime stays amber at 96 %, 3 % away from green (periods in a row: 3)",
        "Uptime vẫn ở vùng vàng, hiện 96 %, còn cách vùng xanh 3 % (số kỳ liên tiếp: 3)",
        Action.CREATE_OBJECTIVE,
        "Ops, Q3 2026: Uptime from 96 % to 99 %.",
        "Ops, Q3 2026: Uptime từ 96 % lên 99 %.",
    )
    assert (one.dedupe, one.episode, one.cycle) == ("kpi-opportunity|kpi:kpi_uptime", None, "cyc_q3")
    assert one.proposal is not None
    assert one.proposal.args == {
        "title": {"original": "Take Uptime from fine to excellent", "vi": "Đưa Uptime từ tạm ổn lên xuất sắc"},
        "unit": TEAM,
        "cycle": "cyc_q3",
        "addresses": ["kpi_uptime"],
        "key_results": [
            {
                "title": {"original": "Uptime from 96 % to 99 %", "vi": "Uptime từ 96 % lên 99 %"},
                "measure": "%",
                "measures": "kpi_uptime",
                "type": "percent",
                "direction": "higher",
                "start": Decimal(96),
                "target": Decimal(99),
            }
        ],
    }


@pytest.mark.parametrize(
    "picture",
    [
        pytest.param(stage(read(95, 96)), id="amber twice"),
        pytest.param(stage(read(95, 99, 96)), id="green in between"),
        pytest.param(stage(read(60, 50, 95, 95, 95)), id="in breach"),
        pytest.param(stage(read(95, 94, 96), b.objective(addresses=("kpi_uptime",))), id="attacked"),
    ],
)
async def test_a_kpi_that_is_not_amber_for_long_is_offered_nothing(picture: Snapshot) -> None:
    assert await found(picture, "kpi_opportunity") == ()


@pytest.mark.parametrize(
    ("more", "reporter", "asked"),
    [
        pytest.param((), "per_lan", "Lan", id="the reporter"),
        pytest.param((), None, "Mai", id="the lead where nobody reports"),
        pytest.param(
            (b.person(unit=TEAM, leave=(Leave(first=b.FIRST, last=b.LAST),)),), "per_lan", "Mai", id="while away"
        ),
    ],
)
async def test_somebody_is_asked_for_readings_that_are_missing(
    more: Sequence[Entity], reporter: str | None, asked: str
) -> None:
    kpi = replace(read(99), reporter=reporter, latest=b.reading(99, date(2026, 5, 1)), unjudged=())

    (one,) = await found(stage(kpi, *more), "kpi_stale")

    assert said(one) == (
        "No reading of Uptime (missing periods: 2)",
        "Uptime chưa có số liệu (số kỳ thiếu: 2)",
        Action.REMIND,
        f'Remind {asked} about "Uptime".',
        f'Nhắc {asked} về "Uptime".',
    )


async def test_a_kpi_that_never_had_a_reading_is_stale_and_one_that_is_read_is_not() -> None:
    never = replace(read(), key="kpi_never")

    assert [one.subject.key for one in await found(stage(read(99), never), "kpi_stale")] == ["kpi_never"]


async def test_too_many_kpis_are_asked_about_once() -> None:
    kpis = [replace(read(99), key=f"kpi_{n}") for n in range(8)]
    goals = [b.objective(f"obj_{cycle}", unit=TEAM, cycle=cycle) for cycle in ("cyc_q2", "cyc_q4", "cyc_2026")]

    (one,) = await found(stage(*kpis, *goals), "kpi_count")

    assert said(one) == (
        "Ops has 8 KPIs; the limit is 7",
        "Ops có 8 KPI; giới hạn là 7",
        Action.REVIEW,
        "Choose the few KPIs that matter, at most 7, and stop watching the others.",
        "Chọn vài KPI thực sự quan trọng, nhiều nhất 7, và thôi theo dõi các KPI còn lại.",
    )
    assert (one.dedupe, one.proposal.args if one.proposal else None) == ("kpi-count|unit:unit_ops|cyc_q3", {})
    assert await found(stage(*kpis[1:]), "kpi_count") == ()


@pytest.mark.parametrize(("count", "odd"), [(1, True), (2, False), (5, False), (6, True)])
async def test_a_few_key_results_are_right(count: int, odd: bool) -> None:
    results = [b.key_result(f"kr_{n}") for n in range(count)]
    gone = b.key_result("kr_gone", cancelled=True)

    matches = await found(stage(b.objective(title="Grow", unit=TEAM), *results, gone), "key_result_count")

    assert [said(one) for one in matches] == odd * [
        (
            f"Grow: the number of key results is {count}; 2 to 5 are usual",
            f"Grow có {count} kết quả then chốt; thường là từ 2 đến 5",
            Action.REVIEW,
            "Split it where there are more than 5; sharpen it, with another measure, where there are fewer than 2.",
            "Tách ra nếu có hơn 5 kết quả; làm rõ thêm bằng một thước đo nữa nếu có ít hơn 2.",
        )
    ]


async def test_a_quarter_that_nobody_graded_is_asked_about_and_its_goals_count_no_more() -> None:
    forgotten = [b.objective(f"obj_{n}", unit=TEAM, cycle="cyc_q2") for n in range(4)]
    graded = b.objective(unit=TEAM, cycle="cyc_q1", state=ObjectiveState.CLOSED, final=b.final())
    picture = stage(*forgotten, graded)

    (one,) = await found(picture, "missed_review")

    assert said(one) == (
        "Ops has not graded its goals of the quarter (goals: 4; days since its end: 46)",
        "Ops chưa chấm điểm mục tiêu của quý (số mục tiêu: 4; số ngày từ khi hết: 46)",
        Action.REVIEW,
        "Hold the review of the quarter: grade and close what is left (4).",
        "Tổ chức buổi đánh giá quý: chấm điểm và đóng các mục tiêu còn lại (4).",
    )
    assert one.dedupe == "missed-review|unit:unit_ops|cyc_q2"
    limit = replace(
        policy.drafted(TEMPLATES["goal_limit"], "goal-limit", "per_lan", b.NOW), state=PolicyState.PUBLISHED
    )
    assert (await evaluation.evaluate(Judge(), picture, [limit])).matches == 0


@pytest.mark.parametrize(("day", "asked"), [(date(2026, 10, 14), 0), (date(2026, 10, 15), 1)])
async def test_a_review_is_missed_after_its_grace(day: date, asked: int) -> None:
    picture = stage(b.objective(unit=TEAM)).seen_at(datetime(day.year, day.month, day.day, 12, tzinfo=UTC))

    assert len(await found(picture, "missed_review")) == asked


def sure(*levels: int | None, value: int = 50) -> KeyResult:
    """A key result of 50 % with one check-in a week, and these levels of confidence."""
    entries = (
        b.check_in(value, key=f"chk_{at}", at=FIRST_FRIDAY + timedelta(weeks=at), confidence=level)
        for at, level in enumerate(levels)
    )
    return b.key_result(title="NPS", check_ins=tuple(entries))


async def test_confidence_that_never_moves_is_talked_about() -> None:
    (one,) = await found(stage(b.objective(unit=TEAM), sure(5, 7, 7, None, 7, 7)), "frozen_confidence")

    assert said(one) == (
        "Confidence is 7, check-in after check-in (4 in a row): NPS",
        "Độ tin tưởng vẫn là 7 sau 4 lần check-in: NPS",
        Action.REVIEW,
        "Talk about it: what would make a confidence of 7 rise or fall?",
        "Cùng trao đổi: điều gì sẽ làm độ tin tưởng 7 tăng hoặc giảm?",
    )


CLOSED = b.objective(unit=TEAM, state=ObjectiveState.CLOSED, final=b.final())


@pytest.mark.parametrize(
    ("goal", "result"),
    [
        pytest.param(b.objective(unit=TEAM), sure(7, 7, 7, 8), id="it moved"),
        pytest.param(b.objective(unit=TEAM), sure(None, None, None, None, 7), id="it was hardly ever stated"),
        pytest.param(b.objective(unit=TEAM), sure(10, 10, 10, 10, value=100), id="it is achieved"),
        pytest.param(CLOSED, sure(7, 7, 7, 7), id="it is over"),
    ],
)
async def test_confidence_that_means_something_is_left_alone(goal: Objective, result: KeyResult) -> None:
    assert await found(stage(goal, result), "frozen_confidence") == ()


def done(key: str, title: str) -> KeyResult:
    return b.key_result(key, title=title, type=KeyResultType.BOOLEAN)


async def test_a_to_do_list_is_told_by_its_words_and_its_structure() -> None:
    goal = b.objective(title="Be ready for the visit", unit=TEAM)
    results = (done("kr_1", "Write the manual"), done("kr_2", "Tổ chức tập huấn"), done("kr_3", "The visit is passed"))

    (one,) = await found(stage(goal, *results), "todo_list")

    assert said(one) == (
        "Be ready for the visit reads like a to-do list (key results: 3, none measured; words: write, tổ chức)",
        "Be ready for the visit giống danh sách việc cần làm (số kết quả: 3, không có số đo; từ: write, tổ chức)",
        Action.REVIEW,
        "Rewrite it towards an outcome: what changes in numbers once this is done (write, tổ chức)?",
        "Viết lại theo kết quả: con số nào sẽ thay đổi khi làm xong những việc này (write, tổ chức)?",
    )
    clauses = one.evidence.trace["all"]
    assert isinstance(clauses, list)
    assert [(clause["field"], clause["seen"]) for clause in clauses] == [
        ("key_results_live", 3),
        ("key_results_measured", 0),
        ("task_titles", 2),
        ("task_words", "write, tổ chức"),
    ]


@pytest.mark.parametrize(
    "results",
    [
        pytest.param((done("kr_1", "Write the manual"), b.key_result("kr_2")), id="one measure"),
        pytest.param((done("kr_1", "The visit is passed"),), id="an outcome, if a plain one"),
        pytest.param((), id="nothing yet"),
    ],
)
async def test_what_has_a_measure_or_names_an_outcome_is_no_to_do_list(results: Sequence[KeyResult]) -> None:
    assert await found(stage(b.objective(unit=TEAM), *results), "todo_list") == ()


@pytest.mark.parametrize(
    ("result", "seen"),
    [
        pytest.param(
            b.key_result(title="Returns", type=KeyResultType.MAINTAIN, high=2),
            "Looks like a KPI: Returns (type: maintain; words: –; cycles with this target: 1)",
            id="a level",
        ),
        pytest.param(
            b.key_result(title="Giữ vững NPS"),
            "Looks like a KPI: Giữ vững NPS (type: number; words: giữ vững; cycles with this target: 1)",
            id="its words",
        ),
        pytest.param(
            b.key_result(title="NPS from 40 to 50", start=40, target=50),
            "Looks like a KPI: NPS from 40 to 50 (type: number; words: –; cycles with this target: 2)",
            id="it comes back",
        ),
        pytest.param(b.key_result(title="NPS from 40 to 60", start=40, target=60), None, id="a new target"),
        pytest.param(b.key_result(title="Keep it", measures="kpi_uptime"), None, id="it measures a KPI"),
        pytest.param(b.key_result(title="Keep it", trial=True), None, id="it is on trial"),
    ],
)
async def test_a_kpi_in_disguise_is_told_by_its_type_its_words_or_its_return(
    result: KeyResult, seen: str | None
) -> None:
    past = b.objective("obj_past", unit=TEAM, cycle="cyc_q2", state=ObjectiveState.CLOSED, final=b.final())
    before = b.key_result("kr_past", objective="obj_past", title="NPS from 35 to 50", start=35, target=50)

    matches = await found(stage(past, before, b.objective(unit=TEAM), result, read(99)), "kpi_in_disguise")

    assert [one.title.original for one in matches] == ([seen] if seen else [])


async def test_a_kpi_in_disguise_is_proposed_as_one() -> None:
    (one,) = await found(stage(b.objective(unit=TEAM), b.key_result(title="Duy trì NPS")), "kpi_in_disguise")

    assert said(one) == (
        "Looks like a KPI: Duy trì NPS (type: number; words: duy trì; cycles with this target: 1)",
        "Giống một KPI: Duy trì NPS (loại: số; từ: duy trì; số chu kỳ cùng đích: 1)",
        Action.REVIEW,
        "Make it a KPI with a level to hold, and keep key results for what should change.",
        "Chuyển thành KPI với một mức cần giữ, và dành kết quả then chốt cho điều cần thay đổi.",
    )


def full(cycle: str, progress: str = "1") -> Objective:
    return b.objective(f"obj_{cycle}", unit=TEAM, cycle=cycle, state=ObjectiveState.CLOSED, final=b.final(progress))


def steady(target: int) -> tuple[Kpi, KeyResult]:
    """A KPI that swings between 90 and 92 by itself, and a key result that takes it to `target`."""
    watch = Watch(judged=date(2026, 7, 1), recent=tuple(Decimal(value) for value in (90, 92, 90, 92, 90, 92)))
    return replace(read(92), watch=watch, unjudged=()), b.key_result(target=target, measures="kpi_uptime", measure="%")


@pytest.mark.parametrize(
    ("around", "seen"),
    [
        pytest.param(
            (full("cyc_q2"), full("cyc_q1")), "cycles in a row: 2; targets within normal variation: 0", id="2"
        ),
        pytest.param((full("cyc_q2"), full("cyc_q1", "0.8")), None, id="one full cycle"),
        pytest.param(
            steady(96), "cycles in a row: 0; targets within normal variation: 1", id="luck reaches the target"
        ),
        pytest.param(steady(97), None, id="luck does not reach the target"),
    ],
)
async def test_a_goal_that_does_not_stretch_is_told_by_its_record_or_its_kpi(
    around: Sequence[Entity], seen: str | None
) -> None:
    matches = await found(stage(b.objective(title="Grow", unit=TEAM), *around), "no_stretch")

    assert [one.title.original for one in matches] == ([f"Grow may not stretch anybody (full {seen})"] if seen else [])


async def test_a_goal_that_does_not_stretch_is_asked_for_more() -> None:
    (one,) = await found(stage(b.objective(title="Grow", unit=TEAM), full("cyc_q2")), "no_stretch", cycles=1)

    assert said(one)[1:] == (
        "Grow có thể thiếu thử thách (chu kỳ đạt trọn liên tiếp: 1; đích trong biến động bình thường: 0)",
        Action.REVIEW,
        "Raise the target to where it takes something new to get there.",
        "Nâng đích lên mức phải làm điều gì đó mới có thể đạt được.",
    )


ALONE = b.objective("obj_alone", title="Alone", unit=TEAM)


@pytest.mark.parametrize(
    ("goal", "alone"),
    [
        pytest.param(ALONE, True, id="alone"),
        pytest.param(replace(ALONE, supports="obj_top"), False, id="it supports"),
        pytest.param(replace(ALONE, contributes=(Contribution(to="obj_top"),)), False, id="it contributes"),
        pytest.param(replace(ALONE, unit="unit_acme"), False, id="of the company"),
    ],
)
async def test_a_goal_that_stands_alone_is_an_orphan_of_the_tree(goal: Objective, alone: bool) -> None:
    picture = stage(b.objective("obj_top"), goal)

    matches = await found(picture, "unaligned")

    orphans = [each.node for each in gap.of_objective(picture, goal, lambda _: True) if each.kind is GapKind.ORPHAN]
    assert [one.subject.key for one in matches] == orphans == ["obj_alone"] * alone
    assert [said(one) for one in matches] == alone * [
        (
            "Alone supports nothing above it",
            "Alone không hỗ trợ điều gì ở trên",
            Action.REVIEW,
            "Align it with a goal above it, or drop it.",
            "Gắn nó với một mục tiêu ở trên, hoặc bỏ nó.",
        )
    ]


async def test_a_recovery_answers_to_its_kpi() -> None:
    assert await found(stage(replace(ALONE, addresses=("kpi_uptime",)), read(50)), "unaligned") == ()


def tried(*values: int) -> KeyResult:
    """A metric on trial: minutes to an answer, from 60 to 20, with a check-in a week."""
    entries = (
        b.check_in(value, key=f"chk_{at}", at=FIRST_FRIDAY + timedelta(weeks=at)) for at, value in enumerate(values)
    )
    return b.key_result(
        title="Answer time", start=60, target=20, measure="min", trial=True, check_ins=tuple(entries), owner="per_lan"
    )


async def test_a_trial_that_did_not_hold_its_target_is_reviewed_with_its_evidence() -> None:
    (one,) = await found(stage(b.objective(unit=TEAM), tried(55, 40, 35)).seen_at(LATE_SEPTEMBER), "adopt_trial_kpi")

    assert said(one) == (
        "The trial ends: Answer time (check-ins: 3; from 60 min to 35 min)",
        "Chỉ số thử sắp hết hạn: Answer time (số lần check-in: 3; từ 60 min đến 35 min)",
        Action.REVIEW,
        "Adopt it, extend the trial or drop it (check-ins so far: 3; from 60 min to 35 min).",
        "Nhận chính thức, thử tiếp hoặc bỏ (số lần check-in đến nay: 3; từ 60 min đến 35 min).",
    )


async def test_a_trial_that_held_its_target_becomes_a_kpi() -> None:
    (one,) = await found(stage(b.objective(unit=TEAM), tried(30, 20, 18)).seen_at(LATE_SEPTEMBER), "adopt_trial_kpi")

    assert one.proposal is not None
    assert (one.proposal.action, one.proposal.args["key_result"]) == (Action.PROMOTE, "kr_uptime")


@pytest.mark.parametrize(
    ("result", "day"),
    [
        pytest.param(tried(55), datetime(2026, 9, 22, tzinfo=UTC), id="there is time left"),
        pytest.param(replace(tried(55), trial=False), LATE_SEPTEMBER, id="no trial"),
        pytest.param(replace(tried(30, 20, 18), promoted_to="kpi_uptime"), LATE_SEPTEMBER, id="adopted already"),
    ],
)
async def test_other_key_results_go_on(result: KeyResult, day: datetime) -> None:
    assert await found(stage(b.objective(unit=TEAM), result, read(99)).seen_at(day), "adopt_trial_kpi") == ()


async def test_the_engine_finds_what_the_reference_evaluator_finds(worker: Worker) -> None:
    past = b.objective("obj_past", unit=TEAM, cycle="cyc_q2")
    tasks = (b.objective("obj_tasks", unit=TEAM), replace(done("kr_1", "Write the manual"), objective="obj_tasks"))
    kpis = (*(replace(read(99), key=f"kpi_{n}") for n in range(8)), replace(read(), key="kpi_never"))
    amber = replace(read(95, 94, 96), key="kpi_amber")
    results = (b.objective(unit=TEAM), tried(55), replace(sure(7, 7, 7, 7), key="kr_7"))
    kept = b.key_result("kr_kept", title="Keep NPS above 50")
    record = (full("cyc_q1"), replace(full("cyc_q2"), key="obj_full"))
    picture = stage(past, *tasks, ALONE, *kpis, amber, *results, kept, *record).seen_at(LATE_SEPTEMBER)
    policies = policy.defaults("per_lan", b.NOW)

    ours = await evaluation.evaluate(Judge(worker), picture, policies)
    expected = await evaluation.evaluate(Judge(), picture, policies)

    assert (ours.engine, expected.engine) == (Engine.DURABLE, Engine.PYTHON)
    assert (ours.findings, ours.observed) == (expected.findings, expected.observed)
    observing = {key.replace("_", "-") for key, each in TEMPLATES.items() if each.mode is PolicyMode.OBSERVE}
    assert {one.policy for one in expected.observed} == observing
