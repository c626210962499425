"""What the leg reads: every cassette is given to it, and it is seen reading.

What the HTTP library reads on its own account (``content-encoding``, ``content-length``) is not
noted: the leg never sees it.
"""

from __future__ import annotations

import importlib
import json
from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import Any, Final, Self
from unittest.mock import patch

import leg
from harness.contract import Contract, Interaction, Pair, Probe
from harness.exchange import read_events
from harness.questions import CREDENTIALS, credential_of, question
from harness.reads import FORMAT
from harness.replay import ask
from harness.tracing import TracedList, TracedMap, TracedObject, traced
from leg._version import __version__
from leg.wire import text_or_error

__all__ = ["PARSERS", "Looks", "reads_document", "tracing"]

#: Modules of the leg that parse answers, and what the answers of each one are. Those that parse
#: something else (tokens, credentials, the table of models) leave no note.
PARSERS: Final = {
    "leg.events": "events",
    "leg.envelopes": "error",
    "leg.messages": "body",
    "leg.wire": "body",
}


@dataclass(slots=True)
class Looks:
    """The notes about one surface: names of headers, pointers into bodies, refusals, events."""

    header: set[str] = field(default_factory=set)
    body: set[str] = field(default_factory=set)
    error: set[str] = field(default_factory=set)
    events: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))

    def to_json(self) -> dict[str, Any]:
        """The surface as ``schemas/reads.json`` has it."""
        return {
            "header": sorted(self.header),
            "body": sorted(self.body),
            "error": sorted(self.error),
            "events": {kind: sorted(places) for kind, places in sorted(self.events.items())},
        }


def _json_for(part: str, looks: Looks) -> SimpleNamespace:
    """What a module of the leg is given for ``json``."""

    def notes_for(value: Any) -> set[str]:
        if part != "events":
            found: set[str] = getattr(looks, part)
            return found
        kind = value.get("type") if isinstance(value, dict) else None
        return looks.events[kind] if isinstance(kind, str) else set()

    def loads(text: str | bytes) -> Any:
        value = json.loads(text)
        return traced(value, "", notes_for(value))

    def dumps(value: Any, **options: Any) -> str:
        if isinstance(value, TracedObject | TracedList):
            value.whole()
        return json.dumps(value, **options)

    return SimpleNamespace(loads=loads, dumps=dumps)


class _Answer:
    """An answer that is there already; the part of :class:`leg._http.Answer` that is used."""

    def __init__(self, interaction: Interaction, looks: Looks) -> None:
        body = interaction.body
        self._body = body.encode() if isinstance(body, str) else body
        self.status = interaction.status
        headers = {name.lower(): ", ".join(values) for name, values in interaction.headers.items()}
        self.headers = TracedMap(headers, looks.header)

    def chunks(self) -> Iterator[bytes]:
        yield self._body

    def read(self) -> bytes:
        return self._body

    read_refusal = read

    def close(self) -> None:
        """Nothing is open."""


class _Http:
    """Gives one answer to whatever is sent; the part of :class:`leg._http.Http` that is used."""

    def __init__(self, answer: _Answer) -> None:
        self._answer = answer

    def send(self, _request: leg.Request) -> _Answer:
        return self._answer

    def close(self) -> None:
        """Nothing is open."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing is open."""


@contextmanager
def tracing(interaction: Interaction, looks: Looks) -> Iterator[None]:
    """Within this, the leg gets this answer to all that it sends, and is seen reading it."""

    def http(_limits: leg.Limits) -> _Http:
        return _Http(_Answer(interaction, looks))

    with ExitStack() as stack:
        for name, part in PARSERS.items():
            module = importlib.import_module(name)
            stack.enter_context(patch.object(module, "json", _json_for(part, looks)))
        stack.enter_context(patch("leg._http.Http", http))
        yield


def _read(pair: Pair, interaction: Interaction, looks: Looks) -> None:
    """Read one answer in every way that the leg has for it; how it ends is not of interest."""
    probe = pair.probe
    try:
        request = question(probe)
    except leg.ConfigurationError:
        return  # the leg refuses to ask, so there is nothing that it reads
    is_stream = interaction.stream is not None
    with tracing(interaction, looks), suppress(leg.LegError):
        result = ask(probe, request, streamed=is_stream)
        if result is not None:
            text_or_error(result)
    if is_stream:
        # Stopped at its limit of tokens, the leg takes from the first event what it can; of a
        # stream that is nothing but its end, from that.
        for answer, limit in ((interaction, 1), (_last_event(interaction), None)):
            with tracing(answer, looks), suppress(leg.LegError):
                _read_stream(probe, request, limit)


def _read_stream(probe: Probe, request: leg.Request, max_tokens: int | None) -> None:
    with (
        leg.Client(credential_of(probe) or CREDENTIALS["bogus"]) as client,
        client.open(request, leg.StreamReader(max_tokens=max_tokens)) as stream,
    ):
        text_or_error(stream.result())


def _last_event(interaction: Interaction) -> Interaction:
    body = interaction.body.encode() if isinstance(interaction.body, str) else interaction.body
    events, _ = read_events(body)
    return replace(interaction, body="".join(f"data: {one.data}\n\n" for one in events[-1:]))


def reads_document(contract: Contract) -> dict[str, Any]:
    """What the leg reads of every cassette that answers a probe, as ``schemas/reads.json``.

    Raises:
        ContractErrors: the contract is not sound.
    """
    found: defaultdict[str, Looks] = defaultdict(Looks)
    for pair in contract.load():
        surface = pair.probe.surface
        for interaction in pair.cassette.interactions:
            _read(pair, interaction, found[surface])
    return {
        "format": FORMAT,
        "generated_from": f"codex-leg {__version__}",
        "reads": {surface: looks.to_json() for surface, looks in sorted(found.items())},
    }
