"""Edits of a text, and where a place of the old text is in the new one.

The pieces that a body came in are told by their sizes. When the body is scrubbed its length
changes, so the border between two pieces moves along: a border in text that was kept stays at the
same character; one inside of a replaced value stays at the same share of what stands for it (a
value of 100 bytes cut after 40, replaced by one of 10, is cut after 4). The sum of the sizes is
always the size of the scrubbed body, and no piece is lost, although one may become empty.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

__all__ = ["Edit", "Edited", "edited", "resized"]


@dataclass(frozen=True, slots=True, order=True)
class Edit:
    """``text[start:end]`` becomes ``new``."""

    start: int
    end: int
    new: str


@dataclass(frozen=True, slots=True)
class Edited:
    """A text after its edits.

    Attributes:
        text: the new text.
        spans: of the UTF-8 of both, in order and without gaps: where a span begins before and
            after, and whether it was kept.
        sizes: of the UTF-8 of both.
    """

    text: str
    spans: tuple[tuple[int, int, bool], ...]
    sizes: tuple[int, int]

    def place(self, before: int) -> int:
        """Where a byte of the old text is in the new one."""
        if before >= self.sizes[0]:
            return self.sizes[1]
        index = bisect_right(self.spans, (before, self.sizes[1] + 1, True)) - 1
        start, begins, kept = self.spans[index]
        if kept:
            return begins + before - start
        is_last = index + 1 == len(self.spans)
        end, ends = self.sizes if is_last else self.spans[index + 1][:2]
        return begins + (before - start) * (ends - begins) // max(end - start, 1)


def edited(text: str, edits: Iterable[Edit]) -> Edited:
    """Carry out edits that do not overlap.

    ``text`` may hold surrogates (``surrogateescape``) for bytes that are no UTF-8: their lengths
    count as what they were, and what is left of them becomes U+FFFD.
    """
    parts: list[str] = []
    spans: list[tuple[int, int, bool]] = []
    at = before = after = 0

    def add(old: str, new: str, *, kept: bool) -> None:
        nonlocal before, after
        if not old and not new:
            return
        spans.append((before, after, kept))
        parts.append(new)
        before += len(old.encode("utf-8", "surrogateescape"))
        after += len(new.encode())

    def keep(old: str) -> None:
        clean = old.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
        add(old, clean, kept=clean == old)

    for edit in sorted(edits):
        keep(text[at : edit.start])
        add(text[edit.start : edit.end], edit.new, kept=False)
        at = edit.end
    keep(text[at:])
    return Edited("".join(parts), tuple(spans), (before, after))


def resized(change: Edited, sizes: Sequence[int]) -> list[int]:
    """The sizes of the pieces of the new text, from those of the old one, both in bytes."""
    found: list[int] = []
    before = after = 0
    for size in sizes:
        before += size
        place = change.place(before)
        found.append(place - after)
        after = place
    if found and after != change.sizes[1]:
        # What was decoded after the last piece, if anything, came with it.
        found[-1] += change.sizes[1] - after
    return found
