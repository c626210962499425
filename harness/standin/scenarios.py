"""A scenario while it is played: which step answers which request."""

from __future__ import annotations

import difflib
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from harness.contract import Contract, Scenario, Step
from harness.standin.faults import Fault, parse_fault

__all__ = ["Play", "Played", "UnknownScenario", "find_scenario"]


class UnknownScenario(ValueError):
    """There is no such scenario; ``str()`` is one line that names the closest ones."""


def find_scenario(contract: Contract, name: str) -> Scenario:
    """The scenario of this name.

    Raises:
        UnknownScenario: there is none.
    """
    found = contract.scenarios.get(name)
    if found is None:
        close = difflib.get_close_matches(name, contract.scenarios, n=3)
        hint = f"did you mean {' or '.join(close)}?" if close else "codex-leg scenarios lists them"
        raise UnknownScenario(f"there is no scenario {name!r}: {hint}")
    return found


@dataclass(frozen=True, slots=True)
class Played:
    """What a step says of one request.

    Attributes:
        step: the step.
        probe: the probe that answers; ``None`` if the step names none.
        faults: what goes wrong.
    """

    step: Step
    probe: str | None
    faults: tuple[Fault, ...]


class Play:
    """One run of a scenario, from its beginning. Used by many threads."""

    def __init__(self, scenario: Scenario) -> None:
        """Begin.

        Raises:
            FaultError: a fault is none; :meth:`harness.contract.Contract.problems` says where.
        """
        self.scenario = scenario
        self._faults = [
            tuple(parse_fault(fault) for fault in step.faults) for step in scenario.steps
        ]
        self._used = [0] * len(scenario.steps)
        self._lock = threading.Lock()

    def take(
        self, endpoint: str, transport: str, *, refreshed: Callable[[], bool]
    ) -> Played | None:
        """What the scenario says of this request, which counts; ``None`` if it says nothing.

        Args:
            endpoint: what the request is for.
            transport: ``http`` or ``websocket``.
            refreshed: whether its bearer was given for another one during this scenario.
        """
        with self._lock:
            index = self._find(endpoint, transport, refreshed)
            if index is None:
                return None
            self._used[index] += 1
            return self._played(index, self._used[index])

    def peek(
        self, endpoint: str, transport: str, *, refreshed: Callable[[], bool]
    ) -> Played | None:
        """The same without counting."""
        with self._lock:
            index = self._find(endpoint, transport, refreshed)
            return None if index is None else self._played(index, self._used[index] + 1)

    def _find(self, endpoint: str, transport: str, refreshed: Callable[[], bool]) -> int | None:
        for index, step in enumerate(self.scenario.steps):
            if step.endpoint not in (endpoint, "any") or step.transport not in ("both", transport):
                continue
            if step.times is not None and self._used[index] >= step.times:
                continue
            if step.until == "refresh" and refreshed():
                continue
            return index
        return None

    def _played(self, index: int, number: int) -> Played:
        step = self.scenario.steps[index]
        probes: Sequence[str] = step.answer.probes if step.answer else ()
        probe = probes[min(number, len(probes)) - 1] if probes else None
        return Played(step, probe, self._faults[index])
