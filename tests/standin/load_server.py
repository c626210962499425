"""A stand-in in a process of its own, so that its memory can be looked at. See test_load.py."""

from __future__ import annotations

import sys
import threading
from dataclasses import dataclass, field
from pathlib import Path

from harness.standin.server import StandIn
from harness.standin.values import Incoming, Reply, WsSession
from tests.standin.fakes import EVENT_STREAM, sse


def stream_of(events: int) -> bytes:
    delta = {"type": "response.output_text.delta", "item_id": "msg_00000000", "delta": "x" * 100}
    numbered = ({**delta, "sequence_number": 10_000 + number} for number in range(events))
    return sse(*numbered)


@dataclass
class Crowd:
    """Answers nobody before everybody has asked; each gets a body of their own, or all the same."""

    body: bytes
    clients: int
    own: bool
    barrier: threading.Barrier = field(init=False)

    def __post_init__(self) -> None:
        self.barrier = threading.Barrier(self.clients, timeout=60)

    def answer(self, incoming: Incoming) -> Reply:
        number = self.barrier.wait()
        body = self.body
        if self.own:
            # As a backend does that gives every response ids of its own.
            body = body.replace(b"msg_00000000", b"msg_%08d" % number)
        return Reply(200, EVENT_STREAM, body, stream=True, source=incoming.path)

    def open(self, incoming: Incoming) -> WsSession | Reply:
        return self.answer(incoming)


def memory() -> tuple[int, int]:
    """Resident memory now and at its highest, in KiB."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    values = dict(line.split(":", 1) for line in lines if ":" in line)
    return int(values["VmRSS"].split()[0]), int(values["VmHWM"].split()[0])


def main(clients: int, events: int, own: bool) -> None:
    with StandIn(Crowd(stream_of(events), clients, own)) as stand_in:
        print(stand_in.url, flush=True)
        for _ in sys.stdin:
            settled = stand_in.settle(30)
            ends = {one.ended for one in stand_in.exchanges}
            print(*memory(), threading.active_count(), settled and ends == {"eof"}, flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3] == "own")
