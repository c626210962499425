"""What a backend refuses, and with which answer: the files below ``rulebook/``."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from ._build import Place
from ._errors import ContractError
from ._keywords import keyword_faults
from ._model import Cassette, Probe, Source

__all__ = ["Rule", "build_rule", "check_rule", "check_rule_answer"]

#: What an adaptation can put into a refusal.
PLACEHOLDERS: Final = frozenset({"model", "parameter", "value", "values", "id", "length", "prefix"})
_PLACEHOLDER: Final = re.compile(r"\{(\w*)\}")


@dataclass(frozen=True, slots=True)
class Rule:
    """One thing that a backend refuses.

    Attributes:
        id: the name of its file.
        surface: whose rule it is.
        endpoints: where it is enforced, in the words of the scenarios.
        transport: ``both``, ``http`` or ``websocket``.
        since: the first day on which it was seen enforced, or ``None``.
        until: the first day on which it no longer was, or ``None``.
        request: a JSON Schema over the request; one that is not valid breaks the rule.
        refuse: the id of the probe whose cassette is the refusal.
        adapt: texts of the refusal, with what the request puts in their place.
        strict_only: whether only a strict stand-in enforces it.
    """

    id: str
    title: str
    surface: str
    endpoints: tuple[str, ...]
    transport: str
    since: str | None
    until: str | None
    request: Mapping[str, Any] = field(repr=False)
    refuse: str
    adapt: Mapping[str, str]
    strict_only: bool
    sources: tuple[Source, ...] = field(repr=False)
    path: str

    def in_force(self, day: str) -> bool:
        """Whether it was enforced on a day (``YYYY-MM-DD``)."""
        return (self.since is None or self.since <= day) and (
            self.until is None or day < self.until
        )


def build_rule(document: Any, path: str) -> Rule:
    """The rule in a parsed file that its schema has found sound.

    Raises:
        ContractError: a value has not the type that a rule promises.
    """
    root = Place(document, path)
    return Rule(
        id=root.text("id"),
        title=root.text("title"),
        surface=root.text("surface"),
        endpoints=tuple(one.typed(str) for one in root.items("endpoints")),
        transport=root.text("transport"),
        since=root.maybe_text("since"),
        until=root.maybe_text("until"),
        request=root.at("request").typed(dict),
        refuse=root.text("refuse"),
        adapt=root.texts("adapt"),
        strict_only=root.at("strict_only").value is True,
        sources=tuple(
            Source(source.text("ref"), source.maybe_text("date"), source.maybe_text("says"))
            for source in root.items("sources")
        ),
        path=path,
    )


def check_rule(rule: Rule) -> Iterator[ContractError]:
    """The faults of one rule by itself."""
    wanted = rule.path.removeprefix("rulebook/").removesuffix(".yaml")
    if rule.id != wanted:
        yield ContractError(
            rule.path, "/id", f"is {rule.id!r}", f"make it {wanted!r}, the name of the file"
        )
    for fault in keyword_faults(rule.request, "/request"):
        yield ContractError(rule.path, *fault)
    if rule.since is not None and rule.until is not None and rule.since >= rule.until:
        yield ContractError(
            rule.path, "/until", f"is not after since ({rule.since})", "mend one of the two"
        )
    if not any(source.date for source in rule.sources):
        yield ContractError(
            rule.path, "/sources", "not one of them has a date", "say when it was seen"
        )
    for old, new in rule.adapt.items():
        strange = set(_PLACEHOLDER.findall(new)) - PLACEHOLDERS
        if strange:
            known = ", ".join(sorted(f"{{{name}}}" for name in PLACEHOLDERS))
            yield ContractError(
                rule.path, f"/adapt/{old}", f"has a placeholder that is none: {strange}", known
            )


def check_rule_answer(
    rule: Rule, probes: Mapping[str, Probe], cassettes: Mapping[str, Cassette]
) -> Iterator[ContractError]:
    """Whether the contract has the answer of a rule, and whether that is a refusal."""
    if rule.refuse not in probes:
        yield ContractError(
            rule.path,
            "/refuse",
            f"there is no probe {rule.refuse!r}",
            "a rule is a probe too: write it, or mend the name",
        )
        return
    cassette = cassettes.get(rule.refuse)
    if cassette is None:
        return  # that its probe has no cassette is said of the probe
    answer = cassette.interactions[0]
    if answer.status < 400:
        yield ContractError(
            rule.path, "/refuse", f"answers {answer.status}", "name the probe of a refusal"
        )
    body = answer.body if isinstance(answer.body, str) else answer.body.decode("utf-8", "replace")
    for text in rule.adapt:
        if text not in body:
            yield ContractError(
                rule.path, f"/adapt/{text}", f"is not in {cassette.path}", "mend the text"
            )
