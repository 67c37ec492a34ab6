"""Who acts, and what that person may do where."""

from collections.abc import Mapping
from dataclasses import dataclass

from okr.errors import Code, Refusal
from okr.org import Grant, Role
from okr.snapshot import Snapshot

SYSTEM = "system"


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Somebody who calls: a person's key (or "system", "policy:<key>") and the roles held on units."""

    key: str
    grants: tuple[Grant, ...]

    def may(self, role: Role, unit: str, paths: Mapping[str, tuple[str, ...]]) -> bool:
        """Tell whether the actor holds `role`, or a higher one, on `unit` or on a unit above it."""
        path = paths.get(unit, ())
        return any(grant.role.rank >= role.rank and grant.unit in path for grant in self.grants)

    def holds(self, role: Role) -> bool:
        """Tell whether the actor holds `role`, or a higher one, anywhere."""
        return any(grant.role.rank >= role.rank for grant in self.grants)

    @classmethod
    def system(cls, picture: Snapshot, name: str = SYSTEM) -> "Actor":
        """Return who the service and its commands are by themselves: every role on the whole organisation."""
        return cls(key=name, grants=(Grant(role=Role.HR_ADMIN, unit=picture.root.key),))

    @classmethod
    def person(cls, picture: Snapshot, subject: str) -> "Actor":
        """Return who the tokens of `subject` stand for; refuse somebody unknown here, or who has left."""
        found = picture.by_subject.get(subject)
        if found is None or not found.works_on(picture.today(found.unit)):
            raise Refusal(Code.FORBIDDEN, "Nobody by that name works in this organisation.")
        return cls(key=found.key, grants=found.grants)
