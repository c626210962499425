"""One turn of a client, with somebody between it and the stand-in: run, and looked at."""

from __future__ import annotations

import json
import os
import tempfile
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NamedTuple

from harness.contract import Contract
from harness.events import NOT_JSON, parse_json, read_events
from harness.reference.clients import Client
from harness.reference.process import Process, is_waiting
from harness.reference.trials.meddling import Meddled, Meddler, surface_of
from harness.reference.trials.seen import End, Part, Seen, last_error, warnings_in
from harness.reference.trials.settings import Setting
from harness.standin.answers import Answers
from harness.standin.backend import Backend
from harness.standin.built import tool_outputs
from harness.standin.recording import Recorded
from harness.standin.rulebook import Rulebook
from harness.standin.server import StandIn

__all__ = ["Patience", "Trials"]

#: What the tool prints (``echo codex-leg``).
_PRINTED: Final = "codex-leg"
_LOOK_SECONDS: Final = 0.05
_BUSY_LOOKS: Final = 5
_UNHANDLED: Final = "unhandled responses event: "


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a turn is watched.

    Attributes:
        quiet: seconds without a request, the client idle, after which it waits. The longest that
            the reference client waits for an answer and then goes on is 45 s: for a refresh.
        calls: requests to one endpoint after which it asks without end; 30 is the most that it
            makes before it gives up (reference.md 5.2).
        seconds: after that long it is ended, whatever it does. Thirty calls that are not answered,
            15 s each, take up to 450 s; the rest is for machines that are busy.
    """

    quiet: float = 50.0
    calls: int = 80
    seconds: float = 600.0


class _Ran(NamedTuple):
    end: End
    code: int
    stdout: str
    stderr: str


class Trials:
    """Runs turns of one client. For several threads at once."""

    def __init__(
        self, client: Client, contract: Contract, patience: Patience | None = None
    ) -> None:
        """Take a client, and the contract that the stand-in answers from."""
        self._client, self._contract = client, contract
        self._patience = patience or Patience()
        # What a client makes of an answer is to be seen; what it asks is judged elsewhere.
        self._rulebook = Rulebook(contract, off=contract.rules)
        self._answers = Answers(contract)
        self._running: set[Process] = set()

    def stop(self) -> None:
        """End every turn that is being taken, from another thread."""
        for process in list(self._running):
            process.kill()

    def run(self, setting: Setting, meddler: Meddler, *, parts: bool = False) -> Seen:
        """Take this turn, from a fresh sign-in.

        Args:
            setting: the turn.
            meddler: changes what the client is answered.
            parts: whether what it was answered is wanted, too.

        Raises:
            OSError: the client cannot be run.
        """
        with tempfile.TemporaryDirectory(prefix="codex-leg-") as name:
            folder = Path(name).resolve()
            home, work = folder / "home", folder / "work"
            for one in (home, work):
                one.mkdir()
            self._client.sign_in(home, expired=setting.expired)
            before = _access_token(home)
            with StandIn(Meddled(self._backend(setting), meddler), ca_folder=folder) as standin:
                command = self._client.command(setting.turn, home, work)
                ran = self._run(command, standin, home)
                standin.settle(1.0)
                exchanges = standin.exchanges
            texts = [one.replace(str(folder), "FOLDER") for one in (ran.stdout, ran.stderr)]
            return Seen(
                end=ran.end,
                exit_code=ran.code if ran.end == "ended" else None,
                answered=setting.answer is not None and _is_told(setting.answer, texts[0]),
                calls=_calls(exchanges),
                said=last_error(texts),
                warned=warnings_in(texts),
                tool_run=any(_gives_output_back(one) for one in _asked(exchanges)),
                refreshed=_is_refreshed(home, before, exchanges),
                catalogue=_has_catalogue(home),
                unhandled=_unhandled(texts[1]),
                parts=tuple(_part(one) for one in exchanges if one.status) if parts else (),
            )

    def _backend(self, setting: Setting) -> Backend:
        scenario = setting.scenario(self._contract)
        return Backend(self._contract, scenario, rulebook=self._rulebook, answers=self._answers)

    def _run(self, command: Sequence[str], standin: StandIn, home: Path) -> _Ran:
        with Process(command, self._environment(standin, home)) as process:
            self._running.add(process)
            try:
                end = self._watch(process, standin)
                code = process.kill()
            finally:
                self._running.discard(process)
            return _Ran(end, code, process.stdout, process.stderr)

    def _environment(self, standin: StandIn, home: Path) -> dict[str, str]:
        # The proxy alone: a base URL would be a mercy that not every client knows.
        led = {k: v for k, v in standin.env().items() if k != "CODEX_BACKEND_BASE_URL"}
        fixed = {
            "HOME": str(home),
            "PATH": os.environ.get("PATH", os.defpath),
            "LANG": "C.UTF-8",
            "TERM": "xterm",
            "TZ": "Etc/UTC",
            # There it says which events it does not handle.
            "RUST_LOG": "error,codex_api::sse=trace",
        }
        return {**fixed, **led, **self._client.variables(home)}

    def _watch(self, process: Process, standin: StandIn) -> End:
        """Wait for the end of the turn, or for the certainty that it has none."""
        patience = self._patience
        last, quiet_since, busy = (0, 0), time.monotonic(), 0
        while not process.wait(_LOOK_SECONDS):
            now = time.monotonic()
            state = _activity(standin.exchanges)
            # A timer wakes it up for a moment now and then; that is not work.
            busy = busy + 1 if is_waiting(process.pid) is False else 0
            if state != last or busy >= _BUSY_LOOKS:
                last, quiet_since = state, now
            elif now - quiet_since > patience.quiet:
                return "waits"
            if _most_calls(standin.exchanges) > patience.calls:
                return "loops"
            if process.seconds > patience.seconds:
                return "late"
        return "ended"


def _activity(exchanges: Sequence[Recorded]) -> tuple[int, int]:
    return len(exchanges), sum(len(one.frames) for one in exchanges)


def _most_calls(exchanges: Sequence[Recorded]) -> int:
    counted = Counter(one.incoming.path for one in exchanges)
    counted["frames"] = sum(len(_sent_frames(one)) for one in exchanges)
    return max(counted.values(), default=0)


def _is_told(answer: str, stdout: str) -> bool:
    """Today a client prints the answer alone; the oldest print all that happens."""
    return stdout.rstrip().endswith(answer) or f"\n{answer}\n" in stdout


def _sent_frames(one: Recorded) -> list[dict[str, Any]]:
    found = [parse_json(frame.data) for frame in one.frames if frame.direction == "client"]
    return [one for one in found if isinstance(one, dict)]


def _asked(exchanges: Sequence[Recorded]) -> list[dict[str, Any]]:
    """Each request to the model, whatever it came through."""
    found: list[dict[str, Any]] = []
    for one in exchanges:
        if surface_of(one.incoming) not in ("responses", "responses-ws"):
            continue
        body = one.incoming.json()
        found += [body] if isinstance(body, dict) else _sent_frames(one)
    return found


def _gives_output_back(body: Mapping[str, Any]) -> bool:
    return tool_outputs(body) and _PRINTED in json.dumps(body["input"][-1])


def _calls(exchanges: Sequence[Recorded]) -> dict[str, int]:
    surfaces = Counter(surface_of(one.incoming) for one in exchanges)
    frames = [
        frame
        for one in exchanges
        for frame in _sent_frames(one)
        if frame.get("type") == "response.create" and frame.get("generate") is not False
    ]
    return {
        "https": surfaces["responses"],
        "websocket": surfaces["responses-ws"],
        "frames": len(frames),
        "accounts": surfaces["accounts"],
        "token": surfaces["auth"],
    }


def _access_token(home: Path) -> str | None:
    try:
        found = json.loads((home / "auth.json").read_text(encoding="utf-8"))
        token = found["tokens"]["access_token"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return token if isinstance(token, str) else None


def _is_refreshed(home: Path, before: str | None, exchanges: Sequence[Recorded]) -> bool:
    now = _access_token(home)
    if now is None or now == before:
        return False
    return any(one.incoming.header("authorization") == f"Bearer {now}" for one in exchanges)


def _has_catalogue(home: Path) -> bool:
    try:
        found = json.loads((home / "models_cache.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(found, dict) and bool(found.get("models"))


def _unhandled(stderr: str) -> tuple[str, ...]:
    found = {
        line.partition(_UNHANDLED)[2].split()[0].strip('"')
        for line in stderr.splitlines()
        # Only its own log: an event could hold these words, too.
        if _UNHANDLED in line and "{" not in line
    }
    return tuple(sorted(found))


def _part(one: Recorded) -> Part:
    incoming = one.incoming
    body: Any = None
    events: list[Any] = []
    has_lines = False
    if one.is_stream:
        read, _ = read_events(one.body)
        events = [event.payload for event in read]
        has_lines = any(event.name is not None for event in read)
    elif one.frames:
        found = [parse_json(frame.data) for frame in one.frames if frame.direction == "server"]
        events = [frame for frame in found if frame is not NOT_JSON]
    elif one.body:
        found_body = parse_json(one.body)
        body = None if found_body is NOT_JSON else found_body
    return Part(
        surface=surface_of(incoming),
        endpoint=f"{incoming.method} {incoming.host}{incoming.path}",
        status=one.status or 0,
        headers=tuple(dict.fromkeys(name.lower() for name, _ in one.headers)),
        events=tuple(events),
        body=body,
        has_lines=has_lines,
    )
