"""Where a report goes: a terminal or a pipe of any encoding, or a file that is never half there."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Final

from harness.exits import WrongUse
from harness.report import Report
from harness.report.faces import render

__all__ = ["check_output", "print_text", "show", "write_file"]


def show(report: Report, face: str) -> None:
    """Print a report on standard output."""
    is_terminal = sys.stdout.isatty() and os.environ.get("TERM") != "dumb"
    width = shutil.get_terminal_size().columns if is_terminal else None
    print_text(render(report, face, width=width), face)


def print_text(text: str, face: str) -> None:
    """Print what a face made, in the encoding of standard output."""
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    try:
        sys.stdout.write(_ENCODABLE[face](text, encoding))
        sys.stdout.flush()
    except BrokenPipeError:
        # Whoever read it has seen enough (``| head``). The exit code is still to be told, and
        # Python must not fail once more when it flushes at the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _lines(text: str, encoding: str) -> str:
    return text.encode(encoding, "backslashreplace").decode(encoding)


def _markup(text: str, encoding: str) -> str:
    # The text says that it is UTF-8; ASCII is that in every encoding that there is.
    return text if _is_utf8(encoding) else text.encode("ascii", "xmlcharrefreplace").decode()


def _json(text: str, encoding: str) -> str:
    if _is_utf8(encoding):
        return text
    units = text.encode("utf-16-be")
    codes = [int.from_bytes(units[at : at + 2]) for at in range(0, len(units), 2)]
    return "".join(chr(code) if code < 0x80 else f"\\u{code:04x}" for code in codes)


def _is_utf8(encoding: str) -> bool:
    return encoding.lower().replace("-", "").replace("_", "") == "utf8"


#: Face → how it is written where not every character can be.
_ENCODABLE: Final[dict[str, Callable[[str, str], str]]] = {
    "terminal": _lines,
    "markdown": _lines,
    "github": _lines,
    "json": _json,
    "sarif": _json,
    "junit": _markup,
    "html": _markup,
}


def check_output(path: Path) -> None:
    """Find out before anything is run whether a file can be written.

    Raises:
        WrongUse: it cannot.
    """
    folder = path.resolve().parent
    if path.is_dir():
        raise WrongUse(f"{path} is a folder; name a file in it.")
    if not folder.is_dir():
        raise WrongUse(f"{path} cannot be written: there is no folder {folder}; make it first.")
    if not os.access(folder if _is_plain(path) else path, os.W_OK):
        raise WrongUse(f"{path} cannot be written: no right to; name another place.")


def write_file(report: Report, face: str, path: Path) -> None:
    """Write a report to a file, in UTF-8: all of it, or nothing.

    Raises:
        WrongUse: it cannot be written; what was there before still is.
    """
    data = render(report, face).encode()
    try:
        if _is_plain(path):
            _replace(path.resolve(), data)
        else:
            # A pipe or a device: there is nothing to keep, and it must not be replaced by a file.
            path.write_bytes(data)
    except OSError as error:
        raise WrongUse(f"{path} cannot be written: {error.strerror}; name another place.") from None


def _is_plain(path: Path) -> bool:
    return path.is_file() or not path.exists()


def _replace(path: Path, data: bytes) -> None:
    number, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:100]}.", suffix=".part")
    part = Path(name)
    try:
        with os.fdopen(number, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        part.chmod(_mode(path))
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def _mode(path: Path) -> int:
    """The rights that the file has, or that a new one would get."""
    if path.exists():
        return path.stat().st_mode & 0o777
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask
