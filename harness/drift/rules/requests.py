"""Rules about what the server accepts: seen where it refuses what it took, and the reverse.

Never inferred from what a client sends. Most come in pairs: what the server takes no more breaks
whoever still sends it; what it takes in addition breaks nobody.
"""

from __future__ import annotations

from typing import Final

from ._model import ADDITIVE, BREAKING, RISKY, Rule
from ._table import ADOPT, REFUSED, rows_of

__all__ = ["RULES"]

_row = rows_of("request", REFUSED)


def _pair(
    subject: str,
    area: str,
    kind: str,
    *,
    worse: tuple[str, str, str],
    better: tuple[str, str, str],
    level: str = BREAKING,
) -> tuple[Rule, Rule]:
    """Two rules: what takes something away (word, action, meaning), and what gives it."""
    bad, fresh = (f"{subject}-{word}" for word, _, _ in (worse, better))
    return (
        _row(bad, f"{area} {kind} {worse[1]}", level, worse[2]),
        _row(fresh, f"{area} {kind} {better[1]}", ADDITIVE, better[2], mend=ADOPT),
    )


_FIELDS: Final = (
    *_pair(
        "request-field",
        "field",
        "existence",
        worse=("rejected", "remove", "the server refuses a field that it took"),
        better=("accepted", "add", "the server takes a field that it refused"),
    ),
    *_pair(
        "request-field-became",
        "field",
        "requiredness",
        worse=("required", "add", "the server wants a field that it did without"),
        better=("optional", "remove", "the server does without a field that it wanted"),
    ),
    *_pair(
        "request-value",
        "field",
        "values",
        worse=("rejected", "remove", "the server refuses a value that it took"),
        better=("accepted", "add", "the server takes a value that it refused"),
    ),
    *_pair(
        "request-type",
        "field",
        "type",
        worse=("narrowed", "narrow", "the server refuses a type of value that it took"),
        better=("widened", "widen", "the server takes one more type of value"),
    ),
    *_pair(
        "request-limit",
        "limit",
        "constraint",
        worse=("decreased", "decrease", "the server takes less, shorter or fewer than it did"),
        better=("increased", "increase", "the server takes more, longer or larger than it did"),
    ),
    *_pair(
        "request-item",
        "field",
        "structure",
        worse=("rejected", "remove", "the server refuses an item or role of the input"),
        better=("accepted", "add", "the server takes one more item or role of the input"),
    ),
)

_HEADERS: Final = (
    *_pair(
        "request-header-became",
        "header",
        "requiredness",
        worse=("required", "add", "the server wants a header that it did without"),
        better=("optional", "remove", "the server does without a header that it wanted"),
    ),
    *_pair(
        "request-header-value",
        "header",
        "values",
        worse=("rejected", "remove", "the server refuses a header's value that it took"),
        better=("accepted", "add", "the server takes a header's value that it refused"),
    ),
    *_pair(
        "request-encoding",
        "body",
        "encoding",
        worse=("rejected", "remove", "the server does not unpack what it did (zstd, gzip)"),
        better=("accepted", "add", "the server unpacks one more encoding"),
    ),
    *_pair(
        "request-client-version",
        "header",
        "constraint",
        worse=("rejected", "narrow", "the server refuses this version of a client"),
        better=("accepted", "widen", "the server takes this version of a client again"),
    ),
)

_MEANING: Final = (
    *_pair(
        "request-model",
        "catalogue",
        "values",
        worse=("rejected", "remove", "the server refuses a model that it gave"),
        better=("accepted", "add", "the server gives a model that it refused"),
    ),
    *_pair(
        "request-capability",
        "catalogue",
        "constraint",
        worse=("rejected", "narrow", "the model refuses a capability that it had"),
        better=("accepted", "widen", "the model takes a capability that it refused"),
    ),
    *_pair(
        "request-content",
        "error",
        "values",
        worse=("refused", "remove", "the server refuses the content, which it answered before"),
        better=("accepted", "add", "the server answers the content, which it refused before"),
        level=RISKY,
    ),
    *_pair(
        "request-state",
        "error",
        "lifecycle",
        worse=("not-found", "remove", "the server does not know a state that it had"),
        better=("found", "add", "the server knows a state that it did not"),
        level=RISKY,
    ),
)

#: In the order of the documentation.
RULES: Final[tuple[Rule, ...]] = (*_FIELDS, *_HEADERS, *_MEANING)
