"""The fact schema of the product: what a policy may ask about a KPI, a unit, an objective and a key result."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from enum import StrEnum

from okr.cycle import CycleKind, CycleState
from okr.goal import KeyResultType
from okr.kpi import BreachState
from okr.number import Direction
from okr.period import Period
from okr.progress import Status
from okr.target import Band
from rules.fields import Choice, FactKind, Field, FieldType, Scalar

MEASURE = "measure"
"""The unit of a field that is in the KPI's own unit."""

# By enum: members of two that are spelled alike, as both kinds of STALE are, are equal and hash alike.
_VIETNAMESE: Mapping[type[StrEnum], Mapping[str, str]] = {
    Band: {
        Band.GREEN: "xanh",
        Band.AMBER: "vàng",
        Band.RED: "đỏ",
        Band.UNKNOWN: "chưa rõ",
        Band.STALE: "thiếu số liệu",
    },
    BreachState: {
        BreachState.OK: "ổn",
        BreachState.PENDING: "đang theo dõi",
        BreachState.BREACHED: "vi phạm",
        BreachState.RECOVERING: "đang hồi phục",
    },
    Direction: {
        Direction.HIGHER: "càng cao càng tốt",
        Direction.LOWER: "càng thấp càng tốt",
        Direction.RANGE: "trong khoảng",
    },
    Period: {
        Period.DAY: "ngày",
        Period.WEEK: "tuần",
        Period.MONTH: "tháng",
        Period.QUARTER: "quý",
    },
    CycleKind: {
        CycleKind.QUARTER: "quý",
        CycleKind.YEAR: "năm",
    },
    CycleState: {
        CycleState.PLANNED: "sắp tới",
        CycleState.ACTIVE: "đang chạy",
        CycleState.GRADING: "đang chấm điểm",
        CycleState.CLOSED: "đã đóng",
    },
    KeyResultType: {
        KeyResultType.NUMBER: "số",
        KeyResultType.PERCENT: "phần trăm",
        KeyResultType.CURRENCY: "tiền tệ",
        KeyResultType.BOOLEAN: "có hoặc không",
        KeyResultType.MILESTONE: "cột mốc",
        KeyResultType.MAINTAIN: "duy trì",
    },
    Status: {
        Status.NOT_STARTED: "chưa bắt đầu",
        Status.TOO_EARLY: "còn quá sớm",
        Status.ON_TRACK: "đúng tiến độ",
        Status.AT_RISK: "có rủi ro",
        Status.OFF_TRACK: "chậm tiến độ",
        Status.STALE: "thiếu cập nhật",
        Status.ACHIEVED: "đã đạt",
    },
}


def _choices(members: Iterable[StrEnum]) -> tuple[Choice, ...]:
    return tuple(
        Choice(value=member.value, label=member.value.replace("_", " "), label_vi=_VIETNAMESE[type(member)][member])
        for member in members
    )


def _count(
    name: str,
    label: str,
    label_vi: str,
    about: str,
    about_vi: str,
    unit: str = "",
    example: Scalar = 1,
    least: int | None = None,
) -> Field:
    return Field(
        name=name,
        label=label,
        label_vi=label_vi,
        type=FieldType.NUMBER,
        unit=unit,
        help=about,
        help_vi=about_vi,
        example=example,
        least=least,
    )


def _share(
    name: str,
    label: str,
    label_vi: str,
    about: str,
    about_vi: str,
    example: Scalar = 0.7,
    *,
    whole: bool = False,
) -> Field:
    """A share; of a `whole` where it is never below 0 or above 1."""
    field = _count(name, label, label_vi, about, about_vi, "share", example)
    return replace(field, least=0, most=1) if whole else field


def _flag(name: str, label: str, label_vi: str, about: str, about_vi: str) -> Field:
    return Field(
        name=name, label=label, label_vi=label_vi, type=FieldType.BOOLEAN, help=about, help_vi=about_vi, example=True
    )


def _day(name: str, label: str, label_vi: str, about: str, about_vi: str, example: str) -> Field:
    return Field(
        name=name, label=label, label_vi=label_vi, type=FieldType.DAY, help=about, help_vi=about_vi, example=example
    )


def _words(name: str, label: str, label_vi: str, about: str, about_vi: str, example: str) -> Field:
    return Field(
        name=name, label=label, label_vi=label_vi, type=FieldType.TEXT, help=about, help_vi=about_vi, example=example
    )


def _choice(
    name: str, label: str, label_vi: str, members: Iterable[StrEnum], example: StrEnum, about: str, about_vi: str
) -> Field:
    return Field(
        name=name,
        label=label,
        label_vi=label_vi,
        type=FieldType.CHOICE,
        choices=_choices(members),
        help=about,
        help_vi=about_vi,
        example=example.value,
    )


def _key(name: str, label: str, label_vi: str, about: str, about_vi: str, example: str) -> Field:
    return Field(
        name=name,
        label=label,
        label_vi=label_vi,
        type=FieldType.REFERENCE,
        help=about,
        help_vi=about_vi,
        example=example,
    )


_LEVEL = _key(
    "level",
    "Level",
    "Cấp",
    "The unit's kind, in the words of the organisation.",
    "Loại đơn vị, theo cách gọi của tổ chức.",
    "team",
)
_CYCLE_KIND = _choice(
    "cycle_kind",
    "Cycle length",
    "Loại chu kỳ",
    CycleKind,
    CycleKind.QUARTER,
    "Whether the cycle is a quarter or a year; the two are counted separately.",
    "Chu kỳ là quý hay năm; hai loại được đếm riêng.",
)
_DEADLINE = (
    _day(
        "deadline",
        "Deadline",
        "Hạn",
        "The last day of the cycle.",
        "Ngày cuối của chu kỳ.",
        "2026-09-30",
    ),
    _count(
        "days_to_deadline",
        "Days to the deadline",
        "Số ngày đến hạn",
        "Local days from today to the last day of the cycle; negative after it.",
        "Số ngày từ hôm nay đến ngày cuối của chu kỳ; âm khi đã qua.",
        "days",
        14,
    ),
)
_OWNER = (
    _flag(
        "has_owner",
        "Has an owner",
        "Có người phụ trách",
        "Somebody is named as its owner.",
        "Có người được nêu là phụ trách.",
    ),
    _flag(
        "owner_left",
        "Owner has left",
        "Người phụ trách đã nghỉ",
        "Its owner no longer works here.",
        "Người phụ trách không còn làm việc.",
    ),
)
_STATUS = _choice(
    "status",
    "Status",
    "Trạng thái",
    Status,
    Status.OFF_TRACK,
    "The verdict of the day: progress against the pace of the cycle.",
    "Đánh giá trong ngày: tiến độ so với nhịp của chu kỳ.",
)

KPI = FactKind(
    name="kpi",
    label="KPI",
    label_vi="KPI",
    fields=(
        _choice(
            "band",
            "Band",
            "Vùng",
            Band,
            Band.RED,
            "The newest reading against the target in force.",
            "Số liệu mới nhất so với mục tiêu hiện hành.",
        ),
        _choice(
            "breach_state",
            "Breach state",
            "Trạng thái vi phạm",
            BreachState,
            BreachState.BREACHED,
            "Where the breach rule of the KPI stands after the last closed period.",
            "Tình trạng theo quy tắc vi phạm của KPI sau kỳ đã đóng gần nhất.",
        ),
        _flag(
            "breached",
            "In breach",
            "Đang vi phạm",
            "There were enough bad periods in a row, and no good one since; a KPI that recovers is not in breach.",
            "Đã đủ số kỳ xấu liên tiếp và chưa có kỳ tốt nào; KPI đang hồi phục thì không tính là vi phạm.",
        ),
        _count(
            "periods_breached",
            "Periods in breach",
            "Số kỳ vi phạm",
            "1 in the period in which the breach opened; 0 without an open episode.",
            "Bằng 1 ở kỳ bắt đầu vi phạm; bằng 0 khi không có đợt vi phạm.",
            "periods",
            least=0,
        ),
        _count(
            "bad_periods",
            "Bad periods in a row",
            "Số kỳ xấu liên tiếp",
            "Judged periods in the breach band or below the baseline.",
            "Số kỳ liên tiếp ở vùng vi phạm hoặc dưới mức nền.",
            "periods",
            2,
            least=0,
        ),
        _count(
            "amber_periods",
            "Amber periods in a row",
            "Số kỳ vàng liên tiếp",
            "Judged periods that were merely amber.",
            "Số kỳ liên tiếp chỉ ở vùng vàng.",
            "periods",
            3,
            least=0,
        ),
        _count(
            "missing_periods",
            "Missing periods",
            "Số kỳ thiếu số liệu",
            "Closed periods in a row without a reading.",
            "Số kỳ đã đóng liên tiếp không có số liệu.",
            "periods",
            2,
            least=0,
        ),
        _count(
            "value",
            "Value",
            "Giá trị",
            "The newest reading, in the KPI's unit.",
            "Số liệu mới nhất, theo đơn vị của KPI.",
            MEASURE,
            98.2,
        ),
        _day(
            "latest_period",
            "Latest period",
            "Kỳ mới nhất",
            "The first day of the period of the newest reading; unknown before the first.",
            "Ngày đầu của kỳ có số liệu mới nhất; không có nếu chưa có số liệu.",
            "2026-07-01",
        ),
        _count(
            "target",
            "Target",
            "Mục tiêu",
            "The target in force; unknown for a range.",
            "Mục tiêu hiện hành; không có nếu là khoảng.",
            MEASURE,
            99,
        ),
        _count(
            "recovers_at",
            "Recovers at",
            "Hồi phục ở mức",
            "The value at which a breach is over; unknown for a range, where it is over inside.",
            "Giá trị mà vi phạm kết thúc; không có nếu là khoảng, khi đó phải trở lại trong khoảng.",
            MEASURE,
            98.5,
        ),
        _count("baseline", "Baseline", "Mức nền", "The floor already won.", "Mức đã giành được.", MEASURE, 99),
        _flag(
            "below_baseline",
            "Worse than the baseline",
            "Kém mức nền",
            "The newest reading slipped below the floor already won.",
            "Số liệu mới nhất tụt dưới mức đã giành được.",
        ),
        _share(
            "attainment",
            "Attainment",
            "Mức đạt",
            "1 at the target, lower is always worse, whichever way the KPI counts: 1 − distance ÷ target.",
            "Bằng 1 khi đạt mục tiêu, càng thấp càng kém dù KPI tính theo chiều nào: 1 − khoảng cách ÷ mục tiêu.",
        ),
        _count(
            "shortfall",
            "Shortfall",
            "Khoảng thiếu",
            "Distance from green in the KPI's unit; 0 in green.",
            "Khoảng cách tới vùng xanh theo đơn vị của KPI; bằng 0 nếu đã xanh.",
            MEASURE,
            0.8,
            least=0,
        ),
        _flag(
            "has_active_objective",
            "An objective attacks it",
            "Đã có mục tiêu xử lý",
            "An objective addresses it (active, awaiting approval or drafted for it), or a key result measures it.",
            "Có mục tiêu đang chạy, chờ duyệt hoặc được soạn cho đợt vi phạm này, hay có kết quả then chốt đo nó.",
        ),
        _flag(
            "has_accountable",
            "Somebody is accountable",
            "Có đơn vị chịu trách nhiệm",
            "A unit is named that must act.",
            "Có đơn vị được nêu phải hành động.",
        ),
        _flag(
            "has_reporter",
            "Somebody reports it",
            "Có người báo số liệu",
            "A person who still works here brings the numbers.",
            "Có người đang làm việc cung cấp số liệu.",
        ),
        _count(
            "movers",
            "Key results that move it",
            "Số kết quả then chốt tác động",
            "Active key results that measure it.",
            "Số kết quả then chốt đang chạy đo KPI này.",
            "",
            0,
            least=0,
        ),
        _count(
            "drivers",
            "KPIs that drive it",
            "Số KPI thành phần",
            "KPIs directly below it in the KPI tree.",
            "Số KPI ngay dưới nó trong cây KPI.",
            "",
            2,
            least=0,
        ),
        _count(
            "weight",
            "Weight",
            "Trọng số",
            "Its importance; 1 is ordinary.",
            "Độ quan trọng; 1 là bình thường.",
            "",
            2,
            least=0,
        ),
        _choice(
            "direction",
            "Better is",
            "Chiều tốt",
            Direction,
            Direction.HIGHER,
            "Which way is better.",
            "Chiều nào là tốt hơn.",
        ),
        _choice(
            "period",
            "Period",
            "Kỳ",
            Period,
            Period.MONTH,
            "How long one reading's period is.",
            "Độ dài kỳ của một số liệu.",
        ),
        _LEVEL,
    ),
)

UNIT = FactKind(
    name="unit",
    label="Unit in a cycle",
    label_vi="Đơn vị trong chu kỳ",
    fields=(
        _flag(
            "is_root", "Is the company", "Là toàn công ty", "The unit at the top of the tree.", "Đơn vị ở đỉnh của cây."
        ),
        _LEVEL,
        _CYCLE_KIND,
        _key("cycle", "Cycle", "Chu kỳ", "The cycle's key.", "Khoá của chu kỳ.", "cyc_q3"),
        _choice(
            "cycle_state",
            "Stage of the cycle",
            "Giai đoạn của chu kỳ",
            CycleState,
            CycleState.ACTIVE,
            "Before it, in it, in the days after it for grading, or after those.",
            "Trước, trong, những ngày chấm điểm ngay sau, hoặc sau đó nữa.",
        ),
        _count(
            "goals_active",
            "Goals that count",
            "Số mục tiêu được tính",
            "Its own objectives, active or awaiting approval, that overlap the cycle; 0 once the cycle is closed.",
            "Số mục tiêu của chính đơn vị, đang chạy hoặc chờ duyệt trong chu kỳ; bằng 0 khi chu kỳ đã đóng.",
            "goals",
            4,
            least=0,
        ),
        _count(
            "goals_per_member",
            "Goals per member",
            "Số mục tiêu mỗi thành viên",
            "Unknown where nobody belongs to the unit.",
            "Không có nếu đơn vị không có thành viên.",
            "goals",
            0.5,
            least=0,
        ),
        _count(
            "key_results",
            "Key results",
            "Số kết quả then chốt",
            "Live key results of those goals.",
            "Số kết quả then chốt chưa huỷ của các mục tiêu đó.",
            "",
            9,
            least=0,
        ),
        _count(
            "ungraded",
            "Goals not graded",
            "Số mục tiêu chưa chấm điểm",
            "Its own objectives in this cycle that are still active: nobody has closed them yet.",
            "Số mục tiêu của chính đơn vị trong chu kỳ này vẫn đang mở: chưa ai đóng.",
            "goals",
            2,
            least=0,
        ),
        _count(
            "days_since_end",
            "Days since the end",
            "Số ngày từ khi hết chu kỳ",
            "Local days since the last day of the cycle; 0 up to then.",
            "Số ngày từ ngày cuối của chu kỳ; bằng 0 khi chưa hết.",
            "days",
            15,
            least=0,
        ),
        _count(
            "members",
            "Members",
            "Số thành viên",
            "People who work in the unit itself.",
            "Số người làm việc trong chính đơn vị.",
            "people",
            8,
            least=0,
        ),
        _count("kpis", "KPIs", "Số KPI", "KPIs of the unit itself.", "Số KPI của chính đơn vị.", "", 7, least=0),
        _count(
            "red_kpis",
            "Red KPIs",
            "Số KPI đỏ",
            "KPIs of the unit itself in the red band.",
            "Số KPI của chính đơn vị ở vùng đỏ.",
            "",
            1,
            least=0,
        ),
        _flag(
            "has_lead",
            "Has a lead",
            "Có trưởng đơn vị",
            "A lead who still works here is named.",
            "Có trưởng đơn vị đang làm việc.",
        ),
        _share(
            "progress",
            "Progress",
            "Tiến độ",
            "Mean progress of its objectives in the cycle.",
            "Tiến độ trung bình của các mục tiêu trong chu kỳ.",
            whole=True,
        ),
        *_DEADLINE,
    ),
)

OBJECTIVE = FactKind(
    name="objective",
    label="Objective",
    label_vi="Mục tiêu",
    fields=(
        _count(
            "key_results",
            "Key results",
            "Số kết quả then chốt",
            "All of them, cancelled ones included.",
            "Tất cả, kể cả đã huỷ.",
            "",
            4,
            least=0,
        ),
        _count(
            "key_results_live",
            "Live key results",
            "Số kết quả then chốt chưa huỷ",
            "Those that are not cancelled.",
            "Những kết quả chưa huỷ.",
            "",
            3,
            least=0,
        ),
        _count(
            "key_results_measured",
            "Measured key results",
            "Số kết quả then chốt đo bằng số",
            "Live ones that are neither yes-or-no nor milestones.",
            "Những kết quả chưa huỷ không phải loại có-không hay cột mốc.",
            "",
            2,
            least=0,
        ),
        _count(
            "task_titles",
            "Key results worded as tasks",
            "Số kết quả viết như công việc",
            "Live key results whose title begins with a verb from the lists of tasks, English or Vietnamese.",
            "Số kết quả chưa huỷ có tên bắt đầu bằng động từ trong danh sách công việc, tiếng Anh hoặc tiếng Việt.",
            "",
            2,
            least=0,
        ),
        _words(
            "task_words",
            "Task words",
            "Từ chỉ công việc",
            "The verbs with which those titles begin; unknown where none does.",
            "Những động từ mở đầu các tên đó; không có nếu không tên nào như vậy.",
            "write, hold",
        ),
        _flag(
            "supports_something",
            "Supports something",
            "Có hỗ trợ cấp trên",
            "It supports an objective or a key result.",
            "Nó hỗ trợ một mục tiêu hoặc kết quả then chốt.",
        ),
        _count(
            "contributes_to",
            "Goals it contributes to",
            "Số mục tiêu được đóng góp",
            "Further objectives and key results that it contributes to.",
            "Số mục tiêu và kết quả then chốt khác mà nó đóng góp.",
            "",
            0,
            least=0,
        ),
        _count(
            "kpis_addressed",
            "KPIs it attacks",
            "Số KPI cần xử lý",
            "KPIs that it is meant to bring back or to improve.",
            "Số KPI mà nó nhằm phục hồi hoặc cải thiện.",
            "",
            0,
            least=0,
        ),
        _flag(
            "is_company_level",
            "Is of the company",
            "Thuộc toàn công ty",
            "Its unit is the top of the tree.",
            "Đơn vị của nó ở đỉnh của cây.",
        ),
        _count(
            "supporters",
            "Objectives below",
            "Số mục tiêu hỗ trợ nó",
            "Objectives that support it or one of its key results.",
            "Số mục tiêu hỗ trợ nó hoặc kết quả then chốt của nó.",
            "",
            2,
            least=0,
        ),
        _flag(
            "is_recovery",
            "Is a recovery",
            "Là mục tiêu phục hồi",
            "A policy proposed it for a weak KPI.",
            "Do chính sách đề xuất vì một KPI yếu.",
        ),
        _count(
            "full_cycles",
            "Full marks in a row",
            "Số chu kỳ đạt trọn liên tiếp",
            "Cycles in a row before this one, of the same length, whose goals its unit closed at 100 %, all of them.",
            "Số chu kỳ cùng loại liền trước mà đơn vị đóng mọi mục tiêu ở mức 100 %.",
            "cycles",
            2,
            least=0,
        ),
        _count(
            "targets_within_variation",
            "Targets that luck reaches",
            "Số đích trong biến động bình thường",
            "Its key results whose KPI, not in trouble, meets the target within its natural limits: mean ± 2.66 × mean "
            "moving range of its last 6 to 12 values. Unknown where there are fewer values.",
            "Số kết quả có KPI (không vi phạm) đạt đích trong giới hạn tự nhiên: trung bình ± 2,66 × khoảng biến động "
            "trung bình của 6 đến 12 giá trị gần nhất. Không có nếu ít giá trị hơn.",
            "",
            1,
            least=0,
        ),
        _flag(
            "superseded_episode",
            "Its breach no longer holds",
            "Đợt vi phạm không còn đúng",
            "Corrected readings undid the episode it was opened for.",
            "Số liệu sửa lại đã xoá đợt vi phạm mà nó được mở.",
        ),
        _share(
            "progress",
            "Progress",
            "Tiến độ",
            "0 to 1; unknown where nothing counts.",
            "Từ 0 đến 1; không có nếu không có gì được tính.",
            whole=True,
        ),
        _share(
            "coverage",
            "Coverage",
            "Độ phủ số liệu",
            "Share of weight with data.",
            "Tỷ trọng có số liệu.",
            whole=True,
        ),
        _share(
            "expected",
            "Expected progress",
            "Tiến độ kỳ vọng",
            "Elapsed share of the cycle's local days.",
            "Phần ngày của chu kỳ đã trôi qua.",
            0.5,
            whole=True,
        ),
        _STATUS,
        *_OWNER,
        _CYCLE_KIND,
        *_DEADLINE,
        _LEVEL,
    ),
)

KEY_RESULT = FactKind(
    name="key_result",
    label="Key result",
    label_vi="Kết quả then chốt",
    fields=(
        _choice("type", "Type", "Loại", KeyResultType, KeyResultType.NUMBER, "How it is measured.", "Cách đo."),
        _flag(
            "objective_active",
            "Its objective is active",
            "Mục tiêu của nó đang mở",
            "Nobody has closed its objective yet.",
            "Mục tiêu chứa nó chưa được đóng.",
        ),
        _count(
            "start",
            "Where it began",
            "Điểm xuất phát",
            "Its start, else the value of its first check-in; unknown where it is not a number.",
            "Mức xuất phát, hoặc giá trị check-in đầu tiên; không có nếu không đo bằng số.",
            MEASURE,
            50,
        ),
        _count(
            "current",
            "Latest value",
            "Giá trị mới nhất",
            "What the latest check-in said, in its own unit; unknown where it is not a number.",
            "Giá trị của lần check-in mới nhất, theo đơn vị của nó; không có nếu không đo bằng số.",
            MEASURE,
            98.2,
        ),
        _count(
            "missed_check_ins",
            "Missed check-ins in a row",
            "Số lần lỡ check-in liên tiếp",
            "Consecutive missed slots; leave and pauses are skipped.",
            "Số lần lỡ liên tiếp; bỏ qua ngày nghỉ phép và tạm dừng.",
            "slots",
            2,
            least=0,
        ),
        _count(
            "check_ins",
            "Check-ins",
            "Số lần check-in",
            "Standing entries.",
            "Số lần ghi nhận còn hiệu lực.",
            "",
            5,
            least=0,
        ),
        _count(
            "days_since_check_in",
            "Days since the last check-in",
            "Số ngày từ lần check-in cuối",
            "Unknown before the first.",
            "Không có nếu chưa check-in.",
            "days",
            14,
        ),
        _share("progress", "Progress", "Tiến độ", "0 to 1.", "Từ 0 đến 1.", whole=True),
        _share(
            "raw_progress",
            "Raw progress",
            "Tiến độ thô",
            "Unclamped: below 0 is worse than the start, above 1 beyond the target.",
            "Không giới hạn: dưới 0 là kém lúc đầu, trên 1 là vượt mục tiêu.",
            1.1,
        ),
        _share(
            "expected",
            "Expected progress",
            "Tiến độ kỳ vọng",
            "Elapsed share of the cycle's local days.",
            "Phần ngày của chu kỳ đã trôi qua.",
            0.5,
            whole=True,
        ),
        _STATUS,
        _flag(
            "achieved",
            "Achieved",
            "Đã đạt",
            "The target is reached, or the band is held.",
            "Đã đạt mục tiêu, hoặc đang giữ trong khoảng.",
        ),
        _flag(
            "held",
            "Achieved and held",
            "Đã đạt và giữ vững",
            "Achieved in each of its last two check-ins.",
            "Đạt ở cả hai lần check-in gần nhất.",
        ),
        _flag(
            "promotable",
            "Can become a KPI",
            "Có thể thành KPI",
            "Measured in numbers, achieved and held.",
            "Đo bằng số, đã đạt và giữ vững.",
        ),
        _flag(
            "promoted",
            "Is promoted",
            "Đã thành KPI",
            "It already became a KPI or a new baseline of one.",
            "Đã trở thành KPI hoặc mức nền mới của KPI.",
        ),
        _flag(
            "in_band_now",
            "In its band now",
            "Đang trong khoảng",
            "Of a key result that maintains a level; else unknown.",
            "Chỉ với kết quả duy trì; loại khác không có.",
        ),
        _flag(
            "trial",
            "Is a trial",
            "Là chỉ số thử",
            "It tries a metric that may become a KPI.",
            "Thử một chỉ số có thể thành KPI.",
        ),
        _flag(
            "measures_kpi", "Measures a KPI", "Đo một KPI", "Its number is a KPI's.", "Con số của nó là của một KPI."
        ),
        _words(
            "upkeep_words",
            "Words of upkeep",
            "Từ chỉ sự duy trì",
            "Words in its title that ask for a level to be held, by the English and Vietnamese lists; unknown without.",
            "Những từ trong tên chỉ việc giữ một mức, theo danh sách tiếng Anh và tiếng Việt; không có nếu không thấy.",
            "maintain",
        ),
        _count(
            "repeats",
            "Cycles with this target",
            "Số chu kỳ cùng đích",
            "Cycles of the same length, this one included, in which its unit had the same title, or measured the same "
            "KPI, with the same target.",
            "Số chu kỳ cùng loại, kể cả chu kỳ này, mà đơn vị có cùng tên hoặc đo cùng KPI với cùng đích.",
            "cycles",
            2,
            least=1,
        ),
        replace(
            _count(
                "confidence",
                "Confidence",
                "Độ tin tưởng",
                "1 (no hope) to 10 (sure), from the latest check-in that states one.",
                "Từ 1 (vô vọng) đến 10 (chắc chắn), theo lần check-in gần nhất có nêu.",
                "",
                7,
            ),
            least=1,
            most=10,
        ),
        _count(
            "confidence_unchanged",
            "Same confidence in a row",
            "Số lần độ tin tưởng không đổi",
            "Latest check-ins in a row with the same confidence.",
            "Số lần check-in gần nhất có cùng độ tin tưởng.",
            "check-ins",
            4,
            least=0,
        ),
        _count(
            "weight",
            "Weight",
            "Trọng số",
            "0 is shown but not counted.",
            "Bằng 0 thì hiển thị nhưng không tính.",
            "",
            1,
            least=0,
        ),
        *_OWNER,
        _CYCLE_KIND,
        *_DEADLINE,
        _flag(
            "cycle_ended",
            "Cycle has ended",
            "Chu kỳ đã hết",
            "Today is after the last day of the cycle.",
            "Hôm nay đã qua ngày cuối của chu kỳ.",
        ),
        _LEVEL,
    ),
)

KINDS: Mapping[str, FactKind] = {kind.name: kind for kind in (KPI, UNIT, OBJECTIVE, KEY_RESULT)}
