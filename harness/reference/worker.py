"""Runs a client through its runs where nothing but loopback can be reached.

A program of its own, because the namespace is: the plan is the first line of its input, each
recording is a line of its output as soon as it is there. When its input ends, it stops: whoever
started it is gone.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from pathlib import Path
from typing import Any, Final

from harness.contract import Contract
from harness.reference.clients import CannotTurn, client_from
from harness.reference.gate import Call
from harness.reference.recorder import Recorder, Stopped
from harness.reference.runs import RUNS, WEBSOCKET
from harness.reference.sent import Recording

__all__ = ["SIDE_CALLS", "main"]

#: What the recording of calls beside the turn is called.
SIDE_CALLS: Final = "side-calls"
#: More at a time only make each other slower on two cores.
_AT_ONCE: Final = 2
#: It shows whether there is a WebSocket at all.
_FIRST: Final = "plain"

Row = dict[str, Any]


def main() -> int:
    """Do what the plan says; the exit code."""
    plan = json.loads(sys.stdin.readline())
    contract = Contract(Path(plan["root"]) if plan["root"] else None, sound=True)
    recorder = Recorder(client_from(plan["client"]), contract)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: recorder.stop())
    threading.Thread(target=_watch_parent, args=(recorder,), daemon=True).start()
    _say({"isolated": _only_loopback()})
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        for row in _rows(plan, recorder, pool):
            _say(row)
    return 0


def _watch_parent(recorder: Recorder) -> None:
    sys.stdin.read()
    recorder.stop()


def _rows(plan: Mapping[str, Any], recorder: Recorder, pool: ThreadPoolExecutor) -> Iterator[Row]:
    wanted = [(name, transport) for name, transport in plan["runs"]]
    has_websocket = plan["websocket"]
    if has_websocket is None and any(transport == WEBSOCKET for _, transport in wanted):
        # Nothing is known of this release yet.
        recording = recorder.run(RUNS[_FIRST], WEBSOCKET)
        if recording.died is not None:
            # What it would have asked for, nobody knows; and without a plain turn there is nothing.
            yield _row(_FIRST, WEBSOCKET, recording)
            return
        has_websocket = any(one.websocket for one in recording.sent)
        if has_websocket and (_FIRST, WEBSOCKET) in wanted:
            yield _row(_FIRST, WEBSOCKET, recording)
            wanted.remove((_FIRST, WEBSOCKET))
    if has_websocket is not None:
        yield {"websocket": has_websocket}
    jobs = [
        _job(recorder, name, transport)
        for name, transport in wanted
        if transport != WEBSOCKET or has_websocket
    ]
    if plan["side_calls"]:
        jobs.append(lambda: [_row(SIDE_CALLS, "", recorder.side_calls())])
    calls: list[Call] = []
    for row in _done(pool, jobs):
        if row.get("run") == SIDE_CALLS and "recording" in row and plan["waits"]:
            calls = _calls(Recording.from_json(row["recording"]))
        yield row
    yield from _done(pool, [_question(recorder, call) for call in calls])


def _job(recorder: Recorder, name: str, transport: str) -> Callable[[], list[Row]]:
    def job() -> list[Row]:
        try:
            return [_row(name, transport, recorder.run(RUNS[name], transport))]
        except CannotTurn as error:
            return [{"run": name, "transport": transport, "why": str(error)}]

    return job


def _question(recorder: Recorder, call: Call) -> Callable[[], list[Row]]:
    return lambda: [{"call": list(call), "waited_for": recorder.waits_for(call)}]


def _done(pool: ThreadPoolExecutor, jobs: Iterable[Callable[[], list[Row]]]) -> Iterator[Row]:
    """What the jobs give, as they end. With the first that was stopped, all are over."""
    running: set[Future[list[Row]]] = {pool.submit(job) for job in jobs}
    try:
        while running:
            ended, running = wait(running, return_when=FIRST_COMPLETED)
            for one in ended:
                yield from one.result()
    except Stopped:
        for one in running:
            one.cancel()
        raise SystemExit(128 + signal.SIGTERM) from None


def _row(name: str, transport: str, recording: Recording) -> Row:
    return {"run": name, "transport": transport, "recording": recording.to_json()}


def _calls(recording: Recording) -> list[Call]:
    return sorted({Call(one.method, one.host, one.path) for one in recording.sent})


def _only_loopback() -> bool:
    return [name for _, name in socket.if_nameindex()] == ["lo"]


def _say(row: Row) -> None:
    try:
        print(json.dumps(row), flush=True)
    except OSError:
        # Nobody listens any more.
        os._exit(1)


if __name__ == "__main__":
    sys.exit(main())
