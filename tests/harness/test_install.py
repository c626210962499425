"""Installing a release: what npm sends is checked, and nothing half done is ever used.

A fake npm stands on PATH; it is a program of its own, called as the real one is.
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
import os
import subprocess
import sys
import tarfile
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from harness.exits import Exit
from harness.reference import (
    InstallError,
    NoBinary,
    NoNetwork,
    NoNpm,
    NoSuchRelease,
    NotIntact,
    cache_folder,
    install,
    locate,
    newest,
)
from harness.reference import npm as npm_module

BINARY = b"#!/bin/sh\necho codex-cli 1.2.3\n"
VENDOR = "package/vendor/x86_64-unknown-linux-musl"

FAKE = """#!{python}
import json, pathlib, shutil, sys, time
here = pathlib.Path({folder!r})
plan = json.loads((here / "plan.json").read_text())
with (here / "calls").open("a") as log:
    log.write(" ".join(sys.argv[1:]) + "\\n")
def fail(code):
    print(json.dumps({{"error": {{"code": code, "summary": f"it is {{code}}"}}}}))
    sys.exit(1)
what, name = sys.argv[1:3]
if plan.get("fail"):
    fail(plan["fail"])
if what == "view" and sys.argv[3] == "version":
    print(json.dumps("1.2.3"))
elif what == "view":
    print(json.dumps(plan["releases"][name])) if name in plan["releases"] else fail("E404")
elif what == "pack":
    (to,) = [a.partition("=")[2] for a in sys.argv if a.startswith("--pack-destination=")]
    target = pathlib.Path(to) / "openai-codex.tgz"
    if plan.get("break_off"):
        target.write_bytes((here / "package.tgz").read_bytes()[:20])
        fail("ECONNRESET")
    time.sleep(plan.get("slow", 0))
    shutil.copy(here / "package.tgz", target)
    print("[]")
"""


@dataclass
class FakeNpm:
    folder: Path

    def plan(self, **changes: Any) -> None:
        file = self.folder / "plan.json"
        plan = json.loads(file.read_text()) if file.exists() else {"releases": {}}
        file.write_text(json.dumps({**plan, **changes}))

    def release(self, name: str, *files: tuple[str, bytes, int], integrity: str = "") -> None:
        """Put a package there, with the hash that belongs to it unless another is given."""
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w:gz") as archive:
            for path, content, mode in files:
                member = tarfile.TarInfo(path)
                member.size, member.mode = len(content), mode
                archive.addfile(member, io.BytesIO(content))
        (self.folder / "package.tgz").write_bytes(packed.getvalue())
        digest = base64.b64encode(hashlib.sha512(packed.getvalue()).digest()).decode()
        self.plan(releases={name: integrity or f"sha512-{digest}"})

    @property
    def calls(self) -> list[str]:
        file = self.folder / "calls"
        return file.read_text().splitlines() if file.exists() else []


@pytest.fixture
def npm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeNpm:
    monkeypatch.setattr("platform.system", lambda: "Linux")
    monkeypatch.setattr("platform.machine", lambda: "x86_64")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    folder = tmp_path / "npm"
    folder.mkdir()
    script = folder / "npm"
    script.write_text(FAKE.format(python=sys.executable, folder=str(folder)))
    script.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    fake = FakeNpm(folder)
    fake.release("@openai/codex@1.2.3-linux-x64", (f"{VENDOR}/bin/codex", BINARY, 0o755))
    return fake


def left_behind() -> list[str]:
    return sorted(one.name for one in cache_folder().iterdir() if one.name != ".lock")


def test_a_release_is_installed_and_runs(npm: FakeNpm) -> None:
    release = install("1.2.3")
    assert locate("1.2.3") == release.binary
    assert subprocess.check_output([release.binary], text=True) == "codex-cli 1.2.3\n"
    assert release.sha256 == hashlib.sha256(BINARY).hexdigest()
    assert release.package == "@openai/codex@1.2.3-linux-x64"


def test_a_second_time_npm_is_not_asked(npm: FakeNpm) -> None:
    first = install("1.2.3")
    before = len(npm.calls)
    assert install("1.2.3") == first
    assert len(npm.calls) == before


def test_the_tarball_and_npms_copy_of_it_are_not_kept(npm: FakeNpm) -> None:
    install("1.2.3")
    assert left_behind() == ["1.2.3"]
    kept = {one.name for one in cache_folder().rglob("*") if one.is_file()}
    assert kept == {".lock", "codex", "release.json"}


def test_an_older_release_has_its_binary_in_the_package_itself(npm: FakeNpm) -> None:
    npm.release("@openai/codex@0.42.0", (f"{VENDOR}/codex/codex", BINARY, 0o755))
    assert install("0.42.0").binary.parent.name == "codex"


def test_of_the_package_only_what_runs_on_this_machine_is_kept(npm: FakeNpm) -> None:
    npm.release(
        "@openai/codex@0.42.0",
        (f"{VENDOR}/codex/codex", BINARY, 0o755),
        (f"{VENDOR}/codex-resources/voice/bin/voice-host", b"large", 0o755),
        ("package/bin/codex.js", b"//", 0o644),
        ("package/vendor/aarch64-unknown-linux-musl/codex/codex", b"large", 0o755),
    )
    install("0.42.0")
    kept = {one.name for one in cache_folder().rglob("*") if one.is_file()}
    assert kept == {".lock", "codex", "release.json"}


def test_a_download_that_is_not_what_npm_says_is_refused(npm: FakeNpm) -> None:
    npm.release(
        "@openai/codex@1.2.3-linux-x64",
        (f"{VENDOR}/bin/codex", BINARY, 0o755),
        integrity="sha512-" + "A" * 86 + "==",
    )
    with pytest.raises(NotIntact, match="not intact") as caught:
        install("1.2.3")
    assert caught.value.exit is Exit.UNCHECKED
    assert left_behind() == []


def test_a_hash_that_is_not_sha512_is_no_hash(npm: FakeNpm) -> None:
    npm.plan(releases={"@openai/codex@1.2.3-linux-x64": "sha1-AAAA"})
    with pytest.raises(NoSuchRelease):
        install("1.2.3")


def test_a_path_that_leads_out_of_the_package_is_refused(npm: FakeNpm, tmp_path: Path) -> None:
    npm.release("@openai/codex@1.2.3", (f"{VENDOR}/../../../../../evil", b"!", 0o755))
    with pytest.raises(NotIntact, match="outside the destination"):
        install("1.2.3")
    assert not list(tmp_path.rglob("evil"))
    assert left_behind() == []


def test_a_download_that_breaks_off_leaves_nothing(npm: FakeNpm) -> None:
    npm.plan(break_off=True)
    with pytest.raises(NoNetwork, match="ECONNRESET"):
        install("1.2.3")
    assert left_behind() == []
    with pytest.raises(FileNotFoundError):
        locate("1.2.3")


def test_what_was_interrupted_is_never_used_and_is_swept_up(npm: FakeNpm) -> None:
    """As a kill leaves it: a scratch folder, and a folder of that name without its facts."""
    cache = cache_folder()
    (cache / ".partial-gone" / "release").mkdir(parents=True)
    half = cache / "1.2.3" / VENDOR / "bin" / "codex"
    half.parent.mkdir(parents=True)
    half.write_bytes(b"half")
    half.chmod(0o755)
    with pytest.raises(FileNotFoundError):
        locate("1.2.3")
    assert install("1.2.3").binary.read_bytes() == BINARY
    assert left_behind() == ["1.2.3"]


def test_two_at_a_time_download_once(npm: FakeNpm) -> None:
    npm.plan(slow=0.3)
    found: list[Path] = []
    threads = [threading.Thread(target=lambda: found.append(install("1.2.3").binary)) for _ in "ab"]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert len(found) == 2
    assert sum(call.startswith("pack") for call in npm.calls) == 1


def test_an_unknown_release_is_the_callers_mistake(npm: FakeNpm) -> None:
    with pytest.raises(NoSuchRelease, match=r"'9\.9\.9'") as caught:
        install("9.9.9")
    assert caught.value.exit is Exit.USAGE


def test_a_cache_that_cannot_be_written_is_one_line(npm: FakeNpm) -> None:
    cache_folder().parent.mkdir(parents=True)
    cache_folder().write_text("a file")
    with pytest.raises(InstallError, match="cannot be written"):
        install("1.2.3")


@pytest.mark.parametrize("version", ["", "latest", "../x", "--json", "1.2.3 && true"])
def test_only_a_version_reaches_npms_command_line(npm: FakeNpm, version: str) -> None:
    with pytest.raises(NoSuchRelease):
        install(version)
    assert npm.calls == []


def test_without_a_network_it_could_not_look(npm: FakeNpm) -> None:
    npm.plan(fail="ENOTFOUND")
    for ask in (newest, lambda: install("1.2.3")):
        with pytest.raises(NoNetwork, match="ENOTFOUND") as caught:
            ask()
        assert caught.value.exit is Exit.UNCHECKED


def test_without_npm_it_says_so(npm: FakeNpm, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(NoNpm, match="npm is not on PATH"):
        install("1.2.3")


def test_a_machine_that_no_release_has_a_binary_for(
    npm: FakeNpm, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("platform.machine", lambda: "riscv64")
    with pytest.raises(NoBinary, match="Linux riscv64"):
        install("1.2.3")


def test_a_package_without_a_binary(npm: FakeNpm) -> None:
    npm.release("@openai/codex@0.42.0", ("package/bin/codex.js", b"//", 0o644))
    with pytest.raises(NoBinary, match="x86_64-unknown-linux-musl"):
        install("0.42.0")


def test_every_error_is_one_line(npm: FakeNpm) -> None:
    npm.plan(fail="E500\nwith a second line")
    with pytest.raises(InstallError) as caught:
        install("1.2.3")
    assert "\n" not in str(caught.value)


def test_the_newest_release_is_what_npm_says(npm: FakeNpm) -> None:
    assert newest() == "1.2.3"
    assert npm_module.PACKAGE in npm.calls[0]


def test_a_relative_cache_home_is_ignored(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "here")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert cache_folder() == tmp_path / ".cache" / "codex-leg" / "codex"
