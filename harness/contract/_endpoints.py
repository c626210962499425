"""Which schema speaks about which answer: ``schemas/index.json`` as values."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

__all__ = ["Endpoint", "bare_url", "plain_url", "read_index"]

_USUAL_PORT: Final = re.compile(r"((?:https|wss)://[^/?#:]*):443(?=[/?#]|$)")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One method and address of a surface, and the paths of what is known about its exchanges.

    Attributes:
        surface: the surface it belongs to.
        method: its method.
        url: its address, without a query.
        request: the schema of the request's body (of its fields, if it is a form).
        headers: the schema of the answer's headers, names in lower case.
        ok: the schema of the JSON body of a 2xx answer.
        error: the schema of the JSON body of any other answer.
        events: the folder with the schema of each event type of a streamed 2xx answer.
        order: the grammar of the order of those events.
    """

    surface: str
    method: str
    url: str
    request: str | None = None
    headers: str | None = None
    ok: str | None = None
    error: str | None = None
    events: str | None = None
    order: str | None = None

    def paths(self) -> Iterator[str]:
        """Every document it names."""
        for path in (self.request, self.headers, self.ok, self.error, self.order):
            if path is not None:
                yield path
        if self.events is not None:
            yield f"{self.events}/unknown.json"


def bare_url(url: str) -> str:
    """An address without its query and fragment; that of a WebSocket is that of its handshake."""
    bare = plain_url(url).partition("#")[0].partition("?")[0]
    return f"https{bare[3:]}" if bare.startswith("wss:") else bare


def plain_url(url: str) -> str:
    """An address without the port that it has anyhow: ``https://host:443/`` is ``https://host/``."""
    found = _USUAL_PORT.match(url)
    return url if found is None else found[1] + url[found.end() :]


def read_index(index: Mapping[str, Any]) -> dict[str, tuple[Endpoint, ...]]:
    """The endpoints of each surface, from a document that is valid under index.schema.json."""
    return {
        surface: tuple(_endpoint(surface, row) for row in entry["endpoints"])
        for surface, entry in index["surfaces"].items()
    }


def _endpoint(surface: str, row: Mapping[str, Any]) -> Endpoint:
    stream = row.get("stream") or {}
    return Endpoint(
        surface=surface,
        method=row["method"],
        url=row["url"],
        request=row.get("request"),
        headers=row.get("headers"),
        ok=row.get("ok"),
        error=row.get("error"),
        events=stream.get("events"),
        order=stream.get("order"),
    )
