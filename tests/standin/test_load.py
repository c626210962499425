"""Many at once: every stream arrives whole, and the memory stays flat."""

from __future__ import annotations

import os
import selectors
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.standin.fakes import GET
from tests.standin.load_server import stream_of

ROOT = Path(__file__).parents[2]
CLIENTS, EVENTS, ROUNDS = 200, 1_000, 2
#: What a thread, a parser and the sockets may cost beside the body; several times what they do.
KIB_PER_CLIENT = 512


@contextmanager
def serving(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-m", "tests.standin.load_server", *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    ) as process:
        try:
            yield process
        finally:
            process.stdin.close()  # type: ignore[union-attr]
            process.wait(30)


def ask(process: subprocess.Popen[str], what: str = "") -> list[str]:
    assert process.stdin is not None
    assert process.stdout is not None
    if what:
        process.stdin.write(what + "\n")
        process.stdin.flush()
    return process.stdout.readline().split()


def read_all(port: int) -> set[int]:
    """Let all clients ask, then read them all at once; the lengths of what they got."""
    request = GET.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
    got: dict[socket.socket, int] = {}
    with selectors.DefaultSelector() as waiting:
        for _ in range(CLIENTS):
            client = socket.create_connection(("127.0.0.1", port), timeout=60)
            client.sendall(request)
            client.setblocking(False)
            waiting.register(client, selectors.EVENT_READ)
            got[client] = 0
        left = CLIENTS
        while left:
            ready = waiting.select(60)
            assert ready, f"{left} clients wait for more"
            for key, _ in ready:
                assert isinstance(key.fileobj, socket.socket)
                data = key.fileobj.recv(65536)
                got[key.fileobj] += len(data)
                if not data:
                    waiting.unregister(key.fileobj)
                    key.fileobj.close()
                    left -= 1
    return set(got.values())


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="reads the memory from /proc")
@pytest.mark.parametrize("bodies", ["shared", "own"])
def test_two_hundred_streams_of_a_thousand_events_finish_in_flat_memory(
    bodies: str, capsys: pytest.CaptureFixture[str]
) -> None:
    body = stream_of(EVENTS)
    one_chunk = len(body) // EVENTS
    # Every event is a chunk: its length, two line ends, and the last chunk.
    framed = len(body) + EVENTS * (len(f"{one_chunk:x}") + 4) + len(b"0\r\n\r\n")
    with serving(str(CLIENTS), str(EVENTS), bodies) as process:
        (url,) = ask(process)
        port = int(url.rpartition(":")[2])
        before = int(ask(process, "memory")[0])
        highest: list[int] = []
        started = time.monotonic()
        for _ in range(ROUNDS):
            (length,) = read_all(port)
            assert framed < length < framed + 300
            _, high, threads, whole = ask(process, "memory")
            highest.append(int(high))
            assert whole == "True"
            assert int(threads) < 10
        seconds = (time.monotonic() - started) / ROUNDS
    with capsys.disabled():
        print(
            f"\n{CLIENTS} streams of {EVENTS} events, {len(body) >> 10} KiB each, {bodies}: "
            f"{before} KiB at rest, at most {', '.join(map(str, highest))} KiB, {seconds:.1f} s"
        )
    held = len(body) // 1024 * (CLIENTS if bodies == "own" else 1)
    kept = 64 * 1024
    assert highest[0] - before < CLIENTS * KIB_PER_CLIENT + held + kept
    # Flat: the second round needs no more than the first, but for what is kept of exchanges.
    assert highest[-1] - highest[0] < kept + 16 * 1024
