"""Comparing snapshots: one edit is one finding, of the right rule, at the right place."""

import copy
import json
from collections.abc import Callable
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.contract import Contract
from harness.drift.compare import compare
from harness.drift.evidence import Evidences
from harness.drift.findings import (
    Evidence,
    Finding,
    Unchecked,
    at_or_over,
    finding,
    merge_findings,
    report,
    verdict,
    worst,
)
from harness.drift.forms import classify
from harness.drift.rules import LEVELS, RULES
from harness.drift.shape import Shape, shape_of, snapshot_of
from harness.exchange import Exchange, SentRequest
from tests.harness import samples

CONTRACT = Contract()
Events = list[dict[str, Any]]


def shape(exchange: Exchange, surface: str = "responses") -> Shape:
    return shape_of(CONTRACT.schemas, surface, exchange)


def found(before: Exchange, after: Exchange) -> list[Finding]:
    was, now = shape(before), shape(after)
    evidence = Evidences(schemas=CONTRACT.schemas, before=was, after=now)
    return compare(snapshot_of(was), snapshot_of(now), evidence=evidence)


def base_events() -> Events:
    return samples.turn(samples.message("0b", ["pon", "g"]), samples.call("0c", ["{", "}"], 1))


def changed(edit: Callable[[Events], Any]) -> list[Finding]:
    events = copy.deepcopy(base_events())
    events = edit(events) or events
    return found(samples.exchange(base_events()), samples.exchange(events))


def put(kind: str, pointer: str, value: Any) -> Callable[[Events], None]:
    """Set (or with ``...`` remove) one field in every event of a type."""

    def edit(events: Events) -> None:
        for event in events:
            if event["type"] != kind:
                continue
            target: Any = event
            *way, last = pointer.split("/")[1:]
            for key in way:
                target = target[int(key)] if isinstance(target, list) else target[key]
            if value is ...:
                del target[last]
            else:
                target[last] = value

    return edit


def moved(kind: str, old: str, fresh: str) -> Callable[[Events], None]:
    def edit(events: Events) -> None:
        for event in events:
            if event["type"] == kind:
                event["response"][fresh] = event["response"].pop(old)

    return edit


C = "response.completed"
T = "response.output_text.done"
FIELD_EDITS = [
    (put(T, "/text", ...), "field-removed", "/text", "breaking"),
    # No schema wants it, and one exchange is thin evidence.
    (put(C, "/response/usage", ...), "field-removed", "/response/usage", "risky"),
    (put(T, "/extra", 1), "field-added", "/extra", "additive"),
    (put(T, "/extra", {"a": {"b": [1]}}), "field-added", "/extra", "additive"),
    (moved(C, "model", "model_slug"), "field-renamed", "/response/model", "breaking"),
    (moved(C, "usage", "cost"), "field-renamed", "/response/usage", "breaking"),
    (put(T, "/text", 7), "type-changed", "/text", "breaking"),
    (put(T, "/text", {"value": "x"}), "type-changed", "/text", "breaking"),
    (put(T, "/text", None), "value-became-null", "/text", "breaking"),
    # Its schema allows null.
    (put(C, "/response/usage", None), "value-became-null", "/response/usage", "risky"),
    (put(C, "/response/error", {"code": "x"}), "null-became-value", "/response/error", "risky"),
    (put(C, "/response/id", "run_0a"), "id-form-changed", "/response/id", "risky"),
    (put(C, "/response/created_at", 1790537330000), "time-unit-changed", "/response/created_at",
     "breaking"),
    (put(C, "/response/created_at", "2026-09-27T00:00:00Z"), "type-changed",
     "/response/created_at", "breaking"),
    (put(C, "/response/usage/total_tokens", 1.5), "number-format-changed",
     "/response/usage/total_tokens", "breaking"),
    (put(C, "/response/output", [{"type": "message", "id": "msg_1"}]), "array-now-may-be-filled",
     "/response/output", "additive"),
    (put("response.output_item.done", "/item/status", "done"), None, "/item/status", None),
]  # fmt: skip


@pytest.mark.parametrize(("edit", "rule", "pointer", "level"), FIELD_EDITS)
def test_one_edit_of_a_field_is_one_finding(
    edit: Callable[[Events], Any], rule: str | None, pointer: str, level: str | None
) -> None:
    findings = changed(edit)
    assert {one.pointer for one in findings} == {pointer}
    if rule is not None:
        assert [(one.rule, one.level) for one in findings] == [(rule, level)]
        assert findings[0].event in (C, T)
        assert pointer in findings[0].message


def test_a_closed_value_and_an_open_one_are_told_apart() -> None:
    assert classify(frozenset({'"a"'}), frozenset({'"b"'})) == "enum-value-changed"
    assert classify(frozenset({'~"a"'}), frozenset({'~"b"'})) == "open-value-changed"
    assert RULES["enum-value-changed"].level == "breaking"
    assert RULES["open-value-changed"].level == "risky"


CLASSES = [
    ("string", "null | string", "became-nullable"),
    ("null | string", "string", "became-not-nullable"),
    ("null", "string", "null-became-value"),
    ("string", "null", "value-became-null"),
    ("null | string", "null", "type-narrowed"),
    ("null", "null | string", "null-became-value"),
    ("string", "integer | null", "type-changed"),
    ('"a" | "b"', '"a" | null', "became-nullable"),
    ("string", "array", "scalar-became-array"),
    ("array", "string", "array-became-scalar"),
    ("limit(300)", "limit(60)", "limit-decreased"),
    ("limit(300)", "limit(300) | limit(600)", "limit-increased"),
    ("limit(300 text)", "limit(600 text)", "limit-increased"),
    ("array | array(empty)", "array(empty)", "type-narrowed"),
    ("string", "integer", "type-changed"),
    ("string", "integer | string", "type-widened"),
    ("integer | string", "string", "type-narrowed"),
    ("object", "array", "type-changed"),
    ("array", "array | array(empty)", "array-now-may-be-empty"),
    ("array", "array(empty)", "array-now-may-be-empty"),
    ("array(empty)", "array", "array-now-may-be-filled"),
    ("array(empty)", "array | array(empty)", "array-now-may-be-filled"),
    ("array | array(empty)", "array", "type-narrowed"),
    ("integer", "number", "number-format-changed"),
    ("count", "count(decimal)", "number-format-changed"),
    ("count", "count(text)", "type-changed"),
    ("id(resp_)", "id(run_)", "id-form-changed"),
    ("id(resp_)", "id(uuid)", "id-form-changed"),
    ("time(s)", "time(ms)", "time-unit-changed"),
    ("time(rfc3339)", "time(date)", "time-unit-changed"),
    ("time(s)", "time(rfc3339)", "type-changed"),
    ('"a"', '"a" | "b"', "enum-value-added"),
    ('"a" | "b"', '"a"', "enum-value-unobserved"),
    ('~"a"', '~"a" | ~"b"', "open-value-added"),
    ('~"a" | ~"b"', '~"b"', "open-value-unobserved"),
    ('"a"', "string", "string-format-changed"),
    ("text", "url(https)", "string-format-changed"),
    ("true", "false", "enum-value-changed"),
    ("5", "6", "enum-value-changed"),
]


@pytest.mark.parametrize(("before", "after", "rule"), CLASSES)
def test_each_change_of_form_has_its_rule(before: str, after: str, rule: str) -> None:
    one, other = (frozenset(text.split(" | ")) for text in (before, after))
    assert classify(one, other) == rule
    assert rule in RULES


def test_a_field_that_is_not_always_there_any_more_became_optional() -> None:
    def edit(events: Events) -> None:
        del events[4]["obfuscation"]

    (one,) = changed(edit)
    assert (one.rule, one.pointer) == ("field-became-optional", "/obfuscation")
    assert one.evidence == Evidence(1, 2)
    (back,) = compare(
        snapshot_of(shape(samples.exchange(_without_obfuscation()))),
        snapshot_of(shape(samples.exchange(base_events()))),
    )
    assert (back.rule, back.level) == ("field-became-always-present", "benign")


def _without_obfuscation() -> Events:
    events = base_events()
    del events[4]["obfuscation"]
    return events


def test_a_field_renamed_in_some_events_alone_is_one_finding() -> None:
    def edit(events: Events) -> None:
        events[4]["noise"] = events[4].pop("obfuscation")

    assert [one.rule for one in changed(edit)] == ["field-renamed"]


def test_a_whole_subtree_that_goes_or_comes_is_one_finding() -> None:
    tree = {"a": {"b": 1, "c": [{"d": 2}]}, "e": "x"}
    (new,) = changed(put(C, "/response/tree", tree))
    assert (new.rule, new.pointer, new.after) == ("field-added", "/response/tree", "object")
    assert "with 6 below it" in new.message
    (gone,) = changed(put(C, "/response/usage", ...))
    assert (gone.rule, gone.before) == ("field-removed", "object")


def test_a_moved_field_is_one_finding() -> None:
    def edit(events: Events) -> None:
        for event in events:
            if event["type"] == C:
                event["usage"] = event["response"].pop("usage")

    (one,) = changed(edit)
    assert (one.rule, one.before, one.after) == ("field-moved", "/response/usage", "/usage")


EVENT_EDITS: list[tuple[Callable[[Events], Any], str, str | None, str]] = [
    (lambda events: [events[1], events[0], *events[2:]], "first-event-changed", None, "breaking"),
    (lambda events: [*events[:2], events[3], events[2], *events[4:]], "event-order-changed", None,
     "risky"),
    (lambda events: [*events[:-2], events[-1], events[-2]], "event-after-terminal",
     "response.output_item.done(function_call)", "breaking"),
    (lambda events: [*events, events[-1]], "event-after-terminal", "response.completed",
     "breaking"),
    (lambda events: events[:-1], "stream-cut", None, "breaking"),
    (lambda events: events[:7], "stream-cut", None, "breaking"),
    (lambda events: [*events[:-1], {**events[-1], "type": "response.incomplete"}],
     "terminal-event-changed", "response.completed", "breaking"),
    (lambda events: [events[0], *events[0:]], "event-count-changed", None, "risky"),
    (lambda events: [one for one in events if one["type"] != T], "event-type-removed", T,
     "breaking"),
    (lambda events: [*events[:5], {"type": "response.new"}, *events[5:]], "event-type-added",
     "response.new", "additive"),
    (lambda events: [{**events[0], "type": "response.begun"}, *events[1:]], "event-type-renamed",
     "response.created", "breaking"),
    (lambda events: [{**one, "type": one["type"].replace("output_text.delta", "text.piece")}
                     for one in events], "event-type-renamed", "response.output_text.delta",
     "breaking"),
    (lambda events: [{**one, "type": one["type"].replace("output_item.added", "item.begun")}
                     for one in events], "event-type-renamed", "response.output_item.added",
     "breaking"),
]  # fmt: skip


@pytest.mark.parametrize(("edit", "rule", "event", "level"), EVENT_EDITS)
def test_one_edit_of_the_events_is_one_finding(
    edit: Callable[[Events], Any], rule: str, event: str | None, level: str
) -> None:
    assert [(one.rule, one.event, one.level) for one in changed(edit)] == [(rule, event, level)]


def test_an_order_that_changed_shows_only_the_stretch_that_did() -> None:
    (one,) = changed(lambda events: [*events[:2], events[3], events[2], *events[4:]])
    labels = ["response.output_item.added(message)", "response.content_part.added(output_text)"]
    assert one.before == " ".join(labels)
    assert one.after == " ".join(reversed(labels))


def test_items_of_another_type_and_the_same_shape_are_one_finding() -> None:
    def output(kind: str) -> Callable[[Events], None]:
        return put(C, "/response/output", [{"type": kind, "id": "x_1", "odd": True}])

    before, after = base_events(), base_events()
    output("one")(before)
    output("two")(after)
    (one,) = found(samples.exchange(before), samples.exchange(after))
    assert (one.rule, one.pointer) == ("discriminator-changed", "/response/output/[one]")


@pytest.mark.parametrize(
    ("headers", "rule", "pointer"),
    [
        ([], "header-removed", "/header/x-request-id"),
        ([("X-Request-Id", "req_0123456789"), ("Via", "x")], "header-added", "/header/via"),
        ([("X-Request-Id", "7")], "header-value-format-changed", "/header/x-request-id"),
        ([("X-Correlation", "req_0123456789")], "header-renamed", "/header/x-request-id"),
    ],
)
def test_one_edit_of_the_headers_is_one_finding(
    headers: list[tuple[str, str]], rule: str, pointer: str
) -> None:
    fixed = [("content-type", "text/event-stream")]
    before = samples.exchange(base_events(), [*fixed, ("x-request-id", "req_9876543210")])
    after = samples.exchange(base_events(), [*fixed, *headers])
    if rule == "header-value-format-changed":
        # x-request-id is an id in the schema: a number is an id without a prefix.
        assert [one.pointer for one in found(before, after)] == [pointer]
        return
    assert [(one.rule, one.pointer) for one in found(before, after)] == [(rule, pointer)]


def test_status_content_type_and_kind_of_answer_have_rules_of_their_own() -> None:
    base = samples.exchange(base_events())
    assert [one.rule for one in found(base, samples.exchange(base_events(), status=201))] == [
        "status-changed"
    ]
    typed = samples.exchange(base_events(), [("content-type", "text/plain")])
    assert [one.rule for one in found(base, typed)] == ["content-type-changed"]
    page = Exchange(
        request=base.request, status=200, headers=base.headers, body=b"<html>", ended="eof"
    )
    rules = [one.rule for one in found(base, page)]
    assert "answer-kind-changed" in rules
    assert not any(rule.startswith("event-") for rule in rules)


def test_what_a_client_sends_comes_under_rules_of_its_own() -> None:
    base = samples.exchange(base_events())
    assert base.request is not None
    sent = json.loads(base.request.body)

    def after(**changes: Any) -> list[Finding]:
        body = {key: value for key, value in {**sent, **changes}.items() if value is not ...}
        request = SentRequest("POST", samples.URL, base.request.headers, json.dumps(body).encode())
        other = Exchange(
            request, 200, base.headers, base.body, True, base.events, "eof", base.unfinished
        )
        return found(base, other)

    (gone,) = after(include=...)
    assert (gone.rule, gone.direction, gone.level) == ("client-field-removed", "request", "risky")
    (new,) = after(metadata={"a": "b"})
    assert (new.rule, new.direction, new.level) == ("client-field-added", "request", "risky")
    (store,) = after(store=True)
    assert (store.rule, store.pointer) == ("client-field-value-changed", "/body/store")
    assert store.level == "risky"


def test_an_answer_without_its_request_is_compared_by_its_answer_alone() -> None:
    whole = samples.exchange(base_events())
    # Its status and its headers are not known: that is no difference.
    assert found(whole, Exchange.from_sse(whole.body)) == []
    events = base_events()
    put(T, "/extra", 1)(events)
    (one,) = found(whole, Exchange.from_sse(samples.exchange(events).body))
    assert (one.rule, one.direction, one.pointer) == ("field-added", "response", "/extra")


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=8,
)
payloads = st.lists(
    st.fixed_dictionaries(
        {"type": st.sampled_from(["response.created", "response.completed", "a", "b"])},
        optional={"response": json_values, "item": json_values, "x": json_values},
    ),
    max_size=4,
)


@given(payloads, payloads)
def test_comparing_finds_nothing_in_the_same_and_something_in_what_differs(
    one: Events, other: Events
) -> None:
    here, there = (snapshot_of(shape(samples.exchange(events))) for events in (one, other))
    assert compare(here, here) == []
    forth, back = compare(here, there), compare(there, here)
    assert bool(forth) == bool(back)
    assert here != there or not forth
    for each in forth:
        assert each.rule in RULES
        assert each.level in LEVELS


def test_the_snapshots_of_the_contract_equal_themselves_after_json() -> None:
    for pair in CONTRACT.load():
        exchange = Exchange.from_interaction(pair.cassette.interactions[0])
        snapshot = snapshot_of(shape(exchange, pair.probe.surface))
        assert compare(json.loads(json.dumps(snapshot)), snapshot) == []


def test_what_is_no_snapshot_is_refused() -> None:
    good = snapshot_of(shape(samples.exchange(base_events())))
    with pytest.raises(ValueError, match="not a snapshot of format codex-leg/shape/1"):
        compare({**good, "format": "codex-leg/shape/9"}, good)


# Findings and rules


def test_a_fingerprint_survives_another_wording_and_nothing_else() -> None:
    def make(message: str = "m", **changes: Any) -> str:
        fields = {"surface": "responses", "event": "e", "pointer": "/p", "before": "a", **changes}
        return finding("type-changed", message, **fields).fingerprint

    assert make() == make("other words", where="f:1", evidence=Evidence(3, 9))
    others = [
        make(surface="plan"), make(event=None), make(pointer="/q"), make(before="b"),
        make(after="b"), make(direction="request"),
    ]  # fmt: skip
    assert len({make(), *others}) == 7
    assert len(make()) == 12


def test_the_report_keeps_its_schema() -> None:
    findings = changed(put(T, "/text", ...))
    document = report(findings, [Unchecked("body", "no schema")])
    CONTRACT.schemas.validator("report/findings.json").validate(document)
    assert document["verdict"] == "drift"
    with pytest.raises(jsonschema.ValidationError):
        CONTRACT.schemas.validator("report/findings.json").validate({**document, "verdict": "fine"})


def test_the_verdict_never_calls_green_what_was_not_looked_at() -> None:
    one = finding("field-added", "m", surface="responses")
    assert verdict([]) == "clean"
    assert verdict([], [Unchecked("a", "b")]) == "unchecked"
    assert verdict([one], [Unchecked("a", "b")]) == "drift"


def test_levels_are_ordered_and_the_gravest_wins() -> None:
    findings = changed(
        lambda events: put(C, "/response/new", 1)(events) or put(T, "/text", 1)(events)
    )
    assert worst(findings) == "breaking"
    assert [one.level for one in findings] == ["breaking", "additive"]
    assert worst([]) is None
    assert at_or_over("breaking", "additive")
    assert at_or_over("risky", "risky")
    assert not at_or_over("benign", "additive")


def test_the_same_finding_in_many_events_is_one_with_counted_evidence() -> None:
    many = [
        finding("type-changed", "m", surface="s", where=f"f:{line}", evidence=Evidence(1, 5))
        for line in range(3)
    ]
    (one,) = merge_findings(many)
    assert (one.evidence, one.where) == (Evidence(3, 5), "f:0")


def test_every_rule_says_what_it_means_and_how_to_mend_it() -> None:
    for name, rule in RULES.items():
        assert name == rule.name == name.lower()
        assert {rule.level, rule.strict} <= set(LEVELS)
        assert rule.means
        assert rule.mend


MIRRORS = [
    ("field-added", "field-removed"),
    ("header-added", "header-removed"),
    ("became-nullable", "became-not-nullable"),
    ("type-widened", "type-narrowed"),
    ("field-became-optional", "field-became-always-present"),
    ("enum-value-added", "enum-value-unobserved"),
    ("open-value-added", "open-value-unobserved"),
    ("event-type-added", "event-type-removed"),
    ("union-member-added", "union-member-removed"),
    ("array-now-may-be-empty", "array-now-may-be-filled"),
]


@pytest.mark.parametrize(("rule", "mirror"), MIRRORS)
def test_what_is_added_is_not_as_grave_in_both_directions_as_what_is_removed(
    rule: str, mirror: str
) -> None:
    assert RULES[rule].level != RULES[mirror].level
