"""What an operator can switch: introspection, suggestions, and the status of documents that are not valid."""

from dataclasses import replace
from typing import Any

import pytest

from tests.gql.conftest import served
from tests.gql.test_http import STRICT, WHO, bearer, code
from tests.gql.world import World

INTROSPECTING = ("{ __schema { queryType { name } } }", '{ viewer { tenant } __type(name: "Query") { name } }')
MISSPELT = [
    pytest.param("{ viewr { tenant } }", {}, "viewer", id="a field"),
    pytest.param("{ viewer { tenent } }", {}, "tenant", id="a field below"),
    pytest.param("{ kpis(frist: 1) { nodes { id } } }", {}, "first", id="an argument"),
    pytest.param("{ kpis(filter: {bands: [REDD]}) { nodes { id } } }", {}, "RED", id="a value"),
    pytest.param("{ kpis(filter: {band: RED}) { nodes { id } } }", {}, "bands", id="a part of an input"),
    pytest.param("{ node(id: 1) { ... on Kpii { id } } }", {}, "Kpi", id="a type"),
    pytest.param(
        "query($f: KpiFilter) { kpis(filter: $f) { nodes { id } } }", {"f": {"bands": ["REDD"]}}, "RED", id="a variable"
    ),
    pytest.param(
        "query($f: KpiFilter) { kpis(filter: $f) { nodes { id } } }",
        {"f": {"band": 1}},
        "bands",
        id="a variable's part",
    ),
]


def switched(world: World, **settings: object) -> World:
    """Return the company behind a service with other settings."""
    set_so = world.runtime.settings.model_copy(update=settings)
    return replace(world, http=served(replace(world.runtime, settings=set_so)))


@pytest.mark.parametrize("document", INTROSPECTING)
async def test_introspection_is_a_switch(acme: World, document: str) -> None:
    assert "errors" not in await switched(acme).speaker("viewer").ask(document)
    refused = await switched(acme, introspection=False).speaker("viewer").ask(document)
    assert {error["extensions"]["code"] for error in refused["errors"]} == {"GRAPHQL_VALIDATION_FAILED"}
    assert "errors" not in await switched(acme, introspection=True).speaker("viewer").ask(document)


async def test_the_name_of_a_type_is_told_where_introspection_is_off(acme: World) -> None:
    told = await switched(acme, introspection=False).speaker("viewer").ask("{ viewer { __typename } }")
    assert told == {"data": {"viewer": {"__typename": "Viewer"}}}


@pytest.mark.parametrize(("document", "variables", "meant"), MISSPELT)
async def test_suggestions_are_a_switch(acme: World, document: str, variables: dict[str, Any], meant: str) -> None:
    def said(answer: Any) -> str:
        return " ".join(error["message"] for error in answer["errors"])

    helpful = said(await switched(acme).speaker("viewer").ask(document, **variables))
    assert "Did you mean" in helpful
    assert f"'{meant}'" in helpful
    silent = said(await switched(acme, suggestions=False).speaker("viewer").ask(document, **variables))
    assert "Did you mean" not in silent
    assert f"'{meant}'" not in silent


@pytest.mark.parametrize("status", [400, 422])
async def test_the_status_of_an_invalid_document_is_a_setting(acme: World, status: int) -> None:
    world = switched(acme, validation_status=status)
    asked = [("{ nope }", status, "GRAPHQL_VALIDATION_FAILED"), ("{ viewer {", 400, "GRAPHQL_PARSE_FAILED")]
    for document, expected, word in asked:
        strict = await world.http.post("/graphql", json={"query": document}, headers=bearer(world, Accept=STRICT))
        assert (strict.status_code, code(strict)) == (expected, word)
        json = await world.http.post("/graphql", json={"query": document}, headers=bearer(world))
        assert (json.status_code, code(json)) == (200, word)
    assert (await world.http.post("/graphql", json={"query": WHO}, headers=bearer(world))).status_code == 200
