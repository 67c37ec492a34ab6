"""Trusted documents: where they are on, what is not on the list is not executed."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

from gql.errors import Rejected


class Trusted:
    """The documents that clients were built with, by their hashes."""

    def __init__(self, documents: Mapping[str, str]) -> None:
        """`documents` are texts by id, like "sha256:…"."""
        self.documents = documents

    @classmethod
    def read(cls, path: Path) -> Self:
        """Return the documents of a file; RatchetError where it holds no list of them."""
        raise NotImplementedError

    def query(self, body: Mapping[str, Any]) -> str:
        """Return the document that a request names; Rejected(PERSISTED_QUERY_NOT_FOUND) where it is not on the list."""
        raise Rejected(400, "PERSISTED_QUERY_NOT_FOUND", "This document is not on the list.")
