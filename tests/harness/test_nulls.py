"""That a value is null: a risk where the contract says that it may be, and breaking elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from harness.contract import Contract
from harness.drift.certainty import DEPENDS
from harness.drift.demands import Demands
from harness.drift.rules import RULES

from .planted import in_body, in_events, planted, told


def nulled(*way: str) -> Any:
    def edit(value: Any) -> None:
        for name in way[:-1]:
            value = value.get(name, {})
        if way[-1] in value:
            value[way[-1]] = None

    return edit


@pytest.mark.parametrize(
    ("member", "level"),
    [(("credits",), "risky"), (("credits", "balance"), "risky"),
     (("rate_limit", "allowed"), "breaking"), (("plan_type",), "breaking")],
)  # fmt: skip
def test_null_where_the_schema_allows_it_is_a_risk_and_elsewhere_breaking(
    tmp_path: Path, member: tuple[str, ...], level: str
) -> None:
    sides = planted("codex/usage", tmp_path / "new.yaml", in_body(nulled(*member)))
    place = "/".join(("/body", *member))
    assert told(sides) == [("value-became-null", level, place)]


@pytest.mark.parametrize(
    ("member", "level"), [("reasoning", "risky"), ("output", "breaking"), ("made_up", "breaking")]
)
def test_the_same_holds_in_the_events_of_a_stream(tmp_path: Path, member: str, level: str) -> None:
    """A member that no schema speaks about was never said to be null."""

    def filled(event: dict[str, Any]) -> None:
        if "response" in event:
            event["response"].setdefault("made_up", "so it is")

    def empty(event: dict[str, Any]) -> None:
        filled(event)
        nulled("response", member)(event)

    source = "codex/streamed-text"
    old, new = (
        planted(source, tmp_path / name, in_events(edit))[1]
        for name, edit in (("old.yaml", filled), ("new.yaml", empty))
    )
    ((rule, found, _),) = told((old, new))
    assert (rule, found) == ("value-became-null", level)


def test_a_limit_of_a_model_that_may_be_null_is_a_risk_too(tmp_path: Path) -> None:
    def edit(body: Any) -> None:
        body["models"][0]["context_window"] = None

    ((rule, level, place),) = told(planted("codex/models", tmp_path / "new.yaml", in_body(edit)))
    assert (rule, level) == ("value-became-null", "risky")
    assert place.endswith("/context_window")


def test_what_any_schema_of_a_place_forbids_is_not_allowed() -> None:
    schemas = Contract().schemas
    sent = {"/method": '"GET"', "/url": "https://chatgpt.com/backend-api/wham/usage"}
    usage = {"request": sent, "response": {}}
    demands = Demands.of(schemas, "usage", usage)
    assert demands.allows_null(None, "/body/credits")
    assert not demands.allows_null(None, "/body/plan_type")
    assert not demands.allows_null(None, "/body/never_heard_of")
    assert not demands.allows_null("response.created", "/response/reasoning")  # not its events


def test_what_a_level_depends_on_is_told_of_rules_that_there_are() -> None:
    assert DEPENDS.keys() <= RULES.keys()
    assert "allows null" in DEPENDS["value-became-null"]
