"""An organisation of 5,000 KPIs with two years of readings, and the policies that its HR department might write."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from random import Random

from okr import breach
from okr.cycle import Cycle, CycleKind
from okr.goal import KeyResult, KeyResultType, Objective, ObjectiveState
from okr.kpi import Kpi, Reading, Sample
from okr.number import Direction
from okr.org import OrgUnit, Person
from okr.policy import Policy, PolicyMode, PolicyState, Severity
from okr.snapshot import Snapshot
from okr.target import Target
from okr.text import Text
from rules import explain, facts, fields, policy
from rules.condition import Condition
from rules.explain import Outcome
from rules.fields import Values
from rules.schema import KINDS

NOW = datetime(2026, 8, 15, 12, tzinfo=UTC)
MONTHS = tuple(date(2024 + month // 12, month % 12 + 1, 1) for month in range(7, 31))
QUARTER = Cycle(
    key="q3",
    name=Text(original="Q3 2026"),
    kind=CycleKind.QUARTER,
    first=date(2026, 7, 1),
    last=date(2026, 9, 30),
    closes=date(2026, 10, 15),
)
DEPARTMENTS, TEAMS = 10, 20


def picture(kpis: int, seed: int = 1) -> Snapshot:
    """Return a company of 10 departments with 20 teams each, three goals a team, and KPIs spread over the teams.

    Four of five KPIs do well; one in fifty has no target, and one in fifty no reading. Every tenth is worked on.
    """
    random = Random(seed)
    units = {unit.key: unit for unit in _units()}
    teams = [unit.key for unit in units.values() if unit.kind == "team"]
    watched = [_kpi(random, at, teams[at % len(teams)]) for at in range(kpis)]
    people = {person.key: person for person in _people(teams)}
    objectives = {goal.key: goal for goal in _objectives(random, teams, watched)}
    return Snapshot(
        tenant="bench",
        as_of=NOW,
        units=units,
        people=people,
        cycles={QUARTER.key: QUARTER},
        objectives=objectives,
        key_results={one.key: one for goal in objectives.values() for one in _key_results(random, goal, watched)},
        kpis={kpi.key: kpi for kpi in watched},
    )


def renewed(snapshot: Snapshot) -> Snapshot:
    """Return the same picture as a fresh reading from the store gives it: nothing is derived from it yet."""
    return replace(snapshot)


def policies(snapshot: Snapshot, count: int, least: float, most: float, seed: int = 1) -> tuple[Policy, ...]:
    """Return `count` custom policies on KPIs of two to four clauses, each matching between these shares of the KPIs."""
    random = Random(seed)
    kind = KINDS["kpi"]
    known = [fields.clean(kind, fact.values) for fact in facts.each(snapshot, ("kpi",))]
    found: list[Policy] = []
    while len(found) < count:
        made = _policy(random, len(found))
        if least <= _share(policy.resolve(made).condition, known) <= most:
            found.append(made)
    return tuple(found)


def _share(condition: Condition, known: Sequence[Values]) -> float:
    return sum(explain.outcome(condition, fact) is Outcome.MATCH for fact in known) / len(known)


def _policy(random: Random, at: int) -> Policy:
    chosen = random.sample(_clauses(random), random.choice((2, 2, 3, 3, 4)))
    clauses = [{"field": field, "op": op, "value": value} for field, op, value in chosen]
    when: dict[str, object] = {"all": clauses}
    if len(clauses) == 4:
        when = {"all": [*clauses[:2], {"any": clauses[2:]}]}
    return Policy(
        key=f"policy-{at}",
        version=1,
        state=PolicyState.PUBLISHED,
        template="custom",
        name=f"Policy {at}",
        mode=PolicyMode.ADVISE,
        severity=random.choice(tuple(Severity)),
        on="kpi",
        when=when,
        message=Text(original="{{name}} is at {{value}}", vi="{{name}} đang ở mức {{value}}"),
        author="hr",
        created_at=NOW,
    )


def _clauses(random: Random) -> tuple[tuple[str, str, object], ...]:
    """Return what a policy may ask about, one clause a field."""
    attainment = (
        ("lt", round(random.uniform(0.5, 1.05), 2)),
        ("between", [round(random.uniform(0.6, 0.8), 2), round(random.uniform(0.8, 1), 2)]),
    )
    return (
        ("attainment", *random.choice(attainment)),
        ("band", *random.choice((("eq", "red"), ("eq", "amber"), ("in", ["red", "stale", "unknown"])))),
        ("breached", "eq", True),
        ("bad_periods", "gte", random.choice((1, 2, 3))),
        ("periods_breached", "gte", random.choice((1, 2, 4))),
        ("amber_periods", "gte", random.choice((1, 2, 3))),
        ("missing_periods", "gte", random.choice((1, 2))),
        ("has_active_objective", "eq", False),
        ("has_accountable", "eq", random.choice((True, False))),
        ("weight", "gt", random.choice((1, 2))),
        ("direction", "eq", random.choice(("higher", "lower"))),
        (
            "value",
            "lt",
            random.choice(({"field": "target", "times": round(random.uniform(0.6, 1), 2)}, {"field": "baseline"})),
        ),
        ("below_baseline", "eq", True),
    )


def _units() -> Iterator[OrgUnit]:
    yield OrgUnit(key="company", name=Text(original="The company"), kind="company", zone="Europe/London")
    for at in range(DEPARTMENTS):
        department = f"department_{at}"
        zone = ("Asia/Ho_Chi_Minh", "Europe/London", "America/New_York")[at % 3]
        yield OrgUnit(
            key=department, name=Text(original=f"Department {at}"), kind="department", parent="company", zone=zone
        )
        for team in range(TEAMS):
            key = f"team_{at}_{team}"
            yield OrgUnit(key=key, name=Text(original=f"Team {at}.{team}"), kind="team", parent=department, lead=key)


def _people(teams: list[str]) -> Iterator[Person]:
    for team in teams:
        for at in range(6):
            key = team if at == 0 else f"{team}_{at}"
            yield Person(key=key, subject=key, name=f"Person {key}", unit=team)


def _kpi(random: Random, at: int, team: str) -> Kpi:
    direction = random.choice((Direction.HIGHER, Direction.HIGHER, Direction.LOWER))
    ahead = 1 if direction is Direction.HIGHER else -1
    level = random.randrange(50, 1_000)
    red = Decimal(level) * (100 - 10 * ahead) / 100
    target = Target(valid_from=date(2024, 1, 1), target=Decimal(level), red_bound=red, baseline=red)
    raised = replace(target, valid_from=date(2026, 1, 1), target=Decimal(level) * (100 + ahead) / 100)
    kpi = Kpi(
        key=f"kpi_{at}",
        name=Text(original=f"Measure {at}"),
        unit=team,
        measure=random.choice(("%", "days", "EUR", "patients")),
        direction=direction,
        weight=Decimal(random.choice(("0.5", "1", "1", "2", "3"))),
        reporter=f"{team}_1",
        accountable=None if at % 30 == 7 else team,
        parent=f"kpi_{at - 200}" if at % 5 == 4 and at >= 200 else None,
        since=date(2024, 8, 1),
        targets=() if at % 50 == 3 else (target, raised),
    )
    if at % 50 == 13:
        return kpi
    drift = random.choice((0.0, 0.0, -0.03, -0.03, 0.04))
    months = MONTHS[: -random.choice((1, 2, 3))] if random.random() < 0.05 else MONTHS
    history = [_reading(random, kpi, month, level * (1 + ahead * (0.04 - drift * 2)), ahead) for month in months]
    return breach.rewatched(kpi, history, NOW.date())[0]


def _reading(random: Random, kpi: Kpi, month: date, middle: float, ahead: int) -> Reading:
    value = Decimal(str(round(middle * (1 + ahead * random.gauss(0, 0.05)), 2)))
    sample = Sample(day=month, value=value, at=datetime(month.year, month.month, 2, tzinfo=UTC), by="reporter")
    return Reading(kpi=kpi.key, period=month, value=value, samples=(sample,))


def _objectives(random: Random, teams: list[str], watched: list[Kpi]) -> Iterator[Objective]:
    for team in teams:
        for at in range(3):
            yield Objective(
                key=f"objective_{team}_{at}",
                title=Text(original=f"Goal {at} of {team}"),
                unit=team,
                cycle=QUARTER.key,
                state=ObjectiveState.ACTIVE,
                owner=team,
                addresses=(random.choice(watched).key,) if at else (),
                since=QUARTER.first,
            )


def _key_results(random: Random, goal: Objective, watched: list[Kpi]) -> Iterator[KeyResult]:
    for at in range(3):
        yield KeyResult(
            key=f"result_{goal.key}_{at}",
            objective=goal.key,
            title=Text(original=f"Result {at}"),
            type=KeyResultType.NUMBER,
            start=Decimal(0),
            target=Decimal(100),
            measures=random.choice(watched).key if at == 0 else None,
            since=QUARTER.first,
        )
