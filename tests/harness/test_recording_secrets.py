"""No secret that an exchange holds is written, wherever in it it stands."""

from __future__ import annotations

import base64
import gzip
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from harness.recording.looking import Unfaithful
from harness.recording.scan import SecretFound, Secrets, scan
from harness.recording.scrub import NotScrubbable, Scrubber
from harness.recording.secret_kinds import KINDS, SecretKind, example
from harness.recording.staging import staged
from harness.replay import Replayed
from tests.harness.recordings import JSON, STREAM, asked, contract, event

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

REFUSED = Replayed("request_refused")
Position = Callable[[str], dict]


def refusal(body: object) -> dict:
    raw = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()
    return {"status": 400, "headers": JSON, "body": raw, "heard": REFUSED}


def stream(*payloads: dict, headers: tuple = STREAM) -> dict:
    return {"headers": headers, "body": b"".join(map(event, payloads))}


def delta(text: str) -> dict:
    return {"type": "response.output_text.delta", "delta": text, "item_id": "msg_1"}


def created(**fields: object) -> dict:
    return {"type": "response.created", "response": {"id": "resp_1", **fields}}


def pieces(secret: str) -> dict:
    whole = event(created(instructions=secret))
    cut = whole.find(secret.encode()[:4]) + 6
    return {"headers": STREAM, "body": [whole[:cut], whole[cut:]]}


def packed(secret: str, pack: Callable[[bytes], bytes]) -> str:
    return base64.b64encode(pack(secret.encode())).decode()


POSITIONS: dict[str, Position] = {
    "a header that is known": lambda s: refusal({}) | {"headers": (*JSON, ("x-request-id", s))},
    "a header that is not": lambda s: refusal({}) | {"headers": (*JSON, ("X-New-Thing", s))},
    "a cookie": lambda s: refusal({}) | {"headers": (*JSON, ("Set-Cookie", f"a={s}; Path=/"))},
    "the name of a header": lambda s: (
        refusal({}) | {"headers": (*JSON, (s.replace(" ", "-").replace(":", "-"), "1"))}
    ),
    "the query of an address": lambda s: (
        refusal({}) | {"headers": (*JSON, ("Location", f"https://chatgpt.com/a?t={quote(s)}"))}
    ),
    "a field that is known": lambda s: refusal({"detail": f"No access for {s}."}),
    "a field that is not": lambda s: refusal({"error": {"code": "x", "whose": s}}),
    "the name of a field": lambda s: refusal({"error": {s: 1}}),
    "a list": lambda s: refusal({"error": {"seen": [1, [s]]}}),
    "the text of an error": lambda s: refusal(f"upstream said: {s}".encode()),
    "a page": lambda s: refusal(f"<html><body><p>{s}</p></body></html>".encode()),
    "a traceback": lambda s: refusal(
        f'Traceback (most recent call last):\n  File "a.py", line 1\nValueError: {s}\n'.encode()
    ),
    "a line of a log": lambda s: refusal(f"2026-11-22T10:00:00Z INFO token={s} ok\n".encode()),
    "an event": lambda s: stream(created(instructions=s)),
    "an event that nobody knows": lambda s: stream({"type": "codex.new", "x": {"y": s}}),
    "the name of an event": lambda s: {
        "headers": STREAM,
        "body": f"event: {s}\ndata: {{}}\n\n".encode(),
    },
    "the id of an event": lambda s: {"headers": STREAM, "body": f"id: {s}\ndata: 1\n\n".encode()},
    "a comment": lambda s: {"headers": STREAM, "body": f": {s}\n\n".encode()},
    "half of an event": lambda s: {
        "headers": STREAM,
        "body": f'data: {{"type":"response.created","response":{{"user":"{s}'.encode(),
        "ended": "reset",
    },
    "what a model wrote": lambda s: stream(delta(f"The key is {s}, keep it.")),
    "the pieces that a model wrote": lambda s: stream(*(delta(c) for c in s)),
    "the arguments of a call": lambda s: stream(
        {"type": "response.function_call_arguments.done", "arguments": json.dumps({"k": s})}
    ),
    "the border of two pieces": pieces,
    "base64": lambda s: refusal({"error": {"message": packed(s, bytes)}}),
    "gzip in base64": lambda s: refusal({"error": {"message": packed(s, gzip.compress)}}),
    "zstd in base64": lambda s: refusal({"error": {"message": packed(s, zstd.compress)}}),
    "a body in gzip": lambda s: (
        refusal(gzip.compress(json.dumps({"detail": s}).encode()))
        | {"headers": (*JSON, ("Content-Encoding", "gzip"))}
    ),
    "a body in zstd": lambda s: (
        refusal(zstd.compress(json.dumps({"detail": s}).encode()))
        | {"headers": (*JSON, ("Content-Encoding", "zstd"))}
    ),
    "JSON in a text": lambda s: refusal({"detail": json.dumps({"inner": json.dumps({"k": s})})}),
    "escapes": lambda s: refusal(
        ('{"detail":"' + "".join(f"\\u{ord(c):04x}" for c in s) + '"}').encode()
    ),
    "percent signs": lambda s: refusal({"detail": "".join(f"%{ord(c):02X}" for c in s)}),
}


def views(text: str) -> Iterator[str]:
    """A file as it stands, and with everything undone that hides a text in it."""
    from harness.recording.scan import _views

    yield from _views(text)


def holds(text: str, secret: str) -> bool:
    """Whether the secret, or more than half of it, can be read out of a text."""
    half = secret[: max(len(secret) * 2 // 3, 8)]
    return any(half in view for view in views(text))


@pytest.fixture(scope="module")
def scrubber() -> Scrubber:
    return Scrubber(contract())


def test_there_are_at_least_forty_kinds() -> None:
    assert len({kind.name for kind in KINDS}) >= 40


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_a_secret_survives_in_no_position(
    kind: SecretKind, scrubber: Scrubber, tmp_path: Path
) -> None:
    for number, (position, plant) in enumerate(POSITIONS.items()):
        if kind.pattern is None and position.startswith("the name of"):
            continue  # a new name is what one records for; a word for a name is not told from one
        secret = example(kind, number)
        probe = "codex/unauthorized" if "status" in plant("x") else "codex/streamed-text"
        one = asked(probe, **plant(secret))
        try:
            file = staged(one, scrubber, Secrets({}), tmp_path / str(number))
        except (NotScrubbable, SecretFound, Unfaithful) as error:
            said = str(error)
        else:
            said = file.read_text()
        assert not holds(said, secret), f"{kind.name} in {position}"


@pytest.mark.parametrize(
    "kind", [one for one in KINDS if one.pattern is not None], ids=lambda kind: kind.name
)
def test_the_scan_alone_finds_every_kind_that_has_a_form(kind: SecretKind) -> None:
    secret = example(kind)
    hidden = {
        "as it is": f"so: {secret}",
        "JSON": json.dumps({"a": json.dumps({"b": secret})}),
        "base64": packed(secret, bytes),
        "gzip": packed(secret, gzip.compress),
        "zstd": packed(secret, zstd.compress),
        "percent signs": quote(secret, safe=""),
        "pieces": b"".join(event(delta(c)) for c in secret).decode(),
        "frames": json.dumps([{"from": "server", "at": 1, "text": secret}]),
    }
    for how, text in hidden.items():
        hits = scan({"frames": [{"text": text}]})
        assert hits, f"{kind.name} in {how}"
        assert not any(holds(str(hit), secret) for hit in hits)


def test_the_scan_lets_pass_what_the_contract_holds() -> None:
    from harness.recording.words import own_texts

    for id_ in ("codex/streamed-text", "codex/models", "codex/function-call-unicode"):
        pair = contract().pair(id_)
        interaction = pair.cassette.interactions[0]
        found = scan(interaction.request.body, allowed=own_texts(pair.probe))
        assert found == [], id_
