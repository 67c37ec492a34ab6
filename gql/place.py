"""Where in an input a refusal points: the trade's own paths, as the client wrote them."""

from collections.abc import Mapping

from strawberry.schema.name_converter import NameConverter
from strawberry.types import has_object_definition

NAMES = NameConverter()


def of(given: object, path: tuple[str, ...]) -> tuple[str, ...]:
    """Return the path in the input `given` that the trade calls `path`, cut where the input has no such part.

    What the trade calls `unit` an input calls `unitId`, `addresses` is `addressesIds`; a target's `redBound` is looked
    for in the parts of an input as well, and in a list an item's `name` stands for its position.
    """
    if not path:
        return ()
    head, rest = path[0], path[1:]
    if isinstance(given, list):
        at = next((n for n, item in enumerate(given) if head in (str(n), getattr(item, "name", None))), None)
        return () if at is None else (str(at), *of(given[at], rest))
    parts = _parts(given)
    for name in (head, f"{head}Id", f"{head.removesuffix('s')}Ids", f"{head}Ids"):
        if name in parts:
            return (name, *of(parts[name], rest))
    holder = next((name for name, part in parts.items() if head in _parts(part)), None)
    return () if holder is None else (holder, *of(parts[holder], path))


def _parts(given: object) -> Mapping[str, object]:
    """Return what an input holds, by the names that the schema gives its fields; nothing where it is no input."""
    if not has_object_definition(given):
        return {}
    fields = given.__strawberry_definition__.fields
    return {NAMES.get_graphql_name(field): getattr(given, field.python_name) for field in fields}
