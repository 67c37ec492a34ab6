"""Word lists: what counts as a task and as upkeep, in two languages."""

import unicodedata

import pytest

from okr.text import Text
from rules import words


@pytest.mark.parametrize("name", ["tasks", "upkeep"])
def test_a_list_holds_each_word_once_composed_and_in_lower_case(name: str) -> None:
    listed = words.read(name)

    assert len(set(listed)) == len(listed)
    assert [word for word in listed if word != unicodedata.normalize("NFC", word).casefold()] == []


@pytest.mark.parametrize(
    ("title", "verb"),
    [
        ("Launch the new booking site", "launch"),
        ("LAUNCH: the site", "launch"),
        ("1. Hire two nurses", "hire"),
        ("• set  up a help desk", "set up"),
        ("Draw up the plan", "draw up"),
        ("Triển khai hệ thống đặt lịch", "triển khai"),
        ("XÂY DỰNG quy trình", "xây dựng"),
        (unicodedata.normalize("NFD", "Tổ chức 3 buổi tập huấn"), "tổ chức"),
        ("Launchpad sessions from 10 to 20", None),
        ("Customers who launch a second order", None),
        ("Dịch vụ khách hàng đạt 90 %", None),
        ("Tỷ lệ triển khai đúng hạn", None),
        ("Complaints from 40 to 10", None),
        ("99 %", None),
    ],
)
def test_a_task_is_told_by_its_first_word(title: str, verb: str | None) -> None:
    assert words.task(Text(original=title)) == verb


@pytest.mark.parametrize(
    ("title", "found"),
    [
        (Text(original="Maintain an uptime of 99 %"), ("maintain",)),
        (Text(original="Returns: keep below 2 %, KEEP it"), ("keep",)),
        (Text(original="Duy trì và giữ vững mức 95 %"), ("duy trì", "giữ vững")),
        (Text(original="Sustain 95 %", vi="Duy trì 95 %"), ("sustain", "duy trì")),
        (Text(original="Goalkeepers trained"), ()),
        (Text(original="Uptime from 95 to 99 %"), ()),
    ],
)
def test_upkeep_is_told_by_whole_words_anywhere(title: Text, found: tuple[str, ...]) -> None:
    assert words.upkeep(title) == found


def test_the_vietnamese_wording_counts_as_well() -> None:
    assert words.task(Text(original="New booking site", vi="Ra mắt trang đặt lịch")) == "ra mắt"
