"""Views on previews and back-tests of policies."""

from collections.abc import Iterable
from datetime import date

import strawberry
from strawberry import Parent

from gql import enums
from gql.context import Context, Info
from gql.fields import field
from gql.nodes import Node, OrgUnit
from okr.org import OrgUnit as Unit
from okr.snapshot import Entity
from rules import backtest, preview
from rules.comparison import Difference
from rules.preview import Item, Sample

MOST_ITEMS = 100


@strawberry.type(description="A subject that something would happen to.")
class PreviewItem:
    """An item of a preview."""

    severity: enums.Severity = strawberry.field(description="How much it would matter.")

    @field("The subject.", Node | None)
    @staticmethod
    def subject(item: Parent[Item], info: Info) -> Entity | None:
        """Return the subject."""
        return info.context.find(item.subject.key)

    @field("The unit that would have to act.", OrgUnit)
    @staticmethod
    def unit(item: Parent[Item], info: Info) -> Unit:
        """Return the unit."""
        return info.context.picture.units[item.unit]

    @field("What the recommendation would be called.")
    @staticmethod
    def title(item: Parent[Item], info: Info) -> str:
        """Return the title in the caller's language."""
        return item.title.said(info.context.language)


@strawberry.type(description="Some of many: how many there are, and the first of those that the caller may see.")
class PreviewSample:
    """A sample."""

    count: int = strawberry.field(description="How many there are.")
    items: list[PreviewItem] = strawberry.field(description="The first of them, at most 100.")


@strawberry.type(description="What a policy would do in one unit.")
class PreviewUnit:
    """The numbers of a unit."""

    asked: int = strawberry.field(description="How many subjects it is asked about.")
    matched: int = strawberry.field(description="How many of them match.")
    opens: int = strawberry.field(description="How many recommendations would open.")
    resolves: int = strawberry.field(description="How many would end.")
    stays: int = strawberry.field(description="How many would stay.")

    @field("The unit.", OrgUnit)
    @staticmethod
    def unit(row: Parent[preview.UnitPreview], info: Info) -> Unit:
        """Return the unit."""
        return info.context.picture.units[row.unit]


@strawberry.type(description="Something to look at before publishing.")
class PreviewWarning:
    """A concern in a sentence."""

    @field("What it is, for programs: MATCHES_EVERYTHING, MATCHES_MOST, MATCHES_NOTHING, NOTHING_KNOWN, TEST_FAILED.")
    @staticmethod
    def code(warned: Parent[preview.Warned]) -> str:
        """Return the code."""
        return warned.concern.name

    @field("What it is, in a sentence.")
    @staticmethod
    def message(warned: Parent[preview.Warned], info: Info) -> str:
        """Return the sentence in the caller's language."""
        return warned.message.said(info.context.language)


@strawberry.type(description="One field in which the draft differs from what is in force.")
class PolicyDifference:
    """A difference."""

    name: str = strawberry.field(name="field", description='The field, as in "severity" or "params.limit".')

    @field("What is in force; empty where nothing is.")
    @staticmethod
    def before(difference: Parent[Difference], info: Info) -> str:
        """Return the old value in the caller's language."""
        return difference.before.said(info.context.language)

    @field("What the draft says; empty where it says nothing.")
    @staticmethod
    def after(difference: Parent[Difference], info: Info) -> str:
        """Return the new value in the caller's language."""
        return difference.after.said(info.context.language)


@strawberry.type(description="How a test case comes out.")
class PolicyTestResult:
    """A test case with its outcome."""

    name: str = strawberry.field(description="The test case.")
    expected: str = strawberry.field(description='What it should be: "match", "clear" or "unknown".')
    actual: str = strawberry.field(description="What it is.")
    passed: bool = strawberry.field(description="Whether the two are the same.")


@strawberry.type(description="What a policy would have done in one month.")
class BacktestMonth:
    """The numbers of a month."""

    month: date = strawberry.field(description="The month's first day.")
    opened: int = strawberry.field(description="How many recommendations would have opened.")
    resolved: int = strawberry.field(description="How many would have ended.")
    open_at_end: int = strawberry.field(description="How many would have been open when it was over.")


@strawberry.type(description="What a policy would have done in one unit.")
class BacktestUnit:
    """The numbers of a unit."""

    asked: int = strawberry.field(description="How many subjects it was asked about.")
    matched: int = strawberry.field(description="How many of them matched on some day.")
    opened: int = strawberry.field(description="How many recommendations would have opened.")
    resolved: int = strawberry.field(description="How many would have ended.")
    open_at_end: int = strawberry.field(description="How many would be open today.")

    @field("The unit.", OrgUnit)
    @staticmethod
    def unit(row: Parent[backtest.UnitPast], info: Info) -> Unit:
        """Return the unit."""
        return info.context.picture.units[row.unit]


@strawberry.type(
    description="What a policy would have done on past days, had it been in force and had nobody acted on it. People, "
    "units, names, edges and rules are taken as they are today."
)
class PolicyBacktest:
    """A back-test."""

    days: int = strawberry.field(description="How many days, today included.")
    first: date = strawberry.field(name="from", description="The first day.")
    last: date = strawberry.field(name="to", description="The last day: today.")
    step_days: int = strawberry.field(
        description="Every how many days were looked at; more than 1 where every day would have taken too long."
    )
    opened: int = strawberry.field(description="How many recommendations would have opened, each episode counted once.")
    resolved: int = strawberry.field(description="How many of them would have ended.")
    open_at_end: int = strawberry.field(description="How many would be open today.")
    share: float | None = strawberry.field(
        description="The share of the subjects that matched on some day, 0 to 1; null where nothing was asked."
    )
    months: list[BacktestMonth] = strawberry.field(description="Every month, the oldest first.")

    @field("The units that it would have asked about.", list[BacktestUnit])
    @staticmethod
    def by_unit(past: Parent[backtest.Backtest], info: Info) -> list[backtest.UnitPast]:
        """Return the visible units."""
        return [row for row in past.units if info.context.sees_unit(row.unit)]


@strawberry.type(description="What publishing a policy would do; nothing of it is stored.")
class PolicyPreview:
    """A preview."""

    asked: int = strawberry.field(description="How many subjects the policy is asked about today.")
    matched: int = strawberry.field(description="How many of them match.")
    share: float | None = strawberry.field(
        description="The share of the subjects that match, 0 to 1; null where nothing is asked."
    )
    unknown: int = strawberry.field(description="How many cannot be judged for want of data.")
    waived: int = strawberry.field(description="How many match and are covered by a waiver.")
    milliseconds: int = strawberry.field(description="How long the answer took.")
    changes: list[PolicyDifference] = strawberry.field(
        description="What differs from the version in force; empty where none is."
    )
    warnings: list[PreviewWarning] = strawberry.field(description="What to look at before publishing.")
    tests: list[PolicyTestResult] = strawberry.field(description="Its test cases and those of its template.")
    backtest: PolicyBacktest | None = strawberry.field(description="The past days, where they were asked for.")

    @field("What would open.", PreviewSample)
    @staticmethod
    def opens(found: Parent[preview.Preview], info: Info) -> Sample:
        """Return what would open."""
        return _seen(info.context, found.opens)

    @field("What would end.", PreviewSample)
    @staticmethod
    def resolves(found: Parent[preview.Preview], info: Info) -> Sample:
        """Return what would end."""
        return _seen(info.context, found.resolves)

    @field("What is on file and would stay.", PreviewSample)
    @staticmethod
    def stays(found: Parent[preview.Preview], info: Info) -> Sample:
        """Return what would stay."""
        return _seen(info.context, found.stays)

    @field("What matches now and did not match with the version in force.", PreviewSample)
    @staticmethod
    def added(found: Parent[preview.Preview], info: Info) -> Sample:
        """Return what the draft finds on top."""
        return _seen(info.context, found.added.items, found.added.count)

    @field("What matches with the version in force and would not any more.", PreviewSample)
    @staticmethod
    def removed(found: Parent[preview.Preview], info: Info) -> Sample:
        """Return what the draft no longer finds."""
        return _seen(info.context, found.removed.items, found.removed.count)

    @field("The same, unit by unit.", list[PreviewUnit])
    @staticmethod
    def by_unit(found: Parent[preview.Preview], info: Info) -> list[preview.UnitPreview]:
        """Return the visible units."""
        return [row for row in found.units if info.context.sees_unit(row.unit)]


def _seen(context: Context, items: Iterable[Item], count: int | None = None) -> Sample:
    """Return the sample as the caller may see it: what is hidden is counted and not shown."""
    found = tuple(items)
    visible = tuple(item for item in found if context.sees_unit(item.unit))
    return Sample(count=len(found) if count is None else count, items=visible[:MOST_ITEMS])
