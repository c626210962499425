"""Waivers: what the file may hold, what a waiver matches, and one line for each mistake."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.contract import ContractError, Waiver, read_waivers
from harness.drift.findings import Finding
from harness.drift.waivers import apply_waivers, check_rules, place_of

from .contracts import SmallContract, codex_leg, copy_contract
from .reports import ANY_FINDING, TODAY, a_waiver, added, removed

GOOD = """\
# Why this file is here.
[[waiver]]
rule = "header-added"
locator = "responses response - /header/x-new"
reason = "announced on 2026-11-01"
owner = "ada"
expires = 2027-01-31

[[waiver]]
rule = "field-removed"
probe = "codex/*"
reason = "the leg does not read it"
owner = "bob"
expires = 2027-02-28
"""


@pytest.fixture
def read(tmp_path: Path) -> Callable[[str], tuple[object, ...]]:
    def run(text: str) -> tuple[object, ...]:
        file = tmp_path / "waivers.toml"
        file.write_text(text, encoding="utf-8")
        return read_waivers(file, "waivers.toml")

    return run


def test_a_file_is_read_with_the_line_of_each_waiver(
    read: Callable[[str], tuple[object, ...]],
) -> None:
    assert read(GOOD) == (
        a_waiver(
            locator="responses response - /header/x-new",
            reason="announced on 2026-11-01",
            expires=date(2027, 1, 31),
            where="waivers.toml:2",
        ),
        a_waiver(
            rule="field-removed",
            probe="codex/*",
            reason="the leg does not read it",
            owner="bob",
            expires=date(2027, 2, 28),
            where="waivers.toml:9",
        ),
    )


def test_no_file_is_no_waiver(tmp_path: Path) -> None:
    assert read_waivers(tmp_path / "waivers.toml", "waivers.toml") == ()


#: What is wrong → an edit of the good file, and what the line about it has to name.
WRONG: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "no TOML": ("[[waiver]]", "[[waiver]", ("waivers.toml: line 2, column 9: not TOML",)),
    "a misspelt member": ("owner", "ownr", ("/waiver/0/ownr", "write owner")),
    "an unknown member": ("owner", "zzz", ("/waiver/0/zzz", "there are: rule, locator")),
    "no owner": ('owner = "ada"\n', "", ("waivers.toml:2", "/waiver/0/owner", "missing", "add it")),
    "no reason": ('reason = "announced on 2026-11-01"\n', "", ("/waiver/0/reason", "missing")),
    "no day": ("expires = 2027-01-31\n", "", ("/waiver/0/expires", "missing")),
    "no rule": ('rule = "header-added"\n', "", ("/waiver/0/rule", "missing")),
    "an empty reason": ('"announced on 2026-11-01"', '" "', ("/waiver/0/reason", "is empty")),
    "a reason that is a number": ('"announced on 2026-11-01"', "5", ("/reason", "make it a text")),
    "an endless reason": ("announced", "a" * 3000, ("/reason", "3014 characters", "at most 2000")),
    "a day that is a text": ("2027-01-31", '"2027-01-31"', ("/expires", "write it bare")),
    "a day with a time": (
        "2027-01-31",
        "2027-01-31T00:00:00Z",
        ("is 2027-01-31T00:00:00+00:00, not a day", "write it bare"),
    ),
    "half a locator": (
        "responses response - /header",
        "/header",
        ("/locator", "SURFACE DIRECTION"),
    ),
    "no place at all": (
        'probe = "codex/*"\n',
        "",
        ("waivers.toml:9", "/waiver/1/locator", "probe"),
    ),
    "another table": ("[[waiver]]", "[[waivers]]", ("/waivers", "write [[waiver]]")),
    "no list": (GOOD, "waiver = 5", ("/waiver", "begin each with [[waiver]]")),
    "the same twice": (GOOD, GOOD + GOOD, ("waivers.toml:16", "once more", "waivers.toml:2")),
}


@pytest.mark.parametrize("case", WRONG)
def test_each_mistake_is_one_line_with_file_place_and_mend(
    read: Callable[[str], tuple[object, ...]], case: str
) -> None:
    old, new, named = WRONG[case]
    assert old in GOOD
    with pytest.raises(ContractError) as caught:
        read(GOOD.replace(old, new))
    lines = [str(error) for error in caught.value.errors]
    assert any(all(name in line for name in named) for line in lines), lines
    assert all(len(line.splitlines()) == 1 and " — " in line for line in lines)


def test_all_mistakes_are_told_at_once(read: Callable[[str], tuple[object, ...]]) -> None:
    with pytest.raises(ContractError) as caught:
        read(GOOD.replace("owner", "ownr").replace("reason", "raison"))
    assert len(caught.value.errors) == 8


@pytest.mark.parametrize(
    ("raw", "named"),
    [
        (b"\xff", "not UTF-8"),
        (b"a = " + b"[" * 100_000, "not TOML"),
        (b"a = " + b"9" * 10_000, "not TOML"),
        (b"#" * (2 * 1024 * 1024), "more than 1 MiB"),
    ],
)
def test_bytes_of_any_kind_are_one_line(tmp_path: Path, raw: bytes, named: str) -> None:
    file = tmp_path / "waivers.toml"
    file.write_bytes(raw)
    with pytest.raises(ContractError, match=named) as caught:
        read_waivers(file, "waivers.toml")
    assert len(str(caught.value).splitlines()) == 1


@given(st.text(max_size=60) | st.sampled_from([GOOD[:i] for i in range(0, len(GOOD), 7)]))
def test_any_text_is_read_or_refused(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    file = tmp_path_factory.mktemp("w") / "waivers.toml"
    file.write_bytes(text.encode(errors="replace"))
    try:
        waivers = read_waivers(file, "waivers.toml")
    except ContractError:
        return
    assert all(one.owner.strip() and one.reason.strip() for one in waivers)


@pytest.mark.parametrize(
    ("rule", "named"),
    [("header-aded", "write header-added"), ("waiver-unused", "cannot be waived")],
)
def test_a_rule_that_cannot_be_waived_is_refused(rule: str, named: str) -> None:
    with pytest.raises(ContractError, match=named):
        check_rules([a_waiver(rule=rule)])
    check_rules([a_waiver()])


def waived(one: Finding, **changes: object) -> bool:
    waiver = a_waiver(rule=one.rule, **changes)
    return bool(apply_waivers([one], [waiver], today=TODAY, whole=True).waived)


def test_a_locator_is_a_glob_over_the_place_that_every_face_shows() -> None:
    one = removed(pointer="/response/output/[message]/content/[]")
    assert place_of(one) == (
        "responses response response.completed /response/output/[message]/content/[]"
    )
    for locator, matches in (
        (place_of(one), True),
        ("responses response response.completed /response/*", True),
        ("* * * */content/[]", True),
        ("responses response response.complete? /response/output/*", True),
        ("responses response - /response/output/*", False),
        ("responses response response.completed /response/output/m/content/[]", False),
        ("Responses * * *", False),
        ("*", True),
        ("responses *", True),
        ("*/output/*", True),
        ("usage *", False),
    ):
        assert waived(one, locator=locator) is matches, locator
    assert place_of(added()) == "responses response - /header/x-new"


@pytest.mark.parametrize("locator", ["*", "responses *", "*/usage/*", "usage*"])
def test_a_star_stands_for_several_words_of_a_locator_as_the_page_says(
    read: Callable[[str], tuple[object, ...]], locator: str
) -> None:
    (one, *_) = read(GOOD.replace("responses response - /header/x-new", locator))
    assert isinstance(one, Waiver)
    assert one.locator == locator


def test_rule_and_probe_have_to_match_as_well() -> None:
    assert waived(removed(), probe="codex/*")
    assert not waived(removed(), probe="auth/*")
    assert not waived(removed(probe=None), probe="codex/*")
    assert not apply_waivers([removed()], [a_waiver()], today=TODAY, whole=False).waived


@given(ANY_FINDING)
def test_the_place_of_any_finding_can_be_copied_into_a_waiver(one: Finding) -> None:
    # What stands for itself in a place and is special in a glob matches itself, too.
    assert waived(one, locator=place_of(one))


def test_two_waivers_of_one_finding_are_both_of_use() -> None:
    both = [a_waiver(), a_waiver(locator="responses * * *")]
    applied = apply_waivers([added()], both, today=TODAY, whole=True)
    assert (len(applied.waived), applied.faults) == (1, [])


def test_a_locator_made_to_be_slow_is_not() -> None:
    # A matcher that tries all ways would not come back in the life of this machine.
    locator = "* * * " + "*a" * 500 + "b"
    assert not waived(removed(pointer="/" + "a" * 100_000), locator=locator)


# The command line. Days are far from today, so that no test has one.

STREAM = "cassettes/codex/streamed-text.yaml"


@pytest.fixture
def contract(tmp_path: Path) -> SmallContract:
    return copy_contract(tmp_path / "contract")


def _waive(contract: SmallContract, **changes: str) -> None:
    known = {
        "rule": "field-added",
        "locator": "* * * */colour",
        "reason": "it is only a colour",
        "owner": "ada",
    } | changes
    day = known.pop("expires", "2999-12-31")
    lines = [f'{name} = "{value}"' for name, value in known.items()]
    contract.file("waivers.toml").write_text(
        "\n".join(["[[waiver]]", *lines, f"expires = {day}"]), encoding="utf-8"
    )


def _add_colour(contract: SmallContract) -> None:
    contract.replace(STREAM, '"delta":"ok",', '"delta":"ok","colour":"red",')


def test_the_contracts_waivers_hide_accepted_drift_and_the_report_says_so(
    contract: SmallContract,
) -> None:
    _add_colour(contract)
    assert contract.verify("codex/streamed-text").code == 1
    _waive(contract)
    done = contract.verify()
    assert (done.code, done.err) == (0, "")
    assert "1 waived (the first until 2999-12-31)" in done.out
    assert "it is only a colour" in done.out


def test_a_file_of_ones_own_takes_the_place_of_the_contracts(
    contract: SmallContract, tmp_path: Path
) -> None:
    _add_colour(contract)
    _waive(contract)
    own = tmp_path / "own.toml"
    own.write_text(contract.file("waivers.toml").read_text().replace("colour", "shade"))
    assert contract.verify("codex/streamed-text", "--waivers", str(own)).code == 1
    contract.file("waivers.toml").rename(tmp_path / "moved.toml")
    done = contract.verify("codex/streamed-text", "--waivers", str(tmp_path / "moved.toml"))
    assert done.code == 0


def test_a_waiver_that_matches_nothing_is_wrong_usage_in_a_whole_run_alone(
    contract: SmallContract,
) -> None:
    _waive(contract)
    done = contract.verify()
    assert (done.code, done.err) == (4, "")
    assert done.out.count("matches nothing (ada)") == 1
    assert "waiver-unused" in done.out
    assert done.out.splitlines()[-1].startswith("wrong use: ")
    assert "; 1 waiver to mend; no drift; " in done.out
    done = contract.verify("--json")
    report = json.loads(done.out)
    assert (report["verdict"], report["findings"]) == ("wrong use", [])
    assert [one["rule"] for one in report["waivers_to_mend"]] == ["waiver-unused"]
    (line,) = done.err.splitlines()
    assert line.startswith("codex-leg: waivers.toml:1: the waiver of field-added at ")
    assert "matches nothing (ada) — " in line
    assert contract.verify("codex/usage").code == 0


def test_an_expired_waiver_hides_nothing_and_is_named(contract: SmallContract) -> None:
    _add_colour(contract)
    _waive(contract, expires="2026-01-01")
    done = contract.verify("--fail-on", "breaking")
    assert (done.code, done.err) == (4, "")
    assert "ended on 2026-01-01 (ada); 1 finding counts again" in done.out
    assert "1 waiver to mend; 1 finding below breaking (1 additive)" in done.out
    assert contract.verify().code == 1


def test_a_waiver_that_soon_ends_is_spoken_of(contract: SmallContract) -> None:
    _add_colour(contract)
    _waive(contract, expires=str(datetime.now(UTC).date() + timedelta(days=9)))
    done = contract.verify()
    assert done.code == 0
    assert done.err.startswith("codex-leg: waivers.toml:1: the waiver of field-added at ")
    # The day may have changed since.
    assert "ends in 9 days (ada)" in done.err or "ends in 8 days (ada)" in done.err


@pytest.mark.parametrize(
    ("changes", "code", "named"),
    [
        ({"rule": "field-aded"}, 7, "waivers.toml:1: /rule: no such rule: 'field-aded' — write"),
        ({"expires": "soon"}, 7, "waivers.toml: line 6, column 11: not TOML"),
    ],
)
def test_broken_waivers_are_one_line_before_anything_runs(
    contract: SmallContract, changes: dict[str, str], code: int, named: str
) -> None:
    _waive(contract, **changes)
    done = contract.verify()
    assert (done.code, done.out) == (code, "")
    assert done.err.startswith(f"codex-leg: {named}")
    assert len(done.err.splitlines()) == 1


def test_a_file_of_waivers_that_is_not_there_is_wrong_usage() -> None:
    done = codex_leg("verify", "--waivers", "nowhere.toml")
    assert (done.code, done.out) == (4, "")
    assert "nowhere.toml" in done.err


def test_a_waived_finding_is_in_the_json_with_its_waiver(contract: SmallContract) -> None:
    _add_colour(contract)
    _waive(contract)
    report = json.loads(contract.verify("--json").out)
    assert (report["verdict"], report["findings"]) == ("clean", [])
    (one,) = report["waived"]
    assert (one["rule"], one["waiver"]["owner"]) == ("field-added", "ada")
    assert one["waiver"]["expires"] == "2999-12-31"


def test_replaying_the_same_finding_gives_the_same_waiver() -> None:
    one = replace(added(), message="other words")
    assert waived(one) == waived(added())


def test_a_file_of_waivers_that_was_named_has_to_be_of_use(tmp_path: Path) -> None:
    stream, own = tmp_path / "answer.jsonl", tmp_path / "own.toml"
    stream.write_text('{"type":"response.of_a_new_kind","sequence_number":3}\n', encoding="utf-8")
    asked = ("validate", str(stream), "--surface", "responses", "--excerpt", "--waivers", str(own))
    asked += ("--fail-on", "benign")
    text = GOOD.split("\n\n", maxsplit=1)[0].replace("header-added", "event-unknown")
    own.write_text(text.replace("responses response - /header/x-new", "* * *new_kind *"))
    assert codex_leg(*asked).code == 0
    own.write_text(text)
    assert codex_leg(*asked).code == 1
    own.write_text(text.replace("event-unknown", "field-moved"))
    stream.write_text('{"type":"keepalive","sequence_number":3}\n', encoding="utf-8")
    done = codex_leg(*asked)
    assert done.code == 4
    assert f"{own}:2" in done.out
    assert "the waiver of field-moved" in done.out
