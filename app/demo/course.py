"""Courses: what somebody would have checked in at any point of a key result's way, the same on every run."""

import hashlib
from decimal import Decimal
from typing import assert_never

from app.demo.blueprint import ResultPlan
from okr.check_in import Draft
from okr.goal import KeyResultType

NOISE = Decimal("0.05")
"""The size of ups and downs in ways from start to target; they die down towards the end."""

CALM, LEAST, MOST = 7, 2, 9


def chance(*words: object) -> Decimal:
    """Return a number from 0 to below 1 that belongs to these words."""
    digest = hashlib.sha256("|".join(map(str, words)).encode()).digest()
    return Decimal(int.from_bytes(digest[:4])) / 2**32


def numbers(written: str) -> tuple[Decimal, ...]:
    """Return the numbers of a text, which are separated by blanks."""
    return tuple(Decimal(word) for word in written.split())


def said(plan: ResultPlan, way: str, share: Decimal, along: Decimal, word: str) -> Draft:
    """Return the check-in at `share` of a way, which for annual levels is `along` the five quarters (both 0 to 1).

    `word` names the moment, so that its ups and downs are its own.
    """
    match plan.type:
        case KeyResultType.BOOLEAN:
            return Draft(done=share >= Decimal(way), confidence=plan.confidence or CALM)
        case KeyResultType.MILESTONE:
            done = int(Decimal(way) * share * len(plan.milestones))
            return Draft(milestones=tuple(range(done)), confidence=plan.confidence or CALM)
        case KeyResultType.MAINTAIN:
            return Draft(value=rounded(between(numbers(way), share), way), confidence=plan.confidence or CALM)
        case KeyResultType.NUMBER | KeyResultType.PERCENT | KeyResultType.CURRENCY:
            return _underway(plan, way, share, along, word)
        case never:
            assert_never(never)


def _underway(plan: ResultPlan, way: str, share: Decimal, along: Decimal, word: str) -> Draft:
    start, target, *passed = numbers(way)
    level = between(numbers(plan.levels), along) if plan.levels else between((start, *passed), share)
    level += (target - start) * NOISE * (2 * chance(word) - 1) * (1 - share)
    most = Decimal(100) if plan.type is KeyResultType.PERCENT else max(level, Decimal(0))
    value = rounded(min(max(level, Decimal(0)), most), f"{way} {plan.levels}")
    ahead = (value - start) / (target - start) - share
    confidence = min(max(CALM + int(8 * ahead), LEAST), MOST)
    return Draft(value=value, confidence=plan.confidence or confidence)


def between(points: tuple[Decimal, ...], share: Decimal) -> Decimal:
    """Return the level at `share` of a line through points that are evenly apart."""
    at = share * (len(points) - 1)
    before = min(int(at), len(points) - 2)
    return points[before] + (points[before + 1] - points[before]) * (at - before)


def rounded(value: Decimal, like: str) -> Decimal:
    """Return `value` with the digits that the numbers of `like` are written with: 2.71 like "2.8 2.55"."""
    finest = min(int(number.normalize().as_tuple().exponent) for number in numbers(like) if number)
    step = Decimal(1).scaleb(finest if finest >= 3 else min(finest, 0))
    return Decimal(f"{value.quantize(step):f}")
