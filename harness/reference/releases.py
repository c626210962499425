"""When releases were published: what a registry says, as far as it can be believed, and what is
known already. ``cassettes/reference/releases.json`` is the only copy; it is read through the
contract and written here.

Some registries are mirrors that stamp a version with the time at which somebody first asked them
for it. Such a stamp is never earlier than the publication, and it shows: a version seems to be
younger than one that came after it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from harness.contract import Contract, Release, version_key

__all__ = [
    "FORMAT",
    "REGISTRY",
    "believed",
    "stable",
    "with_bounds",
    "write_releases",
    "write_text",
]

FORMAT: Final = "codex-leg/releases/1"
REGISTRY: Final = "registry.npmjs.org/@openai/codex time"
#: Older ones are asked for nothing: they cannot go on with a session without a terminal.
_OLDEST: Final = version_key("0.42.0")
_STABLE: Final = re.compile(r"\d+\.\d+\.\d+")
_DAY: Final = re.compile(r"20\d\d-[01]\d-[0-3]\d")
#: So many versions to each side say whether a registry stamps what it mirrors there.
_NEIGHBOURS: Final = 3


def stable(versions: Iterable[str]) -> tuple[str, ...]:
    """Those that are no alpha, no package of one platform, and not too old; oldest first."""
    found = (one for one in versions if _STABLE.fullmatch(one) and version_key(one) >= _OLDEST)
    return tuple(sorted(found, key=version_key))


def believed(stamps: Mapping[str, str]) -> dict[str, str]:
    """The days of publication that a registry's times tell, by version.

    A time is believed if no later version has an earlier one, and if the same is true of at least
    half of its neighbours: among times of a mirror, one may be in order by chance.
    """
    versions = stable(stamps)
    ordered: list[bool] = []
    earliest = "9"
    for version in reversed(versions):
        ordered.append(stamps[version] <= earliest)
        earliest = min(earliest, stamps[version])
    ordered.reverse()
    found: dict[str, str] = {}
    for index, version in enumerate(versions):
        first = max(0, index - _NEIGHBOURS)
        around = ordered[first:index] + ordered[index + 1 : index + 1 + _NEIGHBOURS]
        day = stamps[version][:10]
        if ordered[index] and 2 * sum(around) >= len(around) and _DAY.fullmatch(day):
            found[version] = day
    return found


def with_bounds(releases: Iterable[Release], stamps: Mapping[str, str]) -> tuple[Release, ...]:
    """Releases with the days that their neighbours set to each: oldest first.

    Args:
        releases: with the dates that are known.
        stamps: what the registry says; of a version without a date, the stamp is a day by which
            it was there.
    """
    rows = sorted(releases, key=lambda one: version_key(one.version))
    latest, last = {}, None
    for one in reversed(rows):
        stamp = stamps.get(one.version, "")[:10]
        mine = one.date or (stamp if _DAY.fullmatch(stamp) else None)
        last = min((day for day in (last, mine) if day), default=None)
        latest[one.version] = last
    found, first = [], None
    for one in rows:
        first = one.date or first
        found.append(replace(one, not_before=first, not_after=one.date or latest[one.version]))
    return tuple(found)


def write_releases(contract: Contract, releases: Iterable[Release]) -> bool:
    """Write what is known of releases, if it is something else than what is written already."""
    rows = [_row(one) for one in sorted(releases, key=lambda one: version_key(one.version))]
    lines = ",\n    ".join(json.dumps(row, ensure_ascii=False) for row in rows)
    # One line a release: so a release more is a line more.
    text = f'{{\n  "format": {json.dumps(FORMAT)},\n  "releases": [\n    {lines}\n  ]\n}}\n'
    return write_text(contract.path("cassettes", "reference", "releases.json"), text)


def write_text(file: Path, text: str) -> bool:
    """Write a file whole or not at all; whether it is another one now."""
    if file.exists() and file.read_text(encoding="utf-8") == text:
        return False
    file.parent.mkdir(parents=True, exist_ok=True)
    # Hidden: whoever reads the folder meanwhile does not see it.
    partial = file.with_name(f".{file.name}.partial")
    partial.write_text(text, encoding="utf-8")
    partial.replace(file)
    return True


def _row(one: Release) -> dict[str, Any]:
    return {
        "version": one.version,
        "date": one.date,
        "not_before": one.not_before,
        "not_after": one.not_after,
        "source": one.source,
        "sha256": one.sha256,
        "transports": list(one.transports),
    }
