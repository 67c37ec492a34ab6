"""Bad input: refused with a code and the path of the fault, and nothing is written."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.gql import mutations
from tests.gql.world import World

Given = object | Callable[[World], object]

FIRST = "keyResults.0."
NUMBER = {"title": "Number", "type": "NUMBER", "measure": "pcs", "start": "0", "target": "10"}
MILESTONES = {"title": "Milestones", "type": "MILESTONE"}


def wrong(name: str, path: str, value: Given, code: str, /, *field: str, label: str, **more: Given) -> Any:
    """One row: what the mutation accepts, but for `value` at `path` (and `more`), is refused with `code` at `field`."""
    return pytest.param(name, {path: value, **more}, code, list(field) or None, id=f"{name}: {label}")


def check_in(path: str, value: Given, code: str, /, *field: str, label: str, on: str = "number", **more: Given) -> Any:
    """One row on the key result of type `on`; `on` names another one by its attribute where it is no type."""
    key = {"keyResultId": lambda world: world.results.get(on) or getattr(world, on)}
    return wrong("recordCheckIn", path, value, code, *field, label=label, **key, **more)


def key_result(path: str, value: Given, code: str, /, *field: str, label: str, **base: object) -> Any:
    """One row on the key result of a new objective."""
    made = {"keyResults": [{**NUMBER, **base}]}
    return wrong(
        "createObjective", FIRST + path, value, code, "keyResults", "0", *field, label=f"key result, {label}", **made
    )


def policy(path: str, value: Given, code: str, /, *field: str, label: str, **more: Given) -> Any:
    """One row on a policy of one's own."""
    base: dict[str, Given] = {
        "policy": {"key": "mine", "template": "custom", "on": "kpi", "when": {"is": mutations.STALE}}
    }
    inner = {f"policy.{name}": value for name, value in more.items()}
    at = ("policy", *field) if field else ()
    return wrong("savePolicy", f"policy.{path}", value, code, *at, label=label, **base, **inner)


CHECK_INS = (
    check_in("value", "101", "WRONG_UNIT", "value", label="more than 100 percent", on="percent"),
    check_in("value", "-1", "WRONG_UNIT", "value", label="less than 0 percent", on="percent"),
    check_in("value", None, "INVALID", "value", label="a number without a value"),
    check_in("done", True, "INVALID", "done", label="done of a number"),
    check_in("value", "1", "INVALID", "value", label="a value of a boolean", on="boolean"),
    check_in("value", None, "INVALID", "done", label="a boolean without an answer", on="boolean"),
    check_in("milestones", [5], "NOT_FOUND", "milestones", "0", label="no such milestone", on="milestone", value=None),
    check_in("milestones", [-1], "NOT_FOUND", "milestones", "0", label="milestone -1", on="milestone", value=None),
    check_in("milestones", [0, 0], "INVALID", "milestones", label="a milestone twice", on="milestone", value=None),
    check_in("confidence", 0, "INVALID", "confidence", label="confidence 0"),
    check_in("confidence", 11, "INVALID", "confidence", label="confidence 11"),
    check_in("note", "x" * 5001, "TOO_LONG", "note", label="a long note"),
    check_in("note", "a\0b", "INVALID", "note", label="NUL in a note"),
    check_in("at", "2026-08-15T12:00:01Z", "IN_FUTURE", "at", label="one second ahead"),
    check_in("at", "9998-01-01T00:00:00Z", "IN_FUTURE", "at", label="in the year 9998"),
    check_in("at", "2026-07-04T23:59:59Z", "OUTSIDE_CYCLE", "at", label="before the goal began"),
    check_in("at", "0002-01-01T00:00:00Z", "OUTSIDE_CYCLE", "at", label="in the year 2"),
    check_in("value", "1", "NOT_OPEN", label="on a closed objective", on="closed_result"),
    check_in("value", "1", "CYCLE_CLOSED", label="in a closed cycle", on="old_result"),
    check_in("clientMutationId", "", "INVALID", "clientMutationId", label="an empty word"),
    check_in("clientMutationId", "x" * 201, "INVALID", "clientMutationId", label="a long word"),
)
READINGS = (
    wrong(
        "recordKpiReadings", "readings.0.period", "2026-08-16", "IN_FUTURE", "readings", "0", "period", label="tomorrow"
    ),
    wrong("recordKpiReadings", "readings.0.period", "0001-01-01", "INVALID", "readings", "0", "period", label="year 1"),
    wrong(
        "recordKpiReadings", "readings.0.period", "9999-12-31", "INVALID", "readings", "0", "period", label="year 9999"
    ),
    wrong(
        "recordKpiReadings",
        "readings",
        lambda world: [{"kpiId": world.quality, "period": "2026-07-01", "value": "98"}] * 1001,
        "TOO_LONG",
        "readings",
        label="1,001 of them",
    ),
    wrong(
        "recordKpiReadings",
        "readings",
        lambda world: [{"kpiId": key, "period": "2026-07-01", "value": "98"} for key in (world.quality, "kpi_none")],
        "NOT_FOUND",
        "readings",
        "1",
        "kpiId",
        label="one good and one bad",
    ),
)
UNITS = (
    wrong("createOrgUnit", "name", "", "INVALID", "name", label="no name"),
    wrong("createOrgUnit", "name", " \t\n", "INVALID", "name", label="a name of blanks"),
    wrong("createOrgUnit", "name", "x" * 201, "TOO_LONG", "name", label="a long name"),
    wrong("createOrgUnit", "name", "a\0b", "INVALID", "name", label="NUL in a name"),
    wrong("createOrgUnit", "nameVi", "x" * 201, "TOO_LONG", "nameVi", label="a long Vietnamese name"),
    wrong("createOrgUnit", "kind", "Team A", "INVALID", "kind", label="a kind of two words"),
    wrong("createOrgUnit", "zone", "Mars/Base", "INVALID", "zone", label="a zone on Mars"),
    wrong("createOrgUnit", "zone", "../../etc/passwd", "INVALID", "zone", label="a zone that is a path"),
    wrong(
        "moveOrgUnit",
        "id",
        lambda world: world.team,
        "WOULD_CYCLE",
        "parentId",
        label="under its own child",
        parentId=lambda w: w.core,
    ),
    wrong("moveOrgUnit", "parentId", lambda world: world.core, "WOULD_CYCLE", "parentId", label="under itself"),
    wrong("moveOrgUnit", "id", lambda world: world.company, "INVALID", label="the root"),
    wrong("moveOrgUnit", "expectedVersion", 9, "CONFLICT", "expectedVersion", label="another version"),
)
OBJECTIVES = (
    wrong("createObjective", "title", "", "INVALID", "title", label="no title"),
    wrong("createObjective", "title", "x" * 900_000, "TOO_LONG", "title", label="a title of 900,000 characters"),
    wrong("createObjective", "description", "x" * 5001, "TOO_LONG", "description", label="a long description"),
    wrong(
        "createObjective",
        "cycleId",
        lambda w: w.cycles["2026 Q1"],
        "CYCLE_CLOSED",
        "cycleId",
        label="in a closed cycle",
    ),
    wrong("createObjective", "state", "CLOSED", "NOT_OPEN", "state", label="closed from the beginning"),
    wrong(
        "createObjective",
        "contributes",
        lambda w: [{"toId": w.main, "share": "1.1"}],
        "INVALID",
        "contributes",
        "0",
        "share",
        label="a share above 1",
    ),
    wrong(
        "createObjective",
        "contributes",
        lambda w: [{"toId": w.main, "share": "-0.1"}],
        "INVALID",
        "contributes",
        "0",
        "share",
        label="a negative share",
    ),
    wrong(
        "createObjective",
        "contributes",
        lambda w: [{"toId": key, "share": "0.6"} for key in (w.main, w.draft)],
        "INVALID",
        "contributes",
        label="shares above 1 together",
    ),
    wrong(
        "createObjective",
        "contributes",
        lambda w: [{"toId": w.main}, {"toId": w.main}],
        "DUPLICATE",
        "contributes",
        label="a contribution twice",
    ),
    wrong(
        "createObjective",
        "contributes",
        lambda w: [{"toId": w.main}],
        "DUPLICATE",
        "contributes",
        "0",
        "toId",
        label="a contribution to what it supports",
        supportsId=lambda w: w.main,
    ),
    wrong("createObjective", "addressesIds", ["kpi_x"] * 101, "TOO_LONG", "addressesIds", label="101 KPIs"),
    wrong(
        "createObjective",
        "keyResults",
        [{**NUMBER, "title": f"{n}"} for n in range(101)],
        "TOO_LONG",
        "keyResults",
        label="101 key results",
    ),
    key_result("target", "0", "START_EQUALS_TARGET", "target", label="nothing to change"),
    key_result("target", None, "INVALID", "target", label="no target"),
    key_result("title", "", "INVALID", "title", label="no title"),
    key_result("weight", "-1", "INVALID", "weight", label="a negative weight"),
    key_result("direction", "LOWER", "WRONG_DIRECTION", "direction", label="down from 0 to 10"),
    key_result("target", "101", "WRONG_UNIT", "target", label="to 101 percent", type="PERCENT", measure="%"),
    key_result("measure", "Euro", "WRONG_UNIT", "measure", label="a currency without a code", type="CURRENCY"),
    key_result(
        "measuresId", lambda w: w.uptime, "WRONG_UNIT", "measure", label="pieces of a KPI in percent", measure="pcs"
    ),
    key_result("start", "1", "INVALID", "start", label="a boolean with a start", type="BOOLEAN"),
    wrong(
        "createObjective",
        "keyResults",
        [{**MILESTONES, "milestones": [{"name": "One", "weight": "-1"}]}],
        "INVALID",
        *("keyResults", "0", "milestones", "0", "weight"),
        label="a milestone of negative weight",
    ),
    wrong(
        "createObjective",
        "keyResults",
        [{**MILESTONES, "milestones": [{"name": "One"}, {"name": ""}]}],
        "INVALID",
        *("keyResults", "0", "milestones", "1", "name"),
        label="a milestone without a name",
    ),
    wrong(
        "createObjective",
        "keyResults",
        [{**MILESTONES, "milestones": [{"name": "One"}] * 101}],
        "TOO_LONG",
        *("keyResults", "0", "milestones"),
        label="101 milestones",
    ),
    wrong(
        "createObjective",
        "keyResults",
        [{"title": "Hold", "type": "MAINTAIN", "low": "2", "high": "1"}],
        "WRONG_BOUNDS",
        *("keyResults", "0", "low"),
        label="a band upside down",
    ),
    wrong("updateObjective", "supportsId", lambda w: w.draft, "SECOND_PARENT", "supportsId", label="a second parent"),
    wrong("updateObjective", "supportsId", lambda w: w.main, "WOULD_CYCLE", "supportsId", label="under itself"),
    wrong(
        "updateObjective",
        "supportsId",
        lambda w: w.results["number"],
        "WOULD_CYCLE",
        "supportsId",
        label="under its own key result",
        replaceParent=True,
    ),
    wrong(
        "updateObjective", "dependsOnIds", lambda w: [w.main], "WOULD_CYCLE", "dependsOnIds", label="waits for itself"
    ),
    wrong("updateObjective", "state", "CLOSED", "INVALID", "state", label="closed by an update"),
    wrong("updateObjective", "id", lambda w: w.closed, "NOT_OPEN", "id", label="a closed one"),
    wrong("updateObjective", "id", lambda w: w.old, "CYCLE_CLOSED", "id", label="one in a closed cycle"),
    wrong("updateObjective", "titleVi", "Mới", "INVALID", "titleVi", label="a translation alone", title=None),
    wrong("updateObjective", "expectedVersion", 9, "CONFLICT", "expectedVersion", label="another version"),
    wrong("closeObjective", "id", lambda w: w.closed, "NOT_OPEN", "id", label="a closed one"),
    wrong("closeObjective", "note", "x" * 5001, "TOO_LONG", "note", label="a long note"),
    wrong("closeObjective", "expectedVersion", 9, "CONFLICT", "expectedVersion", label="another version"),
)
KPIS = (
    wrong("createKpi", "name", "", "INVALID", "name", label="no name"),
    wrong("createKpi", "measure", "x" * 41, "TOO_LONG", "measure", label="a long unit of measure"),
    wrong("createKpi", "weight", "-1", "INVALID", "weight", label="a negative weight"),
    wrong("createKpi", "since", "0001-01-01", "INVALID", "since", label="since the year 1"),
    wrong("createKpi", "since", "9999-12-31", "INVALID", "since", label="since the year 9999"),
    wrong("createKpi", "rule", {"bad": 0}, "INVALID", "rule", label="a breach after nothing"),
    wrong(
        "createKpi", "target", {"validFrom": "2026-01-01"}, "WRONG_BOUNDS", "target", label="a target without a number"
    ),
    wrong(
        "createKpi",
        "target",
        {"validFrom": "2026-01-01", "target": "5", "redBound": "4"},
        "WRONG_BOUNDS",
        *("target", "redBound"),
        label="red better than green",
    ),
    wrong(
        "createKpi",
        "target",
        {"validFrom": "9999-12-31", "target": "5"},
        "INVALID",
        *("target", "validFrom"),
        label="a target from the year 9999",
    ),
    wrong(
        "createKpi",
        "target",
        {"validFrom": "2026-01-01", "low": "1", "high": "2"},
        "WRONG_BOUNDS",
        *("target", "low"),
        label="a range of what should be low",
    ),
    wrong(
        "updateKpi",
        "target",
        {"validFrom": "2026-01-01", "target": "99"},
        "CONFLICT",
        *("target", "validFrom"),
        label="a second target from the same day",
    ),
    wrong("updateKpi", "target", {"validFrom": "2026-10-01", "target": "98"}, "WOULD_LOOSEN", label="an easier target"),
    wrong("updateKpi", "parentId", lambda w: w.uptime, "WOULD_CYCLE", "parentId", label="driving itself"),
    wrong("updateKpi", "nameVi", "Mới", "INVALID", "nameVi", label="a translation alone", name=None),
    wrong("updateKpi", "expectedVersion", 9, "CONFLICT", "expectedVersion", label="another version"),
)
POLICIES = (
    policy("key", "", "INVALID", "key", label="no key"),
    policy("key", "x" * 81, "TOO_LONG", "key", label="a long key"),
    policy("name", " ", "INVALID", "name", label="no name"),
    policy("note", "x" * 5001, "TOO_LONG", "note", label="a long note"),
    policy("template", "goal_limits", "UNKNOWN_FIELD", "template", label="an unknown template", when=None),
    policy("template", "kpi_breach", "INVALID", "when", label="a template with a condition of one's own"),
    policy("on", "kpis", "INVALID", "on", label="an unknown kind"),
    policy("when", None, "INVALID", "when", label="no condition"),
    policy("when", {"all": []}, "INVALID", "when", label="an empty group"),
    policy("when.is.field", "missing_period", "UNKNOWN_FIELD", *("when", "is", "field"), label="an unknown field"),
    policy("when.is.op", "IN", "WRONG_TYPE", *("when", "is", "op"), label="IN of a number"),
    policy("when.is.value", {"text": "2"}, "WRONG_TYPE", *("when", "is", "value"), label="a text for a number"),
    policy("when.is.value", {"param": "p"}, "INVALID", *("when", "is", "value", "param"), label="an unknown parameter"),
    policy(
        "when",
        {"all": [{"is": mutations.STALE}, {"any": [{"is": {**mutations.STALE, "field": "nope"}}]}]},
        "UNKNOWN_FIELD",
        *("when", "all", "1", "any", "0", "is", "field"),
        label="an unknown field far down",
    ),
    policy("when", mutations.nested(21), "TOO_COMPLEX", "when", label="nested 21 deep"),
    policy("when", mutations.nested(60), "TOO_COMPLEX", "when", label="nested 60 deep"),
    policy("when", {"all": [{"is": mutations.STALE}] * 201}, "TOO_COMPLEX", "when", label="201 clauses"),
    policy("when", {"all": [{"is": mutations.STALE}] * 10_000}, "TOO_COMPLEX", "when", label="10,000 clauses"),
    policy("mode", "BLOCK", "INVALID", "mode", label="to block what is not known before"),
    policy("mode", "AUTO", "INVALID", "mode", label="by itself what cannot be undone"),
    policy("hold", -1, "INVALID", "hold", label="to hold -1 days"),
    policy("clear", 366, "INVALID", "clear", label="to clear after 366 days"),
    *(
        wrong(
            "savePolicy",
            "policy.params",
            [{"name": "company_limit", "value": "5"}, param],
            code,
            *("policy", "params", "1"),
            label=label,
        )
        for param, code, label in (
            ({"name": "limits", "value": "3"}, "UNKNOWN_FIELD", "an unknown parameter of a template"),
            ({"name": "limit", "value": "0"}, "INVALID", "a parameter below its range"),
            ({"name": "limit", "value": "51"}, "INVALID", "a parameter above its range"),
            ({"name": "limit", "value": "2.5"}, "WRONG_TYPE", "two and a half goals"),
            ({"name": "limit", "text": "three"}, "WRONG_TYPE", "a number in words"),
            ({"name": "limit"}, "INVALID", "a parameter without a value"),
            ({"name": "limit", "value": "3", "text": "three"}, "INVALID", "a parameter with two values"),
        )
    ),
)
RECOMMENDATIONS = (
    *(
        wrong(name, "expectedVersion", 9, "CONFLICT", "expectedVersion", label="another version")
        for name in ("acceptRecommendation", "dismissRecommendation", "snoozeRecommendation")
    ),
    wrong("dismissRecommendation", "note", "x" * 5001, "TOO_LONG", "note", label="a long note"),
    wrong("snoozeRecommendation", "until", "2026-08-15", "INVALID", "until", label="until today"),
    wrong("snoozeRecommendation", "until", "2026-11-14", "INVALID", "until", label="for 91 days"),
    wrong("snoozeRecommendation", "until", "0001-01-01", "INVALID", "until", label="until the year 1"),
    wrong("snoozeRecommendation", "until", "9999-12-31", "INVALID", "until", label="until the year 9999"),
)


@pytest.mark.parametrize(
    ("name", "faults", "code", "field"),
    [*CHECK_INS, *READINGS, *UNITS, *OBJECTIVES, *KPIS, *POLICIES, *RECOMMENDATIONS],
)
async def test_what_breaks_a_rule_is_refused_as_data(
    acme: World, name: str, faults: dict[str, Given], code: str, field: list[str] | None
) -> None:
    given = mutations.good(acme, name)
    for path, value in reversed(faults.items()):
        given = mutations.put(given, path, value(acme) if callable(value) else value)
    error = await mutations.refused(acme, acme.speaker("boss" if name not in mutations.HR else "hr_admin"), name, given)
    assert (error["code"], error["field"]) == (code, field), error["message"]
