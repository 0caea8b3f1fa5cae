"""What both kinds of client do with the bytes of a stream: from bytes to events."""

from __future__ import annotations

from collections.abc import (
    AsyncGenerator,
    AsyncIterator,
    Awaitable,
    Callable,
    Generator,
    Iterator,
    Mapping,
)
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from typing import Any, Protocol, TypeVar

import anyio
import openai
from jiter import from_json
from langchain_core.outputs import ChatGenerationChunk

from langchain_unified.errors import MalformedResponseError
from langchain_unified.reliability.closing import Owned, owned
from langchain_unified.reliability.exchange import current
from langchain_unified.reliability.limits import InForce
from langchain_unified.shims.openai.faults import (
    broken,
    no_stream,
    silent,
    stream_error,
    too_large,
    transport_errors,
)
from langchain_unified.shims.openai.sending import decoded_body, shorten

Event = dict[str, Any]
Piece = TypeVar("Piece")
_DRAIN_SECONDS = 0.1

MAX_LINE_BYTES = 64 * 1024 * 1024
"""Most bytes of one line, and of the data of one event."""

_BOM = b"\xef\xbb\xbf"
_LF, _CR = 10, 13


class SSEDecoder:
    r"""Turns byte chunks, cut anywhere, into events.

    Works on bytes, so a character split over two chunks needs no care. Fields other
    than `event` and `data` are ignored.

    Example:
        >>> SSEDecoder().feed(b'data: {"a": 1}\n\n')
        [(b'', b'{"a": 1}')]
    """

    def __init__(self, max_line: int = MAX_LINE_BYTES) -> None:
        """Start a stream.

        Args:
            max_line: Most bytes of one line, and of the data of one event.
        """
        self._max_line = max_line
        self._parts: list[bytes] = []
        self._pending = 0
        self._event = b""
        self._data: list[bytes] = []
        self._held = 0
        self._skip_lf = False
        self._fresh = True

    def feed(self, chunk: bytes) -> list[tuple[bytes, bytes]]:
        """Decode the next bytes.

        Args:
            chunk: Bytes as they came from the network.

        Returns:
            Name (empty if not given) and data of every event that is complete now.

        Raises:
            MalformedResponseError: If a line or an event is larger than allowed.
        """
        if self._fresh or self._skip_lf:
            chunk = self._trimmed(chunk)
        if not chunk:
            return []
        lines = chunk.splitlines()
        last = chunk[-1]
        if last in (_LF, _CR):
            self._skip_lf = last == _CR
            tail = b""
        else:
            tail = lines.pop()
        if lines and self._parts:
            lines[0] = b"".join((*self._parts, lines[0]))
            self._parts, self._pending = [], 0
        if tail:
            self._hold(tail)
        return self._decode(lines)

    def finish(self) -> list[tuple[bytes, bytes]]:
        """Decode what is left when the stream ends without a blank line."""
        line, self._parts = b"".join(self._parts), []
        return self._decode([line, b""] if line else [b""])

    def _trimmed(self, chunk: bytes) -> bytes:
        if self._skip_lf and chunk:
            self._skip_lf = False
            if chunk[0] == _LF:
                chunk = chunk[1:]
        if self._fresh and chunk:
            self._fresh = False
            chunk = chunk.removeprefix(_BOM)
        return chunk

    def _hold(self, tail: bytes) -> None:
        self._parts.append(tail)
        self._pending += len(tail)
        if self._pending > self._max_line:
            raise self._too_large()

    def _decode(self, lines: list[bytes]) -> list[tuple[bytes, bytes]]:
        events = []
        for line in lines:
            if line:
                name, _, value = line.partition(b":")
                if name == b"data":
                    self._held += len(value)
                    self._data.append(value[1:] if value[:1] == b" " else value)
                elif name == b"event":
                    self._event = value.strip()
            elif self._data:
                events.append((self._event, b"\n".join(self._data)))
                self._event, self._data, self._held = b"", [], 0
            else:
                self._event = b""
            if self._held > self._max_line:
                raise self._too_large()
        return events

    def _too_large(self) -> MalformedResponseError:
        most = self._max_line
        message = f"an event of the stream is larger than {most} bytes"
        return MalformedResponseError(message)


class Events(AbstractContextManager["Events"]):
    """Events, read one after the other; closing them early releases the connection.

    Args:
        events: Reads them.
        headers: The response headers, as far as they are known.
        *held: What is closed with them.

    Attributes:
        headers: The response headers.
    """

    def __init__(
        self,
        events: Generator[Event, None, None],
        headers: Mapping[str, str],
        *held: Any,
    ) -> None:
        """Start before the first event."""
        self._events, self.headers, self._held = events, headers, held

    def __iter__(self) -> Iterator[Event]:
        """Return the iterator of the events."""
        return self._events

    def __exit__(self, *error: object) -> None:
        """Release the connection."""
        self._events.close()
        for one in self._held:
            one.close()

    close = __exit__


class AsyncEvents(AbstractAsyncContextManager["AsyncEvents"]):
    """Events of an asynchronous answer; see `Events`."""

    def __init__(
        self,
        events: AsyncGenerator[Event, None],
        headers: Mapping[str, str],
        *held: Any,
    ) -> None:
        """Start before the first event."""
        self._events, self.headers, self._held = Owned(events), headers, held

    def __aiter__(self) -> Owned[Event]:
        """Return the iterator of the events."""
        return self._events

    async def __aexit__(self, *error: object) -> None:
        """Release the connection."""
        await self._events.aclose()
        for one in self._held:
            await one.aclose()

    aclose = __aexit__


_TERMINAL_EVENTS = frozenset({"response.completed", "response.incomplete"})
"""Events after which a Responses stream has nothing more to say."""

_OPENING = 64 * 1024
"""Bytes kept of what came in place of a stream, to say what it was."""

_FAILURES = frozenset({"error", "response.failed"})


class EventReader:
    """What both kinds of stream do with the bytes they get."""

    def __init__(self, response: Any, path: str) -> None:
        """Read the events of an open response."""
        self.done = self._finished = False
        self._received = 0
        self.broken = transport_errors(response.__class__)[1]
        self._response = response
        self._exchange = exchange = current()
        exchange.received = (response, b"")
        if exchange.deadline is not None:
            shorten(response, exchange)
        bounds = exchange.runtime[InForce].limits
        self._bytes, self._most = 0, bounds.stream_bytes
        self._opening = b""
        self._decoder = SSEDecoder(bounds.event_bytes)
        self._terminal = (
            _TERMINAL_EVENTS if path.rstrip("/").endswith("/responses") else frozenset()
        )

    def feed(self, chunk: bytes) -> list[tuple[bytes, bytes]]:
        """Return name and data of the events that some bytes complete; see `event`."""
        if self._exchange.deadline is not None:
            self._exchange.check()
        if not self._bytes or (not self._received and len(self._opening) < _OPENING):
            self._opening += chunk[:_OPENING]
        self._bytes += len(chunk)
        if self._bytes > self._most:
            raise too_large("stream", self._most, self._response)
        return self._decoder.feed(chunk)

    async def anext(self, chunks: AsyncIterator[bytes]) -> bytes | None:
        """Return the next bytes, `None` at the end.

        Raises:
            ProviderStreamTimeoutError: If none come in `stream_chunk_timeout` seconds.
        """
        pause = self._exchange.pause
        try:
            if pause is None:
                return await chunks.__anext__()
            with anyio.fail_after(pause):
                return await chunks.__anext__()
        except StopAsyncIteration:
            return None
        except TimeoutError as error:
            raise silent(pause, self._received, self._response) from error

    def finish(self) -> Iterator[dict[str, Any]]:
        """Yield what is left; raise if the answer was not complete."""
        try:
            for name, data in self._decoder.finish():
                if (event := self.event(name, data)) is not None:
                    yield event
        except MalformedResponseError:
            if not self._received:  # Otherwise its last event was cut off.
                raise
        if not self._received and not self.done and _is_something(self._opening):
            raise no_stream(self._opening, self._response)
        # Servers that speak OpenAI's API do not all send [DONE].
        if not self.done and not self._finished:
            message = "The stream ended before the response was complete."
            request = self._response.request
            raise openai.APIConnectionError(message=message, request=request)

    def event(self, name: bytes, data: bytes) -> dict[str, Any] | None:
        """Return an event; `None` if all has been said.

        Raises:
            openai.APIError: If it tells an error.
            MalformedResponseError: If it is no JSON object.
        """
        if self.done:
            return None
        if data.startswith(b"[DONE]"):
            # Responses ends with an event of its own; a server that says [DONE]
            # instead has said all, and ChatOpenAI takes it so.
            self.done = not self._terminal
            self._finished = True
            return None
        try:
            found = from_json(data)
        except ValueError:
            found = None
        if not isinstance(found, dict):
            found = decoded_body(data, self._response)
        event: dict[str, Any] = found
        self._exchange.answered = True
        kind = event.get("type")
        kind = kind if isinstance(kind, str) else None
        failed = event.get("error") or event.get("object") == "error"
        if failed or name == b"error" or kind in _FAILURES:
            raise stream_error(event, self._response.request)
        if not self._received:
            self._exchange.shown = event
        self._received += 1
        self.done = kind in self._terminal
        self._finished = self._finished or _has_finished(event)
        return event


def _is_something(opening: bytes) -> bool:
    """Tell whether bytes are no events, nor comments that keep the line open."""
    said = opening.lstrip()
    return bool(said) and not said.startswith((b":", b"data:", b"event:", b"id:"))


def _has_finished(event: dict[str, Any]) -> bool:
    choices = event.get("choices")
    for choice in choices if isinstance(choices, list) else ():
        if isinstance(choice, dict) and choice.get("finish_reason"):
            return True
    return False


def read(response: Any, reader: EventReader) -> Generator[dict[str, Any], None, None]:
    """Yield the events of an open response."""
    try:
        for chunk in response.iter_bytes():
            for name, data in reader.feed(chunk):
                if (event := reader.event(name, data)) is not None:
                    yield event
        yield from reader.finish()
    except reader.broken as error:
        if not reader.done:
            raise broken(error, response.request) from error
    finally:
        response.close()


async def aread(
    response: Any, reader: EventReader
) -> AsyncGenerator[dict[str, Any], None]:
    """Yield the events of an open response; see `read`."""
    chunks = response.aiter_bytes()
    try:
        while (chunk := await reader.anext(chunks)) is not None:
            for name, data in reader.feed(chunk):
                if (event := reader.event(name, data)) is not None:
                    yield event
            if reader.done:
                await _drain(chunks)
                return
        for event in reader.finish():
            yield event
    except reader.broken as error:
        if not reader.done:
            raise broken(error, response.request) from error
    finally:
        await response.aclose()


async def _drain(chunks: AsyncIterator[bytes]) -> None:
    """Read the end of the body, so that the connection can be used again."""
    with anyio.move_on_after(_DRAIN_SECONDS):
        async for _ in chunks:
            pass


class Parser(Protocol):
    """Reads the events of one answer."""

    def parse(self, event: Event, /) -> ChatGenerationChunk | None:
        """Return what an event adds to the answer, if anything."""

    def rest(self) -> ChatGenerationChunk | None:
        """Return what was held back, if anything."""


def pieces(
    events: Events, parser: Parser
) -> Generator[ChatGenerationChunk, None, None]:
    """Yield what events add to the answer."""
    with events:
        for event in events:
            piece = parser.parse(event)
            if piece is not None:
                yield piece
        if rest := parser.rest():
            yield rest


async def apieces(
    events: AsyncEvents, parser: Parser
) -> AsyncGenerator[ChatGenerationChunk, None]:
    """Yield what events add to the answer; see `pieces`."""
    async with events:
        async for event in events:
            piece = parser.parse(event)
            if piece is not None:
                yield piece
        if rest := parser.rest():
            yield rest


def within(
    guard: AbstractContextManager[Any], begin: Callable[[], Iterator[Piece]]
) -> Generator[Piece, None, None]:
    """Begin to read and yield pieces, all of it within a context."""
    with guard:
        yield from begin()


async def awithin(
    guard: AbstractContextManager[Any],
    begin: Callable[[], Awaitable[AsyncGenerator[Piece, None]]],
) -> AsyncGenerator[Piece, None]:
    """Begin to read and yield pieces; see `within`."""
    with guard:
        async with owned(await begin()) as found:
            async for piece in found:
                yield piece
