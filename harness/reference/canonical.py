"""What a client sent, without the machine, the day and the login of the run. Pure.

Names and shapes stay, and so do words of the protocol: header names in their order and case,
members, enumerations, tools and their parameters. What stands for something else is replaced: ids,
tokens and times by :mod:`.names`, texts by :mod:`.texts`. Two recordings of one release, on two
days and two machines, become the same bytes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode

from harness.exchange import NOT_JSON, parse_json
from harness.reference.names import Names
from harness.reference.runs import COMMAND, PROMPTS, UNKNOWN_MODEL
from harness.reference.sent import Recording, Sent
from harness.reference.texts import SAID, digest_of, normalised
from harness.standin.redaction import SECRET_FIELDS, SECRET_HEADERS
from leg.tokens import CLIENT_ID

__all__ = ["Canonical", "canonical", "canonical_set"]

#: Instead of the client's own version, which is no news in a capture of that version.
VERSION: Final = "0.0.0"
#: Ours: what the probe asked for, and what came of it. And the client's public name at the token
#: endpoint, which looks like an id, and is a word of the protocol.
_OWN: Final = frozenset({*PROMPTS, UNKNOWN_MODEL, COMMAND, SAID, SAID.strip(), CLIENT_ID})
#: Members that hold somebody's prose, however short.
_PROSE: Final = frozenset({"description", "instructions", "text", "definition", "output"})
#: Objects that a client keeps in a hash map: the order of their members is chance.
_UNORDERED: Final = frozenset({"client_metadata"})
#: Whose id it is, is chance: where a session goes on, the connection is warmed up (codex-cli
#: 0.169.0) before the stored window is there, or after.
_CHANCE: Final[Mapping[str, tuple[str, ...]]] = {"prewarm": ("context_window_id",)}
#: What a machine takes for something, in whatever unit.
_DURATION: Final = re.compile(r"(?:^|_)(?:duration|elapsed|wall_time)(?:_|$)")
#: Longer words are no words of a vocabulary.
_LONGEST_WORD: Final = 200
_WORD: Final = re.compile(r"[!-~]+")
_AGENT: Final = re.compile(
    r"(?P<who>\S+) \((?P<os>[^;()]*); (?P<arch>[^()]*)\)(?P<terminal> [^ (]+)?(?P<rest>.*)"
)
_SUFFIX: Final = re.compile(r" \([^()]*; [^()]*\)$")
#: What the sandbox of an operating system is called.
_SANDBOXES: Final = frozenset({"seccomp", "landlock", "bubblewrap", "seatbelt", "windows_sandbox"})
_STATE: Final = "x-codex-turn-state"


@dataclass(frozen=True, slots=True, order=True)
class Canonical:
    """One request as it is kept. ``headers`` have the order and the case of the wire."""

    method: str
    uri: str
    headers: tuple[tuple[str, str], ...]
    body: str
    frames: tuple[str, ...] = ()
    status: int = 0
    source: str = ""
    faults: tuple[str, ...] = ()


def canonical(recording: Recording, sent: Iterable[Sent], version: str) -> tuple[Canonical, ...]:
    """Requests that come in an order of their own. The same id has one name in all of them."""
    view = _View(recording, version)
    return tuple(view.request(one) for one in sent)


def canonical_set(
    recording: Recording, sent: Iterable[Sent], version: str
) -> tuple[Canonical, ...]:
    """Requests whose number and order are chance: each one once, sorted.

    Each has names of its own, and its headers are sorted. What a client calls itself at the end of
    its ``user-agent`` goes: a call may be made before it knows it, or after.
    """
    found = (_View(recording, version, early=True).request(one) for one in sent)
    return tuple(
        sorted({replace(one, headers=tuple(sorted(one.headers, key=_by_name))) for one in found})
    )


def _by_name(header: tuple[str, str]) -> tuple[str, str]:
    return header[0].lower(), header[1]


class _View:
    """One run as it is to be seen."""

    def __init__(self, recording: Recording, version: str, *, early: bool = False) -> None:
        # Of two folders the inner one first: names of theirs must not depend on where they are.
        self._paths = {path: f"/{name}" for name, path in recording.paths.items()}
        self._now = recording.at
        self._names = Names(recording.at, self._paths, (version, VERSION))
        self._early = early

    def request(self, sent: Sent) -> Canonical:
        headers = tuple((name, self._header(name.lower(), value)) for name, value in sent.headers)
        return Canonical(
            method=sent.method,
            uri=self._uri(sent),
            headers=headers,
            body=self._body(sent),
            frames=tuple(self._json_text(frame) for frame in sent.frames),
            status=sent.status or 0,
            source=sent.source,
            faults=sent.faults,
        )

    def _uri(self, sent: Sent) -> str:
        scheme = "wss" if sent.websocket else "https"
        pairs = parse_qsl(sent.query, keep_blank_values=True)
        query = urlencode([(name, self._value(name, value)) for name, value in pairs])
        path = self._names.word(sent.path)
        return f"{scheme}://{sent.host}{path}" + (f"?{query}" if query else "")

    def _header(self, name: str, value: str) -> str:
        kind = SECRET_HEADERS.get(name)
        if kind == "token":
            scheme, space, token = value.rpartition(" ")
            return f"{scheme}{space}{self._names.opaque(kind, token)}"
        if kind is not None and kind != "account":
            return self._names.opaque(kind, value)
        if name == "user-agent":
            return self._agent(value)
        if name == "content-length":
            return "0"
        if name == "sec-websocket-key":
            return "REDACTED"
        if name == _STATE:
            return self._names.opaque("state", value)
        found = parse_json(value) if value[:1] in "{[" else NOT_JSON
        return self._names.word(value) if found is NOT_JSON else self._dump(self._value("", found))

    def _agent(self, value: str) -> str:
        """A user agent without the machine: what system, what processor, what terminal."""
        found = _AGENT.fullmatch(value)
        if found is not None:
            terminal = " terminal" if found["terminal"] else ""
            value = f"{found['who']} (os; arch){terminal}{found['rest']}"
        if self._early:
            head, _, tail = value.partition(" (os; arch) terminal")
            value = value if not tail else value.removesuffix(tail) + _SUFFIX.sub("", tail)
            del head
        return self._names.word(value)

    def _body(self, sent: Sent) -> str:
        text = sent.body.decode("utf-8", "replace")
        if not text:
            return ""
        kind = next((v for n, v in sent.headers if n.lower() == "content-type"), "")
        if kind.startswith("application/x-www-form-urlencoded"):
            pairs = parse_qsl(text, keep_blank_values=True)
            return urlencode([(name, self._value(name, value)) for name, value in pairs])
        return self._json_text(text)

    def _json_text(self, text: str) -> str:
        found = parse_json(text)
        return self._text(text) if found is NOT_JSON else self._dump(self._value("", found))

    @staticmethod
    def _dump(value: Any) -> str:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))

    def _value(self, name: str, value: Any) -> Any:
        if isinstance(value, Mapping):
            members = sorted(value) if name in _UNORDERED else value
            chance = _CHANCE.get(str(value.get("request_kind")), ())
            return {
                key: self._names.nobody(value[key])
                if key in chance and isinstance(value[key], str)
                else self._value(key, value[key])
                for key in members
            }
        if isinstance(value, list):
            return [self._value(name, one) for one in value]
        if isinstance(value, str):
            return self._string(name, value)
        if isinstance(value, bool) or not isinstance(value, int | float):
            return value
        return type(value)(0) if _DURATION.search(name) else self._names.number(value)

    def _string(self, name: str, value: str) -> str:
        kind = SECRET_FIELDS.get(name.lower())
        if not value or value in _OWN:
            return value
        if kind is not None and kind != "account":
            return self._names.opaque(kind, value)
        if name == _STATE:
            return self._names.opaque("state", value)
        if name == "sandbox" and value in _SANDBOXES:
            return "os"
        if value[:1] in "{[":
            found = parse_json(value)
            if isinstance(found, dict | list):
                return self._dump(self._value(name, found))
        is_word = len(value) <= _LONGEST_WORD and _WORD.fullmatch(value) is not None
        return self._names.word(value) if is_word and name not in _PROSE else self._text(value)

    def _text(self, text: str) -> str:
        text = normalised(text, self._paths, self._now)
        return text if text in _OWN else digest_of(text)
