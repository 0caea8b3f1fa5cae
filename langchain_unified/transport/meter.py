"""The body of a response, decoded and counted as it comes from the network.

The decoders of HTTP libraries expand a whole network read at once: with zstd, Brotli or
several encodings in a row 64 KiB become gigabytes (httpx 0.28.1 `_decoders.py`, read
2026-11-23). Here no step makes more than `_PIECE` bytes before they are counted.
"""

from __future__ import annotations

import time
import zlib
from collections.abc import Iterable, Iterator, MutableMapping, Sequence
from typing import Protocol

from langchain_unified.errors import MalformedResponseError
from langchain_unified.reliability.limits import limits

ASKED = "gzip"
"""The `accept-encoding` of requests."""

ERROR_SECONDS = 3.0
"""Longest silence in the body of an error that is tried again for its status."""

_LONGEST_ERROR = 20.0
"""Longest time the body of any error is read."""

_PIECE = 1 << 16
_MOST_ENCODINGS = 4
_STREAMS = ("text/event-stream", "application/x-ndjson", "application/stream+json")


class _Inflater(Protocol):
    """What `zlib.decompressobj` returns; its class has no public name."""

    @property
    def unconsumed_tail(self) -> bytes: ...

    def decompress(self, data: bytes, max_length: int, /) -> bytes: ...


class Meter:
    """Decodes one body and counts its bytes.

    Args:
        headers: Headers of the response. The encoding is taken out of them, so that
            nobody decodes the body again; one that we do not know is taken for a
            mistake of the server, as HTTP libraries do.
        undecodable: What to raise for a body that is not encoded as the headers say.
        is_error: Whether it is the body of an error.
    """

    __slots__ = (
        "_inflaters",
        "_is_stream",
        "_line",
        "_longest",
        "_most",
        "_size",
        "_undecodable",
        "_until",
    )

    def __init__(
        self,
        headers: MutableMapping[str, str],
        undecodable: type[Exception],
        *,
        is_error: bool,
    ) -> None:
        """Read from the headers what kind of body it is."""
        self._inflaters = _inflaters(headers.pop("content-encoding", ""))
        self._undecodable = undecodable
        self._is_stream = headers.get("content-type", "").startswith(_STREAMS)
        self._size = self._line = 0
        bounds = limits()
        self._longest = bounds.event_bytes
        self._most = bounds.stream_bytes if self._is_stream else bounds.body_bytes
        self._until: float | None = None
        if is_error:
            self._most = bounds.error_bytes
            self._until = time.monotonic() + _LONGEST_ERROR

    def read(self, chunk: bytes) -> Iterable[bytes]:
        """Return what a chunk from the network says.

        Raises:
            MalformedResponseError: If the body, or one event of it, is too large, or
                the body of an error takes too long.
        """
        if self._until is not None and time.monotonic() > self._until:
            message = "The body of the error took too long."
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
                raise self._undecodable(str(error)) from error
            chunk = last.unconsumed_tail
            yield from self._decoded(piece, rest)

    def _count(self, decoded: bytes) -> None:
        self._size += len(decoded)
        if self._size > self._most:
            raise _too_large("stream" if self._is_stream else "answer", self._most)
        if not self._is_stream:
            return
        end = decoded.rfind(b"\n")
        self._line = self._line + len(decoded) if end < 0 else len(decoded) - end - 1
        if self._line > self._longest:
            raise _too_large("event", self._longest)


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
    return _refused(f"The {what} is too large: of its bytes at most {most} are read.")


def _refused(message: str) -> MalformedResponseError:
    error = MalformedResponseError(message)
    error.is_retryable = False
    return error
