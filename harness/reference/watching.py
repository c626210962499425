"""Whether there is a newer release, and what is new in it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from harness.contract import Contract, version_key
from harness.drift.findings import Finding, Unchecked
from harness.endpoints import OTHER
from harness.reference import npm
from harness.reference.ablation.ablate import ablate
from harness.reference.capturing import Capturer, Wish
from harness.reference.diff import compare_captured
from harness.reference.install import cache_folder, locate
from harness.reference.releases import stable
from harness.reference.trials.baselines import BaselineFails, Choice
from harness.reference.trials.bench import BenchError
from harness.reference.trials.opening import open_release
from harness.reference.wire.captured import Captured, Reader

__all__ = ["Watched", "ablate_calls", "watch"]

#: Findings that say that the client calls something, or waits for it.
_CALLS: Final = frozenset({"client-endpoint-added", "client-precondition-added"})

#: A call that is never answered takes minutes, and that the release needs it is known sooner.
_SLOW: Final = frozenset({"no answer"})

#: What a release needs, as ``schemas/report/ablation.json``: asked for these surfaces whole, and
#: for these calls of no surface.
Ablate = Callable[[str, frozenset[str], tuple[str, ...]], dict[str, Any]]


@dataclass(slots=True)
class Watched:
    """What came of looking.

    Attributes:
        newest: the newest release on npm; ``""`` if npm does not say.
        before: the newest release that was captured; ``""`` if none was.
        is_new: whether the newest release was not captured until now.
        skipped: releases between the two, which nobody has looked at.
        findings: what is new in it.
        compared: the runs that were compared.
        unchecked: what could not be looked at.
    """

    newest: str = ""
    before: str = ""
    is_new: bool = False
    skipped: list[str] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    compared: list[str] = field(default_factory=list)
    unchecked: list[Unchecked] = field(default_factory=list)


def watch(
    contract: Contract,
    needs: Ablate | None,
    *,
    cache: Path | None = None,
    keep: bool = False,
    tell: Callable[[str], None] = lambda _: None,
) -> Watched:
    """Look for a newer release; capture it, compare it, and find out what it needs.

    Args:
        contract: where captures are, and where the new one is written.
        needs: finds out what a release needs; ``None`` to leave that out.
        cache: where releases are installed.
        keep: whether a release stays there that was not there before.
        tell: told of each step, in a few words.

    Raises:
        ContractErrors: a capture cannot be read.
    """
    watched = Watched(before=(contract.reference.versions or ("",))[-1])
    try:
        watched.newest = npm.newest()
    except npm.InstallError as error:
        watched.unchecked.append(Unchecked("the newest release on npm", str(error)))
        return watched
    if watched.before and version_key(watched.newest) <= version_key(watched.before):
        return watched
    watched.is_new = True
    folder = cache or cache_folder()
    was_there = _is_installed(watched.newest, folder)
    try:
        _look(contract, watched, needs, folder, tell)
    finally:
        if not (was_there or keep):
            shutil.rmtree(folder / watched.newest, ignore_errors=True)
    return watched


def _look(
    contract: Contract,
    watched: Watched,
    needs: Ablate | None,
    folder: Path,
    tell: Callable[[str], None],
) -> None:
    version = watched.newest
    done = Capturer(contract, cache=folder, tell=tell).capture(version, Wish(keep=True))
    if done.status not in ("captured", "kept"):
        watched.unchecked.append(Unchecked(f"codex-cli {version}", f"{done.status}: {done.why}"))
        return
    if done.why:
        watched.unchecked.append(Unchecked(f"runs of codex-cli {version}", done.why))
    if not watched.before:
        # There is nothing that it could be compared with; the next one will be.
        return
    watched.skipped = _between(watched.before, version)
    reader = Reader(Contract(contract.root))
    before, after = reader.read(watched.before), reader.read(version)
    _compare(watched, before, after, None)
    surfaces, names = _new_calls(watched.findings)
    if needs is None or not (surfaces or names):
        return
    tell("finding out what it needs")
    try:
        found = needs(version, surfaces, names)
    except (npm.InstallError, BaselineFails, BenchError, OSError) as error:
        watched.unchecked.append(Unchecked(f"what codex-cli {version} needs", str(error)))
        return
    watched.unchecked += [Unchecked(one["what"], one["why"]) for one in found["unchecked"]]
    _compare(watched, before, after, found)


def _compare(
    watched: Watched, before: Captured, after: Captured, ablation: dict[str, Any] | None
) -> None:
    diff = compare_captured(before, after, ablation)
    watched.findings, watched.compared = list(diff.findings), list(diff.compared)


def _between(before: str, newest: str) -> list[str]:
    """The releases that came out in between; none if npm does not say."""
    low, high = version_key(before), version_key(newest)
    with suppress(npm.InstallError):
        return [one for one in stable(npm.times()) if low < version_key(one) < high]
    return []


def _new_calls(findings: Iterable[Finding]) -> tuple[frozenset[str], tuple[str, ...]]:
    """The surfaces that the release uses in a new way, and its new calls that have none."""
    calls = [one for one in findings if one.rule in _CALLS]
    surfaces = frozenset(one.surface for one in calls if one.surface != OTHER)
    return surfaces, tuple(str(one.after) for one in calls if one.surface == OTHER)


def _is_installed(version: str, folder: Path) -> bool:
    try:
        locate(version, folder)
    except FileNotFoundError:
        return False
    return True


def ablate_calls(
    contract: Contract, progress: Callable[[int, int, int], None] | None = None
) -> Ablate:
    """What finds out what a release needs, with the answers of this contract."""

    def find_out(version: str, surfaces: frozenset[str], names: tuple[str, ...]) -> dict[str, Any]:
        choices = [Choice(surfaces, skipped=_SLOW)] if surfaces else []
        choices += [Choice(frozenset({OTHER}), names, skipped=_SLOW)] if names else []
        document: dict[str, Any] = {"rows": [], "unchecked": []}
        with open_release(version, contract, "watch") as opened:
            for choice in choices:
                found = ablate(opened.bench, choice, journal=opened.journal, progress=progress)
                table = found.table(opened.version, opened.sha256).to_json()
                document["rows"] += table["rows"]
                document["unchecked"] += table["unchecked"]
            opened.journal.remove()
        return document

    return find_out
