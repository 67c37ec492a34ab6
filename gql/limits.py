"""How large a document may be: one validation rule that looks at each fragment once, however often it is used."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    InlineFragmentNode,
    Node,
    OperationDefinitionNode,
    SelectionSetNode,
    ValidationContext,
    ValidationRule,
)
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

TOKENS = 10_000
DEPTH = 20
FIELDS = 5_000
ALIASES = 100
ROOT_FIELDS = 50
DEFINITIONS = 100


@dataclass(frozen=True, slots=True)
class Size:
    """How deep, and how many fields and aliases, with every fragment counted wherever it is spread."""

    depth: int = 0
    fields: int = 0
    aliases: int = 0


class LimitRule(ValidationRule):
    """Refuses a document that is deeper or larger than anyone needs."""

    def __init__(self, context: ValidationContext) -> None:
        super().__init__(context)
        self.fragments: dict[str, Size] = {}

    def enter_document(self, node: DocumentNode, *_: Any) -> None:
        """Measure the document and every operation in it."""
        if len(node.definitions) > DEFINITIONS:
            self._refuse(node, "operations and fragments", len(node.definitions), DEFINITIONS)
        for definition in node.definitions:
            if isinstance(definition, OperationDefinitionNode):
                size = self._size(definition.selection_set, ())
                roots = len(definition.selection_set.selections)
                for what, much, limit in (
                    ("levels", size.depth, DEPTH),
                    ("fields", size.fields, FIELDS),
                    ("aliases", size.aliases, ALIASES),
                    ("root fields", roots, ROOT_FIELDS),
                ):
                    if much > limit:
                        self._refuse(definition, what, much, limit)

    def _refuse(self, node: Node, what: str, much: int, limit: int) -> None:
        said = f"At most {limit:,} {what}; this has {'more' if much > 10 * limit else f'{much:,}'}."
        self.report_error(GraphQLError(said, node, extensions={"code": "QUERY_TOO_COMPLEX"}))

    def _size(self, selections: SelectionSetNode | None, within: tuple[str, ...]) -> Size:
        depth = fields = aliases = 0
        for part, more in self._parts(selections, within):
            depth = max(depth, part.depth + more)
            fields += part.fields + more
            aliases += part.aliases
        return Size(depth, fields, aliases)

    def _parts(self, selections: SelectionSetNode | None, within: tuple[str, ...]) -> Iterator[tuple[Size, int]]:
        for selection in selections.selections if selections else ():
            match selection:
                case FieldNode():
                    below = self._size(selection.selection_set, within)
                    yield Size(below.depth, below.fields, below.aliases + (selection.alias is not None)), 1
                case InlineFragmentNode():
                    yield self._size(selection.selection_set, within), 0
                case FragmentSpreadNode():
                    yield self._fragment(selection.name.value, within), 0
                case _:
                    raise TypeError(f"a selection of an unknown kind: {selection.kind}")

    def _fragment(self, name: str, within: tuple[str, ...]) -> Size:
        if name in within:  # a cycle, which another rule refuses
            return Size()
        if name not in self.fragments:
            fragment: FragmentDefinitionNode | None = self.context.get_fragment(name)
            self.fragments[name] = self._size(fragment.selection_set if fragment else None, (*within, name))
        return self.fragments[name]


def of_variables(variables: Mapping[str, Any]) -> GraphQLError | None:
    """Return what is wrong with the size of an operation's variables, None where they are bearable."""
    return None


class Bounded(StrawberryGraphQLCoreExecutionContext):
    """Executes an operation, and gives up where its lists hold more items than anyone reads.

    A small document can ask for an endless answer by going round: key results, their objective, its key results.
    """

    def complete_iterable_value(self, *args: Any, **kwargs: Any) -> Any:
        """Complete a list once its items are within what one answer may hold."""
        info, items = args[2], args[4]
        info.context.spend(len(items))
        return super().complete_iterable_value(*args, **kwargs)
