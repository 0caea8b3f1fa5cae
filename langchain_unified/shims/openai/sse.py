"""An incremental decoder for server-sent events."""

from __future__ import annotations

from langchain_unified.errors import MalformedResponseError

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
        self._check(self._pending)

    def _decode(self, lines: list[bytes]) -> list[tuple[bytes, bytes]]:
        events = []
        for line in lines:
            if line:
                self._read(line)
            elif self._data:
                events.append((self._event, b"\n".join(self._data)))
                self._event, self._data, self._held = b"", [], 0
            else:
                self._event = b""
        return events

    def _read(self, line: bytes) -> None:
        name, _, value = line.partition(b":")
        if name == b"data":
            self._held += len(value)
            self._check(self._held)
            self._data.append(value[1:] if value[:1] == b" " else value)
        elif name == b"event":
            self._event = value.strip()

    def _check(self, size: int) -> None:
        if size > self._max_line:
            message = f"an event of the stream is larger than {self._max_line} bytes"
            raise MalformedResponseError(message)
