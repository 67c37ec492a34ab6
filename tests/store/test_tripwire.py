"""The tripwire sees every command without a tenant, and lets the others pass."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from pymongo import AsyncMongoClient, DeleteMany, InsertOne, UpdateOne
from pymongo.asynchronous.database import AsyncDatabase

from store.codec import Document
from store.mongo import Store
from store.tripwire import Trespass, Tripwire
from tests.okr.builders import NOW

Database = AsyncDatabase[Document]
Act = Callable[[Database], Awaitable[object]]


async def aggregate(database: Database, *stages: Document) -> object:
    return await (await database.units.aggregate(list(stages))).to_list()


async def watch(database: Database) -> None:
    async with await database.units.watch():
        pass


@pytest.fixture
def tripwire() -> Tripwire:
    return Tripwire()


@pytest.fixture
async def watched(database: Database, mongodb_uri: str, tripwire: Tripwire) -> AsyncIterator[Database]:
    """The test's database, through a client that the tripwire listens to."""
    async with AsyncMongoClient[dict[str, Any]](mongodb_uri, event_listeners=[tripwire]) as client:
        yield client[database.name]


ACME = {"tenant": "acme"}
OPENED: list[tuple[str, Act]] = [
    ("find everything", lambda db: db.units.find().to_list()),
    ("find by key alone", lambda db: db.units.find_one({"_id": "acme:unit_1"})),
    ("find in a range of tenants", lambda db: db.units.find({"tenant": {"$gte": "a"}}).to_list()),
    ("find in several tenants", lambda db: db.units.find({"tenant": {"$in": ["a", "b"]}}).to_list()),
    ("find in either", lambda db: db.units.find({"$or": [{"tenant": "a"}, {"tenant": "b"}]}).to_list()),
    ("find by a pattern", lambda db: db.units.find({"tenant": {"$regex": "."}}).to_list()),
    ("count", lambda db: db.units.count_documents({})),
    ("estimate", lambda db: db.units.estimated_document_count()),
    ("distinct", lambda db: db.units.distinct("name")),
    ("aggregate", lambda db: aggregate(db, {"$group": {"_id": None}})),
    ("aggregate, matched late", lambda db: aggregate(db, {"$limit": 1}, {"$match": ACME})),
    ("lookup", lambda db: aggregate(db, {"$match": ACME}, {"$lookup": {"from": "kpis", "pipeline": [], "as": "x"}})),
    ("insert", lambda db: db.units.insert_one({"name": "x"})),
    ("insert one of several", lambda db: db.units.insert_many([{**ACME}, {"name": "x"}])),
    ("update", lambda db: db.units.update_one({"_id": 1}, {"$set": {"a": 1}})),
    ("replace", lambda db: db.units.replace_one({"_id": 1}, {**ACME})),
    ("delete", lambda db: db.units.delete_many({})),
    ("find and modify", lambda db: db.units.find_one_and_delete({"_id": 1})),
    ("bulk", lambda db: db.units.bulk_write([InsertOne({**ACME}), DeleteMany({})])),
    ("watch one collection", watch),
    ("explain", lambda db: db.command("explain", {"find": "units", "filter": {}})),
]
CLOSED: list[tuple[str, Act]] = [
    ("find", lambda db: db.units.find({**ACME, "a": 1}).to_list()),
    ("find, spelled out", lambda db: db.units.find({"tenant": {"$eq": "acme"}}).to_list()),
    ("find, and", lambda db: db.units.find({"$and": [{"a": 1}, ACME]}).to_list()),
    ("count", lambda db: db.units.count_documents(ACME)),
    ("distinct", lambda db: db.units.distinct("name", ACME)),
    ("aggregate", lambda db: aggregate(db, {"$match": ACME}, {"$limit": 1})),
    ("insert", lambda db: db.units.insert_one({**ACME})),
    ("update", lambda db: db.units.update_one({**ACME, "_id": 1}, {"$set": {"a": 1}}, upsert=True)),
    ("delete", lambda db: db.units.delete_many(ACME)),
    ("find and modify", lambda db: db.units.find_one_and_delete(ACME)),
    ("bulk", lambda db: db.units.bulk_write([UpdateOne(ACME, {"$set": {"a": 1}}), DeleteMany(ACME)])),
    ("the next page", lambda db: db.units.find(ACME, batch_size=1).to_list()),
    ("explain", lambda db: db.command("explain", {"find": "units", "filter": ACME})),
]
UNSEEN: list[tuple[str, Act]] = [
    ("the list of tenants", lambda db: db.tenants.find().to_list()),
    ("the record of migrations", lambda db: db.migrations.find().to_list()),
    ("the layout", lambda db: db.units.create_index("tenant")),
    ("the server", lambda db: db.client.admin.command("ping")),
]


def each(acts: list[tuple[str, Act]]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("act", [act for _, act in acts], ids=[name for name, _ in acts])


@each(OPENED)
async def test_a_command_without_a_tenant_trips_it(watched: Database, tripwire: Tripwire, act: Act) -> None:
    await act(watched)
    assert len(tripwire.trespasses) == 1
    with pytest.raises(Trespass, match="units"):
        tripwire.check()


@each(CLOSED)
async def test_a_command_with_a_tenant_passes(watched: Database, tripwire: Tripwire, act: Act) -> None:
    await act(watched)
    tripwire.check()
    assert tripwire.seen > 0


@each(UNSEEN)
async def test_what_belongs_to_no_tenant_is_not_judged(watched: Database, tripwire: Tripwire, act: Act) -> None:
    await act(watched)
    tripwire.check()
    assert tripwire.seen == 0


async def test_a_collection_can_be_allowed(mongodb_uri: str, database: Database) -> None:
    tripwire = Tripwire(allowed=["marks"])
    async with AsyncMongoClient[dict[str, Any]](mongodb_uri, event_listeners=[tripwire]) as client:
        await client[database.name].marks.find().to_list()
        tripwire.check()
        await client[database.name].units.find().to_list()
    assert len(tripwire.trespasses) == 1


async def test_it_listens_through_the_store(mongodb_uri: str, database: Database, tripwire: Tripwire) -> None:
    store = Store.connect(mongodb_uri, database.name, listeners=[tripwire])
    await store.prepare()
    await store.found("acme", NOW)
    await store.tenant("acme").picture(NOW)
    await store.close()
    tripwire.check()
    assert tripwire.seen == 6
