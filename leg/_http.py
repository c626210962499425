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
            return Answer(self._client.send(built, stream=True), self._limits)

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
