"""Tests of the house check: it must be able to fail."""

import pytest

from tests import house

HASH = "#"  # keeps the examples below from being comments of this file


@pytest.mark.parametrize(
    ("path", "text", "found"),
    [
        pytest.param("notes.md", "see /ro" + "ot/x", ["notes.md:1: the path of one machine"], id="a home"),
        pytest.param("a.toml", "x\nin /ho" + "me/ada/r", ["a.toml:2: the path of one machine"], id="a user's home"),
        pytest.param("web/lock.json", "p" + "ypi.org", ["web/lock.json:1: the host of a package index"], id="an index"),
        pytest.param(
            "Makefile",
            "pip install --index" + "-url x",
            ["Makefile:1: the option that names a package index"],
            id="an index by option",
        ),
        pytest.param(
            "requirements-dev.txt",
            "a @ https://example.test/a.whl",
            ["requirements-dev.txt:1: an address in the lock, which names packages by hash alone"],
            id="an address in the lock",
        ),
        pytest.param("a.py", f"x = 1  {HASH} noqa: E501\n", ["a.py:1: `noqa` without a reason"], id="noqa"),
        pytest.param(
            "a.py", f"x = 1  {HASH} type: ignore[x]\n", ["a.py:1: `type: ignore` without a reason"], id="type: ignore"
        ),
        pytest.param(
            "a.py", f"x = 1  {HASH} pragma: no cover\n", ["a.py:1: `pragma: no cover` without a reason"], id="no cover"
        ),
        pytest.param(
            "a.py", "@pytest.mark.skip\ndef f(): ...\n", ["a.py:1: `skip` without a reason"], id="a bare mark"
        ),
        pytest.param("a.py", "pytest.skip()\n", ["a.py:1: `skip` without a reason"], id="an empty call"),
        pytest.param(
            "a.py", "@pytest.mark.skipif(x)\ndef f(): ...\n", ["a.py:1: `skipif` without a reason"], id="a condition"
        ),
    ],
)
def test_a_breach_is_named_with_its_line(path: str, text: str, found: list[str]) -> None:
    assert list(house.breaches(path, text)) == found


@pytest.mark.parametrize(
    ("path", "text"),
    [
        pytest.param("a.md", "GET /homepage/a and ./work/a and example.test/root/a", id="paths of the project"),
        pytest.param("a.md", "published on PyPI", id="the index's name is not its host"),
        pytest.param("a.py", f"x = 1  {HASH} noqa: S603, S607 - a fixed command\n", id="noqa with a reason"),
        pytest.param(
            "a.py", f"x = 1  {HASH} type: ignore[x]  {HASH} upstream has no stubs\n", id="ignore with a reason"
        ),
        pytest.param("a.py", "pytest.skip('there is no mongod for this platform')\n", id="skip with a reason"),
        pytest.param(
            "a.py", "@pytest.mark.skipif(x, reason='only on Linux')\ndef f(): ...\n", id="a condition with one"
        ),
        pytest.param("a.py", f"x = '{HASH} noqa'\n", id="a string is no comment"),
    ],
)
def test_an_explained_exception_passes(path: str, text: str) -> None:
    assert list(house.breaches(path, text)) == []
