"""Imports: files as they come, into an organisation, with every bad row told and nothing written twice."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from app import readings
from app.call import Call
from app.issuer import subject_of
from okr import breach
from okr.kpi import BreachRule, Kpi, Reading, Reduce, Watch
from okr.number import Direction, plain
from okr.org import Role
from okr.period import Period
from okr.target import Band, Target
from tests.app import builders
from tests.app.command_line import CommandLine, Said
from tests.service import Stage

ROOT = Path(__file__).parents[2]
MAPPING = str(ROOT / "docs" / "examples" / "nhs.toml")
NHS = ROOT.parent / "shared" / "data" / "nhs_ae_attendances.csv"

KEYS = ["units", "kpis", "readings", "rejected", "episodes", "recommendations", "seconds"]
GOOD = "kpi,unit,period,value\nUptime,Platform,2026-06-01,99.5\nUptime,Platform,2026-07-01,50\n"
DEFINED = ["--set", "measure=%", "--set", "direction=higher", "--set", "target=99", "--set", "red_bound=90"]
KPIS = "kpi,unit,measure,direction,target,red_bound\nUptime,Platform,%,higher,99,90\nCalls,Sales,pcs,lower,10,\n"


async def bring(command: CommandLine, text: str | bytes, *options: str, what: str = "readings") -> Said:
    """Import a file into "acme"."""
    path = command.file("brought.csv", text)
    return await command("import", what, path, "--tenant", "acme", "--json", *options)


def account(said: Said) -> dict[str, float]:
    """Return the account that an import ended with, without the seconds it took."""
    assert said.status == 0, said.err
    (line,) = said.out.splitlines()
    told: dict[str, float] = json.loads(line)
    assert list(told) == KEYS
    assert told.pop("seconds") >= 0
    return told


def came(units: int = 1, kpis: int = 1, readings: int = 2, rejected: int = 0, **more: int) -> Mapping[str, int]:
    """Return the account of an import."""
    said = {"units": units, "kpis": kpis, "readings": readings, "rejected": rejected}
    return {**said, "episodes": 0, "recommendations": 0, **more}


def rejected(said: Said) -> list[str]:
    """Return what an import said of the rows that it rejected."""
    return [line for line in said.err.splitlines() if line.startswith("line ")]


async def history(command: CommandLine, tenant: str = "acme") -> dict[str, Sequence[Reading]]:
    """Return the readings of every KPI that has a distinct name."""
    call = await command.call(tenant)
    return {one.name.original: await call.store.readings(one.key) for one in call.picture.kpis.values()}


async def values(command: CommandLine, name: str = "Uptime") -> dict[str, str]:
    """Return the values of a KPI by the first days of their periods."""
    return {str(one.period): plain(one.value) for one in (await history(command))[name]}


@pytest.fixture
async def uptime(stage: Stage) -> Kpi:
    """A KPI "Uptime" of the team "Platform" in "acme", in percent, which is green from 99 and red below 90."""
    return await builders.kpi(stage)


@pytest.mark.usefixtures("uptime")
async def test_readings_come_in_by_the_names_of_the_columns(command: CommandLine) -> None:
    said = await bring(command, GOOD)
    assert account(said) == came(episodes=1)
    assert said.err.startswith("Brought 2 readings of 1 KPIs in 1 units, of which 2 were new. ")
    assert await values(command) == {"2026-06-01": "99.5", "2026-07-01": "50"}


@pytest.mark.usefixtures("uptime")
async def test_evaluating_afterwards_files_what_follows(command: CommandLine) -> None:
    assert account(await bring(command, GOOD, "--evaluate")) == came(episodes=1, recommendations=1)
    (said,) = await (await command.call()).store.live(policies=["kpi-breach"])
    assert said.finding.subject is not None


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("\ufeff" + GOOD, id="BOM"),
        pytest.param(GOOD.replace("\n", "\r\n"), id="CRLF"),
        pytest.param(GOOD.replace(",", ";"), id="semicolons"),
        pytest.param(GOOD.replace("Platform", " Platform "), id="spaces"),
        pytest.param(GOOD.replace("-01,", ","), id="months"),
        pytest.param(GOOD + "\n\n", id="blank lines"),
        pytest.param(GOOD + "Uptime,Platform,2026-07-01,50.0\n", id="a row twice"),
        pytest.param(GOOD.replace(",Platform", "").replace(",unit", ""), id="no unit where the name is enough"),
    ],
)
@pytest.mark.usefixtures("uptime")
async def test_a_file_says_the_same_however_it_is_written(command: CommandLine, text: str) -> None:
    assert account(await bring(command, text)) == came(episodes=1)
    assert await values(command) == {"2026-06-01": "99.5", "2026-07-01": "50"}


async def test_a_kpi_is_found_by_its_key_as_well(command: CommandLine, uptime: Kpi) -> None:
    assert account(await bring(command, GOOD.replace("Uptime", uptime.key)))["kpis"] == 1
    assert len((await history(command))["Uptime"]) == 2


@pytest.mark.usefixtures("uptime")
async def test_other_columns_are_named_by_options(command: CommandLine) -> None:
    text = "Team;Month;late;total;site\nPlatform;30/06/2026;1.000,5;2.000;North\nPlatform;1/7/2026;1;0;South\n"
    options = ["--column", "kpi=Uptime of Team", "--column", "unit=Team", "--column", "period=Month"]
    options += ["--column", "value=100 * (1 - late / total)", "--where", "site=North"]
    options += ["--numbers", "1.234,5", "--dates", "%d/%m/%Y"]
    refused = await bring(command, text, *options)
    assert (refused.status, refused.err) == (
        2,
        'ratchet: There is no column "Uptime of Team". Known: Month, Team, late, site, total.\n',
    )
    assert account(await bring(command, text, *options[2:], "--set", "kpi=Uptime")) == came(readings=1, episodes=1)
    assert await values(command) == {"2026-06-01": "49.975"}


@pytest.mark.parametrize(
    ("name", "mapping"),
    [
        pytest.param("m.toml", 'numbers = "1,234.5"\n[columns]\nkpi = "{name}"\nvalue = "a / b"\n', id="TOML"),
        pytest.param("m.json", '{"numbers": "1,234.5", "columns": {"kpi": "{name}", "value": "a / b"}}', id="JSON"),
    ],
)
@pytest.mark.usefixtures("uptime")
async def test_other_columns_are_named_by_a_mapping_file(command: CommandLine, name: str, mapping: str) -> None:
    text = 'name,period,a,b\nUptime,2026-06-01,"1,990",20\nUptime,2026-07-01,5,0\n'
    said = await bring(command, text, "--mapping", command.file(name, mapping))
    assert account(said) == came(readings=1, rejected=1)
    assert rejected(said) == ["line 3: b is 0, and nothing can be divided by it."]
    assert await values(command) == {"2026-06-01": "99.5"}


BAD = """kpi,unit,period,value,measure
Uptime,Platform,2026-06-01,99.5,%
Uptime,Platform,2026-07-01,NaN,%
Uptime,Platform,2026-07-01,Infinity,%
Uptime,Platform,2026-07-01,,%
Uptime,Platform,,50,%
Uptime,Platform,2026-07-32,50,%
Uptime,Platform,2026-09-01,50,%
Uptime,Platform,2026-05-01,50,pcs
Uptime,Platform,2026-06-01,98,%
Uptimes,Platform,2026-06-01,98,%
Uptime,Platforms,2026-06-01,98,%
Uptime,Sales,2026-06-01,98,%
Uptime,Platform,2026-06-01
,Platform,2026-06-01,98,%
Uptime,Platform,2026-07-02,1e15,%
Uptime,Platform,2026-07-01,97,
"""
REASONS = {
    3: "value is 'NaN', and a measured number is finite.",
    4: "value is 'Infinity', and a measured number is finite.",
    5: "value is empty.",
    6: "period is empty.",
    7: "period is '2026-07-32', which is not a day; write 2026-03-31, or say how with --dates.",
    8: "its period has not come yet; today is 2026-08-15.",
    9: "its unit of measurement is not that of the KPI, which is '%'.",
    10: "line 2 gives 'Uptime' another value for 2026-06-01, which is the one that is kept.",
    11: "There is no KPI 'Uptimes'. Did you mean \"Uptime\"? --create makes what is missing.",
    12: "There is no unit 'Platforms'. Did you mean \"Platform\"?",
    13: "There is no KPI 'Uptime'. Did you mean \"Uptime\"? --create makes what is missing.",
    14: "it has 3 fields where the first line names 5 columns.",
    15: "A text is needed here; it is empty.",
    16: "The number is too large; give it in a larger unit (below 1e15).",
}


@pytest.mark.usefixtures("uptime")
async def test_every_bad_row_is_told_and_the_good_ones_are_kept(command: CommandLine) -> None:
    said = await bring(command, BAD)
    assert account(said) == came(rejected=len(REASONS))
    assert sorted(rejected(said), key=lambda line: int(line[5:].partition(":")[0])) == [
        f"line {number}: {reason}" for number, reason in REASONS.items()
    ]
    assert await values(command) == {"2026-06-01": "99.5", "2026-07-01": "97"}


@pytest.mark.parametrize("options", [("--strict",), ("--strict", "--dry-run")], ids=["in earnest", "in rehearsal"])
@pytest.mark.usefixtures("uptime")
async def test_a_strict_import_of_a_bad_file_writes_nothing(command: CommandLine, options: Sequence[str]) -> None:
    before = (await command.call()).picture.version
    said = await bring(command, BAD, *options)
    assert (said.status, said.out) == (2, "")
    assert len(rejected(said)) == len(REASONS)
    assert said.err.splitlines()[-1] == (
        "ratchet: 14 rows are bad and nothing was written; "
        "correct the file, or leave --strict out to keep the good rows."
    )
    assert (await command.call()).picture.version == before
    assert await values(command) == {}


async def test_a_strict_import_of_a_bad_file_founds_no_organisation(command: CommandLine) -> None:
    said = await bring(command, BAD, "--strict", "--create", *DEFINED)
    assert said.status == 2
    assert await command.runtime.store.tenants() == ()


@pytest.mark.usefixtures("uptime")
async def test_a_strict_import_of_a_good_file_writes_it(command: CommandLine) -> None:
    assert account(await bring(command, GOOD, "--strict")) == came(episodes=1)
    assert len(await values(command)) == 2


@pytest.mark.usefixtures("uptime")
async def test_a_dry_run_says_what_it_would_bring_and_writes_nothing(command: CommandLine) -> None:
    before = (await command.call()).picture.version
    said = await bring(command, GOOD, "--dry-run", "--evaluate")
    assert account(said) == came()
    assert said.err.startswith("Nothing was written. The file would bring 2 readings of 1 KPIs in 1 units. ")
    assert (await command.call()).picture.version == before
    assert await values(command) == {}


async def test_a_dry_run_founds_nothing_either(command: CommandLine) -> None:
    assert account(await bring(command, GOOD, "--dry-run", "--create", *DEFINED)) == came()
    assert await command.runtime.store.tenants() == ()


@pytest.mark.usefixtures("uptime")
async def test_a_second_run_changes_nothing(command: CommandLine) -> None:
    first = account(await bring(command, GOOD, "--evaluate"))
    before = (await command.call()).picture.version
    said = await bring(command, GOOD, "--evaluate")
    assert account(said) == first
    assert "of which 0 were new" in said.err
    assert (await command.call()).picture.version == before


@pytest.mark.usefixtures("uptime")
async def test_a_corrected_file_changes_what_it_corrects(command: CommandLine) -> None:
    await bring(command, GOOD)
    said = await bring(command, GOOD.replace(",50", ",98"))
    assert account(said) == came()
    assert "of which 1 were new" in said.err
    assert await values(command) == {"2026-06-01": "99.5", "2026-07-01": "98"}


async def test_create_makes_the_tenant_the_units_and_the_kpis(command: CommandLine) -> None:
    extra = ["--set", "bad=1", "--set", "every=week", "--set", "reduce=avg", "--set", "unit_kind=ward"]
    said = await bring(command, GOOD + "Uptime,Sales,2026-07-31,99\n", "--create", *DEFINED, *extra, "--evaluate")
    assert account(said) == came(units=2, kpis=2, readings=3, episodes=1, recommendations=1)
    picture = (await command.call()).picture
    assert sorted((unit.name.original, unit.kind) for unit in picture.units.values()) == [
        ("Platform", "ward"),
        ("Sales", "ward"),
        ("acme", "company"),
    ]
    assert set(picture.by_subject) == {subject_of("acme", role) for role in Role}
    made = next(one for one in picture.kpis.values() if picture.units[one.unit].name.original == "Platform")
    assert replace(made, key="", unit="", latest=None, watch=Watch()) == Kpi(
        key="",
        name=made.name,
        unit="",
        accountable=made.unit,
        measure="%",
        direction=Direction.HIGHER,
        period=Period.WEEK,
        reduce=Reduce.AVG,
        targets=(Target(valid_from=date(2026, 6, 1), target=Decimal(99), red_bound=Decimal(90)),),
        rule=BreachRule(bad=1),
        since=date(2026, 6, 1),
        version=made.version,
    )


async def test_a_second_run_of_create_makes_nothing(command: CommandLine) -> None:
    first = account(await bring(command, GOOD, "--create", *DEFINED))
    before = (await command.call()).picture
    assert account(await bring(command, GOOD, "--create", *DEFINED)) == first
    after = (await command.call()).picture
    assert (after.version, after.units, after.kpis) == (before.version, before.units, before.kpis)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--set", "measure=%", *DEFINED[4:]], "direction is empty"),
        ([*DEFINED, "--set", "direction=up"], "direction is 'up'"),
        ([*DEFINED, "--set", "targets=9"], "No field is called 'targets'. Did you mean \"target\"?"),
        ([*DEFINED, "--set", "bad=1.5"], "bad is a whole number"),
        ([*DEFINED, "--set", "bad=0"], "A breach opens, and is over, after 1 to 100 periods."),
        ([*DEFINED, "--set", "reporter=nobody@acme"], "Nobody is called 'nobody@acme'."),
    ],
)
async def test_kpis_are_not_made_of_constants_that_define_none(
    command: CommandLine, options: Sequence[str], said: str
) -> None:
    refused = await bring(command, GOOD, "--create", *options)
    assert (refused.status, refused.out) == (2, "")
    assert refused.err.startswith(f"ratchet: {said}")


@pytest.mark.usefixtures("uptime")
async def test_constants_that_contradict_the_kpi_are_refused(command: CommandLine) -> None:
    said = await bring(command, GOOD, "--set", "target=98", "--set", "direction=higher")
    assert (said.status, said.err) == (
        2,
        "ratchet: 'Uptime' is there already with target 99, not 98; "
        "change the KPI first, or import into another tenant.\n",
    )
    assert await values(command) == {}


async def test_only_complete_kpis_come_in_where_that_is_asked(command: CommandLine) -> None:
    text = GOOD + "Uptime,Sales,2026-07-01,95\n"
    said = await bring(command, text, "--create", *DEFINED, "--complete", "2")
    assert account(said) == came(episodes=0)
    assert "1 KPIs with too few readings were left out" in said.err
    picture = (await command.call()).picture
    assert {unit.name.original for unit in picture.units.values()} == {"acme", "Platform"}


async def test_a_file_of_the_future_makes_no_kpi(command: CommandLine) -> None:
    text = "kpi,unit,period,value\nUptime,Platform,2027-01-01,99\n"
    said = await bring(command, text, "--create", *DEFINED)
    assert account(said) == came(units=0, kpis=0, readings=0, rejected=1)
    assert (await command.call()).picture.kpis == {}


@pytest.mark.usefixtures("uptime")
async def test_two_names_of_one_kpi_in_a_file_are_told(command: CommandLine, uptime: Kpi) -> None:
    said = await bring(command, GOOD + f"{uptime.key},Platform,2026-05-01,99\n")
    assert account(said)["rejected"] in (1, 2)
    assert "its KPI is the one that the file also calls" in said.err


async def test_a_name_that_several_have_needs_the_unit(command: CommandLine, stage: Stage, uptime: Kpi) -> None:
    await builders.kpi(stage, unit=stage.other, accountable=stage.other)
    said = await bring(command, GOOD.replace(",Platform", "").replace(",unit", ""))
    assert account(said) == came(units=0, kpis=0, readings=0, rejected=2)
    assert rejected(said)[0] == "line 2: 2 KPIs are called 'Uptime'; name the unit as well, or the key."
    assert account(await bring(command, GOOD))["readings"] == 2
    assert len(await (await command.call()).store.readings(uptime.key)) == 2


class Stopped(Exception):
    """What ends an import in the middle of it."""


async def test_an_import_that_was_interrupted_is_completed_by_the_same_command(
    command: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "kpi,unit,period,value\n" + "".join(
        f"Uptime,Ward {ward},2026-{month:02}-01,{month}\n" for month in range(1, 5) for ward in range(60)
    )
    write, written = readings.write, list[int]()

    async def interrupted(call: Call, drafts: Sequence[readings.ReadingDraft]) -> int:
        if written:
            raise Stopped
        written.append(await write(call, drafts))
        return written[0]

    with monkeypatch.context() as patched:
        patched.setattr(readings, "write", interrupted)
        with pytest.raises(Stopped):
            await bring(command, text, "--create", *DEFINED)
    halfway = (await command.call()).picture.kpis
    assert 0 < sum(one.latest is not None for one in halfway.values()) < 60
    said = await bring(command, text, "--create", *DEFINED)
    assert account(said) == came(units=60, kpis=60, readings=240, episodes=60)
    assert f"of which {240 - written[0]} were new" in said.err
    assert {len(await (await command.call()).store.readings(key)) for key in (await command.call()).picture.kpis} == {4}


async def test_kpis_come_in_one_a_row(command: CommandLine, stage: Stage) -> None:
    header = "kpi,unit,measure,direction,low,high,weight,every,reporter,parent,since,bad,good,band,late_days\n"
    text = header + (
        "Heat,Platform,°C,range,18,22,2.5,day,member@acme,,2026-01-01,3,4,amber,5\nFans,Sales,pcs,lower,,,,,,Heat,,,,,\n"
    )
    assert account(await bring(command, text, what="kpis")) == came(units=2, kpis=2, readings=0)
    picture = (await stage.call()).picture
    heat, fans = sorted(picture.kpis.values(), key=lambda one: one.name.original, reverse=True)
    assert heat == Kpi(
        key=heat.key,
        name=heat.name,
        unit=stage.team,
        accountable=stage.team,
        reporter=picture.by_subject["member@acme"].key,
        measure="°C",
        direction=Direction.RANGE,
        period=Period.DAY,
        weight=Decimal("2.5"),
        late_days=5,
        targets=(Target(valid_from=date(2026, 1, 1), low=Decimal(18), high=Decimal(22)),),
        rule=BreachRule(bad=3, good=4, band=Band.AMBER),
        since=date(2026, 1, 1),
        version=heat.version,
    )
    assert (fans.parent, fans.targets, fans.since) == (heat.key, (), date(2026, 8, 15))


@pytest.mark.usefixtures("stage")
async def test_a_second_run_of_kpis_changes_nothing(command: CommandLine) -> None:
    first = account(await bring(command, KPIS, what="kpis"))
    before = (await command.call()).picture.version
    said = await bring(command, KPIS + "Uptime,Platform,%,higher,99,90\n", what="kpis")
    assert account(said) == first == came(units=2, kpis=2, readings=0)
    assert "of which 0 were new, 1 rows repeat another" in said.err
    assert (await command.call()).picture.version == before


BAD_KPIS = """kpi,unit,measure,direction,target,red_bound,parent
Uptime,Platform,%,higher,99,90,
Calls,Nowhere,pcs,lower,10,,
Calls,Sales,pcs,sideways,10,,
Calls,Sales,pcs,lower,many,,
Calls,Sales,pcs,higher,10,20,
Uptime,Platform,%,higher,98,90,
Calls,Sales,pcs,lower,10,,Uptimes
"""


@pytest.mark.parametrize("strict", [False, True], ids=["kept", "strict"])
@pytest.mark.usefixtures("stage")
async def test_every_bad_definition_is_told(command: CommandLine, strict: bool) -> None:
    said = await bring(command, BAD_KPIS, *(["--strict"] if strict else []), what="kpis")
    told = [line.partition(": ") for line in rejected(said)]
    assert sorted(line for line, _, _ in told) == [f"line {number}" for number in range(3, 9)]
    reasons = {line: reason for line, _, reason in told}
    assert reasons["line 3"].startswith("There is no unit 'Nowhere'.")
    assert reasons["line 4"].startswith("direction is 'sideways'.")
    assert reasons["line 5"] == "target is 'many', which is not a number."
    assert reasons["line 7"].startswith("'Uptime' is there already with target 99, not 98; ")
    assert reasons["line 8"] == "There is no KPI 'Uptimes'. Did you mean \"Uptime\"?"
    made = {one.name.original for one in (await command.call()).picture.kpis.values()}
    assert (said.status, made) == ((2, set()) if strict else (0, {"Uptime"}))


async def test_kpis_are_made_with_their_tenant_and_units(command: CommandLine) -> None:
    dry = await bring(command, KPIS, "--create", "--dry-run", what="kpis")
    assert account(dry) == came(units=2, kpis=2, readings=0)
    assert await command.runtime.store.tenants() == ()
    assert account(await bring(command, KPIS, "--create", what="kpis")) == came(units=2, kpis=2, readings=0)
    assert account(await bring(command, GOOD)) == came(episodes=0)


@pytest.mark.usefixtures("stage")
@pytest.mark.parametrize(
    ("text", "options", "said"),
    [
        ("", (), "brought.csv is empty; its first line must name the columns."),
        ("KPI,period,value\n", (), 'There is no column "kpi". '),
        ("kpi,periode,value\n", (), 'There is no column "period". Did you mean "periode"? Name the one that '),
        (GOOD, ("--column", "vlaue=value"), 'No field is called "vlaue". Did you mean "value"?'),
        (GOOD, ("--column", "value=__import__('os')"), "\"__import__('os')\" is neither a column nor a formula"),
        (GOOD, ("--mapping", "none.toml"), "none.toml cannot be read: "),
        (GOOD, ("--encoding", "klingon"), "There is no encoding 'klingon'; "),
        (GOOD, ("--encoding", "utf-16"), "brought.csv is not text in utf-16; "),
        (GOOD, ("--delimiter", ";;"), "The delimiter cannot be ';;'; "),
        (GOOD, ("--where", "North"), "'North' is not NAME=VALUE."),
        (GOOD, ("--numbers", "1'234"), "Numbers are written like one of "),
        (GOOD, ("--tenant", "acne"), 'There is no tenant "acne". Did you mean "acme"?'),
        (GOOD, ("--create", "--tenant", "No such!"), ""),
    ],
)
async def test_what_cannot_be_imported_is_refused_in_a_sentence(
    command: CommandLine, text: str, options: Sequence[str], said: str
) -> None:
    refused = await bring(command, text, *options)
    assert (refused.status, refused.out) == (2, "")
    assert refused.err.startswith(f"ratchet: {said}")
    assert refused.err.count("\n") == 1


@pytest.mark.usefixtures("uptime")
async def test_a_wrong_encoding_and_a_monstrous_field_cost_their_rows_only(command: CommandLine) -> None:
    text = GOOD.encode() + b"Upt\xefme,Platform,2026-05-01,99\n" + b"x" * 10_000_000 + b",,,\n"
    said = await bring(command, text + b"Uptime,Platform,2026-04-01,99\n")
    assert account(said) == came(readings=3, rejected=2, episodes=1)
    assert [line.partition(";")[0] for line in rejected(said)] == [
        "line 4: it is not text in utf-8",
        "line 5: a row is longer than 1,000,000 characters.",
    ]


def episodes(watched: Kpi, seen: Sequence[Reading], today: date) -> int:
    """Return how many episodes a history has."""
    return len(breach.replay(watched, seen, today)[1])


def eased(watched: Kpi) -> Kpi:
    """Return the KPI as if it were red below 85 % and over a breach at 90 %."""
    (target,) = watched.targets
    return replace(watched, targets=(replace(target, red_bound=Decimal(85), recovery=Decimal(90)),))


if NHS.is_file():  # public data that the project does not copy: docs/imports.md says where it comes from

    async def test_the_attendances_of_the_nhs_have_the_known_episodes(command: CommandLine) -> None:
        options = ["--mapping", MAPPING, "--tenant", "nhs", "--create", "--json"]
        said = await command("import", "readings", str(NHS), *options)
        assert account(said) == came(units=140, kpis=140, readings=4932, episodes=176)
        call = await command.call("nhs")
        today = call.at.date()
        found = {one: await call.store.readings(one.key) for one in call.picture.kpis.values()}
        complete = {one: seen for one, seen in found.items() if len(seen) == 36}
        assert len(complete) == 130
        quick = BreachRule(bad=1, good=1)
        for chosen, known in ((found, (176, 252, 161)), (complete, (166, 241, 150))):
            assert known == (
                sum(episodes(one, seen, today) for one, seen in chosen.items()),
                sum(episodes(replace(one, rule=quick), seen, today) for one, seen in chosen.items()),
                sum(episodes(eased(one), seen, today) for one, seen in chosen.items()),
            )
