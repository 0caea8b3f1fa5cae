"""Connection pools of httpcore, opened with backends of ours.

httpx's own transports take no network backend; httpcore's pools do, by the public
argument `network_backend`.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import ModuleType
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
    is_tls: bool = True,
    network_backend: Any = None,
) -> Any:
    """Return a pool of connections.

    Args:
        http: The module `httpx` or `httpx2`.
        options: Arguments of `http.HTTPTransport`, without `proxy`.
        proxy: URL or `http.Proxy` to connect through; `None` for none.
        is_async: Whether the pool is asynchronous.
        is_tls: Whether it is for addresses with `https`. To read the certificates of
            all authorities takes longer than a call.
        network_backend: What opens connections in place of the usual backend.

    Raises:
        InvalidParameterError: If the proxy speaks SOCKS and `socksio` is missing.
    """
    core = core_of(http)
    limits = options.get("limits") or http.Limits(
        max_connections=100, max_keepalive_connections=20
    )
    arguments = {
        "ssl_context": tls_context(http, options) if is_tls else None,
        "proxy": None if proxy is None else _core_proxy(http, proxy),
        "max_connections": limits.max_connections,
        "max_keepalive_connections": limits.max_keepalive_connections,
        "keepalive_expiry": limits.keepalive_expiry,
        "network_backend": network_backend
        or _backend(core, options, is_async=is_async),
        **{name: options[name] for name in _COPIED if name in options},
    }
    return (core.AsyncConnectionPool if is_async else core.ConnectionPool)(**arguments)


def _backend(core: ModuleType, options: Mapping[str, Any], *, is_async: bool) -> Any:
    """Return a backend of ours; HTTP/2 writes in its own order and keeps httpcore's."""
    return None if options.get("http2") else backend(core, is_async=is_async)


def _core_proxy(http: ModuleType, proxy: Any) -> Any:
    found = _proxy(http, proxy) if isinstance(proxy, (str, http.URL)) else proxy
    check_proxy(str(found.url))
    return core_of(http).Proxy(
        url=core_url(http, found.url),
        auth=found.raw_auth,
        headers=found.headers.raw,
        ssl_context=found.ssl_context,
    )


def _proxy(http: ModuleType, url: Any) -> Any:
    """Return the HTTP package's proxy; its own error would show the password."""
    try:
        return http.Proxy(url)
    except (ValueError, http.InvalidURL):
        accepted = "give the URL of a proxy, such as 'http://host:port'."
        raise InvalidParameterError("proxy", masked_url(url), accepted) from None


def core_url(http: ModuleType, url: Any) -> Any:
    """Return a URL of an HTTP package as httpcore's."""
    return core_of(http).URL(
        scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path
    )
