"""Settings: read once, from the environment, in this one place."""

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AliasChoices, Field, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from okr.errors import RatchetError


class Settings(BaseSettings):
    """Everything an operator can set; each is an environment variable `RATCHET_…`."""

    model_config = SettingsConfigDict(
        env_prefix="RATCHET_", frozen=True, extra="ignore", populate_by_name=True, env_ignore_empty=True
    )

    environment: Literal["development", "production"] = "development"
    """In production the development issuer is refused and introspection is off."""

    mongodb_uri: str | None = None
    """Where MongoDB is (a replica set). Unset: Ratchet starts one of its own under `data`."""

    database: str = "ratchet"
    """The database that holds all tenants."""

    data: Path = Path(".data")
    """Folder of the embedded MongoDB and of the development issuer's key."""

    host: str = "127.0.0.1"
    """Address to listen on."""

    port: Annotated[int, Field(ge=1, le=65535, validation_alias=AliasChoices("RATCHET_PORT", "PORT"))] = 8000
    """Port to listen on; `PORT` works too."""

    issuer: str = "https://ratchet.invalid/development"
    """The `iss` that tokens must carry."""

    audience: str = "ratchet"
    """The `aud` that tokens must carry."""

    issuer_keys: Path | None = None
    """A PEM file with the issuer's public key (RS256, ES256 or EdDSA). Unset: the development issuer's own."""

    introspection: bool | None = None
    """Whether the schema may be introspected. Unset: in development only."""

    suggestions: bool | None = None
    """Whether errors suggest names that were perhaps meant. Unset: in development only."""

    validation_status: Literal[400, 422] = 400
    """The HTTP status of what is not a valid document of the schema, in GraphQL's own media type."""

    trusted_documents: Path | None = None
    """A JSON file of the documents that may be asked, {hash: document}. Unset: any document may."""

    operation_seconds: Annotated[float, Field(gt=0)] = 30.0
    """How long an operation may take."""

    body_limit: Annotated[int, Field(ge=1_024)] = 1_000_000
    """Largest request body in bytes."""

    rule_seconds: Annotated[float, Field(gt=0)] = 2.0
    """How long the rule worker may take for one batch before the reference evaluator answers instead."""

    scan_seconds: Annotated[float, Field(gt=0)] = 60.0
    """How often the service looks for work that time or an interrupted request has left."""

    log_level: Literal["debug", "info", "warning", "error"] = "info"
    """How much is logged, as JSON lines on standard error."""

    @property
    def introspects(self) -> bool:
        """Whether the schema may be introspected."""
        return self.environment == "development" if self.introspection is None else self.introspection

    @property
    def suggests(self) -> bool:
        """Whether errors suggest names."""
        return self.environment == "development" if self.suggestions is None else self.suggestions

    @model_validator(mode="after")
    def _development_keys_stay_at_home(self) -> Self:
        if self.environment == "production" and self.issuer_keys is None:
            raise ValueError(
                "production needs RATCHET_ISSUER_KEYS, the public key of your identity provider; "
                "the development issuer would let anybody with this folder in"
            )
        return self


def read() -> Settings:
    """Return the settings; RatchetError with one line a mistake where the environment holds something impossible."""
    try:
        return Settings()
    except ValidationError as wrong:
        lines = (f"{_variable(error['loc'])}{error['msg'].removeprefix('Value error, ')}" for error in wrong.errors())
        raise RatchetError("These settings cannot be:\n  " + "\n  ".join(lines)) from None


def _variable(place: tuple[int | str, ...]) -> str:
    if not place:
        return ""
    name = str(place[0])
    return f"{name if name.isupper() else f'RATCHET_{name.upper()}'}: "
