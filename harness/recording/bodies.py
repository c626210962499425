"""Edits that take out of a body what the contract does not call harmless."""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from operator import itemgetter
from typing import Any, Final

from harness.contract import Endpoint
from harness.drift.normaliser import Normaliser
from harness.drift.plan import NOTHING, Plan
from harness.recording.edits import Edit
from harness.recording.json_text import NotWalkable, Scalar, scalars
from harness.recording.policy import Policy

__all__ = ["json_edits", "stream_edits", "word_edits"]

_NOT_JSON: Final = object()
_LINE: Final = re.compile(r"[^\r\n]*(?:\r\n|\n|\r|\Z)")
_FIELD: Final = re.compile(r"(?P<name>event|data|id|retry)(?P<colon>: ?)(?P<value>.*)", re.DOTALL)


def json_edits(text: str, plan: Plan, policy: Policy, event: str = "") -> list[Edit]:
    """The edits of a JSON text; of a text that is none, those of :func:`word_edits`."""
    value = _parsed(text)
    if value is _NOT_JSON:
        return word_edits(text, policy)
    try:
        return list(_json(text, value, plan, policy, event))
    except NotWalkable:
        return [Edit(0, len(text), policy.stand_ins.text(text))]


def word_edits(text: str, policy: Policy) -> list[Edit]:
    """The edit of a text that is no JSON: the words that a refusal may hold are kept."""
    kept = policy.words.kept(text)
    return [] if kept == text else [Edit(0, len(text), kept)]


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return _NOT_JSON


def _json(text: str, value: Any, plan: Plan, policy: Policy, event: str) -> Iterator[Edit]:
    for one in scalars(text, value):
        place, blob = _plan_at(plan, one)
        if one.is_key:
            new: Any = one.value if blob is None else policy.stand_ins.id(one.value)
            new = policy.key(one.value, place) if blob is None else new
        elif blob is not None:
            new = policy.stand_ins.opaque("blob", one.value) if isinstance(one.value, str) else None
        elif isinstance(one.value, str):
            new = policy.text(one.value, place, one.way, one.around, event)
        elif isinstance(one.value, bool) or one.value is None:
            new = one.value
        else:
            new = policy.number(one.value, place)
        if new != one.value:
            yield Edit(one.start, one.end, json.dumps(new, ensure_ascii=False))


def _plan_at(plan: Plan, one: Scalar) -> tuple[Plan, str | None]:
    """What the contract says of a place, and whether it lies in something not to be looked into.

    Of a key, it is the plan of the object that it stands in.
    """
    way = one.way[:-1] if one.is_key else one.way
    containers = one.around
    for index, container in enumerate(containers):
        kind = "object" if isinstance(container, dict) else "array"
        if plan.is_blob(kind):
            return NOTHING, kind
        if isinstance(container, dict):
            plan = plan.variant(container.get("type")) if plan.by_type else plan
        if index < len(way):
            part = way[index]
            plan = plan.items if isinstance(part, int) else plan.member(part)
    return plan, None


def stream_edits(
    text: str, normaliser: Normaliser, endpoint: Endpoint | None, policy: Policy
) -> list[Edit]:
    """The edits of an event stream. Names of fields, blanks and ends of lines are kept."""
    found: list[Edit] = []
    data: list[tuple[int, str]] = []
    name = ""
    at = 1 if text.startswith("\ufeff") else 0
    for match in _LINE.finditer(text, at):
        line = match[0].rstrip("\r\n")
        start = match.start()
        if not line:
            found += _event(data, name, normaliser, endpoint, policy)
            data, name = [], ""
            continue
        field = _FIELD.fullmatch(line)
        if field is None:
            # A comment, or half of a line: the stream may have been cut.
            found += _moved(word_edits(line, policy), start)
        elif field["name"] == "data":
            data.append((start + field.start("value"), field["value"]))
        else:
            found += _moved(_field_edits(field, policy), start)
            name = field["value"] if field["name"] == "event" else name
    return found + _event(data, name, normaliser, endpoint, policy)


def _field_edits(field: re.Match[str], policy: Policy) -> list[Edit]:
    value, start = field["value"], field.start("value")
    if field["name"] == "event":
        new = policy.event_name(value)
    elif field["name"] == "id":
        new = policy.stand_ins.id(value)
    else:
        new = value if value.isdigit() else policy.stand_ins.text(value)
    return [] if new == value else [Edit(start, start + len(value), new)]


def _event(
    data: list[tuple[int, str]],
    name: str,
    normaliser: Normaliser,
    endpoint: Endpoint | None,
    policy: Policy,
) -> list[Edit]:
    """The edits of the lines of data of one event."""
    if not data:
        return []
    text = "\n".join(line for _, line in data)
    payload = _parsed(text)
    if payload is _NOT_JSON:
        if text == "[DONE]":
            return []
        return [edit for start, line in data for edit in _moved(_half(line, policy), start)]
    kind = payload.get("type") if isinstance(payload, dict) else None
    kind = kind if isinstance(kind, str) else name
    plan = normaliser.event_plan(endpoint, kind or None)
    return list(_placed(json_edits(text, plan, policy, kind or "message"), data))


def _half(line: str, policy: Policy) -> list[Edit]:
    """Data that are no JSON, mostly because the stream broke in their middle."""
    kept = policy.words.kept(line)
    return [] if kept == line else [Edit(0, len(line), kept)]


def _placed(edits: Iterable[Edit], data: list[tuple[int, str]]) -> Iterator[Edit]:
    """Edits of the joined lines, where they are in the stream. None goes over the end of a line."""
    begins, at = [], 0
    for start, line in data:
        begins.append((at, start))
        at += len(line) + 1
    for edit in edits:
        joined, start = begins[bisect_right(begins, edit.start, key=itemgetter(0)) - 1]
        yield from _moved([edit], start - joined)


def _moved(edits: Iterable[Edit], by: int) -> Iterator[Edit]:
    return (Edit(edit.start + by, edit.end + by, edit.new) for edit in edits)
