"""KPIs: who may watch what, what may change, targets that only tighten, and loops that are refused."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from app import kpis
from app.kpis import KpiDraft
from okr.errors import Code
from okr.kpi import BreachRule, BreachState, Kpi
from okr.number import Direction
from okr.org import Role
from okr.policy import PolicyMode
from okr.target import Target
from okr.text import Text
from tests.app.builders import (
    accept,
    begin,
    breach,
    code,
    due,
    kpi,
    month,
    person,
    publish,
    read,
    refused,
    together,
    written,
)
from tests.app.conftest import Mirror
from tests.service import Stage

pytestmark = pytest.mark.usefixtures("mirror")


def target(day: date = date(2026, 9, 1), **changes: Any) -> Target:
    """A target like the one before, from September on."""
    return replace(Target(valid_from=day, target=Decimal(99), red_bound=Decimal(90)), **changes)


async def update(stage: Stage, watched: Kpi, follow: Target | None = None, who: str = "lead", **values: Any) -> Kpi:
    """Change a KPI, now."""
    return await kpis.update(await begin(stage, who), watched.key, values, follow)


async def test_a_lead_watches_a_kpi(stage: Stage) -> None:
    draft = KpiDraft(name=Text(original="NPS"), unit=stage.team, measure="pts", direction=Direction.HIGHER)
    made = await kpis.create(await begin(stage, "lead"), draft)
    assert made == Kpi(
        key=made.key,
        name=Text(original="NPS"),
        unit=stage.team,
        measure="pts",
        direction=Direction.HIGHER,
        since=stage.clock.at.date(),
    )
    assert made.key in await due(stage)
    unnamed = replace(draft, unit="unit_nowhere")
    for who, what, expected in (
        ("member", draft, Code.FORBIDDEN),
        ("lead", replace(draft, unit=stage.other), Code.NOT_FOUND),
        ("viewer", replace(draft, unit=stage.other), Code.FORBIDDEN),
        ("lead", unnamed, Code.NOT_FOUND),
    ):
        assert await code(kpis.create(await begin(stage, who), what)) is expected


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        pytest.param({"reporter": "person_nobody"}, ("reporter",), id="reporter"),
        pytest.param({"accountable": "unit_nowhere"}, ("accountable",), id="accountable"),
        pytest.param({"parent": "kpi_nothing"}, ("parent",), id="parent"),
    ],
)
async def test_what_a_kpi_names_is_there(stage: Stage, changes: dict[str, Any], field: tuple[str, ...]) -> None:
    watched = await kpi(stage)
    before = await written(stage)
    for change in (kpi(stage, **changes), update(stage, watched, **changes)):
        refusal = await refused(change)
        assert (refusal.code, refusal.field) == (Code.NOT_FOUND, field)
    assert await written(stage) == before


async def test_what_a_kpi_named_before_may_lie_where_its_lead_does_not_see(stage: Stage) -> None:
    above = await kpi(stage, "Above", unit=stage.company, accountable=stage.company)
    watched = await kpi(stage, accountable=stage.other, parent=above.key)
    assert (await update(stage, watched, weight=Decimal(3))).weight == 3
    other = await kpi(stage, "Other")
    refusal = await refused(update(stage, other, parent=above.key))
    assert (refusal.code, refusal.field) == (Code.NOT_FOUND, ("parent",))


async def test_only_a_lead_changes_a_kpi_and_only_the_version_that_was_read(stage: Stage) -> None:
    watched = await kpi(stage)
    assert await code(update(stage, watched, who="member", weight=Decimal(2))) is Code.FORBIDDEN
    call = await begin(stage, "lead")
    refusal = await refused(kpis.update(call, watched.key, {"weight": Decimal(2)}, expected=7))
    assert (refusal.code, refusal.field) == (Code.CONFLICT, ("expectedVersion",))
    assert (await kpis.update(call, watched.key, {"weight": Decimal(2)}, expected=1)).version == 2
    assert await code(kpis.update(call, "kpi_nothing", {})) is Code.NOT_FOUND


async def test_drivers_make_no_loop(stage: Stage, mirror: Mirror) -> None:
    mirror.crowded = True
    first, second, third = [await kpi(stage, name) for name in ("First", "Second", "Third")]
    await update(stage, second, parent=first.key)
    await update(stage, third, parent=second.key)
    assert await code(update(stage, first, parent=third.key)) is Code.WOULD_CYCLE
    a, b = await kpi(stage, "A"), await kpi(stage, "B")
    done, refusals = await together(update(stage, a, parent=b.key), update(stage, b, parent=a.key))
    assert (len(done), refusals) == (1, [Code.WOULD_CYCLE])


@pytest.mark.parametrize(
    "looser",
    [
        pytest.param({"target": Decimal(98)}, id="target"),
        pytest.param({"red_bound": Decimal(80)}, id="red bound"),
    ],
)
async def test_relaxing_takes_a_reason_and_names_who_approved(stage: Stage, looser: dict[str, Any]) -> None:
    watched = await kpi(stage)
    before = await written(stage)
    for reason in ("", "   "):
        assert await code(update(stage, watched, target(**looser, reason=reason))) is Code.WOULD_LOOSEN
    forged = target(**looser, approver=(await begin(stage, "hr_admin")).actor.key)
    assert await code(update(stage, watched, forged)) is Code.WOULD_LOOSEN
    assert await written(stage) == before
    eased = await update(stage, watched, replace(forged, reason="The old number was a typing error."))
    assert eased.targets[-1].approver == (await begin(stage, "lead")).actor.key
    assert eased.targets[0] == watched.targets[0]


async def test_a_tighter_target_needs_no_reason_and_follows_the_last(stage: Stage) -> None:
    watched = await kpi(stage)
    tight = await update(stage, watched, target(target=Decimal("99.5")))
    assert [one.valid_from for one in tight.targets] == [date(2026, 1, 1), date(2026, 9, 1)]
    assert await code(update(stage, watched, target(date(2026, 8, 31)))) is Code.CONFLICT
    assert await code(update(stage, watched, target(date(2026, 10, 1), red_bound=Decimal(100)))) is Code.WRONG_BOUNDS


async def test_a_rule_that_changes_judges_the_history_again(stage: Stage) -> None:
    watched = await kpi(stage, rule=BreachRule(bad=2, good=2))
    await read(stage, *(month(watched, n, value) for n, value in ((5, 99), (6, 50), (7, 99))))
    assert (await begin(stage)).picture.kpis[watched.key].watch.episodes == 0
    strict = await update(stage, watched, rule=BreachRule(bad=1, good=2))
    assert (strict.watch.state, strict.watch.episodes) == (BreachState.RECOVERING, 1)
    assert (await update(stage, watched, weight=Decimal(5))).watch == strict.watch


async def test_a_recovery_is_flagged_when_a_rule_or_a_target_takes_its_episode_away(stage: Stage) -> None:
    watched = await kpi(stage)
    accepted = await accept(stage, await breach(stage, watched))
    (key,) = accepted.created

    async def flagged() -> bool:
        return (await begin(stage)).picture.objectives[key].superseded_episode

    await update(stage, watched, rule=BreachRule(bad=2, good=2))
    assert await flagged()
    await update(stage, watched, rule=BreachRule(bad=1, good=1))
    assert not await flagged()
    eased = target(date(2026, 7, 1), red_bound=Decimal(40), target=Decimal(45), reason="Measured another way.")
    await update(stage, watched, eased)
    assert await flagged()
    assert (await begin(stage)).picture.kpis[watched.key].watch.state is BreachState.OK


async def test_a_policy_may_block_one_kpi_too_many(stage: Stage, mirror: Mirror) -> None:
    mirror.crowded = True
    when = {"field": "kpis", "op": "gt", "value": 2}
    await publish(stage, "few-kpis", PolicyMode.BLOCK, "custom", on="unit", when=when)
    await kpi(stage)
    done, refusals = await together(*(kpi(stage, f"KPI {n}") for n in range(4)))
    assert (len(done), refusals) == (1, [Code.BLOCKED_BY_POLICY] * 3)
    await kpi(stage, unit=stage.other)


async def test_an_update_and_a_reading_at_once_both_count(stage: Stage, mirror: Mirror) -> None:
    mirror.crowded = True
    watched = await kpi(stage)
    await person(stage, "reporter", stage.team, (Role.MEMBER, stage.team))
    done, refusals = await together(
        read(stage, month(watched, 7, 50), subject="reporter"), read(stage, month(watched, 6, 50), subject="member")
    )
    assert (len(done), refusals) == (2, [])
    stage.clock.at += timedelta(hours=1)
    now = await update(stage, watched, weight=Decimal(2))
    assert (now.weight, now.watch.judged, now.watch.episodes) == (Decimal(2), date(2026, 7, 1), 1)


async def test_a_named_kpi_is_the_same_whenever_it_is_imported(stage: Stage) -> None:
    call = await begin(stage)
    draft = KpiDraft(name=Text(original="NPS"), unit=stage.team, measure="pts", direction=Direction.HIGHER)
    made = await kpis.create(call, draft, "nps.csv", "NPS")
    assert kpis.drafted(call, draft, "nps.csv", "NPS") == made
    assert kpis.drafted(call, draft, "nps.csv", "Other").key != made.key
