"""One edit is one finding: in however many runs, over both transports, in a header and its copy."""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Final

from harness.drift.change import Change
from harness.drift.findings import Evidence, Finding, finding
from harness.drift.naming import rule_at
from harness.drift.rules import LEVELS, RULES
from harness.drift.snapshot import parse_field
from harness.reference.wire.calls import Call

from .edits import Edit, Paired

__all__ = ["findings_of"]

_CAME: Final = frozenset({"field-added", "union-member-added"})
_WENT: Final = frozenset({"field-removed", "union-member-removed", "field-unobserved"})
#: The same, of a place that has been there in some requests, or still is.
_OFTENER: Final[Mapping[str, str]] = {
    "field-became-always-present": "came",
    "field-became-optional": "went",
}
_PAIRS: Final = frozenset({"field-renamed", "field-moved"})
#: Slashes in the place of a header.
_OF_HEADER: Final = 2
#: Over a WebSocket the body of a request is a frame of this type.
_FRAME: Final = re.compile(r"\A/frame/response\.create(?=/|\Z)")
#: Headers that a client repeats in the metadata of its body, where there is no other way.
_COPY: Final = re.compile(r"\A/body/client_metadata/(?=x-)")
_WS_COPY: Final = re.compile(r"\A/body/client_metadata/ws_request_header_(\w+)")


def findings_of(paired: Paired) -> list[Finding]:
    """The findings that the edits of all pairs of requests make, each edit once."""
    groups: dict[Hashable, list[Edit]] = {}
    for one in paired.edits:
        groups.setdefault(_identity(one.change), []).append(one)
    kept = _without_parts(_folded(groups))
    return [_finding(group, paired.pairs) for group in kept.values()]


def home_of(pointer: str) -> str:
    """A place as it is called over HTTPS, and a copied header as the header."""
    place = _COPY.sub("/header/", _over_https(pointer))
    return _WS_COPY.sub(lambda found: "/header/" + found[1].replace("_", "-"), place)


def _over_https(pointer: str) -> str:
    return _FRAME.sub("/body", pointer)


def _identity(change: Change) -> tuple[Hashable, ...]:
    place = home_of(change.pointer)
    if change.rule in _CAME:
        return ("came", place)
    if change.rule in _WENT:
        return ("went", place)
    if change.rule in _PAIRS:
        return ("renamed", place, home_of(change.after or ""))
    before, after = (parse_field(side or "").atoms for side in (change.before, change.after))
    return (change.rule, place, before - after, after - before)


def _folded(groups: Mapping[Hashable, list[Edit]]) -> dict[Hashable, list[Edit]]:
    """With what is there always now among what is new, where that is the same place elsewhere."""
    found = dict(groups)
    for key, group in groups.items():
        change = group[0].change
        way = _OFTENER.get(change.rule)
        if way is not None and (way, home_of(change.pointer)) in found:
            found[way, home_of(change.pointer)] = [*found[way, home_of(change.pointer)], *group]
            del found[key]
    return found


def _without_parts(groups: Mapping[Hashable, list[Edit]]) -> dict[Hashable, list[Edit]]:
    """Less what came with the thing that it is a part of, or went with it, in other requests."""
    wholes = {
        (way, place)
        for way, rules in (("came", _CAME), ("went", _WENT))
        for group in groups.values()
        for one in group
        if one.change.rule in rules
        for place in (home_of(one.change.pointer), _over_https(one.change.pointer))
    }

    def is_part(one: Edit) -> bool:
        change = one.change
        way = "came" if change.rule in _CAME else "went" if change.rule in _WENT else ""
        return any(
            (way, above) in wholes
            for place in {home_of(change.pointer), _over_https(change.pointer)}
            for above in _above(place)
        )

    kept = {key: [one for one in group if not is_part(one)] for key, group in groups.items()}
    return {key: group for key, group in kept.items() if group}


def _above(place: str) -> Iterator[str]:
    parts = place.split("/")
    return ("/".join(parts[:size]) for size in range(3, len(parts)))


def _finding(group: list[Edit], pairs: Mapping[tuple[Call, bool], int]) -> Finding:
    first = _told_of(group)
    change, request = first.change, first.request
    rule = _rule_of(change)
    where = {f"{one.request.vantage} {one.change.pointer}": one for one in group}
    also = [place for place, one in where.items() if one is not first]
    requests = {id(one.request): (one.request.call, bool(one.request.label)) for one in group}
    of = sum(pairs.get(kind, 0) for kind in set(requests.values()))
    found = finding(
        rule,
        f"{_where(group, first)}{change.pointer}: {_told(rule, change)}",
        surface=request.surface,
        direction="request",
        pointer=change.pointer,
        before=change.before,
        after=change.after,
        evidence=Evidence(len(requests), max(of, len(requests))),
    )
    mine = f"{request.vantage} {change.pointer}"
    return replace(found, probe=request.vantage, also=tuple(one for one in also if one != mine))


def _where(group: list[Edit], first: Edit) -> str:
    """Which calls it is about, if that is not told by the surface."""
    if first.request.is_turn:
        return ""
    others = len({one.request.call for one in group}) - 1
    more = f" and {others} more" if others else ""
    return f"{first.request.call.name}{more}, "


def _rule_of(change: Change) -> str:
    is_member = change.pointer.startswith("/header/") and change.pointer.count("/") > _OF_HEADER
    # A member of a header's JSON is a field like any other.
    return rule_at("request", "/body/x" if is_member else change.pointer, change.rule)


def _told_of(group: list[Edit]) -> Edit:
    """The edit that stands for all of them: the gravest, in the place that the others copy."""

    def weight(one: Edit) -> tuple[int, bool, bool]:
        level = LEVELS.index(RULES[_rule_of(one.change)].level)
        is_copy = home_of(one.change.pointer) != one.change.pointer
        return level, one.change.rule in _OFTENER, is_copy

    return min(group, key=weight)


def _told(rule: str, change: Change) -> str:
    means = RULES[rule].means
    if RULES[rule].action == "change" and None in (change.before, change.after):
        old, fresh = (side or "none" for side in (change.before, change.after))
        return f"{means}: {old} became {fresh}"
    below = f", with {change.below} below it" if change.below else ""
    if change.before is None:
        return f"{means} ({change.after}{below})"
    if change.after is None:
        return f"{means} (it was {change.before}{below})"
    if change.rule in _PAIRS:
        return f"{means}: {change.before} became {change.after}"
    return f"{means}: {'; '.join(_differing(change.before, change.after))}"


def _differing(before: str, after: str) -> Iterator[str]:
    """What is different between two lines of atoms, without what they have in common."""
    sides = [parse_field(one).atoms for one in (before, after)]
    gone, new = sides[0] - sides[1], sides[1] - sides[0]
    if gone and new and len(gone) == len(new) == 1:
        yield f"{_listed(gone)} became {_listed(new)}"
        return
    if new:
        yield f"new: {_listed(new)}"
    if gone:
        yield f"gone: {_listed(gone)}"
    if not gone and not new:
        yield f"{before} became {after}"


def _listed(atoms: Iterable[str]) -> str:
    return ", ".join(sorted(atoms))
