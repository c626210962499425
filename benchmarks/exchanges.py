"""Sets of exchanges for benchmarks: as the backend answers, each with its own ids, times and texts.

Made from the cassettes of the contract: the events are theirs; ids, times, the number of pieces and
the words in them are new in each exchange.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable, Iterator, Mapping
from email.utils import formatdate
from pathlib import Path
from typing import Any

from harness.contract import Contract, Interaction
from harness.exchange import Exchange

#: Which questions, of a hundred, with how many pieces of text at most.
MIX = {
    "codex/streamed-text": (40, 12),
    "codex/function-call": (20, 12),
    "codex/reasoning-with-summary": (15, 20),
    "codex/streamed-text-phase": (15, 150),
    "codex/store-must-be-false": (5, 0),
    "codex/usage-limit-reached": (5, 0),
}
_ID = re.compile(r"\b(resp|msg|fc|rs|call)_[0-9A-Za-z]{8,}")
_TIME = re.compile(r"\b17\d{8}\b")
#: In a refusal: in how many seconds the limit is reset, and when that is.
_AHEAD = re.compile(r'"resets_in_seconds": ?(\d+)')
_RESET = re.compile(r'("resets_at": ?)\d+')
_WORDS = ["a ", "the ", "of ", "contract", " is", "\n", " what", " drift", " ”é", "ing", " 42", "."]
_INDENT = " " * 10
#: November 2026, in Unix seconds.
_FIRST, _LAST = 1_793_491_200, 1_796_083_199

Edit = Callable[[dict[str, Any]], None]


class Maker:
    """Makes exchanges; the same seed makes the same ones."""

    def __init__(self, contract: Contract, seed: int, edit: Edit | None = None) -> None:
        """``edit`` is done to the payload of every event."""
        self._random = random.Random(seed)
        self._edit = edit
        self._now = _FIRST
        self._templates = [
            (contract.cassettes[name].interactions[0], pieces)
            for name, (share, pieces) in MIX.items()
            for _ in range(share)
        ]

    def write(self, folder: Path, count: int) -> int:
        """Write so many cassettes into a folder; how many bytes they have."""
        size = 0
        for number in range(count):
            interaction, pieces = self._templates[number % len(self._templates)]
            text = self._cassette(interaction, pieces).encode()
            file = folder / f"{number // 1000:03d}" / f"{number:06d}.yaml"
            file.parent.mkdir(exist_ok=True)
            file.write_bytes(text)
            size += len(text)
        return size

    def _cassette(self, interaction: Interaction, pieces: int) -> str:
        self._now = self._random.randint(_FIRST, _LAST)
        head = self._headers(interaction)
        body, stream = self._body(interaction, pieces)
        string = "|+\n" + "".join(
            f"{_INDENT}{line}\n" if line else "\n" for line in body.split("\n")[:-1]
        )
        sent = json.dumps(str(interaction.request.body))
        return (
            "version: 1\ninteractions:\n  - request:\n      method: POST\n"
            f"      uri: {interaction.request.uri}\n"
            "      headers:\n        accept: [text/event-stream]\n"
            f"      body: {sent}\n"
            f"    response:\n      status: {{code: {interaction.status}, message: ''}}\n"
            f"      headers:\n{head}      body:\n        string: {string}"
            "    provenance:\n      kind: recorded\n"
            f"      date: 2026-11-{self._random.randint(1, 28):02d}\n"
            "      source: benchmarks/exchanges.py (2026-11-22)\n"
            "      client: {name: codex-cli, version: 0.169.0}\n"
            "      parts:\n        request: {from: probe}\n        status: {from: made up}\n"
            "        headers: {from: made up}\n        body: {from: made up}\n"
            f"{stream}"
        )

    def _headers(self, interaction: Interaction) -> str:
        is_stream = interaction.stream is not None
        number, now = self._random.randint, self._now
        headers = {
            "content-type": "text/event-stream; charset=utf-8" if is_stream else "application/json",
            "date": formatdate(now, usegmt=True),
            "x-request-id": f"req_{self._hex(24)}",
            "cf-ray": f"{self._hex(16)}-FRA",
            "server": "cloudflare",
            "x-codex-primary-used-percent": str(number(0, 99)),
            "x-codex-primary-window-minutes": "300",
            "x-codex-primary-reset-at": str(now + number(1, 300 * 60)),
            "x-codex-plan-type": "plus",
            "openai-processing-ms": str(number(100, 9000)),
        }
        return "".join(f'        {name}: ["{value}"]\n' for name, value in headers.items())

    def _hex(self, size: int) -> str:
        return f"{self._random.getrandbits(4 * size):0{size}x}"

    def _body(self, interaction: Interaction, pieces: int) -> tuple[str, str]:
        exchange = Exchange.from_interaction(interaction)
        if not exchange.is_stream:
            return self._with_own_ids(exchange.body.decode()) + "\n", ""
        lines: list[str] = []
        for number, payload in enumerate(self._payloads(exchange, pieces)):
            if "sequence_number" in payload:
                payload["sequence_number"] = number
            if self._edit is not None:
                self._edit(payload)
            data = json.dumps(payload, ensure_ascii=False, separators=(",", ":"))
            lines.append(f"event: {payload['type']}\ndata: {data}\n\n")
        return self._with_own_ids("".join(lines)), "    stream: {ended: eof, chunks: null}\n"

    def _payloads(self, exchange: Exchange, pieces: int) -> Iterator[dict[str, Any]]:
        texts: dict[str, str] = {}
        was = now = ""
        for event in exchange.events:
            if event.type is None or not event.type.endswith(".delta"):
                if was:
                    texts[was], was, now = now, "", ""
                yield _with_texts(event.payload, texts)
                continue
            piece = event.payload["delta"]
            made = self._pieces(pieces, piece, is_first=not was, is_json="arguments" in event.type)
            was += piece
            now += "".join(made)
            yield from ({**event.payload, "delta": one} for one in made)

    def _pieces(self, most: int, piece: str, *, is_first: bool, is_json: bool) -> list[str]:
        """New pieces for an old one. Arguments are JSON still: blanks may come before."""
        if not is_json:
            return self._random.choices(_WORDS, k=self._random.randint(1, most))
        return [*[" "] * (self._random.randint(0, most) if is_first else 0), piece]

    def _with_own_ids(self, text: str) -> str:
        """Each id of an exchange anew, the same one each time that it comes."""
        made: dict[str, str] = {}

        def own(found: re.Match[str]) -> str:
            if found[0] not in made:
                made[found[0]] = f"{found[1]}_{self._hex(48)}"
            return made[found[0]]

        ahead = _AHEAD.search(text)
        if ahead is not None:
            text = _RESET.sub(rf"\g<1>{self._now + int(ahead[1])}", text)
        else:
            text = _TIME.sub(str(self._now), text)
        return _ID.sub(own, text)


def _with_texts(value: Any, texts: Mapping[str, str]) -> Any:
    """A value in which whole texts are what their new pieces add up to."""
    if isinstance(value, dict):
        return {name: _with_texts(below, texts) for name, below in value.items()}
    if isinstance(value, list):
        return [_with_texts(below, texts) for below in value]
    return texts.get(value, value) if isinstance(value, str) else value
