"""An exchange with a client as a cassette, of the kind ``captured``: what the client sent is real,
what it was answered is the stand-in's."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import yaml

from harness.standin.recording import Recorded
from harness.standin.redaction import Redactor
from harness.standin.values import Headers

__all__ = ["NotRecordable", "cassette_of", "write_cassette"]

#: No cassette holds these, not even with a placeholder for a value (schemas/cassette.json).
_LEFT_OUT: Final = frozenset({"authorization", "chatgpt-account-id", "x-api-key", "cookie"})
_METHODS: Final = ("GET", "POST")
#: Longer texts would be broken into lines.
_LONG: Final = 100
_NAME: Final = re.compile(r"[^a-z0-9]+")


class NotRecordable(Exception):
    """A cassette cannot hold this exchange; ``str()`` says why."""


def write_cassette(folder: Path, recorded: Recorded, redactor: Redactor | None = None) -> Path:
    """Write one finished exchange into a folder, without secrets. The file is whole or not there.

    Args:
        folder: it has to be there.
        recorded: the exchange.
        redactor: that of the run, so that the same secret is the same placeholder in all of it.

    Raises:
        NotRecordable: a cassette has no room for it.
        OSError: it cannot be written.
    """
    redactor = redactor or Redactor()
    document = cassette_of(recorded, redactor)
    one = recorded.incoming
    asked = redactor.text(f"{one.method} {one.host}{one.path}")
    slug = _NAME.sub("-", asked.lower()).strip("-")[:100]
    path = folder / f"{recorded.number:04d}-{slug}.yaml"
    partial = path.with_suffix(".partial")
    text = yaml.dump(document, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=100)
    partial.write_text(text, encoding="utf-8")
    partial.replace(path)
    return path


def cassette_of(recorded: Recorded, redactor: Redactor) -> dict[str, Any]:
    """The document of a cassette.

    Raises:
        NotRecordable: a cassette has no room for it.
    """
    incoming = recorded.incoming
    if incoming.method not in _METHODS:
        raise NotRecordable(f"a cassette has no room for the method {incoming.method}")
    if recorded.status is None:
        raise NotRecordable(f"{incoming.method} {incoming.path} was never answered")
    sent, answer = _text(incoming.body), _text(recorded.body)
    frames = [frame.text for frame in recorded.frames]
    redactor.learn((*incoming.headers, *recorded.headers), sent, answer, *frames)
    interaction: dict[str, Any] = {
        "request": {
            "method": incoming.method,
            "uri": redactor.text(_uri(recorded)),
            "headers": _headers(redactor.headers(incoming.headers)),
            "body": redactor.text(sent) if sent else None,
        },
        "response": {
            "status": {"code": recorded.status, "message": ""},
            "headers": _headers(redactor.headers(recorded.headers)),
            "body": {"string": redactor.text(answer)},
        },
        "provenance": _provenance(recorded),
    }
    if _is_stream(recorded, answer):
        chunks = [[round(offset, 1), size] for offset, size in recorded.chunks]
        ended = "eof" if recorded.ended == "eof" else "reset"
        interaction["stream"] = {"ended": ended, "chunks": chunks}
    if recorded.status == 101:
        interaction["frames"] = _frames(recorded, redactor)
        if recorded.close_code is not None:
            interaction["close_code"] = recorded.close_code
    return {"version": 1, "interactions": [interaction]}


def _uri(recorded: Recorded) -> str:
    one = recorded.incoming
    # The host is the real one also where the client was given the stand-in's own address, without
    # TLS: what it asked is what it would have asked there.
    scheme = "wss" if one.transport == "websocket" else "https"
    host = f"[{one.host}]" if ":" in one.host else one.host or "localhost"
    return f"{scheme}://{host}{one.path}" + (f"?{one.query}" if one.query else "")


def _headers(headers: Headers) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, value in headers:
        if name.lower() not in _LEFT_OUT:
            found.setdefault(name.lower(), []).append(value)
    return found


def _frames(recorded: Recorded, redactor: Redactor) -> list[dict[str, Any]]:
    return [
        {
            "from": frame.direction,
            "at": round(frame.offset, 1),
            **({"binary": True} if frame.binary else {}),
            **({"bytes": frame.size} if frame.size != len(frame.data) else {}),
            "text": redactor.text(frame.text),
        }
        for frame in recorded.frames
    ]


def _is_stream(recorded: Recorded, answer: str) -> bool:
    """Whether a reader of the cassette takes the answer for an event stream: by its type first."""
    for name, value in recorded.headers:
        if name.lower() == "content-type":
            return value.strip().lower().startswith("text/event-stream")
    begins = answer.lstrip("\ufeff\r\n").startswith(("event:", "data:", "id:", "retry:", ":"))
    return recorded.status == 200 and begins


def _provenance(recorded: Recorded) -> dict[str, Any]:
    client = _client(recorded.incoming.header("user-agent"))
    who = " ".join(client.values()) if client else "a client that does not name itself"
    day = datetime.fromtimestamp(recorded.started, UTC).date().isoformat()
    answer = f"the codex-leg stand-in answering {recorded.source or 'as it was told'} ({day})"
    parts: dict[str, Any] = {
        "request": {"from": f"{who} against the codex-leg stand-in ({day})"},
        "status": {"from": answer},
        "headers": {"from": answer if recorded.headers else "none"},
        "body": {"from": answer},
    }
    provenance: dict[str, Any] = {
        "kind": "captured",
        "date": day,
        "source": f"{who} against the codex-leg stand-in, on loopback ({day})",
        "client": client,
        "parts": parts,
    }
    notes = _notes(recorded)
    if notes:
        provenance["note"] = " ".join(notes)
    return provenance


def _notes(recorded: Recorded) -> list[str]:
    one = recorded.incoming
    notes = []
    encoding = one.header("content-encoding")
    if encoding and one.body:
        notes.append(f"The request was sent as {encoding}, {one.raw_body_length} bytes.")
    if recorded.faults:
        notes.append(f"Faults: {', '.join(fault.name for fault in recorded.faults)}.")
    if recorded.ended not in ("eof", None):
        notes.append(f"It ended so: {recorded.ended}.")
    if recorded.close_code is not None:
        notes.append(f"The WebSocket was closed with {recorded.close_code}.")
    if recorded.is_cut:
        notes.append("Not everything was kept: it was too large.")
    if b"\x00" in recorded.body or _text(recorded.body).encode() != recorded.body:
        notes.append("Bytes of the answer that are no text were replaced.")
    return notes


def _client(user_agent: str | None) -> dict[str, str] | None:
    if not user_agent:
        return None
    name, _, version = user_agent.split()[0].partition("/") if user_agent.split() else ("", "", "")
    if not name:
        return None
    return {"name": name, "version": version} if version else {"name": name}


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")


#: The fast one, where there is one: a long stream takes seconds otherwise.
_BASE: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


class _Dumper(_BASE):  # type: ignore[misc]  # which of the two classes it is depends on the machine
    """Writes long texts as they are: people read the bodies too."""


def _represent_text(dumper: Any, text: str) -> Any:
    style = "|" if "\n" in text or len(text) > _LONG else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _represent_text)
