"""The sides of a comparison: files, folders, captures, contracts and git revisions, as exchanges.

:func:`open_sides` finds out what a name means; :func:`compare_sides` compares two sides question by
question; :func:`releases_of` takes two captured releases of a client for what they are, and
:func:`trees_of` two folders of them; :func:`shapes_of` counts one side.
"""

from ._compare import compare_sides
from ._comparison import Comparison
from ._lens import Lens
from ._model import Seen, Side
from ._open import open_sides
from ._pairs import Place
from ._releases import Releases, Trees, releases_of, trees_of
from ._shapes import shapes_of

__all__ = [
    "Comparison",
    "Lens",
    "Place",
    "Releases",
    "Seen",
    "Side",
    "Trees",
    "compare_sides",
    "open_sides",
    "releases_of",
    "shapes_of",
    "trees_of",
]
