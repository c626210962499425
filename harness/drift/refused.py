"""What changed where at least one of two exchanges is a refusal. It is judged as one, only."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from .change import Change
from .outcomes import Meaning, meaning_of
from .rules import LEVELS, RULES
from .snapshot import Snapshot
from .typenames import base_of_label

__all__ = ["RefusalEdit", "could_not_look", "refusal_edits", "turned_edit"]

Refusal = Mapping[str, Any]

#: Where the facts of a refusal stand: in the body, by its envelope; in a stream, by its event.
_IN_BODY: Final = {"error{}": "/body/error", "detail{}": "/body/detail", "{}": "/body"}
#: The envelope of OAuth (RFC 6749, section 5.2): its code stands by itself.
_OAUTH: Final = "error"
_IN_STREAM: Final = {"error": ("/error",), "response.failed": ("/response/error",)}
_CODES: Final = ("code", "error_code")
#: Edits of a value that is a word, and stays one.
_OTHER_WORD: Final = (
    "enum-value-changed", "enum-value-added", "enum-value-unobserved",
    "open-value-changed", "open-value-added", "open-value-unobserved", "string-format-changed",
)  # fmt: skip
_ELSEWHERE: Final = ("field-renamed", "field-moved")
_CAME: Final = ("field-added", "null-became-value")
#: What an edit of a field is called where it is one of a refusal.
_ERRORS: Final = {
    "field-added": "error-field-added",
    "union-member-added": "error-field-added",
    "field-removed": "error-field-removed",
    "field-renamed": "error-field-removed",
    "field-moved": "error-field-removed",
    "union-member-removed": "error-field-removed",
    "object-now-empty": "error-field-removed",
    "object-now-filled": "error-field-added",
}
#: Edits that are what they are in a refusal, too.
_SAME: Final = ("enum-value-", "open-value-", "limit-", "field-")
#: Edits of the words by which a refusal says of which kind it is, and of what else it says.
_WORDS: Final = ("error-type-changed", "error-code-added", "error-code-removed")
_FIELDS: Final = (
    "error-field-added", "error-field-removed", "error-field-format-changed", "error-param-changed",
)  # fmt: skip
#: Grave enough, whatever the leg makes of it then.
_SAID: Final = ("error-code-changed", "error-envelope-changed")


@dataclass(frozen=True, slots=True)
class RefusalEdit:
    """One edit, at the event that it is in, if it is in one."""

    change: Change
    event: str | None = None
    direction: str = "response"
    told: str = ""


def could_not_look(before: Snapshot, after: Snapshot) -> str | None:
    """Why a comparison says nothing unless credential and quota are proved; else ``None``.

    Two refusals of one status are compared by what they say: whatever made the server refuse, it is
    the error contract that both have to keep. With another status it may be another cause.
    """
    sides = [one.get("refusal") for one in (before, after)]
    outcomes = [one["outcome"] if one else "ok" for one in sides]
    if outcomes[0] == outcomes[1] or _is_same_status(*sides):
        return None
    for when, snapshot, refusal in zip(("was", "is"), (before, after), sides, strict=True):
        if refusal and _meaning(refusal, snapshot).is_shaky:
            moment = "before" if when == "was" else "now"
            return (
                f"the question {when} refused with {refusal['outcome']} {moment}, which can be the "
                "fault of the credential, the quota or the moment"
            )
    return None


def _meaning(refusal: Refusal, snapshot: Snapshot) -> Meaning:
    return meaning_of(refusal, snapshot.get("request", {}))


def _is_same_status(was: Refusal | None, now: Refusal | None) -> bool:
    """Whether both are refusals, and as far as is known of one status."""
    if was is None or now is None:
        return False
    return None in (was["status"], now["status"]) or was["status"] == now["status"]


def turned_edit(before: Snapshot, after: Snapshot) -> RefusalEdit:
    """The one edit that made a refusal of an answer, or the other way round.

    Raises:
        ValueError: both are refusals, or neither is.
    """
    was, now = before.get("refusal"), after.get("refusal")
    refusal = now or was
    if refusal is None or (was and now):
        raise ValueError("one of the two has to be a refusal, and one an answer")
    meaning = _meaning(refusal, after if now else before)
    rule = meaning.refused if now else meaning.accepted
    status = "" if refusal["status"] is None else f" ({refusal['status']})"
    old, fresh = (one["outcome"] if one else "ok" for one in (was, now))
    how = "redirected" if rule.endswith("redirected") else f"refused as {fresh if now else old}"
    told = f"{how}{status}" if now else f"answered; it was {how}{status}"
    change = Change(rule, meaning.pointer, old, fresh)
    told = f"{RULES[rule].means}: the same question is {told}"
    return RefusalEdit(change, None, meaning.direction, told)


def refusal_edits(
    was: Refusal, now: Refusal, edits: Iterable[tuple[str | None, Change]]
) -> list[RefusalEdit]:
    """The edits between two refusals.

    Args:
        was, now: what the two say (:func:`.refusals.refusal_of`).
        edits: the edits of their bodies, or of their events with the event of each.
    """
    found = list(_of_status(was, now))
    # Of a stream, the envelope is its events: what became of them is told by them.
    is_stream = str(was["envelope"]).startswith("event ")
    if was["envelope"] != now["envelope"] and not is_stream:
        change = Change("error-envelope-changed", "/body", was["envelope"], now["envelope"])
        found.append(RefusalEdit(change))
    else:
        found += [_as_error(event, change, was, now) for event, change in edits]
        found += _of_words(was, now, found)
    return _with_outcome(found, was, now)


def _of_status(was: Refusal, now: Refusal) -> Iterator[RefusalEdit]:
    old, fresh = was["status"], now["status"]
    if None in (old, fresh) or old == fresh:
        return
    rule = "error-status-changed" if old // 100 == fresh // 100 else "status-class-changed"
    yield RefusalEdit(Change(rule, "/status", str(old), str(fresh)))


def _facts_at(event: str | None, refusal: Refusal) -> tuple[str, ...]:
    """The pointers of the objects that hold the facts."""
    if event is not None:
        return _IN_STREAM.get(base_of_label(event), ())
    found = _IN_BODY.get(refusal["envelope"])
    return () if found is None else (found,)


def _as_error(event: str | None, change: Change, was: Refusal, now: Refusal) -> RefusalEdit:
    """An edit of a place under the name that it has in a refusal."""
    around, _, name = change.pointer.rpartition("/")
    holders = _facts_at(event, was)
    is_code = _is_code(change.pointer, holders)
    is_code = is_code or (was["envelope"] == _OAUTH and change.pointer == "/body/error")
    if not _is_said(event, change.pointer, holders):
        return RefusalEdit(change, event)
    if change.rule in _ELSEWHERE and _is_code(str(change.after), holders):
        # What stood elsewhere is a code now.
        change = replace(change, rule="error-code-added", pointer=str(change.after))
        return RefusalEdit(change, event)
    if event is not None and change.pointer in holders:
        rule = "error-envelope-changed"
    elif is_code and (was["code"] or now["code"]):
        rule = _code_rule(change.rule, was["code"], now["code"])
    elif around in holders and name == "type" and change.rule in _OTHER_WORD:
        rule = "error-type-changed"
    elif around in holders and name == "param" and change.rule in _OTHER_WORD:
        rule = "error-param-changed"
    elif change.rule in _ERRORS:
        rule = _ERRORS[change.rule]
    else:
        is_same = change.rule.startswith(_SAME)
        rule = change.rule if is_same else "error-field-format-changed"
    return RefusalEdit(replace(change, rule=rule), event)


def _is_code(pointer: str, holders: tuple[str, ...]) -> bool:
    around, _, name = pointer.rpartition("/")
    return around in holders and name in _CODES


def _is_said(event: str | None, pointer: str, holders: tuple[str, ...]) -> bool:
    """Whether a place belongs to what a refusal says: of a stream, the one object that says it."""
    if event is None:
        return pointer.startswith("/body")
    if pointer in ("/type", "/sequence_number"):
        return False
    return any(f"{pointer}/".startswith(f"{one}/") for one in holders)


def _code_rule(edit: str, was: str | None, now: str | None) -> str:
    """The rule for an edit of a place of the code, where at least one refusal has a code.

    Where both have one, it may be said in another event, too: then the edit decides.
    """
    if was is None or (now is not None and edit in _CAME):
        return "error-code-added"
    return "error-code-changed" if now and edit in _OTHER_WORD else "error-code-removed"


def _of_words(was: Refusal, now: Refusal, found: list[RefusalEdit]) -> Iterator[RefusalEdit]:
    """Words that differ where no schema keeps them."""
    rules = {one.change.rule for one in found}
    if any(_is_around(one) for one in found):
        return  # what held them is gone, or another thing: that says it
    old, fresh = was["code"], now["code"]
    if old != fresh and not any(rule.startswith("error-code-") for rule in rules):
        rule = _code_rule(_OTHER_WORD[0], old, fresh)
        yield RefusalEdit(Change(rule, _place(was, "code"), old, fresh))
    old, fresh = was["type"], now["type"]
    if old and fresh and old != fresh and "error-type-changed" not in rules:
        yield RefusalEdit(Change("error-type-changed", _place(was, "type"), old, fresh))
    yield from _of_param(was, now, found)


def _of_param(was: Refusal, now: Refusal, found: Iterable[RefusalEdit]) -> Iterator[RefusalEdit]:
    """The parameter that a refusal complains of: its ``param``, or in the text that the leg reads.

    That it names one, or none any more, is an edit of a field or of the outcome, and told by that.
    """
    old, fresh = was["param"], now["param"]
    if old and fresh and old != fresh and not any(_is_of_param(one) for one in found):
        is_text = was["envelope"] in ("detail", "detail[]")
        place = _text_place(was) if is_text else _place(was, "param")
        yield RefusalEdit(Change("error-param-changed", place, old, fresh))


def _is_of_param(edit: RefusalEdit) -> bool:
    return edit.change.pointer.endswith("/param")


def _is_around(edit: RefusalEdit) -> bool:
    """Whether an edit is about what holds the facts of a refusal, or about all that is around."""
    holders = (one for names in _IN_STREAM.values() for one in names)
    pointer = edit.change.pointer
    is_in_stream = edit.event is not None and edit.change.rule != "error-code-added"
    return is_in_stream and any(f"{one}/".startswith(f"{pointer}/") for one in holders)


def _place(refusal: Refusal, name: str) -> str:
    """Where a fact stands in the body; in a stream, roughly."""
    return f"{_IN_BODY.get(refusal['envelope'], '/body/error')}/{name}"


def _with_outcome(found: list[RefusalEdit], was: Refusal, now: Refusal) -> list[RefusalEdit]:
    """The edits, of which one says that the leg makes another outcome of it, if it does."""
    old, fresh = was["outcome"], now["outcome"]
    if old == fresh:
        return found
    said = [one for one in found if one.change.rule in _SAID]
    if said:
        return _with_fields(found, said[0], said[0].change)
    errors = [one for one in found if one.change.rule.startswith(("error-", "status-"))]
    if not errors and any(_is_around(one) for one in found):
        return found
    told = f"the leg takes it for {fresh}; it was {old}"
    others = [one for one in found if one not in errors]
    if not errors and len(others) == 1 and others[0].change.pointer.startswith("/header/"):
        errors = others  # the leg goes by this header, too
    if not errors:
        pointer = "/body" if was["envelope"] in ("page", "text") else _text_place(was)
        change = Change("error-outcome-changed", pointer, old, fresh)
        return [*found, RefusalEdit(change, told=told)]
    words = [one for one in errors if one.change.rule in _WORDS]
    cause = min(words or errors, key=lambda one: LEVELS.index(RULES[one.change.rule].level))
    change = replace(
        cause.change,
        rule="error-outcome-changed",
        explains=(*cause.change.explains, cause.change.rule),
    )
    sides = " became ".join(side or "none" for side in (change.before, change.after))
    return _with_fields(found, cause, change, f"{told}: {sides}")


def _with_fields(
    found: list[RefusalEdit], cause: RefusalEdit, change: Change, told: str = ""
) -> list[RefusalEdit]:
    """The edits, of which ``cause`` is ``change`` now; and what follows from it is told with it.

    A refusal of another kind has other things to say, if it was a word that made it another one.
    """
    is_word = cause.change.rule in (*_WORDS, "error-code-changed")
    follow = [one for one in found if is_word and one.change.rule in _FIELDS]
    others = (f"{one.change.rule} {one.change.pointer}" for one in follow)
    change = replace(change, explains=(*change.explains, *others))
    named = replace(cause, change=change, told=told or cause.told)
    return [named if one is cause else one for one in found if one not in follow]


def _text_place(refusal: Refusal) -> str:
    if refusal["envelope"] in ("detail", "detail[]"):
        return "/body/detail"
    return (
        "/body/error_description" if refusal["envelope"] == "error" else _place(refusal, "message")
    )
