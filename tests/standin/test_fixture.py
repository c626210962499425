"""The fixture ``codex_backend``, as somebody else's test suite uses it."""

from __future__ import annotations

import pytest

SUITE = '''
import json, urllib.error, urllib.request, ssl, subprocess, sys

def post(url, body, context=None):
    headers = {"authorization": "Bearer x.y.z"}
    request = urllib.request.Request(url, json.dumps(body).encode(), headers)
    try:
        with urllib.request.urlopen(request, context=context) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()

TURN = {
    "model": "gpt-5.5", "stream": True, "store": False, "instructions": "Be brief.",
    "input": [{"type": "message", "role": "user", "content": []}],
}

def test_a_turn(codex_backend):
    status, text = post(codex_backend.base_url + "/responses", TURN)
    assert status == 200 and "response.completed" in text
    (exchange,) = codex_backend.exchanges
    assert exchange.incoming.json()["model"] == "gpt-5.5"
    assert exchange.source == "codex/streamed-text"

def test_a_scenario(codex_backend):
    codex_backend.scenario("usage-limit")
    assert post(codex_backend.base_url + "/responses", TURN)[0] == 429
    codex_backend.scenario("default")
    assert post(codex_backend.base_url + "/responses", TURN)[0] == 200

def test_a_rule(codex_backend):
    status, text = post(codex_backend.base_url + "/responses", {**TURN, "store": True})
    assert status == 400 and "Store must be set to false" in text

def test_tls(codex_backend):
    context = ssl.create_default_context(cafile=codex_backend.ca_file)
    assert post(codex_backend.tls_url + "/responses", TURN, context)[0] == 200

def test_another_program(codex_backend):
    code = """if True:
        import urllib.request as u
        url = "https://chatgpt.com/backend-api/wham/settings/user"
        print(u.urlopen(u.Request(url, headers={"authorization": "Bearer x.y.z"})).status)"""
    env = {**codex_backend.env()}
    assert env["HTTPS_PROXY"] == codex_backend.proxy_url
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True)
    assert done.stdout == "200\\n", done.stderr

def test_nothing_is_left_of_the_one_before(codex_backend):
    assert codex_backend.exchanges == []

def test_an_unknown_scenario(codex_backend):
    codex_backend.scenario("usage-limt")
'''


def test_the_fixture_gives_every_test_a_backend_of_its_own(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(SUITE)
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider", "-W", "error")
    result.assert_outcomes(passed=6, failed=1)
    result.stdout.fnmatch_lines(["*UnknownScenario*usage-limt*did you mean*usage-limit*"])


def test_a_suite_that_does_not_use_it_does_not_import_it(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import sys

        def test_nothing_of_the_stand_in_is_loaded():
            assert not [name for name in sys.modules if name.startswith("harness.standin")]
        """
    )
    pytester.runpytest_subprocess("-p", "no:cacheprovider").assert_outcomes(passed=1)


def test_it_is_documented_by_pytest_itself(pytester: pytest.Pytester) -> None:
    result = pytester.runpytest_subprocess("--fixtures", "-p", "no:cacheprovider")
    result.stdout.fnmatch_lines(["codex_backend*", "*loopback backend*docs/stand-in.md*"])
