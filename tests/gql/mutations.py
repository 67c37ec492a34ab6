"""Every mutation as a document, and for each an input that the company of `World` accepts."""

from collections.abc import Callable, Mapping
from typing import Any

from tests.gql.world import World
from tests.service import Client

Input = dict[str, Any]

ERRORS = "userErrors { code field message }"
SHOWN = "shown { asked matched opens resolves stays } recommendations { id }"
PAYLOADS = {
    "recordCheckIn": "checkIn { id } keyResult { id version } objective { id } progressBefore progressAfter "
    "recommendations { id }",
    "recordKpiReadings": "accepted recommendations { id }",
    "createOrgUnit": "orgUnit { id version name parent { id } }",
    "moveOrgUnit": "orgUnit { id version parent { id } }",
    "createObjective": "objective { id version title state keyResults { id title } }",
    "updateObjective": "objective { id version title state }",
    "closeObjective": "objective { id version state final { progress note } }",
    "createKpi": "kpi { id version name }",
    "updateKpi": "kpi { id version name }",
    "savePolicy": "policy { id version state mode }",
    "publishPolicy": f"policy {{ id version state mode }} {SHOWN}",
    "rollBackPolicy": f"policy {{ id version state note }} {SHOWN}",
    "retirePolicy": "policy { id version state }",
    "acceptRecommendation": "recommendation { id state version } created { id }",
    "dismissRecommendation": "recommendation { id state version }",
    "snoozeRecommendation": "recommendation { id state version until }",
    "grantWaiver": "waiver { id version policyKey active }",
    "endWaiver": "waiver { id version policyKey active }",
}
NAMES = tuple(PAYLOADS)
STALE = {"field": "missing_periods", "op": "GT", "value": {"number": "2"}}


def document(name: str) -> str:
    """Return the document of a mutation."""
    kind = f"{name[0].upper()}{name[1:]}Input"
    return f"mutation($input: {kind}!) {{ {name}(input: $input) {{ {PAYLOADS[name]} {ERRORS} }} }}"


async def done(client: Client, name: str, given: Mapping[str, object]) -> Any:  # what JSON holds
    """Carry out a mutation and return its payload."""
    return (await client.data(document(name), input=given))[name]


async def refused(world: World, client: Client, name: str, given: Mapping[str, object]) -> dict[str, Any]:
    """Return the one userError of a mutation that must be refused: nothing is written, and nothing else is said."""
    async with world.untouched():
        return only_error(await done(client, name, given))


def only_error(payload: dict[str, Any]) -> dict[str, Any]:
    """Return the one userError of a payload that must hold nothing else."""
    (error,) = payload.pop("userErrors")
    assert not any(payload.values()), payload
    assert error["message"].endswith((".", "?")), error
    found: dict[str, Any] = error
    return found


def good(world: World, name: str) -> Input:
    """Return an input that the mutation accepts from the lead of the team, or from HR where that takes HR."""
    return GOOD[name](world)


GOOD: Mapping[str, Callable[[World], Input]] = {
    "recordCheckIn": lambda w: {"keyResultId": w.results["number"], "value": "4", "confidence": 7, "note": "Steady"},
    "recordKpiReadings": lambda w: {"readings": [{"kpiId": w.quality, "period": "2026-07-01", "value": "98"}]},
    "createOrgUnit": lambda w: {"name": "Edge", "kind": "team", "parentId": w.team},
    "moveOrgUnit": lambda w: {"id": w.core, "parentId": w.other},
    "createObjective": lambda w: {"title": "Faster", "unitId": w.team, "cycleId": w.cycles["2026 Q3"]},
    "updateObjective": lambda w: {"id": w.main, "title": "Never ever down"},
    "closeObjective": lambda w: {"id": w.main, "note": "Learned"},
    "createKpi": lambda w: {"name": "Latency", "unitId": w.team, "measure": "ms", "direction": "LOWER"},
    "updateKpi": lambda w: {"id": w.uptime, "name": "Availability"},
    "savePolicy": lambda w: {"policy": {"key": "goal-limit", "template": "goal_limit", "mode": "BLOCK"}},
    "publishPolicy": lambda w: {"key": "kpi-count", "version": 2},
    "rollBackPolicy": lambda w: {"key": "kpi-stale", "version": 1},
    "retirePolicy": lambda w: {"key": "kpi-opportunity"},
    "acceptRecommendation": lambda w: {"id": w.advice},
    "dismissRecommendation": lambda w: {"id": w.advice, "reason": "NOT_RELEVANT", "note": "Seasonal"},
    "snoozeRecommendation": lambda w: {"id": w.advice, "until": "2026-09-01"},
    "grantWaiver": lambda w: {
        "policyKey": "missed-check-in",
        "target": {"unitId": w.team},
        "reason": "All of them are on leave",
        "until": "2026-09-01",
    },
    "endWaiver": lambda w: {"id": w.waiver, "reason": "The owner is here already"},
}
POLICY_MAKING = ("savePolicy", "publishPolicy", "rollBackPolicy", "retirePolicy")
HR = ("createOrgUnit", "moveOrgUnit", *POLICY_MAKING, "grantWaiver", "endWaiver")


def doer(world: World, name: str) -> Client:
    """Return somebody who may carry out a mutation on the team."""
    return world.speaker("hr_admin" if name in HR else "lead")


def put(given: Input, path: str, value: object) -> Input:
    """Return an input with `value` at `path` (names and positions with dots between), made where it is not there."""
    head, _, rest = path.partition(".")
    if head.isdigit():
        raise ValueError(f"{path} begins with a position")
    step, _, below = rest.partition(".")
    if step == "0":
        items = list(given.get(head) or [None])
        items[0] = put(dict(items[0] or {}), below, value) if below else value
        return {**given, head: items}
    return {**given, head: put(dict(given.get(head) or {}), rest, value) if rest else value}


def nested(depth: int) -> Input:
    """Return a condition below `depth` negations."""
    found: Input = {"is": STALE}
    for _ in range(depth):
        found = {"not": found}
    return found
