"""A stream whose events carry what the parser made of them.

`ChatOpenAI` converts each chunk by itself; a stream of another make is read right only
by somebody who remembers what came before.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Generator, Iterator
from types import TracebackType
from typing import Any

from langchain_core.outputs import ChatGenerationChunk
from typing_extensions import Self

from langchain_unified.shims.openai.chat_stream import ChatStreamParser
from langchain_unified.shims.openai.hooks import AsyncHookedStream, HookedStream
from langchain_unified.shims.openai.streams import AsyncEventStream, EventStream


class ParsedEvent(dict[str, Any]):
    """An event that has been read.

    Attributes:
        piece: What it adds to the answer, if anything.
    """

    __slots__ = ("piece",)

    def __init__(self, piece: ChatGenerationChunk | None) -> None:
        """Keep what was read; the event itself is no longer needed."""
        super().__init__()
        self.piece = piece


class ParsedStream:
    """The events of a chat stream, read one after the other."""

    def __init__(self, events: EventStream | HookedStream) -> None:
        """Take over an open stream."""
        self._events = events
        self._parsed = self._read()

    def __iter__(self) -> Iterator[ParsedEvent]:
        """Return the iterator of the events."""
        return self._parsed

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
        self._parsed.close()
        self._events.close()

    def _read(self) -> Generator[ParsedEvent, None, None]:
        parser = ChatStreamParser()
        for event in self._events:
            yield ParsedEvent(parser.parse(event))
        if rest := parser.rest():
            yield ParsedEvent(rest)


class AsyncParsedStream:
    """The events of a chat stream, read one after the other; see `ParsedStream`."""

    def __init__(self, events: AsyncEventStream | AsyncHookedStream) -> None:
        """Take over an open stream."""
        self._events = events
        self._parsed = self._read()

    def __aiter__(self) -> AsyncIterator[ParsedEvent]:
        """Return the iterator of the events."""
        return self._parsed

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
        await self._parsed.aclose()
        await self._events.aclose()

    async def _read(self) -> AsyncGenerator[ParsedEvent, None]:
        parser = ChatStreamParser()
        async for event in self._events:
            yield ParsedEvent(parser.parse(event))
        if rest := parser.rest():
            yield ParsedEvent(rest)
