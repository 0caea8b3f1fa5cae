"""Transports over connection pools of httpcore, opened with backends of ours.

httpx's own transports take no network backend; httpcore's pools do, by the public
argument `network_backend`. What stands here is what httpx's transports do besides:
requests, responses and exceptions of the one package as those of the other.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from functools import cache
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

from langchain_unified.errors import InvalidParameterError
from langchain_unified.transport.backends import backend
from langchain_unified.transport.packages import core_of
from langchain_unified.transport.proxies import check_proxy
from langchain_unified.transport.secrets import masked_url
from langchain_unified.transport.tls import tls_context

_COPIED = ("http1", "http2", "uds", "local_address", "retries", "socket_options")
OPTIONS = frozenset({*_COPIED, "cert", "limits", "trust_env", "verify"})
"""Arguments of httpx's transports that are taken here as well."""


def open_pool(
    http: ModuleType,
    options: Mapping[str, Any],
    proxy: Any,
    *,
    is_async: bool,
    network_backend: Any = None,
) -> Any:
    """Return a transport with connections of its own.

    Args:
        http: The module `httpx` or `httpx2`.
        options: Arguments of `http.HTTPTransport`, without `proxy`.
        proxy: URL or `http.Proxy` to connect through; `None` for none.
        is_async: Whether the transport is asynchronous.
        network_backend: What opens connections in place of the usual backend.

    Raises:
        InvalidParameterError: If the proxy speaks SOCKS and `socksio` is missing.
    """
    core = core_of(http)
    limits = options.get("limits") or http.Limits(
        max_connections=100, max_keepalive_connections=20
    )
    arguments = {
        "ssl_context": tls_context(http, options),
        "proxy": None if proxy is None else _core_proxy(http, proxy),
        "max_connections": limits.max_connections,
        "max_keepalive_connections": limits.max_keepalive_connections,
        "keepalive_expiry": limits.keepalive_expiry,
        "network_backend": network_backend
        or _backend(core, options, is_async=is_async),
        **{name: options[name] for name in _COPIED if name in options},
    }
    if is_async:
        return _kinds(http)["async"](core.AsyncConnectionPool(**arguments), http)
    return _kinds(http)["sync"](core.ConnectionPool(**arguments), http)


def _backend(core: ModuleType, options: Mapping[str, Any], *, is_async: bool) -> Any:
    """Return a backend of ours; HTTP/2 writes in its own order and keeps httpcore's."""
    return None if options.get("http2") else backend(core, is_async=is_async)


def _core_proxy(http: ModuleType, proxy: Any) -> Any:
    found = _proxy(http, proxy) if isinstance(proxy, (str, http.URL)) else proxy
    check_proxy(str(found.url))
    return core_of(http).Proxy(
        url=_core_url(http, found.url),
        auth=found.raw_auth,
        headers=found.headers.raw,
        ssl_context=found.ssl_context,
    )


def _proxy(http: ModuleType, url: Any) -> Any:
    """Return the HTTP package's proxy; its own error would show the password."""
    try:
        return http.Proxy(url)
    except (ValueError, http.InvalidURL):
        accepted = "give the address of a proxy, such as 'http://host:port'."
        raise InvalidParameterError("proxy", masked_url(url), accepted) from None


def _core_url(http: ModuleType, url: Any) -> Any:
    return core_of(http).URL(
        scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path
    )


class _Pool:
    """What the transports of both kinds share."""

    def __init__(self, pool: Any, http: ModuleType) -> None:
        self._open, self._http, self._core = pool, http, core_of(http)
        # The name the package's own transports have for it: whoever put a method in the
        # place of theirs may call theirs on this object.
        self._pool = pool

    def _request(self, request: Any) -> Any:
        return self._core.Request(
            method=request.method,
            url=_core_url(self._http, request.url),
            headers=request.headers.raw,
            content=request.stream,
            extensions=request.extensions,
        )

    def _response(self, response: Any, kind: str) -> Any:
        return self._http.Response(
            status_code=response.status,
            headers=response.headers,
            stream=_kinds(self._http)[kind](response.stream, self._http),
            extensions=response.extensions,
        )


class _SyncPool(_Pool):
    def handle_request(self, request: Any) -> Any:
        usual = self._http.HTTPTransport.handle_request
        if _is_replaced(usual, self._http):
            return usual(self, request)
        try:
            response = self._open.handle_request(self._request(request))
        except _failures(self._http) as error:
            raise _translated(error, self._http) from error
        return self._response(response, "sync_body")

    def close(self) -> None:
        self._open.close()


class _AsyncPool(_Pool):
    async def handle_async_request(self, request: Any) -> Any:
        usual = self._http.AsyncHTTPTransport.handle_async_request
        if _is_replaced(usual, self._http):
            return await usual(self, request)
        try:
            response = await self._open.handle_async_request(self._request(request))
        except _failures(self._http) as error:
            raise _translated(error, self._http) from error
        return self._response(response, "async_body")

    async def aclose(self) -> None:
        await self._open.aclose()


class _SyncBody:
    def __init__(self, stream: Any, http: ModuleType) -> None:
        self._stream, self._http = stream, http

    def __iter__(self) -> Iterator[bytes]:
        try:
            yield from self._stream
        except _failures(self._http) as error:
            raise _translated(error, self._http) from error

    def close(self) -> None:
        if hasattr(self._stream, "close"):
            self._stream.close()


class _AsyncBody:
    def __init__(self, stream: Any, http: ModuleType) -> None:
        self._stream, self._http = stream, http

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            async for chunk in self._stream:
                yield chunk
        except _failures(self._http) as error:
            raise _translated(error, self._http) from error

    async def aclose(self) -> None:
        if hasattr(self._stream, "aclose"):
            await self._stream.aclose()


def _is_replaced(method: Any, http: ModuleType) -> bool:
    """Tell whether recorders of HTTP put a method in the place of the package's own.

    vcrpy, respx and pytest-httpx do so, to play answers and to see requests.
    """
    if type(method) is not FunctionType:
        return True
    return not method.__code__.co_filename.startswith(_folder_of(http))


@cache
def _folder_of(package: ModuleType) -> str:
    return str(Path(package.__file__ or "").parent)


@cache
def _kinds(http: ModuleType) -> dict[str, Any]:
    """Return the classes above, derived from those of an HTTP package."""
    bases = {
        "sync": (_SyncPool, http.BaseTransport),
        "async": (_AsyncPool, http.AsyncBaseTransport),
        "sync_body": (_SyncBody, http.SyncByteStream),
        "async_body": (_AsyncBody, http.AsyncByteStream),
    }
    return {name: type(of[0].__name__, of, {}) for name, of in bases.items()}


@cache
def _failures(http: ModuleType) -> tuple[type[Exception], ...]:
    """Return what httpcore raises; each has a counterpart of its name above it."""
    core = core_of(http)
    return (
        core.NetworkError,
        core.ProtocolError,
        core.ProxyError,
        core.TimeoutException,
        core.UnsupportedProtocol,
    )


def _translated(error: Exception, http: ModuleType) -> Exception:
    """Return httpcore's exception as the nearest of its name in the HTTP package."""
    names = (base.__name__ for base in type(error).__mro__)
    kind = next(getattr(http, name) for name in names if hasattr(http, name))
    found: Exception = kind(str(error))
    return found
