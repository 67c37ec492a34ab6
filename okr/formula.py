"""Formulas: how a number came about, said as one line with the numbers in it, in English and Vietnamese."""

import re
from collections.abc import Sequence
from decimal import Context, Decimal

from okr.number import plain
from okr.text import TITLE_LIMIT, Text

NO_CHECK_IN = Text(original="No check-in yet.", vi="Chưa có lần check-in nào.")
NOTHING_TO_ADD = Text(original="Nothing that supports it has a value yet.", vi="Chưa có kết quả hỗ trợ nào có số liệu.")
DONE = Text(original="Done.", vi="Đã xong.")
NOT_DONE = Text(original="Not done.", vi="Chưa xong.")
ALL_CANCELLED = Text(original="Every milestone is cancelled.", vi="Mọi mốc đều đã hủy.")
NOTHING_COUNTS = Text(original="Nothing with a weight counts here yet.", vi="Chưa có phần nào có trọng số để tính.")

_TERMS = 5
_SHORT = Context(prec=12)


def way(start: Decimal, target: Decimal, current: Decimal, raw: Decimal, progress: Decimal) -> Text:
    """Say how far `current` has come from `start` to `target`: `(74.5 − 50) ÷ (99 − 50) = 50 %`."""
    if start == target:
        met, reached = ("meets it", "đã đạt") if progress else ("does not meet it", "chưa đạt")
        return _both(
            f"Start and target are both {_said(target)}; {_said(current)} {met}.",
            f"Điểm đầu và đích đều là {_said(target)}; {_said(current)} {reached}.",
        )
    formula = f"({_said(current)} − {_said(start)}) ÷ ({_said(target)} − {_said(start)}) = {_percent(raw)}"
    if raw == progress:
        return _both(formula, formula)
    counted = _percent(progress)
    return _both(f"{formula}, counted as {counted}", f"{formula}, tính là {counted}")


def added(values: Sequence[Decimal], total: Decimal, way: Text) -> Text:
    """Say what the values add up to before the `way` of their sum: `30 + 45 = 75; (75 − …`; long ones are cut."""
    room = TITLE_LIMIT - len("; ") - max(len(way.original), len(way.vi))
    kept = min(len(values), _TERMS)
    while kept and len(_sum(values, kept, total)) > room:
        kept -= 1
    formula = _sum(values, kept, total)
    return _both(f"{formula}; {way.original}", f"{formula}; {way.vi}")


def steps(done: Decimal, total: Decimal, progress: Decimal) -> Text:
    """Say how much of the milestones' weight is done: `3 of 4 … = 75 %`."""
    share = _percent(progress)
    return _both(
        f"{_said(done)} of {_said(total)} of the milestones' weight done = {share}",
        f"Đã xong {_said(done)} trên {_said(total)} trọng số các mốc = {share}",
    )


def band(low: Decimal | None, high: Decimal | None) -> str:
    """Say a band in signs: `≥ 95`, `≤ 2` or `≥ 5 · ≤ 7`."""
    bounds = (("≥", low), ("≤", high))
    return " · ".join(f"{sign} {_said(bound)}" for sign, bound in bounds if bound is not None)


def kept(within: int, due: int, progress: Decimal, current: Decimal, now: bool, bounds: str) -> Text:
    """Say in how many of the due check-ins the value was inside its `bounds`, and where it is now."""
    inside, reached = ("inside", "đạt") if now else ("outside", "chưa đạt")
    english = f"now {_said(current)}, {inside} {bounds}"
    vi = f"hiện là {_said(current)}, {reached} {bounds}"
    if not due:
        return _both(f"No check-in was due yet; {english}", f"Chưa đến kỳ check-in nào; {vi}")
    share = _percent(progress)
    return _both(
        f"Inside in {within} of {due} due check-ins = {share}; {english}",
        f"Đạt trong {within} trên {due} kỳ check-in = {share}; {vi}",
    )


def mean(parts: Sequence[tuple[Decimal, Decimal]], progress: Decimal) -> Text:
    """Say a weighted mean of (weight, progress) pairs: `(1 × 50 % + 2 × 80 %) ÷ 3 = 70 %`; long ones are cut."""
    terms = [f"{_said(weight)} × {_percent(share)}" for weight, share in parts[:_TERMS]]
    if len(parts) > _TERMS:
        terms.append("…")
    total = sum((weight for weight, _ in parts), Decimal(0))
    formula = f"({' + '.join(terms)}) ÷ {_said(total)} = {_percent(progress)}"
    return _both(formula, formula)


def frozen(progress: Decimal) -> Text:
    """Say the score that an objective was closed with."""
    share = _percent(progress)
    return _both(f"Frozen at {share} when it was closed.", f"Đã chốt ở {share} khi đóng.")


def _sum(values: Sequence[Decimal], kept: int, total: Decimal) -> str:
    """Return the sum with its first `kept` terms written out."""
    terms = [*map(_said, values[:kept]), *(["…"] if kept < len(values) else [])]
    return f"{' + '.join(terms)} = {_said(total)}"


def _said(value: Decimal) -> str:
    """Return a number in some 20 characters at most: an explanation stays one line whatever was measured."""
    if not value:
        return "0"
    short = _SHORT.plus(value)
    return (plain(short) if -6 <= short.adjusted() < 15 else f"{value:.2e}").replace("-", "−")


def _percent(share: Decimal) -> str:
    points = _SHORT.multiply(share, Decimal(100))
    # Rounding to a tenth would need more digits than there are where a tiny way was overshot by far.
    return f"{_said(round(points, 1) if points.adjusted() < 10 else points)} %"


def _both(english: str, vi: str) -> Text:
    # Vietnamese writes a decimal comma; the full stop that ends a sentence does not stand between digits.
    return Text(original=english, vi=re.sub(r"(?<=\d)\.(?=\d)", ",", vi))
