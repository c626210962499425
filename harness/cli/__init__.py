"""The command line: one module a command, loaded when it is called."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Sequence
from typing import Final

import click

from harness.cli.groups import LazyGroup
from harness.contract import ContractError
from harness.exits import Exit
from leg import LegError
from leg._version import __version__

__all__ = ["run"]

#: Command → what ``--help`` says of it. The module of the same name holds it.
COMMANDS: Final = {
    "verify": "Replay every probe against its cassette, with the network shut.",
    "validate": "Check an exchange, stream or body against the contract.",
    "compare": "Say what has changed from one set of exchanges to another, each edit once.",
    "shape": "Count what exchanges look like: fields, types, values, first and last seen.",
    "adopt": "Make what the cassettes say now the shapes that have to hold; asks first.",
    "canary": "Ask the live services what needs no credential, and hold the answers.",
    "alert": "Tell people once what reports say, in GitHub issues and webhooks.",
    "record": "Ask the live service, show in what it differs, and offer to adopt its answers.",
    "serve": "Start the stand-in: a loopback backend that answers as the contract says.",
    "rules": "List the kinds of difference, and how grave each one is.",
    "explain": "Explain one rule: whom it hurts, an example, what to do.",
    "reference": "What the backend's own client sends, release by release.",
    "scenarios": "List what the stand-in can play, refuse and break.",
}


@click.group(
    cls=LazyGroup,
    package=__name__,
    told=COMMANDS,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit codes: 0 clean, 1 drift, 4 wrong usage, 5 nothing ran, 6 could not look, "
    "7 could not parse.",
)
@click.version_option(__version__, prog_name="codex-leg")
def cli() -> None:
    """Know when the backend of the Codex CLI moves.

    Example: codex-leg verify
    """


def run(args: Sequence[str] | None = None) -> int:
    """Run a command; give its exit code. Errors of ours are one line each on stderr."""
    try:
        code = cli.main(args, prog_name="codex-leg", standalone_mode=False)
    except click.exceptions.Exit as stop:
        return stop.exit_code
    except click.exceptions.NoArgsIsHelpError as asked:
        print(asked.format_message(), file=sys.stderr)
        return Exit.USAGE
    except (click.Abort, KeyboardInterrupt):
        _say("interrupted")
        return Exit.INTERRUPTED
    except click.ClickException as error:
        _say(error.format_message() + _try_help(error))
        return Exit.USAGE
    except ContractError as error:
        _say(*str(error).splitlines())
        return Exit.QUARANTINED
    except LegError as error:
        _say(str(error))
        return Exit.USAGE
    except Exception:  # noqa: BLE001 — Python's own exit code for this, 1, would read as drift
        traceback.print_exc()
        _say("this is a fault of codex-leg itself; please report it with the lines above")
        return Exit.INTERNAL
    return code if isinstance(code, int) else Exit.CLEAN


def _try_help(error: click.ClickException) -> str:
    if not isinstance(error, click.UsageError):
        return ""
    context = error.ctx
    path = "codex-leg" if context is None else context.command_path
    return f" Try: {path} --help"


def _say(*lines: str) -> None:
    for line in lines:
        print(f"codex-leg: {line}", file=sys.stderr)
