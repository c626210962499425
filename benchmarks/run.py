"""What the leg costs, as ratios against httpx in the same run: `make bench`.

Not a test: a busy machine changes the numbers. Each line is the median of alternating runs.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable

import httpx

import leg
from tests.leg.loopback import SSE_HEAD, serve

RUNS = 15


def timed(action: Callable[[], object]) -> float:
    started = time.perf_counter()
    action()
    return time.perf_counter() - started


def compare(name: str, ours: Callable[[], object], peer: Callable[[], object]) -> None:
    """Alternate, so that a busy moment hits both."""
    pairs = [(timed(ours), timed(peer)) for _ in range(RUNS)]
    one = statistics.median(a for a, _ in pairs) * 1000
    other = statistics.median(b for _, b in pairs) * 1000
    print(f"{name:34} leg {one:8.1f} ms   httpx {other:8.1f} ms   ratio {one / other:5.2f}")


def importing(module: str) -> Callable[[], object]:
    return lambda: subprocess.run([sys.executable, "-c", f"import {module}"], check=True)


def stream_of(events: int) -> bytes:
    delta = {"type": "response.output_text.delta", "item_id": "msg_0", "delta": "word "}
    done = {"type": "response.completed", "response": {"id": "resp_0", "output": []}}
    lines = [f"event: {e['type']}\ndata: {json.dumps(e)}\n\n" for e in [delta] * events + [done]]
    return "".join(lines).encode()


def streaming(events: int) -> None:
    with serve(SSE_HEAD, stream_of(events)) as server:
        _streaming(server.url, events)


def _streaming(url: str, events: int) -> None:
    credential = leg.Credential(
        kind=leg.CredentialKind.CODEX_SUBSCRIPTION,
        token="benchmark",
        source="the benchmark",
        account_id="benchmark",
        base_url=url,
    )

    def ours() -> None:
        with leg.Client(credential) as client:
            assert len(client.complete("x")) == 5 * events

    def peer() -> None:
        with httpx.Client() as client, client.stream("POST", url, json={}) as answer:
            for _ in answer.iter_bytes():
                pass

    compare(f"a stream of {events} events, whole", ours, peer)


if __name__ == "__main__":
    compare("import", importing("leg"), importing("httpx"))
    for size in (100, 5000):
        streaming(size)
