"""What holds while an answer is read, whoever waits for its bytes."""

from __future__ import annotations

import time

from leg.credentials import Credential
from leg.errors import LegError, StreamCut, StreamError, StreamStalled
from leg.limits import Limits
from leg.redaction import redacted, secrets_of
from leg.result import Result
from leg.wire import Reader

__all__ = ["Reading"]


class Reading:
    """What both streams know of the answer that they read: how long nothing came, how it ended."""

    def __init__(self, reader: Reader, credential: Credential, limits: Limits) -> None:
        self._reader = reader
        self._secrets = secrets_of(credential)
        self._idle = limits.idle
        self._heard = time.monotonic()
        self._error: LegError | None = None

    def hear(self) -> None:
        """An event was there."""
        self._heard = time.monotonic()

    def check_idle(self) -> None:
        """Bytes that make up no event (a drip, comments without end) do not keep a stream alive."""
        silent = time.monotonic() - self._heard
        if self._idle is not None and silent > self._idle and self._reader.streams:
            raise StreamStalled(f"no event arrived for {self._idle} seconds")

    def failed(self, error: StreamError) -> LegError | None:
        """The error to raise for one that came while reading; kept, should it be asked again."""
        # Once the answer is whole, how the connection ends is nobody's concern.
        if self._reader.done and isinstance(error, StreamCut):
            return None
        error.partial = error.partial or getattr(self._reader, "text", "")
        self._error = redacted(error, *self._secrets)
        return self._error

    def result(self) -> Result:
        """The result, or the error that came in its place: the same one each time."""
        if self._error is None:
            try:
                return self._reader.result()
            except LegError as error:
                self._error = redacted(error, *self._secrets)
        raise self._error
