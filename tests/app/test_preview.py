"""Previews: what a draft would do and would have done, for those who may write it, with nothing stored."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from pymongo.asynchronous.database import AsyncDatabase

from app import policies, preview, waivers
from app.policies import PolicyDraft
from app.waivers import WaiverDraft
from okr.errors import Code
from okr.kpi import BreachRule
from okr.org import Role
from okr.past import Past
from okr.policy import PolicyMode, Scope
from rules import backtest
from rules.preview import Concern, Preview
from store.codec import Document
from tests.app import builders
from tests.app.command_line import CommandLine
from tests.app.test_imports import MAPPING, NHS
from tests.service import Stage

BREACH = PolicyDraft(key="kpi-breach", template="kpi_breach")


async def look(stage: Stage, draft: PolicyDraft = BREACH, days: int = 0, who: str | None = None) -> Preview:
    """Preview a draft, now."""
    call = await builders.begin(stage, who)
    return await preview.preview(call, await policies.written(call, draft), days)


async def everything(database: AsyncDatabase[Document]) -> Mapping[str, Sequence[Document]]:
    """Return every document of every collection."""
    names = await database.list_collection_names()
    return {name: await database[name].find().sort("_id").to_list() for name in names}


async def breached(stage: Stage) -> str:
    """Let a KPI fall to 50 in June; return its key."""
    watched = await builders.kpi(stage)
    values = {4: 99, 5: 99, 6: 50, 7: 60}
    await builders.read(stage, *(builders.month(watched, number, value) for number, value in values.items()))
    return watched.key


async def test_what_is_on_file_stays_and_the_past_is_told_by_month(stage: Stage) -> None:
    key = await breached(stage)
    found = await look(stage, days=90)
    assert [item.subject.key for item in found.stays] == [key]
    assert (found.opens, found.resolves, found.changes, found.asked, found.matched) == ((), (), (), 1, 1)
    assert found.backtest is not None
    assert (found.backtest.first, found.backtest.last) == (date(2026, 5, 18), date(2026, 8, 15))
    assert [(f"{one.month:%m}", one.opened, one.open_at_end) for one in found.backtest.months] == [
        ("05", 0, 0),
        ("06", 0, 0),
        ("07", 1, 1),
        ("08", 0, 1),
    ]


async def test_a_draft_is_compared_with_what_is_in_force(stage: Stage) -> None:
    key = await breached(stage)
    found = await look(stage, replace(BREACH, params={"periods": Decimal(9)}, mode=PolicyMode.OBSERVE))
    assert [item.subject.key for item in found.resolves] == [key]
    assert (found.added.count, found.removed.count) == (0, 1)
    assert [one.name for one in found.changes] == ["mode", "params.periods"]
    assert [one.concern for one in found.warnings] == [Concern.MATCHES_NOTHING]
    assert found.backtest is None


async def test_a_preview_stores_nothing(stage: Stage, laid_out: AsyncDatabase[Document]) -> None:
    await breached(stage)
    before = await everything(laid_out)
    await look(stage, days=200)
    await look(stage, PolicyDraft(key="new", template="goal_limit"), days=200)
    assert await everything(laid_out) == before
    assert before["decisions"]


async def test_waivers_are_kept(stage: Stage) -> None:
    key = await breached(stage)
    reason = "The building is being moved."
    draft = WaiverDraft(policy="kpi-breach", subject=key, reason=reason, until=date(2026, 9, 15))
    await waivers.grant(await builders.begin(stage), draft)
    found = await look(stage, BREACH)
    assert (found.waived, found.matched, found.opens) == (1, 1, ())


async def test_a_unit_sees_what_its_own_layer_would_change(stage: Stage) -> None:
    await builders.person(stage, "admin", stage.team, (Role.HR_ADMIN, stage.team))
    key = await breached(stage)
    await builders.kpi(stage, unit=stage.other)
    layer = replace(BREACH, layer=stage.team, params={"periods": Decimal(5)})
    found = await look(stage, layer, days=60, who="admin")
    assert ([item.subject.key for item in found.resolves], found.stays) == ([key], ())
    assert (found.asked, [row.unit for row in found.units]) == (1, [stage.team])
    assert found.backtest is not None
    assert (found.backtest.opened, found.backtest.asked) == (0, 1)


@pytest.mark.parametrize(
    ("who", "draft", "expected"),
    [
        pytest.param("lead", BREACH, Code.FORBIDDEN, id="a lead"),
        pytest.param("member", BREACH, Code.FORBIDDEN, id="a member"),
        pytest.param(None, replace(BREACH, params={"period": Decimal(2)}), Code.UNKNOWN_FIELD, id="a wrong parameter"),
        pytest.param(None, replace(BREACH, scope=Scope(units=("unit_x",))), Code.NOT_FOUND, id="an unknown unit"),
    ],
)
async def test_only_what_one_may_save_can_be_previewed(
    stage: Stage, who: str | None, draft: PolicyDraft, expected: Code
) -> None:
    assert await builders.code(look(stage, draft, who=who)) is expected


@pytest.mark.parametrize("days", [-1, 10_001])
async def test_days_that_cannot_be_looked_at_are_refused_at_once(stage: Stage, days: int) -> None:
    assert (await builders.refused(look(stage, days=days))).field == ("backtestDays",)


async def test_more_readings_than_anyone_waits_for_are_refused(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    await breached(stage)
    monkeypatch.setattr(preview, "MOST_READINGS", 4)
    assert (await look(stage, days=10)).backtest is not None
    monkeypatch.setattr(preview, "MOST_READINGS", 3)
    refused = await builders.refused(look(stage, days=10))
    assert (refused.code, refused.field) == (Code.TOO_COMPLEX, ("scope", "units"))
    assert (await look(stage, replace(BREACH, scope=Scope(units=(stage.other,))), days=10)).backtest is not None


if NHS.is_file():  # public data that the project does not copy: docs/imports.md says where it comes from

    async def test_the_back_test_of_the_nhs_opens_its_known_episodes_each_once(command: CommandLine) -> None:
        options = ["--mapping", MAPPING, "--tenant", "nhs", "--create", "--json"]
        assert (await command("import", "readings", str(NHS), *options)).status == 0
        call = await command.call("nhs")
        draft = await policies.written(call, BREACH)
        found = await preview.preview(call, draft, (call.at.date() - date(2016, 4, 1)).days + 1)
        past = found.backtest
        assert past is not None
        assert (past.opened, past.asked, past.step_days, len(past.units)) == (176, 140, 1, 140)
        assert (past.months[0].month, len(past.months)) == (date(2016, 4, 1), 125)
        assert past.open_at_end == found.matched == past.opened - past.resolved

        readings = await call.store.readings_of(call.picture.kpis)
        length = Counter(reading.kpi for reading in readings)
        complete = {key: one for key, one in call.picture.kpis.items() if length[key] == 36}
        assert len(complete) == 130
        for periods, known in ((1, 241), (2, 166)):
            rule = BreachRule(bad=periods, good=periods)
            ruled = {key: replace(one, rule=rule) for key, one in complete.items()}
            picture = replace(call.picture, as_of=datetime(2019, 4, 2, 12, tzinfo=UTC), kpis=ruled)
            past = await backtest.run(Past(picture, readings), [replace(draft, mode=PolicyMode.ADVISE)], 3 * 365 + 2)
            assert (past.opened, past.first, past.step_days, len(past.months)) == (known, date(2016, 4, 1), 1, 37)
