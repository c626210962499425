"""Files of a git revision, read out of the repository; nothing is checked out, no shell is used."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final

from harness.contract import ContractError, refuse_large
from harness.exits import WrongUse

__all__ = ["Repository", "Revision"]

#: Set by git around a hook: they would lead it to another repository than the contract's.
_LEADING: Final = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_COMMON_DIR")
#: It reads what is there, asks nobody, fetches nothing, and its words can be understood.
_QUIET: Final = {
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_NO_LAZY_FETCH": "1",
    "LC_ALL": "C",
}
_FILE_MODES: Final = (b"100644", b"100755")


@dataclass(frozen=True, slots=True)
class Revision:
    """A tree or a file of one revision.

    Attributes:
        object: the id of the tree or of the file in git.
        is_file: whether it is a file.
        path: its path in the repository; ``""`` for the root.
    """

    object: str
    is_file: bool
    path: str


class Repository:
    """The git repository around a folder."""

    def __init__(self, folder: Path) -> None:
        """Find it.

        Raises:
            WrongUse: there is none, git refuses it, or git itself is not there.
        """
        self._folder = folder
        self.prefix = self._ask("rev-parse", "--show-prefix").rstrip("/")

    def find(self, name: str) -> Revision | None:
        """What ``REV`` or ``REV:path`` names; ``None`` if there is no such revision.

        Without a path it is the folder that the repository was found from. A path counts from that
        folder, else from the root of the repository, as git itself has it.

        Raises:
            WrongUse: the revision is there, and has no such path.
        """
        revision, colon, path = name.partition(":")
        if not revision or revision.startswith("-") or "\0" in name:
            return None
        tree = self._resolve(f"{revision}^{{tree}}")
        if tree is None:
            return None
        wanted = path.strip("/").removeprefix("./") if colon else ""
        places = dict.fromkeys([str(PurePosixPath(self.prefix, wanted)), wanted or "."])
        for place in places:
            place = "" if place == "." else place  # noqa: PLW2901 — how git calls the root
            found = self._resolve(f"{tree}:{place}")
            if found is not None:
                kind = self._ask("cat-file", "-t", found)
                return Revision(found, kind == "blob", place)
            if not wanted:
                break
        where = wanted or self.prefix
        raise WrongUse(f"the revision {revision} has no {where!r}.")

    def _resolve(self, name: str) -> str | None:
        done = self._run("rev-parse", "--verify", "--quiet", "--end-of-options", name)
        return done.stdout.decode().strip() if done.returncode == 0 else None

    def _ask(self, *arguments: str) -> str:
        done = self._run(*arguments)
        if done.returncode:
            said = done.stderr.decode("utf-8", "replace").strip().partition("\n")[0]
            raise WrongUse(f"git cannot read the repository around {self._folder}: {said}.")
        return done.stdout.decode().strip()

    def _run(self, *arguments: str) -> subprocess.CompletedProcess[bytes]:
        return _git(self._folder, arguments)

    def extract(self, found: Revision, folder: Path, only: Sequence[str] = ()) -> None:
        """Write the files of a tree below ``folder``, or a single file into it by its name.

        Args:
            found: the tree or the file.
            folder: where to; it is there, and empty.
            only: of a tree, the folders and files at its root that are wanted; all by default.

        Raises:
            ContractError: one of the files is too large to be read.
        """
        name = PurePosixPath(found.path).name
        if found.is_file:
            refuse_large(int(self._ask("cat-file", "-s", found.object)), name)
            files = {found.object: [name]}
        else:
            files = self._files(found.object, only)
        for object_, content in self._contents(files):
            for path in files[object_]:
                target = folder / path
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(content)

    def _files(self, tree: str, only: Sequence[str]) -> dict[str, list[str]]:
        """The plain files of a tree: id → its paths. Links and submodules are none."""
        done = self._run(
            "ls-tree", "--full-tree", "-r", "-z", "-l", tree, *(("--", *only) if only else ())
        )
        if done.returncode:
            said = done.stderr.decode("utf-8", "replace").strip().partition("\n")[0]
            raise WrongUse(f"git cannot list the revision: {said}.")
        files: dict[str, list[str]] = {}
        for line in done.stdout.split(b"\0"):
            about, _, raw = line.partition(b"\t")
            if not raw or about.split()[0] not in _FILE_MODES:
                continue
            path = os.fsdecode(raw)
            _, _, object_, size = about.split()
            refuse_large(int(size), path)
            if ".." not in PurePosixPath(path).parts and not path.startswith("/"):
                files.setdefault(object_.decode(), []).append(path)
        return files

    def _contents(self, objects: Mapping[str, object]) -> Iterator[tuple[str, bytes]]:
        """The content of each file, from one git that answers id after id."""
        with subprocess.Popen(  # noqa: S603
            _command(self._folder, ("cat-file", "--batch")),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=_environment(),
        ) as process:
            if process.stdin is None or process.stdout is None:  # pragma: no cover
                raise RuntimeError("git has no pipes")
            for object_ in objects:
                process.stdin.write(f"{object_}\n".encode())
                process.stdin.flush()
                about = process.stdout.readline().split()
                if len(about) != 3:
                    raise ContractError(object_, "", "is not in the repository", "fetch it")
                content = process.stdout.read(int(about[2]) + 1)
                yield object_, content[:-1]


def _git(folder: Path, arguments: Sequence[str]) -> subprocess.CompletedProcess[bytes]:
    try:
        return subprocess.run(  # noqa: S603
            _command(folder, arguments), capture_output=True, check=False, env=_environment()
        )
    except FileNotFoundError:
        raise WrongUse("git is not installed, so no revision can be read.") from None


def _command(folder: Path, arguments: Sequence[str]) -> list[str]:
    # Which git it is, is the user's own choice, by PATH.
    return ["git", "-C", str(folder), *arguments]


def _environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in _LEADING}
    return kept | _QUIET
