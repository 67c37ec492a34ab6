"""One call: one actor does one thing to one organisation, and every write of it goes through here."""

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TypeVar

from app import picture
from app.actor import Actor
from app.runtime import Runtime
from okr import keys
from okr.errors import Code, Refusal
from okr.goal import CheckIn
from okr.keys import Kind
from okr.kpi import Reading
from okr.org import Role
from okr.policy import Policy
from okr.recommendation import Recommendation, Subject
from okr.snapshot import Entity, Snapshot
from okr.waiver import Waiver
from rules import facts
from store.change import Change, Decision, Edit, Reply
from store.tenant import TenantStore

T = TypeVar("T")
TRIES = 20
PAUSE = 0.01
CHANCE = secrets.SystemRandom()


@dataclass(frozen=True, slots=True, kw_only=True)
class Once:
    """What makes a call idempotent: the caller's word for it, and a fingerprint of what was asked."""

    key: str
    fingerprint: str


@dataclass(kw_only=True)
class Call:
    """What a use-case stands on: the runtime, the tenant's store and picture, who acts and when.

    `picture` moves on with every commit, so a use-case reads its own writes. `once` makes the first commit of the call
    idempotent: it stores what was answered, and `replay` gives that back to a repeated call. `along` are edits that the
    next commit carries with it, `decisions` what it tells the decision log; `touched` the keys of
    entities written so far that nobody has evaluated yet.
    """

    runtime: Runtime
    store: TenantStore
    picture: Snapshot
    actor: Actor
    at: datetime
    request: str = ""
    once: Once | None = None
    seed: Sequence[str] = field(default_factory=lambda: (secrets.token_hex(16),))
    along: list[Edit] = field(default_factory=list)
    touched: dict[str, None] = field(default_factory=dict)
    decisions: tuple[Decision, ...] = ()
    _made: int = 0

    @classmethod
    async def begin(cls, runtime: Runtime, tenant: str, at: datetime | None = None) -> "Call":
        """Begin a call of the service itself, with every role on the whole of `tenant`; refuse one not founded yet."""
        now = at or runtime.now()
        store = runtime.store.tenant(tenant)
        seen = await picture.of(store, now)
        if not seen.units:
            raise Refusal(Code.NOT_FOUND, f'There is no organisation "{tenant}" yet.', ("tenant",))
        return cls(runtime=runtime, store=store, picture=seen, actor=Actor.system(seen), at=now)

    def acting(self, actor: Actor) -> "Call":
        """Return a call of its own, on the same picture at the same instant, made by somebody else."""
        return Call(
            runtime=self.runtime, store=self.store, picture=self.picture, actor=actor, at=self.at, request=self.request
        )

    def may(self, role: Role, unit: str) -> bool:
        """Tell whether the actor holds `role` on `unit`."""
        return self.actor.may(role, unit, self.picture.paths)

    def sees(self, key: str) -> bool:
        """Tell whether there is an entity by that key which the actor may see."""
        entity = self.picture.find(key)
        return entity is not None and any(self.may(Role.VIEWER, unit) for unit in self.picture.homes(entity))

    def require(self, role: Role, unit: str, *at: str) -> None:
        """Refuse with FORBIDDEN unless the actor holds `role` on `unit`."""
        if not self.may(role, unit):
            name = self.picture.units[unit].name.original
            raise Refusal(Code.FORBIDDEN, f'This takes the role {role.value} in "{name}".', at)

    def expect(self, entity: Entity | Recommendation | Waiver, version: int | None) -> None:
        """Refuse with CONFLICT where the caller expected another version than the present one."""
        if version is not None and version != entity.version:
            raise Refusal(
                Code.CONFLICT,
                f"Somebody changed it first: it is at version {entity.version}, not {version}. Read it again.",
                ("expectedVersion",),
            )

    def fresh(self, kind: Kind, *name: str) -> str:
        """Return a new key; with `name` the one that always belongs to it in this tenant."""
        if name:
            return keys.derive(kind, self.picture.tenant, *name)
        self._made += 1
        return keys.derive(kind, self.picture.tenant, *self.seed, str(self._made))

    async def replay(self) -> Mapping[str, object] | None:
        """Return what this very call answered before, on a picture that knows what was done, or None where it is new.

        Refuses with IDEMPOTENCY_KEY_REUSED where its key stood for something else.
        """
        if self.once is None:
            return None
        try:
            reply = await self.store.reply(self.actor.key, self.once.key, self.once.fingerprint)
        except Refusal as refusal:
            raise refusal.under("clientMutationId") from None
        if reply is None:
            return None
        self.picture = await picture.of(self.store, self.at)
        return reply.response

    async def commit(
        self,
        operation: str,
        *entities: Entity,
        entries: Iterable[CheckIn | Policy | Recommendation | Waiver] = (),
        derived: Iterable[Reading] = (),
        edits: Iterable[Edit] = (),
        held: Iterable[Entity] = (),
        due: Iterable[str] = (),
        note: str = "",
        result: Mapping[str, object] | None = None,
    ) -> None:
        """Write in one transaction, and move the picture on; nothing is written where nothing changed.

        `entities` new to the picture are inserted, known ones replaced with their version raised. `entries` are
        inserted, `derived` put in place, `edits` carried out. Of what is `held` only the version is raised, so that of
        two changes that rest on the same one is refused with CONFLICT. Leaves the audit entry, and marks for what was
        written and for what else is `due` to be evaluated. `result` is what a repeat of the call is answered from.
        """
        inserted: list[Entity] = []
        replaced: list[Edit] = []
        entries, edits = tuple(entries), tuple(edits)
        for entity in entities:
            known = self.picture.find(entity.key)
            if known is None:
                inserted.append(entity)
            elif known != entity:
                replaced.append(Edit(before=known, after=replace(entity, version=known.version + 1)))
        changing = held if inserted or replaced or derived or entries or edits else ()
        raised = [Edit(before=each, after=replace(each, version=each.version + 1)) for each in changing]
        after = self.picture.with_(*inserted, *(edit.after for edit in (*replaced, *raised)))  # type: ignore[arg-type]  # edits of entities hold entities
        touched = [*(entity.key for entity in inserted), *(edit.after.key for edit in replaced), *sorted(due)]
        # What only the old edges led to (a KPI that is no longer attacked) is not reachable from the new picture.
        left = facts.touched(self.picture, touched) - facts.touched(after, touched)
        change = Change(
            operation=operation,
            by=self.actor.key,
            at=self.at,
            request=self.request,
            note=note,
            inserted=(*inserted, *entries),
            edits=(*replaced, *raised, *edits, *self.along),
            derived=tuple(derived),
            touched=tuple(Subject(kind=_kind(key), key=key) for key in (*touched, *sorted(left - set(touched)))),
            decisions=self.decisions,
            reply=self._reply(result),
        )
        if not (change.inserted or change.edits or change.derived or change.reply):
            return
        await self.store.commit(change)
        self.once, self.along, self.decisions = None, [], ()
        self.touched |= dict.fromkeys(subject.key for subject in change.touched)
        self.picture = after

    async def in_turn(self, change: Callable[[], Awaitable[T]], own: str | None = None) -> T:
        """Make a change, and again on a newer picture where somebody else was faster at what it rests on.

        A conflict about the entity `own` itself goes to the caller, who has to look at it again; and so does one where
        edits go along, which were made on the older picture as well.
        """
        for attempt in range(0 if self.along else TRIES - 1):
            seen = self.picture
            try:
                return await change()
            except Refusal as refusal:
                if refusal.code is not Code.CONFLICT or refusal.field:
                    raise
                # Those who collided would collide again if they came back at once.
                await asyncio.sleep(CHANCE.uniform(0, PAUSE * 2 ** min(attempt, 5)))
                self.picture = await picture.of(self.store, self.at)
                if own and self.picture.find(own) != seen.find(own):
                    raise
        return await change()

    @property
    def shape(self) -> tuple[Entity, ...]:
        """What a change holds that gives the organisation, its goals or its KPIs another shape.

        Of two such changes each may be sound, and both together close a loop: one has to see the other.
        """
        return (self.picture.root,)

    def _reply(self, result: Mapping[str, object] | None) -> Reply | None:
        if self.once is None or result is None:
            return None
        return Reply(
            subject=self.actor.key, key=self.once.key, fingerprint=self.once.fingerprint, response=result, at=self.at
        )


def _kind(key: str) -> str:
    kind = keys.kind_of(key)
    return kind.name.lower() if kind else ""
