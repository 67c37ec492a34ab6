"""The loop the product is for: a KPI finds the problem, an objective attacks it, success becomes the new standard."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

from okr import breach, filing, goal, promotion, recommendation
from okr.goal import CheckIn, KeyResult, KeyResultType, Objective, ObjectiveState, Origin
from okr.kpi import Kpi, Reading
from okr.number import Direction
from okr.policy import Policy, PolicyMode
from okr.recommendation import Action, Proposal, Recommendation, RecommendationState
from okr.snapshot import Snapshot
from okr.text import Text
from rules import blocking as refusing
from rules import evaluation, policy
from rules.judge import Engine, Judge
from rules.worker import Worker
from tests.okr import builders as b

HOSPITAL, IT = "unit_hospital", "unit_it"
Q3 = b.cycle()
Q4 = b.cycle("cyc_q4", name="Q4 2026", first=date(2026, 10, 1), last=date(2026, 12, 31), closes=date(2027, 1, 15))
S = RecommendationState


class Hospital:
    """A hospital with the shipped policies, its picture and its file, moved along day by day."""

    def __init__(self, worker: Worker) -> None:
        self.judge = Judge(worker)
        self.policies: tuple[Policy, ...] = policy.defaults("per_hr", b.NOW)
        self.file: dict[str, Recommendation] = {}
        self.readings: tuple[Reading, ...] = ()
        self.picture: Snapshot = b.snapshot(
            b.unit(HOSPITAL, name="Hospital"),
            b.unit(IT, name="IT", parent=HOSPITAL, lead="per_lan"),
            b.person(unit=IT),
            Q3,
            Q4,
            b.kpi(
                name="Uptime of the registration platform",
                unit=HOSPITAL,
                accountable=IT,
                reporter="per_lan",
                targets=(b.target(99, 90),),
            ),
        )

    @property
    def kpi(self) -> Kpi:
        return self.picture.kpis["kpi_uptime"]

    def read(self, value: str, month: int) -> None:
        """Report the uptime of a month of 2026."""
        self.readings = (*self.readings, b.reading(value, date(2026, month, 1)))
        heard = replace(self.kpi, latest=self.readings[-1])
        watched, _ = breach.rewatched(heard, self.readings, self.picture.today(HOSPITAL))
        self.picture = self.picture.with_(watched)

    async def look(self, month: int, day: int) -> list[tuple[str, RecommendationState]]:
        """Run all policies at noon of a day and return what changed on file."""
        self.picture = self.picture.seen_at(datetime(2026, month, day, 12, tzinfo=UTC))
        found = await evaluation.evaluate(self.judge, self.picture, self.policies)
        assert found.engine is Engine.DURABLE
        on_file = [each for each in self.file.values() if recommendation.live(each)]
        terms, at = found.terms, self.picture.as_of
        changed = filing.reconcile("hospital", on_file, found.findings, found.standing, terms, at)
        moved = [
            (each.finding.policy, each.state)
            for each in changed
            if each.key not in self.file or self.file[each.key].state is not each.state
        ]
        self.file |= {each.key: each for each in changed}
        assert not filing.reconcile(
            "hospital", filter(recommendation.live, self.file.values()), found.findings, found.standing, terms, at
        )
        return moved

    def one(self, key: str) -> Recommendation:
        """The only live recommendation of a policy."""
        (found,) = [each for each in self.file.values() if each.finding.policy == key and recommendation.live(each)]
        return found

    def accept(self, filed: Recommendation) -> Proposal:
        """Accept what is proposed, and note that it was done."""
        at = self.picture.as_of
        accepted = recommendation.accept(filed, "per_lan", at)
        made = ["obj_recovery"] if filed.finding.proposal and "addresses" in filed.finding.proposal.args else []
        self.file[filed.key] = recommendation.applied(accepted, made, "per_lan", at)
        assert filed.finding.proposal is not None
        return filed.finding.proposal

    def open_objective(self, proposal: Proposal, filed: Recommendation, key: str = "obj_recovery") -> None:
        """Put the proposed objective and its key result into the picture, as the application does."""
        args = proposal.args
        drafted = args["key_results"]
        assert isinstance(drafted, list)
        objective = Objective(
            key=key,
            title=text(args["title"]),
            unit=str(args["unit"]),
            cycle=str(args["cycle"]),
            state=ObjectiveState.ACTIVE,
            addresses=("kpi_uptime",),
            since=self.picture.today(IT),
            origin=Origin(recommendation=filed.key, policy=filed.finding.policy, episode=filed.finding.episode),
        )
        results = [
            KeyResult(
                key=f"kr_{key}_{at}",
                objective=key,
                title=text(raw["title"]),
                type=KeyResultType(raw["type"]),
                measure=raw["measure"],
                direction=Direction(raw["direction"]),
                start=raw["start"],
                target=raw["target"],
                measures=raw["measures"],
                since=objective.since,
            )
            for at, raw in enumerate(drafted)
        ]
        for result in results:
            goal.check_key_result(result)
        goal.check_objective(objective)
        self.picture = self.picture.with_(objective, *results)

    def check_in(self, value: int, month: int, day: int, key: str = "kr_obj_recovery_0") -> None:
        """Say where the key result stands."""
        at = datetime(2026, month, day, 9, tzinfo=UTC)
        entry = CheckIn(key=f"chk_{month}_{day}", key_result=key, at=at, by="per_lan", value=Decimal(value))
        result = self.picture.key_results[key]
        self.picture = self.picture.with_(replace(result, check_ins=(*result.check_ins, entry)))


def text(raw: object) -> Text:
    assert isinstance(raw, Mapping)
    return Text(original=raw["original"], vi=raw["vi"])


async def test_a_red_kpi_becomes_an_objective_and_its_success_the_new_standard(worker: Worker) -> None:
    hospital = Hospital(worker)
    hospital.read("50", 5)
    assert await hospital.look(6, 20) == [("kpi-unowned", S.OPEN)]  # red, and nobody moves it yet
    hospital.read("50", 6)
    assert await hospital.look(7, 2) == [("kpi-unowned", S.RESOLVED), ("kpi-breach", S.OPEN)]

    filed = hospital.one("kpi-breach")
    hospital.open_objective(hospital.accept(filed), filed)
    assert await hospital.look(7, 3) == []
    assert (await hospital.look(7, 4), hospital.one("kpi-breach").state) == ([], S.APPLIED)

    for month, day, value in ((7, 10, 70), (7, 17, 90), (7, 24, 99), (7, 31, 99)):
        hospital.check_in(value, month, day)
    assert await hospital.look(7, 31) == [("promote-key-result", S.OPEN)]

    promote = hospital.one("promote-key-result")
    proposal = hospital.accept(promote)
    assert (proposal.action, proposal.args["baseline"]) == (Action.PROMOTE, Decimal(99))
    result = hospital.picture.key_results["kr_obj_recovery_0"]
    origin = promotion.provenance(
        hospital.picture, result, policy="promote-key-result", policy_version=1, proposer="policy", approver="per_hr"
    )
    draft = promotion.propose(hospital.picture, result)
    kpi = promotion.promote(hospital.picture, result, draft, origin, date(2026, 8, 1))
    objective = hospital.picture.objectives["obj_recovery"]
    closed = replace(objective, state=ObjectiveState.CLOSED, final=b.final(1))
    hospital.picture = hospital.picture.with_(kpi, replace(result, promoted_to=kpi.key), closed)
    assert origin.episode == "kpi_uptime:2026-05-01"
    assert await hospital.look(8, 3) == [("kpi-breach", S.OPEN)]  # two good months have not been seen yet

    hospital.read("99.5", 7)
    hospital.read("99.5", 8)
    assert await hospital.look(9, 3) == [("kpi-breach", S.RESOLVED)]

    hospital.read("99.2", 9)
    hospital.read("99.2", 10)
    assert await hospital.look(11, 3) == []
    hospital.read("98.2", 11)
    assert await hospital.look(12, 2) == [("kpi-unowned", S.OPEN)]  # amber already
    hospital.read("98.2", 12)
    hospital.picture = hospital.picture.with_(
        b.cycle("cyc_2027", first=date(2027, 1, 1), last=date(2027, 3, 31), closes=date(2027, 4, 15))
    )
    hospital.picture = hospital.picture.seen_at(datetime(2027, 1, 2, tzinfo=UTC))
    found = await evaluation.evaluate(hospital.judge, hospital.picture, hospital.policies)
    assert [(one.policy, one.episode) for one in found.findings] == [("kpi-breach", "kpi_uptime:2026-11-01")]


async def test_an_episode_that_outlives_its_objective_asks_again_in_the_same_recommendation(worker: Worker) -> None:
    hospital = Hospital(worker)
    for month in (5, 6):
        hospital.read("50", month)
    await hospital.look(7, 2)
    filed = hospital.one("kpi-breach")
    hospital.open_objective(hospital.accept(filed), filed)
    for month in (7, 8):
        hospital.read("60", month)
    await hospital.look(9, 2)
    objective = hospital.picture.objectives["obj_recovery"]
    hospital.picture = hospital.picture.with_(replace(objective, state=ObjectiveState.CLOSED, final=b.final("0.2")))

    assert ("kpi-breach", S.OPEN) in await hospital.look(10, 2)

    again = hospital.one("kpi-breach")
    assert (again.key, again.times, again.created) == (filed.key, 2, ("obj_recovery",))
    assert again.finding.proposal is not None
    assert again.finding.proposal.args["cycle"] == "cyc_q4"
    hospital.open_objective(again.finding.proposal, again, "obj_second")
    assert await hospital.look(10, 3) == [("kpi-breach", S.RESOLVED)]


async def test_a_kpi_that_recovers_is_left_alone_and_asked_about_when_it_slips_again(worker: Worker) -> None:
    hospital = Hospital(worker)
    for month in (5, 6):
        hospital.read("50", month)
    await hospital.look(7, 2)
    filed = hospital.one("kpi-breach")
    hospital.read("99.5", 7)
    assert await hospital.look(8, 2) == [("kpi-breach", S.RESOLVED)]
    hospital.read("50", 8)

    assert ("kpi-breach", S.OPEN) in await hospital.look(9, 2)

    assert (hospital.one("kpi-breach").key, hospital.one("kpi-breach").times) == (filed.key, 2)


async def test_a_full_team_is_offered_a_swap_and_a_blocking_limit_refuses_one_more(worker: Worker) -> None:
    hospital = Hospital(worker)
    hospital.picture = hospital.picture.with_(*[b.objective(f"obj_{n}", unit=IT, title=f"Goal {n}") for n in range(3)])
    for month in (5, 6):
        hospital.read("50", month)
    await hospital.look(7, 2)
    filed = hospital.one("kpi-breach")
    assert filed.finding.blocked_by == ("goal limit",)
    assert filed.finding.proposal is not None
    swap = str(filed.finding.proposal.args["swap"])

    blocking = [replace(each, mode=PolicyMode.BLOCK) for each in hospital.policies if each.template == "goal_limit"]
    before = hospital.picture
    hospital.open_objective(filed.finding.proposal, filed)
    (block,) = (await refusing.blocked(hospital.judge, hospital.picture, blocking, {"unit": {IT}}, before)).blocks
    assert "IT has 4 goals; the limit is 3" in block.message

    deferred = replace(before.objectives[swap], state=ObjectiveState.DEFERRED)
    hospital.picture = hospital.picture.with_(deferred)
    assert (await refusing.blocked(hospital.judge, hospital.picture, blocking, {"unit": {IT}}, before)).blocks == ()


async def test_a_late_reading_undoes_a_breach_and_what_it_opened(worker: Worker) -> None:
    hospital = Hospital(worker)
    for month in (5, 6):
        hospital.read("50", month)
    await hospital.look(7, 2)
    assert hospital.one("kpi-breach").state is S.OPEN

    hospital.readings = (b.reading("99.5", date(2026, 5, 1)), hospital.readings[1])
    watched, _ = breach.rewatched(hospital.kpi, hospital.readings, date(2026, 7, 2))
    hospital.picture = hospital.picture.with_(watched)

    assert ("kpi-breach", S.RESOLVED) in await hospital.look(7, 3)


async def test_readings_that_stop_coming_resolve_nothing(worker: Worker) -> None:
    hospital = Hospital(worker)
    for month in (5, 6):
        hospital.read("50", month)
    await hospital.look(7, 2)

    await hospital.look(9, 20)

    assert hospital.one("kpi-breach").state is S.OPEN


async def test_silence_is_reminded_once_and_climbs(worker: Worker) -> None:
    hospital = Hospital(worker)
    owned = b.key_result(objective="obj_1", owner="per_minh")
    people = (b.person("per_minh", name="Minh", unit=IT), b.objective("obj_1", unit=IT), owned)
    hospital.picture = hospital.picture.with_(*people)
    assert await hospital.look(7, 14) == []
    assert await hospital.look(7, 21) == [("missed-check-in", S.OPEN)]
    hospital.accept(hospital.one("missed-check-in"))
    assert await hospital.look(7, 22) == []
    assert await hospital.look(7, 28) == [("missed-check-in", S.OPEN)]
    filed = hospital.one("missed-check-in")
    assert filed.finding.proposal is not None
    assert filed.finding.proposal.args == {"person": "per_lan", "step": "lead"}

    hospital.check_in(10, 7, 29, "kr_uptime")
    assert await hospital.look(7, 30) == [("missed-check-in", S.RESOLVED)]
