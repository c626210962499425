"""How much the stand-in takes in, and how long it waits: every bound is finite."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Limits"]

MIB = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Bounds on clients, and on what is kept of them.

    Attributes:
        head: bytes in a request line with its headers. The reference client sends a bearer and a
            JSON object in its headers, a few thousand bytes together.
        body: bytes in a body, also once it is unpacked; and in a message of a WebSocket.
        connections: clients at once; more are turned away.
        idle_seconds: how long a connection may be silent between two requests or frames. The
            reference client keeps its own open for 90 seconds.
        request_seconds: how long it may be silent in the middle of a request or a handshake.
        write_seconds: how long a client may take to read what was written.
        kept: how many exchanges are remembered.
        kept_body: bytes that are remembered of one body or one frame.
        kept_total: bytes that are remembered of all of them.
    """

    head: int = 256 * 1024
    body: int = 64 * MIB
    connections: int = 1024
    idle_seconds: float = 600.0
    request_seconds: float = 60.0
    write_seconds: float = 120.0
    kept: int = 1000
    kept_body: int = 4 * MIB
    kept_total: int = 64 * MIB
