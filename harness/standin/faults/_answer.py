"""Faults of the answer as a whole: its status, its kind, or another answer in its place."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import ClassVar, Final

from harness.standin.steps import Head, Medium, Send, Steps

from ._base import HTTP, Fault, FaultError, at_least

__all__ = ["ContentType", "HtmlChallenge", "Status"]

#: The beginning of the page as published in openai/codex#8516 (2025-12-24); the header says
#: earendil-works/pi#1828 (2026-03-05), the type GewoonJaap/codex-openai-wrapper#53 (2026-01-13).
#: The contract has it as codex/cloudflare-challenge; this is for a page in place of any answer.
_PAGE: Final = (
    b'<!DOCTYPE html><html lang="en-US"><head><title>Just a moment...</title>'
    b'<meta http-equiv="Content-Type" content="text/html; charset=UTF-8">'
    b'<meta name="robots" content="noindex,nofollow"></head><body></body></html>'
)


def _with_head(steps: Steps, change: Callable[[Head], Head]) -> Steps:
    return (change(one) if isinstance(one, Head) else one for one in steps)


def _instead(steps: Steps, head: Callable[[Head], Head], body: bytes) -> Steps:
    """Another head and another body; what comes before the head stays."""
    for step in steps:
        if isinstance(step, Head):
            yield replace(head(step), length=len(body))
            yield Send(body)
            return
        yield step


def _set(head: Head, headers: Mapping[str, str | None]) -> Head:
    """The head with these headers; one with ``None`` is left out."""
    names = {name.lower() for name in headers}
    kept = tuple(pair for pair in head.headers if pair[0].lower() not in names)
    new = tuple((name, value) for name, value in headers.items() if value is not None)
    return replace(head, headers=(*kept, *new))


def _refuse_line_breaks(name: str, key: str, text: str | None) -> None:
    if text is not None and not (text.isascii() and text.isprintable()):
        raise FaultError(key, f"{key} of {name} cannot be written into a header: {text!r}")


@dataclass(frozen=True, slots=True, kw_only=True)
class ContentType(Fault):
    """Another content type than the body has; ``value: null`` for none at all."""

    name: ClassVar[str] = "content-type"
    media = HTTP
    value: str | None

    def __post_init__(self) -> None:
        _refuse_line_breaks(self.name, "value", self.value)

    def apply(self, steps: Steps, medium: Medium) -> Steps:
        del medium
        return _with_head(steps, lambda head: _set(head, {"content-type": self.value}))


@dataclass(frozen=True, slots=True, kw_only=True)
class HtmlChallenge(Fault):
    """The page of a bot check in place of the answer."""

    name: ClassVar[str] = "html-challenge"
    media = HTTP
    status: int = at_least(200, 403)

    def __post_init__(self) -> None:
        Fault.__post_init__(self)
        _check_status(self.name, self.status)

    def apply(self, steps: Steps, medium: Medium) -> Steps:
        del medium
        headers = (("content-type", "text/html; charset=UTF-8"), ("cf-mitigated", "challenge"))
        return _instead(steps, lambda _: Head(self.status, headers), _PAGE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Status(Fault):
    """Another status, with further headers (``retry-after``); with ``body``, another body too."""

    name: ClassVar[str] = "status"
    media = HTTP
    status: int = at_least(200)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str | None = None

    def __post_init__(self) -> None:
        Fault.__post_init__(self)
        _check_status(self.name, self.status)
        for key, value in self.headers.items():
            _refuse_line_breaks(self.name, "headers", key)
            _refuse_line_breaks(self.name, "headers", value)

    def apply(self, steps: Steps, medium: Medium) -> Steps:
        del medium
        if self.body is None:
            return _with_head(steps, self._changed)
        return _instead(steps, self._changed, self.body.encode())

    def _changed(self, head: Head) -> Head:
        return _set(replace(head, status=self.status), self.headers)


def _check_status(name: str, status: int) -> None:
    if status > 599:
        raise FaultError("status", f"status of {name} is {status}, which is not 200 to 599")
