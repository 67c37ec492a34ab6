"""The trade's enums as clients see them, every value described."""

from enum import StrEnum

from gql.scalars import enum
from okr.alignment import EdgeKind as AlignmentEdgeKind
from okr.alignment import NodeKind as AlignmentNodeKind
from okr.check_in import SlotState
from okr.cycle import CycleState
from okr.gap import GapKind as AlignmentFindingKind
from okr.goal import Driver, KeyResultType, ObjectiveState, RollUp
from okr.kpi import BreachState as BreachPhase
from okr.number import Direction
from okr.org import Role
from okr.period import Period
from okr.policy import PolicyMode, PolicyState, Severity
from okr.progress import Flag as ProgressFlag
from okr.progress import Status
from okr.recommendation import Action, DismissReason, RecommendationState
from okr.target import Band
from okr.waiver import WaiverKind
from rules.fields import FieldType, Operator
from rules.template import ParameterType

__all__ = [
    "Action",
    "AlignmentEdgeKind",
    "AlignmentFindingKind",
    "AlignmentNodeKind",
    "Band",
    "BreachPhase",
    "CycleState",
    "Direction",
    "DismissReason",
    "Driver",
    "FieldType",
    "KeyResultType",
    "ObjectiveState",
    "Operator",
    "OriginKind",
    "ParameterType",
    "Period",
    "PolicyMode",
    "PolicyState",
    "ProgressFlag",
    "RecommendationState",
    "Role",
    "RollUp",
    "Severity",
    "SlotState",
    "Status",
    "WaiverKind",
]

enum(
    Band,
    "Band",
    "How a reading stands to its target.",
    green="At the target or better.",
    amber="Between the target and the red bound.",
    red="Worse than the red bound.",
    unknown="There is no target or no reading.",
    stale="Two periods or more have no reading.",
)
enum(
    Direction,
    "Direction",
    "Which way is better.",
    higher="More is better.",
    lower="Less is better.",
    range="Inside the range is best.",
)
enum(
    Period,
    "Period",
    "How long the period of one reading is.",
    day="A calendar day.",
    week="A week from Monday.",
    month="A calendar month.",
    quarter="A calendar quarter.",
)
enum(
    BreachPhase,
    "BreachPhase",
    "Where the breach of a KPI stands.",
    ok="No bad period is counting.",
    pending="Bad periods are counting, too few yet.",
    breached="Enough bad periods in a row: an episode is open.",
    recovering="Good periods are counting, too few yet to end the episode.",
)
enum(
    ObjectiveState,
    "ObjectiveState",
    "The life of an objective.",
    draft="Being written; counts against no limit.",
    pending_approval="Waiting for approval.",
    active="Being worked on.",
    deferred="Put off.",
    closed="Ended and graded; its score is frozen.",
    cancelled="Given up.",
)
enum(
    KeyResultType,
    "KeyResultType",
    "How a key result is measured.",
    number="A number from start to target.",
    percent="Percentage points from 0 to 100.",
    currency="An amount of money.",
    boolean="Done or not.",
    milestone="Weighted steps.",
    maintain="Staying inside a band.",
)
enum(
    Driver,
    "Driver",
    "What an objective's progress is rolled up from.",
    key_results="Its key results.",
    aligned="The objectives that support it.",
    both="Both, each side counting by its weights.",
)
enum(
    RollUp,
    "RollUp",
    "Where the value of a key result comes from.",
    own="Its check-ins.",
    value_sum="The sum of the latest values of the key results that support it, of the same type, unit and direction.",
)
enum(
    ProgressFlag,
    "ProgressFlag",
    "What is remarkable about a progress.",
    regressed="It is worse than at the start.",
    overshoot="It is beyond the target.",
    degenerate="Start and target are equal, which only an import lets in.",
)
enum(
    Status,
    "Status",
    "How a goal stands to where it should be by now.",
    not_started="Nobody has checked in yet.",
    too_early="The first tenth of its time, or its first seven days: no verdict yet.",
    on_track="At most 10 points behind.",
    at_risk="At most 25 points behind.",
    off_track="More than 25 points behind.",
    stale="It would look well, but check-ins are missing.",
    achieved="The target is reached.",
)
enum(
    RecommendationState,
    "RecommendationState",
    "The life of a recommendation.",
    pending="Matches, but not yet for as long as the policy holds back.",
    open="Waiting for somebody.",
    snoozed="Put off until a day.",
    accepted="Somebody accepted; being carried out.",
    applied="Accepted and carried out.",
    dismissed="Somebody decided against it.",
    resolved="What it was about is over.",
    expired="It lapsed.",
    waived="Matches, and somebody has exempted it until a day.",
)
enum(
    Severity,
    "Severity",
    "How much a match matters.",
    info="Good to know.",
    warning="Needs attention.",
    critical="Needs attention now.",
)
enum(
    PolicyMode,
    "PolicyMode",
    "How far a policy may go.",
    off="Not evaluated.",
    observe="Logged only.",
    advise="Recommends.",
    block="Refuses the write.",
    auto="Recommends, and accepts by itself where the action is reversible.",
)
enum(
    CycleState,
    "CycleState",
    "Where a day finds a cycle.",
    planned="Before its first day.",
    active="In it.",
    grading="Over, but still open for grading.",
    closed="Closed.",
)
enum(
    SlotState,
    "SlotState",
    "What became of a check-in slot.",
    pending="Not due yet, or still in its grace.",
    on_time="Filled before it was due.",
    late="Filled within the grace.",
    missed="Not filled.",
    excused="Nobody had to: leave, or the cycle rested.",
)
enum(
    DismissReason,
    "DismissReason",
    "Why a recommendation was dismissed; the counts per policy measure its quality.",
    wrong_data="The data it rests on is wrong.",
    already_handled="Somebody is on it already.",
    not_relevant="It does not matter here.",
    disagree="The policy itself is not agreed with.",
)
enum(
    WaiverKind,
    "WaiverKind",
    "Why what a policy finds is excused.",
    waived="Accepted as it is, for a while.",
    mitigated="Something else answers it already.",
)
enum(
    FieldType,
    "FieldType",
    "What a field of a fact holds.",
    number="A number.",
    day="A day.",
    boolean="Yes or no.",
    choice="One of a list.",
    reference="The id, or the name for programs, of something else.",
    text="A text; it can be known or unknown, and is shown.",
)
enum(ParameterType, "ParameterType", "What a parameter holds.", number="A number.")


class OriginKind(StrEnum):
    """Who says what a value of a policy is."""

    TEMPLATE = "template"
    POLICY = "policy"
    UNIT = "unit"

    @classmethod
    def of(cls, unit: str | None) -> "OriginKind":
        """Return the kind of the origin that rules.layers writes as a unit, as "" or as None."""
        return cls.UNIT if unit else cls.TEMPLATE if unit is None else cls.POLICY


enum(
    OriginKind,
    "OriginKind",
    "Who says what a value of a policy is.",
    template="The template: nobody has set it.",
    policy="The policy itself.",
    unit="A unit that changes it for its subtree.",
)
enum(
    Role,
    "Role",
    "What a person may do in a unit and everything below it; each may all that the ones before it may.",
    viewer="See.",
    member="Check in and bring numbers.",
    lead="Set goals and answer recommendations.",
    hr_admin="Decide about units, people and policies.",
)
enum(
    PolicyState,
    "PolicyState",
    "Where a version of a policy is in its life.",
    draft="Saved; not in force.",
    published="In force.",
    retired="Was in force before.",
)
enum(
    Action,
    "Action",
    "What accepting a recommendation does.",
    create_objective="Drafts a focused objective.",
    promote="Turns a key result into a KPI, or into a new baseline of the one it measures.",
    name_owner="Names who is accountable.",
    remind="Marks the reminder as given.",
    review="Marks the review as done.",
)
enum(
    AlignmentNodeKind,
    "AlignmentNodeKind",
    "What a node of the tree stands for.",
    org_unit="A unit.",
    objective="An objective.",
    key_result="A key result.",
    kpi="A KPI.",
)
enum(
    AlignmentEdgeKind,
    "AlignmentEdgeKind",
    "How two nodes belong together, read from the first to the second.",
    supports="The first supports the second as its primary parent.",
    contributes="The first also contributes to the second.",
    depends_on="The first waits for the second.",
    measured_by="The first (a key result) is measured by the second (a KPI).",
    addresses="The first (an objective) attacks the second (a KPI).",
)
enum(
    AlignmentFindingKind,
    "AlignmentFindingKind",
    "What is odd in the tree; nothing of it is hidden or forbidden.",
    orphan="Below company level and supports nothing.",
    level_skip="Supports something two levels up or more.",
    cross_team="Supports something outside its own line of units.",
    unmoved_kpi="Red or amber, and no active key result measures it.",
    unowned_kpi="Nobody must act on it, or nobody brings its numbers.",
    owner_left="Its owner has left.",
)
enum(
    Operator,
    "Operator",
    "How a field is compared.",
    lt="Less than.",
    lte="Less than or equal.",
    gt="Greater than.",
    gte="Greater than or equal.",
    eq="Equal.",
    ne="Not equal.",
    between="Between two numbers, both included.",
    known="Has a value.",
    unknown="Has no value.",
    **{"in": "One of a list."},
)
