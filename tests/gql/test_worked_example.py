"""The worked example of docs/policies.md: saved, said back, published and judged as the page says."""

import json
import re
from pathlib import Path
from typing import Any

from tests.gql.world import World

PAGE = (Path(__file__).parents[2] / "docs" / "policies.md").read_text(encoding="utf-8")


def variables(mutation: str) -> Any:
    """Return the variables that the page gives for a mutation."""
    (found,) = re.findall(rf"^```json {mutation}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    return json.loads(found)


def document(mutation: str) -> str:
    """Return the document that the page gives for a mutation."""
    (found,) = re.findall(rf"`(mutation\(\$input: \w+!\) {{ {mutation}[^`]+)`", PAGE)
    return str(found)


async def test_the_worked_example_is_saved_and_published_as_the_page_says(world: World) -> None:
    admin = world.speaker("hr_admin")
    saved = (await admin.data(document("savePolicy"), **variables("savePolicy")))["savePolicy"]
    (said,) = re.findall(r"says it back in words:\n\n> (.+)\n", PAGE)
    assert saved == {"policy": {"version": 1, "formula": said}, "userErrors": []}
    published = (await admin.data(document("publishPolicy"), **variables("publishPolicy")))["publishPolicy"]
    assert published["userErrors"] == []
    assert published["shown"]["opens"] == 0
    assert published["shown"]["asked"] > 0
    versions = await (await world.call(world.tenant)).store.policy_versions("red-and-idle")
    assert [(one.version, one.state.value, one.mode.value) for one in versions] == [(1, "published", "observe")]


async def test_the_test_cases_of_the_worked_example_come_out_as_the_page_says(world: World) -> None:
    asked = "query($input: PolicyInput!) { previewPolicy(input: $input) { tests { name passed } warnings { code } } }"
    given = variables("savePolicy")["input"]["policy"]
    seen = (await world.speaker("hr_admin").data(asked, input=given))["previewPolicy"]
    assert seen["tests"] == [{"name": one["name"], "passed": True} for one in given["tests"]]
    assert len(given["tests"]) == 3
