"""``codex-leg reference diff``: one edit of the wire is one finding, and nothing else is any."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from harness.cli import run
from harness.contract import Contract, Interaction
from harness.drift.findings import Finding
from harness.exits import Exit
from harness.reference.diff import Diff, compare_captured
from harness.reference.wire.captured import Captured, read_captured

from .captures import MESSAGE, SESSION, beside, captured, socket, turn

CONTRACT = Contract()
RUNS = [f"{name}.https" for name in ("plain", "tool-call", "two-turns", "server-error")]
SOCKETS = [one.replace("https", "websocket") for one in RUNS]
API = "https://chatgpt.com/backend-api"


def everywhere(one: Callable[[], Interaction], other: Callable[[], Interaction]) -> Captured:
    return captured(
        "0.1.0", {**{run: [one()] for run in RUNS}, **{run: [other()] for run in SOCKETS}}
    )


def told(diff: Diff) -> list[tuple[str, str]]:
    return [(one.rule, one.pointer) for one in diff.findings]


def compared(before: Any, after: Any) -> list[tuple[str, str]]:
    return told(compare_captured(before, after))


def plain(*requests: Interaction) -> Captured:
    return captured("0.1.0", {"plain.https": requests})


def test_a_header_that_is_renamed_everywhere_is_one_finding_and_also_lists_the_rest() -> None:
    renamed = {"session-id": None, "session_id": SESSION}
    before = everywhere(turn, socket)
    after = everywhere(lambda: turn(headers=renamed), lambda: socket(headers=renamed))
    (one,) = compare_captured(before, after).findings
    assert (one.rule, one.pointer) == ("client-header-renamed", "/header/session-id")
    assert (one.before, one.after) == ("/header/session-id", "/header/session_id")
    assert (one.surface, one.probe, one.level) == ("responses", "plain.https", "risky")
    assert sorted(one.also) == sorted(f"{run} /header/session-id" for run in [*RUNS[1:], *SOCKETS])
    assert (one.evidence.seen, one.evidence.of) == (8, 8)


@pytest.mark.parametrize(
    ("edit", "expected"),
    [
        ({"instructions": None}, ("client-field-removed", "/body/instructions")),
        ({"service_tier": "flex"}, ("client-field-added", "/body/service_tier")),
        ({"store": True}, ("client-field-value-changed", "/body/store")),
        (
            {"input": [{"type": "additional_tools", "tools": []}, MESSAGE]},
            ("client-field-item-added", "/body/input/[additional_tools]"),
        ),
        ({"reasoning": {"effort": "low", "context": "all_turns"}},
         ("client-field-added", "/body/reasoning/context")),
    ],
)  # fmt: skip
def test_an_edit_of_the_body_and_of_the_frame_is_one_finding(
    edit: dict[str, Any], expected: tuple[str, str]
) -> None:
    after = everywhere(lambda: turn(**edit), lambda: socket(edit))
    assert compared(everywhere(turn, socket), after) == [expected]


def test_a_header_that_metadata_or_a_frame_repeats_is_one_finding() -> None:
    value = json.dumps({"turn_id": SESSION})
    lite = "x-openai-internal-codex-responses-lite"
    copies = {f"ws_request_header_{lite.replace('-', '_')}": "true", "x-codex-meta": value}
    before = everywhere(
        lambda: turn(client_metadata={"a": "b"}), lambda: socket({"client_metadata": {"a": "b"}})
    )
    after = everywhere(
        lambda: turn(
            headers={lite: "true", "x-codex-meta": value},
            client_metadata={"a": "b", "x-codex-meta": value},
        ),
        lambda: socket({"client_metadata": {"a": "b", **copies}}, headers={"x-codex-meta": value}),
    )  # fmt: skip
    assert compared(before, after) == [
        ("client-header-added", "/header/x-codex-meta"),
        ("client-header-added", f"/header/{lite}"),
    ]


def test_a_whole_that_is_new_here_is_its_parts_that_are_new_there() -> None:
    before = everywhere(turn, lambda: socket({"client_metadata": {"b": "c"}}))
    after = everywhere(
        lambda: turn(client_metadata={"b": "c", "a": "b"}),
        lambda: socket({"client_metadata": {"b": "c", "a": "b"}}),
    )
    assert compared(before, after) == [("client-field-added", "/body/client_metadata")]


def test_headers_that_have_nothing_in_common_are_not_renamed() -> None:
    before = plain(turn(headers={"conversation_id": SESSION}))
    after = plain(turn(headers={"x-oai-web-search-eligible": "true"}))
    assert compared(before, after) == [
        ("client-header-added", "/header/x-oai-web-search-eligible"),
        ("client-header-removed", "/header/conversation_id"),
    ]


def test_what_only_one_was_captured_in_is_said_and_is_no_finding() -> None:
    before = captured("0.1.0", {"plain.https": [turn()], "tool-call.https": [turn(a=1)]})
    after = captured("0.2.0", {"plain.https": [turn()], "usage-limit.https": [turn(b=2)]})
    diff = compare_captured(before, after)
    assert (diff.findings, diff.compared) == ([], ["plain.https"])
    assert (diff.only_before, diff.only_after) == (["tool-call.https"], ["usage-limit.https"])


def test_a_transport_is_one_finding_and_not_its_endpoint_and_fields_as_well() -> None:
    both = {"plain.https": [turn()], "plain.websocket": [socket({"generate": False}, {})]}
    before, after = captured("0.1.0", transports=("https",)), captured("0.2.0", both)
    assert compared(before, after) == [("client-transport-added", "/transport/websocket")]
    assert compared(after, before) == [("client-transport-removed", "/transport/websocket")]


def with_calls(*calls: Interaction) -> Captured:
    runs = {"plain.https": [turn()], "side-calls.https": list(calls)}
    return captured("0.1.0", {name: found for name, found in runs.items() if found})


def test_a_call_that_the_client_waits_for_is_one_finding_with_what_follows() -> None:
    check = f"{API}/wham/accounts/check"
    (one,) = compare_captured(with_calls(), with_calls(beside(check, waited_for=True))).findings
    assert one.rule == "client-endpoint-added"
    assert one.pointer == "/endpoint/GET /backend-api/wham/accounts/check"
    assert (one.before, one.after) == (None, "GET chatgpt.com/backend-api/wham/accounts/check")
    assert one.explains == (f"client-precondition-added {one.pointer}",)
    assert (one.level, one.surface) == ("risky", "accounts")


def test_a_call_without_which_the_client_fails_is_breaking() -> None:
    name = "GET chatgpt.com/backend-api/wham/accounts/check"
    after = with_calls(beside(f"{API}/wham/accounts/check", waited_for=True))
    row = {"kind": "endpoint", "name": name, "required": True, "observed": "no answer, exit 1"}
    (one,) = compare_captured(with_calls(), after, {"rows": [row]}).findings
    assert one.level == "breaking"
    assert one.message.endswith("it cannot do without: no answer, exit 1")
    (one,) = compare_captured(with_calls(), after, {"rows": [{**row, "required": False}]}).findings
    assert one.level == "risky"


@pytest.mark.parametrize(
    ("was", "now", "rule"),
    [(False, True, "client-precondition-added"), (True, False, "client-precondition-removed")],
)
def test_that_a_client_waits_for_a_call_is_a_finding_of_its_own(
    was: bool, now: bool, rule: str
) -> None:
    url = f"{API}/wham/settings/user"
    before, after = (with_calls(beside(url, waited_for=one)) for one in (was, now))
    assert compared(before, after) == [(rule, "/endpoint/GET /backend-api/wham/settings/user")]


def test_whether_it_waits_is_no_finding_where_nobody_looked() -> None:
    url = f"{API}/wham/settings/user"
    before, after = (with_calls(beside(url, waited_for=one)) for one in (None, True))
    assert compared(before, after) == []


def test_a_call_at_another_address_is_one_finding() -> None:
    before = with_calls(beside(f"{API}/ps/plugins/suggested"))
    after = with_calls(beside(f"{API}/ps/plugins/suggested/codex"))
    assert compared(before, after) == [
        ("client-url-changed", "/endpoint/GET /backend-api/ps/plugins/suggested")
    ]
    other = with_calls(beside(f"{API}/ps/mcp", method="POST"))
    assert compared(before, other) == [
        ("client-endpoint-added", "/endpoint/POST /backend-api/ps/mcp"),
        ("client-endpoint-removed", "/endpoint/GET /backend-api/ps/plugins/suggested"),
    ]


def test_a_refresh_before_the_first_turn_is_something_that_it_waits_for() -> None:
    token = beside("https://auth.openai.com/oauth/token", method="POST")
    before = captured("0.1.0", {"expired-token.https": [turn(), token, turn()]})
    after = captured("0.2.0", {"expired-token.https": [token, turn(), turn()]})
    assert compared(before, after) == [("client-precondition-added", "/endpoint/POST /oauth/token")]


def test_how_often_a_call_comes_beside_a_turn_is_no_finding() -> None:
    url = f"{API}/ps/plugins/installed?limit=200"
    more = f"{url}&includeDownloadUrls=true"
    twice = with_calls(beside(url), beside(more))
    assert compared(twice, with_calls(beside(more), beside(url))) == []
    assert compared(with_calls(beside(url)), twice) == [
        ("client-query-added", "/query/includeDownloadUrls")
    ]


def test_another_number_of_tries_is_no_finding_but_what_only_the_last_one_holds_is() -> None:
    first, again = plain(turn()), plain(turn(), turn())
    assert compared(first, again) == compared(again, first) == []
    state = {"x-codex-turn-state": "REDACTED-state-1"}
    assert compared(first, plain(turn(), turn(headers=state))) == [
        ("client-header-added", "/header/x-codex-turn-state")
    ]


@pytest.mark.parametrize(
    "other",
    [
        {"instructions": "text:99:ba9876543210"},
        {"prompt_cache_key": None},
    ],
)
def test_another_text_is_no_finding(other: dict[str, Any]) -> None:
    assert compared(plain(turn()), plain(turn(**other))) == []


# The captures that come with the contract. Known changes: test_reference_known_changes.py.


def between(old: str, new: str) -> list[Finding]:
    before, after = (read_captured(CONTRACT, one) for one in (old, new))
    ablation = CONTRACT.observed.ablation(new)
    return list(compare_captured(before, after, ablation).findings)


def test_the_way_back_finds_as_many_edits() -> None:
    for old, new in (("0.130.0", "0.132.0"), ("0.92.0", "0.93.0"), ("0.156.1", "0.157.0")):
        assert len(between(old, new)) == len(between(new, old))


# The command.


def test_the_command_prints_findings_as_the_schema_says(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["reference", "diff", "0.130.0", "0.132.0", "--json"]) == Exit.DRIFT
    out, err = capsys.readouterr()
    document = json.loads(out)
    assert CONTRACT.schemas.validate("report/findings.json", document) == []
    renamed = [one for one in document["findings"] if one["rule"] == "client-header-renamed"]
    assert [one["pointer"] for one in renamed] == ["/header/session_id", "/header/thread_id"]
    (line,) = err.splitlines()
    assert line.startswith("codex-leg: not compared, only 0.130.0 was captured in it: expired-tok")
    alone = [one["what"] for one in document["one_sided"]]
    assert len(alone) == len(set(alone)) == 20
    assert {"expired-token.https", "two-turns.websocket"} < {*alone}


def test_a_release_that_is_not_captured_names_its_neighbours(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(["reference", "diff", "0.155.0", "0.156.99"]) == Exit.UNCHECKED
    out = capsys.readouterr().out
    assert "codex-cli 0.156.99: it is not captured; the nearest captured: 0.156.1 and 0.157" in out
    assert "--capture" in out


@pytest.mark.parametrize("name", ["0.155", "latest", "../0.155.0"])
def test_a_name_that_is_no_version_is_wrong_use(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["reference", "diff", "0.155.0", name]) == Exit.USAGE
    (line,) = capsys.readouterr().err.splitlines()
    assert "is no version of the Codex CLI" in line


def test_a_broken_capture_is_exit_7_and_names_the_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("probes", "schemas"):
        (tmp_path / name).symlink_to(CONTRACT.path(name))
    for version in ("0.155.0", "0.156.0"):
        folder = tmp_path / "cassettes" / "reference" / version
        folder.mkdir(parents=True)
        file = CONTRACT.path("cassettes", "reference", version, "plain.https.yaml")
        (folder / "plain.https.yaml").write_bytes(file.read_bytes()[:-2000])
    assert run(["reference", "diff", "0.155.0", "0.156.0", "--root", str(tmp_path)]) == 7
    assert "cassettes/reference/0.155.0/plain.https.yaml" in capsys.readouterr().err
