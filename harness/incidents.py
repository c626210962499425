"""The corpus of documented incidents, read; and the page of the documentation that shows it.

The corpus is a part of the tests (``tests/corpus/incidents/``, its form in
``tests/corpus/incident.schema.json``): the back-test of the drift engine on what really happened.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from jsonschema import Draft202012Validator

from harness.contract import Contract, ContractError, load_yaml, read_bytes

__all__ = ["FOLDER", "incidents_page", "read_incidents"]

#: Where the corpus is, below the root of the project.
FOLDER: Final = "tests/corpus/incidents"

_HEAD: Final = """\
# Incidents

What is known to have happened to the backend, to the reference client and to those between them,
with what the drift engine finds of it. One file each below `tests/corpus/incidents/`: before and
after as the shortest exchanges that show it, with the source of every part; the tests compare them
and must find exactly this. The exchanges are minimal and mostly composed around one published line;
they are no recordings.

*Witness*: who sees it. `probe` asks the live service with a credential, `canary` asks it without
one, `capture` records the reference client on loopback. *Releases*: the last one before and the
first one after, where that is published.
"""

_LEGEND: Final = """\
A level in brackets is that of a strict client, where a tolerant one is not harmed. `additive`
findings belong to changes that took nothing away.
"""


def read_incidents(folder: Path) -> tuple[dict[str, Any], ...]:
    """Every incident of a corpus, by date.

    Raises:
        ContractError: a file is no incident, and where.
    """
    schema = json.loads((folder.parent / "incident.schema.json").read_text("utf-8"))
    validator = Draft202012Validator(schema)
    found = [_read(file, validator) for file in sorted(folder.glob("*.yaml"))]
    return tuple(sorted(found, key=lambda one: (one["date"], one["id"])))


def _read(file: Path, validator: Draft202012Validator) -> dict[str, Any]:
    name = f"{FOLDER}/{file.name}"
    document = load_yaml(read_bytes(file, name).decode("utf-8"), name)
    for error in validator.iter_errors(document):
        where = "/".join(map(str, error.absolute_path))
        mend = "see tests/corpus/incident.schema.json"
        raise ContractError(name, f"/{where}", error.message[:200], mend)
    incident: dict[str, Any] = document
    return incident


def incidents_page(contract: Contract) -> str:
    """``docs/incidents.md``.

    Raises:
        ContractError: a file of the corpus is no incident.
    """
    incidents = read_incidents(contract.path(FOLDER))
    seen = [one for one in incidents if one["visible"]]
    counts = (
        f"{len(incidents)} incidents from {incidents[0]['date']} to {incidents[-1]['date']}; "
        f"{len(seen)} can be seen in an exchange, {len(incidents) - len(seen)} cannot.\n"
    )
    rows = [
        "| date | what happened | rule | level | witness | releases | sources |",
        "|---|---|---|---|---|---|---|",
        *(_row(one) for one in incidents),
    ]
    unseen = [
        f"- **{one['id']}** {one['title']} ({one['date']}): {one['reason']}"
        + (f" {one['witness_note']}" if one.get("witness_note") else "")
        for one in incidents
        if not one["visible"]
    ]
    parts = [_HEAD, counts, _LEGEND, "\n".join(rows), "\n## Not to be seen in any exchange\n"]
    return "\n".join([*parts, "\n".join(unseen)]) + "\n"


def _row(one: Mapping[str, Any]) -> str:
    expected = [each for case in one.get("cases", ()) for each in case["expect"]]
    cells = [
        one["date"],
        f"**{one['id']}** {one['title']}",
        "<br>".join(_unique(f"`{each['rule']}`" for each in expected)) or "none",
        "<br>".join(_unique(_level(each) for each in expected)) or "none",
        ", ".join(one["witness"]) or "none",
        _releases(one.get("releases", {})),
        "<br>".join(_source(each) for each in one["sources"]),
    ]
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _unique(texts: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(texts))


def _level(expected: Mapping[str, Any]) -> str:
    level: str = expected["level"]
    return f"({level})" if expected.get("profile") == "strict" else level


def _releases(releases: Mapping[str, Any]) -> str:
    before, after = releases.get("before"), releases.get("after")
    return " → ".join(one or "?" for one in (before, after)) if before or after else ""


def _source(source: Mapping[str, str]) -> str:
    """As it was published; the words about it stay in the file."""
    return f"{source['ref']} ({source['date']})" if "date" in source else source["ref"]
