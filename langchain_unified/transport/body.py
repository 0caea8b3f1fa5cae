"""The body of a response, decoded, counted and timed as it comes from the network.

The decoders of HTTP libraries expand a whole network read at once: with zstd, Brotli or
several encodings in a row 64 KiB become gigabytes (httpx 0.28.1 `_decoders.py`, read
2026-11-23). Here no step makes more than `_PIECE` bytes before they are counted.
"""

from __future__ import annotations

import time
import zlib
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from contextlib import suppress
from types import ModuleType
from typing import Any, Protocol

from langchain_unified.errors import MalformedResponseError
from langchain_unified.reliability.exchange import Exchange
from langchain_unified.reliability.limits import InForce
from langchain_unified.transport.packages import failures, translated

ASKED = "gzip"
"""The `accept-encoding` of requests."""

_ERROR_SECONDS = 3.0
"""Longest silence in the body of an error that is tried again for its status."""

_LONGEST_ERROR = 20.0
"""Longest time the body of any error is read."""

_FIRST_ERROR, _SERVER_ERROR = 400, 500
_RETRIED = frozenset({408, 409, 429})
_PIECE = 1 << 16
_MOST_ENCODINGS = 4
_STREAMS = ("text/event-stream", "application/x-ndjson", "application/stream+json")


class _Inflater(Protocol):
    """What `zlib.decompressobj` returns; its class has no public name."""

    @property
    def unconsumed_tail(self) -> bytes: ...

    def decompress(self, data: bytes, max_length: int, /) -> bytes: ...


class Body:
    """A response body, read within the limits and released with its exchange.

    The body of an error ends where it is too much, and where it breaks off if the SDKs
    try again for its status alone, without reading it.

    Args:
        request: What was sent; how long its connection waits may be shortened.
        response: The response whose stream is read. The encoding is taken out of its
            headers, so that nobody decodes the body again; one that we do not know is
            taken for a mistake of the server, as HTTP libraries do.
        exchange: The exchange it belongs to.
        is_answer: Whether it is what was asked for, and no redirect.
    """

    http: ModuleType

    __slots__ = (
        "_exchange",
        "_forgiven",
        "_inflaters",
        "_is_answer",
        "_is_stream",
        "_line",
        "_longest",
        "_most",
        "_size",
        "_stream",
        "_until",
        "is_closed",
    )

    def __init__(
        self, request: Any, response: Any, exchange: Exchange, *, is_answer: bool
    ) -> None:
        """Read from status and headers what kind of body it is."""
        self._stream, self._exchange = response.stream, exchange
        self._is_answer, self.is_closed = is_answer, False
        exchange.kept.append(self)
        headers = response.headers
        encoded = "content-encoding" in headers
        self._inflaters = _inflaters(headers.pop("content-encoding")) if encoded else ()
        self._is_stream = headers.get("content-type", "").startswith(_STREAMS)
        self._size = self._line = 0
        bounds = exchange.runtime[InForce].limits
        self._longest = bounds.event_bytes
        self._most = bounds.stream_bytes if self._is_stream else bounds.body_bytes
        self._until: float | None = None
        self._forgiven: tuple[type[Exception], ...] = ()
        if response.status_code >= _FIRST_ERROR:
            self._expect_error(request, response.status_code)

    def _expect_error(self, request: Any, status: int) -> None:
        """Read less, and not for long."""
        self._most = self._exchange.runtime[InForce].limits.error_bytes
        self._until = time.monotonic() + _LONGEST_ERROR
        self._forgiven = (MalformedResponseError,)
        if status >= _SERVER_ERROR or status in _RETRIED:
            self._forgiven = (MalformedResponseError, self.http.HTTPError)
            waits = request.extensions["timeout"]  # read when the body is begun
            waits["read"] = min(waits["read"], _ERROR_SECONDS)

    def __iter__(self) -> Iterator[bytes]:
        """Yield what the network gives, decoded."""
        with suppress(*self._forgiven):
            try:
                for chunk in self._stream:
                    yield from self._read(chunk)
            except failures(self.http) as error:
                raise translated(error, self.http) from error

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """Yield what the network gives, decoded."""
        with suppress(*self._forgiven):
            try:
                async for chunk in self._stream:
                    for part in self._read(chunk):
                        yield part
            except failures(self.http) as error:
                raise translated(error, self.http) from error

    def close(self) -> None:
        """Release the connection."""
        self.is_closed = True
        if hasattr(self._stream, "close"):  # httpcore's own bytes have none
            self._stream.close()

    async def aclose(self) -> None:
        """Release the connection."""
        self.is_closed = True
        if hasattr(self._stream, "aclose"):
            await self._stream.aclose()

    def _read(self, chunk: bytes) -> Iterable[bytes]:
        """Return what a chunk from the network says.

        Raises:
            MalformedResponseError: If the body, or one event of it, is too large, or
                the body of an error takes too long.
            ProviderTimeoutError: If the deadline of the call has passed.
        """
        if self._exchange.deadline is not None:
            self._exchange.check()
        if self._until is not None and time.monotonic() > self._until:
            message = "Reading the body of the error took too long."
            raise _refused(message)
        if self._inflaters:
            return self._decoded(chunk, self._inflaters)
        self._count(chunk)
        return (chunk,)

    def _decoded(self, chunk: bytes, inflaters: Sequence[_Inflater]) -> Iterator[bytes]:
        if not inflaters:
            self._count(chunk)
            yield chunk
            return
        *rest, last = inflaters
        while chunk:
            try:
                piece = last.decompress(chunk, _PIECE)
            except zlib.error as error:
                raise self.http.DecodingError(str(error)) from error
            chunk = last.unconsumed_tail
            yield from self._decoded(piece, rest)

    def _count(self, decoded: bytes) -> None:
        """Count bytes of the body; the first are kept to be quoted."""
        self._size += len(decoded)
        if self._size > self._most:
            raise _too_large("stream" if self._is_stream else "answer", self._most)
        if self._is_stream:
            end = decoded.rfind(b"\n")
            more = len(decoded)
            self._line = self._line + more if end < 0 else more - end - 1
            if self._line > self._longest:
                raise _too_large("event", self._longest)
        if self._is_answer and not self._exchange.answered:
            self._exchange.begin(decoded)


class _Deflate:
    """Deflate with the header of zlib, or without, as some servers send it."""

    def __init__(self) -> None:
        self._inflater: _Inflater = zlib.decompressobj()
        self._begun = False

    @property
    def unconsumed_tail(self) -> bytes:
        return self._inflater.unconsumed_tail

    def decompress(self, data: bytes, max_length: int, /) -> bytes:
        begun, self._begun = self._begun, True
        try:
            return self._inflater.decompress(data, max_length)
        except zlib.error:
            if begun:
                raise
        self._inflater = zlib.decompressobj(-zlib.MAX_WBITS)
        return self._inflater.decompress(data, max_length)


def _inflaters(encodings: str) -> list[_Inflater]:
    """Return what decodes a body, the encoding applied first at the front."""
    names = [name.strip().lower() for name in encodings.split(",")]
    known = [name for name in names if name in {"gzip", "deflate"}]
    known = known if len(known) <= _MOST_ENCODINGS else []
    gzip = zlib.MAX_WBITS | 16
    return [zlib.decompressobj(gzip) if n == "gzip" else _Deflate() for n in known]


def _too_large(what: str, most: int) -> MalformedResponseError:
    return _refused(f"The {what} exceeds the limit of {most} bytes.")


def _refused(message: str) -> MalformedResponseError:
    error = MalformedResponseError(message)
    error.is_retryable = False
    return error
