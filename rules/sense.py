"""Whether a condition makes sense: one that nothing can meet, or that everything meets, is no policy."""

from collections.abc import Callable, Iterator, Sequence

from okr.errors import Code, Refusal
from rules import normal, outline, room, wording
from rules.condition import Clause, Condition, FieldRef
from rules.fields import FactKind, Operator
from rules.room import Lines, Room

STEPS = 20_000
"""How many comparisons are tried to find something that does not meet a condition; beyond, it is taken to exist."""

LONGEST = 4
"""How many comparisons a refusal names."""

Way = Sequence[Clause]
"""Plain comparisons that hold together."""


def check(condition: Condition, kind: FactKind) -> None:
    """Refuse a bound condition that no fact of `kind` can meet (NEVER_MATCHES), or that each one does (ALWAYS_MATCHES).

    Each one means each in which everything that is compared is known: `x < 5 or x >= 5` says no more than that x is
    known, and there is an operator for that. Exact, but for fields that are multiplied, which count as free, for
    counts, which are taken for any number, and for a condition that takes more than STEPS to see through: these are let
    pass.
    """
    ways = normal.alternatives(condition)
    everything = Room(lines=Lines(kind, (clause for way in ways for clause in way)))
    if not any(_possible(everything, way) for way in ways):
        raise Refusal(Code.NEVER_MATCHES, _never(kind, everything, ways))
    compared = frozenset(name for way in ways for clause in way for name in _compared(clause))
    known = Room(lines=everything.lines, known=compared)
    if not _escapable(known, ways):
        raise Refusal(Code.ALWAYS_MATCHES, _always(kind, known, ways, whatever=not _escapable(everything, ways)))


def _possible(space: Room, way: Way) -> bool:
    left: Room | None = space
    for clause in way:
        left = left and left.where(clause)
    return left is not None


def _escapable(space: Room, ways: Sequence[Way]) -> bool:
    """Whether some fact in `space` meets none of the `ways`, as far as STEPS can tell."""
    return _escapes(space, sorted(ways, key=len), iter(range(STEPS)))


def _escapes(space: Room, ways: Sequence[Way], steps: Iterator[int]) -> bool:
    if not ways:
        return True
    first, others = ways[0], ways[1:]
    if any(space.where(clause) is None for clause in first):
        return _escapes(space, others, steps)
    for broken in (each for clause in first for each in _broken(clause)):
        if next(steps, None) is None:
            return True
        left = space.where(broken)
        if left is not None and _escapes(left, others, steps):
            return True
    return False


def _broken(clause: Clause) -> Iterator[Clause]:
    """What keeps a comparison from being true: that its opposite is, or that something in it is not known."""
    yield normal.opposite(clause)
    yield from (Clause(field=name, op=Operator.UNKNOWN) for name in _compared(clause))


def _clashing(space: Room, way: Way) -> Way:
    """The fewest clauses of an impossible way that are impossible together, in their order.

    The first clause that leaves no room after those before it is one of them; it goes to the front, and so on.
    """
    core: list[Clause] = []
    others = way
    while True:
        left: Room | None = space
        for clause in (*core, *others):
            left = left and left.where(clause)
            if left is None:
                break
        if clause in core:
            return [each for each in way if each in core]
        core.append(clause)
        others = others[: others.index(clause)]


def _fewest(ways: Sequence[Way], still: Callable[[Sequence[Way]], bool]) -> Sequence[Way]:
    """The `ways` less those without which what holds of them all `still` holds."""
    kept = list(ways)
    for way in ways:
        fewer = [each for each in kept if each is not way]
        if still(fewer):
            kept = fewer
    return kept


def _compared(clause: Clause) -> frozenset[str]:
    return frozenset() if clause.op in outline.PRESENCE else room.reads(clause)


def _never(kind: FactKind, everything: Room, ways: Sequence[Way]) -> str:
    core = _clashing(everything, ways[0])
    said = _listed([_said(kind, clause) for clause in core], "and")
    fault = f"{said} is never true{_range(kind, core[0])}" if len(core) == 1 else f"{said} contradict each other"
    where = "" if len(ways) == 1 else "Each branch of it contradicts itself; in the first, "
    return (
        f"Nothing can ever meet this condition. {where}{fault}; change or remove {'it' if len(core) == 1 else 'one'}."
    )


def _always(kind: FactKind, known: Room, ways: Sequence[Way], *, whatever: bool) -> str:
    core = _fewest(ways, lambda fewer: not _escapable(known, fewer))
    said = _listed([" and ".join(_said(kind, clause) for clause in way) for way in core], "or")
    names = sorted({kind.field(name).label for way in core for clause in way for name in room.reads(clause)})
    when = "" if whatever else f" as soon as {_listed(names, 'and')} {'is' if len(names) == 1 else 'are'} known"
    hint = _range(kind, core[0][0]) if len(core) == 1 else ""
    return f"Everything meets this condition{when}: {said} is always true{hint}; narrow it, or say what else must hold."


def _range(kind: FactKind, clause: Clause) -> str:
    """Where a number has ends by nature: ` (KPIs goes from 0)`."""
    field = kind.field(clause.field)
    ends = [f"{word} {end}" for word, end in (("from", field.least), ("to", field.most)) if end is not None]
    return f" ({field.label} goes {' '.join(ends)})" if ends else ""


def _listed(words: Sequence[str], last: str) -> str:
    if len(words) > LONGEST:
        return f"{', '.join(words[:LONGEST])} {last} {len(words) - LONGEST} more"
    return f" {last} ".join(filter(None, (", ".join(words[:-1]), words[-1])))


def _said(kind: FactKind, clause: Clause) -> str:
    """A comparison in the words of its field: `"Band = red"`."""
    field = kind.field(clause.field)
    if clause.op in outline.PRESENCE:
        return f'"{field.label} {outline.PRESENCE[clause.op][0]}"'
    match clause.value:
        case FieldRef(field=other, times=times):
            against = kind.field(other).label if times == 1 else f"{times} × {kind.field(other).label}"
        case value:
            against = wording.valued(field, value, "", "en")
    return f'"{field.label} {outline.SIGNS[clause.op]} {against}"'
