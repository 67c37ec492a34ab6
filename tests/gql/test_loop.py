"""The loop through GraphQL: a KPI turns red, an objective attacks it, its success becomes the new baseline."""

from datetime import date
from typing import Any

from tests.service import Stage

CREATE_KPI = """mutation($input: CreateKpiInput!) { createKpi(input: $input) {
  kpi { id band breach { state } } userErrors { code field message } } }"""
READINGS = """mutation($input: RecordKpiReadingsInput!) { recordKpiReadings(input: $input) {
  accepted recommendations { id policyKey title } userErrors { code field message } } }"""
OPEN = """query($subject: ID) { recommendations(filter: { subjectId: $subject }) { nodes {
  id policyKey state title version blockedBy
  explanation { text clearsWhen lines { depth text outcome } }
  proposal { action text arguments { name value } } } } }"""
ACCEPT = """mutation($input: AcceptRecommendationInput!) { acceptRecommendation(input: $input) {
  recommendation { state } created { id ... on Objective { title state keyResults { id start target } } }
  userErrors { code field message } } }"""
CHECK_IN = """mutation($input: RecordCheckInInput!) { recordCheckIn(input: $input) {
  progressBefore progressAfter keyResult { status } recommendations { id policyKey title }
  userErrors { code field message } } }"""
KPI = """query($id: ID!) { node(id: $id) { ... on Kpi { band target baseline redBound
  breach { state episodes episode { first startValue } } provenance { keyResult { id } episode } } } }"""


async def test_the_loop_closes(stage: Stage) -> None:
    lead = stage.client("lead")
    stage.clock.put(date(2026, 7, 5))
    made = await lead.data(
        CREATE_KPI,
        input={
            "name": "Uptime of the registration platform",
            "unitId": stage.team,
            "accountableId": stage.team,
            "measure": "%",
            "direction": "HIGHER",
            "target": {"validFrom": "2026-01-01", "target": "99", "redBound": "90"},
            "rule": {"bad": 1, "good": 1},
            "since": "2026-01-01",
        },
    )
    assert made["createKpi"]["userErrors"] == []
    kpi = made["createKpi"]["kpi"]["id"]

    readings = [
        {"kpiId": kpi, "period": "2026-05-01", "value": "99"},
        {"kpiId": kpi, "period": "2026-06-01", "value": "50"},
    ]
    taken = (await lead.data(READINGS, input={"readings": readings}))["recordKpiReadings"]
    assert (taken["accepted"], taken["userErrors"]) == (2, [])
    (proposal,) = [one for one in taken["recommendations"] if one["policyKey"] == "kpi-breach"]

    accepted = (await lead.data(ACCEPT, input={"id": proposal["id"]}))["acceptRecommendation"]
    assert accepted["userErrors"] == []
    assert accepted["recommendation"]["state"] == "APPLIED"
    (objective,) = accepted["created"]
    (key_result,) = objective["keyResults"]
    assert (objective["state"], key_result["start"], key_result["target"]) == ("ACTIVE", "50", "99")
    assert await lead.data(OPEN, subject=kpi) == {"recommendations": {"nodes": []}}

    said: dict[str, Any] = {}
    for day, value in ((date(2026, 7, 17), "74.5"), (date(2026, 9, 18), "99"), (date(2026, 9, 25), "99.2")):
        stage.clock.put(day)
        entry = {"keyResultId": key_result["id"], "value": value, "confidence": 7}
        said = (await lead.data(CHECK_IN, input=entry))["recordCheckIn"]
        assert said["userErrors"] == []
    assert (said["progressAfter"], said["keyResult"]["status"]) == (1, "ACHIEVED")

    (promotion,) = [one for one in said["recommendations"] if one["policyKey"] == "promote-key-result"]
    promoted = (await lead.data(ACCEPT, input={"id": promotion["id"]}))["acceptRecommendation"]
    assert promoted["userErrors"] == []

    stage.clock.put(date(2026, 12, 3))
    readings = [
        {"kpiId": kpi, "period": f"2026-{month:02}-01", "value": value}
        for month, value in ((7, "80"), (8, "95"), (9, "99"), (10, "99.1"), (11, "98.2"))
    ]
    taken = (await lead.data(READINGS, input={"readings": readings}))["recordKpiReadings"]
    assert taken["userErrors"] == []
    shown = (await lead.data(KPI, id=kpi))["node"]
    assert (shown["target"], shown["baseline"], shown["redBound"]) == ("99", "99", "94.1")
    assert shown["provenance"]["keyResult"]["id"] == key_result["id"]
    assert shown["breach"]["state"] == "BREACHED"
    assert shown["breach"]["episode"]["first"] == "2026-11-01"
    assert [one["policyKey"] for one in taken["recommendations"]] == ["kpi-breach"]
