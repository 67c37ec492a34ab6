"""The engine's known traps, each sprung on the adapter: what bare durable-rules gets wrong must come out right here.

If a later version of the engine changes its ways, this is where it shows.
"""

import pytest

from rules.judge import Judge
from rules.worker import Worker
from tests.rules.builders import Fact, is_, program


async def matching(worker: Worker, raw: object, *facts: dict[str, object]) -> list[int]:
    """Return the places of the facts that match, by the engine's word alone (it must not need the verification)."""
    before = worker.counts.disagreed
    judgement = await Judge(worker).judge(
        program(raw), [Fact(subject=f"{at}", values=values) for at, values in enumerate(facts)]
    )
    assert (judgement.engine, worker.counts.disagreed) == ("durable", before)
    return [int(match.fact.subject) for match in judgement.matches]


@pytest.mark.parametrize(
    ("raw", "facts", "expected"),
    [
        pytest.param(
            is_("value", "lt", {"field": "target"}),
            [{"value": 1}, {"value": 1, "target": 2}, {"target": 2}, {}],
            [1],
            id="a missing right-hand field does not match",
        ),
        pytest.param(
            is_("value", "lt", {"field": "target", "times": 0.9}),
            [{"value": 1, "target": 100}, {"value": 1}, {"value": 90, "target": 100}],
            [0],
            id="nor does a missing field in a product",
        ),
        pytest.param(
            {"not": is_("tên", "eq", "x")},
            [{"tên": None}, {}, {"tên": "y"}],
            [2],
            id="null is not another value",
        ),
        pytest.param(
            is_("value", "lt", 1),
            [{"value": 0}, {"value": 1e-7}, {"value": 0.00001}, {"value": float("inf")}, {"value": 0.5}],
            [0, 1, 2, 4],
            id="a number with a bare exponent does not swallow the facts behind it",
        ),
        pytest.param(
            is_("value", "lte", 0.00001), [{"value": 0.00001}, {"value": 0.00002}], [0], id="nor in the rule itself"
        ),
        pytest.param(
            is_("tên", "eq", "e-5"),
            [{"tên": "e-5"}, {"tên": "e-5", "value": 0.000001}, {"tên": "e-6"}],
            [0, 1],
            id="nor in a word that looks like one",
        ),
        pytest.param(
            is_("tên", "eq", "x"), [{"tên": "x" * 65_536}, {"tên": "x" * 70_001}, {"tên": "x"}], [2], id="long strings"
        ),
        pytest.param(
            {"any": [is_("value", "gt", 5), is_("value", "eq", 2)]},
            [{"value": "9"}, {"value": "abc"}, {"value": "2"}, {"value": True}, {"value": 9}],
            [4],
            id="a text is no number",
        ),
        pytest.param(is_("k", "eq", "9"), [{"k": 9}, {"k": "9"}, {"k": 9.0}], [1], id="and a number is no text"),
        pytest.param(
            is_("open", "eq", True),
            [{"open": 1}, {"open": 1.0}, {"open": "true"}, {"open": True}],
            [3],
            id="only true is true",
        ),
        pytest.param(
            is_("liquid", "gt", 1), [{"costarring": 2}, {"liquid": 2}], [1], id="names with the same hash stay apart"
        ),
        pytest.param(
            {"all": [is_("id", "gt", 1), is_("sid", "eq", "s"), is_("$s", "eq", True), is_("k", "ne", "red")]},
            [{"id": 2, "sid": "s", "$s": True, "k": "9"}, {"id": 2, "sid": "s", "$s": True}, {}],
            [0],
            id="the engine's own names are ordinary",
        ),
        pytest.param(
            is_("id", "eq", {"field": "liquid"}), [{"id": at, "liquid": 3} for at in range(5)], [3], id="id joins"
        ),
        pytest.param(is_("id", "unknown"), [{}, {"id": 1}], [0], id="the session's state does not match for ever"),
        pytest.param(is_("tên", "ne", "x"), [{}, {"tên": "s"}], [1], id="nor by another name"),
        pytest.param(is_("tên", "eq", "tên"), [{"tên": "te\u0302n"}], [0], id="composed is decomposed"),
        pytest.param(
            is_("due", "lt", "2026-01-02"), [{"due": "2026-01-01"}, {"due": "2026-01-01 10:00"}], [0], id="dates"
        ),
        pytest.param(
            is_("value", "eq", 0.3), [{"value": 0.1 + 0.2}, {"value": 0.300001}], [0], id="sums with rounding errors"
        ),
        pytest.param(
            is_("value", "gt", 0), [{"value": 2**70}, {"value": 2**63}, {"value": 10**15 - 1}], [2], id="huge numbers"
        ),
        pytest.param(
            is_("value", "eq", {"field": "target", "times": 3}),
            [{"value": 9 * 10**14, "target": 3 * 10**14}, {"value": 0, "target": 6148914691236517206}],
            [0],
            id="a product never overflows",
        ),
        pytest.param(
            is_('a "quoted" name\n', "eq", 'say "hé"\\'),
            [{'a "quoted" name\n': 'say "hé"\\'}, {'a "quoted" name\n': "say"}],
            [0],
            id="quotes and backslashes",
        ),
        pytest.param(is_("tên", "eq", "a"), [{"tên": "a\x00b"}, {"tên": "a"}, {"tên": ""}], [1], id="NUL"),
        pytest.param(is_("tên", "eq", "\ufffd"), [{"tên": "\ud800"}, {"tên": "\ufffd"}], [1], id="surrogates"),
    ],
)
async def test_what_the_engine_gets_wrong_comes_out_right(
    worker: Worker, raw: object, facts: list[dict[str, object]], expected: list[int]
) -> None:
    assert await matching(worker, raw, *facts) == expected


async def test_700_conditions_on_one_field_are_evaluated_in_shards(worker: Worker) -> None:
    """512 of them under one parent never return, 513 do not even compile."""
    conditions = program(*(is_("value", "eq", at) for at in range(700)))

    judgement = await Judge(worker).judge(conditions, [Fact(values={"value": 123})])

    assert ([match.name for match in judgement.matches], judgement.engine) == (["123"], "durable")


async def test_all_of_many_policies_match_one_fact(worker: Worker) -> None:
    """More than 64 alternatives alive at once, and the engine would refuse the fact."""
    conditions = program(*({"any": [is_("value", "lt", at), is_("target", "gt", -at)]} for at in range(1, 301)))

    judgement = await Judge(worker).judge(conditions, [Fact(values={"value": 0, "target": 0})])

    assert (len(judgement.matches), judgement.engine) == (300, "durable")


async def test_alternatives_that_all_hold_are_one_match(worker: Worker) -> None:
    raw = {"all": [{"any": [is_("value", "lt", at), is_("value", "lt", at + 0.5)]} for at in (1, 2, 3, 4)]}

    assert await matching(worker, raw, {"value": 0}, {"value": 9}) == [0]


async def test_every_condition_sees_every_fact(worker: Worker) -> None:
    """Events would be consumed by the first rule that matches."""
    conditions = program(*(is_("value", "gte", at) for at in range(5)))
    facts = [Fact(subject=f"{at}", values={"value": at}) for at in range(1_234)]

    judgement = await Judge(worker).judge(conditions, facts)

    assert [(match.name, int(match.fact.subject)) for match in judgement.matches] == [
        (f"{least}", at) for least in range(5) for at in range(least, 1_234)
    ]


async def test_a_condition_of_200_comparisons_in_24_ways_is_evaluated(worker: Worker) -> None:
    raw = {
        "all": [
            {"not": is_("tên", "in", [f"{at}" for at in range(176)])},
            {"any": [is_("value", "eq", at) for at in range(24)]},
        ]
    }

    assert await matching(worker, raw, {"tên": "x", "value": 23}, {"tên": "7", "value": 23}, {"tên": "x"}) == [0]
