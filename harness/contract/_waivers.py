"""Waivers: drift that somebody accepted, for a reason and until a day."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final

from ._errors import ContractError, ContractErrors
from ._files import read_bytes
from ._violations import excerpt

__all__ = ["EVERYWHERE", "WAIVERS_FILE", "Waiver", "read_waivers"]

#: Where a contract keeps its waivers, below its root. It may be absent.
WAIVERS_FILE: Final = "waivers.toml"
#: The locator of a waiver that names none: any surface, direction, event and pointer.
EVERYWHERE: Final = "* * * *"

#: A waiver is a few lines that a person wrote and another one read.
_MAX_BYTES: Final = 1024 * 1024
_MAX_TEXT: Final = 2000
_TEXTS: Final = ("rule", "locator", "probe", "reason", "owner")
_MEMBERS: Final = (*_TEXTS, "expires")
_NEEDED: Final = ("rule", "reason", "owner", "expires")
_ENTRY: Final = re.compile(r"^[ \t]*\[\[[ \t]*waiver[ \t]*\]\]", re.MULTILINE)
#: How ``tomllib`` ends its messages.
_AT: Final = re.compile(r"^(.*) \(at (line \d+, column \d+)\)$", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Waiver:
    """One accepted difference.

    Attributes:
        rule: the exact name of the rule.
        locator: a glob over ``SURFACE DIRECTION EVENT POINTER`` (``-`` for no event or pointer).
        probe: a glob over ids of probes, or ``None`` for any finding.
        reason: why it is accepted.
        owner: who answers for it.
        expires: the last day on which it holds.
        where: ``FILE:LINE``, or ``FILE`` where the line is not known.
    """

    rule: str
    locator: str
    probe: str | None
    reason: str
    owner: str
    expires: date
    where: str

    def to_json(self) -> dict[str, Any]:
        """The form of ``schemas/report/findings.json``."""
        document = {
            "rule": self.rule,
            "locator": self.locator,
            "reason": self.reason,
            "owner": self.owner,
            "expires": self.expires.isoformat(),
            "where": self.where,
        }
        return document if self.probe is None else {**document, "probe": self.probe}

    def __str__(self) -> str:
        """What it waives, for a person."""
        probe = f" in {self.probe}" if self.probe else ""
        return f"{self.rule} at {self.locator!r}{probe}"


def read_waivers(path: Path, name: str) -> tuple[Waiver, ...]:
    """The waivers in a TOML file, which messages call ``name``; none if there is no such file.

    Raises:
        ContractError: whatever is wrong with the file, all of it.
    """
    if not path.exists():
        return ()
    text, document = _load(path, name)
    faults = [
        ContractError(name, f"/{key}", "is no member of this file", "write [[waiver]] tables")
        for key in document
        if key != "waiver"
    ]
    entries = document.get("waiver", [])
    if not isinstance(entries, list) or not all(isinstance(one, dict) for one in entries):
        faults.append(ContractError(name, "/waiver", "is no list", "begin each with [[waiver]]"))
        entries = []
    places = _places(text, name, len(entries))
    waivers: list[Waiver] = []
    for index, entry in enumerate(entries):
        wrong = list(_faults(entry, places[index], index))
        faults += wrong
        if not wrong:
            waivers.append(_build(entry, places[index]))
    faults += _repeated(waivers)
    if faults:
        raise ContractErrors(faults)
    return tuple(waivers)


def _load(path: Path, name: str) -> tuple[str, Mapping[str, Any]]:
    try:
        text = read_bytes(path, name, _MAX_BYTES).decode("utf-8")
        return text, tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        said = _AT.match(str(error))
        why, where = (said[1], said[2]) if said else (str(error), "")
        raise ContractError(name, where, f"not TOML: {why}", "mend the syntax") from None
    except UnicodeDecodeError as error:
        raise ContractError(
            name, f"byte {error.start}", "not UTF-8", "save the file as UTF-8"
        ) from None
    except (ValueError, RecursionError) as error:
        # A number of thousands of digits, brackets thousands deep.
        raise ContractError(name, "", f"not TOML: {error}", "mend it") from None


def _places(text: str, name: str, count: int) -> list[str]:
    """``FILE:LINE`` of each waiver: TOML has no lines once it is read."""
    lines = [text.count("\n", 0, found.start()) + 1 for found in _ENTRY.finditer(text)]
    if len(lines) != count:
        # Another spelling, or such a line inside of a text: a wrong line is worse than none.
        return [name] * count
    return [f"{name}:{line}" for line in lines]


def _faults(entry: Mapping[str, Any], place: str, index: int) -> Iterator[ContractError]:
    for member, problem, mend in (*_member_faults(entry), *_place_faults(entry)):
        yield ContractError(place, f"/waiver/{index}/{member}", problem, mend)


def _member_faults(entry: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Member, what is wrong with it, what to do."""
    for key, value in entry.items():
        if key in _TEXTS:
            yield from ((key, *told) for told in _text_faults(value))
        elif key not in _MEMBERS:
            near = get_close_matches(key, _MEMBERS, n=1)
            mend = f"write {near[0]}" if near else f"there are: {', '.join(_MEMBERS)}"
            yield key, "is no member of a waiver", mend
    for key in _NEEDED:
        if key not in entry:
            yield key, "is missing", "add it"
    if "expires" in entry and not _is_day(entry["expires"]):
        said = _plain(entry["expires"])
        yield "expires", f"is {said}, not a day", "write it bare: expires = 2027-01-31"


def _place_faults(entry: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    locator = entry.get("locator")
    if locator is None and "probe" not in entry:
        yield "locator", "is missing, and so is probe", "say what it is about"
    is_whole = isinstance(locator, str) and len(locator.split()) >= len(EVERYWHERE.split())
    if isinstance(locator, str) and not is_whole and "*" not in locator:
        mend = "write SURFACE DIRECTION EVENT POINTER (- for no event), or * for any text"
        yield "locator", f"is {excerpt(locator)}", mend


def _text_faults(value: Any) -> Iterator[tuple[str, str]]:
    if not isinstance(value, str):
        yield f"is {excerpt(value)}", "make it a text"
    elif not value.strip():
        yield "is empty", "say something"
    elif len(value) > _MAX_TEXT:
        yield f"has {len(value)} characters", f"use at most {_MAX_TEXT}"


def _plain(value: Any) -> str:
    """A value as the file has it: times are bare in TOML."""
    return value.isoformat() if isinstance(value, datetime | time) else excerpt(value)


def _is_day(value: Any) -> bool:
    return isinstance(value, date) and not isinstance(value, datetime)


def _build(entry: Mapping[str, Any], place: str) -> Waiver:
    return Waiver(
        rule=entry["rule"],
        locator=entry.get("locator", EVERYWHERE),
        probe=entry.get("probe"),
        reason=entry["reason"],
        owner=entry["owner"],
        expires=entry["expires"],
        where=place,
    )


def _repeated(waivers: Sequence[Waiver]) -> Iterator[ContractError]:
    seen: dict[tuple[str, str, str | None], Waiver] = {}
    for one in waivers:
        first = seen.setdefault((one.rule, one.locator, one.probe), one)
        if first is not one:
            problem = f"waives {one} once more (first: {first.where})"
            yield ContractError(one.where, "", problem, "keep one of the two")
