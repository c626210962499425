"""Install a release of the Codex CLI from npm into a cache, once.

What is in the cache under a version's name is whole: a release is unpacked beside it, and renamed.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import os
import shutil
import tarfile
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath
from typing import Final

from . import npm

__all__ = ["Release", "cache_folder", "install", "locate"]

_FACTS: Final = "release.json"
_PARTIAL: Final = ".partial-"
#: Beside the binary stand its own helpers, which it finds by their place. Not needed for a turn
#: and large: the voice host.
_NOT_KEPT: Final = ("codex-resources", "voice")


@dataclass(frozen=True, slots=True)
class Release:
    """An installed release.

    Attributes:
        version: as npm counts.
        binary: the executable.
        sha256: of the executable; a capture names it.
        package: which package it came from.
        integrity: npm's hash of that package.
    """

    version: str
    binary: Path
    sha256: str
    package: str
    integrity: str


def cache_folder() -> Path:
    """Where releases are kept: below ``$XDG_CACHE_HOME``, or ``~/.cache``."""
    base = os.environ.get("XDG_CACHE_HOME", "")
    # A relative path there is to be ignored: so says the XDG specification.
    folder = Path(base) if Path(base).is_absolute() else Path.home() / ".cache"
    return folder / "codex-leg" / "codex"


def locate(version: str, cache: Path | None = None) -> Path:
    """The executable of an installed release.

    Raises:
        FileNotFoundError: it is not installed.
    """
    found = _installed(cache or cache_folder(), version)
    if found is None:
        raise FileNotFoundError(f"release {version} is not installed; install({version!r}) does it")
    return found.binary


def install(version: str, cache: Path | None = None) -> Release:
    """Install a release, unless it is there. Safe to interrupt, and to run twice at a time.

    Raises:
        InstallError: npm is missing or got no answer, or has no such release, or what it sent is
            not what it should be.
    """
    folder = cache or cache_folder()
    found = _installed(folder, version)
    if found is not None:
        return found
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with _alone(folder):
            # Whoever had the lock before us may have installed the same.
            return _installed(folder, version) or _install(folder, version)
    except OSError as error:
        raise npm.InstallError(f"release {version} cannot be written: {error}") from error


def _installed(folder: Path, version: str) -> Release | None:
    try:
        facts = json.loads((folder / version / _FACTS).read_bytes())
        release = Release(**{**facts, "binary": folder / version / facts["binary"]})
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return release if os.access(release.binary, os.X_OK) else None


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """One installation at a time; what an earlier one left behind goes."""
    import fcntl  # noqa: PLC0415 — reading the cache works where this is missing

    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for left in folder.glob(f"{_PARTIAL}*"):
            shutil.rmtree(left, ignore_errors=True)
        yield


def _install(folder: Path, version: str) -> Release:
    tarball = npm.find(version)
    with tempfile.TemporaryDirectory(prefix=_PARTIAL, dir=folder) as scratch:
        packed = npm.pack(tarball, Path(scratch))
        _check(packed, tarball)
        unpacked = Path(scratch) / "release"
        try:
            _unpack(packed, unpacked)
        except tarfile.TarError as error:
            raise npm.NotIntact(tarball.name, str(error)) from error
        binary = _binary(unpacked, version)
        release = Release(
            version=version,
            binary=binary.relative_to(unpacked),
            sha256=_hash(binary, "sha256").hexdigest(),
            package=tarball.name,
            integrity=tarball.integrity,
        )
        facts = {**asdict(release), "binary": release.binary.as_posix()}
        (unpacked / _FACTS).write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")
        target = folder / version
        # Without its facts, or with facts that do not hold, it was not installed by us as it is.
        shutil.rmtree(target, ignore_errors=True)
        unpacked.rename(target)
    found = _installed(folder, version)
    if found is None:
        raise npm.NoBinary(version, "this machine: what was installed is gone again")
    return found


def _check(packed: Path, tarball: npm.Tarball) -> None:
    digest = base64.b64encode(_hash(packed, "sha512").digest()).decode()
    found = f"sha512-{digest}"
    # npm may name several hashes, separated by spaces.
    if found not in tarball.integrity.split():
        raise npm.NotIntact(tarball.name, f"npm says {tarball.integrity}, the download is {found}")


def _hash(file: Path, name: str) -> hashlib._Hash:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, name)


def _unpack(packed: Path, target: Path) -> None:
    target.mkdir()
    with tarfile.open(packed, "r:gz") as archive:
        for member in archive:
            # package/vendor/TRIPLE/…
            parts = PurePosixPath(member.name).parts[2:]
            if "vendor" in PurePosixPath(member.name).parts[:2] and parts[1:3] != _NOT_KEPT:
                archive.extract(member, target, filter="data")


def _binary(unpacked: Path, version: str) -> Path:
    triple = npm.triple(version)
    for file in sorted((unpacked / "package" / "vendor" / triple).rglob("codex")):
        if file.is_file() and os.access(file, os.X_OK):
            return file
    raise npm.NoBinary(version, triple)
