"""A certificate authority that lives as long as the stand-in, and vouches for any host.

Its key is never written down: only its certificate is, for clients to trust. Nothing that trusts
it can be deceived once the stand-in is gone.
"""

from __future__ import annotations

import ipaddress
import ssl
import threading
from pathlib import Path
from typing import Final

import trustme

__all__ = ["OWN_NAMES", "Authority"]

#: What the stand-in itself is called.
OWN_NAMES: Final = ("localhost", "127.0.0.1", "::1")
#: A client asks for a handful of hosts; one that asks for more is answered, and not remembered.
_REMEMBERED: Final = 256


class Authority:
    """Issues a certificate for each host that is asked for."""

    def __init__(self, folder: Path) -> None:
        """Write the certificate to ``folder / "ca.pem"``."""
        self._ca = trustme.CA(organization_name="codex-leg stand-in")
        self.file = folder / "ca.pem"
        self._ca.cert_pem.write_to_path(str(self.file))
        self._contexts: dict[str, ssl.SSLContext] = {}
        self._lock = threading.Lock()
        self.own = self._context(*OWN_NAMES)
        # A client that is led here by a hosts file asks for the real name.
        self.own.sni_callback = self._switch

    def context(self, host: str) -> ssl.SSLContext:
        """What to serve TLS for this host with."""
        if host in OWN_NAMES:
            return self.own
        with self._lock:
            found = self._contexts.get(host)
            if found is None:
                found = self._context(_identity(host))
                if len(self._contexts) < _REMEMBERED:
                    self._contexts[host] = found
            return found

    def _context(self, *identities: str) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        # HTTP/1.1 alone: its framing is what faults are made of.
        context.set_alpn_protocols(["http/1.1"])
        self._ca.issue_cert(*identities).configure_cert(context)
        return context

    def _switch(
        self, tls: ssl.SSLSocket | ssl.SSLObject, name: str | None, _: ssl.SSLContext
    ) -> int | None:
        if name and name.lower() not in OWN_NAMES:
            try:
                tls.context = self.context(name.lower())
            except ValueError:
                return ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME
        return None


def _identity(host: str) -> str:
    """A name that a certificate can carry.

    Raises:
        ValueError: it is no name of a host.
    """
    try:
        return str(ipaddress.ip_address(host))
    except ValueError:
        # trustme would take anything with an @ for an e-mail address, and / for a network.
        if not host.replace("-", "").replace(".", "").replace("_", "").isalnum():
            raise ValueError(f"not the name of a host: {host!r}") from None
        return host
