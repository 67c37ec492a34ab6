"""A prepared store for each test that asks for one, with a tripwire on every command that the test sends."""

import uuid
from collections.abc import AsyncIterator
from typing import Any

import pytest
from pymongo import AsyncMongoClient
from pymongo.asynchronous.database import AsyncDatabase

from store import layout, migrations
from store.codec import Document
from store.mongo import Store
from store.tenant import TenantStore
from store.tripwire import Tripwire
from tests.store.builders import Watcher


@pytest.fixture(scope="session")
async def shared(mongodb: AsyncMongoClient[dict[str, Any]]) -> AsyncIterator[AsyncDatabase[Document]]:
    """A database that is laid out once for the run: laying one out takes longer than most tests."""
    database = mongodb[f"test_{uuid.uuid4().hex[:12]}"]
    await migrations.prepare(database)
    yield database
    await mongodb.drop_database(database.name)


@pytest.fixture
async def prepared(shared: AsyncDatabase[Document]) -> AsyncIterator[AsyncDatabase[Document]]:
    """A database with everything in its place and nothing in it; a test leaves its layout as it is."""
    yield shared
    for name in (*layout.COLLECTIONS.values(), layout.TENANTS):
        await shared[name].delete_many({})


@pytest.fixture
def watcher() -> Watcher:
    """The commands that `store` has sent."""
    return Watcher()


@pytest.fixture
async def store(prepared: AsyncDatabase[Document], mongodb_uri: str, watcher: Watcher) -> AsyncIterator[Store]:
    """An empty store; at the end no command may have left without a tenant."""
    tripwire = Tripwire()
    store = Store.connect(mongodb_uri, prepared.name, listeners=[tripwire, watcher])
    yield store
    await store.close()
    tripwire.check()


@pytest.fixture
def acme(store: Store) -> TenantStore:
    """The tenant that most tests are about."""
    return store.tenant("acme")
