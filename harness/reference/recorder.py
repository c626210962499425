"""How a client is captured: signed in below a folder of its own, led to a stand-in, run, written
down. Which client it is, is :mod:`.clients`'."""

from __future__ import annotations

import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from harness.contract import Contract, Scenario
from harness.reference.clients import Client, Turn
from harness.reference.gate import PRIMARY, Call, Gate, call_of, endpoint_of
from harness.reference.process import Process, is_waiting
from harness.reference.runs import HTTPS, RUNS, Run
from harness.reference.sent import Recording, sent_of
from harness.standin.backend import Backend
from harness.standin.recording import Recorded
from harness.standin.rulebook import Rulebook
from harness.standin.scenarios import find_scenario
from harness.standin.server import StandIn
from harness.standin.values import Backend as AnyBackend

__all__ = ["MOST", "Recorder", "Stopped", "conversation"]

#: A turn that takes longer has gone wrong.
_TURN_SECONDS: Final = 60.0
#: So much of a run is kept. Some releases try thirty times; after that they are stopped.
MOST: Final = 6
#: With the clients' own catalogue, what they send does not depend on ours.
_NO_CATALOGUE: Final = "models-404"
_NO_WEBSOCKET: Final = "websocket-refused-426"
#: A client that did nothing at so many looks in a row, this long apart, waits for something.
_LOOKS, _LOOK_SECONDS = 14, 0.05
#: Where the system does not say what a program does, it takes longer to be sure.
_BLIND_LOOKS: Final = 60
_WATCH_SECONDS: Final = 30.0
#: A client that asks and asks is stopped.
_ROUNDS: Final = 20
_TOOLS: Final = (
    "bash sh awk basename cat cut date dirname dircolors env expr grep head hostname id locale ls "
    "mkdir readlink sed sort tail test tput tr true tty uname wc which"
).split()


#: The exit code of a turn, and what was said on stderr.
_End = tuple[int | None, str]


@dataclass(frozen=True, slots=True)
class _Stage:
    """The folders of one run, and the environment of its client."""

    folder: Path
    home: Path
    work: Path
    env: Mapping[str, str]


class Stopped(Exception):
    """The recorder was told to stop."""


class Recorder:
    """Runs one client through what it is to be captured in. For several threads at once."""

    def __init__(self, client: Client, contract: Contract) -> None:
        """Take a client, and the contract that the stand-in answers from."""
        self._client = client
        self._contract = contract
        # What a client sends is to be seen, not judged; and rules change from day to day.
        self._rulebook = Rulebook(contract, off=contract.rules)
        self._stopped = threading.Event()

    def stop(self) -> None:
        """End every client that runs, and start no other one: who waits for one gets
        :class:`Stopped`."""
        self._stopped.set()

    def run(self, run: Run, transport: str) -> Recording:
        """Run it from a fresh sign-in; everything that it sent, in order.

        That a client dies (of a machine short of memory, say) is no fact about what it sends: it
        is run once more. If it dies again, that is what the recording says.
        """
        return _unless_it_dies(lambda: self._run(run, transport))

    def side_calls(self) -> Recording:
        """What it calls beside the turn, all of it, in whatever order; once more if it dies."""
        return _unless_it_dies(self._side_calls)

    def waits_for(self, call: Call) -> bool | None:
        """Whether the client sends no turn as long as this call has no answer; ``None`` if it died
        each time before that could be seen."""
        found = self._waits_for(call)
        return self._waits_for(call) if found is None else found

    def _run(self, run: Run, transport: str) -> Recording:
        backend = self._backend(run.plays, transport)
        with self._standing(backend, expired=run.expired) as (standin, stage):
            ends: list[_End] = []
            for turn in run.turns:
                ends.append(self._turn(turn, stage, standin))
                if _is_death(ends[-1][0]):
                    break
            standin.settle()
            return _recording(conversation(standin.exchanges)[:MOST], ends, stage)

    def _side_calls(self) -> Recording:
        """What it calls beside the turn.

        The turn's own answer is kept back until the client waits for nothing else; what it sends
        when it ends is a race, and not counted. The other answers are kept back, too, until it
        sends no more without one of them: where it asks for several things at once, a refusal of
        the first could keep it from asking for the others, or come too late for that.
        """
        model = Gate(self._backend((), ""), lambda incoming: endpoint_of(incoming) in PRIMARY)
        gate = Gate(model, lambda incoming: endpoint_of(incoming) not in PRIMARY)
        with self._standing(gate) as (standin, stage), self._start(stage) as process:
            try:
                for _ in range(_ROUNDS):
                    self._watch(process, gate, lambda: gate.waiting + model.waiting > 0)
                    if not gate.waiting:
                        break
                    gate.let_go()
                until = len(standin.exchanges)
            finally:
                gate.release()
                model.release()
            code = process.kill() if process.wait(_TURN_SECONDS) else None
            said = process.stderr
            standin.settle()
            found = [
                one
                for one in standin.exchanges
                if one.number <= until and endpoint_of(one.incoming) not in PRIMARY
            ]
            return _recording(found, [(code, said)], stage)

    def _waits_for(self, call: Call) -> bool | None:
        gate = Gate(self._backend((), ""), lambda incoming: call_of(incoming) == call)
        with self._standing(gate) as (_, stage), self._start(stage) as process:
            try:
                self._watch(process, gate, lambda: gate.waiting > 0, gate.turn_came.is_set)
                if gate.turn_came.is_set():
                    return False
                has_died = not process.running and _is_death(process.kill())
                return None if has_died else gate.waiting > 0
            finally:
                process.kill()
                gate.release()

    def _backend(self, plays: tuple[str, ...], transport: str) -> Backend:
        names = (*plays, _NO_CATALOGUE, *([_NO_WEBSOCKET] if transport == HTTPS else []))
        scenarios = [find_scenario(self._contract, name) for name in names]
        scenario = _joined(scenarios)
        return Backend(self._contract, scenario, rulebook=self._rulebook)

    @contextmanager
    def _standing(
        self, backend: AnyBackend, *, expired: bool = False
    ) -> Iterator[tuple[StandIn, _Stage]]:
        with tempfile.TemporaryDirectory(prefix="codex-leg-") as name:
            folder = Path(name).resolve()
            home, work, tools = (folder / one for one in ("home", "work", "tools"))
            for one in (home, work, tools):
                one.mkdir()
            _link_tools(tools)
            self._client.sign_in(home, expired=expired)
            with StandIn(backend, ca_folder=folder) as standin:
                # The proxy alone: a base URL would be a mercy that not every client knows.
                led = {k: v for k, v in standin.env().items() if k != "CODEX_BACKEND_BASE_URL"}
                yield standin, _Stage(folder, home, work, self._environment(led, home, tools))

    def _environment(self, led: Mapping[str, str], home: Path, tools: Path) -> dict[str, str]:
        """All that the client sees: nothing of this machine that could be told."""
        fixed = {
            "HOME": str(home),
            # What a client does must not depend on whether there is a git, or a node.
            "PATH": str(tools),
            "LANG": "C.UTF-8",
            "TERM": "xterm",
            "TZ": "Etc/UTC",
        }
        return {**fixed, **led, **self._client.variables(home)}

    def _start(self, stage: _Stage, turn: Turn | None = None) -> Process:
        turn = turn or RUNS["plain"].turns[0]
        self._go_on()
        return Process(self._client.command(turn, stage.home, stage.work), stage.env)

    def _turn(self, turn: Turn, stage: _Stage, standin: StandIn) -> _End:
        """How it went; without an exit code if it was stopped: it took too long, or tried too
        often."""
        with self._start(stage, turn) as process:
            while process.seconds < _TURN_SECONDS:
                self._go_on()
                if process.wait(_LOOK_SECONDS):
                    return process.kill(), process.stderr
                if len(conversation(standin.exchanges)) > MOST:
                    break
            return None, process.stderr

    def _watch(
        self,
        process: Process,
        gate: Gate,
        is_held: Callable[[], bool],
        is_done: Callable[[], bool] = lambda: False,
    ) -> None:
        """Wait until the client is held up (it does nothing but wait, and something is kept from
        it), or has ended, or what is looked for has come."""
        end = time.monotonic() + _WATCH_SECONDS
        idle, count = 0, gate.count
        while process.running and not is_done() and time.monotonic() < end:
            self._go_on()
            waiting = is_waiting(process.pid)
            quiet = is_held() and waiting is not False and gate.count == count
            idle, count = (idle + 1 if quiet else 0), gate.count
            if idle >= (_BLIND_LOOKS if waiting is None else _LOOKS):
                return
            time.sleep(_LOOK_SECONDS)

    def _go_on(self) -> None:
        if self._stopped.is_set():
            raise Stopped


def _unless_it_dies(record: Callable[[], Recording]) -> Recording:
    first = record()
    return first if first.died is None else replace(record(), died_before=first.died)


def _is_death(code: int | None) -> bool:
    """Whether an exit code says that a signal ended it."""
    return code is not None and code < 0


def conversation(exchanges: Iterable[Recorded]) -> list[Recorded]:
    """What belongs to a turn itself, in its order.

    Not the attempt at a WebSocket that was only refused to have the turn over HTTPS: a run over the
    WebSocket has it.
    """
    return [
        one
        for one in exchanges
        if endpoint_of(one.incoming) in PRIMARY
        and not (one.incoming.transport == "websocket" and one.status == 426)
    ]


def _link_tools(folder: Path) -> None:
    """What a shell and its profile need, and nothing that a client would look for."""
    for name in _TOOLS:
        found = shutil.which(name)
        if found is not None:
            (folder / name).symlink_to(found)


def _joined(scenarios: list[Scenario]) -> Scenario:
    steps = tuple(step for one in scenarios for step in one.steps)
    return replace(scenarios[0], name="+".join(one.name for one in scenarios), steps=steps)


def _recording(exchanges: list[Recorded], ends: list[_End], stage: _Stage) -> Recording:
    return Recording(
        sent=tuple(sent_of(one) for one in exchanges),
        exit_codes=tuple(code for code, _ in ends),
        paths={"work": str(stage.work), "home": str(stage.home), "folder": str(stage.folder)},
        at=time.time(),
        said=ends[-1][1][-2000:],
    )
