"""A tripwire for tests: it notes every command that reads or writes tenants' data without naming a tenant."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any

from pymongo.monitoring import CommandFailedEvent, CommandListener, CommandStartedEvent, CommandSucceededEvent

from store.layout import MIGRATIONS, TENANTS

EXEMPT = frozenset({TENANTS, MIGRATIONS})
ELSEWHERE = ("$lookup", "$graphLookup", "$unionWith", "$out", "$merge")  # stages that reach a second collection
SYSTEM = frozenset({"admin", "config", "local"})

Command = Mapping[str, Any]


class Trespass(AssertionError):
    """A command touched a tenant's collection without an equality on the tenant."""


class Tripwire(CommandListener):
    """Watches a client's commands; the driver swallows what a listener raises, so `check` tells at the end.

    `allowed` are further collections that may be read across tenants. The change feed of a whole database, which
    names no collection, is let through.
    """

    def __init__(self, allowed: Collection[str] = ()) -> None:
        self._exempt = EXEMPT | set(allowed)
        self.trespasses: list[str] = []
        self.seen = 0

    def check(self) -> None:
        """Raise Trespass with every command that named no tenant."""
        if self.trespasses:
            raise Trespass("\n".join(self.trespasses))

    def started(self, event: CommandStartedEvent) -> None:
        """Judge a command as it leaves."""
        command, name = event.command, event.command_name
        if event.database_name in SYSTEM or name not in JUDGES:
            return
        if name == "explain":
            command, name = command["explain"], next(iter(command["explain"]))
        target = command[name]
        if target in self._exempt or _is_feed(command):
            return
        self.seen += 1
        if not JUDGES[name](command):
            self.trespasses.append(f"{name} {target}: {dict(command)!r:.500}")

    def succeeded(self, event: CommandSucceededEvent) -> None:
        """Nothing to judge."""

    def failed(self, event: CommandFailedEvent) -> None:
        """Nothing to judge."""


def names_tenant(condition: Any) -> bool:
    """Tell whether a filter holds for one tenant only."""
    if not isinstance(condition, Mapping):
        return False
    wanted = condition.get("tenant")
    if isinstance(wanted, Mapping) and list(wanted) == ["$eq"]:
        wanted = wanted["$eq"]
    return isinstance(wanted, str) or any(names_tenant(part) for part in condition.get("$and", ()))


def _all(conditions: Iterable[Any]) -> bool:
    return all(names_tenant(condition) for condition in conditions)


def _pipeline(stages: Sequence[Command]) -> bool:
    first: Command = next(iter(stages), {})
    return names_tenant(first.get("$match")) and not any(stage.keys() & set(ELSEWHERE) for stage in stages)


def _is_feed(command: Command) -> bool:
    return command.get("aggregate") == 1 and "$changeStream" in next(iter(command["pipeline"]), {})


JUDGES: Mapping[str, Callable[[Command], bool]] = {
    "aggregate": lambda command: _pipeline(command["pipeline"]),
    "bulkWrite": lambda command: False,  # one command for many collections (MongoDB 8), which the store does not use
    "count": lambda command: names_tenant(command.get("query")),
    "delete": lambda command: _all(delete["q"] for delete in command["deletes"]),
    "distinct": lambda command: names_tenant(command.get("query")),
    "explain": lambda command: False,  # judged by what it explains
    "find": lambda command: names_tenant(command.get("filter")),
    "findAndModify": lambda command: names_tenant(command.get("query")),
    "insert": lambda command: _all(command["documents"]),
    "mapReduce": lambda command: False,
    "update": lambda command: _all(update["q"] for update in command["updates"]),
}
