"""The story: the whole loop, played on a running service through its GraphQL API and nothing else.

The service lives in the present, and a loop takes months. So the story lies in the past and is entered today, in the
organisation "story" (app.demo.rehearsal), whose quarters stay open for grading long enough: readings of past months,
an objective that is filed in a quarter that is over, check-ins about its weeks, and the months after it up to today.
Nothing is simulated; every rule of the trade holds as it does for anybody who enters late what was done in time.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from datetime import time as clock
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from app import issuer
from app.runtime import wall_clock
from app.settings import Settings
from app.speaker import Broken, Speaker
from okr import period as periods
from okr.number import plain
from okr.org import Role
from okr.period import Period

TENANT = "story"
START, TARGET, RED, SLIPPED = Decimal(50), Decimal(99), Decimal("94.1"), Decimal("98.2")
PATIENCE = 30
"""Seconds that a recommendation may take to appear; it is there at once unless the service is very busy."""

FRIDAY = 4

SETTING = """{ orgUnits(filter: {kind: "company"}) { nodes { id name zone } }
  cycles { id name kind first last state } viewer { person { id name } } }"""
UNIT = """mutation($input: CreateOrgUnitInput!) { done: createOrgUnit(input: $input) {
  orgUnit { id name } userErrors { code message } } }"""
WATCH = (
    "mutation($input: CreateKpiInput!) { done: createKpi(input: $input) { kpi { id } userErrors { code message } } }"
)
READ = """mutation($input: RecordKpiReadingsInput!) { done: recordKpiReadings(input: $input) {
  accepted userErrors { code message } } }"""
KPI = """query($id: ID!) { node(id: $id) { ... on Kpi { name band target baseline redBound latest { period value }
  breach { state episodes episode { key first startValue } }
  provenance { keyResult { title } objective { title } cycle { name } approver { name } checkInIds episode } } } }"""
OPEN = """query($subject: ID!, $policies: [String!]) {
  recommendations(filter: {subjectId: $subject, policyKeys: $policies}) { nodes {
    id version severity title blockedBy explanation { text clearsWhen } proposal { action text } } } }"""
ACCEPT = """mutation($input: AcceptRecommendationInput!) { done: acceptRecommendation(input: $input) {
  recommendation { state } userErrors { code message }
  created { ... on Objective { id title version cycle { name } keyResults { id title start target } } } } }"""
FILE = """mutation($input: UpdateObjectiveInput!) { done: updateObjective(input: $input) {
  objective { id since cycle { name } owner { name } } userErrors { code message } } }"""
CHECK_IN = """mutation($input: RecordCheckInInput!) { done: recordCheckIn(input: $input) {
  progressBefore progressAfter keyResult { id status explanation } userErrors { code message } } }"""
CLOSE = """mutation($input: CloseObjectiveInput!) { done: closeObjective(input: $input) {
  objective { state final { progress } } userErrors { code message } } }"""


@dataclass(kw_only=True)
class Story:
    """One run: who acts in it, where it takes place, and how far it has been told."""

    console: Console
    lead: Speaker
    hr: Speaker
    member: Speaker
    zone: ZoneInfo
    quarter: Mapping[str, Any]
    today: date
    unit: str = ""
    kpi: str = ""
    told: int = field(default=0)

    @property
    def first(self) -> date:
        """The first day of the quarter in which the objective lives."""
        return date.fromisoformat(self.quarter["first"])

    @property
    def after(self) -> date:
        """The day after that quarter."""
        return date.fromisoformat(self.quarter["last"]) + timedelta(days=1)

    def tell(self, title: str, who: Speaker, asked: str) -> None:
        """Begin a step: what happens, and who asks the service for what."""
        self.told += 1
        self.console.print(f"\n[bold]{self.told}. {title}[/bold]\n   [dim]{who.role.value}: {asked}[/dim]")

    def show(self, **lines: object) -> None:
        """Print what came back."""
        table = Table.grid(padding=(0, 2))
        for name, value in lines.items():
            table.add_row(f"   {name.replace('_', ' ')}", escape(str(value)))
        self.console.print(table)

    def read(self, values: Mapping[date, Decimal]) -> None:
        """Let the member bring readings by month."""
        brought = [{"kpiId": self.kpi, "period": month, "value": value} for month, value in values.items()]
        self.member.do(READ, readings=brought)

    def watched(self) -> Any:  # what JSON holds
        """Return the KPI as it is now."""
        return self.lead.ask(KPI, id=self.kpi)["node"]

    def found(self, policy: str, subject: str) -> Any:  # what JSON holds
        """Return what a policy recommends about something, as soon as it does; Broken if it never does."""
        given_up = time.monotonic() + PATIENCE
        while True:
            nodes = self.lead.ask(OPEN, subject=subject, policies=[policy])["recommendations"]["nodes"]
            if nodes:
                return nodes[0]
            if time.monotonic() > given_up:
                raise Broken(f"The policy {policy} has recommended nothing.")
            time.sleep(1)


def play(url: str, settings: Settings, now: Callable[[], datetime] = wall_clock) -> int:
    """Play the loop on the service at `url`, print each step, and return 0 where it closed, 1 where it did not."""
    console = Console(highlight=False)
    try:
        story = _opened(console, url.rstrip("/"), settings, now())
        _told(story)
    except Broken as broken:
        console.print(f"\n[bold red]The loop is not closed.[/bold red] {escape(str(broken))}", soft_wrap=True)
        return 1
    console.print("\n[bold green]The loop is closed.[/bold green] What was won is watched, and did not slip by.")
    return 0


def _opened(console: Console, url: str, settings: Settings, now: datetime) -> Story:
    lead, hr, member = (
        Speaker(
            url=url, role=role, token=issuer.mint(settings, TENANT, issuer.subject_of(TENANT, role), datetime.now(UTC))
        )
        for role in (Role.LEAD, Role.HR_ADMIN, Role.MEMBER)
    )
    setting = hr.ask(SETTING)
    (company,) = setting["orgUnits"]["nodes"]
    zone = ZoneInfo(company["zone"])
    local = now.astimezone(zone)
    quarter = _quarter(setting["cycles"], local.date())
    console.print(
        f"[bold]The loop, at {company['name']} (tenant {TENANT}), {url}[/bold]\n"
        f"Today is {local.date()}. The story is about {quarter['name']}, which is over and still open for grading:\n"
        "what happened then and since is entered now, through GraphQL alone."
    )
    story = Story(console=console, lead=lead, hr=hr, member=member, zone=zone, quarter=quarter, today=local.date())
    stamp = f"{local:%Y-%m-%d %H:%M:%S}"
    story.tell("A team answers for the registration platform", hr, "createOrgUnit")
    name = f"Registration platform, {stamp}"
    made = hr.do(UNIT, name=name, nameVi=f"Hệ thống đăng ký khám, {stamp}", kind="team", parentId=company["id"])
    story.unit = made["orgUnit"]["id"]
    story.show(unit=made["orgUnit"]["name"])
    return story


def _quarter(cycles: list[Mapping[str, Any]], today: date) -> Mapping[str, Any]:
    """Return the latest quarter still being graded that at least two full months have followed."""
    late_enough = periods.step(Period.MONTH, today.replace(day=1), -2)
    fitting = [
        cycle
        for cycle in cycles
        if cycle["kind"] == "quarter"
        and cycle["state"] == "GRADING"
        and date.fromisoformat(cycle["last"]) < late_enough
    ]
    if not fitting:
        raise Broken("No quarter that ended two months ago is still open; build the demonstration with `make run`.")
    return max(fitting, key=lambda cycle: str(cycle["first"]))


def _told(story: Story) -> None:
    before = _turned_red(story)
    objective = _attacked(story)
    _worked_on(story, objective["keyResults"][0])
    _promoted(story, objective)
    _slipped(story, before)


def _turned_red(story: Story) -> str:
    """The KPI finds the problem; return the episode."""
    months = [periods.step(Period.MONTH, story.first, -n) for n in (3, 2, 1)]
    story.tell("The uptime of the platform is watched, and falls", story.lead, "createKpi, then recordKpiReadings")
    made = story.lead.do(
        WATCH,
        name="Uptime of the registration platform",
        nameVi="Tỷ lệ hoạt động của hệ thống đăng ký khám",
        unitId=story.unit,
        accountableId=story.unit,
        measure="%",
        direction="HIGHER",
        target={"validFrom": months[0], "target": TARGET, "redBound": 90},
        rule={"bad": 1, "good": 2},
        since=months[0],
    )
    story.kpi = made["kpi"]["id"]
    values = dict(zip(months, (Decimal("99.3"), Decimal("99.1"), START), strict=True))
    story.read(values)
    shown = story.watched()
    episode = shown["breach"]["episode"]
    if shown["breach"]["state"] != "BREACHED" or Decimal(episode["startValue"]) != START:
        raise Broken("A month at 50 % against a target of 99 % has opened no breach.")
    story.show(
        readings=", ".join(f"{month:%b %Y} {value} %" for month, value in values.items()),
        breach=f"{shown['breach']['state']} since {episode['first']} at {START} % (target {TARGET} %, red below 90 %)",
    )
    return str(episode["key"])


def _attacked(story: Story) -> Any:  # what JSON holds
    """An OKR attacks it; return the objective."""
    story.tell("A policy proposes one objective", story.lead, "recommendations")
    proposed = story.found("kpi-breach", story.kpi)
    _show_proposal(story, proposed)
    story.tell("It is accepted", story.lead, "acceptRecommendation, then updateObjective")
    done = story.lead.do(ACCEPT, id=proposed["id"], expectedVersion=proposed["version"])
    (objective,) = done["created"]
    (result,) = objective["keyResults"]
    if (Decimal(result["start"]), Decimal(result["target"])) != (START, TARGET):
        raise Broken(f"The key result goes from {result['start']} to {result['target']}, not from 50 to 99.")
    member = story.member.ask(SETTING)["viewer"]["person"]
    title = "A registration platform people can rely on"
    filed = story.lead.do(
        FILE,
        id=objective["id"],
        title=title,
        titleVi="Hệ thống đăng ký khám mà mọi người có thể tin cậy",
        cycleId=story.quarter["id"],
        ownerId=member["id"],
    )["objective"]
    story.show(
        recommendation=done["recommendation"]["state"],
        objective=f'"{objective["title"]}", renamed "{title}"',
        key_result=f"{result['title']}",
        filed_in=f"{filed['cycle']['name']}, since {filed['since']}: the work was done then and is entered late",
        owner=filed["owner"]["name"],
    )
    return objective


def _worked_on(story: Story, result: Mapping[str, Any]) -> None:
    """The objective is worked on until its key result is achieved and held."""
    story.tell("Week by week the team checks in", story.member, "recordCheckIn, each dated in its week")
    friday = story.first + timedelta(days=(FRIDAY - story.first.weekday()) % 7)
    weeks = [friday + timedelta(weeks=n) for n in range(13) if friday + timedelta(weeks=n) < story.after]
    climb = len(weeks) - 2
    values = [round(START + (TARGET - 1 - START) * n / climb, 1) for n in range(1, climb + 1)]
    table = Table("   week of", "uptime", "progress", box=None, padding=(0, 3, 0, 0))
    said: Any = None
    for day, value in zip(weeks, [*values, Decimal("99.1"), Decimal("99.3")], strict=True):
        at = datetime.combine(day, clock(10), story.zone)
        confidence = 5 + int(4 * (value - START) / (TARGET - START))
        said = story.member.do(
            CHECK_IN, keyResultId=result["id"], value=value, confidence=confidence, at=at.isoformat()
        )
        table.add_row(f"   {day}", f"{value} %", f"{said['progressAfter']:.0%}")
    story.console.print(table)
    if said["keyResult"]["status"] != "ACHIEVED":
        raise Broken(f"The key result is {said['keyResult']['status']}, not ACHIEVED.")
    story.show(status=said["keyResult"]["status"], explanation=said["keyResult"]["explanation"])


def _promoted(story: Story, objective: Mapping[str, Any]) -> None:
    """Success becomes the new standard."""
    story.tell("Achieved and held: a policy proposes to keep it", story.lead, "recommendations")
    proposed = story.found("promote-key-result", objective["keyResults"][0]["id"])
    _show_proposal(story, proposed)
    story.tell("It is accepted, and the objective is graded", story.lead, "acceptRecommendation, then closeObjective")
    done = story.lead.do(ACCEPT, id=proposed["id"], expectedVersion=proposed["version"])
    closed = story.lead.do(CLOSE, id=objective["id"], note="It stays up, also on Monday mornings.")["objective"]
    shown = story.watched()
    origin = shown["provenance"]
    if origin is None or shown["baseline"] is None:
        raise Broken("The promotion was accepted, and the KPI has no baseline.")
    baseline, red = Decimal(shown["baseline"]), Decimal(shown["redBound"])
    if (baseline, red) != (TARGET, RED):
        raise Broken(
            f"The KPI's baseline and red bound are {plain(baseline)} and {plain(red)}, not {TARGET} and {RED}."
        )
    story.show(
        recommendation=done["recommendation"]["state"],
        objective=f"{closed['state']} at {closed['final']['progress']:.0%}",
        KPI=f"target {shown['target']} %, baseline {shown['baseline']} %, red below {plain(red)} %",
        provenance=f'"{origin["keyResult"]["title"]}" of "{origin["objective"]["title"]}", {origin["cycle"]["name"]}, '
        f"{len(origin['checkInIds'])} check-ins, approved by {origin['approver']['name']}",
        began_with=origin["episode"],
    )


def _slipped(story: Story, before: str) -> None:
    """The first month below what was won opens the next episode."""
    through = periods.between(Period.MONTH, story.first, story.today.replace(day=1))
    months = [periods.step(Period.MONTH, story.first, n) for n in range(through)]
    during = [Decimal(63), Decimal(84), Decimal("99.2")]
    values = [*during, Decimal("99.4"), *[Decimal("99.2")] * (len(months) - 5), SLIPPED]
    asked = "recordKpiReadings, then recommendations"
    story.tell("Months go by; then one is bad", story.member, asked)
    story.read(dict(zip(months, values, strict=True)))
    shown = story.watched()
    episode = shown["breach"]["episode"]
    if shown["breach"]["state"] != "BREACHED" or episode["key"] == before or Decimal(episode["startValue"]) != SLIPPED:
        raise Broken(f"A month at {SLIPPED} % below a baseline of 99 % has opened no new episode.")
    proposed = story.found("kpi-breach", story.kpi)
    story.show(
        readings=", ".join(f"{month:%b} {value}" for month, value in zip(months, values, strict=True)),
        breach=f"{shown['breach']['state']} since {episode['first']} at {episode['startValue']} %: a new episode, "
        f"while the band is {shown['band']}",
    )
    _show_proposal(story, proposed)


def _show_proposal(story: Story, proposed: Mapping[str, Any]) -> None:
    if proposed["proposal"] is None:
        raise Broken(f"{proposed['title']}, and nothing is proposed: {', '.join(proposed['blockedBy'])}.")
    story.show(
        found=f"{proposed['title']} ({proposed['severity'].lower()})",
        because=proposed["explanation"]["text"],
        clears_when=proposed["explanation"]["clearsWhen"],
        proposal=proposed["proposal"]["text"],
    )
