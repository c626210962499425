"""What the leg reads is what it is seen reading."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

import leg
from harness.contract import Contract, Interaction
from harness.questions import question
from harness.reads import Reads
from harness.reads_of_leg import PARSERS, Looks, reads_document, tracing
from harness.replay import ask

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def contract() -> Contract:
    return Contract()


@pytest.fixture(scope="module")
def document(contract: Contract) -> dict[str, Any]:
    return reads_document(contract)


@pytest.fixture(scope="module")
def reads(document: dict[str, Any]) -> Reads:
    return Reads(document)


def test_the_file_is_up_to_date(contract: Contract, document: dict[str, Any]) -> None:
    assert contract.schemas.document("reads.json") == document, "run: make generated"


def test_it_has_every_surface_with_a_probe(contract: Contract, document: dict[str, Any]) -> None:
    assert document["reads"].keys() == {pair.probe.surface for pair in contract.load()}


def test_a_contract_whose_list_is_broken_is_refused(tmp_path: Path) -> None:
    from .contracts import copy_contract

    small = copy_contract(tmp_path)
    small.replace("schemas/reads.json", '"generated_from"', '"generated"')
    done = small.verify()
    assert done.code == 7
    assert "schemas/reads.json" in done.err


DONE = "response.output_item.done(message)"
COMPLETED = "response.completed"


@pytest.mark.parametrize(
    ("event", "pointer"),
    [
        (DONE, "/item/content/[output_text]/text"),
        (DONE, "/item/content/[output_text]"),
        (DONE, "/item"),
        (COMPLETED, "/response/usage/input_tokens_details/cached_tokens"),
        (COMPLETED, "/response/id"),
        ("response.output_text.delta", "/delta"),
        ("response.output_item.done(function_call)", "/item/arguments"),
        ("response.failed", "/response/error/code"),
        ("error", "/error/message"),
        (None, "/header/retry-after"),
        (None, "/header/X-Request-Id"),
        (None, "/body/error/resets_at"),
        (None, "/body/detail"),
        (None, "/status"),
    ],
)
def test_what_becomes_part_of_a_result_or_an_error_is_read(
    reads: Reads, event: str | None, pointer: str
) -> None:
    assert reads.is_read("responses", "response", event, pointer)


@pytest.mark.parametrize(
    ("event", "pointer"),
    [
        (DONE, "/item/content/[output_text]/logprobs"),
        (DONE, "/item/phase"),
        (COMPLETED, "/response/temperature"),
        (COMPLETED, "/response/usage/attribution"),
        ("response.output_text.delta", "/obfuscation"),
        ("response.colour", "/colour"),
        (None, "/header/server"),
        (None, "/body/error/eligible_promo"),
    ],
)
def test_what_is_only_passed_on_is_not(reads: Reads, event: str | None, pointer: str) -> None:
    assert not reads.is_read("responses", "response", event, pointer)


def test_tokens_are_read_and_the_catalogue_is_passed_on(reads: Reads) -> None:
    assert reads.is_read("auth", "response", None, "/body/access_token")
    assert reads.is_read("auth", "response", None, "/body/expires_in")
    assert not reads.is_read("models", "response", None, "/body/models/[]/slug")
    assert reads.is_read("models", "response", None, "/body/detail")
    assert reads.is_read("anthropic", "response", None, "/body/content/[text]/text")
    assert not reads.is_read("anthropic", "response", None, "/body/usage/service_tier")
    header = "/header/anthropic-ratelimit-unified-status"
    assert reads.is_read("anthropic", "response", None, header)


def test_nothing_of_a_request_is_read(reads: Reads) -> None:
    assert not reads.is_read("responses", "request", None, "/body/model")


def test_on_a_surface_that_nobody_has_looked_at_everything_counts_as_read(reads: Reads) -> None:
    assert reads.is_read("images", "response", None, "/body/anything")


def test_below_what_is_taken_whole_everything_is_read() -> None:
    surface = {"header": [], "body": ["/content/[]/input/**"], "error": [], "events": {}}
    reads = Reads({"reads": {"one": surface}})

    def is_read(pointer: str) -> bool:
        return reads.is_read("one", "response", None, pointer)

    assert is_read("/body/content/[tool_use]/input/city")
    assert is_read("/body/content/[tool_use]/input/{}/deep")
    assert is_read("/body/content/[tool_use]/input")
    assert is_read("/body/content")
    assert not is_read("/body/content/[tool_use]/id")


def _ok_stream(contract: Contract) -> tuple[Any, Interaction]:
    pair = next(one for one in contract.load() if one.probe.id == "codex/streamed-text")
    return pair.probe, pair.cassette.interactions[0]


@contextmanager
def _read_by(contract: Contract) -> Iterator[Looks]:
    probe, answer = _ok_stream(contract)
    looks = Looks()
    with tracing(answer, looks):
        ask(probe, question(probe), streamed=True)
        yield looks


def test_a_new_reader_in_the_leg_shows_up(
    contract: Contract, monkeypatch: pytest.MonkeyPatch
) -> None:
    from leg import result

    with _read_by(contract) as before:
        assert "/response/temperature" not in before.events[COMPLETED]
    reader = result._optional

    def planted(data: Any, key: str) -> str | None:
        data.get("temperature")
        return reader(data, key)

    monkeypatch.setattr(result, "_optional", planted)
    with _read_by(contract) as after:
        assert "/response/temperature" in after.events[COMPLETED]


def test_a_reader_that_is_gone_is_not_listed(
    contract: Contract, monkeypatch: pytest.MonkeyPatch
) -> None:
    from leg import result

    monkeypatch.setattr(result, "_usage", lambda _value: None)
    with _read_by(contract) as looks:
        assert "/response/usage" in looks.events[COMPLETED]
        assert "/response/usage/input_tokens" not in looks.events[COMPLETED]


def test_a_field_that_the_backend_adds_is_not_read(contract: Contract) -> None:
    probe, answer = _ok_stream(contract)
    looks = Looks()
    body = str(answer.body).replace('"sequence_number"', '"planted":1,"sequence_number"')
    assert body != answer.body
    changed = Interaction(
        request=answer.request,
        status=answer.status,
        headers=answer.headers,
        body=body,
        provenance=answer.provenance,
        stream=answer.stream,
    )
    with tracing(changed, looks):
        ask(probe, question(probe), streamed=True)
    assert looks.events
    assert all("/planted" not in places for places in looks.events.values())


def test_the_leg_is_as_it_was_afterwards(contract: Contract) -> None:
    from leg import _http, events

    http = _http.Http
    with _read_by(contract):
        assert events.json is not json
    assert events.json is json
    assert _http.Http is http


#: Modules of the leg that parse JSON which is no answer.
NO_ANSWERS = {
    "leg.blob": "credentials out of the environment",
    "leg.models": "the leg's own table",
    "leg.store": "a login in a file",
    "leg.tokens": "the claims inside of a token",
}


def test_every_module_of_the_leg_that_parses_answers_is_traced() -> None:
    parsing = {
        f"leg.{file.stem}"
        for file in Path(leg.__file__).parent.glob("*.py")
        if _parses_json(ast.parse(file.read_text("utf-8")))
    }
    assert parsing == PARSERS.keys() | NO_ANSWERS.keys()


def _parses_json(tree: ast.Module) -> bool:
    return any(
        isinstance(node, ast.Attribute)
        and node.attr in ("loads", "load", "JSONDecoder")
        and isinstance(node.value, ast.Name)
        and node.value.id == "json"
        for node in ast.walk(tree)
    ) or any(isinstance(node, ast.ImportFrom) and node.module == "json" for node in ast.walk(tree))
