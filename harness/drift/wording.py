"""What a finding of a comparison says: what was there and what is there now, each named once."""

from __future__ import annotations

from typing import Final

from .change import Change
from .pairs import name_of
from .rules import RULES
from .snapshot import parent_of

__all__ = ["told_of"]

#: What a kind of body is called.
_KINDS: Final = {
    "stream": "a stream of events",
    "frames": "the frames of a WebSocket",
    "html": "a page (HTML)",
    "plain": "a text",
    "empty": "nothing",
}
_KIND_RULES: Final = ("answer-kind-changed", "client-body-kind-changed")


def told_of(change: Change) -> str:
    """A sentence about a change, without its place."""
    rule = RULES[change.rule]
    if change.before is None and change.after is None:
        return rule.means
    if change.rule in _KIND_RULES and change.pointer == "/body":
        means = rule.means.partition(":")[0]
        return f"{means}: {_kind(change.before)} became {_kind(change.after)}"
    if change.before is not None and change.after is not None:
        return f"{rule.means}{_from_to(change)}"
    if rule.action == "change":
        old, fresh = (side or "none" for side in (change.before, change.after))
        return f"{rule.means}: {old} became {fresh}"
    below = f", with {change.below} below it" if change.below else ""
    if change.before is None:
        return f"{rule.means} ({change.after}{below})"
    return f"{rule.means} (it was {change.before}{below})"


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
