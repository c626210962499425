"""Keeps secrets out of what is written down; the same secret is the same placeholder in one run.

What is secret is known by where it stands (an ``authorization`` header, a member
``refresh_token``), and by how it looks (a JWT, an API key, an e-mail address). A value that was
secret in one place is then replaced wherever else it stands, in this and in every later exchange.
"""

from __future__ import annotations

import re
from typing import Final

from harness.standin.values import Headers

__all__ = ["Redactor"]

#: Headers that hold a secret, and what kind of one. The value of any other header is kept, unless
#: a secret stands in it.
SECRET_HEADERS: Final = {
    "authorization": "token",
    "proxy-authorization": "token",
    "x-api-key": "key",
    "api-key": "key",
    "cookie": "cookie",
    "set-cookie": "cookie",
    "chatgpt-account-id": "account",
    "openai-organization": "account",
    "openai-project": "account",
}
#: Members of JSON objects and fields of forms, likewise. (``token`` is none of them: so a log
#: probability calls a piece of text.)
SECRET_FIELDS: Final = {
    "access_token": "token",
    "refresh_token": "token",
    "id_token": "token",
    "api_key": "key",
    "openai_api_key": "key",
    "client_secret": "key",
    "code_verifier": "code",
    "device_code": "code",
    "user_code": "code",
    "device_auth_id": "code",
    "authorization_code": "code",
    "account_id": "account",
    "chatgpt_account_id": "account",
    "user_id": "user",
    "chatgpt_user_id": "user",
    "safety_identifier": "user",
    "email": "email",
    "password": "key",
}
_NAMES: Final = "|".join(sorted(SECRET_FIELDS, key=len, reverse=True))
_MEMBER: Final = re.compile(rf'("(?i:({_NAMES}))"\s*:\s*")((?:[^"\\]|\\.)*)(?=")')
#: JSON inside a text of JSON: the reference client sends some of its metadata so.
_NESTED: Final = re.compile(rf'(\\"(?i:({_NAMES}))\\"\s*:\s*\\")((?:(?!\\").)*)(?=\\")')
#: ``code`` is an authorization code in a form; in JSON, most often the name of an error.
_FIELD: Final = re.compile(rf"((?:^|[&?])(?i:({_NAMES}|code))=)([^&\s#]*)")
_LOOKS: Final = (
    ("token", re.compile(r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]*)?")),
    ("token", re.compile(r"(?<=\bBearer )[^\s\"',;]{8,}")),
    ("key", re.compile(r"\bsk-[A-Za-z0-9_-]{16,}")),
    ("token", re.compile(r"\bgh[opsu]_[A-Za-z0-9]{20,}")),
    ("email", re.compile(r"\b[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,}\b")),
)
_PLACEHOLDER: Final = re.compile(r"(?:[A-Za-z]+[-_])?REDACTED(?:[-_][A-Za-z0-9-]+)*")
#: Shorter values stand in too many texts by chance to be replaced wherever they do.
_MIN_SECRET: Final = 8


class Redactor:
    """The secrets of one run. Not for two threads at once."""

    def __init__(self) -> None:
        self._known: dict[str, str] = {}
        self._counts: dict[str, int] = {}

    def learn(self, headers: Headers, *texts: str) -> None:
        """Find the secrets of one exchange, before anything of it is written."""
        for name, value in headers:
            kind = SECRET_HEADERS.get(name.lower())
            if kind == "token":
                # The scheme is not secret.
                self._placeholder(kind, value.partition(" ")[2] or value)
            elif kind == "cookie":
                # Behind the first, a set-cookie has attributes.
                pairs = value.split(";")[: 1 if name.lower() == "set-cookie" else None]
                for pair in pairs:
                    self._placeholder(kind, pair.partition("=")[2].strip())
            elif kind is not None:
                self._placeholder(kind, value)
        for text in texts:
            self.text(text)

    def headers(self, headers: Headers) -> Headers:
        """Header values without secrets. Names, case and order stay."""
        return tuple((name, self._header(name.lower(), value)) for name, value in headers)

    def _header(self, name: str, value: str) -> str:
        kind = SECRET_HEADERS.get(name)
        if kind == "cookie":
            return "REDACTED"
        if kind is None:
            return self.text(value)
        scheme, space, rest = value.partition(" ")
        if kind == "token" and space:
            return f"{scheme} {self._placeholder(kind, rest)}"
        return self._placeholder(kind, value)

    def text(self, text: str) -> str:
        """A text (a URL, JSON, a form, an event stream) without secrets."""
        for pattern in (_MEMBER, _NESTED, _FIELD):
            text = pattern.sub(self._member, text)
        for kind, pattern in _LOOKS:
            for secret in set(pattern.findall(text)):
                self._placeholder(kind, secret)
        # The longest first: one may be a part of another.
        for secret in sorted(self._known, key=len, reverse=True):
            if len(secret) >= _MIN_SECRET:
                text = text.replace(secret, self._known[secret])
        return text

    def _member(self, found: re.Match[str]) -> str:
        kind = SECRET_FIELDS.get(found[2].lower(), "code")
        return found[1] + self._placeholder(kind, found[3])

    def _placeholder(self, kind: str, secret: str) -> str:
        if not secret or _PLACEHOLDER.fullmatch(secret):
            return secret
        known = self._known.get(secret)
        if known is None:
            self._counts[kind] = self._counts.get(kind, 0) + 1
            known = self._known[secret] = f"REDACTED-{kind}-{self._counts[kind]}"
        return known
