"""The text of a stream as blocks of lines, so that one event can be edited and no other byte."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Any

__all__ = ["Block", "dumps", "join", "split"]


@dataclass(frozen=True)
class Block:
    """One event as it stands in the text: its lines, and the payload of its data."""

    lines: tuple[str, ...]

    @property
    def data(self) -> str:
        return "\n".join(one[5:].removeprefix(" ") for one in self.lines if one.startswith("data:"))

    @property
    def payload(self) -> Any:
        return json.loads(self.data)

    def with_data(self, data: str) -> Block:
        kept = [one for one in self.lines if not one.startswith("data:")]
        return Block((*kept, *(f"data: {line}" for line in data.split("\n"))))

    def with_payload(self, payload: Any) -> Block:
        return self.with_data(dumps(payload))

    def with_name(self, name: str | None) -> Block:
        kept = tuple(one for one in self.lines if not one.startswith("event:"))
        return replace(self, lines=kept if name is None else (f"event: {name}", *kept))

    @property
    def name(self) -> str | None:
        named = (one[6:].strip() for one in self.lines if one.startswith("event:"))
        return next(named, None)


def dumps(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def split(text: str) -> list[Block]:
    """The events of a stream that ends with an empty line."""
    return [Block(tuple(one.split("\n"))) for one in text.split("\n\n") if one.strip()]


def join(blocks: list[Block]) -> str:
    return "".join("\n".join(one.lines) + "\n\n" for one in blocks)
