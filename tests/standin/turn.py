"""One turn of a released Codex CLI against the stand-in, both where only loopback can be reached.

Run as a program inside the namespace: the plan is its argument, what happened is its output.
"""

from __future__ import annotations

import dataclasses
import json
import socket
import subprocess
import sys
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, cast

from harness import netns
from harness.contract import Contract, Scenario
from harness.reference import make_home, run_turn
from harness.standin.play import make_standin
from harness.standin.recording import Recorded

ROOT = Path(__file__).parents[2]


@dataclass
class Turn:
    """How it went, and what arrived."""

    exit_code: int
    stdout: str
    stderr: str
    exchanges: list[dict[str, Any]]
    auth_before: dict[str, Any] = field(repr=False)
    auth: dict[str, Any] = field(repr=False)
    isolated: bool = False

    def asked(self, path: str, method: str | None = None) -> list[dict[str, Any]]:
        """The exchanges for a path, in order."""
        return [
            one
            for one in self.exchanges
            if one["path"].endswith(path) and method in (None, one["method"])
        ]

    @property
    def requests(self) -> list[dict[str, Any]]:
        """Each request to the model, whatever it came through: bodies and frames, in order."""
        found = []
        for one in self.asked("/codex/responses"):
            found += [one["body"]] if one["method"] == "POST" else one["client_frames"]
        return found

    def why(self) -> str:
        """What to show if a promise is broken."""
        said = [
            f"{o['method']} {o['host']}{o['path']} {o['status']} {o['ended']}"
            for o in self.exchanges
        ]
        return "\n".join([f"exit {self.exit_code}", self.stdout, self.stderr[-3000:], *said])


def take_turn(binary: Path, folder: Path, scenarios: list[str], **plan: Any) -> Turn:
    """Run a turn in a namespace of its own, if the system has such; else just run it."""
    argument = json.dumps(
        {"binary": str(binary), "folder": str(folder), "scenarios": scenarios, **plan}
    )
    command = [sys.executable, "-m", "tests.standin.turn", argument]
    if netns.available():
        command = netns.command_in_netns(command)
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return Turn(**json.loads(done.stdout))


def main() -> None:
    plan = json.loads(sys.argv[1])
    folder = Path(plan["folder"])
    home = make_home(folder / "home", expired=plan.get("expired", False))
    work = folder / "work"
    work.mkdir()
    before = json.loads((home / "auth.json").read_text())
    contract = Contract(Path(plan["root"]) if plan.get("root") else None)
    name = joined(contract, plan["scenarios"])
    with make_standin(name, strict=plan.get("strict", False), contract=contract) as standin:
        # The proxy alone: a base URL would be a mercy that the reference client does not need.
        env = {k: v for k, v in standin.env().items() if k != "CODEX_BACKEND_BASE_URL"}
        result = run_turn(
            Path(plan["binary"]),
            env,
            home,
            work,
            plan.get("prompt", "say PONG"),
            timeout=60,
            arguments=plan.get("arguments", ()),
        )
        standin.settle()
    turn = Turn(
        exit_code=result.exit_code,
        stdout=result.stdout,
        stderr=result.stderr,
        exchanges=[row(one) for one in standin.exchanges],
        auth_before=before,
        auth=json.loads((home / "auth.json").read_text()),
        isolated=_only_loopback(),
    )
    json.dump(asdict(turn), sys.stdout)


def joined(contract: Contract, names: list[str]) -> str:
    """The name of a scenario with the steps of all of these, those of the first one first."""
    if len(names) == 1:
        return names[0]
    scenarios = [contract.scenarios[name] for name in names]
    steps = tuple(step for one in scenarios for step in one.steps)
    both = dataclasses.replace(scenarios[0], name="+".join(names), steps=steps)
    # The contract reads its files once; this one stands beside them.
    cast("dict[str, Scenario]", contract.scenarios)[both.name] = both
    return both.name


def _only_loopback() -> bool:
    return [name for _, name in socket.if_nameindex()] == ["lo"]


def row(one: Recorded) -> dict[str, Any]:
    """An exchange with its tokens: they were made for this run, and open nothing."""
    asked = one.incoming
    return {
        "method": asked.method,
        "host": asked.host,
        "path": asked.path,
        "query": asked.query,
        "scheme": asked.scheme,
        "transport": asked.transport,
        "headers": [list(pair) for pair in asked.headers],
        "body": asked.json() if asked.body else None,
        "status": one.status,
        "source": one.source,
        "ended": one.ended,
        "client_frames": [json.loads(f.text) for f in one.frames if f.direction == "client"],
        "server_frames": [json.loads(f.text) for f in one.frames if f.direction == "server"],
    }


if __name__ == "__main__":
    main()
