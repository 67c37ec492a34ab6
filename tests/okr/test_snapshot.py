"""The picture: its indexes, what is inherited, and how a change makes a new one."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from okr.cycle import Rhythm
from okr.progress import Progress
from okr.rollup import Rollup
from okr.snapshot import Entity, grouped
from okr.text import Text
from tests.okr.builders import NOW, cycle, key_result, kpi, objective, person, snapshot, unit

ROOT = unit()
SALES = unit("unit_sales", parent="unit_acme")
TEAM = unit("unit_team", parent="unit_sales")
LAN, MINH = person(), person("per_minh", unit="unit_team", subject="minh@idp")
GOAL = objective(addresses=("kpi_uptime",))
BELOW = objective("obj_below", unit="unit_team", supports="kr_uptime")
RESULT = key_result(measures="kpi_uptime")
UPTIME, ERRORS = kpi(), kpi("kpi_errors", parent="kpi_uptime", unit="unit_team")
EVERYTHING: tuple[Entity, ...] = (ROOT, SALES, TEAM, LAN, MINH, cycle(), GOAL, BELOW, RESULT, UPTIME, ERRORS)


def test_everything_is_found_by_its_key() -> None:
    picture = snapshot(*EVERYTHING)
    assert [picture.find(entity.key) for entity in EVERYTHING] == list(EVERYTHING)
    assert picture.find("obj_unknown") is None


def test_the_indexes_lead_from_each_entity_to_what_belongs_to_it() -> None:
    picture = snapshot(*EVERYTHING)
    assert picture.root == ROOT
    assert picture.children == {"unit_acme": (SALES,), "unit_sales": (TEAM,)}
    assert picture.objectives_of == {"unit_acme": (GOAL,), "unit_team": (BELOW,)}
    assert picture.key_results_of == {"obj_reliable": (RESULT,)}
    assert picture.supporters_of == {"kr_uptime": (BELOW,)}
    assert picture.kpis_of == {"unit_acme": (UPTIME,), "unit_team": (ERRORS,)}
    assert picture.drivers_of == {"kpi_uptime": (ERRORS,)}
    assert picture.movers_of == {"kpi_uptime": (RESULT,)}
    assert picture.addressing == {"kpi_uptime": (GOAL,)}
    assert picture.by_subject == {"per_lan": LAN, "minh@idp": MINH}
    assert picture.paths == {
        "unit_acme": ("unit_acme",),
        "unit_sales": ("unit_acme", "unit_sales"),
        "unit_team": ("unit_acme", "unit_sales", "unit_team"),
    }


@pytest.mark.parametrize(
    ("entity", "belongs_to"),
    [
        (TEAM, "unit_team"),
        (MINH, "unit_team"),
        (BELOW, "unit_team"),
        (ERRORS, "unit_team"),
        (RESULT, "unit_acme"),
        (cycle(), "unit_acme"),
    ],
    ids=lambda value: value if isinstance(value, str) else type(value).__name__,
)
def test_every_entity_belongs_to_a_unit(entity: Entity, belongs_to: str) -> None:
    assert snapshot(*EVERYTHING).unit_of(entity) == belongs_to


@pytest.mark.parametrize(
    ("entity", "homes"),
    [
        pytest.param(kpi(unit="unit_sales", accountable="unit_team"), ("unit_sales", "unit_team"), id="another acts"),
        pytest.param(kpi(unit="unit_sales", accountable="unit_sales"), ("unit_sales",), id="it acts itself"),
        pytest.param(kpi(unit="unit_sales", accountable=None), ("unit_sales",), id="nobody named"),
        pytest.param(kpi(unit="unit_sales", accountable="unit_gone"), ("unit_sales",), id="a unit that is not there"),
        pytest.param(BELOW, ("unit_team",), id="a goal"),
    ],
)
def test_who_must_act_on_a_kpi_sees_it_as_well(entity: Entity, homes: tuple[str, ...]) -> None:
    assert snapshot(*EVERYTHING, entity).homes(entity) == homes


def test_zone_and_rhythm_come_from_the_nearest_unit_that_has_them() -> None:
    monday = Rhythm(weekday=0, at=time(9))
    picture = snapshot(
        replace(ROOT, zone="Europe/London"), replace(SALES, zone="Asia/Ho_Chi_Minh", rhythm=monday), TEAM
    )
    assert picture.zone("unit_team") == picture.zone("unit_sales") == ZoneInfo("Asia/Ho_Chi_Minh")
    assert picture.zone("unit_acme") == ZoneInfo("Europe/London")
    assert (picture.rhythm("unit_team"), picture.rhythm("unit_acme")) == (monday, Rhythm())
    assert snapshot().zone("unit_acme") == ZoneInfo("UTC")


def test_today_is_local_to_the_unit() -> None:
    evening = datetime(2026, 8, 15, 18, tzinfo=UTC)
    picture = snapshot(ROOT, replace(SALES, zone="Asia/Ho_Chi_Minh"), as_of=evening)
    assert (picture.today("unit_acme"), picture.today("unit_sales")) == (date(2026, 8, 15), date(2026, 8, 16))


def test_a_key_result_lives_in_its_objectives_cycle_and_answers_to_somebody() -> None:
    picture = snapshot(*EVERYTHING).with_(replace(GOAL, owner="per_minh"))
    assert picture.cycle_of(RESULT) == cycle()
    assert picture.owner_of(RESULT) == MINH
    assert picture.owner_of(replace(RESULT, owner="per_lan")) == LAN
    assert snapshot(*EVERYTHING).owner_of(RESULT) is None


def test_a_change_makes_a_new_picture_and_leaves_the_old_one() -> None:
    before = snapshot(*EVERYTHING)
    assert before.key_results_of["obj_reliable"] == (RESULT,)
    changed, added = replace(RESULT, version=2), key_result("kr_new")
    after = before.with_(changed, added)
    assert after.key_results_of["obj_reliable"] == (changed, added)
    assert before.key_results_of["obj_reliable"] == (RESULT,)
    assert after == snapshot(*(changed if entity is RESULT else entity for entity in EVERYTHING), added)


def test_a_change_of_what_hangs_from_nothing_leaves_the_others_where_they_hang() -> None:
    before = snapshot(*EVERYTHING)
    children = before.children
    assert before.with_(replace(ROOT, name=Text(original="Acme & Co"))).children == children


def test_the_version_grows_with_every_change_and_with_the_quarter_hour() -> None:
    picture = snapshot(*EVERYTHING)
    versions = [
        picture.version,
        picture.seen_at(NOW + timedelta(minutes=15)).version,
        picture.with_(replace(RESULT, version=2)).version,
        picture.with_(replace(RESULT, version=2), key_result("kr_new")).version,
    ]
    assert versions == sorted(set(versions))
    assert picture.seen_at(NOW + timedelta(minutes=14, seconds=59)).version == picture.version
    assert snapshot(*reversed(EVERYTHING)).version == picture.version


def test_another_instant_sees_the_same_organisation() -> None:
    picture = snapshot(*EVERYTHING)
    hanoi = datetime(2026, 8, 16, 1, tzinfo=ZoneInfo("Asia/Ho_Chi_Minh"))
    later = picture.seen_at(hanoi)
    assert (later.as_of, later.as_of.tzinfo) == (datetime(2026, 8, 15, 18, tzinfo=UTC), UTC)
    assert later == replace(picture, as_of=later.as_of)


def test_what_was_derived_is_kept_with_the_very_picture_it_was_derived_from() -> None:
    picture = snapshot(*EVERYTHING)
    shelf = picture.derived(Progress)
    assert picture.derived(Progress) is shelf
    assert id(picture.derived(Rollup)) != id(shelf)
    assert picture.seen_at(NOW).derived(Progress) is not shelf
    assert picture.with_().derived(Progress) is not shelf


def test_grouping_keeps_the_order_and_leaves_out_what_has_no_key() -> None:
    assert grouped([("a", 1), (None, 2), ("b", 3), ("a", 4)]) == {"a": (1, 4), "b": (3,)}


INDEXES = (
    "changes",
    "root",
    "paths",
    "children",
    "by_subject",
    "objectives_of",
    "supporters_of",
    "addressing",
    "key_results_of",
    "movers_of",
    "kpis_of",
    "drivers_of",
)
ENTITIES = st.one_of(
    st.builds(
        lambda n, parent, version: unit(f"unit_{n}", parent=f"unit_{min(parent, n - 1)}", version=version),
        st.integers(1, 4),
        st.integers(0, 3),
        st.integers(1, 3),
    ),
    st.builds(
        lambda n, of, up, kpi, version: objective(
            f"obj_{n}", unit=f"unit_{of}", supports=up and f"obj_{up}", addresses=kpi, version=version
        ),
        st.integers(0, 4),
        st.integers(0, 1),
        st.one_of(st.none(), st.integers(1, 2)),
        st.sampled_from([(), ("kpi_0",), ("kpi_1", "kpi_0")]),
        st.integers(1, 3),
    ),
    st.builds(
        lambda n, of, measures, version: key_result(
            f"kr_{n}", objective=f"obj_{of}", measures=measures, version=version
        ),
        st.integers(0, 4),
        st.integers(0, 1),
        st.sampled_from([None, "kpi_0", "kpi_1"]),
        st.integers(1, 3),
    ),
    st.builds(
        lambda n, parent, version: kpi(f"kpi_{n}", unit="unit_0", parent=parent, version=version),
        st.integers(0, 2),
        st.sampled_from([None, "kpi_0"]),
        st.integers(1, 3),
    ),
    st.builds(lambda n, subject: person(f"per_{n}", subject=f"sub_{subject}"), st.integers(0, 2), st.integers(0, 3)),
    st.builds(lambda version: cycle(version=version), st.integers(1, 3)),
)


@given(st.lists(st.lists(ENTITIES, max_size=3), max_size=5), st.lists(st.sampled_from(INDEXES)))
def test_indexes_that_are_carried_over_equal_those_of_a_picture_made_anew(
    writes: list[list[Entity]], used: list[str]
) -> None:
    picture = snapshot(unit("unit_0"))
    for write in writes:
        for name in used:
            getattr(picture, name)
        picture = picture.with_(*write).seen_at(picture.as_of + timedelta(hours=1))
    anew = replace(picture)
    assert {name: getattr(picture, name) for name in INDEXES} == {name: getattr(anew, name) for name in INDEXES}


def test_a_check_in_costs_no_new_index() -> None:
    before = snapshot(*EVERYTHING)
    indexes = {name: getattr(before, name) for name in INDEXES}
    after = before.with_(replace(RESULT, version=2))
    assert set(INDEXES) <= set(vars(after))
    assert all(vars(after)[name] is indexes[name] for name in ("paths", "children", "objectives_of", "supporters_of"))
