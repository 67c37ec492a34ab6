"""The whole service for tests above the store: real MongoDB, the real engine, a clock that stands where it is put."""

import uuid
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from pymongo import AsyncMongoClient
from pymongo.asynchronous.database import AsyncDatabase

from app import issuer, org, policies
from app.call import Call
from app.org import PersonDraft, UnitDraft
from app.runtime import Runtime
from app.settings import Settings
from gql import asgi
from okr.org import Grant, Role
from okr.text import Text
from rules.judge import Judge
from rules.worker import Limits, Worker
from store import layout, migrations
from store.codec import Document
from store.mongo import Store
from store.tripwire import Tripwire

NOON = datetime(2026, 8, 15, 12, tzinfo=UTC)


@dataclass
class Clock:
    """A clock that stands still until it is put forward."""

    at: datetime = NOON

    def __call__(self) -> datetime:
        """Return where it stands."""
        return self.at

    def put(self, day: date, hour: int = 12) -> datetime:
        """Put it to an hour of a day in UTC."""
        self.at = datetime(day.year, day.month, day.day, hour, tzinfo=UTC)
        return self.at


@pytest.fixture(scope="session")
async def laid_out(mongodb: AsyncMongoClient[dict[str, Any]]) -> AsyncIterator[AsyncDatabase[Document]]:
    """A database that is laid out once for the run."""
    database = mongodb[f"test_{uuid.uuid4().hex[:12]}"]
    await migrations.prepare(database)
    yield database
    await mongodb.drop_database(database.name)


@pytest.fixture(scope="session")
async def judge() -> AsyncIterator[Judge]:
    """The rules engine, with limits that a busy machine does not reach."""
    async with Worker(Limits(answer_seconds=30, start_seconds=60)) as worker:
        yield Judge(worker)


@pytest.fixture
def clock() -> Clock:
    """The clock of the service."""
    return Clock()


@pytest.fixture
async def runtime(
    laid_out: AsyncDatabase[Document], mongodb_uri: str, judge: Judge, clock: Clock, tmp_path: Path
) -> AsyncIterator[Runtime]:
    """A service with no tenants yet; at the end no command may have left without a tenant."""
    tripwire = Tripwire()
    store = Store.connect(mongodb_uri, laid_out.name, listeners=[tripwire])
    settings = Settings(mongodb_uri=mongodb_uri, database=laid_out.name, data=tmp_path)
    yield Runtime(settings=settings, store=store, judge=judge, now=clock)
    await store.close()
    for name in (*layout.COLLECTIONS.values(), layout.TENANTS):
        await laid_out[name].delete_many({})
    tripwire.check()


@dataclass
class Client:
    """Somebody who speaks GraphQL to the service; `key` is the person behind the token."""

    http: httpx.AsyncClient
    token: str
    key: str = ""
    headers: dict[str, str] = field(default_factory=dict)

    async def ask(self, document: str, **variables: object) -> Mapping[str, Any]:
        """Return the whole answer to a document."""
        answer = await self.http.post(
            "/graphql/",
            json={"query": document, "variables": variables},
            headers={"Authorization": f"Bearer {self.token}", **self.headers},
        )
        found: Mapping[str, Any] = answer.json()
        return found

    async def data(self, document: str, **variables: object) -> Any:  # what JSON holds
        """Return the data of an answer that must have no errors."""
        answer = await self.ask(document, **variables)
        assert "errors" not in answer, answer["errors"]
        return answer["data"]


@dataclass
class Stage:
    """A company "acme" in UTC with a team, the cycles of 2026, one person a role, and the shipped policies."""

    runtime: Runtime
    clock: Clock
    http: httpx.AsyncClient
    company: str
    team: str
    other: str

    async def call(self, tenant: str = "acme") -> Call:
        """Begin a call of the service itself."""
        return await Call.begin(self.runtime, tenant)

    def client(self, role: str, tenant: str = "acme") -> Client:
        """Return a client with the token of the person who stands for a role."""
        subject = issuer.subject_of(tenant, role)
        token = issuer.mint(self.runtime.settings, tenant, subject, datetime.now(UTC))
        return Client(self.http, token)

    async def cycle(self, name: str = "2026 Q3") -> str:
        """Return the key of a cycle by its name."""
        call = await self.call()
        return next(key for key, found in call.picture.cycles.items() if found.name.original == name)


@pytest.fixture
async def stage(runtime: Runtime, clock: Clock) -> AsyncIterator[Stage]:
    """The company, its teams and people, and the service in front of it."""
    company, team, other = await people_of(runtime, "acme")
    transport = httpx.ASGITransport(asgi.application(runtime))
    async with httpx.AsyncClient(transport=transport, base_url="http://acme.test") as http:
        yield Stage(runtime, clock, http, company, team, other)


async def people_of(runtime: Runtime, tenant: str) -> tuple[str, str, str]:
    """Found a tenant with two teams and a person for each role; return the keys of the company and the teams.

    viewer, member and hr_admin stand on the company, the lead on the first team only.
    """
    call = await org.found(runtime, tenant, Text(original=tenant.title()))
    company = call.picture.root.key
    await org.open_cycles(call, 2026, 2026)
    team = await org.create_unit(call, UnitDraft(name=Text(original="Platform"), kind="team", parent=company))
    other = await org.create_unit(call, UnitDraft(name=Text(original="Sales"), kind="team", parent=company))
    where = {Role.LEAD: team.key}
    await org.add_people(
        call,
        *(
            PersonDraft(
                subject=issuer.subject_of(tenant, role),
                name=role.value.title(),
                unit=where.get(role, company),
                grants=(Grant(role=role, unit=where.get(role, company)),),
            )
            for role in Role
        ),
    )
    await policies.install(call)
    return company, team.key, other.key
