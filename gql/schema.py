"""The schema, built once, and how it is printed."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import strawberry
from graphql import GraphQLError
from strawberry.schema.config import StrawberryConfig
from strawberry.types import ExecutionContext

from gql.errors import Classify
from gql.limits import Bounded, Limits
from gql.mutations import Mutation
from gql.nodes import CheckIn, Cycle, KeyResult, Kpi, Objective, OrgUnit, Person, Recommendation, Waiver
from gql.policies import Policy
from gql.queries import Query
from gql.scalars import SCALARS

PRINTED = Path(__file__).with_name("schema.graphql")


class Schema(strawberry.Schema):
    """Strawberry's schema without its habit of logging every client's mistake with the whole document."""

    def process_errors(self, errors: Iterable[GraphQLError], execution_context: ExecutionContext | None = None) -> None:
        """Log nothing: Classify logs what nobody expected, and a client's mistake is the client's."""


def _limits() -> Limits:
    return Limits()


def _classify() -> Classify:
    return Classify()


SCHEMA = Schema(
    query=Query,
    mutation=Mutation,
    types=[CheckIn, Cycle, KeyResult, Kpi, Objective, OrgUnit, Person, Policy, Recommendation, Waiver],
    extensions=[_classify, _limits],
    execution_context_class=Bounded,
    config=StrawberryConfig(scalar_map=SCALARS),
)


def printed() -> str:
    """Return the schema in the schema definition language, as it is committed."""
    text: Any = SCHEMA.as_str()
    return f"{text}\n"
