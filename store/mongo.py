"""The store: one client, and per tenant the only way to data."""

import asyncio
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Self

from pymongo import AsyncMongoClient
from pymongo.asynchronous.change_stream import AsyncChangeStream
from pymongo.monitoring import CommandListener

from okr.errors import Code, Refusal, Unavailable
from okr.snapshot import Entity
from store import codec, layout, migrations, plain
from store.codec import Document
from store.commit import answering
from store.layout import COLLECTIONS, ENTITIES, Database
from store.tenant import TenantStore

KINDS: Mapping[str, type[Entity]] = {COLLECTIONS[kind]: kind for kind in ENTITIES}
PATIENCE = 10.0  # an election takes two to three seconds
TENANT = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")


class Store:
    """A database and the tenants in it."""

    def __init__(self, client: AsyncMongoClient[Document], database: str, *, patience: float = PATIENCE) -> None:
        """`patience` is in seconds, for one change with all its retries."""
        self._client = client
        self._database: Database = client[database]
        self._patience = patience

    @classmethod
    def connect(cls, uri: str, database: str = "ratchet", *, listeners: Sequence[CommandListener] = ()) -> Self:
        """Return the store at `uri`, which must be a replica set; nothing connects before the first command.

        Writes are acknowledged by a majority and reads see only what a majority has. A request waits half a second
        for one of 50 connections and five seconds for a primary.
        """
        client: AsyncMongoClient[Document] = AsyncMongoClient(
            uri,
            appname="ratchet",
            event_listeners=list(listeners),
            maxPoolSize=50,
            readConcernLevel="majority",
            serverSelectionTimeoutMS=5_000,
            w="majority",
            waitQueueTimeoutMS=500,
        )
        return cls(client, database)

    async def prepare(self) -> None:
        """Create or upgrade the layout; Unavailable where a newer version of the service has been here."""
        with answering():
            await migrations.prepare(self._database)

    async def ping(self) -> None:
        """Return when the primary answers within half a second; Unavailable otherwise."""
        try:
            # maxTimeMS bounds the server's work alone, not the wait for a server.
            async with asyncio.timeout(0.5):
                with answering():
                    await self._client.admin.command("ping", maxTimeMS=500)
        except TimeoutError:
            raise Unavailable("The database does not answer within half a second.") from None

    async def close(self) -> None:
        """Give the connections back."""
        await self._client.close()

    async def found(self, name: str, at: datetime) -> TenantStore:
        """Make a tenant, or find it where it has been made before; Refusal(INVALID) for a name that cannot be one."""
        tenant = self.tenant(name)
        born = {"name": name, "created": plain.instant(at)}
        with answering():
            await self._database[layout.TENANTS].update_one({"_id": name}, {"$setOnInsert": born}, upsert=True)
        return tenant

    async def tenants(self) -> tuple[str, ...]:
        """Return the names of all tenants, in order."""
        with answering():
            found = await self._database[layout.TENANTS].find().sort("_id").to_list()
        return tuple(tenant["_id"] for tenant in found)

    def tenant(self, name: str) -> TenantStore:
        """Return the door to one tenant's data; Refusal(INVALID) for a name that cannot be one. Nothing is read."""
        if TENANT.fullmatch(name) is None:
            raise Refusal(
                Code.INVALID, "A tenant's name is lower-case letters, digits and hyphens, at most 63.", ("tenant",)
            )
        return TenantStore(self._client, self._database, name, self._patience)

    @asynccontextmanager
    async def feed(self) -> AsyncIterator[AsyncIterator[tuple[str, Entity]]]:
        """Open the feed of entities as they are written, by any replica and for any tenant: (tenant, entity) pairs.

        A picture read once the feed is open misses nothing that the feed does not bring. An entity may come again, or
        already be newer than the write that announced it, so only a higher version counts. Lost connections are
        resumed; Unavailable where that fails, and then pictures must be read again.
        """
        written = {"ns.coll": {"$in": list(KINDS)}, "operationType": {"$in": ["insert", "update", "replace"]}}
        with answering():
            pipeline = [{"$match": written}]
            async with await self._database.watch(pipeline, full_document="updateLookup") as events:
                yield _entities(events)


async def _entities(events: AsyncChangeStream[Document]) -> AsyncIterator[tuple[str, Entity]]:
    with answering():
        async for event in events:
            document = event["fullDocument"]
            if document is not None:  # gone since, with its whole tenant
                yield document["tenant"], codec.decode(KINDS[event["ns"]["coll"]], document)
    raise Unavailable("The feed has ended; open it again, then read the pictures again.")
