"""Network backends that make fewer system calls than httpcore's own.

A pool asks every idle connection before every request. httpcore2 2.x collects all
attributes of an asynchronous socket each time, system calls included, to find the one
it wants; with 64 calls in flight that is a fifth of the time (measured 2026-11-26).
Here the socket is looked up once. And httpcore sends the head of a request before its
body, each in a packet of its own that wakes the other side; here they travel together.
"""

from __future__ import annotations

import select
from types import ModuleType
from typing import Any


def backend(core: ModuleType, *, is_async: bool) -> Any:
    """Return a backend for the connection pools of httpcore.

    Args:
        core: The module `httpcore` or `httpcore2`.
        is_async: Whether it is for asynchronous pools.
    """
    if is_async:
        return _AsyncBackend(core.AnyIOBackend())
    return _Backend(core.SyncBackend())


class _Backend:
    """Opens connections as another backend does."""

    def __init__(self, backend: Any) -> None:
        self._backend = backend

    def connect_tcp(self, *args: Any, **kwargs: Any) -> Any:
        return _Stream(self._backend.connect_tcp(*args, **kwargs))

    def connect_unix_socket(self, *args: Any, **kwargs: Any) -> Any:
        return _Stream(self._backend.connect_unix_socket(*args, **kwargs))

    def sleep(self, seconds: float) -> None:
        self._backend.sleep(seconds)


class _AsyncBackend:
    """Opens connections as another backend does."""

    def __init__(self, backend: Any) -> None:
        self._backend = backend

    async def connect_tcp(self, *args: Any, **kwargs: Any) -> Any:
        return _AsyncStream(await self._backend.connect_tcp(*args, **kwargs))

    async def connect_unix_socket(self, *args: Any, **kwargs: Any) -> Any:
        return _AsyncStream(await self._backend.connect_unix_socket(*args, **kwargs))

    async def sleep(self, seconds: float) -> None:
        await self._backend.sleep(seconds)


class _Stream:
    """A connection that sends the head of a request with its body.

    The first piece written after an answer is held back until the next.
    """

    def __init__(self, stream: Any) -> None:
        self._stream, self._begun, self._held = stream, False, b""
        self.get_extra_info, self.close = stream.get_extra_info, stream.close

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        if not self._begun:
            self._begun, self._held = True, buffer
            return
        held, self._held = self._held, b""
        if held or buffer:
            self._stream.write(held + buffer, timeout)

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        self._begun = False
        if self._held:
            held, self._held = self._held, b""
            self._stream.write(held, timeout)
        found: bytes = self._stream.read(max_bytes, timeout)
        return found

    def start_tls(self, *args: Any, **kwargs: Any) -> Any:
        return _Stream(self._stream.start_tls(*args, **kwargs))


class _AsyncStream:
    """A connection that sends head and body together and knows its socket."""

    def __init__(self, stream: Any) -> None:
        self._stream, self._begun, self._held = stream, False, b""
        self._look_up, self.aclose = stream.get_extra_info, stream.aclose
        self._socket = self._look_up("socket")

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        if not self._begun:
            self._begun, self._held = True, buffer
            return
        held, self._held = self._held, b""
        if held or buffer:
            await self._stream.write(held + buffer, timeout)

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        self._begun = False
        if self._held:
            held, self._held = self._held, b""
            await self._stream.write(held, timeout)
        found: bytes = await self._stream.read(max_bytes, timeout)
        return found

    async def start_tls(self, *args: Any, **kwargs: Any) -> Any:
        return _AsyncStream(await self._stream.start_tls(*args, **kwargs))

    def get_extra_info(self, info: str) -> Any:
        if info == "is_readable" and self._socket is not None and _CAN_POLL:
            return _readable(self._socket)
        return self._look_up(info)


_CAN_POLL = hasattr(select, "poll")


def _readable(socket: Any) -> bool:
    """An idle connection with something to read was closed by the server."""
    descriptor = socket.fileno()
    if descriptor < 0:
        return True
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return bool(poll.poll(0))
