"""Views on policies, on the focus ranking and on the audit log."""

from datetime import date, datetime
from decimal import Decimal

import orjson
import strawberry
from strawberry import Parent

from app import policies
from gql import enums
from gql.context import Context, Info
from gql.fields import field
from gql.nodes import Kpi, Node, Objective, OrgUnit, Person
from okr import focus, kpi, org, policy
from okr.errors import Refusal
from okr.keys import Kind
from okr.org import Role
from okr.snapshot import Entity
from rules import layers, outline
from rules import policy as judged
from store import change


@strawberry.type(description="One parameter of a policy.")
class PolicyParam:
    """A name with its value."""

    name: str = strawberry.field(description="The parameter.")
    value: Decimal | None = strawberry.field(description="Its value, where it is a number.")
    text: str | None = strawberry.field(description="Its value, where it is a text.")


@strawberry.type(description="Where a policy holds; what is empty does not narrow.")
class PolicyScope:
    """A scope."""

    levels: list[str] = strawberry.field(description="The kinds of unit.")

    @field("The units whose subtrees it holds for.", list[OrgUnit])
    @staticmethod
    def units(scope: Parent[policy.Scope], info: Info) -> list[Entity]:
        """Return the visible units."""
        return [found for key in scope.units if (found := info.context.find(key))]

    @field("The units whose subtrees are exempt.", list[OrgUnit])
    @staticmethod
    def exempt(scope: Parent[policy.Scope], info: Info) -> list[Entity]:
        """Return the visible units."""
        return [found for key in scope.exempt if (found := info.context.find(key))]

    @field("The ids of the cycles.", list[strawberry.ID])
    @staticmethod
    def cycle_ids(scope: Parent[policy.Scope]) -> list[str]:
        """Return the keys of the cycles."""
        return list(scope.cycles)


@strawberry.type(description="A test case of a policy.")
class PolicyTest:
    """A test case."""

    name: str = strawberry.field(description="What it shows.")
    expect: str = strawberry.field(description='What should come out: "match", "clear" or "unknown".')

    @field("What is known, as JSON text.")
    @staticmethod
    def fact(example: Parent[policy.Example]) -> str:
        """Return the fact."""
        return orjson.dumps(example.fact, default=str).decode()


@strawberry.type(description="One version of a policy, or of what a unit changes of it.")
class Policy(Node):
    """A policy."""

    key: str = strawberry.field(description="The policy's name for programs; its versions share it.")
    version: int = strawberry.field(description="The version; published ones never change.")
    state: enums.PolicyState = strawberry.field(description="Where the version is in its life.")
    template: str = strawberry.field(description='The template it is made from, or "custom".')
    mode: enums.PolicyMode = strawberry.field(description="How far it may go.")
    severity: enums.Severity = strawberry.field(description="How much a match matters.")
    scope: PolicyScope = strawberry.field(description="Where it holds.")
    hold: int = strawberry.field(description="Days a match must last before it is shown.")
    clear: int = strawberry.field(description="Days its end must last before it is resolved.")
    cooldown: int = strawberry.field(description="Days of quiet after a dismissal.")
    expires: int = strawberry.field(description="Days until nobody is asked any more; 0: never.")
    overridable_by: enums.Role | None = strawberry.field(
        description="Who may go on against a block, with a reason; null: nobody."
    )
    per_run: int = strawberry.field(description="AUTO: how many recommendations it accepts in one run.")
    effective_from: date | None = strawberry.field(description="The first day on which it holds.")
    effective_to: date | None = strawberry.field(description="The last day on which it holds.")
    lock: list[str] = strawberry.field(description="What no unit below may change.")
    sets: list[str] = strawberry.field(
        description="Of a unit's changes: which of mode, severity and hold are among them."
    )
    note: str = strawberry.field(description="Why this version was made.")
    created_at: datetime = strawberry.field(description="When this version was made.")
    approved_at: datetime | None = strawberry.field(description="When it was published.")
    based_on: int = strawberry.field(description="The version that was in force when it was drafted; 0: none.")

    @field("What people call it.")
    @staticmethod
    def name(root: Parent[policy.Policy], info: Info) -> str:
        """Return the name in the caller's language."""
        return (root.name_vi if info.context.language == "vi" else "") or root.name

    @field("The unit whose changes of the policy this is; null for the policy itself.", OrgUnit | None)
    @staticmethod
    def unit(root: Parent[policy.Policy], info: Info) -> Entity | None:
        """Return the unit."""
        return info.context.find(root.layer) if root.layer else None

    @field("Who wrote it: a person's name, or what of the service.")
    @staticmethod
    def author(root: Parent[policy.Policy], info: Info) -> str:
        """Return the author's name."""
        return _named(info, root.author)

    @field("Who published it.")
    @staticmethod
    def approved_by(root: Parent[policy.Policy], info: Info) -> str | None:
        """Return the approver's name."""
        return _named(info, root.approved_by) if root.approved_by else None

    @field("The condition in words, with the values of its parameters.")
    @staticmethod
    async def formula(root: Parent[policy.Policy], info: Info) -> str:
        """Return the condition in words, of a layer as it makes the policy; empty where it fits no policy in force."""
        found = await policies.stack(info.context.call, root.key) if root.layer else None
        try:
            resolved = judged.resolve(layers.merged(found.base, (root,)) if found else root)
        except Refusal:
            return ""
        return outline.formula(resolved.kind, resolved.condition, info.context.language)

    @field("The test cases that it must pass.", list[PolicyTest])
    @staticmethod
    def tests(root: Parent[policy.Policy]) -> tuple[policy.Example, ...]:
        """Return the test cases."""
        return root.tests

    @field("The global id of this version.", strawberry.ID)
    @staticmethod
    def id(root: Parent[policy.Policy]) -> str:
        """Return the key of the version."""
        return version_key(root)

    @field("Its parameters, where they differ from the template's.", list[PolicyParam])
    @staticmethod
    def params(root: Parent[policy.Policy]) -> list[PolicyParam]:
        """Return the parameters by name."""
        return [param(name, value) for name, value in sorted(root.params.items())]

    @field("The condition of a custom policy, as JSON text.", str | None)
    @staticmethod
    def when(root: Parent[policy.Policy]) -> str | None:
        """Return the condition."""
        return None if root.when is None else orjson.dumps(root.when, default=str).decode()

    @classmethod
    def is_type_of(cls, value: object, _: object) -> bool:
        """Tell whether this view is for `value`."""
        return isinstance(value, policy.Policy)


@strawberry.type(description="A weak KPI with what fixing it would pay, and every factor of that.")
class FocusKpi:
    """The score is the product of severity, importance, leverage, persistence and neglect."""

    score: float = strawberry.field(description="How much fixing it would pay off.")
    value: Decimal = strawberry.field(description="The latest value.")
    band: enums.Band = strawberry.field(description="How it stands.")
    gap: Decimal = strawberry.field(description="From the value to green, in the KPI's unit.")
    amber: Decimal = strawberry.field(description="The width of amber on that side, in the KPI's unit.")
    severity: float = strawberry.field(description="gap ÷ amber, capped.")
    importance: float = strawberry.field(description="The KPI's weight.")
    descendants: int = strawberry.field(description="How many KPIs are below it in the KPI tree.")
    leverage: float = strawberry.field(description="1 + 0.5 for each of them, capped.")
    persistence: int = strawberry.field(description="The periods of its open episode; 1 without one.")
    neglect: float = strawberry.field(description="1.5 where no active objective addresses it, else 1.")
    episode: str | None = strawberry.field(description="The open episode.")

    @field("The KPI.", Kpi)
    @staticmethod
    def kpi(root: Parent[focus.FocusScore], info: Info) -> kpi.Kpi:
        """Return the KPI."""
        return info.context.picture.kpis[root.kpi]

    @field("The active objectives that attack it already.", list[Objective])
    @staticmethod
    def addressed_by(root: Parent[focus.FocusScore], info: Info) -> list[Entity]:
        """Return the visible objectives."""
        return [found for key in root.addressed_by if (found := info.context.find(key))]


@strawberry.type(description="Who changed what, when.")
class AuditEntry:
    """An entry of the audit log."""

    at: datetime = strawberry.field(description="When.")
    operation: str = strawberry.field(description='What was done, like "objective.create".')
    request: str = strawberry.field(description="The id of the request.")
    note: str = strawberry.field(description="What was said about it.")

    @field("The key of who did it: a person, the system, or a policy.")
    @staticmethod
    def by(entry: Parent[change.AuditEntry]) -> str:
        """Return the actor's key."""
        return entry.by

    @field("The person who did it; null for the system and for policies.", Person | None)
    @staticmethod
    def person(entry: Parent[change.AuditEntry], info: Info) -> org.Person | None:
        """Return the person."""
        return info.context.picture.people.get(entry.by)

    @field("The ids of what it was done to.", list[strawberry.ID])
    @staticmethod
    def subject_ids(entry: Parent[change.AuditEntry]) -> list[str]:
        """Return the keys of the subjects."""
        return list(entry.subjects)

    @field("The fields that changed, as they were, as JSON text.")
    @staticmethod
    def before(entry: Parent[change.AuditEntry]) -> str:
        """Return the old values."""
        return orjson.dumps(entry.before, default=_plain).decode()

    @field("The fields that changed, as they became, as JSON text.")
    @staticmethod
    def after(entry: Parent[change.AuditEntry]) -> str:
        """Return the new values."""
        return orjson.dumps(entry.after, default=_plain).decode()


def param(name: str, value: Decimal | str) -> PolicyParam:
    """Return a parameter as it is shown."""
    number = value if isinstance(value, Decimal) else None
    return PolicyParam(name=name, value=number, text=None if number is not None else str(value))


def version_key(version: policy.Policy) -> str:
    """Return the global id of one version of a policy."""
    layer = f"@{version.layer}" if version.layer else ""
    return f"{Kind.POLICY.value}_{version.key}{layer}:{version.version}"


async def named(context: Context, key: str) -> policy.Policy | None:
    """Return the version of a policy by its global id; only HR administrators see what is not published."""
    name, _, number = key.removeprefix(f"{Kind.POLICY.value}_").rpartition(":")
    name, _, layer = name.rpartition("@") if "@" in name else (name, "", "")
    versions = await context.call.store.policy_versions(name, layer) if name else ()
    found = next((each for each in versions if str(each.version) == number), None)
    return found if found is not None and visible(context, found) else None


def visible(context: Context, version: policy.Policy) -> bool:
    """Tell whether the caller may see a version: what is in force where she sees, and all of it as HR administrator.

    A policy is also to be seen by those who stand in the subtree of a unit that it names.
    """
    if version.layer and not (version.layer in context.picture.units and context.sees_unit(version.layer)):
        return False
    places = (version.layer,) if version.layer else version.scope.units or (context.picture.root.key,)
    if version.state is not policy.PolicyState.PUBLISHED:
        return all(context.call.may(Role.HR_ADMIN, unit) for unit in places)
    return bool(version.layer) or not version.scope.units or any(_stands_by(context, unit) for unit in places)


def _stands_by(context: Context, unit: str) -> bool:
    paths = context.picture.paths
    stands_in = any(unit in paths.get(grant.unit, ()) for grant in context.call.actor.grants)
    return unit in paths and (stands_in or context.sees_unit(unit))


def _named(info: Info, key: str) -> str:
    person = info.context.picture.people.get(key)
    return person.name if person else key


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, date) else str(value)
