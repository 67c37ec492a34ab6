"""A small schema with every type and the nastiest names, and short ways to write conditions and facts over it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from rules import binding, compiler, condition, fields
from rules.compiler import NamedCondition, Program, Shard
from rules.condition import Condition
from rules.fields import Choice, FactKind, Field, FieldType, Scalar

NAMES: Mapping[str, FieldType] = {
    "value": FieldType.NUMBER,
    "target": FieldType.NUMBER,
    # These two have the same 32-bit hash, which is all that the engine compares of a name.
    "liquid": FieldType.NUMBER,
    "costarring": FieldType.NUMBER,
    # These are the engine's own.
    "id": FieldType.NUMBER,
    "sid": FieldType.REFERENCE,
    "$s": FieldType.BOOLEAN,
    "k": FieldType.CHOICE,
    "f0": FieldType.NUMBER,
    "tên": FieldType.REFERENCE,
    'a "quoted" name\n': FieldType.CHOICE,
    "due": FieldType.DAY,
    "started": FieldType.DAY,
    "open": FieldType.BOOLEAN,
    "note": FieldType.TEXT,
}

CHOICES = ("red", "amber", "green", "9", "true", 'say "hé"\\', "")

KIND = FactKind(
    name="kpi",
    label="a KPI",
    fields=tuple(
        Field(
            name=name,
            label=name.capitalize(),
            type=type_,
            choices=tuple(Choice(value=one, label=one) for one in CHOICES) if type_ is FieldType.CHOICE else (),
        )
        for name, type_ in NAMES.items()
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """A fact as the judge takes it, its values not yet canonical."""

    kind: str = KIND.name
    subject: str = "kpi_1"
    values: Mapping[str, object] = field(default_factory=dict)


def is_(name: str, op: str, value: object = None) -> dict[str, object]:
    """Return a clause in its JSON form."""
    return {"field": name, "op": op} if value is None else {"field": name, "op": op, "value": value}


def bound(raw: object, **params: object) -> Condition:
    """Return the condition that `raw` writes, on KIND."""
    return binding.bind(condition.parse(raw), KIND, params)


def named(raw: object, name: str = "policy", kind: FactKind = KIND) -> NamedCondition:
    """Return a condition as the compiler takes it."""
    return NamedCondition(name=name, kind=kind, when=binding.bind(condition.parse(raw), kind, {}))


def program(*raws: object) -> Program:
    """Return the program of these conditions, called "0", "1" and so on."""
    return compiler.build(named(raw, name=f"{at}") for at, raw in enumerate(raws))


def clean(**values: object) -> dict[str, Scalar]:
    """Return these values in canonical form."""
    return fields.clean(KIND, values)


def raw_shard(test: str, name: str = "raw") -> Shard:
    """Return a shard around one hand-written test of the engine, which the compiler would never write."""
    rules = f'{{{compiler.SENTINEL},"0.0":{{"all":[{{"m":{{"$and":[{{"k":1}},{test}]}}}}],"cap":60000}}}}'
    columns = tuple(condition.FieldRef(field=one) for one in ("value", "target", "liquid"))
    return Shard(key=name, kind=KIND.name, columns=columns, names=((name,),), rules=rules)
