"""Tables: CSV as it comes, and every fault by the line it is on."""

from pathlib import Path

import pytest

from app import tables
from app.tables import Bad, Row
from okr.errors import Refusal

BOM = b"\xef\xbb\xbf"


def read(tmp_path: Path, text: str | bytes, encoding: str = "utf-8", delimiter: str | None = None) -> list[Row | Bad]:
    """Return all rows of a file."""
    path = tmp_path / "table.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with tables.opened(path, encoding, delimiter) as table:
        return list(table)


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        pytest.param("name,value\nHà Nội,1\n", "utf-8", id="as usual"),
        pytest.param("name,value\nHà Nội,1", "utf-8", id="no line end at the end"),
        pytest.param("name,value\r\nHà Nội,1\r\n", "utf-8", id="CRLF"),
        pytest.param("name,value\rHà Nội,1\r", "utf-8", id="CR"),
        pytest.param(BOM + "name,value\nHà Nội,1\n".encode(), "utf-8", id="BOM"),
        pytest.param(BOM + "name,value\nHà Nội,1\n".encode(), "UTF8", id="BOM, spelt otherwise"),
        pytest.param("name,value\nHà Nội,1\n".encode("utf-16"), "utf-16", id="UTF-16"),
        pytest.param("name;value\nHà Nội;1\n", "utf-8", id="semicolons"),
        pytest.param("name\tvalue\nHà Nội\t1\n", "utf-8", id="tabs"),
        pytest.param("name|value\nHà Nội|1\n", "utf-8", id="bars"),
        pytest.param(' name , "value"\n  Hà Nội ,"1"\n', "utf-8", id="spaces around"),
    ],
)
def test_a_table_reads_the_same_however_it_is_written(tmp_path: Path, text: str | bytes, encoding: str) -> None:
    assert read(tmp_path, text, encoding) == [Row(2, {"name": "Hà Nội", "value": "1"})]


def test_blank_lines_are_passed_over_and_lines_are_counted_all_the_same(tmp_path: Path) -> None:
    assert read(tmp_path, "a,b\n\n1,2\n,\n \n3,4\n") == [Row(3, {"a": "1", "b": "2"}), Row(6, {"a": "3", "b": "4"})]


def test_a_row_has_the_number_of_the_line_it_begins_on(tmp_path: Path) -> None:
    found = read(tmp_path, 'a,b\n"one\ntwo",2\n3,"say ""hi"", twice"\n')
    assert found == [Row(2, {"a": "one\ntwo", "b": "2"}), Row(4, {"a": "3", "b": 'say "hi", twice'})]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("1", "it has 1 fields where the first line names 2 columns"),
        ("1,2,3", "it has 3 fields where the first line names 2 columns"),
        ('"1"x,2', "something follows a closing quotation mark; inside a quoted field it is written twice"),
        ('"1,2', "a quotation mark is opened and never closed"),
    ],
    ids=["too short", "too long", "after a quotation mark", "never closed"],
)
def test_a_bad_row_costs_itself_and_no_other(tmp_path: Path, line: str, reason: str) -> None:
    found = read(tmp_path, f"a,b\n5,6\n{line}\n7,8\n")
    assert found == [Row(2, {"a": "5", "b": "6"}), Bad(3, reason), Row(4, {"a": "7", "b": "8"})]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        pytest.param("x" * 10_000_000, "a row is longer than 1,000,000 characters", id="a field of 10 MB"),
        pytest.param("x" * 200_000, "a field is longer than 131,072 characters", id="a field of 200 kB"),
        pytest.param('"' + "x" * 10_000_000 + '"', "a row is longer than 1,000,000 characters", id="in quotes"),
        pytest.param('"' + "x\n" * 100, "a quotation mark is opened and never closed", id="to the end of the file"),
    ],
)
def test_a_monstrous_row_is_one_bad_row(tmp_path: Path, text: str, reason: str) -> None:
    found = read(tmp_path, f"a,b\n5,{text}\n7,8\n")
    first = found[0]
    assert isinstance(first, Bad)
    assert first.line == 2
    assert first.reason.startswith(reason)
    assert found[-1] == Row(text.count("\n") + 3, {"a": "7", "b": "8"})


def test_a_byte_that_is_no_text_is_found_by_its_line(tmp_path: Path) -> None:
    found = read(tmp_path, "name,value\nBerlin,1\nKöln,2\nBonn,3\n".encode("cp1252"))
    advice = "save the file as UTF-8, or name its encoding with --encoding, such as utf-16 or cp1252"
    assert found == [
        Row(2, {"name": "Berlin", "value": "1"}),
        Bad(3, f"it is not text in utf-8; {advice}"),
        Row(4, {"name": "Bonn", "value": "3"}),
    ]


@pytest.mark.parametrize(
    ("text", "encoding", "said"),
    [
        pytest.param("", "utf-8", "table.csv is empty; its first line must name the columns.", id="empty"),
        pytest.param(BOM, "utf-8", "table.csv is empty; its first line must name the columns.", id="only a BOM"),
        pytest.param("\n\n", "utf-8", "table.csv has only blank lines; the first must name the columns.", id="blank"),
        pytest.param("a,b,a\n", "utf-8", "table.csv has two columns named 'a'; rename one.", id="two of one name"),
        pytest.param(
            "Größe,b\n1,2\n".encode("cp1252"), "utf-8", "table.csv, line 1: it is not text in utf-8", id="header"
        ),
        pytest.param('"a,b\n1,2\n', "utf-8", "table.csv, line 1: a quotation mark is opened", id="header never closed"),
        pytest.param("a,b\n", "latin-99", "There is no encoding 'latin-99'; common ones are", id="no such encoding"),
        pytest.param("a,b\n", "rot13", "There is no encoding 'rot13'; common ones are", id="no text encoding"),
        pytest.param("a,b\n", "utf-16", "table.csv is not text in utf-16; ", id="not in that encoding"),
        pytest.param("a,b\n", "idna", "table.csv is not text in idna; ", id="an encoding of names"),
    ],
)
def test_a_file_without_columns_is_refused_in_one_sentence(
    tmp_path: Path, text: str | bytes, encoding: str, said: str
) -> None:
    with pytest.raises(Refusal) as refused:
        read(tmp_path, text, encoding)
    assert refused.value.message.startswith(said)


@pytest.mark.parametrize("delimiter", ["", ";;", "\n", '"'], ids=["none", "two", "line end", "quotation mark"])
def test_a_delimiter_is_one_character(tmp_path: Path, delimiter: str) -> None:
    with pytest.raises(Refusal, match="delimiter"):
        read(tmp_path, "a,b\n1,2\n", delimiter=delimiter)


def test_a_named_delimiter_wins_over_the_guess(tmp_path: Path) -> None:
    assert read(tmp_path, "a, the first;b\n1;2\n", delimiter=";") == [Row(2, {"a, the first": "1", "b": "2"})]


@pytest.mark.parametrize("name", ["missing.csv", "."], ids=["missing", "a folder"])
def test_what_cannot_be_read_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(Refusal, match="cannot be read: "), tables.opened(tmp_path / name):
        pass


def test_what_is_shown_is_short_and_no_terminal_obeys_it() -> None:
    assert tables.shown("\x1b[2J") == r"'\x1b[2J'"
    assert len(tables.shown("x" * 1_000)) == 62
