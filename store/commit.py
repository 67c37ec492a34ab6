"""How a change becomes documents and one transaction, and how MongoDB's answers become ours."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from bson import Int64
from bson.errors import BSONError
from pymongo import InsertOne, ReplaceOne, UpdateOne
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.errors import BulkWriteError, ConnectionFailure, ExecutionTimeout, OperationFailure, WTimeoutError

from okr import keys, recommendation
from okr.errors import Code, Refusal, Unavailable
from okr.kpi import Reading
from okr.policy import Policy, PolicyState
from okr.recommendation import Recommendation
from okr.waiver import Waiver
from store import codec, plain
from store.change import AuditEntry, Change, Decision, Edit, Insertable, Mark, Reply
from store.codec import Document
from store.layout import COLLECTIONS, ENTITIES, Database

Write = InsertOne[Document] | ReplaceOne[Document] | UpdateOne
Stored = Insertable | Reading | AuditEntry | Mark | Decision
DUPLICATE_KEY = 11000
OVERTAKEN = frozenset({239, 246, 280, 286})  # a snapshot too old or not available, a change stream that cannot resume
MILLISECOND_SHARES = 1 << 20  # how many records one change may bring into the world within its millisecond, in order


class Used(Exception):
    """The idempotency key of a change has been used."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """The writes to one collection; `edits` must all find what they were read from."""

    kind: type
    writes: tuple[Write, ...]
    edits: tuple[Edit, ...] = ()


def identity(record: Stored) -> str:
    """Return what names `record` among those of its kind in its tenant."""
    match record:
        case Reading():
            return f"{record.kpi}:{record.period.isoformat()}"
        case Policy():
            return f"{record.key}@{record.layer}:{record.version}" if record.layer else f"{record.key}:{record.version}"
        case _:
            return record.key


def document(tenant: str, record: Stored) -> Document:
    """Return `record` as the document that stands for it."""
    added: Document = {"_id": f"{tenant}:{identity(record)}", "tenant": tenant}
    if isinstance(record, Recommendation):
        added["live"] = recommendation.live(record)
    return added | codec.encode(record)


def batches(tenant: str, change: Change) -> tuple[Batch, ...]:
    """Return everything that `change` writes, by collection and always in the same order of collections.

    The idempotency key comes first, so that a repetition is told from a conflict; a policy is retired before another
    version is published.
    """
    writes: dict[type, list[Write]] = {kind: [] for kind in (Reply, *COLLECTIONS)}
    edits = sorted(change.edits, key=lambda edit: _state(edit) is not PolicyState.RETIRED)
    for edit in edits:
        writes[type(edit.after)].append(_replacement(tenant, edit))
    for place, record in enumerate(change.inserted):
        writes[type(record)].append(InsertOne(_newborn(tenant, record, change, place)))
    for derived in change.derived:
        stored = document(tenant, derived)
        writes[type(derived)].append(ReplaceOne({"_id": stored["_id"], "tenant": tenant}, stored, upsert=True))
    for subject in dict.fromkeys(change.touched):
        mark = Mark(key=uuid4().hex, subject=subject, at=change.at)
        writes[Mark].append(InsertOne(document(tenant, mark)))
    for decision in change.decisions:
        writes[Decision].append(InsertOne(document(tenant, decision)))
    if change.reply is not None:
        reply = {"_id": f"{tenant}:{uuid4().hex}", "tenant": tenant, **codec.encode(change.reply)}
        writes[Reply].append(InsertOne(reply))
    writes[AuditEntry].append(InsertOne(_audited(tenant, change)))
    return tuple(
        Batch(kind=kind, writes=tuple(mine), edits=tuple(edit for edit in edits if type(edit.after) is kind))
        for kind, mine in writes.items()
        if mine
    )


async def write(database: Database, tenant: str, batch: Batch, session: AsyncClientSession) -> None:
    """Write one batch in the session's transaction; Refusal or Used where it must not be written."""
    try:
        result = await database[COLLECTIONS[batch.kind]].bulk_write(list(batch.writes), session=session)
    except BulkWriteError as error:
        faults = (error.details or {}).get("writeErrors") or [{}]
        if faults[0].get("code") != DUPLICATE_KEY:
            raise
        raise _taken(batch.kind, faults[0]) from error
    if batch.edits and result.matched_count < len(batch.edits):
        raise await _conflict(database, tenant, batch, session)


@contextmanager
def answering() -> Iterator[None]:
    """Turn a MongoDB that does not answer into Unavailable, and a value that it cannot hold into a Refusal."""
    try:
        yield
    except (ConnectionFailure, ExecutionTimeout, WTimeoutError, TimeoutError) as error:
        raise Unavailable("The database does not answer; try again soon.") from error
    except OperationFailure as error:
        if error.code not in OVERTAKEN:
            raise
        raise Unavailable("What was being read has been overtaken; read it again.") from error
    except (BSONError, UnicodeEncodeError, OverflowError) as error:
        raise Refusal(Code.INVALID, f"Something here cannot be stored: {error}") from error


def _state(edit: Edit) -> PolicyState | None:
    return edit.after.state if isinstance(edit.after, Policy) else None


def _replacement(tenant: str, edit: Edit) -> Write:
    after = document(tenant, edit.after)
    held: Document = {"_id": after["_id"], "tenant": tenant, "version": edit.before.version}
    if isinstance(edit.before, Policy):
        held |= {"state": edit.before.state.value, "created_at": plain.instant(edit.before.created_at)}
    if isinstance(edit.after, ENTITIES):
        return UpdateOne(held, [{"$replaceWith": {"$mergeObjects": [{"$literal": after}, {"born": "$born"}]}}])
    return ReplaceOne(held, after)


def _newborn(tenant: str, record: Insertable, change: Change, place: int) -> Document:
    stored = document(tenant, record)
    if isinstance(record, ENTITIES):
        stored["born"] = Int64(int(change.at.timestamp() * 1000) * MILLISECOND_SHARES + place)
    return stored


def _audited(tenant: str, change: Change) -> Document:
    entry = AuditEntry(
        key=keys.derive(keys.Kind.AUDIT, uuid4().hex),
        at=change.at,
        by=change.by,
        operation=change.operation,
        request=change.request,
        note=change.note,
        subjects=tuple(dict.fromkeys(map(identity, _records(change)))),
    )
    before: Document = {}
    after: Document = {}
    for edit in change.edits:
        name = plain.escape(identity(edit.after))
        before[name], after[name] = codec.difference(edit.before, edit.after)
    return document(tenant, entry) | {"before": before, "after": after}


def _records(change: Change) -> Iterable[Insertable | Reading]:
    yield from change.inserted
    yield from (edit.after for edit in change.edits)
    yield from change.derived


def _taken(kind: type, fault: Mapping[str, Any]) -> Exception:
    """Return what a duplicate key means, by the unique index that found it."""
    pattern = tuple(fault.get("keyPattern", ()))
    if kind is Reply:
        return Used()
    if kind is Waiver:  # its key stands for the policy, the target and how many there were
        return Refusal(Code.DUPLICATE, "Such a waiver has been granted in the meantime; look again.", ("policyKey",))
    match pattern:
        case ("tenant", "subject"):
            return Refusal(Code.DUPLICATE, "Another person has this subject already.", ("subject",))
        case ("tenant", "finding.dedupe"):
            return Refusal(Code.CONFLICT, "This finding has been filed in the meantime; look again.")
        case ("tenant", "key", "layer"):
            return Refusal(
                Code.CONFLICT, "Another version of this policy has been published in the meantime; look again."
            )
        case _:
            name = str(fault.get("keyValue", {}).get("_id", "")).partition(":")[2]
            return Refusal(Code.DUPLICATE, f"{name or 'This'} exists already.")


async def _conflict(database: Database, tenant: str, batch: Batch, session: AsyncClientSession) -> Refusal:
    after = {f"{tenant}:{identity(edit.after)}": edit.after for edit in batch.edits}
    held = {"tenant": tenant, "_id": {"$in": list(after)}}
    found = database[COLLECTIONS[batch.kind]].find(held, {"version": True}, session=session)
    versions = {stored["_id"]: stored["version"] async for stored in found}
    stale = [record.key for name, record in after.items() if versions.get(name) != record.version]
    names = ", ".join(stale[:5] or [record.key for record in after.values()][:5])
    return Refusal(Code.CONFLICT, f"Somebody changed {names} in the meantime; read it again and repeat.")
