"""One MongoDB for the whole run, and a database of its own for each test that asks for one."""

import contextlib
import os
import shutil
import tempfile
import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from pymongo import AsyncMongoClient
from pymongo.asynchronous.database import AsyncDatabase

from store import embedded

MEMORY = Path("/dev", "shm")
FOLDER = "ratchet-tests-"

# Measured with 15 collections and 25 indexes a database: dropping one takes 6 ms instead of 102 when the journal, which
# a drop waits for, is flushed every 5 ms. Small log files spare 300 MB of memory and a tenth of a second at the start.
FAST = (
    *("--journalCommitInterval", "5"),
    *("--wiredTigerEngineConfigString", "log=(file_max=8MB,prealloc=false)"),
    *("--setParameter", "diagnosticDataCollectionEnabled=false"),
    *("--oplogSize", "256"),
)


@pytest.fixture(scope="session")
def mongodb_uri() -> Iterator[str]:
    """The address of a replica set for this run: RATCHET_TEST_MONGODB_URI, else one of our own that ends with it."""
    if given := os.environ.get("RATCHET_TEST_MONGODB_URI"):
        yield given
        return
    with _folder() as folder, embedded.start(folder, options=FAST) as server:
        yield server.uri


@pytest.fixture(scope="session")
async def mongodb(mongodb_uri: str) -> AsyncIterator[AsyncMongoClient[dict[str, Any]]]:
    """A client that the whole run shares."""
    async with AsyncMongoClient[dict[str, Any]](mongodb_uri) as client:
        yield client


@pytest.fixture
async def database(mongodb: AsyncMongoClient[dict[str, Any]]) -> AsyncIterator[AsyncDatabase[dict[str, Any]]]:
    """An empty database for one test, dropped after it."""
    name = f"test_{uuid.uuid4().hex[:12]}"
    yield mongodb[name]
    await mongodb.drop_database(name)


@contextlib.contextmanager
def _folder() -> Iterator[Path]:
    """A folder for the database files, in memory where there is room; those that killed runs left there are removed."""
    roomy = os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > 2e9
    parent = MEMORY if roomy else Path(tempfile.gettempdir())
    for left in parent.glob(f"{FOLDER}*"):
        if not _lives(left.name.removeprefix(FOLDER).partition("-")[0]):
            shutil.rmtree(left, ignore_errors=True)
    with tempfile.TemporaryDirectory(
        prefix=f"{FOLDER}{os.getpid()}-", dir=parent, ignore_cleanup_errors=True
    ) as folder:
        yield Path(folder)


def _lives(pid: str) -> bool:
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
