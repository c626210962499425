"""Two edits are two findings: one that merely came with another is not hidden behind it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from harness.drift.findings import finding
from harness.drift.profiles import apply_profile
from harness.drift.waivers import apply_waivers
from harness.reads import Reads

from .planted import Interaction, compared, planted
from .reports import TODAY, a_waiver

Events = list[dict[str, Any]]
Edit = Callable[[Events], Any]


def edited(*edits: Edit) -> Callable[[Interaction], None]:
    def go(one: Interaction) -> None:
        body = one["response"]["body"]
        lines = [line for line in body["string"].split("\n") if line.startswith("data: ")]
        events = [json.loads(line.removeprefix("data: ")) for line in lines]
        for edit in edits:
            edit(events)
        texts = (f"event: {one['type']}\ndata: {json.dumps(one)}\n\n" for one in events)
        body["string"] = "".join(texts)

    return go


def in_response(change: Callable[[dict[str, Any]], Any]) -> Edit:
    return lambda events: [change(one["response"]) for one in events if "response" in one]


def numbers_jump(events: Events) -> None:
    for one in events[4:]:
        one["sequence_number"] += 5


BREACHES: dict[str, Edit] = {
    "invariant/sum": lambda events: events[-1]["response"]["usage"].update(total_tokens=999),
    "invariant/echo": in_response(lambda response: response.update(model="gpt-4")),
    "invariant/time": lambda events: events[-1]["response"].update(completed_at=1690537331),
    "order/aggregate-mismatch": lambda events: events[5].update(text="other"),
    "order/sequence-gap": numbers_jump,
    "order/response-changed": lambda events: events[-1]["response"].update(id="resp_02"),
    "order/place-changed": lambda events: events[4].update(item_id="msg_other"),
}
CHANGES: dict[str, Edit] = {
    "field-renamed": in_response(lambda one: one.update(cache=one.pop("prompt_cache_retention"))),
    "field-removed": in_response(lambda one: one.pop("store")),
    "field-added": in_response(lambda one: one.update(brand_new=1)),
    "type-changed": in_response(lambda one: one.update(background="no")),
    "value-became-null": in_response(lambda one: one.update(truncation=None)),
    "event-type-added": lambda events: events.insert(
        2, {"type": "response.brand_new", "sequence_number": 2}
    ),
    "event-type-removed": lambda events: events.pop(1),
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("breach", BREACHES)
def test_a_breach_is_not_hidden_behind_a_change_that_does_not_lead_to_it(
    tmp_path: Path, breach: str, change: str
) -> None:
    both = planted(
        "codex/streamed-text", tmp_path / "x.yaml", edited(BREACHES[breach], CHANGES[change])
    )
    rules = {one["rule"] for one in compared(*both)[1]["findings"]}
    assert {breach, change} <= rules


def numbers_jump_at_the_first_keepalive(events: Events) -> None:
    at = next(at for at, one in enumerate(events) if one["type"] == "keepalive")
    for one in events[at:]:
        one["sequence_number"] += 1


def text_ends_under_another_name(events: Events) -> None:
    for one in events:
        one["type"] = one["type"].replace("output_text.done", "output_text.finished")


def test_a_gap_that_is_noticed_while_nothing_is_said_is_not_hidden(tmp_path: Path) -> None:
    """No order says where a keepalive stands: so nothing but itself can have led to the gap."""
    edit = edited(numbers_jump_at_the_first_keepalive, text_ends_under_another_name)
    both = planted("codex/unknown-event-and-keepalive", tmp_path / "x.yaml", edit)
    rules = {one["rule"] for one in compared(*both)[1]["findings"]}
    assert {"order/sequence-gap", "event-type-renamed"} <= rules


def test_a_known_change_does_not_cover_what_it_newly_breaks(tmp_path: Path) -> None:
    old, gone = planted(
        "codex/streamed-text", tmp_path / "a.yaml", edited(CHANGES["field-removed"])
    )
    code, before = compared(old, gone)
    known = tmp_path / "known.json"
    known.write_text(json.dumps(before), "utf-8")
    assert code == 1
    assert compared(old, gone, "--baseline-report", str(known))[0] == 0
    edit = edited(CHANGES["field-removed"], BREACHES["invariant/echo"])
    _, worse = planted("codex/streamed-text", tmp_path / "b.yaml", edit)
    code, report = compared(old, worse, "--baseline-report", str(known))
    assert (code, [one["rule"] for one in report["findings"]]) == (1, ["invariant/echo"])


CAUSE = finding("event-type-removed", "m", surface="responses", event="response.in_progress")
GAP = "order/sequence-gap response.output_item.added /sequence_number"


def test_what_a_finding_breaks_elsewhere_belongs_to_its_fingerprint() -> None:
    assert replace(CAUSE, explains=(GAP,)).fingerprint != CAUSE.fingerprint
    assert replace(CAUSE, explains=("field-removed /x",)).fingerprint == CAUSE.fingerprint


def test_a_waiver_does_not_cover_what_the_finding_breaks_elsewhere() -> None:
    accepted = a_waiver(rule="event-type-removed", locator="*", expires=TODAY + timedelta(30))
    graver = replace(CAUSE, explains=(GAP,))
    assert not apply_waivers([CAUSE], [accepted], today=TODAY, whole=True).kept
    assert apply_waivers([graver], [accepted], today=TODAY, whole=True).kept == [graver]
    too = replace(accepted, rule="order/sequence-gap")
    assert not apply_waivers([graver], [accepted, too], today=TODAY, whole=True).kept


def test_a_profile_does_not_make_mild_what_is_broken_elsewhere() -> None:
    reads = Reads({"reads": {"responses": {"header": [], "body": [], "error": [], "events": {}}}})
    gone = finding(
        "field-removed", "m", surface="responses", event="response.completed", pointer="/response/x"
    )
    worse = replace(gone, explains=("invariant/echo response.completed /response/model",))
    here = replace(gone, explains=("schema/required response.completed /response/x",))
    levels = [one.level for one in apply_profile([gone, worse, here], "leg", reads)]
    assert sorted(levels) == ["benign", "benign", "breaking"]
