"""Who is calling: only tokens of the configured issuer, for this service and of people who work here, are believed."""

import base64
import hashlib
import hmac
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from app import issuer
from gql.access import NEEDED
from tests.gql.test_http import WHO, code
from tests.gql.test_values import assert_says_nothing_of_the_machine
from tests.gql.world import World

Claims = dict[str, Any]


def claims(world: World, **other: object) -> Claims:
    """Return what a good token says, but for `other`; None leaves a claim out."""
    now, settings = datetime.now(UTC), world.runtime.settings
    said: Claims = {
        "iss": settings.issuer,
        "aud": settings.audience,
        "sub": issuer.subject_of("acme", "viewer"),
        "tenant": "acme",
        "iat": now,
        "exp": now + timedelta(hours=1),
        **other,
    }
    return {name: value for name, value in said.items() if value is not None}


def signed(world: World, **other: object) -> str:
    """Return a token of the development issuer."""
    return jwt.encode(claims(world, **other), issuer.private_key(world.runtime.settings.data), "EdDSA")


def by_another(world: World, algorithm: str, key: Any) -> str:
    """Return a token with a good content and a good signature, of somebody who is not the issuer."""
    return jwt.encode(claims(world), key, algorithm)


def confused(world: World) -> str:
    """Return a token that is signed with the issuer's public key as a shared secret, which everybody has."""
    said = claims(world)
    said["iat"], said["exp"] = (int(said[name].timestamp()) for name in ("iat", "exp"))
    body = ".".join(_encoded(orjson.dumps(part)) for part in ({"alg": "HS256", "typ": "JWT"}, said))
    public = issuer.public_key(world.runtime.settings)
    return f"{body}.{_encoded(hmac.new(public, body.encode(), hashlib.sha256).digest())}"


def tampered(world: World) -> str:
    """Return a token whose content was changed after it was signed."""
    head, _, signature = signed(world).split(".")
    said = claims(world, sub=issuer.subject_of("acme", "hr_admin"))
    said["iat"], said["exp"] = (int(said[name].timestamp()) for name in ("iat", "exp"))
    return f"{head}.{_encoded(orjson.dumps(said))}.{signature}"


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def ago(**span: float) -> datetime:
    """Return an instant that lies back."""
    return datetime.now(UTC) - timedelta(**span)


async def answered(world: World, authorization: str | None) -> tuple[int, str]:
    """Return the status and the code of a request that must not reach GraphQL."""
    headers = {} if authorization is None else {"Authorization": authorization}
    answer = await world.http.post("/graphql", json={"query": WHO}, headers=headers)
    assert "data" not in answer.json()
    assert_says_nothing_of_the_machine(answer.json())
    return answer.status_code, code(answer)


async def test_a_good_token_is_believed(acme: World) -> None:
    answer = await acme.http.post("/graphql", json={"query": WHO}, headers={"Authorization": f"bearer {signed(acme)}"})
    assert answer.json() == {"data": {"viewer": {"tenant": "acme"}}}


@pytest.mark.parametrize(
    "authorization",
    [
        pytest.param(None, id="none"),
        pytest.param("", id="empty"),
        pytest.param("Bearer", id="no token"),
        pytest.param("Bearer ", id="a blank"),
        pytest.param("Bearer x", id="no JWT"),
        pytest.param("Bearer a.b.c", id="three letters"),
        pytest.param("Bearer ....", id="dots"),
        pytest.param("Basic dmlld2VyOnBhc3M=", id="a password"),
        pytest.param("Bearer " + "x" * 50_000, id="50,000 characters"),
    ],
)
async def test_what_is_no_token_is_not_believed(acme: World, authorization: str | None) -> None:
    assert await answered(acme, authorization) == (401, "UNAUTHENTICATED")


@pytest.mark.parametrize(
    "token",
    [
        pytest.param(lambda w: signed(w, exp=ago(seconds=40)), id="expired"),
        pytest.param(lambda w: signed(w, iat=ago(hours=-1)), id="issued in the future"),
        pytest.param(lambda w: signed(w, nbf=ago(hours=-1)), id="not good yet"),
        pytest.param(lambda w: signed(w, aud="another"), id="for another service"),
        pytest.param(lambda w: signed(w, iss="https://evil.invalid"), id="from another issuer"),
        pytest.param(lambda w: signed(w, tenant=["acme"]), id="a list of tenants"),
        pytest.param(lambda w: signed(w, tenant={"$ne": ""}), id="an operator for a tenant"),
        pytest.param(lambda w: signed(w, exp="soon"), id="an end that is no number"),
        *(pytest.param(lambda w, name=name: signed(w, **{name: None}), id=f"without {name}") for name in NEEDED),
        pytest.param(lambda w: jwt.encode(claims(w), "", "none"), id="not signed"),
        pytest.param(confused, id="signed with the public key as a secret"),
        pytest.param(lambda w: by_another(w, "HS256", "x" * 32), id="signed with some secret"),
        pytest.param(tampered, id="changed after signing"),
        pytest.param(lambda w: by_another(w, "EdDSA", Ed25519PrivateKey.generate()), id="signed by somebody else"),
        pytest.param(
            lambda w: by_another(w, "RS256", rsa.generate_private_key(65537, 2048)),
            id="signed with another kind of key",
        ),
        pytest.param(
            lambda w: by_another(w, "ES256", ec.generate_private_key(ec.SECP256R1())), id="signed with a third kind"
        ),
    ],
)
async def test_a_token_that_is_not_the_issuer_s_is_not_believed(acme: World, token: Callable[[World], str]) -> None:
    assert await answered(acme, f"Bearer {token(acme)}") == (401, "UNAUTHENTICATED")


async def test_a_clock_may_be_off_by_half_a_minute(acme: World) -> None:
    token = signed(acme, exp=ago(seconds=20), iat=ago(seconds=-20))
    answer = await acme.http.post("/graphql", json={"query": WHO}, headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 200


@pytest.mark.parametrize(
    "other",
    [
        pytest.param({"tenant": "initech"}, id="an unknown tenant"),
        pytest.param({"tenant": "../acme"}, id="a path for a tenant"),
        pytest.param({"tenant": ""}, id="no tenant"),
        pytest.param({"tenant": "x" * 500}, id="a long tenant"),
        pytest.param({"sub": "nobody@acme"}, id="an unknown subject"),
        pytest.param({"sub": ""}, id="no subject"),
        pytest.param({"sub": "a\0b"}, id="NUL in a subject"),
        pytest.param({"sub": issuer.subject_of("acme", "leaver")}, id="somebody who left"),
        pytest.param({"tenant": "globex"}, id="somebody of another tenant"),
    ],
)
async def test_somebody_who_does_not_work_here_is_turned_away(
    acme: World, globex: World, other: dict[str, object]
) -> None:
    assert await answered(acme, f"Bearer {signed(acme, **other)}") == (403, "FORBIDDEN")


async def test_each_token_opens_its_own_tenant_only(acme: World, globex: World) -> None:
    for world in (acme, globex):
        assert await world.speaker("viewer").data(
            "{ viewer { tenant person { id } grants { role unit { id } } } }"
        ) == {
            "viewer": {
                "tenant": world.tenant,
                "person": {"id": world.people["viewer"]},
                "grants": [{"role": "viewer", "unit": {"id": world.company}}],
            }
        }
