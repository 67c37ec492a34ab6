"""Tests of the room that comparisons leave to a fact."""

import pytest

from rules.condition import Clause, FieldRef
from rules.fields import Choice, FactKind, Field, FieldType, Operator
from rules.room import Lines, Room, Span

KIND = FactKind(
    name="thing",
    label="Thing",
    fields=(
        *(Field(name=f"n{at}", label=f"N{at}", type=FieldType.NUMBER) for at in range(9)),
        *(Field(name=f"flag{at}", label=f"Flag {at}", type=FieldType.BOOLEAN) for at in range(3)),
        Field(name="share", label="Share", type=FieldType.NUMBER, least=0, most=1),
        Field(name="due", label="Due", type=FieldType.DAY),
        Field(
            name="band",
            label="Band",
            type=FieldType.CHOICE,
            choices=(Choice(value="red", label="red"), Choice(value="green", label="green")),
        ),
        Field(name="owner", label="Owner", type=FieldType.REFERENCE),
    ),
)


def left(*clauses: Clause) -> Room | None:
    """Return the room that is left where all clauses hold."""
    room: Room | None = Room(lines=Lines(KIND, clauses))
    for clause in clauses:
        room = room and room.where(clause)
    return room


def other(name: str, op: Operator, field: str) -> Clause:
    """Return a comparison of two fields."""
    return Clause(field=name, op=op, value=FieldRef(field=field))


@pytest.mark.parametrize(
    ("op", "free"),
    [
        pytest.param(Operator.LT, [1, 2], id="below 4"),
        pytest.param(Operator.LTE, [1, 2, 4], id="up to 4"),
        pytest.param(Operator.GT, [5], id="above 4"),
        pytest.param(Operator.GTE, [4, 5], id="from 4"),
        pytest.param(Operator.EQ, [4], id="4"),
        pytest.param(Operator.NE, [1, 2, 5], id="not 4"),
    ],
)
def test_a_span_is_cut_where_a_comparison_says(op: Operator, free: list[int]) -> None:
    span = Span(least=1, most=5, holes=frozenset({3})).cut(op, 4)

    assert [place for place in range(9) if span.free(place) == place] == free


def test_every_type_has_its_line() -> None:
    lines = Lines(KIND, [Clause(field="owner", op=Operator.EQ, value="per_1")])

    assert [lines.place("n0", each) for each in (-1, 0.000001, 0.3, 10**15 - 1)] == [
        -1_000_000,
        1,
        300_000,
        10**21 - 10**6,
    ]
    assert (lines.place("due", 20_454), lines.place("flag0", True)) == (20_454, 1)
    assert lines.span("share") == Span(least=0, most=1_000_000)
    assert lines.span("flag0") == Span(least=0, most=1)
    assert [lines.place("band", each) for each in ("green", "red")] == [0, 2]
    assert lines.span("band") == Span(least=0, most=2, holes=frozenset({lines.place("owner", "per_1")}))


def test_nothing_lies_above_itself_by_any_way_round() -> None:
    ring = [other(f"n{at}", Operator.LT, f"n{at + 1}") for at in range(8)]

    assert left(*ring) is not None
    assert left(*ring, other("n8", Operator.LTE, "n0")) is None
    assert left(other("n0", Operator.GT, "n0")) is None


def test_limits_travel_along_the_orders() -> None:
    chain = (other("n1", Operator.GT, "n0"), other("share", Operator.GTE, "n1"))

    assert left(Clause(field="n0", op=Operator.GTE, value=0.999999), *chain) is not None
    assert left(Clause(field="n0", op=Operator.GTE, value=1), *chain) is None


def test_three_that_all_differ_do_not_fit_into_two_values() -> None:
    differ = [other(f"flag{one}", Operator.NE, f"flag{two}") for one, two in ((0, 1), (1, 2), (0, 2))]

    assert left(*differ[:2]) is not None
    assert left(*differ) is None


def test_what_must_be_known_cannot_be_unknown() -> None:
    unknown = Clause(field="n1", op=Operator.UNKNOWN)

    assert left(other("n0", Operator.LT, "n1"), unknown) is None
    assert left(unknown, other("n0", Operator.LT, "n1")) is None
    assert left(unknown, Clause(field="n1", op=Operator.KNOWN)) is None
    assert left(unknown, Clause(field="n0", op=Operator.LT, value=1)) is not None
