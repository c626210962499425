"""Through what sides are looked at: one contract's schemas, and the surfaces that they know."""

from __future__ import annotations

from urllib.parse import urlsplit

from harness.contract import Endpoint, Schemas, bare_url
from harness.endpoints import OTHER, endpoint_name, surfaces_by_endpoint
from harness.exchange import Exchange
from harness.exits import WrongUse

from ._guess import likeliest

__all__ = ["Lens"]


class Lens:
    """The schemas by which both sides are looked at, so that what differs is in the exchanges.

    It finds the surface of an exchange: told, known from its probe, or seen from its address.

    Attributes:
        schemas: of one contract.
        given: the surface that the user names, if any.
    """

    def __init__(self, schemas: Schemas, given: str | None = None) -> None:
        """``given`` is the surface that the user names; it overrules everything else.

        Raises:
            WrongUse: there is no such surface.
        """
        if given is not None and given not in schemas.surfaces:
            raise WrongUse(
                f"there is no surface {given!r}; there are: {', '.join(schemas.surfaces)}."
            )
        self.schemas = schemas
        self.given = given
        self._by_place: dict[tuple[str, str], list[Endpoint]] = {}
        self._by_host: dict[str, list[str]] = {}
        self._by_endpoint = surfaces_by_endpoint(schemas)
        for surface in schemas.surfaces:
            for one in schemas.endpoints(surface):
                self._by_place.setdefault((one.method, one.url), []).append(one)
                self._by_host.setdefault(urlsplit(one.url).netloc, []).append(surface)
        self._found: dict[tuple[str, str, str | None], tuple[str, ...]] = {}

    def surfaces(self, method: str, url: str, known: str | None = None) -> tuple[str, ...]:
        """The surfaces that a request can be with, the likeliest first: some share an address.

        Empty if no surface has its address, nor anything on its host.

        Args:
            method: its method.
            url: its address.
            known: the surface of the probe that asks it.
        """
        key = (method, bare_url(url), known)
        if key not in self._found:
            self._found[key] = self._find(*key)
        return self._found[key]

    def likeliest(
        self, surfaces: tuple[str, ...], method: str, url: str, exchange: Exchange
    ) -> tuple[tuple[str, ...], bool]:
        """These surfaces in the order in which an exchange is like theirs; and whether that is a
        guess."""
        if len(surfaces) < 2:
            return surfaces, False
        told = {one.surface: one for one in self._by_place.get((method, bare_url(url)), ())}
        shared = [told[one] for one in surfaces if one in told]
        if len(shared) < 2:
            return surfaces, False
        found, is_guess = likeliest(self.schemas, shared, exchange)
        return (*found, *(one for one in surfaces if one not in told)), is_guess

    def home(self, method: str, url: str) -> str:
        """The surface that an endpoint belongs to; ``other`` if that is no surface's."""
        return self._by_endpoint.get(endpoint_name(method, url), OTHER)

    def is_turn(self, method: str, url: str) -> bool:
        """Whether a request asks for a response: its endpoint answers with a stream of events."""
        return any(one.events for one in self._by_place.get((method, bare_url(url)), ()))

    def _find(self, method: str, url: str, known: str | None) -> tuple[str, ...]:
        if self.given is not None:
            return (self.given,)
        if known is not None:
            return (known,)
        # Two surfaces can share an address: the one that says more about it is meant.
        told = sorted(self._by_place.get((method, url), ()), key=lambda one: -len([*one.paths()]))
        # What a client asks on the way (settings, plugins) is nobody's endpoint, but has a host.
        found = [one.surface for one in told] or self._by_host.get(urlsplit(url).netloc, [])
        return tuple(dict.fromkeys(found))
