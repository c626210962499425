"""Edits of an answer that no shape can see: each has a finding that names the probe's field."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from harness.contract import Contract, Pair
from harness.judge import judge, shape

from .contracts import SmallContract, copy_contract

CALL = "codex/function-call"
TEXT = "codex/streamed-text"
REVOKED = "codex/token-revoked"
LIMIT = "codex/usage-limit-reached"
CONTEXT = "codex/context-length"
USAGE = "codex/usage"
PROBES = (CALL, TEXT, REVOKED, LIMIT, CONTEXT, USAGE, "codex/failed-rate-limit", "codex/stream-cut")


@pytest.fixture
def contract(tmp_path: Path) -> SmallContract:
    return copy_contract(tmp_path / "contract", PROBES)


def found(contract: SmallContract, probe: str) -> set[tuple[str, str]]:
    """What is held against a probe, its exchange in the project's own contract being adopted."""
    opened = Contract(contract.root)
    pair, adopted = (_pair(one, probe) for one in (opened, Contract()))
    judged = judge(opened, pair, shape(opened, adopted), shape(opened, pair))
    return {(one.rule, one.pointer) for one in judged.findings}


def _pair(contract: Contract, probe: str) -> Pair:
    return next(one for one in contract.load() if one.probe.id == probe)


def event(kind: str, old: str, new: str) -> Callable[[Any], None]:
    """In the first event of this type one text is another one."""

    def edit(document: Any) -> None:
        body = document["interactions"][0]["response"]["body"]
        lines = body["string"].split("\n")
        at = next(i for i, one in enumerate(lines) if one == f"event: {kind}") + 1
        assert old in lines[at], lines[at]
        lines[at] = lines[at].replace(old, new, 1)
        body["string"] = "\n".join(lines)

    return edit


def body(old: str, new: str) -> Callable[[Any], None]:
    def edit(document: Any) -> None:
        answer = document["interactions"][0]["response"]["body"]
        assert old in answer["string"], answer["string"]
        answer["string"] = answer["string"].replace(old, new, 1)

    return edit


ITEM = "response.output_item"
EDITS: dict[str, tuple[str, Callable[[Any], None], tuple[str, str]]] = {
    "a place below zero": (
        TEXT, event("response.output_text.delta", '"output_index":0', '"output_index":-1'),
        ("schema/other", "/output_index")),
    "another place in one event of an item": (
        TEXT, event("response.output_text.done", '"output_index":0', '"output_index":7'),
        ("order/place-changed", "/output_index")),
    "another name at the end of a call": (
        CALL, event(f"{ITEM}.done", '"name":"add"', '"name":"subtract"'),
        ("order/item-changed", "/item/name")),
    "another name at the beginning of a call": (
        CALL, event(f"{ITEM}.added", '"name":"add"', '"name":"subtract"'),
        ("order/item-changed", "/item/name")),
    "another call id at the end of a call": (
        CALL, event(f"{ITEM}.done", '"call_id":"call_REDACTED_1"', '"call_id":"call_REDACTED_2"'),
        ("order/item-changed", "/item/call_id")),
    "another response at the end": (
        TEXT, event("response.completed", '"id":"resp_01', '"id":"resp_99'),
        ("order/response-changed", "/response/id")),
    "another response in between": (
        TEXT, event("response.in_progress", '"id":"resp_01', '"id":"resp_99'),
        ("order/response-changed", "/response/id")),
    "another time of creation": (
        TEXT, event("response.completed", '"created_at":1790537330', '"created_at":1790537331'),
        ("order/response-changed", "/response/created_at")),
    "a status in the body that is not the answer's": (
        REVOKED, body('"status": 401', '"status": 403'), ("status-differs", "/body/status")),
    "tokens below zero": (
        TEXT, event("response.completed", '"total_tokens":18', '"total_tokens":-18'),
        ("schema/other", "/response/usage/total_tokens")),
    "a time below zero": (
        USAGE, body('"reset_at": ', '"reset_at": -'),
        ("schema/other", "/body/rate_limit/primary_window/reset_at")),
    "the member that a refusal names": (
        CONTEXT, body('"param":"input"', '"param":"tools"'),
        ("error-param-changed", "/body/error/param")),
    "when a limit is lifted": (
        LIMIT, body('"resets_at":1776672030', '"resets_at":1776672031'),
        ("probe/field", "/resets_at")),
    "how long to wait": (
        LIMIT, body('"resets_in_seconds":17778', '"resets_in_seconds":17779'),
        ("probe/field", "/retry_after")),
    "how long to wait, said in a sentence": (
        "codex/failed-rate-limit", body("11.054s", "12.054s"), ("probe/field", "/retry_after")),
    "a stream that is cut earlier": (
        "codex/stream-cut", event("response.output_text.delta", '"delta":"Rust"', '"delta":"R"'),
        ("probe/text", "")),
}  # fmt: skip


@pytest.mark.parametrize("edit", EDITS)
def test_one_edit_is_found_and_its_field_is_named(contract: SmallContract, edit: str) -> None:
    probe, change, wanted = EDITS[edit]
    assert found(contract, probe) == set()
    contract.edit_yaml(f"cassettes/{probe}.yaml", change)
    assert wanted in found(contract, probe)


def everywhere(old: str, new: str) -> Callable[[Any], None]:
    def edit(document: Any) -> None:
        answer = document["interactions"][0]["response"]["body"]
        assert old in answer["string"]
        answer["string"] = answer["string"].replace(old, new)

    return edit


def test_a_call_of_another_tool_is_found_where_the_whole_stream_agrees(
    contract: SmallContract,
) -> None:
    contract.edit_yaml(f"cassettes/{CALL}.yaml", everywhere('"name":"add"', '"name":"drop"'))
    assert ("probe/calls", "/calls/0/name") in found(contract, CALL)


@pytest.mark.parametrize(
    ("expected", "pointer"),
    [
        ([], "/calls"),
        ([{"name": "add"}, {"name": "add"}], "/calls"),
        ([{"name": "add", "arguments": '{"x":3,"y":5}'}], "/calls/0/arguments"),
        ([{"name": "add"}], None),
    ],
)
def test_the_calls_that_a_probe_expects_are_the_calls_that_the_leg_returns(
    contract: SmallContract, expected: list[dict[str, str]], pointer: str | None
) -> None:
    def edit(document: Any) -> None:
        document["expect"]["calls"] = expected

    contract.edit_yaml(f"probes/{CALL}.yaml", edit)
    assert found(contract, CALL) == ({("probe/calls", pointer)} if pointer else set())


def test_every_probe_with_calls_or_times_in_its_answer_declares_them() -> None:
    for pair in Contract().load():
        text = str(pair.cassette.interactions[0].body)
        expect = pair.probe.expect
        if expect.outcome == "ok" and '"type":"function_call"' in text:
            assert expect.calls, pair.probe.id
        if '"resets_at":' in text and expect.outcome == "usage_limit_reached":
            assert expect.resets_at is not None, pair.probe.id
        if "retry-after" in pair.cassette.interactions[0].headers:
            assert expect.retry_after is not None, pair.probe.id


def _leaves(schema: Any, name: str = "") -> list[tuple[str, dict[str, Any]]]:
    below = schema.items() if isinstance(schema, dict) else enumerate(schema)
    own = [(name, schema)] if isinstance(schema, dict) and "x-kind" in schema else []
    inner = [(str(key), one) for key, one in below if isinstance(one, dict | list)]
    return own + [leaf for key, one in inner for leaf in _leaves(one, key)]


def test_no_count_and_no_time_is_below_zero() -> None:
    # These three can be; the rank of a model is no count.
    free = {"logprob", "frequency_penalty", "presence_penalty", "priority"}
    schemas = Contract().schemas
    for path in schemas.paths:
        for name, leaf in _leaves(schemas.document(path)):
            types = {leaf.get("type")} if isinstance(leaf.get("type"), str) else leaf.get("type")
            number = {"integer", "number"} & set(types or ())
            if leaf["x-kind"] in ("count", "time") and number and name not in free:
                assert leaf.get("minimum", -1) >= 0, f"{path} {name}"


def test_cassettes_stay_readable_after_the_edits(contract: SmallContract) -> None:
    file = contract.file(f"cassettes/{TEXT}.yaml")
    before = yaml.safe_load(file.read_text("utf-8"))
    contract.edit_yaml(f"cassettes/{TEXT}.yaml", lambda _: None)
    assert yaml.safe_load(file.read_text("utf-8")) == before
