"""The linter's contract lists the third parties it forbids to `okr`; this test forbids those that nobody listed."""

import ast
import sys
from pathlib import Path

import okr


def imported(source: str) -> set[str]:
    """Return the top-level packages that the source imports."""
    nodes = list(ast.walk(ast.parse(source)))
    plain = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    named = {node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)}
    return {name.partition(".")[0] for name in plain | named}


def test_okr_imports_itself_and_the_standard_library_only() -> None:
    outside = {
        file.name: foreign
        for file in Path(okr.__path__[0]).rglob("*.py")
        if (foreign := imported(file.read_text()) - sys.stdlib_module_names - {"okr"})
    }
    assert outside == {}


def test_the_reading_of_imports_sees_both_forms() -> None:
    assert imported("import a.b\nfrom c.d import e\ndef f():\n    import g") == {"a", "c", "g"}
