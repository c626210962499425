"""What was seen, kept until all of it is: so that a long run can be broken off and gone on with."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Final

from harness.reference.trials.meddling import Meddler
from harness.reference.trials.seen import Seen
from harness.reference.trials.settings import Setting
from harness.reference.trials.streams import compact

__all__ = ["Journal"]

_FORMAT: Final = "codex-leg/journal/1"


class Journal:
    """A file of turns that were seen. For several threads at once."""

    def __init__(self, file: Path, about: str) -> None:
        """Go on with a file, or begin one.

        Args:
            file: where it is kept; its folder is made.
            about: what the turns depend on, beside what is done in them. A file about something
                else is begun anew.

        Raises:
            OSError: it cannot be written.
        """
        self._file = file
        self._lock = threading.Lock()
        self._seen: dict[str, Seen] = {}
        file.parent.mkdir(parents=True, exist_ok=True)
        head = compact({"format": _FORMAT, "about": about})
        if not self._read(head):
            file.write_text(head + "\n", encoding="utf-8")

    def __len__(self) -> int:
        return len(self._seen)

    def get(self, setting: Setting, meddler: Meddler, attempt: int) -> Seen | None:
        """What was seen of this turn at this attempt, if anything was."""
        return self._seen.get(_key(setting, meddler, attempt))

    def put(self, setting: Setting, meddler: Meddler, attempt: int, seen: Seen) -> None:
        """Keep what was seen."""
        key = _key(setting, meddler, attempt)
        with self._lock, self._file.open("a", encoding="utf-8") as file:
            self._seen[key] = seen
            file.write(compact({"key": key, "seen": seen.to_json()}) + "\n")

    def remove(self) -> None:
        """It is not needed any more."""
        self._file.unlink(missing_ok=True)

    def _read(self, head: str) -> bool:
        try:
            lines = self._file.read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError):
            return False
        if not lines or lines[0] != head:
            return False
        for line in lines[1:]:
            try:
                found = json.loads(line)
                self._seen[found["key"]] = Seen.from_json(found["seen"])
            except (ValueError, KeyError, TypeError):
                # It was broken off in the middle of a line: that turn is taken again.
                continue
        return True


def _key(setting: Setting, meddler: Meddler, attempt: int) -> str:
    return compact([setting.name, dict(meddler.to_json()), attempt])
