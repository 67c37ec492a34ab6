"""The development issuer: a stand-in for the company's identity provider, with keys of its own and real JWTs."""

import contextlib
import os
import tempfile
from datetime import datetime, timedelta
from pathlib import Path

import jwt
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from app.settings import Settings
from okr.errors import RatchetError

ALGORITHM = "EdDSA"


def private_key(folder: Path) -> Ed25519PrivateKey:
    """Return the issuer's key kept in `folder`, made on first use and readable by its owner only.

    RatchetError where the file there holds something else.
    """
    path = folder / "development-issuer.pem"
    if not path.exists():
        _make(path)
    try:
        key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    except ValueError:
        key = None
    if not isinstance(key, Ed25519PrivateKey):
        raise RatchetError(f"{path} does not hold the key of the development issuer; remove it, and one is made.")
    return key


def _make(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    pem = Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    handle, draft = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # its owner's alone from the start
    try:
        with open(handle, "wb") as file:
            file.write(pem)
        with contextlib.suppress(FileExistsError):  # the first of two racing processes wins; both then read its key
            os.link(draft, path)
    finally:
        os.unlink(draft)


def public_key(settings: Settings) -> bytes:
    """Return the PEM of the key that tokens are checked with: the configured issuer's, else the development one's.

    RatchetError where the configured file holds none.
    """
    if settings.issuer_keys is None:
        key = private_key(settings.data).public_key()
        return key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    try:
        pem = settings.issuer_keys.read_bytes()
        serialization.load_pem_public_key(pem)
    except (OSError, ValueError, UnsupportedAlgorithm) as error:
        raise RatchetError(f"RATCHET_ISSUER_KEYS names no PEM file with a public key: {error}") from None
    return pem


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
