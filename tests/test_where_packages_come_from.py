"""PyPI has packages named `gql`, `rules` and `store`: here they come from this tree, whatever else is installed."""

import importlib
import tomllib
from pathlib import Path

import pytest

TREE = Path(__file__).parents[1]


@pytest.mark.parametrize("name", ["okr", "rules", "store", "app", "gql"])
def test_a_floor_is_imported_from_this_tree(name: str) -> None:
    assert importlib.import_module(name).__file__ == str(TREE / name / "__init__.py")


def test_no_requirement_shadows_a_floor() -> None:
    project = tomllib.loads((TREE / "pyproject.toml").read_text())
    floors = set(project["tool"]["importlinter"]["root_packages"])
    pinned = {line.split("==")[0] for line in (TREE / "requirements-dev.txt").read_text().splitlines() if "==" in line}
    assert floors & pinned == set()


def test_every_folder_of_tests_is_a_package() -> None:
    """Otherwise pytest puts `tests` on the path and `tests/gql` becomes `gql`."""
    folders = {file.parent for file in (TREE / "tests").rglob("test_*.py")}
    assert {folder for folder in folders if not (folder / "__init__.py").exists()} == set()
