"""How much the leg is willing to take in: every limit is finite unless you say otherwise."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Limits"]

MIB = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Bounds on one answer. ``None`` lifts a bound.

    The sizes leave room for what the backend is known to send (a generated image arrives as one
    base64 field of several MiB). ``idle`` is the reference client's own limit between two events
    (capture of codex-cli 0.169.0, 2026-11-22); parked turns send a keepalive every 30 seconds.

    Attributes:
        line: bytes in one line of an event stream.
        event: bytes in the data of one event.
        total: bytes in one whole answer.
        error_body: bytes that are read of a refusal.
        idle: seconds without an event; without a byte, until the first one and in plain bodies.
        connect: seconds to connect (TLS included).
    """

    line: int | None = 32 * MIB
    event: int | None = 32 * MIB
    total: int | None = 256 * MIB
    error_body: int = MIB
    idle: float | None = 300.0
    connect: float | None = 15.0
