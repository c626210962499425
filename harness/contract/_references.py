"""What counts as naming a source: a small set of forms, so that ``from: x`` is refused.

Nothing is looked up. The forms only make sure that a reader has something to look up.
"""

from __future__ import annotations

import re
from typing import Final

__all__ = ["FORMS", "PARTS_BELOW", "is_reference"]

#: Stands for the body of a composed answer whose families of members name their own sources.
PARTS_BELOW: Final = "composed of the parts below"

#: The forms, in the words of the line that refuses everything else.
FORMS: Final = (
    "name it: owner/repo#7, owner/repo path@commit, host.org/path, "
    "'codex-cli 0.169.0 run against ... (2026-11-22)', a title of three words or more with its "
    "date, or what it is in three words or more with its file id"
)

_DATE: Final = re.compile(r"\b20[0-9]{2}-[01][0-9](-[0-3][0-9])?\b")
_WORD: Final = re.compile(r"[^\W\d_]{2,}")
_STORED: Final = re.compile(r"\b(public|store[d]?|file|ids?|GitHub|code|index)\b", re.IGNORECASE)
_ID: Final = re.compile(r"\b[0-9]{8,}\b")
_NAMED: Final = (
    re.compile(r"\b[\w.-]+/[\w.-]+#[0-9]+\b"),  # an issue or a pull request
    re.compile(r"\b[\w.-]+/[\w.-]+ [\w.-]*[/.@][\w./@-]+"),  # a file of a repository
    re.compile(r"\b[\w-]+(\.[\w-]+)*\.[a-z]{2,}/[\w./-]+"),  # a page
)


def is_reference(text: str) -> bool:
    """Whether a text names a source in one of the forms above."""
    if any(form.search(text) for form in _NAMED):
        return True
    if not (_DATE.search(text) or _ID.search(text)):
        return False
    # "public file id 7" says where a copy lies and not what it is.
    return len(_WORD.findall(_STORED.sub(" ", text))) >= 3
