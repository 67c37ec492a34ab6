"""What can be refused, as one small ladder that the API maps once."""

import difflib
from collections.abc import Iterable
from enum import StrEnum


class Code(StrEnum):
    """Why something was refused; clients branch on it, so a member is never renamed."""

    INVALID = "INVALID"
    TOO_LONG = "TOO_LONG"
    NOT_FINITE = "NOT_FINITE"
    NOT_FOUND = "NOT_FOUND"
    FORBIDDEN = "FORBIDDEN"
    CONFLICT = "CONFLICT"
    DUPLICATE = "DUPLICATE"
    IN_FUTURE = "IN_FUTURE"
    OUTSIDE_CYCLE = "OUTSIDE_CYCLE"
    CYCLE_CLOSED = "CYCLE_CLOSED"
    NOT_OPEN = "NOT_OPEN"
    START_EQUALS_TARGET = "START_EQUALS_TARGET"
    WRONG_DIRECTION = "WRONG_DIRECTION"
    WRONG_UNIT = "WRONG_UNIT"
    WRONG_BOUNDS = "WRONG_BOUNDS"
    WOULD_LOOSEN = "WOULD_LOOSEN"
    WOULD_CYCLE = "WOULD_CYCLE"
    SECOND_PARENT = "SECOND_PARENT"
    NOT_PROMOTABLE = "NOT_PROMOTABLE"
    UNKNOWN_FIELD = "UNKNOWN_FIELD"
    WRONG_TYPE = "WRONG_TYPE"
    TOO_COMPLEX = "TOO_COMPLEX"
    BLOCKED_BY_POLICY = "BLOCKED_BY_POLICY"
    NEVER_MATCHES = "NEVER_MATCHES"
    ALWAYS_MATCHES = "ALWAYS_MATCHES"
    TEST_FAILED = "TEST_FAILED"
    NEEDS_CONFIRMATION = "NEEDS_CONFIRMATION"
    NEEDS_APPROVAL = "NEEDS_APPROVAL"
    IDEMPOTENCY_KEY_REUSED = "IDEMPOTENCY_KEY_REUSED"


class RatchetError(Exception):
    """Anything that Ratchet raises on purpose."""


class Refusal(RatchetError):
    """An expected refusal: what was asked breaks a rule of the trade, and nothing was written.

    `field` is the path of the offending input (`("keyResults", "0", "target")`), empty when the whole is at fault.
    `message` is one sentence for people; it says what to do next where that is known.
    """

    def __init__(self, code: Code, message: str, field: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.field = field

    def under(self, *outer: str) -> "Refusal":
        """Return the same refusal seen from a form that holds the offending one at `outer`."""
        return Refusal(self.code, self.message, (*outer, *self.field))


class Unavailable(RatchetError):
    """A part that Ratchet stands on (the database, the rule worker) does not answer; trying again may help."""


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return ` Did you mean "…"?` for the nearest known name, or a list of a few where none is near."""
    names = sorted(known)
    near = difflib.get_close_matches(name[:80], names, n=1, cutoff=0.6)
    if near:
        return f' Did you mean "{near[0]}"?'
    return f" Known: {', '.join(names[:12])}{', …' if len(names) > 12 else ''}." if names else ""
