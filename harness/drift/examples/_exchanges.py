"""An exchange out of its compact form: a document, edits by place, and what becomes of the two.

The document is ``{"request": {"method", "url", "header", "body", "frames"}, "status", "header",
"body", "events", "ended", "close_code", "chunks", "transport", "framing"}``. A place is a pointer
into it (``/body/plan``), a pointer into its request (``request /header/accept``), or one into every
event of a type (``response.completed /response/id``; without a pointer, the events themselves).
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from harness.exchange import Event, Exchange, SentRequest, read_events

__all__ = ["ABSENT", "Edits", "exchange_of", "made", "value_at"]

#: What stands for nothing, in edits and where a value is shown.
ABSENT: Final = "(absent)"

Edits = Mapping[str, Any]

BOM: Final = b"\xef\xbb\xbf"
#: A value that is longer is cut where it is shown.
_SHOWN: Final = 100


def made(base: Mapping[str, Any], edits: Edits) -> dict[str, Any]:
    """The base with its edits.

    Raises:
        KeyError: a place of an edit is not there.
    """
    document = copy.deepcopy(dict(base))
    for place, value in edits.items():
        if place == "/events" and value != ABSENT:
            document["events"] = [_event(base, one) for one in value]
            continue
        for holder, pointer in _holders(document, place):
            _put(holder, pointer, value)
    return document


def value_at(document: Mapping[str, Any], place: str) -> str:
    """What stands at a place, as JSON, cut to one line."""
    for holder, pointer in _holders(document, place):
        value: Any = holder
        for token in _tokens(pointer):
            value = _child(value, token)
        if place == "/events" and value != ABSENT:
            return " ".join(map(_name_of, value))
        if value == ABSENT:
            return ABSENT
        text = json.dumps(value, ensure_ascii=False)
        return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
    return ABSENT


def _name_of(event: Mapping[str, Any]) -> str:
    item = event.get("item")
    kind = f"({item['type']})" if isinstance(item, dict) else ""
    return f"{event['type']}{kind}"


def _event(base: Mapping[str, Any], one: Any) -> dict[str, Any]:
    """An event by its type alone is that of the base."""
    if isinstance(one, dict):
        return one
    known = (event for event in base["events"] if event["type"] == one)
    return copy.deepcopy(next(known, {"type": one}))


def _holders(document: Mapping[str, Any], place: str) -> Iterator[tuple[Any, str]]:
    """What a place points into, and the pointer from there."""
    if place.startswith("/"):
        yield document, place
    elif place.startswith("request /"):
        yield document, f"/request{place.removeprefix('request ')}"
    else:
        kind, _, pointer = place.partition(" ")
        for index, event in enumerate(document.get("events", ())):
            if event.get("type") == kind:
                yield document, f"/events/{index}{pointer}"


def _tokens(pointer: str) -> list[str]:
    return [part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:]]


def _child(value: Any, token: str) -> Any:
    if isinstance(value, list):
        return value[int(token)] if int(token) < len(value) else ABSENT
    return value.get(token, ABSENT) if isinstance(value, dict) else ABSENT


def _put(document: Any, pointer: str, value: Any) -> None:
    *way, last = _tokens(pointer)
    for token in way:
        document = document[int(token)] if isinstance(document, list) else document[token]
    key = int(last) if isinstance(document, list) else last
    if value == ABSENT:
        del document[key]
    elif isinstance(document, list) and key == len(document):
        document.append(copy.deepcopy(value))
    else:
        document[key] = copy.deepcopy(value)


def exchange_of(document: Mapping[str, Any]) -> Exchange:
    """The exchange that a document describes."""
    sent = document.get("request")
    common: dict[str, Any] = {
        "request": None if sent is None else _request(sent),
        "status": document.get("status"),
        "headers": tuple(_headers(document.get("header", {}))),
        "ended": document.get("ended"),
        "close_code": document.get("close_code"),
        "chunks": _chunks(document),
    }
    if document.get("transport") == "ws":
        return Exchange(
            **common,
            is_stream=True,
            events=_frames(document["events"], document.get("framing", {})),
            transport="ws",
            sent_frames=_frames(document["request"]["frames"], {}),
        )
    if "events" in document:
        body = b"".join(_sse(document["events"], document.get("framing", {})))
        events, unfinished = read_events(body)
        return Exchange(**common, body=body, is_stream=True, events=events, unfinished=unfinished)
    value = document.get("body", "")
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return Exchange(**common, body=text.encode())


def _request(sent: Mapping[str, Any]) -> SentRequest:
    body = sent.get("body")
    text = "" if body is None else body if isinstance(body, str) else json.dumps(body)
    headers = tuple(_headers(sent.get("header", {})))
    return SentRequest(sent["method"], sent["url"], headers, text.encode())


def _headers(headers: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """A list of values is a header that comes several times."""
    for name, value in headers.items():
        for one in value if isinstance(value, list) else [value]:
            yield name, str(one)


def _chunks(document: Mapping[str, Any]) -> tuple[tuple[float, int], ...] | None:
    chunks = document.get("chunks")
    return None if chunks is None else tuple((at, size) for at, size in chunks)


def _frames(values: list[Any], framing: Mapping[str, Any]) -> tuple[Event, ...]:
    texts = [json.dumps(one, ensure_ascii=False) for one in values]
    binary = bool(framing.get("binary"))
    return tuple(
        Event.of(None, text, number, binary=binary) for number, text in enumerate(texts, 1)
    )


def _sse(events: list[Any], framing: Mapping[str, Any]) -> Iterator[bytes]:
    """The bytes of a stream. ``framing`` names what is unusual about them."""
    if framing.get("bom"):
        yield BOM
    if "retry" in framing:
        yield f"retry: {framing['retry']}\n\n".encode()
    for number, event in enumerate(events):
        if framing.get("comment") and number == 1:
            yield f": {framing['comment']}\n\n".encode()
        yield "".join(f"{line}\n" for line in _lines(event, number, framing)).encode() + b"\n"
    if framing.get("done"):
        yield b"data: [DONE]\n\n"
    if framing.get("unfinished"):
        yield b"event: keepalive\n"


def _lines(event: Any, number: int, framing: Mapping[str, Any]) -> Iterator[str]:
    if framing.get("id"):
        yield f"id: {number}"
    name = framing.get("name", {})
    if isinstance(name, dict):
        name = name.get(event["type"], event["type"])
    if name:
        yield f"event: {name}"
    if framing.get("plain") == event["type"]:
        yield "data: no JSON"
        return
    text = json.dumps(event, ensure_ascii=False, indent=1 if framing.get("multiline") else None)
    for line in text.split("\n"):
        yield f"data: {line}"
