"""The rulebook: every rule refuses what breaks it, in the words of its probe, and nothing else."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml

from harness.contract import Contract, ContractErrors, Probe
from harness.standin.questions import Question, read_version, route
from harness.standin.rulebook import Rulebook, UnknownRule
from harness.standin.values import Incoming
from tests.harness.contracts import ROOT, copy_contract
from tests.standin.asking import (
    ACCOUNT,
    CALL_ID,
    LITE,
    NOW,
    ask,
    body,
    lite_body,
    message,
    question,
    token,
)

CONTRACT = Contract()
LONG_ID = "rs_" + "0" * 71
REASONING = {"type": "reasoning", "id": "rs_1", "summary": []}
OLD_VERSION = {"version": "0.130.0", "originator": "codex_exec"}

#: For every rule a request that breaks it and no other, and a text that has to be in its refusal.
BREAKS: dict[str, tuple[dict[str, Any], str]] = {
    "bearer-missing": ({"bearer": None}, "Unauthorized"),
    "bearer-unparsable": ({"bearer": "opaque"}, "Could not parse"),
    "bearer-expired": ({"bearer": "expired"}, "token_expired"),
    "plan-token-on-codex-backend": ({"bearer": "plan"}, "no_matching_rule"),
    "account-header-missing": ({"headers": {"chatgpt-account-id": None}}, "Unauthorized"),
    "store-must-be-false": ({"body": body(store=...)}, "Store must be set to false"),
    "store-must-be-false-websocket": ({"frame": body(store=True)}, "Store must be set to false"),
    "stream-must-be-true": ({"body": body(stream=False)}, "Stream must be set to true"),
    "input-must-be-list": ({"body": body(input="Say hello.")}, "Input must be a list"),
    "system-role-refused": (
        {"body": body(input=[message(role="system"), message()])},
        "System messages are not allowed",
    ),
    "instructions-required": (
        {"body": body(model="gpt-5.6-sol", instructions="")},
        "Instructions are required",
    ),
    "instructions-not-valid": ({"body": body()}, "Instructions are not valid"),
    "parameter-max-output-tokens": ({"body": body(max_output_tokens=1)}, ": max_output_tokens"),
    "parameter-temperature": ({"body": body(temperature=0)}, ": temperature"),
    "parameter-metadata": ({"body": body(metadata={})}, ": metadata"),
    "parameter-prompt-cache-options": (
        {"body": body(prompt_cache_options={})},
        ": prompt_cache_options",
    ),
    "parameter-prompt-cache-retention": (
        {"body": body(prompt_cache_retention="24h")},
        ": prompt_cache_retention",
    ),
    "parameter-safety-identifier": ({"body": body(safety_identifier="u")}, ": safety_identifier"),
    "parameter-previous-response-id": (
        {"body": body(previous_response_id="resp_1")},
        ": previous_response_id",
    ),
    "parameter-context-management": (
        {"body": body(context_management=[])},
        "Unsupported parameter: context_management",
    ),
    "unsupported-parameter": ({"body": body(top_p=1)}, "Unsupported parameter: top_p"),
    "unsupported-parameter-websocket": (
        {"frame": body(stream_id="s")},
        "Unsupported parameter: stream_id",
    ),
    "service-tier": ({"body": body(service_tier="fast")}, "Unsupported service_tier: fast"),
    "effort-per-model": (
        {"body": body(model="gpt-6-astra", reasoning={"effort": "none"})},
        (
            "'none' is not supported with the 'gpt-6-astra' model. "
            "Supported values are: 'low', 'medium', 'high', 'xhigh', and 'max'."
        ),
    ),
    "verbosity-per-model": (
        {"body": body(model="gpt-5.1-codex-max", text={"verbosity": "high"})},
        "'high' is not supported with the 'gpt-5.1-codex-max' model",
    ),
    "summary-values": ({"body": body(reasoning={"summary": "all"})}, "Invalid value: 'all'"),
    "lite-model": (
        {"body": body(model="gpt-5.5"), "headers": {LITE: "true"}},
        "not supported when using X-OpenAI-Internal-Codex-Responses-Lite",
    ),
    "client-too-old": (
        {"body": body(model="gpt-5.6-sol"), "headers": OLD_VERSION},
        "The 'gpt-5.6-sol' model requires a newer version of Codex",
    ),
    "client-too-old-reworded": (
        {"body": body(model="gpt-6-sol"), "headers": OLD_VERSION},
        "The 'gpt-6-sol' model is not supported when using Codex",
    ),
    "model-unknown": (
        {"body": body(model='gpt-"9"')},
        r"The 'gpt-\"9\"' model is not supported when using Codex",
    ),
    "model-retired": (
        {"body": body(model="gpt-5.4")},
        "The 'gpt-5.4' model is not supported when using Codex",
    ),
    "id-too-long": (
        {"body": body(input=[message(), {**REASONING, "id": LONG_ID, "encrypted_content": "x"}])},
        (
            "Invalid 'input[1].id': string too long. "
            "Expected a string with maximum length 64, but got a string with length 74 instead."
        ),
    ),
    "item-not-persisted": ({"body": body(input=[REASONING])}, "Item with id 'rs_1' not found"),
    "id-prefix": (
        {"body": body(input=[{**message(), "id": "item_1"}])},
        "Invalid 'input[0].id': 'item_1'. Expected an ID that begins with 'msg'.",
    ),
    "web-search-action": (
        {"body": body(input=[{"type": "web_search_call", "action": {"type": "stroll"}}])},
        "Invalid value: 'stroll'. Supported values are: 'search', 'open_page', and 'find_in_page'.",
    ),
    "models-client-version-missing": ({"endpoint": "models", "query": {}}, "Field required"),
    "models-client-version-malformed": (
        {"endpoint": "models", "query": {"client_version": "v1.5.0"}},
        "Invalid client_version format",
    ),
    "refresh-without-client-id": (
        {"endpoint": "token", "body": {"grant_type": "refresh_token", "refresh_token": "rt"}},
        "Missing 'client_id'",
    ),
    "refresh-empty-token": (
        {
            "endpoint": "token",
            "body": {"client_id": "a", "grant_type": "refresh_token", "refresh_token": ""},
        },
        "empty string",
    ),
    "platform-bearer-missing": (
        {"endpoint": "platform-responses", "bearer": None},
        "Missing bearer",
    ),
    "chat-completions-with-a-subscription": (
        {"endpoint": "chat-completions", "bearer": "codex"},
        "insufficient_quota",
    ),
    "responses-with-a-subscription": (
        {"endpoint": "platform-responses", "bearer": "opaque"},
        "Missing scopes: api.responses.write",
    ),
    "models-with-a-subscription": (
        {"endpoint": "platform-models", "bearer": "codex"},
        "Missing scopes: api.model.read",
    ),
    "plan-bearer-expired": (
        {"endpoint": "plan-responses", "bearer": "plan-expired"},
        "invalid_token",
    ),
    "plan-store": (
        {"endpoint": "plan-responses", "body": body(store=True)},
        "Store must be set to false",
    ),
    "plan-stream": (
        {"endpoint": "plan-responses", "body": body(stream=...)},
        "Stream must be set to true",
    ),
    "plan-input": (
        {"endpoint": "plan-responses", "body": body(input="ping")},
        "Input must be a list",
    ),
    "plan-system-role": (
        {"endpoint": "plan-responses", "body": body(input=[message(role="system")])},
        "System messages are not allowed",
    ),
    "plan-temperature": (
        {"endpoint": "plan-responses", "body": body(temperature=1)},
        ": temperature",
    ),
    "plan-previous-response-id": (
        {"endpoint": "plan-responses", "body": body(previous_response_id="resp_1")},
        ": previous_response_id",
    ),
    "plan-parameters": (
        {"endpoint": "plan-responses", "body": body(top_logprobs=1)},
        "Unsupported parameter: top_logprobs",
    ),
    "plan-service-tier": (
        {"endpoint": "plan-responses", "body": body(service_tier="flex")},
        "Unsupported service_tier: flex",
    ),
    "plan-input-items": (
        {"endpoint": "plan-responses", "body": body(input=[{"type": "compaction_trigger"}])},
        "subscription_sharing_unsupported_capability",
    ),
    "plan-closed-route": (
        {"endpoint": "chat-completions", "bearer": "plan"},
        "hardened_oauth_rule_missing",
    ),
    "anthropic-credential-missing": (
        {"endpoint": "messages", "bearer": None},
        "x-api-key header is required",
    ),
    "anthropic-beta-header": (
        {"endpoint": "messages", "headers": {"anthropic-beta": "other-2025-01-01"}},
        "OAuth authentication is currently not supported.",
    ),
}
#: Requests that are right, on every endpoint that has a rule.
GOOD: dict[str, dict[str, Any]] = {
    "a turn": {},
    "a turn of the reference client": {
        "body": lite_body(),
        "headers": {LITE: "true", "version": "0.169.0", "originator": "codex_exec"},
    },
    "a turn with calls in it": {
        "body": body(
            input=[
                {**message(), "id": "msg_1"},
                {**REASONING, "encrypted_content": "gAAA"},
                {"type": "function_call", "id": "fc_1", "call_id": CALL_ID, "name": "a"},
                {"type": "function_call_output", "call_id": CALL_ID, "output": "ok"},
                {"type": "web_search_call", "action": {"type": "search"}},
            ]
        )
    },
    "a turn with everything that may be chosen": {
        "body": body(
            model="gpt-6-astra",
            reasoning={"effort": "max", "summary": "auto"},
            service_tier="priority",
            text={"verbosity": "high"},
            tools=[],
            tool_choice="auto",
            parallel_tool_calls=True,
            access_programs={"cyber": "standard"},
            stream_options={"reasoning_summary_delivery": "sequential_cutoff"},
        )
    },
    "a personal access token": {"bearer": "personal"},
    "a frame": {"frame": lite_body(previous_response_id="resp_1")},
    "a frame that prepares": {"frame": lite_body(input=[], generate=False)},
    "a frame without store": {"frame": body(store=...)},
    "a handshake": {"endpoint": "upgrade"},
    "a compaction": {"endpoint": "compact"},
    "the catalogue": {"endpoint": "models"},
    "the catalogue, unfiltered": {"endpoint": "models", "query": {"client_version": "0.0.0"}},
    "the usage": {"endpoint": "usage"},
    "the accounts": {"endpoint": "accounts"},
    "a refresh": {"endpoint": "token"},
    "a refresh in a form": {"endpoint": "plan-token", "form": True},
    "a turn on the plan": {"endpoint": "plan-responses"},
    "the catalogue of the plan": {"endpoint": "plan-models"},
    "a key": {"endpoint": "platform-responses"},
    "a key on chat completions": {"endpoint": "chat-completions"},
    "a key on the list of models": {"endpoint": "platform-models"},
    "a message": {"endpoint": "messages"},
    "a message with a key": {
        "endpoint": "messages",
        "bearer": None,
        "headers": {"x-api-key": "k", "anthropic-beta": None},
    },
}
#: Rules whose probe asks something else, which the real backend alone refuses: a token of its own
#: that is over or revoked, a header that the client always sends, another example of the refusal.
PROBED_OTHERWISE = {
    "account-header-missing",
    "anthropic-beta-header",
    "bearer-expired",
    "bearer-missing",
    "bearer-unparsable",
    "client-too-old",
    "client-too-old-reworded",
    "model-retired",
    "models-with-a-subscription",
    "parameter-context-management",
    "plan-bearer-expired",
    "plan-parameters",
    "plan-token-on-codex-backend",
    "store-must-be-false-websocket",
    "unsupported-parameter",
    "unsupported-parameter-websocket",
}
#: Their published bodies name an item of a conversation that nobody published.
OF_A_LONGER_REQUEST = {"id-too-long", "web-search-action"}
ALONE = {name: Rulebook(CONTRACT, on={name}, off=set(CONTRACT.rules) - {name}) for name in BREAKS}
STRICT = Rulebook(CONTRACT, strict=True)
LENIENT = Rulebook(CONTRACT)


def asked(given: dict[str, Any]) -> Question:
    given = dict(given)
    inside = given.pop("frame", None)
    if inside is None:
        return question(given.pop("endpoint", "responses"), **given)
    return question("upgrade", **given).with_frame(inside, now=NOW)


def asked_by(probe: Probe) -> Incoming:
    """The request of a probe, with a credential of its kind."""
    sent = probe.request
    url = urlsplit(sent.url)
    headers = {"chatgpt-account-id": ACCOUNT, **sent.headers}
    kind = {"codex-subscription": "codex", "plan": "plan"}.get(probe.credential)
    if kind is not None:
        headers["authorization"] = f"Bearer {token(kind)}"
    document = sent.form if sent.body is None else sent.body
    data = b"" if document is None else json.dumps(document).encode()
    return Incoming(
        sent.method, url.hostname or "", url.path, url.query, tuple(headers.items()), data
    )


def test_every_rule_is_exercised_here() -> None:
    assert set(BREAKS) == set(CONTRACT.rules)


@pytest.mark.parametrize("name", sorted(BREAKS))
def test_a_request_that_breaks_a_rule_gets_the_refusal_of_its_probe(name: str) -> None:
    given, text = BREAKS[name]
    refusal = ALONE[name].check(asked(given))
    assert refusal is not None
    assert refusal.rule.id == name
    assert text in refusal.body
    recorded = CONTRACT.cassettes[refusal.rule.refuse].interactions[0]
    assert refusal.interaction.status == recorded.status >= 400
    if not refusal.rule.adapt:
        assert refusal.body == recorded.body
    json.loads(refusal.body)


@pytest.mark.parametrize("given", GOOD.values(), ids=GOOD)
def test_a_request_that_is_right_breaks_no_rule_of_a_strict_rulebook(given: dict[str, Any]) -> None:
    for rulebook in (STRICT, LENIENT):
        refusal = rulebook.check(asked(given))
        assert refusal is None, refusal.source


@pytest.mark.parametrize("name", sorted(BREAKS))
def test_every_rule_lets_the_right_requests_of_its_endpoints_pass(name: str) -> None:
    kept = 0
    # The prompts of 2025 begin otherwise: for that rule alone these requests are not right.
    for label, given in GOOD.items() if name != "instructions-not-valid" else ():
        asked_for = asked(given)
        if asked_for.endpoint in CONTRACT.rules[name].endpoints:
            refusal = ALONE[name].check(asked_for)
            assert refusal is None, label
            kept += 1
    if name == "instructions-not-valid":
        kind = asked({"body": body(instructions="You are Codex, based on GPT-5.")})
        assert ALONE[name].check(kind) is None
    else:
        assert kept


def test_what_the_probe_of_a_rule_asks_is_refused_as_its_cassette_says() -> None:
    """The rulebook and the probes tell one story: a rule refuses what its probe asks."""
    seen = set()
    for rule in CONTRACT.rules.values():
        probe = CONTRACT.probes[rule.refuse]
        if rule.id in PROBED_OTHERWISE:
            continue
        refusal = ALONE[rule.id].check(Question.of_request(asked_by(probe), now=NOW))
        assert refusal is not None, rule.id
        recorded = CONTRACT.cassettes[probe.id].interactions[0].body
        assert refusal.body == recorded or rule.id in OF_A_LONGER_REQUEST, rule.id
        seen.add(rule.id)
    assert len(seen) + len(PROBED_OTHERWISE) == len(CONTRACT.rules)


def test_a_lenient_rulebook_leaves_out_what_is_for_a_strict_one_only() -> None:
    lenient = {rule.id for rule in LENIENT.rules}
    strict = {rule.id for rule in STRICT.rules}
    day = STRICT.day
    in_force = {rule.id for rule in CONTRACT.rules.values() if rule.in_force(day)}
    assert strict == in_force
    assert lenient == {name for name in strict if not CONTRACT.rules[name].strict_only}
    assert {"store-must-be-false", "unsupported-parameter", "bearer-missing"} <= lenient
    assert "model-retired" in strict - lenient


def test_each_rule_can_be_switched_by_its_id() -> None:
    stored = question(body=body(store=True))
    assert Rulebook(CONTRACT, off={"store-must-be-false"}).check(stored) is None
    retired = question(body=body(model="gpt-5.4"))
    assert LENIENT.check(retired) is None
    refusal = Rulebook(CONTRACT, on={"model-retired"}).check(retired)
    assert refusal is not None
    assert refusal.rule.id == "model-retired"


def test_an_unknown_rule_names_the_closest_ones() -> None:
    with pytest.raises(UnknownRule, match=r"no rule 'store-must-be-fals': did you mean store-must"):
        Rulebook(CONTRACT, off={"store-must-be-fals"})
    with pytest.raises(UnknownRule, match=r"codex-leg scenarios --rules lists them"):
        Rulebook(CONTRACT, on={"zzz"})


def test_a_rule_is_enforced_on_the_days_between_its_dates() -> None:
    own = question(body=body())
    refused = Rulebook(CONTRACT, strict=True, day="2025-09-09").check(own)
    assert refused is not None
    assert refused.rule.id == "instructions-not-valid"
    assert Rulebook(CONTRACT, strict=True, day="2025-08-12").check(own) is None
    assert Rulebook(CONTRACT, strict=True, day="2026-01-16").check(own) is None
    tier = question(body=body(service_tier="flex"))
    assert Rulebook(CONTRACT, day="2026-03-08").check(tier) is None
    assert Rulebook(CONTRACT, day="2026-03-09").check(tier) is not None


def test_of_several_broken_rules_the_outer_layer_speaks() -> None:
    everything = body(store=True, reasoning={"summary": "none"}, model="gpt-5.4")
    first = STRICT.check(question(body=everything, bearer=None))
    assert first is not None
    assert first.rule.id == "bearer-missing"
    second = STRICT.check(question(body=everything))
    assert second is not None
    assert second.body.startswith('{"detail"')
    inner = STRICT.check(question(body=body(reasoning={"summary": "none"})))
    assert inner is not None
    assert inner.rule.id == "summary-values"


@pytest.mark.parametrize(
    ("version", "model"),
    [
        ("0.42.0", "gpt-5-codex"),
        ("0.58.0", "gpt-5-codex"),
        ("0.72.0", "gpt-5.1-codex-max"),
        ("0.104.0", "gpt-5.2-codex"),
        ("0.122.0", "gpt-5.3-codex"),
        ("0.142.0", "gpt-5.5"),
        ("0.153.0", "gpt-5.6-sol"),
        ("0.159.0", "gpt-6-astra"),
        ("0.169.0", "gpt-6.1-sol"),
    ],
)
def test_a_release_of_the_reference_client_may_ask_for_its_own_default_model(
    version: str, model: str
) -> None:
    """The default of each release: captures of 40 releases on loopback, 2026-11-22."""
    agent = {"user-agent": f"codex_exec/{version} (Linux; x86_64)", "originator": "codex_exec"}
    assert STRICT.check(question(body=body(model=model), headers=agent)) is None
    somebody = question(body=body(model=model), headers={"user-agent": "somebody/1.0"})
    refusal = STRICT.check(somebody)
    assert (refusal is None) == (model in ("gpt-5.6-sol", "gpt-6-astra", "gpt-6.1-sol"))


def test_a_version_is_read_from_its_header_and_else_from_the_user_agent_of_the_client() -> None:
    def version_of(**headers: str) -> Any:
        return question(headers=headers).document["facts"].get("client_version")

    assert version_of(version="0.169.0") == 169_000
    assert version_of(**{"user-agent": "codex-tui/0.153.4 (Mac OS)"}) == 153_004
    assert version_of(**{"user-agent": "codex-leg/0.1.0"}) is None
    assert version_of(version="0.155.0-alpha.9", **{"user-agent": "codex_exec/0.1.0"}) == 155_000
    assert read_version("none") is None
    assert read_version("1" * 5000 + ".0.0") is None


@pytest.mark.parametrize("host", ["chatgpt.com", "us.chatgpt.com"])
def test_the_hosts_of_the_backend_have_its_endpoints(host: str) -> None:
    assert route(ask(host=host), "codex") == "responses"
    assert route(ask(host=f"{host}.example"), "codex") == "other"


def test_the_account_is_that_of_the_header_or_of_the_token() -> None:
    assert question().account == ACCOUNT
    assert question(headers={"chatgpt-account-id": "other"}).account == "other"
    assert question(headers={"chatgpt-account-id": None}).account == ACCOUNT
    assert question("messages", headers={"chatgpt-account-id": None}).account is None


@pytest.mark.parametrize("sent", [b"", b"[]", b"{", b"\xff", b"nonsense", b"1" * 10, b"[" * 9999])
def test_a_body_that_is_no_object_is_held_against_the_rules_all_the_same(sent: bytes) -> None:
    good = ask()
    broken = Incoming(good.method, good.host, good.path, headers=good.headers, body=sent)
    empty = Question.of_request(broken, now=NOW)
    refusal = LENIENT.check(empty)
    assert refusal is not None
    assert refusal.rule.id in ("input-must-be-list", "store-must-be-false")


# ---------------------------------------------------------------- the folder


@pytest.fixture
def root(tmp_path: Path) -> Path:
    copy_contract(tmp_path)
    (tmp_path / "rulebook").mkdir()
    return tmp_path


def rule(name: str = "store-must-be-false", **changes: Any) -> dict[str, Any]:
    document = yaml.safe_load((ROOT / "rulebook" / f"{name}.yaml").read_text(encoding="utf-8"))
    for key in ("since", "until"):
        document[key] = str(document[key]) if document[key] else None
    for source in document["sources"]:
        if "date" in source:
            source["date"] = str(source["date"])
    document |= changes
    return {key: value for key, value in document.items() if value is not ...}


def faults_of(root: Path, document: Any, name: str = "store-must-be-false") -> list[str]:
    text = yaml.safe_dump(document, sort_keys=False, default_style='"')
    (root / "rulebook" / f"{name}.yaml").write_text(text, encoding="utf-8")
    return [str(one) for one in Contract(root).problems()]


def test_a_sound_rule_is_read_into_a_typed_value(root: Path) -> None:
    assert faults_of(root, rule()) == []
    found = Contract(root).rules["store-must-be-false"]
    assert (found.refuse, found.strict_only) == ("codex/store-must-be-false", False)
    assert found.endpoints == ("responses",)
    assert found.sources[0].date == "2025-09-11"


@pytest.mark.parametrize(
    ("document", "line"),
    [
        (rule(sources=[]), "rulebook/store-must-be-false.yaml: /sources: is empty"),
        (rule(sources=...), "/sources: is missing"),
        (rule(sources=[{"ref": "somebody/something#1"}]), "/sources: not one of them has a date"),
        (rule(id="another"), "/id: is 'another' — make it 'store-must-be-false'"),
        (rule(refuse="codex/nowhere"), "/refuse: there is no probe 'codex/nowhere' — a rule is a"),
        (rule(refuse="codex/streamed-text"), "/refuse: answers 200 — name the probe of a refusal"),
        (rule(adapt={"Stoer": "{value}"}), "/adapt/Stoer: is not in cassettes/codex/store-must"),
        (rule(adapt={"Store": "{wert}"}), "/adapt/Store: has a placeholder that is none"),
        (rule(request={"propertis": {}}), "/request/propertis: is no keyword of JSON Schema"),
        (rule(since="2026-01-02", until="2026-01-02"), "/until: is not after since"),
        (rule(endpoints=["nowhere"]), '/endpoints/0: is "nowhere" — one of: "responses"'),
        (rule(transport="smoke"), '/transport: is "smoke"'),
    ],
)
def test_a_rule_that_is_not_sound_is_one_line_with_its_place(
    root: Path, document: Any, line: str
) -> None:
    found = faults_of(root, document)
    assert any(line in one for one in found), found


def test_a_rulebook_of_a_contract_that_is_not_sound_is_not_made(root: Path) -> None:
    faults_of(root, rule(sources=[]))
    with pytest.raises(ContractErrors, match="/sources"):
        Rulebook(Contract(root))


def test_a_contract_without_these_folders_is_whole(tmp_path: Path) -> None:
    copy_contract(tmp_path)
    contract = Contract(tmp_path)
    assert contract.problems() == []
    assert (contract.rules, contract.scenarios) == ({}, {})
