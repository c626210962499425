"""Which list is a catalogue: the keyword ``x-catalogue`` of an array, and its grammar.

``{"key", "shown"?: {"at", "in"}, "minimum"?, "rank"?, "capabilities"?, "defaults"?, "limits"?}``:
pointers into each item; see ``docs/contract.md``.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

__all__ = ["catalogue_faults"]

_ONE: Final = ("minimum", "rank")
_SEVERAL: Final = ("capabilities", "defaults", "limits")
_KNOWN: Final = frozenset({"key", "shown", *_ONE, *_SEVERAL})


def catalogue_faults(value: Any) -> Iterator[tuple[str, str, str]]:
    """What is wrong with an ``x-catalogue``: place below it, fault, mend."""
    if not isinstance(value, dict) or not isinstance(value.get("key"), str):
        yield "", "names no key", "name the member that tells the items apart: {key: slug}"
        return
    for name in value.keys() - _KNOWN:
        yield f"/{name}", "is no word of a catalogue", f"one of: {', '.join(sorted(_KNOWN))}"
    for name in _ONE:
        if name in value and not _is_pointer(value[name]):
            yield f"/{name}", "is no JSON pointer", "write /member"
    for name in _SEVERAL:
        places = value.get(name, ["/member"])
        if not isinstance(places, list) or not all(map(_is_pointer, places)):
            yield f"/{name}", "is no list of JSON pointers", "write [/member]"
    shown = value.get("shown", {"at": "/member", "in": ["list"]})
    fits = isinstance(shown, dict) and shown.keys() == {"at", "in"} and _is_pointer(shown["at"])
    if not fits or not isinstance(shown["in"], list):
        yield "/shown", "says no place and values", "write {at: /member, in: [value]}"


def _is_pointer(value: Any) -> bool:
    return isinstance(value, str) and value.startswith("/")
