"""The scripted client as a client, and a bench that takes its turns here."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path

from harness.reference.clients import Turn
from harness.reference.run import make_home
from harness.reference.trials.meddling import Meddler
from harness.reference.trials.seen import Seen
from harness.reference.trials.settings import Setting
from harness.reference.trials.trial import Patience

__all__ = ["IMPATIENT", "FakeBench", "Scripted", "seen"]

#: The scripted client does not sleep.
IMPATIENT = Patience(quiet=3.0, calls=40, seconds=30.0)
_SCRIPT = Path(__file__).with_name("scripted_client.py")


@dataclass(frozen=True)
class Scripted:
    """``scripted_client.py``, which needs exactly what its docstring says."""

    kind: str = "scripted"
    name: str = "scripted"
    version: str = "9.9.9"
    sha256: str = "0" * 64

    def sign_in(self, home: Path, *, expired: bool) -> None:
        make_home(home, expired=expired)

    def command(self, turn: Turn, home: Path, workdir: Path) -> list[str]:
        del home, workdir
        return [sys.executable, "-I", "-S", str(_SCRIPT), turn.prompt]

    def variables(self, home: Path) -> Mapping[str, str]:
        return {"CODEX_HOME": str(home)}


def seen(**facts: object) -> Seen:
    """A turn over HTTPS that went well, but for these facts."""
    calls = {"https": 1, "websocket": 0, "frames": 0, "accounts": 1, "token": 0}
    well = {
        "end": "ended",
        "exit_code": 0,
        "answered": True,
        "calls": {**calls, **facts.pop("calls", {})},  # type: ignore[dict-item]
        "catalogue": True,
    }
    return Seen(**{**well, **facts})  # type: ignore[arg-type]


@dataclass
class FakeBench:
    """Gives what a function says, and remembers what it was asked."""

    take: Callable[[Setting, Meddler], Seen]
    asked: list[tuple[Setting, Meddler]] = field(default_factory=list)

    def submit(self, setting: Setting, meddler: Meddler, *, parts: bool = False) -> Future[Seen]:
        del parts
        self.asked.append((setting, meddler))
        future: Future[Seen] = Future()
        future.set_result(self.take(setting, meddler))
        return future
