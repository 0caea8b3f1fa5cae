"""The HTTP request that an error or a response belongs to."""

from __future__ import annotations

import re
from typing import Any

from langchain_unified.errors import ProviderConnectionError

_NAME = re.compile(rb"[-!#$%&'*+.^_`|~0-9a-zA-Z]+")
_VALUE = re.compile(rb"(?:[^\0\s]+(?:[ \t]+[^\0\s]+)*)?")
"""What HTTP/1.1 allows. h11 0.16 says so of what it refuses with the whole value in
its message, which may be a key with a newline at its end (read 2026-11-27)."""


def request_of(carrier: Any) -> Any:
    """Return the request of an error or a response, or `None` if it has none.

    Args:
        carrier: An exception or a response of an HTTP package or an SDK, or `None`.
    """
    try:
        return getattr(carrier, "request", None)
    except RuntimeError:  # httpx raises it where no request was set
        return None


def check_headers(request: Any) -> None:
    """Refuse a header that HTTP cannot hold, without showing its value.

    Raises:
        ProviderConnectionError: As a request that cannot be sent; not to be retried.
    """
    for name, value in request.headers.raw:
        if not _NAME.fullmatch(name) or not _VALUE.fullmatch(value):
            error = ProviderConnectionError(
                f"Not sent: the header {name.decode('latin-1')[:40]!r} has characters "
                "that HTTP headers cannot hold, such as a newline. It comes from the "
                "key, from extra_headers or from default_headers."
            )
            error.is_retryable = False
            raise error
