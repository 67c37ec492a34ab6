"""The whole service for each test that asks for it, and a company that tests look at and leave as it is."""

import uuid
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import httpx
import pytest
from pymongo import AsyncMongoClient

from app.runtime import Runtime
from app.settings import Settings
from gql import asgi
from rules.judge import Judge
from store import layout, migrations
from store.mongo import Store
from store.tripwire import Tripwire
from tests.gql.world import World, built
from tests.service import Clock, clock, judge, laid_out, runtime, stage

__all__ = ["clock", "judge", "laid_out", "runtime", "stage"]


@pytest.fixture(scope="session")
async def lasting(
    mongodb: AsyncMongoClient[dict[str, Any]], mongodb_uri: str, judge: Judge, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Runtime]:
    """A service with a database of its own for the whole run; at the end no command may have left without a tenant."""
    database = mongodb[f"test_{uuid.uuid4().hex[:12]}"]
    await migrations.prepare(database)
    tripwire = Tripwire()
    store = Store.connect(mongodb_uri, database.name, listeners=[tripwire])
    folder = tmp_path_factory.mktemp("issuer")
    settings = Settings(mongodb_uri=mongodb_uri, database=database.name, data=folder)
    yield Runtime(settings=settings, store=store, judge=judge, now=Clock())
    await store.close()
    await mongodb.drop_database(database.name)
    tripwire.check()


@pytest.fixture(scope="session")
async def acme(lasting: Runtime) -> AsyncIterator[World]:
    """A company with something of everything, for tests that write nothing: it is built once."""
    async with served(lasting) as http:
        yield await built(lasting, Clock(), http)


@pytest.fixture(scope="session")
async def globex(lasting: Runtime) -> AsyncIterator[World]:
    """The same company once more, as another tenant beside `acme`."""
    async with served(lasting) as http:
        yield await built(lasting, Clock(), http, "globex")


@pytest.fixture
async def world(
    acme: World, mongodb: AsyncMongoClient[dict[str, Any]], runtime: Runtime, clock: Clock
) -> AsyncIterator[World]:
    """A copy of `acme` that may be changed; copying it takes a tenth of the time that building it takes."""
    original, copy = (mongodb[each.settings.database] for each in (acme.runtime, runtime))
    for name, of_tenant in (*((name, "tenant") for name in layout.COLLECTIONS.values()), (layout.TENANTS, "_id")):
        if documents := await original[name].find({of_tenant: acme.tenant}).to_list():
            await copy[name].insert_many(documents)
    async with served(runtime) as http:
        yield replace(acme, runtime=runtime, clock=clock, http=http)


def served(runtime: Runtime) -> httpx.AsyncClient:
    """Return a client of the service; what it could not answer is answered as a server would."""
    transport = httpx.ASGITransport(asgi.application(runtime), raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://acme.test")
