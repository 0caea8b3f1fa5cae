"""The HTTP request that an error or a response belongs to."""

from __future__ import annotations

from typing import Any


def request_of(carrier: Any) -> Any:
    """Return the request of an error or a response, or `None` if it has none.

    Args:
        carrier: An exception or a response of an HTTP package or an SDK, or `None`.
    """
    try:
        return getattr(carrier, "request", None)
    except RuntimeError:  # httpx raises it where no request was set
        return None
