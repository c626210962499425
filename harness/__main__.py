"""``codex-leg`` and ``python -m harness``."""

from __future__ import annotations

import sys

from harness.exits import Exit

__all__ = ["main"]

_EXTRA = "codex-leg: {0} is not installed. The command line needs: pip install 'codex-leg[harness]'"


def main() -> None:
    """Run the command line; an installation of the leg alone gets one line, not a traceback."""
    try:
        from harness.cli import run  # noqa: PLC0415 — the extra may be missing
    except ModuleNotFoundError as error:
        if error.name is None or error.name.split(".")[0] in ("harness", "leg"):
            raise
        print(_EXTRA.format(error.name), file=sys.stderr)
        sys.exit(Exit.UNCHECKED)
    sys.exit(run())


if __name__ == "__main__":
    main()
