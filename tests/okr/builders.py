"""Builders of the trade's values: every argument has a default, so a test names only what it is about.

The stage is one company in UTC, the third quarter of 2026, and noon of 15 August, when half of the quarter's days have
begun.
"""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TypeVar

from okr.cycle import Cycle, CycleKind, Pause, Rhythm
from okr.goal import (
    CheckIn,
    Contribution,
    Driver,
    Final,
    KeyResult,
    KeyResultType,
    Milestone,
    Objective,
    ObjectiveState,
    Origin,
    RollUp,
)
from okr.kpi import BreachRule, Kpi, Reading, Reduce, Sample, Watch
from okr.number import Direction
from okr.org import Grant, Leave, OrgUnit, Person
from okr.period import Period
from okr.snapshot import Entity, Snapshot
from okr.target import Provenance, Target
from okr.text import Text

NOW = datetime(2026, 8, 15, 12, tzinfo=UTC)
FIRST = date(2026, 7, 1)
LAST = date(2026, 9, 30)

Number = Decimal | int | str
E = TypeVar("E", OrgUnit, Person, Cycle, Objective, KeyResult, Kpi)


def number(value: Number | None) -> Decimal | None:
    """Return a decimal as it would be written; None stays None."""
    return None if value is None else Decimal(value)


def unit(
    key: str = "unit_acme",
    *,
    name: str = "Acme",
    kind: str | None = None,
    parent: str | None = None,
    lead: str | None = None,
    zone: str | None = None,
    zone_locked: bool = False,
    rhythm: Rhythm | None = None,
    version: int = 1,
) -> OrgUnit:
    """A unit; without a parent it is the company, else a team."""
    return OrgUnit(
        key=key,
        name=Text(original=name),
        kind=kind or ("team" if parent else "company"),
        parent=parent,
        lead=lead,
        zone=zone,
        zone_locked=zone_locked,
        rhythm=rhythm,
        version=version,
    )


def person(
    key: str = "per_lan",
    *,
    subject: str | None = None,
    name: str = "Lan",
    unit: str = "unit_acme",
    zone: str | None = None,
    left: date | None = None,
    leave: tuple[Leave, ...] = (),
    grants: tuple[Grant, ...] = (),
    version: int = 1,
) -> Person:
    """A person of the company."""
    return Person(
        key=key,
        subject=subject or key,
        name=name,
        unit=unit,
        zone=zone,
        left=left,
        leave=leave,
        grants=grants,
        version=version,
    )


def cycle(
    key: str = "cyc_q3",
    *,
    name: str = "Q3 2026",
    kind: CycleKind = CycleKind.QUARTER,
    first: date = FIRST,
    last: date = LAST,
    closes: date = date(2026, 10, 15),
    pauses: tuple[Pause, ...] = (),
    version: int = 1,
) -> Cycle:
    """The third quarter of 2026, 92 days, closed from 15 October on."""
    return Cycle(
        key=key,
        name=Text(original=name),
        kind=kind,
        first=first,
        last=last,
        closes=closes,
        pauses=pauses,
        version=version,
    )


def objective(
    key: str = "obj_reliable",
    *,
    title: str = "A registration platform people can rely on",
    unit: str = "unit_acme",
    cycle: str = "cyc_q3",
    state: ObjectiveState = ObjectiveState.ACTIVE,
    description: str = "",
    owner: str | None = None,
    driver: Driver = Driver.KEY_RESULTS,
    supports: str | None = None,
    contributes: tuple[Contribution, ...] = (),
    depends_on: tuple[str, ...] = (),
    addresses: tuple[str, ...] = (),
    since: date = FIRST,
    origin: Origin | None = None,
    superseded_episode: bool = False,
    final: Final | None = None,
    version: int = 1,
) -> Objective:
    """An active objective of the company, alive since the quarter's first day."""
    return Objective(
        key=key,
        title=Text(original=title),
        unit=unit,
        cycle=cycle,
        state=state,
        description=description,
        owner=owner,
        driver=driver,
        supports=supports,
        contributes=contributes,
        depends_on=depends_on,
        addresses=addresses,
        since=since,
        origin=origin,
        superseded_episode=superseded_episode,
        final=final,
        version=version,
    )


def final(progress: Number | None = "0.7", *, by: str = "per_lan", at: datetime = NOW, note: str = "") -> Final:
    """The frozen score of a closed objective."""
    return Final(progress=number(progress), by=by, at=at, note=note)


def key_result(
    key: str = "kr_uptime",
    *,
    objective: str = "obj_reliable",
    title: str = "Uptime from 50 % to 99 %",
    type: KeyResultType = KeyResultType.NUMBER,  # noqa: A002, the field it fills has this name
    measure: str = "",
    direction: Direction | None = None,
    start: Number | None = None,
    target: Number | None = None,
    low: Number | None = None,
    high: Number | None = None,
    milestones: tuple[Milestone, ...] = (),
    weight: Number = 1,
    roll_up: RollUp = RollUp.OWN,
    owner: str | None = None,
    measures: str | None = None,
    trial: bool = False,
    cancelled: bool = False,
    since: date = FIRST,
    check_ins: tuple[CheckIn, ...] = (),
    promoted_to: str | None = None,
    version: int = 1,
) -> KeyResult:
    """A key result alive since the quarter's first day: 0 → 100 where its type measures a way and none is given."""
    way = type in (KeyResultType.NUMBER, KeyResultType.PERCENT, KeyResultType.CURRENCY)
    given = {KeyResultType.PERCENT: "%", KeyResultType.CURRENCY: "EUR"}.get(type, "")
    return KeyResult(
        key=key,
        objective=objective,
        title=Text(original=title),
        type=type,
        measure=measure or given,
        direction=direction,
        start=number(0 if way and start is None else start),
        target=number(100 if way and target is None else target),
        low=number(low),
        high=number(high),
        milestones=milestones,
        weight=Decimal(weight),
        roll_up=roll_up,
        owner=owner,
        measures=measures,
        trial=trial,
        cancelled=cancelled,
        since=since,
        check_ins=check_ins,
        promoted_to=promoted_to,
        version=version,
    )


def milestone(name: str = "A step", *, weight: Number = 1, done: bool = False, cancelled: bool = False) -> Milestone:
    """One step, not done."""
    return Milestone(name=Text(original=name), weight=Decimal(weight), done=done, cancelled=cancelled)


def check_in(
    value: Number | None = None,
    *,
    key: str | None = None,
    key_result: str = "kr_uptime",
    at: datetime = datetime(2026, 8, 14, 12, tzinfo=UTC),
    by: str = "per_lan",
    done: bool | None = None,
    milestones: tuple[int, ...] = (),
    confidence: int | None = None,
    note: str = "",
    supersedes: str | None = None,
) -> CheckIn:
    """What Lan said on Friday 14 August; the key follows from the instant."""
    return CheckIn(
        key=key or f"chk_{at:%m%d%H%M}",
        key_result=key_result,
        at=at,
        by=by,
        value=number(value),
        done=done,
        milestones=milestones,
        confidence=confidence,
        note=note,
        supersedes=supersedes,
    )


def target(
    target: Number | None = None,
    red_bound: Number | None = None,
    *,
    valid_from: date = date(2020, 1, 1),
    low: Number | None = None,
    high: Number | None = None,
    outer_low: Number | None = None,
    outer_high: Number | None = None,
    baseline: Number | None = None,
    recovery: Number | None = None,
    fresh: bool = False,
    reason: str = "",
    approver: str | None = None,
    provenance: Provenance | None = None,
) -> Target:
    """A target that has always held."""
    return Target(
        valid_from=valid_from,
        target=number(target),
        red_bound=number(red_bound),
        low=number(low),
        high=number(high),
        outer_low=number(outer_low),
        outer_high=number(outer_high),
        baseline=number(baseline),
        recovery=number(recovery),
        fresh=fresh,
        reason=reason,
        approver=approver,
        provenance=provenance,
    )


def reading(value: Number, period: date = date(2026, 7, 1), *, kpi: str = "kpi_uptime", at: datetime = NOW) -> Reading:
    """The reading of one period, from one sample on its first day."""
    sample = Sample(day=period, value=Decimal(value), at=at, by="per_lan")
    return Reading(kpi=kpi, period=period, value=Decimal(value), samples=(sample,))


def kpi(
    key: str = "kpi_uptime",
    *,
    name: str = "Uptime",
    unit: str = "unit_acme",
    measure: str = "%",
    direction: Direction = Direction.HIGHER,
    period: Period = Period.MONTH,
    reduce: Reduce = Reduce.LAST,
    late_days: int = 0,
    reporter: str | None = None,
    accountable: str | None = None,
    parent: str | None = None,
    weight: Number = 1,
    targets: tuple[Target, ...] = (),
    rule: BreachRule | None = None,
    since: date = date(2020, 1, 1),
    latest: Reading | None = None,
    watch: Watch | None = None,
    unjudged: tuple[Reading, ...] = (),
    version: int = 1,
) -> Kpi:
    """A monthly KPI of the company where higher is better, without a target or a reading."""
    return Kpi(
        key=key,
        name=Text(original=name),
        unit=unit,
        measure=measure,
        direction=direction,
        period=period,
        reduce=reduce,
        late_days=late_days,
        reporter=reporter,
        accountable=accountable,
        parent=parent,
        weight=Decimal(weight),
        targets=targets,
        rule=rule or BreachRule(),
        since=since,
        latest=latest,
        watch=watch or Watch(),
        unjudged=unjudged,
        version=version,
    )


def snapshot(*entities: Entity, as_of: datetime = NOW, tenant: str = "acme") -> Snapshot:
    """The picture that holds these entities; the company and the quarter are added where no unit or cycle is given."""

    def shelf(kind: type[E], *defaults: E) -> dict[str, E]:
        mine = [entity for entity in entities if isinstance(entity, kind)]
        return {entity.key: entity for entity in mine or defaults}

    return Snapshot(
        tenant=tenant,
        as_of=as_of,
        units=shelf(OrgUnit, unit()),
        people=shelf(Person),
        cycles=shelf(Cycle, cycle()),
        objectives=shelf(Objective),
        key_results=shelf(KeyResult),
        kpis=shelf(Kpi),
    )
