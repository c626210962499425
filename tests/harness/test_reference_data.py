"""The captures that come with the contract: sound, small, complete, and nobody's prose in them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from harness.contract import Contract, version_key
from harness.reference.runs import COMMAND, PROMPTS, RUNS, TRANSPORTS
from harness.reference.texts import SAID

CONTRACT = Contract()
FOLDER = CONTRACT.path("cassettes", "reference")
CAPTURED = CONTRACT.reference.versions
MAX_BYTES = 15_000_000
#: Ours; everything else with a blank in it would be somebody's prose.
OWN = {*PROMPTS, COMMAND, SAID}
DIGEST = re.compile(r"text:[0-9]+:[0-9a-f]{12}")
SECRETS = re.compile(
    r"eyJ[A-Za-z0-9_-]{8}|\bsk-[A-Za-z0-9]{8}|\brt_[A-Za-z0-9_-]{20}|rt-of-nobody"
    r"|[\w.]+@[\w-]+\.\w+|/tmp/|/home/(?!$)|/root/"
)
#: The first release that does something is the one that the captures show it in.
LANDMARKS = {
    # name → (the last release without, the first one with)
    "zstd": ("0.92.0", "0.95.0"),
    "websocket": ("0.115.0", "0.118.0"),
    "session-id": ("0.130.0", "0.132.0"),
    "lite": ("0.142.0", "0.144.0"),
    "accounts/check": ("0.155.0", "0.156.0"),
}


def texts(version: str) -> dict[str, str]:
    return {file.name: file.read_text() for file in sorted((FOLDER / version).glob("*.yaml"))}


def payloads(document: Any) -> Iterator[Any]:
    for one in document["interactions"]:
        if one["request"]["body"]:
            yield json.loads(one["request"]["body"])
        yield from (json.loads(frame["text"]) for frame in one.get("frames", ()))


def strings(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, one in value.items():
            yield key
            yield from strings(one)
    elif isinstance(value, list):
        for one in value:
            yield from strings(one)
    elif isinstance(value, str):
        inner = json.loads(value) if value[:1] in ("{", "[") else None
        yield from [value] if inner is None else strings(inner)


def test_every_file_is_sound() -> None:
    assert CONTRACT.reference.faults() == []


def test_all_of_it_is_small() -> None:
    assert sum(file.stat().st_size for file in FOLDER.rglob("*")) < MAX_BYTES


def test_there_are_enough_releases_of_all_eras() -> None:
    assert len(CAPTURED) >= 60
    assert CAPTURED[0] == "0.42.0"
    assert version_key(CAPTURED[-1]) >= version_key("0.169.0")
    whole = [one for one in CAPTURED if len(texts(one)) >= len(RUNS)]
    assert len(whole) >= 12


@pytest.mark.parametrize("version", CAPTURED)
def test_a_release_has_a_plain_turn_on_each_of_its_transports(version: str) -> None:
    known = CONTRACT.reference.releases[version]
    assert known.sha256 is not None
    assert set(known.transports) <= set(TRANSPORTS)
    for transport in known.transports:
        assert f"plain.{transport}.yaml" in texts(version)


@pytest.mark.parametrize("version", CAPTURED)
def test_no_prose_no_secret_and_no_machine_is_in_a_capture(version: str) -> None:
    for name, text in texts(version).items():
        assert SECRETS.search(text) is None, name
        for payload in payloads(yaml.load(text, yaml.CSafeLoader)):
            for one in strings(payload):
                blank = any(letter.isspace() for letter in one)
                assert not blank or one in OWN, (name, one)
                assert len(one) <= 200, (name, one)


def test_every_release_has_a_date_or_lies_between_two() -> None:
    releases = list(CONTRACT.reference.releases.values())
    for one in releases:
        assert one.date is None or one.source
        assert one.date is not None or (one.not_before and one.not_after), one.version
    dates = [one.date for one in releases if one.date]
    assert dates == sorted(dates)


def seen(version: str) -> dict[str, bool]:
    """What is in the captures of a release, of the landmarks."""
    text = "\n".join(texts(version).values())
    turn = texts(version)["plain.https.yaml"]
    return {
        "zstd": "content-encoding: [zstd]" in turn,
        "websocket": "plain.websocket.yaml" in texts(version),
        "session-id": "session-id:" in turn,
        "lite": "x-openai-internal-codex-responses-lite:" in turn,
        "accounts/check": "/wham/accounts/check" in text,
    }


@pytest.mark.parametrize("name", LANDMARKS)
def test_a_known_change_is_there_in_the_release_that_made_it(name: str) -> None:
    last, first = LANDMARKS[name]
    for version in CAPTURED:
        key = version_key(version)
        if key <= version_key(last):
            assert not seen(version)[name], version
        elif key >= version_key(first):
            assert seen(version)[name], version


def test_from_0_156_0_on_a_turn_waits_for_the_routing_call() -> None:
    for version in CAPTURED:
        rows = [
            (one.request.uri.rpartition("/backend-api")[2], one.waited_for)
            for cassette in CONTRACT.reference.of(version)
            if Path(cassette.path).name.startswith("side-calls.")
            for one in cassette.interactions
        ]
        wanted = version_key(version) >= version_key("0.156.0")
        assert (("/wham/accounts/check", True) in rows) is wanted, version
