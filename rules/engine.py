"""The rules engine's own process: `python -m rules.engine SECONDS`, JSON lines in and out, durable-rules inside.

This is the only file that calls durable-rules, and it calls the extension below `durable.engine`: that layer's Host
starts threads, runs actions whose errors it swallows, and re-asserts a session's state after each of them, which
loops for ever on some rules. What is left is one narrow way to use the engine in which it is exact. It may still
crash or never return, which is why it lives in a process that its parent can afford to lose.

A request is `{"n", "shard", "facts"}`, the facts as rows of the shard's columns, and `rules` the second time if the
answer was `{"n", "need": true}`. The answer is `{"n", "hits", "megabytes"}`: rule and fact numbers, one after the
other.
"""

import os
import signal
import sys
from collections import OrderedDict
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import durable_rules_engine as durable
import orjson

from rules.compiler import ALIASES, written
from rules.fields import Scalar

RULESETS = 256
"""Rulesets kept; one of 50 rules takes about half a megabyte."""

_SESSION = "s"
_SENTINEL = "~"
_ACCEPTED = (0, 1)  # The fact met a rule, or none did: both are normal.

Row = list[Scalar | None]


class Rulesets:
    """The engine's rulesets by key, the least recently used one deleted first."""

    def __init__(self, capacity: int = RULESETS) -> None:
        self._capacity = capacity
        self._handles: OrderedDict[str, int] = OrderedDict()

    def find(self, key: str) -> int | None:
        """Return the handle of the ruleset called `key`, or None where it has to be added."""
        if key in self._handles:
            self._handles.move_to_end(key)
        return self._handles.get(key)

    def add(self, key: str, rules: str) -> int:
        """Create the ruleset that `rules` writes and return its handle; one beyond the capacity leaves."""
        handle: int = durable.create_ruleset(key, rules)
        self._handles[key] = handle
        if len(self._handles) > self._capacity:
            # Nothing in durable's Python layer deletes a ruleset; without this each one ever made would stay.
            durable.delete_ruleset(self._handles.popitem(last=False)[1])
        return handle


def matches(handle: int, rows: list[Row]) -> list[int]:
    """Return the pairs (condition, row) that match, as one flat list; at most 500 rows."""
    # Deleting a session in which no action ever started frees memory that was never set: the sentinel starts one.
    session = _assert(handle, f'{{"id":"{_SENTINEL}","sid":"{_SESSION}","k":0}}')
    for at, row in enumerate(rows):
        # One by one: in a list, everything behind the first odd fact would be dropped without a word.
        _assert(handle, _fact(at, row))
    hits: list[int] = []
    trusted = False
    for fired in _drain(handle, session):
        for rule, found in fired.items():
            trusted |= rule == _SENTINEL
            if rule != _SENTINEL:
                condition = int(rule.partition(".")[0])
                for match in found:
                    hits += condition, int(match["m"]["id"])
    durable.delete_state(handle, _SESSION)
    if not trusted:
        raise RuntimeError("The sentinel did not fire, so what the engine says of this session means nothing.")
    return hits


def _assert(handle: int, fact: str) -> int:
    code, session = durable.assert_fact(handle, fact)
    if code not in _ACCEPTED:
        raise RuntimeError(f"The engine took a fact for one that it had seen (code {code}).")
    return int(session)


def _fact(at: int, row: Row) -> str:
    fact: dict[str, Scalar] = {"id": str(at), "sid": _SESSION, "k": 1}
    fact |= {alias: value for alias, value in zip(ALIASES, row, strict=False) if value is not None}
    text = orjson.dumps(fact).decode()
    if "e-" not in text:
        return text
    # Perhaps a number with an exponent (1e-6), which the engine cannot read, or only a word with a hyphen.
    return f"{{{','.join(f'{written(name)}:{written(value)}' for name, value in fact.items())}}}"


def _drain(handle: int, session: int) -> Iterator[dict[str, list[dict[str, dict[str, str]]]]]:
    started = durable.start_action_for_state(handle, session)
    fired = started[1] if started else None
    while fired:
        yield orjson.loads(fired)
        fired = durable.complete_and_start_action(handle, session)


def serve(requests: BinaryIO, answers: BinaryIO, seconds: float) -> None:
    """Answer each line of `requests` on `answers` until there are none; SIGALRM ends a job longer than `seconds`."""
    rulesets = Rulesets()
    for line in requests:
        # The parent kills a silent worker long before. This is for the parent that is gone: the engine may never
        # return, and a signal without a handler ends the process even then.
        signal.setitimer(signal.ITIMER_REAL, seconds)
        answers.write(orjson.dumps(_answer(rulesets, orjson.loads(line))) + b"\n")
        answers.flush()
        signal.setitimer(signal.ITIMER_REAL, 0)


def _answer(rulesets: Rulesets, request: dict[str, Any]) -> dict[str, object]:
    handle = rulesets.find(request["shard"])
    if handle is None:
        if "rules" not in request:
            return {"n": request["n"], "need": True}
        handle = rulesets.add(request["shard"], request["rules"])
    return {"n": request["n"], "hits": matches(handle, request["facts"]), "megabytes": resident()}


def resident() -> int:
    """Return the megabytes of memory in use; 0 on systems that do not say."""
    try:
        pages = int(Path("/proc/self/statm").read_bytes().split()[1])
    except OSError:
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE") // 2**20


def main() -> None:
    """Serve the parent on standard input and output; everything else that is printed goes to standard error."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the parent closes our input.
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    answers.write(b'{"n":0}\n')
    answers.flush()
    serve(sys.stdin.buffer, answers, float(sys.argv[1]))


if __name__ == "__main__":
    main()
