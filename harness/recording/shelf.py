"""Where recordings wait until they are adopted, and where an interrupted run is taken up again.

A folder outside of the contract: ``cassettes/`` with what was recorded, ``journal.jsonl`` with a
line for each probe that is done. A line is written after its file, and both are on the disk when
the next probe is asked; whoever is killed loses the probe that was being asked, and no other.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from harness.contract import Contract
from harness.exits import WrongUse
from harness.whole_files import sweep, write_whole
from leg._version import __version__

__all__ = ["AGAIN", "Done", "Shelf", "state_folder"]

#: Where further looks at the same probes go.
AGAIN: Final = "again"
#: A run that was left longer ago is begun anew: the service is another one by then.
_FRESH: Final = 12 * 3600.0


@dataclass(frozen=True, slots=True)
class Done:
    """One probe that was recorded.

    Attributes:
        probe: its id.
        file: the staged cassette.
        at: when, in Unix seconds.
    """

    probe: str
    file: Path
    at: float


def state_folder(env: Mapping[str, str], root: Path) -> Path:
    """Where the recordings of a contract wait: one folder for each root.

    ``$XDG_STATE_HOME/codex-leg/record/…``, by default below ``~/.local/state``.
    """
    base = env.get("XDG_STATE_HOME", "").strip()
    home = Path(base) if base else Path(env.get("HOME") or Path.home()) / ".local" / "state"
    name = hashlib.sha256(str(root.resolve()).encode()).hexdigest()[:16]
    return home / "codex-leg" / "record" / name


class Shelf:
    """One such folder. To be used inside of :meth:`locked`."""

    def __init__(self, folder: Path, contract: Contract, service: str) -> None:
        """Use ``folder``; ``service`` names who is asked, so that a rehearsal is no recording."""
        self.folder = folder
        self._contract = contract
        self._service = service
        self._journal = folder / "journal.jsonl"

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep every other run out.

        Raises:
            WrongUse: there is another one, or the folder cannot be written.
        """
        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            lock = os.open(self.folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise WrongUse(f"{self.folder} cannot be written: {error.strerror}.") from None
        try:
            with suppress(ImportError):
                import fcntl  # noqa: PLC0415 — not on every system

                try:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except OSError:
                    raise WrongUse("another run is recording for this contract.") from None
            sweep(self.folder)
            yield
        finally:
            os.close(lock)

    def done(self) -> dict[str, Done]:
        """What an interrupted run has recorded and still holds, by probe."""
        found: dict[str, Done] = {}
        for row in self._rows():
            id_, at = row.get("probe"), row.get("at")
            if not isinstance(id_, str) or not isinstance(at, int | float):
                continue
            file = self.folder / "cassettes" / f"{id_}.yaml"
            sound = (
                id_ in self._contract.probes
                and row.get("question") == self._question(id_)
                and row.get("service") == self._service
                and 0 <= time.time() - at < _FRESH
                and row.get("sha256") == _digest(file)
            )
            if sound:
                found[id_] = Done(id_, file, at)
        return found

    def add(self, id_: str, file: Path) -> Done:
        """Remember that a probe is done; its file is there."""
        at = time.time()
        row = {
            "probe": id_,
            "at": at,
            "question": self._question(id_),
            "service": self._service,
            "sha256": _digest(file),
        }
        with self._journal.open("a", encoding="utf-8") as journal:
            journal.write(json.dumps(row) + "\n")
            journal.flush()
            os.fsync(journal.fileno())
        return Done(id_, file, at)

    def forget(self) -> None:
        """Begin anew."""
        self._journal.unlink(missing_ok=True)
        for name in ("cassettes", AGAIN):
            shutil.rmtree(self.folder / name, ignore_errors=True)

    def remember(self, name: str, value: Any) -> None:
        """Keep a small fact beside the recordings."""
        write_whole(self.folder / f"{name}.json", json.dumps(value) + "\n")

    def recall(self, name: str) -> Any:
        """Such a fact, or ``None``."""
        try:
            return json.loads((self.folder / f"{name}.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None

    def drop(self, name: str) -> None:
        """Forget such a fact."""
        (self.folder / f"{name}.json").unlink(missing_ok=True)

    def _rows(self) -> Iterator[dict[str, Any]]:
        try:
            lines = self._journal.read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError):
            return
        for line in lines:
            # The last one may be half of one.
            with suppress(ValueError):
                row = json.loads(line)
                if isinstance(row, dict):
                    yield row

    def _question(self, id_: str) -> str:
        """What was asked, and by which leg: another question is another answer."""
        asked = _digest(self._contract.path("probes", f"{id_}.yaml"))
        return f"{__version__} {asked}"


def _digest(file: Path) -> str:
    try:
        return hashlib.sha256(file.read_bytes()).hexdigest()
    except OSError:
        return ""
