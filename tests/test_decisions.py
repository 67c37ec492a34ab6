"""The decision records keep up with the project."""

import re
import tomllib
from pathlib import Path

TREE = Path(__file__).parents[1]
DECISIONS = TREE / "docs" / "decisions"


def test_every_dependency_is_listed_with_its_reason() -> None:
    project = tomllib.loads((TREE / "pyproject.toml").read_text())
    groups = [project["project"]["dependencies"], *project["dependency-groups"].values()]
    needed = {re.split(r"[^\w.-]", requirement)[0].lower() for group in groups for requirement in group}
    rows = [line for line in (DECISIONS / "0005-dependencies.md").read_text().splitlines() if line.startswith("| ")]
    listed = {name.strip().lower() for row in rows for name in row.split("|")[1].split(",")}
    assert needed - listed == set()


def test_every_decision_is_in_the_index() -> None:
    written = {file.name for file in DECISIONS.glob("[0-9]*.md")}
    indexed = set(re.findall(r"\((\d{4}-[\w-]+\.md)\)", (DECISIONS / "README.md").read_text()))
    assert indexed == written


def test_every_decision_has_the_four_headings() -> None:
    expected = ["Context", "Decision", "Consequences", "Alternatives"]
    headings = {page.name: re.findall("(?m)^## (.+)$", page.read_text()) for page in DECISIONS.glob("[0-9]*.md")}
    assert {name: found for name, found in headings.items() if found != expected} == {}
