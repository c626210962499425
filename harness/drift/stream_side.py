"""One of two streams that are compared: its events, their orders, and what is told already."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from .changes import fields_of
from .sequences import Order
from .snapshot import Fields, Snapshot

__all__ = ["Side"]


@dataclass(slots=True)
class Side:
    """One of the two streams.

    Attributes:
        events: the fields of its events, by label.
        lines: the same as they are stored.
        orders: the orders in which they come.
        is_cut: whether it is known to lack its end.
        alone: the labels that only this side has, as far as nothing has been said about them.
        told: the labels that an edit speaks about already.
        items: the types of the items that an edit speaks about already.
    """

    events: Mapping[str, Fields]
    lines: Mapping[str, Mapping[str, str]]
    orders: list[Order]
    is_cut: bool
    alone: set[str] = field(default_factory=set)
    told: set[str] = field(default_factory=set)
    items: set[str] = field(default_factory=set)

    @classmethod
    def of(cls, snapshot: Snapshot) -> Side:
        events = _Events(snapshot.get("events", {}))
        answer = snapshot.get("response", {})
        none = [()] if answer.get("/body") in ("stream", "frames") else []  # cut before the first
        orders = [tuple(one) for one in snapshot.get("sequences", none)]
        return cls(events, events.lines, orders, answer.get("/ended", "eof") != "eof")

    def tell(self, labels: Iterable[str]) -> None:
        """Take note that an edit speaks about these events."""
        self.told.update(labels)
        self.alone.difference_update(labels)

    def place(self, label: str) -> int:
        """Where an event comes first."""
        items = (order.index(one) for order in self.orders for one in order if one in _runs(label))
        return min(items, default=0)

    def nearest(self, at: int) -> str | None:
        """Of the events that only this side has, the one that is nearest to a place."""
        return min(self.alone, key=lambda one: (abs(self.place(one) - at), one), default=None)

    def is_always_there(self, label: str) -> bool:
        """Whether an event comes in every one of the orders."""
        return all(not _runs(label).isdisjoint(order) for order in self.orders)


class _Events(Mapping[str, Fields]):
    """The fields of events, by label; each is read from its lines when it is first asked for."""

    def __init__(self, lines: Mapping[str, Mapping[str, str]]) -> None:
        self.lines = lines
        self._read: dict[str, Fields] = {}

    def __getitem__(self, label: str) -> Fields:
        if label not in self._read:
            self._read[label] = fields_of(self.lines[label])
        return self._read[label]

    def __iter__(self) -> Iterator[str]:
        return iter(self.lines)

    def __len__(self) -> int:
        return len(self.lines)


def _runs(label: str) -> set[str]:
    return {label, f"{label}+"}
