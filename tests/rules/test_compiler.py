"""Tests of the compiler: the text that the engine is given, and how it is cut into pieces."""

import dataclasses
import json

import pytest

from rules import compiler
from rules.condition import FieldRef
from rules.fields import FieldType, Scalar
from tests.rules.builders import KIND, clean, is_, named, program


def fnv(name: str) -> int:
    """Return the hash by which the engine tells names apart."""
    found = 0x811C9DC5
    for byte in name.encode():
        found = (found ^ byte) * 0x01000193 % 2**32
    return found


def test_a_condition_becomes_anchored_rules_over_aliases() -> None:
    raw = {
        "all": [
            is_("value", "lt", {"field": "target", "times": 0.9}),
            is_("tên", "unknown"),
            {"any": [{"not": is_("open", "eq", True)}, is_("liquid", "gte", 0.00001)]},
        ]
    }

    (shard,) = program(raw).shards

    shared = [{"k": 1}, {"$ex": {"f4": 1}}, {"$lt": {"f0": {"$m": "f4"}}}, {"$nex": {"f1": 1}}]
    assert json.loads(shard.rules) == {
        "~": {"all": [{"m": {"k": 0}}]},
        "0.0": {"all": [{"m": {"$and": [*shared, {"$neq": {"f2": True}}]}}], "cap": 60_000},
        "0.1": {"all": [{"m": {"$and": [*shared, {"$gte": {"f3": 0.00001}}]}}], "cap": 60_000},
    }
    assert '"f3":0.000010' in shard.rules, "the engine cannot read 1e-05"
    assert shard.columns == (
        *(FieldRef(field=name) for name in ("value", "tên", "open", "liquid")),
        FieldRef(field="target", times=0.9),
    )


def test_a_row_holds_what_each_column_stands_for() -> None:
    (shard,) = program(is_("value", "lt", {"field": "target", "times": 0.9})).shards

    assert shard.columns == (FieldRef(field="value"), FieldRef(field="target", times=0.9))
    assert [shard.row(fact) for fact in (clean(value=3, target=10), clean(value=0.5), clean())] == [
        [3, 9],
        [0.5, None],
        [None, None],
    ]


def test_the_engine_can_tell_all_aliases_apart() -> None:
    names = [*compiler.ALIASES, "k", "id", "sid", "$s"]

    assert fnv("liquid") == fnv("costarring"), "the hash that the engine uses"
    assert len({fnv(name) for name in names}) == len(names)


def test_conditions_are_cut_into_shards_that_the_engine_survives() -> None:
    conditions = program(*({"any": [is_("value", "lt", at), is_("value", "gt", at + 0.5)]} for at in range(600)))

    sizes = [shard.rules.count('"cap"') for shard in conditions.shards]
    assert sum(sizes) == 1_200
    assert max(sizes) <= 50
    assert [name for shard in conditions.shards for (name,) in shard.names] == sorted(map(str, range(600)))


def test_a_shard_has_no_more_columns_than_the_engine_has_properties() -> None:
    times = iter(range(2, 10_000))
    wide = [
        {"all": [is_("value", "lt", {"field": "target", "times": next(times)}) for _ in range(90)]} for _ in range(5)
    ]

    columns = [len(shard.columns) for shard in program(*wide).shards]

    assert columns == [181, 181, 91]


def test_a_shard_holds_conditions_of_one_kind() -> None:
    other = dataclasses.replace(KIND, name="unit")
    conditions = [named(is_("value", "lt", 1), name="a"), named(is_("value", "lt", 1), name="b", kind=other)]

    shards = compiler.build(conditions).shards

    assert [(shard.kind, shard.names) for shard in shards] == [("kpi", (("a",),)), ("unit", (("b",),))]
    assert shards[0].key == shards[1].key, "what the engine is given is the same"


def test_equal_conditions_are_one_rule_with_two_names() -> None:
    conditions = [named({"not": is_("value", "lt", 1)}, name="a"), named(is_("value", "gte", 1), name="b")]

    (shard,) = compiler.build(conditions).shards

    assert shard.names == (("a", "b"),)


def test_the_same_set_of_conditions_is_the_same_program_in_any_order() -> None:
    conditions = [named(is_("value", "lt", at), name=f"{at}") for at in range(60)]

    assert compiler.build(conditions) == compiler.build(reversed(conditions))


def test_the_key_follows_the_content_and_not_the_names() -> None:
    def key(raw: object, name: str) -> str:
        return compiler.build([named(raw, name=name)]).shards[0].key

    assert key(is_("value", "lt", 1), "a") == key(is_("value", "lt", 1), "b")
    assert key(is_("value", "lt", 1), "a") != key(is_("value", "lt", 2), "a")


def test_a_program_asks_only_for_the_fields_it_uses() -> None:
    kinds = program({"any": [is_("value", "lt", {"field": "target"}), is_("note", "known")]}).kinds

    assert {name: [field.name for field in kind.fields] for name, kind in kinds.items()} == {
        "kpi": ["value", "target", "note"]
    }


def test_two_conditions_of_one_name_are_a_mistake() -> None:
    with pytest.raises(ValueError, match="same name"):
        compiler.build([named(is_("value", "lt", 1)), named(is_("value", "lt", 2))])


def test_no_conditions_are_an_empty_program() -> None:
    assert compiler.build([]).shards == ()


def test_every_type_is_written_as_json() -> None:
    values: list[Scalar] = [True, 3, 0.000001, -0.5, 999_999_999_999_999.9, 'é\\"\n\x00', ""]

    assert [json.loads(compiler.written(value)) for value in values] == values
    assert "e" not in "".join(compiler.written(value) for value in values if not isinstance(value, bool | str))
    assert {field.type for field in KIND.fields} == set(FieldType), "the schema of these tests covers every type"
