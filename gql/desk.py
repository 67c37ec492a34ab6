"""The desk: what HTTP, server-sent events and WebSockets share between a request's bytes and its answer."""

import secrets
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

import structlog
from graphql import OperationType

from app import issuer, picture
from app.actor import Actor
from app.call import Call
from app.runtime import Runtime
from gql import operation
from gql.access import Bearer, Unauthenticated, bearer
from gql.context import Context
from gql.errors import UNAVAILABLE, Rejected
from gql.negotiation import language
from gql.operation import Answer, Asked, Kinds, Operation
from gql.rate import Rate
from gql.trusted import Trusted
from okr.errors import Refusal, Unavailable

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """Who asks, in which language, and the word that logs and the audit call the request by."""

    bearer: Bearer
    language: str
    request: str


@dataclass(frozen=True, kw_only=True)
class Desk:
    """One service: it knows callers by their tokens, reads what they ask and answers it."""

    runtime: Runtime
    key: bytes
    rate: Rate
    trusted: Trusted | None

    @classmethod
    def of(cls, runtime: Runtime) -> Self:
        """Return the desk of a runtime that is up."""
        settings = runtime.settings
        listed = settings.trusted_documents
        return cls(
            runtime=runtime,
            key=issuer.public_key(settings),
            rate=Rate(settings),
            trusted=Trusted.read(listed) if listed else None,
        )

    async def asker(self, authorization: str | None, languages: str = "", request: str = "") -> Asker:
        """Return who an Authorization header speaks for; Rejected(UNAUTHENTICATED) where it cannot be believed.

        `languages` is an Accept-Language header, `request` the caller's word for the request, if any.
        """
        try:
            found = bearer(authorization, self.key, self.runtime.settings)
        except Unauthenticated as reason:
            raise Rejected(401, "UNAUTHENTICATED", str(reason), {"WWW-Authenticate": "Bearer"}) from None
        except Unavailable as failure:
            raise _overloaded(failure) from None
        return Asker(bearer=found, language=language(languages), request=request[:100] or secrets.token_hex(8))

    async def context(self, asker: Asker) -> Context:
        """Return a context on the organisation as it is now; Rejected where the caller does not work there."""
        try:
            at = self.runtime.now()
            store = self.runtime.store.tenant(asker.bearer.tenant)
            seen = await picture.of(store, at)
            actor = Actor.person(seen, asker.bearer.subject)
        except Refusal as refusal:
            raise Rejected(403, "FORBIDDEN", refusal.message) from None
        except Unavailable as failure:
            raise _overloaded(failure) from None
        call = Call(runtime=self.runtime, store=store, picture=seen, actor=actor, at=at, request=asker.request)
        return Context(call=call, language=asker.language, subject=asker.bearer.subject)

    def read(self, body: Mapping[str, Any]) -> Asked:
        """Return what a request asks for; Rejected where it is no GraphQL request, or none of the trusted ones."""
        variables, extensions = (_map(body, part) for part in ("variables", "extensions"))
        name = body.get("operationName")
        if name is not None and not isinstance(name, str):
            raise Rejected(400, "BAD_REQUEST", "`operationName` is a text or null.")
        wants = extensions.get("cost") is True
        query = self.trusted.query(body) if self.trusted else _query(body)
        return Asked(query=query, name=name or None, variables=variables, wants_cost=wants)

    def chosen(self, asked: Asked, allowed: Kinds) -> Operation | Answer:
        """Return the operation that is asked for, or the answer that refuses it; see gql.operation.chosen."""
        settings = self.runtime.settings
        return operation.chosen(asked, allowed, introspection=settings.introspects, suggestions=settings.suggests)

    async def answers(self, chosen: Operation, asker: Asker) -> AsyncGenerator[Answer]:
        """Execute an operation for a caller, and yield its answers; one, but for a subscription.

        Rejected where the caller has used up what may be asked for, or does not work there.
        """
        settings, who = self.runtime.settings, asker.bearer
        left = self.rate.take(who.tenant, who.subject, chosen.cost)
        context = await self.context(asker)
        async for answer in operation.answers(
            chosen, context, seconds=settings.operation_seconds, suggestions=settings.suggests
        ):
            used = min(chosen.cost, 1 + context.items)
            if chosen.kind is not OperationType.SUBSCRIPTION:
                self.rate.give_back(who.tenant, who.subject, chosen.cost - used)
            if not chosen.asked.wants_cost:
                yield answer
                continue
            cost = {"requested": chosen.cost, "used": used, "most": left.most, "left": left.left + chosen.cost - used}
            yield replace(answer, extensions={**answer.extensions, "cost": cost})


def _query(body: Mapping[str, Any]) -> str:
    query = body.get("query")
    if query is None and ("documentId" in body or "persistedQuery" in (body.get("extensions") or {})):
        raise Rejected(400, "PERSISTED_QUERY_NOT_FOUND", "No documents are kept here; send the `query` itself.")
    if query is None or query == "":
        raise Rejected(400, "BAD_REQUEST", "There is no `query` in the request.")
    if not isinstance(query, str):
        raise Rejected(400, "BAD_REQUEST", "The `query` is a text.")
    return query


def _map(body: Mapping[str, Any], part: str) -> Mapping[str, Any]:
    found = body.get(part)
    if found is not None and not isinstance(found, dict):
        raise Rejected(400, "BAD_REQUEST", f"`{part}` is an object or null.")
    return found or {}


def _overloaded(failure: Unavailable) -> Rejected:
    log.warning("unavailable", reason=str(failure))
    return Rejected(503, "OVERLOADED", UNAVAILABLE, {"Retry-After": "2"})
