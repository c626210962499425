"""Tables and numbers in Markdown, and a finding in a few signs. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from statistics import median
from typing import Final

from harness.drift.findings import Finding

__all__ = ["counted", "middle", "percent", "sign_of", "table"]

_SIGNS: Final = (("-added", "+"), ("-always-sent", "+"), ("-removed", "−"), ("-unobserved", "−"))
_ARROW: Final = ("-renamed", "-moved", "client-url-changed")


def table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; numbers in it are to the right if their column's name begins with a blank."""
    ends = ["---:" if one.startswith(" ") else "---" for one in columns]
    lines = [_line([one.strip() for one in columns]), _line(ends), *map(_line, rows)]
    return "\n".join(lines)


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def percent(share: float | None) -> str:
    """``73 %``; a dash where nothing is known."""
    return "–" if share is None else f"{100 * share:.0f} %"


def counted(count: int, noun: str) -> str:
    """``1 release``, ``2 releases``."""
    return f"{count} {noun}{'' if count == 1 else 's'}"


def middle(numbers: Sequence[int]) -> str:
    """The median, without a fraction where it has none."""
    return f"{median(numbers):g}"


def sign_of(one: Finding) -> str:
    """A finding in short: ``+ header x-a``, ``− /body/b``, ``a → b``, ``≠ c``."""
    place = _short(one.pointer)
    if one.rule.endswith(_ARROW):
        return f"`{place}` → `{_short(str(one.after))}`"
    sign = next((sign for ending, sign in _SIGNS if one.rule.endswith(ending)), "≠")
    return f"{sign} `{place}`"


def _short(pointer: str) -> str:
    for top in ("/endpoint/", "/transport/", "/header/", "/frame/response.create"):
        pointer = pointer.removeprefix(top)
    return pointer.removeprefix("/body").replace("internal_chat_message_metadata_passthrough", "…")
