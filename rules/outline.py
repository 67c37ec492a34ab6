"""Explanations in words: a condition tree with the values seen, line by line, in English or Vietnamese."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from okr.errors import Refusal
from rules import wording
from rules.fields import FactKind, Field, FieldType
from rules.schema import KINDS

GROUPS = {"all": ("all of", "tất cả"), "any": ("any of", "một trong"), "not": ("not", "không")}
SIGNS = {"lt": "<", "lte": "≤", "gt": ">", "gte": "≥", "eq": "=", "ne": "≠", "in": "∈", "between": "∈"}
OPPOSITE = {"lt": "≥", "lte": ">", "gt": "≤", "gte": "<", "eq": "≠", "ne": "="}
MARKS = {"match": "✓", "clear": "✗", "unknown": "?"}
EPOCH = date(1970, 1, 1)
PRESENCE = {"known": ("is known", "đã biết"), "unknown": ("is not known", "chưa biết")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One step of an explanation: a group, or a clause with its field, what was seen and what it was held against."""

    depth: int
    outcome: str
    text: str
    field: str | None = None
    seen: str | None = None
    against: str | None = None


def lines(kind: str, trace: Mapping[str, Any], language: str) -> tuple[Line, ...]:
    """Return the trace of a condition on facts of `kind` (Trace.dump) as lines, each group before its parts."""
    return tuple(_lines(KINDS[kind], trace, language, 0))


def sentence(kind: str, trace: Mapping[str, Any], language: str) -> str:
    """Return the clauses of a trace in one line, each with its mark: `Band = red ✓ · Key results 0 = 0 ✓`."""
    clauses = (line for line in lines(kind, trace, language) if line.field)
    return " · ".join(f"{line.text} {MARKS[line.outcome]}" for line in clauses)


def clears_when(kind: str, trace: Mapping[str, Any], language: str) -> str:
    """Return what would have to become true for a match to end, as words joined by "or" and "and"."""
    said = _opposite(KINDS[kind], trace, language, met=True)
    return said[1:-1] if said.startswith("(") else said


def _lines(kind: FactKind, trace: Mapping[str, Any], language: str, depth: int) -> Iterator[Line]:
    for name, (en, vi) in GROUPS.items():
        if name in trace:
            yield Line(depth=depth, outcome=trace["outcome"], text=vi if language == "vi" else en)
            parts = [trace[name]] if name == "not" else trace[name]
            for part in parts:
                yield from _lines(kind, part, language, depth + 1)
            return
    field = _field(kind, trace["field"])
    label = _label(field, trace["field"], language)
    seen, op = _value(field, trace.get("seen"), language), trace["op"]
    if op in PRESENCE:
        said = PRESENCE[op][language == "vi"]
        yield Line(depth=depth, outcome=trace["outcome"], text=f"{label} {said}", field=trace["field"], seen=seen)
        return
    against = _against(field, trace.get("against"), language)
    text = f"{label} {seen} {SIGNS[op]} {against}" if seen is not None else f"{label} ? {SIGNS[op]} {against}"
    if trace["outcome"] == "match" and op == "eq":
        text = f"{label} = {against}"
    yield Line(depth=depth, outcome=trace["outcome"], text=text, field=trace["field"], seen=seen, against=against)


def _opposite(kind: FactKind, trace: Mapping[str, Any], language: str, *, met: bool) -> str:
    either, both = (" hoặc ", " và ") if language == "vi" else (" or ", " and ")
    if "not" in trace:
        return _opposite(kind, trace["not"], language, met=not met)
    if "all" in trace or "any" in trace:
        parts = trace.get("all") or trace["any"]
        held = [part for part in parts if part["outcome"] == ("match" if met else "clear")] or parts
        said = [_opposite(kind, part, language, met=met) for part in held]
        joined = (either if ("all" in trace) == met else both).join(said)
        return joined if len(said) == 1 else f"({joined})"
    field = _field(kind, trace["field"])
    label, op = _label(field, trace["field"], language), trace["op"]
    if op in PRESENCE:
        other = "unknown" if (op == "known") == met else "known"
        return f"{label} {PRESENCE[other][language == 'vi']}"
    against = _against(field, trace.get("against"), language)
    sign = OPPOSITE.get(op, "∉") if met else SIGNS[op]
    if field is not None and field.type is FieldType.BOOLEAN and op == "eq" and met:
        return f"{label} = {_value(field, not trace.get('against'), language)}"
    return f"{label} {sign} {against}"


def _field(kind: FactKind, name: str) -> Field | None:
    try:
        return kind.field(name)
    except Refusal:  # a field that was known when the policy matched and is gone from today's schema
        return None


def _label(field: Field | None, name: str, language: str) -> str:
    if field is None:
        return name
    return (field.label_vi if language == "vi" else "") or field.label


def _against(field: Field | None, value: object, language: str) -> str:
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_value(field, one, language) or "?" for one in value) + "]"
    return _value(field, value, language) or "?"


def _value(field: Field | None, value: object, language: str) -> str | None:
    if value is None:
        return None
    if field is None:
        return str(value)
    if field.type is FieldType.DAY and isinstance(value, int):
        return (EPOCH + timedelta(days=value)).isoformat()
    return wording.valued(field, value, "", language)
