"""The development issuer: a stand-in for the company's identity provider, with keys of its own and real JWTs."""

import os
from datetime import datetime, timedelta
from pathlib import Path

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from app.settings import Settings

ALGORITHM = "EdDSA"


def private_key(folder: Path) -> Ed25519PrivateKey:
    """Return the issuer's key kept in `folder`, made on first use and readable by its owner only."""
    path = folder / "development-issuer.pem"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        pem = Ed25519PrivateKey.generate().private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        draft = path.with_suffix(f".{os.getpid()}")
        with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(pem)
        try:
            os.link(draft, path)  # the first of two racing processes wins; both then read the same key
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    if not isinstance(key, Ed25519PrivateKey):
        raise TypeError(f"{path} holds another kind of key than the development issuer makes; remove it")
    return key


def public_key(settings: Settings) -> bytes:
    """Return the PEM of the key that tokens are checked with: the configured issuer's, else the development one's."""
    if settings.issuer_keys is not None:
        return settings.issuer_keys.read_bytes()
    return (
        private_key(settings.data)
        .public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    )


def mint(settings: Settings, tenant: str, subject: str, now: datetime, days: float = 30) -> str:
    """Return a signed token for `subject` of `tenant`, good for `days` from `now` (aware)."""
    claims = {
        "iss": settings.issuer,
        "aud": settings.audience,
        "sub": subject,
        "tenant": tenant,
        "iat": now,
        "exp": now + timedelta(days=days),
    }
    return jwt.encode(claims, private_key(settings.data), ALGORITHM)


def subject_of(tenant: str, role: str) -> str:
    """Return the `sub` of the person who stands for `role` in a demonstration tenant."""
    return f"{role}@{tenant}"
