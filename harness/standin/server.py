"""The stand-in: listens on loopback, answers for every host, and never dials out."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from harness.standin.host import Host, Observer
from harness.standin.limits import Limits
from harness.standin.listening import LOOPBACK, Listener, StandInError
from harness.standin.recording import Exchanges, Recorded
from harness.standin.tls import Authority
from harness.standin.values import Backend

__all__ = ["Observer", "StandIn", "StandInError", "client_environment"]


class StandIn:
    """A loopback backend and forward proxy. A context manager; also ``start()`` and ``stop()``.

    It is reached in three ways: as a base URL (:attr:`url`), the same through TLS
    (:attr:`tls_url`), and as a proxy for any host (:attr:`proxy_url`, with :attr:`ca_file`).
    """

    def __init__(
        self,
        backend: Backend,
        *,
        port: int = 0,
        tls_port: int = 0,
        ca_folder: Path | None = None,
        record: Path | None = None,
        limits: Limits | None = None,
        scenarios: Callable[[str], Backend] | None = None,
        observer: Observer | None = None,
    ) -> None:
        """Prepare it; nothing is opened before :meth:`start`.

        Args:
            backend: answers the requests.
            port: 0 for one that is free.
            tls_port: the same for TLS.
            ca_folder: where to write the certificate of its CA; a temporary folder by default.
            record: write every exchange as a cassette into this folder.
            limits: what it takes in.
            scenarios: makes the backend that plays a scenario, for :meth:`scenario`.
            observer: is told what happens.
        """
        self._backend = backend
        self._ports = (port, tls_port)
        self._ca_folder = ca_folder
        self._record = record
        self._limits = limits or Limits()
        self._scenarios = scenarios
        self._observer = observer or Observer()
        self._exchanges = Exchanges(self._limits)
        self._temporary: Path | None = None
        self._running: tuple[Listener, Host] | None = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    def start(self) -> Self:
        """Listen.

        Raises:
            StandInError: a port is taken, a folder is not there, or it is running already.
        """
        if self._running is not None:
            raise StandInError("the stand-in is running already")
        self._exchanges = Exchanges(self._limits)
        try:
            authority = self._make_authority()
            self._make_record_folder()
            listener = Listener(self._ports)
        except StandInError:
            self._remove_temporary()
            raise
        host = Host(
            backend=self._backend,
            authority=authority,
            limits=self._limits,
            observer=self._observer,
            record=self._record,
            exchanges=self._exchanges,
        )
        listener.start(host)
        self._running = (listener, host)
        return self

    def stop(self) -> None:
        """End every connection and every thread. A second time, nothing happens."""
        if self._running is not None:
            listener, _ = self._running
            listener.stop()
            self._running = None
            self._remove_temporary()

    @property
    def url(self) -> str:
        """Where it is, as the base of a URL: ``http://127.0.0.1:PORT``."""
        return f"http://{LOOPBACK}:{self._listener.ports[0]}"

    @property
    def tls_url(self) -> str:
        """The same through TLS: ``https://127.0.0.1:PORT``."""
        return f"https://{LOOPBACK}:{self._listener.ports[1]}"

    @property
    def proxy_url(self) -> str:
        """What to set as proxy: it stands in for any host."""
        return self.url

    @property
    def ca_file(self) -> Path:
        """The certificate that a client has to trust, as PEM."""
        return self._host.authority.file

    @property
    def exchanges(self) -> list[Recorded]:
        """What was exchanged, oldest first, since the last start; also what still goes on."""
        return self._exchanges.list()

    @property
    def backend(self) -> Backend:
        """Who answers, from the next request on; an open WebSocket keeps its session."""
        return self._backend

    @backend.setter
    def backend(self, backend: Backend) -> None:
        self._backend = backend
        if self._running is not None:
            self._running[1].backend = backend

    def scenario(self, name: str) -> None:
        """Play this scenario, from its beginning, from the next request on."""
        if self._scenarios is None:
            raise StandInError("this stand-in has no scenarios")
        self.backend = self._scenarios(name)

    def settle(self, seconds: float = 5.0) -> bool:
        """Wait until no request is being answered; whether that came to be in time.

        A client has its answer a moment before the stand-in has noted how the exchange ended. An
        open WebSocket does not count.
        """
        return self._exchanges.wait(seconds)

    def env(self) -> dict[str, str]:
        """Variables that lead a client here, whatever it is written in."""
        return dict(client_environment(self.url, self.ca_file))

    @property
    def _listener(self) -> Listener:
        return self._require()[0]

    @property
    def _host(self) -> Host:
        return self._require()[1]

    def _require(self) -> tuple[Listener, Host]:
        if self._running is None:
            raise StandInError("the stand-in is not running")
        return self._running

    def _make_authority(self) -> Authority:
        folder = self._ca_folder
        try:
            if folder is None:
                folder = self._temporary = Path(tempfile.mkdtemp(prefix="codex-leg-"))
            elif not folder.is_dir():
                raise StandInError(f"no such folder for the CA file: {folder}")
            return Authority(folder)
        except OSError as error:
            raise StandInError(f"cannot write the CA file: {error}") from None

    def _make_record_folder(self) -> None:
        if self._record is not None:
            try:
                self._record.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise StandInError(f"cannot record into {self._record}: {error}") from None

    def _remove_temporary(self) -> None:
        if self._temporary is not None:
            shutil.rmtree(self._temporary, ignore_errors=True)
            self._temporary = None


def client_environment(url: str, ca_file: Path) -> Mapping[str, str]:
    """The variables that lead a client to this proxy and make it trust this CA.

    There is no one name for either: curl reads the lower-case names, the reference client and most
    libraries both; each TLS library has a variable of its own for the CA.
    """
    proxied = ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "https_proxy", "http_proxy", "all_proxy")
    trusting = (
        "SSL_CERT_FILE",
        "CODEX_CA_CERTIFICATE",
        "REQUESTS_CA_BUNDLE",
        "NODE_EXTRA_CA_CERTS",
        "CURL_CA_BUNDLE",
    )
    return {
        **dict.fromkeys(proxied, url),
        # Empty, because whatever stands here would go past the stand-in.
        "NO_PROXY": "",
        "no_proxy": "",
        **dict.fromkeys(trusting, str(ca_file)),
        "CODEX_BACKEND_BASE_URL": f"{url}/backend-api/codex",
    }
