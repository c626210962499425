"""What one release sent, run by run, read from its captures."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from harness.contract import Contract, Interaction, Release
from harness.drift.snapshot import Fields, escape
from harness.endpoints import OTHER, surfaces_by_endpoint
from harness.exchange import Event, Exchange
from harness.reference.runs import HTTPS, MODEL_LIST, SIDE_CALLS, WEBSOCKET

from .calls import TURNS, Call
from .places import Echo, body_places, header_places, query_places

__all__ = [
    "BESIDE",
    "PLAIN",
    "PREWARM",
    "Captured",
    "Reader",
    "Request",
    "Vantage",
    "read_captured",
]

PLAIN: Final = "plain"
#: Captures of calls whose number and order are chance.
BESIDE: Final = (SIDE_CALLS, MODEL_LIST)
#: What a frame is for, which tells it from others of its type.
PREWARM: Final = "(prewarm)"

#: Where something can be seen: the name of a run and the transport, as a capture's file has them.
Vantage = str


@dataclass(frozen=True, slots=True)
class Request:
    """One request, or one frame, of a run.

    Attributes:
        vantage: the run and the transport: ``plain.https``.
        call: which call it is; of a frame, the handshake that it came after.
        surface: of the contract; ``other`` if the contract does not know the call.
        label: tells the frames of a WebSocket apart; ``""`` for a request.
        fields: what it holds, by place.
        waited_for: of a call beside the turn, whether no turn is sent before its answer.
    """

    vantage: Vantage
    call: Call
    surface: str
    label: str
    fields: Fields = field(repr=False)
    waited_for: bool | None = None

    @property
    def is_turn(self) -> bool:
        """Whether it asks a model."""
        return self.surface in TURNS


@dataclass(frozen=True, slots=True)
class Captured:
    """A release as far as it was captured.

    Attributes:
        version: of the release.
        release: what is known of it; ``None`` if nothing is.
        vantages: the runs that were captured, with their transports.
        requests: all of them, in the order of each run.
        files: the file of each run, as reports call it; what was read from elsewhere has none.
    """

    version: str
    release: Release | None
    vantages: frozenset[Vantage]
    requests: tuple[Request, ...] = field(repr=False)
    files: Mapping[Vantage, str] = field(default_factory=dict, repr=False)

    def file_of(self, vantage: Vantage | None, transport: str = "") -> str | None:
        """The file of a run; without a name, of the plainest run over a transport."""
        if vantage is not None:
            return self.files.get(vantage)
        over = sorted((one for one in self.files if one.endswith(f".{transport}")), key=_order)
        return self.files[over[0]] if over else None

    @property
    def looked_at(self) -> frozenset[Vantage]:
        """Where this release was looked at, if only to see that nothing is there.

        Beside a plain turn its other calls are captured, too; where there are none, there is no
        file. And a release without a WebSocket sends nothing over one, whatever the run.
        """
        found = set(self.vantages)
        if f"{PLAIN}.{HTTPS}" in found:
            found |= {f"{name}.{HTTPS}" for name in BESIDE}
        if WEBSOCKET not in self.transports:
            runs = {one.rpartition(".")[0] for one in found if one.endswith(f".{HTTPS}")}
            found |= {f"{run}.{WEBSOCKET}" for run in runs if run not in BESIDE}
        return frozenset(found)

    @property
    def transports(self) -> tuple[str, ...]:
        """Which ones the release has."""
        if self.release is not None and self.release.sha256 is not None:
            return self.release.transports
        seen = {one.rpartition(".")[2] for one in self.vantages}
        return tuple(name for name in (HTTPS, WEBSOCKET) if name in seen)

    def of(self, vantages: Iterable[Vantage]) -> list[Request]:
        """The requests of these runs, in their order."""
        wanted = frozenset(vantages)
        return [one for one in self.requests if one.vantage in wanted]


class Reader:
    """Reads captures of one contract."""

    def __init__(self, contract: Contract) -> None:
        """Take a contract; nothing is read yet."""
        self._contract = contract
        self._surfaces: Mapping[str, str] | None = None

    def read(self, version: str) -> Captured:
        """A release as it was captured; without any requests if it was not.

        Raises:
            ContractErrors: a capture cannot be read.
        """
        runs = self._contract.reference.runs(version)
        # As they are below the root, which is how reports name files.
        files = {run: f"cassettes/reference/{version}/{run}.yaml" for run in runs}
        return self.captured(self.release(version), version, runs, files)

    def release(self, version: str) -> Release | None:
        """What the contract knows of a release."""
        return self._contract.reference.releases.get(version)

    def captured(
        self,
        release: Release | None,
        version: str,
        runs: Mapping[Vantage, Iterable[Interaction]],
        files: Mapping[Vantage, str] | None = None,
    ) -> Captured:
        """A release, of which these exchanges are at hand; and the files that they are from."""
        requests: list[Request] = []
        usual = Echo()
        for vantage in sorted(runs, key=_order):
            interactions = list(runs[vantage])
            exchanges = [Exchange.from_interaction(one) for one in interactions]
            # A handshake that was refused has no body to say which model it is about.
            usual = usual if usual.model else _first_echo(exchanges)
            own = _first_echo(exchanges)
            for one, exchange in zip(interactions, exchanges, strict=True):
                echo = own if own.model else usual
                requests += self._requests(vantage, exchange, echo, waited_for=one.waited_for)
        return Captured(version, release, frozenset(runs), tuple(requests), files or {})

    def _requests(
        self, vantage: Vantage, exchange: Exchange, usual: Echo, *, waited_for: bool | None
    ) -> Iterator[Request]:
        sent = exchange.request
        if sent is None:  # pragma: no cover — no capture is without
            return
        call = Call.of(sent.method, sent.url)
        surface = self._surface(call)
        own = _echo(exchange)
        head = {
            **header_places(sent.headers, own if own.model else usual),
            **query_places(sent.url),
        }
        body, _ = body_places(sent.body)
        yield Request(vantage, call, surface, "", {**head, **body}, waited_for)
        for label, fields in _frames(exchange.sent_frames):
            yield Request(vantage, call, surface, label, fields)

    def _surface(self, call: Call) -> str:
        if self._surfaces is None:
            self._surfaces = surfaces_by_endpoint(self._contract.schemas)
        return self._surfaces.get(call.name, OTHER)


def _first_echo(exchanges: Iterable[Exchange]) -> Echo:
    return next((found for found in map(_echo, exchanges) if found.model), Echo())


def _echo(exchange: Exchange) -> Echo:
    """What a request repeats of its body, or of the first of its frames."""
    frames = exchange.sent_frames
    body = frames[0].data.encode() if frames else exchange.request and exchange.request.body
    return body_places(body or b"")[1]


def _order(vantage: Vantage) -> tuple[bool, bool, str, str]:
    """A plain turn first, HTTPS first."""
    run, _, transport = vantage.rpartition(".")
    return run != PLAIN, run in BESIDE, run, transport


def _frames(events: Iterable[Event]) -> Iterator[tuple[str, Fields]]:
    for event in events:
        kind = event.type or "?"
        label = kind
        if isinstance(event.payload, dict) and event.payload.get("generate") is False:
            label = f"{kind} {PREWARM}"
        below, _ = body_places(event.data.encode())
        place = f"/frame/{escape(kind)}"
        yield label, {f"{place}{one.removeprefix('/body')}": below[one] for one in below}


def read_captured(contract: Contract, version: str) -> Captured:
    """A release as it was captured, see :meth:`Reader.read`."""
    return Reader(contract).read(version)
