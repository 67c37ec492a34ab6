"""The rules engine's process from its parent's side: asked one thing at a time, replaced as soon as it fails.

Whatever happens in there (a crash, an endless loop, a stray print, kill -9), the parent gets an answer or learns
within the time limit that there is none. Nothing is kept in the process that the parent cannot give it again.
"""

import asyncio
import contextlib
import logging
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

import orjson

from okr.errors import Unavailable
from rules.compiler import Shard
from rules.fields import Scalar, Values

BATCH = 500
"""Facts in one request. The engine numbers them, and is fastest with a few hundred in a session."""

_ATTEMPTS = 2
_LONGEST_LINE = 2**24
_ROOT = Path(__file__).parent.parent
_log = logging.getLogger(__name__)

_Row = list[Scalar | None]
_Pipe = TypeVar("_Pipe", asyncio.StreamReader, asyncio.StreamWriter)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How long the engine may take and how much it may use before it is replaced."""

    answer_seconds: float = 2.0
    """For one request of at most 500 facts, both tries of one that crashes; an honest one takes milliseconds."""
    start_seconds: float = 10.0
    """For the process to start (0.1 s where nothing else runs); where it does not, it is let alone for as long."""
    quarantine_seconds: float = 600.0
    """How long a shard that stalled once, or crashed twice in a row, is not tried again."""
    recycle_facts: int = 1_000_000
    """The process is replaced after so many facts."""
    recycle_megabytes: int = 300
    """The process is replaced when it uses so much memory."""


@dataclass(slots=True, kw_only=True)
class Counts:
    """What has happened since the worker was made, for the metrics; each only grows.

    `ok`, `timeout` and `crash` are requests by how they ended (garbage counts as a crash). `restarts` are processes
    after the first, `recycled` those of them that replaced a healthy one. `quarantined` are shards given up,
    `fallback` questions left to the reference evaluator, `disagreed` matches that it denied.
    """

    ok: int = 0
    timeout: int = 0
    crash: int = 0
    restarts: int = 0
    recycled: int = 0
    quarantined: int = 0
    fallback: int = 0
    disagreed: int = 0


class _Broken(Exception):
    """The process ended, or said something that is no answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Request:
    """What the process is working on, and when it has to be done by the loop's clock."""

    number: int
    shard: Shard
    due: float


class Worker:
    """The one engine process of this program, started when it is first needed; an async context manager.

    Requests from many tasks wait for each other. A task that is cancelled leaves at once; the next one waits until the
    process is free, and only then does its own time begin.
    """

    def __init__(
        self, limits: Limits | None = None, command: Sequence[str] = (sys.executable, "-m", "rules.engine")
    ) -> None:
        self.counts = Counts()
        self._limits = limits or Limits()
        self._command = command
        self._lock = asyncio.Lock()
        self._process: asyncio.subprocess.Process | None = None
        self._killed: list[asyncio.subprocess.Process] = []
        self._started = False
        self._greeted = False
        self._stopped = False
        self._rests_until = 0.0
        self._asked = 0
        self._facts = 0
        self._open: _Request | None = None
        self._crashes: dict[str, int] = {}
        self._quarantine: dict[str, float] = {}

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    @property
    def pid(self) -> int | None:
        """The process that answers now, None where none runs."""
        return self._process.pid if self._process and self._process.returncode is None else None

    async def start(self) -> None:
        """Start the process; Unavailable where it does not come up in time."""
        async with self._lock:
            try:
                await self._running()
            except (TimeoutError, OSError, _Broken) as failure:
                self._discard()
                raise Unavailable("The rules engine does not start.") from failure

    async def stop(self) -> None:
        """End the process, after the request that it is working on; nothing can be asked from here on."""
        self._stopped = True
        async with self._lock:
            if self._process and self._process.stdin:
                self._process.stdin.close()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(1):
                        await self._process.wait()
            self._discard()
            for process in self._killed:
                await process.wait()

    async def match(self, shard: Shard, facts: Sequence[Values]) -> frozenset[tuple[int, int]] | None:
        """Return the pairs (place in `shard.names`, place in `facts`) that match, or None where the engine has failed.

        It has failed when it stalled over this shard, or crashed or babbled twice in a row; the shard is then not tried
        again for a while, and the caller asks the reference evaluator instead. The facts are canonical and of the
        shard's kind.
        """
        pairs: list[tuple[int, int]] = []
        for first in range(0, len(facts), BATCH):
            rows = [shard.row(fact) for fact in facts[first : first + BATCH]]
            found = await self._ask(shard, rows)
            if found is None:
                self.counts.fallback += 1
                return None
            pairs += [(condition, first + fact) for condition, fact in found]
        return frozenset(pairs)

    async def _ask(self, shard: Shard, rows: list[_Row]) -> list[tuple[int, int]] | None:
        async with self._lock:
            if self._stopped:
                raise Unavailable("The rules engine has been stopped.")
            if self._is_quarantined(shard) or not await self._is_ready() or self._is_quarantined(shard):
                return None
            due = self._now() + self._limits.answer_seconds
            for _ in range(_ATTEMPTS):
                try:
                    async with asyncio.timeout_at(due):
                        found = await self._exchange(shard, rows, due)
                except (TimeoutError, OSError, _Broken) as failure:
                    self._fail(failure)
                    if self._is_quarantined(shard):
                        break
                else:
                    self._crashes.pop(shard.key, None)
                    self.counts.ok += 1
                    return found
            return None

    async def _is_ready(self) -> bool:
        """Tell whether a process runs and is free, after starting one or waiting for it where need be."""
        try:
            if self._process and self._open:
                # Its task was cancelled. What it does to the process is its own fault, and takes its own time.
                async with asyncio.timeout_at(self._open.due):
                    await self._read(self._process, self._open.number)
                self._open = None
        except (TimeoutError, OSError, _Broken) as failure:
            self._fail(failure)
        if self._now() < self._rests_until:
            return False
        try:
            await self._running()
        except (TimeoutError, OSError, _Broken) as failure:
            self._fail(failure)
            self._rests_until = self._now() + self._limits.start_seconds
            return False
        return True

    def _fail(self, failure: Exception) -> None:
        """Give up the process, and the shard that it was working on if that stalled it, or crashed it once more."""
        stalled, request = isinstance(failure, TimeoutError), self._open
        self.counts.timeout += stalled
        self.counts.crash += not stalled
        self._discard()
        if request is None:
            _log.warning("The rules engine failed before it was asked: %r", failure)
            return
        key = request.shard.key
        # A crash may have come from outside, and trying again costs little; a stall has used up the caller's time.
        crashes = self._crashes.pop(key, 0) + 1
        _log.warning("The rules engine failed on shard %s: %r", key, failure)
        if stalled or crashes >= _ATTEMPTS:
            self.counts.quarantined += 1
            self._quarantine[key] = self._now() + self._limits.quarantine_seconds
        else:
            self._crashes[key] = crashes

    def _is_quarantined(self, shard: Shard) -> bool:
        now = self._now()
        self._quarantine = {key: until for key, until in self._quarantine.items() if until > now}
        return shard.key in self._quarantine

    def _now(self) -> float:
        return asyncio.get_running_loop().time()

    async def _exchange(self, shard: Shard, rows: list[_Row], due: float) -> list[tuple[int, int]]:
        process = await self._running()
        content = {"shard": shard.key, "facts": rows}
        answer = await self._converse(process, shard, content, due)
        if answer.get("need") is True:
            answer = await self._converse(process, shard, {**content, "rules": shard.rules}, due)
        found = _pairs(answer.get("hits"), conditions=len(shard.names), facts=len(rows))
        size = _size(answer)
        self._open = None
        self._facts += len(rows)
        if self._facts >= self._limits.recycle_facts or size >= self._limits.recycle_megabytes:
            self.counts.recycled += 1
            self._discard()
        return found

    async def _running(self) -> asyncio.subprocess.Process:
        if self._process is None or self._process.returncode is not None:
            self._discard()
            self._process = await self._born()
        if not self._greeted:
            async with asyncio.timeout(self._limits.start_seconds):
                await self._read(self._process, 0)
            self._greeted = True
        return self._process

    async def _born(self) -> asyncio.subprocess.Process:
        self._facts = 0
        self.counts.restarts += self._started
        self._started = True
        return await asyncio.create_subprocess_exec(
            *self._command,
            # The process ends itself in a job that outlives this; we are gone then, or would have ended it already.
            str(2 * self._limits.answer_seconds + 1),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            limit=_LONGEST_LINE,
            cwd=_ROOT,
            # The settings hold secrets, and the engine needs none of them.
            env={name: value for name, value in os.environ.items() if not name.startswith("RATCHET_")},
        )

    async def _converse(
        self, process: asyncio.subprocess.Process, shard: Shard, content: Mapping[str, object], due: float
    ) -> dict[str, Any]:
        self._asked += 1
        self._open = _Request(number=self._asked, shard=shard, due=due)
        stdin = _pipe(process.stdin)
        stdin.write(orjson.dumps({"n": self._asked, **content}) + b"\n")
        await stdin.drain()
        return await self._read(process, self._asked)

    async def _read(self, process: asyncio.subprocess.Process, expected: int) -> dict[str, Any]:
        """Return the answer to request number `expected`, the only one that can come."""
        try:
            line = await _pipe(process.stdout).readline()
            answer = orjson.loads(line)
        except ValueError as error:
            raise _Broken("The process ended, or said something that is no answer.") from error
        if not isinstance(answer, dict) or answer.get("n") != expected:
            raise _Broken("The process answered what it was not asked.")
        return answer

    def _discard(self) -> None:
        """Kill the process without waiting for its end, which may take a while where it is large."""
        process, self._process = self._process, None
        self._open, self._greeted = None, False
        self._killed = [each for each in self._killed if each.returncode is None]
        if process is not None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            self._killed.append(process)


def _pairs(hits: object, *, conditions: int, facts: int) -> list[tuple[int, int]]:
    if not isinstance(hits, list) or not all(isinstance(one, int) for one in hits) or len(hits) % 2:
        raise _Broken("The answer is no list of pairs.")
    pairs = list(zip(hits[::2], hits[1::2], strict=True))
    if not all(0 <= condition < conditions and 0 <= fact < facts for condition, fact in pairs):
        raise _Broken("The answer names a condition or a fact that was not sent.")
    return pairs


def _size(answer: Mapping[str, object]) -> int:
    megabytes = answer.get("megabytes")
    if not isinstance(megabytes, int):
        raise _Broken("The answer does not say how much memory the process uses.")
    return megabytes


def _pipe(pipe: _Pipe | None) -> _Pipe:
    if pipe is None:
        raise TypeError("The process is started with pipes on both ends.")
    return pipe
