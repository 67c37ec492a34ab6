"""Ids that name nothing: whatever is wrong with one, the answer is the same, and nobody learns what is elsewhere."""

from collections.abc import Mapping

import pytest

from tests.gql import mutations
from tests.gql.world import World

UNKNOWN = "obj_aaaaaaaaaaaaaaaaaaaa"
MALFORMED = ("", "kr_", "obj_" + "x" * 500, "acme:obj_x", "a\0b")


def kinds(world: World) -> Mapping[str, str]:
    """Return the id of one of each kind in a company."""
    return {
        "unit": world.other,
        "person": world.people["viewer"],
        "cycle": world.cycles["2026 Q4"],
        "objective": world.sales,
        "key result": world.sales_result,
        "kpi": world.revenue,
        "recommendation": world.sales_advice,
        "waiver": world.waiver,
    }


@pytest.mark.parametrize(
    ("name", "path", "fits"),
    [
        pytest.param(name, path, fits, id=f"{name}.{path}")
        for name, path, *fits in (
            ("recordCheckIn", "keyResultId", "key result"),
            ("recordCheckIn", "supersedesId"),
            ("recordKpiReadings", "readings.0.kpiId", "kpi"),
            ("createOrgUnit", "parentId", "unit"),
            ("createOrgUnit", "leadId", "person"),
            ("moveOrgUnit", "id", "unit"),
            ("moveOrgUnit", "parentId", "unit"),
            ("createObjective", "unitId", "unit"),
            ("createObjective", "cycleId", "cycle"),
            ("createObjective", "ownerId", "person"),
            ("createObjective", "supportsId", "objective", "key result"),
            ("createObjective", "contributes.0.toId", "objective", "key result"),
            ("createObjective", "dependsOnIds.0", "objective", "key result"),
            ("createObjective", "addressesIds.0", "kpi"),
            ("createObjective", "keyResults.0.measuresId", "kpi"),
            ("createObjective", "keyResults.0.ownerId", "person"),
            ("updateObjective", "id", "objective"),
            ("updateObjective", "unitId", "unit"),
            ("updateObjective", "cycleId", "cycle"),
            ("updateObjective", "ownerId", "person"),
            ("updateObjective", "supportsId", "objective", "key result"),
            ("updateObjective", "contributes.0.toId", "objective", "key result"),
            ("updateObjective", "dependsOnIds.0", "objective", "key result"),
            ("updateObjective", "addressesIds.0", "kpi"),
            ("closeObjective", "id", "objective"),
            ("createKpi", "unitId", "unit"),
            ("createKpi", "accountableId", "unit"),
            ("createKpi", "reporterId", "person"),
            ("createKpi", "parentId", "kpi"),
            ("updateKpi", "id", "kpi"),
            ("updateKpi", "accountableId", "unit"),
            ("updateKpi", "reporterId", "person"),
            ("updateKpi", "parentId", "kpi"),
            ("savePolicy", "policy.scope.unitIds.0", "unit"),
            ("savePolicy", "policy.scope.exemptIds.0", "unit"),
            ("savePolicy", "policy.scope.cycleIds.0", "cycle"),
            ("acceptRecommendation", "id", "recommendation"),
            ("dismissRecommendation", "id", "recommendation"),
            ("snoozeRecommendation", "id", "recommendation"),
            ("grantWaiver", "target.unitId", "unit"),
            ("endWaiver", "id", "waiver"),
        )
    ],
)
async def test_an_unknown_id_a_foreign_one_and_one_of_another_kind_are_one(
    acme: World, globex: World, name: str, path: str, fits: list[str]
) -> None:
    given = mutations.good(acme, name)
    if path.startswith("keyResults"):
        given = mutations.put(given, "keyResults.0", {"title": "Key result", "type": "BOOLEAN"})
    speaker = acme.speaker("hr_admin")
    other_kinds = [key for kind, key in kinds(acme).items() if kind not in fits]
    expected = {"code": "NOT_FOUND", "field": path.split(".")}
    said = set()
    async with acme.untouched():
        for wrong in (UNKNOWN, *MALFORMED, *other_kinds, *kinds(globex).values()):
            error = mutations.only_error(await mutations.done(speaker, name, mutations.put(given, path, wrong)))
            said.add(error.pop("message"))
            assert error == expected, wrong
    assert len(said) == 1, said


@pytest.mark.parametrize(
    ("name", "path", "beyond"),
    [
        pytest.param("recordCheckIn", "keyResultId", "sales_result", id="a check-in"),
        pytest.param("recordKpiReadings", "readings.0.kpiId", "revenue", id="a reading"),
        pytest.param("createObjective", "unitId", "other", id="a goal in another team"),
        pytest.param("createObjective", "supportsId", "top", id="a goal under the company's"),
        pytest.param("createObjective", "contributes.0.toId", "sales", id="a contribution"),
        pytest.param("createObjective", "dependsOnIds.0", "sales", id="a dependency"),
        pytest.param("createObjective", "addressesIds.0", "revenue", id="an attack on another team's KPI"),
        pytest.param("createObjective", "keyResults.0.measuresId", "revenue", id="a measure of another team's KPI"),
        pytest.param("updateObjective", "id", "sales", id="another team's goal"),
        pytest.param("updateObjective", "unitId", "other", id="a goal moved to another team"),
        pytest.param("closeObjective", "id", "sales", id="another team's goal closed"),
        pytest.param("createKpi", "unitId", "other", id="a KPI in another team"),
        pytest.param("createKpi", "accountableId", "other", id="another team accountable"),
        pytest.param("createKpi", "parentId", "revenue", id="driving another team's KPI"),
        pytest.param("updateKpi", "id", "revenue", id="another team's KPI"),
        pytest.param("acceptRecommendation", "id", "sales_advice", id="another team's recommendation accepted"),
        pytest.param("dismissRecommendation", "id", "sales_advice", id="another team's recommendation dismissed"),
        pytest.param("snoozeRecommendation", "id", "sales_advice", id="another team's recommendation put off"),
    ],
)
async def test_what_is_beyond_ones_subtree_is_not_there(acme: World, name: str, path: str, beyond: str) -> None:
    given = mutations.good(acme, name)
    if path.startswith("keyResults"):
        given = mutations.put(given, "keyResults.0", {"title": "Key result", "type": "BOOLEAN"})
    lead = acme.speaker("lead")
    unknown = await mutations.refused(acme, lead, name, mutations.put(given, path, UNKNOWN))
    invisible = await mutations.refused(acme, lead, name, mutations.put(given, path, getattr(acme, beyond)))
    assert invisible == unknown
    assert (unknown["code"], unknown["field"]) == ("NOT_FOUND", path.split("."))


async def test_a_foreign_administrator_does_not_learn_what_units_there_are(acme: World) -> None:
    admin = acme.speaker("team-admin")
    for name, path in (
        ("createOrgUnit", "parentId"),
        ("moveOrgUnit", "id"),
        ("moveOrgUnit", "parentId"),
        ("savePolicy", "policy.scope.unitIds.0"),
        ("savePolicy", "policy.scope.exemptIds.0"),
        ("grantWaiver", "target.unitId"),
    ):
        given = mutations.good(acme, name)
        unknown = await mutations.refused(acme, admin, name, mutations.put(given, path, UNKNOWN))
        invisible = await mutations.refused(acme, admin, name, mutations.put(given, path, acme.other))
        assert (unknown["code"], unknown["field"]) == ("NOT_FOUND", path.split("."))
        assert invisible == unknown
