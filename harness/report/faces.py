"""The faces of a report: each is a pure function from the one model to text."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Final

from harness.report import Report
from harness.report.secrets import without_secrets

__all__ = ["FACES", "render"]

#: Faces, as ``--format`` calls them. The module ``as_NAME`` holds each; none is imported before it
#: is asked for.
FACES: Final = ("terminal", "json", "markdown", "junit", "sarif", "github", "html")


def render(report: Report, face: str, *, width: int | None = None) -> str:
    """A report as text, without secrets.

    Args:
        report: the report.
        face: one of ``FACES``.
        width: of the terminal that it is for; ``None`` if it is for none. The face ``terminal``
            then has no colour and is not wrapped; the others are the same for all.
    """
    name = f"as_{face}"
    made: Callable[..., str] = getattr(importlib.import_module(f"harness.report.{name}"), name)
    clean = without_secrets(report)
    return made(clean, width=width) if face == "terminal" else made(clean)
