"""Two snapshots in, findings out. Nothing here knows where the shapes came from."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, Final

from .catalogue_claims import with_catalogues
from .certainty import as_certain, as_chosen
from .change import Change
from .changes import KIND_CHANGED, field_changes, fields_of
from .demands import Demands
from .echoes import with_echoes
from .evidence import Evidences
from .findings import Finding, Unchecked, finding
from .framing import OF_LINES
from .header_families import with_families
from .labels import NOISE
from .merging import one_per_edit, place_of, places_of
from .mixed import as_counted
from .naming import rule_at
from .refused import RefusalEdit, could_not_look, refusal_edits, turned_edit
from .rules import BENIGN, LEVELS, RULES
from .snapshot import FORMAT, Field, Fields, Snapshot
from .streams import Edit, stream_edits
from .swaps import with_swaps
from .transport import FRAMING, frame_order_edit, framing_edits, is_parity, is_websockets_own
from .unlooked import less, without
from .wording import told_of

__all__ = ["compare"]

#: What an answer without them does not have, and one that nobody has looked at, neither.
_UNKNOWN: Final = ("/status", "/header")
_STREAMS: Final = ("stream", "frames")
#: Where it is said that a stream lacks its last event.
_CUT: Final = "/framing/terminal"
#: Statuses of answers without a body (RFC 9110, 15.3.5 and 15.3.6); and what such a body is.
_BODILESS: Final = frozenset({"204", "205"})
_EMPTY: Final = frozenset({"empty"})
_NO_EVIDENCE: Final = Evidences()


def compare(
    before: Snapshot,
    after: Snapshot,
    *,
    surface: str | None = None,
    evidence: Evidences | None = None,
    proved: bool = False,
    unchecked: list[Unchecked] | None = None,
    unknown: tuple[str, ...] = (),
) -> list[Finding]:
    """What has changed from one snapshot to another, each edit once, the gravest first.

    Args:
        before: the snapshot that holds until now.
        after: the snapshot of what is seen today, of the same question.
        surface: the surface to name in the findings; by default, that of ``after``.
        evidence: the contract and the counted shapes behind the two, as far as they are at hand.
            What nobody has counted and no schema wants is not missed for sure.
        proved: whether credential and quota are known to be good: then a refusal of them is a
            change. Otherwise it is what could not be looked at.
        unchecked: what could not be looked at is added here.
        unknown: places of the answers (``/header``, ``/body``, and ``/request/body``) that one of
            the two sources does not show: what nobody has looked at is no difference.

    Raises:
        ValueError: one of them is no snapshot of a format that is known here.
        ContractError: the contract does not know the surface.
    """
    for snapshot in (before, after):
        if snapshot.get("format") != FORMAT:
            raise ValueError(f"not a snapshot of format {FORMAT}: {snapshot.get('format')!r}")
    if before == after:
        return []
    before, after = without(before, after, unknown)
    comparison = _Comparison(before, after, surface or after["surface"], evidence or _NO_EVIDENCE)
    why = None if proved else could_not_look(before, after)
    if why is not None and unchecked is not None:
        unchecked.append(Unchecked(comparison.surface, why))
    return comparison.findings(look=why is None)


class _Comparison:
    """The findings of one comparison, as they are collected."""

    def __init__(
        self, before: Snapshot, after: Snapshot, surface: str, evidence: Evidences
    ) -> None:
        self.surface = surface
        self._before, self._after = before, after
        self._evidence = evidence
        self._demands: Demands | None = None
        if evidence.schemas is not None:
            self._demands = Demands.of(evidence.schemas, surface, after)
        self._refusals = before.get("refusal"), after.get("refusal")
        self._found: list[Finding] = []

    def findings(self, *, look: bool) -> list[Finding]:
        """All of them; without ``look``, those about the request alone."""
        is_same_way = not is_parity(self._before, self._after)
        if is_same_way:
            self._client()
        if look and self._has_turned():
            self._add_refusal(turned_edit(self._before, self._after))
        elif look and is_same_way:
            self._answer()
        elif look:
            self._parity()
        owner_of = self._demands.owner if self._demands else None
        found = one_per_edit(self._found, owner_of, places_of(self._before, self._after))
        found = with_echoes(with_swaps(found), self._after)
        found = with_families(found, self._before, self._after)
        if look:
            found = with_catalogues(found, self._before, self._after, self.surface, self._demands)
        if look and is_same_way and not found:
            found = self._unnamed()
        return sorted(found, key=_by_gravity)

    def _has_turned(self) -> bool:
        """Whether an answer became a refusal, or the other way round.

        A stream that breaks off says neither: how it would have ended is not known. And what is no
        stream any more is another thing than one that fails.
        """
        if bool(self._refusals[0]) == bool(self._refusals[1]):
            return False
        sides = (self._before, self._after)
        refused, answered = sides if self._refusals[0] else reversed(sides)
        if not _is_stream(refused):
            return True
        is_cut = any(_CUT in one.get("response", {}) for one in sides)
        return _is_stream(answered) and bool(answered.get("events")) and not is_cut

    def _client(self) -> None:
        """What the client sent: without a request on one side there is nothing to compare with."""
        here, there = _fields(self._before, "request"), _fields(self._after, "request")
        if here and there:
            for change in field_changes(here, there):
                self._add(change, direction="request")
            order = frame_order_edit(self._before, self._after)
            if order is not None:
                self._add(order, direction="request")

    def _answer(self) -> None:
        here, there = self._known_of_answer()
        is_refused = all(one is not None for one in self._refusals)
        left_out = (*FRAMING, "/status")
        changes = field_changes(less(here, left_out), less(there, left_out))
        is_same_kind = all(one.rule != KIND_CHANGED for one in changes)
        if not is_refused and here.get("/status") != there.get("/status"):
            status = _status_change(here["/status"], there["/status"])
            if not is_same_kind and (_has_no_body(here) or _has_no_body(there)):
                # The status says that there is no body: one edit, and not two.
                changes = [
                    _explaining(one, status) if one.rule == KIND_CHANGED else one for one in changes
                ]
            else:
                self._add(status)
        edits = [Edit(None, change) for change in changes]
        if is_same_kind:
            edits += stream_edits(self._before, self._after, self._demands)
        if is_refused:
            edits = self._refusal(edits)
        for edit in edits:
            self._add(edit.change, event=edit.event, told=edit.told)
        if is_same_kind:
            self._framing(framing_edits(here, there))

    def _known_of_answer(self) -> tuple[Fields, Fields]:
        """The fields of both answers, less what one of them does not know."""
        here: Fields = _fields(self._before, "response")
        there: Fields = _fields(self._after, "response")
        if any("/framing/lines" in side for side in (here, there)):
            here, there = less(here, OF_LINES), less(there, OF_LINES)
        if "/status" in here and "/status" in there:
            return here, there
        return less(here, _UNKNOWN), less(there, _UNKNOWN)

    def _refusal(self, edits: Iterable[Edit]) -> list[Edit]:
        """The edits under the names that they have in a refusal."""
        was, now = self._refusals
        found = refusal_edits(was or {}, now or {}, [(one.event, one.change) for one in edits])
        return [Edit(one.event, one.change, one.told) for one in found]

    def _framing(self, changes: Iterable[Change]) -> None:
        rules = {one.rule for one in self._found}
        for change in changes:
            if change.pointer == "/framing/name" and _is_renamed(self._found):
                continue  # a type that is new to its event line, too, is one edit and not two
            ends = change.pointer in ("/ended", "/framing/close")
            if ends and rules & {"stream-cut", "stream-whole-again"}:
                continue  # nor is a stream that breaks off because the connection does
            self._add(change)

    def _parity(self) -> None:
        """Two transports of one protocol: their events have to be the same, and only these."""
        rule = "ws-sse-parity-broken"
        for edit in stream_edits(self._before, self._after, self._demands):
            change = edit.change
            is_own = change.rule.startswith("event-type-") and is_websockets_own(edit.event)
            if RULES[change.rule].level != BENIGN and not is_own:
                changed = replace(change, rule=rule, explains=(change.rule, *change.explains))
                told = f"{RULES[rule].means}: {edit.told or told_of(change)}"
                self._add(changed, event=edit.event, told=told)

    def _add_refusal(self, edit: RefusalEdit) -> None:
        self._add(edit.change, direction=edit.direction, event=edit.event, told=edit.told)

    def _add(
        self,
        change: Change,
        *,
        direction: str = "response",
        event: str | None = None,
        told: str = "",
    ) -> None:
        told_as = change.rule
        change = as_counted(change, direction, event, self._evidence)
        told = told if change.rule == told_as else ""
        # The edits of places are named as in a field of an answer; others have their own names.
        is_of_place = RULES[change.rule].direction == "response"
        rule = rule_at(direction, change.pointer, change.rule) if is_of_place else change.rule
        place = place_of(event, change.pointer) or direction
        one = finding(
            rule,
            f"{place}: {told or told_of(replace(change, rule=rule))}",
            surface=self.surface,
            direction=direction,
            event=event,
            pointer=change.pointer,
            before=change.before,
            after=change.after,
        )
        is_refusal = None not in self._refusals
        one = replace(one, explains=change.explains)
        one = as_certain(one, self._evidence, self._demands, is_refusal=is_refusal)
        if not all(_fields(side, "request") for side in (self._before, self._after)):
            one = as_chosen(one, self._demands)
        self._found.append(one)

    def _unnamed(self) -> list[Finding]:
        """What comparing has no word for is drift all the same: a difference is never green."""
        here, there = self._known_of_answer()
        events = [
            {label: fields for label, fields in one.get("events", {}).items() if label not in NOISE}
            for one in (self._before, self._after)
        ]
        parts = ["response"] * (_essence(here) != _essence(there))
        parts += ["events"] * (events[0] != events[1])
        message = f"the shape is not the one that it was, in: {', '.join(parts)}"
        return [
            finding("shape-changed", message, surface=self.surface, pointer=f"/{one}")
            for one in parts[:1]
        ]


def _is_stream(snapshot: Snapshot) -> bool:
    return snapshot.get("response", {}).get("/body") in _STREAMS


def _fields(snapshot: Snapshot, half: str) -> dict[str, Field]:
    return fields_of(snapshot.get(half, {}))


def _essence(fields: Fields) -> Fields:
    """The fields of an answer, less the pace of its stream, which is not always known."""
    return less(fields, ("/framing/arrival", "/framing/close", "/framing/terminal", "/ended"))


def _status_change(before: Field, after: Field) -> Change:
    classes = [{atom[:1] for atom in one.atoms} for one in (before, after)]
    rule = "status-changed" if classes[0] == classes[1] else "status-class-changed"
    return Change(rule, "/status", str(before), str(after))


def _has_no_body(fields: Fields) -> bool:
    """Whether an answer has no body, as its status says."""
    is_said = fields["/status"].atoms <= _BODILESS
    return is_said and "/body" in fields and fields["/body"].atoms == _EMPTY


def _explaining(change: Change, other: Change) -> Change:
    told = f"{other.rule} {other.pointer}"
    return replace(change, explains=(*change.explains, told))


def _is_renamed(findings: Iterable[Finding]) -> bool:
    """Whether a type of event is another word than it was, or came with what has none."""
    return any(
        one.rule.startswith(("event-type-", "sse-data-not-json", "sse-data-json-again"))
        or (one.event is not None and one.pointer == "/type")
        for one in findings
    )


def _by_gravity(one: Finding) -> tuple[Any, ...]:
    return (LEVELS.index(one.level), one.direction, one.event or "", one.pointer, one.rule)
