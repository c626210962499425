"""The form of one value in a capture: a word of the protocol stays, what stands for something goes.

A capture is canonical (:mod:`harness.reference.canonical`): an id, a time, a token or a text is a
placeholder that keeps its form, so that no schema is needed to know one. Atoms are those of
:mod:`harness.drift.kinds`, so that the drift engine compares them.
"""

from __future__ import annotations

import json
import re
from functools import lru_cache
from typing import Any, Final

from harness.drift.kinds import MAX_LITERAL, type_atom
from harness.reference.names import EPOCH
from harness.reference.runs import COMMAND, PROMPTS, UNKNOWN_MODEL
from harness.reference.texts import SAID

__all__ = ["atom_of", "is_closed", "is_value", "value_of"]

_PLACEHOLDER: Final = re.compile(
    r"(?P<uuid>00000000-0000-(?P<version>[0-9a-f])000-8000-[0-9]{12})"
    r"|(?P<text>\Atext:[0-9]+:[0-9a-f]{12}\Z)"
    r"|REDACTED(?:-(?P<secret>[a-z_]+)-[0-9]+)?"
    r"|(?P<moment>2000-01-01[T ]00:00:00(?:\.000)?(?:Z|\+00:00)?)"
    rf"|(?P<epoch>(?<![0-9]){EPOCH}(?P<unit>(?:000){{0,3}})(?:\.0)?(?![0-9]))"
    r"|(?P<prefixed>(?<![A-Za-z0-9])(?P<prefix>[a-z]{1,12}_)[0-9]{20,})"
    r"|(?P<hex>(?<![0-9A-Za-z])0[0-9]{15,127}(?![0-9A-Za-z]))"
)
_MARK: Final = re.compile(r"([a-z]{1,12}_)?\{([^{}]*)\}")
_UNITS: Final = ("s", "ms", "us", "ns")
_MOMENT: Final = "time(rfc3339)"
#: What a client was asked, and what it ran: ours, and no words of the protocol.
_OURS: Final = frozenset({*PROMPTS, COMMAND, SAID, UNKNOWN_MODEL})


def atom_of(value: Any) -> str:
    """The form of a value: ``id(uuid v7)``, ``text``, ``time(ms)``, ``~"auto"``, ``~true``."""
    if isinstance(value, bool):
        return f"~{json.dumps(value)}"
    if isinstance(value, str):
        return _of_text(value)
    if isinstance(value, int | float) and str(value).startswith(str(EPOCH)):
        unit = _UNITS[(len(str(int(value))) - len(str(EPOCH))) // 3]
        return f"time({unit}{' decimal' if isinstance(value, float) else ''})"
    return type_atom(value)


def is_value(atom: str) -> bool:
    """Whether an atom is a value itself, and not a form."""
    return atom.startswith("~")


def is_closed(atom: str) -> bool:
    """Whether it is a value without a placeholder in it: one that others can send, too."""
    return is_value(atom) and _MARK.search(atom) is None and atom != '~""'


def value_of(atom: str) -> str:
    """The value that an atom is, as it stands on the wire."""
    value = json.loads(atom.removeprefix("~"))
    return value if isinstance(value, str) else json.dumps(value)


@lru_cache(maxsize=65536)
def _of_text(text: str) -> str:
    marked = _PLACEHOLDER.sub(_mark, text)
    if marked == text:
        return _word(text)
    found = _MARK.fullmatch(marked)
    if found is None:
        return _word(marked)
    prefix, form = found[1] or "", found[2]
    if form == "text":
        return form
    if form.startswith("time("):
        return form if form == _MOMENT else form.replace(")", " text)")
    is_id = prefix or form.startswith(("uuid", "hex"))
    return f"id({prefix}{form})" if is_id else "blob"


def _mark(found: re.Match[str]) -> str:
    if found["uuid"]:
        return f"{{uuid v{found['version']}}}"
    if found["text"]:
        return "{text}"
    if found["moment"]:
        return f"{{{_MOMENT}}}"
    if found["epoch"]:
        return f"{{time({_UNITS[len(found['unit']) // 3]})}}"
    if found["prefixed"]:
        return f"{found['prefix']}{{}}"
    if found["hex"]:
        return f"{{hex {len(found['hex'])}}}"
    return f"{{{found['secret'] or 'secret'}}}"


def _word(text: str) -> str:
    """A text as a value, if it can be one of a vocabulary."""
    if text in _OURS:
        return "text"
    return f"~{json.dumps(text, ensure_ascii=False)}" if len(text) <= MAX_LITERAL else "text"
