"""Garbage is looked for less often while very many small values come and go."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

__all__ = ["collected_rarely"]

#: So many more containers than were freed, before the young ones are looked through. Values out of
#: JSON have no cycles: nearly all of them are freed without that, and looking costs a tenth.
_YOUNG: Final = 200_000


@contextmanager
def collected_rarely() -> Iterator[None]:
    """Let the collector of cycles look through much fewer values in this block."""
    before = gc.get_threshold()
    gc.set_threshold(_YOUNG, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)
