"""Invariants: what no shape can see is checked, on real answers without a false alarm."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.checks import ENDED_EARLY, check_exchange
from harness.contract import Contract, ContractErrors, read_invariant
from harness.exchange import Exchange, read_events
from harness.invariants import Surroundings, invariants_of

from .contracts import copy_contract
from .samples import call, exchange, message, sse, turn

CONTRACT = Contract()
SCHEMAS = CONTRACT.schemas

NOW = 1_780_000_000
DATED = Surroundings(now=NOW)
ASKED = Surroundings(request={"body": {"model": "gpt-6-astra", "store": False}})

WINDOW = {
    "used_percent": 34,
    "limit_window_seconds": 604800,
    "reset_after_seconds": 218486,
    "reset_at": NOW + 218486,
}
FIVE_HOURS = {**WINDOW, "limit_window_seconds": 18000, "reset_after_seconds": 900,
              "reset_at": NOW + 900}  # fmt: skip
USAGE = {
    "plan_type": "pro",
    "rate_limit": {"limit_reached": True, "allowed": False, "primary_window": FIVE_HOURS,
                   "secondary_window": WINDOW},
    "spend_control": {
        "individual_limit": {"limit": "37500", "used": "3138.653407096863",
                             "remaining": "34361.34659290314", "reset_at": NOW + 2243315,
                             "reset_after_seconds": 2243315}
    },
}  # fmt: skip
MINUTES = {"used_percent": 5, "window_minutes": 300, "reset_after_seconds": 12846,
           "reset_at": NOW + 12846}  # fmt: skip
LIMITS = {
    "type": "codex.rate_limits",
    "rate_limits": {
        "primary": MINUTES,
        "secondary": {**MINUTES, "window_minutes": 10080},
    },
}
HEADERS = {
    f"x-codex-{family}{window}-{name}": value
    for family in ("", "bengalfox-")
    for window, length in (("primary", "300"), ("secondary", "10080"))
    for name, value in (
        ("used-percent", "16"),
        ("window-minutes", length),
        ("reset-after-seconds", "9000"),
        ("reset-at", str(NOW + 9000)),
    )
}
USED = {
    "input_tokens": 13,
    "input_tokens_details": {"cached_tokens": 2},
    "output_tokens": 5,
    "output_tokens_details": {"reasoning_tokens": 3},
    "total_tokens": 18,
    "attribution": {
        "items": {"msg_1": {"input_tokens": 9, "output_tokens": 5}},
        "request_fields": {"instructions": {"input_tokens": 4, "output_tokens": 0}},
    },
}
RESPONSE = {"id": "resp_1", "model": "gpt-6-astra", "store": False, "created_at": 7,
            "completed_at": 8}  # fmt: skip
CALL = {"type": "function_call", "name": "add", "call_id": "call_1", "status": "completed",
        "arguments": '{"x":3}'}  # fmt: skip
MODEL = {
    "slug": "gpt-5.6-sol",
    "default_reasoning_level": "low",
    "supported_reasoning_levels": [{"effort": "low"}, {"effort": "max"}],
    "default_service_tier": "priority",
    "service_tiers": [{"id": "priority"}],
    "context_window": 272000,
    "max_context_window": 872000,
}
ACCOUNTS = {"accounts": [{"id": "a"}, {"id": "b"}], "default_account_id": "a",
            "account_ordering": ["b", "a"]}  # fmt: skip


def _event(name: str, status: str) -> dict[str, Any]:
    return {"type": f"response.{name}", "response": {**RESPONSE, "status": status}}


#: (schema, invariant): a value that keeps it, its surroundings, and edits that break it.
BROKEN: Mapping[tuple[str, str], tuple[Any, Surroundings, list[tuple[str, Any]]]] = {
    ("usage/window.json", "reset-in-the-future"): (
        WINDOW,
        DATED,
        [("/reset_at", NOW - 70), ("/reset_at", NOW + 300000), ("/reset_at", NOW * 1000)],
    ),
    ("usage/window.json", "window-length-known"): (
        WINDOW,
        DATED,
        [("/limit_window_seconds", 604800 // 60), ("/limit_window_seconds", 86400)],
    ),
    ("usage/window.json", "reset-within-window"): (
        WINDOW,
        Surroundings(),
        [("/reset_after_seconds", 604801), ("/reset_after_seconds", -1)],
    ),
    ("usage/window.json", "percent-of-a-window"): (
        WINDOW,
        DATED,
        [("/used_percent", 101), ("/used_percent", -0.5)],
    ),
    ("usage/rate-limit.json", "windows-by-length"): (
        USAGE["rate_limit"],
        Surroundings(),
        [("/secondary_window/limit_window_seconds", 18000)],
    ),
    ("usage/rate-limit.json", "reached-means-hundred"): (
        USAGE["rate_limit"],
        Surroundings(),
        [("/allowed", True)],
    ),
    ("usage/usage.json", "resets-count-from-one-moment"): (
        USAGE,
        Surroundings(),
        [("/rate_limit/secondary_window/reset_at", NOW + 218486 + 66)],
    ),
    ("usage/usage.json", "spend-adds-up"): (
        USAGE,
        Surroundings(),
        [("/spend_control/individual_limit/used", "3138.6")],
    ),
    ("responses/events/codex.rate_limits.json", "windows-by-length"): (
        LIMITS,
        Surroundings(),
        [("/rate_limits/secondary/window_minutes", 300)],
    ),
    ("responses/events/codex.rate_limits.json", "resets-count-from-one-moment"): (
        LIMITS,
        Surroundings(),
        [("/rate_limits/secondary/reset_at", NOW)],
    ),
    ("responses/rate-limit-window.json", "window-length-known"): (
        MINUTES,
        Surroundings(),
        [("/window_minutes", 18000)],
    ),
    ("responses/rate-limit-window.json", "reset-within-window"): (
        MINUTES,
        Surroundings(),
        [("/reset_after_seconds", 18001)],
    ),
    ("responses/rate-limit-window.json", "percent-of-a-window"): (
        MINUTES,
        Surroundings(),
        [("/used_percent", 100.5)],
    ),
    ("responses/headers.json", "windows-by-length"): (
        HEADERS,
        Surroundings(),
        [("/x-codex-secondary-window-minutes", "300")],
    ),
    ("responses/headers.json", "reset-in-the-future"): (
        HEADERS,
        DATED,
        [("/x-codex-primary-reset-at", str(NOW - 9000))],
    ),
    ("responses/headers.json", "secondary-reset-in-the-future"): (
        HEADERS,
        DATED,
        [("/x-codex-secondary-reset-at", str((NOW + 9000) * 1000))],
    ),
    ("responses/headers.json", "window-length-known"): (
        HEADERS,
        Surroundings(),
        [("/x-codex-bengalfox-secondary-window-minutes", "18000")],
    ),
    ("responses/headers.json", "percent-of-a-window"): (
        HEADERS,
        Surroundings(),
        [("/x-codex-secondary-used-percent", "160")],
    ),
    **{
        ("responses/headers.json", f"reset-within-{name}-window"): (
            HEADERS,
            Surroundings(),
            [(f"/x-codex-{name}-reset-after-seconds", "604801")],
        )
        for name in ("primary", "secondary", "bengalfox-primary", "bengalfox-secondary")
    },
    ("errors/codex-error.json", "reset-in-the-future"): (
        {"type": "usage_limit_reached", "resets_at": NOW + 60, "resets_in_seconds": 60},
        DATED,
        [("/resets_at", NOW - 90), ("/resets_in_seconds", 6000)],
    ),
    ("responses/response.json", "model-as-asked"): (
        RESPONSE,
        ASKED,
        [("/model", "gpt-5.2-2025-12-11"), ("/model", "gpt-6-astra-mini")],
    ),
    ("responses/response.json", "completed-after-created"): (
        RESPONSE,
        ASKED,
        [("/completed_at", 6)],
    ),
    ("responses/response.json", "store-as-asked"): (RESPONSE, ASKED, [("/store", True)]),
    ("responses/usage.json", "usage-total"): (USED, Surroundings(), [("/total_tokens", 13)]),
    ("responses/usage.json", "usage-attribution-sum"): (
        USED,
        Surroundings(),
        [("/attribution/items/msg_1/input_tokens", 13)],
    ),
    ("responses/usage.json", "usage-attribution-output"): (
        USED,
        Surroundings(),
        [("/attribution/items/msg_1/output_tokens", 4)],
    ),
    ("responses/usage.json", "parts-of-the-input"): (
        USED,
        Surroundings(),
        [("/input_tokens_details/cached_tokens", 14)],
    ),
    ("responses/usage.json", "parts-of-the-output"): (
        USED,
        Surroundings(),
        [("/output_tokens_details/reasoning_tokens", 6)],
    ),
    ("responses/items/function_call.json", "arguments-are-json"): (
        CALL,
        Surroundings(),
        [("/arguments", '{"x":3')],
    ),
    **{
        (f"responses/events/response.{name}.json", "status-is-that-of-the-event"): (
            _event(name, right),
            ASKED,
            [("/response/status", wrong)],
        )
        for name, right, wrong in (
            ("created", "queued", "completed"),
            ("in_progress", "in_progress", "completed"),
            ("completed", "completed", "in_progress"),
            ("failed", "failed", "completed"),
            ("incomplete", "incomplete", "completed"),
        )
    },
    ("models/models.json", "slugs-once"): (
        {"models": [MODEL, {**MODEL, "slug": "gpt-5.5"}]},
        Surroundings(),
        [("/models/1/slug", "gpt-5.6-sol")],
    ),
    ("models/model.json", "default-effort-is-supported"): (
        MODEL,
        Surroundings(),
        [("/default_reasoning_level", "xhigh")],
    ),
    ("models/model.json", "default-tier-is-offered"): (
        MODEL,
        Surroundings(),
        [("/default_service_tier", "fast")],
    ),
    ("models/model.json", "window-within-maximum"): (
        MODEL,
        Surroundings(),
        [("/context_window", 872001)],
    ),
    ("accounts/check.json", "default-is-listed"): (
        ACCOUNTS,
        Surroundings(),
        [("/default_account_id", "c")],
    ),
    ("accounts/check.json", "ordering-is-listed"): (
        ACCOUNTS,
        Surroundings(),
        [("/account_ordering/0", "c")],
    ),
}


def _edited(value: Any, pointer: str, new: Any) -> Any:
    value = copy.deepcopy(value)
    *path, last = pointer.split("/")[1:]
    below = value
    for token in path:
        below = below[int(token)] if isinstance(below, list) else below[token]
    below[int(last) if isinstance(below, list) else last] = new
    return value


def _entries(value: Any) -> Iterator[Mapping[str, Any]]:
    """Every entry of ``x-invariants`` in a schema."""
    if isinstance(value, dict):
        yield from value.get("x-invariants", ())
        for below in value.values():
            yield from _entries(below)
    elif isinstance(value, list):
        for below in value:
            yield from _entries(below)


CHECKED = {
    (path, entry["rule"])
    for path in SCHEMAS.paths
    for entry in _entries(SCHEMAS.document(path))
    if "check" in entry
}


def test_every_invariant_with_a_check_is_broken_by_a_test_below():
    assert set(BROKEN) == CHECKED
    assert len(CHECKED) > 30


@pytest.mark.parametrize(("path", "name"), sorted(BROKEN), ids="/".join)
def test_a_value_that_keeps_an_invariant_is_no_breach(path: str, name: str):
    value, around, _ = BROKEN[path, name]
    assert invariants_of(SCHEMAS).breaches(path, value, around) == []


@pytest.mark.parametrize(
    ("path", "name", "pointer", "bad"),
    [
        (path, name, *edit)
        for (path, name), (_, _, edits) in sorted(BROKEN.items())
        for edit in edits
    ],
)
def test_an_invariant_that_is_broken_is_found(path: str, name: str, pointer: str, bad: Any):
    value, around, _ = BROKEN[path, name]
    found = invariants_of(SCHEMAS).breaches(path, _edited(value, pointer, bad), around)
    assert name in {one.name for one in found}


def test_no_cassette_breaks_an_invariant():
    for pair in CONTRACT.load():
        for interaction in pair.cassette.interactions:
            found = check_exchange(
                SCHEMAS,
                pair.probe.surface,
                Exchange.from_interaction(interaction),
                ended_early=pair.probe.expect.outcome in ENDED_EARLY,
            )
            assert [(pair.probe.id, one.message) for one in found] == []


def test_what_a_stream_repeats_is_one_finding_in_its_first_event():
    events = turn(message("0b", ["pong"]))
    for event in events:
        if "response" in event:
            event["response"]["model"] = "gpt-5.2-2025-12-11"
    (found,) = check_exchange(SCHEMAS, "responses", exchange(events))
    assert found.rule == "invariant/echo"
    assert found.level == "breaking"
    assert (found.event, found.pointer) == ("response.created", "/response/model")
    assert (found.before, found.after) == ("model-as-asked", "gpt-5.2-2025-12-11")


def test_a_dated_version_of_the_model_is_the_model():
    events = turn(message("0b", ["pong"]))
    for event in events:
        if "response" in event:
            event["response"]["model"] = "gpt-6-astra-2026-09-01"
    assert check_exchange(SCHEMAS, "responses", exchange(events)) == []


def usage_with(edit: Callable[[Any], None]) -> Exchange:
    """A real answer with four windows and a date, edited."""
    interaction = CONTRACT.pair("codex/usage-five-hour-window").cassette.interactions[0]
    exchanged = Exchange.from_interaction(interaction)
    body = json.loads(exchanged.body)
    edit(body)
    return Exchange(
        request=exchanged.request,
        status=200,
        headers=exchanged.headers,
        body=json.dumps(body).encode(),
    )


def test_windows_that_changed_places_are_found_in_a_real_answer():
    def swap(body: Any) -> None:
        limit = body["rate_limit"]
        limit["primary_window"], limit["secondary_window"] = (
            limit["secondary_window"],
            limit["primary_window"],
        )

    (found,) = check_exchange(SCHEMAS, "usage", usage_with(swap))
    assert found.rule == "invariant/value"
    assert found.pointer == "/body/rate_limit/secondary_window/limit_window_seconds"


@pytest.mark.parametrize(
    ("window", "member", "value"),
    [
        ("primary_window", "reset_at", 1_780_135_186_000),
        ("primary_window", "reset_at", 1_780_000_000),
        ("secondary_window", "reset_after_seconds", 604_800_000),
        ("secondary_window", "limit_window_seconds", 10_080),
    ],
)
def test_one_wrong_number_is_one_finding_however_many_invariants_it_breaks(
    window: str, member: str, value: int
):
    edited = usage_with(lambda body: body["rate_limit"][window].update({member: value}))
    (found,) = check_exchange(SCHEMAS, "usage", edited)
    assert found.rule.startswith("invariant/")
    assert found.pointer.startswith(f"/body/rate_limit/{window}/")
    assert all(f"/body/rate_limit/{window}/" in one for one in found.explains)


def test_what_is_wrong_otherwise_too_explains_the_invariant():
    events = turn(call("0c", ['{"x":', "3}"]))
    events[-2]["item"]["arguments"] = '{"x":'
    (found,) = check_exchange(SCHEMAS, "responses", exchange(events))
    assert found.rule == "order/aggregate-mismatch"
    assert found.explains == ("invariant/value response.output_item.done /item/arguments",)


def test_tokens_that_do_not_add_up_are_found_with_their_event():
    events = turn(message("0b", ["pong"]))
    events[-1]["response"]["usage"]["total_tokens"] = 25
    (found,) = check_exchange(SCHEMAS, "responses", exchange(events))
    assert found.rule == "invariant/sum"
    assert (found.event, found.pointer) == ("response.completed", "/response/usage/total_tokens")


def test_without_what_it_refers_to_a_check_is_not_made():
    """A bare stream has no request and no date: nothing can be said about either."""
    body = sse(turn(message("0b", ["pong"])))
    events, _ = read_events(body)
    bare = Exchange(is_stream=True, body=body, events=events, ended="eof")
    assert check_exchange(SCHEMAS, "responses", bare) == []


@pytest.mark.parametrize(
    ("check", "problem"),
    [
        ({}, "one of"),
        ([], "no object"),
        ({"value": {"at": "/a", "in": [1]}, "sum": {"at": "/a", "of": ["/b"]}}, "one of"),
        ({"value": {"at": "/a", "in": [1]}, "unless": {}}, "one of"),
        ({"value": {"in": [1]}}, "no JSON pointer"),
        ({"value": {"at": "a", "in": [1]}}, "no JSON pointer"),
        ({"value": {"at": "/a"}}, "says nothing"),
        ({"value": {"at": "/a", "near": 1}}, "none of"),
        ({"value": {"at": "/a", "in": []}}, "cannot be"),
        ({"value": {"at": "/a", "to": {"at": "/b"}}}, "cannot be"),
        ({"time": {"at": "/a", "slack": 1}}, "neither after nor agree"),
        ({"time": {"at": "/a", "after": "@then"}}, "cannot be"),
        ({"echo": {"at": "/a", "of": "elsewhere:/b"}}, "cannot be"),
        ({"each": "/a", "value": {"at": "/a", "in": [1]}}, "each"),
        ({"if": ["/a"], "value": {"at": "/a", "in": [1]}}, "if"),
    ],
)
def test_a_check_that_is_not_in_the_vocabulary_is_refused(check: Any, problem: str):
    with pytest.raises(ValueError, match=problem):
        read_invariant({"rule": "r", "says": "s", "source": "x", "check": check})


def test_a_schema_with_a_check_that_means_nothing_is_a_fault_of_the_contract(tmp_path):
    small = copy_contract(tmp_path, ["codex/usage"])
    small.replace("schemas/usage/window.json", '"from": 0, "to": 100', '"from": 0, "until": 100')
    with pytest.raises(ContractErrors) as caught:
        _ = Contract(small.root).schemas
    (fault,) = caught.value.errors
    assert fault.file == "schemas/usage/window.json"
    assert fault.where == "/x-invariants/3/check"
    assert "until" in fault.problem


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda below: (
        st.lists(below, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                "reset_at reset_after_seconds limit_window_seconds secondary_window rate_limit "
                "individual_limit limit used remaining models slug accounts id status a".split()
            ),
            below,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@settings(max_examples=60, deadline=None)
@given(value=JSON, now=st.none() | st.floats(0, 4e9))
def test_no_value_whatsoever_upsets_a_check(value: Any, now: float | None):
    around = Surroundings(request={"body": value}, answer={"body": value}, now=now)
    for path, _ in sorted(CHECKED):
        for one in invariants_of(SCHEMAS).breaches(path, value, around):
            assert one.kind in ("value", "time", "echo", "sum")
            assert one.name in one.message
