"""Figures keep their promise by the median, and what is measured is what the engine is really asked."""

import pytest

from bench import figure, fuzz, organisation
from bench.figure import Figure
from rules import evaluation
from rules.explain import Outcome
from rules.judge import Engine, Judge
from rules.worker import Limits, Worker


@pytest.mark.parametrize(
    ("runs", "most", "kept"),
    [
        pytest.param((0.5, 0.6, 9.0), 1, True, id="one run in three is slow"),
        pytest.param((0.5, 1.1, 1.2), 1, False, id="most runs are slow"),
        pytest.param((9.0,), None, True, id="nothing was promised"),
    ],
)
def test_a_promise_is_kept_where_the_median_keeps_it(
    runs: tuple[float, ...], most: float | None, kept: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    assert figure.told("Figures", [Figure(name="a thing", runs=runs, unit="s", most=most)]) is kept
    assert ("miss" in capsys.readouterr().out) is not kept


async def test_the_policies_of_the_organisation_match_as_many_as_was_asked_for() -> None:
    picture = organisation.picture(200)
    policies = organisation.policies(picture, 5, 0.01, 0.05)

    async with Worker(Limits(answer_seconds=30, start_seconds=60)) as worker:
        found = await evaluation.evaluate(Judge(worker), picture, policies)

    assert (found.engine, found.asked, found.errors) == (Engine.DURABLE, 1_000, 0)
    assert all(2 <= sum(one.policy == policy.key for one in found.findings) <= 10 for policy in policies)


@pytest.mark.parametrize("run", [fuzz.run, fuzz.run_perturbed], ids=["plain", "garbage in memory"])
async def test_a_fuzz_run_tells_what_it_compared(run: fuzz.Run) -> None:
    report = await run(8_000, 1)

    assert (report.outcomes.total(), report.differing, report.restarts) == (8_000, [], 0)
    assert all(report.outcomes[one] for one in Outcome)
