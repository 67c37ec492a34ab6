"""What became of recommendations is counted where they are, by policy and through all their history."""

from dataclasses import replace
from typing import Any

from pymongo.asynchronous.database import AsyncDatabase

from okr.quality import Quality
from okr.recommendation import DismissReason, Recommendation, RecommendationState, Step
from store import quality
from store.codec import Document
from store.mongo import Store
from store.tenant import TenantStore
from tests.okr.builders import NOW
from tests.store.builders import Watcher, change, finding, recommendation

S = RecommendationState
WORDS = {"wrong": S.DISMISSED, "handled": S.DISMISSED, "irrelevant": S.DISMISSED, "disagree": S.DISMISSED}
REASONS = {
    "wrong": "wrong_data: the meter: it was broken",
    "handled": "already_handled",
    "irrelevant": "not_relevant: disagree: no",
    "disagree": "disagree",
}


def lived(key: str, *path: str, policy: str = "pol_breach", closed: bool = False) -> Recommendation:
    """A recommendation that came from PENDING through these states; a dismissal is named by its reason."""
    steps, before = list[Step](), S.PENDING
    for word in path:
        after = WORDS.get(word) or S(word)
        steps.append(Step(at=NOW, by="per_lan", before=before, after=after, reason=REASONS.get(word, "")))
        before = after
    found = finding(f"{policy}|{key}", policy=policy)
    return recommendation(key, state=before, found=found, history=tuple(steps), closed=closed)


LIVES = (
    lived("rec_pending"),
    lived("rec_vanished", "resolved", closed=True),
    lived("rec_open", "open"),
    lived("rec_snoozed", "open", "snoozed", "open", "snoozed"),
    lived("rec_failed", "open", "accepted", "open"),
    lived("rec_accepted", "open", "accepted"),
    lived("rec_applied", "open", "accepted", "applied"),
    lived("rec_again", "open", "wrong", "open", "accepted", "applied", "open", "resolved"),
    lived("rec_handled", "open", "snoozed", "handled"),
    lived("rec_irrelevant", "open", "irrelevant", closed=True),
    lived("rec_lapsed", "open", "expired"),
    lived("rec_void", "expired", closed=True),
    lived("rec_waived", "waived"),
    lived("rec_excused", "open", "waived", "open", "snoozed", "waived", "resolved"),
    lived("rec_owner", "open", "disagree", policy="pol_owner"),
)
BREACH = Quality(
    policy="pol_breach",
    opened=13,
    open=3,
    accepted=3,
    resolved=1,
    expired=1,
    waived=1,
    dismissed={
        DismissReason.WRONG_DATA: 1,
        DismissReason.ALREADY_HANDLED: 1,
        DismissReason.NOT_RELEVANT: 1,
        DismissReason.DISAGREE: 0,
    },
)
OWNER = Quality(policy="pol_owner", opened=1, dismissed={**dict.fromkeys(DismissReason, 0), DismissReason.DISAGREE: 1})


async def test_every_end_counts_once_and_so_does_every_dismissal_of_the_past(acme: TenantStore) -> None:
    await acme.commit(change(inserted=LIVES))
    assert await acme.quality() == (BREACH, OWNER)


async def test_nothing_on_file_is_nothing_to_count(acme: TenantStore) -> None:
    assert await acme.quality() == ()


async def test_another_tenant_counts_its_own(acme: TenantStore, store: Store) -> None:
    await acme.commit(change(inserted=LIVES))
    globex = store.tenant("globex")
    await globex.commit(change(inserted=(replace(LIVES[2], key="rec_theirs"),)))
    assert [(one.policy, one.opened, one.open) for one in await globex.quality()] == [("pol_breach", 1, 1)]


async def test_counting_is_one_command_by_an_index(
    acme: TenantStore, prepared: AsyncDatabase[Document], watcher: Watcher
) -> None:
    await acme.commit(change(inserted=LIVES))
    watcher.commands.clear()
    await acme.quality()
    assert [name for name, _ in watcher.commands] == ["aggregate"]
    asked = {"aggregate": "recommendations", "pipeline": quality.pipeline("acme"), "cursor": {}}
    explained: Any = await prepared.command("explain", asked, verbosity="queryPlanner")
    said = str(explained)
    assert "IXSCAN" in said
    assert "COLLSCAN" not in said
