"""The legend in docs/comparing.md has every notation that a report can hold."""

from __future__ import annotations

import pytest

from harness.drift.framing import OF_LINES
from harness.drift.kinds import KINDS, kind_atom, literal, type_atom
from harness.drift.snapshot import ANY_KEY, Field
from tests.harness.contracts import ROOT

LEGEND = (ROOT / "docs/comparing.md").read_text("utf-8").partition("## How to read a finding")[2]
#: Kind → a value of it.
VALUES = {
    "id": "resp_0123456789",
    "time": 1790519330,
    "text": "Hello there",
    "count": 7,
    "limit": 300,
    "blob": {"a": 1},
    "slug": "gpt-6-astra",
    "url": "https://example.org",
    "scope": "openid profile",
    "token": "abc",
}


def test_every_kind_is_known_here() -> None:
    assert VALUES.keys() == KINDS.keys()


@pytest.mark.parametrize("kind", VALUES)
def test_the_form_of_every_kind_stands_in_the_legend(kind: str) -> None:
    assert f"`{kind_atom(kind, VALUES[kind])}`" in LEGEND


def test_texts_that_are_numbers_stand_in_it() -> None:
    assert f"`{kind_atom('limit', '300')}`" in LEGEND
    assert f"`{kind_atom('count', '7')}`" in LEGEND
    assert f"`{kind_atom('time', '1790519330')}`" in LEGEND


def test_words_lists_and_what_is_not_always_there_stand_in_it() -> None:
    assert f"`{literal('completed', is_open=False)}`" in LEGEND
    assert f"`{literal('plus', is_open=True)}`" in LEGEND
    assert f"`{type_atom([])}`" in LEGEND
    assert f"`{Field(frozenset({'count'}), always=False)}`" in LEGEND
    assert f"`{Field(frozenset({'null', 'text'}))}`".replace("|", "\\|") in LEGEND
    assert f"`{ANY_KEY}`" in LEGEND


@pytest.mark.parametrize("place", sorted({*OF_LINES} - {"/framing/lines"}))
def test_every_fact_of_how_a_stream_is_written_stands_in_it(place: str) -> None:
    assert f"`{place.rpartition('/')[2]}`" in LEGEND
