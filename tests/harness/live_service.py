"""The live service, played: the stand-in, with its canaries, and whatever becomes of them.

To what needs no credential it answers as the cassettes of the canaries do, to the rest as the
stand-in does.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from harness.contract import Contract, Interaction
from harness.standin.backend import Backend
from harness.standin.rulebook import Rulebook
from harness.standin.server import StandIn
from harness.standin.values import Incoming, Reply, WsSession

#: Changes an answer, or leaves it.
Change = Callable[[Incoming, Reply], Reply]


@dataclass
class LiveService:
    """A backend of the stand-in.

    Attributes:
        changes: what has become of the service, applied in this order.
        asked: every request.
    """

    contract: Contract
    inner: Backend
    changes: list[Change] = field(default_factory=list)
    asked: list[Incoming] = field(default_factory=list)

    def answer(self, incoming: Incoming) -> Reply:
        self.asked.append(incoming)
        reply = self._canary(incoming) or self.inner.answer(incoming)
        for change in self.changes:
            reply = change(incoming, reply)
        return reply

    def open(self, incoming: Incoming) -> WsSession | Reply:
        return self.inner.open(incoming)

    def _canary(self, incoming: Incoming) -> Reply | None:
        bearer = incoming.header("authorization") or ""
        if bearer and "REDACTED" not in bearer:
            return None
        for pair in self.contract.load():
            probe = pair.probe
            address = urlsplit(probe.request.url)
            if (
                probe.id.startswith("canary/")
                and (probe.request.method, address.hostname, address.path)
                == (incoming.method, incoming.host, incoming.path)
                and bool(bearer) == (probe.credential == "bogus")
                and (
                    incoming.method != "POST"
                    or probe.backend != "auth"
                    or (incoming.json() or {}).get("refresh_token") == "bogus"
                )
            ):
                return _reply(pair.cassette.interactions[0], probe.id)
        return None


def _reply(answer: Interaction, source: str) -> Reply:
    headers = tuple((name, value) for name, values in answer.headers.items() for value in values)
    if not any(name == "content-type" for name, _ in headers):
        headers += (("content-type", "application/json"),)
    body = answer.body.encode() if isinstance(answer.body, str) else answer.body
    return Reply(answer.status, headers, body, source=source)


def edited(path: str, edit: Callable[[Any], Any], *, status: int | None = None) -> Change:
    """Edits the JSON that an address answers; ``status`` is the one it has then."""

    def change(incoming: Incoming, reply: Reply) -> Reply:
        if incoming.path != path:
            return reply
        body = json.dumps(edit(json.loads(reply.body))).encode()
        return replace(reply, body=body, status=status or reply.status)

    return change


@functools.cache
def _own() -> Contract:
    # Its files are read once for all tests.
    return Contract()


@contextmanager
def live_service(root: Path | None = None) -> Iterator[tuple[LiveService, StandIn]]:
    """The service on loopback, as it answers before anything has become of it."""
    contract = _own() if root is None else Contract(root)
    service = LiveService(contract, Backend(contract, "default", rulebook=Rulebook(contract)))
    with StandIn(service) as standin:
        yield service, standin


def proxied(standin: StandIn) -> dict[str, str]:
    """The variables that lead an unchanged client to it over TLS, at the real hosts."""
    known = dict(standin.env())
    known.pop("CODEX_BACKEND_BASE_URL", None)
    return known
