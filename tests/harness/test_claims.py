"""What changed and what does not keep the contract: each edit is told once, and nothing is lost."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from harness.contract import Contract
from harness.drift.claims import unite
from harness.drift.findings import Finding, finding
from harness.grammar import Grammar

GRAMMAR = Grammar.from_data(Contract().schemas.document("responses/order.json"))
DELTA = "response.output_text.delta"


ORDERS = [["response.created", f"{DELTA}+", "response.output_text.done", "response.completed"]]


def one(
    rule: str,
    pointer: str = "",
    event: str | None = None,
    *,
    reads: tuple[str, ...] = (),
    **more: Any,
) -> Finding:
    made = finding(rule, "m", surface="responses", pointer=pointer, event=event, **more)
    return replace(made, reads=reads)


def united(changes: list[Finding], violations: list[Finding]) -> list[tuple[str, str]]:
    return [(each.rule, each.level) for each in unite(changes, violations, GRAMMAR, ORDERS)]


EXPLAINED: list[tuple[Finding, Finding]] = [
    (one("field-added", "/delta", DELTA), one("schema/type", "/delta", DELTA)),
    (one("type-changed", "/item", "response.output_item.done(message)"),
     one("schema/required", "/item/id", "response.output_item.done")),
    (one("type-widened", "/response/usage/items/{}/x", "response.completed"),
     one("schema/type", "/response/usage/items/msg_1/x", "response.completed")),
    (one("id-form-changed", "/item_id", DELTA),
     one("order/bracket-not-opened", "", "response.output_text.done")),
    (one("event-type-removed", "", DELTA, before=DELTA),
     one("order/sequence-gap", "/sequence_number", "response.output_text.done")),
    (one("event-type-renamed", "", DELTA, before=DELTA, after="x"), one("sse/event-name-differs")),
    (one("stream-cut"), one("order/terminal-missing")),
    (one("stream-cut"), one("sse/last-event-unfinished", "", DELTA)),
    (one("answer-kind-changed", "/body"), one("answer-not-json", "/body")),
    (one("request-field-rejected", "/body/x", direction="request"),
     one("schema/required", "/body")),
    (one("error-status-changed", "/status"), one("status-differs", "/body/status")),
    (one("time-unit-changed", "/body/window/reset_at"),
     one("invariant/time", "/body/other/reset_at", reads=("/body/window/reset_at",))),
    (one("event-type-removed", "", "response.output_text.done", before="response.output_text.done"),
     one("order/bracket-not-closed", "", "response.content_part.done")),
]  # fmt: skip


@pytest.mark.parametrize(("change", "violation"), EXPLAINED)
def test_a_breach_that_follows_from_a_change_is_told_with_it_and_makes_it_as_grave(
    change: Finding, violation: Finding
) -> None:
    (both,) = unite([change], [violation], GRAMMAR, ORDERS)
    assert (both.rule, both.pointer, both.event) == (change.rule, change.pointer, change.event)
    assert both.level == "breaking"
    assert [each.split()[0] for each in both.explains] == [violation.rule]


APART: list[tuple[Finding, Finding]] = [
    (one("field-added", "/x", DELTA), one("schema/type", "/delta", DELTA)),
    (one("field-added", "/delta", DELTA), one("schema/type", "/delta", "response.other")),
    (one("field-added", "/x", DELTA), one("order/bracket-not-opened", "", DELTA)),
    (one("header-added", "/header/x"), one("schema/required", "/header/y")),
    (one("field-added", "/body/x"), one("invariant/sum", "/body/y")),
    (one("client-field-added", "/body/x", direction="request"), one("schema/type", "/body/x")),
    (
        one("field-removed", "/response/store", "response.completed"),
        one("invariant/echo", "/response/model", "response.completed", reads=("/response/id",)),
    ),
    (
        one("event-type-added", "", "codex.x", after="codex.x"),
        one("order/aggregate-mismatch", "/text", "response.output_text.done"),
    ),
    (
        one("event-type-added", "", "codex.x", after="codex.x"),
        one("order/response-changed", "/response/id", "response.completed"),
    ),
    (
        one("event-type-removed", "", DELTA, before=DELTA),
        one("order/sequence-gap", "/sequence_number", "response.completed"),
    ),
    (
        one("field-removed", "/output_index", DELTA),
        one("order/aggregate-mismatch", "/text", "response.output_text.done"),
    ),
    (one("stream-cut"), one("order/aggregate-mismatch", "/text", "response.output_text.done")),
]


@pytest.mark.parametrize(("change", "violation"), APART)
def test_a_breach_of_something_else_stands_beside_the_change(
    change: Finding, violation: Finding
) -> None:
    assert unite([change], [violation], GRAMMAR, ORDERS) == [change, violation]


def test_without_a_change_every_breach_stands_by_itself() -> None:
    breaches = [one("schema/type", "/delta", DELTA), one("schema/required", "/x", DELTA)]
    assert unite([], breaches, GRAMMAR) == breaches


def test_several_breaches_of_the_order_without_a_common_cause_stay_several() -> None:
    breaches = [one("order/item-changed", "/item/name"), one("order/response-changed")]
    assert unite([], breaches, GRAMMAR) == breaches


def test_what_a_client_does_never_becomes_breaking() -> None:
    change = one("client-field-type-changed", "/body/model", direction="request")
    breach = one("invariant/echo", "/response/model", "response.created")
    assert united([change], [breach]) == [("client-field-type-changed", "risky")]
