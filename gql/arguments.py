"""Arguments of queries, and what is said of one that cannot be answered."""

from typing import Any

from graphql import GraphQLError


class BadInput(GraphQLError):
    """A query's argument that cannot be answered."""

    def __init__(self, message: str, argument: str | None = None) -> None:
        extensions: dict[str, Any] = {"code": "BAD_USER_INPUT"}
        if argument:
            extensions["argument"] = argument
        super().__init__(message, extensions=extensions)
