"""Keys: prefixed, derived, and told apart."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from okr.keys import Kind, derive, kind_of


@pytest.mark.parametrize("kind", Kind)
def test_a_key_starts_with_its_kind_and_is_short(kind: Kind) -> None:
    key = derive(kind, "seed")
    assert re.fullmatch(rf"{kind.value}_[a-z2-7]{{20}}", key)
    assert kind_of(key) is kind


@given(st.lists(st.text(), max_size=3), st.lists(st.text(), max_size=3))
def test_the_same_words_give_the_same_key_and_other_words_another(one: list[str], other: list[str]) -> None:
    joined = "\x1f".join(one) == "\x1f".join(other)
    assert (derive(Kind.KPI, *one) == derive(Kind.KPI, *other)) is joined


def test_words_are_not_run_together() -> None:
    assert derive(Kind.KPI, "ab", "c") != derive(Kind.KPI, "a", "bc")


@pytest.mark.parametrize("word", ["", "obj", "obj_", "_x", "nonsense_abc", "OBJ_abc"])
def test_what_is_no_key_of_ours_has_no_kind(word: str) -> None:
    assert kind_of(word) is None


def test_half_a_surrogate_pair_still_gives_a_key() -> None:
    assert kind_of(derive(Kind.KPI, "\ud800")) is Kind.KPI
