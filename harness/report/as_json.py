"""The report for programs; see ``schemas/report/findings.json``."""

from __future__ import annotations

import json
import math
import re
from typing import Any, Final

from harness.report import Report

__all__ = ["as_json", "json_text"]

_NOT_ASCII: Final = re.compile(r"[^ -~\n]")


def as_json(report: Report) -> str:
    """The document of format ``codex-leg/findings/1``."""
    return json_text(report.to_json())


def json_text(document: Any) -> str:
    """A document as JSON in which nothing acts on a terminal; the values stay what they are."""
    try:
        text = json.dumps(document, ensure_ascii=False, indent=2, allow_nan=False)
    except ValueError:
        # Python reads NaN out of an answer; JSON has no such value.
        text = json.dumps(_finite(document), ensure_ascii=False, indent=2)
    # JSON itself escapes only half of what a terminal obeys, and no lone surrogate.
    shown = _NOT_ASCII.sub(_escaped, text)
    # GitHub's runner takes "##[" anywhere in a line for a command; it only stands inside of texts.
    return shown.replace("##[", "##\\u005b") + "\n"


def _escaped(found: re.Match[str]) -> str:
    return found[0] if found[0].isprintable() else json.dumps(found[0])[1:-1]


def _finite(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, dict):
        return {name: _finite(below) for name, below in value.items()}
    return [_finite(below) for below in value] if isinstance(value, list | tuple) else value
