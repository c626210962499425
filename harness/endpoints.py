"""How an endpoint is named: ``METHOD host/path``, without scheme and query."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

from harness.contract import Schemas

__all__ = ["OTHER", "endpoint_name", "endpoint_pointer", "surfaces_by_endpoint"]

#: The surface of what is called and is in no contract.
OTHER: Final = "other"

#: The hosts of the backends. A finding names its surface, and that says which of them is meant.
_BACKENDS: Final = frozenset(
    {"api.anthropic.com", "api.openai.com", "auth.openai.com", "chatgpt.com"}
)


def endpoint_name(method: str, url: str) -> str:
    """``GET api.github.com/repos/openai/plugins``; of a WebSocket, its handshake."""
    parts = urlsplit(url)
    return f"{method} {parts.netloc}{parts.path}"


def endpoint_pointer(name: str) -> str:
    """The place of an endpoint in a finding: ``/endpoint/METHOD /path``.

    Of another host than the backends', which no surface stands for: ``/endpoint/METHOD host/path``.
    """
    method, _, place = name.partition(" ")
    host, slash, path = place.partition("/")
    return f"/endpoint/{method} {slash}{path}" if host in _BACKENDS else f"/endpoint/{name}"


def surfaces_by_endpoint(schemas: Schemas) -> Mapping[str, str]:
    """The surface of each endpoint that the contract knows, by the name of the endpoint."""
    found: dict[str, str] = {}
    for surface in schemas.surfaces:
        for one in schemas.endpoints(surface):
            found.setdefault(endpoint_name(one.method, one.url), surface)
    return found
