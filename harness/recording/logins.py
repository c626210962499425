"""Where a live credential comes from, and what may be done with it.

Four ways, each of which says in ``docs/recording.md`` what it risks. Only a :class:`FileStore` is
ever refreshed, because only that login is ours. An ``auth.json`` belongs to the Codex CLI and is
read; what stands in the environment is used until it expires; a command brings its own.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

import leg
from harness.recording.commands import SOURCE, printed
from harness.recording.quiet import tellable
from leg.blob import parse_blob, read_auth_json
from leg.credentials import check_base_url
from leg.environment import auth_json_path
from leg.errors import AnswerError, CredentialMissing, LegError
from leg.store import FileStore

__all__ = ["CannotLook", "Login", "find_logins"]

COMMAND_VARIABLE: Final = "CODEX_LEG_CREDENTIAL_COMMAND"
STORE_VARIABLE: Final = "CODEX_LEG_STORE"
#: A token that runs out sooner is not begun with.
MARGIN: Final = 120.0


class CannotLook(Exception):
    """There is no way to ask; ``str()`` is one line that says why, and what to do."""


@dataclass(frozen=True, slots=True)
class Login:
    """A way to be let in, for as long as it lasts.

    Attributes:
        kind: as probes name it, ``codex-subscription``.
        source: where it comes from, for a person.
        owner: ``environment``, ``auth.json``, ``store`` or ``command``.
    """

    kind: str
    source: str
    owner: str
    _get: Callable[[], leg.Credential] = field(repr=False)
    _clock: Callable[[], float] = field(default=time.time, repr=False)

    def credential(self) -> leg.Credential:
        """A credential that still holds.

        Raises:
            CannotLook: there is none any more; it says what to do.
        """
        try:
            found = self._get()
        except LegError as error:
            raise CannotLook(self._failed(error)) from None
        if found.expires_at is not None and found.expires_at <= self._clock() + MARGIN:
            left = int(found.expires_at - self._clock())
            how = f"expires in {left} s" if left > 0 else "has expired"
            raise CannotLook(f"{self.source}: the token {how}; {_MENDS[self.owner]}")
        return found

    def _failed(self, error: LegError) -> str:
        if isinstance(error, AnswerError):
            mend = error.hint or ("try again later" if error.retryable else _MENDS[self.owner])
            return f"{self.source}: the refresh was refused ({tellable(error)}): {mend}"
        return tellable(error)


_MENDS: Final = {
    "environment": "put a fresh one there, or use --store or --credential-command",
    "auth.json": "run any command of the Codex CLI, which refreshes its own login, and try again",
    "store": "sign in again into this file",
    "command": "the command has to print a fresh one",
}


def find_logins(
    env: Mapping[str, str],
    *,
    store: Path | None = None,
    command: str | None = None,
    codex_home: bool = True,
    clock: Callable[[], float] = time.time,
) -> dict[str, Login]:
    """Every login at hand, by its kind; a store or a command goes before the environment.

    Args:
        env: usually ``os.environ``; ``CODEX_LEG_STORE`` and ``CODEX_LEG_CREDENTIAL_COMMAND`` stand
            for the two arguments.
        store: a file that is ours.
        command: prints a blob (the shapes of :func:`leg.blob.parse_blob`) and exits 0.
        codex_home: read the ``auth.json`` of the Codex CLI, if there is no other Codex login.
        clock: gives Unix seconds.

    Raises:
        CannotLook: one that is named cannot be used; or there is none.
    """
    store = store or _path(env.get(STORE_VARIABLE, ""))
    command = command or env.get(COMMAND_VARIABLE, "").strip() or None
    if store is not None and command is not None:
        raise CannotLook("there are a store and a credential command: name one of them")
    found = {one.kind: one for one in _from_environment(env, codex_home=codex_home, clock=clock)}
    base_url = env.get("CODEX_BACKEND_BASE_URL", "").strip() or None
    if store is not None:
        login = _from_store(store, env, base_url, clock)
        found[login.kind] = login
    elif command is not None:
        login = _from_command(command, base_url, clock)
        found[login.kind] = login
    if not found:
        raise CannotLook(
            "there is no credential: set CODEX_OAUTH_CREDENTIAL, run `codex login`, or use --store "
            "or --credential-command (docs/recording.md)"
        )
    return found


def _path(value: str) -> Path | None:
    return Path(value.strip()).expanduser() if value.strip() else None


def _from_environment(
    env: Mapping[str, str], *, codex_home: bool, clock: Callable[[], float]
) -> list[Login]:
    try:
        credentials = leg.find_credentials(env)
        of_codex = leg.CredentialKind.CODEX_SUBSCRIPTION
        if codex_home and all(one.kind is not of_codex for one in credentials):
            credentials = leg.find_credentials(env, codex_home=True)
    except LegError as error:
        raise CannotLook(str(error)) from None
    auth_json = str(auth_json_path(env))
    found: dict[str, Login] = {}
    for one in credentials:
        owner = "auth.json" if one.source == auth_json else "environment"

        def same(one: leg.Credential = one) -> leg.Credential:
            return one

        # The first of a kind is the one that the leg would use.
        found.setdefault(one.kind.value, Login(one.kind.value, one.source, owner, same, clock))
    return list(found.values())


def _from_store(
    path: Path, env: Mapping[str, str], base_url: str | None, clock: Callable[[], float]
) -> Login:
    theirs = auth_json_path(env)
    if path.resolve() == theirs.resolve():
        raise CannotLook(
            f"{path} is the login of the Codex CLI, and refreshing it would log the CLI out; sign "
            "in once more, into a file of its own (docs/recording.md)"
        )
    store = FileStore(path, margin=max(MARGIN * 2, 300.0), clock=clock)
    _refuse_copy(store, theirs)
    return Login(
        "codex-subscription", str(path), "store", lambda: _moved(store.fresh(), base_url), clock
    )


def _refuse_copy(store: FileStore, theirs: Path) -> None:
    """A copy of the CLI's login is the CLI's login: a refresh token works once."""
    try:
        ours = store.read().refresh_token
        text = read_auth_json(theirs)
        other = parse_blob(text, str(theirs)).refresh_token if text else None
    except CredentialMissing as error:
        raise CannotLook(str(error)) from None
    except LegError as error:
        if str(store.path) in str(error):
            raise CannotLook(str(error)) from None
        return
    if ours is not None and ours == other:
        raise CannotLook(
            f"{store.path} is a copy of {theirs}: refreshing it would log the Codex CLI out; sign "
            "in once more, into a file of its own (docs/recording.md)"
        )


def _moved(credential: leg.Credential, base_url: str | None) -> leg.Credential:
    """The environment's base URL holds for every Codex login, wherever it came from."""
    if base_url is None:
        return credential
    checked = check_base_url(base_url, "CODEX_BACKEND_BASE_URL", from_blob=False)
    return replace(credential, base_url=checked)


def _from_command(command: str, base_url: str | None, clock: Callable[[], float]) -> Login:
    known: list[leg.Credential] = []

    def ask() -> leg.Credential:
        # It is asked once, and again when what it gave runs out.
        if not known or (known[0].expires_at or float("inf")) <= clock() + MARGIN:
            known[:] = [_moved(parse_blob(printed(command), SOURCE), base_url)]
        return known[0]

    login = Login("codex-subscription", SOURCE, "command", ask, clock)
    kind = login.credential().kind.value
    return Login(kind, login.source, login.owner, ask, clock)
