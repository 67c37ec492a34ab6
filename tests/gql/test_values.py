"""Values that no field takes: refused before anything is carried out, with a code, whichever way they are sent."""

from typing import Any

import orjson
import pytest

from tests.gql import mutations
from tests.gql.world import World

CHECK_IN = (
    'mutation {{ recordCheckIn(input: {{ keyResultId: "{key}", {field}: {value} }}) {{ userErrors {{ code }} }} }}'
)
READING = (
    'mutation {{ recordKpiReadings(input: {{ readings: [{{ kpiId: "{key}", period: {value}, value: "1" }}] }}) '
    "{{ userErrors {{ code }} }} }}"
)
NUMBERS = (
    pytest.param("NaN", id="not a number"),
    pytest.param("sNaN", id="a signalling NaN"),
    pytest.param("Infinity", id="infinite"),
    pytest.param("-inf", id="minus infinite"),
    pytest.param("1e999", id="1e999"),
    pytest.param("1e15", id="1e15"),
    pytest.param("9" * 35, id="35 nines"),
    pytest.param("0." + "3" * 35, id="35 digits after the point"),
    pytest.param("1e-40", id="1e-40"),
    pytest.param("1_000", id="with an underscore"),
    pytest.param("1,5", id="with a comma"),
    pytest.param(" 1", id="with a blank"),
    pytest.param("٣", id="in Arabic digits"),
    pytest.param("0x10", id="hexadecimal"),
    pytest.param("", id="empty"),
    pytest.param("9" * 5000, id="5,000 digits"),
    pytest.param(True, id="a boolean"),
    pytest.param([1], id="a list"),
    pytest.param({"$gt": 0}, id="an operator"),
    pytest.param(1e300, id="a large JSON number"),
)
DAYS = (
    pytest.param("2026-02-30", id="30 February"),
    pytest.param("2026-13-01", id="month 13"),
    pytest.param("0000-01-01", id="the year 0"),
    pytest.param("10000-01-01", id="the year 10000"),
    pytest.param("20260701", id="without hyphens"),
    pytest.param("2026-W27-1", id="a week"),
    pytest.param("2026-07-01T00:00:00Z", id="an instant"),
    pytest.param("", id="empty"),
    pytest.param(20260701, id="a number"),
)
INSTANTS = (
    pytest.param("2026-08-01T09:00:00", id="without an offset"),
    pytest.param("2026-08-01", id="a day"),
    pytest.param("2026-08-01T09:00:00+25:00", id="an offset of 25 hours"),
    pytest.param("2026-08-01T24:01:00Z", id="hour 24"),
    pytest.param("0001-01-01T00:00:00+07:00", id="before the first year"),
    pytest.param("0001-01-01T00:00:00Z", id="the first instant"),
    pytest.param("9999-12-31T23:59:59-07:00", id="after the last year"),
    pytest.param("9999-12-31T23:59:59Z", id="the last second"),
    pytest.param("20260801T090000Z", id="without separators"),
    pytest.param("now", id="a word"),
    pytest.param(1785574800, id="a number"),
)


@pytest.mark.parametrize(
    ("name", "path", "value"),
    [
        *(pytest.param("recordCheckIn", "value", *one.values, id=f"number, {one.id}") for one in NUMBERS),
        *(pytest.param("recordKpiReadings", "readings.0.period", *one.values, id=f"day, {one.id}") for one in DAYS),
        *(pytest.param("recordCheckIn", "at", *one.values, id=f"instant, {one.id}") for one in INSTANTS),
        pytest.param("recordCheckIn", "confidence", 2**31, id="a whole number of 32 bits"),
        pytest.param("recordCheckIn", "confidence", 7.5, id="half a point of confidence"),
        pytest.param("recordCheckIn", "keyResultId", {"$ne": None}, id="an operator for an id"),
        pytest.param("recordCheckIn", "keyResultId", None, id="no id"),
        pytest.param("recordCheckIn", "colour", "red", id="an unknown field"),
        pytest.param("createObjective", "state", "HAPPY", id="an unknown state"),
        pytest.param("savePolicy", "policy.when", {}, id="an empty condition"),
        pytest.param("savePolicy", "policy.when", {"all": [], "any": []}, id="two conditions in one"),
        pytest.param("savePolicy", "policy.when.is", {"field": "x", "op": "EQ", "value": {"text": None}}, id="null"),
        pytest.param("savePolicy", "policy.when", mutations.nested(500), id="a condition nested 500 deep"),
    ],
)
async def test_what_is_no_value_is_refused_as_a_variable(acme: World, name: str, path: str, value: object) -> None:
    given = mutations.put(mutations.good(acme, name), path, value)
    async with acme.untouched():
        answer = await mutations.doer(acme, name).ask(mutations.document(name), input=given)
    assert "data" not in answer
    assert [error["extensions"]["code"] for error in answer["errors"]] == ["BAD_USER_INPUT"], answer
    assert_says_nothing_of_the_machine(answer)


@pytest.mark.parametrize(
    ("document", "field", "value"),
    [
        *(pytest.param(CHECK_IN, "value", *one.values, id=f"number, {one.id}") for one in NUMBERS),
        pytest.param(CHECK_IN, "value", "1e400", id="number, 1e400 as such"),
        *(pytest.param(READING, "", *one.values, id=f"day, {one.id}") for one in DAYS),
        *(pytest.param(CHECK_IN, "at", *one.values, id=f"instant, {one.id}") for one in INSTANTS),
    ],
)
async def test_what_is_no_value_is_refused_as_a_literal(acme: World, document: str, field: str, value: object) -> None:
    literal = "{}" if isinstance(value, dict) else orjson.dumps(value).decode()
    key = acme.quality if document is READING else acme.results["number"]
    async with acme.untouched():
        answer = await acme.speaker("lead").ask(document.format(key=key, field=field, value=literal))
    assert "data" not in answer
    assert [error["extensions"]["code"] for error in answer["errors"]] == ["BAD_USER_INPUT"], answer
    assert_says_nothing_of_the_machine(answer)


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        pytest.param("1234567890123.45678901234567890123", "1234567890123.45678901234567890123", id="33 digits"),
        pytest.param("-0.0000000001", "-0.0000000001", id="small"),
        pytest.param("1e3", "1000", id="with an exponent"),
        pytest.param("7.50", "7.5", id="with a zero behind"),
        pytest.param(7.25, "7.25", id="a JSON number"),
        pytest.param("0", "0", id="nothing"),
    ],
)
async def test_a_number_is_kept_exactly(world: World, written: object, kept: str) -> None:
    client, given = world.speaker("lead"), {"keyResultId": world.results["number"], "value": written}
    assert (await mutations.done(client, "recordCheckIn", given))["userErrors"] == []
    shown = await client.data(
        "query($id: ID!) { node(id: $id) { ... on KeyResult { current } } }", id=given["keyResultId"]
    )
    assert shown == {"node": {"current": kept}}


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        pytest.param("2026-08-01T09:00:00+07:00", "2026-08-01T02:00:00.000Z", id="in Vietnam"),
        pytest.param("2026-08-01T09:00:00.123456789Z", "2026-08-01T09:00:00.123Z", id="in nanoseconds"),
        pytest.param("2026-08-01t09:00:00z", "2026-08-01T09:00:00.000Z", id="in small letters"),
    ],
)
async def test_an_instant_is_kept_to_the_millisecond(world: World, written: str, kept: str) -> None:
    answer = await world.speaker("lead").data(
        "mutation($input: RecordCheckInInput!) { recordCheckIn(input: $input) { checkIn { at } } }",
        input={"keyResultId": world.results["number"], "value": "1", "at": written},
    )
    assert answer == {"recordCheckIn": {"checkIn": {"at": kept}}}


async def test_half_a_surrogate_pair_is_no_json(acme: World) -> None:
    lead = acme.speaker("lead")
    body = orjson.dumps(
        {"query": mutations.document("closeObjective"), "variables": {"input": {"id": acme.main, "note": "here"}}}
    ).replace(b"here", rb"\ud800")
    headers = {"Authorization": f"Bearer {lead.token}", "Content-Type": "application/json"}
    async with acme.untouched():
        answer = await acme.http.post("/graphql", content=body, headers=headers)
    assert (answer.status_code, answer.json()["errors"][0]["extensions"]["code"]) == (400, "BAD_REQUEST")


async def test_half_a_surrogate_pair_is_no_literal(acme: World) -> None:
    document = (
        f'mutation {{ closeObjective(input: {{ id: "{acme.main}", note: "\\uD800" }}) {{ userErrors {{ code }} }} }}'
    )
    async with acme.untouched():
        answer = await acme.speaker("lead").ask(document)
    assert [error["extensions"]["code"] for error in answer["errors"]] == ["GRAPHQL_PARSE_FAILED"]


@pytest.mark.parametrize(
    ("path", "value", "hint"),
    [
        pytest.param("policy.when.is.field", "missing_period", '"missing_periods"', id="a field"),
        pytest.param("policy.template", "kpi_brech", '"kpi_breach"', id="a template"),
        pytest.param("policy.on", "kpis", '"kpi"', id="a kind"),
    ],
)
async def test_a_near_miss_is_told_what_was_meant(acme: World, path: str, value: str, hint: str) -> None:
    given = {"policy": {"key": "mine", "template": "custom", "on": "kpi", "when": {"is": mutations.STALE}}}
    error = await mutations.refused(acme, acme.speaker("hr_admin"), "savePolicy", mutations.put(given, path, value))
    assert error["message"].endswith(f"Did you mean {hint}?")


def assert_says_nothing_of_the_machine(answer: Any) -> None:
    """Assert that an answer names no file, no module and no exception."""
    said = orjson.dumps(answer).decode().lower()
    for word in ("traceback", "exception", "pymongo", "mongo", ".py", "/site-packages", "graphql_core", "keyerror"):
        assert word not in said, said
