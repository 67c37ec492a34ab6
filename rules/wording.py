"""Wording: findings and explanations as people read them, numbers and dates as English or Vietnamese readers expect."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date, timedelta
from decimal import Decimal
from functools import lru_cache

from babel import Locale
from babel.dates import format_date
from babel.lists import format_list
from babel.numbers import get_currency_precision, is_currency, parse_pattern

from okr.text import TITLE_LIMIT, Text
from rules.condition import Clause, Negation
from rules.explain import Outcome, Trace
from rules.facts import Fact
from rules.fields import Field, FieldType
from rules.schema import KINDS, MEASURE

NAME_LIMIT = 90
NOTHING = "–"
LANGUAGES = ("en", "vi")
DECIMALS = 4
EPOCH = date(1970, 1, 1)

# Made once: Babel reads a locale from a file and a pattern from its text.
_LOCALES = {language: Locale.parse(language) for language in LANGUAGES}
_PATTERNS = tuple(parse_pattern(f"#,##0.{'0' * least}{'#' * (DECIMALS - least)}") for least in range(DECIMALS + 1))
_COUNTED = {
    "check-ins": ("check-in", "check-ins", "lần check-in"),
    "cycles": ("cycle", "cycles", "chu kỳ"),
    "days": ("day", "days", "ngày"),
    "goals": ("goal", "goals", "mục tiêu"),
    "people": ("person", "people", "người"),
    "periods": ("period", "periods", "kỳ"),
    "slots": ("check-in", "check-ins", "lần check-in"),
}
_PLACEHOLDER = re.compile(r"\{\{\s*(?:(against)\.)?(\w+)\s*\}\}")
_YES_NO = {"en": ("yes", "no"), "vi": ("có", "không")}


def titled(pattern: Text, fact: Fact, trace: Trace, params: Mapping[str, Decimal | str]) -> Text:
    """Return the pattern with its placeholders filled in both languages.

    {{name}} is the subject's name, {{field}} a field of the fact, {{parameter}} one of the policy, and
    {{against.field}} what the field was compared with where that decided. What is not known is a dash.
    """

    def filled(language: str) -> str:
        def word(found: re.Match[str]) -> str:
            against, name = found.groups()
            if name == "name":
                return short(fact.name.said(language))
            field = find(fact.kind, name)
            if field is None:
                value = params.get(name)
                return value if isinstance(value, str) else number(value, language) if value is not None else NOTHING
            seen = _compared(trace, name) if against else fact.values.get(name)
            return valued(field, seen, fact.measure, language)

        return short(_PLACEHOLDER.sub(word, pattern.said(language)), TITLE_LIMIT)

    return Text(original=filled("en"), vi=filled("vi"))


@lru_cache(maxsize=1024)
def find(kind: str, name: str) -> Field | None:
    """Return a field of a kind of fact; None for one that was known once and is gone from today's schema."""
    return next((field for field in KINDS[kind].fields if field.name == name), None)


def label(field: Field | None, name: str, language: str) -> str:
    """Return what people call a field; its bare name where the schema has lost it."""
    if field is None:
        return name
    return (field.label_vi if language == "vi" else "") or field.label


def valued(field: Field, value: object, measure: str, language: str) -> str:
    """Return a value of `field` for a sentence: `98.2 %`, `52 %` for a share, `yes`, a date, the label of a choice."""
    match value:
        case None:
            return NOTHING
        case bool():
            yes, no = _YES_NO[language]
            return yes if value else no
        case list() | tuple():
            return ", ".join(valued(field, one, measure, language) for one in value)
        case date():
            return day(value, language)
        case int() if field.type is FieldType.DAY:
            return day(EPOCH + timedelta(days=value), language)
        case int() | float() | Decimal() if field.type is FieldType.NUMBER:
            return _measured(field, Decimal(str(value)), measure, language)
        case _:
            chosen = next((choice for choice in field.choices if choice.value == value), None)
            return (chosen.label_vi or chosen.label if language == "vi" else chosen.label) if chosen else str(value)


def number(value: Decimal, language: str) -> str:
    """Return a number with at most four decimals and no exponent: `1,234.5`, in Vietnamese `1.234,5`.

    One that is too small for four decimals keeps all it has, so that nothing but 0 reads 0.
    """
    return _digits(value, language, 0)


def amount(value: Decimal, measure: str, language: str) -> str:
    """Return a number in its unit: `2.5 s`; money that is not whole has its usual decimals: `1,200.50 EUR`."""
    cents = _cents(measure)
    digits = _digits(value, language, cents if cents and round(value, DECIMALS) % 1 else 0)
    return f"{digits} {measure}".strip()


def counted(value: Decimal, unit: str, language: str) -> str:
    """Return a count with the word for what is counted, where the unit of the field is such: `1 period`, `2 kỳ`."""
    if unit not in _COUNTED:
        return number(value, language)
    one, many, vi = _COUNTED[unit]
    english = one if _LOCALES["en"].plural_form(value) == "one" else many
    return f"{number(value, language)} {vi if language == 'vi' else english}"


@lru_cache(maxsize=1024)
def day(value: date, language: str) -> str:
    """Return a date: `Oct 1, 2026`, in Vietnamese `1 thg 10, 2026`."""
    return format_date(value, "medium", _LOCALES[language])


def either(words: Iterable[str], language: str) -> str:
    """Return alternatives as one: `red, amber, or stale`."""
    return format_list(list(words), "or", _LOCALES[language])


def listed(words: Iterable[str], language: str) -> str:
    """Return an enumeration as one: `Sales, Support, and Ops`."""
    return format_list(list(words), "standard", _LOCALES[language])


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


@lru_cache(maxsize=4096)
def _digits(value: Decimal, language: str, least: int) -> str:
    # Kept, because Babel takes several times as long as the rest of a sentence, and the same numbers come again.
    tiny = not round(value, DECIMALS)
    said: str = _PATTERNS[least].apply(value or Decimal(0), _LOCALES[language], decimal_quantization=not tiny)
    return said


@lru_cache(maxsize=256)
def _cents(measure: str) -> int:
    """The decimals that a sum in this measure is written with; 0 for what is no currency."""
    return min(get_currency_precision(measure), DECIMALS) if is_currency(measure) else 0


def _compared(trace: Trace, name: str) -> object:
    return next(
        (
            leaf.against
            for leaf in deciding(trace)
            if isinstance(leaf.condition, Clause) and leaf.condition.field == name
        ),
        None,
    )


def deciding(trace: Trace, outcome: Outcome = Outcome.MATCH) -> Iterator[Trace]:
    """Yield the comparisons that made a condition match: what was met in a group that did not match decided nothing.

    Under a negation these are the ones that were not met.
    """
    if trace.outcome is not outcome:
        return
    if isinstance(trace.condition, Clause):
        yield trace
    wanted = _TURNED[outcome] if isinstance(trace.condition, Negation) else outcome
    for part in trace.parts:
        yield from deciding(part, wanted)


_TURNED = {Outcome.MATCH: Outcome.CLEAR, Outcome.CLEAR: Outcome.MATCH}
