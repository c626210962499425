"""Real answers: within an era nothing changes, between eras exactly what is documented.

The cassettes used here were copied from published recordings (their provenance says which); what a
source did not publish (headers), or made up in place of a secret, is no evidence of anything.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from harness.checks import ENDED_EARLY, check_exchange
from harness.contract import Contract
from harness.drift.compare import compare
from harness.drift.evidence import Evidences
from harness.drift.findings import Finding, at_or_over
from harness.drift.shape import shape_of, snapshot_of
from harness.exchange import Exchange

from .contracts import ROOT
from .planted import stream_of, told

CONTRACT = Contract()
SCHEMAS = CONTRACT.schemas
TRANSCRIBED = {
    pair.probe.id: pair
    for pair in CONTRACT.load()
    if pair.cassette.interactions[0].provenance.kind == "transcribed"
}

#: Two captures of one era, one scenario and one source each.
SAME = {
    "a text, 2026-07": ("codex/completed-with-empty-output", "codex/long-text"),
    "a call, 2026-07": ("codex/function-call", "codex/function-call-unicode"),
    "a text, 2026-09": ("codex/streamed-text-phase", "codex/conversation-replayed"),
}

Edit = tuple[str, str | None, str]


def _at_the_end(*pointers: str, rule: str = "field-added") -> set[Edit]:
    """Edits of the response; each is told at the last event that carries it."""
    return {(rule, "response.completed", f"/response/{pointer}") for pointer in pointers}


#: The keys of ``response``: 29 in 2025-09, 35 in 2026-07 (the notes of schemas/responses/).
KEYS_OF_2026_07 = _at_the_end(
    "completed_at",
    "frequency_penalty",
    "moderation",
    "presence_penalty",
    "prompt_cache_retention",
    "tool_usage",
)
#: And 36 in 2026-09, with what the usage says since then.
KEYS_OF_2026_09 = _at_the_end("access_programs") | {
    ("field-added", "response.completed", "/response/usage/attribution"),
    (
        "field-added",
        "response.completed",
        "/response/usage/input_tokens_details/cache_write_tokens",
    ),
}
#: Since 2026 the terminal event repeats no items (NousResearch/hermes-agent#5698), a message says
#: which phase it is of, and what is said about reasoning has two members more.
SINCE_2026 = (
    {("array-now-may-be-empty", "response.completed", "/response/output")}
    | {("field-added", "response.output_item.done(message)", "/item/phase")}
    | _at_the_end("reasoning/context", "reasoning/mode")
)

#: What the answers repeat of questions that were not the same.
ASKED_2025 = (
    _at_the_end(
        "text/format/description",
        "text/format/name",
        "text/format/schema",
        "text/format/strict",
        rule="field-removed",
    )
    | _at_the_end("text/format/type", rule="open-value-changed")
    # It was asked to think, and it thought before it spoke.
    | {("union-member-removed", "response.output_item.done(reasoning)", "/item")}
)
ASKED_OTHERWISE = _at_the_end("reasoning/effort", rule="open-value-changed")
WITHOUT_INSTRUCTIONS = _at_the_end("instructions", rule="value-became-null")
OTHER_CONTEXT = _at_the_end("reasoning/context", rule="open-value-changed")
#: Placeholders: each source wrote others over the ids of persons and caches.
REPLACED = _at_the_end("prompt_cache_key", "safety_identifier", rule="id-form-changed")

ERAS: dict[str, tuple[str, str, set[Edit]]] = {
    "a text, 2025-09 to 2026-07": (
        "codex/streamed-text-2025",
        "codex/long-text",
        KEYS_OF_2026_07 | SINCE_2026 | ASKED_2025 | ASKED_OTHERWISE | REPLACED,
    ),
    "a text, 2026-07 to 2026-09": (
        "codex/long-text",
        "codex/streamed-text",
        KEYS_OF_2026_09 | ASKED_OTHERWISE | WITHOUT_INSTRUCTIONS | OTHER_CONTEXT | REPLACED,
    ),
    "a text, 2025-09 to 2026-09": (
        "codex/streamed-text-2025",
        "codex/streamed-text",
        # The first and the last source wrote the same placeholders.
        KEYS_OF_2026_07 | KEYS_OF_2026_09 | SINCE_2026 | ASKED_2025 | WITHOUT_INSTRUCTIONS,
    ),
    "a call, 2026-07 to 2026-09": (
        "codex/function-call",
        "codex/function-call-required",
        KEYS_OF_2026_09
        | ASKED_OTHERWISE
        | WITHOUT_INSTRUCTIONS
        | OTHER_CONTEXT
        | REPLACED
        | _at_the_end("tools/[function]/output_schema")
        | _at_the_end("tool_choice", rule="open-value-changed"),
    ),
}


def answer(id_: str) -> Exchange:
    """The answer alone: the requests are ours, and headers are published of few."""
    interaction = TRANSCRIBED[id_].cassette.interactions[0]
    return replace(Exchange.from_interaction(interaction), request=None, headers=())


def changes(before: str, after: str) -> list[Finding]:
    """What is different between two answers."""
    surface = TRANSCRIBED[before].probe.surface
    old, new = (snapshot_of(shape_of(SCHEMAS, surface, answer(one))) for one in (before, after))
    return compare(old, new)


def _edits(found: list[Finding]) -> set[Edit]:
    return {(one.rule, one.event, one.pointer) for one in found}


@pytest.mark.parametrize("name", SAME)
def test_two_captures_of_one_era_and_scenario_differ_in_nothing_that_matters(name: str):
    for before, after in (SAME[name], SAME[name][::-1]):
        found = changes(before, after)
        assert [one.message for one in found if at_or_over(one.level, "risky")] == []


#: One era and scenario, and two sources, each with what it wrote over the ids of persons, its own
#: instructions, and a key of its own for the cache.
ACROSS = ("codex/streamed-text", "codex/streamed-text-phase")
#: What is told of these two: a placeholder over the id of a person, and what one of the sources
#: left out of an object that is new.
BY_SOURCE = _at_the_end("safety_identifier", rule="id-form-changed") | _at_the_end(
    "usage/attribution/request_fields", rule="field-removed"
)


def raw_changes(before: str, after: str) -> list[Finding]:
    """What is different between two answers by the contract, their requests not known."""
    surface = TRANSCRIBED[before].probe.surface
    old, new = (shape_of(SCHEMAS, surface, answer(one)) for one in (before, after))
    evidence = Evidences(schemas=SCHEMAS, before=old, after=new)
    return compare(snapshot_of(old), snapshot_of(new), evidence=evidence)


@pytest.mark.parametrize("pair", [*SAME.values(), ACROSS], ids=" ".join)
def test_raw_answers_of_one_era_differ_in_nothing_that_a_client_did_not_choose(
    pair: tuple[str, str],
) -> None:
    for before, after in (pair, pair[::-1]):
        grave = [one for one in raw_changes(before, after) if at_or_over(one.level, "risky")]
        assert {one.level for one in grave} <= {"risky"}
        assert _edits(grave) <= (BY_SOURCE if pair == ACROSS else set())


def test_a_value_of_the_other_of_two_types_that_the_contract_allows_is_no_breach(
    tmp_path: Path,
) -> None:
    text = stream_of(ROOT / "cassettes/codex/function-call.yaml")
    old, new = tmp_path / "old.sse", tmp_path / "new.sse"
    old.write_text(text, "utf-8")
    named = '"tool_choice":{"type":"function","name":"add"}'
    new.write_text(text.replace('"tool_choice":"auto"', named), "utf-8")
    for sides in ((old, new), (new, old)):
        found = told(sides, "--surface", "responses")
        assert found == [("type-changed", "additive", "response.completed /response/tool_choice")]


@pytest.mark.parametrize("name", ERAS)
def test_eras_differ_in_exactly_what_is_documented(name: str):
    before, after, expected = ERAS[name]
    found = changes(before, after)
    assert _edits(found) == expected
    assert len(found) == len(expected)


@pytest.mark.parametrize("name", ERAS)
def test_what_came_in_an_era_is_additive_and_what_left_is_not(name: str):
    before, after, _ = ERAS[name]
    for one in changes(before, after):
        assert (one.level == "additive") == (one.rule == "field-added"), one.message


def test_the_week_moved_into_the_first_window_and_it_is_seen():
    """2026-05 to 2026-09, between them 2026-07 (robinebers/openusage#979); of two accounts."""
    found = changes("codex/usage-five-hour-window", "codex/usage")
    moved = [one for one in found if "window" in one.pointer]
    first, second = (f"/body/rate_limit/{which}_window" for which in ("primary", "secondary"))
    assert [(one.rule, one.level, one.before, one.after) for one in moved] == [
        ("field-moved", "risky", second, first)
    ]
    new = {one.pointer for one in found if one.rule == "field-added"}
    assert new == {
        "/body/additional_rate_limits/[]/normal_model_slug",
        "/body/model_usage",
        "/body/rate_limit_reset_credits/applicable_available_count",
    }


@pytest.mark.parametrize("id_", sorted(TRANSCRIBED))
def test_no_real_answer_breaks_the_contract(id_: str):
    pair = TRANSCRIBED[id_]
    for interaction in pair.cassette.interactions:
        found = check_exchange(
            SCHEMAS,
            pair.probe.surface,
            Exchange.from_interaction(interaction),
            ended_early=pair.probe.expect.outcome in ENDED_EARLY,
        )
        assert [one.message for one in found] == []


def test_there_are_answers_of_every_era():
    days = {pair.cassette.interactions[0].provenance.date for pair in TRANSCRIBED.values()}
    months = {day[:7] for day in days}
    assert {"2025-09", "2026-05", "2026-07", "2026-08", "2026-09", "2026-10"} <= months
