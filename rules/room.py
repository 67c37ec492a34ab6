"""The room that comparisons leave to a fact: exact intervals, so that nothing is called impossible that is not."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal

from rules import fields
from rules.condition import Clause, FieldRef
from rules.fields import FactKind, FieldType, Operator

TRIES = 6
"""How many pairs of fields that must differ are looked at both ways round; more are taken to be possible."""

_FAR = fields.LARGEST * 10**fields.DECIMALS - 1
_BACK = {Operator.GT: Operator.LT, Operator.GTE: Operator.LTE}

Order = tuple[str, str, int]
"""The second field lies above the first by at least so much (0: it may be equal)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """The places from `least` to `most`, both included, less the `holes`."""

    least: int
    most: int
    holes: frozenset[int] = frozenset()

    def free(self, place: int) -> int | None:
        """Return the first place in the span that is not before `place`."""
        place = max(place, self.least)
        while place in self.holes:
            place += 1
        return place if place <= self.most else None

    def cut(self, op: Operator, place: int) -> "Span":
        """Return what is left where a value compares with `place` like this."""
        least, most = self.least, self.most
        match op:
            case Operator.LT:
                return Span(least=least, most=min(most, place - 1), holes=self.holes)
            case Operator.LTE:
                return Span(least=least, most=min(most, place), holes=self.holes)
            case Operator.GT:
                return Span(least=max(least, place + 1), most=most, holes=self.holes)
            case Operator.GTE:
                return Span(least=max(least, place), most=most, holes=self.holes)
            case Operator.EQ:
                return Span(least=max(least, place), most=min(most, place), holes=self.holes)
            case _:
                return Span(least=least, most=most, holes=self.holes | {place})


class Lines:
    """Puts the values of every type on a line of whole numbers, in their order.

    Numbers count in millionths, to which the schema rounds them, and days in days. Words have their places in the order
    of the alphabet; where a field may hold any word, those that no clause names come after them.
    """

    def __init__(self, kind: FactKind, clauses: Iterable[Clause]) -> None:
        named = {clause.value for clause in clauses if isinstance(clause.value, str)}
        self._fields = {field.name: field for field in kind.fields}
        self._words = {
            word: place
            for place, word in enumerate(sorted(named.union(*(self._choices(name) for name in self._fields))))
        }

    def place(self, name: str, value: object) -> int:
        """Return where a canonical value of the field lies."""
        if isinstance(value, str):
            return self._words[value]
        if isinstance(value, int) and self._fields[name].type is not FieldType.NUMBER:
            return int(value)
        return int(Decimal(str(value)).scaleb(fields.DECIMALS))

    def span(self, name: str) -> Span:
        """Return where the values of the field can lie at all."""
        field = self._fields[name]
        match field.type:
            case FieldType.NUMBER:
                least, most = (None if end is None else self.place(name, end) for end in (field.least, field.most))
                return Span(least=-_FAR if least is None else least, most=_FAR if most is None else most)
            case FieldType.DAY:
                return Span(least=fields.FIRST_DAY, most=fields.LAST_DAY)
            case FieldType.BOOLEAN:
                return Span(least=0, most=1)
            case FieldType.CHOICE if field.choices:
                others = self._words.keys() - self._choices(name)
                holes = frozenset(self._words[word] for word in others)
                return Span(least=0, most=len(self._words) - 1, holes=holes)
            case _:
                return Span(least=0, most=_FAR)

    def _choices(self, name: str) -> frozenset[str]:
        return frozenset(choice.value for choice in self._fields[name].choices)


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """The facts that meet some comparisons: what is known, where it lies, and how fields lie to each other.

    What a multiplied field says is not followed: it counts as possible as soon as both fields can be known.
    """

    lines: Lines
    spans: Mapping[str, Span] = field(default_factory=dict)
    orders: tuple[Order, ...] = ()
    apart: tuple[tuple[str, str], ...] = ()
    known: frozenset[str] = frozenset()
    unknown: frozenset[str] = frozenset()

    def where(self, clause: Clause) -> "Room | None":
        """Return the room that is left where a plain comparison holds too, None where there is none."""
        if clause.op is Operator.UNKNOWN:
            return None if clause.field in self.known else replace(self, unknown=self.unknown | {clause.field})
        read = reads(clause)
        if read & self.unknown:
            return None
        room = self if read <= self.known else replace(self, known=self.known | read)
        match clause.value:
            case FieldRef(field=other, times=1):
                return room._beside(clause.field, clause.op, other)
            case FieldRef() | None:
                return room
            case value:
                return room._cut(clause.field, clause.op, value)

    def _cut(self, name: str, op: Operator, value: object) -> "Room | None":
        span = self._span(name).cut(op, self.lines.place(name, value))
        if span.free(span.least) is None:
            return None
        room = replace(self, spans={**self.spans, name: span})
        return room if room._fits(room.orders, TRIES) else None

    def _beside(self, name: str, op: Operator, other: str) -> "Room | None":
        if op in _BACK:
            name, op, other = other, _BACK[op], name
        match op:
            case Operator.NE:
                room = replace(self, apart=(*self.apart, (name, other)))
            case Operator.EQ:
                room = replace(self, orders=(*self.orders, (name, other, 0), (other, name, 0)))
            case _:
                room = replace(self, orders=(*self.orders, (name, other, int(op is Operator.LT))))
        return room if room._fits(room.orders, TRIES) else None

    def _fits(self, orders: tuple[Order, ...], tries: int) -> bool:
        """Whether some values keep the orders and differ where they must."""
        low = self._lowest(orders)
        if low is None:
            return False
        same = next(((one, other) for one, other in self.apart if low[one] == low[other]), None)
        if same is None or not tries:
            return True
        one, other = same
        return any(self._fits((*orders, order), tries - 1) for order in ((one, other, 1), (other, one, 1)))

    def _lowest(self, orders: tuple[Order, ...]) -> dict[str, int] | None:
        """The lowest place of each field that is compared with another; None where the orders leave none."""
        pairs = (*((one, other) for one, other, _ in orders), *self.apart)
        names = frozenset(name for pair in pairs for name in pair)
        if _circular(names, orders):
            return None
        spans = {name: self._span(name) for name in names}
        low = {name: span.free(span.least) or 0 for name, span in spans.items()}
        moving = True
        while moving:
            moving = False
            for one, other, gap in orders:
                if low[one] + gap > low[other]:
                    place = spans[other].free(low[one] + gap)
                    if place is None:
                        return None
                    low[other], moving = place, True
        return low

    def _span(self, name: str) -> Span:
        return self.spans.get(name) or self.lines.span(name)


def reads(clause: Clause) -> frozenset[str]:
    """Return the fields that a plain comparison looks at."""
    other = {clause.value.field} if isinstance(clause.value, FieldRef) else set()
    return frozenset({clause.field, *other})


def _circular(names: Iterable[str], orders: tuple[Order, ...]) -> bool:
    """Whether some field would have to lie above itself: then places rise for ever."""
    rank = dict.fromkeys(names, 0)
    for _ in range(len(rank) + 1):
        risen = [(other, rank[one] + gap) for one, other, gap in orders if rank[one] + gap > rank[other]]
        if not risen:
            return False
        for other, place in risen:
            rank[other] = max(rank[other], place)
    return True
