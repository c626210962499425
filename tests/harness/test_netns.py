"""A namespace that has only loopback: nothing in it can reach out."""

from __future__ import annotations

import subprocess
import sys

import pytest

from harness.netns import available, command_in_netns

pytestmark = pytest.mark.skipif(not available(), reason="this system makes no network namespaces")

#: Documentation addresses (RFC 5737): nobody is contacted even where a route exists.
REACH_OUT = """
import socket
try:
    socket.create_connection(("192.0.2.1", 80), timeout=5)
except OSError as error:
    print(error.errno)
"""
LOOPBACK = """
import socket
listener = socket.create_server(("127.0.0.1", 0))
client = socket.create_connection(listener.getsockname())
listener.accept()[0].sendall(b"through")
print(client.recv(100).decode())
"""


def run(*argv: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command_in_netns(argv), capture_output=True, text=True, check=False)


def test_nothing_gets_out_of_it() -> None:
    import errno

    done = run(sys.executable, "-c", REACH_OUT)
    assert done.stdout.strip() == str(errno.ENETUNREACH), done.stderr


def test_loopback_is_up_in_it() -> None:
    assert run(sys.executable, "-c", LOOPBACK).stdout == "through\n"


def test_only_loopback_is_there() -> None:
    done = run(sys.executable, "-c", "import socket; print(*(n for _, n in socket.if_nameindex()))")
    assert done.stdout.split() == ["lo"]


def test_the_exit_code_is_the_commands_own() -> None:
    assert run("sh", "-c", "exit 7").returncode == 7


def test_a_command_that_is_not_there_is_127_and_one_line() -> None:
    done = run("no-such-command-here")
    assert (done.returncode, done.stderr) == (
        127,
        "codex-leg: no-such-command-here: No such file or directory\n",
    )
