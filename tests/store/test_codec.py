"""Domain values survive the way to BSON and back, whatever they are."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from datetime import UTC, date, datetime, time
from decimal import Decimal
from enum import StrEnum
from types import NoneType, UnionType
from typing import Any, get_args, get_origin, get_type_hints

import bson
import pytest
from bson.decimal128 import Decimal128
from hypothesis import given, settings
from hypothesis import strategies as st

from okr.cycle import Rhythm
from okr.errors import Code, Refusal
from okr.goal import Objective
from okr.target import Band
from okr.text import Text
from store import codec, layout, plain
from tests.okr.builders import NOW, check_in, final, key_result, kpi, objective, unit
from tests.store.builders import policy, recommendation

TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=20)
TITLES = TEXTS.filter(lambda text: bool(text.strip()))
WHOLE = st.integers(-(2**63), 2**63 - 1)
DECIMALS = st.builds(
    lambda sign, digits, exponent: Decimal((sign, tuple(map(int, str(digits))), exponent)),
    st.sampled_from([0, 1]),
    st.integers(0, 10**34 - 1),
    st.integers(-6176, 6111),
)
INSTANTS = st.datetimes(timezones=st.just(UTC)).map(lambda at: at.replace(microsecond=at.microsecond // 1000 * 1000))
MINUTES = st.builds(time, st.integers(0, 23), st.integers(0, 59))
KEYS = st.one_of(TEXTS, st.sampled_from(["", "$where", "a.b", "$ref", "$id", "%date", "%24", "%", "%tuple", "_id"]))
LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    WHOLE,
    st.floats(allow_nan=False),
    TEXTS,
    DECIMALS,
    INSTANTS,
    st.dates(),
    st.times(),
)
PLAIN = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.lists(inner, max_size=3).map(tuple),
        st.dictionaries(KEYS, inner, max_size=3),
    ),
    max_leaves=8,
)
SCALARS: Mapping[Any, st.SearchStrategy[Any]] = {
    str: TEXTS,
    bool: st.booleans(),
    int: WHOLE,
    Decimal: DECIMALS,
    datetime: INSTANTS,
    date: st.dates(),
    time: MINUTES,
    Text: st.builds(Text, original=TITLES, vi=st.one_of(st.just(""), TITLES)),
}


def values(hint: Any) -> st.SearchStrategy[Any]:
    """Return a strategy for any value of a type hint of the trade."""
    arguments = get_args(hint)
    if hint in SCALARS:
        return SCALARS[hint]
    if isinstance(hint, UnionType):
        return st.one_of(*(st.none() if one is NoneType else values(one) for one in arguments))
    if get_origin(hint) is tuple:
        return st.lists(values(arguments[0]), max_size=2).map(tuple)
    if get_origin(hint) is Mapping:
        return st.dictionaries(KEYS, PLAIN if arguments[1] is object else values(arguments[1]), max_size=3)
    if issubclass(hint, StrEnum):
        return st.sampled_from(hint)
    assert isinstance(hint, type)
    assert is_dataclass(hint)
    hints = get_type_hints(hint)
    return st.builds(hint, **{field.name: values(hints[field.name]) for field in fields(hint)})


def stored(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return what MongoDB would give back for `document`."""
    return bson.decode(bson.encode(document))


@pytest.mark.parametrize("kind", layout.COLLECTIONS, ids=layout.COLLECTIONS.values())
@settings(max_examples=50)
@given(data=st.data())
def test_every_type_comes_back_equal(kind: type, data: st.DataObject) -> None:
    value = data.draw(values(kind))
    assert codec.decode(kind, stored(codec.encode(value))) == value


@given(DECIMALS)
def test_a_decimal_keeps_every_digit_and_its_exponent(value: Decimal) -> None:
    back = plain.from_decimal128(plain.decimal128(value))
    assert back.as_tuple() == plain.decimal128(value).to_decimal().as_tuple()
    assert back == value


@pytest.mark.parametrize("text", ["NaN", "Infinity", "-Infinity", "-0", "0E-10", "1.50", "9" * 34])
def test_special_decimals_read_as_the_driver_reads_them(text: str) -> None:
    assert str(plain.from_decimal128(Decimal128(text))) == str(Decimal128(text).to_decimal())


def test_a_decimal_of_35_digits_is_refused() -> None:
    with pytest.raises(Refusal) as refused:
        codec.encode(check_in("1." + "1" * 34))
    assert refused.value.code is Code.INVALID


@given(st.dictionaries(KEYS, PLAIN, max_size=4))
def test_a_mapping_of_any_shape_comes_back_equal(mapping: dict[str, object]) -> None:
    back = plain.unescaped(stored(plain.escaped(mapping)))
    assert back == mapping


@given(st.dictionaries(KEYS, PLAIN, max_size=4))
def test_no_field_name_means_anything_to_mongodb(mapping: dict[str, object]) -> None:
    def names(value: object) -> list[str]:
        match value:
            case dict():
                return [*value, *(name for inner in value.values() for name in names(inner))]
            case list():
                return [name for inner in value for name in names(inner)]
            case _:
                return []

    assert not [name for name in names(plain.escaped(mapping)) if name.startswith("$") or "." in name or "\x00" in name]


def test_a_mapping_keeps_tuples_lists_and_kinds_of_number_apart() -> None:
    mapping = {"t": (1, [2.0, (Decimal("3.10"),)]), "b": True, "d": date(2026, 1, 2), "at": NOW, "band": Band.RED}
    back = plain.unescaped(stored(plain.escaped(mapping)))
    assert repr(back) == repr({**mapping, "band": "red"})


OF_NO_KIND = ("an object", "a set", "bytes", "a dataclass")


@pytest.mark.parametrize("value", [object(), {1, 2}, b"raw", Text(original="no mapping")], ids=OF_NO_KIND)
def test_what_is_no_plain_value_is_an_error(value: object) -> None:
    with pytest.raises(TypeError, match="no plain value"):
        plain.escaped({"deep": [{"er": value}]})


@pytest.mark.parametrize("value", [2**63, -(2**63) - 1])
def test_a_whole_number_beyond_64_bits_is_refused(value: int) -> None:
    with pytest.raises(Refusal):
        plain.escaped({"n": value})


def test_an_instant_is_cut_to_the_millisecond_in_utc() -> None:
    at = datetime.fromisoformat("2026-08-15T19:30:00.123999+07:00")
    document = stored(codec.encode(check_in(1, at=at)))
    assert document["at"] == datetime(2026, 8, 15, 12, 30, 0, 123000)  # noqa: DTZ001, the wire has no zone
    assert codec.decode(type(check_in()), document).at == datetime(2026, 8, 15, 12, 30, 0, 123000, UTC)


def test_an_instant_without_a_zone_is_an_error() -> None:
    with pytest.raises(ValueError, match="without a zone"):
        codec.encode(check_in(1, at=datetime(2026, 8, 15)))  # noqa: DTZ001, that is the mistake


def test_a_document_is_small_and_legible() -> None:
    assert codec.encode(key_result(check_ins=(check_in("1.50", confidence=7),), low=None)) == {
        "key": "kr_uptime",
        "objective": "obj_reliable",
        "title": {"original": "Uptime from 50 % to 99 %"},
        "type": "number",
        "start": Decimal128("0"),
        "target": Decimal128("100"),
        "weight": Decimal128("1"),
        "roll_up": "own",
        "trial": False,
        "cancelled": False,
        "since": "2026-07-01",
        "check_ins": [
            {
                "key": "chk_08141200",
                "key_result": "kr_uptime",
                "at": datetime(2026, 8, 14, 12),  # noqa: DTZ001, the wire has no zone
                "by": "per_lan",
                "value": Decimal128("1.50"),
                "confidence": 7,
            }
        ],
        "version": 1,
    }
    assert codec.encode(unit(rhythm=Rhythm()))["rhythm"]["at"] == "17:00"


def test_a_none_without_a_default_is_written() -> None:
    document = codec.encode(final(None))
    assert document["progress"] is None
    assert codec.decode(type(final()), stored(document)) == final(None)


def test_fields_that_the_type_does_not_know_are_ignored_on_every_level() -> None:
    document = codec.encode(objective(final=final())) | {"from_the_future": 1, "_id": "acme:obj_reliable"}
    document["final"]["from_the_future"] = 2
    assert codec.decode(Objective, stored(document)) == objective(final=final())


@pytest.mark.parametrize(
    ("missing", "kind"),
    [("title", objective()), ("since", objective()), ("direction", kpi()), ("author", policy())],
    ids=lambda value: value if isinstance(value, str) else type(value).__name__,
)
def test_a_missing_field_is_an_error_that_names_the_document(missing: str, kind: object) -> None:
    document = {"_id": "acme:x", **codec.encode(kind)}
    del document[missing]
    with pytest.raises(KeyError, match=missing) as failed:
        codec.decode(type(kind), document)
    assert "acme:x" in failed.value.__notes__[0]


def test_missing_fields_with_a_default_get_it() -> None:
    document = codec.encode(kpi())
    for name in ("rule", "watch", "period", "weight", "version"):
        del document[name]
    assert codec.decode(type(kpi()), document) == kpi()


def test_invariants_hold_on_the_way_back() -> None:
    document = codec.encode(objective())
    document["title"]["original"] = "  "
    with pytest.raises(Refusal):
        codec.decode(Objective, document)


def test_an_unknown_state_is_an_error() -> None:
    with pytest.raises(KeyError, match="dreaming"):
        codec.decode(Objective, codec.encode(objective()) | {"state": "dreaming"})


def test_what_comes_back_is_frozen_and_slotted() -> None:
    back = codec.decode(type(recommendation()), stored(codec.encode(recommendation())))
    assert replace(back, times=2) == recommendation(times=2)
    assert hash(back.finding.subject) == hash(recommendation().finding.subject)


@dataclass(frozen=True, slots=True, kw_only=True)
class Odd:
    """A type that nothing in the trade has."""

    numbers: set[int]


@pytest.mark.parametrize("hint", [Odd, set[int], tuple[int, str], Mapping[int, str], int | str, bytes], ids=str)
def test_a_type_without_a_form_is_an_error_at_once(hint: Any) -> None:
    with pytest.raises(TypeError, match="No form"):
        codec.form(hint)
