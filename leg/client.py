"""The two clients, sync and async: they move bytes, and that is all."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from leg._closing import AsyncClosing, Closing
from leg.credentials import Credential
from leg.errors import LegError, StreamError
from leg.events import Event
from leg.limits import Limits
from leg.outcomes import error_of_answer
from leg.profiles import profile_for
from leg.reading import Reading
from leg.redaction import redacted, secrets_of
from leg.request import Input, Request, accounts_request, models_request, usage_request
from leg.result import Result
from leg.wire import Call, Reader, Wire, read_object, text_or_error

if TYPE_CHECKING:
    from leg._http import Answer, AsyncAnswer, AsyncHttp, Http

__all__ = ["AsyncClient", "AsyncResponseStream", "Client", "ResponseStream"]


class _Base:
    """What both clients know: how to make a call out of arguments."""

    def __init__(
        self,
        credential: Credential,
        *,
        model: str | None = None,
        limits: Limits | None = None,
        session_id: str | None = None,
        allow_unknown_models: bool = False,
    ) -> None:
        """A client for one credential; the credential decides the backend.

        Args:
            credential: see :func:`leg.select`.
            model: the default model; ``None`` for the default of the backend.
            limits: bounds on each answer.
            session_id: groups the calls of this client for the backend's prompt cache; default: a
                new one.
            allow_unknown_models: let slugs pass that the model table does not know.
        """
        self._credential = credential
        self._limits = limits or Limits()
        self._session_id = session_id or str(uuid.uuid4())
        self._wire = Wire(credential, model, self._limits, allow_unknown_models)
        self._connect()

    def _connect(self) -> None:
        raise NotImplementedError

    def _reading(self, reader: Reader) -> Reading:
        return Reading(reader, self._credential, self._limits)

    def _refusal(self, status: int, headers: Mapping[str, str], body: bytes) -> LegError:
        return redacted(error_of_answer(status, headers, body), *secrets_of(self._credential))

    def _call(
        self,
        input: Input,
        model: str | None,
        instructions: str | None,
        max_tokens: int | None,
        options: Mapping[str, Any],
    ) -> Call:
        return self._wire.call(
            input,
            session_id=self._session_id,
            request_id=str(uuid.uuid4()),
            model=model,
            instructions=instructions,
            max_tokens=max_tokens,
            options=options,
        )


class ResponseStream(Closing):
    """One answer while it arrives: iterate it for events, then ask for the result.

    A context manager; leaving it closes the connection, whether or not the answer was read.
    """

    def __init__(self, answer: Answer, reader: Reader, reading: Reading) -> None:
        self._answer = answer
        self._reader = reader
        self._reading = reading
        self._events = self._read()

    @property
    def headers(self) -> Mapping[str, str]:
        """The answer's headers, names in lower case."""
        return self._answer.headers

    def _read(self) -> Iterator[Event]:
        try:
            for chunk in self._answer.chunks():
                for event in self._reader.feed(chunk):
                    yield event
                    self._reading.hear()
                if self._reader.done:
                    break
                self._reading.check_idle()
        except StreamError as error:
            failure = self._reading.failed(error)
            if failure is not None:
                raise failure from error.__cause__
        finally:
            self.close()

    def __iter__(self) -> Iterator[Event]:
        return self._events

    def result(self) -> Result:
        """Read what is left and give the result; see :meth:`leg.result.Assembler.result`."""
        for _ in self._events:
            pass
        return self._reading.result()

    def close(self) -> None:
        self._answer.close()


class Client(_Base, Closing):
    """Speaks to the backend of one credential, and waits."""

    _http: Http

    def _connect(self) -> None:
        # Here and not above: the HTTP library is most of what importing this package would cost.
        from leg._http import Http  # noqa: PLC0415

        self._http = Http(self._limits)

    def stream(
        self,
        input: Input,
        *,
        model: str | None = None,
        instructions: str | None = None,
        max_tokens: int | None = None,
        **options: Any,
    ) -> ResponseStream:
        """Ask, and return as soon as the answer begins.

        Args:
            input: a text, or a list of input items.
            model: a slug, an alias, or a persona's ``provider/model``.
            instructions: what the model is told before the input.
            max_tokens: stop after about so many tokens of text (see ``Result.finish_reason``).
            options: further fields of the request (``tools``, ``reasoning``, ``text`` …).

        Raises:
            ConfigurationError: it cannot be asked so; nothing was sent.
            TransportError: no answer arrived.
            AnswerError: the backend refused.
        """
        call = self._call(input, model, instructions, max_tokens, options)
        return self.open(call.request, call.reader)

    def respond(self, input: Input, **arguments: Any) -> Result:
        """Ask, and wait for the whole answer. Arguments and errors as :meth:`stream`, and:

        Raises:
            StreamError: the answer began and did not end well; ``partial`` holds its text.
        """
        with self.stream(input, **arguments) as stream:
            return stream.result()

    def complete(self, prompt: str, max_tokens: int | None = None, **arguments: Any) -> str:
        """Ask, and return the text. Errors as :meth:`respond`, and:

        Raises:
            EmptyAnswer: there is no text; ``""`` is never returned.
        """
        return text_or_error(self.respond(prompt, max_tokens=max_tokens, **arguments))

    def models(self) -> dict[str, Any]:
        """The catalogue: ``{"models": [{"slug": …}, …]}``. Raises as :meth:`stream`."""
        return self.fetch(models_request(profile_for(self._credential), self._credential))

    def usage(self) -> dict[str, Any]:
        """What is left of a Codex plan (``/wham/usage``). Raises as :meth:`stream`."""
        return self.fetch(usage_request(self._credential))

    def accounts(self) -> dict[str, Any]:
        """The workspaces of a Codex login (``/wham/accounts/check``). Raises as :meth:`stream`."""
        return self.fetch(accounts_request(self._credential))

    def open(self, request: Request, reader: Reader) -> ResponseStream:
        """Send a request as it stands; the reader makes sense of the answer. Raises as above."""
        answer = self._http.send(request)
        if 200 <= answer.status < 300:
            return ResponseStream(answer, reader, self._reading(reader))
        raise self._refusal(answer.status, answer.headers, answer.read_refusal())

    def fetch(self, request: Request) -> dict[str, Any]:
        """Send a request whose answer is one JSON object. Raises as :meth:`stream`."""
        answer = self._http.send(request)
        if not 200 <= answer.status < 300:
            raise self._refusal(answer.status, answer.headers, answer.read_refusal())
        return read_object(answer.read())

    def close(self) -> None:
        self._http.close()


class AsyncResponseStream(AsyncClosing):
    """As :class:`ResponseStream`, with ``async for`` and ``async with``."""

    def __init__(self, answer: AsyncAnswer, reader: Reader, reading: Reading) -> None:
        self._answer = answer
        self._reader = reader
        self._reading = reading
        self._events = self._read()

    @property
    def headers(self) -> Mapping[str, str]:
        """The answer's headers, names in lower case."""
        return self._answer.headers

    async def _read(self) -> AsyncIterator[Event]:
        try:
            async for chunk in self._answer.chunks():
                for event in self._reader.feed(chunk):
                    yield event
                    self._reading.hear()
                if self._reader.done:
                    break
                self._reading.check_idle()
        except StreamError as error:
            failure = self._reading.failed(error)
            if failure is not None:
                raise failure from error.__cause__
        finally:
            await self.aclose()

    def __aiter__(self) -> AsyncIterator[Event]:
        return self._events

    async def result(self) -> Result:
        """As :meth:`ResponseStream.result`."""
        async for _ in self._events:
            pass
        return self._reading.result()

    async def aclose(self) -> None:
        await self._answer.aclose()


class AsyncClient(_Base, AsyncClosing):
    """As :class:`Client`, with the same methods to be awaited."""

    _http: AsyncHttp

    def _connect(self) -> None:
        from leg._http import AsyncHttp  # noqa: PLC0415

        self._http = AsyncHttp(self._limits)

    async def stream(
        self,
        input: Input,
        *,
        model: str | None = None,
        instructions: str | None = None,
        max_tokens: int | None = None,
        **options: Any,
    ) -> AsyncResponseStream:
        """As :meth:`Client.stream`: ``async with await client.stream(…) as stream``."""
        call = self._call(input, model, instructions, max_tokens, options)
        return await self.open(call.request, call.reader)

    async def respond(self, input: Input, **arguments: Any) -> Result:
        """As :meth:`Client.respond`."""
        async with await self.stream(input, **arguments) as stream:
            return await stream.result()

    async def complete(self, prompt: str, max_tokens: int | None = None, **arguments: Any) -> str:
        """As :meth:`Client.complete`."""
        return text_or_error(await self.respond(prompt, max_tokens=max_tokens, **arguments))

    async def models(self) -> dict[str, Any]:
        """As :meth:`Client.models`."""
        return await self.fetch(models_request(profile_for(self._credential), self._credential))

    async def usage(self) -> dict[str, Any]:
        """As :meth:`Client.usage`."""
        return await self.fetch(usage_request(self._credential))

    async def accounts(self) -> dict[str, Any]:
        """As :meth:`Client.accounts`."""
        return await self.fetch(accounts_request(self._credential))

    async def open(self, request: Request, reader: Reader) -> AsyncResponseStream:
        """As :meth:`Client.open`."""
        answer = await self._http.send(request)
        if 200 <= answer.status < 300:
            return AsyncResponseStream(answer, reader, self._reading(reader))
        raise self._refusal(answer.status, answer.headers, await answer.read_refusal())

    async def fetch(self, request: Request) -> dict[str, Any]:
        """As :meth:`Client.fetch`."""
        answer = await self._http.send(request)
        if not 200 <= answer.status < 300:
            raise self._refusal(answer.status, answer.headers, await answer.read_refusal())
        return read_object(await answer.read())

    async def aclose(self) -> None:
        await self._http.aclose()
