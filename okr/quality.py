"""Quality: what people did with what a policy said, and what that says about the policy."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from okr.number import EXACT
from okr.recommendation import DismissReason
from okr.text import Text

FEWEST = 5
"""Outcomes before a policy is judged: of fewer, one more would turn the verdict."""

TELLING = Decimal("0.4")
"""The share of the outcomes from which one kind of outcome is the verdict."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quality:
    """What became of the recommendations of one policy, counted.

    `opened` is how often people were asked, anew after each end and each waiver; `accepted`, `resolved` (over by
    itself), `expired` and `dismissed` are how that ended, through all of history: one that was dismissed, came back and
    was accepted counts in both. `open` (snoozed ones included) and `waived` are those that are so now.
    """

    policy: str
    opened: int = 0
    open: int = 0
    accepted: int = 0
    resolved: int = 0
    expired: int = 0
    waived: int = 0
    dismissed: Mapping[DismissReason, int] = field(default_factory=dict)

    @property
    def dismissals(self) -> int:
        """How many were dismissed, for whatever reason."""
        return sum(self.dismissed.values())

    @property
    def outcomes(self) -> int:
        """How many came to an end."""
        return self.accepted + self.resolved + self.expired + self.dismissals

    @property
    def objections(self) -> Decimal | None:
        """The share of the outcomes in which somebody called the data wrong or the policy; None without outcomes."""
        against = self.dismissed.get(DismissReason.WRONG_DATA, 0) + self.dismissed.get(DismissReason.DISAGREE, 0)
        return _share(against, self.outcomes)


OBJECTIONS: Mapping[DismissReason, Text] = {
    DismissReason.NOT_RELEVANT: Text(
        original="were dismissed as not relevant: raise the threshold or narrow the scope.",
        vi="bị bỏ qua vì không liên quan: hãy nâng ngưỡng hoặc thu hẹp phạm vi.",
    ),
    DismissReason.WRONG_DATA: Text(
        original="were dismissed because the data were wrong: check where its numbers come from.",
        vi="bị bỏ qua vì dữ liệu sai: hãy kiểm tra nguồn số liệu.",
    ),
    DismissReason.ALREADY_HANDLED: Text(
        original="were dismissed as handled already: hold it back for longer before people are asked.",
        vi="bị bỏ qua vì đã có người xử lý: hãy chờ lâu hơn trước khi hỏi mọi người.",
    ),
    DismissReason.DISAGREE: Text(
        original="were dismissed by people who disagree with the policy: talk with them, or let it only observe.",
        vi="bị bỏ qua vì không đồng ý với chính sách: hãy trao đổi với họ, hoặc chỉ để chính sách theo dõi.",
    ),
}
MIXED = Text(
    original="were dismissed, for different reasons: read them before anything is changed.",
    vi="bị bỏ qua vì nhiều lý do khác nhau: hãy đọc các lý do trước khi thay đổi.",
)
LAPSED = Text(
    original="lapsed and nobody acted: see whether it reaches the right people, or switch it off.",
    vi="hết hạn mà không ai xử lý: hãy xem đã đến đúng người chưa, hoặc tắt chính sách.",
)
PASSED = Text(
    original="were over before anybody acted: hold it back for longer before people are asked.",
    vi="tự hết trước khi có người xử lý: hãy chờ lâu hơn trước khi hỏi mọi người.",
)
HELPFUL = Text(original="were accepted: it helps people.", vi="được chấp nhận: chính sách có ích.")


def verdict(quality: Quality) -> Text:
    """Return what HR should make of the counts, in one sentence that gives the numbers it rests on."""
    outcomes = quality.outcomes
    if not quality.opened and not outcomes:
        return Text(original="Nobody has been asked anything yet.", vi="Chưa có khuyến nghị nào được mở.")
    if outcomes < FEWEST:
        return Text(
            original=f"Too few to judge: {outcomes} of {FEWEST} outcomes so far.",
            vi=f"Chưa đủ để đánh giá: mới có {outcomes} trên {FEWEST} kết quả.",
        )
    reason = max(DismissReason, key=lambda each: quality.dismissed.get(each, 0))
    for count, said in (
        (quality.dismissed.get(reason, 0), OBJECTIONS[reason]),
        (quality.dismissals, MIXED),
        (quality.expired, LAPSED),
        (quality.resolved, PASSED),
        (quality.accepted, HELPFUL),
    ):
        if count >= TELLING * outcomes:
            return Text(original=f"{count} of {outcomes} {said.original}", vi=f"{count} trên {outcomes} {said.vi}")
    yes, no = quality.accepted, quality.dismissals
    return Text(
        original=f"Of {outcomes}, {yes} were accepted and {no} dismissed: no clear verdict yet.",
        vi=f"Trong {outcomes}, {yes} được chấp nhận và {no} bị bỏ qua: chưa đủ rõ để kết luận.",
    )


def _share(part: int, whole: int) -> Decimal | None:
    return EXACT.divide(Decimal(part), Decimal(whole)) if whole else None
