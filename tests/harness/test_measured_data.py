"""What released clients need and act on: committed files say what ``docs/reference.md`` says."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

import pytest

from harness.contract import Contract
from harness.reference.ablation.table import Row, Table
from harness.reference.handles.questions import NO_CODE
from harness.reference.handles.table import Handled, HandlesTable

CONTRACT = Contract()
OBSERVED = CONTRACT.observed
COMPLETED = "/[response.completed]/response"
CHECK = "GET chatgpt.com/backend-api/wham/accounts/check"


@cache
def ablation(version: str) -> dict[tuple[str, str], Row]:
    document = OBSERVED.ablation(version)
    assert document is not None
    return {(one.surface, one.name): one for one in Table.from_json(document).rows}


@cache
def handles(version: str) -> dict[tuple[str, str, str], Handled]:
    document = OBSERVED.handles(version)
    assert document is not None
    rows = HandlesTable.from_json(document).rows
    return {(one.surface, one.kind, one.name): one for one in rows}


@pytest.mark.parametrize("version", ["0.155.0", "0.156.0", "0.169.0"])
def test_of_the_last_event_a_release_needs_the_id_and_the_counters_of_a_usage(version: str) -> None:
    needed = {
        name
        for (surface, name), row in ablation(version).items()
        if surface == "responses" and row.required and name.startswith(f"{COMPLETED}/")
    }
    usage = f"{COMPLETED}/usage"
    assert needed == {
        f"{COMPLETED}/id",
        f"{usage}/input_tokens",
        f"{usage}/output_tokens",
        f"{usage}/total_tokens",
        f"{usage}/input_tokens_details/cached_tokens",
        f"{usage}/output_tokens_details/reasoning_tokens",
    }
    # Each only where the object around it is there.
    for name in ("usage", "usage/input_tokens_details", "usage/output_tokens_details", "output"):
        assert not ablation(version)["responses", f"{COMPLETED}/{name}"].required


@pytest.mark.parametrize("version", ["0.155.0", "0.156.0", "0.169.0"])
def test_the_content_of_an_answer_is_in_the_items_that_are_done(version: str) -> None:
    rows = ablation(version)
    for event in ("response.output_item.done", "response.completed"):
        assert rows["responses", event].required
    for event in ("response.created", "response.output_text.delta", "response.output_item.added"):
        assert not rows["responses", event].required
    assert not rows["responses", "sse/event"].required


def test_a_routing_call_without_any_answer_ends_the_turn_too() -> None:
    for version in ("0.156.0", "0.169.0"):
        cases = {one.how: one for one in ablation(version)["accounts", CHECK].cases}
        assert set(cases) == {"404", "500", "empty", "no connection", "no answer"}
        assert all(one.fails for one in cases.values())


MESSAGE = "codex-leg"
FULL = "Codex ran out of room in the model's context window."


@pytest.mark.parametrize(
    ("thing", "acts", "said"),
    [
        (("responses", "status", "400 error.code context_length_exceeded"), True, FULL),
        (("responses", "status", "400 error.code bio_policy"), True, f"“{MESSAGE}”"),
        (("responses", "status", "403 error.code model_not_found"), True, f"“{MESSAGE}”"),
        (("responses", "status", "403 error.code invalid_workspace_selected"), True, "at once"),
        (("responses", "error event", "context_length_exceeded"), True, FULL),
        (("responses", "error event", "flex_unavailable"), True, "Flex capacity unavailable."),
        (("responses", "error event", "usage_limit_reached"), False, "ignored"),
        (("responses", "failed", "usage_limit_reached"), False, "5 retries, fatal"),
        (("responses", "failed", "slow_down"), True, "5 retries, fatal: “rate limit exceeded"),
        (("responses", "incomplete", "interrupted"), True, "asks without end"),
        (("responses", "status", "401 detail"), False, "6 refreshes, 17 retries, fatal"),
        (("responses", "status", "503 error.code server_is_overloaded"), True, "4 retries, fatal"),
        (("responses", "event", "response.failed"), True, "ignored"),
        (("responses-ws", "event", "response.failed"), True, "falls back to HTTPS"),
        (("responses-ws", "upgrade", "426"), False, "falls back to HTTPS, answered"),
        (("responses-ws", "upgrade", "401"), False, "7 refreshes"),
        (("auth", "refresh", "401 error.code refresh_token_reused"), True, "fatal at once"),
        (("auth", "refresh before the turn", f"500 error.code {NO_CODE}"), False, "answered"),
    ],
)  # fmt: skip
def test_what_0_169_0_makes_of_it(thing: tuple[str, str, str], acts: bool, said: str) -> None:
    row = handles("0.169.0")[thing]
    assert row.acts is acts
    assert said in row.reaction.observed


@pytest.mark.parametrize(
    ("thing", "before", "after"),
    [
        (("responses", "failed", "slow_down"), "at capacity", "rate limit exceeded"),
        (("responses", "status", "429 retry-after"), "fatal at once", "5 retries"),
        (("responses", "status", "400 error.code bio_policy"), '{"error"', f"“{MESSAGE}”"),
        (
            ("responses", "status", "403 detail.code invalid_workspace_selected"),
            "5 retries",
            "fatal at once",
        ),
        (("responses", "failed", "flex_unavailable"), "5 retries", "fatal at once"),
        (("responses", "error event", "flex_unavailable"), "ignored", "fatal at once"),
        (("responses", "incomplete", NO_CODE), "5 retries", "fatal at once"),
        (("responses", "incomplete", "interrupted"), "5 retries", "asks without end"),
    ],
)
def test_what_has_changed_from_0_155_0_on(
    thing: tuple[str, str, str], before: str, after: str
) -> None:
    assert before in handles("0.155.0")[thing].reaction.observed
    assert after in handles("0.169.0")[thing].reaction.observed


def cited() -> Iterator[tuple[str, str, str]]:
    """The schema, the folder and the version of each file of measurements that a schema cites."""
    schemas = CONTRACT.schemas
    for path in schemas.paths:
        for source in schemas.document(path).get("x-sources", ()):
            folder = source["ref"].partition("/")[0]
            if folder in ("ablations", "handles"):
                for version in re.findall(r"[0-9]+\.[0-9]+\.[0-9]+", source["ref"]):
                    yield path, folder, version


def test_what_a_schema_cites_is_there() -> None:
    found = set(cited())
    assert {path for path, _, _ in found} >= {"accounts/account.json", "responses/usage.json"}
    for path, folder, version in found:
        assert version in OBSERVED.versions(folder), path


def test_a_counter_that_a_release_needs_is_required_by_the_schema() -> None:
    required = CONTRACT.schemas.document("responses/usage.json")["required"]
    for version in OBSERVED.versions("ablations"):
        for name in required:
            row = ablation(version)["responses", f"{COMPLETED}/usage/{name}"]
            assert row.required, (version, name)
