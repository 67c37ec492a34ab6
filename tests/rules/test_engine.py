"""Tests of the engine's process from within, where its parent cannot look."""

import io
import json
import signal
from collections.abc import Iterator

import pytest

from rules import engine
from rules.compiler import Shard
from tests.rules.builders import is_, program

(BELOW_TEN,) = program(is_("value", "lt", 10)).shards


@pytest.fixture(autouse=True)
def _own_alarm() -> Iterator[None]:
    """Leave the alarm of this process as it was."""
    before = signal.getsignal(signal.SIGALRM)
    yield
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, before)


def conversation(*requests: object) -> list[dict[str, object]]:
    """Return what the engine answers to these requests, without how much memory it uses."""
    answers = io.BytesIO()
    engine.serve(io.BytesIO(b"".join(json.dumps(one).encode() + b"\n" for one in requests)), answers, seconds=60)
    read = [json.loads(line) for line in answers.getvalue().splitlines()]
    return [{name: value for name, value in answer.items() if name != "megabytes"} for answer in read]


def test_a_ruleset_is_asked_for_once() -> None:
    request = {"shard": BELOW_TEN.key, "facts": [[1], [None], [11], [3]]}

    assert conversation({"n": 1, **request}, {"n": 2, **request, "rules": BELOW_TEN.rules}, {"n": 3, **request}) == [
        {"n": 1, "need": True},
        {"n": 2, "hits": [0, 3, 0, 0]},
        {"n": 3, "hits": [0, 3, 0, 0]},
    ]


def test_no_facts_are_no_matches() -> None:
    assert conversation({"n": 1, "shard": "x", "facts": [], "rules": BELOW_TEN.rules}) == [{"n": 1, "hits": []}]


def test_the_ruleset_that_was_not_used_for_longest_is_deleted() -> None:
    rulesets = engine.Rulesets(capacity=2)
    for key in "ab":
        rulesets.add(key, BELOW_TEN.rules)
    rulesets.find("a")
    handle = rulesets.add("c", BELOW_TEN.rules)

    assert [rulesets.find(key) is not None for key in "abc"] == [True, False, True]
    assert engine.matches(handle, [[1]]) == [0, 0]


def test_the_memory_of_thousands_of_rulesets_is_given_back() -> None:
    rulesets = engine.Rulesets(capacity=4)

    def use(first: int) -> int:
        for at in range(first, first + 500):
            engine.matches(rulesets.add(f"{at}", shard.rules), [[at]])
        return engine.resident()

    shard: Shard = BELOW_TEN
    grown = [use(first) for first in range(0, 2_000, 500)]

    assert grown[-1] - grown[0] < 30, "1,500 rulesets of one rule would keep some 100 MB"
