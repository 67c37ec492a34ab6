"""Changes are stored whole or not at all, once, and read back by tenant, by index and in order."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from bson.errors import InvalidDocument
from pymongo import AsyncMongoClient, MongoClient
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import (
    AutoReconnect,
    BulkWriteError,
    ExecutionTimeout,
    OperationFailure,
    WaitQueueTimeoutError,
)
from pymongo.monitoring import CommandFailedEvent, CommandListener, CommandStartedEvent, CommandSucceededEvent

from okr.errors import Code, Refusal, Unavailable
from okr.org import OrgUnit
from okr.policy import Policy, PolicyState, Severity
from okr.recommendation import RecommendationState, Subject
from okr.snapshot import Snapshot
from okr.text import Text
from store import layout
from store.change import AuditEntry, Change, Decision, Edit, Repeated
from store.codec import Document
from store.commit import answering
from store.mongo import Store
from store.tenant import TenantStore
from tests.okr.builders import NOW, check_in, cycle, key_result, kpi, objective, person, reading, snapshot, unit
from tests.store.builders import Watcher, change, finding, policy, recommendation, reply, waiver

KPI = Subject(kind="kpi", key="kpi_uptime")
STAGE = (unit(), cycle(), person(), objective(), key_result(), kpi())


def renamed(before: OrgUnit, name: str) -> Edit:
    """An edit of a unit's name."""
    return Edit(before=before, after=replace(before, name=Text(original=name), version=before.version + 1))


async def counts(database: AsyncDatabase[Document]) -> Counter[str]:
    """Return how many documents each collection of tenants' data holds."""
    return Counter({name: await database[name].count_documents({}) for name in layout.COLLECTIONS.values()})


async def test_a_picture_holds_what_was_stored(acme: TenantStore) -> None:
    await acme.commit(change(inserted=STAGE))
    assert await acme.picture(NOW) == snapshot(*STAGE)


async def test_a_picture_keeps_the_order_of_creation(acme: TenantStore) -> None:
    units = [unit("unit_z"), *(unit(f"unit_{key}", parent="unit_z") for key in "qxab")]
    await acme.commit(change(inserted=tuple(units[:3])))
    await acme.commit(change(inserted=tuple(units[3:]), at=NOW + timedelta(milliseconds=1)))
    await acme.commit(change(edits=(renamed(units[1], "Renamed"),), at=NOW + timedelta(days=1)))
    assert list((await acme.picture(NOW)).units) == ["unit_z", "unit_q", "unit_x", "unit_a", "unit_b"]


async def test_a_picture_is_of_one_instant(store: Store, acme: TenantStore) -> None:
    """A unit and the objective in it are written together; no picture may hold one without the other."""
    await acme.commit(change(inserted=(unit("unit_0"), cycle())))

    async def grow() -> None:
        for n in range(1, 40):
            await acme.commit(change(inserted=(unit(f"unit_{n}"), objective(f"obj_{n}", unit=f"unit_{n}"))))

    growing = asyncio.create_task(grow())
    pictures: list[Snapshot] = []
    while not growing.done():
        pictures.append(await store.tenant("acme").picture(NOW))
    await growing
    assert [len(picture.units) - len(picture.objectives) for picture in pictures] == [1] * len(pictures)
    assert len({picture.version for picture in pictures}) > 1


async def test_a_picture_of_nobody_is_empty(acme: TenantStore) -> None:
    assert not [*(await acme.picture(NOW)).units, *(await acme.picture(NOW)).kpis]


async def test_a_picture_is_seen_in_utc(acme: TenantStore) -> None:
    elsewhere = datetime.fromisoformat("2026-08-15T19:00:00+07:00")
    assert (await acme.picture(elsewhere)).as_of.tzinfo is UTC


async def test_a_picture_takes_six_finds_and_no_page_more(acme: TenantStore, watcher: Watcher) -> None:
    await acme.commit(change(inserted=(*STAGE, *(unit(f"unit_{n}", parent="unit_acme") for n in range(300)))))
    watcher.commands.clear()
    await acme.picture(NOW)
    assert [name for name, _ in watcher.commands] == ["find"] * 6


async def test_an_edit_needs_the_version_it_was_made_from(acme: TenantStore) -> None:
    await acme.commit(change(inserted=(unit(),)))
    await acme.commit(change(edits=(renamed(unit(), "First"),)))
    with pytest.raises(Refusal) as refused:
        await acme.commit(change(edits=(renamed(unit(), "Second"),)))
    assert refused.value.code is Code.CONFLICT
    assert "unit_acme" in refused.value.message
    assert (await acme.picture(NOW)).root.name == Text(original="First")


async def test_an_edit_of_what_is_not_there_is_a_conflict(acme: TenantStore) -> None:
    with pytest.raises(Refusal) as refused:
        await acme.commit(change(edits=(renamed(unit(), "New"),)))
    assert refused.value.code is Code.CONFLICT
    assert (await acme.picture(NOW)).units == {}


async def test_of_edits_at_once_one_wins(acme: TenantStore) -> None:
    await acme.commit(change(inserted=(unit(),)))
    results = await asyncio.gather(
        *(acme.commit(change(edits=(renamed(unit(), f"Name {n}"),))) for n in range(8)), return_exceptions=True
    )
    lost = [result for result in results if isinstance(result, Refusal) and result.code is Code.CONFLICT]
    assert (results.count(None), len(lost)) == (1, 7)
    winner = results.index(None)
    assert (await acme.picture(NOW)).root.name == Text(original=f"Name {winner}")
    assert len(await acme.audit(operation="test")) == 2


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (unit(), unit(version=3)),
        (unit(), unit()),
        (unit(), unit("unit_other", version=2)),
        (unit(), person("unit_acme", version=2)),
        (policy(version=1), policy(version=2)),
    ],
    ids=["skips a version", "keeps its version", "another key", "another kind", "another version of a policy"],
)
def test_an_edit_that_cannot_be_is_an_error(before: Any, after: Any) -> None:
    with pytest.raises(ValueError, match=before.key):
        Edit(before=before, after=after)


GOOD = change(
    inserted=(
        unit("unit_new", parent="unit_acme"),
        check_in(1),
        policy(),
        recommendation("rec_new", found=finding("another")),
        waiver(),
    ),
    edits=(renamed(unit(), "New"),),
    derived=(reading(1),),
    touched=(KPI, KPI),
    reply=reply(),
)
WRITTEN = Counter(
    units=1, check_ins=1, policies=1, recommendations=1, waivers=1, readings=1, marks=1, audit=1, idempotency=1
)
FAULTS: list[tuple[str, Change, type[Exception]]] = [
    ("an edit in conflict", replace(GOOD, edits=(renamed(unit(version=4), "New"),)), Refusal),
    ("a second edit in conflict", replace(GOOD, edits=(*GOOD.edits, renamed(unit("unit_none"), "x"))), Refusal),
    ("an entity that exists", replace(GOOD, inserted=(*GOOD.inserted, unit())), Refusal),
    ("a finding on file", replace(GOOD, inserted=(*GOOD.inserted, recommendation("rec_2"))), Refusal),
    ("a text that cannot be stored", replace(GOOD, note="\ud800"), Refusal),
    ("a key used before", replace(GOOD, reply=reply("before")), Repeated),
]


@pytest.fixture
async def staged(acme: TenantStore) -> TenantStore:
    """Acme with its stage, a live recommendation, and an idempotency key used."""
    await acme.commit(change("set the stage", inserted=(*STAGE, recommendation()), reply=reply("before")))
    return acme


@pytest.mark.parametrize(("fault", "error"), [fault[1:] for fault in FAULTS], ids=[fault[0] for fault in FAULTS])
async def test_a_change_that_fails_in_one_part_leaves_nothing(
    staged: TenantStore, prepared: AsyncDatabase[Document], fault: Change, error: type[Exception]
) -> None:
    before = await counts(prepared)
    with pytest.raises(error):
        await staged.commit(fault)
    assert await counts(prepared) == before
    assert (await staged.picture(NOW)).root == unit()


async def test_the_same_change_without_a_fault_is_stored_whole(
    staged: TenantStore, prepared: AsyncDatabase[Document]
) -> None:
    before = await counts(prepared)
    await staged.commit(GOOD)
    assert await counts(prepared) - before == WRITTEN
    assert (await staged.picture(NOW)).root.name == Text(original="New")


async def test_a_change_is_acknowledged_by_a_majority(staged: TenantStore, watcher: Watcher) -> None:
    watcher.commands.clear()
    await staged.commit(GOOD)
    [committed] = watcher.named("commitTransaction")
    assert committed["writeConcern"]["w"] == "majority"
    assert watcher.commands[0][1]["readConcern"]["level"] == "snapshot"


async def test_a_check_in_takes_six_commands(staged: TenantStore, watcher: Watcher) -> None:
    entry = check_in(1)
    edit = Edit(before=key_result(), after=key_result(check_ins=(entry,), version=2))
    watcher.commands.clear()
    await staged.commit(change(inserted=(entry,), edits=(edit,), touched=(KPI,), reply=reply()))
    sent = [(name, command[name]) for name, command in watcher.commands]
    assert sent == [
        ("insert", "idempotency"),
        ("update", "key_results"),
        ("insert", "check_ins"),
        ("insert", "audit"),
        ("insert", "marks"),
        ("commitTransaction", 1),
    ]


async def test_people_have_a_subject_each(acme: TenantStore, store: Store) -> None:
    await acme.commit(change(inserted=(person("per_1", subject="sub"),)))
    with pytest.raises(Refusal) as refused:
        await acme.commit(change(inserted=(person("per_2", subject="sub"),)))
    assert (refused.value.code, refused.value.field) == (Code.DUPLICATE, ("subject",))
    await store.tenant("globex").commit(change(inserted=(person("per_2", subject="sub"),)))


async def test_what_exists_is_refused_by_name(staged: TenantStore) -> None:
    with pytest.raises(Refusal) as refused:
        await staged.commit(change(inserted=(kpi(),)))
    assert (refused.value.code, refused.value.message) == (Code.DUPLICATE, "kpi_uptime exists already.")


async def test_a_repetition_is_told_what_was_answered(acme: TenantStore) -> None:
    answer = reply(checkIn={"progress": Decimal("0.50"), "at": NOW, "list": [1, None]})
    assert await acme.reply("per_lan", "once", "f1") is None
    await acme.commit(change(inserted=(unit(),), reply=answer))
    with pytest.raises(Repeated) as repeated:
        await acme.commit(change(inserted=(unit("unit_2"),), reply=reply()))
    assert repeated.value.reply == answer
    assert await acme.reply("per_lan", "once", "f1") == answer
    assert list((await acme.picture(NOW)).units) == ["unit_acme"]


async def test_of_repetitions_at_once_one_is_done(acme: TenantStore) -> None:
    results = await asyncio.gather(
        *(acme.commit(change(inserted=(check_in(n, key=f"chk_{n}"),), reply=reply(n=n))) for n in range(8)),
        return_exceptions=True,
    )
    [entry] = await acme.check_ins("kr_uptime")
    told = [result.reply.response["n"] for result in results if isinstance(result, Repeated)]
    assert results.count(None) == 1
    assert told == [int(entry.key.removeprefix("chk_"))] * 7


async def test_a_key_taken_for_another_request_is_refused(acme: TenantStore) -> None:
    await acme.commit(change(reply=reply()))
    with pytest.raises(Refusal) as looked_up:
        await acme.reply("per_lan", "once", "f2")
    with pytest.raises(Refusal) as committed:
        await acme.commit(change(reply=reply(fingerprint="f2")))
    assert looked_up.value.code is committed.value.code is Code.IDEMPOTENCY_KEY_REUSED


class Forgetful(CommandListener):
    """Forgets every reply while a transaction is being aborted, as the expiry may."""

    def __init__(self, uri: str, database: str) -> None:
        self._target = uri, database

    def started(self, event: CommandStartedEvent) -> None:
        """Delete through a client of its own."""
        if event.command_name == "abortTransaction":
            with MongoClient[Document](self._target[0]) as client:
                client[self._target[1]].idempotency.delete_many({})

    def succeeded(self, event: CommandSucceededEvent) -> None:
        """Nothing to forget."""

    def failed(self, event: CommandFailedEvent) -> None:
        """Nothing to forget."""


async def test_a_reply_forgotten_as_it_was_looked_up_can_be_tried_again(
    mongodb_uri: str, prepared: AsyncDatabase[Document]
) -> None:
    store = Store.connect(mongodb_uri, prepared.name, listeners=[Forgetful(mongodb_uri, prepared.name)])
    acme = store.tenant("acme")
    await acme.commit(change(reply=reply()))
    with pytest.raises(Unavailable):
        await acme.commit(change(reply=reply()))
    await acme.commit(change(reply=reply()))
    await store.close()


async def test_a_key_is_its_callers_own(acme: TenantStore, store: Store) -> None:
    await acme.commit(change(reply=reply()))
    await acme.commit(change(reply=reply(subject="per_an", fingerprint="f2")))
    await store.tenant("globex").commit(change(reply=reply(fingerprint="f3")))
    assert await acme.reply("per_nobody", "once", "f1") is None


async def test_check_ins_come_newest_first_page_by_page(acme: TenantStore) -> None:
    entries = [
        check_in(n, key=f"chk_{n}", at=NOW + timedelta(hours=n // 2)) for n in range(7)
    ]  # two share each instant, so that a page ends between them
    await acme.commit(change(inserted=(*entries, check_in(0, key="chk_other", key_result="kr_other"))))
    first = await acme.check_ins("kr_uptime", limit=3)
    second = await acme.check_ins("kr_uptime", before=(first[-1].at, first[-1].key), limit=3)
    third = await acme.check_ins("kr_uptime", before=(second[-1].at, second[-1].key), limit=3)
    assert [*first, *second, *third] == entries[::-1]
    assert await acme.check_in("chk_3") == entries[3]
    assert await acme.check_in("chk_none") is None


async def test_readings_are_put_in_place_and_read_by_period(acme: TenantStore) -> None:
    months = [reading(n, date(2026, n, 1)) for n in range(1, 7)]
    await acme.commit(change(derived=(*months, reading(1, kpi="kpi_other"))))
    corrected = reading("9.5", date(2026, 6, 1))
    await acme.commit(change(derived=(corrected,)))
    history = (*months[:5], corrected)
    assert await acme.readings("kpi_uptime") == history
    other = reading(1, kpi="kpi_other")
    assert await acme.readings_of({"kpi_uptime", "kpi_other", "kpi_none"}) == (other, *history)
    assert await acme.readings_of({"kpi_uptime", "kpi_other"}, limit=2) == (other, history[0])
    assert await acme.readings_of(()) == ()
    assert await acme.readings_before("kpi_uptime", limit=2) == history[:3:-1]
    assert await acme.readings_before("kpi_uptime", before=date(2026, 5, 1), limit=2) == history[3:1:-1]
    wanted = [("kpi_uptime", date(2026, 6, 1)), ("kpi_other", date(2026, 7, 1)), ("kpi_uptime", date(2020, 1, 1))]
    assert await acme.readings_at(wanted) == {
        wanted[0]: corrected,
        wanted[1]: reading(1, kpi="kpi_other"),
    }


async def test_a_new_version_is_published_as_the_old_one_retires(acme: TenantStore) -> None:
    old = policy(state=PolicyState.PUBLISHED, params={"bad": Decimal(2), "word": "x"}, when={"$gt": {"a.b": [1]}})
    await acme.commit(change(inserted=(old, policy(version=2), policy("pol_other"))))
    new, retired = policy(version=2, state=PolicyState.PUBLISHED), replace(old, state=PolicyState.RETIRED)
    publish, retire = Edit(before=policy(version=2), after=new), Edit(before=old, after=retired)
    assert await acme.policies() == (old,)
    await acme.commit(change(edits=(publish, retire)))
    assert await acme.policies() == (new,)
    assert await acme.policy_versions("pol_breach") == (new, retired)
    assert await acme.policy_versions() == (new, retired, policy("pol_other"))


async def test_of_the_versions_of_a_policy_a_run_reads_the_one_that_counts(acme: TenantStore) -> None:
    def retired(key: str, version: int, layer: str = "") -> Policy:
        return replace(policy(key, version=version, state=PolicyState.RETIRED), layer=layer)

    standing = policy("pol_a", version=2, state=PolicyState.PUBLISHED)
    layer = replace(policy("pol_a", state=PolicyState.PUBLISHED), layer="unit_ops")
    older = (retired("pol_a", 1), retired("pol_b", 1), retired("pol_a", 1, "unit_acme"))
    drafts = (policy("pol_a", version=3), policy("pol_b", version=3), policy("pol_c"))
    await acme.commit(change(inserted=(standing, layer, retired("pol_b", 2), *older, *drafts)))
    assert await acme.latest_policies() == (standing, layer, retired("pol_b", 2))


async def test_one_version_of_a_policy_is_published_at_a_time(acme: TenantStore) -> None:
    await acme.commit(change(inserted=(policy(state=PolicyState.PUBLISHED),)))
    with pytest.raises(Refusal) as refused:
        await acme.commit(change(inserted=(policy(version=2, state=PolicyState.PUBLISHED),)))
    assert refused.value.code is Code.CONFLICT


async def test_a_draft_saved_by_somebody_else_is_a_conflict(acme: TenantStore) -> None:
    draft = policy()
    await acme.commit(change(inserted=(draft,)))
    saved = replace(draft, name="Mine", created_at=NOW + timedelta(minutes=1))
    await acme.commit(change(edits=(Edit(before=draft, after=saved),)))
    with pytest.raises(Refusal) as refused:
        await acme.commit(change(edits=(Edit(before=draft, after=replace(saved, name="Yours")),)))
    assert refused.value.code is Code.CONFLICT
    assert await acme.policy_versions() == (saved,)


async def test_one_live_recommendation_stands_for_a_finding(acme: TenantStore) -> None:
    await acme.commit(change(inserted=(recommendation(),)))
    with pytest.raises(Refusal) as refused:
        await acme.commit(change(inserted=(recommendation("rec_2"),)))
    assert refused.value.code is Code.CONFLICT
    over = recommendation(state=RecommendationState.RESOLVED, closed=True, version=2)
    await acme.commit(change(edits=(Edit(before=recommendation(), after=over),)))
    await acme.commit(change(inserted=(recommendation("rec_2", days=1),)))
    assert await acme.filed(["pol_breach|kpi_uptime|", "nothing"]) == {
        "pol_breach|kpi_uptime|": recommendation("rec_2", days=1)
    }


@pytest.mark.parametrize("order", [1, -1], ids=["live one seen first", "live one seen last"])
async def test_what_is_on_file_is_the_live_one_else_the_last(acme: TenantStore, order: int) -> None:
    expired = recommendation("rec_old", state=RecommendationState.EXPIRED, closed=True, days=-3)
    resolved = recommendation("rec_new", state=RecommendationState.RESOLVED, closed=True, days=0)
    await acme.commit(change(inserted=(resolved, expired)))
    assert await acme.filed([finding().dedupe]) == {finding().dedupe: resolved}
    live = recommendation("rec_live", state=RecommendationState.DISMISSED, days=order)
    await acme.commit(change(inserted=(live,)))
    assert await acme.filed([finding().dedupe]) == {finding().dedupe: live}


async def test_recommendations_are_found_by_what_they_are_about(acme: TenantStore) -> None:
    critical = finding("b", unit="unit_b", policy="pol_b", subject="kpi_b", severity=Severity.CRITICAL)
    one = recommendation("rec_1", days=1)
    two = recommendation("rec_2", found=critical, days=2)
    three = recommendation("rec_3", found=finding("c"), state=RecommendationState.RESOLVED, closed=True, days=3)
    await acme.commit(change(inserted=(one, two, three)))
    assert await acme.recommendations() == (three, two, one)
    assert await acme.recommendations(states=[RecommendationState.OPEN]) == (two, one)
    assert await acme.recommendations(severities=[Severity.CRITICAL]) == (two,)
    assert await acme.recommendations(units=["unit_acme", "unit_none"]) == (three, one)
    assert await acme.recommendations(units=[]) == ()
    assert await acme.recommendations(policies=["pol_b"], states=[RecommendationState.RESOLVED]) == ()
    assert await acme.recommendations(before=(two.first_seen, two.key)) == (one,)
    assert await acme.recommendations(limit=1) == (three,)
    assert await acme.recommendation("rec_2") == two
    assert await acme.recommendation("rec_none") is None
    assert await acme.live() == (one, two)
    assert await acme.live(subjects=["kpi_b"]) == (two,)
    assert await acme.live(subjects=["kpi_b"], policies=["pol_breach"]) == ()


async def test_the_audit_tells_who_changed_what(acme: TenantStore) -> None:
    first, second = check_in(1, key="chk_1"), check_in(2, key="chk_2")
    before = key_result(check_ins=(first,), owner="per_an")
    after = key_result(check_ins=(first, second), owner="per_lan", version=2)
    await acme.commit(change("createKeyResult", inserted=(before,)))
    later = NOW + timedelta(hours=1)
    await acme.commit(
        change(
            "recordCheckIn",
            at=later,
            request="req_1",
            note="moved",
            inserted=(second,),
            edits=(Edit(before=before, after=after),),
        )
    )
    created, recorded = (await acme.audit())[::-1]
    assert created == AuditEntry(
        key=created.key, at=NOW, by="per_lan", operation="createKeyResult", subjects=("kr_uptime",)
    )
    came = {"key": "chk_2", "key_result": "kr_uptime", "at": second.at, "by": "per_lan", "value": Decimal(2)}
    assert recorded == AuditEntry(
        key=recorded.key,
        at=later,
        by="per_lan",
        operation="recordCheckIn",
        request="req_1",
        note="moved",
        subjects=("chk_2", "kr_uptime"),
        before={"kr_uptime": {"check_ins": [], "owner": "per_an"}},
        after={"kr_uptime": {"check_ins": [came], "owner": "per_lan"}},
    )


async def test_the_audit_is_read_by_person_subject_and_operation(acme: TenantStore) -> None:
    for n, (by, key) in enumerate([("per_a", "unit_1"), ("per_b", "unit_2"), ("per_a", "unit_3")]):
        await acme.commit(change(f"op{n}", by=by, at=NOW + timedelta(hours=n), inserted=(unit(key),)))

    async def asked(**by: Any) -> list[str]:
        return [entry.operation for entry in await acme.audit(**by)]

    assert await asked() == ["op2", "op1", "op0"]
    assert await asked(by="per_a") == ["op2", "op0"]
    assert await asked(subject="unit_2") == ["op1"]
    assert await asked(operation="op0", by="per_b") == []
    newest = (await acme.audit(limit=1))[0]
    assert await asked(before=(newest.at, newest.key), limit=1) == ["op1"]


async def test_a_subject_touched_again_stays_due(acme: TenantStore) -> None:
    team = Subject(kind="team", key="unit_acme")
    await acme.commit(change(touched=(KPI, team, KPI)))
    taken = await acme.marks()
    assert [mark.subject for mark in sorted(taken, key=lambda mark: mark.subject.kind)] == [KPI, team]
    await acme.commit(change(touched=(KPI,), at=NOW + timedelta(seconds=1)))
    await acme.clear(taken)
    assert [(mark.subject, mark.at) for mark in await acme.marks()] == [(KPI, NOW + timedelta(seconds=1))]


async def test_marks_come_oldest_first_and_as_many_as_asked(acme: TenantStore) -> None:
    for n in (2, 0, 1):
        await acme.commit(change(touched=(Subject(kind="kpi", key=f"kpi_{n}"),), at=NOW + timedelta(seconds=n)))
    assert [mark.subject.key for mark in await acme.marks(2)] == ["kpi_0", "kpi_1"]


async def test_decisions_are_logged(acme: TenantStore) -> None:
    runs = [
        Decision(
            key=f"run_{n}",
            at=NOW + timedelta(seconds=n),
            trigger="write",
            policy_set="abc",
            engine="durable",
            facts=2,
            matches=1,
            unknown=0,
            errors=0,
            ms=3,
            detail={"opened": ("rec_1",)},
        )
        for n in range(3)
    ]
    await acme.log(*runs)
    assert await acme.decisions(limit=2) == (runs[2], runs[1])
    assert await acme.decisions(before=(runs[1].at, runs[1].key)) == (runs[0],)


async def test_a_tenant_sees_nothing_of_another(staged: TenantStore, store: Store) -> None:
    await staged.commit(GOOD)
    globex = store.tenant("globex")
    assert await globex.picture(NOW) == replace(snapshot(tenant="globex"), units={}, cycles={})
    assert await globex.readings_at([("kpi_uptime", reading(1).period)]) == {}
    assert await globex.recommendation("rec_1") is None
    assert await globex.filed([finding().dedupe]) == {}
    assert await globex.reply("per_lan", "once", "f1") is None
    for nothing in READS.values():
        assert not await nothing(globex)
    await globex.clear(await staged.marks())
    assert len(await staged.marks()) == 1
    with pytest.raises(Refusal):
        await globex.commit(change(edits=(renamed(unit(), "Theirs"),)))
    await globex.commit(change(inserted=STAGE))
    assert await globex.picture(NOW) == snapshot(*STAGE, tenant="globex")


async def test_tenants_are_founded_once_and_listed(store: Store) -> None:
    for name in ("globex", "acme", "acme"):
        assert (await store.found(name, NOW)).tenant == name
    assert await store.tenants() == ("acme", "globex")


@pytest.mark.parametrize("name", ["", "Acme", "a:b", "a.b", "$ne", "-a", "a" * 64, "acme\n", "ế"])
async def test_a_bad_name_is_no_tenant(store: Store, name: str) -> None:
    with pytest.raises(Refusal):
        store.tenant(name)
    with pytest.raises(Refusal):
        await store.found(name, NOW)


READS: dict[str, Callable[[TenantStore], Awaitable[Any]]] = {
    "check_ins": lambda t: t.check_ins("kr_uptime", before=(NOW, "chk_1")),
    "check_in": lambda t: t.check_in("chk_08141200"),
    "readings": lambda t: t.readings("kpi_uptime"),
    "readings_of": lambda t: t.readings_of(["kpi_other", "kpi_uptime"]),
    "readings_before": lambda t: t.readings_before("kpi_uptime", before=date(2027, 1, 1)),
    "readings_at": lambda t: t.readings_at([("kpi_uptime", date(2026, 7, 1))]),
    "policies": lambda t: t.policies(),
    "latest_policies": lambda t: t.latest_policies(),
    "policy_versions": lambda t: t.policy_versions("pol_breach"),
    "recommendation": lambda t: t.recommendation("rec_1"),
    "recommendations": lambda t: t.recommendations(before=(NOW, "rec_9")),
    "recommendations of a state": lambda t: t.recommendations(states=[RecommendationState.OPEN]),
    "recommendations of a unit": lambda t: t.recommendations(units=["unit_acme"]),
    "recommendations of a policy": lambda t: t.recommendations(policies=["pol_breach"]),
    "waivers": lambda t: t.waivers(),
    "waivers of a day": lambda t: t.waivers(active_on=NOW.date()),
    "waivers of a policy": lambda t: t.waivers(policy="pol_breach"),
    "waivers_by": lambda t: t.waivers_by(["wai_1"]),
    "audit": lambda t: t.audit(before=(NOW, "aud_z")),
    "audit of a person": lambda t: t.audit(by="per_lan"),
    "audit of a subject": lambda t: t.audit(subject="unit_acme"),
    "marks": lambda t: t.marks(),
    "decisions": lambda t: t.decisions(),
    "reply": lambda t: t.reply("per_lan", "once", "f1"),
}
SORTED_AFTERWARDS: dict[str, Callable[[TenantStore], Awaitable[Any]]] = {
    "filed": lambda t: t.filed([finding().dedupe]),
    "live": lambda t: t.live(),
    "live of subjects": lambda t: t.live(subjects=["kpi_uptime"]),
    "picture": lambda t: t.picture(NOW),
}


@pytest.mark.parametrize("read", [*READS, *SORTED_AFTERWARDS])
async def test_every_read_goes_by_an_index(
    staged: TenantStore, prepared: AsyncDatabase[Document], watcher: Watcher, read: str
) -> None:
    await staged.commit(GOOD)
    watcher.commands.clear()
    await {**READS, **SORTED_AFTERWARDS}[read](staged)
    finds = watcher.named("find")
    assert finds
    for find in finds:
        asked = {name: find[name] for name in ("find", "filter", "sort", "limit") if name in find}
        stages = set(plan(await prepared.command("explain", asked, verbosity="queryPlanner")))
        assert stages & {"IXSCAN", "IDHACK"}, stages
        assert "COLLSCAN" not in stages
        if read in READS:
            assert "SORT" not in stages


def plan(explained: Any) -> list[str]:
    """Return the stages of the winning plan."""
    found: list[str] = []
    waiting = [explained["queryPlanner"]["winningPlan"]]
    while waiting:
        stage = waiting.pop()
        found.append(stage.get("stage", ""))
        waiting += [stage[name] for name in ("inputStage", "queryPlan") if name in stage]
        waiting += stage.get("inputStages", [])
    return found


async def test_a_scan_would_be_seen(staged: TenantStore, prepared: AsyncDatabase[Document]) -> None:
    asked = {"find": "units", "filter": {"kind": "team"}, "sort": {"name": 1}}
    assert {"COLLSCAN", "SORT"} <= set(plan(await prepared.command("explain", asked, verbosity="queryPlanner")))
    assert (await staged.picture(NOW)).units


async def test_the_feed_brings_every_entity_written_by_anybody(store: Store, acme: TenantStore) -> None:
    async with store.feed() as events:
        await acme.commit(change(inserted=(unit(), check_in(1), recommendation())))
        await acme.commit(change(edits=(renamed(unit(), "New"),)))
        await store.tenant("globex").commit(change(inserted=(kpi(),)))
        found = [await anext(events) for _ in range(3)]
    assert [(tenant, entity.key) for tenant, entity in found] == [
        ("acme", "unit_acme"),
        ("acme", "unit_acme"),
        ("globex", "kpi_uptime"),
    ]
    assert found[1][1] == renamed(unit(), "New").after


async def test_the_feed_passes_over_what_is_gone(store: Store, acme: TenantStore, prepared: Any) -> None:
    async with store.feed() as events:
        await acme.commit(change(inserted=(unit(),)))
        await acme.commit(change(edits=(renamed(unit(), "Gone before it is looked up"),)))
        await prepared.units.delete_many({})
        await acme.commit(change(inserted=(kpi(),)))
        assert [await anext(events), await anext(events)] == [("acme", unit()), ("acme", kpi())]


async def test_a_feed_that_ends_says_so(mongodb_uri: str, database: AsyncDatabase[Document]) -> None:
    store = Store.connect(mongodb_uri, database.name)
    await store.prepare()
    async with store.feed() as events:
        await database.client.drop_database(database.name)
        with pytest.raises(Unavailable, match="read the pictures again"):
            await anext(events)
    await store.close()


async def test_a_document_that_the_validator_refuses_is_our_mistake_and_leaves_nothing(
    mongodb_uri: str, database: AsyncDatabase[Document]
) -> None:
    store = Store.connect(mongodb_uri, database.name)
    await store.prepare()
    await database.command("collMod", "units", validator={"$jsonSchema": {"required": ["unheard_of"]}})
    with pytest.raises(BulkWriteError):
        await store.tenant("acme").commit(change(inserted=(check_in(1), unit())))
    assert not +await counts(database)
    await store.close()


@pytest.mark.parametrize(
    ("answer", "meaning"),
    [
        (AutoReconnect("lost"), Unavailable),
        (WaitQueueTimeoutError("all busy"), Unavailable),
        (ExecutionTimeout("slow", 50), Unavailable),
        (TimeoutError(), Unavailable),
        (OperationFailure("SnapshotTooOld", 239), Unavailable),
        (OperationFailure("SnapshotUnavailable", 246), Unavailable),
        (OperationFailure("ChangeStreamHistoryLost", 286), Unavailable),
        (OperationFailure("BadValue", 2), OperationFailure),
        (InvalidDocument("no"), Refusal),
        (OverflowError("8-byte ints"), Refusal),
    ],
    ids=repr,
)
def test_what_mongodb_answers_is_said_in_our_words(answer: Exception, meaning: type[Exception]) -> None:
    with pytest.raises(meaning), answering():
        raise answer


@pytest.mark.parametrize(
    "ask",
    [
        lambda store: store.ping(),
        lambda store: store.prepare(),
        lambda store: store.tenants(),
        lambda store: store.tenant("acme").picture(NOW),
        lambda store: store.tenant("acme").readings("kpi_uptime"),
        lambda store: store.tenant("acme").commit(GOOD),
    ],
    ids=["ping", "prepare", "tenants", "picture", "read", "commit"],
)
async def test_a_set_without_a_primary_is_unavailable(
    mongodb_uri: str, ask: Callable[[Store], Awaitable[object]]
) -> None:
    async with AsyncMongoClient[Document](mongodb_uri, replicaSet="other", serverSelectionTimeoutMS=50) as client:
        with pytest.raises(Unavailable):
            await ask(Store(client, "nowhere", patience=0.2))


async def test_a_database_that_answers_is_alive(store: Store) -> None:
    await store.ping()
