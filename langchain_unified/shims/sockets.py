"""Fewer system calls for each request than the HTTP library makes.

A pool asks every idle connection before every request. httpcore2 2.x collects all
attributes of an asynchronous socket each time, system calls included, to find the one
it wants; with 64 calls in flight that is a fifth of the time. Here the socket is looked
up once. And httpcore sends the head of a request before its body, each in a packet of
its own that wakes the other side; here they travel together.
"""

from __future__ import annotations

import select
from typing import Any


def quickened(transport: Any) -> Any:
    """Let the connections of an HTTP transport work with fewer system calls.

    Args:
        transport: A transport of httpx or httpx2; one of unknown make stays as it is.
    """
    pool = getattr(transport, "_pool", None)
    backend = getattr(pool, "_network_backend", None)
    if backend is not None:
        is_async = hasattr(transport, "handle_async_request")
        kind = _AsyncBackend if is_async else _Backend
        pool._network_backend = kind(backend)  # type: ignore[union-attr]  # noqa: SLF001
    return transport


class _Backend:
    """Opens connections as another backend does, and quickens them."""

    def __init__(self, backend: Any) -> None:
        self._backend = backend

    def connect_tcp(self, *args: Any, **kwargs: Any) -> Any:
        return _quick(self._backend.connect_tcp(*args, **kwargs))

    def connect_unix_socket(self, *args: Any, **kwargs: Any) -> Any:
        return _quick(self._backend.connect_unix_socket(*args, **kwargs))

    def sleep(self, seconds: float) -> None:
        self._backend.sleep(seconds)


class _AsyncBackend:
    """Opens connections as another backend does, and quickens them."""

    def __init__(self, backend: Any) -> None:
        self._backend = backend

    async def connect_tcp(self, *args: Any, **kwargs: Any) -> Any:
        return _aquick(await self._backend.connect_tcp(*args, **kwargs))

    async def connect_unix_socket(self, *args: Any, **kwargs: Any) -> Any:
        return _aquick(await self._backend.connect_unix_socket(*args, **kwargs))

    async def sleep(self, seconds: float) -> None:
        await self._backend.sleep(seconds)


class _Head:
    """The head of a request, held back until its body is written."""

    __slots__ = ("_begun", "_held")

    def __init__(self) -> None:
        self._begun, self._held = False, b""

    def joined(self, data: bytes) -> bytes:
        """Return what is to be written now."""
        if not self._begun:
            self._begun, self._held = True, data
            return b""
        held, self._held = self._held, b""
        return held + data if held else data

    def rest(self) -> bytes:
        """Return what is to be written before the answer is read."""
        self._begun = False
        held, self._held = self._held, b""
        return held


def _quick(stream: Any) -> Any:
    """Shadow the methods of a stream that write and read."""
    head, write, read = _Head(), stream.write, stream.read
    start_tls = stream.start_tls

    def write_together(buffer: bytes, timeout: float | None = None) -> None:
        if data := head.joined(buffer):
            write(data, timeout)

    def read_after(max_bytes: int, timeout: float | None = None) -> bytes:
        if data := head.rest():
            write(data, timeout)
        found: bytes = read(max_bytes, timeout)
        return found

    def start_tls_quickly(*args: Any, **kwargs: Any) -> Any:
        return _quick(start_tls(*args, **kwargs))

    stream.write, stream.read = write_together, read_after
    stream.start_tls = start_tls_quickly
    return stream


def _aquick(stream: Any) -> Any:
    """Shadow the methods of a stream that write, read, and tell whether it lives."""
    head, write, read = _Head(), stream.write, stream.read
    socket, look_up = stream.get_extra_info("socket"), stream.get_extra_info
    start_tls = stream.start_tls

    async def write_together(buffer: bytes, timeout: float | None = None) -> None:
        if data := head.joined(buffer):
            await write(data, timeout)

    async def read_after(max_bytes: int, timeout: float | None = None) -> bytes:
        if data := head.rest():
            await write(data, timeout)
        found: bytes = await read(max_bytes, timeout)
        return found

    def get_extra_info(info: str) -> Any:
        return _readable(socket) if info == "is_readable" else look_up(info)

    async def start_tls_quickly(*args: Any, **kwargs: Any) -> Any:
        return _aquick(await start_tls(*args, **kwargs))

    if socket is not None and hasattr(select, "poll"):
        stream.get_extra_info = get_extra_info
    stream.write, stream.read = write_together, read_after
    stream.start_tls = start_tls_quickly
    return stream


def _readable(socket: Any) -> bool:
    """An idle connection with something to read was closed by the server."""
    descriptor = socket.fileno()
    if descriptor < 0:
        return True
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return bool(poll.poll(0))
