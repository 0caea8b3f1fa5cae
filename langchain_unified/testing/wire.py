"""Reading HTTP/1.1 requests from a stream and writing replies to one."""

from __future__ import annotations

import asyncio
import socket
import struct
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, unquote, urlsplit

if TYPE_CHECKING:
    from asyncio import StreamReader, StreamWriter
    from collections.abc import Mapping, Sequence

HEAD_LIMIT = 1 << 17
BODY_LIMIT = 1 << 27


class BadRequestError(Exception):
    """A request that cannot be read as HTTP/1.1."""

    def __init__(self, status: int, reason: str) -> None:
        """Keep the status to answer with."""
        super().__init__(reason)
        self.status = status


@dataclass(frozen=True)
class HttpRequest:
    """One request as it arrived."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    raw: bytes
    keep_alive: bool
    connection: int = 0


@dataclass
class HttpReply:
    """One reply as it will be sent.

    `chunks` replaces `body` for a streamed reply. `cut_after` counts body bytes, after
    which the connection is reset; `keep_chunks` ends the stream early but cleanly.
    """

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    chunks: Sequence[bytes] | None = None
    delay: float = 0.0
    chunk_delay: float = 0.0
    cut_after: int | None = None
    keep_chunks: int | None = None
    hang: bool = False


def lists_googles_models(request: HttpRequest) -> bool:
    """Tell whether a request for `/v1/models` is for Google, by its key alone."""
    keys = request.headers
    by_key = "x-goog-api-key" in keys and "authorization" not in keys
    return by_key and request.path.startswith("/v1/models")


async def read_request(reader: StreamReader, connection: int) -> HttpRequest | None:
    """Read one request, or None when the peer closed the connection."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError as error:
        if error.partial.strip():
            raise BadRequestError(400, "truncated request head") from error
        return None
    except asyncio.LimitOverrunError as error:
        raise BadRequestError(431, "request head too large") from error
    method, target, version, headers = _parse_head(head)
    raw = await _read_body(reader, headers)
    parts = urlsplit(target)
    return HttpRequest(
        method=method,
        path=unquote(parts.path),
        query=dict(parse_qsl(parts.query, keep_blank_values=True)),
        headers=headers,
        raw=raw,
        keep_alive=_keeps_alive(version, headers),
        connection=connection,
    )


async def write_reply(
    writer: StreamWriter, reply: HttpReply, *, keep_alive: bool
) -> bool:
    """Send a reply and tell whether the connection can be used again."""
    if reply.delay:
        await asyncio.sleep(reply.delay)
    if reply.hang:
        await asyncio.Event().wait()
    pieces = _framed(reply)
    writer.write(_head(reply, keep_alive=keep_alive))
    if reply.cut_after is not None:
        await _write_and_reset(writer, pieces, reply)
    elif reply.chunk_delay:
        await _drip(writer, pieces, reply.chunk_delay)
    else:
        writer.write(b"".join(frame for frame, _ in pieces))
        await writer.drain()
    return keep_alive and reply.cut_after is None


def _parse_head(head: bytes) -> tuple[str, str, str, dict[str, str]]:
    lines = head.decode("latin-1").lstrip("\r\n").split("\r\n")
    parts = lines[0].split(" ")
    if len(parts) != 3 or not parts[2].startswith("HTTP/1."):  # noqa: PLR2004
        raise BadRequestError(400, "malformed request line")
    headers: dict[str, str] = {}
    for line in lines[1:]:
        if not line:
            continue
        name, colon, value = line.partition(":")
        if not colon or name != name.strip():
            raise BadRequestError(400, "malformed header")
        headers[name.lower()] = value.strip()
    return parts[0], parts[1], parts[2], headers


def _keeps_alive(version: str, headers: Mapping[str, str]) -> bool:
    wish = headers.get("connection", "").lower()
    return "close" not in wish and (version != "HTTP/1.0" or "keep-alive" in wish)


async def _read_body(reader: StreamReader, headers: Mapping[str, str]) -> bytes:
    try:
        if "chunked" in headers.get("transfer-encoding", "").lower():
            return await _read_chunked(reader)
        length = int(headers.get("content-length", "0"))
        _check_size(length)
        return await reader.readexactly(length) if length else b""
    except (ValueError, asyncio.IncompleteReadError) as error:
        raise BadRequestError(400, "malformed body") from error


async def _read_chunked(reader: StreamReader) -> bytes:
    body = bytearray()
    while True:
        size = int((await reader.readuntil(b"\r\n")).split(b";")[0], 16)
        _check_size(len(body) + size)
        if not size:
            while await reader.readuntil(b"\r\n") != b"\r\n":
                pass
            return bytes(body)
        body += await reader.readexactly(size)
        await reader.readexactly(2)


def _check_size(length: int) -> None:
    if length < 0:
        raise BadRequestError(400, "negative length")
    if length > BODY_LIMIT:
        raise BadRequestError(413, "request body too large")


def _head(reply: HttpReply, *, keep_alive: bool) -> bytes:
    framing = (
        f"content-length: {len(reply.body)}"
        if reply.chunks is None
        else "transfer-encoding: chunked"
    )
    own = {name.lower() for name in reply.headers}
    lines = [f"HTTP/1.1 {reply.status} {_phrase(reply.status)}"]
    lines += [f"{name}: {value}" for name, value in reply.headers.items()]
    if "content-length" not in own:
        lines.append(framing)
    lines.append(f"connection: {'keep-alive' if keep_alive else 'close'}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"


def _framed(reply: HttpReply) -> list[tuple[bytes, int]]:
    """Pair every frame with the number of body bytes it carries."""
    if reply.chunks is None:
        return [(reply.body, len(reply.body))]
    kept = [chunk for chunk in reply.chunks[: reply.keep_chunks] if chunk]
    frames = [(b"%x\r\n%b\r\n" % (len(chunk), chunk), len(chunk)) for chunk in kept]
    return [*frames, (b"0\r\n\r\n", 0)]


async def _drip(
    writer: StreamWriter, pieces: list[tuple[bytes, int]], pause: float
) -> None:
    for frame, size in pieces:
        writer.write(frame)
        await writer.drain()
        if size:
            await asyncio.sleep(pause)


async def _write_and_reset(
    writer: StreamWriter, pieces: list[tuple[bytes, int]], reply: HttpReply
) -> None:
    left = reply.cut_after or 0
    writer.transport.set_write_buffer_limits(high=0)
    for frame, size in pieces:
        if size >= left:
            writer.write(_cut_frame(frame, left, chunked=reply.chunks is not None))
            break
        writer.write(frame)
        left -= size
        if reply.chunk_delay:
            await writer.drain()
            await asyncio.sleep(reply.chunk_delay)
    await writer.drain()
    reset(writer)


def _cut_frame(frame: bytes, left: int, *, chunked: bool) -> bytes:
    if not chunked:
        return frame[:left]
    head = frame.index(b"\r\n") + 2
    return frame[: head + left] if left else b""


def reset(writer: StreamWriter) -> None:
    """Close a connection so that the peer sees a reset."""
    peer = writer.get_extra_info("socket")
    if peer is not None:
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
