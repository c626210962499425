"""Keeps secrets out of reports: an excerpt of a value that broke a rule can be one.

What is recorded is scrubbed long before; ``validate`` and ``compare`` read any file that they are
given.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

from harness.drift.findings import Finding, Unchecked
from harness.drift.rules import RULES
from harness.report import Report
from harness.standin.redaction import SECRET_FIELDS, SECRET_HEADERS, Redactor

__all__ = ["without_secrets"]

_SECRET_NAMES: Final = SECRET_FIELDS.keys() | SECRET_HEADERS.keys()
#: A text in a message, as JSON or as Python quotes it, that is long enough to be a secret.
_QUOTED: Final = re.compile(r"\"(?:[^\"\\]|\\.){8,}(?:\"|…)|'(?:[^'\\]|\\.){8,}'")
#: The longest name of a type or a form; whatever else is told of a value is the value.
_MAX_WORD: Final = 15


def without_secrets(report: Report) -> Report:
    """The report with placeholders for what is secret by its place or by its looks."""
    return replace(
        report,
        findings=[_finding(one) for one in report.findings],
        waived=[replace(one, finding=_finding(one.finding)) for one in report.waived],
        known=[replace(one, finding=_finding(one.finding)) for one in report.known],
        flaky=[_finding(one) for one in report.flaky],
        unchecked=_left(report.unchecked),
        quarantined=_left(report.quarantined),
        one_sided=_left(report.one_sided),
    )


def _finding(one: Finding) -> Finding:
    # One for each: a placeholder, and so a fingerprint, depends on nothing but the finding.
    redactor = Redactor()
    message, before, after = one.message, one.before, one.after
    if _holds_value(one.rule) and _is_secret_place(one.pointer):
        message = _QUOTED.sub("REDACTED", message)
        before, after = (_hidden(value) for value in (before, after))
    clean = replace(
        one,
        message=redactor.text(message),
        pointer=redactor.text(one.pointer),
        event=None if one.event is None else redactor.text(one.event),
        before=_value(before, redactor),
        after=_value(after, redactor),
        also=tuple(map(redactor.text, one.also)),
        explains=tuple(map(redactor.text, one.explains)),
    )
    # Most findings hold none; theirs stays the same object, fingerprint and all.
    return one if clean == one else clean


def _holds_value(rule: str) -> bool:
    """Whether findings of a rule tell of values: those of two shapes tell of forms alone."""
    return rule not in RULES or RULES[rule].direction == "contract"


def _is_secret_place(pointer: str) -> bool:
    names = [token for token in pointer.lower().split("/") if token and token[0] != "["]
    return bool(names) and names[-1] in _SECRET_NAMES


def _hidden(value: Any) -> Any:
    """A long text of a secret's place; names of types and short words say nothing."""
    return "REDACTED" if isinstance(value, str) and len(value) > _MAX_WORD else value


def _value(value: Any, redactor: Redactor) -> Any:
    if isinstance(value, str):
        return redactor.text(value)
    if isinstance(value, dict):
        return {redactor.text(str(name)): _value(below, redactor) for name, below in value.items()}
    if isinstance(value, list | tuple):
        return [_value(below, redactor) for below in value]
    return value


def _left(items: Sequence[Unchecked]) -> list[Unchecked]:
    return [Unchecked(Redactor().text(one.what), Redactor().text(one.why)) for one in items]
