"""The one seam to the HTTP library: nothing else in the leg imports it, no type of it gets out.

Redirects are never followed and cookies never kept: a bearer goes where the caller sent it and
nowhere else, whatever an answer says.
"""

from __future__ import annotations

import os
import ssl
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from http.cookiejar import CookieJar, DefaultCookiePolicy

import httpx

from leg._closing import AsyncClosing, Closing
from leg._watching import Ending, Watcher, watcher
from leg.errors import (
    ConfigurationError,
    RequestInvalid,
    StreamCut,
    StreamError,
    StreamInvalid,
    StreamStalled,
    StreamTooLarge,
    TransportError,
)
from leg.limits import Limits
from leg.request import Request

__all__ = ["Answer", "AsyncAnswer", "AsyncHttp", "Http"]


@contextmanager
def _sending(request: Request) -> Iterator[None]:
    """Errors until the head of the answer is here: nothing of it arrived."""
    where = f"{request.method} {request.url.split('?')[0]}"
    try:
        yield
    except httpx.TimeoutException as error:
        raise TransportError(f"{where}: no answer in time ({type(error).__name__})") from error
    except (httpx.InvalidURL, httpx.UnsupportedProtocol) as error:
        raise RequestInvalid(f"{where}: not an address that can be asked") from error
    except httpx.TransportError as error:
        raise TransportError(f"{where}: {_words(error)}") from error


@contextmanager
def _reading(limits: Limits) -> Iterator[None]:
    """Errors while the body comes in."""
    try:
        yield
    except httpx.ReadTimeout as error:
        raise StreamStalled(f"nothing arrived for {limits.idle} seconds") from error
    except httpx.DecodingError as error:
        raise StreamInvalid("the answer's content-encoding cannot be decoded") from error
    except httpx.TransportError as error:
        raise StreamCut(f"the connection broke: {_words(error)}") from error


def _words(error: Exception) -> str:
    # Asynchronous errors come without any.
    return str(error) or type(error).__name__


def _check_open(*, closed: bool) -> None:
    if closed:
        raise ConfigurationError("this client is closed", hint="make a new one")


def _timeout(limits: Limits) -> httpx.Timeout:
    return httpx.Timeout(limits.idle, connect=limits.connect)


@lru_cache(maxsize=4)
def _trust(cert_file: str | None, cert_dir: str | None) -> ssl.SSLContext:
    # Loading the certificates costs more than all else that a client does before it connects.
    del cert_file, cert_dir  # the key: httpx reads them from the environment itself
    return httpx.create_ssl_context()


def _tls() -> ssl.SSLContext:
    return _trust(os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR"))


def _cookies() -> CookieJar:
    return CookieJar(policy=DefaultCookiePolicy(allowed_domains=[]))


def _headers(response: httpx.Response) -> Mapping[str, str]:
    return {name.lower(): value for name, value in response.headers.items()}


def _raw(headers: httpx.Headers) -> tuple[tuple[str, str], ...]:
    return tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in headers.raw)


#: What is read of a body whose reader has heard enough: its end is a fact that a recording wants.
_REST = 1024 * 1024


class _Watched(httpx.SyncByteStream):
    """The bytes of a body, with somebody who watches them arrive."""

    def __init__(self, stream: httpx.SyncByteStream, by: Watcher) -> None:
        self._stream, self._by = stream, by
        self._pieces = iter(stream)
        self._ended = False

    def __iter__(self) -> Iterator[bytes]:
        try:
            for piece in self._pieces:
                self._by.arrives(piece)
                yield piece
        except httpx.ReadTimeout:
            self._end("stalled")
            raise
        except httpx.TransportError:
            self._end("reset")
            raise
        self._end("eof")

    def close(self) -> None:
        if not self._ended:
            self._read_rest()
        self._stream.close()

    def _read_rest(self) -> None:
        rest = 0
        try:
            for piece in self:
                rest += len(piece)
                if rest > _REST:
                    break
        except httpx.TransportError:
            pass  # how it ended has been told
        self._end("left")

    def _end(self, how: Ending) -> None:
        if not self._ended:
            self._ended = True
            self._by.ends(how)


def _send(client: httpx.Client, built: httpx.Request) -> httpx.Response:
    by = watcher()
    if by is None:
        return client.send(built, stream=True)
    by.asks(built.method, str(built.url), _raw(built.headers), built.content)
    response = client.send(built, stream=True)
    by.answers(response.status_code, _raw(response.headers))
    if isinstance(response.stream, httpx.SyncByteStream):
        response.stream = _Watched(response.stream, by)
    return response


def _check_size(body: bytearray, limits: Limits) -> None:
    if limits.total is not None and len(body) > limits.total:
        raise StreamTooLarge(f"the answer is larger than {limits.total} bytes")


class Answer(Closing):
    """The head of an answer, and its bytes as they arrive. To be closed."""

    def __init__(self, response: httpx.Response, limits: Limits) -> None:
        self._response = response
        self._limits = limits
        self.status = response.status_code
        self.headers = _headers(response)

    def chunks(self) -> Iterator[bytes]:
        """The bytes of the body; raises StreamCut, StreamStalled or StreamInvalid."""
        with _reading(self._limits):
            yield from self._response.iter_bytes()

    def read(self) -> bytes:
        """The whole body; closes. Raises as :meth:`chunks`, and StreamTooLarge."""
        body = bytearray()
        try:
            for chunk in self.chunks():
                body += chunk
                _check_size(body, self._limits)
        finally:
            self.close()
        return bytes(body)

    def read_refusal(self) -> bytes:
        """The beginning of the body, and what there is of it if it breaks off; closes."""
        body = bytearray()
        try:
            for chunk in self.chunks():
                body += chunk
                if len(body) >= self._limits.error_body:
                    break
        except StreamError:
            pass  # of a refusal, half a body is better than another error
        finally:
            self.close()
        return bytes(body[: self._limits.error_body])

    def close(self) -> None:
        self._response.close()


class Http(Closing):
    """Sends requests; one pool of connections."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._client = httpx.Client(
            timeout=_timeout(limits), follow_redirects=False, cookies=_cookies(), verify=_tls()
        )

    def send(self, request: Request) -> Answer:
        """Send it; return when the head of the answer is here. Raises TransportError."""
        _check_open(closed=self._client.is_closed)
        with _sending(request):
            built = self._client.build_request(
                request.method, request.url, headers=request.headers, content=request.body
            )
            return Answer(_send(self._client, built), self._limits)

    def close(self) -> None:
        self._client.close()


class AsyncAnswer(AsyncClosing):
    """As :class:`Answer`."""

    def __init__(self, response: httpx.Response, limits: Limits) -> None:
        self._response = response
        self._limits = limits
        self.status = response.status_code
        self.headers = _headers(response)

    async def chunks(self) -> AsyncIterator[bytes]:
        """As :meth:`Answer.chunks`."""
        with _reading(self._limits):
            async for chunk in self._response.aiter_bytes():
                yield chunk

    async def read(self) -> bytes:
        """As :meth:`Answer.read`."""
        body = bytearray()
        try:
            async for chunk in self.chunks():
                body += chunk
                _check_size(body, self._limits)
        finally:
            await self.aclose()
        return bytes(body)

    async def read_refusal(self) -> bytes:
        """As :meth:`Answer.read_refusal`."""
        body = bytearray()
        try:
            async for chunk in self.chunks():
                body += chunk
                if len(body) >= self._limits.error_body:
                    break
        except StreamError:
            pass
        finally:
            await self.aclose()
        return bytes(body[: self._limits.error_body])

    async def aclose(self) -> None:
        await self._response.aclose()


class AsyncHttp(AsyncClosing):
    """As :class:`Http`."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._client = httpx.AsyncClient(
            timeout=_timeout(limits), follow_redirects=False, cookies=_cookies(), verify=_tls()
        )

    async def send(self, request: Request) -> AsyncAnswer:
        """As :meth:`Http.send`."""
        _check_open(closed=self._client.is_closed)
        with _sending(request):
            built = self._client.build_request(
                request.method, request.url, headers=request.headers, content=request.body
            )
            return AsyncAnswer(await self._client.send(built, stream=True), self._limits)

    async def aclose(self) -> None:
        await self._client.aclose()
