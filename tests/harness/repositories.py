"""Git repositories of their own, for tests that read revisions."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

__all__ = ["commit", "git", "make_repository"]

_NOBODY = {
    "GIT_AUTHOR_NAME": "nobody",
    "GIT_AUTHOR_EMAIL": "nobody@example.invalid",
    "GIT_COMMITTER_NAME": "nobody",
    "GIT_COMMITTER_EMAIL": "nobody@example.invalid",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
}


def git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(
        ["git", "-C", str(folder), *arguments],  # noqa: S607 — whichever git there is
        capture_output=True, text=True, check=True, env={**os.environ, **_NOBODY},
    )  # fmt: skip
    return done.stdout.strip()


def make_repository(folder: Path) -> Path:
    """An empty repository in a folder, which may hold files already."""
    folder.mkdir(parents=True, exist_ok=True)
    git(folder, "init", "--quiet", "--initial-branch", "main")
    return folder


def commit(folder: Path, message: str = "x") -> str:
    """Commit everything below a folder; give the id of the commit."""
    git(folder, "add", "--all", ".")
    git(folder, "commit", "--quiet", "--allow-empty", "-m", message)
    return git(folder, "rev-parse", "HEAD")
