"""What each fault has to look like from outside, told from the bytes alone.

Written from what the faults promise, not from their code: nothing here asks the stand-in.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from .raw_wire import Answer, Frame, messages_of

Given = Mapping[str, Any]
TERMINAL = ("response.completed", "response.failed", "response.incomplete")
#: Clocks and schedulers are allowed to be this much off.
SLACK = 0.9


def blocks(body: bytes) -> list[bytes]:
    """The events of a stream, however its lines end."""
    text = body.removeprefix(b"\xef\xbb\xbf").replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    return [one for one in text.split(b"\n\n") if one.strip()]


def data_of(block: bytes) -> Any:
    lines = [line for line in block.split(b"\n") if line.startswith(b"data:")]
    try:
        return json.loads(b"\n".join(line[5:].removeprefix(b" ") for line in lines))
    except ValueError:
        return None


def types(body: bytes) -> list[str | None]:
    """The type of each event; ``None`` for one whose data is no JSON object."""
    payloads = [data_of(block) for block in blocks(body)]
    return [one.get("type") if isinstance(one, dict) else None for one in payloads]


def frame_types(frames: Sequence[Frame]) -> list[str | None]:
    found = []
    for one in messages_of(frames):
        try:
            found.append(json.loads(one).get("type"))
        except (ValueError, AttributeError):
            found.append(None)
    return found


def terminals(kinds: Sequence[str | None]) -> int:
    return sum(one in TERMINAL for one in kinds)


def delay(answer: Answer, given: Given, plain: bytes) -> None:
    seconds = given["seconds"] * SLACK
    if given.get("each_event"):
        assert answer.pieces[-1][0] >= len(types(answer.body)) * seconds
    else:
        placed = given.get("after_event") or given.get("at_byte")
        assert answer.pieces[-1 if placed else 0][0] >= seconds


def stall(answer: Answer, given: Given, plain: bytes) -> None:
    assert answer.ended == "open"
    assert answer.status == 200
    assert terminals(types(answer.body)) == 0
    if given.get("after_event"):
        assert len(types(answer.body)) == given["after_event"]


def drip(answer: Answer, given: Given, plain: bytes) -> None:
    size = given.get("bytes_per_write", 1)
    assert given.get("after_event") is given.get("at_byte") is None
    assert all(len(one) <= size for one in answer.chunks or ())
    assert len(answer.chunks or ()) > 100


def split_in_character(answer: Answer, given: Given, plain: bytes) -> None:
    def whole(chunk: bytes) -> bool:
        try:
            chunk.decode()
        except UnicodeDecodeError:
            return False
        return True

    assert not all(whole(chunk) for chunk in answer.chunks or ())
    answer.body.decode()  # together they are text again


def early_end(answer: Answer, given: Given, plain: bytes) -> None:
    assert terminals(types(answer.body)) == 0
    assert len(answer.body) < len(plain)
    assert answer.is_complete is given.get("clean", True)
    assert answer.ended in ("complete", "eof")


def reset(answer: Answer, given: Given, plain: bytes) -> None:
    assert answer.ended == "reset"
    assert not answer.is_complete


def repeat_event(answer: Answer, given: Given, plain: bytes) -> None:
    seen, times = blocks(answer.body), given.get("times", 1)
    number = given.get("event")
    if number is None:
        assert len(seen) == len(blocks(plain)) * (times + 1)
    else:
        assert len(set(seen[number - 1 : number + times])) == 1


def reorder_events(answer: Answer, given: Given, plain: bytes) -> None:
    number, by = given.get("event"), given.get("by", 1)
    expected = types(plain)
    if number is None:
        for at in range(0, len(expected) - 1, 2):
            expected[at : at + 2] = reversed(expected[at : at + 2])
    else:
        expected.insert(number - 1 + by, expected.pop(number - 1))
    assert types(answer.body) == expected
    numbers = [data_of(block).get("sequence_number") for block in blocks(answer.body)]
    assert numbers != sorted(numbers)


def unknown_event(answer: Answer, given: Given, plain: bytes) -> None:
    strange = [one for one in types(answer.body) if one not in types(plain)]
    assert len(strange) == given.get("times", 1)
    assert terminals(types(answer.body)) == 1


def garbage_line(answer: Answer, given: Given, plain: bytes) -> None:
    known = (b"event:", b"data:", b"id:", b"retry:", b":")
    if given.get("form", "data") == "line":
        lines = [one for one in answer.body.splitlines() if one and not one.startswith(known)]
        assert len(lines) == 1
    else:
        assert types(answer.body).count(None) == 1


def missing_blank_line(answer: Answer, given: Given, plain: bytes) -> None:
    missing = len(blocks(plain)) - len(blocks(answer.body))
    assert missing == (1 if given.get("event") else len(blocks(plain)) - 1)


def crlf(answer: Answer, given: Given, plain: bytes) -> None:
    assert answer.body.count(b"\n") == answer.body.count(b"\r\n") > 0


def cr(answer: Answer, given: Given, plain: bytes) -> None:
    assert b"\n" not in answer.body
    assert b"\r\r" in answer.body


def bom(answer: Answer, given: Given, plain: bytes) -> None:
    assert answer.body.startswith(b"\xef\xbb\xbf")


def multi_line_data(answer: Answer, given: Given, plain: bytes) -> None:
    most = max(block.count(b"\ndata:") for block in blocks(answer.body))
    assert most == given.get("lines", 3)
    assert None not in types(answer.body)


def comments(answer: Answer, given: Given, plain: bytes) -> None:
    assert sum(block.startswith(b":") for block in blocks(answer.body)) == len(blocks(plain))


def duplicate_terminal(answer: Answer, given: Given, plain: bytes) -> None:
    assert terminals(types(answer.body)) == 1 + given.get("times", 1)


def no_terminal(answer: Answer, given: Given, plain: bytes) -> None:
    assert terminals(types(answer.body)) == 0
    assert answer.is_complete


def huge_line(answer: Answer, given: Given, plain: bytes) -> None:
    longest = max(map(len, answer.body.split(b"\n")))
    wanted = given.get("line_bytes", 64 * 1024 * 1024)
    assert wanted <= longest <= wanted + 64


def endless(answer: Answer, given: Given, plain: bytes) -> None:
    assert len(types(answer.body)) > 20
    assert terminals(types(answer.body)) == 0
    assert not answer.is_complete


def content_type(answer: Answer, given: Given, plain: bytes) -> None:
    assert answer.header("content-type") == given["value"]


def html_challenge(answer: Answer, given: Given, plain: bytes) -> None:
    assert answer.status == given.get("status", 403)
    assert (answer.header("content-type") or "").startswith("text/html")
    assert b"Just a moment" in answer.body


def status(answer: Answer, given: Given, plain: bytes) -> None:
    assert answer.status == given["status"]
    for name, value in given.get("headers", {}).items():
        assert answer.header(name.lower()) == value


def slow_header(answer: Answer, given: Given, plain: bytes) -> None:
    before = [at for at, _ in answer.pieces]
    writes = len(answer.head) / given.get("bytes_per_write", 1)
    assert before[-1] - before[0] >= writes * given.get("pause_seconds", 0.01) * 0.5
    assert len(answer.pieces) > 3


def close_before_header(answer: Answer, given: Given, plain: bytes) -> None:
    assert answer.raw == b""
    assert answer.ended == ("reset" if given.get("reset") else "eof")


#: Fault → what its scenario must show over HTTP.
OVER_HTTP: dict[str, Callable[[Answer, Given, bytes], None]] = {
    "delay": delay,
    "stall": stall,
    "drip": drip,
    "split-in-character": split_in_character,
    "early-end": early_end,
    "reset": reset,
    "repeat-event": repeat_event,
    "reorder-events": reorder_events,
    "unknown-event": unknown_event,
    "garbage-line": garbage_line,
    "missing-blank-line": missing_blank_line,
    "crlf": crlf,
    "cr": cr,
    "bom": bom,
    "multi-line-data": multi_line_data,
    "comments": comments,
    "duplicate-terminal": duplicate_terminal,
    "no-terminal": no_terminal,
    "huge-line": huge_line,
    "endless": endless,
    "content-type": content_type,
    "html-challenge": html_challenge,
    "status": status,
    "slow-header": slow_header,
    "close-before-header": close_before_header,
}


def ws_close(answer: Answer, frames: Sequence[Frame], given: Given) -> None:
    codes = [one.close_code for one in frames if one.close_code is not None]
    if given["code"] == 1006:
        assert codes == []
        assert answer.ended in ("eof", "reset")
    else:
        assert codes == [given["code"]]
    if given.get("after_frame") is not None:
        assert len(messages_of(frames)) == given["after_frame"]


def ws_limit(answer: Answer, frames: Sequence[Frame], given: Given) -> None:
    errors = [one for one in messages_of(frames) if b"websocket_connection_limit_reached" in one]
    assert errors


def ws_oversized_frame(answer: Answer, frames: Sequence[Frame], given: Given) -> None:
    assert max(one.length for one in frames) == given.get("frame_bytes", 16 * 1024 * 1024 + 1)


def ws_binary(answer: Answer, frames: Sequence[Frame], given: Given) -> None:
    assert any(one.opcode == 2 for one in frames)


def ws_early_end(answer: Answer, frames: Sequence[Frame], given: Given) -> None:
    assert terminals(frame_types(frames)) == 0
    assert answer.ended == "eof"


def ws_reset(answer: Answer, frames: Sequence[Frame], given: Given) -> None:
    assert terminals(frame_types(frames)) == 0
    assert answer.ended == "reset"


def ws_stall(answer: Answer, frames: Sequence[Frame], given: Given) -> None:
    assert terminals(frame_types(frames)) == 0
    assert answer.ended == "open"


def ws_garbage(answer: Answer, frames: Sequence[Frame], given: Given) -> None:
    assert frame_types(frames).count(None) == 1


#: Fault → what its scenario must show over a WebSocket.
OVER_WEBSOCKET: dict[str, Callable[[Answer, Sequence[Frame], Given], None]] = {
    "ws-close": ws_close,
    "ws-limit": ws_limit,
    "ws-oversized-frame": ws_oversized_frame,
    "ws-binary": ws_binary,
    "garbage-line": ws_garbage,
    "early-end": ws_early_end,
    "reset": ws_reset,
    "stall": ws_stall,
}
