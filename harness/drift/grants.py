"""The forms of what a login is given: a token, and the scope of what it may be used for."""

from __future__ import annotations

import re
from typing import Any, Final

__all__ = ["HIDDEN", "scope_atom", "token_atom"]

#: What a scope is made of (RFC 6749, 3.3), less the characters that none has ever had.
_SCOPE: Final = re.compile(r"[A-Za-z0-9._:/-]{1,64}(?: [A-Za-z0-9._:/-]{1,64}){0,63}")


def scope_atom(value: Any) -> str | None:
    """What a token may be used for: its words are a set, and their order is nobody's promise."""
    if not isinstance(value, str):
        return None
    if value and not _SCOPE.fullmatch(value):
        return "text"
    return f"scope({' '.join(sorted(set(value.split())))})"


#: The atom of a token that was taken out: what it was like is not known.
HIDDEN: Final = "token"
#: What stands in the place of a token that nobody may publish: its form is gone, too.
_HIDDEN: Final = re.compile(r"<?redacted\b", re.IGNORECASE)
_JWT: Final = re.compile(r"[A-Za-z0-9_-]+={0,2}(?:\.[A-Za-z0-9_-]+={0,2}){2}")


def token_atom(value: Any) -> str | None:
    """A token: a JWT (RFC 7519, 3) or anything else; of one that was taken out, neither."""
    if not isinstance(value, str):
        return None
    if _HIDDEN.match(value):
        return HIDDEN
    form = "jwt" if _JWT.fullmatch(value) else "opaque" if value else "empty"
    return f"token({form})"
