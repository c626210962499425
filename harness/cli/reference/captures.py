"""Captured releases by the names that a user gives them, for the commands that compare them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import click

from harness.cli.reference.steps import Steps
from harness.contract import Contract
from harness.drift.findings import Unchecked
from harness.reference.nearest import nearest
from harness.reference.wire.captured import Captured, Reader

__all__ = ["Found", "find_captured"]

_VERSION: Final = re.compile(r"[0-9]+\.[0-9]+\.[0-9]+(-[0-9A-Za-z.-]+)?")
_NEWEST: Final = "newest"


@dataclass(slots=True)
class Found:
    """Releases that were asked for.

    Attributes:
        captured: those that are captured, in the order in which they were asked for.
        missing: the others, each with the nearest ones that are there.
    """

    captured: list[Captured] = field(default_factory=list)
    missing: list[Unchecked] = field(default_factory=list)


def find_captured(contract: Contract, names: Sequence[str], *, capture: bool = False) -> Found:
    """The releases of these names; ``newest`` is the newest that is captured.

    Args:
        contract: where captures are.
        names: versions.
        capture: whether to capture what is not there, which takes a minute or two each.

    Raises:
        click.UsageError: a name is no version.
        ContractErrors: a capture cannot be read.
    """
    there = contract.reference.versions
    versions = [_version(name, there) for name in names]
    failed: dict[str, str] = {}
    if capture:
        missing = [one for one in dict.fromkeys(versions) if one not in there]
        failed = _capture(contract, missing)
        contract = Contract(contract.root)
        there = contract.reference.versions
    reader, found = Reader(contract), Found()
    for version in versions:
        if version in there:
            found.captured.append(reader.read(version))
        else:
            why = failed.get(version) or _why_not(version, there)
            found.missing.append(Unchecked(f"codex-cli {version}", why))
    return found


def _version(name: str, there: Sequence[str]) -> str:
    if name == _NEWEST:
        return there[-1] if there else name
    if not _VERSION.fullmatch(name):
        raise click.UsageError(f"{name!r} is no version of the Codex CLI, such as 0.169.0.")
    return name


def _why_not(version: str, there: Sequence[str]) -> str:
    near = nearest(version, there)
    known = f"the nearest captured: {' and '.join(near)}" if near else "nothing is captured"
    return (
        f"it is not captured; {known}. To capture it: --capture, or "
        f"codex-leg reference capture {version}"
    )


def _capture(contract: Contract, versions: Sequence[str]) -> dict[str, str]:
    """Capture these; what went wrong, by version."""
    if not versions:
        return {}
    # What runs a client is not needed to compare what was captured.
    from harness.reference.capturing import Capturer, Wish  # noqa: PLC0415

    failed: dict[str, str] = {}
    with Steps(len(versions)) as steps:
        capturer = Capturer(contract, tell=steps.step)
        for version in versions:
            steps.begin(version)
            done = capturer.capture(version, Wish())
            steps.end(done.status, done.why or f"{len(done.files)} files, {done.seconds:.0f} s")
            if done.status not in ("captured", "kept"):
                failed[version] = f"{done.status}: {done.why}"
    return failed
