"""Alignment: what supports what, which edges are allowed, and the tree that shows it."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum

from okr import cycle as cycles
from okr import gap as gaps
from okr import kpi as kpis
from okr import org, progress
from okr import rollup as rollups
from okr.errors import Code, Refusal
from okr.gap import Gap
from okr.goal import KeyResult, Objective, ObjectiveState
from okr.kpi import Kpi
from okr.org import OrgUnit
from okr.progress import Status
from okr.snapshot import Snapshot
from okr.target import Band
from okr.text import Text

SHOWN = (ObjectiveState.PENDING_APPROVAL, ObjectiveState.ACTIVE, ObjectiveState.CLOSED)


class NodeKind(StrEnum):
    """What a node of the tree stands for."""

    ORG_UNIT = "org_unit"
    OBJECTIVE = "objective"
    KEY_RESULT = "key_result"
    KPI = "kpi"


class EdgeKind(StrEnum):
    """How two nodes belong together, read from the first to the second."""

    SUPPORTS = "supports"
    CONTRIBUTES = "contributes"
    DEPENDS_ON = "depends_on"
    MEASURED_BY = "measured_by"
    ADDRESSES = "addresses"


@dataclass(frozen=True, slots=True, kw_only=True)
class TreeNode:
    """One entity in the tree, as a tree widget wants it.

    `parent` is the key of a node that comes before it: of a unit the unit above, of an objective what it supports where
    that is in the tree and its unit otherwise, of a key result its objective, of a KPI its unit. `progress` and `raw`
    are shares, `status` is of goals, `band` of KPIs.
    """

    key: str
    parent: str | None
    kind: NodeKind
    title: Text
    unit: str
    owner: str | None = None
    progress: Decimal | None = None
    raw: Decimal | None = None
    status: Status | None = None
    band: Band | None = None
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TreeEdge:
    """One edge between two nodes of the tree; `share` is what a contribution claims."""

    kind: EdgeKind
    source: str
    target: str
    share: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tree:
    """Every node once, parents before children, with the edges between them and the gaps that catch the eye."""

    nodes: tuple[TreeNode, ...]
    edges: tuple[TreeEdge, ...]
    findings: tuple[Gap, ...]


def check_move(snapshot: Snapshot, unit: str, parent: str) -> None:
    """Refuse to move a unit, with all below it, under another where that would break the tree or a zone lock."""
    moved = snapshot.units.get(unit)
    if moved is None:
        raise Refusal(Code.NOT_FOUND, "There is no such unit.", ("unit",))
    if parent not in snapshot.units:
        raise Refusal(Code.NOT_FOUND, "There is no such unit.", ("parent",))
    if moved.parent is None:
        raise Refusal(Code.INVALID, "The root stays where it is; everything else is below it.", ("unit",))
    if unit in snapshot.paths[parent]:
        raise Refusal(Code.WOULD_CYCLE, "A unit cannot move below itself.", ("parent",))
    org.check_unit(snapshot, replace(moved, parent=parent))


def check_support(snapshot: Snapshot, objective: Objective, supports: str, *, replacing: bool = False) -> None:
    """Refuse `supports` (an objective or key result) as the primary parent where it is no goal or closes a loop.

    A second parent is refused unless it is `replacing` the first.
    """
    _check_aligned(snapshot, objective, supports, "supports")
    if objective.supports not in (None, supports) and not replacing:
        message = "An objective has one primary parent; replace it, or contribute to the other one."
        raise Refusal(Code.SECOND_PARENT, message, ("supports",))


def check_contribution(snapshot: Snapshot, objective: Objective, to: str) -> None:
    """Refuse `to` (an objective or key result) as something the objective contributes to, as for its support."""
    _check_aligned(snapshot, objective, to, "contributes")


def check_dependency(snapshot: Snapshot, objective: Objective, on: str) -> None:
    """Refuse `on` as an objective to depend on where it is none or, by further dependencies, waits for this one."""
    if on not in snapshot.objectives:
        raise Refusal(Code.NOT_FOUND, "There is no such objective.", ("dependsOn",))
    if objective.key in _reached(on, lambda key: snapshot.objectives[key].depends_on):
        raise Refusal(Code.WOULD_CYCLE, "That objective waits for this one already.", ("dependsOn",))


def tree(
    snapshot: Snapshot,
    cycle: str | None = None,
    root: str | None = None,
    depth: int | None = None,
    visible: Callable[[str], bool] = lambda unit: True,
) -> Tree:
    """Return the alignment tree below `root` (default: the organisation), `depth` levels of units deep (default: all).

    Shown are the objectives that await approval, are active or closed, in a cycle that shares a day with `cycle`
    (default: any), with their key results that were not cancelled, and the KPIs. `visible` is asked with keys of units:
    what belongs to an invisible unit is left out with its edges, and visible units below it move up. Cost grows with
    what is returned. Refuses an unknown cycle, or a root that is unknown or invisible.
    """
    if cycle is not None and cycle not in snapshot.cycles:
        raise Refusal(Code.NOT_FOUND, "There is no such cycle.", ("cycle",))
    if root is not None and (root not in snapshot.units or not visible(root)):
        raise Refusal(Code.NOT_FOUND, "There is no such unit.", ("root",))
    nodes: dict[str, TreeNode] = {}
    for unit, parent in _units(snapshot, root, depth, visible):
        nodes[unit.key] = _unit_node(snapshot, unit, parent, cycle)
    units = [snapshot.units[key] for key in nodes]
    watched = [kpi for unit in units for kpi in snapshot.kpis_of.get(unit.key, ())]
    goals = {objective.key: objective for unit in units for objective in _goals(snapshot, unit, cycle)}
    nodes.update((kpi.key, _kpi_node(snapshot, kpi)) for kpi in watched)
    for entity, parent in _placed(snapshot, goals):
        nodes[entity.key] = (
            _objective_node(snapshot, entity, parent)
            if isinstance(entity, Objective)
            else _key_result_node(snapshot, entity)
        )
    edges = (edge for objective in goals.values() for edge in _edges(snapshot, objective))
    findings = (
        *(gap for unit in units for gap in gaps.of_unit(snapshot, unit)),
        *(gap for objective in goals.values() for gap in gaps.of_objective(snapshot, objective, visible)),
        *(gap for kpi in watched for gap in gaps.of_kpi(snapshot, kpi)),
    )
    return Tree(
        nodes=tuple(nodes.values()),
        edges=tuple(edge for edge in edges if edge.source in nodes and edge.target in nodes),
        findings=findings,
    )


def _check_aligned(snapshot: Snapshot, objective: Objective, to: str, field: str) -> None:
    if to not in snapshot.objectives and to not in snapshot.key_results:
        raise Refusal(Code.NOT_FOUND, "There is no such objective or key result.", (field,))
    if objective.key in _reached(to, lambda key: _above(snapshot, key)):
        message = "That goal stands on this objective already; the edge would close a loop."
        raise Refusal(Code.WOULD_CYCLE, message, (field,))


def _above(snapshot: Snapshot, key: str) -> tuple[str, ...]:
    """Return what a goal supports or contributes to; a key result stands in its objective."""
    if (key_result := snapshot.key_results.get(key)) is not None:
        return (key_result.objective,)
    objective = snapshot.objectives[key]
    further = tuple(contribution.to for contribution in objective.contributes)
    return (objective.supports, *further) if objective.supports else further


def _reached(start: str, onward: Callable[[str], Iterable[str]]) -> set[str]:
    """Return everything that `onward` leads to from `start`, itself included."""
    seen, waiting = {start}, [start]
    while waiting:
        fresh = [key for key in onward(waiting.pop()) if key not in seen]
        seen.update(fresh)
        waiting.extend(fresh)
    return seen


def _units(
    snapshot: Snapshot, root: str | None, depth: int | None, visible: Callable[[str], bool]
) -> Iterator[tuple[OrgUnit, str | None]]:
    """Yield the visible units with the nearest visible unit above each, parents first, siblings in their order."""
    waiting: list[tuple[OrgUnit, str | None, int]] = [(snapshot.units[root] if root else snapshot.root, None, 0)]
    while waiting:
        unit, above, level = waiting.pop()
        seen = visible(unit.key)
        if seen:
            yield unit, above
        if depth is None or level < depth:
            parent = unit.key if seen else above
            below = snapshot.children.get(unit.key, ())
            waiting.extend((child, parent, level + 1) for child in reversed(below))


def _goals(snapshot: Snapshot, unit: OrgUnit, cycle: str | None) -> Iterator[Objective]:
    for objective in snapshot.objectives_of.get(unit.key, ()):
        shared = cycle is None or cycles.overlap(snapshot.cycles[objective.cycle], snapshot.cycles[cycle])
        if shared and objective.state in SHOWN:
            yield objective


def _live(snapshot: Snapshot, objective: Objective) -> Iterator[KeyResult]:
    return (result for result in snapshot.key_results_of.get(objective.key, ()) if not result.cancelled)


def _placed(snapshot: Snapshot, goals: Mapping[str, Objective]) -> Iterator[tuple[Objective | KeyResult, str]]:
    """Yield the goals and their key results with their parents, each after its parent."""
    shown = {**goals, **{result.key: result for each in goals.values() for result in _live(snapshot, each)}}
    placed: set[str] = set()
    tops = [each for each in goals.values() if each.supports not in shown]
    # The second pass finds work only where a repaired import left a loop: its goals hang from no top.
    for top in (*tops, *goals.values()):
        waiting: list[tuple[Objective | KeyResult, str]] = [(top, top.unit)]
        while waiting:
            entity, parent = waiting.pop()
            if entity.key in placed:
                continue
            placed.add(entity.key)
            yield entity, parent
            below: list[Objective | KeyResult] = list(_live(snapshot, entity)) if isinstance(entity, Objective) else []
            below.extend(each for each in snapshot.supporters_of.get(entity.key, ()) if each.key in goals)
            waiting.extend((each, entity.key) for each in reversed(below))


def _edges(snapshot: Snapshot, objective: Objective) -> Iterator[TreeEdge]:
    if objective.supports:
        yield TreeEdge(kind=EdgeKind.SUPPORTS, source=objective.key, target=objective.supports)
    for contribution in objective.contributes:
        yield TreeEdge(
            kind=EdgeKind.CONTRIBUTES, source=objective.key, target=contribution.to, share=contribution.share
        )
    for other in objective.depends_on:
        yield TreeEdge(kind=EdgeKind.DEPENDS_ON, source=objective.key, target=other)
    for kpi in objective.addresses:
        yield TreeEdge(kind=EdgeKind.ADDRESSES, source=objective.key, target=kpi)
    for result in _live(snapshot, objective):
        if result.measures:
            yield TreeEdge(kind=EdgeKind.MEASURED_BY, source=result.key, target=result.measures)


def _unit_node(snapshot: Snapshot, unit: OrgUnit, parent: str | None, cycle: str | None) -> TreeNode:
    return TreeNode(
        key=unit.key,
        parent=parent,
        kind=NodeKind.ORG_UNIT,
        title=unit.name,
        unit=unit.key,
        owner=unit.lead,
        progress=rollups.of_unit(snapshot, unit.key, cycle) if cycle else None,
        version=unit.version,
    )


def _objective_node(snapshot: Snapshot, objective: Objective, parent: str) -> TreeNode:
    rollup = rollups.of_objective(snapshot, objective)
    return TreeNode(
        key=objective.key,
        parent=parent,
        kind=NodeKind.OBJECTIVE,
        title=objective.title,
        unit=objective.unit,
        owner=objective.owner,
        progress=rollup.progress,
        status=rollup.status,
        version=objective.version,
    )


def _key_result_node(snapshot: Snapshot, key_result: KeyResult) -> TreeNode:
    measure = progress.of_key_result(snapshot, key_result)
    return TreeNode(
        key=key_result.key,
        parent=key_result.objective,
        kind=NodeKind.KEY_RESULT,
        title=key_result.title,
        unit=snapshot.objectives[key_result.objective].unit,
        owner=key_result.owner or snapshot.objectives[key_result.objective].owner,
        progress=measure.progress,
        raw=measure.raw,
        status=measure.status,
        version=key_result.version,
    )


def _kpi_node(snapshot: Snapshot, kpi: Kpi) -> TreeNode:
    return TreeNode(
        key=kpi.key,
        parent=kpi.unit,
        kind=NodeKind.KPI,
        title=kpi.name,
        unit=kpi.unit,
        owner=kpi.reporter,
        band=kpis.standing(kpi, snapshot.today(kpi.unit)),
        version=kpi.version,
    )
