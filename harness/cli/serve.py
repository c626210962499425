"""``codex-leg serve``: the stand-in, for a client in another window, or for one command."""

from __future__ import annotations

import json
import os
import shlex
import signal
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, NoReturn

import click

from harness import netns
from harness.cli.options import unknown_name
from harness.contract import Contract, ContractErrors
from harness.exits import Exit
from harness.once import ISOLATED, Ran, run_once
from harness.report.exchanges import exchange_row, exchange_text, size
from harness.report.live import Log
from harness.standin.host import Observer
from harness.standin.listening import StandInError
from harness.standin.play import make_standin
from harness.standin.redaction import Redactor
from harness.standin.server import StandIn

__all__ = ["command"]

FORMAT: Final = "codex-leg/exchanges/1"
#: The variable that leads the leg to another base URL.
BASE_URL: Final = "CODEX_BACKEND_BASE_URL"


@click.command(
    "serve",
    epilog="Examples: codex-leg serve --scenario usage-limit; "
    "codex-leg serve --once -- codex exec 'say PONG'",
)
@click.argument("argv", nargs=-1, metavar="[-- COMMAND...]", type=click.UNPROCESSED)
@click.option("--scenario", default="default", show_default=True, help="What it plays.")
@click.option(
    "--strict/--lenient",
    default=False,
    show_default=True,
    help="Enforce the whole rulebook, also where its sources disagree.",
)
@click.option(
    "--rule", "switches", multiple=True, metavar="ID=on|off", help="Switch one rule. Repeatable."
)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=0,
    show_default=True,
    help="Of the plain base URL and of the proxy; 0 for a free one.",
)
@click.option(
    "--ca",
    "ca_folder",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Put the certificate of its CA there, as ca.pem; a temporary folder by default.",
)
@click.option(
    "--record",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Write every exchange as a cassette into this folder.",
)
@click.option("--once", is_flag=True, help="Run COMMAND against it, and print what it sent.")
@click.option("--bodies", is_flag=True, help="Also what is in the bodies and frames.")
@click.option(
    "--json", "as_json", is_flag=True, help="For machines: schemas/report/exchanges.json."
)
def command(*, argv: tuple[str, ...], once: bool, **options: Any) -> int:
    """Start a loopback backend that answers as the contract says, and refuses what it refuses.

    It prints three ways to reach it, as lines for a shell, and then one line for each exchange.
    Ctrl-C stops it. It never opens a connection itself.

    With --once it runs COMMAND with the environment set, where nothing but loopback can be reached
    if the system allows that, and the exit code is that of COMMAND (127 if it is not there, 128 + N
    if signal N ended it).
    """
    if argv and not once:
        raise click.UsageError("a COMMAND needs --once.")
    if once and not argv:
        raise click.UsageError("--once needs a COMMAND, behind --.")
    isolated = once and _isolate()
    contract = Contract()
    problems = contract.problems()
    if problems:
        raise ContractErrors(problems)
    _check(options, contract)
    options["contract"] = contract
    return _once(argv, options, isolated=isolated) if once else _serve(options)


def _check(options: Mapping[str, Any], contract: Contract) -> None:
    """What is asked for has to be there, before anything is started."""
    if options["scenario"] not in contract.scenarios:
        raise unknown_name("scenario", options["scenario"], contract.scenarios)
    for switch in options["switches"]:
        name, _, state = switch.partition("=")
        if state not in ("on", "off"):
            raise click.UsageError(f"--rule {switch!r} is not ID=on or ID=off.")
        if name not in contract.rules:
            raise unknown_name("rule", name, contract.rules)
    record = options["record"]
    if record is not None and not record.absolute().parent.is_dir():
        raise click.UsageError(f"--record: there is no folder {record.absolute().parent}.")


def _start(options: Mapping[str, Any], observer: Observer) -> StandIn:
    switches = dict(one.split("=", 1) for one in options["switches"])
    try:
        return make_standin(
            options["scenario"],
            strict=options["strict"],
            rules={name: state == "on" for name, state in switches.items()},
            port=options["port"],
            record=options["record"],
            ca_folder=options["ca_folder"],
            observer=observer,
            contract=options["contract"],
        ).start()
    except StandInError as error:
        raise click.UsageError(f"{error}.") from None


def _serve(options: Mapping[str, Any]) -> Exit:
    stopped = threading.Event()
    log = Log(stopped.set, as_json=options["as_json"], bodies=options["bodies"])
    # Before it listens: whoever sees its address may stop it at once.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    standin = _start(options, log)
    try:
        log.say(_header(standin, options) if options["as_json"] else _ways(standin, options))
        stopped.wait()
    finally:
        standin.stop()
    done = f"{log.count} exchange{'s' * (log.count != 1)}, {size(log.bytes)} answered"
    if options["as_json"]:
        log.say(json.dumps({"exchanges": log.count, "answer_bytes": log.bytes}))
    else:
        log.say(f"# Stopped. {done}.")
    _forget_stdout()
    return Exit.CLEAN


def _forget_stdout() -> None:
    """A pipe that nobody reads any more must not become an error while Python ends."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _base_urls(standin: StandIn) -> dict[str, str]:
    return {
        "base_url": f"{standin.url}/backend-api/codex",
        "tls_url": f"{standin.tls_url}/backend-api/codex",
        "proxy_url": standin.proxy_url,
        "ca_file": str(standin.ca_file),
    }


def _header(standin: StandIn, options: Mapping[str, Any]) -> str:
    header = {
        "format": FORMAT,
        "scenario": options["scenario"],
        "strict": options["strict"],
        "addresses": _base_urls(standin),
        "env": dict(standin.env()),
    }
    return json.dumps(header)


def _ways(standin: StandIn, options: Mapping[str, Any]) -> str:
    """Three ways, each a line for a shell; everything else is a comment to it."""
    urls = _base_urls(standin)
    mode = "strict" if options["strict"] else "lenient"
    return "\n".join(
        [
            f"# The stand-in plays {options['scenario']!r}, {mode}. Ctrl-C stops it.",
            "# Three ways to it, each a line for a shell.",
            "# As a base URL:",
            _export({BASE_URL: urls["base_url"]}),
            "# The same through TLS:",
            _export({BASE_URL: urls["tls_url"], "SSL_CERT_FILE": urls["ca_file"]}),
            "# As a proxy, for a client that has its hosts built in:",
            _export({name: value for name, value in standin.env().items() if name != BASE_URL}),
            "# What arrives:",
        ]
    )


def _export(variables: Mapping[str, str]) -> str:
    return "export " + " ".join(f"{name}={shlex.quote(value)}" for name, value in variables.items())


def _isolate() -> bool:
    """Go where nothing but loopback can be reached; whether we are there."""
    if os.environ.pop(ISOLATED, None) is not None:
        return True
    if netns.available():
        _enter_namespace()
    print(
        "codex-leg: this system gives no network namespace: "
        "COMMAND could reach more than the stand-in",
        file=sys.stderr,
    )
    return False


def _enter_namespace() -> NoReturn:
    """Begin again inside: the stand-in has to listen on the namespace's own loopback."""
    root = str(Path(__file__).resolve().parents[2])
    # Appended, and without the current folder: nothing in it can take our modules' places.
    again = (
        "import sys; sys.path.append(sys.argv.pop(1)); from harness.__main__ import main; main()"
    )
    inside = netns.command_in_netns([sys.executable, "-P", "-c", again, root, *sys.argv[1:]])
    sys.stdout.flush()
    os.execvpe(inside[0], inside, {**os.environ, ISOLATED: "1"})  # noqa: S606 — our own command


def _once(argv: tuple[str, ...], options: Mapping[str, Any], *, isolated: bool) -> int:
    standin = _start(options, Observer())
    try:
        ran = run_once(standin, argv, to_stderr=options["as_json"])
    finally:
        standin.stop()
    _print_once(ran, options, isolated=isolated)
    return ran.exit_code


def _print_once(ran: Ran, options: Mapping[str, Any], *, isolated: bool) -> None:
    redactor, bodies = Redactor(), options["bodies"]
    if options["as_json"]:
        rows = [exchange_row(one, redactor, bodies=bodies) for one in ran.exchanges]
        document = {
            "format": FORMAT,
            "scenario": options["scenario"],
            "strict": options["strict"],
            # After the exchanges, from which the redactor knows what is secret.
            "command": [redactor.text(one) for one in ran.argv],
            "exit": ran.exit_code,
            "seconds": round(ran.seconds, 3),
            "isolated": isolated,
            "exchanges": rows,
        }
        print(json.dumps(document, ensure_ascii=False, indent=2))
        return
    texts = [exchange_text(one, redactor, bodies=bodies) for one in ran.exchanges]
    print(
        f"\n# {redactor.text(shlex.join(ran.argv))}: exit {ran.exit_code}, {ran.seconds:.1f} s, "
        f"{len(texts)} exchange{'s' * (len(texts) != 1)}"
    )
    for text in texts:
        print(f"\n{text}")
