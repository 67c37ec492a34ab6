"""Builders of what only the store knows, and a listener that keeps the commands it saw."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from pymongo.monitoring import CommandFailedEvent, CommandListener, CommandStartedEvent, CommandSucceededEvent

from okr.kpi import Episode
from okr.policy import Policy, PolicyState, Severity
from okr.recommendation import (
    Action,
    Evidence,
    Finding,
    Proposal,
    Recommendation,
    RecommendationState,
    Subject,
)
from okr.text import Text
from store.change import Change, Reply
from tests.okr.builders import NOW


class Watcher(CommandListener):
    """Keeps every command with its name."""

    def __init__(self) -> None:
        self.commands: list[tuple[str, Mapping[str, Any]]] = []

    def named(self, *names: str) -> list[Mapping[str, Any]]:
        """Return the commands of these names, in order."""
        return [command for name, command in self.commands if name in names]

    def started(self, event: CommandStartedEvent) -> None:
        """Keep it."""
        self.commands.append((event.command_name, event.command))

    def succeeded(self, event: CommandSucceededEvent) -> None:
        """Nothing to keep."""

    def failed(self, event: CommandFailedEvent) -> None:
        """Nothing to keep."""


def change(operation: str = "test", *, by: str = "per_lan", at: datetime = NOW, **parts: Any) -> Change:
    """A change by Lan at noon of 15 August."""
    return Change(operation=operation, by=by, at=at, **parts)


def reply(key: str = "once", *, subject: str = "per_lan", fingerprint: str = "f1", **response: object) -> Reply:
    """What was answered under the key `once`."""
    return Reply(subject=subject, key=key, fingerprint=fingerprint, response=response, at=NOW)


def policy(
    key: str = "pol_breach", version: int = 1, *, state: PolicyState = PolicyState.DRAFT, **parts: Any
) -> Policy:
    """A draft of a policy on breaches."""
    return Policy(
        key=key,
        version=version,
        state=state,
        template="kpi_breach",
        name="Breach",
        author="per_lan",
        created_at=NOW,
        **parts,
    )


def finding(
    dedupe: str = "pol_breach|kpi_uptime|",
    *,
    policy: str = "pol_breach",
    subject: str = "kpi_uptime",
    unit: str = "unit_acme",
    severity: Severity = Severity.WARNING,
) -> Finding:
    """A breach of the company's uptime."""
    return Finding(
        dedupe=dedupe,
        policy=policy,
        policy_version=1,
        subject=Subject(kind="kpi", key=subject),
        unit=unit,
        severity=severity,
        title=Text(original="Uptime is red"),
        evidence=Evidence(at=NOW, fact={"value": Decimal("93.1")}, trace={"ok": True}),
        proposal=Proposal(action=Action.CREATE_OBJECTIVE, args={"unit": unit}, text=Text(original="Recover")),
    )


def recommendation(
    key: str = "rec_1",
    *,
    state: RecommendationState = RecommendationState.OPEN,
    found: Finding | None = None,
    days: int = 0,
    version: int = 1,
    **parts: Any,
) -> Recommendation:
    """An open recommendation, first seen `days` days after noon of 15 August."""
    seen = NOW + timedelta(days=days)
    return Recommendation(
        key=key,
        state=state,
        finding=found or finding(),
        **({"first_seen": seen, "last_seen": seen} | parts),
        version=version,
    )


def episode(first: date = date(2026, 5, 1), *, kpi: str = "kpi_uptime") -> Episode:
    """An episode that began in May and lasts."""
    value = Decimal("93.1")
    return Episode(
        key=f"{kpi}:{first.isoformat()}",
        kpi=kpi,
        first=first,
        breached=first,
        start_value=value,
        worst=value,
        periods=1,
    )
