"""What no schema can say: that a probe and its cassette belong together, and that nothing is
without its source."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, Final
from urllib.parse import parse_qsl

from ._errors import ContractError
from ._model import Cassette, Interaction, Part, Probe, Provenance
from ._references import FORMS, PARTS_BELOW, is_reference
from ._violations import excerpt, pointer_of

__all__ = [
    "REFERENCE",
    "check_cassette",
    "check_pair",
    "check_pairs",
    "check_probe",
    "is_event_stream",
]

#: Captures of reference clients: cassettes that answer no probe.
REFERENCE: Final = "cassettes/reference/"

#: The parts of every exchange. Each has a source of its own.
PARTS: Final = ("request", "status", "headers", "body")
_IS_THERE: Final = {"headers": "are headers", "body": "is a body"}
_FIELDS: Final = (b"event:", b"data:", b"id:", b"retry:", b":")


def check_probe(probe: Probe) -> Iterator[ContractError]:
    """The faults of one probe by itself."""
    wanted = probe.path.removeprefix("probes/").removesuffix(".yaml")
    if probe.id != wanted:
        yield ContractError(
            probe.path, "/id", f"is {probe.id!r}", f"make it {wanted!r}, the path of the file"
        )
    from leg.outcomes import OUTCOMES  # noqa: PLC0415 — reading cassettes must not cost the leg

    if probe.expect.outcome not in OUTCOMES:
        yield ContractError(
            probe.path,
            "/expect/outcome",
            f"is {probe.expect.outcome!r}, which is no outcome of the leg",
            _closest(probe.expect.outcome, OUTCOMES),
        )
    if probe.request.body is not None and probe.request.form is not None:
        yield ContractError(
            probe.path, "/request", "has a body and a form", "a request has one of the two"
        )


def _closest(word: str, words: frozenset[str]) -> str:
    from difflib import get_close_matches  # noqa: PLC0415 — needed for a typo only

    close = get_close_matches(word, words, n=1)
    return f"do you mean {close[0]!r}?" if close else "see OUTCOMES in leg/outcomes.py"


def check_cassette(cassette: Cassette) -> Iterator[ContractError]:
    """The faults of one cassette by itself."""
    for index, interaction in enumerate(cassette.interactions):
        where = f"/interactions/{index}"
        yield from _check_provenance(cassette.path, where, interaction)
        yield from _check_header_names(cassette.path, where, interaction)
        if interaction.stream is None and is_event_stream(interaction):
            yield ContractError(
                cassette.path,
                f"{where}/stream",
                "is missing, and the body is an event stream",
                "say how it ended: {ended: eof, chunks: null}",
            )
        if interaction.stream is not None and not _can_stream(interaction):
            yield ContractError(
                cassette.path,
                f"{where}/stream",
                "is there, and the body is no event stream",
                "remove it, or mend the body",
            )


def _check_header_names(path: str, where: str, interaction: Interaction) -> Iterator[ContractError]:
    """Of a capture, the order of the headers speaks of all of them and of no others."""
    if interaction.header_names is None:
        return
    named = Counter(name.lower() for name in interaction.header_names)
    there = Counter({name: len(values) for name, values in interaction.request.headers.items()})
    for left, problem in (
        (there - named, "lacks {}, which the request has"),
        (named - there, "has {}, which the request lacks"),
    ):
        if left:
            yield ContractError(
                path,
                f"{where}/header_names",
                problem.format(", ".join(sorted(left))),
                "name each header of the request as often as it has values, in their order",
            )


def is_event_stream(interaction: Interaction) -> bool:
    """Whether the answer is an event stream: by its type if it is known, else by how it begins.

    The backend does not always name the type (stated absent in 2026-09,
    maccavelli/mcplib llmprovider/testdata@ef88c1d47d16).
    """
    for value in interaction.headers.get("content-type", ()):
        return value.strip().lower().startswith("text/event-stream")
    body = interaction.body
    raw = body.encode() if isinstance(body, str) else body
    start = raw.removeprefix(b"\xef\xbb\xbf").lstrip(b"\r\n")[:16]
    return interaction.status == 200 and start.startswith(_FIELDS)


def _can_stream(interaction: Interaction) -> bool:
    """Whether the answer is a stream, or was going to be one: what broke may be anything."""
    asked = b'"stream":true' in _sent(interaction).replace(b" ", b"")
    return is_event_stream(interaction) or (interaction.status == 200 and asked)


def _sent(interaction: Interaction) -> bytes:
    body = interaction.request.body
    return body.encode() if isinstance(body, str) else body or b""


def _check_provenance(path: str, where: str, interaction: Interaction) -> Iterator[ContractError]:
    provenance = interaction.provenance
    where = f"{where}/provenance"
    for part in PARTS:
        if part not in provenance.parts:
            yield ContractError(
                path, f"{where}/parts/{part}", "is missing", "say where this part comes from"
            )
    if not is_reference(provenance.source):
        yield ContractError(path, f"{where}/source", "names no source", FORMS)
    for name, one in provenance.parts.items():
        fault = _part_fault(name, one, interaction)
        if fault is not None:
            yield ContractError(path, f"{where}/parts{pointer_of([name])}/from", *fault)
    if provenance.kind == "composed" and not (provenance.note or "").strip():
        yield ContractError(
            path, f"{where}/note", "is missing", "a composed answer says that it was never seen"
        )
    if provenance.kind == "transcribed":
        yield from _check_one_source(path, where, provenance)


def _part_fault(name: str, part: Part, interaction: Interaction) -> tuple[str, str] | None:
    """What is wrong with the source of one part, and the mend."""
    source = part.source.strip()
    if not source:
        return "is empty", "name the source"
    if source == "none":
        there = {"headers": bool(interaction.headers), "body": bool(interaction.body)}.get(name)
        if there is None:
            return "is none", "only headers and a body that are not there come from nowhere"
        return (f"is none, and there {_IS_THERE[name]}", "name the source") if there else None
    if source == "probe" and name == "request":
        return None
    if source == PARTS_BELOW and name == "body":
        composed = interaction.provenance.kind == "composed"
        if composed and len(interaction.provenance.parts) > len(PARTS):
            return None
        return "names parts that are not there", "list them, each with its source"
    return None if is_reference(source) else (f"is {excerpt(source)}, which names no source", FORMS)


def _check_one_source(path: str, where: str, provenance: Provenance) -> Iterator[ContractError]:
    """A transcribed answer comes from one publication; a part from another one says so."""
    status, body = provenance.parts.get("status"), provenance.parts.get("body")
    elsewhere = False
    for name, part in (("status", status), ("body", body)):
        if part is None or part.note or _publication(part.source) in provenance.source:
            continue
        elsewhere = True
        yield ContractError(
            path,
            f"{where}/parts/{name}",
            f"comes from {part.source!r}, the answer from {provenance.source!r}",
            "say in a note of this part that its source is another one",
        )
    if status is None or body is None or status.note or body.note or elsewhere:
        return
    if _publication(status.source) != _publication(body.source):
        yield ContractError(
            path,
            f"{where}/parts/status",
            "and /body come from two sources without a word about it",
            "add a note to the one from the other source, or make the kind composed",
        )


def _publication(source: str) -> str:
    """What names a publication in a reference: ``SimonGino/portage`` in ``SimonGino/portage x``."""
    words = source.split()
    return words[0].rstrip(",;:") if words else source


def check_pairs(
    probes: Mapping[str, Probe], cassettes: Mapping[str, Cassette], broken: set[str]
) -> Iterator[ContractError]:
    """Whether every probe has its cassette and every cassette its probe, and the two agree.

    ``broken`` are the files that could not be read: nothing is said of those that belong to them.
    """
    for id_, probe in probes.items():
        file = f"cassettes/{id_}.yaml"
        if id_ in cassettes:
            yield from check_pair(probe, cassettes[id_])
        elif file not in broken:
            yield ContractError(
                probe.path, "", f"no cassette answers it ({file})", "record or compose one"
            )
    for id_, cassette in cassettes.items():
        captured = cassette.path.startswith(REFERENCE)
        if id_ not in probes and not captured and f"probes/{id_}.yaml" not in broken:
            yield ContractError(
                cassette.path,
                "",
                f"no probe asks for it (probes/{id_}.yaml)",
                "write the probe, or remove the cassette",
            )


def check_pair(probe: Probe, cassette: Cassette) -> Iterator[ContractError]:
    """Whether a cassette answers the question of its probe."""
    if not cassette.interactions:
        yield ContractError(cassette.path, "/interactions", "is empty", "record the answer")
        return
    asked, sent = probe.request, cassette.interactions[0].request
    where = "/interactions/0/request"
    if sent.method != asked.method:
        yield _differs(cassette, f"{where}/method", sent.method, asked.method)
    if sent.uri != asked.url:
        yield _differs(cassette, f"{where}/uri", sent.uri, asked.url)
    text = sent.body.decode("utf-8", "replace") if isinstance(sent.body, bytes) else sent.body or ""
    if asked.form is not None:
        found: Any = dict(parse_qsl(text, keep_blank_values=True))
        wanted: Any = dict(asked.form)
    elif asked.body is None:
        found, wanted = text or None, None
    else:
        wanted = asked.body
        try:
            found = json.loads(text)
        except (ValueError, RecursionError):
            yield ContractError(
                cassette.path, f"{where}/body", "is not JSON", "make it the body of the probe"
            )
            return
    place = _difference(found, wanted, ())
    if place is not None:
        pointer, here, there = place
        yield _differs(cassette, f"{where}/body#{pointer_of(pointer)}", here, there)


_ABSENT: Final = object()


def _differs(cassette: Cassette, where: str, found: Any, wanted: Any) -> ContractError:
    here, there = ("absent" if one is _ABSENT else excerpt(one) for one in (found, wanted))
    return ContractError(
        cassette.path, where, f"is {here}, in the probe {there}", "make the two the same request"
    )


Difference = tuple[tuple[object, ...], Any, Any]


def _difference(found: Any, wanted: Any, path: tuple[object, ...]) -> Difference | None:
    """The first place at which two JSON values differ, and what is there."""
    if isinstance(found, Mapping) and isinstance(wanted, Mapping):
        for key in sorted({*found, *wanted}):
            one, other = found.get(key, _ABSENT), wanted.get(key, _ABSENT)
            place = _difference(one, other, (*path, key))
            if place is not None:
                return place
        return None
    if isinstance(found, list) and isinstance(wanted, list) and len(found) == len(wanted):
        for index, (one, other) in enumerate(zip(found, wanted, strict=True)):
            place = _difference(one, other, (*path, index))
            if place is not None:
                return place
        return None
    # In Python 1 == 1.0 == True; in JSON they are three different answers.
    same = type(found) is type(wanted) and found == wanted
    return None if same else (path, found, wanted)
