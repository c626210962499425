"""Orders of events: what of two sets of them is a difference, and which kind of one."""

from __future__ import annotations

import pytest

from harness.drift.sequences import differing, folded, order_rule, without


def order(text: str) -> tuple[str, ...]:
    return tuple(text.split())


def orders(*texts: str) -> frozenset[tuple[str, ...]]:
    return frozenset(map(order, texts))


ITEM = "x.added(m) p.delta+ x.done(m)"
PAIRS = [
    ("a b c", "a b c", None),
    ("a b c", "b a c", "event-order-changed"),
    ("a b c", "a b b+ c", "event-count-changed"),
    ("a b c", "a b+ c", "event-count-changed"),
    ("a b+ c", "a b c", "event-count-changed"),
    ("a b a c", "a b c", "event-count-changed"),
    # One event that stands between the pieces of a run: the run is cut in two.
    ("p.delta+ d", "p.delta+ d p.delta+", "event-order-changed"),
    ("x y x", "x+ y", "event-order-changed"),
    # How many items an answer has, each with the same events, is up to the model.
    (f"a {ITEM} z", f"a {ITEM} {ITEM} {ITEM} z", None),
    (f"a {ITEM} z", "a x.added(m) p.delta+ x.added(m) p.delta+ x.done(m) z", "event-count-changed"),
]


@pytest.mark.parametrize(("before", "after", "rule"), PAIRS)
def test_two_orders_of_the_same_events_differ_by_one_rule(
    before: str, after: str, rule: str | None
) -> None:
    assert order_rule(orders(before), orders(after)) == rule


def test_where_several_orders_are_known_one_made_of_known_steps_is_not_new() -> None:
    known = orders("a b z", "a c z")
    assert order_rule(known, orders("a b z")) is None
    assert order_rule(known, orders("a b z", "a c z")) is None
    assert order_rule(orders("a b c z", "a c b z", "a b z"), orders("a c b c z")) is None


def test_where_several_orders_are_known_events_that_turned_round_are_told() -> None:
    known = orders("a b z", "a b c z")
    assert order_rule(known, orders("b a z")) == "event-order-changed"
    assert order_rule(known, orders("a b z", "a z")) == "event-count-changed"


def test_only_whole_brackets_are_folded() -> None:
    assert folded(order(f"{ITEM} {ITEM}")) == order(ITEM)
    assert folded(order("a b a b")) == order("a b a b")
    assert folded(order("x.added y.done x.added y.done")) == order("x.added y.done x.added y.done")


def test_what_is_left_out_joins_the_runs_around_it() -> None:
    assert without(order("p.delta+ n p.delta+ d"), {"n"}, {}) == order("p.delta+ d")
    assert without(order("a b+"), (), {"b": "c"}) == order("a c+")


def test_only_the_stretch_that_differs_is_shown() -> None:
    assert differing(orders("a b c z"), orders("a c b z")) == ("b c", "c b")
    assert differing(orders("a b"), orders("a", "b")) == ("a b", "a b")
