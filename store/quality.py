"""How MongoDB counts what became of the recommendations of each policy, so that no recommendation travels for it."""

from typing import Any

from okr.quality import Quality
from okr.recommendation import DismissReason, RecommendationState
from store.codec import Document

ASKED = (RecommendationState.OPEN, RecommendationState.SNOOZED)
ANEW = (
    RecommendationState.PENDING,
    RecommendationState.RESOLVED,
    RecommendationState.EXPIRED,
    RecommendationState.DISMISSED,
    RecommendationState.APPLIED,
    RecommendationState.WAIVED,
)
"""What a recommendation is before people are asked; the end of a snooze and an action that failed ask nothing new."""


def pipeline(tenant: str) -> list[Document]:
    """Return the stages that count every policy's recommendations, by policy."""
    dismissals = {
        reason.value: _steps(
            _eq("$$step.after", RecommendationState.DISMISSED),
            # A step gives its reason as "not_relevant: what was said about it".
            _eq({"$arrayElemAt": [{"$split": [{"$ifNull": ["$$step.reason", ""]}, ":"]}, 0]}, reason),
        )
        for reason in DismissReason
    }
    counts: Document = {
        "opened": _steps(_eq("$$step.after", RecommendationState.OPEN), _among("$$step.before", ANEW)),
        "open": _now(*ASKED),
        "accepted": {
            "$add": [_steps(_eq("$$step.after", RecommendationState.APPLIED)), _now(RecommendationState.ACCEPTED)]
        },
        "resolved": _steps(_eq("$$step.after", RecommendationState.RESOLVED), _among("$$step.before", ASKED)),
        "expired": _steps(_eq("$$step.after", RecommendationState.EXPIRED), _among("$$step.before", ASKED)),
        "waived": _now(RecommendationState.WAIVED),
        **dismissals,
    }
    return [
        {"$match": {"tenant": tenant}},
        {"$group": {"_id": "$finding.policy", **{name: {"$sum": count} for name, count in counts.items()}}},
        {"$sort": {"_id": 1}},
    ]


def read(counted: Document) -> Quality:
    """Return what the stages counted for one policy."""
    names = ("opened", "open", "accepted", "resolved", "expired", "waived")
    return Quality(
        policy=counted["_id"],
        **{name: int(counted[name]) for name in names},
        dismissed={reason: int(counted[reason.value]) for reason in DismissReason},
    )


def _steps(*conditions: Document) -> Document:
    """Count the steps of a recommendation's history that meet all conditions."""
    history = {"$ifNull": ["$history", []]}
    return {"$size": {"$filter": {"input": history, "as": "step", "cond": {"$and": list(conditions)}}}}


def _now(*states: RecommendationState) -> Document:
    """Count a recommendation that is live and in one of these states."""
    return {"$cond": [{"$and": ["$live", _among("$state", states)]}, 1, 0]}


def _eq(value: Any, wanted: str) -> Document:
    return {"$eq": [value, str(wanted)]}


def _among(value: str, wanted: tuple[RecommendationState, ...]) -> Document:
    return {"$in": [value, [str(one) for one in wanted]]}
