"""What a client is put through: one table. A run is some turns against what the stand-in plays.

All of them end by themselves within a few seconds: the pauses of a client between two tries cannot
be changed, so no run makes one try more than twice. None depends on the machine: where a tool is
called, it is called without a sandbox.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from harness.reference.clients import Turn

__all__ = [
    "COMMAND",
    "HTTPS",
    "MODEL_LIST",
    "PROMPTS",
    "RUNS",
    "SIDE_CALLS",
    "TRANSPORTS",
    "UNKNOWN_MODEL",
    "WEBSOCKET",
    "Run",
]

HTTPS: Final = "https"
WEBSOCKET: Final = "websocket"
TRANSPORTS: Final = (HTTPS, WEBSOCKET)

#: Beside the runs: the calls that belong to no turn, and of these the list of models by itself.
SIDE_CALLS: Final = "side-calls"
MODEL_LIST: Final = "model-list"

#: Our own words, which a capture may hold.
PROMPTS: Final = ("say PONG", "say PING")
#: What the scenario ``tool-call`` lets the shell run.
COMMAND: Final = "echo codex-leg"
UNKNOWN_MODEL: Final = "codex-leg-unknown-model"

_FIRST: Final = Turn(PROMPTS[0])


@dataclass(frozen=True, slots=True)
class Run:
    """A named run.

    Attributes:
        name: stands in the name of the capture's file; never changed.
        title: one line for people.
        plays: scenarios of the stand-in, whose steps are joined, the first one's first.
        turns: one after the other, below one home.
        expired: whether the client begins with a token that has expired.
        always: whether it is captured of every release, and not of some of each era only.
    """

    name: str
    title: str
    plays: tuple[str, ...] = ()
    turns: tuple[Turn, ...] = (_FIRST,)
    expired: bool = False
    always: bool = False


_TABLE: Final = (
    Run("plain", "a turn that is answered", always=True),
    Run(
        "tool-call",
        "a tool is called, and its output sent back",
        ("tool-call",),
        (Turn(PROMPTS[0], unconfined=True),),
    ),
    Run("two-turns", "two turns of one session", turns=(_FIRST, Turn(PROMPTS[1], goes_on=True))),
    Run("expired-token", "the token has expired before the turn", expired=True),
    Run("unauthorized", "401 until the token is refreshed", ("refresh",)),
    Run("refresh-reused", "401, and the refresh token was used already", ("refresh-reused",)),
    Run("usage-limit", "the limit of the plan is reached", ("usage-limit",)),
    Run("server-error", "503 twice, then all is well", ("server-error-then-ok",)),
    Run("stream-cut", "a stream that ends too early, then a whole one", ("stream-cut-then-ok",)),
    Run("response-failed", "the turn fails inside the stream", ("context-length",)),
    Run("unknown-model", "a model that nobody knows", turns=(Turn(PROMPTS[0], UNKNOWN_MODEL),)),
)

#: Every run by name.
RUNS: Final = {run.name: run for run in _TABLE}
