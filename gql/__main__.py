"""The service and its schema: `python -m gql serve`, `python -m gql --write`, `python -m gql --check`."""

import argparse
import asyncio
import contextlib
import difflib
import logging
import socket
import sys
from collections.abc import Callable

import structlog
import uvicorn

from app import demo, issuer
from app.runtime import Runtime, running
from app.settings import Settings, read
from gql import asgi
from gql.schema import PRINTED, printed
from okr.errors import RatchetError
from okr.org import Role


def main(arguments: list[str] | None = None) -> int:
    """Run one command and return its exit code."""
    parser = argparse.ArgumentParser(prog="python -m gql", description=__doc__)
    parser.add_argument("command", nargs="?", choices=["serve"], help="start the service (and what it needs)")
    parser.add_argument("--demo", action="store_true", help="build the demo organisations first where they are missing")
    parser.add_argument("--write", action="store_true", help=f"write {PRINTED.name}")
    parser.add_argument("--check", action="store_true", help=f"fail unless {PRINTED.name} is what the code serves")
    given = parser.parse_args(arguments)
    if given.write:
        PRINTED.write_text(printed(), encoding="utf-8")
        return 0
    if given.check:
        return _check()
    if given.command is None:
        sys.stdout.write(printed())
        return 0
    try:
        asyncio.run(_serve(read(), demos=given.demo))
    except RatchetError as failure:
        sys.stderr.write(f"{failure}\n")
        return 2
    except KeyboardInterrupt:
        return 0
    return 0


def _check() -> int:
    committed = PRINTED.read_text(encoding="utf-8") if PRINTED.exists() else ""
    if committed == printed():
        return 0
    lines = difflib.unified_diff(
        committed.splitlines(), printed().splitlines(), "committed", "served", lineterm="", n=2
    )
    sys.stderr.write("\n".join(lines) + f"\n{PRINTED.name} is not what the code serves: run `make schema`.\n")
    return 1


class Service(uvicorn.Server):
    """The server, with something to say once it listens."""

    def __init__(self, config: uvicorn.Config, welcome: Callable[[], None]) -> None:
        super().__init__(config)
        self.welcome = welcome

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start to listen, and say so."""
        await super().startup(sockets=sockets)
        if self.started:
            self.welcome()


async def _serve(settings: Settings, *, demos: bool) -> None:
    _log(settings)
    with contextlib.closing(_listening(settings)) as listener:
        async with running(settings) as runtime:
            if runtime.joined:
                sys.stderr.write(
                    f"Another Ratchet runs on {settings.data}: its MongoDB is used, and ends with it. "
                    "For one of your own set RATCHET_DATA to another folder.\n"
                )
            if demos:
                sys.stderr.write("Looking after the demonstration organisations …\n")
                await demo.build(runtime)
            config = uvicorn.Config(
                asgi.application(runtime), log_level="warning", access_log=False, loop="uvloop", http="httptools"
            )
            await Service(config, lambda: _welcome(settings, runtime, demos=demos)).serve(sockets=[listener])


def _listening(settings: Settings) -> socket.socket:
    """Return the socket to listen on, taken before anything slow is started; a busy port is said plainly."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((settings.host, settings.port))
    except OSError as failure:
        listener.close()
        raise RatchetError(
            f"Cannot listen on {settings.host}:{settings.port} ({failure.strerror}). "
            f"Stop what is there, or choose another port: make run PORT={settings.port + 1}"
        ) from None
    listener.listen(1024)
    return listener


def _welcome(settings: Settings, runtime: Runtime, *, demos: bool) -> None:
    url = f"http://{settings.host}:{settings.port}"
    if not demos:
        sys.stdout.write(f"Ratchet is up at {url}/graphql (ready: {url}/readyz). Ctrl-C stops it.\n")
        sys.stdout.flush()
        return
    now = runtime.now()
    tokens = {role: issuer.mint(settings, "hospital", issuer.subject_of("hospital", role), now) for role in Role}
    said = [f"Ratchet is up at {url}/graphql (ready: {url}/readyz). Ctrl-C stops it.", ""]
    said += ["A token for each role in the hospital (other tenants: .venv/bin/python -m app token f1 lead):", ""]
    said += [f"  {role.value:<9} {token}" for role, token in tokens.items()]
    said += ["", "The hospital's alignment tree as an outline:", ""]
    said += [f"  curl -s -H 'Authorization: Bearer {tokens[Role.VIEWER]}' {url}/outline", ""]
    said += ["The whole loop, step by step, in another terminal:", ""]
    port = "" if settings.port == Settings.model_fields["port"].default else f" --url {url}"
    said += [f"  .venv/bin/python -m app story{port}", ""]
    sys.stdout.write("\n".join(said) + "\n")
    sys.stdout.flush()


def _log(settings: Settings) -> None:
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(settings.log_level.upper())),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


if __name__ == "__main__":
    sys.exit(main())
