"""What a token may be used for: a set of words, and fewer of them are a risk."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from harness.drift.forms import classify
from harness.drift.kinds import base_of, kind_atom
from harness.drift.snapshot import Field, parse_field
from harness.recording.scrub import Scrubber

from .planted import Interaction, planted, told
from .recordings import JSON, asked, contract


def with_scope(scope: Any) -> Any:
    def edit(one: Interaction) -> None:
        body = json.loads(one["response"]["body"]["string"])
        body["scope"] = scope
        one["response"]["body"]["string"] = json.dumps(body)

    return edit


@pytest.mark.parametrize(
    ("scope", "found"),
    [
        ("openid", [("scope-narrowed", "risky", "/body/scope")]),
        ("", [("scope-narrowed", "risky", "/body/scope")]),
        ("openid profile groups", [("scope-narrowed", "risky", "/body/scope")]),
        ("openid profile email groups", [("scope-widened", "additive", "/body/scope")]),
        ("email openid profile", []),
        ("openid openid profile email", []),
    ],
)
def test_a_narrowed_scope_is_told_and_another_order_of_its_words_is_not(
    tmp_path: Path, scope: str, found: list[Any]
) -> None:
    assert told(planted("auth/refresh-ok", tmp_path / "new.yaml", with_scope(scope))) == found


def test_a_scope_is_the_set_of_its_words() -> None:
    atom = kind_atom("scope", "openid api.responses.write email")
    assert atom == "scope(api.responses.write email openid)"
    assert base_of(atom) == "string"
    field = Field(frozenset({atom, "scope()", "null"}), always=False)
    assert parse_field(str(field)) == field


@pytest.mark.parametrize("text", ["two  blanks", "a|b", 'a "quoted" word', "x" * 65, "no\tword"])
def test_what_is_no_scope_is_a_text_like_any_other(text: str) -> None:
    assert kind_atom("scope", text) == "text"


@pytest.mark.parametrize(
    ("before", "after", "rule"),
    [
        ({"scope(a b)"}, {"scope(a)", "scope(a b)"}, "scope-narrowed"),
        ({"scope(a)", "scope(a b)"}, {"scope(a b)"}, "scope-widened"),
        ({"scope(a b)", "scope(b c)"}, {"scope(a c)"}, "scope-narrowed"),
        ({"scope(a b)"}, {"text"}, "string-format-changed"),
    ],
)
def test_of_several_tokens_what_all_of_them_may_be_used_for_counts(
    before: set[str], after: set[str], rule: str
) -> None:
    assert classify(frozenset(before), frozenset(after)) == rule


def test_a_recording_keeps_the_words_of_a_scope_and_nothing_that_is_none() -> None:
    payload = {"access_token": "x", "scope": "openid chatgpt.tokens.use.direct 4f9aB27cD01eF6a8"}
    raw = json.dumps(payload).encode()
    (one,) = Scrubber(contract()).cassette(asked("auth/refresh-ok", headers=JSON, body=raw))[
        "interactions"
    ]
    scope = json.loads(one["response"]["body"]["string"])["scope"]
    assert scope == "openid chatgpt.tokens.use.direct redacted"
