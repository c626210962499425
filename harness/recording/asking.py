"""One probe, asked live through the leg, with a tee in between."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import leg
from harness.contract import Probe
from harness.questions import question
from harness.recording.tee import Taken, listening
from harness.replay import Replayed, hear

__all__ = ["LIMITS", "Asked", "ask_live"]

#: A live service is waited for, but not for ever; a parked turn says something every 30 seconds.
LIMITS: Final = leg.Limits(idle=90.0, connect=15.0)


@dataclass(frozen=True, slots=True)
class Asked:
    """What came of asking one probe.

    Attributes:
        probe: which.
        heard: what the leg made of it.
        taken: the exchange, or ``None`` if nothing was sent.
        streamed: whether the answer was read as a stream.
    """

    probe: Probe
    heard: Replayed
    taken: Taken | None
    streamed: bool

    @property
    def answered(self) -> bool:
        """Whether the head of an answer came."""
        return self.taken is not None and self.taken.status is not None


def ask_live(
    probe: Probe,
    credential: leg.Credential | None,
    *,
    streamed: bool,
    limits: leg.Limits = LIMITS,
) -> Asked:
    """Ask this probe with this credential; exactly one request is sent.

    Args:
        probe: the probe.
        credential: a real one; ``None`` for what the probe itself names (nothing, or a bogus one).
        streamed: whether its cassette says that the answer is a stream.
        limits: bounds on the answer.
    """
    try:
        request = question(probe, credential)
    except leg.ConfigurationError as error:
        refused = Replayed(error.outcome, message=str(error), unplayed=True)
        return Asked(probe, refused, None, streamed)
    with listening() as tee:
        heard = hear(probe, request, streamed=streamed, credential=credential, limits=limits)
    # Only of a refresh the leg builds the request itself; there it is built twice, alike.
    taken = tee.taken[0] if tee.taken else None
    return Asked(probe, replace(heard, request=request), taken, streamed)
