"""What changed in how the two sides talk: the lines of a stream, its pace, how it is closed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from .change import Change
from .sequences import differing, order_rule, without
from .snapshot import Fields, Snapshot

__all__ = [
    "FRAMING",
    "frame_order_edit",
    "framing_edits",
    "is_parity",
    "is_websocket",
    "is_websockets_own",
]

#: Where the facts about lines and frames stand in the answer of a snapshot.
FRAMING: Final = ("/framing", "/ended")
#: Events that a WebSocket has beside those of the protocol, for what headers say over HTTPS
#: (openai/codex#10324; seen over no other transport but where a proxy relays them).
_WEBSOCKET_ONLY: Final = ("codex.", "responsesapi.")
#: A fact: the rules for its coming and for its going.
_FACTS: Final[Mapping[str, tuple[str, str]]] = {
    "bom": ("sse-bom-added", "sse-bom-removed"),
    "comment": ("sse-comment-added", "sse-comment-removed"),
    "id": ("sse-id-added", "sse-id-removed"),
    "retry": ("sse-retry-added", "sse-retry-removed"),
    "multiline": ("sse-data-became-multiline", "sse-data-became-single-line"),
    "binary": ("ws-text-became-binary", "ws-binary-became-text"),
}


def is_websocket(snapshot: Snapshot) -> bool:
    """Whether the exchange went over a WebSocket."""
    return bool(snapshot.get("response", {}).get("/body") == "frames")


def is_parity(before: Snapshot, after: Snapshot) -> bool:
    """Whether the two are a stream and a WebSocket: two ways of asking one question."""
    bodies = [one.get("response", {}).get("/body") for one in (before, after)]
    return set(bodies) == {"stream", "frames"}


def is_websockets_own(event: str | None) -> bool:
    """Whether an event, by its label, is one that server-sent events need not have."""
    return event is not None and event.startswith(_WEBSOCKET_ONLY)


def framing_edits(before: Fields, after: Fields) -> Iterator[Change]:
    """The edits between two answers, of how they were sent.

    Args:
        before, after: the fields of two streams, or of the frames of two WebSockets.
    """
    for name, (came, went) in _FACTS.items():
        pointer = f"/framing/{name}"
        if pointer in after and pointer not in before:
            yield Change(came, pointer, None, str(after[pointer]))
        elif pointer in before and pointer not in after:
            yield Change(went, pointer, str(before[pointer]), None)
    yield from _name_edits(before, after)
    for pointer, rule in (
        ("/framing/arrival", ""),
        ("/framing/close", "ws-close-code-changed"),
        ("/ended", "stream-end-changed"),
    ):
        # What is not known on one side is no difference.
        if pointer in before and pointer in after and before[pointer] != after[pointer]:
            old, fresh = str(before[pointer]), str(after[pointer])
            arrival = "sse-buffered" if "buffered" in fresh else "sse-streamed"
            yield Change(rule or arrival, pointer, old, fresh)


def _name_edits(before: Fields, after: Fields) -> Iterator[Change]:
    """How the events are named by their ``event:`` lines: as their type, not at all, otherwise."""
    pointer = "/framing/name"
    if pointer not in before or pointer not in after:
        return
    old, fresh = before[pointer].atoms, after[pointer].atoms
    for atom, came, went in (
        ("other", "event-name-differs", "event-name-agrees"),
        ("none", "sse-event-name-dropped", "sse-event-name-added"),
    ):
        if atom in fresh - old:
            yield Change(came, pointer, str(before[pointer]), str(after[pointer]))
        elif atom in old - fresh:
            yield Change(went, pointer, str(before[pointer]), str(after[pointer]))
        else:
            continue
        return


def frame_order_edit(before: Snapshot, after: Snapshot) -> Change | None:
    """The edit of the order of the frames that the client sent, less those that came or went."""
    here, there = ([tuple(one) for one in side.get("sent", ())] for side in (before, after))
    if not here or not there:
        return None
    known = [{item.removesuffix("+") for one in side for item in one} for side in (here, there)]
    alone = known[0] ^ known[1]
    orders = [frozenset(without(one, alone, {}) for one in side) for side in (here, there)]
    if order_rule(*orders) is None:
        return None
    return Change("client-frame-order-changed", "", *differing(*orders))
