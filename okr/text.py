"""Text as people wrote it, with its Vietnamese wording where there is one."""

import re
from dataclasses import dataclass

from okr.errors import Code, Refusal

_UNKEEPABLE = re.compile("[\x00\ud800-\udfff]")
TITLE_LIMIT = 200
NOTE_LIMIT = 5_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """One wording, and its Vietnamese one (empty where nobody wrote it)."""

    original: str
    vi: str = ""

    def __post_init__(self) -> None:
        line(self.original)
        if self.vi:
            line(self.vi)

    def said(self, language: str) -> str:
        """Return the wording for `language` ("en", "vi"), falling back to the original."""
        return self.vi if language == "vi" and self.vi else self.original


def line(text: str, limit: int = TITLE_LIMIT, field: tuple[str, ...] = ()) -> str:
    """Return `text` where it says something in at most `limit` storable characters; refuse it at `field` otherwise."""
    if not text.strip():
        raise Refusal(Code.INVALID, "A text is needed here; it is empty.", field)
    return prose(text, limit, field)


def prose(text: str, limit: int = NOTE_LIMIT, field: tuple[str, ...] = ()) -> str:
    """Return `text` where it has at most `limit` characters and no NUL or lone surrogate, or refuse it at `field`."""
    if len(text) > limit:
        raise Refusal(Code.TOO_LONG, f"At most {limit:,} characters; this has {len(text):,}.", field)
    if _UNKEEPABLE.search(text):
        message = "The text holds a character that cannot be stored (NUL or half of a surrogate pair)."
        raise Refusal(Code.INVALID, message, field)
    return text
