"""Rules about the catalogue of models: what a client may choose from, and what each can do."""

from __future__ import annotations

from typing import Final

from ._model import ADDITIVE, BREAKING, RISKY, Rule
from ._table import ADOPT, READ, rows_of

__all__ = ["RULES"]

_MODELS: Final = "run `codex-leg models`; change the leg's defaults if they name this model"

_row = rows_of("response", READ)

#: In the order of the documentation.
RULES: Final[tuple[Rule, ...]] = (
    _row(
        "model-added",
        "catalogue existence add",
        ADDITIVE,
        "the catalogue has one more model",
        mend=ADOPT,
    ),
    _row(
        "model-removed",
        "catalogue existence remove",
        BREAKING,
        "a model is gone from the catalogue",
        mend=_MODELS,
    ),
    _row(
        "model-capability-added",
        "catalogue values add",
        ADDITIVE,
        "a model can do more",
        mend=ADOPT,
    ),
    _row(
        "model-capability-removed",
        "catalogue values remove",
        BREAKING,
        "a model cannot do something that it could",
        mend=_MODELS,
    ),
    _row(
        "model-default-changed",
        "catalogue values change",
        RISKY,
        "a default of a model is another one",
        mend=_MODELS,
    ),
    _row(
        "model-limit-increased",
        "catalogue constraint increase",
        ADDITIVE,
        "a model takes or gives more than it did",
        mend=ADOPT,
    ),
    _row(
        "model-limit-decreased",
        "catalogue constraint decrease",
        RISKY,
        "a model takes or gives less than it did",
        mend=_MODELS,
    ),
    _row(
        "model-minimum-version-raised",
        "catalogue requiredness increase",
        BREAKING,
        "a model wants a newer client",
        mend="send the version of a client that the model takes; change the rulebook",
    ),
    _row(
        "model-minimum-version-lowered",
        "catalogue requiredness decrease",
        ADDITIVE,
        "a model takes older clients, too",
        mend=ADOPT,
    ),
    _row(
        "model-shown",
        "catalogue lifecycle add",
        ADDITIVE,
        "a model that was hidden is shown",
        mend=ADOPT,
    ),
    _row(
        "model-hidden",
        "catalogue lifecycle remove",
        RISKY,
        "a model that was shown is hidden",
        mend=_MODELS,
    ),
)
