"""Domain values ↔ documents: the one place that knows both.

One walk over a dataclass's type hints compiles three readings of it: how it is written, how it is read back, and the
JSON schema that MongoDB holds it to. What is empty by default (None, "", an empty tuple) is left out while it is
empty; stored fields that the type does not know are ignored, so an older service reads what a newer one wrote.
"""

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import MISSING
from datetime import date, datetime, time
from decimal import Decimal
from enum import StrEnum
from functools import cache
from types import NoneType, UnionType
from typing import Any, NamedTuple, TypeVar, cast, get_args, get_origin, get_type_hints

from store import plain

T = TypeVar("T")
Document = dict[str, Any]
EMPTY: tuple[object, ...] = (None, "", ())


class Form(NamedTuple):
    """The three readings of one type; `write` or `read` is None where the value travels as it is."""

    write: Callable[[Any], Any] | None
    read: Callable[[Any], Any] | None
    schema: Document


class Record(NamedTuple):
    """The three readings of one dataclass, and how each of its fields is written."""

    write: Callable[[Any], Document]
    read: Callable[[Mapping[str, Any]], Any]
    schema: Document
    writers: tuple[tuple[str, Callable[[Any], Any] | None], ...]


SCALARS: Mapping[object, Form] = {
    str: Form(None, None, {"bsonType": "string"}),
    bool: Form(None, None, {"bsonType": "bool"}),
    int: Form(None, int, {"bsonType": ["int", "long"]}),
    Decimal: Form(plain.decimal128, plain.from_decimal128, {"bsonType": "decimal"}),
    datetime: Form(plain.instant, plain.from_instant, {"bsonType": "date"}),
    date: Form(date.isoformat, date.fromisoformat, {"bsonType": "string", "pattern": r"^\d{4}-\d{2}-\d{2}$"}),
    time: Form(lambda at: f"{at:%H:%M}", time.fromisoformat, {"bsonType": "string", "pattern": r"^\d{2}:\d{2}$"}),
}


def encode(value: Any) -> Document:
    """Return a dataclass as a document; Refusal(INVALID) for a number that MongoDB cannot hold exactly."""
    return record(cast("Any", type(value))).write(value)


def decode(kind: type[T], document: Mapping[str, Any]) -> T:
    """Return the value of dataclass `kind` that `document` holds, its invariants checked.

    A document that does not hold one raises what the reading raised (KeyError, ValueError, Refusal), with its `_id`.
    """
    try:
        value: T = record(cast("Any", kind)).read(document)
    except Exception as error:
        error.add_note(f"while reading {kind.__name__} {document.get('_id')}")
        raise
    return value


def difference(before: Any, after: Any) -> tuple[Document, Document]:
    """Return the fields in which two values of one dataclass differ, as they were and as they are.

    Of a tuple that changed, the first holds the items that went and the second those that came. Versions are left out.
    """
    went: Document = {}
    came: Document = {}
    for name, write in record(cast("Any", type(after))).writers:
        old, new = getattr(before, name), getattr(after, name)
        if old == new or name == "version":
            continue
        if isinstance(old, tuple) and isinstance(new, tuple):
            old, new = tuple(one for one in old if one not in new), tuple(one for one in new if one not in old)
        went[name] = old if write is None or old is None else write(old)
        came[name] = new if write is None or new is None else write(new)
    return went, came


def schema(kind: type) -> Document:
    """Return the JSON schema of what `encode` writes for dataclass `kind`, in MongoDB's dialect."""
    return record(cast("Any", kind)).schema


@cache
def form(hint: Any) -> Form:
    """Return the form of a type hint; TypeError for one that has none."""
    if hint in SCALARS:
        return SCALARS[hint]
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        members = {member.value: member for member in hint}
        return Form(lambda member: member.value, members.__getitem__, {"enum": list(members)})
    if isinstance(hint, type) and dataclasses.is_dataclass(hint):
        return Form(*record(hint)[:3])
    arguments = get_args(hint)
    if isinstance(hint, UnionType) and NoneType in arguments and len(arguments) == 2:
        return form(next(argument for argument in arguments if argument is not NoneType))
    if get_origin(hint) is tuple and arguments[1:] == (Ellipsis,):
        return _sequence(form(arguments[0]))
    if get_origin(hint) is Mapping and arguments[0] is str:
        return Form(plain.escaped, plain.unescaped, {"bsonType": "object"})
    raise TypeError(f"No form for {hint}")


def _sequence(item: Form) -> Form:
    write, read = item.write, item.read
    return Form(
        list if write is None else lambda values: [write(value) for value in values],
        tuple if read is None else lambda stored: tuple([read(value) for value in stored]),
        {"bsonType": "array", "items": item.schema},
    )


@cache
def record(kind: type) -> Record:
    """Return the readings of a slotted dataclass; TypeError where one of its hints has no form."""
    hints = get_type_hints(kind)
    fields = [_field(kind, field, hints[field.name]) for field in dataclasses.fields(kind)]
    described: Document = {
        "bsonType": "object",
        "properties": {field.name: field.schema for field in fields},
        "additionalProperties": False,
    }
    if required := [field.name for field in fields if field.default is MISSING]:
        described["required"] = required
    writers = tuple((field.name, field.write) for field in fields)
    return Record(_writer(fields), _reader(kind, fields), described, writers)


class _Field(NamedTuple):
    """One field of a record: `empty` is the value that is left out, `default` what stands for a missing one."""

    name: str
    write: Callable[[Any], Any] | None
    read: Callable[[Any], Any] | None
    schema: Document
    put: Callable[[Any, Any], None]
    empty: object
    default: object


def _field(kind: type, field: dataclasses.Field[Any], hint: Any) -> _Field:
    write, read, described = form(hint)
    default = field.default
    if field.default_factory is not MISSING:
        default = field.default_factory()  # values never change, so all may share one
    empty = default if default in EMPTY else MISSING
    if empty is not None and NoneType in get_args(hint):  # then None does not go without saying
        described = {"anyOf": [described, {"bsonType": "null"}]}
    return _Field(field.name, write, read, described, getattr(kind, field.name).__set__, empty, default)


def _writer(fields: list[_Field]) -> Callable[[Any], Document]:
    plan = [(field.name, field.write, field.empty) for field in fields]

    def write(record: object) -> Document:
        document: Document = {}
        for name, convert, empty in plan:
            value = getattr(record, name)
            if value != empty:
                document[name] = value if convert is None or value is None else convert(value)
        return document

    return write


def _reader(kind: type, fields: list[_Field]) -> Callable[[Mapping[str, Any]], Any]:
    """Fill the slots one by one, which takes half the time of a frozen dataclass's own `__init__`."""
    create: Any = kind.__new__
    check = getattr(kind, "__post_init__", None)
    plan = [(field.name, field.read, field.put, field.default) for field in fields]

    def read(document: Mapping[str, Any]) -> Any:
        record = create(kind)
        for name, convert, put, default in plan:
            if name in document:
                value = document[name]
                put(record, value if convert is None or value is None else convert(value))
            elif default is MISSING:
                raise KeyError(name)
            else:
                put(record, default)
        if check is not None:
            check(record)
        return record

    return read
