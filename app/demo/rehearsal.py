"""The stage of the story: an almost empty organisation whose quarters stay open for grading long after their ends.

`python -m app story` plays a whole loop on the running service, which lives in the present: it can record what was, but
not what will be. With two weeks of grading, as elsewhere, no quarter is both open for check-ins and long enough ago for
months of the new standard to follow it. Here a quarter that ended half a year ago is still being graded, so the loop
fits between it and today.
"""

from datetime import timedelta

from app.demo.blueprint import ROOT, Blueprint, PersonPlan, text
from okr.org import Role

STORY = Blueprint(
    tenant="story",
    name=text("Riverside Clinic", "Phòng khám Bến Sông"),
    zone="Asia/Ho_Chi_Minh",
    people=(
        PersonPlan(word="viewer", name="Nguyễn Khánh An", unit=ROOT, role=Role.VIEWER),
        PersonPlan(word="hr_admin", name="Phạm Bích Ngọc", unit=ROOT, role=Role.HR_ADMIN),
        PersonPlan(word="lead", name="Trần Quốc Việt", unit=ROOT, role=Role.LEAD),
        PersonPlan(word="member", name="Lê Thanh Tâm", unit=ROOT),
    ),
    grading=timedelta(days=550),
)
