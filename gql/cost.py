"""What an operation may come to, in points, reckoned before anything is executed."""

from collections.abc import Mapping
from typing import Any

from graphql import DocumentNode, GraphQLError, GraphQLSchema, OperationDefinitionNode

MOST = 100_000
"""The most points that one operation may cost."""


def of(
    schema: GraphQLSchema, document: DocumentNode, operation: OperationDefinitionNode, variables: Mapping[str, Any]
) -> int:
    """Return how many points an operation of a valid document may cost with these variables."""
    return 1


def too_much(price: int) -> GraphQLError:
    """Return the refusal of an operation that costs more than one may."""
    said = f"This may cost {price:,} points, and an operation at most {MOST:,}; ask for less at once."
    return GraphQLError(said, extensions={"code": "QUERY_TOO_COMPLEX", "cost": price, "limit": MOST})
