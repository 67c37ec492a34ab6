"""The alignment tree: the executives' view, nested and flat, and as an outline for a terminal."""

from collections import defaultdict
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

import strawberry
from strawberry import Parent

from gql import enums
from gql.context import Context, Info
from gql.fields import field
from gql.nodes import Cycle, OrgUnit
from okr import cycle as cycles
from okr import org
from okr.alignment import NodeKind, Tree, TreeEdge, TreeNode
from okr.gap import Gap
from okr.target import Band
from rules.schema import KINDS

BANDS = {Band.GREEN: "●", Band.AMBER: "◐", Band.RED: "○"}
LONGEST_DEPTH = 100


@strawberry.type(description="One node of the flat form.")
class AlignmentNode:
    """A node as a tree widget wants it."""

    kind: enums.AlignmentNodeKind = strawberry.field(description="What it stands for.")
    progress: float | None = strawberry.field(description="How far it is, 0 to 1.")
    status: enums.Status | None = strawberry.field(description="How a goal stands.")
    band: enums.Band | None = strawberry.field(description="How a KPI stands.")
    version: int = strawberry.field(description="The version of the entity.")

    @field("The id of the entity.", strawberry.ID)
    @staticmethod
    def id(node: Parent[TreeNode]) -> str:
        """Return the key."""
        return node.key

    @field("The id of the node it hangs on, which comes before it; null for a root.", strawberry.ID | None)
    @staticmethod
    def parent_id(node: Parent[TreeNode]) -> str | None:
        """Return the parent's key."""
        return node.parent

    @field("The unit it belongs to.", strawberry.ID)
    @staticmethod
    def unit_id(node: Parent[TreeNode]) -> str:
        """Return the unit's key."""
        return node.unit

    @field("Who answers for it.", strawberry.ID | None)
    @staticmethod
    def owner_id(node: Parent[TreeNode]) -> str | None:
        """Return the owner's key."""
        return node.owner

    @field("What it is called.")
    @staticmethod
    def title(node: Parent[TreeNode], info: Info) -> str:
        """Return the title in the caller's language."""
        return node.title.said(info.context.language)

    @field("The progress before it is cut to 0–1.", float | None)
    @staticmethod
    def raw_progress(node: Parent[TreeNode]) -> Decimal | None:
        """Return the raw progress."""
        return node.raw


@strawberry.type(description="How two nodes of the tree belong together.")
class AlignmentEdge:
    """An edge."""

    kind: enums.AlignmentEdgeKind = strawberry.field(description="How they belong together.")
    share: Decimal | None = strawberry.field(description="What a contribution claims, 0 to 1.")

    @field("The id of the first node.", strawberry.ID)
    @staticmethod
    def source_id(edge: Parent[TreeEdge]) -> str:
        """Return the first node's key."""
        return edge.source

    @field("The id of the second node.", strawberry.ID)
    @staticmethod
    def target_id(edge: Parent[TreeEdge]) -> str:
        """Return the second node's key."""
        return edge.target


@strawberry.type(description="Something odd in the tree.")
class AlignmentFinding:
    """A finding."""

    kind: enums.AlignmentFindingKind = strawberry.field(description="What is odd.")

    @field("The id of the node it is about.", strawberry.ID)
    @staticmethod
    def node_id(found: Parent[Gap]) -> str:
        """Return the node's key."""
        return found.node

    @field("The id of what it is about besides.", strawberry.ID | None)
    @staticmethod
    def other_id(found: Parent[Gap]) -> str | None:
        """Return the other key."""
        return found.other

    @field("The finding in a sentence.")
    @staticmethod
    def message(found: Parent[Gap], info: Info) -> str:
        """Return the sentence in the caller's language."""
        return found.message.said(info.context.language)


@strawberry.type(description="Units with their goals and KPIs in one cycle, all of one consistent version.")
class AlignmentTree:
    """The tree; its parts are worked out when they are asked for."""

    shown: strawberry.Private[Tree]
    span: strawberry.Private[str]

    @field("The cycle it shows.", Cycle)
    @staticmethod
    def cycle(root: Parent["AlignmentTree"], info: Info) -> cycles.Cycle:
        """Return the cycle."""
        return info.context.picture.cycles[root.span]

    @field("The instant it is true for.")
    @staticmethod
    def as_of(root: Parent["AlignmentTree"], info: Info) -> datetime:
        """Return the picture's instant."""
        return info.context.picture.as_of

    @field("Grows with every change of the organisation; equal versions mean equal trees.")
    @staticmethod
    def version(root: Parent["AlignmentTree"], info: Info) -> str:
        """Return the picture's version."""
        return info.context.picture.version

    @field("The units at the top, with their objectives and children.", list[OrgUnit])
    @staticmethod
    def roots(root: Parent["AlignmentTree"], info: Info) -> list[org.OrgUnit]:
        """Return the top units that the caller may see."""
        units = (node for node in root.shown.nodes if node.kind is NodeKind.ORG_UNIT and node.parent is None)
        return [info.context.picture.units[node.key] for node in units]

    @field("Every node once, parents before children.", list[AlignmentNode])
    @staticmethod
    def nodes(root: Parent["AlignmentTree"]) -> tuple[TreeNode, ...]:
        """Return the nodes."""
        return root.shown.nodes

    @field("How the nodes belong together.", list[AlignmentEdge])
    @staticmethod
    def edges(root: Parent["AlignmentTree"]) -> tuple[TreeEdge, ...]:
        """Return the edges."""
        return root.shown.edges

    @field("Orphans, level skips, cross-team edges, KPIs nobody moves.", list[AlignmentFinding])
    @staticmethod
    def findings(root: Parent["AlignmentTree"]) -> tuple[Gap, ...]:
        """Return the findings."""
        return root.shown.findings


def outline(context: Context, shown: Tree) -> str:
    """Return the tree as an indented outline with progress, bands and findings, one node a line."""
    below: defaultdict[str | None, list[TreeNode]] = defaultdict(list)
    for node in shown.nodes:
        below[node.parent].append(node)
    odd: defaultdict[str, list[str]] = defaultdict(list)
    for found in shown.findings:
        odd[found.node].append(found.message.said(context.language))
    written: list[str] = []
    waiting = [(node, 0) for node in reversed(below[None])]
    while waiting:
        node, depth = waiting.pop()
        notes = "".join(f"   ! {note}" for note in odd[node.key])
        written.append(f"{'  ' * depth}{_sign(node)} {node.title.said(context.language)}{_score(context, node)}{notes}")
        waiting += [(child, depth + 1) for child in reversed(below[node.key])]
    return "\n".join(written) + "\n"


def _sign(node: TreeNode) -> str:
    if node.kind is NodeKind.KPI:
        return BANDS.get(node.band, "·") if node.band else "·"
    return {NodeKind.ORG_UNIT: "■", NodeKind.OBJECTIVE: "▸", NodeKind.KEY_RESULT: "–"}[node.kind]


def _score(context: Context, node: TreeNode) -> str:
    if node.kind is NodeKind.KPI:
        watched = context.picture.kpis[node.key]
        value = f"{watched.latest.value.normalize():,f} {watched.measure}" if watched.latest else "no reading"
        return f"  [{_word('kpi', 'band', node.band, context.language)}: {value}]"
    if node.progress is None:
        return ""
    status = f", {_word('key_result', 'status', node.status, context.language)}" if node.status else ""
    return f"  [{float(node.progress):.0%}{status}]"


def _word(kind: str, name: str, value: StrEnum | None, language: str) -> str:
    """Return the word that the fact schema has for a band or a status."""
    found = next((choice for choice in KINDS[kind].field(name).choices if choice.value == value), None)
    if found is None:
        return value.value.replace("_", " ") if value else ""
    return found.label_vi if language == "vi" and found.label_vi else found.label
