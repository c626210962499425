"""What clients sent to the stand-in: a line for a log, a row for a machine, a page for a person.

The faces hold no secret: bearers, cookies and tokens are placeholders, the same one for the same
value, so that two requests can be told apart or matched.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any, Final

from harness.exchange import NOT_JSON, parse_json
from harness.standin.recording import Recorded, RecordedFrame
from harness.standin.redaction import Redactor
from harness.standin.values import WsReply

__all__ = ["exchange_row", "exchange_text", "log_line", "size", "turn_line"]

#: More of a text than this is of no use to a person.
_EXCERPT: Final = 2000


def size(count: int) -> str:
    """Bytes, in words: ``5.1 kB``."""
    if count < 1000:
        return f"{count} B"
    return f"{count / 1000:.1f} kB" if count < 1_000_000 else f"{count / 1_000_000:.1f} MB"


def _address(recorded: Recorded) -> str:
    one = recorded.incoming
    return f"{one.host}{one.path}{f'?{one.query}' if one.query else ''}"


def _what(recorded: Recorded) -> str:
    return "WS" if recorded.frames or recorded.status == 101 else recorded.incoming.method


def _sent(recorded: Recorded) -> int:
    frames = sum(one.size for one in recorded.frames if one.direction == "server")
    return frames or recorded.written


def log_line(recorded: Recorded, redactor: Redactor) -> str:
    """One exchange that is over: when, what, the answer and where it comes from, how it went."""
    at = time.strftime("%H:%M:%S", time.localtime(recorded.started))
    faults = f"  [{', '.join(one.name for one in recorded.faults)}]" if recorded.faults else ""
    how = "" if recorded.ended in ("eof", "closed") else f"  {recorded.ended}"
    code = f"  close {recorded.close_code}" if recorded.close_code is not None else ""
    address = redactor.text(_address(recorded))
    status = recorded.status if recorded.status is not None else "—"
    return (
        f"{at}  {_what(recorded):<4} {address}  {status}  {recorded.source or '—'}  "
        f"{size(_sent(recorded))}  {recorded.elapsed():.0f} ms{faults}{how}{code}"
    )


def turn_line(recorded: Recorded, text: str, reply: WsReply) -> str:
    """A frame of a WebSocket, and what it is answered."""
    count = len(reply.frames)
    faults = f"  [{', '.join(one.name for one in reply.faults)}]" if reply.faults else ""
    return (
        f"{time.strftime('%H:%M:%S')}  WS   #{recorded.number} a frame of {size(len(text))}  "
        f"{reply.source or '—'}  {count} frame{'s' * (count != 1)}{faults}"
    )


def exchange_row(recorded: Recorded, redactor: Redactor, *, bodies: bool) -> dict[str, Any]:
    """One exchange as JSON; ``schemas/report/exchanges.json`` describes it."""
    one = recorded.incoming
    redactor.learn(one.headers, _text(one.body))
    row: dict[str, Any] = {
        "number": recorded.number,
        "started": round(recorded.started, 3),
        "method": one.method,
        "url": redactor.text(f"{one.scheme}://{_address(recorded)}"),
        "transport": one.transport,
        "headers": [list(pair) for pair in redactor.headers(one.headers)],
        "body_bytes": len(one.body),
        "wire_bytes": one.raw_body_length,
        "status": recorded.status,
        "source": recorded.source,
        "faults": [fault.name for fault in recorded.faults],
        "answer_bytes": _sent(recorded),
        "ms": recorded.elapsed(),
        "ended": recorded.ended,
        "close_code": recorded.close_code,
        "frames": {
            side: sum(frame.direction == side for frame in recorded.frames)
            for side in ("client", "server")
        },
    }
    if bodies:
        row["body"] = _value(one.body, redactor)
        row["client_frames"] = [_value(frame.data, redactor) for frame in _from_client(recorded)]
    return row


def _from_client(recorded: Recorded) -> Iterator[RecordedFrame]:
    return (frame for frame in recorded.frames if frame.direction == "client")


def _value(body: bytes, redactor: Redactor) -> Any:
    """A body as JSON if it is, else as text; ``None`` if there is none."""
    if not body:
        return None
    text = redactor.text(_text(body))
    found = parse_json(text)
    return text if found is NOT_JSON else found


def _text(body: bytes) -> str:
    return body.decode("utf-8", "replace")


def exchange_text(recorded: Recorded, redactor: Redactor, *, bodies: bool) -> str:
    """One exchange for a person: what was sent, header by header, and what it was answered."""
    one = recorded.incoming
    row = exchange_row(recorded, redactor, bodies=bodies)
    lines = [f"{recorded.number}. {one.method} {row['url']}"]
    lines += [f"     {name}: {value}" for name, value in row["headers"]]
    if one.body:
        wire = one.raw_body_length
        on_wire = f" ({wire} on the wire)" if wire != len(one.body) else ""
        lines.append(f"     body: {len(one.body)} bytes{on_wire}")
    lines += [f"     frame: {frame.size} bytes" for frame in _from_client(recorded) if not bodies]
    if bodies:
        shown = [row["body"]] if one.body else row["client_frames"]
        for value in shown:
            lines += [f"     {line}" for line in _pretty(value).splitlines()]
    faults = f" [{', '.join(row['faults'])}]" if row["faults"] else ""
    status = recorded.status if recorded.status is not None else "no answer"
    answer = " ".join(part for part in (str(status), recorded.source) if part)
    lines.append(
        f"   → {answer}{faults}, {size(row['answer_bytes'])}, {recorded.ended or 'going on'}"
    )
    return "\n".join(lines)


def _pretty(value: Any) -> str:
    if isinstance(value, str):
        return value if len(value) <= _EXCERPT else f"{value[:_EXCERPT]}…"
    return json.dumps(value, ensure_ascii=False, indent=2)
