"""Small contracts for tests: copies of the project's own, with a few probes, free to be spoilt."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]

#: A stream, calls, a refusal, an answer in JSON, the day that it all began.
FEW = (
    "2026-06-04/responses-gpt-5.5",
    "auth/refresh-token-reused",
    "codex/function-call",
    "codex/store-must-be-false",
    "codex/streamed-text",
    "codex/streamed-text-2025",
    "codex/usage",
)


@dataclass
class Outcome:
    code: int
    out: str
    err: str


@dataclass
class SmallContract:
    """A contract in a folder of its own."""

    root: Path

    def file(self, name: str) -> Path:
        return self.root / name

    def replace(self, name: str, old: str, new: str, count: int = -1) -> None:
        """Edit a file as a hand would: the text must be there."""
        text = self.file(name).read_text(encoding="utf-8")
        assert old in text, f"{name} does not hold {old!r}"
        self.file(name).write_text(text.replace(old, new, count), encoding="utf-8")

    def edit_yaml(self, name: str, edit: Any) -> None:
        """Load a file, let a function change the document, write it back."""
        document = yaml.safe_load(self.file(name).read_text(encoding="utf-8"))
        edit(document)
        self.file(name).write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")

    def verify(self, *arguments: str) -> Outcome:
        return codex_leg("verify", "--root", str(self.root), *arguments)


def copy_contract(root: Path, probes: Sequence[str] = FEW) -> SmallContract:
    """Copy the schemas, and these probes with all that belongs to them."""
    shutil.copytree(ROOT / "schemas", root / "schemas")
    for probe in probes:
        for folder, suffix in (("probes", "yaml"), ("cassettes", "yaml"), ("snapshots", "json")):
            target = root / folder / f"{probe}.{suffix}"
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / folder / f"{probe}.{suffix}", target)
    return SmallContract(root)


def codex_leg(*arguments: str, cwd: Path | None = None) -> Outcome:
    """Run the command line as a user does, in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "harness", *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd=cwd or ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "100"},
    )
    return Outcome(done.returncode, done.stdout, done.stderr)


def pythons_json(text: str) -> Any:
    return json.loads(text)
