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
import re
import threading
import weakref
from collections.abc import AsyncGenerator, Callable
from functools import lru_cache
from pathlib import Path
from types import FunctionType, ModuleType, SimpleNamespace
from typing import Any

from langchain_unified.errors import ProviderConnectionError
from langchain_unified.reliability.exchange import Exchange, current
from langchain_unified.reliability.limits import InForce
from langchain_unified.runtime import renew_in_children
from langchain_unified.transport.body import ASKED, Body
from langchain_unified.transport.packages import core_of, failures, translated
from langchain_unified.transport.redirects import (
    REDIRECTS,
    drop_keys_elsewhere,
    foreign_redirect,
    is_foreign,
)

_CONNECT_SECONDS = 5.0
_SHORTEST = 0.001
_FIRST = "langchain_unified.first_url"

_NAME = re.compile(rb"[-!#$%&'*+.^_`|~0-9a-zA-Z]+")
_VALUE = re.compile(rb"(?:[^\0\s]+(?:[ \t]+[^\0\s]+)*)?")
"""What HTTP/1.1 allows. h11 0.16 says so of what it refuses with the whole value in
its message, which may be a key with a newline at its end (read 2026-11-27)."""


def shared_transport(http: ModuleType, make: Callable[..., Any]) -> Any:
    """Return a transport for `httpx.Client`, `httpx.AsyncClient`, or httpx2's.

    Args:
        http: The module `httpx` or `httpx2`.
        make: Returns a new pool of httpcore for `is_async=` and `is_tls=`.

    Returns:
        A transport that is both.
    """
    bases = (_SharedTransport, http.BaseTransport, http.AsyncBaseTransport)
    streams = (Body, http.SyncByteStream, http.AsyncByteStream)
    body = type("WatchedBody", streams, {"http": http})
    return type("SharedTransport", bases, {})(http, make, body)


class _SharedTransport:
    def __init__(self, http: ModuleType, make: Callable[..., Any], body: Any) -> None:
        self._http, self._make, self._body = http, make, body
        self._core, self._failures = core_of(http), failures(http)
        self._folder = str(Path(http.__file__ or "").parent)
        self.renew()
        renew_in_children(self)

    def renew(self) -> None:
        """Start with no connection."""
        self._sync: dict[str, Any] = {}
        self._making = threading.Lock()
        self._pools: weakref.WeakKeyDictionary[Any, Any] = weakref.WeakKeyDictionary()
        self._guards: weakref.WeakKeyDictionary[Any, Any] = weakref.WeakKeyDictionary()

    def handle_request(self, request: Any) -> Any:
        exchange = _prepare(request)
        scheme = request.url.scheme
        pool = self._sync.get(scheme) or self._sync_pool(scheme)
        usual = self._http.HTTPTransport.handle_request
        if _is_replaced(usual, self._folder):
            found = usual(SimpleNamespace(_pool=pool), request)
        else:
            try:
                found = pool.handle_request(self._rendered(request))
            except self._failures as error:
                raise translated(error, self._http) from error
        response, is_refused = self._watched(request, found, exchange)
        if is_refused:
            response.stream.close()
            raise foreign_redirect(request, response)
        return response

    async def handle_async_request(self, request: Any) -> Any:
        exchange = _prepare(request)
        pool = await self._async_pool(request.url.scheme)
        usual = self._http.AsyncHTTPTransport.handle_async_request
        if _is_replaced(usual, self._folder):
            found = await usual(SimpleNamespace(_pool=pool), request)
        else:
            try:
                found = await pool.handle_async_request(self._rendered(request))
            except self._failures as error:
                raise translated(error, self._http) from error
        response, is_refused = self._watched(request, found, exchange)
        if is_refused:
            await response.stream.aclose()
            raise foreign_redirect(request, response)
        return response

    def _rendered(self, request: Any) -> Any:
        """Return the request as httpcore's."""
        url = request.url
        target = self._core.URL(
            scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path
        )
        return self._core.Request(
            method=request.method,
            url=target,
            headers=request.headers.raw,
            content=request.stream,
            extensions=request.extensions,
        )

    def _watched(
        self, request: Any, found: Any, exchange: Exchange
    ) -> tuple[Any, bool]:
        """Return what came as a response of the HTTP package, its body watched.

        Returns:
            The response, and whether it is a redirect that is not followed.
        """
        response = found
        if not isinstance(found, self._http.Response):
            response = self._http.Response(
                status_code=found.status,
                headers=found.headers,
                stream=found.stream,
                extensions=found.extensions,
            )
        moved = response.status_code in REDIRECTS and "location" in response.headers
        response.stream = self._body(request, response, exchange, is_answer=not moved)
        return response, moved and is_foreign(request, response)

    def _sync_pool(self, scheme: str) -> Any:
        """Return the pool of all threads; nobody would close a second one."""
        with self._making:
            if scheme not in self._sync:
                self._sync[scheme] = self._make(is_async=False, is_tls=scheme != "http")
            return self._sync[scheme]

    async def _async_pool(self, scheme: str) -> Any:
        """Return the pool of the running loop, opened when it is first needed."""
        loop = asyncio.get_running_loop()
        pools = self._pools.get(loop)
        if pools is None:
            pools = self._pools[loop] = {}
            guard = self._guards[loop] = self._close_with_loop(pools)
            await anext(guard)
        if scheme not in pools:
            pools[scheme] = self._make(is_async=True, is_tls=scheme != "http")
        return pools[scheme]

    async def _close_with_loop(
        self, pools: dict[str, Any]
    ) -> AsyncGenerator[None, None]:
        """Wait to be closed: a loop closes its open async generators at shutdown."""
        try:
            yield
        finally:
            for pool in pools.values():
                await pool.aclose()

    def close(self) -> None:
        while self._sync:
            self._sync.popitem()[1].close()

    async def aclose(self) -> None:
        loop = asyncio.get_running_loop()
        self._pools.pop(loop, None)
        guard = self._guards.pop(loop, None)
        if guard is not None:
            await guard.aclose()


@lru_cache(maxsize=64)
def _is_replaced(method: Any, folder: str) -> bool:
    """Tell whether recorders of HTTP put a method in the place of the package's own.

    vcrpy, respx and pytest-httpx do so, to play answers and to see requests.

    Args:
        method: What the HTTP package's transport has now.
        folder: Where the HTTP package is.
    """
    if type(method) is not FunctionType:
        return True
    return not method.__code__.co_filename.startswith(folder)


def _prepare(request: Any) -> Exchange:
    """Ask for encodings that can be bounded, and wait no longer than is allowed."""
    request.headers["accept-encoding"] = ASKED
    first = request.extensions.setdefault(_FIRST, request.url)
    if first is not request.url:
        drop_keys_elsewhere(request, first)
    _check_headers(request)
    exchange = current()
    allowed = exchange.runtime[InForce].limits.silence
    streamed = b"stream" in request.url.raw_path
    if exchange.deadline is not None or (streamed and exchange.pause is not None):
        patience = exchange.patience(streamed=streamed)
        allowed = allowed if patience is None else max(patience, _SHORTEST)
    timeouts = request.extensions.setdefault("timeout", {})
    for phase in ("connect", "read", "write", "pool"):
        if timeouts.get(phase) is not None:
            usual = timeouts[phase]
        else:
            usual = _CONNECT_SECONDS if phase == "connect" else allowed
        timeouts[phase] = min(usual, allowed)
    return exchange


def _check_headers(request: Any) -> None:
    """Refuse a header that HTTP cannot hold, without showing its value.

    Raises:
        ProviderConnectionError: As a request that cannot be sent; not to be retried.
    """
    for name, value in request.headers.raw:
        if not _NAME.fullmatch(name) or not _VALUE.fullmatch(value):
            error = ProviderConnectionError(
                f"Not sent: the header {name.decode('latin-1')[:40]!r} has characters "
                "that HTTP headers do not allow, such as a newline. It comes from the "
                "key, from extra_headers or from default_headers."
            )
            error.is_retryable = False
            raise error
