"""What a side of a comparison can be, whose exchanges it holds, and what belongs together."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from harness.contract import Contract, ContractError
from harness.drift.findings import Finding, Unchecked, finding
from harness.exits import WrongUse
from harness.sides import Lens, Place, Seen, Side, compare_sides, open_sides, shapes_of
from harness.sides._merge import Merged
from harness.sides._pairs import pair_up

from .contracts import ROOT, SmallContract, copy_contract
from .repositories import commit, git, make_repository

CONTRACT = Contract(ROOT)
LENS = Lens(CONTRACT.schemas)
USAGE = ROOT / "cassettes/codex/usage.yaml"
STREAM = ROOT / "cassettes/codex/streamed-text.yaml"


@contextmanager
def opened(name: str | Path, root: Path = ROOT, *, raw: bool = False) -> Iterator[Side]:
    with open_sides((str(name),), contract=Contract(root), raw=raw) as (side,):
        yield side


@pytest.fixture
def contract(tmp_path: Path) -> SmallContract:
    return copy_contract(tmp_path / "contract")


def test_a_cassette_is_one_key_and_all_its_exchanges() -> None:
    with opened(USAGE) as side:
        assert list(side.files) == [""]
        (seen,) = side.read("", LENS)
    assert seen.surfaces == ("usage",)
    assert seen.exchange.status == 200
    assert seen.provenance is not None
    assert seen.provenance.kind == "transcribed"


def test_a_folder_is_all_cassettes_below_it_by_relative_path(tmp_path: Path) -> None:
    for name in ("a.yaml", "deep/er/b.yaml", ".hidden/c.yaml", ".d.yaml"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(USAGE, tmp_path / name)
    (tmp_path / "notes.txt").write_text("x")
    with opened(tmp_path) as side:
        assert list(side.files) == ["a", "deep/er/b"]


def test_a_folder_holds_raw_answers_only_where_it_is_said_what_answered(tmp_path: Path) -> None:
    shutil.copy(USAGE, tmp_path / "a.yaml")
    (tmp_path / "a.json").write_text("{}")
    (tmp_path / "b.sse").write_text("data: {}\n\n")
    with opened(tmp_path) as side:
        assert list(side.files) == ["a"]
    with opened(tmp_path, raw=True) as side:
        assert sorted(side.files) == ["a", "a.yaml", "b"]


def test_nothing_is_read_before_it_is_asked_for(tmp_path: Path) -> None:
    (tmp_path / "broken.yaml").write_text("version: [")
    with opened(tmp_path) as side:
        with pytest.raises(ContractError, match=r"broken\.yaml: line 2.*not YAML"):
            side.read("broken", LENS)


@pytest.mark.parametrize(
    ("suffix", "text", "status"),
    [
        (".sse", 'event: ping\ndata: {"type":"ping"}\n\n', None),
        (".jsonl", '{"type":"response.created"}\n', None),
        (".json", '{"object":"list"}', 200),
        (".json", '{"detail":"Unsupported parameter: x"}', 400),
        (".json", '{"error":{"message":"no"},"status":429}', 429),
    ],
)
def test_a_raw_answer_is_of_the_surface_that_is_named(
    tmp_path: Path, suffix: str, text: str, status: int | None
) -> None:
    file = tmp_path / f"x{suffix}"
    file.write_text(text)
    with opened(file) as side:
        (seen,) = side.read("", Lens(CONTRACT.schemas, "responses"))
        assert (seen.surfaces, seen.exchange.status) == (("responses",), status)
        assert seen.exchange.is_stream == (suffix != ".json")
        with pytest.raises(WrongUse, match="--surface"):
            side.read("", LENS)


def test_a_whole_contract_is_its_cassettes_with_the_surfaces_of_its_probes(
    contract: SmallContract,
) -> None:
    contract.replace("probes/codex/usage.yaml", "surface: usage", "surface: accounts")
    with opened(contract.root) as side:
        assert side.contract is not None
        assert "codex/usage" in side.files
        assert side.read("codex/usage", LENS)[0].surfaces == ("accounts",)
        assert side.read("codex/streamed-text", LENS)[0].surfaces == ("responses",)


# Surfaces


def test_an_address_of_several_surfaces_names_the_one_that_says_more_about_it_first() -> None:
    url = "https://chatgpt.com/backend-api/codex/responses"
    assert LENS.surfaces("POST", url) == ("responses", "plan")
    assert LENS.surfaces("GET", url.replace("https:", "wss:") + "?x=1") == ("responses-ws",)
    assert LENS.surfaces("POST", url, "plan") == ("plan",)
    assert Lens(CONTRACT.schemas, "usage").surfaces("POST", url) == ("usage",)


def test_a_call_that_no_schema_knows_belongs_to_a_surface_of_its_host() -> None:
    assert "responses" in LENS.surfaces("GET", "https://chatgpt.com/backend-api/plugins/list")
    assert LENS.surfaces("GET", "https://x.invalid/y") == ()


def test_a_call_to_a_host_that_is_nobodys_goes_with_the_rest_of_its_file(tmp_path: Path) -> None:
    text = USAGE.read_text(encoding="utf-8")
    url = "https://chatgpt.com/backend-api/wham/usage"
    document, other = yaml.safe_load(text), yaml.safe_load(text.replace(url, "https://x.invalid/y"))
    file = tmp_path / "x.yaml"
    document["interactions"] = [*other["interactions"], *document["interactions"]]
    file.write_text(yaml.safe_dump(document))
    with opened(file) as side:
        assert [one.surfaces for one in side.read("", LENS)] == [("usage",), ("usage",)]
    file.write_text(yaml.safe_dump(other))
    with opened(file) as side:
        with pytest.raises(WrongUse, match=r"no surface has the address GET https://x\.invalid/y"):
            side.read("", LENS)


def test_a_surface_that_there_is_not_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(WrongUse, match=r"no surface 'nope'; there are: responses, "):
        Lens(CONTRACT.schemas, "nope")


# Revisions


@pytest.fixture
def repository(contract: SmallContract) -> SmallContract:
    make_repository(contract.root)
    commit(contract.root, "first")
    git(contract.root, "tag", "v1")
    contract.replace("cassettes/codex/usage.yaml", '"plan_type"', '"plan"')
    contract.file("cassettes/codex/streamed-text.yaml").unlink()
    commit(contract.root, "second")
    return contract


def test_a_revision_is_the_contract_as_it_was(repository: SmallContract) -> None:
    with opened("v1", repository.root) as side:
        assert side.contract is not None
        assert "codex/streamed-text" in side.files
        assert b'"plan_type"' in side.raw("codex/usage")
    with opened("HEAD", repository.root) as side:
        assert "codex/streamed-text" not in side.files
        assert b'"plan_type"' not in side.raw("codex/usage")


def test_nothing_is_checked_out_and_what_was_unpacked_is_removed(
    repository: SmallContract, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    before = git(repository.root, "rev-parse", "HEAD")
    with opened("v1", repository.root) as side:
        assert side.read("codex/usage", LENS)
        assert list(temporary.iterdir())
    assert list(temporary.iterdir()) == []
    with pytest.raises(RuntimeError), opened("v1", repository.root):
        raise RuntimeError
    assert list(temporary.iterdir()) == []
    assert git(repository.root, "rev-parse", "HEAD") == before
    assert git(repository.root, "status", "--porcelain") == ""


@pytest.mark.parametrize(
    ("name", "keys"),
    [
        ("v1:cassettes/codex/usage.yaml", [""]),
        ("v1:./cassettes/codex/usage.yaml", [""]),
        ("v1:cassettes/auth", ["refresh-token-reused"]),
        ("HEAD~1:cassettes/auth/", ["refresh-token-reused"]),
    ],
)
def test_a_file_or_folder_of_a_revision_is_a_side(
    repository: SmallContract, name: str, keys: list[str]
) -> None:
    with opened(name, repository.root) as side:
        assert list(side.files) == keys
        assert all(side.read(key, LENS) for key in keys)


def test_the_contract_may_lie_anywhere_in_its_repository(tmp_path: Path) -> None:
    repository = make_repository(tmp_path / "all")
    contract = copy_contract(repository / "data/contract")
    commit(repository)
    with opened("HEAD", contract.root) as side:
        assert side.contract is not None
        assert "codex/usage" in side.files
    for name in ("HEAD:cassettes/auth", "HEAD:data/contract/cassettes/auth"):
        with opened(name, contract.root) as side:
            assert list(side.files) == ["refresh-token-reused"]


def test_a_revision_that_the_contracts_repository_lacks_is_looked_for_where_we_are(
    contract: SmallContract, repository_elsewhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(repository_elsewhere)
    for name in ("elsewhere", "elsewhere:cassettes"):
        with opened(name, contract.root) as side:
            assert "codex/usage" in side.files


@pytest.fixture
def repository_elsewhere(tmp_path: Path) -> Path:
    """Somebody's own contract, beside the one that came with an installation."""
    theirs = copy_contract(tmp_path / "theirs")
    make_repository(theirs.root)
    commit(theirs.root)
    git(theirs.root, "tag", "elsewhere")
    return theirs.root


def test_what_is_a_path_and_a_revision_is_the_path_and_that_is_said(
    repository: SmallContract, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(repository.root)
    folder = repository.root / "v1"
    folder.mkdir()
    shutil.copy(USAGE, folder / "only.yaml")
    with opened("v1", repository.root) as side:
        assert list(side.files) == ["only"]
        assert "the path is taken; write v1:" in side.note
    with opened("v1:", repository.root) as side:
        assert "codex/usage" in side.files
        assert side.note == ""


def test_links_and_what_archives_leave_out_do_not_change_what_a_revision_holds(
    repository: SmallContract,
) -> None:
    (repository.root / ".gitattributes").write_text("cassettes export-ignore\n* export-subst\n")
    (repository.root / "cassettes/codex/link.yaml").symlink_to("/etc/passwd")
    commit(repository.root)
    with opened("HEAD", repository.root) as side:
        assert "codex/usage" in side.files
        assert "codex/link" not in side.files


def test_a_git_around_us_does_not_lead_to_another_repository(
    repository: SmallContract, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = make_repository(tmp_path / "other")
    monkeypatch.setenv("GIT_DIR", str(other / ".git"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(other / ".git/index"))
    with opened("v1", repository.root) as side:
        assert "codex/usage" in side.files


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("v2", "'v2' is neither a path nor a revision"),
        ("--output=/tmp/x", "neither a path nor a revision"),
        ("-1:cassettes", "neither a path nor a revision"),
        ("v1:nowhere", "the revision v1 has no 'nowhere'"),
        ("v1:probes/codex", "holds no exchange"),
        ("x" * 5000, "neither a path nor a revision"),
        ("a\0b", "neither a path nor a revision"),
        ("", "an empty name"),
    ],
)
def test_a_name_that_leads_nowhere_is_one_sentence(
    repository: SmallContract, name: str, said: str
) -> None:
    try:
        with opened(name, repository.root) as side:
            for key in side.files:
                side.read(key, LENS)
    except WrongUse as error:
        assert said in str(error)
        assert "\n" not in str(error)
    except ContractError as error:
        assert name == "v1:probes/codex"
        assert "\n" not in str(error.errors[0])
    else:
        pytest.fail("it was taken")


def test_without_git_or_a_repository_a_name_is_still_one_sentence(
    contract: SmallContract, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(contract.root)
    with pytest.raises(WrongUse, match="no path 'HEAD', and git cannot read the repository"):
        with opened("HEAD", contract.root):
            pass
    monkeypatch.setenv("PATH", str(contract.root))
    with pytest.raises(WrongUse, match="no path 'HEAD', and git is not installed"):
        with opened("HEAD", contract.root):
            pass
    with opened(USAGE, contract.root) as side:
        assert side.read("", LENS)


def test_a_revision_without_a_contract_is_refused(tmp_path: Path) -> None:
    contract = copy_contract(tmp_path / "contract")
    make_repository(contract.root)
    commit(contract.root, "all")
    git(contract.root, "checkout", "--quiet", "--orphan", "empty")
    git(contract.root, "rm", "-rf", "--quiet", "--cached", ".")
    git(contract.root, "commit", "--quiet", "--allow-empty", "-m", "nothing")
    with pytest.raises(WrongUse, match="holds no contract"):
        with opened("empty", contract.root):
            pass


def test_the_bytes_of_a_revision_are_those_that_were_committed(tmp_path: Path) -> None:
    contract = copy_contract(tmp_path / "contract")
    strange = "cassettes/codex/ünï cödé \t.yaml"
    body = os.urandom(100_000)
    (contract.root / strange).write_bytes(body)
    (contract.root / "cassettes/codex/again.yaml").write_bytes(body)
    make_repository(contract.root)
    commit(contract.root)
    with opened("HEAD:cassettes/codex", contract.root) as side:
        assert side.raw("ünï cödé \t") == side.raw("again") == body


# What belongs together


def seen_in(path: Path) -> Seen:
    with opened(path) as side:
        return side.read("", LENS)[0]


def test_two_lone_exchanges_are_a_pair_whatever_their_address() -> None:
    one, other = seen_in(STREAM), seen_in(ROOT / "cassettes/codex/model-not-found.yaml")
    pairing = pair_up([one], [other])
    assert [pair.surface for pair in pairing.pairs] == ["responses"]
    assert not pairing.only_before
    assert not pairing.only_after


def test_turns_pair_by_what_they_ask_and_what_has_no_partner_is_left() -> None:
    turn, refused = seen_in(STREAM), seen_in(ROOT / "cassettes/codex/store-must-be-false.yaml")
    pairing = pair_up([turn, refused, turn], [turn, turn])
    halves = [(pair.before[0].status, pair.after[0].status) for pair in pairing.pairs]
    assert halves == [(200, 200), (200, 200)]
    assert pairing.only_before == [refused]


def several(*names: str) -> list[Seen]:
    return [seen_in(ROOT / f"cassettes/codex/{name}.yaml") for name in names]


@pytest.mark.parametrize("at", range(4))
def test_one_turn_that_is_missing_leaves_the_others_where_they_belong(at: int) -> None:
    turns = several("streamed-text", "function-call", "reasoning-with-summary", "streamed-text")
    left = turns[:at] + turns[at + 1 :]
    for pairing, lone in (
        (pair_up(turns, left), "only_before"),
        (pair_up(left, turns), "only_after"),
    ):
        assert [pair.before for pair in pairing.pairs] == [pair.after for pair in pairing.pairs]
        assert len(pairing.pairs) == 3
        assert [one.exchange.request for one in getattr(pairing, lone)] == [
            turns[at].exchange.request
        ]


def test_turns_in_another_order_pair_with_those_that_ask_the_same() -> None:
    turns = several("streamed-text", "function-call", "reasoning-with-summary")
    pairing = pair_up(turns, turns[::-1])
    assert [pair.before for pair in pairing.pairs] == [pair.after for pair in pairing.pairs]


def test_a_turn_that_asks_nearly_the_same_is_still_the_same_turn() -> None:
    turns = several("streamed-text", "function-call", "reasoning-with-summary")
    sent = turns[1].exchange.request
    assert sent is not None
    edited = replace(sent, body=sent.body.replace(b'"stream":true', b'"stream":true,"zz":1'))
    other = replace(turns[1], exchange=replace(turns[1].exchange, request=edited))
    pairing = pair_up(turns, [turns[2], other])
    bodies = [(pair.before[0].request, pair.after[0].request) for pair in pairing.pairs]
    assert bodies == [(sent, edited), (turns[2].exchange.request, turns[2].exchange.request)]
    assert pairing.only_before == [turns[0]]


@pytest.mark.parametrize("with_answer", [True, False])
@pytest.mark.parametrize("at", range(2))
def test_a_question_less_over_a_websocket_is_told_as_that_alone(
    at: int, with_answer: bool, tmp_path: Path
) -> None:
    old = ROOT / "cassettes/reference/0.166.0/tool-call.websocket.yaml"
    document = yaml.safe_load(old.read_text("utf-8"))
    frames = document["interactions"][0]["frames"]
    asked = [*(n for n, one in enumerate(frames) if one["from"] == "client"), len(frames)]
    del frames[asked[at] : asked[at + 1] if with_answer else asked[at] + 1]
    new = tmp_path / "new.yaml"
    new.write_text(yaml.safe_dump(document, sort_keys=False), "utf-8")
    for sides in ((old, new), (new, old)):
        with open_sides((str(sides[0]), str(sides[1])), contract=CONTRACT) as (one, other):
            found = compare_sides(one, other, LENS).findings
        assert [each.rule for each in found] == ["client-frame-order-changed"]


def test_calls_beside_the_turns_are_a_set_by_endpoint_and_outcome() -> None:
    turn, call = seen_in(STREAM), seen_in(USAGE)
    refused = seen_in(ROOT / "cassettes/codex/usage-token-expired.yaml")
    pairing = pair_up([call, refused, turn], [turn, call, call, refused])
    sizes = sorted((pair.surface, len(pair.before), len(pair.after)) for pair in pairing.pairs)
    assert sizes == [("responses", 1, 1), ("usage", 1, 1), ("usage", 1, 2)]
    assert not pairing.only_before
    assert not pairing.only_after


def test_a_call_that_went_one_way_before_and_another_since_is_a_pair() -> None:
    turn, call = seen_in(STREAM), seen_in(USAGE)
    refused = seen_in(ROOT / "cassettes/codex/usage-token-expired.yaml")
    pairing = pair_up([turn, call, call], [turn, refused])
    assert sorted(len(pair.before) for pair in pairing.pairs) == [1, 2]
    assert not pairing.only_after


def test_shapes_are_counted_by_endpoint_and_outcome() -> None:
    with opened(ROOT / "cassettes/codex") as side:
        shapes = shapes_of(side, LENS)
    usage = Place("usage", "GET https://chatgpt.com/backend-api/wham/usage", "ok")
    assert shapes[usage].exchanges == 2
    assert {place.outcome for place in shapes} >= {"ok", "store_must_be_false", "token_expired"}
    assert sum(shape.exchanges for shape in shapes.values()) == len(side.files)


def test_a_revision_from_before_a_document_came_is_compared_all_the_same(
    contract: SmallContract,
) -> None:
    make_repository(contract.root)
    contract.file("schemas/rule.json").unlink()
    contract.file("schemas/scenario.json").unlink()
    commit(contract.root)
    with opened("HEAD", contract.root) as side:
        assert side.contract is not None
        assert side.read("codex/usage", LENS)[0].surfaces == ("usage",)
        assert "responses" in side.contract.schemas.surfaces


# The same finding of many pairs


def found(rule: str, before: str | None, after: str | None, pointer: str = "/body/a") -> Finding:
    return finding(rule, "told", surface="usage", pointer=pointer, before=before, after=after)


def test_what_comes_or_goes_at_one_place_is_one_finding_whatever_it_was() -> None:
    merged = Merged()
    merged.add(found("field-removed", "array", None), pairs=2, of=9)
    merged.add(found("field-removed", "array(empty)", None), pairs=3, of=9)
    merged.add(found("field-removed", "array", None, "/body/b"), pairs=1, of=9)
    first, second = merged.findings()
    assert (first.pointer, first.message) == ("/body/a", "told, in 5 of 9 pairs")
    assert (second.pointer, second.message) == ("/body/b", "told, in 1 of 9 pairs")


def test_two_changes_of_one_value_are_two_findings_and_the_gravest_level_counts() -> None:
    merged = Merged()
    merged.add(replace(found("enum-value-changed", '"a"', '"b"'), level="risky"), pairs=1, of=4)
    merged.add(found("enum-value-changed", '"a"', '"c"'), pairs=1, of=4)
    merged.add(found("enum-value-changed", '"a"', '"b"'), pairs=1, of=4)
    assert [(one.after, one.level) for one in merged.findings()] == [
        ('"b"', "breaking"),
        ('"c"', "breaking"),
    ]


def test_what_could_not_be_looked_at_is_told_once_with_how_often() -> None:
    merged = Merged()
    for _ in range(3):
        merged.skip(Unchecked("usage", "no quota"))
    merged.skip(Unchecked("usage", "no token"))
    assert [one.why for one in merged.unchecked()] == ["no quota (3 times)", "no token"]
