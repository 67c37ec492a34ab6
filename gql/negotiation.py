"""What a request says it would like: the media type of its answer, and the language."""

import contextlib

from babel import negotiate_locale

JSON = "application/json"
GRAPHQL = "application/graphql-response+json"
EVENTS = "text/event-stream"
ANY = frozenset({"*/*", "application/*"})


def weights(header: str) -> dict[str, float]:
    """Return what an Accept header names, in lower case, each with the weight it is given (0 to 1; default 1)."""
    found: dict[str, float] = {}
    for part in header.lower().split(",")[:20]:
        name, *parameters = (word.strip() for word in part.split(";"))
        weight = next((word.removeprefix("q=") for word in parameters if word.startswith("q=")), "1")
        with contextlib.suppress(ValueError):
            found[name] = max(found.get(name, 0.0), float(weight))
    return found


def media_type(accept: str) -> str:
    """Return the media type to answer in: GraphQL's own where it is named and JSON is not preferred."""
    wanted = weights(accept)
    return GRAPHQL if wanted.get(GRAPHQL, 0.0) > 0 and wanted[GRAPHQL] >= wanted.get(JSON, 0.0) else JSON


def streams(accept: str) -> bool:
    """Tell whether the caller takes a stream of events."""
    return weights(accept).get(EVENTS, 0.0) > 0


def insists_on_stream(accept: str) -> bool:
    """Tell whether the caller takes a stream of events and nothing else that we speak.

    Some clients (urql) name it beside JSON in every request, and want JSON.
    """
    wanted = weights(accept)
    return streams(accept) and not any(wanted.get(media, 0.0) > 0 for media in (JSON, GRAPHQL, *ANY))


def language(header: str) -> str:
    """Return "vi" or "en", whichever an Accept-Language header prefers, by weight and then in its order; else "en"."""
    wanted = {tag: weight for tag, weight in weights(header).items() if 0 < weight <= 1}
    return negotiate_locale(sorted(wanted, key=wanted.__getitem__, reverse=True), ("en", "vi"), sep="-") or "en"
