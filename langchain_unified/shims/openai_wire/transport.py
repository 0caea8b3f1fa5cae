"""Requests over the OpenAI SDK's own client, answers as plain dictionaries.

`client.post` is the SDK's documented way to call an endpoint by path. It keeps the
SDK's authentication, retries, timeouts and error classes; handing it an HTTP response
class as `cast_to` returns the response as it came, to be parsed once.
"""

from __future__ import annotations

import json
import ssl
import sys
from collections.abc import AsyncGenerator, AsyncIterator, Generator, Iterator, Mapping
from functools import lru_cache
from types import TracebackType
from typing import Any

import anyio
import openai
from jiter import from_json
from typing_extensions import Self

from langchain_unified.errors import MalformedResponseError
from langchain_unified.reliability.closing import Owned
from langchain_unified.reliability.exchange import current, too_late
from langchain_unified.reliability.limits import limits
from langchain_unified.shims.loops import in_this_process, is_same_host
from langchain_unified.shims.openai_wire.sse import SSEDecoder

TERMINAL_EVENTS = frozenset({"response.completed", "response.incomplete"})
"""Events after which a Responses stream has nothing more to say."""

Options = Mapping[str, Any]
"""Per-request `headers`, `timeout`, `max_retries` and `params`, all optional."""

_DRAIN_SECONDS = 0.1
_PREVIEW = 200
_FAILURES = frozenset({"error", "response.failed"})
_REDIRECTS = frozenset({307, 308})
_MOST_REDIRECTS = 3


def post_json(
    client: openai.OpenAI,
    path: str,
    body: Mapping[str, Any],
    options: Options | None = None,
    *,
    max_bytes: int | None = None,
) -> tuple[dict[str, Any], Mapping[str, str]]:
    """Send a request and return the answer and its headers.

    Args:
        client: The SDK client of the connection.
        path: Path below the client's base URL, for example `/chat/completions`.
        body: The request body.
        options: Per-request headers, timeout, retries and query.
        max_bytes: Most bytes of an answer that are read; see `reliability.Limits`.

    Returns:
        The decoded body and the response headers.

    Raises:
        openai.OpenAIError: Whatever the SDK raises; also for an error in a 200 body.
        MalformedResponseError: If the body is no JSON object or is too large.
    """
    response = _send(client, path, body, options)
    reader = _BodyReader(response, max_bytes)
    try:
        for chunk in response.iter_bytes():
            reader.feed(chunk)
    except reader.broken as error:
        reader.raise_broken(error)
    finally:
        response.close()
    return reader.decoded(), response.headers


async def apost_json(
    client: openai.AsyncOpenAI,
    path: str,
    body: Mapping[str, Any],
    options: Options | None = None,
    *,
    max_bytes: int | None = None,
) -> tuple[dict[str, Any], Mapping[str, str]]:
    """Send a request and return the answer and its headers; see `post_json`."""
    response = await _asend(client, path, body, options)
    reader = _BodyReader(response, max_bytes)
    try:
        async for chunk in response.aiter_bytes():
            reader.feed(chunk)
    except reader.broken as error:
        reader.raise_broken(error)
    finally:
        await response.aclose()
    return reader.decoded(), response.headers


def post_stream(
    client: openai.OpenAI,
    path: str,
    body: Mapping[str, Any],
    options: Options | None = None,
    *,
    max_line: int | None = None,
) -> EventStream:
    """Send a request and return its events as they come.

    Args:
        client: The SDK client of the connection.
        path: Path below the client's base URL; `/responses` or `/chat/completions`.
        body: The request body, `stream` included.
        options: Per-request headers, timeout, retries and query.
        max_line: Most bytes of one event; see `reliability.Limits`.

    Returns:
        An iterator of event bodies. Close it, or use it in a `with` block.

    Raises:
        openai.OpenAIError: Whatever the SDK raises before the first event.
    """
    response = _send(client, path, body, options)
    return EventStream(response, _EventReader(response, path, max_line))


async def apost_stream(
    client: openai.AsyncOpenAI,
    path: str,
    body: Mapping[str, Any],
    options: Options | None = None,
    *,
    max_line: int | None = None,
) -> AsyncEventStream:
    """Send a request and return its events as they come; see `post_stream`."""
    response = await _asend(client, path, body, options)
    return AsyncEventStream(response, _EventReader(response, path, max_line))


def _send(
    client: openai.OpenAI, path: str, body: Mapping[str, Any], options: Options | None
) -> Any:
    """Return an open response; follow redirects that stay on the host."""
    in_this_process(getattr(client, "_client", None))
    for _ in range(_MOST_REDIRECTS):
        try:
            response: Any = client.post(
                path,
                cast_to=response_class(),
                body=body,
                options=_request_options(options),
                stream=True,
                stream_cls=openai.Stream[Any],
            )
        except openai.APIStatusError as error:  # noqa: PERF203 - one round is usual
            path = _redirected(error)
        else:
            return response
    raise openai.APIConnectionError(message="Too many redirects.", request=_NO_REQUEST)


async def _asend(
    client: openai.AsyncOpenAI,
    path: str,
    body: Mapping[str, Any],
    options: Options | None,
) -> Any:
    """Return an open response; follow redirects that stay on the host."""
    for _ in range(_MOST_REDIRECTS):
        try:
            response: Any = await client.post(
                path,
                cast_to=response_class(),
                body=body,
                options=_request_options(options),
                stream=True,
                stream_cls=openai.AsyncStream[Any],
            )
        except openai.APIStatusError as error:  # noqa: PERF203 - one round is usual
            path = _redirected(error)
        else:
            return response
    raise openai.APIConnectionError(message="Too many redirects.", request=_NO_REQUEST)


_NO_REQUEST: Any = None


def _redirected(error: openai.APIStatusError) -> str:
    """Return where a request is to be sent instead, with its key.

    Raises:
        openai.APIStatusError: The error itself, unless it is a redirect on one host.
    """
    asked = error.request.url
    location = error.response.headers.get("location", "")
    if error.status_code in _REDIRECTS and is_same_host(asked, asked.join(location)):
        return str(asked.join(location))
    raise error


class EventStream:
    """The events of one streamed answer.

    Iterating raises `openai.APIError` for an error the provider sends in mid-stream,
    `openai.APITimeoutError` and `openai.APIConnectionError` for a broken connection
    (an answer that ends too early included), and `MalformedResponseError` for events
    that are no JSON objects. Closing it early releases the connection.

    Attributes:
        headers: The response headers.
    """

    def __init__(self, response: Any, reader: _EventReader) -> None:
        """Take over an open response."""
        self.headers: Mapping[str, str] = response.headers
        self._response = response
        self._reader = reader
        self._events = self._read()

    def __iter__(self) -> Iterator[dict[str, Any]]:
        """Return the iterator of the events."""
        return self._events

    def __next__(self) -> dict[str, Any]:
        """Return the next event."""
        return next(self._events)

    def __enter__(self) -> Self:
        """Return the stream, to be closed at the end of the block."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Release the connection."""
        self.close()

    def close(self) -> None:
        """Release the connection."""
        self._events.close()
        self._response.close()

    def _read(self) -> Generator[dict[str, Any], None, None]:
        reader = self._reader
        try:
            for chunk in self._response.iter_bytes():
                yield from reader.feed(chunk)
            yield from reader.finish()
        except reader.broken as error:
            reader.raise_broken(error)
        finally:
            self._response.close()


class AsyncEventStream:
    """The events of one streamed answer; see `EventStream`.

    Attributes:
        headers: The response headers.
    """

    def __init__(self, response: Any, reader: _EventReader) -> None:
        """Take over an open response."""
        self.headers: Mapping[str, str] = response.headers
        self._response = response
        self._reader = reader
        self._events = Owned(self._read())

    def __aiter__(self) -> AsyncIterator[dict[str, Any]]:
        """Return the iterator of the events."""
        return self._events

    async def __anext__(self) -> dict[str, Any]:
        """Return the next event."""
        return await self._events.__anext__()

    async def __aenter__(self) -> Self:
        """Return the stream, to be closed at the end of the block."""
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Release the connection."""
        await self.aclose()

    async def aclose(self) -> None:
        """Release the connection."""
        await self._events.aclose()
        await self._response.aclose()

    async def _read(self) -> AsyncGenerator[dict[str, Any], None]:
        reader = self._reader
        chunks = self._response.aiter_bytes()
        try:
            async for chunk in chunks:
                for event in reader.feed(chunk):
                    yield event
                if reader.done:
                    await _drain(chunks)
                    return
            for event in reader.finish():
                yield event
        except reader.broken as error:
            reader.raise_broken(error)
        finally:
            await self._response.aclose()


class _EventReader:
    """What both kinds of stream do with the bytes they get."""

    def __init__(self, response: Any, path: str, max_line: int | None) -> None:
        self.done = self._finished = False
        kind: Any = type(response)
        self.timeouts, self.broken = _transport_errors(kind)
        self._response = response
        self._bytes = 0
        self._exchange = current()
        _shorten(response, self._exchange.patience(streamed=True))
        self._decoder = SSEDecoder(max_line or limits().event_bytes)
        self._terminal = (
            TERMINAL_EVENTS if path.rstrip("/").endswith("/responses") else frozenset()
        )

    def feed(self, chunk: bytes) -> Iterator[dict[str, Any]]:
        self._exchange.check()
        self._bytes += len(chunk)
        if self._bytes > limits().stream_bytes:
            raise _too_large("stream", limits().stream_bytes, self._response)
        return self._events(self._decoder.feed(chunk))

    def finish(self) -> Iterator[dict[str, Any]]:
        yield from self._events(self._decoder.finish())
        # Servers that speak OpenAI's API do not all send [DONE].
        if not self.done and not self._finished:
            message = "The stream ended before the answer was complete."
            request = self._response.request
            raise openai.APIConnectionError(message=message, request=request)

    def raise_broken(self, error: Exception) -> None:
        if not self.done:
            _raise_broken(error, self._response)

    def _events(self, raw: list[tuple[bytes, bytes]]) -> Iterator[dict[str, Any]]:
        for name, data in raw:
            if self.done:
                return
            if data.startswith(b"[DONE]"):
                self.done = not self._terminal
                continue
            event = _decoded(data, self._response)
            self._exchange.answered = True
            kind = event.get("type")
            kind = kind if isinstance(kind, str) else None
            if name == b"error" or kind in _FAILURES or event.get("error"):
                raise _stream_error(event, self._response.request)
            self.done = kind in self._terminal
            self._finished = self._finished or _has_finished(event)
            yield event


class _BodyReader:
    """What both kinds of whole answer do with the bytes they get."""

    def __init__(self, response: Any, max_bytes: int | None) -> None:
        self._response = response
        self._most = limits().body_bytes if max_bytes is None else max_bytes
        self._parts: list[bytes] = []
        self._size = 0
        self._exchange = current()
        kind: Any = type(response)
        self.broken = _transport_errors(kind)[1]
        _shorten(response, self._exchange.remaining())

    def feed(self, chunk: bytes) -> None:
        self._exchange.check()
        self._size += len(chunk)
        if self._size > self._most:
            self._parts.clear()
            raise _too_large("answer", self._most, self._response)
        self._parts.append(chunk)

    def raise_broken(self, error: Exception) -> None:
        _raise_broken(error, self._response)

    def decoded(self) -> dict[str, Any]:
        body = _decoded(b"".join(self._parts), self._response)
        self._exchange.answered = True
        if error := body.get("error"):
            raise _api_error(error, self._response.request)
        return body


def _raise_broken(error: Exception, response: Any) -> None:
    request = response.request
    kind: Any = type(response)
    if isinstance(error, _transport_errors(kind)[0]):
        raise openai.APITimeoutError(request=request) from error
    raise openai.APIConnectionError(request=request) from error


def _shorten(response: Any, seconds: float | None) -> None:
    """Wait for the next bytes no longer than the call has time.

    httpcore reads the timeout when it begins with the body.
    """
    timeouts = response.request.extensions.get("timeout")
    if seconds is None or not isinstance(timeouts, dict):
        return
    if seconds <= 0:
        raise too_late()
    allowed = timeouts.get("read")
    timeouts["read"] = seconds if allowed is None else min(seconds, allowed)


def _has_finished(event: dict[str, Any]) -> bool:
    choices = event.get("choices")
    if not isinstance(choices, list):
        return False
    return any(isinstance(one, dict) and one.get("finish_reason") for one in choices)


@lru_cache
def response_class() -> Any:
    """Return the HTTP response class of the library the SDK rides on.

    openai 2.x is built on httpx and 3.x on httpx2; the base class of the SDK's own
    HTTP client tells which.
    """
    for base in openai.DefaultHttpxClient.__mro__:
        library = base.__module__.partition(".")[0]
        if library.startswith("httpx"):
            return sys.modules[library].Response
    message = "this version of the openai package uses an unknown HTTP library"
    raise RuntimeError(message)


@lru_cache
def _transport_errors(
    response_type: Any,
) -> tuple[type[Exception], tuple[type[Exception], ...]]:
    for base in response_type.__mro__:
        library = sys.modules[base.__module__.partition(".")[0]]
        if hasattr(library, "TimeoutException"):
            return library.TimeoutException, (
                library.TimeoutException,
                library.RequestError,
                ssl.SSLError,
                anyio.EndOfStream,
            )
    return TimeoutError, (OSError, anyio.EndOfStream)


@lru_cache
def _takes_security() -> bool:
    return "security" in getattr(openai.RequestOptions, "__annotations__", ())


def _request_options(options: Options | None) -> Any:
    # 2026-11-23, openai 3.54: a request that does not name its kind of key is also
    # given the key of OPENAI_ADMIN_KEY, which the SDK's own chat calls never send.
    security = {"security": {"bearer_auth": True}} if _takes_security() else {}
    return {"follow_redirects": False, **security, **(options or {})}


def _too_large(what: str, most: int, response: Any) -> MalformedResponseError:
    message = f"The {what} is too large: of its bytes at most {most} are read."
    error = _malformed(message, response)
    error.is_retryable = False
    return error


def _decoded(data: bytes, response: Any) -> dict[str, Any]:
    try:
        decoded = from_json(data)
    except ValueError:
        decoded = _decoded_leniently(data)
    if not isinstance(decoded, dict):
        preview = data[:_PREVIEW].decode("utf-8", "replace")
        message = f"Expected a JSON object from the provider, got: {preview!r}"
        raise _malformed(message, response)
    return decoded


def _decoded_leniently(data: bytes) -> Any:
    # jiter 0.19 refuses lone surrogates and byte order marks, which json takes.
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        return None


def _malformed(message: str, response: Any) -> MalformedResponseError:
    error = MalformedResponseError(message)
    error.status = response.status_code
    error.request_id = response.headers.get("x-request-id")
    return error


def _stream_error(event: dict[str, Any], request: Any) -> openai.APIError:
    error, response = event.get("error"), event.get("response")
    if not error and isinstance(response, dict):
        error = response.get("error")
    return _api_error(error or event, request)


def _api_error(error: Any, request: Any) -> openai.APIError:
    message = error.get("message") if isinstance(error, dict) else error
    if not isinstance(message, str) or not message:
        message = "An error occurred during streaming"
    return openai.APIError(message, request, body=error)


async def _drain(chunks: AsyncIterator[bytes]) -> None:
    """Read the end of the body, so that the connection can be used again."""
    with anyio.move_on_after(_DRAIN_SECONDS):
        async for _ in chunks:
            pass
