"""Keys: short prefixed names of entities (`obj_…`), the only identity that leaves the store."""

import hashlib
from base64 import b32encode
from enum import StrEnum


class Kind(StrEnum):
    """What a key names; the member's value is the key's prefix."""

    UNIT = "unit"
    PERSON = "per"
    CYCLE = "cyc"
    OBJECTIVE = "obj"
    KEY_RESULT = "kr"
    KPI = "kpi"
    CHECK_IN = "chk"
    READING = "rdg"
    POLICY = "pol"
    RECOMMENDATION = "rec"
    WAIVER = "wai"
    AUDIT = "aud"
    DECISION = "dec"


def derive(kind: Kind, *seed: str) -> str:
    """Return the key of `kind` that belongs to `seed`: the same words give the same key, other words another.

    Fresh keys pass a random word; idempotent ones pass what must not happen twice. 100 bits of SHA-256.
    """
    digest = hashlib.sha256("\x1f".join(seed).encode("utf-8", "surrogatepass")).digest()
    return f"{kind.value}_{b32encode(digest).decode().lower()[:20]}"


def kind_of(key: str) -> Kind | None:
    """Return what `key` names, or None where it is no key of ours."""
    prefix, _, rest = key.partition("_")
    try:
        return Kind(prefix) if rest else None
    except ValueError:
        return None
