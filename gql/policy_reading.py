"""What can be asked about policies: which there are, which hold where and why, and what they are made from."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated

import strawberry
from strawberry import Parent

from gql import enums
from gql.arguments import BadInput
from gql.context import Info
from gql.fields import field
from gql.nodes import OrgUnit
from gql.policies import Policy, PolicyParam, param, visible
from gql.preview import PolicyDifference
from okr import policy as policies
from okr.number import plain
from okr.org import Role
from okr.snapshot import Entity
from rules import comparison, layers, template
from rules import fields as facts
from rules import policy as judged
from rules.layers import Origin, Stack
from rules.schema import KINDS
from rules.template import TEMPLATES


@strawberry.input(description="Which policies to list; every part narrows.")
class PolicyFilter:
    """A filter of policies."""

    keys: list[str] | None = strawberry.field(default=None, description="Only these policies.")
    states: list[enums.PolicyState] | None = strawberry.field(
        default=None, description="Only versions in these states; by default the published ones."
    )


@strawberry.type(description="A choice of a field.")
class FactChoice:
    """A choice."""

    value: str = strawberry.field(description="The value, for conditions.")

    @field("What people call it.")
    @staticmethod
    def label(root: Parent[facts.Choice], info: Info) -> str:
        """Return the label in the caller's language."""
        return (root.label_vi if info.context.language == "vi" else "") or root.label


@strawberry.type(description="One thing that a fact may say, and how a condition may ask for it.")
class FactField:
    """A field of the fact schema."""

    name: str = strawberry.field(description="The field, for conditions.")
    type: enums.FieldType = strawberry.field(description="What it holds.")
    unit: str = strawberry.field(description='What it is counted in; "measure" is the KPI\'s own unit, "share" 0 to 1.')
    operators: list[enums.Operator] = strawberry.field(description="How it may be compared.")
    choices: list[FactChoice] = strawberry.field(description="What it may be, where that is a list.")

    @field("What people call it.")
    @staticmethod
    def label(root: Parent[facts.Field], info: Info) -> str:
        """Return the label in the caller's language."""
        return (root.label_vi if info.context.language == "vi" else "") or root.label

    @field("What it means.")
    @staticmethod
    def help(root: Parent[facts.Field], info: Info) -> str:
        """Return the help in the caller's language."""
        return (root.help_vi if info.context.language == "vi" else "") or root.help

    @field("A value as a policy would write it; null where there is none to give.")
    @staticmethod
    def example(root: Parent[facts.Field]) -> str | None:
        """Return the example as text."""
        return None if root.example is None else str(root.example)


@strawberry.type(description="A kind of fact: what policies are written on.")
class FactKind:
    """A kind of fact."""

    name: str = strawberry.field(description="The kind, for policies.")
    fields: list[FactField] = strawberry.field(description="What its facts may say.")

    @field("What people call it.")
    @staticmethod
    def label(root: Parent[facts.FactKind], info: Info) -> str:
        """Return the label in the caller's language."""
        return (root.label_vi if info.context.language == "vi" else "") or root.label


@strawberry.type(description="What an administrator fills in.")
class TemplateParameter:
    """A parameter of a template."""

    name: str = strawberry.field(description="The parameter.")
    type: enums.ParameterType = strawberry.field(description="What it holds.")
    unit: str = strawberry.field(description="What it is counted in.")
    default: Decimal = strawberry.field(description="What it is where nothing is given.")
    minimum: Decimal | None = strawberry.field(description="The least it may be.")
    maximum: Decimal | None = strawberry.field(description="The most it may be.")
    whole: bool = strawberry.field(description="Whether fractions are refused.")

    @field("What people call it.")
    @staticmethod
    def label(root: Parent[template.Parameter], info: Info) -> str:
        """Return the label in the caller's language."""
        return root.label.said(info.context.language)

    @field("What it means.")
    @staticmethod
    def help(root: Parent[template.Parameter], info: Info) -> str:
        """Return the help in the caller's language."""
        return root.help.said(info.context.language)


@strawberry.type(description="A worked example of a template.")
class TemplateExample:
    """An example."""

    name: str = strawberry.field(description="What it shows.")

    @field('What comes out: "match", "clear" or "unknown".')
    @staticmethod
    def expect(root: Parent[template.Example]) -> str:
        """Return the outcome."""
        return root.expect.value


@strawberry.type(description="What policies of a kind are made from: fill in a few numbers.")
class PolicyTemplate:
    """A template."""

    key: str = strawberry.field(description="The template, for policies.")
    on: str = strawberry.field(description="The kind of fact it looks at.")
    parameters: list[TemplateParameter] = strawberry.field(description="What an administrator fills in.")
    action: enums.Action = strawberry.field(description="What it proposes.")
    severity: enums.Severity = strawberry.field(description="How much a match matters, where nothing is given.")
    hold: int = strawberry.field(description="Days a match must last before it is shown, where nothing is given.")
    clear: int = strawberry.field(description="Days its end must last, where nothing is given.")
    cooldown: int = strawberry.field(description="Days of quiet after a dismissal, where nothing is given.")
    expires: int = strawberry.field(description="Days until nobody is asked any more, where nothing is given.")
    blockable: bool = strawberry.field(description="Whether it can refuse a write.")
    warn_only: bool = strawberry.field(description="Whether it can do no more than advise.")
    examples: list[TemplateExample] = strawberry.field(description="Worked examples, which are also its test cases.")

    @field("What people call it.")
    @staticmethod
    def name(root: Parent[template.Template], info: Info) -> str:
        """Return the name in the caller's language."""
        return root.name.said(info.context.language)

    @field("When it fires and what it is for.")
    @staticmethod
    def help(root: Parent[template.Template], info: Info) -> str:
        """Return the help in the caller's language."""
        return root.help.said(info.context.language)


@strawberry.type(description="One value that holds for a unit, and where it comes from.")
class EffectiveValue:
    """A value with its origin."""

    name: str = strawberry.field(description='"mode", "severity", "hold", or "params.NAME".')

    @field("The value.")
    @staticmethod
    def value(origin: Parent[Origin]) -> str:
        """Return the value as text."""
        return plain(origin.value) if isinstance(origin.value, Decimal) else str(origin.value)

    @field("Whether the template, the policy itself or a unit says so.", enums.OriginKind)
    @staticmethod
    def origin(origin: Parent[Origin]) -> enums.OriginKind:
        """Return the kind of origin."""
        return enums.OriginKind.of(origin.unit)

    @field("The unit that says so, where one does and the caller sees it.", OrgUnit | None)
    @staticmethod
    def unit(origin: Parent[Origin], info: Info) -> Entity | None:
        """Return the unit."""
        return info.context.find(origin.unit) if origin.unit else None

    @field("The version, of the policy or of the unit's changes, that says so.")
    @staticmethod
    def version(origin: Parent[Origin]) -> int:
        """Return the version."""
        return origin.version

    @field("Whether units below may not change it.")
    @staticmethod
    def locked(origin: Parent[Origin]) -> bool:
        """Tell whether it is locked."""
        return origin.locked_by is not None


@strawberry.type(description="A policy as it holds for a unit.")
class EffectivePolicy:
    """What a unit is held to."""

    def __init__(self, stack: Stack, unit: str) -> None:
        self.stack = stack
        self.unit_key = unit

    @field("The policy.", Policy)
    def policy(self) -> policies.Policy:
        """Return the policy itself."""
        return self.stack.base

    @field("How far it may go here.", enums.PolicyMode)
    def mode(self, info: Info) -> policies.PolicyMode:
        """Return the mode."""
        return self._here(info).mode

    @field("How much a match matters here.", enums.Severity)
    def severity(self, info: Info) -> policies.Severity:
        """Return the severity."""
        return self._here(info).severity

    @field("Every parameter as it holds here.", list[PolicyParam])
    def params(self, info: Info) -> list[PolicyParam]:
        """Return the parameters."""
        return [param(name, value) for name, value in judged.resolve(self._here(info)).params.items()]

    @field("Every value that units may change, and where it comes from.", list[EffectiveValue])
    def values(self, info: Info) -> tuple[Origin, ...]:
        """Return the values with their origins."""
        picture = info.context.picture
        return layers.origins(self.stack, picture.paths[self.unit_key], picture.today(self.unit_key))

    @field("Why it holds here: its scope, the unit through which it applies, and what was changed on the way down.")
    def why(self, info: Info) -> str:
        """Return the reason in a sentence."""
        picture, language = info.context.picture, info.context.language
        path = picture.paths[self.unit_key]
        through = next((unit for unit in reversed(path) if unit in self.stack.base.scope.units), path[0])
        over = self.stack.over(path, picture.today(self.unit_key))
        above = "một đơn vị cấp trên" if language == "vi" else "a unit above"
        named = {unit: picture.units[unit].name.said(language) for unit in path if info.context.sees_unit(unit)}
        names = [named.get(unit, above) for unit in (through, *(each.layer for each in over))]
        if language == "vi":
            changed = f", thay đổi bởi {', '.join(names[1:])}" if over else ""
            return f"Áp dụng cho {names[0]} và mọi đơn vị bên dưới{changed}."
        changed = f", as changed by {', '.join(names[1:])}" if over else ""
        return f"It holds for {names[0]} and everything below{changed}."

    def _here(self, info: Info) -> policies.Policy:
        picture = info.context.picture
        return self.stack.at(picture.paths[self.unit_key], picture.today(self.unit_key))


@dataclass(frozen=True)
class Version:
    """A version of a policy, and the one that was in force when it was drafted."""

    policy: policies.Policy
    before: policies.Policy | None


@strawberry.type(description="One step in the history of a policy.")
class PolicyHistoryEntry:
    """A version with what it changed."""

    policy: Policy = strawberry.field(description="The version: who made it, when, and why.")

    @field(
        "What it changes of the version that was in force before; empty for the first, and for who may not see that.",
        list[PolicyDifference],
    )
    @staticmethod
    def changes(root: Parent[Version], info: Info) -> list[comparison.Difference]:
        """Return the differences."""
        return list(comparison.differences(info.context.picture, root.before, root.policy))


@strawberry.type(description="What can be asked about policies.")
class PolicyQuery:
    """Queries on policies."""

    @field("The policies, and what units change of them; HR administrators see all versions.", list[Policy])
    @staticmethod
    async def policies(
        info: Info,
        filter: Annotated[
            PolicyFilter | None, strawberry.argument(description="What to leave out; every part narrows.")
        ] = None,
    ) -> list[policies.Policy]:
        """Return policies, by key, the policy itself before its changes, and newest version first."""
        narrow, context = filter or PolicyFilter(), info.context
        wanted = narrow.states or [policies.PolicyState.PUBLISHED]
        if set(wanted) != {policies.PolicyState.PUBLISHED} and not context.call.actor.holds(Role.HR_ADMIN):
            context.call.require(Role.HR_ADMIN, context.picture.root.key)
        found = await context.call.store.policy_versions()
        chosen = [
            each
            for each in found
            if each.state in wanted and (narrow.keys is None or each.key in narrow.keys) and visible(context, each)
        ]
        return sorted(chosen, key=lambda each: (each.key, each.layer, -each.version))

    @field("The versions of a policy, newest first, each with what it changed.", list[PolicyHistoryEntry])
    @staticmethod
    async def policy_history(
        info: Info,
        key: Annotated[str, strawberry.argument(description="The policy.")],
        unit: Annotated[
            strawberry.ID | None,
            strawberry.argument(description="The unit, for what a unit changes of the policy."),
        ] = None,
    ) -> list[Version]:
        """Return the history of a policy, or of what a unit changes of it."""
        context = info.context
        versions = await context.call.store.policy_versions(key, unit or "")
        seen = {each.version: each for each in versions if visible(context, each)}
        return [Version(each, seen.get(each.based_on)) for each in seen.values()]

    @field("What policies can be made from.", list[PolicyTemplate])
    @staticmethod
    def policy_templates() -> list[template.Template]:
        """Return the templates, by key."""
        return [TEMPLATES[key] for key in sorted(TEMPLATES)]

    @field("What a condition may ask, per kind of fact: all that a policy editor needs.", list[FactKind])
    @staticmethod
    def fact_schema() -> list[facts.FactKind]:
        """Return the kinds of fact."""
        return list(KINDS.values())

    @field("Which policies hold for a unit, and where each value comes from.", list[EffectivePolicy])
    @staticmethod
    async def effective_policies(
        info: Info, unit: Annotated[strawberry.ID, strawberry.argument(description="The unit.")]
    ) -> list[EffectivePolicy]:
        """Return the policies in force for a unit today, by key."""
        context = info.context
        if unit not in context.picture.units or not context.sees_unit(unit):
            raise BadInput("There is no such unit.", "unit")
        today = context.picture.today(unit)
        return [
            EffectivePolicy(stack, unit)
            for stack in layers.stacks(await context.call.store.policies())
            if judged.holds(stack.base, context.picture, unit, None, today)
        ]
