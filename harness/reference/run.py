"""One turn of a release, in a home of its own, without a terminal."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from harness.reference.process import Process
from harness.standin.tokens import unsigned_jwt

__all__ = ["ACCOUNT", "TurnResult", "make_home", "run_turn"]

#: Nobody's account.
ACCOUNT: Final = "00000000-0000-4000-8000-000000000001"
_USER: Final = "user-0000000000000000"
_CLAIM: Final = "https://api.openai.com/auth"
# Neither asks anybody anything at start-up: a turn is all that is wanted.
_CONFIG: Final = "check_for_update_on_startup = false\n\n[analytics]\nenabled = false\n"


@dataclass(frozen=True, slots=True)
class TurnResult:
    """How a turn went. ``exit_code`` is negative where a signal ended it (also our time-out)."""

    exit_code: int
    stdout: str
    stderr: str
    seconds: float
    timed_out: bool = False


def make_home(
    folder: Path, *, expired: bool = False, account_id: str = ACCOUNT, plan: str = "plus"
) -> Path:
    """Write a ``CODEX_HOME`` as a sign-in leaves it; its tokens are made here and open nothing.

    Args:
        folder: made if it is not there.
        expired: whether a release of any age refreshes first. Newer ones go by the token's
            ``exp``, those up to 0.110 by the eight days since ``last_refresh``; the oldest (0.50)
            refresh after a 401 only.
        account_id: the workspace.
        plan: its plan; business, enterprise and edu make the newest releases ask for a bundle.
    """
    folder.mkdir(parents=True, exist_ok=True)
    now = datetime.now(UTC)
    refreshed = now - timedelta(days=11 if expired else 0)
    claims = {
        "exp": int((refreshed + timedelta(days=10)).timestamp()),
        _CLAIM: {
            "chatgpt_account_id": account_id,
            "chatgpt_plan_type": plan,
            "chatgpt_user_id": _USER,
        },
    }
    auth = {
        "auth_mode": "chatgpt",
        "OPENAI_API_KEY": None,
        "tokens": {
            "id_token": unsigned_jwt({**claims, "email": "nobody@example.invalid"}),
            "access_token": unsigned_jwt(claims),
            "refresh_token": "rt-of-nobody",
            "account_id": account_id,
        },
        "last_refresh": f"{refreshed:%Y-%m-%dT%H:%M:%S}.000000000Z",
    }
    file = folder / "auth.json"
    file.write_text(json.dumps(auth, indent=2), encoding="utf-8")
    file.chmod(0o600)
    (folder / "config.toml").write_text(_CONFIG, encoding="utf-8")
    return folder


def run_turn(
    binary: Path,
    env: Mapping[str, str],
    home: Path,
    workdir: Path,
    prompt: str,
    *,
    timeout: float = 60,
    arguments: Sequence[str] = (),
) -> TurnResult:
    """Run one turn to its end.

    Args:
        binary: an installed release.
        env: what leads it to the stand-in (``StandIn.env()``). Nothing of our own environment
            that could lead it elsewhere, or that holds a credential, goes along.
        home: its ``CODEX_HOME``.
        workdir: the folder it works in.
        prompt: what it is asked.
        timeout: after that many seconds it is killed, with all that it started.
        arguments: more of ``codex exec``'s own, such as ``--model NAME``.
    """
    command = [str(binary), "exec", "--skip-git-repo-check", "-C", str(workdir)]
    with Process([*command, *arguments, "--", prompt], _environment(env, home)) as process:
        timed_out = not process.wait(timeout)
        code = process.kill()
        return TurnResult(code, process.stdout, process.stderr, process.seconds, timed_out)


def _environment(env: Mapping[str, str], home: Path) -> dict[str, str]:
    ours = {name: os.environ[name] for name in ("PATH", "LANG", "TERM") if name in os.environ}
    # Its own home, too: a release looks for skills and configuration below ~.
    return {**ours, "HOME": str(home), **env, "CODEX_HOME": str(home)}
