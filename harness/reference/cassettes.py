"""Canonical requests as cassettes of the kind ``captured``. Pure, but for the text of YAML.

They are kept small: the answer half is the stand-in's and stands in the contract already, so that
nothing but its status and where it came from is written down; a body is one line. Plain vcrpy reads
them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import yaml

from harness.contract import Release
from harness.reference.canonical import Canonical

__all__ = ["CallRow", "Capture", "text_of"]

#: Where the releases of the reference client are published.
PUBLISHED: Final = "npmjs.com/package/@openai/codex"
_STANDIN: Final = "codex-leg/stand-in"
_METHODS: Final = ("GET", "POST")


@dataclass(frozen=True, slots=True)
class CallRow:
    """One request of a capture, and whether the client waits for its answer before its turn."""

    sent: Canonical
    waited_for: bool | None = None


@dataclass(frozen=True, slots=True)
class Capture:
    """One file: what a client sent in one run.

    Attributes:
        name: of the run.
        transport: ``https`` or ``websocket``.
        client: name and version.
        release: what is known of the release.
        sha256: of what was run.
        rows: the requests.
        plays: the scenarios of the stand-in.
        note: what a reader has to know, for every request.
    """

    name: str
    transport: str
    client: str
    release: Release
    sha256: str
    rows: Sequence[CallRow]
    plays: Sequence[str] = ()
    note: str = ""

    @property
    def file(self) -> str:
        """The name of its file."""
        return f"{self.name}.{self.transport}.yaml"


def text_of(capture: Capture) -> str:
    """The file of a capture. The same capture is the same text, always."""
    interactions = [_interaction(row, capture) for row in capture.rows]
    document = {"version": 1, "interactions": interactions}
    return str(
        yaml.dump(
            document,
            Dumper=_Dumper,
            allow_unicode=True,
            sort_keys=False,
            default_flow_style=None,
            width=1_000_000,
        )
    )


def _interaction(row: CallRow, capture: Capture) -> dict[str, Any]:
    sent = row.sent
    headers: dict[str, list[str]] = {}
    for name, value in sent.headers:
        headers.setdefault(name.lower(), []).append(value)
    found: dict[str, Any] = {
        "request": {
            "method": sent.method,
            "uri": sent.uri,
            "headers": headers,
            "body": sent.body or None,
        },
        "response": {
            "status": {"code": sent.status, "message": ""},
            "headers": {},
            "body": {"string": ""},
        },
        "provenance": _provenance(sent, capture),
        "header_names": [name for name, _ in sent.headers],
    }
    if sent.frames:
        # When each of them came is chance.
        found["frames"] = [{"from": "client", "at": 0, "text": text} for text in sent.frames]
    if row.waited_for is not None:
        found["waited_for"] = row.waited_for
    return found


def _provenance(sent: Canonical, capture: Capture) -> dict[str, Any]:
    version = capture.release.version
    probe = sent.source if "/" in sent.source and " " not in sent.source else ""
    scenario = capture.plays[0] if capture.plays else "default"
    played = f"cassettes/{probe}.yaml" if probe else f"scenarios/{scenario}.yaml"
    notes = [capture.note]
    encoding = next((value for name, value in sent.headers if name.lower() == _ENCODING), None)
    if encoding and sent.body:
        notes.append(f"The body was sent as {encoding}.")
    if sent.faults:
        notes.append(f"Faults of the answer: {', '.join(sent.faults)}.")
    nothing = {"from": "none"}
    return {
        "kind": "captured",
        "date": capture.release.day,
        "source": f"{capture.client} {version} ({PUBLISHED}) run against the {_STANDIN}",
        "client": {"name": capture.client, "version": version, "sha256": capture.sha256},
        "note": " ".join(one for one in notes if one),
        "parts": {
            "request": {"from": f"{PUBLISHED} {version}"},
            "status": {"from": f"{_STANDIN} {played}"},
            "headers": nothing,
            "body": dict(nothing),
        },
    }


_ENCODING: Final = "content-encoding"

#: The fast one, where there is one. The two write the same text.
_BASE: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


class _Dumper(_BASE):  # type: ignore[misc]  # which of the two classes it is depends on the machine
    """Writes no anchors: the contract has none."""

    def ignore_aliases(self, data: Any) -> bool:
        del data
        return True
