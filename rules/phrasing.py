"""Phrasing: a condition as a sentence, without the values seen: `Band is red or amber, and nobody is accountable`."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from rules import statement, wording
from rules.fields import Field, FieldType

NEGATED = {
    "lt": "gte",
    "gte": "lt",
    "gt": "lte",
    "lte": "gt",
    "eq": "ne",
    "ne": "eq",
    "in": "not in",
    "between": "not between",
    "known": "unknown",
    "unknown": "known",
}
# English follows the label and its verb, Vietnamese the label.
_NUMBERS = {
    "lt": ("below {}", "dưới {}"),
    "lte": ("at most {}", "không quá {}"),
    "gt": ("above {}", "trên {}"),
    "gte": ("at least {}", "từ {} trở lên"),
    "eq": ("{}", "bằng {}"),
    "ne": ("not {}", "khác {}"),
    "between": ("between {} and {}", "trong khoảng {} đến {}"),
    "not between": ("not between {} and {}", "ngoài khoảng {} đến {}"),
    "known": ("known", "đã biết"),
    "unknown": ("not known", "chưa biết"),
}
_DAYS = {
    **_NUMBERS,
    "lt": ("before {}", "trước ngày {}"),
    "lte": ("on or before {}", "chậm nhất là ngày {}"),
    "gt": ("after {}", "sau ngày {}"),
    "gte": ("on or after {}", "từ ngày {}"),
    "eq": ("{}", "là ngày {}"),
    "ne": ("not {}", "không phải ngày {}"),
}
_NAMES = {
    **_NUMBERS,
    "eq": ("{}", "là {}"),
    "ne": ("not {}", "không phải {}"),
    "in": ("{}", "là {}"),
    "not in": ("other than {}", "khác {}"),
}
_JOINED = {"all": (", and ", ", và "), "any": (", or ", ", hoặc ")}
_OTHER = {"all": "any", "any": "all"}
_AFTER = ("below", "in", "it", "not", "of", "per", "since", "that", "to", "with", "worded")
_VERBED = re.compile(r" (?:is|at)$")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Voice:
    kind: str
    language: str
    measure: str

    def choose(self, words: tuple[str, str]) -> str:
        """Return the English or the Vietnamese one."""
        return words[self.language == "vi"]


def formula(kind: str, condition: Mapping[str, Any], language: str, measure: str = "") -> str:
    """Return a bound condition on facts of `kind`, or the trace of one (Trace.dump), as a sentence without a full stop.

    Negations are said by the opposite words. Parentheses stand only around an "or" within an "and", and the reverse.
    """
    said, _ = _said(_Voice(kind=kind, language=language, measure=measure), condition, met=True)
    return re.sub(r"\w", lambda first: first[0].upper(), said, count=1)


def _said(voice: _Voice, node: Mapping[str, Any], *, met: bool) -> tuple[str, str]:
    """Return the words, and "all" or "any" where they are several joined by it."""
    if "not" in node:
        return _said(voice, node["not"], met=not met)
    if "all" in node or "any" in node:
        group = "all" if "all" in node else "any"
        joint = group if met else _OTHER[group]
        return _joined(voice, [_said(voice, part, met=met) for part in node[group]], joint)
    op = node["op"] if met else NEGATED[node["op"]]
    field = wording.find(voice.kind, node["field"])
    if field is not None and isinstance(node.get("value"), bool):
        answer = node["value"] if op == "eq" else not node["value"]
        if told := statement.of(field, answer, voice.language):
            return told, ""
    return _clause(voice, field, node, op), ""


def _joined(voice: _Voice, parts: Sequence[tuple[str, str]], joint: str) -> tuple[str, str]:
    if len(parts) == 1:
        return parts[0]
    said = [f"({words})" if inner == _OTHER[joint] else words for words, inner in parts]
    return voice.choose(_JOINED[joint]).join(said), joint


def _clause(voice: _Voice, field: Field | None, node: Mapping[str, Any], op: str) -> str:
    label, value = _lowered(wording.label(field, node["field"], voice.language)), node.get("value")
    if field is not None and field.type is FieldType.TEXT:
        return voice.choose((_there(label, some=op == "known"), f"{'' if op == 'known' else 'không '}có {label}"))
    if op in ("in", "not in"):
        told = [wording.either([_value(voice, field, one) for one in value or ()], voice.language)]
    else:
        told = [_value(voice, field, one) for one in (value if isinstance(value, list | tuple) else [value])]
    phrase = voice.choose(_phrases(field)[op]).format(*told)
    return f"{label} {phrase}" if voice.language == "vi" else _english(label, phrase)


def _english(label: str, phrase: str) -> str:
    if _VERBED.search(label):
        return f"{label} {phrase}"
    if _plural(label):
        return _there(label, some=False) if phrase == "0" else f"{label} are {phrase}"
    return f"{label} is {phrase}"


def _there(label: str, *, some: bool) -> str:
    return f"there {'are' if _plural(label) else 'is'} {'' if some else 'no '}{label}"


def _phrases(field: Field | None) -> Mapping[str, tuple[str, str]]:
    match field:
        case Field(type=FieldType.NUMBER):
            return _NUMBERS
        case Field(type=FieldType.DAY):
            return _DAYS
        case _:
            return _NAMES


def _value(voice: _Voice, field: Field | None, value: object) -> str:
    match value:
        case {"field": str(name), **others}:
            other = _lowered(wording.label(wording.find(voice.kind, name), name, voice.language))
            times = Decimal(str(others.get("times", 1)))
            return other if times == 1 else f"{wording.number(times, voice.language)} × {other}"
        case _ if field is None:
            return str(value)
        case _:
            return wording.valued(field, value, voice.measure, voice.language)


def _plural(label: str) -> bool:
    """Tell whether an English label is a plural by the word before "in breach", "that count" and the like."""
    words = label.split(" ")
    head = next((at for at, word in enumerate(words) if word in _AFTER), len(words))
    return re.search("[^su]s$", words[max(head, 1) - 1]) is not None


def _lowered(label: str) -> str:
    return label if label[1:2].isupper() else label[:1].lower() + label[1:]
