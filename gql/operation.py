"""One operation, whichever way it came: what is asked, whether it may be executed, and what is answered."""

import asyncio
import functools
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    DocumentNode,
    ExecutionResult,
    GraphQLError,
    GraphQLSchema,
    NoSchemaIntrospectionCustomRule,
    OperationDefinitionNode,
    OperationType,
    create_source_event_stream,
    execute_subscription_event,
    parse,
    specified_rules,
    validate,
)

from gql import cost, errors, limits
from gql.context import Context
from gql.errors import Rejected
from gql.limits import Bounded
from gql.schema import SCHEMA

REMEMBERED = 500
"""How many documents are kept parsed and validated; clients send the same ones again and again."""

LONGEST_REMEMBERED = 20_000

Kinds = frozenset[OperationType]
ONCE: Kinds = frozenset({OperationType.QUERY, OperationType.MUTATION})
EVERY: Kinds = ONCE | {OperationType.SUBSCRIPTION}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a request asks for."""

    query: str
    name: str | None = None
    variables: Mapping[str, Any] = field(default_factory=dict)
    wants_cost: bool = False
    """Whether the answer shall tell what it cost."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What is said to an operation, or to one event of a subscription.

    Where nothing was `executed` the body has no `data`.
    """

    executed: bool
    data: dict[str, Any] | None = None
    errors: tuple[GraphQLError, ...] = ()
    extensions: Mapping[str, object] = field(default_factory=dict)

    @property
    def body(self) -> dict[str, object]:
        """Return the answer as clients get it."""
        said: dict[str, object] = {}
        if self.errors:
            said["errors"] = [error.formatted for error in self.errors]
        if self.executed:
            said["data"] = self.data
        if self.extensions:
            said["extensions"] = dict(self.extensions)
        return said

    def said(self, code: str) -> Mapping[str, Any] | None:
        """Return the extensions of the first error with that code, None where there is none."""
        found = (error.extensions or {} for error in self.errors)
        return next((one for one in found if one.get("code") == code), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A document that was looked at: its syntax tree, or what is wrong with it."""

    tree: DocumentNode | None = None
    errors: tuple[GraphQLError, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """An operation that is valid, and the variables it is to be executed with."""

    document: DocumentNode
    definition: OperationDefinitionNode
    asked: Asked
    cost: int
    """What it may come to, in points; see gql.cost."""

    @property
    def kind(self) -> OperationType:
        """Tell a query from a mutation from a subscription."""
        return self.definition.operation


def refused(*found: GraphQLError, fallback: str) -> Answer:
    """Return the answer to an operation that is not executed."""
    return Answer(executed=False, errors=tuple(errors.classified(error, fallback) for error in found))


def chosen(asked: Asked, allowed: Kinds, *, introspection: bool, suggestions: bool) -> Operation | Answer:
    """Return the operation that is asked for, or the answer that refuses it.

    Raises Rejected where it is of a kind that cannot be had this way.
    """
    document = looked_at(asked.query, introspection=introspection, suggestions=suggestions)
    if document.tree is None:
        return Answer(executed=False, errors=document.errors)
    definition = _named(document.tree, asked.name)
    if isinstance(definition, GraphQLError):
        return Answer(executed=False, errors=(definition,))
    if definition.operation not in allowed:
        raise _elsewhere(definition.operation)
    if too_much := limits.of_variables(asked.variables):
        return Answer(executed=False, errors=(too_much,))
    price = cost.of(_schema(), document.tree, definition, asked.variables)
    if price > cost.MOST:
        return Answer(executed=False, errors=(cost.too_much(price),))
    return Operation(document=document.tree, definition=definition, asked=asked, cost=price)


def looked_at(query: str, *, introspection: bool, suggestions: bool) -> Document:
    """Return a document parsed, measured and validated; what clients send again and again is looked at once."""
    look = _remembered if len(query) <= LONGEST_REMEMBERED else _look
    return look(query, introspection, suggestions)


async def answers(
    operation: Operation, context: Context, *, seconds: float, suggestions: bool
) -> AsyncGenerator[Answer]:
    """Execute an operation, and yield its answer; of a subscription, one for each event, the last one if it fails.

    An answer that takes longer than `seconds` is given up: TIMEOUT.
    """
    executor = Bounded.build(
        _schema(),
        operation.document,
        context_value=context,
        raw_variable_values=dict(operation.asked.variables),
        operation_name=operation.definition.name.value if operation.definition.name else None,
        hide_suggestions=not suggestions,
    )
    if isinstance(executor, list):
        yield refused(*executor, fallback="BAD_USER_INPUT")
        return
    if operation.kind is not OperationType.SUBSCRIPTION:
        yield await _in_time(executor.execute_operation(), seconds)
        return
    source: Any = create_source_event_stream(executor)  # a stream of events, or what went wrong, or what awaits one
    if executor.is_awaitable(source):
        source = await source
    if isinstance(source, ExecutionResult):
        yield refused(*(source.errors or ()), fallback="BAD_USER_INPUT")
        return
    async with aclosing(source) as events:
        try:
            async for event in events:
                yield await _in_time(execute_subscription_event(executor.build_per_event_executor(event)), seconds)
        except Exception as fault:  # noqa: BLE001  # whatever ends a subscription is told to who listens
            yield refused(GraphQLError(str(fault), original_error=fault), fallback="BAD_USER_INPUT")


async def _in_time(work: Any, seconds: float) -> Answer:  # a result, or what awaits one
    try:
        async with asyncio.timeout(seconds):
            result: ExecutionResult = await work if hasattr(work, "__await__") else work
    except TimeoutError:
        said = f"This took longer than {seconds:g} seconds and was given up; ask for less at once."
        return Answer(executed=False, errors=(GraphQLError(said, extensions={"code": "TIMEOUT"}),))
    found = tuple(errors.classified(error, "BAD_USER_INPUT") for error in result.errors or ())
    return Answer(executed=True, data=result.data, errors=found)


def _look(query: str, introspection: bool, suggestions: bool) -> Document:
    try:
        tree = parse(query, max_tokens=limits.TOKENS)
    except GraphQLError as error:
        return Document(errors=(errors.classified(error, "GRAPHQL_PARSE_FAILED"),))
    # Measured first: some rules of the specification take the square of a document's size.
    found = validate(_schema(), tree, [limits.LimitRule])
    if not found:
        rules = specified_rules if introspection else (*specified_rules, NoSchemaIntrospectionCustomRule)
        found = validate(_schema(), tree, rules, hide_suggestions=not suggestions)
    if found:
        return Document(errors=tuple(errors.classified(error, "GRAPHQL_VALIDATION_FAILED") for error in found))
    return Document(tree=tree)


_remembered = functools.lru_cache(REMEMBERED)(_look)


def _named(tree: DocumentNode, name: str | None) -> OperationDefinitionNode | GraphQLError:
    defined = [one for one in tree.definitions if isinstance(one, OperationDefinitionNode)]
    named = defined if name is None else [one for one in defined if one.name and one.name.value == name]
    if len(named) == 1:
        return named[0]
    if not defined:
        said = "The document has no operation."
    elif named:
        said = "The document has several operations; say which by operationName."
    else:
        said = "The document has no operation of that name."
    return GraphQLError(said, extensions={"code": "OPERATION_RESOLUTION_FAILURE"})


def _elsewhere(kind: OperationType) -> Rejected:
    if kind is OperationType.SUBSCRIPTION:
        said = "Subscriptions stream: accept text/event-stream, or speak graphql-transport-ws."
        return Rejected(400, "BAD_REQUEST", said)
    return Rejected(405, "BAD_REQUEST", f"Send {kind.value}s by POST.", {"Allow": "POST"})


def _schema() -> GraphQLSchema:
    return SCHEMA._schema
