"""What carrying out the actions needs: a place where topics are told, and what can go wrong."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Protocol

from harness.alert.planning import Action, Issue

__all__ = ["LOOPBACK", "NotSent", "Place"]

#: Hosts that may be spoken to without TLS.
LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})


class NotSent(Exception):
    """It could not be asked or told; ``str()`` is one line, without secrets."""


class Place(Protocol):
    """Where topics are told, and what was told so far is read from."""

    def issues(self) -> Sequence[Issue]:
        """What was told so far, one a topic.

        Raises:
            NotSent: it cannot be read.
        """

    def carry_out(self, action: Action) -> str:
        """Do it; give where it can be read, or ``""``.

        Raises:
            NotSent: it was not done, or not all of it.
        """
