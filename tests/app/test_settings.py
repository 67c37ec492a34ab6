"""Settings: where they come from, and what is said of those that cannot be."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from app import settings
from app.settings import Settings
from okr.errors import RatchetError


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    """An environment in which nothing is set."""
    import os

    for name in list(os.environ):
        if name.startswith("RATCHET_") or name == "PORT":
            monkeypatch.delenv(name)


def said(monkeypatch: pytest.MonkeyPatch, **environment: str) -> list[str]:
    """Return what is said of an environment that cannot be, line by line."""
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(RatchetError) as refusal:
        settings.read()
    return str(refusal.value).splitlines()


def test_everything_has_a_default_in_development() -> None:
    found = settings.read()
    assert (found.environment, found.mongodb_uri, found.port, found.data) == ("development", None, 8000, Path(".data"))


def test_they_are_read_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RATCHET_MONGODB_URI", "mongodb://db:27017/?replicaSet=rs0")
    monkeypatch.setenv("RATCHET_RULE_SECONDS", "0.5")
    monkeypatch.setenv("PORT", "9000")
    found = settings.read()
    assert (found.mongodb_uri, found.rule_seconds, found.port) == ("mongodb://db:27017/?replicaSet=rs0", 0.5, 9000)
    monkeypatch.setenv("RATCHET_PORT", "9001")
    assert settings.read().port == 9001


def test_what_is_set_to_nothing_is_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("RATCHET_MONGODB_URI", "RATCHET_ISSUER_KEYS", "RATCHET_PORT", "PORT", "RATCHET_DATA"):
        monkeypatch.setenv(name, "")
    assert settings.read() == Settings()
    assert settings.read().issuer_keys is None


@pytest.mark.parametrize("keys", [{}, {"RATCHET_ISSUER_KEYS": ""}], ids=["unset", "empty"])
def test_production_is_refused_without_the_issuers_keys(monkeypatch: pytest.MonkeyPatch, keys: dict[str, str]) -> None:
    assert said(monkeypatch, RATCHET_ENVIRONMENT="production", **keys) == [
        "These settings cannot be:",
        "  production needs RATCHET_ISSUER_KEYS, the public key of your identity provider; "
        "the development issuer would let anybody with this folder in",
    ]


def test_production_with_keys_is_fine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("RATCHET_ENVIRONMENT", "production")
    monkeypatch.setenv("RATCHET_ISSUER_KEYS", str(tmp_path / "keys.pem"))
    assert settings.read().issuer_keys == tmp_path / "keys.pem"


def test_each_mistake_has_a_line_that_names_its_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = {
        "RATCHET_ENVIRONMENT": "staging",
        "RATCHET_PORT": "70000",
        "RATCHET_BODY_LIMIT": "many",
        "RATCHET_RULE_SECONDS": "0",
        "RATCHET_SCAN_SECONDS": "-1",
        "RATCHET_LOG_LEVEL": "loud",
    }
    first, *lines = said(monkeypatch, **wrong)
    assert first == "These settings cannot be:"
    assert sorted(line.partition(":")[0].strip() for line in lines) == sorted(wrong)
    assert all("\n" not in line and "pydantic" not in line for line in lines)


@pytest.mark.parametrize("port", ["0", "65536", "x"])
def test_a_port_by_its_short_name_is_named_so(monkeypatch: pytest.MonkeyPatch, port: str) -> None:
    (_, line) = said(monkeypatch, PORT=port)
    assert line.strip().startswith(("PORT: ", "RATCHET_PORT: "))


def test_they_do_not_change() -> None:
    found = settings.read()
    with pytest.raises(ValidationError, match="frozen"):
        found.port = 1
