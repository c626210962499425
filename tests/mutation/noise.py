"""Differences that mean nothing: none may be found, neither alone nor all of them at once."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from harness.contract import Interaction

from .events import Order, numbered
from .expect import Mutant
from .noise_values import (
    other_counts,
    other_ids,
    other_keys_of_maps,
    other_texts,
    other_times,
    with_values,
)
from .streams import Block, dumps, split
from .subject import Subject

__all__ = ["NOISES", "NoiseOperator", "all_at_once"]

Noise = Callable[[Subject, Interaction, random.Random], Interaction | None]


def other_pieces(
    subject: Subject, interaction: Interaction, rng: random.Random
) -> Interaction | None:
    """A text comes in more pieces, or in fewer."""
    if not subject.is_stream:
        return None
    pieces = Order(subject).pieces
    blocks: list[Block] = []
    for block in replace(subject, interaction=interaction).blocks:
        payload = block.payload
        is_piece = payload["type"] in pieces and isinstance(payload.get("delta"), str)
        before = blocks[-1].payload if blocks else {}
        same = {**payload, "delta": "", "sequence_number": 0, "obfuscation": ""} == {
            **before, "delta": "", "sequence_number": 0, "obfuscation": ""}  # fmt: skip
        if is_piece and same and rng.random() < 0.5:
            joined = {**before, "delta": before["delta"] + payload["delta"]}
            blocks[-1] = blocks[-1].with_payload(joined)
        elif is_piece and len(payload["delta"]) > 1:
            at = rng.randint(1, len(payload["delta"]) - 1)
            parts = (payload["delta"][:at], payload["delta"][at:])
            blocks += [block.with_payload({**payload, "delta": part}) for part in parts]
        else:
            blocks.append(block)
    body = subject.with_blocks(numbered(blocks)).body
    stream = interaction.stream
    return replace(interaction, body=body, stream=stream and replace(stream, chunks=None))


def other_key_order(subject: Subject, interaction: Interaction, rng: random.Random) -> Interaction:
    """The members of objects come in another order."""

    def shuffled(value: Any) -> Any:
        if isinstance(value, dict):
            keys = rng.sample(list(value), len(value))
            return {key: shuffled(value[key]) for key in keys}
        return [shuffled(one) for one in value] if isinstance(value, list) else value

    return with_values(subject, interaction, lambda one, _: shuffled(one.value))


def other_white_space(
    subject: Subject, interaction: Interaction, rng: random.Random
) -> Interaction:
    """JSON is written with other white space; of a stream, with blanks and other line ends."""
    del rng
    if not subject.documents:
        return interaction
    if not subject.is_stream:
        text = json.dumps(subject.documents[0].value, ensure_ascii=False, indent=3)
        return replace(interaction, body=text)
    blocks = [
        one.with_data(json.dumps(one.payload, ensure_ascii=False))
        for one in replace(subject, interaction=interaction).blocks
    ]
    text = str(subject.with_blocks(blocks).body).replace("\n", "\r\n")
    return replace(interaction, body=text)


def other_escapes(subject: Subject, interaction: Interaction, rng: random.Random) -> Interaction:
    """Letters outside of ASCII are written as escapes."""
    del rng
    if not subject.documents or subject.is_stream:
        return interaction
    return replace(interaction, body=json.dumps(subject.documents[0].value))


def other_headers(subject: Subject, interaction: Interaction, rng: random.Random) -> Interaction:
    """Headers come in another order, and their names in another case."""
    del subject
    names = rng.sample(list(interaction.headers), len(interaction.headers))
    return replace(interaction, headers={name.title(): interaction.headers[name] for name in names})


def other_chunks(
    subject: Subject, interaction: Interaction, rng: random.Random
) -> Interaction | None:
    """The bytes of a stream come in other chunks, many of them."""
    stream = interaction.stream
    if stream is None or stream.chunks is None or len(stream.chunks) < 2:
        return None
    del subject
    size = sum(size for _, size in stream.chunks)
    sizes = [size // 7 + rng.randint(0, 3) for _ in range(6)]
    sizes.append(size - sum(sizes))
    chunks = tuple((10.0 * at, one) for at, one in enumerate(sizes))
    return replace(interaction, stream=replace(stream, chunks=chunks))


def silence_filled(
    subject: Subject, interaction: Interaction, rng: random.Random
) -> Interaction | None:
    """Signs of life come in between: as many as there happen to be."""
    if not subject.is_stream or not Order(subject).data:
        return None
    blocks: list[Block] = []
    for block in split(str(interaction.body)):
        if blocks and rng.random() < 0.3:
            alive = Block((f"data: {dumps({'type': 'keepalive', 'sequence_number': 0})}",))
            named = subject.blocks[0].name is not None
            blocks.append(alive.with_name("keepalive") if named else alive)
        blocks.append(block)
    return replace(interaction, body=subject.with_blocks(numbered(blocks)).body)


NOISES: dict[str, Noise] = {
    "other ids": other_ids,
    "other times": other_times,
    "other texts": other_texts,
    "other pieces": other_pieces,
    "other counts": other_counts,
    "other keys of maps": other_keys_of_maps,
    "another order of keys": other_key_order,
    "other escapes": other_escapes,
    "other white space": other_white_space,
    "other headers": other_headers,
    "other chunks": other_chunks,
    "signs of life": silence_filled,
}


class NoiseOperator:
    """Each kind of noise by itself, several times over; and all of them at once."""

    name = "noise"
    rounds = 4

    def plant(self, subject: Subject) -> Iterator[Mutant]:
        """Every mutant of one exchange; nothing is to be found in any of them."""
        for number in range(self.rounds):
            for name, noise in NOISES.items():
                rng = random.Random(f"{subject.name} {name} {number}")  # noqa: S311 - no secret
                made = noise(subject, subject.interaction, rng)
                if made is not None and made != subject.interaction:
                    yield Mutant(subject, self.name, f"{name} {number}", made, None)
            made = all_at_once(subject, number)
            yield Mutant(subject, self.name, f"everything {number}", made, None)


def all_at_once(subject: Subject, number: int) -> Interaction:
    """One exchange with every kind of noise in it."""
    rng = random.Random(f"{subject.name} {number}")  # noqa: S311 - no secret
    current = subject
    for noise in NOISES.values():
        made = noise(current, current.interaction, rng)
        if made is not None:
            current = Subject(
                subject.name, subject.surface, made, subject.schemas, subject.ended_early
            )
    return current.interaction
