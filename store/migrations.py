"""Numbered steps from one layout to the next; each is recorded when it has been taken, and none is ever edited."""

import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from pymongo import DESCENDING
from pymongo.errors import OperationFailure

from okr import breach
from okr.errors import Unavailable
from store import layout
from store.layout import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class Migration:
    """One step; `run` may be repeated and may run in two places at once."""

    number: int
    name: str
    run: Callable[[Database], Awaitable[None]]


async def _nothing_to_move(_: Database) -> None:
    """The first layout finds no data; `lay_out` is all there is to it."""


async def _layers_and_recent_values(database: Database) -> None:
    """Policies may have layers, so two indexes have others in their place; KPIs keep their last judged values."""
    for index in ("version", "published"):
        with contextlib.suppress(OperationFailure):  # gone already, or never there
            await database["policies"].drop_index(index)
    async for tenant in database[layout.TENANTS].find():
        await _keep_recent_values(database, tenant["_id"])


async def _keep_recent_values(database: Database, tenant: str) -> None:
    mine = {"tenant": tenant, "watch.judged": {"$type": "string"}}
    async for kpi in database["kpis"].find(mine, {"key": 1, "watch.judged": 1}):
        judged = {"tenant": tenant, "kpi": kpi["key"], "period": {"$lte": kpi["watch"]["judged"]}}
        newest = database["readings"].find(judged, {"value": 1}, sort=[("period", DESCENDING)], limit=breach.RECENT)
        recent = [reading["value"] async for reading in newest]
        one = {"_id": kpi["_id"], "tenant": tenant}
        await database["kpis"].update_one(one, {"$set": {"watch.recent": recent[::-1]}})


ALL: tuple[Migration, ...] = (
    Migration(number=1, name="initial layout", run=_nothing_to_move),
    Migration(number=2, name="layers of policies, recent values of KPIs", run=_layers_and_recent_values),
)


async def prepare(database: Database, migrations: tuple[Migration, ...] = ALL) -> None:
    """Bring `database` to the layout this code knows; quick where it is there already, and safe to run twice at once.

    Unavailable, with nothing touched, where a newer version of the service has been here.
    """
    newest = migrations[-1].number
    records = database[layout.MIGRATIONS]
    taken = {record["_id"] async for record in records.find()}
    if (seen := max(taken, default=0)) > newest:
        raise Unavailable(
            f'The database "{database.name}" has layout {seen} and this version of Ratchet knows {newest}:'
            " start the newer version again, or restore a backup from before it."
        )
    await layout.lay_out(database)
    for migration in migrations:
        if migration.number not in taken:
            await migration.run(database)
            record = {"name": migration.name, "at": datetime.now(UTC)}
            await database[layout.MIGRATIONS].update_one(
                {"_id": migration.number}, {"$setOnInsert": record}, upsert=True
            )
