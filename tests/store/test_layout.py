"""The layout holds documents to their types, finds everything by tenant first, and can be prepared again and again."""

import asyncio
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import OperationFailure, WriteError

from okr.errors import Unavailable
from okr.kpi import Kpi, Watch
from store import codec, layout, migrations
from store.codec import Document
from store.commit import document
from store.migrations import Migration
from tests.okr.builders import NOW, check_in, cycle, key_result, kpi, objective, person, reading, target, unit
from tests.store.builders import policy, recommendation, waiver

Database = AsyncDatabase[Document]
BORN = {"born": 2**60}


async def snapshot(database: Database) -> dict[str, Any]:
    """Return every collection with its validator and its indexes."""
    return {
        found["name"]: (found["options"], await database[found["name"]].index_information())
        async for found in await database.list_collections()
    }


@pytest.fixture
async def own(database: Database) -> Database:
    """A prepared database whose layout the test may change."""
    await migrations.prepare(database)
    return database


async def test_every_index_starts_with_the_tenant_save_those_that_expire(prepared: Database) -> None:
    others = [
        (collection, name)
        for collection, (_, indexes) in (await snapshot(prepared)).items()
        for name, index in indexes.items()
        if name != "_id_" and index["key"][0][0] != "tenant"
    ]
    assert sorted(others) == [("decisions", "expiry"), ("idempotency", "expiry")]


async def test_every_collection_is_validated_and_known(prepared: Database) -> None:
    found = await snapshot(prepared)
    assert set(found) == {*layout.COLLECTIONS.values(), "tenants", "migrations"}
    assert [name for name, (options, _) in found.items() if "validator" not in options] == []


@pytest.mark.parametrize(("collection", "days"), [("idempotency", 2), ("decisions", 180)])
async def test_documents_expire(prepared: Database, collection: str, days: int) -> None:
    index = (await prepared[collection].index_information())["expiry"]
    assert (index["key"], index["expireAfterSeconds"]) == ([("at", 1)], days * 24 * 3600)


async def test_preparing_again_changes_nothing(own: Database) -> None:
    before = await snapshot(own), await own.migrations.find().to_list()
    await migrations.prepare(own)
    assert (await snapshot(own), await own.migrations.find().to_list()) == before


async def test_several_may_prepare_at_once(own: Database, database: Database) -> None:
    alone = await snapshot(own)
    await own.client.drop_database(own)
    await asyncio.gather(*(migrations.prepare(database) for _ in range(4)))
    assert await snapshot(database) == alone
    assert [record["_id"] async for record in database.migrations.find()] == [1, 2]


async def test_preparing_restores_what_is_missing(own: Database) -> None:
    whole = await snapshot(own)
    await own.marks.drop()
    await own.people.drop_index("subject")
    await own.command("collMod", "units", validator={})
    await asyncio.gather(migrations.prepare(own), migrations.prepare(own))
    assert await snapshot(own) == whole


async def test_migrations_run_once_each_in_order_and_are_recorded(own: Database) -> None:
    ran: list[int] = []

    def step(number: int) -> Migration:
        async def run(database: Database) -> None:
            assert database == own
            ran.append(number)

        return Migration(number=number, name=f"step {number}", run=run)

    for _ in range(2):
        await migrations.prepare(own, (*migrations.ALL, step(3), step(4)))
    assert ran == [3, 4]
    assert [(record["_id"], record["name"]) async for record in own.migrations.find().sort("_id")] == [
        (1, "initial layout"),
        (2, "layers of policies, recent values of KPIs"),
        (3, "step 3"),
        (4, "step 4"),
    ]


async def test_a_migration_that_fails_is_not_recorded(own: Database) -> None:
    async def fail(_: Database) -> None:
        raise RuntimeError("no room")

    with pytest.raises(RuntimeError, match="no room"):
        await migrations.prepare(own, (*migrations.ALL, Migration(number=3, name="fails", run=fail)))
    assert await own.migrations.distinct("_id") == [1, 2]


async def test_a_newer_layout_is_refused_and_left_alone(database: Database) -> None:
    await database.migrations.insert_one({"_id": 7, "name": "from the future", "at": NOW})
    with pytest.raises(Unavailable, match="layout 7 and this version of Ratchet knows 2"):
        await migrations.prepare(database)
    assert await database.list_collection_names() == ["migrations"]


async def test_a_database_that_cannot_be_laid_out_is_an_error(own: Database) -> None:
    with pytest.raises(OperationFailure, match="already have"):
        await migrations.prepare(own.client[own.name.upper()])


RECORDS = [
    unit(),
    person(),
    cycle(),
    objective(),
    key_result(check_ins=(check_in(1),)),
    kpi(targets=(target(95),), latest=reading(94)),
    check_in(1),
    reading(94),
    policy(),
    recommendation(),
    waiver(),
]


def named(record: object) -> str:
    return layout.COLLECTIONS[type(record)]


def whole(record: Any) -> Document:
    """The document of a record as a change would insert it."""
    return document("acme", record) | (BORN if isinstance(record, layout.ENTITIES) else {})


@pytest.mark.parametrize("record", RECORDS, ids=named)
async def test_what_the_codec_writes_is_accepted(prepared: Database, record: object) -> None:
    await prepared[named(record)].insert_one(whole(record))


Spoil = Callable[[Document], object]
SPOILS: list[tuple[str, Spoil]] = [
    ("no tenant", lambda stored: stored.pop("tenant")),
    ("a tenant that is no text", lambda stored: stored.update(tenant=1)),
    ("a field nobody knows", lambda stored: stored.update(surprise=1)),
    ("a last field of another type", lambda stored: stored.update({list(stored)[-1]: {"a": 1}})),
]


@pytest.mark.parametrize("record", RECORDS, ids=named)
@pytest.mark.parametrize("spoil", [spoil for _, spoil in SPOILS], ids=[name for name, _ in SPOILS])
async def test_spoiled_documents_are_refused(prepared: Database, record: object, spoil: Spoil) -> None:
    stored = whole(record)
    spoil(stored)
    with pytest.raises(WriteError) as refused:
        await prepared[named(record)].insert_one(stored)
    assert refused.value.code == 121


@pytest.mark.parametrize(
    ("record", "spoil"),
    [
        (objective(), {"state": "dreaming"}),
        (objective(), {"since": "1 July"}),
        (key_result(), {"target": 1.5}),
        (key_result(), {"version": "1"}),
        (key_result(check_ins=(check_in(1),)), {"check_ins": [{"key": "chk_1"}]}),
        (kpi(), {"rule": {"bad": 2, "good": 2, "band": "purple"}}),
        (unit(), {"born": 1.5}),
        (recommendation(), {"live": "yes"}),
        (policy(), {"params": []}),
        (waiver(), {"until": "in September"}),
        (waiver(), {"subject": "kpi_uptime"}),
        (check_in(1), {"at": "2026-08-15"}),
    ],
    ids=str,
)
async def test_validators_look_inside(prepared: Database, record: object, spoil: Document) -> None:
    with pytest.raises(WriteError) as refused:
        await prepared[named(record)].insert_one(whole(record) | spoil)
    assert refused.value.code == 121


async def test_an_older_database_gets_recent_values_and_other_indexes(database: Database) -> None:
    await migrations.prepare(database, migrations.ALL[:1])
    await database.policies.create_index([("tenant", 1), ("key", 1)], name="published", unique=True)
    await database.tenants.insert_one({"_id": "acme", "name": "acme", "created": NOW})
    months = [date(2025, month, 1) for month in range(1, 13)] + [date(2026, month, 1) for month in (1, 2, 3)]
    readings = [reading(value, month) for value, month in enumerate(months)]
    await database.readings.insert_many([document("acme", each) for each in readings])
    watched = kpi(watch=Watch(judged=months[-2]), latest=readings[-1], unjudged=(readings[-1],))
    await database.kpis.insert_many(
        [document("acme", watched) | BORN, document("acme", kpi("kpi_new", watch=Watch())) | BORN]
    )
    await migrations.prepare(database)
    stored = {each["key"]: codec.decode(Kpi, each) async for each in database.kpis.find()}
    assert stored[watched.key].watch.recent == tuple(Decimal(value) for value in range(2, 14))
    assert stored["kpi_new"].watch.recent == ()
    assert "published" not in await database.policies.index_information()
