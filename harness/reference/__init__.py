"""The reference client: a released Codex CLI, installed and run on loopback.

It is the ground truth of the request side: what the backend is really asked, release by release.
"""

from .install import Release, cache_folder, install, locate
from .npm import InstallError, NoBinary, NoNetwork, NoNpm, NoSuchRelease, NotIntact, newest
from .run import ACCOUNT, TurnResult, make_home, run_turn

__all__ = [
    "ACCOUNT",
    "InstallError",
    "NoBinary",
    "NoNetwork",
    "NoNpm",
    "NoSuchRelease",
    "NotIntact",
    "Release",
    "TurnResult",
    "cache_folder",
    "install",
    "locate",
    "make_home",
    "newest",
    "run_turn",
]
