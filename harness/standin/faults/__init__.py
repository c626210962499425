"""Faults: what goes wrong with an answer, as data.

A fault is a mapping, ``{fault: reset, after_event: 3}``. Faults compose: each one sees the plan
that those before it have left, so that ``after_event: 3`` counts the events that are there then.
A fault that an answer has no place for (CRLF in a JSON body) leaves that answer as it is.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, Final

from harness.standin.steps import Ending, Medium, Stall, Steps

from ._answer import ContentType, HtmlChallenge, Status
from ._base import Fault, FaultError
from ._events import (
    DuplicateTerminal,
    Endless,
    GarbageLine,
    HugeLine,
    NoTerminal,
    ReorderEvents,
    RepeatEvent,
    UnknownEvent,
)
from ._framing import (
    ByteOrderMark,
    CarriageReturn,
    CarriageReturnLineFeed,
    Comments,
    MissingBlankLine,
    MultiLineData,
)
from ._timing import (
    CloseBeforeHeader,
    Delay,
    Drip,
    EarlyEnd,
    ResetConnection,
    SlowHeader,
    SplitInCharacter,
    StallForGood,
)
from ._websocket import WsBinary, WsCloseCode, WsLimit, WsOversizedFrame

__all__ = [
    "FAULTS",
    "ByteOrderMark",
    "CarriageReturn",
    "CarriageReturnLineFeed",
    "CloseBeforeHeader",
    "Comments",
    "ContentType",
    "Delay",
    "Drip",
    "DuplicateTerminal",
    "EarlyEnd",
    "Endless",
    "Fault",
    "FaultError",
    "GarbageLine",
    "HtmlChallenge",
    "HugeLine",
    "MissingBlankLine",
    "MultiLineData",
    "NoTerminal",
    "ReorderEvents",
    "RepeatEvent",
    "ResetConnection",
    "SlowHeader",
    "SplitInCharacter",
    "StallForGood",
    "Status",
    "UnknownEvent",
    "WsBinary",
    "WsCloseCode",
    "WsLimit",
    "WsOversizedFrame",
    "apply_faults",
    "parse_fault",
]

_KINDS: Final[tuple[type[Fault], ...]] = (
    Delay,
    StallForGood,
    Drip,
    SplitInCharacter,
    EarlyEnd,
    ResetConnection,
    RepeatEvent,
    ReorderEvents,
    UnknownEvent,
    GarbageLine,
    MissingBlankLine,
    CarriageReturnLineFeed,
    CarriageReturn,
    ByteOrderMark,
    MultiLineData,
    Comments,
    DuplicateTerminal,
    NoTerminal,
    HugeLine,
    Endless,
    ContentType,
    HtmlChallenge,
    Status,
    SlowHeader,
    CloseBeforeHeader,
    WsCloseCode,
    WsLimit,
    WsOversizedFrame,
    WsBinary,
)

#: Every fault by the name that data calls it. Names are never changed.
FAULTS: Final[Mapping[str, type[Fault]]] = MappingProxyType({one.name: one for one in _KINDS})


def parse_fault(mapping: Mapping[str, Any]) -> Fault:
    """The fault in a mapping such as ``{"fault": "reset", "after_event": 3}``.

    Raises:
        FaultError: there is no such fault (it names the closest ones), or a parameter of it is
            unknown, missing, of the wrong type or out of its bounds.
    """
    name = mapping.get("fault")
    if not isinstance(name, str):
        raise FaultError("fault", "a fault needs `fault`, its name")
    kind = FAULTS.get(name)
    if kind is None:
        close = difflib.get_close_matches(name, FAULTS, n=3, cutoff=0.5)
        hint = f"did you mean {' or '.join(close)}?" if close else f"one of: {', '.join(FAULTS)}"
        raise FaultError("fault", f"there is no fault {name!r}: {hint}")
    return kind.parse({key: value for key, value in mapping.items() if key != "fault"})


def apply_faults(steps: Steps, faults: Iterable[Fault], medium: Medium) -> Steps:
    """The plan with these faults in it, applied in this order; the rest is as it was."""
    for one in faults:
        if medium in one.media:
            steps = one.apply(steps, medium)
    return _to_the_end(steps)


def _to_the_end(steps: Steps) -> Steps:
    for step in steps:
        yield step
        if isinstance(step, Ending) and not isinstance(step, Stall):
            return
