"""Before anything is asked: whose login it is, how long it lasts, and what is left of the plan.

Nothing here is secret: of the account the last four characters, of the token the time it has left.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import leg
from harness.recording.asking import LIMITS
from harness.recording.logins import CannotLook, Login
from harness.recording.obstacles import BAD_DAY, IN_FRONT
from harness.recording.placeholders import looks_like_id
from harness.recording.quiet import tellable
from leg.errors import AuthError, LegError, LimitError, TransportError

__all__ = ["Preflight", "Window", "preflight"]

#: ``plus``, ``self_serve_business_usage_based``: words of letters.
_PLAN: Final = re.compile(r"[a-z]{2,16}(?:_[a-z]{2,16}){0,4}")
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
    plan_name = _plan_name(credential.plan_type)
    found = Preflight(login.kind, login.source, plan=plan_name, expires_in=left)
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
        plan=_plan_name(plan) or found.plan,
        expires_in=left,
        windows=windows,
    )


def _usage(login: Login, credential: leg.Credential, limits: leg.Limits) -> dict[str, Any]:
    try:
        with leg.Client(credential, limits=limits) as client:
            return client.usage()
    except TransportError as error:
        raise CannotLook(f"nobody answers: {tellable(error)}") from None
    except LegError as error:
        raise CannotLook(f"{login.source}: {_why(error)}") from None


def _why(error: LegError) -> str:
    """What went wrong, and what to do; of another thing than the login, it is not blamed."""
    said = tellable(error)
    if error.outcome in IN_FRONT:
        return f"something in front of the service answered ({said}): try from another network"
    if error.outcome in BAD_DAY or error.retryable:
        return f"the service is ill, or asked too often ({said}): try again later"
    if isinstance(error, LimitError):
        return f"the quota of this plan is used up ({said}): record again when it is not"
    if isinstance(error, AuthError):
        return f"the login is refused ({said}): {error.hint or 'sign in again'}"
    return f"the quota cannot be read ({said}), and nothing was learnt of the login"


def _windows(limit: Mapping[str, Any]) -> Iterator[Window]:
    for name in ("primary_window", "secondary_window"):
        window = limit.get(name)
        if not isinstance(window, Mapping):
            continue
        seconds, used = window.get("limit_window_seconds"), window.get("used_percent")
        if isinstance(seconds, int) and isinstance(used, int | float):
            yield Window(seconds, used)


def _plan_name(value: object) -> str:
    """A plan as plans are called; of anything else that stands there, that it is another."""
    if not isinstance(value, str) or not value:
        return ""
    return value if _PLAN.fullmatch(value) and not looks_like_id(value) else "with another name"


def _span(seconds: int) -> str:
    for length, name in ((86_400, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= length:
            count = seconds // length
            return f"{count} {name}{'s' * (count != 1)}"
    return f"{seconds} s"
