"""Turns with nothing changed: what every other one is set against, and which ones can be."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import Future
from dataclasses import dataclass

from harness.reference.runs import WEBSOCKET
from harness.reference.trials.bench import Bench
from harness.reference.trials.meddling import Nothing
from harness.reference.trials.seen import Seen
from harness.reference.trials.settings import SETTINGS, Setting

__all__ = ["BaselineFails", "Choice", "baselines"]


class BaselineFails(Exception):
    """With nothing changed the turn does not go well, so nothing can be said; one line."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What is to be looked at; everything by default.

    Attributes:
        surfaces: only their answers.
        names: only things whose name contains one of these.
        transport: only turns of this transport; ``""`` for all.
        skipped: ways to take something away that are left out.
    """

    surfaces: frozenset[str] = frozenset()
    names: tuple[str, ...] = ()
    transport: str = ""
    skipped: frozenset[str] = frozenset()

    def takes(self, surface: str, name: str) -> bool:
        """Whether a thing of this surface and name is to be looked at."""
        if self.surfaces and surface not in self.surfaces:
            return False
        return not self.names or any(one in name for one in self.names)

    def takes_turn(self, setting: Setting) -> bool:
        """Whether this turn is to be taken."""
        if self.surfaces and not self.surfaces & setting.judges:
            return False
        return self.takes_transport(setting)

    def takes_transport(self, setting: Setting) -> bool:
        """Whether turns over this transport are to be taken."""
        return not self.transport or setting.transport in ("", self.transport)


def baselines(
    bench: Bench, wanted: Callable[[Setting], bool], unchecked: list[tuple[str, str]]
) -> dict[Setting, Seen]:
    """How each turn goes with nothing changed: those that go well, the same way twice.

    Args:
        bench: where the turns are taken.
        wanted: which turns are needed.
        unchecked: gets those that do not go well.

    Raises:
        BaselineFails: the plain turn does not.
        BenchError: a turn cannot be taken.
    """
    first = SETTINGS[0]
    plain = _agreed(bench, first, _twice(bench, first))
    if isinstance(plain, str):
        raise BaselineFails(f"with nothing changed, the plain turn fails: {plain}")
    asked = {
        setting: _twice(bench, setting)
        for setting in SETTINGS[1:]
        # A client that opens no WebSocket has no turns over one.
        if wanted(setting) and (setting.transport != WEBSOCKET or plain.calls["websocket"])
    }
    bases = {first: plain} if wanted(first) else {}
    for setting, futures in asked.items():
        seen = _agreed(bench, setting, futures)
        if isinstance(seen, str):
            unchecked.append((f"the turn “{setting.name}”", seen))
        else:
            bases[setting] = seen
    return bases


def _twice(bench: Bench, setting: Setting) -> list[Future[Seen]]:
    return [bench.submit(setting, Nothing(), parts=True) for _ in (0, 1)]


def _agreed(bench: Bench, setting: Setting, futures: Iterable[Future[Seen]]) -> Seen | str:
    """What was seen twice; or why nothing can be judged by it."""
    first, second = (future.result() for future in futures)
    if _counts(first) == _counts(second):
        return _goes_wrong(setting, first) or first
    third = bench.submit(setting, Nothing(), parts=True).result()
    for one in (first, second):
        if _counts(one) == _counts(third):
            return _goes_wrong(setting, one) or one
    return "it is another one every time"


def _counts(seen: Seen) -> object:
    """What has to be the same in every turn that is like another."""
    return (
        dict(seen.calls),
        (seen.end, seen.exit_code, seen.said),
        (seen.answered, seen.catalogue, seen.tool_run, seen.refreshed),
    )


def _goes_wrong(setting: Setting, seen: Seen) -> str:
    said = f": {seen.said}" if seen.said else ""
    if seen.end != "ended":
        return f"it does not end{said}"
    if setting.answer is None:
        return "" if seen.said else "it does not say that it was refused"
    if not seen.answered or seen.exit_code != 0:
        return f"no answer, exit {seen.exit_code}{said}"
    if setting.tool and not seen.tool_run:
        return "no tool is run"
    return "no new token is fetched" if setting.refresh and not seen.refreshed else ""
