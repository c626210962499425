"""Which call a captured request is, and what surface it is with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from harness.contract import Schemas

__all__ = ["OTHER", "TURNS", "Call", "surfaces_of"]

#: Of what is called beside the turn and is in no contract.
OTHER: Final = "other"
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
        return f"{self.method} {self.host}{self.path}"

    @property
    def pointer(self) -> str:
        """Its place in a finding: ``/endpoint/METHOD PATH``."""
        return f"/endpoint/{self.method} {self.path}"


def surfaces_of(schemas: Schemas) -> Mapping[Call, str]:
    """The surface of each call that the contract knows."""
    found: dict[Call, str] = {}
    for surface in schemas.surfaces:
        for one in schemas.endpoints(surface):
            found.setdefault(Call.of(one.method, one.url), surface)
    return found
