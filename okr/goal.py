"""Goals: objectives, their key results, what either must be to be written, and how a limit counts them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Protocol, assert_never

from okr.cycle import Cycle, dated, overlap
from okr.errors import Code, Refusal
from okr.number import Direction, measured
from okr.text import Text, line, prose

MEASURE_LIMIT = 40
MILESTONE_LIMIT = 100
EDGE_LIMIT = 50


class ObjectiveState(StrEnum):
    """The life of an objective; ACTIVE and PENDING_APPROVAL count against the goal limit."""

    DRAFT = "draft"
    PENDING_APPROVAL = "pending_approval"
    ACTIVE = "active"
    DEFERRED = "deferred"
    CLOSED = "closed"
    CANCELLED = "cancelled"


HEARD = (ObjectiveState.ACTIVE, ObjectiveState.CLOSED)
"""The states in which the numbers of an objective count in what it supports; a closed one's as they were then."""


class Driver(StrEnum):
    """What an objective's progress is rolled up from."""

    KEY_RESULTS = "key_results"
    ALIGNED = "aligned"
    BOTH = "both"


class KeyResultType(StrEnum):
    """How a key result is measured; PERCENT is in points from 0 to 100, CURRENCY in the unit of its ISO code."""

    NUMBER = "number"
    PERCENT = "percent"
    CURRENCY = "currency"
    BOOLEAN = "boolean"
    MILESTONE = "milestone"
    MAINTAIN = "maintain"


class RollUp(StrEnum):
    """Where the value of a key result comes from.

    OWN is its check-ins. VALUE_SUM adds up the latest values of the live key results of the same type, measure and
    direction in the active and closed objectives that support it; it takes values from them, never percentages.
    """

    OWN = "own"
    VALUE_SUM = "value_sum"


@dataclass(frozen=True, slots=True, kw_only=True)
class Contribution:
    """A secondary edge of alignment: no roll-up; the shares of one objective sum to at most 1."""

    to: str
    share: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Milestone:
    """One step of a MILESTONE key result; a cancelled one counts neither as done nor as due."""

    name: Text
    weight: Decimal = Decimal(1)
    done: bool = False
    cancelled: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckIn:
    """What somebody said about a key result at an instant.

    `value` is in the key result's unit; `done` answers a BOOLEAN one; for a MILESTONE one `milestones` holds the
    positions that are done. `confidence` is 1 (no hope) to 10 (sure). `supersedes` names the entry this one corrects.
    """

    key: str
    key_result: str
    at: datetime
    by: str
    value: Decimal | None = None
    done: bool | None = None
    milestones: tuple[int, ...] = ()
    confidence: int | None = None
    note: str = ""
    supersedes: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyResult:
    """One measure of an objective.

    `start` → `target` hold for NUMBER, PERCENT and CURRENCY, which may declare a `direction`; MAINTAIN has `low`
    and/or `high` instead (≥, ≤ or a range); BOOLEAN and MILESTONE have none. `measure` is the unit of the numbers
    ("%", "s", an ISO currency code). `weight` 0 means shown but not counted. `check_ins` is the checkpoint of the
    history that every derivation reads: the standing entries (superseded ones left out), oldest first, written in the
    transaction of each entry; a key result lives in one cycle, so it stays short. `roll_up` VALUE_SUM has none: what
    supports it moves it. `trial` marks a candidate KPI.
    """

    key: str
    objective: str
    title: Text
    type: KeyResultType
    measure: str = ""
    direction: Direction | None = None
    start: Decimal | None = None
    target: Decimal | None = None
    low: Decimal | None = None
    high: Decimal | None = None
    milestones: tuple[Milestone, ...] = ()
    weight: Decimal = Decimal(1)
    roll_up: RollUp = RollUp.OWN
    owner: str | None = None
    measures: str | None = None
    trial: bool = False
    cancelled: bool = False
    since: date
    check_ins: tuple[CheckIn, ...] = ()
    promoted_to: str | None = None
    version: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Why an objective exists when a policy proposed it: the recommendation, and the episode of the KPI it attacks.

    `auto` says that no person accepted it: the policy did so itself, and no policy acts by itself on what came of it.
    """

    recommendation: str
    policy: str
    episode: str | None = None
    auto: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Final:
    """What an objective was worth when it was closed; frozen, whatever happens to its parts afterwards."""

    progress: Decimal | None
    by: str
    at: datetime
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Objective:
    """A qualitative goal of one unit in one cycle.

    `supports` is the one primary parent, an objective or a key result; `contributes` and `depends_on` are further
    edges; `addresses` names the KPIs it attacks. `superseded_episode` flags a recovery objective whose episode no
    longer holds after a correction: it is kept, and people decide.
    """

    key: str
    title: Text
    unit: str
    cycle: str
    state: ObjectiveState = ObjectiveState.DRAFT
    description: str = ""
    owner: str | None = None
    driver: Driver = Driver.KEY_RESULTS
    supports: str | None = None
    contributes: tuple[Contribution, ...] = ()
    depends_on: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    since: date
    origin: Origin | None = None
    superseded_episode: bool = False
    final: Final | None = None
    version: int = 1


def direction(key_result: KeyResult) -> Direction:
    """Return which way is better for a key result: as declared, else as its numbers point; HIGHER where it has none."""
    if key_result.direction is not None:
        return key_result.direction
    if key_result.type is KeyResultType.MAINTAIN:
        return _kept(key_result)
    start, target = key_result.start, key_result.target
    return Direction.LOWER if start is not None and target is not None and target < start else Direction.HIGHER


class Board(Protocol):
    """What counting goals reads of a picture."""

    @property
    def cycles(self) -> Mapping[str, Cycle]:
        """Cycles by their key."""

    @property
    def objectives_of(self) -> Mapping[str, tuple[Objective, ...]]:
        """Objectives by the unit that owns them."""


def counted(board: Board, unit: str, cycle: Cycle) -> tuple[Objective, ...]:
    """Return the objectives that count against a unit's goal limit in a cycle.

    These are the ones the unit itself owns, ACTIVE or PENDING_APPROVAL, whose cycle is of the same kind (annual and
    quarterly goals have limits of their own) and shares a day with this one. Recovery objectives count like any other.
    """
    return tuple(
        objective
        for objective in board.objectives_of.get(unit, ())
        if objective.state in (ObjectiveState.ACTIVE, ObjectiveState.PENDING_APPROVAL)
        and board.cycles[objective.cycle].kind is cycle.kind
        and overlap(board.cycles[objective.cycle], cycle)
    )


def check_key_result(key_result: KeyResult) -> None:
    """Refuse a key result that cannot be measured as its type says, each fault at the field it lies in."""
    _check(key_result)
    if key_result.start is not None and key_result.start == key_result.target:
        advice = "to hold a level, choose the type MAINTAIN with that level as its bound"
        raise Refusal(Code.START_EQUALS_TARGET, f"Start and target are the same; {advice}.", ("target",))


def imported(key_result: KeyResult) -> KeyResult:
    """Return a key result that comes from elsewhere where it can be kept, with what a person could not write today.

    As `check_key_result`, but a start that equals its target passes: its progress is 1 where the target is met, else 0,
    and it is flagged DEGENERATE.
    """
    _check(key_result)
    return key_result


def check_objective(objective: Objective) -> None:
    """Refuse an objective whose own fields contradict each other; what its edges reach is alignment's to check."""
    dated(objective.since, "since")
    prose(objective.description, field=("description",))
    edges = (
        ("supports", (objective.supports,) if objective.supports else ()),
        ("contributes", tuple(contribution.to for contribution in objective.contributes)),
        ("dependsOn", objective.depends_on),
        ("addresses", objective.addresses),
    )
    for field, keys in edges:
        if objective.key in keys:
            raise Refusal(Code.WOULD_CYCLE, "An objective cannot stand on itself.", (field,))
        if len(set(keys)) < len(keys):
            raise Refusal(Code.DUPLICATE, "The same thing is named twice.", (field,))
        if len(keys) > EDGE_LIMIT:
            raise Refusal(Code.TOO_LONG, f"At most {EDGE_LIMIT} are kept; this has {len(keys)}.", (field,))
    for place, contribution in enumerate(objective.contributes):
        measured(contribution.share, "contributes", str(place), "share")
        if not 0 <= contribution.share <= 1:
            raise Refusal(Code.INVALID, "A share lies between 0 and 1.", ("contributes", str(place), "share"))
        if contribution.to == objective.supports:
            message = "This is what the objective supports; it cannot contribute to it as well."
            raise Refusal(Code.DUPLICATE, message, ("contributes", str(place), "to"))
    if (total := sum(contribution.share for contribution in objective.contributes)) > 1:
        raise Refusal(
            Code.INVALID, f"The shares of an objective sum to at most 1; these sum to {total}.", ("contributes",)
        )
    _check_final(objective.final)


def _check_final(final: Final | None) -> None:
    if final is None:
        return
    prose(final.note, field=("note",))
    if final.progress is not None and not 0 <= measured(final.progress, "progress") <= 1:
        raise Refusal(Code.INVALID, "A final score lies between 0 and 1.", ("progress",))


def _check(key_result: KeyResult) -> None:
    dated(key_result.since, "since")
    if key_result.measure:
        line(key_result.measure, MEASURE_LIMIT, ("measure",))
    if measured(key_result.weight, "weight") < 0:
        raise Refusal(Code.INVALID, "A weight is 0 (shown, not counted) or more.", ("weight",))
    _check_fields(key_result)
    _check_roll_up(key_result)
    match key_result.type:
        case KeyResultType.NUMBER:
            _check_way(key_result)
        case KeyResultType.PERCENT:
            _check_percent(key_result)
            _check_way(key_result)
        case KeyResultType.CURRENCY:
            if not re.fullmatch("[A-Z]{3}", key_result.measure):
                message = "A currency is measured by its ISO code of three capitals, such as EUR or VND."
                raise Refusal(Code.WRONG_UNIT, message, ("measure",))
            _check_way(key_result)
        case KeyResultType.MAINTAIN:
            _check_band(key_result)
        case KeyResultType.MILESTONE:
            _check_milestones(key_result.milestones)
        case KeyResultType.BOOLEAN:
            pass
        case never:
            assert_never(never)


def _check_fields(key_result: KeyResult) -> None:
    """Refuse fields that the type needs and that are missing, and fields that mean nothing for it."""
    match key_result.type:
        case KeyResultType.NUMBER | KeyResultType.PERCENT | KeyResultType.CURRENCY:
            needed, allowed = {"start", "target"}, {"direction"}
        case KeyResultType.MAINTAIN:
            needed, allowed = set(), {"low", "high", "direction"}
        case KeyResultType.MILESTONE:
            needed, allowed = {"milestones"}, set()
        case KeyResultType.BOOLEAN:
            needed, allowed = set(), set()
        case never:
            assert_never(never)
    given: dict[str, object] = {
        "start": key_result.start,
        "target": key_result.target,
        "low": key_result.low,
        "high": key_result.high,
        "direction": key_result.direction,
        "milestones": key_result.milestones or None,
    }
    for name, value in given.items():
        if value is None and name in needed:
            raise Refusal(Code.INVALID, f"A key result of type {key_result.type} needs `{name}`.", (name,))
        if value is not None and name not in needed | allowed:
            raise Refusal(
                Code.INVALID, f"A key result of type {key_result.type} has no `{name}`; leave it out.", (name,)
            )
        if isinstance(value, Decimal):
            measured(value, name)


def _check_roll_up(key_result: KeyResult) -> None:
    adds_up = key_result.type in (KeyResultType.NUMBER, KeyResultType.CURRENCY) and key_result.measure != "%"
    if key_result.roll_up is RollUp.VALUE_SUM and not adds_up:
        message = "Only numbers and amounts of money add up, percentages and states do not; measure this one by itself."
        raise Refusal(Code.INVALID, message, ("rollUp",))


def _check_way(key_result: KeyResult) -> None:
    declared = key_result.direction
    if declared is Direction.RANGE:
        raise Refusal(Code.WRONG_DIRECTION, "A range is held, not reached: choose the type MAINTAIN.", ("direction",))
    pointed = direction(replace(key_result, direction=None))
    if declared not in (None, pointed) and key_result.start != key_result.target:
        way = f"From {key_result.start} to {key_result.target} is the direction {pointed}"
        raise Refusal(Code.WRONG_DIRECTION, f"{way}; {declared} was declared.", ("direction",))


def _check_percent(key_result: KeyResult) -> None:
    if key_result.measure != "%":
        raise Refusal(Code.WRONG_UNIT, 'A percentage is measured in "%".', ("measure",))
    for name, value in (("start", key_result.start), ("target", key_result.target)):
        if value is not None and not 0 <= value <= 100:
            message = "A percentage is given in points from 0 to 100; for a growth beyond, choose the type NUMBER."
            raise Refusal(Code.WRONG_UNIT, message, (name,))


def _check_band(key_result: KeyResult) -> None:
    if key_result.low is None and key_result.high is None:
        raise Refusal(Code.WRONG_BOUNDS, "To maintain needs a lower bound, an upper bound or both.", ("low",))
    if key_result.low is not None and key_result.high is not None and key_result.low >= key_result.high:
        raise Refusal(Code.WRONG_BOUNDS, "The lower bound lies below the upper one.", ("low",))
    if key_result.direction not in (None, _kept(key_result)):
        message = f"These bounds mean the direction {_kept(key_result)}; {key_result.direction} was declared."
        raise Refusal(Code.WRONG_DIRECTION, message, ("direction",))


def _kept(key_result: KeyResult) -> Direction:
    if key_result.low is not None and key_result.high is not None:
        return Direction.RANGE
    return Direction.LOWER if key_result.low is None else Direction.HIGHER


def _check_milestones(milestones: tuple[Milestone, ...]) -> None:
    if len(milestones) > MILESTONE_LIMIT:
        message = f"At most {MILESTONE_LIMIT} milestones are kept; this has {len(milestones)}."
        raise Refusal(Code.TOO_LONG, message, ("milestones",))
    for place, milestone in enumerate(milestones):
        if measured(milestone.weight, "milestones", str(place), "weight") < 0:
            raise Refusal(Code.INVALID, "A weight is 0 or more.", ("milestones", str(place), "weight"))
    if not any(milestone.weight for milestone in milestones if not milestone.cancelled):
        raise Refusal(Code.INVALID, "At least one milestone that is not cancelled needs a weight.", ("milestones",))
