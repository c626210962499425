"""What a release sends, taken apart into facts that other releases share. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from harness.drift.snapshot import Fields, unescape
from harness.reference.runs import HTTPS, WEBSOCKET
from harness.reference.wire.atoms import is_closed, value_of
from harness.reference.wire.captured import Captured, Vantage

__all__ = ["HANDLES", "KINDS", "Fact", "Seen", "facts_of", "handled_of", "name_of_place"]

#: In the order in which they are shown.
KINDS: Final = ("transport", "endpoint", "header", "field", "value", "event")

#: Where it was found out what a release acts on, beside the runs.
HANDLES: Final = "handles"
#: Of what a release was sent, in what its name stands before a code.
_CODED: Final[Mapping[str, str]] = {
    "event": "",
    "error event": "error: ",
    "failed": "response.failed: ",
    "incomplete": "response.incomplete: ",
}
_SURFACE_OF: Final = {HTTPS: "responses", WEBSOCKET: "responses-ws"}


class Fact(NamedTuple):
    """Something that a release does or does not.

    Attributes:
        surface: the part of the backend that it is about; ``other`` for what the contract does
            not know.
        kind: one of ``KINDS``.
        name: of a header in lower case, of a member of its JSON with a pointer behind it; of a
            field of the body a JSON pointer, ``[]`` for items, ``[type]`` for items and frames
            told apart by type; of a query parameter with a question mark before it. Of a value
            what it is the value of, a colon, and the value. Of an endpoint ``METHOD host/path``;
            of an event that it acts on, its type, and the code in it where that makes the
            difference.
    """

    surface: str
    kind: str
    name: str


#: Each fact with the runs that show it.
Seen = Mapping[Fact, frozenset[Vantage]]


def facts_of(captured: Captured) -> Seen:
    """The facts of a release, each with the runs in which it was seen."""
    found: dict[Fact, set[Vantage]] = {}
    for name in captured.transports:
        fact = Fact(_SURFACE_OF[name], "transport", name)
        found[fact] = {one for one in captured.vantages if one.endswith(f".{name}")}
    known: dict[tuple[str, int], list[Fact]] = {}
    for request in captured.requests:
        # The same body, read once, is the same object, and most are the same.
        key = (request.surface, id(request.fields))
        if key not in known:
            known[key] = list(_in_fields(request.surface, request.fields))
        endpoint = Fact(request.surface, "endpoint", request.call.name)
        for fact in (endpoint, *known[key]):
            found.setdefault(fact, set()).add(request.vantage)
    return {fact: frozenset(vantages) for fact, vantages in found.items()}


def handled_of(document: Mapping[str, Any] | None) -> Seen:
    """What a release acts on, from ``schemas/report/handles.json``; nothing if nobody looked."""
    rows = [] if document is None else document["rows"]
    return {
        Fact(row["surface"], "event", _CODED[row["kind"]] + row["name"]): frozenset({HANDLES})
        for row in rows
        if row["kind"] in _CODED and row["acts"]
    }


def _in_fields(surface: str, fields: Fields) -> Iterator[Fact]:
    for pointer, field in fields.items():
        kind, name = name_of_place(pointer)
        if not name:
            continue
        yield Fact(surface, kind, name)
        for atom in field.atoms:
            if is_closed(atom):
                yield Fact(surface, "value", f"{name}: {value_of(atom)}")


def name_of_place(pointer: str) -> tuple[str, str]:
    """The kind and the name of what is at a place; no name for a whole body or frame."""
    _, top, *rest = pointer.split("/")
    if top == "header":
        return "header", "/".join([unescape(rest[0]), *rest[1:]])
    if top == "query":
        return "field", f"?{unescape(rest[0])}"
    if top == "frame":
        rest[0] = f"[{rest[0]}]"
        return "field", "" if len(rest) == 1 else "/" + "/".join(rest)
    return "field", "/" + "/".join(rest) if rest else ""
