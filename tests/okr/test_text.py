"""Texts: both languages, and what cannot be a title."""

import pytest

from okr.errors import Code, Refusal
from okr.text import NOTE_LIMIT, TITLE_LIMIT, Text, line, prose


def test_a_text_is_said_in_its_language_and_falls_back_to_the_original() -> None:
    both = Text(original="Revenue", vi="Doanh thu")
    one = Text(original="Revenue")
    assert [both.said("en"), both.said("vi"), one.said("vi"), both.said("fr")] == [
        "Revenue",
        "Doanh thu",
        "Revenue",
        "Revenue",
    ]


@pytest.mark.parametrize(
    ("original", "vi", "code"),
    [
        pytest.param("", "", Code.INVALID, id="empty"),
        pytest.param(" \t\n", "", Code.INVALID, id="blank"),
        pytest.param("x" * (TITLE_LIMIT + 1), "", Code.TOO_LONG, id="too long"),
        pytest.param("a\x00b", "", Code.INVALID, id="NUL"),
        pytest.param("a\ud83d", "", Code.INVALID, id="half a surrogate pair"),
        pytest.param("Revenue", "x" * (TITLE_LIMIT + 1), Code.TOO_LONG, id="too long in Vietnamese"),
        pytest.param("Revenue", "  ", Code.INVALID, id="blank in Vietnamese"),
    ],
)
def test_a_text_that_cannot_be_a_title_is_refused(original: str, vi: str, code: Code) -> None:
    with pytest.raises(Refusal) as refused:
        Text(original=original, vi=vi)
    assert refused.value.code is code


def test_the_longest_title_note_and_any_script_pass() -> None:
    assert Text(original="ế" * TITLE_LIMIT).original == "ế" * TITLE_LIMIT
    assert prose("x" * NOTE_LIMIT) == "x" * NOTE_LIMIT
    assert prose("") == ""
    assert line("Đội đua 🏎️") == "Đội đua 🏎️"


def test_a_refused_text_names_its_field_and_says_how_long_it_is() -> None:
    with pytest.raises(Refusal) as refused:
        prose("x" * 5_001, field=("note",))
    assert (refused.value.message, refused.value.field) == ("At most 5,000 characters; this has 5,001.", ("note",))
    with pytest.raises(Refusal) as refused:
        line("", field=("name",))
    assert refused.value.field == ("name",)
