"""The seam to the picture: loaded afresh for every call today; keeping it in memory changes this file alone."""

from datetime import datetime

from okr.snapshot import Snapshot
from store.tenant import TenantStore


async def of(store: TenantStore, at: datetime) -> Snapshot:
    """Return the tenant's picture as of `at`, consistent as of one moment of the store."""
    return await store.picture(at)
