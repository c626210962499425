"""Texts that are not ours: what stays of them is their length and a hash.

Prompts, instructions and descriptions of tools belong to whoever wrote the client. Before they are
counted, what this machine and this day have put into them is taken out.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

__all__ = ["SAID", "digest_of", "normalised"]

#: What our command prints.
SAID: Final = "codex-leg\n"

_UUID: Final = re.compile(
    r"(?<![0-9A-Za-z])[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}(?![0-9A-Za-z])"
)
_MOMENT: Final = re.compile(
    r"\b20[0-9]{2}-[01][0-9]-[0-3][0-9][T ][0-2][0-9]:[0-5][0-9](?::[0-5][0-9](?:\.[0-9]+)?)?"
    r"(?:Z|[+-][0-2][0-9]:?[0-5][0-9])?"
)
#: What the machine says of itself in the middle of a prompt, and what it takes to run a command.
_MACHINE: Final = (
    (
        re.compile(r"<(shell|timezone|current_date|os|arch|user|git_branch)>[^<]*</\1>"),
        r"<\1></\1>",
    ),
    (re.compile(r"(Wall time:?) [0-9.]+ seconds"), r"\1 0 seconds"),
    (re.compile(r"Chunk ID: [0-9a-f]+"), "Chunk ID: 0"),
    # What the profile of the machine's shell says goes before what the command itself said.
    (re.compile(r"Original token count: [0-9]+"), "Original token count: 0"),
    (re.compile(r"(\A|Output:\n)(?:.*\n)*?" + re.escape(SAID)), r"\1" + SAID),
)


def digest_of(text: str) -> str:
    """What stands for a text: ``text:LENGTH:HASH``, in characters and of SHA-256."""
    return f"text:{len(text)}:{hashlib.sha256(text.encode()).hexdigest()[:12]}"


def normalised(text: str, paths: Mapping[str, str], now: float) -> str:
    """A text without what belongs to the machine and the day."""
    for path in sorted(paths, key=len, reverse=True):
        text = text.replace(path, paths[path])
    for pattern, instead in _MACHINE:
        text = pattern.sub(instead, text)
    text = _MOMENT.sub("2000-01-01T00:00:00Z", _UUID.sub("0", text))
    for day in _days(now):
        text = text.replace(day, "2000-01-01")
    return text


def _days(now: float) -> tuple[str, ...]:
    # Wherever the clock of the machine stands.
    today = datetime.fromtimestamp(now, UTC)
    return tuple((today + timedelta(days=n)).date().isoformat() for n in (-1, 0, 1))
