"""The command line: what it answers, its exit statuses, and that whatever goes wrong is told in a sentence."""

import json
import os
import subprocess
import sys
from pathlib import Path

import jwt
import pytest
from pymongo.asynchronous.database import AsyncDatabase

from app import __main__, commands, issuer, readings
from app.__main__ import main
from app.settings import Settings
from store.codec import Document
from tests.app import builders
from tests.app.command_line import CommandLine
from tests.service import Stage

ROOT = Path(__file__).parents[2]


def test_a_token_is_for_the_person_who_stands_for_a_role(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("RATCHET_DATA", str(tmp_path))
    assert main(["token", "hospital", "lead", "--days", "2"]) == 0
    settings = Settings(data=tmp_path)
    written = capsys.readouterr()
    claims = jwt.decode(
        written.out.strip(), issuer.public_key(settings), [issuer.ALGORITHM], audience=settings.audience
    )
    assert (claims["sub"], claims["tenant"]) == ("lead@hospital", "hospital")
    assert claims["exp"] - claims["iat"] == 2 * 24 * 3600
    assert written.err == ""


def test_a_tenant_that_is_nearly_a_demonstration_gets_a_hint_and_its_token(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("RATCHET_DATA", str(tmp_path))
    assert main(["token", "hospitl", "lead"]) == 0
    written = capsys.readouterr()
    assert written.out.count(".") == 2
    assert written.err == 'ratchet: "hospitl" is none of the demonstration tenants. Did you mean "hospital"?\n'


@pytest.mark.parametrize(
    ("arguments", "environment", "said"),
    [
        ("token hospital leed", {}, 'There is no role "leed". Did you mean "lead"?'),
        ("token hospital lead --days 0", {}, "A token is good for more than 0 and at most 366 days."),
        ("token hospital lead --days nan", {}, "A token is good for more than 0 and at most 366 days."),
        ("token hospital lead", {"PORT": "99999"}, "These settings cannot be:"),
        ("token hospital lead", {"ENVIRONMENT": "production"}, "These settings cannot be:"),
        (
            "token hospital lead",
            {"ENVIRONMENT": "production", "ISSUER_KEYS": "key.pem"},
            "In production the identity provider issues the tokens, not this command.",
        ),
        ("import readings none.csv --tenant acme", {}, "none.csv cannot be read: No such file or directory."),
    ],
)
def test_what_goes_wrong_without_a_database_is_told_in_a_sentence(
    arguments: str,
    environment: dict[str, str],
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("RATCHET_DATA", str(tmp_path))
    for name, value in environment.items():
        monkeypatch.setenv(f"RATCHET_{name}", value)
    assert main(arguments.split()) == 2
    written = capsys.readouterr()
    assert written.out == ""
    assert written.err.startswith(f"ratchet: {said}")


@pytest.mark.parametrize(
    "arguments", ["", "fly", "token hospital", "import acme", "policies publish acme goal-limit x"]
)
def test_what_is_no_command_ends_with_the_usage(arguments: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments.split())
    assert ended.value.code == 2
    assert capsys.readouterr().err.startswith("usage: python -m app")


@pytest.mark.parametrize(
    "arguments",
    ["--help", "import kpis --help", "import readings --help", "policies --help", "waivers --help", "decisions --help"]
    + [
        f"policies {what} --help" for what in ("list", "show", "preview", "publish", "roll-back", "retire", "effective")
    ],
)
def test_help_is_complete(arguments: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments.split())
    assert ended.value.code == 0
    assert "%(" not in capsys.readouterr().out


@pytest.mark.usefixtures("stage")
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("focus acne", 'There is no tenant "acne". Did you mean "acme"?'),
        ("verify acne", 'There is no tenant "acne". Did you mean "acme"?'),
        ("scan --tenant acne", 'There is no tenant "acne". Did you mean "acme"?'),
        ("policies list acne", 'There is no tenant "acne". Did you mean "acme"?'),
        ("policies publish acme goal-limit 9", 'There is no version 9 of "goal-limit". There is: 1.'),
    ],
)
async def test_what_is_not_there_is_refused_in_a_sentence(command: CommandLine, arguments: str, said: str) -> None:
    answered = await command(*arguments.split())
    assert (answered.status, answered.out, answered.err) == (2, "", f"ratchet: {said}\n")


@pytest.mark.parametrize("arguments", ["focus acme", "verify acme", "policies list acme"])
async def test_without_any_tenant_that_is_said(command: CommandLine, arguments: str) -> None:
    answered = await command(*arguments.split())
    assert (answered.status, answered.err) == (2, 'ratchet: There is no tenant "acme". There is none yet.\n')


def test_an_interrupted_command_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(settings: Settings, tenant: str) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(commands, "verify", interrupted)
    assert main(["verify", "acme"]) == __main__.INTERRUPTED
    assert capsys.readouterr().err == (
        "ratchet: stopped. What was written is whole; the same command again does the rest.\n"
    )


async def test_scan_files_what_is_due_once(command: CommandLine, stage: Stage) -> None:
    watched = await builders.kpi(stage)
    call = await builders.begin(stage)
    await readings.write(call, [builders.month(watched, 6, 99), builders.month(watched, 7, 50)])
    assert await builders.filed(stage, "kpi-breach") == ()
    assert (await command("scan")).status == 0
    (said,) = await builders.filed(stage, "kpi-breach")
    again = await command("scan", "--tenant", "acme")
    assert "acme" in again.out
    assert await builders.filed(stage, "kpi-breach") == (said,)


async def test_focus_ranks_the_weak_kpis(command: CommandLine, stage: Stage) -> None:
    calm, weak, worst = [await builders.kpi(stage, name) for name in ("Calm", "Weak", "Worst")]
    await builders.read(
        stage, *(builders.month(one, 7, value) for one, value in ((calm, 100), (weak, 89), (worst, 50)))
    )
    ranked = (await command("focus", "acme")).out
    assert "Calm" not in ranked
    assert 0 < ranked.index("Worst") < ranked.index("Weak")


async def test_what_others_wrote_does_not_command_the_terminal(command: CommandLine, stage: Stage) -> None:
    watched = await builders.kpi(stage, "Weak [red]\x1b[2J[/red]")
    await builders.read(stage, builders.month(watched, 7, 50))
    ranked = (await command("focus", "acme")).out
    assert "\x1b" not in ranked
    assert "Weak [red]·[2J[/red]" in ranked


async def test_verify_finds_a_checkpoint_that_was_tampered_with(
    command: CommandLine, stage: Stage, laid_out: AsyncDatabase[Document]
) -> None:
    watched = await builders.kpi(stage)
    await builders.read(stage, builders.month(watched, 7, 50))
    right = await command("verify", "acme")
    assert (right.status, right.out) == (0, "All 1 checkpoints of acme are what their history says.\n")
    await laid_out["kpis"].update_one({"tenant": "acme"}, {"$set": {"watch.bad_run": 7}})
    wrong = await command("verify", "acme")
    assert wrong.status == 1
    assert watched.key in wrong.out
    assert "breach checkpoint, bad_run: 7, not 1" in wrong.out


def test_a_command_runs_from_a_shell(mongodb_uri: str, database: AsyncDatabase[Document], tmp_path: Path) -> None:
    file = tmp_path / "readings.csv"
    file.write_text("kpi,unit,period,value\nUptime,Platform,2026-06-01,99\n,,,\n\nUptime,Platform,x,1\n", "utf-8")
    done = _shell(
        {"MONGODB_URI": mongodb_uri, "DATABASE": database.name, "DATA": str(tmp_path)},
        *("import", "readings", str(file), "--tenant", "acme", "--create", "--set", "measure=%"),
        *("--set", "direction=higher", "--set", "target=95", "--evaluate", "--json", "--progress"),
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert list(told) == ["units", "kpis", "readings", "rejected", "episodes", "recommendations", "seconds"]
    assert (told["readings"], told["rejected"]) == (1, 1)
    assert "reading the file" in done.stderr
    assert "evaluating" in done.stderr
    assert "Traceback" not in done.stderr


def _shell(settings: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 - our own command, as a person types it
        [sys.executable, "-m", "app", *arguments],
        cwd=ROOT,
        env={**os.environ, **{f"RATCHET_{name}": value for name, value in settings.items()}},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
