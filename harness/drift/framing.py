"""How the events of a stream were written and came: what a parser may trip over, and nothing else.

Each fact is a small word below ``/framing`` in the response half of a snapshot. Said is only what
is not the ordinary case, so that a plain stream has no line but that of its names:

============  =========================  ==========================================================
``lines``     ``unknown``                nothing is known of the lines: its events alone were kept
``name``      ``none type other``        ``event:`` lines: none, the type of the payload, another
``bom``       ``present``                a byte order mark before the first line, or before JSON
``comment``   ``present``                comment lines (``: keep-alive``)
``id``        ``present``                ``id:`` lines
``retry``     ``present``                ``retry:`` lines
``multiline`` ``present``                the data of an event on several lines
``arrival``   ``buffered streamed``      at once or bit by bit; only where the times are known
``terminal``  ``missing``                a response began, and its last event did not come
``binary``    ``present``                binary frames
``close``     a number                   the code that a WebSocket was closed with
============  =========================  ==========================================================

That data is no JSON, or is ``[DONE]``, is seen in the labels of the events, ``(not json)`` and
``(done)``; how the stream ended, in ``/ended``. Line endings, the boundaries of chunks, the number
of comments, and the order and case of headers are noise.
"""

from __future__ import annotations

from codecs import BOM_UTF8
from collections.abc import Iterator
from typing import Final

from harness.events import Event
from harness.exchange import Exchange
from harness.grammar import Grammar, lookup

__all__ = ["OF_LINES", "Fact", "framing_of"]

#: A name below ``/framing``, and an atom.
Fact = tuple[str, str]

#: The places of what is written in the lines of a stream, and that they are not known.
OF_LINES: Final = tuple(
    f"/framing/{name}"
    for name in ("lines", "name", "bom", "comment", "id", "retry", "multiline", "binary")
)

#: From so many events on it can be told whether they came one by one.
_ENOUGH = 5


def framing_of(exchange: Exchange, grammar: Grammar | None = None) -> tuple[Fact, ...]:
    """The facts of one answer, sorted; a name can stand several times.

    Args:
        exchange: an exchange. Of one that is no stream there is little to tell.
        grammar: the order of its events, if it is known: that tells which end it.
    """
    if not exchange.is_stream:
        return (("bom", "present"),) if exchange.body.startswith(BOM_UTF8) else ()
    # The word that ends a stream is no event, and never had a name.
    firsts = [run[0] for runs in exchange.runs for run in runs]
    pairs = {(one.name, one.type) for one in firsts if one.data != "[DONE]"}
    facts: set[Fact] = set()
    if not exchange.has_lines:
        facts.add(("lines", "unknown"))
    elif exchange.transport == "ws":
        facts.update(_of_frames(exchange))
    else:
        facts.update(_of_lines(exchange))
        for name, kind in pairs:
            same = "type" if kind in (name, None) else "other"
            facts.add(("name", "none" if name is None else same))
    if grammar is not None and _is_cut(exchange, {kind for _, kind in pairs}, grammar):
        facts.add(("terminal", "missing"))
    return tuple(sorted(facts))


def _of_frames(exchange: Exchange) -> Iterator[Fact]:
    if any(event.binary for event in exchange.events):
        yield "binary", "present"
    if exchange.close_code is not None:
        yield "close", str(exchange.close_code)


def _of_lines(exchange: Exchange) -> Iterator[Fact]:
    events = exchange.events
    if exchange.chunks is not None and len(events) >= _ENOUGH:
        pieces = sum(1 for _, size in exchange.chunks if size)
        yield "arrival", "buffered" if pieces == 1 else "streamed"
    if exchange.is_plain:
        return
    body = exchange.body
    if body.startswith(BOM_UTF8):
        yield "bom", "present"
        body = body.removeprefix(BOM_UTF8)
    if b"\r" in body:
        body = body.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    # Every line but the first begins behind a line feed; so does the first one now.
    text = b"\n" + body
    if b"\n:" in text:
        yield "comment", "present"
    for field in (b"id", b"retry"):
        if b"\n%b:" % field in text or b"\n%b\n" % field in text:
            yield field.decode(), "present"
    # Each event has a line of data: only if there are more of them has one event several.
    if (text.count(b"\ndata:") > len(events) or b"\ndata\n" in text) and _has_multiline(body):
        yield "multiline", "present"


def _has_multiline(body: bytes) -> bool:
    found = 0
    for line in body.split(b"\n")[:-1]:
        if not line and found > 1:
            return True
        if not line:
            found = 0
        elif line == b"data" or line.startswith(b"data:"):
            found += 1
    return False


def _is_cut(exchange: Exchange, kinds: set[str | None], grammar: Grammar) -> bool:
    """Whether a response began, and no event ends it."""
    if kinds & grammar.terminals:
        return False
    if grammar.error in kinds and any(_refuses(one, grammar) for one in exchange.events):
        return False
    if not kinds:
        return exchange.transport == "http"
    # Over a WebSocket come events that belong to no response.
    return any(kind is not None and not grammar.is_free(kind) for kind in kinds)


def _refuses(event: Event, grammar: Grammar) -> bool:
    """Whether this is an error with a status of its own: nothing follows it."""
    return event.type == grammar.error and any(
        lookup(event.payload, pointer) is not None for pointer in grammar.error_ends_with
    )
