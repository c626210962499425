"""What a recording says: replayed through the leg, held against the contract and its shape."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from harness.contract import Cassette, Contract, Pair
from harness.judge import Judgement, judge, shape
from harness.recording.asking import Asked

__all__ = ["Looked", "Unfaithful", "look"]

_BROKEN: Final = frozenset({"stream_cut", "stream_stalled"})
_BROKEN_REPLAYED: Final = frozenset({"stream_cut", "stream_invalid"})


class Unfaithful(Exception):
    """The recording does not replay as it was answered; ``str()`` is a sentence without values."""


@dataclass(frozen=True, slots=True)
class Looked:
    """What there is to say about one recording.

    Attributes:
        judgement: as ``codex-leg verify`` would judge it.
        snapshot: the shape of it.
        file: the staged cassette.
    """

    judgement: Judgement
    snapshot: Mapping[str, Any]
    file: Path


def look(contract: Contract, id_: str, file: Path, asked: Asked | None = None) -> Looked:
    """Judge a staged cassette.

    Args:
        contract: whose probe it answers.
        id_: the probe.
        file: the cassette.
        asked: what the leg made of the live answer, if that is still known.

    Raises:
        ContractError: the file is no cassette.
        Unfaithful: what the leg makes of the replay is not what it made of the answer itself: the
            scrubbing has taken out something that matters.
    """
    cassette = contract.read_cassette(file)
    pair = Pair(contract.pair(id_).probe, cassette)
    now = shape(contract, pair)
    # The cassette's path is absolute, which is how the contract finds it outside of its root.
    judgement = judge(contract, pair, contract.snapshot(id_), now)
    same_way = asked is not None and asked.streamed == (cassette.interactions[0].stream is not None)
    if asked is not None and same_way and not _is_same(asked, cassette, judgement.outcome):
        raise Unfaithful(
            f"the recording of {id_} replays as {judgement.outcome}, and was answered as "
            f"{asked.heard.outcome}"
        )
    return Looked(judgement, now, file)


def _is_same(asked: Asked, cassette: Cassette, replayed: str) -> bool:
    """Whether two outcomes are one.

    A replay ends every stream as if it was over: of one that stalled it makes one that was cut,
    and of one that broke inside of its first event one that holds no event.
    """
    heard, stream = asked.heard.outcome, cassette.interactions[0].stream
    if heard in _BROKEN and stream is not None and stream.ended != "eof":
        return replayed in _BROKEN_REPLAYED
    return heard == replayed
