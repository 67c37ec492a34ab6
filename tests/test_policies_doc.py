"""docs/policies.md tells the truth: every template with its parameters, every mode, every command and every link."""

import re
import shlex
from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.__main__ import main, parser
from app.policy_sheet import modes, span
from okr.policy import PolicyMode
from rules import outline, policy
from rules.template import TEMPLATES

ROOT = Path(__file__).parent.parent
FILE = ROOT / "docs" / "policies.md"
PAGE = FILE.read_text(encoding="utf-8")
SECTIONS = {
    heading.strip("`"): body for heading, body in re.findall(r"^### (.+)\n((?:(?!^#).*\n?)*)", PAGE, re.MULTILINE)
}
COMMANDS = sorted(set(re.findall(r"^    python -m app (.+)$", PAGE, re.MULTILINE)))
LINKS = sorted(set(re.findall(r"\]\(([^)]+)\)", PAGE)))


def test_every_template_and_every_mode_has_its_section_and_nothing_else_has_one() -> None:
    assert set(SECTIONS) == {*TEMPLATES, *PolicyMode}


@pytest.mark.parametrize("key", TEMPLATES)
def test_the_parameters_of_a_template_are_as_its_file_says(key: str) -> None:
    rows = re.findall(r"^\| `(\w+)` \| (.*?) \| (.*?) \| (.*?) \| (.*?) \|$", SECTIONS[key], re.MULTILINE)
    assert rows == [
        (each.name, each.unit, span(each), str(each.default), each.help.original) for each in TEMPLATES[key].parameters
    ]


@pytest.mark.parametrize("key", TEMPLATES)
def test_the_section_of_a_template_says_when_it_fires_and_how_far_it_may_go(key: str) -> None:
    template, section = TEMPLATES[key], SECTIONS[key]
    resolved = policy.resolve(policy.drafted(template, key, "", datetime(2026, 1, 1, tzinfo=UTC)))
    allowed = ", ".join(f"`{mode}`" for mode in modes(template))
    assert section.lstrip().startswith(f"**{template.name.original}.**")
    assert f"Fires when: *{outline.formula(resolved.kind, resolved.condition, 'en')}.*" in section
    assert f"* **Modes**: {allowed}; shipped as `{template.mode}`, severity {template.severity}." in section
    parts = re.findall(r"^\* \*\*(.+?)\*\*: \S", section, re.MULTILINE)
    assert parts == ["Proposes", "Example", "To tune it", "Never", "Modes"]


def test_templates_are_counted_right() -> None:
    advising = [each for each in TEMPLATES.values() if each.mode is PolicyMode.ADVISE]
    assert (len(TEMPLATES), len(advising)) == (16, 5)
    assert "## The sixteen templates" in PAGE
    assert "Five advise from the start, the others observe." in PAGE


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_of_the_page_can_be_typed(command: str) -> None:
    assert parser().parse_args(shlex.split(command)).command


def test_the_page_shows_every_command_about_policies() -> None:
    words = {
        tuple(command.split()[:2]) if command.startswith("policies") else (command.split()[0],) for command in COMMANDS
    }
    whats = ("list", "show", "save", "preview", "publish", "roll-back", "retire", "effective", "templates")
    assert words == {*(("policies", what) for what in whats), ("waivers",), ("decisions",), ("quality",)}


@pytest.mark.parametrize("link", LINKS)
def test_every_link_of_the_page_leads_somewhere(link: str) -> None:
    path, _, anchor = link.partition("#")
    page = FILE.parent / path if path else FILE
    assert page.exists()
    if anchor:
        headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
        assert anchor in {re.sub(r"[^\w\- ]", "", heading).strip().lower().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("key", sorted(set(re.findall(r"policies templates (\w+)", PAGE))))
def test_a_template_that_the_page_asks_for_is_shown(key: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["policies", "templates", key]) == 0
    assert TEMPLATES[key].name.original in capsys.readouterr().out
