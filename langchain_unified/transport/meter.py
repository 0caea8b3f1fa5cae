"""What the body of a response takes up, counted before anybody decodes it."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from typing import Protocol

from langchain_unified.errors import MalformedResponseError
from langchain_unified.reliability.limits import limits

ENCODINGS = frozenset({"", "identity", "gzip"})
"""Content encodings that are taken. The decoders of HTTP libraries expand a whole
network read at once: with zstd, Brotli or several encodings in a row 64 KiB become
gigabytes (httpx 0.28.1 `_decoders.py`, read 2026-11-23)."""

ASKED = "gzip"
"""The `accept-encoding` of requests."""

_FIRST_ERROR = 400
_PIECE = 1 << 16
_GZIP = zlib.MAX_WBITS | 16
_STREAMS = ("text/event-stream", "application/x-ndjson", "application/stream+json")


class _Inflater(Protocol):
    """What `zlib.decompressobj` returns; its class has no public name."""

    @property
    def unconsumed_tail(self) -> bytes: ...

    def decompress(self, data: bytes, max_length: int, /) -> bytes: ...


class Meter:
    """Counts the decoded bytes of one body.

    Args:
        status: HTTP status of the response.
        headers: Its headers, by lower-case name.

    Raises:
        MalformedResponseError: If the body is encoded in a way not asked for.
    """

    __slots__ = (
        "_inflater",
        "_is_error",
        "_is_stream",
        "_line",
        "_longest",
        "_most",
        "_size",
    )

    def __init__(self, status: int, headers: Mapping[str, str]) -> None:
        """Read from the headers what kind of body it is."""
        encoding = headers.get("content-encoding", "").strip().lower()
        if encoding not in ENCODINGS:
            message = f"The answer is encoded as {encoding!r}, which was not asked for."
            raise _refused(message)
        self._inflater = zlib.decompressobj(_GZIP) if encoding == "gzip" else None
        self._is_error = status >= _FIRST_ERROR
        self._is_stream = headers.get("content-type", "").startswith(_STREAMS)
        self._size = self._line = 0
        bounds = limits()
        self._longest = bounds.event_bytes
        if self._is_error:
            self._most = bounds.error_bytes
        else:
            self._most = bounds.stream_bytes if self._is_stream else bounds.body_bytes

    def takes(self, chunk: bytes) -> bool:
        """Count a chunk as it came from the network.

        Returns:
            Whether to go on. The body of an error is cut, so that its status still
            tells what happened.

        Raises:
            MalformedResponseError: If an answer, or one event of it, is too large.
        """
        if self._inflater is None:
            self._count(chunk)
        else:
            self._inflate(self._inflater, chunk)
        if self._size <= self._most:
            return True
        if self._is_error:
            return False
        raise _too_large("stream" if self._is_stream else "answer", self._most)

    def _inflate(self, inflater: _Inflater, chunk: bytes) -> None:
        """Count what a compressed chunk expands to, a piece at a time."""
        try:
            while chunk and self._size <= self._most:
                self._count(inflater.decompress(chunk, _PIECE))
                chunk = inflater.unconsumed_tail
        except zlib.error:
            self._size += len(chunk)

    def _count(self, decoded: bytes) -> None:
        self._size += len(decoded)
        if not self._is_stream:
            return
        end = decoded.rfind(b"\n")
        self._line = self._line + len(decoded) if end < 0 else len(decoded) - end - 1
        if self._line > self._longest:
            raise _too_large("event", self._longest)


def _too_large(what: str, most: int) -> MalformedResponseError:
    return _refused(f"The {what} is too large: of its bytes at most {most} are read.")


def _refused(message: str) -> MalformedResponseError:
    error = MalformedResponseError(message)
    error.is_retryable = False
    return error
