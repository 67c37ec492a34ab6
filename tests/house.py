"""The house rules that no linter knows: `python -m tests.house` reads every file of the project and names each breach.

Two kinds of thing may not be committed. Traces of one machine: an absolute path into somebody's home, or the address of
a package index. And unexplained exceptions: whoever silences a linter, the type checker or the coverage, or skips a
test, says why on the same line.
"""

import ast
import io
import re
import subprocess
import sys
import tokenize
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]

TRACES = {
    "the path of one machine": re.compile(r"(?<![\w.~])/(root|work|home/\w+|Users/\w+)/\w"),
    "the host of a package index": re.compile(r"\b(pypi|registry\.npmjs|files\.python\w+)\.(org|com|io)\b"),
    "the option that names a package index": re.compile(r"--(extra-)?index-ur[l]|--find-link[s]|--trusted-hos[t]"),
}
LOCK_ADDRESS = re.compile(r"\w+://")
CODES = r"(\[[\w\-, ]+\]|: ?[A-Z]+\d+(, ?[A-Z]+\d+)*)?"
SILENCER = re.compile(r"#\s*((?:ruff: )?noqa|type: ignore|mypy: ignore-errors|pragma: no (?:cover|branch))" + CODES)
SKIPS = re.compile(r"(^|\.)(mark\.skip|mark\.skipif|mark\.xfail|pytest\.skip|pytest\.xfail)$")
FEWEST_WORDS = 3


def breaches(path: str, text: str) -> Iterator[str]:
    """Yield one line `path:line: what is wrong` for each breach in the file's text."""
    for number, line in enumerate(text.splitlines(), start=1):
        for what, trace in TRACES.items():
            if trace.search(line):
                yield f"{path}:{number}: {what}"
        if Path(path).match("requirements*.txt") and LOCK_ADDRESS.search(line):
            yield f"{path}:{number}: an address in the lock, which names packages by hash alone"
    if path.endswith(".py"):
        yield from (f"{path}:{number}: {what} without a reason" for number, what in sorted(_unexplained(text)))


def _unexplained(source: str) -> Iterator[tuple[int, str]]:
    """Yield (line, what) for each exception in Python source that has no reason beside it."""
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT and (silencer := SILENCER.search(token.string)):
            reason = token.string.replace(silencer.group(), "")
            if len(re.findall(r"\w+", reason)) < FEWEST_WORDS:
                yield token.start[0], f"`{silencer.group(1)}`"
    tree = ast.parse(source)
    calls = {id(node.func): node for node in ast.walk(tree) if isinstance(node, ast.Call)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and SKIPS.search(ast.unparse(node)) and not _says_why(calls.get(id(node))):
            yield node.lineno, f"`{node.attr}`"


def _says_why(call: ast.Call | None) -> bool:
    """Whether the call names a `reason`, or starts with a text, as in `pytest.skip("...")`."""
    if call is None:
        return False
    first = call.args[0] if call.args else None
    return any(word.arg == "reason" for word in call.keywords) or isinstance(first, ast.Constant | ast.JoinedStr)


def files() -> list[str]:
    """Return the paths of all files that are or would be committed, as git sees them."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    return [path for path in sorted(set(listed.stdout.split("\0"))) if path and (ROOT / path).is_file()]


def main() -> int:
    """Print every breach in the tree and return the exit status: 1 if there is any."""
    found: list[str] = []
    for path in files():
        try:
            text = (ROOT / path).read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue  # a picture or another binary file
        found += breaches(path, text)
    print(*found, sep="\n", end="\n" if found else "")
    print(f"{len(found)} breaches of the house rules" if found else "The house rules are kept.")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
