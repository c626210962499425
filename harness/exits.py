"""Exit codes: pytest's, extended by two; scripts branch on them, so they never change."""

from __future__ import annotations

from enum import IntEnum

__all__ = ["Exit", "WrongUse"]


class Exit(IntEnum):
    """What a command says to the shell."""

    CLEAN = 0
    DRIFT = 1  # at or over --fail-on
    INTERRUPTED = 2
    INTERNAL = 3
    USAGE = 4
    NOTHING_RAN = 5
    UNCHECKED = 6  # could not look: never green
    QUARANTINED = 7  # could not parse what there was to look at


class WrongUse(Exception):
    """What was asked for cannot be done; ``str()`` is one line for a person, a full sentence."""
