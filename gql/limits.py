"""How large a document may be: one validation rule that looks at each fragment once, however often it is used."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLSchema,
    InlineFragmentNode,
    Node,
    NoSchemaIntrospectionCustomRule,
    OperationDefinitionNode,
    SelectionSetNode,
    ValidationContext,
    ValidationRule,
    validate,
)
from strawberry.extensions import SchemaExtension
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


class Limits(SchemaExtension):
    """Puts the rule before those of the specification, and bounds the tokens before anything is parsed.

    In production nobody introspects the schema; clients have it from the repository.
    """

    def on_operation(self) -> Iterator[None]:
        """Set the limits of one operation."""
        context = self.execution_context
        if context.context.is_production:
            context.validation_rules = (NoSchemaIntrospectionCustomRule, *context.validation_rules)
        context.parse_options["max_tokens"] = TOKENS
        yield

    def on_validate(self) -> Iterator[None]:
        """Measure the document before the rules of the specification, some of which take the square of its size.

        Of several operations one has to be named; Strawberry would take the first.
        """
        context = self.execution_context
        document = context.graphql_document
        if document is not None:
            schema: GraphQLSchema = context.schema._schema
            found = validate(schema, document, [LimitRule])
            operations = [one for one in document.definitions if isinstance(one, OperationDefinitionNode)]
            if len(operations) > 1 and context._provided_operation_name is None:
                said = "The document has several operations; say which by operationName."
                found.append(GraphQLError(said, operations, extensions={"code": "OPERATION_RESOLUTION_FAILURE"}))
            context.pre_execution_errors = found or None
        yield


class Bounded(StrawberryGraphQLCoreExecutionContext):
    """Executes an operation, and gives up where its lists hold more items than anyone reads.

    A small document can ask for an endless answer by going round: key results, their objective, its key results.
    """

    def complete_iterable_value(self, *args: Any, **kwargs: Any) -> Any:
        """Complete a list once its items are within what one answer may hold."""
        info, items = args[2], args[4]
        info.context.spend(len(items))
        return super().complete_iterable_value(*args, **kwargs)
