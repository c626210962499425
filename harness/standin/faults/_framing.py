"""Faults of framing: the same events, written as no live server was seen to write them.

What an event stream allows is https://html.spec.whatwg.org/multipage/server-sent-events.html; which
clients break on it, the project has measured (facts/traps.md, 5).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import ClassVar, Final

from harness.standin.steps import Head, Medium, Send, Steps, whole_events

from ._base import HTTP, STREAM, Fault, FaultError, at_least

__all__ = [
    "ByteOrderMark",
    "CarriageReturn",
    "CarriageReturnLineFeed",
    "Comments",
    "MissingBlankLine",
    "MultiLineData",
]

BOM: Final = b"\xef\xbb\xbf"
_LINE_END: Final = re.compile(rb"\r\n|\r|\n")
_LAST_BLANK: Final = re.compile(rb"(\r\n|\r|\n)(?:\r\n|\r|\n)+\Z")
_DATA: Final = re.compile(rb"^(data: ?)(.*)$", re.MULTILINE)
#: A text (skipped whole), or a comma between two members.
_TOKEN: Final = re.compile(rb'"(?:[^"\\]|\\.)*"|,', re.DOTALL)


def _lines_end_with(end: bytes, steps: Steps) -> Steps:
    for step in whole_events(steps):
        if isinstance(step, Send):
            yield replace(step, data=_LINE_END.sub(lambda _: end, step.data))
        else:
            yield step


@dataclass(frozen=True, slots=True, kw_only=True)
class CarriageReturnLineFeed(Fault):
    """Every line ends with CRLF."""

    name: ClassVar[str] = "crlf"
    media = STREAM

    def apply(self, steps: Steps, medium: Medium) -> Steps:
        del medium
        return _lines_end_with(b"\r\n", steps)


@dataclass(frozen=True, slots=True, kw_only=True)
class CarriageReturn(Fault):
    """Every line ends with CR alone."""

    name: ClassVar[str] = "cr"
    media = STREAM

    def apply(self, steps: Steps, medium: Medium) -> Steps:
        del medium
        return _lines_end_with(b"\r", steps)


@dataclass(frozen=True, slots=True, kw_only=True)
class ByteOrderMark(Fault):
    """The body begins with a byte order mark."""

    name: ClassVar[str] = "bom"
    media = HTTP

    def apply(self, steps: Steps, medium: Medium) -> Steps:
        del medium
        first = True
        for step in steps:
            if isinstance(step, Head):
                longer = None if step.length is None else step.length + len(BOM)
                yield replace(step, length=longer)
            elif isinstance(step, Send) and first:
                first = False
                yield replace(step, data=BOM + step.data)
            else:
                yield step


@dataclass(frozen=True, slots=True, kw_only=True)
class MissingBlankLine(Fault):
    """The blank line behind the n-th event (without ``event``: behind every one) is missing."""

    name: ClassVar[str] = "missing-blank-line"
    media = STREAM
    event: int | None = at_least(1, None)

    def apply(self, steps: Steps, medium: Medium) -> Steps:
        del medium
        number = 0
        for step in whole_events(steps):
            if isinstance(step, Send) and step.ends:
                number += 1
                if self.event in (None, number):
                    # Still counted as an event of its own by the faults that follow.
                    yield replace(step, data=_LAST_BLANK.sub(rb"\1", step.data))
                    continue
            yield step


@dataclass(frozen=True, slots=True, kw_only=True)
class MultiLineData(Fault):
    """The data of every event stands in up to so many ``data:`` lines, broken at commas."""

    name: ClassVar[str] = "multi-line-data"
    media = STREAM
    lines: int = at_least(2, 3)

    def apply(self, steps: Steps, medium: Medium) -> Steps:
        del medium
        for step in whole_events(steps):
            if isinstance(step, Send):
                yield replace(step, data=_DATA.sub(self._broken, step.data))
            else:
                yield step

    def _broken(self, found: re.Match[bytes]) -> bytes:
        prefix, value = found[1], found[2]
        left = self.lines - 1

        def comma(token: re.Match[bytes]) -> bytes:
            nonlocal left
            if token[0] != b"," or not left:
                return token[0]
            left -= 1
            # A line feed between two tokens is white space to JSON: the value stays the same.
            return b",\n" + prefix

        return prefix + _TOKEN.sub(comma, value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Comments(Fault):
    """A comment line before every event; some servers keep a connection alive with them."""

    name: ClassVar[str] = "comments"
    media = STREAM
    text: str = " keep-alive"

    def __post_init__(self) -> None:
        Fault.__post_init__(self)
        if "\n" in self.text or "\r" in self.text:
            raise FaultError("text", "text of comments has more than one line")

    def apply(self, steps: Steps, medium: Medium) -> Steps:
        del medium
        comment = f":{self.text}\n".encode()
        for step in whole_events(steps):
            if isinstance(step, Send) and step.ends:
                yield replace(step, data=comment + step.data)
            else:
                yield step
