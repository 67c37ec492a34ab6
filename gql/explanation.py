"""How a recommendation explains itself, and what it proposes."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import strawberry
from strawberry import Parent

from gql import enums
from gql.context import Context, Info
from gql.fields import field
from okr.org import OrgUnit
from okr.recommendation import Finding
from okr.recommendation import Proposal as Proposed
from rules import outline, phrasing, wording
from rules.outline import Line


@strawberry.type(description="One line of an explanation: a group of conditions, or one condition with its values.")
class ExplanationLine:
    """A step of the condition tree; the parts of a group follow it one level deeper."""

    depth: int = strawberry.field(description="How deep it is in the tree; the whole is at 0.")
    outcome: str = strawberry.field(description='"match", "clear", or "unknown" where a value was missing.')
    text: str = strawberry.field(description="The line in outline.")
    field: str | None = strawberry.field(description="The field of the fact schema; null for a group.")
    seen: str | None = strawberry.field(description="The value seen.")
    against: str | None = strawberry.field(description="What it was compared with.")


@strawberry.type(description="Why a policy matched, what would end it, and which policy said so.")
class Explanation:
    """The evidence in outline."""

    @field("The conditions and values in one line.")
    @staticmethod
    def text(found: Parent[Finding], info: Info) -> str:
        """Return the sentence."""
        return outline.sentence(found.subject.kind, found.evidence.trace, info.context.language, found.measure)

    @field("The condition in words, without the values seen.")
    @staticmethod
    def formula(found: Parent[Finding], info: Info) -> str:
        """Return the condition."""
        return phrasing.formula(found.subject.kind, found.evidence.trace, info.context.language, found.measure)

    @field("The condition tree, line by line.", list[ExplanationLine])
    @staticmethod
    def lines(found: Parent[Finding], info: Info) -> tuple[Line, ...]:
        """Return the lines."""
        return outline.lines(found.subject.kind, found.evidence.trace, info.context.language, found.measure)

    @field("What would have to become true for the match to end.")
    @staticmethod
    def clears_when(found: Parent[Finding], info: Info) -> str:
        """Return the counterfactual."""
        seen, language = found.evidence, info.context.language
        return outline.clears_when(found.subject.kind, seen.trace, language, found.measure, seen.fact)

    @field('The one number on which the end of the match hangs, as "≥ 98.5 %"; null where it hangs on none or several.')
    @staticmethod
    def clears_at(found: Parent[Finding], info: Info) -> str | None:
        """Return the number with its sign."""
        seen, language = found.evidence, info.context.language
        return outline.clears_at(found.subject.kind, seen.trace, language, found.measure, seen.fact)

    @field("Which version of which policy said so, and which units have changed it for theirs.")
    @staticmethod
    def said_by(found: Parent[Finding], info: Info) -> str:
        """Return the policy in words; a unit that the caller may not see is not named."""
        return _said_by(found, info.context)

    @field("When the policy last matched.")
    @staticmethod
    def at(found: Parent[Finding]) -> datetime:
        """Return the instant."""
        return found.evidence.at


@strawberry.type(description="One argument of a proposal.")
class ProposalArgument:
    """A name with its value."""

    name: str = strawberry.field(description="What it is, with dots where it is part of something.")
    value: str = strawberry.field(description="The value as text.")


@strawberry.type(description="What a policy proposes to do.")
class Proposal:
    """A proposal, ready to be accepted."""

    action: enums.Action = strawberry.field(description="What accepting does.")

    @field("The proposal in a sentence.")
    @staticmethod
    def text(proposal: Parent[Proposed], info: Info) -> str:
        """Return the sentence in the caller's language."""
        return proposal.text.said(info.context.language)

    @field("Its arguments, flat.", list[ProposalArgument])
    @staticmethod
    def arguments(proposal: Parent[Proposed]) -> list[ProposalArgument]:
        """Return the arguments."""
        return [ProposalArgument(name=name, value=value) for name, value in _flat(proposal.args, "")]


def _said_by(found: Finding, context: Context) -> str:
    def changed(layer: str) -> str:
        key, _, version = layer.rpartition(":")
        unit = context.find(key)
        name = unit.name.said(context.language) if isinstance(unit, OrgUnit) else ""
        if context.language == "vi":
            return f"{name or 'một đơn vị'} (phiên bản {version})"
        return f"{name or 'a unit'} (version {version})"

    where = wording.listed([changed(layer) for layer in found.layers], context.language)
    if context.language == "vi":
        more = f", có thay đổi cho {where}" if where else ""
        return f'Chính sách "{found.policy}", phiên bản {found.policy_version}{more}'
    more = f", as changed for {where}" if where else ""
    return f'Policy "{found.policy}", version {found.policy_version}{more}'


def _flat(value: Any, name: str) -> list[tuple[str, str]]:  # a tree of plain values
    if isinstance(value, Mapping):
        return [pair for key, part in value.items() for pair in _flat(part, f"{name}.{key}" if name else str(key))]
    if isinstance(value, list | tuple):
        return [pair for n, part in enumerate(value) for pair in _flat(part, f"{name}.{n}" if name else str(n))]
    return [] if value is None else [(name, str(value))]
