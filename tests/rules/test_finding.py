"""What a match says to people, and what each action proposes."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from okr.cycle import Cycle
from okr.goal import KeyResult, KeyResultType, Objective
from okr.kpi import Kpi
from okr.number import Direction
from okr.org import Leave, Person
from okr.policy import Policy, PolicyState, Severity
from okr.recommendation import Action, Evidence, Finding, Proposal, Subject
from okr.snapshot import Snapshot
from okr.target import Target
from okr.text import Text
from rules import explain, facts, fields, finding, policy
from rules.facts import Fact
from rules.template import TEMPLATES
from tests.okr import builders as b

TEAM = "unit_ops"
NEXT = b.cycle("cyc_q4", name="Q4 2026", first=date(2026, 10, 1), last=date(2026, 12, 31), closes=date(2027, 1, 15))


def ours(template: str, **params: int) -> Policy:
    """A policy from a template, in force."""
    made = policy.drafted(TEMPLATES[template], template.replace("_", "-"), "per_lan", b.NOW)
    return replace(made, state=PolicyState.PUBLISHED, params={name: Decimal(value) for name, value in params.items()})


def found(snapshot: Snapshot, fact: Fact, made: Policy, limits: Sequence[Policy] = ()) -> Finding:
    """What the policy says about the fact, whether it matches or not."""
    resolved = policy.resolve(made)
    trace = explain.explain(resolved.condition, fields.clean(resolved.kind, fact.values))
    return finding.build(snapshot, resolved, fact, trace, lambda _: [policy.resolve(each) for each in limits])


def proposed(snapshot: Snapshot, fact: Fact, made: Policy, limits: Sequence[Policy] = ()) -> Proposal:
    """What the policy proposes about the fact."""
    proposal = found(snapshot, fact, made, limits).proposal
    assert proposal is not None
    return proposal


def weak(*values: int | str, target: Target | None = None, **changes: str) -> Kpi:
    """Uptime of 99 %, Ops accountable, with a reading for each month up to July."""
    readings = tuple(b.reading(value, date(2026, 8 - len(values) + at, 1)) for at, value in enumerate(values))
    kpi = b.kpi(
        accountable=changes.get("accountable", TEAM),
        measure=changes.get("measure", "%"),
        direction=Direction(changes.get("direction", "higher")),
        targets=(target or b.target(99, 90),),
        latest=readings[-1] if readings else None,
        unjudged=readings,
    )
    return replace(kpi, targets=()) if changes.get("targets") == "none" else kpi


def stage(*more: Objective | KeyResult | Kpi | Person | Cycle, lead: str | None = None) -> Snapshot:
    """A company whose team Ops may have a lead, in the third quarter."""
    cycles = [each for each in more if isinstance(each, Cycle)] or [b.cycle()]
    others = [each for each in more if not isinstance(each, Cycle)]
    return b.snapshot(b.unit(lead="per_ceo"), b.unit(TEAM, name="Ops", parent="unit_acme", lead=lead), *cycles, *others)


def goals(count: int) -> list[Objective]:
    return [b.objective(f"obj_{n}", title=f"Goal {n}", unit=TEAM) for n in range(count)]


def test_a_breach_is_found_with_its_numbers_its_evidence_and_a_drafted_objective() -> None:
    kpi = weak(98, 60, 50)
    picture = stage(kpi)
    fact = facts.of_kpi(picture, kpi)

    assert found(picture, fact, ours("kpi_breach")) == Finding(
        dedupe="kpi-breach|kpi:kpi_uptime|kpi_uptime:2026-06-01",
        policy="kpi-breach",
        policy_version=1,
        subject=Subject(kind="kpi", key="kpi_uptime"),
        unit=TEAM,
        severity=Severity.CRITICAL,
        title=Text(
            original="Uptime is in breach at 50 %, 49 % away from green",
            vi="Uptime đang vi phạm ở mức 50 %, còn cách vùng xanh 49 %",
        ),
        evidence=Evidence(
            at=b.NOW,
            fact={
                **fact.values,
                "band": "red",
                "breach_state": "breached",
                "direction": "higher",
                "period": "month",
                "latest_period": "2026-07-01",
            },
            trace={
                "outcome": "match",
                "all": [
                    {
                        "outcome": "match",
                        "field": "breached",
                        "op": "eq",
                        "value": True,
                        "seen": True,
                        "against": True,
                    },
                    {"outcome": "match", "field": "periods_breached", "op": "gte", "value": 1, "seen": 1, "against": 1},
                    {
                        "outcome": "match",
                        "field": "has_active_objective",
                        "op": "eq",
                        "value": False,
                        "seen": False,
                        "against": False,
                    },
                ],
            },
        ),
        proposal=Proposal(
            action=Action.CREATE_OBJECTIVE,
            args={
                "title": {"original": "Bring Uptime back to its target", "vi": "Đưa Uptime trở lại mục tiêu"},
                "unit": TEAM,
                "cycle": "cyc_q3",
                "addresses": ["kpi_uptime"],
                "episode": "kpi_uptime:2026-06-01",
                "key_results": [
                    {
                        "title": {"original": "Uptime from 50 % to 99 %", "vi": "Uptime từ 50 % lên 99 %"},
                        "type": "percent",
                        "measure": "%",
                        "measures": "kpi_uptime",
                        "direction": "higher",
                        "start": Decimal(50),
                        "target": Decimal(99),
                    }
                ],
            },
            text=Text(original="Ops, Q3 2026: Uptime from 50 % to 99 %.", vi="Ops, Q3 2026: Uptime từ 50 % lên 99 %."),
        ),
        episode="kpi_uptime:2026-06-01",
        cycle="cyc_q3",
        measure="%",
    )


@pytest.mark.parametrize(
    ("accountable", "unit"),
    [(TEAM, TEAM), ("unit_gone", "unit_acme")],
    ids=["the accountable one", "else the KPI's own"],
)
def test_the_unit_of_a_finding_is_the_one_that_must_act(accountable: str, unit: str) -> None:
    kpi = weak(60, 50, accountable=accountable)
    picture = stage(kpi)

    assert found(picture, facts.of_kpi(picture, kpi), ours("kpi_breach")).unit == unit


def test_a_finding_names_the_overrides_that_took_part() -> None:
    kpi = weak(60, 50)
    picture = stage(kpi)
    fact = facts.of_kpi(picture, kpi)
    changed = replace(policy.resolve(ours("kpi_breach")), layers=("unit_acme:1", "unit_ops:2"))

    trace = explain.explain(changed.condition, fields.clean(changed.kind, fact.values))

    assert finding.build(picture, changed, fact, trace).layers == ("unit_acme:1", "unit_ops:2")


@pytest.mark.parametrize(
    ("kpi", "expected"),
    [
        pytest.param(weak(60, 50), {"type": "percent", "start": 50, "target": 99}, id="percent"),
        pytest.param(
            weak(60, 50, measure="", target=b.target(99, 90)), {"type": "number", "start": 50}, id="a plain number"
        ),
        pytest.param(
            weak(120, 110, target=b.target(200, 150)), {"type": "number", "target": 200}, id="percent beyond 100"
        ),
        pytest.param(weak(60, 50, measure="EUR"), {"type": "currency", "measure": "EUR"}, id="currency"),
        pytest.param(
            weak(4, 3, 5, measure="s", direction="lower", target=b.target("2.5", "2.8")),
            {"direction": "lower", "start": 3, "target": Decimal("2.5")},
            id="the value at breach, not the newest",
        ),
        pytest.param(
            weak(5, 4, direction="range", target=b.target(low=10, high=20, outer_low=8, outer_high=22)),
            {"type": "maintain", "low": 10, "high": 20},
            id="a range is kept",
        ),
        pytest.param(weak(99, 99), {"type": "maintain", "low": 99}, id="nothing to climb"),
        pytest.param(weak(), {"type": "maintain", "low": 99}, id="no reading at all"),
        pytest.param(
            weak(2, 2, measure="s", direction="lower", target=b.target("2.5", 3)),
            {"type": "maintain", "high": Decimal("2.5"), "measure": "s"},
            id="nothing to descend",
        ),
    ],
)
def test_the_key_result_leads_from_the_value_at_breach_to_the_target(kpi: Kpi, expected: dict[str, object]) -> None:
    picture = stage(kpi)

    args = proposed(picture, facts.of_kpi(picture, kpi), ours("kpi_breach")).args

    drafted = args["key_results"]
    assert isinstance(drafted, list)
    assert [{name: one.get(name) for name in expected} for one in drafted] == [expected]


@pytest.mark.parametrize(
    ("kpi", "title"),
    [
        (weak(3, 3, measure="s", direction="lower", target=b.target("2.5", "2.8")), "Uptime từ 3 s xuống 2,5 s"),
        (
            weak(5, 4, direction="range", target=b.target(low=10, high=20, outer_low=8, outer_high=22)),
            "Giữ Uptime ≥ 10 %, ≤ 20 %",
        ),
    ],
    ids=["down", "keep"],
)
def test_the_key_result_is_named_in_vietnamese(kpi: Kpi, title: str) -> None:
    picture = stage(kpi)

    assert proposed(picture, facts.of_kpi(picture, kpi), ours("kpi_breach")).text.vi == f"Ops, Q3 2026: {title}."


def test_where_nobody_is_accountable_the_kpis_own_unit_acts() -> None:
    kpi = weak(60, 50, accountable="unit_gone")
    picture = stage(kpi)

    assert proposed(picture, facts.of_kpi(picture, kpi), ours("kpi_breach")).args["unit"] == "unit_acme"


@pytest.mark.parametrize(
    ("day", "cycle"),
    [(date(2026, 9, 16), "cyc_q3"), (date(2026, 9, 17), "cyc_q4"), (date(2026, 12, 31), "cyc_q4")],
    ids=["two weeks remain", "less than two weeks remain", "there is no other"],
)
def test_a_recovery_does_not_begin_in_a_quarter_that_is_all_but_over(day: date, cycle: str) -> None:
    kpi = weak(60, 50)
    picture = replace(stage(kpi, b.cycle(), NEXT), as_of=datetime(day.year, day.month, day.day, 12, tzinfo=UTC))

    assert proposed(picture, facts.of_kpi(picture, kpi), ours("kpi_breach")).args["cycle"] == cycle


def test_without_a_quarter_there_is_nothing_to_propose_and_it_says_so() -> None:
    kpi = weak(60, 50)
    picture = replace(stage(kpi), as_of=datetime(2027, 3, 1, tzinfo=UTC))

    seen = found(picture, facts.of_kpi(picture, kpi), ours("kpi_breach"))

    assert (seen.proposal, seen.blocked_by) == (None, ("no cycle",))


def test_without_a_target_there_is_nothing_to_propose() -> None:
    kpi = weak(60, 50, targets="none")
    picture = stage(kpi)

    seen = found(picture, facts.of_kpi(picture, kpi), ours("kpi_breach"))

    assert (seen.proposal, seen.blocked_by) == (None, ())


@pytest.mark.parametrize(
    ("count", "limit", "blocked"),
    [(2, ours("goal_limit"), False), (3, ours("goal_limit"), True), (3, ours("goal_limit", limit=4), False)],
    ids=["room for one", "at the limit", "another limit"],
)
def test_at_its_goal_limit_a_team_is_offered_a_swap(count: int, limit: Policy, blocked: bool) -> None:
    kpi = weak(60, 50)
    picture = stage(kpi, *goals(count))

    seen = found(picture, facts.of_kpi(picture, kpi), ours("kpi_breach"), [limit])

    assert seen.proposal is not None
    assert seen.blocked_by == (("goal limit",) if blocked else ())
    assert seen.proposal.args.get("swap") == ("obj_0" if blocked else None)
    assert ('"Goal 0"' in seen.proposal.text.original) is blocked
    assert ('"Goal 0"' in seen.proposal.text.vi) is blocked


def test_a_limit_that_does_not_hold_there_blocks_nothing() -> None:
    kpi = weak(60, 50)
    picture = stage(kpi, *goals(3))
    elsewhere = replace(ours("goal_limit"), scope=replace(ours("goal_limit").scope, exempt=(TEAM,)))

    assert found(picture, facts.of_kpi(picture, kpi), ours("kpi_breach"), [elsewhere]).blocked_by == ()


def achieved(**changes: str) -> KeyResult:
    said = tuple(b.check_in(99, at=datetime(2026, 8, day, 12, tzinfo=UTC)) for day in (7, 14))
    kept = changes.get("type") == "maintain"
    return b.key_result(
        type=KeyResultType(changes.get("type", "percent")),
        title="Uptime",
        measure="%",
        start=None if kept else 50,
        target=None if kept else 99,
        low=95 if kept else None,
        check_ins=said,
        measures=changes.get("measures"),
    )


def test_a_new_standard_is_proposed_with_its_bounds() -> None:
    result = achieved()
    picture = stage(*goals(1), replace(result, objective="obj_0"))

    assert proposed(picture, facts.gather(picture, ("key_result",))[0], ours("promote_key_result")) == Proposal(
        action=Action.PROMOTE,
        args={
            "key_result": "kr_uptime",
            "valid_from": "2026-10-01",
            "target": Decimal(99),
            "baseline": Decimal(99),
            "red_bound": Decimal("94.1"),
        },
        text=Text(
            original='99 % becomes a new KPI, "Uptime", from Oct 1, 2026 on.',
            vi='99 % là KPI mới "Uptime" từ ngày 1 thg 10, 2026.',
        ),
    )


def test_a_measured_kpi_gets_a_new_baseline() -> None:
    result = replace(achieved(measures="kpi_uptime"), objective="obj_0")
    picture = stage(*goals(1), result, weak(98))

    proposal = proposed(picture, facts.of_key_result(picture, result), ours("promote_key_result"))

    assert proposal.args["kpi"] == "kpi_uptime"
    assert proposal.text.original == '99 % becomes the new baseline of the KPI "Uptime" from Oct 1, 2026 on.'
    assert proposal.text.vi == '99 % là mức nền mới của KPI "Uptime" từ ngày 1 thg 10, 2026.'


def test_what_is_not_promotable_is_not_proposed() -> None:
    result = b.key_result(objective="obj_0")
    picture = stage(*goals(1), result)

    assert found(picture, facts.of_key_result(picture, result), ours("promote_key_result")).proposal is None


@pytest.mark.parametrize(
    ("accountable", "action", "text"),
    [
        ("unit_gone", Action.NAME_OWNER, "Make Acme accountable for Uptime."),
        (TEAM, Action.REVIEW, "Ops is accountable for Uptime: agree on a key result that moves it."),
    ],
)
def test_a_kpi_that_nobody_moves_gets_an_owner_or_a_talk(accountable: str, action: Action, text: str) -> None:
    kpi = weak(95, accountable=accountable)
    picture = stage(kpi)
    seen = found(picture, facts.of_kpi(picture, kpi), ours("kpi_unowned"))

    assert seen.dedupe == "kpi-unowned|kpi:kpi_uptime"
    assert seen.cycle == "cyc_q3"
    assert seen.title.original == "Uptime is amber at 95 % and nobody moves it"
    assert seen.proposal is not None
    assert (seen.proposal.action, seen.proposal.text.original) == (action, text)
    assert seen.proposal.args == {"kpi": "kpi_uptime", "accountable": TEAM if accountable == TEAM else "unit_acme"}


LAN, MINH, CEO = b.person("per_lan"), b.person("per_minh", name="Minh"), b.person("per_ceo", name="An")
AWAY = replace(MINH, leave=(Leave(first=date(2026, 8, 10), last=date(2026, 8, 20)),))
GONE = replace(LAN, left=date(2026, 8, 1))


@pytest.mark.parametrize(
    ("slots", "people", "step", "person", "severity"),
    [
        pytest.param(5, (LAN, MINH, CEO), "owner", "per_lan", Severity.INFO, id="first the owner"),
        pytest.param(4, (LAN, MINH, CEO), "lead", "per_minh", Severity.WARNING, id="then the lead"),
        pytest.param(3, (LAN, MINH, CEO), "parent_lead", "per_ceo", Severity.CRITICAL, id="then the lead above"),
        pytest.param(1, (LAN, MINH, CEO), "parent_lead", "per_ceo", Severity.CRITICAL, id="and nobody further up"),
        pytest.param(5, (GONE, MINH, CEO), "lead", "per_minh", Severity.INFO, id="the owner has left"),
        pytest.param(4, (LAN, AWAY, CEO), "parent_lead", "per_ceo", Severity.WARNING, id="the lead is on leave"),
        pytest.param(4, (LAN,), "owner", "per_lan", Severity.INFO, id="there is nobody else"),
    ],
)
def test_reminders_climb_from_the_owner_to_the_lead_above(
    slots: int, people: tuple[Person, ...], step: str, person: str, severity: Severity
) -> None:
    result = b.key_result(objective="obj_0", owner="per_lan")
    picture = stage(*goals(1), result, *people, lead="per_minh")

    seen = found(picture, facts.of_key_result(picture, result), ours("missed_check_in", slots=slots))

    assert seen.dedupe == "missed-check-in|key_result:kr_uptime|2026-07-10"
    assert seen.severity is severity
    assert seen.proposal is not None
    assert seen.proposal.args == {"person": person, "step": step}


@pytest.mark.parametrize(
    ("kind", "person"), [("kpi", "per_lan"), ("objective", "per_lan"), ("unit", "per_minh"), ("key_result", "per_lan")]
)
def test_any_kind_of_subject_has_somebody_to_remind(kind: str, person: str) -> None:
    goal = replace(goals(1)[0], owner="per_lan")
    kpi = replace(weak(50), unit=TEAM, reporter="per_lan")
    picture = stage(goal, kpi, b.key_result(objective="obj_0"), LAN, MINH, CEO, lead="per_minh")
    fact = next(fact for fact in facts.gather(picture, (kind,)) if fact.unit == TEAM)
    remind = replace(policy.resolve(ours("missed_check_in")), action=Action.REMIND, escalation=None)

    seen = finding.build(picture, remind, fact, explain.explain(remind.condition, {}))

    assert seen.proposal is not None
    assert seen.proposal.args["person"] == person


def test_nobody_is_reminded_where_nobody_is_left() -> None:
    result = b.key_result(objective="obj_0")
    picture = stage(*goals(1), result)

    seen = found(picture, facts.of_key_result(picture, result), ours("missed_check_in"))

    assert (seen.proposal, seen.severity) == (None, Severity.INFO)
    assert seen.title.original == "5 check-ins missed in a row: Uptime from 50 % to 99 %"


def test_a_run_of_silence_begins_after_the_last_check_in() -> None:
    said = b.check_in(10, at=datetime(2026, 7, 23, 12, tzinfo=UTC))
    result = b.key_result(objective="obj_0", owner="per_lan", check_ins=(said,))
    picture = stage(*goals(1), result, LAN)

    seen = found(picture, facts.of_key_result(picture, result), ours("missed_check_in"))

    assert seen.episode == "2026-07-31"
    assert seen.proposal is not None
    assert seen.proposal.text.vi == 'Nhắc Lan về "Uptime from 50 % to 99 %".'


def test_too_many_goals_name_the_weakest() -> None:
    strong = b.key_result("kr_1", objective="obj_0", check_ins=(b.check_in(40, key_result="kr_1"),))
    picture = stage(*goals(4), strong)
    fact = next(fact for fact in facts.gather(picture, ("unit",)) if fact.subject == TEAM)

    seen = found(picture, fact, ours("goal_limit"))

    assert seen.dedupe == "goal-limit|unit:unit_ops|cyc_q3"
    assert seen.title == Text(original="Ops has 4 goals; the limit is 3", vi="Ops có 4 mục tiêu; giới hạn là 3")
    assert seen.proposal == Proposal(
        action=Action.REVIEW,
        args={"weakest": "obj_1"},
        text=Text(
            original='Drop or defer the weakest: "Goal 1" (0 %).', vi='Bỏ hoặc hoãn mục tiêu yếu nhất: "Goal 1" (0 %).'
        ),
    )


@pytest.mark.parametrize(
    ("on", "when"),
    [
        ("objective", {"field": "supports_something", "op": "eq", "value": False}),
        ("kpi", {"field": "movers", "op": "eq", "value": 0}),
        ("key_result", {"field": "check_ins", "op": "eq", "value": 0}),
        ("unit", {"field": "has_lead", "op": "eq", "value": False}),
    ],
)
def test_a_custom_policy_asks_to_talk_about_its_subject(on: str, when: dict[str, object]) -> None:
    picture = stage(*goals(1), b.key_result(objective="obj_0"), weak(50))
    made = replace(ours("goal_limit"), key="ours", name="Ours", template="custom", on=on, when=when)
    fact = next(fact for fact in facts.gather(picture, (on,)) if fact.subject != "unit_acme")

    seen = found(picture, fact, made)

    assert seen.title.original == f"Ours: {fact.name.original}"
    assert seen.proposal is not None
    assert seen.proposal.action is Action.REVIEW
    assert seen.cycle == "cyc_q3"


def test_evidence_is_as_plain_as_a_document() -> None:
    value = {"day": date(2026, 8, 15), "bands": (Direction.LOWER, Decimal("2.5"), None), 7: True}

    assert finding.plain(value) == {"day": "2026-08-15", "bands": ["lower", Decimal("2.5"), None], "7": True}
