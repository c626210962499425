"""Real edits of committed cassettes, and what ``codex-leg compare`` says of them."""

from __future__ import annotations

import contextlib
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

from harness.cli import run

from .contracts import ROOT

__all__ = [
    "Interaction",
    "Report",
    "compared",
    "in_body",
    "in_events",
    "planted",
    "stream_of",
    "told",
]

#: One interaction of a cassette, as YAML has it.
Interaction = dict[str, Any]
Report = dict[str, Any]


def planted(source: str, target: Path, edit: Callable[[Interaction], Any]) -> tuple[Path, Path]:
    """A cassette of ours, and a copy of it with an edit of its first interaction."""
    before = ROOT / "cassettes" / f"{source}.yaml"
    document = yaml.load(before.read_bytes(), yaml.CSafeLoader)
    edit(document["interactions"][0])
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(yaml.dump(document, Dumper=yaml.CSafeDumper, sort_keys=False), "utf-8")
    return before, target


def in_body(edit: Callable[[Any], Any]) -> Callable[[Interaction], None]:
    """An edit of the JSON body; what the edit returns, if anything, takes its place."""

    def go(one: Interaction) -> None:
        body = json.loads(one["response"]["body"]["string"])
        made = edit(body)
        one["response"]["body"]["string"] = json.dumps(body if made is None else made)

    return go


def in_events(edit: Callable[[dict[str, Any]], Any]) -> Callable[[Interaction], None]:
    """An edit of the data of every event of a stream."""

    def line(text: str) -> str:
        if not text.startswith("data: {"):
            return text
        event = json.loads(text.removeprefix("data: "))
        edit(event)
        return f"data: {json.dumps(event)}"

    def go(one: Interaction) -> None:
        body = one["response"]["body"]
        body["string"] = "\n".join(map(line, body["string"].split("\n")))

    return go


def stream_of(cassette: Path) -> str:
    """The body of a cassette's first answer."""
    document = yaml.load(cassette.read_bytes(), yaml.CSafeLoader)
    body: str = document["interactions"][0]["response"]["body"]["string"]
    return body


def compared(old: Path, new: Path, *options: str) -> tuple[int, Report]:
    """The exit code of ``codex-leg compare``, and its report."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(io.StringIO()):
        code = run(["compare", str(old), str(new), "--format", "json", *options])
    return code, json.loads(out.getvalue())


def told(sides: tuple[Path, Path], *options: str) -> list[tuple[str, str, str]]:
    """Rule, level and place of each finding."""
    _, report = compared(*sides, *options)
    return [
        (one["rule"], one["level"], " ".join(filter(None, (one["event"], one["pointer"]))))
        for one in report["findings"]
    ]
