"""Edits of an answer outside of its values: status, headers, the kind of its body; refusals."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import ClassVar

from harness.contract import Interaction
from harness.drift.rules import BREAKING, RISKY, RULES

from .expect import Expected, Mutant, is_named
from .places import NEW
from .streams import dumps
from .subject import Subject

__all__ = ["ANSWER_OPERATORS", "AnswerOperator"]

Headers = Mapping[str, tuple[str, ...]]

#: Headers whose values are words of the protocol: there a value is another one, not another form.
LITERAL = frozenset("content-encoding cf-mitigated transfer-encoding www-authenticate".split())


class AnswerOperator:
    """One kind of edit of an answer outside of its values."""

    name: ClassVar[str]

    def plant(self, subject: Subject) -> Iterator[Mutant]:
        """Every mutant of one exchange."""
        raise NotImplementedError

    def mutant(
        self,
        subject: Subject,
        what: str,
        interaction: Interaction,
        rule: str,
        *,
        pointer: str | None = None,
        level: str | None = None,
    ) -> Mutant:
        levels = {level or RULES[rule].level}
        if pointer is not None and is_named(subject, pointer):
            levels.add(BREAKING)
        expected = Expected(rule, frozenset(levels), pointer)
        return Mutant(subject, self.name, what, interaction, expected)


class HeaderEdited(AnswerOperator):
    """A header is gone, new, has another name, another form, or comes twice.

    By one exchange alone nobody can tell for sure that a header is gone: that is risky.
    """

    name = "edit a header"

    def plant(self, subject: Subject) -> Iterator[Mutant]:
        headers = subject.interaction.headers
        fresh = {**headers, f"x-{NEW}": ("some text",)}
        yield self._with(subject, fresh, "header-added", f"x-{NEW}")
        for name, values in headers.items():
            yield from self._edits(subject, name, values)

    def _edits(self, subject: Subject, name: str, values: tuple[str, ...]) -> Iterator[Mutant]:
        headers = subject.interaction.headers
        less = {one: value for one, value in headers.items() if one != name}
        is_coding = name == "content-encoding"
        gone = "encoding-changed" if is_coding else "header-removed"
        yield self._with(subject, less, gone, name, level=RISKY)
        if not is_coding:
            renamed = {**less, f"{name}-{NEW}": values}
            yield self._with(subject, renamed, "header-renamed", name)
        twice = {**headers, name: (*values, *values)}
        if len(values) == 1 and not is_coding:
            yield self._with(subject, twice, "header-became-repeated", name)
        other = self._other_form(name, values[0])
        if other is not None:
            rule = "header-value-format-changed"
            if name == "content-type":
                rule = "content-type-changed"
            elif name in LITERAL:
                rule = "encoding-changed" if is_coding else "header-value-changed"
            yield self._with(subject, {**headers, name: (other,)}, rule, name)

    def _other_form(self, name: str, value: str) -> str | None:
        if name == "content-type" or name in LITERAL:
            return f"{NEW}/{NEW}"
        if value.replace(".", "", 1).isdigit():
            return "soon" if value else None
        return None

    def _with(
        self, subject: Subject, headers: Headers, rule: str, name: str, level: str | None = None
    ) -> Mutant:
        interaction = replace(subject.interaction, headers=headers)
        what = f"{rule} {name}"
        pointer = f"/header/{name}"
        if subject.outcome(interaction) != subject.outcome(subject.interaction):
            rule, level = "error-outcome-changed", None  # the leg goes by this header
        found = self.mutant(subject, what, interaction, rule, pointer=pointer, level=level)
        if found.expected is not None and _breaks(subject, headers):
            expected = replace(found.expected, levels=frozenset({BREAKING}))
            return replace(found, expected=expected)
        return found


def _breaks(subject: Subject, headers: Headers) -> bool:
    """Whether the headers do not keep their schema any more, as the validator says."""
    path = subject.endpoint.headers if subject.endpoint is not None else None
    if path is None:
        return False
    validator = subject.schemas.validator(path)
    sides = [
        {name: ", ".join(values) for name, values in side.items()}
        for side in (subject.interaction.headers, headers)
    ]
    counts = [sum(1 for _ in validator.iter_errors(side)) for side in sides]
    return counts[1] > counts[0]


class HeaderWord(AnswerOperator):
    """A header with a word of a closed or open set has another one."""

    name = "change the word of a header"

    def plant(self, subject: Subject) -> Iterator[Mutant]:
        from .oracle import said_about

        path = subject.endpoint.headers if subject.endpoint is not None else None
        headers = subject.interaction.headers
        joined = {name: ", ".join(values) for name, values in headers.items()}
        for name in headers:
            said = said_about(subject.schemas, path, joined, (name,))
            if (said.closed or said.is_open) and name not in LITERAL | {"content-type"}:
                other = {**headers, name: (f"{NEW}_word",)}
                interaction = replace(subject.interaction, headers=other)
                rule, pointer = "header-value-changed", f"/header/{name}"
                if subject.outcome(interaction) != subject.outcome(subject.interaction):
                    rule = "error-outcome-changed"
                level = BREAKING if _breaks(subject, other) else None
                yield self.mutant(subject, name, interaction, rule, pointer=pointer, level=level)


class StatusEdited(AnswerOperator):
    """An answer has another status of its class; a refusal has another one, of its class or not.

    Where the leg takes the refusal for another one then, this is what is said.
    """

    name = "change the status"

    def plant(self, subject: Subject) -> Iterator[Mutant]:
        status = subject.interaction.status
        if status == 101:
            return
        if status < 300:
            interaction = replace(subject.interaction, status=203)
            is_refusal = subject.is_stream and not _is_answer(subject)
            rule = "error-status-changed" if is_refusal else "status-changed"
            yield self.mutant(subject, "203", interaction, rule, pointer="/status")
            return
        for other in (418, 422, 403, 404, 500):
            if other == status:
                continue
            interaction = replace(subject.interaction, status=other)
            rule = "error-status-changed" if other // 100 == status // 100 else (
                "status-class-changed"
            )  # fmt: skip
            if subject.outcome(interaction) != subject.outcome(subject.interaction):
                rule = "error-outcome-changed"
            level = BREAKING if _names_status(subject) else None
            yield self.mutant(
                subject, str(other), interaction, rule, pointer="/status", level=level
            )


def _is_answer(subject: Subject) -> bool:
    """Whether the leg makes an answer of it, or at least no refusal."""
    outcome = subject.outcome(subject.interaction)
    return outcome == "ok" or outcome.startswith("(")


def _names_status(subject: Subject) -> bool:
    """Whether the body says the status again: then it says another one than the answer."""
    body = subject.exchange.payload()
    return isinstance(body, dict) and any(
        isinstance(body.get(name), int) for name in ("status", "status_code")
    )


class BodyReplaced(AnswerOperator):
    """Instead of its body an answer has a page, a text, nothing, or half of it."""

    name = "replace the body"

    def plant(self, subject: Subject) -> Iterator[Mutant]:
        if not subject.documents or subject.is_stream:
            return
        text = subject.text
        for what, body in (
            ("page", "<!DOCTYPE html><html><title>Oops</title></html>"),
            ("text", "Something went wrong"),
            ("nothing", ""),
            ("half", text[: len(text) // 2]),
        ):
            interaction = replace(subject.interaction, body=body)
            rule = "error-envelope-changed" if subject.is_refusal else "answer-kind-changed"
            yield self.mutant(subject, what, interaction, rule, pointer="/body")


class StreamReplaced(AnswerOperator):
    """Instead of a stream of events there is one body.

    Not where a header says that it is a stream: then this is one without events.
    """

    name = "replace the stream"

    def plant(self, subject: Subject) -> Iterator[Mutant]:
        if subject.is_stream and "content-type" not in subject.interaction.headers:
            last = dumps(subject.blocks[-1].payload.get("response", {}))
            for what, body in (("its response", last), ("a page", "<html></html>")):
                one = replace(subject.interaction, body=body, stream=None)
                yield self.mutant(subject, what, one, "answer-kind-changed", pointer="/body")


ANSWER_OPERATORS: tuple[type[AnswerOperator], ...] = (
    HeaderEdited, HeaderWord, StatusEdited, BodyReplaced, StreamReplaced,
)  # fmt: skip
