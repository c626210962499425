"""A file of ours with a login in it, refreshed when it has to be, and once, by whoever is first.

For a login that nobody else uses: its own sign-in, kept where no Codex CLI looks. A refresh token
works once; two programs with copies of one log each other out (``refresh_token_reused``,
openai/codex#6028, 2025-10-31). Therefore:

- the file is locked from before it is read until after it is written (``flock`` on a file beside
  it), so that of any number of processes one refreshes and the others find the new token;
- the new tokens are on the disk (written whole, synced, renamed) before anybody gets to use them;
- before a refresh token is spent, a note of it is on the disk. Whoever finds the note knows that a
  process died between the two, and can say so if the token turns out to be spent.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from leg.blob import parse_blob, read_auth_json
from leg.credentials import Credential, CredentialKind
from leg.errors import CredentialInvalid, CredentialMissing, RefreshError
from leg.refresh import refresh
from leg.tokens import REFRESH_MARGIN, Claims, RefreshedTokens, needs_refresh

__all__ = ["FileStore"]

_OWNER_ONLY = 0o600
_OTHERS = 0o077


@dataclass(frozen=True, slots=True)
class FileStore:
    """A login in a file that is ours alone, in the shape of the reference client's ``auth.json``.

    Attributes:
        path: the file; beside it come ``NAME.lock`` and, while a token is spent, ``NAME.spending``.
        margin: seconds before the expiry at which a token is refreshed.
        spend: renews a refresh token; :func:`leg.refresh.refresh`.
        clock: gives Unix seconds.
    """

    path: Path
    margin: float = REFRESH_MARGIN
    spend: Callable[[str], RefreshedTokens] = field(default=refresh, repr=False)
    clock: Callable[[], float] = field(default=time.time, repr=False)

    def read(self) -> Credential:
        """The login as it is, fresh or not.

        Raises:
            CredentialMissing: there is no such file.
            CredentialInvalid: it cannot be read, others can read it, or it holds no login.
        """
        return self._credential(self._text())

    def fresh(self) -> Credential:
        """The login with an access token that still holds; refreshes it if it has to.

        Raises:
            CredentialMissing, CredentialInvalid: as :meth:`read`; or the file cannot be written,
                and then nothing was spent.
            RefreshError: it was refused; only a new sign-in helps, unless ``retryable``.
            TransportError: no answer came; whether the token is spent is not known.
        """
        found = self.read()
        if not self._is_stale(found):
            return found
        with self._locked():
            text = self._text()
            found = self._credential(text)
            if not self._is_stale(found):
                return found  # somebody was faster
            return self._renewed(text, found)

    def _is_stale(self, credential: Credential) -> bool:
        return needs_refresh(Claims.of(credential.token), self.clock(), self.margin)

    def _renewed(self, text: str, old: Credential) -> Credential:
        if old.refresh_token is None:
            raise CredentialInvalid(
                f"{self.path}: the access token has expired, and there is no refresh token",
                hint="sign in again into this file",
            )
        was_cut_off = self._note.exists()
        # A disk that is full is better found out before the token is spent than after.
        self._write(self._note, f"{int(self.clock())}\n")
        try:
            tokens = self.spend(old.refresh_token)
        except RefreshError as error:
            if not error.retryable:
                self._note.unlink(missing_ok=True)
                if was_cut_off:
                    error.hint = (
                        "an earlier refresh was cut off before its answer was stored, so the token "
                        f"is spent: sign in again into {self.path}"
                    )
            raise
        self._write(self.path, _with_tokens(text, tokens, self.clock()))
        self._note.unlink(missing_ok=True)
        return self.read()

    @property
    def _note(self) -> Path:
        return self.path.with_name(f"{self.path.name}.spending")

    def _text(self) -> str:
        text = read_auth_json(self.path)
        if text is None:
            raise CredentialMissing(
                f"{self.path}: there is no such file", hint="sign in into it, see docs/recording.md"
            )
        if os.name == "posix" and self.path.stat().st_mode & _OTHERS:
            raise CredentialInvalid(
                f"{self.path}: others can read it", hint=f"chmod 600 {self.path}"
            )
        return text

    def _credential(self, text: str) -> Credential:
        found = parse_blob(text, str(self.path))
        if found.kind is not CredentialKind.CODEX_SUBSCRIPTION:
            raise CredentialInvalid(
                f"{self.path}: holds an API key, which needs no store", hint="set OPENAI_API_KEY"
            )
        return found

    @contextmanager
    def _locked(self) -> Iterator[None]:
        try:
            import fcntl  # noqa: PLC0415 — not on every system
        except ImportError:
            raise CredentialInvalid(
                f"{self.path}: this system cannot lock files", hint="use a credential command"
            ) from None
        lock = self.path.with_name(f"{self.path.name}.lock")
        try:
            descriptor = os.open(lock, os.O_RDWR | os.O_CREAT, _OWNER_ONLY)
        except OSError as error:
            raise self._unwritable(error) from None
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)  # which unlocks it

    def _write(self, file: Path, text: str) -> None:
        """Whole or not at all, for nobody else to read, and on the disk when this returns."""
        unfinished = file.with_name(f".{file.name}.{os.getpid()}.new")
        try:
            unfinished.unlink(missing_ok=True)
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
            with os.fdopen(os.open(unfinished, flags, _OWNER_ONLY), "w", encoding="utf-8") as new:
                new.write(text)
                new.flush()
                os.fsync(new.fileno())
            unfinished.replace(file)
            folder = os.open(file.parent, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
        except OSError as error:
            unfinished.unlink(missing_ok=True)
            raise self._unwritable(error) from None

    def _unwritable(self, error: OSError) -> CredentialInvalid:
        return CredentialInvalid(
            f"{self.path}: cannot be written beside: {error.strerror}",
            hint="check the folder and its permissions",
        )


def _with_tokens(text: str, new: RefreshedTokens, now: float) -> str:
    """The blob with the new tokens; whatever else it holds stays."""
    blob: dict[str, Any] = json.loads(text)
    nested = blob.get("tokens")
    tokens = nested if isinstance(nested, dict) else blob
    for name, value in _named(new).items():
        camel = name.split("_")[0] + name.split("_")[1].title()
        tokens[camel if camel in tokens and name not in tokens else name] = value
    blob["last_refresh"] = time.strftime("%Y-%m-%dT%H:%M:%S.000000000Z", time.gmtime(now))
    return json.dumps(blob, indent=2) + "\n"


def _named(new: RefreshedTokens) -> Mapping[str, str]:
    found = {
        "access_token": new.access_token,
        "refresh_token": new.refresh_token,
        "id_token": new.id_token,
    }
    return {name: value for name, value in found.items() if value is not None}
