"""Reading cassettes by the thousand: the values are the contract's, the faults one line each."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from harness.contract import Contract, ContractError, interactions_of, load_yaml, read_interactions
from harness.contract._quick_yaml import _Nodes, quick_yaml
from harness.contract._yaml import IS_C_LOADER
from harness.exchange import Exchange

CONTRACT = Contract()


def outcome(read: Callable[[Any, str], Any], text: str | bytes) -> str:
    try:
        return repr(read(text, "x.yaml"))
    except ContractError as error:
        return f"refused: {error}"


def quickly(text: str) -> Any:
    """The outcome of the quick loader, which takes the bytes of a file."""
    try:
        raw = text.encode()
    except UnicodeEncodeError:
        return outcome(load_yaml, text)  # in no file
    return outcome(quick_yaml, raw)


# The quick loader


def test_the_c_loader_is_the_one_that_reads() -> None:
    assert IS_C_LOADER
    assert issubclass(_Nodes, yaml.CSafeLoader)


TOKENS = [
    "a: 1\n", "b: [x, y]\n", "- ", "'q'", '"q\\n"', "&a ", "*a", "!!str ", "!!int ", "! ", "<<: ",
    "? ", ": ", "{", "}", "[", "]", ", ", "null", "~", "yes", "No", "0o7", "017", "1_000", "1e3",
    ".5", "-1", "+.inf", "0x1F", "190:20:30", "2026-09-27", "|\n  x\n  y\n", "|+\n  x\n\n",
    ">-\n  x\n", "\n", "  ", "%YAML 1.1\n", "---\n", "...\n", "# c\n", "=", "\t", "\u2028", "é",
    "\x07", "!!binary aGk=", "\ud800", "a: ",
]  # fmt: skip


@given(st.lists(st.sampled_from(TOKENS), max_size=9).map("".join))
def test_it_reads_and_refuses_what_the_careful_loader_does(text: str) -> None:
    assert quickly(text) == outcome(load_yaml, text)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=12,
    ),
    st.sampled_from(["|", ">", '"', "'", None]),
    st.booleans(),
)
def test_whatever_was_dumped_is_read_alike(value: Any, style: Any, flow: bool) -> None:
    text = yaml.safe_dump(value, default_style=style, default_flow_style=flow, allow_unicode=True)
    assert quickly(text) == outcome(load_yaml, text)


@pytest.mark.parametrize(
    "text",
    [
        "[" * 200_000, "- " * 200_000, "a: &x [1]\nb: [*x, *x]\n", "&x [*x]", "a: &x 1\nb: *x\n",
        "{" * 99 + "}" * 99, "[" * 102 + "]" * 102, "a: 1\na: 2\n", "1: 2\n", "",
        "a: 1\n---\nb: 2\n",
    ],
)  # fmt: skip
def test_what_is_dangerous_is_left_to_the_careful_loader(text: str) -> None:
    assert quickly(text) == outcome(load_yaml, text)


# Cassettes


def test_every_cassette_has_the_values_that_the_contract_reads() -> None:
    assert len(CONTRACT.cassettes) > 100
    for cassette in CONTRACT.cassettes.values():
        assert read_interactions(CONTRACT.path(cassette.path)) == cassette.interactions


def plain(**more: Any) -> dict[str, Any]:
    """What vcrpy writes by itself."""
    return {
        "request": {"method": "POST", "uri": "https://x.y/z", "headers": {}, "body": None},
        "response": {
            "status": {"code": 200, "message": "OK"},
            "headers": {"Content-Type": ["text/event-stream"], "A": ["1"], "a": ["2"]},
            "body": {"string": "data: 1\n\n"},
        },
        **more,
    }


def load(row: Any, version: Any = 1) -> Any:
    text = yaml.safe_dump({"version": version, "interactions": [row]})
    return interactions_of(text.encode(), "x.yaml")[0]


def test_a_cassette_of_anybody_can_be_read() -> None:
    found = load(plain(recorded_at="2026-11-22"))
    assert (found.provenance.kind, found.provenance.date) == ("unknown", "")
    assert found.headers == {"content-type": ("text/event-stream",), "a": ("1", "2")}
    exchange = Exchange.from_interaction(found)
    assert (exchange.is_stream, exchange.ended, exchange.seen) == (True, None, None)
    assert [one.data for one in exchange.events] == ["1"]


def test_a_body_of_bytes_is_read() -> None:
    row = plain()
    row["response"]["body"]["string"] = b"\xff\xfe"
    assert Exchange.from_interaction(load(row)).body == b"\xff\xfe"


@pytest.mark.parametrize("provenance", [{}, {"kind": "recorded"}, {"date": "2026-11-22"}])
def test_a_provenance_may_be_told_in_part(provenance: dict[str, str]) -> None:
    found = load(plain(provenance=provenance)).provenance
    assert (found.kind, found.date) == (
        provenance.get("kind", "unknown"),
        provenance.get("date", ""),
    )


def broken(pointer: str, value: Any) -> dict[str, Any]:
    row: Any = plain()
    *way, last = pointer.split("/")[1:]
    target = row
    for key in way:
        target = target[key]
    if value is ...:
        del target[last]
    else:
        target[last] = value
    return row


@pytest.mark.parametrize(
    ("row", "where"),
    [
        (broken("/request", ...), "/interactions/0/request"),
        (broken("/request/method", 7), "/interactions/0/request/method"),
        (broken("/request/uri", None), "/interactions/0/request/uri"),
        (broken("/request/headers", {"a": "b"}), "/interactions/0/request/headers/a"),
        (broken("/request/headers", {"a": [1]}), "/interactions/0/request/headers/a/0"),
        (broken("/request/body", {"x": 1}), "/interactions/0/request/body"),
        (broken("/response", []), "/interactions/0/response"),
        (broken("/response/status", "200"), "/interactions/0/response/status"),
        (broken("/response/status/code", True), "/interactions/0/response/status/code"),
        (broken("/response/body/string", ...), "/interactions/0/response/body/string"),
        (broken("/response/body", "text"), "/interactions/0/response/body"),
        ("text", "/interactions/0"),
        (plain(provenance="me"), "/interactions/0/provenance"),
        (plain(provenance={"kind": 7}), "/interactions/0/provenance/kind"),
        (plain(stream={"ended": 7, "chunks": None}), "/interactions/0/stream/ended"),
        (plain(stream={"ended": "eof", "chunks": [[1]]}), "/interactions/0/stream/chunks/0"),
        (plain(stream={"ended": "eof", "chunks": [["x", 1]]}), "/interactions/0/stream/chunks/0"),
        (plain(close_code="x"), "/interactions/0/close_code"),
    ],
)
def test_a_row_that_is_no_exchange_is_refused_in_one_line(row: Any, where: str) -> None:
    with pytest.raises(ContractError) as refused:
        load(row)
    assert refused.value.where == where
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("version", [2, None, "1", True, 0])
def test_a_cassette_from_the_future_is_refused(version: Any) -> None:
    with pytest.raises(ContractError) as refused:
        load(plain(), version)
    assert "cassettes of version 1 are known here" in str(refused.value)
    assert "newer codex-leg" in str(refused.value)


@pytest.mark.parametrize(
    "raw",
    [b"", b"1", b"[]", b"version: 1", b"version: 1\ninteractions: 7", b"\xff", b"a: [", b"\x00"],
)
def test_what_is_no_cassette_is_refused_in_one_line(raw: bytes) -> None:
    with pytest.raises(ContractError) as refused:
        interactions_of(raw, "x.yaml")
    assert str(refused.value).startswith("x.yaml: ")
    assert "\n" not in str(refused.value)


def test_a_file_that_is_not_there_or_too_large_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ContractError, match="cannot be read"):
        read_interactions(tmp_path / "none.yaml")
    large = tmp_path / "large.yaml"
    with large.open("wb") as file:
        file.truncate(1 << 30)
    with pytest.raises(ContractError, match="256 MiB are not read"):
        read_interactions(large)


def calls_of(action: Callable[[], Any]) -> int:
    """How many calls of functions, in Python or in C, an action makes."""
    count = 0

    def profile(_frame: Any, event: str, _argument: Any) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    sys.setprofile(profile)
    try:
        action()
    finally:
        sys.setprofile(None)
    return count


def test_a_long_stream_costs_no_more_calls_to_load_than_a_short_one() -> None:
    """What takes long in Python is what is called often: a body is one scalar, however long."""
    counts = []
    for events in (1000, 8000):
        row = plain()
        row["response"]["body"]["string"] = 'data: {"type":"x","delta":"word"}\n\n' * events
        raw = yaml.dump({"version": 1, "interactions": [row]}, Dumper=yaml.CSafeDumper).encode()
        counts.append(calls_of(lambda raw=raw: interactions_of(raw, "x.yaml")))  # type: ignore[misc]
    assert len(raw) > 250_000
    assert counts[0] == pytest.approx(counts[1], abs=20)
    assert counts[1] < 2000


def test_the_calls_for_the_events_of_a_stream_grow_with_their_number() -> None:
    counts = []
    for events in (500, 1000, 2000):
        row = plain()
        row["response"]["body"]["string"] = 'data: {"type":"x","delta":"word"}\n\n' * events
        found = load(row)
        counts.append(calls_of(lambda found=found: Exchange.from_interaction(found)))  # type: ignore[misc]
    first, second = counts[1] - counts[0], counts[2] - counts[1]
    assert second == pytest.approx(2 * first, rel=0.01)
