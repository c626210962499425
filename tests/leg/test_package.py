"""The leg as a package: its public names, what it needs, and what it lets out."""

import inspect
import json
import re
import subprocess
import sys
from importlib.metadata import requires
from typing import Any

import leg


def test_the_public_names_are_there_and_sorted_as_ruff_sorts_them() -> None:
    assert len(set(leg.__all__)) == len(leg.__all__)
    for name in leg.__all__:
        assert getattr(leg, name) is not None


def _loaded_by(statement: str) -> set[str]:
    program = (
        "import sys, json; before = set(sys.modules);"
        f"{statement};"
        "print(json.dumps(sorted({m.split('.')[0] for m in set(sys.modules) - before})))"
    )
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return set(json.loads(done.stdout)) - set(sys.stdlib_module_names)


def test_importing_the_leg_needs_httpx_and_what_httpx_needs() -> None:
    # httpx alone loads more than it needs where its own command line can be found.
    assert _loaded_by("import leg") == {"leg"}
    assert _loaded_by("import leg._http") - {"leg"} == _loaded_by("import httpx")


def test_the_distribution_needs_httpx_alone() -> None:
    needs = [line for line in requires("codex-leg") or () if "extra ==" not in line]
    assert [re.split(r"[<>=!~ ]", line)[0] for line in needs] == ["httpx"]


def _signatures(thing: Any) -> list[str]:
    found = []
    members = [thing, *vars(thing).values()] if inspect.isclass(thing) else [thing]
    for member in members:
        if callable(member):
            try:
                found.append(str(inspect.signature(member)))
            except ValueError:
                continue
    return found


def test_no_type_of_the_http_library_stands_in_a_public_signature() -> None:
    for name in leg.__all__:
        for signature in _signatures(getattr(leg, name)):
            assert "httpx" not in signature, f"{name}{signature}"


def test_every_error_is_one_tree_and_says_whether_a_retry_can_help() -> None:
    errors = [getattr(leg, n) for n in leg.__all__ if inspect.isclass(getattr(leg, n))]
    for error in errors:
        if issubclass(error, Exception):
            assert issubclass(error, leg.LegError)
            assert isinstance(error.outcome, str)
            assert isinstance(error.retryable, bool)
