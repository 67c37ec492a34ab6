"""What every resolver can reach: one call by one actor on one picture."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property

import strawberry
from graphql import GraphQLError
from strawberry.dataloader import DataLoader

from app import picture, waivers
from app.actor import Actor
from app.call import Call
from okr import breach, kpi, progress
from okr import rollup as rollups
from okr.cycle import Cycle, CycleKind
from okr.errors import Code, Refusal
from okr.goal import KeyResult, Objective
from okr.kpi import Kpi, Watch
from okr.org import Role
from okr.progress import Progress
from okr.rollup import Rollup
from okr.snapshot import Entity, Snapshot
from okr.target import Band, Target
from okr.waiver import Waiver

MOST_ITEMS = 50_000


@dataclass
class Context:
    """One request: the call, and the language to answer in."""

    call: Call
    language: str = "en"

    subject: str = ""
    """Who the caller's token speaks for."""

    previews: int = 0
    """How many previews the request has asked for."""

    items: int = 0
    """How many items the lists of the answer hold so far."""

    def count_preview(self) -> None:
        """Count a preview; QUERY_TOO_COMPLEX for a second one: each may look at years of facts."""
        self.previews += 1
        if self.previews > 1:
            raise GraphQLError(
                "One preview a request: send the others one after the other.",
                extensions={"code": "QUERY_TOO_COMPLEX"},
            )

    def spend(self, items: int) -> None:
        """Count items of the answer; QUERY_TOO_COMPLEX once there are more than anyone reads."""
        self.items += items
        if self.items > MOST_ITEMS:
            raise GraphQLError(
                f"An answer holds at most {MOST_ITEMS:,} list items; ask for less at once.",
                extensions={"code": "QUERY_TOO_COMPLEX"},
            )

    async def renew(self) -> None:
        """Stand on the organisation as it is now, with the roles that the caller has by now.

        Refuses with FORBIDDEN where the caller no longer works there.
        """
        old = self.call
        at = old.runtime.now()
        seen = await picture.of(old.store, at)
        actor = Actor.person(seen, self.subject)
        self.call = Call(runtime=old.runtime, store=old.store, picture=seen, actor=actor, at=at, request=old.request)
        self.items = self.previews = 0
        self.__dict__.pop("waivers", None)

    @property
    def picture(self) -> Snapshot:
        """The picture the call stands on; after a mutation, the one that the mutation made."""
        return self.call.picture

    @property
    def is_production(self) -> bool:
        """Whether the service runs for real."""
        return self.call.runtime.settings.environment == "production"

    def sees(self, entity: Entity) -> bool:
        """Tell whether the caller may see `entity`; cycles are everybody's."""
        return isinstance(entity, Cycle) or any(self.sees_unit(unit) for unit in self.picture.homes(entity))

    def sees_unit(self, unit: str) -> bool:
        """Tell whether the caller may see what belongs to `unit`."""
        return self.call.may(Role.VIEWER, unit)

    def find(self, key: str) -> Entity | None:
        """Return the entity by that key where the caller may see it; else None, as if there were none."""
        entity = self.picture.find(key)
        return entity if entity is not None and self.sees(entity) else None

    @cached_property
    def waivers(self) -> DataLoader[str, Waiver | None]:
        """Waivers by key, None where the caller sees none; all that are asked for in one turn are read at once."""

        async def load(keys: Sequence[str]) -> list[Waiver | None]:
            found = await self.call.store.waivers_by(keys)
            seen = {key: one for key, one in found.items() if waivers.sees(self.call, one)}
            return [seen.get(key) for key in keys]

        return DataLoader(load, cache=False)  # a mutation of the same request may have ended one

    def root(self, key: str | None) -> str | None:
        """Return the key of the visible unit to look below; None is the whole organisation. Refuses an unknown one."""
        if key is not None and (key not in self.picture.units or not self.sees_unit(key)):
            raise Refusal(Code.NOT_FOUND, "There is no such unit.", ("root",))
        return key

    def below(self, root: str | None, unit: str) -> bool:
        """Tell whether `unit` is visible and lies at or below `root`."""
        return self.sees_unit(unit) and (root is None or root in self.picture.paths[unit])

    def progress(self, key_result: KeyResult) -> Progress:
        """Return the progress of a key result; the picture remembers it."""
        return progress.of_key_result(self.picture, key_result)

    def rollup(self, objective: Objective) -> Rollup:
        """Return what an objective rolls up to; the picture remembers it."""
        return rollups.of_objective(self.picture, objective)

    def unit_progress(self, unit: str, cycle: str | None) -> Decimal | None:
        """Return the progress of a unit in `cycle`, or in the present quarter."""
        span = self.quarter() if cycle is None else cycle
        if span is None:
            return None
        if span not in self.picture.cycles:
            raise Refusal(Code.NOT_FOUND, "There is no such cycle.", ("cycle",))
        return rollups.of_unit(self.picture, unit, span)

    def quarter(self) -> str | None:
        """Return the key of the quarter that today is in, None where it was not opened."""
        today = self.picture.today(self.picture.root.key)
        quarters = (c for c in self.picture.cycles.values() if c.kind is CycleKind.QUARTER)
        return next((c.key for c in quarters if c.first <= today <= c.last), None)

    def target(self, watched: Kpi) -> Target | None:
        """Return the target of a KPI in force today, else the first that will be."""
        today = self.picture.today(watched.unit)
        return kpi.target_on(watched, today) or next(iter(watched.targets), None)

    def band(self, watched: Kpi) -> Band:
        """Return the band a KPI stands in."""
        return kpi.standing(watched, self.picture.today(watched.unit))

    def watch(self, watched: Kpi) -> Watch:
        """Return where a KPI's breach stands."""
        return breach.current(watched, self.picture.today(watched.unit))


Info = strawberry.Info[Context, None]
