"""What nobody has looked at is no difference: snapshots less what one of the two does not show."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final, TypeVar

from .grants import HIDDEN
from .snapshot import Snapshot

__all__ = ["BODY", "PACKED", "REQUEST_BODY", "less", "without"]

_Any = TypeVar("_Any")

#: The form of a body in a content-encoding that nobody here can undo.
PACKED: Final = "packed"
#: The places of the two bodies, among those that are not known.
BODY: Final = "/body"
REQUEST_BODY: Final = "/request/body"

#: What is read from the body of an answer, and kept beside it.
_OF_BODY: Final = ("catalogue", "sequences", "events")
#: The form of a token, behind the word.
_FORM: Final = re.compile(r"(?<=\btoken)\((?:jwt|opaque)\)")
#: Where it stands how a stream came and ended.
_OF_STREAM: Final = ("/framing", "/ended")


def without(before: Snapshot, after: Snapshot, places: Iterable[str]) -> tuple[Snapshot, Snapshot]:
    """Two snapshots less these places: of the answer, or the bodies (:data:`BODY`, …)."""
    before, after = _without_hidden(before, after)
    places = tuple(places)
    if not places:
        return before, after
    of_answer = tuple(one for one in places if one != REQUEST_BODY)
    sides = [
        {**one, "response": less(one.get("response", {}), of_answer)} for one in (before, after)
    ]
    if REQUEST_BODY in places:
        sides = [{**one, "request": less(one.get("request", {}), (BODY,))} for one in sides]
    if BODY in places:
        left_out = [*_OF_BODY]
        status = [one["response"].get("/status") for one in sides]
        # How it was refused, the body says; that it was, the status.
        left_out += ["refusal"] * (status[0] == status[1])
        sides = [
            {
                **{name: part for name, part in one.items() if name not in left_out},
                "response": less(one["response"], _OF_STREAM),
            }
            for one in sides
        ]
    return sides[0], sides[1]


def _without_hidden(before: Snapshot, after: Snapshot) -> tuple[Snapshot, Snapshot]:
    """Less the forms of tokens where one of the two had them taken out; an empty one stays so."""
    sides = [before, after]
    for half in ("request", "response"):
        fields = [side.get(half, {}) for side in sides]
        both = fields[0].keys() & fields[1].keys()
        hidden = [place for place in both if any(_is_hidden(one[place]) for one in fields)]
        if hidden:
            sides = [
                {**side, half: {**one, **{place: _FORM.sub("", one[place]) for place in hidden}}}
                for side, one in zip(sides, fields, strict=True)
            ]
    return sides[0], sides[1]


def _is_hidden(line: str) -> bool:
    return HIDDEN in line.removeprefix("? ").split(" | ")


def less(fields: Mapping[str, _Any], places: tuple[str, ...]) -> dict[str, _Any]:
    """The fields, or their lines, less these places and all below them."""
    below = tuple(f"{place}/" for place in places)
    return {
        place: one
        for place, one in fields.items()
        if place not in places and not place.startswith(below)
    }
