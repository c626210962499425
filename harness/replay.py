"""Ask a probe's question through the leg, with its cassette for an answer and the network shut.

What comes back is judged elsewhere; here is only what the leg made of it.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import pytest_socket
import vcr
from vcr import patch

import leg
from harness.contract import Interaction, Probe
from harness.questions import CREDENTIALS, REDACTED, credential_of, question
from leg.messages import MessageReader
from leg.refresh import ask_token_endpoint

__all__ = ["Replayed", "ask", "hear", "network_shut", "replay"]


#: The leg speaks through httpx alone; looking for every other library, for each probe anew, costs
#: more than the answer. Older vcrpy cannot be told.
_OTHERS: Final = tuple(name for name in getattr(patch, "PATCHER_NAMES", ()) if name != "httpx")
_ONLY_HTTPX: Final = {"skip_patchers": _OTHERS} if _OTHERS else {}


@dataclass(frozen=True, slots=True)
class Replayed:
    """What the leg made of one probe.

    Attributes:
        outcome: ``ok``, or the outcome of the error that the leg raised.
        text: the text that it assembled (up to where it stopped), if the answer is a response.
        fields: the facts that its error carries.
        calls: the calls of tools that the answer asks for; ``None`` if it is no response.
        resets_at: when the limit is lifted, as its error says; ``None`` if it does not.
        retry_after: how long to wait, as its error says; ``None`` if it does not.
        message: its error as a person reads it, or ``""``.
        request: the request as the leg built it; ``None`` if it refused to.
        unplayed: whether the cassette's answer was never asked for.
    """

    outcome: str
    text: str | None = None
    fields: Mapping[str, str] | None = None
    calls: tuple[leg.ToolCall, ...] | None = None
    resets_at: int | None = None
    retry_after: float | None = None
    message: str = ""
    request: leg.Request | None = None
    unplayed: bool = False


@contextmanager
def network_shut() -> Iterator[None]:
    """No socket can be made, not even to loopback: what is replayed needs none."""
    made, looked_up = socket.socket, (socket.getaddrinfo, socket.gethostbyname)
    pytest_socket.disable_socket()
    try:
        yield
    finally:
        socket.socket = made  # type: ignore[misc]
        socket.getaddrinfo, socket.gethostbyname = looked_up


def replay(probe: Probe, answer: Interaction, cassette: Path) -> Replayed:
    """Ask it, and give what came of it. Only a :class:`leg.LegError` counts as an outcome.

    Raises:
        vcr.errors.CannotOverwriteExistingCassetteException: the leg asked what is not recorded.
    """
    try:
        request = question(probe)
    except leg.ConfigurationError as error:
        return Replayed(error.outcome, message=str(error), unplayed=True)
    player = vcr.VCR(record_mode="none", **_ONLY_HTTPX)
    with network_shut(), player.use_cassette(str(cassette)) as tape:
        heard = hear(probe, request, streamed=answer.stream is not None)
        return replace(heard, unplayed=not tape.all_played)


def hear(
    probe: Probe,
    request: leg.Request,
    *,
    streamed: bool,
    credential: leg.Credential | None = None,
    limits: leg.Limits | None = None,
) -> Replayed:
    """Ask, and give what the leg makes of it. Arguments as for :func:`ask`.

    Whatever else than a :class:`leg.LegError` is raised gets out.
    """
    try:
        result = ask(probe, request, streamed=streamed, credential=credential, limits=limits)
    except leg.LegError as error:
        return Replayed(
            error.outcome,
            getattr(error, "partial", "") or None,
            getattr(error, "fields", None),
            resets_at=error.resets_at,
            retry_after=error.retry_after,
            message=str(error),
            request=request,
        )
    return Replayed(
        "ok",
        result.text if result else None,
        calls=result.tool_calls if result else None,
        request=request,
    )


def ask(
    probe: Probe,
    request: leg.Request,
    *,
    streamed: bool,
    credential: leg.Credential | None = None,
    limits: leg.Limits | None = None,
) -> leg.Result | None:
    """Ask a probe's question the way it wants; ``None`` where the answer is no response.

    Args:
        probe: the probe.
        request: its question (:func:`harness.questions.question`).
        streamed: whether its answer is a stream, where the request does not tell.
        credential: whose answer it is; by default, the stand-in for what the probe names.
        limits: bounds on the answer.

    Raises:
        leg.LegError: whatever came of it.
    """
    if probe.request.via == "refresh":
        leg.refresh(REDACTED, limits=limits)
        return None
    if probe.request.url.split("?")[0].endswith("/oauth/token"):
        ask_token_endpoint(request, limits=limits)
        return None
    by = credential or credential_of(probe) or CREDENTIALS["bogus"]
    with leg.Client(by, limits=limits) as client:
        message = probe.surface == "anthropic"
        if not (streamed or message or probe.request.via == "stream"):
            client.fetch(request)
            return None
        reader = MessageReader() if message else leg.StreamReader()
        with client.open(request, reader) as stream:
            return stream.result()
