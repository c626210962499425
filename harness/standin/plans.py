"""From a reply of the backend to the plan of its answer."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import Final

from harness.standin.faults import apply_faults
from harness.standin.steps import Head, Medium, Send, Step, Steps, WsClose, events_of
from harness.standin.values import Reply, WsReply

__all__ = ["http_plan", "ws_plan"]

#: What has to be true of the bytes on this wire, whatever it was where the answer was recorded.
FRAMING: Final = frozenset(
    {
        "connection",
        "content-encoding",
        "content-length",
        "keep-alive",
        "proxy-connection",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)


def http_plan(reply: Reply) -> Steps:
    """How this reply is written, with its faults."""
    headers = tuple(pair for pair in reply.headers if pair[0].lower() not in FRAMING)
    medium: Medium = "stream" if reply.stream else "body"
    head = Head(reply.status, headers, None if reply.stream else len(reply.body))
    body = events_of(reply.body) if reply.stream else iter([Send(reply.body)] if reply.body else [])
    return apply_faults(chain([head], body), reply.faults, medium)


def ws_plan(reply: WsReply) -> Steps:
    """How this reply to a frame is written, with its faults."""
    return apply_faults(_frames(reply), reply.faults, "frames")


def _frames(reply: WsReply) -> Iterator[Step]:
    for frame in reply.frames:
        yield Send(frame.encode())
    if reply.close_code is not None:
        yield WsClose(reply.close_code)
