"""What the counts of a policy's recommendations say about the policy."""

from decimal import Decimal
from typing import Any

import pytest

from okr import quality
from okr.quality import Quality
from okr.recommendation import DismissReason

R = DismissReason


def counted(opened: int = 12, **counts: Any) -> Quality:
    """The counts of the breach policy."""
    return Quality(policy="kpi-breach", opened=opened, **counts)


@pytest.mark.parametrize(
    ("given", "en", "vi"),
    [
        pytest.param(
            counted(dismissed={R.NOT_RELEVANT: 9}, accepted=3),
            "9 of 12 were dismissed as not relevant: raise the threshold or narrow the scope.",
            "9 trên 12 bị bỏ qua vì không liên quan: hãy nâng ngưỡng hoặc thu hẹp phạm vi.",
            id="not relevant",
        ),
        pytest.param(
            counted(dismissed={R.WRONG_DATA: 4}, accepted=6),
            "4 of 10 were dismissed because the data were wrong: check where its numbers come from.",
            "4 trên 10 bị bỏ qua vì dữ liệu sai: hãy kiểm tra nguồn số liệu.",
            id="wrong data, and just enough of it",
        ),
        pytest.param(
            counted(dismissed={R.ALREADY_HANDLED: 5}),
            "5 of 5 were dismissed as handled already: hold it back for longer before people are asked.",
            "5 trên 5 bị bỏ qua vì đã có người xử lý: hãy chờ lâu hơn trước khi hỏi mọi người.",
            id="handled already",
        ),
        pytest.param(
            counted(dismissed={R.DISAGREE: 5, R.NOT_RELEVANT: 4}),
            "5 of 9 were dismissed by people who disagree with the policy: talk with them, or let it only observe.",
            "5 trên 9 bị bỏ qua vì không đồng ý với chính sách: hãy trao đổi với họ, hoặc chỉ để chính sách theo dõi.",
            id="disagreement",
        ),
        pytest.param(
            counted(dismissed={R.DISAGREE: 2, R.NOT_RELEVANT: 2, R.WRONG_DATA: 1}, accepted=5),
            "5 of 10 were dismissed, for different reasons: read them before anything is changed.",
            "5 trên 10 bị bỏ qua vì nhiều lý do khác nhau: hãy đọc các lý do trước khi thay đổi.",
            id="mixed reasons",
        ),
        pytest.param(
            counted(expired=6, accepted=4),
            "6 of 10 lapsed and nobody acted: see whether it reaches the right people, or switch it off.",
            "6 trên 10 hết hạn mà không ai xử lý: hãy xem đã đến đúng người chưa, hoặc tắt chính sách.",
            id="nobody acts",
        ),
        pytest.param(
            counted(resolved=5, accepted=5),
            "5 of 10 were over before anybody acted: hold it back for longer before people are asked.",
            "5 trên 10 tự hết trước khi có người xử lý: hãy chờ lâu hơn trước khi hỏi mọi người.",
            id="over by itself",
        ),
        pytest.param(
            counted(accepted=8, resolved=2),
            "8 of 10 were accepted: it helps people.",
            "8 trên 10 được chấp nhận: chính sách có ích.",
            id="accepted",
        ),
        pytest.param(
            counted(accepted=3, resolved=3, expired=2, dismissed={R.DISAGREE: 2}),
            "Of 10, 3 were accepted and 2 dismissed: no clear verdict yet.",
            "Trong 10, 3 được chấp nhận và 2 bị bỏ qua: chưa đủ rõ để kết luận.",
            id="nothing in particular",
        ),
        pytest.param(
            counted(dismissed={R.DISAGREE: 4}),
            "Too few to judge: 4 of 5 outcomes so far.",
            "Chưa đủ để đánh giá: mới có 4 trên 5 kết quả.",
            id="too few",
        ),
        pytest.param(
            counted(opened=0),
            "Nobody has been asked anything yet.",
            "Chưa có khuyến nghị nào được mở.",
            id="nothing yet",
        ),
    ],
)
def test_a_policy_is_judged_in_a_sentence(given: Quality, en: str, vi: str) -> None:
    said = quality.verdict(given)
    assert (said.original, said.vi) == (en, vi)


def test_objections_are_a_share_of_what_came_to_an_end() -> None:
    given = counted(accepted=3, expired=1, open=7, dismissed={R.WRONG_DATA: 1, R.DISAGREE: 2, R.NOT_RELEVANT: 1})
    assert (given.dismissals, given.outcomes, given.objections) == (4, 8, Decimal("0.375"))
    assert counted(open=3).objections is None
