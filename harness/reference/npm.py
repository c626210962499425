"""The npm client, asked two things: what a release's integrity is, and its tarball."""

from __future__ import annotations

import json
import platform
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from harness.exits import Exit

__all__ = [
    "PACKAGE",
    "InstallError",
    "NoBinary",
    "NoNetwork",
    "NoNpm",
    "NoSuchRelease",
    "NotIntact",
    "Tarball",
    "find",
    "newest",
    "pack",
    "times",
    "triple",
]

PACKAGE: Final = "@openai/codex"

#: (system, machine) → npm's name for it, and the folder of the binary in the package.
_PLATFORMS: Final[Mapping[tuple[str, str], tuple[str, str]]] = {
    ("Linux", "x86_64"): ("linux-x64", "x86_64-unknown-linux-musl"),
    ("Linux", "aarch64"): ("linux-arm64", "aarch64-unknown-linux-musl"),
    ("Darwin", "x86_64"): ("darwin-x64", "x86_64-apple-darwin"),
    ("Darwin", "arm64"): ("darwin-arm64", "aarch64-apple-darwin"),
}
# What names a release goes on a command line: nothing but a version gets there.
_VERSION: Final = re.compile(r"[0-9]+\.[0-9]+\.[0-9]+(-[0-9A-Za-z.-]+)?")
_QUIET: Final = ("--json", "--loglevel=error", "--no-update-notifier", "--fetch-retries=1")


class InstallError(Exception):
    """A release is not there to be run; ``str()`` is one line. ``exit`` is what to tell a shell."""

    exit = Exit.UNCHECKED


class NoNpm(InstallError):
    """There is no npm on this machine."""

    def __init__(self) -> None:
        super().__init__("npm is not on PATH; it is needed to install a release of the Codex CLI")


class NoNetwork(InstallError):
    """npm did not reach its registry, or the registry did not answer."""

    def __init__(self, why: str) -> None:
        super().__init__(f"npm got no answer from its registry: {why}")


class NoSuchRelease(InstallError):
    """npm knows no such version."""

    exit = Exit.USAGE

    def __init__(self, version: str) -> None:
        super().__init__(
            f"npm has no release {version!r} of {PACKAGE}; see: npm view {PACKAGE} versions"
        )


class NoBinary(InstallError):
    """The release is there, without an executable for this machine."""

    def __init__(self, version: str, where: str) -> None:
        super().__init__(f"release {version} of {PACKAGE} has no binary for {where}")


class NotIntact(InstallError):
    """What was downloaded is not what npm says the release is."""

    def __init__(self, name: str, why: str) -> None:
        super().__init__(f"{name} is not intact: {why}; nothing was installed")


@dataclass(frozen=True, slots=True)
class Tarball:
    """A package that holds the binary, and npm's hash of it."""

    name: str
    integrity: str


def _machine() -> str:
    return f"{platform.system()} {platform.machine()}"


def triple(version: str) -> str:
    """The folder below ``vendor/`` that holds this machine's binary.

    Raises:
        NoBinary: no release has one.
    """
    return _platform(version)[1]


def _platform(version: str) -> tuple[str, str]:
    found = _PLATFORMS.get((platform.system(), platform.machine()))
    if found is None:
        raise NoBinary(version, _machine())
    return found


def newest() -> str:
    """The newest release, as npm says.

    Raises:
        InstallError: npm is missing, or got no answer.
    """
    version = _npm("view", f"{PACKAGE}@latest", "version")
    if not isinstance(version, str) or not _VERSION.fullmatch(version):
        raise NoNetwork(f"it names no newest version, but {str(version)[:80]!r}")
    return version


def times() -> dict[str, str]:
    """When each version was published, as the registry says: ISO 8601 by version.

    Raises:
        InstallError: npm is missing, or got no answer.
    """
    found = _npm("view", PACKAGE, "time")
    if not isinstance(found, dict):
        raise NoNetwork("it names no times of publication")
    return {
        version: stamp
        for version, stamp in found.items()
        if isinstance(stamp, str) and _VERSION.fullmatch(version)
    }


def find(version: str) -> Tarball:
    """Which package holds the binary of a release: newer ones have one for each platform.

    Raises:
        InstallError: npm is missing or got no answer, or there is no such release.
    """
    if not _VERSION.fullmatch(version):
        raise NoSuchRelease(version)
    tag = _platform(version)[0]
    for name in (f"{PACKAGE}@{version}-{tag}", f"{PACKAGE}@{version}"):
        found = _npm("view", name, "dist.integrity")
        if isinstance(found, str) and "sha512-" in found:
            return Tarball(name, found)
    raise NoSuchRelease(version)


def pack(tarball: Tarball, folder: Path) -> Path:
    """Download a package into a folder, which afterwards holds npm's own cache, too.

    Raises:
        InstallError: npm is missing, or got no answer.
    """
    _npm(
        "pack",
        tarball.name,
        "--ignore-scripts",
        f"--pack-destination={folder}",
        # In npm's own cache the tarball would stay for good: hundreds of megabytes a release.
        f"--cache={folder / 'npm'}",
    )
    packed = list(folder.glob("*.tgz"))
    if len(packed) != 1:
        raise NoNetwork(f"npm pack {tarball.name} left {len(packed)} files")
    return packed[0]


def _npm(*arguments: str) -> Any:
    """Npm's answer in JSON; ``None`` where it knows no such thing."""
    npm = shutil.which("npm")
    if npm is None:
        raise NoNpm
    done = subprocess.run(  # noqa: S603 — npm, with a version that was checked
        [npm, *arguments, *_QUIET],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    answer = _json(done.stdout)
    error = answer.get("error") if isinstance(answer, dict) else None
    if isinstance(error, dict):
        if error.get("code") in ("E404", "ETARGET"):
            return None
        raise NoNetwork(_one_line([str(error.get("summary") or error.get("code"))]))
    if done.returncode != 0:
        raise NoNetwork(_one_line(done.stderr.splitlines()) or f"npm exited {done.returncode}")
    return answer


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None


def _one_line(lines: Sequence[str]) -> str:
    said = " ".join(line.removeprefix("npm error").strip() for line in lines)
    return " ".join(said.split())[:300]
