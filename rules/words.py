"""Words: what the wording of a title gives away, by lists in English and Vietnamese that are kept as data.

A list is a file of `rules/words`: one word or phrase a line; what begins with # is a remark. Titles are compared in
Unicode's composed form (NFC), in any case, and by whole words.
"""

import re
import unicodedata
from functools import lru_cache
from pathlib import Path

from okr.text import Text

LISTS = Path(__file__).parent / "words"


def read(name: str) -> tuple[str, ...]:
    """Return the words and phrases of both languages' lists called `name` ("tasks", "upkeep")."""
    files = (LISTS / f"{name}_{language}.txt" for language in ("en", "vi"))
    lines = (line.strip() for file in files for line in file.read_text(encoding="utf-8").splitlines())
    return tuple(line for line in lines if line and not line.startswith("#"))


def task(title: Text) -> str | None:
    """Return the verb of a task with which a title begins, in either of its wordings; None for what is no task."""
    return next((found for wording in _wordings(title) if (found := _task(wording)) is not None), None)


def upkeep(title: Text) -> tuple[str, ...]:
    """Return the words in a title, in either of its wordings, that ask for a level to be held."""
    return tuple(dict.fromkeys(word for wording in _wordings(title) for word in _upkeep(wording)))


def _wordings(title: Text) -> tuple[str, ...]:
    return (title.original, title.vi) if title.vi else (title.original,)


def _one_of(name: str) -> str:
    # The longest first, or "draw" would be all that is seen of "draw up".
    longest_first = sorted(read(name), key=len, reverse=True)
    phrases = (r"\s+".join(re.escape(word) for word in phrase.split()) for phrase in longest_first)
    return rf"({'|'.join(phrases)})(?!\w)"


# Titles are numbered and bulleted by hand: what comes before the first letter is no part of the wording.
_TASKS = re.compile(rf"[\W\d_]*{_one_of('tasks')}")
_UPKEEP = re.compile(rf"(?<!\w){_one_of('upkeep')}")


@lru_cache(maxsize=16_384)
def _task(wording: str) -> str | None:
    found = _TASKS.match(_composed(wording))
    return " ".join(found[1].split()) if found else None


@lru_cache(maxsize=16_384)
def _upkeep(wording: str) -> tuple[str, ...]:
    return tuple(" ".join(found[1].split()) for found in _UPKEEP.finditer(_composed(wording)))


def _composed(wording: str) -> str:
    return unicodedata.normalize("NFC", wording).casefold()
