"""How much one subject, and one organisation, may ask for in a while."""

from dataclasses import dataclass

from app.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """What a caller's bucket holds after a charge, in points."""

    most: int
    left: int
    per_second: float


class Rate:
    """Buckets of points, one a subject and one a tenant, that fill up again as time goes by; one process's share."""

    def __init__(self, settings: Settings) -> None:
        """Take the sizes of the buckets from the settings."""

    def take(self, tenant: str, subject: str, points: int) -> Left:
        """Charge an operation; Rejected(429, RATE_LIMITED) with Retry-After where a bucket does not hold as much."""
        return Left(most=points, left=points, per_second=0)

    def give_back(self, tenant: str, subject: str, points: int) -> None:
        """Return what an operation was charged for and did not use."""
