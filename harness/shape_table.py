"""Counted shapes as a table for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from harness.drift.rows import rows_of
from harness.drift.shape import Shape
from harness.drift.sightings import Span
from harness.sides import Place

__all__ = ["shape_table"]

Row = Mapping[str, Any]

#: More words or values of one place than this are counted, not named.
_NAMED: Final = 6
_HEAD: Final = ("PLACE", "SEEN", "WHAT")


def shape_table(shapes: Mapping[Place, Shape]) -> str:
    """Each place with its fields: how often of how often, of which forms, when first and last."""
    return "\n\n".join("\n".join(_place(place, shape)) for place, shape in shapes.items())


def _place(place: Place, shape: Shape) -> Iterator[str]:
    count = f"{shape.exchanges} exchange{'s' * (shape.exchanges != 1)}"
    when = "" if shape.span is None else f", {_when(shape.span)}"
    yield f"{place.surface}: {place.endpoint}, {place.outcome} ({count}{when})"
    rows = [(pointer, row) for pointer, row in _rows(shape)]
    cells = [_HEAD, *((pointer, _seen(row), _what(row, shape)) for pointer, row in rows)]
    widths = [max(len(cell[column]) for cell in cells) for column in (0, 1)]
    for first, second, third in cells:
        yield f"  {first.ljust(widths[0])}  {second.rjust(widths[1])}  {third}".rstrip()
    for sequence, times in sorted(shape.sequences.items(), key=lambda row: -row[1]):
        if sequence:
            yield f"  order ({times} times): {' '.join(sequence)}"


def _rows(shape: Shape) -> Iterator[tuple[str, Row]]:
    for side in ("request", "response"):
        for pointer, row in rows_of(shape.node((side, ""))).items():
            # What is only around other places has no form of its own.
            if pointer and row["atoms"]:
                yield f"{side} {pointer}", row
    for kind in ("frame", "event"):
        for label in shape.labels(kind):
            for pointer, row in rows_of(shape.node((kind, label))).items():
                yield f"{kind} {label} {pointer}".rstrip(), row


def _seen(row: Row) -> str:
    return f"{row['seen']} of {max(row['of'], row['seen'])}"


def _what(row: Row, shape: Shape) -> str:
    atoms = sorted(row["atoms"].items(), key=lambda pair: (-pair[1], pair[0]))
    alone = len(atoms) == 1
    named = [atom if alone else f"{atom} ×{count}" for atom, count in atoms[:_NAMED]]
    parts = [" | ".join(named) + _more(len(atoms))]
    words = sorted(row.get("words", {}).items(), key=lambda pair: (-pair[1], pair[0]))
    if words:
        told = ", ".join(word for word, _ in words[:_NAMED]) + _more(len(words))
        parts.append(f"{'a closed set?' if row.get('closed') else 'words:'} {told}")
    span = Span.from_json(row)
    if span is not None and span != shape.span:
        parts.append(_when(span))
    return "; ".join(parts)


def _more(count: int) -> str:
    return f" and {count - _NAMED} more" if count > _NAMED else ""


def _when(span: Span) -> str:
    first, last = (" ".join(part for part in one if part) for one in (span.first, span.last))
    return first if first == last else f"{first} to {last}"
