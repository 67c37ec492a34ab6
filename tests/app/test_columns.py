"""Columns: what a column map may say, how numbers and days may be written, and what is refused with which advice."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from app import columns
from app.columns import Bound, ColumnMap, Fields, Sort
from app.tables import Row
from okr.errors import Code, Refusal

FIELDS: Fields = {"kpi": Sort.TEXT, "unit": Sort.TEXT, "period": Sort.DAY, "value": Sort.NUMBER}
FILLED = ColumnMap(
    columns={"kpi": "{ward}: {measure}", "value": "100 * (1 - late / total)", "period": "Month"},
    fixed={"target": "95", "since": "2026-01-01", "unit": "ICU"},
    where={"site": ("North",), "type": ("1", "2")},
    numbers="1.234,5",
    dates="%d/%m/%Y",
    encoding="cp1252",
    delimiter=";",
)
TOML = """
numbers = "1.234,5"
dates = "%d/%m/%Y"
encoding = "cp1252"
delimiter = ";"
[columns]
kpi = "{ward}: {measure}"
value = "100 * (1 - late / total)"
period = "Month"
[set]
target = 95
since = 2026-01-01
unit = "ICU"
[where]
site = "North"
type = [1, "2"]
"""
JSON = """{
"numbers": "1.234,5", "dates": "%d/%m/%Y", "encoding": "cp1252", "delimiter": ";",
"columns": {"kpi": "{ward}: {measure}", "value": "100 * (1 - late / total)", "period": "Month"},
"set": {"target": 95, "since": "2026-01-01", "unit": "ICU"}, "where": {"site": "North", "type": [1, "2"]}
}"""


def bound(header: str = "kpi,period,value", *required: str, **mapping: object) -> Bound:
    """Return a column map, bound to the columns of a header."""
    return Bound(ColumnMap(**mapping), header.split(","), FIELDS, required)  # type: ignore[arg-type]  # as ColumnMap has it


def row(**fields: str) -> Row:
    """Return a row."""
    return Row(2, fields)


@pytest.mark.parametrize(
    ("name", "text"),
    [("map.toml", TOML), ("map.json", JSON), ("map.json", f"\ufeff{JSON}")],
    ids=["TOML", "JSON", "BOM"],
)
def test_a_mapping_file_says_all_that_options_say(tmp_path: Path, name: str, text: str) -> None:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    assert columns.load(path) == FILLED


def test_a_fraction_in_a_mapping_is_kept_as_it_is_written(tmp_path: Path) -> None:
    for name, text in (("map.toml", "[set]\ntarget = 99.950\n"), ("map.json", '{"set": {"target": 99.950}}')):
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        assert columns.load(path).fixed == {"target": "99.950"}


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("map.toml", "[colums]\n", 'says "colums", which means nothing here. Did you mean "columns"?'),
        ("map.toml", "columns = 3\n", '"columns" in the mapping is a table of names and values.'),
        ("map.toml", "where = 3\n", '"where" in the mapping is a table of names and values.'),
        ("map.toml", "[set]\ntarget = true\n", '"set.target" in the mapping is a text, a number or a day.'),
        ("map.toml", "[where]\nsite = [{}]\n", '"where.site" in the mapping is a text, a number or a day.'),
        ("map.toml", "numbers = []\n", '"numbers" in the mapping is a text, a number or a day.'),
        ("map.toml", JSON, "is not what its ending says: "),
        ("map.json", TOML, "is not what its ending says: "),
        ("map.json", "[]", "holds no table."),
        ("map.json", '{"set": {"target": NaN}}', '"set.target" in the mapping is a text, a number or a day.'),
    ],
)
def test_a_mapping_file_that_says_anything_else_is_refused(tmp_path: Path, name: str, text: str, said: str) -> None:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    with pytest.raises(Refusal) as refused:
        columns.load(path)
    assert said in refused.value.message


def test_a_mapping_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refusal, match=r"none\.toml cannot be read: No such file or directory\."):
        columns.load(tmp_path / "none.toml")


def test_options_win_over_the_mapping_file_and_repeated_wheres_are_alternatives() -> None:
    laid = columns.with_(
        FILLED,
        columns=["value=late", "period = Day "],
        fixed=["target=90", "formula=a=b"],
        where=["type=3", "type=4"],
    )
    assert laid.columns == {"kpi": "{ward}: {measure}", "value": "late", "period": "Day"}
    assert laid.fixed == {"target": "90", "since": "2026-01-01", "unit": "ICU", "formula": "a=b"}
    assert laid.where == {"site": ("North",), "type": ("3", "4")}


@pytest.mark.parametrize("pair", ["target", "=95", " =95", ""])
def test_a_pair_has_a_name_and_a_value(pair: str) -> None:
    with pytest.raises(Refusal, match="is not NAME=VALUE"):
        columns.with_(ColumnMap(), columns=[], fixed=[pair], where=[])


def test_fields_are_found_under_their_names_in_columns_formulas_texts_and_constants() -> None:
    reader = bound(
        "ward,name,Month,late,total",
        *("kpi", "period", "value"),
        columns={"kpi": "{ward}: {name}", "period": "Month", "value": "100 * late / total"},
        fixed={"unit": "ICU"},
    )
    seen = row(ward="7", name="on time", Month="2026-03", late="1", total="8")
    assert reader.text("kpi", seen) == "7: on time"
    assert reader.text("unit", seen) == "ICU"
    assert reader.day("period", seen) == date(2026, 3, 1)
    assert reader.number("value", seen) == Decimal("12.5")
    assert [reader.computes(name) for name in FIELDS] == [False, False, False, True]


@pytest.mark.parametrize(
    ("mapping", "kept"),
    [
        ({}, [True, True, True]),
        ({"site": ("North",)}, [True, False, True]),
        ({"site": ("North", "South")}, [True, True, True]),
        ({"site": ("North",), "type": ("1",)}, [True, False, False]),
        ({"site": ("north",)}, [False, False, False]),
    ],
    ids=["everything", "one value", "alternatives", "two columns", "case matters"],
)
def test_where_keeps_rows_with_one_of_the_values_in_every_column(
    mapping: Mapping[str, tuple[str, ...]], kept: list[bool]
) -> None:
    reader = bound("site,type", where=mapping)
    rows = [row(site="North", type="1"), row(site="South", type="1"), row(site="North", type="2")]
    assert [reader.keeps(one) for one in rows] == kept


@pytest.mark.parametrize(
    ("header", "mapping", "said"),
    [
        (
            "kpi,Value",
            {},
            'There is no column "value". Did you mean "Value"? Name the one that holds it: --column value=…',
        ),
        ("kpi", {"columns": {"valeu": "kpi"}}, 'No field is called "valeu". Did you mean "value"?'),
        ("kpi", {"fixed": {"units": "x"}}, 'No field is called "units". Did you mean "unit"?'),
        ("kpi,value,site", {"where": {"sites": ("x",)}}, 'There is no column "sites". Did you mean "site"?'),
        ("kpi,total", {"columns": {"value": "totl / 2"}}, 'There is no column "totl". Did you mean "total"?'),
        ("ward,value", {"columns": {"kpi": "{wards}"}}, 'There is no column "wards". Did you mean "ward"?'),
        ("Month,value", {"columns": {"period": "Monat"}}, 'There is no column "Monat". Did you mean "Month"?'),
        ("name,value", {"columns": {"kpi": "nam"}}, 'There is no column "nam". Did you mean "name"?'),
        ("kpi,value", {"numbers": "1'234.5"}, "Numbers are written like one of "),
    ],
)
def test_what_a_file_does_not_have_is_refused_with_what_was_meant(
    header: str, mapping: Mapping[str, object], said: str
) -> None:
    with pytest.raises(Refusal) as refused:
        bound(header, "value", **mapping)
    assert refused.value.message.startswith(said)


@pytest.mark.parametrize(
    ("text", "form", "value"),
    [
        ("1234.5", "1234.5", "1234.5"),
        ("-0.05", "1234.5", "-0.05"),
        ("+7", "1234.5", "7"),
        ("2.1289E4", "1234.5", "21289"),
        ("1,234,567.5", "1,234.5", "1234567.5"),
        ("1234.5", "1,234.5", "1234.5"),
        ("1.234,5", "1.234,5", "1234.5"),
        ("1 234,5", "1 234,5", "1234.5"),
        ("1\u00a0234\u202f567,5", "1 234,5", "1234567.5"),
        ("0,5", "1234,5", "0.5"),
        ("0.1234567890123456789012345678901234", "1234.5", "0.1234567890123456789012345678901234"),
    ],
)
def test_a_number_is_read_exactly_in_the_form_that_is_named(text: str, form: str, value: str) -> None:
    assert columns.number(text, form, "value") == Decimal(value)


@pytest.mark.parametrize(
    ("text", "form", "code", "said"),
    [
        (
            "1,234.5",
            "1234.5",
            Code.INVALID,
            """which is not a number; numbers like it are read with --numbers "1,234.5\"""",
        ),
        (
            "1,2345",
            "1,234.5",
            Code.INVALID,
            '''which is not a number; numbers like it are read with --numbers "1.234,5" or "1 234,5" or "1234,5"''',
        ),
        ("95 %", "1234.5", Code.INVALID, "value is '95 %', which is not a number; leave out the percent sign"),
        ("", "1234.5", Code.INVALID, "value is empty"),
        ("NaN", "1234.5", Code.NOT_FINITE, "value is 'NaN', and a measured number is finite"),
        ("-Infinity", "1234.5", Code.NOT_FINITE, "value is '-Infinity', and a measured number is finite"),
        ("inf", "1234.5", Code.NOT_FINITE, "value is 'inf', and a measured number is finite"),
        ("#DIV/0!", "1234.5", Code.NOT_FINITE, "value is '#DIV/0!', and a measured number is finite"),
        ("n/a", "1234.5", Code.INVALID, "value is 'n/a', which is not a number"),
        ("1_000", "1234.5", Code.INVALID, "value is '1_000', which is not a number"),
        ("٣", "1234.5", Code.INVALID, "value is '٣', which is not a number"),
        ("0x10", "1234.5", Code.INVALID, "value is '0x10', which is not a number"),
        ("9" * 61, "1234.5", Code.INVALID, "which is not a number"),
    ],
)
def test_what_is_no_number_is_refused_with_advice(text: str, form: str, code: Code, said: str) -> None:
    with pytest.raises(Refusal) as refused:
        columns.number(text, form, "value")
    assert refused.value.code is code
    assert refused.value.message.endswith(said)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("1e15", "The number is too large"),
        ("1e999", "The number is too large"),
        ("0." + "1" * 35, "At most 34 digits are kept"),
    ],
)
def test_a_number_that_cannot_be_kept_is_refused(text: str, said: str) -> None:
    with pytest.raises(Refusal, match=said):
        bound().number("value", row(value=text))


@pytest.mark.parametrize(
    ("text", "pattern", "day"),
    [
        ("2026-03-31", "", date(2026, 3, 31)),
        ("2026-03", "", date(2026, 3, 1)),
        ("31/03/2026", "%d/%m/%Y", date(2026, 3, 31)),
        ("Mar 2026", "%b %Y", date(2026, 3, 1)),
    ],
)
def test_a_day_is_read_in_the_pattern_that_is_named(text: str, pattern: str, day: date) -> None:
    assert columns.day(text, pattern, "period") == day


@pytest.mark.parametrize(
    ("text", "pattern", "said"),
    [
        ("31/03/2026", "", "which is not a day; write 2026-03-31, or say how with --dates"),
        ("2026-02-30", "", "which is not a day; write 2026-03-31, or say how with --dates"),
        ("2026-13", "", "which is not a day; write 2026-03-31, or say how with --dates"),
        ("2026-03-31", "%d/%m/%Y", "which is not a day; --dates is '%d/%m/%Y'"),
        ("0026-03-31", "", "this is 0026-03-31."),
        ("9999-12-31", "", "this is 9999-12-31."),
    ],
)
def test_what_is_no_day_is_refused_with_advice(text: str, pattern: str, said: str) -> None:
    with pytest.raises(Refusal) as refused:
        columns.day(text, pattern, "period")
    assert refused.value.message.endswith(said)


def test_constants_are_written_plainly_whatever_the_file_does() -> None:
    reader = bound("kpi", numbers="1.234,5", dates="%d/%m/%Y", fixed={"value": "99.5", "period": "2026-03-31"})
    seen = row(kpi="Uptime")
    assert (reader.number("value", seen), reader.day("period", seen)) == (Decimal("99.5"), date(2026, 3, 31))
