"""Redirects: followed on one host only, because the request carries a key."""

from __future__ import annotations

from typing import Any

from langchain_unified.errors import ProviderConnectionError
from langchain_unified.reliability.secrets import mask_headers

_REDIRECTS = frozenset({301, 302, 303, 307, 308})


def is_same_host(one: Any, other: Any) -> bool:
    """Tell whether two URLs lead to the same server, the second as safely."""
    same = (one.host, one.port) == (other.host, other.port)
    return same and other.scheme in {one.scheme, "https"}


def is_foreign_redirect(request: Any, response: Any) -> bool:
    """Tell whether a response would send the request, and its key, elsewhere."""
    location = response.headers.get("location")
    if response.status_code not in _REDIRECTS or not location:
        return False
    return not is_same_host(request.url, request.url.join(location))


def foreign_redirect(request: Any, response: Any) -> ProviderConnectionError:
    """Return the error of a redirect that is not followed."""
    host = request.url.join(response.headers["location"]).host
    error = ProviderConnectionError(
        f"{request.url.host!r} redirects to another host ({host!r}), which would get "
        "the key; set base_url to the right address."
    )
    error.status, error.is_retryable = response.status_code, False
    mask_headers(request)
    return error
