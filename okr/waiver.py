"""Waivers: what a policy does not demand of a unit or a subject for a while, because somebody said so and why."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum

from okr.errors import Code, Refusal
from okr.recommendation import Subject
from okr.text import prose

LONGEST = timedelta(days=92)
"""At most one cycle ahead, and no quarter has more days: what is to be excused for longer is looked at once a cycle."""

FEWEST_LETTERS = 10
"""A shorter reason ("ok", "later") tells the next reader nothing. Letters, because not every script parts its words."""


class WaiverKind(StrEnum):
    """Why a match is excused: WAIVED accepts it as it is, MITIGATED says that something else already answers it."""

    WAIVED = "waived"
    MITIGATED = "mitigated"


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiver:
    """What excuses the matches of one policy on everything in a unit's subtree, or on one subject: one of the two.

    `until` is the first day on which it no longer holds, local to where the policy looks. `approved_by` and `ended_by`
    are keys of people; one that was ended before its day has `ended_at` and says why in `end_reason`.
    """

    key: str
    policy: str
    unit: str | None = None
    subject: Subject | None = None
    kind: WaiverKind
    reason: str
    approved_by: str
    until: date
    created_at: datetime
    ended_at: datetime | None = None
    ended_by: str | None = None
    end_reason: str = ""
    version: int = 1


def check(waiver: Waiver, today: date) -> None:
    """Refuse a new waiver that names no target or two, gives no reason, or does not end within a cycle of `today`."""
    if waiver.unit is None and waiver.subject is None:
        raise Refusal(Code.INVALID, "Name what is exempt: a unit, or a single subject.", ("unit",))
    if waiver.unit is not None and waiver.subject is not None:
        raise Refusal(Code.INVALID, "A waiver is for a unit or for a single subject; grant two for both.", ("subject",))
    _check_reason(waiver.reason)
    if not today < waiver.until <= today + LONGEST:
        raise Refusal(
            Code.INVALID,
            f"A waiver ends after {today} and within {LONGEST.days} days, by {today + LONGEST}; {waiver.until} does"
            " not. Grant another one when it is over.",
            ("until",),
        )


def holds(waiver: Waiver, day: date) -> bool:
    """Tell whether it still holds on a day: nobody has ended it, and its own day has not come."""
    return waiver.ended_at is None and day < waiver.until


def covers(waiver: Waiver, policy: str, path: Collection[str], subject: Subject, day: date) -> bool:
    """Tell whether it excuses a match of `policy` on `subject`, seen in the unit at the end of `path`, on a local day.

    `path` are the keys from the root down to that unit, itself included.
    """
    if waiver.policy != policy or not holds(waiver, day):
        return False
    return waiver.unit in path if waiver.subject is None else waiver.subject == subject


def covering(
    waivers: Iterable[Waiver], policy: str, path: Collection[str], subject: Subject, day: date
) -> Waiver | None:
    """Return the waiver that excuses a match, of several the one that lasts longest, or None; see `covers`."""
    found = (waiver for waiver in waivers if covers(waiver, policy, path, subject, day))
    return max(found, key=lambda waiver: (waiver.until, waiver.key), default=None)


def end(waiver: Waiver, reason: str, by: str, at: datetime, today: date) -> Waiver:
    """Return it ended before its day; refuse one that is over already, and a reason that says nothing."""
    if not holds(waiver, today):
        over = waiver.until if waiver.ended_at is None else waiver.ended_at.date()
        raise Refusal(Code.NOT_OPEN, f"The waiver has been over since {over}; there is nothing left to end.")
    _check_reason(reason)
    return replace(waiver, ended_at=at, ended_by=by, end_reason=reason)


def _check_reason(reason: str) -> None:
    prose(reason, field=("reason",))
    if sum(map(str.isalpha, reason)) < FEWEST_LETTERS:
        said = f"A reason of at least {FEWEST_LETTERS} letters is needed: whoever reads it later has nothing else."
        raise Refusal(Code.INVALID, said, ("reason",))
