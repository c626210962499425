"""A large answer is read in time that grows as it does: nobody may stop a run by sending one.

No test measures time: what took quadratic time took minutes at these sizes.
"""

from __future__ import annotations

import json

import pytest

from harness.recording.edits import Edit, edited, resized
from harness.recording.scan import scan
from harness.recording.scrub import Scrubber
from tests.harness.recordings import JSON, STREAM, asked, contract

SIZE = 250_000
RUNS = ["a", "0", "-", " ", "{", "\\", "%41", "a-", "aB1", "eyJ", '{"error":"', '"delta":"']


@pytest.fixture(scope="module")
def scrubber() -> Scrubber:
    return Scrubber(contract())


@pytest.mark.parametrize("run", RUNS)
def test_a_long_run_of_one_thing_is_scrubbed_and_scanned(run: str, scrubber: Scrubber) -> None:
    text = run * (SIZE // len(run))
    raw = ('{"error":"' + text).encode()
    document = scrubber.cassette(asked("codex/usage", status=401, headers=JSON, body=raw))
    assert scan(document) == []
    sound = [hit.kind for hit in scan(text) if hit.kind != "a long random text"]
    assert sound == []


def test_an_event_of_many_lines_in_many_pieces_is_scrubbed(scrubber: Scrubber) -> None:
    count = 20_000
    lines = [b'data: {"type": "response.created", "new": [\n']
    lines += [b'data: "Zelda Quuxington",\n'] * count
    lines += [b"data: null]}\n\n"]
    (found,) = scrubber.cassette(asked(headers=STREAM, body=lines))["interactions"]
    assert len(found["stream"]["chunks"]) == count + 2
    body = found["response"]["body"]["string"]
    payload = json.loads("".join(line.removeprefix("data: ") for line in body.split("\n")))
    assert len(payload["new"]) == count + 1
    assert "elda" not in body


def test_many_borders_in_many_edits_are_moved() -> None:
    count = 100_000
    change = edited("abc" * count, [Edit(3 * n, 3 * n + 2, "x") for n in range(count)])
    sizes = resized(change, [3] * count)
    assert sizes == [2] * count
