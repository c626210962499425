"""Files that hold an answer alone: a stream as it came, one event a line, or one body."""

from __future__ import annotations

import json
import re
from codecs import BOM_UTF8
from collections.abc import Callable, Mapping
from typing import Any, Final

from harness.contract import ContractError
from harness.events import parse_json, refuse_constant
from harness.exchange import NOT_JSON, Exchange

__all__ = [
    "RAW",
    "read_json",
    "read_jsonl",
    "read_payload",
    "read_raw",
    "read_sse",
    "repeated_keys",
    "status_of",
]

#: Statuses that stand for "some refusal" and "some success" where only a body is known.
_REFUSED: Final = 400
_OK: Final = 200
#: How the first line of a stream begins.
_FIELD: Final = re.compile(rb"(?:\xef\xbb\xbf)?(?:[ \t]*\r?\n)*(?:event|data|id|retry):")


def read_sse(raw: bytes, name: str) -> Exchange:
    """The answer in an ``.sse`` file, which messages call ``name``.

    It may break off anywhere, as what ``curl -N`` leaves does, also within a character or its first
    event; and it may be one JSON body, which is what a refusal of a stream is.

    Raises:
        ContractError: it is not UTF-8, or holds nothing of an event.
    """
    _refuse_other_encodings(raw, name, may_break_off=True)
    exchange = Exchange.from_sse(raw)
    if not exchange.events and not (exchange.unfinished and _FIELD.match(raw)):
        payload = parse_json(raw)
        if isinstance(payload, dict):
            return Exchange.from_json(raw, status_of(payload))
        raise ContractError(
            name, "", "holds no event", "an event stream has lines that begin with data:"
        )
    return exchange


def read_jsonl(raw: bytes, name: str) -> Exchange:
    """The answer in a ``.jsonl`` file: one event, or one frame, a line.

    Raises:
        ContractError: it is not UTF-8, a line is not JSON, or it holds no event.
    """
    _refuse_other_encodings(raw, name)
    exchange = Exchange.from_jsonl(raw.removeprefix(BOM_UTF8))
    if not exchange.events:
        raise ContractError(name, "", "holds no event", "one JSON value a line")
    for event in exchange.events:
        # A server may send what is no JSON, and a stream shows it; here the file itself is broken.
        if event.payload is NOT_JSON and event.data.strip() != "[DONE]":
            _parsed(event.data.encode(), name, event.line)
    if all(event.type is None for event in exchange.events):
        raise ContractError(
            name,
            f"line {exchange.events[0].line}",
            f"is no event: {exchange.events[0].data[:60]!r}",
            "write one event or frame a line: a JSON object that has a type",
        )
    return exchange


def read_payload(raw: bytes, name: str) -> Any:
    """The JSON value in a ``.json`` file.

    Raises:
        ContractError: it is not UTF-8, or not JSON.
    """
    _refuse_other_encodings(raw, name)
    return _parsed(raw, name)


def _parsed(raw: bytes, name: str, line: int = 1) -> Any:
    """A JSON value that begins on this line of a file."""
    try:
        return json.loads(raw, parse_constant=refuse_constant)
    except json.JSONDecodeError as error:
        where = f"line {line + error.lineno - 1}, column {error.colno}"
        raise ContractError(name, where, f"not JSON: {error.msg}", "mend the syntax") from None
    except (ValueError, RecursionError) as error:
        where = f"line {line}" if line > 1 else ""
        raise ContractError(name, where, f"not JSON: {error}", "mend it") from None


def repeated_keys(text: str | bytes) -> list[str]:
    """The keys that stand twice in one object of a JSON text: readers disagree on which counts."""
    found: dict[str, None] = {}

    def look(members: list[tuple[str, Any]]) -> None:
        names = [name for name, _ in members]
        if len(set(names)) < len(names):
            found.update((name, None) for name in names if names.count(name) > 1)

    try:
        json.loads(text, object_pairs_hook=look)
    except (ValueError, RecursionError):
        return []  # it is no JSON, and that is told
    return list(found)


def read_json(raw: bytes, name: str) -> Exchange:
    """The answer in a ``.json`` file: one body, with a status that it can have come with.

    Raises:
        ContractError: it is not UTF-8, or not JSON.
    """
    payload = read_payload(raw, name)
    # Whoever saved the file may have put the mark there.
    return Exchange.from_json(raw.removeprefix(BOM_UTF8), status_of(payload))


#: Suffix → what reads such a file.
RAW: Final[Mapping[str, Callable[[bytes, str], Exchange]]] = {
    ".sse": read_sse,
    ".jsonl": read_jsonl,
    ".json": read_json,
}


def read_raw(suffix: str, raw: bytes, name: str) -> Exchange:
    """The answer in a file of one of the kinds of :data:`RAW`.

    Raises:
        ContractError: it is not what its suffix says.
    """
    return RAW[suffix](raw, name)


def status_of(payload: Any) -> int:
    """A status that a body of unknown origin can have come with."""
    if not _is_refusal(payload):
        return _OK
    said = payload.get("status", payload.get("status_code"))
    return said if isinstance(said, int) and said >= _REFUSED else _REFUSED


def _is_refusal(payload: Any) -> bool:
    if not isinstance(payload, dict) or payload.get("object") == "response":
        return False
    return "detail" in payload or isinstance(payload.get("error"), dict | str)


def _refuse_other_encodings(raw: bytes, name: str, *, may_break_off: bool = False) -> None:
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError as error:
        if may_break_off and error.end == len(raw) and "end of data" in error.reason:
            return
        raise ContractError(
            name, f"byte {error.start}", "not UTF-8", "save the file as UTF-8"
        ) from None
