"""What a release did with something that it was sent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from harness.reference.runs import WEBSOCKET
from harness.reference.trials.seen import Seen, Unending
from harness.reference.trials.settings import Setting

__all__ = ["Outcome", "Reaction", "react"]

#: ``ignored``: nothing has changed. ``goes on``: something has, and the turn is answered all the
#: same. ``fatal``: it is not. ``waits``, ``loops``, ``late``: it does not end.
Outcome = Literal["ignored", "goes on", "fatal"] | Unending


@dataclass(frozen=True, slots=True)
class Reaction:
    """What it did.

    Attributes:
        outcome: what became of the turn.
        retries: how often it asked the model again, the way that the turn takes; 0 if without end.
        refreshes: how many tokens it asked for, beside those that the turn needs; 0 as above.
        falls_back: whether it turned from the WebSocket to HTTPS.
        exit_code: its exit code; ``None`` if it did not end.
        shown: the error that it told; ``""`` for none.
        warned: what it warned of, and does not otherwise.
        known: whether it knows an event of this type: its own log names those that it does not
            handle. ``None`` where it has no such log, and for what is no event.
    """

    outcome: Outcome
    retries: int
    refreshes: int
    falls_back: bool
    exit_code: int | None
    shown: str
    warned: tuple[str, ...] = ()
    known: bool | None = None

    @property
    def observed(self) -> str:
        """It in a few words."""
        return ", ".join(self._words())

    def _words(self) -> Iterator[str]:
        if self.outcome == "ignored":
            yield "ignored"
            return
        if self.refreshes > 0:
            yield f"{self.refreshes} refresh{'es' * (self.refreshes != 1)}"
        if self.refreshes < 0:
            yield "no refresh"
        if self.retries > 0:
            yield f"{self.retries} retr{'ies' if self.retries != 1 else 'y'}"
        if self.falls_back:
            yield "falls back to HTTPS"
        yield from self._end()

    def _end(self) -> Iterator[str]:
        if self.outcome == "goes on":
            yield "answered"
            yield from (f"warns “{one}”" for one in self.warned)
        elif self.outcome == "fatal":
            at_once = not (self.retries or self.falls_back or self.refreshes)
            said = f": “{self.shown}”" if self.shown else ""
            yield f"fatal{' at once' * at_once}{said}"
        else:
            yield {
                "waits": "waits and does nothing",
                "loops": "asks without end",
                "late": "still trying when it was ended",
            }[self.outcome]

    def to_json(self) -> dict[str, Any]:
        """It as JSON."""
        return {**asdict(self), "warned": list(self.warned), "observed": self.observed}

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Reaction:
        """The reaction in such JSON."""
        found = {name: document[name] for name in cls.__dataclass_fields__}
        return cls(**{**found, "warned": tuple(found["warned"])})


def react(setting: Setting, baseline: Seen, seen: Seen, *, known: bool | None = None) -> Reaction:
    """Set a turn in which something was sent against the one without.

    Args:
        setting: the turn.
        baseline: as it goes with nothing changed.
        seen: as it went.
        known: whether the release knows the type of the event that it was sent.
    """
    more = {name: seen.calls[name] - baseline.calls[name] for name in baseline.calls}
    over_websocket = setting.transport == WEBSOCKET
    if not over_websocket:
        retries = more["https"]
    else:
        # A handshake that is refused carries no frame.
        retries = more["frames"] if seen.calls["frames"] else more["websocket"]
    # How far it had come when it was ended is a matter of the machine, too.
    endless = seen.end in ("loops", "late")
    return Reaction(
        outcome=_outcome(setting, baseline, seen),
        retries=0 if endless else max(retries, 0),
        # Where each call at the start tries to refresh, their number is a matter of the machine.
        refreshes=0 if endless else min(more["token"], 1) if setting.expired else more["token"],
        falls_back=over_websocket and seen.calls["https"] > 0,
        exit_code=seen.exit_code,
        shown=seen.said if seen.end == "ended" else "",
        warned=tuple(one for one in seen.warned if one not in baseline.warned),
        known=known,
    )


def _outcome(setting: Setting, baseline: Seen, seen: Seen) -> Outcome:
    if seen.end != "ended":
        return seen.end
    if not seen.answered or seen.exit_code != baseline.exit_code:
        return "fatal"
    same = (seen.calls, seen.said) == (baseline.calls, baseline.said)
    kept = seen.refreshed or not setting.refresh
    return "ignored" if same and kept and seen.warned == baseline.warned else "goes on"
