"""Errors: what a refusal carries, and the nearest known name."""

import pytest

from okr.errors import Code, RatchetError, Refusal, Unavailable, did_you_mean


def test_a_refusal_tells_what_broke_which_rule_and_where() -> None:
    refusal = Refusal(Code.WRONG_UNIT, "Give points.", ("target",))
    assert (refusal.code, refusal.message, refusal.field, str(refusal)) == (
        Code.WRONG_UNIT,
        "Give points.",
        ("target",),
        "Give points.",
    )


def test_a_form_that_holds_the_offending_one_puts_its_own_path_before() -> None:
    inner = Refusal(Code.INVALID, "No.", ("target",))
    outer = inner.under("keyResults", "0")
    assert (outer.code, outer.message, outer.field) == (Code.INVALID, "No.", ("keyResults", "0", "target"))
    assert inner.field == ("target",)


@pytest.mark.parametrize("error", [Refusal(Code.INVALID, "No."), Unavailable("The database is away.")])
def test_everything_raised_on_purpose_is_one_family(error: Exception) -> None:
    assert isinstance(error, RatchetError)


@pytest.mark.parametrize(
    ("name", "known", "hint"),
    [
        pytest.param("bnad", ["band", "unit"], ' Did you mean "band"?', id="near"),
        pytest.param("zzz", ["unit", "band"], " Known: band, unit.", id="far, few"),
        pytest.param(
            "zzz",
            [f"n{i:02}" for i in range(13)],
            f" Known: {', '.join(f'n{i:02}' for i in range(12))}, ….",
            id="far, many",
        ),
        pytest.param("zzz", [], "", id="nothing known"),
    ],
)
def test_a_wrong_name_gets_the_nearest_known_one(name: str, known: list[str], hint: str) -> None:
    assert did_you_mean(name, known) == hint


def test_a_very_long_wrong_name_is_cut_before_it_is_compared() -> None:
    assert did_you_mean("band" + "x" * 1_000_000, ["band"]) == " Known: band."


def test_no_code_was_renamed() -> None:
    assert all(code.name == code.value for code in Code)
