"""The hospital: the registration platform is down half the time, and nobody has answered it yet."""

from app.demo.blueprint import Blueprint, GoalPlan, KpiPlan, MovePlan, PersonPlan, ResultPlan, UnitPlan, text
from okr.cycle import CycleKind
from okr.goal import KeyResultType
from okr.number import Direction
from okr.org import Role

PERCENT, BOOLEAN = KeyResultType.PERCENT, KeyResultType.BOOLEAN
FIVE = (-4, -3, -2, -1, 0)

UNITS = (
    UnitPlan(
        word="it", name=text("Information technology", "Phòng Công nghệ thông tin"), kind="department", lead="lead"
    ),
    UnitPlan(
        word="registration",
        name=text("Registration platform", "Nhóm Hệ thống đăng ký khám"),
        kind="team",
        parent="it",
        lead="phuc",
    ),
    UnitPlan(word="outpatient", name=text("Outpatient clinic", "Khoa Khám bệnh"), kind="department", lead="thao"),
    UnitPlan(word="nursing", name=text("Nursing", "Phòng Điều dưỡng"), kind="department", lead="nga"),
    UnitPlan(word="reception", name=text("Reception", "Tổ Tiếp đón"), kind="team", parent="nursing", lead="dung"),
    UnitPlan(
        word="pharmacy",
        name=text("Outpatient pharmacy", "Tổ Dược ngoại trú"),
        kind="team",
        parent="outpatient",
        lead="khanh",
    ),
    UnitPlan(
        word="wards", name=text("Ward nursing", "Tổ Điều dưỡng nội trú"), kind="team", parent="nursing", lead="hoa"
    ),
    UnitPlan(
        word="quality", name=text("Quality and safety", "Phòng Quản lý chất lượng"), kind="department", lead="tuan"
    ),
)

PEOPLE = (
    PersonPlan(word="viewer", name="Nguyễn Minh Đức", unit="root", role=Role.VIEWER),
    PersonPlan(word="hr_admin", name="Trần Thị Mai", unit="root", role=Role.HR_ADMIN),
    PersonPlan(word="lead", name="Lê Quang Huy", unit="it", role=Role.LEAD),
    PersonPlan(word="member", name="Phạm Thu Trang", unit="registration"),
    PersonPlan(word="phuc", name="Võ Hồng Phúc", unit="registration", role=Role.LEAD),
    PersonPlan(word="thao", name="Đặng Phương Thảo", unit="outpatient", role=Role.LEAD),
    PersonPlan(word="nga", name="Bùi Thúy Nga", unit="nursing", role=Role.LEAD),
    PersonPlan(word="dung", name="Hồ Tiến Dũng", unit="reception", role=Role.LEAD),
    PersonPlan(word="khanh", name="Đỗ Bảo Khánh", unit="pharmacy", role=Role.LEAD),
    PersonPlan(word="hoa", name="Lý Ngọc Hoa", unit="wards", role=Role.LEAD),
    PersonPlan(word="tuan", name="Ngô Anh Tuấn", unit="quality", role=Role.LEAD),
)

KPIS = (
    KpiPlan(
        word="satisfaction",
        name=text("Patient satisfaction", "Mức hài lòng của người bệnh"),
        unit="root",
        measure="%",
        direction=Direction.HIGHER,
        target="85",
        red="80",
        values="82 82.4 82.7 83 83.5 84 84.5 85.2 85.9 86.5 87.2 87.9 88.5 89 89.4",
        reporter="tuan",
        accountable="quality",
        weight=2,
    ),
    KpiPlan(
        word="wait",
        name=text("Average wait before the doctor", "Thời gian chờ khám trung bình"),
        unit="outpatient",
        measure="min",
        direction=Direction.LOWER,
        target="60",
        red="75",
        values="79 78 77 76 75 74 73 71 69 67 65 62 60 58 55",
        reporter="thao",
        accountable="outpatient",
        parent="satisfaction",
    ),
    KpiPlan(
        word="uptime",
        name=text("Uptime of the registration platform", "Tỷ lệ hoạt động của hệ thống đăng ký khám"),
        unit="registration",
        measure="%",
        direction=Direction.HIGHER,
        target="99",
        red="90",
        values="99.2 99.4 99.1 99.5 99.3 99.6 99.2 99.4 99.1 99.3 99.5 99.2 99 71.5 50",
        reporter="member",
        accountable="registration",
        parent="wait",
        weight=2,
    ),
    KpiPlan(
        word="complaints",
        name=text("Complaints answered within 7 days", "Tỷ lệ phản ánh được trả lời trong 7 ngày"),
        unit="root",
        measure="%",
        direction=Direction.HIGHER,
        target="90",
        red="80",
        values="91 90 92 90 91 89 88 86 84 83 81 78 72 66 62",
        reporter="tuan",
        parent="satisfaction",
    ),
    KpiPlan(
        word="infections",
        name=text("Hospital-acquired infections", "Tỷ lệ nhiễm khuẩn bệnh viện"),
        unit="nursing",
        measure="%",
        direction=Direction.LOWER,
        target="4",
        red="5",
        values="4.3 4.2 4.2 4.1 4.1 4 3.9 3.9 3.8 3.7 3.6 3.5 3.4 3.3 3.2",
        reporter="nga",
        accountable="nursing",
    ),
    KpiPlan(
        word="beds",
        name=text("Bed occupancy", "Công suất sử dụng giường bệnh"),
        unit="nursing",
        measure="%",
        direction=Direction.RANGE,
        target="80 90",
        red="75 95",
        values="86 87 88 88 89 89 90 91 92 92 93 92 93 94 93",
        reporter="nga",
        accountable="nursing",
    ),
)

YEAR = GoalPlan(
    word="year",
    title=text(
        "A hospital that patients recommend to their families",
        "Bệnh viện được người bệnh tin cậy giới thiệu cho người thân",
    ),
    unit="root",
    owner="viewer",
    kind=CycleKind.YEAR,
    when=(-1, 0),
    results=(
        ResultPlan(
            title=text("Satisfied patients", "Tỷ lệ người bệnh hài lòng"),
            type=PERCENT,
            measure="%",
            ways=("78 84", "84 92"),
            levels="82 83 84.5 86.5 88.5 90.5",
            measures="satisfaction",
            owner="tuan",
        ),
        ResultPlan(
            title=text("Average wait before the doctor", "Thời gian chờ khám trung bình"),
            measure="min",
            ways=("90 75", "75 50"),
            levels="79 76 73 67 60 53",
            measures="wait",
            owner="thao",
        ),
        ResultPlan(
            title=text("Hospital-acquired infections", "Tỷ lệ nhiễm khuẩn bệnh viện"),
            type=PERCENT,
            measure="%",
            ways=("4.8 4.2", "4.2 3"),
            levels="4.3 4.1 3.9 3.7 3.4 3.05",
            measures="infections",
            owner="nga",
        ),
    ),
    lesson="Moving, and slower than we hoped: the waits hold everything else back.",
)

OUTPATIENT = GoalPlan(
    word="outpatient",
    title=text("Shorter waits from the door to the doctor", "Rút ngắn thời gian chờ từ cửa vào đến phòng khám"),
    unit="outpatient",
    owner="thao",
    when=FIVE,
    supports="year:1",
    results=(
        ResultPlan(
            title=text("Average wait before the doctor", "Thời gian chờ khám trung bình"),
            measure="min",
            ways=("79 74 76", "76 70 73", "73 66 67", "67 59 60", "60 52 53"),
            measures="wait",
        ),
        ResultPlan(
            title=text("Patients seen within 30 minutes", "Người bệnh được khám trong vòng 30 phút"),
            type=PERCENT,
            measure="%",
            ways=("35 43 42", "42 50 49", "49 58 57", "57 64 63", "63 75 74"),
        ),
    ),
    lesson="Booking by the half hour helped most.",
)

RECEPTION_RESULTS = (
    (
        text("Patients received within ten minutes", "Người bệnh được tiếp đón trong vòng mười phút"),
        ("60 72 70", "70 80 76", "76 90 88"),
    ),
    (
        text("Complaints about reception in a month", "Số phản ánh về tiếp đón mỗi tháng"),
        ("18 12 13", "13 8 9", "9 4 5"),
    ),
)


def _reception(word: str, when: tuple[int, ...], supports: str) -> GoalPlan:
    """The same goal before the move, when it hung below nursing, and after it."""
    (share, shares), (count, counts) = RECEPTION_RESULTS
    ways = [at + 2 for at in when]
    return GoalPlan(
        word=word,
        title=text("Nobody stands lost at the front desk", "Không ai phải lúng túng ở quầy tiếp đón"),
        unit="reception",
        owner="dung",
        when=when,
        supports=supports,
        results=(
            ResultPlan(title=share, type=PERCENT, measure="%", ways=tuple(shares[at] for at in ways)),
            ResultPlan(title=count, measure="complaints", ways=tuple(counts[at] for at in ways)),
        ),
        lesson="Two more desks in the morning were worth it.",
    )


PHARMACY = tuple(
    GoalPlan(
        word=word,
        title=text(*title),
        unit="pharmacy",
        owner="khanh",
        when=when,
        supports=supports,
        results=(ResultPlan(title=text(*result), type=kind, measure=measure, ways=ways),),
        lesson="The new counter opened two weeks late.",
    )
    for word, title, when, supports, result, kind, measure, ways in (
        (
            "queue",
            ("Medicines without a queue", "Nhận thuốc không phải xếp hàng"),
            (-2, -1, 0),
            "outpatient",
            ("Average wait at the counter", "Thời gian chờ trung bình tại quầy"),
            KeyResultType.NUMBER,
            "min",
            ("32 26 28", "28 23 24", "24 12 17"),
        ),
        (
            "dose",
            ("No wrong dose leaves the counter", "Không một liều thuốc nào phát nhầm"),
            (0,),
            "",
            ("Dispensing errors in 10,000 prescriptions", "Số lỗi phát thuốc trên 10.000 đơn"),
            KeyResultType.NUMBER,
            "errors",
            ("8 2 6",),
        ),
        (
            "waste",
            ("Less medicine thrown away", "Bớt lãng phí thuốc"),
            (0,),
            "",
            ("Expired stock in a month", "Giá trị thuốc hết hạn mỗi tháng"),
            KeyResultType.CURRENCY,
            "VND",
            ("120000000 60000000 118000000 104000000",),
        ),
        (
            "advice",
            ("Patients know how to take their medicine", "Người bệnh hiểu rõ cách dùng thuốc"),
            (0,),
            "outpatient",
            ("Patients advised at the counter", "Người bệnh được tư vấn tại quầy"),
            PERCENT,
            "%",
            ("40 80 66",),
        ),
        (
            "paper",
            ("Prescriptions arrive on screen", "Đơn thuốc điện tử thay đơn giấy"),
            (0,),
            "",
            ("Electronic prescriptions", "Tỷ lệ đơn thuốc điện tử"),
            PERCENT,
            "%",
            ("55 95 71",),
        ),
    )
)

NURSING = GoalPlan(
    word="nursing",
    title=text("Safer medication at the bedside", "Dùng thuốc an toàn tại giường bệnh"),
    unit="nursing",
    owner="nga",
    when=FIVE,
    supports="year:2",
    results=(
        ResultPlan(
            title=text("Medication errors in 1,000 doses", "Số sai sót thuốc trên 1.000 liều"),
            measure="errors",
            ways=("5.2 4.6 4.7", "4.7 4 4.1", "4.1 3.5 3.6", "3.6 3 3.1", "3.1 2 2.1"),
        ),
        ResultPlan(
            title=text("Doses checked by barcode", "Liều thuốc được quét mã trước khi dùng"),
            type=PERCENT,
            measure="%",
            ways=("20 35 33", "33 48 46", "46 60 58", "58 72 70", "70 90 88"),
            owner="hoa",
        ),
    ),
    lesson="Scanners on every trolley; the night shift came last.",
)

WARDS = GoalPlan(
    word="wards",
    title=text("Patients do not fall", "Không để người bệnh té ngã"),
    unit="wards",
    owner="hoa",
    when=(-3, -2, -1, 0),
    supports="nursing",
    results=(
        ResultPlan(
            title=text("Falls in 1,000 bed days", "Số ca té ngã trên 1.000 ngày giường"),
            measure="falls",
            ways=("4.1 3.5 3.6", "3.6 3.1 3.2", "3.2 2.6 2.7", "2.7 1.8 1.9"),
        ),
        ResultPlan(
            title=text("Risk rated on the first day", "Đánh giá nguy cơ ngay ngày đầu"),
            type=PERCENT,
            measure="%",
            ways=("40 57 55", "55 70 68", "68 82 80", "80 95 92"),
        ),
    ),
    lesson="Rating the risk on the first day is a habit now.",
)

IT = GoalPlan(
    word="it",
    title=text("Doctors have results without asking", "Bác sĩ có kết quả mà không phải đi hỏi"),
    unit="it",
    owner="lead",
    when=FIVE,
    supports="year:0",
    results=(
        ResultPlan(
            title=text("Lab results on screen within an hour", "Kết quả xét nghiệm hiện trên máy trong một giờ"),
            type=PERCENT,
            measure="%",
            ways=("50 60 58", "58 68 66", "66 74 73", "73 80 79", "79 90 89"),
        ),
        ResultPlan(
            title=text("Calls to the lab in a day", "Số cuộc gọi hỏi phòng xét nghiệm mỗi ngày"),
            measure="calls",
            ways=("140 121 124", "124 105 108", "108 90 95", "95 80 82", "82 50 56"),
        ),
    ),
    lesson="The interface to the lab is stable; printing is next.",
)

BOOKING = GoalPlan(
    word="booking",
    title=text("Booking online is the first choice", "Đặt lịch trực tuyến là lựa chọn đầu tiên"),
    unit="registration",
    owner="phuc",
    when=(-3, -2, -1, 0),
    supports="it",
    results=(
        ResultPlan(
            title=text("Visits booked online", "Lượt khám đặt lịch trực tuyến"),
            type=PERCENT,
            measure="%",
            ways=("12 19 18", "18 26 25", "25 30 29", "29 40 31"),
            owner="member",
        ),
        ResultPlan(
            title=text("Bookings given up half way", "Lượt đặt lịch bỏ dở"),
            type=PERCENT,
            measure="%",
            ways=("48 40 42", "42 36 37", "37 32 33", "33 20 31"),
        ),
    ),
    lesson="People come back when the page stays up.",
)

ACCREDITATION = GoalPlan(
    word="accreditation",
    title=text("Be ready for the accreditation visit", "Sẵn sàng cho đợt đánh giá công nhận chất lượng"),
    unit="quality",
    owner="tuan",
    results=(
        ResultPlan(title=text("Write the quality handbook", "Viết sổ tay chất lượng"), type=BOOLEAN, ways=("0.4",)),
        ResultPlan(
            title=text("Hold three workshops with the departments", "Tổ chức ba buổi tập huấn cho các khoa"),
            type=BOOLEAN,
            ways=("0.9",),
        ),
        ResultPlan(
            title=text("Complete the checklist", "Hoàn thành bảng kiểm"),
            type=KeyResultType.MILESTONE,
            milestones=(
                text("Records", "Hồ sơ bệnh án"),
                text("Hygiene", "Vệ sinh"),
                text("Fire safety", "Phòng cháy"),
                text("Training", "Đào tạo"),
            ),
            ways=("0.8",),
        ),
    ),
)

NEXT = GoalPlan(
    word="next",
    title=text("Nobody queues twice", "Không ai phải xếp hàng hai lần"),
    unit="outpatient",
    owner="thao",
    when=(1,),
    results=(
        ResultPlan(
            title=text("Visits with one queue only", "Lượt khám chỉ xếp hàng một lần"),
            type=PERCENT,
            measure="%",
            ways=("30 60 30",),
        ),
    ),
)

HOSPITAL = Blueprint(
    tenant="hospital",
    name=text("Saigon River Hospital", "Bệnh viện Sông Sài Gòn"),
    zone="Asia/Ho_Chi_Minh",
    units=UNITS,
    people=PEOPLE,
    kpis=KPIS,
    goals=(
        YEAR,
        OUTPATIENT,
        NURSING,
        IT,
        _reception("reception-before", (-2, -1), "nursing"),
        _reception("reception", (0,), "outpatient"),
        *PHARMACY,
        WARDS,
        BOOKING,
        ACCREDITATION,
        NEXT,
    ),
    moves=(MovePlan(unit="reception", to="outpatient"),),
)
