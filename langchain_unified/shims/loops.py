"""An HTTP transport that any number of event loops can share.

Connections belong to the event loop that opened them, so one asynchronous client used
from two loops (`asyncio.run` twice, a notebook and a thread) breaks. This transport
keeps one connection pool for each loop and closes it when the loop shuts down.
"""

from __future__ import annotations

import asyncio
import weakref
from collections.abc import AsyncGenerator, Callable
from types import ModuleType
from typing import Any

Make = Callable[[], Any]


def shared_transport(http: ModuleType, make_async: Make, make_sync: Make) -> Any:
    """Return a transport for `httpx.Client`, `httpx.AsyncClient`, or httpx2's.

    Args:
        http: The module `httpx` or `httpx2`.
        make_async: Returns a new asynchronous transport.
        make_sync: Returns a new synchronous transport.

    Returns:
        A transport that is both; pass it as `mounts={"all://": transport}` so that
        proxies named in the environment keep their precedence.
    """
    bases = (_SharedTransport, http.BaseTransport, http.AsyncBaseTransport)
    return type("SharedTransport", bases, {})(make_async, make_sync)


class _SharedTransport:
    def __init__(self, make_async: Make, make_sync: Make) -> None:
        self._make_async, self._make_sync = make_async, make_sync
        self._sync: Any = None
        self._pools: weakref.WeakKeyDictionary[Any, Any] = weakref.WeakKeyDictionary()
        self._guards: weakref.WeakKeyDictionary[Any, Any] = weakref.WeakKeyDictionary()

    def handle_request(self, request: Any) -> Any:
        if self._sync is None:
            self._sync = self._make_sync()
        return self._sync.handle_request(request)

    async def handle_async_request(self, request: Any) -> Any:
        loop = asyncio.get_running_loop()
        pool = self._pools.get(loop)
        if pool is None:
            pool = self._pools[loop] = self._make_async()
            guard = self._guards[loop] = self._close_with_loop(pool)
            await anext(guard)
        return await pool.handle_async_request(request)

    async def _close_with_loop(self, pool: Any) -> AsyncGenerator[None, None]:
        """Wait to be closed: a loop closes its open async generators at shutdown."""
        try:
            yield
        finally:
            await pool.aclose()

    def close(self) -> None:
        if self._sync is not None:
            self._sync.close()

    async def aclose(self) -> None:
        guard = self._guards.pop(asyncio.get_running_loop(), None)
        if guard is not None:
            await guard.aclose()
