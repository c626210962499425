"""What a rule is: one kind of difference, on four axes, with a level for each kind of consumer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

__all__ = [
    "ACTIONS",
    "ADDITIVE",
    "AREAS",
    "BENIGN",
    "BREAKING",
    "DIRECTIONS",
    "KINDS",
    "LEG",
    "LEVELS",
    "PROFILES",
    "RISKY",
    "STRICT",
    "TOLERANT",
    "Rule",
]

BREAKING: Final = "breaking"
RISKY: Final = "risky"
ADDITIVE: Final = "additive"
BENIGN: Final = "benign"

#: From the gravest to the mildest.
LEVELS: Final = (BREAKING, RISKY, ADDITIVE, BENIGN)

TOLERANT: Final = "tolerant"
STRICT: Final = "strict"
LEG: Final = "leg"

#: Kinds of consumer; the first is the default.
PROFILES: Final = (TOLERANT, STRICT, LEG)

#: Who is changed: what the server answers, what it accepts, what a client sends, how the two talk;
#: or one exchange that does not keep the contract.
DIRECTIONS: Final = ("response", "request", "client", "transport", "contract")

AREAS: Final = (
    "endpoint",
    "auth",
    "catalogue",
    "header",
    "body",
    "field",
    "event",
    "order",
    "sse",
    "ws",
    "error",
    "limit",
    "probe",
    "waiver",
    "schema",
    "invariant",
)

KINDS: Final = (
    "existence",
    "requiredness",
    "type",
    "values",
    "constraint",
    "structure",
    "order",
    "cardinality",
    "identity",
    "encoding",
    "lifecycle",
    "framing",
)

#: ``break`` is for checks of one exchange, which have no before.
ACTIONS: Final = (
    "add",
    "remove",
    "change",
    "rename",
    "move",
    "widen",
    "narrow",
    "increase",
    "decrease",
    "break",
)

#: What is at most a risk to those who ignore it, and fatal to a leg that reads the place.
_FATAL_WHERE_READ: Final = frozenset({"field-removed", "field-became-optional", "header-removed"})


@dataclass(frozen=True, slots=True)
class Rule:
    """One kind of difference.

    Attributes:
        name: its stable name.
        direction: who is changed, one of ``DIRECTIONS``.
        area: what part of the exchange it speaks about, one of ``AREAS``.
        kind: what about that part is different, one of ``KINDS``.
        action: how it became different, one of ``ACTIONS``.
        level: how grave it is to a tolerant client: one that reads what it knows and ignores the
            rest.
        strict: how grave it is to a client that validates all that it gets.
        reads: whether it concerns only those who read the place.
        means: what it says, in one line.
        mend: what to do about it, in one line.
    """

    name: str
    direction: str
    area: str
    kind: str
    action: str
    level: str
    strict: str
    reads: bool
    means: str
    mend: str

    @property
    def fatal_where_read(self) -> bool:
        """Whether the leg fails for certain, if it reads the place."""
        return self.name in _FATAL_WHERE_READ

    def level_for(self, profile: str = TOLERANT, *, read: bool | None = None) -> str:
        """How grave it is to a kind of consumer.

        Args:
            profile: one of ``PROFILES``.
            read: for the profile ``leg``, whether the leg reads the place; ``None`` if that is
                not known, which counts as read, but makes nothing graver.

        Raises:
            ValueError: there is no such profile.
        """
        if profile not in PROFILES:
            raise ValueError(f"no such profile: {profile!r} (known: {', '.join(PROFILES)})")
        if profile == STRICT:
            return self.strict
        if profile == LEG and read is not None:
            if self.reads and not read:
                return BENIGN
            if read and self.fatal_where_read:
                return BREAKING
        return self.level
