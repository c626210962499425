"""What an answer only repeats of its request: asked in another way, it says it in another way."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from .claims import is_near, with_consequence
from .findings import Finding
from .forms import is_word
from .kinds import base_of
from .snapshot import Field, Snapshot, parse_field

__all__ = ["with_echoes"]

#: Where the members begin that a response repeats: of a request, of a frame, of its answer.
_ASKED: Final = re.compile(r"/body(?=/)|/frame/[^/]+(?=/)")
_ANSWERED: Final = re.compile(r"/response(?=/)|/body(?=/)")
_PARAM: Final = "error-param-changed"


def with_echoes(found: Iterable[Finding], after: Snapshot) -> list[Finding]:
    """The findings, those of a value that the answer repeats told with the request's.

    Args:
        found: of one comparison.
        after: the newer side: an answer repeats its request if it says what was asked there.
    """
    findings = list(found)
    asked = [one for one in findings if one.direction == "request"]
    sent: Mapping[str, str] = after.get("request", {})
    for one in findings[:]:
        cause = next((each for each in asked if _is_echo(one, each, sent)), None)
        if cause is not None:
            at = findings.index(cause)
            asked[asked.index(cause)] = findings[at] = with_consequence(cause, one)
            findings.remove(one)
    return findings


def _is_echo(one: Finding, asked: Finding, sent: Mapping[str, str]) -> bool:
    if one.direction != "response":
        return False
    place = _ASKED.match(asked.pointer)
    if place is None:
        return False
    member = asked.pointer[place.end() :]
    if one.rule == _PARAM:
        return member.removeprefix("/") in (_name(one.before), _name(one.after))
    answered = _ANSWERED.match(one.pointer)
    if answered is None or not is_near(one.pointer[answered.end() :], member):
        return False
    if asked.after is None:
        return True  # what is not asked any more is answered as usual
    there = sent.get(place[0] + one.pointer[answered.end() :])
    return there is not None and one.after is not None and _says(parse_field(there), one.after)


def _says(asked: Field, answered: Any) -> bool:
    """Whether an answer is what was asked for, as far as the two schemas keep it."""
    atoms = parse_field(str(answered)).atoms
    if not {base_of(one) for one in atoms} <= {base_of(one) for one in asked.atoms} | {"null"}:
        return False
    words = [{one.lstrip("~") for one in side if is_word(one)} for side in (atoms, asked.atoms)]
    return not words[1] or words[0] <= words[1]


def _name(param: Any) -> str:
    """The member of a request that a refusal names (``reasoning.effort``)."""
    word = str(param).lstrip("~").strip('"')
    return re.sub(r"\[[^\]]*\]", "/[]", word).replace(".", "/")
