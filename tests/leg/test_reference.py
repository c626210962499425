"""The leg against the newest reference client: sent, or left out for a stated reason."""

import json
from pathlib import Path

import pytest

import leg
from leg.profiles import CODEX, PROTOCOL_VERSION
from leg.request import response_body, response_request

ALLOWANCES = json.loads(
    (Path(__file__).parents[2] / "schemas/responses/allowances.json").read_text(encoding="utf-8")
)


def sent() -> dict[str, set[str]]:
    credential = leg.Credential(
        kind=leg.CredentialKind.CODEX_SUBSCRIPTION, token="t", source="test", account_id="a"
    )
    body = response_body(CODEX, model="m", input="hi", prompt_cache_key="k")
    request = response_request(CODEX, credential, body, session_id="k", request_id="r")
    return {"header": {name.lower() for name, _ in request.headers}, "field": set(body)}


@pytest.mark.parametrize(("kind", "names"), [("header", "headers"), ("field", "fields")])
def test_whatever_the_reference_client_sends_is_sent_or_allowed_to_be_missing(
    kind: str, names: str
) -> None:
    allowed = {a["name"] for a in ALLOWANCES["allowances"] if a["kind"] == kind}
    reference = set(ALLOWANCES["reference"][names])
    assert reference - sent()[kind] == allowed


def test_the_protocol_version_is_that_of_the_reference_client() -> None:
    assert ALLOWANCES["reference"]["version"] == PROTOCOL_VERSION
