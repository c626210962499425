"""Values that mean nothing: other ids, times, texts, counts, keys of maps."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from email.utils import format_datetime, parsedate_to_datetime
from typing import Any

from harness.contract import Interaction

from .oracle import said_about
from .sites import Document
from .subject import Subject

__all__ = [
    "other_counts",
    "other_ids",
    "other_keys_of_maps",
    "other_texts",
    "other_times",
    "with_values",
]

_HEX = "0123456789abcdef"


def with_values(
    subject: Subject, interaction: Interaction, edit: Callable[[Document, Any], Any]
) -> Interaction:
    """The exchange with every value of its answer edited."""
    edited = [(one, edit(one, one.value)) for one in subject.documents]
    if not edited:
        return interaction
    made = replace(subject, interaction=interaction).with_documents(edited)
    return replace(interaction, body=made.body)


def _leaves(subject: Subject, document: Document, edit: Callable[[Any, Any], Any]) -> Any:
    """A copy of a document in which ``edit(value, said)`` has replaced every value but objects."""

    def walk(value: Any, way: tuple[str | int, ...]) -> Any:
        said = said_about(subject.schemas, document.schema, document.value, way)
        if said.is_blob:
            return value
        if isinstance(value, dict):
            return {key: walk(below, (*way, key)) for key, below in value.items()}
        if isinstance(value, list):
            return [walk(below, (*way, at)) for at, below in enumerate(value)]
        return edit(value, said)

    return walk(document.value, ())


def other_ids(subject: Subject, interaction: Interaction, rng: random.Random) -> Interaction:
    """Every id has other letters and digits behind its prefix; the same id is the same again."""
    known: dict[str, str] = {}

    def renamed(text: str) -> str:
        if text not in known:
            found = re.match(r"[a-z]{1,12}[_-]", text)
            size = found.end() if found else 0
            rest = "".join(rng.choice(_HEX) if one.isalnum() else one for one in text[size:])
            # By chance four letters and "_" would be a prefix that the id did not have.
            is_bare = not size and rest[:1].isalnum()
            known[text] = f"0{rest[1:]}" if is_bare else text[:size] + rest
        return known[text]

    def edit(value: Any, said: Any) -> Any:
        return renamed(value) if said.kind == "id" and isinstance(value, str) and value else value

    made = with_values(subject, interaction, lambda one, _: _leaves(subject, one, edit))
    # Ids stand as keys of maps, too.
    text = str(made.body)
    for old, fresh in known.items():
        text = text.replace(f'"{old}":', f'"{fresh}":')
    return replace(made, body=text)


def other_times(subject: Subject, interaction: Interaction, rng: random.Random) -> Interaction:
    """Every point in time is later, all by as much, in answer and headers alike."""
    later = rng.randint(1000, 100000)

    def edit(value: Any, said: Any) -> Any:
        is_time = said.kind == "time" and type(value) is int and 1e9 < value < 1e10
        return value + later if is_time else value

    made = with_values(subject, interaction, lambda one, _: _leaves(subject, one, edit))
    headers = {
        name: tuple(_later(value, later) for value in values)
        for name, values in interaction.headers.items()
    }
    return replace(made, headers=headers)


def _later(value: str, later: int) -> str:
    if re.fullmatch(r"1\d{9}", value):
        return str(int(value) + later)
    if value.endswith(" GMT"):
        return format_datetime(parsedate_to_datetime(value) + timedelta(seconds=later), usegmt=True)
    return value


def other_texts(
    subject: Subject, interaction: Interaction, rng: random.Random
) -> Interaction | None:
    """The answer says something else, letter by letter, in its pieces and in its whole texts.

    Not in a refusal: there the leg reads the words. Arguments of calls stay what they are.
    """
    if subject.outcome(subject.interaction) not in ("ok", "(incomplete)", "(stream_cut)"):
        return None
    shift = rng.randint(1, 25)

    def turned(text: str) -> str:
        return "".join(
            chr((ord(one) - 97 + shift) % 26 + 97) if "a" <= one <= "z" else one for one in text
        )

    def edit(value: Any, said: Any) -> Any:
        is_text = said.kind == "text" and isinstance(value, str)
        return turned(value) if is_text else value

    return with_values(subject, interaction, lambda one, _: _leaves(subject, one, edit))


def other_counts(subject: Subject, interaction: Interaction, rng: random.Random) -> Interaction:
    """Tokens and the like are counted otherwise, all of them in proportion, so that sums hold.

    Places and numbers of events are no counts of this kind, nor are percentages.
    """
    factor = rng.randint(2, 5)

    def walk(value: Any, name: str) -> Any:
        if isinstance(value, dict):
            return {key: walk(below, key) for key, below in value.items()}
        if isinstance(value, list):
            return [walk(one, name) for one in value]
        return value * factor if type(value) is int and name.endswith("_tokens") else value

    return with_values(subject, interaction, lambda one, _: walk(one.value, ""))


def other_keys_of_maps(
    subject: Subject, interaction: Interaction, rng: random.Random
) -> Interaction:
    """The keys of maps are other ones: they are ids, and names that somebody chose."""
    number = rng.randint(1, 99)

    def walk(document: Document, value: Any, way: tuple[str | int, ...]) -> Any:
        said = said_about(subject.schemas, document.schema, document.value, way)
        if isinstance(value, dict):
            return {
                f"{key}_{number}" if said.is_map else key: walk(document, below, (*way, key))
                for key, below in value.items()
            }
        if isinstance(value, list):
            return [walk(document, one, (*way, at)) for at, one in enumerate(value)]
        return value

    return with_values(subject, interaction, lambda one, value: walk(one, value, ()))
