"""A stand-in that plays a scenario of the contract, in one call; and what pytest gives to tests."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from harness.contract import Contract, ContractErrors
from harness.standin.backend import Backend
from harness.standin.host import Observer
from harness.standin.recording import Recorded
from harness.standin.rulebook import Rulebook
from harness.standin.server import StandIn

__all__ = ["CodexBackend", "make_standin"]


def make_standin(
    scenario: str = "default",
    *,
    strict: bool = False,
    rules: Mapping[str, bool] | None = None,
    port: int = 0,
    record: Path | None = None,
    ca_folder: Path | None = None,
    observer: Observer | None = None,
    contract: Contract | None = None,
) -> StandIn:
    """A stand-in that is not started yet.

    Args:
        scenario: the name of what it plays; ``codex-leg scenarios`` lists them.
        strict: enforce the whole rulebook, also where its sources disagree.
        rules: ids of rules that are switched on or off, whatever ``strict`` says.
        port: 0 for one that is free.
        record: a folder for cassettes of all exchanges.
        ca_folder: where the certificate of its CA goes; a temporary folder by default.
        observer: is told what happens.
        contract: another one than the project's own.

    Raises:
        UnknownScenario: there is no such scenario.
        UnknownRule: there is no such rule.
        ContractErrors: the contract is not sound; it lists everything that is wrong.
    """
    contract = contract or _own_contract()
    problems = contract.problems()
    if problems:
        raise ContractErrors(problems)
    switched = rules or {}
    rulebook = Rulebook(
        contract,
        strict=strict,
        on=[name for name, is_on in switched.items() if is_on],
        off=[name for name, is_on in switched.items() if not is_on],
    )
    backend = Backend(contract, scenario, rulebook=rulebook)
    return StandIn(
        backend,
        port=port,
        ca_folder=ca_folder,
        record=record,
        scenarios=backend.playing,
        observer=observer,
    )


@functools.cache
def _own_contract() -> Contract:
    # Its files are read once: a suite starts a stand-in for each of its tests.
    return Contract()


@dataclass(frozen=True, slots=True)
class CodexBackend:
    """What the fixture ``codex_backend`` is: a stand-in as a test wants to see it.

    Attributes:
        standin: the stand-in itself, for whatever is not here.
    """

    standin: StandIn

    @property
    def base_url(self) -> str:
        """The backend as a base URL: ``/responses`` and ``/models`` are below it."""
        return f"{self.standin.url}/backend-api/codex"

    @property
    def tls_url(self) -> str:
        """The same through TLS; :attr:`ca_file` is to be trusted."""
        return f"{self.standin.tls_url}/backend-api/codex"

    @property
    def proxy_url(self) -> str:
        """A proxy that is every host itself, for clients that have theirs built in."""
        return self.standin.proxy_url

    @property
    def ca_file(self) -> Path:
        """The certificate of its CA, as PEM."""
        return self.standin.ca_file

    def env(self) -> dict[str, str]:
        """The variables that lead a program to it, whatever that is written in."""
        return dict(self.standin.env())

    def scenario(self, name: str) -> None:
        """Play this scenario from the next request on, from its beginning.

        Raises:
            UnknownScenario: there is none of this name; it names the closest ones.
        """
        self.standin.scenario(name)

    @property
    def exchanges(self) -> list[Recorded]:
        """What was asked and answered so far, oldest first."""
        # Whoever has read an answer to its end may ask for its exchange at once.
        self.standin.settle()
        return self.standin.exchanges
