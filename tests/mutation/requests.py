"""Edits of what a client sends: its headers, its address, its body."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from harness.contract import Interaction
from harness.drift.rules import RISKY, RULES

from .answers import AnswerOperator
from .expect import Expected, Mutant, plain
from .oracle import json_type
from .places import NEW, Edit, delete, put, rename
from .sites import Site, edited, types_of
from .subject import Subject

__all__ = ["REQUEST_OPERATORS"]

#: Headers of a request whose values are words of the protocol.
LITERAL = frozenset("accept content-type openai-beta anthropic-beta anthropic-version".split())


class SentHeader(AnswerOperator):
    """The client sends a header more, one less, one by another name, twice, or another word."""

    name = "edit a header of the request"

    def plant(self, subject: Subject) -> Iterator[Mutant]:
        headers = subject.interaction.request.headers
        yield self._with(subject, {**headers, f"x-{NEW}": ("a text",)}, "added", f"x-{NEW}")
        for name, values in headers.items():
            less = {one: value for one, value in headers.items() if one != name}
            yield self._with(subject, less, "removed", name)
            yield self._with(subject, {**less, f"{name}-{NEW}": values}, "renamed", name)
            if len(values) == 1:
                twice = {**headers, name: (*values, *values)}
                yield self._with(subject, twice, "became-repeated", name)
            if name in LITERAL:
                yield self._with(subject, {**headers, name: (NEW,)}, "value-changed", name)

    def _with(self, subject: Subject, headers: Any, word: str, name: str) -> Mutant:
        sent = replace(subject.interaction.request, headers=headers)
        interaction = replace(subject.interaction, request=sent)
        rule = f"client-header-{word}"
        return self.mutant(subject, f"{word} {name}", interaction, rule, pointer=f"/header/{name}")


class SentAddress(AnswerOperator):
    """The client asks by another method, at another address, or with another query."""

    name = "edit the address"

    def plant(self, subject: Subject) -> Iterator[Mutant]:
        uri = subject.interaction.request.uri
        url, _, query = uri.partition("?")
        yield self._with(subject, f"{uri}{'&' if query else '?'}{NEW}=1", "client-query-added",
                         f"/query/{NEW}")  # fmt: skip
        for part in query.split("&") if query else ():
            name, _, value = part.partition("=")
            rest = [one for one in query.split("&") if one != part]
            less = f"{url}?{'&'.join(rest)}".rstrip("?")
            pointer = f"/query/{name}"
            yield self._with(subject, less, "client-query-removed", pointer)
            renamed = "&".join([*rest, f"{name}_{NEW}={value}"])
            yield self._with(subject, f"{url}?{renamed}", "client-query-renamed", pointer)
        moved = uri.replace(url, f"{url}/{NEW}", 1)
        yield self._with(subject, moved, "client-url-changed", "/url")
        other = "PUT" if subject.interaction.request.method == "POST" else "POST"
        sent = replace(subject.interaction.request, method=other)
        interaction = replace(subject.interaction, request=sent)
        rule = "client-method-changed"
        yield self.mutant(subject, other, interaction, rule, pointer="/method")

    def _with(self, subject: Subject, uri: str, rule: str, pointer: str) -> Mutant:
        sent = replace(subject.interaction.request, uri=uri)
        interaction = replace(subject.interaction, request=sent)
        return self.mutant(subject, uri, interaction, rule, pointer=pointer)


class SentField(AnswerOperator):
    """The client sends a field more, one less, by another name, of another type, null.

    Never graver than risky by itself: that a client changes breaks nobody.
    """

    name = "edit a field of the request"

    def plant(self, subject: Subject) -> Iterator[Mutant]:
        for document in subject.request:
            value = {**copy.deepcopy(document.value), NEW: {"a": 1}}
            interaction = subject.with_documents([(document, value)])
            yield self._found(subject, interaction, "client-field-added", f"/body/{NEW}")
        for site in subject.request_sites:
            for edit, rule in self._edits(site):
                value = edited(site.document.value, site.way, edit)
                interaction = subject.with_documents([(site.document, value)])
                pointer = plain(f"/body{site.pointer}")
                yield self._found(subject, interaction, f"client-field-{rule}", pointer)

    def _edits(self, site: Site) -> Iterator[tuple[Edit, str]]:
        if site.is_only and site.parents == 1:
            yield delete, "removed"
            yield rename, "renamed"
        elif site.is_always:
            yield delete, "became-optional"
            yield rename, "renamed"
        around = types_of(site.others)
        if site.value is not None and not site.said.is_blob and "null" not in around:
            kind = "became-nullable" if around else "type-changed"
            yield put(None), kind
        other: Any = NEW if json_type(site.value) in ("number", "boolean", "object") else 7
        is_plain = site.value is not None and not site.said.is_blob and site.name != "type"
        if is_plain and site.is_only:
            yield put(other), "type-changed"
        is_word = (site.said.closed or site.said.is_open) and isinstance(site.value, str)
        if is_word and site.is_only and site.name != "type":
            yield put(f"{NEW}_word"), "value-changed"

    def _found(self, subject: Subject, interaction: Interaction, rule: str, pointer: str) -> Mutant:
        levels = frozenset({RULES[rule].level, RISKY})
        expected = Expected(rule, levels, pointer)
        return Mutant(subject, self.name, f"{rule} {pointer}", interaction, expected)


REQUEST_OPERATORS: tuple[type[AnswerOperator], ...] = (SentHeader, SentAddress, SentField)
