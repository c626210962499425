"""What changed between the events of two streams: which come, what is in them, in which order."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from .change import Change
from .changes import field_changes
from .demands import Demands
from .ends import Ends
from .enveloped import envelope_edit
from .items import Thing, lost_type
from .labels import NOISE
from .partly_labelled import partly_labelled
from .prefixes import prefix_edit
from .presence import counted_edits, item_edits
from .rules import BENIGN, RULES
from .sequences import Order, Orders, differing, nearest, order_rule, without
from .snapshot import Snapshot
from .strange import STRANGE, strange_edits
from .stream_side import Side
from .typenames import (
    NO_TYPE,
    base_of_label,
    is_same_event,
    member_of_label,
    of_its_item,
    relabelled,
)

__all__ = ["Edit", "stream_edits"]


@dataclass(frozen=True, slots=True)
class Edit:
    """One edit of a stream.

    Attributes:
        event: the label of the event that it is in, or ``None`` if it is in no single one.
        change: what changed.
        told: a sentence about it, or ``""`` if the rule says it.
    """

    event: str | None
    change: Change
    told: str = ""


def stream_edits(before: Snapshot, after: Snapshot, demands: Demands | None = None) -> list[Edit]:
    """The edits that turn one stream into another; the order of the result is of no meaning.

    Args:
        before, after: snapshots of streams.
        demands: what the contract knows of such streams, if it is at hand: which events end one,
            which may come anywhere.
    """
    return _Streams(Side.of(before), Side.of(after), demands).edits()


class _Streams:
    """The edits of one comparison, as they are found; what has been found is not found again."""

    def __init__(self, before: Side, after: Side, demands: Demands | None) -> None:
        before.alone = before.events.keys() - after.events.keys() - NOISE
        after.alone = after.events.keys() - before.events.keys() - NOISE
        self._before, self._after = before, after
        self._demands = demands
        self._renamed: dict[str, str] = {}
        self._found: list[Edit] = []

    def edits(self) -> list[Edit]:
        """All of them."""
        if (enveloped := envelope_edit(self._before.events, self._after.events)) is not None:
            return [Edit(None, *enveloped)]
        self._find_retyped()
        self._find_renamed()
        self._found += [Edit(*one) for one in partly_labelled(self._before, self._after)]
        self._found += [Edit(*one) for one in strange_edits(self._before, self._after)]
        is_order_told = self._find_ends()
        grammar = self._demands.grammar if self._demands else None
        self._found += [Edit(*one) for one in item_edits(self._before, self._after, grammar)]
        self._find_came_and_went()
        lost = set[str]()
        if not is_order_told:
            known = set(self._before.told)
            counted = counted_edits(self._before, self._after, grammar)
            self._found += [Edit(*one) for one in counted]
            lost = self._before.told - known | self._find_order()
        for label in self._before.events.keys() & self._after.events.keys():
            if self._before.lines[label] == self._after.lines[label]:
                continue
            changes = field_changes(self._before.events[label], self._after.events[label])
            for change in changes:
                # Fewer events show less: that follows from their number.
                is_of_fewer = is_order_told or label in lost
                if self._is_of_items(change) or (
                    is_of_fewer and RULES[change.rule].level == BENIGN
                ):
                    continue
                self._found.append(Edit(label, change))
        return self._found

    def _is_of_items(self, change: Change) -> bool:
        """Whether a list of all items shows no more than that some came, or did not."""
        grammar = self._demands.grammar if self._demands else None
        if grammar is None or not change.rule.startswith("union-member-"):
            return False
        kinds = self._before.items | self._after.items
        return change.pointer in {f"{grammar.output[0]}/[{kind}]" for kind in kinds}

    def _add(
        self, rule: str, event: str | None, before: str | None, after: str | None, told: str = ""
    ) -> None:
        self._found.append(Edit(event, Change(rule, "", before, after), told))

    def _rename(self, old: str, fresh: str) -> None:
        self._renamed[old] = fresh
        self._before.alone.discard(old)
        self._after.alone.discard(fresh)

    def _find_retyped(self) -> None:
        """Events of one type under another label: the type of their item was edited."""
        for label, old, fresh in relabelled(self._before.alone, self._after.alone):
            change = of_its_item(old, fresh, self._before.events[old], self._after.events[fresh])
            if change is not None:
                self._found.append(Edit(label, change))
                self._rename(old, fresh)

    def _find_renamed(self) -> None:
        """Events that are gone, each with the new one of the same shape that is nearest to it."""
        before, after = self._before, self._after
        free = set(after.alone)
        types: defaultdict[tuple[str, str], list[tuple[str, str]]] = defaultdict(list)
        for old in sorted(before.alone, key=before.place):
            at = before.place(old)
            like = [
                (abs(after.place(label) - at), label)
                for label in free
                if self._can_become(old, label)
                and is_same_event(before.events[old], after.events[label])
            ]
            if like:
                fresh = min(like)[1]
                free.remove(fresh)
                self._rename(old, fresh)
                types[base_of_label(old), base_of_label(fresh)].append((old, fresh))
        together = prefix_edit(types)
        for (old, fresh), labels in types.items():
            if together is None or (old, fresh) not in together.types:
                self._tell_renamed(old, fresh, *labels[0])
        if together is not None:
            self._found.append(Edit(None, together.change, together.told))

    def _can_become(self, old: str, fresh: str) -> bool:
        """Whether one type can be another one's new name: not if the contract knows both."""
        if old in STRANGE or fresh in STRANGE or base_of_label(old) == base_of_label(fresh):
            return False
        known = self._demands
        return known is None or not (known.knows_event(old) and known.knows_event(fresh))

    def _tell_renamed(self, old: str, fresh: str, label: str, other: str) -> None:
        """One rename of a type is one edit, whatever items it comes with."""
        if NO_TYPE in (old, fresh):
            things = Thing("", self._before.events[label]), Thing("", self._after.events[other])
            change = lost_type(*things) or Change("field-removed", "/type", old, fresh)
            self._found.append(Edit(label if fresh == NO_TYPE else other, change))
        else:
            told = f"{old} is called {fresh} now; its shape is the same"
            self._add("event-type-renamed", old, old, fresh, told)

    def _find_ends(self) -> bool:
        """Look at the ends of the streams, and tell whether that settles their order."""
        grammar = self._demands.grammar if self._demands else None
        orders = self._comparable_orders()
        is_settled = False
        for edit in Ends(*orders, grammar, cut=self._before.is_cut).edits():
            self._found.append(Edit(edit.event, edit.change))
            self._before.tell(edit.explained)
            self._after.tell(edit.explained)
            is_settled = is_settled or edit.settles
        return is_settled

    def _comparable_orders(self) -> tuple[list[Order], list[Order]]:
        """The orders of both sides, in the names of today, less what is told already."""
        return (
            [without(one, self._before.told, self._renamed) for one in self._before.orders],
            [without(one, self._after.told, {}) for one in self._after.orders],
        )

    def _find_came_and_went(self) -> None:
        for side, other in ((self._before, self._after), (self._after, self._before)):
            known = {base_of_label(label) for label in other.events}
            types: defaultdict[str, list[str]] = defaultdict(list)
            for label in sorted(side.alone):
                base = base_of_label(label)
                types[label if base in known else base].append(label)
            for name, labels in types.items():
                self._tell_came_or_went(side, labels[0] if len(labels) == 1 else name, labels)
            side.tell(set(side.alone))

    def _tell_came_or_went(self, side: Side, event: str, labels: list[str]) -> None:
        """Of a type that both sides have, only the events with this kind of item came or went."""
        other = self._after if side is self._before else self._before
        is_type = all(base_of_label(event) != base_of_label(label) for label in other.events)
        member = "" if is_type else member_of_label(side.events[labels[0]])
        if side is self._after:
            rule = "event-type-added" if is_type else "union-member-added"
            told = f"{event} comes now, and did not before"
            instead = self._instead(labels[0]) if is_type else ()
            change = Change(rule, member, None, event, explains=instead)
            self._found.append(Edit(event, change, told))
            return
        rule = "event-type-removed" if is_type else "union-member-removed"
        if is_type and not all(map(side.is_always_there, labels)):
            rule = "event-type-unobserved"
        told = f"{event} does not come any more"
        self._found.append(Edit(event, Change(rule, member, event, None), told))

    def _instead(self, fresh: str) -> tuple[str, ...]:
        """The events that a new one may be one of, under another name: there are fewer of them."""
        at = self._after.place(fresh)
        like = [
            (abs(self._before.place(label) - at), label)
            for label, fields in self._before.events.items()
            if label in self._after.events
            and self._can_become(label, fresh)
            and is_same_event(fields, self._after.events[fresh])
        ]
        return (f"event-count-changed {min(like)[1]}",) if like else ()

    def _find_order(self) -> set[str]:
        """Compare the orders; the labels that now come less often."""
        sides = [frozenset(map(self._bound, orders)) for orders in self._comparable_orders()]
        rule = order_rule(*sides)
        if rule is None or self._is_told_by_names():
            return set()
        lost, gained = sides[0] - sides[1], sides[1] - sides[0]
        firsts = [{order[:1] for order in side} for side in sides]
        if rule == "event-order-changed" and firsts[0].isdisjoint(firsts[1]):
            rule = "first-event-changed"
        # What came besides an order that stays is told against the one that is most like it.
        before, after = differing(
            lost or nearest(sides[0], gained), gained or nearest(sides[1], lost)
        )
        self._add(rule, None, before, after, _told_of_order(rule, before, after))
        return {one.removesuffix("+") for one in before.split()}

    def _is_told_by_names(self) -> bool:
        """Whether the orders are the same once a label that only one side has is another one.

        Then it is by this name that the order is another one, and that is told already.
        """
        for side, other in ((self._after, self._before), (self._before, self._after)):
            for label in sorted(side.told - other.events.keys()):
                for name in sorted(other.events):
                    if self._orders_with(side, {label: name}) == self._orders_with(other, {}):
                        return True
        return False

    def _orders_with(self, side: Side, names: Mapping[str, str]) -> Orders:
        """The orders of a side, with these labels called by other names."""
        told = side.told - names.keys()
        renamed = {**(self._renamed if side is self._before else {}), **names}
        return frozenset(self._bound(without(one, told, renamed)) for one in side.orders)

    def _bound(self, order: Order) -> Order:
        """An order less the events that may come anywhere."""
        grammar = self._demands.grammar if self._demands else None
        if grammar is None:
            return order
        free = {one for one in order if grammar.is_free(base_of_label(one.removesuffix("+")))}
        return without(order, {one.removesuffix("+") for one in free}, {})


def _told_of_order(rule: str, before: str, after: str) -> str:
    """What became of the order in a stretch of events."""
    if rule == "first-event-changed":
        old, fresh = (side.split(" ", 1)[0].removesuffix("+") for side in (before, after))
        return f"the stream begins with {fresh} now; it began with {old}"
    how = "come more or less often" if rule == "event-count-changed" else "come in another order"
    return f"events {how}: [{before}] became [{after}]"
