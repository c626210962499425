"""The counted shapes of one side, place by place."""

from __future__ import annotations

from harness.drift.normaliser import normaliser_of
from harness.drift.shape import Shape

from ._compare import Progress
from ._lens import Lens
from ._model import Side
from ._pairs import Place, outcome_of, place_of

__all__ = ["shapes_of"]


def shapes_of(side: Side, lens: Lens, progress: Progress | None = None) -> dict[Place, Shape]:
    """The shape of the exchanges at each place, sorted by place. Of each, only counts are kept.

    Args:
        side: where they are.
        lens: through what they are looked at.
        progress: told after each file how many bytes have been read.

    Raises:
        ContractError: a file cannot be parsed.
        WrongUse: the surface of an exchange is not known.
    """
    shapes: dict[Place, Shape] = {}
    normaliser = normaliser_of(lens.schemas)
    done = 0
    for key in side.files:
        raw = side.raw(key)
        for one in side.read(key, lens, raw):
            surface = one.surfaces[0]
            place = Place(surface, place_of(one.exchange), outcome_of(one))
            if place not in shapes:
                shapes[place] = Shape(surface)
            shapes[place].observe(one.exchange, normaliser)
        done += len(raw)
        if progress is not None:
            progress(done)
    return dict(sorted(shapes.items()))
