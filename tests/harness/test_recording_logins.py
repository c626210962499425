"""Where a live credential comes from; and that no login is refreshed that is not ours."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import pytest

from harness.recording import commands
from harness.recording.logins import CannotLook, find_logins
from harness.standin.play import make_standin
from harness.standin.tokens import Grant, Issued, TokenEndpoint

ACCOUNT = "0b7d0f5e-3c9a-4f0e-9d55-1a2b3c4d5e6f"


def issued(lifetime: int = 864_000) -> Issued:
    return TokenEndpoint().login(Grant(account_id=ACCOUNT), lifetime=lifetime)


def write(path: Path, login: Issued) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(login.auth_json()))
    path.chmod(0o600)
    return path


def command(script: str) -> str:
    return f'{sys.executable} -c "{script}"'


def test_the_auth_json_of_the_cli_is_read_and_never_written(tmp_path: Path) -> None:
    path = write(tmp_path / "codex" / "auth.json", issued(lifetime=30))
    before = path.read_bytes(), path.stat().st_mtime_ns
    login = find_logins({"CODEX_HOME": str(path.parent)})["codex-subscription"]
    assert login.owner == "auth.json"
    with pytest.raises(CannotLook, match="run any command of the Codex CLI"):
        login.credential()
    assert (path.read_bytes(), path.stat().st_mtime_ns) == before
    assert [one.name for one in path.parent.iterdir()] == ["auth.json"]


def test_the_environment_goes_before_the_auth_json(tmp_path: Path) -> None:
    write(tmp_path / "auth.json", issued())
    env = {"CODEX_HOME": str(tmp_path), "CODEX_OAUTH_CREDENTIAL": json.dumps(issued().auth_json())}
    assert find_logins(env)["codex-subscription"].owner == "environment"
    with pytest.raises(CannotLook, match="there is no credential"):
        find_logins({"CODEX_HOME": str(tmp_path)}, codex_home=False)


def test_a_login_of_the_environment_is_used_until_it_expires() -> None:
    now = [time.time()]
    env = {"CODEX_OAUTH_CREDENTIAL": json.dumps(issued(3600).auth_json())}
    login = find_logins(env, clock=lambda: now[0])["codex-subscription"]
    assert login.credential().account_id == ACCOUNT
    now[0] += 3590
    with pytest.raises(CannotLook, match=r"expires in \d+ s; put a fresh one there"):
        login.credential()
    now[0] += 20
    with pytest.raises(CannotLook, match="has expired"):
        login.credential()


def test_a_store_is_refreshed_at_the_token_endpoint_and_written_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with make_standin() as standin:
        monkeypatch.setenv("HTTPS_PROXY", standin.proxy_url)
        monkeypatch.setenv("SSL_CERT_FILE", str(standin.ca_file))
        old = standin.backend.tokens.login(Grant(account_id=ACCOUNT), lifetime=60)
        path = write(tmp_path / "ours.json", old)
        login = find_logins({"HOME": str(tmp_path)}, store=path)["codex-subscription"]
        found = login.credential()
        again = login.credential()
        standin.settle()
        refreshes = [one for one in standin.exchanges if one.incoming.path == "/oauth/token"]
    stored = json.loads(path.read_text())["tokens"]
    assert found.token == again.token == stored["access_token"] != old.access_token
    assert stored["refresh_token"] != old.refresh_token
    assert len(refreshes) == 1


def test_a_refresh_that_is_refused_says_to_sign_in_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with make_standin("refresh-reused") as standin:
        monkeypatch.setenv("HTTPS_PROXY", standin.proxy_url)
        monkeypatch.setenv("SSL_CERT_FILE", str(standin.ca_file))
        old = standin.backend.tokens.login(Grant(account_id=ACCOUNT), lifetime=60)
        path = write(tmp_path / "ours.json", old)
        login = find_logins({"HOME": str(tmp_path)}, store=path)["codex-subscription"]
        with pytest.raises(CannotLook) as refused:
            login.credential()
    assert "sign" in str(refused.value)
    assert old.refresh_token not in str(refused.value)


def test_the_clis_own_file_is_no_store(tmp_path: Path) -> None:
    path = write(tmp_path / ".codex" / "auth.json", issued(60))
    link = tmp_path / "link.json"
    link.symlink_to(path)
    for one in (path, link):
        with pytest.raises(CannotLook, match="would log the CLI out"):
            find_logins({"HOME": str(tmp_path)}, store=one)


def test_a_copy_of_the_clis_login_is_no_store_either(tmp_path: Path) -> None:
    login = issued(60)
    write(tmp_path / ".codex" / "auth.json", login)
    copy = write(tmp_path / "copy.json", login)
    with pytest.raises(CannotLook, match="is a copy of"):
        find_logins({"HOME": str(tmp_path)}, store=copy)


def test_a_command_prints_the_login(tmp_path: Path) -> None:
    path = write(tmp_path / "blob.json", issued())
    login = find_logins({}, command=f"cat {path}")["codex-subscription"]
    assert login.owner == "command"
    assert login.credential().account_id == ACCOUNT


def test_a_command_is_asked_again_when_its_login_runs_out(tmp_path: Path) -> None:
    now = [time.time()]
    path = write(tmp_path / "blob.json", issued(3600))
    env = {"CODEX_LEG_CREDENTIAL_COMMAND": f"cat {path}"}
    login = find_logins(env, clock=lambda: now[0])["codex-subscription"]
    first = login.credential().token
    now[0] += 3590
    write(path, issued(7200))
    assert login.credential().token != first


def test_what_a_command_complains_of_is_not_shown(tmp_path: Path) -> None:
    secret = "Dear Zelda Quuxington"
    script = tmp_path / "fails.py"
    script.write_text(
        f"import sys; print('cannot renew', {secret!r}, file=sys.stderr); sys.exit(3)"
    )
    with pytest.raises(CannotLook) as failed:
        find_logins({}, command=f"{sys.executable} {script}")
    said = str(failed.value)
    assert "exited with 3 (run it by hand to see why" in said
    assert "elda" not in said


def test_a_command_that_prints_without_end_is_ended(tmp_path: Path) -> None:
    script = tmp_path / "endless.py"
    script.write_text("while True: print('x' * 100_000)")
    with pytest.raises(CannotLook, match="printed more than 1 MB"):
        find_logins({}, command=f"{sys.executable} {script}")


def test_a_command_that_does_not_end_is_ended_with_what_it_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commands, "_SECONDS", 0.2)
    script = tmp_path / "waits.py"
    script.write_text(
        "import subprocess, sys\n"
        "subprocess.run([sys.executable, '-c', 'import time; time.sleep(60)'])"
    )
    with pytest.raises(CannotLook, match="did not end within"):
        find_logins({}, command=f"{sys.executable} {script}")


def test_a_command_that_cannot_be_run_or_prints_no_login_is_told(tmp_path: Path) -> None:
    with pytest.raises(CannotLook, match="cannot be run: No such file"):
        find_logins({}, command=str(tmp_path / "nothing"))
    with pytest.raises(CannotLook, match="is not JSON"):
        find_logins({}, command="echo hello")
    with pytest.raises(CannotLook, match="name one of them"):
        find_logins({}, command="true", store=tmp_path / "x")


def test_the_base_url_of_the_operator_holds_for_every_source(tmp_path: Path) -> None:
    env = {"CODEX_BACKEND_BASE_URL": "http://127.0.0.1:9/backend-api/codex", "HOME": str(tmp_path)}
    path = write(tmp_path / "ours.json", issued())
    for options in ({"store": path}, {"command": f"cat {path}"}):
        login = find_logins(env, **options)["codex-subscription"]  # type: ignore[arg-type]
        assert login.credential().base_url == env["CODEX_BACKEND_BASE_URL"]
