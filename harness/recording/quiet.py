"""Nothing that goes wrong while recording shows what was being recorded."""

from __future__ import annotations

import logging
import re
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import leg
from harness.lines import visible
from harness.recording.scan import scan

__all__ = ["quiet_libraries", "tell_of_fault", "tellable", "tellable_loss"]

#: They log addresses, and the headers of answers, when somebody turns their logs on.
_TALKATIVE: Final = ("httpx", "httpcore", "vcr")
#: What a proxy says for itself: ``403`` and a reason of its own making.
_REASON: Final = re.compile(r"(: \d{3}) .*", re.DOTALL)


@contextmanager
def quiet_libraries() -> Iterator[None]:
    """Keep the logs of the libraries that see requests from saying anything."""
    loggers = [logging.getLogger(name) for name in _TALKATIVE]
    # Loggers below them ask these for their level, if they have none of their own.
    before = [one.level for one in loggers]
    try:
        for one in loggers:
            one.setLevel(logging.CRITICAL + 1)
        yield
    finally:
        for one, level in zip(loggers, before, strict=True):
            one.setLevel(level)


def tellable(error: leg.LegError) -> str:
    """An error in words that are ours alone: what was answered is a text of somebody else's.

    Only what was wrong before anything was sent is told as the leg tells it.
    """
    if isinstance(error, leg.ConfigurationError):
        return str(error)
    if isinstance(error, leg.TransportError):
        return tellable_loss(str(error))
    status = f"HTTP {error.status}, " if isinstance(error, leg.AnswerError) else ""
    return f"{status}{error.outcome}"


def tellable_loss(message: str) -> str:
    """The message of a :class:`leg.TransportError`, without what the other end put into it."""
    return _without_values(_REASON.sub(r"\1", message))


def tell_of_fault(error: BaseException) -> None:
    """Print where a fault of ours happened; of its message, only what is no secret.

    Neither is a value of a variable part of it, nor the message of an error that led to it.
    """
    for frame in traceback.extract_tb(error.__traceback__):
        print(f"  {frame.filename}:{frame.lineno} in {frame.name}", file=sys.stderr)
    said = visible(str(error))[:500]
    shown = "(its message holds a secret)" if scan(str(error)) else _without_values(said)
    print(f"{type(error).__name__}: {shown}", file=sys.stderr)


def _without_values(message: str) -> str:
    """The beginning of a message, up to the first value that it quotes."""
    for mark in ("'", '"', "{", "["):
        message = message.partition(mark)[0]
    return message.strip()
