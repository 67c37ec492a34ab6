"""The furniture house: satisfied customers, an owner who left, and leads that became cheap again and stayed so."""

from app.demo.blueprint import (
    Blueprint,
    GoalPlan,
    KpiPlan,
    PersonPlan,
    RecoveryPlan,
    ResultPlan,
    UnitPlan,
    text,
)
from okr.cycle import CycleKind
from okr.goal import KeyResultType
from okr.number import Direction
from okr.org import Role

PERCENT, CURRENCY, MAINTAIN = KeyResultType.PERCENT, KeyResultType.CURRENCY, KeyResultType.MAINTAIN
FIVE = (-4, -3, -2, -1, 0)

UNITS = (
    UnitPlan(word="sales", name=text("Sales", "Phòng Kinh doanh"), kind="department", lead="lead"),
    UnitPlan(
        word="north", name=text("Northern sales", "Nhóm Kinh doanh miền Bắc"), kind="team", parent="sales", lead="linh"
    ),
    UnitPlan(
        word="south", name=text("Southern sales", "Nhóm Kinh doanh miền Nam"), kind="team", parent="sales", lead="lead"
    ),
    UnitPlan(word="care", name=text("Customer care", "Phòng Chăm sóc khách hàng"), kind="department", lead="yen"),
    UnitPlan(word="desk", name=text("Service desk", "Tổ Tổng đài"), kind="team", parent="care", lead="bach"),
    UnitPlan(word="marketing", name=text("Marketing", "Phòng Tiếp thị"), kind="department", lead="quynh"),
)

PEOPLE = (
    PersonPlan(word="viewer", name="Hoàng Gia Bảo", unit="root", role=Role.VIEWER),
    PersonPlan(word="hr_admin", name="Nguyễn Thu Hà", unit="root", role=Role.HR_ADMIN),
    PersonPlan(word="lead", name="Trịnh Công Thành", unit="sales", role=Role.LEAD),
    PersonPlan(word="member", name="Mai Khánh Vy", unit="desk"),
    PersonPlan(word="linh", name="Đinh Mỹ Linh", unit="north", role=Role.LEAD),
    PersonPlan(word="son", name="Phan Thanh Sơn", unit="south", leaves=True),
    PersonPlan(word="yen", name="Tạ Hải Yến", unit="care", role=Role.LEAD),
    PersonPlan(word="bach", name="Cao Xuân Bách", unit="desk", role=Role.LEAD),
    PersonPlan(word="quynh", name="Vũ Như Quỳnh", unit="marketing", role=Role.LEAD),
)

KPIS = (
    KpiPlan(
        word="revenue",
        name=text("Monthly revenue", "Doanh thu tháng"),
        unit="root",
        measure="VND",
        direction=Direction.HIGHER,
        target="42000000000",
        red="38000000000",
        values="39800000000 40100000000 40600000000 41200000000 41000000000 41500000000 41900000000 42300000000 "
        "42100000000 42600000000 42900000000 42400000000 43100000000 43300000000 43700000000",
        reporter="lead",
        accountable="sales",
        weight=2,
    ),
    KpiPlan(
        word="conversion",
        name=text("Conversion rate", "Tỷ lệ chuyển đổi"),
        unit="sales",
        measure="%",
        direction=Direction.HIGHER,
        target="3.2",
        red="2.6",
        values="2.8 2.8 2.9 2.9 2.8 2.9 3 2.9 3 3 2.9 3 2.9 3 2.9",
        reporter="lead",
        accountable="sales",
        parent="revenue",
    ),
    KpiPlan(
        word="deal",
        name=text("Average deal", "Giá trị đơn hàng trung bình"),
        unit="sales",
        measure="VND",
        direction=Direction.HIGHER,
        target="25000000",
        red="22000000",
        values="24800000 25000000 25100000 25200000 25000000 25300000 25400000 25200000 25500000 25600000 25400000 "
        "25700000 25800000 25600000 25900000",
        reporter="linh",
        accountable="north",
        parent="revenue",
    ),
    KpiPlan(
        word="cac",
        name=text("Customer acquisition cost (CAC)", "Chi phí có được một khách hàng (CAC)"),
        unit="marketing",
        measure="VND",
        direction=Direction.LOWER,
        target="4200000",
        red="5200000",
        values="4400000 4400000 4500000 4600000 4600000 4700000 4800000 4900000 4900000 4700000 4600000 4500000 "
        "4400000 4300000 4250000",
        reporter="quynh",
        accountable="marketing",
        parent="revenue",
    ),
    KpiPlan(
        word="cpl",
        name=text("Cost per lead (CPL)", "Chi phí trên mỗi khách hàng tiềm năng (CPL)"),
        unit="marketing",
        measure="VND",
        direction=Direction.LOWER,
        target="120000",
        red="150000",
        by_quarter="118000 119000 117000 120000 118000 119000 139000 165000 182000 169000 138000 118000 116000 115000 "
        "116000",
        reporter="quynh",
        accountable="marketing",
        parent="cac",
    ),
    KpiPlan(
        word="traffic",
        name=text("Site traffic", "Lượt truy cập trang web"),
        unit="marketing",
        measure="visits",
        direction=Direction.HIGHER,
        target="180000",
        red="150000",
        values="172000 174000 176000 181000 183000 182000 186000 188000 187000 190000 192000 191000 196000 201000 "
        "205000",
        reporter="quynh",
        accountable="marketing",
        parent="conversion",
    ),
    KpiPlan(
        word="csat",
        name=text("Customer satisfaction (CSAT)", "Mức hài lòng của khách hàng (CSAT)"),
        unit="care",
        measure="%",
        direction=Direction.HIGHER,
        target="85",
        red="78",
        values="81 81 82 82 83 83 83 84 84 84 84 85 86 87 88",
        reporter="yen",
        accountable="care",
    ),
    KpiPlan(
        word="turnover",
        name=text("Staff turnover in twelve months", "Tỷ lệ nghỉ việc trong mười hai tháng"),
        unit="root",
        measure="%",
        direction=Direction.LOWER,
        target="12",
        red="16",
        values="11 11.2 11 11.5 11.4 11.6 11.8 11.7 11.9 12 11.9 11.8 11.9 11.7 11.8",
        reporter="hr_admin",
        accountable="root",
    ),
)

YEAR = GoalPlan(
    word="year",
    title=text("Lead the market in customer satisfaction", "Dẫn đầu thị trường về sự hài lòng của khách hàng"),
    unit="root",
    owner="viewer",
    kind=CycleKind.YEAR,
    when=(-1, 0),
    results=(
        ResultPlan(
            title=text("Willingness to recommend us (NPS)", "Mức sẵn lòng giới thiệu (NPS)"),
            measure="points",
            ways=("5 6", "6 8"),
            levels="5.6 5.9 6.4 6.9 7.4 7.8",
            owner="yen",
        ),
        ResultPlan(
            title=text("Response time to customers", "Thời gian phản hồi khách hàng"),
            measure="h",
            ways=("8 5", "5 2"),
            levels="6 5.2 4.6 3.9 3.2 2.1",
            owner="bach",
        ),
        ResultPlan(
            title=text("Target customers in the care programme", "Khách hàng mục tiêu tham gia chương trình chăm sóc"),
            type=PERCENT,
            measure="%",
            ways=("0 40", "30 90"),
            levels="25 33 44 54 65 86",
            owner="yen",
        ),
    ),
    lesson="Customers notice when we answer; most of them still do not know the programme.",
)

CARE = GoalPlan(
    word="care",
    title=text("Customers are called before they call", "Chủ động gọi cho khách trước khi khách gọi đến"),
    unit="care",
    owner="yen",
    when=FIVE,
    supports="year:2",
    results=(
        ResultPlan(
            title=text("Customers in the care programme", "Khách hàng tham gia chương trình chăm sóc"),
            type=PERCENT,
            measure="%",
            ways=("25 34 33", "33 45 44", "44 55 54", "54 70 65", "65 90 86"),
        ),
        ResultPlan(
            title=text("Customer satisfaction (CSAT)", "Mức hài lòng của khách hàng (CSAT)"),
            type=PERCENT,
            measure="%",
            ways=("81 83 82", "82 84 83", "83 85 84", "84 86 85", "85 90 88.5"),
            measures="csat",
        ),
    ),
    lesson="The call after delivery is what people remember.",
)

DESK = GoalPlan(
    word="desk",
    title=text("An answer while the tea is still warm", "Trả lời khi tách trà của khách còn ấm"),
    unit="desk",
    owner="bach",
    when=FIVE,
    supports="care",
    results=(
        ResultPlan(
            title=text("Average response time", "Thời gian phản hồi trung bình"),
            measure="h",
            ways=("6 5.1 5.2", "5.2 4.5 4.6", "4.6 3.8 3.9", "3.9 3.1 3.2", "3.2 2 2.1"),
        ),
        ResultPlan(
            title=text("Questions settled at the first contact", "Câu hỏi được giải quyết ngay lần đầu"),
            type=PERCENT,
            measure="%",
            ways=("48 55 51", "51 58 54", "54 62 57", "57 66 60", "60 75 64"),
            owner="member",
            confidence=7,
        ),
    ),
    lesson="Answers from a shared list; the second result needs an honest talk.",
)

SELLING = GoalPlan(
    word="sales",
    title=text("Every sale fits the home it goes to", "Bán đúng thứ mà ngôi nhà của khách cần"),
    unit="sales",
    owner="lead",
    when=FIVE,
    supports="year",
    results=(
        ResultPlan(
            title=text("Orders returned", "Đơn hàng bị trả lại"),
            type=PERCENT,
            measure="%",
            ways=("6.2 5.6 5.7", "5.7 5.1 5.2", "5.2 4.5 4.6", "4.6 4 4.1", "4.1 3 3.1"),
        ),
        ResultPlan(
            title=text("Customers who buy again", "Khách hàng quay lại mua"),
            type=PERCENT,
            measure="%",
            ways=("18 20 19", "19 22 21", "21 24 23", "23 26 25", "25 30 29"),
        ),
    ),
    lesson="Measuring at home before the order halves the returns.",
)

NORTH = GoalPlan(
    word="north",
    title=text("Fewer, larger orders in the north", "Miền Bắc: ít đơn hơn, giá trị lớn hơn"),
    unit="north",
    owner="linh",
    when=(-3, -2, -1, 0),
    supports="sales",
    results=(
        ResultPlan(
            title=text(
                "Keep the average deal at 25 million or more", "Giữ giá trị đơn hàng trung bình từ 25 triệu trở lên"
            ),
            type=MAINTAIN,
            measure="VND",
            low="25000000",
            ways=("25200000 25000000 25300000", "25300000 25500000", "25400000 25600000", "25600000 25900000"),
            measures="deal",
        ),
        ResultPlan(
            title=text("Orders for a whole home", "Đơn hàng trọn gói cho cả căn nhà"),
            type=PERCENT,
            measure="%",
            ways=("12 16 15", "15 19 18", "18 23 21", "21 30 28"),
        ),
    ),
    lesson="Whole homes sell where the showroom shows one.",
)

SOUTH = GoalPlan(
    word="south",
    title=text("Every visitor in the south leaves with an offer", "Miền Nam: mọi khách ghé thăm đều có báo giá"),
    unit="south",
    owner="lead",
    when=FIVE,
    supports="sales",
    results=(
        ResultPlan(
            title=text("Visitors with an offer", "Khách ghé thăm nhận được báo giá"),
            type=PERCENT,
            measure="%",
            ways=("40 48 46", "46 53 52", "52 58 57", "57 63 62", "62 80 69"),
            owner="son",
        ),
        ResultPlan(
            title=text("Conversion rate", "Tỷ lệ chuyển đổi"),
            type=PERCENT,
            measure="%",
            ways=("2.8 3 2.9", "2.9 3.1 2.9", "2.9 3.1 3", "2.9 3.2 3", "2.9 3.3 3"),
            measures="conversion",
        ),
    ),
    lesson="Offers on the spot work; the follow-up does not yet.",
)

MARKETING = GoalPlan(
    word="marketing",
    title=text("People find us when they furnish", "Khách tìm đến chúng ta khi sắm sửa nhà cửa"),
    unit="marketing",
    owner="quynh",
    when=FIVE,
    supports="year",
    results=(
        ResultPlan(
            title=text("Site traffic", "Lượt truy cập trang web"),
            measure="visits",
            ways=(
                "172000 180000 178000",
                "178000 184000 183000",
                "183000 190000 188000",
                "188000 196000 193000",
                "193000 210000 208000",
            ),
            measures="traffic",
        ),
        ResultPlan(
            title=text("Customer acquisition cost (CAC)", "Chi phí có được một khách hàng (CAC)"),
            type=CURRENCY,
            measure="VND",
            ways=(
                "4400000 4200000 4500000",
                "4500000 4300000 4700000",
                "4800000 4500000 4900000",
                "4900000 4500000 4600000",
                "4600000 4100000 4150000",
            ),
            measures="cac",
        ),
    ),
    lesson="Search brings visitors, and the visitors were dear this time.",
)

NEXT = GoalPlan(
    word="next",
    title=text("The showroom comes home", "Mang phòng trưng bày đến tận nhà"),
    unit="marketing",
    owner="quynh",
    when=(1,),
    results=(
        ResultPlan(
            title=text("Visits to the virtual showroom", "Lượt xem phòng trưng bày ảo"),
            measure="visits",
            ways=("0 20000 0",),
        ),
    ),
)

SALES = Blueprint(
    tenant="sales",
    name=text("Mekong Home", "Nội thất Mê Kông"),
    zone="Asia/Ho_Chi_Minh",
    units=UNITS,
    people=PEOPLE,
    kpis=KPIS,
    goals=(YEAR, CARE, DESK, SELLING, NORTH, SOUTH, MARKETING, NEXT),
    recoveries=(
        RecoveryPlan(kpi="cpl", by="quynh", way="182000 120000 173000 154000 136000 124000 118000 116000 115000"),
    ),
)
