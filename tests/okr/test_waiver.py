"""Waivers: what they cover, how long, and which ones are no waivers at all."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from okr import waiver
from okr.errors import Code, Refusal
from okr.recommendation import Subject
from okr.waiver import Waiver, WaiverKind
from tests.okr.builders import NOW

TODAY = NOW.date()
UPTIME = Subject(kind="kpi", key="kpi_uptime")
PATH = ("unit_acme", "unit_sales", "unit_emea")


def granted(**changes: Any) -> Waiver:
    """A waiver of the breach policy for Sales, until the end of September."""
    given = Waiver(
        key="wai_1",
        policy="kpi-breach",
        unit="unit_sales",
        kind=WaiverKind.WAIVED,
        reason="The platform moves in August",
        approved_by="per_lan",
        until=date(2026, 9, 30),
        created_at=NOW,
    )
    return replace(given, **changes)


ENDED = granted(ended_at=NOW, ended_by="per_lan", end_reason="The move is done")
ONE = granted(unit=None, subject=UPTIME)


def test_a_waiver_that_says_why_and_until_when_is_one() -> None:
    for good in (granted(), ONE, granted(reason="季節的な落ち込みのための例外"), granted(until=TODAY + waiver.LONGEST)):
        waiver.check(good, TODAY)


@pytest.mark.parametrize(
    ("changes", "field", "says"),
    [
        pytest.param({"unit": None}, ("unit",), "Name what is exempt", id="of nothing"),
        pytest.param({"subject": UPTIME}, ("subject",), "grant two for both", id="of two things"),
        pytest.param({"reason": ""}, ("reason",), "at least 10 letters", id="without a reason"),
        pytest.param({"reason": "ok ok ok."}, ("reason",), "at least 10 letters", id="with a reason that says nothing"),
        pytest.param({"reason": "1234567890 ..........."}, ("reason",), "at least 10 letters", id="with no letters"),
        pytest.param({"reason": "Moving house\0"}, ("reason",), "cannot be stored", id="with what cannot be stored"),
        pytest.param({"until": TODAY}, ("until",), "2026-08-15 does not", id="that ends today"),
        pytest.param({"until": date(2025, 1, 1)}, ("until",), "ends after 2026-08-15", id="that is over"),
        pytest.param(
            {"until": TODAY + timedelta(days=93)},
            ("until",),
            "within 92 days, by 2026-11-15",
            id="for more than a cycle",
        ),
    ],
)
def test_what_is_no_waiver_is_refused_at_its_field(changes: dict[str, Any], field: tuple[str, ...], says: str) -> None:
    with pytest.raises(Refusal) as refused:
        waiver.check(granted(**changes), TODAY)
    assert (refused.value.code, refused.value.field) == (Code.INVALID, field)
    assert says in refused.value.message


def test_a_long_reason_is_too_long() -> None:
    with pytest.raises(Refusal) as refused:
        waiver.check(granted(reason="word " * 2_000), TODAY)
    assert (refused.value.code, refused.value.field) == (Code.TOO_LONG, ("reason",))


@pytest.mark.parametrize(
    ("given", "day", "expected"),
    [
        pytest.param(granted(), TODAY, True, id="when it was granted"),
        pytest.param(granted(), date(2026, 9, 29), True, id="on its last day"),
        pytest.param(granted(), date(2026, 9, 30), False, id="no more on the day it ends"),
        pytest.param(ENDED, TODAY, False, id="no more once it was ended"),
    ],
)
def test_a_waiver_holds_until_its_day(given: Waiver, day: date, expected: bool) -> None:
    assert waiver.holds(given, day) is expected


@pytest.mark.parametrize(
    ("given", "policy", "path", "subject", "expected"),
    [
        pytest.param(granted(), "kpi-breach", PATH, UPTIME, True, id="what is below the unit"),
        pytest.param(granted(), "kpi-breach", PATH[:2], UPTIME, True, id="what is in the unit"),
        pytest.param(granted(), "kpi-breach", PATH[:1], UPTIME, False, id="nothing above the unit"),
        pytest.param(granted(), "kpi-breach", ("unit_acme", "unit_it"), UPTIME, False, id="nothing beside the unit"),
        pytest.param(granted(), "kpi-unowned", PATH, UPTIME, False, id="no other policy"),
        pytest.param(ONE, "kpi-breach", ("unit_acme",), UPTIME, True, id="one subject, wherever it is"),
        pytest.param(ONE, "kpi-breach", PATH, replace(UPTIME, key="kpi_nps"), False, id="no other subject"),
        pytest.param(ENDED, "kpi-breach", PATH, UPTIME, False, id="nothing once it is over"),
    ],
)
def test_a_waiver_covers(given: Waiver, policy: str, path: tuple[str, ...], subject: Subject, expected: bool) -> None:
    assert waiver.covers(given, policy, path, subject, TODAY) is expected


def test_of_several_waivers_the_one_that_lasts_longest_is_named() -> None:
    short, long = granted(until=date(2026, 9, 1)), granted(key="wai_2", unit="unit_acme")
    for order in ((short, long, ENDED), (ENDED, long, short)):
        assert waiver.covering(order, "kpi-breach", PATH, UPTIME, TODAY) == long
    assert waiver.covering((short, long), "kpi-breach", PATH, UPTIME, date(2026, 9, 30)) is None
    assert waiver.covering((), "kpi-breach", PATH, UPTIME, TODAY) is None


def test_a_waiver_is_ended_with_a_reason() -> None:
    assert waiver.end(granted(), "The move is done", "per_lan", NOW, TODAY) == ENDED


@pytest.mark.parametrize(
    ("given", "reason", "code", "says"),
    [
        pytest.param(ENDED, "Once more, to be sure", Code.NOT_OPEN, "over since 2026-08-15", id="ended before"),
        pytest.param(granted(until=TODAY), "It is over", Code.NOT_OPEN, "over since 2026-08-15", id="over by itself"),
        pytest.param(granted(), "done", Code.INVALID, "at least 10 letters", id="without a word"),
    ],
)
def test_what_cannot_be_ended(given: Waiver, reason: str, code: Code, says: str) -> None:
    with pytest.raises(Refusal) as refused:
        waiver.end(given, reason, "per_lan", NOW, TODAY)
    assert refused.value.code is code
    assert says in refused.value.message
