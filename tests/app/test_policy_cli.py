"""Policies on the command line: listed, explained, previewed, published, rolled back and retired; and their reports."""

import re
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from app import org, policies, policy_preview, publishing, recommendations, waivers
from app.__main__ import main
from app.org import UnitDraft
from app.policies import PolicyDraft
from app.waivers import WaiverDraft
from okr.policy import PolicyMode, PolicyState, Scope
from okr.recommendation import DismissReason
from okr.text import Text
from rules.template import TEMPLATES
from tests.app import builders
from tests.app.command_line import CommandLine
from tests.service import Stage

LIMIT = PolicyDraft(key="goal-limit", template="goal_limit")
REASON = "The team is being merged."


def cells(screen: str, *first: str) -> list[str]:
    """Return the cells of the one row of a table that begins with these cells."""
    (found,) = (row for row in rows(screen) if row[: len(first)] == list(first))
    return found


def rows(screen: str) -> list[list[str]]:
    """Return the rows of all tables."""
    return [[cell.strip() for cell in line.strip("│").split("│")] for line in screen.splitlines() if "│" in line]


async def breached(stage: Stage) -> str:
    """Let a KPI of the team fall to 50 in June; return its key."""
    watched = await builders.kpi(stage)
    values = {4: 99, 5: 99, 6: 50, 7: 60}
    await builders.read(stage, *(builders.month(watched, number, value) for number, value in values.items()))
    return watched.key


async def laid(stage: Stage) -> None:
    """Let the team have a goal limit of 2, in force."""
    layer = replace(LIMIT, layer=stage.team, params={"limit": Decimal(2)})
    saved = await policies.save(await builders.begin(stage), layer)
    await publishing.publish(await builders.begin(stage), "goal-limit", saved.version, stage.team, confirm=True)


async def test_the_list_tells_what_is_in_force_what_units_change_and_what_waits(
    command: CommandLine, stage: Stage
) -> None:
    await breached(stage)
    await laid(stage)
    await policies.save(await builders.begin(stage), replace(LIMIT, scope=Scope(units=(stage.other,))))
    screen = (await command("policies", "list", "acme")).out
    assert all(key.replace("_", "-") in screen for key in TEMPLATES)
    assert cells(screen, "kpi-breach") == [
        *("kpi-breach", "1", "published", "advise", "critical", "everywhere", "2026-08-15 12:00", "system", "1")
    ]
    assert cells(screen, "in Platform")[1:6] == ["1", "published", "", "", "limit 2"]
    assert cells(screen, "goal-limit", "2")[2:6] == ["draft", "advise", "warning", "Sales and below"]


async def test_versions_that_are_over_are_listed_when_asked_for(command: CommandLine, stage: Stage) -> None:
    await policies.save(await builders.begin(stage), replace(LIMIT, params={"limit": Decimal(4)}))
    assert (await command("policies", "publish", "acme", "goal-limit", "2")).status == 0
    assert "retired" not in (await command("policies", "list", "acme")).out
    assert cells((await command("policies", "list", "acme", "--all")).out, "goal-limit", "1")[2] == "retired"


async def test_a_policy_is_explained_in_words_with_its_origins_and_its_history(
    command: CommandLine, stage: Stage
) -> None:
    draft = replace(LIMIT, params={"limit": Decimal(4)}, lock=("mode",), note="Agreed in May")
    await policies.save(await builders.begin(stage, "hr_admin"), draft)
    await command("policies", "publish", "acme", "goal-limit", "2")
    await laid(stage)
    shown = (await command("policies", "show", "acme", "goal-limit")).out
    assert cells(shown, "fires when")[1] == (
        "(It is the company, and goals that count are above 5), or"
        " (it is not the company, and goals that count are above 4)."
    )
    assert cells(shown, "limit") == ["limit", "4", "goals", "1 to 50", "this version", ""]
    assert cells(shown, "company_limit") == ["company_limit", "5", "goals", "1 to 50", "the template", ""]
    assert cells(shown, "Platform") == ["Platform", "1", "limit 2", "always", ""]
    assert cells(shown, "three goals of a team are fine")[1:] == ["clear", "as expected"]
    assert cells(shown, "2", "published")[3] == "Hr_Admin"
    assert cells(shown, "2", "published")[6:] == ["Agreed in May", "limit: 3 → 4; lock: nothing → mode"]
    assert cells(shown, "1", "retired")[-1] == "the first version"
    layer = (await command("policies", "show", "acme", "goal-limit", "--unit", "platform")).out
    assert cells(layer, "changes")[1] == "limit 2"


async def test_a_preview_counts_by_unit_and_by_month_and_stores_nothing(command: CommandLine, stage: Stage) -> None:
    await breached(stage)
    before = await (await stage.call()).store.policy_versions()
    asked = ("policies", "preview", "acme", "kpi-breach", "--days", "90", "--set", "periods=2")
    screen = (await command(*asked)).out
    assert screen.startswith(
        "A KPI in breach opens a recovery objective: kpi-breach, version 1, in mode advise."
        " Nothing of this is stored.\n"
        "KPI: of 1 looked at 1 match (100 %); 0 lack data, 0 are waived.\n"
        "Look at this first: It matches everything: all 1.\n"
    )
    assert cells(screen, "Platform") == ["Platform", "1", "1", "0", "0", "1"]
    assert cells(screen, "periods") == ["periods", "1", "2"]
    assert cells(screen, "2026-06") == ["2026-06", "0", "0", "0", ""]
    assert cells(screen, "2026-08") == ["2026-08", "1", "0", "1", "████"]
    assert "In 90 days 1 would have opened and 0 ended by themselves" in screen
    assert await (await stage.call()).store.policy_versions() == before


async def test_what_only_observes_is_previewed_as_if_it_advised(command: CommandLine, stage: Stage) -> None:
    watched = await builders.kpi(stage)
    await builders.read(stage, builders.month(watched, 1, 99))
    screen = (await command("policies", "preview", "acme", "kpi-stale")).out
    assert "Observing asks nobody anything" in screen
    assert "No reading of Uptime" in screen
    assert cells(screen, "Platform", "1")[3] == "1"


async def test_what_a_unit_would_change_is_previewed_over_what_it_changes_now(
    command: CommandLine, stage: Stage
) -> None:
    for title in ("One", "Two", "Three"):
        await builders.goal(stage, title=Text(original=title))
    await laid(stage)
    asked = ("policies", "preview", "acme", "goal-limit", "--unit", "Platform", "--set", "limit=3", "--mode", "observe")
    screen = (await command(*asked)).out
    assert screen.startswith("goal-limit as Platform changes it: goal-limit, version 1. Nothing of this is stored.\n")
    assert cells(screen, "limit") == ["limit", "2", "3"]
    assert cells(screen, "Platform") == ["Platform", "1", "0", "0", "1", "0"]
    assert "finds 0 more and 1 no longer" in screen


async def test_the_page_of_a_condition_of_ones_own_tells_its_scope_its_days_and_who_may_override(
    command: CommandLine, stage: Stage
) -> None:
    draft = PolicyDraft(
        key="few-kpis",
        template="custom",
        name="Few KPIs",
        on="unit",
        when={"field": "kpis", "op": "gt", "value": {"param": "most"}},
        params={"most": Decimal(5)},
        scope=Scope(units=(stage.company,), exempt=(stage.other,), levels=("team",), cycles=(await stage.cycle(),)),
        mode=PolicyMode.BLOCK,
        overridable_by="lead",
        effective_from=date(2026, 9, 1),
        lock=("params.most",),
        hold=1,
        expires=0,
    )
    await policies.save(await stage.call(), draft)
    page = (await command("policies", "show", "acme", "few-kpis")).out
    assert page.startswith("Few KPIs (few-kpis, version 1, draft)")
    assert {row[0]: row[1] for row in rows(page)[:10]} == {
        "fires when": "KPIs are above 5.",
        "on each": "Unit in a cycle",
        "made from": "custom: a condition of its own",
        "proposes": "review",
        "mode": "block; who holds the role lead may go on with a reason",
        "severity": "warning",
        "holds": "Acme and below, without Sales; only the kinds team; in 2026 Q3",
        "in time": "from 2026-09-01",
        "times": "shown once it has held for 1 day, over once it has been clear for 0 days,"
        " quiet for 30 days after a dismissal, never lapses",
        "locked for units": "params.most",
    }
    assert cells(page, "most") == ["most", "5", "", "", "this version", "yes"]


async def test_a_policy_that_is_not_there_yet_is_previewed_from_a_template(command: CommandLine, stage: Stage) -> None:
    await breached(stage)
    asked = ("policies", "preview", "acme", "few-kpis", "--template", "kpi_count", "--set", "limit=1")
    answered = await command(*asked)
    assert (answered.status, answered.out.splitlines()[0]) == (
        0,
        "Too many KPIs: few-kpis, version 1, in mode observe. Nothing of this is stored.",
    )


@pytest.mark.parametrize(
    ("value", "most", "picture"),
    [(0, 8, ""), (1, 8, "█"), (8, 8, "████████"), (1, 12, "▋"), (1, 10_000, "▏"), (1, 0, "")],
    ids=str,
)
def test_a_bar_shows_whatever_is_not_nothing(value: int, most: int, picture: str) -> None:
    assert policy_preview.bar(value, most, 8) == picture


async def test_publishing_says_what_the_gate_saw(command: CommandLine, stage: Stage) -> None:
    call = await stage.call()
    await policies.save(call, replace(LIMIT, mode=PolicyMode.OBSERVE))
    published = await command("policies", "publish", "acme", "goal-limit", "2", "--note", "Quiet for a while")
    assert (published.status, published.out.splitlines()) == (
        0,
        [
            "goal-limit 2 is in force in acme, in mode observe.",
            "The gate: all 6 test cases pass.",
            "Its preview: of 3 looked at 0 match; 0 would open, 0 end, 0 stay.",
            "Open from it now: 0.",
        ],
    )
    (entry,) = await call.store.audit(operation="policy.publish")
    assert entry.note == "Quiet for a while"


async def test_what_would_flood_people_takes_a_confirmation(command: CommandLine, stage: Stage) -> None:
    await breached(stage)
    await policies.save(await stage.call(), PolicyDraft(key="kpi-breach", template="kpi_breach", hold=1))
    refused = await command("policies", "publish", "acme", "kpi-breach", "2")
    assert (refused.status, refused.out, refused.err) == (
        2,
        "",
        "ratchet: It matches everything: all 1. If that is what you mean, add --confirm.\n",
    )
    confirmed = await command("policies", "publish", "acme", "kpi-breach", "2", "--confirm")
    assert (confirmed.status, confirmed.out.splitlines()[0]) == (
        0,
        "kpi-breach 2 is in force in acme, in mode advise.",
    )


async def test_a_policy_is_rolled_back_retired_and_brought_back(command: CommandLine, stage: Stage) -> None:
    await policies.save(await stage.call(), replace(LIMIT, params={"limit": Decimal(2)}))
    await command("policies", "publish", "acme", "goal-limit", "2")
    back = await command("policies", "roll-back", "acme", "goal-limit", "1", "--note", "Two were too few")
    assert back.out.startswith("goal-limit 3 is in force in acme, in mode advise; it says what 1 said.\n")
    retired = await command("policies", "retire", "acme", "goal-limit")
    assert (retired.status, retired.out.splitlines()) == (
        0,
        [
            "goal-limit 3 is no longer in force; what it asked has ended.",
            "`policies roll-back acme goal-limit 3` brings it back.",
        ],
    )
    assert (await command("policies", "roll-back", "acme", "goal-limit", "3")).status == 0
    versions = await (await stage.call()).store.policy_versions("goal-limit")
    assert [(one.version, one.state, one.note) for one in versions[:2]] == [
        (4, PolicyState.PUBLISHED, "Back to version 3"),
        (3, PolicyState.RETIRED, "Back to version 1: Two were too few"),
    ]
    assert dict(versions[0].params) == {}


async def test_what_a_unit_changes_is_published_and_retired_by_the_name_of_the_unit(
    command: CommandLine, stage: Stage
) -> None:
    await policies.save(await stage.call(), replace(LIMIT, layer=stage.team, params={"limit": Decimal(2)}))
    published = await command("policies", "publish", "acme", "goal-limit", "1", "--unit", "Platform")
    assert published.out.splitlines()[0] == "goal-limit in Platform 1 is in force in acme."
    effective = (await command("policies", "effective", "acme", "Platform")).out
    assert ["limit", "2", "Platform, version 1"] in [row[2:5] for row in rows(effective)]
    await command("policies", "retire", "acme", "goal-limit", "--unit", "Platform")
    assert "Platform, version 1" not in (await command("policies", "effective", "acme", stage.team)).out


async def test_what_holds_for_a_unit_is_told_with_origins_and_locks(command: CommandLine, stage: Stage) -> None:
    await policies.save(await stage.call(), replace(LIMIT, lock=("mode",)))
    await command("policies", "publish", "acme", "goal-limit", "2")
    seen = rows((await command("policies", "effective", "acme", "Sales")).out)
    at = next(number for number, row in enumerate(seen) if row[0] == "goal-limit")
    assert seen[at : at + 3] == [
        ["goal-limit", "Acme", "limit", "3", "the template", ""],
        ["", "", "company_limit", "5", "the template", ""],
        ["", "", "mode", "advise", "the policy, version 2", "by the policy"],
    ]


def test_the_templates_need_no_database(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("RATCHET_DATA", str(tmp_path / "none"))
    monkeypatch.setenv("RATCHET_MONGODB_URI", "mongodb://127.0.0.1:1/")
    assert main(["policies", "templates"]) == 0
    screen = capsys.readouterr().out
    assert cells(screen, "goal_limit")[1:] == [
        *("Too many goals", "unit", "review", "limit 3 (1 to 50), company_limit 5 (1 to 50)")
    ]
    for template in TEMPLATES.values():
        assert main(["policies", "templates", template.key]) == 0
        page = capsys.readouterr().out
        assert all(cells(page, one.name, str(one.default))[3] == one.unit for one in template.parameters)
        assert all(example.name in page for example in template.examples)
    assert not (tmp_path / "none").exists()


async def test_waivers_are_listed_with_those_that_are_over_when_asked_for(command: CommandLine, stage: Stage) -> None:
    key = await breached(stage)
    assert (await command("waivers", "acme")).out == "Nothing is waived now; --all shows what was.\n"
    draft = WaiverDraft(policy="kpi-breach", subject=key, reason=REASON, until=date(2026, 9, 1))
    granted = await waivers.grant(await builders.begin(stage, "hr_admin"), draft)
    assert cells((await command("waivers", "acme")).out, "kpi-breach") == [
        *("kpi-breach", "Uptime", "waived", REASON, "Hr_Admin", "2026-09-01", "holds")
    ]
    await waivers.end(await builders.begin(stage, "hr_admin"), granted.key, "It was merged earlier.")
    assert "Uptime" not in (await command("waivers", "acme")).out
    over = cells((await command("waivers", "acme", "--all")).out, "kpi-breach")
    assert over[-1] == "ended on 2026-08-15: It was merged earlier."


async def test_the_decision_log_tells_each_run_and_what_came_of_it(command: CommandLine, stage: Stage) -> None:
    assert "No policy has run yet" in (await command("decisions", "acme")).out
    await breached(stage)
    last = rows((await command("decisions", "acme", "--limit", "1")).out)[-1]
    assert last[1] == "change"
    assert (last[3], last[8], last[10]) == ("engine", "0", "1 open")
    refused = await command("decisions", "acme", "--limit", "0")
    assert (refused.status, refused.err) == (2, "ratchet: --limit goes from 1 to 1,000; this is 0.\n")


async def test_quality_counts_the_reasons_of_dismissals_per_policy(command: CommandLine, stage: Stage) -> None:
    await breached(stage)
    (said,) = await builders.filed(stage, "kpi-breach")
    call = await builders.begin(stage, "lead")
    await recommendations.dismiss(call, said.key, DismissReason.WRONG_DATA, "The sensor was off")
    screen = (await command("quality", "acme")).out
    assert cells(screen, "kpi-breach") == [
        *("kpi-breach", "1", "0", "0", "0", "0", "1", "0", "0", "0", "0"),
        "Too few to judge: 1 of 5 outcomes so far.",
    ]
    assert re.search(r"Nobody has been asked anything by .*goal-limit", screen)


@pytest.mark.usefixtures("stage")
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("policies show acme gaol-limit", 'There is no policy "gaol-limit" in acme. Did you mean "goal-limit"?'),
        ("policies publish acme goal_limit 1", 'There is no policy "goal_limit" in acme. Did you mean "goal-limit"?'),
        ("policies retire acme kpi-breech", 'There is no policy "kpi-breech" in acme. Did you mean "kpi-breach"?'),
        ("policies roll-back acme goal-limit 1", "Version 1 is in force."),
        ("policies roll-back acme goal-limit 7", 'There is no version 7 of "goal-limit". There is: 1.'),
        ("policies effective acme Platfrom", 'There is no unit "Platfrom" in acme. Did you mean "Platform"?'),
        (
            "policies retire acme goal-limit --unit Platform",
            '"Platform" changes nothing of "goal-limit". `policies show` tells which units do.',
        ),
        ("policies preview acne goal-limit", 'There is no tenant "acne". Did you mean "acme"?'),
        ("policies preview acme goal-limit --version 4", 'There is no version 4 of "goal-limit". There is: 1.'),
        (
            "policies preview acme goal-limit --set lim=4",
            '"lim" is not a parameter of "goal_limit". Did you mean "limit"?',
        ),
        (
            "policies preview acme goal-limit --set limit",
            '--set takes NAME=VALUE, like --set limit=4; this is "limit".',
        ),
        ("policies preview acme goal-limit --set limit=99", "Goals per unit goes from 1 to 50; this is 99."),
        ("policies preview acme goal-limit --days 10001", "A back-test looks at 1 to 10,000 days; this is 10001."),
        (
            "policies preview acme goal-limit --mode auto",
            "What this policy proposes cannot be undone, or is nothing to carry out; let it advise.",
        ),
        (
            "policies preview acme goal-limit --template kpi_count",
            '"goal-limit" is made from "goal_limit"; --template is for a key that is new.',
        ),
        (
            "policies preview acme mine --template goal_limt",
            'There is no template "goal_limt". Did you mean "goal_limit"?',
        ),
        ("waivers acne", 'There is no tenant "acne". Did you mean "acme"?'),
        ("decisions acne", 'There is no tenant "acne". Did you mean "acme"?'),
        ("quality acne", 'There is no tenant "acne". Did you mean "acme"?'),
    ],
)
async def test_what_cannot_be_is_refused_in_a_sentence(command: CommandLine, arguments: str, said: str) -> None:
    answered = await command(*arguments.split())
    assert (answered.status, answered.out, answered.err) == (2, "", f"ratchet: {said}\n")


def test_a_template_that_is_not_there_is_refused_in_a_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["policies", "templates", "goal-limt"]) == 2
    written = capsys.readouterr()
    assert (written.out, written.err) == (
        "",
        'ratchet: There is no template "goal-limt". Did you mean "goal_limit"?\n',
    )


async def test_two_units_of_one_name_are_told_apart_by_their_keys(command: CommandLine, stage: Stage) -> None:
    draft = UnitDraft(name=Text(original="Platform"), kind="team", parent=stage.other)
    twin = (await org.create_unit(await stage.call(), draft)).key
    answered = await command("policies", "effective", "acme", "Platform")
    keys = ", ".join(sorted((stage.team, twin)))
    assert (answered.status, answered.err) == (
        2,
        f'ratchet: Several units are called "Platform"; give the key: {keys}.\n',
    )
    assert (await command("policies", "effective", "acme", twin)).status == 0


async def test_a_number_is_changed_without_leaving_the_terminal(command: CommandLine, stage: Stage) -> None:
    said = await command("policies", "save", "acme", "goal-limit", "--set", "limit=2", "--note", "Focus")
    assert (said.status, said.out.splitlines()[0]) == (0, "goal-limit 2 is saved as a draft.")
    assert "policies publish acme goal-limit 2" in " ".join(said.out.split())
    await command("policies", "save", "acme", "goal-limit", "--set", "company_limit=6", "--hold", "3")
    (draft, _) = await (await builders.begin(stage)).store.policy_versions("goal-limit")
    assert (draft.version, draft.state, draft.hold, draft.note) == (2, PolicyState.DRAFT, 3, "")
    assert draft.params == {"limit": Decimal(2), "company_limit": Decimal(6)}
    assert (await command("policies", "publish", "acme", "goal-limit", "2")).status == 0


async def test_what_a_unit_changes_is_saved_whole(command: CommandLine, stage: Stage) -> None:
    await laid(stage)
    said = await command("policies", "save", "acme", "goal-limit", "--unit", "Platform", "--severity", "critical")
    assert (said.status, said.out.splitlines()[0]) == (0, "goal-limit in Platform 2 is saved as a draft.")
    (draft, _) = await (await builders.begin(stage)).store.policy_versions("goal-limit", stage.team)
    assert (draft.params, draft.sets) == ({}, ("severity",))


async def test_a_new_policy_is_saved_from_a_template(command: CommandLine, stage: Stage) -> None:
    said = await command("policies", "save", "acme", "few-kpis", "--template", "kpi_count", "--set", "limit=5")
    assert (said.status, said.out.splitlines()[0]) == (0, "few-kpis 1 is saved as a draft.")
    (draft,) = await (await builders.begin(stage)).store.policy_versions("few-kpis")
    assert (draft.mode, draft.params) == (PolicyMode.OBSERVE, {"limit": Decimal(5)})


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("goal-limits", 'There is no policy "goal-limits" in acme. Did you mean "goal-limit"?'),
        (
            "goal-limit --template kpi_count",
            '"goal-limit" is made from "goal_limit"; --template is for a key that is new.',
        ),
        ("few --template kpi_counts", 'There is no template "kpi_counts". Did you mean "kpi_count"?'),
        ("goal-limit --set limit=0", "Goals per unit goes from 1 to 50; this is 0."),
        ("new --template kpi_count --unit Platform", 'There is no policy "new" in acme.'),
    ],
)
async def test_what_cannot_be_saved_is_said_in_a_sentence(
    command: CommandLine, stage: Stage, words: str, sentence: str
) -> None:
    said = await command("policies", "save", "acme", *words.split())
    assert said.status == 2
    assert sentence in " ".join(said.err.split())
