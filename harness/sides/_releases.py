"""Two sides that are captures of a released client: read as that, with all that it sends."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePath
from typing import Final

from harness.contract import (
    CASSETTES,
    Contract,
    ContractError,
    Interaction,
    interactions_of,
    version_key,
)
from harness.drift.findings import Unchecked
from harness.exits import WrongUse
from harness.reference.runs import TRANSPORTS
from harness.reference.wire.captured import Captured, Reader, Vantage

from ._model import ALONE, Side

__all__ = ["Releases", "Trees", "releases_of", "trees_of"]

#: How the name of a folder begins that holds one release.
_NUMBERED: Final = re.compile(r"\d+\.\d+")


@dataclass(frozen=True, slots=True)
class Releases:
    """Two captured releases.

    Attributes:
        before, after: the two.
        quarantined: captures that cannot be read; the run of each was looked at on neither side.
    """

    before: Captured
    after: Captured
    quarantined: Sequence[Unchecked] = ()


def releases_of(old: Side, new: Side, contract: Contract) -> Releases | None:
    """Both sides as captured releases; ``None`` if one of them is anything else.

    A release is a folder of captures as ``codex-leg reference capture`` writes them
    (``plain.https.yaml``), all of one version; or one of its files, if both sides are that file.

    Args:
        old, new: the two sides.
        contract: what is known of releases.
    """
    names = _names(old, new)
    if names is None:
        return None
    quarantined: list[Unchecked] = []
    runs: list[dict[Vantage, Sequence[Interaction]]] = []
    for side, known in zip((old, new), names, strict=True):
        found: dict[Vantage, Sequence[Interaction]] = {}
        for key, vantage in known.items():
            try:
                found[vantage] = interactions_of(side.raw(key), side.called(key))
            except ContractError as error:
                quarantined += [
                    Unchecked(one.file, ": ".join(filter(None, (one.where, one.problem))))
                    for one in error.errors
                ]
        runs.append(found)
    if quarantined:  # what one side cannot show is no difference
        both = runs[0].keys() & runs[1].keys()
        runs = [{run: one[run] for run in one if run in both} for one in runs]
    versions = [_version(one.values()) for one in runs]
    if None in versions:
        return None
    reader = Reader(contract)
    sides = [
        reader.captured(
            reader.release(str(version)),
            str(version),
            found,
            {vantage: side.place(key) for key, vantage in known.items()},
        )
        for version, found, side, known in zip(versions, runs, (old, new), names, strict=True)
    ]
    return Releases(sides[0], sides[1], quarantined)


@dataclass(frozen=True, slots=True)
class Trees:
    """Two folders of captured releases.

    Attributes:
        pairs: the releases that are compared with each other, each as two sides.
        only_before, only_after: the versions that only one of the two has.
    """

    pairs: Sequence[tuple[Side, Side]]
    only_before: Sequence[str] = ()
    only_after: Sequence[str] = ()


def trees_of(old: Side, new: Side) -> Trees | None:
    """Both sides release by release, if each is a folder of captured releases; else ``None``.

    A folder of releases holds one folder for each (``0.156.0/plain.https.yaml``). Releases of the
    same version are compared with each other; where each side has but one, these two are.

    Raises:
        WrongUse: the two have no release in common, or only one of them is such a folder.
    """
    here, there = _by_version(old), _by_version(new)
    if here is None or there is None:
        for tree, other in ((here, new), (there, old)):
            if tree is not None and _vantages(other) is not None:
                raise WrongUse(_name_one(tree, "one side is a single release"))
        return None
    if len(here) == len(there) == 1:
        return Trees([(next(iter(here.values())), next(iter(there.values())))])
    both, only_here, only_there = (
        sorted(one, key=version_key)
        for one in (here.keys() & there.keys(), here.keys() - there, there.keys() - here)
    )
    if not both:
        raise WrongUse(_name_one(there, "the two sides have no release in common"))
    return Trees([(here[one], there[one]) for one in both], only_here, only_there)


def _name_one(tree: Mapping[str, Side], why: str) -> str:
    """What to compare instead of a folder of releases."""
    newest = tree[max(tree, key=version_key)]
    return f"{why}; name the release to compare, such as {newest.name}."


def _by_version(side: Side) -> dict[str, Side] | None:
    """The releases below a side, by version; ``None`` if it holds anything else."""
    files: dict[str, dict[str, Path]] = {}
    for key, file in side.files.items():
        version, _, run = key.partition("/")
        if not _NUMBERED.match(version) or not run:
            return None
        files.setdefault(version, {})[run] = file
    between = "/" if ":" in side.name or not side.is_revision else ":"
    found = {
        version: replace(
            side,
            name=f"{side.name.rstrip('/')}{between}{version}",
            files=runs,
            folder=None if side.folder is None else side.folder / version,
            note="",
        )
        for version, runs in files.items()
    }
    if side.contract is not None or any(_vantages(one) is None for one in found.values()):
        return None
    return found or None


def _names(old: Side, new: Side) -> tuple[dict[str, Vantage], dict[str, Vantage]] | None:
    """Key → run of both sides; two lone files are the same run, if one of them says which."""
    names = _vantages(old), _vantages(new)
    if ALONE not in old.files or ALONE not in new.files:
        return None if names[0] is None or names[1] is None else (names[0], names[1])
    files = [side.files[ALONE] for side in (old, new)]
    known = [one for one in names if one is not None]
    transports = {run.rpartition(".")[2] for one in known for run in one.values()}
    is_yaml = all(one.suffix.lower() in CASSETTES for one in files)
    return (known[-1], known[-1]) if is_yaml and len(transports) == 1 else None


def _vantages(side: Side) -> dict[str, Vantage] | None:
    """Key → run and transport of each file; ``None`` if a file's name does not tell them."""
    found: dict[str, Vantage] = {}
    for key, file in side.files.items():
        run = PurePath(key or file.stem)
        if file.suffix.lower() not in CASSETTES or len(run.parts) > 1:
            return None
        if run.suffix.removeprefix(".") not in TRANSPORTS:
            return None
        found[key] = run.name
    return found


def _version(runs: Iterable[Sequence[Interaction]]) -> str | None:
    """The one version of the client that sent all of this; ``None`` if there is no such."""
    sources = [one.provenance for run in runs for one in run]
    versions = {
        one.client.get("version") if one and one.client and one.kind == "captured" else None
        for one in sources
    }
    return versions.pop() if len(versions) == 1 else None
