"""Which call a captured request is, and what surface it is with."""

from __future__ import annotations

from typing import Final, NamedTuple
from urllib.parse import urlsplit

from harness.endpoints import endpoint_name, endpoint_pointer

__all__ = ["TURNS", "Call"]

#: The surfaces that a model is asked on.
TURNS: Final = ("responses", "responses-ws")


class Call(NamedTuple):
    """A call without its content."""

    method: str
    host: str
    path: str

    @classmethod
    def of(cls, method: str, url: str) -> Call:
        """The call of a request; that of a WebSocket is its handshake."""
        parts = urlsplit(url)
        return cls(method, parts.netloc, parts.path)

    @property
    def name(self) -> str:
        """``METHOD host/path``."""
        return endpoint_name(self.method, f"//{self.host}{self.path}")

    @property
    def pointer(self) -> str:
        """Its place in a finding: see :func:`~harness.endpoints.endpoint_pointer`."""
        return endpoint_pointer(self.name)
