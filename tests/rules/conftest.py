"""One real engine process for the tests that leave it unharmed."""

from collections.abc import AsyncIterator

import pytest

from rules.worker import Limits, Worker


@pytest.fixture(scope="session")
async def worker() -> AsyncIterator[Worker]:
    """A worker with limits that a busy machine does not reach."""
    async with Worker(Limits(answer_seconds=30, start_seconds=60)) as running:
        yield running
