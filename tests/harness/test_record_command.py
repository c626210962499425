"""``codex-leg record`` against the stand-in, through the code that asks the live service."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
import vcr
import yaml

from harness.cli import run
from harness.contract import Contract
from harness.recording import session
from harness.recording.scan import Secrets
from harness.recording.shelf import Shelf, state_folder
from harness.standin.play import make_standin
from harness.standin.server import StandIn
from harness.standin.tokens import Grant
from tests.harness.contracts import ROOT, SmallContract, copy_contract
from tests.harness.recordings import credential

ACCOUNT = "0b7d0f5e-3c9a-4f0e-9d55-1a2b3c4d5e6f"
ASKED = (
    "codex/store-must-be-false",
    "codex/streamed-text",
    "codex/unsupported-parameter-temperature",
    "codex/usage",
)
PROBES = (*ASKED, "codex/http-500", "2026-06-04/responses-gpt-5.5", "platform/missing-bearer")


@dataclass
class Place:
    """A contract, a service, and a login for it."""

    contract: SmallContract
    standin: StandIn
    state: Path
    tokens: dict[str, str]

    def files(self) -> dict[str, bytes]:
        """Every file of the contract."""
        root = self.contract.root
        return {str(one.relative_to(root)): one.read_bytes() for one in root.rglob("*.*")}

    def record(self, *arguments: str) -> int:
        return run(["record", "--root", str(self.contract.root), *arguments])


@pytest.fixture
def standin() -> Iterator[StandIn]:
    with make_standin() as one:
        yield one


@pytest.fixture
def place(tmp_path: Path, standin: StandIn, monkeypatch: pytest.MonkeyPatch) -> Place:
    contract = copy_contract(tmp_path / "contract", PROBES)
    blob = standin.backend.tokens.login(Grant(account_id=ACCOUNT)).auth_json()
    monkeypatch.setenv("CODEX_OAUTH_CREDENTIAL", json.dumps(blob))
    monkeypatch.setenv("CODEX_BACKEND_BASE_URL", f"{standin.url}/backend-api/codex")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return Place(contract, standin, tmp_path / "state", blob["tokens"])


def asked_of(standin: StandIn) -> list[str]:
    standin.settle()
    return [f"{one.incoming.method} {one.incoming.path}" for one in standin.exchanges]


def test_what_is_recorded_and_adopted_is_clean_the_next_time(place: Place) -> None:
    assert place.record("--yes", "--adopt") == 0
    kinds = {
        one: Contract(place.contract.root).pair(one).cassette.interactions[0].provenance.kind
        for one in PROBES
    }
    assert [one for one in PROBES if kinds[one] == "recorded"] == list(ASKED)
    assert run(["verify", "--root", str(place.contract.root)]) == 0
    assert place.record("--yes", "--no-adopt") == 0


def test_it_says_who_what_and_how_much_before_it_asks(
    place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    assert place.record("--dry-run") == 0
    said = capsys.readouterr().err
    assert "from CODEX_OAUTH_CREDENTIAL, account …5e6f" in said
    assert "quota: 7 days: 34 % used" in said
    assert "plan: 4 requests; 1 make a model write, about" in said
    assert "and 2 requests to read what is left of the quota" in said
    assert "asks codex/streamed-text" in said
    assert "not  codex/http-500: the service has to fail by itself" in said
    assert "not  platform/missing-bearer: it needs no login" in said
    assert "2026-06-04/responses-gpt-5.5: CODEX_BACKEND_BASE_URL moves" in said
    assert asked_of(place.standin) == ["GET /backend-api/wham/usage"]


def test_without_adopting_no_file_of_the_contract_changes(place: Place) -> None:
    before = place.files()
    assert place.record("--yes", "--no-adopt") == 1
    assert place.files() == before


def test_what_is_recorded_can_be_kept_without_adopting_it(place: Place, tmp_path: Path) -> None:
    keep = tmp_path / "evidence"
    assert place.record("--yes", "--no-adopt", "--keep", str(keep)) == 1
    kept = sorted(str(one.relative_to(keep / "cassettes")) for one in keep.rglob("*.yaml"))
    assert kept == [f"{one}.yaml" for one in ASKED]
    contract = Contract(place.contract.root)
    for name in kept:
        cassette = contract.read_cassette(keep / "cassettes" / name)
        assert cassette.interactions[0].provenance.kind == "recorded"


def test_a_folder_that_cannot_be_kept_in_is_told_before_anything_is_asked(
    place: Place, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "file"
    file.write_text("")
    assert place.record("--yes", "--no-adopt", "--keep", str(file / "below")) == 4
    assert "cannot be written" in capsys.readouterr().err
    assert asked_of(place.standin) == ["GET /backend-api/wham/usage"]


def test_a_probe_that_cannot_be_asked_says_why(
    place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    assert place.record("--yes", "codex/http-500") == 6
    captured = capsys.readouterr()
    assert "codex/http-500: the service has to fail by itself" in captured.out
    place.record("--yes", "--no-adopt", "--only", "codex/*")
    assert "not asked: 1 probe; --dry-run says why" in capsys.readouterr().err


def test_nobody_to_ask_means_that_nothing_is_asked(
    place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    assert place.record() == 4
    assert "say --yes" in capsys.readouterr().err
    assert asked_of(place.standin) == ["GET /backend-api/wham/usage"]


def test_no_login_is_told_and_is_not_green(
    place: Place, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("CODEX_OAUTH_CREDENTIAL")
    assert place.record("--yes", "--format", "json") == 6
    document = json.loads(capsys.readouterr().out)
    assert document["verdict"] == "unchecked"
    assert "there is no credential" in document["unchecked"][0]["why"]
    # Not a row for each probe: they were not looked at one by one.
    assert "probes" not in document
    assert place.record("--yes") == 6
    said = capsys.readouterr().out
    assert said.startswith("UNCHECKED  1 could not be looked at\n  record: there is no credential")
    assert "set CODEX_OAUTH_CREDENTIAL, run `codex login`" in " ".join(said.split())
    assert said.endswith("\n\nunchecked: 1 not looked at\n")
    assert "probe" not in said


def test_a_login_that_is_refused_is_found_before_anything_is_asked(
    place: Place, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("CODEX_OAUTH_CREDENTIAL")
    monkeypatch.setenv("CODEX_OAUTH_TOKEN", "not.a.token")
    monkeypatch.setenv("CODEX_ACCOUNT_ID", ACCOUNT)
    before = place.files()
    with make_standin(strict=True) as strict:
        monkeypatch.setenv("CODEX_BACKEND_BASE_URL", f"{strict.url}/backend-api/codex")
        assert place.record("--yes", "--adopt") == 6
    assert "the login is refused" in capsys.readouterr().out
    assert place.files() == before


def test_a_token_that_has_expired_says_what_to_do(
    place: Place, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    old = place.standin.backend.tokens.login(Grant(account_id=ACCOUNT), lifetime=-60).auth_json()
    monkeypatch.setenv("CODEX_OAUTH_CREDENTIAL", json.dumps(old))
    assert place.record("--yes") == 6
    assert "put a fresh one there, or use --store" in capsys.readouterr().out
    assert asked_of(place.standin) == []


def test_a_quota_that_runs_out_in_the_middle_leaves_the_rest_for_later(
    place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    before = place.files()
    place.standin.scenario("usage-limit")
    assert place.record("--yes", "--adopt", "--fail-on", "risky") == 6
    assert "the quota is used up" in capsys.readouterr().out
    place.standin.scenario("default")
    asked = len(asked_of(place.standin))
    assert place.record("--yes", "--no-adopt") == 1
    said = capsys.readouterr().err
    assert "recorded before" in said
    # Preflight before and after, and what was not asked yet.
    again = asked_of(place.standin)[asked:]
    assert len(again) < len(ASKED) + 2
    assert place.files() == before


def test_a_network_that_is_lost_in_the_middle_is_taken_up_again(
    place: Place, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    before, ask, count = place.files(), session.ask_live, 0

    def lost(*arguments, **options):
        nonlocal count
        count += 1
        if count == 3:
            place.standin.stop()
        return ask(*arguments, **options)

    monkeypatch.setattr(session, "ask_live", lost)
    assert place.record("--yes", "--adopt", "--format", "json", "--fail-on", "risky") == 6
    assert place.files() == before
    document = json.loads(capsys.readouterr().out)
    whys = [one["why"] for one in document["unchecked"]]
    assert len(whys) == 2
    assert all("the network was lost" in why for why in whys)
    monkeypatch.setattr(session, "ask_live", ask)
    with make_standin() as back:
        monkeypatch.setenv("CODEX_BACKEND_BASE_URL", f"{back.url}/backend-api/codex")
        blob = back.backend.tokens.login(Grant(account_id=ACCOUNT)).auth_json()
        monkeypatch.setenv("CODEX_OAUTH_CREDENTIAL", json.dumps(blob))
        assert place.record("--yes", "--adopt") == 0
        assert len([one for one in asked_of(back) if "responses" in one]) == 1
    assert place.files().keys() == before.keys()


def test_so_many_requests_and_no_more(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    assert place.record("--yes", "--no-adopt", "--max-requests", "2") in (1, 6)
    assert "--max-requests 2 is reached" in capsys.readouterr().out
    assert len(asked_of(place.standin)) == 3
    place.record("--yes", "--no-adopt", "--max-requests", "2")
    # Each run looks at the quota first, the last one afterwards as well.
    assert len(asked_of(place.standin)) == 7


def test_a_stream_that_breaks_once_is_asked_for_again(place: Place) -> None:
    assert place.record("--yes", "--adopt") == 0
    place.standin.scenario("stream-cut-then-ok")
    assert place.record("--yes", "--no-adopt", "codex/streamed-text") == 0


def test_a_stream_that_always_breaks_is_recorded_as_it_is(
    place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    place.standin.scenario("reset")
    assert place.record("--yes", "--no-adopt", "codex/streamed-text", "--format", "json") == 1
    document = json.loads(capsys.readouterr().out)
    assert document["probes"][0]["outcome"] == "stream_cut"


def test_an_outcome_that_the_probe_does_not_expect_is_not_adopted(
    place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    place.contract.replace("probes/codex/store-must-be-false.yaml", "status: 400", "status: 402")
    place.contract.replace("cassettes/codex/store-must-be-false.yaml", "code: 400", "code: 402")
    before = place.files()["cassettes/codex/store-must-be-false.yaml"]
    assert place.record("--yes", "--adopt", "codex/store-must-be-false") == 1
    assert "change the probe first" in capsys.readouterr().err
    assert place.files()["cassettes/codex/store-must-be-false.yaml"] == before


def test_an_adoption_that_was_interrupted_is_finished(
    place: Place, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from harness.recording import shelving

    written = shelving.write_whole

    def dies(file: Path, text: str) -> None:
        if file.name == "streamed-text.yaml":
            raise KeyboardInterrupt
        written(file, text)

    monkeypatch.setattr(shelving, "write_whole", dies)
    assert place.record("--yes", "--adopt") == 2
    monkeypatch.setattr(shelving, "write_whole", written)
    left = place.files()
    assert place.record("--dry-run") == 0
    assert "an adoption was interrupted" in capsys.readouterr().err
    assert place.files() == left
    assert place.record("--yes", "--no-adopt") == 0
    assert "finished an adoption that was interrupted: 4" in capsys.readouterr().err
    assert run(["verify", "--root", str(place.contract.root)]) == 0


def test_what_answers_on_loopback_is_not_recorded_into_our_own_contract(
    place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["record", "--yes"]) == 4
    assert "is no live service" in capsys.readouterr().err
    assert asked_of(place.standin) == []


def test_a_recording_says_who_answered(place: Place) -> None:
    place.record("--yes", "--adopt")
    cassette = place.contract.file("cassettes/codex/usage.yaml").read_text()
    assert "answered by 127.0.0.1" in cassette


def test_over_tls_the_hosts_are_the_real_ones(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CODEX_BACKEND_BASE_URL")
    monkeypatch.setenv("HTTPS_PROXY", place.standin.proxy_url)
    monkeypatch.setenv("SSL_CERT_FILE", str(place.standin.ca_file))
    assert place.record("--yes", "--adopt") in (0, 1)
    place.standin.settle()
    assert {one.incoming.host for one in place.standin.exchanges} == {
        "chatgpt.com",
        "api.openai.com",
    }
    text = place.contract.file("cassettes/2026-06-04/responses-gpt-5.5.yaml").read_text()
    assert "answered by what a proxy at 127.0.0.1 leads to" in text


def test_no_token_and_no_account_is_in_any_file_or_output(
    place: Place, capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    for face in ("terminal", "json", "markdown", "sarif", "junit", "html", "github"):
        place.record("--yes", "--no-adopt", "--format", face)
    place.record("--yes", "--adopt")
    captured = capfd.readouterr()
    everything = [captured.out, captured.err]
    everything += [one.decode("utf-8", "replace") for one in place.files().values()]
    everything += [one.read_text() for one in place.state.rglob("*.*") if one.is_file()]
    secrets = [*place.tokens.values(), ACCOUNT]
    assert len(secrets) == 5
    for text in everything:
        assert not any(secret in text or secret[20:60] in text for secret in secrets if secret)


def test_plain_vcrpy_replays_what_it_writes(place: Place) -> None:
    place.record("--yes", "--adopt")
    file = place.contract.file("cassettes/codex/streamed-text.yaml")
    with vcr.use_cassette(str(file), record_mode="none") as tape:
        answer = httpx.post("https://chatgpt.com/backend-api/codex/responses")
    assert answer.status_code == 200
    assert answer.text.count("event: ") == 9
    assert tape.all_played


def test_pytest_recording_replays_what_it_writes(place: Place, pytester: pytest.Pytester) -> None:
    place.record("--yes", "--adopt")
    pytester.makepyfile(
        f"""
        import httpx, pytest

        @pytest.mark.default_cassette("usage.yaml")
        @pytest.mark.vcr
        @pytest.mark.block_network
        def test_it():
            answer = httpx.get("https://chatgpt.com/backend-api/wham/usage")
            assert answer.json()["plan_type"] == "prolite"

        @pytest.fixture
        def vcr_cassette_dir():
            return {str(place.contract.root / "cassettes" / "codex")!r}
        """
    )
    result = pytester.runpytest_subprocess("-p", "no:codex_leg", "-p", "no:cacheprovider")
    result.assert_outcomes(passed=1)


def test_the_pieces_of_a_stream_add_up_to_its_body(place: Place) -> None:
    place.record("--yes", "--adopt")
    file = place.contract.file("cassettes/codex/streamed-text.yaml")
    (one,) = yaml.safe_load(file.read_text())["interactions"]
    sizes = [size for _, size in one["stream"]["chunks"]]
    assert len(sizes) >= 9
    assert sum(sizes) == len(one["response"]["body"]["string"].encode())
    assert one["stream"]["ended"] == "eof"
    names = [name for name, _ in one["sent_headers"]]
    assert "Host" in names
    assert not {"authorization", "chatgpt-account-id"} & {name.lower() for name in names}


def test_a_journal_that_breaks_off_in_a_line_is_read_as_far_as_it_goes(
    place: Place, tmp_path: Path
) -> None:
    contract = Contract(place.contract.root)
    folder = state_folder({"XDG_STATE_HOME": str(tmp_path)}, contract.root)
    shelf = Shelf(folder, contract, "here")
    with shelf.locked():
        file = folder / "cassettes" / "codex" / "usage.yaml"
        file.parent.mkdir(parents=True)
        shutil.copy(ROOT / "cassettes" / "codex" / "usage.yaml", file)
        shelf.add("codex/usage", file)
        with (folder / "journal.jsonl").open("a") as journal:
            journal.write('{"probe": "codex/str')
        assert list(shelf.done()) == ["codex/usage"]
        assert Shelf(folder, contract, "elsewhere").done() == {}
        file.write_text("half")
        assert shelf.done() == {}


def test_two_runs_do_not_record_at_once(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    contract = Contract(place.contract.root)
    folder = state_folder({"XDG_STATE_HOME": str(place.state)}, contract.root)
    with Shelf(folder, contract, "").locked():
        assert place.record("--yes") == 4
    assert "another run is recording" in capsys.readouterr().err


def test_secrets_of_a_login_are_known_to_the_letter_and_never_shown() -> None:
    one = credential()
    secrets = Secrets.of(one)
    assert list(secrets.found(f"x{one.token}y")) != []
    assert list(secrets.found(f"x{one.token[40:90]}y")) != []
    assert one.token[20:60] not in repr(secrets)
