"""Cassettes as answers: what was recorded, with what a live backend would repeat of the request.

That is little: the ids are fresh, so that two turns differ; the model is the one that was asked
for; times are now; an account is the one that asks. Everything else stays as in the cassette.
"""

from __future__ import annotations

import hashlib
import json
import re
import secrets
import threading
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from email.utils import formatdate
from functools import cached_property
from typing import Any, Final

from harness.contract import Contract, Interaction
from harness.standin.questions import Question, read_version
from harness.standin.tokens import Issued
from harness.standin.values import Headers
from leg.limits import Limits
from leg.sse import SSEDecoder

__all__ = ["Answer", "Answers", "events_of_text"]

#: Stands for the account that asks, in ``codex/accounts-check`` and ``codex/usage``.
_ACCOUNT: Final = "00000000-0000-4000-8000-000000000000"
_NO_LIMITS: Final = Limits(line=None, event=None, total=None)
_ID: Final = r"(?P<id>\b(?:resp|msg|rs|fc|ctc|cmp|ws|call)_(?:REDACTED\w*|[0-9A-Za-z]{20,}))"
_MODEL: Final = r'"model":\s*(?P<model>"[^"]*")'
_TIME: Final = r'"(?:created|completed)_at":\s*(?P<time>\d+)'
_VOLATILE: Final = re.compile(f"{_ID}|{_MODEL}|{_TIME}")
_RESET: Final = re.compile(r'("resets?_at":\s*)(\d+)')
#: In the names of headers whose value differs from answer to answer.
_RENEWED: Final = "request-id"
#: Written by the wire, because they must be true of the bytes that are sent.
_FRAMING: Final = frozenset(
    {"content-length", "transfer-encoding", "connection", "content-encoding", "keep-alive"}
)


@dataclass(frozen=True)
class Answer:
    """The answer half of an exchange.

    Attributes:
        status: the HTTP status.
        headers: lower-case names.
        body: its text.
        is_stream: whether it is a stream of events.
        source: the probe or the rule that it comes from.
    """

    status: int
    headers: Mapping[str, str]
    body: str
    is_stream: bool
    source: str

    @cached_property
    def data(self) -> tuple[str, ...]:
        """The data of its events."""
        return tuple(events_of_text(self.body))

    def json(self) -> Any:
        """Its body as JSON; ``None`` if it is none."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None

    def without(self, pointers: tuple[str, ...]) -> Answer:
        """The same answer without these members of its body."""
        document = self.json()
        for pointer in pointers:
            *way, last = pointer.split("/")[1:]
            found = document
            for part in way:
                found = found.get(part) if isinstance(found, dict) else None
            if isinstance(found, dict):
                found.pop(last, None)
        return self if document is None else replace(self, body=_like(self.body, document))

    def head(self, question: Question) -> Headers:
        """Its headers, as the wire wants them."""
        headers = dict(self.headers)
        if "content-type" not in headers and self.body:
            headers["content-type"] = _content_type(self)
        for name in headers:
            if name == "date":
                headers[name] = formatdate(question.now, usegmt=True)
            elif _RENEWED in name:
                headers[name] = str(uuid.uuid4())
        return tuple(headers.items())


def events_of_text(body: str) -> list[str]:
    """The data of each event of a stream."""
    return [one.data for one in SSEDecoder(_NO_LIMITS).feed(body.encode())]


class Answers:
    """The answers of a contract, made once each. Used by many threads."""

    def __init__(self, contract: Contract) -> None:
        self._contract = contract
        self._made: dict[object, Answer] = {}
        self._lock = threading.Lock()

    def recorded(self, probe: str) -> Answer:
        """The answer of a probe's cassette, as it stands."""
        return self.made(probe, lambda: self._of_cassette(probe))

    def made(self, key: object, make: Callable[[], Answer]) -> Answer:
        """What ``make`` makes, made once for each key."""
        with self._lock:
            found = self._made.get(key)
        if found is None:
            found = make()
            with self._lock:
                self._made[key] = found
        return found

    def _of_cassette(self, probe: str) -> Answer:
        interaction = self._contract.cassettes[probe].interactions[0]
        return answer_of(interaction, probe)

    def adapted(self, answer: Answer, question: Question, issued: Issued | None = None) -> Answer:
        """The same answer to this request."""
        if issued is not None:
            return _with_tokens(answer, issued)
        if answer.is_stream:
            return replace(answer, body=_fresh(answer.body, question))
        return self._adapted_body(answer, question)

    def _adapted_body(self, answer: Answer, question: Question) -> Answer:
        if answer.status != 200:
            return _with_times(answer, question)
        if question.endpoint == "accounts":
            return replace(answer, body=answer.body.replace(_ACCOUNT, question.account or _ACCOUNT))
        if question.endpoint == "usage":
            body = answer.body.replace(_ACCOUNT, question.account or _ACCOUNT)
            return _with_times(replace(answer, body=body), question)
        if question.endpoint in ("models", "plan-models"):
            body = _models_for(answer, question)
            return replace(answer, headers={**answer.headers, "etag": self.etag(answer)}, body=body)
        if question.endpoint == "messages":
            return replace(answer, body=_fresh(answer.body, question))
        return answer

    @staticmethod
    def etag(catalogue: Answer) -> str:
        """The tag of a catalogue, in the weak form of SimonGino/portage (2026-10-08)."""
        digest = hashlib.md5(catalogue.body.encode(), usedforsecurity=False).hexdigest()
        return f'W/"{digest}"'


def answer_of(interaction: Interaction, source: str) -> Answer:
    """The answer half of an interaction."""
    body = interaction.body
    headers = {
        name: values[0]
        for name, values in interaction.headers.items()
        if name not in _FRAMING and values and (_RENEWED in name or "REDACTED" not in values[0])
    }
    return Answer(
        interaction.status,
        headers,
        body if isinstance(body, str) else body.decode("utf-8", "replace"),
        interaction.stream is not None,
        source,
    )


def _content_type(answer: Answer) -> str:
    """What the body is. The backend has sent it (2025-09) and left it out (2026-09) for streams."""
    if answer.is_stream:
        return "text/event-stream; charset=utf-8"
    if answer.json() is not None:
        return "application/json"
    return "text/html; charset=UTF-8" if answer.body.lstrip()[:1] == "<" else "text/plain"


def _like(body: str, document: Any) -> str:
    """A document, written as the body it comes from was."""
    if "\n" in body:
        return json.dumps(document, ensure_ascii=False, indent=2)
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))


def _fresh(body: str, question: Question) -> str:
    """A response with ids of its own, the model that was asked for, and the times of today."""
    ids: dict[str, str] = {}
    first: list[int] = []
    model = None if question.model is None else json.dumps(question.model, ensure_ascii=False)

    def new(found: re.Match[str]) -> str:
        kind = found.lastgroup
        if kind == "id":
            old = found["id"]
            return ids.setdefault(old, _new_id(old))
        whole, part = found[0], found[kind or ""]
        if kind == "model":
            return whole if model is None else whole.replace(part, model)
        first.append(int(part))
        return whole.replace(part, str(int(question.now) + int(part) - first[0]))

    return _VOLATILE.sub(new, body)


def _new_id(old: str) -> str:
    prefix = old.partition("_")[0]
    # 50 digits as in the published streams; those of a call are letters and digits.
    return f"{prefix}_{secrets.token_hex(12 if prefix == 'call' else 25)}"


def _with_times(answer: Answer, question: Question) -> Answer:
    """Times that say when something is over, moved as far as the answer is old."""
    shift = _age(answer, question.now)
    if not shift:
        return answer
    headers = {
        name: str(int(value) + shift) if name.endswith("-reset-at") and value.isdigit() else value
        for name, value in answer.headers.items()
    }
    return replace(answer, headers=headers, body=moved_times(answer.body, shift))


def moved_times(body: str, shift: int) -> str:
    """A body whose limits end so many seconds later."""
    return _RESET.sub(lambda found: f"{found[1]}{int(found[2]) + shift}", body)


def _age(answer: Answer, now: float) -> int:
    return age_of(answer.json(), now)


def age_of(document: Any, now: float) -> int:
    """How many seconds ago an answer was given that says both at what time and in how long."""
    for at, after in _twins(document):
        return int(now) - (at - after)
    return 0


def _twins(value: Any) -> list[tuple[int, int]]:
    if isinstance(value, list):
        return [pair for one in value for pair in _twins(one)]
    if not isinstance(value, dict):
        return []
    found = [
        (value[at], value[after])
        for at, after in (("resets_at", "resets_in_seconds"), ("reset_at", "reset_after_seconds"))
        if isinstance(value.get(at), int) and isinstance(value.get(after), int)
    ]
    return [*found, *(pair for one in value.values() for pair in _twins(one))]


def _models_for(answer: Answer, question: Question) -> str:
    """The catalogue that this client is shown: not what is too new for it; all of it for 0.0.0.

    moltis-org/moltis#354 (2026-03-08), NousResearch/hermes-agent#93295 (2026-08-23).
    """
    asked = question.query.get("client_version")
    version = read_version(asked)
    document = answer.json()
    if not version or not isinstance(document, dict):
        return answer.body
    shown = [
        model
        for model in document["models"]
        if (read_version(model.get("minimal_client_version")) or 0) <= version
    ]
    return _like(answer.body, {**document, "models": shown})


def _with_tokens(answer: Answer, issued: Issued) -> Answer:
    document = answer.json()
    document.update(
        access_token=issued.access_token,
        refresh_token=issued.refresh_token,
        id_token=issued.id_token,
        expires_in=issued.expires_in,
        earliest_refresh_at=issued.earliest_refresh_at,
    )
    if "oai_is" in document:
        document["oai_is"] = f"ois1.{secrets.token_urlsafe(24)}"
    return replace(answer, body=_like(answer.body, document))
