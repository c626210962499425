"""Whether a file of any kind keeps the contract: a stream, frames, a body, or a cassette."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from harness.bodies import known_members
from harness.checks import ENDED_EARLY, check_exchange
from harness.contract import (
    CASSETTES,
    Contract,
    ContractError,
    Interaction,
    YamlLines,
    excerpt,
    read_bytes,
    read_interactions,
)
from harness.drift.findings import Finding, Unchecked, finding, merge_findings
from harness.exchange import Event, Exchange
from harness.exits import WrongUse
from harness.locating import Locate, in_cassette, in_event, in_json, in_stream
from harness.raw import read_jsonl, read_payload, read_sse, repeated_keys, status_of
from harness.sides import Lens

__all__ = ["ENDED_EARLY", "check_exchange", "validate_file"]


def validate_file(
    path: Path,
    surface: str | None = None,
    *,
    excerpt: bool = False,
    contract: Contract | None = None,
    unchecked: list[Unchecked] | None = None,
) -> list[Finding]:
    """Everything in which a file does not keep the contract, each with ``file:line``.

    Args:
        path: an ``.sse`` (a stream as it came), a ``.jsonl`` (one event or frame a line), a
            ``.json`` (one body), or a ``.yaml`` (a cassette).
        surface: what answered; see ``schemas/index.json``. A cassette has addresses that tell it.
        excerpt: it is a part of a stream, which may begin and end anywhere.
        contract: the contract to judge by; by default, the project's own.
        unchecked: what could not be looked at is added here.

    Raises:
        ContractError: the file cannot be read as what it is called.
        WrongUse: the surface is not known; or none is named, and the file is no cassette.
    """
    if surface is None and path.suffix.lower() not in CASSETTES:
        raise WrongUse(f"{path} holds an answer alone; name what answered with --surface.")
    judge = _Files(contract or Contract(), path, surface, unchecked, excerpt=excerpt)
    kinds = {".sse": judge.sse, ".jsonl": judge.jsonl, ".json": judge.json}
    kinds |= dict.fromkeys(CASSETTES, judge.cassette)
    check = kinds.get(path.suffix.lower())
    if check is None:
        raise ContractError(
            str(path), "", f"is a file of a kind that is not known ({path.suffix or 'no suffix'})",
            f"name it {', '.join(kinds)}",
        )  # fmt: skip
    return check()


class _Files:
    """One file to be judged."""

    def __init__(
        self,
        contract: Contract,
        path: Path,
        surface: str | None,
        unchecked: list[Unchecked] | None,
        *,
        excerpt: bool,
    ) -> None:
        self._excerpt = excerpt
        self._contract = contract
        self._path = path
        self._name = contract.name_of(path)
        self._lens = Lens(self._contract.schemas, surface)
        self._surface = surface or ""
        self._unchecked = unchecked

    def sse(self) -> list[Finding]:
        return self._check(read_sse(self._read(), self._name), in_stream(self._name))

    def jsonl(self) -> list[Finding]:
        exchange = read_jsonl(self._read(), self._name)
        # A WebSocket carries more than responses: without a response there is no end to miss.
        begun = any((event.type or "").startswith("response.") for event in exchange.events)
        return self._check(exchange, in_stream(self._name), ended_early=not begun)

    def json(self) -> list[Finding]:
        body = self._read()
        payload = read_payload(body, self._name)
        text = body.decode("utf-8")
        self._refuse_wrapper(payload)
        if self._is_event(payload):
            event = Event.of(None, text, 1)
            return self._lone_event(Exchange(is_stream=True, events=(event,)), text)
        exchange = Exchange(status=status_of(payload), body=body)
        return self._check(exchange, in_json(self._name, text))

    def cassette(self) -> list[Finding]:
        interactions, early = self._interactions()
        lines = YamlLines(self._path.read_text(encoding="utf-8"))
        found: list[Finding] = []
        for index, interaction in enumerate(interactions):
            locate = in_cassette(self._name, lines, index, interaction)
            exchange = Exchange.from_interaction(interaction)
            if not self._turn_to(interaction, exchange):
                sent = interaction.request
                self._skip(f"{self._name}: {sent.method} {sent.uri}", "no surface has this address")
                continue
            cut = early or _was_cut(interaction)
            has_answer = bool(exchange.events or exchange.body.strip())
            is_missing = not has_answer and not _is_known(interaction, "body")
            if is_missing:
                what = "events" if exchange.is_stream else "answer"
                self._skip(f"{self._name}: the {what} of exchange {index + 1}", "not published")
            # As if of a probe each: what two exchanges have in common counts for both.
            checked = self._check(exchange, locate, ended_early=cut or is_missing)
            found += (
                replace(one, probe=str(index))
                for one in checked
                if not is_missing or one.direction == "request" or one.pointer.startswith("/header")
            )
        return [replace(one, probe=None) for one in merge_findings(found)]

    def _turn_to(self, interaction: Interaction, exchange: Exchange) -> bool:
        """Judge by the surface of an exchange from here on; whether it is known."""
        sent = interaction.request
        surfaces = self._lens.surfaces(sent.method, sent.uri)
        self._surface = next(
            iter(self._lens.likeliest(surfaces, sent.method, sent.uri, exchange)[0]), ""
        )
        return bool(self._surface)

    def _interactions(self) -> tuple[Sequence[Interaction], bool]:
        """The exchanges of a cassette, and whether its stream rightly lacks its end.

        One of ours says where each part comes from; any other one is as vcrpy recorded it.
        """
        if not self._name.startswith("cassettes/"):
            interactions = read_interactions(self._path, self._name)
            if not interactions:
                raise ContractError(
                    self._name, "/interactions", "is empty", "record an answer into it"
                )
            return interactions, False
        cassette = self._contract.read_cassette(self._path)
        return cassette.interactions, self._ends_early(cassette.id)

    def _skip(self, what: str, why: str) -> None:
        if self._unchecked is not None:
            self._unchecked.append(Unchecked(what, why))

    def _check(
        self, exchange: Exchange, locate: Locate, *, ended_early: bool = False
    ) -> list[Finding]:
        found = check_exchange(
            self._contract.schemas,
            self._surface,
            exchange,
            ended_early=ended_early,
            excerpt=self._excerpt,
            locate=locate,
            unchecked=self._unchecked,
            report_unknown=True,
        )
        return [*found, *merge_findings(self._ambiguous(exchange, locate))]

    def _ambiguous(self, exchange: Exchange, locate: Locate) -> Iterator[Finding]:
        """Objects with two members of one name."""
        texts = [(one, one.data) for one in exchange.events]
        for event, text in texts if exchange.is_stream else [(None, exchange.body)]:
            for key in repeated_keys(text):
                yield finding(
                    "schema/other",
                    f"{event.type or 'what is no event' if event else 'the body'}: "
                    f"the key {excerpt(key)} stands twice in one object",
                    surface=self._surface,
                    event=event.type if event else None,
                    pointer="" if event else "/body",
                    before="each key once",
                    after=key,
                    where=locate(event, "" if event else "/body"),
                )

    def _lone_event(self, exchange: Exchange, text: str) -> list[Finding]:
        """One event out of its stream: there is no order to judge."""
        found = self._check(exchange, in_event(self._name, text))
        return [one for one in found if not one.rule.startswith("order/")]

    def _read(self) -> bytes:
        return read_bytes(self._path, self._name)

    def _refuse_wrapper(self, payload: Any) -> None:
        """A body inside of something else, or of something else, would give lines that mislead."""
        if not isinstance(payload, dict) or not payload or self._is_event(payload):
            return
        known = known_members(self._contract.schemas, self._surface)
        if not known or payload.keys() & known - {"status"}:
            return
        inside = next((key for key in _INSIDE if key in payload), None)
        if inside is not None:
            raise ContractError(
                self._name,
                f"/{inside}",
                "looks like a record of an exchange, not like the body of an answer",
                "put the body alone into the file",
            )
        raise ContractError(
            self._name,
            "/",
            f"is no body of {self._surface}: it has none of the members of one, but "
            + ", ".join(sorted(payload)[:5]),
            f"name another surface, or pass a body: {', '.join(sorted(known)[:5])} ...",
        )

    def _is_event(self, payload: Any) -> bool:
        kind = payload.get("type") if isinstance(payload, dict) else None
        schemas = self._contract.schemas
        return isinstance(kind, str) and any(
            one.events is not None and schemas.event(one.events, kind) is not None
            for one in schemas.endpoints(self._surface)
        )

    def _ends_early(self, id_: str) -> bool:
        file = self._contract.path("probes", f"{id_}.yaml")
        return file.is_file() and self._contract.read_probe(file).expect.outcome in ENDED_EARLY


#: Under which names records of exchanges keep the body of the answer.
_INSIDE: Final = ("body", "raw", "response", "response_body", "answer", "response_headers")


def _is_known(interaction: Interaction, part: str) -> bool:
    """Whether a part of an exchange stands in the cassette: some were never published."""
    known = interaction.provenance.parts.get(part)
    return known is None or known.source != "none"


def _was_cut(interaction: Interaction) -> bool:
    return interaction.stream is not None and interaction.stream.ended == "reset"
