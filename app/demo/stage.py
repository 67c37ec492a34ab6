"""The stage: a blueprint on a day, the keys that its words stand for, and the steps that are played on it."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from app.actor import Actor
from app.call import Call
from app.demo.blueprint import ROOT, Blueprint
from app.demo.days import Days
from okr import keys
from okr.keys import Kind
from okr.snapshot import Snapshot

SEED = "demo"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One thing that somebody did at an instant, through a use-case.

    `by` is the word of a person, empty for the service itself. What is made by a step has keys that follow from `name`.
    `done` tells from the picture whether it has been done; without one it is taken for done once a later step is.
    """

    name: tuple[str, ...]
    at: datetime
    do: Callable[[Call], Awaitable[object]]
    by: str = ""
    done: Callable[[Snapshot], bool] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One blueprint laid out around one day."""

    blueprint: Blueprint
    days: Days

    def key(self, kind: Kind, *name: str) -> str:
        """Return the key of the first entity of a kind that the step called `name` makes."""
        return keys.derive(kind, self.blueprint.tenant, SEED, *name, "1")

    def unit(self, word: str) -> str:
        """Return the key of a unit."""
        tenant = self.blueprint.tenant
        return keys.derive(Kind.UNIT, tenant, ROOT) if word == ROOT else self.key(Kind.UNIT, "unit", word)

    def person(self, word: str) -> str:
        """Return the key of a person."""
        return keys.derive(Kind.PERSON, self.blueprint.tenant, self.subject(word))

    def subject(self, word: str) -> str:
        """Return the subject of a person's tokens."""
        return f"{word}@{self.blueprint.tenant}"

    def kpi(self, word: str) -> str:
        """Return the key of a KPI."""
        return self.key(Kind.KPI, "kpi", word)

    def goal(self, word: str, when: int) -> str:
        """Return the key of an objective in the cycle `when`."""
        return self.key(Kind.OBJECTIVE, "goal", word, str(when))

    def lead(self, unit: str) -> str:
        """Return the word of who leads a unit; HR stands in for the whole organisation."""
        return next((plan.lead for plan in self.blueprint.units if plan.word == unit), "hr_admin")

    def zone(self, unit: str) -> ZoneInfo:
        """Return the zone of a unit."""
        return ZoneInfo(self.blueprint.zone_of(unit))

    async def play(self, call: Call, steps: Sequence[Step]) -> Snapshot:
        """Play the steps that have not been done yet, in their order, and return the picture after them."""
        picture = call.picture
        for step in self.remaining(picture, steps):
            picture = picture.seen_at(step.at)
            person = picture.people[self.person(step.by)] if step.by else None
            acting = Call(
                runtime=call.runtime,
                store=call.store,
                picture=picture,
                actor=Actor(key=person.key, grants=person.grants) if person else Actor.system(picture),
                at=step.at,
                seed=(SEED, *step.name),
            )
            await step.do(acting)
            picture = acting.picture
        return picture

    def remaining(self, picture: Snapshot, steps: Sequence[Step]) -> Sequence[Step]:
        """Return the steps after the last one that has been done."""
        done = (at for at, step in enumerate(steps, start=1) if step.done and step.done(picture))
        return steps[max(done, default=0) :]
