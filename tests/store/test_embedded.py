"""Tests of the MongoDB of our own, with the real mongod: every way it starts, is shared, ends, and fails to start."""

import fcntl
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient

from okr.errors import Unavailable
from store import embedded, mongod

ROOT = Path(__file__).parents[2]

# What `python -m app` does, in short: start or join, say so, work until Ctrl-C, stop.
STARTER = """
import sys, time
from pathlib import Path
from store import embedded
with embedded.start(Path(sys.argv[1])) as server:
    try:
        print(server.pid, server.joined, flush=True)
        time.sleep(float(sys.argv[2]))
    except KeyboardInterrupt:
        pass
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[embedded.Embedded]:
    with embedded.start(tmp_path_factory.mktemp("shared")) as server:
        yield server


def connected(server: embedded.Embedded) -> MongoClient[dict[str, Any]]:
    return MongoClient(server.uri, serverSelectionTimeoutMS=5000)


def starter(folder: Path, seconds: float) -> subprocess.Popen[str]:
    """A process of its own group that holds the folder's server for so long."""
    return subprocess.Popen(  # noqa: S603 - the script above
        [sys.executable, "-c", STARTER, str(folder), str(seconds)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def said(process: subprocess.Popen[str]) -> tuple[int, bool]:
    """The pid of its mongod and whether it joined."""
    assert process.stdout is not None
    pid, joined = process.stdout.readline().split()
    return int(pid), joined == "True"


def finished(process: subprocess.Popen[str]) -> int:
    process.communicate(timeout=30)
    return process.returncode


def ends(pid: int) -> bool:
    """Whether the process goes away within 20 seconds."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.02)
    return False


def fake_mongod(folder: Path, script: str) -> str:
    """A search path on which `mongod` is this shell script."""
    program = folder / "bin" / "mongod"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    return str(program.parent)


def port_of(server: embedded.Embedded) -> int:
    with connected(server) as client:
        return int(client.admin.command("getCmdLineOpts")["parsed"]["net"]["port"])


# --- it serves


def test_a_transaction_commits_or_leaves_nothing(server: embedded.Embedded) -> None:
    with connected(server) as client, client.start_session() as session:
        for key, leave in (1, session.commit_transaction), (2, session.abort_transaction):
            session.start_transaction()
            client.shop.orders.insert_one({"_id": key}, session=session)
            client.shop.stock.insert_one({"_id": key}, session=session)
            leave()
        assert list(client.shop.orders.find()) == [{"_id": 1}]
        assert list(client.shop.stock.find()) == [{"_id": 1}]


def test_a_change_stream_tells_of_a_write(server: embedded.Embedded) -> None:
    with connected(server) as client, client.watched.things.watch() as stream:
        client.watched.things.insert_one({"_id": 1})
        assert stream.next()["fullDocument"] == {"_id": 1}


def test_it_listens_on_the_loopback_and_leaves_no_socket_file(server: embedded.Embedded) -> None:
    with connected(server) as client:
        net = client.admin.command("getCmdLineOpts")["parsed"]["net"]
    assert net == {"bindIp": "127.0.0.1", "port": port_of(server), "unixDomainSocket": {"enabled": False}}


# --- it remembers


@pytest.mark.parametrize(
    "end", [pytest.param(signal.SIGTERM, id="a clean stop"), pytest.param(signal.SIGKILL, id="kill -9")]
)
def test_writes_and_the_port_survive_a_restart(tmp_path: Path, end: signal.Signals) -> None:
    with embedded.start(tmp_path) as first:
        with connected(first) as client:
            client.shop.orders.insert_one({"_id": 1})
        assert first.process is not None
        os.kill(first.pid, end)
        first.process.wait(timeout=20)
    assert bool((tmp_path / "data" / "mongod.lock").read_text()) == (end is signal.SIGKILL)
    with embedded.start(tmp_path) as second, connected(second) as client:
        assert (second.uri, second.joined) == (first.uri, False)
        assert list(client.shop.orders.find()) == [{"_id": 1}]


def test_a_set_whose_port_was_taken_moves_to_another(tmp_path: Path) -> None:
    with embedded.start(tmp_path) as first, connected(first) as client:
        client.shop.orders.insert_one({"_id": 1})
        port = port_of(first)
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind((embedded.HOST, port))
        other.listen()
        threading.Thread(target=hang_up_on_all, args=(other,), daemon=True).start()
        with embedded.start(tmp_path) as moved, connected(moved) as client:
            assert moved.uri != first.uri
            assert list(client.shop.orders.find()) == [{"_id": 1}]
            client.shop.orders.insert_one({"_id": 2})
        other.shutdown(socket.SHUT_RDWR)


def hang_up_on_all(listener: socket.socket) -> None:
    while True:
        try:
            listener.accept()[0].close()
        except OSError:
            return


def test_a_port_that_is_taken_at_the_last_moment_costs_only_another_try(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = mongod.find(tmp_path)
    late = f'case "$*" in *--port*) [ -e tried ] || {{ touch tried; exit 48; }} ;; esac; exec {real} "$@"'
    monkeypatch.setenv("PATH", fake_mongod(tmp_path, late), prepend=os.pathsep)
    with embedded.start(tmp_path) as server, connected(server) as client:
        assert (tmp_path / "tried").exists()
        assert client.shop.orders.insert_one({"_id": 1}).acknowledged


# --- it is shared


def test_a_second_starter_joins_and_its_stop_changes_nothing(server: embedded.Embedded) -> None:
    with connected(server) as client:
        folder = Path(client.admin.command("getCmdLineOpts")["parsed"]["storage"]["dbPath"]).parent
    second = starter(folder, seconds=0)
    assert said(second) == (server.pid, True)
    assert finished(second) == 0
    with connected(server) as client:
        assert client.admin.command("ping")["ok"] == 1


def test_of_two_starters_at_once_one_starts_and_one_joins(tmp_path: Path) -> None:
    both = [starter(tmp_path, seconds=60) for _ in range(2)]
    heard = [said(process) for process in both]
    for process in both:
        os.kill(process.pid, signal.SIGINT)
        assert finished(process) == 0
    assert {joined for _, joined in heard} == {True, False}
    assert len({pid for pid, _ in heard}) == 1


def test_a_folder_in_use_is_given_up_on_even_if_another_folders_server_has_its_port(
    tmp_path: Path, server: embedded.Embedded
) -> None:
    (tmp_path / "port").write_text(str(port_of(server)))
    with (tmp_path / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(Unavailable, match="has no MongoDB that answers"):
            embedded.start(tmp_path, wait=0.1)


# --- it ends


def test_ctrl_c_on_the_whole_group_lets_the_starter_stop_it(tmp_path: Path) -> None:
    process = starter(tmp_path, seconds=60)
    pid, _ = said(process)
    os.killpg(process.pid, signal.SIGINT)
    assert finished(process) == 0
    assert ends(pid)
    log = (tmp_path / "mongod.log").read_text()
    assert '"signal":15' in log
    assert '"signal":2,' not in log  # it was out of the terminal's reach


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has a parent-death signal")
def test_a_starter_killed_outright_takes_it_along(tmp_path: Path) -> None:
    process = starter(tmp_path, seconds=60)
    pid, _ = said(process)
    process.kill()
    assert finished(process) == -signal.SIGKILL
    assert ends(pid)
    with embedded.start(tmp_path) as successor:
        assert not successor.joined


def test_it_outlives_the_thread_that_called_start(tmp_path: Path) -> None:
    started: list[embedded.Embedded] = []
    thread = threading.Thread(target=lambda: started.append(embedded.start(tmp_path)))
    thread.start()
    thread.join()
    with started[0] as server:
        time.sleep(0.3)
        assert '"signal":15' not in (tmp_path / "mongod.log").read_text()
        with connected(server) as client:
            assert client.shop.orders.insert_one({"_id": 1}).acknowledged
        server.stop()
    assert server.process is not None
    assert server.process.returncode == 0  # the second stop, at the end of `with`, did nothing


# --- it says why it cannot


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        pytest.param(None, "PATH has none; the package no-such-package has none", id="none"),
        pytest.param(
            "echo 'libcurl.so.4: cannot open shared object file' >&2; exit 127",
            r"mongod from PATH does not run: libcurl\.so\.4: cannot open",
            id="a library is missing",
        ),
        pytest.param("echo 'db version v4.4.29'", r"mongod from PATH is too old: 4\.4\.29", id="too old"),
    ],
)
def test_without_a_mongod_the_message_says_what_was_tried(tmp_path: Path, script: str | None, reason: str) -> None:
    path = fake_mongod(tmp_path, script) if script else str(tmp_path)
    with pytest.raises(Unavailable, match=rf"Install MongoDB .* set RATCHET_MONGODB_URI .*{reason}"):
        mongod.find(tmp_path, path=path, package="no-such-package")


def test_a_program_of_another_owner_is_copied_to_be_run(tmp_path: Path) -> None:
    theirs = Path("/proc/self/limits")  # a file whose mode nobody may change, root included
    copy = mongod.runnable(theirs, tmp_path)
    assert (copy, copy.read_text()) == (tmp_path / "mongod", theirs.read_text())
    assert os.access(copy, os.X_OK)


@pytest.mark.parametrize(
    "place", [pytest.param("file/folder", id="a file is in the way"), pytest.param("/sys/ratchet", id="read-only")]
)
def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path, place: str) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(Unavailable, match=f"Cannot keep a database in .*{place}.*Give another folder"):
        embedded.start(tmp_path / place)


def test_a_disk_with_too_little_room_is_named(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match=r"GB left, and MongoDB should have 1e\+09"):
        embedded.start(tmp_path, room_gb=1e9)


def test_damaged_files_are_told_with_the_log(tmp_path: Path) -> None:
    with embedded.start(tmp_path):
        pass
    (tmp_path / "data" / "_mdb_catalog.wt").write_bytes(b"rubbish" * 1000)
    with pytest.raises(Unavailable, match=r"(?s)ended with code 14.*files are damaged.*data corruption"):
        embedded.start(tmp_path)


def test_files_of_another_version_are_told_as_such(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    line = '{"s":"F","msg":"Wrong mongod version","attr":{"error":"UPGRADE PROBLEM"}}'
    script = f"[ $1 = --version ] && echo 'db version v6.0.5' && exit; echo '{line}'; exit 62"
    monkeypatch.setenv("PATH", fake_mongod(tmp_path, script), prepend=os.pathsep)
    with pytest.raises(Unavailable, match=r"(?s)ended with code 62.*Another version of MongoDB.*UPGRADE PROBLEM"):
        embedded.start(tmp_path)


def test_files_that_a_foreign_mongod_uses_are_left_alone(tmp_path: Path, server: embedded.Embedded) -> None:
    with connected(server) as client:
        data = client.admin.command("getCmdLineOpts")["parsed"]["storage"]["dbPath"]
    (tmp_path / "data").symlink_to(data)
    with pytest.raises(Unavailable, match="A mongod that Ratchet did not start uses the files"):
        embedded.start(tmp_path)
    with connected(server) as client:
        assert client.admin.command("ping")["ok"] == 1


def test_a_mongod_that_is_never_ready_is_given_up_on_and_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script = "[ $1 = --version ] && echo 'db version v6.0.5' && exit; echo $$ > pid; exec sleep 60"
    monkeypatch.setenv("PATH", fake_mongod(tmp_path, script), prepend=os.pathsep)
    with pytest.raises(Unavailable, match="was not ready in time"):
        embedded.start(tmp_path, wait=1)
    assert ends(int((tmp_path / "pid").read_text()))
