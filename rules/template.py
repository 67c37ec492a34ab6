"""Templates: the policies that Ratchet ships, as data over the same condition tree and fact schema as any other."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Any

import orjson

from okr.policy import PolicyMode, Severity
from okr.recommendation import Action
from okr.text import Text
from rules.explain import Outcome
from rules.fields import Scalar

CUSTOM = "custom"
"""The template of policies that bring a condition of their own."""


class ParameterType(StrEnum):
    """What a parameter holds; whatever needs words is a custom policy."""

    NUMBER = "number"


@dataclass(frozen=True, slots=True, kw_only=True)
class Help:
    """What something means, at any length."""

    original: str
    vi: str

    def said(self, language: str) -> str:
        """Return the wording for `language` ("en", "vi"), falling back to the original."""
        return self.vi if language == "vi" else self.original


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """What an administrator fills in; `minimum` and `maximum` are included, `whole` bars fractions."""

    name: str
    type: ParameterType
    label: Text
    help: Help
    default: Decimal
    unit: str = ""
    minimum: Decimal | None = None
    maximum: Decimal | None = None
    whole: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Escalation:
    """Who is reminded goes one step up for each unit by which `field` exceeds the parameter `start`."""

    field: str
    start: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """A worked example: the outcome that is expected of a fact under these parameters (the defaults where absent)."""

    name: str
    params: Mapping[str, Decimal]
    fact: Mapping[str, Scalar]
    expect: Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """What a policy of this kind is made from.

    `when` is a condition in the form that `condition.parse` reads, on facts of kind `on`. `title` is what a finding is
    called, `objective` what a proposed objective is, and `text` what to review: patterns with {{field}}, {{name}} and
    {{against.field}} (what the field was compared with). `blockable` ones can be checked before a write; those that
    judge by the look of things (`warn_only`) may be off, observe or advise, and no more. Times are in days; see Policy.
    """

    key: str
    on: str
    name: Text
    help: Help
    parameters: tuple[Parameter, ...]
    when: Mapping[str, object]
    action: Action
    title: Text
    objective: Text | None
    text: Text | None
    escalation: Escalation | None
    blockable: bool
    warn_only: bool
    mode: PolicyMode
    severity: Severity
    hold: int
    clear: int
    cooldown: int
    expires: int
    examples: tuple[Example, ...]

    def params(self, given: Mapping[str, Decimal | str]) -> dict[str, Decimal | str]:
        """Return every parameter by name: what was given, else its default."""
        return {parameter.name: given.get(parameter.name, parameter.default) for parameter in self.parameters}


def read(raw: Mapping[str, Any]) -> Template:
    """Return the template that a file of `rules/templates` describes; KeyError or ValueError where it is malformed."""
    action, escalates = raw["action"], raw["action"].get("escalates")
    return Template(
        key=raw["key"],
        on=raw["on"],
        name=_text(raw["name"]),
        help=Help(original=raw["help"]["en"], vi=raw["help"]["vi"]),
        parameters=tuple(_parameter(each) for each in raw["parameters"]),
        when=raw["when"],
        action=Action(action["name"]),
        title=_text(raw["title"]),
        objective=_text(action["title"]) if "title" in action else None,
        text=_text(action["text"]) if "text" in action else None,
        escalation=Escalation(field=escalates["field"], start=escalates["from"]) if escalates else None,
        blockable=raw.get("blockable", False),
        warn_only=raw.get("warn_only", False),
        mode=PolicyMode(raw["mode"]),
        severity=Severity(raw["severity"]),
        hold=raw["hold"],
        clear=raw["clear"],
        cooldown=raw["cooldown"],
        expires=raw["expires"],
        examples=tuple(_example(each) for each in raw["tests"]),
    )


def _parameter(raw: Mapping[str, Any]) -> Parameter:
    return Parameter(
        name=raw["name"],
        type=ParameterType(raw["type"]),
        label=_text(raw["label"]),
        help=Help(original=raw["help"]["en"], vi=raw["help"]["vi"]),
        default=Decimal(str(raw["default"])),
        unit=raw.get("unit", ""),
        minimum=Decimal(raw["min"]) if "min" in raw else None,
        maximum=Decimal(raw["max"]) if "max" in raw else None,
        whole=raw.get("whole", False),
    )


def _example(raw: Mapping[str, Any]) -> Example:
    params = {name: Decimal(str(value)) for name, value in raw["params"].items()}
    return Example(name=raw["name"], params=params, fact=raw["fact"], expect=Outcome(raw["expect"]))


def _text(raw: Mapping[str, str]) -> Text:
    return Text(original=raw["en"], vi=raw["vi"])


def _shipped() -> dict[str, Template]:
    files = sorted((Path(__file__).parent / "templates").glob("*.json"))
    return {template.key: template for template in (read(orjson.loads(file.read_bytes())) for file in files)}


TEMPLATES: Mapping[str, Template] = _shipped()
