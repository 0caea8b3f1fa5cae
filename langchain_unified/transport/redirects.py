"""Redirects: followed as the HTTP client follows them, but not to another host.

The SDKs follow redirects, and httpx 0.28 takes the `Authorization` header off where
the scheme, host or port changes (read 2026-11-27). It leaves the prompt in, and keys in
headers of other names.
"""

from __future__ import annotations

from typing import Any

from langchain_unified.errors import ProviderConnectionError
from langchain_unified.transport.packages import package_of
from langchain_unified.transport.secrets import mask_request

REDIRECTS = frozenset({301, 302, 303, 307, 308})
_KEYS = ("api-key", "authorization", "x-api-key", "x-goog-api-key")
"""Headers that carry the key of a provider (Azure, OpenAI, Anthropic, Google)."""


def is_foreign(request: Any, response: Any) -> bool:
    """Tell whether a redirect would send the request to another host."""
    host = _host_of(request, response)
    return host is not None and host != request.url.host


def foreign_redirect(request: Any, response: Any) -> ProviderConnectionError:
    """Return the error of a redirect that is not followed."""
    host = _host_of(request, response)
    error = ProviderConnectionError(
        f"{request.url.host!r} redirects to another host ({host!r}), which would "
        "receive the prompt. If that is the right host, set base_url to its address. "
        "To follow redirects to any host, pass your own HTTP client: "
        "http_client=httpx.Client(follow_redirects=True), and http_async_client for "
        "asynchronous calls."
    )
    error.status, error.is_retryable = response.status_code, False
    mask_request(request)
    return error


def drop_keys_elsewhere(request: Any, first: Any) -> None:
    """Take the key out of a request that was redirected to another port, or to http.

    httpx does so for `Authorization`; from http to https of one host it is kept.

    Args:
        request: What is about to be sent.
        first: The URL that was asked for first.
    """
    now = request.url
    if (first.scheme, first.port) == (now.scheme, now.port):
        return
    if _is_upgrade(first, now):
        return
    for name in _KEYS:
        request.headers.pop(name, None)


def _is_upgrade(first: Any, now: Any) -> bool:
    """Tell whether a redirect leads from http to https, on the usual ports."""
    schemes = (first.scheme, now.scheme)
    return schemes == ("http", "https") and first.port is now.port is None


def _host_of(request: Any, response: Any) -> str | None:
    """Return the host that a redirect names; `None` for none, or for no URL."""
    http: Any = package_of(type(request))
    try:
        host: str = http.URL(response.headers["location"]).host
    except http.InvalidURL:
        return None  # The HTTP client raises its own error.
    return host or None
