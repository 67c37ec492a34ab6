"""The development issuer: one key however many make it, for its owner's eyes, and tokens that say who one is."""

import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key

from app import issuer
from app.settings import Settings
from okr.errors import RatchetError

ROOT = Path(__file__).parents[2]
MAKE = "import sys; from pathlib import Path; from app import issuer; issuer.private_key(Path(sys.argv[1]))"


def raw(folder: Path) -> bytes:
    """Return the key in a folder, made where there is none, as its bytes."""
    return issuer.private_key(folder).private_bytes_raw()


def settings(folder: Path, **more: object) -> Settings:
    """Settings with the key in a folder."""
    return Settings.model_validate({"data": folder, **more})


def test_the_key_is_kept_for_its_owner_alone(tmp_path: Path) -> None:
    folder = tmp_path / "made" / "when needed"
    first = raw(folder)
    (file,) = folder.iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert raw(folder) == first


def test_threads_that_make_it_at_once_agree(tmp_path: Path) -> None:
    with ThreadPoolExecutor(16) as pool:
        assert len(set(pool.map(raw, [tmp_path] * 32))) == 1
    assert len(list(tmp_path.iterdir())) == 1, "no draft is left"


def test_processes_that_make_it_at_once_agree(tmp_path: Path) -> None:
    makers = [subprocess.Popen([sys.executable, "-c", MAKE, str(tmp_path)], cwd=ROOT) for _ in range(3)]  # noqa: S603  # this very interpreter
    assert [maker.wait(60) for maker in makers] == [0, 0, 0]
    (file,) = tmp_path.iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_draft_that_a_crash_left_behind_is_in_nobodys_way(tmp_path: Path) -> None:
    import os

    (tmp_path / f"development-issuer.{os.getpid()}").write_bytes(b"half a k")
    assert raw(tmp_path) == raw(tmp_path)


@pytest.mark.parametrize("content", [b"", b"not a key", None], ids=["empty", "garbage", "another kind of key"])
def test_a_file_that_holds_something_else_is_named(tmp_path: Path, content: bytes | None) -> None:
    other = generate_private_key(SECP256R1()).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (tmp_path / "development-issuer.pem").write_bytes(other if content is None else content)
    with pytest.raises(RatchetError, match=r"development-issuer\.pem does not hold the key"):
        issuer.private_key(tmp_path)


def test_a_token_says_who_one_is_for_how_long(tmp_path: Path) -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    mine = settings(tmp_path)
    token = issuer.mint(mine, "acme", issuer.subject_of("acme", "lead"), now, days=2)
    claims = jwt.decode(token, issuer.public_key(mine), [issuer.ALGORITHM], audience=mine.audience, issuer=mine.issuer)
    assert claims == {
        "iss": mine.issuer,
        "aud": mine.audience,
        "sub": "lead@acme",
        "tenant": "acme",
        "iat": int(now.timestamp()),
        "exp": int((now + timedelta(days=2)).timestamp()),
    }


def test_tokens_of_another_folder_are_not_believed(tmp_path: Path) -> None:
    token = issuer.mint(settings(tmp_path / "theirs"), "acme", "lead@acme", datetime.now(UTC))
    with pytest.raises(jwt.InvalidSignatureError):
        jwt.decode(token, issuer.public_key(settings(tmp_path / "mine")), [issuer.ALGORITHM], audience="ratchet")


def test_the_configured_key_is_the_one_that_counts(tmp_path: Path) -> None:
    pem = (
        generate_private_key(SECP256R1())
        .public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    )
    keys = tmp_path / "keys.pem"
    keys.write_bytes(pem)
    mine = settings(tmp_path / "unused", environment="production", issuer_keys=keys)
    assert issuer.public_key(mine) == pem
    assert not (tmp_path / "unused").exists(), "in production no key is made"


@pytest.mark.parametrize("content", [None, b"", b"hmac secret", "private"], ids=["missing", "empty", "text", "private"])
def test_keys_that_cannot_be_used_are_named(tmp_path: Path, content: bytes | str | None) -> None:
    keys = tmp_path / "keys.pem"
    if content == "private":
        issuer.private_key(tmp_path / "other")
        content = (tmp_path / "other" / "development-issuer.pem").read_bytes()
    if isinstance(content, bytes):
        keys.write_bytes(content)
    with pytest.raises(RatchetError, match="RATCHET_ISSUER_KEYS names no PEM file with a public key"):
        issuer.public_key(settings(tmp_path, issuer_keys=keys))
