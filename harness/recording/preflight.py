"""Before anything is asked: whose login it is, how long it lasts, and what is left of the plan.

Nothing here is secret: of the account the last four characters, of the token the time it has left.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import leg
from harness.recording.asking import LIMITS
from harness.recording.logins import CannotLook, Login
from leg.errors import AnswerError, LegError, TransportError

__all__ = ["Preflight", "Window", "preflight"]

_CODEX = leg.CredentialKind.CODEX_SUBSCRIPTION


@dataclass(frozen=True, slots=True)
class Window:
    """One window of a quota: its length in seconds, how much of it is used in percent."""

    seconds: int
    used: float

    def __str__(self) -> str:
        return f"{_span(self.seconds)}: {self.used:g} % used"


@dataclass(frozen=True, slots=True)
class Preflight:
    """What is known of a login before it is used.

    Attributes:
        kind, source: of the login.
        account: ``…`` and the last four characters of the account; ``""`` if it has none.
        plan: its plan, as the service says it, or else the token; ``""`` if neither does.
        expires_in: seconds that the access token has left, or ``None`` if it does not say.
        windows: of its quota; empty where the service does not tell.
    """

    kind: str
    source: str
    account: str = ""
    plan: str = ""
    expires_in: int | None = None
    windows: tuple[Window, ...] = ()

    def lines(self) -> list[str]:
        """For a person: who, plan, expiry, quota."""
        left = "not known" if self.expires_in is None else f"in {_span(self.expires_in)}"
        who = f", account {self.account}" if self.account else ""
        plan = f", plan {self.plan}" if self.plan else ""
        quota = "; ".join(map(str, self.windows))
        first = f"{self.kind}: from {self.source}{who}{plan}, expires {left}"
        return [first, *([f"quota: {quota}"] if quota else [])]


def preflight(login: Login, *, limits: leg.Limits = LIMITS) -> Preflight:
    """Look at a login; of a Codex login, ask what is left of its plan (which costs nothing of it).

    Raises:
        CannotLook: it is refused, used up, or nobody answers.
    """
    credential = login.credential()
    left = None
    if credential.expires_at is not None:
        left = int(credential.expires_at - time.time())
    found = Preflight(login.kind, login.source, plan=credential.plan_type or "", expires_in=left)
    if credential.kind is not _CODEX:
        return found
    account = credential.account_id or ""
    usage = _usage(login, credential, limits)
    plan, limit = usage.get("plan_type"), usage.get("rate_limit")
    windows = tuple(_windows(limit)) if isinstance(limit, Mapping) else ()
    if isinstance(limit, Mapping) and (
        limit.get("limit_reached") is True or limit.get("allowed") is False
    ):
        raise CannotLook(f"the quota of this plan is used up ({'; '.join(map(str, windows))})")
    return Preflight(
        login.kind,
        login.source,
        account=f"…{account[-4:]}" if len(account) >= 8 else "",
        plan=_word(plan) or found.plan,
        expires_in=left,
        windows=windows,
    )


def _usage(login: Login, credential: leg.Credential, limits: leg.Limits) -> dict[str, Any]:
    try:
        with leg.Client(credential, limits=limits) as client:
            return client.usage()
    except TransportError as error:
        raise CannotLook(f"nobody answers: {error}") from None
    except AnswerError as error:
        mend = error.hint or "sign in again"
        raise CannotLook(
            f"{login.source}: the login is refused ({error.outcome}): {mend}"
        ) from None
    except LegError as error:
        raise CannotLook(f"the quota cannot be read ({error.outcome}): {error}") from None


def _windows(limit: Mapping[str, Any]) -> Iterator[Window]:
    for name in ("primary_window", "secondary_window"):
        window = limit.get(name)
        if not isinstance(window, Mapping):
            continue
        seconds, used = window.get("limit_window_seconds"), window.get("used_percent")
        if isinstance(seconds, int) and isinstance(used, int | float):
            yield Window(seconds, used)


def _word(value: object) -> str:
    return value if isinstance(value, str) and value.isascii() and len(value) <= 32 else ""


def _span(seconds: int) -> str:
    for length, name in ((86_400, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= length:
            count = seconds // length
            return f"{count} {name}{'s' * (count != 1)}"
    return f"{seconds} s"
