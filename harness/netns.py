"""Run a command in a network namespace that has nothing but loopback: it cannot reach out.

This file is also run by its path, inside the namespace, to bring loopback up; so it imports
nothing of ours.
"""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

__all__ = ["available", "command_in_netns"]


def command_in_netns(argv: Sequence[str]) -> list[str]:
    """The command that runs ``argv`` in a namespace of its own, with loopback up.

    Whatever listens has to be started in there, too: the host's loopback is another one.
    """
    # Root makes one at once; others make a user namespace first, in which they are root.
    who = [] if os.geteuid() == 0 else ["--map-root-user"]
    inside = [sys.executable, "-I", "-S", str(Path(__file__).resolve()), *argv]
    return ["unshare", *who, "--net", "--", *inside]


@functools.cache
def available() -> bool:
    """Whether this system lets us make such a namespace. Asked by making one."""
    if not sys.platform.startswith("linux") or shutil.which("unshare") is None:
        return False
    done = subprocess.run(  # noqa: S603 — our own command
        command_in_netns(["true"]),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=False,
    )
    return done.returncode == 0


def _loopback_up() -> None:
    """``ip link set lo up``, also where there is no ``ip``."""
    import fcntl  # noqa: PLC0415 — Linux only, like the rest of what runs inside
    import socket  # noqa: PLC0415
    import struct  # noqa: PLC0415

    # From <linux/sockios.h> and <net/if.h>.
    get_flags, set_flags, up = 0x8913, 0x8914, 0x1
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        request = struct.pack("16sh22x", b"lo", 0)
        flags = struct.unpack("16sh22x", fcntl.ioctl(sock, get_flags, request))[1]
        fcntl.ioctl(sock, set_flags, struct.pack("16sh22x", b"lo", flags | up))


def _main() -> None:
    argv = sys.argv[1:]
    _loopback_up()
    try:
        os.execvp(argv[0], argv)  # noqa: S606 — that is the point
    except OSError as error:
        print(f"codex-leg: {argv[0]}: {error.strerror}", file=sys.stderr)
        sys.exit(127 if isinstance(error, FileNotFoundError) else 126)


if __name__ == "__main__":
    _main()
