"""What is kept of a value: the allow-list of a recording, read from the contract.

Kept are: numbers that the contract calls counts or limits, booleans, the words of a vocabulary
(those that a schema lists; and a new one of the same look, because that is the drift that one
records for), slugs of models, and every text that the probe itself has sent or expects. In a
refusal, the words that the contract knows from refusals (:mod:`.words`). Everything else becomes a
:mod:`placeholder <.placeholders>`; what a model wrote, as many ``x`` as it had characters, so that
its pieces still make up the whole.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final

from harness.drift.kinds import is_secret, is_word
from harness.drift.plan import Plan
from harness.recording.arguments import Arguments
from harness.recording.placeholders import Placeholders, looks_like_id
from harness.recording.words import Words
from harness.standin.redaction import SECRET_FIELDS

__all__ = ["Policy"]

#: Two or three numbers: with a fourth it may be the address of a machine.
_VERSION: Final = re.compile(r"v?\d{1,4}(?:\.\d{1,4}){1,2}(?:-(?:alpha|beta|rc)(?:\.\d{1,3})?)?")
_NUMERIC: Final = re.compile(r"[+-]?\d{1,12}(?:\.\d{1,12})?%?")
_SLUG: Final = re.compile(r"[A-Za-z0-9]{1,14}(?:[._/ -][A-Za-z0-9]{1,12}){0,6}")
_EVENT_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,31}(?:\.[a-z][a-z0-9_]{0,31}){0,5}")
#: With a dot in it, it may be a person's.
_NAME: Final = re.compile(r"[A-Za-z_$][A-Za-z0-9_$-]{0,63}")
_ID_PREFIX: Final = re.compile(r"(?:user|org|acct|proj|req|ws|sess|session)-")
_DIGIT: Final = re.compile(r"[0-9]")
#: Members that hold what a model wrote, piece by piece or whole.
_WRITTEN: Final = frozenset(
    "delta text arguments refusal summary_text input output code obfuscation partial_json "
    "thinking transcript partial_image_b64 result".split()
)
_PIECE: Final = "response.function_call_arguments.delta"


@dataclass(slots=True)
class Policy:
    """For one recording.

    Attributes:
        stand_ins: the placeholders of the recording.
        words: those that may stand in a refusal.
        own: the texts of the probe.
        said: the text that the model was expected to write and did write; ``None`` otherwise.
        arguments: of the calls in the answer.
        refused: whether the whole answer is a refusal.
    """

    stand_ins: Placeholders
    words: Words
    own: frozenset[str]
    said: str | None = None
    arguments: Arguments | None = None
    refused: bool = False

    def key(self, name: str, plan: Plan) -> str:
        """The name of a member.

        A new name is what one records for, and kept if it could be one: neither an id nor a
        sentence. Keys of what the contract calls a map may be anybody's.
        """
        if name in plan.members or name in self.own:
            return name
        if plan.is_map:
            return self.stand_ins.id(name)
        if _NAME.fullmatch(name) is None or _ID_PREFIX.match(name) or looks_like_id(name):
            return self.stand_ins.id(name)
        return name

    def event_name(self, name: str) -> str:
        """The type of an event: a new one is kept, if it looks like one."""
        sound = _EVENT_NAME.fullmatch(name) and not looks_like_id(name)
        return name if sound else self.stand_ins.text(name)

    def number(self, value: float, plan: Plan) -> float:
        """A number: moved if it is a time, zero if the contract does not say what it counts."""
        kind = plan.kind_of(value)
        if kind == "time":
            return self.stand_ins.time(value)
        if kind in ("count", "limit"):
            return value
        return self.stand_ins.number(value)

    def text(
        self,
        value: str,
        plan: Plan,
        way: tuple[str | int, ...],
        around: tuple[Any, ...],
        event: str = "",
    ) -> str:
        """A text at the place ``way`` of a body, or of the payload of an event."""
        name = next((part for part in reversed(way) if isinstance(part, str)), "")
        if not value:
            return value
        if event and way == ("type",):
            return self.event_name(value)
        in_error = self.refused or event == "error" or "error" in way
        if (
            event
            and not in_error
            and name in _WRITTEN
            and plan.kind_of(value) in ("text", "blob", None)
        ):
            # Blanks, too: a piece of nothing else is a part of the whole, which is masked.
            return self._written(value, name, around, event)
        if value.isspace():
            return value
        if name.lower() in SECRET_FIELDS:
            return value if value in self.own else self._secret(value, name)
        if value in self.own:
            return value
        kept = self._by_plan(value, plan, name)
        if kept is None:
            kept = self.words.kept(value) if in_error and not is_secret(name) else None
        return self._silent(value, name) if kept is None else kept

    def _secret(self, value: str, name: str) -> str:
        if SECRET_FIELDS[name.lower()] in ("account", "user"):
            return self.stand_ins.id(value)
        if SECRET_FIELDS[name.lower()] == "email":
            return "redacted@example.invalid"
        return self.stand_ins.opaque(SECRET_FIELDS[name.lower()], value)

    def _by_plan(self, value: str, plan: Plan, name: str) -> str | None:
        """What the contract lets stand, or ``None`` where it says nothing of this text."""
        kind = plan.kind_of(value)
        stand_ins = self.stand_ins
        if kind == "id":
            return stand_ins.id(value)
        if kind == "time":
            return stand_ins.time_text(value)
        if kind in ("count", "limit") and not _NUMERIC.fullmatch(value):
            return stand_ins.text(value)
        if kind == "count":
            # What is counted as a text is money: the balance of an account.
            return _DIGIT.sub("0", value)
        if kind == "limit":
            return value
        if kind in ("slug", "scope"):
            return _named(value, kind, stand_ins)
        if kind == "url":
            return stand_ins.url(value)
        if kind in ("blob", "token"):
            return stand_ins.opaque(kind, value)
        if kind == "text" or not (plan.closed or plan.open):
            return None
        is_new = is_word(value) and not is_secret(name) and not looks_like_id(value)
        return value if value in plan.words or is_new else None

    def _silent(self, value: str, name: str) -> str:
        """A text of which nobody has said what it is: what can be told from its looks."""
        if _VERSION.fullmatch(value) and "version" in name.lower():
            return value
        if "@" in value and "." in value and " " not in value:
            return "redacted@example.invalid"
        moved = self.stand_ins.time_text(value)
        if not moved.startswith("REDACTED"):
            return moved
        if value.isdigit():
            return "1".ljust(len(value), "0")
        if " " not in value and "://" in value:
            return self.stand_ins.url(value)
        named = self.stand_ins.id(value)
        if not named.startswith("REDACTED") and looks_like_id(value):
            return named
        return self.stand_ins.text(value)

    def _written(self, value: str, name: str, around: tuple[Any, ...], event: str) -> str:
        """What a model wrote: only what it was asked to write is kept."""
        if name == "arguments" and self.arguments is not None:
            return self.arguments.whole(value)
        if name == "delta" and event == _PIECE and self.arguments is not None:
            return self.arguments.piece(value, around[0].get("item_id"))
        kind = around[-1].get("type") if around and isinstance(around[-1], dict) else None
        is_answer = event.startswith("response.output_text") or kind in (
            "output_text",
            "text",
            "text_delta",
        )
        if name in ("delta", "text") and is_answer and self.said is not None and value in self.said:
            return value
        return "x" * len(value)


def _named(value: str, kind: str, stand_ins: Placeholders) -> str:
    """A name of something, or of what a token may be used for: its words, as far as they are."""
    if kind == "scope":
        return " ".join(one if _is_slug(one) else "redacted" for one in value.split(" "))
    return value if _is_slug(value) else stand_ins.opaque(kind, value)


def _is_slug(value: str) -> bool:
    """``gpt-5-2025-08-07``: short parts, of which none mixes many letters and digits."""
    parts = re.split(r"[._/ -]", value)
    mixed = any(len(one) > 8 and not one.isalpha() for one in parts)
    is_uuid = [len(one) for one in parts] == [8, 4, 4, 4, 12]
    return _SLUG.fullmatch(value) is not None and not mixed and not is_uuid
