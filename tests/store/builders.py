"""Builders of what only the store knows, and a listener that keeps the commands it saw."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from pymongo.monitoring import CommandFailedEvent, CommandListener, CommandStartedEvent, CommandSucceededEvent

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
from okr.waiver import Waiver, WaiverKind
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


def waiver(key: str = "wai_1", **parts: Any) -> Waiver:
    """A waiver of the breach policy for the company's uptime, until the end of September."""
    given: dict[str, Any] = {
        "policy": "pol_breach",
        "subject": Subject(kind="kpi", key="kpi_uptime"),
        "kind": WaiverKind.MITIGATED,
        "reason": "The second data centre answers",
        "approved_by": "per_lan",
        "until": date(2026, 9, 30),
        "created_at": NOW,
    }
    return Waiver(key=key, **given | parts)


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
