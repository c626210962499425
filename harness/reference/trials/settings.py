"""The turns that a client is judged by: one table. Each has an answer that can be told from others.

What an answer of the stand-in is for can only be seen in a turn that needs it: a new token in one
whose token has expired, a call of a tool in one where a tool is called.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from harness.contract import Answer, Contract, Scenario, Step
from harness.reference.clients import Turn
from harness.reference.runs import COMMAND, HTTPS, PROMPTS, WEBSOCKET

__all__ = ["BY_NAME", "SETTINGS", "Setting"]

#: Short, ours, and in nothing else that a client says.
_TEXT: Final = "CODEX-LEG-ABLATION"
#: Its text cannot be mistaken either.
_SECOND: Final = "codex/completed-with-empty-output"
_SECOND_TEXT: Final = "CODEX-STORE-FALSE"
_NO_WEBSOCKET: Final = "websocket-refused-426"


@dataclass(frozen=True, slots=True)
class Setting:
    """One turn, and what it has to lead to.

    Attributes:
        name: stands in results; never changed.
        title: one line for people.
        transport: ``https`` or ``websocket``; ``""`` for the one that the client takes by itself.
        steps: what the stand-in plays.
        answer: what the client has to print; ``None`` if the turn is to be refused.
        judges: the surfaces whose answers it is there to judge.
        expired: whether the client begins with a token that has expired.
        tool: whether a tool has to be run.
        refresh: whether a new token has to be stored and used.
    """

    name: str
    title: str
    transport: str
    steps: tuple[Step, ...]
    answer: str | None
    judges: frozenset[str]
    expired: bool = False
    tool: bool = False
    refresh: bool = False

    @property
    def turn(self) -> Turn:
        """What the client is asked."""
        return Turn(PROMPTS[0], unconfined=self.tool)

    def scenario(self, contract: Contract) -> Scenario:
        """What the stand-in plays."""
        refused = contract.scenarios[_NO_WEBSOCKET].steps if self.transport == HTTPS else ()
        return Scenario(self.name, self.title, self.title, (*self.steps, *refused), (), "")


def _responses(answer: Answer | None, until: str | None = None) -> Step:
    return Step("responses", answer, until=until)


_PLAIN: Final = (_responses(Answer(text=_TEXT)),)
_TOOL: Final = (_responses(Answer(command=COMMAND, then=_SECOND)),)
_UNAUTHORIZED: Final = (_responses(Answer(probes=("codex/unauthorized",)), "refresh"), *_PLAIN)
_LIMITED: Final = (_responses(Answer(probes=("codex/usage-limit-reached-with-headers",))),)
_REASONING: Final = (_responses(Answer(probes=("codex/reasoning-with-summary",))),)

_HTTPS, _WS = frozenset({"responses"}), frozenset({"responses-ws"})
_AROUND: Final = frozenset({"accounts", "models", "usage", "other"})
_AUTH: Final = frozenset({"auth"})

SETTINGS: Final = (
    Setting("plain", "a turn, the way that the client takes by itself", "", _PLAIN, _TEXT, _AROUND),
    Setting("plain over HTTPS", "a turn", HTTPS, _PLAIN, _TEXT, _HTTPS),
    Setting("plain over WebSocket", "a turn", WEBSOCKET, _PLAIN, _TEXT, _WS),
    Setting("tool over HTTPS", "a tool is called", HTTPS, _TOOL, _SECOND_TEXT, _HTTPS, tool=True),
    Setting(
        "tool over WebSocket", "a tool is called", WEBSOCKET, _TOOL, _SECOND_TEXT, _WS, tool=True
    ),
    Setting("reasoning over HTTPS", "reasoning, then a text", HTTPS, _REASONING, "120", _HTTPS),
    Setting(
        "reasoning over WebSocket", "reasoning, then a text", WEBSOCKET, _REASONING, "120", _WS
    ),
    Setting(
        "expired", "the token has expired", "", _PLAIN, _TEXT, _AUTH, expired=True, refresh=True
    ),
    Setting(
        "401 over HTTPS",
        "401 until the token is refreshed",
        HTTPS,
        _UNAUTHORIZED,
        _TEXT,
        _AUTH | _HTTPS,
        refresh=True,
    ),
    Setting(
        "401 over WebSocket",
        "401 until the token is refreshed",
        WEBSOCKET,
        _UNAUTHORIZED,
        _TEXT,
        _AUTH | _WS,
        refresh=True,
    ),
    Setting("limit over HTTPS", "the usage limit is reached", HTTPS, _LIMITED, None, _HTTPS),
    Setting("limit over WebSocket", "the usage limit is reached", WEBSOCKET, _LIMITED, None, _WS),
)
#: Every one by name.
BY_NAME: Final[Mapping[str, Setting]] = {one.name: one for one in SETTINGS}
