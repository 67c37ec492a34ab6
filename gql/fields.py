"""How views declare their fields, and how lists become pages."""

import base64
import binascii
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Generic, TypeVar

import orjson
import strawberry

from gql.errors import BadInput

T = TypeVar("T")
LARGEST_PAGE = 100

First = Annotated[int | None, strawberry.argument(description="How many items, 1 to 100; there is a default.")]
After = Annotated[str | None, strawberry.argument(description="The endCursor of the page before; default: the start.")]
InCycle = Annotated[strawberry.ID | None, strawberry.argument(description="The cycle; default: the present quarter.")]
# A parameter that is called root would be taken for the parent object.
Below = Annotated[
    strawberry.ID | None,
    strawberry.argument(name="root", description="Only this unit and what is below it; default: all that is visible."),
]


def field(description: str, kind: object = None) -> Callable[[Callable[..., object]], Any]:
    """Declare a field of a view whose resolver works on the domain object; `kind` is its GraphQL type where the
    resolver's own annotation names a domain type.
    """

    def declare(resolver: Callable[..., object]) -> Any:  # a StrawberryField, typed as what it holds
        return strawberry.field(resolver=resolver, description=description, graphql_type=kind)

    return declare


@strawberry.type(description="Where a page stands in its list.")
class PageInfo:
    """Relay's PageInfo."""

    has_next_page: bool = strawberry.field(description="Whether the list goes on after this page.")
    has_previous_page: bool = strawberry.field(description="Whether anything stands before this page.")
    start_cursor: str | None = strawberry.field(description="The cursor of the first edge.")
    end_cursor: str | None = strawberry.field(description="The cursor of the last edge: pass it as `after`.")


@strawberry.type(description="One item of a page.")
class Edge(Generic[T]):
    """Relay's Edge."""

    node: T = strawberry.field(description="The item.")
    cursor: str = strawberry.field(description="Where the item stands; stays true while the list changes around it.")


@strawberry.type(description="One page of a list.")
class Connection(Generic[T]):
    """Relay's Connection, with the size of the whole list."""

    edges: list[Edge[T]] = strawberry.field(description="The items of this page with their cursors.")
    nodes: list[T] = strawberry.field(description="The items of this page.")
    page_info: PageInfo = strawberry.field(description="Where this page stands.")
    total_count: int | None = strawberry.field(
        description="How many the whole list has, where that is known at no cost."
    )


@dataclass(frozen=True, slots=True)
class Window:
    """A checked request for a page: at most `size` items after the place `after` (the sort values of a cursor)."""

    size: int
    after: tuple[Any, ...] | None


def window(first: int | None, after: str | None, default: int = 50) -> Window:
    """Return the page asked for; refuse a size outside 1–100 and a cursor that is not ours."""
    size = default if first is None else first
    if not 1 <= size <= LARGEST_PAGE:
        raise BadInput(f"first is from 1 to {LARGEST_PAGE}; {size} was asked for.", "first")
    return Window(size, None if after is None else _place(after))


def cursor(place: Sequence[object]) -> str:
    """Return the cursor of an item whose sort values are `place`."""
    return base64.urlsafe_b64encode(orjson.dumps(list(place), default=str)).decode()


def _place(text: str) -> tuple[Any, ...]:
    try:
        place = orjson.loads(base64.urlsafe_b64decode(text.encode()))
    except (binascii.Error, ValueError):
        place = None
    if not isinstance(place, list) or not place or not all(isinstance(value, str | int | float) for value in place):
        raise BadInput("This is no cursor of this list; pass an endCursor that you got from it.", "after")
    return tuple(place)


def page(
    items: Sequence[T], places: Callable[[T], tuple[Any, ...]], asked: Window
) -> Any:  # a Connection of views, built from domain objects
    """Return the page `asked` of `items`, sorted by `places` (values that JSON keeps as they are, the key last)."""
    placed = sorted(((places(item), item) for item in items), key=lambda pair: pair[0])
    try:
        rest = [pair for pair in placed if asked.after is None or pair[0] > asked.after]
    except TypeError:
        raise BadInput("This cursor belongs to another list.", "after") from None
    return connection(
        rest[: asked.size],
        more=len(rest) > asked.size,
        before=len(rest) < len(placed),
        total=len(placed),
    )


def connection(
    placed: Sequence[tuple[Sequence[object], T]], *, more: bool, before: bool, total: int | None
) -> Any:  # as page
    """Return a connection of items that are already cut to one page, each with its place."""
    edges = [Edge(node=item, cursor=cursor(place)) for place, item in placed]
    return Connection(
        edges=edges,
        nodes=[edge.node for edge in edges],
        page_info=PageInfo(
            has_next_page=more,
            has_previous_page=before,
            start_cursor=edges[0].cursor if edges else None,
            end_cursor=edges[-1].cursor if edges else None,
        ),
        total_count=total,
    )
