"""Which client is run; how it is run and recorded is :mod:`.runner`'s and :mod:`.recorder`'s.

A client is whatever can be signed in below a folder of its own and takes one turn a process. The
released Codex CLIs are one kind; another one is a class with the same members, in :data:`KINDS`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, Protocol

from harness.reference.install import Release
from harness.reference.run import make_home

__all__ = ["KINDS", "CannotTurn", "Client", "CodexCli", "Turn", "client_from", "client_to"]


_UUID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class CannotTurn(Exception):
    """A client cannot take a turn of this kind; ``str()`` says why."""


@dataclass(frozen=True, slots=True)
class Turn:
    """What a client is to do, in words that fit every client.

    Attributes:
        prompt: what it is asked.
        model: the model it is told to use; its own default without.
        goes_on: whether the turn belongs to the session of the turn before it.
        unconfined: whether what it runs is not put into a sandbox, which a machine may not have.
    """

    prompt: str
    model: str | None = None
    goes_on: bool = False
    unconfined: bool = False


class Client(Protocol):
    """A program that speaks the protocol.

    Attributes:
        kind: its key in :data:`KINDS`.
        name: as a cassette's provenance has it.
        version: as its publisher counts.
        sha256: of what is run.
    """

    @property
    def kind(self) -> str:
        """Its key in :data:`KINDS`."""

    @property
    def name(self) -> str:
        """As a cassette's provenance has it."""

    @property
    def version(self) -> str:
        """As its publisher counts."""

    @property
    def sha256(self) -> str:
        """Of what is run."""

    def sign_in(self, home: Path, *, expired: bool) -> None:
        """Leave in a new folder what a sign-in leaves, with tokens that open nothing."""

    def command(self, turn: Turn, home: Path, workdir: Path) -> list[str]:
        """The command that takes this turn.

        Raises:
            CannotTurn: this client cannot, or there is no session to go on with.
        """

    def variables(self, home: Path) -> Mapping[str, str]:
        """What its environment has to say, beside what leads it to the stand-in."""


@dataclass(frozen=True, slots=True)
class CodexCli:
    """A released Codex CLI, ``codex exec``."""

    version: str
    sha256: str
    binary: str

    @property
    def kind(self) -> str:
        """Its key in :data:`KINDS`."""
        return "codex-cli"

    @property
    def name(self) -> str:
        """As in the provenance of every capture of it."""
        return "codex-cli"

    @classmethod
    def of(cls, release: Release) -> CodexCli:
        """The client in an installed release."""
        return cls(release.version, release.sha256, str(release.binary))

    def sign_in(self, home: Path, *, expired: bool) -> None:
        """Write an ``auth.json`` and a ``config.toml``."""
        make_home(home, expired=expired)

    def command(self, turn: Turn, home: Path, workdir: Path) -> list[str]:
        """``codex exec``, with what every release from 0.42.0 on understands."""
        command = [self.binary, "exec", "--skip-git-repo-check", "-C", str(workdir)]
        if turn.model is not None:
            command += ["--model", turn.model]
        if turn.unconfined:
            command += ["--sandbox", "danger-full-access"]
        if turn.goes_on:
            # Behind the options: only there do the oldest releases know them. With the id, because
            # beside --last they take the prompt for one.
            command += ["resume", _session(home)]
        return [*command, "--", turn.prompt]

    def variables(self, home: Path) -> Mapping[str, str]:
        """Where its home is."""
        return {"CODEX_HOME": str(home)}


def _session(home: Path) -> str:
    """The id of the newest session, which the name of its file ends with."""
    files = sorted(home.glob("sessions/**/rollout-*.jsonl"))
    found = _UUID.search(files[-1].name) if files else None
    if found is None:
        raise CannotTurn("it left no session to go on with")
    return found[0]


#: Every kind of client by its key, for a process that is told which one to run.
KINDS: Final[Mapping[str, type[CodexCli]]] = {"codex-cli": CodexCli}


def client_to(client: CodexCli) -> dict[str, Any]:
    """A client as JSON."""
    return {"kind": client.kind, **asdict(client)}


def client_from(document: Mapping[str, Any]) -> CodexCli:
    """The client in such JSON."""
    return KINDS[document["kind"]](**{k: v for k, v in document.items() if k != "kind"})
