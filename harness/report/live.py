"""The stand-in's live log: a line for each exchange, when it is over."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable

from harness.report.exchanges import exchange_row, exchange_text, log_line, turn_line
from harness.standin.host import Observer
from harness.standin.recording import Recorded
from harness.standin.redaction import Redactor
from harness.standin.values import WsReply

__all__ = ["Log"]


class Log(Observer):
    """Prints what happens on standard output, while it happens.

    Attributes:
        count: how many exchanges were told.
        bytes: how many bytes they were answered with.
    """

    def __init__(self, on_gone: Callable[[], None], *, as_json: bool, bodies: bool) -> None:
        """``on_gone`` is called when nobody reads the log any more."""
        self._on_gone = on_gone
        self._as_json, self._bodies = as_json, bodies
        self._redactor = Redactor()
        self.count, self.bytes = 0, 0

    def exchange(self, recorded: Recorded) -> None:
        row = exchange_row(recorded, self._redactor, bodies=self._bodies)
        self.count += 1
        self.bytes += row["answer_bytes"]
        if self._as_json:
            self.say(json.dumps(row, ensure_ascii=False))
            return
        self.say(log_line(recorded, self._redactor))
        if self._bodies:
            self.say(exchange_text(recorded, self._redactor, bodies=True))

    def turn(self, recorded: Recorded, text: str, reply: WsReply) -> None:
        # The exchange itself is over, and told, when the WebSocket closes.
        if not self._as_json:
            self.say(turn_line(recorded, text, reply))

    def problem(self, text: str) -> None:
        print(f"codex-leg: {text}", file=sys.stderr, flush=True)

    def say(self, text: str) -> None:
        """One more line, at once."""
        try:
            print(text, flush=True)
        except OSError:
            self._on_gone()
