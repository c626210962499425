"""What a change has led to, in a few words that are the same in every run."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from harness.reference.trials.seen import Seen
from harness.reference.trials.settings import Setting

__all__ = ["NO_CHANGE", "Verdict", "judge"]

NO_CHANGE: Final = "no change"
_ENDS: Final = {
    "waits": "waits and does nothing",
    "loops": "asks without end",
    "late": "still trying when it was ended",
}
_CALLS: Final = {
    "websocket": "handshakes",
    "frames": "requests over WebSocket",
    "https": "requests over HTTPS",
    "accounts": "accounts/check",
    "token": "refreshes",
}
#: Where a client turns to HTTPS, WebSocket was of no use to it.
_MODEL: Final = ("websocket", "frames", "https")
_A_FEW: Final = 4


@dataclass(frozen=True, slots=True)
class Verdict:
    """One change of one turn.

    Attributes:
        fails: whether the turn does not lead to what it is for any more.
        observed: what happened.
    """

    fails: bool
    observed: str


def judge(setting: Setting, surface: str, kind: str, baseline: Seen, seen: Seen) -> Verdict:
    """Set a turn with something changed against the one without.

    Args:
        setting: the turn.
        surface: whose answers were changed.
        kind: what was changed in them.
        baseline: the turn with nothing changed.
        seen: the turn with the change.
    """
    words = list(_words(setting, surface, baseline, seen))
    return Verdict(_fails(setting, surface, kind, baseline, seen), "; ".join(words) or NO_CHANGE)


def _fails(setting: Setting, surface: str, kind: str, baseline: Seen, seen: Seen) -> bool:
    if seen.end != "ended" or seen.exit_code != baseline.exit_code:
        return True
    if baseline.answered and not seen.answered:
        return True
    if (setting.tool and not seen.tool_run) or (setting.refresh and not seen.refreshed):
        return True
    if setting.answer is None and _gist(seen.said) != _gist(baseline.said):
        return True
    if kind == "endpoint":
        # Without an endpoint, another way to the same answer will do.
        return False
    if surface == "models":
        return baseline.catalogue and not seen.catalogue
    # More requests than without the change: an answer was not taken.
    return any(seen.calls[name] > baseline.calls[name] for name in _MODEL)


def _words(setting: Setting, surface: str, baseline: Seen, seen: Seen) -> Iterator[str]:
    if seen.end != "ended":
        yield _ENDS[seen.end]
    elif seen.exit_code != baseline.exit_code:
        yield f"exit {seen.exit_code}"
    if baseline.answered and not seen.answered:
        yield "no answer"
    if setting.tool and not seen.tool_run:
        yield "the tool is not run"
    if setting.refresh and not seen.refreshed:
        yield "no new token"
    if surface == "models" and baseline.catalogue and not seen.catalogue:
        yield "takes its own catalogue"
    if seen.end not in ("ended", "waits"):
        # How far it had come by then is a matter of the machine.
        return
    yield from _calls(setting, baseline, seen)
    if seen.end == "ended" and seen.said != baseline.said:
        yield f"says “{_cut(seen.said)}”" if seen.said else "says nothing"


def _calls(setting: Setting, baseline: Seen, seen: Seen) -> Iterator[str]:
    """How often it asked, where that is another number."""
    silent = not any(seen.calls[name] for name in _MODEL)
    if silent:
        yield "the model is not asked"
    for name, word in _CALLS.items():
        count = seen.calls[name]
        if count == baseline.calls[name] or (silent and name in _MODEL):
            continue
        if name == "token" and setting.expired and count > _A_FEW:
            # Each call that it makes when it starts tries to refresh, and their number varies.
            yield f"{word}: one for each call"
        else:
            yield f"{word}: {count}"


def _gist(said: str) -> str:
    """The first sentence: what comes behind it is advice, and may name a time."""
    return said.partition(". ")[0]


def _cut(said: str) -> str:
    return said if len(said) <= 200 else said[:199] + "…"
