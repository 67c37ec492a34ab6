"""How views declare their fields, and how lists become pages."""

import base64
import binascii
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Generic, TypeVar

import orjson
import strawberry

from gql.arguments import BadInput

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
    """A checked request for a page of the list `name`: at most `size` items after the place `after` (a cursor's)."""

    name: str
    size: int
    after: tuple[Any, ...] | None


def window(name: str, first: int | None, after: str | None, default: int = 50) -> Window:
    """Return the page asked for; refuse a size outside 1–100 and a cursor that is not of this list."""
    size = default if first is None else first
    if not 1 <= size <= LARGEST_PAGE:
        raise BadInput(f"first is from 1 to {LARGEST_PAGE}; {size} was asked for.", "first")
    return Window(name, size, None if after is None else _place(name, after))


def foreign() -> BadInput:
    """Return the refusal of a cursor that belongs to no item of the list."""
    return BadInput("This is no cursor of this list; pass an endCursor that you got from it.", "after")


def _cursor(name: str, place: Sequence[object]) -> str:
    return base64.urlsafe_b64encode(orjson.dumps([name, *place], default=str)).decode()


def _place(name: str, text: str) -> tuple[Any, ...]:
    try:
        match orjson.loads(base64.urlsafe_b64decode(text.encode())):
            case [str(of), *place] if of == name and place and all(isinstance(one, str | int | float) for one in place):
                return tuple(place)
    except (binascii.Error, ValueError):
        pass
    raise foreign()


def page(
    items: Sequence[T], places: Callable[[T], tuple[Any, ...]], asked: Window
) -> Any:  # a Connection of views, built from domain objects
    """Return the page `asked` of `items`, sorted by `places` (values that JSON keeps as they are, the key last)."""
    placed = sorted(((places(item), item) for item in items), key=lambda pair: pair[0])
    try:
        rest = [pair for pair in placed if asked.after is None or pair[0] > asked.after]
    except TypeError:
        raise foreign() from None
    return connection(rest, asked, len(placed))


def connection(placed: Sequence[tuple[Sequence[object], T]], asked: Window, total: int | None = None) -> Any:  # as page
    """Return the page `asked` of items, each with its place, that follow its cursor; one more shows that there are."""
    edges = [Edge(node=item, cursor=_cursor(asked.name, place)) for place, item in placed[: asked.size]]
    return Connection(
        edges=edges,
        nodes=[edge.node for edge in edges],
        page_info=PageInfo(
            has_next_page=len(placed) > asked.size,
            has_previous_page=asked.after is not None,
            start_cursor=edges[0].cursor if edges else None,
            end_cursor=edges[-1].cursor if edges else None,
        ),
        total_count=total,
    )
