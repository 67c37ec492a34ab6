"""Who is calling: bearer tokens become actors."""

from dataclasses import dataclass
from typing import Any

import jwt

from app.settings import Settings

ALGORITHMS = ("RS256", "ES256", "EdDSA")
LEEWAY = 30
NEEDED = ("exp", "iat", "sub", "aud", "iss", "tenant")


@dataclass(frozen=True, slots=True, kw_only=True)
class Bearer:
    """What a checked token says: the organisation, and the subject in it."""

    tenant: str
    subject: str


class Unauthenticated(Exception):
    """There is no token that can be believed; the message says what to do."""


def bearer(authorization: str | None, key: bytes, settings: Settings) -> Bearer:
    """Return who an Authorization header speaks for, or raise Unauthenticated."""
    scheme, _, token = (authorization or "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise Unauthenticated("Send a token: Authorization: Bearer ….")
    try:
        claims: dict[str, Any] = jwt.decode(
            token.strip(),
            key,
            algorithms=_algorithms(token.strip()),
            audience=settings.audience,
            issuer=settings.issuer,
            leeway=LEEWAY,
            options={"require": list(NEEDED)},
        )
    except jwt.ExpiredSignatureError:
        raise Unauthenticated("The token has expired; ask for a new one.") from None
    except (jwt.PyJWTError, ValueError, TypeError):
        raise Unauthenticated("The token is not one that can be believed.") from None
    tenant, subject = claims["tenant"], claims["sub"]
    if not isinstance(tenant, str) or not isinstance(subject, str):
        raise Unauthenticated("The token is not one that can be believed.")
    return Bearer(tenant=tenant, subject=subject)


def _algorithms(token: str) -> list[str]:
    """Return the one algorithm that the token names, where it is an asymmetric one that is allowed."""
    named = jwt.get_unverified_header(token).get("alg")
    return [named] if named in ALGORITHMS else []
