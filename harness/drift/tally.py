"""How often each imprint came at one place of an exchange; counted first, added up when asked."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from .imprints import Imprint
from .node import Node
from .sightings import Span, joined

__all__ = ["Tally"]

#: So many different imprints wait to be added up.
MAX_WAITING: Final = 256


class _Count:
    """How often one imprint came, and when; ``last`` is the span that it was counted with."""

    __slots__ = ("last", "span", "times")

    def __init__(self, span: Span | None) -> None:
        self.times = 0
        self.span = self.last = span


class Tally:
    """Counts imprints.

    What it has counted lies in two places: imprints that wait, and the node that they were added
    up to. Most tallies are of one exchange, and are merged before they ever need a node.
    """

    __slots__ = ("_added", "_node", "_waiting")

    def __init__(self, node: Node | None = None) -> None:
        """``node``: what was counted before, imprints unknown."""
        self._waiting: dict[Imprint, _Count] = {}
        self._node = node
        self._added: frozenset[Imprint] | None = frozenset() if node is None else None

    def add(self, imprint: Imprint, span: Span | None, times: int = 1) -> None:
        """Count an imprint that came at this time."""
        count = self._waiting.get(imprint)
        if count is None:
            if len(self._waiting) >= MAX_WAITING:
                self._add_up()
            count = self._waiting[imprint] = _Count(span)
        count.times += times
        if count.last is not span:
            count.span, count.last = joined(count.span, span), span

    def merge(self, other: Tally) -> None:
        """Add what another one has counted."""
        for imprint, count in other._waiting.items():
            self.add(imprint, count.span, count.times)
        if other._node is not None:
            self._own_node().merge(other._node)
            self._remember(other._added)

    @property
    def node(self) -> Node:
        """The counts of all places, with everything added up."""
        return self._add_up()

    @property
    def imprints(self) -> frozenset[Imprint] | None:
        """The different imprints that came; ``None`` if they were too many to be remembered."""
        return None if self._added is None else self._added.union(self._waiting)

    def _own_node(self) -> Node:
        if self._node is None:
            self._node = Node()
        return self._node

    def _add_up(self) -> Node:
        node = self._own_node()
        for imprint, count in self._waiting.items():
            node.merge(imprint.node, count.times, count.span)
        self._remember(self._waiting)
        self._waiting.clear()
        return node

    def _remember(self, imprints: Iterable[Imprint] | None) -> None:
        if self._added is not None:
            found = None if imprints is None else self._added.union(imprints)
            self._added = None if found is None or len(found) > MAX_WAITING else found
