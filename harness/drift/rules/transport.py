"""Rules about how the two sides talk: lines of a stream, frames, events and their order."""

from __future__ import annotations

from typing import Final

from ._model import ADDITIVE, BENIGN, BREAKING, RISKY, Rule
from ._table import ADOPT, EVENT, rows_of

__all__ = ["RULES"]

_FRAMING: Final = "feed the stream to leg/sse.py; if the leg reads it, adopt the new snapshot"
_CUT: Final = "ask again: once is an accident; if it stays, see what the server ends the stream for"

_row = rows_of("transport", EVENT)


def _sse(name: str, action: str, level: str, means: str, kind: str = "framing") -> Rule:
    return _row(f"sse-{name}", f"sse {kind} {action}", level, means, mend=_FRAMING)


_LINES: Final = (
    _sse("bom-added", "add", RISKY, "the answer begins with a byte order mark"),
    _sse("bom-removed", "remove", BENIGN, "the answer has no byte order mark any more"),
    _sse("event-name-dropped", "remove", RISKY, "events have no event: line any more"),
    _sse("event-name-added", "add", ADDITIVE, "events have an event: line now"),
    _sse("data-became-multiline", "increase", RISKY, "data comes in several lines", "cardinality"),
    _sse("data-became-single-line", "decrease", BENIGN, "data comes in one line", "cardinality"),
    _sse("comment-added", "add", BENIGN, "the stream has comments (signs of life)"),
    _sse("comment-removed", "remove", RISKY, "the stream has no comments (signs of life)"),
    _sse("id-added", "add", ADDITIVE, "events have an id: line", "identity"),
    _sse("id-removed", "remove", RISKY, "events have no id: line any more", "identity"),
    _sse("retry-added", "add", ADDITIVE, "the stream names a time to reconnect", "constraint"),
    _sse("retry-removed", "remove", BENIGN, "the stream names no time to reconnect", "constraint"),
    _sse("done-added", "add", BREAKING, "the stream ends with a [DONE]", "lifecycle"),
    _sse("done-removed", "remove", BREAKING, "the stream has no [DONE] any more", "lifecycle"),
    _sse("data-not-json", "remove", BREAKING, "the data of an event is no JSON object", "encoding"),
    _sse("data-json-again", "add", ADDITIVE, "the data of all events is a JSON object", "encoding"),
    _sse("buffered", "decrease", RISKY, "the stream comes in one piece at its end", "lifecycle"),
    _sse("streamed", "increase", BENIGN, "the stream comes piece by piece", "lifecycle"),
)

_ENDS: Final = (
    _row(
        "stream-cut",
        "event lifecycle remove",
        BREAKING,
        "the stream breaks off before its final event",
        mend=_CUT,
    ),
    _row(
        "stream-whole-again",
        "event lifecycle add",
        ADDITIVE,
        "the stream has its final event again",
        mend=ADOPT,
    ),
    _row(
        "stream-end-changed", "event lifecycle change", RISKY, "the connection ends in another way"
    ),
    _row("ws-text-became-binary", "ws encoding change", BREAKING, "frames are binary, were text"),
    _row("ws-binary-became-text", "ws encoding change", RISKY, "frames are text, were binary"),
    _row("ws-close-code-changed", "ws lifecycle change", RISKY, "another code ends it"),
    _row(
        "ws-sse-parity-broken",
        "ws structure change",
        RISKY,
        "WebSocket and stream give the same question different events",
    ),
)

_EVENTS: Final = (
    _row(
        "event-type-added",
        "event existence add",
        ADDITIVE,
        "an event of a new type comes",
        strict=BREAKING,
    ),
    _row(
        "event-type-removed",
        "event existence remove",
        BREAKING,
        "an event of this type does not come any more",
    ),
    _row(
        "event-type-unobserved",
        "event existence remove",
        BENIGN,
        "an event that need not come is not seen",
        mend=ADOPT,
    ),
    _row(
        "event-type-renamed",
        "event existence rename",
        BREAKING,
        "an event of the same shape has another type",
    ),
    _row(
        "event-order-changed",
        "order order change",
        RISKY,
        "the same events come in another order",
    ),
    _row(
        "event-count-changed", "order cardinality change", RISKY, "events come more or less often"
    ),
    _row("first-event-changed", "order identity change", BREAKING, "another event comes first"),
    _row(
        "terminal-event-changed",
        "order lifecycle change",
        BREAKING,
        "another event ends the stream",
    ),
    _row(
        "event-after-terminal",
        "order lifecycle add",
        BREAKING,
        "an event comes after the final one",
    ),
    _row(
        "event-name-differs",
        "event identity add",
        BREAKING,
        "the event: line and the type in the data do not agree any more",
    ),
    _row(
        "event-name-agrees",
        "event identity remove",
        BENIGN,
        "the event: line and the type in the data agree again",
        mend=ADOPT,
    ),
)

#: In the order of the documentation.
RULES: Final[tuple[Rule, ...]] = (*_LINES, *_ENDS, *_EVENTS)
