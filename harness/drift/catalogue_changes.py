"""What has become of the models between two catalogues: each edit once, by the model's name."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from leg.models import Leg, known_models

from .findings import Finding, finding
from .kinds import base_of
from .rules import RISKY, RULES
from .snapshot import parse_field

__all__ = ["claim_shapes", "compare_catalogues"]

Catalogue = Mapping[str, Any]

#: Of which leg a surface is the catalogue: that leg's own table pins its models.
_LEGS: Final[Mapping[str, Leg]] = {"models": "codex", "plan": "plan", "platform": "platform"}

#: What a shape can say about the values of a list's members, and a catalogue says better.
_ABOUT_VALUES: Final = re.compile(
    r"(enum|open)-value-(added|unobserved|changed)|array-now-may-be-(empty|filled)"
    r"|became-(not-)?nullable|null-became-value|value-became-null|limit-(in|de)creased"
    r"|field-unobserved"
)


def compare_catalogues(
    before: Catalogue,
    after: Catalogue,
    *,
    surface: str = "models",
    pinned: Iterable[str] | None = None,
) -> list[Finding]:
    """What has become of the models, each edit once, sorted by model.

    A change that hits several models alike is one finding with the others in ``also``.

    A model that is gone is ``breaking`` if it was the default or is pinned: then somebody asks for
    it by name. Of any other one the evidence cannot tell whether anybody does: ``risky``.

    Args:
        before: the catalogue that holds until now (:func:`catalogue_of`).
        after: the catalogue of today.
        surface: the surface to name in the findings.
        pinned: names that are asked for; by default the current ones of the leg's own table.
    """
    if pinned is None:
        pinned = known_models(_LEGS[surface]) if surface in _LEGS else ()
    comparison = _Comparison(before, after, surface, frozenset(pinned))
    return _once(comparison.findings(), after["at"])


def _once(findings: Iterable[Finding], at: str) -> list[Finding]:
    """The same change of a member in several models is one edit, told of the first of them."""
    kept: dict[tuple[Any, ...], Finding] = {}
    for index, one in enumerate(findings):
        member = _member_of(one, at)
        key: tuple[Any, ...] = (index,)
        if member and one.rule not in ("model-shown", "model-hidden"):
            key = (one.rule, member, repr(one.before), repr(one.after))
        first = kept.setdefault(key, one)
        if first is not one:
            kept[key] = replace(first, also=(*first.also, one.pointer))
    return list(kept.values())


def _member_of(one: Finding, at: str) -> str:
    """The pointer of a member below its model; empty if the finding is about the model itself."""
    return one.pointer.removeprefix(at).lstrip("/").partition("/")[2]


class _Comparison:
    """Two catalogues beside each other."""

    def __init__(
        self, before: Catalogue, after: Catalogue, surface: str, pinned: frozenset[str]
    ) -> None:
        self._before = before
        self._after = after
        self._surface = surface
        self._pinned = pinned | set(before["default"])

    def findings(self) -> Iterator[Finding]:
        here, there = self._before["models"], self._after["models"]
        renamed = _renamed(here, there)
        for slug in sorted(here.keys() | there.keys()):
            if slug not in there:
                yield self._gone(slug, renamed.get(slug))
            elif slug in renamed.values():
                continue
            elif slug not in here:
                yield self._finding("model-added", slug, "", (None, slug))
            else:
                yield from self._model(slug, here[slug], there[slug])
        yield from self._default(here, there)

    def _gone(self, slug: str, fresh: str | None) -> Finding:
        """A model that is gone; with ``fresh`` under another name, which is one edit."""
        gone = self._finding("model-removed", slug, "", (slug, fresh))
        if fresh is not None:
            gone = replace(
                gone, message=f"{gone.message}; {fresh} is new, and all else of it is the same"
            )
        return gone if slug in self._pinned else replace(gone, level=RISKY)

    def _default(self, here: Mapping[str, Any], there: Mapping[str, Any]) -> Iterator[Finding]:
        old, new = self._before["default"], self._after["default"]
        # A model that comes, goes, is shown or hidden has a finding of its own.
        if _differ(old, new) and _is_shown(there, old[0]) and _is_shown(here, new[0]):
            yield finding(
                "model-default-changed",
                f"the default model was {old[0]} and is {new[0]}",
                surface=self._surface,
                pointer=self._after["at"],
                before=old[0],
                after=new[0],
            )

    def _model(
        self, slug: str, here: Mapping[str, Any], there: Mapping[str, Any]
    ) -> Iterator[Finding]:
        for pointer, old, new in _both(here["capabilities"], there["capabilities"]):
            lost = [one for one in old if one not in new]
            gained = [one for one in new if one not in old]
            if lost:
                yield self._finding("model-capability-removed", slug, pointer, (lost, None))
            if gained:
                yield self._finding("model-capability-added", slug, pointer, (None, gained))
        for group, rule_of in _CHANGES.items():
            for pointer, old, new in _both(here[group], there[group]):
                if _differ(old, new):
                    rule = rule_of(old[0], new[0])
                    yield self._finding(rule, slug, pointer, (old[0], new[0]))

    def _finding(self, rule: str, slug: str, pointer: str, change: tuple[Any, Any]) -> Finding:
        before, after = change
        token = slug.replace("~", "~0").replace("/", "~1")
        told = _sentence(rule, before, after) if pointer else RULES[rule].means
        return finding(
            rule,
            f"{slug}{pointer and ' '}{pointer}: {told}",
            surface=self._surface,
            pointer=f"{self._after['at']}/[{token}]{pointer}",
            before=before,
            after=after,
        )


def _renamed(here: Mapping[str, Any], there: Mapping[str, Any]) -> dict[str, str]:
    """Models under another name: of all that a catalogue says of them, only the name changed.

    Only where there is no second choice, on either side.
    """
    gone = {slug: _row(here[slug]) for slug in here.keys() - there.keys()}
    new = {slug: _row(there[slug]) for slug in there.keys() - here.keys()}
    counts = Counter(gone.values()), Counter(new.values())
    names = {row: slug for slug, row in new.items()}
    return {
        slug: names[row]
        for slug, row in gone.items()
        if row != _row({}) and counts[0][row] == counts[1][row] == 1
    }


def _row(model: Mapping[str, Any]) -> str:
    """All that is known of a model, as text; of one of which nothing is, an empty object."""
    return json.dumps({name: group for name, group in model.items() if group}, sort_keys=True)


def _both(
    here: Mapping[str, list[Any]], there: Mapping[str, list[Any]]
) -> Iterator[tuple[str, list[Any], list[Any]]]:
    """The members that both sides have: that one is new or gone, the shape tells."""
    for pointer in sorted(here.keys() & there.keys()):
        yield pointer, here[pointer], there[pointer]


def _differ(old: list[Any], new: list[Any]) -> bool:
    """Whether both sides say one thing, and not the same."""
    return len(old) == 1 and len(new) == 1 and old != new


def _sentence(rule: str, before: Any, after: Any) -> str:
    """What became of a member, in JSON's words."""
    if rule in ("model-shown", "model-hidden"):
        return RULES[rule].means
    if rule == "model-capability-removed":
        return "not true any more" if before == [True] else f"{_names(before)} is gone"
    if rule == "model-capability-added":
        return "true now" if after == [True] else f"{_names(after)} is new"
    return f"{_word(before)} became {_word(after)}"


def _names(values: list[Any]) -> str:
    return ", ".join(map(_word, values))


def _word(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(map(int, re.findall(r"\d+", version)))


def _is_shown(models: Mapping[str, Any], slug: str) -> bool:
    return [True] in models.get(slug, {}).get("shown", {}).values()


def _shown_rule(_old: Any, new: Any) -> str:
    return "model-shown" if new else "model-hidden"


def _minimum_rule(old: Any, new: Any) -> str:
    if not (isinstance(old, str) and isinstance(new, str)):
        return _kind_rule(old, new)
    raised = _numbers(new) > _numbers(old)
    return f"model-minimum-version-{'raised' if raised else 'lowered'}"


def _default_rule(_old: Any, _new: Any) -> str:
    return "model-default-changed"


def _limit_rule(old: Any, new: Any) -> str:
    if not (_is_number(old) and _is_number(new)):
        return _kind_rule(old, new)
    return f"model-limit-{'in' if new > old else 'de'}creased"


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _kind_rule(old: Any, new: Any) -> str:
    """What it is called when one of two values is null, or none that can be compared with it.

    Nothing tells whether null means that there is no limit, or that it is not said any more.
    """
    if new is None:
        return "value-became-null"
    return "null-became-value" if old is None else "type-changed"


#: What it is called when a member of a group is another one.
_CHANGES: Final[Mapping[str, Callable[[Any, Any], str]]] = {
    "shown": _shown_rule,
    "minimum": _minimum_rule,
    "defaults": _default_rule,
    "limits": _limit_rule,
}


def claim_shapes(
    found: Iterable[Finding], said: Iterable[Finding], catalogues: tuple[Catalogue, Catalogue]
) -> list[Finding]:
    """The findings of a shape, less those that the catalogues explain.

    Args:
        found: what the comparison of the shapes found.
        said: what the comparison of the catalogues found.
        catalogues: the two.
    """
    at = f"{catalogues[1]['at']}/[]"
    members = {re.sub(r"/\[[^]]+\]", "/[]", one.pointer, count=1) for one in said}
    other_models = any(one.rule in ("model-added", "model-removed") for one in said)

    def is_explained(one: Finding) -> bool:
        is_of_values = _ABOUT_VALUES.fullmatch(one.rule) or _is_of_lists(one)
        if not one.pointer.startswith(f"{at}/") or not is_of_values:
            return False
        if one.rule == "field-unobserved" and one.explains:
            return False  # what some stood in is no more: that is an edit of its own
        # The list around a value becomes empty or filled with it.
        return other_models or any(
            place == one.pointer or place.startswith(f"{one.pointer}/[]") for place in members
        )

    return [one for one in found if not is_explained(one)]


def _is_of_lists(one: Finding) -> bool:
    """Whether an edit is that no list, or not each, is empty any more; or the other way round."""
    sides = (parse_field(str(side)).atoms for side in (one.before, one.after))
    return one.rule == "type-narrowed" and all(
        {base_of(a) for a in side} == {"array"} for side in sides
    )
