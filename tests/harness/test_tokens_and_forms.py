"""What a login answers is a token or none; what a client sends is JSON or a form."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from harness.drift.grants import token_atom

from .contracts import ROOT
from .test_compare_command import compare, run

REFRESH = ROOT / "cassettes/auth/refresh-ok.yaml"
JWT = "eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0.c2ln"
TOKENS = ("access_token", "refresh_token", "id_token")


def answered(target: Path, **tokens: str | None) -> Path:
    """The answer to a refresh, with these tokens."""
    document = yaml.safe_load(REFRESH.read_text(encoding="utf-8"))
    (row,) = document["interactions"]
    body = json.loads(row["response"]["body"]["string"]) | tokens
    row["response"]["body"]["string"] = json.dumps(body)
    target.write_text(yaml.safe_dump(document), encoding="utf-8")
    return target


def told(report: dict[str, Any]) -> list[tuple[str, str]]:
    return [(one["rule"], one["pointer"]) for one in report["findings"]]


@pytest.mark.parametrize("name", TOKENS)
@pytest.mark.parametrize(("before", "after"), [(JWT, "at-abc123"), (JWT, ""), ("at-abc123", "")])
def test_a_token_of_another_form_is_one_finding(
    tmp_path: Path, name: str, before: str, after: str
) -> None:
    old = answered(tmp_path / "old.yaml", **{name: before})
    new = answered(tmp_path / "new.yaml", **{name: after})
    for pair in ((old, new), (new, old)):
        code, report = compare(*pair)
        assert code == 1
        assert told(report) == [("string-format-changed", f"/body/{name}")]


def test_another_token_of_the_same_form_is_none(tmp_path: Path) -> None:
    old = answered(tmp_path / "old.yaml", access_token=JWT, refresh_token="rt_1")
    new = answered(tmp_path / "new.yaml", access_token=JWT[:-2] + "__", refresh_token="v1.x.y.z")
    assert compare(old, new)[0] == 0


@pytest.mark.parametrize("shown", [JWT, "at-abc123"])
def test_a_token_that_was_taken_out_is_like_any_but_an_empty_one(
    tmp_path: Path, shown: str
) -> None:
    new = answered(tmp_path / "new.yaml", **dict.fromkeys(TOKENS, shown))
    for pair in ((REFRESH, new), (new, REFRESH)):
        code, report = compare(*pair)
        assert (code, told(report)) == (0, [])
    empty = answered(tmp_path / "empty.yaml", access_token="")
    assert told(compare(REFRESH, empty)[1]) == [("string-format-changed", "/body/access_token")]


@pytest.mark.parametrize(
    ("token", "atom"),
    [
        (JWT, "token(jwt)"),
        ("a.b", "token(opaque)"),
        ("", "token(empty)"),
        ("REDACTED-access-token", "token"),
        ("<redacted len=211>", "token"),
        ("redacteds", "token(opaque)"),
    ],
)
def test_the_form_of_a_token(token: str, atom: str) -> None:
    assert token_atom(token) == atom


def validated(file: Path) -> list[str]:
    done = run("validate", file, "--surface", "auth", "--format", "json")
    return sorted(one["pointer"] for one in json.loads(done.out)["findings"])


def test_the_contract_wants_tokens_that_can_be_used(tmp_path: Path) -> None:
    assert validated(answered(tmp_path / "a.yaml", access_token="at-1", id_token=JWT)) == []
    assert validated(answered(tmp_path / "b.yaml", refresh_token=None, id_token=None)) == []
    broken = answered(tmp_path / "c.yaml", access_token="", refresh_token="", id_token="x")
    assert validated(broken) == ["/body/access_token", "/body/id_token", "/body/refresh_token"]


def asked(target: Path, body: str, kind: str | None = None) -> Path:
    document = yaml.safe_load(REFRESH.read_text(encoding="utf-8"))
    (row,) = document["interactions"]
    row["request"]["body"] = body
    if kind is not None:
        row["request"]["headers"]["content-type"] = [kind]
    target.write_text(yaml.safe_dump(document), encoding="utf-8")
    return target


FIELDS = {"client_id": "app_1", "grant_type": "refresh_token", "refresh_token": "REDACTED"}
JSON_BODY = json.dumps(FIELDS)
FORM_BODY = "&".join(f"{name}={value}" for name, value in FIELDS.items())


@pytest.mark.parametrize("form", [FORM_BODY, "a=b&c=d"])
@pytest.mark.parametrize(
    "kinds", [(None, None), ("application/json", "application/x-www-form-urlencoded")]
)
def test_json_that_became_a_form_is_one_finding(
    tmp_path: Path, form: str, kinds: tuple[str | None, str | None]
) -> None:
    old = asked(tmp_path / "old.yaml", JSON_BODY, kinds[0])
    new = asked(tmp_path / "new.yaml", form, kinds[1])
    for pair in ((old, new), (new, old)):
        code, report = compare(*pair)
        assert (code, told(report)) == (1, [("client-body-kind-changed", "/body")])
        assert "a form" in report["findings"][0]["message"]


def test_a_field_of_a_form_is_still_seen(tmp_path: Path) -> None:
    old = asked(tmp_path / "old.yaml", FORM_BODY)
    assert compare(old, asked(tmp_path / "same.yaml", FORM_BODY.replace("app_1", "app_2")))[0] == 0
    _, report = compare(old, asked(tmp_path / "new.yaml", f"{FORM_BODY}&scope=openid"))
    assert told(report) == [("client-field-added", "/body/scope")]
