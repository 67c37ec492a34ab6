"""A MongoDB of our own, found or started: a replica set of one on 127.0.0.1, with transactions and change streams.

Its folder holds `data/` (MongoDB's files), `mongod.log` and the one before it, `port` (where the set last ran), and
`lock`. mongod inherits the descriptor of `lock`, so the file stays locked for exactly as long as a mongod of ours lives
on the folder or is being started, however the process that started it ended; whoever finds it locked joins. Ctrl-C does
not reach mongod before we stop it, and on Linux it ends by itself when its starter is killed.

It belongs to its starter: once that stops it, those who joined see their connections fail, and call `start` again.
"""

import contextlib
import fcntl
import os
import shutil
import socket
import subprocess
import time
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, Self

from pymongo import MongoClient
from pymongo.errors import PyMongoError

from okr.errors import Unavailable
from store import mongod

HOST = "127.0.0.1"
SET = "rs0"

_PORTS = range(27018, 28018)  # beside MongoDB's own, below those that the kernel lends to clients
_PORT_TAKEN = 48  # mongod's exit code
_SELF_CHECK = 40.0  # after a move mongod asks at its old address whether it is itself, for 30 s if nobody answers there
_PAUSE = 0.02


@dataclass(frozen=True, slots=True, kw_only=True)
class Embedded:
    """A mongod that answers as primary; as a context manager it is stopped at the end by whoever started it.

    `process` is None when another process started it.
    """

    uri: str
    pid: int
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    @property
    def joined(self) -> bool:
        """Whether another process started it, and so is the one to stop it."""
        return self.process is None

    def stop(self, grace: float = 20.0) -> None:
        """End the mongod if we started it: SIGTERM, and SIGKILL after `grace` seconds; again does nothing."""
        if self.process is not None:
            mongod.end(self.process, grace)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def start(
    folder: Path,
    *,
    cache_gb: float = 0.5,
    wait: float = 30.0,
    room_gb: float = 0.5,
    options: Sequence[str] = (),
) -> Embedded:
    """Return the mongod that serves `folder`, joined if one of ours does, else started; either way it is primary.

    Blocks: from a coroutine call it through `asyncio.to_thread`; mongod outlives the thread. `wait` is in seconds, for
    all of it; a set that has to leave a taken port gets more. Below `room_gb` of free disk nothing is started.
    `options` go to mongod as they are. Raises Unavailable, which says what to do.
    """
    deadline = time.monotonic() + wait
    folder = folder.resolve()
    try:
        with _lock_file(folder) as lock:
            while not _locked(lock):
                if joined := _join(folder):
                    return joined
                if time.monotonic() > deadline:
                    raise Unavailable(f"A process that uses {folder} has no MongoDB that answers. Try again soon.")
                time.sleep(_PAUSE)
            _check_room(folder, room_gb)
            command = [str(mongod.find(folder)), "--wiredTigerCacheSizeGB", str(cache_gb), *options]
            return _launch(command, folder, lock, deadline)
    except OSError as error:
        message = f"Cannot keep a database in {folder}: {error}. Give another folder, or set RATCHET_MONGODB_URI."
        raise Unavailable(message) from error


@contextlib.contextmanager
def _lock_file(folder: Path) -> Iterator[int]:
    """Open the folder's lock, making both if need be; closing it leaves a lock that mongod inherited in force."""
    (folder / "data").mkdir(parents=True, exist_ok=True)
    descriptor = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _locked(descriptor: int) -> bool:
    """Take the lock if it is free."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _check_room(folder: Path, room_gb: float) -> None:
    free = shutil.disk_usage(folder).free / 1e9
    if free < room_gb:
        raise Unavailable(
            f"The disk of {folder} has {free:.1f} GB left, and MongoDB should have {room_gb:g}."
            " Make room, give another folder, or set RATCHET_MONGODB_URI."
        )


def _join(folder: Path) -> Embedded | None:
    """Return the mongod that serves the folder, or None while none answers as primary."""
    port = _last_port(folder)
    if port is None or not _accepts(port):
        return None
    with contextlib.suppress(PyMongoError), _client(port) as client:
        if _is_ours(client, folder) and client.admin.command("hello")["isWritablePrimary"]:
            return Embedded(uri=_uri(port), pid=int(client.admin.command("serverStatus")["pid"]))
    return None


def _launch(command: list[str], folder: Path, lock: int, deadline: float) -> Embedded:
    """Start mongod on the port it last had, or on the next that it gets, and wait until it is primary."""
    last, log, data = _last_port(folder), folder / "mongod.log", folder / "data"
    for port in islice(_free_ports(folder, last), 5):
        if log.exists():
            log.replace(folder / "mongod.log.1")
        place = ["--dbpath", str(data), "--replSet", SET, "--bind_ip", HOST, "--port", str(port), "--nounixsocket"]
        process = mongod.run([*command, *place, "--quiet"], log=log, lock=lock)
        try:
            if _settled(process, port, folder, deadline if last in (None, port) else deadline + _SELF_CHECK):
                (folder / "port").write_text(f"{port}\n")
                return Embedded(uri=_uri(port), pid=process.pid, process=process)
        except BaseException:
            mongod.end(process, grace=0)
            raise
        if process.wait() != _PORT_TAKEN:  # somebody may take the port in the moment after we found it free
            raise mongod.obituary(f"ended with code {process.returncode} on {data}", log)
    raise Unavailable(
        f"{HOST} has no free port from {_PORTS[0]} to {_PORTS[-1]}. Free one, or set RATCHET_MONGODB_URI."
    )


def _settled(process: subprocess.Popen[bytes], port: int, folder: Path, deadline: float) -> bool:
    """Wait until this mongod is the primary of its set; False when it died first. Raises Unavailable when late."""
    while process.poll() is None:
        if time.monotonic() > deadline:
            raise mongod.obituary(f"was not ready in time on {folder / 'data'}", folder / "mongod.log")
        time.sleep(_PAUSE)
        if not _accepts(port):
            continue
        with contextlib.suppress(PyMongoError), _client(port) as client:
            if not _is_ours(client, folder):  # somebody took the port: ours will find out and end
                continue
            if client.admin.command("hello")["isWritablePrimary"]:
                return True
            _configure(client, f"{HOST}:{port}")
    return False


def _configure(client: MongoClient[dict[str, Any]], address: str) -> None:
    """Make `address` the set's only member: a new set is initiated, one that had another port is moved by force."""
    known = client.local["system.replset"].find_one()
    members = [{"_id": 0, "host": address}]
    if known is None:
        client.admin.command("replSetInitiate", {"_id": SET, "members": members})
    elif [member["host"] for member in known["members"]] != [address]:
        moved = {**known, "version": known["version"] + 1, "members": members}
        client.admin.command("replSetReconfig", moved, force=True)


def _uri(port: int) -> str:
    return f"mongodb://{HOST}:{port}/?replicaSet={SET}"


def _client(port: int) -> MongoClient[dict[str, Any]]:
    """Return a client for the set-up: it speaks to this one server, primary or not, and gives up within seconds."""
    return MongoClient(HOST, port, directConnection=True, serverSelectionTimeoutMS=1000, socketTimeoutMS=5000)


def _is_ours(client: MongoClient[dict[str, Any]], folder: Path) -> bool:
    """Whether the server at the other end is the one on this folder: a port alone proves nothing."""
    parsed: dict[str, Any] = client.admin.command("getCmdLineOpts")["parsed"]
    return bool(parsed.get("storage", {}).get("dbPath") == str(folder / "data"))


def _last_port(folder: Path) -> int | None:
    try:
        text = (folder / "port").read_text().strip()
    except FileNotFoundError:
        return None
    return int(text) if text.isdecimal() else None


def _free_ports(folder: Path, last: int | None) -> Iterator[int]:
    """Yield ports nobody listens on: the last one, then the rest from a place that the folder's name picks."""
    first = zlib.crc32(os.fsencode(folder)) % len(_PORTS)
    for port in (*([] if last is None else [last]), *_PORTS[first:], *_PORTS[:first]):
        with socket.socket() as probe:
            probe.setsockopt(
                socket.SOL_SOCKET, socket.SO_REUSEADDR, 1
            )  # as mongod does: closing connections are no owner
            try:
                probe.bind((HOST, port))
            except OSError:
                continue
        yield port


def _accepts(port: int) -> bool:
    try:
        socket.create_connection((HOST, port), timeout=1).close()
    except OSError:
        return False
    return True
