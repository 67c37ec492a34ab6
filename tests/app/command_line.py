"""The command line in a test: the real commands, each on the service of the test instead of one of its own."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import pytest

from app import commands
from app.__main__ import main
from app.call import Call
from app.runtime import Runtime
from app.settings import Settings

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Said:
    """What a command ended with."""

    status: int
    out: str
    err: str


@dataclass(frozen=True, slots=True)
class CommandLine:
    """Carries out commands, with files that lie in `folder`."""

    runtime: Runtime
    folder: Path
    screen: pytest.CaptureFixture[str]

    def file(self, name: str, text: str | bytes) -> str:
        """Write a file and return its path; a text in UTF-8 and with the line ends that it has."""
        path = self.folder / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return str(path)

    async def __call__(self, *arguments: str) -> Said:
        """Return what a command ended with and wrote."""
        self.screen.readouterr()
        status = await asyncio.to_thread(main, arguments)
        written = self.screen.readouterr()
        return Said(status, written.out, written.err)

    async def call(self, tenant: str = "acme") -> Call:
        """Begin a call of the service itself."""
        return await Call.begin(self.runtime, tenant)


@pytest.fixture
async def command(
    runtime: Runtime, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> CommandLine:
    """The command line; starting a service for each command would take seconds."""
    loop = asyncio.get_running_loop()

    async def done(work: Callable[[Runtime], Awaitable[T]]) -> T:
        return await work(runtime)

    def run(_: Settings, work: Callable[[Runtime], Awaitable[T]]) -> T:
        return asyncio.run_coroutine_threadsafe(done(work), loop).result()

    monkeypatch.setattr(commands, "run", run)
    monkeypatch.setenv("RATCHET_DATA", str(tmp_path / "data"))
    return CommandLine(runtime, tmp_path, capsys)
