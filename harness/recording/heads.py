"""Headers of an exchange, with the values that the contract calls harmless."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from harness.drift.kinds import LITERAL_HEADERS, header_atom, is_secret, is_word
from harness.drift.plan import Plan
from harness.recording.placeholders import looks_like_id
from harness.recording.policy import Policy
from harness.standin.redaction import SECRET_HEADERS
from leg._watching import RawHeaders

__all__ = ["LEFT_OUT", "answer_headers", "request_headers"]

#: No recording holds these, not even with a placeholder (schemas/cassette.json).
LEFT_OUT: Final = frozenset({"authorization", "chatgpt-account-id", "x-api-key", "cookie"})
REDACTED: Final = "REDACTED"
_TYPE: Final = re.compile(r"[\w.+*/-]{1,60}(?:; ?(?:charset|q|version)=[\w.\"-]{1,20})*")
_NUMERIC: Final = re.compile(r"[+-]?\d{1,9}(?:\.\d{1,9})?")
_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,80}")


def answer_headers(headers: RawHeaders, plan: Plan, policy: Policy) -> RawHeaders:
    """The headers of an answer; ``content-encoding`` is gone with the encoding."""
    return tuple(
        (_name(name), _answered(name.lower(), value, plan.member(name.lower()), policy))
        for name, value in headers
        if name.lower() != "content-encoding"
    )


def _name(name: str) -> str:
    return name if _NAME.fullmatch(name) and not looks_like_id(name) else REDACTED


def _answered(name: str, value: str, plan: Plan, policy: Policy) -> str:
    value = value.strip()
    if name in SECRET_HEADERS:
        return REDACTED
    if not value or value in plan.words:
        return value
    if name in LITERAL_HEADERS:
        return value if _TYPE.fullmatch(value) else policy.words.kept(value)
    if name.startswith("cf-"):
        return REDACTED
    kind = plan.kind_of(value)
    if kind is not None:
        return _of_kind(kind, name, value, plan, policy)
    is_new = is_word(value) and not is_secret(name) and not looks_like_id(value)
    if (plan.open or plan.closed) and is_new:
        return value
    return _by_looks(name, value, policy)


def _of_kind(kind: str, name: str, value: str, plan: Plan, policy: Policy) -> str:
    if kind == "id":
        return policy.stand_ins.id(value)
    if kind == "time":
        return policy.stand_ins.time_text(value)
    if kind in ("count", "limit"):
        return value if _NUMERIC.fullmatch(value) else policy.stand_ins.time_text(value)
    if kind in ("slug", "url"):
        return policy.text(value, plan, (name,), ())
    return REDACTED


def _by_looks(name: str, value: str, policy: Policy) -> str:
    """A header that nobody has described: its form stays, what it says does not."""
    atom = header_atom(name, value)
    if atom == "boolean":
        return value
    if atom == "number":
        return "0"
    if atom.startswith("time("):
        return policy.stand_ins.time_text(value)
    return policy.stand_ins.id(value) if atom.startswith("id(") else REDACTED


def request_headers(sent: RawHeaders, plain: RawHeaders, host: str) -> RawHeaders:
    """The headers of a request: the values that the same question has without a credential.

    Args:
        sent: as sent.
        plain: of the question as it is asked with the stand-in for a credential.
        host: where it is meant to go.
    """
    return tuple(_sent(sent, {name.lower(): value for name, value in plain}, host))


#: What the HTTP library adds, and whose values say nothing about anybody.
_LIBRARY: Final = frozenset({"connection", "content-length", "accept", "accept-encoding"})


def _sent(sent: RawHeaders, plain: dict[str, str], host: str) -> Iterator[tuple[str, str]]:
    for name, value in sent:
        lower = name.lower()
        if lower in LEFT_OUT:
            continue
        if lower == "host":
            yield name, host
        elif lower == "user-agent":
            # Behind it stands the machine.
            yield name, value.partition(" ")[0] if plain.get(lower) == value else REDACTED
        elif plain.get(lower) == value or (lower in _LIBRARY and len(value) <= 40):
            yield name, value
        else:
            yield name, REDACTED
