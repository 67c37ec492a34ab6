"""The Formula 1 team: half of it in England, the power unit in Japan, and a pit stop that became the standard."""

from app.demo.blueprint import (
    Blueprint,
    GoalPlan,
    KpiPlan,
    PersonPlan,
    PromotionPlan,
    ResultPlan,
    UnitPlan,
    text,
)
from okr.cycle import CycleKind
from okr.goal import KeyResultType
from okr.number import Direction
from okr.org import Role

PERCENT = KeyResultType.PERCENT
FIVE = (-4, -3, -2, -1, 0)

UNITS = (
    UnitPlan(word="race", name=text("Race operations", "Bộ phận Vận hành đường đua"), kind="department", lead="lead"),
    UnitPlan(word="pit", name=text("Pit crew", "Đội vào pit"), kind="team", parent="race", lead="callum"),
    UnitPlan(word="strategy", name=text("Race strategy", "Nhóm Chiến thuật"), kind="team", parent="race", lead="priya"),
    UnitPlan(word="aero", name=text("Aerodynamics", "Bộ phận Khí động học"), kind="department", lead="elena"),
    UnitPlan(
        word="power",
        name=text("Power unit", "Bộ phận Động cơ"),
        kind="department",
        lead="haruka",
        zone="Asia/Tokyo",
    ),
    UnitPlan(
        word="bench", name=text("Reliability bench", "Nhóm Thử độ bền"), kind="team", parent="power", lead="kenji"
    ),
)

PEOPLE = (
    PersonPlan(word="viewer", name="Margaret Ashworth", unit="root", role=Role.VIEWER),
    PersonPlan(word="hr_admin", name="Oliver Grant", unit="root", role=Role.HR_ADMIN),
    PersonPlan(word="lead", name="Sofia Lindqvist", unit="race", role=Role.LEAD, zone="Europe/London"),
    PersonPlan(word="member", name="Tom Barker", unit="pit"),
    PersonPlan(word="callum", name="Callum Reid", unit="pit", role=Role.LEAD),
    PersonPlan(word="priya", name="Priya Raman", unit="strategy", role=Role.LEAD),
    PersonPlan(word="elena", name="Elena Conti", unit="aero", role=Role.LEAD),
    PersonPlan(word="haruka", name="Haruka Mori", unit="power", role=Role.LEAD, zone="Asia/Tokyo"),
    PersonPlan(word="kenji", name="Kenji Sato", unit="bench", role=Role.LEAD, zone="Asia/Tokyo"),
)

KPIS = (
    KpiPlan(
        word="lap",
        name=text("Average lap time on the reference circuit", "Thời gian một vòng trung bình trên đường đua chuẩn"),
        unit="root",
        measure="s",
        direction=Direction.LOWER,
        target="88.5",
        red="89.2",
        values="89.2 89.1 89.2 89.1 89 89 88.9 88.9 88.8 88.7 88.6 88.6 88.5 88.4 88.4",
        reporter="elena",
        accountable="aero",
        weight=2,
    ),
    KpiPlan(
        word="pit-stop",
        name=text("Average pit-stop time", "Thời gian vào pit trung bình"),
        unit="pit",
        measure="s",
        direction=Direction.LOWER,
        target="2.8",
        red="3",
        by_quarter="2.96 2.94 2.92 2.91 2.89 2.88 2.86 2.83 2.8 2.71 2.58 2.49 2.48 2.47 2.46",
        reporter="member",
        accountable="pit",
        parent="lap",
    ),
    KpiPlan(
        word="failures",
        name=text("Equipment failure rate", "Tỷ lệ hỏng hóc thiết bị"),
        unit="power",
        measure="%",
        direction=Direction.LOWER,
        target="2",
        red="4.5",
        values="4.4 4.3 4.3 4.1 4 3.9 3.8 3.6 3.5 3.4 3.3 3.1 2.9 2.7 2.4",
        reporter="kenji",
        accountable="power",
        parent="lap",
    ),
    KpiPlan(
        word="tyres",
        name=text("Tyre wear per stint", "Độ mòn lốp mỗi lượt chạy"),
        unit="strategy",
        measure="%",
        direction=Direction.LOWER,
        target="60",
        red="70",
        values="58 59 58 57 59 58 57 58 57 56 57 58 57 57 57",
        reporter="priya",
        accountable="strategy",
        parent="lap",
        silent=3,
    ),
)

YEAR = GoalPlan(
    word="year",
    title=text("Become F1 champion", "Trở thành nhà vô địch F1"),
    unit="root",
    owner="viewer",
    kind=CycleKind.YEAR,
    when=(-1, 0),
    results=(
        ResultPlan(
            title=text("Races finished in the top three", "Số chặng đua về đích trong tốp ba"),
            type=PERCENT,
            measure="%",
            ways=("35 80", "50 80"),
            levels="44 50 57 64 71 78",
            owner="lead",
        ),
        ResultPlan(
            title=text("Races started from pole position", "Số chặng đua xuất phát ở vị trí đầu"),
            type=PERCENT,
            measure="%",
            ways=("10 50", "20 50"),
            levels="17 20 27 34 41 47",
            owner="elena",
        ),
        ResultPlan(
            title=text("Average pit-stop time", "Thời gian vào pit trung bình"),
            measure="s",
            ways=("3 2.8", "2.8 2.5"),
            levels="2.95 2.91 2.86 2.8 2.5 2.45",
            measures="pit-stop",
            owner="callum",
        ),
    ),
    lesson="Second in the end. The car is fast; the stops and the reliability are not.",
)

PIT = GoalPlan(
    word="pit",
    title=text("The fastest pit crew on the grid", "Đội vào pit nhanh nhất đường đua"),
    unit="pit",
    owner="callum",
    when=FIVE,
    supports="year:2",
    results=(
        ResultPlan(
            title=text("Average pit-stop time", "Thời gian vào pit trung bình"),
            measure="s",
            ways=("2.97 2.9 2.92", "2.92 2.85 2.88", "2.88 2.79 2.8", "2.8 2.5 2.71 2.58 2.5 2.48", "2.48 2.4 2.41"),
            measures="pit-stop",
        ),
        ResultPlan(
            title=text("Stops under three seconds", "Số lần vào pit dưới ba giây"),
            type=PERCENT,
            measure="%",
            ways=("62 69 68", "68 75 74", "74 81 80", "80 90 88", "88 97 96"),
            owner="member",
        ),
    ),
    lesson="One movement less for the front jack.",
)

RACE = GoalPlan(
    word="race",
    title=text("A clean weekend, every weekend", "Chặng đua nào cũng trọn vẹn"),
    unit="race",
    owner="lead",
    when=FIVE,
    supports="year:0",
    results=(
        ResultPlan(
            title=text("Points lost through our own mistakes", "Số điểm đánh mất do lỗi của chính mình"),
            measure="points",
            ways=("40 30 34", "34 27 28", "28 21 22", "22 16 17", "17 10 11"),
        ),
        ResultPlan(
            title=text("Sessions started on time", "Số buổi chạy bắt đầu đúng giờ"),
            type=PERCENT,
            measure="%",
            ways=("88 92 91", "91 94 93", "93 96 95", "95 98 97", "97 99 98.8"),
        ),
    ),
    lesson="The checklist for Saturday morning works; keep it.",
)

STRATEGY = GoalPlan(
    word="strategy",
    title=text("Calls that win places", "Những quyết định giúp giành thứ hạng"),
    unit="strategy",
    owner="priya",
    when=FIVE,
    supports="race",
    results=(
        ResultPlan(
            title=text("Undercuts that gain a place", "Lượt vào pit sớm giúp vượt đối thủ"),
            type=PERCENT,
            measure="%",
            ways=("38 43 42", "42 47 46", "46 55 48", "48 60 42 40 37", "45 60 41 38 34"),
        ),
        ResultPlan(
            title=text("Calls made within five seconds", "Quyết định đưa ra trong vòng năm giây"),
            type=PERCENT,
            measure="%",
            ways=("50 60 57", "57 64 63", "63 70 69", "69 77 76", "76 90 88"),
        ),
    ),
    lesson="The rivals read our calls. New ones are needed, not faster ones.",
)

AERO = GoalPlan(
    word="aero",
    title=text("A car that likes fast corners", "Chiếc xe tự tin ở những khúc cua nhanh"),
    unit="aero",
    owner="elena",
    when=FIVE,
    supports="year:1",
    results=(
        ResultPlan(
            title=text("Downforce in the wind tunnel, in points", "Điểm lực ép trong hầm gió"),
            measure="points",
            ways=("100 103 102", "102 106 105", "105 108 107", "107 110 110 113 115", "115 119 118 121 122"),
        ),
        ResultPlan(
            title=text("Wind tunnel and track agree", "Số liệu hầm gió khớp với đường đua"),
            type=PERCENT,
            measure="%",
            ways=("70 76 75", "75 80 79", "79 84 83", "83 88 87", "87 92 91"),
        ),
    ),
    lesson="The new floor gave more than anybody planned with; set the next target higher.",
)

POWER = GoalPlan(
    word="power",
    title=text("A power unit that lasts the season", "Động cơ bền bỉ suốt cả mùa giải"),
    unit="power",
    owner="haruka",
    when=FIVE,
    supports="year",
    results=(
        ResultPlan(
            title=text("Equipment failure rate", "Tỷ lệ hỏng hóc thiết bị"),
            type=PERCENT,
            measure="%",
            ways=("4.4 4 4.1", "4.1 3.7 3.8", "3.8 3.3 3.4", "3.4 2.9 3", "3 2 2.2"),
            measures="failures",
        ),
        ResultPlan(
            title=text("Failures found before the race", "Hỏng hóc phát hiện trước khi đua"),
            type=PERCENT,
            measure="%",
            ways=("50 58 55", "55 62 61", "61 67 66", "66 74 73", "73 85 83"),
            owner="lead",
        ),
    ),
    lesson="Sensors on the oil line; two weekends saved.",
)

BENCH = GoalPlan(
    word="bench",
    title=text(
        "Faults are found on the bench, not on the track", "Phát hiện lỗi trên băng thử, không phải trên đường đua"
    ),
    unit="bench",
    owner="kenji",
    when=(-2, -1, 0),
    supports="power",
    results=(
        ResultPlan(
            title=text("Hours on the bench without a fault", "Số giờ chạy băng thử không lỗi"),
            measure="h",
            ways=("40 54 52", "52 68 66", "66 90 86"),
        ),
        ResultPlan(
            title=text("Faults repeated on the track", "Lỗi lặp lại trên đường đua"),
            measure="faults",
            ways=("9 6 7", "7 4 5", "5 2 3"),
        ),
    ),
    lesson="A night shift on the bench pays.",
)

NEXT = GoalPlan(
    word="next",
    title=text("A pit stop without a second look", "Mỗi lần vào pit đều hoàn hảo"),
    unit="pit",
    owner="callum",
    when=(1,),
    results=(
        ResultPlan(
            title=text("Average pit-stop time", "Thời gian vào pit trung bình"), measure="s", ways=("2.45 2.35 2.45",)
        ),
    ),
)

F1 = Blueprint(
    tenant="f1",
    name=text("Meridian Racing", "Đội đua Meridian"),
    zone="Europe/London",
    units=UNITS,
    people=PEOPLE,
    kpis=KPIS,
    goals=(YEAR, RACE, PIT, STRATEGY, AERO, POWER, BENCH, NEXT),
    promotions=(PromotionPlan(goal="pit", result=0, by="lead"),),
)
