"""A second look at what is about to be written, which knows nothing of how it was scrubbed.

Every text is read as it stands, and again with what may be hidden in it undone: JSON in strings,
percent signs, base64, hex, gzip and zstd, to a depth of four; and what a model's pieces make when
they are put together. A hit names the place and the kind and never the value.
"""

from __future__ import annotations

import base64
import binascii
import json
import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import unquote

import leg
from harness.decoding import CannotDecode, decoded
from harness.recording.secret_kinds import KINDS
from leg.tokens import read_claims

__all__ = ["Hit", "SecretFound", "Secrets", "scan"]

_DEPTH: Final = 4
#: More is not undone: what unpacks to so much was packed to do so.
_MOST: Final = 4 * 1024 * 1024
#: A shorter secret stands in too many texts by chance.
_MIN_SECRET: Final = 8
#: Claims may be words: "Personal" is what many a workspace is called.
_MIN_CLAIM: Final = 12
#: An account of a stand-in, or a placeholder: nobody's.
_OURS: Final = "00000000-0000-4000-8000-"
#: So much of a secret is one as well.
_PIECE, _STEP = 20, 8

_RUN: Final = re.compile(r"[A-Za-z0-9+/_=-]{24,}")
_PACKED: Final = re.compile(r"(?:[A-Za-z0-9+/_-]{4}){3,}[A-Za-z0-9+/_-]{0,4}={0,2}")
_HEX: Final = re.compile(r"\b(?:[0-9a-f]{2}){16,}\b")
_ESCAPED: Final = re.compile(r"\\[\"\\/bfnrtu]")
_PIECES: Final = re.compile(
    r'"(?:delta|text|arguments|partial_json|summary|output)"\s*:\s*("(?:[^"\\]|\\.)*")'
)
_WORDS: Final = re.compile(r"[a-z0-9]{1,16}(?:[_.-][a-z0-9]{1,16})*|[A-Z]?[a-z]+(?:[A-Z][a-z]+)*")


@dataclass(frozen=True, slots=True)
class Hit:
    """A secret: where (a JSON pointer and a line, or what else the place is called), what kind."""

    where: str
    kind: str

    def __str__(self) -> str:
        return f"{self.where}: {self.kind}"


class SecretFound(Exception):
    """What was to be written holds a secret. ``str()`` says where, and nothing of it."""

    def __init__(self, what: str, hits: Iterable[Hit]) -> None:
        self.hits = tuple(dict.fromkeys(hits))
        shown = "; ".join(str(hit) for hit in self.hits[:5])
        more = f" (and {len(self.hits) - 5} more)" if self.hits[5:] else ""
        super().__init__(f"{what} is not written, because it holds a secret: {shown}{more}")


@dataclass(frozen=True, slots=True)
class Secrets:
    """The secrets that are known to the letter. ``repr`` shows none."""

    _known: dict[str, str] = field(repr=False)

    @classmethod
    def of(cls, *credentials: leg.Credential | None) -> Secrets:
        """Those of credentials, and what their tokens say about a person."""
        known: dict[str, str] = {}
        for one in credentials:
            if one is None:
                continue
            found = {
                "the access token": one.token,
                "the refresh token": one.refresh_token,
                "the ID token": one.id_token,
                "the account": one.account_id,
            }
            known.update({value: name for name, value in found.items() if value})
            for token in (one.token, one.id_token or ""):
                claims = read_claims(token)
                known.update(_claimed(dict(claims)) if claims else {})
        return cls(
            {
                value: name
                for value, name in known.items()
                if len(value) >= _MIN_SECRET and _OURS not in value
            }
        )

    def found(self, text: str) -> Iterator[str]:
        """What stands in a text: whole, or a long piece of it."""
        for value, name in self._known.items():
            pieces = (value[at : at + _PIECE] for at in range(0, len(value) - _PIECE + 1, _STEP))
            if value in text or any(piece in text for piece in pieces):
                yield name


#: Claims that say nothing about a person.
_PUBLIC: Final = frozenset({"iss", "aud", "client_id", "scp", "scope", "alg", "typ", "token_use"})


def _claimed(value: Any, name: str = "") -> dict[str, str]:
    """Texts in the claims of a token that nobody should read."""
    if isinstance(value, dict):
        return {
            text: what
            for key, below in value.items()
            if key not in _PUBLIC
            for text, what in _claimed(below, str(key)).items()
        }
    if isinstance(value, list):
        return {text: what for one in value for text, what in _claimed(one, name).items()}
    personal = isinstance(value, str) and not name.endswith("plan_type") and "://" not in value
    return {value: f"the claim {name}"} if personal and len(value) >= _MIN_CLAIM else {}


def scan(
    value: Any,
    secrets: Secrets | None = None,
    *,
    allowed: Iterable[str] = (),
    where: str = "",
) -> list[Hit]:
    """Every secret in a text, in bytes, or in a document of texts.

    Args:
        value: what is about to be written.
        secrets: those that are known to the letter; they are never allowed.
        allowed: texts that may hold what looks like a secret: the probe's own.
        where: what the place of ``value`` is called.
    """
    found: dict[Hit, None] = {}
    own = tuple(allowed)
    for place, text in _texts(value, where):
        for kind in _in_text(text, secrets or Secrets({}), own):
            found[Hit(place or "/", kind)] = None
    return list(found)


def _texts(value: Any, where: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, bytes):
        yield where, value.decode("utf-8", "replace")
        yield from ((where, text) for text in _unpacked(value))
    elif isinstance(value, str):
        yield where, value
    elif isinstance(value, dict):
        for key, below in value.items():
            yield from _texts(str(key), f"{where} (a name)")
            yield from _texts(below, f"{where}/{key}")
    elif isinstance(value, list | tuple):
        for index, below in enumerate(value):
            yield from _texts(below, f"{where}/{index}")
    elif value is not None and not isinstance(value, bool):
        yield where, str(value)


def _in_text(text: str, secrets: Secrets, own: tuple[str, ...]) -> Iterator[str]:
    for view in _views(text):
        yield from secrets.found(view)
        for kind in KINDS:
            if kind.pattern is None:
                continue
            for match in kind.pattern.finditer(view):
                if not any(match[0] in one for one in own):
                    yield kind.name
        for match in _RUN.finditer(view):
            if _is_random(match[0]) and not any(match[0] in one for one in own):
                yield "a long random text"


def _views(text: str) -> Iterator[str]:
    """The text, and all that is hidden in it."""
    seen: set[str] = set()
    waiting = [(text, 0)]
    while waiting:
        view, depth = waiting.pop()
        if view in seen:
            continue
        seen.add(view)
        yield view
        if depth < _DEPTH:
            waiting += [(below, depth + 1) for below in _below(view)]


def _below(text: str) -> Iterator[str]:
    if "%" in text:
        yield unquote(text)
    if _ESCAPED.search(text):
        yield _unescaped(text)
    pieces = [json.loads(one) for one in _PIECES.findall(text) if _is_json(one)]
    if len(pieces) > 1:
        yield "".join(pieces)
    for match in _PACKED.finditer(text):
        yield from _unpacked(_from_base64(match[0]))
    for match in _HEX.finditer(text):
        yield from _unpacked(bytes.fromhex(match[0]))


def _is_json(text: str) -> bool:
    try:
        json.loads(text, strict=False)
    except ValueError:
        return False
    return True


def _unescaped(text: str) -> str:
    def plain(match: re.Match[str]) -> str:
        if match[0][1] == "u":
            return chr(int(match[0].removeprefix("\\u"), base=16))
        return {"n": "\n", "r": "\r", "t": "\t", "b": " ", "f": " "}.get(match[0][1], match[0][1])

    return re.sub(r"\\u[0-9a-fA-F]{4}|\\[\"\\/bfnrt]", plain, text)


def _from_base64(text: str) -> bytes:
    bare = text.rstrip("=").replace("-", "+").replace("_", "/")
    bare = bare[: len(bare) - (len(bare) % 4 == 1)]
    try:
        return base64.b64decode(bare + "=" * (-len(bare) % 4))
    except (ValueError, binascii.Error):
        return b""


def _unpacked(data: bytes) -> Iterator[str]:
    """What bytes say: as a text, or unpacked."""
    for magic, encoding in (
        (b"\x1f\x8b", "gzip"),
        (b"\x28\xb5\x2f\xfd", "zstd"),
        (b"x", "deflate"),
    ):
        if data.startswith(magic) and len(data) < _MOST:
            try:
                yield decoded([data], encoding, most=_MOST)[0].decode("utf-8", "replace")
            except CannotDecode:
                continue
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return
    if len(text) >= _MIN_SECRET and text.isprintable():
        yield text


def _is_random(run: str) -> bool:
    """Whether nobody would write this by hand."""
    bare = run.strip("=-_/")
    if len(bare) < 24 or _WORDS.fullmatch(bare) is not None or _is_plain(bare):
        return False
    counts = Counter(bare)
    entropy = -sum(n / len(bare) * math.log2(n / len(bare)) for n in counts.values())
    classes = (str.islower, str.isupper, str.isdigit)
    mixed = sum(any(test(c) for c in bare) for test in classes)
    return (mixed == 3 and entropy > 3.6) or (mixed == 2 and entropy > 4.2) or _is_hex(bare)


def _is_plain(run: str) -> bool:
    """Words, and the placeholders of a recording."""
    parts = re.split(r"[/_=+-]", run)
    return all(
        part.isalpha() or part.isdigit() or (len(part) < 12 and not _mixes(part)) for part in parts
    )


def _mixes(part: str) -> bool:
    return any(c.isdigit() for c in part) and any(c.isalpha() for c in part) and len(part) > 8


def _is_hex(run: str) -> bool:
    digits = sum(c.isdigit() for c in run)
    return (
        len(run) >= 32
        and re.fullmatch(r"[0-9a-f]+", run) is not None
        and 4 < digits < len(run) - 4
        and len(set(run)) > 8
    )
