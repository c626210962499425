"""The words that may stand in a refusal: those the contract itself uses in refusals.

A refusal is written for people, and what it means is often nowhere but in its sentence. So its
sentence is kept, but for words that nobody has published in one: a name, an id, a piece of a key.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, Final

from harness.contract import Contract, Interaction, Probe

__all__ = ["Words", "own_texts"]

_WORD: Final = re.compile(r"[^\W_]+(?:['’_.\-][^\W_]+)*")
#: A longer number is no count of seconds or tokens.
_DIGITS: Final = 7
#: Letters and digits in disguise: nobody writes a sentence so.
_ESCAPES: Final = re.compile(
    r"(?:%[0-9A-Fa-f]{2}|\\u[0-9A-Fa-f]{4}|\\x[0-9A-Fa-f]{2}|&#x?[0-9A-Fa-f]{1,6};|=[0-9A-F]{2})+"
)
_PARTS: Final = re.compile(r"['’_.\-]")


class Words:
    """A vocabulary. Words are compared without case."""

    def __init__(self, texts: Iterable[str]) -> None:
        """Learn the words of these texts; those with a digit in them are none."""
        self._known: set[str] = set()
        for text in texts:
            self._known.update(_words(text))

    @classmethod
    def of(cls, contract: Contract) -> Words:
        """The vocabulary of all refusals that the contract holds."""
        return cls(
            _text_of(one)
            for cassette in contract.cassettes.values()
            for one in cassette.interactions
            if one.status >= 300 or '"error"' in _text_of(one) or '"message"' in _text_of(one)
        )

    def with_own(self, texts: Iterable[str]) -> Words:
        """The same, and the words that we have sent ourselves, whatever they look like."""
        more = Words(())
        more._known = self._known | {word.lower() for text in texts for word in _WORD.findall(text)}
        return more

    def kept(self, text: str) -> str:
        """The text, with an ``x`` for each character of a word that is not known."""
        plain = _ESCAPES.sub(lambda found: "x" * len(found[0]), text)
        return _WORD.sub(self._kept, plain)

    def _kept(self, found: re.Match[str]) -> str:
        word = found[0]
        if word.lower() in self._known or (word.isdigit() and len(word) <= _DIGITS):
            return word
        if all(part.lower() in self._known for part in _PARTS.split(word)):
            return word
        return "x" * len(word)


def _words(text: str) -> Iterator[str]:
    for word in _WORD.findall(text):
        if not any(c.isdigit() for c in word):
            yield word.lower()


def _text_of(one: Interaction) -> str:
    return one.body if isinstance(one.body, str) else one.body.decode("utf-8", "replace")


def own_texts(probe: Probe) -> frozenset[str]:
    """Every text that a probe itself holds: what it sends, and what it expects to hear."""
    wanted = probe.expect
    found: list[Any] = [probe.request.body, probe.request.form, dict(probe.request.headers)]
    found += [wanted.text, wanted.fields, [one.arguments for one in wanted.calls or ()]]
    return frozenset(text for one in found for text in _texts(one) if text)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, below in value.items():
            yield str(key)
            yield from _texts(below)
    elif isinstance(value, list | tuple):
        for below in value:
            yield from _texts(below)
