"""How the database is laid out: collections, what each may hold, and indexes, of which every one starts with tenant.

The exception are the two indexes that let documents expire: MongoDB wants those on the date alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pymongo import ASCENDING, DESCENDING, IndexModel
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import OperationFailure

from okr.cycle import Cycle
from okr.goal import CheckIn, KeyResult, Objective
from okr.kpi import Kpi, Reading
from okr.org import OrgUnit, Person
from okr.policy import Policy, PolicyState
from okr.recommendation import Recommendation
from okr.waiver import Waiver
from store import codec
from store.change import AuditEntry, Decision, Mark, Reply
from store.codec import Document

Database = AsyncDatabase[Document]

DAY = 24 * 3600
REPLIES_KEPT = 2 * DAY
DECISIONS_KEPT = 180 * DAY
NAMESPACE_EXISTS = 48

COLLECTIONS: Mapping[type, str] = {
    OrgUnit: "units",
    Person: "people",
    Cycle: "cycles",
    Objective: "objectives",
    KeyResult: "key_results",
    Kpi: "kpis",
    CheckIn: "check_ins",
    Reading: "readings",
    Policy: "policies",
    Recommendation: "recommendations",
    Waiver: "waivers",
    AuditEntry: "audit",
    Mark: "marks",
    Reply: "idempotency",
    Decision: "decisions",
}
ENTITIES = (OrgUnit, Person, Cycle, Objective, KeyResult, Kpi)
TENANTS, MIGRATIONS = "tenants", "migrations"  # the two that hold no tenant's data


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """One collection: its name, the schema its documents must meet, and its indexes."""

    name: str
    schema: Document
    indexes: tuple[IndexModel, ...] = ()


def shelves() -> tuple[Shelf, ...]:
    """Return the whole layout."""
    return (
        *(Shelf(name=name, schema=_schema(kind), indexes=INDEXES[kind]) for kind, name in COLLECTIONS.items()),
        Shelf(name=TENANTS, schema=_object(_id=STRING, name=STRING, created=DATE)),
        Shelf(name=MIGRATIONS, schema=_object(_id=INTEGER, name=STRING, at=DATE)),
    )


async def lay_out(database: Database) -> None:
    """Create what is missing and bring validators up to date; safe to repeat, and to run in several places at once."""
    present = {found["name"]: found["options"] async for found in await database.list_collections()}
    for shelf in shelves():
        rules: Document = {
            "validator": {"$jsonSchema": shelf.schema},
            "validationLevel": "strict",
            "validationAction": "error",
        }
        if shelf.name not in present:
            await _create(database, shelf.name, rules)
        elif present[shelf.name] != rules:
            await database.command("collMod", shelf.name, **rules)
        if shelf.indexes:
            await database[shelf.name].create_indexes(list(shelf.indexes))


async def _create(database: Database, name: str, rules: Document) -> None:
    try:
        await database.create_collection(name, check_exists=False, **rules)
    except OperationFailure as error:
        if error.code != NAMESPACE_EXISTS:  # somebody else was first
            raise


STRING: Document = {"bsonType": "string"}
DATE: Document = {"bsonType": "date"}
INTEGER: Document = {"bsonType": ["int", "long"]}


def _object(**properties: Document) -> Document:
    return {
        "bsonType": "object",
        "required": list(properties),
        "properties": properties,
        "additionalProperties": False,
    }


def _schema(kind: type) -> Document:
    """The dataclass's own schema, and the fields that the store adds to it."""
    own = codec.schema(kind)
    added: Document = {"_id": STRING, "tenant": STRING}
    if kind in ENTITIES:
        added["born"] = {"bsonType": "long"}
    if kind is Recommendation:
        added["live"] = {"bsonType": "bool"}
    return {**own, "required": [*added, *own.get("required", ())], "properties": {**added, **own["properties"]}}


def _index(name: str, fields: str, **options: Any) -> IndexModel:
    """An index on tenant and then `fields`, words that start with `-` where newest comes first."""
    order = [(word.removeprefix("-"), DESCENDING if word.startswith("-") else ASCENDING) for word in fields.split()]
    return IndexModel([("tenant", ASCENDING), *order], name=name, **options)


def _expiring(field: str, seconds: int) -> IndexModel:
    return IndexModel([(field, ASCENDING)], name="expiry", expireAfterSeconds=seconds)


BY_BIRTH = _index("born", "born key")
IS_LIVE = {"live": True}
IS_PUBLISHED = {"state": PolicyState.PUBLISHED.value}
INDEXES: Mapping[type, tuple[IndexModel, ...]] = {
    **dict.fromkeys(ENTITIES, (BY_BIRTH,)),
    Person: (BY_BIRTH, _index("subject", "subject", unique=True)),
    CheckIn: (_index("newest", "key_result -at -key"),),
    Reading: (_index("period", "kpi period", unique=True),),
    Policy: (
        _index("of_version", "key layer -version", unique=True),
        _index("in_force", "key layer", unique=True, partialFilterExpression=IS_PUBLISHED),
    ),
    Recommendation: (
        _index("live", "finding.dedupe", unique=True, partialFilterExpression=IS_LIVE),
        _index("live_subject", "finding.subject.key", partialFilterExpression=IS_LIVE),
        _index("filed", "finding.dedupe -last_seen"),
        _index("newest", "-first_seen -key"),
        _index("state", "state -first_seen -key"),
        _index("unit", "finding.unit -first_seen -key"),
        _index("policy", "finding.policy -first_seen -key"),
    ),
    Waiver: (_index("until", "until key"), _index("policy", "policy until key")),
    AuditEntry: (
        _index("newest", "-at -key"),
        _index("subject", "subjects -at -key"),
        _index("person", "by -at -key"),
    ),
    Mark: (_index("oldest", "at key"),),
    Reply: (_index("caller", "subject key", unique=True), _expiring("at", REPLIES_KEPT)),
    Decision: (_index("newest", "-at -key"), _expiring("at", DECISIONS_KEPT)),
}
