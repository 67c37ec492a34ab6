"""Gaps: what catches the eye when goals, KPIs and people are seen together."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from okr import kpi as kpis
from okr.goal import Objective, ObjectiveState
from okr.kpi import Kpi
from okr.org import OrgUnit
from okr.snapshot import Snapshot
from okr.target import Band
from okr.text import Text


class GapKind(StrEnum):
    """What is odd; none of it is hidden, and none of it is forbidden.

    ORPHAN is below company level and supports nothing. LEVEL_SKIP supports something two levels up or more. CROSS_TEAM
    supports something outside its own line of units. UNMOVED_KPI is red or amber and no active key result measures it.
    UNOWNED_KPI lacks who must act or who brings the numbers. OWNER_LEFT hangs on somebody who is gone.
    """

    ORPHAN = "orphan"
    LEVEL_SKIP = "level_skip"
    CROSS_TEAM = "cross_team"
    UNMOVED_KPI = "unmoved_kpi"
    UNOWNED_KPI = "unowned_kpi"
    OWNER_LEFT = "owner_left"


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """Something about the entity `node` that people should see; `other` is the goal or person it is about besides."""

    kind: GapKind
    node: str
    other: str | None = None
    message: Text


def of_unit(snapshot: Snapshot, unit: OrgUnit) -> Iterator[Gap]:
    """Yield the gaps of a unit itself."""
    yield from _left(snapshot, unit.key, unit.lead, snapshot.today(unit.key))


def of_objective(snapshot: Snapshot, objective: Objective, visible: Callable[[str], bool]) -> Iterator[Gap]:
    """Yield the gaps of an objective and its live key results; `visible` tells which units may be spoken of."""
    today = snapshot.today(objective.unit)
    line = snapshot.paths[objective.unit]
    if objective.supports is None and not objective.contributes and len(line) > 1:
        yield Gap(
            kind=GapKind.ORPHAN,
            node=objective.key,
            message=Text(original="Supports nothing above it.", vi="Không hỗ trợ mục tiêu nào ở trên."),
        )
    yield from _astray(snapshot, objective, line, visible)
    yield from _left(snapshot, objective.key, objective.owner, today)
    for result in snapshot.key_results_of.get(objective.key, ()):
        if not result.cancelled:
            yield from _left(snapshot, result.key, result.owner, today)


def of_kpi(snapshot: Snapshot, kpi: Kpi) -> Iterator[Gap]:
    """Yield the gaps of a KPI."""
    today = snapshot.today(kpi.unit)
    if kpis.standing(kpi, today) in (Band.RED, Band.AMBER) and not _moved(snapshot, kpi):
        yield Gap(
            kind=GapKind.UNMOVED_KPI,
            node=kpi.key,
            message=Text(
                original="Short of its target, and no active key result measures it.",
                vi="Chưa đạt mục tiêu, và chưa có kết quả then chốt nào đang đo nó.",
            ),
        )
    if kpi.accountable is None:
        message = Text(original="No unit is accountable for it.", vi="Chưa có đơn vị nào chịu trách nhiệm.")
        yield Gap(kind=GapKind.UNOWNED_KPI, node=kpi.key, message=message)
    if kpi.reporter is None:
        message = Text(original="Nobody reports its numbers.", vi="Chưa có ai báo cáo số liệu.")
        yield Gap(kind=GapKind.UNOWNED_KPI, node=kpi.key, message=message)
    yield from _left(snapshot, kpi.key, kpi.reporter, today)


def _astray(
    snapshot: Snapshot, objective: Objective, line: tuple[str, ...], visible: Callable[[str], bool]
) -> Iterator[Gap]:
    supported = snapshot.find(objective.supports) if objective.supports else None
    if supported is None:
        return
    unit = snapshot.unit_of(supported)
    if not visible(unit):
        return
    if unit not in line:
        message = Text(original="Supports a goal outside its own line.", vi="Hỗ trợ mục tiêu ngoài tuyến của mình.")
        yield Gap(kind=GapKind.CROSS_TEAM, node=objective.key, other=objective.supports, message=message)
    elif unit not in line[-2:]:
        message = Text(original="Skips the level right above it.", vi="Bỏ qua cấp ngay trên.")
        yield Gap(kind=GapKind.LEVEL_SKIP, node=objective.key, other=objective.supports, message=message)


def _moved(snapshot: Snapshot, kpi: Kpi) -> bool:
    return any(
        not result.cancelled and snapshot.objectives[result.objective].state is ObjectiveState.ACTIVE
        for result in snapshot.movers_of.get(kpi.key, ())
    )


def _left(snapshot: Snapshot, node: str, owner: str | None, today: date) -> Iterator[Gap]:
    person = snapshot.people.get(owner) if owner else None
    if person is not None and not person.works_on(today):
        message = Text(original="It belongs to somebody who has left.", vi="Người phụ trách đã nghỉ việc.")
        yield Gap(kind=GapKind.OWNER_LEFT, node=node, other=person.key, message=message)
