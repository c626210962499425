"""For any body at all: what is written is of the same form, and holds none of its texts."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from harness.recording.edits import Edit, edited, resized
from harness.recording.json_text import scalars
from harness.recording.scrub import Scrubber
from tests.harness.recordings import JSON, STREAM, asked, contract, event

SCRUBBER = Scrubber(contract())
LONG = st.text(min_size=12, max_size=40).filter(lambda text: len(set(text)) > 8)
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | LONG,
    lambda below: (
        st.lists(below, max_size=4)
        | st.dictionaries(st.sampled_from(["a", "new_name", "email", "delta"]), below, max_size=4)
    ),
    max_leaves=12,
)
SPACES = st.sampled_from([(",", ":"), (", ", ": "), (" ,\n", "\t: ")])


def kinds(value: Any) -> Any:
    """The form of a value: its types, and what is in what."""
    if isinstance(value, dict):
        return [kinds(one) for one in value.values()]
    if isinstance(value, list):
        return tuple(kinds(one) for one in value)
    return (
        "number"
        if isinstance(value, int | float) and not isinstance(value, bool)
        else (type(value).__name__)
    )


def texts(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [text for one in value.values() for text in texts(one)]
    if isinstance(value, list):
        return [text for one in value for text in texts(one)]
    return [value] if isinstance(value, str) else []


@given(value=VALUES, spaces=SPACES, ascii_only=st.booleans())
def test_every_scalar_of_a_text_is_found_where_it_stands(
    value: Any, spaces: tuple[str, str], ascii_only: bool
) -> None:
    text = json.dumps(value, separators=spaces, ensure_ascii=ascii_only)
    for one in scalars(text, value):
        assert json.loads(text[one.start : one.end]) == one.value


@given(value=VALUES, spaces=SPACES)
@settings(max_examples=60)
def test_a_body_that_nobody_described_keeps_its_form_and_no_text(
    value: Any, spaces: tuple[str, str]
) -> None:
    body = {"new": value}
    raw = json.dumps(body, separators=spaces).encode("utf-8", "surrogatepass")
    one = asked("codex/usage", headers=JSON, body=raw)
    written = SCRUBBER.cassette(one)["interactions"][0]["response"]["body"]["string"]
    found = json.loads(written)
    assert kinds(found) == kinds(body)
    for text in texts(body):
        assert text not in texts(found)


@given(
    pieces=st.lists(st.text(max_size=12), min_size=1, max_size=6),
    cuts=st.lists(st.integers(1, 60), max_size=8),
)
@example(pieces=["0", "\r"], cuts=[])
@example(pieces=["0", "o"], cuts=[])
@settings(max_examples=60)
def test_pieces_that_a_model_wrote_still_make_up_the_whole(
    pieces: list[str], cuts: list[int]
) -> None:
    kind = "response.output_text"
    whole = "".join(pieces)
    raw = b"".join(
        event({"type": f"{kind}.delta", "item_id": "msg_1", "delta": one}) for one in pieces
    ) + event({"type": f"{kind}.done", "item_id": "msg_1", "text": whole})
    parts, at = [], 0
    for cut in cuts:
        parts.append(raw[at : at + cut])
        at += cut
    one = asked(headers=STREAM, body=[*parts, raw[at:]])
    found = SCRUBBER.cassette(one)["interactions"][0]
    body = found["response"]["body"]["string"]
    payloads = [json.loads(line[6:]) for line in body.split("\n") if line.startswith("data: ")]
    assert "".join(each.get("delta", "") for each in payloads) == payloads[-1]["text"]
    assert len(payloads[-1]["text"]) == len(whole)
    assert sum(size for _, size in found["stream"]["chunks"]) == len(body.encode())


@given(
    text=st.text(st.characters(codec="utf-8"), max_size=60),
    edits=st.lists(st.tuples(st.integers(0, 20), st.integers(1, 9), st.text("xé", max_size=9))),
    sizes=st.lists(st.integers(0, 30), min_size=1, max_size=8),
)
def test_pieces_always_add_up_to_the_new_text(
    text: str, edits: list[tuple[int, int, str]], sizes: list[int]
) -> None:
    at, made = 0, []
    for gap, length, new in edits:
        start = at + gap
        if start + length > len(text):
            break
        made.append(Edit(start, start + length, new))
        at = start + length
    change = edited(text, made)
    total = len(text.encode())
    sizes = [*sizes, max(total - sum(sizes), 0)]
    new_sizes = resized(change, sizes)
    assert sum(new_sizes) == len(change.text.encode())
    assert len(new_sizes) == len(sizes)
    assert min(new_sizes) >= 0
