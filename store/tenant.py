"""One tenant's data: every read and write of it goes through here, and every command carries the tenant."""

import asyncio
from collections.abc import Collection, Mapping
from datetime import UTC, date, datetime
from typing import Any, TypeVar

from pymongo import ASCENDING, DESCENDING, AsyncMongoClient
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern

from okr import recommendation
from okr.cycle import Cycle
from okr.errors import Code, Refusal, Unavailable
from okr.goal import CheckIn, KeyResult, Objective
from okr.kpi import Kpi, Reading
from okr.org import OrgUnit, Person
from okr.policy import Policy, PolicyState, Severity
from okr.quality import Quality
from okr.recommendation import Recommendation, RecommendationState
from okr.snapshot import Snapshot
from okr.waiver import Waiver
from store import codec, commit, plain, quality
from store.change import AuditEntry, Change, Decision, Mark, Repeated, Reply
from store.codec import Document
from store.commit import answering
from store.layout import COLLECTIONS, Database

T = TypeVar("T")
Cursor = tuple[datetime, str]
Order = list[tuple[str, int]]

BATCH = 2_000  # documents decoded between two looks at the event loop
MAJORITY = WriteConcern("majority")

BY_BIRTH: Order = [("born", ASCENDING), ("key", ASCENDING)]


class TenantStore:
    """What one tenant has stored. Cursors are the instant and the key of the last item seen; limits are at least 1."""

    def __init__(self, client: AsyncMongoClient[Document], database: Database, tenant: str, patience: float) -> None:
        self._client = client
        self._database = database
        self._patience = patience
        self.tenant = tenant

    async def commit(self, change: Change) -> None:
        """Write all of `change` or nothing of it, acknowledged by a majority.

        Refusal: CONFLICT where a record is no longer what the change was made from, DUPLICATE where a new one exists
        already, IDEMPOTENCY_KEY_REUSED. Repeated where the same change was made before under its idempotency key.
        Unavailable where the database did not answer in time; then nobody knows whether the change was written, and
        sending it again with its idempotency key finds out.
        """
        with answering():
            batches = commit.batches(self.tenant, change)

            async def write(session: AsyncClientSession) -> None:
                for batch in batches:
                    await commit.write(self._database, self.tenant, batch, session)

            try:
                async with asyncio.timeout(self._patience), self._client.start_session() as session:
                    await session.with_transaction(write, ReadConcern("snapshot"), MAJORITY)
            except commit.Used:
                mine = change.reply
                if mine and (told := await self.reply(mine.subject, mine.key, mine.fingerprint)):
                    raise Repeated(told) from None
                raise Unavailable("What was answered under this key has just been forgotten; try again.") from None

    async def picture(self, as_of: datetime) -> Snapshot:
        """Return everything the organisation consists of now, seen from `as_of`: one consistent read, in six finds."""
        with answering():
            async with self._client.start_session(snapshot=True) as session:
                return Snapshot(
                    tenant=self.tenant,
                    as_of=as_of.astimezone(UTC),
                    units={unit.key: unit for unit in await self._read(OrgUnit, sort=BY_BIRTH, session=session)},
                    people={person.key: person for person in await self._read(Person, sort=BY_BIRTH, session=session)},
                    cycles={cycle.key: cycle for cycle in await self._read(Cycle, sort=BY_BIRTH, session=session)},
                    objectives={o.key: o for o in await self._read(Objective, sort=BY_BIRTH, session=session)},
                    key_results={kr.key: kr for kr in await self._read(KeyResult, sort=BY_BIRTH, session=session)},
                    kpis={kpi.key: kpi for kpi in await self._read(Kpi, sort=BY_BIRTH, session=session)},
                )

    async def check_ins(
        self, key_result: str, *, before: Cursor | None = None, limit: int = 100
    ) -> tuple[CheckIn, ...]:
        """Return the check-ins of a key result, superseded ones included, newest first."""
        return await self._page(CheckIn, {"key_result": key_result}, "at", before, limit)

    async def check_in(self, key: str) -> CheckIn | None:
        """Return the check-in by that key, superseded or not, or None."""
        found = await self._find(CheckIn, {"_id": f"{self.tenant}:{key}"})
        return found[0] if found else None

    async def readings(self, kpi: str) -> tuple[Reading, ...]:
        """Return every reading of a KPI, oldest first."""
        return await self._find(Reading, {"kpi": kpi}, sort=[("kpi", ASCENDING), ("period", ASCENDING)])

    async def readings_of(self, kpis: Collection[str], *, limit: int = 0) -> tuple[Reading, ...]:
        """Return the readings of these KPIs, by KPI and then oldest first: all of them, or the first `limit`."""
        order: Order = [("kpi", ASCENDING), ("period", ASCENDING)]
        return await self._find(Reading, {"kpi": {"$in": sorted(kpis)}}, sort=order, limit=limit)

    async def readings_before(self, kpi: str, *, before: date | None = None, limit: int = 100) -> tuple[Reading, ...]:
        """Return the readings of a KPI for periods that start before `before`, newest first."""
        older = {} if before is None else {"period": {"$lt": before.isoformat()}}
        newest: Order = [("kpi", DESCENDING), ("period", DESCENDING)]
        return await self._find(Reading, {"kpi": kpi, **older}, sort=newest, limit=limit)

    async def readings_at(self, wanted: Collection[tuple[str, date]]) -> Mapping[tuple[str, date], Reading]:
        """Return those of the `wanted` readings, given by KPI and start of period, that there are."""
        names = [f"{self.tenant}:{kpi}:{period.isoformat()}" for kpi, period in wanted]
        found = await self._find(Reading, {"_id": {"$in": names}})
        return {(reading.kpi, reading.period): reading for reading in found}

    async def policies(self) -> tuple[Policy, ...]:
        """Return what is in force: the published version of every policy and of every layer, by key."""
        published = {"state": PolicyState.PUBLISHED.value}
        return await self._find(Policy, published, sort=[("key", ASCENDING), ("layer", ASCENDING)])

    async def latest_policies(self) -> tuple[Policy, ...]:
        """Return what is in force, and of each policy that no longer is the newest version that was.

        A run of the policies asks this after every change, so older versions, which only add up, are not read.
        """
        published = await self.policies()
        standing = sorted({each.key for each in published if not each.layer})
        gone = {"state": PolicyState.RETIRED.value, "layer": None, "key": {"$nin": standing}}
        order: Order = [("key", ASCENDING), ("layer", ASCENDING), ("version", DESCENDING)]
        retired = await self._find(Policy, gone, sort=order)
        return (*published, *{each.key: each for each in reversed(retired)}.values())

    async def policy_versions(self, key: str | None = None, layer: str | None = None) -> tuple[Policy, ...]:
        """Return every version of one policy, or of all, by key, layer, and then newest first; None means any.

        `layer` is the unit of a layer, "" for the policy itself.
        """
        wanted: dict[str, Any] = {} if key is None else {"key": key}
        if layer is not None:
            wanted["layer"] = layer or None  # what is empty is left out of a document
        order: Order = [("key", ASCENDING), ("layer", ASCENDING), ("version", DESCENDING)]
        return await self._find(Policy, wanted, sort=order)

    async def recommendation(self, key: str) -> Recommendation | None:
        """Return one recommendation, or None."""
        found = await self._find(Recommendation, {"_id": f"{self.tenant}:{key}"})
        return found[0] if found else None

    async def filed(self, dedupes: Collection[str]) -> Mapping[str, Recommendation]:
        """Return what is on file for each finding: its live recommendation, else the one that was seen last."""
        wanted = {"finding.dedupe": {"$in": list(dedupes)}}
        found = await self._find(Recommendation, wanted, sort=[("last_seen", ASCENDING)])
        return {filed.finding.dedupe: filed for filed in sorted(found, key=recommendation.live)}

    async def live(
        self, *, subjects: Collection[str] | None = None, policies: Collection[str] | None = None
    ) -> tuple[Recommendation, ...]:
        """Return the live recommendations about these subjects (keys) and by these policies; None means any."""
        wanted = _among({"finding.subject.key": subjects, "finding.policy": policies})
        return await self._find(Recommendation, {"live": True, **wanted}, sort=[("key", ASCENDING)])

    async def recommendations(
        self,
        *,
        states: Collection[RecommendationState] | None = None,
        severities: Collection[Severity] | None = None,
        units: Collection[str] | None = None,
        policies: Collection[str] | None = None,
        subjects: Collection[str] | None = None,
        before: Cursor | None = None,
        limit: int = 100,
    ) -> tuple[Recommendation, ...]:
        """Return recommendations with one of these states, severities, units, policies and subjects, newest first.

        The order, and the cursor, is when they were first seen.
        """
        wanted = {
            "state": states,
            "finding.severity": severities,
            "finding.unit": units,
            "finding.policy": policies,
            "finding.subject.key": subjects,
        }
        return await self._page(Recommendation, _among(wanted), "first_seen", before, limit)

    async def waivers(self, *, policy: str | None = None, active_on: date | None = None) -> tuple[Waiver, ...]:
        """Return the waivers, by the day they last to: of one policy, and those that hold on a day; None means any.

        It is a day in UTC, and local days may be one behind: what ends on it is among them still.
        """
        wanted: dict[str, Any] = {} if policy is None else {"policy": policy}
        if active_on is not None:
            wanted |= {"until": {"$gte": active_on.isoformat()}, "ended_at": None}
        return await self._find(Waiver, wanted, sort=[("until", ASCENDING), ("key", ASCENDING)])

    async def waivers_by(self, keys: Collection[str]) -> Mapping[str, Waiver]:
        """Return those of these waivers that there are, by their keys."""
        found = await self._find(Waiver, {"_id": {"$in": [f"{self.tenant}:{key}" for key in keys]}})
        return {waiver.key: waiver for waiver in found}

    async def quality(self) -> tuple[Quality, ...]:
        """Return what became of the recommendations of every policy that has any, by policy; counted where they are."""
        with answering():
            counting = await self._collection(Recommendation).aggregate(quality.pipeline(self.tenant))
            return tuple([quality.read(counted) async for counted in counting])

    async def audit(
        self,
        *,
        by: str | None = None,
        subject: str | None = None,
        operation: str | None = None,
        before: Cursor | None = None,
        limit: int = 100,
    ) -> tuple[AuditEntry, ...]:
        """Return what was done, newest first: by one person, to one record, by one operation; None means any."""
        asked = {"by": by, "subjects": subject, "operation": operation}
        wanted = {field: value for field, value in asked.items() if value is not None}
        return await self._page(AuditEntry, wanted, "at", before, limit)

    async def reply(self, subject: str, key: str, fingerprint: str) -> Reply | None:
        """Return what was answered under an idempotency key, or None; Refusal where it stood for another request."""
        found = await self._find(Reply, {"subject": subject, "key": key})
        if found and found[0].fingerprint != fingerprint:
            raise Refusal(
                Code.IDEMPOTENCY_KEY_REUSED, "This idempotency key was used for another request; take a new one."
            )
        return found[0] if found else None

    async def marks(self, limit: int = 1_000) -> tuple[Mark, ...]:
        """Return the oldest marks of subjects whose evaluation is due; several may name the same subject."""
        return await self._find(Mark, {}, sort=[("at", ASCENDING), ("key", ASCENDING)], limit=limit)

    async def clear(self, marks: Collection[Mark]) -> None:
        """Take away these marks and no others: a subject touched since they were read stays due."""
        names = [f"{self.tenant}:{mark.key}" for mark in marks]
        with answering():
            await self._collection(Mark).delete_many({"tenant": self.tenant, "_id": {"$in": names}})

    async def log(self, *decisions: Decision) -> None:
        """Add to the decision log, which forgets after 180 days."""
        with answering():
            await self._collection(Decision).insert_many([commit.document(self.tenant, one) for one in decisions])

    async def decisions(self, *, before: Cursor | None = None, limit: int = 100) -> tuple[Decision, ...]:
        """Return the decision log, newest first."""
        return await self._page(Decision, {}, "at", before, limit)

    async def _page(
        self, kind: type[T], wanted: Document, instant: str, before: Cursor | None, limit: int
    ) -> tuple[T, ...]:
        """Read newest first; the bound on the instant alone is what lets the index find the place."""
        if before is not None:
            at, key = plain.instant(before[0]), before[1]
            wanted = {**wanted, instant: {"$lte": at}, "$or": [{instant: {"$lt": at}}, {"key": {"$lt": key}}]}
        return await self._find(kind, wanted, sort=[(instant, DESCENDING), ("key", DESCENDING)], limit=limit)

    async def _find(
        self, kind: type[T], wanted: Document, *, sort: Order | None = None, limit: int = 0
    ) -> tuple[T, ...]:
        with answering():
            return tuple(await self._read(kind, wanted, sort=sort, limit=limit))

    async def _read(
        self,
        kind: type[T],
        wanted: Document | None = None,
        *,
        sort: Order | None = None,
        limit: int = 0,
        session: AsyncClientSession | None = None,
    ) -> list[T]:
        documents = self._collection(kind)
        found: list[T] = []
        async with documents.find(
            {"tenant": self.tenant, **(wanted or {})}, sort=sort, limit=limit, batch_size=BATCH, session=session
        ) as cursor:
            while batch := await cursor.to_list(BATCH):
                found.extend(codec.decode(kind, document) for document in batch)
                await asyncio.sleep(0)
        return found

    def _collection(self, kind: type) -> AsyncCollection[Document]:
        return self._database[COLLECTIONS[kind]]


def _among(wanted: Mapping[str, Collection[str] | None]) -> dict[str, Any]:
    return {field: {"$in": [str(value) for value in values]} for field, values in wanted.items() if values is not None}
