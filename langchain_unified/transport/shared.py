"""An HTTP transport that threads, event loops and forked processes can share.

Connections belong to the event loop that opened them, so one asynchronous client used
from two loops (`asyncio.run` twice, a notebook and a thread) breaks. This transport
keeps one connection pool for each loop and closes it when the loop shuts down. It also
starts anew in a forked process, reads no more than the limits allow, waits no longer
than the call may take, and follows no redirect to another host, which would get the
prompt.
"""

from __future__ import annotations

import asyncio
import threading
import weakref
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
from contextlib import suppress
from types import ModuleType
from typing import Any

from langchain_unified.errors import MalformedResponseError
from langchain_unified.reliability.exchange import current
from langchain_unified.reliability.limits import limits
from langchain_unified.runtime import renew_in_children
from langchain_unified.transport.meter import ASKED, ERROR_SECONDS, Meter
from langchain_unified.transport.redirects import (
    drop_keys_elsewhere,
    foreign_redirect,
    is_foreign_redirect,
    is_redirect,
)
from langchain_unified.transport.requests import check_headers

_CONNECT_SECONDS = 5.0
_FIRST_ERROR, _SERVER_ERROR = 400, 500
_RETRIED = frozenset({408, 409, 429})
_SHORTEST = 0.001
Make = Callable[[], Any]


def shared_transport(http: ModuleType, make_async: Make, make_sync: Make) -> Any:
    """Return a transport for `httpx.Client`, `httpx.AsyncClient`, or httpx2's.

    Args:
        http: The module `httpx` or `httpx2`.
        make_async: Returns a new asynchronous transport.
        make_sync: Returns a new synchronous transport.

    Returns:
        A transport that is both.
    """
    bases = (_SharedTransport, http.BaseTransport, http.AsyncBaseTransport)
    streams = (_WatchedStream, http.SyncByteStream, http.AsyncByteStream)
    watched = type("WatchedStream", streams, {"http": http})
    return type("SharedTransport", bases, {})(make_async, make_sync, watched)


class _SharedTransport:
    def __init__(self, make_async: Make, make_sync: Make, watched: Any) -> None:
        self._make_async, self._make_sync = make_async, make_sync
        self._watched = watched
        self.renew()
        renew_in_children(self)

    def renew(self) -> None:
        """Start with no connection."""
        self._sync: Any = None
        self._making = threading.Lock()
        self._pools: weakref.WeakKeyDictionary[Any, Any] = weakref.WeakKeyDictionary()
        self._guards: weakref.WeakKeyDictionary[Any, Any] = weakref.WeakKeyDictionary()

    def handle_request(self, request: Any) -> Any:
        _prepare(request)
        response = self._sync_pool().handle_request(request)
        response.stream = self._watched(request, response)
        if is_foreign_redirect(request, response):
            response.stream.close()
            raise foreign_redirect(request, response)
        return response

    async def handle_async_request(self, request: Any) -> Any:
        loop = asyncio.get_running_loop()
        pool = self._pools.get(loop)
        if pool is None:
            pool = self._pools[loop] = self._make_async()
            guard = self._guards[loop] = self._close_with_loop(pool)
            await anext(guard)
        _prepare(request)
        response = await pool.handle_async_request(request)
        response.stream = self._watched(request, response)
        if is_foreign_redirect(request, response):
            await response.stream.aclose()
            raise foreign_redirect(request, response)
        return response

    def _sync_pool(self) -> Any:
        """Return the pool of all threads; nobody would close a second one."""
        if (pool := self._sync) is not None:
            return pool
        with self._making:
            if self._sync is None:
                self._sync = self._make_sync()
            return self._sync

    async def _close_with_loop(self, pool: Any) -> AsyncGenerator[None, None]:
        """Wait to be closed: a loop closes its open async generators at shutdown."""
        try:
            yield
        finally:
            await pool.aclose()

    def close(self) -> None:
        if self._sync is not None:
            self._sync.close()
            self._sync = None

    async def aclose(self) -> None:
        loop = asyncio.get_running_loop()
        self._pools.pop(loop, None)
        guard = self._guards.pop(loop, None)
        if guard is not None:
            await guard.aclose()


class _WatchedStream:
    """A response body, read within the limits and released with its exchange.

    The body of an error ends where it is too much, and where it breaks off if the SDKs
    try again for its status alone, without reading it.
    """

    http: ModuleType

    def __init__(self, request: Any, response: Any) -> None:
        self._stream = response.stream
        self._exchange = current()
        self._exchange.keep(self)
        self._is_answer = not is_redirect(response)
        self._forgiven: tuple[type[Exception], ...] = ()
        status = response.status_code
        if status >= _FIRST_ERROR:
            self._forgiven = (MalformedResponseError,)
        if status >= _SERVER_ERROR or status in _RETRIED:
            self._forgiven = (MalformedResponseError, self.http.HTTPError)
            waits = request.extensions["timeout"]  # read when the body is begun
            waits["read"] = min(waits["read"], ERROR_SECONDS)
        kind = self.http.DecodingError
        self._meter = Meter(response.headers, kind, is_error=status >= _FIRST_ERROR)

    def __iter__(self) -> Iterator[bytes]:
        with suppress(*self._forgiven):
            for chunk in self._stream:
                self._exchange.check()
                for part in self._meter.read(chunk):
                    if self._is_answer and not self._exchange.answered:
                        self._exchange.begin(part)
                    yield part

    async def __aiter__(self) -> AsyncIterator[bytes]:
        with suppress(*self._forgiven):
            async for chunk in self._stream:
                self._exchange.check()
                for part in self._meter.read(chunk):
                    if self._is_answer and not self._exchange.answered:
                        self._exchange.begin(part)
                    yield part

    def close(self) -> None:
        self._stream.close()

    async def aclose(self) -> None:
        await self._stream.aclose()


def _prepare(request: Any) -> None:
    """Ask for encodings that can be bounded, and wait no longer than is allowed."""
    request.headers["accept-encoding"] = ASKED
    drop_keys_elsewhere(request)
    check_headers(request)
    _set_patience(request)


def _set_patience(request: Any) -> None:
    """Wait for bytes no longer than the call may take, and never for ever."""
    timeouts = request.extensions.setdefault("timeout", {})
    patience = current().patience(streamed=b"stream" in request.url.raw_path)
    allowed = limits().silence if patience is None else max(patience, _SHORTEST)
    for phase in ("connect", "read", "write", "pool"):
        usual = _CONNECT_SECONDS if phase == "connect" else allowed
        if timeouts.get(phase) is None:
            timeouts[phase] = min(usual, allowed)
        else:
            timeouts[phase] = min(timeouts[phase], allowed)
