"""From recordings to the captures of one release. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from harness.contract import Release
from harness.reference.canonical import Canonical, canonical, canonical_set
from harness.reference.cassettes import CallRow, Capture
from harness.reference.clients import Client
from harness.reference.gate import Call
from harness.reference.recorder import MOST
from harness.reference.runs import HTTPS, MODEL_LIST, RUNS, SIDE_CALLS, WEBSOCKET
from harness.reference.sent import Recording, Sent

__all__ = ["MODEL_LIST", "SIDE_CALLS", "captures_of", "transports_of"]

_ANSWER: Final = "The answer half is the stand-in's and not repeated here."
_SET: Final = "Each call once, sorted: how often it comes, and when, is chance."

Recordings = Mapping[tuple[str, str], Recording]


def transports_of(recordings: Recordings) -> tuple[str, ...]:
    """What a release was seen to use."""
    sent = [one for recording in recordings.values() for one in recording.sent]
    seen = {WEBSOCKET if one.websocket else HTTPS for one in sent}
    return tuple(name for name in (HTTPS, WEBSOCKET) if name in seen)


def captures_of(
    client: Client,
    release: Release,
    recordings: Recordings,
    beside: Recording | None,
    waits: Mapping[Call, bool],
) -> tuple[Capture, ...]:
    """The captures that recordings give, sorted by file.

    Args:
        client: who was recorded.
        release: what is known of its release.
        recordings: by the name of the run and the transport.
        beside: its calls beside the turn.
        waits: whether it waits for such a call.
    """
    blank = Capture("", "", client.name, release, client.sha256, ())
    found = []
    for (name, transport), recording in recordings.items():
        run = RUNS[name]
        rows = [CallRow(one) for one in canonical(recording, recording.sent, client.version)]
        note = f"Run {name}: {run.title}. {_end_of(recording)} {_ANSWER}"
        found.append(
            replace(blank, name=name, transport=transport, rows=rows, plays=run.plays, note=note)
        )
    if beside is not None:
        found += _beside(blank, beside, waits)
    return tuple(sorted((one for one in found if one.rows), key=lambda one: one.file))


def _beside(blank: Capture, beside: Recording, waits: Mapping[Call, bool]) -> list[Capture]:
    version = blank.release.version
    rows: dict[str, list[CallRow]] = {SIDE_CALLS: [], MODEL_LIST: []}
    kinds: dict[Canonical, Sent] = {}
    for sent in beside.sent:
        (row,) = canonical_set(beside, [sent], version)
        kinds[row] = sent
    for row in sorted(kinds):
        sent = kinds[row]
        name = MODEL_LIST if sent.endpoint == "models" else SIDE_CALLS
        call = Call(sent.method, sent.host, sent.path)
        rows[name].append(CallRow(row, waits.get(call)))
    note = f"{_SET} {_ANSWER}"
    return [
        replace(blank, name=name, transport=HTTPS, rows=found, note=note)
        for name, found in rows.items()
    ]


def _end_of(recording: Recording) -> str:
    codes = recording.exit_codes
    if None in codes:
        return f"It was stopped after {MOST} exchanges."
    return f"It exited with {' and '.join(str(code) for code in codes)}."
