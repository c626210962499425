"""The counts of a shape as JSON: one row a place, under its pointer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any, Final

from .node import Node
from .sightings import Span
from .snapshot import ANY_KEY, unescape

__all__ = ["Row", "counted", "node_of", "rows_of"]

Row = Mapping[str, Any]

#: Fewer sightings of few words prove no closed set.
ENOUGH: Final = 20


def rows_of(node: Node) -> dict[str, Row]:
    """Every place below a node, sorted by its pointer; the form of ``report/evidence.json``."""
    return {
        place: _row(one, of) for place, one, of in sorted(node.places(), key=lambda row: row[0])
    }


def _row(node: Node, of: int) -> Row:
    row: dict[str, Any] = {"seen": node.seen, "of": of, "atoms": dict(sorted(node.atoms.items()))}
    if node.objects:
        row["objects"] = node.objects
    if node.lists:
        row["lists"] = node.lists
    if node.words:
        row["words"] = dict(sorted(node.words.items()))
        # As many words as sightings are names, and no vocabulary.
        row["closed"] = sum(node.words.values()) >= max(ENOUGH, 4 * len(node.words))
    if node.is_free:
        row["free"] = True
    if node.span is not None:
        row |= node.span.to_json()
    return row


def node_of(rows: Mapping[str, Row]) -> Node:
    """The node behind its rows.

    Raises:
        KeyError, TypeError, ValueError: they are none; ``report/evidence.json`` says what they are.
    """
    root = Node()
    for pointer, row in rows.items():
        node = root
        for token in pointer.split("/")[1:]:
            is_part = token[:1] == "[" or token == ANY_KEY
            node = node.part(token) if is_part else node.key(unescape(token))
        node.seen = row["seen"]
        node.objects, node.lists = row.get("objects", 0), row.get("lists", 0)
        node.atoms = dict(row["atoms"])
        node.keep(None if row.get("free") else dict(row.get("words", {})))
        node.span = Span.from_json(row)
    return root


def counted(
    counts: Counter[Any], name: str, form: Callable[[Any], list[Any] | dict[str, Any]]
) -> list[dict[str, Any]]:
    """Counts as rows: each thing, in its form, with how many exchanges had it."""
    return [{name: form(one), "exchanges": counts[one]} for one in sorted(counts, key=repr)]
