"""The README tells the truth: it names every setting and every template, and only files and commands that exist."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from app.__main__ import parser
from app.settings import Settings
from okr.policy import PolicyMode
from rules.template import TEMPLATES

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", Settings.model_fields)
def test_every_setting_is_in_the_readme_with_its_default(name: str) -> None:
    row = re.search(rf"^\| `RATCHET_{name.upper()}`[^|]*\|([^|]*)\|", README, re.MULTILINE)
    assert row is not None, f"RATCHET_{name.upper()} is missing"
    default = Settings.model_fields[name].default
    assert row[1].strip().strip("`") == ("" if default is None else str(default))


@pytest.mark.parametrize("word", [*TEMPLATES, *PolicyMode])
def test_every_policy_template_and_mode_is_in_the_readme(word: str) -> None:
    assert word in README


@pytest.mark.parametrize("target", sorted(set(re.findall(r"\]\(([^)#]+)\)", README))))
def test_what_the_readme_links_to_is_there(target: str) -> None:
    assert target.startswith("https://") or (ROOT / target).exists()


def test_the_commands_of_the_readme_are_commands() -> None:
    named = set(re.findall(r"python -m app (\w+)", README))
    known = subprocess.run(
        [sys.executable, "-m", "app", "--help"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    assert named
    assert {word for word in named if not re.search(rf"^\s+{word}\b", known, re.MULTILINE)} == set()


@pytest.mark.parametrize("command", sorted(set(re.findall(r"python -m app ([^`\n]+?)(?: --help)?`", README))))
def test_every_command_of_the_readme_can_be_typed(command: str) -> None:
    with_what_it_needs = {"import readings": "import readings file.csv --tenant acme"}
    assert parser().parse_args(shlex.split(with_what_it_needs.get(command, command))).command
