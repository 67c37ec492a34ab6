"""Wording: findings and explanations as people read them, in English and Vietnamese, with plain numbers."""

import re
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal

from okr.number import plain
from okr.text import TITLE_LIMIT, Text
from rules.condition import Clause
from rules.explain import Outcome, Trace
from rules.facts import Fact
from rules.fields import Field, FieldType
from rules.schema import KINDS, MEASURE

NAME_LIMIT = 90
NOTHING = "–"
LANGUAGES = ("en", "vi")

_PLACEHOLDER = re.compile(r"\{\{\s*(?:(against)\.)?(\w+)\s*\}\}")
_YES_NO = {"en": ("yes", "no"), "vi": ("có", "không")}


def titled(pattern: Text, fact: Fact, trace: Trace, params: Mapping[str, Decimal | str]) -> Text:
    """Return the pattern with its placeholders filled in both languages.

    {{name}} is the subject's name, {{field}} a field of the fact, {{parameter}} one of the policy, and
    {{against.field}} what the field was compared with where it matched. What is not known is a dash.
    """

    def filled(language: str) -> str:
        def word(found: re.Match[str]) -> str:
            against, name = found.groups()
            if name == "name":
                return short(fact.name.said(language))
            field = _field(fact, name)
            if field is None:
                value = params.get(name)
                return value if isinstance(value, str) else number(value, language) if value is not None else NOTHING
            seen = _compared(trace, name) if against else fact.values.get(name)
            return valued(field, seen, fact.measure, language)

        return short(_PLACEHOLDER.sub(word, pattern.said(language)), TITLE_LIMIT)

    return Text(original=filled("en"), vi=filled("vi"))


def leaves(trace: Trace) -> Iterator[Trace]:
    """Yield the traces of the comparisons, in the order in which they are written."""
    if isinstance(trace.condition, Clause):
        yield trace
    for part in trace.parts:
        yield from leaves(part)


def valued(field: Field, value: object, measure: str, language: str) -> str:
    """Return a value of `field` for a sentence: `98.2 %`, `52 %` for a share, `yes`, the label of a choice."""
    match value:
        case None:
            return NOTHING
        case bool():
            yes, no = _YES_NO[language]
            return yes if value else no
        case list() | tuple():
            return ", ".join(valued(field, one, measure, language) for one in value)
        case int() | float() | Decimal() if field.type is FieldType.NUMBER:
            return _measured(field, Decimal(str(value)), measure, language)
        case _:
            chosen = next((choice for choice in field.choices if choice.value == value), None)
            return (chosen.label_vi or chosen.label if language == "vi" else chosen.label) if chosen else str(value)


def number(value: Decimal, language: str) -> str:
    """Return a number without exponent and with at most four decimals, with the comma of Vietnamese."""
    rounded = round(value, 4)
    digits = plain(rounded or value)
    return digits.replace(".", ",") if language == "vi" else digits


def amount(value: Decimal, measure: str, language: str) -> str:
    """Return a number in its unit: `2.5 s`."""
    return f"{number(value, language)} {measure}".strip()


def short(text: str, limit: int = NAME_LIMIT) -> str:
    """Return a text cut to `limit` characters, with an ellipsis where something is missing."""
    return text if len(text) <= limit else f"{text[: limit - 1].rstrip()}…"


def bilingual(say: Callable[[str], str]) -> Text:
    """Return what `say` answers for each language as one text."""
    original, vi = (short(say(language), TITLE_LIMIT) for language in LANGUAGES)
    return Text(original=original, vi=vi)


def _measured(field: Field, value: Decimal, measure: str, language: str) -> str:
    if field.unit == "share":
        return f"{number(round(value * 100, 1), language)} %"
    return amount(value, measure if field.unit == MEASURE else "", language)


def _field(fact: Fact, name: str) -> Field | None:
    return next((field for field in KINDS[fact.kind].fields if field.name == name), None)


def _compared(trace: Trace, name: str) -> object:
    return next(
        (
            leaf.against
            for leaf in leaves(trace)
            if isinstance(leaf.condition, Clause) and leaf.condition.field == name and leaf.outcome is Outcome.MATCH
        ),
        None,
    )
