"""Takes turns in a process of its own, where nothing but loopback can be reached.

It is told what to do by JSON, a line each, on its standard input: first which client, then the
turns. It answers each with a line, in the order in which they end, and ends with its input.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

from harness.contract import Contract
from harness.reference.clients import CodexCli
from harness.reference.trials.instead import Instead
from harness.reference.trials.meddling import Meddler, Nothing
from harness.reference.trials.settings import BY_NAME
from harness.reference.trials.together import Together
from harness.reference.trials.trial import Patience, Trials
from harness.reference.trials.without import Without

__all__ = ["meddler_from"]

_MAKERS: Final[Mapping[str, Callable[..., Meddler]]] = {
    "nothing": Nothing,
    "without": Without,
    "together": Together.from_json,
    "instead": Instead.from_json,
}


def meddler_from(document: Mapping[str, Any]) -> Meddler:
    """The meddler that ``to_json`` has made this of."""
    rest = {name: value for name, value in document.items() if name != "meddler"}
    return _MAKERS[document["meddler"]](**rest)


def main() -> None:
    """Read what there is to do, and do it."""
    first = json.loads(sys.stdin.readline())
    contract = Contract(Path(first["root"]))
    patience = Patience(**first["patience"])
    trials = Trials(CodexCli(**first["client"]), contract, patience)
    lock = threading.Lock()

    def say(answer: Mapping[str, Any]) -> None:
        with lock:
            print(json.dumps(answer), flush=True)

    def take(job: Mapping[str, Any]) -> None:
        try:
            seen = trials.run(
                BY_NAME[job["setting"]], meddler_from(job["meddler"]), parts=job["parts"]
            )
        except Exception as error:  # noqa: BLE001 — one turn must not take the others along
            say({"id": job["id"], "error": f"{type(error).__name__}: {error}"})
        else:
            say({"id": job["id"], "seen": seen.to_json()})

    def stop(*_: Any) -> None:
        trials.stop()
        os._exit(0)

    signal.signal(signal.SIGTERM, stop)
    say({"ready": True})
    pool = ThreadPoolExecutor(first["jobs"])
    for line in sys.stdin:
        pool.submit(take, json.loads(line))
    # Whoever wanted to know has gone, or knows all.
    pool.shutdown(wait=False, cancel_futures=True)
    stop()


if __name__ == "__main__":
    main()
