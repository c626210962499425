"""What a finding of a comparison says: what was there and what is there now, each named once."""

from __future__ import annotations

from typing import Final

from .change import Change
from .pairs import name_of
from .rules import RULES
from .snapshot import parent_of
from .swaps import SWAPPED

__all__ = ["told_of"]

#: What a kind of body is called.
_KINDS: Final = {
    "stream": "a stream of events",
    "frames": "the frames of a WebSocket",
    "html": "a page (HTML)",
    "plain": "a text",
    "empty": "nothing",
    "form": "a form",
}
_ENDS: Final = ("stream-cut", "stream-whole-again", "terminal-event-changed")
#: What stands around the facts of a refusal (:func:`.refusals.envelope_of`), by how that ends.
_AROUND: Final = {"{}": "an object", "[]": "a list", "": "a text"}
_MOVED: Final = "field-moved"
_MEMBERS: Final = ("object-now-empty", "object-now-filled")
_BARE: Final = {"page": "a page (HTML)", "text": "a text", "empty": "nothing", "json": "JSON"}
_KIND_RULES: Final = ("answer-kind-changed", "client-body-kind-changed")


def told_of(change: Change) -> str:
    """A sentence about a change, without its place."""
    rule = RULES[change.rule]
    if change.before is None and change.after is None:
        return rule.means
    if change.rule in _KIND_RULES and change.pointer == "/body":
        means = rule.means.partition(":")[0]
        return f"{means}: {_kind(change.before)} became {_kind(change.after)}"
    if change.rule in _ENDS:
        old, fresh = (side or "none" for side in (change.before, change.after))
        return f"{rule.means}: the last one is {fresh} now; it was {old}"
    if change.rule == "error-envelope-changed" and change.pointer == "/body":
        return f"{rule.means}: {_envelope(change.before)} became {_envelope(change.after)}"
    if change.rule == "content-type-changed" and (told := _parameters(change)):
        return told
    if change.rule == SWAPPED or (change.rule == _MOVED and change.explains):
        return _of_two_places(change)
    if change.before is not None and change.after is not None:
        return f"{rule.means}{_of_some(change) or _from_to(change)}"
    if rule.action == "change":
        old, fresh = (side or "none" for side in (change.before, change.after))
        return f"{rule.means}: {old} became {fresh}"
    below = f", with {change.below} below it" if change.below else ""
    if change.before is None:
        return f"{rule.means} ({change.after}{below})"
    return f"{rule.means} (it was {change.before}{below})"


def _of_two_places(change: Change) -> str:
    """What two places have to do with each other, of which the one has what the other had."""
    old, fresh = (name_of(str(side)) for side in (change.before, change.after))
    if change.rule == SWAPPED:
        return f"{RULES[SWAPPED].means}: {old} and {fresh}"
    return f"what stood at {old} stands at {fresh} now, in the place of another value"


def _of_some(change: Change) -> str:
    """The members that some of several objects lost or got; ``""`` if it is no such edit."""
    if change.rule not in _MEMBERS:
        return ""
    sides = sorted((str(change.before), str(change.after)))
    return f", in some of several: {sides[1]}" if sides[0] == f"? {sides[1]}" else ""


def _from_to(change: Change) -> str:
    old, fresh = str(change.before), str(change.after)
    if old != change.pointer or not fresh.startswith("/"):
        return f": {old} became {fresh}"
    # Two places, of which the message begins with the one.
    if parent_of(old) == parent_of(fresh):
        return f": {name_of(old)} is {name_of(fresh)} now"
    return f", at {fresh} now"


def _kind(form: str | None) -> str:
    if form is None:
        return "nothing"
    return _KINDS.get(form, f"JSON ({form})")


def _envelope(name: str | None) -> str:
    word = str(name)
    if word in _BARE or word == "{}":
        return _BARE.get(word, "a bare object")
    if word.startswith("event "):
        return f"the {word}"
    ending = word[-2:] if word[-2:] in _AROUND else ""
    return f'{_AROUND[ending]} below "{word.removesuffix(ending)}"'


def _parameters(change: Change) -> str:
    """Of a body of the same media type, what is said besides; ``""`` if it is of another one."""
    sides = [str(side).strip('"') for side in (change.before, change.after)]
    types, said = zip(*(side.partition("; ")[::2] for side in sides), strict=True)
    if types[0] != types[1] or " | " in "".join(sides):
        return ""
    what = "the charset" if all("charset=" in one or not one for one in said) else "a parameter"
    old, fresh = (one or "none" for one in said)
    return f"the body is {types[0]} as before, and only {what} differs: {old} became {fresh}"
