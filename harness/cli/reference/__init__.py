"""``codex-leg reference``: what the reference client sends, release by release."""

from __future__ import annotations

from typing import Final

import click

from harness.cli.groups import LazyGroup

__all__ = ["command"]

#: Command → what ``--help`` says of it. The module of the same name holds it.
COMMANDS: Final = {
    "capture": "Run a release on loopback, and keep what it sent.",
    "ablate": "Find out what a release needs: take one thing after the other away.",
    "handles": "Find out which events and errors a release acts on.",
    "diff": "Say what changed on the wire from one release to another.",
    "history": "Show which release sent what: first, last, with dates.",
    "bisect": "Find the release in which something appeared or vanished.",
    "leg": "Set the leg's own requests against the newest release.",
    "watch": "Look for a newer release, and say what is new in it.",
}


@click.group("reference", cls=LazyGroup, package=__name__, told=COMMANDS)
def command() -> None:
    """Know what the backend's own client sends, release by release.

    Released binaries run on loopback against the stand-in: no subscription, no secret, and nothing
    can leave this machine.
    """
