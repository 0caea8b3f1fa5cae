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
from langchain_unified.shims.openai_wire.sse import MAX_LINE_BYTES, SSEDecoder

MAX_BODY_BYTES = 128 * 1024 * 1024
"""Most bytes of one answer that is not streamed."""

TERMINAL_EVENTS = frozenset({"response.completed", "response.incomplete"})
"""Events after which a Responses stream has nothing more to say."""

Options = Mapping[str, Any]
"""Per-request `headers`, `timeout`, `max_retries` and `params`, all optional."""

_DRAIN_SECONDS = 0.1
_PREVIEW = 200
_FAILURES = frozenset({"error", "response.failed"})


def post_json(
    client: openai.OpenAI,
    path: str,
    body: Mapping[str, Any],
    options: Options | None = None,
    *,
    max_bytes: int = MAX_BODY_BYTES,
) -> tuple[dict[str, Any], Mapping[str, str]]:
    """Send a request and return the answer and its headers.

    Args:
        client: The SDK client of the connection.
        path: Path below the client's base URL, for example `/chat/completions`.
        body: The request body.
        options: Per-request headers, timeout, retries and query.
        max_bytes: Most bytes of an answer that will be parsed.

    Returns:
        The decoded body and the response headers.

    Raises:
        openai.OpenAIError: Whatever the SDK raises; also for an error in a 200 body.
        MalformedResponseError: If the body is no JSON object or is too large.
    """
    response = client.post(
        path, cast_to=response_class(), body=body, options=_request_options(options)
    )
    return _decoded_body(response, max_bytes), response.headers


async def apost_json(
    client: openai.AsyncOpenAI,
    path: str,
    body: Mapping[str, Any],
    options: Options | None = None,
    *,
    max_bytes: int = MAX_BODY_BYTES,
) -> tuple[dict[str, Any], Mapping[str, str]]:
    """Send a request and return the answer and its headers; see `post_json`."""
    response = await client.post(
        path, cast_to=response_class(), body=body, options=_request_options(options)
    )
    return _decoded_body(response, max_bytes), response.headers


def post_stream(
    client: openai.OpenAI,
    path: str,
    body: Mapping[str, Any],
    options: Options | None = None,
    *,
    max_line: int = MAX_LINE_BYTES,
) -> EventStream:
    """Send a request and return its events as they come.

    Args:
        client: The SDK client of the connection.
        path: Path below the client's base URL; `/responses` or `/chat/completions`.
        body: The request body, `stream` included.
        options: Per-request headers, timeout, retries and query.
        max_line: Most bytes of one event.

    Returns:
        An iterator of event bodies. Close it, or use it in a `with` block.

    Raises:
        openai.OpenAIError: Whatever the SDK raises before the first event.
    """
    response = client.post(
        path,
        cast_to=response_class(),
        body=body,
        options=_request_options(options),
        stream=True,
        stream_cls=openai.Stream[Any],
    )
    return EventStream(response, _EventReader(response, path, max_line))


async def apost_stream(
    client: openai.AsyncOpenAI,
    path: str,
    body: Mapping[str, Any],
    options: Options | None = None,
    *,
    max_line: int = MAX_LINE_BYTES,
) -> AsyncEventStream:
    """Send a request and return its events as they come; see `post_stream`."""
    response: Any = await client.post(
        path,
        cast_to=response_class(),
        body=body,
        options=_request_options(options),
        stream=True,
        stream_cls=openai.AsyncStream[Any],
    )
    return AsyncEventStream(response, _EventReader(response, path, max_line))


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
        self._events = self._read()

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

    def __init__(self, response: Any, path: str, max_line: int) -> None:
        self.done = False
        kind: Any = type(response)
        self.timeouts, self.broken = _transport_errors(kind)
        self._response = response
        self._decoder = SSEDecoder(max_line)
        self._terminal = (
            TERMINAL_EVENTS if path.rstrip("/").endswith("/responses") else frozenset()
        )

    def feed(self, chunk: bytes) -> Iterator[dict[str, Any]]:
        return self._events(self._decoder.feed(chunk))

    def finish(self) -> Iterator[dict[str, Any]]:
        yield from self._events(self._decoder.finish())
        if not self.done:
            message = "The stream ended before the answer was complete."
            request = self._response.request
            raise openai.APIConnectionError(message=message, request=request)

    def raise_broken(self, error: Exception) -> None:
        if self.done:
            return
        request = self._response.request
        if isinstance(error, self.timeouts):
            raise openai.APITimeoutError(request=request) from error
        raise openai.APIConnectionError(request=request) from error

    def _events(self, raw: list[tuple[bytes, bytes]]) -> Iterator[dict[str, Any]]:
        for name, data in raw:
            if self.done:
                return
            if data.startswith(b"[DONE]"):
                self.done = not self._terminal
                continue
            event = _decoded(data, self._response)
            kind = event.get("type")
            if name == b"error" or kind in _FAILURES or event.get("error"):
                raise _stream_error(event, self._response.request)
            self.done = kind in self._terminal
            yield event


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
    return {**security, **(options or {})}


def _decoded_body(response: Any, max_bytes: int) -> dict[str, Any]:
    content = response.content
    if len(content) > max_bytes:
        message = f"The answer has {len(content)} bytes; at most {max_bytes} are read."
        raise _malformed(message, response)
    body = _decoded(content, response)
    if error := body.get("error"):
        raise _api_error(error, response.request)
    return body


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
    except ValueError:
        return None


def _malformed(message: str, response: Any) -> MalformedResponseError:
    error = MalformedResponseError(message)
    error.status = response.status_code
    error.request_id = response.headers.get("x-request-id")
    return error


def _stream_error(event: dict[str, Any], request: Any) -> openai.APIError:
    error = event.get("error") or (event.get("response") or {}).get("error")
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
