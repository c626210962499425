"""What there is to take away: read off the answers that the client was given, not off a list."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

from harness.reference.trials.places import is_there, names_in
from harness.reference.trials.seen import Part, Seen
from harness.reference.trials.settings import Setting
from harness.reference.trials.without import EVENT_LINE, HOWS, Without, field_name

__all__ = ["Thing", "changes_of"]

#: Surface, kind and name: a row of the table.
Thing = tuple[str, str, str]

#: These are true of the bytes on the wire, and written by it.
_OF_THE_WIRE: Final = frozenset(
    """
    connection content-encoding content-length sec-websocket-accept sec-websocket-extensions
    transfer-encoding upgrade
    """.split()
)


def changes_of(setting: Setting, baseline: Seen, known: Iterable[Thing]) -> list[Without]:
    """The changes to try in this turn.

    Args:
        setting: the turn.
        baseline: how it went with nothing changed, with its parts.
        known: what other turns show as well.
    """
    known = frozenset(known)
    found: dict[Without, None] = {}
    for part in baseline.parts:
        if part.surface not in setting.judges:
            continue
        for change in _of_part(part):
            thing = (change.surface, change.kind, change.name)
            if thing not in known or _tells_more(setting, change):
                found[change] = None
    return list(found)


def _tells_more(setting: Setting, change: Without) -> bool:
    """Whether a thing that is known already means something else in this turn."""
    return change.surface == "auth" or (setting.tool and change.kind == "event")


def _of_part(part: Part) -> Iterator[Without]:
    for kind, name, hows in _things(part):
        for how in hows:
            yield Without(part.surface, kind, name, how)


def _things(part: Part) -> Iterator[tuple[str, str, Iterable[str]]]:
    if part.status < 300:
        yield "endpoint", part.endpoint, _endpoint_hows(part)
    elif part.surface == "other":
        # Nobody knows what the real answer is; that there is none is all that can be tried.
        yield "endpoint", part.endpoint, ("500", "empty", "no connection", "no answer")
        return
    for name in part.headers:
        # The date of a handshake is written by whoever accepts it.
        if name not in _OF_THE_WIRE and not (part.status == 101 and name == "date"):
            yield "header", name, HOWS["header"]
    if part.has_lines:
        yield "transport", EVENT_LINE, HOWS["transport"]
    yield from _of_events(part.events)
    label = "" if part.status < 300 else str(part.status)
    yield from _fields([part.body] if part.body is not None else [], label)


def _endpoint_hows(part: Part) -> Iterable[str]:
    if part.surface == "responses-ws":
        return "404", "426", "500", "no connection", "no answer"
    return HOWS["endpoint"]


def _of_events(events: Iterable[Any]) -> Iterator[tuple[str, str, Iterable[str]]]:
    by_type: dict[str, list[Any]] = {}
    for payload in events:
        kind = payload.get("type") if isinstance(payload, dict) else None
        if isinstance(kind, str):
            by_type.setdefault(kind, []).append(payload)
    for kind in by_type:
        yield "event", kind, HOWS["event"]
    for kind, payloads in by_type.items():
        yield from _fields(payloads, kind)


def _fields(documents: list[Any], label: str) -> Iterator[tuple[str, str, Iterable[str]]]:
    names = dict.fromkeys(name for document in documents for name in names_in(document))
    for name in names:
        filled = any(is_there(document, name, not_null=True) for document in documents)
        # What is null already cannot be made so.
        yield "field", field_name(label, name), HOWS["field"] if filled else ("removed",)
