"""Capture releases: install, run, make canonical, write; each release whole or not at all."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Literal

from harness.contract import Contract, ContractError, Release
from harness.reference import npm
from harness.reference.cassettes import Capture, text_of
from harness.reference.clients import CodexCli
from harness.reference.crew import CaptureError, Recorded, record
from harness.reference.gate import MODEL
from harness.reference.install import cache_folder, install, locate
from harness.reference.making import SIDE_CALLS, captures_of, transports_of
from harness.reference.releases import REGISTRY, believed, stable, with_bounds, write_releases
from harness.reference.runs import HTTPS, RUNS, TRANSPORTS, WEBSOCKET

__all__ = ["Captured", "Capturer", "Wish"]

Status = Literal["captured", "kept", "skipped", "failed"]

#: With this run comes what is called beside it.
_PLAIN: Final = "plain"


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be captured of a release.

    Attributes:
        runs: names of runs.
        transports: ``https``, ``websocket``.
        again: also what is there already.
        keep: whether an installed binary stays: ``None`` for as it was before.
    """

    runs: Sequence[str] = tuple(RUNS)
    transports: Sequence[str] = TRANSPORTS
    again: bool = False
    keep: bool | None = None


@dataclass(frozen=True, slots=True)
class Captured:
    """What came of one release.

    Attributes:
        version: of the release.
        status: ``captured``; ``kept``: all of it was there; ``skipped``: it cannot run here;
            ``failed``: it ran, and not as it should.
        why: in one line, where it was not captured, or not all of it.
        files: the names of the files that were wished for, and whether each is another one now.
        transports: which ones the release has.
        waits_for: the calls that it waits for before its turn.
        again: what was run once more because the client had died, and of what.
        isolated: whether nothing but loopback could be reached; ``None`` if nothing was run.
        seconds: how long it took to run.
    """

    version: str
    status: Status
    why: str = ""
    files: Sequence[tuple[str, bool]] = ()
    transports: Sequence[str] = ()
    waits_for: Sequence[str] = ()
    again: Sequence[str] = ()
    isolated: bool | None = None
    seconds: float = 0.0


class Capturer:
    """Captures releases into a contract, one at a time."""

    def __init__(
        self,
        contract: Contract,
        *,
        cache: Path | None = None,
        tell: Callable[[str], None] = lambda _: None,
    ) -> None:
        """Take a contract.

        Args:
            contract: where captures go, and what the stand-in answers from.
            cache: where releases are installed.
            tell: told of each step, in a few words.
        """
        self._contract = contract
        self._cache = cache or cache_folder()
        self._tell = tell
        self._releases = dict(contract.reference.releases)
        self._stamps: dict[str, str] | None = None

    def capture(self, version: str, wish: Wish) -> Captured:
        """Capture a release. What goes wrong with it is told, not raised.

        Raises:
            ContractError: what is known of the releases cannot be read.
        """
        missing = list(self._missing(version, wish))
        if not missing:
            return Captured(
                version, "kept", files=self._there(version), transports=self._has(version)
            )
        was_there = self._is_installed(version)
        try:
            self._tell("installing" if not was_there else "starting")
            return self._capture(version, missing)
        except npm.InstallError as error:
            return Captured(version, "skipped", str(error))
        except CaptureError as error:
            return Captured(version, "failed", str(error))
        except OSError as error:
            return Captured(version, "failed", f"{error.filename or 'it'}: {error.strerror}")
        finally:
            if not (was_there if wish.keep is None else wish.keep):
                self._remove(version)

    def _capture(self, version: str, missing: Sequence[tuple[str, str]]) -> Captured:
        client = CodexCli.of(install(version, self._cache))
        known = self._known(version)
        start = time.monotonic()
        runs = [one for one in missing if one[0] in RUNS]
        recorded = record(
            client,
            runs,
            root=self._contract.root,
            side_calls=(SIDE_CALLS, HTTPS) in missing,
            has_websocket=WEBSOCKET in known.transports if known.sha256 else None,
            tell=self._tell,
        )
        _check(recorded)
        release = self._with(known, client, recorded)
        captures = captures_of(client, release, recorded.runs, recorded.beside, recorded.waits)
        changed = self._write(release, captures)
        return Captured(
            version,
            "captured",
            "; ".join(_told(recorded.cannot)),
            tuple(zip((one.file for one in captures), changed, strict=True)),
            release.transports,
            tuple(sorted(call.path for call, waits in recorded.waits.items() if waits)),
            tuple(_told(recorded.again)),
            recorded.isolated,
            time.monotonic() - start,
        )

    def _missing(self, version: str, wish: Wish) -> Iterator[tuple[str, str]]:
        """What is wished for and not there, or not sound, or of another binary."""
        known = self._releases.get(version)
        here = known is not None and known.sha256 is not None
        for name in wish.runs:
            for transport in wish.transports:
                if here and known is not None and transport not in known.transports:
                    continue
                if wish.again or not self._is_intact(version, name, transport):
                    yield name, transport
        if _PLAIN in wish.runs and HTTPS in wish.transports:
            # Some releases call nothing: then there is no file, but a plain turn.
            there = self._file(version, SIDE_CALLS, HTTPS).exists()
            name = SIDE_CALLS if there else _PLAIN
            if wish.again or not self._is_intact(version, name, HTTPS):
                yield SIDE_CALLS, HTTPS

    def _is_intact(self, version: str, name: str, transport: str) -> bool:
        file = self._file(version, name, transport)
        known = self._releases.get(version)
        if known is None or known.sha256 is None or not file.exists():
            return False
        try:
            cassette = self._contract.read_cassette(file)
        except ContractError:
            return False
        client = cassette.interactions[0].provenance.client or {}
        return (client.get("version"), client.get("sha256")) == (version, known.sha256)

    def _file(self, version: str, name: str, transport: str) -> Path:
        return self._folder(version) / f"{name}.{transport}.yaml"

    def _folder(self, version: str) -> Path:
        return self._contract.path("cassettes", "reference", version)

    def _there(self, version: str) -> tuple[tuple[str, bool], ...]:
        files = sorted(self._folder(version).glob("[!.]*.yaml"))
        return tuple((file.name, False) for file in files)

    def _has(self, version: str) -> tuple[str, ...]:
        known = self._releases.get(version)
        return () if known is None else known.transports

    def _is_installed(self, version: str) -> bool:
        try:
            locate(version, self._cache)
        except FileNotFoundError:
            return False
        return True

    def _remove(self, version: str) -> None:
        shutil.rmtree(self._cache / version, ignore_errors=True)

    def _known(self, version: str) -> Release:
        """What is known of a release; the registry is asked if it is nothing."""
        if version not in self._releases:
            self._learn(version)
        return self._releases[version]

    def _learn(self, version: str) -> None:
        if self._stamps is None:
            self._stamps = npm.times()
        dates = believed(self._stamps)
        fresh = {
            one: Release(
                one, dates.get(one), None, None, REGISTRY if one in dates else None, None, ()
            )
            for one in (*stable(self._stamps), version)
            if one not in self._releases
        }
        self._releases |= fresh
        rows = with_bounds(self._releases.values(), self._stamps)
        # What was captured stays as it is: its date stands in its files.
        self._releases |= {one.version: one for one in rows if one.version in fresh}

    def _with(self, known: Release, client: CodexCli, recorded: Recorded) -> Release:
        seen = transports_of(recorded.runs)
        if recorded.has_websocket is None:
            # Not looked at: nothing is said of it.
            transports = seen
        else:
            transports = (HTTPS, WEBSOCKET) if recorded.has_websocket else (HTTPS,)
        return replace(known, sha256=client.sha256, transports=transports)

    def _write(self, release: Release, captures: Sequence[Capture]) -> list[bool]:
        """Write all of it, or nothing: first beside, then in its place."""
        folder = self._folder(release.version)
        folder.mkdir(parents=True, exist_ok=True)
        changed, ready = [], []
        try:
            for one in captures:
                text, file = text_of(one), folder / one.file
                changed.append(not file.exists() or file.read_text(encoding="utf-8") != text)
                partial = file.with_name(f".{file.name}.partial")
                ready.append((partial, file))
                partial.write_text(text, encoding="utf-8")
            for partial, file in ready:
                partial.replace(file)
        finally:
            for partial, _ in ready:
                partial.unlink(missing_ok=True)
            if not any(folder.iterdir()):
                folder.rmdir()
        self._releases[release.version] = release
        write_releases(self._contract, self._releases.values())
        return changed


def _told(runs: Mapping[tuple[str, str], str]) -> list[str]:
    return [f"{' over '.join(filter(None, key))}: {why}" for key, why in runs.items()]


def _check(recorded: Recorded) -> None:
    """See that the runs are worth being kept: one that sent nothing is told, and a plain turn that
    went wrong says that none of them can be believed.

    Raises:
        CaptureError: it went wrong.
    """
    for (name, transport), why in recorded.cannot.items():
        if name == _PLAIN:
            raise CaptureError(f"a plain turn over {transport}: {why}")
    for (name, transport), recording in recorded.runs.items():
        if not recording.sent:
            recorded.cannot[name, transport] = "it sent nothing"
        if name == _PLAIN and recording.exit_codes != (0,):
            code = recording.exit_codes[0]
            how = "was stopped" if code is None else f"exited with {code}"
            last = recording.said.strip().rpartition("\n")[2][:200]
            raise CaptureError(f"a plain turn over {transport} {how}{f': {last}' if last else ''}")
        if name == _PLAIN and not any(
            one.endpoint in MODEL or one.frames for one in recording.sent
        ):
            raise CaptureError(f"a plain turn over {transport} asked the model nothing")
