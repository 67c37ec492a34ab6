"""The schema, built once, and how it is printed."""

from pathlib import Path
from typing import Any

import strawberry
from strawberry.schema.config import StrawberryConfig

from gql.mutations import Mutation
from gql.nodes import CheckIn, Cycle, KeyResult, Kpi, Objective, OrgUnit, Person, Recommendation, Waiver
from gql.policies import Policy
from gql.queries import Query
from gql.scalars import SCALARS

PRINTED = Path(__file__).with_name("schema.graphql")


SCHEMA = strawberry.Schema(
    query=Query,
    mutation=Mutation,
    types=[CheckIn, Cycle, KeyResult, Kpi, Objective, OrgUnit, Person, Policy, Recommendation, Waiver],
    config=StrawberryConfig(scalar_map=SCALARS),
)


def printed() -> str:
    """Return the schema in the schema definition language, as it is committed."""
    text: Any = SCHEMA.as_str()
    return f"{text}\n"
