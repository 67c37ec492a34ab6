"""Explanations in words: a condition tree with the values seen, line by line, in English or Vietnamese."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from rules import phrasing, statement, wording
from rules.condition import Condition, dump
from rules.fields import FactKind, Field, FieldType
from rules.schema import MEASURE

GROUPS = {"all": ("all of", "tất cả"), "any": ("any of", "một trong"), "not": ("not", "không")}
SIGNS = {"lt": "<", "lte": "≤", "gt": ">", "gte": "≥", "eq": "=", "ne": "≠", "in": "∈", "between": "∈"}
OPPOSITE = {"lt": "≥", "lte": ">", "gt": "≤", "gte": "<", "eq": "≠", "ne": "="}
BOUNDS = ("lt", "lte", "gt", "gte")
MARKS = {"match": "✓", "clear": "✗", "unknown": "?"}
PRESENCE = {"known": ("is known", "đã biết"), "unknown": ("is not known", "chưa biết")}
_BETTER: Mapping[object, str] = {"higher": "≥", "lower": "≤"}

HANGS_ON = {"breached": "recovers_at", "below_baseline": "baseline"}
"""Flags of a KPI that end with its value, each with the field that says where."""

LASTING = ("is_root", "is_company_level", "level", "cycle", "cycle_kind", "direction", "period", "type")
"""What a subject is, whatever anybody does: no way to end a match where there is another."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One step of an explanation: a group, or a clause with its field, what was seen and what it was held against."""

    depth: int
    outcome: str
    text: str
    field: str | None = None
    seen: str | None = None
    against: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Voice:
    """On what kind of fact, in which language and measure; `fact` is what else was seen, as the evidence keeps it."""

    kind: str
    language: str
    measure: str
    fact: Mapping[str, object] = field(default_factory=dict)

    def choose(self, words: tuple[str, str]) -> str:
        """Return the English or the Vietnamese one."""
        return words[self.language == "vi"]


def formula(kind: FactKind, condition: Condition, language: str, measure: str = "") -> str:
    """Return the bound condition of a policy on `kind` as a sentence; phrasing.formula does so for a stored one."""
    return phrasing.formula(kind.name, dump(condition), language, measure)


def lines(kind: str, trace: Mapping[str, Any], language: str, measure: str = "") -> tuple[Line, ...]:
    """Return the trace of a condition on facts of `kind` (Trace.dump) as lines, each group before its parts.

    `measure` is what the subject's own numbers are in.
    """
    return tuple(_lines(_Voice(kind=kind, language=language, measure=measure), trace, 0))


def sentence(kind: str, trace: Mapping[str, Any], language: str, measure: str = "") -> str:
    """Return the clauses of a trace in one line, each with its mark: `Band = red ✓ · Key results 0 = 0 ✓`."""
    clauses = (line for line in lines(kind, trace, language, measure) if line.field)
    return " · ".join(f"{line.text} {MARKS[line.outcome]}" for line in clauses)


def clears_when(
    kind: str, trace: Mapping[str, Any], language: str, measure: str = "", fact: Mapping[str, object] | None = None
) -> str:
    """Return what would have to become true for a match to end, as words joined by "or" and "and".

    `fact` is the evidence; where it says at which value a flag ends, that is said as well: `In breach = no
    (Value ≥ 99 %)`.
    """
    said = _opposite(_Voice(kind=kind, language=language, measure=measure, fact=fact or {}), trace, met=True)
    return said[1:-1] if said.startswith("(") else said


def clears_at(
    kind: str, trace: Mapping[str, Any], language: str, measure: str = "", fact: Mapping[str, object] | None = None
) -> str | None:
    """Return the one number on which the end of a match hangs, as `≥ 98.5 %`; None where it hangs on none or several.

    Where there are several ways out, one by the subject's own numbers goes before one by a count.
    """
    voice = _Voice(kind=kind, language=language, measure=measure, fact=fact or {})
    found = tuple(_numbers(voice, trace, met=True))
    chosen = {text for own, text in found if own} or {text for _, text in found}
    return next(iter(chosen)) if len(chosen) == 1 else None


def _lines(voice: _Voice, trace: Mapping[str, Any], depth: int) -> Iterator[Line]:
    for name, words in GROUPS.items():
        if name in trace:
            yield Line(depth=depth, outcome=trace["outcome"], text=voice.choose(words))
            parts = [trace[name]] if name == "not" else trace[name]
            for part in parts:
                yield from _lines(voice, part, depth + 1)
            return
    label, seen, op = _label(voice, trace), _value(voice, trace, trace.get("seen")), trace["op"]
    if op in PRESENCE:
        said = voice.choose(PRESENCE[op])
        yield Line(depth=depth, outcome=trace["outcome"], text=f"{label} {said}", field=trace["field"], seen=seen)
        return
    against = _against(voice, trace)
    text = f"{label} {seen} {SIGNS[op]} {against}" if seen is not None else f"{label} ? {SIGNS[op]} {against}"
    if trace["outcome"] == "match" and op == "eq":
        text = f"{label} = {against}"
    yield Line(depth=depth, outcome=trace["outcome"], text=text, field=trace["field"], seen=seen, against=against)


def _opposite(voice: _Voice, trace: Mapping[str, Any], *, met: bool) -> str:
    if "not" in trace:
        return _opposite(voice, trace["not"], met=not met)
    if "all" in trace or "any" in trace:
        said = [_opposite(voice, part, met=met) for part in _ways(trace, met=met)]
        joined = voice.choose((" or ", " hoặc ") if _suffices(trace, met=met) else (" and ", " và ")).join(said)
        return joined if len(said) == 1 else f"({joined})"
    label, op = _label(voice, trace), trace["op"]
    if op in PRESENCE:
        other = "unknown" if (op == "known") == met else "known"
        return f"{label} {voice.choose(PRESENCE[other])}"
    found = wording.find(voice.kind, trace["field"])
    if found is not None and found.type is FieldType.BOOLEAN and op == "eq":
        return _turned(voice, found, bool(trace.get("against")) != met)
    sign = OPPOSITE.get(op, "∉") if met else SIGNS[op]
    return f"{label} {sign} {_against(voice, trace)}"


def _turned(voice: _Voice, flag: Field, answer: bool) -> str:
    """What a flag becomes: in words where something has to be done, with the value where it ends with one."""
    if answer and (told := statement.of(flag, answer, voice.language)):
        return told
    end = _end(voice, flag) if not answer else None
    value = wording.label(wording.find(voice.kind, "value"), "value", voice.language)
    more = f" ({value} {end})" if end else ""
    return f"{wording.label(flag, flag.name, voice.language)} = {_said(voice, flag, answer)}{more}"


def _numbers(voice: _Voice, trace: Mapping[str, Any], *, met: bool) -> Iterator[tuple[bool, str | None]]:
    """Yield the numbers that may end a match alone, None for an unknown one, and whether each is the subject's own."""
    if "not" in trace:
        yield from _numbers(voice, trace["not"], met=not met)
        return
    if "all" in trace or "any" in trace:
        parts = _ways(trace, met=met)
        if len(parts) == 1 or _suffices(trace, met=met):
            for part in parts:
                yield from _numbers(voice, part, met=met)
        return
    found, op, against = wording.find(voice.kind, trace["field"]), trace["op"], trace.get("against")
    if found is None or against is None:
        return
    if found.name in HANGS_ON and op == "eq" and bool(against) == met:
        yield True, _end(voice, found)
    if found.type is FieldType.NUMBER and op in BOUNDS:
        own = found.unit in (MEASURE, "share")
        edge = _said(voice, found, against) if own else wording.counted(_decimal(against), found.unit, voice.language)
        yield own, f"{OPPOSITE[op] if met else SIGNS[op]} {edge}"


def _end(voice: _Voice, flag: Field) -> str | None:
    """The value at which a flag ends, with the sign of its better side; None where the evidence does not say."""
    edge = wording.find(voice.kind, HANGS_ON.get(flag.name, ""))
    at, sign = voice.fact.get(edge.name) if edge else None, _BETTER.get(voice.fact.get("direction"))
    return f"{sign} {_said(voice, edge, at)}" if edge and sign and at is not None else None


def _suffices(trace: Mapping[str, Any], *, met: bool) -> bool:
    """Tell whether one part that turns over is enough to turn the group over."""
    return ("all" in trace) == met


def _ways(trace: Mapping[str, Any], *, met: bool) -> Sequence[Mapping[str, Any]]:
    """Return the parts that would have to turn over: those that hold now, less what nobody can change."""
    parts: Sequence[Mapping[str, Any]] = trace.get("all") or trace["any"]
    held = [part for part in parts if part["outcome"] == ("match" if met else "clear")] or parts
    if not _suffices(trace, met=met):
        return held
    return [part for part in held if part.get("field") not in LASTING] or held


def _label(voice: _Voice, trace: Mapping[str, Any]) -> str:
    return wording.label(wording.find(voice.kind, trace["field"]), trace["field"], voice.language)


def _against(voice: _Voice, trace: Mapping[str, Any]) -> str:
    value = trace.get("against")
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_value(voice, trace, one) or "?" for one in value) + "]"
    return _value(voice, trace, value) or "?"


def _value(voice: _Voice, trace: Mapping[str, Any], value: object) -> str | None:
    if value is None:
        return None
    found = wording.find(voice.kind, trace["field"])
    return str(value) if found is None else _said(voice, found, value)


def _said(voice: _Voice, found: Field, value: object) -> str:
    return wording.valued(found, value, voice.measure, voice.language)


def _decimal(value: object) -> Decimal:
    return Decimal(str(value))
