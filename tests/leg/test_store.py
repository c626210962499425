"""A login in a file of ours: refreshed once, stored before it is used, never half of it."""

from __future__ import annotations

import json
import multiprocessing
import os
import time
from pathlib import Path
from typing import Any

import pytest

import leg
from harness.standin.tokens import Grant, TokenEndpoint
from leg.errors import CredentialInvalid, CredentialMissing, RefreshError, TransportError
from leg.store import FileStore
from leg.tokens import RefreshedTokens

ACCOUNT = "0b7d0f5e-3c9a-4f0e-9d55-1a2b3c4d5e6f"


def blob(lifetime: int = 10) -> dict[str, Any]:
    return TokenEndpoint().login(Grant(account_id=ACCOUNT), lifetime=lifetime).auth_json()


def file_of(folder: Path, content: dict[str, Any] | None = None) -> Path:
    path = folder / "login.json"
    path.write_text(json.dumps(content or blob()))
    path.chmod(0o600)
    return path


def renewed(token: str = "") -> RefreshedTokens:
    tokens = blob(864_000)["tokens"]
    return RefreshedTokens(tokens["access_token"], token or "the-next-one", tokens["id_token"])


def test_a_fresh_token_is_used_as_it_is(tmp_path: Path) -> None:
    def spend(_: str) -> RefreshedTokens:
        raise AssertionError("spent")

    store = FileStore(file_of(tmp_path, blob(864_000)), spend=spend)
    assert store.fresh() == store.read()


def test_new_tokens_are_in_the_file_before_anybody_gets_them(tmp_path: Path) -> None:
    path = file_of(tmp_path, {**blob(), "something": "else"})
    before = json.loads(path.read_text())["tokens"]
    spent = []
    store = FileStore(path, spend=lambda token: spent.append(token) or renewed())
    found = store.fresh()
    stored = json.loads(path.read_text())
    assert spent == [before["refresh_token"]]
    assert stored["tokens"]["access_token"] == found.token != before["access_token"]
    assert stored["tokens"]["refresh_token"] == "the-next-one"
    assert stored["something"] == "else"
    assert path.stat().st_mode & 0o777 == 0o600
    assert sorted(one.name for one in tmp_path.iterdir()) == ["login.json", "login.json.lock"]


def test_what_the_answer_leaves_out_is_kept(tmp_path: Path) -> None:
    path = file_of(tmp_path)
    before = json.loads(path.read_text())["tokens"]
    access = blob(864_000)["tokens"]["access_token"]
    FileStore(path, spend=lambda _: RefreshedTokens(access)).fresh()
    stored = json.loads(path.read_text())["tokens"]
    assert stored["refresh_token"] == before["refresh_token"]
    assert stored["id_token"] == before["id_token"]


def test_the_spelling_of_a_flat_blob_in_camel_case_stays(tmp_path: Path) -> None:
    tokens = blob()["tokens"]
    flat = {
        "accessToken": tokens["access_token"],
        "refreshToken": tokens["refresh_token"],
        "accountId": ACCOUNT,
    }
    path = file_of(tmp_path, flat)
    found = FileStore(path, spend=lambda _: renewed()).fresh()
    stored = json.loads(path.read_text())
    assert stored["accessToken"] == found.token
    assert stored["refreshToken"] == "the-next-one"
    assert "access_token" not in stored


def _refresh_in_a_process(path: str, log: str, barrier: Any) -> None:
    def spend(_: str) -> RefreshedTokens:
        with open(log, "a") as spent:  # noqa: PTH123
            spent.write("spent\n")
        time.sleep(0.05)
        return renewed()

    barrier.wait()
    FileStore(Path(path), spend=spend).fresh()


def test_of_many_processes_one_refreshes(tmp_path: Path) -> None:
    path, log = file_of(tmp_path), tmp_path / "log"
    context = multiprocessing.get_context("spawn")
    barrier = context.Barrier(4)
    workers = [
        context.Process(target=_refresh_in_a_process, args=(str(path), str(log), barrier))
        for _ in range(4)
    ]
    for one in workers:
        one.start()
    for one in workers:
        one.join(20)
    assert [one.exitcode for one in workers] == [0] * 4
    assert log.read_text() == "spent\n"


def test_a_token_that_was_being_spent_when_somebody_died_is_explained(tmp_path: Path) -> None:
    path = file_of(tmp_path)

    def dies(_: str) -> RefreshedTokens:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        FileStore(path, spend=dies).fresh()

    def refused(_: str) -> RefreshedTokens:
        raise RefreshError("already used", outcome="refresh_reused", status=401)

    with pytest.raises(RefreshError, match="cut off before its answer was stored"):
        FileStore(path, spend=refused).fresh()


def test_a_refresh_without_an_answer_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    path = file_of(tmp_path)
    before = path.read_bytes()

    def lost(_: str) -> RefreshedTokens:
        raise TransportError("no answer")

    with pytest.raises(TransportError):
        FileStore(path, spend=lost).fresh()
    assert path.read_bytes() == before


@pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX")
def test_a_file_that_others_can_read_is_refused(tmp_path: Path) -> None:
    path = file_of(tmp_path)
    path.chmod(0o644)
    with pytest.raises(CredentialInvalid, match="chmod 600"):
        FileStore(path).read()


def test_a_folder_that_cannot_be_written_is_found_before_anything_is_spent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = file_of(tmp_path)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(CredentialInvalid, match="No space left"):
        FileStore(path, spend=lambda _: pytest.fail("spent")).fresh()


def test_without_a_file_or_a_login_it_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(CredentialMissing, match="sign in into it"):
        FileStore(tmp_path / "none.json").read()
    path = file_of(tmp_path, {"OPENAI_API_KEY": "sk-" + "x" * 30})
    with pytest.raises(CredentialInvalid, match="API key"):
        FileStore(path).read()


def test_no_error_and_no_repr_shows_a_token(tmp_path: Path) -> None:
    path = file_of(tmp_path)
    tokens = json.loads(path.read_text())["tokens"]
    store = FileStore(path, spend=lambda _: renewed())
    shown = repr(store) + repr(store.read()) + repr(leg.RefreshedTokens)
    assert not any(one in shown for one in tokens.values())
