"""The events of one streamed answer, and the connection they come over."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Generator, Iterator, Mapping
from types import TracebackType
from typing import Any

import anyio
from typing_extensions import Self

from langchain_unified.reliability.closing import Owned
from langchain_unified.shims.openai.reading import EventReader

_DRAIN_SECONDS = 0.1


class EventStream:
    """The events of one streamed answer.

    Iterating raises `openai.APIError` for an error the provider sends in mid-stream,
    `openai.APITimeoutError` and `openai.APIConnectionError` for a broken connection
    (an answer that ends too early included), and `MalformedResponseError` for events
    that are no JSON objects. Closing it early releases the connection.

    Attributes:
        headers: The response headers.
    """

    def __init__(self, response: Any, reader: EventReader) -> None:
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

    def __init__(self, response: Any, reader: EventReader) -> None:
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
            while (chunk := await reader.anext(chunks)) is not None:
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


async def _drain(chunks: AsyncIterator[bytes]) -> None:
    """Read the end of the body, so that the connection can be used again."""
    with anyio.move_on_after(_DRAIN_SECONDS):
        async for _ in chunks:
            pass
