"""No face holds a secret, wherever in a finding it stands."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from harness.drift.findings import Unchecked, finding
from harness.drift.waivers import Waived
from harness.report import Report
from harness.report.faces import FACES, render
from harness.report.secrets import without_secrets

from .contracts import codex_leg
from .reports import a_waiver, removed, small

SECRETS = {
    "a JWT": "eyJhbGciOiJub25lIn0.eyJzdWIiOiJ1c2VyLTEifQ.c2lnbmF0dXJl",
    "a key of the platform": "sk-proj-AbCdEfGhIjKlMnOpQrStUvWx",
    "a bearer": "Bearer q8Zk31VxPw0L",
    "an address": "ada.lovelace@example.org",
}


@pytest.mark.parametrize("face", FACES)
@pytest.mark.parametrize("secret", SECRETS)
def test_what_looks_like_a_secret_is_a_placeholder_in_every_face(face: str, secret: str) -> None:
    text = SECRETS[secret]
    one = removed(
        message=f"is {text!r}, not null",
        pointer=f"/body/{text}",
        before=[{text: text}],
        after=text,
        event=text,
        also=(f"event /{text}",),
    )
    left = [Unchecked(f"GET https://x.invalid/?token={text}", f"it said {text}")]
    report = Report([one], left, quarantined=left, waived=[Waived(one, a_waiver())])
    shown = render(report, face)
    assert text.removeprefix("Bearer ") not in shown
    assert "REDACTED" in shown


def test_what_is_secret_by_its_place_is_a_placeholder() -> None:
    value = "b7e19f0c-hunter2"
    for pointer in ("/body/access_token", "/body/user/account_id", "/header/Authorization"):
        one = finding(
            "schema/other",
            f'{pointer} is "{value}" (pattern: …)',
            surface="auth",
            pointer=pointer,
            after=value,
        )
        assert value not in render(Report([one]), "json")


def test_findings_without_secrets_stay_as_they_are() -> None:
    report = small()
    clean = without_secrets(report)
    assert all(one is other for one, other in zip(clean.findings, report.findings, strict=True))
    form = replace(removed(), pointer="/body/refresh_token", before="id(rt_)|null and so on")
    (same,) = without_secrets(Report([form])).findings
    assert same is form


def test_validating_a_raw_answer_prints_none_of_its_credentials(tmp_path: Path) -> None:
    token, address = SECRETS["a JWT"], SECRETS["an address"]
    file = tmp_path / "answer.json"
    body = {
        "access_token": 5,
        "id_token": {token: address},
        "refresh_token": [token],
        "expires_in": token,
    }
    file.write_text(json.dumps(body), encoding="utf-8")
    for face in FACES:
        done = codex_leg("validate", str(file), "--surface", "auth", "--format", face)
        assert done.code == 1, done.out + done.err
        assert token not in done.out
        assert address not in done.out
