"""From an exchange as it was on the wire to a cassette that holds nothing secret.

An allow-list (:mod:`.policy`): what the contract does not call harmless is replaced. The bytes of
the body are otherwise left alone: blanks, the order of members, line ends. The sizes of its pieces
are those of the scrubbed body (:mod:`.edits` says how); the times at which they came are measured.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, Final
from urllib.parse import urlsplit

from harness.contract import Contract, Endpoint, Probe
from harness.decoding import CannotDecode, decoded
from harness.drift.normaliser import Normaliser, normaliser_of
from harness.drift.plan import Plan
from harness.events import Event, read_events
from harness.questions import question
from harness.recording.arguments import Arguments
from harness.recording.asking import Asked
from harness.recording.bodies import json_edits, stream_edits
from harness.recording.edits import edited, resized
from harness.recording.heads import answer_headers, request_headers
from harness.recording.placeholders import Placeholders
from harness.recording.policy import Policy
from harness.recording.tee import Taken
from harness.recording.words import Words, own_texts
from leg._version import __version__
from leg._watching import RawHeaders

__all__ = ["CLIENT", "NotScrubbable", "Scrubber"]

#: Who asks.
CLIENT: Final = {"name": "codex-leg", "version": __version__}
_HEADERS: Final = "headers.json"
#: Events that carry a piece of the answer itself.
_PIECES: Final = ("response.output_text.delta", "content_block_delta")
_NOTE: Final = (
    "Ids, times and texts are placeholders of the same form; times are moved by one span; sizes of "
    "pieces are those of the scrubbed body."
)
_ENDINGS: Final = {
    "stalled": "Nothing came for too long, and we ended it.",
    "left": "We ended it before it was over.",
}


class NotScrubbable(Exception):
    """No cassette can be made of this exchange; ``str()`` says why, and holds nothing of it."""


@dataclass(frozen=True)
class Scrubber:
    """Makes cassettes of what was asked.

    Attributes:
        contract: says what is harmless.
        command: what was run, for ``provenance``.
        service: who answered, if not the host that is asked: ``127.0.0.1`` where another base URL
            was given, ``a proxy at 127.0.0.1``.
    """

    contract: Contract
    command: str = "make record"
    service: str = ""

    @cached_property
    def _normaliser(self) -> Normaliser:
        return normaliser_of(self.contract.schemas)

    @cached_property
    def words(self) -> Words:
        """Those that may stand in a refusal."""
        return Words.of(self.contract)

    @cached_property
    def hosts(self) -> frozenset[str]:
        """The hosts that the contract knows."""
        schemas = self.contract.schemas
        urls = [one.url for name in schemas.surfaces for one in schemas.endpoints(name)]
        return frozenset(urlsplit(url).hostname or "" for url in urls) - {""}

    def cassette(self, asked: Asked) -> dict[str, Any]:
        """The document of a cassette (``schemas/cassette.json``), not yet scanned.

        Raises:
            NotScrubbable: nothing was answered, or what was cannot be read.
        """
        taken = asked.taken
        if taken is None or taken.status is None:
            raise NotScrubbable("nothing was answered")
        return {"version": 1, "interactions": [self._interaction(asked, taken, taken.status)]}

    def _interaction(self, asked: Asked, taken: Taken, status: int) -> dict[str, Any]:
        probe = asked.probe
        plain = question(probe)
        if taken.sent != plain.body:
            raise NotScrubbable("what was sent is not what the probe says")
        endpoint = self._endpoint(probe, plain.url)
        policy = self._policy(asked, taken, status)
        sent = request_headers(taken.sent_headers, plain.headers, urlsplit(plain.url).netloc)
        headers = answer_headers(taken.headers, self._header_plan(endpoint), policy)
        body, chunks, is_stream = self._body(asked, taken, endpoint, policy)
        headers = _measured(headers, body)
        found: dict[str, Any] = {
            "request": {
                "method": plain.method,
                "uri": plain.url,
                "headers": _grouped(_declared(sent, probe)),
                "body": plain.body.decode() if plain.body else None,
            },
            "response": {
                "status": {"code": status, "message": ""},
                "headers": _grouped(headers),
                "body": {"string": body},
            },
            "provenance": self._provenance(taken, has_headers=bool(headers)),
        }
        if is_stream:
            # Of a stream that we left, nobody knows how it would have ended.
            ended = "eof" if taken.ended == "eof" else "reset"
            found["stream"] = {"ended": ended, "chunks": chunks}
        found["sent_headers"] = [list(pair) for pair in sent]
        found["answer_header_names"] = [name for name, _ in headers]
        return found

    def _endpoint(self, probe: Probe, url: str) -> Endpoint | None:
        return self.contract.schemas.endpoint(probe.surface, probe.request.method, url)

    def _header_plan(self, endpoint: Endpoint | None) -> Plan:
        return self._normaliser.plan(endpoint.headers if endpoint else _HEADERS)

    def _policy(self, asked: Asked, taken: Taken, status: int) -> Policy:
        own = own_texts(asked.probe)
        wanted, heard = asked.probe.expect, asked.heard
        return Policy(
            stand_ins=Placeholders(taken.asked_at, self.hosts),
            words=self.words.with_own(own),
            own=own,
            said=wanted.text if wanted.text and heard.text == wanted.text else None,
            refused=status >= 300,
        )

    def _body(
        self, asked: Asked, taken: Taken, endpoint: Endpoint | None, policy: Policy
    ) -> tuple[str, list[list[float | int]], bool]:
        try:
            pieces = decoded(
                [piece for _, piece in taken.pieces], taken.header("content-encoding") or ""
            )
        except CannotDecode as error:
            raise NotScrubbable(f"the body cannot be read: {error}") from None
        text = b"".join(pieces).decode("utf-8", "surrogateescape")
        status, probe = taken.status or 0, asked.probe
        is_stream = status == 200 and _is_stream(taken, text)
        if is_stream:
            calls = probe.expect.calls or ()
            expected = {one.arguments for one in calls if one.arguments is not None}
            events, _ = read_events(text.encode("utf-8", "replace"))
            policy.arguments = Arguments(events, policy.own, expected)
            if "".join(_pieces(events)) not in ("", policy.said):
                # Another text that shares a piece with the expected one is masked as a whole.
                policy.said = None
            edits = stream_edits(text, self._normaliser, endpoint, policy)
        else:
            known = None
            if endpoint is not None:
                known = endpoint.error if status >= 300 else endpoint.ok
            edits = json_edits(text, self._normaliser.plan(known), policy) if text.strip() else []
        change = edited(text, edits)
        sizes = resized(change, [len(piece) for piece in pieces])
        offsets = [offset for offset, _ in taken.pieces]
        chunks = [list(pair) for pair in zip(offsets, sizes, strict=True)]
        return change.text, chunks, is_stream

    def _provenance(self, taken: Taken, *, has_headers: bool) -> dict[str, Any]:
        day = datetime.fromtimestamp(taken.asked_at, UTC).date().isoformat()
        by = self.service or urlsplit(taken.url).hostname
        who = f"{CLIENT['name']} {CLIENT['version']} ({self.command}), answered by {by} ({day})"
        source = {"from": who}
        notes = [_NOTE, _ENDINGS.get(taken.ended or "", "")]
        encoding = taken.header("content-encoding")
        if encoding and encoding.lower() != "identity":
            notes.append("The body came compressed.")
        return {
            "kind": "recorded",
            "date": day,
            "source": who,
            "client": dict(CLIENT),
            "note": " ".join(one for one in notes if one),
            "parts": {
                "request": dict(source),
                "status": dict(source),
                "headers": dict(source) if has_headers else {"from": "none"},
                "body": dict(source),
            },
        }


def _pieces(events: Iterable[Event]) -> Iterator[str]:
    """The pieces of the answer that a model wrote."""
    for event in events:
        piece = event.payload.get("delta") if event.type is not None else None
        if event.type == "content_block_delta" and isinstance(piece, dict):
            piece = piece.get("text")
        if event.type in _PIECES and isinstance(piece, str):
            yield piece


def _is_stream(taken: Taken, text: str) -> bool:
    """Whether a reader of the cassette takes it for an event stream: by its type first."""
    kind = taken.header("content-type")
    if kind is not None:
        return kind.strip().lower().startswith("text/event-stream")
    return text.lstrip("\ufeff\r\n").startswith(("event:", "data:", "id:", "retry:", ":"))


def _declared(sent: RawHeaders, probe: Probe) -> RawHeaders:
    """Those that belong to the question; all others say who asks, which is no news."""
    names = {name.lower() for name in probe.request.headers}
    return tuple((name, value) for name, value in sent if name.lower() in names)


def _measured(headers: RawHeaders, body: str) -> RawHeaders:
    """A content-length says how long the scrubbed body is."""
    size = str(len(body.encode()))
    return tuple(
        (name, size if name.lower() == "content-length" else value) for name, value in headers
    )


def _grouped(headers: RawHeaders) -> Mapping[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, value in headers:
        found.setdefault(name.lower(), []).append(value)
    return found
