"""Previews: what would open, resolve and stay, what is worth a warning, and what differs from what is in force."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from okr import filing
from okr.past import Past
from okr.policy import Example, Policy, PolicyMode, PolicyState, Scope, Severity
from okr.recommendation import DismissReason, Recommendation, RecommendationState, Subject, dismiss
from okr.snapshot import Snapshot
from okr.text import Text
from okr.waiver import Waiver, WaiverKind
from rules import backtest, evaluation, policy, preview
from rules.comparison import Difference
from rules.judge import Judge
from rules.layers import Stack
from rules.preview import Concern, Item, Preview, Sample, UnitPreview
from rules.template import Help
from tests.okr import builders as b
from tests.rules.test_finding import TEAM, goals, ours, stage, weak

JUDGE = Judge()
LIMIT = ours("goal_limit")
DRAFT = replace(LIMIT, version=2, mode=PolicyMode.OBSERVE)


async def filed(picture: Snapshot, *policies: Policy) -> tuple[Recommendation, ...]:
    """What these policies have filed."""
    found = await evaluation.evaluate(JUDGE, picture, policies)
    return filing.reconcile("acme", (), found.findings, found.standing, found.terms, picture.as_of)


async def look(
    picture: Snapshot,
    draft: Policy = DRAFT,
    in_force: Policy | None = None,
    on_file: Sequence[Recommendation] = (),
    waivers: Sequence[Waiver] = (),
) -> Preview:
    stack = Stack(base=in_force, layers={}) if in_force else None
    return await preview.preview(JUDGE, picture, draft, stack, on_file, waivers)


def happening(found: Preview) -> dict[str, list[str]]:
    """The subjects that something would happen to."""
    parts = {"opens": found.opens, "resolves": found.resolves, "stays": found.stays}
    return {name: sorted(item.subject.key for item in items) for name, items in parts.items() if items}


def warned(found: Preview) -> list[Concern]:
    return [one.concern for one in found.warnings]


async def test_a_draft_that_only_observes_shows_what_it_would_open() -> None:
    found = await look(stage(*goals(4), b.person()))

    item = Item(
        subject=Subject(kind="unit", key=TEAM),
        unit=TEAM,
        cycle="cyc_q3",
        title=found.opens[0].title,
        severity=Severity.WARNING,
    )
    assert "Ops" in item.title.original
    assert found == Preview(
        policy=DRAFT,
        asked=2,
        matched=1,
        unknown=0,
        waived=0,
        opens=(item,),
        resolves=(),
        stays=(),
        units=(
            UnitPreview(unit=TEAM, asked=1, matched=1, opens=1),
            UnitPreview(unit="unit_acme", asked=1),
        ),
        changes=(),
        added=Sample(count=0, items=()),
        removed=Sample(count=0, items=()),
        tests=found.tests,
    )
    assert (found.share, found.warnings) == (0.5, ())
    assert all(test.passed for test in found.tests)


async def test_against_what_is_on_file_each_subject_opens_resolves_or_stays() -> None:
    now = stage(*goals(4), *[b.objective(f"obj_c{n}") for n in range(6)])
    on_file = await filed(now, LIMIT)
    assert happening(await look(now, DRAFT, LIMIT, on_file)) == {"stays": ["unit_acme", TEAM]}
    higher = replace(DRAFT, params={"limit": Decimal(4)})
    assert happening(await look(now, higher, LIMIT, on_file)) == {"resolves": [TEAM], "stays": ["unit_acme"]}
    one = tuple(each for each in on_file if each.finding.unit == TEAM)
    assert happening(await look(now, DRAFT, LIMIT, one)) == {"opens": ["unit_acme"], "stays": [TEAM]}


async def test_hold_clear_and_expiry_are_not_waited_for() -> None:
    now, waiting = stage(*goals(4)), replace(DRAFT, hold=9, clear=9, expires=1)
    old = tuple(
        replace(each, first_seen=b.NOW - timedelta(days=50), state=RecommendationState.PENDING, history=())
        for each in await filed(now, LIMIT)
    )
    assert happening(await look(now, waiting)) == {"opens": [TEAM]}
    assert happening(await look(now, waiting, LIMIT, old)) == {"stays": [TEAM]}
    assert happening(await look(stage(*goals(1)), waiting, LIMIT, old)) == {"resolves": [TEAM]}


async def test_what_was_dismissed_stays_quiet() -> None:
    now = stage(*goals(4))
    (said,) = await filed(now, LIMIT)
    quiet = dismiss(said, DismissReason.NOT_RELEVANT, "", "per_lan", b.NOW, cooldown=30)
    assert happening(await look(now, DRAFT, LIMIT, (quiet,))) == {}
    graver = replace(DRAFT, severity=Severity.CRITICAL)
    assert happening(await look(now, graver, LIMIT, (quiet,))) == {"opens": [TEAM]}


async def test_what_is_not_known_resolves_nothing() -> None:
    asked = {"field": "progress", "op": "lt", "value": 0.9}
    custom = replace(LIMIT, template="custom", on="unit", when=asked, action="review")
    now = stage(*goals(1), b.key_result(objective="obj_0", check_ins=(b.check_in(10),)))
    on_file = tuple(each for each in await filed(now, custom))
    assert [each.finding.unit for each in on_file] == [TEAM]
    assert happening(await look(stage(), custom, custom, on_file)) == {"stays": [TEAM]}


async def test_switching_a_policy_off_ends_what_it_filed() -> None:
    now = stage(*goals(4))
    found = await look(now, replace(DRAFT, mode=PolicyMode.OFF), LIMIT, await filed(now, LIMIT))
    assert (happening(found), found.asked, found.share, found.warnings) == ({"resolves": [TEAM]}, 0, None, ())
    assert [item.subject.key for item in found.removed.items] == [TEAM]


async def test_a_draft_that_begins_later_is_looked_at_as_if_it_held_today() -> None:
    later = replace(DRAFT, effective_from=date(2027, 1, 1))
    assert happening(await look(stage(*goals(4)), later)) == {"opens": [TEAM]}


async def test_a_waived_match_is_counted_and_opens_nothing() -> None:
    waiver = Waiver(
        key="wai_1",
        policy="goal-limit",
        unit=TEAM,
        subject=None,
        kind=WaiverKind.WAIVED,
        reason="A merger.",
        approved_by="per_lan",
        created_at=b.NOW,
        until=date(2026, 9, 30),
    )
    found = await look(stage(*goals(4)), waivers=(waiver,))
    assert (happening(found), found.matched, found.waived) == ({}, 1, 1)


async def test_a_kpi_counts_for_the_unit_that_has_to_act() -> None:
    found = await look(stage(weak(60, 50)), ours("kpi_breach"))
    assert found.units == (UnitPreview(unit=TEAM, asked=1, matched=1, opens=1),)


FAILING = Example(name="never", fact={"goals_active": 9, "is_root": False}, expect="clear")


@pytest.mark.parametrize(
    ("picture", "draft", "expected"),
    [
        pytest.param(stage(*goals(4)), DRAFT, [], id="half"),
        pytest.param(stage(*goals(1)), DRAFT, [Concern.MATCHES_NOTHING], id="nothing"),
        pytest.param(
            stage(*goals(4)), replace(DRAFT, scope=Scope(units=(TEAM,))), [Concern.MATCHES_EVERYTHING], id="everything"
        ),
        pytest.param(
            stage(weak(60, 50), replace(weak(60, 50), key="kpi_b"), replace(weak(99, 99), key="kpi_c")),
            ours("kpi_breach"),
            [Concern.MATCHES_MOST],
            id="more than half",
        ),
        pytest.param(stage(*goals(4)), replace(DRAFT, tests=(FAILING,)), [Concern.TEST_FAILED], id="a test case"),
        pytest.param(
            stage(b.kpi()),
            replace(
                ours("kpi_breach"),
                template="custom",
                on="kpi",
                when={"field": "attainment", "op": "lt", "value": 1},
            ),
            [Concern.NOTHING_KNOWN],
            id="nothing known",
        ),
    ],
)
async def test_what_an_administrator_should_look_at(picture: Snapshot, draft: Policy, expected: list[Concern]) -> None:
    assert warned(await look(picture, draft)) == expected


async def test_a_warning_is_a_sentence_in_both_languages() -> None:
    (one,) = (await look(stage(*goals(1)))).warnings
    assert one.message == Text(original="It matches nothing today, of 2.", vi="Hôm nay không có gì khớp, trong số 2.")


async def test_a_warning_that_nothing_matches_says_what_would_have_on_past_days() -> None:
    now = stage(weak(60, 50, 99, 99))
    readings = [b.reading(value, date(2026, 4 + at, 1)) for at, value in enumerate((60, 50, 99, 99))]
    past = await backtest.run(Past(now, readings), [ours("kpi_breach")], 90)
    (one,) = replace(await look(now, ours("kpi_breach")), backtest=past).warnings
    assert one.message == Text(
        original="It matches nothing today, of 1; over the last 90 days it would have opened 1.",
        vi="Hôm nay không có gì khớp, trong số 1; trong 90 ngày qua đã có thể mở 1.",
    )


async def test_the_cases_of_the_policy_come_before_those_of_its_template() -> None:
    found = preview.tests(replace(DRAFT, tests=(FAILING,)))
    assert found[0] == policy.Tested(name="never", expected="clear", actual="match")
    assert len(found) > 3
    assert all(one.passed for one in found[1:])
    custom = replace(DRAFT, template="custom", on="unit", when={"field": "kpis", "op": "gt", "value": 3})
    assert preview.tests(custom) == ()


def changed(**changes: Any) -> Policy:
    return replace(DRAFT, mode=LIMIT.mode, note="calibrated", author="per_an", **changes)


def neutral(name: str, before: str, after: str) -> Difference:
    return Difference(name=name, before=Help(original=before, vi=before), after=Help(original=after, vi=after))


@pytest.mark.parametrize(
    ("draft", "expected"),
    [
        pytest.param(changed(), [], id="nothing but the version"),
        pytest.param(changed(severity=Severity.CRITICAL), [neutral("severity", "warning", "critical")], id="a word"),
        pytest.param(changed(params={"limit": Decimal("4.0")}), [neutral("params.limit", "3", "4")], id="a parameter"),
        pytest.param(
            changed(scope=Scope(units=(TEAM, "unit_gone"), cycles=("cyc_q3",))),
            [neutral("scope.cycles", "", "Q3 2026"), neutral("scope.units", "", "Ops, unit_gone")],
            id="a scope",
        ),
        pytest.param(
            changed(effective_to=date(2026, 9, 30), hold=3, overridable_by="lead", message=Text(original="Too many")),
            [
                neutral("message", "", "Too many"),
                neutral("hold", "0", "3"),
                neutral("overridable_by", "", "lead"),
                neutral("effective_to", "", "2026-09-30"),
            ],
            id="days and texts",
        ),
        pytest.param(
            changed(lock=("mode", "hold"), tests=(FAILING,)),
            [neutral("lock", "", "mode, hold"), neutral("tests", "", "never")],
            id="lists",
        ),
    ],
)
async def test_a_draft_says_in_what_it_differs(draft: Policy, expected: list[Difference]) -> None:
    assert list((await look(stage(), draft, LIMIT)).changes) == expected


async def test_a_condition_is_compared_in_words() -> None:
    def kpis(most: int) -> Policy:
        when = {"field": "kpis", "op": "gt", "value": most}
        return replace(LIMIT, template="custom", on="unit", when=when)

    ((name, before, after),) = [
        (one.name, one.before, one.after) for one in (await look(stage(), kpis(9), kpis(7))).changes
    ]
    assert (name, before.original, after.original) == ("when", "KPIs are above 7", "KPIs are above 9")
    assert before.vi != before.original
    first = {one.name: one for one in (await look(stage(), kpis(9), LIMIT)).changes}
    assert first["when"].before == Help(original="", vi="")


async def test_what_is_found_on_top_and_no_longer_is_told_by_its_subjects() -> None:
    now = stage(*goals(4), *[b.objective(f"obj_c{n}") for n in range(6)])
    elsewhere = replace(DRAFT, scope=Scope(exempt=(TEAM,)), params={"company_limit": Decimal(3)})
    here = replace(LIMIT, scope=Scope(units=(TEAM,)))
    found = await look(now, elsewhere, here)
    assert (found.added.count, found.removed.count) == (1, 1)
    assert [item.subject.key for item in (*found.added.items, *found.removed.items)] == ["unit_acme", TEAM]


async def test_a_version_that_was_in_force_shows_what_it_would_do_again() -> None:
    retired = replace(LIMIT, state=PolicyState.RETIRED)
    found = await look(stage(*goals(4)), retired, replace(LIMIT, version=2, params={"limit": Decimal(9)}))
    assert (found.asked, found.matched, happening(found)) == (2, 1, {"opens": [TEAM]})


async def test_only_some_of_many_are_shown() -> None:
    many = [replace(weak(60, 50), key=f"kpi_{n}") for n in range(60)]
    nothing = replace(ours("kpi_breach"), params={"periods": Decimal(24)})
    found = await look(stage(*many), ours("kpi_breach"), nothing)
    assert (found.added.count, len(found.added.items), len(found.opens)) == (60, 50, 60)


async def test_a_layer_is_looked_at_over_the_policy_in_force() -> None:
    now = stage(*goals(4), *[b.objective(f"obj_c{n}") for n in range(6)])
    layer = replace(DRAFT, layer=TEAM, params={"limit": Decimal(9)}, sets=())
    quiet = replace(LIMIT, mode=PolicyMode.OBSERVE)
    found = await look(now, layer, quiet)
    assert (happening(found), found.asked, found.units) == ({}, 1, (UnitPreview(unit=TEAM, asked=1),))
    assert ([item.subject.key for item in found.removed.items], found.added.count) == ([TEAM], 0)
    assert found.changes == ()
    before = Stack(base=LIMIT, layers={TEAM: replace(layer, version=1, params={"limit": Decimal(8)})})
    again = await preview.preview(JUDGE, now, layer, before, ())
    assert again.changes == (neutral("params.limit", "8", "9"),)


@pytest.mark.parametrize(
    "scope",
    [
        pytest.param(Scope(), id="everywhere"),
        pytest.param(Scope(units=("unit_acme",)), id="a unit above"),
        pytest.param(Scope(units=(TEAM,)), id="the unit itself"),
    ],
)
async def test_a_layer_says_nothing_of_what_is_elsewhere(scope: Scope) -> None:
    now = stage(*goals(4), *[b.objective(f"obj_c{n}") for n in range(6)])
    base = replace(LIMIT, scope=scope)
    on_file = await filed(now, LIMIT)
    assert {each.finding.unit for each in on_file} == {TEAM, "unit_acme"}
    found = await look(now, replace(DRAFT, layer=TEAM, params={"limit": Decimal(9)}), base, on_file)
    assert (happening(found), found.asked, found.matched) == ({"resolves": [TEAM]}, 1, 0)
    stricter = await look(now, replace(DRAFT, layer=TEAM, params={"limit": Decimal(1)}), base, on_file)
    assert (happening(stricter), warned(stricter)) == ({"stays": [TEAM]}, [Concern.MATCHES_EVERYTHING])


async def test_a_layer_is_shown_even_where_a_unit_above_it_only_observes() -> None:
    now = stage(*goals(4))
    above = replace(DRAFT, layer="unit_acme", mode=PolicyMode.OBSERVE, sets=("mode",), params={})
    found = await preview.preview(
        JUDGE,
        now,
        replace(DRAFT, layer=TEAM, params={"limit": Decimal(2)}, sets=()),
        Stack(base=LIMIT, layers={"unit_acme": above}),
        (),
    )
    assert happening(found) == {"opens": [TEAM]}


async def test_a_layer_above_the_scope_is_looked_at_where_the_policy_holds() -> None:
    now = stage(*goals(4), *[b.objective(f"obj_c{n}") for n in range(6)])
    layer = replace(DRAFT, layer="unit_acme", params={"limit": Decimal(1), "company_limit": Decimal(1)})
    found = await look(now, layer, replace(LIMIT, scope=Scope(units=(TEAM,))))
    assert happening(found) == {"opens": [TEAM]}
