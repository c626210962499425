"""What all edits of one place of an answer have in common; and the edits of many operators."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any, ClassVar

from harness.contract import Interaction
from harness.drift.rules import BREAKING

from .expect import Expected, Mutant, expected_at, expected_in_refusal
from .oracle import said_about
from .sites import Site, edited
from .subject import Subject

__all__ = [
    "NEW",
    "Edit",
    "FieldOperator",
    "delete",
    "expected_of",
    "in_refusal",
    "is_in_map",
    "place_of",
    "put",
    "rename",
]

Edit = Callable[[Any, Any], None]

#: A word that no schema knows.
NEW = "planted"


def in_refusal(subject: Subject, site: Site) -> bool:
    """Whether a place belongs to what a refusal says."""
    if not subject.is_stream:
        return subject.is_refusal
    if (
        subject.outcome(subject.interaction).startswith("(")
        or subject.outcome(subject.interaction) == "ok"
    ):
        return False
    place = f"{site.pointer}/"
    label = site.document.label
    return (label == "error" and place.startswith("/error/")) or (
        label == "response.failed" and place.startswith("/response/error/")
    )


class FieldOperator:
    """One kind of edit of one place of an answer."""

    name: ClassVar[str]

    def plant(self, subject: Subject) -> Iterator[Mutant]:
        """Every mutant of one exchange: one for each place where the edit is possible."""
        for site in subject.sites:
            for edit, rule, pointer in self.edits(site):
                yield self._mutant(subject, site, edit, rule, pointer)

    def edits(self, site: Site) -> Iterator[tuple[Edit, str, str | None]]:
        """Each edit of a place: what to do, the rule for it, and where to look for it."""
        raise NotImplementedError

    def _mutant(
        self, subject: Subject, site: Site, edit: Edit, rule: str, pointer: str | None
    ) -> Mutant:
        fits = in_catalogue(subject, site, rule)
        value = edited(site.document.value, site.way, edit)
        interaction = subject.with_documents([(site.document, value)])
        expected = expected_of(subject, site, fits, interaction, value, pointer=pointer)
        if fits != rule == "array-now-may-be-empty":
            expected = replace(expected, pointer=None)  # found at the items that are gone
        return Mutant(subject, self.name, place_of(site), interaction, expected)


def expected_of(
    subject: Subject,
    site: Site,
    rule: str,
    interaction: Interaction,
    document: Any,
    *,
    pointer: str | None = None,
) -> Expected:
    """What an edit must be found as, in an answer or in what a refusal says."""
    if in_refusal(subject, site):
        return expected_in_refusal(subject, site, rule, interaction, document)
    expected = expected_at(subject, site, rule, document, pointer=pointer)
    says, member = member_of_model(subject, site)
    capabilities = {one.partition("/[]")[0] for one in says.get("capabilities", ())}
    if rule in ("became-nullable", "value-became-null") and member in capabilities:
        # That a model has lost what it could do follows, and is graver than null by itself.
        return replace(expected, levels=expected.levels | {BREAKING})
    return expected


def in_catalogue(subject: Subject, site: Site, rule: str) -> str:
    """The rule for an edit of a member of a model, if a schema says what the member means."""
    says, member = member_of_model(subject, site)
    return _of_model(says, member, rule) if says else rule


def member_of_model(subject: Subject, site: Site) -> tuple[Mapping[str, Any], str]:
    """What a schema says of the members of models, and which of them a place is; or nothing."""
    document = site.document
    for size, token in enumerate(site.way):
        said = said_about(subject.schemas, document.schema, document.value, site.way[:size])
        if said.catalogue is not None and isinstance(token, int):
            way = "".join(f"/{one}" for one in site.way[size + 1 :])
            return said.catalogue, re.sub(r"/\d+(?=/|$)", "/[]", way)
    return {}, ""


def _of_model(says: Mapping[str, Any], member: str, rule: str) -> str:
    """What an edit of a member of a model is: another default, a limit that is null now."""
    lists = {one.partition("/[]")[0] for one in says["capabilities"] if "/[]" in one}
    kinds = {
        "word": rule.startswith(("open-value-", "enum-value-")),
        "null": rule in ("became-nullable", "value-became-null"),
        "filled": rule == "null-became-value",
        "emptied": rule == "array-now-may-be-empty",
    }
    table = (
        ("word", member == says["shown"]["at"], "model-hidden"),
        ("word", member in says["defaults"], "model-default-changed"),
        ("word", member in says["capabilities"], "model-capability-removed"),
        ("emptied", member in lists, "model-capability-removed"),
        ("null", member in (*says["limits"], says["minimum"]), "value-became-null"),
        ("filled", member in says["defaults"], "model-default-changed"),
    )
    return next((fits for kind, is_it, fits in table if kinds[kind] and is_it), rule)


def place_of(site: Site) -> str:
    return f"{site.document.label or '/body'} {site.pointer}"


def is_in_map(site: Site) -> bool:
    """Below a map the keys are volatile: that one of them is there says nothing."""
    return site.pointer.rpartition("/")[2] == "{}"


def delete(holder: Any, key: Any) -> None:
    """Leave a member out."""
    del holder[key]


def rename(holder: Any, key: Any) -> None:
    """Give a member another name, at its place among the others."""
    items = list(holder.items())
    holder.clear()
    holder.update({f"{name}_{NEW}" if name == key else name: value for name, value in items})


def put(value: Any) -> Edit:
    """The edit that puts a value at a place."""

    def edit(holder: Any, key: Any) -> None:
        holder[key] = value

    return edit
