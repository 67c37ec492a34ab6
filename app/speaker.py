"""Speaking GraphQL to a running service over HTTP, as one of the people in it."""

import json
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import Any

from okr.errors import RatchetError
from okr.org import Role


class Broken(RatchetError):
    """What was asked for did not happen; the message says what did."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Speaker:
    """Somebody who speaks GraphQL to the service."""

    url: str
    role: Role
    token: str

    def ask(self, document: str, **variables: object) -> Any:  # what JSON holds
        """Return the data of the answer; Broken where there is none, or where a mutation was refused."""
        request = urllib.request.Request(  # noqa: S310  # the address is the one that the user of the command gave
            f"{self.url}/graphql",
            json.dumps({"query": document, "variables": variables}, default=str).encode(),
            {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"},
        )
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310  # the same address
                said = json.load(answer)
        except urllib.error.HTTPError as error:
            raise Broken(f"The service refused {self.role.value}: {_refusal(error)}") from None
        except (urllib.error.URLError, OSError, ValueError) as error:
            raise Broken(f"Nobody answers at {self.url} ({error}). Start the service with `make run`.") from None
        if "errors" in said:
            raise Broken(f"{self.role.value} was answered: {said['errors'][0]['message']}")
        done = said["data"].get("done")
        if done and done["userErrors"]:
            raise Broken(f"{self.role.value} was refused: {done['userErrors'][0]['message']}")
        return said["data"]

    def do(self, document: str, **given: object) -> Any:  # what JSON holds
        """Return what a mutation answers to its input."""
        return self.ask(document, input=given)["done"]


def _refusal(error: urllib.error.HTTPError) -> str:
    try:
        message = json.load(error)["errors"][0]["message"]
    except (ValueError, LookupError, TypeError):
        return f"HTTP {error.code}"
    return f"{message} (HTTP {error.code}; are the demonstration organisations built?)"
