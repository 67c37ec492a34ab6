"""Bad policies: refused with the place of the fault and what to do, and nothing is stored or evaluated."""

import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

import pytest

from tests.gql import mutations
from tests.gql.world import World

Given = object | Callable[[World, World], object]

BASE: Mapping[str, Given] = {"key": "mine", "template": "custom", "on": "kpi", "when": {"is": mutations.STALE}}
SAVE = mutations.document("savePolicy")
PREVIEW = "query($input: PolicyInput!) { previewPolicy(input: $input) { asked } }"
STORED = "The text holds a character that cannot be stored"


def is_(name: str, op: str, **value: object) -> dict[str, object]:
    """Return a comparison as the API takes it."""
    return {"is": {"field": name, "op": op, **({"value": value} if value else {})}}


def bad(label: str, said: str, code: str, *field: str, **faults: Given) -> Any:
    """One row: a policy with `faults` is refused with `code` at `field`, in a sentence that holds `said`."""
    return pytest.param(faults, code, ["policy", *field], said, id=label)


def bad_when(label: str, said: str, code: str, *field: str, when: object, on: str = "kpi") -> Any:
    """One row on a condition; `field` lies below it."""
    return bad(label, said, code, "when", *field, when=when, on=on)


@asynccontextmanager
async def quiet(world: World) -> AsyncIterator[None]:
    """Assert that inside no policy is stored, nothing is evaluated and nothing at all is written."""

    async def standing() -> object:
        store = (await world.call(world.tenant)).store
        return await store.policy_versions(), await store.decisions(limit=10_000)

    before = await standing()
    async with world.untouched():
        yield
    assert await standing() == before


WHEN, IS = {"all": [is_("band", "EQ", text="red"), is_("band", "EQ", text="green")]}, ("is", "value")
SENSELESS = (
    bad_when("red and green at once", '"Band = red" and "Band = green" contradict', "NEVER_MATCHES", when=WHEN),
    bad_when(
        "less than nothing",
        '"KPIs < 0" is never true (KPIs goes from 0)',
        "NEVER_MATCHES",
        when=is_("kpis", "LT", number="0"),
        on="unit",
    ),
    bad_when(
        "known or unknown",
        '"Value is known" or "Value is not known" is always true',
        "ALWAYS_MATCHES",
        when={"any": [is_("value", "KNOWN"), is_("value", "UNKNOWN")]},
    ),
    bad_when(
        "below or not below",
        "as soon as Value is known",
        "ALWAYS_MATCHES",
        when={"any": [is_("value", "LT", number="5"), {"not": is_("value", "LT", number="5")}]},
    ),
    bad_when(
        "any number of KPIs",
        '"KPIs ≥ 0" is always true (KPIs goes from 0)',
        "ALWAYS_MATCHES",
        when=is_("kpis", "GTE", number="0"),
        on="unit",
    ),
    bad_when("an empty all", "put a comparison in it", "INVALID", when={"all": []}),
    bad_when("an empty any", "put a comparison in it", "INVALID", when={"any": []}),
    bad_when("an empty part", "put a comparison in it", "INVALID", "not", when={"not": {"any": []}}),
)
TOO_LARGE = (
    bad_when(
        "10,000 clauses",
        "at most 200 clauses; split it",
        "TOO_COMPLEX",
        when={"any": [{"is": mutations.STALE}] * 10_000},
    ),
    bad_when(
        "10,000 clauses in groups of 100",
        "at most 200 clauses; split it",
        "TOO_COMPLEX",
        when={"all": [{"any": [{"is": mutations.STALE}] * 100}] * 100},
    ),
    bad_when(
        "13 groups",
        "at most 12 groups of all or any; split it",
        "TOO_COMPLEX",
        when={"all": [{"any": [is_("band", "EQ", text="red")]}] * 12},
    ),
    bad_when("21 deep", "at most 20 levels of nesting; split it", "TOO_COMPLEX", when=mutations.nested(21)),
    bad_when(
        "in 200 values",
        "at most 24 alternatives (each branch of any and each value of in is one, and all multiplies them); split it",
        "TOO_COMPLEX",
        when=is_("level", "IN", texts=[f"level {at}" for at in range(200)]),
    ),
    bad_when(
        "in 201 values",
        "at most 200 values; this has 201",
        "TOO_COMPLEX",
        *IS,
        when=is_("level", "IN", texts=[f"level {at}" for at in range(201)]),
    ),
)
MISTYPED = (
    bad_when("an unknown field", 'Did you mean "band"?', "UNKNOWN_FIELD", "is", "field", when=is_("bnad", "KNOWN")),
    bad_when(
        "an unknown field to compare with",
        'Did you mean "target"?',
        "UNKNOWN_FIELD",
        *(*IS, "field"),
        when=is_("value", "LT", field="tarket"),
    ),
    bad_when("below red", "use one of eq, ne, in", "WRONG_TYPE", "is", "op", when=is_("band", "LT", text="red")),
    bad_when("in numbers", "use one of lt, lte", "WRONG_TYPE", "is", "op", when=is_("value", "IN", numbers=["1"])),
    bad_when("a text for a number", "compare it with one", "WRONG_TYPE", *IS, when=is_("value", "GT", text="5")),
    bad_when("yes for a number", "compare it with one", "WRONG_TYPE", *IS, when=is_("value", "EQ", flag=True)),
    bad_when("1 for yes", "compare it with one", "WRONG_TYPE", *IS, when=is_("breached", "EQ", number="1")),
    bad_when("no such choice", 'Did you mean "amber"?', "INVALID", *IS, when=is_("band", "EQ", text="ambre")),
    bad_when(
        "a date compared with a number",
        'is a day, and this is not one; compare it with one, such as "2026-07-01"',
        "WRONG_TYPE",
        *IS,
        when=is_("deadline", "LT", number="20000"),
        on="objective",
    ),
    bad_when(
        "a date compared with a number of the same fact",
        "compare like with like",
        "WRONG_TYPE",
        *(*IS, "field"),
        when=is_("deadline", "LT", field="days_to_deadline"),
        on="key_result",
    ),
    bad_when(
        "a number compared with a date",
        "compare it with one",
        "WRONG_TYPE",
        *IS,
        when=is_("days_to_deadline", "LT", day="2026-07-01"),
        on="unit",
    ),
    bad_when(
        "a date between numbers",
        'such as "2026-07-01"',
        "WRONG_TYPE",
        *IS,
        when=is_("deadline", "BETWEEN", numbers=["1", "2"]),
        on="unit",
    ),
    bad_when(
        "swapped ends", "takes the lower end first", "INVALID", *IS, when=is_("value", "BETWEEN", numbers=["2", "1"])
    ),
    bad_when("one end", "takes a list of 2 values", "INVALID", *IS, when=is_("value", "BETWEEN", number="1")),
    bad_when("no value", "use known or unknown", "INVALID", *IS, when=is_("value", "LT")),
    bad_when("known to be 3", '"known" takes no value', "INVALID", *IS, when=is_("value", "KNOWN", number="3")),
    bad_when(
        "no such parameter",
        "Add it to the parameters, or write the value itself",
        "INVALID",
        *(*IS, "param"),
        when=is_("value", "LT", param="limit"),
    ),
    bad(
        "nearly such a parameter",
        'Did you mean "limit"?',
        "INVALID",
        *("when", *IS, "param"),
        when=is_("value", "LT", param="limt"),
        params=[{"name": "limit", "value": "3"}],
    ),
    bad("an unknown kind", 'Did you mean "objective"?', "INVALID", "on", on="objectiv"),
)
NAMES = (
    bad(
        "another tenant's unit",
        "There is no such unit.",
        "NOT_FOUND",
        *("scope", "unitIds", "0"),
        scope=lambda _, globex: {"unitIds": [globex.team]},
    ),
    bad(
        "another tenant's unit beside one's own, exempt",
        "There is no such unit.",
        "NOT_FOUND",
        *("scope", "exemptIds", "1"),
        scope=lambda acme, globex: {"exemptIds": [acme.core, globex.core]},
    ),
    bad(
        "another tenant's cycle",
        "There is no such cycle.",
        "NOT_FOUND",
        *("scope", "cycleIds", "0"),
        scope=lambda _, globex: {"cycleIds": [globex.cycles["2026 Q3"]]},
    ),
    bad("NUL in a name", STORED, "INVALID", "name", name="a\0b"),
    bad("NUL in a level", STORED, "INVALID", *("scope", "levels", "0"), scope={"levels": ["a\0b"]}),
    bad_when("NUL in a value", STORED, "INVALID", *IS, when=is_("level", "EQ", text="a\0b")),
    bad_when("NUL in a list", STORED, "INVALID", "not", *IS, when={"not": is_("level", "IN", texts=["team", "a\0b"])}),
)


@pytest.mark.parametrize(("faults", "code", "field", "said"), [*SENSELESS, *TOO_LARGE, *MISTYPED, *NAMES])
async def test_a_bad_policy_is_refused_and_nothing_comes_of_it(
    acme: World, globex: World, faults: Mapping[str, Given], code: str, field: list[str], said: str
) -> None:
    policy = {name: value(acme, globex) if callable(value) else value for name, value in {**BASE, **faults}.items()}
    admin = acme.speaker("hr_admin")

    async with quiet(acme):
        error = mutations.only_error((await admin.data(SAVE, input={"policy": policy}))["savePolicy"])
        previewed = await admin.ask(PREVIEW, input=policy)

    assert (error["code"], error["field"], said in error["message"]) == (code, field, True), error
    assert previewed["data"] is None
    assert [each["message"] for each in previewed["errors"]] == [error["message"]]


@pytest.mark.parametrize(
    ("when", "said"),
    [
        pytest.param(mutations.nested(500), "nested too deeply", id="500 deep"),
        pytest.param(is_("value", "GT", number="1e400"), "too large; give it in a larger unit", id="1e400"),
        pytest.param(is_("value", "GT", number="-1e400"), "too large; give it in a larger unit", id="-1e400"),
        pytest.param(is_("value", "GT", number="Infinity"), "Decimal is a finite number", id="infinity"),
        pytest.param(is_("value", "GT", number="NaN"), "Decimal is a finite number", id="not a number"),
        pytest.param(is_("value", "GT", number="1", text="1"), "exactly one key", id="two values"),
        pytest.param(is_("deadline", "GT", day="2026-02-30"), "Date is a day like 2026-07-01", id="30 February"),
        pytest.param(is_("value", "ABOVE", number="1"), "ABOVE", id="an unknown operator"),
        pytest.param({"all": [], "any": []}, "exactly one key", id="two groups"),
        pytest.param({}, "exactly one key", id="nothing"),
        pytest.param({"all": None}, "must be non-null", id="null"),
    ],
)
async def test_what_the_schema_does_not_take_is_an_error_and_nothing_comes_of_it(
    acme: World, when: object, said: str
) -> None:
    admin, policy = acme.speaker("hr_admin"), {**BASE, "when": when}

    async with quiet(acme):
        answers = [await admin.ask(SAVE, input={"policy": policy}), await admin.ask(PREVIEW, input=policy)]

    for answer in answers:
        (error,) = answer["errors"]
        assert error["extensions"]["code"] == "BAD_USER_INPUT"
        assert said in error["message"]
        assert not answer.get("data")


def written(when: object) -> str:
    """Return a condition as it is written inside a document."""
    match when:
        case {"is": {"field": field}}:
            return f'{{is: {{field: "{field}", op: KNOWN}}}}'
        case dict():
            ((name, part),) = when.items()
            return f"{{{name}: {written(part)}}}"
        case list():
            return f"[{', '.join(written(part) for part in when)}]"
        case _:
            raise TypeError(when)


@pytest.mark.parametrize(
    ("when", "code", "said"),
    [
        pytest.param(mutations.nested(21), "TOO_COMPLEX", "at most 20 levels of nesting; split it", id="21 deep"),
        pytest.param(
            {"any": [{"is": mutations.STALE}] * 201}, "TOO_COMPLEX", "at most 200 clauses; split it", id="201 clauses"
        ),
        pytest.param(mutations.nested(500), "GRAPHQL_PARSE_FAILED", "nested", id="500 deep"),
        pytest.param(
            {"any": [{"is": mutations.STALE}] * 10_000}, "GRAPHQL_PARSE_FAILED", "10000 tokens", id="10,000 clauses"
        ),
    ],
)
async def test_a_condition_in_the_document_itself_is_held_to_the_same(
    acme: World, when: object, code: str, said: str
) -> None:
    policy = f'{{key: "mine", template: "custom", on: "kpi", when: {written(when)}}}'
    document = f"mutation {{ savePolicy(input: {{policy: {policy}}}) {{ policy {{ id }} {mutations.ERRORS} }} }}"

    async with quiet(acme):
        answer = await acme.speaker("hr_admin").ask(document)

    if "errors" in answer:
        (error,) = answer["errors"]
        found = error["extensions"]["code"], error["message"]
    else:
        error = mutations.only_error(answer["data"]["savePolicy"])
        found = error["code"], error["message"]
    assert (found[0], said in found[1]) == (code, True), found


@pytest.mark.parametrize(
    ("number", "text"),
    [
        pytest.param("Infinity", "a", id="infinity"),
        pytest.param("NaN", "a", id="not a number"),
        pytest.param("1e400", "a", id="1e400"),
        pytest.param("1", r"\ud800", id="half a surrogate pair"),
    ],
)
async def test_what_json_cannot_say_is_no_request(acme: World, number: str, text: str) -> None:
    policy = {**BASE, "name": "TEXT", "when": is_("value", "GT", number="NUMBER")}
    body = json.dumps({"query": SAVE, "variables": {"input": {"policy": policy}}})
    body = body.replace('"NUMBER"', number).replace('"TEXT"', f'"{text}"')
    headers = {"Authorization": f"Bearer {acme.speaker('hr_admin').token}", "Content-Type": "application/json"}

    async with quiet(acme):
        answer = await acme.http.post("/graphql/", content=body, headers=headers)

    (error,) = answer.json()["errors"]
    assert (answer.status_code, error["message"]) == (400, "This is not JSON in UTF-8.")


async def test_parameters_that_leave_nothing_out_are_refused_like_a_condition(acme: World) -> None:
    policy = {
        **BASE,
        "on": "objective",
        "when": {"any": [is_("key_results_live", "LT", param="min"), is_("key_results_live", "GT", param="max")]},
        "params": [{"name": "min", "value": "5"}, {"name": "max", "value": "2"}],
    }

    async with quiet(acme):
        answer = await acme.speaker("hr_admin").data(SAVE, input={"policy": policy})

    error = mutations.only_error(answer["savePolicy"])
    assert (error["code"], error["field"]) == ("ALWAYS_MATCHES", ["policy", "when"])
    assert '"Live key results < 5" or "Live key results > 2" is always true' in error["message"]
