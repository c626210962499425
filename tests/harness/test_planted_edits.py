"""Edits as a service makes them: each told once, by its cause, at the place that says most."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from harness.contract import Contract
from harness.events import Event
from harness.exchange import Exchange, SentRequest
from harness.sides._invariants import newly_broken

from .contracts import ROOT
from .planted import Interaction, compared, in_body, in_events, planted, stream_of, told

PAGE = "<html><body>We are moving.</body></html>"
JSON = '{"id": "resp_1", "object": "response", "status": "completed", "output": []}'


@pytest.fixture
def new(tmp_path: Path) -> Path:
    return tmp_path / "new.yaml"


def explained(sides: tuple[Path, Path]) -> list[list[str]]:
    return [one.get("explains", []) for one in compared(*sides)[1]["findings"]]


def messages(sides: tuple[Path, Path]) -> list[str]:
    return [one["message"] for one in compared(*sides)[1]["findings"]]


# Models


def without_model(*places: int) -> Callable[[Any], None]:
    def edit(body: Any) -> None:
        for place in sorted(places, reverse=True):
            del body["models"][place]

    return edit


def test_a_model_that_goes_is_told_by_its_name_and_what_the_list_lost_follows(new: Path) -> None:
    sides = planted("codex/models", new, in_body(without_model(1)))
    assert told(sides) == [("model-removed", "risky", "/body/models/[gpt-5.5]")]
    (follows,) = explained(sides)
    assert follows[0].startswith("type-narrowed /body/models/[]/")


def test_each_model_that_goes_is_a_finding_of_its_own(new: Path) -> None:
    sides = planted("codex/models", new, in_body(without_model(1, 2)))
    assert [one[::2] for one in told(sides)] == [
        ("model-removed", "/body/models/[codex-auto-review]"),
        ("model-removed", "/body/models/[gpt-5.5]"),
    ]


def test_a_model_that_comes_may_lack_what_the_contract_lets_a_row_lack(new: Path) -> None:
    old, other = planted("codex/models", new, in_body(without_model(1)))
    assert told((other, old)) == [("model-added", "additive", "/body/models/[gpt-5.5]")]
    (follows,) = explained((other, old))
    assert {one.split()[0] for one in follows} == {"became-nullable"}


def test_a_model_that_comes_is_as_grave_as_what_its_row_breaks(new: Path, tmp_path: Path) -> None:
    def edit(body: Any) -> None:
        del body["models"][1]["slug"]
        body["models"][1]["context_window"] = "much"
        body["models"][1]["slug"] = "gpt-next"

    _, worse = planted("codex/models", new, in_body(edit))
    _, less = planted("codex/models", tmp_path / "less.yaml", in_body(without_model(1)))
    assert "breaking" in [one[1] for one in told((less, worse))]


def test_what_an_old_row_lost_does_not_hide_behind_a_model_that_came(
    new: Path, tmp_path: Path
) -> None:
    def edit(body: Any) -> None:
        del body["models"][0]["description"]

    _, less = planted("codex/models", tmp_path / "less.yaml", in_body(without_model(1)))
    _, lost = planted("codex/models", new, in_body(edit))
    found = [one[::2] for one in told((less, lost))]
    assert found == [
        ("field-became-optional", "/body/models/[]/description"),
        ("model-added", "/body/models/[gpt-5.5]"),
    ]


def test_rows_that_lost_their_name_are_one_edit_and_no_models_are_gone(new: Path) -> None:
    def edit(body: Any) -> None:
        for row in body["models"]:
            row["id"] = row.pop("slug")

    sides = planted("codex/models", new, in_body(edit))
    assert [one[0] for one in told(sides)] == ["field-renamed"]


def test_what_another_model_lost_is_no_consequence_of_one_that_went(new: Path) -> None:
    def edit(body: Any) -> None:
        del body["models"][1]
        for row in body["models"]:
            del row["description"]

    rules = [one[0] for one in told(planted("codex/models", new, in_body(edit)))]
    assert rules == ["field-removed", "model-removed"]


@pytest.mark.parametrize(
    ("fresh", "rules"),
    [
        ("region", ["field-added", "field-removed"]),
        ("e_mail", ["field-renamed"]),
        ("user_email", ["field-renamed"]),
    ],
)
def test_one_text_is_another_ones_new_name_only_if_the_names_are_alike(
    new: Path, fresh: str, rules: list[str]
) -> None:
    sides = planted(
        "codex/usage", new, in_body(lambda body: body.update({fresh: body.pop("email")}))
    )
    assert sorted(one[0] for one in told(sides)) == rules


# Invariants


def other_model(one: Interaction) -> None:
    edit = in_events(lambda event: event.get("response", {}).update(model="gpt-4o-mini"))
    edit(one)


def test_another_model_than_the_one_asked_for_is_found_though_no_shape_changed(new: Path) -> None:
    sides = planted("codex/streamed-text", new, other_model)
    ((rule, level, place),) = told(sides)
    assert (rule, level) == ("invariant/echo", "breaking")
    assert place.endswith("/response/model")
    assert '"gpt-4o-mini" is not "gpt-6-astra"' in messages(sides)[0]


def test_an_invariant_that_was_broken_before_is_no_news(new: Path) -> None:
    _, other = planted("codex/streamed-text", new, other_model)
    assert compared(other, other)[0] == 0
    again = new.with_name("again.yaml")
    text = other.read_text("utf-8").replace("gpt-4o-mini", "gpt-4o-nano")
    again.write_text(text, "utf-8")
    assert compared(other, again)[1]["findings"] == []


def test_without_its_request_no_answer_can_fail_to_repeat_it(new: Path, tmp_path: Path) -> None:
    old, other = planted("codex/streamed-text", new, other_model)
    files = tmp_path / "a.sse", tmp_path / "b.sse"
    for file, side in zip(files, (old, other), strict=True):
        file.write_text(stream_of(side), "utf-8")
    assert compared(files[0], files[1], "--surface", "responses")[0] == 0


def over_websocket(*models: str) -> Exchange:
    """A WebSocket that was asked once with the first model, and answered with the others."""

    def frame(number: int, **payload: Any) -> Event:
        return Event.of(None, json.dumps(payload), number)

    answers = [
        frame(number, type="response.created", response={"model": model})
        for number, model in enumerate(models[1:])
    ]
    url = "wss://chatgpt.com/backend-api/codex/responses"
    return Exchange(
        request=SentRequest("GET", url), status=101, is_stream=True, transport="ws",
        events=tuple(answers), sent_frames=(frame(0, type="response.create", model=models[0]),),
    )  # fmt: skip


def test_over_a_websocket_the_frame_that_asks_is_the_request() -> None:
    same, other = over_websocket("gpt-5.5", "gpt-5.5"), over_websocket("gpt-5.5", "gpt-4o")
    schemas = Contract().schemas
    (one,) = newly_broken(schemas, "responses-ws", [same], [other])
    assert (one.rule, one.pointer, one.after) == ("invariant/echo", "/response/model", "gpt-4o")
    assert newly_broken(schemas, "responses-ws", [same], [same]) == ()


def test_one_id_that_nothing_knows_any_more_is_one_finding(new: Path) -> None:
    other = "11111111-1111-4111-8111-111111111111"
    edit = in_body(lambda body: body["accounts"][0].update(id=other))
    sides = planted("codex/accounts-check", new, edit)
    assert [one[0] for one in told(sides)] == ["invariant/echo"]
    edit = in_body(lambda body: body["accounts"][0].update(id="org-0123456789"))
    sides = planted("codex/accounts-check", new, edit)
    assert told(sides) == [("id-form-changed", "breaking", "/body/accounts/[]/id")]


# Whole answers


@pytest.mark.parametrize(
    ("kind", "body", "said"),
    [("application/json", JSON, "JSON (object)"), ("text/html", PAGE, "a page (HTML)")],
)
@pytest.mark.parametrize("is_called_a_stream", [True, False])
def test_a_stream_that_is_answered_otherwise_is_one_finding(
    new: Path, kind: str, body: str, said: str, is_called_a_stream: bool
) -> None:
    def edit(one: Interaction) -> None:
        one["response"]["body"]["string"] = body
        one["response"]["headers"]["content-type"] = [
            "text/event-stream" if is_called_a_stream else kind
        ]
        if not is_called_a_stream:
            one.pop("stream", None)

    sides = planted("codex/streamed-text", new, edit)
    assert told(sides) == [("answer-kind-changed", "breaking", "/body")]
    assert messages(sides)[0].endswith(f"a stream of events became {said}")


def with_type(value: str) -> Callable[[Interaction], None]:
    return lambda one: one["response"]["headers"].update({"content-type": [value]})


@pytest.mark.parametrize(
    ("was", "now", "rules"),
    [
        ("application/json; charset=utf-8", "application/json", []),
        ("application/json", "Application/JSON;charset=UTF-8", []),
        ("application/json", "application/problem+json", ["content-type-changed"]),
        ("application/json", "application/json; charset=latin-1", ["content-type-changed"]),
    ],
)
def test_a_charset_that_goes_without_saying_is_no_other_media_type(
    tmp_path: Path, was: str, now: str, rules: list[str]
) -> None:
    _, old = planted("codex/models", tmp_path / "old.yaml", with_type(was))
    _, fresh = planted("codex/models", tmp_path / "new.yaml", with_type(now))
    assert [one[0] for one in told((old, fresh))] == rules


@pytest.mark.parametrize(
    ("now", "said"),
    [
        ("application/json; charset=latin-1",
         "only the charset differs: none became charset=latin-1"),
        ("application/json; version=2", "only a parameter differs: none became version=2"),
        ("application/problem+json", 'another charset: "application/json" became'),
    ],
)  # fmt: skip
def test_that_only_the_charset_is_another_one_is_said(tmp_path: Path, now: str, said: str) -> None:
    _, old = planted("codex/models", tmp_path / "old.yaml", with_type("application/json"))
    _, fresh = planted("codex/models", tmp_path / "new.yaml", with_type(now))
    (message,) = messages((old, fresh))
    assert said in message


def test_an_answer_that_sends_elsewhere_is_redirected_and_not_refused(new: Path) -> None:
    def edit(one: Interaction) -> None:
        one["response"]["status"]["code"] = 301

    old, fresh = planted("codex/usage", new, edit)
    assert messages((old, fresh))[0].endswith("the same question is redirected (301)")
    assert messages((fresh, old))[0].endswith("answered; it was redirected (301)")


@pytest.mark.parametrize("source", ["codex/usage", "codex/models", "codex/accounts-check"])
def test_a_body_put_into_an_envelope_is_one_move_and_so_is_the_way_back(
    new: Path, source: str
) -> None:
    old, other = planted(source, new, in_body(lambda body: {"data": body}))
    assert told((old, other)) == [("field-moved", "breaking", "/body")]
    assert told((other, old)) == [("field-moved", "breaking", "/body/data")]


def test_an_envelope_in_all_events_is_one_move(new: Path) -> None:
    def edit(event: dict[str, Any]) -> None:
        if "response" in event:
            event["response"] = {"data": event["response"]}

    sides = planted("codex/streamed-text", new, in_events(edit))
    ((rule, _, place),) = told(sides)
    assert (rule, place) == ("field-moved", "response.completed /response")


def test_a_body_that_lost_all_its_members_is_one_finding_and_names_them(new: Path) -> None:
    old, other = planted("codex/usage", new, in_body(lambda _body: {}))
    assert told((old, other)) == [("object-now-empty", "breaking", "/body")]
    assert "plan_type" in messages((old, other))[0]
    assert told((other, old)) == [("object-now-filled", "additive", "/body")]


def test_that_members_are_gone_which_nobody_demands_is_a_risk_in_one_answer(new: Path) -> None:
    sides = planted("codex/usage", new, in_body(lambda body: body.update(rate_limit={})))
    assert told(sides) == [("object-now-empty", "risky", "/body/rate_limit")]


def test_headers_that_a_source_did_not_publish_are_not_gone(new: Path) -> None:
    def edit(one: Interaction) -> None:
        one["response"]["headers"] = {}
        one["provenance"]["parts"]["headers"] = {"from": "none"}

    old, other = planted("codex/models", new, edit)
    assert (compared(old, other)[0], compared(other, old)[0]) == (0, 0)


# Refusals


def test_two_refusals_of_one_status_are_compared_without_proof(new: Path) -> None:
    edit = in_body(lambda body: body["error"].update(type="usage_frozen"))
    sides = planted("codex/usage-limit-reached", new, edit)
    assert [one[::2] for one in told(sides)] == [("error-outcome-changed", "/body/error/type")]


def test_what_another_kind_of_refusal_has_to_say_follows_from_its_word() -> None:
    cassettes = ROOT / "cassettes/codex"
    sides = cassettes / "usage-limit-reached.yaml", cassettes / "usage-not-included.yaml"
    assert [one[::2] for one in told(sides)] == [("error-outcome-changed", "/body/error/type")]
    (follows,) = explained(sides)
    assert "error-field-removed /body/error/resets_at" in follows


def test_a_refusal_of_another_status_may_have_another_cause() -> None:
    cassettes = ROOT / "cassettes/codex"
    code, report = compared(cassettes / "usage.yaml", cassettes / "usage-token-expired.yaml")
    assert (code, report["findings"]) == (6, [])
    (left,) = report["unchecked"]
    assert left["why"].startswith("the question is refused with token_expired now, which can be")


@pytest.mark.parametrize(
    ("source", "edit", "place"),
    [
        (
            "codex/unsupported-parameter-temperature",
            in_body(lambda body: body.update(detail="Unsupported parameter: top_p")),
            "/body/detail",
        ),
        (
            "codex/invalid-value",
            in_body(lambda body: body["error"].update(param="tools")),
            "/body/error/param",
        ),
    ],
)
def test_a_refusal_that_complains_of_another_parameter_is_found(
    new: Path, source: str, edit: Callable[[Interaction], None], place: str
) -> None:
    assert told(planted(source, new, edit)) == [("error-param-changed", "risky", place)]


# Evidence


def pairs(tmp_path: Path, edit: Callable[[Any], None], lacking: int) -> tuple[Path, Path]:
    """Six answers a side; so many of the new ones are edited."""
    for index in range(6):
        each = in_body(edit) if index < lacking else (lambda _one: None)
        old, _ = planted("codex/usage", tmp_path / f"new/{index}.yaml", each)
        (tmp_path / "old").mkdir(exist_ok=True)
        shutil.copy(old, tmp_path / f"old/{index}.yaml")
    return tmp_path / "old", tmp_path / "new"


@pytest.mark.parametrize(
    ("edit", "some", "all_"),
    [
        (lambda body: body.pop("promo") and None, "field-became-optional", "field-removed"),
        (lambda body: body.update(plan_type=None), "became-nullable", "value-became-null"),
        (lambda body: body["rate_limit"].update(allowed="yes"), "type-widened", "type-changed"),
    ],
)
def test_what_only_some_of_several_answers_show_may_be_so_and_is_not_always_so(
    tmp_path: Path, edit: Callable[[Any], None], some: str, all_: str
) -> None:
    assert [one[0] for one in told(pairs(tmp_path / "some", edit, 1))] == [some]
    assert [one[0] for one in told(pairs(tmp_path / "all", edit, 6))] == [all_]


def without_progress(one: Interaction) -> None:
    body = one["response"]["body"]
    blocks = body["string"].split("\n\n")
    body["string"] = "\n\n".join(one for one in blocks if "event: response.in_progress" not in one)


@pytest.mark.parametrize(
    ("lacking", "rule"), [(1, "event-count-changed"), (6, "event-type-removed")]
)
def test_an_event_that_some_streams_lack_comes_less_often_and_is_not_gone(
    tmp_path: Path, lacking: int, rule: str
) -> None:
    for index in range(6):
        edit = without_progress if index < lacking else (lambda _one: None)
        old, _ = planted("codex/streamed-text", tmp_path / f"new/{index}.yaml", edit)
        (tmp_path / "old").mkdir(exist_ok=True)
        shutil.copy(old, tmp_path / f"old/{index}.yaml")
    _, report = compared(tmp_path / "old", tmp_path / "new")
    (one,) = report["findings"]
    assert (one["rule"], one["event"]) == (rule, "response.in_progress")
    assert one["evidence"] == {"seen": 6 - lacking, "of": 6}


def test_what_most_answers_had_before_is_not_new_in_the_last_one(tmp_path: Path) -> None:
    old, fresh = pairs(tmp_path, lambda body: body.pop("promo"), 1)
    assert [one[:2] for one in told((fresh, old))] == [("field-became-always-present", "benign")]


# Names


@pytest.mark.parametrize(
    ("name", "rules"),
    [
        ("supports_search", ["field-removed", "field-added"]),
        ("supports_websockets", ["field-renamed"]),
    ],
)
def test_a_yes_or_no_is_renamed_only_if_the_names_are_alike(
    new: Path, name: str, rules: list[str]
) -> None:
    def edit(body: Any) -> None:
        for row in body["models"]:
            row[name] = row.pop("prefer_websockets")

    assert [one[0] for one in told(planted("codex/models", new, in_body(edit)))] == rules


def in_request(edit: Callable[[dict[str, Any]], Any]) -> Callable[[Interaction], None]:
    def go(one: Interaction) -> None:
        body = json.loads(one["request"]["body"])
        edit(body)
        one["request"]["body"] = json.dumps(body)

    return go


def asked_and_answered(choice: str, answer: str) -> Callable[[Interaction], None]:
    def edit(one: Interaction) -> None:
        in_request(lambda body: body.update(tool_choice=choice))(one)
        in_events(
            lambda event: (
                event["response"].update(tool_choice=answer) if "response" in event else None
            )
        )(one)

    return edit


def test_a_value_that_the_answer_repeats_is_one_edit_with_the_one_asked_for(new: Path) -> None:
    sides = planted("codex/streamed-text", new, asked_and_answered("required", "required"))
    assert told(sides) == [("client-field-added", "risky", "/body/tool_choice")]
    (follows,) = explained(sides)
    assert follows == ["open-value-changed response.completed /response/tool_choice"]


def test_an_answer_that_repeats_something_else_is_a_finding_of_its_own(new: Path) -> None:
    sides = planted("codex/streamed-text", new, asked_and_answered("required", "none"))
    assert [one[0] for one in told(sides)] == ["client-field-added", "open-value-changed"]


# Words


def test_messages_name_each_place_once_and_say_what_was_and_what_is(new: Path) -> None:
    def renamed(body: Any) -> None:
        body["plan"] = body.pop("plan_type")

    def moved(body: Any) -> None:
        body["rate_limit"]["plan_type"] = body.pop("plan_type")

    def packed(one: Interaction) -> None:
        one["request"]["headers"]["content-encoding"] = ["zstd"]

    def turned(one: Interaction) -> None:
        body = one["response"]["body"]
        first, second, *others = body["string"].split("\n\n")
        body["string"] = "\n\n".join((second, first, *others))

    def ended(one: Interaction) -> None:
        one["response"]["body"]["string"] += "data: [DONE]\n\n"

    def cut(one: Interaction) -> None:
        one["response"]["body"]["string"] = ""

    def bare(body: Any) -> Any:
        return body["error"]

    stream, usage, limit = "codex/streamed-text", "codex/usage", "codex/usage-limit-reached"
    said = [
        messages(planted(source, new, edit))[0]
        for source, edit in (
            (usage, in_body(renamed)), (usage, in_body(moved)),
            (stream, packed), (stream, turned), (stream, ended),
            (stream, cut), (limit, in_body(bare)),
        )
    ]  # fmt: skip
    assert said == [
        "/body/plan_type: a field has another name and the same shape: plan_type is plan now",
        (
            "/body/plan_type: a field stands elsewhere with the same shape, "
            "at /body/rate_limit/plan_type now"
        ),
        '/header/content-encoding: it packs its body otherwise: none became "zstd"',
        "response: the stream begins with response.in_progress now; it began with response.created",
        "response: the stream ends with a [DONE]",
        (
            "response: the stream breaks off before its final event: the last one is none now; "
            "it was response.completed"
        ),
        (
            '/body: a refusal comes in another envelope: an object below "error" became '
            "a bare object"
        ),
    ]
