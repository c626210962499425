"""The door to the data: what is sound gets in, and each fault is one line that names its place."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from harness.contract import Contract, ContractError, ContractErrors, Schemas, YamlLines, load_yaml
from harness.contract._keywords import X_KINDS, keyword_faults
from harness.contract._schemas import NAMED
from harness.contract._yaml import IS_C_LOADER
from harness.drift.kinds import KINDS

REAL = Contract()
URL = "https://chatgpt.com/backend-api/codex/responses"
STREAM = 'event: response.created\ndata: {"type":"response.created"}\n\n'


def probe(id_: str = "codex/x", **more: Any) -> dict[str, Any]:
    return {
        "id": id_,
        "title": "A question",
        "asked": "2026-09-27",
        "backend": "codex",
        "surface": "responses",
        "credential": "codex-subscription",
        "level": "must",
        "request": {
            "via": "send",
            "method": "POST",
            "url": URL,
            "body": {"model": "m", "stream": True, "input": [{"n": 1}]},
        },
        "expect": {"status": 200, "outcome": "ok", "why": "Because."},
        "sources": [{"ref": "somebody/something#1", "date": "2026-09-27"}],
        **more,
    }


def cassette(**more: Any) -> dict[str, Any]:
    source = "somebody/something#1"
    interaction = {
        "request": {
            "method": "POST",
            "uri": URL,
            "headers": {},
            "body": '{"input":[{"n":1}],"stream":true,"model":"m"}',
        },
        "response": {
            "status": {"code": 200, "message": ""},
            "headers": {},
            "body": {"string": STREAM},
        },
        "provenance": {
            "kind": "transcribed",
            "date": "2026-09-27",
            "source": source,
            "client": None,
            "parts": {
                "request": {"from": "probe"},
                "status": {"from": source},
                "headers": {"from": "none", "note": "not published"},
                "body": {"from": source},
            },
        },
        "stream": {"ended": "eof", "chunks": None},
    }
    return {"version": 1, "interactions": [interaction], **more}


def snapshot(**more: Any) -> dict[str, Any]:
    empty: dict[str, Any] = {"request": {}, "response": {}}
    return {"format": "codex-leg/shape/1", "surface": "responses", **empty, **more}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A contract of one sound pair, with the real schemas."""
    (tmp_path / "schemas").symlink_to(REAL.path("schemas"))
    write(tmp_path / "probes/codex/x.yaml", probe())
    write(tmp_path / "cassettes/codex/x.yaml", cassette())
    return tmp_path


def write(path: Path, document: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    text = document if isinstance(document, str) else yaml.safe_dump(document, sort_keys=False)
    path.write_text(text, encoding="utf-8")


def faults(root: Path) -> list[str]:
    return [str(one) for one in Contract(root).problems()]


def edited(document: Any, pointer: str, value: Any) -> Any:
    target = document
    *way, last = pointer.split("/")[1:]
    for key in way:
        target = target[int(key)] if isinstance(target, list) else target[key]
    if value is ...:
        del target[last]
    else:
        target[last] = value
    return document


def test_the_contract_of_this_project_is_sound() -> None:
    assert [str(one) for one in REAL.problems()] == []
    assert len(REAL.load()) == len(REAL.probes) > 0


def test_a_sound_pair_is_read_into_typed_values(root: Path) -> None:
    (pair,) = Contract(root).load()
    assert pair.probe.request.body == {"model": "m", "stream": True, "input": [{"n": 1}]}
    assert (pair.probe.expect.outcome, pair.probe.sources[0].date) == ("ok", "2026-09-27")
    (interaction,) = pair.cassette.interactions
    assert (interaction.status, interaction.body, interaction.headers) == (200, STREAM, {})
    assert interaction.provenance.parts["body"].source == "somebody/something#1"
    assert interaction.stream is not None
    assert interaction.stream.ended == "eof"
    assert interaction.stream.chunks is None


def test_chunks_are_pairs_of_offset_and_size(root: Path) -> None:
    document = edited(cassette(), "/interactions/0/stream/chunks", [[0, 20], [150, 30]])
    write(root / "cassettes/codex/x.yaml", document)
    stream = Contract(root).cassettes["codex/x"].interactions[0].stream
    assert stream is not None
    assert stream.chunks == ((0.0, 20), (150.0, 30))


PROBE_FAULTS = [
    ("/id", "codex/y", "probes/codex/x.yaml: /id: is 'codex/y' — make it 'codex/x'"),
    ("/expect/outcome", "okay", "probes/codex/x.yaml: /expect/outcome: is 'okay', which is no"),
    ("/request/url", "http://x", 'probes/codex/x.yaml: /request/url: is "http://x" — text of'),
    ("/asked", 20260927, "probes/codex/x.yaml: /asked: is integer (20260927), not string"),
    ("/expect/why", ..., "probes/codex/x.yaml: /expect/why: is missing — add it"),
    ("/sources", [], "probes/codex/x.yaml: /sources: is empty"),
    ("/surprise", 1, "probes/codex/x.yaml: /surprise: is no key that is known here — remove it"),
    (
        "/titel",
        1,
        "probes/codex/x.yaml: /titel: is no key that is known here — do you mean 'title'",
    ),
    (
        "/expect/status",
        7,
        "probes/codex/x.yaml: /expect/status: is 7, less than 100 — at least 100",
    ),
]


@pytest.mark.parametrize(("pointer", "value", "line"), PROBE_FAULTS)
def test_a_broken_probe_is_one_line_with_its_field(
    root: Path, pointer: str, value: Any, line: str
) -> None:
    write(root / "probes/codex/x.yaml", edited(probe(), pointer, value))
    (found,) = faults(root)
    assert found.startswith(line)
    assert "\n" not in found


FIRST = "/interactions/0"
CASSETTE_FAULTS = [
    (f"{FIRST}/response/status/code", "200", "/response/status/code: is string"),
    (f"{FIRST}/provenance/kind", "found", '/provenance/kind: is "found" — one of: "recorded"'),
    (f"{FIRST}/provenance/parts/body", ..., "/provenance/parts/body: is missing"),
    (f"{FIRST}/provenance/parts/headers/from", " ", "/provenance/parts/headers/from: is empty"),
    (
        f"{FIRST}/response/headers",
        {"server": ["x"]},
        "/provenance/parts/headers/from: is none, and",
    ),
    (
        f"{FIRST}/provenance/parts/status/from",
        "other/place#2",
        "/provenance/parts/status: comes from",
    ),
    (f"{FIRST}/request/uri", URL + "x", "/request/uri: is"),
    (f"{FIRST}/request/body", '{"model":"m"', "/request/body: is not JSON"),
    (f"{FIRST}/request/body", "{}", "/request/body#/input: is absent, in the probe [{"),
    (
        f"{FIRST}/request/body",
        '{"input":[{"n":1.0}],"stream":true,"model":"m"}',
        "/request/body#/input/0/n: is 1.0, in the probe 1",
    ),
    (f"{FIRST}/stream", ..., "/stream: is missing, and the body is an event stream"),
    (f"{FIRST}/stream/ended", "later", '/stream/ended: is "later" — one of: "eof", "reset"'),
]


@pytest.mark.parametrize(("pointer", "value", "line"), CASSETTE_FAULTS)
def test_a_broken_cassette_is_one_line_with_its_field(
    root: Path, pointer: str, value: Any, line: str
) -> None:
    write(root / "cassettes/codex/x.yaml", edited(cassette(), pointer, value))
    (found,) = faults(root)
    assert found.startswith(f"cassettes/codex/x.yaml: {FIRST}{line}")


def test_a_part_from_another_source_is_fine_when_it_says_so(root: Path) -> None:
    part = {"from": "other/place#2", "note": "the status is from there"}
    document = edited(cassette(), f"{FIRST}/provenance/parts/status", part)
    write(root / "cassettes/codex/x.yaml", document)
    assert faults(root) == []


def test_stream_facts_on_an_answer_that_is_no_stream_are_a_fault(root: Path) -> None:
    document = edited(cassette(), f"{FIRST}/response/status/code", 400)
    document = edited(document, f"{FIRST}/response/body/string", '{"detail":"no"}')
    write(root / "cassettes/codex/x.yaml", document)
    (found,) = faults(root)
    assert "the body is no event stream" in found


def test_a_stream_that_broke_before_its_first_byte_is_still_one(root: Path) -> None:
    document = edited(cassette(), f"{FIRST}/response/body/string", "")
    write(root / "cassettes/codex/x.yaml", document)
    assert faults(root) == []


def test_a_form_is_compared_by_its_fields(root: Path) -> None:
    asked = {"via": "send", "method": "POST", "url": URL, "form": {"a": "1 2", "b": ""}}
    write(root / "probes/codex/x.yaml", probe(request=asked))
    for body, sound in (("b=&a=1+2", True), ("a=1+2", False), ("a=1%202&b=", True)):
        write(root / "cassettes/codex/x.yaml", edited(cassette(), f"{FIRST}/request/body", body))
        assert (faults(root) == []) is sound, body


def test_a_probe_without_a_cassette_and_a_cassette_without_a_probe_are_faults(root: Path) -> None:
    shutil.move(root / "cassettes/codex/x.yaml", root / "cassettes/codex/z.yaml")
    assert faults(root) == [
        (
            "cassettes/codex/z.yaml: no probe asks for it (probes/codex/z.yaml) — "
            "write the probe, or remove the cassette"
        ),
        (
            "probes/codex/x.yaml: no cassette answers it (cassettes/codex/x.yaml) — "
            "record or compose one"
        ),
    ]


def test_a_capture_of_a_reference_client_needs_no_probe(root: Path) -> None:
    write(root / "cassettes/reference/0.169.0/turn.yaml", cassette())
    contract = Contract(root)
    assert contract.problems() == []
    assert [one.path for one in contract.captures()] == ["cassettes/reference/0.169.0/turn.yaml"]


def test_a_file_that_would_be_skipped_in_silence_is_a_fault(root: Path) -> None:
    write(root / "probes/codex/y.yml", probe("codex/y"))
    write(root / "probes/README.md", "words")
    assert faults(root) == ["probes/codex/y.yml: is no .yaml file — rename or remove it"]


def test_a_snapshot_without_a_probe_is_a_fault(root: Path) -> None:
    for name in ("x", "gone"):
        write(root / f"snapshots/codex/{name}.json", json.dumps(snapshot()))
    (found,) = faults(root)
    assert found.startswith("snapshots/codex/gone.json: no probe has this shape")


SNAPSHOT_FAULTS: list[tuple[Any, str]] = [
    ({**snapshot(), "surface": 5}, "/surface: is integer (5), not string — make it a text"),
    (snapshot(request=[]), "/request: is array, not object — make it an object"),
    (snapshot(response=5), "/response: is integer (5), not object — make it an object"),
    (snapshot(request={"/a": 5}), "/request/~1a: is integer (5), not string — make it a text"),
    (snapshot(events=None, sequences=[]), "/events: is null, not object — make it an object"),
    (snapshot(events={}), "/sequences: is missing — add it"),
    (snapshot(sequences=[[5]], events={}), "/sequences/0/0: is integer (5), not string"),
    (snapshot(surface="usage"), "/surface: is 'usage', that of the probe 'responses' — restore"),
    (snapshot(requests={}), "/requests: is no key that is known here — do you mean 'request'?"),
    (None, "/: is null, not object — write the document: an object"),
    ([], "/: is array, not object"),
    ("[" * 100_000, "is not JSON (maximum recursion depth"),
    ("1" * 5_000, "is not JSON (Exceeds the limit"),
]


@pytest.mark.parametrize(("document", "line"), SNAPSHOT_FAULTS)
def test_a_snapshot_that_is_none_is_one_line_with_its_field(
    root: Path, document: Any, line: str
) -> None:
    text = document if isinstance(document, str) else json.dumps(document)
    write(root / "snapshots/codex/x.json", text)
    (found,) = faults(root)
    assert found.startswith(f"snapshots/codex/x.json: {line}")
    with pytest.raises(ContractError):
        Contract(root).snapshot("codex/x")


def test_files_that_would_be_skipped_in_silence_are_faults_everywhere(root: Path) -> None:
    own_schemas(root)
    for folder in ("snapshots", "schemas"):
        write(root / folder / "README.md", "words")
        write(root / folder / ".keep", "")
    assert faults(root) == []
    write(root / "snapshots/codex/x.yaml", "{}")
    assert faults(root) == ["snapshots/codex/x.yaml: is no .json file — rename or remove it"]
    write(root / "schemas/usage/x.jsn", "{}")
    assert faults(root) == ["schemas/usage/x.jsn: is no .json file — rename or remove it"]


SOURCES = {
    "x": False,
    "somebody": False,
    "owner/repo": False,
    "public test, file id 12345678": False,
    "file id 12345678": False,
    "public document of 2026-09-27": False,
    "2026-09-27": False,
    "openai/codex#26173": True,
    "openai/codex#26173 (2026-06-03)": True,
    "a comment in openai/codex#26173": True,
    "openai/codex codex-rs/login/tests/suite/auth_refresh.rs": True,
    "maccavelli/mcplib llmprovider/testdata/chatgpt-text.sse@ef88c1d47d16": True,
    "developers.openai.com/siwc/errors-and-recovery": True,
    "https://developers.openai.com/siwc/errors": True,
    "codex-cli 0.169.0 run against a loopback stand-in (2026-11-22)": True,
    "capture of codex-cli 0.169.0 on loopback, 2026-11-22": True,
    "seed probe of 2026-06-04 (issue 2 of this project)": True,
    "playmaker quota test, public file id 59634818152": True,
}


@pytest.mark.parametrize("source", SOURCES)
def test_a_source_is_something_to_look_up(root: Path, source: str) -> None:
    document = cassette()
    provenance = document["interactions"][0]["provenance"]
    provenance["parts"]["body"] = {"from": source, "note": "from there"}
    write(root / "cassettes/codex/x.yaml", document)
    found = faults(root)
    assert (found == []) is SOURCES[source]
    if found:
        (line,) = found
        assert f'parts/body/from: is "{source}", which names no source — name it: owner/' in line
    provenance["parts"]["body"] = {"from": "somebody/something#1"}
    provenance["source"] = source
    write(root / "cassettes/codex/x.yaml", document)
    assert (
        any("/provenance/source: names no source" in one for one in faults(root))
        is not (SOURCES[source])
    )


@pytest.mark.parametrize(
    ("part", "source", "line"),
    [
        (
            "status",
            "none",
            "is none — only headers and a body that are not there come from nowhere",
        ),
        ("body", "none", "is none, and there is a body — name the source"),
        ("request", "none", "is none — only"),
        ("body", "probe", 'is "probe", which names no source'),
        ("body", "composed of the parts below", "names parts that are not there"),
        ("anything else", "none", "is none — only"),
    ],
)
def test_nothing_that_is_there_comes_from_nowhere(
    root: Path, part: str, source: str, line: str
) -> None:
    document = cassette()
    part_ = {"from": source, "note": "so"}
    document["interactions"][0]["provenance"]["parts"][part] = part_
    write(root / "cassettes/codex/x.yaml", document)
    assert f"/provenance/parts/{part}/from: {line}" in faults(root)[0]


def test_an_empty_body_may_come_from_nowhere(root: Path) -> None:
    document = edited(cassette(), f"{FIRST}/response/body/string", "")
    document["interactions"][0]["provenance"]["parts"]["body"] = {"from": "none", "note": "empty"}
    write(root / "cassettes/codex/x.yaml", document)
    assert faults(root) == []


def test_all_faults_of_all_files_are_reported_at_once(root: Path) -> None:
    write(root / "probes/codex/x.yaml", probe("codex/other", level="maybe"))
    write(root / "probes/codex/y.yaml", "id: [")
    write(root / "probes/codex/z.yaml", {**probe("codex/z"), "title": "", "level": "maybe"})
    with pytest.raises(ContractErrors) as caught:
        Contract(root).load()
    files = [one.file for one in caught.value.errors]
    assert files == ["probes/codex/x.yaml", "probes/codex/y.yaml", *["probes/codex/z.yaml"] * 2]
    assert str(caught.value).count("\n") == 3


def test_a_folder_that_is_no_contract_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ContractError, match="no such folder"):
        Contract(tmp_path)


def test_one_fault_and_many_are_handled_by_the_same_loop() -> None:
    one = ContractError("f", "/a", "is wrong", "mend it")
    assert [str(each) for each in one.errors] == ["f: /a: is wrong — mend it"]
    assert ContractErrors([one, one]).errors == (one, one)


def test_control_characters_of_a_file_never_reach_the_terminal() -> None:
    error = ContractError("f", "", "is '\x1b[31m\nred'")
    assert str(error) == "f: is ' [31m red'"


YAML_FAULTS = [
    ("a: 1\nb: 2\na: 3", "line 3, column 1: the key 'a' stands here twice (first in line 1)"),
    ("a:\n  b: 1\n  b: 2", "line 3, column 3: the key 'b' stands here twice"),
    ("2026-09-27: x", ""),
    ("2026: x", "line 1, column 1: a key that is not text ('2026')"),
    ("true: x", "line 1, column 1: a key that is not text ('true')"),
    ("a: [1,\nb: 2", "line 3, column 1: not YAML"),
    ("a: b: c", "line 1, column 5: not YAML: mapping values are not allowed"),
    ("a: !!python/object:os.system x", "line 1, column 4: not YAML: could not determine"),
    ("a: !!timestamp 2026-09-27", "line 1, column 4: not YAML"),
    ("a: !!int x", "a value cannot be read"),
    ("a: !!bool x", "a value cannot be read"),
    ("a: &x [1]\nb: *x", "line 2, column 4: an alias"),
    ("<<: {a: 1}", "line 1, column 1: a merge key"),
    ("a: \x01", "line 1: not YAML"),
    ("[" * 200_000, "line 1, column 101: nested deeper than 100 levels"),
    ("--- 1\n--- 2", "line 2, column 1: not YAML: expected a single document"),
]


@pytest.mark.parametrize(("text", "message"), YAML_FAULTS)
def test_yaml_that_is_no_contract_gives_line_and_column(text: str, message: str) -> None:
    if not message:
        assert load_yaml(text, "f.yaml") == {"2026-09-27": "x"}
        return
    with pytest.raises(ContractError) as caught:
        load_yaml(text, "f.yaml")
    assert str(caught.value).startswith(f"f.yaml: {message}")


def test_dates_stay_the_text_they_are() -> None:
    assert load_yaml("a: 2026-09-27\nb: 2026-09-27T10:00:00Z", "f") == {
        "a": "2026-09-27",
        "b": "2026-09-27T10:00:00Z",
    }


def test_the_fast_loader_is_in_use() -> None:
    assert IS_C_LOADER
    text = yaml.safe_dump({"body": "data: x\n" * 30_000}, default_style="|")
    assert load_yaml(text, "f")["body"].count("\n") == 30_000


@given(st.text() | st.text(alphabet="ab:-[]{}!&*|>'\"#%,? \n\t0123456789.~<="))
def test_no_text_whatever_raises_anything_but_a_contract_error(text: str) -> None:
    try:
        load_yaml(text, "f.yaml")
    except ContractError as error:
        assert "\n" not in str(error)


yaml_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=10,
)


@pytest.mark.parametrize("make", [probe, cassette])
@given(data=st.data())
def test_no_value_in_any_field_raises_anything_but_a_contract_error(
    tmp_path_factory: pytest.TempPathFactory, make: Callable[[], Any], data: st.DataObject
) -> None:
    folder = "probes" if make is probe else "cassettes"
    places = list(_places(make()))
    document = edited(make(), data.draw(st.sampled_from(places)), data.draw(yaml_values))
    file = tmp_path_factory.mktemp("any") / "x.yaml"
    file.write_text(yaml.safe_dump(document), encoding="utf-8")
    read = REAL.read_probe if folder == "probes" else REAL.read_cassette
    try:
        read(file)
    except ContractError as error:
        assert all(one.problem for one in error.errors)


def _places(value: Any, pointer: str = "") -> list[str]:
    below = value.items() if isinstance(value, dict) else ()
    found = [f"{pointer}/{key}" for key, _ in below]
    for key, one in below:
        found += _places(one, f"{pointer}/{key}")
    if isinstance(value, list):
        found += [place for i, one in enumerate(value) for place in _places(one, f"{pointer}/{i}")]
    return found


def test_a_place_in_a_yaml_file_has_a_line() -> None:
    text = "a:\n- b: x\n  c: |\n    one\n    two\n"
    assert YamlLines(text).of(("a", 0, "c")) == (4, True)
    assert YamlLines(text).of(("a", 0, "b")) == (2, False)
    assert YamlLines(text).of(("a", 7)) == (2, False)
    assert YamlLines("").of(("a",)) == (1, False)


# Schemas


def schema(**more: Any) -> dict[str, Any]:
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "https://codex-leg.invalid/schemas/a.json",
        "title": "A",
        "description": "Of tests.",
        "x-sources": [{"ref": "tests"}],
        **more,
    }


@pytest.fixture
def schemas(tmp_path: Path) -> Callable[..., Schemas]:
    def make(**documents: Any) -> Schemas:
        for name, document in documents.items():
            text = document if isinstance(document, str) else json.dumps(document)
            (tmp_path / f"{name}.json").write_text(text, encoding="utf-8")
        return Schemas(tmp_path)

    return make


def test_every_schema_passes_our_own_check_and_the_metaschema() -> None:
    assert [str(one) for one in REAL.schemas.check(metaschema=True)] == []


BAD_SCHEMAS = [
    ({"type": "strng"}, '/type: is "strng"'),
    ({"type": ["string", "string"]}, "/type: is"),
    ({"required": "a"}, '/required: is "a" — make it a list of texts'),
    ({"properties": {"a": 3}}, "/properties/a: is 3, not a schema"),
    ({"properties": []}, "/properties: is []"),
    ({"allOf": []}, "/allOf: is []"),
    ({"items": {"pattern": "("}}, '/items/pattern: is "(" — make it a regular expression'),
    ({"minLength": -1}, "/minLength: is -1"),
]


@pytest.mark.parametrize(("more", "line"), BAD_SCHEMAS)
def test_what_the_metaschema_refuses_our_own_check_refuses_too(
    schemas: Callable[..., Schemas], more: dict[str, Any], line: str
) -> None:
    found = schemas(a=schema(**more))
    quick = [str(one) for one in found.check()]
    assert [one.startswith(f"schemas/a.json: {line}") for one in quick] == [True]
    if "pattern" not in str(more):  # the metaschema takes "format: regex" for a remark
        assert len(found.check(metaschema=True)) > len(quick)


@pytest.mark.parametrize(
    ("more", "line"),
    [
        ({"requried": ["a"]}, "/requried: is no keyword"),
        ({"properties": {"a": {"x-kind": "colour"}}}, '/properties/a/x-kind: is "colour"'),
        ({"properties": {"a": {"$ref": "b.json"}}}, "/properties/a/$ref: the reference 'b.json'"),
        ({"$ref": "#/$defs/a"}, "/$ref: the reference '#/$defs/a' leads nowhere"),
        ({"x-sources": []}, "/x-sources: is []"),
        ({"$id": "https://codex-leg.invalid/schemas/b.json"}, "/$id: is"),
    ],
)
def test_what_only_this_house_asks_of_a_schema_is_checked(
    schemas: Callable[..., Schemas], more: dict[str, Any], line: str
) -> None:
    found = [str(one) for one in schemas(a=schema(**more)).check()]
    assert found[0].startswith(f"schemas/a.json: {line}")


def test_schemas_that_are_no_json_are_all_reported(schemas: Callable[..., Schemas]) -> None:
    with pytest.raises(ContractErrors) as caught:
        schemas(a="{", b='{"a":1,"a":2}', c="[]")
    assert [str(one).partition(" — ")[0] for one in caught.value.errors] == [
        (
            "schemas/a.json: line 1, column 2: not JSON: Expecting property name enclosed in "
            "double quotes"
        ),
        "schemas/b.json: not JSON: the key 'a' stands twice in one object",
        "schemas/c.json: /: is not an object",
    ]


def test_broken_schemas_are_reported_alone(root: Path) -> None:
    (root / "schemas").unlink()
    shutil.copytree(REAL.path("schemas"), root / "schemas")
    file = root / "schemas/probe.json"
    file.write_text(file.read_text("utf-8").replace('"object"', '"objekt"', 1), encoding="utf-8")
    (found,) = faults(root)
    assert found.startswith('schemas/probe.json: /type: is "objekt"')
    assert REAL.schemas.check() == []


def own_schemas(root: Path) -> None:
    (root / "schemas").unlink()
    shutil.copytree(REAL.path("schemas"), root / "schemas")


@pytest.mark.parametrize("name", NAMED)
def test_a_schema_that_the_code_names_has_to_be_there_and_to_be_one(root: Path, name: str) -> None:
    own_schemas(root)
    file = root / "schemas" / name
    sound = file.read_bytes()
    file.write_text("{}", encoding="utf-8")
    broken = faults(root)
    assert broken
    assert all(one.startswith("schemas/") and " — " in one for one in broken)
    file.unlink()
    assert f"schemas/{name}: is not there — restore it" in faults(root)
    assert len(faults(root)) == 1
    file.write_bytes(sound)
    assert faults(root) == []


MENDS: list[tuple[dict[str, Any], Any]] = [
    ({"type": "object"}, None),
    ({"type": ["array", "null"]}, 7),
    ({"const": "a"}, "b"),
    ({"enum": ["a"]}, "b"),
    ({"pattern": "^a$"}, "b"),
    ({"minItems": 1}, []),
    ({"maxItems": 1}, [1, 2]),
    ({"minLength": 2}, "a"),
    ({"minProperties": 1}, {}),
    ({"minimum": 0}, -1),
    ({"maximum": 0}, 1),
    ({"exclusiveMinimum": 0}, 0),
    ({"exclusiveMaximum": 0}, 0),
    ({"multipleOf": 2}, 3),
    ({"uniqueItems": True}, [1, 1]),
    ({"not": {}}, 1),
    ({"required": ["a"]}, {}),
    ({"additionalProperties": False}, {"a": 1, "b": 2}),
    ({"propertyNames": {"pattern": "^a"}}, {"b": 1}),
    ({"contains": {"type": "string"}}, []),
    ({"properties": {"a": False}}, {"a": 1}),
]


@pytest.mark.parametrize(("more", "value"), MENDS, ids=str)
def test_every_problem_says_what_to_do(
    schemas: Callable[..., Schemas], more: dict[str, Any], value: Any
) -> None:
    (problem,) = schemas(a=schema(**more)).validate("a.json", value)
    assert problem.message
    assert problem.mend
    assert len(problem.message + problem.mend) < 300


def test_an_index_that_names_what_is_not_there_is_a_fault(root: Path) -> None:
    (root / "schemas").unlink()
    shutil.copytree(REAL.path("schemas"), root / "schemas")
    (root / "schemas/usage/usage.json").unlink()
    (found,) = faults(root)
    assert "wham/usage names 'usage/usage.json', which is not there" in found


def test_an_order_that_is_none_is_a_fault(root: Path) -> None:
    (root / "schemas").unlink()
    shutil.copytree(REAL.path("schemas"), root / "schemas")
    file = root / "schemas/responses/order.json"
    document = json.loads(file.read_text("utf-8"))
    del document["terminals"]
    file.write_text(json.dumps(document), encoding="utf-8")
    assert faults(root) == ["schemas/responses/order.json: /terminals: is missing — add it"]


def test_problems_name_the_exact_place_and_the_branch_that_came_closest(
    schemas: Callable[..., Schemas],
) -> None:
    found = schemas(
        a=schema(
            properties={
                "n": {"type": "integer", "enum": [1, 2]},
                "u": {"anyOf": [{"type": "string"}, {"required": ["k"], "type": "object"}]},
                "t": {"items": {"$ref": "b.json"}},
            },
            required=["n", "m"],
        ),
        b=schema(
            **{"$id": "https://codex-leg.invalid/schemas/b.json"},
            allOf=[
                {
                    "if": {"properties": {"type": {"const": "x"}}, "required": ["type"]},
                    "then": {"required": ["y"]},
                }
            ],
        ),
    )
    value = {"n": 3, "u": {}, "t": [{"type": "z"}, {"type": "x"}]}
    problems = found.validate("a.json", value)
    assert [(one.pointer, one.keyword, one.message) for one in problems] == [
        ("/m", "required", "is missing"),
        ("/n", "enum", "is 3"),
        ("/t/1/y", "required", "is missing"),
        ("/u/k", "required", "is missing"),
    ]
    assert found.validator("a.json") is found.validator("a.json")


def test_a_problem_never_repeats_a_long_value(schemas: Callable[..., Schemas]) -> None:
    (problem,) = schemas(a=schema(type="object")).validate("a.json", "x" * 10_000)
    assert len(problem.message) < 100


def test_an_endpoint_is_found_whatever_its_query() -> None:
    url = "https://chatgpt.com/backend-api/codex/models"
    found = REAL.schemas.endpoint("models", "GET", f"{url}?client_version=0.169.0#x")
    assert found is not None
    assert (found.url, found.ok) == (url, "models/models.json")
    assert REAL.schemas.endpoint("models", "POST", url) is None
    (over_websocket,) = REAL.schemas.endpoints("responses-ws")
    assert over_websocket.events == REAL.schemas.endpoints("responses")[0].events
    with pytest.raises(ContractError, match="has no surface 'nowhere' — one of: responses"):
        REAL.schemas.endpoints("nowhere")


def test_the_kinds_of_the_schemas_and_of_the_shapes_are_the_same() -> None:
    assert set(KINDS) == X_KINDS


@given(yaml_values)
def test_no_value_whatever_stops_the_check_of_keywords(value: Any) -> None:
    for place, fault, _ in keyword_faults(value):
        assert place.startswith("/")
        assert fault
